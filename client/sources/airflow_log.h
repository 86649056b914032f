/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A log of Airflow, from the records it sends (ndjson) to the text a person reads. */
#ifndef CLIENT_SOURCES_AIRFLOW_LOG_H
#define CLIENT_SOURCES_AIRFLOW_LOG_H

#include "client/base/buf.h"
#include "client/base/json.h"

struct airflow_log {
	bool is_in_sources; /* inside the group that names where the log lies */
	bool has_end;	    /* an error was told, or the task came to its end */
};

/* Adds the text of one record: "TIME LEVEL event key=value…", its exception as Python prints it.
 * Where the log lies is left out: that line changes when a task ends, and offsets count what is
 * rendered. */
void airflow_log_record(struct airflow_log *log, struct buf *out, const struct json *record);
/* The same for whole lines of ndjson; what is no JSON stands as it came. */
void airflow_log_lines(struct airflow_log *log, struct buf *out, struct str lines);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of a task instance, for airflow.c. */
#ifndef CLIENT_SOURCES_AIRFLOW_TAIL_H
#define CLIENT_SOURCES_AIRFLOW_TAIL_H

#include "client/sources/adapter.h"

/* Adds the path of a task instance; INDEX is empty where it is not mapped. */
void airflow_add_instance(
	struct buf *path, struct str dag, struct str run, struct str task, struct str index);

/* `log` of the adapter. */
bool airflow_log_start(struct pull *pull, const struct log_request *request, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole curves of runs that have ended, kept on disk so that they are fetched once.
 * A file is what one request for one metric gave (DIR/HASH.jsonl): its points, a
 * JSON object a line, and a last line that says how many bytes stand before it. One
 * without that line was not written to its end and is not there. The folder is
 * bounded: the oldest files go.
 */
#ifndef CLIENT_LIVE_SERIES_CACHE_H
#define CLIENT_LIVE_SERIES_CACHE_H

#include "client/catalogue/ref.h"
#include "client/protocol/source.h"

enum { SERIES_MOST_FILE = 8 << 20, SERIES_MOST_FOLDER = 64 << 20 };

struct series_key {
	const struct ref *run;
	const char *metric; /* "": all that the run has */
	int64_t max_points; /* as it was asked for */
	int64_t ended_ms;   /* a run that ended anew is another */
};

/* Calls POINT for each; false, and no call, where it is not there. */
bool series_cache_read(const char *dir, const struct series_key *key,
	void (*point)(void *ctx, const struct source_point *point), void *ctx);
/* Adds POINT to the text of a file. */
void series_cache_add(struct buf *lines, const struct source_point *point);
/* Keeps LINES. One that cannot be kept is fetched again, so nobody is told. */
void series_cache_write(const char *dir, const struct series_key *key, struct str lines);

#endif

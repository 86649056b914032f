/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logs of finished attempts, kept on disk and fetched once. A log is a text file
 * below the cache folder (DIR/SOURCE/HASH.log, named by a hash of the attempt's
 * ref); a partial one has a companion that says how far it is good. The text is as
 * the source sent it: uncleaned.
 */
#ifndef CLIENT_CATALOGUE_LOG_CACHE_H
#define CLIENT_CATALOGUE_LOG_CACHE_H

#include "client/base/arena.h"
#include "client/base/err.h"
#include "client/catalogue/ref.h"

struct log_cache_entry {
	const char *path;
	int64_t size;	  /* bytes that are good */
	bool is_complete; /* the whole log of a finished attempt: never fetched again */
};

/* Where the log of REF (a step with its attempt) is or would be. Not there: size 0. */
struct log_cache_entry log_cache_find(struct arena *arena, const char *dir, const struct ref *ref);

/* Writing: begin at OFFSET (0: anew), append, end. An end without COMPLETE keeps the bytes for a later begin.
 */
struct log_cache_writer;
struct log_cache_writer *log_cache_begin(
	const char *dir, const struct ref *ref, int64_t offset, struct err *err);
bool log_cache_append(struct log_cache_writer *writer, struct str text, struct err *err);
/* Frees the writer. */
bool log_cache_end(struct log_cache_writer *writer, bool complete, struct err *err);

/* Removes the logs of SOURCE; one that is being written stays. */
bool log_cache_forget(const char *dir, const char *source, struct err *err);
/* Removes what was not used for the longest time, until at most MAX_BYTES are left; what is being written
 * stays. Returns the bytes that went; what cannot be removed is left. */
int64_t log_cache_trim(const char *dir, int64_t max_bytes);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One synchronisation: all sources side by side, each a process of its own; its
 * records and their cursor go into the catalogue, the logs of new failures are
 * read once for evidence, problems are brought up to date. A slow or broken
 * source holds up no other.
 */
#ifndef CLIENT_SYNC_SYNC_H
#define CLIENT_SYNC_SYNC_H

#include "client/config/config.h"
#include "client/sync/notices.h"
#include "client/sync/write.h"
#include "client/triage/problems.h"

enum { SYNC_EVERY_MS = 60000 }; /* the round of --watch */
enum { SYNC_PROGRESS_MS = 250 };

/* How one source went. */
struct sync_result {
	const char *source;
	const struct err *err; /* NULL: well */
	struct written written;
	int64_t logs; /* failed attempts whose log was read */
	int64_t bad_records;
	int64_t took_ms;
};

/* How far a source is, for a person who watches. */
enum sync_phase { SYNC_ASKING, SYNC_PULLING, SYNC_LOGS, SYNC_OVER };

struct sync_progress {
	const char *source;
	enum sync_phase phase;
	int64_t n;	 /* runs and steps stored; of SYNC_LOGS logs read */
	int64_t total;	 /* as many as there will be, by what is known; 0: nobody knows */
	int64_t took_ms; /* of this phase */
};

struct sync_options {
	const char *const *names; /* sources; NULL or empty: all that are not disabled */
	size_t n_names;
	int64_t since_ms; /* read again what lies behind this; TIME_NONE: only what is new */
	/* Called once for each source as it ends, and once at the end of a round; may be NULL. */
	void (*source_done)(void *ctx, const struct sync_result *result);
	void (*round_done)(void *ctx, const struct problem_counts *problems, const char *notice);
	/* Where notices were sent, or could not be; may be NULL. */
	void (*notices_done)(void *ctx, const struct notices_result *notices);
	/* While a round runs, every SYNC_PROGRESS_MS; may be NULL. */
	void (*progress)(void *ctx, const struct sync_progress *sources, size_t n);
	void (*signalled)(void *ctx, int signo); /* of sync_run: the signal that ended it */
	void (*round_failed)(
		void *ctx, const struct err *err); /* of --watch: told, and the next round is tried */
	void *ctx;
};

/*
 * Runs one round. ERR_UNAVAILABLE where another sync holds the catalogue's lock; ERR_USAGE for an unknown
 * source. *FAILED gets the number of sources that failed: they are told through source_done, not as an error.
 */
bool sync_run(const struct config *config, const struct sync_options *options, int *failed, struct err *err);

/* Rounds every SYNC_EVERY_MS until SIGTERM, SIGINT or SIGHUP (then *SIGNO); SIGCONT, which harms nobody who
 * does not wait for it yet, asks for one at once. Errors of one round are told and the next is tried. */
bool sync_watch(const struct config *config, const struct sync_options *options, int *signo, struct err *err);

/* Takes the lock that a round holds, for what else writes the catalogue: a descriptor whose closing lets go,
 * or -1; ERR_UNAVAILABLE where a sync is at work. */
int sync_lock(const char *address, struct err *err);
/* Whether some process holds the sync lock of the catalogue at ADDRESS. */
bool sync_is_running(const char *address);

#endif

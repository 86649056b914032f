/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What should have run and did not. A pipeline that is not paused is late
 *
 *     by its project's `due:`   when that time of day (in the configured zone) has passed and no green run
 *                               started since its schedule (cron) fired, else since the due time before it; a
 *                               schedule that did not fire in between asks for none. A run that failed is a
 *                               problem already; a pipeline that first ran after the due time was not there.
 *     by its schedule           when the tool's next due time, or else what its cron expression says, has
 *                               passed by a grace time, the source was asked since, and no run came.
 *     by what is under way      when a run of it is stuck or slow, see slow.h.
 */
#ifndef CLIENT_TRIAGE_LATE_H
#define CLIENT_TRIAGE_LATE_H

#include "client/catalogue/store.h"
#include "client/config/config.h"

enum { LATE_GRACE_MS = 15 * 60 * 1000 };

/* Whether nothing starts on source `s`. */
#define LATE_DOWN_SQL                                                                                        \
	"EXISTS (SELECT 1 FROM health h WHERE h.source_id = s.id AND h.state = 'failed'"                     \
	" AND h.component NOT LIKE 'import %' AND h.component NOT IN ('triggerer', 'dag-processor'))"

struct late {
	const char *source, *pipeline, *owner;
	const char *title;		/* since when nothing came, or what runs still */
	const char *run, *step, *index; /* what is stuck or slow; NULL: a run that is not there */
	int64_t pipeline_id;
	int64_t due_ms; /* TIME_NONE: of what is stuck or slow, before it is due */
	int64_t at_ms;	/* since when */
	bool is_held;	/* its source or its scheduler is down, or was not asked: that is the problem */
};

/* All that are late at NOW_MS, by source and name, in ARENA. */
bool late_find(struct store *store, const struct config *config, int64_t now_ms, struct arena *arena,
	struct late **out, size_t *n, struct err *err);

/* "06:00" as the first such local time after AT_MS, and as the last at or before it; TIME_NONE where CLOCK is
 * no time of day. */
int64_t late_next_clock(const char *clock, int64_t at_ms);
int64_t late_last_clock(const char *clock, int64_t at_ms);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which log a person means by `l`. */
#ifndef VIEWS_LOG_H
#define VIEWS_LOG_H

#include "views/view.h"

enum { LOG_MOST_CAUSES = 10 };

struct log_target {
	struct arena *arena;
	struct ref ref; /* a step with its attempt */
	int64_t causes[LOG_MOST_CAUSES];
	size_t n_causes;
	struct view_data *excerpt; /* what was kept of it when it failed; NULL: nothing */
};

/* From a step: that; from a run, a pipeline or a problem: its newest failed step, else its newest step with a
 * log. ERR_NOT_FOUND says why there is none. The result is freed by log_target_free. CONFIG says what
 * is hidden in the excerpt. */
struct log_target *log_target_find(
	struct store *store, const struct config *config, const struct ref *ref, struct err *err);
void log_target_free(struct log_target *target);

#endif

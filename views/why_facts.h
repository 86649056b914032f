/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of a problem (triage/why.h), as facts: what a person needs first stands first, for on a small
 * screen the rest is cut. */
#ifndef VIEWS_WHY_FACTS_H
#define VIEWS_WHY_FACTS_H

#include "client/triage/why.h"
#include "views/view.h"

/* The block of facts: cause, next, can wait?, who, values, changed, rerun?, … */
struct block *why_add_facts(struct view_data *data, const struct view_args *args, const struct why *why);

#endif

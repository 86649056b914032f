/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run says in pairs, as facts: its metrics, params and tags. */
#ifndef VIEWS_PAIRS_H
#define VIEWS_PAIRS_H

#include "views/view.h"

enum pairs_kind { PAIRS_METRICS, PAIRS_PARAMS, PAIRS_TAGS };

/* Adds those of the run to FACTS, "key = value"; nothing where it has none. Many are cut, and it says so. */
bool pairs_add_facts(struct view_data *data, struct store *store, struct block *facts, int64_t run_id,
	enum pairs_kind kind, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one shift hands over to the next: problems that are new, open from before, fixed and snoozed, and what
 * to watch: steps that passed only when tried again, problems that returned, results that are due soon and
 * not there.
 */
#ifndef VIEWS_REPORT_H
#define VIEWS_REPORT_H

#include "views/print.h"

enum { REPORT_SOON_MS = 3 * 60 * 60 * 1000 };

/* A row for each, its first column the section it belongs to; in ARENA. */
bool report_load(struct store *store, const struct config *config, int64_t since_ms, int64_t now_ms,
	struct arena *arena, struct table *out, struct err *err);

/* The same as Markdown; what the tools wrote in it is cleaned, and no markup. */
void report_print(
	const struct printer *printer, const struct table *report, int64_t since_ms, int64_t now_ms);

#endif

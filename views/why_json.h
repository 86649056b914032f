/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of a problem (triage/why.h) as members of `porthole triage --json`. */
#ifndef VIEWS_WHY_JSON_H
#define VIEWS_WHY_JSON_H

#include "client/triage/why.h"

/* Adds next_act, next_why, cause_why, runbook, fallback, changes, history, rerun_tried and rerun_passed to
 * the object that W is in. */
void why_put_json(struct json_writer *w, const struct why *why);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An explanation in the keys of contracts.md section 5, one spelling for what is stored and what is printed.
 */
#ifndef CLIENT_TRIAGE_EXPLAIN_JSON_H
#define CLIENT_TRIAGE_EXPLAIN_JSON_H

#include "client/base/json.h"
#include "client/triage/explain.h"

/* [{line text score}], best first. */
void explain_put_candidates(struct json_writer *w, const struct explanation *explanation);
/* The lines around the best one. */
void explain_put_excerpt(struct json_writer *w, const struct explanation *explanation);

#endif

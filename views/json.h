/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of contracts.md section 5: rows, whole objects, triage, evidence. */
#ifndef VIEWS_JSON_H
#define VIEWS_JSON_H

#include "views/evidence.h"
#include "views/view.h"

/* A cell as it is stored. */
void json_put_value(struct json_writer *w, const struct value *value);

/* The rows of a table, one object a line. */
void json_add_rows(struct buf *out, const struct table *table);

/* The object that REF names, all of it: its list's keys and params, metrics, tags, inputs, steps, children,
 * notes, links. One line. */
bool json_add_object(struct buf *out, struct store *store, const struct config *config, const struct ref *ref,
	int64_t now_ms, struct err *err);

/* A problem of `porthole triage`: its row's keys and what a person needs at night. TABLE is a list of
 * problems. */
bool json_add_triage(struct buf *out, struct store *store, const struct config *config,
	const struct table *table, size_t row, int64_t now_ms, struct err *err);

/* `logs --cause`: REF, its evidence. */
void json_add_evidence(struct buf *out, const struct ref *ref, const struct evidence *evidence);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stored evidence of one failed attempt, as blocks and as `logs --cause`. */
#ifndef VIEWS_EVIDENCE_H
#define VIEWS_EVIDENCE_H

#include "views/view.h"

struct evidence {
	bool is_found;
	const char *fingerprint, *cause, *error;
	int64_t cause_line, excerpt_line, attempt;
	const char *candidates, *excerpt; /* JSON text, as stored */
};

/* The evidence of REF's attempt (0: the newest that has some). Not found is no error. */
bool evidence_load(struct store *store, const struct ref *ref, struct arena *arena, struct evidence *out,
	struct err *err);
/* A text block with the excerpt, the cause line marked, and hidden what CONFIG (may be NULL) masks. Nothing
 * where there is none. */
void evidence_block(struct view_data *data, const struct config *config, const struct evidence *evidence,
	const char *title);
/* Lines of the candidates, best first, at most MOST. */
size_t evidence_causes(const struct evidence *evidence, int64_t *lines, size_t most);

#endif

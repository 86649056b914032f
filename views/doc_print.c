/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/doc_print.h"

#include "client/base/clean.h"
#include "views/doc_layout.h"

enum { PIPE_COLUMNS = 100, MOST_COLUMNS = 100 }; /* longer lines are hard to read */

static void print_row(const struct printer *p, const struct doc_row *row)
{
	const struct doc_text *text = &row->text;
	size_t from = 0;
	for (size_t i = 0; i < text->n_spans; from = text->spans[i++].to) {
		enum role role = doc_role(&text->spans[i]);
		bool is_plain = !p->sgr || role == ROLE_TEXT;
		buf_addz(p->out, is_plain ? "" : p->sgr[role]);
		clean_add(p->out, str_slice(text->text, from, text->spans[i].to),
			p->format.is_ascii ? CLEAN_ASCII : CLEAN_NAME);
		buf_addz(p->out, is_plain ? "" : "\033[0m");
	}
	buf_addc(p->out, '\n');
}

void doc_print(const struct printer *p, const struct document *document)
{
	int columns = p->columns ? p->columns : PIPE_COLUMNS;
	struct arena *arena = arena_new();
	const struct doc_layout *layout = doc_layout_new(
		arena, document, columns < MOST_COLUMNS ? columns : MOST_COLUMNS, p->format.is_ascii);
	for (size_t i = 0; i < layout->n; i++)
		print_row(p, &layout->rows[i]);
	arena_free(arena);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A page of the documentation laid out in rows of a width: text broken at blanks, tables as narrow as they
 * may be, code as it stands. The portal scrolls through the rows, the command line prints them. */
#ifndef VIEWS_DOC_LAYOUT_H
#define VIEWS_DOC_LAYOUT_H

#include "client/docs/markdown.h"
#include "views/role.h"

struct doc_row {
	struct doc_text text; /* links are those of the document */
	size_t block;	      /* that it belongs to */
	int columns;
	bool is_wide; /* code, or a table: it may be longer than the width */
};

struct doc_layout {
	struct doc_row *rows;
	size_t n;
	size_t *block_rows; /* the first row of each block; n where it has none */
	size_t *link_rows;  /* the same of each link */
	int widest;
};

/* In ARENA, which DOCUMENT must outlive. */
struct doc_layout *doc_layout_new(
	struct arena *arena, const struct document *document, int width, bool is_ascii);

/* What a stretch of text is to a theme. */
enum role doc_role(const struct doc_span *span);

#endif

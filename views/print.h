/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The CLI's face of a view: the same blocks as aligned text, TSV or JSON. A gate
 * as the grid is: every text from outside is cleaned here before it is added.
 */
#ifndef VIEWS_PRINT_H
#define VIEWS_PRINT_H

#include "views/format.h"
#include "views/view.h"

struct printer {
	struct buf *out;
	struct format format;
	int columns;		/* of the terminal; 0: no limit */
	const char *const *sgr; /* ROLE_COUNT escape sequences, or NULL: no colour */
	bool is_going_on;	/* these rows follow others: no header before them */
};

/* A table with a heading, cut to the printer's columns; or what to say when it is empty. */
void print_table(const struct printer *printer, const struct table *table);
/* Tab-separated, with a header: every column that is not internal, values as in JSON. */
void print_tsv(const struct printer *printer, const struct table *table);
/* One row of it alone, for who gets rows one after the other. */
void print_tsv_row(const struct printer *printer, const struct table *table, size_t row);
/* Title, summary and all blocks. */
void print_view(const struct printer *printer, const struct view_data *data);
/* One line of spans. */
void print_line(const struct printer *printer, const struct line *line);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small pieces that object views are composed of. Everything is taken from the data's arena. */
#ifndef VIEWS_COMPOSE_H
#define VIEWS_COMPOSE_H

#include "views/list.h"

enum { VIEW_MOST_BLOCKS = 16 };

/* The next block of DATA, empty, of KIND. */
struct block *compose_block(
	struct view_data *data, enum block_kind kind, const char *name, const char *title);
/* What a block with the rows of a list is made from. */
struct list_block {
	const struct list_def *list;
	const char *name, *title;  /* of the block */
	const struct found *scope; /* NULL: all */
	const char *filter;	   /* NULL: none */
	const char *sort;	   /* as in struct view_args; NULL: the list's own */
	const char *leave_out;	   /* as in struct table */
	int64_t limit;		   /* rows, or as many as the view was asked for where that is more; 0: all */
	bool is_optional;	   /* no block where there is no row */
};
/* Adds such a block; ARGS gives clock and configuration. */
bool compose_list(struct view_data *data, struct store *store, const struct view_args *args,
	const struct list_block *what, struct err *err);

/* A fact with one span, made as by printf. Nothing is added where FMT is NULL. */
struct line *compose_fact(struct view_data *data, struct block *block, const char *label, enum role role,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The same for text from a cell: no fact where it is NULL or empty. */
void compose_fact_text(struct view_data *data, struct block *block, const char *label, const char *text);
/* One more span at the end of LINE. */
void compose_span(struct view_data *data, struct line *line, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The next line of a text block of at most MOST lines. */
struct line *compose_line(struct view_data *data, struct block *block, size_t most, int64_t number,
	enum role role, const char *text);

/* Texts in DATA's arena: an age, the same as "3h ago" ("now", "in 3h"), a duration, a local time. */
const char *compose_age(struct view_data *data, int64_t ms, int64_t now_ms);
const char *compose_ago(struct view_data *data, int64_t ms, int64_t now_ms);
const char *compose_duration(struct view_data *data, int64_t ms);
/* "48 100 000" */
const char *compose_int(struct view_data *data, int64_t n);
const char *compose_local(struct view_data *data, int64_t ms);
/* TEXT cut to COLUMNS as a cell of TYPE is. */
const char *compose_cut(struct view_data *data, enum column_type type, const char *text, size_t columns);
/* The canonical ref of an object, in DATA's arena. */
const char *compose_ref(struct view_data *data, const struct ref *ref);

/* The filter that a project's pipelines pass: project:"NAME". */
const char *compose_project_filter(struct view_data *data, const char *project);

/* A row of the result of SQL for one object; false where it has none (ERR_NOT_FOUND) or on an error. */
bool compose_row(struct view_data *data, struct store *store, const char *sql, const struct value *params,
	size_t n_params, struct result *out, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of pages, also as what words find. */
#ifndef VIEWS_DOCS_H
#define VIEWS_DOCS_H

#include "views/view.h"

/* Fills TABLE (columns page title origin owner reviewed stale version who published_ms lang ref) with the
 * pages; with ARGS->show_hidden also with those for readers of other languages. */
void docs_table(const struct view_args *args, struct arena *arena, struct table *table);
/* The same with those that ARGS->filter's words find, best first (columns page title excerpt ref score).
 * Words that find none are noted for `docs gaps`. */
void docs_table_found(const struct view_args *args, struct arena *arena, struct table *table);
/* The news, the newest first (columns page title unread owner ref): pages below news/, whose names begin with
 * a date. */
void docs_table_news(const struct view_args *args, struct arena *arena, struct table *table);
/* The page that ARGS->ref names, as a document; ERR_NOT_FOUND names the nearest one. */
bool docs_page(const struct view_args *args, struct view_data *data, struct err *err);

#endif

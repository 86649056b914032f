/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of pages, also as what words find. */
#ifndef VIEWS_DOCS_H
#define VIEWS_DOCS_H

#include "views/view.h"

/* Fills TABLE (columns page title origin owner reviewed stale ref) with all pages. */
void docs_table(const struct view_args *args, struct arena *arena, struct table *table);
/* The same with those that ARGS->filter's words find, best first (columns page title excerpt ref score). */
void docs_table_found(const struct view_args *args, struct arena *arena, struct table *table);
/* The page that ARGS->ref names, as a document; ERR_NOT_FOUND names the nearest one. */
bool docs_page(const struct view_args *args, struct view_data *data, struct err *err);

#endif

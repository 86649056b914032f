/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A page of the documentation as text: for a terminal with its colours, for a pipe without. */
#ifndef VIEWS_DOC_PRINT_H
#define VIEWS_DOC_PRINT_H

#include "client/docs/markdown.h"
#include "views/print.h"

void doc_print(const struct printer *printer, const struct document *document);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pages below reference/, made from the tables that they describe: commands and options, the keys of the
 * portal, the keys of the configuration, the lists and their columns, the kinds of sources; and the states,
 * which are a table here. What is added to a table is documented by that.
 */
#ifndef TUI_DOCS_REFERENCE_H
#define TUI_DOCS_REFERENCE_H

#include "client/base/arena.h"
#include "client/docs/pages.h"

enum { DOCS_REFERENCE_PAGES = 6 };

/* DOCS_REFERENCE_PAGES of them, their texts in ARENA. */
void docs_reference(struct arena *arena, struct docs_given *out);

#endif

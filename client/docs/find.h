/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An index of words over pages, in memory: which page has which word, and how much it counts there. Words are
 * found by their first letters, and where nobody wrote them by those that differ least. */
#ifndef CLIENT_DOCS_FIND_H
#define CLIENT_DOCS_FIND_H

#include "client/docs/pages.h"

struct find;

/* Over PAGES, which must outlive it. */
struct find *find_new(const struct pages *pages) __attribute__((warn_unused_result));
void find_free(struct find *find);
/* As docs_search. */
size_t find_run(struct find *find, struct str words, struct arena *arena, struct docs_hit *hits, size_t most);

#endif

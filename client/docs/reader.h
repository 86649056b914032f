/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the reader at hand did with the pages: which news were read, what was searched for in vain. The news
 * are a list in the reader's own data folder, a name a line; what was missed is for the team store
 * (feedback.h), and waits here for whoever has one at hand. Thread-safe.
 */
#ifndef CLIENT_DOCS_READER_H
#define CLIENT_DOCS_READER_H

#include "client/docs/pages.h"

struct reader;
struct reader *reader_new(void) __attribute__((warn_unused_result));
void reader_free(struct reader *reader);

/* WORDS found no page. Each once: a list that is loaded again misses nothing more. */
void reader_missed(struct reader *reader, struct str words);
/* The next of them, in ARENA; NULL: there is none. */
const char *reader_take_missed(struct reader *reader, struct arena *arena);

/* The file of what was read, in ARENA. */
const char *reader_news_path(struct arena *arena);
/* NAMES is what that file says. Until it is known no news are unread. */
void reader_use_news(struct reader *reader, struct str names);
bool reader_knows_news(struct reader *reader);
/* NAME, a page below "news/", was read. True: that is new, and OUT gets what the file is to say now. */
bool reader_read_news(struct reader *reader, const char *name, struct buf *out);
bool reader_has_read(struct reader *reader, const char *name);

bool page_is_news(const struct page *page);
/* The newest of PAGES that are unread news (their names sort by age), or NULL; *N gets how many are. */
const struct page *reader_unread(struct reader *reader, const struct pages *pages, size_t *n);

#endif

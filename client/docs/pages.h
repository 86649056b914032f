/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pages of the documentation: those that are compiled in, over them those that somebody published
 * (published.h), and over these those in the folders of the configuration, which are read again when a file
 * changes. A page is named by its path without ".md". "guide/tour.fr", which says `lang: fr`, is "guide/tour"
 * to who reads French: that one is found by either name, and stands in lists and searches instead of it.
 */
#ifndef CLIENT_DOCS_PAGES_H
#define CLIENT_DOCS_PAGES_H

#include "client/base/arena.h"
#include "client/base/clock.h"

enum { PAGES_MOST = 10000, PAGES_MOST_BYTES = 64 << 20 };

struct page {
	const char *name;   /* "guide/filter" */
	const char *title;  /* of the front matter, else the first heading, else the end of its name */
	const char *origin; /* "built in", "published", or its folder */
	const char *owner, *tags, *lang; /* NULL: it does not say; tags with blanks between */
	int64_t reviewed_ms;		 /* TIME_NONE: it does not say */
	int64_t review_days;		 /* how long that holds; 0: for ever */
	int64_t version; /* published: which one it is; of a file the one that it says it comes from; or 0 */
	const char *who; /* who published it, when; NULL: it is not published */
	int64_t published_ms;
	struct str whole, text; /* text: without the front matter */
	const char *path;	/* of its file; NULL: it is none */
	bool is_aside;		/* for another language: in no list and no search */
	const char *fault;	/* what is wrong with its front matter; NULL: nothing */
};

struct pages {
	const struct page *pages; /* by name */
	size_t n;
	const char *const *faults; /* folders that could not be read, and what was left out */
	size_t n_faults;
	const char *language; /* of the reader: "fr"; NULL: English */
};

/* The last review of PAGE is too long ago. */
bool page_is_stale(const struct page *page, int64_t now_ms);
/* The page called NAME, or NULL. */
const struct page *pages_find(const struct pages *pages, const char *name);
/* The same in the reader's language where somebody wrote it in that; "guide/tour.en" is the English one. */
const struct page *pages_read(const struct pages *pages, const char *name);

/* A page that was compiled in. */
struct docs_given {
	struct str name, text;
};

/* A page as somebody published it. */
struct docs_published {
	const char *name, *who;
	struct str text;
	int64_t version, at_ms;
};

/* Thread-safe: the portal's threads share one. */
struct docs;
/* The table is copied; the texts live at least as long as what comes of it. */
struct docs *docs_new(const struct docs_given *given, size_t n) __attribute__((warn_unused_result));
void docs_free(struct docs *docs);
/* N pages more, which MAKE puts into OUT, their texts into ARENA, when somebody first asks for any page. */
void docs_make_later(struct docs *docs, size_t n, void (*make)(struct arena *arena, struct docs_given *out));
/* What the reader did with them (reader.h); it lives as long as DOCS. */
struct reader;
struct reader *docs_reader(struct docs *docs);
/* The folders from now on; copied. */
void docs_use_folders(struct docs *docs, const char *const *folders, size_t n);
/* What is published from now on; copied. */
void docs_use_published(struct docs *docs, const struct docs_published *pages, size_t n);
/* The language of the reader, two letters; NULL: English. */
void docs_use_language(struct docs *docs, const char *language);
/* All pages as they are now: at most once a second it looks whether a file has changed. Valid until
 * docs_unlock, and until then for this thread alone. */
const struct pages *docs_lock(struct docs *docs);
void docs_unlock(struct docs *docs);
/* Differs after a page has changed. Looks like docs_lock does. */
int64_t docs_version(struct docs *docs);

/* A page that was found; its texts are the caller's. */
struct docs_hit {
	const char *name, *title;
	const char *section; /* the heading above the excerpt, as its anchor; NULL: none */
	const char *excerpt; /* the line that matches; NULL: only its name or title does */
	double score;	     /* 0 to 1, of the best one */
};
/* The pages with WORDS in title, headings, tags, text or code, best first, at most MOST. The end of the last
 * letters of a word may be missing, and what nobody wrote is taken for the nearest that somebody did. */
size_t docs_search(
	struct docs *docs, struct str words, struct arena *arena, struct docs_hit *hits, size_t most);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pages that somebody published into the team store, for every portal on it. A page is a row a version; rows
 * are added and never changed, so that nothing is lost by publishing over it: `rollback` is one more version
 * with an older text, or, with version 0, one without any: then what lies below it is read again, the page
 * that is compiled in.
 *
 * Who publishes names what the page was made from: `version:` in its front matter, or the newest version that
 * they published themselves. Where somebody else published a newer one since it is a conflict.
 * On a PostgreSQL porthole_user may publish: a page is text, as a note is, and every version says who.
 */
#ifndef CLIENT_DOCS_PUBLISHED_H
#define CLIENT_DOCS_PUBLISHED_H

#include "client/catalogue/store.h"
#include "client/docs/pages.h"

/* How many versions there are: it differs after anybody published. (The greatest id does not: of two that are
 * committed at the same time the smaller may come last.) */
bool published_mark(struct store *store, int64_t *out, struct err *err);
/* From now on DOCS has what is published in STORE. */
bool published_use(struct store *store, struct docs *docs, struct err *err);

/* --- publishing ------------------------------------------------------------------------ */

enum publish_change { PUBLISH_SAME, PUBLISH_ADDED, PUBLISH_CHANGED };

struct publish_item {
	const char *page, *path;
	struct str body;
	int64_t base;	    /* the version that it was made from; 0: none */
	int64_t newest;	    /* the newest one; 0: none */
	const char *before; /* its text; NULL: there is none, or it is withdrawn */
	const char *who;    /* who published that, and when */
	int64_t at_ms;
	enum publish_change change;
	bool is_conflict;
};

struct publish_plan {
	struct arena *arena;
	struct publish_item *items;
	size_t n, n_added, n_changed, n_conflicts;
};

/* The pages of the folder DIR. ERR_USAGE where there are none, or one has a front matter that nobody could
 * read. */
bool publish_read(struct publish_plan *plan, const char *dir, struct err *err);
/* Finds out what is published already, and by whom. STORE NULL: nothing is. */
bool publish_compare(struct publish_plan *plan, struct store *store, const char *who, struct err *err);
/* The error of the first conflict: who published what when. */
bool publish_refuse(const struct publish_plan *plan, struct err *err);
/* Publishes what was added and changed, with its audit, all or nothing. ERR_REFUSED where somebody was faster
 * than the comparison. */
bool publish_store(const struct publish_plan *plan, struct store *store, const char *who, struct err *err);

/* --- versions ---------------------------------------------------------------------------- */

enum { PUBLISHED_BEFORE = -1 };

/* A version as it would be, or is. */
struct published_version {
	int64_t version, of;	   /* 0: it is withdrawn */
	const char *before, *body; /* the text until now, and from now on; NULL: none */
};

/* The page that TEXT means, also one that is withdrawn: "filter" is "guide/filter" where no other one that
 * somebody published ends so. In ARENA, or TEXT. */
const char *published_name(struct store *store, struct arena *arena, const char *text);
/* PAGE as it was in VERSION is published anew; PUBLISHED_BEFORE: as it was before its newest text; 0: it is
 * withdrawn. ERR_NOT_FOUND: there is no such page, or version. */
bool published_roll_back(struct store *store, const char *page, int64_t version, const char *who,
	bool is_dry_run, struct arena *arena, struct published_version *out, struct err *err);
/* All versions of PAGE, the newest first: version, of_version, who, at_ms, bytes (NULL: withdrawn). */
bool published_history(
	struct store *store, const char *page, struct arena *arena, struct result *out, struct err *err);

#endif

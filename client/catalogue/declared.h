/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is declared for everybody: the sections of portal.yaml that `porthole apply`
 * puts into the team store, and their way back into a configuration. Neither way
 * passes a command or a credential: those are in files of each machine alone.
 */
#ifndef CLIENT_CATALOGUE_DECLARED_H
#define CLIENT_CATALOGUE_DECLARED_H

#include "client/catalogue/store.h"
#include "client/config/config.h"

/*
 * *OUT gets CONFIG with the sources, projects and calendar that STORE declares behind its own (what has the
 * name of one of its own is left out), or NULL where nothing is declared. It borrows from CONFIG: free it
 * first. A declaration that cannot be read is left out, and NOTICE (may be NULL) says which and why.
 */
bool declared_merge(const struct config *config, struct store *store, struct config **out,
	const char **notice, struct err *err);

/* --- apply ---------------------------------------------------------------------------- */

enum declared_change { DECLARED_SAME, DECLARED_ADDED, DECLARED_CHANGED };

struct declared_item {
	const char *kind; /* "project" */
	const char *name;
	struct str body;    /* JSON, its keys in order */
	const char *before; /* the body that is there; NULL: none */
	const char *who;    /* who put that there, and when */
	int64_t at_ms;
	enum declared_change change;
	bool is_conflict; /* changed, and somebody else put it there */
};

struct declared_plan {
	struct arena *arena;
	struct declared_item *items;
	size_t n, room, n_added, n_changed, n_conflicts;
	const char *left_out; /* sections of the files that nobody can declare for others; NULL: none */
};

/* Adds what TEXT of the file NAME declares. ERR_USAGE says line and key; also for what stands there twice. */
bool declared_read(struct declared_plan *plan, const char *name, struct str text, struct err *err);
/* Finds out what is there already, put by WHO or by others. */
bool declared_compare(struct declared_plan *plan, struct store *store, const char *who, struct err *err);
/*
 * Stores what was added and changed with its audit, all or nothing. Where somebody was faster than the
 * comparison: ERR_UNAVAILABLE. Addresses of sources on a PostgreSQL (IS_FILE false) need the role
 * porthole_admin: ERR_REFUSED.
 */
bool declared_store(const struct declared_plan *plan, struct store *store, bool is_file, const char *who,
	struct err *err);

#endif

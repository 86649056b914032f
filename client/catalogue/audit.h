/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The audit: what people do, one row before it and one after it, in rows that are
 * added and never changed. A row before without one after it means that nobody
 * knows how it ended.
 */
#ifndef CLIENT_CATALOGUE_AUDIT_H
#define CLIENT_CATALOGUE_AUDIT_H

#include "client/catalogue/store.h"
#include "client/config/config.h"

struct audit_entry {
	const char *who;	/* audit_who */
	const char *verb;	/* "forget" */
	const char *object_ref; /* what it is done to: a ref, a file, an address without secrets */
	struct str args;	/* the JSON of an object; {NULL, 0}: none */
};

/* Who acts: `user:` of the configuration, else the login: PostgreSQL's where STORE is one (NULL: none), else
 * the system's. */
const char *audit_who(struct store *store, const struct config *config, struct arena *arena);

/* Says that it is about to be tried: to be stored before anything is done. *ID names the attempt. */
bool audit_begin(struct store *store, const struct audit_entry *entry, int64_t *id, struct err *err);
/* How attempt ID ended: "done", or what failed. */
bool audit_end(struct store *store, const struct audit_entry *entry, int64_t id, const char *result,
	struct err *err);
/* The same from ERR, which is NULL where it went well; failing to say so is no failure of what was done. */
void audit_close(struct store *store, const struct audit_entry *entry, int64_t id, const struct err *failure);

#endif

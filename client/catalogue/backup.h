/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The team store as one file that both engines write and read: JSON, a line each.
 *
 *     {"porthole_backup":1,"schema":2,"written_ms":1795262400000,"porthole":"0.1.0"}
 *     {"table":"team.problem","columns":["id","kind",…]}
 *     [1,"failed",…]                                                the rows of that table
 *     {"end":true,"rows":57,"sum":"cbf29ce484222325"}               of all bytes before this line
 *
 * A number that JSON does not know stands as {"real":"NaN"}. A file without its last
 * line, or with another sum, is incomplete or damaged and never read in part.
 */
#ifndef CLIENT_CATALOGUE_BACKUP_H
#define CLIENT_CATALOGUE_BACKUP_H

#include "client/catalogue/tables.h"

/* What a backup holds: for each of store_tables how many rows (0 for the catalogue's). */
struct backup_facts {
	int64_t written_ms, schema, rows;
	int64_t table_rows[64];
};

/* Writes the team store to FILE, as of one moment, while others go on: through a temporary file, so that
 * FILE is whole or what it was before. */
bool backup_write(struct store *store, const char *file, struct backup_facts *out, struct err *err);

/* Reads all of FILE: ERR_FAILED where it is incomplete, damaged or no backup, ERR_NEWER where a newer
 * porthole wrote it. */
bool backup_check(const char *file, struct backup_facts *out, struct err *err);

/* Puts what FILE holds into the team store of STORE, which is empty, inside the caller's transaction. */
bool backup_load(struct store *store, const char *file, struct backup_facts *out, struct err *err);

#endif

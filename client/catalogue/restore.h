/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A backup back into the team store, all or nothing. */
#ifndef CLIENT_CATALOGUE_RESTORE_H
#define CLIENT_CATALOGUE_RESTORE_H

#include "client/catalogue/backup.h"
#include "client/config/config.h"

struct restored {
	struct backup_facts facts;
	char *aside; /* where the team store lies that was there before, from the heap; NULL: it was empty */
};

/*
 * Checks FILE and puts it into the team store of CONFIG's catalogue, which is made where there is none. A
 * team store that holds something is ERR_REFUSED; with REPLACE the file of SQLite is set aside first (also a
 * damaged one), a schema of PostgreSQL never. The audit of the new one says who did it. The caller holds
 * sync_lock.
 */
bool restore_team(
	const struct config *config, const char *file, bool replace, struct restored *out, struct err *err);

#endif

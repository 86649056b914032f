/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of its own for each test of files, and a catalogue of its own for each test of what works on one:
 * a file, or with PORTHOLE_TEST_ENGINE=postgres a database on the server that PORTHOLE_TEST_PG names
 * (tests/pg.sh). */
#ifndef TESTS_CATALOGUE_SCRATCH_H
#define TESTS_CATALOGUE_SCRATCH_H

#include "client/base/err.h"
#include "client/base/mem.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline char *scratch_new(void)
{
	char *dir = x_strdup("/tmp/porthole-test-XXXXXX");
	BUG_ON(!mkdtemp(dir));
	return dir;
}

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void scratch_free(char *dir)
{
	nftw(dir, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
	x_free(dir);
}

/* Runs SQL (without single quotes) on DATABASE as the server's administrator. */
static inline void scratch_administer(const char *sql, const char *database)
{
	const char *server = getenv("PORTHOLE_TEST_PG");
	char *command = x_printf(
		"%s/psql -qAtX -v ON_ERROR_STOP=1 -c '%s' 'postgresql://postgres@/%s?host=%s' >/dev/null",
		server, sql, database, server);
	BUG_ON(system(command) != 0);
	x_free(command);
}

/* Empties a database; what a test that failed left open ends first. */
#define SCRATCH_END_OTHERS                                                                                   \
	"SET client_min_messages = warning;"                                                                 \
	"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"          \
	" AND pid <> pg_backend_pid();"
static const char scratch_drop[] = SCRATCH_END_OTHERS "DROP SCHEMA IF EXISTS porthole, team CASCADE";
/* Its schemas stay, which is quicker. */
static const char scratch_truncate[] = SCRATCH_END_OTHERS
	"SET session_replication_role = replica;" /* the audit does not like it */
	"DO $$ DECLARE names TEXT; BEGIN"
	" SELECT string_agg(format($f$%I.%I$f$, schemaname, tablename), $f$, $f$) INTO names FROM pg_tables"
	" WHERE schemaname IN ($f$porthole$f$, $f$team$f$) AND tablename <> $f$meta$f$;"
	" IF names IS NOT NULL THEN EXECUTE $f$TRUNCATE $f$ || names || $f$ RESTART IDENTITY$f$; END IF; END $$";

/* One database for each program, emptied for each test. */
static inline char *scratch_database(const char *emptied_by)
{
	static bool is_there;
	char *name = x_printf("porthole_%d", (int)getpid());
	if (!is_there) {
		char *create = x_printf("CREATE DATABASE %s", name);
		scratch_administer(create, "postgres");
		x_free(create);
	} else {
		scratch_administer(emptied_by, name);
	}
	is_there = true;
	return name;
}

static inline char *scratch_address_of(const char *database)
{
	return x_printf("postgresql://postgres@/%s?host=%s", database, getenv("PORTHOLE_TEST_PG"));
}

static inline bool scratch_is_on_postgres(void)
{
	const char *engine = getenv("PORTHOLE_TEST_ENGINE");
	return engine && !strcmp(engine, "postgres");
}

/* The address of an empty catalogue; the caller frees it. */
static inline char *scratch_catalogue(const char *dir)
{
	if (!scratch_is_on_postgres())
		return x_printf("%s/portal.db", dir);
	char *database = scratch_database(scratch_truncate), *address = scratch_address_of(database);
	x_free(database);
	return address;
}

#endif

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
	char *command = x_printf(
		"psql -qAtX -v ON_ERROR_STOP=1 -c '%s' 'postgresql://postgres@/%s?host=%s' >/dev/null", sql,
		database, getenv("PORTHOLE_TEST_PG"));
	BUG_ON(system(command) != 0);
	x_free(command);
}

/* One database for each program, emptied for each test: of what a test that failed left open, too. */
static inline char *scratch_database(void)
{
	static bool is_there;
	char *name = x_printf("porthole_%d", (int)getpid());
	if (!is_there) {
		char *create = x_printf("CREATE DATABASE %s", name);
		scratch_administer(create, "postgres");
		x_free(create);
	}
	is_there = true;
	scratch_administer(
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
		" AND pid <> pg_backend_pid();"
		"SET client_min_messages = warning; DROP SCHEMA IF EXISTS porthole, team CASCADE",
		name);
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
	char *database = scratch_database(), *address = scratch_address_of(database);
	x_free(database);
	return address;
}

#endif

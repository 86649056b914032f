/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Versioned migrations of the two schemas. A migration that was released is never
 * edited: what changes is a new one behind it. Their SQL is plain and runs on both
 * engines, with bare names, but for four words that each engine has its own text for:
 *   SERIAL_KEY   the type of a primary key that counts by itself
 *   CLUSTERED    behind a table that is stored by its primary key
 *   SERIAL_PART  the type of the id of a partitioned table, which counts by itself
 *   PARTITIONED  behind a table that PostgreSQL keeps in parts by ranges of run_id
 *
 * Several versions of porthole may share one PostgreSQL. What is new in a migration
 * does not trouble an older porthole as long as it only adds: tables, indexes, views,
 * columns that may be NULL or have a default. One that takes away or changes what an
 * older one uses is marked `is_breaking`: that begins a new major version. A store
 * keeps beside its version the oldest one whose SQL still works on it (in meta,
 * works_with), and only a porthole older than that is turned away (schema_seen).
 */
#ifndef CLIENT_CATALOGUE_MIGRATE_H
#define CLIENT_CATALOGUE_MIGRATE_H

#include "client/base/err.h"

#include <stddef.h>

struct migration {
	const char *sql;      /* any number of statements */
	const char *sqlite;   /* then these, on SQLite alone: what PostgreSQL does by rights; NULL: none */
	const char *postgres; /* or these, on PostgreSQL alone; NULL: none */
	bool is_breaking;     /* an older porthole cannot work on it any more */
};

/* Version N is what the first N migrations make. */
struct schema {
	const char *name; /* for messages */
	const struct migration *migrations;
	size_t n_migrations;
};

extern const struct schema schema_catalogue, schema_team;

/* What migrations need of an engine; DB is its connection, on which bare names are those of the schema. */
struct migrate_engine {
	void *db;
	const char *begin;	/* starts a transaction that keeps other writers out */
	const char *serial_key; /* the text for SERIAL_KEY */
	const char *clustered;	/* the text for CLUSTERED */
	const char *serial_part, *partitioned;
	bool is_sqlite;
	/* 0 where there is no schema yet. */
	bool (*version)(void *db, int64_t *out, struct err *err);
	/* Runs any number of statements. */
	bool (*run)(void *db, const char *sql, struct err *err);
};

/* Brings the schema up to date, all or nothing. ERR_NEWER where it is ahead of us. */
bool migrate(const struct migrate_engine *engine, const struct schema *schema, struct err *err);

/* VERSION, or ours where it is newer and WORKS_WITH, the fact of that name, says that we can work on it.
 * WORKS_WITH may be NULL: nobody says so. */
int64_t schema_seen(const struct schema *schema, int64_t version, const char *works_with);

/* Whether VERSION is the one that our SQL is written for: ERR_NEWER where it is
 * ahead, ERR_UNAVAILABLE where the next sync will bring it up to date. */
bool schema_check(const struct schema *schema, int64_t version, struct err *err);

#endif

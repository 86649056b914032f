/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Versioned migrations of the two schemas. A migration that was released is never
 * edited: what changes is a new one behind it. Their SQL is plain and runs on both
 * engines, with bare names, but for two words that each engine has its own text for:
 *   SERIAL_KEY   the type of a primary key that counts by itself
 *   CLUSTERED    behind a table that is stored by its primary key
 */
#ifndef CLIENT_CATALOGUE_MIGRATE_H
#define CLIENT_CATALOGUE_MIGRATE_H

#include "client/base/err.h"

#include <stddef.h>

struct migration {
	const char *sql;      /* any number of statements */
	const char *sqlite;   /* then these, on SQLite alone: what PostgreSQL does by rights; NULL: none */
	const char *postgres; /* or these, on PostgreSQL alone; NULL: none */
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
	bool is_sqlite;
	/* 0 where there is no schema yet. */
	bool (*version)(void *db, int64_t *out, struct err *err);
	/* Runs any number of statements. */
	bool (*run)(void *db, const char *sql, struct err *err);
};

/* Brings the schema up to date, all or nothing. ERR_NEWER where it is ahead of us. */
bool migrate(const struct migrate_engine *engine, const struct schema *schema, struct err *err);

/* Whether VERSION is the one that our SQL is written for: ERR_NEWER where it is
 * ahead, ERR_UNAVAILABLE where the next sync will bring it up to date. */
bool schema_check(const struct schema *schema, int64_t version, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the PostgreSQL engine, for client/catalogue/postgres*.c alone:
 *
 *   postgres.c         the functions of the store
 *   postgres_talk.c    statements and their answers on the wire
 *   postgres_value.c   values to parameters, answers to values, failures to errors
 *   postgres_connect.c from an address to a connection with its settings
 *   postgres_schema.c  migrations, roles, room for step runs
 *
 * The connection is in pipeline mode from the time that the store is open: statements are queued, and their
 * answers are owed until pg_settle reads them. So a statement of a transaction whose result nobody asked for
 * costs no round trip.
 */
#ifndef CLIENT_CATALOGUE_POSTGRES_H
#define CLIENT_CATALOGUE_POSTGRES_H

#include "client/catalogue/store_ops.h"

#include <libpq-fe.h>

#define PG_SCHEMA "porthole"
#define PG_TEAM	  "team"

enum { PG_STATEMENTS = 64 };

/* A prepared statement. */
struct pg_statement {
	uint64_t hash, used;
	char *sql;	/* NULL: a free slot */
	int64_t number; /* its name on the server; 0: it is not there */
	int64_t window; /* in which it was prepared */
	size_t n_params;
	Oid *types; /* of the parameters, as it was prepared; 0: as PostgreSQL sees fit */
};

struct pg {
	struct store store;
	PGconn *conn;
	int wake; /* an eventfd: store_interrupt was called */
	atomic_bool is_interrupted;
	bool is_pooled;	 /* something like pgbouncer stands between: each transaction may meet another session
			  */
	bool can_listen; /* else the number of changes is asked for */
	bool is_transaction;
	bool has_written, has_team_lock; /* in this transaction */
	bool is_uncut;			 /* what runs now ends what was cut: it is not cut itself */
	int64_t version;
	int64_t asked_ms, n_changes; /* where it cannot listen: when it was asked for, and the answer */
	int64_t room;		     /* run ids below it have a partition of step_run; 0: not known yet */
	int n_batches;		     /* since that was looked at */
	int64_t n_touched;	     /* rows that were written since the planner's figures were made */

	size_t n_owed;	/* statements whose answers were not read */
	int64_t window; /* counts settlements */
	int64_t n_prepared;
	uint64_t tick;
	struct arena *args; /* parameters that had to be repaired */
	struct pg_statement statements[PG_STATEMENTS];
};

static inline struct pg *pg_of(struct store *store)
{
	return (struct pg *)store;
}

/* --- postgres_talk.c */

/* Where the rows of one answer go. */
struct pg_rows {
	size_t answer; /* of the statements that are owed: which one */
	struct arena *arena;
	struct result *out;
	struct value *cells; /* from the heap while they grow */
	size_t n, room, arena_before;
	int64_t changed;
};

/* Queues a statement. False where it could not even be queued. */
bool pg_queue(struct pg *pg, const char *sql, const struct value *params, size_t n, struct err *err);
/* The same for one without parameters that is not worth preparing. */
bool pg_queue_plain(struct pg *pg, const char *sql, struct err *err);
/* Reads all that is owed; ERR is the first thing that failed. ROWS may be NULL. Cut by store_interrupt. */
bool pg_settle(struct pg *pg, struct pg_rows *rows, struct err *err);
/* COPY … FROM STDIN of TEXT, which is outside of what a pipeline can do: nothing must be owed. */
bool pg_copy(struct pg *pg, const char *sql, struct str text, struct err *err);
void pg_forget_statements(struct pg *pg);
/* Whether somebody wants no more of what runs. */
bool pg_must_stop(const struct pg *pg);

/* --- postgres_value.c */

/* The type that VALUE is sent as; 0: as PostgreSQL sees fit. */
Oid pg_type_of(const struct value *value);
/* Text as the server takes it: valid UTF-8 without NUL. */
struct str pg_clean_text(struct arena *arena, struct str text);
/* The greatest N of the $N in SQL. */
size_t pg_count_params(const char *sql);
struct value pg_read_cell(const PGresult *result, int row, int column, struct arena *arena);
/* Sets ERR from a failed RESULT; IS_CUT: we asked for it. */
bool pg_fail_result(struct pg *pg, const PGresult *result, bool is_cut, struct err *err);
/* Sets ERR from the connection, which is lost. */
bool pg_fail_connection(struct pg *pg, struct err *err);
/* Adds VALUE as COPY reads it. */
void pg_add_copy(struct buf *out, const struct value *value, struct arena *arena);

/* --- postgres_connect.c */

/* A connection with its settings, still outside of pipeline mode. PATIENCE_MS: how long a server may take to
 * let us in; 0: as long as ADDRESS says. */
PGconn *pg_connect(const char *address, enum store_mode mode, int64_t patience_ms, struct err *err);
/* Runs any number of plain statements, outside of pipeline mode. */
bool pg_run(void *conn, const char *sql, struct err *err);
/* One cell of a query without parameters; *OUT is from the heap, NULL for no row and for NULL. */
bool pg_ask(PGconn *conn, const char *sql, char **out, struct err *err);
bool pg_ask_int(PGconn *conn, const char *sql, int64_t *out, struct err *err);

/* --- postgres_schema.c */

/* Creates and migrates both schemas and what belongs to them. *NOTICE (from the heap) may get words. */
bool pg_migrate(PGconn *conn, char **notice, struct err *err);
/* Whether this porthole can read what is there. ERR_NOT_FOUND where there is nothing yet. */
bool pg_check_schemas(PGconn *conn, struct err *err);

#endif

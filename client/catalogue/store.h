/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store seam: one catalogue (the portal's memory of the tools, written by
 * sync alone) and one team store (the memory of people), behind a table of
 * functions per engine. SQL is plain and runs on both engines: parameters are
 * $1, $2 …; tables of the catalogue are named bare, those of the team store
 * `team.NAME`. A store belongs to one thread, but for store_interrupt.
 *
 * Errors may come late. In a transaction on PostgreSQL, a statement that nobody wants an answer of
 * (store_exec without CHANGED) is only put on its way: true says that it was sent, and what the server has
 * against it comes from the next call that waits: a query, a store_exec with CHANGED or _id, store_load,
 * store_commit, or any, once many are under way. That call fails with the reason of the first one that
 * failed, nothing behind that one was done, and only store_rollback helps. So a transaction is done when
 * store_commit says so, and not before; who must know of one statement whether it was done asks for CHANGED.
 * Outside of a transaction no error is late.
 */
#ifndef CLIENT_CATALOGUE_STORE_H
#define CLIENT_CATALOGUE_STORE_H

#include "client/base/arena.h"
#include "client/base/err.h"

#include <stdatomic.h>

struct buf;

enum value_type { VALUE_NULL, VALUE_INT, VALUE_REAL, VALUE_TEXT };

struct value {
	enum value_type type;
	union {
		int64_t i;
		double r;
		struct str s;
	};
};

static inline struct value value_int(int64_t i)
{
	return (struct value){.type = VALUE_INT, .i = i};
}
static inline struct value value_real(double r)
{
	return (struct value){.type = VALUE_REAL, .r = r};
}
/* NULL text gives VALUE_NULL. */
static inline struct value value_text(const char *text)
{
	return text ? (struct value){.type = VALUE_TEXT, .s = str_of(text)} : (struct value){VALUE_NULL, {0}};
}
static inline struct value value_str(struct str s)
{
	return s.p ? (struct value){.type = VALUE_TEXT, .s = s} : (struct value){VALUE_NULL, {0}};
}
/* TIME_NONE gives VALUE_NULL. */
static inline struct value value_ms(int64_t ms)
{
	return ms == INT64_MIN ? (struct value){VALUE_NULL, {0}} : value_int(ms);
}

/* A result, immutable, handed over whole: all of it lives in ARENA. */
struct result {
	struct arena *arena;
	size_t n_columns, n_rows;
	const char **names;
	struct value *cells; /* n_rows × n_columns */
};

static inline const struct value *result_at(const struct result *result, size_t row, size_t column)
{
	return &result->cells[row * result->n_columns + column];
}
/* The column called NAME, or -1. */
int result_column(const struct result *result, const char *name);
/* Readers for one cell by number: NULL cells give NULL, TIME_NONE, FALLBACK. */
const char *result_text(const struct result *result, size_t row, size_t column);
int64_t result_ms(const struct result *result, size_t row, size_t column);
int64_t result_int(const struct result *result, size_t row, size_t column, int64_t fallback);

enum store_mode {
	STORE_READ, /* catalogue read-only; team writable where the file lets us */
	STORE_SYNC, /* the one writer of the catalogue: creates, migrates, checkpoints */
};

struct store;

/*
 * Opens ADDRESS (an absolute path; the team file is ADDRESS.team). STORE_SYNC
 * creates and migrates both. STORE_READ of a catalogue that is not there is
 * ERR_NOT_FOUND; a newer schema is ERR_NEWER; damage is ERR_CORRUPT (STORE_SYNC sets the
 * damaged catalogue aside as ADDRESS.damaged-TIME, starts empty, and says so in
 * store_notice; the team file is never set aside).
 */
struct store *store_open(const char *address, enum store_mode mode, struct err *err)
	__attribute__((warn_unused_result));
/* The same, but a server that takes longer than PATIENCE_MS to let us in is ERR_UNAVAILABLE. */
struct store *store_open_soon(const char *address, enum store_mode mode, int64_t patience_ms, struct err *err)
	__attribute__((warn_unused_result));
/* Whether ADDRESS is a file (SQLite) rather than a PostgreSQL. */
bool store_is_file(const char *address);
/* ADDRESS as it may be shown: without a password, and without what stands behind the name of a database. */
const char *store_shown(struct arena *arena, const char *address);
void store_close(struct store *store);
/* What store_open had to do (a damaged file set aside, a read-only disk), or NULL. */
const char *store_notice(const struct store *store);
/* Whether it must be closed and opened anew: damage was met, or the file was
 * replaced under it. Found out by store_version and by queries that fail. */
bool store_is_lost(const struct store *store);
/* Of a mirror (mirror.h) when it was made; TIME_NONE: this is the catalogue itself. */
int64_t store_mirrored_ms(const struct store *store);

/* Runs SQL (static text) and gives all rows in ARENA. A result of over 64 MB is refused. */
bool store_query(struct store *store, const char *sql, const struct value *params, size_t n_params,
	struct arena *arena, struct result *out, struct err *err);
/* Runs one statement without rows; *CHANGED (may be NULL) gets the number of rows it touched. */
bool store_exec(struct store *store, const char *sql, const struct value *params, size_t n_params,
	int64_t *changed, struct err *err);
/* The same for an INSERT … RETURNING id (or a SELECT of one integer): that integer. ERR_NOT_FOUND without a
 * row. */
bool store_exec_id(struct store *store, const char *sql, const struct value *params, size_t n_params,
	int64_t *id, struct err *err);
/* The same for an INSERT of one row (… ON CONFLICT DO NOTHING), given without RETURNING, into a table that
 * has an `id`; ERR_NOT_FOUND where the row was there. For rows by the
 * million: SQLite keeps a journal for each statement that has a RETURNING, which costs more than the row. */
bool store_insert(struct store *store, const char *sql, const struct value *params, size_t n_params,
	int64_t *id, struct err *err);
/* Whether the id of a new row is waited for: who writes many that are surely new gives them their ids. */
bool store_waits_for_ids(const struct store *store);
/* N ids of TABLE that nobody else gets, from *FIRST on; of a store that waits for ids. */
bool store_reserve_ids(struct store *store, const char *table, int64_t n, int64_t *first, struct err *err);
/*
 * Appends N_ROWS rows to TABLE ("run", "team.problem"): VALUES is row after row of N_COLUMNS each, one for
 * each of COLUMNS. The names are plain words and come from code, never from outside. In bulk (COPY on
 * PostgreSQL, where all rows or none are added), so for `move` and `restore`, not for a few rows. A row that
 * is there already fails it. Where COLUMNS has an `id` the table goes on counting behind the greatest.
 * Outside of a transaction it is one of its own.
 */
bool store_load(struct store *store, const char *table, const char *const *columns, size_t n_columns,
	const struct value *values, size_t n_rows, struct err *err);
/* Takes the write locks of all that this store may write, so keep it short. On a mirror: ERR_REFUSED. */
bool store_begin(struct store *store, struct err *err);
/* The same for a long batch of STORE_SYNC that writes the catalogue: people may write the team store
 * meanwhile. It may write there too, from the first such row on with its lock, but never after reading there.
 */
bool store_begin_batch(struct store *store, struct err *err);
/* Where it fails, it rolls back. On SQLite a kill may leave what was written to the catalogue without what
 * was written to the team store in the same transaction; so what the team store gets must follow from the
 * catalogue, or be committed before it. */
bool store_commit(struct store *store, struct err *err);
/* From now until store_rollback this store reads as of one moment, and writes nothing. */
bool store_begin_read(struct store *store, struct err *err);
void store_rollback(struct store *store);
/* A number that differs after anybody committed to catalogue or team. Cheap: a few µs. */
int64_t store_version(struct store *store);
/* Cuts the query that runs now; from any thread. It then fails with ERR_CANCELLED. */
void store_interrupt(struct store *store);
/* From now on a query also ends so once *STOP is true, whenever that was set. STOP is borrowed; NULL: none.
 */
void store_watch(struct store *store, const atomic_bool *stop);
/* The plan of SQL as the engine prints it, for the query-plan test. */
bool store_explain(struct store *store, const char *sql, const struct value *params, size_t n_params,
	struct buf *out, struct err *err);
/* Moves the write-ahead log into the file (STORE_SYNC only, between batches). */
bool store_checkpoint(struct store *store, struct err *err);
/* Copies the team store to FILE, whole, while it is in use. */
bool store_backup(struct store *store, const char *file, struct err *err);

#endif

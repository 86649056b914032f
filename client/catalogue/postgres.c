/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine on PostgreSQL 13 and later: the catalogue is the schema `porthole`, the team store the schema
 * `team` of one database. Settings and their reasons: safety.md section 3.
 *
 * Sync is the one writer of the catalogue by an advisory lock; who reads may write the team store alone,
 * which is checked here for our own sake and by the server's roles for everybody's. Who writes the team
 * store in a transaction takes a lock first, so that what was read there is still so when it is changed.
 */
#include "client/catalogue/postgres.h"

#include "client/base/buf.h"
#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/catalogue/store_module.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	POLL_MS = 2000,	       /* between two looks at the number of changes, where LISTEN is not to be had */
	BATCHES_A_LOOK = 20,   /* batches of sync between two looks at the room for step runs */
	ROOM_AHEAD = 1000000,  /* runs that have their partition before they are there */
	COPY_BYTES = 16 << 20, /* of rows in one COPY */
	MANY_TOUCHED = 20000,  /* rows, and as many as there were runs: the planner's figures are made anew */
};

/* Any numbers, the same for all portholes. */
#define WRITER_LOCK "SELECT pg_try_advisory_lock(1347374147)"
#define TEAM_LOCK   "SELECT pg_advisory_xact_lock(1347374164)"

/* --- what a statement writes ------------------------------------------------------------ */

static bool starts_with_one_of(struct str sql, const char *const *heads)
{
	for (; *heads; heads++)
		if (str_starts(sql, str_of(*heads)))
			return true;
	return false;
}

/* Statements are our own, and plain: their words tell. */
static bool is_write(struct str sql)
{
	static const char *const heads[] = {
		"INSERT ", "UPDATE ", "DELETE ", "CREATE ", "DROP ", "ALTER ", "TRUNCATE ", NULL};
	if (str_starts(sql, STR("WITH ")))
		return str_has(sql, STR(" INSERT INTO ")) || str_has(sql, STR(" DELETE FROM "));
	return starts_with_one_of(sql, heads);
}

static bool writes_team(struct str sql)
{
	static const char *const heads[] = {"INSERT INTO team.", "UPDATE team.", "DELETE FROM team.", NULL};
	return starts_with_one_of(sql, heads);
}

static bool may_run(const struct pg *pg, struct str sql, struct err *err)
{
	if (pg->store.mode == STORE_SYNC || !is_write(sql) || writes_team(sql))
		return true;
	return err_set(err, ERR_REFUSED, "catalogue: only sync writes it");
}

/* --- transactions -------------------------------------------------------------------------- */

/* Behind something like pgbouncer each transaction may meet a session that was never set up. */
#define SET_UP_AGAIN                                                                                         \
	"SELECT set_config('search_path', '" PG_SCHEMA                                                       \
	", pg_temp', true), set_config('statement_timeout', '15s', true),"                                   \
	" set_config('lock_timeout', '3s', true), set_config('jit', 'off', true)"

static bool open_transaction(struct pg *pg, const char *begin, struct err *err)
{
	return pg_queue_plain(pg, begin, err) && (!pg->is_pooled || pg_queue_plain(pg, SET_UP_AGAIN, err));
}

/* Counts the change, and wakes who listens. */
static bool tell_others(struct pg *pg, struct err *err)
{
	const struct value who = value_text(pg->store.mode == STORE_SYNC ? "sync" : "people");
	return pg_queue(pg,
		       "INSERT INTO team.change (who, n) VALUES ($1, 1)"
		       " ON CONFLICT (who) DO UPDATE SET n = change.n + 1",
		       &who, 1, err) &&
	       pg_queue_plain(pg, "NOTIFY porthole", err);
}

static void end_transaction(struct pg *pg)
{
	pg->is_transaction = pg->has_written = pg->has_team_lock = false;
}

/* After a failure, as the server sees it; without being cut itself. */
static void undo(struct pg *pg)
{
	end_transaction(pg);
	if (pg->store.is_lost)
		return;
	pg->is_uncut = true;
	if (pg->n_owed)
		pg_settle(pg, NULL, NULL);
	if (!pg->store.is_lost && PQtransactionStatus(pg->conn) != PQTRANS_IDLE &&
		pg_queue_plain(pg, "ROLLBACK", NULL))
		pg_settle(pg, NULL, NULL);
	pg->is_uncut = false;
}

static void forget_interrupt(struct pg *pg)
{
	uint64_t n;
	pg->is_interrupted = false;
	while (read(pg->wake, &n, sizeof n) < 0 && errno == EINTR)
		;
}

/* With a lock it waits until that is ours; without one nothing is sent before there is more to send. */
static bool begin_as(struct pg *pg, const char *begin, bool takes_lock, struct err *err)
{
	forget_interrupt(pg);
	if (pg->is_transaction)
		return err_set(err, ERR_FAILED, "catalogue: a transaction is open already");
	pg->is_transaction = true;
	pg->has_team_lock = takes_lock;
	if (open_transaction(pg, begin, err) &&
		(!takes_lock || (pg_queue_plain(pg, TEAM_LOCK, err) && pg_settle(pg, NULL, err))))
		return true;
	undo(pg);
	return false;
}

static bool pg_begin(struct store *store, struct err *err)
{
	return begin_as(pg_of(store), "BEGIN READ WRITE", true, err);
}

static bool pg_begin_read(struct store *store, struct err *err)
{
	return begin_as(pg_of(store), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", false, err);
}

static bool pg_query(struct store *store, const char *sql, const struct value *params, size_t n_params,
	struct arena *arena, struct result *out, struct err *err);

/* A query of one integer; 0 where it has no row. */
static bool ask_one(
	struct pg *pg, const char *sql, const struct value *params, size_t n, int64_t *out, struct err *err)
{
	struct arena *arena = arena_new();
	struct result result;
	bool ok = pg_query(&pg->store, sql, params, n, arena, &result, err);
	*out = ok && result.n_rows && result.cells[0].type == VALUE_INT ? result.cells[0].i : 0;
	arena_free(arena);
	return ok;
}

/* A partition that is not there in time would fail the batch: they are made far ahead. */
static bool make_room(struct pg *pg, int64_t run_id, struct err *err)
{
	if (run_id + ROOM_AHEAD < pg->room)
		return true;
	const struct value params[] = {value_int(run_id)};
	return ask_one(pg, "SELECT make_room($1)", params, 1, &pg->room, err);
}

static bool look_at_room(struct pg *pg, struct err *err)
{
	int64_t newest;
	pg->n_batches = 0;
	return ask_one(pg, "SELECT coalesce(max(id), 0) FROM run", NULL, 0, &newest, err) &&
	       make_room(pg, newest, err);
}

static bool pg_begin_batch(struct store *store, struct err *err)
{
	struct pg *pg = pg_of(store);
	if (++pg->n_batches > BATCHES_A_LOOK && !look_at_room(pg, err))
		return false;
	return begin_as(pg, "BEGIN READ WRITE", false, err);
}

static bool pg_commit(struct store *store, struct err *err)
{
	struct pg *pg = pg_of(store);
	bool has_written = pg->has_written;
	struct pg_rows end = {.answer = SIZE_MAX};
	forget_interrupt(pg);
	bool ok = (!has_written || tell_others(pg, err)) && pg_queue_plain(pg, "COMMIT", err);
	bool had_failed = !pg->store.is_lost && PQtransactionStatus(pg->conn) == PQTRANS_INERROR;
	ok = ok && pg_settle(pg, &end, err);
	if (ok && had_failed)
		ok = err_set(err, ERR_FAILED, "catalogue: the transaction had failed before");
	if (!ok) {
		undo(pg);
		return false;
	}
	pg->version += has_written;
	end_transaction(pg);
	return true;
}

static void pg_rollback(struct store *store)
{
	undo(pg_of(store));
}

/* --- statements ----------------------------------------------------------------------------- */

/* In a transaction: the lock of the team store is taken before its first row is written. */
static bool queue_inside(
	struct pg *pg, const char *sql, const struct value *params, size_t n, struct err *err)
{
	bool is_team = writes_team(str_of(sql));
	if (is_team && !pg->has_team_lock && !pg_queue_plain(pg, TEAM_LOCK, err))
		return false;
	pg->has_team_lock |= is_team;
	pg->has_written |= is_write(str_of(sql));
	return pg_queue(pg, sql, params, n, err);
}

/* Outside of one. ROWS gets the place of the statement among the answers. */
static bool queue_alone(struct pg *pg, const char *sql, const struct value *params, size_t n,
	struct pg_rows *rows, struct err *err)
{
	bool writes = is_write(str_of(sql));
	if ((writes || pg->is_pooled) &&
		!open_transaction(pg, writes ? "BEGIN READ WRITE" : "BEGIN READ ONLY", err))
		return false;
	if (writes_team(str_of(sql)) && !pg_queue_plain(pg, TEAM_LOCK, err))
		return false;
	if (!pg_queue(pg, sql, params, n, err))
		return false;
	rows->answer = pg->n_owed - 1;
	if (writes && !tell_others(pg, err))
		return false;
	return (!writes && !pg->is_pooled) || pg_queue_plain(pg, "COMMIT", err);
}

static bool run(struct pg *pg, const char *sql, const struct value *params, size_t n, struct pg_rows *rows,
	struct err *err)
{
	forget_interrupt(pg);
	if (!may_run(pg, str_of(sql), err))
		return false;
	if (pg_must_stop(pg))
		return err_set(err, ERR_CANCELLED, "catalogue: interrupted");
	bool ok;
	if (pg->is_transaction) {
		ok = queue_inside(pg, sql, params, n, err);
		rows->answer = pg->n_owed - 1;
	} else {
		ok = queue_alone(pg, sql, params, n, rows, err);
	}
	ok = ok && pg_settle(pg, rows, err);
	if (pg->is_transaction)
		return ok;
	if (!ok)
		undo(pg);
	else
		pg->version += is_write(str_of(sql));
	return ok;
}

static bool pg_query(struct store *store, const char *sql, const struct value *params, size_t n_params,
	struct arena *arena, struct result *out, struct err *err)
{
	*out = (struct result){.arena = arena};
	struct pg_rows rows = {.arena = arena, .out = out, .arena_before = arena_size(arena)};
	bool ok = run(pg_of(store), sql, params, n_params, &rows, err);
	x_free(rows.cells);
	return ok;
}

/* In a transaction nobody waits for what nobody asked for. */
static bool pg_exec(struct store *store, const char *sql, const struct value *params, size_t n_params,
	int64_t *changed, struct err *err)
{
	struct pg *pg = pg_of(store);
	if (pg->is_transaction && !changed) {
		forget_interrupt(pg);
		return may_run(pg, str_of(sql), err) && queue_inside(pg, sql, params, n_params, err);
	}
	struct pg_rows rows = {.answer = 0};
	bool ok = run(pg, sql, params, n_params, &rows, err);
	if (ok && changed)
		*changed = rows.changed;
	return ok;
}

static bool pg_explain(struct store *store, const char *sql, const struct value *params, size_t n_params,
	struct buf *out, struct err *err)
{
	struct arena *arena = arena_new();
	struct result plan;
	bool ok = pg_query(store, arena_printf(arena, "EXPLAIN (COSTS OFF) %s", sql), params, n_params, arena,
		&plan, err);
	for (size_t i = 0; ok && i < plan.n_rows; i++)
		buf_addf(out, "%s\n", result_at(&plan, i, 0)->s.p);
	arena_free(arena);
	return ok;
}

/* --- rows in bulk ------------------------------------------------------------------------------ */

static void add_copy_statement(
	struct buf *sql, const char *table, const char *const *columns, size_t n_columns)
{
	buf_addf(sql, "COPY %s (", table);
	for (size_t i = 0; i < n_columns; i++)
		buf_addf(sql, "%s\"%s\"", i ? ", " : "", columns[i]);
	buf_addz(sql, ") FROM STDIN");
}

static void add_row(struct buf *text, const struct value *values, size_t n, struct arena *arena)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(text, '\t');
		pg_add_copy(text, &values[i], arena);
	}
	buf_addc(text, '\n');
}

/* Whoever writes the catalogue is alone, so that nobody counts between the two. */
static bool pg_reserve_ids(struct store *store, const char *table, int64_t n, int64_t *first, struct err *err)
{
	const struct value params[] = {value_text(table), value_int(n)};
	int64_t last;
	if (!ask_one(pg_of(store),
		    "SELECT setval(pg_get_serial_sequence($1, 'id'), nextval(pg_get_serial_sequence($1, 'id')) + $2 - 1)",
		    params, ARRAY_LEN(params), &last, err))
		return false;
	*first = last - n + 1;
	return true;
}

/* Some rows at a time, so that what is sent is never held as a whole. */
static bool copy_rows(struct pg *pg, const char *sql, const struct value *values, size_t n_columns,
	size_t n_rows, struct err *err)
{
	struct buf text;
	bool ok = true;
	buf_init(&text, 4 * COPY_BYTES);
	for (size_t row = 0; ok && row < n_rows; row++) {
		add_row(&text, values + row * n_columns, n_columns, pg->args);
		if (text.n < COPY_BYTES && row + 1 < n_rows)
			continue;
		ok = text.is_over ? err_set(err, ERR_FAILED, "a row is too long")
				  : pg_copy(pg, sql, buf_str(&text), err);
		buf_reset(&text);
		arena_reset(pg->args);
	}
	buf_fini(&text);
	return ok;
}

/* Rows that came with their ids: the next new one comes behind the greatest. */
static bool count_behind(struct pg *pg, const char *table, int64_t greatest, struct err *err)
{
	const struct value params[] = {value_text(table), value_int(greatest)};
	int64_t ignored;
	return ask_one(pg,
		"SELECT setval(pg_get_serial_sequence($1, 'id'), greatest($2,"
		" pg_sequence_last_value(CAST(pg_get_serial_sequence($1, 'id') AS regclass))))",
		params, 2, &ignored, err);
}

static bool settle_ids(struct pg *pg, const char *table, const char *const *columns, size_t n_columns,
	const struct value *values, size_t n_rows, struct err *err)
{
	int64_t greatest = 0;
	for (size_t c = 0; c < n_columns; c++)
		for (size_t row = 0; !strcmp(columns[c], "id") && row < n_rows; row++)
			if (values[row * n_columns + c].i > greatest)
				greatest = values[row * n_columns + c].i;
	if (!greatest)
		return true;
	return count_behind(pg, table, greatest, err) &&
	       (strcmp(table, "run") != 0 || make_room(pg, greatest, err));
}

static bool load_inside(struct pg *pg, const char *table, const char *const *columns, size_t n_columns,
	const struct value *values, size_t n_rows, struct err *err)
{
	struct buf sql;
	if (!pg_settle(pg, NULL, err)) /* a pipeline cannot COPY */
		return false;
	pg->has_written = true;
	buf_init(&sql, 0);
	add_copy_statement(&sql, table, columns, n_columns);
	bool ok = copy_rows(pg, sql.p, values, n_columns, n_rows, err) &&
		  settle_ids(pg, table, columns, n_columns, values, n_rows, err);
	buf_fini(&sql);
	return ok || err_wrap(err, "rows for '%s'", table);
}

static bool pg_load(struct store *store, const char *table, const char *const *columns, size_t n_columns,
	const struct value *values, size_t n_rows, struct err *err)
{
	struct pg *pg = pg_of(store);
	if (store->mode != STORE_SYNC && !str_starts(str_of(table), STR("team.")))
		return err_set(err, ERR_REFUSED, "catalogue: only sync writes it");
	if (pg->is_transaction)
		return load_inside(pg, table, columns, n_columns, values, n_rows, err);
	if (!pg_begin(store, err))
		return false;
	if (load_inside(pg, table, columns, n_columns, values, n_rows, err))
		return pg_commit(store, err);
	undo(pg);
	return false;
}

/* --- what others did ------------------------------------------------------------------------------ */

/* A server that ends sends its reason and closes: both are there at once. */
static void hear_notifications(struct pg *pg)
{
	struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN | POLLRDHUP};
	PGnotify *note;
	if (poll(&fd, 1, 0) == 1 &&
		(fd.revents & (POLLRDHUP | POLLHUP | POLLERR) || !PQconsumeInput(pg->conn))) {
		pg->store.is_lost = true;
		pg->version++;
		return;
	}
	while ((note = PQnotifies(pg->conn))) {
		pg->version += note->be_pid != PQbackendPID(pg->conn); /* our own we know */
		PQfreemem(note);
	}
}

static void ask_for_changes(struct pg *pg)
{
	int64_t n, now = clock_mono_ms();
	if (pg->is_transaction || now - pg->asked_ms < POLL_MS)
		return;
	pg->asked_ms = now;
	if (!ask_one(pg, "SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM team.change", NULL, 0, &n, NULL))
		return;
	pg->version += n != pg->n_changes;
	pg->n_changes = n;
}

static int64_t pg_version(struct store *store)
{
	struct pg *pg = pg_of(store);
	if (store->is_lost)
		return pg->version;
	hear_notifications(pg);
	if (!pg->can_listen && !store->is_lost)
		ask_for_changes(pg);
	return pg->version;
}

static void pg_interrupt(struct store *store)
{
	uint64_t one = 1;
	pg_of(store)->is_interrupted = true;
	while (write(pg_of(store)->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* Autovacuum does both in its own time, which may be long after a first sync, and without figures a list of
 * one source reads all runs. Who does not own the tables is only warned. What was added to an index of
 * trigrams waits in a list that every search reads. */
#define ANALYSE                                                                                              \
	"ANALYZE source, pipeline, step, step_edge, run, param, metric, tag, step_run, model_version, input"
#define TIDY                                                                                                 \
	"SELECT gin_clean_pending_list(oid) FROM pg_class WHERE pg_has_role(relowner, 'USAGE')"              \
	" AND oid IN (to_regclass('run_by_words'), to_regclass('pipeline_by_words'))"

static bool look_at_figures(struct pg *pg, struct err *err)
{
	int64_t n_runs;
	if (pg->n_touched < MANY_TOUCHED)
		return true;
	if (!ask_one(pg, "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = to_regclass('run')",
		    NULL, 0, &n_runs, err))
		return false;
	if (pg->n_touched < n_runs)
		return true;
	pg->n_touched = 0;
	return pg_queue_plain(pg, ANALYSE, err) && pg_settle(pg, NULL, err) &&
	       pg_queue_plain(pg, TIDY, err) && pg_settle(pg, NULL, err);
}

static bool pg_checkpoint(struct store *store, struct err *err)
{
	return look_at_room(pg_of(store), err) && look_at_figures(pg_of(store), err);
}

static bool pg_backup(struct store *store, const char *file, struct err *err)
{
	(void)store;
	return err_set(err, ERR_USAGE,
		"the team store is in PostgreSQL: pg_dump --schema team --file '%s' copies it", file);
}

/* --- opening ----------------------------------------------------------------------------------------- */

static void pg_close(struct store *store)
{
	struct pg *pg = pg_of(store);
	PQfinish(pg->conn);
	if (pg->wake >= 0)
		close(pg->wake);
	pg_forget_statements(pg);
	arena_free(pg->args);
	x_free(pg);
}

/* The process that answers is another one than the one that greeted: somebody shares sessions out. */
static bool look_at_session(struct pg *pg, struct err *err)
{
	int64_t pid, is_standby;
	if (!pg_ask_int(pg->conn, "SELECT pg_backend_pid()", &pid, err) ||
		!pg_ask_int(pg->conn, "SELECT CAST(pg_is_in_recovery() AS INTEGER)", &is_standby, err))
		return false;
	pg->is_pooled = pid != PQbackendPID(pg->conn);
	pg->can_listen = !pg->is_pooled && !is_standby;
	return !pg->can_listen || pg_run(pg->conn, "LISTEN porthole", err);
}

static bool take_writer_lock(struct pg *pg, struct err *err)
{
	char *answer;
	if (pg->is_pooled)
		return err_set(err, ERR_USAGE,
			"sync needs a connection of its own: give it the address of PostgreSQL, not of a pool");
	if (!pg_ask(pg->conn, WRITER_LOCK, &answer, err))
		return false;
	bool is_ours = answer && answer[0] == 't';
	x_free(answer);
	return is_ours || err_set(err, ERR_UNAVAILABLE, "another porthole sync writes it now");
}

static bool open_session(struct pg *pg, const char *address, int64_t patience_ms, struct err *err)
{
	pg->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pg->wake < 0)
		return err_set(err, ERR_FAILED, "cannot make an event: %s", strerror(errno));
	pg->conn = pg_connect(address, pg->store.mode, patience_ms, err);
	if (!pg->conn || !look_at_session(pg, err))
		return false;
	bool is_sync = pg->store.mode == STORE_SYNC;
	if (is_sync && (!take_writer_lock(pg, err) || !pg_migrate(pg->conn, &pg->store.notice, err)))
		return false;
	if (!pg_check_schemas(pg->conn, err))
		return false;
	if (PQsetnonblocking(pg->conn, 1) != 0 || !PQenterPipelineMode(pg->conn))
		return pg_fail_connection(pg, err);
	return true;
}

static const struct store_ops postgres_ops;

static struct store *pg_open_soon(
	const char *address, enum store_mode mode, int64_t patience_ms, struct err *err)
{
	struct pg *pg = x_new(struct pg);
	pg->store = (struct store){.ops = &postgres_ops, .mode = mode};
	pg->args = arena_new();
	pg->wake = -1;
	pg->n_batches = BATCHES_A_LOOK; /* the first batch looks */
	/* Far from what an earlier connection said: opening anew is a change, too. */
	pg->version = clock_mono_ms() * 1000;
	if (open_session(pg, address, patience_ms, err))
		return &pg->store;
	err_wrap(err, "catalogue");
	x_free(pg->store.notice);
	pg_close(&pg->store);
	return NULL;
}

static struct store *pg_open(const char *address, enum store_mode mode, struct err *err)
{
	return pg_open_soon(address, mode, 0, err);
}

static const struct store_ops postgres_ops = {
	.has_trigrams = true,
	.open = pg_open,
	.open_soon = pg_open_soon,
	.query = pg_query,
	.exec = pg_exec,
	.reserve_ids = pg_reserve_ids,
	.load = pg_load,
	.begin = pg_begin,
	.begin_batch = pg_begin_batch,
	.begin_read = pg_begin_read,
	.commit = pg_commit,
	.rollback = pg_rollback,
	.version = pg_version,
	.interrupt = pg_interrupt,
	.explain = pg_explain,
	.checkpoint = pg_checkpoint,
	.backup = pg_backup,
	.close = pg_close,
};

__attribute__((visibility("default"))) const struct store_ops *porthole_postgres(
	const char *version, size_t shared_bytes, void (*on_die)(void))
{
	if (strcmp(version, PORTHOLE_VERSION) != 0 || shared_bytes != STORE_MODULE_SHARED)
		return NULL;
	die_hook(on_die);
	return &postgres_ops;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/catalogue/postgres.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	MOST_OWED = 1000,
	MOST_RESULT = 64 << 20,
	LOOK_MS = 100,	    /* between two looks at whether to stop */
	CANCEL_MS = 2000,   /* how long a server may take to cut a query before we leave it */
	COPY_PIECE = 65536, /* bytes */
};

/* --- cutting what runs ------------------------------------------------------------------ */

/* PQcancel connects and may hang, so it has a thread of its own; who is last frees. */
struct cancel {
	PGcancel *handle;
	int done; /* an eventfd */
	atomic_int holders;
};

/* A wait for answers. */
struct wait {
	struct cancel *cancel; /* NULL: nobody asked for it yet */
	bool is_cut;	       /* because of store_interrupt or store_watch */
	int64_t again_ms;      /* when to ask once more: a cancel that comes before the query cuts nothing */
	int64_t deadline_ms;   /* when to leave the connection */
};

static void drop_cancel(struct cancel *cancel)
{
	if (atomic_fetch_sub(&cancel->holders, 1) > 1)
		return;
	PQfreeCancel(cancel->handle);
	close(cancel->done);
	x_free(cancel);
}

static void signal_fd(int fd)
{
	uint64_t one = 1;
	while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

static void *send_cancel(void *arg)
{
	struct cancel *cancel = arg;
	char why[256];
	PQcancel(cancel->handle, why, sizeof why); /* where it fails, the deadline ends the wait */
	signal_fd(cancel->done);
	drop_cancel(cancel);
	return NULL;
}

static void start_cancel(struct pg *pg, struct wait *wait)
{
	struct cancel *cancel = x_new(struct cancel);
	pthread_t thread;
	cancel->handle = PQgetCancel(pg->conn);
	cancel->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&cancel->holders, 2);
	wait->cancel = cancel;
	wait->again_ms = clock_mono_ms() + LOOK_MS;
	if (!wait->deadline_ms)
		wait->deadline_ms = clock_mono_ms() + CANCEL_MS;
	if (cancel->handle && cancel->done >= 0 && pthread_create(&thread, NULL, send_cancel, cancel) == 0)
		pthread_detach(thread);
	else
		drop_cancel(cancel); /* the deadline ends the wait */
}

bool pg_must_stop(const struct pg *pg)
{
	return !pg->is_uncut && (pg->is_interrupted || (pg->store.stop && *pg->store.stop));
}

static bool is_done(const struct cancel *cancel)
{
	struct pollfd done = {.fd = cancel->done, .events = POLLIN};
	return poll(&done, 1, 0) == 1;
}

static void cancel_again(struct pg *pg, struct wait *wait)
{
	if (clock_mono_ms() < wait->again_ms || !is_done(wait->cancel))
		return;
	drop_cancel(wait->cancel);
	start_cancel(pg, wait);
}

/* A cancel that is still on its way would hit the next query: it is waited for. */
static void end_wait(struct pg *pg, struct wait *wait)
{
	if (!wait->cancel)
		return;
	struct pollfd done = {.fd = wait->cancel->done, .events = POLLIN};
	int64_t left_ms;
	while (!(done.revents & POLLIN) && (left_ms = wait->deadline_ms - clock_mono_ms()) > 0)
		poll(&done, 1, (int)left_ms);
	if (!(done.revents & POLLIN))
		pg->store.is_lost = true;
	drop_cancel(wait->cancel);
}

/* --- bytes -------------------------------------------------------------------------------- */

/* Waits until the socket has something to read, or room. False: it is not worth waiting any longer. */
static bool wait_for_socket(struct pg *pg, struct wait *wait, bool has_more_to_send)
{
	if (!wait->cancel && pg_must_stop(pg)) {
		wait->is_cut = true;
		start_cancel(pg, wait);
	}
	if (wait->cancel && clock_mono_ms() >= wait->deadline_ms)
		return false;
	if (wait->cancel)
		cancel_again(pg, wait);
	struct pollfd fds[] = {
		{.fd = PQsocket(pg->conn), .events = has_more_to_send ? POLLIN | POLLOUT : POLLIN},
		{.fd = wait->cancel || pg->is_uncut ? -1 : pg->wake, .events = POLLIN},
	};
	poll(fds, 2, LOOK_MS); /* a signal is a reason to look again, too */
	return true;
}

/* The next result, as PQgetResult, without blocking in it. NULL also where the connection is to be left. */
static PGresult *next_result(struct pg *pg, struct wait *wait)
{
	int flushed = PQflush(pg->conn);
	while (PQisBusy(pg->conn)) {
		if (!wait_for_socket(pg, wait, flushed > 0)) {
			pg->store.is_lost = true;
			return NULL;
		}
		if (!PQconsumeInput(pg->conn)) /* PQgetResult says why */
			break;
		if (flushed > 0)
			flushed = PQflush(pg->conn);
	}
	return PQgetResult(pg->conn);
}

/* --- statements ---------------------------------------------------------------------------- */

static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static void name_statement(char *name, size_t size, const struct pg_statement *s)
{
	snprintf(name, size, "s%lld", (long long)s->number);
}

/* What the server has under that name goes; in a transaction that failed it stays until the end. */
static bool unprepare(struct pg *pg, struct pg_statement *s, struct err *err)
{
	if (!s->number)
		return true;
	char name[32], sql[64];
	name_statement(name, sizeof name, s);
	snprintf(sql, sizeof sql, "DEALLOCATE %s", name);
	s->number = 0;
	return pg_queue_plain(pg, sql, err);
}

static void forget(struct pg_statement *s)
{
	x_free(s->sql);
	x_free(s->types);
	*s = (struct pg_statement){0};
}

void pg_forget_statements(struct pg *pg)
{
	for (size_t i = 0; i < PG_STATEMENTS; i++)
		forget(&pg->statements[i]);
}

/* The slot that has SQL, else one made for it in place of the one unused for the longest time. */
static struct pg_statement *find_slot(struct pg *pg, const char *sql, struct err *err)
{
	uint64_t hash = hash_of(sql);
	struct pg_statement *oldest = &pg->statements[0];
	for (size_t i = 0; i < PG_STATEMENTS; i++) {
		struct pg_statement *s = &pg->statements[i];
		if (s->sql && s->hash == hash && !strcmp(s->sql, sql))
			return s;
		if (s->used < oldest->used)
			oldest = s;
	}
	if (!unprepare(pg, oldest, err))
		return NULL;
	forget(oldest);
	oldest->hash = hash;
	oldest->sql = x_strdup(sql);
	oldest->n_params = pg_count_params(sql);
	oldest->types = x_calloc(oldest->n_params + 1, sizeof *oldest->types);
	return oldest;
}

/* A parameter that was NULL has the type that PostgreSQL found for it; once a value comes, it has the
 * value's. So few statements are prepared twice. */
static bool fits(const struct pg_statement *s, const struct value *params)
{
	for (size_t i = 0; i < s->n_params; i++)
		if (params[i].type != VALUE_NULL && pg_type_of(&params[i]) != s->types[i])
			return false;
	return s->number != 0;
}

static bool prepare(struct pg *pg, struct pg_statement *s, const struct value *params, struct err *err)
{
	char name[32];
	if (!unprepare(pg, s, err))
		return false;
	for (size_t i = 0; i < s->n_params; i++)
		if (params[i].type != VALUE_NULL)
			s->types[i] = pg_type_of(&params[i]);
	s->number = ++pg->n_prepared;
	s->window = pg->window;
	name_statement(name, sizeof name, s);
	pg->n_owed++;
	return PQsendPrepare(pg->conn, name, s->sql, (int)s->n_params, s->types) ||
	       pg_fail_connection(pg, err);
}

/* What was prepared since the last settlement may not be there after a failure. */
static void distrust_statements(struct pg *pg)
{
	for (size_t i = 0; i < PG_STATEMENTS; i++)
		if (pg->statements[i].window == pg->window)
			pg->statements[i].number = 0;
}

/* Parameters as libpq takes them, in binary: nothing is printed, nothing is quoted. */
struct wire {
	const char **values;
	int *lengths, *formats;
	uint64_t *numbers;
};

static uint64_t swapped(uint64_t n)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(n) : n;
}

static void put_param(struct pg *pg, struct wire *wire, size_t i, const struct value *value)
{
	uint64_t bits;
	_Static_assert(sizeof bits == sizeof value->r, "a double is eight bytes");
	wire->formats[i] = 1;
	wire->values[i] = (const char *)&wire->numbers[i];
	wire->lengths[i] = sizeof bits;
	if (value->type == VALUE_NULL) {
		wire->values[i] = NULL;
	} else if (value->type == VALUE_TEXT) {
		struct str text = pg_clean_text(pg->args, value->s);
		wire->values[i] = text.p;
		wire->lengths[i] = (int)text.n;
	} else {
		memcpy(&bits, value->type == VALUE_INT ? (const void *)&value->i : &value->r, sizeof bits);
		wire->numbers[i] = swapped(bits);
	}
}

static struct wire make_wire(struct pg *pg, const struct value *params, size_t n)
{
	struct wire wire = {
		.values = arena_array(pg->args, const char *, n + 1),
		.lengths = arena_array(pg->args, int, n + 1),
		.formats = arena_array(pg->args, int, n + 1),
		.numbers = arena_array(pg->args, uint64_t, n + 1),
	};
	for (size_t i = 0; i < n; i++)
		put_param(pg, &wire, i, &params[i]);
	return wire;
}

static bool send_statement(struct pg *pg, struct pg_statement *s, const struct value *params, struct err *err)
{
	char name[32];
	int n = (int)s->n_params;
	struct wire w = make_wire(pg, params, s->n_params);
	if (pg->is_pooled) { /* the session of the next transaction may know nothing of it */
		Oid *types = arena_array(pg->args, Oid, s->n_params + 1);
		for (int i = 0; i < n; i++)
			types[i] = pg_type_of(&params[i]);
		pg->n_owed++;
		return PQsendQueryParams(pg->conn, s->sql, n, types, w.values, w.lengths, w.formats, 0) ||
		       pg_fail_connection(pg, err);
	}
	if (!fits(s, params) && !prepare(pg, s, params, err))
		return false;
	name_statement(name, sizeof name, s);
	pg->n_owed++;
	return PQsendQueryPrepared(pg->conn, name, n, w.values, w.lengths, w.formats, 0) ||
	       pg_fail_connection(pg, err);
}

bool pg_queue(struct pg *pg, const char *sql, const struct value *params, size_t n, struct err *err)
{
	if (pg->store.is_lost)
		return pg_fail_connection(pg, err);
	struct pg_statement *s = find_slot(pg, sql, err);
	if (!s)
		return false;
	if (s->n_params > n)
		return err_set(err, ERR_FAILED, "no value for parameter '$%zu' of: %s", n + 1, sql);
	s->used = ++pg->tick;
	arena_reset(pg->args);
	if (!send_statement(pg, s, params, err))
		return false;
	return pg->n_owed < MOST_OWED || !pg->is_transaction || pg_settle(pg, NULL, err);
}

bool pg_queue_plain(struct pg *pg, const char *sql, struct err *err)
{
	if (pg->store.is_lost)
		return pg_fail_connection(pg, err);
	pg->n_owed++;
	return PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 0) || pg_fail_connection(pg, err);
}

/* --- answers ------------------------------------------------------------------------------- */

static void take_names(struct pg_rows *rows, const PGresult *result)
{
	struct result *out = rows->out;
	if (out->names)
		return;
	out->n_columns = (size_t)PQnfields(result);
	out->names = arena_array(rows->arena, const char *, out->n_columns + 1);
	for (size_t i = 0; i < out->n_columns; i++)
		out->names[i] = arena_dupz(rows->arena, PQfname(result, (int)i));
}

static bool take_rows(struct pg_rows *rows, const PGresult *result, struct err *err)
{
	struct result *out = rows->out;
	take_names(rows, result);
	for (int row = 0; row < PQntuples(result); row++) {
		if (rows->room - rows->n < out->n_columns) {
			rows->room = rows->room * 2 + 16 * out->n_columns;
			rows->cells = x_realloc(rows->cells, rows->room, sizeof *rows->cells);
		}
		for (size_t i = 0; i < out->n_columns; i++)
			rows->cells[rows->n++] = pg_read_cell(result, row, (int)i, rows->arena);
		out->n_rows++;
	}
	size_t bytes = arena_size(rows->arena) - rows->arena_before + rows->n * sizeof *rows->cells;
	return bytes <= MOST_RESULT || err_set(err, ERR_FAILED, "the answer is over 64 MB: ask for less");
}

static void count_changes(struct pg *pg, struct pg_rows *rows, PGresult *result)
{
	int64_t n;
	if (str_starts(str_of(PQcmdStatus(result)), STR("SELECT")) ||
		!str_to_int(str_of(PQcmdTuples(result)), 0, INT64_MAX, &n))
		return;
	pg->n_touched += n;
	if (rows)
		rows->changed = n;
}

/* One result of an answer. */
static bool take_result(
	struct pg *pg, struct wait *wait, PGresult *result, struct pg_rows *rows, struct err *err)
{
	switch (PQresultStatus(result)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		count_changes(pg, rows, result);
		if (!rows || !rows->out || take_rows(rows, result, err))
			return true;
		if (!wait->cancel)
			start_cancel(pg, wait);
		return false;
	case PGRES_PIPELINE_SYNC:
		return true;
	case PGRES_PIPELINE_ABORTED:
		return false; /* by what failed before, which was told */
	case PGRES_EMPTY_QUERY:
		return err_set(err, ERR_FAILED, "not exactly one statement");
	default:
		return pg_fail_result(pg, result, wait->is_cut, err);
	}
}

/* All results of one answer. */
static bool take_answer(struct pg *pg, struct wait *wait, struct pg_rows *rows, struct err *err)
{
	bool ok = true;
	if (rows && rows->out)
		PQsetSingleRowMode(pg->conn); /* so that an answer without bounds is not held twice */
	PGresult *result;
	while ((result = next_result(pg, wait))) {
		bool is_last = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		ok = take_result(pg, wait, result, ok ? rows : NULL, ok ? err : NULL) && ok;
		PQclear(result);
		if (is_last)
			break;
	}
	return ok;
}

static void hand_over(struct pg_rows *rows)
{
	struct result *out = rows->out;
	out->cells = arena_array(rows->arena, struct value, rows->n + 1);
	if (rows->n)
		memcpy(out->cells, rows->cells, rows->n * sizeof *rows->cells);
}

static bool is_gone(const struct pg *pg)
{
	return pg->store.is_lost || PQstatus(pg->conn) != CONNECTION_OK;
}

bool pg_settle(struct pg *pg, struct pg_rows *rows, struct err *err)
{
	struct wait wait = {0};
	size_t n_owed = pg->n_owed;
	pg->n_owed = 0;
	bool ok = PQpipelineSync(pg->conn);
	for (size_t i = 0; i <= n_owed && !is_gone(pg); i++)
		ok = take_answer(pg, &wait, rows && rows->answer == i ? rows : NULL, ok ? err : NULL) && ok;
	end_wait(pg, &wait);
	if (ok && is_gone(pg))
		ok = wait.is_cut ? err_set(err, ERR_CANCELLED, "catalogue: interrupted")
				 : pg_fail_connection(pg, err);
	if (!ok)
		distrust_statements(pg);
	pg->window++;
	pg->store.is_lost |= PQstatus(pg->conn) != CONNECTION_OK;
	if (rows && rows->out && ok)
		hand_over(rows);
	return ok;
}

/* --- COPY ----------------------------------------------------------------------------------- */

static bool put_piece(struct pg *pg, struct wait *wait, struct str piece)
{
	int put;
	while ((put = PQputCopyData(pg->conn, piece.p, (int)piece.n)) == 0)
		if (!wait_for_socket(pg, wait, true) || !PQconsumeInput(pg->conn))
			return false;
	return put > 0;
}

static bool put_text(struct pg *pg, struct wait *wait, struct str text)
{
	for (size_t at = 0; at < text.n; at += COPY_PIECE)
		if (!put_piece(pg, wait, str_slice(text, at, at + COPY_PIECE)))
			return false;
	return PQputCopyEnd(pg->conn, NULL) > 0;
}

static bool copy(struct pg *pg, struct wait *wait, const char *sql, struct str text, struct err *err)
{
	if (!PQsendQuery(pg->conn, sql))
		return pg_fail_connection(pg, err);
	PGresult *result;
	bool ok = true;
	while ((result = next_result(pg, wait))) {
		if (PQresultStatus(result) == PGRES_COPY_IN)
			ok = put_text(pg, wait, text) || pg_fail_connection(pg, err);
		else
			ok = take_result(pg, wait, result, NULL, ok ? err : NULL) && ok;
		PQclear(result);
		if (is_gone(pg))
			break;
	}
	return ok && (!is_gone(pg) || pg_fail_connection(pg, err));
}

bool pg_copy(struct pg *pg, const char *sql, struct str text, struct err *err)
{
	BUG_ON(pg->n_owed);
	struct wait wait = {0};
	if (!PQexitPipelineMode(pg->conn))
		return pg_fail_connection(pg, err);
	bool ok = copy(pg, &wait, sql, text, err);
	end_wait(pg, &wait);
	if (!is_gone(pg))
		PQenterPipelineMode(pg->conn);
	return ok;
}

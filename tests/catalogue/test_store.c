/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every engine of the store keeps to; below, what is said of SQLite's files alone. */
#include "client/catalogue/store.h"

#include "client/base/buf.h"
#include "client/base/clock.h"
#include "client/base/file.h"
#include "tests/catalogue/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534 };
static const int64_t DAY_MS = 24 * 3600 * INT64_C(1000);

struct place {
	char *dir, *address, *team;
	struct arena *arena;
	struct err err;
};

static int setup(void **state)
{
	struct place *p = x_new(struct place);
	p->dir = scratch_new();
	p->address = x_printf("%s/data/portal.db", p->dir);
	p->team = x_printf("%s.team", p->address);
	p->arena = arena_new();
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	clock_fix(TIME_NONE);
	scratch_free(p->dir);
	arena_free(p->arena);
	x_free(p->address);
	x_free(p->team);
	x_free(p);
	return 0;
}

static struct store *open_as(struct place *p, enum store_mode mode)
{
	err_clear(&p->err);
	struct store *store = store_open(p->address, mode, &p->err);
	if (!store)
		fail_msg("%s", p->err.msg);
	return store;
}

static void assert_no_open(struct place *p, enum store_mode mode, enum err_code code)
{
	err_clear(&p->err);
	struct store *store = store_open(p->address, mode, &p->err);
	assert_null(store);
	if (p->err.code != code)
		fail_msg("code %d, not %d: %s", p->err.code, code, p->err.msg);
}

static void create(struct place *p)
{
	store_close(open_as(p, STORE_SYNC));
}

static void exec(struct place *p, struct store *store, const char *sql)
{
	err_clear(&p->err);
	if (!store_exec(store, sql, NULL, 0, NULL, &p->err))
		fail_msg("%s", p->err.msg);
}

static struct result query(struct place *p, struct store *store, const char *sql)
{
	struct result result;
	err_clear(&p->err);
	if (!store_query(store, sql, NULL, 0, p->arena, &result, &p->err))
		fail_msg("%s", p->err.msg);
	return result;
}

static int64_t ask(struct place *p, struct store *store, const char *sql)
{
	struct result result = query(p, store, sql);
	return result.n_rows ? result_int(&result, 0, 0, -1) : -1;
}

static const char *ask_text(struct place *p, struct store *store, const char *sql)
{
	struct result result = query(p, store, sql);
	assert_int_equal(result.n_rows, 1);
	return result_text(&result, 0, 0);
}

static void add_source(struct place *p, struct store *store, const char *name)
{
	struct value value = value_text(name);
	if (!store_exec(
		    store, "INSERT INTO source (name, kind) VALUES ($1, 'mlflow')", &value, 1, NULL, &p->err))
		fail_msg("%s", p->err.msg);
}

static void add_note(struct place *p, struct store *store)
{
	exec(p, store,
		"INSERT INTO team.audit (at_ms, who, verb, object_ref) VALUES (1, 'mlee', 'ack', 'problem:1')");
}

#define COUNT_SOURCES "SELECT count(*) FROM source"
#define COUNT_NOTES   "SELECT count(*) FROM team.audit"

/* --- opening ---------------------------------------------------------------------- */

static void a_catalogue_that_is_not_there_is_not_found(void **state)
{
	assert_no_open(*state, STORE_READ, ERR_NOT_FOUND);
}

static void sync_creates_what_a_reader_then_opens(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *store = open_as(p, STORE_READ);
	assert_null(store_notice(store));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	assert_int_equal(ask(p, store, COUNT_NOTES), 0);
	store_close(store);
}

static void opening_twice_changes_nothing(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	store_close(store);
	store = open_as(p, STORE_SYNC);
	assert_null(store_notice(store));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 1);
	store_close(store);
}

static void a_second_sync_is_turned_away(void **state)
{
	struct place *p = *state;
	struct store *first = open_as(p, STORE_SYNC);
	assert_no_open(p, STORE_SYNC, ERR_UNAVAILABLE);
	store_close(first);
	create(p);
}

static void a_newer_catalogue_is_refused(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	exec(p, store, "UPDATE meta SET value = '99' WHERE key = 'schema'");
	store_close(store);
	assert_no_open(p, STORE_READ, ERR_NEWER);
	assert_no_open(p, STORE_SYNC, ERR_NEWER);
}

static void a_newer_team_store_is_refused(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	exec(p, store, "UPDATE team.meta SET value = '99' WHERE key = 'schema'");
	store_close(store);
	assert_no_open(p, STORE_READ, ERR_NEWER);
	assert_no_open(p, STORE_SYNC, ERR_NEWER);
}

static void an_address_of_an_engine_that_is_not_built_in_is_named_without_its_password(void **state)
{
	struct place *p = *state;
	assert_null(store_open("postgresql://mlee:hunter2@db/portal", STORE_READ, &p->err));
	assert_int_equal(p->err.code, ERR_USAGE);
	assert_null(strstr(p->err.msg, "hunter2"));
}

/* --- statements ------------------------------------------------------------------- */

static void values_come_back_as_they_went(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	const struct value params[] = {
		value_int(INT64_MIN),
		value_int(INT64_MAX),
		value_real(0.1),
		value_real(INFINITY),
		value_str(STR("a\0b")),
		value_text(""),
		value_text(NULL),
		value_ms(TIME_NONE),
	};
	struct result r;
	assert_true(store_query(store,
		"SELECT $1 AS least, $2 AS most, $3 AS tenth, $4 AS inf, $5 AS nul, $6 AS empty, $7 AS none, $8 AS never",
		params, ARRAY_LEN(params), p->arena, &r, &p->err));
	assert_int_equal(r.n_rows, 1);
	assert_true(result_int(&r, 0, 0, 0) == INT64_MIN);
	assert_true(result_int(&r, 0, 1, 0) == INT64_MAX);
	assert_true(result_at(&r, 0, 2)->r == 0.1);
	assert_true(isinf(result_at(&r, 0, 3)->r));
	assert_true(str_eq(result_at(&r, 0, 4)->s, STR("a\0b")));
	assert_string_equal(result_text(&r, 0, (size_t)result_column(&r, "empty")), "");
	assert_null(result_text(&r, 0, (size_t)result_column(&r, "none")));
	assert_true(result_ms(&r, 0, (size_t)result_column(&r, "never")) == TIME_NONE);
	assert_int_equal(result_column(&r, "nobody"), -1);
	store_close(store);
}

static void parameters_go_by_number_not_by_place(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	const struct value params[] = {value_text("one"), value_text("two")};
	struct result r;
	assert_true(store_query(store, "SELECT $2, $1, $2", params, 2, p->arena, &r, &p->err));
	assert_string_equal(result_text(&r, 0, 0), "two");
	assert_string_equal(result_text(&r, 0, 1), "one");
	assert_string_equal(result_text(&r, 0, 2), "two");
	store_close(store);
}

static void a_statement_keeps_nothing_of_its_last_run(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	for (int64_t i = 0; i < 200; i++) {
		struct value param = value_int(i);
		struct result r;
		assert_true(store_query(store, "SELECT $1", &param, 1, p->arena, &r, &p->err));
		assert_int_equal(result_int(&r, 0, 0, -1), i);
		/* more different texts than the cache holds */
		const char *sql = arena_printf(p->arena, "SELECT %d", (int)i);
		assert_int_equal(ask(p, store, sql), i);
	}
	store_close(store);
}

static void a_parameter_without_a_value_is_an_error(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	struct value one = value_int(1);
	struct result r;
	assert_false(store_query(store, "SELECT $1, $2", &one, 1, p->arena, &r, &p->err));
	assert_non_null(strstr(p->err.msg, "$2"));
	store_close(store);
}

static void broken_sql_is_an_error_and_the_store_lives_on(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_false(store_exec(store, "SELEC", NULL, 0, NULL, &p->err));
	assert_int_equal(p->err.code, ERR_FAILED);
	assert_false(store_exec(store, "", NULL, 0, NULL, &p->err));
	assert_false(store_exec(store, "DELETE FROM source; DELETE FROM run", NULL, 0, NULL, &p->err));
	assert_false(store_is_lost(store));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	store_close(store);
}

static void exec_counts_the_rows_it_touched(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	int64_t changed = -1;
	add_source(p, store, "a");
	add_source(p, store, "b");
	assert_true(store_exec(store, "UPDATE source SET failures = 1", NULL, 0, &changed, &p->err));
	assert_int_equal(changed, 2);
	assert_true(store_exec(
		store, "UPDATE source SET failures = 1 WHERE name = 'c'", NULL, 0, &changed, &p->err));
	assert_int_equal(changed, 0);
	store_close(store);
}

static void an_insert_gives_the_id_it_made(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	int64_t id = -1, again = -1;
	const char *insert = "INSERT INTO source (name, kind) VALUES ('a', 'mlflow') RETURNING id";
	assert_true(store_exec_id(store, insert, NULL, 0, &id, &p->err));
	assert_true(store_exec_id(store, "SELECT id FROM source WHERE name = 'a'", NULL, 0, &again, &p->err));
	assert_int_equal(again, id);
	assert_false(
		store_exec_id(store, "SELECT id FROM source WHERE name = 'b'", NULL, 0, &again, &p->err));
	assert_int_equal(p->err.code, ERR_NOT_FOUND);
	store_close(store);
}

static void an_answer_without_bounds_is_refused(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	struct result r;
	assert_false(store_query(store,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i, replace(hex(zeroblob(400)), '00', 'x ') FROM n",
		NULL, 0, p->arena, &r, &p->err));
	assert_non_null(strstr(p->err.msg, "64 MB"));
	store_close(store);
}

/* --- transactions and others ------------------------------------------------------- */

static void others_see_a_commit_and_nothing_before_it(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	assert_true(store_begin(sync, &p->err));
	add_source(p, sync, "a");
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 0);
	assert_true(store_commit(sync, &p->err));
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 1);
	store_close(reader);
	store_close(sync);
}

static void a_rollback_leaves_both_stores_as_they_were(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_true(store_begin(store, &p->err));
	add_source(p, store, "a");
	add_note(p, store);
	store_rollback(store);
	store_rollback(store); /* nothing to do */
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	assert_int_equal(ask(p, store, COUNT_NOTES), 0);
	store_close(store);
}

static void a_reader_writes_the_team_store_and_never_the_catalogue(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *reader = open_as(p, STORE_READ), *other = open_as(p, STORE_READ);
	assert_true(store_begin(reader, &p->err));
	add_note(p, reader);
	assert_true(store_commit(reader, &p->err));
	assert_int_equal(ask(p, other, COUNT_NOTES), 1);
	assert_false(store_exec(reader, "DELETE FROM source", NULL, 0, NULL, &p->err));
	assert_int_equal(p->err.code, ERR_REFUSED);
	store_close(other);
	store_close(reader);
}

static void the_version_differs_after_each_commit_and_only_then(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	int64_t v0 = store_version(reader);
	assert_true(store_version(reader) == v0);
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 0);
	assert_true(store_version(reader) == v0);

	add_source(p, sync, "a");
	int64_t v1 = store_version(reader);
	assert_true(v1 != v0);
	add_note(p, sync);
	int64_t v2 = store_version(reader);
	assert_true(v2 != v1 && v2 != v0);
	add_note(p, reader);
	int64_t v3 = store_version(reader);
	assert_true(v3 != v2 && v3 != v1);
	assert_true(store_version(reader) == v3);
	store_close(reader);
	store_close(sync);
}

static void a_checkpoint_changes_nothing_that_is_seen(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	add_source(p, sync, "a");
	assert_true(store_checkpoint(sync, &p->err));
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 1);
	store_close(reader);
	store_close(sync);
}

static void audit_rows_are_only_added(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_note(p, store);
	assert_false(store_exec(store, "UPDATE team.audit SET who = 'eve'", NULL, 0, NULL, &p->err));
	assert_false(store_exec(store, "DELETE FROM team.audit", NULL, 0, NULL, &p->err));
	assert_int_equal(ask(p, store, "SELECT count(*) FROM team.audit WHERE who = 'mlee'"), 1);
	store_close(store);
}

static void a_source_goes_with_all_that_it_reported(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	exec(p, store, "INSERT INTO pipeline (source_id, pipeline) SELECT id, 'p' FROM source");
	exec(p, store,
		"INSERT INTO run (pipeline_id, source_id, run, state, at_ms) SELECT id, source_id, 'r', 'failed', 1 FROM pipeline");
	exec(p, store, "INSERT INTO metric (run_id, key, value) SELECT id, 'auc', 0.7 FROM run");
	exec(p, store,
		"INSERT INTO step_run (run_id, pipeline_id, step, state, at_ms) SELECT id, pipeline_id, 's', 'failed', 1 FROM run");
	exec(p, store, "DELETE FROM source");
	assert_int_equal(
		ask(p, store,
			"SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM metric) + (SELECT count(*) FROM step_run)"),
		0);
	store_close(store);
}

static void the_views_for_people_carry_the_keys_of_the_json_output(void **state)
{
	static const struct {
		const char *sql, *last;
		size_t n;
	} views[] = {
		{"SELECT * FROM sources", "error", 6},
		{"SELECT * FROM pipelines", "next_due_ms", 8},
		{"SELECT * FROM runs", "url", 13},
		{"SELECT * FROM steps", "ended_ms", 11},
		{"SELECT * FROM team.problems", "due_ms", 12},
		{"SELECT * FROM team.audit_log", "result", 6},
	};
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		struct result r = query(p, store, views[i].sql);
		assert_int_equal(r.n_columns, views[i].n);
		assert_int_equal(result_column(&r, views[i].last), views[i].n - 1);
	}
	store_close(store);
}

/* --- cutting a query --------------------------------------------------------------- */

#define ENDLESS                                                                                              \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0"

struct cutter {
	struct store *store;
	atomic_bool is_done;
};

static void *cut_until_done(void *arg)
{
	struct cutter *cutter = arg;
	while (!cutter->is_done) {
		store_interrupt(cutter->store);
		sched_yield();
	}
	return NULL;
}

static void assert_cut(struct place *p, struct store *store, const char *sql)
{
	struct cutter cutter = {.store = store};
	struct result r;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, cut_until_done, &cutter), 0);
	assert_false(store_query(store, sql, NULL, 0, p->arena, &r, &p->err));
	cutter.is_done = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(p->err.code, ERR_CANCELLED);
}

static void an_interrupt_cuts_the_query_and_not_the_next_one(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_cut(p, store, ENDLESS);
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	store_close(store);
}

static void an_interrupt_ends_the_wait_for_a_lock(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	assert_true(store_begin(sync, &p->err));
	assert_cut(p, reader,
		"INSERT INTO team.problem_event (problem_id, at_ms, who, verb) VALUES (1, 1, 'a', 'b')");
	assert_true(store_commit(sync, &p->err));
	add_note(p, reader);
	store_close(reader);
	store_close(sync);
}

static void a_stop_that_came_before_the_query_ends_it_too(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	atomic_bool stop = true;
	struct result r;
	store_watch(store, &stop);
	assert_false(store_query(store, ENDLESS, NULL, 0, p->arena, &r, &p->err));
	assert_int_equal(p->err.code, ERR_CANCELLED);
	stop = false;
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	store_close(store);
}

/* --- SQLite: files ------------------------------------------------------------------ */

static struct stat stat_of(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		fail_msg("%s: %s", path, strerror(errno));
	return st;
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat st = stat_of(path);
	if ((st.st_mode & 07777) != mode)
		fail_msg("%s: mode %o", path, st.st_mode & 07777);
}

static void overwrite(const char *path, off_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

static void files_are_for_their_owner_alone(void **state)
{
	struct place *p = *state;
	mode_t before = umask(0);
	struct store *store = open_as(p, STORE_SYNC);
	assert_true(store_begin(store, &p->err));
	add_source(p, store, "a");
	add_note(p, store);
	static const char *const suffixes[] = {"", "-wal", "-shm", ".team", ".team-journal", ".writer"};
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		assert_mode(arena_printf(p->arena, "%s%s", p->address, suffixes[i]), 0600);
	assert_mode(arena_printf(p->arena, "%s/data", p->dir), 0700);
	assert_true(store_commit(store, &p->err));
	store_close(store);
	umask(before);
}

static void settings_are_those_of_the_safety_reference(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	assert_string_equal(ask_text(p, sync, "PRAGMA main.journal_mode"), "wal");
	assert_string_equal(ask_text(p, sync, "PRAGMA team.journal_mode"), "delete");
	assert_int_equal(ask(p, sync, "PRAGMA main.synchronous"), 1);
	assert_int_equal(ask(p, sync, "PRAGMA team.synchronous"), 2);
	assert_true(ask(p, sync, "PRAGMA main.application_id") > 0);
	assert_true(ask(p, sync, "PRAGMA team.user_version") > 0);
	struct store *both[] = {sync, reader};
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		assert_int_equal(ask(p, both[i], "PRAGMA wal_autocheckpoint"), 0);
		assert_int_equal(ask(p, both[i], "PRAGMA foreign_keys"), 1);
		assert_int_equal(ask(p, both[i], "PRAGMA trusted_schema"), 0);
		assert_int_equal(ask(p, both[i], "PRAGMA cell_size_check"), 1);
		assert_int_equal(ask(p, both[i], "PRAGMA temp_store"), 1);
		assert_int_equal(ask(p, both[i], "PRAGMA mmap_size"), 0);
	}
	assert_int_equal(ask(p, reader, "PRAGMA team.synchronous"), 2);
	store_close(reader);
	store_close(sync);
}

/* The log stays what it was: a checkpoint by anybody but sync may damage the file (safety.md). */
static void a_reader_that_closes_last_leaves_the_log_alone(void **state)
{
	struct place *p = *state;
	const char *log = arena_printf(p->arena, "%s-wal", p->address);
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	add_source(p, sync, "a");
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 1);
	store_close(sync); /* cannot remove the log: the reader has it */
	add_note(p, reader);
	struct stat file = stat_of(p->address), before = stat_of(log);
	store_close(reader);
	assert_int_equal(stat_of(log).st_size, before.st_size);
	assert_int_equal(stat_of(p->address).st_mtim.tv_nsec, file.st_mtim.tv_nsec);
}

static void a_checkpoint_moves_the_log_into_the_file(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *store = open_as(p, STORE_SYNC);
	struct stat before = stat_of(p->address);
	assert_true(store_begin(store, &p->err));
	for (int i = 0; i < 2000; i++)
		add_source(p, store, arena_printf(p->arena, "a source with a long name, number %d", i));
	assert_true(store_commit(store, &p->err));
	assert_int_equal(stat_of(p->address).st_size, before.st_size);
	assert_true(store_checkpoint(store, &p->err));
	assert_true(stat_of(p->address).st_size > before.st_size);
	store_close(store);
}

static void a_path_may_hold_what_means_something_in_an_address(void **state)
{
	struct place *p = *state;
	x_free(p->address);
	p->address = x_printf("%s/a?mode=memory&b#c%%20d.db", p->dir);
	create(p);
	stat_of(p->address);
	store_close(open_as(p, STORE_READ));
}

static void an_empty_file_is_not_a_catalogue_yet(void **state)
{
	struct place *p = *state;
	assert_true(file_make_dir(arena_printf(p->arena, "%s/data", p->dir), &p->err));
	overwrite(p->address, 0, "", 0);
	assert_no_open(p, STORE_READ, ERR_NOT_FOUND);
	create(p);
	store_close(open_as(p, STORE_READ));
}

static void a_database_of_another_kind_is_left_alone(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *store = open_as(p, STORE_SYNC);
	exec(p, store, "PRAGMA application_id = 7");
	store_close(store);
	assert_no_open(p, STORE_SYNC, ERR_USAGE);
	stat_of(p->address);
}

static void a_damaged_catalogue_is_set_aside_and_built_anew(void **state)
{
	struct place *p = *state;
	clock_fix(INT64_C(1795220400000)); /* 2026-11-21 */
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	add_note(p, store);
	store_close(store);
	overwrite(p->address, 0, "this is no database", 19);
	overwrite(arena_printf(p->arena, "%s-wal", p->address), 0, "its log", 7);
	assert_no_open(p, STORE_READ, ERR_CORRUPT);

	store = open_as(p, STORE_SYNC);
	assert_non_null(store_notice(store));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	assert_int_equal(ask(p, store, COUNT_NOTES), 1);
	store_close(store);
	stat_of(arena_printf(p->arena, "%s.damaged-20261121T002000Z", p->address));
	stat_of(arena_printf(p->arena, "%s.damaged-20261121T002000Z-wal", p->address));
	store = open_as(p, STORE_SYNC);
	assert_null(store_notice(store));
	store_close(store);
}

/* A page in the middle, which opening alone does not touch. */
static void hidden_damage_is_found_within_a_day(void **state)
{
	struct place *p = *state;
	const int64_t now = INT64_C(1795220400000);
	clock_fix(now);
	struct store *store = open_as(p, STORE_SYNC);
	int64_t page = ask(p, store, "SELECT rootpage FROM sqlite_schema WHERE name = 'run_of_source'");
	store_close(store);
	overwrite(p->address, (page - 1) * 4096, "\377\377\377\377\377\377\377\377", 8);

	clock_fix(now + DAY_MS / 2);
	store = open_as(p, STORE_SYNC);
	assert_null(store_notice(store));
	store_close(store);
	clock_fix(now + DAY_MS);
	store = open_as(p, STORE_SYNC);
	assert_non_null(store_notice(store));
	store_close(store);
}

static void a_query_that_meets_damage_says_so_and_loses_the_store(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	int64_t page = ask(p, store, "SELECT rootpage FROM sqlite_schema WHERE name = 'source'");
	store_close(store);
	overwrite(p->address, (page - 1) * 4096, "\377\377\377\377\377\377\377\377", 8);
	store = open_as(p, STORE_READ);
	struct result r;
	assert_false(store_query(store, "SELECT * FROM source", NULL, 0, p->arena, &r, &p->err));
	assert_int_equal(p->err.code, ERR_CORRUPT);
	assert_true(store_is_lost(store));
	store_close(store);
}

static void a_damaged_team_store_is_never_set_aside(void **state)
{
	struct place *p = *state;
	create(p);
	overwrite(p->team, 0, "this is no database", 19);
	struct stat before = stat_of(p->team);
	assert_no_open(p, STORE_READ, ERR_CORRUPT);
	assert_no_open(p, STORE_SYNC, ERR_CORRUPT);
	assert_int_equal(stat_of(p->team).st_ino, before.st_ino);
	assert_int_equal(stat_of(p->team).st_size, before.st_size);
}

static void a_reader_knows_that_its_file_was_replaced(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *reader = open_as(p, STORE_READ);
	int64_t before = store_version(reader);
	assert_false(store_is_lost(reader));
	assert_int_equal(rename(p->address, arena_printf(p->arena, "%s.old", p->address)), 0);
	assert_true(store_version(reader) != before);
	assert_true(store_is_lost(reader));
	store_close(reader);
}

static void without_a_team_store_the_rest_is_shown_and_no_note_is_taken(void **state)
{
	struct place *p = *state;
	create(p);
	assert_int_equal(unlink(p->team), 0);
	struct store *reader = open_as(p, STORE_READ);
	assert_non_null(strstr(store_notice(reader), p->team));
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 0);
	assert_int_equal(ask(p, reader, "SELECT count(*) FROM team.problem"), 0);
	assert_false(store_exec(reader,
		"INSERT INTO team.audit (at_ms, who, verb, object_ref) VALUES (1, 'a', 'b', 'c')", NULL, 0,
		NULL, &p->err));
	assert_int_equal(p->err.code, ERR_REFUSED);

	int64_t before = store_version(reader);
	create(p);
	assert_true(store_version(reader) != before);
	assert_true(store_is_lost(reader));
	store_close(reader);
}

static void a_backup_is_the_whole_team_store(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	char *copy = arena_printf(p->arena, "%s/copy.db.team", p->dir);
	overwrite(copy, 0, "an older backup", 15);
	for (int i = 0; i < 100; i++)
		add_note(p, store);
	assert_true(store_backup(store, copy, &p->err));
	assert_mode(copy, 0600);
	add_note(p, store);
	store_close(store);

	assert_int_equal(rename(copy, p->team), 0);
	store = open_as(p, STORE_SYNC);
	assert_int_equal(ask(p, store, COUNT_NOTES), 100);
	store_close(store);
}

static void a_backup_that_fails_leaves_nothing_behind(void **state)
{
	struct place *p = *state;
	create(p);
	assert_int_equal(unlink(p->team), 0);
	struct store *reader = open_as(p, STORE_READ);
	char *copy = arena_printf(p->arena, "%s/copy", p->dir);
	assert_false(store_backup(reader, copy, &p->err));
	assert_int_equal(p->err.code, ERR_NOT_FOUND);
	assert_int_equal(access(copy, F_OK), -1);
	store_close(reader);
}

/* --- SQLite: disks that are read-only or full ---------------------------------------- */

/* As somebody whom file modes hold back, also where the tests run as root. */
static void become_nobody(struct place *p)
{
	if (geteuid() != 0)
		return;
	static const char *const names[] = {"", "/data", "/data/portal.db", "/data/portal.db.team"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = arena_printf(p->arena, "%s%s", p->dir, names[i]);
		assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	}
	assert_int_equal(seteuid(NOBODY), 0);
}

static void become_ourselves(void)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void a_catalogue_on_a_read_only_disk_is_shown_with_a_notice(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	store_close(store);
	char *folder = arena_printf(p->arena, "%s/data", p->dir);
	assert_int_equal(chmod(folder, 0500), 0);
	become_nobody(p);
	store = store_open(p->address, STORE_READ, &p->err);
	if (store) {
		assert_non_null(strstr(store_notice(store), "read-only"));
		assert_int_equal(ask(p, store, COUNT_SOURCES), 1);
		assert_int_equal(ask(p, store, COUNT_NOTES), 0);
		assert_false(store_is_lost(store));
		store_close(store);
	}
	become_ourselves();
	assert_int_equal(chmod(folder, 0700), 0);
	assert_non_null(store);
}

static void a_team_store_that_cannot_be_written_is_still_read(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_note(p, store);
	store_close(store);
	assert_int_equal(chmod(p->team, 0400), 0);
	become_nobody(p);
	store = store_open(p->address, STORE_READ, &p->err);
	if (store) {
		assert_non_null(store_notice(store));
		assert_int_equal(ask(p, store, COUNT_NOTES), 1);
		assert_false(store_exec(store, "DELETE FROM team.problem", NULL, 0, NULL, &p->err));
		assert_int_equal(p->err.code, ERR_REFUSED);
		store_close(store);
	}
	become_ourselves();
	assert_non_null(store);
}

/* Adds sources until one fails; false where none does. */
static bool fill(struct store *store, struct err *err)
{
	struct arena *arena = arena_new();
	char *name = arena_get(arena, 10001, 1);
	memset(name, 'x', 10000);
	bool ok = store_begin(store, err);
	for (int i = 0; ok && i < 1000; i++) {
		name[i]++;
		struct value value = value_text(name);
		ok = store_exec(
			store, "INSERT INTO source (name, kind) VALUES ($1, 'mlflow')", &value, 1, NULL, err);
	}
	ok = ok && store_commit(store, err);
	store_rollback(store);
	arena_free(arena);
	return !ok;
}

static void a_full_file_is_an_error_and_reading_goes_on(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	exec(p, store, "PRAGMA main.max_page_count = 100");
	assert_true(fill(store, &p->err));
	assert_int_equal(p->err.code, ERR_FULL);
	assert_int_equal(ask(p, store, COUNT_SOURCES), 1);
	exec(p, store, "PRAGMA main.max_page_count = 100000");
	add_source(p, store, "b");
	store_close(store);
}

/* In a child: the limit is the whole process's. */
static void a_full_disk_is_an_error_and_reading_goes_on(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	store_close(store);
	pid_t child = fork();
	if (child == 0) {
		signal(SIGXFSZ, SIG_IGN);
		store = store_open(p->address, STORE_SYNC, &p->err);
		struct rlimit limit = {1 << 20, 1 << 20};
		bool is_ok = store && setrlimit(RLIMIT_FSIZE, &limit) == 0 && fill(store, &p->err) &&
			     p->err.code == ERR_FULL && ask(p, store, COUNT_SOURCES) == 1;
		_exit(is_ok ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	store = open_as(p, STORE_SYNC);
	assert_null(store_notice(store));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 1);
	store_close(store);
}

/* --- SQLite: killed at any moment ------------------------------------------------------ */

/* Writes batches of ten sources and a note until it is killed; says each commit. */
_Noreturn static void write_until_killed(struct place *p, int round, int out)
{
	struct store *store = store_open(p->address, STORE_SYNC, &p->err);
	for (int batch = 0; store; batch++) {
		if (!store_begin(store, &p->err))
			break;
		for (int i = 0; i < 10; i++)
			add_source(p, store,
				arena_printf(p->arena, "round %d batch %d source %d", round, batch, i));
		add_note(p, store);
		if (!store_commit(store, &p->err) || write(out, "c", 1) != 1)
			break;
		if (batch % 3 == 0 && !store_checkpoint(store, &p->err))
			break;
	}
	fprintf(stderr, "writer: %s\n", p->err.msg);
	_exit(1);
}

static int64_t kill_a_writer(struct place *p, int round)
{
	int pipe_fds[2];
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0)
		write_until_killed(p, round, pipe_fds[1]);
	close(pipe_fds[1]);
	int64_t n_commits = 0;
	char byte;
	while (n_commits < 1 + 7 * round && read(pipe_fds[0], &byte, 1) == 1)
		n_commits++;
	kill(child, SIGKILL);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(pipe_fds[0], &byte, 1) == 1)
		n_commits++;
	close(pipe_fds[0]);
	return n_commits;
}

/* Of a transaction over both files, cut between their commits, the catalogue's part may be there alone: so
 * the notes are as many as the commits that were said, or more, and never more than the batches. */
static void a_killed_writer_loses_no_commit_and_leaves_no_half_one(void **state)
{
	struct place *p = *state;
	int64_t n_said = 0;
	for (int round = 0; round < 6; round++) {
		n_said += kill_a_writer(p, round);
		struct store *store = open_as(p, STORE_SYNC);
		assert_null(store_notice(store));
		assert_string_equal(ask_text(p, store, "PRAGMA main.integrity_check"), "ok");
		assert_string_equal(ask_text(p, store, "PRAGMA team.integrity_check"), "ok");
		int64_t n_sources = ask(p, store, COUNT_SOURCES), n_notes = ask(p, store, COUNT_NOTES);
		assert_int_equal(n_sources % 10, 0);
		assert_in_range(n_notes, n_said, n_sources / 10);
		store_close(store);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_catalogue_that_is_not_there_is_not_found),
		TEST(sync_creates_what_a_reader_then_opens),
		TEST(opening_twice_changes_nothing),
		TEST(a_second_sync_is_turned_away),
		TEST(a_newer_catalogue_is_refused),
		TEST(a_newer_team_store_is_refused),
		TEST(an_address_of_an_engine_that_is_not_built_in_is_named_without_its_password),
		TEST(values_come_back_as_they_went),
		TEST(parameters_go_by_number_not_by_place),
		TEST(a_statement_keeps_nothing_of_its_last_run),
		TEST(a_parameter_without_a_value_is_an_error),
		TEST(broken_sql_is_an_error_and_the_store_lives_on),
		TEST(exec_counts_the_rows_it_touched),
		TEST(an_insert_gives_the_id_it_made),
		TEST(an_answer_without_bounds_is_refused),
		TEST(others_see_a_commit_and_nothing_before_it),
		TEST(a_rollback_leaves_both_stores_as_they_were),
		TEST(a_reader_writes_the_team_store_and_never_the_catalogue),
		TEST(the_version_differs_after_each_commit_and_only_then),
		TEST(a_checkpoint_changes_nothing_that_is_seen),
		TEST(audit_rows_are_only_added),
		TEST(a_source_goes_with_all_that_it_reported),
		TEST(the_views_for_people_carry_the_keys_of_the_json_output),
		TEST(an_interrupt_cuts_the_query_and_not_the_next_one),
		TEST(an_interrupt_ends_the_wait_for_a_lock),
		TEST(a_stop_that_came_before_the_query_ends_it_too),
		TEST(files_are_for_their_owner_alone),
		TEST(settings_are_those_of_the_safety_reference),
		TEST(a_reader_that_closes_last_leaves_the_log_alone),
		TEST(a_checkpoint_moves_the_log_into_the_file),
		TEST(a_path_may_hold_what_means_something_in_an_address),
		TEST(an_empty_file_is_not_a_catalogue_yet),
		TEST(a_database_of_another_kind_is_left_alone),
		TEST(a_damaged_catalogue_is_set_aside_and_built_anew),
		TEST(hidden_damage_is_found_within_a_day),
		TEST(a_query_that_meets_damage_says_so_and_loses_the_store),
		TEST(a_damaged_team_store_is_never_set_aside),
		TEST(a_reader_knows_that_its_file_was_replaced),
		TEST(without_a_team_store_the_rest_is_shown_and_no_note_is_taken),
		TEST(a_backup_is_the_whole_team_store),
		TEST(a_backup_that_fails_leaves_nothing_behind),
		TEST(a_catalogue_on_a_read_only_disk_is_shown_with_a_notice),
		TEST(a_team_store_that_cannot_be_written_is_still_read),
		TEST(a_full_file_is_an_error_and_reading_goes_on),
		TEST(a_full_disk_is_an_error_and_reading_goes_on),
		TEST(a_killed_writer_loses_no_commit_and_leaves_no_half_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

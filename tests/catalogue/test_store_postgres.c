/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said of PostgreSQL alone: who is let in, what a session is like, and what comes of a server that
 * goes away. */
#include "tests/catalogue/place.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#define ENDLESS                                                                                              \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0"

/* --- addresses ------------------------------------------------------------------------ */

static void assert_refused(const char *address, enum err_code code, const char *word)
{
	struct err err = {0};
	assert_null(store_open(address, STORE_READ, &err));
	if (err.code != code || !strstr(err.msg, word))
		fail_msg("%s: code %d: %s", address, err.code, err.msg);
	assert_null(strstr(err.msg, "hunter2"));
}

/* In a child: a module is loaded once. */
static void without_the_module_it_is_said_what_to_install(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		setenv("PORTHOLE_POSTGRES", "/nowhere/porthole-postgres.so", 1);
		assert_refused("postgresql://mlee:hunter2@db/portal", ERR_USAGE, "libpq5");
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void no_message_holds_a_password(void **state)
{
	(void)state;
	assert_refused("postgresql://mlee:hunter2@127.0.0.1:1/portal", ERR_UNAVAILABLE, "127.0.0.1");
	assert_refused("postgresql://mlee:hunter2%zz@127.0.0.1/portal", ERR_USAGE, "not understood");
	assert_refused("postgresql://mlee:hunter2", ERR_USAGE, "not understood");
}

static void another_machine_has_to_prove_who_it_is(void **state)
{
	static const char *const addresses[] = {
		"postgresql://mlee:hunter2@db.invalid/portal?sslmode=require",
		"postgresql://mlee:hunter2@localhost,db.invalid/portal?sslmode=prefer",
		"postgresql://mlee:hunter2@localhost/portal?hostaddr=192.0.2.1&sslmode=disable",
		"postgresql:///portal?service=shared&sslmode=allow",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		assert_refused(addresses[i], ERR_USAGE, "verify-full");
}

static void a_database_that_is_not_there_is_named(void **state)
{
	struct place *p = *state;
	assert_refused(
		arena_printf(p->arena, "postgresql://postgres@/nowhere?host=%s", getenv("PORTHOLE_TEST_PG")),
		ERR_USAGE, "nowhere");
	assert_refused(arena_printf(p->arena, "postgresql://nobody@/%s?host=%s", p->database,
			       getenv("PORTHOLE_TEST_PG")),
		ERR_USAGE, "nobody");
}

/* --- sessions --------------------------------------------------------------------------- */

static void a_session_has_the_settings_of_the_safety_reference(void **state)
{
	static const struct {
		const char *show, *value;
	} settings[] = {
		{"SHOW search_path", "porthole, pg_temp"},
		{"SHOW statement_timeout", "15s"},
		{"SHOW lock_timeout", "3s"},
		{"SHOW idle_in_transaction_session_timeout", "1min"},
		{"SHOW default_transaction_read_only", "on"},
		{"SHOW client_encoding", "UTF8"},
		{"SHOW application_name", "porthole"},
	};
	struct place *p = *state;
	create(p);
	struct store *reader = open_as(p, STORE_READ);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		assert_string_equal(ask_text(p, reader, settings[i].show), settings[i].value);
	store_close(reader);
}

/* Also where our own look at a statement does not see that it writes. */
static void the_server_keeps_a_reader_from_the_catalogue(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *reader = open_as(p, STORE_READ);
	struct result r;
	assert_false(store_query(reader, "WITH gone AS (DELETE FROM source RETURNING id) SELECT id FROM gone",
		NULL, 0, p->arena, &r, &p->err));
	assert_int_equal(p->err.code, ERR_REFUSED);
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 0);
	store_close(reader);
}

static void text_that_is_no_utf8_is_stored_as_what_can_be_shown(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a\xff\xc3(b");
	assert_string_equal(ask_text(p, store, "SELECT name FROM source"), "a\xef\xbf\xbd\xef\xbf\xbd(b");
	store_close(store);
}

static void words_stand_for_lists_as_in_sqlite(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	add_source(p, store, "b");
	assert_string_equal(ask_text(p, store, "SELECT group_concat(name, '+') FROM source"), "a+b");
	assert_null(ask_text(p, store, "SELECT group_concat(url, '+') FROM source"));
	store_close(store);
}

/* --- room for step runs --------------------------------------------------------------------- */

#define ADD_STEP                                                                                             \
	"INSERT INTO step_run (run_id, pipeline_id, step, state, at_ms) VALUES ($1, 1, 's', 'failed', 1)"

static void step_runs_have_a_partition_before_their_run_is_there(void **state)
{
	static const char *const columns[] = {"id", "pipeline_id", "source_id", "run", "state", "at_ms"};
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	exec(p, store, "INSERT INTO source (id, name, kind) VALUES (1, 'a', 'mlflow')");
	exec(p, store, "INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'p')");
	const struct value row[] = {value_int(2500000), value_int(1), value_int(1), value_text("r"),
		value_text("failed"), value_int(1)};
	assert_true(store_load(store, "run", columns, ARRAY_LEN(columns), row, 1, &p->err));
	assert_true(store_exec(store, ADD_STEP, row, 1, NULL, &p->err));
	assert_int_equal(ask(p, store, "SELECT count(*) FROM step_run_2"), 1);
	assert_int_equal(ask(p, store, "SELECT count(*) FROM step_run_3"), 0);
	store_close(store);
}

/* --- figures, comments ------------------------------------------------------------------------ */

static void after_many_rows_a_checkpoint_makes_the_planners_figures(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	static const char figures[] =
		"SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = to_regclass('run')";
	add_source(p, store, "a");
	exec(p, store, "INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'p')");
	exec(p, store,
		"INSERT INTO run (pipeline_id, source_id, run, state, at_ms) SELECT 1, 1, 'r' || i, 'success', i FROM generate_series(1, 15000) i");
	assert_true(store_checkpoint(store, &p->err));
	assert_int_equal(ask(p, store, figures), -1);
	exec(p, store, "UPDATE run SET state = 'failed' WHERE id <= 6000");
	assert_true(store_checkpoint(store, &p->err));
	assert_int_equal(ask(p, store, figures), 15000);
	store_close(store);
}

static void tables_and_columns_say_what_they_are(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_string_equal(ask_text(p, store, "SELECT obj_description(CAST('run' AS regclass), 'pg_class')"),
		"One execution of a pipeline.");
	assert_string_equal(
		ask_text(p, store, "SELECT obj_description(CAST('team.occurrence' AS regclass), 'pg_class')"),
		"One step attempt (or, with step '', one run) that belongs to a problem.");
	assert_string_equal(
		ask_text(p, store,
			"SELECT col_description(CAST('source' AS regclass), attnum) FROM pg_attribute"
			" WHERE attrelid = CAST('source' AS regclass) AND attname = 'full_ms'"),
		"the last complete pull, which also finds what the tool deleted");
	assert_string_equal(
		ask_text(p, store, "SELECT obj_description(CAST('sources' AS regclass), 'pg_class')"),
		"Without behind_ms: the reader's clock less synced_ms.");
	store_close(store);
}

static void text_has_the_order_of_its_bytes(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_int_equal(
		ask(p, store,
			"SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
			" JOIN pg_collation l ON l.oid = a.attcollation WHERE c.relkind IN ('r', 'p')"
			" AND c.relnamespace = CAST('porthole' AS regnamespace) AND l.collname <> 'C'"),
		0);
	assert_int_equal(ask(p, store, "SELECT count(*) FROM runs"), 0); /* the views stand again */
	store_close(store);
}

/* --- roles -------------------------------------------------------------------------------------- */

static struct store *open_login(struct place *p, const char *role, enum store_mode mode)
{
	char *login = arena_printf(p->arena, "test_%s", role);
	scratch_administer(
		arena_printf(p->arena,
			"DO $$ BEGIN CREATE ROLE %s LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
			"GRANT porthole_%s TO %s",
			login, role, login),
		p->database);
	char *address = arena_printf(
		p->arena, "postgresql://%s@/%s?host=%s", login, p->database, getenv("PORTHOLE_TEST_PG"));
	err_clear(&p->err);
	struct store *store = store_open(address, mode, &p->err);
	if (!store)
		fail_msg("%s", p->err.msg);
	return store;
}

static void assert_may(struct place *p, struct store *store, const char *sql, bool may)
{
	err_clear(&p->err);
	bool did = store_exec(store, sql, NULL, 0, NULL, &p->err);
	if (did != may || (!did && p->err.code != ERR_REFUSED))
		fail_msg("%s: %s", sql, did ? "done" : p->err.msg);
}

#define NOTE "INSERT INTO team.audit (at_ms, who, verb, object_ref) VALUES (1, 'mlee', 'ack', 'problem:1')"
#define DECLARE                                                                                              \
	"INSERT INTO team.declared (kind, name, body, who, at_ms) VALUES ('source', 'a', '{}', 'a', 1)"
#define DECLARE_PROJECT                                                                                      \
	"INSERT INTO team.declared (kind, name, body, who, at_ms) VALUES ('project', 'a', '{}', 'a', 1)"
#define CHECK                                                                                                \
	"INSERT INTO team.data_check (source, pipeline, run, step, name, state, at_ms) VALUES"               \
	" ('s', 'p', 'r', 't', 'c', 'pass', 1)"

static void roles_may_what_they_are_for(void **state)
{
	static const struct {
		const char *role;
		bool notes, projects, sources, checks;
	} roles[] = {
		{"viewer", false, false, false, false},
		{"user", true, true, false, true},
		{"record", true, false, false, true},
		{"admin", true, true, true, true},
	};
	struct place *p = *state;
	create(p);
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		struct store *store = open_login(p, roles[i].role, STORE_READ);
		assert_may(p, store, NOTE, roles[i].notes);
		assert_may(p, store, DECLARE_PROJECT, roles[i].projects);
		assert_may(p, store, DECLARE, roles[i].sources);
		assert_may(p, store,
			"UPDATE team.declared SET kind = 'source', name = 'b' WHERE kind = 'project'",
			roles[i].sources);
		assert_may(p, store, CHECK, roles[i].checks);
		assert_may(p, store, "UPDATE team.audit SET who = 'eve'", false);
		store_close(store);
		exec(p, store = open_as(p, STORE_SYNC), "DELETE FROM team.data_check");
		exec(p, store, "DELETE FROM team.declared");
		store_close(store);
	}
}

static void a_login_that_owns_nothing_can_sync(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *store = open_login(p, "sync", STORE_SYNC);
	add_source(p, store, "a");
	add_note(p, store);
	assert_true(store_checkpoint(store, &p->err));
	exec(p, store, "CREATE TEMP TABLE seen (id BIGINT)");
	assert_may(p, store, DECLARE, false);
	store_close(store);
}

/* --- versions ------------------------------------------------------------------------------------- */

static void a_newer_schema_that_only_adds_is_worked_on(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	exec(p, store, "UPDATE meta SET value = '99' WHERE key = 'schema'");
	exec(p, store, "UPDATE meta SET value = '99:1' WHERE key = 'works_with'");
	store_close(store);
	store_close(open_as(p, STORE_READ));
	store = open_as(p, STORE_SYNC);
	assert_string_equal(ask_text(p, store, "SELECT value FROM meta WHERE key = 'schema'"), "99");
	exec(p, store, "UPDATE meta SET value = '99:50' WHERE key = 'works_with'");
	store_close(store);
	assert_no_open(p, STORE_READ, ERR_NEWER);
	assert_no_open(p, STORE_SYNC, ERR_NEWER);
}

/* --- servers that go away ---------------------------------------------------------------------------- */

struct asker {
	struct place *place;
	struct store *store;
	struct err err;
	bool ok;
};

static void *ask_endlessly(void *arg)
{
	struct asker *asker = arg;
	struct arena *arena = arena_new();
	struct result r;
	asker->ok = store_query(asker->store, ENDLESS, NULL, 0, arena, &r, &asker->err);
	arena_free(arena);
	return NULL;
}

/* Lets a reader ask, waits until the server is at it, and runs LOSE (a shell command). */
static void assert_lost_by(struct place *p, const char *lose)
{
	create(p);
	struct asker asker = {.place = p, .store = open_as(p, STORE_READ)};
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, ask_endlessly, &asker), 0);
	scratch_administer(
		"DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE state = $q$active$q$"
		" AND query LIKE $q$WITH RECURSIVE%$q$) LOOP PERFORM pg_stat_clear_snapshot(); END LOOP; END $$",
		p->database);
	assert_int_equal(system(lose), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(asker.ok);
	if (asker.err.code != ERR_UNAVAILABLE)
		fail_msg("code %d: %s", asker.err.code, asker.err.msg);
	assert_true(store_is_lost(asker.store));
	assert_false(store_exec(asker.store, "SELECT 1", NULL, 0, NULL, &asker.err));
	store_close(asker.store);
	struct store *again = open_as(p, STORE_READ);
	assert_int_equal(ask(p, again, COUNT_SOURCES), 0);
	store_close(again);
}

static void a_session_that_is_terminated_in_a_query_is_lost(void **state)
{
	struct place *p = *state;
	assert_lost_by(p,
		arena_printf(p->arena,
			"psql -qX 'postgresql://postgres@/%s?host=%s' -c 'SELECT pg_terminate_backend(pid) FROM"
			" pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()' >/dev/null",
			p->database, getenv("PORTHOLE_TEST_PG")));
}

static void a_server_that_crashes_in_a_query_is_found_again(void **state)
{
	struct place *p = *state;
	assert_lost_by(p, arena_printf(p->arena, "tests/pg.sh restart '%s'", getenv("PORTHOLE_TEST_PG")));
}

static void a_batch_of_a_lost_session_fails_as_a_whole(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	assert_true(store_begin_batch(store, &p->err));
	add_source(p, store, "a");
	scratch_administer("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE"
			   " datname = current_database() AND pid <> pg_backend_pid()",
		p->database);
	bool ok = store_exec(store, "INSERT INTO source (name, kind) VALUES ('b', 'x')", NULL, 0, NULL,
			  &p->err) &&
		  store_commit(store, &p->err);
	assert_false(ok);
	assert_int_equal(p->err.code, ERR_UNAVAILABLE);
	assert_true(store_is_lost(store));
	store_rollback(store);
	store_close(store);
	store = open_as(p, STORE_SYNC);
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	store_close(store);
}

static pid_t postmaster(struct place *p)
{
	char *path = arena_printf(p->arena, "%s/data/postmaster.pid", getenv("PORTHOLE_TEST_PG"));
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	int pid = 0;
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

/* Nobody takes the request to cancel: the caller is not held up, and whoever asked is soon free. */
static void an_interrupt_of_a_server_that_hangs_leaves_it(void **state)
{
	struct place *p = *state;
	create(p);
	struct asker asker = {.place = p, .store = open_as(p, STORE_READ)};
	atomic_bool stop = false;
	store_watch(asker.store, &stop); /* an interrupt that comes before the query is none */
	pid_t server = postmaster(p);
	pthread_t thread;
	assert_int_equal(kill(server, SIGSTOP), 0);
	assert_int_equal(pthread_create(&thread, NULL, ask_endlessly, &asker), 0);
	int64_t before_ms = clock_mono_ms();
	stop = true;
	store_interrupt(asker.store);
	assert_true(clock_mono_ms() - before_ms < 100);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(kill(server, SIGCONT), 0);
	assert_false(asker.ok);
	assert_int_equal(asker.err.code, ERR_CANCELLED);
	store_close(asker.store);
}

/* The folder of a server of our own (from the heap); NULL where there is none to be had. */
static char *start_server(void)
{
	if (!getenv("PORTHOLE_TEST_PG"))
		return NULL;
	char *dir = scratch_new(), *command = x_printf("tests/pg.sh start %s", dir);
	BUG_ON(system(command) != 0 || setenv("PORTHOLE_TEST_PG", dir, 1) != 0);
	x_free(command);
	return dir;
}

static void stop_server(char *dir)
{
	if (!dir)
		return;
	char *command = x_printf("tests/pg.sh stop %s", dir);
	BUG_ON(system(command) != 0);
	x_free(command);
	x_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_module_it_is_said_what_to_install),
		cmocka_unit_test(no_message_holds_a_password),
		cmocka_unit_test(another_machine_has_to_prove_who_it_is),
		cmocka_unit_test(a_database_that_is_not_there_is_named),
		cmocka_unit_test(a_session_has_the_settings_of_the_safety_reference),
		cmocka_unit_test(the_server_keeps_a_reader_from_the_catalogue),
		cmocka_unit_test(text_that_is_no_utf8_is_stored_as_what_can_be_shown),
		cmocka_unit_test(words_stand_for_lists_as_in_sqlite),
		cmocka_unit_test(step_runs_have_a_partition_before_their_run_is_there),
		cmocka_unit_test(after_many_rows_a_checkpoint_makes_the_planners_figures),
		cmocka_unit_test(tables_and_columns_say_what_they_are),
		cmocka_unit_test(text_has_the_order_of_its_bytes),
		cmocka_unit_test(roles_may_what_they_are_for),
		cmocka_unit_test(a_login_that_owns_nothing_can_sync),
		cmocka_unit_test(a_newer_schema_that_only_adds_is_worked_on),
		cmocka_unit_test(a_session_that_is_terminated_in_a_query_is_lost),
		cmocka_unit_test(a_server_that_crashes_in_a_query_is_found_again),
		cmocka_unit_test(a_batch_of_a_lost_session_fails_as_a_whole),
		cmocka_unit_test(an_interrupt_of_a_server_that_hangs_leaves_it),
	};
	char *server = start_server();
	int failed = place_run_on("PostgreSQL", tests, ARRAY_LEN(tests), place_on_postgres, place_free);
	stop_server(server);
	return failed;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What copies stores whole: the list of tables, backups, moves. */
#include "client/base/clock.h"
#include "client/base/file.h"
#include "client/catalogue/backup.h"
#include "client/catalogue/move.h"
#include "client/catalogue/restore.h"
#include "tests/catalogue/scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char *dir, *file;
	struct arena *arena;
	struct store *store, *other;
};

static struct store *open_new(struct place *p, const char *name)
{
	struct err err = {0};
	struct store *store = store_open(arena_printf(p->arena, "%s/%s.db", p->dir, name), STORE_SYNC, &err);
	if (!store)
		fail_msg("%s", err.msg);
	return store;
}

static int setup(void **state)
{
	struct place *p = x_new(struct place);
	p->dir = scratch_new();
	p->arena = arena_new();
	p->file = x_printf("%s/backup", p->dir);
	p->store = open_new(p, "one");
	p->other = open_new(p, "other");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	store_close(p->store);
	store_close(p->other);
	arena_free(p->arena);
	scratch_free(p->dir);
	x_free(p->file);
	x_free(p);
	return 0;
}

static void exec(struct store *store, const char *sql)
{
	struct err err = {0};
	if (!store_exec(store, sql, NULL, 0, NULL, &err))
		fail_msg("%s: %s", sql, err.msg);
}

static int64_t ask(struct store *store, const char *sql)
{
	struct err err = {0};
	int64_t answer = -1;
	if (!store_exec_id(store, sql, NULL, 0, &answer, &err))
		fail_msg("%s: %s", sql, err.msg);
	return answer;
}

static struct result query(struct place *p, struct store *store, const char *sql)
{
	struct err err = {0};
	struct result result;
	if (!store_query(store, sql, NULL, 0, p->arena, &result, &err))
		fail_msg("%s: %s", sql, err.msg);
	return result;
}

/* More rows than a page, keys that differ in their last part only, numbers and texts of every kind. */
static void fill(struct place *p)
{
	exec(p->store, "INSERT INTO source (id, name, kind) VALUES (7, 'lab', 'local')");
	exec(p->store, "INSERT INTO pipeline (id, source_id, pipeline) VALUES (3, 7, 'p')");
	exec(p->store, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
		       " INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms)"
		       " SELECT i * 2, 3, 7, 'r' || i, 'success', i FROM n");
	exec(p->store, "INSERT INTO metric (run_id, key, value) SELECT id, 'auc', id / 7.0 FROM run");
	exec(p->store, "INSERT INTO team.problem (id, kind, key, title, first_ms, last_ms)"
		       " VALUES (41, 'failed', 'k', 'quote \" back\\ line\nend é', 1, 9007199254740993)");
	exec(p->store,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)"
		" INSERT INTO team.occurrence (problem_id, source, pipeline, run, step, idx, attempt, at_ms)"
		" SELECT 41, 'lab', 'p', 'r', 's', '', i, i FROM n");
	exec(p->store, "INSERT INTO team.data_check (id, source, pipeline, run, step, name, state, observed,"
		       " lower_bound, at_ms) VALUES (5, 'lab', 'p', 'r', 's', 'n', 'fail', 9e999, 0.1, 1)");
}

/* --- the list of tables ------------------------------------------------------------ */

static void check_columns(struct place *p, const struct store_table *table)
{
	bool is_team = store_table_is_team(table);
	struct result columns = query(p, p->store,
		arena_printf(p->arena, "SELECT name, pk FROM pragma_table_info('%s', '%s') ORDER BY name",
			table->name + (is_team ? strlen("team.") : 0), is_team ? "team" : "main"));
	if (columns.n_rows != table->n_columns)
		fail_msg("%s: %zu columns, not %zu", table->name, columns.n_rows, table->n_columns);
	for (size_t i = 0; i < columns.n_rows; i++) {
		size_t at = 0;
		while (at < table->n_columns && strcmp(table->columns[at], result_text(&columns, i, 0)))
			at++;
		if (at == table->n_columns)
			fail_msg("%s: no column %s", table->name, result_text(&columns, i, 0));
		int64_t pk = result_int(&columns, i, 1, 0);
		assert_int_equal(pk, at < table->n_key ? at + 1 : 0);
	}
}

static void tables_and_columns_are_those_of_the_schemas(void **state)
{
	struct place *p = *state;
	size_t n;
	const struct store_table *tables = store_tables(&n);
	for (size_t i = 0; i < n; i++)
		check_columns(p, &tables[i]);
	struct result all = query(p, p->store,
		"SELECT name FROM main.sqlite_schema WHERE type = 'table' UNION ALL"
		" SELECT 'team.' || name FROM team.sqlite_schema WHERE type = 'table'");
	for (size_t i = 0; i < all.n_rows; i++) {
		const char *name = result_text(&all, i, 0);
		bool is_derived = strstr(name, "sqlite_") || !strcmp(name, "meta") ||
				  !strcmp(name, "team.meta") || str_starts(str_of(name), STR("run_text"));
		if (!is_derived && !store_table(str_of(name)))
			fail_msg("table %s is in no backup and no move: name it in tables.c", name);
	}
}

static void parents_stand_before_their_children(void **state)
{
	struct place *p = *state;
	size_t n;
	const struct store_table *tables = store_tables(&n);
	for (size_t i = 0; i < n; i++) {
		bool is_team = store_table_is_team(&tables[i]);
		struct result parents = query(p, p->store,
			arena_printf(p->arena, "SELECT \"table\" FROM pragma_foreign_key_list('%s', '%s')",
				tables[i].name + (is_team ? strlen("team.") : 0), is_team ? "team" : "main"));
		for (size_t j = 0; j < parents.n_rows; j++) {
			const char *name = arena_printf(
				p->arena, "%s%s", is_team ? "team." : "", result_text(&parents, j, 0));
			assert_true(store_table(str_of(name)) < &tables[i]);
		}
	}
}

/* --- backups ------------------------------------------------------------------------- */

static void write_backup(struct place *p, struct backup_facts *facts)
{
	struct err err = {0};
	if (!backup_write(p->store, p->file, facts, &err))
		fail_msg("%s", err.msg);
}

static void a_backup_brings_back_every_row(void **state)
{
	struct place *p = *state;
	struct backup_facts facts, loaded;
	struct err err = {0};
	fill(p);
	write_backup(p, &facts);
	assert_int_equal(facts.rows, 2502);
	assert_true(store_begin(p->other, &err));
	if (!backup_load(p->other, p->file, &loaded, &err))
		fail_msg("%s", err.msg);
	assert_true(store_commit(p->other, &err));
	assert_int_equal(loaded.rows, 2502);
	assert_int_equal(ask(p->other, "SELECT count(*) FROM team.occurrence"), 2500);
	struct result row = query(p, p->other, "SELECT title, last_ms FROM team.problem WHERE id = 41");
	assert_string_equal(result_text(&row, 0, 0), "quote \" back\\ line\nend é");
	assert_true(result_int(&row, 0, 1, 0) == INT64_C(9007199254740993));
	row = query(p, p->other, "SELECT observed, lower_bound, upper_bound FROM team.data_check");
	assert_true(isinf(result_at(&row, 0, 0)->r));
	assert_true(result_at(&row, 0, 1)->r == 0.1);
	assert_int_equal(result_at(&row, 0, 2)->type, VALUE_NULL);
}

static void refuse(struct place *p, struct str bytes)
{
	struct err err = {0};
	struct backup_facts facts;
	char *damaged = x_printf("%s/damaged", p->dir);
	assert_true(file_write(damaged, bytes, &err));
	if (backup_check(damaged, &facts, &err))
		fail_msg("%zu bytes were taken for a backup", bytes.n);
	x_free(damaged);
}

static void a_backup_cut_at_any_line_or_changed_at_any_byte_is_refused(void **state)
{
	struct place *p = *state;
	struct backup_facts facts;
	struct buf whole;
	struct err err = {0};
	exec(p->store,
		"INSERT INTO team.cost (source, pipeline, month, amount) VALUES ('a', 'b', '2026-11', 1.5)");
	write_backup(p, &facts);
	buf_init(&whole, 0);
	assert_true(file_read(p->file, 1 << 20, &whole, &err));
	for (size_t i = 0; i + 1 < whole.n; i++)
		if (whole.p[i] == '\n')
			refuse(p, str_slice(buf_str(&whole), 0, i + 1));
	for (size_t i = 0; i + 1 < whole.n; i += 7) {
		whole.p[i] ^= 1;
		refuse(p, buf_str(&whole));
		whole.p[i] ^= 1;
	}
	buf_fini(&whole);
}

static void a_backup_that_does_not_load_leaves_nothing(void **state)
{
	struct place *p = *state;
	struct backup_facts facts;
	struct err err = {0};
	fill(p);
	write_backup(p, &facts);
	exec(p->other, "INSERT INTO team.data_check (id, source, pipeline, run, step, name, state, at_ms)"
		       " VALUES (5, 'x', 'p', 'r', 's', 'n', 'fail', 1)");
	assert_true(store_begin(p->other, &err));
	assert_false(backup_load(p->other, p->file, &facts, &err));
	store_rollback(p->other);
	assert_int_equal(ask(p->other, "SELECT count(*) FROM team.problem"), 0);
}

/* --- moves ---------------------------------------------------------------------------- */

static void a_move_copies_every_row_and_goes_on_counting(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	int64_t rows;
	fill(p);
	if (!move_all(p->store, p->other, &(struct move_ops){0}, &rows, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(rows, 2 + 2500 + 2500 + 2502);
	assert_int_equal(ask(p->other, "SELECT count(*) FROM metric m JOIN run r ON r.id = m.run_id"
				       " WHERE r.run = 'r2500' AND m.value = 5000 / 7.0"),
		1);
	assert_true(ask(p->other, "INSERT INTO run (pipeline_id, source_id, run, state, at_ms)"
				  " VALUES (3, 7, 'new', 'success', 1) RETURNING id") > 5000);
	assert_true(move_check(p->other, &err));
}

static void a_target_that_holds_something_is_refused(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	int64_t rows;
	exec(p->other, "INSERT INTO team.declared VALUES ('project', 'x', '{}', 'me', 1)");
	assert_false(move_all(p->store, p->other, &(struct move_ops){0}, &rows, &err));
	assert_int_equal(err.code, ERR_REFUSED);
	assert_true(move_check(p->other, &err));
}

static void a_move_that_broke_off_leaves_a_mark(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	int64_t rows;
	fill(p);
	exec(p->other, "CREATE TRIGGER stop BEFORE INSERT ON metric WHEN new.run_id > 4000"
		       " BEGIN SELECT RAISE(ABORT, 'disk full'); END");
	assert_false(move_all(p->store, p->other, &(struct move_ops){0}, &rows, &err));
	err_clear(&err);
	assert_false(move_check(p->other, &err));
	assert_int_equal(err.code, ERR_UNAVAILABLE);
	exec(p->other, "DROP TRIGGER stop");
	err_clear(&err);
	assert_false(move_all(p->store, p->other, &(struct move_ops){0}, &rows, &err));
	assert_int_equal(ask(p->store, "SELECT count(*) FROM metric"), 2500);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tables_and_columns_are_those_of_the_schemas),
		TEST(parents_stand_before_their_children),
		TEST(a_backup_brings_back_every_row),
		TEST(a_backup_cut_at_any_line_or_changed_at_any_byte_is_refused),
		TEST(a_backup_that_does_not_load_leaves_nothing),
		TEST(a_move_copies_every_row_and_goes_on_counting),
		TEST(a_target_that_holds_something_is_refused),
		TEST(a_move_that_broke_off_leaves_a_mark),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store to be tested: on SQLite in a folder of its own; on PostgreSQL in a database of its own, on the
 * server that PORTHOLE_TEST_PG names (tests/pg.sh). Include it behind the headers that cmocka wants. */
#ifndef TESTS_CATALOGUE_PLACE_H
#define TESTS_CATALOGUE_PLACE_H

#include "client/base/buf.h"
#include "client/base/clock.h"
#include "client/catalogue/store.h"
#include "tests/catalogue/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char *dir, *address, *team; /* team: the file, on SQLite */
	char *database;		    /* on PostgreSQL; else NULL */
	struct arena *arena;
	struct err err;
};

static inline struct place *place_new(void)
{
	struct place *p = x_new(struct place);
	p->dir = scratch_new();
	p->arena = arena_new();
	return p;
}

static inline int place_on_sqlite(void **state)
{
	struct place *p = place_new();
	p->address = x_printf("%s/data/portal.db", p->dir);
	p->team = x_printf("%s.team", p->address);
	*state = p;
	return 0;
}

static inline int place_on_postgres(void **state)
{
	struct place *p = place_new();
	p->database = scratch_database(scratch_drop);
	p->address = scratch_address_of(p->database);
	p->team = x_strdup("");
	*state = p;
	return 0;
}

static inline int place_free(void **state)
{
	struct place *p = *state;
	clock_fix(TIME_NONE);
	scratch_free(p->dir);
	arena_free(p->arena);
	x_free(p->address);
	x_free(p->team);
	x_free(p->database);
	x_free(p);
	return 0;
}

static inline void place_skipped(void **state)
{
	(void)state;
	skip(); /* no PostgreSQL */
}

/* How a test begins on each engine, and ends. */
struct place_fixture {
	CMFixtureFunction on_sqlite, on_postgres, end;
};

/* The N tests, named for an engine; without a PostgreSQL its are skipped by name. */
static inline struct CMUnitTest *place_tests_of(
	struct arena *arena, const char *engine, const struct CMUnitTest *tests, size_t n)
{
	bool is_there = strcmp(engine, "PostgreSQL") != 0 || getenv("PORTHOLE_TEST_PG");
	struct CMUnitTest *out = arena_array(arena, struct CMUnitTest, n);
	for (size_t i = 0; i < n; i++) {
		if (is_there)
			out[i] = tests[i];
		else
			out[i].test_func = place_skipped;
		out[i].name = arena_printf(arena, "%s: %s", engine, tests[i].name);
	}
	return out;
}

/* `make check` leaves the tests on PostgreSQL to `make test`. */
static inline bool place_is_quick(void)
{
	return getenv("TESTS_QUICK") != NULL;
}

/* Runs the N tests on one engine. */
static inline int place_run_on(const char *engine, const struct CMUnitTest *tests, size_t n,
	CMFixtureFunction begin, CMFixtureFunction end)
{
	struct arena *arena = arena_new();
	struct CMUnitTest *named = place_tests_of(arena, engine, tests, n);
	for (size_t i = 0; i < n; i++) {
		bool is_skipped = named[i].test_func == place_skipped;
		named[i].setup_func = is_skipped ? NULL : begin;
		named[i].teardown_func = is_skipped ? NULL : end;
	}
	int failed = _cmocka_run_group_tests(engine, named, n, NULL, NULL);
	arena_free(arena);
	return failed;
}

static inline int place_run(const struct CMUnitTest *tests, size_t n, struct place_fixture fixture)
{
	int failed = place_run_on("SQLite", tests, n, fixture.on_sqlite, fixture.end);
	if (!place_is_quick())
		failed += place_run_on("PostgreSQL", tests, n, fixture.on_postgres, fixture.end);
	return failed;
}

/* The same with one store for all tests of an engine, which they leave as it is. */
static inline int place_run_on_one(const struct CMUnitTest *tests, size_t n, struct place_fixture fixture)
{
	struct arena *arena = arena_new();
	bool has_postgres = getenv("PORTHOLE_TEST_PG") != NULL;
	int failed = _cmocka_run_group_tests(
		"SQLite", place_tests_of(arena, "SQLite", tests, n), n, fixture.on_sqlite, fixture.end);
	if (!place_is_quick())
		failed += _cmocka_run_group_tests("PostgreSQL", place_tests_of(arena, "PostgreSQL", tests, n),
			n, has_postgres ? fixture.on_postgres : NULL, has_postgres ? fixture.end : NULL);
	arena_free(arena);
	return failed;
}

static inline int place_run_on_both(const struct CMUnitTest *tests, size_t n)
{
	return place_run(tests, n, (struct place_fixture){place_on_sqlite, place_on_postgres, place_free});
}

static inline struct store *open_as(struct place *p, enum store_mode mode)
{
	err_clear(&p->err);
	struct store *store = store_open(p->address, mode, &p->err);
	if (!store)
		fail_msg("%s", p->err.msg);
	return store;
}

static inline void assert_no_open(struct place *p, enum store_mode mode, enum err_code code)
{
	err_clear(&p->err);
	struct store *store = store_open(p->address, mode, &p->err);
	assert_null(store);
	if (p->err.code != code)
		fail_msg("code %d, not %d: %s", p->err.code, code, p->err.msg);
}

static inline void create(struct place *p)
{
	store_close(open_as(p, STORE_SYNC));
}

static inline void exec(struct place *p, struct store *store, const char *sql)
{
	err_clear(&p->err);
	if (!store_exec(store, sql, NULL, 0, NULL, &p->err))
		fail_msg("%s", p->err.msg);
}

static inline struct result query(struct place *p, struct store *store, const char *sql)
{
	struct result result;
	err_clear(&p->err);
	if (!store_query(store, sql, NULL, 0, p->arena, &result, &p->err))
		fail_msg("%s", p->err.msg);
	return result;
}

static inline int64_t ask(struct place *p, struct store *store, const char *sql)
{
	struct result result = query(p, store, sql);
	return result.n_rows ? result_int(&result, 0, 0, -1) : -1;
}

static inline const char *ask_text(struct place *p, struct store *store, const char *sql)
{
	struct result result = query(p, store, sql);
	assert_int_equal(result.n_rows, 1);
	return result_text(&result, 0, 0);
}

static inline void add_source(struct place *p, struct store *store, const char *name)
{
	struct value value = value_text(name);
	if (!store_exec(
		    store, "INSERT INTO source (name, kind) VALUES ($1, 'mlflow')", &value, 1, NULL, &p->err))
		fail_msg("%s", p->err.msg);
}

static inline void add_note(struct place *p, struct store *store)
{
	exec(p, store,
		"INSERT INTO team.audit (at_ms, who, verb, object_ref) VALUES (1, 'mlee', 'ack', 'problem:1')");
}

#define COUNT_SOURCES "SELECT count(*) FROM source"
#define COUNT_NOTES   "SELECT count(*) FROM team.audit"

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mirror holds what triage needs and little more, and stands in while the catalogue is away. */
#include "client/catalogue/mirror.h"
#include "client/catalogue/store_thread.h"

#include "tests/catalogue/place.h"

#define NOW INT64_C(1795262400000)

static const char *const rows[] = {
	"INSERT INTO source (id, name, kind, state, synced_ms) VALUES (1, 'lab', 'airflow', 'ok', 5)",
	"INSERT INTO health (id, source_id, component, state) VALUES (1, 1, 'scheduler', 'failed')",
	"INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'daily'), (2, 1, 'weekly')",
	"INSERT INTO step (pipeline_id, step, position) VALUES (1, 'train', 1), (2, 'other', 1)",
	"INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms) VALUES (1, 1, 1, 'r1', 'failed', 1),"
	" (2, 1, 1, 'r2', 'success', 2), (3, 1, 1, 'r3', 'success', 3), (4, 2, 1, 'w1', 'success', 4)",
	"UPDATE pipeline SET last_run_id = 3, last_state = 'success', last_run_ms = 3 WHERE id = 1",
	"INSERT INTO param (run_id, key, value) VALUES (1, 'scale', '1'), (2, 'scale', '2')",
	"INSERT INTO step_run (id, run_id, pipeline_id, step, attempt, state, at_ms)"
	" VALUES (1, 1, 1, 'train', 1, 'failed', 1), (2, 2, 1, 'train', 1, 'success', 2)",
	"INSERT INTO team.problem (id, kind, key, title, state, first_ms, last_ms)"
	" VALUES (1, 'failed', 'a', 'it broke', 'open', 1, 1), (2, 'failed', 'b', 'long ago', 'resolved', 1, 1)",
	"INSERT INTO team.problem_pipeline (problem_id, source, pipeline) VALUES (1, 'lab', 'daily')",
	"INSERT INTO team.occurrence (problem_id, source, pipeline, run, step, attempt, at_ms)"
	" VALUES (1, 'lab', 'daily', 'r1', 'train', 1, 1), (2, 'lab', 'daily', 'r2', 'train', 1, 1)",
	"INSERT INTO team.evidence (source, pipeline, run, step, attempt, cause, found_ms)"
	" VALUES ('lab', 'daily', 'r1', 'train', 1, 'no rows', 1), ('lab', 'daily', 'r2', 'train', 1, 'old', 1)",
	"INSERT INTO team.declared (kind, name, body, who, at_ms) VALUES ('project', 'x', '{}', 'ana', 1)",
};

static const char *path_of(struct place *p)
{
	return arena_printf(p->arena, "%s/mirrors/m.db", p->dir);
}

static struct store *fill(struct place *p)
{
	struct store *store = open_as(p, STORE_SYNC);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!store_exec(store, rows[i], NULL, 0, NULL, &p->err))
			fail_msg("%s: %s", rows[i], p->err.msg);
	return store;
}

static struct store *mirror_of(struct place *p, struct store *store)
{
	if (!mirror_make(store, path_of(p), NOW, &p->err))
		fail_msg("%s", p->err.msg);
	struct store *mirror = mirror_open(path_of(p), &p->err);
	if (!mirror)
		fail_msg("%s", p->err.msg);
	return mirror;
}

static void test_it_holds_what_triage_needs(void **state)
{
	struct place *p = *state;
	struct store *store = fill(p), *mirror = mirror_of(p, store);
	static const struct {
		const char *sql;
		int64_t want;
	} facts[] = {
		{"SELECT count(*) FROM source WHERE synced_ms = 5", 1},
		{"SELECT count(*) FROM health", 1},
		{"SELECT count(*) FROM pipeline", 2},
		{"SELECT count(*) FROM step", 1},   /* of pipelines in trouble */
		{"SELECT sum(id) FROM run", 1 + 3}, /* of the problem, and each pipeline's newest */
		{"SELECT count(*) FROM param", 1},
		{"SELECT count(*) FROM step_run", 1},
		{"SELECT sum(id) FROM team.problem", 1}, /* what is over stays behind */
		{"SELECT count(*) FROM team.occurrence", 1},
		{"SELECT count(*) FROM team.evidence WHERE cause = 'no rows'", 1},
		{"SELECT count(*) FROM team.evidence", 1},
		{"SELECT count(*) FROM team.declared", 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (ask(p, mirror, facts[i].sql) != facts[i].want)
			fail_msg("%s is not %lld", facts[i].sql, (long long)facts[i].want);
	assert_int_equal(store_mirrored_ms(mirror), NOW);
	assert_int_equal(store_mirrored_ms(store), TIME_NONE);
	store_close(mirror);
	store_close(store);
}

static void test_a_new_one_takes_the_place_of_the_old(void **state)
{
	struct place *p = *state;
	struct store *store = fill(p);
	store_close(mirror_of(p, store));
	assert_true(store_exec(store, "DELETE FROM team.declared", NULL, 0, NULL, &p->err));
	struct store *mirror = mirror_of(p, store);
	assert_int_equal(ask(p, mirror, "SELECT count(*) FROM team.declared"), 0);
	store_close(mirror);
	store_close(store);
}

static void test_without_one_there_is_none(void **state)
{
	struct place *p = *state;
	assert_null(mirror_open(path_of(p), &p->err));
	assert_int_equal(p->err.code, ERR_NOT_FOUND);
}

static void test_nothing_is_written_to_it(void **state)
{
	struct place *p = *state;
	struct store *store = fill(p), *mirror = mirror_of(p, store);
	assert_false(store_begin(mirror, &p->err));
	assert_int_equal(p->err.code, ERR_REFUSED);
	assert_false(store_begin_batch(mirror, &p->err));
	assert_true(store_begin(store, &p->err)); /* the catalogue itself is as before */
	store_rollback(store);
	store_close(mirror);
	store_close(store);
}

/* --- standing in --------------------------------------------------------------- */

struct answer {
	struct loop *loop;
	bool is_ok;
	int64_t mirrored_ms, problems;
};

static bool look(struct store *store, void *job, struct err *err)
{
	struct answer *a = job;
	a->mirrored_ms = store_mirrored_ms(store);
	return store_exec_id(store, "SELECT count(*) FROM team.problem", NULL, 0, &a->problems, err);
}

static void looked(void *ctx, void *job, const struct err *err)
{
	struct answer *a = job;
	(void)ctx;
	a->is_ok = !err;
	loop_stop(a->loop);
}

static void keep(void *job)
{
	(void)job;
}

static struct answer look_through(struct loop *loop, struct store_thread *thread)
{
	static const struct store_job job = {.run = look, .done = looked, .drop = keep};
	struct answer a = {.loop = loop};
	store_thread_run(thread, &job, &a, NULL);
	loop_run(loop);
	return a;
}

static void test_it_stands_in_and_steps_back(void **state)
{
	struct place *p = *state;
	struct store *store = fill(p);
	store_close(mirror_of(p, store));
	store_close(store);
	struct loop *loop = loop_new();
	/* nobody listens on port 1 */
	struct store_thread *away = store_thread_new(loop, "postgresql://x@127.0.0.1:1/x");
	assert_false(look_through(loop, away).is_ok);
	store_thread_free(away);

	away = store_thread_new(loop, "postgresql://x@127.0.0.1:1/x");
	store_thread_set_mirror(away, path_of(p));
	struct answer a = look_through(loop, away);
	assert_true(a.is_ok);
	assert_int_equal(a.mirrored_ms, NOW);
	assert_int_equal(a.problems, 1);
	assert_true(store_thread_is_on_mirror(away));
	store_thread_return(away); /* it is not back, after all */
	assert_true(look_through(loop, away).is_ok);
	assert_true(store_thread_is_on_mirror(away));
	store_thread_free(away);

	struct store_thread *there = store_thread_new(loop, p->address);
	store_thread_set_mirror(there, path_of(p));
	a = look_through(loop, there);
	assert_int_equal(a.mirrored_ms, TIME_NONE);
	assert_int_equal(a.problems, 2);
	assert_false(store_thread_is_on_mirror(there));
	store_thread_free(there);
	loop_free(loop);
}

static void test_who_knows_that_it_is_away_does_not_wait_for_it(void **state)
{
	struct place *p = *state;
	struct store *store = fill(p);
	store_close(mirror_of(p, store));
	store_close(store);
	struct loop *loop = loop_new();
	struct store_thread *thread = store_thread_new(loop, p->address); /* it would answer */
	store_thread_set_mirror(thread, path_of(p));
	store_thread_start_away(thread);
	assert_int_equal(look_through(loop, thread).mirrored_ms, NOW);
	store_thread_return(thread);
	assert_int_equal(look_through(loop, thread).mirrored_ms, TIME_NONE);
	store_thread_free(thread);
	loop_free(loop);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_holds_what_triage_needs),
		cmocka_unit_test(test_a_new_one_takes_the_place_of_the_old),
		cmocka_unit_test(test_without_one_there_is_none),
		cmocka_unit_test(test_nothing_is_written_to_it),
		cmocka_unit_test(test_it_stands_in_and_steps_back),
		cmocka_unit_test(test_who_knows_that_it_is_away_does_not_wait_for_it),
	};
	return place_run(tests, ARRAY_LEN(tests),
		(struct place_fixture){place_on_sqlite, place_on_postgres, place_free});
}

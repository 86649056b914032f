/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Also run with SAN=thread. */
#include "client/catalogue/store_thread.h"

#include "tests/catalogue/place.h"

#include <sched.h>
#include <stdatomic.h>

#define ENDLESS                                                                                              \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0"

struct desk {
	struct place *place;
	struct loop *loop;
	struct store_thread *thread;
};

/* What came of a query. */
struct answer {
	struct loop *loop;
	const struct result *result;
	struct err err;
	int n_calls;
};

static int sit_down(void **state)
{
	struct desk *d = x_new(struct desk);
	d->place = *state;
	d->loop = loop_new();
	d->thread = store_thread_new(d->loop, d->place->address);
	*state = d;
	return 0;
}

static int on_sqlite(void **state)
{
	return place_on_sqlite(state) || sit_down(state);
}

static int on_postgres(void **state)
{
	return place_on_postgres(state) || sit_down(state);
}

static int stand_up(void **state)
{
	struct desk *d = *state;
	store_thread_free(d->thread);
	loop_free(d->loop);
	*state = d->place;
	x_free(d);
	return place_free(state);
}

static struct store *create_for(struct desk *d)
{
	return open_as(d->place, STORE_SYNC);
}

static void take_answer(void *ctx, const struct result *result, const struct err *err)
{
	struct answer *answer = ctx;
	answer->n_calls++;
	answer->result = result;
	answer->err = err ? *err : (struct err){0};
	loop_stop(answer->loop);
}

/* Asks and serves the loop until the answer is there. */
static struct answer ask_on(struct desk *p, const char *sql, const struct value *params, size_t n)
{
	struct answer answer = {.loop = p->loop};
	assert_non_null(store_thread_query(p->thread, sql, params, n, take_answer, &answer));
	loop_run(p->loop);
	assert_int_equal(answer.n_calls, 1);
	return answer;
}

/* With a query long enough to be cut by what was meant for another. */
static void assert_works(struct desk *p)
{
	struct answer answer = ask_on(p,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT count(*) FROM n",
		NULL, 0);
	if (!answer.result)
		fail_msg("%s", answer.err.msg);
	assert_int_equal(result_int(answer.result, 0, 0, -1), 2000);
	result_free(answer.result);
}

static void a_query_is_answered_on_the_loop(void **state)
{
	struct desk *p = *state;
	store_close(create_for(p));
	char text[] = "lent";
	const struct value params[] = {value_int(7), value_text(text)};
	struct answer answer = {.loop = p->loop};
	store_thread_query(p->thread, "SELECT $1, $2", params, 2, take_answer, &answer);
	memset(text, 'x', sizeof text); /* the parameters were copied */
	loop_run(p->loop);
	assert_non_null(answer.result);
	assert_int_equal(result_int(answer.result, 0, 0, -1), 7);
	assert_string_equal(result_text(answer.result, 0, 1), "lent");
	result_free(answer.result);
}

static void an_error_comes_without_a_result(void **state)
{
	struct desk *p = *state;
	store_close(create_for(p));
	struct answer answer = ask_on(p, "SELEC", NULL, 0);
	assert_null(answer.result);
	assert_int_equal(answer.err.code, ERR_FAILED);
	assert_works(p);
}

static void a_catalogue_made_later_is_found_then(void **state)
{
	struct desk *p = *state;
	struct answer answer = ask_on(p, "SELECT 1", NULL, 0);
	assert_null(answer.result);
	assert_int_equal(answer.err.code, ERR_NOT_FOUND);
	store_close(create_for(p));
	assert_works(p);
}

static bool look_at_version(struct store *store, void *job, struct err *err)
{
	(void)err;
	*(int64_t *)job = store_version(store);
	return true;
}

struct visit {
	struct loop *loop;
	int64_t version;
	int n_calls;
};

static void end_visit(void *ctx, void *job, const struct err *err)
{
	struct visit *visit = ctx;
	assert_null(err);
	visit->version = *(int64_t *)job;
	visit->n_calls++;
	x_free(job);
	loop_stop(visit->loop);
}

static const struct store_job version_job = {.run = look_at_version, .done = end_visit, .drop = x_free};

static int64_t ask_version(struct desk *p)
{
	struct visit visit = {.loop = p->loop};
	store_thread_run(p->thread, &version_job, x_new(int64_t), &visit);
	loop_run(p->loop);
	assert_int_equal(visit.n_calls, 1);
	return visit.version;
}

/* Takes away what the thread's store is connected to: the file, or the session. */
static void lose_store(struct place *p)
{
	if (!p->database) {
		assert_int_equal(rename(p->address, arena_printf(p->arena, "%s.old", p->address)), 0);
		return;
	}
	scratch_administer("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
			   " WHERE datname = current_database() AND pid <> pg_backend_pid()",
		p->database);
}

static void a_store_that_was_lost_is_opened_anew(void **state)
{
	struct desk *p = *state;
	store_close(create_for(p));
	assert_works(p);
	int64_t before = ask_version(p);
	lose_store(p->place);
	struct err err = {0};
	struct store *store = create_for(p);
	assert_true(store_exec(
		store, "INSERT INTO source (name, kind) VALUES ('new', 'x')", NULL, 0, NULL, &err));
	store_close(store);

	assert_true(ask_version(p) != before);
	struct answer answer = ask_on(p, "SELECT name FROM source", NULL, 0);
	assert_non_null(answer.result);
	assert_int_equal(answer.result->n_rows, 1);
	result_free(answer.result);
}

static void a_function_sees_the_store(void **state)
{
	struct desk *p = *state;
	struct store *sync = create_for(p);
	struct err err = {0};
	int64_t before = ask_version(p);
	assert_true(ask_version(p) == before);
	assert_true(
		store_exec(sync, "INSERT INTO source (name, kind) VALUES ('a', 'x')", NULL, 0, NULL, &err));
	int64_t deadline_ms = clock_mono_ms() + 5000;
	while (ask_version(p) == before && clock_mono_ms() < deadline_ms)
		;
	assert_true(ask_version(p) != before);
	store_close(sync);
}

static void a_cancelled_query_is_cut_and_never_answered(void **state)
{
	struct desk *p = *state;
	store_close(create_for(p));
	assert_works(p);
	for (int i = 0; i < 50; i++) {
		struct answer never = {.loop = p->loop};
		struct ticket *ticket = store_thread_query(p->thread, ENDLESS, NULL, 0, take_answer, &never);
		if (i % 2)
			sched_yield(); /* give the thread a chance to begin: both orders are to be met */
		ticket_cancel(ticket);
		assert_works(p); /* the thread is free again, and this one was not cut */
		assert_int_equal(never.n_calls, 0);
	}
}

struct rendezvous {
	atomic_bool is_running, is_cancelled;
};

static bool query_after_cancel(struct store *store, void *job, struct err *err)
{
	struct rendezvous *meet = *(struct rendezvous **)job;
	meet->is_running = true;
	while (!meet->is_cancelled)
		sched_yield();
	return store_exec(store, ENDLESS, NULL, 0, NULL, err);
}

static const struct store_job late_job = {.run = query_after_cancel, .done = end_visit, .drop = x_free};

static void a_cancel_between_two_statements_cuts_the_second(void **state)
{
	struct desk *p = *state;
	store_close(create_for(p));
	struct rendezvous meet = {0};
	struct rendezvous **job = x_new(struct rendezvous *);
	*job = &meet;
	struct ticket *ticket = store_thread_run(p->thread, &late_job, job, NULL);
	while (!meet.is_running)
		sched_yield();
	ticket_cancel(ticket);
	meet.is_cancelled = true;
	assert_works(p);
}

static void what_waits_is_cancelled_without_cutting_what_runs(void **state)
{
	struct desk *p = *state;
	store_close(create_for(p));
	struct answer first = {.loop = p->loop}, second = {.loop = p->loop};
	store_thread_query(p->thread,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT count(*) FROM n",
		NULL, 0, take_answer, &first);
	struct ticket *ticket = store_thread_query(p->thread, ENDLESS, NULL, 0, take_answer, &second);
	ticket_cancel(ticket);
	loop_run(p->loop);
	assert_int_equal(first.n_calls, 1);
	assert_non_null(first.result);
	assert_int_equal(result_int(first.result, 0, 0, -1), 200000);
	assert_int_equal(second.n_calls, 0);
	result_free(first.result);
}

static void an_answer_nobody_took_is_freed(void **state)
{
	struct desk *p = *state;
	store_close(create_for(p));
	struct answer first = {.loop = p->loop}, second = {.loop = p->loop};
	struct ticket *ticket = store_thread_query(p->thread, "SELECT 1", NULL, 0, take_answer, &first);
	store_thread_query(p->thread, "SELECT 2", NULL, 0, take_answer, &second);
	while (!second.n_calls && !first.n_calls)
		loop_step(p->loop, -1);
	if (!first.n_calls)
		ticket_cancel(ticket);
	result_free(first.result);
	if (!second.n_calls)
		loop_run(p->loop);
	result_free(second.result);
}

/* Ends with one query running and one waiting; teardown frees the thread. */
static void freeing_cuts_all_that_is_left(void **state)
{
	struct desk *p = *state;
	store_close(create_for(p));
	assert_works(p);
	static struct answer never;
	store_thread_query(p->thread, ENDLESS, NULL, 0, take_answer, &never);
	store_thread_query(p->thread, ENDLESS, NULL, 0, take_answer, &never);
	store_thread_run(p->thread, &version_job, x_new(int64_t), NULL);
	store_thread_free(p->thread);
	p->thread = NULL;
	assert_int_equal(never.n_calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_is_answered_on_the_loop),
		cmocka_unit_test(an_error_comes_without_a_result),
		cmocka_unit_test(a_catalogue_made_later_is_found_then),
		cmocka_unit_test(a_store_that_was_lost_is_opened_anew),
		cmocka_unit_test(a_function_sees_the_store),
		cmocka_unit_test(a_cancelled_query_is_cut_and_never_answered),
		cmocka_unit_test(a_cancel_between_two_statements_cuts_the_second),
		cmocka_unit_test(what_waits_is_cancelled_without_cutting_what_runs),
		cmocka_unit_test(an_answer_nobody_took_is_freed),
		cmocka_unit_test(freeing_cuts_all_that_is_left),
	};
	return place_run(tests, ARRAY_LEN(tests), (struct place_fixture){on_sqlite, on_postgres, stand_up});
}

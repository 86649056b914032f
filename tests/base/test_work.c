/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/work.h"

#include "client/base/mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A gate holds a job inside `run` until the test has done its part, or an interrupt opens it. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_entered, is_open;
};

static struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void gate_set(bool *flag, bool value)
{
	pthread_mutex_lock(&gate.lock);
	*flag = value;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static void gate_wait(const bool *flag)
{
	pthread_mutex_lock(&gate.lock);
	while (!*flag)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

struct seen {
	struct loop *loop;
	struct worker *worker;
	struct ticket *other;
	int n_done;
	char order[8];
};

/* Counted on both threads. */
static int n_dropped, n_freed, n_interrupts;

static void add_one(int *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}

static int value_of(const int *counter)
{
	return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

static void *run_dup(void *state, void *job)
{
	(void)state;
	return x_strdup(job);
}

static void *run_gated(void *state, void *job)
{
	gate_set(&gate.is_entered, true);
	gate_wait(&gate.is_open);
	return run_dup(state, job);
}

static void done(void *ctx, void *result)
{
	struct seen *seen = ctx;
	seen->order[seen->n_done++] = *(char *)result;
	x_free(result);
	loop_stop(seen->loop);
}

static void drop(void *result)
{
	add_one(&n_dropped);
	x_free(result);
}

static void free_job(void *job)
{
	add_one(&n_freed);
	x_free(job);
}

static void interrupt(void *state)
{
	(void)state;
	add_one(&n_interrupts);
	gate_set(&gate.is_open, true);
}

static const struct work plain = {.run = run_dup, .done = done, .drop = drop, .free_job = free_job};
static const struct work gated = {.run = run_gated, .done = done, .drop = drop, .free_job = free_job};

static int set_up(void **state)
{
	static struct seen seen;
	memset(&seen, 0, sizeof seen);
	gate.is_entered = gate.is_open = false;
	n_dropped = n_freed = n_interrupts = 0;
	seen.loop = loop_new();
	seen.worker = worker_new(seen.loop, NULL, interrupt);
	*state = &seen;
	return 0;
}

static int tear_down(void **state)
{
	struct seen *seen = *state;
	worker_free(seen->worker);
	loop_free(seen->loop);
	return 0;
}

static struct ticket *submit(struct seen *seen, const struct work *work, const char *job)
{
	return worker_submit(seen->worker, work, x_strdup(job), seen);
}

/* All that was submitted before has finished and was served. */
static void settle(struct seen *seen)
{
	int before = seen->n_done;
	submit(seen, &plain, ".");
	while (seen->n_done == before || seen->order[seen->n_done - 1] != '.')
		loop_step(seen->loop, -1);
}

static void nothing_is_called_after_a_running_job_was_cancelled(void **state)
{
	struct seen *seen = *state;
	struct ticket *ticket = submit(seen, &gated, "a");
	gate_wait(&gate.is_entered);
	ticket_cancel(ticket);
	settle(seen);
	assert_string_equal(seen->order, ".");
	assert_int_equal(value_of(&n_interrupts), 1);
	assert_int_equal(value_of(&n_dropped), 1);
	assert_int_equal(value_of(&n_freed), 2);
}

static void nothing_is_called_after_a_queued_job_was_cancelled(void **state)
{
	struct seen *seen = *state;
	struct ticket *running = submit(seen, &gated, "a");
	gate_wait(&gate.is_entered);
	struct ticket *queued = submit(seen, &plain, "b");
	ticket_cancel(queued);
	assert_int_equal(value_of(&n_freed), 1);
	assert_int_equal(value_of(&n_interrupts), 0); /* the running job is another one */
	gate_set(&gate.is_open, true);
	settle(seen);
	assert_string_equal(seen->order, "a.");
	assert_non_null(running);
}

/* Cancels the other ticket, whose answer may have been waiting behind this one. */
static void done_cancelling(void *ctx, void *result)
{
	struct seen *seen = ctx;
	ticket_cancel(seen->other);
	done(ctx, result);
}

static void nothing_is_called_after_a_finished_job_was_cancelled(void **state)
{
	static const struct work cancelling = {.run = run_dup, .done = done_cancelling, .drop = drop};
	struct seen *seen = *state;
	static char job[] = "a";
	worker_submit(seen->worker, &cancelling, job, seen);
	seen->other = submit(seen, &plain, "b");
	struct ticket *third = submit(seen, &gated, "c");
	gate_wait(&gate.is_entered); /* so that the first two are finished */
	loop_run(seen->loop);
	assert_string_equal(seen->order, "a");
	assert_int_equal(value_of(&n_dropped), 1);
	gate_set(&gate.is_open, true);
	settle(seen);
	assert_string_equal(seen->order, "ac.");
	assert_int_equal(value_of(&n_interrupts), 0);
	assert_non_null(third);
}

static void jobs_run_in_the_order_they_came(void **state)
{
	struct seen *seen = *state;
	submit(seen, &plain, "a");
	submit(seen, &plain, "b");
	submit(seen, &plain, "c");
	settle(seen);
	assert_string_equal(seen->order, "abc.");
	assert_int_equal(value_of(&n_freed), 4);
}

static void freeing_the_worker_cancels_all(void **state)
{
	struct seen *seen = *state;
	submit(seen, &gated, "a");
	submit(seen, &plain, "b");
	gate_wait(&gate.is_entered);
	worker_free(seen->worker);
	assert_int_equal(seen->n_done, 0);
	assert_int_equal(value_of(&n_freed), 2);
	assert_int_equal(value_of(&n_dropped), 1);
	assert_int_equal(value_of(&n_interrupts), 1);
	seen->worker = NULL;
}

static void draining_waits_for_all_and_tells_nobody(void **state)
{
	struct seen *seen = *state;
	submit(seen, &plain, "a");
	submit(seen, &plain, "b");
	worker_drain(seen->worker, 60000);
	assert_int_equal(value_of(&n_freed), 2);
	assert_int_equal(seen->n_done, 0);
	settle(seen);
	assert_string_equal(seen->order, "ab.");
}

static void draining_gives_up_in_time(void **state)
{
	struct seen *seen = *state;
	submit(seen, &gated, "a");
	worker_drain(seen->worker, 1);
	assert_int_equal(value_of(&n_freed), 0);
	gate_set(&gate.is_open, true);
	settle(seen);
	assert_string_equal(seen->order, "a.");
}

static void done_freeing(void *ctx, void *result)
{
	struct seen *seen = ctx;
	worker_free(seen->worker);
	seen->worker = NULL;
	done(ctx, result);
}

static void a_callback_may_free_the_worker(void **state)
{
	static const struct work freeing = {.run = run_dup, .done = done_freeing, .drop = drop};
	struct seen *seen = *state;
	static char job[] = "a";
	worker_submit(seen->worker, &freeing, job, seen);
	submit(seen, &plain, "b");
	loop_run(seen->loop);
	loop_step(seen->loop, 0);
	assert_string_equal(seen->order, "a");
}

static void many_jobs_cancelled_at_any_moment_leave_nothing_behind(void **state)
{
	struct seen *seen = *state;
	enum { JOBS = 500 };
	for (int i = 0; i < JOBS; i++) {
		struct ticket *kept = submit(seen, &plain, "k");
		struct ticket *cancelled = submit(seen, &plain, "c");
		ticket_cancel(cancelled);
		seen->n_done = 0;
		loop_run(seen->loop);
		assert_int_equal(seen->order[0], 'k');
		assert_non_null(kept);
	}
	seen->n_done = 0;
	settle(seen);
	assert_int_equal(value_of(&n_freed), 2 * JOBS + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_called_after_a_running_job_was_cancelled),
		TEST(nothing_is_called_after_a_queued_job_was_cancelled),
		TEST(nothing_is_called_after_a_finished_job_was_cancelled),
		TEST(jobs_run_in_the_order_they_came),
		TEST(freeing_the_worker_cancels_all),
		TEST(draining_waits_for_all_and_tells_nobody),
		TEST(draining_gives_up_in_time),
		TEST(a_callback_may_free_the_worker),
		TEST(many_jobs_cancelled_at_any_moment_leave_nothing_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/loop.h"

#include "client/base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
	struct loop *loop;
	int fds[2][2]; /* two pipes */
	struct loop_fd *watch[2];
	struct loop_timer *timer;
	int n_calls, events;
	char order[16];
};

static int set_up(void **state)
{
	static struct scene scene;
	memset(&scene, 0, sizeof scene);
	scene.loop = loop_new();
	for (int i = 0; i < 2; i++)
		assert_int_equal(pipe(scene.fds[i]), 0);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	for (int i = 0; i < 2; i++) {
		loop_unwatch(scene->watch[i]);
		for (int j = 0; j < 2; j++)
			if (scene->fds[i][j] >= 0)
				close(scene->fds[i][j]);
	}
	loop_free(scene->loop);
	return 0;
}

static void note(struct scene *scene, char what)
{
	scene->order[scene->n_calls++] = what;
}

static void count(void *ctx, int events)
{
	struct scene *scene = ctx;
	scene->n_calls++;
	scene->events = events;
}

static void remove_both(void *ctx, int events)
{
	struct scene *scene = ctx;
	count(ctx, events);
	for (int i = 0; i < 2; i++) {
		loop_unwatch(scene->watch[i]);
		scene->watch[i] = NULL;
	}
}

static void what_was_removed_in_a_callback_is_not_called(void **state)
{
	struct scene *scene = *state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(write(scene->fds[i][1], "x", 1), 1);
		scene->watch[i] = loop_watch(scene->loop, scene->fds[i][0], LOOP_READ, remove_both, scene);
	}
	loop_step(scene->loop, 0);
	loop_step(scene->loop, 0);
	assert_int_equal(scene->n_calls, 1);
}

static void replace_other(void *ctx, int events)
{
	struct scene *scene = ctx;
	(void)events;
	loop_unwatch(scene->watch[1]);
	scene->watch[1] = loop_watch(scene->loop, scene->fds[1][0], LOOP_READ, count, scene);
	loop_fd_events(scene->watch[0], 0);
}

static void a_descriptor_watched_again_is_not_served_for_the_old_event(void **state)
{
	struct scene *scene = *state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(write(scene->fds[i][1], "x", 1), 1);
	scene->watch[0] = loop_watch(scene->loop, scene->fds[0][0], LOOP_READ, replace_other, scene);
	scene->watch[1] = loop_watch(scene->loop, scene->fds[1][0], LOOP_READ, count, scene);
	loop_step(scene->loop, 0);
	assert_int_equal(scene->n_calls, 0);
	loop_step(scene->loop, 0);
	assert_int_equal(scene->n_calls, 1);
}

static void a_resting_watch_is_not_woken_by_a_hang_up(void **state)
{
	struct scene *scene = *state;
	scene->watch[0] = loop_watch(scene->loop, scene->fds[0][0], 0, count, scene);
	close(scene->fds[0][1]);
	scene->fds[0][1] = -1;
	loop_step(scene->loop, 0);
	assert_int_equal(scene->n_calls, 0);
	loop_fd_events(scene->watch[0], LOOP_READ);
	loop_step(scene->loop, 0);
	assert_int_equal(scene->n_calls, 1);
	assert_int_equal(scene->events, LOOP_READ);
}

static void a_broken_pipe_wakes_its_writer(void **state)
{
	struct scene *scene = *state;
	scene->watch[0] = loop_watch(scene->loop, scene->fds[0][1], LOOP_WRITE, count, scene);
	close(scene->fds[0][0]);
	scene->fds[0][0] = -1;
	loop_step(scene->loop, 0);
	assert_int_equal(scene->events, LOOP_WRITE);
}

static void note_a(void *ctx)
{
	note(ctx, 'a');
}

static void note_b(void *ctx)
{
	note(ctx, 'b');
}

static void stop(void *ctx)
{
	struct scene *scene = ctx;
	note(scene, '.');
	loop_stop(scene->loop);
}

static void timers_fire_by_time_then_by_age(void **state)
{
	enum { APART_MS = 100 }; /* more than a loaded machine takes between two of these lines */
	struct scene *scene = *state;
	loop_after(scene->loop, 3 * APART_MS, stop, scene);
	loop_after(scene->loop, 2 * APART_MS, note_a, scene);
	loop_after(scene->loop, APART_MS, note_b, scene);
	loop_after(scene->loop, APART_MS, note_a, scene);
	loop_after(scene->loop, 0, note_b, scene);
	loop_run(scene->loop);
	assert_string_equal(scene->order, "bbaa.");
}

static void a_cancelled_timer_never_fires_and_the_others_do(void **state)
{
	struct scene *scene = *state;
	struct loop_timer *timers[40];
	for (int i = 0; i < 40; i++)
		timers[i] = loop_after(scene->loop, (i * 7) % 40, note_a, scene);
	for (int i = 0; i < 40; i++)
		if (i % 10)
			loop_cancel(timers[i]);
	loop_after(scene->loop, 45, stop, scene);
	loop_run(scene->loop);
	assert_string_equal(scene->order, "aaaa.");
}

static void cancel_other(void *ctx)
{
	struct scene *scene = ctx;
	note(scene, 'c');
	loop_cancel(scene->timer);
}

static void a_timer_may_cancel_one_that_is_due_too(void **state)
{
	struct scene *scene = *state;
	loop_after(scene->loop, 0, cancel_other, scene);
	scene->timer = loop_after(scene->loop, 0, note_a, scene);
	loop_step(scene->loop, 0);
	loop_step(scene->loop, 0);
	assert_string_equal(scene->order, "c");
}

static void renew(void *ctx)
{
	struct scene *scene = ctx;
	note(scene, 'r');
	scene->timer = loop_after(scene->loop, 0, renew, scene);
}

static void a_timer_that_renews_itself_fires_once_a_round(void **state)
{
	struct scene *scene = *state;
	loop_after(scene->loop, 0, renew, scene);
	loop_step(scene->loop, -1);
	loop_step(scene->loop, -1);
	assert_string_equal(scene->order, "rr");
	loop_cancel(scene->timer);
}

static void a_far_timer_does_not_overflow(void **state)
{
	struct scene *scene = *state;
	scene->timer = loop_after(scene->loop, INT64_MAX, note_a, scene);
	loop_step(scene->loop, 1);
	assert_int_equal(scene->n_calls, 0);
	loop_cancel(scene->timer);
}

static void a_step_waits_at_most_as_long_as_told(void **state)
{
	struct scene *scene = *state;
	scene->timer = loop_after(scene->loop, 60000, note_a, scene);
	int64_t before_ms = clock_mono_ms();
	loop_step(scene->loop, 2);
	assert_true(clock_mono_ms() - before_ms < 30000);
	loop_cancel(scene->timer);
}

static void on_signal(void *ctx, int signo)
{
	struct scene *scene = ctx;
	scene->events = signo;
	note(scene, 's');
	loop_stop(scene->loop);
}

static void a_signal_is_served_on_the_loop(void **state)
{
	struct scene *scene = *state;
	loop_signal(scene->loop, SIGTERM, on_signal, scene);
	loop_signal(scene->loop, SIGWINCH, on_signal, scene);
	raise(SIGTERM);
	assert_int_equal(scene->n_calls, 0);
	loop_run(scene->loop);
	assert_int_equal(scene->events, SIGTERM);
	raise(SIGWINCH);
	loop_run(scene->loop);
	assert_int_equal(scene->events, SIGWINCH);
}

static void freeing_restores_the_signal_mask(void **state)
{
	(void)state;
	struct loop *loop = loop_new();
	sigset_t now;
	loop_signal(loop, SIGUSR1, on_signal, NULL);
	sigprocmask(SIG_BLOCK, NULL, &now);
	assert_true(sigismember(&now, SIGUSR1));
	loop_free(loop);
	sigprocmask(SIG_BLOCK, NULL, &now);
	assert_false(sigismember(&now, SIGUSR1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_removed_in_a_callback_is_not_called),
		TEST(a_descriptor_watched_again_is_not_served_for_the_old_event),
		TEST(a_resting_watch_is_not_woken_by_a_hang_up),
		TEST(a_broken_pipe_wakes_its_writer),
		TEST(timers_fire_by_time_then_by_age),
		TEST(a_cancelled_timer_never_fires_and_the_others_do),
		TEST(a_timer_may_cancel_one_that_is_due_too),
		TEST(a_timer_that_renews_itself_fires_once_a_round),
		TEST(a_far_timer_does_not_overflow),
		TEST(a_step_waits_at_most_as_long_as_told),
		TEST(a_signal_is_served_on_the_loop),
		TEST(freeing_restores_the_signal_mask),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person does about problems in the portal, and what is seen when somebody else does. */
#include "client/triage/team.h"
#include "tests/tui/bench.h"

#include <stdlib.h>
#include <time.h>

static void as_user(struct bench *p, const char *more)
{
	close_app(p);
	config_free(p->config);
	char *text = x_printf("user: mlee\n%s", more);
	p->config = config_with(p->dir, text);
	x_free(text);
	open_app(p, 110, 30);
	settle(p);
}

static int setup_as_mlee(void **state)
{
	setup(state);
	struct bench *p = *state;
	exec(p, "UPDATE team.problem SET owner = '@data-eng', due_ms = 1795269600000 WHERE id = 1");
	as_user(p, "notify: [{name: data-eng, command: [\"true\"]}]\n");
	return 0;
}

/* What somebody else does, in another portal. */
static void other(struct bench *p, enum team_verb verb, int64_t problem, const char *text)
{
	struct err err = {0};
	struct team_done done;
	struct arena *arena = arena_new();
	struct store *store = store_open(p->config->catalogue, STORE_READ, &err);
	const struct team_step step = {.verb = verb,
		.problem = problem,
		.seen = TEAM_UNSEEN,
		.text = text,
		.until_ms = clock_now_ms() + 1000};
	if (!store || !team_do(store, p->config, "ana", &step, arena, &done, &err))
		fail_msg("%s", err.msg);
	store_close(store);
	arena_free(arena);
}

static void assert_team(struct bench *p, const char *sql, const char *wanted)
{
	struct err err = {0};
	struct result row;
	struct arena *arena = arena_new();
	struct store *store = store_open(p->config->catalogue, STORE_READ, &err);
	if (!store || !store_query(store, sql, NULL, 0, arena, &row, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(row.n_rows ? result_text(&row, 0, 0) : "nothing", wanted);
	store_close(store);
	arena_free(arena);
}

static void test_a_takes_the_problem_under_the_cursor(void **state)
{
	struct bench *p = *state;
	type(p, "a");
	settle(p);
	assert_shows(p, "problem 1: acknowledged · U takes it back");
	settle(p);
	assert_shows(p, "1 needs you · 1 taken");
	assert_shows(p, "mlee");
	assert_team(p, "SELECT state || assignee FROM team.problem WHERE id = 1", "acknowledgedmlee");
}

static void test_what_is_taken_sinks_below_what_is_new(void **state)
{
	struct bench *p = *state;
	type(p, "a");
	settle(p);
	settle(p);
	type(p, "g");
	settle(p);
	char *got = screen(p);
	assert_true(strstr(got, "ValueError") < strstr(got, "KeyError"));
	x_free(got);
}

static void test_U_takes_the_last_step_back(void **state)
{
	struct bench *p = *state;
	type(p, "a");
	settle(p);
	type(p, "U");
	settle(p);
	assert_shows(p, "problem 1: taken back, open again");
	assert_team(p, "SELECT state FROM team.problem WHERE id = 1", "open");
	assert_team(p, "SELECT verb || coalesce(text, '') FROM team.problem_event ORDER BY id DESC LIMIT 1",
		"undoneacknowledged");
}

static void test_somebody_elses_step_is_shown_and_not_overwritten(void **state)
{
	struct bench *p = *state;
	other(p, TEAM_SNOOZE, 1, NULL);
	type(p, "a");
	settle(p);
	assert_shows(p, "problem 1: ana: snoozed at");
	assert_shows(p, "nothing was changed");
	assert_team(p, "SELECT state FROM team.problem WHERE id = 1", "snoozed");
}

static void test_a_note_of_somebody_else_is_no_conflict(void **state)
{
	struct bench *p = *state;
	other(p, TEAM_NOTE, 1, "I saw this last week");
	type(p, "a");
	settle(p);
	assert_team(p, "SELECT state FROM team.problem WHERE id = 1", "acknowledged");
}

static void test_the_marked_ones_are_meant_and_undone_together(void **state)
{
	struct bench *p = *state;
	type(p, "  V");
	settle(p);
	assert_shows(p, "2 problems: resolved");
	assert_team(p, "SELECT CAST(count(*) AS TEXT) FROM team.problem WHERE state = 'resolved'", "2");
	type(p, "U");
	settle(p);
	assert_team(p, "SELECT CAST(count(*) AS TEXT) FROM team.problem WHERE state = 'open'", "2");
}

static void test_c_asks_for_a_comment(void **state)
{
	struct bench *p = *state;
	type(p, "c");
	assert_shows(p, "comment:");
	type(p, "reloading the partition\r");
	settle(p);
	assert_shows(p, "problem 1: noted");
	assert_team(p, "SELECT text FROM team.problem_event WHERE verb = 'note'", "reloading the partition");
}

static void test_a_comment_without_words_is_none(void **state)
{
	struct bench *p = *state;
	type(p, "c  \r");
	settle(p);
	assert_shows(p, "nothing was written");
	assert_team(p, "SELECT verb FROM team.problem_event", "nothing");
}

static void test_z_offers_times(void **state)
{
	struct bench *p = *state;
	type(p, "z");
	assert_shows(p, "until morning");
	type(p, "d");
	settle(p);
	assert_shows(p, "problem 1: snoozed until 2026-11-21 15:00:00 CET");
	settle(p);
	assert_hides(p, "KeyError");
}

static void test_z_takes_any_time(void **state)
{
	struct bench *p = *state;
	type(p, "zu17:30\r");
	settle(p);
	assert_shows(p, "problem 1: snoozed until 2026-11-21 17:30:00 CET");
	type(p, "zunever\r");
	settle(p);
	assert_shows(p, "'never' is no time");
}

static void test_A_asks_the_owner_with_what_is_known(void **state)
{
	struct bench *p = *state;
	type(p, "A");
	settle(p);
	assert_shows(p, "problem:1). Do you know this?");
	type(p, " Please look.\r");
	settle(p);
	assert_shows(p, "problem 1: the question goes to 'data-eng'");
	assert_team(p, "SELECT target || state FROM team.notice", "data-engqueued");
}

static void test_the_palette_assigns_reopens_and_ignores(void **state)
{
	struct bench *p = *state;
	type(p, ":assign problem:2 ana\r");
	settle(p);
	assert_shows(p, "problem 2: assigned to ana");
	type(p, ":ignore problem:1 a test\r");
	settle(p);
	assert_shows(p, "problem 1: ignored");
	type(p, ":reopen problem:1 problem:2\r");
	settle(p);
	assert_team(p,
		"SELECT CAST(count(*) AS TEXT) FROM team.problem WHERE state = 'open' AND assignee IS NULL",
		"2");
}

static void test_what_another_has_is_not_taken_by_a(void **state)
{
	struct bench *p = *state;
	other(p, TEAM_ACK, 1, NULL);
	frame_reload(app_top(p->app));
	settle(p);
	type(p, "G");
	settle(p);
	type(p, "a");
	settle(p);
	assert_shows(p, "problem 1: ana has it");
	assert_team(p, "SELECT assignee FROM team.problem WHERE id = 1", "ana");
}

static void look(struct bench *p)
{
	watch_look(p->app);
	while (p->app->watch.ticket)
		loop_step(p->loop, 1000);
}

static void test_a_problem_that_is_new_is_announced(void **state)
{
	struct bench *p = *state;
	look(p); /* learns what is there */
	exec(p, "INSERT INTO team.problem_event (problem_id, at_ms, who, verb) VALUES (1, 2, 'ana', 'note')");
	look(p);
	assert_null(p->app->message);
	exec(p, "INSERT INTO team.problem_event (problem_id, at_ms, who, verb) VALUES"
		" (2, 2, 'sync', 'returned'), (1, 2, 'sync', 'grew')");
	look(p);
	assert_shows(p, "grew: churn ▸ check: KeyError: player, and 1 more");
}

static void test_read_only_writes_nothing(void **state)
{
	struct bench *p = *state;
	as_user(p, "read_only: true\n");
	type(p, "aVzU");
	settle(p);
	assert_shows(p, "read-only: nothing is written");
	assert_team(p, "SELECT verb FROM team.problem_event", "nothing");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_as_mlee, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_takes_the_problem_under_the_cursor),
		TEST(test_what_is_taken_sinks_below_what_is_new),
		TEST(test_U_takes_the_last_step_back),
		TEST(test_somebody_elses_step_is_shown_and_not_overwritten),
		TEST(test_a_note_of_somebody_else_is_no_conflict),
		TEST(test_the_marked_ones_are_meant_and_undone_together),
		TEST(test_c_asks_for_a_comment),
		TEST(test_a_comment_without_words_is_none),
		TEST(test_z_offers_times),
		TEST(test_z_takes_any_time),
		TEST(test_A_asks_the_owner_with_what_is_known),
		TEST(test_the_palette_assigns_reopens_and_ignores),
		TEST(test_what_another_has_is_not_taken_by_a),
		TEST(test_a_problem_that_is_new_is_announced),
		TEST(test_read_only_writes_nothing),
	};
	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	clock_fix(INT64_C(1795262400000));
	return cmocka_run_group_tests(tests, NULL, NULL);
}

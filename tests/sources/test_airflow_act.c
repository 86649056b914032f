/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Actions on Airflow, on captured answers (tests/fixtures/airflow) and made-up ones. */
#include "tests/sources/replay.h"

#include "client/sources/adapters.h"

#define DIR    "tests/fixtures/airflow/"
#define HEALTH "GET /api/v2/monitor/health"
#define CLEAR  "POST /api/v2/dags/score_shards/clearTaskInstances"
#define RUN    "manual__2026-11-22T13:17:16.597999+00:00"
#define ACTING "dry_run\":false"

static struct replay r;
static const struct config_source source = {.name = "airflow-test",
	.kind = "airflow",
	.url = "http://127.0.0.1:8080/",
	.since_ms = TIME_NONE,
	.actions = true};

static int setup(void **state)
{
	(void)state;
	replay_init(&r);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	replay_fini(&r);
	return 0;
}

static void add(const char *path, const char *body)
{
	replay_add(&r, (struct answer){.path = path, .body = body});
}

static void add_status(const char *path, int status, const char *body)
{
	replay_add(&r, (struct answer){.path = path, .status = status, .body = body});
}

static void add_healthy(void)
{
	add(HEALTH, "{\"scheduler\":{\"status\":\"healthy\"}}");
}

static bool act(struct act_request request, const char *args)
{
	replay_reset(&r);
	return replay_act(&r, &airflow_adapter, &source, request, args);
}

/* Only tells what would be done. */
static bool plan(struct act_request request, const char *args)
{
	request.is_dry_run = true;
	return act(request, args);
}

static const struct act_request rerun = {.verb = "rerun", .pipeline = "score_shards", .run = RUN};
static const struct act_request trigger = {.verb = "trigger", .pipeline = "churn"};
static const struct act_request cancel = {.verb = "cancel", .pipeline = "churn", .run = "a/b"};

/* --- rerun and clear ------------------------------------------------------------------------ */

static void test_a_dry_run_names_each_step_and_changes_nothing(void **state)
{
	(void)state;
	add_healthy();
	replay_add(&r, (struct answer){.path = CLEAR, .file = DIR "clear_dry_run.json"});
	assert_true(plan(rerun, "{}"));
	assert_has(&r.acted, "no run=-: \n");
	assert_has(&r.acted, "\"clear merge (upstream_failed, attempt 0)\"");
	assert_has(&r.acted, "\"clear score:7");
	assert_has(&r.asked, "\"dry_run\":true,\"only_failed\":true,\"dag_run_id\":\"" RUN "\"}");
	assert_lacks(&r.asked, ACTING);
}

static void test_it_is_cleared_in_one_request(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = CLEAR, .file = DIR "clear_dry_run.json"});
	assert_true(act(rerun, "{\"note\":\"try \\\"again\\\"\"}"));
	assert_has(&r.acted, "yes tried run=-: 3 steps cleared");
	assert_has(&r.asked, "\"dry_run\":false,\"only_failed\":true");
	assert_has(&r.asked, "\"note\":\"try \\\"again\\\"\"");
	assert_int_equal(count_of(&r.asked, "\n"), 1);
}

static void test_one_mapped_step_and_what_waits_behind_it(void **state)
{
	struct act_request request = rerun;

	(void)state;
	request.step = "score";
	request.index = "7";
	add(CLEAR, "{\"task_instances\":[{\"task_id\":\"score\"}]}");
	assert_true(act(request, "{}"));
	assert_has(&r.asked,
		"\"task_ids\":[[\"score\",7]],\"include_downstream\":true,\"include_upstream\":false");
	request.verb = "clear";
	assert_true(act(request, "{\"only_failed\":false,\"upstream\":true}"));
	assert_has(&r.asked, "\"only_failed\":false");
	assert_has(&r.asked, "\"include_downstream\":false,\"include_upstream\":true");
}

static void test_where_nothing_failed_there_is_nothing_to_do(void **state)
{
	(void)state;
	add_healthy();
	add(CLEAR, "{\"task_instances\":[],\"total_entries\":0}");
	assert_true(plan(rerun, "{}"));
	assert_has(&r.acted, "unknown run=-: nothing failed here; --all takes every step\n[]");
}

static void test_a_dead_scheduler_is_a_reason_to_refuse(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = HEALTH, .file = DIR "health_scheduler_down.json"});
	assert_false(plan(rerun, "{}"));
	assert_int_equal(r.err.code, ERR_REFUSED);
	assert_non_null(
		strstr(r.err.msg, "nothing would start: the scheduler is silent, last heartbeat 2026"));
	assert_lacks(&r.asked, "clearTaskInstances");
}

/* What was confirmed, looked for once more: both lines, one of them, none. */
static void test_what_was_confirmed_is_looked_for(void **state)
{
	static const char confirmed[] =
		"{\"confirmed\":[\"clear a (failed, attempt 1)\",\"clear b (failed, attempt 2)\"]}";
	static const struct {
		const char *rows, *did;
	} cases[] = {
		{"{\"task_id\":\"a\",\"state\":\"failed\",\"try_number\":1},"
		 "{\"task_id\":\"b\",\"state\":\"failed\",\"try_number\":2}",
			"no run"},
		{"{\"task_id\":\"a\",\"state\":\"failed\",\"try_number\":1}", "unknown run"},
		{"{\"task_id\":\"a\",\"state\":\"failed\",\"try_number\":2}", "yes run"},
		{"", "yes run"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *body = x_printf("{\"task_instances\":[%s]}", cases[i].rows);

		replay_fini(&r);
		replay_init(&r);
		add_healthy();
		add(CLEAR, body);
		assert_true(plan(rerun, confirmed));
		assert_has(&r.acted, cases[i].did);
		x_free(body);
	}
}

/* --- trigger --------------------------------------------------------------------------------- */

static void test_a_run_is_started_under_our_own_name(void **state)
{
	(void)state;
	add("POST /api/v2/dags/churn/dagRuns", "{\"dag_run_id\":\"porthole__n1\",\"state\":\"queued\"}");
	assert_true(act(trigger, "{\"nonce\":\"n1\",\"conf\":{\"scale\":2,\"x\":\"\\u001b[2J\"}}"));
	assert_has(&r.acted, "yes tried run=porthole__n1: run porthole__n1 started");
	assert_has(&r.asked, "{\"dag_run_id\":\"porthole__n1\",\"logical_date\":null,\"conf\":{\"scale\":2,");
}

static void test_a_name_that_is_taken_may_be_our_own_run(void **state)
{
	(void)state;
	replay_add(&r,
		(struct answer){.path = "POST *", .status = 409, .file = DIR "err_409_duplicate_run.json"});
	assert_true(act(trigger, "{\"nonce\":\"n1\"}"));
	assert_has(&r.acted, "unknown tried run=-: HTTP 409: Unique constraint violation");
}

static void test_a_run_of_our_name_is_looked_for(void **state)
{
	(void)state;
	add_healthy();
	add("GET /api/v2/dags/churn", "{\"is_paused\":true}");
	add("GET /api/v2/dags/churn/dagRuns/porthole__n1", "{\"state\":\"running\"}");
	assert_true(plan(trigger, "{\"nonce\":\"n1\",\"conf\":{\"a\":1}}"));
	assert_has(&r.acted, "yes run=porthole__n1: run porthole__n1 is there, running");
}

static void test_a_paused_pipeline_is_told(void **state)
{
	(void)state;
	add_healthy();
	add("GET /api/v2/dags/churn", "{\"is_paused\":true}");
	assert_true(plan(trigger, "{\"nonce\":\"n1\",\"conf\":{\"a\":1}}"));
	assert_has(&r.acted, "no run=-: it is paused: the run waits until it is not\n");
	assert_has(&r.acted, "start a run of churn with conf {\\\"a\\\":1}");
}

/* --- states, pause, notes ----------------------------------------------------------------------- */

static void test_a_run_is_cancelled_by_marking_it_failed(void **state)
{
	(void)state;
	add("PATCH /api/v2/dags/churn/dagRuns/a%2Fb?update_mask=state", "{\"state\":\"failed\"}");
	assert_true(act(cancel, "{}"));
	assert_has(&r.acted, "yes tried");
	assert_has(&r.asked, "{\"state\":\"failed\"}");
}

static void test_what_is_over_is_not_cancelled(void **state)
{
	(void)state;
	add("GET /api/v2/dags/churn/dagRuns/a%2Fb", "{\"state\":\"success\"}");
	assert_true(plan(cancel, "{}"));
	assert_has(&r.acted, "no run=-: nothing to cancel: run a/b is success\n[]");
}

/* A run that failed by itself was not cancelled; one that was marked looks the same. */
static void test_a_lost_cancel_is_seen_by_the_runs_state(void **state)
{
	(void)state;
	add("GET /api/v2/dags/churn/dagRuns/a%2Fb", "{\"state\":\"failed\"}");
	assert_true(plan(cancel, "{}"));
	assert_has(&r.acted, "no run=-: nothing to cancel: run a/b is failed\n[]");
	assert_true(plan(cancel, "{\"confirmed\":[\"mark run a/b failed, and stop its steps (running)\"]}"));
	assert_has(&r.acted, "yes run=-: run a/b is failed");
}

static void test_a_step_is_marked_with_a_note(void **state)
{
	const struct act_request request = {
		.verb = "set-state", .pipeline = "p", .run = "r", .step = "s", .index = "3"};

	(void)state;
	add("PATCH /api/v2/dags/p/dagRuns/r/taskInstances/s/3",
		"{\"task_instances\":[{\"state\":\"success\"}],\"total_entries\":1}");
	assert_true(act(request, "{\"state\":\"success\",\"note\":\"checked by hand\"}"));
	assert_has(&r.acted, "yes tried");
	assert_has(&r.asked, "{\"new_state\":\"success\",\"note\":\"checked by hand\"}");
	assert_false(act(request, "{}"));
	assert_int_equal(r.err.code, ERR_USAGE);
}

static void test_paused_is_as_it_is(void **state)
{
	const struct act_request pause = {.verb = "pause", .pipeline = "p"};
	const struct act_request unpause = {.verb = "unpause", .pipeline = "p"};

	(void)state;
	add("GET /api/v2/dags/p", "{\"is_paused\":true}");
	add("PATCH /api/v2/dags/p?update_mask=is_paused", "{\"is_paused\":false}");
	assert_true(plan(pause, "{}"));
	assert_has(&r.acted, "yes run=-: it is paused");
	assert_true(act(unpause, "{}"));
	assert_has(&r.asked, "{\"is_paused\":false}");
	assert_has(&r.acted, "yes tried run=-: not paused");
}

static void test_a_note_says_what_it_replaces(void **state)
{
	const struct act_request request = {.verb = "tag", .pipeline = "p", .run = "r"};

	(void)state;
	add("GET /api/v2/dags/p/dagRuns/r", "{\"note\":\"old\"}");
	assert_true(plan(request, "{\"note\":\"new\"}"));
	assert_has(&r.acted, "note at run r: new, in the place of: old");
	assert_false(plan(request, "{\"tags\":{\"a\":\"1\"},\"note\":\"x\"}"));
	assert_int_equal(r.err.code, ERR_USAGE);
}

/* --- answers that are none ------------------------------------------------------------------------- */

static void test_a_clear_no_was_not_done(void **state)
{
	(void)state;
	add_status("PATCH *", 403, "{\"detail\":\"Forbidden\"}");
	assert_false(act(cancel, "{}"));
	assert_int_equal(r.err.code, ERR_REFUSED);
	assert_has(&r.acted, "unknown run=-"); /* not tried: the tool did nothing */
}

static void test_a_lost_answer_is_sent_once_and_not_known(void **state)
{
	static const struct answer losses[] = {
		{.path = "PATCH *", .status = 500, .body = "{}"},
		{.path = "PATCH *", .status = 502, .body = "bad gateway"},
		{.path = "PATCH *", .status = 429, .body = "{}"},
		{.path = "PATCH *", .body = "{\"state\":\"fai"},
		{.path = "PATCH *", .body = "<html>", .is_html = true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		replay_fini(&r);
		replay_init(&r);
		replay_add(&r, losses[i]);
		assert_false(act(cancel, "{}"));
		assert_has(&r.acted, "unknown tried");
		assert_int_equal(count_of(&r.asked, "PATCH"), 1);
	}
}

static void test_what_was_not_sent_was_not_tried(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = "PATCH *", .failure = "connection refused"});
	assert_false(act(cancel, "{}"));
	assert_has(&r.acted, "unknown run=-");
	assert_int_equal(count_of(&r.asked, "PATCH"), 1);
}

static void test_it_is_not_signed_in_anew_for(void **state)
{
	(void)state;
	add_status("PATCH *", 401, "{\"detail\":\"Not authenticated\"}");
	assert_false(act(cancel, "{}"));
	assert_int_equal(r.err.code, ERR_AUTH);
	assert_int_equal(count_of(&r.asked, "PATCH"), 1);
}

static void test_a_verb_wants_the_right_object(void **state)
{
	struct act_request request = trigger;

	(void)state;
	request.run = "r";
	assert_false(plan(request, "{}"));
	assert_string_equal(r.err.msg, "trigger wants a pipeline");
	request.verb = "delete";
	assert_false(plan(request, "{}"));
	assert_int_equal(r.err.code, ERR_REFUSED);
	assert_int_equal(r.asked.n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_dry_run_names_each_step_and_changes_nothing),
		TEST(test_it_is_cleared_in_one_request),
		TEST(test_one_mapped_step_and_what_waits_behind_it),
		TEST(test_where_nothing_failed_there_is_nothing_to_do),
		TEST(test_a_dead_scheduler_is_a_reason_to_refuse),
		TEST(test_what_was_confirmed_is_looked_for),
		TEST(test_a_run_is_started_under_our_own_name),
		TEST(test_a_name_that_is_taken_may_be_our_own_run),
		TEST(test_a_run_of_our_name_is_looked_for),
		TEST(test_a_paused_pipeline_is_told),
		TEST(test_a_run_is_cancelled_by_marking_it_failed),
		TEST(test_what_is_over_is_not_cancelled),
		TEST(test_a_lost_cancel_is_seen_by_the_runs_state),
		TEST(test_a_step_is_marked_with_a_note),
		TEST(test_paused_is_as_it_is),
		TEST(test_a_note_says_what_it_replaces),
		TEST(test_a_clear_no_was_not_done),
		TEST(test_a_lost_answer_is_sent_once_and_not_known),
		TEST(test_what_was_not_sent_was_not_tried),
		TEST(test_it_is_not_signed_in_anew_for),
		TEST(test_a_verb_wants_the_right_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Airflow adapter on captured answers (tests/fixtures/airflow) and made-up ones. */
#include "tests/sources/replay.h"

#include "client/sources/adapters.h"
#include "client/sources/airflow_log.h"

#define DIR "tests/fixtures/airflow/"
/* In a glob `?` is any byte, so each names the start of its query. */
#define DAGS  "GET /api/v2/dags?exclude*"
#define RUNS  "GET /api/v2/dags/~/dagRuns?order_by*"
#define STEPS "GET /api/v2/dags/~/dagRuns/~/taskInstances?*"

static struct replay r;
static const struct config_source source = {
	.name = "airflow-test", .kind = "airflow", .url = "http://127.0.0.1:8080/", .since_ms = TIME_NONE};
static const struct config_source with_login = {.name = "airflow-test",
	.kind = "airflow",
	.url = "http://127.0.0.1:8080",
	.username = "admin",
	.password = {.env = "TEST_AIRFLOW_PASSWORD"},
	.since_ms = TIME_NONE};

static int setup(void **state)
{
	(void)state;
	replay_init(&r);
	setenv("TEST_AIRFLOW_PASSWORD", "hunter2\"x", 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	replay_fini(&r);
	return 0;
}

/* Everything empty, behind what a test put before it. */
static void add_empty(void)
{
	replay_add(&r, (struct answer){.path = "GET /api/v2/monitor/health", .body = "{}"});
	replay_add(&r, (struct answer){.path = "GET /api/v2/importErrors*",
			       .body = "{\"import_errors\":[],\"total_entries\":0}"});
	replay_add(&r, (struct answer){.path = DAGS, .body = "{\"dags\":[],\"total_entries\":0}"});
	replay_add(&r, (struct answer){.path = RUNS,
			       .body = "{\"dag_runs\":[],\"total_entries\":0,\"next_cursor\":null}"});
	replay_add(&r, (struct answer){.path = STEPS,
			       .body = "{\"task_instances\":[],\"total_entries\":0,\"next_cursor\":null}"});
}

static void add_captured(void)
{
	static const struct answer captured[] = {
		{.path = "GET /api/v2/monitor/health", .file = DIR "health.json"},
		{.path = "GET /api/v2/importErrors*", .file = DIR "import_errors.json"},
		{.path = DAGS, .file = DIR "dags.json"},
		{.path = RUNS "cursor=", .file = DIR "dag_runs_1.json"},
		{.path = RUNS "cursor=kQU", .file = DIR "dag_runs_2.json"},
		{.path = RUNS "cursor=kQo", .file = DIR "dag_runs_3.json"},
		{.path = STEPS "cursor=", .file = DIR "task_instances_1.json"},
		{.path = STEPS "cursor=kv_*", .file = DIR "task_instances_2.json"},
		{.path = STEPS "cursor=kgDZ*", .file = DIR "task_instances_3.json"},
		{.path = "GET */matchmaking_score/tasks", .file = DIR "tasks_mapped.json"},
		{.path = "GET */churn_features/tasks", .file = DIR "tasks_grouped.json"},
		{.path = "GET */recsys_daily/tasks", .file = DIR "tasks_line.json"},
		{.path = "GET */pull_vectors/tries", .file = DIR "tries_flaky.json"},
	};

	for (size_t i = 0; i < ARRAY_LEN(captured); i++)
		replay_add(&r, captured[i]);
	r.date_ms = 1795364478000;
}

static bool pull(const char *cursor)
{
	return replay_pull(&r, &airflow_adapter, &source, cursor, TIME_NONE);
}

static void test_first_pull_tells_all_pages(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.records, "\"method\":\"run\""), 13);
	assert_int_equal(count_of(&r.records, "\"method\":\"pipeline\""), 12);
	/* 45 rows, and the failed first attempt of the one that was retried. */
	assert_int_equal(count_of(&r.records, "\"method\":\"step_run\""), 46);
	assert_int_equal(r.notes.n, 0);
	assert_has(&r.records, "\"user\":\"mlee\"");
	assert_has(&r.records, "\"url\":\"http://127.0.0.1:8080/dags/recsys_daily/runs/live__recsys_daily\"");
	assert_has(&r.records, "\"url\":\"http://127.0.0.1:8080/dags/telemetry_rollup/runs/"
			       "scheduled__2026-11-20T00%3A00%3A00%2B00%3A00\"");
	assert_has(&r.records, "\"schedule\":\"0 3 * * 1\"");
	assert_has(&r.records, "\"paused\":true");
}

static void test_steps_name_what_comes_before_them(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.records, "{\"step\":\"report\",\"operator\":\"EmptyOperator\",\"upstream\":"
			       "[\"features.sessions.store\",\"features.spend.store\"]}");
}

static void test_mapped_steps_have_index_and_label(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.records, "\"step\":\"score_region\",\"index\":\"2\",\"label\":\"apac-south\"");
}

static void test_hostile_names_pass_unchanged_and_escaped(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.records, "live__hostile_strings\\u001b[31m+:\\u009b2J\\u202egpj %41");
	assert_has(&r.records, "live__hostile_strings%1B%5B31m%2B%3A%C2%9B2J%E2%80%AEgpj%20%2541");
	for (size_t i = 0; i < r.records.n; i++)
		assert_true((unsigned char)r.records.p[i] >= 0x20 || r.records.p[i] == '\n');
}

static void test_second_pull_asks_for_increments_only(void **state)
{
	char *cursor;

	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_non_null(r.cursor);
	cursor = x_strdup(r.cursor);
	replay_reset(&r);
	replay_add(&r, (struct answer){0});
	memmove(&r.answers[2], &r.answers[0], 30 * sizeof(r.answers[0]));
	r.answers[0] = (struct answer){.path = RUNS, .body = "{\"dag_runs\":[],\"next_cursor\":null}"};
	r.answers[1] = (struct answer){.path = STEPS, .body = "{\"task_instances\":[],\"next_cursor\":null}"};
	r.n++;
	assert_true(pull(cursor));
	/* One minute before the server's clock of the pull before. */
	assert_has(&r.asked, "/dagRuns?order_by=updated_at&updated_at_gte=2026-11-22T16%3A20%3A18Z&");
	assert_has(&r.asked, "/taskInstances?updated_at_gte=2026-11-22T16%3A20%3A18Z&");
	assert_int_equal(count_of(&r.asked, "\n"), 5);
	assert_lacks(&r.asked, "/tasks");
	assert_int_equal(count_of(&r.records, "\"method\":\"pipeline\""), 12);
	assert_lacks(&r.records, "\"steps\"");
	assert_has(&r.records, "\"version\":\"1\"");
	x_free(cursor);
}

static void test_a_new_version_asks_for_the_steps_again(void **state)
{
	(void)state;
	replay_add(&r,
		(struct answer){.path = DAGS,
			.body = "{\"dags\":[{\"dag_id\":\"a\"},{\"dag_id\":\"b\"}],\"total_entries\":2}"});
	replay_add(&r, (struct answer){.path = RUNS,
			       .body = "{\"dag_runs\":[{\"dag_id\":\"a\",\"dag_run_id\":\"r\",\"state\":"
				       "\"success\",\"dag_versions\":"
				       "[{\"id\":\"0-0-0-0-old\",\"version_number\":1},{\"id\":\"1-1-new\","
				       "\"version_number\":2}]}],\"next_cursor\":null}"});
	add_empty();
	replay_add(&r, (struct answer){.path = "GET */tasks", .body = "{\"tasks\":[{\"task_id\":\"x\"}]}"});
	assert_true(pull("{\"t\":1795364418000,\"v\":{\"a\":\"1:0-0-0-old\",\"b\":\"7:same\"},\"i\":[]}"));
	assert_has(&r.asked, "GET /api/v2/dags/a/tasks");
	assert_lacks(&r.asked, "GET /api/v2/dags/b/tasks");
	assert_has(&r.records, "\"pipeline\":\"b\",\"kind\":\"dag\"");
	assert_non_null(strstr(r.cursor, "\"b\":\"7:same\""));
	assert_non_null(strstr(r.cursor, "\"a\":\"2:1-1-new\""));
}

static void test_without_cursor_paging_it_counts_rows(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = RUNS "offset=1",
			       .body = "{\"dag_runs\":[{\"dag_id\":\"d\",\"dag_run_id\":\"two\",\"state\":"
				       "\"queued\"}],\"total_entries\":2}"});
	replay_add(&r, (struct answer){.path = RUNS "cursor=",
			       .body = "{\"dag_runs\":[{\"dag_id\":\"d\",\"dag_run_id\":\"one\",\"state\":"
				       "\"queued\"}],\"total_entries\":2}"});
	add_empty();
	assert_true(pull(NULL));
	assert_has(&r.records, "\"run\":\"one\"");
	assert_has(&r.records, "\"run\":\"two\"");
	assert_int_equal(count_of(&r.asked, "/dagRuns?"), 2);
}

static void test_a_page_that_repeats_is_an_error(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = RUNS, .body = "{\"dag_runs\":[],\"next_cursor\":\"same\"}"});
	add_empty();
	assert_false(pull(NULL));
	assert_non_null(strstr(r.err.msg, "the same page again"));
}

static void test_an_empty_airflow_is_no_error(void **state)
{
	(void)state;
	add_empty();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.records, "\"method\":\"run\""), 0);
	assert_non_null(r.cursor);
}

static void test_states_and_null_dates(void **state)
{
	static const struct {
		const char *said, *state;
	} rows[] = {
		{"\"scheduled\"", "queued"},
		{"\"queued\"", "queued"},
		{"null", "queued"},
		{"\"up_for_retry\"", "queued"},
		{"\"running\"", "running"},
		{"\"deferred\"", "running"},
		{"\"up_for_reschedule\"", "running"},
		{"\"restarting\"", "running"},
		{"\"success\"", "success"},
		{"\"failed\"", "failed"},
		{"\"skipped\"", "skipped"},
		{"\"upstream_failed\"", "skipped"},
		{"\"removed\"", "skipped"},
		{"\"never_seen\"", "unknown"},
		{"7", "unknown"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char body[400], want[100];

		replay_fini(&r);
		replay_init(&r);
		snprintf(body, sizeof(body),
			"{\"task_instances\":[{\"dag_id\":\"d\",\"dag_run_id\":\"r\",\"task_id\":\"t\",\"map_"
			"index\":-1,"
			"\"try_number\":1,\"start_date\":null,\"end_date\":null,\"state\":%s}]}",
			rows[i].said);
		snprintf(want, sizeof(want), "\"attempt\":1,\"state\":\"%s\"", rows[i].state);
		replay_add(&r, (struct answer){.path = STEPS "cursor=", .body = body});
		add_empty();
		assert_true(pull(NULL));
		assert_has(&r.records, want);
		assert_lacks(&r.records, "started_ms");
	}
}

static void test_a_blocked_step_has_the_times_the_tool_says(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = STEPS "cursor=",
			       .body = "{\"task_instances\":[{\"dag_id\":\"d\",\"dag_run_id\":\"r\",\"task_"
				       "id\":\"t\",\"try_number\":0,"
				       "\"start_date\":\"2026-11-22T13:18:12Z\",\"end_date\":\"2026-11-22T13:"
				       "18:12Z\","
				       "\"state\":\"upstream_failed\"}]}"});
	add_empty();
	assert_true(pull(NULL));
	assert_has(&r.records, "\"attempt\":0,\"state\":\"skipped\",\"tool_state\":\"upstream_failed\"");
	assert_has(&r.records, "\"started_ms\":1795353492000,\"ended_ms\":1795353492000");
}

static void test_rows_without_names_fail_alone(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = RUNS "cursor=",
			       .body = "{\"dag_runs\":[{\"dag_id\":7},null,[],{\"dag_id\":\"d\",\"dag_run_"
				       "id\":\"ok\",\"state\":NaN,"
				       "\"conf\":{\"a\":[1,{}],\"b\":null,\"c\":\"text\"}}]}"});
	add_empty();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.notes, "left out"), 3);
	assert_has(&r.records, "\"params\":{\"a\":\"[1,{}]\",\"b\":\"null\",\"c\":\"text\"}");
}

static void test_health_of_a_dead_scheduler(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = "GET /api/v2/monitor/health",
			       .file = DIR "health_scheduler_down.json"});
	add_empty();
	assert_true(pull(NULL));
	assert_has(&r.records, "\"component\":\"scheduler\",\"state\":\"failed\",\"since_ms\":");
	assert_has(&r.records, "\"message\":\"silent, last heartbeat 2026-");
	assert_has(&r.records, "\"component\":\"dag-processor\",\"state\":\"ok\"");
	assert_lacks(&r.asked, "health [");
}

static void test_a_triggerer_that_never_ran_is_no_alarm(void **state)
{
	(void)state;
	replay_add(
		&r, (struct answer){.path = "GET /api/v2/monitor/health",
			    .body = "{\"triggerer\":{\"status\":null,\"latest_triggerer_heartbeat\":null}}"});
	add_empty();
	assert_true(pull(NULL));
	assert_has(&r.records, "\"component\":\"triggerer\",\"state\":\"unknown\"");
	assert_lacks(&r.records, "\"failed\"");
}

static void test_import_errors_come_and_go(void **state)
{
	char *cursor;

	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.records, "\"component\":\"import dags-folder/broken_import.py\",\"state\":\"failed\"");
	assert_has(&r.records, "\"message\":\"ModuleNotFoundError: No module named 'feature_platform'\"");
	cursor = x_strdup(r.cursor);
	replay_fini(&r);
	replay_init(&r);
	add_empty();
	assert_true(pull(cursor));
	assert_has(&r.records, "\"component\":\"import dags-folder/broken_import.py\",\"state\":\"gone\"");
	assert_null(strstr(r.cursor, "broken_import"));
	x_free(cursor);
}

static void test_import_errors_not_allowed_are_remembered(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = "GET /api/v2/importErrors*",
			       .status = 403,
			       .body = "{\"detail\":\"Forbidden\"}"});
	add_empty();
	assert_true(pull("{\"t\":1,\"v\":{},\"i\":[\"import a/b.py\"]}"));
	assert_lacks(&r.records, "\"gone\"");
	assert_has(&r.notes, "no import_errors: HTTP 403");
	assert_non_null(strstr(r.cursor, "import a/b.py"));
}

static bool pull_signed_in(void)
{
	return replay_pull(&r, &airflow_adapter, &with_login, NULL, TIME_NONE);
}

static void test_signs_in_once_and_again_when_the_token_is_refused(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = "POST /auth/token",
			       .status = 201,
			       .body = "{\"access_token\":\"first\"}",
			       .times = 1});
	replay_add(&r, (struct answer){.path = "POST /auth/token",
			       .status = 201,
			       .body = "{\"access_token\":\"second\"}",
			       .times = 1});
	replay_add(&r, (struct answer){.path = RUNS,
			       .status = 403,
			       .body = "{\"detail\":\"Invalid JWT token\"}",
			       .times = 1});
	add_empty();
	assert_true(pull_signed_in());
	assert_int_equal(count_of(&r.asked, "POST /auth/token"), 2);
	assert_has(&r.asked, "{\"username\":\"admin\",\"password\":\"hunter2\\\"x\"}");
	assert_has(&r.asked, "/dagRuns?order_by=updated_at&limit=100&cursor= [first]");
	assert_has(&r.asked, "/dagRuns?order_by=updated_at&limit=100&cursor= [second]");
}

static void test_a_wrong_password_fails_without_repeating(void **state)
{
	(void)state;
	replay_add(&r,
		(struct answer){
			.path = "POST /auth/token", .status = 401, .file = DIR "err_401_bad_password.json"});
	add_empty();
	assert_false(pull_signed_in());
	assert_int_equal(r.err.code, ERR_AUTH);
	assert_string_equal(r.err.msg, "POST /auth/token: HTTP 401 from 127.0.0.1:8080: Invalid credentials");
	assert_int_equal(count_of(&r.asked, "POST /auth/token"), 1);
}

static void test_not_allowed_is_not_signed_out(void **state)
{
	(void)state;
	replay_add(&r,
		(struct answer){
			.path = "POST /auth/token", .status = 201, .body = "{\"access_token\":\"first\"}"});
	replay_add(
		&r, (struct answer){.path = RUNS, .status = 403, .file = DIR "err_403_viewer_trigger.json"});
	add_empty();
	assert_false(pull_signed_in());
	assert_int_equal(r.err.code, ERR_REFUSED);
	assert_string_equal(r.err.msg, "GET /api/v2/dags/~/dagRuns: HTTP 403 from 127.0.0.1:8080: Forbidden");
	assert_int_equal(count_of(&r.asked, "POST /auth/token"), 1);
}

static void test_a_busy_server_is_asked_again(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = RUNS, .status = 503, .times = 2});
	replay_add(&r, (struct answer){.path = STEPS,
			       .failure = "cannot connect to 127.0.0.1:8080: connection refused",
			       .times = 1});
	add_empty();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.asked, "/dagRuns?"), 3);
}

static void test_a_dead_server_is_given_up_after_four_tries(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = RUNS,
			       .failure = "cannot connect to 127.0.0.1:8080: connection refused"});
	add_empty();
	assert_false(pull(NULL));
	assert_string_equal(r.err.msg, "cannot connect to 127.0.0.1:8080: connection refused");
	assert_int_equal(count_of(&r.asked, "/dagRuns?"), 4);
	assert_null(r.cursor);
}

static void test_a_web_page_is_not_taken_for_data(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = RUNS, .body = " <!DOCTYPE html><title>Sign in</title>"});
	add_empty();
	assert_false(pull(NULL));
	assert_int_equal(r.err.code, ERR_AUTH);
	assert_non_null(strstr(r.err.msg, "signed out, or not this tool's API"));
}

static void test_json_of_another_tool_is_told(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = RUNS, .body = "{\"runs\":[]}"});
	add_empty();
	assert_false(pull(NULL));
	assert_non_null(strstr(r.err.msg, "not the API of Airflow 3"));
}

/* --- logs ---------------------------------------------------------------------------- */

static const struct log_request step_log = {
	.step = {.pipeline = "d", .run = "manual__2026+00:00", .step = "t", .attempt = 1}};

static void add_instance(const char *body)
{
	replay_add(&r, (struct answer){.path = "GET */taskInstances/t", .body = body});
	replay_add(&r, (struct answer){.path = "GET */taskInstances/t/7", .body = body});
}

static bool ask_log(const struct log_request *request)
{
	return replay_log(&r, &airflow_adapter, &source, request);
}

static void test_each_captured_log_shows_its_cause(void **state)
{
	static const struct {
		const char *file, *cause;
	} logs[] = {
		{"log_data_check.ndjson", "\nDataCheckError: null_rate(player_id) = 0.312"},
		{"log_data_check.ndjson",
			"\nThe above exception was the direct cause of the following exception:\n"},
		{"log_inside_green_run.ndjson", "\nValueError: spend_30d: 211 of 48020 players"},
		{"log_sigkill.ndjson", "CRITICAL Process terminated by signal."},
		{"log_sigkill.ndjson", " signal=-9 signal_name=SIGKILL\n"},
		{"log_java.ndjson", "Caused by: java.lang.OutOfMemoryError: Java heap space\n"},
		{"log_sensor_timeout.ndjson", "\nAirflowSensorTimeout: Sensor has timed out"},
		{"log_mapped.ndjson", "\nZeroDivisionError: apac-south: skill normaliser is zero"},
		{"log_module.ndjson", "\nModuleNotFoundError: No module named 'player_features'"},
		{"log_implicit_chain.ndjson",
			"\nDuring handling of the above exception, another exception occurred:\n"},
		{"log_implicit_chain.ndjson", "\nKeyError: 'replica_url'\n"},
		{"log_flaky_try1.ndjson", "\nConnectionResetError: [Errno 104] Connection reset by peer"},
		{"log_flaky_try2.ndjson", "INFO pulled 1204331 vectors\n"},
		{"log_blocked.ndjson", "Z Task did not run because upstream task(s) failed.\n"},
		{"log_hostile.ndjson", "\nValueError: player name rejected: \x1b[2J"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
		char *file = x_printf(DIR "%s", logs[i].file);

		replay_fini(&r);
		replay_init(&r);
		add_instance("{\"state\":\"failed\",\"try_number\":1}");
		replay_add(&r, (struct answer){.path = "GET */logs/1?map_index=-1", .file = file});
		assert_true(ask_log(&step_log));
		assert_has(&r.text, logs[i].cause);
		assert_has(&r.text, "::group::Log message source details\n::endgroup::\n");
		assert_int_equal(r.log_offset, r.text.n);
		assert_true(r.is_log_complete);
		x_free(file);
	}
}

static void test_log_asks_for_encoded_names(void **state)
{
	struct log_request mapped = step_log;

	(void)state;
	mapped.step.index = "7";
	add_instance("{\"state\":\"failed\",\"try_number\":1}");
	replay_add(&r, (struct answer){.path = "GET */logs/*", .body = ""});
	assert_true(ask_log(&mapped));
	assert_has(&r.asked, "GET /api/v2/dags/d/dagRuns/manual__2026%2B00%3A00/taskInstances/t/7 ");
	assert_has(&r.asked, "/dagRuns/manual__2026%2B00%3A00/taskInstances/t/logs/1?map_index=7 ");
}

static void test_log_goes_on_where_the_reader_is(void **state)
{
	struct log_request later = step_log;

	(void)state;
	later.offset = 9;
	add_instance("{\"state\":\"running\",\"try_number\":1}");
	replay_add(&r, (struct answer){.path = "GET */logs/1*",
			       .body = "{\"event\":\"one\"}\n{\"event\":\"two\"}\n{\"event\":\"three\"}\n"});
	assert_true(ask_log(&later));
	assert_string_equal(r.text.p, "hree\n");
	assert_int_equal(r.log_offset, 14);
	assert_false(r.is_log_complete);
}

static void test_where_a_log_lies_does_not_move_offsets(void **state)
{
	const char *running = "{\"timestamp\":null,\"event\":\"::group::Log message source details\"}\n"
			      "{\"timestamp\":null,\"event\":\"/logs/attempt=1.log\"}\n"
			      "{\"timestamp\":null,\"event\":\"http://worker-1:8793/log/attempt=1.log\"}\n"
			      "{\"timestamp\":null,\"event\":\"could not read /logs/x: gone\"}\n"
			      "{\"timestamp\":null,\"event\":\"::endgroup::\"}\n";
	struct airflow_log log = {0};
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	airflow_log_lines(&log, &out, str_of(running));
	assert_string_equal(
		out.p, "::group::Log message source details\ncould not read /logs/x: gone\n::endgroup::\n");
	buf_fini(&out);
}

static void test_followed_log_ends_with_its_attempt(void **state)
{
	struct log_request follow = step_log;

	(void)state;
	follow.follow = true;
	replay_add(&r, (struct answer){.path = "GET */taskInstances/t",
			       .body = "{\"state\":\"running\",\"try_number\":1}",
			       .times = 1});
	add_instance("{\"state\":\"success\",\"try_number\":1}");
	replay_add(&r, (struct answer){.path = "GET */logs/1*", .body = "{\"event\":\"one\"}\n", .times = 1});
	replay_add(&r, (struct answer){.path = "GET */logs/1*",
			       .body = "{\"event\":\"one\"}\n{\"event\":\"two\"}\n"});
	assert_true(ask_log(&follow));
	assert_string_equal(r.text.p, "one\ntwo\n");
	assert_true(r.is_log_complete);
}

static void test_attempt_before_the_newest_is_complete(void **state)
{
	(void)state;
	add_instance("{\"state\":\"running\",\"try_number\":2}");
	replay_add(&r, (struct answer){.path = "GET */logs/1*", .body = "{\"event\":\"one\"}\n"});
	assert_true(ask_log(&step_log));
	assert_true(r.is_log_complete);
}

static void test_log_not_there_yet(void **state)
{
	(void)state;
	add_instance("{\"state\":\"queued\",\"try_number\":1}");
	replay_add(&r,
		(struct answer){.path = "GET */logs/1*", .status = 404, .file = DIR "err_404_log_try.json"});
	assert_false(ask_log(&step_log));
	assert_int_equal(r.err.code, ERR_NOT_FOUND);
	assert_string_equal(r.err.msg, "log not written yet");
}

static void test_a_log_that_just_ends_gets_the_schedulers_word(void **state)
{
	(void)state;
	add_instance("{\"state\":\"failed\",\"try_number\":1}");
	replay_add(&r, (struct answer){.path = "GET */logs/1*", .body = "{\"event\":\"step=8\"}\n"});
	replay_add(&r,
		(struct answer){.path = "GET /api/v2/eventLogs*",
			.body = "{\"event_logs\":[{\"when\":\"2026-11-22T13:25:45.070998Z\","
				"\"event\":\"heartbeat timeout\",\"extra\":\"Task did not emit heartbeat\"}]}"});
	assert_true(ask_log(&step_log));
	assert_string_equal(r.text.p,
		"step=8\n2026-11-22T13:25:45.070Z ERROR heartbeat timeout: Task did not emit heartbeat\n");
	assert_int_equal(r.log_offset, r.text.n);
	assert_has(&r.asked,
		"event=heartbeat%20timeout&dag_id=d&run_id=manual__2026%2B00%3A00&task_id=t&map_index=-1");
}

static void test_exception_groups_are_indented(void **state)
{
	const char *record =
		"{\"event\":\"Task failed with exception\",\"level\":\"error\",\"timestamp\":\"2026-11-22T13:17:45Z\","
		"\"error_detail\":[{\"exc_type\":\"ExceptionGroup\",\"exc_value\":"
		"\"two\\nlines\",\"is_group\":true,"
		"\"exc_notes\":[\"a note\"],\"exceptions\":[[{\"exc_type\":\"KeyError\",\"exc_value\":\"'a'\","
		"\"frames\":[{\"filename\":\"f.py\",\"lineno\":3,\"name\":\"g\"}]}],[{\"exc_"
		"type\":\"OSError\"}]]}]}\n";
	struct airflow_log log = {0};
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	airflow_log_lines(&log, &out, str_of(record));
	assert_string_equal(out.p, "2026-11-22T13:17:45.000Z ERROR Task failed with exception\n"
				   "ExceptionGroup: two\nlines\na note\n"
				   "  +---------------- 1 ----------------\n"
				   "  | Traceback (most recent call last):\n"
				   "  |   File \"f.py\", line 3, in g\n"
				   "  | KeyError: 'a'\n"
				   "  +---------------- 2 ----------------\n"
				   "  | OSError\n"
				   "  +------------------------------------\n");
	assert_true(log.has_end);
	buf_fini(&out);
}

static void test_lines_that_are_no_json_stand_as_they_came(void **state)
{
	struct airflow_log log = {0};
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	airflow_log_lines(&log, &out, STR("{\"event\":\"a\\nb\",\"k\":\"x y\"}\n{\"event\":\"cut"));
	assert_string_equal(out.p, "a\nb k=\"x y\"\n{\"event\":\"cut\n");
	buf_fini(&out);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_first_pull_tells_all_pages),
		T(test_steps_name_what_comes_before_them),
		T(test_mapped_steps_have_index_and_label),
		T(test_hostile_names_pass_unchanged_and_escaped),
		T(test_second_pull_asks_for_increments_only),
		T(test_a_new_version_asks_for_the_steps_again),
		T(test_without_cursor_paging_it_counts_rows),
		T(test_a_page_that_repeats_is_an_error),
		T(test_an_empty_airflow_is_no_error),
		T(test_states_and_null_dates),
		T(test_a_blocked_step_has_the_times_the_tool_says),
		T(test_rows_without_names_fail_alone),
		T(test_health_of_a_dead_scheduler),
		T(test_a_triggerer_that_never_ran_is_no_alarm),
		T(test_import_errors_come_and_go),
		T(test_import_errors_not_allowed_are_remembered),
		T(test_signs_in_once_and_again_when_the_token_is_refused),
		T(test_a_wrong_password_fails_without_repeating),
		T(test_not_allowed_is_not_signed_out),
		T(test_a_busy_server_is_asked_again),
		T(test_a_dead_server_is_given_up_after_four_tries),
		T(test_a_web_page_is_not_taken_for_data),
		T(test_json_of_another_tool_is_told),
		T(test_each_captured_log_shows_its_cause),
		T(test_log_asks_for_encoded_names),
		T(test_log_goes_on_where_the_reader_is),
		T(test_where_a_log_lies_does_not_move_offsets),
		T(test_followed_log_ends_with_its_attempt),
		T(test_attempt_before_the_newest_is_complete),
		T(test_log_not_there_yet),
		T(test_a_log_that_just_ends_gets_the_schedulers_word),
		T(test_exception_groups_are_indented),
		T(test_lines_that_are_no_json_stand_as_they_came),
	};

	return cmocka_run_group_tests_name("airflow", tests, NULL, NULL);
}

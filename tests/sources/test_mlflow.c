/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The MLflow adapter on captured answers (tests/fixtures/mlflow) and made-up ones. */
#include "client/sources/idmap.h"
#include "tests/sources/mlflow.h"

#define DIR  "tests/fixtures/mlflow/"
#define DATE INT64_C(1795370000000)

static int setup(void **state)
{
	(void)state;
	mlflow_begin(DATE);
	return 0;
}

static void add_captured(void)
{
	add_file(EXPERIMENTS, DIR "experiments_1.json");
	add_file(EXPERIMENTS, DIR "experiments_2.json");
	add_file(RUNS, DIR "runs_1.json");
	add_file(RUNS, DIR "runs_2.json");
	add_file(RUNS, DIR "runs_3.json");
	add_file(RUNS, DIR "runs_4.json");
	add_file(RUNS, DIR "runs_5.json");
	add(MODELS, "{}");
	add(VERSIONS, "{}");
}

/* One experiment "1" called `churn`, and the runs of BODY. */
static bool pull_runs(const char *body)
{
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"churn\"}]}");
	add(RUNS, body);
	add_empty();
	return pull(NULL);
}

static bool pull_run(const char *info, const char *data)
{
	char *body = x_printf(
		"{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\",%s},\"data\":{%s}}]}", info,
		data);
	bool ok = pull_runs(body);

	x_free(body);
	return ok;
}

/* --- the first pull --------------------------------------------------------------------- */

static void test_first_pull_tells_all_pages(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	/* 8 that are there; the ninth is deleted, and what it held is not asked for. */
	assert_int_equal(count_of(&r.records, "\"method\":\"pipeline\""), 8);
	assert_int_equal(count_of(&r.records, "\"method\":\"run\""), 22);
	assert_int_equal(count_of(&r.records, "\"method\":\"gone\""), 1);
	assert_int_equal(r.notes.n, 0);
	assert_has(&r.records, "\"params\":{\"pipeline\":\"Default\",\"id\":\"0\",\"kind\":\"experiment\","
			       "\"url\":\"http://127.0.0.1:5000/#/experiments/0\"}");
	assert_lacks(&r.records, "retired");
	assert_lacks(&r.asked, "\"6\"");
	assert_has(&r.asked, "{\"experiment_ids\":[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"7\",\"8\"],"
			     "\"run_view_type\":\"ALL\",\"max_results\":500,"
			     "\"order_by\":[\"attributes.start_time ASC\"]}\n");
}

static void test_pages_go_on_where_the_last_one_ended(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.asked, "\"page_token\":\"eyJvZmZzZXQiOiA2fQ==\"");
	assert_has(&r.asked, "\"filter\":\"attributes.start_time >= 1794974800000\"");
	assert_has(&r.asked, "\"filter\":\"attributes.start_time >= 1795351677718\"");
	assert_int_equal(count_of(&r.asked, RUNS), 5);
}

/* A page's last row stands on the next one too. */
static void test_no_run_is_told_twice(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.records, "\"name\":\"at the same time\""), 3);
	assert_int_equal(count_of(&r.records, "\"name\":\"back-filled\""), 1);
}

static void test_a_page_of_one_time_goes_on_by_its_token(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"e\"}]}");
	for (int i = 0; i < 3; i++)
		add(RUNS,
			i < 2 ? "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\",\"start_time\":5}}],"
				"\"next_page_token\":\"T\"}"
			      : "{\"runs\":[{\"info\":{\"run_id\":\"b\",\"experiment_id\":\"1\",\"start_time\":5}}]}");
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.records, "\"method\":\"run\""), 2);
	assert_has(&r.asked, "start_time >= 5\",\"run_view_type\":\"ALL\",\"max_results\":500,"
			     "\"order_by\":[\"attributes.start_time ASC\"],\"page_token\":\"T\"}");
}

static void test_a_page_that_repeats_is_an_error(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"e\"}]}");
	replay_add(&r, (struct answer){.path = RUNS,
			       .body = "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\","
				       "\"start_time\":5}}],\"next_page_token\":\"T\"}"});
	assert_false(pull(NULL));
	assert_string_equal(r.err.msg, "'runs': the same page again and again");
	assert_null(r.cursor);
}

static void test_an_empty_server_is_no_error(void **state)
{
	(void)state;
	add_empty();
	assert_true(pull(NULL));
	assert_string_equal(
		r.cursor, "{\"t\":1795370000000,\"s\":1795370000000,\"m\":1795370000000,\"e\":{},\"r\":{}}");
	assert_lacks(&r.asked, RUNS);
}

/* --- what a run says -------------------------------------------------------------------- */

static void test_numbers_that_are_none_keep_their_kind(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.records, "\"nan\":\"NaN\"");
	assert_has(&r.records, "\"inf\":\"Infinity\"");
	assert_has(&r.records, "\"minus inf\":\"-Infinity\"");
	assert_has(&r.records, "\"big\":1e+308");
	assert_has(&r.records, "\"subnormal\":-9.99988867182683e-321");
	assert_has(&r.records, "\"third\":0.30000000000000004");
	assert_has(&r.records, "\"whole\":248646.0");
	assert_has(&r.records, "\"zero\":0.0");
}

static void test_hostile_names_pass_unchanged_and_escaped(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.records, "\"pipeline\":\"rock'n'roll \\u001b[31m/ü 実験\\u202egpj %41\"");
	assert_has(&r.records, "\"mode/l.r-1 x\":\"\\u001b]0;x\\u0007 <b>'\\\"\\\\\"");
	assert_has(&r.records, "\"empty\":\"\"");
	assert_has(&r.records, "\"emoji.🎮\":\"🎮🐙\"");
	assert_has(&r.records, "\"lines\":\"a\\u000ab\\u000d\\u000a\\u0009c\"");
	for (size_t i = 0; i < r.records.n; i++)
		assert_true((unsigned char)r.records.p[i] >= 0x20 || r.records.p[i] == '\n');
}

static void test_a_long_tag_comes_whole(void **state)
{
	char long_text[7991];

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.records, long_text);
}

static void test_reserved_tags_become_what_they_mean(void **state)
{
	(void)state;
	assert_true(pull_run("\"user_id\":\"login\",\"run_name\":\"\",\"status\":\"FINISHED\"",
		"\"tags\":[{\"key\":\"mlflow.user\",\"value\":\"mlee\"},{\"key\":\"mlflow.runName\",\"value\":\"n\"},"
		"{\"key\":\"mlflow.parentRunId\",\"value\":\"p\"},{\"key\":\"mlflow.source.type\",\"value\":\"JOB\"},"
		"{\"key\":\"mlflow.source.git.commit\",\"value\":\"c0ffee\"},"
		"{\"key\":\"mlflow.note.content\",\"value\":\"why\"}]"));
	assert_has(&r.records, "\"name\":\"n\",\"kind\":\"JOB\"");
	assert_has(&r.records, "\"user\":\"mlee\",\"parent\":\"p\"");
	assert_has(&r.records, "\"note\":\"why\",\"version\":\"c0ffee\"");
	assert_has(&r.records, "\"tags\":{\"mlflow.user\":\"mlee\"");
	again();
	assert_true(pull_run("\"user_id\":\"login\",\"status\":\"FINISHED\"", ""));
	assert_has(&r.records, "\"user\":\"login\"");
}

static void test_states(void **state)
{
	static const struct {
		const char *said, *state;
	} rows[] = {
		{"\"SCHEDULED\"", "queued"},
		{"\"RUNNING\"", "running"},
		{"\"FINISHED\"", "success"},
		{"\"FAILED\"", "failed"},
		{"\"KILLED\"", "cancelled"},
		{"\"NEVER_SEEN\"", "unknown"},
		{"null", "unknown"},
		{"7", "unknown"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char info[80], want[80];

		again();
		snprintf(info, sizeof(info), "\"status\":%s", rows[i].said);
		snprintf(want, sizeof(want), "\"state\":\"%s\"", rows[i].state);
		assert_true(pull_run(info, ""));
		assert_has(&r.records, want);
		assert_lacks(&r.records, "_ms");
	}
}

static void test_a_reopened_run_has_no_end(void **state)
{
	(void)state;
	assert_true(pull_run("\"status\":\"RUNNING\",\"start_time\":5,\"end_time\":\"7\"", ""));
	assert_has(&r.records, "\"started_ms\":5");
	assert_lacks(&r.records, "ended_ms");
	again();
	assert_true(pull_run("\"status\":\"FINISHED\",\"start_time\":5,\"end_time\":\"7\"", ""));
	assert_has(&r.records, "\"started_ms\":5,\"ended_ms\":7");
}

static void test_rows_without_names_fail_alone(void **state)
{
	(void)state;
	assert_true(
		pull_runs("{\"runs\":[null,7,[],{},{\"info\":{\"run_id\":\"x\",\"experiment_id\":\"9\"}},"
			  "{\"info\":{\"run_id\":\"x\",\"experiment_id\":1}},"
			  "{\"info\":{\"run_uuid\":\"ok\",\"experiment_id\":\"1\"},\"data\":{\"metrics\":7,"
			  "\"tags\":[null,{\"key\":7},{\"value\":\"v\"}],\"params\":[{\"key\":\"k\"}]}}]}"));
	assert_int_equal(count_of(&r.notes, "left out"), 6);
	assert_int_equal(count_of(&r.records, "\"method\":\"run\""), 1);
	assert_has(&r.records, "\"run\":\"ok\"");
	assert_has(&r.records, "\"params\":{\"k\":\"\"}");
}

/* Known before, it has vanished; never seen, it is known as deleted. */
static void test_a_deleted_run_is_told_and_gone(void **state)
{
	(void)state;
	assert_true(pull_run("\"lifecycle_stage\":\"deleted\"", ""));
	assert_has(&r.records, "\"method\":\"run\"");
	assert_has(&r.records, "\"method\":\"gone\",\"params\":{\"pipeline\":\"churn\",\"run\":\"a\"}");
	again();
	add(EXPERIMENTS, "{}");
	add(RUNS,
		"{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\",\"lifecycle_stage\":\"deleted\"}}]}");
	add_empty();
	assert_true(pull("{\"t\":1795369000000,\"s\":1795369000000,\"e\":{\"1\":\"churn\"}}"));
	assert_lacks(&r.records, "\"method\":\"run\"");
	assert_has(&r.records, "\"method\":\"gone\",\"params\":{\"pipeline\":\"churn\",\"run\":\"a\"}");
}

/* --- what changed since ------------------------------------------------------------------ */

#define KNOWN                                                                                                \
	"{\"t\":1795369000000,\"s\":1795368000000,\"m\":1795368000000,\"e\":{\"1\":\"churn\"},\"r\":{%s}}"

static bool pull_known(const char *living)
{
	char *cursor = x_printf(KNOWN, living);
	bool ok = pull(cursor);

	x_free(cursor);
	return ok;
}

static void test_second_pull_asks_for_increments_only(void **state)
{
	(void)state;
	add_empty();
	assert_true(pull_known(""));
	assert_string_equal(r.asked.p, EXPERIMENTS
		" {\"filter\":\"last_update_time >= 1795368400000\",\"view_type\":\"ALL\",\"max_results\":500,"
		"\"order_by\":[\"last_update_time ASC\"]}\n" RUNS
		" {\"experiment_ids\":[\"1\"],\"filter\":\"attributes.start_time >= 1795368400000\","
		"\"run_view_type\":\"ALL\",\"max_results\":500,\"order_by\":[\"attributes.start_time ASC\"]}\n" RUNS
		" {\"experiment_ids\":[\"1\"],\"filter\":\"attributes.end_time >= 1795368400000\","
		"\"run_view_type\":\"ALL\",\"max_results\":500,\"order_by\":[\"attributes.end_time ASC\"]}\n" RUNS
		" {\"experiment_ids\":[\"1\"],\"filter\":\"attributes.status = 'RUNNING' AND attributes.end_time > 0\","
		"\"run_view_type\":\"ALL\",\"max_results\":500,\"order_by\":[\"attributes.start_time ASC\"]}\n"
		"GET /api/2.0/mlflow/model-versions/search?order_by=last_updated_timestamp%20DESC&max_results=5 \n");
	assert_string_equal(r.cursor,
		"{\"t\":1795370000000,\"s\":1795368000000,\"m\":1795368000000,\"e\":{\"1\":\"churn\"},\"r\":{}}");
}

static void test_runs_under_way_are_asked_for_by_id(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{}");
	for (int i = 0; i < 3; i++)
		add(RUNS, "{}");
	add(RUNS, "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\",\"status\":\"RUNNING\"},"
		  "\"data\":{\"metrics\":[{\"key\":\"k\",\"value\":1,\"timestamp\":1795369999000}]}}]}");
	assert_true(pull_known("\"a\":\"1\",\"b\":\"1\",\"x'); --\":\"1\",\"c\":\"9\""));
	assert_has(
		&r.asked, "{\"experiment_ids\":[\"1\",\"1\"],\"filter\":\"attributes.run_id IN ('b','a')\"");
	assert_has(&r.records, "\"run\":\"a\",\"state\":\"running\"");
	/* b was purged: nobody can say more of it. */
	assert_has(&r.records, "\"method\":\"gone\",\"params\":{\"pipeline\":\"churn\",\"run\":\"b\"}");
	assert_int_equal(count_of(&r.records, "\"method\":\"gone\""), 1);
	assert_non_null(strstr(r.cursor, "\"r\":{\"a\":\"1\"}"));
}

static void test_a_run_that_was_told_already_is_not_asked_for(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{}");
	add(RUNS, "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\",\"status\":\"FAILED\"}}]}");
	add_empty();
	assert_true(pull_known("\"a\":\"1\""));
	assert_lacks(&r.asked, " IN (");
	assert_lacks(&r.records, "gone");
	assert_non_null(strstr(r.cursor, "\"r\":{}"));
}

static void test_a_run_that_is_silent_for_a_day_is_left_to_the_sweep(void **state)
{
	(void)state;
	assert_true(pull_run("\"status\":\"RUNNING\",\"start_time\":1795283000000", ""));
	assert_non_null(strstr(r.cursor, "\"r\":{}"));
	again();
	assert_true(pull_run("\"status\":\"RUNNING\",\"start_time\":1795284000000", ""));
	assert_non_null(strstr(r.cursor, "\"r\":{\"a\":\"1\"}"));
}

static void test_once_an_hour_recent_runs_are_swept(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{}");
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"churn\"}]}");
	add_empty();
	assert_true(
		pull("{\"t\":1795369000000,\"s\":1795366000000,\"e\":{\"1\":\"churn\",\"2\":\"purged\"}}"));
	assert_has(&r.asked, "\"filter\":\"attributes.start_time >= 1795196200000\"");
	assert_has(&r.asked, "\"filter\":\"attributes.end_time >= 1795368400000\"");
	assert_has(&r.asked, "\"filter\":\"attributes.status = 'RUNNING'\"");
	assert_has(&r.asked, "\"filter\":\"attributes.status = 'SCHEDULED'\"");
	assert_lacks(&r.asked, "\"2\"");
	assert_string_equal(r.cursor,
		"{\"t\":1795370000000,\"s\":1795370000000,\"m\":1795370000000,\"e\":{\"1\":\"churn\"},\"r\":{}}");
	assert_has(&r.records, "\"params\":{\"pipeline\":\"purged\",\"gone\":true}");
}

static void test_a_renamed_experiment_moves_its_runs(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"churn v2\"}]}");
	add(RUNS,
		"{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\",\"status\":\"FINISHED\"}}]}");
	add_empty();
	assert_true(pull_known(""));
	assert_has(&r.asked, "{\"experiment_ids\":[\"1\"],\"run_view_type\"");
	assert_has(&r.records, "\"method\":\"gone\",\"params\":{\"pipeline\":\"churn\",\"run\":\"a\"}");
	assert_has(&r.records, "\"method\":\"run\",\"params\":{\"pipeline\":\"churn v2\",\"run\":\"a\"");
	assert_has(&r.records, "\"method\":\"pipeline\",\"params\":{\"pipeline\":\"churn\",\"gone\":true}");
	assert_lacks(&r.records, "\"pipeline\":\"churn v2\",\"gone\"");
	assert_non_null(strstr(r.cursor, "\"e\":{\"1\":\"churn v2\"}"));
}

static void test_a_deleted_experiment_takes_its_runs_along(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"6\",\"name\":\"retired\","
			 "\"lifecycle_stage\":\"deleted\"},{\"experiment_id\":\"7\",\"name\":\"never seen\","
			 "\"lifecycle_stage\":\"deleted\"}]}");
	add_file(RUNS, DIR "runs_deleted_experiment.json");
	assert_true(pull("{\"t\":1795369000000,\"s\":1795368000000,\"e\":{\"6\":\"retired\"}}"));
	assert_lacks(&r.asked, "\"7\"");
	assert_lacks(&r.records, "\"method\":\"run\"");
	assert_int_equal(count_of(&r.records, "\"method\":\"pipeline\""), 1);
	assert_has(&r.records, "\"method\":\"pipeline\",\"params\":{\"pipeline\":\"retired\",\"gone\":true}");
	assert_has(&r.records, "\"method\":\"gone\",\"params\":{\"pipeline\":\"retired\",\"run\":\"");
	assert_non_null(strstr(r.cursor, "\"e\":{}"));
}

/* Two that change names leave no name unused. */
static void test_names_that_are_swapped_stay(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"b\"},"
			 "{\"experiment_id\":\"2\",\"name\":\"a\"}]}");
	add_empty();
	assert_true(pull("{\"t\":1795369000000,\"s\":1795368000000,\"e\":{\"1\":\"a\",\"2\":\"b\"}}"));
	assert_int_equal(count_of(&r.records, "\"method\":\"pipeline\""), 2);
	assert_lacks(&r.records, "\"gone\"");
}

static void test_a_new_experiment_is_read_from_its_beginning(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"2\",\"name\":\"new\"}]}");
	add_empty();
	assert_true(pull_known(""));
	assert_has(&r.asked, "{\"experiment_ids\":[\"2\"],\"run_view_type\":\"ALL\"");
	assert_non_null(strstr(r.cursor, "\"e\":{\"1\":\"churn\",\"2\":\"new\"}"));
}

static void test_since_reads_nothing_older_but_what_is_under_way(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"churn\"}]}");
	add_empty();
	assert_true(pull_since(NULL, 1795000000000));
	assert_int_equal(count_of(&r.asked, RUNS), 4);
	assert_has(&r.asked, "\"filter\":\"attributes.start_time >= 1795000000000\"");
	assert_has(&r.asked, "\"filter\":\"attributes.end_time >= 1795000000000\"");
	assert_has(&r.asked, "\"filter\":\"attributes.status = 'RUNNING'\"");
}

static void test_many_experiments_are_searched_in_batches(void **state)
{
	struct buf body;

	(void)state;
	buf_init(&body, 0);
	buf_addz(&body, "{\"experiments\":[");
	for (int i = 0; i < 1001; i++)
		buf_addf(&body, "%s{\"experiment_id\":\"%d\",\"name\":\"e%d\"}", i ? "," : "", i, i);
	buf_addz(&body, "]}");
	add(EXPERIMENTS, body.p);
	add_empty();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.asked, RUNS), 3);
	assert_has(&r.asked, "{\"experiment_ids\":[\"1000\"],");
	buf_fini(&body);
}

/* A first pull reads them in lists side by side. */
static void test_a_first_pull_splits_its_experiments(void **state)
{
	struct config_source wide = source;
	struct buf body;

	(void)state;
	wide.concurrency = 2;
	buf_init(&body, 0);
	buf_addz(&body, "{\"experiments\":[");
	for (int i = 0; i < 20; i++)
		buf_addf(&body, "%s{\"experiment_id\":\"%d\",\"name\":\"e%d\"}", i ? "," : "", i, i);
	buf_addz(&body, "]}");
	add(EXPERIMENTS, body.p);
	add_empty();
	assert_true(replay_pull(&r, &mlflow_adapter, &wide, NULL, TIME_NONE));
	assert_int_equal(count_of(&r.asked, RUNS), 7);
	assert_has(&r.asked, "{\"experiment_ids\":[\"0\",\"1\",\"2\"],");
	assert_has(&r.asked, "{\"experiment_ids\":[\"18\",\"19\"],");
	buf_fini(&body);
}

static void test_a_damaged_cursor_is_told(void **state)
{
	(void)state;
	add_empty();
	assert_false(pull("no cursor of ours"));
	assert_non_null(strstr(r.err.msg, "cursor: "));
}

/* --- trouble -------------------------------------------------------------------------------- */

/* TROUBLE is over once pages have half the size. */
static void shrinks(struct answer trouble)
{
	again();
	trouble.path = RUNS;
	trouble.times = 1;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"churn\"}]}");
	replay_add(&r, trouble);
	add(RUNS, "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\",\"start_time\":5}}],"
		  "\"next_page_token\":\"T\"}");
	add_empty();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.asked, RUNS), 3);
	assert_int_equal(count_of(&r.asked, "ALL\",\"max_results\":250,"), 2);
	assert_int_equal(count_of(&r.records, "\"method\":\"run\""), 1);
}

static void test_pages_that_are_too_much_are_halved(void **state)
{
	(void)state;
	shrinks((struct answer){.status = 413, .body = "<html>too large</html>"});
	shrinks((struct answer){.status = 500, .body = "{\"error_code\":\"INTERNAL_ERROR\"}"});
	shrinks((struct answer){.status = 502, .body = ""});
	shrinks((struct answer){.status = 504, .body = ""});
	shrinks((struct answer){.body = "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"exp"});
}

static void test_a_page_of_one_run_that_fails_ends_it(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"churn\"}]}");
	replay_add(&r,
		(struct answer){.path = RUNS,
			.status = 500,
			.body = "{\"error_code\":\"INTERNAL_ERROR\",\"message\":\"database is locked\"}"});
	assert_false(pull(NULL));
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	assert_string_equal(r.err.msg, RUNS ": HTTP 500 from 127.0.0.1:8080: database is locked");
	/* 500, 250, 125, 62, 31, 15, 7, 3, and 1 as often as any request. */
	assert_int_equal(count_of(&r.asked, RUNS), 12);
	assert_int_equal(count_of(&r.asked, "\"max_results\":1,"), 4);
	assert_null(r.cursor);
}

static void test_a_busy_server_is_asked_again_for_as_much(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = EXPERIMENTS, .status = 429, .times = 1});
	replay_add(&r, (struct answer){.path = EXPERIMENTS, .status = 503, .times = 1});
	replay_add(&r, (struct answer){.path = EXPERIMENTS, .failure = "connection refused", .times = 1});
	add_empty();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.asked, EXPERIMENTS), 4);
	assert_int_equal(count_of(&r.asked, "\"max_results\":500"), 4);
}

static void test_refused_without_a_login(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = EXPERIMENTS,
			       .status = 401,
			       .body = "You are not authenticated. Please see https://mlflow.org/docs"});
	assert_false(pull(NULL));
	assert_int_equal(r.err.code, ERR_AUTH);
	assert_int_equal(count_of(&r.asked, EXPERIMENTS), 1);
}

static void test_a_token_goes_along(void **state)
{
	struct config_source with_token = source;

	(void)state;
	setenv("TEST_MLFLOW_TOKEN", "t0ken", 1);
	with_token.token.env = "TEST_MLFLOW_TOKEN";
	add_empty();
	assert_true(replay_pull(&r, &mlflow_adapter, &with_token, NULL, TIME_NONE));
	assert_has(&r.asked, EXPERIMENTS " [t0ken] {");
}

static void test_a_filter_the_server_refuses_is_told(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"churn\"}]}");
	replay_add(&r, (struct answer){.path = RUNS, .status = 400, .file = DIR "err_400_max_results.json"});
	assert_false(pull(NULL));
	assert_non_null(strstr(r.err.msg, "Invalid value 50001 for parameter 'max_results'"));
}

static void test_answers_of_another_tool_are_told(void **state)
{
	static const char *const bodies[] = {"{\"dags\":[]}", "[]", "{\"experiments\":{}}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		again();
		add(EXPERIMENTS, bodies[i]);
		assert_false(pull(NULL));
		assert_string_equal(r.err.msg, "answer without 'experiments': not the API of MLflow");
	}
}

static void test_a_web_page_is_not_taken_for_data(void **state)
{
	(void)state;
	replay_add(
		&r, (struct answer){.path = EXPERIMENTS, .body = " <!DOCTYPE html><title>Sign in</title>"});
	assert_false(pull(NULL));
	assert_int_equal(r.err.code, ERR_AUTH);
}

static void test_it_has_no_logs(void **state)
{
	static const struct log_request log = {
		.step = {.pipeline = "e", .run = "a", .step = "s", .attempt = 1}};

	(void)state;
	assert_false(replay_log(&r, &mlflow_adapter, &source, &log));
	assert_string_equal(r.err.msg, "sources of kind 'mlflow' have no logs");
}

/* --- ids ------------------------------------------------------------------------------------ */

static void test_idmap_finds_all_it_was_given(void **state)
{
	struct idmap map = {.arena = arena_new()};
	int value;

	(void)state;
	assert_null(idmap_get(&map, STR("a")));
	for (int i = 0; i < 1000; i++)
		assert_true(idmap_put(&map, str_of(arena_printf(map.arena, "id%d", i)), &value + (i & 1)));
	for (int i = 0; i < 1000; i++)
		assert_ptr_equal(
			idmap_get(&map, str_of(arena_printf(map.arena, "id%d", i))), &value + (i & 1));
	assert_false(idmap_put(&map, STR("id7"), &map));
	assert_ptr_equal(idmap_get(&map, STR("id7")), &value + 1);
	assert_null(idmap_get(&map, STR("id1000")));
	assert_null(idmap_get(&map, STR("")));
	arena_free(map.arena);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, mlflow_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_first_pull_tells_all_pages),
		T(test_pages_go_on_where_the_last_one_ended),
		T(test_no_run_is_told_twice),
		T(test_a_page_of_one_time_goes_on_by_its_token),
		T(test_a_page_that_repeats_is_an_error),
		T(test_an_empty_server_is_no_error),
		T(test_numbers_that_are_none_keep_their_kind),
		T(test_hostile_names_pass_unchanged_and_escaped),
		T(test_a_long_tag_comes_whole),
		T(test_reserved_tags_become_what_they_mean),
		T(test_states),
		T(test_a_reopened_run_has_no_end),
		T(test_rows_without_names_fail_alone),
		T(test_a_deleted_run_is_told_and_gone),
		T(test_second_pull_asks_for_increments_only),
		T(test_runs_under_way_are_asked_for_by_id),
		T(test_a_run_that_was_told_already_is_not_asked_for),
		T(test_a_run_that_is_silent_for_a_day_is_left_to_the_sweep),
		T(test_once_an_hour_recent_runs_are_swept),
		T(test_a_renamed_experiment_moves_its_runs),
		T(test_a_deleted_experiment_takes_its_runs_along),
		T(test_names_that_are_swapped_stay),
		T(test_a_new_experiment_is_read_from_its_beginning),
		T(test_since_reads_nothing_older_but_what_is_under_way),
		T(test_many_experiments_are_searched_in_batches),
		T(test_a_first_pull_splits_its_experiments),
		T(test_a_damaged_cursor_is_told),
		T(test_pages_that_are_too_much_are_halved),
		T(test_a_page_of_one_run_that_fails_ends_it),
		T(test_a_busy_server_is_asked_again_for_as_much),
		T(test_refused_without_a_login),
		T(test_a_token_goes_along),
		T(test_a_filter_the_server_refuses_is_told),
		T(test_answers_of_another_tool_are_told),
		T(test_a_web_page_is_not_taken_for_data),
		T(test_it_has_no_logs),
		T(test_idmap_finds_all_it_was_given),
	};

	return cmocka_run_group_tests_name("mlflow", tests, NULL, NULL);
}

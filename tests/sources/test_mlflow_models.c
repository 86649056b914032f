/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The MLflow adapter's models and inputs on captured answers (tests/fixtures/mlflow/rest) and made-up ones.
 */
#include "tests/sources/mlflow.h"

#define DIR   "tests/fixtures/mlflow/rest/"
#define MODEL "GET /api/2.0/mlflow/registered-models/get?name="
#define DATE  INT64_C(1795376000000)

/* Of one experiment; all of the registry was read a quarter of an hour ago. */
#define CURSOR                                                                                               \
	"{\"t\":1795375000000,\"s\":1795375000000,\"m\":1795375100000,\"e\":{\"1\":\"churn\"},\"r\":{}}"

static int setup(void **state)
{
	(void)state;
	mlflow_begin(DATE);
	return 0;
}

/* --- the whole registry ----------------------------------------------------------------- */

/* The run that made them is of experiment 5. */
static void add_captured(void)
{
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"5\",\"name\":\"recsys\"}]}");
	add_file(RUNS, DIR "run_maker.json");
	add_file(MODELS, DIR "models_1.json");
	add_file(MODELS, DIR "models_2.json");
	add_file(VERSIONS, DIR "versions_1.json");
	add_file(VERSIONS, DIR "versions_2.json");
	add_empty();
}

static void test_first_pull_tells_every_version(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.records, "\"method\":\"model\""), 7);
	assert_int_equal(count_of(&r.asked, MODEL), 0);
	assert_int_equal(count_of(&r.asked, RUNS), 1);
	assert_has(&r.asked, "registered-models/search?max_results=500&page_token=eyJvZmZzZXQiOiAxfQ%3D%3D ");
	assert_has(&r.asked, "DESC&max_results=500&page_token=eyJvZmZzZXQiOiA0fQ%3D%3D ");
	assert_has(&r.records, "\"model\":\"ranker\",\"version\":\"2\",\"stage\":\"Production\","
			       "\"aliases\":[\"champion\",\"候補\"],\"pipeline\":\"recsys\",\"run\":\"");
	assert_non_null(strstr(r.cursor, "\"m\":1795376000000"));
	assert_int_equal(r.notes.n, 0);
}

static void test_the_stage_none_is_no_stage(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.records,
		"\"model\":\"ranker\",\"version\":\"3\",\"aliases\":[\"challenger\"],\"pipeline\":");
	assert_lacks(&r.records, "\"None\"");
}

static void test_a_version_of_no_run_has_neither(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.records, "\"model\":\"ranker\",\"version\":\"4\",\"created_ms\":");
	assert_has(&r.records, "\"note\":\"of no run\"");
}

static void test_a_hostile_name_is_escaped(void **state)
{
	(void)state;
	add_captured();
	assert_true(pull(NULL));
	assert_has(&r.records, "\"model\":\"推薦 'モデル' \\u001b[31m\\\" %41\"");
	assert_has(&r.records, "\"url\":\"http://127.0.0.1:5000/#/models/%E6%8E%A8%E8%96%A6%20%27"
			       "%E3%83%A2%E3%83%87%E3%83%AB%27%20%1B%5B31m%22%20%2541/versions/1\"");
}

static void test_rows_without_names_fail_alone(void **state)
{
	(void)state;
	add(MODELS, "{\"registered_models\":[null,7,{},{\"name\":\"m\",\"aliases\":[null,{\"alias\":\"a\"},"
		    "{\"alias\":\"b\",\"version\":\"1\"}]}]}");
	add(VERSIONS,
		"{\"model_versions\":[null,7,[],{\"name\":\"m\"},{\"version\":\"1\"},{\"name\":\"m\",\"version\":1},"
		"{\"name\":\"m\",\"version\":\"1\",\"run_id\":7,\"creation_timestamp\":\"5\"}]}");
	add_empty();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.notes, "left out"), 6);
	assert_has(&r.records, "\"model\":\"m\",\"version\":\"1\",\"aliases\":[\"b\"],\"created_ms\":5");
}

/* --- what changed since ------------------------------------------------------------------- */

#define VERSION(name, version, run, changed)                                                                 \
	"{\"name\":\"" name "\",\"version\":\"" version "\",\"run_id\":\"" run                               \
	"\",\"last_updated_timestamp\":" changed "}"

static void test_nothing_new_costs_one_short_page(void **state)
{
	(void)state;
	add(VERSIONS,
		"{\"model_versions\":[" VERSION("m", "1", "a", "1795374399999") "],"
										"\"next_page_token\":\"T\"}");
	add_empty();
	assert_true(pull(CURSOR));
	assert_int_equal(count_of(&r.asked, "GET "), 1);
	assert_has(&r.asked, "DESC&max_results=5 ");
	assert_lacks(&r.records, "\"method\":\"model\"");
	assert_non_null(strstr(r.cursor, "\"m\":1795375100000"));
}

/* What the page needs is asked for, and the page again. */
static void test_a_new_version_comes_with_its_aliases_and_its_experiment(void **state)
{
	static const char page[] =
		"{\"model_versions\":[" VERSION("m/1", "2", "a", "1795375900000") "," VERSION(
			"m/1", "1", "b", "1795374500000") "," VERSION("old", "1", "c", "5") "]}";

	(void)state;
	add(VERSIONS, page);
	add(VERSIONS, page);
	for (int i = 0; i < 3; i++)
		add(RUNS, "{}");
	add(RUNS, "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\"}}]}");
	add(MODEL "m%2F1",
		"{\"registered_model\":{\"name\":\"m/1\",\"aliases\":[{\"alias\":\"champion\",\"version\":\"2\"}]}}");
	add_empty();
	assert_true(pull(CURSOR));
	assert_has(&r.asked, "{\"experiment_ids\":[\"1\"],\"filter\":\"attributes.run_id IN ('a','b')\"");
	assert_has(&r.records,
		"\"version\":\"2\",\"aliases\":[\"champion\"],\"pipeline\":\"churn\",\"run\":\"a\"");
	/* b is of no experiment that is there */
	assert_has(&r.records, "\"version\":\"1\",\"url\"");
	assert_int_equal(count_of(&r.records, "\"method\":\"model\""), 2);
	assert_int_equal(count_of(&r.asked, MODEL), 1);
	assert_lacks(&r.records, "\"method\":\"run\"");
}

static void test_pages_go_on_until_what_is_known(void **state)
{
	(void)state;
	add(MODEL "m", "{}");
	for (int i = 0; i < 2; i++)
		add(VERSIONS, "{\"model_versions\":[" VERSION(
				      "m", "3", "", "1795375900000") "],\"next_page_token\":\"T\"}");
	add(VERSIONS, "{\"model_versions\":[" VERSION(
			      "m", "2", "", "1795375800000") "],\"next_page_token\":\"U\"}");
	add(VERSIONS, "{\"model_versions\":[" VERSION("m", "1", "", "5") "],\"next_page_token\":\"V\"}");
	add_empty();
	assert_true(pull(CURSOR));
	assert_int_equal(count_of(&r.records, "\"method\":\"model\""), 2);
	assert_has(&r.asked, "max_results=100&page_token=T ");
	assert_has(&r.asked, "max_results=100&page_token=U ");
	assert_lacks(&r.asked, "page_token=V");
}

/* Aliases move without a trace. */
static void test_once_an_hour_the_registry_is_read_as_a_whole(void **state)
{
	(void)state;
	add_empty();
	assert_true(pull(
		"{\"t\":1795375000000,\"s\":1795375000000,\"m\":1795372400000,\"e\":{\"1\":\"churn\"}}"));
	assert_has(&r.asked, "registered-models/search?max_results=500 ");
	assert_has(&r.asked, "DESC&max_results=500 ");
	assert_non_null(strstr(r.cursor, "\"m\":1795376000000"));
}

static void test_a_renamed_experiment_is_told_of_its_models(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"churn v2\"}]}");
	add(RUNS,
		"{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\",\"status\":\"FINISHED\"}}]}");
	add(MODELS, "{\"registered_models\":[{\"name\":\"m\"}]}");
	add(VERSIONS, "{\"model_versions\":[" VERSION("m", "1", "a", "5") "]}");
	add_empty();
	assert_true(pull(CURSOR));
	assert_has(&r.records, "\"model\":\"m\",\"version\":\"1\",\"pipeline\":\"churn v2\",\"run\":\"a\"");
}

/* --- trouble -------------------------------------------------------------------------------- */

static void test_a_server_without_a_registry_keeps_its_runs(void **state)
{
	static const int refusals[] = {400, 403, 404, 405, 501};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		again();
		replay_add(&r, (struct answer){.path = MODELS, .status = refusals[i], .body = "<html>"});
		add_empty();
		assert_true(pull(NULL));
		assert_has(&r.notes, "from the model registry: models are left out");
		assert_non_null(r.cursor);
		again();
		replay_add(&r, (struct answer){.path = VERSIONS, .status = refusals[i], .body = "<html>"});
		add_empty();
		assert_true(pull(CURSOR));
		assert_int_equal(r.notes.n, 0);
	}
}

static void test_without_a_login_nothing_is_told(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = MODELS, .status = 401, .body = "not authenticated"});
	add_empty();
	assert_false(pull(NULL));
	assert_int_equal(r.err.code, ERR_AUTH);
	assert_null(r.cursor);
}

static void test_pages_that_are_too_much_are_halved(void **state)
{
	static const struct answer troubles[] = {
		{.status = 500, .body = "{}"},
		{.status = 413, .body = ""},
		{.body = "{\"registered_models\":[{\"na"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(troubles); i++) {
		struct answer trouble = troubles[i];

		again();
		trouble.path = MODELS;
		trouble.times = 1;
		replay_add(&r, trouble);
		add_empty();
		assert_true(pull(NULL));
		assert_has(&r.asked, "registered-models/search?max_results=250 ");
	}
}

static void test_a_registry_that_stays_broken_is_an_error(void **state)
{
	(void)state;
	replay_add(
		&r, (struct answer){
			    .path = VERSIONS, .status = 500, .body = "{\"message\":\"database is locked\"}"});
	add_empty();
	assert_false(pull(CURSOR));
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
	assert_non_null(strstr(r.err.msg, "database is locked"));
	/* 5, 2, and 1 as often as any request */
	assert_int_equal(count_of(&r.asked, "model-versions"), 6);
}

static void test_a_busy_registry_is_asked_again(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = VERSIONS, .status = 429, .times = 1});
	add_empty();
	assert_true(pull(CURSOR));
	assert_int_equal(count_of(&r.asked, "DESC&max_results=5 "), 2);
}

static void test_a_page_that_repeats_is_an_error(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = VERSIONS,
			       .body = "{\"model_versions\":[" VERSION(
				       "m", "1", "", "1795375900000") "],"
								      "\"next_page_token\":\"T\"}"});
	replay_add(&r, (struct answer){.path = MODEL "*", .body = "{}"});
	add_empty();
	assert_false(pull(CURSOR));
	assert_string_equal(r.err.msg, "'model_versions': the same page again and again");
}

static void test_answers_of_another_tool_are_told(void **state)
{
	(void)state;
	add(MODELS, "{\"models\":[]}");
	add_empty();
	assert_false(pull(NULL));
	assert_string_equal(r.err.msg, "answer without 'registered_models': not the API of MLflow");
	again();
	add(VERSIONS, "[]");
	add_empty();
	assert_false(pull(CURSOR));
	assert_string_equal(r.err.msg, "answer without 'model_versions': not the API of MLflow");
}

/* --- inputs ----------------------------------------------------------------------------------- */

static void test_inputs_come_with_their_rows(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"5\",\"name\":\"recsys\"}]}");
	add_file(RUNS, DIR "run_inputs.json");
	add_empty();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.records, "\"method\":\"input\""), 6);
	assert_has(&r.records, "\"name\":\"events\",\"version\":\"d1\",\"rows\":120000}");
	assert_has(&r.records, "\"name\":\"events\",\"version\":\"d2\",\"rows\":7}");
	assert_has(&r.records, "\"name\":\"実験\\u001b[31m\",\"version\":\"d3\",\"rows\":64}");
	assert_has(&r.records, "\"name\":\"spark\",\"version\":\"d4\",\"rows\":12}");
	assert_has(&r.records, "\"name\":\"unknown\",\"version\":\"d5\"}");
	assert_has(&r.records, "\"name\":\"broken\",\"version\":\"d6\"}");
}

static void test_a_count_below_zero_is_none(void **state)
{
	(void)state;
	add(EXPERIMENTS, "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"e\"}]}");
	add(RUNS,
		"{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\"},\"inputs\":{\"dataset_inputs\":["
		"null,{},{\"dataset\":{\"name\":\"tf\",\"profile\":\"{\\\"features_cardinality\\\":-2}\"}},"
		"{\"dataset\":{\"name\":\"s\",\"schema\":\"{\\\"num_rows\\\":3}\"}},"
		"{\"dataset\":{\"digest\":\"no name\"}}]}}]}");
	add_empty();
	assert_true(pull(NULL));
	assert_int_equal(count_of(&r.records, "\"method\":\"input\""), 2);
	assert_has(&r.records, "\"name\":\"tf\"}");
	assert_has(&r.records, "\"name\":\"s\",\"rows\":3}");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, mlflow_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_first_pull_tells_every_version),
		T(test_the_stage_none_is_no_stage),
		T(test_a_version_of_no_run_has_neither),
		T(test_a_hostile_name_is_escaped),
		T(test_rows_without_names_fail_alone),
		T(test_nothing_new_costs_one_short_page),
		T(test_a_new_version_comes_with_its_aliases_and_its_experiment),
		T(test_pages_go_on_until_what_is_known),
		T(test_once_an_hour_the_registry_is_read_as_a_whole),
		T(test_a_renamed_experiment_is_told_of_its_models),
		T(test_a_server_without_a_registry_keeps_its_runs),
		T(test_without_a_login_nothing_is_told),
		T(test_pages_that_are_too_much_are_halved),
		T(test_a_registry_that_stays_broken_is_an_error),
		T(test_a_busy_registry_is_asked_again),
		T(test_a_page_that_repeats_is_an_error),
		T(test_answers_of_another_tool_are_told),
		T(test_inputs_come_with_their_rows),
		T(test_a_count_below_zero_is_none),
	};

	return cmocka_run_group_tests_name("mlflow_models", tests, NULL, NULL);
}

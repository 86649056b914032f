/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tags and notes of MLflow runs. */
#include "tests/sources/mlflow.h"

#define RUN   "GET /api/2.0/mlflow/runs/get?run_id=r%2F1"
#define BATCH "POST /api/2.0/mlflow/runs/log-batch"

static const struct act_request tag = {.verb = "tag", .pipeline = "e", .run = "r/1"};

static int setup(void **state)
{
	(void)state;
	mlflow_begin(TIME_NONE);
	return 0;
}

static bool act(bool is_dry_run, const char *args)
{
	struct act_request request = tag;

	replay_reset(&r);
	request.is_dry_run = is_dry_run;
	return replay_act(&r, &mlflow_adapter, &source, request, args);
}

static void test_a_dry_run_says_what_each_tag_replaces(void **state)
{
	(void)state;
	add(RUN, "{\"run\":{\"info\":{\"lifecycle_stage\":\"active\"},\"data\":{\"tags\":["
		 "{\"key\":\"a\",\"value\":\"0\"},{\"key\":\"b\",\"value\":\"2\"},null,7]}}}");
	assert_true(act(true, "{\"tags\":{\"a\":\"1\",\"b\":\"2\"},\"note\":\"good\"}"));
	assert_has(&r.acted, "no run=-");
	assert_has(&r.acted, "[\"tag a of run r/1: 1, in the place of: 0\",\"note of run r/1: good\"]");
	assert_lacks(&r.asked, "POST");
}

static void test_what_is_there_is_there(void **state)
{
	(void)state;
	add(RUN, "{\"run\":{\"data\":{\"tags\":[{\"key\":\"a\",\"value\":\"1\"}]}}}");
	assert_true(act(true, "{\"tags\":{\"a\":\"1\"}}"));
	assert_has(&r.acted, "yes run=-: all of it is there\n[]");
}

static void test_tags_and_note_go_in_one_request(void **state)
{
	(void)state;
	add(BATCH, "{}");
	assert_true(act(false, "{\"tags\":{\"a\":\"1\"},\"note\":\"good\"}"));
	assert_has(&r.acted, "yes tried run=-: 2 tags set");
	assert_has(&r.asked, "{\"run_id\":\"r/1\",\"tags\":[{\"key\":\"a\",\"value\":\"1\"},"
			     "{\"key\":\"mlflow.note.content\",\"value\":\"good\"}]}");
}

static void test_a_no_is_told_with_its_reason(void **state)
{
	(void)state;
	replay_add(
		&r, (struct answer){.path = BATCH,
			    .status = 400,
			    .body = "{\"error_code\":\"INVALID_STATE\",\"message\":\"The run is deleted\"}"});
	assert_false(act(false, "{\"note\":\"x\"}"));
	assert_int_equal(r.err.code, ERR_REFUSED);
	assert_non_null(strstr(r.err.msg, "HTTP 400: The run is deleted"));
}

static void test_a_deleted_run_takes_none(void **state)
{
	(void)state;
	add(RUN, "{\"run\":{\"info\":{\"lifecycle_stage\":\"deleted\"}}}");
	assert_false(act(true, "{\"note\":\"x\"}"));
	assert_int_equal(r.err.code, ERR_REFUSED);
}

static void test_without_tags_there_is_nothing_to_do(void **state)
{
	(void)state;
	assert_false(act(true, "{}"));
	assert_int_equal(r.err.code, ERR_USAGE);
	assert_false(act(true, "{\"tags\":{\"a\":1}}"));
	assert_int_equal(r.err.code, ERR_USAGE);
	assert_int_equal(r.asked.n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, mlflow_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_dry_run_says_what_each_tag_replaces),
		TEST(test_what_is_there_is_there),
		TEST(test_tags_and_note_go_in_one_request),
		TEST(test_a_no_is_told_with_its_reason),
		TEST(test_a_deleted_run_takes_none),
		TEST(test_without_tags_there_is_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

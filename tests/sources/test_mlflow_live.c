/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The MLflow adapter's curves and artifacts on captured answers (tests/fixtures/mlflow/rest) and made-up
 * ones. */
#include "tests/sources/mlflow.h"

#define DIR	  "tests/fixtures/mlflow/rest/"
#define RUN	  "GET /api/2.0/mlflow/runs/get?run_id=r"
#define SAMPLED	  "GET /api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=r&metric_key="
#define HISTORY	  "GET /api/2.0/mlflow/metrics/get-history?run_id=r&metric_key="
#define ARTIFACTS "GET /api/2.0/mlflow/artifacts/list?run_id=r"
#define BYTES	  "GET /get-artifact?run_id=r&path="

static int setup(void **state)
{
	(void)state;
	mlflow_begin(TIME_NONE);
	return 0;
}

/* --- curves ------------------------------------------------------------------------------- */

/* METRIC NULL: all. */
static bool series(const char *metric, int64_t most)
{
	const struct series_request request = {.pipeline = "e",
		.run = "r",
		.metrics = &metric,
		.n_metrics = metric ? 1 : 0,
		.max_points = most};

	return replay_series(&r, &mlflow_adapter, &source, &request);
}

static void test_a_curve_is_sampled_by_the_server(void **state)
{
	(void)state;
	add_file(SAMPLED "loss&max_results=5", DIR "sampled.json");
	assert_true(series("loss", 5));
	assert_has(&r.points, "loss 0 1794928000000 1\n");
	assert_int_equal(count_of(&r.points, "\n"), 5);
	assert_has(&r.points, "loss 29999 1794928029999 3.33333e-05\n");
}

static void test_without_a_measure_it_is_the_servers_own(void **state)
{
	(void)state;
	add(SAMPLED "loss&max_results=2500", "{}");
	assert_true(series("loss", 0));
	assert_int_equal(r.points.n, 0);
}

static void test_all_curves_of_a_run(void **state)
{
	(void)state;
	add(RUN,
		"{\"run\":{\"data\":{\"metrics\":[{\"key\":\"a/b c\",\"value\":1},{\"key\":\"é`\",\"value\":2},{}]}}}");
	add(SAMPLED "a%2Fb%20c&max_results=2500", "{\"metrics\":[{\"value\":1,\"step\":1,\"timestamp\":5}]}");
	add(SAMPLED "%C3%A9%60&max_results=2500", "{\"metrics\":[{\"value\":2,\"step\":2,\"timestamp\":6}]}");
	assert_true(series(NULL, 0));
	assert_has(&r.points, "a/b c 1 5 1\n");
	assert_has(&r.points, "é` 2 6 2\n");
}

static void test_a_run_without_metrics_has_no_curves(void **state)
{
	(void)state;
	add(RUN, "{\"run\":{\"info\":{},\"data\":{}}}");
	assert_true(series(NULL, 0));
	assert_int_equal(r.points.n, 0);
}

static void test_numbers_that_are_none_keep_their_kind(void **state)
{
	(void)state;
	add(SAMPLED "*",
		"{\"metrics\":[{\"value\":\"NaN\",\"step\":0},{\"value\":1.7976931348623157e+308,\"step\":1},"
		"{\"value\":-1.7976931348623157e+308,\"step\":\"2\"},{\"value\":1e+308,\"step\":3},"
		"{\"value\":null,\"step\":4},{\"step\":5},{\"value\":7},null,7]}");
	assert_true(series("k", 0));
	assert_has(&r.points, "k 0 ");
	assert_has(&r.points, " nan\n");
	assert_has(&r.points, " inf\n");
	assert_has(&r.points, " -inf\n");
	assert_has(&r.points, " 1e+308\n");
	assert_has(&r.points, "k -1 ");
	assert_int_equal(count_of(&r.points, "\n"), 5);
}

/* A server of before 2.4: pages of all, of which some are chosen here. */
static void test_a_server_that_does_not_sample_is_read_as_a_whole(void **state)
{
	(void)state;
	replay_add(&r,
		(struct answer){
			.path = SAMPLED "*", .status = 404, .file = DIR "no_route.html", .is_html = true});
	add_file(HISTORY "loss&max_results=10000", DIR "history_1.json");
	add_file(HISTORY "loss&max_results=10000&page_token=*", DIR "history_2.json");
	add(HISTORY "loss&max_results=10000&page_token=*", "{}");
	assert_true(series("loss", 4));
	assert_has(&r.asked, "&page_token=eyJvZmZzZXQiOiA4fQ%3D%3D ");
	assert_string_equal(r.points.p, "loss 0 1794928000000 1\nloss 5 1794928000005 nan\n"
					"loss 10 1794928000010 0.0909091\nloss 15 1794928000015 0.0625\n");
}

static void test_more_than_the_server_samples_is_read_as_a_whole(void **state)
{
	(void)state;
	add_file(HISTORY "loss&max_results=10000", DIR "history_1.json");
	add(HISTORY "loss&max_results=10000&page_token=*", "{}");
	assert_true(series("loss", 2501));
	assert_int_equal(count_of(&r.points, "\n"), 8);
	assert_lacks(&r.asked, "bulk-interval");
}

static void test_a_history_comes_by_step(void **state)
{
	(void)state;
	add(HISTORY "*",
		"{\"metrics\":[{\"value\":3,\"step\":2,\"timestamp\":1},{\"value\":2,\"step\":1,\"timestamp\":9},"
		"{\"value\":1,\"step\":1,\"timestamp\":8}]}");
	assert_true(series("k", 9999));
	assert_string_equal(r.points.p, "k 1 8 1\nk 1 9 2\nk 2 1 3\n");
}

static void test_one_point_is_the_last(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = SAMPLED "*", .status = 405, .body = "<html>"});
	add(HISTORY "*", "{\"metrics\":[{\"value\":1,\"step\":1},{\"value\":2,\"step\":2}]}");
	assert_true(series("k", 1));
	assert_int_equal(count_of(&r.points, "\n"), 1);
	assert_has(&r.points, "k 2 ");
}

static void test_a_run_that_is_not_there_is_told(void **state)
{
	static const char body[] =
		"{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\",\"message\":\"Run with id=r not found\"}";

	(void)state;
	replay_add(&r, (struct answer){.path = SAMPLED "*", .status = 404, .body = body});
	assert_false(series("k", 0));
	assert_int_equal(r.err.code, ERR_NOT_FOUND);
	assert_string_equal(r.err.msg, "HTTP 404 for 'k': Run with id=r not found");
	again();
	replay_add(&r, (struct answer){.path = RUN, .status = 404, .body = body});
	assert_false(series(NULL, 0));
	assert_int_equal(r.err.code, ERR_NOT_FOUND);
}

static void test_a_history_that_repeats_is_an_error(void **state)
{
	(void)state;
	replay_add(&r,
		(struct answer){.path = HISTORY "*", .body = "{\"metrics\":[],\"next_page_token\":\"T\"}"});
	assert_false(series("k", 9999));
	assert_string_equal(r.err.msg, "'metrics': the same page again and again");
}

/* --- folders ------------------------------------------------------------------------------ */

static bool artifacts(const char *path)
{
	const struct artifacts_request request = {.pipeline = "e", .run = "r", .path = path};

	return replay_artifacts(&r, &mlflow_adapter, &source, &request);
}

static void test_a_folder_is_listed(void **state)
{
	(void)state;
	add_file(ARTIFACTS, DIR "artifacts.json");
	assert_true(artifacts(""));
	assert_has(&r.points, "logs/ -1\n");
	assert_has(&r.points, "report.html 36\n");
	assert_int_equal(count_of(&r.points, "\n"), 5);
}

static void test_a_folder_below_it(void **state)
{
	(void)state;
	add_file(ARTIFACTS "&path=plots", DIR "artifacts_plots.json");
	assert_true(artifacts("plots"));
	assert_has(&r.points, "plots/実験 100% ");
}

static void test_an_empty_folder_is_no_error(void **state)
{
	(void)state;
	add_file(ARTIFACTS "&path=none", DIR "artifacts_none.json");
	assert_true(artifacts("none"));
	assert_int_equal(r.points.n, 0);
}

static void test_names_go_encoded_into_the_address(void **state)
{
	(void)state;
	add(ARTIFACTS "&path=a%2F%C3%BC%20%26%23%3F%25", "{}");
	assert_true(artifacts("a/ü &#?%"));
}

static void test_a_folder_of_many_pages(void **state)
{
	(void)state;
	add(ARTIFACTS,
		"{\"files\":[{\"path\":\"a\",\"is_dir\":false,\"file_size\":\"7\"},null,{}],\"next_page_token\":\"T=\"}");
	add(ARTIFACTS "&page_token=T%3D", "{\"files\":[{\"path\":\"b\"}]}");
	assert_true(artifacts(""));
	assert_string_equal(r.points.p, "a 7\nb -1\n");
}

static void test_a_folder_that_is_refused(void **state)
{
	static const struct {
		struct answer answer;
		enum err_code code;
	} rows[] = {
		{{.status = 401, .body = "no login"}, ERR_AUTH},
		{{.status = 404, .body = "{\"message\":\"no run\"}"}, ERR_NOT_FOUND},
		{{.status = 500, .body = "{\"message\":\"s3 is away\"}"}, ERR_UNAVAILABLE},
		{{.status = 429}, ERR_UNAVAILABLE},
		{{.body = "<html>sign in"}, ERR_AUTH},
		{{.body = "{\"files\":[{\"pa"}, ERR_UNAVAILABLE},
		{{.body = "{\"entries\":[]}"}, ERR_FAILED},
		{{.body = "[]"}, ERR_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct answer answer = rows[i].answer;

		again();
		answer.path = ARTIFACTS;
		replay_add(&r, answer);
		assert_false(artifacts(""));
		assert_int_equal(r.err.code, rows[i].code);
	}
}

/* --- files -------------------------------------------------------------------------------- */

static bool artifact(const char *path, int64_t offset)
{
	const struct artifact_request request = {.pipeline = "e", .run = "r", .path = path, .offset = offset};

	return replay_artifact(&r, &mlflow_adapter, &source, &request);
}

static void test_a_file_comes_as_it_is(void **state)
{
	static const char bytes[] = "\0\x1b[31m\xff no line\r\n\n";

	(void)state;
	replay_add(
		&r, (struct answer){
			    .path = BYTES "a%2Fb%20%E5%AE%9F.bin", .body = bytes, .body_n = sizeof(bytes)});
	assert_true(artifact("a/b 実.bin", 0));
	assert_int_equal(r.text.n, sizeof(bytes));
	assert_memory_equal(r.text.p, bytes, sizeof(bytes));
	assert_int_equal(r.log_offset, sizeof(bytes));
	assert_true(r.is_log_complete);
}

/* Nothing is held until a line's end comes. */
static void test_a_file_without_lines_is_handed_over_as_it_comes(void **state)
{
	size_t n = 17 << 20;
	char *bytes = x_calloc(n, 1);

	(void)state;
	memset(bytes, 'x', n);
	r.text.max = n + 1;
	replay_add(&r, (struct answer){.path = BYTES "w", .body = bytes, .body_n = n});
	assert_true(artifact("w", 0));
	assert_int_equal(r.text.n, n);
	x_free(bytes);
}

static void test_a_tail_is_asked_for_by_its_length(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = BYTES "log", .status = 206, .body = "ne 9\n", .start = 95});
	assert_true(artifact("log", -5));
	assert_has(&r.asked, " @-5 ");
	assert_string_equal(r.text.p, "ne 9\n");
	assert_int_equal(r.log_offset, 100);
}

static void test_a_file_goes_on_where_it_ended(void **state)
{
	(void)state;
	replay_add(&r, (struct answer){.path = BYTES "log", .status = 206, .body = "more", .start = 100});
	assert_true(artifact("log", 100));
	assert_has(&r.asked, " @100 ");
	assert_string_equal(r.text.p, "more");
	assert_int_equal(r.log_offset, 104);
}

static void test_nothing_lies_behind_the_end(void **state)
{
	(void)state;
	replay_add(
		&r, (struct answer){
			    .path = BYTES "log", .status = 416, .body = "<!doctype html>", .is_html = true});
	assert_true(artifact("log", 100));
	assert_int_equal(r.text.n, 0);
	assert_int_equal(r.log_offset, 100);
	assert_true(r.is_log_complete);
	again();
	replay_add(&r, (struct answer){.path = BYTES "log", .status = 416});
	assert_true(artifact("log", -100));
	assert_int_equal(r.log_offset, 0);
}

static void test_an_empty_file(void **state)
{
	static const int64_t offsets[] = {0, -7, 7};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
		again();
		add(BYTES "empty", "");
		assert_true(artifact("empty", offsets[i]));
		assert_int_equal(r.text.n, 0);
		assert_int_equal(r.log_offset, 0);
		assert_true(r.is_log_complete);
	}
}

/* Status 200: all of it came. */
static void test_a_server_that_knows_no_parts(void **state)
{
	static const struct {
		int64_t offset;
		const char *text;
	} rows[] = {{4, "456789"}, {9, "9"}, {10, ""}, {99, ""}, {-3, "789"}, {-10, "0123456789"},
		{-11, "0123456789"}, {-7, "3456789"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		again();
		add(BYTES "f", "0123456789");
		assert_true(artifact("f", rows[i].offset));
		assert_int_equal(r.text.n, strlen(rows[i].text));
		assert_memory_equal(buf_str(&r.text).p, rows[i].text, r.text.n);
		assert_int_equal(r.log_offset, 10);
	}
}

static void test_a_login_page_is_no_artifact(void **state)
{
	(void)state;
	add(BYTES "model.pkl",
		"\n <!DOCTYPE HTML><title>Sign in</title>............................................");
	assert_false(artifact("model.pkl", 0));
	assert_int_equal(r.err.code, ERR_AUTH);
	assert_int_equal(r.text.n, 0);
	again();
	add(BYTES "report.html", "<!doctype html><title>a report</title>");
	assert_true(artifact("report.html", 0));
	assert_has(&r.text, "a report");
}

static void test_a_file_that_is_refused(void **state)
{
	static const struct {
		struct answer answer;
		enum err_code code;
		const char *msg;
	} rows[] = {
		{{.status = 400,
			 .body = "{\"message\":\"Artifact path refers to a directory, not a file: 'x'\"}"},
			ERR_FAILED, "HTTP 400 for 'f': Artifact path refers to a directory, not a file: 'x'"},
		{{.status = 404, .body = "{\"message\":\"No such artifact: 'x'\"}"}, ERR_NOT_FOUND,
			"HTTP 404 for 'f': No such artifact: 'x'"},
		{{.status = 404, .body = "<html>Not Found"}, ERR_NOT_FOUND, "HTTP 404 for 'f'"},
		{{.status = 403, .body = "Permission denied"}, ERR_REFUSED, "HTTP 403 for 'f'"},
		{{.status = 401}, ERR_AUTH, NULL},
		{{.status = 429}, ERR_UNAVAILABLE, NULL},
		{{.status = 500, .body = "{\"message\":\"s3 is away\"}"}, ERR_UNAVAILABLE, NULL},
		{{.failure = "connection refused"}, ERR_UNAVAILABLE, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct answer answer = rows[i].answer;

		again();
		answer.path = BYTES "f";
		replay_add(&r, answer);
		assert_false(artifact("f", 0));
		assert_int_equal(r.err.code, rows[i].code);
		if (rows[i].msg)
			assert_string_equal(r.err.msg, rows[i].msg);
		assert_int_equal(r.text.n, 0);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, mlflow_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_curve_is_sampled_by_the_server),
		T(test_without_a_measure_it_is_the_servers_own),
		T(test_all_curves_of_a_run),
		T(test_a_run_without_metrics_has_no_curves),
		T(test_numbers_that_are_none_keep_their_kind),
		T(test_a_server_that_does_not_sample_is_read_as_a_whole),
		T(test_more_than_the_server_samples_is_read_as_a_whole),
		T(test_a_history_comes_by_step),
		T(test_one_point_is_the_last),
		T(test_a_run_that_is_not_there_is_told),
		T(test_a_history_that_repeats_is_an_error),
		T(test_a_folder_is_listed),
		T(test_a_folder_below_it),
		T(test_an_empty_folder_is_no_error),
		T(test_names_go_encoded_into_the_address),
		T(test_a_folder_of_many_pages),
		T(test_a_folder_that_is_refused),
		T(test_a_file_comes_as_it_is),
		T(test_a_file_without_lines_is_handed_over_as_it_comes),
		T(test_a_tail_is_asked_for_by_its_length),
		T(test_a_file_goes_on_where_it_ended),
		T(test_nothing_lies_behind_the_end),
		T(test_an_empty_file),
		T(test_a_server_that_knows_no_parts),
		T(test_a_login_page_is_no_artifact),
		T(test_a_file_that_is_refused),
	};

	return cmocka_run_group_tests_name("mlflow_live", tests, NULL, NULL);
}

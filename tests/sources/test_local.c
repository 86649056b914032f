/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The local adapter on real folders: the same files.c as in production. */
#include "tests/sources/replay.h"

#include "client/fetch/files.h"
#include "client/sources/adapters.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct replay r;
static char root[] = "/tmp/test_local_XXXXXX";
static struct config_source source = {.name = "local", .kind = "local", .since_ms = TIME_NONE};

static void put(const char *name, const char *text, const char *mode)
{
	char *path = x_printf("%s/%s", root, name);
	FILE *f;

	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, mode);
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	x_free(path);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root + sizeof(root) - 7, "XXXXXX");
	if (!mkdtemp(root))
		return -1;
	source.path = root;
	replay_init(&r);
	return 0;
}

static int teardown(void **state)
{
	char *command = x_printf("rm -rf '%s'", root);
	int status = system(command);

	(void)state;
	x_free(command);
	replay_fini(&r);
	return status;
}

static struct engine *open_engine(void)
{
	struct transport *transports[REQUEST_KINDS] = {0};

	transports[REQUEST_FILE] = transports[REQUEST_DIR] = files_new(r.loop, root);
	return engine_new(r.loop, &local_adapter, &source, transports, &replay_limits);
}

static bool pull(const char *cursor, int64_t since_ms)
{
	struct engine *engine = open_engine();
	char *copy = cursor ? x_strdup(cursor) : NULL;
	bool ok;

	replay_reset(&r);
	engine_pull(engine, copy, since_ms, &replay_sink, &r);
	ok = replay_wait(&r);
	engine_free(engine);
	x_free(copy);
	return ok;
}

static bool read_log(const char *step, const char *index, int64_t attempt, int64_t offset)
{
	struct log_request request = {.step = {.pipeline = "pop/ular",
					      .run = "r 1",
					      .step = step,
					      .index = index,
					      .attempt = attempt},
		.offset = offset};
	struct engine *engine = open_engine();
	bool ok;

	replay_reset(&r);
	engine_log(engine, &request, &replay_sink, &r);
	ok = replay_wait(&r);
	engine_free(engine);
	return ok;
}

#define RUN(name)                                                                                            \
	"{\"jsonrpc\":\"2.0\",\"method\":\"run\",\"params\":{\"pipeline\":\"p\",\"run\":\"" name             \
	"\",\"state\":\"success\"}}\n"

static void test_events_here_and_one_folder_down(void **state)
{
	(void)state;
	put("events.jsonl", RUN("here"), "w");
	put("a/events.jsonl", RUN("below"), "w");
	put("a/b/events.jsonl", RUN("too-deep"), "w");
	put("c/other.txt", "x", "w");
	assert_true(pull(NULL, TIME_NONE));
	assert_has(&r.records, "\"run\":\"here\"");
	assert_has(&r.records, "\"run\":\"below\"");
	assert_lacks(&r.records, "too-deep");
}

static void test_only_files_that_changed_are_read_again(void **state)
{
	(void)state;
	put("a/events.jsonl", RUN("one"), "w");
	put("b/events.jsonl", RUN("two"), "w");
	assert_true(pull(NULL, TIME_NONE));
	put("b/events.jsonl", RUN("three"), "a");
	assert_true(pull(r.cursor, TIME_NONE));
	assert_lacks(&r.records, "\"run\":\"one\"");
	assert_has(&r.records, "\"run\":\"two\"");
	assert_has(&r.records, "\"run\":\"three\"");
	assert_true(pull(r.cursor, TIME_NONE));
	assert_lacks(&r.records, "\"method\":\"run\"");
	assert_true(pull(r.cursor, 0));
	assert_has(&r.records, "\"run\":\"one\"");
}

#define NOW INT64_C(1795262400000)
#define UNDER_WAY                                                                                             \
	"{\"method\":\"run\",\"params\":{\"pipeline\":\"p\",\"run\":\"r\",\"state\":\"running\","             \
	"\"started_ms\":1795262000000,\"user\":\"ann\",\"heartbeat_ms\":1795262400000}}\n"                    \
	"{\"method\":\"step_run\",\"params\":{\"pipeline\":\"p\",\"run\":\"r\",\"step\":\"a\",\"attempt\":1," \
	"\"state\":\"running\",\"started_ms\":1795262000000}}\n"                                              \
	"{\"method\":\"step_run\",\"params\":{\"pipeline\":\"p\",\"run\":\"r\",\"step\":\"b\",\"attempt\":0," \
	"\"state\":\"queued\"}}\n"

static void test_a_run_whose_heartbeat_stays_away_is_lost(void **state)
{
	(void)state;
	clock_fix(NOW + 1000);
	put("d/events.jsonl", UNDER_WAY RUN("other"), "w");
	assert_true(pull(NULL, TIME_NONE));
	assert_lacks(&r.records, "\"lost\"");
	/* Nothing was written since, and yet it is looked at again. */
	clock_fix(NOW + 61 * 1000);
	assert_true(pull(r.cursor, TIME_NONE));
	assert_has(&r.records, "\"run\":\"r\",\"state\":\"lost\"");
	assert_has(&r.records, "\"user\":\"ann\"");
	assert_has(&r.records, "\"step\":\"a\",\"attempt\":1,\"state\":\"lost\"");
	assert_has(&r.records, "\"step\":\"b\",\"attempt\":0,\"state\":\"skipped\"");
	assert_int_equal(count_of(&r.records, "\"lost\""), 2);
	/* Then it is over, until it says otherwise. */
	assert_true(pull(r.cursor, TIME_NONE));
	assert_lacks(&r.records, "\"method\":\"run\"");
	put("d/events.jsonl",
		"{\"method\":\"run\",\"params\":{\"pipeline\":\"p\",\"run\":\"r\",\"state\":\"success\"}}\n",
		"a");
	assert_true(pull(r.cursor, TIME_NONE));
	assert_lacks(&r.records, "\"lost\"");
	clock_fix(TIME_NONE);
}

static void test_damaged_lines_fail_alone(void **state)
{
	(void)state;
	put("events.jsonl",
		"{\"method\":\"run\",\"params\":{\"pipeline\":\"p\",\"run\":\"no-jsonrpc\",\"state\":"
		"\"success\"}}\n"
		"{\"method\":\"run\",\"params\":{\"pipeline\":\"p\"}}\n"
		"not json\n"
		"\n"
		"{\"method\":\"dance\",\"params\":{}}\n" RUN("last") "{\"method\":\"run\",\"par",
		"w");
	assert_true(pull(NULL, TIME_NONE));
	assert_has(&r.records, "no-jsonrpc");
	assert_has(&r.records, "\"run\":\"last\"");
	assert_has(&r.notes, "events.jsonl:2: ");
	assert_has(&r.notes, "events.jsonl:3: ");
	assert_has(&r.notes, "events.jsonl:5: no record of ours");
	assert_int_equal(count_of(&r.notes, "\n"), 3);
}

static void test_an_empty_folder_is_no_error_a_missing_one_is(void **state)
{
	(void)state;
	assert_true(pull(NULL, TIME_NONE));
	assert_string_equal(r.cursor, "{}");
	assert_int_equal(rmdir(root), 0);
	assert_false(pull(NULL, TIME_NONE));
	assert_int_equal(r.err.code, ERR_NOT_FOUND);
	assert_int_equal(mkdir(root, 0700), 0);
}

static void test_a_pipe_in_the_place_of_a_file_does_not_hang(void **state)
{
	char *path = x_printf("%s/events.jsonl", root);

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(pull(NULL, TIME_NONE));
	assert_non_null(strstr(r.err.msg, "is no regular file"));
	x_free(path);
}

#define STEP(state)                                                                                          \
	"{\"method\":\"step_run\",\"params\":{\"pipeline\":\"pop/ular\",\"run\":\"r 1\",\"step\":\"fit\","   \
	"\"attempt\":2,\"state\":\"" state "\"}}\n"

static void test_log_of_an_attempt_that_is_over(void **state)
{
	(void)state;
	put("x/events.jsonl", STEP("running") STEP("failed"), "w");
	put("x/logs/pop%2Fular/r%201/fit.1.log", "first\n", "w");
	put("x/logs/pop%2Fular/r%201/fit.2.log", "one\ntwo\nno line end", "w");
	assert_true(read_log("fit", NULL, 2, 0));
	assert_string_equal(r.text.p, "one\ntwo\nno line end");
	assert_int_equal(r.log_offset, 19);
	assert_true(r.is_log_complete);
	assert_true(read_log("fit", NULL, 2, 4));
	assert_string_equal(r.text.p, "two\nno line end");
	assert_true(read_log("fit", NULL, 0, 0)); /* the newest */
	assert_has(&r.text, "two");
	assert_true(read_log("fit", NULL, 1, 0));
	assert_string_equal(r.text.p, "first\n");
	assert_false(r.is_log_complete); /* nobody said that it is over */
}

static void test_log_that_is_being_written_stops_at_a_line(void **state)
{
	(void)state;
	put("events.jsonl", STEP("running"), "w");
	put("logs/pop%2Fular/r%201/fit.2.log", "one\nhal", "w");
	assert_true(read_log("fit", NULL, 2, 0));
	assert_string_equal(r.text.p, "one\n");
	assert_int_equal(r.log_offset, 4);
	assert_false(r.is_log_complete);
}

static void test_log_of_a_mapped_step(void **state)
{
	(void)state;
	put("logs/pop%2Fular/r%201/fit.7.1.log", "mapped\n", "w");
	assert_true(read_log("fit", "7", 1, 0));
	assert_string_equal(r.text.p, "mapped\n");
	assert_false(read_log("fit", "8", 1, 0));
	assert_int_equal(r.err.code, ERR_NOT_FOUND);
	assert_string_equal(r.err.msg, "log not written yet");
}

static void test_names_do_not_lead_out_of_the_folder(void **state)
{
	struct log_request request = {
		.step = {.pipeline = "..", .run = "..", .step = "passwd", .attempt = 1}};
	struct engine *engine = open_engine();

	(void)state;
	engine_log(engine, &request, &replay_sink, &r);
	assert_false(replay_wait(&r));
	assert_non_null(strstr(r.err.msg, "leads out of the source's folder"));
	engine_free(engine);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_events_here_and_one_folder_down),
		T(test_only_files_that_changed_are_read_again),
		T(test_a_run_whose_heartbeat_stays_away_is_lost),
		T(test_damaged_lines_fail_alone),
		T(test_an_empty_folder_is_no_error_a_missing_one_is),
		T(test_a_pipe_in_the_place_of_a_file_does_not_hang),
		T(test_log_of_an_attempt_that_is_over),
		T(test_log_that_is_being_written_stops_at_a_line),
		T(test_log_of_a_mapped_step),
		T(test_names_do_not_lead_out_of_the_folder),
	};

	return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/source.h"

#include "client/base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PLENTY_MS = 30000, SOON_MS = 50 };

/* What a source calls is written into `heard`; `n_done` counts ends. */
struct scene {
	struct loop *loop;
	struct source *source;
	struct buf heard;
	int n_done, n_awaited;
	struct err err;	 /* of the last end */
	bool closes;	 /* the next callback closes the source */
	int64_t cancels; /* an entry cancels this */
	size_t n_bytes;
};

static void note(struct scene *scene, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(struct scene *scene, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_addz(&scene->heard, text);
	buf_addc(&scene->heard, '|');
	if (!scene->closes)
		return;
	source_close(scene->source);
	scene->source = NULL;
	loop_stop(scene->loop);
}

static void end(struct scene *scene, const struct err *err)
{
	scene->err = err ? *err : (struct err){0};
	if (++scene->n_done == scene->n_awaited)
		loop_stop(scene->loop);
}

static void on_record(void *ctx, const struct record *record, const struct err *err)
{
	if (err)
		note(ctx, "bad: %s", err->msg);
	else if (record->kind == RECORD_RUN)
		note(ctx, "run %s %s", record->run.run, record->run.state);
	else
		note(ctx, "%s", record_method(record->kind));
	if (record && record->kind == RECORD_RUN && strcmp(record->run.run, "held") == 0)
		loop_stop(((struct scene *)ctx)->loop);
}

static void on_pulled(void *ctx, const struct err *err)
{
	struct scene *scene = ctx;
	end(scene, err);
	note(scene, "pulled");
}

static void on_text(void *ctx, struct str text)
{
	note(ctx, "%.*s", STR_FMT(text));
}

static void on_logged(void *ctx, int64_t offset, bool complete, const struct err *err)
{
	struct scene *scene = ctx;
	end(scene, err);
	note(scene, "logged %d %d", (int)offset, complete);
}

static const struct source_pull_ops pull_ops = {.record = on_record, .done = on_pulled};
static const struct source_log_ops log_ops = {.text = on_text, .done = on_logged};
static const struct source_step check = {.pipeline = "p", .run = "r1", .step = "check", .attempt = 1};
static const struct source_step nothing = {.pipeline = "p", .run = "r1", .step = "nothing", .attempt = 1};

/* --- the live methods, of a plug-in with all of them ---------------------- */

static void over(void *ctx, const struct err *err)
{
	struct scene *scene = ctx;
	end(scene, err);
	note(scene, "over");
}

static void on_point(void *ctx, const struct source_point *point)
{
	note(ctx, "%s %d %d %g", point->metric, (int)point->step, (int)(point->time_ms % 1000), point->value);
}

static void on_entry(void *ctx, const struct source_entry *entry)
{
	struct scene *scene = ctx;
	note(scene, "%s %d%s", entry->path, (int)entry->size, entry->is_dir ? " folder" : "");
	if (scene->cancels)
		source_cancel(scene->source, scene->cancels);
}

static void on_bytes(void *ctx, struct str bytes)
{
	struct scene *scene = ctx;
	scene->n_bytes += bytes.n;
	if (bytes.n < 100)
		note(scene, "%.*s", STR_FMT(bytes));
}

static void on_bytes_end(void *ctx, int64_t offset, bool complete, const struct err *err)
{
	struct scene *scene = ctx;
	end(scene, err);
	note(scene, "at %d %d", (int)offset, complete);
}

static void on_acted(void *ctx, const struct source_acted *acted, const struct err *err)
{
	static const char *const words[] = {[DID_UNKNOWN] = "unknown", [DID_YES] = "yes", [DID_NO] = "no"};
	struct scene *scene = ctx;
	end(scene, err);
	note(scene, "%s %s %d", words[acted->done], acted->run ? acted->run : "-",
		(int)json_len(acted->effect));
}

static const struct source_series_ops series_ops = {.point = on_point, .done = over};
static const struct source_artifacts_ops artifacts_ops = {.entry = on_entry, .done = over};
static const struct source_artifact_ops artifact_ops = {.bytes = on_bytes, .done = on_bytes_end};

static int set_up(void **state)
{
	static struct scene scene;
	memset(&scene, 0, sizeof scene);
	scene.loop = loop_new();
	buf_init(&scene.heard, 0);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	source_close(scene->source);
	loop_free(scene->loop);
	buf_fini(&scene->heard);
	return 0;
}

static void open_command(struct scene *scene, const char **command, const char *json, int silence_ms)
{
	static const struct config config = {.file = "tests/fixtures/plugins/portal.yaml"};
	struct config_source of = {.name = "x", .kind = "plugin", .command = command, .json = str_of(json)};
	scene->source = source_open(scene->loop, &config, &of, silence_ms);
}

/* The command is relative to the folder of the configuration. */
static void open_plugin(struct scene *scene, const char *script, const char *json, int silence_ms)
{
	const char *command[] = {"python3", script, NULL};
	open_command(scene, command, json, silence_ms);
}

static void pull(struct scene *scene, const char *cursor)
{
	source_pull(scene->source, cursor, TIME_NONE, &pull_ops, scene);
}

/* Serves until N requests are over. */
static void await(struct scene *scene, int n)
{
	scene->n_awaited = n;
	if (scene->n_done < n)
		loop_run(scene->loop);
}

static void assert_heard(struct scene *scene, const char *what)
{
	assert_string_equal(buf_str(&scene->heard).p, what);
	buf_reset(&scene->heard);
}

static const char whole_pull[] =
	"pipeline|run r1 failed|bad: source 'x': record 'run': no 'run'|cursor|pulled|";

static void a_pull_gives_its_records_and_one_end(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "healthy.py", "{}", PLENTY_MS);
	pull(scene, NULL);
	await(scene, 1);
	assert_int_equal(scene->err.code, ERR_NONE);
	assert_heard(scene, whole_pull);
}

static void a_log_gives_its_text_and_where_to_go_on(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "healthy.py", "{}", PLENTY_MS);
	source_log(scene->source, &check, 0, false, &log_ops, scene);
	await(scene, 1);
	assert_heard(scene, "first\n|second\n|logged 13 1|");
	source_log(scene->source, &nothing, 0, false, &log_ops, scene);
	await(scene, 2);
	assert_int_equal(scene->err.code, ERR_NOT_FOUND);
	assert_string_equal(scene->err.msg, "source 'x': no such step");
}

static void pulls_follow_each_other(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "healthy.py", "{}", PLENTY_MS);
	pull(scene, NULL);
	pull(scene, "c1");
	await(scene, 2);
	struct buf twice;
	buf_init(&twice, 0);
	buf_addf(&twice, "%s%s", whole_pull, whole_pull);
	assert_heard(scene, twice.p);
	buf_fini(&twice);
}

static void an_error_of_the_source_keeps_its_time_to_come_back(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "healthy.py", "{\"mode\":\"busy\"}", PLENTY_MS);
	pull(scene, NULL);
	await(scene, 1);
	assert_int_equal(scene->err.code, ERR_UNAVAILABLE);
	assert_int_equal(scene->err.retry_after_ms, 12000);
	assert_string_equal(scene->err.msg, "source 'x': HTTP 429");
}

static void what_a_cancelled_pull_still_says_is_not_taken_for_the_next(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "healthy.py", "{}", PLENTY_MS);
	int64_t id = source_pull(scene->source, "hold", TIME_NONE, &pull_ops, scene);
	loop_run(scene->loop);
	assert_heard(scene, "run held running|");
	source_cancel(scene->source, id);
	source_cancel(scene->source, id);
	pull(scene, NULL);
	await(scene, 1);
	assert_heard(scene, whole_pull);
}

static void a_queued_request_is_cancelled_without_a_word(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "healthy.py", "{}", PLENTY_MS);
	source_cancel(scene->source, source_log(scene->source, &check, 0, false, &log_ops, scene));
	pull(scene, NULL);
	await(scene, 1);
	assert_heard(scene, whole_pull);
}

static void the_other_protocol_is_refused(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "healthy.py", "{\"mode\":\"future\"}", PLENTY_MS);
	pull(scene, NULL);
	await(scene, 1);
	assert_string_equal(scene->err.msg, "source 'x': speaks protocol 2, this porthole speaks 1");
	assert_heard(scene, "pulled|");
}

static void a_crash_ends_all_that_is_asked_with_its_last_words(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "crashes.py", "{}", PLENTY_MS);
	pull(scene, NULL);
	pull(scene, NULL);
	source_log(scene->source, &check, 0, true, &log_ops, scene);
	await(scene, 3);
	assert_int_equal(scene->err.code, ERR_UNAVAILABLE);
	assert_string_equal(scene->err.msg, "source 'x': ended with status 1: KeyError: 'scheduler'");
	assert_heard(scene, "run r1 running|pulled|pulled|logged 0 0|");
	pull(scene, NULL);
	assert_heard(scene, "");
	await(scene, 4);
	assert_heard(scene, "pulled|");
}

static void a_source_that_hangs_times_out(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "hangs.py", "{}", 1000);
	pull(scene, NULL);
	await(scene, 1);
	assert_int_equal(scene->err.code, ERR_UNAVAILABLE);
	assert_string_equal(scene->err.msg, "source 'x': no answer in 1 s");
}

static void a_source_that_never_says_hello_times_out(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "silent.py", "{}", SOON_MS);
	pull(scene, NULL);
	await(scene, 1);
	assert_string_equal(scene->err.msg, "source 'x': no answer in 0.05 s");
}

static void a_source_that_prints_garbage_is_ended(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "garbage.py", "{}", PLENTY_MS);
	pull(scene, NULL);
	await(scene, 1);
	assert_int_equal(scene->err.code, ERR_FAILED);
	assert_string_equal(scene->err.msg, "source 'x': line 1 is no JSON");
}

static void a_command_that_does_not_exist_is_told_to_who_asks(void **state)
{
	struct scene *scene = *state;
	const char *command[] = {"/nowhere/scheduler", NULL};
	open_command(scene, command, "{}", PLENTY_MS);
	pull(scene, NULL);
	int64_t cancelled = source_log(scene->source, &check, 0, false, &log_ops, scene);
	source_cancel(scene->source, cancelled);
	assert_int_equal(scene->n_done, 0);
	await(scene, 1);
	assert_string_equal(
		scene->err.msg, "source 'x': cannot run '/nowhere/scheduler': No such file or directory");
}

static void a_plugin_without_a_command_is_a_mistake_of_the_configuration(void **state)
{
	struct scene *scene = *state;
	open_command(scene, NULL, "{}", PLENTY_MS);
	pull(scene, NULL);
	await(scene, 1);
	assert_int_equal(scene->err.code, ERR_USAGE);
}

static void stop(void *ctx)
{
	loop_stop(ctx);
}

/* A source of few words, for it starts fast: requests 2 and 3 are pulls. */
static void silence_counts_only_while_something_is_asked(void **state)
{
	struct scene *scene = *state;
	const char *command[] = {"sh", "-c",
		"read l; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocol\":1}}'\n"
		"read l; echo '{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}'\n"
		"read l; echo '{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}'\n"
		"read l",
		NULL};
	open_command(scene, command, "{}", 10 * SOON_MS);
	pull(scene, NULL);
	await(scene, 1);
	loop_after(scene->loop, 12 * SOON_MS, stop, scene->loop);
	loop_run(scene->loop);
	pull(scene, NULL);
	await(scene, 2);
	assert_string_equal(scene->err.msg, "");
}

/* A followed log may be quiet; what is asked beside it may not. */
static void a_followed_log_may_be_silent(void **state)
{
	struct scene *scene = *state;
	const char *command[] = {"sh", "-c",
		"read l; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocol\":1}}'; read l; read l; read l",
		NULL};
	open_command(scene, command, "{}", 4 * SOON_MS);
	source_log(scene->source, &check, 0, true, &log_ops, scene);
	loop_after(scene->loop, 6 * SOON_MS, stop, scene->loop);
	loop_run(scene->loop);
	assert_int_equal(scene->n_done, 0);
	pull(scene, NULL);
	await(scene, 2);
	assert_string_equal(scene->err.msg, "source 'x': no answer in 0.2 s");
}

static void nothing_is_called_after_closing_in_a_callback(void **state)
{
	static const char *const first[] = {"pipeline|", "run r1 running|"};
	static const char *const scripts[] = {"healthy.py", "crashes.py"};
	struct scene *scene = *state;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		open_plugin(scene, scripts[i], "{}", PLENTY_MS);
		scene->closes = true;
		pull(scene, NULL);
		source_log(scene->source, &check, 0, false, &log_ops, scene);
		loop_run(scene->loop);
		loop_step(scene->loop, 0);
		assert_heard(scene, first[i]);
		assert_int_equal(scene->n_done, 0);
	}
}

static void closing_in_the_last_callback_is_fine(void **state)
{
	struct scene *scene = *state;
	const char *command[] = {"/nowhere/scheduler", NULL};
	open_command(scene, command, "{}", PLENTY_MS);
	scene->closes = true;
	pull(scene, NULL);
	pull(scene, NULL);
	loop_run(scene->loop);
	loop_step(scene->loop, 0);
	assert_heard(scene, "pulled|");
}

static void closing_does_not_wait_for_a_deaf_source(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "hangs.py", "{}", PLENTY_MS);
	pull(scene, NULL);
	int64_t before_ms = clock_mono_ms();
	source_close(scene->source);
	scene->source = NULL;
	assert_true(clock_mono_ms() - before_ms < 5000);
	assert_int_equal(scene->n_done, 0);
}

static void a_curve_gives_its_points_and_nobody_elses(void **state)
{
	static const char *const metrics[] = {"auc"};
	struct scene *scene = *state;
	open_plugin(scene, "whole.py", "{}", PLENTY_MS);
	source_series(scene->source, "p", "r1", metrics, 1, 3, &series_ops, scene);
	await(scene, 1);
	assert_int_equal(scene->err.code, ERR_NONE);
	assert_heard(scene, "auc 0 0 0.1|auc 1 1 nan|auc 2 2 0.3|over|");
	assert_true(source_has_method(scene->source, "series"));
	assert_false(source_has_method(scene->source, "weather"));
	assert_true(source_has_verb(scene->source, "rerun"));
	assert_false(source_has_verb(scene->source, "pause"));
}

static void artifacts_are_listed_and_read(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "whole.py", "{}", PLENTY_MS);
	source_artifacts(scene->source, "p", "r1", "", &artifacts_ops, scene);
	await(scene, 1);
	assert_heard(scene, "model -1 folder|note.txt 14|big.bin 262144|over|");
	source_artifact(scene->source, "p", "r1", "note.txt", 4, &artifact_ops, scene);
	await(scene, 2);
	assert_heard(scene, "two\nthree\n|at 14 1|");
	scene->n_bytes = 0;
	source_artifact(scene->source, "p", "r1", "big.bin", 0, &artifact_ops, scene);
	await(scene, 3);
	assert_int_equal(scene->n_bytes, 262144);
	assert_heard(scene, "at 262144 1|");
	source_artifact(scene->source, "p", "r1", "nothing", 0, &artifact_ops, scene);
	await(scene, 4);
	assert_int_equal(scene->err.code, ERR_NOT_FOUND);
}

static void a_listing_may_be_cancelled_or_its_source_closed_at_its_first_entry(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "whole.py", "{}", PLENTY_MS);
	scene->cancels = source_artifacts(scene->source, "p", "r1", "", &artifacts_ops, scene);
	pull(scene, NULL);
	await(scene, 1);
	assert_memory_equal(scene->heard.p, "model -1 folder|pipeline|", 25);
	buf_reset(&scene->heard);
	scene->cancels = 0;
	scene->closes = true;
	source_artifacts(scene->source, "p", "r1", "", &artifacts_ops, scene);
	loop_run(scene->loop);
	loop_step(scene->loop, 0);
	assert_heard(scene, "model -1 folder|");
}

static void a_chunk_that_is_no_base64_fails_the_file(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "whole.py", "{\"mode\":\"base64\"}", PLENTY_MS);
	source_artifact(scene->source, "p", "r1", "note.txt", 0, &artifact_ops, scene);
	await(scene, 1);
	assert_int_equal(scene->err.code, ERR_FAILED);
	assert_string_equal(scene->err.msg, "source 'x': a chunk of the artifact is no base64");
	assert_heard(scene, "at 0 0|");
}

static void what_hello_does_not_name_is_not_asked_for(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "whole.py", "{\"mode\":\"bare\"}", PLENTY_MS);
	source_series(scene->source, "p", "r1", NULL, 0, 0, &series_ops, scene);
	assert_int_equal(scene->n_done, 0);
	await(scene, 1);
	assert_int_equal(scene->err.code, ERR_NOT_FOUND);
	assert_string_equal(scene->err.msg, "source 'x' has no method 'series'");
	pull(scene, NULL);
	await(scene, 2);
	assert_int_equal(scene->err.code, ERR_NONE);
}

static void an_action_says_what_it_did_or_would_do(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "whole.py", "{}", PLENTY_MS);
	source_act(scene->source, "rerun", "p/r1", (struct str){0}, true, on_acted, scene);
	source_act(scene->source, "rerun", "p/r1", STR("{\"why\":\"red\"}"), false, on_acted, scene);
	await(scene, 2);
	assert_heard(scene, "unknown - 1|yes r3 0|");
	source_act(scene->source, "explode", "p/r1", (struct str){0}, false, on_acted, scene);
	await(scene, 3);
	assert_int_equal(scene->err.code, ERR_REFUSED);
	assert_heard(scene, "no - 0|");
}

static void an_action_whose_answer_is_lost_is_unknown_and_not_sent_again(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "whole.py", "{\"mode\":\"act-dies\"}", PLENTY_MS);
	source_act(scene->source, "rerun", "p/r1", (struct str){0}, false, on_acted, scene);
	await(scene, 1);
	assert_string_equal(scene->err.msg, "it is unknown what was done: source 'x': ended with status 1");
	assert_heard(scene, "unknown - 0|");
	source_act(scene->source, "rerun", "p/r1", (struct str){0}, false, on_acted, scene);
	await(scene, 2);
	assert_string_equal(scene->err.msg, "source 'x': ended with status 1");
	assert_heard(scene, "no - 0|");
}

static void a_failure_in_the_middle_of_an_action_is_unknown_too(void **state)
{
	struct scene *scene = *state;
	open_plugin(scene, "whole.py", "{\"mode\":\"act-fails\"}", PLENTY_MS);
	source_act(scene->source, "rerun", "p/r1", (struct str){0}, false, on_acted, scene);
	await(scene, 1);
	assert_string_equal(scene->err.msg, "it is unknown what was done: source 'x': HTTP 502");
	assert_heard(scene, "unknown - 0|");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		TEST(a_pull_gives_its_records_and_one_end),
		TEST(a_log_gives_its_text_and_where_to_go_on),
		TEST(pulls_follow_each_other),
		TEST(an_error_of_the_source_keeps_its_time_to_come_back),
		TEST(what_a_cancelled_pull_still_says_is_not_taken_for_the_next),
		TEST(a_queued_request_is_cancelled_without_a_word),
		TEST(the_other_protocol_is_refused),
		TEST(a_crash_ends_all_that_is_asked_with_its_last_words),
		TEST(a_source_that_hangs_times_out),
		TEST(a_source_that_never_says_hello_times_out),
		TEST(a_source_that_prints_garbage_is_ended),
		TEST(a_command_that_does_not_exist_is_told_to_who_asks),
		TEST(a_plugin_without_a_command_is_a_mistake_of_the_configuration),
		TEST(silence_counts_only_while_something_is_asked),
		TEST(a_followed_log_may_be_silent),
		TEST(nothing_is_called_after_closing_in_a_callback),
		TEST(closing_in_the_last_callback_is_fine),
		TEST(closing_does_not_wait_for_a_deaf_source),
		TEST(a_curve_gives_its_points_and_nobody_elses),
		TEST(artifacts_are_listed_and_read),
		TEST(a_listing_may_be_cancelled_or_its_source_closed_at_its_first_entry),
		TEST(a_chunk_that_is_no_base64_fails_the_file),
		TEST(what_hello_does_not_name_is_not_asked_for),
		TEST(an_action_says_what_it_did_or_would_do),
		TEST(an_action_whose_answer_is_lost_is_unknown_and_not_sent_again),
		TEST(a_failure_in_the_middle_of_an_action_is_unknown_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

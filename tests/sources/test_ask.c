/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The far end of the protocol, as text on a socket: an adapter that hands over what it is told. */
#include "client/fetch/ask.h"
#include "client/fetch/message.h"
#include "tests/sources/replay.h"

#include <math.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- the adapter ------------------------------------------------------------------------ */

static bool start(struct pull *pull, const char *cursor, int64_t since_ms, struct err *err)
{
	(void)pull;
	(void)cursor;
	(void)since_ms;
	(void)err;
	return true;
}

static bool give_points(struct pull *pull, const struct series_request *request, struct err *err)
{
	const struct source_point points[] = {
		{.metric = "auc", .step = 0, .time_ms = 1795220400000, .value = 0.5},
		{.metric = "auc", .step = -1, .time_ms = TIME_NONE, .value = (double)NAN},
	};

	if (!strcmp(request->run, "nothing"))
		return err_set(err, ERR_NOT_FOUND, "no such run");
	for (size_t i = 0; i < ARRAY_LEN(points); i++)
		pull_point(pull, &points[i]);
	if (request->n_metrics == 1)
		pull_point(
			pull, &(struct source_point){request->metrics[0], request->max_points, TIME_NONE, 1});
	return true;
}

static bool give_entries(struct pull *pull, const struct artifacts_request *request, struct err *err)
{
	(void)err;
	pull_entry(pull, &(struct source_entry){.path = "model", .size = -1, .is_dir = true});
	pull_entry(pull, &(struct source_entry){.path = request->path, .size = 3});
	return true;
}

static bool take_bytes(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	(void)ctx;
	(void)err;
	pull_bytes(pull, response->body);
	if (response->is_last)
		pull_bytes_end(pull, response->offset + (int64_t)response->body.n, true);
	return true;
}

static bool give_bytes(struct pull *pull, const struct artifact_request *request, struct err *err)
{
	(void)err;
	pull_ask(pull, &(struct request){.kind = REQUEST_FILE,
			       .path = request->path,
			       .offset = request->offset,
			       .flags = REQUEST_STREAM | REQUEST_BYTES,
			       .handler = take_bytes});
	return true;
}

static const struct adapter whole = {.kind = "whole",
	.summary = "all",
	.start = start,
	.series = give_points,
	.artifacts = give_entries,
	.artifact = give_bytes};
static const struct adapter bare = {.kind = "bare", .summary = "pull", .start = start};
static const struct config_source source = {.name = "x", .kind = "whole", .path = "."};

/* --- the conversation --------------------------------------------------------------------- */

struct scene {
	struct replay replay;
	struct asks asks;
	int ends[2]; /* ours, theirs */
	struct buf got;
};

static const struct peer_ops peer_ops = {0};

static void open_scene(struct scene *scene, const struct adapter *adapter)
{
	struct transport *const transports[REQUEST_KINDS] = {
		&scene->replay.transport, &scene->replay.transport, &scene->replay.transport};

	replay_init(&scene->replay);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, scene->ends), 0);
	buf_init(&scene->got, 0);
	asks_init(&scene->asks);
	scene->asks.source = &source;
	scene->asks.adapter = adapter;
	scene->asks.engine = engine_new(scene->replay.loop, adapter, &source, transports, &replay_limits);
	scene->asks.peer = peer_new(scene->replay.loop, scene->ends[1], scene->ends[1], &peer_ops, NULL);
}

static void close_scene(struct scene *scene)
{
	engine_free(scene->asks.engine);
	peer_free(scene->asks.peer);
	asks_fini(&scene->asks);
	close(scene->ends[0]);
	close(scene->ends[1]);
	buf_fini(&scene->got);
	replay_fini(&scene->replay);
}

static void ask(struct scene *scene, int64_t id, const char *method, const char *params)
{
	struct json_doc *doc = json_parse(str_of(params), NULL);

	asks_start(&scene->asks, id, str_of(method), json_root(doc));
	json_free(doc);
}

/* Serves until the answer to ID is among what came. */
static const char *await(struct scene *scene, int64_t id)
{
	char result[40], error[40];

	snprintf(result, sizeof(result), "\"id\":%lld,\"result\"", (long long)id);
	snprintf(error, sizeof(error), "\"id\":%lld,\"error\"", (long long)id);
	while (!str_has(buf_str(&scene->got), str_of(result)) &&
		!str_has(buf_str(&scene->got), str_of(error))) {
		char bytes[65536];
		ssize_t n;

		loop_step(scene->replay.loop, 100);
		while ((n = recv(scene->ends[0], bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
			buf_add(&scene->got, (struct str){bytes, (size_t)n});
	}
	return scene->got.p;
}

static void test_series_go_out_as_points(void **state)
{
	struct scene scene = {0};

	(void)state;
	open_scene(&scene, &whole);
	ask(&scene, 7, "series",
		"{\"pipeline\":\"p\",\"run\":\"r\",\"metrics\":[\"loss\"],\"max_points\":9}");
	assert_string_equal(await(&scene, 7),
		"{\"jsonrpc\":\"2.0\",\"method\":\"point\",\"params\":{\"id\":7,\"metric\":\"auc\",\"step\":0,"
		"\"time_ms\":1795220400000,\"value\":0.5}}\n"
		"{\"jsonrpc\":\"2.0\",\"method\":\"point\",\"params\":{\"id\":7,\"metric\":\"auc\",\"value\":\"NaN\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"method\":\"point\",\"params\":{\"id\":7,\"metric\":\"loss\",\"step\":9,\"value\":1.0}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n");
	buf_reset(&scene.got);
	ask(&scene, 8, "series", "{\"pipeline\":\"p\",\"run\":\"nothing\"}");
	assert_non_null(strstr(await(&scene, 8), "-32002"));
	close_scene(&scene);
}

static void test_artifacts_come_in_one_answer(void **state)
{
	struct scene scene = {0};

	(void)state;
	open_scene(&scene, &whole);
	ask(&scene, 1, "artifacts", "{\"pipeline\":\"p\",\"run\":\"r\",\"path\":\"a/\\u001b[2J\"}");
	assert_string_equal(await(&scene, 1),
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"entries\":[{\"path\":\"model\",\"is_dir\":true},"
		"{\"path\":\"a/\\u001b[2J\",\"size\":3,\"is_dir\":false}]}}\n");
	close_scene(&scene);
}

static void test_a_file_goes_out_in_chunks_of_64_kib(void **state)
{
	static char body[150000];
	struct scene scene = {0};

	(void)state;
	memset(body, '\xff', sizeof(body));
	open_scene(&scene, &whole);
	replay_add(&scene.replay, (struct answer){.path = "GET big", .body = body, .body_n = sizeof(body)});
	ask(&scene, 1, "artifact", "{\"pipeline\":\"p\",\"run\":\"r\",\"path\":\"big\",\"offset\":0}");
	await(&scene, 1);
	/* it comes in two halves, so two chunks of each */
	assert_int_equal(count_of(&scene.got, "\"chunk\""), 4);
	assert_has(&scene.got, "{\"offset\":150000,\"complete\":true}");
	close_scene(&scene);
}

static void test_what_the_adapter_has_not_is_no_method(void **state)
{
	struct scene scene = {0};
	struct buf list;
	struct json_writer w = {.out = &list};

	(void)state;
	open_scene(&scene, &bare);
	ask(&scene, 1, "series", "{\"pipeline\":\"p\",\"run\":\"r\"}");
	assert_non_null(strstr(await(&scene, 1), "-32601"));
	buf_init(&list, 0);
	asks_put_methods(&w, &source, &bare);
	assert_string_equal(list.p, "[\"pull\"]");
	buf_reset(&list);
	w.needs_comma = false;
	asks_put_methods(&w, &source, &whole);
	assert_string_equal(list.p, "[\"pull\",\"series\",\"artifacts\",\"artifact\"]");
	buf_fini(&list);
	close_scene(&scene);
}

static void test_parameters_that_are_missing_are_told(void **state)
{
	static const char *const methods[] = {"series", "artifacts", "artifact"};
	struct scene scene = {0};

	(void)state;
	open_scene(&scene, &whole);
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		ask(&scene, (int64_t)i + 1, methods[i], "{\"pipeline\":\"p\"}");
		assert_non_null(strstr(await(&scene, (int64_t)i + 1), "-32602"));
	}
	close_scene(&scene);
}

static void test_each_is_ended_by_a_cancel(void **state)
{
	struct scene scene = {0};

	(void)state;
	open_scene(&scene, &whole);
	ask(&scene, 1, "series", "{\"pipeline\":\"p\",\"run\":\"r\"}");
	ask(&scene, 2, "artifacts", "{\"pipeline\":\"p\",\"run\":\"r\"}");
	ask(&scene, 3, "artifact", "{\"pipeline\":\"p\",\"run\":\"r\",\"path\":\"big\"}");
	for (int64_t id = 1; id <= 3; id++)
		asks_cancel(&scene.asks, id);
	await(&scene, 3);
	assert_int_equal(count_of(&scene.got, "-32800"), 3);
	assert_lacks(&scene.got, "result");
	close_scene(&scene);
}

static void test_text_is_cut_at_lines_else_between_characters(void **state)
{
	struct buf text;
	struct str rest;

	(void)state;
	buf_init(&text, 0);
	for (int i = 0; i < MESSAGE_MOST_TEXT / 2; i++)
		buf_addz(&text, "é");
	buf_addz(&text, "é");
	rest = buf_str(&text);
	assert_int_equal(message_cut_text(&rest).n, MESSAGE_MOST_TEXT);
	buf_reset(&text);
	buf_addc(&text, 'x');
	for (int i = 0; i < MESSAGE_MOST_TEXT / 2; i++)
		buf_addz(&text, "é");
	rest = buf_str(&text);
	assert_int_equal(message_cut_text(&rest).n, MESSAGE_MOST_TEXT - 1);
	text.p[10] = '\n';
	rest = buf_str(&text);
	assert_int_equal(message_cut_text(&rest).n, 11);
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_series_go_out_as_points),
		cmocka_unit_test(test_artifacts_come_in_one_answer),
		cmocka_unit_test(test_a_file_goes_out_in_chunks_of_64_kib),
		cmocka_unit_test(test_what_the_adapter_has_not_is_no_method),
		cmocka_unit_test(test_parameters_that_are_missing_are_told),
		cmocka_unit_test(test_each_is_ended_by_a_cancel),
		cmocka_unit_test(test_text_is_cut_at_lines_else_between_characters),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

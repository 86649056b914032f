/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/peer.h"

#include "client/base/mem.h"
#include "client/protocol/ahead.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A peer whose other end is ours to type at. What it calls is written into `heard`. */
struct scene {
	struct loop *loop;
	struct peer *peer;
	int far;
	int near;
	struct buf heard;
	bool frees, pauses; /* what the next callback does */
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
	if (scene->pauses)
		peer_pause(scene->peer, true);
	if (!scene->frees)
		return;
	peer_free(scene->peer);
	scene->peer = NULL;
}

static void on_request(void *ctx, int64_t id, struct str method, const struct json *params)
{
	note(ctx, "ask %d %.*s %zu", (int)id, STR_FMT(method), json_len(params));
}

static void on_notify(void *ctx, struct str method, const struct json *params)
{
	note(ctx, "tell %.*s %zu", STR_FMT(method), json_len(params));
}

static void on_closed(void *ctx, const struct err *err)
{
	note(ctx, "closed %d %s", err->code, err->msg);
}

static void on_reply(void *ctx, const struct json *result, const struct err *err)
{
	int64_t n = 0;
	if (err)
		note(ctx, "failed %d %s", err->code, err->msg);
	else
		note(ctx, "answer %d", json_int(result, &n) ? (int)n : -1);
}

static const struct peer_ops ops = {.request = on_request, .notify = on_notify, .closed = on_closed};

static int set_up(void **state)
{
	static struct scene scene;
	int ends[2];
	memset(&scene, 0, sizeof scene);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	buf_init(&scene.heard, 0);
	scene.near = ends[0];
	scene.far = ends[1];
	assert_int_equal(fcntl(scene.far, F_SETFL, O_NONBLOCK), 0);
	scene.loop = loop_new();
	scene.peer = peer_new(scene.loop, scene.near, scene.near, &ops, &scene);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	peer_free(scene->peer);
	loop_free(scene->loop);
	close(scene->near);
	if (scene->far >= 0)
		close(scene->far);
	buf_fini(&scene->heard);
	return 0;
}

/* Rounds enough for all that is ready. */
static void serve(struct scene *scene)
{
	for (int i = 0; i < 8; i++)
		loop_step(scene->loop, 0);
}

static void type(struct scene *scene, const char *text)
{
	assert_int_equal(write(scene->far, text, strlen(text)), strlen(text));
	serve(scene);
}

static void hang_up(struct scene *scene)
{
	close(scene->far);
	scene->far = -1;
	serve(scene);
}

static void assert_heard(struct scene *scene, const char *what)
{
	assert_string_equal(buf_str(&scene->heard).p, what);
	buf_reset(&scene->heard);
}

static bool heard_starts(const struct scene *scene, const char *head)
{
	return strncmp(buf_str(&scene->heard).p, head, strlen(head)) == 0;
}

static void assert_sent(struct scene *scene, const char *lines)
{
	char text[1024];
	serve(scene);
	ssize_t n = read(scene->far, text, sizeof text - 1);
	text[n > 0 ? n : 0] = 0;
	assert_string_equal(text, lines);
}

static void requests_and_notifications_arrive(void **state)
{
	struct scene *scene = *state;
	type(scene, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"pull\",\"params\":{\"cursor\":null}}\n"
		    "\r\n"
		    "{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"id\":7},\"more\":[]}\r\n"
		    "{\"jsonrpc\":\"2.0\",\"method\":\"bare\"}\n");
	assert_heard(scene, "ask 7 pull 1|tell cancel 1|tell bare 0|");
}

static void a_line_may_come_byte_by_byte(void **state)
{
	struct scene *scene = *state;
	const char *line = "{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n";
	for (size_t i = 0; line[i]; i++) {
		assert_heard(scene, "");
		type(scene, (const char[]){line[i], 0});
	}
	assert_heard(scene, "tell a 0|");
}

static void what_is_answered_reaches_the_other_end(void **state)
{
	struct scene *scene = *state;
	struct err busy = {.code = ERR_UNAVAILABLE, .retry_after_ms = 1500, .msg = "busy \033[2J"};
	peer_reply(scene->peer, 1, STR("{\"a\":1}"));
	peer_reply(scene->peer, 2, (struct str){0});
	peer_fail(scene->peer, 3, &busy);
	peer_fail_method(scene->peer, 4, STR("dance"));
	peer_send_line(scene->peer, STR("{\"jsonrpc\":\"2.0\",\"method\":\"run\"}\n"));
	assert_sent(scene,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":-32003,\"message\":\"busy \\u001b[2J\","
		"\"data\":{\"retry_after_ms\":1500}}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"error\":{\"code\":-32601,\"message\":\"no method 'dance'\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"method\":\"run\"}\n");
}

static void overlapping_requests_get_their_own_answers(void **state)
{
	struct scene *scene = *state;
	peer_ask(scene->peer, "a", STR("{\"x\":1}"), on_reply, scene);
	peer_ask(scene->peer, "b", (struct str){0}, on_reply, scene);
	assert_sent(scene, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":{\"x\":1}}\n"
			   "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"b\"}\n");
	type(scene, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":20}\n");
	type(scene, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":10,\"error\":null}\n");
	assert_heard(scene, "answer 20|answer 10|");
	type(scene, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":10}\n");
	assert_heard(scene, "");
}

static void errors_keep_their_meaning(void **state)
{
	struct scene *scene = *state;
	static const struct {
		int rpc;
		enum err_code code;
	} cases[] = {
		{-32601, ERR_NOT_FOUND},
		{-32602, ERR_USAGE},
		{-32001, ERR_AUTH},
		{-32002, ERR_NOT_FOUND},
		{-32003, ERR_UNAVAILABLE},
		{-32004, ERR_REFUSED},
		{-32800, ERR_CANCELLED},
		{-1, ERR_FAILED},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char line[128], heard[64];
		int64_t id = peer_ask(scene->peer, "a", (struct str){0}, on_reply, scene);
		snprintf(line, sizeof line,
			"{\"jsonrpc\":\"2.0\",\"id\":%d,\"error\":{\"code\":%d,\"message\":\"why\"}}\n",
			(int)id, cases[i].rpc);
		snprintf(heard, sizeof heard, "failed %d why|", cases[i].code);
		type(scene, line);
		assert_heard(scene, heard);
	}
}

static void keep_error(void *ctx, const struct json *result, const struct err *err)
{
	(void)result;
	*(struct err *)ctx = *err;
}

static void a_time_to_come_back_is_passed_on(void **state)
{
	struct scene *scene = *state;
	struct err got = {0};
	peer_ask(scene->peer, "a", (struct str){0}, keep_error, &got);
	type(scene, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32003,\"data\":{\"retry_after_ms\":"
		    "12000}}}\n");
	assert_int_equal(got.retry_after_ms, 12000);
	assert_string_equal(got.msg, "error -32003 without a message");
}

static void a_cancelled_request_is_not_answered(void **state)
{
	struct scene *scene = *state;
	int64_t id = peer_ask(scene->peer, "a", (struct str){0}, on_reply, scene);
	peer_cancel(scene->peer, id);
	peer_cancel(scene->peer, id);
	assert_sent(scene, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}\n"
			   "{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"id\":1}}\n");
	type(scene, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32800,\"message\":\"cancelled\"}}\n");
	assert_heard(scene, "");
}

static void the_end_answers_what_is_under_way_and_is_told_once(void **state)
{
	struct scene *scene = *state;
	peer_ask(scene->peer, "a", (struct str){0}, on_reply, scene);
	peer_ask(scene->peer, "b", (struct str){0}, on_reply, scene);
	serve(scene);
	hang_up(scene);
	assert_true(peer_is_closed(scene->peer));
	assert_true(heard_starts(scene, "failed 6 "));
	struct str rest = buf_str(&scene->heard), piece;
	int n_failed = 0, n_closed = 0;
	while (str_next(&rest, '|', &piece)) {
		n_failed += str_starts(piece, STR("failed"));
		n_closed += str_starts(piece, STR("closed"));
	}
	assert_int_equal(n_failed, 2);
	assert_int_equal(n_closed, 1);
}

static void the_end_in_the_middle_of_a_line_says_so(void **state)
{
	struct scene *scene = *state;
	type(scene, "{\"jsonrpc\":\"2.0\",\"met");
	hang_up(scene);
	assert_heard(scene, "closed 6 ended in the middle of a line|");
}

static void asking_after_the_end_is_answered_too(void **state)
{
	struct scene *scene = *state;
	hang_up(scene);
	assert_heard(scene, "closed 6 ended the conversation|");
	peer_ask(scene->peer, "late", (struct str){0}, on_reply, scene);
	peer_tell(scene->peer, "late", (struct str){0});
	assert_heard(scene, "");
	serve(scene);
	assert_heard(scene, "failed 6 ended the conversation|");
}

static void lines_that_are_no_json_rpc_end_the_conversation(void **state)
{
	static const char *const lines[] = {
		"hello\n",
		"[{\"jsonrpc\":\"2.0\",\"method\":\"a\"}]\n",
		"{\"level\":\"info\"}\n",
		"{\"jsonrpc\":\"1.0\",\"method\":\"a\"}\n",
		"{\"jsonrpc\":\"2.0\",\"id\":1}\n",
		"\"text\"\n",
		"{\"jsonrpc\":\"2.0\",\"method\":\"a\"\n",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct scene *scene;
		set_up((void **)&scene);
		type(scene, lines[i]);
		type(scene, "{\"jsonrpc\":\"2.0\",\"method\":\"after\"}\n");
		if (!heard_starts(scene, "closed 1 line 1 is "))
			fail_msg("%s gave %s", lines[i], buf_str(&scene->heard).p);
		assert_true(str_find(buf_str(&scene->heard), STR("after"), 0) == SIZE_MAX);
		tear_down((void **)&scene);
	}
}

static void a_request_with_a_strange_id_is_refused(void **state)
{
	struct scene *scene = *state;
	type(scene, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"a\"}\n");
	assert_heard(scene, "");
	assert_sent(scene, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,"
			   "\"message\":\"the id of a request must be a whole number\"}}\n");
}

/* Sends N bytes of a line: HEAD, then blanks, then TAIL. */
static void type_long(struct scene *scene, const char *head, size_t n, const char *tail)
{
	char *line = x_calloc(n + 1, 1);
	memset(line, ' ', n);
	memcpy(line, head, strlen(head));
	memcpy(line + n - strlen(tail), tail, strlen(tail));
	for (size_t sent = 0; sent < n && !peer_is_closed(scene->peer);) {
		ssize_t more = write(scene->far, line + sent, n - sent);
		if (more > 0)
			sent += (size_t)more;
		loop_step(scene->loop, 0);
	}
	serve(scene);
	x_free(line);
}

static void a_line_of_16_mib_is_read(void **state)
{
	struct scene *scene = *state;
	type_long(scene, "{\"jsonrpc\":\"2.0\",\"method\":\"a\"", PEER_MOST_LINE, "}");
	type(scene, "\n{\"jsonrpc\":\"2.0\",\"method\":\"b\"}\n");
	serve(scene);
	assert_heard(scene, "tell a 0|tell b 0|");
}

static void a_line_of_one_byte_more_is_not(void **state)
{
	struct scene *scene = *state;
	type_long(scene, "{\"jsonrpc\":\"2.0\",\"method\":\"a\"", PEER_MOST_LINE + 1, "}");
	assert_heard(scene, "closed 1 line 1 is longer than 16 MiB|");
}

static void a_callback_may_free_the_peer(void **state)
{
	struct scene *scene = *state;
	scene->frees = true;
	type(scene, "{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n{\"jsonrpc\":\"2.0\",\"method\":\"b\"}\n");
	assert_heard(scene, "tell a 0|");
}

static void an_answer_may_free_the_peer(void **state)
{
	struct scene *scene = *state;
	peer_ask(scene->peer, "a", (struct str){0}, on_reply, scene);
	peer_ask(scene->peer, "b", (struct str){0}, on_reply, scene);
	serve(scene);
	scene->frees = true;
	hang_up(scene);
	assert_true(heard_starts(scene, "failed 6 "));
	assert_true(str_find(buf_str(&scene->heard), STR("|"), 0) == scene->heard.n - 1);
}

static void a_paused_peer_keeps_what_it_read(void **state)
{
	struct scene *scene = *state;
	scene->pauses = true;
	type(scene, "{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n{\"jsonrpc\":\"2.0\",\"method\":\"b\"}\n");
	type(scene, "{\"jsonrpc\":\"2.0\",\"method\":\"c\"}\n");
	assert_heard(scene, "tell a 0|");
	peer_pause(scene->peer, false);
	serve(scene);
	assert_heard(scene, "tell b 0|");
	scene->pauses = false;
	peer_pause(scene->peer, false);
	serve(scene);
	assert_heard(scene, "tell c 0|");
}

static void a_slow_reader_makes_a_backlog_and_loses_nothing(void **state)
{
	struct scene *scene = *state;
	enum { LINES = 20000 };
	size_t expected = 0, got = 0;
	for (int i = 0; i < LINES; i++) {
		char line[64];
		int n = snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"method\":\"m%d\"}\n", i);
		peer_send_line(scene->peer, (struct str){line, (size_t)n});
		expected += (size_t)n;
	}
	serve(scene);
	assert_true(peer_backlog(scene->peer) > 0);
	while (got < expected) {
		char chunk[4096];
		ssize_t n = read(scene->far, chunk, sizeof chunk);
		if (n > 0)
			got += (size_t)n;
		else
			loop_step(scene->loop, -1);
	}
	serve(scene);
	assert_int_equal(peer_backlog(scene->peer), 0);
	assert_int_equal(got, expected);
}

static void a_broken_pipe_ends_the_conversation(void **state)
{
	struct scene *scene = *state;
	int in[2], out[2];
	assert_int_equal(pipe(in) | pipe(out), 0);
	struct peer *peer = peer_new(scene->loop, in[0], out[1], &ops, scene);
	close(out[0]);
	peer_tell(peer, "a", (struct str){0});
	serve(scene);
	assert_heard(scene, "closed 6 cannot write: Broken pipe|");
	assert_false(fcntl(out[1], F_GETFL) & O_NONBLOCK);
	peer_free(peer);
	close(in[0]);
	close(in[1]);
	close(out[1]);
}

/* So many at once that they are parsed ahead, with blank lines among them; where BAD_AT is one, that one is
 * no JSON. */
enum { MANY = 600 };

static void type_many(struct scene *scene, int bad_at)
{
	struct buf lines;
	buf_init(&lines, 0);
	for (int i = 0; i < MANY; i++)
		buf_addf(&lines, "%s{\"jsonrpc\":\"2.0\",\"method\":\"m%d\",\"params\":{\"a\":%s}}\n",
			i % 7 == 3 ? " \n" : "", i, i == bad_at ? "oops" : "1");
	assert_true(lines.n > AHEAD_LEAST_BYTES && lines.n < 64 << 10);
	type(scene, lines.p);
	buf_fini(&lines);
}

static void add_many(struct buf *heard, int n)
{
	for (int i = 0; i < n; i++)
		buf_addf(heard, "tell m%d 1|", i);
}

static void many_lines_at_once_are_served_in_their_order(void **state)
{
	struct buf expected;
	buf_init(&expected, 0);
	for (int round = 0; round < 5; round++) {
		type_many(*state, -1);
		add_many(&expected, MANY);
	}
	assert_heard(*state, expected.p);
	buf_fini(&expected);
}

static void a_pause_amid_many_lines_loses_none(void **state)
{
	struct scene *scene = *state;
	struct buf expected;
	buf_init(&expected, 0);
	add_many(&expected, MANY);
	scene->pauses = true;
	type_many(scene, -1);
	for (int i = 0; i < 100; i++) {
		peer_pause(scene->peer, false);
		serve(scene);
	}
	scene->pauses = false;
	peer_pause(scene->peer, false);
	serve(scene);
	assert_heard(scene, expected.p);
	buf_fini(&expected);
}

static void a_line_that_is_no_json_amid_many_ends_the_conversation_there(void **state)
{
	struct buf expected;
	buf_init(&expected, 0);
	add_many(&expected, 500);
	buf_addz(&expected, "closed 1 line 573 is no JSON|");
	type_many(*state, 500);
	assert_heard(*state, expected.p);
	buf_fini(&expected);
}

static void a_peer_may_be_freed_amid_many_lines(void **state)
{
	struct scene *scene = *state;
	scene->frees = true;
	type_many(scene, -1);
	assert_heard(scene, "tell m0 1|");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		TEST(requests_and_notifications_arrive),
		TEST(a_line_may_come_byte_by_byte),
		TEST(what_is_answered_reaches_the_other_end),
		TEST(overlapping_requests_get_their_own_answers),
		TEST(errors_keep_their_meaning),
		TEST(a_time_to_come_back_is_passed_on),
		TEST(a_cancelled_request_is_not_answered),
		TEST(the_end_answers_what_is_under_way_and_is_told_once),
		TEST(the_end_in_the_middle_of_a_line_says_so),
		TEST(asking_after_the_end_is_answered_too),
		cmocka_unit_test(lines_that_are_no_json_rpc_end_the_conversation),
		TEST(a_request_with_a_strange_id_is_refused),
		TEST(a_line_of_16_mib_is_read),
		TEST(a_line_of_one_byte_more_is_not),
		TEST(a_callback_may_free_the_peer),
		TEST(an_answer_may_free_the_peer),
		TEST(a_paused_peer_keeps_what_it_read),
		TEST(many_lines_at_once_are_served_in_their_order),
		TEST(a_pause_amid_many_lines_loses_none),
		TEST(a_line_that_is_no_json_amid_many_ends_the_conversation_there),
		TEST(a_peer_may_be_freed_amid_many_lines),
		TEST(a_slow_reader_makes_a_backlog_and_loses_nothing),
		TEST(a_broken_pipe_ends_the_conversation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

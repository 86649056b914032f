/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine and libcurl against a raw server on loopback that misbehaves on demand. */
#include "tests/sources/replay.h"

#include "client/fetch/http.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"

/* Shared with the server's processes. */
struct shared {
	int hits, elsewhere;
	char last[4096]; /* the last request */
};

static struct shared *shared;
static pid_t server;
static int port;
static struct replay r;
static char url[64];
static struct config_source source;
static struct engine_limits limits;

/* --- the server ------------------------------------------------------------------------ */

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		_exit(0);
}

static void say_file(int fd, const char *path, size_t cut)
{
	struct buf bytes;
	char head[200];

	buf_init(&bytes, 0);
	if (!file_read(path, 1 << 20, &bytes, NULL))
		_exit(1);
	snprintf(head, sizeof(head), HEAD "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
		bytes.n - cut);
	say(fd, head);
	if (write(fd, bytes.p, bytes.n - cut) < 0)
		_exit(0);
	buf_fini(&bytes);
}

static void drip(int fd)
{
	say(fd, HEAD "Content-Length: 1000\r\n\r\n");
	for (;;) {
		say(fd, " ");
		usleep(20000);
	}
}

static void redirect(int fd)
{
	char head[200];

	snprintf(head, sizeof(head),
		"HTTP/1.1 307 Go\r\nLocation: http://localhost:%d/elsewhere?x=1\r\nContent-Length: 0\r\n\r\n",
		port);
	say(fd, head);
}

static void lines(int fd, int thousands)
{
	struct buf block;

	buf_init(&block, 0);
	for (int i = 0; i < 1000; i++)
		buf_addf(&block,
			"{\"line\":%d,\"text\":\"01234567890123456789012345678901234567890123456789\"}\n", i);
	say(fd, HEAD "\r\n");
	for (int i = 0; i < thousands; i++)
		say(fd, block.p);
	buf_fini(&block);
}

static void serve_path(int fd, const char *path)
{
	static const struct {
		const char *path, *answer;
	} plain[] = {
		{"/ok", HEAD
			"Content-Length: 11\r\nDate: Sun, 22 Nov 2026 16:00:00 GMT\r\n\r\n{\"ok\":true}"},
		{"/long", HEAD "Content-Length: 11\r\n\r\n{\"ok\":true}and what nobody asked for"},
		{"/short", HEAD "Content-Length: 100\r\n\r\n{\"ok\":"},
		{"/chunk", HEAD "Transfer-Encoding: chunked\r\n\r\n6\r\n{\"ok\":\r\n"},
		{"/garbage", "220 mail.example ESMTP\r\n"},
		{"/close", ""},
		{"/401", "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n{\"detail\":\"for s3cr3t-t0ken no\"}"},
		{"/403", "HTTP/1.1 403 No\r\nContent-Length: 22\r\n\r\n{\"detail\":\"Forbidden\"}"},
		{"/422", "HTTP/1.1 422 No\r\nConnection: close\r\n\r\n"
			 "{\"detail\":[{\"type\":\"x\",\"msg\":\"Field required\"}]}"},
		{"/500", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"},
		{"/html",
			"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 13\r\n\r\n<html></html>"},
		{"/notjson", HEAD "Content-Length: 5\r\n\r\nhello"},
		{"/part",
			"HTTP/1.1 206 Part\r\nContent-Range: bytes 95-99/100\r\nContent-Length: 5\r\n\r\nta\nil"},
		{"/behind", "HTTP/1.1 416 No\r\nContent-Range: bytes */100\r\nContent-Length: 4\r\n\r\nnone"},
	};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (!strcmp(path, plain[i].path))
			say(fd, plain[i].answer);
	if (!strcmp(path, "/silent"))
		pause();
	else if (!strcmp(path, "/drip"))
		drip(fd);
	else if (!strcmp(path, "/redirect"))
		redirect(fd);
	else if (!strcmp(path, "/bomb"))
		say_file(fd, "tests/fixtures/http/bomb.gz", 0);
	else if (!strcmp(path, "/gzip"))
		say_file(fd, "tests/fixtures/http/page.json.gz", 0);
	else if (!strcmp(path, "/cutgzip"))
		say_file(fd, "tests/fixtures/http/page.json.gz", 60);
	else if (!strcmp(path, "/429"))
		say(fd, shared->hits == 1
				? "HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
				: HEAD "Content-Length: 11\r\n\r\n{\"ok\":true}");
	else if (!strcmp(path, "/flaky"))
		say(fd, shared->hits < 3 ? "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
					 : HEAD "Content-Length: 11\r\n\r\n{\"ok\":true}");
	else if (!strcmp(path, "/lines"))
		lines(fd, 3);
	else if (!strcmp(path, "/many"))
		lines(fd, 60);
}

static void serve_one(int fd)
{
	char path[200] = "";
	ssize_t n = 0;

	while (!strstr(shared->last, "\r\n\r\n")) {
		ssize_t got = read(fd, shared->last + n, sizeof(shared->last) - 1 - (size_t)n);

		if (got <= 0)
			_exit(0);
		n += got;
		shared->last[n] = 0;
	}
	sscanf(shared->last, "%*s %199[^ ?]", path);
	shared->hits++;
	shared->elsewhere += !strcmp(path, "/elsewhere");
	serve_path(fd, path);
	_exit(0);
}

static void serve_all(int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		memset(shared->last, 0, sizeof(shared->last));
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve_one(fd);
		}
		close(fd);
	}
}

static int start_server(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
		listen(listener, 8) || getsockname(listener, (struct sockaddr *)&address, &len))
		return -1;
	port = ntohs(address.sin_port);
	server = fork();
	if (server == 0)
		serve_all(listener);
	close(listener);
	return server < 0;
}

static int stop_server(void **state)
{
	(void)state;
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return 0;
}

/* --- the client ---------------------------------------------------------------------------- */

static const char *path;
static int flags;
static int64_t offset;

static bool take(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	(void)ctx;
	(void)err;
	pull_log_text(pull, response->body);
	if (offset)
		pull_log_end(pull, response->offset + (int64_t)response->body.n, response->is_last);
	else
		pull_log_end(pull, response->date_ms == TIME_NONE ? 0 : response->date_ms, response->is_last);
	return true;
}

static bool start(struct pull *pull, const char *cursor, int64_t since_ms, struct err *err)
{
	struct request request = {.path = path, .flags = flags, .offset = offset, .handler = take};

	(void)cursor;
	(void)since_ms;
	(void)err;
	pull_ask(pull, &request);
	return true;
}

static const struct adapter adapter = {.kind = "test", .summary = "test", .start = start};

static int setup(void **state)
{
	(void)state;
	replay_init(&r);
	limits = replay_limits;
	limits.pull_ms = 5000;
	flags = REQUEST_JSON | REQUEST_READ;
	offset = 0;
	memset(shared, 0, sizeof(*shared));
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	source = (struct config_source){.name = "test", .kind = "test", .url = url};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	replay_fini(&r);
	return 0;
}

static bool get(const char *what)
{
	struct transport *transports[REQUEST_KINDS] = {http_new(r.loop, &source, &r.err)};
	struct engine *engine;
	bool ok;

	if (!transports[REQUEST_HTTP])
		return false;
	path = what;
	engine = engine_new(r.loop, &adapter, &source, transports, &limits);
	engine_pull(engine, NULL, TIME_NONE, &replay_sink, &r);
	ok = replay_wait(&r);
	engine_free(engine);
	return ok;
}

/* The message, with "HOST" for where the server is. */
static const char *message(void)
{
	static char text[sizeof(r.err.msg)];
	char host[40];
	const char *at;

	snprintf(host, sizeof(host), "127.0.0.1:%d", port);
	at = strstr(r.err.msg, host);
	if (!at)
		return r.err.msg;
	snprintf(text, sizeof(text), "%.*sHOST%s", (int)(at - r.err.msg), r.err.msg, at + strlen(host));
	return text;
}

static void test_a_good_answer(void **state)
{
	(void)state;
	assert_true(get("/ok?x=1"));
	assert_string_equal(r.text.p, "{\"ok\":true}");
	assert_int_equal(r.log_offset, 1795363200000);
	assert_non_null(strstr(shared->last, "Accept: application/json\r\n"));
	assert_non_null(strstr(shared->last, "Accept-Encoding: gzip\r\n"));
	assert_null(strstr(shared->last, "Authorization"));
}

static void test_more_than_announced_is_left(void **state)
{
	(void)state;
	assert_true(get("/long"));
	assert_string_equal(r.text.p, "{\"ok\":true}");
}

static void test_gzip_is_unpacked(void **state)
{
	(void)state;
	assert_true(get("/gzip"));
	assert_true(r.text.n > 1000);
}

static void test_failures_and_what_is_said(void **state)
{
	static const struct {
		const char *path;
		enum err_code code;
		const char *message;
		int hits;
	} rows[] = {
		{"/short", ERR_UNAVAILABLE, "GET /short: answer from HOST was cut off after 6 bytes", 4},
		{"/chunk", ERR_UNAVAILABLE, "GET /chunk: answer from HOST was cut off after 6 bytes", 4},
		{"/close", ERR_UNAVAILABLE, "GET /close: HOST closed the connection without an answer", 4},
		{"/500", ERR_UNAVAILABLE, "GET /500: HTTP 500 from HOST", 4},
		{"/401", ERR_AUTH, "GET /401: HTTP 401 from HOST: for s3cr3t-t0ken no", 1},
		{"/403", ERR_REFUSED, "GET /403: HTTP 403 from HOST: Forbidden", 1},
		{"/422", ERR_FAILED, "GET /422: HTTP 422 from HOST: Field required", 1},
		{"/html", ERR_AUTH,
			"GET /html: HOST answers with a web page: signed out, or not this tool's API", 1},
		{"/bomb", ERR_FAILED, "GET /bomb: answer from HOST is over 16777216 bytes", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		replay_reset(&r);
		memset(shared, 0, sizeof(*shared));
		assert_false(get(rows[i].path));
		assert_string_equal(message(), rows[i].message);
		assert_int_equal(r.err.code, rows[i].code);
		assert_int_equal(shared->hits, rows[i].hits);
	}
}

static void test_truncated_gzip_is_not_taken_for_whole(void **state)
{
	(void)state;
	assert_false(get("/cutgzip"));
	assert_non_null(strstr(r.err.msg, "GET /cutgzip: answer is cut or damaged"));
	assert_int_equal(shared->hits, 4);
	assert_int_equal(r.text.n, 0);
}

static void test_text_instead_of_json(void **state)
{
	(void)state;
	assert_false(get("/notjson"));
	assert_non_null(strstr(r.err.msg, "cut or damaged"));
}

static void test_no_http_at_all(void **state)
{
	(void)state;
	assert_false(get("/garbage"));
	assert_non_null(strstr(r.err.msg, "does not speak HTTP"));
}

static void test_silence_ends(void **state)
{
	(void)state;
	limits.pull_ms = 100;
	limits.retry.tries = 1;
	assert_false(get("/silent"));
	assert_string_equal(message(), "GET /silent: no answer from HOST in time");
	assert_int_equal(r.err.code, ERR_UNAVAILABLE);
}

static void test_dripping_ends(void **state)
{
	(void)state;
	limits.pull_ms = 200;
	limits.retry.tries = 1;
	assert_false(get("/drip"));
	assert_non_null(strstr(r.err.msg, "was too slow: given up after"));
}

static void test_nobody_listens(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	char want[100];

	(void)state;
	/* Bound and not listening: nobody else gets the port. */
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(address.sin_port));
	snprintf(want, sizeof(want), "cannot connect to 127.0.0.1:%d: connection refused",
		ntohs(address.sin_port));
	assert_false(get("/ok"));
	assert_string_equal(r.err.msg, want);
	close(fd);
}

static void test_a_redirect_is_told_and_not_followed(void **state)
{
	char want[200];

	(void)state;
	setenv("TEST_TOKEN", "s3cr3t-t0ken", 1);
	source.token.env = "TEST_TOKEN";
	assert_false(get("/redirect"));
	assert_non_null(strstr(shared->last, "Authorization: Bearer s3cr3t-t0ken\r\n"));
	snprintf(want, sizeof(want),
		"GET /redirect: HTTP 307 from 127.0.0.1:%d: redirect to http://localhost:%d is not followed",
		port, port);
	assert_string_equal(r.err.msg, want);
	assert_int_equal(shared->elsewhere, 0);
	assert_int_equal(shared->hits, 1);
}

static void test_a_secret_that_comes_back_is_masked(void **state)
{
	(void)state;
	setenv("TEST_TOKEN", "s3cr3t-t0ken", 1);
	source.token.env = "TEST_TOKEN";
	assert_false(get("/401"));
	assert_string_equal(message(), "GET /401: HTTP 401 from HOST: for ************ no");
}

static void test_user_and_password_without_login_go_as_basic(void **state)
{
	(void)state;
	setenv("TEST_PASSWORD", "pw", 1);
	source.username = "me";
	source.password.env = "TEST_PASSWORD";
	assert_true(get("/ok"));
	assert_non_null(strstr(shared->last, "Authorization: Basic bWU6cHc=\r\n"));
}

static void test_too_many_requests_waits_as_told_up_to_the_cap(void **state)
{
	(void)state;
	assert_true(get("/429"));
	assert_int_equal(shared->hits, 2);
}

static void test_an_error_that_passes_is_not_seen(void **state)
{
	(void)state;
	assert_true(get("/flaky"));
	assert_int_equal(shared->hits, 3);
}

static void test_what_is_no_read_is_never_repeated(void **state)
{
	(void)state;
	flags = REQUEST_JSON;
	assert_false(get("/flaky"));
	assert_int_equal(shared->hits, 1);
}

static void test_a_stream_comes_in_whole_lines(void **state)
{
	(void)state;
	flags = REQUEST_STREAM | REQUEST_READ;
	assert_true(get("/lines"));
	assert_int_equal(count_of(&r.text, "\n"), 3000);
	assert_true(r.is_log_complete);
}

static void test_a_part_is_asked_for_and_knows_its_place(void **state)
{
	(void)state;
	flags = REQUEST_STREAM | REQUEST_BYTES | REQUEST_READ | REQUEST_ANY_STATUS;
	offset = -5;
	assert_true(get("/part"));
	assert_non_null(strstr(shared->last, "\r\nRange: bytes=-5\r\n"));
	assert_null(strstr(shared->last, "gzip"));
	assert_string_equal(r.text.p, "ta\nil");
	assert_int_equal(r.log_offset, 100);
	replay_reset(&r);
	memset(shared, 0, sizeof(*shared));
	offset = 100;
	assert_true(get("/behind"));
	assert_non_null(strstr(shared->last, "\r\nRange: bytes=100-\r\n"));
	assert_string_equal(r.text.p, "none");
}

/* Bytes are no lines: nothing waits for an end of one. */
static void test_bytes_come_as_they_come(void **state)
{
	(void)state;
	flags = REQUEST_STREAM | REQUEST_BYTES | REQUEST_READ;
	assert_false(get("/short"));
	assert_string_equal(r.text.p, "{\"ok\":");
	assert_int_equal(shared->hits, 1);
}

/* A reader that takes all there is, and then sleeps a little. */
static void take_backlog(void *ctx)
{
	struct replay *replay = ctx;

	replay->backlog = 0;
	if (!replay->is_done)
		loop_after(replay->loop, 2, take_backlog, replay);
}

static void test_a_slow_reader_holds_the_stream_back(void **state)
{
	(void)state;
	flags = REQUEST_STREAM | REQUEST_READ;
	limits.backlog = 1000;
	r.is_counting = true;
	loop_after(r.loop, 500, take_backlog, &r); /* long enough for all of it to come */
	assert_true(get("/many"));
	assert_int_equal(count_of(&r.text, "\n"), 60000);
	assert_in_range(r.most_backlog, 1, r.text.n / 2);
	while (r.backlog > 0)
		loop_step(r.loop, -1);
	loop_step(r.loop, 10); /* the reader's timer ends */
}

static void test_a_cancelled_pull_calls_nobody(void **state)
{
	struct transport *transports[REQUEST_KINDS] = {http_new(r.loop, &source, &r.err)};
	struct engine *engine = engine_new(r.loop, &adapter, &source, transports, &limits);
	struct pull *pull;

	(void)state;
	path = "/silent";
	pull = engine_pull(engine, NULL, TIME_NONE, &replay_sink, &r);
	while (!shared->hits)
		loop_step(r.loop, 10);
	engine_cancel(pull);
	loop_step(r.loop, 10);
	assert_false(r.is_done);
	engine_free(engine);
}

static void test_addresses_that_are_refused(void **state)
{
	static const struct {
		const char *url, *message;
	} rows[] = {
		{"ftp://host/", "url of source 'test' is not http or https"},
		{"http://me:pw@127.0.0.1/",
			"url of source 'test' holds credentials: use username and password_env"},
		{"http://airflow.example:8080",
			"url of source 'test' would send its secret to airflow.example:8080 in the clear: use https"},
		{"::", "url of source 'test' is no web address"},
	};

	(void)state;
	source.token.env = "TEST_TOKEN";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		source.url = rows[i].url;
		assert_null(http_new(r.loop, &source, &r.err));
		assert_int_equal(r.err.code, ERR_USAGE);
		assert_string_equal(r.err.msg, rows[i].message);
	}
}

static void test_waits_grow_and_have_a_cap(void **state)
{
	const struct retry_limits l = {
		.tries = 4, .first_ms = 500, .most_ms = 30000, .retry_after_most_ms = 60000};

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_in_range(retry_wait(&l, 2, 0), 0, 500);
		assert_in_range(retry_wait(&l, 3, 0), 0, 1000);
		assert_in_range(retry_wait(&l, 40, 0), 0, 30000);
	}
	assert_int_equal(retry_wait(&l, 2, 7000), 7000);
	assert_int_equal(retry_wait(&l, 2, INT64_MAX), 60000);
	assert_in_range(retry_wait(&l, 2, -5), 0, 500);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_good_answer),
		T(test_more_than_announced_is_left),
		T(test_gzip_is_unpacked),
		T(test_failures_and_what_is_said),
		T(test_truncated_gzip_is_not_taken_for_whole),
		T(test_text_instead_of_json),
		T(test_no_http_at_all),
		T(test_silence_ends),
		T(test_dripping_ends),
		T(test_nobody_listens),
		T(test_a_redirect_is_told_and_not_followed),
		T(test_a_secret_that_comes_back_is_masked),
		T(test_user_and_password_without_login_go_as_basic),
		T(test_too_many_requests_waits_as_told_up_to_the_cap),
		T(test_an_error_that_passes_is_not_seen),
		T(test_what_is_no_read_is_never_repeated),
		T(test_a_stream_comes_in_whole_lines),
		T(test_a_part_is_asked_for_and_knows_its_place),
		T(test_bytes_come_as_they_come),
		T(test_a_slow_reader_holds_the_stream_back),
		T(test_a_cancelled_pull_calls_nobody),
		T(test_addresses_that_are_refused),
		T(test_waits_grow_and_have_a_cap),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("http", tests, start_server, stop_server);
}

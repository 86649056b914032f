/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/probe.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "client/protocol/peer.h"
#include "client/protocol/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { READ_CHUNK = 64 << 10, MOST_WORDS = 4096 };

struct probe {
	struct proc proc;
	int silence_ms;
	const struct probe_ops *ops;
	void *ctx;
	struct buf input; /* what was read; the first `from` bytes are served */
	size_t from;
	size_t scanned;	  /* bytes of it known to hold no line end */
	struct buf words; /* of standard error, the same */
	long long line_no;
	int64_t next_id;
	bool is_over; /* its output ended */
	struct err fault;
};

static void note_fault(struct probe *probe, const char *what)
{
	if (!probe->fault.code)
		err_set(&probe->fault, ERR_FAILED, "line %lld %s", probe->line_no, what);
}

/* --- bytes ------------------------------------------------------------------- */

static void hear_words(struct probe *probe)
{
	char *at = buf_reserve(&probe->words, MOST_WORDS);
	ssize_t n = at ? read(probe->proc.err, at, MOST_WORDS) : 0;
	struct str all, line;
	if (n <= 0) {
		close(probe->proc.err);
		probe->proc.err = -1;
		return;
	}
	probe->words.n += (size_t)n;
	all = buf_str(&probe->words);
	while (memchr(all.p, '\n', all.n) && str_next(&all, '\n', &line))
		probe->ops->said(probe->ctx, line);
	if (all.n >= MOST_WORDS) {
		probe->ops->said(probe->ctx, all);
		all.n = 0;
	}
	buf_drop(&probe->words, probe->words.n - all.n);
}

/* Waits until FD (an end of ours) is ready for EVENTS; hears standard error meanwhile. */
static bool await(struct probe *probe, int fd, short events, struct err *err)
{
	int64_t until_ms = clock_mono_ms() + probe->silence_ms;
	for (;;) {
		int64_t left_ms = until_ms - clock_mono_ms();
		struct pollfd fds[] = {
			{.fd = fd, .events = events}, {.fd = probe->proc.err, .events = POLLIN}};
		if (left_ms <= 0)
			return err_set(err, ERR_UNAVAILABLE, "no answer in %g s", probe->silence_ms / 1000.0);
		if (poll(fds, ARRAY_LEN(fds), (int)left_ms) < 0)
			continue; /* interrupted */
		if (fds[1].revents)
			hear_words(probe);
		if (fds[0].revents)
			return true;
	}
}

static bool read_more(struct probe *probe, struct err *err)
{
	if (!await(probe, probe->proc.out, POLLIN, err))
		return false;
	buf_drop(&probe->input, probe->from);
	probe->scanned -= probe->from;
	probe->from = 0;
	char *at = buf_reserve(&probe->input, READ_CHUNK);
	ssize_t n = at ? read(probe->proc.out, at, READ_CHUNK) : 0;
	if (!at)
		return err_set(err, ERR_FAILED, "line %lld is longer than 16 MiB", probe->line_no + 1);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) {
		probe->is_over = true;
		return err_set(err, ERR_UNAVAILABLE,
			probe->input.n ? "it ended in the middle of a line" : "it ended");
	}
	probe->input.n += (size_t)n;
	return true;
}

/* The next line, without its end; it dies with the next one. */
static bool read_line(struct probe *probe, struct str *line, struct err *err)
{
	for (;;) {
		struct buf *input = &probe->input;
		const char *end = input->n > probe->scanned
					  ? memchr(input->p + probe->scanned, '\n', input->n - probe->scanned)
					  : NULL;
		if (end) {
			*line = str_slice(buf_str(input), probe->from, (size_t)(end - input->p));
			probe->from = probe->scanned = (size_t)(end - input->p) + 1;
			probe->line_no++;
			return true;
		}
		probe->scanned = input->n;
		if (!read_more(probe, err))
			return false;
	}
}

static void send_line(struct probe *probe, const char *line)
{
	struct str rest = str_of(line);
	struct err err;
	while (rest.n && !probe->is_over && await(probe, probe->proc.in, POLLOUT, &err)) {
		ssize_t n = write(probe->proc.in, rest.p, rest.n);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return; /* the answer that does not come tells it */
		rest = str_slice(rest, n > 0 ? (size_t)n : 0, rest.n);
	}
}

/* --- lines ------------------------------------------------------------------- */

static bool is_answer(const struct json *root)
{
	return json_get(root, "result") || json_get(root, "error");
}

/* What is wrong with an answer: to what, and of which form. */
static void judge_answer(struct probe *probe, const struct json *root, int64_t id)
{
	const struct json *error = json_get(root, "error");
	int64_t got = -1, code;
	if (json_type(json_get(root, "id")) != JSON_INT || !json_int(json_get(root, "id"), &got) || got != id)
		note_fault(probe, "answers a request that nobody made, or once more");
	if (json_get(root, "result") && json_type(error) > JSON_NULL)
		note_fault(probe, "has both a result and an error");
	if (json_type(error) > JSON_NULL &&
		(json_type(json_get(error, "code")) != JSON_INT ||
			!json_int(json_get(error, "code"), &code) || !json_get_str(error, "message").n))
		note_fault(probe, "is an error without a code or a message");
}

/* Judges LINE as text and JSON; NULL with ERR where the conversation cannot go on. */
static struct json_doc *judge_line(struct probe *probe, struct str line, struct err *err)
{
	struct json_doc *doc;
	if (!utf8_is_valid(line))
		note_fault(probe, "is not UTF-8");
	if (line.n > PEER_MOST_LINE) {
		err_set(err, ERR_FAILED, "line %lld is longer than 16 MiB", probe->line_no);
		return NULL;
	}
	doc = json_parse(line, err);
	if (!doc) {
		err_wrap(err, "line %lld of its standard output is no JSON", probe->line_no);
		return NULL;
	}
	if (json_repairs(doc))
		note_fault(
			probe, "holds what JSON has not: a bare NaN, half a surrogate pair, a raw control");
	if (!str_is(json_get_str(json_root(doc), "jsonrpc"), "2.0"))
		note_fault(probe, "does not say \"jsonrpc\":\"2.0\"");
	return doc;
}

/* Serves one message. True where it is the answer that is awaited: then DOC is the caller's. */
static bool serve(struct probe *probe, struct json_doc *doc, int64_t id)
{
	const struct json *root = json_root(doc);
	struct str method = json_get_str(root, "method");
	int64_t got = -1;
	if (method.n && json_type(json_get(root, "id")) <= JSON_NULL) {
		probe->ops->notify(probe->ctx, method, json_get(root, "params"));
	} else if (method.n) {
		note_fault(probe, "is a request: a source only answers and notifies");
	} else if (!is_answer(root)) {
		note_fault(probe, "is neither an answer nor a notification");
	} else {
		judge_answer(probe, root, id);
		json_int(json_get(root, "id"), &got);
		return got == id;
	}
	return false;
}

bool probe_wait(struct probe *probe, int64_t id, struct probe_answer *out, struct err *err)
{
	struct str line;
	*out = (struct probe_answer){0};
	while (read_line(probe, &line, err)) {
		struct json_doc *doc = str_trim(line).n ? judge_line(probe, line, err) : NULL;
		bool is_broken = !doc && str_trim(line).n, is_it = doc && serve(probe, doc, id);
		if (is_broken)
			return false;
		if (!is_it) {
			json_free(doc);
			continue;
		}
		const struct json *root = json_root(doc), *error = json_get(root, "error");
		out->doc = doc;
		out->result = json_type(error) > JSON_NULL ? NULL : json_get(root, "result");
		json_int(json_get(error, "code"), &out->code);
		out->message = json_get_str(error, "message");
		return true;
	}
	return false;
}

/* --- life -------------------------------------------------------------------- */

int64_t probe_ask(struct probe *probe, const char *method, struct str params)
{
	int64_t id = probe->next_id++;
	char *line = x_printf("{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"%s\",\"params\":%.*s}\n",
		(long long)id, method, STR_FMT(params));
	send_line(probe, line);
	x_free(line);
	return id;
}

void probe_cancel(struct probe *probe, int64_t id)
{
	char *line = x_printf(
		"{\"jsonrpc\":\"2.0\",\"method\":\"cancel\",\"params\":{\"id\":%lld}}\n", (long long)id);
	send_line(probe, line);
	x_free(line);
}

struct probe *probe_open(const struct config *config, const struct config_source *source, int silence_ms,
	const struct probe_ops *ops, void *ctx, struct err *err)
{
	struct probe *probe = x_new(struct probe);
	*probe = (struct probe){.silence_ms = silence_ms, .ops = ops, .ctx = ctx, .next_id = 1};
	buf_init(&probe->input, PEER_MOST_LINE + READ_CHUNK);
	buf_init(&probe->words, 4 * MOST_WORDS);
	probe->proc = (struct proc){.pid = -1, .in = -1, .out = -1, .err = -1};
	if (source_spawn(&probe->proc, config, source, err))
		return probe;
	probe_close(probe);
	return NULL;
}

bool probe_end(struct probe *probe, int wait_ms, int *status)
{
	close(probe->proc.in);
	probe->proc.in = -1;
	/* its output ends when it does; what it still says is not asked for any more */
	int64_t until_ms = clock_mono_ms() + wait_ms;
	while (!probe->is_over) {
		int64_t left_ms = until_ms - clock_mono_ms();
		struct err err;
		if (left_ms <= 0)
			return false;
		probe->silence_ms = (int)left_ms;
		probe->from = probe->scanned = probe->input.n;
		read_more(probe, &err);
	}
	int64_t left_ms = until_ms - clock_mono_ms();
	*status = proc_end(&probe->proc, 0, left_ms > 0 ? (int)left_ms : 0);
	return *status != 128 + SIGKILL;
}

void probe_close(struct probe *probe)
{
	if (!probe)
		return;
	proc_end(&probe->proc, SIGTERM, 500);
	buf_fini(&probe->input);
	buf_fini(&probe->words);
	x_free(probe);
}

const char *probe_fault(const struct probe *probe)
{
	return probe->fault.msg;
}

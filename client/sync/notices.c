/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/notices.h"

#include "client/base/clock.h"
#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/base/proc.h"
#include "client/protocol/peer.h"
#include "client/triage/notify.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { END_WAIT_MS = 200, EXIT_WAIT_MS = 2000 }; /* after we asked it to end; after it closed its output */

struct sending;

/* One notice under way. */
struct letter {
	struct sending *sending;
	struct notice notice;
	bool is_over;
	int64_t request;  /* of a webhook; 0: not asked */
	struct proc proc; /* of a command; pid 0: none */
	struct loop_fd *watch;
	struct loop_timer *timer;
};

struct sending {
	struct loop *loop;
	struct store *store;
	struct arena *arena;
	struct notices_result *result;
	struct letter letters[NOTICES_MOST];
	size_t n;
	struct proc poster; /* porthole-source; pid 0: not started */
	struct peer *peer;
	struct err err; /* the store failed */
};

/* --- how one ended ------------------------------------------------------------------ */

static void count(struct notices_result *result, const struct notice *notice, enum notify_outcome outcome,
	bool gave_up, const char *error)
{
	if (outcome == NOTIFY_SENT) {
		result->n_sent++;
		return;
	}
	result->n_lost += gave_up;
	result->n_waiting += !gave_up;
	snprintf(result->error, sizeof result->error, "notice to '%s': %s; %s", notice->target->name, error,
		outcome == NOTIFY_UNKNOWN ? "whether it arrived is not known, so it is not sent again"
		: gave_up		  ? "given up"
					  : "tried again later");
}

static void end_if_over(struct sending *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->letters[i].is_over)
			return;
	loop_stop(s->loop);
}

static void end_letter(
	struct letter *letter, enum notify_outcome outcome, int64_t retry_after_ms, const char *error)
{
	struct sending *s = letter->sending;
	bool gave_up;
	if (letter->is_over)
		return;
	letter->is_over = true;
	loop_cancel(letter->timer);
	letter->timer = NULL;
	if (!s->err.code && notify_end(s->store, &letter->notice, outcome, retry_after_ms, error,
				    clock_now_ms(), &gave_up, &s->err))
		count(s->result, &letter->notice, outcome, gave_up, error);
	end_if_over(s);
}

/* --- commands --------------------------------------------------------------------------- */

static void close_command(struct letter *letter, int signo, int *status)
{
	loop_unwatch(letter->watch);
	letter->watch = NULL;
	*status = proc_end(&letter->proc, signo, signo ? END_WAIT_MS : EXIT_WAIT_MS);
	letter->proc = (struct proc){0};
}

/* What it prints is nobody's business; that it closes its output is its end. */
static void on_output(void *ctx, int events)
{
	struct letter *letter = ctx;
	char bytes[4096], error[64];
	int status;
	(void)events;
	if (read(letter->proc.out, bytes, sizeof bytes) > 0)
		return;
	close_command(letter, 0, &status);
	snprintf(error, sizeof error, "the command ended with status %d", status);
	if (status == 0)
		end_letter(letter, NOTIFY_SENT, 0, NULL);
	else /* a command that was killed may have told */
		end_letter(letter, status > 128 || status < 0 ? NOTIFY_UNKNOWN : NOTIFY_LATER, 0, error);
}

static void on_late_command(void *ctx)
{
	struct letter *letter = ctx;
	int status;
	letter->timer = NULL;
	close_command(letter, SIGTERM, &status);
	end_letter(letter, NOTIFY_UNKNOWN, 0, "the command did not end in time");
}

static void start_command(struct letter *letter)
{
	struct sending *s = letter->sending;
	struct err err;
	const char *const *argv = notify_argv(s->arena, &letter->notice);
	if (!proc_start(&letter->proc, argv, NULL, PROC_PIPES | PROC_QUIET | PROC_DIE_WITH_US, &err)) {
		letter->proc = (struct proc){0};
		end_letter(letter, NOTIFY_LATER, 0, err.msg);
		return;
	}
	close(letter->proc.in);
	letter->proc.in = -1;
	letter->watch = loop_watch(s->loop, letter->proc.out, LOOP_READ, on_output, letter);
	letter->timer = loop_after(s->loop, NOTICES_TIMEOUT_MS, on_late_command, letter);
}

/* --- webhooks ------------------------------------------------------------------------------ */

static void on_posted(void *ctx, const struct json *result, const struct err *err)
{
	struct letter *letter = ctx;
	struct str done = json_get_str(result, "done"), message = json_get_str(result, "message");
	char text[300];
	bool retry = false;
	int64_t retry_after_ms = 0;
	snprintf(text, sizeof text, "%.*s", (int)(message.n < 290 ? message.n : 290),
		message.p ? message.p : "");
	json_bool(json_get(result, "retry"), &retry);
	json_int(json_get(result, "retry_after_ms"), &retry_after_ms);
	if (err) /* an answer that is an error comes before anything is sent; without one nobody knows */
		end_letter(letter, peer_is_closed(letter->sending->peer) ? NOTIFY_UNKNOWN : NOTIFY_LATER, 0,
			err->msg);
	else if (str_is(done, "yes"))
		end_letter(letter, NOTIFY_SENT, 0, NULL);
	else if (str_is(done, "no"))
		end_letter(letter, retry ? NOTIFY_LATER : NOTIFY_REFUSED, retry_after_ms, text);
	else
		end_letter(letter, NOTIFY_UNKNOWN, 0, text);
}

static void on_late_post(void *ctx)
{
	struct letter *letter = ctx;
	letter->timer = NULL;
	peer_cancel(letter->sending->peer, letter->request);
	end_letter(letter, NOTIFY_UNKNOWN, 0, "no answer in time");
}

static bool start_poster(struct sending *s, struct err *err)
{
	static const struct peer_ops ops = {0};
	const char *argv[] = {proc_sibling("porthole-source"), "--serve", NULL};
	if (s->peer)
		return true;
	if (!proc_start(&s->poster, argv, NULL, PROC_PIPES | PROC_QUIET | PROC_DIE_WITH_US, err)) {
		s->poster = (struct proc){0};
		return false;
	}
	s->peer = peer_new(s->loop, s->poster.out, s->poster.in, &ops, s);
	return true;
}

static void start_post(struct letter *letter)
{
	struct sending *s = letter->sending;
	struct err err;
	struct buf params, body;
	if (!start_poster(s, &err)) {
		end_letter(letter, NOTIFY_LATER, 0, err.msg);
		return;
	}
	buf_init(&params, 0);
	buf_init(&body, 0);
	notify_add_body(&body, &letter->notice);
	struct json_writer w = {.out = &params};
	json_open(&w, '{');
	json_key(&w, "address_env");
	json_put_str(&w, str_of(letter->notice.target->webhook_env));
	json_key(&w, "body");
	json_put_str(&w, buf_str(&body));
	json_close(&w, '}');
	letter->timer = loop_after(s->loop, NOTICES_TIMEOUT_MS, on_late_post, letter);
	letter->request = peer_ask(s->peer, "notify", buf_str(&params), on_posted, letter);
	buf_fini(&params);
	buf_fini(&body);
}

/* --- all of them ---------------------------------------------------------------------------- */

static void start_letter(void *ctx)
{
	struct letter *letter = ctx;
	letter->timer = NULL;
	if (letter->notice.target->webhook_env)
		start_post(letter);
	else if (letter->notice.target->command)
		start_command(letter);
	else
		end_letter(letter, NOTIFY_REFUSED, 0, "it has neither 'webhook_env' nor 'command'");
}

/* Somebody ended the loop before all were over. */
static void drop_letter(struct letter *letter)
{
	int status;
	if (letter->is_over)
		return;
	if (letter->request)
		peer_cancel(letter->sending->peer, letter->request);
	if (letter->proc.pid)
		close_command(letter, SIGTERM, &status);
	bool is_begun = letter->request || letter->watch || !letter->timer;
	end_letter(letter, is_begun ? NOTIFY_UNKNOWN : NOTIFY_LATER, 0, "we were asked to end");
}

static void close_poster(struct sending *s)
{
	if (!s->peer)
		return;
	peer_free(s->peer);
	proc_end(&s->poster, SIGTERM, END_WAIT_MS);
}

static void send_all(struct sending *s, const struct notice *notices)
{
	for (size_t i = 0; i < s->n; i++) {
		struct letter *letter = &s->letters[i];
		*letter = (struct letter){.sending = s, .notice = notices[i]};
		letter->timer = loop_after(s->loop, 0, start_letter, letter);
	}
	loop_run(s->loop);
	for (size_t i = 0; i < s->n; i++)
		drop_letter(&s->letters[i]);
	close_poster(s);
}

bool notices_send(struct loop *loop, struct store *store, const struct config *config,
	struct notices_result *result, struct err *err)
{
	struct notice notices[NOTICES_MOST];
	struct arena *arena = arena_new();
	*result = (struct notices_result){0};
	struct sending *s = arena_new_of(arena, struct sending);
	s->loop = loop;
	s->store = store;
	s->arena = arena;
	s->result = result;
	bool ok = !config->n_notify ||
		  notify_claim(store, config, clock_now_ms(), arena, notices, NOTICES_MOST, &s->n, err);
	if (ok && s->n)
		send_all(s, notices);
	if (ok && s->err.code) {
		*err = s->err;
		ok = false;
	}
	arena_free(arena);
	return ok || err_wrap(err, "notices");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/source.h"

#include "client/base/mem.h"
#include "client/base/proc.h"
#include "client/protocol/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
	PROTOCOL = 1,
	MOST_LAST_WORDS = 400, /* of the line of standard error that is kept */
	LAST_WORDS_MS = 200,   /* how long its standard error is waited for once its output ended */
	END_MS = 150,	       /* how long it may take to end when it is told to */
};

enum source_phase { SOURCE_GREETING, SOURCE_READY, SOURCE_ENDING, SOURCE_DEAD };

enum ask_phase {
	ASK_QUEUED,
	ASK_SENT,
	ASK_DROPPED, /* a pull that was cancelled and has not answered: its records still come */
};

struct ask {
	struct ask *next;
	struct source *source;
	int64_t id, peer_id;
	enum ask_phase phase;
	const char *method;
	struct buf params;
	const struct source_pull_ops *pull; /* one of both */
	const struct source_log_ops *log;
	bool is_follow;
	void *ctx;
};

struct source {
	struct loop *loop;
	char *name;
	enum source_phase phase;
	struct err err; /* why it is dead */
	struct proc proc;
	struct peer *peer;
	struct ask *asks;
	int64_t next_id;

	int silence_ms;
	int64_t asked_ms;	     /* when something began to be waited for */
	struct loop_timer *silence;  /* set exactly while something is waited for */
	struct loop_timer *tell;     /* tells the asks of a dead source, one a round */
	struct loop_timer *farewell; /* bounds SOURCE_ENDING */

	struct loop_fd *err_watch;
	char line[MOST_LAST_WORDS], last_words[MOST_LAST_WORDS]; /* of standard error: begun, and whole */
	size_t line_n, last_words_n;
};

/* --- the list of what is asked -------------------------------------------- */

static void free_ask(struct ask *ask)
{
	buf_fini(&ask->params);
	x_free(ask);
}

static struct ask *add_ask(struct source *source, const char *method, void *ctx)
{
	struct ask *ask = x_new(struct ask);
	*ask = (struct ask){.source = source, .id = source->next_id++, .method = method, .ctx = ctx};
	buf_init(&ask->params, 0);
	struct ask **end = &source->asks;
	while (*end)
		end = &(*end)->next;
	*end = ask;
	return ask;
}

static void remove_ask(struct source *source, const struct ask *ask)
{
	struct ask **at = &source->asks;
	while (*at != ask)
		at = &(*at)->next;
	*at = ask->next;
}

/* The pull whose records are coming now. */
static struct ask *running_pull(const struct source *source)
{
	struct ask *ask = source->asks;
	while (ask && !(ask->pull && ask->phase != ASK_QUEUED))
		ask = ask->next;
	return ask;
}

/* Calls `done` of ASK, which was removed, and frees it. The source may be gone afterwards. */
static void tell_end(struct ask *ask, int64_t offset, bool complete, const struct err *err)
{
	const struct source_pull_ops *pull = ask->phase == ASK_DROPPED ? NULL : ask->pull;
	const struct source_log_ops *log = ask->log;
	void *ctx = ask->ctx;
	free_ask(ask);
	if (pull)
		pull->done(ctx, err);
	else if (log)
		log->done(ctx, offset, complete, err);
}

/* --- a dead source -------------------------------------------------------- */

/* One a round: `done` may close the source. */
static void on_tell(void *ctx)
{
	struct source *source = ctx;
	struct ask *ask = source->asks;
	struct err err = source->err;
	source->tell = NULL;
	if (!ask)
		return; /* cancelled meanwhile */
	source->asks = ask->next;
	source->tell = source->asks ? loop_after(source->loop, 0, on_tell, source) : NULL;
	tell_end(ask, 0, false, &err);
}

static void tell_soon(struct source *source)
{
	if (source->phase == SOURCE_DEAD && source->asks && !source->tell)
		source->tell = loop_after(source->loop, 0, on_tell, source);
}

static void cancel_timer(struct loop_timer **timer)
{
	loop_cancel(*timer);
	*timer = NULL;
}

/* Lets go of the conversation; what is left is the process. */
static void hang_up(struct source *source)
{
	cancel_timer(&source->silence);
	cancel_timer(&source->farewell);
	loop_unwatch(source->err_watch);
	source->err_watch = NULL;
	peer_free(source->peer);
	source->peer = NULL;
}

/* It is over, because of ERR: so says every answer from now on. */
static void die_of(struct source *source, const struct err *err)
{
	source->err = *err;
	err_wrap(&source->err, "source '%s'", source->name);
	hang_up(source);
	proc_end(&source->proc, SIGKILL, 0);
	source->phase = SOURCE_DEAD;
	tell_soon(source);
}

/* --- silence -------------------------------------------------------------- */

static bool is_awaited(const struct source *source)
{
	if (source->phase == SOURCE_GREETING)
		return true;
	for (const struct ask *ask = source->asks; ask; ask = ask->next)
		if (ask->phase != ASK_QUEUED && !ask->is_follow)
			return true;
	return false;
}

static void on_silence(void *ctx)
{
	struct source *source = ctx;
	int64_t heard_ms = peer_heard_ms(source->peer);
	int64_t since_ms = heard_ms > source->asked_ms ? heard_ms : source->asked_ms;
	int64_t left_ms = since_ms + source->silence_ms - clock_mono_ms();
	source->silence = NULL;
	if (left_ms > 0) {
		source->silence = loop_after(source->loop, left_ms, on_silence, source);
		return;
	}
	struct err err = {0};
	err_set(&err, ERR_UNAVAILABLE, "no answer in %g s", source->silence_ms / 1000.0);
	die_of(source, &err);
}

/* Called whenever what is waited for may have changed. An idle source has no timer. */
static void watch_silence(struct source *source)
{
	bool is_on = source->phase <= SOURCE_READY && is_awaited(source);
	if (!is_on) {
		cancel_timer(&source->silence);
	} else if (!source->silence) {
		source->asked_ms = clock_mono_ms();
		source->silence = loop_after(source->loop, source->silence_ms, on_silence, source);
	}
}

/* --- asking --------------------------------------------------------------- */

static void on_answer(void *ctx, const struct json *result, const struct err *err);

/* Sends what may be sent; pulls one after the other. */
static void send_asks(struct source *source)
{
	for (struct ask *ask = source->asks; ask && source->phase == SOURCE_READY; ask = ask->next) {
		if (ask->phase != ASK_QUEUED || (ask->pull && running_pull(source)))
			continue;
		ask->phase = ASK_SENT;
		ask->peer_id = peer_ask(source->peer, ask->method, buf_str(&ask->params), on_answer, ask);
	}
	watch_silence(source);
}

static void on_answer(void *ctx, const struct json *result, const struct err *err)
{
	struct ask *ask = ctx;
	struct source *source = ask->source;
	if (peer_is_closed(source->peer))
		return; /* told when it is known how the process ended */
	int64_t offset = 0;
	bool complete = false;
	json_int(json_get(result, "offset"), &offset);
	json_bool(json_get(result, "complete"), &complete);
	struct err told = err ? *err : (struct err){0};
	if (err)
		err_wrap(&told, "source '%s'", source->name);

	remove_ask(source, ask);
	send_asks(source);
	tell_end(ask, offset, complete, err ? &told : NULL);
}

/* --- what it says --------------------------------------------------------- */

static void on_log_text(struct source *source, const struct json *params)
{
	int64_t id;
	struct str text = json_get_str(params, "text");
	if (!json_int(json_get(params, "id"), &id))
		return;
	for (struct ask *ask = source->asks; ask; ask = ask->next) {
		if (!ask->log || ask->phase != ASK_SENT || ask->peer_id != id)
			continue;
		if (text.n)
			ask->log->text(ask->ctx, text);
		return;
	}
}

static void on_record(struct source *source, enum record_kind kind, const struct json *params)
{
	const struct ask *pull = running_pull(source);
	if (!pull || pull->phase != ASK_SENT)
		return;
	/* An arena of its own: the texts outlive a source that is closed in the callback. */
	struct arena *arena = arena_new();
	struct record record;
	struct err err = {0};
	bool is_read = record_read(arena, kind, params, &record, &err);
	if (!is_read)
		err_wrap(&err, "source '%s'", source->name);
	pull->pull->record(pull->ctx, is_read ? &record : NULL, is_read ? NULL : &err);
	arena_free(arena);
}

static void on_notify(void *ctx, struct str method, const struct json *params)
{
	struct source *source = ctx;
	enum record_kind kind = record_kind_of(method);
	if (kind != RECORD_KINDS)
		on_record(source, kind, params);
	else if (str_is(method, "log"))
		on_log_text(source, params);
}

static void on_hello(void *ctx, const struct json *result, const struct err *err)
{
	struct source *source = ctx;
	if (peer_is_closed(source->peer))
		return;
	struct err told = err ? *err : (struct err){0};
	int64_t protocol = 0;
	if (!err && !json_int(json_get(result, "protocol"), &protocol))
		err_set(&told, ERR_FAILED, "its hello names no protocol");
	else if (!err && protocol != PROTOCOL)
		err_set(&told, ERR_FAILED, "speaks protocol %lld, this porthole speaks %d",
			(long long)protocol, PROTOCOL);
	if (told.code) {
		die_of(source, &told);
		return;
	}
	source->phase = SOURCE_READY;
	send_asks(source);
}

/* --- its end -------------------------------------------------------------- */

static void keep_line(struct source *source)
{
	if (source->line_n) {
		memcpy(source->last_words, source->line, source->line_n);
		source->last_words_n = source->line_n;
	}
	source->line_n = 0;
}

static void hear_words(struct source *source, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			keep_line(source);
		else if (source->line_n < sizeof source->line && bytes[i] != '\r')
			source->line[source->line_n++] = bytes[i];
	}
}

static void say_farewell(void *ctx);

/* Our end of that pipe does not block: a grandchild may hold the other. */
static void on_words(void *ctx, int events)
{
	(void)events;
	struct source *source = ctx;
	char chunk[4096];
	ssize_t n = read(source->proc.err, chunk, sizeof chunk);
	if (n > 0) {
		hear_words(source, chunk, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	loop_unwatch(source->err_watch);
	source->err_watch = NULL;
	if (source->phase == SOURCE_ENDING) {
		cancel_timer(&source->farewell);
		say_farewell(source);
	}
}

/* How it ended, from its exit status and its last line on standard error. */
static void describe_end(struct source *source, int status, struct err *err)
{
	keep_line(source);
	const char *colon = source->last_words_n ? ": " : "";
	struct str words = {source->last_words, source->last_words_n};
	if (status > 128)
		err_set(err, ERR_UNAVAILABLE, "ended by signal %d%s%.*s", status - 128, colon,
			STR_FMT(words));
	else
		err_set(err, ERR_UNAVAILABLE, "ended with status %d%s%.*s", status, colon, STR_FMT(words));
}

/* Its output ended, and its standard error too or the time for that. */
static void say_farewell(void *ctx)
{
	struct source *source = ctx;
	struct err err = {0};
	source->farewell = NULL;
	describe_end(source, proc_end(&source->proc, 0, END_MS), &err);
	die_of(source, &err);
}

static void on_closed(void *ctx, const struct err *err)
{
	struct source *source = ctx;
	cancel_timer(&source->silence);
	if (err->code != ERR_UNAVAILABLE) {
		die_of(source, err); /* it broke the protocol */
		return;
	}
	source->phase = SOURCE_ENDING;
	source->farewell =
		loop_after(source->loop, source->err_watch ? LAST_WORDS_MS : 0, say_farewell, source);
}

/* --- opening and closing --------------------------------------------------- */

static const struct peer_ops peer_ops = {.notify = on_notify, .closed = on_closed};

static void say_hello(struct source *source, struct str config)
{
	struct buf params;
	buf_init(&params, 0);
	struct json_writer w = {.out = &params};
	json_open(&w, '{');
	json_key(&w, "protocol");
	json_put_int(&w, PROTOCOL);
	json_key(&w, "source");
	json_put_str(&w, str_of(source->name));
	json_key(&w, "config");
	json_put_raw(&w, config.n ? config : STR("{}"));
	json_close(&w, '}');
	peer_ask(source->peer, "hello", buf_str(&params), on_hello, source);
	buf_fini(&params);
}

/* A plug-in runs where the configuration that names it lies, so that its command may be
 * relative; a built-in kind is our own second program. */
static bool start_process(
	struct source *source, const struct config *config, const struct config_source *of, struct err *err)
{
	enum { FLAGS = PROC_PIPES | PROC_PIPE_STDERR | PROC_DIE_WITH_US };
	if (strcmp(of->kind, "plugin") != 0) {
		const char *argv[] = {proc_sibling("porthole-source"), "--serve", NULL};
		return proc_start(&source->proc, argv, NULL, FLAGS, err);
	}
	if (!of->command || !of->command[0])
		return err_set(err, ERR_USAGE, "a plugin needs a 'command'");
	const char *slash = config && config->file ? strrchr(config->file, '/') : NULL;
	char *dir = slash ? x_printf("%.*s", (int)(slash - config->file) + 1, config->file) : NULL;
	bool is_started = proc_start_in(&source->proc, dir, of->command, NULL, FLAGS, err);
	x_free(dir);
	return is_started;
}

struct source *source_open(
	struct loop *loop, const struct config *config, const struct config_source *of, int silence_ms)
{
	struct source *source = x_new(struct source);
	*source = (struct source){.loop = loop, .silence_ms = silence_ms, .next_id = 1};
	source->proc = (struct proc){.pid = -1, .in = -1, .out = -1, .err = -1};
	source->name = x_strdup(of->name);
	struct err err = {0};
	if (!start_process(source, config, of, &err)) {
		die_of(source, &err);
		return source;
	}
	if (fcntl(source->proc.err, F_SETFL, O_NONBLOCK) < 0) {
		err_set(&err, ERR_FAILED, "cannot read its standard error: %s", strerror(errno));
		die_of(source, &err);
		return source;
	}
	source->err_watch = loop_watch(loop, source->proc.err, LOOP_READ, on_words, source);
	source->peer = peer_new(loop, source->proc.out, source->proc.in, &peer_ops, source);
	say_hello(source, of->json);
	watch_silence(source);
	return source;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	hang_up(source);
	cancel_timer(&source->tell);
	proc_end(&source->proc, SIGTERM, END_MS);
	while (source->asks) {
		struct ask *ask = source->asks;
		source->asks = ask->next;
		free_ask(ask);
	}
	x_free(source->name);
	x_free(source);
}

/* --- what can be asked ------------------------------------------------------ */

static int64_t ask_now(struct source *source, struct ask *ask)
{
	int64_t id = ask->id;
	send_asks(source);
	tell_soon(source);
	return id;
}

static void put_text(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_put_str(w, text ? str_of(text) : (struct str){0});
}

int64_t source_pull(struct source *source, const char *cursor, int64_t since_ms,
	const struct source_pull_ops *ops, void *ctx)
{
	struct ask *ask = add_ask(source, "pull", ctx);
	ask->pull = ops;
	struct json_writer w = {.out = &ask->params};
	json_open(&w, '{');
	put_text(&w, "cursor", cursor);
	json_key(&w, "since_ms");
	json_put_ms(&w, since_ms);
	json_close(&w, '}');
	return ask_now(source, ask);
}

int64_t source_log(struct source *source, const struct source_step *step, int64_t offset, bool follow,
	const struct source_log_ops *ops, void *ctx)
{
	struct ask *ask = add_ask(source, "log", ctx);
	ask->log = ops;
	ask->is_follow = follow;
	struct json_writer w = {.out = &ask->params};
	json_open(&w, '{');
	put_text(&w, "pipeline", step->pipeline);
	put_text(&w, "run", step->run);
	put_text(&w, "step", step->step);
	put_text(&w, "index", step->index);
	json_key(&w, "attempt");
	json_put_int(&w, step->attempt);
	json_key(&w, "offset");
	json_put_int(&w, offset);
	json_key(&w, "follow");
	json_put_bool(&w, follow);
	json_close(&w, '}');
	return ask_now(source, ask);
}

void source_cancel(struct source *source, int64_t id)
{
	struct ask *ask = source->asks;
	while (ask && (ask->id != id || ask->phase == ASK_DROPPED))
		ask = ask->next;
	if (!ask)
		return;
	if (ask->phase == ASK_SENT && ask->pull && source->phase == SOURCE_READY) {
		struct buf params;
		buf_init(&params, 0);
		buf_addf(&params, "{\"id\":%lld}", (long long)ask->peer_id);
		peer_tell(source->peer, "cancel", buf_str(&params));
		buf_fini(&params);
		ask->phase = ASK_DROPPED;
		return;
	}
	if (ask->phase == ASK_SENT && source->peer)
		peer_cancel(source->peer, ask->peer_id);
	remove_ask(source, ask);
	free_ask(ask);
	watch_silence(source);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/source.h"

#include "client/base/mem.h"
#include "client/base/proc.h"
#include "client/protocol/peer.h"
#include "client/protocol/source_ask.h"
#include "client/protocol/spawn.h"

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

/* Names that its hello lists. */
struct names {
	const char **names;
	size_t n;
	bool is_said;
};

struct source {
	struct loop *loop;
	char *name;
	enum source_phase phase;
	struct err err; /* why it is dead */
	struct proc proc;
	struct peer *peer;
	struct arena *hello; /* the next two */
	struct names methods, verbs;
	struct ask *asks;
	int64_t next_id;

	int silence_ms;
	int64_t asked_ms;	     /* when something began to be waited for */
	struct loop_timer *silence;  /* set exactly while something is waited for */
	struct loop_timer *tell;     /* tells what is not answered by the source, one a round */
	struct loop_timer *farewell; /* bounds SOURCE_ENDING */

	struct loop_fd *err_watch;
	char line[MOST_LAST_WORDS], last_words[MOST_LAST_WORDS]; /* of standard error: begun, and whole */
	size_t line_n, last_words_n;
};

/* --- the list of what is asked -------------------------------------------- */

static void free_ask(struct ask *ask)
{
	if (ask->is_gone)
		*ask->is_gone = true;
	buf_fini(&ask->params);
	x_free(ask);
}

struct ask *source_add_ask(struct source *source, const struct ask_method *method, void *ctx)
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
	while (ask && !(ask->method == &ask_pull && (ask->phase == ASK_SENT || ask->phase == ASK_DROPPED)))
		ask = ask->next;
	return ask;
}

/* Tells the end of ASK, which was removed, and frees it. The source may be gone afterwards. */
static void tell_end(struct ask *ask, const struct json *result, const struct err *err)
{
	if (ask->phase != ASK_DROPPED)
		ask->method->end(ask, result, ask->phase == ASK_SENT, err);
	free_ask(ask);
}

/* --- what the source does not answer ----------------------------------------- */

/* The first that is to be told without it: any where it is dead. */
static struct ask *next_untold(const struct source *source)
{
	struct ask *ask = source->asks;
	while (ask && source->phase != SOURCE_DEAD && ask->phase != ASK_REFUSED && ask->phase != ASK_GREETED)
		ask = ask->next;
	return ask;
}

static void tell_soon(struct source *source);

/* One a round: being told it may close the source. */
static void on_tell(void *ctx)
{
	struct source *source = ctx;
	struct ask *ask = next_untold(source);
	struct err err = source->err;
	source->tell = NULL;
	if (!ask)
		return; /* cancelled meanwhile */
	if (ask->phase == ASK_REFUSED)
		err_set(&err, ERR_NOT_FOUND, "source '%s' has no method '%s'", source->name,
			ask->method->name);
	bool is_well = source->phase != SOURCE_DEAD && ask->phase == ASK_GREETED;
	remove_ask(source, ask);
	tell_soon(source);
	tell_end(ask, NULL, is_well ? NULL : &err);
}

static void tell_soon(struct source *source)
{
	if (!source->tell && next_untold(source))
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
		if ((ask->phase == ASK_SENT || ask->phase == ASK_DROPPED) && !ask->is_follow)
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

/* What its hello names counts; one that names no method at all is asked for any. */
static bool is_refused(const struct source *source, const struct ask *ask)
{
	return source->methods.is_said && !source_has_method(source, ask->method->name);
}

/* Sends what may be sent; pulls one after the other. */
static void send_asks(struct source *source)
{
	for (struct ask *ask = source->asks; ask && source->phase == SOURCE_READY; ask = ask->next) {
		if (ask->phase != ASK_QUEUED)
			continue;
		if (ask->method == &ask_greet) {
			ask->phase = ASK_GREETED;
		} else if (is_refused(source, ask)) {
			ask->phase = ASK_REFUSED;
		} else if (ask->method != &ask_pull || !running_pull(source)) {
			ask->phase = ASK_SENT;
			ask->peer_id = peer_ask(
				source->peer, ask->method->name, buf_str(&ask->params), on_answer, ask);
		}
	}
	tell_soon(source);
	watch_silence(source);
}

/* What RESULT holds besides the end. False where ASK was cancelled or the source closed meanwhile. */
static bool unpack(struct ask *ask, const struct json *result)
{
	bool is_gone = false;
	if (!ask->method->unpack)
		return true;
	ask->is_gone = &is_gone;
	ask->method->unpack(ask, result, &is_gone);
	if (!is_gone)
		ask->is_gone = NULL;
	return !is_gone;
}

static void on_answer(void *ctx, const struct json *result, const struct err *err)
{
	struct ask *ask = ctx;
	struct source *source = ask->source;
	if (peer_is_closed(source->peer))
		return; /* told when it is known how the process ended */
	const struct err *why = ask->breach.code ? &ask->breach : err;
	if (!why && !unpack(ask, result))
		return;
	struct err told = {0};
	if (why) {
		told = *why;
		err_wrap(&told, "source '%s'", source->name);
	}
	remove_ask(source, ask);
	send_asks(source);
	tell_end(ask, why ? NULL : result, why ? &told : NULL);
}

/* --- what it says --------------------------------------------------------- */

static void tell_cancel(struct source *source, const struct ask *ask)
{
	struct buf params;
	buf_init(&params, 0);
	buf_addf(&params, "{\"id\":%lld}", (long long)ask->peer_id);
	peer_tell(source->peer, "cancel", buf_str(&params));
	buf_fini(&params);
}

/* The request that the notification METHOD with PARAMS belongs to, while it listens. */
static struct ask *listener(const struct source *source, struct str method, const struct json *params)
{
	int64_t id;
	if (!json_int(json_get(params, "id"), &id))
		return NULL;
	for (struct ask *ask = source->asks; ask; ask = ask->next)
		if (ask->phase == ASK_SENT && ask->peer_id == id && !ask->breach.code &&
			ask->method->notice && str_is(method, ask->method->notice))
			return ask;
	return NULL;
}

/* What ASK is told may free it, and the source; a breach it is not told of. */
static void on_notice(struct source *source, struct ask *ask, const struct json *params)
{
	struct err breach = {0};
	ask->method->hear(ask, params, &breach);
	if (!breach.code)
		return;
	ask->breach = breach;
	tell_cancel(source, ask);
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
	pull->to.pull->record(pull->ctx, is_read ? &record : NULL, is_read ? NULL : &err);
	arena_free(arena);
}

static void on_notify(void *ctx, struct str method, const struct json *params)
{
	struct source *source = ctx;
	enum record_kind kind = record_kind_of(method);
	struct ask *ask = kind == RECORD_KINDS ? listener(source, method, params) : NULL;
	if (kind != RECORD_KINDS)
		on_record(source, kind, params);
	else if (ask)
		on_notice(source, ask, params);
}

static struct names read_names(struct arena *arena, const struct json *list)
{
	struct names names = {.is_said = json_type(list) == JSON_ARRAY};
	names.names = arena_array(arena, const char *, json_len(list));
	for (size_t i = 0; i < json_len(list); i++) {
		struct str name = json_str(json_at(list, i));
		if (name.n)
			names.names[names.n++] = arena_dup(arena, name);
	}
	return names;
}

static bool has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->names[i], name))
			return true;
	return false;
}

bool source_has_method(const struct source *source, const char *method)
{
	return has_name(&source->methods, method);
}

bool source_has_verb(const struct source *source, const char *verb)
{
	return has_name(&source->verbs, verb);
}

const char *source_verb(const struct source *source, size_t i)
{
	return i < source->verbs.n ? source->verbs.names[i] : NULL;
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
	source->methods = read_names(source->hello, json_get(result, "methods"));
	source->verbs = read_names(source->hello, json_get(result, "verbs"));
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

struct source *source_open(
	struct loop *loop, const struct config *config, const struct config_source *of, int silence_ms)
{
	struct source *source = x_new(struct source);
	*source = (struct source){.loop = loop, .silence_ms = silence_ms, .next_id = 1};
	source->proc = (struct proc){.pid = -1, .in = -1, .out = -1, .err = -1};
	source->name = x_strdup(of->name);
	source->hello = arena_new();
	struct err err = {0};
	if (!source_spawn(&source->proc, config, of, &err)) {
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
	arena_free(source->hello);
	x_free(source->name);
	x_free(source);
}

/* --- sending and cancelling --------------------------------------------------- */

int64_t source_send_ask(struct source *source, struct ask *ask)
{
	int64_t id = ask->id;
	send_asks(source);
	return id;
}

void source_cancel(struct source *source, int64_t id)
{
	struct ask *ask = source->asks;
	while (ask && (ask->id != id || ask->phase == ASK_DROPPED))
		ask = ask->next;
	if (!ask)
		return;
	if (ask->phase == ASK_SENT && ask->method == &ask_pull && source->phase == SOURCE_READY) {
		tell_cancel(source, ask);
		ask->phase = ASK_DROPPED;
		return;
	}
	if (ask->phase == ASK_SENT && source->peer)
		peer_cancel(source->peer, ask->peer_id);
	remove_ask(source, ask);
	free_ask(ask);
	watch_silence(source);
}

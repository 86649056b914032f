/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/engine.h"

#include "client/base/mem.h"
#include "client/fetch/answer.h"
#include "client/fetch/auth.h"
#include "client/fetch/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

const struct engine_limits engine_default = {
	.retry = {.tries = 4, .first_ms = 500, .most_ms = 30000, .retry_after_most_ms = 60000},
	.live_ms = 15000,
	.pull_ms = 120000,
	.backlog = 4 << 20,
};

enum {
	DEFAULT_CONCURRENCY = 2,
	BEHIND_POLL_MS = 20,
	LINE_MOST = 16 << 20,
	MOST_EFFECT = 15 << 20, /* it goes as one line */
	BYTES_MOST_MS = 24 * 60 * 60 * 1000
};

struct engine {
	struct loop *loop;
	const struct adapter *adapter;
	const struct config_source *source;
	struct transport *transports[REQUEST_KINDS];
	struct engine_limits limits;
	struct auth auth;
	struct pull *pulls;	 /* in the order they were asked for */
	struct pull *login;	 /* the one that signs in, if any */
	struct loop_timer *kick; /* the next turn, at kick_ms (monotonic) */
	int64_t kick_ms;
	int n_running;
	int64_t next_start_ms; /* monotonic: where a rate is set */
	int trace;
};

enum pull_kind { PULL_RECORDS, PULL_LOG, PULL_LIVE, PULL_LOGIN };

/* A conversation. */
struct pull {
	struct engine *engine;
	struct pull *next;
	enum pull_kind kind;
	struct arena *arena, *scratch;
	void *state;
	bool (*at_end)(struct pull *pull, struct err *err);
	const struct engine_sink *sink;
	void *ctx;
	struct job *jobs; /* in the order they were asked for */
	bool is_failed;
	struct err err;
	char *cursor;
	int64_t offset; /* of a log or an artifact: where it goes on */
	bool is_complete;
	int64_t n_requests, wire_bytes;
	/* of an action */
	struct buf effect; /* JSON texts, with commas */
	enum source_did did;
	char *acted_run, *acted_message;
	bool was_tried; /* a request that acts went out, and nobody knows that it did not arrive */
};

enum job_state { JOB_WAITING, JOB_DELAYED, JOB_RUNNING };

/* A request on its way. */
struct job {
	struct pull *pull;
	struct job *next;
	enum job_state state;
	struct request request; /* with texts of its own */
	struct transfer *transfer;
	int64_t start; /* of the transfer: see transport.h */
	struct loop_timer *timer;
	struct buf body;   /* collected; of a stream: what is no whole line yet */
	int64_t delivered; /* of a stream: bytes the handler had */
	int64_t started_ms;
	int tries;
	unsigned auth_age;
	bool was_refused, is_paused;
};

static void turn(void *ctx);

/* Sees to a turn no later than IN_MS from now. */
static void kick_in(struct engine *engine, int64_t in_ms)
{
	int64_t at_ms = clock_mono_ms() + in_ms;

	if (engine->kick && engine->kick_ms <= at_ms)
		return;
	if (engine->kick)
		loop_cancel(engine->kick);
	engine->kick_ms = at_ms;
	engine->kick = loop_after(engine->loop, in_ms, turn, engine);
}

static void kick(struct engine *engine)
{
	kick_in(engine, 0);
}

/* --- jobs --------------------------------------------------------------------- */

static char *dup_or_null(const char *text)
{
	return text ? x_strdup(text) : NULL;
}

static struct request request_dup(const struct request *from)
{
	struct request copy = *from;
	char *body = x_calloc(from->body.n + 1, 1);

	memcpy(body, from->body.n ? from->body.p : "", from->body.n);
	copy.body.p = body;
	copy.method = dup_or_null(from->method);
	copy.path = x_strdup(from->path);
	copy.accept = dup_or_null(from->accept);
	copy.content_type = dup_or_null(from->content_type);
	return copy;
}

static void request_fini(struct request *request)
{
	char *body = (char *)(uintptr_t)request->body.p;

	explicit_bzero(body, request->body.n); /* a log-in holds the password */
	x_free(body);
	x_free((void *)(uintptr_t)request->method);
	x_free((void *)(uintptr_t)request->path);
	x_free((void *)(uintptr_t)request->accept);
	x_free((void *)(uintptr_t)request->content_type);
}

static void job_free(struct job *job)
{
	struct engine *engine = job->pull->engine;
	struct job **at = &job->pull->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	if (job->transfer) {
		job->transfer->transport->ops->cancel(job->transfer);
		engine->n_running--;
	}
	if (job->timer)
		loop_cancel(job->timer);
	request_fini(&job->request);
	buf_fini(&job->body);
	x_free(job);
	kick(engine);
}

static void job_due(void *ctx)
{
	struct job *job = ctx;

	job->timer = NULL;
	job->state = JOB_WAITING;
	kick(job->pull->engine);
}

static void job_delay(struct job *job, int64_t in_ms)
{
	job->state = JOB_DELAYED;
	job->timer = loop_after(job->pull->engine->loop, in_ms, job_due, job);
}

static void pull_fail(struct pull *pull, const struct err *err)
{
	if (pull->is_failed)
		return;
	pull->is_failed = true;
	pull->err = *err;
	if (!pull->err.code)
		err_set(&pull->err, ERR_FAILED, "failed without a reason");
	auth_scrub(&pull->engine->auth, &pull->err);
	kick(pull->engine);
}

static const char *method_of(const struct request *request)
{
	return request->method ? request->method : request->body.n ? "POST" : "GET";
}

/* "GET /api/v2/dags: …": the query is left out, it is long and may hold secrets. */
static void wrap_request(const struct request *request, struct err *err)
{
	struct str path = str_of(request->path);

	path = str_slice(path, 0, str_find(path, STR("?"), 0));
	if (request->kind == REQUEST_HTTP)
		err_wrap(err, "%s %.*s", method_of(request), (int)(path.n < 300 ? path.n : 300), path.p);
}

/* A person waits for it. */
static bool is_awaited(const struct pull *pull)
{
	return pull->kind == PULL_LOG || pull->kind == PULL_LIVE;
}

/* Whether it is repeated; else the whole pull fails with ERR. */
static void job_retry_or_fail(struct job *job, const struct err *err)
{
	const struct engine_limits *limits = &job->pull->engine->limits;
	bool is_late = is_awaited(job->pull) && err->retry_after_ms > limits->live_ms;

	if (err->code != ERR_UNAVAILABLE || !(job->request.flags & REQUEST_READ) ||
		job->tries >= limits->retry.tries || job->delivered > 0 || is_late) {
		pull_fail(job->pull, err);
		return;
	}
	buf_reset(&job->body);
	job_delay(job, retry_wait(&limits->retry, job->tries + 1, err->retry_after_ms));
}

/* --- what comes back ------------------------------------------------------------ */

static bool call_handler(struct job *job, const struct response *response)
{
	struct pull *pull = job->pull;
	struct err err = {0};

	arena_reset(pull->scratch);
	if (job->request.handler(pull, response, job->request.ctx, &err))
		return true;
	pull_fail(pull, &err);
	return false;
}

/* How much of what came is handed over: whole lines, or all. */
static size_t stretch_of(const struct job *job)
{
	const char *end;

	if (!job->body.n || job->request.flags & REQUEST_BYTES)
		return job->body.n;
	end = memrchr(job->body.p, '\n', job->body.n);
	return end ? (size_t)(end + 1 - job->body.p) : 0;
}

static void stream_body(struct job *job, int status)
{
	struct response response = {.status = status,
		.body = {job->body.p, stretch_of(job)},
		.date_ms = TIME_NONE,
		.offset = job->start + job->delivered};
	struct err err;

	if (!response.body.n) {
		if (job->body.n <= LINE_MOST)
			return;
		err_set(&err, ERR_FAILED, "a line of the answer is over %d bytes", LINE_MOST);
		wrap_request(&job->request, &err);
		pull_fail(job->pull, &err);
		return;
	}
	if (!call_handler(job, &response))
		return;
	job->delivered += (int64_t)response.body.n;
	buf_drop(&job->body, response.body.n);
}

static bool is_behind(const struct pull *pull)
{
	return pull->sink && pull->sink->backlog(pull->ctx) > pull->engine->limits.backlog;
}

static void transfer_body(void *ctx, int status, struct str bytes)
{
	struct job *job = ctx;

	if (job->pull->is_failed)
		return;
	buf_add(&job->body, bytes);
	if (!(job->request.flags & REQUEST_STREAM) || status > 299)
		return;
	job->start = job->transfer->start;
	stream_body(job, status);
	if (!job->is_paused && is_behind(job->pull)) {
		job->is_paused = true;
		job->transfer->transport->ops->pause(job->transfer, true);
		kick_in(job->pull->engine, BEHIND_POLL_MS);
	}
}

static bool is_signed_out(struct job *job, const struct transfer_end *end)
{
	const struct adapter_auth *auth = job->pull->engine->adapter->auth;

	if (job->request.kind != REQUEST_HTTP || job->request.flags & REQUEST_NO_AUTH)
		return false;
	if (auth && auth->is_signed_out)
		return auth->is_signed_out(end->status, buf_str(&job->body));
	return end->status == 401;
}

/* A refusal is worth one more try with new credentials, whatever kind of request it was:
 * the server has done nothing. */
static bool sign_in_again(struct job *job)
{
	if (job->was_refused || job->request.flags & REQUEST_ACTS ||
		!auth_refused(&job->pull->engine->auth, job->auth_age))
		return false;
	job->was_refused = true;
	buf_reset(&job->body);
	job->tries--;
	job->state = JOB_WAITING;
	return true;
}

/* Whether it failed as answers do that are too much for one of the two ends. */
static bool is_too_much(const struct transfer_end *end, const struct err *failed)
{
	if (failed)
		return !end->is_unsent;
	return end->status == 413 || end->status == 500 || end->status == 502 || end->status == 504;
}

static void offer_less(struct job *job, int status)
{
	const struct response response = {.status = status, .date_ms = TIME_NONE, .is_last = true};

	if (call_handler(job, &response))
		job_free(job);
}

static bool deliver_json(struct job *job, struct response *response)
{
	struct json_doc *doc;
	struct err err = {0};
	bool ok;

	if (response->status > 299 || response->status == 204)
		return call_handler(job, response);
	doc = json_parse(response->body, &err);
	if (!doc && job->request.flags & REQUEST_SHRINKS) {
		offer_less(job, 0);
		return false;
	}
	if (!doc) {
		/* Cut short by a proxy, it looks just like this (measured with gzip): worth another try. */
		err.code = ERR_UNAVAILABLE;
		err_wrap(&err, "answer is cut or damaged");
		wrap_request(&job->request, &err);
		job_retry_or_fail(job, &err);
		return false;
	}
	response->json = json_root(doc);
	ok = call_handler(job, response);
	json_free(doc);
	return ok;
}

static void deliver(struct job *job, const struct transfer_end *end)
{
	struct response response = {
		.status = end->status,
		.body = buf_str(&job->body),
		.date_ms = end->date_ms,
		.offset = job->start + job->delivered,
		.is_last = true,
	};
	bool is_done;

	if (job->request.flags & REQUEST_JSON || job->request.kind == REQUEST_DIR)
		is_done = deliver_json(job, &response);
	else
		is_done = call_handler(job, &response);
	if (is_done)
		job_free(job);
}

static void job_trace(struct job *job, const struct transfer_end *end)
{
	struct pull *pull = job->pull;

	pull->n_requests++;
	pull->wire_bytes += end->wire_bytes;
	trace_request(pull->engine->trace, method_of(&job->request), job->request.path, end->status,
		end->wire_bytes, clock_mono_ms() - job->started_ms);
}

/* Whether an answer came that is for the handler; else ERR says why not. */
static bool judge(struct job *job, const struct transfer_end *end, const struct err *failed, struct err *err)
{
	const char *where = job->pull->engine->transports[job->request.kind]->where;
	struct request strict = job->request;

	if (failed)
		*err = *failed;
	else if (!is_signed_out(job, end) &&
		 answer_judge(&job->request, end, buf_str(&job->body), where, err))
		return true;
	if (!err->code) {
		strict.flags &= ~REQUEST_ANY_STATUS;
		answer_judge(&strict, end, buf_str(&job->body), where, err);
		err->code = ERR_AUTH;
	}
	if (!end->is_unsent)
		wrap_request(&job->request, err);
	return false;
}

/* 408, 409 and 429 may come from in between, or after the same request once more. */
static bool is_clear_no(int status)
{
	return status >= 400 && status < 500 && status != 408 && status != 409 && status != 429;
}

static void transfer_done(void *ctx, const struct transfer_end *end, const struct err *failed)
{
	struct job *job = ctx;
	struct engine *engine = job->pull->engine;
	struct err err = {0};

	job->transfer = NULL;
	job->is_paused = false;
	engine->n_running--;
	kick(engine);
	if (job->request.flags & REQUEST_ACTS)
		job->pull->was_tried = !end->is_unsent && !is_clear_no(end->status);
	job_trace(job, end);
	if (job->pull->is_failed)
		return;
	if (!failed && is_signed_out(job, end) && sign_in_again(job))
		return;
	if (job->request.flags & REQUEST_SHRINKS && is_too_much(end, failed))
		offer_less(job, failed ? 0 : end->status);
	else if (judge(job, end, failed, &err))
		deliver(job, end);
	else
		job_retry_or_fail(job, &err);
}

static const struct transfer_ops transfer_ops = {.body = transfer_body, .done = transfer_done};

/* --- sending -------------------------------------------------------------------- */

/* Bytes may be many: silence ends them, not their number. */
static int64_t deadline_of(const struct job *job)
{
	const struct engine_limits *limits = &job->pull->engine->limits;

	if (job->request.flags & REQUEST_BYTES)
		return BYTES_MOST_MS;
	return job->pull->kind == PULL_RECORDS || job->request.flags & REQUEST_STREAM ? limits->pull_ms
										      : limits->live_ms;
}

static void job_start(struct job *job)
{
	struct engine *engine = job->pull->engine;
	struct transport *transport = engine->transports[job->request.kind];
	const struct auth *auth = &engine->auth;
	const bool is_json = !(job->request.flags & REQUEST_STREAM);
	struct transfer_request ask = {
		.request = &job->request,
		.token = auth->token.text,
		.username = auth->mode == AUTH_BASIC ? engine->source->username : NULL,
		.password = auth->mode == AUTH_BASIC ? auth->password.text : NULL,
		.deadline_ms = deadline_of(job),
		.most_bytes = job->request.most_bytes ? job->request.most_bytes
			      : is_json		      ? JSON_MOST_BYTES
						      : 0,
	};

	job->state = JOB_RUNNING;
	job->tries++;
	job->pull->was_tried |= (job->request.flags & REQUEST_ACTS) != 0;
	job->auth_age = auth->age;
	job->started_ms = clock_mono_ms();
	engine->n_running++;
	job->transfer = transport->ops->start(transport, &ask, &transfer_ops, job);
}

static struct pull *pull_new(
	struct engine *engine, enum pull_kind kind, const struct engine_sink *sink, void *ctx)
{
	struct pull *pull = x_new(struct pull);
	struct pull **at = &engine->pulls;

	pull->engine = engine;
	pull->kind = kind;
	pull->sink = sink;
	pull->ctx = ctx;
	pull->arena = arena_new();
	pull->scratch = arena_new();
	buf_init(&pull->effect, MOST_EFFECT);
	while (*at)
		at = &(*at)->next;
	*at = pull;
	kick(engine);
	return pull;
}

static void pull_free(struct pull *pull)
{
	struct pull **at = &pull->engine->pulls;

	while (pull->jobs)
		job_free(pull->jobs);
	while (*at != pull)
		at = &(*at)->next;
	*at = pull->next;
	if (pull->engine->login == pull)
		pull->engine->login = NULL;
	arena_free(pull->arena);
	arena_free(pull->scratch);
	buf_fini(&pull->effect);
	x_free(pull->acted_run);
	x_free(pull->acted_message);
	x_free(pull->cursor);
	x_free(pull);
}

static void sign_in(struct engine *engine)
{
	struct err err = {0};

	engine->login = pull_new(engine, PULL_LOGIN, NULL, NULL);
	if (!engine->adapter->auth->login(engine->login, engine->source->username,
		    engine->auth.password.text ? engine->auth.password.text : "", &err))
		pull_fail(engine->login, &err);
}

/* Whether the credentials for JOB are there; else it waits for them, or its pull failed. */
static bool has_credentials(struct job *job)
{
	struct engine *engine = job->pull->engine;
	struct err err = {0};

	if (job->request.kind != REQUEST_HTTP || job->request.flags & REQUEST_NO_AUTH)
		return true;
	if (engine->login)
		return false;
	if (!auth_is_ready(&engine->auth) || engine->auth.mode != AUTH_LOGIN) {
		if (!auth_fetch(&engine->auth, &err)) {
			pull_fail(job->pull, &err);
			return false;
		}
	}
	if (auth_is_ready(&engine->auth))
		return true;
	sign_in(engine);
	return false;
}

static struct job *first_waiting(struct pull *pull)
{
	for (struct job *job = pull->jobs; job && !pull->is_failed; job = job->next)
		if (job->state == JOB_WAITING && has_credentials(job))
			return job;
	return NULL;
}

/* Pulls in the order they came; logs one at a time, for a tool pays much for each. */
static struct job *next_job(struct engine *engine)
{
	bool had_log = false;

	for (struct pull *pull = engine->pulls; pull; pull = pull->next) {
		struct job *job;

		if (pull->kind == PULL_LOG && had_log)
			continue;
		had_log |= pull->kind == PULL_LOG;
		if (is_behind(pull)) {
			kick_in(engine, BEHIND_POLL_MS);
			continue;
		}
		job = first_waiting(pull);
		if (job)
			return job;
	}
	return NULL;
}

static bool may_start(struct engine *engine)
{
	int64_t most =
		engine->source->concurrency ? engine->source->concurrency : engine->adapter->concurrency;
	int64_t now = clock_mono_ms();

	if (engine->n_running >= (most ? most : DEFAULT_CONCURRENCY))
		return false;
	if (engine->source->rate <= 0)
		return true;
	if (now < engine->next_start_ms) {
		kick_in(engine, engine->next_start_ms - now);
		return false;
	}
	return true;
}

static void start_jobs(struct engine *engine)
{
	struct job *job;

	while (may_start(engine) && (job = next_job(engine)) != NULL) {
		if (engine->source->rate > 0)
			engine->next_start_ms = clock_mono_ms() + (int64_t)(1000 / engine->source->rate);
		job_start(job);
	}
}

/* --- ends ----------------------------------------------------------------------- */

/* Signing in is over: those who waited go on, or fail with it. */
static void login_over(struct pull *login)
{
	struct engine *engine = login->engine;
	struct err err = login->err;

	if (!login->is_failed && !engine->auth.token.text)
		err_set(&err, ERR_AUTH, "signing in to '%s' gave no token", engine->source->name);
	secret_wipe(&engine->auth.password);
	pull_free(login);
	for (struct pull *pull = engine->pulls; err.code && pull; pull = pull->next)
		pull_fail(pull, &err);
}

static void pull_over(struct pull *pull)
{
	struct pull_end end = {.cursor = pull->cursor,
		.offset = pull->offset,
		.is_complete = pull->is_complete,
		.did = pull->did,
		.was_tried = pull->was_tried,
		.run = pull->acted_run,
		.message = pull->acted_message,
		.effect = buf_str(&pull->effect)};

	if (pull->kind == PULL_LOGIN) {
		login_over(pull);
		return;
	}
	while (pull->jobs)
		job_free(pull->jobs);
	if (pull->engine->trace >= 0)
		pull_note(pull, "%lld requests, %lld bytes received", (long long)pull->n_requests,
			(long long)pull->wire_bytes);
	pull->sink->done(pull->ctx, &end, pull->is_failed ? &pull->err : NULL);
	pull_free(pull);
}

/* Calls the pull's ends as long as they ask for nothing and name another. */
static bool is_over(struct pull *pull)
{
	while (!pull->is_failed && !pull->jobs && pull->at_end) {
		bool (*at_end)(struct pull *, struct err *) = pull->at_end;
		struct err err = {0};

		pull->at_end = NULL;
		arena_reset(pull->scratch);
		if (!at_end(pull, &err))
			pull_fail(pull, &err);
	}
	return pull->is_failed || !pull->jobs;
}

static struct pull *first_over(struct engine *engine)
{
	for (struct pull *pull = engine->pulls; pull; pull = pull->next)
		if (is_over(pull))
			return pull;
	return NULL;
}

static void resume_paused(struct engine *engine)
{
	for (struct pull *pull = engine->pulls; pull; pull = pull->next) {
		bool stays = is_behind(pull);

		for (struct job *job = pull->jobs; job; job = job->next) {
			if (!job->is_paused)
				continue;
			if (stays) {
				kick_in(engine, BEHIND_POLL_MS);
				continue;
			}
			job->is_paused = false;
			job->transfer->transport->ops->pause(job->transfer, false);
		}
	}
}

/* All that is due: ends, resumptions, new requests. */
static void turn(void *ctx)
{
	struct engine *engine = ctx;
	struct pull *pull;

	engine->kick = NULL;
	while ((pull = first_over(engine)) != NULL)
		pull_over(pull);
	resume_paused(engine);
	start_jobs(engine);
}

/* --- what adapters call ----------------------------------------------------------- */

void pull_ask(struct pull *pull, const struct request *request)
{
	struct engine *engine = pull->engine;
	struct job *job, **at = &pull->jobs;
	struct err err;

	if (!engine->transports[request->kind]) {
		err_set(&err, ERR_USAGE, "source '%s' has no %s", engine->source->name,
			request->kind == REQUEST_HTTP ? "url" : "path");
		pull_fail(pull, &err);
		return;
	}
	job = x_new(struct job);
	job->pull = pull;
	job->request = request_dup(request);
	buf_init(&job->body, 0);
	while (*at)
		at = &(*at)->next;
	*at = job;
	if (request->delay_ms > 0)
		job_delay(job, request->delay_ms);
	else
		kick(engine);
}

void pull_emit(struct pull *pull, const struct record *record)
{
	if (record->kind == RECORD_CURSOR) {
		x_free(pull->cursor);
		pull->cursor = x_strdup(record->cursor.cursor);
	}
	if (pull->sink)
		pull->sink->record(pull->ctx, record);
}

void pull_note(struct pull *pull, const char *fmt, ...)
{
	char text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (pull->sink)
		pull->sink->note(pull->ctx, text);
}

struct arena *pull_arena(struct pull *pull)
{
	return pull->arena;
}

struct arena *pull_scratch(struct pull *pull)
{
	return pull->scratch;
}

const struct config_source *pull_source(const struct pull *pull)
{
	return pull->engine->source;
}

void pull_set_state(struct pull *pull, void *state)
{
	pull->state = state;
}

void *pull_state(const struct pull *pull)
{
	return pull->state;
}

void pull_at_end(struct pull *pull, bool (*fn)(struct pull *pull, struct err *err))
{
	pull->at_end = fn;
}

void pull_log_text(struct pull *pull, struct str text)
{
	if (pull->sink)
		pull->sink->text(pull->ctx, text);
}

void pull_log_end(struct pull *pull, int64_t offset, bool complete)
{
	pull->offset = offset;
	pull->is_complete = complete;
}

void pull_point(struct pull *pull, const struct source_point *point)
{
	if (pull->sink)
		pull->sink->point(pull->ctx, point);
}

void pull_entry(struct pull *pull, const struct source_entry *entry)
{
	if (pull->sink)
		pull->sink->entry(pull->ctx, entry);
}

void pull_bytes(struct pull *pull, struct str bytes)
{
	if (pull->sink && bytes.n)
		pull->sink->bytes(pull->ctx, bytes);
}

void pull_bytes_end(struct pull *pull, int64_t offset, bool complete)
{
	pull_log_end(pull, offset, complete);
}

void pull_effect(struct pull *pull, const char *fmt, ...)
{
	struct json_writer w = {.out = &pull->effect, .needs_comma = pull->effect.n > 0};
	va_list ap;

	va_start(ap, fmt);
	json_put_str(&w, str_of(arena_vprintf(pull->scratch, fmt, ap)));
	va_end(ap);
}

void pull_acted(struct pull *pull, enum source_did did, const char *run, const char *fmt, ...)
{
	va_list ap;

	pull->did = did;
	x_free(pull->acted_run);
	pull->acted_run = dup_or_null(run);
	x_free(pull->acted_message);
	va_start(ap, fmt);
	pull->acted_message = x_strdup(arena_vprintf(pull->scratch, fmt, ap));
	va_end(ap);
	if (!*pull->acted_message) {
		x_free(pull->acted_message);
		pull->acted_message = NULL;
	}
}

void pull_set_token(struct pull *pull, struct str token)
{
	auth_take_token(&pull->engine->auth, token);
}

/* --- what serve.c calls ------------------------------------------------------------ */

struct engine *engine_new(struct loop *loop, const struct adapter *adapter,
	const struct config_source *source, struct transport *const transports[REQUEST_KINDS],
	const struct engine_limits *limits)
{
	struct engine *engine = x_new(struct engine);

	engine->loop = loop;
	engine->adapter = adapter;
	engine->source = source;
	memcpy(engine->transports, transports, sizeof(engine->transports));
	engine->limits = limits ? *limits : engine_default;
	engine->trace = trace_open();
	auth_init(&engine->auth, source, adapter);
	return engine;
}

/* One may serve several kinds. */
static void free_transports(struct engine *engine)
{
	for (size_t i = 0; i < REQUEST_KINDS; i++) {
		struct transport *transport = engine->transports[i];

		for (size_t k = i; k < REQUEST_KINDS; k++)
			if (engine->transports[k] == transport)
				engine->transports[k] = NULL;
		if (transport)
			transport->ops->free(transport);
	}
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	while (engine->pulls)
		pull_free(engine->pulls);
	if (engine->kick)
		loop_cancel(engine->kick);
	free_transports(engine);
	auth_fini(&engine->auth);
	if (engine->trace >= 0)
		close(engine->trace);
	x_free(engine);
}

struct pull *engine_pull(struct engine *engine, const char *cursor, int64_t since_ms,
	const struct engine_sink *sink, void *ctx)
{
	struct pull *pull = pull_new(engine, PULL_RECORDS, sink, ctx);
	struct err err = {0};

	if (!engine->adapter->start(pull, cursor, since_ms, &err))
		pull_fail(pull, &err);
	return pull;
}

static void lacks(struct engine *engine, const char *what, struct err *err)
{
	err_set(err, ERR_NOT_FOUND, "sources of kind '%s' have no %s", engine->adapter->kind, what);
}

struct pull *engine_log(
	struct engine *engine, const struct log_request *request, const struct engine_sink *sink, void *ctx)
{
	struct pull *pull = pull_new(engine, PULL_LOG, sink, ctx);
	struct err err = {0};

	if (!engine->adapter->log)
		lacks(engine, "logs", &err);
	if (err.code || !engine->adapter->log(pull, request, &err))
		pull_fail(pull, &err);
	return pull;
}

struct pull *engine_series(struct engine *engine, const struct series_request *request,
	const struct engine_sink *sink, void *ctx)
{
	struct pull *pull = pull_new(engine, PULL_LIVE, sink, ctx);
	struct err err = {0};

	if (!engine->adapter->series)
		lacks(engine, "series", &err);
	if (err.code || !engine->adapter->series(pull, request, &err))
		pull_fail(pull, &err);
	return pull;
}

struct pull *engine_artifacts(struct engine *engine, const struct artifacts_request *request,
	const struct engine_sink *sink, void *ctx)
{
	struct pull *pull = pull_new(engine, PULL_LIVE, sink, ctx);
	struct err err = {0};

	if (!engine->adapter->artifacts)
		lacks(engine, "artifacts", &err);
	if (err.code || !engine->adapter->artifacts(pull, request, &err))
		pull_fail(pull, &err);
	return pull;
}

struct pull *engine_artifact(struct engine *engine, const struct artifact_request *request,
	const struct engine_sink *sink, void *ctx)
{
	struct pull *pull = pull_new(engine, PULL_LIVE, sink, ctx);
	struct err err = {0};

	if (!engine->adapter->artifact)
		lacks(engine, "artifacts", &err);
	if (err.code || !engine->adapter->artifact(pull, request, &err))
		pull_fail(pull, &err);
	return pull;
}

struct pull *engine_act(
	struct engine *engine, const struct act_request *request, const struct engine_sink *sink, void *ctx)
{
	struct pull *pull = pull_new(engine, PULL_LIVE, sink, ctx);
	struct err err = {0};

	if (!engine->adapter->act)
		lacks(engine, "actions", &err);
	if (err.code || !engine->adapter->act(pull, request, &err))
		pull_fail(pull, &err);
	return pull;
}

void engine_cancel(struct pull *pull)
{
	pull_free(pull);
}

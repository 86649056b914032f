/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/sync.h"

#include "client/base/file.h"
#include "client/base/loop.h"
#include "client/base/mem.h"
#include "client/catalogue/declared.h"
#include "client/catalogue/move.h"
#include "client/protocol/source.h"
#include "client/sync/evidence.h"
#include "client/sync/hide.h"
#include "client/sync/keep.h"
#include "client/sync/links.h"
#include "client/sync/oncall.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { FULL_EVERY_MS = 24 * 60 * 60 * 1000 }; /* what a tool deleted is found at least once a day */
enum { TICK_MS = 500 };
enum { LOCK_TRIES = 5, LOCK_PAUSE_NS = 10 * 1000 * 1000 };

struct round;

/* One source of the round. */
struct job {
	struct round *round;
	const struct config_source *config;
	int64_t id, started_ms;
	int64_t since_ms; /* of what is pulled; TIME_NONE: everything */
	struct source *source;
	struct evidence_job *evidence;
	int64_t known_runs;		/* of a pull of everything: as many as there were; 0: not asked */
	int64_t logs_since_ms;		/* monotonic: when the pull was over */
	bool is_anew, is_full, is_over; /* is_anew: without a cursor; is_full: as once a day */
	int64_t logs, bad_records;
	struct written written;
	struct err err;
};

struct round {
	const struct config *config;
	struct config *merged; /* the same with what the store declares, or NULL */
	const struct sync_options *options;
	struct loop *loop;
	struct arena *arena;
	struct store *store;
	struct writer *writer;
	struct mask mask;
	struct arena *hidden; /* the texts of one record */
	const char *cache_dir;
	struct job *jobs;
	size_t n_jobs;
	struct loop_timer *progress, *tick;
	int failed;
	int signo;	/* asked to end */
	struct err err; /* the catalogue failed: the round ends */
};

static void end_round_if_over(struct round *round)
{
	for (size_t i = 0; i < round->n_jobs; i++)
		if (!round->jobs[i].is_over)
			return;
	loop_stop(round->loop);
}

/* The catalogue failed: nothing that any source says can be kept. */
static void fail_round(struct round *round, const struct err *err)
{
	if (!round->err.code)
		round->err = *err;
	loop_stop(round->loop);
}

static bool note_source(struct job *job, const struct err *failure, struct err *err)
{
	const char *state = !failure ? "ok" : failure->code == ERR_UNAVAILABLE ? "stale" : "error";
	const struct value params[] = {value_int(job->id), value_text(state), value_int(clock_now_ms()),
		value_text(failure ? failure->msg : NULL)};
	return store_exec(job->round->store,
		"UPDATE source SET since_ms = CASE WHEN state = $2 THEN since_ms ELSE $3 END, state = $2, attempted_ms = $3,"
		" synced_ms = CASE WHEN $2 = 'ok' THEN $3 ELSE synced_ms END, error = $4,"
		" failures = CASE WHEN $2 = 'ok' THEN 0 ELSE failures + 1 END WHERE id = $1",
		params, ARRAY_LEN(params), NULL, err);
}

/* What failed, without "source 'NAME': ": whoever shows it names the source already. */
static struct err failure_of(const struct job *job, const struct err *failure)
{
	struct err own = *failure;
	char head[96];
	size_t n = (size_t)snprintf(head, sizeof head, "source '%s': ", job->config->name);
	if (n < sizeof head && !strncmp(own.msg, head, n))
		memmove(own.msg, own.msg + n, strlen(own.msg + n) + 1);
	return own;
}

static void end_job(struct job *job, const struct err *failure)
{
	struct round *round = job->round;
	struct err err;
	if (job->is_over)
		return;
	job->is_over = true;
	if (failure)
		job->err = failure_of(job, failure);
	if (!writer_commit(round->writer, &err) || !note_source(job, failure ? &job->err : NULL, &err)) {
		fail_round(round, &err);
		return;
	}
	round->failed += failure != NULL;
	const struct sync_result result = {.source = job->config->name,
		.err = failure ? &job->err : NULL,
		.written = job->written,
		.logs = job->logs,
		.bad_records = job->bad_records,
		.took_ms = clock_mono_ms() - job->started_ms};
	if (round->options->source_done)
		round->options->source_done(round->options->ctx, &result);
	end_round_if_over(round);
}

static void on_evidence(void *ctx, int64_t logs, const struct err *err)
{
	struct job *job = ctx;
	job->logs = logs;
	if (err)
		fail_round(job->round, err);
	else
		end_job(job, NULL);
}

static void on_record(void *ctx, const struct record *record, const struct err *bad)
{
	struct job *job = ctx;
	struct err err;
	if (!record) {
		job->bad_records++;
		if (job->bad_records == 1)
			job->err = *bad;
		return;
	}
	if (keep_refuses(&job->round->config->keep, record, clock_now_ms()))
		return;
	if (job->round->err.code)
		return;
	struct record copy;
	arena_reset(job->round->hidden);
	record = hide_record(&job->round->mask, job->round->hidden, record, &copy);
	if (!writer_put(job->round->writer, job->id, record, &job->written, &err))
		fail_round(job->round, &err);
}

static bool note_full(struct job *job, struct err *err)
{
	const struct value params[] = {value_int(job->id), value_int(clock_now_ms())};
	return store_exec(job->round->store, "UPDATE source SET full_ms = $2 WHERE id = $1", params,
		ARRAY_LEN(params), NULL, err);
}

static void on_pulled(void *ctx, const struct err *failure)
{
	struct job *job = ctx;
	struct round *round = job->round;
	struct err err;
	if (failure) {
		end_job(job, failure);
		return;
	}
	if (!writer_commit(round->writer, &err) ||
		(job->is_anew &&
			!writer_end_full(round->writer, job->id, job->since_ms, &job->written, &err)) ||
		(job->is_full && !note_full(job, &err))) {
		fail_round(round, &err);
		return;
	}
	job->logs_since_ms = clock_mono_ms();
	job->evidence = evidence_start(round->store, job->source, job->config->name, job->id, &round->mask,
		round->cache_dir, on_evidence, job);
}

/* While every source is silent, nobody else looks at how long records have been pending. */
static void on_tick(void *ctx)
{
	struct round *round = ctx;
	struct err err;
	round->tick = NULL;
	if (writer_tick(round->writer, &err))
		round->tick = loop_after(round->loop, TICK_MS, on_tick, round);
	else
		fail_round(round, &err);
}

/* --- progress, for a person who watches ----------------------------------- */

static struct sync_progress progress_of(const struct job *job)
{
	struct sync_progress p = {.source = job->config->name, .phase = SYNC_PULLING};
	int64_t now_ms = clock_mono_ms();
	if (job->is_over) {
		p.phase = SYNC_OVER;
	} else if (job->evidence) {
		p.phase = SYNC_LOGS;
		p.took_ms = now_ms - job->logs_since_ms;
		evidence_progress(job->evidence, &p.n, &p.total);
	} else {
		p.n = job->written.runs + job->written.steps;
		p.phase = p.n ? SYNC_PULLING : SYNC_ASKING;
		p.total = job->known_runs;
		p.took_ms = now_ms - job->started_ms;
	}
	return p;
}

static void on_progress(void *ctx)
{
	struct round *round = ctx;
	struct arena *arena = arena_new();
	struct sync_progress *all = arena_array(arena, struct sync_progress, round->n_jobs);
	for (size_t i = 0; i < round->n_jobs; i++)
		all[i] = progress_of(&round->jobs[i]);
	round->options->progress(round->options->ctx, all, round->n_jobs);
	arena_free(arena);
	round->progress = loop_after(round->loop, SYNC_PROGRESS_MS, on_progress, round);
}

/* A pull of everything brings about as many runs and steps as it did before. */
static bool count_known(struct job *job, struct err *err)
{
	const struct value params[] = {value_int(job->id)};
	if (!job->round->options->progress || !job->is_anew || job->since_ms != TIME_NONE)
		return true;
	return store_exec_id(job->round->store,
		"SELECT (SELECT count(*) FROM run WHERE source_id = $1)"
		" + (SELECT count(*) FROM step_run t JOIN run r ON r.id = t.run_id WHERE r.source_id = $1)",
		params, 1, &job->known_runs, err);
}

/* The row of the source, made or brought up to its configuration. */
static bool register_source(struct job *job, struct err *err)
{
	const struct config_source *c = job->config;
	const struct value params[] = {
		value_text(c->name), value_text(c->kind), value_text(c->url ? c->url : c->path)};
	return store_exec_id(job->round->store,
		"INSERT INTO source (name, kind, url) VALUES ($1, $2, $3)"
		" ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, url = excluded.url RETURNING id",
		params, ARRAY_LEN(params), &job->id, err);
}

static bool start_job(struct job *job, struct err *err)
{
	static const struct source_pull_ops ops = {.record = on_record, .done = on_pulled};
	struct round *round = job->round;
	struct result row;
	job->started_ms = clock_mono_ms();
	if (!register_source(job, err))
		return false;
	const struct value params[] = {value_int(job->id)};
	if (!store_query(round->store, "SELECT cursor, full_ms FROM source WHERE id = $1", params, 1,
		    round->arena, &row, err))
		return false;
	const char *cursor = result_text(&row, 0, 0);
	int64_t full_ms = result_int(&row, 0, 1, 0);
	bool is_asked = round->options->since_ms != TIME_NONE;
	/* a source without a cursor always gives all it has */
	job->is_full = !is_asked && (!cursor || clock_now_ms() - full_ms >= FULL_EVERY_MS);
	job->is_anew = is_asked || job->is_full;
	job->since_ms = keep_since(&round->config->keep,
		is_asked ? round->options->since_ms : job->config->since_ms, clock_now_ms());
	if (!count_known(job, err) || (job->is_anew && !writer_begin_full(round->writer, job->id, err)))
		return false;
	job->source = source_open(round->loop, round->config, job->config, SOURCE_SYNC_SILENCE_MS);
	/* a cursor lies behind what was asked for the first time: the bound is for a pull without one */
	source_pull(job->source, job->is_anew ? NULL : cursor, job->is_anew ? job->since_ms : TIME_NONE, &ops,
		job);
	return true;
}

static bool is_asked_for(const struct sync_options *options, const char *name)
{
	for (size_t i = 0; i < options->n_names; i++)
		if (!strcmp(options->names[i], name))
			return true;
	return options->n_names == 0;
}

static bool choose_sources(struct round *round, struct err *err)
{
	const struct config *config = round->config;
	for (size_t i = 0; i < round->options->n_names; i++)
		if (!config_source(config, round->options->names[i]))
			return err_set(err, ERR_USAGE, "no source '%s' in %s", round->options->names[i],
				config->file ? config->file : "the configuration (there is none)");
	round->jobs = arena_array(round->arena, struct job, config->n_sources + 1);
	for (size_t i = 0; i < config->n_sources; i++)
		if (!config->sources[i].disabled && is_asked_for(round->options, config->sources[i].name))
			round->jobs[round->n_jobs++] =
				(struct job){.round = round, .config = &config->sources[i]};
	if (!round->n_jobs)
		return err_set(err, ERR_USAGE,
			"no source is configured; name one in portal.yaml (porthole --help sync)");
	return true;
}

static void on_signal(void *ctx, int signo)
{
	struct round *round = ctx;
	round->signo = signo;
	loop_stop(round->loop);
}

/* What cannot be told now is told later: the round went well without it. */
static bool send_notices(struct round *round, struct err *err)
{
	struct notices_result result;
	if (round->signo)
		return true;
	if (!notices_send(round->loop, round->store, round->config, &result, err))
		return false;
	if (round->options->notices_done && result.n_sent + result.n_waiting + result.n_lost)
		round->options->notices_done(round->options->ctx, &result);
	return true;
}

/* Pulls all sources, then brings the problems up to date. */
static bool run_round(struct round *round, struct err *err)
{
	for (size_t i = 0; i < round->n_jobs; i++)
		if (!start_job(&round->jobs[i], err))
			return false;
	if (round->options->progress)
		on_progress(round);
	on_tick(round);
	loop_run(round->loop);
	loop_cancel(round->progress);
	loop_cancel(round->tick);
	if (round->err.code) {
		*err = round->err;
		return false;
	}
	struct problem_counts counts;
	struct kept kept;
	if (!writer_commit(round->writer, err) || !links_update(round->store, err) ||
		!oncall_update(round->store, round->config, clock_now_ms(), err) ||
		!problems_update(round->store, round->config, clock_now_ms(), &counts, err) ||
		!keep_round(round->store, round->config, round->cache_dir, clock_now_ms(), &kept, err) ||
		!send_notices(round, err))
		return false;
	if (!round->signo && round->options->round_done)
		round->options->round_done(round->options->ctx, &counts, store_notice(round->store));
	return store_checkpoint(round->store, err);
}

static void close_jobs(struct round *round)
{
	for (size_t i = 0; i < round->n_jobs; i++) {
		evidence_free(round->jobs[i].evidence);
		if (round->jobs[i].source)
			source_close(round->jobs[i].source);
	}
}

/* Beside the file; for a PostgreSQL in the user's data folder, by a hash, for an address may hold a password:
 * that keeps the processes of one machine apart, those of others are the engine's business. */
static char *lock_path(const char *address)
{
	if (store_is_file(address))
		return x_printf("%s.lock", address);
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (const char *p = address; *p; p++)
		hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	struct arena *arena = arena_new();
	char *path = x_printf("%s/%016llx.lock", file_data_dir(arena), (unsigned long long)hash);
	arena_free(arena);
	return path;
}

/* An address without what may be a password. */
static const char *shown(const char *address)
{
	return store_is_file(address) ? address : "the shared catalogue";
}

static int take_lock(const char *address, struct err *err)
{
	char *path = lock_path(address);
	int fd = file_lock(path, err);
	if (fd < 0 && err->code == ERR_UNAVAILABLE)
		err_set(err, ERR_UNAVAILABLE, "another 'porthole sync' is at work on %s", shown(address));
	x_free(path);
	return fd;
}

/* A reader that asks sync_is_running holds the lock for a moment: that is no reason to give up. */
static int wait_for_lock(const char *address, struct err *err)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int fd = take_lock(address, err);
	for (int i = 0; fd < 0 && err->code == ERR_UNAVAILABLE && i < LOCK_TRIES; i++) {
		nanosleep(&pause, NULL);
		fd = take_lock(address, err);
	}
	return fd;
}

static bool make_lock_folder(const char *address, struct err *err)
{
	char *path = lock_path(address);
	char *slash = strrchr(path, '/');
	if (slash)
		*slash = 0;
	bool ok = !slash || slash == path || file_make_dir(path, err);
	x_free(path);
	return ok;
}

/* What the store declares for everybody comes behind what the file says. */
static bool open_catalogue(struct round *round, struct err *err)
{
	round->store = store_open(round->config->catalogue, STORE_SYNC, err);
	if (!round->store || !move_check(round->store, err))
		return false;
	if (!declared_merge(round->config, round->store, &round->merged, NULL, err))
		return false;
	if (round->merged)
		round->config = round->merged;
	return true;
}

static bool is_there(const char *address)
{
	return !store_is_file(address) || access(address, F_OK) == 0;
}

/* A catalogue that is not there declares nothing: then it is made for the sake of a source only. */
static bool prepare(struct round *round, struct err *err)
{
	if (is_there(round->config->catalogue))
		return open_catalogue(round, err) && choose_sources(round, err);
	return choose_sources(round, err) && open_catalogue(round, err);
}

int sync_lock(const char *address, struct err *err)
{
	return make_lock_folder(address, err) ? wait_for_lock(address, err) : -1;
}

static bool run_locked(const struct config *config, const struct sync_options *options, int *failed,
	int *signo, struct err *err)
{
	struct round round = {.config = config,
		.options = options,
		.loop = loop_new(),
		.arena = arena_new(),
		.hidden = arena_new()};
	round.cache_dir = arena_printf(round.arena, "%s/logs", file_cache_dir(round.arena));
	loop_signal(round.loop, SIGTERM, on_signal, &round);
	loop_signal(round.loop, SIGINT, on_signal, &round);
	loop_signal(round.loop, SIGHUP, on_signal, &round);
	bool ok = mask_init(&round.mask, config->mask, config->n_mask, err) && prepare(&round, err);
	if (ok) {
		round.writer = writer_new(round.store);
		ok = run_round(&round, err);
	}
	close_jobs(&round);
	writer_free(round.writer);
	if (round.store)
		store_close(round.store);
	loop_free(round.loop);
	mask_fini(&round.mask);
	arena_free(round.hidden);
	arena_free(round.arena);
	config_free(round.merged);
	*failed = round.failed;
	*signo = round.signo;
	return ok;
}

static bool run(const struct config *config, const struct sync_options *options, int *failed, int *signo,
	struct err *err)
{
	if (config->read_only)
		return err_set(err, ERR_REFUSED, "read-only: sync writes the catalogue");
	int lock = sync_lock(config->catalogue, err);
	if (lock < 0)
		return false;
	bool ok = run_locked(config, options, failed, signo, err);
	close(lock);
	return ok;
}

bool sync_run(const struct config *config, const struct sync_options *options, int *failed, struct err *err)
{
	int signo = 0;
	*failed = 0;
	if (!run(config, options, failed, &signo, err))
		return false;
	if (signo && options->signalled)
		options->signalled(options->ctx, signo);
	return !signo || err_set(err, ERR_CANCELLED, "ended by signal %d; what was stored stays", signo);
}

/* Waits for the next round; true where a signal is to end it all. */
static bool wait_for_next(const sigset_t *signals, int *signo)
{
	const struct timespec pause = {.tv_sec = SYNC_EVERY_MS / 1000};
	int got = sigtimedwait(signals, NULL, &pause);
	if (got <= 0 || got == SIGCONT)
		return false;
	*signo = got;
	return true;
}

bool sync_watch(const struct config *config, const struct sync_options *options, int *signo, struct err *err)
{
	sigset_t signals, old;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCONT);
	sigprocmask(SIG_BLOCK, &signals, &old);
	*signo = 0;
	bool ok = true;
	do {
		int failed;
		ok = run(config, options, &failed, signo, err);
		if (!ok && err->code != ERR_USAGE && err->code != ERR_REFUSED && options->round_failed) {
			options->round_failed(options->ctx, err);
			ok = true;
		}
	} while (ok && !*signo && !wait_for_next(&signals, signo));
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ok;
}

bool sync_is_running(const char *address)
{
	struct err err;
	int fd = take_lock(address, &err);
	if (fd < 0)
		return err.code == ERR_UNAVAILABLE;
	close(fd);
	return false;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/local/runner.h"

#include "client/base/clock.h"
#include "client/base/file.h"
#include "client/base/loop.h"
#include "client/base/mem.h"
#include "client/base/proc.h"
#include "client/base/when.h"
#include "client/catalogue/ref.h"
#include "client/local/journal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_RUNS_A_SECOND = 1000, FIRST_FREE_FD = 3 };

enum phase { PHASE_WAITING, PHASE_RUNNING, PHASE_OVER };

/* One step of the run at hand. */
struct job {
	struct runner *runner;
	const struct local_step *step;
	enum phase phase;
	enum state state;
	int64_t attempt, started_ms, started_mono_ms;
	struct proc proc;
	struct loop_timer *timer; /* its time is up, or its grace */
	bool is_late, is_asked;	  /* it took too long; it was asked to end */
	const char *log;
	int log_fd;
};

struct runner {
	struct arena *arena;
	const struct local_definition *definition;
	const struct runner_options *options;
	struct runner_outcome *outcome;
	struct loop *loop;
	struct loop_timer *heartbeat;
	struct job *jobs; /* one a step */
	int64_t most, n_running, started_ms, started_mono_ms;
	const char **env; /* what all steps get */
	size_t n_env;
	int journal;
	int signo;	/* that asked us to end */
	struct err err; /* nothing can be written: the run ends */
};

static void ask_to_end(struct job *job);
static void go_on(struct runner *runner);

/* --- what is written ---------------------------------------------------------------- */

static void stop_all(struct runner *runner)
{
	for (size_t i = 0; i < runner->definition->n_steps; i++)
		if (runner->jobs[i].phase == PHASE_RUNNING)
			ask_to_end(&runner->jobs[i]);
}

static void put(struct runner *runner, const struct record *record)
{
	if (runner->err.code || journal_put(runner->journal, record, &runner->err))
		return;
	stop_all(runner);
}

static void put_pipeline(struct runner *runner)
{
	const struct local_definition *d = runner->definition;
	struct record record = record_new(RECORD_PIPELINE);
	struct record_step *steps = arena_array(runner->arena, struct record_step, d->n_steps);
	for (size_t i = 0; i < d->n_steps; i++) {
		const struct local_step *step = &d->steps[i];
		steps[i].step = step->name;
		steps[i].upstream = arena_array(runner->arena, const char *, step->n_after);
		steps[i].n_upstream = step->n_after;
		for (size_t k = 0; k < step->n_after; k++)
			steps[i].upstream[k] = d->steps[step->after[k]].name;
	}
	record.pipeline.pipeline = d->name;
	record.pipeline.kind = "local";
	record.pipeline.title = d->title;
	record.pipeline.steps = steps;
	record.pipeline.n_steps = d->n_steps;
	record.pipeline.has_steps = true;
	put(runner, &record);
}

static void put_run(struct runner *runner, enum state state)
{
	const struct local_definition *d = runner->definition;
	struct record record = record_new(RECORD_RUN);
	struct record_run *run = &record.run;
	run->pipeline = d->name;
	run->run = runner->outcome->run;
	run->kind = "manual";
	run->state = state_word(state);
	run->user = runner->options->user;
	run->started_ms = runner->started_ms;
	run->params = arena_array(runner->arena, struct record_pair, d->n_params);
	run->n_params = d->n_params;
	for (size_t i = 0; i < d->n_params; i++)
		run->params[i] = (struct record_pair){.key = d->params[i].key, .text = d->params[i].value};
	if (state == STATE_RUNNING)
		run->heartbeat_ms = clock_now_ms();
	else
		run->ended_ms = runner->started_ms + clock_mono_ms() - runner->started_mono_ms;
	put(runner, &record);
}

static int64_t took_ms(const struct job *job)
{
	return clock_mono_ms() - job->started_mono_ms;
}

static void put_step(struct job *job, enum state state, const char *tool_state, const char *note)
{
	struct runner *runner = job->runner;
	struct record record = record_new(RECORD_STEP_RUN);
	struct record_step_run *step = &record.step_run;
	step->pipeline = runner->definition->name;
	step->run = runner->outcome->run;
	step->step = job->step->name;
	step->attempt = job->attempt;
	step->state = state_word(state);
	step->tool_state = tool_state;
	step->note = note;
	if (job->attempt > 0) {
		step->started_ms = job->started_ms;
		if (state != STATE_RUNNING)
			step->ended_ms = job->started_ms + took_ms(job);
	}
	job->state = state;
	put(runner, &record);
}

static void tell(struct runner *runner, const struct runner_event *event)
{
	if (runner->options->told)
		runner->options->told(runner->options->ctx, event);
}

static void tell_step(struct job *job, const char *note)
{
	bool is_over = job->attempt > 0 && job->state != STATE_RUNNING;
	tell(job->runner, &(struct runner_event){.step = job->step->name,
				  .attempt = job->attempt,
				  .state = job->state,
				  .took_ms = is_over ? took_ms(job) : 0,
				  .note = note,
				  .log = job->log});
}

/* --- a step ------------------------------------------------------------------------- */

static void kill_job(void *ctx)
{
	struct job *job = ctx;
	job->timer = NULL;
	kill(-job->proc.pid, SIGKILL);
}

static void ask_to_end(struct job *job)
{
	if (job->is_asked)
		return;
	job->is_asked = true;
	if (job->timer)
		loop_cancel(job->timer);
	job->timer = loop_after(job->runner->loop, RUNNER_GRACE_MS, kill_job, job);
	kill(-job->proc.pid, SIGTERM);
}

static void on_late(void *ctx)
{
	struct job *job = ctx;
	job->timer = NULL;
	job->is_late = true;
	ask_to_end(job);
}

/* The environment of one attempt: what all get, what is its own, what the file says. */
static const char *const *env_of(const struct job *job)
{
	struct runner *runner = job->runner;
	size_t n_own = 0, n = runner->n_env;
	while (job->step->env[n_own])
		n_own++;
	const char **env = arena_array(runner->arena, const char *, n + n_own + 3);
	memcpy(env, runner->env, n * sizeof *env);
	env[n++] = arena_printf(runner->arena, "PORTHOLE_STEP=%s", job->step->name);
	env[n++] = arena_printf(runner->arena, "PORTHOLE_ATTEMPT=%lld", (long long)job->attempt);
	memcpy(env + n, job->step->env, n_own * sizeof *env);
	return env;
}

static int open_log(struct job *job, struct err *err)
{
	struct runner *runner = job->runner;
	job->log = arena_printf(runner->arena, "%s/logs/%s/%s/%s.%lld.log", runner->outcome->folder,
		runner->definition->name, runner->outcome->run, job->step->name, (long long)job->attempt);
	int fd = open(job->log, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		err_set(err, ERR_FAILED, "cannot write '%s': %s", job->log, strerror(errno));
	if (fd < 0 || fd >= FIRST_FREE_FD)
		return fd;
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD); /* we were started without our own outputs */
	close(fd);
	return moved;
}

/* The runner's own line in a step's log, stamped as loggers do. One that cannot be written costs nothing: the
 * note stands in the journal too. */
static void log_note(int fd, const char *note)
{
	struct buf line;
	buf_init(&line, 0);
	when_add_rfc3339(&line, clock_now_ms());
	buf_addf(&line, " ERROR %s\n", note);
	ssize_t n = write(fd, line.p, line.n);
	(void)n;
	buf_fini(&line);
}

/* Starts the next attempt; one that cannot be started has failed. */
static void start_job(struct job *job)
{
	struct runner *runner = job->runner;
	struct err err = {0};
	job->attempt++;
	job->is_late = job->is_asked = false;
	job->started_ms = clock_now_ms();
	job->started_mono_ms = clock_mono_ms();
	job->log_fd = open_log(job, &runner->err);
	if (job->log_fd < 0) {
		stop_all(runner);
		return;
	}
	if (!proc_start_job(
		    &job->proc, runner->definition->dir, job->step->run, env_of(job), job->log_fd, &err)) {
		log_note(job->log_fd, err.msg);
		close(job->log_fd);
		job->phase = PHASE_OVER;
		put_step(job, STATE_FAILED, "not started", err.msg);
		tell_step(job, err.msg);
		return;
	}
	job->phase = PHASE_RUNNING;
	runner->n_running++;
	put_step(job, STATE_RUNNING, NULL, NULL);
	tell_step(job, NULL);
	if (job->step->timeout_ms)
		job->timer = loop_after(runner->loop, job->step->timeout_ms, on_late, job);
}

/* Why it did not pass; NULL where it did. */
static const char *judge(const struct job *job, int status, enum state *state)
{
	struct arena *arena = job->runner->arena;
	*state = STATE_FAILED;
	if (job->is_late) {
		struct buf took;
		buf_init(&took, 0);
		when_add_duration(&took, job->step->timeout_ms);
		const char *note = arena_printf(arena, "timed out after %s", buf_str(&took).p);
		buf_fini(&took);
		return note;
	}
	if (job->is_asked) {
		*state = STATE_CANCELLED;
		return "cancelled";
	}
	if (WIFSIGNALED(status))
		return arena_printf(
			arena, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return arena_printf(arena, "exit status %d", WEXITSTATUS(status));
	*state = STATE_SUCCESS;
	return NULL;
}

static void end_job(struct job *job, int status)
{
	struct runner *runner = job->runner;
	enum state state;
	const char *note = judge(job, status, &state);
	if (job->timer)
		loop_cancel(job->timer);
	job->timer = NULL;
	kill(-job->proc.pid, SIGTERM); /* what it left behind */
	job->proc.pid = -1;
	runner->n_running--;
	if (note)
		log_note(job->log_fd, note);
	close(job->log_fd);
	bool is_tried_again = state == STATE_FAILED && job->attempt <= job->step->retries && !runner->signo;
	job->phase = is_tried_again ? PHASE_WAITING : PHASE_OVER;
	put_step(job, state, NULL, note);
	tell_step(job, note);
}

static void on_child(void *ctx, int signo)
{
	struct runner *runner = ctx;
	(void)signo;
	for (size_t i = 0; i < runner->definition->n_steps; i++) {
		struct job *job = &runner->jobs[i];
		int status;
		if (job->phase == PHASE_RUNNING && waitpid(job->proc.pid, &status, WNOHANG) == job->proc.pid)
			end_job(job, status);
	}
	go_on(runner);
}

/* --- the run ------------------------------------------------------------------------ */

/* Whether JOB may start; a step behind one that did not pass never will. */
static bool is_ready(struct job *job)
{
	struct runner *runner = job->runner;
	bool is_blocked = runner->signo || runner->err.code;
	if (job->attempt > 0 && !is_blocked)
		return true;
	for (size_t i = 0; i < job->step->n_after; i++) {
		const struct job *before = &runner->jobs[job->step->after[i]];
		if (before->phase != PHASE_OVER)
			return false;
		is_blocked |= before->state != STATE_SUCCESS;
	}
	if (!is_blocked)
		return true;
	job->phase = PHASE_OVER;
	if (job->attempt > 0) /* it was to be tried again */
		return false;
	put_step(job, STATE_SKIPPED, runner->signo ? "cancelled" : "upstream_failed", NULL);
	tell_step(job, NULL);
	return false;
}

/* Starts what can be started. Steps stand behind those that they wait for, so that one pass is enough, but
 * for what could not be started. */
static void go_on(struct runner *runner)
{
	bool is_over = true;
	for (size_t i = 0; i < runner->definition->n_steps; i++) {
		struct job *job = &runner->jobs[i];
		while (job->phase == PHASE_WAITING && runner->n_running < runner->most && is_ready(job))
			start_job(job);
		is_over &= job->phase == PHASE_OVER;
	}
	if (is_over || (runner->err.code && !runner->n_running))
		loop_stop(runner->loop);
}

static void on_signal(void *ctx, int signo)
{
	struct runner *runner = ctx;
	bool is_second = runner->signo != 0;
	runner->signo = signo;
	for (size_t i = 0; i < runner->definition->n_steps; i++) {
		struct job *job = &runner->jobs[i];
		if (job->phase != PHASE_RUNNING)
			continue;
		if (is_second)
			kill(-job->proc.pid, SIGKILL);
		else
			ask_to_end(job);
	}
	go_on(runner);
}

static void on_heartbeat(void *ctx)
{
	struct runner *runner = ctx;
	put_run(runner, STATE_RUNNING);
	runner->heartbeat = loop_after(runner->loop, RUNNER_HEARTBEAT_MS, on_heartbeat, runner);
}

static enum state state_of_run(const struct runner *runner)
{
	if (runner->signo)
		return STATE_CANCELLED;
	for (size_t i = 0; i < runner->definition->n_steps; i++)
		if (runner->jobs[i].state != STATE_SUCCESS)
			return STATE_FAILED;
	return STATE_SUCCESS;
}

static void run_steps(struct runner *runner)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	runner->loop = loop_new();
	loop_signal(runner->loop, SIGCHLD, on_child, runner);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		loop_signal(runner->loop, signals[i], on_signal, runner);
	runner->heartbeat = loop_after(runner->loop, RUNNER_HEARTBEAT_MS, on_heartbeat, runner);
	for (size_t i = 0; i < runner->definition->n_steps; i++)
		put_step(&runner->jobs[i], STATE_QUEUED, NULL, NULL);
	go_on(runner);
	loop_run(runner->loop);
	loop_cancel(runner->heartbeat);
	loop_free(runner->loop);
}

/* --- its folder --------------------------------------------------------------------- */

/* Names the run by the time of day and makes its folder. */
static bool make_folder(struct runner *runner, struct err *err)
{
	struct arena *arena = runner->arena;
	time_t now = (time_t)(runner->started_ms / 1000);
	struct tm tm;
	char when[32] = "";
	if (!localtime_r(&now, &tm) || !strftime(when, sizeof when, "%Y-%m-%d-%H%M%S", &tm))
		return err_set(err, ERR_FAILED, "the clock shows no date");
	if (!file_make_dir(runner->options->folder, err))
		return false;
	for (int i = 1; i < MOST_RUNS_A_SECOND; i++) {
		const char *run = i == 1 ? arena_dupz(arena, when) : arena_printf(arena, "%s-%d", when, i);
		const char *folder = arena_printf(
			arena, "%s/%s-%s", runner->options->folder, runner->definition->name, run);
		if (mkdir(folder, 0700) == 0) {
			runner->outcome->run = run;
			runner->outcome->folder = folder;
			return file_make_dir(arena_printf(arena, "%s/logs/%s/%s", folder,
						     runner->definition->name, run),
				       err) &&
			       file_make_dir(arena_printf(arena, "%s/files", folder), err);
		}
		if (errno != EEXIST)
			return err_set(
				err, ERR_FAILED, "cannot make the folder '%s': %s", folder, strerror(errno));
	}
	return err_set(err, ERR_FAILED, "'%s' is full of runs of this second", runner->options->folder);
}

static void name_run(struct runner *runner)
{
	const struct ref ref = {.kind = REF_RUN,
		.source = runner->options->source,
		.pipeline = runner->definition->name,
		.run = runner->outcome->run};
	struct buf text;
	buf_init(&text, 0);
	ref_add(&text, &ref);
	runner->outcome->ref = arena_take(runner->arena, &text);
}

/* A parameter is there under its own name and in capitals, as variables are written. */
static void add_param(struct runner *runner, const struct local_param *param)
{
	char *name = arena_printf(runner->arena, "PORTHOLE_PARAM_%s", param->key);
	runner->env[runner->n_env++] = arena_printf(runner->arena, "%s=%s", name, param->value);
	for (char *c = name; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	runner->env[runner->n_env++] = arena_printf(runner->arena, "%s=%s", name, param->value);
}

static void make_env(struct runner *runner)
{
	const struct local_definition *d = runner->definition;
	const char *folder = runner->outcome->folder;
	runner->env = arena_array(runner->arena, const char *, 3 + 2 * d->n_params);
	runner->env[runner->n_env++] = arena_printf(runner->arena, "PORTHOLE_RUN=%s", runner->outcome->ref);
	runner->env[runner->n_env++] = arena_printf(runner->arena, "PORTHOLE_DIR=%s/files", folder);
	runner->env[runner->n_env++] =
		arena_printf(runner->arena, "PORTHOLE_EVENTS=%s/" JOURNAL_NAME, folder);
	for (size_t i = 0; i < d->n_params; i++)
		add_param(runner, &d->params[i]);
}

static bool prepare(struct runner *runner, struct err *err)
{
	const struct local_definition *d = runner->definition;
	if (!make_folder(runner, err))
		return false;
	name_run(runner);
	make_env(runner);
	const char *path = arena_printf(runner->arena, "%s/" JOURNAL_NAME, runner->outcome->folder);
	runner->journal = journal_open(path, true, err);
	if (runner->journal < 0)
		return false;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	runner->most = runner->options->jobs ? runner->options->jobs : processors > 0 ? processors : 1;
	runner->jobs = arena_array(runner->arena, struct job, d->n_steps);
	for (size_t i = 0; i < d->n_steps; i++)
		runner->jobs[i] = (struct job){.runner = runner, .step = &d->steps[i]};
	return true;
}

bool runner_run(struct arena *arena, const struct local_definition *definition,
	const struct runner_options *options, struct runner_outcome *outcome, struct err *err)
{
	*outcome = (struct runner_outcome){.state = STATE_UNKNOWN};
	struct runner runner = {.arena = arena,
		.definition = definition,
		.options = options,
		.outcome = outcome,
		.started_ms = clock_now_ms(),
		.started_mono_ms = clock_mono_ms()};
	if (!prepare(&runner, err))
		return false;
	put_pipeline(&runner);
	put_run(&runner, STATE_RUNNING);
	tell(&runner, &(struct runner_event){.state = STATE_RUNNING});
	run_steps(&runner);
	outcome->state = state_of_run(&runner);
	outcome->signo = runner.signo;
	put_run(&runner, outcome->state);
	fsync(runner.journal);
	close(runner.journal);
	if (runner.err.code) {
		*err = runner.err;
		return false;
	}
	tell(&runner, &(struct runner_event){
			      .state = outcome->state, .took_ms = clock_mono_ms() - runner.started_mono_ms});
	return true;
}

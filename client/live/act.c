/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/live/act.h"

#include "client/base/clean.h"
#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/catalogue/audit.h"
#include "client/config/calendar.h"
#include "client/protocol/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

enum {
	FRESH_MS = 60000, /* what is confirmed is at most so old */
	SLOW_MS = 10000,  /* a request that took so long may still be on its way when it is looked for */
};

/* When the tool is asked what it shows after an answer was lost: what it did may take a moment to show. */
static const int check_after_ms[] = {0, 300, 1000, 2500};

enum phase { PLANNING, WAITING, ACTING, OVER };

struct task {
	struct act_object object;
	struct act *act;
	const char *below; /* the ref below its source */
	struct str args;   /* the person's, and a nonce of its own */
	struct audit_entry entry;
	int64_t audit_id;
	int64_t sent_ms; /* monotonic */
	size_t n_checks;
	struct err lost; /* why the answer did not come */
};

/* A source process; several objects may be in one. */
struct line {
	struct line *next;
	const char *name;
	struct source *source; /* NULL: not open */
};

struct act {
	struct arena *arena;
	struct loop *loop;
	const struct config *config;
	struct store_thread *store;
	const char *verb, *who;
	struct task *tasks;
	size_t n, at; /* at: the one at work */
	struct line *lines;
	enum phase phase;
	int64_t planned_ms; /* monotonic */
	bool is_dry_run, is_stopped;
	struct loop_timer *next;
	struct ticket *ticket; /* of the audit */
	const struct act_ops *ops;
	void *ctx;
};

/* --- verbs ------------------------------------------------------------------------------ */

static const struct act_verb verbs[] = {
	{"rerun", ACT_ON_RUN | ACT_ON_STEP, "run again what failed, and what waits behind it"},
	{"clear", ACT_ON_RUN | ACT_ON_STEP, "run again what failed, and nothing else"},
	{"trigger", ACT_ON_PIPELINE, "start a new run, with parameters"},
	{"cancel", ACT_ON_RUN, "stop the run"},
	{"pause", ACT_ON_PIPELINE, "start no more runs by the schedule"},
	{"unpause", ACT_ON_PIPELINE, "start runs by the schedule again"},
	{"set-state", ACT_ON_RUN | ACT_ON_STEP, "mark it success, failed or skipped; nothing runs by that"},
	{"tag", ACT_ON_RUN | ACT_ON_STEP, "set tags, or a note"},
};

const struct act_verb *act_verbs(size_t *n)
{
	*n = ARRAY_LEN(verbs);
	return verbs;
}

const struct act_verb *act_find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

int act_on(const struct ref *ref)
{
	return ref->kind == REF_PIPELINE ? ACT_ON_PIPELINE
	       : ref->kind == REF_RUN	 ? ACT_ON_RUN
	       : ref->kind == REF_STEP	 ? ACT_ON_STEP
					 : 0;
}

const char *act_end_word(enum act_end end)
{
	static const char *const words[] = {[ACT_OPEN] = "open",
		[ACT_DONE] = "done",
		[ACT_ALREADY] = "is so already",
		[ACT_NOTHING] = "nothing to do",
		[ACT_NOT_DONE] = "not done",
		[ACT_UNKNOWN] = "unknown",
		[ACT_REFUSED] = "refused",
		[ACT_CHANGED] = "changed meanwhile, not done",
		[ACT_SKIPPED] = "not tried"};
	return words[end];
}

/* --- what is allowed, and what speaks against it ------------------------------------------ */

bool act_may(const struct config *config, const struct ref *ref, bool is_dry_run, struct err *err)
{
	const struct config_source *source = ref->source ? config_source(config, ref->source) : NULL;
	if (!act_on(ref))
		return err_set(err, ERR_USAGE, "it is neither a pipeline, a run nor a step");
	if (config->read_only && !is_dry_run)
		return err_set(err, ERR_REFUSED, "read-only: nothing is done to a tool");
	if (!source)
		return err_set(err, ERR_NOT_FOUND, "source '%s' is not in the configuration", ref->source);
	return source->actions ||
	       err_set(err, ERR_REFUSED, "source '%s' allows no actions; 'actions: true' in portal.yaml does",
		       source->name);
}

static void judge(struct act *act, struct act_object *object)
{
	const struct config *config = act->config;
	const struct config_project *project =
		config_project_of(config, object->ref.source, object->ref.pipeline);
	object->project = project ? arena_dupz(act->arena, project->name) : NULL;
	object->is_production = project && !strcmp(project->severity, "production");
	const struct config_day *freeze =
		calendar_at(config, "freeze", project ? project->name : NULL, clock_now_ms());
	object->freeze = freeze ? arena_dupz(act->arena, freeze->name) : NULL;
}

/* --- from object to object ------------------------------------------------------------------ */

static void step(void *ctx);

static void go_on_after(struct act *act, int64_t in_ms)
{
	if (!act->next)
		act->next = loop_after(act->loop, in_ms, step, act);
}

static void go_on(struct act *act)
{
	go_on_after(act, 0);
}

static void set_end(struct task *task, enum act_end end, enum err_code code, const char *message)
{
	task->object.end = end;
	task->object.code = code;
	task->object.message = arena_dupz(task->act->arena, message);
}

/* Tells that the object at work is over. The action may be gone afterwards. */
static void tell_ended(struct task *task)
{
	struct act *act = task->act;
	enum act_end end = task->object.end;
	bool is_down = end == ACT_NOT_DONE && task->object.code == ERR_UNAVAILABLE;
	act->is_stopped |= end == ACT_UNKNOWN || end == ACT_CHANGED || is_down;
	act->at++;
	go_on(act);
	act->ops->ended(act->ctx, &task->object);
}

static void tell_progress(struct task *task, const char *what)
{
	task->act->ops->progress(task->act->ctx, &task->object, what);
}

/* --- sources -------------------------------------------------------------------------------- */

static struct line *line_of(struct act *act, const char *name)
{
	struct line *line = act->lines;
	while (line && strcmp(line->name, name) != 0)
		line = line->next;
	if (line)
		return line;
	line = arena_new_of(act->arena, struct line);
	line->name = name;
	line->next = act->lines;
	act->lines = line;
	return line;
}

static struct source *source_of(struct task *task)
{
	struct act *act = task->act;
	struct line *line = line_of(act, task->object.ref.source);
	if (!line->source)
		line->source = source_open(act->loop, act->config, config_source(act->config, line->name),
			SOURCE_LIVE_SILENCE_MS);
	return line->source;
}

/* It may have died with the answer: whoever asks next gets another. */
static void hang_up(struct task *task)
{
	struct line *line = line_of(task->act, task->object.ref.source);
	source_close(line->source);
	line->source = NULL;
}

static void ask_effect(struct task *task, struct str args, source_acted_fn fn)
{
	source_act(source_of(task), task->act->verb, task->below, args, true, fn, task);
}

/* --- planning ------------------------------------------------------------------------------- */

static enum act_end end_of(const struct err *err)
{
	return err->code == ERR_REFUSED ? ACT_REFUSED : ACT_NOT_DONE;
}

static void take_effect(struct task *task, const struct source_acted *acted)
{
	struct act_object *object = &task->object;
	struct arena *arena = task->act->arena;
	object->effect = arena_array(arena, const char *, json_len(acted->effect));
	object->n_effect = 0;
	for (size_t i = 0; i < json_len(acted->effect); i++) {
		struct str line = json_str(json_at(acted->effect, i));
		if (line.n)
			object->effect[object->n_effect++] = arena_dup(arena, line);
	}
	object->remark = arena_dupz(arena, acted->message);
	if (acted->done == DID_YES)
		set_end(task, ACT_ALREADY, ERR_NONE, acted->message);
	else if (!object->n_effect)
		set_end(task, ACT_NOTHING, ERR_NONE, acted->message);
}

static void on_planned(void *ctx, const struct source_acted *acted, const struct err *err)
{
	struct task *task = ctx;
	if (err) {
		set_end(task, end_of(err), err->code, err->msg);
		hang_up(task);
	} else {
		take_effect(task, acted);
	}
	task->act->at++;
	go_on(task->act);
}

static void plan(struct task *task)
{
	struct err err;
	task->object.end = ACT_OPEN;
	if (act_may(task->act->config, &task->object.ref, task->act->is_dry_run, &err)) {
		ask_effect(task, task->args, on_planned);
		return;
	}
	set_end(task, end_of(&err), err.code, err.msg);
	task->act->at++;
	go_on(task->act);
}

/* --- the audit ------------------------------------------------------------------------------ */

struct audit_job {
	struct arena *arena;
	const struct config *config;
	struct audit_entry entry;
	const char *result; /* NULL: the row before */
	int64_t id;
};

static bool run_audit(struct store *store, void *ptr, struct err *err)
{
	struct audit_job *job = ptr;
	if (!job->entry.who)
		job->entry.who = audit_who(store, job->config, job->arena);
	return job->result ? audit_end(store, &job->entry, job->id, job->result, err)
			   : audit_begin(store, &job->entry, &job->id, err);
}

static void drop_audit(void *ptr)
{
	struct audit_job *job = ptr;
	arena_free(job->arena);
	x_free(job);
}

static void audit(struct task *task, const char *result, const struct store_job *what)
{
	struct act *act = task->act;
	struct audit_job *job = x_new(struct audit_job);
	job->arena = arena_new();
	job->config = act->config;
	job->entry = (struct audit_entry){.who = arena_dupz(job->arena, act->who),
		.verb = arena_dupz(job->arena, act->verb),
		.object_ref = arena_dupz(job->arena, task->object.text),
		.args = str_of(arena_dup(job->arena, task->args))};
	job->result = arena_dupz(job->arena, result);
	job->id = task->audit_id;
	act->ticket = store_thread_run(act->store, what, job, task);
}

/* --- the end of one object ------------------------------------------------------------------- */

static void on_noted(void *ctx, void *ptr, const struct err *err)
{
	struct task *task = ctx;
	struct act *act = task->act;
	act->ticket = NULL;
	drop_audit(ptr);
	if (err) {
		const char *message = task->object.message ? task->object.message : "";
		task->object.message = arena_printf(act->arena, "%s%sits end is not in the audit: %s",
			message, *message ? "; " : "", err->msg);
	}
	tell_ended(task);
}

/* The row after, then on. */
static void close_task(struct task *task, enum act_end end, enum err_code code, const char *message)
{
	static const struct store_job what = {.run = run_audit, .done = on_noted, .drop = drop_audit};
	const char *word = act_end_word(end);
	set_end(task, end, code, message);
	audit(task, message ? arena_printf(task->act->arena, "%s: %s", word, message) : word, &what);
}

/* The new run, as a ref of ours. */
static const char *run_ref_of(struct task *task, const char *run)
{
	struct ref ref = {.kind = REF_RUN,
		.source = task->object.ref.source,
		.pipeline = task->object.ref.pipeline,
		.run = run};
	struct buf text;
	buf_init(&text, 0);
	ref_add(&text, &ref);
	return arena_take(task->act->arena, &text);
}

/* --- looking after a lost answer --------------------------------------------------------------- */

static void on_checked(void *ctx, const struct source_acted *acted, const struct err *err);

/* The person's arguments, and the lines that were confirmed. */
static struct str check_args(struct task *task)
{
	struct buf args;
	struct json_writer w = {.out = &args};
	buf_init(&args, 0);
	buf_add(&args, str_slice(task->args, 0, task->args.n - 1)); /* without its bracket */
	w.needs_comma = true;
	json_key(&w, "confirmed");
	json_open(&w, '[');
	for (size_t i = 0; i < task->object.n_effect; i++)
		json_put_str(&w, str_of(task->object.effect[i]));
	json_close(&w, ']');
	json_close(&w, '}');
	struct str text = str_of(arena_dup(task->act->arena, buf_str(&args)));
	buf_fini(&args);
	return text;
}

static void check(void *ctx)
{
	struct task *task = ctx;
	task->act->next = NULL;
	task->n_checks++;
	ask_effect(task, check_args(task), on_checked);
}

/* False where it was looked at often enough. */
static bool check_again(struct task *task)
{
	struct act *act = task->act;
	if (task->n_checks == ARRAY_LEN(check_after_ms))
		return false;
	act->next = loop_after(act->loop, check_after_ms[task->n_checks], check, task);
	return true;
}

static void close_unknown(struct task *task, const char *shown)
{
	close_task(task, ACT_UNKNOWN, ERR_UNAVAILABLE,
		arena_printf(task->act->arena, "the answer was lost (%s); %s", task->lost.msg, shown));
}

static void close_not_done(struct task *task)
{
	/* sent and not seen: what is slow may still arrive */
	if (clock_mono_ms() - task->sent_ms > SLOW_MS)
		close_unknown(task, "the tool shows nothing of it so far, but it may still arrive");
	else
		close_task(task, ACT_NOT_DONE, ERR_FAILED,
			arena_printf(task->act->arena, "%s; the tool shows nothing of it", task->lost.msg));
}

static void on_checked(void *ctx, const struct source_acted *acted, const struct err *err)
{
	struct task *task = ctx;
	struct arena *arena = task->act->arena;
	if (!err && acted->done == DID_YES && acted->run && *acted->run)
		task->object.run_ref = run_ref_of(task, acted->run);
	if (err)
		hang_up(task);
	else if (acted->done == DID_YES)
		close_task(task, ACT_DONE, ERR_NONE,
			arena_printf(arena, "the answer was lost, the tool shows that it was done%s%s",
				acted->message ? ": " : "", acted->message ? acted->message : ""));
	if ((!err && acted->done == DID_YES) || check_again(task))
		return;
	if (err)
		close_unknown(
			task, arena_printf(arena, "and the tool does not say what it did: %s", err->msg));
	else if (acted->done == DID_NO)
		close_not_done(task);
	else
		close_unknown(task, "what the tool shows does not tell");
}

/* --- acting --------------------------------------------------------------------------------------- */

static void look_after(struct task *task, const char *why)
{
	err_set(&task->lost, ERR_UNAVAILABLE, "%s", why ? why : "no reason given");
	task->n_checks = 0;
	hang_up(task);
	check_again(task);
	tell_progress(task, "the answer was lost, it is unknown what was done: checking");
}

static void on_acted(void *ctx, const struct source_acted *acted, const struct err *err)
{
	struct task *task = ctx;
	const char *message = err ? err->msg : acted->message;
	if (acted->run && *acted->run)
		task->object.run_ref = run_ref_of(task, acted->run);
	if (acted->done == DID_UNKNOWN)
		look_after(task, message);
	else if (acted->done == DID_YES)
		close_task(task, ACT_DONE, ERR_NONE, message);
	else
		close_task(task, err ? end_of(err) : ACT_NOT_DONE, err ? err->code : ERR_FAILED, message);
}

/* The row before is there: now, and once. */
static void on_audited(void *ctx, void *ptr, const struct err *err)
{
	struct task *task = ctx;
	struct act *act = task->act;
	struct audit_job *job = ptr;
	act->ticket = NULL;
	task->audit_id = job->id;
	if (err) {
		set_end(task, ACT_REFUSED, ERR_REFUSED,
			arena_printf(act->arena, "nothing is done without an audit: %s", err->msg));
		act->is_stopped = true;
		drop_audit(job);
		tell_ended(task);
		return;
	}
	act->who = arena_dupz(act->arena, job->entry.who);
	drop_audit(job);
	task->sent_ms = clock_mono_ms();
	source_act(source_of(task), act->verb, task->below, task->args, false, on_acted, task);
	tell_progress(task, act->verb);
}

static bool is_as_confirmed(const struct act_object *object, const struct source_acted *acted)
{
	if (acted->done == DID_YES || json_len(acted->effect) != object->n_effect)
		return false;
	for (size_t i = 0; i < object->n_effect; i++)
		if (!str_is(json_str(json_at(acted->effect, i)), object->effect[i]))
			return false;
	return true;
}

/* What it is now, in the place of what it was. */
static void take_change(struct task *task, const struct source_acted *acted)
{
	take_effect(task, acted);
	set_end(task, ACT_CHANGED, ERR_REFUSED,
		task->object.n_effect ? task->object.effect[0] : acted->message);
}

static void on_reread(void *ctx, const struct source_acted *acted, const struct err *err)
{
	static const struct store_job what = {.run = run_audit, .done = on_audited, .drop = drop_audit};
	struct task *task = ctx;
	if (!err && is_as_confirmed(&task->object, acted)) {
		audit(task, NULL, &what);
		return;
	}
	if (err) {
		set_end(task, end_of(err), err->code, err->msg);
		hang_up(task);
	} else {
		take_change(task, acted);
	}
	tell_ended(task);
}

static void begin(struct task *task)
{
	ask_effect(task, task->args, on_reread);
	tell_progress(task, "reading its state once more");
}

/* --- the whole --------------------------------------------------------------------------------------- */

static void end_planning(struct act *act)
{
	act->phase = WAITING;
	act->planned_ms = clock_mono_ms();
	act->ops->planned(act->ctx);
}

static void end_all(struct act *act)
{
	act->phase = OVER;
	act->ops->done(act->ctx);
}

/* The next object that is open. */
static struct task *next_task(struct act *act)
{
	while (act->at < act->n && act->tasks[act->at].object.end != ACT_OPEN)
		act->at++;
	return act->at < act->n ? &act->tasks[act->at] : NULL;
}

static void step(void *ctx)
{
	struct act *act = ctx;
	act->next = NULL;
	if (act->phase == PLANNING) {
		if (act->at < act->n)
			plan(&act->tasks[act->at]);
		else
			end_planning(act);
		return;
	}
	struct task *task = next_task(act);
	if (!task) {
		end_all(act);
	} else if (act->is_stopped) {
		set_end(task, ACT_SKIPPED, ERR_NONE, NULL);
		tell_ended(task);
	} else {
		begin(task);
	}
}

/* --- life ----------------------------------------------------------------------------------------------- */

/* A mark by which a lost action can be told from another: sortable, and never the same. */
static const char *make_nonce(struct arena *arena)
{
	uint64_t random;
	char when[32];
	time_t now = (time_t)(clock_now_ms() / 1000);
	struct tm tm;
	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		random =
			(uint64_t)clock_mono_ms() * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)(uintptr_t)arena;
	gmtime_r(&now, &tm);
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
	return arena_printf(arena, "%s-%016llx", when, (unsigned long long)random);
}

/* WANT's arguments with a nonce in front. */
static struct str make_args(struct act *act, struct str args)
{
	const char *nonce = make_nonce(act->arena);
	struct str rest = str_trim(args.n ? args : STR("{}"));
	BUG_ON(rest.n < 2 || rest.p[0] != '{');
	rest = str_trim(str_slice(rest, 1, rest.n));
	return str_of(arena_printf(
		act->arena, "{\"nonce\":\"%s\"%s%.*s", nonce, rest.n > 1 ? "," : "", STR_FMT(rest)));
}

static bool is_known(const struct act *act, const char *text)
{
	for (size_t i = 0; i < act->n; i++)
		if (!strcmp(act->tasks[i].object.text, text))
			return true;
	return false;
}

/* Of a step no attempt counts: it is the step that is done something to. */
static void add_task(struct act *act, const struct ref *from, struct str args)
{
	struct ref ref = ref_dup(act->arena, from);
	struct buf text;
	ref.attempt = 0;
	buf_init(&text, 0);
	ref_add(&text, &ref);
	if (!is_known(act, text.p ? text.p : "")) {
		struct task *task = &act->tasks[act->n++];
		task->act = act;
		task->object.ref = ref;
		task->object.text = arena_dup(act->arena, buf_str(&text));
		const char *slash = strchr(task->object.text, '/');
		task->below = slash ? slash + 1 : "";
		task->args = make_args(act, args);
		if (act_on(&ref))
			judge(act, &task->object);
	}
	buf_fini(&text);
}

struct act *act_new(struct loop *loop, const struct config *config, struct store_thread *store,
	const struct act_want *want, const struct act_ops *ops, void *ctx)
{
	struct act *act = x_new(struct act);
	act->arena = arena_new();
	act->loop = loop;
	act->config = config;
	act->store = store;
	act->verb = arena_dupz(act->arena, want->verb);
	act->is_dry_run = want->is_dry_run;
	act->ops = ops;
	act->ctx = ctx;
	act->tasks = arena_array(act->arena, struct task, want->n_refs);
	for (size_t i = 0; i < want->n_refs; i++)
		add_task(act, &want->refs[i], want->args);
	go_on(act);
	return act;
}

void act_free(struct act *act)
{
	if (!act)
		return;
	loop_cancel(act->next);
	ticket_cancel(act->ticket);
	for (struct line *line = act->lines; line; line = line->next)
		source_close(line->source);
	arena_free(act->arena);
	x_free(act);
}

size_t act_n_objects(const struct act *act)
{
	return act->n;
}

const struct act_object *act_object(const struct act *act, size_t i)
{
	return &act->tasks[i].object;
}

size_t act_n_open(const struct act *act)
{
	size_t n = 0;
	for (size_t i = 0; i < act->n; i++)
		n += act->tasks[i].object.end == ACT_OPEN;
	return n;
}

/* The same of all objects, or NULL. */
static const char *common(const struct act *act, const char *(*of)(const struct act_object *object))
{
	const char *first = of(&act->tasks[0].object);
	for (size_t i = 1; first && i < act->n; i++) {
		const char *other = of(&act->tasks[i].object);
		if (!other || strcmp(first, other) != 0)
			return NULL;
	}
	return first;
}

static const char *pipeline_of(const struct act_object *object)
{
	return object->ref.pipeline;
}

static const char *project_of(const struct act_object *object)
{
	return object->project;
}

static const char *source_name_of(const struct act_object *object)
{
	return object->ref.source;
}

/* As a person sees it, and can type it. */
static const char *typeable(const struct act *act, const char *name)
{
	struct buf text;
	buf_init(&text, 0);
	clean_add(&text, str_of(name), CLEAN_NAME);
	return arena_take(act->arena, &text);
}

const char *act_name(const struct act *act)
{
	bool is_production = false;
	for (size_t i = 0; i < act->n; i++)
		is_production |= act->tasks[i].object.is_production;
	if (act->n < 2 && !is_production)
		return NULL;
	const char *name = common(act, pipeline_of);
	name = name ? name : common(act, project_of);
	name = name ? name : common(act, source_name_of);
	return typeable(act, name ? name : act->verb);
}

bool act_confirm(struct act *act)
{
	BUG_ON(act->phase != WAITING || act->is_dry_run);
	bool is_fresh = clock_mono_ms() - act->planned_ms <= FRESH_MS;
	act->phase = is_fresh ? ACTING : PLANNING;
	act->at = 0;
	go_on(act);
	return is_fresh;
}

void act_stop(struct act *act)
{
	act->is_stopped = true;
}

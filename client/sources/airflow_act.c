/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Acting on Airflow 3. Measured on 3.3.2:
 *
 * - clearTaskInstances has a dry run that gives the whole list of what would be cleared; `dry_run` and
 *   `only_failed` are true unless said, so both are always sent. It takes no `~`.
 * - A run of our own id makes a trigger that can be looked for when its answer is lost; the same id twice is
 *   409. `logical_date` must be there, and may be null.
 * - Marking a run failed stops its steps. Marking a step runs nothing. The same mark again is 409.
 * - A scheduler that is dead answers nothing itself: monitor/health says so, with 200. What is cleared or
 *   triggered then stays queued.
 *
 * An action is one request that changes something, sent once. Its dry run only reads; when an answer was lost
 * the same dry run says what the tool shows.
 */
#include "client/sources/airflow_act.h"

#include "client/base/mem.h"
#include "client/sources/airflow_tail.h"
#include "client/sources/percent.h"

#include <stdio.h>

enum { MOST_SHOWN = 200 }; /* bytes of a note or conf that a dry run quotes */

/* What is asked for, for as long as the pull lives. */
struct action {
	const struct verb *verb;
	struct str pipeline, run, step, index; /* empty where not given */
	const char *object;		       /* path of the DAG, the run or the task instance */
	const char *body;		       /* of the request that acts */
	const char *run_id;		       /* of a trigger: our own, or NULL */
	const char *state, *note, *conf;       /* NULL where not given */
	const char **confirmed;		       /* lines of an earlier dry run: was that done since? */
	size_t n_confirmed;
	bool only_failed, downstream, upstream, is_paused;
};

struct verb {
	const char *name;
	enum { ON_PIPELINE = 1, ON_RUN = 2, ON_STEP = 4 } objects;
	bool starts; /* something that only a live scheduler runs */
	/* Asks for what the dry run needs. */
	void (*plan)(struct pull *pull, struct action *action);
	/* The one request that acts. */
	void (*act)(struct pull *pull, struct action *action);
};

/* --- asking ---------------------------------------------------------------------------- */

static void ask_get(struct pull *pull, const char *path, int flags, handler_fn handler, void *ctx)
{
	const struct request request = {
		.path = path,
		.flags = REQUEST_JSON | REQUEST_READ | REQUEST_ANY_STATUS | flags,
		.handler = handler,
		.ctx = ctx,
	};

	pull_ask(pull, &request);
}

static void ask_with(struct pull *pull, const char *method, const char *path, const char *body, int flags,
	handler_fn handler, struct action *action)
{
	const struct request request = {
		.method = method,
		.path = path,
		.body = str_of(body),
		.flags = REQUEST_JSON | REQUEST_ANY_STATUS | flags,
		.handler = handler,
		.ctx = action,
	};

	pull_ask(pull, &request);
}

/* `detail` is a text, a list of faults or an object. */
static struct str reason_in(struct pull *pull, const struct response *response)
{
	struct json_doc *doc = json_parse(response->body, NULL);
	const struct json *detail = json_get(json_root(doc), "detail");
	struct str reason = json_str(detail);

	if (json_type(detail) == JSON_ARRAY)
		reason = json_get_str(json_at(detail, 0), "msg");
	else if (json_type(detail) == JSON_OBJECT)
		reason = json_get_str(detail, "reason");
	reason = str_of(arena_dup(pull_scratch(pull), reason.p ? reason : STR("no reason given")));
	json_free(doc);
	return reason;
}

/* Whether a reading went well; else ERR says why not. */
static bool is_read(struct pull *pull, const struct response *response, struct err *err)
{
	struct str reason;

	if (response->status <= 299)
		return true;
	reason = reason_in(pull, response);
	return err_set(err, response->status == 404 ? ERR_NOT_FOUND : ERR_REFUSED, "HTTP %d: %.*s",
		response->status, STR_FMT(reason));
}

/* The answer to an action that did not go well: a clear no, or nobody knows. */
static bool tell_no(struct pull *pull, const struct response *response, struct err *err)
{
	struct str reason;

	if (response->status != 409 && response->status != 408)
		return is_read(pull, response, err);
	reason = reason_in(pull, response);
	pull_acted(pull, DID_UNKNOWN, NULL, "HTTP %d: %.*s", response->status, STR_FMT(reason));
	return true;
}

/* A text as it may be quoted in a line. */
static struct str shown(const char *text)
{
	struct str s = str_of(text);

	return s.n > MOST_SHOWN ? str_slice(s, 0, MOST_SHOWN) : s;
}

/* --- clear and rerun ------------------------------------------------------------------- */

static const char *clear_body(struct pull *pull, const struct action *action, bool is_dry_run)
{
	struct buf body;
	struct json_writer w = {.out = &body};
	int64_t index;

	buf_init(&body, 0);
	json_open(&w, '{');
	json_member_bool(&w, "dry_run", is_dry_run);
	json_member_bool(&w, "only_failed", action->only_failed);
	json_key(&w, "dag_run_id");
	json_put_str(&w, action->run);
	if (action->step.n) {
		json_key(&w, "task_ids");
		json_open(&w, '[');
		if (str_to_int(action->index, 0, INT32_MAX, &index)) {
			json_open(&w, '[');
			json_put_str(&w, action->step);
			json_put_int(&w, index);
			json_close(&w, ']');
		} else {
			json_put_str(&w, action->step);
		}
		json_close(&w, ']');
		json_member_bool(&w, "include_downstream", action->downstream);
		json_member_bool(&w, "include_upstream", action->upstream);
	}
	if (action->note && !is_dry_run)
		json_member_text(&w, "note", action->note);
	json_close(&w, '}');
	return arena_take(pull_arena(pull), &body);
}

static const char *clear_path(struct pull *pull, const struct action *action)
{
	struct buf path;

	buf_init(&path, 0);
	buf_addz(&path, "/api/v2/dags/");
	percent_add_url(&path, action->pipeline);
	buf_addz(&path, "/clearTaskInstances");
	return arena_take(pull_arena(pull), &path);
}

/* The attempt tells one failure of a step from the next. */
static const char *clear_line(struct pull *pull, const struct json *row)
{
	struct str step = json_get_str(row, "task_id"), state = json_get_str(row, "state");
	struct str label = json_get_str(row, "rendered_map_index");
	int64_t index = -1, attempt = 0;
	char place[32] = "";

	json_int(json_get(row, "map_index"), &index);
	json_int(json_get(row, "try_number"), &attempt);
	if (index >= 0)
		snprintf(place, sizeof(place), ":%lld", (long long)index);
	return arena_printf(pull_scratch(pull), "clear %.*s%s%s%.*s%s (%.*s, attempt %lld)", STR_FMT(step),
		place, label.n ? " [" : "", STR_FMT(label), label.n ? "]" : "",
		STR_FMT(state.n ? state : STR("no state")), (long long)attempt);
}

static bool was_confirmed(const struct action *action, const char *line)
{
	for (size_t i = 0; i < action->n_confirmed; i++)
		if (strcmp(action->confirmed[i], line) == 0)
			return true;
	return false;
}

/* Looked at again: what was confirmed and is not there any more was cleared, all of it or nothing. */
static enum source_did clear_did(const struct action *action, size_t n, size_t n_left)
{
	if (!action->n_confirmed)
		return n ? DID_NO : DID_UNKNOWN;
	return !n_left ? DID_YES : n_left == action->n_confirmed ? DID_NO : DID_UNKNOWN;
}

static bool take_clear_plan(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct action *action = ctx;
	const struct json *rows = json_get(response->json, "task_instances");
	size_t n = json_len(rows), n_left = 0;

	if (!is_read(pull, response, err))
		return false;
	if (json_type(rows) != JSON_ARRAY)
		return err_set(err, ERR_FAILED, "answer without 'task_instances': not the API of Airflow 3");
	for (size_t i = 0; i < n; i++) {
		const char *line = clear_line(pull, json_at(rows, i));

		pull_effect(pull, "%s", line);
		n_left += was_confirmed(action, line);
	}
	pull_acted(pull, clear_did(action, n, n_left), NULL, "%s",
		n		      ? ""
		: action->only_failed ? "nothing failed here; --all takes every step"
				      : "no step here");
	return true;
}

static void plan_clear(struct pull *pull, struct action *action)
{
	ask_with(pull, "POST", clear_path(pull, action), clear_body(pull, action, true), REQUEST_READ,
		take_clear_plan, action);
}

/* An empty list after one that was not: a request before this one may have done it. */
static bool take_cleared(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	size_t n = json_len(json_get(response->json, "task_instances"));

	(void)ctx;
	if (response->status > 299)
		return tell_no(pull, response, err);
	pull_acted(pull, n ? DID_YES : DID_UNKNOWN, NULL, "%zu step%s cleared", n, n == 1 ? "" : "s");
	return true;
}

static void act_clear(struct pull *pull, struct action *action)
{
	ask_with(pull, "POST", clear_path(pull, action), clear_body(pull, action, false), REQUEST_ACTS,
		take_cleared, action);
}

/* --- trigger --------------------------------------------------------------------------- */

static const char *runs_path(struct pull *pull, const struct action *action)
{
	return arena_printf(pull_arena(pull), "%s/dagRuns", action->object);
}

/* Whether the run of our own id is there: then a lost answer was a yes. */
static bool take_own_run(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct action *action = ctx;
	struct str state;

	if (response->status == 404)
		return true;
	if (!is_read(pull, response, err))
		return false;
	state = json_get_str(response->json, "state");
	pull_acted(pull, DID_YES, action->run_id, "run %s is there, %.*s", action->run_id, STR_FMT(state));
	return true;
}

static bool take_dag_to_trigger(
	struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct action *action = ctx;
	struct buf path;
	bool is_paused = false;

	if (!is_read(pull, response, err))
		return false;
	json_bool(json_get(response->json, "is_paused"), &is_paused);
	pull_acted(pull, DID_NO, NULL, "%s", is_paused ? "it is paused: the run waits until it is not" : "");
	pull_effect(pull, "start a run of %.*s with conf %.*s", STR_FMT(action->pipeline),
		STR_FMT(shown(action->conf ? action->conf : "{}")));
	if (!action->run_id)
		return true;
	buf_init(&path, 0);
	buf_addf(&path, "%s/", runs_path(pull, action));
	percent_add_url(&path, str_of(action->run_id));
	ask_get(pull, path.p, 0, take_own_run, action);
	buf_fini(&path);
	return true;
}

static void plan_trigger(struct pull *pull, struct action *action)
{
	ask_get(pull, action->object, 0, take_dag_to_trigger, action);
}

static bool take_triggered(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct action *action = ctx;
	struct str run = json_get_str(response->json, "dag_run_id");

	if (response->status > 299)
		return tell_no(pull, response, err);
	if (!run.n || (action->run_id && !str_is(run, action->run_id)))
		pull_acted(pull, DID_UNKNOWN, NULL, "the answer names no run of ours");
	else
		pull_acted(
			pull, DID_YES, arena_dup(pull_scratch(pull), run), "run %.*s started", STR_FMT(run));
	return true;
}

static void act_trigger(struct pull *pull, struct action *action)
{
	struct buf body;
	struct json_writer w = {.out = &body};

	buf_init(&body, 0);
	json_open(&w, '{');
	if (action->run_id)
		json_member_text(&w, "dag_run_id", action->run_id);
	json_key(&w, "logical_date");
	json_put_null(&w);
	json_key(&w, "conf");
	json_put_raw(&w, str_of(action->conf ? action->conf : "{}"));
	if (action->note)
		json_member_text(&w, "note", action->note);
	json_close(&w, '}');
	ask_with(pull, "POST", runs_path(pull, action), body.p, REQUEST_ACTS, take_triggered, action);
	buf_fini(&body);
}

/* --- states of runs and steps ------------------------------------------------------------ */

static const char *wanted_state(const struct action *action)
{
	return action->state ? action->state : "failed"; /* which is how a run is cancelled */
}

static const char *what_of(const struct action *action)
{
	return action->step.n ? "step" : "run";
}

static bool take_state(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct action *action = ctx;
	const char *wanted = wanted_state(action);
	struct str name = action->step.n ? action->step : action->run, state;
	bool is_cancel = !action->state, is_over;

	if (!is_read(pull, response, err))
		return false;
	state = json_get_str(response->json, "state");
	is_over = str_is(state, "success") || str_is(state, "failed");
	state = state.n ? state : STR("no state");
	if (str_is(state, wanted) && !(is_cancel && !action->n_confirmed)) {
		pull_acted(pull, DID_YES, NULL, "%s %.*s is %s", what_of(action), STR_FMT(name), wanted);
	} else if (is_cancel && is_over) {
		pull_acted(pull, DID_NO, NULL, "nothing to cancel: run %.*s is %.*s", STR_FMT(name),
			STR_FMT(state));
	} else {
		pull_acted(pull, DID_NO, NULL, "%s", "");
		pull_effect(pull,
			is_cancel ? "mark %s %.*s %s, and stop its steps (%.*s)"
				  : "mark %s %.*s %s (%.*s); nothing runs by that",
			what_of(action), STR_FMT(name), wanted, STR_FMT(state));
	}
	return true;
}

static void plan_state(struct pull *pull, struct action *action)
{
	ask_get(pull, action->object, 0, take_state, action);
}

static bool take_marked(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct action *action = ctx;
	const char *wanted = wanted_state(action);
	const struct json *object = response->json;

	if (response->status > 299)
		return tell_no(pull, response, err);
	if (json_type(json_get(object, "task_instances")) == JSON_ARRAY)
		object = json_at(json_get(object, "task_instances"), 0);
	if (!json_get(object, "state") || str_is(json_get_str(object, "state"), wanted))
		pull_acted(pull, DID_YES, NULL, "%s marked %s", what_of(action), wanted);
	else
		pull_acted(pull, DID_UNKNOWN, NULL, "the answer names another state");
	return true;
}

static void act_state(struct pull *pull, struct action *action)
{
	struct buf body;
	struct json_writer w = {.out = &body};
	const char *mask = action->step.n ? ""
			   : action->note ? "?update_mask=state&update_mask=note"
					  : "?update_mask=state";

	buf_init(&body, 0);
	json_open(&w, '{');
	json_member_text(&w, action->step.n ? "new_state" : "state", wanted_state(action));
	if (action->note)
		json_member_text(&w, "note", action->note);
	json_close(&w, '}');
	ask_with(pull, "PATCH", arena_printf(pull_arena(pull), "%s%s", action->object, mask), body.p,
		REQUEST_ACTS, take_marked, action);
	buf_fini(&body);
}

/* --- pause ------------------------------------------------------------------------------- */

static bool take_paused(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct action *action = ctx;
	bool is_paused = false;

	if (!is_read(pull, response, err))
		return false;
	if (!json_bool(json_get(response->json, "is_paused"), &is_paused))
		return err_set(err, ERR_FAILED, "answer without 'is_paused': not the API of Airflow 3");
	if (is_paused == action->is_paused) {
		pull_acted(pull, DID_YES, NULL, "it is %s", is_paused ? "paused" : "not paused");
		return true;
	}
	pull_acted(pull, DID_NO, NULL, "%s", "");
	if (action->is_paused)
		pull_effect(pull, "pause %.*s: it starts no more runs", STR_FMT(action->pipeline));
	else
		pull_effect(pull, "unpause %.*s: it starts runs by its schedule again",
			STR_FMT(action->pipeline));
	return true;
}

static void plan_pause(struct pull *pull, struct action *action)
{
	ask_get(pull, action->object, 0, take_paused, action);
}

static bool take_pause(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct action *action = ctx;
	bool is_paused = !action->is_paused;

	if (response->status > 299)
		return tell_no(pull, response, err);
	json_bool(json_get(response->json, "is_paused"), &is_paused);
	pull_acted(pull, is_paused == action->is_paused ? DID_YES : DID_UNKNOWN, NULL, "%s",
		is_paused ? "paused" : "not paused");
	return true;
}

static void act_pause(struct pull *pull, struct action *action)
{
	ask_with(pull, "PATCH", arena_printf(pull_arena(pull), "%s?update_mask=is_paused", action->object),
		action->is_paused ? "{\"is_paused\":true}" : "{\"is_paused\":false}", REQUEST_ACTS,
		take_pause, action);
}

/* --- notes ------------------------------------------------------------------------------- */

static bool take_note(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct action *action = ctx;
	struct str name = action->step.n ? action->step : action->run, note;

	if (!is_read(pull, response, err))
		return false;
	note = json_get_str(response->json, "note");
	if (str_is(note, action->note)) {
		pull_acted(pull, DID_YES, NULL, "the note is there");
		return true;
	}
	pull_acted(pull, DID_NO, NULL, "%s", "");
	pull_effect(pull, "note at %s %.*s: %.*s%s%.*s", what_of(action), STR_FMT(name),
		STR_FMT(shown(action->note)), note.n ? ", in the place of: " : "",
		STR_FMT(str_slice(note, 0, MOST_SHOWN)));
	return true;
}

static void plan_note(struct pull *pull, struct action *action)
{
	ask_get(pull, action->object, 0, take_note, action);
}

static bool take_noted(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	(void)ctx;
	if (response->status > 299)
		return tell_no(pull, response, err);
	pull_acted(pull, DID_YES, NULL, "noted");
	return true;
}

static void act_note(struct pull *pull, struct action *action)
{
	struct buf body;
	struct json_writer w = {.out = &body};

	buf_init(&body, 0);
	json_open(&w, '{');
	json_member_text(&w, "note", action->note);
	json_close(&w, '}');
	ask_with(pull, "PATCH", arena_printf(pull_arena(pull), "%s?update_mask=note", action->object), body.p,
		REQUEST_ACTS, take_noted, action);
	buf_fini(&body);
}

/* --- all of them --------------------------------------------------------------------------- */

static const struct verb verbs[] = {
	{"rerun", ON_RUN | ON_STEP, true, plan_clear, act_clear},
	{"clear", ON_RUN | ON_STEP, true, plan_clear, act_clear},
	{"trigger", ON_PIPELINE, true, plan_trigger, act_trigger},
	{"cancel", ON_RUN, false, plan_state, act_state},
	{"pause", ON_PIPELINE, false, plan_pause, act_pause},
	{"unpause", ON_PIPELINE, false, plan_pause, act_pause},
	{"set-state", ON_RUN | ON_STEP, false, plan_state, act_state},
	{"tag", ON_RUN | ON_STEP, false, plan_note, act_note},
};

/* What would start nothing is refused, with the reason. */
static bool take_health(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct action *action = ctx;
	const struct json *scheduler = json_get(response->json, "scheduler");
	struct str status = json_get_str(scheduler, "status");
	struct str heartbeat = json_get_str(scheduler, "latest_scheduler_heartbeat");

	if (status.n && !str_is(status, "healthy"))
		return err_set(err, ERR_REFUSED, "%s: nothing would start: the scheduler is silent%s%.*s",
			action->verb->name, heartbeat.n ? ", last heartbeat " : "", STR_FMT(heartbeat));
	action->verb->plan(pull, action);
	return true;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static bool check_object(const struct verb *verb, const struct act_request *request, struct err *err)
{
	int object = request->step ? ON_STEP : request->run ? ON_RUN : ON_PIPELINE;

	if (verb->objects & object)
		return true;
	return err_set(err, ERR_USAGE, "%s wants %s", verb->name,
		verb->objects == ON_PIPELINE ? "a pipeline"
		: verb->objects == ON_RUN    ? "a run"
					     : "a run or a step");
}

static const char *object_path(struct pull *pull, const struct act_request *request)
{
	struct buf path;

	buf_init(&path, 0);
	if (request->step) {
		airflow_add_instance(&path, str_of(request->pipeline), str_of(request->run),
			str_of(request->step), str_of(request->index));
		return arena_take(pull_arena(pull), &path);
	}
	buf_addz(&path, "/api/v2/dags/");
	percent_add_url(&path, str_of(request->pipeline));
	if (request->run) {
		buf_addz(&path, "/dagRuns/");
		percent_add_url(&path, str_of(request->run));
	}
	return arena_take(pull_arena(pull), &path);
}

static const char *text_arg(struct pull *pull, const struct json *args, const char *key)
{
	struct str text = json_get_str(args, key);

	return text.n ? arena_dup(pull_arena(pull), text) : NULL;
}

static const char *conf_arg(struct pull *pull, const struct json *args)
{
	const struct json *conf = json_get(args, "conf");
	struct buf text;

	if (json_type(conf) != JSON_OBJECT)
		return NULL;
	buf_init(&text, 0);
	json_add(&text, conf);
	return arena_take(pull_arena(pull), &text);
}

static struct str keep(struct pull *pull, const char *text)
{
	return text ? str_of(arena_dupz(pull_arena(pull), text)) : STR("");
}

static void read_confirmed(struct pull *pull, const struct json *lines, struct action *action)
{
	action->confirmed = arena_array(pull_arena(pull), const char *, json_len(lines));
	for (size_t i = 0; i < json_len(lines); i++)
		action->confirmed[action->n_confirmed++] =
			arena_dup(pull_arena(pull), json_str(json_at(lines, i)));
}

static void read_args(struct pull *pull, const struct json *args, struct action *action)
{
	const char *nonce = text_arg(pull, args, "nonce");

	action->only_failed = true;
	action->downstream = strcmp(action->verb->name, "rerun") == 0; /* and what waits behind it */
	action->is_paused = strcmp(action->verb->name, "pause") == 0;
	json_bool(json_get(args, "only_failed"), &action->only_failed);
	json_bool(json_get(args, "downstream"), &action->downstream);
	json_bool(json_get(args, "upstream"), &action->upstream);
	if (strcmp(action->verb->name, "set-state") == 0)
		action->state = text_arg(pull, args, "state");
	action->note = text_arg(pull, args, "note");
	action->conf = conf_arg(pull, args);
	read_confirmed(pull, json_get(args, "confirmed"), action);
	if (nonce)
		action->run_id = arena_printf(pull_arena(pull), "porthole__%s", nonce);
}

static bool check_args(const struct action *action, const struct json *args, struct err *err)
{
	if (strcmp(action->verb->name, "set-state") == 0 && !action->state)
		return err_set(err, ERR_USAGE, "set-state wants a state: success, failed or skipped");
	if (action->verb->plan != plan_note)
		return true;
	if (json_len(json_get(args, "tags")))
		return err_set(err, ERR_USAGE, "tag: Airflow has no tags on runs and steps, only a note");
	return action->note || err_set(err, ERR_USAGE, "tag wants a note");
}

bool airflow_act(struct pull *pull, const struct act_request *request, struct err *err)
{
	struct action *action = arena_new_of(pull_arena(pull), struct action);

	action->verb = find_verb(request->verb);
	if (!action->verb)
		return err_set(err, ERR_REFUSED, "no verb '%.60s'", request->verb);
	if (!check_object(action->verb, request, err))
		return false;
	action->pipeline = keep(pull, request->pipeline);
	action->run = keep(pull, request->run);
	action->step = keep(pull, request->step);
	action->index = keep(pull, request->index);
	action->object = object_path(pull, request);
	read_args(pull, request->args, action);
	if (!check_args(action, request->args, err))
		return false;
	if (!request->is_dry_run)
		action->verb->act(pull, action);
	else if (action->verb->starts)
		ask_get(pull, "/api/v2/monitor/health", REQUEST_NO_AUTH, take_health, action);
	else
		action->verb->plan(pull, action);
	return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/team.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/catalogue/audit.h"
#include "client/catalogue/ref.h"
#include "client/triage/causes.h"
#include "client/triage/changed.h"
#include "client/triage/late.h"
#include "client/triage/notify.h"

#include <stdio.h>

enum { MOST_UNDONE = 200, MOST_CHANGES = 3 };

static const struct team_word {
	const char *name, *word;
	const char *from; /* the states that it is for, blank-separated */
	const char *to;	  /* NULL: it stays as it is */
} words[TEAM_VERBS] = {
	[TEAM_ACK] = {"ack", "acknowledged", "open acknowledged snoozed", "acknowledged"},
	[TEAM_ASSIGN] = {"assign", "assigned", "open acknowledged snoozed", "acknowledged"},
	[TEAM_SNOOZE] = {"snooze", "snoozed", "open acknowledged snoozed", "snoozed"},
	[TEAM_NOTE] = {"note", "note", "open acknowledged snoozed resolved ignored", NULL},
	[TEAM_RESOLVE] = {"resolve", "resolved", "open acknowledged snoozed ignored", "resolved"},
	[TEAM_REOPEN] = {"reopen", "reopened", "acknowledged snoozed resolved ignored", "open"},
	[TEAM_IGNORE] = {"ignore", "ignored", "open acknowledged snoozed resolved", "ignored"},
	[TEAM_ASK] = {"ask", "asked", "open acknowledged snoozed resolved ignored", NULL},
	[TEAM_CAUSE] = {"cause", "cause", "open acknowledged snoozed", NULL}, /* causes_correct reads it */
};

/* What is said changes nothing of the problem. */
static bool is_remark(enum team_verb verb)
{
	return verb == TEAM_NOTE || verb == TEAM_ASK;
}

const char *team_verb_name(enum team_verb verb)
{
	return words[verb].name;
}

const char *team_verb_word(enum team_verb verb)
{
	return words[verb].word;
}

/* A problem as a step finds it, and as it leaves it. */
struct status {
	const char *state, *assignee, *cause_kind, *title, *owner;
	int64_t closed_ms, snoozed_until_ms;
};

struct act {
	struct store *store;
	const struct config *config;
	struct arena *arena;
	const char *who;
	int64_t now_ms, problem;
	struct status before, after;
};

/* --- reading ------------------------------------------------------------------------ */

bool team_version(struct store *store, int64_t *out, struct err *err)
{
	return store_exec_id(store, "SELECT coalesce(max(id), 0) FROM team.problem_event", NULL, 0, out, err);
}

static bool read_status(struct act *a, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(a->problem)};
	if (!store_query(a->store,
		    "SELECT state, assignee, title, owner, closed_ms, snoozed_until_ms, cause_kind FROM team.problem"
		    " WHERE id = $1",
		    params, 1, a->arena, &row, err))
		return false;
	if (!row.n_rows)
		return err_set(err, ERR_NOT_FOUND, "no problem %lld; 'porthole problems' lists them",
			(long long)a->problem);
	a->before = (struct status){.state = result_text(&row, 0, 0),
		.assignee = result_text(&row, 0, 1),
		.title = result_text(&row, 0, 2),
		.owner = result_text(&row, 0, 3),
		.closed_ms = result_ms(&row, 0, 4),
		.snoozed_until_ms = result_ms(&row, 0, 5),
		.cause_kind = result_text(&row, 0, 6)};
	a->after = a->before;
	return true;
}

/* Who brought it into the state that it is in, and when: "ana acknowledged it at …". */
static const char *last_change(struct act *a, int64_t behind, bool by_others)
{
	struct result row;
	const struct value params[] = {
		value_int(a->problem), value_int(behind), value_text(by_others ? a->who : "")};
	if (!store_query(a->store,
		    "SELECT who, verb, at_ms, text FROM team.problem_event WHERE problem_id = $1 AND id > $2"
		    " AND who <> $3 AND verb NOT IN ('note', 'asked') ORDER BY id DESC LIMIT 1",
		    params, ARRAY_LEN(params), a->arena, &row, NULL) ||
		!row.n_rows)
		return NULL;
	const char *verb = result_text(&row, 0, 1), *said = result_text(&row, 0, 3);
	bool is_told = !strcmp(verb, "assigned") || !strcmp(verb, "cause");
	const char *to = is_told ? said : NULL;
	return arena_printf(a->arena, "%s: %s%s%s at %s", result_text(&row, 0, 0), verb, to ? " to " : "",
		to ? to : "", when_local(a->arena, result_ms(&row, 0, 2)));
}

/* Nothing is done over what the person did not see. */
static bool check_seen(struct act *a, int64_t seen, struct err *err)
{
	const char *change = seen == TEAM_UNSEEN ? NULL : last_change(a, seen, true);
	return !change || err_set(err, ERR_REFUSED, "problem %lld: %s, meanwhile; nothing was changed",
				  (long long)a->problem, change);
}

static bool is_word_of(const char *list, const char *word)
{
	struct str rest = str_of(list), piece;
	while (str_next(&rest, ' ', &piece))
		if (str_is(piece, word))
			return true;
	return false;
}

static bool check_state(struct act *a, enum team_verb verb, struct err *err)
{
	if (is_word_of(words[verb].from, a->before.state))
		return true;
	const char *change = last_change(a, 0, false);
	bool is_over = is_word_of("resolved ignored", a->before.state);
	return err_set(err, ERR_REFUSED, "problem %lld is %s (%s)%s", (long long)a->problem, a->before.state,
		change ? change : "nobody said why", is_over ? "; 'reopen' it first" : "");
}

static bool is_of_another(const struct act *a)
{
	return a->before.assignee && strcmp(a->before.assignee, a->who) != 0;
}

/* Taking what somebody has is said in so many words, by assign. */
static bool check_taken(struct act *a, enum team_verb verb, struct err *err)
{
	if (verb != TEAM_ACK || !is_of_another(a))
		return true;
	const char *change = last_change(a, 0, false);
	return err_set(err, ERR_REFUSED, "problem %lld: %s has it (%s); 'assign' takes it over",
		(long long)a->problem, a->before.assignee, change ? change : "since a while");
}

/* --- writing ------------------------------------------------------------------------ */

/* How it was, for who undoes the step. */
static const char *prior_json(struct act *a)
{
	struct buf text;
	buf_init(&text, 0);
	struct json_writer w = {.out = &text};
	json_open(&w, '{');
	json_member_text(&w, "state", a->before.state);
	json_member_text(&w, "assignee", a->before.assignee);
	json_member_ms(&w, "closed_ms", a->before.closed_ms);
	json_member_ms(&w, "snoozed_until_ms", a->before.snoozed_until_ms);
	json_member_text(&w, "cause_kind", a->before.cause_kind);
	json_close(&w, '}');
	return arena_take(a->arena, &text);
}

/* What a person does something about is known to people as it stands. */
static bool put_status(struct act *a, struct err *err)
{
	const struct value params[] = {value_int(a->problem), value_text(a->after.state),
		value_text(a->after.assignee), value_ms(a->after.closed_ms),
		value_ms(a->after.snoozed_until_ms), value_text(a->after.cause_kind)};
	return store_exec(a->store,
		"UPDATE team.problem SET state = $2, assignee = $3, closed_ms = $4, snoozed_until_ms = $5,"
		" cause_kind = $6,"
		" told_count = count, told_pipelines ="
		" (SELECT count(*) FROM team.problem_pipeline q WHERE q.problem_id = team.problem.id)"
		" WHERE id = $1",
		params, ARRAY_LEN(params), NULL, err);
}

static bool put_event(struct act *a, const char *word, const char *text, int64_t command, int64_t undoes,
	int64_t *id, struct err *err)
{
	const struct value params[] = {value_int(a->problem), value_int(a->now_ms), value_text(a->who),
		value_text(word), value_text(text), value_text(prior_json(a)), value_int(command),
		undoes ? value_int(undoes) : value_text(NULL)};
	return store_exec_id(a->store,
		"INSERT INTO team.problem_event (problem_id, at_ms, who, verb, text, prior, step, undoes)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
		params, ARRAY_LEN(params), id, err);
}

/* Both rows of the audit: in this transaction it either happens or does not. */
static bool put_audit(struct act *a, const char *verb, const char *text, int64_t *id, struct err *err)
{
	struct buf args;
	buf_init(&args, 0);
	if (text) {
		struct json_writer w = {.out = &args};
		json_open(&w, '{');
		json_member_text(&w, "text", text);
		json_close(&w, '}');
	}
	const struct audit_entry entry = {.who = a->who,
		.verb = verb,
		.object_ref = arena_printf(a->arena, "problem:%lld", (long long)a->problem),
		.args = text ? buf_str(&args) : (struct str){0}};
	bool ok = audit_begin(a->store, &entry, id, err) && audit_end(a->store, &entry, *id, "done", err);
	buf_fini(&args);
	return ok;
}

static void tell(const struct act *a, int64_t command, struct team_done *out)
{
	out->command = command;
	out->problem = a->problem;
	out->title = a->before.title;
	out->state = a->after.state;
	out->assignee = a->after.assignee;
	out->snoozed_until_ms = a->after.snoozed_until_ms;
}

static void open_act(
	struct act *a, struct store *store, const struct config *config, const char *who, struct arena *arena)
{
	*a = (struct act){
		.store = store, .config = config, .arena = arena, .who = who, .now_ms = clock_now_ms()};
}

/* Ends the transaction as OK says. */
static bool close_act(struct act *a, bool ok, bool is_dry_run, struct err *err)
{
	if (ok && !is_dry_run)
		return store_commit(a->store, err);
	store_rollback(a->store);
	return ok;
}

/* --- one step ------------------------------------------------------------------------ */

/* What STEP makes of the problem; returns what the timeline says of it. */
static const char *change_status(struct act *a, const struct team_step *step)
{
	struct status *s = &a->after;
	const char *text = step->text && *step->text ? step->text : NULL;
	if (words[step->verb].to)
		s->state = words[step->verb].to;
	if (words[step->verb].to)
		s->snoozed_until_ms = s->closed_ms = TIME_NONE;
	switch (step->verb) {
	case TEAM_ACK:
		s->assignee = a->who;
		return text;
	case TEAM_ASSIGN:
		s->assignee = step->text ? text : a->who;
		s->state = s->assignee ? "acknowledged" : "open";
		return s->assignee ? s->assignee : "nobody";
	case TEAM_SNOOZE:
		s->snoozed_until_ms = step->until_ms;
		return arena_printf(a->arena, "until %s%s%s", when_local(a->arena, step->until_ms),
			text ? ": " : "", text ? text : "");
	case TEAM_RESOLVE:
		s->closed_ms = a->now_ms;
		return text;
	case TEAM_REOPEN:
		s->assignee = NULL;
		return text;
	case TEAM_CAUSE:
		s->cause_kind = text;
		return text;
	default:
		return text;
	}
}

static bool check_words(const struct team_step *step, int64_t now_ms, struct err *err)
{
	bool has_text = step->text && *str_trim(str_of(step->text)).p && str_trim(str_of(step->text)).n;
	if (step->verb == TEAM_CAUSE && (!has_text || !cause_is_kind(step->text)))
		return err_set(err, ERR_USAGE,
			"'%.40s' is no kind of cause: code, data, infrastructure, flaky, unknown",
			step->text ? step->text : "");
	if (is_remark(step->verb) && !has_text)
		return err_set(err, ERR_USAGE, "%s what? it has no text", words[step->verb].name);
	if (step->text && strlen(step->text) > TEAM_MOST_TEXT)
		return err_set(err, ERR_USAGE, "%s: %zu bytes of text are too many, %d are the most",
			words[step->verb].name, strlen(step->text), TEAM_MOST_TEXT);
	if (step->verb == TEAM_SNOOZE && step->until_ms <= now_ms)
		return err_set(err, ERR_USAGE, "snooze until when? that time is over");
	return true;
}

/* Whom a question about it goes to. */
static bool find_target(struct act *a, const struct team_step *step, struct team_done *out, struct err *err)
{
	if (step->verb != TEAM_ASK)
		return true;
	const struct config_notify *target = notify_target_of(a->config, a->before.owner);
	if (!target)
		return err_set(err, ERR_USAGE,
			"nobody said how to reach %s: an entry of that name below 'notify:' in portal.yaml does",
			a->before.owner ? a->before.owner : "the owner, whom no project names");
	out->target = arena_dupz(a->arena, target->name);
	return true;
}

static bool do_step(struct act *a, const struct team_step *step, struct team_done *out, struct err *err)
{
	int64_t audit, event;
	if (!read_status(a, err) || !check_seen(a, step->seen, err) || !check_state(a, step->verb, err) ||
		!check_taken(a, step->verb, err) || !find_target(a, step, out, err))
		return false;
	const char *text = change_status(a, step);
	if (!put_audit(a, words[step->verb].name, text, &audit, err))
		return false;
	int64_t command = step->command ? step->command : audit;
	tell(a, command, out);
	return put_event(a, words[step->verb].word, text, command, 0, &event, err) &&
	       (is_remark(step->verb) || put_status(a, err)) &&
	       (step->verb != TEAM_ASK ||
		       notify_ask(a->store, a->config, out->target, event, a->now_ms, err));
}

bool team_do(struct store *store, const struct config *config, const char *who, const struct team_step *step,
	struct arena *arena, struct team_done *out, struct err *err)
{
	struct act a;
	*out = (struct team_done){.problem = step->problem, .snoozed_until_ms = TIME_NONE};
	open_act(&a, store, config, who, arena);
	a.problem = step->problem;
	if (!check_words(step, a.now_ms, err) || !store_begin(store, err))
		return false;
	return close_act(&a, do_step(&a, step, out, err), step->is_dry_run, err);
}

/* --- undo ----------------------------------------------------------------------------- */

static int64_t member_ms(const struct json *object, const char *key)
{
	int64_t ms = TIME_NONE;
	json_int(json_get(object, key), &ms);
	return ms;
}

/* Back to what PRIOR says. */
static bool restore_status(struct act *a, const char *prior, struct err *err)
{
	struct json_doc *doc = json_parse(str_of(prior), err);
	if (!doc)
		return err_wrap(err, "problem %lld", (long long)a->problem);
	const struct json *root = json_root(doc);
	struct str state = json_get_str(root, "state"), assignee = json_get_str(root, "assignee");
	a->after.state = arena_dup(a->arena, state);
	a->after.assignee = assignee.p ? arena_dup(a->arena, assignee) : NULL;
	a->after.closed_ms = member_ms(root, "closed_ms");
	a->after.snoozed_until_ms = member_ms(root, "snoozed_until_ms");
	struct str kind = json_get_str(root, "cause_kind");
	if (kind.p) /* older ones did not say it */
		a->after.cause_kind = arena_dup(a->arena, kind);
	json_free(doc);
	return true;
}

/* One event of the command that is taken back. */
static bool undo_event(struct act *a, const struct result *rows, size_t row, int64_t *command,
	struct team_done *out, struct err *err)
{
	int64_t event = result_int(rows, row, 0, 0), audit, own;
	const char *word = result_text(rows, row, 2);
	a->problem = result_int(rows, row, 1, 0);
	bool is_note = !strcmp(word, "note"); /* takes back nothing that others build on */
	if (!read_status(a, err) || (!is_note && !check_seen(a, event, err)))
		return false;
	if (!is_note && !restore_status(a, result_text(rows, row, 3), err))
		return false;
	if (!put_audit(a, "undo", word, &audit, err))
		return false;
	if (!*command)
		*command = audit;
	tell(a, *command, out);
	return put_event(a, "undone", word, *command, event, &own, err) && (is_note || put_status(a, err));
}

static bool undo_last(struct act *a, struct team_done *out, size_t most, size_t *n, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_text(a->who), value_int(MOST_UNDONE)};
	if (!store_query(a->store,
		    "SELECT e.id, e.problem_id, e.verb, e.prior FROM team.problem_event e WHERE e.who = $1 AND e.step ="
		    " (SELECT l.step FROM team.problem_event l WHERE l.who = $1 AND l.step IS NOT NULL AND l.verb <> 'undone'"
		    " AND NOT EXISTS (SELECT 1 FROM team.problem_event u WHERE u.undoes = l.id) ORDER BY l.id DESC LIMIT 1)"
		    " ORDER BY e.id LIMIT $2",
		    params, ARRAY_LEN(params), a->arena, &rows, err))
		return false;
	if (!rows.n_rows)
		return err_set(err, ERR_NOT_FOUND, "there is nothing of %s to undo", a->who);
	int64_t command = 0;
	for (size_t i = 0; i < rows.n_rows && i < most; i++) {
		if (!strcmp(result_text(&rows, i, 2), "asked"))
			return err_set(
				err, ERR_REFUSED, "what was asked cannot be taken back: it is on its way");
		if (!undo_event(a, &rows, i, &command, &out[i], err))
			return false;
		*n = i + 1;
	}
	return true;
}

bool team_undo(struct store *store, const struct config *config, const char *who, bool is_dry_run,
	struct arena *arena, struct team_done *out, size_t most, size_t *n, struct err *err)
{
	struct act a;
	*n = 0;
	memset(out, 0, most * sizeof *out);
	open_act(&a, store, config, who, arena);
	if (!store_begin(store, err))
		return false;
	return close_act(&a, undo_last(&a, out, most, n, err), is_dry_run, err);
}

/* --- what it is about -------------------------------------------------------------------- */

bool team_problem_of(struct store *store, const struct ref *ref, int64_t *out, struct err *err)
{
	if (ref->kind == REF_PROBLEM)
		return str_to_int(str_of(ref->name), 1, INT64_MAX, out) ||
		       err_set(err, ERR_USAGE, "'problem:%s' is no problem: its id is a number", ref->name);
	if (!ref->source || !ref->pipeline)
		return err_set(err, ERR_USAGE,
			"problems stand for pipelines, runs and steps; or name one: problem:ID");
	const struct value params[] = {value_text(ref->source), value_text(ref->pipeline),
		value_text(ref->run), value_text(ref->step)};
	if (!store_exec_id(store,
		    "SELECT coalesce(max(b.id), 0) FROM team.problem b WHERE b.state <> 'resolved' AND (EXISTS"
		    " (SELECT 1 FROM team.occurrence o WHERE o.problem_id = b.id AND o.source = $1 AND o.pipeline = $2"
		    " AND (CAST($3 AS TEXT) IS NULL OR o.run = $3) AND (CAST($4 AS TEXT) IS NULL OR o.step = $4))"
		    " OR (CAST($3 AS TEXT) IS NULL AND EXISTS (SELECT 1 FROM team.problem_pipeline q"
		    " WHERE q.problem_id = b.id AND q.source = $1 AND q.pipeline = $2)))",
		    params, ARRAY_LEN(params), out, err))
		return false;
	return *out || err_set(err, ERR_NOT_FOUND, "no problem stands for this now");
}

static const struct clock_word {
	const char *name, *clock;
	bool is_tomorrow; /* not before tomorrow */
} clock_words[] = {{"morning", "08:00", false}, {"tomorrow", "09:00", true}, {"evening", "18:00", false}};

/* The start of the day behind NOW_MS, in local time. */
static int64_t next_midnight(int64_t now_ms)
{
	return late_next_clock("00:00", now_ms);
}

static int64_t clock_word_ms(const char *text, int64_t now_ms)
{
	for (size_t i = 0; i < ARRAY_LEN(clock_words); i++)
		if (!strcmp(text, clock_words[i].name))
			return late_next_clock(clock_words[i].clock,
				clock_words[i].is_tomorrow ? next_midnight(now_ms) : now_ms);
	return late_next_clock(text, now_ms);
}

bool team_until(const char *text, int64_t now_ms, int64_t due_ms, int64_t *out_ms, struct err *err)
{
	struct str s = str_trim(str_of(text));
	if (str_starts(s, STR("until ")))
		s = str_trim(str_slice(s, 6, s.n));
	int64_t ms;
	char word[64];
	snprintf(word, sizeof word, "%.*s", (int)(s.n < sizeof word ? s.n : 0), s.p);
	if (!strcmp(word, "due")) {
		if (due_ms == TIME_NONE)
			return err_set(err, ERR_USAGE, "it has no due time; name a time: 2h, morning, 17:30");
		ms = due_ms;
	} else if (when_parse_duration(s, &ms)) {
		ms = ms < INT64_MAX - now_ms ? now_ms + ms : TIME_NONE;
	} else {
		ms = clock_word_ms(word, now_ms);
		if (ms == TIME_NONE && !when_parse_since(s, now_ms, &ms))
			ms = TIME_NONE;
	}
	if (ms == TIME_NONE)
		return err_set(err, ERR_USAGE,
			"'%.*s' is no time: 2h, morning, tomorrow, due, 17:30, 2026-11-24 are", STR_FMT(s));
	if (ms <= now_ms)
		return err_set(err, ERR_USAGE, "'%.*s' is over already", STR_FMT(s));
	*out_ms = ms;
	return true;
}

static void add_value(struct buf *out, const struct value *value)
{
	if (value->type == VALUE_TEXT)
		buf_add(out, value->s);
	else if (value->type == VALUE_INT)
		buf_addf(out, "%lld", (long long)value->i);
	else if (value->type == VALUE_REAL)
		buf_addf(out, "%.3g", value->r);
	else
		buf_addz(out, "none");
}

/* What is unusual about its run, the most unusual first; nothing where nobody can say. */
static void add_changes(struct buf *out, struct store *store, const struct ref *place, struct arena *arena)
{
	struct changed changed;
	struct err err;
	size_t n = 0;
	if (!place->run || !changed_since_green(store, place, arena, &changed, &err))
		return;
	for (size_t i = 0; i < changed.n && n < MOST_CHANGES; i++) {
		const struct change *c = &changed.changes[i];
		if (!c->differs || changed.n_refs < 2)
			continue;
		buf_addf(out, "%s%s%s%s ", n++ ? ", " : " Changed: ", c->kind, *c->key ? " " : "", c->key);
		add_value(out, &c->values[0]);
		buf_addz(out, " → ");
		add_value(out, &c->values[changed.n_refs - 1]);
	}
	if (n)
		buf_addc(out, '.');
}

static struct ref place_in(const struct result *row)
{
	struct ref place = {.kind = REF_STEP,
		.source = result_text(row, 0, 6),
		.pipeline = result_text(row, 0, 7),
		.run = result_text(row, 0, 8),
		.step = result_text(row, 0, 2),
		.index = result_text(row, 0, 9)};
	if (!place.step)
		place.kind = REF_RUN;
	return place;
}

bool team_question(
	struct store *store, int64_t problem, struct arena *arena, const char **out, struct err *err)
{
	struct result row;
	struct buf text;
	const struct value params[] = {value_int(problem)};
	if (!store_query(store,
		    "SELECT title, coalesce(pipeline, source), nullif(step, ''), first_ms, count, due_ms, source, pipeline,"
		    " run, nullif(step_index, '') FROM team.problem WHERE id = $1",
		    params, 1, arena, &row, err))
		return false;
	if (!row.n_rows)
		return err_set(err, ERR_NOT_FOUND, "no problem %lld", (long long)problem);
	const char *step = result_text(&row, 0, 2);
	int64_t due_ms = result_ms(&row, 0, 5);
	const struct ref place = place_in(&row);
	buf_init(&text, TEAM_MOST_TEXT);
	buf_addf(&text, "%s%s%s: %s (since %s%s%s, problem:%lld).", result_text(&row, 0, 1),
		step ? " / " : "", step ? step : "", result_text(&row, 0, 0),
		when_local(arena, result_ms(&row, 0, 3)), due_ms == TIME_NONE ? "" : ", due ",
		due_ms == TIME_NONE ? "" : when_local(arena, due_ms), (long long)problem);
	add_changes(&text, store, &place, arena);
	buf_addz(&text, " Do you know this?");
	*out = arena_take(arena, &text);
	return true;
}

/* --- what sync finds ----------------------------------------------------------------------- */

#define PIPELINES_SQL "(SELECT count(*) FROM team.problem_pipeline q WHERE q.problem_id = team.problem.id)"

/* What is new is known as it is. */
static bool note_told(struct store *store, int64_t mark, struct err *err)
{
	const struct value params[] = {value_int(mark)};
	return store_exec(store,
		"UPDATE team.problem SET told_count = count, told_pipelines = " PIPELINES_SQL
		" WHERE (told_count IS NULL AND state IN ('open', 'acknowledged', 'snoozed')) OR id IN (SELECT problem_id"
		" FROM team.problem_event WHERE id > $1 AND verb IN ('opened', 'returned'))",
		params, 1, NULL, err);
}

#define OVER_SQL " WHERE state = 'snoozed' AND snoozed_until_ms <= $1"

static bool wake(struct store *store, int64_t now_ms, struct err *err)
{
	const struct value params[] = {value_int(now_ms)};
	return store_exec(store,
		       "INSERT INTO team.problem_event (problem_id, at_ms, who, verb, text)"
		       " SELECT id, $1, 'sync', 'woke', 'its snooze is over' FROM team.problem" OVER_SQL,
		       params, 1, NULL, err) &&
	       store_exec(store,
		       "UPDATE team.problem SET state = CASE WHEN assignee IS NULL THEN 'open' ELSE 'acknowledged' END,"
		       " snoozed_until_ms = NULL" OVER_SQL,
		       params, 1, NULL, err);
}

/* The rule of team.h. */
#define GROWN_SQL                                                                                                        \
	" WHERE state IN ('open', 'acknowledged', 'snoozed') AND ((count >= 2 * told_count AND count >= told_count + 3)" \
	" OR " PIPELINES_SQL " >= 2 * CASE WHEN told_pipelines > 0 THEN told_pipelines ELSE 1 END)"

static bool grow(struct store *store, int64_t now_ms, struct err *err)
{
	const struct value params[] = {value_int(now_ms)};
	return store_exec(store,
		       "INSERT INTO team.problem_event (problem_id, at_ms, who, verb, text)"
		       " SELECT id, $1, 'sync', 'grew', count || ' times in ' || " PIPELINES_SQL
		       " || ' pipelines, from ' || told_count || ' in ' || told_pipelines FROM team.problem" GROWN_SQL,
		       params, 1, NULL, err) &&
	       store_exec(store,
		       "UPDATE team.problem SET state = CASE WHEN state <> 'snoozed' THEN state"
		       " WHEN assignee IS NULL THEN 'open' ELSE 'acknowledged' END, snoozed_until_ms = NULL,"
		       " told_count = count, told_pipelines = " PIPELINES_SQL GROWN_SQL,
		       NULL, 0, NULL, err);
}

bool team_pass(struct store *store, int64_t now_ms, int64_t mark, struct err *err)
{
	return note_told(store, mark, err) && wake(store, now_ms, err) && grow(store, now_ms, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/why_facts.h"

#include "client/base/mem.h"
#include "client/stats/robust.h"
#include "views/compose.h"
#include "views/diff.h"
#include "views/format.h"

#include <math.h>
#include <time.h>

enum {
	MOST_CHANGES = 3,
	KEY_COLUMNS = 32,
	NAME_COLUMNS = 24,
	VALUE_COLUMNS = 40,
	TEXT_COLUMNS = 60,
	MOST_CONSUMERS = 3
};

struct page {
	struct view_data *data;
	const struct view_args *args;
	const struct why *why;
	struct block *facts;
};

#define FACT(page, label, role, ...) compose_fact((page)->data, (page)->facts, label, role, __VA_ARGS__)

static const char *number(struct view_data *data, double value)
{
	struct buf buf;
	buf_init(&buf, 0);
	const struct value cell = value_real(value);
	format_cell(&buf, &(struct format){0}, &(struct column){.type = COLUMN_REAL}, &cell);
	return arena_take(data->arena, &buf);
}

/* "2 Sep" */
static const char *day(struct view_data *data, int64_t ms)
{
	char text[32];
	time_t at = (time_t)(ms / 1000);
	struct tm tm;
	bool ok = localtime_r(&at, &tm) && strftime(text, sizeof text, "%e %b", &tm);
	return ok ? arena_dup(data->arena, str_trim(str_of(text))) : "–";
}

/* --- cause, and what to do --------------------------------------------------------------- */

static void add_cause(const struct page *p)
{
	const struct why *why = p->why;
	FACT(p, "cause", ROLE_CAUSE, "%s", why->text);
	struct line *line = FACT(p, "next", ROLE_HEADING, "%s", why->next.act);
	compose_span(p->data, line, ROLE_TEXT, " · %s", why->next.why);
}

/* --- can it wait? -------------------------------------------------------------------------- */

static void add_due(const struct page *p, struct line *line)
{
	int64_t due = p->why->wait.due_ms, now = p->args->now_ms;
	if (due == TIME_NONE)
		return;
	compose_span(p->data, line, due < now ? ROLE_FAILED : ROLE_LATE, "due %s (%s)",
		compose_local(p->data, due), compose_ago(p->data, due, now));
}

/* " · " but before the first. */
static const char *between(const struct line *line)
{
	return line->n_spans > 1 ? " · " : "";
}

static void add_promises(const struct page *p, struct line *line)
{
	const struct config_project *project = p->why->wait.project;
	if (!project)
		return;
	if (project->fallback)
		compose_span(p->data, line, ROLE_TEXT, "%sfallback: %s", between(line), project->fallback);
	for (size_t i = 0; i < project->n_consumers && i < MOST_CONSUMERS; i++) {
		const struct config_consumer *c = &project->consumers[i];
		compose_span(p->data, line, ROLE_TEXT, "%sfor %s%s%s", between(line), c->name,
			c->promise ? ": " : "", c->promise ? c->promise : "");
		if (c->contact)
			compose_span(p->data, line, ROLE_DIM, " (%s)", c->contact);
	}
}

static void add_blocked(const struct page *p, struct line *line)
{
	const struct wait *wait = &p->why->wait;
	long long n = wait->blocked_steps;
	if (n <= 0)
		return;
	compose_span(p->data, line, ROLE_TEXT, "%sblocks %lld step%s", between(line), n, n == 1 ? "" : "s");
	for (size_t i = 0; i < wait->n_behind; i++)
		compose_span(p->data, line, ROLE_DIM, "%s%s", i ? ", " : ": ",
			compose_cut(p->data, COLUMN_NAME, wait->behind[i], KEY_COLUMNS));
	if (wait->n_behind && (int64_t)wait->n_behind < wait->blocked_steps)
		compose_span(p->data, line, ROLE_DIM, ", …");
}

static void add_calendar(const struct page *p, struct line *line)
{
	const struct wait *wait = &p->why->wait;
	if (wait->launch)
		compose_span(p->data, line, ROLE_LATE, "%slaunch: %s", between(line), wait->launch->name);
	if (wait->freeze)
		compose_span(p->data, line, ROLE_LATE, "%sfreeze: %s", between(line), wait->freeze->name);
}

static void add_wait(const struct page *p)
{
	const struct wait *wait = &p->why->wait;
	struct line *line = FACT(p, "can wait?", ROLE_TEXT, "%s", "");
	add_due(p, line);
	if (wait->severity && strcmp(wait->severity, "production"))
		compose_span(p->data, line, ROLE_DIM, "%s%s: it wakes nobody", between(line), wait->severity);
	add_promises(p, line);
	add_blocked(p, line);
	add_calendar(p, line);
	if (line->n_spans == 1)
		compose_span(p->data, line, ROLE_DIM, "no due time, fallback or consumer is declared");
}

static void add_who(const struct page *p)
{
	const struct why *why = p->why;
	const struct config_project *project = why->wait.project;
	struct line *line = FACT(p, "who", ROLE_TEXT, "%s%s", why->owner ? "owner " : "no owner is known",
		why->owner ? why->owner : "");
	if (why->oncall)
		compose_span(p->data, line, ROLE_TEXT, " · on call %s", why->oncall);
	if (project)
		compose_span(p->data, line, ROLE_DIM, " · project %s", project->name);
	if (why->assignee)
		compose_span(p->data, line, ROLE_TEXT, " · taken by %s", why->assignee);
	else
		compose_span(p->data, line, ROLE_DIM, " · nobody has taken it");
}

/* --- values ------------------------------------------------------------------------------- */

static const char *curve_of(struct view_data *data, const struct why_check *check)
{
	static const char *const levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	double low = check->observed, high = check->observed;
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < check->n_before; i++) {
		low = fmin(low, check->before[i]);
		high = fmax(high, check->before[i]);
	}
	for (size_t i = 0; i <= check->n_before && high > low; i++) {
		double at = i < check->n_before ? check->before[i] : check->observed;
		buf_addz(&text, levels[(size_t)((at - low) / (high - low) * 7 + 0.5)]);
	}
	return arena_take(data->arena, &text);
}

static double middle_of(struct view_data *data, const struct why_check *check)
{
	double *copy = arena_array(data->arena, double, check->n_before + 1);
	memcpy(copy, check->before, check->n_before * sizeof *copy);
	return stats_median(copy, check->n_before);
}

/* "▁▁▁█ null_rate 0.004 for 90d, now 0.31, allowed ≤ 0.02" */
static void add_values(const struct page *p)
{
	const struct why_check *check = p->why->check;
	if (!check || !isfinite(check->observed))
		return;
	struct line *line = FACT(p, "values", ROLE_RUNNING, "%s", curve_of(p->data, check));
	compose_span(p->data, line, ROLE_TEXT, "%s%s", line->spans[0].text[0] ? "  " : "", check->name);
	if (check->n_before)
		compose_span(p->data, line, ROLE_TEXT, " %s for %s,",
			number(p->data, middle_of(p->data, check)),
			compose_age(p->data, check->since_ms, p->args->now_ms));
	compose_span(p->data, line, ROLE_FAILED, " now %s", number(p->data, check->observed));
	if (isfinite(check->lower))
		compose_span(p->data, line, ROLE_TEXT, ", allowed ≥ %s", number(p->data, check->lower));
	if (isfinite(check->upper))
		compose_span(p->data, line, ROLE_TEXT, "%s ≤ %s",
			isfinite(check->lower) ? " and" : ", allowed", number(p->data, check->upper));
}

/* --- what changed ---------------------------------------------------------------------------- */

static void add_change(const struct page *p, struct line *line, const struct change *change)
{
	struct view_data *data = p->data;
	const char *judged = change->weight > 0 ? diff_judgement(data->arena, change, 1) : "";
	compose_span(data, line, ROLE_TEXT, "%s%s %s ", between(line), change->kind,
		compose_cut(data, COLUMN_NAME, diff_key(change), KEY_COLUMNS));
	diff_add_spans(data, line, change, VALUE_COLUMNS);
	if (*judged)
		compose_span(data, line, ROLE_DIM, " (%s)", judged);
}

static void add_changed(const struct page *p)
{
	const struct why *why = p->why;
	if (!why->has_changed && !why->unchanged_because)
		return;
	struct line *line = FACT(p, "changed", ROLE_TEXT, "%s", "");
	if (!why->has_changed) {
		compose_span(p->data, line, ROLE_DIM, "%s", why->unchanged_because);
		return;
	}
	for (size_t i = 0; i < why->changed.n && i < MOST_CHANGES; i++)
		add_change(p, line, &why->changed.changes[i]);
	if (why->changed.n > MOST_CHANGES)
		compose_span(p->data, line, ROLE_DIM, " · %zu more", why->changed.n - MOST_CHANGES);
	if (!why->changed.n)
		compose_span(p->data, line, ROLE_DIM, "nothing that is reported, since %s",
			compose_cut(p->data, COLUMN_NAME, why->changed.names[0], NAME_COLUMNS));
	if (why->changed.unreported)
		compose_span(p->data, line, ROLE_DIM, " · not reported by %s: %s", why->place.source,
			why->changed.unreported);
}

/* --- would a rerun help? ------------------------------------------------------------------- */

static const char *verdict_of(const struct past *past)
{
	if (!past->rerun_tried)
		return "nobody tried after this cause";
	if (!past->rerun_passed)
		return "would not help";
	return 2 * past->rerun_passed >= past->rerun_tried ? "helps often" : "helps seldom";
}

static void add_helped(const struct page *p, struct line *line, const struct past_helped *h)
{
	struct view_data *data = p->data;
	if (h->verb) {
		const char *with = past_args(h, data->arena);
		compose_span(data, line, ROLE_TEXT, " · %s%s%s helped %lld of %lld", h->verb,
			*with ? " with " : "", compose_cut(data, COLUMN_TEXT, with, TEXT_COLUMNS),
			(long long)h->passed, (long long)h->tried);
	} else {
		compose_span(data, line, ROLE_TEXT, " · “%s”",
			compose_cut(data, COLUMN_TEXT, h->text, TEXT_COLUMNS));
	}
	compose_span(data, line, ROLE_DIM, " (%s, %s, %s)", h->who, day(data, h->at_ms),
		compose_duration(data, h->took_ms));
}

static void add_rerun(const struct page *p)
{
	const struct past *past = &p->why->past;
	enum { MOST_SHOWN = 2 };
	if (!p->why->place.run || strcmp(p->why->kind, "failed") || p->why->is_past_unknown)
		return;
	struct line *line = FACT(p, "rerun?", ROLE_TEXT, "%s", verdict_of(past));
	if (past->rerun_tried)
		compose_span(p->data, line, ROLE_TEXT, ": %lld of %lld passed after this cause",
			(long long)past->rerun_passed, (long long)past->rerun_tried);
	if (past->input_tried)
		compose_span(p->data, line, ROLE_TEXT, " (%lld of %lld with the same input)",
			(long long)past->input_passed, (long long)past->input_tried);
	for (size_t i = 0; i < past->n_helped && i < MOST_SHOWN; i++)
		add_helped(p, line, &past->helped[i]);
}

/* --- what is known of the step --------------------------------------------------------------- */

static void add_history(const struct page *p)
{
	struct view_data *data = p->data;
	const struct past *past = &p->why->past;
	const struct stats_failures *f = &past->failures;
	if (!f->runs)
		return;
	struct line *line =
		FACT(p, "history", ROLE_TEXT, "failed %.0f %% of %zu tries", 100 * f->failure_rate, f->runs);
	if (isfinite(f->ttr_median_km))
		compose_span(data, line, ROLE_TEXT, " · half of it was over within %s",
			compose_duration(data, (int64_t)f->ttr_median_km));
	if (f->healed_by_retry)
		compose_span(data, line, ROLE_TEXT, " · %zu cured by a retry", f->healed_by_retry);
	if (past->has_rate_change)
		compose_span(data, line, ROLE_LATE, " · fails %s often since %s (%.0f %% → %.0f %%)",
			past->rate_after > past->rate_before ? "more" : "less",
			compose_cut(data, COLUMN_NAME, past->changed_run, KEY_COLUMNS),
			100 * past->rate_before, 100 * past->rate_after);
	if (past->has_new_duration)
		compose_span(data, line, ROLE_TEXT, " · takes %s → %s since %s",
			compose_duration(data, (int64_t)past->duration_before_ms),
			compose_duration(data, (int64_t)past->duration_after_ms),
			day(data, past->duration_since_ms));
}

static void add_similar(const struct page *p)
{
	const struct past *past = &p->why->past;
	for (size_t i = 0; i < past->n_similar && i < MOST_CHANGES; i++) {
		const struct past_similar *s = &past->similar[i];
		struct line *line =
			FACT(p, i ? "" : "similar", ROLE_LINK, "problem %lld", (long long)s->problem);
		compose_span(p->data, line, ROLE_TEXT, " %s",
			compose_cut(p->data, COLUMN_CAUSE, s->title, TEXT_COLUMNS));
		compose_span(p->data, line, ROLE_DIM, " · %s · %s", s->state,
			compose_ago(p->data, s->last_ms, p->args->now_ms));
		line->ref = arena_printf(p->data->arena, "problem:%lld", (long long)s->problem);
	}
}

/* --- where and when ---------------------------------------------------------------------------- */

static void add_place(const struct page *p)
{
	const struct why *why = p->why;
	const struct ref *ref = &why->place;
	const char *step = ref->step ? ref->step : why->subject;
	struct line *line = FACT(p, "where", ROLE_LINK, "%s%s%s", ref->pipeline ? ref->pipeline : ref->source,
		step ? " ▸ " : "", step ? step : "");
	if (why->label)
		compose_span(p->data, line, ROLE_TEXT, " [%s]", why->label);
	if (ref->run)
		compose_span(p->data, line, ROLE_DIM, "  run %s", ref->run);
	if (ref->attempt > 1)
		compose_span(p->data, line, ROLE_DIM, ", try %lld", (long long)ref->attempt);
	if (ref->pipeline)
		compose_span(p->data, line, ROLE_DIM, "  on %s", ref->source);
	line->ref = compose_ref(p->data, ref);
}

static void add_since(const struct page *p)
{
	const struct why *why = p->why;
	struct line *line = FACT(p, "since", ROLE_TEXT, "%s (%s)", compose_local(p->data, why->first_ms),
		compose_age(p->data, why->first_ms, p->args->now_ms));
	if (why->count > 1)
		compose_span(p->data, line, ROLE_TEXT, " · %lld times", (long long)why->count);
	if (why->known)
		compose_span(p->data, line, ROLE_LATE, " · %s", why->known);
	if (why->past.n_episodes > 1)
		compose_span(p->data, line, ROLE_TEXT, " · %zu times over before", why->past.n_episodes);
	if (strcmp(why->state, "open"))
		compose_span(p->data, line, format_state_role(str_of(why->state)), " · %s", why->state);
}

static void add_kind(const struct page *p)
{
	const struct why *why = p->why;
	struct line *line = FACT(p, "kind", ROLE_TEXT, "%s", why->cause_kind);
	compose_span(p->data, line, ROLE_DIM, " · %s", why->cause_why);
	if (why->runbook)
		FACT(p, "runbook", ROLE_LINK, "%s", why->runbook)->ref =
			arena_printf(p->data->arena, "doc:%s", why->runbook);
}

struct block *why_add_facts(struct view_data *data, const struct view_args *args, const struct why *why)
{
	const struct page page = {data, args, why, compose_block(data, BLOCK_FACTS, "why", "why")};
	static void (*const parts[])(const struct page *) = {add_cause, add_wait, add_who, add_values,
		add_changed, add_rerun, add_history, add_place, add_since, add_kind, add_similar};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		parts[i](&page);
	return page.facts;
}

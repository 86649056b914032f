/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/why_json.h"

#include "client/base/mem.h"
#include "views/json.h"

#include <math.h>
#include <stdio.h>

/* What is no finite number is not known. */
static void put_number(struct json_writer *w, const char *key, double value)
{
	json_key(w, key);
	if (isfinite(value))
		json_put_num(w, value);
	else
		json_put_null(w);
}

static void put_whole(struct json_writer *w, const char *key, double value)
{
	json_member_ms(w, key, isfinite(value) ? (int64_t)llround(value) : INT64_MIN);
}

static void put_value(struct json_writer *w, const char *key, const struct value *value)
{
	json_key(w, key);
	json_put_value(w, value);
}

static void put_changes(struct json_writer *w, const struct why *why)
{
	json_key(w, "changes");
	json_open(w, '[');
	for (size_t i = 0; why->has_changed && i < why->changed.n; i++) {
		const struct change *change = &why->changed.changes[i];
		json_open(w, '{');
		json_member_text(w, "kind", change->kind);
		json_member_text(w, "key", *change->key ? change->key : NULL);
		put_value(w, "before", &change->values[0]);
		put_value(w, "after", &change->values[1]);
		put_value(w, "unusual", &change->unusual[1]);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void put_failures(struct json_writer *w, const struct stats_failures *f)
{
	json_member_int(w, "runs", (int64_t)f->runs);
	json_member_int(w, "failed", (int64_t)f->failed);
	put_number(w, "failure_rate", f->failure_rate);
	put_number(w, "failure_rate_low", f->wilson_low);
	put_number(w, "failure_rate_high", f->wilson_high);
	json_member_int(w, "incidents", (int64_t)f->incidents);
	json_member_int(w, "longest_streak", (int64_t)f->longest_streak);
	put_number(w, "flakiness", f->flakiness);
	put_number(w, "flip_rate", f->flip_rate);
	put_whole(w, "mttr_ms", f->mttr);
	put_whole(w, "ttr_median_ms", f->ttr_median_km);
	put_whole(w, "mtbf_ms", f->mtbf);
}

static void put_turns(struct json_writer *w, const struct past *past)
{
	json_member_text(w, "rate_changed_run", past->has_rate_change ? past->changed_run : NULL);
	json_member_ms(w, "rate_changed_ms", past->has_rate_change ? past->changed_ms : INT64_MIN);
	put_number(w, "rate_before", past->has_rate_change ? past->rate_before : NAN);
	put_number(w, "rate_after", past->has_rate_change ? past->rate_after : NAN);
	json_member_ms(
		w, "duration_changed_ms", past->has_new_duration ? past->duration_since_ms : INT64_MIN);
	put_whole(w, "duration_before_ms", past->has_new_duration ? past->duration_before_ms : NAN);
	put_whole(w, "duration_after_ms", past->has_new_duration ? past->duration_after_ms : NAN);
}

static void put_helped(struct json_writer *w, const struct past *past)
{
	json_key(w, "helped");
	json_open(w, '[');
	for (size_t i = 0; i < past->n_helped; i++) {
		const struct past_helped *h = &past->helped[i];
		json_open(w, '{');
		json_member_text(w, "verb", h->verb);
		json_member_text(w, "object_ref", h->object_ref);
		json_member_text(w, "text", h->text);
		json_member_text(w, "who", h->who);
		json_member_ms(w, "at_ms", h->at_ms);
		json_member_ms(w, "took_ms", h->took_ms);
		json_member_int(w, "tried", h->tried);
		json_member_int(w, "passed", h->passed);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void put_similar(struct json_writer *w, const struct past *past)
{
	char ref[32];
	json_key(w, "similar");
	json_open(w, '[');
	for (size_t i = 0; i < past->n_similar; i++) {
		const struct past_similar *s = &past->similar[i];
		snprintf(ref, sizeof ref, "problem:%lld", (long long)s->problem);
		json_open(w, '{');
		json_member_text(w, "ref", ref);
		json_member_text(w, "title", s->title);
		json_member_text(w, "state", s->state);
		json_member_ms(w, "last_ms", s->last_ms);
		json_key(w, "same_cause");
		json_put_bool(w, s->is_same_cause);
		json_close(w, '}');
	}
	json_close(w, ']');
}

void why_put_json(struct json_writer *w, const struct why *why)
{
	const struct past *past = &why->past;
	json_member_text(w, "next_act", why->next.act);
	json_member_text(w, "next_why", why->next.why);
	json_member_text(w, "cause_why", why->cause_why);
	json_member_text(w, "runbook", why->runbook);
	json_member_text(w, "fallback", why->wait.project ? why->wait.project->fallback : NULL);
	if (why->is_past_unknown) {
		static const char *const unknown[] = {"rerun_tried", "rerun_passed", "changes", "history"};
		for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
			json_member_text(w, unknown[i], NULL);
		return;
	}
	json_member_int(w, "rerun_tried", past->rerun_tried);
	json_member_int(w, "rerun_passed", past->rerun_passed);
	put_changes(w, why);
	json_key(w, "history");
	json_open(w, '{');
	put_failures(w, &past->failures);
	put_turns(w, past);
	json_member_int(w, "episodes", (int64_t)past->n_episodes);
	put_helped(w, past);
	put_similar(w, past);
	json_close(w, '}');
}

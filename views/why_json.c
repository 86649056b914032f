/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/why_json.h"

#include "client/base/mem.h"

#include <math.h>
#include <stdio.h>

static void put_text(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_put_str(w, text ? str_of(text) : (struct str){0});
}

static void put_int(struct json_writer *w, const char *key, int64_t value)
{
	json_key(w, key);
	json_put_int(w, value);
}

static void put_ms(struct json_writer *w, const char *key, int64_t ms)
{
	json_key(w, key);
	json_put_ms(w, ms);
}

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
	put_ms(w, key, isfinite(value) ? (int64_t)llround(value) : INT64_MIN);
}

static void put_value(struct json_writer *w, const char *key, const struct value *value)
{
	json_key(w, key);
	switch (value->type) {
	case VALUE_NULL:
		json_put_null(w);
		break;
	case VALUE_INT:
		json_put_int(w, value->i);
		break;
	case VALUE_REAL:
		json_put_num(w, value->r);
		break;
	case VALUE_TEXT:
		json_put_str(w, value->s);
		break;
	}
}

static void put_changes(struct json_writer *w, const struct why *why)
{
	json_key(w, "changes");
	json_open(w, '[');
	for (size_t i = 0; why->has_changed && i < why->changed.n; i++) {
		const struct change *change = &why->changed.changes[i];
		json_open(w, '{');
		put_text(w, "kind", change->kind);
		put_text(w, "key", *change->key ? change->key : NULL);
		put_value(w, "before", &change->values[0]);
		put_value(w, "after", &change->values[1]);
		put_value(w, "unusual", &change->unusual[1]);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void put_failures(struct json_writer *w, const struct stats_failures *f)
{
	put_int(w, "runs", (int64_t)f->runs);
	put_int(w, "failed", (int64_t)f->failed);
	put_number(w, "failure_rate", f->failure_rate);
	put_number(w, "failure_rate_low", f->wilson_low);
	put_number(w, "failure_rate_high", f->wilson_high);
	put_int(w, "incidents", (int64_t)f->incidents);
	put_int(w, "longest_streak", (int64_t)f->longest_streak);
	put_number(w, "flakiness", f->flakiness);
	put_number(w, "flip_rate", f->flip_rate);
	put_whole(w, "mttr_ms", f->mttr);
	put_whole(w, "ttr_median_ms", f->ttr_median_km);
	put_whole(w, "mtbf_ms", f->mtbf);
}

static void put_turns(struct json_writer *w, const struct past *past)
{
	put_text(w, "rate_changed_run", past->has_rate_change ? past->changed_run : NULL);
	put_ms(w, "rate_changed_ms", past->has_rate_change ? past->changed_ms : INT64_MIN);
	put_number(w, "rate_before", past->has_rate_change ? past->rate_before : NAN);
	put_number(w, "rate_after", past->has_rate_change ? past->rate_after : NAN);
	put_ms(w, "duration_changed_ms", past->has_new_duration ? past->duration_since_ms : INT64_MIN);
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
		put_text(w, "verb", h->verb);
		put_text(w, "object_ref", h->object_ref);
		put_text(w, "text", h->text);
		put_text(w, "who", h->who);
		put_ms(w, "at_ms", h->at_ms);
		put_ms(w, "took_ms", h->took_ms);
		put_int(w, "tried", h->tried);
		put_int(w, "passed", h->passed);
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
		put_text(w, "ref", ref);
		put_text(w, "title", s->title);
		put_text(w, "state", s->state);
		put_ms(w, "last_ms", s->last_ms);
		json_key(w, "same_cause");
		json_put_bool(w, s->is_same_cause);
		json_close(w, '}');
	}
	json_close(w, ']');
}

void why_put_json(struct json_writer *w, const struct why *why)
{
	const struct past *past = &why->past;
	put_text(w, "next_act", why->next.act);
	put_text(w, "next_why", why->next.why);
	put_text(w, "cause_why", why->cause_why);
	put_text(w, "runbook", why->runbook);
	put_text(w, "fallback", why->wait.project ? why->wait.project->fallback : NULL);
	if (why->is_past_unknown) {
		static const char *const unknown[] = {"rerun_tried", "rerun_passed", "changes", "history"};
		for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
			put_text(w, unknown[i], NULL);
		return;
	}
	put_int(w, "rerun_tried", past->rerun_tried);
	put_int(w, "rerun_passed", past->rerun_passed);
	put_changes(w, why);
	json_key(w, "history");
	json_open(w, '{');
	put_failures(w, &past->failures);
	put_turns(w, past);
	put_int(w, "episodes", (int64_t)past->n_episodes);
	put_helped(w, past);
	put_similar(w, past);
	json_close(w, '}');
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/next.h"

#include "client/base/mem.h"

/* So many that never passed are no accident. */
enum { TRIED_ENOUGH = 2 };

static bool is_failed(const struct next_facts *f)
{
	return !strcmp(f->kind, "failed");
}

static bool wants(const struct next_facts *f, const char *act)
{
	return f->cause->act && !strcmp(f->cause->act, act);
}

/* --- rows: whether it applies, and why ------------------------------------------------------ */

static bool is_over(const struct next_facts *f)
{
	return !strcmp(f->state, "resolved") || !strcmp(f->state, "ignored");
}

static const char *say_over(const struct next_facts *f, struct arena *arena)
{
	return arena_printf(arena, "it is %s", f->state);
}

static bool is_flaky(const struct next_facts *f)
{
	return f->is_flaky;
}

static const char *say_cause(const struct next_facts *f, struct arena *arena)
{
	(void)arena;
	return f->cause->why;
}

static bool is_tried_again(const struct next_facts *f)
{
	return f->again != NULL;
}

static const char *say_again(const struct next_facts *f, struct arena *arena)
{
	(void)arena;
	return f->again;
}

static bool is_platform(const struct next_facts *f)
{
	return !strcmp(f->kind, "platform");
}

static bool is_down(const struct next_facts *f)
{
	return f->down && !is_platform(f);
}

static const char *say_down(const struct next_facts *f, struct arena *arena)
{
	return arena_printf(arena, "nothing would start on %s: %s", f->source, f->down);
}

static bool is_upstream(const struct next_facts *f)
{
	return f->waits_for != NULL;
}

static const char *say_upstream(const struct next_facts *f, struct arena *arena)
{
	return arena_printf(arena, "%s has a problem itself: that goes first", f->waits_for);
}

static const struct past_helped *trigger_that_helped(const struct next_facts *f)
{
	for (size_t i = 0; i < f->past->n_helped; i++)
		if (f->past->helped[i].verb && !strcmp(f->past->helped[i].verb, "trigger"))
			return &f->past->helped[i];
	return NULL;
}

static bool has_helped(const struct next_facts *f)
{
	return is_failed(f) && trigger_that_helped(f) != NULL;
}

static const char *say_helped(const struct next_facts *f, struct arena *arena)
{
	const struct past_helped *h = trigger_that_helped(f);
	const char *args = past_args(h, arena);
	return arena_printf(arena, "a run with %s helped %lld of %lld times (%s)",
		*args ? args : "other parameters", (long long)h->passed, (long long)h->tried, h->who);
}

static bool never_passes(const struct next_facts *f)
{
	bool is_known = wants(f, "trigger") || wants(f, "wait") || wants(f, "fix");
	return is_failed(f) && !is_known && f->past->rerun_tried >= TRIED_ENOUGH && !f->past->rerun_passed;
}

static const char *say_tries(const struct next_facts *f, struct arena *arena)
{
	return arena_printf(arena, "%lld of %lld reruns passed after this cause",
		(long long)f->past->rerun_passed, (long long)f->past->rerun_tried);
}

static bool mostly_passes(const struct next_facts *f)
{
	return is_failed(f) && f->past->rerun_passed > 0 && 2 * f->past->rerun_passed >= f->past->rerun_tried;
}

static bool is_one_of_many(const struct next_facts *f)
{
	return f->is_mapped && wants(f, "rerun");
}

static bool asks_for_rerun(const struct next_facts *f)
{
	return wants(f, "rerun");
}

static bool asks_for_trigger(const struct next_facts *f)
{
	return wants(f, "trigger");
}

static bool asks_for_wait(const struct next_facts *f)
{
	return wants(f, "wait");
}

static bool asks_for_restart(const struct next_facts *f)
{
	return wants(f, "restart");
}

static bool asks_for_fix(const struct next_facts *f)
{
	return wants(f, "fix");
}

static bool is_untried(const struct next_facts *f)
{
	return is_failed(f) && !f->past->rerun_tried;
}

static const char *say_untried(const struct next_facts *f, struct arena *arena)
{
	if (f->is_past_unknown)
		return arena_printf(arena, "%s; what was tried before is not known here", f->cause->why);
	return arena_printf(arena, "%s, and nobody has tried again yet", f->cause->why);
}

static bool always(const struct next_facts *f)
{
	(void)f;
	return true;
}

static const char *say_read(const struct next_facts *f, struct arena *arena)
{
	return arena_printf(arena, "%s: the log says more", f->cause->why);
}

static const struct {
	bool (*applies)(const struct next_facts *f);
	const char *act;
	const char *(*why)(const struct next_facts *f, struct arena *arena);
} table[] = {
	{is_flaky, "none", say_cause},
	{is_over, "none", say_over},
	{is_tried_again, "wait", say_again},
	{is_down, "restart", say_down},
	{is_upstream, "wait", say_upstream},
	{has_helped, "trigger", say_helped},
	{never_passes, "fix", say_tries},
	{mostly_passes, "rerun", say_tries},
	{is_one_of_many, "clear", say_cause},
	{asks_for_rerun, "rerun", say_cause},
	{asks_for_trigger, "trigger", say_cause},
	{asks_for_wait, "wait", say_cause},
	{asks_for_restart, "restart", say_cause},
	{asks_for_fix, "fix", say_cause},
	{is_untried, "rerun", say_untried},
	{always, "fix", say_read},
};

struct next next_act(const struct next_facts *facts, struct arena *arena)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].applies(facts))
			return (struct next){table[i].act, table[i].why(facts, arena)};
	bug(__FILE__, __LINE__, "no row applies");
}

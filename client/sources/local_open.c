/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sources/local_open.h"

#include "client/protocol/state.h"

/* The newest line of one run or attempt that is under way. */
struct item {
	struct item *next;
	enum record_kind kind;
	const char *pipeline, *run, *step, *index;
	int64_t attempt, heartbeat_ms;
	struct str line;
};

/* More than this is no run of one machine, and each line looks through all. */
enum { MOST_ITEMS = 2000 };

struct local_open {
	struct arena *arena;
	struct item *items;
	size_t n;
};

struct local_open *local_open_new(struct arena *arena)
{
	struct local_open *open = arena_new_of(arena, struct local_open);

	open->arena = arena;
	return open;
}

static bool is_same(const struct item *a, const struct item *b)
{
	return a->kind == b->kind && a->attempt == b->attempt && str_same(a->step, b->step) &&
	       str_same(a->index, b->index) && str_same(a->run, b->run) && str_same(a->pipeline, b->pipeline);
}

/* Where the like of ITEM is, or the end of the list. */
static struct item **find(struct local_open *open, const struct item *item)
{
	struct item **at = &open->items;

	while (*at && !is_same(*at, item))
		at = &(*at)->next;
	return at;
}

static bool is_under_way(const char *state)
{
	enum state known = state_of(str_of(state));

	return known == STATE_RUNNING || known == STATE_QUEUED;
}

static void keep(struct local_open *open, struct item **at, const struct item *item, struct str line)
{
	if (!*at && open->n == MOST_ITEMS)
		return;
	if (!*at) {
		open->n++;
		*at = arena_new_of(open->arena, struct item);
		**at = *item;
		(*at)->pipeline = arena_dupz(open->arena, item->pipeline);
		(*at)->run = arena_dupz(open->arena, item->run);
		(*at)->step = item->step ? arena_dupz(open->arena, item->step) : NULL;
		(*at)->index = item->index ? arena_dupz(open->arena, item->index) : NULL;
	}
	(*at)->heartbeat_ms = item->heartbeat_ms;
	(*at)->line.p = arena_dup(open->arena, line);
	(*at)->line.n = line.n;
}

void local_open_note(struct local_open *open, const struct record *record, struct str line)
{
	const struct record_step_run *s = &record->step_run;
	struct item item = {.kind = record->kind, .heartbeat_ms = TIME_NONE};
	const char *state;

	if (record->kind == RECORD_RUN) {
		item.pipeline = record->run.pipeline;
		item.run = record->run.run;
		item.heartbeat_ms = record->run.heartbeat_ms;
		state = record->run.state;
	} else if (record->kind == RECORD_STEP_RUN) {
		item.pipeline = s->pipeline;
		item.run = s->run;
		item.step = s->step;
		item.index = s->index;
		item.attempt = s->attempt;
		state = s->state;
	} else {
		return;
	}
	struct item **at = find(open, &item);

	/* A run without a heartbeat is never called lost: who writes it may have none. */
	if (is_under_way(state) && (item.step || item.heartbeat_ms != TIME_NONE)) {
		keep(open, at, &item, line);
	} else if (*at) {
		*at = (*at)->next;
		open->n--;
	}
}

static void tell_lost(struct pull *pull, const struct item *item)
{
	struct json_doc *doc = json_parse(item->line, NULL);
	struct record record;

	if (record_read(pull_scratch(pull), item->kind, json_get(json_root(doc), "params"), &record, NULL)) {
		if (item->kind == RECORD_RUN)
			record.run.state = state_word(STATE_LOST);
		else
			record.step_run.state = state_word(item->attempt > 0 ? STATE_LOST : STATE_SKIPPED);
		pull_emit(pull, &record);
	}
	json_free(doc);
}

bool local_open_end(struct local_open *open, struct pull *pull, int64_t now_ms)
{
	bool is_open = false;

	for (const struct item *run = open->items; run; run = run->next) {
		if (run->kind != RECORD_RUN)
			continue;
		if (now_ms == TIME_NONE || now_ms - run->heartbeat_ms <= LOCAL_LOST_MS) {
			is_open = true;
			continue;
		}
		for (const struct item *part = open->items; part; part = part->next)
			if (str_same(part->run, run->run) && str_same(part->pipeline, run->pipeline))
				tell_lost(pull, part);
	}
	return is_open;
}

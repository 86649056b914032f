/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/diff.h"

#include "client/base/mem.h"
#include "views/compose.h"
#include "views/format.h"

enum { RUN_COLUMNS = 22 };

/* --- values as a person reads them --------------------------------------------------------- */

static enum column_type type_of(const struct change *change)
{
	static const enum column_type types[] = {
		[CHANGED_TEXT] = COLUMN_TEXT,
		[CHANGED_CAUSE] = COLUMN_CAUSE,
		[CHANGED_NUMBER] = COLUMN_REAL,
		[CHANGED_COUNT] = COLUMN_INT,
		[CHANGED_DURATION] = COLUMN_DURATION,
	};
	return types[change->type];
}

const char *diff_value(struct arena *arena, const struct change *change, size_t run)
{
	struct buf text;
	buf_init(&text, 0);
	format_cell(
		&text, &(struct format){0}, &(struct column){.type = type_of(change)}, &change->values[run]);
	return arena_take(arena, &text);
}

const char *diff_judgement(struct arena *arena, const struct change *change, size_t run)
{
	bool is_text = change->type == CHANGED_TEXT || change->type == CHANGED_CAUSE;
	const struct value *unusual = &change->unusual[run];
	if (unusual->type != VALUE_REAL)
		return "";
	if (!is_text)
		return unusual->r < CHANGED_UNUSUAL ? "usual"
						    : arena_printf(arena, "unusual: %.3g sd off",
							      unusual->r < 1e6 ? unusual->r : 1e6);
	if (!change->n_changed)
		return arena_printf(arena, "the same for %zu runs", change->n_before);
	return unusual->r < CHANGED_UNUSUAL
		       ? "changes often"
		       : arena_printf(arena, "changed %zu× in %zu runs", change->n_changed, change->n_before);
}

void diff_add_spans(struct view_data *data, struct line *line, const struct change *change, size_t columns)
{
	const char *before = diff_value(data->arena, change, 0), *after = diff_value(data->arena, change, 1);
	compose_span(data, line, ROLE_DIM, "%s → ", compose_cut(data, COLUMN_CAUSE, before, columns));
	compose_span(data, line, change->weight > 0 ? ROLE_LATE : ROLE_TEXT, "%s",
		compose_cut(data, COLUMN_CAUSE, after, columns));
}

/* --- tables --------------------------------------------------------------------------- */

static const struct column columns[] = {
	{.key = "kind", .title = "WHAT", .type = COLUMN_TEXT},
	{.key = "key", .type = COLUMN_NAME, .flags = COLUMN_HIDDEN},
	{.key = "shown_key",
		.title = " ",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.width = 40},
	{.key = "was",
		.title = "BEFORE",
		.type = COLUMN_CAUSE,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.width = 36},
	{.key = "now",
		.title = "AFTER",
		.type = COLUMN_CAUSE,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.width = 36},
	{.key = "judged", .title = " ", .type = COLUMN_TEXT, .flags = COLUMN_SCREEN, .priority = 1},
	{.key = "before", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN},
	{.key = "after", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN},
	{.key = "unusual", .type = COLUMN_REAL, .flags = COLUMN_HIDDEN},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN},
};
enum { KIND, KEY, SHOWN_KEY, WAS, NOW_CELL, JUDGED, BEFORE, AFTER, UNUSUAL, REF, N_COLUMNS };

static const char *ref_text(struct arena *arena, const struct ref *ref)
{
	struct buf text;
	buf_init(&text, 0);
	ref_add(&text, ref);
	return arena_take(arena, &text);
}

const char *diff_key(const struct change *change)
{
	return *change->key ? change->key : change->type == CHANGED_DURATION ? "the whole" : "";
}

static struct table new_table(
	struct arena *arena, const struct column *cols, size_t n_columns, size_t most_rows, const char *empty)
{
	struct table table = {.columns = cols, .n_columns = n_columns, .ref_column = -1, .empty = empty};
	table.result = (struct result){.arena = arena,
		.n_columns = n_columns,
		.cells = arena_array(arena, struct value, most_rows * n_columns + 1),
		.names = arena_array(arena, const char *, n_columns)};
	for (size_t i = 0; i < n_columns; i++)
		table.result.names[i] = cols[i].key;
	return table;
}

static void put_row(struct diff *diff, const struct change *change, size_t run)
{
	struct arena *arena = diff->table.result.arena;
	const struct changed *changed = &diff->changed;
	struct value *cells = &diff->table.result.cells[diff->table.result.n_rows++ * N_COLUMNS];
	cells[KIND] = value_text(change->kind);
	cells[KEY] = value_text(*change->key ? change->key : NULL);
	cells[SHOWN_KEY] = value_text(diff_key(change));
	cells[WAS] = value_text(diff_value(arena, change, 0));
	cells[NOW_CELL] = value_text(diff_value(arena, change, run));
	cells[JUDGED] = value_text(diff_judgement(arena, change, run));
	cells[BEFORE] = change->values[0];
	cells[AFTER] = change->values[run];
	cells[UNUSUAL] = change->unusual[run];
	cells[REF] = value_text(ref_text(arena, &changed->refs[run]));
}

static bool differs_from_first(const struct change *change, size_t run)
{
	return !changed_is_same(&change->values[0], &change->values[run]);
}

static const char nothing_differs[] = "nothing differs in what was reported";

static void put_pairs(struct arena *arena, struct diff *diff)
{
	const struct changed *changed = &diff->changed;
	diff->table =
		new_table(arena, columns, N_COLUMNS, changed->n * (changed->n_refs - 1), nothing_differs);
	for (size_t run = 1; run < changed->n_refs; run++)
		for (size_t i = 0; i < changed->n; i++)
			if (differs_from_first(&changed->changes[i], run))
				put_row(diff, &changed->changes[i], run);
}

static const char *cut_name(struct arena *arena, const char *name)
{
	struct buf text;
	buf_init(&text, 0);
	format_cut(&text, &(struct format){0}, COLUMN_NAME, str_of(name), RUN_COLUMNS);
	return arena_take(arena, &text);
}

/* A column a run. */
static void put_beside(struct arena *arena, struct diff *diff)
{
	const struct changed *changed = &diff->changed;
	size_t n_columns = 2 + changed->n_refs;
	struct column *cols = arena_array(arena, struct column, n_columns);
	cols[0] = (struct column){.key = "kind", .title = "WHAT", .type = COLUMN_TEXT};
	cols[1] = (struct column){
		.key = "key", .title = " ", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 32};
	for (size_t run = 0; run < changed->n_refs; run++)
		cols[2 + run] = (struct column){.key = changed->names[run],
			.title = cut_name(arena, changed->names[run]),
			.type = COLUMN_NAME,
			.width = RUN_COLUMNS};
	diff->beside = new_table(arena, cols, n_columns, changed->n, nothing_differs);
	for (size_t i = 0; i < changed->n; i++) {
		const struct change *change = &changed->changes[i];
		if (!change->differs)
			continue;
		struct value *cells = &diff->beside.result.cells[diff->beside.result.n_rows++ * n_columns];
		cells[0] = value_text(change->kind);
		cells[1] = value_text(diff_key(change));
		for (size_t run = 0; run < changed->n_refs; run++)
			cells[2 + run] = value_text(diff_value(arena, change, run));
	}
}

/* "2 of 117 params, 3 of 4 steps differ; the same: code", by kind. */
static const char *summary_of(struct arena *arena, const struct changed *changed)
{
	struct buf differ, same;
	buf_init(&differ, 0);
	buf_init(&same, 0);
	for (size_t i = 0; i < changed->n_groups; i++) {
		const struct changed_group *group = &changed->groups[i];
		if (!group->what || !group->n)
			continue;
		if (group->n_differing)
			buf_addf(&differ, "%s%zu of %zu %s", differ.n ? ", " : "", group->n_differing,
				group->n, group->what);
		else
			buf_addf(&same, "%s%s", same.n ? ", " : "", group->what);
	}
	const char *text =
		arena_printf(arena, "%s%s%s%s%s", differ.n ? differ.p : "", differ.n ? " differ" : "",
			differ.n && same.n ? "; " : "", same.n ? "the same: " : "", same.n ? same.p : "");
	buf_fini(&differ);
	buf_fini(&same);
	return text;
}

static const char *title_of(struct arena *arena, const struct changed *changed)
{
	struct buf text;
	buf_init(&text, 0);
	buf_addz(&text, changed->refs[0].pipeline);
	if (changed->refs[0].step)
		buf_addf(&text, " ▸ %s", changed->refs[0].step);
	for (size_t run = 0; run < changed->n_refs; run++)
		buf_addf(
			&text, "%s%s", run ? changed->n_refs > 2 ? ", " : " → " : " ▸ ", changed->names[run]);
	return arena_take(arena, &text);
}

bool diff_load(struct store *store, const struct ref *refs, size_t n_refs, struct arena *arena,
	struct diff *out, struct err *err)
{
	*out = (struct diff){0};
	struct changed *changed = &out->changed;
	if (!changed_load(store, refs, n_refs, arena, changed, err))
		return false;
	put_pairs(arena, out);
	if (changed->n_refs > 2)
		put_beside(arena, out);
	else
		out->beside = out->table;
	out->title = title_of(arena, changed);
	out->summary = summary_of(arena, changed);
	out->unreported = changed->unreported ? arena_printf(arena, "not reported by %s: %s",
							changed->refs[0].source, changed->unreported)
					      : NULL;
	return true;
}

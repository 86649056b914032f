/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/changes.h"

#include "client/base/mem.h"
#include "views/compose.h"
#include "views/diff.h"
#include "views/format.h"

#include <stdlib.h>

enum { KIND_COLUMNS = 11, KEY_COLUMNS = 34, VALUE_COLUMNS = 48, MOST_LINES = CHANGES_MOST + 3 };

/* What stands out first; the rest in the order of the comparison: code and what went in before what came out.
 */
static int by_weight(const void *a, const void *b)
{
	const struct change *x = *(const struct change *const *)a, *y = *(const struct change *const *)b;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return (x > y) - (x < y);
}

static size_t sorted_changes(const struct changed *changed, bool is_open, const struct change **out)
{
	size_t n = 0;
	for (size_t i = 0; i < changed->n; i++)
		if (changed->changes[i].differs &&
			(!is_open || changed->changes[i].values[1].type != VALUE_NULL))
			out[n++] = &changed->changes[i];
	qsort(out, n, sizeof *out, by_weight);
	return n;
}

static void add_change(struct view_data *data, struct block *block, const struct change *change)
{
	const char *key = diff_key(change), *judged = diff_judgement(data->arena, change, 1);
	struct line *line = compose_line(data, block, MOST_LINES, 0, ROLE_DIM,
		arena_printf(data->arena, "%-*s ", KIND_COLUMNS, change->kind));
	if (*key)
		compose_span(data, line, ROLE_TEXT, "%s  ", compose_cut(data, COLUMN_NAME, key, KEY_COLUMNS));
	diff_add_spans(data, line, change, VALUE_COLUMNS);
	if (*judged)
		compose_span(data, line, ROLE_DIM, "  %s", judged);
}

static void add_lines(struct view_data *data, const struct diff *diff, bool is_open, const char *title)
{
	const struct change **changes = arena_array(data->arena, const struct change *, diff->changed.n + 1);
	size_t n = sorted_changes(&diff->changed, is_open, changes);
	struct block *block = compose_block(data, BLOCK_TEXT, "changes", title);
	for (size_t i = 0; i < n && i < CHANGES_MOST; i++)
		add_change(data, block, changes[i]);
	if (!n)
		compose_line(data, block, MOST_LINES, 0, ROLE_DIM, "nothing differs in what was reported");
	if (n > CHANGES_MOST)
		compose_line(data, block, MOST_LINES, 0, ROLE_DIM,
			arena_printf(data->arena, "%zu more; d shows all of them", n - CHANGES_MOST));
	if (diff->unreported)
		compose_line(data, block, MOST_LINES, 0, ROLE_DIM, diff->unreported);
}

bool changes_add(
	struct view_data *data, struct store *store, const struct ref *ref, bool is_open, struct err *err)
{
	static const char title[] = "what changed since the last green run";
	struct diff diff;
	struct err why = {0};
	if (diff_load(store, ref, 1, data->arena, &diff, &why)) {
		bool is_attempt = diff.changed.refs[0].attempt >
				  0; /* a step's attempt before is nearer than a green run */
		add_lines(data, &diff, is_open,
			is_attempt ? "what changed since the attempt before"
				   : arena_printf(data->arena, "%s, %s", title,
					     compose_cut(
						     data, COLUMN_NAME, diff.changed.names[0], KEY_COLUMNS)));
		return true;
	}
	if (why.code != ERR_NOT_FOUND)
		return err_set(err, why.code, "%s", why.msg);
	struct block *block = compose_block(data, BLOCK_TEXT, "changes", title);
	compose_line(data, block, MOST_LINES, 0, ROLE_DIM,
		arena_printf(data->arena, "%s has no green run before this one", ref->pipeline));
	return true;
}

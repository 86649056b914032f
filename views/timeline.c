/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/timeline.h"

#include "client/base/mem.h"

enum { MOST_EVENTS = 50 };

static void add_event(struct view_data *data, const struct view_args *args, struct block *block,
	const struct result *rows, size_t i)
{
	const char *verb = result_text(rows, i, 2), *text = result_text(rows, i, 3);
	bool is_note = !strcmp(verb, "note"), is_undone = result_int(rows, i, 4, 0) != 0;
	struct line *line = compose_fact(data, block, compose_ago(data, result_ms(rows, i, 0), args->now_ms),
		is_undone ? ROLE_DIM : ROLE_TEXT, "%s%s%s", result_text(rows, i, 1), is_note ? "" : " ",
		is_note ? "" : verb);
	if (text)
		compose_span(data, line, is_note && !is_undone ? ROLE_TEXT : ROLE_DIM, ": %s", text);
	if (is_undone)
		compose_span(data, line, ROLE_DIM, " (taken back)");
}

/* What a person said or did last, among the facts: it is seen beside the list. */
static void add_last(struct view_data *data, const struct view_args *args, const struct result *rows)
{
	for (size_t i = 0; i < rows->n_rows; i++)
		if (strcmp(result_text(rows, i, 1), "sync") != 0) {
			add_event(data, args, &data->blocks[0], rows, i);
			struct fact *facts = data->blocks[0].facts.facts;
			struct fact *fact = &facts[data->blocks[0].facts.n - 1];
			compose_span(data, &fact->line, ROLE_DIM, " · %s", fact->label);
			fact->label = "last";
			return;
		}
}

bool timeline_add(struct view_data *data, struct store *store, const struct view_args *args, int64_t problem,
	struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(problem), value_int(MOST_EVENTS)};
	if (!store_query(store,
		    "SELECT e.at_ms, e.who, e.verb, e.text,"
		    " (SELECT count(*) FROM team.problem_event u WHERE u.undoes = e.id)"
		    " FROM team.problem_event e WHERE e.problem_id = $1 ORDER BY e.id DESC LIMIT $2",
		    params, ARRAY_LEN(params), data->arena, &rows, err))
		return false;
	if (!rows.n_rows || (rows.n_rows == 1 && !strcmp(result_text(&rows, 0, 2), "opened")))
		return true;
	add_last(data, args, &rows);
	struct block *block = compose_block(data, BLOCK_FACTS, "timeline", "timeline");
	for (size_t i = 0; i < rows.n_rows; i++)
		add_event(data, args, block, &rows, i);
	return true;
}

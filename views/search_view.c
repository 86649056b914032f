/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a search found, as a view of its own: more of it than the palette has room for. */
#include "views/compose.h"
#include "views/search.h"

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	struct table table;
	const char *words = args->filter ? args->filter : "";
	if (!search_load(store, args, data->arena, &table, err))
		return false;
	data->title = arena_printf(data->arena, "search ▸ %s", words);
	data->summary = *words ? "everything with a name like that, best first; / searches something else"
			       : "/ and words: everything with a name like them, best first";
	compose_block(data, BLOCK_TABLE, "search", NULL)->table = table;
	return true;
}

const struct view_def view_search = {
	.name = "search",
	.title = "search",
	.help = "pipelines, runs, steps and problems by name or cause",
	.kind = VIEW_LIST,
	.load = load,
};

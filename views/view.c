/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/view.h"

#include "client/base/mem.h"
#include "client/triage/team.h"
#include "views/compose.h"

/* Each source with its state, for the first line of every screen. */
static bool load_sources(struct store *store, struct view_data *data, struct err *err)
{
	struct result rows;
	if (!store_query(store,
		    "SELECT s.name, s.state, s.synced_ms, coalesce(s.error, (SELECT h.component || ': ' || h.message"
		    " FROM health h WHERE h.source_id = s.id AND h.state = 'failed' AND h.component NOT LIKE 'import %'"
		    " ORDER BY h.since_ms LIMIT 1)) FROM source s ORDER BY s.name LIMIT 64",
		    NULL, 0, data->arena, &rows, err))
		return false;
	data->sources = arena_array(data->arena, struct source_state, rows.n_rows + 1);
	data->n_sources = rows.n_rows;
	data->as_of_ms = TIME_NONE;
	for (size_t i = 0; i < rows.n_rows; i++) {
		data->sources[i] = (struct source_state){.name = result_text(&rows, i, 0),
			.state = result_text(&rows, i, 1),
			.synced_ms = result_ms(&rows, i, 2),
			.message = result_text(&rows, i, 3)};
		int64_t synced = data->sources[i].synced_ms;
		if (synced != TIME_NONE && (data->as_of_ms == TIME_NONE || synced < data->as_of_ms))
			data->as_of_ms = synced;
	}
	return true;
}

static bool load_list(struct store *store, const struct view_def *view, const struct view_args *args,
	struct view_data *data, struct err *err)
{
	struct table table;
	if (!list_load(store, view->list, args, NULL, data->arena, &table, err))
		return false;
	struct block *block = compose_block(data, BLOCK_TABLE, view->name, NULL);
	block->table = table;
	const char *filter = args->filter && *args->filter ? args->filter : NULL;
	data->summary =
		filter ? arena_printf(data->arena, "%s · filter: %s", view->help, filter) : view->help;
	return true;
}

static bool load_object(struct store *store, const struct view_def *view, const struct view_args *args,
	struct view_data *data, struct err *err)
{
	struct view_args named = *args;
	return find_named(store, data->arena, &named.ref, err) && view->load(store, &named, data, err);
}

static struct view_data *load_offline(
	const struct view_def *view, const struct view_args *args, struct view_data *data, struct err *err)
{
	if (view->load(NULL, args, data, err))
		return data;
	view_data_free(data);
	return NULL;
}

struct view_data *view_load(
	struct store *store, const struct view_def *view, const struct view_args *args, struct err *err)
{
	struct arena *arena = arena_new();
	struct view_data *data = arena_new_of(arena, struct view_data);
	data->arena = arena;
	data->title = view->title;
	data->as_of_ms = data->mirrored_ms = TIME_NONE;
	if (view->is_offline)
		return load_offline(view, args, data, err);
	bool ok = team_version(store, &data->seen_event, err) &&
		  (view->load ? load_object(store, view, args, data, err)
			      : load_list(store, view, args, data, err));
	data->mirrored_ms = store_mirrored_ms(store);
	data->is_mirror = data->mirrored_ms != TIME_NONE;
	if (ok && load_sources(store, data, err)) {
		if (!data->summary)
			data->summary = "";
		return data;
	}
	view_data_free(data);
	return NULL;
}

void view_data_free(struct view_data *data)
{
	if (data)
		arena_free(data->arena);
}

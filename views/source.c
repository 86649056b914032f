/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One source: how it is, its components, its newest runs. */
#include "client/base/mem.h"
#include "views/compose.h"
#include "views/format.h"
#include "views/lists.h"

enum { SQL_KIND, SQL_URL, SQL_STATE, SQL_SYNCED, SQL_SINCE, SQL_ERROR, SQL_PIPELINES, SQL_FULL };

static void add_facts(struct view_data *data, const struct view_args *args, const struct result *row)
{
	struct block *facts = compose_block(data, BLOCK_FACTS, "source", NULL);
	const char *state = result_text(row, 0, SQL_STATE);
	struct line *line = compose_fact(data, facts, "state", format_state_role(str_of(state)), "%s", state);
	int64_t since = result_ms(row, 0, SQL_SINCE);
	if (since != TIME_NONE)
		compose_span(data, line, ROLE_DIM, " since %s", compose_local(data, since));
	const char *error = result_text(row, 0, SQL_ERROR);
	if (error)
		compose_fact(data, facts, "error", ROLE_ERROR, "%s", error);
	compose_fact_text(data, facts, "kind", result_text(row, 0, SQL_KIND));
	compose_fact_text(data, facts, "address", result_text(row, 0, SQL_URL));
	int64_t synced = result_ms(row, 0, SQL_SYNCED);
	compose_fact(data, facts, "synced", ROLE_TEXT, "%s (%s)", compose_local(data, synced),
		compose_ago(data, synced, args->now_ms));
	compose_fact(
		data, facts, "pipelines", ROLE_TEXT, "%lld", (long long)result_int(row, 0, SQL_PIPELINES, 0));
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	struct found found;
	struct result row;
	if (!find_ref(store, &args->ref, &found, err))
		return false;
	const struct value params[] = {value_int(found.source_id)};
	if (!compose_row(data, store,
		    "SELECT kind, url, state, synced_ms, since_ms, error,"
		    " (SELECT count(*) FROM pipeline p WHERE p.source_id = s.id AND p.gone = 0), full_ms"
		    " FROM source s WHERE id = $1",
		    params, 1, &row, err))
		return false;
	data->title = arena_printf(data->arena, "sources ▸ %s", args->ref.source);
	add_facts(data, args, &row);
	const struct list_block health = {
		.list = &list_health, .name = "health", .title = "components", .scope = &found};
	const struct list_block runs = {.list = &list_runs,
		.name = "runs",
		.title = "newest runs",
		.scope = &found,
		.leave_out = "source",
		.limit = 20};
	return compose_list(data, store, args, &health, err) && compose_list(data, store, args, &runs, err);
}

const struct view_def view_source = {
	.name = "source",
	.title = "source",
	.help = "one source: how it is, its components, its newest runs",
	.kind = VIEW_OBJECT,
	.list = &list_sources,
	.ref = REF_SOURCE,
	.load = load,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One model, or one version of it: where it came from and how good it was. */
#include "client/base/mem.h"
#include "client/base/when.h"
#include "views/compose.h"
#include "views/lists.h"
#include "views/pairs.h"

enum { SQL_VERSION, SQL_STAGE, SQL_ALIASES, SQL_CREATED, SQL_PIPELINE, SQL_RUN, SQL_NOTE, SQL_URL };

/* The version that was asked for, else the newest. */
static const char version_sql[] =
	"SELECT m.version, m.stage, (SELECT group_concat(a.alias, ', ') FROM model_alias a"
	" WHERE a.model_version_id = m.id), m.created_ms, m.pipeline, m.run, m.note, m.url"
	" FROM model_version m WHERE m.source_id = $1 AND m.model = $2 AND ($3 = '' OR m.version = $3)"
	" ORDER BY m.gone, m.at_ms DESC, m.id DESC LIMIT 1";

/* The run that made it, with what it was given and what it reached. */
static bool add_run(struct view_data *data, struct store *store, const struct view_args *args,
	const struct result *row, struct block *facts, struct err *err)
{
	struct found found;
	struct err absent = {0};
	const struct ref run = {.kind = REF_RUN,
		.source = args->ref.source,
		.pipeline = result_text(row, 0, SQL_PIPELINE),
		.run = result_text(row, 0, SQL_RUN)};
	if (!run.run) {
		compose_fact(data, facts, "made by", ROLE_DIM, "not reported by %s", args->ref.source);
		return true;
	}
	struct line *line = compose_fact(data, facts, "made by", ROLE_LINK, "%s%s%s",
		run.pipeline ? run.pipeline : "", run.pipeline ? " ▸ " : "", run.run);
	if (!run.pipeline)
		return true;
	if (!find_ref(store, &run, &found, &absent)) {
		compose_span(data, line, ROLE_DIM, " (not in the catalogue)");
		return absent.code == ERR_NOT_FOUND || err_set(err, absent.code, "%s", absent.msg);
	}
	line->ref = compose_ref(data, &run);
	return pairs_add_facts(data, store, facts, found.run_id, PAIRS_METRICS, err) &&
	       pairs_add_facts(data, store, facts, found.run_id, PAIRS_PARAMS, err);
}

static bool add_version(struct view_data *data, struct store *store, const struct view_args *args,
	const struct found *found, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(found->source_id), value_text(found->model),
		value_text(found->version ? found->version : "")};
	if (!compose_row(data, store, version_sql, params, ARRAY_LEN(params), &row, err))
		return false;
	struct block *facts = compose_block(data, BLOCK_FACTS, "version", NULL);
	compose_fact(data, facts, found->version ? "version" : "newest", ROLE_TEXT, "%s",
		result_text(&row, 0, SQL_VERSION));
	compose_fact_text(data, facts, "stage", result_text(&row, 0, SQL_STAGE));
	compose_fact_text(data, facts, "aliases", result_text(&row, 0, SQL_ALIASES));
	int64_t created = result_ms(&row, 0, SQL_CREATED);
	if (created != TIME_NONE)
		compose_fact(data, facts, "created", ROLE_TEXT, "%s (%s)", compose_local(data, created),
			compose_ago(data, created, args->now_ms));
	compose_fact_text(data, facts, "note", result_text(&row, 0, SQL_NOTE));
	compose_fact_text(data, facts, "address", result_text(&row, 0, SQL_URL));
	return add_run(data, store, args, &row, facts, err);
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	struct found found;
	if (!find_ref(store, &args->ref, &found, err))
		return false;
	data->title = arena_printf(data->arena, "models ▸ %s%s%s", args->ref.name,
		args->ref.version ? " ▸ " : "", args->ref.version ? args->ref.version : "");
	const struct found all = {.source_id = found.source_id, .model = found.model};
	const struct list_block versions = {.list = &list_models,
		.name = "versions",
		.title = "versions",
		.scope = &all,
		.leave_out = "model source",
		.limit = 100};
	return add_version(data, store, args, &found, err) && compose_list(data, store, args, &versions, err);
}

const struct view_def view_model = {
	.name = "model",
	.title = "model",
	.help = "one model: its versions, and the run that made each",
	.kind = VIEW_OBJECT,
	.list = &list_models,
	.ref = REF_MODEL,
	.load = load,
};

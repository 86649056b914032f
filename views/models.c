/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models: every version of every registered model, newest first. */
#include "client/base/mem.h"
#include "views/lists.h"

static const struct column columns[] = {
	{.key = "model", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 32, .sql = "m.model"},
	{.key = "version", .type = COLUMN_TEXT, .width = 12, .sql = "m.version"},
	{.key = "stage", .type = COLUMN_TEXT, .priority = 2, .width = 12, .sql = "m.stage"},
	{.key = "aliases",
		.type = COLUMN_LIST,
		.priority = 1,
		.width = 24,
		.sql = "(SELECT group_concat(a.alias, '\x1f') FROM model_alias a WHERE a.model_version_id = m.id)"},
	{.key = "created_ms", .title = "CREATED", .type = COLUMN_TIME, .priority = 1, .sql = "m.created_ms"},
	{.key = "pipeline",
		.title = "MADE BY",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.priority = 3,
		.width = 24,
		.sql = "m.pipeline"},
	{.key = "source", .type = COLUMN_NAME, .priority = 4, .width = 16, .sql = "s.name"},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN, .ref = REF_MODEL},
	{.key = "run_ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN, .ref = REF_RUN},
	{.key = "run", .flags = COLUMN_INTERNAL, .sql = "m.run"},
	{.key = "url", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "m.url"},
	{.key = "note", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "m.note"},
	{.key = "at_ms", .type = COLUMN_TIME, .flags = COLUMN_INTERNAL, .sql = "m.at_ms"},
};

const struct list_def list_models = {
	.from = "FROM model_version m JOIN source s ON s.id = m.source_id WHERE 1=1",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "at_ms",
	.id = "m.id",
	.time = "m.at_ms",
	.hidden = "m.gone = 1",
	.words = (const char *const[]){"m.model", "m.stage", "m.note", NULL},
	.source_sql = "s.name",
	.pipeline_sql = "coalesce(m.pipeline, '')",
	.scope_source = "m.source_id",
	.scope_model = "m.model",
	.scope_version = "m.version",
	.empty = "no model here: they come from a model registry, such as MLflow's; 'porthole sync' asks it",
};

const struct view_def view_models = {
	.name = "models",
	.title = "models",
	.help = "every version of every registered model, newest first",
	.kind = VIEW_LIST,
	.list = &list_models,
};

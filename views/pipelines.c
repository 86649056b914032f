/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pipelines: every definition of every source, and how its last run went. */
#include "client/base/mem.h"
#include "views/lists.h"

static const struct column columns[] = {
	/* what should have run comes before how its last run went */
	{.key = "shown",
		.title = "LAST",
		.type = COLUMN_STATE,
		.flags = COLUMN_SCREEN,
		.sql = "CASE WHEN EXISTS (SELECT 1 FROM team.problem_pipeline q JOIN team.problem b ON b.id = q.problem_id"
		       " WHERE q.source = s.name AND q.pipeline = p.pipeline AND b.kind IN ('late', 'platform')"
		       " AND b.state IN ('open', 'acknowledged', 'snoozed')) THEN 'late' ELSE p.last_state END"},
	{.key = "pipeline", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 40, .sql = "p.pipeline"},
	{.key = "last_run_ms", .title = "RAN", .type = COLUMN_TIME, .priority = 1, .sql = "p.last_run_ms"},
	{.key = "next_due_ms", .title = "NEXT", .type = COLUMN_TIME, .priority = 4, .sql = "p.next_due_ms"},
	{.key = "schedule", .type = COLUMN_TEXT, .priority = 3, .width = 24, .sql = "p.schedule"},
	{.key = "paused", .type = COLUMN_BOOL, .priority = 5, .sql = "p.paused"},
	{.key = "source", .type = COLUMN_NAME, .priority = 2, .width = 16, .sql = "s.name"},
	{.key = "last_state", .type = COLUMN_STATE, .flags = COLUMN_HIDDEN, .sql = "p.last_state"},
	{.key = "kind", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN, .sql = "p.kind"},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN, .ref = REF_PIPELINE},
	/* the project is configuration, not catalogue: list_load fills it */
	{.key = "project", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN},
	{.key = "tool_owner", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "p.owner"},
	{.key = "title", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "p.title"},
};

const struct list_def list_pipelines = {
	.from = "FROM pipeline p JOIN source s ON s.id = p.source_id WHERE 1=1",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "pipeline",
	.is_ascending = true,
	.id = "p.id",
	.time = "p.last_run_ms",
	.hidden = "p.gone = 1",
	.words = (const char *const[]){"p.pipeline", "p.title", "p.owner", NULL},
	.source_sql = "s.name",
	.pipeline_sql = "p.pipeline",
	.scope_source = "p.source_id",
	.scope_pipeline = "p.id",
	.empty = "no pipeline here; 'porthole sync' asks the sources",
};

const struct view_def view_pipelines = {
	.name = "pipelines",
	.title = "pipelines",
	.help = "every pipeline of every source, with how its last run went",
	.kind = VIEW_LIST,
	.list = &list_pipelines,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps: step runs, the newest attempt of each. */
#include "client/base/mem.h"
#include "views/lists.h"

static const struct column columns[] = {
	/* contracts.md section 2: skipped by a failure is shown as blocked */
	{.key = "shown",
		.title = "STATE",
		.type = COLUMN_STATE,
		.flags = COLUMN_SCREEN,
		.sql = "CASE WHEN sr.tool_state IN ('upstream_failed', 'removed') THEN 'blocked' ELSE sr.state END"},
	{.key = "pipeline",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.width = 24,
		.sql = "p.pipeline"},
	{.key = "step", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 32, .sql = "sr.step"},
	{.key = "label", .type = COLUMN_NAME, .priority = 3, .width = 20, .sql = "sr.label"},
	{.key = "run",
		.type = COLUMN_NAME,
		.flags = COLUMN_SCREEN,
		.priority = 6,
		.width = 32,
		.sql = "r.run"},
	{.key = "tool_says",
		.title = "TOOL SAYS",
		.type = COLUMN_TEXT,
		.flags = COLUMN_SCREEN,
		.priority = 5,
		.width = 16,
		.sql = "nullif(sr.tool_state, sr.state)"},
	{.key = "attempt", .title = "TRY", .type = COLUMN_INT, .priority = 4, .sql = "sr.attempt"},
	{.key = "started_ms", .title = "STARTED", .type = COLUMN_TIME, .priority = 2, .sql = "sr.started_ms"},
	{.key = "duration_ms",
		.title = "TOOK",
		.type = COLUMN_DURATION,
		.priority = 1,
		.sql = "sr.duration_ms"},
	{.key = "state", .type = COLUMN_STATE, .flags = COLUMN_HIDDEN, .sql = "sr.state"},
	{.key = "tool_state", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN, .sql = "sr.tool_state"},
	{.key = "index", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN, .sql = "nullif(sr.idx, '')"},
	{.key = "ended_ms", .type = COLUMN_TIME, .flags = COLUMN_HIDDEN, .sql = "sr.ended_ms"},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN, .ref = REF_STEP},
	{.key = "run_ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN, .ref = REF_RUN},
	{.key = "upstream",
		.type = COLUMN_LIST,
		.flags = COLUMN_HIDDEN,
		.sql = "(SELECT group_concat(e.upstream, '\x1f') FROM step_edge e"
		       " WHERE e.pipeline_id = sr.pipeline_id AND e.step = sr.step)"},
	{.key = "source", .flags = COLUMN_INTERNAL, .sql = "s.name"},
	{.key = "at_ms", .type = COLUMN_TIME, .flags = COLUMN_INTERNAL, .sql = "sr.at_ms"},
	/* of one run: what failed first, then in the order they ran */
	{.key = "trouble",
		.type = COLUMN_INT,
		.flags = COLUMN_INTERNAL,
		.sql = "CASE sr.state WHEN 'failed' THEN 0 WHEN 'running' THEN 100000000000000 ELSE 200000000000000 END"
		       " + sr.at_ms"},
	{.key = "operator", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "sr.operator"},
};

const struct list_def list_steps = {
	.from = "FROM step_run sr JOIN run r ON r.id = sr.run_id JOIN pipeline p ON p.id = sr.pipeline_id"
		" JOIN source s ON s.id = p.source_id WHERE 1=1",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "at_ms",
	.id = "sr.id",
	.time = "sr.at_ms",
	.hidden = "sr.gone = 1",
	.words = (const char *const[]){"p.pipeline", "sr.step", "sr.label", NULL},
	.source_sql = "s.name",
	.pipeline_sql = "p.pipeline",
	.scope_pipeline = "sr.pipeline_id",
	.scope_run = "sr.run_id",
	.scope_step = "sr.step",
	.scope_index = "sr.idx",
	.scope_attempt = "sr.attempt",
	.newest = "sr.is_newest = 1",
	.empty = "no step here",
};

const struct view_def view_steps = {
	.name = "steps",
	.title = "steps",
	.help = "every step of every run, newest first",
	.kind = VIEW_LIST,
	.list = &list_steps,
};

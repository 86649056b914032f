/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Problems: what needs a person, worst first, and where each occurred. */
#include "client/base/mem.h"
#include "views/lists.h"

/* Worst first: production before staging before playground, open before taken, then a sick component (nothing
 * can be done while the scheduler is silent; a definition that does not import is no component), then what is
 * due first, then the newest. One integer, so that one key sorts and pages: severity in the high digits, ms
 * below. */
#define RANK_SQL                                                                                             \
	"(CASE b.severity WHEN 'staging' THEN 1 WHEN 'playground' THEN 2 ELSE 0 END) * 100000000000000"      \
	" + CASE WHEN b.state = 'open' THEN 0 ELSE 50000000000000 END"                                       \
	" + CASE WHEN b.kind = 'platform' AND coalesce(b.step, '') NOT LIKE 'import %' THEN 0"               \
	" ELSE coalesce(b.due_ms, 20000000000000 - b.first_ms) END"

static const struct column columns[] = {
	{.key = "known", .title = " ", .type = COLUMN_TEXT, .priority = 2, .width = 8, .sql = "b.known"},
	{.key = "first_ms", .title = "SINCE", .type = COLUMN_TIME, .sql = "b.first_ms"},
	{.key = "place",
		.title = "WHERE",
		.type = COLUMN_NAME,
		.width = 36,
		.sql = "coalesce(b.pipeline, b.source) || coalesce(' ▸ ' || b.step, '')"
		       " || coalesce(' [' || (SELECT o.label FROM team.occurrence o WHERE o.problem_id = b.id"
		       " ORDER BY o.at_ms DESC LIMIT 1) || ']', '')"
		       " || CASE WHEN b.count > 1 THEN ' ×' || b.count ELSE '' END"},
	{.key = "title",
		.title = "CAUSE",
		.type = COLUMN_CAUSE,
		.flags = COLUMN_GROWS,
		.width = 46,
		.sql = "b.title"},
	{.key = "kind", .type = COLUMN_TEXT, .priority = 3, .sql = "b.kind"},
	{.key = "due_ms", .title = "DUE", .type = COLUMN_TIME, .priority = 2, .sql = "b.due_ms"},
	{.key = "assignee",
		.title = "WHO",
		.type = COLUMN_NAME,
		.priority = 4,
		.width = 12,
		.sql = "b.assignee"},
	{.key = "state", .type = COLUMN_STATE, .flags = COLUMN_HIDDEN, .sql = "b.state"},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN, .ref = REF_PROBLEM},
	{.key = "count", .type = COLUMN_INT, .flags = COLUMN_HIDDEN, .sql = "b.count"},
	{.key = "pipelines",
		.type = COLUMN_LIST,
		.flags = COLUMN_HIDDEN,
		.sql = "(SELECT group_concat(q.source || '/' || q.pipeline, '\x1f') FROM team.problem_pipeline q"
		       " WHERE q.problem_id = b.id)"},
	{.key = "severity", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN, .sql = "b.severity"},
	{.key = "last_ms", .type = COLUMN_TIME, .flags = COLUMN_HIDDEN, .sql = "b.last_ms"},
	{.key = "cause_kind", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN, .sql = "b.cause_kind"},
	{.key = "id", .flags = COLUMN_INTERNAL, .sql = "CAST(b.id AS TEXT)"},
	{.key = "rank", .type = COLUMN_INT, .flags = COLUMN_INTERNAL, .sql = RANK_SQL},
	{.key = "owner", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "b.owner"},
	{.key = "oncall", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "b.oncall"},
	{.key = "blocked_steps", .type = COLUMN_INT, .flags = COLUMN_INTERNAL, .sql = "b.blocked_steps"},
	{.key = "source", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "b.source"},
	{.key = "pipeline", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "b.pipeline"},
	{.key = "step", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "b.step"},
	{.key = "run", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "b.run"},
	{.key = "index", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "nullif(b.step_index, '')"},
};

const struct list_def list_problems = {
	.from = "FROM team.problem b WHERE 1=1",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "rank",
	.is_ascending = true,
	.id = "b.id",
	.time = "b.last_ms",
	.words = (const char *const[]){"b.title", "b.cause", "b.pipeline", "b.step", NULL},
	.source_sql = "b.source",
	.pipeline_sql = "b.pipeline",
	.picks = PICKS_ALWAYS,
	.empty = "no problem: nothing needs anybody",
};

const struct view_def view_problems = {
	.name = "problems",
	.title = "problems",
	.help = "what needs or needed a person, worst first; 'state:open' for what does now",
	.kind = VIEW_LIST,
	.list = &list_problems,
};

static const struct column occurrence_columns[] = {
	{.key = "at_ms", .title = "WHEN", .type = COLUMN_TIME, .sql = "o.at_ms"},
	{.key = "pipeline", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 28, .sql = "o.pipeline"},
	{.key = "step", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 32, .sql = "nullif(o.step, '')"},
	{.key = "label", .type = COLUMN_NAME, .priority = 2, .width = 16, .sql = "o.label"},
	{.key = "run",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS,
		.priority = 1,
		.width = 40,
		.sql = "o.run"},
	{.key = "attempt", .title = "TRY", .type = COLUMN_INT, .priority = 3, .sql = "o.attempt"},
	{.key = "source", .type = COLUMN_NAME, .priority = 4, .width = 16, .sql = "o.source"},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_INTERNAL | COLUMN_SHORTER, .ref = REF_STEP},
	{.key = "index", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "nullif(o.idx, '')"},
	{.key = "problem", .type = COLUMN_INT, .flags = COLUMN_INTERNAL, .sql = "o.problem_id"},
};

const struct list_def list_occurrences = {
	.from = "FROM team.occurrence o WHERE 1=1",
	.columns = occurrence_columns,
	.n_columns = ARRAY_LEN(occurrence_columns),
	.sort = "at_ms",
	.id = "o.source || '/' || o.pipeline || '/' || o.run || '/' || o.step || '/' || o.idx || '/' || o.attempt",
	.words = (const char *const[]){"o.pipeline", "o.step", NULL},
	.empty = "no occurrence is kept",
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs: every execution, newest first. */
#include "client/base/mem.h"
#include "client/catalogue/run_text.h"
#include "views/lists.h"

/* By the names of pipelines, of each its runs: the plus keeps SQLite from walking the runs. */
#define BY_PIPELINE                                                                                          \
	"FROM pipeline p JOIN run r ON r.pipeline_id = +p.id JOIN source s ON s.id = p.source_id WHERE 1=1"

static const struct column columns[] = {
	{.key = "state", .type = COLUMN_STATE, .sql = "r.state"},
	{.key = "pipeline",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS,
		.width = 24,
		.sql = "p.pipeline",
		.sort_from = BY_PIPELINE},
	{.key = "run", .type = COLUMN_NAME, .flags = COLUMN_HIDDEN, .sql = "r.run"},
	/* a name and the head of its id where the id is a number for machines, as MLflow's */
	{.key = "shown",
		.title = "RUN",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.priority = 1,
		.width = 24,
		.sql = "CASE WHEN length(r.run) = 32 AND r.name <> '' THEN r.name || ' ' || substr(r.run, 1, 8)"
		       " ELSE r.run END"},
	{.key = "mark",
		.title = " ",
		.type = COLUMN_TEXT,
		.flags = COLUMN_SCREEN,
		.priority = 1,
		.sql = "CASE WHEN r.gone = 1 THEN 'deleted' END"},
	{.key = "started_ms", .title = "STARTED", .type = COLUMN_TIME, .priority = 1, .sql = "r.started_ms"},
	{.key = "duration_ms",
		.title = "TOOK",
		.type = COLUMN_DURATION,
		.priority = 2,
		.sql = "r.duration_ms"},
	{.key = "failed_steps",
		.title = "FAILED",
		.type = COLUMN_INT,
		.priority = 3,
		.sql = "r.failed_steps"},
	{.key = "user", .type = COLUMN_NAME, .priority = 5, .width = 12, .sql = "r.user_name"},
	{.key = "kind", .type = COLUMN_TEXT, .priority = 6, .width = 12, .sql = "r.kind"},
	{.key = "source", .type = COLUMN_NAME, .priority = 4, .width = 16, .sql = "s.name"},
	{.key = "tool_state", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN, .sql = "r.tool_state"},
	{.key = "name", .type = COLUMN_NAME, .flags = COLUMN_HIDDEN, .sql = "r.name"},
	{.key = "ended_ms", .type = COLUMN_TIME, .flags = COLUMN_HIDDEN, .sql = "r.ended_ms"},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN, .ref = REF_RUN},
	{.key = "parent_ref",
		.type = COLUMN_REF,
		.flags = COLUMN_HIDDEN,
		.ref = REF_RUN,
		.ref_run = "parent"},
	{.key = "url", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN, .sql = "r.url"},
	{.key = "parent", .flags = COLUMN_INTERNAL, .sql = "r.parent"},
	{.key = "at_ms", .type = COLUMN_TIME, .flags = COLUMN_INTERNAL, .sql = "r.at_ms"},
	{.key = "id", .type = COLUMN_INT, .flags = COLUMN_INTERNAL, .sql = "r.id"},
	{.key = "note", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "r.note"},
};

const struct list_def list_runs = {
	.from = "FROM run r JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = p.source_id WHERE 1=1",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "at_ms",
	.id = "r.id",
	.time = "r.at_ms",
	.hidden = "r.gone = 1",
	.words = (const char *const[]){"p.pipeline", "r.run", "r.name", NULL},
	.words_from = "FROM run_text t CROSS JOIN run r ON " RUN_TEXT_IS("r",
		"t") " CROSS JOIN pipeline p ON p.id = r.pipeline_id CROSS JOIN source s ON s.id = p.source_id WHERE 1=1",
	.source_sql = "s.name",
	.pipeline_sql = "p.pipeline",
	.scope_source = "r.source_id",
	.scope_pipeline = "r.pipeline_id",
	.scope_run = "r.id",
	.pairs_run = "r.id",
	.is_indexed_by_state = true,
	.picks = PICKS_OTHER_SORTS,
	.empty = "no run here; '.' shows what is hidden, Esc drops the filter",
};

const struct view_def view_runs = {
	.name = "runs",
	.title = "runs",
	.help = "every run of every pipeline, newest first",
	.kind = VIEW_LIST,
	.list = &list_runs,
};

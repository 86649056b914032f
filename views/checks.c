/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks: what each data check saw at each step of each run, newest first. */
#include "client/base/mem.h"
#include "views/lists.h"

static const struct column columns[] = {
	{.key = "state", .type = COLUMN_STATE, .sql = "c.state"},
	{.key = "check", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 28, .sql = "c.name"},
	{.key = "observed", .type = COLUMN_REAL, .sql = "c.observed"},
	{.key = "lower", .type = COLUMN_REAL, .priority = 2, .sql = "c.lower_bound"},
	{.key = "upper", .type = COLUMN_REAL, .priority = 2, .sql = "c.upper_bound"},
	{.key = "pipeline",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.priority = 1,
		.width = 24,
		.sql = "c.pipeline"},
	{.key = "step",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS,
		.priority = 3,
		.width = 24,
		.sql = "nullif(c.step, '')"},
	{.key = "at_ms", .title = "WHEN", .type = COLUMN_TIME, .priority = 1, .sql = "c.at_ms"},
	{.key = "run",
		.type = COLUMN_NAME,
		.flags = COLUMN_SCREEN,
		.priority = 4,
		.width = 28,
		.sql = "c.run"},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN | COLUMN_SHORTER, .ref = REF_STEP},
	{.key = "run_ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN, .ref = REF_RUN},
	{.key = "source", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "c.source"},
};

const struct list_def list_checks = {
	.from = "FROM team.data_check c WHERE 1=1",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "at_ms",
	.id = "c.id",
	.time = "c.at_ms",
	.words = (const char *const[]){"c.name", "c.pipeline", "c.step", NULL},
	.source_sql = "c.source",
	.pipeline_sql = "c.pipeline",
	.empty = "no check here: pipelines report them, with 'porthole record check' or through a plug-in",
};

const struct view_def view_checks = {
	.name = "checks",
	.title = "checks",
	.help = "what each data check saw, newest first",
	.kind = VIEW_LIST,
	.list = &list_checks,
};

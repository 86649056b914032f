/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alerts: each time that a monitor fired, newest first. */
#include "client/base/mem.h"
#include "views/lists.h"

static const struct column columns[] = {
	{.key = "state", .type = COLUMN_STATE, .sql = "a.state"},
	{.key = "monitor", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 28, .sql = "a.monitor"},
	{.key = "value", .type = COLUMN_REAL, .sql = "a.value"},
	{.key = "lower", .type = COLUMN_REAL, .priority = 2, .sql = "a.lower_bound"},
	{.key = "upper", .type = COLUMN_REAL, .priority = 2, .sql = "a.upper_bound"},
	{.key = "opened_ms", .title = "OPENED", .type = COLUMN_TIME, .sql = "a.opened_ms"},
	{.key = "closed_ms", .title = "CLOSED", .type = COLUMN_TIME, .priority = 3, .sql = "a.closed_ms"},
	{.key = "pipeline",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.priority = 1,
		.width = 28,
		.sql = "a.pipeline"},
	/* before the alert's own: Enter opens what it is about */
	{.key = "object_ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN | COLUMN_SHORTER, .ref = REF_RUN},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN, .ref = REF_MONITOR},
	{.key = "source", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "nullif(a.source, '')"},
	{.key = "run", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "a.run"},
	{.key = "name", .type = COLUMN_TEXT, .flags = COLUMN_INTERNAL, .sql = "a.monitor"},
};

const struct list_def list_alerts = {
	.from = "FROM team.alert a WHERE 1=1",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "opened_ms",
	.id = "a.id",
	.time = "a.opened_ms",
	.words = (const char *const[]){"a.monitor", "a.pipeline", NULL},
	.source_sql = "a.source",
	.pipeline_sql = "coalesce(a.pipeline, '')",
	.empty = "no alert here: no monitor has fired",
};

const struct view_def view_alerts = {
	.name = "alerts",
	.title = "alerts",
	.help = "each time that a monitor fired, newest first",
	.kind = VIEW_LIST,
	.list = &list_alerts,
};

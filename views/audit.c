/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Audit: who did what to which object of a tool, newest first. */
#include "client/base/mem.h"
#include "views/lists.h"

static const struct column columns[] = {
	{.key = "at_ms", .title = "WHEN", .type = COLUMN_TIME, .sql = "a.at_ms"},
	{.key = "who", .type = COLUMN_NAME, .width = 16, .sql = "a.who"},
	{.key = "verb", .type = COLUMN_TEXT, .width = 12, .sql = "a.verb"},
	{.key = "object_ref",
		.title = "WHAT",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS,
		.width = 48,
		.sql = "a.object_ref"},
	{.key = "result",
		.type = COLUMN_TEXT,
		.flags = COLUMN_GROWS,
		.priority = 1,
		.width = 32,
		.sql = "a.result"},
	{.key = "args", .type = COLUMN_TEXT, .priority = 3, .width = 40, .sql = "a.args"},
	{.key = "host",
		.type = COLUMN_NAME,
		.flags = COLUMN_SCREEN,
		.priority = 4,
		.width = 16,
		.sql = "a.host"},
};

const struct list_def list_audit = {
	.from = "FROM team.audit a WHERE 1=1",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "at_ms",
	.id = "a.id",
	.time = "a.at_ms",
	.words = (const char *const[]){"a.who", "a.verb", "a.object_ref", "a.result", NULL},
	.empty = "no action is on record: 'porthole rerun' and the like write here before and after",
};

const struct view_def view_audit = {
	.name = "audit",
	.title = "audit",
	.help = "who did what to which object of a tool, newest first",
	.kind = VIEW_LIST,
	.list = &list_audit,
};

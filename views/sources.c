/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources: what is connected, how it is, since when. */
#include "client/base/mem.h"
#include "views/lists.h"

static const struct column columns[] = {
	{.key = "state", .type = COLUMN_STATE, .sql = "s.state"},
	{.key = "name", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 24, .sql = "s.name"},
	{.key = "kind", .type = COLUMN_TEXT, .priority = 3, .sql = "s.kind"},
	{.key = "url", .type = COLUMN_NAME, .priority = 4, .width = 40, .sql = "s.url"},
	{.key = "synced_ms", .title = "SYNCED", .type = COLUMN_TIME, .priority = 2, .sql = "s.synced_ms"},
	{.key = "behind_ms",
		.title = "BEHIND",
		.type = COLUMN_DURATION,
		.priority = 5,
		.sql = "$NOW - s.synced_ms"},
	{.key = "error",
		.type = COLUMN_TEXT,
		.flags = COLUMN_GROWS,
		.priority = 1,
		.width = 44,
		.sql = "s.error"},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_INTERNAL, .ref = REF_SOURCE},
	{.key = "source", .flags = COLUMN_INTERNAL, .sql = "s.name"},
	{.key = "failing",
		.type = COLUMN_INT,
		.flags = COLUMN_INTERNAL,
		.sql = "(SELECT count(*) FROM health h WHERE h.source_id = s.id AND h.state = 'failed')"},
};

const struct list_def list_sources = {
	.from = "FROM source s WHERE 1=1",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "name",
	.is_ascending = true,
	.id = "s.id",
	.time = "s.synced_ms",
	.words = (const char *const[]){"s.name", "s.kind", "s.error", NULL},
	.scope_source = "s.id",
	.empty = "no source yet: name one in portal.yaml, then 'porthole sync'",
};

const struct view_def view_sources = {
	.name = "sources",
	.title = "sources",
	.help = "the tools that are connected, how they are and since when",
	.kind = VIEW_LIST,
	.list = &list_sources,
};

static const struct column health_columns[] = {
	{.key = "state", .type = COLUMN_STATE, .sql = "h.state"},
	{.key = "component", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 30, .sql = "h.component"},
	{.key = "since_ms", .title = "SINCE", .type = COLUMN_TIME, .sql = "h.since_ms"},
	{.key = "message", .type = COLUMN_CAUSE, .flags = COLUMN_GROWS, .width = 70, .sql = "h.message"},
};

const struct list_def list_health = {
	.from = "FROM health h WHERE 1=1",
	.columns = health_columns,
	.n_columns = ARRAY_LEN(health_columns),
	.sort = "component",
	.is_ascending = true,
	.id = "h.id",
	.words = (const char *const[]){"h.component", "h.message", NULL},
	.scope_source = "h.source_id",
	.empty = "this source reports no components",
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How problems were grouped: what each stands for, and by which key that belongs to it. */
#include "client/base/mem.h"
#include "views/lists.h"

static const struct column columns[] = {
	{.key = "problem", .type = COLUMN_INT, .sql = "b.id"},
	{.key = "kind", .type = COLUMN_TEXT, .sql = "b.kind"},
	{.key = "key",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS,
		.priority = 2,
		.width = 40,
		.sql = "b.key"},
	{.key = "at_ms", .title = "WHEN", .type = COLUMN_TIME, .sql = "coalesce(o.at_ms, b.last_ms)"},
	{.key = "pipeline",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.width = 24,
		.sql = "coalesce(o.pipeline, b.pipeline, b.source)"},
	{.key = "step",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.priority = 1,
		.width = 24,
		.sql = "nullif(coalesce(o.step, b.step), '')"},
	{.key = "run",
		.type = COLUMN_NAME,
		.flags = COLUMN_GROWS | COLUMN_SCREEN,
		.priority = 1,
		.width = 28,
		.sql = "nullif(coalesce(o.run, b.run), '')"},
	{.key = "cause",
		.type = COLUMN_CAUSE,
		.flags = COLUMN_GROWS,
		.priority = 3,
		.width = 40,
		.sql = "coalesce(e.cause, b.cause, b.title)"},
	{.key = "fingerprint",
		.type = COLUMN_TEXT,
		.flags = COLUMN_HIDDEN,
		.sql = "coalesce(e.fingerprint, b.fingerprint)"},
	{.key = "ref", .type = COLUMN_REF, .flags = COLUMN_HIDDEN | COLUMN_SHORTER, .ref = REF_STEP},
	{.key = "source", .flags = COLUMN_INTERNAL, .sql = "coalesce(o.source, b.source)"},
	{.key = "index", .flags = COLUMN_INTERNAL, .sql = "nullif(o.idx, '')"},
};

const struct list_def list_why = {
	.from = "FROM team.problem b LEFT JOIN team.occurrence o ON o.problem_id = b.id LEFT JOIN team.evidence e"
		" ON e.source = o.source AND e.pipeline = o.pipeline AND e.run = o.run AND e.step = o.step AND e.idx = o.idx"
		" AND e.attempt = o.attempt WHERE 1=1",
	.columns = columns,
	.n_columns = ARRAY_LEN(columns),
	.sort = "at_ms",
	.id = "b.id || '/' || coalesce(o.source || '/' || o.pipeline || '/' || o.run || '/' || o.step || '/' || o.idx"
	      " || '/' || o.attempt, '')",
	.time = "b.last_ms",
	.words = (const char *const[]){"b.title", "b.cause", NULL},
	.empty = "no problem stands for this",
};

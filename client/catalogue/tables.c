/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/tables.h"

#include "client/base/buf.h"
#include "client/base/mem.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__})
#define TABLE(table, keys, ...)                                                                              \
	{                                                                                                    \
		.name = table, .n_key = keys, .columns = WORDS(__VA_ARGS__),                                 \
		.n_columns = ARRAY_LEN(WORDS(__VA_ARGS__))                                                   \
	}

/* A test holds it against the schemas. */
static const struct store_table tables[] = {
	TABLE("source", 1, "id", "name", "kind", "url", "state", "synced_ms", "attempted_ms", "error",
		"failures", "since_ms", "cursor", "full_ms"),
	TABLE("pipeline", 1, "id", "source_id", "pipeline", "title", "kind", "owner", "schedule", "paused",
		"next_due_ms", "url", "version", "seen_ms", "gone", "last_run_id", "last_state",
		"last_run_ms", "tool_id", "was"),
	TABLE("step", 2, "pipeline_id", "step", "label", "operator", "position"),
	TABLE("step_edge", 3, "pipeline_id", "step", "upstream"),
	TABLE("run", 1, "id", "pipeline_id", "source_id", "run", "name", "kind", "state", "tool_state",
		"at_ms", "started_ms", "ended_ms", "duration_ms", "queued_ms", "heartbeat_ms", "user_name",
		"parent", "url", "note", "version", "gone", "failed_steps"),
	TABLE("param", 2, "run_id", "key", "value"),
	TABLE("metric", 2, "run_id", "key", "value", "special"),
	TABLE("tag", 2, "run_id", "key", "value"),
	TABLE("input", 3, "run_id", "name", "version", "rows"),
	TABLE("run_link", 3, "run_id", "to_run_id", "to_step", "rule"),
	TABLE("run_link_open", 1, "run_id", "to_source", "to_pipeline", "to_run", "to_step", "rule", "tried"),
	TABLE("step_run", 1, "id", "run_id", "pipeline_id", "step", "idx", "label", "attempt", "state",
		"tool_state", "operator", "note", "at_ms", "started_ms", "ended_ms", "duration_ms",
		"queued_ms", "is_newest", "gone"),
	TABLE("health", 1, "id", "source_id", "component", "state", "since_ms", "message", "seen_ms"),
	TABLE("model_version", 1, "id", "source_id", "model", "version", "position", "stage", "pipeline",
		"run", "at_ms", "created_ms", "url", "note", "gone"),
	TABLE("model_alias", 2, "model_version_id", "alias"),

	TABLE("team.problem", 1, "id", "kind", "key", "title", "source", "pipeline", "run", "step",
		"step_index", "attempt", "count", "severity", "state", "assignee", "known", "cause_kind",
		"first_ms", "last_ms", "closed_ms", "due_ms", "owner", "oncall", "fingerprint", "cause_line",
		"cause", "evidence_at", "blocked_steps", "seen_ms", "snoozed_until_ms", "told_count",
		"told_pipelines"),
	TABLE("team.problem_pipeline", 3, "problem_id", "source", "pipeline"),
	TABLE("team.occurrence", 6, "source", "pipeline", "run", "step", "idx", "attempt", "problem_id",
		"at_ms", "label"),
	TABLE("team.evidence", 6, "source", "pipeline", "run", "step", "idx", "attempt", "fingerprint",
		"cause_line", "cause", "candidates", "excerpt", "excerpt_line", "found_ms", "error"),
	TABLE("team.problem_event", 1, "id", "problem_id", "at_ms", "who", "verb", "text", "prior", "step",
		"undoes"),
	TABLE("team.notice", 1, "id", "event_id", "target", "at_ms", "body", "state", "tries", "next_ms",
		"claimed_ms", "error"),
	TABLE("team.audit", 1, "id", "at_ms", "who", "host", "verb", "object_ref", "args", "result"),
	TABLE("team.data_check", 1, "id", "source", "pipeline", "run", "step", "name", "state", "observed",
		"lower_bound", "upper_bound", "at_ms"),
	TABLE("team.alert", 1, "id", "source", "monitor", "opened_ms", "closed_ms", "state", "value",
		"lower_bound", "upper_bound", "pipeline", "run"),
	TABLE("team.cost", 4, "source", "pipeline", "month", "currency", "amount", "is_estimate"),
	TABLE("team.declared", 2, "kind", "name", "body", "who", "at_ms"),
	TABLE("team.page", 1, "id", "name", "version", "of_version", "body", "who", "at_ms"),
	TABLE("team.page_vote", 2, "page", "who", "helped", "note", "at_ms"),
	TABLE("team.page_gap", 1, "words", "count", "first_ms", "last_ms"),
	TABLE("team.abtest_row", 5, "name", "day", "arm", "segment", "metric", "n", "sum", "sumsq", "x", "xx",
		"xy", "d", "dd", "nd", "at_ms"),
};

const struct store_table *store_tables(size_t *n)
{
	*n = ARRAY_LEN(tables);
	return tables;
}

const struct store_table *store_table(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (str_is(name, tables[i].name))
			return &tables[i];
	return NULL;
}

bool store_table_is_team(const struct store_table *table)
{
	return str_starts(str_of(table->name), STR("team."));
}

/* Runs SQL with the table's name in the place of its one %s, for one number. */
static bool ask(struct store *store, const char *fmt, const struct store_table *table, int64_t *out,
	struct err *err) __attribute__((format(printf, 2, 0)));
static bool ask(
	struct store *store, const char *fmt, const struct store_table *table, int64_t *out, struct err *err)
{
	char *sql = x_printf(fmt, table->name);
	bool ok = store_exec_id(store, sql, NULL, 0, out, err);
	x_free(sql);
	return ok;
}

bool store_table_count(struct store *store, const struct store_table *table, int64_t *out, struct err *err)
{
	return ask(store, "SELECT count(*) FROM %s", table, out, err);
}

bool store_is_empty(struct store *store, bool team, bool *out, struct err *err)
{
	int64_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(tables) && !n; i++)
		if (store_table_is_team(&tables[i]) == team &&
			!ask(store, "SELECT count(*) FROM (SELECT 1 FROM %s LIMIT 1) t", &tables[i], &n, err))
			return false;
	*out = n == 0;
	return true;
}

/* --- walking -------------------------------------------------------------------------- */

void table_walk_init(struct table_walk *walk, struct store *store, const struct store_table *table)
{
	*walk = (struct table_walk){.store = store, .table = table, .pages = {arena_new(), arena_new()}};
}

void table_walk_fini(struct table_walk *walk)
{
	arena_free(walk->pages[0]);
	arena_free(walk->pages[1]);
}

static void add_columns(struct buf *sql, const struct store_table *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(sql, "%s\"%s\"", i ? ", " : "", table->columns[i]);
}

static void add_page(struct buf *sql, const struct table_walk *walk)
{
	const struct store_table *table = walk->table;
	buf_addz(sql, "SELECT ");
	add_columns(sql, table, table->n_columns);
	buf_addf(sql, " FROM %s", table->name);
	if (walk->is_begun) {
		buf_addz(sql, " WHERE (");
		add_columns(sql, table, table->n_key);
		buf_addz(sql, ") > (");
		for (size_t i = 1; i <= table->n_key; i++)
			buf_addf(sql, "%s$%zu", i > 1 ? ", " : "", i);
		buf_addc(sql, ')');
	}
	buf_addz(sql, " ORDER BY ");
	add_columns(sql, table, table->n_key);
	buf_addf(sql, " LIMIT %d", TABLE_PAGE);
}

bool table_walk_next(struct table_walk *walk, struct result *out, struct err *err)
{
	struct arena *page = walk->pages[walk->turn];
	struct buf sql;
	arena_reset(page);
	buf_init(&sql, 0);
	add_page(&sql, walk);
	bool ok = store_query(
		walk->store, sql.p, walk->after, walk->is_begun ? walk->table->n_key : 0, page, out, err);
	buf_fini(&sql);
	if (!ok || !out->n_rows)
		return ok;
	for (size_t i = 0; i < walk->table->n_key; i++)
		walk->after[i] = *result_at(out, out->n_rows - 1, i);
	walk->is_begun = true;
	walk->turn = !walk->turn;
	return true;
}

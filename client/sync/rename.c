/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/rename.h"

#include "client/base/mem.h"

/* What is kept by name: $1 source, $2 name before, $3 name now. Where the same is kept under both names the
 * one before stays where it is. */
#define SAME_SOURCE "source = (SELECT name FROM source WHERE id = $1) AND pipeline = $2"
#define UNLESS_THERE(table, keys)                                                                            \
	" AND NOT EXISTS (SELECT 1 FROM team." table " n WHERE n.source = o.source AND n.pipeline = $3" keys \
	")"
#define OF_STEP	   " AND n.run = o.run AND n.step = o.step"
#define OF_ATTEMPT OF_STEP " AND n.idx = o.idx AND n.attempt = o.attempt"
#define MOVE(table, keys)                                                                                    \
	"UPDATE team." table " AS o SET pipeline = $3 WHERE " SAME_SOURCE UNLESS_THERE(table, keys)
#define KEY(kind, name)                                                                                      \
	"'" kind ":' || (SELECT name FROM source WHERE id = $1) || '/' || CAST(" name " AS TEXT)"
#define MOVE_KEY(kind)                                                                                       \
	"UPDATE team.problem SET key = " KEY(kind, "$3") " WHERE key = " KEY(kind,                           \
		"$2") " AND NOT EXISTS (SELECT 1 FROM team.problem n WHERE n.key = " KEY(kind, "$3") ")"

static const char *const moves[] = {
	"UPDATE team.problem SET pipeline = $3 WHERE " SAME_SOURCE,
	MOVE_KEY("failed"),
	MOVE_KEY("late"),
	MOVE("problem_pipeline", " AND n.problem_id = o.problem_id"),
	MOVE("occurrence", OF_ATTEMPT),
	MOVE("evidence", OF_ATTEMPT),
	MOVE("data_check", OF_STEP " AND n.name = o.name"),
	"UPDATE team.alert SET pipeline = $3 WHERE " SAME_SOURCE,
	MOVE("cost", " AND n.month = o.month AND n.currency = o.currency"),
	"UPDATE model_version SET pipeline = $3 WHERE source_id = $1 AND pipeline = $2",
	"UPDATE run_link_open SET to_pipeline = $3 WHERE to_source = (SELECT name FROM source WHERE id = $1)"
	" AND to_pipeline = $2",
};

static bool move_kept(
	struct store *store, int64_t source_id, const char *from, const char *to, struct err *err)
{
	const struct value params[] = {value_int(source_id), value_text(from), value_text(to)};
	for (size_t i = 0; i < ARRAY_LEN(moves); i++)
		if (!store_exec(store, moves[i], params, ARRAY_LEN(params), NULL, err))
			return false;
	return true;
}

static bool set_name(
	struct store *store, int64_t source_id, int64_t id, const char *from, const char *to, struct err *err)
{
	const struct value params[] = {value_int(id), value_text(to), value_text(from)};
	return store_exec(store, "UPDATE pipeline SET pipeline = $2, was = $3 WHERE id = $1", params,
		       ARRAY_LEN(params), NULL, err) &&
	       move_kept(store, source_id, from, to, err);
}

/* Runs that came under the new name before it was told whose it is: those that are known under both are taken
 * as they came last. */
static bool take_runs(struct store *store, int64_t from, int64_t to, struct err *err)
{
	static const char *const sql[] = {
		"DELETE FROM run WHERE pipeline_id = $2 AND run IN (SELECT run FROM run WHERE pipeline_id = $1)",
		"UPDATE step_run SET pipeline_id = $2 WHERE pipeline_id = $1",
		"UPDATE run SET pipeline_id = $2 WHERE pipeline_id = $1",
		"UPDATE pipeline SET (last_run_id, last_state, last_run_ms) = (SELECT r.id, r.state, r.at_ms FROM run r"
		" WHERE r.pipeline_id = $2 AND r.gone = 0 ORDER BY r.at_ms DESC, r.id DESC LIMIT 1)"
		" WHERE id = $2 AND id <> $1",
	};
	const struct value params[] = {value_int(from), value_int(to)}, gone[] = {value_int(from)};
	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		if (!store_exec(store, sql[i], params, ARRAY_LEN(params), NULL, err))
			return false;
	return store_exec(store, "DELETE FROM pipeline WHERE id = $1", gone, 1, NULL, err);
}

/* NAME is free for the pipeline ID. Two that change their names with each other are told one after the other:
 * the second is called otherwise until then. */
static bool make_room(struct store *store, int64_t source_id, int64_t id, const char *name,
	struct arena *arena, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(source_id), value_text(name)};
	if (!store_query(store, "SELECT id, tool_id FROM pipeline WHERE source_id = $1 AND pipeline = $2",
		    params, ARRAY_LEN(params), arena, &row, err))
		return false;
	if (!row.n_rows)
		return true;
	int64_t there = result_int(&row, 0, 0, 0);
	const char *tool_id = result_text(&row, 0, 1);
	if (!tool_id)
		return take_runs(store, there, id, err);
	return set_name(store, source_id, there, name, arena_printf(arena, "%s (%s)", name, tool_id), err);
}

bool rename_follow(struct store *store, int64_t source_id, const char *tool_id, const char *name,
	struct arena *arena, bool *is_renamed, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(source_id), value_text(tool_id), value_text(name)};
	*is_renamed = false;
	if (!store_query(store,
		    "SELECT id, pipeline FROM pipeline WHERE source_id = $1 AND tool_id = $2 AND pipeline <> $3",
		    params, ARRAY_LEN(params), arena, &row, err))
		return false;
	if (!row.n_rows)
		return true;
	int64_t id = result_int(&row, 0, 0, 0);
	*is_renamed = true;
	return make_room(store, source_id, id, name, arena, err) &&
	       set_name(store, source_id, id, result_text(&row, 0, 1), name, err);
}

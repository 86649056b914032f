/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/mirror.h"

#include "client/base/clock.h"
#include "client/base/file.h"
#include "client/base/hash.h"
#include "client/base/mem.h"
#include "client/catalogue/store_ops.h"
#include "client/catalogue/tables.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define OPEN_PROBLEMS                                                                                        \
	"(SELECT b.id FROM team.problem b WHERE b.state IN ('open', 'acknowledged', 'snoozed')"              \
	" ORDER BY b.last_ms DESC, b.id DESC LIMIT 2000)"
/* Runs and pipelines that they were seen in: the team store knows them by name. */
#define OPEN_RUNS                                                                                            \
	"(SELECT r.id FROM team.occurrence o JOIN source s ON s.name = o.source"                             \
	" JOIN pipeline p ON p.source_id = s.id AND p.pipeline = o.pipeline"                                 \
	" JOIN run r ON r.pipeline_id = p.id AND r.run = o.run WHERE o.problem_id IN " OPEN_PROBLEMS ")"
#define OPEN_PIPELINES                                                                                            \
	"(SELECT p.id FROM team.problem_pipeline q JOIN source s ON s.name = q.source"                            \
	" JOIN pipeline p ON p.source_id = s.id AND p.pipeline = q.pipeline WHERE q.problem_id IN " OPEN_PROBLEMS \
	")"
_Static_assert(MIRROR_MOST_PROBLEMS == 2000, "the same number as in the text of OPEN_PROBLEMS");

/* What goes along of each table; parents stand before their children. */
static const struct {
	const char *table, *where;
} parts[] = {
	{"source", "1=1"},
	{"health", "1=1"},
	{"pipeline", "1=1"},
	{"step", "pipeline_id IN " OPEN_PIPELINES},
	{"step_edge", "pipeline_id IN " OPEN_PIPELINES},
	{"run", "id IN (SELECT last_run_id FROM pipeline) OR id IN " OPEN_RUNS},
	{"param", "run_id IN " OPEN_RUNS},
	{"metric", "run_id IN " OPEN_RUNS},
	{"tag", "run_id IN " OPEN_RUNS},
	{"input", "run_id IN " OPEN_RUNS},
	{"step_run", "run_id IN " OPEN_RUNS},
	{"team.problem", "id IN " OPEN_PROBLEMS},
	{"team.problem_pipeline", "problem_id IN " OPEN_PROBLEMS},
	{"team.occurrence", "problem_id IN " OPEN_PROBLEMS},
	{"team.problem_event", "problem_id IN " OPEN_PROBLEMS},
	{"team.evidence",
		"EXISTS (SELECT 1 FROM team.occurrence o WHERE o.problem_id IN " OPEN_PROBLEMS
		" AND o.source = evidence.source AND o.pipeline = evidence.pipeline AND o.run = evidence.run"
		" AND o.step = evidence.step AND o.idx = evidence.idx AND o.attempt = evidence.attempt)"},
	{"team.declared", "1=1"},
	{"team.page", "version = (SELECT max(q.version) FROM team.page q WHERE q.name = team.page.name)"},
};

const char *mirror_path(struct arena *arena, const char *address)
{
	return arena_printf(arena, "%s/mirrors/%016llx.db", file_cache_dir(arena),
		(unsigned long long)hash_add(HASH_START, str_of(address)));
}

/* --- making --------------------------------------------------------------------- */

static const char *select_of(struct arena *arena, const struct store_table *table, const char *where)
{
	struct buf sql;
	buf_init(&sql, 0);
	buf_addz(&sql, "SELECT ");
	for (size_t i = 0; i < table->n_columns; i++)
		buf_addf(&sql, "%s\"%s\"", i ? ", " : "", table->columns[i]);
	buf_addf(&sql, " FROM %s WHERE %s", table->name, where);
	return arena_take(arena, &sql);
}

static bool copy_part(
	struct store *from, struct store *to, const char *name, const char *where, struct err *err)
{
	const struct store_table *table = store_table(str_of(name));
	BUG_ON(!table);
	struct arena *arena = arena_new();
	struct result rows;
	bool ok = store_query(from, select_of(arena, table, where), NULL, 0, arena, &rows, err) &&
		  (!rows.n_rows || store_load(to, table->name, table->columns, table->n_columns, rows.cells,
					   rows.n_rows, err));
	arena_free(arena);
	return ok || err_wrap(err, "mirror: table '%s'", name);
}

static bool fill(struct store *from, struct store *to, int64_t now_ms, struct err *err)
{
	const struct value now = value_int(now_ms);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!copy_part(from, to, parts[i].table, parts[i].where, err))
			return false;
	return store_exec(to, "INSERT INTO meta (key, value) VALUES ('mirrored_ms', CAST($1 AS TEXT))", &now,
		       1, NULL, err) &&
	       store_checkpoint(to, err);
}

static bool move_file(const char *from, const char *to, const char *tail, struct err *err)
{
	char *old = x_printf("%s%s", from, tail), *new = x_printf("%s%s", to, tail);
	bool ok = rename(old, new) == 0 ||
		  err_set(err, ERR_FAILED, "cannot rename %s to %s: %s", old, new, strerror(errno));
	x_free(old);
	x_free(new);
	return ok;
}

static void remove_files(const char *path)
{
	static const char *const tails[] = {"", "-wal", "-shm", ".team", ".team-journal"};
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		char *name = x_printf("%s%s", path, tails[i]);
		unlink(name);
		x_free(name);
	}
}

static bool make_at(struct store *store, const char *path, int64_t now_ms, struct err *err)
{
	struct store *mirror = store_open(path, STORE_SYNC, err);
	if (!mirror)
		return false;
	bool ok = store_begin_read(store, err);
	if (ok) {
		ok = fill(store, mirror, now_ms, err);
		store_rollback(store);
	}
	store_close(mirror);
	return ok;
}

bool mirror_make(struct store *store, const char *path, int64_t now_ms, struct err *err)
{
	struct arena *arena = arena_new();
	/* two portals of one user may be at it at once */
	const char *fresh = arena_printf(arena, "%s.%ld", path, (long)getpid());
	bool ok =
		file_make_dir(arena_dup(arena, (struct str){path, (size_t)(strrchr(path, '/') - path)}), err);
	remove_files(fresh);
	ok = ok && make_at(store, fresh, now_ms, err);
	ok = ok && move_file(fresh, path, ".team", err) && move_file(fresh, path, "", err);
	remove_files(fresh);
	arena_free(arena);
	return ok;
}

/* --- reading -------------------------------------------------------------------- */

struct store *mirror_open(const char *path, struct err *err)
{
	struct store *store = store_open(path, STORE_READ, err);
	if (!store)
		return NULL;
	if (store_exec_id(store, "SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'mirrored_ms'", NULL, 0,
		    &store->mirrored_ms, err))
		return store;
	store_close(store);
	return NULL;
}

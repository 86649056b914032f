/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/oncall.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/proc.h"
#include "client/triage/wait.h"

static bool is_fresh(struct store *store, const char *key, int64_t now_ms, bool *out, struct err *err)
{
	int64_t asked_ms;
	struct result row;
	struct arena *arena = arena_new();
	const struct value params[] = {value_text(key)};
	bool ok = store_query(store, "SELECT value FROM meta WHERE key = $1", params, 1, arena, &row, err);
	struct str rest = str_of(ok && row.n_rows ? result_text(&row, 0, 0) : NULL), asked;
	*out = str_next(&rest, ' ', &asked) && str_to_int(asked, 0, INT64_MAX, &asked_ms) &&
	       now_ms - asked_ms < ONCALL_EVERY_MS;
	arena_free(arena);
	return ok;
}

/* The first line that COMMAND prints; empty where it fails. */
static struct str ask(const char *const *command, struct buf *said)
{
	int status;
	struct str rest, line;
	if (!proc_read(command, ONCALL_PATIENCE_MS, said, &status, NULL) || status)
		return STR("");
	rest = str_trim(buf_str(said));
	return str_next(&rest, '\n', &line) ? str_trim(line) : STR("");
}

static bool update_one(struct store *store, const struct config_project *project, int64_t now_ms,
	struct arena *arena, struct err *err)
{
	bool fresh, ok = true;
	struct buf said;
	const char *key = wait_oncall_key(arena, project);
	if (!is_fresh(store, key, now_ms, &fresh, err))
		return false;
	if (fresh)
		return true;
	buf_init(&said, ONCALL_MOST_BYTES);
	struct str who = ask((const char *const *)project->oncall_command, &said);
	if (who.n) {
		const struct value params[] = {value_text(key),
			value_text(arena_printf(arena, "%lld %.*s", (long long)now_ms, STR_FMT(who)))};
		ok = store_exec(store,
			"INSERT INTO meta (key, value) VALUES ($1, $2)"
			" ON CONFLICT (key) DO UPDATE SET value = excluded.value",
			params, ARRAY_LEN(params), NULL, err);
	}
	buf_fini(&said);
	return ok;
}

bool oncall_update(struct store *store, const struct config *config, int64_t now_ms, struct err *err)
{
	struct arena *arena = arena_new();
	int64_t until_ms = clock_mono_ms() + ONCALL_MOST_MS;
	bool ok = true;
	for (size_t i = 0; ok && i < config->n_projects && clock_mono_ms() < until_ms; i++)
		if (config->projects[i].oncall_command)
			ok = update_one(store, &config->projects[i], now_ms, arena, err);
	arena_free(arena);
	return ok || err_wrap(err, "who is on call");
}

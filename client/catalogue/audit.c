/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/audit.h"

#include "client/base/clock.h"
#include "client/base/mem.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

/* NULL where the engine has no logins, and does not know the word. */
static const char *database_login(struct store *store, struct arena *arena)
{
	struct result row;
	if (!store_query(store, "SELECT current_user", NULL, 0, arena, &row, NULL) || !row.n_rows)
		return NULL;
	return result_text(&row, 0, 0);
}

static const char *system_login(struct arena *arena)
{
	const struct passwd *user = getpwuid(geteuid());
	return user ? arena_dupz(arena, user->pw_name) : arena_printf(arena, "uid %d", (int)geteuid());
}

const char *audit_who(struct store *store, const struct config *config, struct arena *arena)
{
	if (config->user)
		return config->user;
	const char *login = store ? database_login(store, arena) : NULL;
	return login ? login : system_login(arena);
}

static const char *host(char name[static HOST_NAME_MAX + 1])
{
	name[HOST_NAME_MAX] = 0;
	return gethostname(name, HOST_NAME_MAX) == 0 ? name : NULL;
}

static bool add(struct store *store, const struct audit_entry *entry, struct str args, const char *result,
	int64_t *id, struct err *err)
{
	char name[HOST_NAME_MAX + 1];
	const struct value params[] = {value_int(clock_now_ms()), value_text(entry->who),
		value_text(host(name)), value_text(entry->verb), value_text(entry->object_ref),
		value_str(args), value_text(result)};
	return store_exec_id(store,
		       "INSERT INTO team.audit (at_ms, who, host, verb, object_ref, args, result)"
		       " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
		       params, ARRAY_LEN(params), id, err) ||
	       err_wrap(err, "audit");
}

bool audit_begin(struct store *store, const struct audit_entry *entry, int64_t *id, struct err *err)
{
	return add(store, entry, entry->args, NULL, id, err);
}

bool audit_end(
	struct store *store, const struct audit_entry *entry, int64_t id, const char *result, struct err *err)
{
	char args[48];
	int64_t own;
	snprintf(args, sizeof args, "{\"attempt\":%lld}", (long long)id);
	return add(store, entry, str_of(args), result, &own, err);
}

void audit_close(struct store *store, const struct audit_entry *entry, int64_t id, const struct err *failure)
{
	audit_end(store, entry, id, failure ? failure->msg : "done", NULL);
}

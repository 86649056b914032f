/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/restore.h"

#include "client/base/clock.h"
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/catalogue/audit.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* What is restored, and for whom. */
struct restore {
	const struct config *config;
	const char *file;
	struct restored *out;
};

static bool note(const struct restore *r, struct store *store, struct err *err)
{
	int64_t id;
	struct arena *arena = arena_new();
	const struct audit_entry entry = {
		.verb = "restore", .object_ref = r->file, .who = audit_who(store, r->config, arena)};
	bool ok = audit_begin(store, &entry, &id, err) && audit_end(store, &entry, id, "done", err);
	arena_free(arena);
	return ok;
}

static bool load(const struct restore *r, struct store *store, struct err *err)
{
	if (!store_begin(store, err))
		return false;
	if (backup_load(store, r->file, &r->out->facts, err) && note(r, store, err))
		return store_commit(store, err);
	store_rollback(store);
	return false;
}

/* --- one file of SQLite in the place of another --------------------------------------------- */

static void remove_files(const char *address)
{
	static const char *const suffixes[] = {
		"", "-wal", "-shm", ".writer", ".suspect", ".team", ".team-journal"};
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		char *path = x_printf("%s%s", address, suffixes[i]);
		unlink(path);
		x_free(path);
	}
}

/* A store of its own with what FILE holds; its team file is then ready to be used. */
static bool make_beside(const struct restore *r, const char *address, struct err *err)
{
	remove_files(address);
	struct store *store = store_open(address, STORE_SYNC, err);
	bool ok = store && load(r, store, err);
	if (store)
		store_close(store);
	return ok;
}

static char *name_aside(const char *team)
{
	time_t now = (time_t)(clock_now_ms() / 1000);
	struct tm tm = {0};
	char when[32];
	gmtime_r(&now, &tm);
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
	char *aside = x_printf("%s.before-%s", team, when);
	for (int i = 2; access(aside, F_OK) == 0; i++) {
		x_free(aside);
		aside = x_printf("%s.before-%s-%d", team, when, i);
	}
	return aside;
}

/* The old file keeps its bytes under another name before the new one takes its place, in one step. A journal
 * beside it belongs to the old one: SQLite would play it into the new one. */
static bool put_in_place(const char *fresh, const char *team, const char *aside, struct err *err)
{
	char *journal = x_printf("%s-journal", team), *journal_aside = x_printf("%s-journal", aside);
	bool ok = (link(team, aside) == 0 && (rename(journal, journal_aside) == 0 || errno == ENOENT) &&
			  rename(fresh, team) == 0) ||
		  err_set(err, ERR_FAILED, "cannot put '%s' in place: %s", team, strerror(errno));
	x_free(journal);
	x_free(journal_aside);
	return ok && file_sync_folder_of(team, err);
}

/* OLD holds the lock of all who write the team store; it is NULL where the file is too damaged to be opened.
 */
static bool replace_file(const struct restore *r, struct store *old, struct err *err)
{
	const char *address = r->config->catalogue;
	char *beside = x_printf("%s.restore", address), *team = x_printf("%s.team", address);
	char *fresh = x_printf("%s.team", beside), *aside = name_aside(team);
	bool ok = make_beside(r, beside, err) && (!old || store_begin(old, err));
	if (ok) {
		ok = put_in_place(fresh, team, aside, err);
		if (old)
			store_rollback(old);
	}
	if (ok)
		r->out->aside = x_strdup(aside);
	remove_files(beside);
	x_free(beside);
	x_free(team);
	x_free(fresh);
	x_free(aside);
	return ok;
}

/* --- which way ------------------------------------------------------------------------------- */

static bool refuse(const char *address, struct err *err)
{
	return err_set(err, ERR_REFUSED, "the team store holds something already: %s",
		store_is_file(address)
			? "--yes sets it aside and puts the backup in its place"
			: "on PostgreSQL a backup goes into an empty one (DROP SCHEMA team, then restore)");
}

static bool restore_into(const struct restore *r, struct store *store, bool replace, struct err *err)
{
	bool is_empty;
	if (!store_is_empty(store, true, &is_empty, err))
		return false;
	if (is_empty)
		return load(r, store, err);
	if (!replace || !store_is_file(r->config->catalogue))
		return refuse(r->config->catalogue, err);
	return replace_file(r, store, err);
}

bool restore_team(
	const struct config *config, const char *file, bool replace, struct restored *out, struct err *err)
{
	const struct restore r = {.config = config, .file = file, .out = out};
	const char *address = config->catalogue;
	*out = (struct restored){0};
	if (!backup_check(file, &out->facts, err))
		return false;
	struct err why = {0};
	struct store *store = store_open(address, STORE_SYNC, &why);
	if (!store && why.code == ERR_CORRUPT && replace && store_is_file(address))
		return replace_file(&r, NULL, err);
	if (!store && why.code == ERR_CORRUPT)
		return err_set(err, ERR_REFUSED, "%s: --yes sets it aside and puts the backup in its place",
			why.msg);
	if (!store)
		return err_set(err, why.code, "%s", why.msg);
	bool ok = restore_into(&r, store, replace, err);
	store_close(store);
	return ok;
}

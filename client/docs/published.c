/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/docs/published.h"

#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "client/base/when.h"
#include "client/catalogue/audit.h"
#include "client/catalogue/ref.h"

/* --- reading -------------------------------------------------------------------------- */

bool published_mark(struct store *store, int64_t *out, struct err *err)
{
	return store_exec_id(store, "SELECT count(*) FROM team.page", NULL, 0, out, err);
}

static struct str cell(const struct result *rows, size_t row, size_t column)
{
	const struct value *value = result_at(rows, row, column);
	return value->type == VALUE_TEXT ? value->s : STR("");
}

bool published_use(struct store *store, struct docs *docs, struct err *err)
{
	struct arena *arena = arena_new();
	struct result rows;
	bool ok = store_query(store,
		"SELECT p.name, p.version, p.who, p.at_ms, p.body FROM team.page p WHERE p.body IS NOT NULL"
		" AND p.version = (SELECT max(q.version) FROM team.page q WHERE q.name = p.name)",
		NULL, 0, arena, &rows, err);
	struct docs_published *pages = arena_array(arena, struct docs_published, ok ? rows.n_rows + 1 : 1);
	for (size_t i = 0; ok && i < rows.n_rows; i++)
		pages[i] = (struct docs_published){.name = result_text(&rows, i, 0),
			.version = result_int(&rows, i, 1, 0),
			.who = result_text(&rows, i, 2),
			.at_ms = result_ms(&rows, i, 3),
			.text = cell(&rows, i, 4)};
	if (ok)
		docs_use_published(docs, pages, rows.n_rows);
	arena_free(arena);
	return ok || err_wrap(err, "published pages");
}

bool published_history(
	struct store *store, const char *page, struct arena *arena, struct result *out, struct err *err)
{
	const struct value name = value_text(page);
	return store_query(store,
		       "SELECT version, of_version, who, at_ms, length(body) AS bytes FROM team.page"
		       " WHERE name = $1 ORDER BY version DESC",
		       &name, 1, arena, out, err) &&
	       (out->n_rows || err_set(err, ERR_NOT_FOUND, "nobody has published a page '%s'", page));
}

const char *published_name(struct store *store, struct arena *arena, const char *text)
{
	const char *tail = arena_printf(arena, "/%s", text);
	const struct value params[] = {value_text(text), value_text(tail)};
	struct result rows;
	struct err err;
	bool ok = store_query(store,
		"SELECT DISTINCT name FROM team.page WHERE name = $1"
		" OR (length(name) > length($1) AND substr(name, length(name) - length($1)) = $2) LIMIT 2",
		params, ARRAY_LEN(params), arena, &rows, &err);
	return ok && rows.n_rows == 1 ? result_text(&rows, 0, 0) : text;
}

/* --- what is to be published --------------------------------------------------------------- */

static bool take_pages(struct publish_plan *plan, const char *dir, const struct pages *pages, struct err *err)
{
	if (pages->n_faults)
		return err_set(err, ERR_USAGE, "%s", pages->faults[0]);
	if (!pages->n)
		return err_set(err, ERR_USAGE, "%s: no pages there; a page is a file NAME.md", dir);
	plan->items = arena_array(plan->arena, struct publish_item, pages->n);
	for (size_t i = 0; i < pages->n; i++) {
		const struct page *page = &pages->pages[i];
		if (page->fault)
			return err_set(err, ERR_USAGE, "%s: %s", page->path, page->fault);
		if (!utf8_is_valid(page->whole) || memchr(page->whole.p, 0, page->whole.n))
			return err_set(err, ERR_USAGE, "%s: it is no text in UTF-8", page->path);
		plan->items[plan->n++] = (struct publish_item){.page = arena_dupz(plan->arena, page->name),
			.path = arena_dupz(plan->arena, page->path),
			.body = {arena_dup(plan->arena, page->whole), page->whole.n},
			.base = page->version,
			.at_ms = TIME_NONE};
	}
	return true;
}

bool publish_read(struct publish_plan *plan, const char *dir, struct err *err)
{
	struct docs *docs = docs_new(NULL, 0);
	docs_use_folders(docs, &dir, 1);
	bool ok = take_pages(plan, dir, docs_lock(docs), err);
	docs_unlock(docs);
	docs_free(docs);
	return ok;
}

static bool compare_item(const struct publish_plan *plan, struct publish_item *item, struct store *store,
	const char *who, struct err *err)
{
	const struct value params[] = {value_text(item->page), value_text(who)};
	struct result row;
	if (!store_query(store,
		    "SELECT version, who, at_ms, body,"
		    " (SELECT max(q.version) FROM team.page q WHERE q.name = $1 AND q.who = $2) FROM team.page"
		    " WHERE name = $1 ORDER BY version DESC LIMIT 1",
		    params, ARRAY_LEN(params), plan->arena, &row, err))
		return false;
	if (!row.n_rows)
		return true;
	int64_t own = result_int(&row, 0, 4, 0);
	item->newest = result_int(&row, 0, 0, 0);
	item->who = result_text(&row, 0, 1);
	item->at_ms = result_ms(&row, 0, 2);
	item->before = result_text(&row, 0, 3);
	item->base = own > item->base ? own : item->base;
	if (item->before)
		item->change = str_is(item->body, item->before) ? PUBLISH_SAME : PUBLISH_CHANGED;
	item->is_conflict = item->change != PUBLISH_SAME && item->base < item->newest;
	return true;
}

bool publish_compare(struct publish_plan *plan, struct store *store, const char *who, struct err *err)
{
	plan->n_added = plan->n_changed = plan->n_conflicts = 0;
	for (size_t i = 0; i < plan->n; i++) {
		struct publish_item *item = &plan->items[i];
		item->change = PUBLISH_ADDED;
		if (store && !compare_item(plan, item, store, who, err))
			return false;
		plan->n_added += item->change == PUBLISH_ADDED;
		plan->n_changed += item->change == PUBLISH_CHANGED;
		plan->n_conflicts += item->is_conflict;
	}
	return true;
}

static bool refuse_item(const struct publish_plan *plan, const struct publish_item *item, struct err *err)
{
	struct arena *arena = plan->arena;
	const char *yours =
		item->base ? arena_printf(arena, "yours is made from version %lld", (long long)item->base)
			   : "yours says none that it is made from";
	const char *more =
		plan->n_conflicts > 1 ? arena_printf(arena, " (%zu pages are so)", plan->n_conflicts) : "";
	return err_set(err, ERR_REFUSED,
		"page '%s': %s published version %lld at %s, and %s%s; nothing was published. Take that in and"
		" write 'version: %lld' into its front matter; --yes=%zu publishes over it",
		item->page, item->who, (long long)item->newest, when_local(arena, item->at_ms), yours, more,
		(long long)item->newest, plan->n_added + plan->n_changed);
}

bool publish_refuse(const struct publish_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->items[i].is_conflict)
			return refuse_item(plan, &plan->items[i], err);
	return true;
}

/* --- storing --------------------------------------------------------------------------------- */

struct addition {
	const char *page, *who, *verb;
	int64_t version, of, base; /* of: TIME_NONE: it is no rollback */
	struct str body;	   /* p NULL: withdrawn */
};

static const char *audit_ref(struct arena *arena, const char *page)
{
	struct buf ref;
	buf_init(&ref, 0);
	ref_add(&ref, &(struct ref){.kind = REF_DOC, .name = page});
	return arena_take(arena, &ref);
}

static const char *audit_args(struct arena *arena, const struct addition *a)
{
	struct buf args;
	buf_init(&args, 0);
	struct json_writer w = {.out = &args};
	json_open(&w, '{');
	json_member_int(&w, "version", a->version);
	if (a->of == TIME_NONE)
		json_member_int(&w, "made_from", a->base);
	else
		json_member_int(&w, "back_to", a->of);
	json_close(&w, '}');
	return arena_take(arena, &args);
}

/* The next version, which is still that: of two who publish at once one is told. */
static bool add_version(struct store *store, const struct addition *a, struct arena *arena, struct err *err)
{
	const struct audit_entry entry = {.who = a->who,
		.verb = a->verb,
		.object_ref = audit_ref(arena, a->page),
		.args = str_of(audit_args(arena, a))};
	const struct value params[] = {value_text(a->page), value_int(a->version), value_ms(a->of),
		value_str(a->body), value_text(a->who), value_int(clock_now_ms())};
	int64_t id, changed;
	if (!audit_begin(store, &entry, &id, err) ||
		!store_exec(store,
			"INSERT INTO team.page (name, version, of_version, body, who, at_ms)"
			" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name, version) DO NOTHING",
			params, ARRAY_LEN(params), &changed, err))
		return false;
	if (!changed)
		return err_set(err, ERR_REFUSED,
			"page '%s' was published by somebody else just now; nothing was published: look again",
			a->page);
	return audit_end(store, &entry, id, "done", err);
}

static bool end(struct store *store, bool ok, struct err *err)
{
	if (ok)
		return store_commit(store, err);
	store_rollback(store);
	return false;
}

bool publish_store(const struct publish_plan *plan, struct store *store, const char *who, struct err *err)
{
	if (!store_begin(store, err))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < plan->n; i++) {
		const struct publish_item *item = &plan->items[i];
		const struct addition a = {.page = item->page,
			.who = who,
			.verb = "publish",
			.version = item->newest + 1,
			.of = TIME_NONE,
			.base = item->base,
			.body = item->body};
		ok = item->change == PUBLISH_SAME || add_version(store, &a, plan->arena, err);
	}
	return end(store, ok, err);
}

/* --- back ---------------------------------------------------------------------------------------- */

/* The text of VERSION; what stands there is a copy of an older one where that was rolled back, too. */
static bool text_of(struct store *store, const char *page, int64_t version, struct arena *arena,
	const char **out, struct err *err)
{
	const struct value params[] = {value_text(page), value_int(version)};
	struct result row;
	*out = NULL;
	if (version == 0)
		return true;
	if (!store_query(store, "SELECT body FROM team.page WHERE name = $1 AND version = $2", params,
		    ARRAY_LEN(params), arena, &row, err))
		return false;
	if (!row.n_rows)
		return err_set(err, ERR_NOT_FOUND,
			"page '%s' has no version %lld; 'porthole docs history %s' lists them", page,
			(long long)version, page);
	*out = result_text(&row, 0, 0);
	return *out != NULL ||
	       err_set(err, ERR_NOT_FOUND, "page '%s' was withdrawn in version %lld; 0 withdraws it", page,
		       (long long)version);
}

/* The newest version that holds a text before the one that is read now. */
static bool version_before(struct store *store, const char *page, int64_t now, int64_t *out, struct err *err)
{
	const struct value params[] = {value_text(page), value_int(now)};
	return store_exec_id(store,
		"SELECT coalesce(max(version), 0) FROM team.page WHERE name = $1 AND version < $2"
		" AND of_version IS NULL",
		params, ARRAY_LEN(params), out, err);
}

/* Inside the transaction, so that what is read is what is followed. */
static bool roll_back(struct store *store, const char *page, int64_t version, const char *who,
	struct arena *arena, struct published_version *out, struct err *err)
{
	struct result row;
	if (!published_history(store, page, arena, &row, err))
		return false;
	int64_t newest = result_int(&row, 0, 0, 0), now = result_int(&row, 0, 1, newest);
	if (version == PUBLISHED_BEFORE && !version_before(store, page, now, &version, err))
		return false;
	if (version == now)
		return err_set(err, ERR_REFUSED,
			"page '%s' is %s already; 'porthole docs history %s' lists versions", page,
			now ? arena_printf(arena, "at version %lld", (long long)now) : "withdrawn", page);
	*out = (struct published_version){.version = newest + 1, .of = version};
	if (!text_of(store, page, now, arena, &out->before, err) ||
		!text_of(store, page, version, arena, &out->body, err))
		return false;
	const struct addition a = {.page = page,
		.who = who,
		.verb = "rollback",
		.version = out->version,
		.of = version,
		.body = out->body ? str_of(out->body) : (struct str){0}};
	return add_version(store, &a, arena, err);
}

bool published_roll_back(struct store *store, const char *page, int64_t version, const char *who,
	bool is_dry_run, struct arena *arena, struct published_version *out, struct err *err)
{
	if (!store_begin(store, err))
		return false;
	bool ok = roll_back(store, page, version, who, arena, out, err);
	if (!is_dry_run)
		return end(store, ok, err);
	store_rollback(store);
	return ok;
}

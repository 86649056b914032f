/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/declared.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/yaml.h"
#include "client/catalogue/audit.h"
#include "client/catalogue/ref.h"

/* A section that can be declared: what one of it is called, and the keys that tell one from another. */
static const struct kind {
	const char *section, *kind, *keys[2];
} kinds[] = {
	{"sources", "source", {"name"}},
	{"projects", "project", {"name"}},
	{"runbooks", "runbook", {"match", "pipeline"}},
	{"calendar", "calendar", {"name", "from"}},
	{"volumes", "volume", {"game", "as_of"}},
	{"checks", "check", {"name", "pipeline"}},
	{"monitors", "monitor", {"name"}},
	{"abtests", "abtest", {"name"}},
	{"costs", "cost", {"pipeline"}},
};

/* --- into a configuration --------------------------------------------------------------- */

static void add_notice(struct config *config, const char **notice, const char *text)
{
	if (notice)
		*notice = *notice ? arena_printf(config->arena, "%s; %s", *notice, text)
				  : arena_dupz(config->arena, text);
}

static void merge_row(struct config *config, const struct result *rows, size_t row, const char **notice)
{
	struct err why = {0};
	const char *kind = result_text(rows, row, 0), *name = result_text(rows, row, 1);
	const char *where = arena_printf(config->arena, "declared %s '%s'", kind, name);
	const char *section = !strcmp(kind, "source")	 ? "sources"
			      : !strcmp(kind, "project") ? "projects"
			      : !strcmp(kind, "runbook") ? "runbooks"
							 : "calendar";
	const char *text = arena_printf(config->arena, "{\"%s\": [%s]}", section, result_text(rows, row, 2));
	if (!config_add(config, where, str_of(text), &why))
		add_notice(config, notice, arena_printf(config->arena, "left out: %s", why.msg));
}

bool declared_merge(const struct config *config, struct store *store, struct config **out,
	const char **notice, struct err *err)
{
	struct arena *arena = arena_new();
	struct result rows;
	*out = NULL;
	if (notice)
		*notice = NULL;
	bool ok = store_query(store,
		"SELECT kind, name, body FROM team.declared WHERE kind IN ('source', 'project', 'runbook', 'calendar')"
		" ORDER BY kind, name",
		NULL, 0, arena, &rows, err);
	if (ok && rows.n_rows)
		*out = config_extend(config);
	for (size_t i = 0; *out && i < rows.n_rows; i++)
		merge_row(*out, &rows, i, notice);
	arena_free(arena);
	return ok;
}

/* --- from a file -------------------------------------------------------------------------- */

/* Whether JSON reads TEXT as a number, and as the same text: 0.50 yes, 007 no. */
static bool is_json_number(struct str text)
{
	double value;
	size_t sign = text.n && text.p[0] == '-';
	struct str digits = str_slice(text, sign, text.n);
	if (!digits.n || digits.p[0] < '0' || digits.p[0] > '9' || text.p[text.n - 1] == '.')
		return false;
	if (digits.n > 1 && digits.p[0] == '0' && digits.p[1] >= '0' && digits.p[1] <= '9')
		return false;
	return str_to_double(text, &value);
}

static void put_scalar(struct json_writer *w, const struct yaml *node)
{
	bool flag;
	if (yaml_is_null(node))
		json_put_null(w);
	else if (yaml_bool(node, &flag))
		json_put_bool(w, flag);
	else if (!node->is_quoted && is_json_number(node->text))
		json_put_raw(w, node->text);
	else
		json_put_str(w, node->text);
}

/* YAML as JSON. The depth of the tree is bounded by its reader. */
static void put_yaml(struct json_writer *w, const struct yaml *node)
{
	if (node->type == YAML_SCALAR) {
		put_scalar(w, node);
		return;
	}
	bool is_map = node->type == YAML_MAP;
	json_open(w, is_map ? '{' : '[');
	for (size_t i = 0; i < node->n; i++) {
		if (is_map)
			json_key_str(w, node->keys[i].text);
		put_yaml(w, &node->items[i]);
	}
	json_close(w, is_map ? '}' : ']');
}

/* The key of MAP that comes next by name behind LAST (NULL: the first), or SIZE_MAX. */
static size_t next_key(const struct yaml *map, const char *last)
{
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < map->n; i++) {
		const char *key = map->keys[i].text.p;
		if ((!last || strcmp(key, last) > 0) &&
			(best == SIZE_MAX || strcmp(key, map->keys[best].text.p) < 0))
			best = i;
	}
	return best;
}

/* One of a section: its own keys in order, so that the order of a file is no change; what is below them
 * stays, because in a map of patterns the first that fits counts. */
static struct str body_of(struct arena *arena, const struct yaml *map)
{
	struct buf json;
	buf_init(&json, 0);
	struct json_writer w = {.out = &json};
	const char *last = NULL;
	json_open(&w, '{');
	for (size_t i; (i = next_key(map, last)) != SIZE_MAX;) {
		last = map->keys[i].text.p;
		json_key(&w, last);
		put_yaml(&w, &map->items[i]);
	}
	json_close(&w, '}');
	struct str body = {arena_dup(arena, buf_str(&json)), json.n};
	buf_fini(&json);
	return body;
}

static const char *name_of(struct arena *arena, const struct kind *kind, const struct yaml *map)
{
	const struct yaml *first = yaml_get(map, kind->keys[0]);
	const struct yaml *second = kind->keys[1] ? yaml_get(map, kind->keys[1]) : NULL;
	if (!second || yaml_is_null(second))
		return arena_dup(arena, first->text);
	return arena_printf(arena, "%s %s", first->text.p, second->text.p);
}

static bool is_there(const struct declared_plan *plan, const char *kind, const char *name)
{
	for (size_t i = 0; i < plan->n; i++)
		if (!strcmp(plan->items[i].kind, kind) && !strcmp(plan->items[i].name, name))
			return true;
	return false;
}

static bool add_item(struct declared_plan *plan, const struct kind *kind, const char *file,
	const struct yaml *map, struct err *err)
{
	struct declared_item item = {.kind = kind->kind, .at_ms = TIME_NONE};
	item.name = name_of(plan->arena, kind, map);
	item.body = body_of(plan->arena, map);
	if (is_there(plan, item.kind, item.name))
		return err_set(err, ERR_USAGE, "%s:%d: %s '%s' is declared a second time", file, map->line,
			item.kind, item.name);
	if (plan->n == plan->room) {
		size_t room = plan->room * 2 + 16;
		struct declared_item *items = arena_array(plan->arena, struct declared_item, room);
		if (plan->n)
			memcpy(items, plan->items, plan->n * sizeof *items);
		plan->items = items;
		plan->room = room;
	}
	plan->items[plan->n++] = item;
	return true;
}

static void note_left_out(struct declared_plan *plan, const struct yaml *root)
{
	for (size_t i = 0; i < root->n; i++) {
		const char *key = root->keys[i].text.p;
		if (config_is_shared(key))
			continue;
		plan->left_out =
			plan->left_out ? arena_printf(plan->arena, "%s, %s", plan->left_out, key) : key;
	}
}

bool declared_read(struct declared_plan *plan, const char *name, struct str text, struct err *err)
{
	if (!config_check_shared(name, text, err))
		return false;
	const struct yaml *root = yaml_parse(plan->arena, name, text, err);
	if (!root)
		return false;
	note_left_out(plan, root);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct yaml *list = yaml_get(root, kinds[i].section);
		for (size_t j = 0; list && !yaml_is_null(list) && j < list->n; j++)
			if (!add_item(plan, &kinds[i], name, &list->items[j], err))
				return false;
	}
	return true;
}

/* --- what is there ------------------------------------------------------------------------- */

static bool compare_item(struct declared_plan *plan, struct declared_item *item, struct store *store,
	const char *who, struct err *err)
{
	const struct value key[] = {value_text(item->kind), value_text(item->name)};
	struct result row;
	if (!store_query(store, "SELECT body, who, at_ms FROM team.declared WHERE kind = $1 AND name = $2",
		    key, 2, plan->arena, &row, err))
		return false;
	item->before = row.n_rows ? result_text(&row, 0, 0) : NULL;
	item->who = row.n_rows ? result_text(&row, 0, 1) : NULL;
	item->at_ms = row.n_rows ? result_ms(&row, 0, 2) : TIME_NONE;
	item->change = !item->before			  ? DECLARED_ADDED
		       : str_is(item->body, item->before) ? DECLARED_SAME
							  : DECLARED_CHANGED;
	item->is_conflict = item->change == DECLARED_CHANGED && strcmp(item->who, who) != 0;
	plan->n_added += item->change == DECLARED_ADDED;
	plan->n_changed += item->change == DECLARED_CHANGED;
	plan->n_conflicts += item->is_conflict;
	return true;
}

bool declared_compare(struct declared_plan *plan, struct store *store, const char *who, struct err *err)
{
	plan->n_added = plan->n_changed = plan->n_conflicts = 0;
	for (size_t i = 0; i < plan->n; i++)
		if (!compare_item(plan, &plan->items[i], store, who, err))
			return false;
	return true;
}

/* --- storing --------------------------------------------------------------------------------- */

static bool check_admin(const struct declared_plan *plan, struct store *store, struct err *err)
{
	int64_t n = 0;
	bool has_source = false;
	for (size_t i = 0; i < plan->n; i++)
		has_source |=
			plan->items[i].change != DECLARED_SAME && !strcmp(plan->items[i].kind, "source");
	if (!has_source)
		return true;
	if (!store_exec_id(store,
		    "SELECT count(*) FROM pg_roles WHERE rolname = 'porthole_admin'"
		    " AND pg_has_role(current_user, oid, 'member')",
		    NULL, 0, &n, err))
		return false;
	return n || err_set(err, ERR_REFUSED,
			    "the sources of a shared catalogue are put there by members of porthole_admin");
}

static const char *ref_of(struct arena *arena, const struct declared_item *item)
{
	struct buf ref;
	buf_init(&ref, 0);
	if (strcmp(item->kind, "source"))
		buf_addf(&ref, "%s:", item->kind);
	ref_add_part(&ref, str_of(item->name));
	return arena_take(arena, &ref);
}

static struct str args_of(struct arena *arena, const struct declared_item *item)
{
	const char *args = arena_printf(arena, "{\"before\":%s,\"after\":%.*s}",
		item->before ? item->before : "null", STR_FMT(item->body));
	return str_of(args);
}

static bool write_item(struct store *store, const struct declared_item *item, const char *who,
	int64_t *changed, struct err *err)
{
	const struct value params[] = {value_text(item->kind), value_text(item->name), value_str(item->body),
		value_text(who), value_int(clock_now_ms()), value_text(item->before)};
	if (item->change == DECLARED_CHANGED)
		return store_exec(store,
			"UPDATE team.declared SET body = $3, who = $4, at_ms = $5"
			" WHERE kind = $1 AND name = $2 AND body = $6",
			params, 6, changed, err);
	return store_exec(store,
		"INSERT INTO team.declared (kind, name, body, who, at_ms) VALUES ($1, $2, $3, $4, $5)"
		" ON CONFLICT (kind, name) DO NOTHING",
		params, 5, changed, err);
}

static bool store_item(struct store *store, struct arena *arena, const struct declared_item *item,
	const char *who, struct err *err)
{
	const struct audit_entry entry = {
		.who = who, .verb = "apply", .object_ref = ref_of(arena, item), .args = args_of(arena, item)};
	int64_t id, changed;
	if (item->change == DECLARED_SAME)
		return true;
	if (!audit_begin(store, &entry, &id, err) || !write_item(store, item, who, &changed, err))
		return false;
	if (!changed)
		return err_set(err, ERR_UNAVAILABLE,
			"%s '%s' was changed by somebody else just now: look again and apply anew",
			item->kind, item->name);
	return audit_end(store, &entry, id, "done", err);
}

bool declared_store(
	const struct declared_plan *plan, struct store *store, bool is_file, const char *who, struct err *err)
{
	if ((!is_file && !check_admin(plan, store, err)) || !store_begin(store, err))
		return false;
	for (size_t i = 0; i < plan->n; i++) {
		if (store_item(store, plan->arena, &plan->items[i], who, err))
			continue;
		store_rollback(store);
		return false;
	}
	return store_commit(store, err);
}

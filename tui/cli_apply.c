/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command `apply`: sections of YAML files into the shared catalogue, with what that changes. */
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/catalogue/audit.h"
#include "client/catalogue/declared.h"
#include "tui/cli.h"

enum { MOST_BYTES = 256 << 10 };

static const struct column columns[] = {
	{.key = "change", .type = COLUMN_TEXT, .width = 8},
	{.key = "kind", .type = COLUMN_TEXT, .width = 9},
	{.key = "name", .type = COLUMN_NAME, .width = 24},
	{.key = "key", .type = COLUMN_TEXT, .width = 12},
	{.key = "before", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 24},
	{.key = "after", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 24},
	{.key = "who", .type = COLUMN_NAME, .width = 12},
	{.key = "at_ms", .title = "AT", .type = COLUMN_TIME, .width = 8},
};

/* --- what changes ------------------------------------------------------------------- */

struct sheet {
	struct cli *cli;
	struct table table;
	size_t room; /* rows */
};

/* KEY NULL: of the whole. */
static void add_row(struct sheet *s, const struct declared_item *item, const char *key, const char *before,
	const char *after)
{
	static const char *const words[] = {"same", "added", "changed"};
	struct result *result = &s->table.result;
	if (result->n_rows == s->room) {
		s->room = s->room * 2 + 32;
		struct value *cells = arena_array(s->cli->arena, struct value, s->room * ARRAY_LEN(columns));
		if (result->n_rows)
			memcpy(cells, result->cells, result->n_rows * ARRAY_LEN(columns) * sizeof *cells);
		result->cells = cells;
	}
	const struct value row[] = {value_text(words[item->change]), value_text(item->kind),
		value_text(item->name), value_text(key), value_text(before), value_text(after),
		value_text(item->who), value_ms(item->at_ms)};
	_Static_assert(ARRAY_LEN(row) == ARRAY_LEN(columns), "a value a column");
	memcpy(&result->cells[result->n_rows++ * ARRAY_LEN(columns)], row, sizeof row);
}

/* A text as it is, anything else as JSON; NULL where there is none. */
static const char *text_of(struct arena *arena, const struct json *value)
{
	if (!value)
		return NULL;
	if (json_type(value) == JSON_TEXT)
		return arena_dup(arena, json_str(value));
	struct buf text;
	buf_init(&text, 0);
	json_add(&text, value);
	return arena_take(arena, &text);
}

static void add_if_other(struct sheet *s, const struct declared_item *item, const char *key,
	const struct json *before, const struct json *after)
{
	const char *old = text_of(s->cli->arena, before), *new = text_of(s->cli->arena, after);
	if (!old || !new || strcmp(old, new))
		add_row(s, item, key, old, new);
}

/* A row for each key that differs. */
static bool add_changed(struct sheet *s, const struct declared_item *item, struct err *err)
{
	struct json_doc *before = json_parse(str_of(item->before), err), *after = NULL;
	if (before)
		after = json_parse(item->body, err);
	if (!after) {
		json_free(before);
		return err_wrap(err, "%s '%s'", item->kind, item->name);
	}
	const struct json *old = json_root(before), *new = json_root(after);
	struct json_iter it = {0};
	while (json_each(new, &it)) {
		const char *key = arena_dup(s->cli->arena, it.key);
		add_if_other(s, item, key, json_get(old, key), it.value);
	}
	it = (struct json_iter){0};
	while (json_each(old, &it)) {
		const char *key = arena_dup(s->cli->arena, it.key);
		if (!json_get(new, key))
			add_row(s, item, key, text_of(s->cli->arena, it.value), NULL);
	}
	json_free(before);
	json_free(after);
	return true;
}

static bool put_plan(struct cli *cli, const struct declared_plan *plan, struct err *err)
{
	struct sheet s = {.cli = cli,
		.table = {.columns = columns,
			.n_columns = ARRAY_LEN(columns),
			.ref_column = -1,
			.result = {.arena = cli->arena, .n_columns = ARRAY_LEN(columns)},
			.empty = "nothing is declared in these files"}};
	for (size_t i = 0; i < plan->n; i++) {
		const struct declared_item *item = &plan->items[i];
		if (item->change != DECLARED_CHANGED)
			add_row(&s, item, NULL, NULL, NULL);
		else if (!add_changed(&s, item, err))
			return false;
	}
	cli_put_table(cli, &s.table);
	return true;
}

/* --- apply ------------------------------------------------------------------------------ */

static bool read_file(struct declared_plan *plan, const char *file, struct err *err)
{
	struct buf text;
	buf_init(&text, MOST_BYTES);
	bool ok = file_read(file, MOST_BYTES, &text, err);
	if (!ok)
		err->code = ERR_USAGE;
	ok = ok && declared_read(plan, file, buf_str(&text), err);
	buf_fini(&text);
	return ok;
}

static bool confirm(struct cli *cli, const struct declared_plan *plan, struct err *err)
{
	int64_t n = (int64_t)(plan->n_added + plan->n_changed);
	if (cli->yes > 0 && cli->yes != n)
		return cli_confirm(cli, n, "apply", err);
	for (size_t i = 0; cli->yes < 0 && i < plan->n; i++)
		if (plan->items[i].is_conflict)
			return cli_confirm(cli, n,
				arena_printf(cli->arena, "%s '%s' was put there by %s (%zu such in all)",
					plan->items[i].kind, plan->items[i].name, plan->items[i].who,
					plan->n_conflicts),
				err);
	return true;
}

static bool apply(struct cli *cli, struct store *store, struct declared_plan *plan, struct err *err)
{
	const char *who = audit_who(store, cli->config, cli->arena);
	if (!declared_compare(plan, store, who, err) || !put_plan(cli, plan, err))
		return false;
	if (cli->is_dry_run || plan->n_added + plan->n_changed == 0)
		return true;
	return confirm(cli, plan, err) &&
	       declared_store(plan, store, store_is_file(cli->config->catalogue), who, err);
}

/* A catalogue that nothing was synced into yet can be declared for, too. */
static struct store *open_store(struct cli *cli, struct err *err)
{
	if (cli->is_dry_run)
		return cli_store(cli, err);
	struct store *store = store_open(cli->config->catalogue, STORE_READ, err);
	if (!store && err->code == ERR_NOT_FOUND)
		store = store_open(cli->config->catalogue, STORE_SYNC, err);
	return store;
}

bool cli_apply(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	struct declared_plan plan = {.arena = cli->arena};
	if (cli->n_args < 2)
		return err_set(err, ERR_USAGE, "apply what? 'porthole apply FILE…'");
	if (!cli_may_write(cli, err))
		return false;
	for (int i = 1; i < cli->n_args; i++)
		if (!read_file(&plan, cli->args[i], err))
			return false;
	if (plan.left_out)
		cli_say("left out, for files of your own only: %s", plan.left_out);
	struct store *store = open_store(cli, err);
	bool ok = store && apply(cli, store, &plan, err);
	store_close(store);
	return ok;
}

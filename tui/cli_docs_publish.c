/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `porthole docs publish|rollback|history`: pages for everybody on the catalogue, and their versions. */
#include "client/base/clean.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/catalogue/audit.h"
#include "client/docs/difference.h"
#include "client/docs/published.h"
#include "tui/cli_docs.h"

static const char *const change_words[] = {"same", "added", "changed"};

/* A catalogue that nothing was synced into yet can be published to, too; for a dry run there need be none. */
static bool open_store(struct docs_command *d, struct err *err)
{
	if (!d->store)
		d->store = store_open(d->cli->config->catalogue, STORE_READ, err);
	if (!d->store && err->code == ERR_NOT_FOUND && d->cli->is_dry_run)
		return true;
	if (!d->store && err->code == ERR_NOT_FOUND)
		d->store = store_open(d->cli->config->catalogue, STORE_SYNC, err);
	if (d->store && store_mirrored_ms(d->store) != TIME_NONE)
		return err_set(err, ERR_UNAVAILABLE,
			"the catalogue is away: this is its mirror, and nothing is written");
	return d->store != NULL;
}

/* --- what differs -------------------------------------------------------------------- */

static enum role role_of(struct str line)
{
	return str_starts(line, STR("+"))    ? ROLE_SUCCESS
	       : str_starts(line, STR("-"))  ? ROLE_FAILED
	       : str_starts(line, STR("@@")) ? ROLE_HEADING
					     : ROLE_TEXT;
}

static void put_line(struct printer *printer, enum role role, struct str line)
{
	bool is_plain = !printer->sgr || role == ROLE_TEXT;
	buf_addz(printer->out, is_plain ? "" : printer->sgr[role]);
	clean_add(printer->out, line, printer->format.is_ascii ? CLEAN_ASCII : CLEAN_NAME);
	buf_addz(printer->out, is_plain ? "\n" : "\033[0m\n");
}

void cli_put_difference(
	struct cli *cli, const char *from, const char *to, struct str before, struct str after)
{
	struct printer printer = cli_printer(cli);
	struct buf text;
	buf_init(&text, 0);
	difference_add(&text, before, after);
	put_line(&printer, ROLE_DIM,
		str_of(arena_printf(cli->arena, "--- %s", before.p ? from : "/dev/null")));
	put_line(&printer, ROLE_DIM, str_of(arena_printf(cli->arena, "+++ %s", after.p ? to : "/dev/null")));
	struct str rest = buf_str(&text), line;
	while (rest.n && str_next(&rest, '\n', &line))
		put_line(&printer, role_of(line), line);
	buf_fini(&text);
}

/* NULL: there is none. */
static struct str page_text(const char *text)
{
	return text ? str_of(text) : (struct str){0};
}

static const char *version_name(struct arena *arena, const struct publish_item *item)
{
	return arena_printf(arena, "%s\tversion %lld, %s, %s", item->page, (long long)item->newest,
		item->who ? item->who : "nobody", when_local(arena, item->at_ms));
}

static void put_differences(struct cli *cli, const struct publish_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct publish_item *item = &plan->items[i];
		if (item->change != PUBLISH_SAME)
			cli_put_difference(cli, version_name(cli->arena, item), item->path,
				page_text(item->before), item->body);
	}
}

/* --- publish ---------------------------------------------------------------------------- */

static const struct column plan_columns[] = {
	{.key = "change", .type = COLUMN_TEXT, .width = 8},
	{.key = "page", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 36},
	{.key = "version", .type = COLUMN_INT, .width = 8},
	{.key = "conflict", .type = COLUMN_BOOL, .priority = 1},
	{.key = "before_who", .title = "BEFORE", .type = COLUMN_NAME, .width = 12, .priority = 2},
	{.key = "before_ms", .title = "AT", .type = COLUMN_TIME, .width = 8, .priority = 2},
	{.key = "path", .type = COLUMN_NAME, .flags = COLUMN_HIDDEN},
	{.key = "diff", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN},
};

static const char *difference_of(struct arena *arena, const struct publish_item *item)
{
	struct buf text;
	buf_init(&text, 0);
	difference_add(&text, str_of(item->before), item->body);
	return arena_take(arena, &text);
}

static void put_plan(struct cli *cli, const struct publish_plan *plan)
{
	/* a page of text in a cell is for programs alone */
	struct docs_sheet sheet = docs_sheet(cli, plan_columns, ARRAY_LEN(plan_columns) - !cli->is_json, "");
	for (size_t i = 0; i < plan->n; i++) {
		const struct publish_item *item = &plan->items[i];
		bool is_same = item->change == PUBLISH_SAME;
		const struct value row[] = {value_text(change_words[item->change]), value_text(item->page),
			value_int(item->newest + !is_same), value_int(item->is_conflict),
			value_text(item->who), value_ms(item->at_ms), value_text(item->path),
			value_text(is_same ? "" : difference_of(cli->arena, item))};
		_Static_assert(ARRAY_LEN(row) == ARRAY_LEN(plan_columns), "a value a column");
		docs_sheet_add(&sheet, row);
	}
	cli_put_table(cli, &sheet.table);
}

/* What a person looks at before is what differs; what is done is told as a list. */
static void tell_plan(struct cli *cli, const struct publish_plan *plan)
{
	bool is_text = cli->is_dry_run && !cli->is_json && !cli->is_tsv;
	if (is_text)
		put_differences(cli, plan);
	else
		put_plan(cli, plan);
	if (cli->is_dry_run)
		cli_say("a dry run: %zu added, %zu changed, %zu the same, %zu in conflict; nothing was published",
			plan->n_added, plan->n_changed, plan->n - plan->n_added - plan->n_changed,
			plan->n_conflicts);
}

/* --yes=N goes over what somebody else published. */
static bool confirm(struct cli *cli, const struct publish_plan *plan, struct err *err)
{
	int64_t n = (int64_t)(plan->n_added + plan->n_changed);
	if (cli->yes >= 0)
		return cli_confirm(cli, n, "publish", err);
	return publish_refuse(plan, err);
}

static bool publish(struct docs_command *d, struct publish_plan *plan, struct err *err)
{
	struct cli *cli = d->cli;
	const char *who = audit_who(d->store, cli->config, cli->arena);
	if (!publish_compare(plan, d->store, who, err))
		return false;
	if (cli->is_dry_run) {
		tell_plan(cli, plan);
		return true;
	}
	bool ok = confirm(cli, plan, err) && publish_store(plan, d->store, who, err);
	if (ok)
		tell_plan(cli, plan);
	return ok;
}

bool cli_docs_publish(struct docs_command *d, int *status, struct err *err)
{
	struct publish_plan plan = {.arena = d->cli->arena};
	(void)status;
	if (d->cli->n_args != DOCS_FIRST + 1)
		return err_set(
			err, ERR_USAGE, "publish which folder? 'porthole docs publish DIR [--dry-run]'");
	return cli_may_write(d->cli, err) && publish_read(&plan, d->cli->args[DOCS_FIRST], err) &&
	       open_store(d, err) && publish(d, &plan, err);
}

/* --- rollback ------------------------------------------------------------------------------- */

static const struct column back_columns[] = {
	{.key = "page", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 36},
	{.key = "version", .type = COLUMN_INT, .width = 8},
	{.key = "of_version", .title = "TEXT OF", .type = COLUMN_INT, .width = 8},
};

static bool roll_back(struct docs_command *d, int64_t version, struct err *err)
{
	struct cli *cli = d->cli;
	struct published_version done;
	const char *page = published_name(d->store, cli->arena, cli->args[DOCS_FIRST]),
		   *who = audit_who(d->store, cli->config, cli->arena);
	if (!published_roll_back(d->store, page, version, who, cli->is_dry_run, cli->arena, &done, err))
		return false;
	if (cli->is_dry_run && !cli->is_json && !cli->is_tsv) {
		const char *to = arena_printf(cli->arena, "%s\tas in version %lld", page, (long long)done.of);
		cli_put_difference(cli, page, to, page_text(done.before), page_text(done.body));
	} else {
		struct docs_sheet sheet = docs_sheet(cli, back_columns, ARRAY_LEN(back_columns), "");
		const struct value row[] = {value_text(page), value_int(done.version), value_int(done.of)};
		docs_sheet_add(&sheet, row);
		cli_put_table(cli, &sheet.table);
	}
	if (cli->is_dry_run)
		cli_say("a dry run: nothing was changed");
	return true;
}

bool cli_docs_rollback(struct docs_command *d, int *status, struct err *err)
{
	struct cli *cli = d->cli;
	int64_t version = PUBLISHED_BEFORE;
	(void)status;
	if (cli->n_args < DOCS_FIRST + 1 || cli->n_args > DOCS_FIRST + 2)
		return err_set(err, ERR_USAGE,
			"roll back what? 'porthole docs rollback PAGE [VERSION]'; version 0 withdraws it");
	if (cli->n_args > DOCS_FIRST + 1 &&
		!str_to_int(str_of(cli->args[DOCS_FIRST + 1]), 0, INT32_MAX, &version))
		return err_set(err, ERR_USAGE, "'%s' is no version; 'porthole docs history PAGE' lists them",
			cli->args[DOCS_FIRST + 1]);
	if (!cli_may_write(cli, err) || !open_store(d, err))
		return false;
	return d->store ? roll_back(d, version, err)
			: err_set(err, ERR_NOT_FOUND, "nobody has published a page '%s'",
				  cli->args[DOCS_FIRST]);
}

/* --- history --------------------------------------------------------------------------------- */

static const struct column history_columns[] = {
	{.key = "version", .type = COLUMN_INT, .width = 8},
	{.key = "of_version", .title = "TEXT OF", .type = COLUMN_INT, .width = 8, .priority = 1},
	{.key = "who", .type = COLUMN_NAME, .flags = COLUMN_GROWS, .width = 16},
	{.key = "at_ms", .title = "AT", .type = COLUMN_TIME, .width = 8},
	{.key = "bytes", .type = COLUMN_INT, .width = 8},
};

bool cli_docs_history(struct docs_command *d, int *status, struct err *err)
{
	struct cli *cli = d->cli;
	(void)status;
	if (cli->n_args != DOCS_FIRST + 1)
		return err_set(err, ERR_USAGE, "the versions of which page? 'porthole docs history PAGE'");
	const char *page = cli->args[DOCS_FIRST];
	struct docs_sheet sheet = docs_sheet(cli, history_columns, ARRAY_LEN(history_columns), "");
	if (!d->store)
		return err_set(err, ERR_NOT_FOUND, "nobody has published a page '%s'", page);
	page = published_name(d->store, cli->arena, page);
	if (!published_history(d->store, page, cli->arena, &sheet.table.result, err))
		return false;
	cli_put_table(cli, &sheet.table);
	return true;
}

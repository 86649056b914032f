/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that read the catalogue: lists, triage, show, search, open. */
#include "client/base/clean.h"
#include "client/base/mem.h"
#include "client/catalogue/find.h"
#include "client/docs/published.h"
#include "client/sync/sync.h"
#include "client/triage/problems.h"
#include "tui/cli.h"
#include "tui/docs_builtin.h"
#include "views/json.h"
#include "views/list.h"
#include "views/lists.h"
#include "views/search.h"

enum { LIST_LIMIT = 50, PAGE_ROWS = 1000 };

static struct view_args args_of(struct cli *cli, const char *filter)
{
	return (struct view_args){.config = cli->config,
		.filter = filter,
		.sort = cli->sort,
		.limit = cli->limit < 0 ? LIST_LIMIT : cli->limit,
		.now_ms = cli->now_ms};
}

static void print_page(struct cli *cli, struct printer printer, const struct table *table)
{
	if (cli->is_json)
		json_add_rows(&cli->out, table);
	else if (cli->is_tsv || !cli->is_terminal)
		print_tsv(&printer, table);
	else
		print_table(&printer, table);
}

static void print_rows(struct cli *cli, const struct table *table)
{
	print_page(cli, cli_printer(cli), table);
}

/* Prints as many rows as were asked for, page by page: a million take no more memory than a thousand. */
static bool print_list(struct cli *cli, struct store *store, const struct list_def *list,
	struct view_args args, struct err *err)
{
	struct printer printer = cli_printer(cli);
	struct arena *page = arena_new(), *before = arena_new(); /* ARGS.after lives in the page before */
	int64_t left = args.limit ? args.limit : INT64_MAX;
	struct table table = {.has_more = true};
	bool ok = true;
	while (ok && table.has_more && left) {
		args.limit = left < PAGE_ROWS ? left : PAGE_ROWS;
		ok = list_load(store, list, &args, NULL, page, &table, err);
		if (!ok)
			break;
		left -= (int64_t)table.result.n_rows;
		args.after = table.after;
		struct table shown = table;
		shown.has_more = table.has_more && !left;
		print_page(cli, printer, &shown);
		printer.is_going_on = true;
		if (!cli_flush(cli))
			break;
		struct arena *next = before;
		before = page;
		page = next;
		arena_reset(page);
	}
	arena_free(page);
	arena_free(before);
	return ok;
}

/* A reader notices a sync that is silent: sync itself could not. */
static void check_sync(struct cli *cli, struct store *store)
{
	bool is_recorded = cli->config->recorded_until_ms != TIME_NONE;
	if (!is_recorded && !cli->config->read_only && !sync_is_running(cli->config->catalogue))
		(void)problems_check_sync(store, cli->now_ms, NULL);
}

bool cli_list(struct cli *cli, int *status, struct err *err)
{
	const struct view_def *view = view_find(cli->args[0]);
	struct store *store = cli_store_or_mirror(cli, status, err);
	if (!store)
		return false;
	if (view == &view_problems)
		check_sync(cli, store);
	bool ok = print_list(cli, store, view->list, args_of(cli, cli_words(cli, 1)), err);
	store_close(store);
	return ok;
}

static bool print_triage(struct cli *cli, struct store *store, struct err *err)
{
	const char *filter = arena_printf(cli->arena, "state:open,acknowledged %s", cli_words(cli, 1));
	const struct view_args args = args_of(cli, filter);
	struct table table;
	if (!list_load(store, &list_problems, &args, NULL, cli->arena, &table, err))
		return false;
	if (!cli->is_json) {
		print_rows(cli, &table);
		return true;
	}
	for (size_t row = 0; row < table.result.n_rows; row++)
		if (!json_add_triage(&cli->out, store, cli->config, &table, row, cli->now_ms, err))
			return false;
	return true;
}

bool cli_triage(struct cli *cli, int *status, struct err *err)
{
	struct store *store = cli_store_or_mirror(cli, status, err);
	if (!store)
		return false;
	check_sync(cli, store);
	bool ok = print_triage(cli, store, err);
	store_close(store);
	return ok;
}

static bool print_loaded(struct cli *cli, struct store *store, const struct view_def *view,
	const struct view_args *args, struct err *err)
{
	struct view_data *data = view_load(store, view, args, err);
	if (!data)
		return false;
	struct printer printer = cli_printer(cli);
	print_view(&printer, data);
	view_data_free(data);
	return true;
}

static bool print_object(struct cli *cli, struct store *store, const struct ref *ref, struct err *err)
{
	if (cli->is_json)
		return json_add_object(&cli->out, store, cli->config, ref, cli->now_ms, err);
	const struct view_def *view = view_for_ref(ref->kind);
	if (!view)
		return err_set(err, ERR_USAGE, "nothing of this kind can be shown yet");
	struct view_args args = args_of(cli, "");
	args.ref = *ref;
	bool ok = print_loaded(cli, store, view, &args, err);
	if (!ok || ref->kind != REF_PIPELINE)
		return ok;
	buf_addc(&cli->out, '\n');
	args.show_hidden = false;
	return print_loaded(cli, store, &view_graph, &args, err);
}

bool cli_show(struct cli *cli, int *status, struct err *err)
{
	/* `porthole REF` without a terminal comes here too: the ref is then the first word */
	const char *text = cli->n_args && strcmp(cli->args[0], "show") ? cli->args[0]
			   : cli->n_args > 1			       ? cli->args[1]
								       : NULL;
	if (!text || cli->n_args > (text == cli->args[0] ? 1 : 2))
		return err_set(err, ERR_USAGE, "show what? 'porthole show SOURCE/PIPELINE/RUN'");
	if (str_starts(str_of(text), STR("doc:")))
		return cli_show_page(cli, text, status, err);
	struct ref ref;
	struct store *store = cli_store_or_mirror(cli, status, err);
	if (!store)
		return false;
	bool ok = cli_ref(cli, store, text, &ref, err) && print_object(cli, store, &ref, err);
	store_close(store);
	return ok;
}

bool cli_open(struct cli *cli, int *status, struct err *err)
{
	if (cli->n_args != 2)
		return err_set(err, ERR_USAGE, "open what? 'porthole open REF' or 'porthole open URL'");
	struct ref ref;
	struct found found;
	struct store *store = cli_store_or_mirror(cli, status, err);
	if (!store)
		return false;
	bool is_address = strstr(cli->args[1], "://") != NULL;
	bool ok = cli_ref(cli, store, cli->args[1], &ref, err);
	struct buf text;
	buf_init(&text, 0);
	if (ok && is_address) {
		ref_add(&text, &ref);
	} else if (ok && ref.source) {
		ok = find_ref(store, &ref, &found, err);
		struct result row;
		const struct value params[] = {
			value_int(found.run_id), value_int(found.pipeline_id), value_int(found.source_id)};
		ok = ok &&
		     store_query(store,
			     "SELECT coalesce((SELECT url FROM run WHERE id = $1), (SELECT url FROM pipeline WHERE id = $2),"
			     " (SELECT url FROM source WHERE id = $3))",
			     params, 3, cli->arena, &row, err);
		if (ok)
			buf_addz(&text, result_text(&row, 0, 0));
	}
	if (ok && !text.n)
		ok = err_set(err, ERR_NOT_FOUND, "'%s' has no address in a tool", cli->args[1]);
	if (ok) {
		clean_add(&cli->out, buf_str(&text), CLEAN_NAME);
		buf_addc(&cli->out, '\n');
	}
	buf_fini(&text);
	store_close(store);
	return ok;
}

bool cli_search(struct cli *cli, int *status, struct err *err)
{
	if (cli->n_args < 2)
		return err_set(err, ERR_USAGE, "search for what? 'porthole search WORDS'");
	struct store *store = cli_store_or_mirror(cli, status, err);
	if (!store)
		return false;
	struct view_args args = args_of(cli, cli_words(cli, 1));
	struct table table;
	args.docs = docs_builtin_new(cli->config);
	bool ok = published_use(store, args.docs, err) && search_load(store, &args, cli->arena, &table, err);
	docs_free(args.docs);
	if (ok)
		print_rows(cli, &table);
	if (ok && !table.result.n_rows && !*status)
		*status = 1;
	store_close(store);
	return ok;
}

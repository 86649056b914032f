/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `porthole why`: the problem that stands for something, what is known of it, and all that it stands for,
 * with the key they share. */
#include "client/base/mem.h"
#include "client/catalogue/find.h"
#include "tui/cli.h"
#include "views/json.h"
#include "views/list.h"
#include "views/lists.h"

/* The problems that stand for REF, newest first, as a filter of their ids; NULL: none does. */
static const char *problems_of(struct cli *cli, struct store *store, const struct ref *ref, struct err *err)
{
	struct result rows;
	struct buf filter;
	const struct value params[] = {value_text(ref->source), value_text(ref->pipeline),
		value_text(ref->run), value_text(ref->step)};
	if (!store_query(store,
		    "SELECT DISTINCT problem_id FROM team.occurrence WHERE source = $1 AND pipeline = $2"
		    " AND (CAST($3 AS TEXT) IS NULL OR run = $3) AND (CAST($4 AS TEXT) IS NULL OR step = $4)"
		    " UNION SELECT problem_id FROM team.problem_pipeline WHERE source = $1 AND pipeline = $2 AND CAST($3 AS TEXT) IS NULL"
		    " ORDER BY 1 DESC LIMIT 20",
		    params, ARRAY_LEN(params), cli->arena, &rows, err))
		return NULL;
	if (!rows.n_rows) {
		err_set(err, ERR_NOT_FOUND, "no problem stands for this");
		return NULL;
	}
	buf_init(&filter, 0);
	buf_addz(&filter, "problem:");
	for (size_t i = 0; i < rows.n_rows; i++)
		buf_addf(&filter, "%s%lld", i ? "," : "", (long long)result_int(&rows, i, 0, 0));
	return arena_take(cli->arena, &filter);
}

static const char *filter_of(struct cli *cli, struct store *store, const struct ref *ref, struct err *err)
{
	struct found found;
	int64_t id;
	if (ref->kind == REF_PROBLEM) {
		if (str_to_int(str_of(ref->name), 1, INT64_MAX, &id))
			return arena_printf(cli->arena, "problem:%lld", (long long)id);
		err_set(err, ERR_USAGE, "'problem:%s' is no problem: its id is a number", ref->name);
		return NULL;
	}
	if (ref->source && ref->pipeline)
		return find_ref(store, ref, &found, err) ? problems_of(cli, store, ref, err) : NULL;
	err_set(err, ERR_USAGE, "problems stand for pipelines, runs and steps; or name one: problem:ID");
	return NULL;
}

/* For a person: all that is known of the problem (the newest of several) before how it was grouped. */
static bool print_problem(struct cli *cli, struct store *store, const struct table *table, struct err *err)
{
	const struct value *id =
		result_at(&table->result, 0, (size_t)result_column(&table->result, "problem"));
	struct view_args args = {.config = cli->config, .filter = "", .limit = 50, .now_ms = cli->now_ms};
	args.ref =
		(struct ref){.kind = REF_PROBLEM, .name = arena_printf(cli->arena, "%lld", (long long)id->i)};
	struct view_data *data = view_load(store, view_find("problem"), &args, err);
	if (!data)
		return false;
	struct printer printer = cli_printer(cli);
	print_view(&printer, data);
	view_data_free(data);
	buf_addc(&cli->out, '\n');
	print_line(&printer,
		&(struct line){.spans = &(struct span){ROLE_HEADING, "how it was grouped"}, .n_spans = 1});
	print_table(&printer, table);
	return true;
}

static bool print_why(struct cli *cli, struct store *store, const struct ref *ref, struct err *err)
{
	const struct view_args args = {
		.config = cli->config, .filter = filter_of(cli, store, ref, err), .now_ms = cli->now_ms};
	struct table table;
	if (!args.filter || !list_load(store, &list_why, &args, NULL, cli->arena, &table, err))
		return false;
	if (!table.result.n_rows)
		return err_set(
			err, ERR_NOT_FOUND, "no problem %s; 'porthole problems' lists them", ref->name);
	if (!cli->is_json && !cli->is_tsv && cli->is_terminal)
		return print_problem(cli, store, &table, err);
	struct printer printer = cli_printer(cli);
	if (cli->is_json)
		json_add_rows(&cli->out, &table);
	else
		print_tsv(&printer, &table);
	return true;
}

bool cli_why(struct cli *cli, int *status, struct err *err)
{
	if (cli->n_args != 2)
		return err_set(err, ERR_USAGE, "why what? 'porthole why problem:ID' or a run or step");
	struct ref ref;
	struct store *store = cli_store_or_mirror(cli, status, err);
	if (!store)
		return false;
	bool ok = cli_ref(cli, store, cli->args[1], &ref, err) && print_why(cli, store, &ref, err);
	store_close(store);
	return ok;
}

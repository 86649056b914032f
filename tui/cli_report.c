/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `porthole report`: what one shift hands over to the next. */
#include "client/base/mem.h"
#include "client/base/when.h"
#include "tui/cli.h"
#include "views/report.h"

static bool put_report(struct cli *cli, struct store *store, int64_t since_ms, struct err *err)
{
	struct table report;
	if (!report_load(store, cli->config, since_ms, cli->now_ms, cli->arena, &report, err))
		return false;
	struct printer printer = cli_printer(cli);
	if (cli->is_json || cli->is_tsv)
		cli_put_table(cli, &report);
	else
		report_print(&printer, &report, since_ms, cli->now_ms);
	return true;
}

bool cli_report(struct cli *cli, int *status, struct err *err)
{
	const char *since = cli->since ? cli->since : "12h";
	int64_t since_ms;
	if (cli->n_args > 1)
		return err_set(err, ERR_USAGE, "report: '%s' is nothing that it can tell", cli->args[1]);
	if (!when_parse_since(str_of(since), cli->now_ms, &since_ms))
		return err_set(err, ERR_USAGE, "--since: '%s' is no time; say 24h, 7d or 2026-11-21", since);
	struct store *store = cli_store_or_mirror(cli, status, err);
	bool ok = store && put_report(cli, store, since_ms, err);
	store_close(store);
	return ok;
}

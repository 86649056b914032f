/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command `sync`: one line for each source, as it ends. */
#include "client/base/when.h"
#include "client/sync/sync.h"
#include "tui/cli.h"

static void on_source(void *ctx, const struct sync_result *r)
{
	struct cli *cli = ctx;
	if (r->err) {
		cli_say("%s: %s", r->source, r->err->msg);
		return;
	}
	buf_addf(&cli->out, "%s: %lld pipelines, %lld runs, %lld steps", r->source,
		(long long)r->written.pipelines, (long long)r->written.runs, (long long)r->written.steps);
	if (r->written.gone)
		buf_addf(&cli->out, ", %lld gone", (long long)r->written.gone);
	if (r->logs)
		buf_addf(&cli->out, ", %lld logs read", (long long)r->logs);
	if (r->bad_records)
		buf_addf(&cli->out, ", %lld records refused", (long long)r->bad_records);
	buf_addz(&cli->out, " in ");
	when_add_duration(&cli->out, r->took_ms);
	buf_addc(&cli->out, '\n');
	cli_flush(cli);
}

static void on_round(void *ctx, const struct problem_counts *p, const char *notice)
{
	struct cli *cli = ctx;
	if (notice)
		cli_say("%s", notice);
	buf_addf(&cli->out, "problems: %lld open, %lld new, %lld returned, %lld resolved\n",
		(long long)p->open, (long long)p->opened, (long long)p->returned, (long long)p->resolved);
	cli_flush(cli);
}

/* For cli_main: it overrules what the error says. */
static void on_signal(void *ctx, int signo)
{
	struct cli *cli = ctx;
	cli->signo = signo;
}

static void on_failed(void *ctx, const struct err *err)
{
	(void)ctx;
	cli_say("%s", err->msg);
}

bool cli_sync(struct cli *cli, int *status, struct err *err)
{
	struct sync_options options = {.names = cli->args + 1,
		.n_names = (size_t)cli->n_args - 1,
		.since_ms = TIME_NONE,
		.source_done = on_source,
		.round_done = on_round,
		.round_failed = on_failed,
		.signalled = on_signal,
		.ctx = cli};
	if (cli->since && !when_parse_since(str_of(cli->since), cli->now_ms, &options.since_ms))
		return err_set(
			err, ERR_USAGE, "--since: '%s' is no time; say 24h, 7d or 2026-11-21", cli->since);
	int failed = 0, signo = 0;
	if (cli->is_watch) {
		bool ok = sync_watch(cli->config, &options, &signo, err);
		*status = signo ? 128 + signo : 0;
		return ok;
	}
	if (!sync_run(cli->config, &options, &failed, err))
		return false;
	*status = failed ? 3 : 0;
	return true;
}

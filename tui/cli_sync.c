/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command `sync`: one line for each source, as it ends. On a terminal those that are still at work stand
 * below, one line each, until they end. */
#include "client/base/when.h"
#include "client/sync/sync.h"
#include "tui/cli.h"
#include "tui/screen.h"

enum { MOST_SHOWN = 12, RATE_AFTER_MS = 1000 };

struct sync_command {
	struct cli *cli;
	struct printer printer;
	int shown; /* lines of progress on the terminal */
};

/* --- what is under way ------------------------------------------------------ */

static void erase_progress(struct sync_command *s)
{
	for (; s->shown; s->shown--)
		buf_addz(&s->cli->out, "\033[A\033[2K");
}

static void add_left(struct buf *line, const struct sync_progress *p)
{
	if (p->total <= p->n || p->took_ms < RATE_AFTER_MS)
		return;
	buf_addz(line, ", about ");
	when_add_duration(line, (p->total - p->n) * p->took_ms / p->n);
	buf_addz(line, " left");
}

static void add_pull(struct buf *line, const struct sync_progress *p, const struct format *format)
{
	format_add_int(line, format, p->n);
	if (p->total) {
		buf_addz(line, " of about ");
		format_add_int(line, format, p->total > p->n ? p->total : p->n);
	}
	buf_addz(line, " runs and steps");
	if (p->took_ms < RATE_AFTER_MS)
		return;
	buf_addz(line, ", ");
	format_add_int(line, format, p->n * 1000 / p->took_ms);
	buf_addz(line, " a second");
	add_left(line, p);
}

static void add_progress(struct buf *line, const struct sync_progress *p, const struct format *format)
{
	buf_addf(line, "%s: ", p->source);
	if (p->phase == SYNC_PULLING) {
		add_pull(line, p, format);
	} else if (p->phase == SYNC_LOGS) {
		buf_addz(line, "logs of failures, ");
		format_add_int(line, format, p->n);
		buf_addz(line, " of ");
		format_add_int(line, format, p->total);
		if (p->n)
			add_left(line, p);
	} else {
		buf_addz(line, "asking");
	}
}

static void on_progress(void *ctx, const struct sync_progress *all, size_t n)
{
	struct sync_command *s = ctx;
	erase_progress(s);
	for (size_t i = 0; i < n && s->shown < MOST_SHOWN; i++) {
		struct buf line;
		if (all[i].phase == SYNC_OVER)
			continue;
		buf_init(&line, 0);
		add_progress(&line, &all[i], &s->printer.format);
		format_cut(&s->cli->out, &s->printer.format, COLUMN_TEXT, buf_str(&line),
			(size_t)s->printer.columns - 1);
		buf_addc(&s->cli->out, '\n');
		buf_fini(&line);
		s->shown++;
	}
	cli_flush(s->cli);
}

/* --- what is over ----------------------------------------------------------- */

static void on_source(void *ctx, const struct sync_result *r)
{
	struct sync_command *s = ctx;
	struct cli *cli = s->cli;
	erase_progress(s);
	cli_flush(cli);
	if (r->err) {
		cli_say("%s: %s", r->source, r->err->msg);
		return;
	}
	buf_addf(&cli->out, "%s: %lld pipelines, %lld runs, %lld steps", r->source,
		(long long)r->written.pipelines, (long long)r->written.runs, (long long)r->written.steps);
	if (r->written.models)
		buf_addf(&cli->out, ", %lld model versions", (long long)r->written.models);
	if (r->written.checks)
		buf_addf(&cli->out, ", %lld checks", (long long)r->written.checks);
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
	struct sync_command *s = ctx;
	struct cli *cli = s->cli;
	erase_progress(s);
	cli_flush(cli);
	if (notice)
		cli_say("%s", notice);
	buf_addf(&cli->out, "problems: %lld open, %lld new, %lld returned, %lld resolved\n",
		(long long)p->open, (long long)p->opened, (long long)p->returned, (long long)p->resolved);
	cli_flush(cli);
}

static void on_notices(void *ctx, const struct notices_result *notices)
{
	struct sync_command *s = ctx;
	buf_addf(&s->cli->out, "notices: %lld sent", (long long)notices->n_sent);
	if (notices->n_waiting)
		buf_addf(&s->cli->out, ", %lld to be tried again", (long long)notices->n_waiting);
	if (notices->n_lost)
		buf_addf(&s->cli->out, ", %lld lost", (long long)notices->n_lost);
	buf_addc(&s->cli->out, '\n');
	cli_flush(s->cli);
	if (*notices->error)
		cli_say("%s", notices->error);
}

/* For cli_main: it overrules what the error says. */
static void on_signal(void *ctx, int signo)
{
	struct sync_command *s = ctx;
	s->cli->signo = signo;
}

static void on_failed(void *ctx, const struct err *err)
{
	struct sync_command *s = ctx;
	erase_progress(s);
	cli_flush(s->cli);
	cli_say("%s", err->msg);
}

bool cli_sync(struct cli *cli, int *status, struct err *err)
{
	struct sync_command command = {.cli = cli, .printer = cli_printer(cli)};
	bool is_shown = cli->is_terminal && command.printer.columns > 1 && terminal_probe("auto").can_draw;
	struct sync_options options = {.names = cli->args + 1,
		.n_names = (size_t)cli->n_args - 1,
		.since_ms = TIME_NONE,
		.source_done = on_source,
		.round_done = on_round,
		.notices_done = on_notices,
		.round_failed = on_failed,
		.signalled = on_signal,
		.progress = is_shown ? on_progress : NULL,
		.ctx = &command};
	if (cli->since && !when_parse_since(str_of(cli->since), cli->now_ms, &options.since_ms))
		return err_set(
			err, ERR_USAGE, "--since: '%s' is no time; say 24h, 7d or 2026-11-21", cli->since);
	int failed = 0, signo = 0;
	bool ok = cli->is_watch ? sync_watch(cli->config, &options, &signo, err)
				: sync_run(cli->config, &options, &failed, err);
	erase_progress(&command);
	*status = signo ? 128 + signo : failed ? 3 : 0;
	return ok;
}

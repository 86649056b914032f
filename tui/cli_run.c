/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command `run`: a pipeline on this machine. While it runs, sync is started after what happens, so that a
 * portal beside it sees it live. */
#include "client/base/mem.h"
#include "client/base/proc.h"
#include "client/base/when.h"
#include "client/catalogue/audit.h"
#include "client/local/runner.h"
#include "tui/cli.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SYNC_PAUSE_MS = 1000, SYNC_END_MS = 60 * 1000 };

struct run_command {
	struct cli *cli;
	struct printer printer;
	const struct local_definition *definition;
	const char *source;
	struct proc sync; /* pid -1: none is at work */
	int64_t synced_ms;
};

/* --- sync beside it ----------------------------------------------------------------- */

static bool start_sync(struct run_command *command)
{
	const char *argv[8] = {"/proc/self/exe"};
	size_t n = 1;
	if (command->cli->config_file) {
		argv[n++] = "--config";
		argv[n++] = command->cli->config_file;
	}
	argv[n++] = "sync";
	argv[n++] = command->source;
	command->synced_ms = clock_mono_ms();
	return proc_start(&command->sync, argv, NULL, PROC_QUIET, NULL);
}

/* At most one at a time, and one a second. Of a sync that fails the next one, or the portal, makes up for it.
 */
static void sync_now_and_then(struct run_command *command)
{
	if (command->cli->is_read_only || clock_mono_ms() - command->synced_ms < SYNC_PAUSE_MS)
		return;
	if (command->sync.pid > 0 && waitpid(command->sync.pid, NULL, WNOHANG) == 0)
		return;
	start_sync(command);
}

static void sync_at_end(struct run_command *command)
{
	if (command->cli->is_read_only)
		return;
	proc_end(&command->sync, 0, SYNC_END_MS);
	if (!start_sync(command) || proc_end(&command->sync, 0, SYNC_END_MS) != 0)
		cli_say("the run is written, but not in the catalogue yet: 'porthole sync %s' says why",
			command->source);
}

/* --- what is said ------------------------------------------------------------------- */

static void say_json(struct run_command *command, const struct runner_event *event)
{
	struct json_writer w = {.out = &command->cli->out};
	json_open(&w, '{');
	json_member_text(&w, "step", event->step);
	json_member_int(&w, "attempt", event->attempt);
	json_member_text(&w, "state", state_word(event->state));
	json_member_int(&w, "took_ms", event->took_ms);
	json_member_text(&w, "note", event->note);
	json_close(&w, '}');
	buf_addc(&command->cli->out, '\n');
}

static void say_step(struct run_command *command, const struct runner_event *event)
{
	struct buf *out = &command->cli->out;
	const char *word = state_word(event->state);
	if (event->state == STATE_RUNNING)
		return;
	buf_addf(out, "%s %-9s %s", format_sign(&command->printer.format, str_of(word)), word, event->step);
	if (event->attempt > 1)
		buf_addf(out, ", try %lld", (long long)event->attempt);
	if (event->attempt > 0) {
		buf_addz(out, "  ");
		when_add_duration(out, event->took_ms);
	}
	if (event->note)
		buf_addf(out, "  %s", event->note);
	buf_addc(out, '\n');
	if (event->state == STATE_FAILED)
		buf_addf(out, "    its log: %s\n", event->log);
}

static void on_event(void *ctx, const struct runner_event *event)
{
	struct run_command *command = ctx;
	if (command->cli->is_json)
		say_json(command, event);
	else if (event->step)
		say_step(command, event);
	cli_flush(command->cli);
	sync_now_and_then(command);
}

static void say_end(struct run_command *command, const struct runner_outcome *outcome)
{
	struct buf *out = &command->cli->out;
	if (command->cli->is_json)
		return;
	buf_addf(out, "%s %s\n", state_word(outcome->state), outcome->ref);
	if (outcome->state == STATE_FAILED)
		buf_addf(out, "    porthole show %s\n", outcome->ref);
}

/* --- the command -------------------------------------------------------------------- */

static bool set_params(struct cli *cli, struct local_definition *definition, struct err *err)
{
	for (size_t i = 0; i < cli->set.n; i++) {
		const char *sign = strchr(cli->set.texts[i], '=');
		if (!sign)
			return err_set(err, ERR_USAGE, "--set: '%s' is not K=V", cli->set.texts[i]);
		struct str key = {cli->set.texts[i], (size_t)(sign - cli->set.texts[i])};
		if (!definition_set(definition, key, sign + 1, err))
			return false;
	}
	return !cli->scale || definition_set(definition, STR("scale"), cli->scale, err);
}

static bool dry_run(struct cli *cli, const struct local_definition *definition)
{
	for (size_t i = 0; i < definition->n_steps; i++) {
		const struct local_step *step = &definition->steps[i];
		buf_addf(&cli->out, "%s:", step->name);
		for (const char **arg = step->run; *arg; arg++)
			buf_addf(&cli->out, " %s", *arg);
		buf_addc(&cli->out, '\n');
	}
	return true;
}

static bool run(struct cli *cli, struct local_definition *definition, int *status, struct err *err)
{
	const struct config_source *source = config_local_source(cli->config);
	struct run_command command = {.cli = cli,
		.printer = cli_printer(cli),
		.definition = definition,
		.source = source ? source->name : CONFIG_LOCAL,
		.sync = {.pid = -1, .in = -1, .out = -1, .err = -1}};
	const struct runner_options options = {.source = command.source,
		.folder = source ? source->path : config_runs_folder(cli->arena),
		.user = audit_who(NULL, cli->config, cli->arena),
		.jobs = cli->jobs,
		.told = on_event,
		.ctx = &command};
	struct runner_outcome outcome;
	bool ok = runner_run(cli->arena, definition, &options, &outcome, err);
	sync_at_end(&command);
	if (!ok)
		return false;
	say_end(&command, &outcome);
	cli->signo = outcome.signo;
	*status = outcome.signo ? 128 + outcome.signo : outcome.state == STATE_SUCCESS ? 0 : 1;
	return true;
}

bool cli_run(struct cli *cli, int *status, struct err *err)
{
	struct local_definition definition;
	if (cli->n_args != 2)
		return err_set(err, ERR_USAGE,
			"run what? 'porthole run PIPELINE.yaml', or one of 'porthole examples'");
	const char *file = cli_example_file(cli, cli->args[1], err);
	if (!file || !definition_load(cli->arena, file, &definition, err) ||
		!set_params(cli, &definition, err))
		return false;
	if (cli->is_dry_run)
		return dry_run(cli, &definition);
	if (cli->is_read_only)
		return err_set(err, ERR_REFUSED, "read-only: nothing is run");
	return run(cli, &definition, status, err);
}

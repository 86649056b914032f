/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `--help`, made from the tables of cli.c and the list of views. */
#include "client/base/utf8.h"
#include "tui/cli.h"

static void add_command_line(struct buf *out, const struct cli_command *command)
{
	/* the first argument is enough here: `porthole COMMAND --help` says all */
	struct str rest = str_of(command->args), first = {0};
	str_next(&rest, ' ', &first);
	if (str_has(first, STR("--"))) /* an option says little without its value */
		first = STR("");
	size_t used = strlen(command->name) + utf8_columns(first);
	buf_addf(out, "  porthole %s %.*s%*s%s\n", command->name, STR_FMT(first),
		used < 22 ? (int)(23 - used) : 1, "", command->help);
}

static void add_lists(struct buf *out)
{
	size_t n;
	const struct view_def *const *views = view_all(&n);
	struct cli_command command;
	for (size_t i = 0; i < n; i++)
		if (views[i]->kind == VIEW_LIST && views[i]->list &&
			cli_find_command(views[i]->name, &command))
			add_command_line(out, &command);
}

static void add_option_line(struct buf *out, const struct cli_option *option)
{
	buf_addf(out, "  --%-10s %-8s %s\n", option->name, option->arg ? option->arg : "", option->help);
}

static void add_program_help(struct buf *out)
{
	size_t n;
	buf_addz(out, "porthole — the machine learning platform's portal in the terminal\n\n"
		      "  porthole [REF]                    the portal, at home or at an object\n");
	const struct cli_command *commands = cli_commands(&n);
	for (size_t i = 0; i < n; i++)
		add_command_line(out, &commands[i]);
	add_lists(out);
	buf_addz(out, "\noptions\n");
	const struct cli_option *options = cli_options(&n);
	for (size_t i = 0; i < n; i++)
		add_option_line(out, &options[i]);
	buf_addz(out,
		"\nfilter    state:failed,lost  pipeline:recsys_*  since:24h  -word  \"a phrase\"  key>value  key:-\n"
		"ref       SOURCE/PIPELINE[/RUN[/STEP[:INDEX][@ATTEMPT]]]  project:NAME  model:SOURCE/NAME[/VERSION]\n"
		"          problem:ID  or the web address of a configured source\n"
		"exit      0 done · 1 no · 2 usage · 3 a source or the catalogue failed · 4 refused\n");
}

void cli_add_help(struct buf *out, const struct cli_command *command)
{
	if (!command) {
		add_program_help(out);
		return;
	}
	size_t n;
	const struct cli_option *options = cli_options(&n);
	buf_addf(out, "porthole %s %s\n  %s\n", command->name, command->args, command->help);
	for (size_t i = 0; i < n; i++)
		if (options[i].commands && cli_takes(command, &options[i]))
			add_option_line(out, &options[i]);
}

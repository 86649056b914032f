/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The manual pages porthole(1) and portal.yaml(5), made from the tables of commands, views, options and
 * configuration keys: what is there is described, and nothing else. */
#include "client/base/mem.h"
#include "client/catalogue/store.h"
#include "tui/cli.h"
#include "tui/complete.h"

#include <stdio.h>

/* --- roff ------------------------------------------------------------------- */

/* TEXT as running text: a dash stays a dash, a backslash is none of roff's, a dot at a line's start no
 * request. */
static void add_text(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		buf_addz(out, "\\&");
	for (; *text; text++) {
		if (*text == '-')
			buf_addz(out, "\\-");
		else if (*text == '\\')
			buf_addz(out, "\\e");
		else
			buf_addc(out, *text);
	}
}

static void add_section(struct buf *out, const char *name)
{
	buf_addf(out, ".SH %s\n", name);
}

/* A paragraph with TERM (bold) and REST of its line, under which TEXT stands. */
static void add_item(struct buf *out, const char *term, const char *rest, const char *text)
{
	buf_addz(out, ".TP\n\\fB");
	add_text(out, term);
	buf_addz(out, "\\fR");
	if (*rest)
		buf_addc(out, ' ');
	add_text(out, rest);
	buf_addc(out, '\n');
	add_text(out, text);
	buf_addc(out, '\n');
}

struct item {
	const char *term, *text;
};

static void add_items(struct buf *out, const struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_item(out, items[i].term, "", items[i].text);
}

/* --- porthole(1) ------------------------------------------------------------ */

static const struct item refs[] = {
	{"SOURCE/PIPELINE[/RUN[/STEP[:INDEX][@ATTEMPT]]]",
		"a pipeline, a run, a step; without an attempt the newest. Bytes outside A-Za-z0-9._~+=,- are %XX."},
	{"project:NAME, model:SOURCE/NAME[/VERSION], problem:ID", "what teams own, models, problems"},
	{"https://…", "the web address of a configured source's page"},
};

static const struct item filters[] = {
	{"KEY:VALUE",
		"KEY matches the glob VALUE; a comma means or (state:failed,lost); KEY:- matches what nobody knows"},
	{"KEY=VALUE, !=, <, <=, >, >=", "compares; durations as 5m, times as 2026-11-21 or 24h"},
	{"since:24h, until:2026-11-21", "by the time that the list sorts by"},
	{"project:, owner:, mine:yes", "by what the configuration says of projects"},
	{"params.K, metrics.K, tags.K", "what a run says of itself; a bare K where it is one of them only"},
	{"WORD, \"a phrase\"", "in names, causes and messages; a dash in front of a term negates it"},
};

static const struct item statuses[] = {
	{"0", "done"},
	{"1", "the answer is no: what was named is not there, a run ended red"},
	{"2", "usage or configuration"},
	{"3", "a source or the catalogue failed, also one of several; what worked is printed"},
	{"4", "refused: read-only, not permitted, not confirmed"},
	{"128+n", "ended by signal n"},
};

static const struct item variables[] = {
	{"PORTHOLE_CONFIG", "the configuration file, where --config names none"},
	{"PORTHOLE_DSN",
		"the catalogue, where there is no configuration file: sqlite:PATH or postgresql://…"},
	{"PORTHOLE_NOW", "milliseconds since the epoch: fixes the clock"},
	{"PORTHOLE_TRACE",
		"a file that gets requests, queries and slow handlers with their times, without secrets"},
	{"NO_COLOR, COLORTERM, TERM, LANG", "as usual; an unset LANG is taken as C.UTF-8"},
};

static const struct item files[] = {
	{"~/.config/porthole/portal.yaml, /etc/porthole/portal.yaml", "the configuration: portal.yaml(5)"},
	{"~/.local/share/porthole/porthole.db",
		"the catalogue: what the tools said; 'porthole sync' rebuilds it"},
	{"~/.local/share/porthole/porthole.db.team", "what people know: problems, notes, audit; back it up"},
	{"~/.cache/porthole", "logs of finished attempts, fetched once"},
};

static void add_command(struct buf *out, const struct cli_command *command)
{
	size_t n;
	const struct cli_option *options = cli_options(&n);
	add_item(out, command->name, command->args, command->help);
	for (size_t i = 0; i < n; i++) {
		if (!options[i].commands || !cli_takes(command, &options[i]))
			continue;
		buf_addf(out, ".br\n\\-\\-");
		add_text(out, options[i].name);
		buf_addf(out, "%s%s: ", options[i].arg ? " " : "", options[i].arg ? options[i].arg : "");
		add_text(out, options[i].help);
		buf_addc(out, '\n');
	}
}

static void add_commands(struct buf *out)
{
	size_t n;
	const struct cli_command *commands = cli_commands(&n);
	add_section(out, "COMMANDS");
	for (size_t i = 0; i < n; i++)
		add_command(out, &commands[i]);
	add_section(out, "LISTS");
	const struct view_def *const *views = view_all(&n);
	for (size_t i = 0; i < n; i++)
		if (views[i]->kind == VIEW_LIST && views[i]->list)
			add_item(out, views[i]->name, "[FILTER…]", views[i]->help);
}

static void add_options(struct buf *out)
{
	size_t n;
	const struct cli_option *options = cli_options(&n);
	add_section(out, "OPTIONS");
	for (size_t i = 0; i < n; i++) {
		char term[64];
		snprintf(term, sizeof term, "--%s", options[i].name);
		if (!options[i].commands || strstr(options[i].commands, "lists"))
			add_item(out, term, options[i].arg ? options[i].arg : "", options[i].help);
	}
}

static void add_porthole_1(struct buf *out)
{
	buf_addz(out, ".TH PORTHOLE 1 \"\" \"porthole " PORTHOLE_VERSION "\"\n");
	add_section(out, "NAME");
	buf_addz(out, "porthole \\- the portal of a machine learning platform in the terminal\n");
	add_section(out, "SYNOPSIS");
	buf_addz(out, ".B porthole\n[\\fIREF\\fR]\n.br\n.B porthole\n\\fICOMMAND\\fR [\\fIARGUMENT\\fR…]\n");
	add_section(out, "DESCRIPTION");
	buf_addz(out,
		"Puts the tools of a machine learning platform behind the same few screens and verbs: what\n"
		"needs a person and why, pipelines, runs, steps, models and their logs. On a terminal, alone\n"
		"or with a ref, it opens the portal; its keys are on its last line, and all of them under ?.\n");
	add_commands(out);
	add_options(out);
	add_section(out, "REFS");
	add_items(out, refs, ARRAY_LEN(refs));
	add_section(out, "FILTER");
	add_items(out, filters, ARRAY_LEN(filters));
	add_section(out, "EXIT STATUS");
	add_items(out, statuses, ARRAY_LEN(statuses));
	add_section(out, "ENVIRONMENT");
	add_items(out, variables, ARRAY_LEN(variables));
	add_section(out, "FILES");
	add_items(out, files, ARRAY_LEN(files));
	add_section(out, "SEE ALSO");
	buf_addz(out, ".BR portal.yaml (5)\n");
}

/* --- portal.yaml(5) --------------------------------------------------------- */

static void add_key(struct buf *out, const struct config_option *o)
{
	char rest[160], text[400];
	snprintf(rest, sizeof rest, "(%s%s%s%s)", o->type, o->is_required ? ", required" : "",
		o->only ? ", only of kind " : "", o->only ? o->only : "");
	snprintf(text, sizeof text, "%s%s%s", o->help, o->fallback ? "; unless given: " : "",
		o->fallback ? o->fallback : "");
	add_item(out, o->key, rest, text);
}

static void add_keys(struct buf *out)
{
	size_t n;
	const struct config_option *options = config_options(&n);
	const char *where = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!where || strcmp(where, options[i].where)) {
			where = options[i].where;
			buf_addf(out, ".SS \"%s\"\n", *where ? where : "at the top");
		}
		add_key(out, &options[i]);
	}
}

static void add_portal_yaml_5(struct buf *out)
{
	buf_addz(out, ".TH PORTAL.YAML 5 \"\" \"porthole " PORTHOLE_VERSION "\"\n");
	add_section(out, "NAME");
	buf_addz(out, "portal.yaml \\- configuration of porthole(1)\n");
	add_section(out, "DESCRIPTION");
	buf_addz(out,
		"YAML without aliases and tags, at most 256 KB. An unknown key is an error with file, line and\n"
		"the nearest known key. A secret is never in the file: it names a variable, a file of mode\n"
		"0600 or a command that gives it.\n");
	add_section(out, "KEYS");
	add_keys(out);
	add_section(out, "EXAMPLE");
	buf_addz(out,
		".nf\nsources:\n"
		"  \\- {name: airflow\\-prod, kind: airflow, url: \"https://airflow.example\", username: porthole,\n"
		"     password_env: AIRFLOW_PASSWORD}\n"
		"projects:\n"
		"  \\- name: discovery\n"
		"    owner: team\\-discovery\n"
		"    oncall: \"@mlee\"\n"
		"    severity: production\n"
		"    pipelines: [\"airflow\\-prod/recsys_*\"]\n"
		"    due: {\"airflow\\-prod/recsys_daily\": \"06:00\"}\n.fi\n");
	add_section(out, "SEE ALSO");
	buf_addz(out, ".BR porthole (1)\n");
}

bool cli_manual(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	const char *page = cli->n_args > 1 ? cli->args[1] : "porthole";
	if (!strcmp(page, "porthole"))
		add_porthole_1(&cli->out);
	else if (!strcmp(page, "portal.yaml"))
		add_portal_yaml_5(&cli->out);
	else
		return err_set(
			err, ERR_USAGE, "no manual page '%s'; there are 'porthole' and 'portal.yaml'", page);
	return true;
}

/* The shell asks at every Tab: what is missing or wrong is no reason to write into a person's line. */
bool cli_complete(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	struct completion completion = {.arena = cli->arena,
		.words = cli->args + 1,
		.n_words = (size_t)cli->n_args - 1,
		.out = &cli->out};
	const char *file = cli->config_file;
	for (int i = 1; i + 1 < cli->n_args; i++)
		if (!strcmp(cli->args[i], "--config"))
			file = cli->args[i + 1];
	struct config *config = config_load(file, err);
	completion.config = config;
	if (config)
		completion.store = store_open(config->catalogue, STORE_READ, err);
	complete_line(&completion);
	if (completion.store)
		store_close(completion.store);
	config_free(config);
	return true;
}

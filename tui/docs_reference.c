/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/docs_reference.h"

#include "client/base/mem.h"
#include "client/config/config.h"
#include "tui/cli.h"
#include "tui/keymap.h"
#include "views/lists.h"

/* A page of its own says what its own table says; the front matter is that of all. */
static void start(struct buf *out, const char *title, const char *about)
{
	buf_addf(out,
		"---\ntitle: %s\nowner: platform team\nreviewed: 2026-11-23\ntags: [reference]\n---\n# %s\n\n%s\n",
		title, title, about);
}

/* TEXT in a cell of a table: a bar would end it. */
static void add_escaped(struct buf *out, const char *text)
{
	for (size_t n; *text; text += n) {
		n = strcspn(text + 1, "|") + 1;
		buf_addz(out, *text == '|' ? "\\" : "");
		buf_add(out, (struct str){text, n});
	}
}

static void add_cell(struct buf *out, const char *text)
{
	buf_addz(out, " ");
	add_escaped(out, text ? text : "");
	buf_addz(out, " |");
}

static void add_code(struct buf *out, const char *text)
{
	buf_addz(out, " `");
	add_escaped(out, text);
	buf_addz(out, "` |");
}

/* --- commands ------------------------------------------------------------------------- */

static bool is_own_option(const struct cli_command *command, const struct cli_option *option)
{
	return option->commands && cli_takes(command, option);
}

static void add_option(struct buf *out, const struct cli_option *option)
{
	const char *arg = option->arg ? option->arg : "";
	buf_addf(out, "- `--%s%s%s`: %s\n", option->name, *arg && option->type != OPTION_OPTIONAL ? " " : "",
		arg, option->help);
}

static void add_command(struct buf *out, const struct cli_command *command)
{
	size_t n;
	const struct cli_option *options = cli_options(&n);
	buf_addf(out, "\n## %s\n\n```\nporthole %s%s%s\n```\n\n%s\n", command->name, command->name,
		*command->args ? " " : "", command->args, command->help);
	bool has_one = false;
	for (size_t i = 0; i < n; i++) {
		if (!is_own_option(command, &options[i]))
			continue;
		buf_addz(out, has_one ? "" : "\n");
		add_option(out, &options[i]);
		has_one = true;
	}
}

static void add_commands(struct buf *out)
{
	size_t n, n_views, n_options;
	const struct cli_command *commands = cli_commands(&n);
	const struct view_def *const *views = view_all(&n_views);
	const struct cli_option *options = cli_options(&n_options);
	start(out, "Commands",
		"Every command of the command line with its own options; those that all take stand at the end.");
	for (size_t i = 0; i < n; i++)
		add_command(out, &commands[i]);
	for (size_t i = 0; i < n_views; i++) {
		struct cli_command list;
		if (views[i]->list && cli_find_command(views[i]->name, &list))
			add_command(out, &list);
	}
	buf_addz(out, "\n## Options of all commands\n\n");
	for (size_t i = 0; i < n_options; i++)
		if (!options[i].commands)
			add_option(out, &options[i]);
}

/* --- keys ------------------------------------------------------------------------------- */

static const struct {
	int context;
	const char *title;
} contexts[] = {
	{IN_HOME, "What needs you"},
	{IN_LIST, "In lists"},
	{IN_OBJECT, "On one object"},
	{IN_LOG, "In logs"},
	{IN_PAGE, "In pages"},
	{IN_PLOT, "In curves"},
};

static void add_keys(struct buf *out)
{
	size_t n;
	const struct app_command *commands = app_commands(&n);
	start(out, "Keys",
		"Every key of the portal, and the command that it stands for: `:` takes the same names, and `keys:` in"
		" portal.yaml gives them other keys. `?` shows those that work where you are.");
	for (size_t c = 0; c < ARRAY_LEN(contexts); c++) {
		buf_addf(
			out, "\n## %s\n\n| key | command | what |\n| --- | --- | --- |\n", contexts[c].title);
		for (size_t i = 0; i < n; i++) {
			if (!(commands[i].contexts & contexts[c].context))
				continue;
			buf_addz(out, "|");
			add_code(out, commands[i].keys);
			add_cell(out, commands[i].name);
			add_cell(out, commands[i].help);
			buf_addc(out, '\n');
		}
	}
}

/* --- configuration ------------------------------------------------------------------------ */

static void add_configuration(struct buf *out)
{
	size_t n;
	const struct config_option *options = config_options(&n);
	const char *where = NULL;
	start(out, "Configuration",
		"Every key of portal.yaml. Keys that name a command or a credential are for files of this machine"
		" alone: `porthole apply` shares none of them.");
	for (size_t i = 0; i < n; i++) {
		if (!where || strcmp(where, options[i].where))
			buf_addf(out,
				"\n## %s\n\n| key | value | default | what |\n| --- | --- | --- | --- |\n",
				*options[i].where ? options[i].where : "At the top");
		where = options[i].where;
		buf_addz(out, "|");
		add_code(out, options[i].key);
		add_cell(out, options[i].type);
		add_cell(out, options[i].is_required ? "(required)" : options[i].fallback);
		add_cell(out, options[i].help);
		buf_addc(out, '\n');
	}
}

/* --- lists ---------------------------------------------------------------------------------- */

static const char *type_word(enum column_type type)
{
	static const char *const words[] = {
		[COLUMN_TEXT] = "text",
		[COLUMN_NAME] = "name",
		[COLUMN_CAUSE] = "text",
		[COLUMN_STATE] = "state",
		[COLUMN_TIME] = "time, ms since 1970",
		[COLUMN_DURATION] = "duration, ms",
		[COLUMN_INT] = "number",
		[COLUMN_REAL] = "number",
		[COLUMN_BOOL] = "true or false",
		[COLUMN_REF] = "ref",
		[COLUMN_LIST] = "list of texts",
	};
	return words[type];
}

static void add_list(struct buf *out, const struct view_def *view)
{
	buf_addf(out, "\n## %s\n\n%s\n\n| key | value | on screens |\n| --- | --- | --- |\n", view->name,
		view->help);
	for (size_t c = 0; c < view->list->n_columns; c++) {
		const struct column *column = &view->list->columns[c];
		if (column->flags & COLUMN_NO_KEY)
			continue;
		buf_addz(out, "|");
		add_code(out, column->key);
		add_cell(out, type_word(column->type));
		add_cell(out, column->flags & COLUMN_HIDDEN ? "no" : "yes");
		buf_addc(out, '\n');
	}
}

static void add_fields(struct buf *out)
{
	size_t n;
	const struct view_def *const *views = view_all(&n);
	start(out, "Fields",
		"The keys of each list: of `--json`, of a [filter](../guide/filter.md), of `--sort`. What nobody"
		" reported is `null`, and `–` on a screen.");
	for (size_t i = 0; i < n; i++)
		if (views[i]->kind == VIEW_LIST && views[i]->list)
			add_list(out, views[i]);
}

/* --- sources --------------------------------------------------------------------------------- */

static const char *kinds(void)
{
	size_t n;
	const struct config_option *options = config_options(&n);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(options[i].where, "sources") && !strcmp(options[i].key, "kind"))
			return options[i].type;
	return "";
}

static void add_kind(struct buf *out, const char *kind)
{
	size_t n;
	const struct config_option *options = config_options(&n);
	buf_addf(out, "\n## %s\n\n| key | value | what |\n| --- | --- | --- |\n", kind);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(options[i].where, "sources") || (options[i].only && strcmp(options[i].only, kind)))
			continue;
		buf_addz(out, "|");
		add_code(out, options[i].key);
		add_cell(out, options[i].type);
		add_cell(out, options[i].help);
		buf_addc(out, '\n');
	}
}

static void add_sources(struct buf *out)
{
	struct str rest = str_of(kinds()), kind;
	start(out, "Kinds of sources",
		"What a source of each kind may say in portal.yaml. How it is connected, what it shows and what it"
		" cannot is in the guide of each tool.");
	while (rest.n && str_next(&rest, '|', &kind)) {
		char *name = x_printf("%.*s", STR_FMT(kind));
		add_kind(out, name);
		x_free(name);
	}
}

/* --- states ----------------------------------------------------------------------------------- */

static const struct {
	const char *state, *sign, *what;
} states[] = {
	{"queued", "○",
		"It is to run and has not begun: it waits for its turn, for what it depends on, or for a try"
		" after a failure. Where it stays so for long, see [upstream is"
		" late](../runbooks/upstream-late.md) and [the scheduler](../runbooks/scheduler-dead.md)."},
	{"running", "●",
		"The tool says that it runs. Where nothing was heard of it for too long it is *lost* instead."},
	{"success", "✓",
		"The tool says that it went well. A run may be green and hold failed steps all the same:"
		" `porthole steps state:failed` has those, too."},
	{"failed", "✗",
		"The tool says that it did not go well, and it tries no more. `e` goes to the line of the"
		" log that says why, `r` to what helps, `d` to what changed since the last green run."},
	{"skipped", "–",
		"It did not run and was not meant to. Shown as *blocked* where it was meant to: something before it failed."},
	{"blocked", "–",
		"It did not run because something before it failed: nothing is wrong with this step. The"
		" state is `skipped`, and `tool_state` has the tool's word."},
	{"cancelled", "⊘", "Somebody stopped it, or the tool did on request."},
	{"lost", "!",
		"The tool calls it running, and nothing was heard of it for longer than it may be silent:"
		" its worker is gone, most likely. See [lost worker](../runbooks/lost-worker.md). A tracker"
		" without a heartbeat (MLflow) never says so by itself."},
	{"unknown", "?",
		"No source said, or the tool's word is one that nobody has seen before: `tool_state` has it as it came."},
	{"open", "✗", "A problem that nobody has. `a` takes it."},
	{"acknowledged", "●", "A problem that somebody has: WHO says who."},
	{"snoozed", "○",
		"A problem that was put away for a while. It comes back by itself when that time is over, or when it grows."},
	{"resolved", "✓",
		"A problem that somebody called over, or whose step passed since. When it happens again it"
		" comes back, as *returned*."},
	{"ignored", "–", "A problem that stays away, whatever it does, until somebody reopens it."},
	{"pass", "✓", "The check saw what it allows."},
	{"warn", "!", "The check saw what it does not like, and let it pass."},
	{"fail", "✗",
		"The check saw what it does not allow. See [data check failed](../runbooks/data-check-failed.md)."},
	{"error", "✗",
		"A check that could not be made, or a source that could not be asked: what it says of that stands beside it."},
	{"not_run", "–", "The check was not made: its step did not come to it."},
	{"no_baseline", "?", "There is nothing yet to compare with: the check says nothing."},
	{"ok", "✓", "The source answered when it was asked last."},
	{"stale", "⏲",
		"The source answered once, and not for a while: what is shown of it is as old as it says."},
	{"never", "?", "The source was never asked, or never answered. `porthole doctor` says what to do."},
	{"closed", "✓", "An alert that is over: the value is within its bounds again."},
	{"late", "⏲",
		"A problem of this kind: something was due and is not there, or has not run when its"
		" schedule says. See [upstream late](../runbooks/upstream-late.md)."},
	{"platform", "‼",
		"A problem of this kind: a part of the platform itself is silent, refuses us or could not"
		" read a definition. Reruns are of no use before it is repaired: see [scheduler"
		" dead](../runbooks/scheduler-dead.md)."},
	{"alert", "!", "A problem of this kind: a monitor fired. See [drift](../runbooks/drift.md)."},
	{"check", "✗",
		"A problem of this kind: a data check failed. See [data check failed](../runbooks/data-check-failed.md)."},
};

static void add_states(struct buf *out)
{
	start(out, "States",
		"What each state means, of runs and steps, problems, checks, sources and alerts, and what each kind of"
		" problem is. Beside each state stands the tool's own word.");
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		buf_addf(out, "\n## %s\n\n`%s` %s\n", states[i].state, states[i].sign, states[i].what);
}

void docs_reference(struct arena *arena, struct docs_given *out)
{
	static const struct {
		const char *name;
		void (*add)(struct buf *out);
	} pages[DOCS_REFERENCE_PAGES] = {
		{"reference/commands", add_commands},
		{"reference/configuration", add_configuration},
		{"reference/fields", add_fields},
		{"reference/keys", add_keys},
		{"reference/sources", add_sources},
		{"reference/states", add_states},
	};
	for (size_t i = 0; i < DOCS_REFERENCE_PAGES; i++) {
		struct buf text;
		buf_init(&text, 0);
		pages[i].add(&text);
		size_t n = text.n;
		out[i] = (struct docs_given){str_of(pages[i].name), {arena_take(arena, &text), n}};
	}
}

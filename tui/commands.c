/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person can do in the portal, most useful first: the footer takes from the top. What a command does
 * is in the file of its family, cmd_*.c. */
#include "client/base/mem.h"
#include "tui/chrome.h"
#include "tui/cmd.h"
#include "tui/curves.h"
#include "tui/keymap.h"
#include "views/compose.h"

static void run_palette(struct app *app)
{
	app_start_prompt(app, MODE_PALETTE, "");
	palette_open(app);
}

static void run_refresh(struct app *app)
{
	frame_ask(app_top(app));
	app->wants_redraw = true; /* once, however many of them were typed ahead */
	app_dirty(app);
}

static void run_quit(struct app *app)
{
	app_quit(app, 0);
}

static void run_help(struct app *app);

enum { IN_TABLE = IN_HOME | IN_LIST | IN_OBJECT, IN_VIEW = IN_TABLE | IN_TEXT };

/* clang-format off */
static const struct app_command commands[] = {
	{"open", "Enter", "open", "open what the cursor is on", IN_TABLE, cmd_open},
	{"run-popularity", "T", "run an example", "run the example popularity for real, on this machine", IN_SAMPLE, cmd_run_popularity},
	{"run-example", "T", "run it", "run the example of this page, on this machine", IN_EXAMPLE, cmd_run_example},
	{"run-faulty", "F", "see it fail", "run it with fault=null_rate: its data check fails", IN_EXAMPLE, cmd_run_faulty},
	{"follow-link", "Enter", "follow", "go where the link leads", IN_PAGE, cmd_follow_link},
	{"next-link", "Tab", "link", "the next link", IN_PAGE, cmd_next_link},
	{"previous-link", "S-Tab", NULL, "the link before", IN_PAGE, cmd_previous_link},
	{"metric", "Enter", "metric", "choose the metric", IN_PLOT, curves_choose_metric},
	{"next-metric", "Tab", "next", "the next metric", IN_PLOT, curves_next_metric},
	{"previous-metric", "S-Tab", NULL, "the metric before", IN_PLOT, curves_previous_metric},
	{"x-axis", "X", "x axis", "steps, time or time since the start", IN_PLOT, curves_next_x},
	{"log-axis", "Y", "log axis", "logarithmic, or not", IN_PLOT, curves_toggle_log},
	{"smooth", "~", "smooth", "more smoothing, then none again", IN_PLOT, curves_next_smoothing},
	{"values", "v", "values", "the values as a table", IN_PLOT, curves_toggle_values},
	{"csv", "W", "csv", "write the points to a file here", IN_PLOT, curves_write_csv},
	{"next-cause", "e", "next cause", "go to the next line that may say why", IN_LOG, cmd_next_cause},
	{"log", "l", "log", "the log, at the line that says why", IN_TABLE, cmd_log},
	{"back", "q Esc", "back", "back to where you came from", IN_LIST | IN_OBJECT | IN_LOG | IN_TEXT | IN_PLOT | IN_PAGE, cmd_back},
	{"drop-filter", "q Esc", NULL, "drop the filter", IN_HOME, cmd_back},
	{"changes", "d", "changes", "what changed: the marked runs, or this one and the last green one", IN_TABLE, cmd_changes},
	{"take", "a", "take it", "take a problem: you see to it", IN_HOME, cmd_take},
	{"act", "!", "act", "what can be done on the tool: rerun, trigger, cancel, …", IN_TABLE | IN_LOG, cmd_act},
	{"runbook", "r", "runbook", "what helps with this problem, with its commands filled in", IN_TABLE, cmd_runbook},
	{"history", "h", "history", "every run of this pipeline, or every time that this step ran", IN_TABLE, cmd_history},
	{"everything", "x", "everything", "everything under this, in every tool; again: as a list", IN_OBJECT, cmd_everything},
	{"graph", "D", NULL, "the steps of the pipeline as a graph; . unfolds its groups", IN_TABLE, cmd_graph},
	{"find", "/", "search", "search the text", IN_LOG | IN_TEXT | IN_OBJECT | IN_PAGE, cmd_filter},
	{"filter", "/", "filter", "filter the list: state:failed since:24h words", IN_HOME | IN_LIST, cmd_filter},
	{"palette", ":", "go to", "go anywhere: views, objects, commands", IN_ANY, run_palette},
	{"follow", "f", "follow", "follow the end while it grows", IN_LOG, cmd_follow},
	{"wrap", "w", "wrap", "wrap long lines, or cut them", IN_LOG, cmd_wrap},
	{"unfold", "u", "unfold", "show library frames, or fold them", IN_LOG, cmd_fold},
	{"sort", "s", "sort", "sort by the next column", IN_HOME | IN_LIST, cmd_sort},
	{"pipeline", "P", "pipeline", "the pipeline of what the cursor is on", IN_TABLE, cmd_pipeline},
	{"run", "R", "run", "the run of what the cursor is on", IN_TABLE, cmd_run},
	{"copy", "y", "copy", "copy the ref, the address, the command, an excerpt", IN_ANY, cmd_copy},
	{"quit", "Q", "leave", "leave the portal", IN_ANY, run_quit},
	{"help", "? F1", "keys", "the keys that work here", IN_ANY, run_help},
	{"examples", "I", NULL, "the example pipelines, to read and to run", IN_ANY, cmd_examples},
	{"take-it", "a", NULL, "take a problem: you see to it", IN_LIST | IN_OBJECT, cmd_take},
	{"comment", "c", NULL, "a line on the timeline of a problem", IN_TABLE, cmd_note},
	{"snooze", "z", NULL, "put a problem away for a while; it comes back by itself", IN_TABLE, cmd_snooze},
	{"ask-owner", "A", NULL, "ask the owner of a problem", IN_TABLE, cmd_ask},
	{"resolve", "V", NULL, "a problem is over; it comes back when it happens again", IN_TABLE, cmd_resolve},
	{"undo", "U", NULL, "take back what you did last about problems", IN_TABLE, cmd_undo},
	{"helped", "+", "helped", "this page helped", IN_PAGE, cmd_helped},
	{"did-not-help", "=", "did not", "this page did not help, and what is missing", IN_PAGE, cmd_did_not_help},
	{"open-page", "Enter", "open", "open what the cursor is on", IN_TEXT, cmd_open},
	{"about", "K", NULL, "the paragraph on what the cursor is on", IN_ANY, cmd_page},
	{"curves", "m", NULL, "metric curves of a run, or of the marked ones", IN_TABLE, cmd_curves},
	{"project", "p", NULL, "the project that this belongs to", IN_TABLE, cmd_project},
	{"list-under", "x", NULL, "everything under this, in every tool", IN_HOME | IN_LIST, cmd_everything},
	{"evidence", "L", NULL, "what was kept of the log when it failed, or the whole log", IN_LOG, cmd_evidence},
	{"raw", "J", NULL, "lines of JSON as they came, or laid out", IN_LOG, cmd_raw},
	{"whole-log", "L", NULL, "the whole log", IN_OBJECT, cmd_log},
	{"last", "-", NULL, "the last view; again: back here", IN_ANY, cmd_last},
	{"next", "n", NULL, "the next match", IN_ANY, cmd_find_next},
	{"previous", "N", NULL, "the match before", IN_ANY, cmd_find_previous},
	{"previous-cause", "E", NULL, "go to the cause before", IN_LOG, cmd_previous_cause},
	{"next-pane", "Tab", NULL, "the next pane", IN_TABLE, cmd_next_pane},
	{"previous-pane", "S-Tab", NULL, "the pane before", IN_TABLE, cmd_previous_pane},
	{"mark", "Space", NULL, "mark the row, or take its mark away", IN_TABLE, cmd_mark},
	{"columns", "C", NULL, "choose the columns, and their order", IN_TABLE, cmd_columns},
	{"hidden", ".", NULL, "show what is hidden, or hide it", IN_TABLE, cmd_hidden},
	{"times", "t", NULL, "ages, or times with date and zone", IN_TABLE | IN_LOG, cmd_times},
	{"address", "o", NULL, "copy the tool's own address of it", IN_TABLE | IN_LOG, cmd_address},
	{"home", "g Home", NULL, "to the top", IN_ANY, cmd_home},
	{"end", "G End", NULL, "to the end", IN_ANY, cmd_end},
	{"down", "j Down", NULL, "one down", IN_ANY, cmd_down},
	{"up", "k Up", NULL, "one up", IN_ANY, cmd_up},
	{"half-down", "^D", NULL, "half a page down", IN_ANY, cmd_half_down},
	{"half-up", "^U", NULL, "half a page up", IN_ANY, cmd_half_up},
	{"page-down", "PgDn", NULL, "a page down", IN_ANY, cmd_page_down},
	{"page", "Space", NULL, "a page down", IN_LOG | IN_TEXT | IN_PAGE, cmd_page_down},
	{"page-up", "PgUp", NULL, "a page up", IN_ANY, cmd_page_up},
	{"left", "Left", NULL, "to the left", IN_ANY, cmd_left},
	{"right", "Right", NULL, "to the right", IN_ANY, cmd_right},
	{"refresh", "^L", NULL, "load again and redraw", IN_ANY, run_refresh},
	{"suspend", "^Z", NULL, "suspend the portal", IN_ANY, app_suspend},
};
/* clang-format on */

const struct app_command *app_commands(size_t *n)
{
	*n = ARRAY_LEN(commands);
	return commands;
}

static const char *keys_of(struct app *app, const struct app_command *command, struct arena *arena)
{
	struct buf keys;
	buf_init(&keys, 0);
	keymap_add_keys(app->keymap, command, &keys);
	return arena_take(arena, &keys);
}

/* Asked again, in the help itself: the page of the view, which its first line names. */
static bool open_page(struct app *app)
{
	const struct frame *frame = app_top(app);
	bool is_help = !frame->view && !frame->pager && frame->body.data && frame->body.n == 1 &&
		       !strcmp(frame->body.data->blocks[0].name, "keys");
	if (is_help)
		app_open_text(app, frame->body.data->blocks[0].facts.facts[0].line.ref, NULL);
	return is_help;
}

/* The help is made from the table above: what works in the frame that it was asked in. */
static void run_help(struct app *app)
{
	if (open_page(app))
		return;
	struct frame *frame = app_top(app);
	int context = chrome_context(app);
	struct arena *arena = arena_new();
	struct view_data *data = arena_new_of(arena, struct view_data);
	data->arena = arena;
	data->title = "keys";
	data->summary = frame->view ? frame->view->help : "";
	data->as_of_ms = TIME_NONE;
	struct block *block = compose_block(data, BLOCK_FACTS, "keys", NULL);
	const char *page = cmd_page_of_view(app, arena);
	struct line *first = compose_fact(data, block, "page", ROLE_LINK, "%s", page + strlen("doc:"));
	compose_span(data, first, ROLE_DIM, "  Enter, or ? again, opens the page about this view");
	first->ref = page;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (!(commands[i].contexts & context))
			continue;
		struct line *line = compose_fact(
			data, block, keys_of(app, &commands[i], arena), ROLE_TEXT, "%s", commands[i].help);
		compose_span(data, line, ROLE_DIM, "  :%s", commands[i].name);
	}
	compose_fact(data, block, "docs", ROLE_TEXT,
		"K opens the paragraph on what the cursor is on; :docs lists all pages");
	compose_fact(data, block, "filter", ROLE_TEXT,
		"state:failed,lost   pipeline:recsys_*   since:24h   -word   \"a phrase\"   duration_ms>5m");
	app_push(app, frame_new_static(app, data));
}

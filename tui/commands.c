/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person can do in the portal, most useful first: the footer takes from the top. */
#include "client/base/clean.h"
#include "client/base/mem.h"
#include "tui/app.h"
#include "tui/chrome.h"
#include "tui/input.h"
#include "tui/keymap.h"
#include "tui/screen.h"
#include "views/compose.h"

static void move(struct app *app, enum move how)
{
	frame_move(app_top(app), how);
}

static void run_down(struct app *app)
{
	move(app, MOVE_DOWN);
}
static void run_up(struct app *app)
{
	move(app, MOVE_UP);
}
static void run_half_down(struct app *app)
{
	move(app, MOVE_HALF_DOWN);
}
static void run_half_up(struct app *app)
{
	move(app, MOVE_HALF_UP);
}
static void run_page_down(struct app *app)
{
	move(app, MOVE_PAGE_DOWN);
}
static void run_page_up(struct app *app)
{
	move(app, MOVE_PAGE_UP);
}
static void run_home(struct app *app)
{
	move(app, MOVE_HOME);
}
static void run_end(struct app *app)
{
	move(app, MOVE_END);
}
static void run_left(struct app *app)
{
	move(app, MOVE_LEFT);
}
static void run_right(struct app *app)
{
	move(app, MOVE_RIGHT);
}

/* The ref under the cursor, or of the object that is shown. */
static bool current_ref(struct app *app, struct arena *arena, struct ref *out)
{
	struct frame *frame = app_top(app);
	struct err err;
	const char *text = frame_ref(frame);
	if (text)
		return ref_parse(arena, str_of(text), out, &err);
	if (!frame->view || frame->view->kind != VIEW_OBJECT)
		return false;
	*out = frame->ref;
	return true;
}

static void run_open(struct app *app)
{
	const char *text = frame_ref(app_top(app));
	struct ref ref;
	struct err err;
	struct arena *arena = arena_new();
	if (!text)
		app_say(app, ROLE_DIM, "nothing to open here");
	else if (ref_parse(arena, str_of(text), &ref, &err))
		app_open_ref(app, &ref);
	else
		app_say(app, ROLE_ERROR, "%s", err.msg);
	arena_free(arena);
}

static void run_log(struct app *app)
{
	struct ref ref;
	struct arena *arena = arena_new();
	if (current_ref(app, arena, &ref))
		app_push(app, frame_new_log(app, &ref));
	else
		app_say(app, ROLE_DIM, "no log belongs to this");
	arena_free(arena);
}

static void run_pipeline(struct app *app)
{
	struct ref ref;
	struct arena *arena = arena_new();
	if (frame_place(app_top(app), arena, &ref) && ref.pipeline) {
		ref.kind = REF_PIPELINE;
		ref.run = ref.step = ref.index = NULL;
		app_open_ref(app, &ref);
	} else {
		app_say(app, ROLE_DIM, "no pipeline belongs to this");
	}
	arena_free(arena);
}

static void run_run(struct app *app)
{
	struct ref ref;
	struct arena *arena = arena_new();
	if (frame_place(app_top(app), arena, &ref) && ref.run) {
		ref.kind = REF_RUN;
		ref.step = ref.index = NULL;
		app_open_ref(app, &ref);
	} else {
		app_say(app, ROLE_DIM, "no run belongs to this");
	}
	arena_free(arena);
}

/* A filter that was typed goes first, then the frame. */
static void run_back(struct app *app)
{
	if (frame_drop_filter(app_top(app)))
		return;
	if (app->n_frames > 1)
		app_pop(app);
	else
		app_say(app, ROLE_DIM, "this is home; Q leaves the portal");
}

static void run_quit(struct app *app)
{
	app_quit(app, 0);
}

static void run_next_pane(struct app *app)
{
	frame_next_focus(app_top(app), 1);
}
static void run_previous_pane(struct app *app)
{
	frame_next_focus(app_top(app), -1);
}

static void run_palette(struct app *app)
{
	app_start_prompt(app, MODE_PALETTE, "");
	palette_open(app);
}

static void run_filter(struct app *app)
{
	struct frame *frame = app_top(app);
	bool is_list = frame->view && frame->view->kind != VIEW_OBJECT;
	app_start_prompt(app, is_list ? MODE_FILTER : MODE_SEARCH, is_list ? frame->filter : "");
}

static void find(struct app *app, bool is_backward)
{
	struct frame *frame = app_top(app);
	struct widget *widget = frame_widget(frame);
	struct str text = str_of(app->last_search);
	if (!text.n) {
		app_say(app, ROLE_DIM, "nothing was searched yet: / searches");
		return;
	}
	bool is_found = frame->pager ? pager_find(frame->pager, text, is_backward)
				     : widget && widget->ops->find(widget, text, is_backward);
	if (!is_found)
		app_say(app, ROLE_LATE, "not found: %s", app->last_search);
}

static void run_find_next(struct app *app)
{
	find(app, false);
}
static void run_find_previous(struct app *app)
{
	find(app, true);
}

static void run_hidden(struct app *app)
{
	struct frame *frame = app_top(app);
	frame->show_hidden = !frame->show_hidden;
	frame->is_asked_anew = true;
	app_say(app, ROLE_DIM,
		frame->show_hidden ? "what is hidden is shown" : "what is hidden is hidden again");
	frame_reload(frame);
}

static void run_times(struct app *app)
{
	app->format.is_absolute = !app->format.is_absolute;
}

/* Sorting goes through the columns of the list, then back to its own order. */
static void run_sort(struct app *app)
{
	struct frame *frame = app_top(app);
	if (!frame->view || frame->view->kind != VIEW_LIST)
		return;
	const struct list_def *list = frame->view->list;
	size_t next = 0;
	for (size_t i = 0; frame->sort && i < list->n_columns; i++)
		if (!strcmp(frame->sort, list->columns[i].key) ||
			!strcmp(frame->sort + 1, list->columns[i].key))
			next = i + 1;
	while (next < list->n_columns && (list->columns[next].flags & (COLUMN_HIDDEN | COLUMN_INTERNAL)))
		next++;
	x_free(frame->sort);
	bool is_descending = next < list->n_columns && format_is_right(list->columns[next].type);
	frame->sort = next < list->n_columns
			      ? x_printf("%s%s", is_descending ? "-" : "", list->columns[next].key)
			      : NULL;
	frame->is_asked_anew = true;
	app_say(app, ROLE_DIM, "sorted by %s", frame->sort ? frame->sort : "its own order");
	frame_reload(frame);
}

static void copy_text(struct app *app, struct str text)
{
	struct buf clean;
	struct err err;
	buf_init(&clean, 0);
	clean_add(&clean, text, CLEAN_LINES | CLEAN_NO_SGR);
	if (!clean.n)
		app_say(app, ROLE_DIM, "nothing to copy here");
	else if (app->has_screen && screen_copy(buf_str(&clean), &err))
		app_say(app, ROLE_DIM, "copied: %s", clean.p);
	else
		app_say(app, ROLE_TEXT, "%s", clean.p);
	buf_fini(&clean);
}

static void run_copy(struct app *app)
{
	struct frame *frame = app_top(app);
	struct buf text;
	struct ref ref;
	struct arena *arena = arena_new();
	buf_init(&text, 0);
	if (frame->pager)
		pager_copy(frame->pager, &text);
	else if (current_ref(app, arena, &ref))
		ref_add(&text, &ref);
	else if (frame_widget(frame))
		frame_widget(frame)->ops->copy(frame_widget(frame), &text);
	copy_text(app, buf_str(&text));
	buf_fini(&text);
	arena_free(arena);
}

/* The fact "address" of what is shown, or of what the cursor is on as far as its preview has it. */
static const char *address_in(const struct view_data *data)
{
	for (size_t i = 0; data && i < data->n_blocks; i++)
		for (size_t k = 0; data->blocks[i].kind == BLOCK_FACTS && k < data->blocks[i].facts.n; k++)
			if (!strcmp(data->blocks[i].facts.facts[k].label, "address"))
				return data->blocks[i].facts.facts[k].line.spans[0].text;
	return NULL;
}

static void run_address(struct app *app)
{
	struct frame *frame = app_top(app);
	const char *own = address_in(frame->body.data);
	const char *address = own ? own : address_in(frame_preview(frame));
	if (address)
		copy_text(app, str_of(address));
	else
		app_say(app, ROLE_DIM, "open it first: its address is among its facts");
}

static void run_refresh(struct app *app)
{
	frame_reload(app_top(app));
	app_repaint(app);
}

static void walk_cause(struct app *app, bool is_backward)
{
	struct frame *frame = app_top(app);
	if (!frame->is_opened || !pager_next_cause(frame->pager, is_backward))
		app_say(app, ROLE_DIM, "no cause was found in this log");
}

static void run_next_cause(struct app *app)
{
	walk_cause(app, false);
}
static void run_previous_cause(struct app *app)
{
	walk_cause(app, true);
}
static void run_follow(struct app *app)
{
	app_say(app, ROLE_DIM,
		pager_toggle_follow(app_top(app)->pager) ? "following the end" : "not following");
}
static void run_wrap(struct app *app)
{
	pager_toggle_wrap(app_top(app)->pager);
}
static void run_fold(struct app *app)
{
	pager_toggle_fold(app_top(app)->pager);
}

static void run_help(struct app *app);

enum { IN_TABLE = IN_HOME | IN_LIST | IN_OBJECT, IN_VIEW = IN_TABLE | IN_TEXT };

static const struct app_command commands[] = {
	{"open", "Enter", "open", "open what the cursor is on", IN_TABLE, run_open},
	{"next-cause", "e", "next cause", "go to the next line that may say why", IN_LOG, run_next_cause},
	{"log", "l", "log", "the log, at the line that says why", IN_TABLE, run_log},
	{"back", "q Esc", "back", "back to where you came from", IN_LIST | IN_OBJECT | IN_LOG | IN_TEXT,
		run_back},
	{"drop-filter", "q Esc", NULL, "drop the filter", IN_HOME, run_back},
	{"last", "-", NULL, "the last view", IN_ANY, run_back},
	{"pipeline", "P", "pipeline", "the pipeline of what the cursor is on", IN_TABLE, run_pipeline},
	{"run", "R", "run", "the run of what the cursor is on", IN_HOME | IN_OBJECT, run_run},
	{"find", "/", "search", "search the text", IN_LOG | IN_TEXT | IN_OBJECT, run_filter},
	{"filter", "/", "filter", "filter the list: state:failed since:24h words", IN_HOME | IN_LIST,
		run_filter},
	{"palette", ":", "go to", "go anywhere: views, objects, commands", IN_ANY, run_palette},
	{"follow", "f", "follow", "follow the end while it grows", IN_LOG, run_follow},
	{"wrap", "w", "wrap", "wrap long lines, or cut them", IN_LOG, run_wrap},
	{"unfold", "u", "unfold", "show library frames, or fold them", IN_LOG, run_fold},
	{"sort", "s", "sort", "sort by the next column", IN_LIST, run_sort},
	{"copy", "y", "copy", "copy the ref, or the line", IN_ANY, run_copy},
	{"help", "? F1", "keys", "the keys that work here", IN_ANY, run_help},
	{"quit", "Q", "leave", "leave the portal", IN_ANY, run_quit},
	{"next", "n", NULL, "the next match", IN_ANY, run_find_next},
	{"previous", "N", NULL, "the match before", IN_ANY, run_find_previous},
	{"previous-cause", "E", NULL, "go to the cause before", IN_LOG, run_previous_cause},
	{"next-pane", "Tab", NULL, "the next pane", IN_TABLE, run_next_pane},
	{"previous-pane", "S-Tab", NULL, "the pane before", IN_TABLE, run_previous_pane},
	{"hidden", ".", NULL, "show what is hidden, or hide it", IN_TABLE, run_hidden},
	{"times", "t", NULL, "ages, or times with date and zone", IN_TABLE | IN_LOG, run_times},
	{"address", "o", NULL, "copy the tool's own address of it", IN_TABLE, run_address},
	{"home", "g Home", NULL, "to the top", IN_ANY, run_home},
	{"end", "G End", NULL, "to the end", IN_ANY, run_end},
	{"down", "j Down", NULL, "one down", IN_ANY, run_down},
	{"up", "k Up", NULL, "one up", IN_ANY, run_up},
	{"half-down", "^D", NULL, "half a page down", IN_ANY, run_half_down},
	{"half-up", "^U", NULL, "half a page up", IN_ANY, run_half_up},
	{"page-down", "PgDn Space", NULL, "a page down", IN_ANY, run_page_down},
	{"page-up", "PgUp", NULL, "a page up", IN_ANY, run_page_up},
	{"left", "Left", NULL, "to the left", IN_ANY, run_left},
	{"right", "Right", NULL, "to the right", IN_ANY, run_right},
	{"refresh", "^L", NULL, "load again and redraw", IN_ANY, run_refresh},
	{"suspend", "^Z", NULL, "suspend the portal", IN_ANY, app_suspend},
};

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
	const char *text = arena_dup(arena, buf_str(&keys));
	buf_fini(&keys);
	return text;
}

/* The help is made from the table above: what works in the frame that it was asked in. */
static void run_help(struct app *app)
{
	struct frame *frame = app_top(app);
	int context = chrome_context(app);
	struct arena *arena = arena_new();
	struct view_data *data = arena_new_of(arena, struct view_data);
	data->arena = arena;
	data->title = "keys";
	data->summary = frame->view ? frame->view->help : "";
	data->as_of_ms = TIME_NONE;
	struct block *block = compose_block(data, BLOCK_TEXT, "keys", NULL);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (!(commands[i].contexts & context))
			continue;
		struct line *line = compose_line(data, block, ARRAY_LEN(commands) + 8, 0, ROLE_KEY,
			arena_printf(arena, "  %-14s", keys_of(app, &commands[i], arena)));
		compose_span(data, line, ROLE_TEXT, "%-16s", commands[i].name);
		compose_span(data, line, ROLE_DIM, "%s", commands[i].help);
	}
	compose_line(data, block, 0, 0, ROLE_TEXT, "");
	compose_line(data, block, 0, 0, ROLE_HEADING, "  filter");
	compose_line(data, block, 0, 0, ROLE_DIM,
		"  state:failed,lost   pipeline:recsys_*   since:24h   -word   \"a phrase\"   duration_ms>5m");
	app_push(app, frame_new_static(app, data));
}

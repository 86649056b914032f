/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mem.h"
#include "tui/cmd.h"
#include "tui/columns.h"
#include "views/lists.h"

void cmd_filter(struct app *app)
{
	struct frame *frame = app_top(app);
	bool is_list = frame->view && frame->view->kind != VIEW_OBJECT;
	app_start_prompt(app, is_list ? MODE_FILTER : MODE_SEARCH, is_list ? frame->filter : "");
}

void cmd_hidden(struct app *app)
{
	struct frame *frame = app_top(app);
	frame->show_hidden = !frame->show_hidden;
	if (frame->view != &view_graph) /* it says so itself: its groups are folded or not */
		app_say(app, ROLE_DIM,
			frame->show_hidden ? "what is hidden is shown" : "what is hidden is hidden again");
	frame_ask(frame);
}

void cmd_times(struct app *app)
{
	app->format.is_absolute = !app->format.is_absolute;
}

static void sort(struct app *app, const char *by)
{
	struct frame *frame = app_top(app);
	char *copy = by ? x_strdup(by) : NULL; /* BY may be what the frame frees */
	frame_set_sort(frame, copy);
	if (!copy)
		app_say(app, ROLE_DIM, "in its own order");
	else
		app_say(app, ROLE_DIM, "sorted by %s, %s first", copy + (*copy == '-'),
			*copy == '-' ? "the most" : "the least");
	x_free(copy);
}

static bool is_sorted_by(const struct frame *frame, const char *key)
{
	const char *now = frame->sort ? frame->sort + (*frame->sort == '-') : "";
	return !strcmp(now, key);
}

/* Only lists over one query can be sorted by what a person wants. */
static const struct list_def *sorted_list(struct app *app)
{
	const struct frame *frame = app_top(app);
	bool is_list = frame->view && frame->view->kind == VIEW_LIST && frame->view->list;
	if (!is_list)
		app_say(app, ROLE_DIM, "this keeps its own order; lists as ':runs' can be sorted");
	return is_list ? frame->view->list : NULL;
}

/* Sorting goes through the columns that are shown, then back to the list's own order. */
void cmd_sort(struct app *app)
{
	const struct list_def *list = sorted_list(app);
	const struct block *block = frame_table(app_top(app));
	if (!list || !block)
		return;
	const struct table *table = &block->table;
	size_t next = 0;
	for (size_t i = 0; app_top(app)->sort && i < table->n_columns; i++)
		if (is_sorted_by(app_top(app), table->columns[i].key))
			next = i + 1;
	while (next < table->n_columns && (!table_shows(table, next) || !table->columns[next].sql))
		next++;
	if (next == table->n_columns) {
		sort(app, NULL);
		return;
	}
	bool is_descending = format_is_right(table->columns[next].type);
	char *by = x_printf("%s%s", is_descending ? "-" : "", table->columns[next].key);
	sort(app, by);
	x_free(by);
}

void cmd_sort_by(struct app *app, const char *key)
{
	const struct frame *frame = app_top(app);
	if (!sorted_list(app))
		return;
	bool is_descending = is_sorted_by(frame, key) && *frame->sort != '-';
	char *by = x_printf("%s%s", is_descending ? "-" : "", key);
	sort(app, by);
	x_free(by);
}

void cmd_mark(struct app *app)
{
	struct frame *frame = app_top(app);
	if (!frame_ref(frame))
		app_say(app, ROLE_DIM, "nothing to mark here");
	else if (frame_toggle_mark(frame))
		frame_move(frame, MOVE_DOWN);
	else if (frame->marks.n == MARKS_MOST)
		app_say(app, ROLE_DIM, "%d marks are the most", MARKS_MOST);
	else
		app_say(app, ROLE_DIM, "only rows of a table bear marks");
}

void cmd_columns(struct app *app)
{
	columns_open(app);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/chrome.h"

#include "client/base/utf8.h"
#include "client/base/when.h"
#include "tui/input.h"
#include "tui/keymap.h"

enum { MOST_FOOTER_KEYS = 8, MOST_SOURCES = 5, LEAST_MESSAGE = 12, AS_OF_COLUMNS = 24 };

int chrome_context(const struct app *app)
{
	const struct frame *frame = app_top(app);
	if (frame->pager)
		return IN_LOG;
	if (!frame->view)
		return IN_TEXT;
	return frame->view->kind == VIEW_HOME	? IN_HOME
	       : frame->view->kind == VIEW_LIST ? IN_LIST
						: IN_OBJECT;
}

/* Sources for the right of the first line: the sick ones first, each with its sign. */
static void add_source(
	struct grid *grid, int *right, const struct format *format, const struct source_state *source)
{
	bool is_sick = source->message || strcmp(source->state, "ok");
	struct buf text;
	buf_init(&text, 0);
	bool is_ok = !strcmp(source->state, "ok");
	buf_addf(&text, " %s%s", source->message && is_ok ? "!" : format_sign(format, str_of(source->state)),
		source->name);
	/* what is wrong with it, as far as there is room */
	int least = grid->width / 2 + AS_OF_COLUMNS;
	size_t room = *right > least ? (size_t)(*right - least) : 0;
	size_t used = utf8_columns(buf_str(&text));
	if (source->message && room > used + LEAST_MESSAGE) {
		buf_addz(&text, ": ");
		format_cut(&text, format, COLUMN_TEXT, str_of(source->message), room - used - 3);
	}
	int width = (int)utf8_columns(buf_str(&text));
	if (*right - width > grid->width / 2) {
		*right -= width;
		grid_put(grid, *right, 0, width, buf_str(&text), is_sick ? ROLE_FAILED : ROLE_DIM);
	}
	buf_fini(&text);
}

static int draw_health(const struct app *app, struct grid *grid, const struct view_data *data)
{
	int right = grid->width, shown = 0;
	for (int pass = 0; pass < 2;
		pass++) /* right to left: the healthy at the edge, the sick before them */
		for (size_t i = data->n_sources; i-- > 0 && shown < MOST_SOURCES;) {
			bool is_sick = data->sources[i].message || strcmp(data->sources[i].state, "ok");
			if (is_sick != (pass == 0))
				continue;
			add_source(grid, &right, &app->format, &data->sources[i]);
			shown++;
		}
	struct buf text;
	buf_init(&text, 0);
	if (app->config->recorded_until_ms != TIME_NONE)
		buf_addz(&text, "recorded · ");
	buf_addz(&text, data->as_of_ms == TIME_NONE ? "never synced" : "as of ");
	if (data->as_of_ms != TIME_NONE)
		when_add_clock(&text, data->as_of_ms);
	buf_addz(&text, " ");
	int width = (int)utf8_columns(buf_str(&text));
	if (right - width > grid->width / 4) {
		right -= width;
		grid_put(grid, right, 0, width, buf_str(&text),
			app->config->recorded_until_ms != TIME_NONE ? ROLE_BANNER : ROLE_DIM);
	}
	buf_fini(&text);
	return right;
}

static void draw_top(const struct app *app, struct grid *grid)
{
	const struct frame *frame = app_top(app);
	const struct view_data *data = frame->body.data;
	int right = grid->width;
	for (size_t i = app->n_frames;
		i-- > 0 && right == grid->width;) /* a log or help shows the health of what is below */
		if (app->frames[i]->body.data && app->frames[i]->view)
			right = draw_health(app, grid, app->frames[i]->body.data);
	int x = grid_put(grid, 0, 0, right, STR("porthole"), ROLE_DIM);
	x += grid_put(grid, x, 0, right - x, grid->is_ascii ? STR(" > ") : STR(" ▸ "), ROLE_DIM);
	const char *title = frame->pager  ? frame->log_title
			    : data	  ? data->title
			    : frame->view ? frame->view->title
					  : "";
	struct buf cut;
	buf_init(&cut, 0);
	if (right - x > 1)
		format_cut(&cut, &app->format, COLUMN_NAME, str_of(title), (size_t)(right - x - 1));
	grid_put(grid, x, 0, right - x, buf_str(&cut), ROLE_HEADING);
	buf_fini(&cut);
	if (frame->pager && frame->is_opened) {
		struct buf status;
		buf_init(&status, 0);
		pager_status(frame->pager, &app->format, &status);
		grid_put(grid, 1, 1, grid->width - 1, buf_str(&status), ROLE_DIM);
		buf_fini(&status);
	} else if (data && data->summary) {
		grid_put(grid, 1, 1, grid->width - 1, str_of(data->summary), ROLE_DIM);
	}
}

/* The line that is typed; where it is longer than the screen, the part around the cursor. */
static void draw_prompt(const struct app *app, struct grid *grid, int y)
{
	const struct prompt *prompt = &app->prompt;
	int x = grid_put(
		grid, 0, y, grid->width, app->mode == MODE_PALETTE ? STR(": ") : STR("/ "), ROLE_KEY);
	struct str text = buf_str(&prompt->text), head = str_slice(text, 0, prompt->cursor);
	size_t room = (size_t)(grid->width - x - 1), from = 0, len;
	while (from < head.n && utf8_columns(str_slice(head, from, head.n)) > room) {
		utf8_decode(str_slice(head, from, head.n), &len);
		from += len;
	}
	grid_put(grid, x, y, grid->width - x, str_slice(text, from, text.n), ROLE_TEXT);
	grid->cursor_x = x + (int)utf8_columns(str_slice(head, from, head.n));
	grid->cursor_y = y;
}

/* What was said; else what is wrong with what is shown; else that something is under way. */
static void draw_message(const struct app *app, struct grid *grid)
{
	const struct frame *frame = app_top(app);
	int y = grid->height - CHROME_BOTTOM;
	if (app->mode != MODE_KEYS) {
		draw_prompt(app, grid, y);
	} else if (app->message) {
		grid_put(grid, 1, y, grid->width - 1, str_of(app->message), app->message_role);
	} else if (frame->err.code && frame->body.data) {
		grid_put(grid, 1, y, grid->width - 1, str_of(frame->err.msg), ROLE_ERROR);
	} else if (frame->log_err.code && frame->is_opened) {
		grid_put(grid, 1, y, grid->width - 1, str_of(frame->log_err.msg), ROLE_LATE);
	}
}

static int draw_key(const struct app *app, struct grid *grid, int x, const struct app_command *command)
{
	struct buf key;
	buf_init(&key, 0);
	key_add_name(&key, keymap_key(app->keymap, command));
	int width = (int)(utf8_columns(buf_str(&key)) + utf8_columns(str_of(command->label))) + 4;
	if (x + width <= grid->width) {
		int at = x + grid_put(grid, x, grid->height - 1, width, buf_str(&key), ROLE_KEY) + 1;
		grid_put(grid, at, grid->height - 1, width, str_of(command->label), ROLE_DIM);
	} else {
		width = 0;
	}
	buf_fini(&key);
	return width;
}

static void draw_footer(const struct app *app, struct grid *grid)
{
	size_t n;
	const struct app_command *commands = app_commands(&n);
	int context = chrome_context(app), x = 1, shown = 0;
	if (app->mode != MODE_KEYS) {
		grid_put(grid, 1, grid->height - 1, grid->width,
			app->mode == MODE_PALETTE ? STR("Enter go   ↑↓ choose   Esc back")
						  : STR("Enter apply   Esc back"),
			ROLE_DIM);
		return;
	}
	for (size_t i = 0; i < n && shown < MOST_FOOTER_KEYS; i++) {
		if (!commands[i].label || !(commands[i].contexts & context))
			continue;
		int width = draw_key(app, grid, x, &commands[i]);
		shown += width > 0;
		x += width;
	}
}

void chrome_draw(const struct app *app, struct grid *grid)
{
	draw_top(app, grid);
	draw_message(app, grid);
	draw_footer(app, grid);
}

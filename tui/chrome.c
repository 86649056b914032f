/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/chrome.h"

#include "client/base/utf8.h"
#include "client/base/when.h"
#include "tui/act_panel.h"
#include "tui/cmd.h"
#include "tui/connect.h"
#include "tui/input.h"
#include "tui/keymap.h"
#include "views/lists.h"

enum { MOST_FOOTER_KEYS = 8, MOST_SOURCES = 5, LEAST_MESSAGE = 12, AS_OF_COLUMNS = 24 };

static int home_context(const struct config *config)
{
	bool is_sample = config->recorded_until_ms != TIME_NONE || !config->n_sources;
	return is_sample ? IN_HOME | IN_SAMPLE : IN_HOME;
}

int chrome_context(const struct app *app)
{
	const struct frame *frame = app_top(app);
	if (frame->pager)
		return IN_LOG;
	if (frame->curves)
		return IN_PLOT;
	if (!frame->view)
		return IN_TEXT;
	if (frame->view == &view_doc)
		return IN_PAGE | (cmd_is_example(&frame->ref) ? IN_EXAMPLE : 0);
	return frame->view->kind == VIEW_HOME	? home_context(app->config)
	       : frame->view->kind == VIEW_LIST ? IN_LIST
						: IN_OBJECT;
}

/* A source to the left of *RIGHT, with its sign, where that leads no further than LEFT. */
static void add_source(struct grid *grid, int left, int *right, const struct format *format,
	const struct source_state *source)
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
	if (*right - width >= left) {
		*right -= width;
		grid_put(grid, *right, 0, width, buf_str(&text), is_sick ? ROLE_FAILED : ROLE_DIM);
	}
	buf_fini(&text);
}

/* As of when, and what is not as usual about that. */
static enum role add_as_of(const struct app *app, const struct view_data *data, struct buf *text)
{
	bool is_recorded = app->config->recorded_until_ms != TIME_NONE;
	if (data->is_mirror) {
		buf_addz(text, "catalogue away · mirror of ");
		when_add_clock(text, data->mirrored_ms);
		buf_addc(text, ' ');
		return ROLE_FAILED;
	}
	if (is_recorded)
		buf_addz(text, "recorded · ");
	buf_addz(text, data->as_of_ms == TIME_NONE ? "never synced" : "as of ");
	if (data->as_of_ms != TIME_NONE)
		when_add_clock(text, data->as_of_ms);
	buf_addc(text, ' ');
	return is_recorded ? ROLE_BANNER : ROLE_DIM;
}

/* USED columns at the left say where one is: as much of it as may be goes before the names of sources. */
static int draw_health(const struct app *app, struct grid *grid, const struct view_data *data, int used)
{
	int right = grid->width, shown = 0, left = used + AS_OF_COLUMNS;
	int least = grid->width / 2, most = grid->width * 2 / 3;
	left = left < least ? least : left > most ? most : left;
	for (int pass = 0; pass < 2;
		pass++) /* right to left: the healthy at the edge, the sick before them */
		for (size_t i = data->n_sources; i-- > 0 && shown < MOST_SOURCES;) {
			bool is_sick = data->sources[i].message || strcmp(data->sources[i].state, "ok");
			if (is_sick != (pass == 0))
				continue;
			add_source(grid, left, &right, &app->format, &data->sources[i]);
			shown++;
		}
	struct buf text;
	buf_init(&text, 0);
	enum role role = add_as_of(app, data, &text);
	int width = (int)utf8_columns(buf_str(&text));
	if (right - width > grid->width / 4) {
		right -= width;
		grid_put(grid, right, 0, width, buf_str(&text), role);
	}
	buf_fini(&text);
	return right;
}

/* How many rows bear a mark: behind the summary, or over its end. */
static void draw_marks(const struct frame *frame, struct grid *grid, int x)
{
	if (!frame->marks.n)
		return;
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, " · %zu marked", frame->marks.n);
	int width = (int)utf8_columns(buf_str(&text));
	if (x > grid->width - width)
		x = grid->width - width;
	if (x > 0)
		grid_put(grid, x, 1, width, buf_str(&text), ROLE_MATCH);
	buf_fini(&text);
}

static const char *title_of(const struct app *app)
{
	const struct frame *frame = app_top(app);
	return app->mode == MODE_FORM ? "connect a source"
	       : frame->pager	      ? frame->log_title
	       : frame->body.data     ? frame->body.data->title
	       : frame->curves	      ? "curves"
	       : frame->view	      ? frame->view->title
				      : "";
}

/* Cut where it is longer than COLUMNS. Returns the columns used. */
static int put_cut(const struct app *app, struct grid *grid, int x, int y, int columns, enum column_type type,
	const char *text, enum role role)
{
	struct buf cut;
	buf_init(&cut, 0);
	if (columns > 0)
		format_cut(&cut, &app->format, type, str_of(text), (size_t)columns);
	int used = grid_put(grid, x, y, columns, buf_str(&cut), role);
	buf_fini(&cut);
	return used;
}

static void draw_first_line(const struct app *app, struct grid *grid)
{
	const struct str here = STR("porthole ▸ ");
	const char *title = title_of(app);
	int right = grid->width, used = (int)(utf8_columns(here) + utf8_columns(str_of(title)));
	for (size_t i = app->n_frames;
		i-- > 0 && right == grid->width;) /* a log or help shows the health of what is below */
		if (app->frames[i]->body.data && app->frames[i]->view && !app->frames[i]->view->is_offline)
			right = draw_health(app, grid, app->frames[i]->body.data, used);
	int x = grid_put(grid, 0, 0, right, here, ROLE_DIM);
	put_cut(app, grid, x, 0, right - x - 1, COLUMN_NAME, title, ROLE_HEADING);
}

static void draw_top(const struct app *app, struct grid *grid)
{
	const struct frame *frame = app_top(app);
	const struct view_data *data = frame->body.data;
	draw_first_line(app, grid);
	if (app->mode == MODE_FORM) {
		grid_put(grid, 1, 1, grid->width - 1,
			STR("a few fields; it is tried, and shown, before anything is written"), ROLE_DIM);
	} else if (frame->is_excerpt) {
		grid_put(grid, 1, 1, grid->width - 1, STR("evidence · L shows the whole log"), ROLE_DIM);
	} else if (frame->pager && frame->is_opened) {
		struct buf status;
		buf_init(&status, 0);
		pager_status(frame->pager, &app->format, &status);
		grid_put(grid, 1, 1, grid->width - 1, buf_str(&status), ROLE_DIM);
		buf_fini(&status);
	} else if (data && data->summary) {
		int used = put_cut(app, grid, 1, 1, grid->width - 1, COLUMN_TEXT, data->summary, ROLE_DIM);
		draw_marks(frame, grid, 1 + used);
	}
}

/* The line that is typed; where it is longer than the screen, the part around the cursor. */
static void draw_prompt(const struct app *app, struct grid *grid, int y)
{
	const struct prompt *prompt = &app->prompt;
	const struct str label = app->mode == MODE_PALETTE ? STR(": ")
				 : app->mode == MODE_LINE  ? str_of(app->line.label)
							   : STR("/ ");
	int x = grid_put(grid, 0, y, grid->width, label, ROLE_KEY);
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
	bool is_typing = app->mode == MODE_FILTER || app->mode == MODE_SEARCH || app->mode == MODE_PALETTE ||
			 app->mode == MODE_LINE;
	if (is_typing) {
		draw_prompt(app, grid, y);
	} else if (app->message) {
		grid_put(grid, 1, y, grid->width - 1, str_of(app->message), app->message_role);
	} else if (frame->err.code && frame->body.data) {
		grid_put(grid, 1, y, grid->width - 1, str_of(frame->err.msg), ROLE_ERROR);
	} else if (frame->log_err.code && frame->is_opened) {
		grid_put(grid, 1, y, grid->width - 1, str_of(frame->log_err.msg), ROLE_LATE);
	}
}

/* The columns that COMMAND takes in the footer; 0 where it has no key. */
static int key_width(const struct app *app, const struct app_command *command)
{
	struct buf key;
	buf_init(&key, 0);
	key_add_name(&key, keymap_key(app->keymap, command));
	int width = (int)(utf8_columns(buf_str(&key)) + utf8_columns(str_of(command->label))) + 4;
	bool has_key = key.n > 0;
	buf_fini(&key);
	return has_key ? width : 0;
}

static void draw_key(const struct app *app, struct grid *grid, int x, const struct app_command *command)
{
	struct buf key;
	buf_init(&key, 0);
	key_add_name(&key, keymap_key(app->keymap, command));
	int at = x + grid_put(grid, x, grid->height - 1, grid->width - x, buf_str(&key), ROLE_KEY) + 1;
	grid_put(grid, at, grid->height - 1, grid->width - at, str_of(command->label), ROLE_DIM);
	buf_fini(&key);
}

/* What works while a line is typed, a menu or a form is open. */
static struct str prompt_footer(const struct app *app)
{
	switch (app->mode) {
	case MODE_PALETTE:
		return STR("Enter go   ↓ choose   ↑ typed before   Tab complete   Esc back");
	case MODE_MENU:
		return str_of(app->menu.footer);
	case MODE_FORM:
		return connect_footer(app->connect);
	case MODE_LINE:
		return STR("Enter done   ^X in your editor   Esc back");
	case MODE_ACT:
		return act_panel_footer(app->acting);
	default:
		return STR("Enter apply   Esc back");
	}
}

/* Help stands last, whatever there is room for: it has all the others. */
static void draw_footer(const struct app *app, struct grid *grid)
{
	size_t n;
	const struct app_command *commands = app_commands(&n);
	int context = chrome_context(app), x = 1, shown = 0;
	if (app->mode != MODE_KEYS) {
		grid_put(grid, 1, grid->height - 1, grid->width, prompt_footer(app), ROLE_DIM);
		return;
	}
	const struct app_command *help = keymap_named(app->keymap, "help");
	int room = grid->width - (help ? key_width(app, help) : 0);
	for (size_t i = 0; i < n && shown < MOST_FOOTER_KEYS - 1; i++) {
		if (!commands[i].label || &commands[i] == help || !(commands[i].contexts & context))
			continue;
		int width = key_width(app, &commands[i]);
		if (!width || x + width > room)
			continue;
		draw_key(app, grid, x, &commands[i]);
		x += width;
		shown++;
	}
	if (help)
		draw_key(app, grid, x, help);
}

void chrome_draw(const struct app *app, struct grid *grid)
{
	draw_top(app, grid);
	draw_message(app, grid);
	draw_footer(app, grid);
}

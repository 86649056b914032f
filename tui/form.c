/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/form.h"

#include "client/base/err.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "tui/input.h"

enum { LEFT = 2, GAP = 2 };

void form_fini(struct form *form)
{
	for (size_t i = 0; i < form->n; i++) {
		x_free(form->fields[i].error);
		prompt_fini(&form->fields[i].prompt);
	}
	*form = (struct form){0};
}

size_t form_add(struct form *form, const char *label, const char *help, const char *const *choices)
{
	BUG_ON(form->n == FORM_MOST_FIELDS);
	struct form_field *field = &form->fields[form->n];
	*field = (struct form_field){.label = label, .help = help, .choices = choices};
	prompt_init(&field->prompt, STR(""));
	return form->n++;
}

struct str form_value(const struct form *form, size_t i)
{
	const struct form_field *field = &form->fields[i];
	return field->choices ? str_of(field->choices[field->chosen])
			      : str_trim(buf_str(&field->prompt.text));
}

void form_set_error(struct form *form, size_t i, const char *error)
{
	x_free(form->fields[i].error);
	form->fields[i].error = error ? x_strdup(error) : NULL;
}

/* --- keys --------------------------------------------------------------------- */

/* The next field that is asked for, STEP -1 or 1; false at the end. */
static bool next_field(struct form *form, int step)
{
	size_t i = form->focus;
	do {
		if ((step < 0 && i == 0) || (step > 0 && i + 1 >= form->n))
			return false;
		i = step < 0 ? i - 1 : i + 1;
	} while (form->fields[i].is_hidden);
	form->focus = i;
	return true;
}

static enum form_result leave(struct form *form, int step, size_t *left)
{
	*left = form->focus;
	return next_field(form, step) ? FORM_LEFT : FORM_IGNORED;
}

static size_t n_choices(const struct form_field *field)
{
	size_t n = 0;
	while (field->choices[n])
		n++;
	return n;
}

static enum form_result choose(struct form_field *field, uint32_t key)
{
	size_t n = n_choices(field);
	if (key == K_LEFT) {
		field->chosen = (field->chosen + n - 1) % n;
		return FORM_CHANGED;
	}
	if (key == K_RIGHT || key == ' ') {
		field->chosen = (field->chosen + 1) % n;
		return FORM_CHANGED;
	}
	for (size_t i = 1; i <= n; i++) {
		size_t other = (field->chosen + i) % n;
		if ((uint32_t)(unsigned char)field->choices[other][0] == key) {
			field->chosen = other;
			return FORM_CHANGED;
		}
	}
	return FORM_IGNORED;
}

static enum form_result type(struct form_field *field, uint32_t key)
{
	bool is_rubout = key == K_BACKSPACE || key == ('H' & 31);
	if (is_rubout && !field->prompt.text.n)
		return FORM_IGNORED; /* a prompt would be left by it */
	return prompt_key(&field->prompt, key) == PROMPT_GOES_ON ? FORM_CHANGED : FORM_IGNORED;
}

enum form_result form_key(struct form *form, uint32_t key, size_t *left)
{
	struct form_field *field = &form->fields[form->focus];
	switch (key) {
	case K_ESC:
	case 'C' & 31:
	case 'G' & 31:
		return FORM_CANCELLED;
	case K_UP:
	case K_BACKTAB:
		return leave(form, -1, left);
	case K_DOWN:
	case K_TAB:
		return leave(form, 1, left);
	case K_ENTER: {
		enum form_result result = leave(form, 1, left);
		return result == FORM_LEFT ? result : FORM_DONE;
	}
	default:
		return field->choices ? choose(field, key) : type(field, key);
	}
}

/* --- drawing -------------------------------------------------------------------- */

static int label_width(const struct form *form)
{
	size_t width = 0;
	for (size_t i = 0; i < form->n; i++) {
		size_t own = utf8_columns(str_of(form->fields[i].label));
		width = own > width ? own : width;
	}
	return (int)width;
}

/* A text that is longer than its place shows the part before the cursor. */
static void draw_text(
	const struct form_field *field, struct grid *grid, int x, int y, int width, bool has_keys)
{
	struct str text = buf_str(&field->prompt.text), head = str_slice(text, 0, field->prompt.cursor);
	size_t from = 0, len;
	while (has_keys && from < head.n && (int)utf8_columns(str_slice(head, from, head.n)) >= width) {
		utf8_decode(str_slice(head, from, head.n), &len);
		from += len;
	}
	grid_put(grid, x, y, width, str_slice(text, from, text.n), ROLE_TEXT);
	if (!has_keys)
		return;
	grid->cursor_x = x + (int)utf8_columns(str_slice(head, from, head.n));
	grid->cursor_y = y;
}

static void draw_choice(
	const struct form_field *field, struct grid *grid, int x, int y, int width, bool has_keys)
{
	int at = grid_put(grid, x, y, width, str_of(field->choices[field->chosen]), ROLE_TEXT);
	if (!has_keys)
		return;
	grid_select(grid, (struct rect){x, y, at, 1});
	grid_put(grid, x + at + 1, y, width - at - 1, STR("← → other"), ROLE_DIM);
}

/* What is wrong with it, else what it is for: below its text, or from the edge on where it is long. */
static void draw_remark(const struct form_field *field, struct grid *grid, struct rect rect, int x, int y)
{
	struct str text = str_of(field->error ? field->error : field->help);
	int right = rect.x + rect.width;
	if ((int)utf8_columns(text) > right - x)
		x = rect.x + LEFT;
	grid_put(grid, x, y, right - x, text, field->error ? ROLE_ERROR : ROLE_DIM);
}

static int draw_field(const struct form *form, struct grid *grid, struct rect rect, int y, size_t i)
{
	const struct form_field *field = &form->fields[i];
	bool has_keys = form->focus == i;
	int x = rect.x + LEFT + label_width(form) + GAP, width = rect.x + rect.width - x;
	if (width < 1)
		return 1;
	if (has_keys)
		grid_put(grid, rect.x, y, 1, STR("▌"), ROLE_HEADING);
	grid_put(grid, rect.x + LEFT, y, x - GAP, str_of(field->label), has_keys ? ROLE_HEADING : ROLE_DIM);
	if (field->choices)
		draw_choice(field, grid, x, y, width, has_keys);
	else
		draw_text(field, grid, x, y, width, has_keys);
	if (!field->error && !has_keys)
		return 1;
	draw_remark(field, grid, rect, x, y + 1);
	return 2;
}

void form_draw(const struct form *form, struct grid *grid, struct rect rect)
{
	int y = rect.y, bottom = rect.y + rect.height;
	for (size_t i = 0; i < form->n && y < bottom; i++)
		if (!form->fields[i].is_hidden)
			y += draw_field(form, grid, rect, y, i);
}

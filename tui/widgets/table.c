/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A table: one row of headings and as many rows as there is room for. Columns
 * are as wide as their contents; where room is short those of low priority go, then
 * the rest is cut; what room is left goes to the columns that grow.
 *
 * What went or was cut is reached sideways: from the first move to the right on
 * nothing is left out; the name that tells the rows from each other stays, and the others pass behind it.
 */
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "tui/marks.h"
#include "tui/widgets/flow.h"
#include "tui/widgets/widget.h"

enum {
	MOST_COLUMNS = 32,
	MOST_CELL = 200,      /* no cell asks for more columns */
	MOST_FULL = 4096,     /* and none has more of them, when one goes sideways */
	MOST_MEASURED = 1000, /* rows that decide how wide a column is */
	WANTED_GROWN = 24,    /* what a growing column asks for before others go, unless it says */
	LEAST_GROWN = 16,     /* and gives up the rest before the most wanted of them go */
	LEAST_CUT = 6,
	MOST_SELECTED = 40, /* columns of the selected row that are reversed */
	MOST_PINNED = 24,
	JUMP = 4, /* rows that come at once where a step leads out of view */
	GAP = 2,
	BAR = 1,
	LEAST_PRIORITY = 9,
	HEADINGS = 1,
	CONTEXT = 2,
};

struct place {
	size_t column;
	int x, width;
	int from; /* columns of its text that are to the left of it */
};

struct table_state {
	struct widget widget;
	const struct table *table; /* borrowed until the next set */
	size_t cursor, top;
	char *cursor_ref;
	size_t n_new;		   /* rows that came in above the first one shown */
	const struct marks *marks; /* borrowed; NULL: none */
	struct match match;
	int page_rows; /* of the last move */
	/* Where a person went sideways: the first column after the pinned one, and what is passed of it. */
	bool is_aside;
	size_t aside;
	int aside_from;
	/* What drawing found out and would find out again: */
	struct format format;
	int natural[MOST_COLUMNS];
	int full[MOST_COLUMNS]; /* as wide as its contents, whatever it asks for */
	int room;
	bool is_measured;
};

static struct table_state *of(struct widget *widget)
{
	return (struct table_state *)widget;
}

static const struct table_state *of_const(const struct widget *widget)
{
	return (const struct table_state *)widget;
}

static struct widget *table_new(void)
{
	struct table_state *t = x_new(struct table_state);
	t->widget.ops = &table_widget;
	return &t->widget;
}

static void table_free(struct widget *widget)
{
	x_free(of(widget)->cursor_ref);
	x_free(widget);
}

static size_t n_rows(const struct table_state *t)
{
	return t->table ? t->table->result.n_rows : 0;
}

static size_t n_columns(const struct table_state *t)
{
	return t->table->n_columns < MOST_COLUMNS ? t->table->n_columns : MOST_COLUMNS;
}

static const char *ref_at(const struct table *table, size_t row)
{
	bool has_one = table && table->ref_column >= 0 && row < table->result.n_rows;
	return has_one ? result_text(&table->result, row, (size_t)table->ref_column) : NULL;
}

static bool find_ref(const struct table *table, const char *ref, size_t *row)
{
	for (size_t i = 0; ref && i < table->result.n_rows; i++) {
		const char *other = ref_at(table, i);
		if (other && strcmp(other, ref) == 0) {
			*row = i;
			return true;
		}
	}
	return false;
}

static void keep_ref(struct table_state *t)
{
	const char *ref = ref_at(t->table, t->cursor);
	x_free(t->cursor_ref);
	t->cursor_ref = ref ? x_strdup(ref) : NULL;
}

/* The row under the hand stays where it is on the screen; what came in above it is counted. */
static void follow_row(struct table_state *t, size_t row)
{
	if (row > t->cursor) {
		t->top += row - t->cursor;
		t->n_new += row - t->cursor;
	} else {
		size_t gone = t->cursor - row;
		t->top -= gone < t->top ? gone : t->top;
		t->n_new -= gone < t->n_new ? gone : t->n_new;
	}
	t->cursor = row;
}

static void table_set(struct widget *widget, const struct block *block)
{
	struct table_state *t = of(widget);
	size_t row;
	t->table = &block->table;
	t->is_measured = false;
	if (find_ref(t->table, t->cursor_ref, &row))
		follow_row(t, row);
	else if (t->cursor >= n_rows(t))
		t->cursor = n_rows(t) ? n_rows(t) - 1 : 0;
	keep_ref(t);
}

static void table_forget_news(struct widget *widget)
{
	of(widget)->n_new = 0;
}

static void add_heading(struct buf *out, const struct table *table, size_t c)
{
	const struct column *column = &table->columns[c];
	for (const char *p = column->title ? column->title : column->key; *p; p++)
		buf_addc(out, *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p == '_' ? ' ' : *p);
	if (table->sorted && !strcmp(table->sorted, column->key))
		buf_addz(out, table->is_ascending ? "▲" : "▼");
}

/* One cell as it stands on the screen within COLUMNS columns, from its column FROM on. */
static enum role add_cell_from(struct buf *out, const struct table_state *t, const struct format *format,
	size_t row, size_t column, size_t from, size_t columns)
{
	const struct column *c = &t->table->columns[column];
	struct buf whole, clean;
	buf_init(&whole, 0);
	buf_init(&clean, 0);
	enum role role = format_cell(&whole, format, c, result_at(&t->table->result, row, column));
	struct str text = buf_str(&whole);
	if (from) { /* its end is what is asked for: it is cut nowhere else */
		clean_add(&clean, text, CLEAN_NAME);
		text = buf_str(&clean);
		text = str_slice(text, utf8_fit(text, from).n, text.n);
	}
	format_cut(out, format, from ? COLUMN_TEXT : c->type, text, columns);
	buf_fini(&clean);
	buf_fini(&whole);
	return role;
}

static enum role add_cell(struct buf *out, const struct table_state *t, const struct format *format,
	size_t row, size_t column, size_t columns)
{
	return add_cell_from(out, t, format, row, column, 0, columns);
}

static int widest_cell(const struct table_state *t, const struct format *format, size_t column)
{
	struct buf cell;
	buf_init(&cell, 0);
	size_t widest = 0;
	for (size_t row = 0; row < n_rows(t) && row < MOST_MEASURED; row++) {
		buf_reset(&cell);
		add_cell(&cell, t, format, row, column, MOST_FULL);
		size_t columns = utf8_columns(buf_str(&cell));
		widest = columns > widest ? columns : widest;
	}
	buf_fini(&cell);
	return (int)widest;
}

static int heading_width(const struct table *table, size_t column)
{
	struct buf heading;
	buf_init(&heading, 0);
	add_heading(&heading, table, column);
	int columns = (int)utf8_columns(buf_str(&heading));
	buf_fini(&heading);
	return columns;
}

static void measure_column(struct table_state *t, const struct format *format, size_t column)
{
	const struct column *c = &t->table->columns[column];
	int heading = heading_width(t->table, column), full = widest_cell(t, format, column);
	int most = c->width && !(c->flags & COLUMN_GROWS) ? c->width : MOST_CELL;
	int natural = full < most ? full : most;
	t->full[column] = full > heading ? full : heading;
	t->natural[column] = natural > heading ? natural : heading;
}

/* Ages are told in minutes: within one, widths are what they were. */
static bool is_same(const struct format *a, const struct format *b)
{
	enum { MINUTE_MS = 60000 };
	return a->is_ascii == b->is_ascii && a->is_absolute == b->is_absolute &&
	       a->now_ms / MINUTE_MS == b->now_ms / MINUTE_MS;
}

static void measure(struct table_state *t, const struct format *format)
{
	bool is_known = t->is_measured && is_same(&t->format, format);
	t->format = *format;
	if (is_known)
		return;
	for (size_t i = 0; i < n_columns(t); i++) {
		t->natural[i] = t->full[i] = 0;
		if (table_shows(t->table, i))
			measure_column(t, format, i);
	}
	t->is_measured = true;
}

static int total_width(const struct place *places, size_t n)
{
	int total = n ? (int)(n - 1) * GAP : 0;
	for (size_t i = 0; i < n; i++)
		total += places[i].width;
	return total;
}

/* The column that goes first where room is short, or N where all that are left must stay. */
static size_t least_wanted(const struct table_state *t, const struct place *places, size_t n)
{
	size_t least = n;
	int priority = 0;
	for (size_t i = 0; i < n; i++) {
		int own = t->table->columns[places[i].column].priority;
		if (own > 0 && own >= priority) {
			least = i;
			priority = own;
		}
	}
	return least;
}

static size_t widest_place(const struct place *places, size_t n)
{
	size_t widest = 0;
	for (size_t i = 1; i < n; i++)
		if (places[i].width > places[widest].width)
			widest = i;
	return widest;
}

/* Takes one column from the width that the growing one asked for; false where it has no more to give. */
static bool shrink_growing(const struct table_state *t, struct place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool grows = t->table->columns[places[i].column].flags & COLUMN_GROWS;
		if (grows && places[i].width > LEAST_GROWN) {
			places[i].width--;
			return true;
		}
	}
	return false;
}

/* The first column from C on that is shown; of all columns the number where there is none. */
static size_t shown_from(const struct table_state *t, size_t c)
{
	while (c < n_columns(t) && !t->natural[c])
		c++;
	return c;
}

static size_t n_shown(const struct table_state *t)
{
	size_t n = 0;
	for (size_t c = shown_from(t, 0); c < n_columns(t); c = shown_from(t, c + 1))
		n++;
	return n;
}

/* Takes columns away, then width from the widest, until the rest fits. */
static size_t squeeze(const struct table_state *t, struct place *places, size_t n, int room)
{
	while (total_width(places, n) > room) {
		size_t least = least_wanted(t, places, n);
		if (least == n)
			break;
		if (t->table->columns[places[least].column].priority == 1 && shrink_growing(t, places, n))
			continue;
		memmove(&places[least], &places[least + 1], (n - least - 1) * sizeof *places);
		n--;
	}
	while (n && total_width(places, n) > room) {
		struct place *widest = &places[widest_place(places, n)];
		if (widest->width <= LEAST_CUT)
			break;
		widest->width--;
	}
	return n;
}

static int wanted_width(const struct table_state *t, size_t column)
{
	const struct column *c = &t->table->columns[column];
	int wanted = c->width ? c->width : WANTED_GROWN;
	return c->flags & COLUMN_GROWS && t->natural[column] > wanted ? wanted : t->natural[column];
}

/* What room is left goes to the columns that grow, in their order: as far as they ask for, or as their
 * contents go. */
static void grow(const struct table_state *t, struct place *places, size_t n, int room, bool is_asked_for)
{
	int left = room - total_width(places, n);
	for (size_t i = 0; i < n && left > 0; i++) {
		size_t column = places[i].column;
		int more = (is_asked_for ? wanted_width(t, column) : t->natural[column]) - places[i].width;
		if (!(t->table->columns[places[i].column].flags & COLUMN_GROWS) || more <= 0)
			continue;
		more = more < left ? more : left;
		places[i].width += more;
		left -= more;
	}
}

/* Puts COLUMN to the others where there is room for it, cut where it is one that grows. */
static size_t admit(const struct table_state *t, struct place *places, size_t n, size_t column, int room)
{
	int left = room - total_width(places, n) - GAP, width = wanted_width(t, column);
	bool can_cut = t->table->columns[column].flags & COLUMN_GROWS && left >= LEAST_GROWN;
	if (width > left && can_cut)
		width = left;
	if (width > left)
		return n;
	size_t i = n;
	for (; i > 0 && places[i - 1].column > column; i--)
		places[i] = places[i - 1];
	places[i] = (struct place){.column = column, .width = width};
	return n + 1;
}

static bool is_placed(const struct place *places, size_t n, size_t column)
{
	for (size_t i = 0; i < n; i++)
		if (places[i].column == column)
			return true;
	return false;
}

/* A wide column that went last may leave room for narrower ones that went before it: but none comes back
 * before a narrow one that is more wanted. */
static size_t readmit(const struct table_state *t, struct place *places, size_t n, int room)
{
	for (int priority = 1; n && priority <= LEAST_PRIORITY; priority++)
		for (size_t c = 0; c < n_columns(t); c++) {
			if (!t->natural[c] || t->table->columns[c].priority != priority ||
				is_placed(places, n, c))
				continue;
			size_t before = n;
			n = admit(t, places, n, c, room);
			if (n == before && t->natural[c] <= LEAST_GROWN)
				return n;
		}
	return n;
}

static size_t fit(const struct table_state *t, int room, struct place *places)
{
	size_t n = 0;
	for (size_t i = 0; i < n_columns(t); i++)
		if (t->natural[i])
			places[n++] = (struct place){.column = i, .width = wanted_width(t, i)};
	n = squeeze(t, places, n, room);
	grow(t, places, n, room, true);
	n = readmit(t, places, n, room);
	grow(t, places, n, room, false);
	int x = 0;
	for (size_t i = 0; i < n; i++) {
		places[i].x = x;
		x += places[i].width + GAP;
	}
	return n;
}

/* The name that tells the rows from each other. */
static size_t pinned(const struct table_state *t)
{
	for (size_t c = shown_from(t, 0); c < n_columns(t); c = shown_from(t, c + 1))
		if (t->table->columns[c].type == COLUMN_NAME || t->table->columns[c].type == COLUMN_REF)
			return c;
	return shown_from(t, 0);
}

static int pinned_width(const struct table_state *t, int room)
{
	int most = room / 3 < MOST_PINNED ? room / 3 : MOST_PINNED, full = t->full[pinned(t)];
	return full < most ? full : most;
}

/* All columns from the one that a person went to, as wide as they are, and the name before them. */
static size_t lay_aside(const struct table_state *t, int room, struct place *places)
{
	size_t n = 0, name = pinned(t);
	int x = 0;
	if (t->aside > name) {
		places[n++] = (struct place){.column = name, .width = pinned_width(t, room)};
		x = places[0].width + GAP;
	}
	for (size_t c = shown_from(t, t->aside); c < n_columns(t); c = shown_from(t, c + 1)) {
		int from = c == t->aside ? t->aside_from : 0, width = t->full[c] - from, left = room - x;
		if (left < 1 || (width > left && left < LEAST_CUT && c != t->aside))
			break;
		width = width < left ? width : left;
		places[n++] = (struct place){.column = c, .x = x, .width = width, .from = from};
		x += width + GAP;
	}
	return n;
}

static size_t lay_out(const struct table_state *t, int room, struct place *places)
{
	return t->is_aside && t->aside < n_columns(t) ? lay_aside(t, room, places) : fit(t, room, places);
}

/* Whether something of the table is to the right of PLACES, or left out of them. */
static bool has_more_aside(const struct table_state *t, const struct place *places, size_t n)
{
	if (!t->is_aside)
		return n < n_shown(t);
	const struct place *last = &places[n - 1];
	return n && (shown_from(t, last->column + 1) < n_columns(t) ||
			    last->from + last->width < t->full[last->column]);
}

/* TOP moved as little as is needed to have CURSOR among ROWS rows with CONTEXT rows around it. */
static size_t keep_in_view(size_t top, size_t cursor, size_t n, size_t rows, size_t context)
{
	if (!rows)
		return cursor;
	if (context > (rows - 1) / 2)
		context = (rows - 1) / 2;
	if (cursor < top + context)
		top = cursor > context ? cursor - context : 0;
	if (cursor + context + 1 > top + rows)
		top = cursor + context + 1 - rows;
	size_t last_top = n > rows ? n - rows : 0;
	return top < last_top ? top : last_top;
}

static size_t rows_in(int height)
{
	return height > HEADINGS ? (size_t)(height - HEADINGS) : 0;
}

static void put_aligned(struct grid *grid, const struct rect *rect, int y, const struct place *place,
	bool is_right, struct str text, enum role role)
{
	int left = rect->width - BAR - place->x;
	int width = place->width < left ? place->width : left;
	int columns = (int)utf8_columns(text);
	int indent = is_right && columns < width ? width - columns : 0;
	grid_put(grid, rect->x + BAR + place->x + indent, y, width - indent, text, role);
}

/* Arrows say where there is more, and which keys lead there. */
/* At the edge the last heading makes room for the arrow. */
static void draw_heading(const struct table_state *t, struct grid *grid, const struct rect *rect,
	const struct place *place, bool is_before_arrow)
{
	struct buf heading;
	buf_init(&heading, 0);
	add_heading(&heading, t->table, place->column);
	bool is_right = format_is_right(t->table->columns[place->column].type) && !place->from;
	struct place at = *place;
	int used = is_right ? at.width : (int)utf8_columns(buf_str(&heading));
	if (is_before_arrow && at.x + used >= rect->width - BAR)
		at.x--;
	put_aligned(grid, rect, rect->y, &at, is_right, buf_str(&heading), ROLE_DIM);
	buf_fini(&heading);
}

static void draw_headings(const struct table_state *t, struct grid *grid, const struct rect *rect,
	const struct place *places, size_t n)
{
	bool has_more = n_rows(t) && has_more_aside(t, places, n);
	for (size_t i = 0; i < n; i++)
		draw_heading(t, grid, rect, &places[i], has_more && i + 1 == n);
	if (t->is_aside)
		grid_put(grid, rect->x, rect->y, BAR, STR("←"), ROLE_KEY);
	if (has_more)
		grid_put(grid, rect->x + rect->width - 1, rect->y, 1, STR("→"), ROLE_KEY);
}

static void draw_cell(const struct table_state *t, struct grid *grid, const struct rect *rect, int y,
	size_t row, const struct place *place, const struct format *format)
{
	const struct column *column = &t->table->columns[place->column];
	struct buf text;
	buf_init(&text, 0);
	enum role role = add_cell_from(
		&text, t, format, row, place->column, (size_t)place->from, (size_t)place->width);
	bool is_right = format_is_right(column->type) && !place->from;
	put_aligned(grid, rect, y, place, is_right, buf_str(&text), role);
	int columns = (int)utf8_columns(buf_str(&text));
	int indent = is_right && columns < place->width ? place->width - columns : 0;
	match_paint(&t->match, grid, rect->x + BAR + place->x + indent, y, columns, buf_str(&text));
	buf_fini(&text);
}

/* How far a selected row is reversed: to the end of the name that tells it from the others, as far as text
 * goes. Each move of the selection sends two rows as far as they are reversed, and on a bad link that is what
 * a key costs: the bar bears no role either, for it would be sent with every one of them. */
static int selected_width(const struct table_state *t, const struct grid *grid, const struct rect *rect,
	int y, const struct place *places, size_t n)
{
	int width = 0, x = rect->x + BAR;
	for (size_t i = 0; i < n; i++) {
		enum column_type type = t->table->columns[places[i].column].type;
		width = places[i].x + places[i].width;
		if (type == COLUMN_NAME || type == COLUMN_REF || width >= MOST_SELECTED)
			break;
	}
	width = width < MOST_SELECTED ? width : MOST_SELECTED;
	while (width > 1 && x + width <= grid->width && grid_at(grid, x + width - 1, y)->chars[0] == ' ')
		width--;
	return width;
}

static void draw_bar(struct grid *grid, const struct rect *rect, int y, int selected, bool has_focus)
{
	int room = rect->width - BAR;
	grid_put(grid, rect->x, y, BAR, STR("▌"), has_focus ? ROLE_TEXT : ROLE_DIM);
	if (has_focus)
		grid_select(grid, (struct rect){rect->x + BAR, y, selected < room ? selected : room, 1});
}

/* Over the bar: a marked row under the cursor shows both, the mark and the row's reverse. */
static void draw_mark(
	const struct table_state *t, struct grid *grid, const struct rect *rect, int y, size_t row)
{
	const char *ref = t->marks ? ref_at(t->table, row) : NULL;
	if (ref && marks_has(t->marks, ref))
		grid_put(grid, rect->x, y, BAR, STR("◆"), ROLE_MATCH);
}

static void draw_new(const struct table_state *t, struct grid *grid, const struct rect *rect, size_t top)
{
	size_t n = t->n_new < top ? t->n_new : top;
	if (!n)
		return;
	struct buf note;
	buf_init(&note, 0);
	buf_addf(&note, " ↑ %zu new", n);
	int columns = (int)utf8_columns(buf_str(&note));
	if (columns <= rect->width)
		grid_put(grid, rect->x + rect->width - columns, rect->y, columns, buf_str(&note), ROLE_LINK);
	buf_fini(&note);
}

static void draw_rows(const struct table_state *t, struct grid *grid, const struct rect *rect,
	const struct place *places, size_t n, bool has_focus)
{
	size_t rows = rows_in(rect->height);
	size_t top = keep_in_view(t->top, t->cursor, n_rows(t), rows, 0);
	for (size_t i = 0; i < rows && top + i < n_rows(t); i++) {
		int y = rect->y + HEADINGS + (int)i;
		for (size_t j = 0; j < n; j++)
			draw_cell(t, grid, rect, y, top + i, &places[j], &t->format);
		if (top + i == t->cursor)
			draw_bar(grid, rect, y, selected_width(t, grid, rect, y, places, n), has_focus);
		draw_mark(t, grid, rect, y, top + i);
	}
	draw_new(t, grid, rect, top);
}

static void draw_empty(const struct table_state *t, struct grid *grid, const struct rect *rect)
{
	struct flow flow;
	flow_init_text(&flow, str_of(t->table->empty), ROLE_TEXT);
	flow_draw(&flow, grid,
		(struct rect){rect->x + BAR, rect->y + HEADINGS, rect->width - BAR, rect->height - HEADINGS},
		NULL);
	flow_fini(&flow);
}

static int empty_rows(const struct table_state *t, int width)
{
	struct flow flow;
	flow_init_text(&flow, str_of(t->table ? t->table->empty : NULL), ROLE_TEXT);
	int rows = flow_rows(&flow, width - BAR);
	flow_fini(&flow);
	return rows;
}

static void table_draw(struct widget *widget, struct grid *grid, struct rect rect,
	const struct format *format, bool has_focus)
{
	struct table_state *t = of(widget);
	struct place places[MOST_COLUMNS];
	if (!t->table || rect.width <= BAR || rect.height < 1)
		return;
	measure(t, format);
	t->room = rect.width - BAR;
	size_t n = lay_out(t, t->room, places);
	draw_headings(t, grid, &rect, places, n);
	if (n_rows(t))
		draw_rows(t, grid, &rect, places, n, has_focus);
	else
		draw_empty(t, grid, &rect);
}

static int table_height(const struct widget *widget, int width, const struct format *format)
{
	(void)format;
	const struct table_state *t = of_const(widget);
	size_t rows = n_rows(t) ? n_rows(t) : (size_t)empty_rows(t, width);
	return rows < INT16_MAX ? HEADINGS + (int)rows : INT16_MAX;
}

static void go_to(struct table_state *t, size_t row)
{
	t->cursor = row;
	t->top = keep_in_view(t->top, row, n_rows(t), rows_in(t->page_rows), CONTEXT);
	if (!t->top)
		t->n_new = 0;
	keep_ref(t);
}

/* A step that leads out of view brings some rows at once, so that the next ones bring none: each time that a
 * screen scrolls costs as much as two moves of the selection. */
static void step_to(struct table_state *t, size_t row)
{
	size_t before = t->top;
	go_to(t, row);
	if (t->top != before)
		t->top = keep_in_view(before, row, n_rows(t), rows_in(t->page_rows), CONTEXT + JUMP);
	if (!t->top)
		t->n_new = 0;
}

/* The room for the column that a person went to. One that is wider is passed by halves of it. */
static int room_aside(const struct table_state *t)
{
	return t->aside > pinned(t) ? t->room - pinned_width(t, t->room) - GAP : t->room;
}

static int half_room(const struct table_state *t)
{
	int room = room_aside(t);
	return room > 2 ? room / 2 : 1;
}

static void go_right(struct table_state *t)
{
	if (t->full[t->aside] - t->aside_from > room_aside(t)) {
		t->aside_from += half_room(t);
		return;
	}
	t->aside = shown_from(t, t->aside + 1);
	t->aside_from = 0;
}

static bool go_left(struct table_state *t)
{
	size_t before = t->aside, first = shown_from(t, 0);
	if (!t->is_aside)
		return false;
	if (t->aside_from > 0) {
		t->aside_from = t->aside_from > half_room(t) ? t->aside_from - half_room(t) : 0;
		return true;
	}
	while (t->aside > first && (t->aside == before || !t->natural[t->aside]))
		t->aside--;
	t->is_aside = before > first;
	return true;
}

static bool is_same_layout(const struct place *a, size_t n_a, const struct place *b, size_t n_b)
{
	for (size_t i = 0; i < n_a && n_a == n_b; i++)
		if (a[i].column != b[i].column || a[i].width != b[i].width || a[i].from != b[i].from)
			return false;
	return n_a == n_b;
}

/* The first move shows in full what was cut; where nothing was, it goes on at once. */
static bool step_right(struct table_state *t)
{
	struct place before[MOST_COLUMNS], now[MOST_COLUMNS];
	bool was_aside = t->is_aside;
	size_t n_before = lay_out(t, t->room, before);
	if (!was_aside) {
		t->is_aside = true;
		t->aside = shown_from(t, 0);
		t->aside_from = 0;
	}
	size_t n = lay_out(t, t->room, now);
	if (!is_same_layout(before, n_before, now, n))
		return true;
	bool goes_on = has_more_aside(t, now, n);
	if (goes_on)
		go_right(t);
	t->is_aside = was_aside || goes_on;
	return goes_on;
}

static bool move_aside(struct table_state *t, bool is_right)
{
	bool is_drawn = t->is_measured && t->room > 0 && shown_from(t, 0) < n_columns(t);
	if (!is_drawn)
		return false;
	return is_right ? step_right(t) : go_left(t);
}

static bool table_move(struct widget *widget, enum move move, int page_rows)
{
	struct table_state *t = of(widget);
	t->page_rows = page_rows;
	if (!n_rows(t))
		return false;
	if (move == MOVE_LEFT || move == MOVE_RIGHT)
		return move_aside(t, move == MOVE_RIGHT);
	size_t before = t->cursor, row = widget_moved(before, n_rows(t), move, page_rows - HEADINGS);
	if (move == MOVE_UP || move == MOVE_DOWN)
		step_to(t, row);
	else
		go_to(t, row);
	return t->cursor != before;
}

static const char *table_ref(const struct widget *widget)
{
	return ref_at(of_const(widget)->table, of_const(widget)->cursor);
}

static bool row_matches(const struct table_state *t, size_t row)
{
	struct buf cell;
	buf_init(&cell, 0);
	bool found = false;
	for (size_t i = 0; i < n_columns(t) && !found; i++) {
		if (!table_shows(t->table, i))
			continue;
		buf_reset(&cell);
		add_cell(&cell, t, &t->format, row, i, MOST_CELL);
		found = match_find(&t->match, buf_str(&cell), 0) != SIZE_MAX;
	}
	buf_fini(&cell);
	return found;
}

static bool table_find(struct widget *widget, struct str text, bool is_backward)
{
	struct table_state *t = of(widget);
	size_t n = n_rows(t), first = text.n ? 0 : 1;
	if (text.n)
		match_set(&t->match, text);
	for (size_t i = first; i < n + first; i++) {
		size_t row = is_backward ? (t->cursor + n - i % n) % n : (t->cursor + i) % n;
		if (row_matches(t, row)) {
			go_to(t, row);
			return true;
		}
	}
	return false;
}

/* What the row shows: its ref is asked for by `ref`. */
static void table_copy(const struct widget *widget, struct buf *out)
{
	const struct table_state *t = of_const(widget);
	for (size_t i = 0; t->cursor < n_rows(t) && i < n_columns(t); i++) {
		if (!table_shows(t->table, i))
			continue;
		if (out->n)
			buf_addz(out, "  ");
		add_cell(out, t, &t->format, t->cursor, i, MOST_CELL);
	}
}

static bool table_seek(struct widget *widget, const char *ref)
{
	size_t row;
	if (!find_ref(of(widget)->table, ref, &row))
		return false;
	go_to(of(widget), row);
	return true;
}

static enum hit point_at_heading(const struct table_state *t, struct rect rect, int x, const char **key)
{
	struct place places[MOST_COLUMNS];
	size_t n = lay_out(t, rect.width - BAR, places);
	for (size_t i = 0; i < n; i++) {
		int left = rect.x + BAR + places[i].x;
		if (x < left || x >= left + places[i].width)
			continue;
		*key = t->table->columns[places[i].column].key;
		return HIT_HEADING;
	}
	return HIT_NOTHING;
}

static enum hit table_point(struct widget *widget, struct rect rect, int x, int y, const char **key)
{
	struct table_state *t = of(widget);
	if (!t->table || y < rect.y || y >= rect.y + rect.height || x < rect.x || x >= rect.x + rect.width)
		return HIT_NOTHING;
	if (y < rect.y + HEADINGS)
		return point_at_heading(t, rect, x, key);
	size_t top = keep_in_view(t->top, t->cursor, n_rows(t), rows_in(rect.height), 0);
	size_t row = top + (size_t)(y - rect.y - HEADINGS);
	if (row >= n_rows(t))
		return HIT_NOTHING;
	t->top = top; /* what a person points at stays under the hand */
	t->cursor = row;
	keep_ref(t);
	return HIT_ROW;
}

static void table_set_marks(struct widget *widget, const struct marks *marks)
{
	of(widget)->marks = marks;
}

const struct widget_ops table_widget = {
	.new = table_new,
	.free = table_free,
	.set = table_set,
	.forget_news = table_forget_news,
	.height = table_height,
	.draw = table_draw,
	.move = table_move,
	.ref = table_ref,
	.find = table_find,
	.copy = table_copy,
	.seek = table_seek,
	.point = table_point,
	.set_marks = table_set_marks,
	.can_focus = true,
};

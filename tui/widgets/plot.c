/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/plot.h"

#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "client/base/when.h"
#include "tui/widgets/curve.h"
#include "tui/widgets/flow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	MOST_CURVES = 8,
	BAR = 1,
	LEAST_BESIDE = 104,  /* columns from which the legend stands beside the curves */
	LEGEND_COLUMNS = 58, /* then */
	LEAST_ROWS = 4,	     /* of the curves, before the legend gives way */
	ROWS_A_LABEL = 4,
	MOST_LABELS = 9,
	NAME_COLUMNS = 20,
	NUMBER_COLUMNS = 9,
	GAP = 2,
};

static const double weights[] = {0, 0.6, 0.9, 0.99};

struct plot_state {
	struct widget widget;
	const struct plot *plot; /* borrowed until the next set */
	enum curve_axis axis;
	bool is_log, shows_values;
	size_t weight; /* index into weights */
	bool has_cursor;
	double cursor; /* along the x axis */
	/* Made of the plot and of what is chosen above. */
	struct curve curves[MOST_CURVES];
	size_t n;
	double *rows; /* the places of all points, sorted, each once; NULL: not asked for yet */
	size_t n_rows, top;
	int columns; /* of the curves, as drawn last: what a step of the cursor is */
};

static const struct pen pens[MOST_CURVES] = {
	{ROLE_SERIES_1, '*', 0xFF},
	{ROLE_SERIES_2, '+', 0x77},
	{ROLE_SERIES_3, 'o', 0x55},
	{ROLE_SERIES_4, 'x', 0x3F},
	{ROLE_SERIES_1, '#', 0x11},
	{ROLE_SERIES_2, '@', 0x0F},
	{ROLE_SERIES_3, '%', 0x5F},
	{ROLE_SERIES_4, '&', 0x07},
};

static struct plot_state *of(struct widget *widget)
{
	return (struct plot_state *)widget;
}

static const struct plot_state *of_const(const struct widget *widget)
{
	return (const struct plot_state *)widget;
}

/* --- state ------------------------------------------------------------------------- */

static void forget_rows(struct plot_state *t)
{
	x_free(t->rows);
	t->rows = NULL;
	t->n_rows = 0;
}

static void forget_curves(struct plot_state *t)
{
	for (size_t i = 0; i < t->n; i++)
		curve_fini(&t->curves[i]);
	t->n = 0;
	forget_rows(t);
}

static void make_curves(struct plot_state *t)
{
	forget_curves(t);
	size_t n = t->plot->n_series < MOST_CURVES ? t->plot->n_series : MOST_CURVES;
	for (size_t i = 0; i < n; i++)
		curve_init(&t->curves[i], &t->plot->series[i], t->axis, weights[t->weight]);
	t->n = n;
}

static struct widget *plot_new(void)
{
	struct plot_state *t = x_new(struct plot_state);
	t->widget.ops = &plot_widget;
	return &t->widget;
}

static void plot_free(struct widget *widget)
{
	forget_curves(of(widget));
	x_free(widget);
}

static void plot_set(struct widget *widget, const struct block *block)
{
	of(widget)->plot = &block->plot;
	make_curves(of(widget));
}

void plot_next_x(struct widget *widget)
{
	struct plot_state *t = of(widget);
	t->axis = (t->axis + 1) % CURVE_AXES;
	t->has_cursor = false; /* the same number is another place there */
	t->top = 0;
	if (t->plot)
		make_curves(t);
}

void plot_toggle_log(struct widget *widget)
{
	of(widget)->is_log = !of(widget)->is_log;
}

void plot_next_smoothing(struct widget *widget)
{
	struct plot_state *t = of(widget);
	t->weight = (t->weight + 1) % ARRAY_LEN(weights);
	if (t->plot)
		make_curves(t);
}

void plot_toggle_values(struct widget *widget)
{
	of(widget)->shows_values = !of(widget)->shows_values;
}

static bool has_points(const struct plot_state *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->curves[i].n)
			return true;
	return false;
}

static int by_size(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;
	return (p > q) - (p < q);
}

static void make_rows(struct plot_state *t)
{
	size_t n = 0, unique = 0;
	if (t->rows)
		return;
	for (size_t i = 0; i < t->n; i++)
		n += t->curves[i].n;
	t->rows = x_calloc(n + 1, sizeof *t->rows);
	n = 0;
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->curves[i].n; k++)
			t->rows[n++] = t->curves[i].points[k].x;
	qsort(t->rows, n, sizeof *t->rows, by_size);
	for (size_t i = 0; i < n; i++)
		if (!unique || t->rows[unique - 1] != t->rows[i])
			t->rows[unique++] = t->rows[i];
	t->n_rows = unique;
}

/* --- words ------------------------------------------------------------------------- */

static void add_value(struct buf *out, const struct format *format, double value)
{
	static const struct column real = {.type = COLUMN_REAL};
	struct value cell = value_real(value);
	if (isfinite(value))
		format_cell(out, format, &real, &cell);
	else
		buf_addz(out, isnan(value) ? "NaN" : value > 0 ? "inf" : "-inf");
}

/* A place on the x axis, as people say it. */
static void add_x(struct buf *out, const struct plot_state *t, const struct format *format, double x)
{
	if (t->axis == CURVE_WALL)
		when_add_local(out, (int64_t)x);
	else if (t->axis == CURVE_TIME)
		when_add_duration(out, (int64_t)(x * 1000));
	else
		format_add_int(out, format, llround(x));
}

static const char *axis_name(enum curve_axis axis)
{
	static const char *const names[CURVE_AXES] = {
		[CURVE_STEP] = "step", [CURVE_TIME] = "time since its start", [CURVE_WALL] = "wall clock"};
	return names[axis];
}

static void add_gap(struct buf *out)
{
	buf_addz(out, out->n ? "   " : "");
}

static void add_heading(struct buf *out, const struct plot_state *t, const struct format *format, size_t off)
{
	buf_addz(out, t->plot->metric ? t->plot->metric : "");
	add_gap(out);
	buf_addf(out, "X %s   Y %s", axis_name(t->axis), t->is_log ? "log" : "linear");
	if (t->weight)
		buf_addf(out, "   ~ %g (exponential, debiased)", weights[t->weight]);
	if (off)
		buf_addf(out, "   %zu at 0 or below are off a log axis", off);
	if (t->has_cursor) {
		buf_addz(out, "   cursor ");
		add_x(out, t, format, t->cursor);
	}
	if (t->plot->n_series > t->n)
		buf_addf(out, "   %zu more not drawn", t->plot->n_series - t->n);
}

static void put_right(struct grid *grid, int x, int y, int columns, struct str text, enum role role)
{
	int used = (int)utf8_columns(text);
	int indent = used < columns ? columns - used : 0;
	grid_put(grid, x + indent, y, columns - indent, text, role);
}

/* --- the axes ---------------------------------------------------------------------- */

struct labels {
	struct buf texts[MOST_LABELS];
	int n, columns;
};

/* Three digits where that tells them apart, more where not: 0.9991 and 0.9994 are not both 0.999. */
static bool add_labels(struct labels *labels, const struct span_of *span, int digits)
{
	bool is_distinct = true;
	labels->columns = 0;
	for (int i = 0; i < labels->n; i++) {
		struct buf *text = &labels->texts[i];
		double at = labels->n > 1 ? 1 - (double)i / (labels->n - 1) : 0.5;
		buf_reset(text);
		buf_addf(text, "%.*g", digits, span_value(span, at));
		int columns = (int)text->n;
		labels->columns = columns > labels->columns ? columns : labels->columns;
		is_distinct &= !i || !str_eq(buf_str(text), buf_str(&labels->texts[i - 1]));
	}
	return is_distinct;
}

static void make_labels(struct labels *labels, const struct span_of *span, int rows)
{
	enum { LEAST_DIGITS = 3, MOST_DIGITS = 7 };
	int n = (rows - 1) / ROWS_A_LABEL + 1;
	*labels = (struct labels){.n = n < 2 ? 2 : n > MOST_LABELS ? MOST_LABELS : n};
	if (rows < 2)
		labels->n = 1;
	for (int i = 0; i < labels->n; i++)
		buf_init(&labels->texts[i], 0);
	for (int digits = LEAST_DIGITS; digits <= MOST_DIGITS; digits++)
		if (add_labels(labels, span, digits))
			return;
}

static void draw_labels(struct labels *labels, struct grid *grid, struct rect rect)
{
	for (int i = 0; i < labels->n; i++) {
		int row = labels->n > 1 ? (rect.height - 1) * i / (labels->n - 1) : 0;
		put_right(grid, rect.x, rect.y + row, labels->columns, buf_str(&labels->texts[i]), ROLE_DIM);
	}
}

static void free_labels(struct labels *labels)
{
	for (int i = 0; i < labels->n; i++)
		buf_fini(&labels->texts[i]);
}

/* The x axis: a rule with both ends written into it, and the middle where there is room. */
static void draw_x_axis(const struct plot_state *t, struct grid *grid, struct rect rect,
	const struct span_of *span, const struct format *format)
{
	struct buf texts[3];
	int used = 0;
	grid_rule(grid, rect, STR(""));
	for (int i = 0; i < 3; i++) {
		buf_init(&texts[i], 0);
		buf_addz(&texts[i], i == 0 ? "" : " ");
		add_x(&texts[i], t, format, span_value(span, i / 2.0));
		buf_addz(&texts[i], i == 2 ? "" : " ");
		used += (int)utf8_columns(buf_str(&texts[i])) + GAP;
	}
	for (int i = 0; i < 3; i++) {
		int columns = (int)utf8_columns(buf_str(&texts[i])), room = rect.width - columns;
		int x = i == 0 ? 0 : i == 1 ? room / 2 : room;
		if (i != 1 || used < rect.width)
			grid_put(grid, rect.x + (x > 0 ? x : 0), rect.y, rect.width, buf_str(&texts[i]),
				ROLE_DIM);
		buf_fini(&texts[i]);
	}
}

/* --- the curves -------------------------------------------------------------------- */

static void draw_cursor(
	const struct plot_state *t, struct grid *grid, struct rect rect, const struct span_of *span)
{
	if (!t->has_cursor || !(t->cursor >= span->from && t->cursor <= span->to))
		return;
	int x = (int)lround(span_at(span, t->cursor) * (rect.width - 1));
	for (int y = 0; y < rect.height; y++)
		grid_put(grid, rect.x + x, rect.y + y, 1, STR("│"), ROLE_RULE);
}

static void draw_curves(struct plot_state *t, struct grid *grid, struct rect rect, const struct span_of *x,
	const struct span_of *y, const struct format *format)
{
	struct labels labels;
	struct canvas canvas;
	make_labels(&labels, y, rect.height - 1);
	struct rect at = {
		rect.x + labels.columns + 1, rect.y, rect.width - labels.columns - 1, rect.height - 1};
	t->columns = at.width;
	if (at.width > 1 && at.height > 0) {
		draw_labels(&labels, grid, (struct rect){rect.x, rect.y, labels.columns, at.height});
		draw_cursor(t, grid, at, x);
		canvas_init(&canvas, at.width, at.height, format->is_ascii);
		for (size_t i = t->n; i-- > 0;) /* the first one lies on top */
			curve_draw(&t->curves[i], &canvas, &pens[i], x, y);
		canvas_draw(&canvas, grid, at.x, at.y);
		canvas_fini(&canvas);
		draw_x_axis(t, grid, (struct rect){at.x, at.y + at.height, at.width, 1}, x, format);
	}
	free_labels(&labels);
}

/* --- the legend -------------------------------------------------------------------- */

static void add_where(struct buf *out, const struct format *format, const struct curve *curve, size_t i)
{
	if (i == SIZE_MAX) {
		buf_addz(out, format->is_ascii ? "-" : "–");
		return;
	}
	add_value(out, format, curve->points[i].raw);
}

static void add_at_step(struct buf *out, const struct format *format, const struct curve *curve, size_t i)
{
	if (i == SIZE_MAX)
		return;
	buf_addz(out, " @");
	format_add_int(out, format, curve->points[i].step);
}

/* What is said of each curve: headings and cells come from the same list. */
enum said { SAID_LAST, SAID_LOWEST, SAID_HIGHEST, SAID_CURSOR, N_SAID };

static bool says(const struct plot_state *t, enum said said)
{
	switch (said) {
	case SAID_LOWEST:
		return t->plot->best != PLOT_BEST_HIGHEST;
	case SAID_HIGHEST:
		return t->plot->best != PLOT_BEST_LOWEST;
	case SAID_CURSOR:
		return t->has_cursor;
	default:
		return true;
	}
}

static int said_columns(enum said said)
{
	return said == SAID_LOWEST || said == SAID_HIGHEST ? 2 * NUMBER_COLUMNS - 2 : NUMBER_COLUMNS;
}

static void add_said(struct buf *out, const struct plot_state *t, const struct format *format,
	const struct curve *curve, enum said said)
{
	switch (said) {
	case SAID_LAST:
		add_where(out, format, curve, curve->last);
		break;
	case SAID_LOWEST:
		add_where(out, format, curve, curve->lowest);
		add_at_step(out, format, curve, curve->lowest);
		break;
	case SAID_HIGHEST:
		add_where(out, format, curve, curve->highest);
		add_at_step(out, format, curve, curve->highest);
		break;
	default:
		add_where(out, format, curve, curve_at(curve, t->cursor));
		break;
	}
}

static void draw_legend_heading(const struct plot_state *t, struct grid *grid, struct rect rect)
{
	static const char *const titles[N_SAID] = {"LAST", "LOWEST @STEP", "HIGHEST @STEP", "CURSOR"};
	int x = rect.x + 3 + NAME_COLUMNS, right = rect.x + rect.width;
	grid_put(grid, rect.x + 3, rect.y, NAME_COLUMNS, STR("RUN"), ROLE_DIM);
	for (enum said said = 0; said < N_SAID; said++) {
		if (!says(t, said) || x + said_columns(said) > right)
			continue;
		put_right(grid, x, rect.y, said_columns(said), str_of(titles[said]), ROLE_DIM);
		x += said_columns(said);
	}
}

static void draw_sample(struct grid *grid, int x, int y, size_t i, bool is_ascii)
{
	static const char *const samples[MOST_CURVES] = {"━━", "╍╍", "┅┅", "┉┉", "╺╺", "──", "┄┄", "┈┈"};
	char mark[3] = {pens[i].mark, pens[i].mark, 0};
	grid_put(grid, x, y, 2, str_of(is_ascii ? mark : samples[i]), pens[i].role);
}

static void add_fate(
	struct buf *out, const struct plot_state *t, const struct format *format, const struct curve *curve)
{
	if (!curve->n) {
		buf_addz(out, "no points");
	} else if (curve->first_bad != SIZE_MAX) {
		const struct curve_point *bad = &curve->points[curve->first_bad];
		buf_addz(out, curve->has_diverged ? "diverged at " : "");
		if (!curve->has_diverged) {
			add_value(out, format, bad->raw);
			buf_addz(out, " at ");
		}
		add_x(out, t, format, bad->x);
	}
}

/* One curve's row; where there is no room for all, what is said last goes first. Returns the rows it took. */
static int draw_legend_row(const struct plot_state *t, struct grid *grid, struct rect rect, size_t i,
	const struct format *format)
{
	const struct curve *curve = &t->curves[i];
	struct buf text;
	buf_init(&text, 0);
	draw_sample(grid, rect.x, rect.y, i, format->is_ascii);
	struct buf name; /* cleaned before it is cut */
	buf_init(&name, 0);
	clean_add(&name, str_of(t->plot->series[i].name), CLEAN_NAME);
	format_cut(&text, format, COLUMN_NAME, buf_str(&name), NAME_COLUMNS);
	buf_fini(&name);
	grid_put(grid, rect.x + 3, rect.y, NAME_COLUMNS, buf_str(&text), ROLE_TEXT);
	int x = rect.x + 3 + NAME_COLUMNS, right = rect.x + rect.width;
	for (enum said said = 0; said < N_SAID; said++) {
		if (!says(t, said) || x + said_columns(said) > right)
			continue;
		buf_reset(&text);
		add_said(&text, t, format, curve, said);
		put_right(grid, x, rect.y, said_columns(said), buf_str(&text),
			said == SAID_CURSOR ? ROLE_HEADING : ROLE_TEXT);
		x += said_columns(said);
	}
	buf_reset(&text);
	add_fate(&text, t, format, curve);
	int rows = 1, columns = (int)utf8_columns(buf_str(&text));
	if (columns && x + GAP + columns <= right)
		grid_put(grid, x + GAP, rect.y, columns, buf_str(&text), ROLE_FAILED);
	else if (columns && rect.height > rows++)
		grid_put(grid, rect.x + 3, rect.y + 1, rect.width - 3, buf_str(&text), ROLE_FAILED);
	buf_fini(&text);
	return rows;
}

static void draw_legend(
	const struct plot_state *t, struct grid *grid, struct rect rect, const struct format *format)
{
	int y = rect.y + 1, bottom = rect.y + rect.height;
	if (rect.height < 1)
		return;
	draw_legend_heading(t, grid, rect);
	for (size_t i = 0; i < t->n && y < bottom; i++)
		y += draw_legend_row(t, grid, (struct rect){rect.x, y, rect.width, bottom - y}, i, format);
}

/* Curves that did not go well may need a row more. */
static int legend_rows(const struct plot_state *t)
{
	int rows = 1 + (int)t->n;
	for (size_t i = 0; i < t->n; i++)
		rows += t->curves[i].first_bad != SIZE_MAX;
	return rows;
}

/* --- the table of values ------------------------------------------------------------- */

/* The row at or before X. */
static size_t row_at(const struct plot_state *t, double x)
{
	size_t low = 0, high = t->n_rows;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (t->rows[middle] <= x)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static size_t row_of_cursor(const struct plot_state *t)
{
	return t->has_cursor ? row_at(t, t->cursor) : 0;
}

static size_t top_row(const struct plot_state *t, size_t cursor, size_t rows)
{
	size_t top = t->top < cursor ? t->top : cursor;
	if (cursor >= top + rows)
		top = cursor - rows + 1;
	return top;
}

static void draw_values(struct plot_state *t, struct grid *grid, struct rect rect,
	const struct format *format, bool has_focus)
{
	enum { X_COLUMNS = 24, COLUMNS = 16 };
	struct buf text;
	make_rows(t);
	buf_init(&text, 0);
	size_t rows = rect.height > 1 ? (size_t)rect.height - 1 : 0, cursor = row_of_cursor(t);
	put_right(grid, rect.x, rect.y, X_COLUMNS, str_of(axis_name(t->axis)), ROLE_DIM);
	for (size_t i = 0; i < t->n; i++)
		put_right(grid, rect.x + X_COLUMNS + (int)i * COLUMNS + GAP, rect.y, COLUMNS - GAP,
			str_of(t->plot->series[i].name), pens[i].role);
	size_t top = t->top = rows ? top_row(t, cursor, rows) : 0;
	for (size_t row = top; row < t->n_rows && row < top + rows; row++) {
		int y = rect.y + 1 + (int)(row - top);
		buf_reset(&text);
		add_x(&text, t, format, t->rows[row]);
		put_right(grid, rect.x, y, X_COLUMNS, buf_str(&text), ROLE_TEXT);
		for (size_t i = 0; i < t->n; i++) {
			buf_reset(&text);
			add_where(&text, format, &t->curves[i], curve_find(&t->curves[i], t->rows[row]));
			put_right(grid, rect.x + X_COLUMNS + (int)i * COLUMNS, y, COLUMNS, buf_str(&text),
				ROLE_TEXT);
		}
		if (has_focus && row == cursor)
			grid_select(grid, (struct rect){rect.x, y, X_COLUMNS, 1});
	}
	buf_fini(&text);
}

/* --- the widget ---------------------------------------------------------------------- */

static void draw_empty(const struct plot_state *t, struct grid *grid, struct rect rect)
{
	struct flow flow;
	flow_init_text(&flow, str_of(t->plot->empty), ROLE_TEXT);
	flow_draw(&flow, grid, rect, NULL);
	flow_fini(&flow);
}

/* Beside the curves where the screen is wide, else below them. */
static void draw_all(struct plot_state *t, struct grid *grid, struct rect rect, const struct span_of *x,
	const struct span_of *y, const struct format *format)
{
	struct rect curves = rect, legend = rect;
	if (rect.width >= LEAST_BESIDE) {
		legend.width = LEGEND_COLUMNS;
		curves.width -= LEGEND_COLUMNS + GAP;
		legend.x += curves.width + GAP;
	} else {
		int room = rect.height - LEAST_ROWS, wanted = legend_rows(t);
		legend.height = wanted < room ? wanted : room > 0 ? room : 0;
		curves.height -= legend.height;
		legend.y += curves.height;
	}
	draw_curves(t, grid, curves, x, y, format);
	draw_legend(t, grid, legend, format);
}

static void plot_draw(struct widget *widget, struct grid *grid, struct rect rect, const struct format *format,
	bool has_focus)
{
	struct plot_state *t = of(widget);
	struct rect in = {rect.x + BAR, rect.y, rect.width - BAR, rect.height};
	if (!t->plot || in.width < 1 || in.height < 1)
		return;
	if (!has_points(t)) {
		draw_empty(t, grid, in);
		return;
	}
	size_t off;
	struct span_of x = curve_span_x(t->curves, t->n);
	struct span_of y = curve_span_y(t->curves, t->n, t->is_log, &off);
	struct buf heading;
	buf_init(&heading, 0);
	add_heading(&heading, t, format, off);
	grid_put(grid, in.x, in.y, in.width, buf_str(&heading), ROLE_DIM);
	buf_fini(&heading);
	in.y++;
	in.height--;
	if (t->shows_values)
		draw_values(t, grid, in, format, has_focus);
	else if (y.from > y.to)
		grid_put(grid, in.x, in.y, in.width, STR("no value has a place on this axis; Y changes it"),
			ROLE_LATE);
	else
		draw_all(t, grid, in, &x, &y, format);
}

/* Whatever there is: a curve says more the higher it is. */
static int plot_height(const struct widget *widget, int width, const struct format *format)
{
	(void)widget;
	(void)width;
	(void)format;
	return INT16_MAX;
}

static bool move_rows(struct plot_state *t, enum move move, int page_rows)
{
	make_rows(t);
	if (!t->n_rows)
		return false;
	size_t before = row_of_cursor(t);
	size_t row = widget_moved(before, t->n_rows, move, page_rows - 2);
	bool has_moved = row != before || !t->has_cursor;
	t->cursor = t->rows[row];
	t->has_cursor = true;
	return has_moved;
}

/* A move along the axis, in shares of its length; 0: none. */
static double share_of(const struct plot_state *t, enum move move)
{
	double column = t->columns > 1 ? 1.0 / (t->columns - 1) : 1;
	switch (move) {
	case MOVE_LEFT:
		return -column;
	case MOVE_RIGHT:
		return column;
	case MOVE_UP:
	case MOVE_HALF_UP:
	case MOVE_PAGE_UP:
		return -0.1;
	case MOVE_DOWN:
	case MOVE_HALF_DOWN:
	case MOVE_PAGE_DOWN:
		return 0.1;
	default:
		return move == MOVE_HOME ? -1 : 1;
	}
}

/* Where SHARE of the axis leads from row BEFORE: at least a point further, and always to a point. */
static size_t row_after(const struct plot_state *t, size_t before, double share)
{
	struct span_of span = curve_span_x(t->curves, t->n);
	double at = span_at(&span, t->rows[before]) + share;
	size_t last = t->n_rows - 1, row = row_at(t, span_value(&span, at < 0 ? 0 : at > 1 ? 1 : at));
	if (share > 0)
		return row > before ? row : before < last ? before + 1 : last;
	return row < before ? row : before > 0 ? before - 1 : 0;
}

static bool plot_move(struct widget *widget, enum move move, int page_rows)
{
	struct plot_state *t = of(widget);
	if (!t->plot || !has_points(t))
		return false;
	if (t->shows_values)
		return move_rows(t, move, page_rows);
	make_rows(t);
	double share = share_of(t, move), before = t->cursor;
	bool had_cursor = t->has_cursor;
	t->has_cursor = true;
	if (had_cursor)
		t->cursor = t->rows[row_after(t, row_of_cursor(t), share)];
	else
		t->cursor = t->rows[share > 0 && move != MOVE_END ? 0
				    : move == MOVE_HOME		  ? 0
								  : t->n_rows - 1];
	return !had_cursor || t->cursor != before;
}

static const char *plot_ref(const struct widget *widget)
{
	(void)widget;
	return NULL;
}

static bool plot_find(struct widget *widget, struct str text, bool is_backward)
{
	(void)widget;
	(void)text;
	(void)is_backward;
	return false;
}

/* What the legend says, a line a curve. */
static void plot_copy(const struct widget *widget, struct buf *out)
{
	const struct plot_state *t = of_const(widget);
	const struct format format = {.is_ascii = true};
	for (size_t i = 0; t->plot && i < t->n; i++) {
		buf_addz(out, i ? "\n" : "");
		clean_add(out, str_of(t->plot->series[i].name), CLEAN_NAME);
		buf_addc(out, ' ');
		clean_add(out, str_of(t->plot->metric), CLEAN_NAME);
		buf_addz(out, t->has_cursor ? " at " : " last ");
		if (t->has_cursor) {
			add_x(out, t, &format, t->cursor);
			buf_addc(out, ' ');
		}
		add_said(out, t, &format, &t->curves[i], t->has_cursor ? SAID_CURSOR : SAID_LAST);
	}
}

const struct widget_ops plot_widget = {
	.new = plot_new,
	.free = plot_free,
	.set = plot_set,
	.height = plot_height,
	.draw = plot_draw,
	.move = plot_move,
	.ref = plot_ref,
	.find = plot_find,
	.copy = plot_copy,
	.can_focus = true,
};

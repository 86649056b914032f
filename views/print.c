/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/print.h"

#include "client/base/clean.h"
#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "views/doc_print.h"

/* A cell wider than MOST_WIDTH stands there whole where no width is known, but the other rows are not filled
 * up to it: one name of 100 KB among 10,000 would make a gigabyte. */
enum { MOST_COLUMNS = 64, GAP = 2, LABEL_COLUMNS = 12, MOST_WIDTH = 200, LEAST_WIDTH = 8 };

static void add_role(const struct printer *p, enum role role, bool is_on)
{
	if (!p->sgr || role == ROLE_TEXT)
		return;
	buf_addz(p->out, is_on ? p->sgr[role] : "\033[0m");
}

static void add_clean(const struct printer *p, struct str text, enum role role)
{
	add_role(p, role, true);
	clean_add(p->out, text, p->format.is_ascii ? CLEAN_ASCII : CLEAN_NAME);
	add_role(p, role, false);
}

/* Widths of the columns that are shown; 0 for one that is not. */
static void measure(const struct printer *p, const struct table *t, int *widths)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t c = 0; c < t->n_columns; c++) {
		const struct column *column = &t->columns[c];
		widths[c] = 0;
		if (!table_shows(t, c))
			continue;
		widths[c] = (int)strlen(column->title ? column->title : column->key);
		for (size_t row = 0; row < t->result.n_rows; row++) {
			struct buf clean;
			buf_reset(&text);
			buf_init(&clean, 0);
			format_cell(&text, &p->format, column, result_at(&t->result, row, c));
			clean_add(&clean, buf_str(&text), CLEAN_NAME);
			int width = (int)utf8_columns(buf_str(&clean));
			buf_fini(&clean);
			widths[c] = width > widths[c] ? width : widths[c];
		}
		const int most = !p->columns ? MOST_WIDTH : column->width ? column->width : p->columns;
		widths[c] = widths[c] < most ? widths[c] : most;
	}
	buf_fini(&text);
}

/* The widest column gives up what is too much. */
static void narrow(const struct table *t, int *widths, int too_much)
{
	size_t widest = 0;
	for (size_t c = 1; c < t->n_columns; c++)
		widest = widths[c] > widths[widest] ? c : widest;
	const int left = widths[widest] - too_much;
	if (widths[widest] > LEAST_WIDTH)
		widths[widest] = left > LEAST_WIDTH ? left : LEAST_WIDTH;
}

/* Drops what is least important until the rest fits. */
static void fit(const struct printer *p, const struct table *t, int *widths)
{
	for (;;) {
		int sum = 0;
		size_t worst = t->n_columns;
		for (size_t c = 0; c < t->n_columns; c++) {
			sum += widths[c] ? widths[c] + GAP : 0;
			if (widths[c] && t->columns[c].priority &&
				(worst == t->n_columns ||
					t->columns[c].priority > t->columns[worst].priority))
				worst = c;
		}
		if (!p->columns || sum <= p->columns)
			return;
		if (worst == t->n_columns) {
			narrow(t, widths, sum - p->columns);
			return;
		}
		widths[worst] = 0;
	}
}

static void add_padded(
	const struct printer *p, struct str text, int width, bool is_right, bool is_last, enum role role)
{
	int used = (int)utf8_columns(text);
	int pad = width > used ? width - used : 0;
	if (is_right)
		buf_addf(p->out, "%*s", pad, "");
	add_clean(p, text, role);
	if (!is_last)
		buf_addf(p->out, "%*s", (is_right ? 0 : pad) + GAP, "");
}

static void print_heading(const struct printer *p, const struct table *t, const int *widths, size_t last)
{
	for (size_t c = 0; c <= last; c++) {
		if (!widths[c])
			continue;
		const struct column *column = &t->columns[c];
		char title[32] = {0};
		const char *text = column->title ? column->title : column->key;
		for (size_t i = 0; text[i] && i < sizeof title - 1; i++)
			title[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
		add_padded(p, str_of(title), widths[c], format_is_right(column->type), c == last, ROLE_DIM);
	}
	buf_addc(p->out, '\n');
}

void print_table(const struct printer *p, const struct table *t)
{
	int widths[MOST_COLUMNS];
	BUG_ON(t->n_columns > MOST_COLUMNS);
	if (!t->result.n_rows) {
		add_clean(p, str_of(t->empty ? t->empty : "nothing here"), ROLE_DIM);
		buf_addc(p->out, '\n');
		return;
	}
	measure(p, t, widths);
	fit(p, t, widths);
	size_t last = 0;
	for (size_t c = 0; c < t->n_columns; c++)
		last = widths[c] ? c : last;
	print_heading(p, t, widths, last);
	struct buf text, cut;
	buf_init(&text, 0);
	buf_init(&cut, 0);
	for (size_t row = 0; row < t->result.n_rows; row++) {
		for (size_t c = 0; c <= last; c++) {
			if (!widths[c])
				continue;
			const struct column *column = &t->columns[c];
			buf_reset(&text);
			buf_reset(&cut);
			enum role role =
				format_cell(&text, &p->format, column, result_at(&t->result, row, c));
			format_cut(&cut, &p->format, column->type, buf_str(&text),
				p->columns ? (size_t)widths[c] : SIZE_MAX);
			add_padded(
				p, buf_str(&cut), widths[c], format_is_right(column->type), c == last, role);
		}
		buf_addc(p->out, '\n');
	}
	buf_fini(&text);
	buf_fini(&cut);
	if (t->has_more) {
		add_clean(p, STR("… more: --limit 0 shows all"), ROLE_DIM);
		buf_addc(p->out, '\n');
	}
}

static void add_tsv_list(const struct printer *p, struct str list)
{
	struct str piece;
	for (bool is_first = true; str_next(&list, '\x1f', &piece); is_first = false) {
		if (!is_first)
			buf_addc(p->out, ',');
		clean_add(p->out, piece, CLEAN_NAME);
	}
}

static void add_tsv_cell(const struct printer *p, const struct column *column, const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		break;
	case VALUE_INT:
		if (column->type == COLUMN_BOOL)
			buf_addz(p->out, value->i ? "true" : "false");
		else
			buf_addf(p->out, "%lld", (long long)value->i);
		break;
	case VALUE_REAL:
		json_put_num(&(struct json_writer){.out = p->out}, value->r);
		break;
	case VALUE_TEXT:
		if (column->type == COLUMN_LIST)
			add_tsv_list(p, value->s);
		else
			clean_add(p->out, value->s, CLEAN_NAME);
		break;
	}
}

void print_tsv_row(const struct printer *p, const struct table *t, size_t row)
{
	bool is_first = true;
	for (size_t c = 0; c < t->n_columns; c++) {
		if (t->columns[c].flags & COLUMN_NO_KEY)
			continue;
		if (!is_first)
			buf_addc(p->out, '\t');
		is_first = false;
		add_tsv_cell(p, &t->columns[c], result_at(&t->result, row, c));
	}
	buf_addc(p->out, '\n');
}

static void print_tsv_header(const struct printer *p, const struct table *t)
{
	bool is_first = true;
	for (size_t c = 0; c < t->n_columns; c++) {
		if (t->columns[c].flags & COLUMN_NO_KEY)
			continue;
		buf_addf(p->out, "%s%s", is_first ? "" : "\t", t->columns[c].key);
		is_first = false;
	}
	buf_addc(p->out, '\n');
}

void print_tsv(const struct printer *p, const struct table *t)
{
	if (!p->is_going_on)
		print_tsv_header(p, t);
	for (size_t row = 0; row < t->result.n_rows; row++) {
		bool is_first = true;
		for (size_t c = 0; c < t->n_columns; c++) {
			if (t->columns[c].flags & COLUMN_NO_KEY)
				continue;
			if (!is_first)
				buf_addc(p->out, '\t');
			is_first = false;
			add_tsv_cell(p, &t->columns[c], result_at(&t->result, row, c));
		}
		buf_addc(p->out, '\n');
	}
}

void print_line(const struct printer *p, const struct line *line)
{
	if (line->number)
		buf_addf(p->out, "%7lld  ", (long long)line->number);
	for (size_t i = 0; i < line->n_spans; i++)
		add_clean(p, str_of(line->spans[i].text), line->spans[i].role);
	buf_addc(p->out, '\n');
}

static void print_facts(const struct printer *p, const struct block *block)
{
	for (size_t i = 0; i < block->facts.n; i++) {
		const struct fact *fact = &block->facts.facts[i];
		struct buf label;
		buf_init(&label, 0);
		clean_add(&label, str_of(fact->label), CLEAN_NAME);
		add_padded(p, buf_str(&label), LABEL_COLUMNS, false, false, ROLE_DIM);
		buf_fini(&label);
		print_line(p, &fact->line);
	}
}

static void print_block(const struct printer *p, const struct block *block)
{
	if (block->title) {
		buf_addc(p->out, '\n');
		add_clean(p, str_of(block->title), ROLE_HEADING);
		buf_addc(p->out, '\n');
	}
	switch (block->kind) {
	case BLOCK_TABLE:
		print_table(p, &block->table);
		break;
	case BLOCK_FACTS:
		print_facts(p, block);
		break;
	case BLOCK_TEXT:
		for (size_t i = 0; i < block->text.n; i++)
			print_line(p, &block->text.lines[i]);
		break;
	case BLOCK_DOCUMENT:
		doc_print(p, block->page.document);
		break;
	case BLOCK_LOG:	 /* a place in a log, not its text: 'porthole logs' prints that */
	case BLOCK_PLOT: /* curves are read live: 'porthole series' prints their points */
		break;
	}
}

void print_view(const struct printer *p, const struct view_data *data)
{
	add_clean(p, str_of(data->title), ROLE_HEADING);
	buf_addc(p->out, '\n');
	if (data->summary && *data->summary) {
		add_clean(p, str_of(data->summary), ROLE_DIM);
		buf_addc(p->out, '\n');
	}
	for (size_t i = 0; i < data->n_blocks; i++)
		print_block(p, &data->blocks[i]);
}

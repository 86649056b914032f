/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/compose.h"

#include "client/base/mem.h"
#include "client/base/when.h"
#include "views/format.h"

enum { LINE_MOST_SPANS = 40, FACTS_STEP = 24 };

struct block *compose_block(struct view_data *data, enum block_kind kind, const char *name, const char *title)
{
	if (!data->blocks)
		data->blocks = arena_array(data->arena, struct block, VIEW_MOST_BLOCKS);
	BUG_ON(data->n_blocks == VIEW_MOST_BLOCKS);
	struct block *block = &data->blocks[data->n_blocks++];
	*block = (struct block){.kind = kind, .name = name, .title = title};
	return block;
}

/* At least LEAST rows; as many as a person went down to, and all where either says so. */
static int64_t limit_of(const struct view_args *args, int64_t least)
{
	if (!least || !args->limit)
		return 0;
	return args->limit > least ? args->limit : least;
}

bool compose_list(struct view_data *data, struct store *store, const struct view_args *args,
	const struct list_block *what, struct err *err)
{
	const struct view_args own = {.config = args->config,
		.filter = what->filter,
		.sort = what->sort,
		.limit = limit_of(args, what->limit),
		.now_ms = args->now_ms};
	struct table table;
	if (!list_load(store, what->list, &own, what->scope, data->arena, &table, err))
		return false;
	if (what->is_optional && !table.result.n_rows)
		return true;
	struct block *block = compose_block(data, BLOCK_TABLE, what->name, what->title);
	block->table = table;
	block->table.leave_out = what->leave_out;
	return true;
}

static void add_span(struct view_data *data, struct line *line, enum role role, const char *text)
{
	if (!line->spans)
		line->spans = arena_array(data->arena, struct span, LINE_MOST_SPANS);
	BUG_ON(line->n_spans == LINE_MOST_SPANS);
	line->spans[line->n_spans++] = (struct span){.role = role, .text = text};
}

static struct fact *next_fact(struct view_data *data, struct block *block)
{
	size_t n = block->facts.n++;
	if (n % FACTS_STEP == 0) {
		struct fact *more = arena_array(data->arena, struct fact, n + FACTS_STEP);
		if (n)
			memcpy(more, block->facts.facts, n * sizeof *more);
		block->facts.facts = more;
	}
	return &block->facts.facts[n];
}

struct line *compose_fact(
	struct view_data *data, struct block *block, const char *label, enum role role, const char *fmt, ...)
{
	struct fact *fact = next_fact(data, block);
	fact->label = label;
	va_list ap;
	va_start(ap, fmt);
	add_span(data, &fact->line, role, arena_vprintf(data->arena, fmt, ap));
	va_end(ap);
	return &fact->line;
}

void compose_fact_text(struct view_data *data, struct block *block, const char *label, const char *text)
{
	if (text && *text)
		compose_fact(data, block, label, ROLE_TEXT, "%s", text);
}

void compose_span(struct view_data *data, struct line *line, enum role role, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add_span(data, line, role, arena_vprintf(data->arena, fmt, ap));
	va_end(ap);
}

struct line *compose_line(struct view_data *data, struct block *block, size_t most, int64_t number,
	enum role role, const char *text)
{
	if (!block->text.lines)
		block->text.lines = arena_array(data->arena, struct line, most);
	BUG_ON(block->text.n == most);
	struct line *line = &block->text.lines[block->text.n++];
	line->number = number;
	add_span(data, line, role, text);
	return line;
}

const char *compose_age(struct view_data *data, int64_t ms, int64_t now_ms)
{
	struct buf buf;
	buf_init(&buf, 0);
	when_add_age(&buf, ms, now_ms);
	return arena_take(data->arena, &buf);
}

const char *compose_ago(struct view_data *data, int64_t ms, int64_t now_ms)
{
	const char *age = compose_age(data, ms, now_ms);
	bool is_past = age[0] >= '0' && age[0] <= '9';
	return is_past ? arena_printf(data->arena, "%s ago", age) : age;
}

const char *compose_duration(struct view_data *data, int64_t ms)
{
	struct buf buf;
	buf_init(&buf, 0);
	when_add_duration(&buf, ms);
	return arena_take(data->arena, &buf);
}

const char *compose_int(struct view_data *data, int64_t n)
{
	struct buf buf;
	buf_init(&buf, 0);
	format_add_int(&buf, &(struct format){0}, n);
	return arena_take(data->arena, &buf);
}

const char *compose_cut(struct view_data *data, enum column_type type, const char *text, size_t columns)
{
	struct buf buf;
	buf_init(&buf, 0);
	format_cut(&buf, &(struct format){0}, type, str_of(text), columns);
	return arena_take(data->arena, &buf);
}

const char *compose_local(struct view_data *data, int64_t ms)
{
	struct buf buf;
	buf_init(&buf, 0);
	when_add_local(&buf, ms);
	return arena_take(data->arena, &buf);
}

const char *compose_ref(struct view_data *data, const struct ref *ref)
{
	struct buf buf;
	buf_init(&buf, 0);
	ref_add(&buf, ref);
	return arena_take(data->arena, &buf);
}

const char *compose_project_filter(struct view_data *data, const char *project)
{
	char *name = arena_dupz(data->arena, project);
	bool has_quote = strchr(name, '"') != NULL;
	if (!has_quote)
		return arena_printf(data->arena, "project:\"%s\"", name);
	for (char *c = name; *c; c++) /* no filter quotes a quote; a glob stands for it */
		if (strchr("\" ,\t", *c))
			*c = '?';
	return arena_printf(data->arena, "project:%s", name);
}

bool compose_row(struct view_data *data, struct store *store, const char *sql, const struct value *params,
	size_t n_params, struct result *out, struct err *err)
{
	if (!store_query(store, sql, params, n_params, data->arena, out, err))
		return false;
	return out->n_rows || err_set(err, ERR_NOT_FOUND, "it is not there any more");
}

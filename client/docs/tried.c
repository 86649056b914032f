/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/docs/tried.h"

#include "client/base/buf.h"
#include "client/base/mem.h"

static const struct {
	const char *key, *title;
} columns[] = {
	{"tool", "tool"},
	{"user", "gives its user"},
	{"builder", "gives its builder"},
	{"cost", "cost"},
	{"decision", "decision"},
};

/* In a cell a bar, or the end of a line, would end it. */
static void add_cell(struct buf *out, struct str text)
{
	buf_addc(out, ' ');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '|')
			buf_addc(out, '\\');
		buf_addc(out, text.p[i] == '\n' || text.p[i] == '\r' ? ' ' : text.p[i]);
	}
	buf_addz(out, " |");
}

static bool add_tool(struct buf *out, const struct yaml *tool)
{
	if (tool->type != YAML_MAP || tool->n != ARRAY_LEN(columns))
		return false;
	buf_addc(out, '|');
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const struct yaml *value = yaml_get(tool, columns[i].key);
		if (!value || value->type != YAML_SCALAR)
			return false;
		add_cell(out, value->text);
	}
	buf_addc(out, '\n');
	return true;
}

bool tried_read(struct arena *arena, const struct yaml *list, struct str *out)
{
	struct buf table;
	bool ok = list->type == YAML_LIST;
	buf_init(&table, 0);
	buf_addc(&table, '|');
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		add_cell(&table, str_of(columns[i].title));
	buf_addz(&table, "\n|");
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		buf_addz(&table, " --- |");
	buf_addc(&table, '\n');
	for (size_t i = 0; ok && i < list->n; i++)
		ok = add_tool(&table, &list->items[i]);
	size_t n = table.n;
	*out = (struct str){arena_take(arena, &table), n};
	return ok;
}

struct str tried_put(struct arena *arena, struct str text, struct str table)
{
	struct buf out;
	struct str rest = text, line;
	bool is_there = false;
	buf_init(&out, 0);
	while (rest.n && str_next(&rest, '\n', &line)) {
		bool is_here = !is_there && str_is(str_trim(line), "{tools}");
		is_there |= is_here;
		buf_add(&out, is_here ? table : line);
		buf_addz(&out, is_here ? "" : "\n");
	}
	if (!is_there) {
		buf_addc(&out, '\n');
		buf_add(&out, table);
	}
	size_t n = out.n;
	return (struct str){arena_take(arena, &out), n};
}

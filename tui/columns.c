/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/columns.h"

#include "client/base/mem.h"
#include "client/base/yaml.h"
#include "tui/app.h"
#include "tui/input.h"

enum { MOST_COLUMNS = 64 };

/* One choice: "runs" or "pipeline.steps", and keys with blanks between them. */
struct choice {
	char *list, *keys;
};

struct columns {
	struct choice *choices;
	size_t n;
};

struct columns *columns_new(void)
{
	return x_new(struct columns);
}

static void forget_all(struct columns *columns)
{
	for (size_t i = 0; i < columns->n; i++) {
		x_free(columns->choices[i].list);
		x_free(columns->choices[i].keys);
	}
	x_free(columns->choices);
	*columns = (struct columns){0};
}

void columns_free(struct columns *columns)
{
	if (columns)
		forget_all(columns);
	x_free(columns);
}

static void choose(struct columns *columns, const char *list, const char *keys)
{
	size_t i = 0;
	while (i < columns->n && strcmp(columns->choices[i].list, list) != 0)
		i++;
	if (i < columns->n) {
		x_free(columns->choices[i].list);
		x_free(columns->choices[i].keys);
		columns->choices[i] = columns->choices[--columns->n];
	}
	if (!keys)
		return;
	columns->choices = x_realloc(columns->choices, columns->n + 1, sizeof *columns->choices);
	columns->choices[columns->n++] = (struct choice){x_strdup(list), x_strdup(keys)};
}

/* A list view is its one table; of an object view each block has its own. */
static char *list_name(const struct view_def *view, const char *block)
{
	return view->kind == VIEW_OBJECT ? x_printf("%s.%s", view->name, block) : x_strdup(view->name);
}

const char *columns_chosen(const struct columns *columns, const struct view_def *view, const char *block)
{
	const char *keys = NULL;
	char *list = list_name(view, block);
	for (size_t i = 0; columns && i < columns->n && !keys; i++)
		if (!strcmp(columns->choices[i].list, list))
			keys = columns->choices[i].keys;
	x_free(list);
	return keys;
}

void columns_choose(struct columns *columns, const struct view_def *view, const char *block, const char *keys)
{
	char *list = list_name(view, block);
	choose(columns, list, keys);
	x_free(list);
}

/* --- in a file ------------------------------------------------------------- */

static void add_words(struct buf *out, const struct yaml *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].type == YAML_SCALAR)
			buf_addf(out, "%s%.*s", out->n ? " " : "", STR_FMT(list->items[i].text));
}

bool columns_read(struct columns *columns, const char *name, struct str text, struct err *err)
{
	struct arena *arena = arena_new();
	const struct yaml *root = yaml_parse(arena, name, text, err);
	bool ok = root &&
		  (root->type == YAML_MAP ||
			  err_set(err, ERR_USAGE, "%s:%d: a map of lists is expected", name, root->line));
	if (ok)
		forget_all(columns);
	for (size_t i = 0; ok && i < root->n; i++) {
		struct buf keys;
		buf_init(&keys, 0);
		if (root->items[i].type == YAML_LIST)
			add_words(&keys, &root->items[i]);
		if (keys.n)
			choose(columns, root->keys[i].text.p, keys.p);
		buf_fini(&keys);
	}
	arena_free(arena);
	return ok;
}

void columns_write(const struct columns *columns, struct buf *out)
{
	buf_addz(out, "# the columns chosen with C in the portal\n");
	for (size_t i = 0; i < columns->n; i++) {
		buf_addf(out, "%s: [", columns->choices[i].list);
		for (const char *p = columns->choices[i].keys; *p; p++)
			if (*p == ' ')
				buf_addz(out, ", ");
			else
				buf_addc(out, *p);
		buf_addz(out, "]\n");
	}
}

/* --- on a table ------------------------------------------------------------ */

static size_t column_called(const struct table *table, struct str key)
{
	size_t c = 0;
	while (c < table->n_columns && !str_is(key, table->columns[c].key))
		c++;
	return c;
}

/* The numbers of the table's columns in their new order; how many of them were chosen. */
static size_t order_of(const struct table *table, const char *keys, size_t *order)
{
	bool is_taken[MOST_COLUMNS] = {0};
	size_t n = 0, n_chosen;
	struct str rest = str_of(keys), key;
	while (str_next(&rest, ' ', &key)) {
		size_t c = column_called(table, key);
		if (c == table->n_columns || is_taken[c] || table->columns[c].flags & COLUMN_INTERNAL)
			continue;
		is_taken[c] = true;
		order[n++] = c;
	}
	n_chosen = n;
	for (size_t c = 0; c < table->n_columns; c++)
		if (!is_taken[c])
			order[n++] = c;
	return n_chosen;
}

static void permute(struct arena *arena, struct table *table, const size_t *order, size_t n_chosen)
{
	size_t n = table->n_columns, rows = table->result.n_rows;
	struct column *columns = arena_array(arena, struct column, n);
	struct value *cells = arena_array(arena, struct value, rows * n + 1);
	const char **names = arena_array(arena, const char *, n);
	int ref_column = -1;
	for (size_t i = 0; i < n; i++) {
		columns[i] = table->columns[order[i]];
		if (i < n_chosen)
			columns[i].flags &= ~COLUMN_HIDDEN;
		else
			columns[i].flags |= COLUMN_HIDDEN;
		names[i] = columns[i].key;
		if (table->ref_column == (int)order[i])
			ref_column = (int)i;
		for (size_t row = 0; row < rows; row++)
			cells[row * n + i] = *result_at(&table->result, row, order[i]);
	}
	table->columns = columns;
	table->result.cells = cells;
	table->result.names = names;
	table->ref_column = ref_column;
	table->leave_out = NULL;
}

void columns_use(
	const struct columns *columns, const struct view_def *view, const char *own, struct view_data *data)
{
	for (size_t i = 0; columns && view && i < data->n_blocks; i++) {
		struct block *block = &data->blocks[i];
		if (block->kind != BLOCK_TABLE)
			continue;
		const char *keys = own ? own : columns_chosen(columns, view, block->name);
		size_t order[MOST_COLUMNS];
		if (!keys || block->table.n_columns > MOST_COLUMNS)
			continue;
		size_t n_chosen = order_of(&block->table, keys, order);
		if (n_chosen)
			permute(data->arena, &block->table, order, n_chosen);
	}
}

/* --- the menu -------------------------------------------------------------- */

static bool has_value(const struct table *table, size_t c)
{
	for (size_t row = 0; row < table->result.n_rows; row++) {
		const struct value *value = result_at(&table->result, row, c);
		if (value->type != VALUE_NULL && !(value->type == VALUE_TEXT && !value->s.n))
			return true;
	}
	return false;
}

static bool is_offered(const struct column *column)
{
	return !(column->flags & COLUMN_INTERNAL) && strcmp(column->key, "ref") != 0;
}

static struct menu_item item_of(const struct table *table, size_t c)
{
	const struct column *column = &table->columns[c];
	bool has_title = column->title && *column->title && strcmp(column->title, " ") != 0;
	return (struct menu_item){.title = column->key,
		.hint = !has_value(table, c) && table->result.n_rows ? "no row here has one"
			: has_title				     ? column->title
								     : "",
		.is_on = !(column->flags & COLUMN_HIDDEN)};
}

static void forget_own(struct frame *frame)
{
	x_free(frame->columns);
	frame->columns = NULL;
}

/* Takes over what the menu shows, or the list's own where nothing is left on. */
static void apply(struct app *app, const struct menu *menu)
{
	struct frame *frame = app_top(app);
	struct block *block = frame_table(frame);
	struct buf keys;
	buf_init(&keys, 0);
	for (size_t i = 0; i < menu->n; i++)
		if (menu->items[i].is_on)
			buf_addf(&keys, "%s%s", keys.n ? " " : "", menu->items[i].title);
	if (keys.n && block) {
		forget_own(frame);
		columns_choose(app->columns, frame->view, block->name, keys.p);
		frame_use_columns(frame);
		app_remember_columns(app);
	}
	buf_fini(&keys);
}

static void reset(struct app *app)
{
	struct frame *frame = app_top(app);
	struct block *block = frame_table(frame);
	if (block) {
		forget_own(frame);
		columns_choose(app->columns, frame->view, block->name, NULL);
		app_remember_columns(app);
		frame_reload(frame); /* what was loaded is in the order that was chosen */
	}
	menu_close(app);
	app_say(app, ROLE_DIM, "the list's own columns again");
}

static void carry(struct menu *menu, bool is_down)
{
	size_t at = menu->selected, to = is_down ? at + 1 : at - 1;
	if (to >= menu->n)
		return;
	struct menu_item item = menu->items[at];
	menu->items[at] = menu->items[to];
	menu->items[to] = item;
	menu->selected = to;
}

static size_t count_on(const struct menu *menu)
{
	size_t n = 0;
	for (size_t i = 0; i < menu->n; i++)
		n += menu->items[i].is_on;
	return n;
}

static bool serve(struct app *app, struct menu *menu, uint32_t key)
{
	struct menu_item *item = &menu->items[menu->selected];
	switch (key) {
	case ' ':
		item->is_on = !item->is_on;
		if (!count_on(menu)) {
			item->is_on = true; /* a list without a column shows nothing */
			app_say(app, ROLE_DIM, "one column stays");
			return true;
		}
		break;
	case 'J':
	case 'K':
		carry(menu, key == 'J');
		break;
	case 'r':
		reset(app);
		return true;
	default:
		return false;
	}
	apply(app, menu);
	return true;
}

/* What was set holds since the key that set it. */
static void take(struct app *app, const struct menu *menu, size_t item)
{
	(void)menu;
	(void)item;
	app_dirty(app);
}

void columns_open(struct app *app)
{
	static const struct menu_ops ops = {.take = take, .key = serve};
	struct block *block = frame_table(app_top(app));
	if (!block || block->table.n_columns > MOST_COLUMNS) {
		app_say(app, ROLE_DIM, "no table has the keys here: Tab goes to one");
		return;
	}
	struct menu menu = {.ops = &ops,
		.arena = arena_new(),
		.title = "columns",
		.footer = "Space on or off   J K move it   r the list's own   Enter done",
		.has_checks = true};
	menu.items = arena_array(menu.arena, struct menu_item, block->table.n_columns);
	for (size_t c = 0; c < block->table.n_columns; c++)
		if (is_offered(&block->table.columns[c]))
			menu.items[menu.n++] = item_of(&block->table, c);
	menu_open(app, &menu);
}

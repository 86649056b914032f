/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/menu.h"

#include "tui/app.h"
#include "tui/input.h"

enum { KEY_COLUMNS = 3, CHECK_COLUMNS = 4 };

void menu_open(struct app *app, const struct menu *menu)
{
	BUG_ON(app->mode == MODE_MENU);
	app->menu = *menu;
	app->mode = MODE_MENU;
	app_dirty(app);
}

void menu_close(struct app *app)
{
	arena_free(app->menu.arena);
	app->menu = (struct menu){0};
	app->mode = MODE_KEYS;
}

static void take(struct app *app, size_t item)
{
	struct menu menu = app->menu; /* taken out first: what it leads to may open another */
	app->menu = (struct menu){0};
	app->mode = MODE_KEYS;
	menu.ops->take(app, &menu, item);
	arena_free(menu.arena);
}

static void move(struct menu *menu, uint32_t key)
{
	bool is_down = key == 'j' || key == K_DOWN || key == K_TAB;
	if (key == K_HOME || key == 'g')
		menu->selected = 0;
	else if (key == K_END || key == 'G')
		menu->selected = menu->n - 1;
	else if (is_down)
		menu->selected += menu->selected + 1 < menu->n;
	else
		menu->selected -= menu->selected > 0;
}

static bool is_move(uint32_t key)
{
	static const uint32_t keys[] = {'j', 'k', 'g', 'G', K_UP, K_DOWN, K_HOME, K_END, K_TAB, K_BACKTAB};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i] == key)
			return true;
	return false;
}

void menu_key(struct app *app, uint32_t key)
{
	struct menu *menu = &app->menu;
	for (size_t i = 0; i < menu->n; i++)
		if (menu->items[i].key == key && key) {
			take(app, i);
			return;
		}
	if (key == K_ESC || key == 'q' || key == ('C' & 31) || key == ('G' & 31))
		menu_close(app);
	else if (key == K_ENTER && menu->n)
		take(app, menu->selected);
	else if (is_move(key) && menu->n)
		move(menu, key);
	else if (!menu->ops->key || !menu->ops->key(app, menu, key))
		app_say(app, ROLE_DIM, "%s", menu->footer);
}

static void draw_item(const struct menu *menu, struct grid *grid, int y, int left, size_t i)
{
	const struct menu_item *item = &menu->items[i];
	int x = 2;
	if (item->key) {
		struct buf key;
		buf_init(&key, 0);
		key_add_name(&key, item->key);
		grid_put(grid, x, y, KEY_COLUMNS, buf_str(&key), ROLE_KEY);
		buf_fini(&key);
		x += KEY_COLUMNS;
	}
	if (menu->has_checks) {
		grid_put(grid, x, y, CHECK_COLUMNS, item->is_on ? STR("[x]") : STR("[ ]"), ROLE_KEY);
		x += CHECK_COLUMNS;
	}
	x += grid_put_cut(grid, x, y, grid->width - x, str_of(item->title), ROLE_TEXT) + 2;
	x = x > left ? x : left;
	grid_put_cut(grid, x, y, grid->width - x, str_of(item->hint), ROLE_DIM);
}

void menu_draw(const struct menu *menu, struct grid *grid, int bottom)
{
	enum { HINT_AT = 26 };
	int rows = (int)menu->n < bottom - 3 ? (int)menu->n : bottom - 3;
	size_t top = 0; /* where there are more than rows, the selected one is seen */
	if (rows > 0 && menu->selected >= (size_t)rows)
		top = menu->selected + 1 - (size_t)rows;
	for (int i = 0; i < rows; i++) {
		struct rect row = {0, bottom - rows + i, grid->width, 1};
		grid_fill(grid, row, (struct style){.role = ROLE_TEXT});
		draw_item(menu, grid, row.y, HINT_AT, top + (size_t)i);
		if (top + (size_t)i == menu->selected) {
			grid_put(grid, 0, row.y, 1, STR("▌"), ROLE_HEADING);
			grid_select(grid, row);
		}
	}
	if (rows > 0)
		grid_rule(grid, (struct rect){0, bottom - rows - 1, grid->width, 1}, str_of(menu->title));
}

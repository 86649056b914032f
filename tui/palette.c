/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/palette.h"

#include "client/base/mem.h"
#include "tui/app.h"
#include "tui/chrome.h"
#include "views/search.h"

enum { SEARCH_ROWS = 8, SEARCH_FROM = 2 };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool starts_word(struct str name, size_t i)
{
	return i == 0 || name.p[i - 1] == '_' || name.p[i - 1] == '-' || name.p[i - 1] == ' ' ||
	       name.p[i - 1] == '/';
}

int palette_score(struct str typed, struct str name)
{
	int score = 1;
	size_t at = 0, last = SIZE_MAX;
	for (size_t i = 0; i < typed.n; i++) {
		while (at < name.n && lower(name.p[at]) != lower(typed.p[i]))
			at++;
		if (at == name.n)
			return 0;
		/* letters that follow each other, or start a word, are what a person means */
		score += last != SIZE_MAX && at == last + 1 ? 8 : starts_word(name, at) ? 6 : 1;
		last = at++;
	}
	return typed.n == name.n ? score + 10 : score;
}

/* Keeps the best PALETTE_MOST_ITEMS, best first. What comes late goes behind what a person has selected. */
static void add(struct palette *p, struct palette_item item)
{
	size_t at = p->n, first = (size_t)(p->selected + 1);
	while (at > first && p->items[at - 1].score < item.score)
		at--;
	if (at == PALETTE_MOST_ITEMS)
		return;
	size_t last = p->n < PALETTE_MOST_ITEMS ? p->n++ : PALETTE_MOST_ITEMS - 1;
	memmove(&p->items[at + 1], &p->items[at], (last - at) * sizeof *p->items);
	p->items[at] = item;
}

/* The first word says where to; what follows is a filter. */
static struct str first_word(struct str line)
{
	struct str word;
	return str_next(&line, ' ', &word) ? word : (struct str){"", 0};
}

static void add_views(struct palette *p, struct str typed)
{
	size_t n;
	const struct view_def *const *views = view_all(&n);
	for (size_t i = 0; i < n; i++) {
		int score = palette_score(first_word(typed), str_of(views[i]->name));
		if (score && views[i]->kind != VIEW_OBJECT)
			add(p, (struct palette_item){.title = views[i]->name,
				       .hint = views[i]->help,
				       .view = views[i],
				       .score = score * 2});
	}
}

static void add_commands(struct app *app, struct str typed)
{
	size_t n;
	const struct app_command *commands = app_commands(&n);
	int context = chrome_context(app);
	for (size_t i = 0; typed.n && i < n; i++) {
		int score = palette_score(typed, str_of(commands[i].name));
		if (score && commands[i].contexts & context)
			add(&app->palette, (struct palette_item){.title = commands[i].name,
						   .hint = commands[i].help,
						   .command = &commands[i],
						   .score = score});
	}
}

/* A search on the store's thread. */
struct search_job {
	struct view_args args;
	char *words;
	struct arena *arena;
	struct table table;
};

static bool run_search(struct store *store, void *ctx, struct err *err)
{
	struct search_job *job = ctx;
	return search_load(store, &job->args, job->arena, &job->table, err);
}

static void drop_search(void *ctx)
{
	struct search_job *job = ctx;
	arena_free(job->arena);
	x_free(job->words);
	x_free(job);
}

static void found(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	struct palette *p = &app->palette;
	struct search_job *job = result;
	p->search = NULL;
	for (size_t row = 0; !err && row < job->table.result.n_rows; row++) {
		const struct table *t = &job->table;
		const char *title = table_text(t, row, "title");
		int score = palette_score(str_of(job->words), str_of(title));
		add(p, (struct palette_item){
			       .title = arena_printf(p->arena, "%s %s", table_text(t, row, "type"), title),
			       .hint = arena_dupz(p->arena, table_text(t, row, "excerpt")),
			       .ref = arena_dupz(p->arena, table_text(t, row, "ref")),
			       .score = score ? score : 1});
	}
	drop_search(job);
	if (p->is_accepted)
		palette_accept(app);
	app_dirty(app);
}

static void start_search(struct app *app, struct str typed)
{
	static const struct store_job what = {.run = run_search, .done = found, .drop = drop_search};
	struct search_job *job = x_new(struct search_job);
	job->words = x_printf("%.*s", STR_FMT(typed));
	job->arena = arena_new();
	job->args = (struct view_args){
		.config = app->config, .filter = job->words, .limit = SEARCH_ROWS, .now_ms = clock_now_ms()};
	app->palette.search = store_thread_run(app->store, &what, job, app);
}

void palette_open(struct app *app)
{
	app->palette = (struct palette){.arena = arena_new(), .selected = -1};
	palette_update(app);
}

void palette_close(struct app *app)
{
	ticket_cancel(app->palette.search);
	arena_free(app->palette.arena);
	app->palette = (struct palette){0};
}

void palette_update(struct app *app)
{
	struct palette *p = &app->palette;
	struct str typed = str_trim(buf_str(&app->prompt.text));
	ticket_cancel(p->search);
	p->search = NULL;
	arena_reset(p->arena);
	p->n = 0;
	p->selected = -1;
	add_views(p, typed);
	add_commands(app, typed);
	if (typed.n >= SEARCH_FROM)
		start_search(app, typed);
}

void palette_move(struct app *app, int step)
{
	struct palette *p = &app->palette;
	int next = p->selected + step;
	if (next >= -1 && next < (int)p->n)
		p->selected = next;
}

static void go_to_line(struct app *app, struct str line)
{
	struct str word = first_word(line), rest = str_trim(str_slice(line, word.n, line.n));
	struct arena *arena = arena_new();
	const struct view_def *view = view_find(arena_dup(arena, word));
	struct err err;
	if (str_is(word, "q") || str_is(word, "quit"))
		app_quit(app, 0);
	else if (view && view->kind != VIEW_OBJECT)
		app_open_view(app, view, arena_dup(arena, rest));
	else if (!str_has(word, STR("/")) && !str_has(word, STR(":")))
		app_say(app, ROLE_ERROR, "nothing is called '%.*s'", STR_FMT(line));
	else if (!app_open_text(app, arena_dup(arena, line), &err))
		app_say(app, ROLE_ERROR, "%s", err.msg);
	arena_free(arena);
}

static void go_to_item(struct app *app, const struct palette_item *item)
{
	struct err err;
	struct ref ref;
	struct arena *arena = arena_new();
	const struct app_command *command = item->command;
	if (item->view)
		app_open_view(app, item->view, "");
	else if (item->ref && ref_parse(arena, str_of(item->ref), &ref, &err))
		app_open_ref(app, &ref);
	else if (command)
		command->run(app);
	arena_free(arena);
}

/* Whether LINE says by itself where to go. */
static bool is_command_line(struct str line)
{
	struct str word = first_word(line);
	size_t n;
	const struct view_def *const *views = view_all(&n);
	for (size_t i = 0; i < n; i++)
		if (str_is(word, views[i]->name))
			return true;
	return str_is(line, "q") || str_is(line, "quit") || str_has(line, STR("/")) ||
	       str_has(word, STR(":"));
}

static const struct palette_item *chosen(const struct palette *p, struct str line)
{
	if (p->selected >= 0)
		return &p->items[p->selected];
	return line.n && p->n && !is_command_line(line) ? &p->items[0] : NULL;
}

void palette_accept(struct app *app)
{
	struct str line = str_trim(buf_str(&app->prompt.text));
	if (app->palette.search && !chosen(&app->palette, line) && !is_command_line(line)) {
		app->palette.is_accepted = true;
		app->mode = MODE_PALETTE;
		return;
	}
	/* taken out first: what it leads to may open a prompt, or another palette */
	struct palette p = app->palette;
	app->palette = (struct palette){0};
	ticket_cancel(p.search);
	app->mode = MODE_KEYS;
	const struct palette_item *item = chosen(&p, line);
	if (item)
		go_to_item(app, item);
	else if (line.n)
		go_to_line(app, (struct str){arena_dup(p.arena, line), line.n});
	arena_free(p.arena);
}

void palette_draw(const struct app *app, struct grid *grid, int bottom)
{
	const struct palette *p = &app->palette;
	int rows = (int)p->n < bottom - 2 ? (int)p->n : bottom - 2;
	int left = grid->width > 60 ? grid->width / 2 - 8 : grid->width;
	for (int i = 0; i < rows; i++) {
		struct rect row = {0, bottom - rows + i, grid->width, 1};
		grid_fill(grid, row, (struct style){.role = ROLE_TEXT});
		grid_put(grid, 2, row.y, left - 4, str_of(p->items[i].title), ROLE_TEXT);
		grid_put(grid, left, row.y, grid->width - left, str_of(p->items[i].hint), ROLE_DIM);
		if (i == p->selected)
			grid_select(grid, row);
	}
	if (rows > 0)
		grid_rule(grid, (struct rect){0, bottom - rows - 1, grid->width, 1}, STR("go to"));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/palette.h"

#include "client/base/mem.h"
#include "tui/app.h"
#include "tui/chrome.h"
#include "tui/input.h"
#include "tui/palette_complete.h"
#include "tui/verbs.h"
#include "views/search.h"

enum { SEARCH_ROWS = 8, SEARCH_FROM = 2, MENTIONS_FROM = 4 };

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
void palette_add(struct palette *p, struct palette_item item)
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
			palette_add(p, (struct palette_item){.title = views[i]->name,
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
			palette_add(&app->palette, (struct palette_item){.title = commands[i].name,
							   .hint = commands[i].help,
							   .command = &commands[i],
							   .score = score});
	}
}

/* What a person saved stands before what everybody has. */
static void add_saved(struct app *app, struct str typed)
{
	struct palette *p = &app->palette;
	for (size_t i = 0; i < app->saved.n; i++) {
		const struct saved_view *saved = &app->saved.views[i];
		struct buf title;
		buf_init(&title, 0);
		place_add_text(&title, &saved->place);
		int by_name = palette_score(typed, str_of(saved->name));
		int score = by_name ? by_name : palette_score(typed, buf_str(&title));
		if (score)
			palette_add(
				p, (struct palette_item){.title = arena_dup(p->arena, buf_str(&title)),
					   .hint = arena_printf(p->arena, "saved view \"%s\"", saved->name),
					   .saved = saved,
					   .score = score * 2 + (typed.n > 0)});
		buf_fini(&title);
	}
}

static void add_verbs(struct palette *p, struct str typed)
{
	size_t n;
	const struct verb *verbs = verb_all(&n);
	for (size_t i = 0; typed.n && i < n; i++) {
		int score = palette_score(first_word(typed), str_of(verbs[i].name));
		if (score && strlen(verbs[i].name) > 1)
			palette_add(p, (struct palette_item){.title = arena_printf(p->arena, "%s %s",
								     verbs[i].name, verbs[i].args),
					       .hint = verbs[i].help,
					       .verb = verbs[i].name,
					       .score = score});
	}
}

/* --- searching ------------------------------------------------------------------ */

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
		bool is_page = !strcmp(table_text(t, row, "type"), "doc");
		if (is_page && !score && strlen(job->words) < MENTIONS_FROM)
			continue; /* a few letters stand in every page */
		palette_add(p, (struct palette_item){.title = arena_printf(p->arena, "%s %s",
							     table_text(t, row, "type"), title),
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
	job->args = (struct view_args){.config = app->config,
		.docs = app->docs,
		.filter = job->words,
		.limit = SEARCH_ROWS,
		.now_ms = clock_now_ms()};
	app->palette.search = store_thread_run(app->store, &what, job, app);
}

void palette_open(struct app *app)
{
	app->palette = (struct palette){.arena = arena_new(), .selected = -1};
	history_start(&app->history);
	palette_update(app);
}

static void fini(struct palette *p)
{
	ticket_cancel(p->search);
	ticket_cancel(p->completion);
	arena_free(p->arena);
}

void palette_close(struct app *app)
{
	fini(&app->palette);
	app->palette = (struct palette){0};
}

void palette_clear(struct app *app)
{
	struct palette *p = &app->palette;
	ticket_cancel(p->search);
	ticket_cancel(p->completion);
	p->search = p->completion = NULL;
	arena_reset(p->arena);
	p->n = 0;
	p->selected = -1;
	p->is_completing = false;
}

void palette_update(struct app *app)
{
	struct palette *p = &app->palette;
	struct str typed = str_trim(buf_str(&app->prompt.text));
	palette_clear(app);
	add_saved(app, typed);
	add_views(p, typed);
	add_commands(app, typed);
	add_verbs(p, typed);
	if (typed.n >= SEARCH_FROM)
		start_search(app, typed);
}

static void select_next(struct palette *p, int step)
{
	int next = p->selected + step;
	if (next >= -1 && next < (int)p->n)
		p->selected = next;
}

/* A line of the history is shown with what it would find, as if it had been typed. */
static void show_line(struct app *app, const char *line)
{
	if (!line)
		return;
	prompt_set(&app->prompt, str_of(line));
	palette_update(app);
}

bool palette_key(struct app *app, uint32_t key)
{
	struct palette *p = &app->palette;
	bool is_in_items = p->selected >= 0;
	if (key == K_TAB)
		palette_complete(app);
	else if (key == K_UP && !is_in_items)
		show_line(app, history_older(&app->history, buf_str(&app->prompt.text)));
	else if (key == K_DOWN && !is_in_items && history_is_walking(&app->history))
		show_line(app, history_newer(&app->history));
	else if (key == K_UP || key == K_DOWN || key == K_BACKTAB)
		select_next(p, key == K_DOWN ? 1 : -1);
	else
		return false;
	return true;
}

/* A word that completes, or a verb that wants more, goes into the line. */
static bool fills_line(struct app *app, const struct palette_item *item)
{
	struct str line = buf_str(&app->prompt.text);
	size_t at = line.n;
	if (!item->word && !item->verb)
		return false;
	while (item->word && at && line.p[at - 1] != ' ')
		at--;
	const char *word = item->word ? item->word : item->verb;
	bool goes_on = item->word && word[strlen(word) - 1] == ':';
	char *filled = x_printf("%.*s%s%s", item->word ? (int)at : 0, line.p, word, goes_on ? "" : " ");
	prompt_set(&app->prompt, str_of(filled));
	x_free(filled);
	palette_update(app);
	return true;
}

static void go_to_item(struct app *app, const struct palette_item *item)
{
	struct err err;
	struct ref ref;
	struct arena *arena = arena_new();
	if (item->view)
		app_open_view(app, item->view, "");
	else if (item->saved)
		saved_open(app, item->saved);
	else if (item->ref && ref_parse(arena, str_of(item->ref), &ref, &err))
		app_open_ref(app, &ref);
	else if (item->command)
		item->command->run(app);
	arena_free(arena);
}

/* A page that only speaks of it is not what a person means who typed a word and Enter. */
static bool is_mention(const struct palette_item *item)
{
	return item->ref && item->score == 1 && str_starts(str_of(item->ref), STR("doc:"));
}

static const struct palette_item *chosen(const struct app *app, struct str line)
{
	const struct palette *p = &app->palette;
	if (p->selected >= 0)
		return &p->items[p->selected];
	bool has_one = line.n && p->n && !p->is_completing && !verb_is_line(app, line);
	return has_one && !is_mention(&p->items[0]) ? &p->items[0] : NULL;
}

void palette_accept(struct app *app)
{
	struct str line = str_trim(buf_str(&app->prompt.text));
	const struct palette_item *item = chosen(app, line);
	app->mode = MODE_PALETTE;
	if (item && fills_line(app, item))
		return;
	if (app->palette.search && !item && !verb_is_line(app, line)) {
		app->palette.is_accepted = true;
		return;
	}
	/* taken out first: what it leads to may open a prompt, or another palette */
	struct palette p = app->palette;
	char *typed = x_printf("%.*s", STR_FMT(line));
	app->palette = (struct palette){0};
	app->mode = MODE_KEYS;
	history_add(&app->history, line);
	app_remember_history(app);
	if (item)
		go_to_item(app, &p.items[item - app->palette.items]);
	else if (*typed)
		verb_run_line(app, str_of(typed));
	x_free(typed);
	fini(&p);
}

void palette_draw(const struct app *app, struct grid *grid, int bottom)
{
	const struct palette *p = &app->palette;
	int rows = (int)p->n < bottom - 2 ? (int)p->n : bottom - 2;
	int left = grid->width > 60 ? grid->width / 2 - 8 : grid->width;
	for (int i = 0; i < rows; i++) {
		struct rect row = {0, bottom - rows + i, grid->width, 1};
		grid_fill(grid, row, (struct style){.role = ROLE_TEXT});
		grid_put_cut(grid, 2, row.y, left - 4, str_of(p->items[i].title), ROLE_TEXT);
		grid_put_cut(grid, left, row.y, grid->width - left, str_of(p->items[i].hint), ROLE_DIM);
		if (i == p->selected)
			grid_select(grid, row);
	}
	if (rows > 0)
		grid_rule(grid, (struct rect){0, bottom - rows - 1, grid->width, 1}, STR("go to"));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/palette_complete.h"

#include "client/base/mem.h"
#include "tui/app.h"
#include "tui/complete.h"
#include "tui/verbs.h"

enum { MOST_WORDS = 64, MOST_OUT = 64 << 10 };

/* A line on its way to the store's thread, and its candidates on the way back. */
struct complete_job {
	struct arena *arena;
	const struct config *config;
	const char *line;
	const char *words[MOST_WORDS];
	size_t n_words;
	struct buf out;
};

static void drop_job(void *ptr)
{
	struct complete_job *job = ptr;
	buf_fini(&job->out);
	arena_free(job->arena);
	x_free(job);
}

static bool run_job(struct store *store, void *ptr, struct err *err)
{
	(void)err;
	struct complete_job *job = ptr;
	const struct completion c = {.config = job->config,
		.store = store,
		.arena = job->arena,
		.words = job->words,
		.n_words = job->n_words,
		.out = &job->out};
	complete_line(&c);
	return true;
}

/* The last word may be empty: then everything can follow. */
static struct complete_job *new_job(const struct app *app)
{
	struct complete_job *job = x_new(struct complete_job);
	struct str rest = buf_str(&app->prompt.text), word;
	job->arena = arena_new();
	job->config = app->config;
	job->line = arena_dup(job->arena, rest);
	buf_init(&job->out, MOST_OUT);
	while (str_next(&rest, ' ', &word) && job->n_words < MOST_WORDS)
		if (word.n)
			job->words[job->n_words++] = arena_dup(job->arena, word);
	bool begins_one = !*job->line || job->line[strlen(job->line) - 1] == ' ';
	if (begins_one && job->n_words < MOST_WORDS)
		job->words[job->n_words++] = "";
	return job;
}

/* --- candidates ------------------------------------------------------------- */

struct candidates {
	struct app *app;
	struct str begun;   /* the word as far as it was typed */
	const char *common; /* all of them start with its first n_common bytes */
	size_t n_common, n;
};

static void add(struct candidates *c, const char *word, const char *about)
{
	struct palette *p = &c->app->palette;
	size_t same = 0;
	if (!*word || !str_starts(str_of(word), c->begun))
		return;
	while (c->common && same < c->n_common && word[same] == c->common[same])
		same++;
	c->n_common = c->common ? same : strlen(word);
	c->common = word;
	c->n++;
	if (p->n < PALETTE_MOST_ITEMS)
		p->items[p->n++] = (struct palette_item){.title = word, .hint = about, .word = word};
}

/* Of a first word only what the palette can do. */
static void add_found(struct candidates *c, const struct complete_job *job, bool is_first)
{
	struct str rest = buf_str(&job->out), line;
	while (str_next(&rest, '\n', &line)) {
		size_t tab = str_find(line, STR("\t"), 0);
		struct str word = str_trim(str_slice(line, 0, tab == SIZE_MAX ? line.n : tab));
		if (is_first && !verb_is_line(c->app, word))
			continue;
		struct arena *arena = c->app->palette.arena;
		add(c, arena_dup(arena, word),
			tab == SIZE_MAX ? "" : arena_dup(arena, str_slice(line, tab + 1, line.n)));
	}
}

static bool is_listed(const struct palette *p, const char *word)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->items[i].title, word))
			return true;
	return false;
}

/* What a shell does not have: saved views, and verbs of the portal alone. */
static void add_own(struct candidates *c, bool is_first)
{
	size_t n;
	const struct verb *verbs = verb_all(&n);
	for (size_t i = 0; is_first && i < n; i++)
		if (!is_listed(&c->app->palette, verbs[i].name))
			add(c, verbs[i].name, verbs[i].help);
	for (size_t i = 0; i < c->app->saved.n; i++)
		add(c, c->app->saved.views[i].name, "saved view");
}

static void complete_with(struct app *app, const struct complete_job *job)
{
	struct palette *p = &app->palette;
	const char *begun = job->words[job->n_words - 1];
	struct candidates c = {.app = app, .begun = str_of(begun)};
	bool is_first = job->n_words == 1, is_saved = job->n_words == 2 && !strcmp(job->words[0], "forget");
	palette_clear(app);
	add_found(&c, job, is_first);
	if (is_first || is_saved)
		add_own(&c, is_first);
	if (!c.n) {
		app_say(app, ROLE_DIM, "nothing completes this");
		palette_update(app);
		return;
	}
	bool goes_on = strchr(":/=", c.common[c.n_common - 1]) != NULL;
	size_t head = strlen(job->line) - strlen(begun);
	char *line = x_printf("%.*s%.*s%s", (int)head, job->line, (int)c.n_common, c.common,
		c.n == 1 && !goes_on ? " " : "");
	prompt_set(&app->prompt, str_of(line));
	x_free(line);
	p->is_completing = c.n > 1;
	if (c.n == 1)
		palette_update(app);
}

static void job_done(void *ctx, void *ptr, const struct err *err)
{
	struct app *app = ctx;
	struct complete_job *job = ptr;
	app->palette.completion = NULL;
	if (err) { /* no catalogue: the tables are there all the same */
		buf_reset(&job->out);
		run_job(NULL, job, NULL);
	}
	complete_with(app, job);
	drop_job(job);
	app_dirty(app);
}

void palette_complete(struct app *app)
{
	static const struct store_job what = {.run = run_job, .done = job_done, .drop = drop_job};
	struct palette *p = &app->palette;
	if (p->is_completing && p->n) {
		p->selected = (p->selected + 1) % (int)p->n;
		return;
	}
	ticket_cancel(p->completion);
	p->completion = store_thread_run(app->store, &what, new_job(app), app);
}

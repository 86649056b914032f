/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/act_panel.h"

#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/live/act.h"
#include "client/live/own.h"
#include "tui/act_choice.h"
#include "tui/act_editor.h"
#include "tui/act_helped.h"
#include "tui/act_params.h"
#include "tui/app.h"
#include "tui/input.h"

enum stage {
	GREETING,   /* the source says what it can do */
	CHOOSING,   /* a menu has the keys */
	FILLING,    /* what the verb needs is typed */
	PLANNING,   /* the source says what exactly would be done */
	CONFIRMING, /* the person reads that */
	DOING,
	SHOWING, /* how it ended, where that is more than one line */
};

enum { MOST_AHEAD = 32 };

struct act_panel {
	struct app *app;
	struct arena *arena;
	struct ref *refs; /* what was meant when the key was pressed */
	size_t n_refs;
	enum stage stage;
	struct source *source; /* while it is greeted */
	struct act_choice *choices;
	size_t n_choices;
	const struct act_choice *choice;
	struct form form;
	char *conf;		 /* heap: parameters that were written in an editor, as JSON */
	struct ticket *params;	 /* those of the run that is meant, on their way */
	struct ticket *helped;	 /* what ended its problem before, on its way */
	struct act_choice again; /* that; no title where there is nothing */
	const char *refusal;	 /* why the source was not asked what it can do; NULL: it was */
	bool is_greeted;
	struct act *act;
	struct own *own;	 /* of the choice, where it is a command of the person's */
	const char *const *argv; /* what it would run */
	const char *name;	 /* what is to be typed; NULL: y will do */
	struct prompt typed;
	char *now;		    /* heap: what is being done */
	int64_t read_ms;	    /* when the plan was read */
	size_t top;		    /* the first line that is shown */
	bool is_drawn;		    /* the question was seen */
	uint32_t ahead[MOST_AHEAD]; /* typed before the menu was there: they are for it */
	size_t n_ahead;
};

/* --- life ------------------------------------------------------------------------------ */

static void close_panel(struct app *app)
{
	act_panel_free(app->acting);
	app->acting = NULL;
	if (app->mode == MODE_ACT)
		app->mode = MODE_KEYS;
	app_dirty(app);
}

void act_panel_free(struct act_panel *panel)
{
	if (!panel)
		return;
	ticket_cancel(panel->params);
	ticket_cancel(panel->helped);
	source_close(panel->source);
	act_free(panel->act);
	own_free(panel->own);
	form_fini(&panel->form);
	prompt_fini(&panel->typed);
	x_free(panel->conf);
	x_free(panel->now);
	arena_free(panel->arena);
	x_free(panel);
}

static void enter(struct act_panel *panel, enum stage stage)
{
	panel->stage = stage;
	panel->top = 0;
	panel->is_drawn = false;
	panel->app->mode = MODE_ACT;
	app_dirty(panel->app);
}

/* --- doing --------------------------------------------------------------------------------- */

static void count_ends(const struct act *act, size_t *n_good, const struct act_object **worst)
{
	*n_good = 0;
	*worst = NULL;
	for (size_t i = 0; i < act_n_objects(act); i++) {
		const struct act_object *object = act_object(act, i);
		bool is_good = object->end == ACT_DONE || object->end == ACT_ALREADY;
		*n_good += is_good;
		if (!is_good && (!*worst || object->end == ACT_UNKNOWN))
			*worst = object;
	}
}

static void on_done(void *ctx)
{
	struct act_panel *panel = ctx;
	struct app *app = panel->app;
	const struct act_object *worst, *first = act_object(panel->act, 0);
	const char *verb = panel->choice->verb;
	size_t n_good, n = act_n_objects(panel->act);
	count_ends(panel->act, &n_good, &worst);
	app_sync_now(app);
	if (n == 1)
		app_say(app, worst ? ROLE_ERROR : ROLE_SUCCESS, "%s %s: %s%s%s", verb, first->text,
			act_end_word(first->end), first->message ? ": " : "",
			first->message ? first->message : "");
	else
		app_say(app, worst ? ROLE_ERROR : ROLE_SUCCESS, "%s: %zu of %zu done", verb, n_good, n);
	if (worst && n > 1)
		enter(panel, SHOWING);
	else
		close_panel(app);
}

static void on_progress(void *ctx, const struct act_object *object, const char *what)
{
	struct act_panel *panel = ctx;
	x_free(panel->now);
	panel->now = x_printf("%s: %s", object->text, what);
	app_dirty(panel->app);
}

static void on_ended(void *ctx, const struct act_object *object)
{
	(void)object;
	app_dirty(((struct act_panel *)ctx)->app);
}

/* Nothing is left to be confirmed: then it is said why. */
static void on_planned(void *ctx)
{
	struct act_panel *panel = ctx;
	panel->read_ms = clock_now_ms();
	if (!act_n_open(panel->act)) {
		on_done(panel);
		return;
	}
	panel->name = act_name(panel->act);
	prompt_set(&panel->typed, STR(""));
	if (panel->app->has_screen)
		input_flush(); /* what was typed before the question is no answer to it */
	enter(panel, CONFIRMING);
}

static void plan(struct act_panel *panel, struct str args)
{
	static const struct act_ops ops = {
		.planned = on_planned, .progress = on_progress, .ended = on_ended, .done = on_done};
	struct app *app = panel->app;
	struct ref *refs = arena_array(panel->arena, struct ref, panel->n_refs);
	for (size_t i = 0; i < panel->n_refs; i++)
		refs[i] = act_at_level(&panel->refs[i], panel->choice->level);
	const struct act_want want = {
		.verb = panel->choice->verb, .refs = refs, .n_refs = panel->n_refs, .args = args};
	act_free(panel->act);
	panel->act = act_new(app->loop, app->config, app->store, &want, &ops, panel);
	enter(panel, PLANNING);
}

/* --- a command of the person's ---------------------------------------------------------------- */

static void on_own_done(void *ctx, int status, const char *last, const struct err *err)
{
	struct act_panel *panel = ctx;
	struct app *app = panel->app;
	const char *name = panel->choice->title;
	app_sync_now(app);
	if (err)
		app_say(app, ROLE_ERROR, "%s: %s", name, err->msg);
	else
		app_say(app, status ? ROLE_ERROR : ROLE_SUCCESS, "%s ended with status %d%s%s", name, status,
			*last ? ": " : "", last);
	close_panel(app);
}

static void on_own_planned(void *ctx, const char *const *argv, const struct err *err)
{
	struct act_panel *panel = ctx;
	if (err) {
		app_say(panel->app, ROLE_LATE, "%s", err->msg);
		close_panel(panel->app);
		return;
	}
	panel->argv = argv;
	panel->read_ms = clock_now_ms();
	if (panel->app->has_screen)
		input_flush();
	enter(panel, CONFIRMING);
}

static void plan_own(struct act_panel *panel)
{
	static const struct own_ops ops = {.planned = on_own_planned, .done = on_own_done};
	struct app *app = panel->app;
	panel->own =
		own_new(app->loop, app->config, app->store, panel->choice->own, &panel->refs[0], &ops, panel);
	enter(panel, PLANNING);
}

/* --- choosing --------------------------------------------------------------------------------- */

static void keep_conf(struct act_panel *panel, const char *conf)
{
	x_free(panel->conf);
	panel->conf = x_strdup(conf);
	prompt_set(&panel->form.fields[0].prompt, str_of(conf));
}

/* The run that is meant had these; whoever typed meanwhile wants others. */
static void on_params(void *ctx, const char *conf, const char *pairs)
{
	struct act_panel *panel = ctx;
	struct prompt *prompt = &panel->form.fields[0].prompt;
	panel->params = NULL;
	if (prompt->text.n || panel->conf)
		return;
	if (pairs)
		prompt_set(prompt, str_of(pairs));
	else
		keep_conf(panel, conf);
	app_dirty(panel->app);
}

static void take_choice(struct app *app, const struct menu *menu, size_t item)
{
	struct act_panel *panel = app->acting;
	(void)menu;
	panel->choice = &panel->choices[item];
	if (panel->choice->own) {
		plan_own(panel);
		return;
	}
	if (panel->choice->asks == ACT_ASKS_NOTHING) {
		plan(panel, str_of(panel->choice->args));
		return;
	}
	act_form_fill(&panel->form, panel->choice->asks);
	struct ref run = act_at_level(&panel->refs[0], ACT_ITS_RUN);
	if (panel->choice->asks == ACT_ASKS_PARAMETERS && run.run)
		panel->params = act_params(app->store, &run, on_params, panel);
	enter(panel, FILLING);
}

/* What is meant, in the menu's title. */
static const char *title_of(const struct act_panel *panel, struct arena *arena)
{
	struct buf text;
	buf_init(&text, 0);
	ref_add(&text, &panel->refs[0]);
	const char *title = panel->n_refs == 1 ? arena_dup(arena, buf_str(&text))
					       : arena_printf(arena, "%zu marked", panel->n_refs);
	buf_fini(&text);
	return title;
}

static void offer(struct act_panel *panel)
{
	static const struct menu_ops ops = {.take = take_choice};
	struct menu menu = {
		.ops = &ops, .arena = arena_new(), .footer = "Enter or its letter: what exactly   Esc back"};
	menu.title = title_of(panel, menu.arena);
	menu.n = panel->n_choices;
	menu.items = arena_array(menu.arena, struct menu_item, menu.n);
	for (size_t i = 0; i < menu.n; i++)
		menu.items[i] = (struct menu_item){.title = arena_dupz(menu.arena, panel->choices[i].title),
			.hint = panel->choices[i].help,
			.key = panel->choices[i].key};
	panel->stage = CHOOSING;
	panel->app->mode = MODE_KEYS;
	menu_open(panel->app, &menu);
}

/* Nothing of that can confirm anything: what comes before a confirmation is drawn is dropped. */
static void serve_ahead(struct act_panel *panel)
{
	struct app *app = panel->app;
	uint32_t keys[MOST_AHEAD];
	size_t n = panel->n_ahead;
	memcpy(keys, panel->ahead, sizeof keys);
	for (size_t i = 0; i < n; i++)
		app_key(app, keys[i]);
}

/* What helped before comes first. */
static void add_again(struct act_panel *panel)
{
	size_t n = panel->n_choices;
	struct act_choice *all = arena_array(panel->arena, struct act_choice, n + 1);
	all[0] = panel->again;
	if (n)
		memcpy(&all[1], panel->choices, n * sizeof *all);
	panel->choices = all;
	panel->n_choices = n + 1;
}

/* Once it is known what the source can do, and what helped. */
static void go_on(struct act_panel *panel)
{
	struct app *app = panel->app;
	if (!panel->is_greeted || panel->helped)
		return;
	if (panel->again.title)
		add_again(panel);
	if (panel->n_choices) {
		offer(panel);
		serve_ahead(panel);
		return;
	}
	if (panel->refusal)
		app_say(app, ROLE_ERROR, "%s", panel->refusal);
	else
		app_say(app, ROLE_DIM, "source '%s' can do nothing to this", panel->refs[0].source);
	close_panel(app);
}

static void on_helped(void *ctx, const struct past_helped *helped)
{
	struct act_panel *panel = ctx;
	panel->helped = NULL;
	if (helped)
		panel->again = (struct act_choice){.key = 'w',
			.title = arena_printf(panel->arena, "run with %s", past_args(helped, panel->arena)),
			.verb = "trigger",
			.help = arena_printf(panel->arena, "that helped %lld of %lld times",
				(long long)helped->passed, (long long)helped->tried),
			.level = ACT_ITS_PIPELINE,
			.args = arena_dupz(panel->arena, helped->text)};
	go_on(panel);
}

static void on_greeted(void *ctx, const struct err *err)
{
	struct act_panel *panel = ctx;
	if (err)
		panel->refusal = arena_dupz(panel->arena, err->msg);
	else
		panel->choices = act_choices(panel->arena, panel->app->config, panel->source, panel->refs,
			panel->n_refs, &panel->n_choices);
	if (err || !source_has_verb(panel->source, "trigger")) {
		ticket_cancel(panel->helped);
		panel->helped = NULL;
		panel->again.title = NULL;
	}
	source_close(panel->source);
	panel->source = NULL;
	panel->is_greeted = true;
	go_on(panel);
}

static bool may_all(struct app *app, const struct ref *refs, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!act_may(app->config, &refs[i], false, err))
			return false;
	return true;
}

static void greet(struct act_panel *panel)
{
	struct app *app = panel->app;
	panel->source = source_open(app->loop, app->config, config_source(app->config, panel->refs[0].source),
		SOURCE_LIVE_SILENCE_MS);
	if (panel->n_refs == 1 && act_on(&panel->refs[0]) != ACT_ON_PIPELINE)
		panel->helped = act_helped(app->store, &panel->refs[0], on_helped, panel);
	source_greet(panel->source, on_greeted, panel);
	enter(panel, GREETING);
}

void act_panel_open(struct app *app, const struct ref *refs, size_t n)
{
	struct err err;
	close_panel(app); /* one whose menu was left */
	struct act_panel *panel = x_new(struct act_panel);
	panel->app = app;
	panel->arena = arena_new();
	panel->refs = arena_array(panel->arena, struct ref, n);
	panel->n_refs = n;
	for (size_t i = 0; i < n; i++)
		panel->refs[i] = ref_dup(panel->arena, &refs[i]);
	prompt_init(&panel->typed, STR(""));
	app->acting = panel;
	if (may_all(app, refs, n, &err)) {
		greet(panel);
		return;
	}
	panel->choices = act_choices(panel->arena, app->config, NULL, refs, n, &panel->n_choices);
	app_say(app, ROLE_LATE, "%s", err.msg);
	if (panel->n_choices)
		offer(panel);
	else
		close_panel(app);
}

/* --- keys ------------------------------------------------------------------------------------- */

static bool is_back(uint32_t key)
{
	return key == K_ESC || key == ('C' & 31) || key == ('G' & 31);
}

static void give_up(struct app *app)
{
	close_panel(app);
	app_say(app, ROLE_DIM, "nothing was done");
}

/* Takes what came back from the editor, where it is an object. */
static void take_conf(struct act_panel *panel, struct str text)
{
	struct err err;
	struct json_doc *doc = json_parse(text, &err);
	if (doc && json_type(json_root(doc)) == JSON_OBJECT) {
		struct buf compact;
		buf_init(&compact, 0);
		json_add(&compact, json_root(doc));
		keep_conf(panel, compact.p);
		buf_fini(&compact);
	} else {
		form_set_error(&panel->form, 0, doc ? "it is JSON, but no object" : err.msg);
	}
	json_free(doc);
}

static void edit_conf(struct act_panel *panel)
{
	struct err err;
	struct buf text;
	buf_init(&text, 0);
	if (panel->conf)
		buf_addz(&text, panel->conf);
	else
		act_form_conf(&panel->form, &text);
	buf_addc(&text, '\n');
	if (act_edit(panel->app, &text, &err))
		take_conf(panel, buf_str(&text));
	else
		app_say(panel->app, ROLE_ERROR, "%s", err.msg);
	buf_fini(&text);
}

static void form_done(struct act_panel *panel)
{
	struct err err;
	struct buf args;
	size_t field;
	buf_init(&args, 0);
	if (act_form_args(&panel->form, panel->choice->asks, panel->conf, &args, &field, &err)) {
		plan(panel, buf_str(&args));
	} else {
		form_set_error(&panel->form, field, err.msg);
		panel->form.focus = field;
	}
	buf_fini(&args);
}

static void fill_key(struct act_panel *panel, uint32_t key)
{
	size_t left;
	if (key == ('E' & 31) && panel->choice->asks == ACT_ASKS_PARAMETERS) {
		edit_conf(panel);
		return;
	}
	switch (form_key(&panel->form, key, &left)) {
	case FORM_CANCELLED:
		give_up(panel->app);
		break;
	case FORM_CHANGED:
		form_set_error(&panel->form, panel->form.focus, NULL);
		if (panel->form.focus == 0) { /* typed again: that counts */
			x_free(panel->conf);
			panel->conf = NULL;
		}
		break;
	case FORM_DONE:
		form_done(panel);
		break;
	case FORM_LEFT:
	case FORM_IGNORED:
		break;
	}
}

static void scroll(struct act_panel *panel, uint32_t key)
{
	enum { PAGE = 10 };
	if (key == K_DOWN)
		panel->top++;
	else if (key == K_PAGE_DOWN)
		panel->top += PAGE;
	else if (key == K_UP)
		panel->top -= panel->top > 0;
	else if (key == K_PAGE_UP)
		panel->top -= panel->top < PAGE ? panel->top : PAGE;
}

static void go(struct act_panel *panel)
{
	if (panel->own) {
		own_confirm(panel->own);
		enter(panel, DOING);
		return;
	}
	if (act_confirm(panel->act)) {
		enter(panel, DOING);
		return;
	}
	app_say(panel->app, ROLE_LATE, "that was read over a minute ago: reading it again");
	enter(panel, PLANNING);
}

/* A name is typed, never pasted; it is taken with Enter. */
static void type_name(struct act_panel *panel, uint32_t key)
{
	if (key != K_ENTER && key != '\n') {
		(void)prompt_key(&panel->typed, key);
		return;
	}
	if (str_is(buf_str(&panel->typed.text), panel->name))
		go(panel);
	else
		app_say(panel->app, ROLE_LATE, "that is not its name; nothing was done so far");
}

static void confirm_key(struct act_panel *panel, uint32_t key)
{
	bool is_scroll = key == K_UP || key == K_DOWN || key == K_PAGE_UP || key == K_PAGE_DOWN;
	if (is_back(key))
		give_up(panel->app);
	else if (!panel->is_drawn)
		return; /* typed before the question was there */
	else if (key == K_PASTE)
		app_say(panel->app, ROLE_LATE, "pasted text confirms nothing");
	else if (is_scroll)
		scroll(panel, key);
	else if (panel->name)
		type_name(panel, key);
	else if (key == 'y')
		go(panel);
	else if (key == 'q' || key == 'n')
		give_up(panel->app);
}

void act_panel_key(struct app *app, uint32_t key)
{
	struct act_panel *panel = app->acting;
	switch (panel->stage) {
	case GREETING:
		if (is_back(key))
			give_up(app);
		else if (panel->n_ahead < MOST_AHEAD && key != K_PASTE)
			panel->ahead[panel->n_ahead++] = key;
		break;
	case PLANNING:
		if (is_back(key) || key == 'q')
			give_up(app);
		break;
	case FILLING:
		fill_key(panel, key);
		break;
	case CONFIRMING:
		confirm_key(panel, key);
		break;
	case DOING:
		if (is_back(key) && panel->own) {
			app_say(app, ROLE_LATE, "%s was ended", panel->choice->title);
			close_panel(app);
		} else if (is_back(key)) {
			act_stop(panel->act);
			app_say(app, ROLE_LATE, "what was sent comes to its end, the rest is left alone");
		}
		break;
	case SHOWING:
		if (is_back(key) || key == 'q' || key == K_ENTER)
			close_panel(app);
		else
			scroll(panel, key);
		break;
	case CHOOSING:
		break;
	}
}

struct str act_panel_footer(const struct act_panel *panel)
{
	switch (panel->stage) {
	case FILLING:
		return panel->choice->asks == ACT_ASKS_PARAMETERS
			       ? STR("Enter next, then what exactly   ^E JSON in your editor   Esc leave, nothing done")
			       : STR("Enter next, then what exactly   Esc leave, nothing done");
	case CONFIRMING:
		return panel->name
			       ? STR("type the name and Enter: it is done   ↓ ↑ read   Esc leave, nothing done")
			       : STR("y do it   ↓ ↑ read   Esc leave, nothing done");
	case DOING:
		return STR("Esc stops behind the one that is under way");
	case SHOWING:
		return STR("↓ ↑ read   q back");
	default:
		return STR("Esc leave, nothing done");
	}
}

bool act_panel_is_busy(const struct act_panel *panel)
{
	return panel && (panel->stage == GREETING || panel->stage == PLANNING || panel->stage == DOING ||
				panel->params);
}

/* --- drawing ----------------------------------------------------------------------------------- */

/* Lines that scroll below each other. */
struct lines {
	struct grid *grid;
	struct rect rect;
	size_t top, n;
};

static void put_line(struct lines *lines, int indent, const char *text, enum role role)
{
	size_t at = lines->n++;
	if (at < lines->top || at - lines->top >= (size_t)lines->rect.height)
		return;
	int y = lines->rect.y + (int)(at - lines->top);
	grid_put(lines->grid, lines->rect.x + indent, y, lines->rect.width - indent, str_of(text), role);
}

static enum role role_of(enum act_end end)
{
	return end == ACT_OPEN			       ? ROLE_HEADING
	       : end == ACT_DONE || end == ACT_ALREADY ? ROLE_SUCCESS
	       : end == ACT_SKIPPED		       ? ROLE_DIM
						       : ROLE_ERROR;
}

static void put_object(struct lines *lines, const struct act_object *object)
{
	bool is_open = object->end == ACT_OPEN;
	char *head = x_printf("%s%s%s%s%s%s%s%s", object->text, object->project ? "   project " : "",
		object->project ? object->project : "", object->is_production ? ", production" : "",
		is_open ? "" : "   ", is_open ? "" : act_end_word(object->end),
		!is_open && object->message ? ": " : "", !is_open && object->message ? object->message : "");
	put_line(lines, 2, head, role_of(object->end));
	x_free(head);
	for (size_t i = 0; is_open && i < object->n_effect; i++)
		put_line(lines, 4, object->effect[i], ROLE_TEXT);
	if (is_open && object->remark)
		put_line(lines, 4, object->remark, ROLE_LATE);
	if (is_open && object->freeze) {
		char *frozen = x_printf("the calendar says freeze: %s", object->freeze);
		put_line(lines, 4, frozen, ROLE_LATE);
		x_free(frozen);
	}
}

/* The question, in the last line of RECT. */
static void put_question(struct act_panel *panel, struct grid *grid, struct rect rect)
{
	int y = rect.y + rect.height - 1, x = rect.x + 1;
	size_t n = panel->own ? 1 : act_n_open(panel->act);
	struct buf text;
	buf_init(&text, 0);
	buf_addz(&text, panel->own ? "run" : panel->choice->verb);
	if (n == 1)
		buf_addz(&text, " it? ");
	else
		buf_addf(&text, " these %zu? ", n);
	if (panel->name)
		buf_addf(&text, "Type %s and Enter: ", panel->name);
	else
		buf_addz(&text, "y does");
	x += grid_put(grid, x, y, rect.width - 1, buf_str(&text), ROLE_KEY);
	buf_fini(&text);
	if (!panel->name)
		return;
	x += grid_put(grid, x, y, rect.x + rect.width - x, buf_str(&panel->typed.text), ROLE_TEXT);
	grid->cursor_x = x < grid->width ? x : grid->width - 1;
	grid->cursor_y = y;
}

static void draw_plan(struct act_panel *panel, struct grid *grid, struct rect rect)
{
	struct lines lines = {grid, {rect.x, rect.y + 2, rect.width, rect.height - 4}, panel->top, 0};
	struct buf head;
	buf_init(&head, 0);
	buf_addf(&head, "%s: what exactly, as read at ", panel->choice->verb);
	when_add_clock(&head, panel->read_ms);
	grid_put(grid, rect.x + 1, rect.y, rect.width - 1, buf_str(&head), ROLE_DIM);
	buf_fini(&head);
	for (size_t i = 0; panel->act && i < act_n_objects(panel->act); i++)
		put_object(&lines, act_object(panel->act, i));
	for (size_t i = 0; panel->own && panel->argv[i]; i++)
		put_line(&lines, i ? 4 : 2, panel->argv[i], ROLE_TEXT);
	size_t most = lines.n > (size_t)lines.rect.height ? lines.n - (size_t)lines.rect.height : 0;
	if (panel->top > most)
		panel->top = most; /* for the next paint: it was scrolled beyond the end */
}

static char *wait_text(const struct act_panel *panel)
{
	const char *source = panel->refs[0].source;
	if (panel->own)
		return x_printf("%s: %s…", panel->choice->title,
			panel->stage == DOING ? "it runs" : "filling in its words");
	if (panel->stage == GREETING)
		return x_printf("asking %s what it can do…", source);
	if (panel->stage == PLANNING)
		return x_printf("asking %s what exactly would be done…", source);
	return x_strdup(panel->now ? panel->now : "…");
}

static void draw_wait(struct act_panel *panel, struct grid *grid, struct rect rect)
{
	char *text = wait_text(panel);
	grid_put(grid, rect.x + 1, rect.y + rect.height - 1, rect.width - 1, str_of(text), ROLE_RUNNING);
	x_free(text);
}

void act_panel_draw(struct act_panel *panel, struct grid *grid, struct rect rect)
{
	switch (panel->stage) {
	case FILLING:
		form_draw(&panel->form, grid, (struct rect){rect.x, rect.y + 1, rect.width, rect.height - 1});
		break;
	case CONFIRMING:
		draw_plan(panel, grid, rect);
		put_question(panel, grid, rect);
		panel->is_drawn = true;
		break;
	case DOING:
		draw_plan(panel, grid, rect);
		draw_wait(panel, grid, rect);
		break;
	case SHOWING:
		draw_plan(panel, grid, rect);
		break;
	default:
		draw_wait(panel, grid, rect);
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/app.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/catalogue/find.h"
#include "client/sync/sync.h"
#include "client/triage/problems.h"
#include "tui/act_editor.h"
#include "tui/act_panel.h"
#include "tui/chrome.h"
#include "tui/cli.h"
#include "tui/cmd.h"
#include "tui/columns.h"
#include "tui/connect.h"
#include "tui/desk.h"
#include "tui/docs_builtin.h"
#include "tui/input.h"
#include "tui/keymap.h"
#include "tui/mirroring.h"
#include "tui/mouse.h"
#include "tui/remember.h"
#include "tui/screen.h"
#include "tui/team.h"
#include "views/lists.h"

#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	TICK_MS = 1000,
	LOOK_MS = 400, /* looks whether the catalogue has changed: what others do is seen within a second */
	RESIZE_QUIET_MS = 40, /* a drag sends many sizes: one paint after the last */
	BEHIND_MS = 50,	      /* when the terminal has not taken the last frame yet */
	TICKS_A_MINUTE = 60,
	SYNC_END_MS = 100, /* then it is killed: what it stored is whole */
	SMALL_COLUMNS = 40,
	SMALL_ROWS = 10,
};

/* --- what everybody uses --------------------------------------------------- */

struct frame *app_top(const struct app *app)
{
	return app->frames[app->n_frames - 1];
}

void app_say(struct app *app, enum role role, const char *fmt, ...)
{
	char text[1200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	x_free(app->message);
	app->message = x_strdup(text);
	app->message_role = role;
	app_dirty(app);
}

static void be_silent(struct app *app)
{
	x_free(app->message);
	app->message = NULL;
}

/* What is left is where `-` leads. */
static void keep_last(struct app *app)
{
	struct place place;
	if (!place_take(app_top(app), &place))
		return;
	place_fini(&app->last);
	app->last = place;
}

void app_push(struct app *app, struct frame *frame)
{
	keep_last(app);
	session_places_fini(&app->offered);
	if (app->n_frames == APP_MOST_FRAMES) { /* the oldest but home goes */
		frame_free(app->frames[1]);
		memmove(&app->frames[1], &app->frames[2], (APP_MOST_FRAMES - 2) * sizeof *app->frames);
		app->n_frames--;
	}
	app->frames[app->n_frames++] = frame;
	app_dirty(app);
}

void app_pop(struct app *app)
{
	BUG_ON(app->n_frames < 2);
	keep_last(app);
	frame_free(app->frames[--app->n_frames]);
	frame_reload(app_top(app)); /* what was below may have changed meanwhile */
	app_dirty(app);
}

void app_quit(struct app *app, int status)
{
	app->is_over = true;
	app->status = status;
	loop_stop(app->loop);
}

void app_open_ref(struct app *app, const struct ref *ref)
{
	const struct view_def *view = view_for_ref(ref->kind);
	if (view)
		app_push(app, frame_new(app, view, ref, ""));
	else
		app_say(app, ROLE_LATE, "nothing of this kind can be shown yet");
}

void app_open_view(struct app *app, const struct view_def *view, const char *filter)
{
	app_push(app, frame_new(app, view, NULL, filter));
}

/* A web address on its way to the store, and the ref that it means on the way back. */
struct address_job {
	struct arena *arena;
	const char *address;
	struct ref ref;
};

static bool run_address(struct store *store, void *ctx, struct err *err)
{
	struct address_job *job = ctx;
	return find_url(store, job->arena, str_of(job->address), &job->ref, err);
}

static void drop_address(void *ctx)
{
	struct address_job *job = ctx;
	arena_free(job->arena);
	x_free(job);
}

static void address_found(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	struct address_job *job = result;
	app->address_ticket = NULL;
	if (err)
		app_say(app, ROLE_ERROR, "%s", err->msg);
	else
		app_open_ref(app, &job->ref);
	drop_address(job);
}

static void open_address(struct app *app, const char *address)
{
	static const struct store_job what = {
		.run = run_address, .done = address_found, .drop = drop_address};
	struct address_job *job = x_new(struct address_job);
	job->arena = arena_new();
	job->address = arena_dupz(job->arena, address);
	ticket_cancel(app->address_ticket);
	app->address_ticket = store_thread_run(app->store, &what, job, app);
}

bool app_open_text(struct app *app, const char *ref_text, struct err *err)
{
	struct ref ref;
	if (str_starts(str_of(ref_text), STR("http://")) || str_starts(str_of(ref_text), STR("https://"))) {
		open_address(app, ref_text);
		return true;
	}
	struct arena *arena = arena_new();
	bool ok = ref_parse(arena, str_of(ref_text), &ref, err);
	if (ok)
		app_open_ref(app, &ref);
	arena_free(arena);
	return ok;
}

void app_start_prompt(struct app *app, enum app_mode mode, const char *text)
{
	app->mode = mode;
	prompt_set(&app->prompt, str_of(text));
}

void app_ask_line(
	struct app *app, const char *label, const char *text, void (*take)(struct app *app, const char *text))
{
	app->line.label = label;
	app->line.take = take;
	app_start_prompt(app, MODE_LINE, text);
	app_dirty(app);
}

bool app_is_busy(const struct app *app)
{
	return frame_is_loading(app_top(app)) || app->palette.search || app->palette.completion ||
	       app->address_ticket || app->runbook_ticket || connect_is_busy(app->connect) ||
	       act_panel_is_busy(app->acting) || team_is_busy(app->team);
}

/* --- the configuration ------------------------------------------------------- */

static void restart_sync(struct app *app)
{
	if (app->sync.pid)
		proc_end(&app->sync, SIGTERM, SYNC_END_MS);
	app->sync = (struct proc){0};
	app->wants_sync = app->has_screen;
}

void app_use_config(struct app *app, struct config *config, bool is_told)
{
	if (strcmp(config->catalogue, app->config->catalogue) != 0) {
		app_say(app, ROLE_LATE, "%s names another catalogue: leave and start again to see it",
			config->file);
		config_free(config);
		return;
	}
	config->read_only |= app->config->read_only; /* the command line may have said so */
	app->own_configs = x_realloc(app->own_configs, app->n_own_configs + 1, sizeof *app->own_configs);
	app->own_configs[app->n_own_configs++] = config;
	app->config = config;
	docs_use_folders(app->docs, config->docs, config->n_docs);
	restart_sync(app);
	frame_reload(app_top(app));
	if (!is_told)
		app_say(app, ROLE_DIM, "%s was read again: %zu source%s", config->file, config->n_sources,
			config->n_sources == 1 ? "" : "s");
}

/* --- painting -------------------------------------------------------------- */

void app_draw(struct app *app)
{
	struct grid *grid = &app->grid;
	grid_clear(grid);
	if (grid->width < SMALL_COLUMNS || grid->height < SMALL_ROWS) {
		grid_put(grid, 0, 0, grid->width, STR("too small: 40x10 is the least"), ROLE_LATE);
		return;
	}
	struct rect middle = {0, CHROME_TOP, grid->width, grid->height - CHROME_TOP - CHROME_BOTTOM};
	if (app->mode == MODE_FORM)
		connect_draw(app->connect, grid, middle);
	else if (app->mode == MODE_ACT)
		act_panel_draw(app->acting, grid, middle);
	else
		frame_draw(app_top(app), grid, middle);
	chrome_draw(app, grid);
	if (app->mode == MODE_PALETTE)
		palette_draw(app, grid, grid->height - CHROME_BOTTOM);
	else if (app->mode == MODE_MENU)
		menu_draw(&app->menu, grid, grid->height - CHROME_BOTTOM);
}

/* Tests wait for this byte instead of guessing when a screen has settled. */
static void tell_settled(struct app *app)
{
	if (app->barrier_fd >= 0 && !app_is_busy(app) && write(app->barrier_fd, ".", 1) < 0)
		app->barrier_fd = -1;
}

static void on_paint(void *ctx)
{
	struct app *app = ctx;
	app->paint = NULL;
	if (!app->has_screen)
		return;
	app_draw(app);
	bool is_sent = app->wants_redraw ? screen_redraw(&app->grid) : screen_draw(&app->grid);
	if (!is_sent) { /* a slow link: what is to be shown by then, keys first */
		app->paint = loop_after(app->loop, BEHIND_MS, on_paint, app);
		return;
	}
	app->wants_redraw = false;
	if (app->asks_background)
		screen_ask_background();
	app->asks_background = false;
	session_note(app->session, app);
	tell_settled(app);
}

void app_dirty(struct app *app)
{
	if (!app->paint)
		app->paint = loop_after(app->loop, 0, on_paint, app);
}

void app_repaint(struct app *app)
{
	if (!app->has_screen)
		return;
	app_draw(app);
	if (!screen_redraw(&app->grid))
		app_dirty(app);
}

/* --- keys ------------------------------------------------------------------ */

static void accept_filter(struct app *app)
{
	frame_set_filter(app_top(app), app->prompt.text.p ? app->prompt.text.p : "");
}

static void accept_search(struct app *app)
{
	struct frame *frame = app_top(app);
	struct widget *widget = frame_widget(frame);
	x_free(app->last_search);
	app->last_search = x_strdup(app->prompt.text.p ? app->prompt.text.p : "");
	struct str text = str_of(app->last_search);
	bool is_found = frame_has_pager(frame) ? frame->is_opened && pager_find(frame->pager, text, false)
					       : widget && widget->ops->find(widget, text, false);
	if (text.n && !is_found)
		app_say(app, ROLE_LATE, "not found: %s", app->last_search);
}

/* What is done with it may ask for another line. */
static void accept_line(struct app *app)
{
	char *text = x_strdup(app->prompt.text.p ? app->prompt.text.p : "");
	app->line.take(app, text);
	x_free(text);
}

static void prompt_done(struct app *app)
{
	enum app_mode mode = app->mode;
	app->mode = MODE_KEYS;
	if (mode == MODE_FILTER)
		accept_filter(app);
	else if (mode == MODE_SEARCH)
		accept_search(app);
	else if (mode == MODE_LINE)
		accept_line(app);
	else
		palette_accept(app);
}

/* What is longer than a line is written elsewhere. */
static void edit_line(struct app *app)
{
	struct buf text;
	struct err err;
	buf_init(&text, 0);
	buf_add(&text, buf_str(&app->prompt.text));
	if (act_edit(app, &text, &err)) {
		app->mode = MODE_KEYS;
		app->line.take(app, text.p ? text.p : "");
	} else {
		app_say(app, ROLE_ERROR, "%s", err.msg);
	}
	buf_fini(&text);
}

static void serve_prompt(struct app *app, uint32_t key)
{
	if (app->mode == MODE_LINE && key == ('X' & 31) && app->has_screen) {
		edit_line(app);
		return;
	}
	if (app->palette.is_accepted && key != K_ESC)
		return; /* typed ahead of a search: it is not for the frame that we are about to leave */
	if (app->mode == MODE_PALETTE && palette_key(app, key))
		return;
	switch (prompt_key(&app->prompt, key)) {
	case PROMPT_GOES_ON:
		if (app->mode == MODE_PALETTE)
			palette_update(app);
		break;
	case PROMPT_DONE:
		prompt_done(app);
		break;
	case PROMPT_CANCELLED:
		if (app->mode == MODE_PALETTE)
			palette_close(app);
		app->mode = MODE_KEYS;
		break;
	case PROMPT_IGNORED:
		break;
	}
}

static void say_unbound(struct app *app, uint32_t key)
{
	struct buf name;
	buf_init(&name, 0);
	key_add_name(&name, key);
	app_say(app, ROLE_DIM, "%s does nothing here; ? lists the keys", name.p ? name.p : "that key");
	buf_fini(&name);
}

void app_key(struct app *app, uint32_t key)
{
	app_dirty(app);
	be_silent(app);
	if (key == K_MOUSE) {
		mouse_serve(app, input_mouse());
		return;
	}
	if (key == ('Z' & 31)) { /* whatever is open: it is there again afterwards */
		app_suspend(app);
		return;
	}
	if (app->mode == MODE_MENU) {
		menu_key(app, key);
		return;
	}
	if (app->mode == MODE_FORM) {
		connect_key(app, key);
		return;
	}
	if (app->mode == MODE_ACT) {
		act_panel_key(app, key);
		return;
	}
	if (app->mode != MODE_KEYS) {
		serve_prompt(app, key);
		return;
	}
	if (key == K_PASTE) {
		app_say(app, ROLE_DIM, "pasted text is never taken as keys; : or / first");
		return;
	}
	if (key == ('C' & 31)) {
		app_say(app, ROLE_DIM, "Q leaves the portal");
		return;
	}
	const struct app_command *command = keymap_find(app->keymap, key, chrome_context(app));
	if (command)
		command->run(app);
	else
		say_unbound(app, key);
}

static void catalogue_is_back(void *ctx)
{
	frame_reload(app_top(ctx));
}

/* --- time ------------------------------------------------------------------ */

/* What the store's thread looks at every LOOK_MS. */
struct tick_job {
	int64_t version, now_ms;
	const struct config *config;
	bool checks_sync, sync_is_running;
};

static bool run_tick(struct store *store, void *ctx, struct err *err)
{
	(void)err;
	struct tick_job *job = ctx;
	if (job->checks_sync) {
		job->sync_is_running = sync_is_running(job->config->catalogue);
		if (!job->sync_is_running && !job->config->read_only)
			(void)problems_check_sync(store, job->now_ms, NULL);
	}
	job->version = store_version(store);
	return true;
}

static void ticked(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	struct tick_job *job = result;
	app->version_ticket = NULL;
	if (!err && job->version != app->version) {
		bool is_first = app->version == 0;
		app->version = job->version;
		watch_look(app);
		docs_desk_changed(app);
		if (!is_first)
			frame_reload(app_top(app));
	}
	/* a catalogue that could not be opened is tried again: it may be there now */
	if (app_top(app)->err.code && !app_top(app)->body.data)
		frame_reload(app_top(app));
	x_free(job);
}

static void start_tick(struct app *app)
{
	static const struct store_job what = {.run = run_tick, .done = ticked, .drop = x_free};
	bool is_live = app->config->recorded_until_ms == TIME_NONE;
	struct tick_job *job = x_new(struct tick_job);
	job->config = app->config;
	job->now_ms = clock_now_ms();
	job->checks_sync = is_live && app->ticks % TICKS_A_MINUTE == TICKS_A_MINUTE - 1;
	app->version_ticket = store_thread_run(app->store, &what, job, app);
}

static void on_look(void *ctx)
{
	struct app *app = ctx;
	app->look = loop_after(app->loop, LOOK_MS, on_look, app);
	if (!app->version_ticket)
		start_tick(app);
}

static void start_sync_once(struct app *app);

static void on_tick(void *ctx)
{
	struct app *app = ctx;
	app->tick = loop_after(app->loop, TICK_MS, on_tick, app);
	app->ticks++;
	if (app->format.now_ms / 60000 != clock_now_ms() / 60000) {
		app->format.now_ms = clock_now_ms(); /* ages move once a minute */
		app_dirty(app);
	}
	mirroring_tick(app->mirroring);
	start_sync_once(app);
	remember_tick(app);
	docs_desk_tick(app);
	session_note(app->session, app);
	if (app->frames[app->n_frames - 1]->is_opened && pager_refresh(app_top(app)->pager))
		app_dirty(app);
}

/* --- the child that keeps a SQLite catalogue fresh --------------------------- */

static void start_sync(struct app *app)
{
	struct err err;
	const char *argv[6] = {"/proc/self/exe", "sync", "--watch", NULL};
	if (app->config->file) {
		argv[3] = "--config";
		argv[4] = app->config->file;
	}
	/* where another sync, of the machine or of a colleague, is at work, ours waits for its turn */
	if (!proc_start(&app->sync, argv, NULL, PROC_QUIET | PROC_DIE_WITH_US, &err))
		app_say(app, ROLE_ERROR, "sync could not be started: %s", err.msg);
}

/* After the first settled paint, so that nothing competes with it. */
static void start_sync_once(struct app *app)
{
	const struct config *config = app->config;
	if (!app->wants_sync || app_is_busy(app))
		return;
	app->wants_sync = false;
	if (config->n_sources && !config->read_only && config->recorded_until_ms == TIME_NONE &&
		config->catalogue[0] == '/')
		start_sync(app);
}

void app_sync_now(struct app *app)
{
	if (app->sync.pid)
		kill(app->sync.pid, SIGCONT);
}

/* --- the screen ------------------------------------------------------------ */

/* The theme `auto` on a light background: it may be one of the person's own, and wrong. */
static void follow_background(struct app *app)
{
	enum { LEAST_LIGHT = 128 };
	struct err err;
	if (input_background() < LEAST_LIGHT || app->theme_arena)
		return;
	app->theme_arena = arena_new();
	struct theme *theme = arena_new_of(app->theme_arena, struct theme);
	const char *dir = arena_printf(app->theme_arena, "%s/themes", file_config_dir(app->theme_arena));
	if (theme_load(app->theme_arena, theme_auto_name(BACKGROUND_LIGHT), dir, theme, &err))
		screen_set_theme(theme);
	else
		app_say(app, ROLE_ERROR, "%s", err.msg);
	app_dirty(app);
}

static void on_input(void *ctx, int events)
{
	(void)events;
	struct app *app = ctx;
	for (uint32_t key; !app->is_over && (key = input_key()) != KEY_NONE_YET;) {
		if (key == K_EOF) {
			app_quit(app, 128 + SIGHUP);
			return;
		}
		if (key == K_BACKGROUND)
			follow_background(app);
		else if (key != K_RESIZE)
			app_key(app, key);
	}
}

static void take_size(struct app *app)
{
	int width, height;
	loop_cancel(app->resize);
	app->resize = NULL;
	screen_resize();
	screen_size(&width, &height);
	bool is_ascii = app->grid.is_ascii;
	grid_fini(&app->grid);
	grid_init(&app->grid, width, height);
	app->grid.is_ascii = is_ascii;
	for (size_t i = 0; i < app->n_frames; i++)
		frame_resized(app->frames[i]);
	app_repaint(app);
	tell_settled(app);
}

static void on_resize_quiet(void *ctx)
{
	struct app *app = ctx;
	app->resize = NULL;
	take_size(app);
}

static void on_size(void *ctx, int signo)
{
	(void)signo;
	struct app *app = ctx;
	loop_cancel(app->resize);
	app->resize = loop_after(app->loop, RESIZE_QUIET_MS, on_resize_quiet, app);
}

static void on_end(void *ctx, int signo)
{
	app_quit(ctx, 128 + signo);
}

/* Not by SIGSTOP: where no shell is there to wake us (`ssh -t host porthole`) the kernel then lets us go on.
 */
static void stop_here(void)
{
	sigset_t stop, before;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	raise(SIGTSTP); /* blocked: the loop reads it */
	pthread_sigmask(SIG_UNBLOCK, &stop, &before);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void app_suspend(struct app *app)
{
	if (!app->has_screen)
		return;
	screen_leave();
	stop_here();
	screen_enter();
	take_size(app);
}

static void on_stop(void *ctx, int signo)
{
	(void)signo;
	app_suspend(ctx);
}

/* --- life ------------------------------------------------------------------ */

struct app *app_new(struct loop *loop, const struct config *config, struct store *opened, bool is_away,
	bool is_ascii, int width, int height)
{
	struct app *app = x_new(struct app);
	app->loop = loop;
	app->config = config;
	app->barrier_fd = -1;
	app->format = (struct format){.now_ms = clock_now_ms(), .is_ascii = is_ascii};
	grid_init(&app->grid, width, height);
	app->grid.is_ascii = is_ascii;
	prompt_init(&app->prompt, STR(""));
	app->store = store_thread_new(loop, config->catalogue);
	if (opened) /* before there is any job */
		store_thread_give(app->store, opened);
	app->mirroring = mirroring_new(loop, app->store, config->catalogue, catalogue_is_back, app);
	if (is_away)
		store_thread_start_away(app->store);
	app->desk = desk_new(loop);
	app->docs = docs_builtin_new(config);
	docs_desk_init(&app->docs_desk);
	app->columns = columns_new();
	start_tick(app); /* before anything is loaded: what changes from then on is seen */
	app->frames[app->n_frames++] = frame_new(app, &view_home, NULL, "");
	return app;
}

static void forget_person(struct app *app)
{
	place_fini(&app->last);
	session_places_fini(&app->offered);
	history_fini(&app->history);
	saved_fini(&app->saved);
	columns_free(app->columns);
	for (size_t i = 0; i < app->n_own_configs; i++)
		config_free(app->own_configs[i]);
	x_free(app->own_configs);
}

void app_free(struct app *app)
{
	session_free(app->session, app, app->status == 0);
	app->session = NULL;
	desk_drain(app->desk); /* the form's writing is among it */
	connect_free(app->connect);
	act_panel_free(app->acting);
	team_desk_free(app->team);
	while (app->n_frames) /* before the threads that load for them */
		frame_free(app->frames[--app->n_frames]);
	desk_free(app->desk);
	remember_free(app->remember);
	if (app->menu.arena)
		menu_close(app);
	if (app->palette.arena)
		palette_close(app);
	ticket_cancel(app->version_ticket);
	ticket_cancel(app->watch.ticket);
	ticket_cancel(app->address_ticket);
	ticket_cancel(app->runbook_ticket);
	docs_desk_fini(&app->docs_desk);
	mirroring_free(app->mirroring);
	store_thread_free(app->store);
	docs_free(app->docs);
	struct loop_timer *timers[] = {app->paint, app->tick, app->look, app->resize};
	for (size_t i = 0; i < ARRAY_LEN(timers); i++)
		loop_cancel(timers[i]);
	if (app->sync.pid)
		proc_end(&app->sync, SIGTERM, SYNC_END_MS);
	cmd_leave_example(app);
	prompt_fini(&app->prompt);
	grid_fini(&app->grid);
	if (app->keymap)
		keymap_free(app->keymap);
	if (app->theme_arena)
		arena_free(app->theme_arena);
	be_silent(app);
	forget_person(app);
	x_free(app->last_search);
	x_free(app);
}

/* From before the terminal is ours, so that none ends us with it in our hands; they wait until the loop is
 * served, by when APP is there. */
static void watch_signals(struct loop *loop, struct app *app)
{
	loop_signal(loop, SIGWINCH, on_size, app);
	loop_signal(loop, SIGTSTP, on_stop, app);
	loop_signal(loop, SIGTERM, on_end, app);
	loop_signal(loop, SIGHUP, on_end, app);
	loop_signal(loop, SIGINT, on_end, app);
}

/* *ASKS: the theme goes by the background, and nobody has said yet what that is. */
static bool open_screen(struct cli *cli, bool *asks, struct err *err)
{
	struct theme *theme = arena_new_of(cli->arena, struct theme); /* the screen keeps it */
	const char *name = cli->theme ? cli->theme : cli->config->theme ? cli->config->theme : "auto";
	struct terminal terminal = terminal_probe(cli->colour ? cli->colour : "auto");
	if (!terminal.colours)
		name = "mono";
	*asks = strcmp(name, "auto") == 0 && theme_background() == BACKGROUND_ANY;
	cli->is_ascii |= !terminal.is_utf8;
	const char *dir = arena_printf(cli->arena, "%s/themes", file_config_dir(cli->arena));
	return theme_load(cli->arena, name, dir, theme, err) && screen_open(&terminal, theme, err);
}

void app_offer_session(struct app *app)
{
	struct buf text;
	if (!session_take(app->session, clock_now_ms(), &app->offered))
		return;
	buf_init(&text, 0);
	key_add_name(&text, keymap_key(app->keymap, keymap_named(app->keymap, "last")));
	buf_addz(&text, " goes back to where you were: ");
	place_add_text(&text, &app->offered.places[app->offered.n - 1]);
	app_say(app, ROLE_LINK, "%s", text.p);
	buf_fini(&text);
}

static void start_session(struct app *app, bool is_offered)
{
	app->session = session_new(remember_sessions(app->remember), app->config->catalogue, getenv("TERM"));
	if (app->session && is_offered)
		app_offer_session(app);
}

static bool run_app(struct cli *cli, struct app *app, int *status, struct err *err)
{
	const char *barrier = getenv("PORTHOLE_BARRIER_FD");
	int64_t fd;
	if (barrier && str_to_int(str_of(barrier), 3, 1000, &fd))
		app->barrier_fd = (int)fd;
	app->keymap = keymap_new(cli->config, err);
	if (!app->keymap)
		return false;
	remember_start(app);
	if (cli->n_args && !app_open_text(app, cli->args[0], err))
		return false;
	watch_signals(app->loop, app);
	app->wants_sync = true;
	if (cli->config->recorded_until_ms != TIME_NONE)
		app_say(app, ROLE_BANNER,
			"a recorded sample; your own goes into ~/.config/porthole/portal.yaml");
	start_session(app, cli->n_args == 0);
	struct loop_fd *input = loop_watch(app->loop, STDIN_FILENO, LOOP_READ, on_input, app);
	app->tick = loop_after(app->loop, TICK_MS, on_tick, app);
	app->look = loop_after(app->loop, LOOK_MS, on_look, app);
	app_dirty(app);
	loop_run(app->loop);
	loop_unwatch(input);
	*status = app->status;
	return true;
}

bool app_main(struct cli *cli, int *status, struct err *err)
{
	int width, height;
	bool asks_background;
	struct loop *loop = loop_new();
	mallopt(M_ARENA_MAX, 1); /* that of a thread grows by a system call a page */
	watch_signals(loop, NULL);
	if (!open_screen(cli, &asks_background, err)) {
		loop_free(loop);
		return false;
	}
	if (cli->config->mouse)
		screen_use_mouse();
	screen_size(&width, &height);
	struct app *app = app_new(loop, cli->config, cli->opened, cli->is_away, cli->is_ascii, width, height);
	cli->opened = NULL;
	app->has_screen = true;
	app->asks_background = asks_background;
	bool ok = run_app(cli, app, status, err);
	screen_close();
	app_free(app);
	loop_free(loop);
	return ok;
}

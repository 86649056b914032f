/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/remember.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "tui/app.h"
#include "tui/columns.h"
#include "tui/desk.h"
#include "tui/keymap.h"

#include <sys/stat.h>

enum { MOST_BYTES = 256 << 10 };

/* What says that a file is another than before. */
struct stamp {
	int64_t size, mtime_ns;
	uint64_t inode; /* 0: there is none */
};

struct watched {
	const char *path;
	struct stamp stamp;
};

/* Of a file that is another: what it holds; it may be gone. */
typedef void (*changed_fn)(struct app *app, const char *path, struct str text);

static void keys_changed(struct app *app, const char *path, struct str text);
static void views_changed(struct app *app, const char *path, struct str text);
static void config_changed(struct app *app, const char *path, struct str text);

enum { KEYS, VIEWS, CONFIG, N_WATCHED };
static const changed_fn changed[N_WATCHED] = {keys_changed, views_changed, config_changed};

struct remember {
	struct arena *arena;
	struct app *app;
	const char *history, *columns, *sessions;
	struct watched files[N_WATCHED];
	struct ticket *ticket; /* a look that is under way */
	bool is_started;
	bool is_own_change; /* of the configuration, and told */
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* --- what a change means ------------------------------------------------------- */

static void keys_changed(struct app *app, const char *path, struct str text)
{
	struct err err;
	struct keymap *keymap = keymap_new_with(app->config, base_name(path), text, &err);
	if (!keymap) {
		app_say(app, ROLE_ERROR, "%s; the keys stay as they were", err.msg);
		return;
	}
	if (app->keymap)
		keymap_free(app->keymap);
	app->keymap = keymap;
	const char *conflicts = keymap_conflicts(keymap);
	if (conflicts)
		app_say(app, ROLE_LATE, "%s: %s", base_name(path), conflicts);
	else if (app->remember->is_started)
		app_say(app, ROLE_DIM, "%s was read again", base_name(path));
}

static void views_changed(struct app *app, const char *path, struct str text)
{
	struct err err;
	app->saved.is_refused = !saved_read(&app->saved, base_name(path), text, &err);
	if (app->saved.is_refused)
		app_say(app, ROLE_ERROR, "%s; the saved views stay as they were", err.msg);
	else if (app->mode == MODE_PALETTE)
		palette_update(app); /* its items borrow from what was there */
}

static const char *folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? arena_dup(arena, (struct str){path, (size_t)(slash - path)}) : NULL;
}

static void config_changed(struct app *app, const char *path, struct str text)
{
	struct err err;
	struct arena *arena = arena_new();
	if (!app->remember->is_started || !text.n) { /* it was just read; or it is gone for a moment */
		arena_free(arena);
		return;
	}
	struct config *config = config_parse(path, folder_of(arena, path), text, &err);
	arena_free(arena);
	if (!config) {
		app_say(app, ROLE_ERROR, "%s; the configuration stays as it was", err.msg);
		return;
	}
	config->file = arena_dupz(config->arena, path);
	app_use_config(app, config, app->remember->is_own_change);
	app->remember->is_own_change = false;
}

/* --- looking ------------------------------------------------------------------- */

static struct stamp stamp_of(const char *path)
{
	enum { NS = 1000000000 };
	struct stat st;
	if (stat(path, &st) != 0)
		return (struct stamp){0};
	return (struct stamp){.size = st.st_size,
		.mtime_ns = (int64_t)st.st_mtim.tv_sec * NS + st.st_mtim.tv_nsec,
		.inode = st.st_ino};
}

static bool is_same(struct stamp a, struct stamp b)
{
	return a.size == b.size && a.mtime_ns == b.mtime_ns && a.inode == b.inode;
}

struct look_job {
	struct watched files[N_WATCHED];
	bool is_changed[N_WATCHED];
	struct buf texts[N_WATCHED];
	struct err errs[N_WATCHED];
};

static struct look_job *new_look(const struct remember *remember)
{
	struct look_job *job = x_new(struct look_job);
	for (size_t i = 0; i < N_WATCHED; i++) {
		job->files[i] = remember->files[i];
		buf_init(&job->texts[i], MOST_BYTES);
	}
	return job;
}

static void drop_look(void *ptr)
{
	struct look_job *job = ptr;
	for (size_t i = 0; i < N_WATCHED; i++)
		buf_fini(&job->texts[i]);
	x_free(job);
}

/* The paths are the remember's: it outlives the desk. */
static bool run_look(void *ptr, struct err *err)
{
	(void)err;
	struct look_job *job = ptr;
	for (size_t i = 0; i < N_WATCHED; i++) {
		struct stamp now = stamp_of(job->files[i].path);
		if (is_same(now, job->files[i].stamp))
			continue;
		job->files[i].stamp = now;
		job->is_changed[i] = true;
		if (now.inode)
			(void)file_read_trusted(
				job->files[i].path, MOST_BYTES, &job->texts[i], &job->errs[i]);
	}
	return true;
}

static void take_look(struct remember *remember, const struct look_job *job)
{
	for (size_t i = 0; i < N_WATCHED; i++) {
		if (!job->is_changed[i])
			continue;
		remember->files[i].stamp = job->files[i].stamp;
		if (job->errs[i].code) {
			remember->app->saved.is_refused |= i == VIEWS;
			app_say(remember->app, ROLE_ERROR, "%s", job->errs[i].msg);
		} else {
			changed[i](remember->app, job->files[i].path, buf_str(&job->texts[i]));
		}
	}
}

static void looked(void *ctx, void *ptr, const struct err *err)
{
	(void)err;
	struct remember *remember = ctx;
	remember->ticket = NULL;
	take_look(remember, ptr);
	drop_look(ptr);
}

void remember_tick(struct app *app)
{
	static const struct desk_job what = {.run = run_look, .done = looked, .drop = drop_look};
	struct remember *remember = app->remember;
	if (remember && !remember->ticket)
		remember->ticket = desk_run(app->desk, &what, new_look(remember), remember);
}

void remember_own_change(struct app *app)
{
	app->remember->is_own_change = true;
	remember_tick(app);
}

/* --- the start ----------------------------------------------------------------- */

static void read_columns(struct app *app)
{
	struct buf text;
	struct err err;
	buf_init(&text, MOST_BYTES);
	bool is_there = file_read(app->remember->columns, MOST_BYTES, &text, &err);
	if (is_there && !columns_read(app->columns, "columns.yaml", buf_str(&text), &err))
		app_say(app, ROLE_ERROR, "%s; each list has its own columns", err.msg);
	buf_fini(&text);
}

static void read_history(struct app *app)
{
	struct buf text;
	struct err err;
	buf_init(&text, HISTORY_MOST_BYTES);
	if (file_read(app->remember->history, HISTORY_MOST_BYTES, &text, &err))
		history_read(&app->history, buf_str(&text));
	buf_fini(&text);
}

void remember_start(struct app *app)
{
	struct remember *remember = x_new(struct remember);
	struct arena *arena = arena_new();
	const char *state = file_state_dir(arena), *config = file_config_dir(arena);
	*remember = (struct remember){.arena = arena,
		.app = app,
		.history = arena_printf(arena, "%s/history", state),
		.columns = arena_printf(arena, "%s/columns.yaml", state),
		.sessions = arena_printf(arena, "%s/sessions", state)};
	remember->files[KEYS].path = arena_printf(arena, "%s/keys.yaml", config);
	remember->files[VIEWS].path = arena_printf(arena, "%s/views.yaml", config);
	remember->files[CONFIG].path = app->config->file ? arena_dupz(arena, app->config->file)
							 : arena_printf(arena, "%s/portal.yaml", config);
	app->remember = remember;
	read_columns(app);
	read_history(app);
	struct look_job *job = new_look(remember);
	run_look(job, NULL);
	take_look(remember, job);
	drop_look(job);
	remember->is_started = true;
}

void remember_free(struct remember *remember)
{
	if (!remember)
		return;
	arena_free(remember->arena);
	x_free(remember);
}

const char *remember_sessions(const struct remember *remember)
{
	return remember->sessions;
}

const char *remember_config(const struct remember *remember)
{
	return remember->files[CONFIG].path;
}

/* --- writing ------------------------------------------------------------------- */

static void not_written(void *ctx, const struct err *err)
{
	app_say(ctx, ROLE_ERROR, "%s", err->msg);
}

void app_remember_columns(struct app *app)
{
	struct buf text;
	if (!app->remember)
		return;
	buf_init(&text, 0);
	columns_write(app->columns, &text);
	desk_write(app->desk, app->remember->columns, buf_str(&text), not_written, app);
	buf_fini(&text);
}

void app_remember_history(struct app *app)
{
	struct buf text;
	if (!app->remember)
		return;
	buf_init(&text, 0);
	history_write(&app->history, &text);
	desk_write(app->desk, app->remember->history, buf_str(&text), not_written, app);
	buf_fini(&text);
}

void app_write_saved(struct app *app)
{
	if (app->remember)
		desk_write(app->desk, app->remember->files[VIEWS].path, str_of(app->saved.text), not_written,
			app);
}

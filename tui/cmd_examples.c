/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The examples in the portal: their list, and a run of one, by the program's own command `run`. */
#include "client/base/file.h"
#include "client/base/loop.h"
#include "client/base/mem.h"
#include "tui/cmd.h"
#include "views/lists.h"

#include <errno.h>
#include <unistd.h>

#define FIRST_EXAMPLE "popularity"
#define PAGES	      "examples/"
#define README	      "/README"
#define SHARED	      "mlplatform" /* what they have in common */
#define FAULT	      "fault=null_rate"

enum { MOST_SAID = 4096, END_MS = 5000 };

/* One at a time. It goes on when the portal ends. */
struct example_run {
	struct app *app;
	char *name;
	struct proc proc;
	struct loop_fd *watch; /* what it says when something is wrong */
	struct buf said;
};

static void forget(struct example_run *run)
{
	run->app->example = NULL;
	loop_unwatch(run->watch);
	buf_fini(&run->said);
	x_free(run->name);
	x_free(run);
}

void cmd_leave_example(struct app *app)
{
	if (!app->example)
		return;
	close(app->example->proc.err);
	forget(app->example);
}

static void say_end(struct app *app, const struct example_run *run, int status)
{
	struct str said = str_trim(buf_str(&run->said));
	if (said.n)
		app_say(app, status ? ROLE_ERROR : ROLE_LATE, "%.*s", (int)said.n, said.p);
	else if (status)
		app_say(app, ROLE_FAILED, "%s failed: Enter on its run shows why", run->name);
	else
		app_say(app, ROLE_SUCCESS, "%s passed: Enter on its run shows what came of it", run->name);
}

static void on_said(void *ctx, int events)
{
	struct example_run *run = ctx;
	char piece[512];
	ssize_t n = read(run->proc.err, piece, sizeof piece);
	(void)events;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		if (run->said.n < MOST_SAID)
			buf_add(&run->said, (struct str){piece, (size_t)n});
		return;
	}
	struct app *app = run->app;
	say_end(app, run, proc_end(&run->proc, 0, END_MS));
	forget(run);
	frame_reload(app_top(app));
	app_dirty(app);
}

/* The runs of this machine are a source from the first one on: it is looked up again before that starts. */
static bool learn_own_runs(struct app *app, struct err *err)
{
	const struct config *config = app->config;
	if (config_local_source(config) || config_source(config, CONFIG_LOCAL))
		return true;
	struct arena *arena = arena_new();
	struct config *again = NULL;
	if (file_make_dir(config_runs_folder(arena), err))
		again = config_load(config->file, err);
	arena_free(arena);
	if (again)
		app_use_config(app, again, true);
	return again;
}

static bool start(struct app *app, const char *name, const char *setting, struct err *err)
{
	struct arena *arena = arena_new();
	const char *argv[8] = {"/proc/self/exe"};
	size_t n = 1;
	if (app->config->file) {
		argv[n++] = "--config";
		argv[n++] = app->config->file;
	}
	argv[n++] = "run";
	argv[n++] = arena_printf(arena, "example:%s", name);
	if (setting) {
		argv[n++] = "--set";
		argv[n++] = setting;
	}
	struct example_run *run = x_new(struct example_run);
	bool ok = proc_start(&run->proc, argv, NULL, PROC_PIPE_STDERR | PROC_OWN_SESSION, err);
	arena_free(arena);
	if (!ok) {
		x_free(run);
		return false;
	}
	run->app = app;
	run->name = x_strdup(name);
	buf_init(&run->said, 0);
	run->watch = loop_watch(app->loop, run->proc.err, LOOP_READ, on_said, run);
	app->example = run;
	return true;
}

/* Runs it, and shows its runs: the new one is on top as soon as it has begun. */
static void run_example(struct app *app, const char *name, const char *setting)
{
	struct err err;
	if (app->config->read_only || !app->has_screen) { /* without one nobody asked */
		app_say(app, ROLE_ERROR, "read-only: nothing is run");
		return;
	}
	if (app->example) {
		app_say(app, ROLE_LATE, "%s is still running", app->example->name);
		return;
	}
	if (!learn_own_runs(app, &err) || !start(app, name, setting, &err)) {
		app_say(app, ROLE_ERROR, "%s", err.msg);
		return;
	}
	struct arena *arena = arena_new();
	app_open_view(app, &view_runs, arena_printf(arena, "pipeline:%s", name));
	arena_free(arena);
	app_say(app, ROLE_RUNNING,
		"%s runs on this machine; it is here in a moment, and Enter shows its steps", name);
}

static const struct str page_head = STR(PAGES), page_tail = STR(README);

bool cmd_is_example(const struct ref *ref)
{
	struct str page = str_of(ref->name);
	return ref->kind == REF_DOC && str_starts(page, page_head) && str_ends(page, page_tail) &&
	       !str_is(page, PAGES SHARED README);
}

/* The example that the page is about. */
static void run_this(struct app *app, const char *setting)
{
	struct str page = str_of(app_top(app)->ref.name);
	struct arena *arena = arena_new();
	run_example(app, arena_dup(arena, str_slice(page, page_head.n, page.n - page_tail.n)), setting);
	arena_free(arena);
}

void cmd_run_popularity(struct app *app)
{
	run_example(app, FIRST_EXAMPLE, NULL);
}

void cmd_run_example(struct app *app)
{
	run_this(app, NULL);
}

void cmd_run_faulty(struct app *app)
{
	run_this(app, FAULT);
}

void cmd_examples(struct app *app)
{
	app_open_view(app, &view_examples, "");
}

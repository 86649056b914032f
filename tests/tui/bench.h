/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A portal on the bench: without a screen, over a small catalogue in a folder of its own, which is the
 * person's home too. Keys go in by app_key, what is shown comes out as text. */
#ifndef TESTS_TUI_BENCH_H
#define TESTS_TUI_BENCH_H

#include "client/base/clock.h"
#include "client/base/file.h"
#include "client/catalogue/store.h"
#include "tests/catalogue/scratch.h"
#include "tui/app.h"
#include "tui/chrome.h"
#include "tui/input.h"
#include "tui/keymap.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

struct bench {
	char *dir;
	struct config *config;
	struct loop *loop;
	struct app *app;
};

/* Two problems in two pipelines, as sync leaves them. */
static const char *const bench_rows[] = {
	"INSERT INTO source (id, name, kind, state, synced_ms, attempted_ms, url)"
	" VALUES (1, 'lab', 'local', 'ok', 1795262000000, 1795262000000, 'http://tool')",
	"INSERT INTO pipeline (id, source_id, pipeline, last_run_id, last_state, last_run_ms) VALUES"
	" (1, 1, 'churn', 1, 'failed', 1795250000000), (2, 1, 'recsys', 2, 'failed', 1795240000000)",
	"INSERT INTO step VALUES (1, 'check', NULL, NULL, 0), (2, 'train', NULL, NULL, 0), (2, 'ring', NULL, NULL, 1)",
	"INSERT INTO step_edge VALUES (2, 'ring', 'train'), (2, 'train', 'ring')",
	"INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms, started_ms, failed_steps, url) VALUES"
	" (1, 1, 1, 'r1', 'failed', 1795250000000, 1795250000000, 1, 'http://tool/r1'),"
	" (2, 2, 1, 'r2', 'failed', 1795240000000, 1795240000000, 1, 'http://tool/r2')",
	"INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms, is_newest) VALUES"
	" (1, 1, 'check', 1, 'failed', 1795250000000, 1), (2, 2, 'train', 1, 'failed', 1795240000000, 1)",
	"INSERT INTO team.problem (id, kind, key, title, source, pipeline, run, step, attempt, count, severity, state,"
	" known, first_ms, last_ms) VALUES"
	" (1, 'failed', 'k1', 'KeyError: player', 'lab', 'churn', 'r1', 'check', 1, 1, 'production', 'open', 'new',"
	"  1795250000000, 1795250000000),"
	" (2, 'failed', 'k2', 'ValueError: nan', 'lab', 'recsys', 'r2', 'train', 1, 1, 'production', 'open', 'new',"
	"  1795240000000, 1795240000000)",
	"INSERT INTO team.occurrence (problem_id, source, pipeline, run, step, attempt, at_ms) VALUES"
	" (1, 'lab', 'churn', 'r1', 'check', 1, 1795250000000), (2, 'lab', 'recsys', 'r2', 'train', 1, 1795240000000)",
};

static inline void exec(struct bench *p, const char *sql)
{
	struct err err = {0};
	struct store *store = store_open(p->config->catalogue, STORE_SYNC, &err);
	if (!store || !store_exec(store, sql, NULL, 0, NULL, &err))
		fail_msg("%s: %s", sql, err.msg);
	store_close(store);
}

static inline struct config *config_with(const char *dir, const char *more)
{
	struct err err = {0};
	char *text = x_printf("catalogue: sqlite:%s/porthole.db\n%s", dir, more);
	struct config *config = config_parse("portal.yaml", dir, str_of(text), &err);
	if (!config)
		fail_msg("%s", err.msg);
	x_free(text);
	return config;
}

static inline void open_app(struct bench *p, int width, int height)
{
	struct err err = {0};
	p->loop = loop_new();
	p->app = app_new(p->loop, p->config, NULL, false, false, width, height);
	p->app->keymap = keymap_new(p->config, &err);
	if (!p->app->keymap)
		fail_msg("%s", err.msg);
}

static inline void close_app(struct bench *p)
{
	if (p->app) {
		app_free(p->app);
		loop_free(p->loop);
	}
	p->app = NULL;
}

static inline void settle(struct bench *p)
{
	while (app_is_busy(p->app))
		loop_step(p->loop, 1000);
	loop_step(p->loop, 0);
}

static inline void type(struct bench *p, const char *text)
{
	for (; *text; text++)
		app_key(p->app, (unsigned char)*text);
}

/* The screen as text; the caller frees it. */
static inline char *screen(struct bench *p)
{
	struct buf out;
	buf_init(&out, 0);
	app_draw(p->app);
	grid_print(&p->app->grid, false, &out);
	char *text = x_strdup(out.p);
	buf_fini(&out);
	return text;
}

static inline void assert_shows(struct bench *p, const char *text)
{
	char *got = screen(p);
	if (!strstr(got, text))
		fail_msg("'%s' is not shown:\n%s", text, got);
	x_free(got);
}

static inline void assert_hides(struct bench *p, const char *text)
{
	char *got = screen(p);
	if (strstr(got, text))
		fail_msg("'%s' is shown:\n%s", text, got);
	x_free(got);
}

static inline void assert_title(struct bench *p, const char *title)
{
	settle(p);
	assert_non_null(app_top(p->app)->body.data);
	assert_string_equal(app_top(p->app)->body.data->title, title);
}

static inline int setup(void **state)
{
	struct bench *p = x_new(struct bench);
	p->dir = scratch_new();
	static const char *const homes[] = {
		"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"};
	for (size_t i = 0; i < ARRAY_LEN(homes); i++)
		setenv(homes[i], p->dir, 1);
	p->config = config_with(p->dir, "");
	for (size_t i = 0; i < ARRAY_LEN(bench_rows); i++)
		exec(p, bench_rows[i]);
	open_app(p, 110, 30);
	*state = p;
	return 0;
}

static inline int teardown(void **state)
{
	struct bench *p = *state;
	close_app(p);
	config_free(p->config);
	scratch_free(p->dir);
	x_free(p);
	return 0;
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

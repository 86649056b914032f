/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The portal as pictures: keys go in, the grid comes out and is compared with
 * tests/screens/NAME.txt. UPDATE_SCREENS=1 writes them anew: look at the diff.
 * The catalogue is the recorded sample, synced by the real porthole-source.
 */
#include "client/base/buf.h"
#include "client/base/clock.h"
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/catalogue/store.h"
#include "client/sync/sync.h"
#include "tests/catalogue/scratch.h"
#include "tui/app.h"
#include "tui/input.h"
#include "tui/keymap.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static char *scratch;
static struct config *config;

struct screen_case {
	const char *name;
	int width, height;
	const char *keys; /* names of keys, and words in quotes that are typed */
	bool is_ascii;
};

static const struct screen_case cases[] = {
	{"home", 110, 34, "", false},
	{"home-80x24", 80, 24, "", false},
	{"home-200x50", 200, 50, "", false},
	{"home-ascii", 80, 24, "", true},
	{"home-hidden", 110, 24, ".", false},
	{"problem", 110, 34, "Enter", false},
	{"pipeline", 110, 40, "P", false},
	{"run", 110, 34, "R", false},
	{"graph", 110, 24, "D", false},
	{"graph-80x24-ascii", 80, 24, "D", true},
	{"everything", 110, 34, "R x", false},
	{"everything-80x24", 80, 24, "R x", false},
	{"step", 110, 34, "R Enter", false},
	{"log", 110, 34, "l", false},
	{"log-80x24", 80, 24, "l", false},
	{"log-second-cause", 110, 34, "l e", false},
	{"log-evidence", 110, 20, "l L", false},
	{"runs", 110, 24, ": 'runs' Enter", false},
	{"runs-200x50", 200, 50, ": 'runs' Enter", false},
	{"runs-failed", 110, 20, ": 'runs state:failed' Enter", false},
	{"runs-wrong-filter", 110, 12, ": 'runs stat:failed' Enter", false},
	{"runs-nothing", 110, 12, ": 'runs pipeline:nosuch' Enter", false},
	{"home-filter", 110, 16, "/ 'fraud' Enter", false},
	{"home-filter-dropped", 110, 16, "/ 'fraud' Enter q", false},
	{"pipelines", 110, 20, ": 'pipelines' Enter", false},
	{"sources", 110, 12, ": 'sources' Enter", false},
	{"source", 110, 30, ": 'sources' Enter Enter", false},
	{"palette", 110, 24, ": 'rec'", false},
	{"palette-history", 110, 24, ": 'runs state:failed' Enter : 'steps' Enter : Up Up", false},
	{"palette-complete", 110, 24, ": 'runs sta' Tab", false},
	{"palette-saved", 110, 24, ": 'runs state:failed' Enter : 'save red' Enter : 'ru'", false},
	{"search", 110, 24, ": 'search rec' Enter", false},
	{"columns", 110, 24, ": 'runs' Enter C j Space", false},
	{"columns-80x24-ascii", 80, 24, ": 'runs' Enter C", true},
	{"marks", 110, 24, ": 'runs' Enter Space j Space", false},
	{"compare", 110, 30, ": 'runs' Enter Space Space d", false},
	{"copy-menu", 110, 24, "y", false},
	{"history", 110, 24, "h", false},
	{"help", 110, 60, "?", false},
	{"times", 110, 20, ": 'runs' Enter t", false},
	{"docs", 110, 20, ": 'docs' Enter", false},
	{"docs-found", 110, 14, ": 'docs data chek' Enter", false},
	{"doc", 110, 34, ": 'doc:guide/filter' Enter", false},
	{"doc-section", 110, 24, ": 'doc:guide/filter#keys' Enter", false},
	{"doc-80x24-ascii", 80, 24, ": 'doc:runbooks/killed' Enter Tab", true},
	{"runbook", 110, 34, "r", false},
	{"runbook-link", 110, 30, "r Tab Enter", false},
	{"palette-doc", 110, 24, ": 'killed'", false},
	{"page-of-runs", 110, 20, ": 'runs' Enter K", false},
	{"too-small", 39, 9, "", false},
};

static void settle(struct app *app)
{
	while (app_is_busy(app))
		loop_step(app->loop, 1000);
	loop_step(app->loop, 0);
}

static void type(struct app *app, struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		app_key(app, (unsigned char)word.p[i]);
	settle(app);
}

/* Keys by their names; 'quoted words' are typed as they are. */
static void press(struct app *app, const char *keys)
{
	struct str rest = str_of(keys);
	while (rest.n) {
		bool is_text = rest.p[0] == '\'';
		size_t end = str_find(rest, is_text ? STR("'") : STR(" "), 1);
		struct str word = str_slice(rest, is_text ? 1 : 0, end == SIZE_MAX ? rest.n : end);
		if (is_text) {
			type(app, word);
		} else {
			assert_int_not_equal(key_of_name(word), 0);
			app_draw(app); /* as before every key of a person: moves go by what is shown */
			app_key(app, key_of_name(word));
			settle(app);
		}
		rest = str_trim(end == SIZE_MAX ? (struct str){"", 0} : str_slice(rest, end + 1, rest.n));
	}
}

static void picture(const struct screen_case *c, const struct config *shown, struct buf *out)
{
	struct err err = {0};
	struct loop *loop = loop_new();
	struct app *app = app_new(loop, shown, NULL, false, c->is_ascii, c->width, c->height);
	app->keymap = keymap_new(shown, &err);
	assert_non_null(app->keymap);
	settle(app);
	press(app, c->keys);
	app_draw(app);
	grid_print(&app->grid, true, out);
	app_free(app);
	loop_free(loop);
}

static void compare(const char *name, struct str got)
{
	struct buf expected;
	struct err err = {0};
	char *path = x_printf("tests/screens/%s.txt", name);
	buf_init(&expected, 0);
	if (getenv("UPDATE_SCREENS"))
		assert_true(file_write(path, got, &err));
	if (!file_read(path, 1 << 20, &expected, &err))
		fail_msg("%s", err.msg);
	if (!str_eq(buf_str(&expected), got))
		fail_msg("%s differs; got:\n%.*s", path, STR_FMT(got));
	buf_fini(&expected);
	x_free(path);
}

static void test_screen(void **state)
{
	const struct screen_case *c = *state;
	struct buf out;
	buf_init(&out, 0);
	picture(c, config, &out);
	compare(c->name, buf_str(&out));
	buf_fini(&out);
}

static struct config *config_at(const char *catalogue, const char *sources)
{
	struct err err = {0};
	struct buf sample;
	buf_init(&sample, 0);
	if (!sources) {
		assert_true(file_read("sample/portal.yaml", 1 << 20, &sample, &err));
		/* the sample, with its catalogue in our own folder */
		size_t at = str_find(buf_str(&sample), STR("sqlite:../build/sample/porthole.db"), 0);
		assert_int_not_equal(at, SIZE_MAX);
		char *text = x_printf("%.*ssqlite:%s/porthole.db%s", (int)at, sample.p, catalogue,
			sample.p + at + strlen("sqlite:../build/sample/porthole.db"));
		buf_reset(&sample);
		buf_addz(&sample, text);
		x_free(text);
	} else {
		buf_addf(&sample, "catalogue: sqlite:%s/porthole.db\n%s", catalogue, sources);
	}
	struct config *read = config_parse("portal.yaml", "sample", buf_str(&sample), &err);
	if (!read)
		fail_msg("%s", err.msg);
	buf_fini(&sample);
	return read;
}

/* Does SQL to the catalogue, as if sync had seen it, and brings the problems up to date. */
static void change(const char *sql)
{
	struct err err = {0};
	struct problem_counts counts;
	struct store *store = store_open(config->catalogue, STORE_SYNC, &err);
	if (!store || !store_exec(store, sql, NULL, 0, NULL, &err) ||
		!problems_update(store, config, clock_now_ms(), &counts, &err))
		fail_msg("%s", err.msg);
	store_close(store);
}

/* These change what the others show, so they come last and in this order. */
static void test_after_changes(void **state)
{
	static const struct {
		const char *sql;
		struct screen_case screen;
	} steps[] = {
		{"UPDATE health SET state = 'failed', message = 'silent, last heartbeat 2026-11-22T14:34:00Z',"
		 " since_ms = 1795358040000 WHERE component = 'scheduler'",
			{"scheduler-silent", 130, 24, "", false}},
		{"UPDATE source SET state = 'stale', error = 'GET /api/v2/dags: cannot connect to 127.0.0.1:8080:"
		 " connection refused', failures = 2",
			{"source-down", 110, 24, "", false}},
		{"UPDATE source SET state = 'ok', error = NULL, failures = 0",
			{"source-back", 110, 16, "", false}},
		{"UPDATE health SET state = 'ok'", {"scheduler-back", 110, 16, "", false}},
		{"UPDATE step_run SET state = 'success'", {NULL, 0, 0, "", false}},
		{"UPDATE run SET state = 'success'", {"nothing-needs-you", 80, 16, "", false}},
	};
	(void)state;
	change("UPDATE health SET state = 'ok'");
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		change(steps[i].sql);
		if (!steps[i].screen.name)
			continue;
		struct buf out;
		buf_init(&out, 0);
		picture(&steps[i].screen, config, &out);
		compare(steps[i].screen.name, buf_str(&out));
		buf_fini(&out);
	}
}

/* Without a catalogue the first screen says so, and what makes one. */
static void test_no_catalogue(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	struct config *empty = config_at("/nowhere", "");
	picture(&(struct screen_case){"no-catalogue", 80, 12, "", false}, empty, &out);
	compare("no-catalogue", buf_str(&out));
	buf_reset(&out); /* documentation is there all the same */
	picture(&(struct screen_case){"docs-no-catalogue", 80, 16, ": 'doc:runbooks/killed' Enter", false},
		empty, &out);
	compare("docs-no-catalogue", buf_str(&out));
	config_free(empty);
	buf_fini(&out);
}

/* The form that connects a source, over a configuration of one's own. */
static void test_form(void **state)
{
	(void)state;
	struct buf out;
	struct config *own = config_at("/nowhere", "");
	buf_init(&out, 0);
	picture(&(struct screen_case){"form", 80, 24,
			": 'connect airflow' Enter 'prod' Tab 'https://airflow.example.org' Tab Right Tab 'me' Tab",
			false},
		own, &out);
	compare("form", buf_str(&out));
	buf_reset(&out);
	picture(&(struct screen_case){"form-wrong", 80, 24,
			": 'connect mlflow' Enter 'a b' Tab 'ftp://x' Tab", false},
		own, &out);
	compare("form-wrong", buf_str(&out));
	config_free(own);
	buf_fini(&out);
}

static struct app *new_app(struct loop *loop, const char *sessions)
{
	struct err err = {0};
	struct app *app = app_new(loop, config, NULL, false, false, 110, 24);
	app->keymap = keymap_new(config, &err);
	app->session = session_new(sessions, config->catalogue, "xterm");
	assert_non_null(app->session);
	settle(app);
	return app;
}

static void compare_app(const char *name, struct app *app)
{
	struct buf out;
	buf_init(&out, 0);
	app_draw(app);
	grid_print(&app->grid, true, &out);
	compare(name, buf_str(&out));
	buf_fini(&out);
}

/* A link that dropped: the next portal offers where it was, and `-` leads there. */
static void test_session(void **state)
{
	(void)state;
	struct loop *loop = loop_new();
	char *sessions = x_printf("%s/sessions", scratch);
	struct app *app = new_app(loop, sessions);
	press(app, ": 'runs state:failed' Enter j j");
	app->status = 129; /* hung up */
	app_free(app);
	app = new_app(loop, sessions);
	app_offer_session(app);
	compare_app("session-offered", app);
	press(app, "-");
	compare_app("session-restored", app);
	app_free(app);
	loop_free(loop);
	x_free(sessions);
}

/* The sample lies where this checkout does; the pictures must not depend on it. */
static bool hide_path(struct err *err)
{
	struct store *store = store_open(config->catalogue, STORE_SYNC, err);
	bool ok = store &&
		  store_exec(store, "UPDATE source SET url = '/srv/sample/airflow'", NULL, 0, NULL, err);
	if (store)
		store_close(store);
	return ok;
}

static void tell_failure(void *ctx, const struct sync_result *result)
{
	(void)ctx;
	if (result->err)
		print_error("%s: %s\n", result->source, result->err->msg);
}

static int setup(void **state)
{
	(void)state;
	const char *source = getenv("PORTHOLE_SOURCE");
	struct sync_options options = {.since_ms = TIME_NONE, .source_done = tell_failure};
	struct err err = {0};
	int failed;
	setlocale(LC_ALL, "C.UTF-8");
	scratch = scratch_new();
	setenv("XDG_CACHE_HOME", scratch, 1);
	if (source) { /* the program that belongs to us is found beside us, or in PATH */
		char *path =
			x_printf("%.*s:%s", (int)(strrchr(source, '/') - source), source, getenv("PATH"));
		setenv("PATH", path, 1);
		x_free(path);
	}
	config = config_at(scratch, NULL);
	clock_fix(config->recorded_until_ms);
	if (!sync_run(config, &options, &failed, &err) || failed || !hide_path(&err)) {
		print_error("sync of the sample: %s\n", err.msg);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	config_free(config);
	scratch_free(scratch);
	return 0;
}

int main(void)
{
	enum { N = sizeof cases / sizeof *cases };
	struct CMUnitTest tests[N + 4] = {cmocka_unit_test(test_no_catalogue)};
	for (size_t i = 0; i < N; i++)
		tests[i + 1] = (struct CMUnitTest){.name = cases[i].name,
			.test_func = test_screen,
			.initial_state = (void *)(uintptr_t)&cases[i]};
	tests[N + 1] = (struct CMUnitTest)cmocka_unit_test(test_form);
	tests[N + 2] = (struct CMUnitTest)cmocka_unit_test(test_session);
	tests[N + 3] = (struct CMUnitTest)cmocka_unit_test(test_after_changes);
	return cmocka_run_group_tests(tests, setup, teardown);
}

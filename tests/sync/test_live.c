/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curves and artifacts as the portal asks for them, of a plug-in in a process of its own. */
#include "client/live/artifact.h"
#include "client/live/series.h"
#include "client/live/series_cache.h"

#include "client/base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { ENDED_MS = 1795220401000 };

struct scene {
	struct loop *loop;
	struct config *config;
	char *dir;
	struct buf heard;
	struct err err;
	bool is_done;
};

static const struct ref run = {.kind = REF_RUN, .source = "x", .pipeline = "p", .run = "r1"};

static void use_plugin(struct scene *scene, const char *script, const char *mode)
{
	struct err err = {0};
	char *text = x_printf(
		"catalogue: sqlite:/nowhere/x.db\nsources:\n"
		"  - {name: x, kind: plugin, command: [python3, -IS, tests/fixtures/plugins/%s, %s]}\n"
		"  - {name: y, kind: plugin, command: [python3, -IS, tests/fixtures/plugins/%s, bare]}\n",
		script, mode, script);
	config_free(scene->config);
	scene->config = config_parse("portal.yaml", NULL, str_of(text), &err);
	if (!scene->config)
		fail_msg("%s", err.msg);
	x_free(text);
}

static int set_up(void **state)
{
	static struct scene scene;
	char dir[] = "/tmp/porthole-live.XXXXXX";
	scene = (struct scene){.loop = loop_new()};
	if (!mkdtemp(dir))
		return -1;
	scene.dir = x_strdup(dir);
	setenv("XDG_CACHE_HOME", dir, 1);
	buf_init(&scene.heard, 0);
	use_plugin(&scene, "whole.py", "whole");
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;
	char *command = x_printf("rm -rf '%s'", scene->dir);
	int status = system(command);
	x_free(command);
	loop_free(scene->loop);
	config_free(scene->config);
	buf_fini(&scene->heard);
	x_free(scene->dir);
	return status;
}

static void finish(struct scene *scene, const struct err *err)
{
	scene->err = err ? *err : (struct err){0};
	scene->is_done = true;
	loop_stop(scene->loop);
}

static void on_point(void *ctx, const struct source_point *point)
{
	struct scene *scene = ctx;
	buf_addf(&scene->heard, "%s %d %g|", point->metric, (int)point->step, point->value);
}

static void on_points_done(void *ctx, const struct err *err)
{
	finish(ctx, err);
}

static void read_series(struct scene *scene, const struct ref *ref, const char *metric, int64_t ended_ms)
{
	static const struct live_series_ops ops = {.point = on_point, .done = on_points_done};
	const struct live_series_want want = {
		.run = ref, .metrics = &metric, .n_metrics = metric ? 1 : 0, .ended_ms = ended_ms};
	buf_reset(&scene->heard);
	scene->is_done = false;
	struct live_series *series = live_series_open(scene->loop, scene->config, &want, &ops, scene);
	assert_false(scene->is_done);
	loop_run(scene->loop);
	live_series_close(series);
}

static const char loss[] = "loss 0 3|loss 1 2|loss 2 1|";

static void a_curve_of_a_run_that_ended_is_fetched_once(void **state)
{
	struct scene *scene = *state;
	read_series(scene, &run, "loss", ENDED_MS);
	assert_int_equal(scene->err.code, ERR_NONE);
	assert_string_equal(scene->heard.p, loss);
	use_plugin(scene, "nowhere.py", "whole");
	read_series(scene, &run, "loss", ENDED_MS);
	assert_string_equal(scene->err.msg, "");
	assert_string_equal(scene->heard.p, loss);
	read_series(scene, &run, "auc", ENDED_MS);
	assert_int_equal(scene->err.code, ERR_UNAVAILABLE);
	read_series(scene, &run, "loss", ENDED_MS + 1); /* it ended anew */
	assert_int_equal(scene->err.code, ERR_UNAVAILABLE);
}

static void nan_and_infinity_are_kept(void **state)
{
	static const char auc[] = "auc 0 0.1|auc 1 nan|auc 2 0.3|auc 3 inf|";
	struct scene *scene = *state;
	for (int i = 0; i < 2; i++) {
		read_series(scene, &run, "auc", ENDED_MS);
		assert_string_equal(scene->heard.p, auc);
	}
	read_series(scene, &run, NULL, ENDED_MS);
	use_plugin(scene, "nowhere.py", "whole");
	read_series(scene, &run, NULL, ENDED_MS);
	assert_memory_equal(scene->heard.p, auc, sizeof auc - 1);
	assert_string_equal(scene->heard.p + sizeof auc - 1, loss);
}

static void nothing_is_kept_of_a_run_that_goes_on_nor_of_a_failure(void **state)
{
	struct scene *scene = *state;
	char *folder = x_printf("%s/porthole/series", scene->dir);
	read_series(scene, &run, "loss", TIME_NONE);
	assert_string_equal(scene->heard.p, loss);
	use_plugin(scene, "whole.py", "series-error");
	read_series(scene, &run, "loss", ENDED_MS);
	assert_int_equal(scene->err.code, ERR_FAILED);
	use_plugin(scene, "whole.py", "whole");
	read_series(scene, &run, "no such metric", ENDED_MS);
	assert_int_equal(scene->err.code, ERR_NONE);
	assert_int_equal(access(folder, F_OK), -1);
	x_free(folder);
}

static void a_source_without_curves_and_one_that_is_gone_are_told_apart(void **state)
{
	struct scene *scene = *state;
	struct ref other = run;
	other.source = "y";
	read_series(scene, &other, NULL, ENDED_MS);
	assert_int_equal(scene->err.code, ERR_USAGE);
	assert_string_equal(scene->err.msg, "sources of kind 'plugin' have no series");
	other.source = "z";
	read_series(scene, &other, NULL, ENDED_MS);
	assert_int_equal(scene->err.code, ERR_UNAVAILABLE);
}

static void closing_at_once_calls_nobody(void **state)
{
	static const struct live_series_ops ops = {.point = on_point, .done = on_points_done};
	static const struct live_artifact_ops none = {0};
	struct scene *scene = *state;
	const struct live_series_want want = {.run = &run, .ended_ms = TIME_NONE};
	struct live_series *series = live_series_open(scene->loop, scene->config, &want, &ops, scene);
	struct live_artifact *artifact =
		live_artifact_list(scene->loop, scene->config, &run, "", &none, scene);
	live_series_close(series);
	live_artifact_close(artifact);
	live_series_close(NULL);
	live_artifact_close(NULL);
	loop_step(scene->loop, 0);
	assert_false(scene->is_done);
}

/* --- the cache by itself ------------------------------------------------------------ */

/* Keeps N points whose metric is called NAME, under METRIC. */
static void keep_points(struct scene *scene, const char *metric, const char *name, int64_t n)
{
	const struct series_key key = {&run, metric, 0, ENDED_MS};
	struct buf lines;
	buf_init(&lines, SERIES_MOST_FILE);
	for (int64_t i = 0; i < n; i++)
		series_cache_add(&lines, &(struct source_point){name, i, TIME_NONE, (double)i});
	series_cache_write(scene->dir, &key, buf_str(&lines));
	buf_fini(&lines);
}

static void skip_point(void *ctx, const struct source_point *point)
{
	(void)ctx;
	(void)point;
}

static bool is_kept(struct scene *scene, const char *metric)
{
	const struct series_key key = {&run, metric, 0, ENDED_MS};
	buf_reset(&scene->heard);
	return series_cache_read(scene->dir, &key, on_point, scene);
}

static void a_file_that_was_cut_is_not_there(void **state)
{
	struct scene *scene = *state;
	keep_points(scene, "m", "m", 3);
	assert_true(is_kept(scene, "m"));
	assert_string_equal(scene->heard.p, "m 0 0|m 1 1|m 2 2|");
	assert_false(is_kept(scene, "n"));
	static const char *const cuts[] = {"sed -i '$d'", "truncate -s -3"}; /* at a line, in a line */
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
		keep_points(scene, "m", "m", 3);
		char *command = x_printf("%s '%s'/*.jsonl", cuts[i], scene->dir);
		assert_int_equal(system(command), 0);
		x_free(command);
		assert_false(is_kept(scene, "m"));
		assert_int_equal(scene->heard.n, 0);
	}
}

static void the_folder_is_bounded(void **state)
{
	enum { FILES = 12 };
	struct scene *scene = *state;
	char *name = x_calloc(1 << 20, 1);
	char metric[FILES][8];
	int n_kept = 0;
	memset(name, 'x', (1 << 20) - 1);
	for (int i = 0; i < FILES; i++) {
		snprintf(metric[i], sizeof metric[i], "m%d", i);
		keep_points(scene, metric[i], name, 6); /* some 6 MB */
	}
	for (int i = 0; i < FILES; i++) {
		const struct series_key key = {&run, metric[i], 0, ENDED_MS};
		n_kept += series_cache_read(scene->dir, &key, skip_point, NULL);
	}
	assert_in_range(n_kept, 8, FILES - 1);
	assert_true(n_kept * 6 <= SERIES_MOST_FOLDER >> 20);
	x_free(name);
}

/* --- artifacts ------------------------------------------------------------------------ */

static void on_entry(void *ctx, const struct source_entry *entry)
{
	struct scene *scene = ctx;
	buf_addf(&scene->heard, "%s%s|", entry->path, entry->is_dir ? "/" : "");
}

static void on_bytes(void *ctx, struct str bytes)
{
	struct scene *scene = ctx;
	buf_add(&scene->heard, bytes);
}

static void on_artifact_done(void *ctx, int64_t offset, bool complete, const struct err *err)
{
	struct scene *scene = ctx;
	buf_addf(&scene->heard, "%d %d", (int)offset, complete);
	finish(scene, err);
}

static const struct live_artifact_ops artifact_ops = {
	.entry = on_entry, .bytes = on_bytes, .done = on_artifact_done};

static void artifacts_are_listed_and_read(void **state)
{
	struct scene *scene = *state;
	struct live_artifact *artifact =
		live_artifact_list(scene->loop, scene->config, &run, "", &artifact_ops, scene);
	loop_run(scene->loop);
	live_artifact_close(artifact);
	assert_string_equal(scene->heard.p, "model/|note.txt|big.bin|0 1");
	buf_reset(&scene->heard);
	artifact = live_artifact_read(scene->loop, scene->config, &run, "note.txt", 8, &artifact_ops, scene);
	loop_run(scene->loop);
	live_artifact_close(artifact);
	assert_string_equal(scene->heard.p, "three\n14 1");
}

static void an_artifact_that_is_not_there_is_told(void **state)
{
	struct scene *scene = *state;
	struct ref other = run;
	struct live_artifact *artifact =
		live_artifact_read(scene->loop, scene->config, &run, "nothing", 0, &artifact_ops, scene);
	loop_run(scene->loop);
	live_artifact_close(artifact);
	assert_int_equal(scene->err.code, ERR_NOT_FOUND);
	other.source = "y";
	artifact = live_artifact_list(scene->loop, scene->config, &other, "", &artifact_ops, scene);
	loop_run(scene->loop);
	live_artifact_close(artifact);
	assert_int_equal(scene->err.code, ERR_USAGE);
	other.source = "z";
	artifact = live_artifact_list(scene->loop, scene->config, &other, "", &artifact_ops, scene);
	loop_run(scene->loop);
	live_artifact_close(artifact);
	assert_int_equal(scene->err.code, ERR_UNAVAILABLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		TEST(a_curve_of_a_run_that_ended_is_fetched_once),
		TEST(nan_and_infinity_are_kept),
		TEST(nothing_is_kept_of_a_run_that_goes_on_nor_of_a_failure),
		TEST(a_source_without_curves_and_one_that_is_gone_are_told_apart),
		TEST(closing_at_once_calls_nobody),
		TEST(a_file_that_was_cut_is_not_there),
		TEST(the_folder_is_bounded),
		TEST(artifacts_are_listed_and_read),
		TEST(an_artifact_that_is_not_there_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

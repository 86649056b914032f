/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forms, and the one that connects a source: what it asks, refuses, tries and writes. */
#include "client/base/yaml.h"
#include "tests/tui/bench.h"
#include "tui/connect.h"
#include "tui/portal_yaml.h"
#include "tui/remember.h"
#include "tui/yaml_text.h"

#include <sys/stat.h>

/* --- YAML that a person wrote ----------------------------------------------------------- */

static void appended(const char *before, const char *expected)
{
	struct err err = {0};
	struct buf out;
	buf_init(&out, 0);
	if (!yaml_text_append("f", str_of(before), "sources", STR("name: b\nkind: local\n"), &out, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(out.p, expected);
	buf_fini(&out);
}

static void test_an_item_goes_behind_the_others_as_they_stand(void **state)
{
	(void)state;
	appended("", "sources:\n  - name: b\n    kind: local\n");
	appended("user: me", "user: me\n\nsources:\n  - name: b\n    kind: local\n");
	appended("sources:\n- name: a\n  kind: x # why\n\n# keys\nkeys: {}\n",
		"sources:\n- name: a\n  kind: x # why\n- name: b\n  kind: local\n\n# keys\nkeys: {}\n");
	appended("sources:\n    - {name: a}\n    # later\n",
		"sources:\n    - {name: a}\n    # later\n    - name: b\n      kind: local\n");
	appended("sources:\nuser: me\n", "sources:\n  - name: b\n    kind: local\nuser: me\n");
	appended("sources:\n  - name: a\n    command: |\n      x\n\n      y\n", /* a text of several lines */
		"sources:\n  - name: a\n    command: |\n      x\n\n      y\n  - name: b\n    kind: local\n");
}

static void refused(const char *before, const char *why)
{
	struct err err = {0};
	struct buf out;
	buf_init(&out, 0);
	assert_false(yaml_text_append("f", str_of(before), "sources", STR("name: b\n"), &out, &err));
	if (!strstr(err.msg, why))
		fail_msg("%s", err.msg);
	buf_fini(&out);
}

static void test_what_is_not_written_as_people_do_is_refused(void **state)
{
	(void)state;
	refused("sources: []\n", "not written as a list with a dash a line");
	refused("sources: [{name: a}]\n", "not written as a list with a dash a line");
	refused("{sources: [{name: a}]}\n", "does not start its line");
	refused("  sources:\n    - name: a\n", "does not start its line");
	refused("- a\n", "a map is expected");
	refused("sources: [\n", "f:");
}

static void test_scalars_read_back_as_they_were(void **state)
{
	static const char *const texts[] = {"plain", "https://h:8080/x", "a: b", "#x", "yes", "NULL", "12",
		"1e5", "", " x ", "-", "~", "é", "a\"b", "'", "{x}", "a,b", "*", "&x", "%x", "@x", ":",
		"x:", "a #b", "."};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = {0};
		struct buf out;
		struct arena *arena = arena_new();
		buf_init(&out, 0);
		buf_addz(&out, "k: ");
		yaml_text_add_scalar(&out, str_of(texts[i]));
		const struct yaml *root = yaml_parse(arena, "t", buf_str(&out), &err);
		if (!root)
			fail_msg("%s: %s", out.p, err.msg);
		bool is_ours;
		assert_string_equal(root->items[0].text.p, texts[i]);
		assert_false(yaml_is_null(&root->items[0]) || yaml_bool(&root->items[0], &is_ours));
		buf_fini(&out);
		arena_free(arena);
	}
}

/* --- portal.yaml -------------------------------------------------------------------------- */

static char *write_config(struct bench *p, const char *text)
{
	struct err err = {0};
	char *path = x_printf("%s/portal.yaml", p->dir);
	assert_true(file_write(path, str_of(text), &err));
	return path;
}

static char *text_of(const char *path)
{
	struct err err = {0};
	struct buf text;
	buf_init(&text, 0);
	if (!file_read(path, 1 << 20, &text, &err))
		fail_msg("%s", err.msg);
	char *copy = x_strdup(text.p ? text.p : "");
	buf_fini(&text);
	return copy;
}

static void assert_text(const char *path, const char *expected)
{
	char *text = text_of(path);
	assert_string_equal(text, expected);
	x_free(text);
}

static void test_a_file_that_is_wrong_already_is_left_alone(void **state)
{
	struct bench *p = *state;
	struct err err = {0};
	const char *text = "souces:\n  - name: a\n";
	char *path = write_config(p, text);
	assert_false(portal_yaml_add(path, STR("name: b\nkind: local\npath: /tmp\n"), &err));
	assert_non_null(strstr(err.msg, "unknown key 'souces'"));
	assert_text(path, text);
	x_free(path);
}

static void test_a_second_source_of_a_name_is_not_written(void **state)
{
	struct bench *p = *state;
	struct err err = {0};
	const char *text = "sources:\n  - {name: b, kind: local, path: /tmp}\n";
	char *path = write_config(p, text);
	assert_false(portal_yaml_add(path, STR("name: b\nkind: local\npath: /tmp\n"), &err));
	assert_non_null(strstr(err.msg, "'b' is in line 2 already"));
	assert_text(path, text);
	x_free(path);
}

static void test_a_file_that_may_not_be_written_is_refused(void **state)
{
	struct bench *p = *state;
	struct err err = {0};
	char *path = write_config(p, "");
	assert_int_equal(chmod(path, 0666), 0); /* everybody may write it: nobody may trust it */
	assert_false(portal_yaml_add(path, STR("name: b\nkind: local\npath: /tmp\n"), &err));
	assert_int_equal(err.code, ERR_REFUSED);
	if (geteuid() == 0) {
		assert_int_equal(chmod(path, 0600) | chown(path, 65534, 65534), 0);
		assert_false(portal_yaml_add(path, STR("name: b\nkind: local\npath: /tmp\n"), &err));
		assert_non_null(strstr(err.msg, "is not yours"));
	}
	assert_text(path, "");
	x_free(path);
}

static void test_a_link_stays_a_link(void **state)
{
	struct bench *p = *state;
	struct err err = {0};
	struct stat st;
	char *path = write_config(p, "user: me\n"), *link = x_printf("%s/link.yaml", p->dir);
	assert_int_equal(symlink(path, link), 0);
	assert_true(portal_yaml_add(link, STR("name: b\nkind: local\npath: /tmp\n"), &err));
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_text(path, "user: me\n\nsources:\n  - name: b\n    kind: local\n    path: /tmp\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	x_free(link);
	x_free(path);
}

/* --- the form ----------------------------------------------------------------------------- */

static void tab(struct bench *p, int times)
{
	for (int i = 0; i < times; i++)
		app_key(p->app, K_TAB);
}

static void test_each_field_is_checked_as_it_is_left(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":connect airflow\r.bad");
	tab(p, 1);
	assert_shows(p, "'name' must be 1 to 64 of"); /* the option table's own words */
	type(p, "ftp://x");
	tab(p, 1);
	assert_shows(p, "http");
	app_key(p->app, K_ESC);
	assert_shows(p, "nothing was written");
	assert_int_equal(p->app->mode, MODE_KEYS);
}

static void test_a_name_that_is_taken_is_told_at_once(void **state)
{
	struct bench *p = *state;
	close_app(p);
	config_free(p->config);
	p->config = config_with(p->dir, "sources:\n  - {name: lab, kind: local, path: /tmp}\n");
	open_app(p, 110, 30);
	type(p, ":connect mlflow\rlab\t");
	assert_shows(p, "a source of that name is configured already");
}

static void test_it_asks_for_what_the_kind_and_the_login_need(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":connect local\r");
	assert_shows(p, "path");
	assert_hides(p, "login");
	app_key(p->app, K_BACKTAB);
	type(p, "a"); /* airflow, arize */
	assert_shows(p, "login");
}

static void test_a_missing_field_is_told_before_anything_is_tried(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":connect airflow\rx\r\r\r");
	assert_false(connect_is_busy(p->app->connect));
	assert_shows(p, "needs 'url'");
}

/* A plug-in that answers hello and has nothing. */
static const char plug_in[] =
	"#!/bin/sh\n"
	"while read -r line; do\n"
	"  id=$(printf %s \"$line\" | sed -n 's/.*\"id\":\\([0-9]*\\).*/\\1/p')\n"
	"  case $line in\n"
	"  *'\"hello\"'*) echo \"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":$id,\\\"result\\\":"
	"{\\\"protocol\\\":1,\\\"source\\\":\\\"x\\\",\\\"methods\\\":[\\\"pull\\\"]}}\" ;;\n"
	"  *'\"pull\"'*) echo \"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":$id,\\\"result\\\":{}}\" ;;\n"
	"  esac\n"
	"done\n";

static char *new_plug_in(struct bench *p)
{
	struct err err = {0};
	char *path = x_printf("%s/plug-in", p->dir);
	assert_true(file_write(path, str_of(plug_in), &err));
	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

/* Fills the form for a plug-in at PATH, up to the question whether to write it. */
static void fill_plug_in(struct bench *p, const char *path)
{
	type(p, ":connect plugin\rmine\t\t");
	type(p, path);
	type(p, "\r\r");
	settle(p);
}

static void test_it_tries_the_source_and_shows_what_it_will_write(void **state)
{
	struct bench *p = *state;
	settle(p);
	char *path = new_plug_in(p);
	fill_plug_in(p, path);
	assert_shows(p, "it answers; there is nothing in it yet");
	assert_shows(p, "  - name: mine\n");
	x_free(path);
}

static void test_what_cannot_be_reached_says_why(void **state)
{
	struct bench *p = *state;
	settle(p);
	fill_plug_in(p, "/nowhere/at/all");
	assert_shows(p, "/nowhere/at/all");
	assert_shows(p, "Enter write it   Esc back to the fields");
	app_key(p->app, K_ESC); /* and once more into the fields */
	assert_shows(p, "command");
}

static void test_trying_can_be_stopped(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":connect plugin\rmine\t\tsleep 60\r\r");
	assert_true(connect_is_busy(p->app->connect));
	assert_shows(p, "asking it");
	app_key(p->app, K_ESC);
	assert_false(connect_is_busy(p->app->connect));
	assert_shows(p, "not tried to the end");
}

static void test_the_portal_can_be_left_while_it_tries(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":connect plugin\rmine\t\tsleep 60\r\r");
	close_app(p);
}

static void test_it_writes_and_the_portal_takes_it_over(void **state)
{
	struct bench *p = *state;
	char *plug = new_plug_in(p), *dir = x_printf("%s/porthole", p->dir);
	char *path = x_printf("%s/portal.yaml", dir),
	     *before = x_printf("# mine\ncatalogue: sqlite:%s/porthole.db\n", p->dir);
	struct err err = {0};
	assert_true(file_make_dir(dir, &err) && file_write(path, str_of(before), &err));
	remember_start(p->app);
	settle(p);
	fill_plug_in(p, plug);
	type(p, "\r");
	settle(p);
	assert_shows(p, "'mine' is in ");
	char *expected =
		x_printf("%s\nsources:\n  - name: mine\n    kind: plugin\n    command: [%s]\n", before, plug);
	assert_text(path, expected);
	while (!config_source(p->app->config, "mine")) {
		remember_tick(p->app);
		loop_step(p->loop, 100);
	}
	x_free(expected);
	x_free(before);
	x_free(path);
	x_free(dir);
	x_free(plug);
}

static void test_the_recorded_sample_is_not_written_to(void **state)
{
	struct bench *p = *state;
	close_app(p);
	config_free(p->config);
	p->config = config_with(p->dir, "recorded_until: 2026-11-22T00:00:00Z\n");
	open_app(p, 110, 30);
	settle(p);
	type(p, ":connect\r");
	assert_shows(p, "this is a recorded sample");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_item_goes_behind_the_others_as_they_stand),
		cmocka_unit_test(test_what_is_not_written_as_people_do_is_refused),
		cmocka_unit_test(test_scalars_read_back_as_they_were),
		BENCH_TEST(test_a_file_that_is_wrong_already_is_left_alone),
		BENCH_TEST(test_a_second_source_of_a_name_is_not_written),
		BENCH_TEST(test_a_file_that_may_not_be_written_is_refused),
		BENCH_TEST(test_a_link_stays_a_link),
		BENCH_TEST(test_each_field_is_checked_as_it_is_left),
		BENCH_TEST(test_a_name_that_is_taken_is_told_at_once),
		BENCH_TEST(test_it_asks_for_what_the_kind_and_the_login_need),
		BENCH_TEST(test_a_missing_field_is_told_before_anything_is_tried),
		BENCH_TEST(test_it_tries_the_source_and_shows_what_it_will_write),
		BENCH_TEST(test_what_cannot_be_reached_says_why),
		BENCH_TEST(test_trying_can_be_stopped),
		BENCH_TEST(test_the_portal_can_be_left_while_it_tries),
		BENCH_TEST(test_it_writes_and_the_portal_takes_it_over),
		BENCH_TEST(test_the_recorded_sample_is_not_written_to),
	};
	setlocale(LC_ALL, "C.UTF-8");
	clock_fix(INT64_C(1795262400000));
	return cmocka_run_group_tests(tests, NULL, NULL);
}

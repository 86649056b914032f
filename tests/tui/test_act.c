/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `!`: what is offered, shown, confirmed and done; on a plug-in that keeps what it was asked. */
#include "tests/tui/bench.h"
#include "tui/act_panel.h"
#include "tui/cmd.h"

#include <time.h>

/* Acts on nothing: a line a call goes to the file `calls`. While there is a file `changed`, its state is
 * another. */
static const char plug_in[] =
	"import json, os, sys\n"
	"here = os.path.dirname(os.path.abspath(__file__))\n"
	"for line in sys.stdin:\n"
	"    ask = json.loads(line)\n"
	"    p = ask['params']\n"
	"    result = {'protocol': 1, 'name': 'lab', 'methods': ['act'],\n"
	"              'verbs': ['rerun', 'trigger', 'cancel', 'defragment']}\n"
	"    if ask['method'] == 'act':\n"
	"        conf = p['args'].get('conf')\n"
	"        with open(here + '/calls', 'a') as f:\n"
	"            print('would' if p['dry_run'] else 'did', p['verb'], p['ref'], *([json.dumps(conf)] if conf else []), file=f)\n"
	"        state = 'success' if os.path.exists(here + '/changed') else 'failed'\n"
	"        result = {'effect': ['start ' + p['ref'] + ' anew (' + state + ')'], 'done': 'no'} if p['dry_run'] else \\\n"
	"            {'done': 'yes', 'message': 'started'}\n"
	"    print(json.dumps({'jsonrpc': '2.0', 'id': ask['id'], 'result': result}), flush=True)\n";

static void write_file(const struct bench *p, const char *name, const char *text)
{
	struct err err = {0};
	char *path = x_printf("%s/%s", p->dir, name);
	if (!file_write(path, str_of(text), &err))
		fail_msg("%s", err.msg);
	x_free(path);
}

static char *calls(const struct bench *p)
{
	struct err err = {0};
	struct buf text;
	char *path = x_printf("%s/calls", p->dir);
	buf_init(&text, 1 << 20);
	(void)file_read(path, 1 << 20, &text, &err);
	char *copy = x_strdup(text.p ? text.p : "");
	buf_fini(&text);
	x_free(path);
	return copy;
}

static void assert_calls(const struct bench *p, const char *expected)
{
	char *got = calls(p);
	assert_string_equal(got, expected);
	x_free(got);
}

/* A portal whose source `lab` is the plug-in; MORE is YAML. */
static void open_lab(struct bench *p, const char *more)
{
	write_file(p, "lab.py", plug_in);
	close_app(p);
	config_free(p->config);
	char *yaml = x_printf(
		"sources:\n"
		"  - {name: lab, kind: plugin, command: [python3, \"%s/lab.py\"], actions: true}\n%s",
		p->dir, more);
	p->config = config_with(p->dir, yaml);
	x_free(yaml);
	open_app(p, 110, 30);
	settle(p);
}

static void key(struct bench *p, uint32_t code)
{
	app_key(p->app, code);
	settle(p);
}

static void test_it_is_offered_shown_and_done_on_a_yes(void **state)
{
	struct bench *p = *state;
	open_lab(p, "");
	key(p, '!');
	assert_shows(p, "lab/churn/r1/check");
	assert_shows(p, "r  rerun");
	assert_shows(p, "R  rerun the run");
	assert_shows(p, "t  trigger");
	assert_shows(p, "defragment");
	assert_hides(p, "pause");
	key(p, 'r');
	assert_shows(p, "start churn/r1/check anew (failed)");
	assert_shows(p, "rerun it? y does");
	key(p, 'y');
	assert_shows(p, "rerun lab/churn/r1/check: done: started");
	assert_calls(p, "would rerun churn/r1/check\nwould rerun churn/r1/check\ndid rerun churn/r1/check\n");
}

static void test_what_was_typed_before_the_question_is_no_answer(void **state)
{
	struct bench *p = *state;
	open_lab(p, "");
	type(p, "!ry"); /* r is for the menu, y for a question that is not there */
	settle(p);
	app_key(p->app, 'y'); /* it is there, but nobody has seen it */
	settle(p);
	assert_shows(p, "rerun it? y does");
	assert_calls(p, "would rerun churn/r1/check\n");
	key(p, K_PASTE);
	assert_shows(p, "pasted text confirms nothing");
	key(p, K_ENTER);
	key(p, K_ESC);
	assert_shows(p, "nothing was done");
	assert_calls(p, "would rerun churn/r1/check\n");
}

static void test_in_production_its_name_is_typed(void **state)
{
	struct bench *p = *state;
	open_lab(p, "projects:\n  - {name: discovery, pipelines: [\"lab/churn\"]}\n");
	type(p, "!");
	settle(p);
	key(p, 'r');
	assert_shows(p, "project discovery, production");
	assert_shows(p, "Type churn and Enter:");
	key(p, 'y');
	key(p, K_ENTER);
	assert_shows(p, "that is not its name");
	key(p, K_BACKSPACE);
	type(p, "churn");
	assert_calls(p, "would rerun churn/r1/check\n");
	key(p, K_ENTER);
	assert_shows(p, "done: started");
}

static void test_it_is_done_to_what_was_meant_though_the_list_moved(void **state)
{
	struct bench *p = *state;
	open_lab(p, "");
	key(p, '!');
	key(p, 'r');
	assert_shows(p, "churn/r1/check");
	exec(p, "UPDATE team.problem SET state = 'resolved' WHERE id = 1");
	frame_reload(app_top(p->app));
	settle(p);
	assert_shows(p, "churn/r1/check");
	key(p, 'y');
	assert_calls(p, "would rerun churn/r1/check\nwould rerun churn/r1/check\ndid rerun churn/r1/check\n");
}

static void test_several_marked_ones_are_one_action_with_a_name(void **state)
{
	struct bench *p = *state;
	open_lab(p, "");
	app_open_view(p->app, view_find("runs"), "");
	settle(p);
	type(p, " j ");
	key(p, '!');
	assert_shows(p, "2 marked");
	key(p, 'x');
	assert_shows(p, "cancel these 2? Type lab and Enter:");
	type(p, "lab");
	key(p, K_ENTER);
	assert_shows(p, "cancel: 2 of 2 done");
}

static void test_marked_problems_stand_for_where_they_occurred(void **state)
{
	struct bench *p = *state;
	open_lab(p, "");
	type(p, " j ");
	key(p, '!');
	assert_shows(p, "2 marked");
	key(p, 'r');
	assert_shows(p, "start churn/r1/check anew");
	assert_shows(p, "start recsys/r2/train anew");
}

static void test_what_changed_meanwhile_is_shown_and_not_done(void **state)
{
	struct bench *p = *state;
	open_lab(p, "");
	key(p, '!');
	key(p, 'r');
	assert_shows(p, "(failed)");
	write_file(p, "changed", "");
	key(p, 'y');
	assert_shows(p, "changed meanwhile, not done: start churn/r1/check anew (success)");
	assert_calls(p, "would rerun churn/r1/check\nwould rerun churn/r1/check\n");
}

static void test_a_trigger_asks_for_its_parameters(void **state)
{
	struct bench *p = *state;
	open_lab(p, "");
	key(p, '!');
	key(p, 't');
	assert_shows(p, "parameters");
	type(p, "scale=2 who=me odd");
	key(p, K_ENTER);
	key(p, K_ENTER);
	assert_shows(p, "'odd' is not KEY=VALUE");
	for (int i = 0; i < 4; i++)
		key(p, K_BACKSPACE);
	key(p, K_ENTER);
	key(p, K_ENTER);
	assert_shows(p, "start churn anew");
	key(p, 'y');
	assert_shows(p, "trigger lab/churn: done");
	char *got = calls(p);
	assert_non_null(strstr(got, "did trigger churn {\"scale\": 2, \"who\": \"me\"}\n"));
	x_free(got);
}

static void test_what_helped_before_is_offered_first(void **state)
{
	struct bench *p = *state;
	exec(p, "INSERT INTO team.problem_event (problem_id, at_ms, who, verb) VALUES (1, 1000, 'sync', 'opened'),"
		" (1, 3000, 'sync', 'resolved'), (1, 1795250000000, 'sync', 'returned')");
	exec(p, "INSERT INTO team.audit (at_ms, who, verb, object_ref, args, result) VALUES"
		" (2000, 'ana', 'trigger', 'lab/churn', '{\"nonce\":\"x\",\"conf\":{\"memory\":\"12g\"}}', 'done')");
	open_lab(p, "");
	key(p, '!');
	assert_shows(p, "w  run with memory=12g");
	assert_shows(p, "that helped 1 of 1 times");
	key(p, 'w');
	assert_shows(p, "start churn anew");
	key(p, 'y');
	assert_shows(p, "trigger lab/churn: done");
	char *got = calls(p);
	assert_non_null(strstr(got, "did trigger churn {\"memory\": \"12g\"}\n"));
	x_free(got);
}

static void test_a_trigger_starts_from_the_parameters_of_its_run(void **state)
{
	struct bench *p = *state;
	exec(p, "INSERT INTO param VALUES (1, 'scale', '2'), (1, 'who', 'me')");
	open_lab(p, "");
	key(p, '!');
	key(p, 't');
	assert_shows(p, "scale=2 who=me");
	key(p, K_ESC);
	exec(p, "INSERT INTO param VALUES (1, 'why', 'two words'), (1, 'list', '[1, 2]')");
	key(p, '!');
	key(p, 't');
	assert_shows(p, "{\"list\":[1, 2],\"scale\":2,\"who\":\"me\",\"why\":\"two words\"}");
	key(p, K_ENTER);
	key(p, K_ENTER);
	assert_shows(p, "start churn anew");
	key(p, 'y');
	char *got = calls(p);
	assert_non_null(
		strstr(got, "did trigger churn {\"list\": [1, 2], \"scale\": 2, \"who\": \"me\", \"why\": "));
	x_free(got);
}

static void test_where_nothing_may_be_done_it_is_said_why(void **state)
{
	struct bench *p = *state;
	open_lab(p, "read_only: true\ncommands:\n  - {name: look, command: [echo, x]}\n");
	key(p, '!');
	assert_shows(p, "read-only: nothing is done to a tool");
	assert_hides(p, "look");
	assert_calls(p, "");
}

static void test_a_command_of_ones_own_is_shown_before_it_runs(void **state)
{
	struct bench *p = *state;
	open_lab(p,
		"commands:\n"
		"  - {name: look it up, on: [step], command: [echo, \"{run} of {pipeline};\", \"{url}\", \"{x}\"]}\n"
		"  - {name: of pipelines, on: [pipeline], command: [echo]}\n");
	key(p, '!');
	assert_shows(p, "look it up");
	assert_hides(p, "of pipelines");
	key(p, K_END);
	key(p, K_ENTER);
	assert_shows(p, "r1 of churn;");
	assert_shows(p, "http://tool/r1");
	assert_shows(p, "{x}");
	key(p, 'y');
	assert_shows(p, "look it up ended with status 0: r1 of churn; http://tool/r1 {x}");
	assert_calls(p, "");
}

static void test_what_is_no_tools_object_is_left_alone(void **state)
{
	struct bench *p = *state;
	open_lab(p, "");
	app_open_view(p->app, view_find("projects"), "");
	settle(p);
	key(p, '!');
	assert_shows(p, "nothing here that a tool could do something to");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_it_is_offered_shown_and_done_on_a_yes),
		BENCH_TEST(test_what_was_typed_before_the_question_is_no_answer),
		BENCH_TEST(test_in_production_its_name_is_typed),
		BENCH_TEST(test_it_is_done_to_what_was_meant_though_the_list_moved),
		BENCH_TEST(test_several_marked_ones_are_one_action_with_a_name),
		BENCH_TEST(test_marked_problems_stand_for_where_they_occurred),
		BENCH_TEST(test_what_changed_meanwhile_is_shown_and_not_done),
		BENCH_TEST(test_a_trigger_asks_for_its_parameters),
		BENCH_TEST(test_what_helped_before_is_offered_first),
		BENCH_TEST(test_a_trigger_starts_from_the_parameters_of_its_run),
		BENCH_TEST(test_where_nothing_may_be_done_it_is_said_why),
		BENCH_TEST(test_a_command_of_ones_own_is_shown_before_it_runs),
		BENCH_TEST(test_what_is_no_tools_object_is_left_alone),
	};
	clock_fix(1795262400000);
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

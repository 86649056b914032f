/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/explain.h"

#include "client/base/buf.h"
#include "client/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LOGS "tests/fixtures/logs/"

/* Bigger than the window, so that it moves. */
enum { MANY_LINES = 20000 };

static int new_arena(void **state)
{
	*state = arena_new();
	return 0;
}

static int free_arena(void **state)
{
	arena_free(*state);
	return 0;
}

static struct explanation explain_in_steps(struct arena *arena, struct str log, size_t step)
{
	struct explainer *explainer = explain_new();
	for (size_t at = 0; at < log.n; at += step)
		explain_feed(explainer, str_slice(log, at, at + step));
	struct explanation explanation = explain_finish(explainer, arena);
	explain_free(explainer);
	return explanation;
}

static struct explanation explain(struct arena *arena, const char *log)
{
	return explain_in_steps(arena, str_of(log), SIZE_MAX / 2);
}

static void read_file(struct buf *out, const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		fail_msg("cannot open %s: run from the top of the tree", path);
	size_t n;
	do {
		char *room = buf_reserve(out, 1 << 16);
		n = fread(room, 1, 1 << 16, file);
		out->n += n;
	} while (n > 0);
	fclose(file);
}

static void add_many_lines(struct buf *out, int n)
{
	for (int i = 0; i < n; i++)
		buf_addf(out, "2026-11-22T13:17:45.774Z INFO step=%d loss=0.%d rows read and written\n", i,
			9999 - i % 9999);
}

static void expect_cause(void **state, const char *log, int64_t line, const char *text)
{
	struct explanation explanation = explain(*state, log);
	assert_true(explanation.n_candidates > 0);
	assert_string_equal(explanation.candidates[0].text, text);
	assert_int_equal(explanation.candidates[0].line, line);
}

/* --- the logs of tests/fixtures/logs --------------------------------------- */

static bool is_expected(const struct explanation *explanation, int64_t line, const char *cause)
{
	if (line == 0)
		return explanation->n_candidates == 0 || explanation->candidates[0].score <= 0.5;
	return explanation->n_candidates > 0 && explanation->candidates[0].line == line &&
	       strstr(explanation->candidates[0].text, cause);
}

static bool check_log(struct arena *arena, struct str row)
{
	struct str file, number, cause;
	int64_t line = 0;
	assert_true(str_next(&row, '\t', &file) && str_next(&row, '\t', &number));
	assert_true(str_next(&row, '\t', &cause) && str_to_int(number, 0, INT32_MAX, &line));
	struct buf log;
	buf_init(&log, 0);
	read_file(&log, arena_printf(arena, LOGS "%.*s", STR_FMT(file)));
	struct explanation explanation = explain_in_steps(arena, buf_str(&log), SIZE_MAX / 2);
	buf_fini(&log);
	if (is_expected(&explanation, line, arena_dup(arena, cause)))
		return true;
	print_error("%.*s: wanted line %d '%.*s', got line %d '%s'\n", STR_FMT(file), (int)line,
		STR_FMT(cause), explanation.n_candidates ? (int)explanation.candidates[0].line : 0,
		explanation.n_candidates ? explanation.candidates[0].text : "");
	return false;
}

static void the_cause_of_each_log_is_found(void **state)
{
	struct buf table;
	buf_init(&table, 0);
	read_file(&table, LOGS "expect.tsv");
	struct str rest = buf_str(&table), row;
	int n_wrong = 0;
	while (str_next(&rest, '\n', &row))
		if (row.n > 0)
			n_wrong += !check_log(*state, row);
	buf_fini(&table);
	assert_int_equal(n_wrong, 0);
}

/* --- chains ----------------------------------------------------------------- */

#define FRAME  "  File \"/srv/dags/churn.py\", line 41, in load\n"
#define DIRECT "\nThe above exception was the direct cause of the following exception:\n\n"
#define DURING "\nDuring handling of the above exception, another exception occurred:\n\n"
#define HEAD   "Traceback (most recent call last):\n"

static void a_direct_cause_is_the_root(void **state)
{
	expect_cause(state, HEAD FRAME "OSError: no shard\n" DIRECT HEAD FRAME "LoadError: incomplete\n", 3,
		"OSError: no shard");
}

static void an_implicit_chain_ends_in_the_bug(void **state)
{
	expect_cause(state, HEAD FRAME "ValueError: 'n/a'\n" DURING HEAD FRAME "KeyError: 'age'\n", 9,
		"KeyError: 'age'");
}

static void an_exit_from_a_handler_is_not_the_bug(void **state)
{
	expect_cause(state, HEAD FRAME "ValueError: 'n/a'\n" DURING HEAD FRAME "SystemExit: 1\n", 3,
		"ValueError: 'n/a'");
}

static void a_link_is_found_behind_a_long_message(void **state)
{
	expect_cause(state,
		HEAD FRAME "ValueError: bad\n  row 1\n  row 2\na note\n" DIRECT HEAD FRAME "LoadError: x\n",
		3, "ValueError: bad");
}

static void the_last_caused_by_is_the_root(void **state)
{
	expect_cause(state,
		"Exception in thread \"main\" a.b.JobException: failed\n"
		"\tat a.b.Job.main(Job.java:9)\n"
		"Caused by: a.b.ReadException: cannot read\n"
		"\tat a.b.Job.read(Job.java:5)\n"
		"\t... 1 more\n"
		"Caused by: java.io.IOException: disk gone\n"
		"\tat a.b.Job.open(Job.java:3)\n"
		"\t... 2 more\n",
		6, "Caused by: java.io.IOException: disk gone");
}

static void a_dead_python_worker_outweighs_its_socket(void **state)
{
	expect_cause(state,
		"org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)\n"
		"\tat org.apache.spark.api.python.PythonRunner.read(PythonRunner.scala:1)\n"
		"Caused by: java.io.EOFException\n"
		"\tat java.base/java.io.DataInputStream.readInt(DataInputStream.java:386)\n",
		1, "org.apache.spark.SparkException: Python worker exited unexpectedly (crashed)");
}

static void the_first_block_wins_over_the_next(void **state)
{
	expect_cause(state,
		HEAD FRAME "OSError: no shard\nstopping\n" HEAD FRAME "RuntimeError: no session\n"
			   "worker exited with 1\n",
		3, "OSError: no shard");
}

/* --- noise ------------------------------------------------------------------ */

static void expect_quiet(void **state, const char *log)
{
	struct explanation explanation = explain(*state, log);
	if (explanation.n_candidates > 0 && explanation.candidates[0].score > 0.5)
		fail_msg("%.2f %s", explanation.candidates[0].score, explanation.candidates[0].text);
}

static void harmless_lines_stay_low(void **state)
{
	static const char *const lines[] = {
		"14 tests, 0 failures, 0 errors\n",
		"upload: connection reset by peer, retrying in 5 s\n",
		"x.c:3:4: warning: 'error' is unused\n",
		"mean squared error: 0.01\n",
		"cc -Werror -o fail fail.c\n",
		"+ rm -f no-such-error.log\n",
		"2026-11-22 13:00:00 WARNING could not read the cache: No such file or directory\n",
		"ok 3 - refuses a fatal error\n",
		"Command exited with return code 0\n",
		"2026-11-22T13:17:45.774Z ERROR 40%|####      | 4/10 [00:01<00:02]\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		expect_quiet(state, lines[i]);
}

static void a_warning_that_was_tried_again_is_not_the_cause(void **state)
{
	expect_cause(state,
		"2026-11-22 13:00:00 WARNING no answer, retrying\n" HEAD FRAME "TimeoutError: slow\n"
		"2026-11-22 13:00:09 INFO fetched\n"
		"load.sh: line 4: jqq: command not found\n",
		6, "load.sh: line 4: jqq: command not found");
}

static void what_went_well_afterwards_counts_half(void **state)
{
	expect_quiet(state, "curl: could not resolve host\nThe command \"curl x\" exited with 0.\nthe end\n");
}

static void a_wrapper_points_at_what_stands_before_it(void **state)
{
	expect_cause(state,
		"2026-11-22T13:17:45.769Z INFO Output:\n"
		"2026-11-22T13:17:45.770Z INFO the table of prices is older than two days\n"
		"2026-11-22T13:17:45.771Z INFO Command exited with return code 4\n"
		"2026-11-22T13:17:45.774Z ERROR Task failed with exception\n" HEAD
		"  File \"/venv/lib/python3.11/site-packages/airflow/operators/bash.py\", line 225, in execute\n"
		"AirflowException: Bash command failed. The command returned a non-zero exit code 4.\n",
		2, "the table of prices is older than two days");
}

/* --- text ------------------------------------------------------------------- */

static void prefixes_are_taken_off(void **state)
{
	static const char *const lines[] = {
		"2026-11-22T13:17:45.774Z ERROR disk failed\n",
		"2026-11-22 13:17:45,774 - ERROR - disk failed\n",
		"[2026-11-22T13:17:45.774+0000] {load.py:12} ERROR - disk failed\n",
		"2026-11-22T13:17:45.774Z INFO 26/11/22 13:01:09 ERROR disk failed\n",
		"E1122 13:17:45.774123    4711 disk failed\n",
		"[error] disk failed\n",
		"Nov 22 13:17:45 disk failed\n",
		"2026-11-22T13:17:45.774Z stderr F disk failed\r\n",
		"\033[31m[ERROR]\033[0m disk failed\033[0m\n",
		"50%\r99%\rdisk failed\r\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		expect_cause(state, lines[i], 1, "disk failed");
}

static void a_level_alone_is_part_of_the_message(void **state)
{
	expect_cause(state, "ERROR: relation does not exist\n", 1, "ERROR: relation does not exist");
}

static void an_excerpt_holds_the_whole_traceback(void **state)
{
	struct buf log;
	buf_init(&log, 0);
	add_many_lines(&log, 100);
	buf_addz(&log, HEAD FRAME FRAME FRAME "OSError: no shard\n");
	add_many_lines(&log, 100);
	struct explanation explanation = explain_in_steps(*state, buf_str(&log), SIZE_MAX / 2);
	buf_fini(&log);
	assert_int_equal(explanation.candidates[0].line, 105);
	assert_int_equal(explanation.excerpt_line, 90);
	assert_int_equal(explanation.n_excerpt, EXPLAIN_MOST_EXCERPT);
	assert_string_equal(explanation.excerpt[11], "Traceback (most recent call last):");
	assert_string_equal(explanation.excerpt[15], "OSError: no shard");
}

static void an_excerpt_reaches_over_the_edge_of_the_window(void **state)
{
	/* The window first moves after 2,048 lines. */
	for (int before = 2040; before < 2056; before++) {
		struct buf log;
		buf_init(&log, 0);
		add_many_lines(&log, before);
		buf_addz(&log, "load.sh: line 4: jqq: command not found\n");
		add_many_lines(&log, 5000);
		struct explanation explanation = explain_in_steps(*state, buf_str(&log), SIZE_MAX / 2);
		buf_fini(&log);
		assert_int_equal(explanation.candidates[0].line, before + 1);
		assert_int_equal(explanation.excerpt_line, before + 1 - 15);
		assert_int_equal(explanation.n_excerpt, EXPLAIN_MOST_EXCERPT);
		assert_string_equal(explanation.excerpt[15], "load.sh: line 4: jqq: command not found");
	}
}

/* --- the stream ------------------------------------------------------------- */

static void assert_same(const struct explanation *a, const struct explanation *b)
{
	assert_int_equal(a->n_lines, b->n_lines);
	assert_int_equal(a->n_candidates, b->n_candidates);
	assert_string_equal(a->fingerprint, b->fingerprint);
	for (size_t i = 0; i < a->n_candidates; i++) {
		assert_int_equal(a->candidates[i].line, b->candidates[i].line);
		assert_string_equal(a->candidates[i].text, b->candidates[i].text);
	}
	assert_int_equal(a->n_excerpt, b->n_excerpt);
	for (size_t i = 0; i < a->n_excerpt; i++)
		assert_string_equal(a->excerpt[i], b->excerpt[i]);
}

static void how_the_stream_is_cut_does_not_matter(void **state)
{
	static const char *const files[] = {LOGS "airflow_chained_exceptions.log",
		LOGS "airflow_java_caused_by.log", LOGS "spark_python_udf.log", LOGS "progress_bar.log"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct buf log;
		buf_init(&log, 0);
		read_file(&log, files[i]);
		struct explanation whole = explain_in_steps(*state, buf_str(&log), SIZE_MAX / 2);
		struct explanation bytes = explain_in_steps(*state, buf_str(&log), 1);
		struct explanation pieces = explain_in_steps(*state, buf_str(&log), 77);
		buf_fini(&log);
		assert_same(&whole, &bytes);
		assert_same(&whole, &pieces);
	}
}

static void a_failure_is_found_anywhere_in_a_long_log(void **state)
{
	for (int before = 0; before <= MANY_LINES; before += MANY_LINES / 4) {
		struct buf log;
		buf_init(&log, 0);
		add_many_lines(&log, before);
		buf_addz(&log, HEAD FRAME "OSError: no shard\n");
		add_many_lines(&log, MANY_LINES - before);
		struct explanation explanation = explain_in_steps(*state, buf_str(&log), 1000);
		buf_fini(&log);
		assert_int_equal(explanation.n_lines, MANY_LINES + 3);
		assert_int_equal(explanation.candidates[0].line, before + 3);
		assert_string_equal(explanation.candidates[0].text, "OSError: no shard");
	}
}

static void a_line_without_end_is_cut(void **state)
{
	struct explainer *explainer = explain_new();
	static char bytes[1 << 16];
	memset(bytes, 'x', sizeof(bytes));
	explain_feed(explainer, STR("ERROR: disk failed "));
	for (int i = 0; i < 1000; i++)
		explain_feed(explainer, (struct str){bytes, sizeof(bytes)});
	explain_feed(explainer, STR("\nafter\n"));
	struct explanation explanation = explain_finish(explainer, *state);
	explain_free(explainer);
	assert_int_equal(explanation.n_lines, 2);
	assert_int_equal(explanation.candidates[0].line, 1);
	assert_int_equal(strlen(explanation.candidates[0].text), 2000);
}

static void lines_of_every_length_fit_the_window(void **state)
{
	struct explainer *explainer = explain_new();
	static char bytes[3000];
	memset(bytes, '\033', sizeof(bytes));
	for (size_t i = 0; i < 3 * sizeof(bytes); i++) {
		explain_feed(explainer, (struct str){bytes, i % sizeof(bytes)});
		explain_feed(explainer, STR("\nerror: it failed\n"));
	}
	struct explanation explanation = explain_finish(explainer, *state);
	explain_free(explainer);
	assert_int_equal(explanation.n_lines, 6 * sizeof(bytes));
	assert_int_equal(explanation.n_candidates, 2); /* the first and the last of the like */
}

static void nothing_in_nothing(void **state)
{
	struct explanation explanation = explain(*state, "");
	assert_int_equal(explanation.n_lines, 0);
	assert_int_equal(explanation.n_candidates, 0);
	assert_int_equal(explanation.n_excerpt, 0);
	assert_string_equal(explanation.fingerprint, "");
}

static void text_behind_a_nul_is_kept(void **state)
{
	static const char log[] = "error: bad byte \0 in row 7\nafter \0 it\n";
	struct explanation explanation = explain_in_steps(*state, (struct str){log, sizeof(log) - 1}, 100);
	assert_string_equal(explanation.candidates[0].text, "error: bad byte \032 in row 7");
	assert_int_equal(explanation.n_excerpt, 2);
}

/* --- fingerprints ----------------------------------------------------------- */

static const char *print_of(struct arena *arena, const char *cause, const char *frame)
{
	char *out = arena_get(arena, 19, 1);
	explain_fingerprint(str_of(cause), frame, out);
	return out;
}

static void a_fingerprint_has_its_form(void **state)
{
	const char *print = print_of(*state, "ValueError: x", NULL);
	assert_int_equal(strlen(print), 18);
	assert_int_equal(strspn(print + 2, "0123456789abcdef"), 16);
	assert_memory_equal(print, "1-", 2);
}

static void what_differs_by_run_is_left_out(void **state)
{
	static const char *const same[][2] = {
		{"cp: cannot stat '/data/2026-11-21.bin': No such file",
			"cp: cannot stat '/data/2026-11-22.bin': No such file"},
		{"line 4: 26371 Killed", "line 9: 881 Killed"},
		{"GET http://a.example/x?id=1 failed", "GET http://b.example/y?id=2 failed"},
		{"shard 7 of 0x7f00ab12 lost", "shard 12 of 0x11 lost"},
		{"run 01a20367-6155-71f1-942d-e6bdd5c614c9 failed",
			"run 01a20367-9b57-7a8a-b38c-749c23d2bd66 failed"},
		{"took 1.5s until 2026-11-22T13:17:45Z", "took 90s until 2026-11-23T00:00:00Z"},
		{"read /a/b failed", "read /c/d.txt failed"},
	};
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		assert_string_equal(print_of(*state, same[i][0], NULL), print_of(*state, same[i][1], NULL));
	assert_string_not_equal(
		print_of(*state, "disk failed", NULL), print_of(*state, "network failed", NULL));
}

static void type_and_frame_decide_where_there_are_both(void **state)
{
	const char *print = print_of(*state, "KeyError: 'age'", "churn.py:load");
	assert_string_equal(print, print_of(*state, "KeyError: 'rows'", "churn.py:load"));
	assert_string_equal(print, print_of(*state, "builtins.KeyError: 'x'", "/srv/dags/churn.py:load"));
	assert_string_equal(
		print, print_of(*state, "KeyError: 'x'", "  File \"/b/churn.py\", line 7, in load"));
	assert_string_not_equal(print, print_of(*state, "KeyError: 'age'", "churn.py:save"));
	assert_string_not_equal(print, print_of(*state, "ValueError: 'age'", "churn.py:load"));
}

static void a_log_of_another_run_has_the_same_fingerprint(void **state)
{
	struct explanation one =
		explain(*state, "2026-11-22T13:17:45.774Z ERROR Task failed\n" HEAD FRAME "KeyError: 'a'\n");
	struct explanation two =
		explain(*state, "[2026-12-01, 03:00:00 UTC] {taskinstance.py:99} ERROR - Task failed\n" HEAD
				"  File \"/opt/other/place/churn.py\", line 99, in load\n"
				"    rows = table['b']\n"
				"KeyError: 'b'\n");
	struct explanation other = explain(*state, HEAD FRAME "TypeError: 'a'\n");
	assert_string_equal(one.fingerprint, two.fingerprint);
	assert_string_not_equal(one.fingerprint, other.fingerprint);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, new_arena, free_arena)

/* What the log of a good run says too says nothing about the failure. */
static void test_good_log_sets_its_lines_aside(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct explainer *explainer = explain_new();
	explain_feed_good(explainer, STR("start\nERROR: lost 3 thi"));
	explain_feed_good(explainer, STR("ngs\nend"));
	explain_end_good(explainer);
	explain_feed(explainer, STR("start\nERROR: lost 4 things\nERROR: no such bucket\n"));
	struct explanation found = explain_finish(explainer, arena);
	assert_int_equal(found.candidates[0].line, 3);
	for (size_t i = 0; i < found.n_candidates; i++)
		assert_true(found.candidates[i].line != 2 || found.candidates[i].score < 0.5);
	explain_free(explainer);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_log_sets_its_lines_aside),
		TEST(the_cause_of_each_log_is_found),
		TEST(a_direct_cause_is_the_root),
		TEST(an_implicit_chain_ends_in_the_bug),
		TEST(an_exit_from_a_handler_is_not_the_bug),
		TEST(a_link_is_found_behind_a_long_message),
		TEST(the_last_caused_by_is_the_root),
		TEST(a_dead_python_worker_outweighs_its_socket),
		TEST(the_first_block_wins_over_the_next),
		TEST(harmless_lines_stay_low),
		TEST(a_warning_that_was_tried_again_is_not_the_cause),
		TEST(what_went_well_afterwards_counts_half),
		TEST(a_wrapper_points_at_what_stands_before_it),
		TEST(prefixes_are_taken_off),
		TEST(a_level_alone_is_part_of_the_message),
		TEST(an_excerpt_holds_the_whole_traceback),
		TEST(an_excerpt_reaches_over_the_edge_of_the_window),
		TEST(how_the_stream_is_cut_does_not_matter),
		TEST(a_failure_is_found_anywhere_in_a_long_log),
		TEST(a_line_without_end_is_cut),
		TEST(lines_of_every_length_fit_the_window),
		TEST(nothing_in_nothing),
		TEST(text_behind_a_nul_is_kept),
		TEST(a_fingerprint_has_its_form),
		TEST(what_differs_by_run_is_left_out),
		TEST(type_and_frame_decide_where_there_are_both),
		TEST(a_log_of_another_run_has_the_same_fingerprint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

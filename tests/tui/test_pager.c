/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mem.h"
#include "tui/widgets/frames.h"
#include "tui/widgets/pager.h"

#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const struct format unicode = {.now_ms = 1795220400000},
			   ascii = {.now_ms = 1795220400000, .is_ascii = true};

static char path[] = "/tmp/porthole-pager-XXXXXX";

static void write_file(struct str text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
	assert_int_equal(fclose(file), 0);
}

static void append(const char *text)
{
	FILE *file = fopen(path, "a");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void write_numbered(int n)
{
	struct buf text;
	buf_init(&text, 0);
	for (int i = 1; i <= n; i++)
		buf_addf(&text, "line %d\n", i);
	write_file(buf_str(&text));
	buf_fini(&text);
}

static struct pager *opened(int64_t line)
{
	struct err err;
	struct pager *pager = pager_new();
	assert_true(pager_open(pager, path, line, &err));
	return pager;
}

static void assert_screen(struct pager *pager, int width, int height, const struct format *format,
	bool with_styles, const char *expected)
{
	struct grid grid;
	struct buf out;
	grid_init(&grid, width, height);
	grid.is_ascii = format->is_ascii;
	buf_init(&out, 0);
	pager_draw(pager, &grid, (struct rect){0, 0, width, height}, format);
	grid_print(&grid, with_styles, &out);
	assert_string_equal(out.p, expected);
	buf_fini(&out);
	grid_fini(&grid);
}

static void assert_status(struct pager *pager, const struct format *format, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	pager_status(pager, format, &out);
	assert_string_equal(out.p, expected);
	buf_fini(&out);
}

static void a_log_opens_at_its_cause(void **state)
{
	(void)state;
	static const int64_t causes[] = {1482, 3, 9};
	write_numbered(1497);
	struct pager *pager = opened(1482);
	pager_set_causes(pager, causes, ARRAY_LEN(causes));
	assert_screen(pager, 30, 5, &unicode, true,
		"  1480   line 1480\n"
		"  1481   line 1481\n"
		"▌ 1482 ✗ line 1482\n"
		"  1483   line 1483\n"
		"  1484   line 1484\n"
		" ddddd\n"
		" ddddd\n"
		"hhhhhh f ccccccccc\n"
		" ddddd\n"
		" ddddd\n");
	assert_status(pager, &unicode, "line 1 482 of 1 497 · cause 1 of 3 · 13.9 kB");
	assert_status(pager, &ascii, "line 1 482 of 1 497 - cause 1 of 3 - 13.9 kB");
	assert_true(pager_next_cause(pager, false));
	assert_status(pager, &unicode, "line 3 of 1 497 · cause 2 of 3 · 13.9 kB");
	assert_true(pager_next_cause(pager, false));
	assert_false(pager_next_cause(pager, false));
	assert_status(pager, &unicode, "line 9 of 1 497 · cause 3 of 3 · 13.9 kB");
	assert_true(pager_next_cause(pager, true));
	assert_true(pager_next_cause(pager, true));
	assert_false(pager_next_cause(pager, true));
	assert_status(pager, &unicode, "line 1 482 of 1 497 · cause 1 of 3 · 13.9 kB");
	pager_free(pager);
}

static void line_zero_is_the_end(void **state)
{
	(void)state;
	write_numbered(100);
	struct pager *pager = opened(0);
	assert_screen(pager, 30, 3, &ascii, false,
		"    98   line 98\n"
		"    99   line 99\n"
		">  100   line 100\n");
	assert_false(pager_move(pager, MOVE_DOWN, 3));
	assert_true(pager_move(pager, MOVE_HOME, 3));
	assert_false(pager_move(pager, MOVE_UP, 3));
	assert_screen(pager, 30, 3, &ascii, false,
		">    1   line 1\n"
		"     2   line 2\n"
		"     3   line 3\n");
	pager_free(pager);
}

static void scrolling_keeps_two_lines_around_the_cursor(void **state)
{
	(void)state;
	write_numbered(100);
	struct pager *pager = opened(1);
	for (int i = 0; i < 4; i++)
		assert_true(pager_move(pager, MOVE_DOWN, 6));
	assert_screen(pager, 30, 6, &ascii, false,
		"     2   line 2\n"
		"     3   line 3\n"
		"     4   line 4\n"
		">    5   line 5\n"
		"     6   line 6\n"
		"     7   line 7\n");
	assert_true(pager_move(pager, MOVE_UP, 6));
	assert_screen(pager, 30, 6, &ascii, false,
		"     2   line 2\n"
		"     3   line 3\n"
		">    4   line 4\n"
		"     5   line 5\n"
		"     6   line 6\n"
		"     7   line 7\n");
	assert_true(pager_move(pager, MOVE_PAGE_DOWN, 6));
	assert_status(pager, &ascii, "line 8 of 100 - 792 B");
	assert_true(pager_move(pager, MOVE_HALF_UP, 6));
	assert_status(pager, &ascii, "line 5 of 100 - 792 B");
	assert_true(pager_move(pager, MOVE_END, 6));
	assert_status(pager, &ascii, "line 100 of 100 - 792 B");
	pager_free(pager);
}

static void hostile_bytes_are_shown_and_colours_are_kept(void **state)
{
	(void)state;
	static const char text[] = "a\033[2Jb\033]0;t\007c\n"
				   "plain \033[31mred\033[0m plain\r\n"
				   "nul\0after \xFF\n"
				   "\n"
				   "no end";
	write_file((struct str){text, sizeof text - 1});
	struct pager *pager = opened(1);
	struct grid grid;
	grid_init(&grid, 40, 6);
	pager_draw(pager, &grid, (struct rect){0, 0, 40, 6}, &unicode);
	assert_true(grid_at(&grid, 15, 1)->style.attr.has_fg);
	assert_int_equal(grid_at(&grid, 15, 1)->style.attr.fg, 1);
	assert_false(grid_at(&grid, 19, 1)->style.attr.has_fg);
	grid_fini(&grid);
	assert_screen(pager, 40, 6, &unicode, false,
		"▌    1   a^[[2Jb^[]0;t^Gc\n"
		"     2   plain red plain\n"
		"     3   nul^@after \uFFFD\n"
		"     4\n"
		"     5   no end\n"
		"\n");
	assert_status(pager, &unicode, "line 1 of 5 · 59 B");
	pager_free(pager);
}

static void frames_of_libraries_are_folded(void **state)
{
	(void)state;
	write_file(
		STR("02:02:44 Traceback (most recent call last):\n"
		    "  File \"pipelines/recsys/steps.py\", line 61, in run\n"
		    "    return verify(rows)\n"
		    "  File \"/opt/py/lib/python3.11/site-packages/airflow/models.py\", line 5, in execute\n"
		    "    execute()\n"
		    "  File \"/opt/py/lib/python3.11/site-packages/airflow/dag.py\", line 7, in f\n"
		    "    g()\n"
		    "    ^^^\n"
		    "  File \"/opt/py/lib/python3.11/site-packages/pandas/core/frame.py\", line 9, in h\n"
		    "    i()\n"
		    "  File \"pipelines/recsys/checks.py\", line 88, in verify\n"
		    "    raise DataCheckError\n"
		    "DataCheckError: null_rate\n"
		    "\tat org.apache.spark.rdd.RDD.collect(RDD.scala:1021)\n"
		    "\tat java.base/java.lang.Thread.run(Thread.java:829)\n"
		    "\tat com.example.Mine.main(Mine.java:3)\n"
		    "\tat org.apache.spark.rdd.RDD.one(RDD.scala:1021)\n"));
	struct pager *pager = opened(1);
	const char *folded = "▌    1   02:02:44 Traceback (most recent call last):\n"
			     "     2     File \"pipelines/recsys/steps.py\", line 61, in run\n"
			     "     3       return verify(rows)\n"
			     "  ····     3 frames of airflow and pandas folded (u unfolds)\n"
			     "    11     File \"pipelines/recsys/checks.py\", line 88, in verify\n"
			     "    12       raise DataCheckError\n"
			     "    13   DataCheckError: null_rate\n"
			     "  ····     2 frames of spark and java folded (u unfolds)\n"
			     "    16           at com.example.Mine.main(Mine.java:3)\n"
			     "    17           at org.apache.spark.rdd.RDD.one(RDD.scala:1021)\n";
	assert_screen(pager, 72, 10, &unicode, false, folded);
	/* down over the fold and up again */
	for (int i = 0; i < 4; i++)
		pager_move(pager, MOVE_DOWN, 10);
	assert_status(pager, &unicode, "line 11 of 17 · 698 B");
	pager_move(pager, MOVE_UP, 10);
	assert_status(pager, &unicode, "line 4 of 17 · 698 B");
	pager_move(pager, MOVE_HOME, 10);
	/* a search leads into a fold and opens it alone */
	assert_true(pager_find(pager, STR("dag.py"), false));
	assert_screen(pager, 72, 4, &unicode, false,
		"     3       return verify(rows)\n"
		"     4     File \"/opt/py/lib/python3.11/site-packages/airflow/models.py…\n"
		"     5       execute()\n"
		"▌    6     File \"/opt/py/lib/python3.11/site-packages/airflow/dag.py\", …\n");
	pager_toggle_fold(pager);
	pager_move(pager, MOVE_END, 4);
	assert_screen(pager, 72, 2, &unicode, false,
		"    16           at com.example.Mine.main(Mine.java:3)\n"
		"▌   17           at org.apache.spark.rdd.RDD.one(RDD.scala:1021)\n");
	pager_move(pager, MOVE_HOME, 10);
	pager_toggle_fold(pager);
	assert_screen(pager, 72, 10, &unicode, false, folded);
	pager_free(pager);
}

static void a_search_finds_forward_back_and_around(void **state)
{
	(void)state;
	write_file(STR("one Error\ntwo\nerror three\nfour\n"));
	struct pager *pager = opened(1);
	assert_true(pager_find(pager, STR("error"), false));
	assert_status(pager, &unicode, "line 1 of 4 · 31 B");
	assert_true(pager_find(pager, STR(""), false));
	assert_status(pager, &unicode, "line 3 of 4 · 31 B");
	assert_screen(pager, 30, 4, &unicode, true,
		"     1   one Error\n"
		"     2   two\n"
		"▌    3   error three\n"
		"     4   four\n"
		" ddddd       mmmmm\n"
		" ddddd\n"
		"hhhhhh   mmmmm\n"
		" ddddd\n");
	assert_true(pager_find(pager, STR(""), false));
	assert_status(pager, &unicode, "line 1 of 4 · 31 B");
	assert_true(pager_find(pager, STR(""), true));
	assert_status(pager, &unicode, "line 3 of 4 · 31 B");
	assert_true(pager_find(pager, STR("Error"), true));
	assert_status(pager, &unicode, "line 1 of 4 · 31 B");
	assert_false(pager_find(pager, STR("nowhere"), false));
	assert_status(pager, &unicode, "line 1 of 4 · 31 B · not found: nowhere");
	pager_free(pager);
}

static void a_pattern_is_searched_line_by_line(void **state)
{
	(void)state;
	write_file(STR("one Error\ntwo 17 rows\r\n\nerror 4 rows\nfour\n"));
	struct pager *pager = opened(1);
	assert_true(pager_find(pager, STR("\\d+ rows$"), false));
	assert_status(pager, &unicode, "line 2 of 5 · 42 B");
	assert_screen(pager, 30, 2, &unicode, true,
		"     1   one Error\n"
		"▌    2   two 17 rows\n"
		" ddddd\n"
		"hhhhhh       mmmmmmm\n");
	assert_true(pager_find(pager, STR("^\\Srror"), false)); /* the S of \S is no capital */
	assert_status(pager, &unicode, "line 4 of 5 · 42 B");
	assert_true(pager_find(pager, STR("^$"), true));
	assert_status(pager, &unicode, "line 3 of 5 · 42 B");
	assert_true(pager_find(pager, STR("E\\w+r$"), false));
	assert_status(pager, &unicode, "line 1 of 5 · 42 B");
	assert_false(pager_find(pager, STR("one.*two"), false)); /* never over the end of a line */
	assert_true(pager_find(pager, STR("two("), false));
	assert_status(pager, &unicode,
		"line 1 of 5 · 42 B · pattern 'two(': missing closing parenthesis at character 5");
	pager_free(pager);
}

static void a_line_that_is_too_hard_is_said(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 0);
	for (int i = 0; i < 2000; i++)
		buf_addc(&text, 'a');
	buf_addz(&text, "b\nshort\n");
	write_file(buf_str(&text));
	struct pager *pager = opened(1);
	assert_false(pager_find(pager, STR("(a+)+$"), false));
	assert_status(pager, &unicode, "line 1 of 2 · 2.01 kB · not found: (a+)+$ (too hard for 1 line)");
	pager_free(pager);
	buf_fini(&text);
}

/* --- beside the loop ------------------------------------------------------------------ */

struct watched {
	struct loop *loop;
	int n_changes;
};

static void has_changed(void *ctx)
{
	struct watched *watched = ctx;
	watched->n_changes++;
}

static struct pager *opened_beside(struct watched *watched)
{
	struct err err;
	struct pager *pager = pager_new();
	*watched = (struct watched){.loop = loop_new()};
	pager_use_loop(pager, watched->loop, has_changed, watched);
	assert_true(pager_open(pager, path, 0, &err));
	return pager;
}

static void wait_for_search(struct pager *pager, struct watched *watched)
{
	while (pager_is_searching(pager))
		loop_step(watched->loop, -1);
}

/* Long enough that it is not counted as it is opened, and has a line longer than what is read at once. */
static void write_long(void)
{
	struct buf text;
	buf_init(&text, 0);
	for (int i = 1; i <= 400000; i++)
		buf_addf(&text, "%06d this line is like all of the others and says nothing\n", i);
	for (int i = 0; i < 2000000; i++)
		buf_addc(&text, i == 1500000 ? 'X' : 'y');
	buf_addz(&text, "\nlast line\n");
	write_file(buf_str(&text));
	buf_fini(&text);
}

static void a_search_runs_beside_the_keys(void **state)
{
	(void)state;
	struct watched watched;
	write_long();
	struct pager *pager = opened_beside(&watched);
	assert_true(pager_find(pager, STR("^000123"), true));
	assert_true(pager_is_searching(pager));
	assert_true(pager_move(pager, MOVE_UP, 5)); /* keys go on meanwhile */
	wait_for_search(pager, &watched);
	struct buf line;
	buf_init(&line, 0);
	pager_copy(pager, &line);
	assert_memory_equal(line.p, "000123 this", 11);
	assert_true(watched.n_changes > 0);

	assert_true(pager_find(pager, STR("Xy"), false));
	wait_for_search(pager, &watched);
	buf_reset(&line);
	pager_copy(pager, &line);
	assert_memory_equal(line.p, "yyyyy", 5);

	assert_true(pager_find(pager, STR("no such text"), false));
	wait_for_search(pager, &watched);
	struct buf status;
	buf_init(&status, 0);
	pager_status(pager, &unicode, &status);
	assert_non_null(strstr(status.p, " · not found: no such text"));
	buf_fini(&status);
	buf_fini(&line);
	pager_free(pager);
	loop_free(watched.loop);
}

static void lines_are_counted_beside_the_keys(void **state)
{
	(void)state;
	struct watched watched;
	write_long();
	struct pager *pager = opened_beside(&watched);
	assert_true(pager_is_counting(pager));
	pager_refresh(pager);
	while (pager_is_counting(pager))
		loop_step(watched.loop, -1);
	assert_status(pager, &unicode, "line 400 002 of 400 002 · 26 MB");
	append("one more\n");
	assert_true(pager_refresh(pager));
	while (pager_is_counting(pager))
		loop_step(watched.loop, -1);
	pager_move(pager, MOVE_END, 5);
	assert_status(pager, &unicode, "line 400 003 of 400 003 · 26 MB");
	assert_true(pager_find(pager, STR("200000 this"), false));
	wait_for_search(pager, &watched);
	assert_status(pager, &unicode, "line 200 000 of 400 003 · 26 MB");
	pager_free(pager);
	loop_free(watched.loop);
}

static void work_beside_the_loop_ends_with_the_pager(void **state)
{
	(void)state;
	struct watched watched;
	write_long();
	struct pager *pager = opened_beside(&watched);
	assert_true(pager_find(pager, STR("(y+)+$q"), false)); /* each line gives up; there are many */
	assert_true(pager_find(pager, STR("nothing [of] this"), false));
	assert_true(pager_find(pager, STR("still nothing"), true));
	pager_stop_search(pager);
	assert_false(pager_is_searching(pager));
	pager_refresh(pager);
	assert_true(pager_find(pager, STR("nor this"), true));
	pager_free(pager);
	assert_int_equal(watched.n_changes, 0);
	loop_free(watched.loop);
}

static void a_search_sees_what_lies_across_two_reads(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 0);
	for (int i = 0; i < 65530; i++)
		buf_addc(&text, i % 100 == 99 ? '\n' : '.');
	buf_addz(&text, "across the edge\nlast\n");
	write_file(buf_str(&text));
	struct pager *pager = opened(1);
	assert_true(pager_find(pager, STR("across the edge"), false));
	assert_status(pager, &unicode, "line 656 of 657 · 65.6 kB");
	pager_move(pager, MOVE_END, 5);
	assert_true(pager_find(pager, STR("across the edge"), true));
	assert_status(pager, &unicode, "line 656 of 657 · 65.6 kB");
	pager_free(pager);
	buf_fini(&text);
}

static void long_lines_wrap_on_request_or_scroll_sideways(void **state)
{
	(void)state;
	write_file(STR("abcdefghijklmnopqrstuvwxyz\n日本語日本語日本語\nend\n"));
	struct pager *pager = opened(1);
	assert_screen(pager, 20, 4, &unicode, false,
		"▌    1   abcdefghij…\n"
		"     2   日本語日本…\n"
		"     3   end\n"
		"\n");
	assert_true(pager_move(pager, MOVE_RIGHT, 4));
	assert_screen(pager, 20, 4, &unicode, false,
		"▌    1   qrstuvwxyz\n"
		"     2   語\n"
		"     3\n"
		"\n");
	assert_true(pager_move(pager, MOVE_LEFT, 4));
	assert_false(pager_move(pager, MOVE_LEFT, 4));
	pager_toggle_wrap(pager);
	assert_screen(pager, 20, 6, &unicode, false,
		"▌    1   abcdefghijk\n"
		"         lmnopqrstuv\n"
		"         wxyz\n"
		"     2   日本語日本\n"
		"         語日本語\n"
		"     3   end\n");
	pager_free(pager);
}

static void a_line_taller_than_the_page_can_be_read_to_its_end(void **state)
{
	(void)state;
	write_file(STR("abcdefghijklmnopqrstuvwxyz\nend\n"));
	struct pager *pager = opened(1);
	pager_toggle_wrap(pager);
	assert_screen(pager, 14, 2, &unicode, false, "▌    1   abcde\n         fghij\n");
	for (int i = 0; i < 4; i++)
		assert_true(pager_move(pager, MOVE_DOWN, 2));
	assert_screen(pager, 14, 2, &unicode, false, "▌    1   uvwxy\n         z\n");
	assert_true(pager_move(pager, MOVE_DOWN, 2));
	assert_status(pager, &unicode, "line 2 of 2 · 31 B");
	pager_free(pager);
}

static void a_huge_line_is_cut_with_a_mark(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 0);
	for (int i = 0; i < 70000; i++)
		buf_addc(&text, 'x');
	buf_addz(&text, "\nafter\n");
	write_file(buf_str(&text));
	struct pager *pager = opened(1);
	buf_reset(&text);
	pager_copy(pager, &text);
	assert_true(str_ends(buf_str(&text), STR("x… (4464 bytes more)")));
	assert_true(pager_move(pager, MOVE_DOWN, 5));
	assert_status(pager, &unicode, "line 2 of 2 · 70 kB");
	pager_free(pager);
	buf_fini(&text);
}

static void following_shows_what_is_added(void **state)
{
	(void)state;
	write_numbered(10);
	struct pager *pager = opened(1);
	assert_false(pager_refresh(pager));
	append("line 11\n");
	assert_true(pager_refresh(pager));
	assert_status(pager, &unicode, "line 1 of 11 · 79 B");
	assert_true(pager_toggle_follow(pager));
	append("line 12\nline 13");
	assert_true(pager_refresh(pager));
	assert_status(pager, &unicode, "line 13 of 13 · 94 B · following");
	append(" goes on\n");
	assert_true(pager_refresh(pager));
	assert_screen(pager, 30, 2, &unicode, false, "    12   line 12\n▌   13   line 13 goes on\n");
	pager_move(pager, MOVE_UP, 5);
	assert_status(pager, &unicode, "line 12 of 13 · 103 B");
	pager_free(pager);
}

static void a_file_that_shrinks_or_is_replaced_is_read_anew(void **state)
{
	(void)state;
	write_numbered(1000);
	struct pager *pager = opened(900);
	write_numbered(3);
	assert_true(pager_refresh(pager));
	assert_status(pager, &unicode, "line 3 of 3 · 21 B");
	assert_int_equal(unlink(path), 0);
	write_numbered(7);
	assert_true(pager_refresh(pager));
	assert_screen(pager, 20, 2, &unicode, false, "     2   line 2\n▌    3   line 3\n");
	write_file(STR(""));
	assert_true(pager_refresh(pager));
	assert_status(pager, &unicode, "empty");
	assert_false(pager_move(pager, MOVE_DOWN, 5));
	assert_screen(pager, 20, 2, &unicode, false, "\n\n");
	pager_free(pager);
}

static void reopening_keeps_the_place(void **state)
{
	(void)state;
	struct err err;
	write_numbered(100);
	struct pager *pager = opened(50);
	assert_true(pager_open(pager, path, 0, &err));
	assert_status(pager, &unicode, "line 50 of 100 · 792 B");
	assert_false(pager_open(pager, "/nowhere/at all", 0, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_false(pager_open(pager, "/tmp", 0, &err));
	assert_status(pager, &unicode, "line 50 of 100 · 792 B");
	pager_free(pager);
}

static void the_end_of_a_huge_file_is_there_at_once(void **state)
{
	(void)state;
	write_file(STR(""));
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, (off_t)40 << 20), 0);
	for (off_t at = 4096; at < (off_t)40 << 20; at += 4096)
		assert_int_equal(pwrite(fd, "\n", 1, at), 1);
	assert_int_equal(pwrite(fd, "\nlast\n", 6, ((off_t)40 << 20) - 6), 6);
	close(fd);
	struct pager *pager = opened(0);
	assert_screen(pager, 12, 1, &unicode, false, "▌last\n");
	assert_status(pager, &unicode, "100 % · 41.9 MB · no text: its bytes, cleaned");
	assert_true(pager_is_counting(pager));
	while (pager_is_counting(pager))
		pager_refresh(pager);
	assert_status(pager, &unicode, "line 10 241 of 10 241 · 41.9 MB · no text: its bytes, cleaned");
	pager_free(pager);
}

static void frames_are_told_from_other_lines(void **state)
{
	(void)state;
	static const struct {
		const char *line, *owner; /* NULL: no frame; "": one's own */
	} lines[] = {
		{"  File \"/usr/lib/python3.11/json/decoder.py\", line 3, in f", "python"},
		{"[2026] INFO -   File \"/x/site-packages/sklearn/base.py\", line 3, in f", "sklearn"},
		{"  File \"<frozen importlib._bootstrap>\", line 3, in f", "python"},
		{"  File \"/home/me/train.py\", line 3, in f", ""},
		{"  File \"/x/site-packages/a.py", NULL},
		{"\tat org.apache.hadoop.fs.FileSystem.open(FileSystem.java:9)", "hadoop"},
		{"\tat java.base/java.util.ArrayList.get(Unknown Source)", "java"},
		{"26/11/21 ERROR     at scala.Option.get(Option.scala:1)", "scala"},
		{"\tat com.mine.Train$.main(Train.scala:9)", ""},
		{"look at this (now)", NULL},
		{"    at home (now)", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct frame frame = {0};
		assert_int_equal(frame_parse(str_of(lines[i].line), &frame), lines[i].owner != NULL);
		if (lines[i].owner) {
			assert_true(str_is(frame.owner, lines[i].owner));
			assert_int_equal(frame.is_library, lines[i].owner[0] != 0);
		}
	}
}

static void no_size_is_too_small(void **state)
{
	(void)state;
	write_file(STR("日本語\nabc def\n  File \"/x/site-packages/a/b.py\", line 1, in f\n    x\n"));
	struct pager *pager = opened(0);
	struct grid grid;
	for (int wrap = 0; wrap < 2; wrap++, pager_toggle_wrap(pager))
		for (int width = 1; width < 14; width++)
			for (int height = 1; height < 5; height++) {
				grid_init(&grid, width, height);
				pager_draw(pager, &grid, (struct rect){0, 0, width, height}, &unicode);
				pager_move(pager, width % 2 ? MOVE_HOME : MOVE_END, height);
				grid_fini(&grid);
			}
	pager_free(pager);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	int fd = mkstemp(path);
	if (fd < 0)
		return 1;
	close(fd);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_opens_at_its_cause),
		cmocka_unit_test(line_zero_is_the_end),
		cmocka_unit_test(scrolling_keeps_two_lines_around_the_cursor),
		cmocka_unit_test(hostile_bytes_are_shown_and_colours_are_kept),
		cmocka_unit_test(frames_of_libraries_are_folded),
		cmocka_unit_test(a_search_finds_forward_back_and_around),
		cmocka_unit_test(a_pattern_is_searched_line_by_line),
		cmocka_unit_test(a_line_that_is_too_hard_is_said),
		cmocka_unit_test(a_search_runs_beside_the_keys),
		cmocka_unit_test(lines_are_counted_beside_the_keys),
		cmocka_unit_test(work_beside_the_loop_ends_with_the_pager),
		cmocka_unit_test(a_search_sees_what_lies_across_two_reads),
		cmocka_unit_test(long_lines_wrap_on_request_or_scroll_sideways),
		cmocka_unit_test(a_line_taller_than_the_page_can_be_read_to_its_end),
		cmocka_unit_test(a_huge_line_is_cut_with_a_mark),
		cmocka_unit_test(following_shows_what_is_added),
		cmocka_unit_test(a_file_that_shrinks_or_is_replaced_is_read_anew),
		cmocka_unit_test(reopening_keeps_the_place),
		cmocka_unit_test(the_end_of_a_huge_file_is_there_at_once),
		cmocka_unit_test(frames_are_told_from_other_lines),
		cmocka_unit_test(no_size_is_too_small),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}

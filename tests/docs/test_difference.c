/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What differs between two texts, as `diff -u` says it. */
#include "client/docs/difference.h"

#include "client/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void differs(struct str before, struct str after, const char *expected)
{
	struct buf out;
	buf_init(&out, 0);
	difference_add(&out, before, after);
	if (!str_is(buf_str(&out), expected))
		fail_msg("got:\n%s", out.p ? out.p : "(nothing)");
	buf_fini(&out);
}

static void test_what_is_the_same_does_not_differ(void **state)
{
	(void)state;
	differs(STR(""), STR(""), "");
	differs(STR("a\nb\n"), STR("a\nb\n"), "");
}

static void test_a_text_that_comes_or_goes(void **state)
{
	(void)state;
	differs(STR(""), STR("a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
	differs(STR("a\n"), STR(""), "@@ -1,1 +0,0 @@\n-a\n");
}

static void test_three_lines_stand_around_a_change(void **state)
{
	(void)state;
	differs(STR("1\n2\n3\n4\n5\n6\n7\n8\n9\n"), STR("1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
		"@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
	differs(STR("a\nb\n"), STR("b\nc\n"), "@@ -1,2 +1,2 @@\n-a\n b\n+c\n");
}

static void test_changes_that_are_near_share_a_hunk(void **state)
{
	(void)state;
	differs(STR("a\n1\n2\n3\n4\n5\n6\nb\n"), STR("A\n1\n2\n3\n4\n5\n6\nB\n"),
		"@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
	differs(STR("a\n1\n2\n3\n4\n5\n6\n7\nb\n"), STR("A\n1\n2\n3\n4\n5\n6\n7\nB\n"),
		"@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

static void test_a_last_line_without_its_end(void **state)
{
	(void)state;
	differs(STR("a"), STR("b"), "@@ -1,1 +1,1 @@\n-a\n+b\n");
}

static void test_moved_lines_cost_what_is_shorter(void **state)
{
	(void)state;
	differs(STR("x\na\nb\nc\n"), STR("a\nb\nc\nx\n"), "@@ -1,4 +1,4 @@\n-x\n a\n b\n c\n+x\n");
}

/* Applied to BEFORE, the hunks give AFTER: for a few thousand texts of few letters. */
static void apply(struct str hunks, struct str before, struct buf *out)
{
	struct str line, old;
	size_t at = 1, from = 0;
	while (hunks.n && str_next(&hunks, '\n', &line)) {
		if (line.p[0] == '@') {
			assert_int_equal(sscanf(line.p, "@@ -%zu", &from), 1);
			for (; at < from && str_next(&before, '\n', &old); at++)
				buf_addf(out, "%.*s\n", STR_FMT(old));
			continue;
		}
		if (line.p[0] != '+') {
			assert_true(str_next(&before, '\n', &old));
			assert_true(str_eq(old, str_slice(line, 1, line.n)));
			at++;
		}
		if (line.p[0] != '-')
			buf_addf(out, "%.*s\n", STR_FMT(str_slice(line, 1, line.n)));
	}
	buf_add(out, before);
}

static void add_text(struct buf *out, uint32_t *random, uint32_t lines)
{
	for (uint32_t i = 0; i < lines; i++) {
		*random = *random * 1103515245 + 12345;
		buf_addf(out, "%c\n", 'a' + (int)((*random >> 16) % 3));
	}
}

static void test_hunks_make_one_of_the_other(void **state)
{
	(void)state;
	uint32_t random = 7;
	for (uint32_t i = 0; i < 3000; i++) {
		struct buf before, after, hunks, made;
		buf_init(&before, 0);
		buf_init(&after, 0);
		buf_init(&hunks, 0);
		buf_init(&made, 0);
		add_text(&before, &random, 1 + i % 23);
		add_text(&after, &random, 1 + i % 19);
		difference_add(&hunks, buf_str(&before), buf_str(&after));
		apply(buf_str(&hunks), buf_str(&before), &made);
		if (!str_eq(buf_str(&made), buf_str(&after)))
			fail_msg(
				"before:\n%safter:\n%shunks:\n%s", before.p, after.p, hunks.p ? hunks.p : "");
		buf_fini(&before);
		buf_fini(&after);
		buf_fini(&hunks);
		buf_fini(&made);
	}
}

static void test_a_page_written_anew_is_one_hunk(void **state)
{
	(void)state;
	struct buf before, after, hunks, made;
	buf_init(&before, 0);
	buf_init(&after, 0);
	buf_init(&hunks, 0);
	buf_init(&made, 0);
	for (int i = 0; i < 3 * DIFFERENCE_MOST; i++) {
		buf_addf(&before, "old %d\n", i);
		buf_addf(&after, "new %d\n", i);
	}
	difference_add(&hunks, buf_str(&before), buf_str(&after));
	apply(buf_str(&hunks), buf_str(&before), &made);
	assert_true(str_eq(buf_str(&made), buf_str(&after)));
	buf_fini(&before);
	buf_fini(&after);
	buf_fini(&hunks);
	buf_fini(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_the_same_does_not_differ),
		cmocka_unit_test(test_a_text_that_comes_or_goes),
		cmocka_unit_test(test_three_lines_stand_around_a_change),
		cmocka_unit_test(test_changes_that_are_near_share_a_hunk),
		cmocka_unit_test(test_a_last_line_without_its_end),
		cmocka_unit_test(test_moved_lines_cost_what_is_shorter),
		cmocka_unit_test(test_hunks_make_one_of_the_other),
		cmocka_unit_test(test_a_page_written_anew_is_one_hunk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

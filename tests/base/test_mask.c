/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mask.h"
#include "client/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_masked(const char *const *patterns, size_t n, const char *line, const char *expected)
{
	struct mask mask;
	struct buf text;
	struct err err = {0};
	buf_init(&text, 0);
	buf_addz(&text, line);
	if (!mask_init(&mask, patterns, n, &err))
		fail_msg("%s", err.msg);
	mask_line(&mask, &text);
	assert_string_equal(text.p, expected);
	mask_fini(&mask);
	buf_fini(&text);
}

static void what_a_pattern_matches_is_hidden(void **state)
{
	(void)state;
	static const char *const patterns[] = {"(?i)api[_-]?key\\s*[=:]\\s*\\S+", "s3cret", "x*"};
	assert_masked(patterns, 3, "API_KEY=abc def", "*** def");
	assert_masked(patterns, 3, "a s3cret, s3crets3cret", "a ***, ******");
	assert_masked(patterns, 3, "nothing here", "nothing here");
	assert_masked(patterns, 3, "", "");
	assert_masked(patterns, 3, "axxb", "a***b");
	assert_masked(patterns, 0, "s3cret", "s3cret");
}

static void a_line_that_is_too_hard_is_hidden_whole(void **state)
{
	(void)state;
	static const char *const patterns[] = {"^(a+)+$"};
	char line[4096];
	memset(line, 'a', sizeof line - 1);
	line[sizeof line - 2] = 'b';
	line[sizeof line - 1] = 0;
	assert_masked(patterns, 1, line, "*** (hidden: a pattern of 'mask' needs too long on this line)");
}

static void a_wrong_pattern_is_told(void **state)
{
	(void)state;
	static const char *const patterns[] = {"fine", "a("};
	struct mask mask;
	struct err err = {0};
	assert_false(mask_init(&mask, patterns, 2, &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "mask: pattern 'a(': missing closing parenthesis at character 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_pattern_matches_is_hidden),
		cmocka_unit_test(a_line_that_is_too_hard_is_hidden_whole),
		cmocka_unit_test(a_wrong_pattern_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

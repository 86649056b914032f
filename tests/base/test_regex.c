/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mem.h"
#include "client/base/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct regex *compiled(const char *pattern, bool ignores_case)
{
	struct err err = {0};
	struct regex *regex = regex_new(str_of(pattern), ignores_case, &err);
	if (!regex)
		fail_msg("%s", err.msg);
	return regex;
}

static void a_pattern_is_found_where_it_is(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *text;
		bool ignores_case;
		size_t from, at, length;
	} cases[] = {
		{"null_rate\\(\\w+\\)", "check null_rate(player_id) failed", false, 0, 6, 20},
		{"error|warn", "a WARNing", true, 0, 2, 4},
		{"error|warn", "a WARNing", false, 0, SIZE_MAX, 0},
		{"^b", "ab", false, 1, SIZE_MAX, 0}, /* the start of the line, not of the search */
		{"x*", "aaa", false, 1, 1, 0}, {"größe", "die GRÖßE", true, 0, 4, 7},
		{"b+",
			"\xFF\xFE"
			"bbb\xC3",
			false, 0, 2, 3}, /* whatever bytes stand around it */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct regex *regex = compiled(cases[i].pattern, cases[i].ignores_case);
		size_t length = 0;
		assert_int_equal(
			regex_find(regex, str_of(cases[i].text), cases[i].from, &length), cases[i].at);
		if (cases[i].at != SIZE_MAX)
			assert_int_equal(length, cases[i].length);
		regex_free(regex);
	}
}

static void a_wrong_pattern_is_said_with_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *message;
	} cases[] = {
		{"a(b", "pattern 'a(b': missing closing parenthesis at character 4"},
		{"é[z-a]", "pattern 'é[z-a]': range out of order in character class at character 5"},
		{"*", "pattern '*': quantifier does not follow a repeatable item at character 1"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err;
		assert_null(regex_new(str_of(cases[i].pattern), false, &err));
		assert_int_equal(err.code, ERR_USAGE);
		assert_string_equal(err.msg, cases[i].message);
	}
}

/* Without limits this needs longer than anybody lives. */
static void a_pattern_that_would_hang_gives_up(void **state)
{
	(void)state;
	static const char *const patterns[] = {"(a+)+$", "(a|a)*$", "(x+x+)+y", "(?R)?a$"};
	char text[4001];
	memset(text, 'a', 4000);
	memset(text + 2000, 'x', 1000);
	text[3999] = 'b';
	text[4000] = 0;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct regex *regex = compiled(patterns[i], false);
		size_t length;
		assert_int_equal(regex_find(regex, str_of(text), 0, &length), SIZE_MAX);
		regex_free(regex);
	}
	struct regex *regex = compiled("(a+)+$", false);
	size_t length;
	regex_find(regex, str_of(text), 0, &length);
	assert_int_equal(regex_given_up(regex), 1);
	regex_free(regex);
}

static void plain_text_is_no_pattern(void **state)
{
	(void)state;
	assert_false(regex_is_pattern(STR("OutOfMemoryError: heap space / 12 %")));
	assert_false(regex_is_pattern(STR("")));
	assert_true(regex_is_pattern(STR("a.b")));
	assert_true(regex_is_pattern(STR("[x]")));
	assert_true(regex_is_pattern(STR("\\d")));
}

int main(void)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_is_found_where_it_is),
		cmocka_unit_test(a_wrong_pattern_is_said_with_its_place),
		cmocka_unit_test(a_pattern_that_would_hang_gives_up),
		cmocka_unit_test(plain_text_is_no_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

static void the_usual_secrets_are_always_hidden(void **state)
{
	(void)state;
	static const char *const lines[][2] = {
		{"login with DB_PASSWORD=hunter22 ok", "login with DB_PASSWORD=*** ok"},
		{"{\"user\": \"ann\", \"password\": \"hunter22\"}",
			"{\"user\": \"ann\", \"password\": \"***\"}"},
		{"'{\\\"api_key\\\":\\\"abc123\\\"}'", "'{\\\"api_key\\\":\\\"***\\\"}'"},
		{"password: hunter22", "password: ***"},
		{"GET /x?token=abcdef&page=2", "GET /x?token=***&page=2"},
		{"Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"},
		{"curl -H 'authorization: Basic dXNlcjpwdw=='", "curl -H 'authorization: Basic ***'"},
		{"postgresql://ann:pw1234@db/x", "postgresql://ann:***@db/x"},
		{"id AKIAIOSFODNN7EXAMPLE.", "id ***."},
		{"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = ***"},
		{"ghp_0123456789abcdefghij0123 pushed", "*** pushed"},
		{"xoxb-1234567890-abcdefghij", "***"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "***"},
		{"-----BEGIN RSA PRIVATE KEY-----MIIE", "***"},
	};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_masked(NULL, 0, lines[i][0], lines[i][1]);
}

static void what_only_speaks_of_secrets_stays(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"KeyError: 'player_id'",
		"SyntaxError: unexpected token: else",
		"max_tokens=512 tokenizer=bert",
		"secret: not found in namespace ml",
		"http://127.0.0.1:8080/api?key_prefix=a",
		"s3://bucket/path:with:colons and an@sign",
		"the monkey = 3 turkeys",
		"401 Unauthorized: invalid bearer",
	};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_masked(NULL, 0, lines[i], lines[i]);
}

static void a_long_line_costs_no_more_than_its_length(void **state)
{
	(void)state;
	static char line[1 << 20];
	memset(line, 'x', sizeof line - 1);
	memcpy(line, "token", 5);
	memcpy(line + sizeof line / 2, "://", 3);
	assert_masked(NULL, 0, line, line);
}

static void a_value_is_hidden_for_its_name(void **state)
{
	(void)state;
	struct mask mask = {0};
	struct arena *arena = arena_new();
	assert_string_equal(mask_value(&mask, arena, "db_password", "hunter22"), "***");
	assert_string_equal(mask_value(&mask, arena, "password", "a b"), "***");
	assert_string_equal(
		mask_value(&mask, arena, "conf", "{\"token\": \"abcdef\"}"), "{\"token\": \"***\"}");
	assert_string_equal(mask_value(&mask, arena, "depth", "12"), "12");
	assert_null(mask_value(&mask, arena, "password", NULL));
	assert_string_equal(mask_text(&mask, arena, "pwd password=hunter22"), "pwd password=***");
	arena_free(arena);
	mask_fini(&mask);
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
		cmocka_unit_test(the_usual_secrets_are_always_hidden),
		cmocka_unit_test(what_only_speaks_of_secrets_stays),
		cmocka_unit_test(a_long_line_costs_no_more_than_its_length),
		cmocka_unit_test(a_value_is_hidden_for_its_name),
		cmocka_unit_test(a_line_that_is_too_hard_is_hidden_whole),
		cmocka_unit_test(a_wrong_pattern_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

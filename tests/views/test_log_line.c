/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mem.h"
#include "views/log_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_line(const char *line, bool is_absolute, const char *expected)
{
	struct log_piece pieces[LOG_LINE_MOST_PIECES];
	struct buf out;
	buf_init(&out, 0);
	buf_addz(&out, "");
	size_t n = log_line_lay_out(str_of(line), is_absolute, &out, pieces);
	assert_string_equal(buf_str(&out).p, expected);
	assert_true(n ? pieces[n - 1].to == out.n : !out.n);
	buf_fini(&out);
}

static void time_level_and_message_come_first(void **state)
{
	(void)state;
	assert_line(
		"{\"rows\": 12, \"event\": \"read\", \"level\": \"info\", \"timestamp\": \"2026-11-22T16:53:01.5Z\","
		" \"table\": \"a b\", \"more\": {\"x\": [1, null]}}",
		false, "17:53:01 INFO  read  rows=12  table=\"a b\"  more={\"x\":[1,null]}");
	assert_line("{\"ts\": 1795366381, \"msg\": \"m\", \"severity\": \"CRITICAL\"}", false,
		"17:53:01 CRITICAL m");
	assert_line("{\"ts\": 1795366381500.0, \"message\": \"m\"}", false, "17:53:01 m");
	assert_line("{\"time\": \"2026-11-22T16:53:01Z\", \"msg\": \"m\"}", true, "2026-11-22T16:53:01Z m");
	assert_line("{\"time\": \"22 Nov, 16:53\", \"msg\": \"m\"}", false, "22 Nov, 16:53 m");
	assert_line("{\"level\": 30, \"msg\": \"\", \"ok\": true, \"none\": null, \"e\": \"\"}", false,
		"30   ok=true  none=null  e=\"\"");
}

static void what_is_no_line_of_a_logger_stays_as_it_is(void **state)
{
	(void)state;
	static const char *const lines[] = {"", "{", "{}", "plain", "[1]", "{\"a\": 1}", "{\"msg\": \"cut",
		"{\"msg\": \"a\"} and more", "{\"msg\": \"a\"} {\"msg\": \"b\"}", "{\"msg\": null}",
		"{'msg': 'python'}"};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_line(lines[i], false, "");
}

static void nothing_of_it_steers_a_terminal(void **state)
{
	(void)state;
	assert_line("{\"msg\": \"a\\u001b[2Jb\\nc\", \"\\u0007k\": \"\\u202e\"}", false,
		"a^[[2Jb^Jc  ^Gk=<U+202E>");
}

static void levels_have_roles(void **state)
{
	(void)state;
	static const struct {
		const char *level;
		enum role role;
	} cases[] = {
		{"error", ROLE_FAILED}, {"WARNING", ROLE_LATE}, {"debug", ROLE_DIM}, {"notice", ROLE_TEXT}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct log_piece pieces[LOG_LINE_MOST_PIECES];
		struct buf line, out;
		buf_init(&line, 0);
		buf_init(&out, 0);
		buf_addf(&line, "{\"level\": \"%s\", \"msg\": \"m\"}", cases[i].level);
		assert_true(log_line_lay_out(buf_str(&line), false, &out, pieces));
		assert_int_equal(pieces[0].role, cases[i].role);
		buf_fini(&line);
		buf_fini(&out);
	}
}

static void a_line_of_a_thousand_keys_is_shown(void **state)
{
	(void)state;
	struct log_piece pieces[LOG_LINE_MOST_PIECES];
	struct buf line, out;
	buf_init(&line, 0);
	buf_init(&out, 0);
	buf_addz(&line, "{\"msg\": \"m\"");
	for (int i = 0; i < 1000; i++)
		buf_addf(&line, ", \"k%d\": %d", i, i);
	buf_addz(&line, "}");
	assert_int_equal(log_line_lay_out(buf_str(&line), false, &out, pieces), LOG_LINE_MOST_PIECES);
	assert_int_equal(pieces[LOG_LINE_MOST_PIECES - 1].to, out.n);
	buf_fini(&line);
	buf_fini(&out);
}

int main(void)
{
	setenv("TZ", "Europe/Paris", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_level_and_message_come_first),
		cmocka_unit_test(what_is_no_line_of_a_logger_stays_as_it_is),
		cmocka_unit_test(nothing_of_it_steers_a_terminal),
		cmocka_unit_test(levels_have_roles),
		cmocka_unit_test(a_line_of_a_thousand_keys_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

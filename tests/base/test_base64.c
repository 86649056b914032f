/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/base64.h"

#include "client/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	const char *bytes, *text;
} good[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff\xfe", "+//+"},
};

static void bytes_become_the_text_of_the_rfc_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct buf text, bytes;
		buf_init(&text, 0);
		buf_init(&bytes, 0);
		base64_add(&text, str_of(good[i].bytes));
		assert_true(str_is(buf_str(&text), good[i].text));
		assert_true(base64_read(&bytes, str_of(good[i].text)));
		assert_true(str_is(buf_str(&bytes), good[i].bytes));
		buf_fini(&text);
		buf_fini(&bytes);
	}
}

static void a_text_that_no_encoder_writes_is_refused_and_adds_nothing(void **state)
{
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "====", "Zh==", "Zm9=", "Zm9v\n", "Zm 9",
		"Zg==Zg==", "Zm-_", "Zm9\xc3"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf bytes;
		buf_init(&bytes, 0);
		buf_addz(&bytes, "before");
		assert_false(base64_read(&bytes, str_of(bad[i])));
		assert_string_equal(bytes.p, "before");
		assert_int_equal(bytes.n, 6);
		buf_fini(&bytes);
	}
}

static void what_does_not_fit_is_told_by_the_buffer(void **state)
{
	(void)state;
	struct buf small;
	buf_init(&small, 3);
	base64_add(&small, STR("foo"));
	assert_true(small.is_over);
	assert_int_equal(small.n, 0);
	buf_fini(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_become_the_text_of_the_rfc_and_back),
		cmocka_unit_test(a_text_that_no_encoder_writes_is_refused_and_adds_nothing),
		cmocka_unit_test(what_does_not_fit_is_told_by_the_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/json.h"

#include "client/base/clock.h"
#include "client/base/mem.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct json_doc *parse(struct str text, size_t repairs)
{
	struct err err = {0};
	struct json_doc *doc = json_parse(text, &err);
	if (!doc)
		fail_msg("%s", err.msg);
	assert_int_equal(json_repairs(doc), repairs);
	return doc;
}

static void refuses(struct str text, const char *want)
{
	struct err err = {0};
	struct json_doc *doc = json_parse(text, &err);
	assert_null(doc);
	assert_int_equal(err.code, ERR_FAILED);
	if (!strstr(err.msg, want))
		fail_msg("'%s' does not say '%s'", err.msg, want);
}

static void writes(const struct json *value, const char *want)
{
	struct buf out;
	buf_init(&out, 0);
	json_add(&out, value);
	assert_string_equal(buf_str(&out).p, want);
	buf_fini(&out);
}

/* What TEXT reads as, written again. */
static void reads_as(struct str text, size_t repairs, const char *want)
{
	struct json_doc *doc = parse(text, repairs);
	writes(json_root(doc), want);
	json_free(doc);
}

static void reads_each_type(void **state)
{
	(void)state;
	struct json_doc *doc =
		parse(STR("{\"n\":null,\"b\":true,\"i\":-7,\"r\":0.5,\"s\":\"x\",\"a\":[1,2],\"o\":{}}"), 0);
	const struct json *root = json_root(doc);
	assert_int_equal(json_type(root), JSON_OBJECT);
	assert_int_equal(json_type(json_get(root, "n")), JSON_NULL);
	assert_int_equal(json_type(json_get(root, "b")), JSON_BOOL);
	assert_int_equal(json_type(json_get(root, "i")), JSON_INT);
	assert_int_equal(json_type(json_get(root, "r")), JSON_REAL);
	assert_int_equal(json_type(json_get(root, "s")), JSON_TEXT);
	assert_int_equal(json_type(json_get(root, "a")), JSON_ARRAY);
	assert_int_equal(json_type(json_get(root, "o")), JSON_OBJECT);
	assert_int_equal(json_type(json_get(root, "missing")), JSON_ABSENT);
	assert_int_equal(json_len(root), 7);
	assert_int_equal(json_len(json_get(root, "a")), 2);
	assert_true(str_is(json_get_str(root, "s"), "x"));
	assert_null(json_get_str(root, "i").p);
	json_free(doc);
}

static void absent_chains(void **state)
{
	(void)state;
	int64_t i = 5;
	double d = 5;
	bool b = true;
	struct json_iter it = {0};
	const struct json *none = json_get(json_at(json_get(NULL, "a"), 3), "b");
	assert_null(none);
	assert_int_equal(json_type(none), JSON_ABSENT);
	assert_int_equal(json_len(none), 0);
	assert_false(json_int(none, &i) || json_num(none, &d) || json_bool(none, &b) || json_each(none, &it));
	assert_true(i == 5 && d == 5 && b);
	assert_null(json_str(none).p);
	assert_null(json_root(NULL));
	json_free(NULL);
}

static void wrong_types_are_unknown(void **state)
{
	(void)state;
	struct json_doc *doc = parse(STR("[null,true,{},[],\"1x\",\"\",1.5,1e300]"), 0);
	int64_t i = 5;
	for (size_t k = 0; k < json_len(json_root(doc)); k++)
		assert_false(json_int(json_at(json_root(doc), k), &i));
	assert_true(i == 5);
	assert_null(json_at(json_root(doc), 99));
	assert_null(json_get(json_root(doc), "k"));
	json_free(doc);
}

static void numbers_come_as_texts_and_reals_too(void **state)
{
	(void)state;
	struct json_doc *doc =
		parse(STR("[\"9007199254740993\",3.0,-9223372036854775808,\"NaN\",\"-Infinity\"]"), 0);
	const struct json *root = json_root(doc);
	int64_t i;
	double d;
	assert_true(json_int(json_at(root, 0), &i) && i == INT64_C(9007199254740993));
	assert_true(json_int(json_at(root, 1), &i) && i == 3);
	assert_true(json_int(json_at(root, 2), &i) && i == INT64_MIN);
	assert_false(json_int(json_at(root, 3), &i));
	assert_true(json_num(json_at(root, 0), &d) && d == 9007199254740992.0);
	assert_true(json_num(json_at(root, 3), &d) && isnan(d));
	assert_true(json_num(json_at(root, 4), &d) && isinf(d) && d < 0);
	json_free(doc);
}

static void walks_members_in_order(void **state)
{
	(void)state;
	struct json_doc *doc = parse(STR("{\"z\":1,\"a\":2,\"m\":3}"), 0);
	struct json_iter it = {0};
	char keys[4] = "";
	int64_t sum = 0, value;
	for (size_t n = 0; json_each(json_root(doc), &it); n++) {
		keys[n] = it.key.p[0];
		assert_true(it.key.n == 1 && json_int(it.value, &value));
		sum = sum * 10 + value;
	}
	assert_string_equal(keys, "zam");
	assert_int_equal(sum, 123);
	json_free(doc);
}

static void one_bad_row_does_not_empty_a_page(void **state)
{
	(void)state;
	static const struct {
		struct str bad;
		const char *reads;
	} rows[] = {
		{STR("NaN"), "null"},
		{STR("Infinity"), "null"},
		{STR("-Infinity"), "null"},
		{STR("nan"), "null"},
		{STR("-inf"), "null"},
		{STR("1e309"), "null"},
		{STR("-1.5E+400"), "null"},
		{STR("9223372036854775808"), "null"},
		{STR("-9223372036854775809"), "null"},
		{STR("123456789012345678901234567890"), "null"},
		{STR("\"a\\ud800b\""), "\"a\uFFFDb\""},
		{STR("\"a\\udc00b\""), "\"a\uFFFDb\""},
		{STR("\"a\\ud83dx\""), "\"a\uFFFDx\""},
		{STR("\"a\\u0000b\""), "\"a\uFFFDb\""},
		{STR("\"a\xff"
		     "b\""),
			"\"a\uFFFDb\""},
		{STR("\"a\0b\""), "\"a\uFFFDb\""},
		{STR("\"a\nb\""), "\"a\\u000ab\""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text;
		char want[200];
		buf_init(&text, 0);
		buf_addz(&text, "{\"runs\":[{\"v\":1},{\"v\":");
		buf_add(&text, rows[i].bad);
		buf_addz(&text, "},{\"v\":\"\\ud83d\\ude00 \\\\u0000\"}]}");
		snprintf(want, sizeof want,
			"{\"runs\":[{\"v\":1},{\"v\":%s},{\"v\":\"\U0001F600 \\\\u0000\"}]}", rows[i].reads);
		reads_as(buf_str(&text), 1, want);
		buf_fini(&text);
	}
}

static void counts_each_repair(void **state)
{
	(void)state;
	reads_as(STR("[NaN, 1,Infinity,\"\xc0\x80\"]"), 4, "[null,1,null,\"\uFFFD\uFFFD\"]");
	reads_as(STR("{\"k\\ud800\":NaN}"), 2, "{\"k\uFFFD\":null}");
	reads_as(STR("[\"NaN Infinity 1e999\"]"), 0, "[\"NaN Infinity 1e999\"]");
}

static void ordinary_numbers_stay(void **state)
{
	(void)state;
	reads_as(STR("[0,-0,1e308,1E-400,9223372036854775807,-9223372036854775808,0.1,1e-05,100.0]"), 0,
		"[0,0,1e+308,0.0,9223372036854775807,-9223372036854775808,0.1,1e-05,100.0]");
}

static void of_a_repeated_key_the_last_value_counts(void **state)
{
	(void)state;
	reads_as(STR("{\"rows\":[{\"a\":1,\"a\":2},{\"b\":3}]}"), 1, "{\"rows\":[{\"a\":2},{\"b\":3}]}");
}

static void a_byte_order_mark_is_nothing(void **state)
{
	(void)state;
	reads_as(STR("\uFEFF{}"), 0, "{}");
}

static void says_where_and_never_quotes(void **state)
{
	(void)state;
	refuses(STR(""), "empty");
	refuses((struct str){0}, "empty");
	refuses(STR("  "), "line 1");
	refuses(STR("<html>secret</html>"), "line 1, column 1: no valid JSON");
	refuses(STR("{\"a\":\n  [1,2"), "line 2, column 6: the text ends in the middle");
	refuses(STR("[1] secret"), "more text after");
	refuses(STR("[1]\0"), "JSON at line 1");
	refuses(STR("3"), "no valid JSON");
	refuses(STR("\"text\""), "no valid JSON");
	refuses(STR("[01]"), "no valid JSON");
	refuses(STR("[1.]"), "no valid JSON");
	refuses(STR("[-]"), "no valid JSON");
	refuses(STR("[secret]"), "no valid JSON");
	refuses(STR("{NaN:1}"), "no valid JSON");
	refuses(STR("[\"\\"), "JSON at");
	refuses(STR("[\"\\ud8"), "JSON at");
	struct err err = {0};
	assert_null(json_parse(STR("[secret]"), &err));
	assert_null(strstr(err.msg, "secret"));
	assert_null(json_parse(STR("{"), NULL));
}

static struct str repeat(struct buf *buf, const char *piece, size_t n)
{
	buf_init(buf, 0);
	for (size_t i = 0; i < n; i++)
		buf_addz(buf, piece);
	return buf_str(buf);
}

static void depth_is_bounded(void **state)
{
	(void)state;
	struct buf text;
	repeat(&text, "[", JSON_MOST_DEPTH);
	for (size_t i = 0; i < JSON_MOST_DEPTH; i++)
		buf_addc(&text, ']');
	json_free(parse(buf_str(&text), 0));
	buf_fini(&text);

	refuses(repeat(&text, "[", 10000000), "column 65: nested deeper than 64");
	buf_fini(&text);
	refuses(repeat(&text, "{\"a\":", 65), "nested deeper than 64");
	buf_fini(&text);
	/* Brackets in a text nest nothing. */
	repeat(&text, "[", 1);
	buf_addz(&text, "\"");
	for (size_t i = 0; i < 100; i++)
		buf_addz(&text, "[{\\\"");
	buf_addz(&text, "\"]");
	json_free(parse(buf_str(&text), 0));
	buf_fini(&text);
}

static void size_is_bounded(void **state)
{
	(void)state;
	struct buf text;
	repeat(&text, " ", JSON_MOST_BYTES - 2);
	buf_addz(&text, "[]");
	json_free(parse(buf_str(&text), 0));
	buf_addc(&text, ' ');
	refuses(buf_str(&text), "more than 16777216");
	buf_fini(&text);
}

static void memory_is_bounded(void **state)
{
	(void)state;
	struct buf text;
	repeat(&text, "[", 1);
	for (size_t i = 0; i < JSON_MOST_BYTES / 3 - 1; i++)
		buf_addz(&text, "{},");
	buf_addz(&text, "1]");
	refuses(buf_str(&text), "more than 256 MiB");
	buf_fini(&text);
	reads_as(STR("[{}]"), 0, "[{}]");
}

static void repair_is_bounded(void **state)
{
	(void)state;
	struct buf text;
	repeat(&text, "[\"", 1);
	for (size_t i = 0; i < 12 << 20; i++)
		buf_addc(&text, '\x01');
	buf_addz(&text, "\"]");
	refuses(buf_str(&text), "too damaged");
	buf_fini(&text);
}

static void wrote(struct buf *out, const char *want)
{
	assert_string_equal(buf_str(out).p, want);
	buf_fini(out);
}

static void writes_documents(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	struct json_writer w = {.out = &out};
	json_open(&w, '{');
	json_key(&w, "i");
	json_put_int(&w, INT64_MIN);
	json_key_str(&w, STR("a\"b"));
	json_open(&w, '[');
	json_put_bool(&w, true);
	json_put_null(&w);
	json_open(&w, '[');
	json_close(&w, ']');
	json_open(&w, '{');
	json_close(&w, '}');
	json_put_str(&w, (struct str){0});
	json_put_str(&w, STR(""));
	json_close(&w, ']');
	json_key(&w, "none");
	json_put_ms(&w, TIME_NONE);
	json_key(&w, "ms");
	json_put_ms(&w, 1795348800000);
	json_key(&w, "raw");
	json_put_raw(&w, STR("[1]"));
	json_close(&w, '}');
	wrote(&out, "{\"i\":-9223372036854775808,\"a\\\"b\":[true,null,[],{},null,\"\"],\"none\":null,"
		    "\"ms\":1795348800000,\"raw\":[1]}");
}

static void a_member_that_nobody_told_is_null(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	struct json_writer w = {.out = &out};
	json_open(&w, '{');
	json_member_text(&w, "told", "");
	json_member_text(&w, "untold", NULL);
	json_member_int(&w, "n", -1);
	json_member_bool(&w, "is", false);
	json_member_ms(&w, "at_ms", TIME_NONE);
	json_close(&w, '}');
	wrote(&out, "{\"told\":\"\",\"untold\":null,\"n\":-1,\"is\":false,\"at_ms\":null}");
}

static void writes_text(struct str text, const char *want)
{
	struct buf out;
	buf_init(&out, 0);
	struct json_writer w = {.out = &out};
	json_put_str(&w, text);
	wrote(&out, want);
}

static void no_byte_that_steers_a_terminal_leaves(void **state)
{
	(void)state;
	writes_text(STR("a\x1b[31m\a"), "\"a\\u001b[31m\\u0007\"");
	writes_text(STR("\0\n\t\x7f"), "\"\\u0000\\u000a\\u0009\\u007f\"");
	writes_text(STR("\xc2\x9b\xc2\x85"), "\"\\u009b\\u0085\"");
	writes_text(STR("\u202e\u2066\u200b\u2028\u2029\ufeff\u061c"),
		"\"\\u202e\\u2066\\u200b\\u2028\\u2029\\ufeff\\u061c\"");
	writes_text(STR("\ufdd0\ufffe\U0001ffff\u0378"), "\"\\ufdd0\\ufffe\\ud83f\\udfff\\u0378\"");
	writes_text(STR("\U000e0041"), "\"\\udb40\\udc41\"");
	writes_text(STR("\x9b\xc0\xafz"), "\"\\ufffd\\ufffd\\ufffdz\"");
	writes_text(STR("\"\\/"), "\"\\\"\\\\/\"");
	writes_text(STR("Gr\u00fc\u00dfe \u6f22 \U0001F600"), "\"Gr\u00fc\u00dfe \u6f22 \U0001F600\"");
}

static void writes_num(double value, const char *want)
{
	struct buf out;
	buf_init(&out, 0);
	struct json_writer w = {.out = &out};
	json_put_num(&w, value);
	wrote(&out, want);
}

static void writes_numbers_that_read_back(void **state)
{
	(void)state;
	writes_num(0.1, "0.1");
	writes_num(1, "1.0");
	writes_num(-0.0, "-0.0");
	writes_num(1.0 / 3, "0.3333333333333333");
	writes_num(0.1 + 0.2, "0.30000000000000004");
	writes_num(1e22, "1e+22");
	writes_num(1.7976931348623157e308, "1.7976931348623157e+308");
	writes_num(5e-324, "4.94065645841247e-324");
	writes_num((double)NAN, "\"NaN\"");
	writes_num((double)INFINITY, "\"Infinity\"");
	writes_num(-(double)INFINITY, "\"-Infinity\"");
	if (setlocale(LC_NUMERIC, "de_DE.UTF-8"))
		writes_num(0.5, "0.5");
	setlocale(LC_NUMERIC, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_type),
		cmocka_unit_test(absent_chains),
		cmocka_unit_test(wrong_types_are_unknown),
		cmocka_unit_test(numbers_come_as_texts_and_reals_too),
		cmocka_unit_test(walks_members_in_order),
		cmocka_unit_test(one_bad_row_does_not_empty_a_page),
		cmocka_unit_test(counts_each_repair),
		cmocka_unit_test(ordinary_numbers_stay),
		cmocka_unit_test(of_a_repeated_key_the_last_value_counts),
		cmocka_unit_test(a_byte_order_mark_is_nothing),
		cmocka_unit_test(says_where_and_never_quotes),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(repair_is_bounded),
		cmocka_unit_test(writes_documents),
		cmocka_unit_test(a_member_that_nobody_told_is_null),
		cmocka_unit_test(no_byte_that_steers_a_terminal_leaves),
		cmocka_unit_test(writes_numbers_that_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

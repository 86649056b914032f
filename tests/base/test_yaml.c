/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/yaml.h"

#include "client/base/buf.h"
#include "client/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena *arena;

static const struct yaml *parse(const char *text)
{
	struct err err = {0};
	const struct yaml *root = yaml_parse(arena, "x.yaml", str_of(text), &err);
	if (!root)
		fail_msg("%s", err.msg);
	return root;
}

static void assert_refused(struct str text, const char *message)
{
	struct err err = {0};
	assert_null(yaml_parse(arena, "x.yaml", text, &err));
	assert_string_equal(err.msg, message);
	assert_int_equal(err.code, ERR_USAGE);
}

/* --- what is read ---------------------------------------------------------------- */

static void maps_and_lists_in_either_style(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"a: {b: [1, two]}\nc: x\n",
		"a:\n  b:\n    - 1\n    - two\nc: x\n",
		"{a: {b: [1, 'two']}, c: x}",
		"\xEF\xBB\xBF---\na:\n  b: [1,\n    two]\nc: x\n...\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct yaml *root = parse(texts[i]);
		assert_int_equal(root->type, YAML_MAP);
		assert_int_equal(root->n, 2);
		const struct yaml *list = yaml_get(yaml_get(root, "a"), "b");
		assert_int_equal(list->type, YAML_LIST);
		assert_int_equal(list->n, 2);
		assert_string_equal(list->items[1].text.p, "two");
		assert_string_equal(root->keys[1].text.p, "c");
		assert_null(yaml_get(root, "b"));
		assert_null(yaml_get(list, "b"));
	}
}

static void every_value_knows_its_line(void **state)
{
	(void)state;
	const struct yaml *root = parse("# top\na: 1\nb:\n  - x\n  -\n    y: {\n      z: 1}\n");
	assert_int_equal(root->keys[0].line, 2);
	assert_int_equal(yaml_get(root, "a")->line, 2);
	const struct yaml *list = yaml_get(root, "b");
	assert_int_equal(list->line, 4);
	assert_int_equal(list->items[1].line, 6);
	assert_int_equal(yaml_get(yaml_get(&list->items[1], "y"), "z")->line, 7);
}

static void an_empty_document_is_an_empty_map(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "# nothing\n", "---\n", "~"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct yaml *root = parse(texts[i]);
		assert_int_equal(root->type, YAML_MAP);
		assert_int_equal(root->n, 0);
		assert_int_equal(root->line, 1);
	}
}

static void text_keeps_its_bytes(void **state)
{
	(void)state;
	const struct yaml *root = parse("a: \"x\\0y\\u00e9\"\nb: |\n  1\n  2\nc: 'it''s'\n");
	assert_true(str_eq(yaml_get(root, "a")->text, STR("x\0y\xC3\xA9")));
	assert_true(yaml_get(root, "a")->is_quoted);
	assert_string_equal(yaml_get(root, "b")->text.p, "1\n2\n");
	assert_string_equal(yaml_get(root, "c")->text.p, "it's");
}

static void null_is_unquoted(void **state)
{
	(void)state;
	const struct yaml *list = parse("[null, ~, NULL, 'null', '', 0, [], nil]");
	static const bool wanted[] = {true, true, true, false, false, false, false, false};
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		assert_int_equal(yaml_is_null(&list->items[i]), wanted[i]);
	assert_true(yaml_is_null(yaml_get(parse("a:\n"), "a")));
}

static void booleans_are_words(void **state)
{
	(void)state;
	const struct yaml *list = parse("[true, False, yes, no, ON, off, 'true', 1, truely, {}, ~]");
	static const int wanted[] = {1, 0, 1, 0, 1, 0, -1, -1, -1, -1, -1};
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		bool value;
		bool ok = yaml_bool(&list->items[i], &value);
		assert_int_equal(ok ? value : -1, wanted[i]);
	}
}

static void integers_are_whole_and_in_range(void **state)
{
	(void)state;
	const struct yaml *list = parse("[7, -3, 11, '7', 7.0, 0x7, 99999999999999999999, [7]]");
	int64_t value = 0;
	assert_true(yaml_int(&list->items[0], -5, 10, &value));
	assert_int_equal(value, 7);
	assert_true(yaml_int(&list->items[1], -5, 10, &value));
	assert_int_equal(value, -3);
	for (size_t i = 2; i < list->n; i++)
		assert_false(yaml_int(&list->items[i], -5, 10, &value));
}

/* --- what is refused -------------------------------------------------------------- */

static void aliases_anchors_and_tags_are_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"a: &x 1", "a: *x", "a: !!str 1", "a: ! 1", "a: &x [1]",
		"a: !t {b: 1}", "{*x : 1}", "{&x a: 1}"};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_refused(str_of(texts[i]),
			"x.yaml:1: aliases, anchors and tags are not supported: write the value out, or quote it");
}

static void duplicate_keys_name_both_lines(void **state)
{
	(void)state;
	assert_refused(
		STR("a: 1\nb: {a: 1}\n'a': 2\n"), "x.yaml:3: duplicate key 'a': line 1 has it already");
	assert_refused(STR("a: 1\nb: 1\nb: 2\n"), "x.yaml:3: duplicate key 'b': line 2 has it already");
	assert_refused(STR("- {a: 1,\n   a: 1}\n"), "x.yaml:2: duplicate key 'a': line 1 has it already");
}

static void broken_texts_are_explained(void **state)
{
	(void)state;
	static const struct {
		struct str text;
		const char *message;
	} cases[] = {
		{STR("a: [1\n"),
			"x.yaml:2: did not find expected ',' or ']' (while parsing a flow sequence from line 1)"},
		{STR("a: 1\n b: 2\n"), "x.yaml:2: mapping values are not allowed in this context"},
		{STR("a:\n\tb: 2\n"), "x.yaml:2: a tab cannot indent: use blanks"},
		{STR("\xC3\xA9: 1\na: @me\n"), "x.yaml:2: a value that starts with '@' must be quoted"},
		{STR("a: `x`\n"), "x.yaml:1: a value that starts with '`' must be quoted"},
		{STR("a: 1\nb: \xFF\n"), "x.yaml:2: invalid leading UTF-8 octet"},
		{STR("a: 1\nb: \0\n"), "x.yaml:2: control characters are not allowed"},
		{STR("a: 1\nb: \x1b[2J\n"), "x.yaml:2: control characters are not allowed"},
		{STR("a\0:\0 \0b\0"), "x.yaml:1: control characters are not allowed"},
		{STR("a: 1\n---\nb: 1\n"), "x.yaml:2: a second document: only one is read"},
		{STR("? [a]\n: 1\n"), "x.yaml:1: a key must be a plain text"},
		{STR("a: 'x\n"),
			"x.yaml:2: found unexpected end of stream (while scanning a quoted scalar from line 1)"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_refused(cases[i].text, cases[i].message);
}

/* --- limits ------------------------------------------------------------------------- */

static void repeat(struct buf *out, const char *piece, size_t n)
{
	buf_init(out, 0);
	for (size_t i = 0; i < n; i++)
		buf_addz(out, piece);
}

static void depth_is_limited(void **state)
{
	(void)state;
	struct buf text;
	struct err err = {0};
	assert_non_null(yaml_parse(arena, "x.yaml", STR("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"), &err));
	assert_refused(STR("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), "x.yaml:1: nested too deeply");
	repeat(&text, "[", 50000);
	assert_refused(buf_str(&text), "x.yaml:1: nested too deeply");
	buf_fini(&text);
	repeat(&text, "- ", 50000);
	assert_refused(buf_str(&text), "x.yaml:1: nested too deeply");
	buf_fini(&text);
}

static void values_are_counted(void **state)
{
	(void)state;
	struct buf text;
	struct err err = {0};
	repeat(&text, "- x\n", 9999);
	assert_non_null(yaml_parse(arena, "x.yaml", buf_str(&text), &err));
	buf_fini(&text);
	repeat(&text, "- x\n", 10000);
	assert_refused(buf_str(&text), "x.yaml:10000: more than 10,000 values");
	buf_fini(&text);
}

static void length_is_limited(void **state)
{
	(void)state;
	struct buf text;
	struct err err = {0};
	repeat(&text, "#123456789abcde\n", 16384);
	assert_non_null(yaml_parse(arena, "x.yaml", buf_str(&text), &err));
	buf_addc(&text, '\n');
	assert_refused(buf_str(&text), "x.yaml:1: longer than 256 KiB");
	buf_fini(&text);
}

static int make_world(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int remove_world(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_and_lists_in_either_style),
		cmocka_unit_test(every_value_knows_its_line),
		cmocka_unit_test(an_empty_document_is_an_empty_map),
		cmocka_unit_test(text_keeps_its_bytes),
		cmocka_unit_test(null_is_unquoted),
		cmocka_unit_test(booleans_are_words),
		cmocka_unit_test(integers_are_whole_and_in_range),
		cmocka_unit_test(aliases_anchors_and_tags_are_refused),
		cmocka_unit_test(duplicate_keys_name_both_lines),
		cmocka_unit_test(broken_texts_are_explained),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(values_are_counted),
		cmocka_unit_test(length_is_limited),
	};
	return cmocka_run_group_tests(tests, make_world, remove_world);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/ref.h"

#include "client/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena *arena;
static struct buf text;

static struct ref parse(const char *given)
{
	struct err err = {0};
	struct ref ref;
	if (!ref_parse(arena, str_of(given), &ref, &err))
		fail_msg("%s", err.msg);
	return ref;
}

static const char *print(const struct ref *ref)
{
	buf_reset(&text);
	ref_add(&text, ref);
	return text.p;
}

/* --- reading ------------------------------------------------------------------ */

static void a_bare_name_is_a_source(void **state)
{
	(void)state;
	struct ref ref = parse("airflow-prod");
	assert_int_equal(ref.kind, REF_SOURCE);
	assert_string_equal(ref.source, "airflow-prod");
	assert_null(ref.pipeline);
}

static void each_slash_goes_one_deeper(void **state)
{
	(void)state;
	struct ref pipeline = parse("s/p"), run = parse("s/p/r"), step = parse("s/p/r/t");
	assert_int_equal(pipeline.kind, REF_PIPELINE);
	assert_string_equal(pipeline.pipeline, "p");
	assert_null(pipeline.run);
	assert_int_equal(run.kind, REF_RUN);
	assert_string_equal(run.run, "r");
	assert_int_equal(step.kind, REF_STEP);
	assert_string_equal(step.step, "t");
	assert_null(step.index);
	assert_int_equal(step.attempt, 0);
}

static void a_step_has_index_and_attempt(void **state)
{
	(void)state;
	struct ref ref = parse("s/p/r/train:7@2");
	assert_string_equal(ref.step, "train");
	assert_string_equal(ref.index, "7");
	assert_int_equal(ref.attempt, 2);
	ref = parse("s/p/r/train@12");
	assert_null(ref.index);
	assert_int_equal(ref.attempt, 12);
	ref = parse("s/p/r/train:a:b");
	assert_string_equal(ref.index, "a:b");
}

static void encoded_separators_are_data(void **state)
{
	(void)state;
	struct ref ref = parse("s/a%2Fb/r%2f1/t%3A1%402:i%40:x@3");
	assert_string_equal(ref.pipeline, "a/b");
	assert_string_equal(ref.run, "r/1");
	assert_string_equal(ref.step, "t:1@2");
	assert_string_equal(ref.index, "i@:x");
	assert_int_equal(ref.attempt, 3);
	assert_string_equal(print(&ref), "s/a%2Fb/r%2F1/t%3A1%402:i%40%3Ax@3");
}

static void a_run_id_may_be_pasted_as_it_is(void **state)
{
	(void)state;
	struct ref ref = parse("airflow-prod/dag/manual__2026-11-21T02:00:00+00:00");
	assert_string_equal(ref.run, "manual__2026-11-21T02:00:00+00:00");
	assert_string_equal(print(&ref), "airflow-prod/dag/manual__2026-11-21T02%3A00%3A00+00%3A00");
	ref = parse("s/p with blank/m\xC3\xA9t\xC3\xA9o");
	assert_string_equal(print(&ref), "s/p%20with%20blank/m%C3%A9t%C3%A9o");
}

static void prefixes_name_the_other_kinds(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum ref_kind kind;
		const char *name;
	} cases[] = {
		{"project:discovery", REF_PROJECT, "discovery"},
		{"problem:1-00ff", REF_PROBLEM, "1-00ff"},
		{"doc:guide/recommenders", REF_DOC, "guide/recommenders"},
		{"example:churn", REF_EXAMPLE, "churn"},
		{"monitor:rows", REF_MONITOR, "rows"},
		{"abtest:ranker_v3", REF_ABTEST, "ranker_v3"},
		{"project:a%2Fb%23c", REF_PROJECT, "a/b#c"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ref ref = parse(cases[i].text);
		assert_int_equal(ref.kind, cases[i].kind);
		assert_string_equal(ref.name, cases[i].name);
		assert_string_equal(print(&ref), cases[i].text);
	}
}

static void a_model_has_source_name_and_version(void **state)
{
	(void)state;
	struct ref ref = parse("model:mlflow-prod/a%2Fb/3");
	assert_int_equal(ref.kind, REF_MODEL);
	assert_string_equal(ref.source, "mlflow-prod");
	assert_string_equal(ref.name, "a/b");
	assert_string_equal(ref.version, "3");
	assert_string_equal(print(&ref), "model:mlflow-prod/a%2Fb/3");
	ref = parse("model:mlflow-prod/ranker");
	assert_null(ref.version);
	assert_string_equal(print(&ref), "model:mlflow-prod/ranker");
}

static void a_doc_may_have_a_section(void **state)
{
	(void)state;
	struct ref ref = parse("doc:guide/start#first%20steps");
	assert_string_equal(ref.name, "guide/start");
	assert_string_equal(ref.section, "first steps");
	assert_string_equal(print(&ref), "doc:guide/start#first%20steps");
}

static void what_is_no_ref_is_explained(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "a ref must not be empty"},
		{"/", "'/' is no ref: a part of it is empty"},
		{"s/", "'s/' is no ref: a part of it is empty"},
		{"s//r", "'s//r' is no ref: a part of it is empty"},
		{"s/p/r/", "'s/p/r/' is no ref: a part of it is empty"},
		{"s/p/r/:1", "'s/p/r/:1' is no ref: a part of it is empty"},
		{"s/p/r/t:", "'s/p/r/t:' is no ref: a part of it is empty"},
		{"s/p/r/t@", "'s/p/r/t@' is no ref: what follows '@' must be the number of an attempt"},
		{"s/p/r/t@x",
			"'s/p/r/t@x' is no ref: what follows '@' must be the number of an attempt; '@' in a name is %40"},
		{"s/p/r/t@2:7",
			"'s/p/r/t@2:7' is no ref: what follows '@' must be the number of an attempt; '@' in a name is %40"},
		{"s/p/r/t@+2",
			"'s/p/r/t@+2' is no ref: what follows '@' must be the number of an attempt; '@' in a name is %40"},
		{"s/p/r/t@9999999999",
			"'s/p/r/t@9999999999' is no ref: what follows '@' must be the number of an attempt"},
		{"s/p/r/t/u", "'s/p/r/t/u' is no ref: it has more than four parts; '/' in a name is %2F"},
		{"s/p%", "'s/p%' is no ref: a '%' must be followed by two hexadecimal digits"},
		{"s/p%2", "'s/p%2' is no ref: a '%' must be followed by two hexadecimal digits"},
		{"s/p%0g", "'s/p%0g' is no ref: a '%' must be followed by two hexadecimal digits"},
		{"s/p%00", "'s/p%00' is no ref: no name holds a NUL byte"},
		{"run:x", "'run:x' is no ref: nothing is named that way; a ':' in a name is %3A"},
		{":x", "':x' is no ref: nothing is named that way; a ':' in a name is %3A"},
		{"problem:", "'problem:' is no ref: a part of it is empty"},
		{"project:a/b", "'project:a/b' is no ref: '/' in a name is %2F"},
		{"doc:#s", "'doc:#s' is no ref: a part of it is empty"},
		{"model:ranker",
			"'model:ranker' is no ref: a model is model:SOURCE/NAME or model:SOURCE/NAME/VERSION"},
		{"model:s/", "'model:s/' is no ref: a part of it is empty"},
		{"model:s/n/1/2",
			"'model:s/n/1/2' is no ref: it has more than three parts; '/' in a name is %2F"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct ref ref;
		assert_false(ref_parse(arena, str_of(cases[i].text), &ref, &err));
		assert_string_equal(err.msg, cases[i].message);
		assert_int_equal(err.code, ERR_USAGE);
	}
}

/* --- writing ------------------------------------------------------------------ */

static void a_part_keeps_plain_bytes_and_encodes_the_rest(void **state)
{
	(void)state;
	buf_reset(&text);
	ref_add_part(&text, STR("AZaz09._~+=,-"));
	assert_string_equal(text.p, "AZaz09._~+=,-");
	buf_reset(&text);
	ref_add_part(&text, STR("a\0b\x01/:@#% \x7F\x80\xFF"));
	assert_string_equal(text.p, "a%00b%01%2F%3A%40%23%25%20%7F%80%FF");
}

/* xorshift: the same names in every run. */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* 1 to 20 bytes of any value but NUL. */
static const char *random_name(uint32_t *seed)
{
	size_t n = 1 + next_random(seed) % 20;
	char *name = arena_get(arena, n + 1, 1);
	for (size_t i = 0; i < n; i++)
		name[i] = (char)(1 + next_random(seed) % 255);
	return name;
}

static const char *maybe(uint32_t *seed, const char *name)
{
	return next_random(seed) % 2 ? name : NULL;
}

static struct ref random_ref(uint32_t *seed)
{
	struct ref ref = {.kind = (enum ref_kind)(next_random(seed) % (REF_ABTEST + 1))};
	bool is_model = ref.kind == REF_MODEL;
	if (ref.kind <= REF_SOURCE || is_model)
		ref.source = random_name(seed);
	if (ref.kind <= REF_STEP)
		ref.pipeline = random_name(seed);
	if (ref.kind == REF_RUN || ref.kind == REF_STEP)
		ref.run = random_name(seed);
	if (ref.kind == REF_STEP) {
		ref.step = random_name(seed);
		ref.index = maybe(seed, random_name(seed));
		ref.attempt = next_random(seed) % 3;
	}
	if (ref.kind > REF_SOURCE)
		ref.name = random_name(seed);
	if (is_model)
		ref.version = maybe(seed, random_name(seed));
	if (ref.kind == REF_DOC)
		ref.section = maybe(seed, random_name(seed));
	return ref;
}

static void assert_same(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void what_is_written_reads_back(void **state)
{
	(void)state;
	uint32_t seed = 20261122;
	for (int i = 0; i < 5000; i++) {
		struct ref ref = random_ref(&seed), again = parse(print(&ref));
		for (size_t j = 0; j < text.n; j++)
			assert_true(text.p[j] > ' ' && text.p[j] < 0x7F);
		assert_int_equal(again.kind, ref.kind);
		assert_same(again.source, ref.source);
		assert_same(again.pipeline, ref.pipeline);
		assert_same(again.run, ref.run);
		assert_same(again.step, ref.step);
		assert_same(again.index, ref.index);
		assert_true(again.attempt == ref.attempt);
		assert_same(again.name, ref.name);
		assert_same(again.version, ref.version);
		assert_same(again.section, ref.section);
		arena_reset(arena);
	}
}

static int make_world(void **state)
{
	(void)state;
	arena = arena_new();
	buf_init(&text, 0);
	return 0;
}

static int remove_world(void **state)
{
	(void)state;
	arena_free(arena);
	buf_fini(&text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_name_is_a_source),
		cmocka_unit_test(each_slash_goes_one_deeper),
		cmocka_unit_test(a_step_has_index_and_attempt),
		cmocka_unit_test(encoded_separators_are_data),
		cmocka_unit_test(a_run_id_may_be_pasted_as_it_is),
		cmocka_unit_test(prefixes_name_the_other_kinds),
		cmocka_unit_test(a_model_has_source_name_and_version),
		cmocka_unit_test(a_doc_may_have_a_section),
		cmocka_unit_test(what_is_no_ref_is_explained),
		cmocka_unit_test(a_part_keeps_plain_bytes_and_encodes_the_rest),
		cmocka_unit_test(what_is_written_reads_back),
	};
	return cmocka_run_group_tests(tests, make_world, remove_world);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages come from the program and from folders, which are read again when a file changes; words find them. */
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/docs/markdown.h"
#include "client/docs/pages.h"
#include "tests/catalogue/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct docs_given given[] = {
	{STR("guide/filter"),
		STR("# The filter\n\nEvery list takes the same words.\n\n## Keys\n\n`since:24h` is a key.\n")},
	{STR("runbooks/killed"),
		STR("---\ntitle: Killed\ntags: [oom, memory]\nowner: platform\nreviewed: 2026-01-01\n"
		    "review_days: 90\n---\n# Killed\n\nThe kernel ended it with SIGKILL.\n")},
	{STR("runbooks/nan-loss"),
		STR("# NaN loss\n\nThe training diverged.\n\n## What helps\n\nA lower learning rate.\n")},
};

static void put(const char *dir, const char *name, const char *text)
{
	struct err err = {0};
	char *path = x_printf("%s/%s", dir, name);
	char *slash = strrchr(path, '/');
	*slash = 0;
	assert_true(file_make_dir(path, &err));
	*slash = '/';
	if (!file_write(path, str_of(text), &err))
		fail_msg("%s", err.msg);
	x_free(path);
}

static struct docs *docs_of(const char *dir)
{
	struct docs *docs = docs_new(given, ARRAY_LEN(given));
	docs_use_folders(docs, &dir, dir != NULL);
	return docs;
}

static void test_front_matter(void **state)
{
	(void)state;
	struct docs *docs = docs_of(NULL);
	const struct pages *pages = docs_lock(docs);
	int64_t day = INT64_C(24) * 60 * 60 * 1000, reviewed;
	const struct page *page = pages_find(pages, "runbooks/killed");
	assert_int_equal(pages->n, 3);
	assert_true(when_parse(STR("2026-01-01T00:00:00Z"), &reviewed));
	assert_string_equal(page->title, "Killed");
	assert_string_equal(page->tags, "oom memory");
	assert_string_equal(page->owner, "platform");
	assert_string_equal(page->origin, "built in");
	assert_int_equal(page->reviewed_ms, reviewed);
	assert_true(str_starts(page->text, STR("# Killed\n")));
	assert_false(page_is_stale(page, reviewed + 89 * day));
	assert_true(page_is_stale(page, reviewed + 91 * day));
	assert_string_equal(pages_find(pages, "guide/filter")->title, "The filter");
	assert_null(pages_find(pages, "guide/nosuch"));
	docs_unlock(docs);
	docs_free(docs);
}

static void test_wrong_front_matter_is_said(void **state)
{
	(void)state;
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{"---\ntitel: x\n---\ntext", "'titel' is unknown"},
		{"---\nreviewed: yesterday\n---\n", "'reviewed' is unknown, or has no such value"},
		{"---\n- a\n---\n", "no map"},
		{"---\na: [\n---\n", "a:"},
		{"---\nno end", NULL},
		{"---\n---\ntext", NULL},
		{"", NULL},
	};
	char *dir = scratch_new();
	struct docs *docs = docs_of(dir);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(dir, "a.md", cases[i].text);
		docs_use_folders(docs, (const char *const *)&dir, 1);
		const struct page *page = pages_find(docs_lock(docs), "a");
		assert_non_null(page);
		if (cases[i].fault && (!page->fault || !strstr(page->fault, cases[i].fault)))
			fail_msg("%s: %s", cases[i].text, page->fault ? page->fault : "no fault");
		if (!cases[i].fault)
			assert_null(page->fault);
		docs_unlock(docs);
	}
	docs_free(docs);
	scratch_free(dir);
}

static void test_a_folder_goes_over_the_built_in_pages(void **state)
{
	(void)state;
	char *dir = scratch_new();
	put(dir, "guide/filter.md", "# Our filter\n");
	put(dir, "team/rota.md", "# Rota\n");
	put(dir, ".git/hidden.md", "# no\n");
	put(dir, "team/picture.png", "no");
	struct docs *docs = docs_of(dir);
	const struct pages *pages = docs_lock(docs);
	assert_int_equal(pages->n, 4);
	assert_string_equal(pages_find(pages, "guide/filter")->title, "Our filter");
	assert_string_equal(pages_find(pages, "team/rota")->origin, dir);
	docs_unlock(docs);
	docs_free(docs);
	scratch_free(dir);
}

static void test_what_is_published_goes_over_the_built_in_pages_and_below_the_folders(void **state)
{
	(void)state;
	static const struct docs_published published[] = {
		{"guide/filter", "ana", STR("---\nowner: us\n---\n# Published filter\n"), 3, 1000},
		{"team/rota", "ana", STR("# Published rota\n"), 1, 2000},
	};
	char *dir = scratch_new();
	put(dir, "team/rota.md", "# My rota\n");
	struct docs *docs = docs_of(dir);
	docs_use_published(docs, published, ARRAY_LEN(published));
	const struct pages *pages = docs_lock(docs);
	const struct page *page = pages_find(pages, "guide/filter");
	assert_int_equal(pages->n, 4);
	assert_string_equal(page->title, "Published filter");
	assert_string_equal(page->origin, "published");
	assert_string_equal(page->who, "ana");
	assert_int_equal(page->version, 3);
	assert_int_equal(page->published_ms, 1000);
	assert_string_equal(pages_find(pages, "team/rota")->title, "My rota");
	assert_null(pages_find(pages, "team/rota")->who);
	docs_unlock(docs);
	docs_use_published(docs, NULL, 0);
	assert_string_equal(pages_find(docs_lock(docs), "guide/filter")->title, "The filter");
	docs_unlock(docs);
	docs_free(docs);
	scratch_free(dir);
}

/* --- languages ------------------------------------------------------------------- */

static const struct docs_given in_two[] = {
	{STR("guide/tour"), STR("# The tour\n\nA walk through the portal.\n")},
	{STR("guide/tour.fr"), STR("---\nlang: fr\n---\n# La visite\n\nUne promenade dans le portail.\n")},
	{STR("guide/v1.fr"), STR("# Not French\n\nThe walk of version 1.fr\n")},
	{STR("guide/seul.fr"), STR("---\nlang: fr\n---\n# Seul\n\nUne promenade.\n")},
};

static struct docs *docs_in(const char *language)
{
	struct docs *docs = docs_new(in_two, ARRAY_LEN(in_two));
	docs_use_language(docs, language);
	return docs;
}

static void reads(const char *language, const char *name, const char *title)
{
	struct docs *docs = docs_in(language);
	const struct page *page = pages_read(docs_lock(docs), name);
	assert_non_null(page);
	assert_string_equal(page->title, title);
	docs_unlock(docs);
	docs_free(docs);
}

static void test_a_page_is_read_in_the_language_of_the_reader(void **state)
{
	(void)state;
	reads(NULL, "guide/tour", "The tour");
	reads("fr", "guide/tour", "La visite");
	reads("de", "guide/tour", "The tour"); /* nobody wrote it in that */
	reads(NULL, "guide/tour.fr", "La visite");
	reads("fr", "guide/tour.en", "The tour");
}

static void test_of_a_page_in_two_languages_one_is_listed_and_found(void **state)
{
	(void)state;
	static const struct {
		const char *language, *words, *found;
	} cases[] = {
		{NULL, "walk", "guide/tour guide/v1.fr"},
		{NULL, "promenade", "guide/seul.fr"}, /* who wrote no English page is found by all */
		{"fr", "promenade", "guide/seul.fr guide/tour.fr"},
		{"fr", "walk", "guide/v1.fr"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct docs *docs = docs_in(cases[i].language);
		struct arena *arena = arena_new();
		struct docs_hit hits[8];
		struct buf got;
		buf_init(&got, 0);
		size_t n = docs_search(docs, str_of(cases[i].words), arena, hits, ARRAY_LEN(hits));
		for (size_t k = 0; k < n; k++)
			buf_addf(&got, "%s%s", k ? " " : "", hits[k].name);
		if (!got.n || strcmp(got.p, cases[i].found))
			fail_msg("%s finds '%s'", cases[i].words, got.n ? got.p : "");
		buf_fini(&got);
		arena_free(arena);
		docs_free(docs);
	}
}

static void test_a_folder_that_is_not_there_is_said(void **state)
{
	(void)state;
	struct docs *docs = docs_of("/nosuch/folder");
	const struct pages *pages = docs_lock(docs);
	assert_int_equal(pages->n, 3);
	assert_int_equal(pages->n_faults, 1);
	assert_string_equal(pages->faults[0], "/nosuch/folder: No such file or directory");
	docs_unlock(docs);
	docs_free(docs);
}

static void test_a_loop_of_links_ends(void **state)
{
	(void)state;
	char *dir = scratch_new(), *loop = x_printf("%s/again", dir);
	put(dir, "a.md", "# A\n");
	assert_int_equal(symlink(dir, loop), 0);
	struct docs *docs = docs_of(dir);
	assert_int_equal(docs_lock(docs)->n, 4);
	docs_unlock(docs);
	docs_free(docs);
	x_free(loop);
	scratch_free(dir);
}

static void test_a_page_that_is_too_large_is_left_out_and_said(void **state)
{
	(void)state;
	char *dir = scratch_new();
	char *text = x_calloc(MARKDOWN_MOST_BYTES + 2, 1);
	memset(text, 'x', MARKDOWN_MOST_BYTES + 1);
	put(dir, "large.md", text);
	struct docs *docs = docs_of(dir);
	const struct pages *pages = docs_lock(docs);
	assert_null(pages_find(pages, "large"));
	assert_non_null(strstr(pages->faults[0], "it is over 1 MB"));
	docs_unlock(docs);
	docs_free(docs);
	x_free(text);
	scratch_free(dir);
}

static void test_a_file_that_changes_is_read_again(void **state)
{
	(void)state;
	char *dir = scratch_new();
	put(dir, "a.md", "# One\n");
	struct docs *docs = docs_of(dir);
	int64_t before = docs_version(docs);
	assert_int_equal(docs_version(docs), before);
	put(dir, "a.md", "# Another\n");
	while (docs_version(docs) == before) /* it looks once a second at most */
		usleep(20000);
	assert_string_equal(pages_find(docs_lock(docs), "a")->title, "Another");
	docs_unlock(docs);
	docs_free(docs);
	scratch_free(dir);
}

/* --- searching ------------------------------------------------------------------- */

/* The names that WORDS find, blank-separated, best first. */
static void finds(const char *words, const char *expected)
{
	struct docs *docs = docs_of(NULL);
	struct arena *arena = arena_new();
	struct docs_hit hits[8];
	struct buf got;
	buf_init(&got, 0);
	size_t n = docs_search(docs, str_of(words), arena, hits, ARRAY_LEN(hits));
	for (size_t i = 0; i < n; i++)
		buf_addf(&got, "%s%s", i ? " " : "", hits[i].name);
	if (strcmp(got.n ? got.p : "", expected))
		fail_msg("%s finds '%s'", words, got.n ? got.p : "");
	buf_fini(&got);
	arena_free(arena);
	docs_free(docs);
}

static void test_words_find_pages(void **state)
{
	(void)state;
	finds("killed", "runbooks/killed");
	finds("KERNEL", "runbooks/killed");
	finds("memory", "runbooks/killed");	  /* a tag */
	finds("since", "guide/filter");		  /* code */
	finds("learn rate", "runbooks/nan-loss"); /* beginnings */
	finds("nosuchword", "");
	finds("", "");
	finds("!!", "");
}

static void test_a_name_of_several_parts_is_one(void **state)
{
	(void)state;
	finds("nan-loss", "runbooks/nan-loss");
	finds("since:24h", "guide/filter");
	finds("loss-nan", "");
	finds("learning-rate", "");
}

static void test_a_question_is_asked_by_its_telling_words(void **state)
{
	(void)state;
	finds("what is the kernel", "runbooks/killed");
	finds("how do I frobnicate the", "");
	finds("the same", "guide/filter");
}

static void test_slips_are_forgiven(void **state)
{
	(void)state;
	finds("kernal", "runbooks/killed");
	finds("leraning", "runbooks/nan-loss");
	finds("xyzw", "");
}

static void test_the_best_place_comes_first(void **state)
{
	(void)state;
	finds("runbooks loss", "runbooks/nan-loss");
	finds("key", "guide/filter");
}

static void test_a_hit_quotes_its_line_and_section(void **state)
{
	(void)state;
	struct docs *docs = docs_of(NULL);
	struct arena *arena = arena_new();
	struct docs_hit hit;
	assert_int_equal(docs_search(docs, STR("learning rate"), arena, &hit, 1), 1);
	assert_string_equal(hit.excerpt, "A lower learning rate.");
	assert_string_equal(hit.section, "what-helps");
	assert_true(hit.score == 1.0);
	arena_free(arena);
	docs_free(docs);
}

/* A made-up word of TWO syllables and more, always the same one for I. */
static void add_word(struct buf *out, uint32_t i)
{
	static const char *const syllables[] = {
		"ta", "ke", "mo", "ri", "su", "da", "len", "por", "vi", "gra", "no", "ble"};
	for (uint32_t left = i + 12; left; left /= 12)
		buf_addz(out, syllables[left % 12]);
	buf_addc(out, ' ');
}

static void test_ten_thousand_pages(void **state)
{
	(void)state;
	enum { PAGES = 10000, WORDS = 200 };
	struct docs_given *many = x_calloc(PAGES, sizeof *many);
	uint32_t random = 1;
	for (size_t i = 0; i < PAGES; i++) {
		struct buf text;
		buf_init(&text, 0);
		buf_addf(&text, "# Page %zu\n\n", i);
		for (size_t k = 0; k < WORDS; k++) {
			random = random * 1103515245 + 12345;
			add_word(&text, (random >> 8) % (1 + (random >> 4) % 40000));
			buf_addz(&text, k % 12 == 11 ? "\n" : "");
		}
		char *name = x_printf("page/%zu", i);
		many[i] = (struct docs_given){str_of(name), {text.p, text.n}};
	}
	struct docs *docs = docs_new(many, PAGES);
	static const char *const asked[] = {
		"page 4711", "takemo", "ta", "kemorisu dalen", "mokeritb", "graporrible"};
	struct arena *arena = arena_new();
	struct docs_hit hits[20];
	docs_search(docs, STR("warm"), arena, hits, ARRAY_LEN(hits));
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		int64_t started = clock_mono_ms();
		size_t n = docs_search(docs, str_of(asked[i]), arena, hits, ARRAY_LEN(hits));
		print_message(
			"# %s: %zu hits in %lld ms\n", asked[i], n, (long long)(clock_mono_ms() - started));
	}
	assert_int_equal(docs_search(docs, STR("page 4711"), arena, hits, 1), 1);
	assert_string_equal(hits[0].name, "page/4711");
	arena_free(arena);
	docs_free(docs);
	for (size_t i = 0; i < PAGES; i++) {
		x_free((char *)many[i].name.p);
		x_free((char *)many[i].text.p);
	}
	x_free(many);
}

static void test_tools_of_the_front_matter_are_a_table(void **state)
{
	(void)state;
	const struct docs_given written[] = {
		{STR("a"),
			STR("---\ntools:\n  - {tool: x, user: 'a|b', builder: c, cost: d, decision: no}\n---\n"
			    "# A\n\n{tools}\nEnd.\n")},
		{STR("b"), STR("---\ntools:\n  - {tool: x, user: y}\n---\n# B\n")},
	};
	struct docs *docs = docs_new(written, ARRAY_LEN(written));
	const struct pages *pages = docs_lock(docs);
	struct str text = pages_find(pages, "a")->text;
	assert_true(
		str_eq(text, STR("# A\n\n| tool | gives its user | gives its builder | cost | decision |\n"
				 "| --- | --- | --- | --- | --- |\n| x | a\\|b | c | d | no |\nEnd.\n")));
	assert_null(pages_find(pages, "a")->fault);
	assert_non_null(strstr(pages_find(pages, "b")->fault, "'tools' is unknown, or has no such value"));
	docs_unlock(docs);
	docs_free(docs);
}

static void test_an_excerpt_has_no_signs_of_markdown(void **state)
{
	(void)state;
	const struct docs_given written[] = {
		{STR("x/a"),
			STR("# A\n\n- See [the *killed* ones](../y/killed.md) and `free -m`.\n\n| quota | [b](c.md) |\n")},
	};
	struct docs *docs = docs_new(written, ARRAY_LEN(written));
	struct arena *arena = arena_new();
	struct docs_hit hit;
	assert_int_equal(docs_search(docs, STR("killed"), arena, &hit, 1), 1);
	assert_string_equal(hit.excerpt, "See the killed ones and free -m.");
	assert_int_equal(docs_search(docs, STR("quota"), arena, &hit, 1), 1);
	assert_string_equal(hit.excerpt, "quota | b");
	arena_free(arena);
	docs_free(docs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_front_matter),
		cmocka_unit_test(test_wrong_front_matter_is_said),
		cmocka_unit_test(test_a_folder_goes_over_the_built_in_pages),
		cmocka_unit_test(test_what_is_published_goes_over_the_built_in_pages_and_below_the_folders),
		cmocka_unit_test(test_a_page_is_read_in_the_language_of_the_reader),
		cmocka_unit_test(test_of_a_page_in_two_languages_one_is_listed_and_found),
		cmocka_unit_test(test_a_folder_that_is_not_there_is_said),
		cmocka_unit_test(test_a_loop_of_links_ends),
		cmocka_unit_test(test_a_page_that_is_too_large_is_left_out_and_said),
		cmocka_unit_test(test_a_file_that_changes_is_read_again),
		cmocka_unit_test(test_words_find_pages),
		cmocka_unit_test(test_a_name_of_several_parts_is_one),
		cmocka_unit_test(test_a_question_is_asked_by_its_telling_words),
		cmocka_unit_test(test_slips_are_forgiven),
		cmocka_unit_test(test_the_best_place_comes_first),
		cmocka_unit_test(test_a_hit_quotes_its_line_and_section),
		cmocka_unit_test(test_tools_of_the_front_matter_are_a_table),
		cmocka_unit_test(test_an_excerpt_has_no_signs_of_markdown),
		cmocka_unit_test(test_ten_thousand_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Markdown becomes blocks that may be shown: what stands in them, where links lead, and what hostile pages
 * cost.
 */
#include "client/base/clean.h"
#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/docs/markdown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void print_text(struct buf *out, const struct doc_text *text)
{
	size_t from = 0;
	for (size_t i = 0; i < text->n_spans; from = text->spans[i++].to) {
		const struct doc_span *span = &text->spans[i];
		struct str piece = str_slice(text->text, from, span->to);
		if (span->style || span->link >= 0)
			buf_addf(out, "<%x%s:%.*s>", span->style, span->link >= 0 ? "L" : "", STR_FMT(piece));
		else
			buf_add(out, piece);
	}
}

static void print_block(struct buf *out, const struct doc_block *block)
{
	static const char *const names[] = {"h", "p", "code", "table", "rule"};
	buf_addf(out, "%s", names[block->kind]);
	if (block->level)
		buf_addf(out, "%d", block->level);
	if (block->quotes || block->indent)
		buf_addf(out, " q%d i%d", block->quotes, block->indent);
	buf_addf(out, "%s%s%s|", block->marker ? " " : "", block->marker ? block->marker : "",
		block->is_tight ? "t" : "");
	for (size_t i = 0; i < block->table.n_rows * block->table.n_columns; i++) {
		print_text(out, &block->table.cells[i]);
		buf_addz(out, (i + 1) % block->table.n_columns ? "," : ";");
	}
	print_text(out, &block->text);
	buf_addc(out, '\n');
}

/* What PAGE becomes, a block a line. */
static void becomes(const char *page, const char *expected)
{
	struct arena *arena = arena_new();
	const struct document *d =
		markdown_read(arena, str_of(page), &(struct markdown_place){.page = "guide/here"});
	struct buf got;
	buf_init(&got, 0);
	for (size_t i = 0; i < d->n_blocks; i++)
		print_block(&got, &d->blocks[i]);
	assert_string_equal(got.p ? got.p : "", expected);
	buf_fini(&got);
	arena_free(arena);
}

static void test_blocks(void **state)
{
	(void)state;
	becomes("# One *two*\n\ntext\nmore\n", "h1|One <2:two>\np|text more\n");
	becomes("> quoted\n> > twice\n", "p q1 i0|quoted\np q2 i0|twice\n");
	becomes("---\n", "rule|\n");
	becomes("a  \nb", "p|a\nb\n");
	becomes("", "");
}

static void test_lists(void **state)
{
	(void)state;
	becomes("- a\n- b\n  - c\n", "p q0 i2 • |a\np q0 i2 • t|b\np q0 i4 • t|c\n");
	becomes("3. a\n4. b\n", "p q0 i4 3. |a\np q0 i4 4. t|b\n");
	becomes("- a\n\n- b\n", "p q0 i2 • |a\np q0 i2 • |b\n");
	becomes("- [ ] open\n- [x] done\n", "p q0 i2 ☐ |open\np q0 i2 ☑ t|done\n");
	becomes("-\n- b\n", "p q0 i2 • |\np q0 i2 • t|b\n");
}

static void test_styles_and_entities(void **state)
{
	(void)state;
	becomes("**b** `c` ~~s~~ &lt;&#8212;&nosuch;", "p|<1:b> <8:c> <4:s> <—&nosuch;\n");
	becomes("![plan](a.png)", "p|<10:[image: >plan<10: · a.png]>\n");
	becomes("a<br>b <!-- gone --> <b>c</b>", "p|a\nb  <10:<b>>c<10:</b>>\n");
}

static void test_tables(void **state)
{
	(void)state;
	becomes("| a | b |\n| --- | --: |\n| 1 | `x` |\n", "table|a,b;1,<8:x>;\n");
}

static void test_code_is_coloured(void **state)
{
	(void)state;
	becomes("```python\nif x: # why\n    return 'a'\n```\n",
		"code|<20:if> x: <80:# why>\n    <20:return> <40:'a'>\n");
	becomes("```diff\n+a\n-b\n```\n", "code|<200:+a\n><400:-b>\n");
	becomes("```nosuch\nif\n```\n", "code|if\n");
	becomes("```yaml\nkey: \"v\" # c\n```\n", "code|<20:key>: <40:\"v\"> <80:# c>\n");
}

static void leads(const char *address, const char *expected, bool expected_ref)
{
	bool is_ref = false;
	struct arena *arena = arena_new();
	const char *target = markdown_target(arena, "guide/here", str_of(address), &is_ref);
	if (expected) {
		assert_non_null(target);
		assert_string_equal(target, expected);
		assert_int_equal(is_ref, expected_ref);
	} else if (target) {
		fail_msg("%s leads to %s", address, target);
	}
	arena_free(arena);
}

static void test_links(void **state)
{
	(void)state;
	leads("other.md", "doc:guide/other", true);
	leads("views/runs.md#states", "doc:guide/views/runs#states", true);
	leads("../runbooks/killed.md", "doc:runbooks/killed", true);
	leads("/news/now", "doc:news/now", true);
	leads("#here", "doc:guide/here#here", true);
	leads("doc:guide/filter", "doc:guide/filter", true);
	leads("run:lab/churn/r1", "lab/churn/r1", true);
	leads("project:discovery", "project:discovery", true);
	leads("https://example.org/x", "https://example.org/x", false);
}

static void test_links_that_nobody_follows(void **state)
{
	(void)state;
	static const char *const addresses[] = {"javascript:alert(1)", "file:///etc/passwd",
		"FILE:///etc/passwd", "data:text/html,x", "mailto:a@b", "../../etc/passwd", "//host/x", "",
		"plan.png", "problem:", "..%2Fx:y"};
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		leads(addresses[i], NULL, false);
	becomes("[a](javascript:x) b", "p|a<10: (javascript:x)> b\n");
}

static void test_sections(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	const struct document *d =
		markdown_read(arena, STR("# Top\n## What helps\n## What helps\n### It's 5 %!\n"), NULL);
	assert_int_equal(d->n_sections, 4);
	assert_string_equal(d->sections[1].slug, "what-helps");
	assert_string_equal(d->sections[2].slug, "what-helps-1");
	assert_string_equal(d->sections[3].slug, "its-5-");
	assert_int_equal(document_section(d, "what-helps"), 1);
	assert_int_equal(document_section(d, "its"), 3);
	assert_int_equal(document_section(d, "nosuch"), 4);
	arena_free(arena);
}

static void test_commands_are_filled_in_in_code_only(void **state)
{
	(void)state;
	static const struct doc_value values[] = {{"run", "lab/churn/r1"}, {"step", "lab/churn/r1/\033[2J"}};
	struct arena *arena = arena_new();
	const struct markdown_place place = {.values = values, .n_values = 2};
	const struct document *d = markdown_read(arena,
		STR("of {run} `show {run}` {\n\n```sh\nporthole logs {step} {nosuch} {run\n```\n"), &place);
	assert_string_equal(d->blocks[0].text.text.p, "of {run} show lab/churn/r1 {");
	assert_string_equal(d->blocks[1].text.text.p, "porthole logs lab/churn/r1/^[[2J {nosuch} {run");
	arena_free(arena);
}

/* --- hostile pages ------------------------------------------------------------- */

static void is_clean(struct str text)
{
	struct buf again;
	buf_init(&again, 0);
	clean_add(&again, text, CLEAN_LINES);
	if (!str_eq(buf_str(&again), text))
		fail_msg("not clean: %.*s", STR_FMT(text));
	buf_fini(&again);
}

static void test_nothing_steers_the_terminal(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	const struct document *d = markdown_read(arena,
		STR("# \033[2J\n\n\033]0;x\007 `\033c` [\u202e](a.md)\n\n```\n\033[31m\x9b\n```\n\n| \033 |\n| --- |\n| \x9b |\n"
		    "\n![\033](\033.png)\n\n&#27;[2J <b\033>\n"),
		NULL);
	for (size_t i = 0; i < d->n_blocks; i++) {
		is_clean(d->blocks[i].text.text);
		for (size_t k = 0; k < d->blocks[i].table.n_rows * d->blocks[i].table.n_columns; k++)
			is_clean(d->blocks[i].table.cells[k].text);
	}
	arena_free(arena);
}

static void add_times(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addz(out, text);
}

/* HEAD, PIECE over and over, TAIL. */
struct hostile {
	const char *name, *head, *piece;
	size_t n;
};

static void test_hostile_pages_have_a_budget(void **state)
{
	(void)state;
	static const struct hostile pages[] = {
		{"quotes in quotes", "", ">", 200000},
		{"lists in lists", "", "- ", 200000},
		{"one long line", "", "x", 1 << 20},
		{"words without end", "", "ab ", 1 << 19},
		{"empty items", "", "-\n", 300000},
		{"brackets", "", "[", 300000},
		{"images", "", "![", 200000},
		{"links", "", "[a](b)", 150000},
		{"stars", "", "*a ", 300000},
		{"stars and lines", "", "*_", 300000},
		{"ticks", "", "`a``b", 200000},
		{"entities", "", "&#27;", 200000},
		{"control bytes", "", "\033\n", 400000},
		{"headings", "", "# a\n", 250000},
		{"definitions", "", "[a]: b\n", 100000},
		{"definitions, each its own", "", "[a]:b\n[a\\]]:b\n", 20000},
		{"html", "", "<a href=\"", 100000},
		{"comments", "", "<!--", 200000},
		{"addresses", "", "http://a.", 100000},
		{"struck", "", "~~a~", 200000},
		{"stars and ticks", "", "*a* `b` ", 131000},
		{"a table of nothing",
			"|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|a|\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
			"|\n", 400000},
	};
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		struct buf page;
		buf_init(&page, 0);
		buf_addz(&page, pages[i].head);
		add_times(&page, pages[i].piece, pages[i].n);
		struct arena *arena = arena_new();
		int64_t started = clock_mono_ms();
		const struct document *d = markdown_read(arena, buf_str(&page), NULL);
		int64_t took = clock_mono_ms() - started;
		print_message("# %s: %lld ms, %zu kB, %zu blocks%s%s\n", pages[i].name, (long long)took,
			arena_size(arena) >> 10, d->n_blocks, d->cut ? ", " : "", d->cut ? d->cut : "");
		assert_true(arena_size(arena) < 48 << 20);
		arena_free(arena);
		buf_fini(&page);
	}
}

static void test_a_table_that_is_too_wide_stands_as_typed(void **state)
{
	(void)state;
	struct buf page;
	buf_init(&page, 0);
	add_times(&page, "|a", 20000);
	buf_addz(&page, "|\n");
	add_times(&page, "|---", 20000);
	buf_addz(&page, "|\n");
	add_times(&page, "|\n", 10000);
	struct arena *arena = arena_new();
	const struct document *d = markdown_read(arena, buf_str(&page), NULL);
	assert_string_equal(d->cut, "a table in it is too large");
	assert_int_equal(d->n_blocks, 1);
	assert_int_equal(d->blocks[0].kind, DOC_CODE_BLOCK);
	arena_free(arena);
	buf_fini(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_styles_and_entities),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_code_is_coloured),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_links_that_nobody_follows),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_commands_are_filled_in_in_code_only),
		cmocka_unit_test(test_nothing_steers_the_terminal),
		cmocka_unit_test(test_hostile_pages_have_a_budget),
		cmocka_unit_test(test_a_table_that_is_too_wide_stands_as_typed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

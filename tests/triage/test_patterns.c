/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No pattern is passed over, wherever it stands; lines are cut alike however
 * they come. */
#include "client/base/arena.h"
#include "client/base/buf.h"
#include "client/triage/explain.h"
#include "client/triage/keys.h"
#include "client/triage/patterns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST_SHIFT = 50, N_LINES = 9000, ROUNDS = 24 };

/* BEFORE stands SHIFT times before TEXT, which starts a line where it is '\n'. */
static void expect_found(const struct patterns *patterns, const char *text, char before, size_t shift)
{
	size_t n = shift + strlen(text) + shift % 7;
	char *line = malloc(n); /* as long as it is: no byte behind it may be read */
	assert_non_null(line);
	memset(line, before == ' ' ? ' ' : '-', n);
	memcpy(line + shift, text, strlen(text));
	if (shift > 0)
		line[shift - 1] = before;
	size_t found = patterns_find(patterns, (struct str){line, n});
	free(line);
	if (found == SIZE_MAX || found > shift + strlen(text))
		fail_msg("'%s' at %zu: %zu", text, shift, found);
}

static void each_pattern_is_found_at_any_place(void **state)
{
	(void)state;
	struct patterns *patterns = patterns_new();
	const char *text;
	for (size_t i = 0; (text = patterns_telling(i)); i++) {
		for (size_t shift = 0; shift < MOST_SHIFT; shift++) {
			expect_found(patterns, text, ' ', shift);
			expect_found(patterns, text, '\n', shift);
		}
	}
	patterns_free(patterns);
}

/* The processor's own instructions and plain ones stop at the same keys. */
static void both_ways_stop_at_the_same(void **state)
{
	(void)state;
	static struct keys quick, plain;
	static char text[1 << 14];
	unsigned seed = 1;
	keys_init(&quick);
	keys_init_plain(&plain);
	for (size_t i = 0; i < sizeof(text); i++) {
		seed = seed * 1664525u + 1013904223u;
		text[i] = (char)(seed >> 24);
	}
	for (size_t i = 0; i + KEY_BYTES < sizeof(text); i += 501) {
		keys_add(&quick, text + i);
		keys_add(&plain, text + i);
	}
	for (size_t n = sizeof(text) - 100; n <= sizeof(text); n++)
		for (size_t i = 0; i + KEY_BYTES <= n; i += KEY_STRIDE) {
			size_t at = quick.pass(&quick, (struct str){text, n}, i);
			assert_int_equal(at, plain.pass(&plain, (struct str){text, n}, i));
			i = at;
		}
}

static void what_tells_nothing_is_passed_over(void **state)
{
	(void)state;
	struct patterns *patterns = patterns_new();
	assert_int_equal(patterns_find(patterns, STR("")), SIZE_MAX);
	assert_int_equal(patterns_find(patterns, STR("err")), SIZE_MAX);
	assert_int_equal(
		patterns_find(patterns, STR("12:00:01 INFO stored 4 rows in 3 s\nnext\n")), SIZE_MAX);
	assert_int_equal(patterns_find(patterns, STR("fai\nled")), SIZE_MAX);
	patterns_free(patterns);
}

/* A log of plain, coloured, long, empty and failing lines, the same at each
 * call. */
static void add_line(struct buf *out, unsigned i)
{
	switch (i * 2654435761u >> 27) {
	case 0:
		buf_addf(out, "step %u failed: connection refused\n", i);
		break;
	case 1:
		buf_addf(out, "\033[31mer\033[0mror: no row %u\r\n", i);
		break;
	case 2:
		buf_addf(out, "%u%%\r%u%% done\r100%%\n", i % 100, i % 7);
		break;
	case 3:
		buf_addf(out, "%*u\n", (int)(i * 7 % 2300), i);
		break;
	case 4:
		buf_addf(out,
			"Traceback (most recent call last):\n  File \"/d/a.py\", line %u, "
			"in f\nValueError: %u\n",
			i, i);
		break;
	case 5:
		buf_addz(out, "\n");
		break;
	default:
		buf_addf(out, "INFO stored %u rows in the table of orders\n", i);
	}
}

static struct explanation explain(struct arena *arena, struct str log, size_t most)
{
	struct explainer *explainer = explain_new();
	unsigned seed = (unsigned)most;
	for (size_t at = 0; at < log.n;) {
		seed = seed * 1664525u + 1013904223u;
		size_t n = 1 + (seed >> 8) % most;
		explain_feed(explainer, str_slice(log, at, at + n));
		at += n;
	}
	struct explanation explanation = explain_finish(explainer, arena);
	explain_free(explainer);
	return explanation;
}

static void assert_same(const struct explanation *a, const struct explanation *b)
{
	assert_int_equal(a->n_lines, b->n_lines);
	assert_int_equal(a->n_candidates, b->n_candidates);
	assert_int_equal(a->n_excerpt, b->n_excerpt);
	assert_string_equal(a->fingerprint, b->fingerprint);
	for (size_t i = 0; i < a->n_candidates; i++) {
		assert_int_equal(a->candidates[i].line, b->candidates[i].line);
		assert_true(a->candidates[i].score == b->candidates[i].score);
		assert_string_equal(a->candidates[i].text, b->candidates[i].text);
	}
	for (size_t i = 0; i < a->n_excerpt; i++)
		assert_string_equal(a->excerpt[i], b->excerpt[i]);
}

static void chunks_of_any_size_tell_the_same(void **state)
{
	(void)state;
	struct buf log;
	buf_init(&log, 16 << 20);
	for (unsigned i = 0; i < N_LINES; i++)
		add_line(&log, i);
	struct arena *arena = arena_new();
	struct explanation whole = explain(arena, buf_str(&log), SIZE_MAX / 2);
	assert_true(whole.n_candidates > 1);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct explanation cut = explain(arena, buf_str(&log), (size_t)1 << i % 18);
		assert_same(&whole, &cut);
	}
	arena_free(arena);
	buf_fini(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pattern_is_found_at_any_place),
		cmocka_unit_test(both_ways_stop_at_the_same),
		cmocka_unit_test(what_tells_nothing_is_passed_over),
		cmocka_unit_test(chunks_of_any_size_tell_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

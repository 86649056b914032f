/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the documentation costs: a search in 10,000 pages whose index is there, and reading a page of 5,000
 * lines.
 *
 *     pages [MOST_SEARCH_MS [MOST_READ_MS]]      exits 1 where one takes longer than its bar (20, 15)
 *
 * CPU, the best of five, so that a busy machine does not count.
 */
#include "client/docs/pages.h"
#include "client/base/mem.h"
#include "client/docs/markdown.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAGES = 10000, WORDS = 200, LINES = 5000, TIMES = 5 };

static const char *const asks[] = {
	"page 4711", "takemo", "ta", "kemorisu dalen", "mokeritb", "graporrible", "how do i takemo a page"};

static double cpu_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A word of a language of 40,000, the first of them far more often than the last. */
static void add_word(struct buf *out, uint32_t *random)
{
	static const char *const parts[] = {"ta", "ke", "mo", "ri", "su", "da", "len", "por"};
	*random = *random * 1103515245 + 12345;
	uint32_t word = (*random >> 8) % (1 + (*random >> 4) % 40000);
	for (; word; word /= ARRAY_LEN(parts))
		buf_addz(out, parts[word % ARRAY_LEN(parts)]);
	buf_addc(out, ' ');
}

static struct docs_given make_page(struct arena *arena, size_t i, uint32_t *random)
{
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "# Page %zu\n\n", i);
	for (size_t k = 1; k <= WORDS; k++) {
		add_word(&text, random);
		buf_addz(&text, k % 12 ? "" : "\n");
	}
	size_t n = text.n;
	return (struct docs_given){str_of(arena_printf(arena, "page/%zu", i)), {arena_take(arena, &text), n}};
}

/* Each kind of block, over and over. */
static struct str make_long_page(struct arena *arena, uint32_t *random)
{
	static const char *const heads[] = {"## ", "", "\n- **", "> ", "\n1. `", "[a](b.md) "};
	static const char *const tails[] = {"\n", "\n", "**\n", "\n\n", "`\n", "\n\n"};
	struct buf text;
	buf_init(&text, 0);
	for (size_t lines = 0; lines < LINES; lines++) {
		size_t kind = lines % ARRAY_LEN(heads);
		buf_addz(&text, heads[kind]);
		for (size_t k = 0; k < 10; k++)
			add_word(&text, random);
		buf_addz(&text, tails[kind]);
	}
	size_t n = text.n;
	return (struct str){arena_take(arena, &text), n};
}

static bool say(const char *what, const char *ask, double best, double most)
{
	printf("%s %8.2f ms  %s%s\n", best > most ? "MISS" : "PASS", best, what, ask);
	return best <= most;
}

static double search(struct docs *docs, const char *words)
{
	struct docs_hit hits[20];
	double best = 1e9;
	for (int k = 0; k < TIMES; k++) {
		struct arena *arena = arena_new();
		double before = cpu_ms();
		docs_search(docs, str_of(words), arena, hits, ARRAY_LEN(hits));
		double took = cpu_ms() - before;
		best = took < best ? took : best;
		arena_free(arena);
	}
	return best;
}

static double read_page(struct str text)
{
	double best = 1e9;
	for (int k = 0; k < TIMES; k++) {
		struct arena *arena = arena_new();
		double before = cpu_ms();
		(void)markdown_read(arena, text, NULL);
		double took = cpu_ms() - before;
		best = took < best ? took : best;
		arena_free(arena);
	}
	return best;
}

int main(int argc, char **argv)
{
	double most_search = argc > 1 ? atof(argv[1]) : 20, most_read = argc > 2 ? atof(argv[2]) : 15;
	struct arena *arena = arena_new();
	struct docs_given *given = arena_array(arena, struct docs_given, PAGES);
	uint32_t random = 1;
	for (size_t i = 0; i < PAGES; i++)
		given[i] = make_page(arena, i, &random);
	struct docs *docs = docs_new(given, PAGES);
	struct docs_hit hit;
	docs_search(docs, STR("warm"), arena, &hit, 1); /* that makes the index */
	bool ok = true;
	for (size_t i = 0; i < ARRAY_LEN(asks); i++)
		ok &= say("10,000 pages: ", asks[i], search(docs, asks[i]), most_search);
	ok &= say("a page of 5,000 lines", "", read_page(make_long_page(arena, &random)), most_read);
	docs_free(docs);
	arena_free(arena);
	return !ok;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/docs/find.h"

#include "client/base/mem.h"
#include "client/docs/markdown.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
	LEAST_WORD = 2,
	MOST_WORD = 40,
	MOST_TERMS = 8,
	FIRST_SLOTS = 1 << 12,
	TYPO_FROM = 4, /* letters: shorter words are not guessed at */
	TWO_TYPOS_FROM = 8,
	MOST_EXCERPT = 140,
	MOST_PLAIN = 4096, /* bytes of a line */
	NONE = 0,	   /* link 0 is nobody's */
};

/* How much a word counts by where it stands. */
static const float in_title = 10, in_heading = 5, in_tags = 6, in_name = 4, in_text = 1;

struct posting {
	uint32_t page;
	float weight;
};

/* While the index is built, the postings of a token are a chain. */
struct link {
	struct posting posting;
	uint32_t next;
};

struct token {
	struct str text;	 /* in lower case */
	uint32_t first, last, n; /* built: N postings from FIRST on */
	uint32_t letters;	 /* a bit for each */
};

struct find {
	const struct pages *pages;
	struct arena *arena;
	struct token *tokens;
	size_t n_tokens, room_tokens;
	uint32_t *slots; /* of the hash table: a token's number and 1; of the building alone */
	size_t n_slots;
	struct link *links;
	size_t n_links, room_links;
	struct posting *postings;    /* one token after the other */
	float *scores, *term_scores; /* by page, of a search */
	uint16_t *terms;
};

/* --- words ------------------------------------------------------------------ */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c & 0x80;
}

/* The next word of REST, cut at MOST_WORD, in lower case into WORD. */
static bool next_word(struct str *rest, char word[static MOST_WORD], struct str *out)
{
	size_t at = 0, n = 0;
	while (at < rest->n && !is_letter(rest->p[at]))
		at++;
	for (; at < rest->n && is_letter(rest->p[at]); at++)
		if (n < MOST_WORD)
			word[n++] = lower(rest->p[at]);
	*rest = str_slice(*rest, at, rest->n);
	*out = (struct str){word, n};
	return n > 0;
}

static uint32_t hash_of(struct str word)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < word.n; i++)
		hash = (hash ^ (unsigned char)word.p[i]) * 16777619u;
	return hash;
}

static uint32_t letters_of(struct str word)
{
	uint32_t letters = 0;
	for (size_t i = 0; i < word.n; i++)
		letters |= 1u << ((unsigned char)word.p[i] & 31);
	return letters;
}

/* --- building --------------------------------------------------------------- */

static uint32_t *slot_of(const struct find *f, struct str word)
{
	size_t at = hash_of(word) & (f->n_slots - 1);
	while (f->slots[at] && !str_eq(f->tokens[f->slots[at] - 1].text, word))
		at = (at + 1) & (f->n_slots - 1);
	return &f->slots[at];
}

static void grow_slots(struct find *f)
{
	x_free(f->slots);
	f->n_slots = f->n_slots ? 2 * f->n_slots : FIRST_SLOTS;
	f->slots = x_calloc(f->n_slots, sizeof *f->slots);
	for (size_t i = 0; i < f->n_tokens; i++)
		*slot_of(f, f->tokens[i].text) = (uint32_t)i + 1;
}

static struct token *token_of(struct find *f, struct str word)
{
	if (2 * f->n_tokens >= f->n_slots)
		grow_slots(f);
	uint32_t *slot = slot_of(f, word);
	if (*slot)
		return &f->tokens[*slot - 1];
	if (f->n_tokens == f->room_tokens) {
		f->room_tokens = f->room_tokens ? 2 * f->room_tokens : FIRST_SLOTS;
		f->tokens = x_realloc(f->tokens, f->room_tokens, sizeof *f->tokens);
	}
	f->tokens[f->n_tokens++] =
		(struct token){.text = {arena_dup(f->arena, word), word.n}, .letters = letters_of(word)};
	*slot = (uint32_t)f->n_tokens;
	return &f->tokens[f->n_tokens - 1];
}

static uint32_t new_link(struct find *f, uint32_t page, float weight)
{
	if (f->n_links == f->room_links) {
		f->room_links = f->room_links ? 2 * f->room_links : FIRST_SLOTS;
		f->links = x_realloc(f->links, f->room_links, sizeof *f->links);
	}
	f->links[f->n_links] = (struct link){.posting = {page, weight}};
	return (uint32_t)f->n_links++;
}

/* A word counts for as much as the best place where it stands, and a little more for each further one. */
static void add_word(struct find *f, uint32_t page, struct str word, float weight)
{
	struct token *token = token_of(f, word);
	struct posting *last = token->last ? &f->links[token->last].posting : NULL;
	if (last && last->page == page) {
		last->weight = (weight > last->weight ? weight : last->weight) + 0.05f;
		return;
	}
	uint32_t at = new_link(f, page, weight);
	if (token->last)
		f->links[token->last].next = at;
	else
		token->first = at;
	token->last = at;
	token->n++;
}

static void add_words(struct find *f, uint32_t page, struct str text, float weight)
{
	char word[MOST_WORD];
	struct str found;
	while (next_word(&text, word, &found))
		if (found.n >= LEAST_WORD)
			add_word(f, page, found, weight);
}

static bool is_fence(struct str line)
{
	return str_starts(str_trim(line), STR("```"));
}

static bool is_heading(struct str line)
{
	return str_starts(line, STR("#"));
}

static void add_page(struct find *f, uint32_t i)
{
	const struct page *page = &f->pages->pages[i];
	struct str rest = page->text, line;
	bool is_code = false;
	add_words(f, i, str_of(page->title), in_title);
	add_words(f, i, str_of(page->name), in_name);
	add_words(f, i, str_of(page->tags), in_tags);
	while (str_next(&rest, '\n', &line)) {
		is_code ^= is_fence(line);
		add_words(f, i, line, is_heading(line) && !is_code ? in_heading : in_text);
	}
}

static int by_text(const void *a, const void *b)
{
	const struct str *left = &((const struct token *)a)->text, *right = &((const struct token *)b)->text;
	int order = memcmp(left->p, right->p, left->n < right->n ? left->n : right->n);
	return order ? order : (left->n > right->n) - (left->n < right->n);
}

/* Tokens by their text, and the postings in their order: a search walks memory from left to right. */
static void put_in_order(struct find *f)
{
	uint32_t n = 0;
	if (f->n_tokens)
		qsort(f->tokens, f->n_tokens, sizeof *f->tokens, by_text);
	f->postings = x_calloc(f->n_links, sizeof *f->postings);
	for (size_t i = 0; i < f->n_tokens; i++) {
		uint32_t first = n;
		for (uint32_t at = f->tokens[i].first; at != NONE; at = f->links[at].next)
			f->postings[n++] = f->links[at].posting;
		f->tokens[i].first = first;
	}
	x_free(f->links);
	x_free(f->slots);
	f->links = NULL;
	f->slots = NULL;
}

struct find *find_new(const struct pages *pages)
{
	struct find *f = x_new(struct find);
	f->pages = pages;
	f->arena = arena_new();
	f->scores = x_calloc(pages->n + 1, sizeof *f->scores);
	f->term_scores = x_calloc(pages->n + 1, sizeof *f->term_scores);
	f->terms = x_calloc(pages->n + 1, sizeof *f->terms);
	new_link(f, 0, 0); /* NONE */
	for (uint32_t i = 0; i < pages->n; i++)
		add_page(f, i);
	put_in_order(f);
	return f;
}

void find_free(struct find *f)
{
	if (!f)
		return;
	void *parts[] = {f->tokens, f->postings, f->scores, f->term_scores, f->terms};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		x_free(parts[i]);
	arena_free(f->arena);
	x_free(f);
}

/* --- searching -------------------------------------------------------------- */

/* Counts what TOKEN says for the term at hand: of each page the best. */
static void count(struct find *f, const struct token *token, float factor)
{
	float rarity = logf(1 + (float)f->pages->n / (float)token->n);
	const struct posting *first = &f->postings[token->first];
	for (const struct posting *p = first; p < first + token->n; p++) {
		float score = p->weight * factor * rarity;
		float *best = &f->term_scores[p->page];
		*best = score > *best ? score : *best;
	}
}

static size_t first_token(const struct find *f, struct str term)
{
	size_t lo = 0, hi = f->n_tokens;
	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		const struct token wanted = {.text = term};
		if (by_text(&f->tokens[middle], &wanted) < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static bool count_prefix(struct find *f, struct str term)
{
	size_t first = first_token(f, term), i = first;
	for (; i < f->n_tokens && str_starts(f->tokens[i].text, term); i++)
		count(f, &f->tokens[i], f->tokens[i].text.n == term.n ? 1.0f : 0.5f);
	return i > first;
}

/* Words that differ from TERM by a slip or two. NEAREST is one of them; false: there is none. */
static bool count_similar(struct find *f, struct str term, struct str *nearest)
{
	size_t limit = term.n >= TWO_TYPOS_FROM ? 2 : 1, best = limit + 1;
	uint32_t letters = letters_of(term);
	for (size_t i = 0; term.n >= TYPO_FROM && i < f->n_tokens; i++) {
		const struct token *token = &f->tokens[i];
		size_t longer = token->text.n > term.n ? token->text.n - term.n : term.n - token->text.n;
		if (longer > limit || (size_t)__builtin_popcount(token->letters ^ letters) > 2 * limit)
			continue;
		size_t distance = str_distance(token->text, term, limit);
		if (distance > limit)
			continue;
		count(f, token, 0.4f / (float)distance);
		if (distance < best) {
			best = distance;
			*nearest = token->text;
		}
	}
	return best <= limit;
}

/* Words that stand in every page, and say nothing of what is meant: of a question they are left out. */
static bool is_filler(struct str term)
{
	static const char fillers[] =
		" a an and are as at be by can do does for from have how i in is it me my of on or that the this to"
		" what when where which why with we you comment de des du en est et je la le les mon ou pour que quoi un"
		" une ";
	char padded[MOST_WORD + 3];
	int n = snprintf(padded, sizeof padded, " %.*s ", STR_FMT(term));
	return str_has(str_of(fillers), (struct str){padded, (size_t)n});
}

static bool has_other_words(struct str words)
{
	char word[MOST_WORD];
	struct str term;
	while (next_word(&words, word, &term))
		if (!is_filler(term))
			return true;
	return false;
}

/* One term is done: what it said is added up. */
static void settle_term(struct find *f)
{
	for (size_t i = 0; i < f->pages->n; i++) {
		f->terms[i] += f->term_scores[i] > 0;
		f->scores[i] += f->term_scores[i];
		f->term_scores[i] = 0;
	}
}

struct needles {
	struct str words[MOST_TERMS];
	size_t n;
};

static void count_terms(struct find *f, struct str words, struct arena *arena, struct needles *needles)
{
	char word[MOST_WORD];
	struct str term;
	memset(f->scores, 0, f->pages->n * sizeof *f->scores);
	memset(f->terms, 0, f->pages->n * sizeof *f->terms);
	bool has_others = has_other_words(words);
	while (needles->n < MOST_TERMS && next_word(&words, word, &term)) {
		if (has_others && is_filler(term))
			continue;
		struct str needle = {arena_dup(arena, term), term.n};
		if (!count_prefix(f, term))
			count_similar(f, term, &needle);
		needles->words[needles->n++] = needle;
		settle_term(f);
	}
}

static const char *fold_find(struct str line, struct str word)
{
	for (size_t i = 0; i + word.n <= line.n; i++)
		if (lower(line.p[i]) == lower(word.p[0]) && !strncasecmp(line.p + i, word.p, word.n))
			return line.p + i;
	return NULL;
}

/* A word of several parts ("null_rate") is one name: a page that has only its parts does not speak of it. */
static bool has_names(const struct page *page, struct str words)
{
	const struct str places[] = {page->text, str_of(page->title), str_of(page->name), str_of(page->tags)};
	struct str word;
	while (str_next(&words, ' ', &word)) {
		char part[MOST_WORD];
		struct str rest = word, found;
		bool has_more = next_word(&rest, part, &found) && next_word(&rest, part, &found),
		     is_there = !has_more;
		for (size_t i = 0; i < ARRAY_LEN(places) && !is_there; i++)
			is_there = fold_find(places[i], word) != NULL;
		if (!is_there)
			return false;
	}
	return true;
}

/* The part of LINE around AT. */
static const char *cut_around(struct arena *arena, struct str line, const char *at)
{
	size_t from = 0, middle = (size_t)(at - line.p);
	while (from < line.n && strchr("#->| \t", line.p[from]))
		from++;
	bool is_long = line.n - from > MOST_EXCERPT;
	if (is_long && middle > from + MOST_EXCERPT / 2) {
		from = middle - MOST_EXCERPT / 2;
		size_t blank = str_find(line, STR(" "), from);
		from = blank < middle ? blank + 1 : from;
	}
	size_t to = line.n - from > MOST_EXCERPT ? from + MOST_EXCERPT : line.n;
	while (from < to && (line.p[from] & 0xC0) == 0x80)
		from++;
	while (to > from && to < line.n && (line.p[to] & 0xC0) == 0x80)
		to--;
	return arena_dup(arena, str_trim(str_slice(line, from, to)));
}

/* LINE of PAGE as a reader sees it: without the signs of Markdown. One too long for that stays as it is. */
static struct str plain_line(struct arena *arena, const char *page, struct str line)
{
	const struct markdown_place place = {.page = page};
	if (line.n > MOST_PLAIN)
		return line;
	const struct document *document = markdown_read(arena, line, &place);
	struct str text = document->n_blocks ? document->blocks[0].text.text : line;
	while (text.n && (text.p[0] == '|' || text.p[0] == ' ')) /* a row of a table, alone, is none */
		text = str_slice(text, 1, text.n);
	while (text.n && (text.p[text.n - 1] == '|' || text.p[text.n - 1] == ' '))
		text.n--;
	return text.n ? text : line;
}

static const char *excerpt_of(
	struct arena *arena, const char *page, struct str line, bool is_code, const struct needles *needles)
{
	const char *at = NULL;
	if (!is_code)
		line = plain_line(arena, page, line);
	for (size_t i = 0; i < needles->n && !at; i++)
		at = fold_find(line, needles->words[i]);
	return cut_around(
		arena, line, at ? at : line.p); /* it may be where a link leads that has the words */
}

/* The line with most of what was looked for, and the heading above it. */
static void quote(
	const struct page *page, const struct needles *needles, struct arena *arena, struct docs_hit *hit)
{
	struct str rest = page->text, line, heading = {0};
	size_t best = 0;
	bool is_code = false;
	while (best < needles->n && str_next(&rest, '\n', &line)) {
		size_t n = 0;
		is_code ^= is_fence(line);
		if (!is_code && is_heading(line))
			heading = line;
		if (!is_code && str_starts(line, STR("# "))) /* its title is shown besides */
			continue;
		for (size_t i = 0; i < needles->n; i++)
			n += fold_find(line, needles->words[i]) != NULL;
		if (n <= best)
			continue;
		best = n;
		hit->excerpt = excerpt_of(arena, page->name, line, is_code, needles);
		struct str title = heading;
		while (title.n && *title.p == '#')
			title = str_slice(title, 1, title.n);
		bool is_top = heading.n - title.n < 2;
		hit->section = title.n && !is_top ? markdown_slug(arena, str_trim(title)) : NULL;
	}
}

/* The MOST best pages of those with the most terms, best first: I goes where its score places it. */
static void place(const struct find *f, struct docs_hit *hits, size_t *n, size_t most, uint32_t i)
{
	size_t at = *n;
	const struct page *page = &f->pages->pages[i];
	while (at > 0 && hits[at - 1].score < (double)f->scores[i])
		at--;
	if (at == most)
		return;
	size_t last = *n < most ? (*n)++ : most - 1;
	memmove(&hits[at + 1], &hits[at], (last - at) * sizeof *hits);
	hits[at] = (struct docs_hit){.name = page->name, .title = page->title, .score = (double)f->scores[i]};
}

size_t find_run(struct find *f, struct str words, struct arena *arena, struct docs_hit *hits, size_t most)
{
	struct needles needles = {.n = 0};
	size_t n = 0;
	uint16_t terms = 1;
	count_terms(f, words, arena, &needles);
	for (size_t i = 0; i < f->pages->n; i++)
		terms = f->terms[i] > terms && !f->pages->pages[i].is_aside ? f->terms[i] : terms;
	for (uint32_t i = 0; i < f->pages->n && most; i++)
		if (f->terms[i] == terms && !f->pages->pages[i].is_aside &&
			has_names(&f->pages->pages[i], words))
			place(f, hits, &n, most, i);
	double best = n ? hits[0].score : 1;
	for (size_t i = 0; i < n; i++) {
		quote(pages_find(f->pages, hits[i].name), &needles, arena, &hits[i]);
		hits[i].name = arena_dupz(arena, hits[i].name);
		hits[i].title = arena_dupz(arena, hits[i].title);
		hits[i].score /= best;
	}
	return n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lines that say why, best first. Two bounded pools keep the best lines
 * seen, one the earliest of equals, the other the latest: what comes first is
 * the cause of what follows, and what stands before the end is why it ended.
 * Which of the two it was is known at the end only.
 */
#include "client/triage/explain.h"

#include "client/base/mem.h"
#include "client/base/scan.h"
#include "client/triage/blocks.h"
#include "client/triage/patterns.h"
#include "client/triage/templates.h"

#include <ctype.h>
#include <stdlib.h>

enum {
	POOL_MOST = 20,
	EXCERPT_BEFORE = 15,
	LOOK_BACK = 30, /* lines of output before an exit that are looked at */
	MOST_LAST_LINES = 6,
	MOST_EXITS = 64,   /* whose output is looked at; what comes later follows from them */
	MOST_HEAD_GAP = 6, /* lines of message between an exception and its first frame */
	NEAR = 3,
	FIRST_HOTS = 256,
	MOST_AHEAD = WINDOW_AHEAD + EXPLAIN_MOST_EXCERPT, /* lines behind one that is judged */
	LEAST_FORGOTTEN = 1 << 18,
	SUBSTITUTE = 0x1a,
};

static const double block_score = 0.96;
static const double sure_score = 0.9;
static const double outer_score = 0.72;
static const double exit_score = 0.54;
static const double handled_score = 0.45; /* a block that was logged as a warning, or tried again */
static const double last_words_score = 0.42;
static const double least_score = 0.15;
static const double good_factor = 0.3; /* what a good run says too is set aside */

/* A line that may be the cause. Its texts are copied when the bytes are about
 * to be dropped: most are replaced by a better one before. */
struct found {
	int64_t line;
	double score;
	uint64_t alike;	    /* hash of the text without digits */
	struct block block; /* lines of the window that started with line `first` */
	int64_t first, at;  /* and where the cause is in the stream, until it is settled */
	bool is_settled;
	char *text;
	int64_t excerpt_line;
	size_t n_excerpt;
	char *excerpt; /* the lines, each ended by a line feed */
};

struct pool {
	struct found items[POOL_MOST];
	size_t n;
	bool keeps_latest;
};

/* A line that holds a pattern. */
struct hot {
	int64_t line, at;
};

struct hots {
	struct hot *items;    /* by line */
	size_t n, size, next; /* `next`: the first that was not judged */
};

struct explainer {
	struct window window;
	struct hots hots;
	int64_t scanned, next_line; /* up to where the stream was looked through, and
				       the line that starts there */
	int64_t last_hot;
	struct patterns *patterns;
	struct pool first, last;
	int64_t judged; /* lines before this one were read */
	int64_t first_exit, n_exits;
	int64_t last_good_end;	/* before the first exit */
	struct templates *good; /* what logs of good runs say too; NULL: none was given */
};

/* --- pools ---------------------------------------------------------------- */

static void found_fini(struct found *found)
{
	x_free(found->text);
	x_free(found->excerpt);
}

static void pool_fini(struct pool *pool)
{
	for (size_t i = 0; i < pool->n; i++)
		found_fini(&pool->items[i]);
}

/* Whether A is the one to give up. */
static bool is_weaker(const struct pool *pool, const struct found *a, const struct found *b)
{
	if (a->score != b->score)
		return a->score < b->score;
	return pool->keeps_latest ? a->line < b->line : a->line > b->line;
}

/* Where a line of SCORE may be put: a free place, that of its like, or of the
 * weakest. NULL: nowhere. */
static struct found *pool_place(struct pool *pool, const struct found *found)
{
	struct found *weakest = NULL;
	for (size_t i = 0; i < pool->n; i++) {
		struct found *item = &pool->items[i];
		if (item->alike == found->alike)
			return is_weaker(pool, item, found) ? item : NULL;
		if (!weakest || is_weaker(pool, item, weakest))
			weakest = item;
	}
	if (pool->n < POOL_MOST)
		return &pool->items[pool->n];
	return is_weaker(pool, weakest, found) ? weakest : NULL;
}

/* --- what is kept of a line -------------------------------------------------
 */

/* A copy as C text: NUL bytes become SUB, so that what follows them is still
 * there. */
static void copy_text(char *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		out[i] = s.p[i] ? s.p[i] : SUBSTITUTE;
}

static char *dup_text(struct str s)
{
	char *copy = x_calloc(s.n + 1, 1);
	copy_text(copy, s);
	return copy;
}

/* The first line of the excerpt: a block is shown from its head where it fits.
 */
static size_t excerpt_start(const struct block *block)
{
	size_t start = block->cause > EXCERPT_BEFORE ? block->cause - EXCERPT_BEFORE : 0;
	bool fits = block->last - block->first < EXPLAIN_MOST_EXCERPT;
	if (!fits)
		return start;
	if (block->first < start)
		start = block->first;
	if (block->last >= start + EXPLAIN_MOST_EXCERPT)
		start = block->last - EXPLAIN_MOST_EXCERPT + 1;
	return start;
}

static void keep_excerpt(const struct window *window, struct found *found)
{
	int64_t start = found->first + (int64_t)excerpt_start(&found->block);
	int64_t behind = window->first + (int64_t)window->n;
	int64_t end = start + EXPLAIN_MOST_EXCERPT < behind ? start + EXPLAIN_MOST_EXCERPT : behind;
	size_t size = 0;
	for (int64_t i = start; i < end; i++)
		size += window_raw_of(window, i).n + 1;
	char *out = x_calloc(size + 1, 1);
	found->excerpt = out;
	found->excerpt_line = start;
	found->n_excerpt = (size_t)(end - start);
	for (int64_t i = start; i < end; i++) {
		struct str raw = window_raw_of(window, i);
		copy_text(out, raw);
		out[raw.n] = '\n';
		out += raw.n + 1;
	}
}

static struct str cause_text(struct log_line line)
{
	struct str text = str_trim(line.text);
	bool has_margin = str_starts(text, STR("| ")); /* of an exception group */
	return has_margin ? str_slice(text, 2, text.n) : text;
}

/* Copies what POOL needs from the window before it is dropped. */
static void settle(struct pool *pool, const struct window *window)
{
	for (size_t i = 0; i < pool->n; i++) {
		struct found *found = &pool->items[i];
		if (found->is_settled)
			continue;
		window_mark(window, found->line, found->at);
		found->text = dup_text(cause_text(window_line_of(window, found->line)));
		keep_excerpt(window, found);
		found->is_settled = true;
	}
}

/* Whether POOL is full of better ones. */
static bool pool_refuses(const struct pool *pool, const struct found *found)
{
	if (pool->n < POOL_MOST)
		return false;
	for (size_t i = 0; i < pool->n; i++)
		if (is_weaker(pool, &pool->items[i], found))
			return false;
	return true;
}

static void pool_add(struct pool *pool, const struct found *found)
{
	struct found *place = pool_place(pool, found);
	if (!place)
		return;
	if (place == &pool->items[pool->n])
		pool->n++;
	else
		found_fini(place);
	*place = *found;
}

static void add_line_of(struct explainer *explainer, const struct block *block, double score)
{
	struct window *window = &explainer->window;
	struct found found = {
		.line = window->first + (int64_t)block->cause,
		.score = score < 1 ? score : 1,
	};
	if (score < least_score ||
		(pool_refuses(&explainer->first, &found) && pool_refuses(&explainer->last, &found)))
		return;
	struct str text = cause_text(window_line(window, block->cause));
	if (text.n == 0)
		return;
	found.alike = template_of(text);
	found.block = *block;
	found.first = window->first;
	found.at = window_at(window, block->cause);
	pool_add(&explainer->first, &found);
	pool_add(&explainer->last, &found);
}

static void add_line(struct explainer *explainer, size_t i, double score)
{
	add_line_of(explainer, &(struct block){.first = i, .last = i, .cause = i}, score);
}

/* --- what stands before an exit ---------------------------------------------
 */

/* A sentence rather than figures: a program that gives up says so in words. */
static bool is_prose(struct str s)
{
	size_t words = 0, letters = 0;
	if (s.n == 0 || strchr("-*#", s.p[0]))
		return false;
	for (size_t i = 0; i < s.n;) {
		size_t from = i;
		while (i < s.n && isalpha((unsigned char)s.p[i]))
			i++;
		letters += i - from;
		words += i - from > 1 && (i == s.n || s.p[i] != '=');
		i += i == from;
	}
	return words >= 4 && letters * 2 > s.n;
}

/* Where the output of a command starts. */
static bool is_command_start(struct str s)
{
	static const char *const heads[] = {
		"$ ", "+ ", "> ", "Running command:", "Output:", "::group::", "::endgroup::"};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (str_starts(s, str_of(heads[i])))
			return true;
	return false;
}

static double last_line_score(struct str s, size_t rank)
{
	double score = 0.34;
	if (line_is_diagnostic(s))
		score = 0.56;
	else if (rank == 0 && is_prose(s))
		score = 0.55;
	return score - 0.02 * (double)rank;
}

/* The last words of what exited at line AT; those that patterns know are
 * candidates already. */
static void add_last_lines(struct explainer *explainer, size_t at)
{
	size_t rank = 0;
	for (size_t i = at; i > 0 && at - i < LOOK_BACK && rank < MOST_LAST_LINES; i--) {
		struct log_line line = window_line(&explainer->window, i - 1);
		struct str s = str_trim(line.text);
		if (is_command_start(s))
			return;
		struct verdict verdict = patterns_judge(explainer->patterns, &line);
		if (s.n < 2 || (verdict.flags & VERDICT_EXIT) || verdict.cap < 0.42)
			continue;
		if (verdict.score < 0.3)
			add_line(explainer, i - 1, last_line_score(s, rank));
		rank++;
	}
}

/* "sed: -e expression #1: unterminated `s' command": a tool's last words, where
 * the log ends with them. */
static void add_last_words(struct explainer *explainer)
{
	const struct window *window = &explainer->window;
	size_t i = window->n;
	while (i > 0 && str_trim(window_line(window, i - 1).text).n == 0)
		i--;
	if (i == 0)
		return;
	struct str s = window_line(window, i - 1).text;
	size_t colon = str_find(s, STR(": "), 0);
	bool has_name = colon != SIZE_MAX && colon > 0 && !memchr(s.p, ' ', colon);
	bool is_hot = explainer->last_hot == window->first + (int64_t)i - 1;
	if (has_name && islower((unsigned char)s.p[0]) && !is_hot && is_prose(s))
		add_line(explainer, i - 1, last_words_score);
}

static void note_exit(struct explainer *explainer, size_t i)
{
	int64_t line = explainer->window.first + (int64_t)i;
	if (explainer->first_exit == 0)
		explainer->first_exit = line;
	if (explainer->n_exits++ < MOST_EXITS)
		add_last_lines(explainer, i);
}

/* --- judging ----------------------------------------------------------------
 */

/* Whether a logger called what it logged with BLOCK no failure. */
static bool is_mild(const struct explainer *explainer, size_t i, const struct block *block)
{
	struct log_line line = window_line(&explainer->window, i);
	if (patterns_judge(explainer->patterns, &line).flags & VERDICT_MILD)
		return true;
	return !block->is_uncaught && (line.level == LEVEL_WARN || line.level == LEVEL_DEBUG);
}

/* A warning that carries its exception, and one that is followed by another
 * try, were dealt with. */
static bool is_handled(const struct explainer *explainer, const struct block *block)
{
	const struct window *window = &explainer->window;
	if (is_mild(explainer, block->first, block))
		return true;
	bool has_record = !window_line(window, block->first).has_stamp && block->first > 0;
	if (has_record && is_mild(explainer, block->first - 1, block))
		return true;
	for (size_t i = block->last + 1; i < window->n && i <= block->last + NEAR; i++) {
		struct log_line line = window_line(window, i);
		if (str_has(line.text, STR("etrying")) || str_has(line.text, STR("will retry")))
			return true;
	}
	return false;
}

static void add_block(struct explainer *explainer, const struct block *block)
{
	struct log_line cause = window_line(&explainer->window, block->cause);
	struct verdict verdict = patterns_judge(explainer->patterns, &cause);
	if (block->is_weak || (verdict.flags & VERDICT_EXIT)) {
		add_line_of(explainer, block, exit_score);
		note_exit(explainer, block->first);
		return;
	}
	bool was_handled = is_handled(explainer, block);
	add_line_of(explainer, block, was_handled ? handled_score : block_score);
	if (block->outer != block->cause && !was_handled)
		add_line(explainer, block->outer, outer_score);
}

/* A trace whose exception is line I, the next hot one: its first frame may stand behind a long message. */
static bool trace_below(const struct explainer *explainer, size_t i, struct block *block)
{
	const struct window *window = &explainer->window;
	const struct hots *hots = &explainer->hots;
	if (hots->next + 1 == hots->n)
		return false;
	size_t k = (size_t)(hots->items[hots->next + 1].line - window->first);
	if (k >= window->n || k > i + MOST_HEAD_GAP)
		return false;
	bool is_frame = block_is_java_frame(window_line(window, k).text);
	return is_frame && block_java(window, k, block) && block->first == i;
}

static bool find_block(
	const struct explainer *explainer, size_t i, const struct verdict *verdict, struct block *block)
{
	const struct window *window = &explainer->window;
	if (verdict->flags & VERDICT_PYTHON)
		return block_python(window, i, block);
	if ((verdict->flags & VERDICT_FRAME) && block_is_java_frame(window_line(window, i).text))
		return block_java(window, i, block);
	return verdict->score > 0 && trace_below(explainer, i, block);
}

/* A heading ("Failure:") says that the next line tells. */
static void add_next(struct explainer *explainer, size_t i, double score)
{
	struct window *window = &explainer->window;
	add_line(explainer, i, score - 0.04);
	for (size_t k = i + 1; k < window->n && k <= i + NEAR; k++) {
		if (str_trim(window_line(window, k).text).n == 0)
			continue;
		add_line(explainer, k, score);
		return;
	}
}

/* Judges line I. Returns the first line behind what was read. */
static size_t judge(struct explainer *explainer, size_t i)
{
	struct window *window = &explainer->window;
	struct log_line line = window_line(window, i);
	struct verdict verdict = patterns_judge(explainer->patterns, &line);
	struct block block;
	if (find_block(explainer, i, &verdict, &block)) {
		add_block(explainer, &block);
		return block.last + 1 > i ? block.last + 1 : i + 1;
	}
	if ((verdict.flags & VERDICT_GOOD_END) && explainer->first_exit == 0)
		explainer->last_good_end = window->first + (int64_t)i;
	if (verdict.flags & VERDICT_NEXT)
		add_next(explainer, i, verdict.score);
	else
		add_line(explainer, i, verdict.score);
	if (verdict.flags & VERDICT_EXIT)
		note_exit(explainer, i);
	return i + 1;
}

/* Judges the lines that have MOST_AHEAD lines behind them, or all. What a line is judged by does not depend
 * on how the stream was cut: it sees as many lines ahead however many there are. */
static void judge_ready(struct explainer *explainer, bool is_all)
{
	struct window *window = &explainer->window;
	struct hots *hots = &explainer->hots;
	for (; hots->next < hots->n; hots->next++) {
		const struct hot *hot = &hots->items[hots->next];
		int64_t ahead = explainer->next_line - hot->line;
		if (!is_all && ahead < MOST_AHEAD)
			break;
		if (hot->line < explainer->judged)
			continue;
		size_t i = (size_t)(hot->line - window->first);
		window->n = i + (size_t)(ahead < WINDOW_AHEAD ? ahead : WINDOW_AHEAD);
		window_mark(window, hot->line, hot->at);
		explainer->judged = window->first + (int64_t)judge(explainer, i);
	}
	window->n = (size_t)(explainer->next_line - window->first);
}

static void drop_judged(struct hots *hots)
{
	if (hots->next == 0)
		return;
	hots->n -= hots->next;
	memmove(hots->items, hots->items + hots->next, hots->n * sizeof(*hots->items));
	hots->next = 0;
}

/* Forgets what no line that is still to be judged may look back to, when that is much more than what is
 * kept. */
static void forget(struct explainer *explainer)
{
	struct window *window = &explainer->window;
	drop_judged(&explainer->hots);
	const struct hot *hot = explainer->hots.n > 0 ? explainer->hots.items : NULL;
	int64_t number = hot ? hot->line : explainer->next_line;
	int64_t at = hot ? hot->at : explainer->scanned;
	size_t n = (size_t)(at - window->offset);
	bool is_worth_it = n > LEAST_FORGOTTEN && n / 4 > window->n_bytes - n;
	if (!is_worth_it && window_room(window))
		return;
	settle(&explainer->first, window);
	settle(&explainer->last, window);
	window_go_back(window, &number, &at, WINDOW_BACK);
	window_forget(window, number, at);
}

/* --- looking through --------------------------------------------------------
 */

static void add_hot(struct explainer *explainer, int64_t at)
{
	struct hots *hots = &explainer->hots;
	explainer->last_hot = explainer->next_line;
	if (hots->n == hots->size) {
		hots->size = hots->size ? 2 * hots->size : FIRST_HOTS;
		hots->items = x_realloc(hots->items, hots->size, sizeof(*hots->items));
	}
	hots->items[hots->n++] = (struct hot){explainer->next_line, at};
}

static bool is_plain_hot(const struct patterns *patterns, struct str raw)
{
	char plain[LINE_MOST_BYTES];
	return patterns_are_in(patterns, (struct str){plain, line_make_plain(plain, raw)});
}

/* Where the line starts that holds S.p[at]. */
static size_t line_start(struct str s, size_t at)
{
	const char *end = at > 0 ? memrchr(s.p, '\n', at) : NULL;
	return end ? (size_t)(end - s.p) + 1 : 0;
}

static size_t find_escape(struct str s)
{
	const char *escape = memchr(s.p, '\033', s.n);
	return escape ? line_start(s, (size_t)(escape - s.p)) : s.n;
}

/* Looks through the lines of TEXT, that stand from stream offset `scanned` on.
 * What a colour sequence or a carriage return changes is looked at as a person
 * sees it. */
static void scan(struct explainer *explainer, struct str text)
{
	size_t at = 0, escape = find_escape(text);
	while (at < text.n) {
		if (escape < at)
			escape = at + find_escape(str_slice(text, at, text.n));
		struct str clear = str_slice(text, at, escape);
		size_t found = patterns_find(explainer->patterns, clear);
		size_t start = found == SIZE_MAX ? escape : at + line_start(clear, found);
		explainer->next_line += (int64_t)scan_count(str_slice(text, at, start), '\n');
		if (start == text.n)
			break;
		size_t n =
			(size_t)((const char *)memchr(text.p + start, '\n', text.n - start) - text.p) - start;
		struct str raw = str_slice(text, start, start + n);
		bool is_clear = found != SIZE_MAX && !line_has_controls(raw);
		if (is_clear || is_plain_hot(explainer->patterns, raw))
			add_hot(explainer, explainer->scanned + (int64_t)start);
		explainer->next_line++;
		at = start + n + 1;
	}
	explainer->scanned += (int64_t)text.n;
}

/* --- the interface ----------------------------------------------------------
 */

struct explainer *explain_new(void)
{
	struct explainer *explainer = x_new(struct explainer);
	window_init(&explainer->window);
	explainer->patterns = patterns_new();
	explainer->last.keeps_latest = true;
	explainer->next_line = 1;
	return explainer;
}

void explain_free(struct explainer *explainer)
{
	if (!explainer)
		return;
	pool_fini(&explainer->first);
	pool_fini(&explainer->last);
	patterns_free(explainer->patterns);
	templates_free(explainer->good);
	window_fini(&explainer->window);
	x_free(explainer->hots.items);
	x_free(explainer);
}

static struct templates *good_of(struct explainer *explainer)
{
	if (!explainer->good)
		explainer->good = templates_new();
	return explainer->good;
}

char *explain_good_room(struct explainer *explainer)
{
	return templates_room(good_of(explainer));
}

void explain_took_good(struct explainer *explainer, size_t n)
{
	templates_took(good_of(explainer), n);
}

void explain_feed_good(struct explainer *explainer, struct str bytes)
{
	while (bytes.n > 0) {
		size_t n = bytes.n < EXPLAIN_ROOM ? bytes.n : EXPLAIN_ROOM;
		memcpy(explain_good_room(explainer), bytes.p, n);
		explain_took_good(explainer, n);
		bytes = str_slice(bytes, n, bytes.n);
	}
}

void explain_end_good(struct explainer *explainer)
{
	if (explainer->good)
		templates_end_log(explainer->good);
}

static void take_lines(struct explainer *explainer, bool is_all)
{
	scan(explainer, window_text(&explainer->window, explainer->scanned));
	judge_ready(explainer, is_all);
}

char *explain_room(struct explainer *explainer)
{
	return window_room(&explainer->window);
}

void explain_took(struct explainer *explainer, size_t n)
{
	window_add(&explainer->window, n);
	take_lines(explainer, false);
	forget(explainer);
}

void explain_feed(struct explainer *explainer, struct str bytes)
{
	while (bytes.n > 0) {
		size_t n = bytes.n < EXPLAIN_ROOM ? bytes.n : EXPLAIN_ROOM;
		memcpy(explain_room(explainer), bytes.p, n);
		explain_took(explainer, n);
		bytes = str_slice(bytes, n, bytes.n);
	}
}

/*
 * Weighs what is known only now: what went well afterwards, what follows an
 * exit, and how near a line stands to it. Sure causes (blocks, compilers,
 * tests) are not moved by the last, so that the first of them stays first.
 */
static double final_score(const struct explainer *explainer, const struct found *found, int64_t n_lines)
{
	double score = found->score;
	if (explainer->good && templates_have(explainer->good, str_of(found->text)))
		score *= good_factor;
	bool is_after_exit = explainer->first_exit > 0 && found->line > explainer->first_exit;
	if (found->line < explainer->last_good_end)
		score *= 0.5;
	if (is_after_exit)
		score *= 0.8;
	if (score >= sure_score)
		return score;
	int64_t end = explainer->first_exit > 0 && !is_after_exit ? explainer->first_exit : n_lines;
	return score + 0.05 * score / (1 + (double)(end - found->line) / 20);
}

static int compare_found(const void *a, const void *b)
{
	const struct found *x = *(struct found *const *)a, *y = *(struct found *const *)b;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

/* Both pools in one list, best first. */
static size_t rank(struct explainer *explainer, struct found **out, int64_t n_lines)
{
	struct pool *pools[] = {&explainer->first, &explainer->last};
	size_t n = 0;
	for (size_t p = 0; p < 2; p++) {
		for (size_t i = 0; i < pools[p]->n; i++) {
			struct found *found = &pools[p]->items[i];
			found->score = final_score(explainer, found, n_lines);
			out[n++] = found;
		}
	}
	qsort(out, n, sizeof(*out), compare_found);
	return n;
}

static bool has_line(const struct explanation *explanation, int64_t line)
{
	for (size_t i = 0; i < explanation->n_candidates; i++)
		if (explanation->candidates[i].line == line)
			return true;
	return false;
}

static void give_excerpt(struct explanation *explanation, const struct found *best, struct arena *arena)
{
	struct str rest = str_of(best->excerpt);
	struct str line;
	explanation->excerpt_line = best->excerpt_line;
	while (explanation->n_excerpt < best->n_excerpt && str_next(&rest, '\n', &line))
		explanation->excerpt[explanation->n_excerpt++] = arena_dup(arena, line);
}

struct explanation explain_finish(struct explainer *explainer, struct arena *arena)
{
	struct window *window = &explainer->window;
	window_end(window);
	take_lines(explainer, true);
	if (explainer->first_exit == 0)
		add_last_words(explainer);
	settle(&explainer->first, window);
	settle(&explainer->last, window);
	struct explanation explanation = {.n_lines = window->first + (int64_t)window->n - 1};
	struct found *found[2 * POOL_MOST];
	size_t n = rank(explainer, found, explanation.n_lines);
	for (size_t i = 0; i < n && explanation.n_candidates < EXPLAIN_MOST_CANDIDATES; i++) {
		if (has_line(&explanation, found[i]->line))
			continue;
		explanation.candidates[explanation.n_candidates++] = (struct candidate){
			.line = found[i]->line,
			.score = found[i]->score < 1 ? found[i]->score : 1,
			.text = arena_dupz(arena, found[i]->text),
		};
	}
	if (n == 0)
		return explanation;
	give_excerpt(&explanation, found[0], arena);
	const char *frame = found[0]->block.frame;
	explain_fingerprint(str_of(found[0]->text), frame[0] ? frame : NULL, explanation.fingerprint);
	return explanation;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the line that says why is found in logs of programs that really failed: by kind, and apart for the
 * logs that patterns were tuned on ("seen") and those that they were not ("held").
 * tests/fixtures/corpus/README.md. */
#include "client/base/buf.h"
#include "client/triage/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LOGS "tests/fixtures/corpus/"

enum { MOST_KINDS = 16, MOST_KIND_NAME = 16, MOST_RANK = EXPLAIN_MOST_CANDIDATES };

static const double least_first = 0.9;
static const double least_ci[] = {0.60, 0.80, 0.90};
static const double loud = 0.5; /* what a log where all went well may say at most */

struct tally {
	int n, at_1, at_3, at_10;
};

struct kind {
	char name[MOST_KIND_NAME];
	struct tally seen, held;
};

struct corpus {
	struct kind kinds[MOST_KINDS];
	size_t n_kinds;
	int n_good, n_loud;
};

static bool explain_file(struct arena *arena, const char *path, struct explanation *out)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return false;
	struct explainer *explainer = explain_new();
	size_t n;
	while ((n = fread(explain_room(explainer), 1, EXPLAIN_ROOM, file)) > 0)
		explain_took(explainer, n);
	fclose(file);
	*out = explain_finish(explainer, arena);
	explain_free(explainer);
	return true;
}

static struct kind *kind_of(struct corpus *corpus, struct str file)
{
	struct str name = str_slice(file, 0, str_find(file, STR("/"), 0));
	for (size_t i = 0; i < corpus->n_kinds; i++)
		if (str_is(name, corpus->kinds[i].name))
			return &corpus->kinds[i];
	assert_true(corpus->n_kinds < MOST_KINDS && name.n < MOST_KIND_NAME);
	struct kind *kind = &corpus->kinds[corpus->n_kinds++];
	memcpy(kind->name, name.p, name.n);
	return kind;
}

/* Which of the candidates is one of LINES ("12,14"), 1-based; more than all where none is. */
static int rank_of(const struct explanation *explanation, struct str lines)
{
	int best = MOST_RANK + 1;
	struct str number;
	while (str_next(&lines, ',', &number)) {
		int64_t line;
		assert_true(str_to_int(number, 1, INT32_MAX, &line));
		for (int i = 0; i < (int)explanation->n_candidates; i++)
			if (explanation->candidates[i].line == line && i + 1 < best)
				best = i + 1;
	}
	return best;
}

static void count(struct tally *tally, int rank)
{
	tally->n++;
	tally->at_1 += rank <= 1;
	tally->at_3 += rank <= 3;
	tally->at_10 += rank <= MOST_RANK;
}

/* "shell/unset_variable.log": the log of the same program when it worked stands beside it. */
static void score_good(struct corpus *corpus, struct arena *arena, struct str file)
{
	struct explanation explanation;
	char *path = arena_printf(arena, LOGS "%.*s.good.log", (int)file.n - 4, file.p);
	if (!explain_file(arena, path, &explanation))
		return;
	corpus->n_good++;
	if (explanation.n_candidates == 0 || explanation.candidates[0].score <= loud)
		return;
	corpus->n_loud++;
	print_message("  all was well: %s:%d %.2f %s\n", path, (int)explanation.candidates[0].line,
		explanation.candidates[0].score, explanation.candidates[0].text);
}

static void score_row(struct corpus *corpus, struct arena *arena, struct str row)
{
	struct str file, set, lines;
	assert_true(
		str_next(&row, '\t', &file) && str_next(&row, '\t', &set) && str_next(&row, '\t', &lines));
	struct explanation explanation;
	assert_true(explain_file(arena, arena_printf(arena, LOGS "%.*s", STR_FMT(file)), &explanation));
	struct kind *kind = kind_of(corpus, file);
	bool is_held = str_is(set, "held");
	int rank = rank_of(&explanation, lines);
	count(is_held ? &kind->held : &kind->seen, rank);
	if (rank > 1 && (!is_held || getenv("PORTHOLE_SHOW_HELD")))
		print_message("  %.*s: line %.*s is %d., first is %d '%s'\n", STR_FMT(file), STR_FMT(lines),
			rank, explanation.n_candidates ? (int)explanation.candidates[0].line : 0,
			explanation.n_candidates ? explanation.candidates[0].text : "");
	score_good(corpus, arena, file);
}

static struct corpus score_all(struct arena *arena)
{
	struct corpus corpus = {0};
	char row[1024];
	FILE *table = fopen(LOGS "expect.tsv", "r");
	if (!table)
		fail_msg("cannot open " LOGS "expect.tsv: run from the top of the tree");
	while (fgets(row, sizeof(row), table))
		score_row(&corpus, arena, str_trim(str_of(row)));
	fclose(table);
	return corpus;
}

static void print_tally(const char *kind, const char *set, const struct tally *tally)
{
	if (tally->n > 0)
		print_message("  %-8s %-4s %3d logs: first %.2f, of three %.2f, of ten %.2f\n", kind, set,
			tally->n, (double)tally->at_1 / tally->n, (double)tally->at_3 / tally->n,
			(double)tally->at_10 / tally->n);
}

static bool is_enough(const struct kind *kind, const struct tally *tally)
{
	bool is_ci = strcmp(kind->name, "ci") == 0;
	return tally->at_1 >= (is_ci ? least_ci[0] : least_first) * tally->n &&
	       tally->at_3 >= (is_ci ? least_ci[1] : least_first) * tally->n &&
	       tally->at_10 >= (is_ci ? least_ci[2] : least_first) * tally->n;
}

static void the_cause_is_first_in_nine_of_ten(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct corpus corpus = score_all(arena);
	arena_free(arena);
	int n_low = 0;
	for (size_t i = 0; i < corpus.n_kinds; i++) {
		struct kind *kind = &corpus.kinds[i];
		print_tally(kind->name, "seen", &kind->seen);
		print_tally(kind->name, "held", &kind->held);
		n_low += !is_enough(kind, &kind->seen) + !is_enough(kind, &kind->held);
	}
	print_message("  %d of %d logs of good runs say something loud\n", corpus.n_loud, corpus.n_good);
	assert_int_equal(n_low, 0);
	assert_true(corpus.n_loud * 20 <= corpus.n_good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cause_is_first_in_nine_of_ten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

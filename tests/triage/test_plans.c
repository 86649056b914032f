/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every query that the answers about a problem ask is served by an index: none walks a table that grows, so
 * that they take as long with 1,000,000 runs. What is asked is read from the trace, so that none is
 * forgotten.
 */
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/triage/why.h"
#include "tests/catalogue/sql.h"

#include <ctype.h>

enum { MOST_NAMES = 32 };

#define NUMBERS(n) "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " #n ") "

static const char *const rows[] = {
	"INSERT INTO source (id, name, kind) VALUES (1, 'lab', 'airflow')",
	"INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'recsys')",
	NUMBERS(60) "INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms) SELECT i, 1, 1, 'r' || i,"
		    " CASE WHEN i = 60 THEN 'failed' ELSE 'success' END, i * 1000 FROM n",
	NUMBERS(60) "INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms) SELECT i, 1, 'check', 1,"
		    " CASE WHEN i = 60 THEN 'failed' ELSE 'success' END, i * 1000 FROM n",
	"INSERT INTO team.problem (id, kind, key, title, source, pipeline, run, step, attempt, fingerprint, cause,"
	" first_ms, last_ms) VALUES (1, 'failed', 'failed:1-a', 'x', 'lab', 'recsys', 'r60', 'check', 1, '1-a', 'x', 1, 1)",
	"INSERT INTO team.problem_event (problem_id, at_ms, who, verb) VALUES (1, 1, 'sync', 'opened')",
	"INSERT INTO team.problem_event (problem_id, at_ms, who, verb) VALUES (1, 2, 'sync', 'resolved')",
	"INSERT INTO team.data_check (source, pipeline, run, step, name, state, observed, at_ms)"
	" VALUES ('lab', 'recsys', 'r60', 'check', 'null_rate', 'fail', 0.3, 1)",
};

/* The word behind HEAD on LINE, or an empty text. */
static struct str word_behind(struct str line, struct str head)
{
	size_t at = str_find(line, head, 0);
	if (at == SIZE_MAX)
		return STR("");
	size_t end = at + head.n;
	while (end < line.n && line.p[end] != ' ')
		end++;
	return str_slice(line, at + head.n, end);
}

/* A subquery's rows, which it limits itself, may be walked (d: those of a recursive one), and the few
 * sources. */
static bool is_small(struct str name, const struct str *made, size_t n)
{
	static const char *const small[] = {"s", "z", "d", "down", "this", "CONSTANT"};
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, made[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(small); i++)
		if (str_is(name, small[i]) || str_starts(name, STR("(subquery-")))
			return true;
	return false;
}

static void assert_served(struct str sql, struct str plan)
{
	struct str rest = plan, line, made[MOST_NAMES];
	size_t n = 0;
	while (str_next(&rest, '\n', &line)) {
		struct str name = word_behind(line, STR("MATERIALIZE "));
		if (!name.n)
			name = word_behind(line, STR("CO-ROUTINE "));
		if (name.n && n < MOST_NAMES)
			made[n++] = name;
		struct str walked = word_behind(line, STR("SCAN "));
		if (walked.n && !str_has(line, STR("INDEX")) && !is_small(walked, made, n))
			fail_msg("%.*s\nwalks %.*s:\n%.*s", STR_FMT(sql), STR_FMT(walked), STR_FMT(plan));
	}
}

static size_t count_params(struct str sql)
{
	size_t most = 0;
	for (size_t i = 0; i + 1 < sql.n; i++) {
		size_t number = 0;
		for (size_t j = i + 1; sql.p[i] == '$' && j < sql.n && isdigit((unsigned char)sql.p[j]); j++)
			number = number * 10 + (size_t)(sql.p[j] - '0');
		most = number > most ? number : most;
	}
	return most;
}

static size_t check_queries(struct store *store, struct arena *arena, struct str trace)
{
	size_t n = 0;
	struct str line;
	struct value params[64];
	for (size_t i = 0; i < ARRAY_LEN(params); i++)
		params[i] = value_int((int64_t)i);
	while (str_next(&trace, '\n', &line)) {
		size_t at = str_find(line, STR("rows: "), 0);
		if (!str_starts(line, STR("query ")) || at == SIZE_MAX)
			continue;
		struct str sql = str_slice(line, at + strlen("rows: "), line.n);
		struct buf plan;
		struct err err = {0};
		buf_init(&plan, 0);
		if (!store_explain(store, arena_dup(arena, sql), params, count_params(sql), &plan, &err))
			fail_msg("%.*s: %s", STR_FMT(sql), err.msg);
		assert_served(sql, buf_str(&plan));
		buf_fini(&plan);
		n++;
	}
	return n;
}

static void every_query_of_an_answer_is_served_by_an_index(void **state)
{
	if (scratch_is_on_postgres())
		skip(); /* it reads small tables whole */
	char *dir = scratch_new(), *trace = x_printf("%s/trace", dir);
	struct arena *arena = arena_new();
	struct buf text;
	struct err err = {0};
	struct why why;
	(void)state;
	setenv("PORTHOLE_TRACE", trace, 1);
	struct store *store = sql_catalogue(dir);
	unsetenv("PORTHOLE_TRACE");
	sql_run_all(store, rows, ARRAY_LEN(rows));
	if (!why_load(store, &(struct config){0}, 1, 60000, arena, &why, &err))
		fail_msg("%s", err.msg);
	assert_true(why.has_changed && why.check && why.past.n_episodes == 1);
	buf_init(&text, 0);
	assert_true(file_read(trace, 1 << 20, &text, &err));
	assert_true(check_queries(store, arena, buf_str(&text)) > 30);
	buf_fini(&text);
	store_close(store);
	arena_free(arena);
	x_free(trace);
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_query_of_an_answer_is_served_by_an_index)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

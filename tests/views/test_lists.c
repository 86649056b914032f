/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists: what each filter finds, that pages join without a gap, and that an index serves what opens first. */
#include "client/base/clock.h"
#include "client/catalogue/filter.h"
#include "tests/catalogue/lab.h"
#include "views/json.h"
#include "views/list.h"
#include "views/lists.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW INT64_C(1795262400000) /* 2026-11-21 12:00 UTC */

static const char config_text[] =
	"user: mlee\n"
	"projects:\n"
	"  - {name: one, owner: ann, oncall: \"@mlee\", pipelines: [\"source-2/pipeline-1\"]}\n"
	"  - {name: two, owner: bob, pipelines: [\"source-*/pipeline-?7\", \"nowhere/*\"]}\n"
	"  - {name: none, owner: cid}\n";

#define NUMBERS(n) "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " #n ") "
#define NOW_SQL	   "1795262400000"

static const char *const generate[] = {
	NUMBERS(3) "INSERT INTO source (id, name, kind, state) SELECT i, 'source-' || i, 'local', 'ok' FROM n",

	NUMBERS(40) "INSERT INTO pipeline (id, source_id, pipeline, kind, paused, last_run_ms, gone) "
		    "SELECT i, 1 + i % 3, 'pipeline-' || i, CASE WHEN i % 2 = 1 THEN 'dag' END, CASE i % 3 WHEN 0 THEN 0 "
		    "WHEN 1 THEN 1 END, i / 4, CASE WHEN i = 40 THEN 1 ELSE 0 END FROM n",

	/* many runs share a time, so that pages must break ties */
	NUMBERS(4000) "INSERT INTO run (id, pipeline_id, source_id, run, name, state, at_ms, started_ms, duration_ms, "
		      "user_name, gone) SELECT i, 1 + i % 40, 1 + (1 + i % 40) % 3, 'run-' || i,"
		      "  CASE WHEN i % 5 = 0 THEN 'Night ' || i || '%_\\' END,"
		      "  CASE i % 50 WHEN 0 THEN 'failed' WHEN 1 THEN 'lost' ELSE 'success' END,"
		      "  " NOW_SQL " - (4000 - i) / 7 * 60000,"
		      "  CASE WHEN i % 11 <> 0 THEN " NOW_SQL " - (4000 - i) / 7 * 60000 END,"
		      "  CASE WHEN i % 11 <> 0 THEN i % 600 * 1000 END, CASE WHEN i % 4 <> 0 THEN 'cron' END,"
		      "  CASE WHEN i % 100 = 99 THEN 1 ELSE 0 END FROM n",

	NUMBERS(3) "INSERT INTO step_run (run_id, pipeline_id, step, state, at_ms, is_newest) "
		   "SELECT r.id, r.pipeline_id, 'step-' || i, r.state, r.at_ms, 1 FROM run r, n",

	"INSERT INTO param SELECT id, 'scale', id % 20 FROM run WHERE id % 2 = 0",
	"INSERT INTO param SELECT id, 'both', 'p' FROM run WHERE id > 3990",
	"INSERT INTO tag SELECT id, 'both', 't' FROM run WHERE id > 3990",
	"INSERT INTO tag SELECT id, 'team', CASE WHEN id % 3 <> 0 THEN 'a,b' ELSE 'c' END FROM run WHERE id > 3000",
	"INSERT INTO metric SELECT id, 'auc', CASE WHEN id % 2 = 1 THEN id / 4000.0 END, CASE WHEN id % 2 = 0 THEN 'NaN' END "
	"FROM run WHERE id > 3900",

	"INSERT INTO metric SELECT id, 'val loss: a,b*', id, NULL FROM run WHERE id <= 5",
	"INSERT INTO param SELECT id, 'optimizer', CASE WHEN id % 2 = 1 THEN 'adam' ELSE 'sgd' END FROM run WHERE id > 3950",
	NUMBERS(50) "INSERT INTO team.data_check (source, pipeline, run, step, name, state, at_ms)"
		    " SELECT 's', 'p', 'r' || i, 't', 'c', 'pass', i FROM n",
	NUMBERS(50) "INSERT INTO team.alert (source, monitor, opened_ms, state) SELECT 's', 'm', i, 'open' FROM n",
	NUMBERS(50) "INSERT INTO team.audit (at_ms, who, verb, object_ref) SELECT i, 'w', 'v', 'r' FROM n",
	NUMBERS(50) "INSERT INTO model_version (source_id, model, version, at_ms) SELECT 1, 'm' || i, '1', i FROM n",

	NUMBERS(300) "INSERT INTO team.problem (id, kind, key, title, state, severity, first_ms, last_ms, source, pipeline) "
		     "SELECT i, 'failed', 'key-' || i, 'title ' || i, CASE WHEN i % 9 = 0 THEN 'open' ELSE 'resolved' END,"
		     "  CASE i % 3 WHEN 0 THEN 'production' WHEN 1 THEN 'staging' ELSE 'playground' END, i, i, 'source-1',"
		     "  'pipeline-1' FROM n",

	NUMBERS(600) "INSERT INTO team.occurrence (problem_id, source, pipeline, run, at_ms) "
		     "SELECT 1 + i % 300, 'source-1', 'pipeline-1', 'run-' || i, i FROM n",

	NUMBERS(40) "INSERT INTO health (source_id, component, state) SELECT 1 + i % 3, 'part-' || i, 'ok' FROM n",
};

static int setup(void **state)
{
	clock_fix(NOW);
	setenv("TZ", "UTC", 1);
	*state = lab_new(config_text, generate, ARRAY_LEN(generate));
	return 0;
}

static struct view_args args_of(const struct lab *p, const char *filter)
{
	return (struct view_args){.config = p->config, .filter = filter, .now_ms = NOW};
}

/* --- what a filter finds ---------------------------------------------------------------- */

/* A filter of runs, and the SQL condition that says the same in other words. */
static const struct filter_case {
	const char *filter, *sql;
} filter_cases[] = {
	{"", "1 = 1"},
	{"state:failed", "state = 'failed'"},
	{"state:failed,lost", "state IN ('failed', 'lost')"},
	{"-state:success", "state <> 'success'"},
	{"state=lost", "state = 'lost'"},
	{"state!=success", "state <> 'success'"},
	{"run:run-1?", "run LIKE 'run-1_'"},
	{"run:RUN-1?", "run LIKE 'run-1_'"},
	{"run:run-1*,run-25", "run LIKE 'run-1%' OR run = 'run-25'"},
	{"run:run_1", "1 = 0"},
	{"run:%", "1 = 0"},
	{"run:\"run-1*\"", "1 = 0"},
	{"run:\"run-17\"", "run = 'run-17'"},
	{"pipeline:pipeline-7 state:lost", "pipeline_id = 7 AND state = 'lost'"},
	{"source:source-2", "source_id = 2"},
	{"name:-", "name IS NULL"},
	{"-name:-", "name IS NOT NULL"},
	{"user:cron", "user_name = 'cron'"},
	{"-user:cron", "user_name IS NULL"},
	{"user!=cron", "1 = 0"},
	{"user:-,cron", "1 = 1"},
	{"duration_ms:-", "duration_ms IS NULL"},
	{"duration_ms<5000", "duration_ms < 5000"},
	{"duration_ms>=9m", "duration_ms >= 540000"},
	{"duration_ms:5000,6000", "duration_ms IN (5000, 6000)"},
	{"-duration_ms<5m", "duration_ms IS NULL OR duration_ms >= 300000"},
	{"since:1h", "at_ms >= " NOW_SQL " - 3600000"},
	{"since:2026-11-21", "at_ms >= 1795219200000"},
	{"until:2026-11-21T06:00:00Z since:2026-11-21", "at_ms >= 1795219200000 AND at_ms < 1795240800000"},
	{"started_ms>=2026-11-21T11:00:00Z", "started_ms >= 1795258800000"},
	{"NIGHT", "name LIKE 'Night%'"},
	{"\"night 100%_\\\"", "name LIKE 'Night 100!%!_%' ESCAPE '!'"},
	{"-night", "name IS NULL"},
	{"night -\"1\"",
		"name IS NOT NULL AND name NOT LIKE '%1%' AND run NOT LIKE '%1%' AND pipeline_id NOT IN (1, 21, "
		"31) AND pipeline_id NOT BETWEEN 10 AND 19"},
	{"params.scale:4", "id % 2 = 0 AND id % 20 = 4"},
	{"params.scale>15", "id % 2 = 0 AND id % 20 > 15"},
	{"params.scale<=2", "id % 2 = 0 AND id % 20 <= 2"},
	{"params.scale:-", "id % 2 = 1"},
	{"-params.scale:-", "id % 2 = 0"},
	{"scale:4", "id % 2 = 0 AND id % 20 = 4"},
	{"tags.team:\"a,b\"", "id > 3000 AND id % 3 > 0"},
	{"tags.team:a,c", "id > 3000 AND id % 3 = 0"},
	{"tags.team!=c", "id > 3000 AND id % 3 > 0"},
	{"metrics.auc>0.99", "id / 4000.0 > 0.99 AND id % 2 = 1"},
	{"metrics.auc:NaN", "id > 3900 AND id % 2 = 0"},
	{"metrics.auc:-", "id <= 3900"},
	{"project:one", "pipeline_id = 1"},
	{"project:two", "pipeline_id IN (17, 27, 37)"},
	{"project:t*,one", "pipeline_id IN (1, 17, 27, 37)"},
	{"project:none", "1 = 0"},
	{"-project:two", "pipeline_id NOT IN (17, 27, 37)"},
	{"owner:bob", "pipeline_id IN (17, 27, 37)"},
	{"mine:yes", "pipeline_id = 1"},
	{"x' OR '1'='1", "1 = 0"},
	{"metrics.\"val loss: a,b*\">2", "id BETWEEN 3 AND 5"},
	{"-metrics.\"val loss: a,b*\":- state:success", "id BETWEEN 1 AND 5 AND state = 'success'"},
};

/* Pipeline 1 is on source 2: id % 3. */
static void a_filter_finds_what_it_says(void **state)
{
	struct lab *p = *state;
	for (size_t i = 0; i < ARRAY_LEN(filter_cases); i++) {
		const struct filter_case *c = &filter_cases[i];
		const struct view_args args = args_of(p, c->filter);
		struct table table;
		struct err err = {0};
		if (!list_load(p->store, &list_runs, &args, NULL, p->arena, &table, &err))
			fail_msg("%s: %s", c->filter, err.msg);
		int64_t want = sql_number(p->store,
			arena_printf(p->arena, "SELECT count(*) FROM run WHERE gone = 0 AND (%s)", c->sql));
		if ((int64_t)table.result.n_rows != want)
			fail_msg("'%s' finds %zu runs, not %lld", c->filter, table.result.n_rows,
				(long long)want);
	}
}

static void a_wrong_filter_is_a_usage_error_that_says_why(void **state)
{
	static const struct {
		const char *filter, *says;
	} cases[] = {
		{"stat:x", "did you mean 'state'"},
		{"zzz:x", "it has state pipeline run "},
		{"gone:1", "no key 'gone'"},
		{"state:", "has no value"},
		{"run:\"x", "a quote is not closed"},
		{"duration_ms:soon", "'soon' is no value for 'duration_ms'"},
		{"duration_ms>soon", "'soon' is no value for 'duration_ms'"},
		{"since:soon", "'soon' is no time"},
		{"both:x", "more than one of params, metrics and tags"},
		{"metrics.auc:high", "'high' is no value"},
	};
	struct lab *p = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct view_args args = args_of(p, cases[i].filter);
		struct table table;
		struct err err = {0};
		assert_false(list_load(p->store, &list_runs, &args, NULL, p->arena, &table, &err));
		assert_int_equal(err.code, ERR_USAGE);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("'%s': %s", cases[i].filter, err.msg);
	}
}

static void too_much_of_a_filter_is_refused(void **state)
{
	struct lab *p = *state;
	static const char *const terms[] = {"state:x ", "word ", "params.k:x ", "run:a,b,c,d,e,f,g "};
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		struct buf text;
		buf_init(&text, 0);
		for (int n = 0; n < FILTER_MOST_TERMS; n++)
			buf_addz(&text, terms[i]);
		const struct view_args args = args_of(p, arena_dup(p->arena, buf_str(&text)));
		buf_fini(&text);
		struct list_query query;
		struct err err = {0};
		if (!list_query(&list_runs, &args, NULL, p->arena, &query, &err))
			assert_int_equal(err.code, ERR_USAGE);
	}
}

static void what_is_hidden_is_shown_where_it_is_asked_for(void **state)
{
	struct lab *p = *state;
	struct table table;
	struct err err = {0};
	int64_t all = sql_number(p->store, "SELECT count(*) FROM run"),
		live = sql_number(p->store, "SELECT count(*) FROM run WHERE gone = 0");
	assert_true(live < all);
	struct view_args args = args_of(p, "");
	assert_true(list_load(p->store, &list_runs, &args, NULL, p->arena, &table, &err));
	assert_int_equal(table.result.n_rows, live);
	args.show_hidden = true;
	assert_true(list_load(p->store, &list_runs, &args, NULL, p->arena, &table, &err));
	assert_int_equal(table.result.n_rows, all);
	args = args_of(p, "deleted:yes");
	assert_true(list_load(p->store, &list_runs, &args, NULL, p->arena, &table, &err));
	assert_int_equal(table.result.n_rows, all);
	args = args_of(p, "deleted:yes");
	assert_true(list_load(p->store, &list_pipelines, &args, NULL, p->arena, &table, &err));
	assert_int_equal(table.result.n_rows, 40);
}

static void a_scope_narrows(void **state)
{
	struct lab *p = *state;
	struct table table;
	struct err err = {0};
	const struct view_args args = args_of(p, "");
	const struct found source = {.source_id = 2}, pipeline = {.source_id = 2, .pipeline_id = 7},
			   run = {.source_id = 2, .pipeline_id = 7, .run_id = 46};
	assert_true(list_load(p->store, &list_pipelines, &args, &source, p->arena, &table, &err));
	assert_int_equal(table.result.n_rows,
		sql_number(p->store, "SELECT count(*) FROM pipeline WHERE source_id = 2 AND gone = 0"));
	assert_true(list_load(p->store, &list_runs, &args, &pipeline, p->arena, &table, &err));
	assert_int_equal(table.result.n_rows,
		sql_number(p->store, "SELECT count(*) FROM run WHERE pipeline_id = 7 AND gone = 0"));
	assert_true(list_load(p->store, &list_steps, &args, &run, p->arena, &table, &err));
	assert_int_equal(table.result.n_rows, 3);
}

/* --- pages ------------------------------------------------------------------------------ */

/* Walks LIST in pages of 97: every row once, in order. */
static void walk(struct lab *p, const struct list_def *list, const char *sort, size_t n_want)
{
	struct arena *arena = arena_new();
	struct view_args args = args_of(p, "");
	struct err err = {0};
	struct table page, all;
	args.sort = sort;
	if (!list_load(p->store, list, &args, NULL, arena, &all, &err))
		fail_msg("--sort %s: %s", sort, err.msg);
	assert_int_equal(all.result.n_rows, n_want);
	args.limit = 97;
	size_t n = 0;
	do {
		if (!list_load(p->store, list, &args, NULL, arena, &page, &err))
			fail_msg("--sort %s: %s", sort, err.msg);
		for (size_t row = 0; row < page.result.n_rows; row++, n++) {
			const struct value *a = result_at(&page.result, row, 0),
					   *b = result_at(&all.result, n, 0);
			int id = result_column(&page.result, "id");
			assert_true(n < n_want && a->type == b->type);
			if (result_at(&page.result, row, (size_t)id)->i !=
				result_at(&all.result, n, (size_t)id)->i)
				fail_msg("--sort %s: row %zu is another", sort, n);
		}
		if (!page.has_more)
			break;
		args.after = page.after;
	} while (n <= n_want);
	assert_int_equal(n, n_want);
	arena_free(arena);
}

static void pages_join_without_a_gap_in_every_order(void **state)
{
	static const char *const sorts[] = {NULL, "at_ms", "-at_ms", "state", "-state", "pipeline",
		"-pipeline", "run", "-started_ms", "started_ms", "duration_ms", "-duration_ms", "user",
		"-user", "name", "-name", "source", "metrics.auc", "-metrics.auc", "params.scale",
		"-params.scale", "params.optimizer", "-params.optimizer"};
	struct lab *p = *state;
	size_t n = (size_t)sql_number(p->store, "SELECT count(*) FROM run WHERE gone = 0");
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++)
		walk(p, &list_runs, sorts[i], n);
}

/* The first run by SORT is RUN. */
static void assert_first(struct lab *p, const char *sort, const char *run)
{
	struct view_args args = args_of(p, "");
	struct table table;
	struct err err = {0};
	args.sort = sort;
	args.limit = 5;
	assert_true(list_load(p->store, &list_runs, &args, NULL, p->arena, &table, &err));
	if (strcmp(table_text(&table, 0, "run"), run))
		fail_msg("--sort %s: %s comes first", sort, table_text(&table, 0, "run"));
}

static void runs_are_ranked_by_a_metric_or_a_param_what_has_none_last(void **state)
{
	assert_first(*state, "metrics.auc", "run-3901");
	assert_first(*state, "-metrics.auc", "run-3997");
	assert_first(*state, "-metrics.val loss: a,b*", "run-5");
	assert_first(*state, "params.scale", "run-20"); /* 0, and not "0", "1", "10" */
	assert_first(*state, "-params.scale", "run-3998");
	assert_first(*state, "params.optimizer", "run-3951");
	assert_first(*state, "-params.optimizer", "run-4000");
	struct lab *p = *state;
	struct view_args args = args_of(p, "");
	struct list_query query;
	struct err err = {0};
	args.sort = "-metrics.auc";
	assert_true(list_query(&list_runs, &args, NULL, p->arena, &query, &err));
	assert_non_null(strstr(query.sql, "OFFSET 200000"));
	args.filter = "pipeline:pipeline-1";
	assert_true(list_query(&list_runs, &args, NULL, p->arena, &query, &err));
	assert_null(strstr(query.sql, "OFFSET 200000"));
}

static void the_limit_cuts_and_tells_of_more(void **state)
{
	struct lab *p = *state;
	struct view_args args = args_of(p, "");
	struct table table;
	struct err err = {0};
	args.limit = 3;
	assert_true(list_load(p->store, &list_sources, &args, NULL, p->arena, &table, &err));
	assert_int_equal(table.result.n_rows, 3);
	assert_false(table.has_more);
	args.limit = 2;
	assert_true(list_load(p->store, &list_sources, &args, NULL, p->arena, &table, &err));
	assert_int_equal(table.result.n_rows, 2);
	assert_true(table.has_more);
}

static void problems_are_worst_first(void **state)
{
	struct lab *p = *state;
	const struct view_args args = args_of(p, "state:open");
	struct table table;
	struct err err = {0};
	assert_true(list_load(p->store, &list_problems, &args, NULL, p->arena, &table, &err));
	assert_true(table.result.n_rows > 10);
	int severity = result_column(&table.result, "severity"), rank = result_column(&table.result, "rank");
	assert_string_equal(result_text(&table.result, 0, (size_t)severity), "production");
	for (size_t row = 1; row < table.result.n_rows; row++)
		assert_true(result_int(&table.result, row - 1, (size_t)rank, 0) <=
			    result_int(&table.result, row, (size_t)rank, 0));
}

/* --- plans ------------------------------------------------------------------------------ */

static const char *plan_with(
	struct lab *p, const struct list_def *list, const struct view_args *args, const struct found *scope)
{
	struct list_query query;
	struct err err = {0};
	struct buf plan;
	buf_init(&plan, 0);
	if (!list_query(list, args, scope, p->arena, &query, &err) ||
		!store_explain(p->store, query.sql, query.params, query.n_params, &plan, &err))
		fail_msg("%s: %s", args->filter, err.msg);
	const char *text = arena_dup(p->arena, buf_str(&plan));
	buf_fini(&plan);
	return text;
}

static const char *plan_of(struct lab *p, const struct list_def *list, const char *filter,
	const struct found *scope, const struct value *after)
{
	struct view_args args = args_of(p, filter);
	args.limit = 50;
	args.after = after;
	return plan_with(p, list, &args, scope);
}

/* Walks a whole table, or sorts. Sources are few, and what a subquery makes is small. */
static bool is_slow(struct str plan)
{
	struct str line;
	for (struct str rest = plan; str_next(&rest, '\n', &line);)
		if (str_starts(line, STR("SCAN")) && !str_has(line, STR("INDEX")) &&
			!str_has(line, STR("SCAN s")))
			return true;
	return str_has(plan, STR("TEMP B-TREE FOR ORDER BY")) || str_has(plan, STR("RIGHT PART OF ORDER BY"));
}

static void what_opens_first_is_served_by_an_index(void **state)
{
	static const struct found pipeline = {.source_id = 2, .pipeline_id = 7}, source = {.source_id = 2};
	static const struct {
		const char *name;
		const struct list_def *list;
		const char *filter;
		const struct found *scope;
	} cases[] = {
		{"runs", &list_runs, "", NULL},
		{"runs of a pipeline", &list_runs, "", &pipeline},
		{"runs of a source", &list_runs, "", &source},
		{"runs state:failed", &list_runs, "state:failed", NULL},
		{"runs since:24h", &list_runs, "since:24h", NULL},
		{"runs pipeline:x*", &list_runs, "pipeline:x*", NULL},
		{"runs word", &list_runs, "word", NULL},
		{"runs project:two", &list_runs, "project:two", NULL},
		{"runs params.scale>5", &list_runs, "params.scale>5", NULL},
		{"pipelines", &list_pipelines, "", NULL},
		{"pipelines of a source", &list_pipelines, "", &source},
		{"steps", &list_steps, "", NULL},
		{"steps state:failed", &list_steps, "state:failed", NULL},
		{"models", &list_models, "", NULL},
		{"models word", &list_models, "word", NULL},
		{"checks", &list_checks, "", NULL},
		{"checks state:fail", &list_checks, "state:fail", NULL},
		{"alerts", &list_alerts, "", NULL},
		{"audit", &list_audit, "", NULL},
	};
	struct lab *p = *state;
	const struct value after[] = {value_int(NOW), value_int(100)};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (int page = 0; page < (cases[i].list == &list_pipelines ? 1 : 2); page++) {
			const char *plan = plan_of(
				p, cases[i].list, cases[i].filter, cases[i].scope, page ? after : NULL);
			if (is_slow(str_of(plan)))
				fail_msg("%s, page %d:\n%s", cases[i].name, page + 1, plan);
		}
}

static void open_problems_are_found_by_their_state(void **state)
{
	struct lab *p = *state;
	if (scratch_is_on_postgres())
		skip(); /* it reads a small table whole */
	const char *plan = plan_of(p, &list_problems, "state:open,acknowledged", NULL, NULL);
	assert_non_null(strstr(plan, "problem_by_state"));
}

static void the_runs_below_a_run_are_found_without_walking_its_source(void **state)
{
	struct lab *p = *state;
	const struct found source = {.source_id = 2};
	struct view_args args = args_of(p, "parent=\"run-1\"");
	struct list_query query;
	struct err err = {0};
	struct buf plan;
	if (scratch_is_on_postgres())
		return; /* its planner decides by statistics */
	args.sort = "-started_ms";
	args.limit = 100;
	buf_init(&plan, 0);
	assert_true(list_query(&list_runs, &args, &source, p->arena, &query, &err));
	assert_true(store_explain(p->store, query.sql, query.params, query.n_params, &plan, &err));
	if (!strstr(plan.p, "run_children"))
		fail_msg("%s", plan.p);
	buf_fini(&plan);
}

/* Walks an index in its order and stops: nothing but the page goes through a sort. With a time to go by, the
 * rows of that time do. */
static void all_runs_are_sorted_by_an_index(void **state)
{
	static const struct {
		const char *sort, *filter, *index;
		bool is_used;
	} cases[] = {
		{"-ended_ms", "", "SCAN r USING INDEX run_by_end", true},
		{"ended_ms", "", "SCAN r USING INDEX run_by_end", true},
		{"pipeline", "", "SCAN p USING INDEX pipeline_by_name", true},
		{"-pipeline", "", "SCAN p USING INDEX pipeline_by_name", true},
		{"-ended_ms", "since:24h", "run_by_end", false},
		{"-ended_ms", "since:24h", "run_newest", true},
	};
	struct lab *p = *state;
	if (scratch_is_on_postgres())
		return; /* its planner decides by statistics */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct view_args args = args_of(p, cases[i].filter);
		args.sort = cases[i].sort;
		args.limit = 50;
		const char *plan = plan_with(p, &list_runs, &args, NULL);
		if ((strstr(plan, cases[i].index) != NULL) != cases[i].is_used)
			fail_msg("%s %s:\n%s", cases[i].sort, cases[i].filter, plan);
	}
}

static void a_slow_plan_is_noticed(void **state)
{
	(void)state;
	assert_true(is_slow(STR("SCAN r\n")));
	assert_true(is_slow(STR("SCAN r USING INDEX run_newest\nUSE TEMP B-TREE FOR ORDER BY\n")));
	assert_false(is_slow(STR("SCAN r USING INDEX run_newest\n")));
}

/* --- rows as JSON ------------------------------------------------------------------------ */

static void rows_are_objects_of_typed_values(void **state)
{
	struct lab *p = *state;
	struct table table;
	struct err err = {0};
	struct buf out;
	buf_init(&out, 0);
	struct view_args args = args_of(p, "pipeline:pipeline-17");
	assert_true(list_load(p->store, &list_pipelines, &args, NULL, p->arena, &table, &err));
	json_add_rows(&out, &table);
	struct json_doc *doc = json_parse(buf_str(&out), &err);
	const struct json *row = json_root(doc);
	assert_true(str_is(json_get_str(row, "ref"), "source-3/pipeline-17"));
	assert_true(str_is(json_get_str(row, "project"), "two"));
	assert_int_equal(json_type(json_get(row, "paused")), JSON_NULL);
	assert_int_equal(json_type(json_get(row, "schedule")), JSON_NULL);
	assert_int_equal(json_type(json_get(row, "last_run_ms")), JSON_INT);
	assert_null(json_get(row, "id"));
	json_free(doc);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_finds_what_it_says),
		cmocka_unit_test(a_wrong_filter_is_a_usage_error_that_says_why),
		cmocka_unit_test(too_much_of_a_filter_is_refused),
		cmocka_unit_test(what_is_hidden_is_shown_where_it_is_asked_for),
		cmocka_unit_test(a_scope_narrows),
		cmocka_unit_test(pages_join_without_a_gap_in_every_order),
		cmocka_unit_test(runs_are_ranked_by_a_metric_or_a_param_what_has_none_last),
		cmocka_unit_test(the_limit_cuts_and_tells_of_more),
		cmocka_unit_test(problems_are_worst_first),
		cmocka_unit_test(what_opens_first_is_served_by_an_index),
		cmocka_unit_test(open_problems_are_found_by_their_state),
		cmocka_unit_test(the_runs_below_a_run_are_found_without_walking_its_source),
		cmocka_unit_test(all_runs_are_sorted_by_an_index),
		cmocka_unit_test(a_slow_plan_is_noticed),
		cmocka_unit_test(rows_are_objects_of_typed_values),
	};
	return cmocka_run_group_tests(tests, setup, lab_free);
}

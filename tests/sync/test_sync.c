/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records into rows and rows into problems, on a real store: what sources say in any order, twice, in part.
 */
#include "client/base/clock.h"
#include "client/sync/write.h"
#include "client/triage/problems.h"
#include "tests/catalogue/sql.h"
#include "tests/sync/put.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW  INT64_C(1795262400000) /* 2026-11-21 12:00 UTC */
#define HOUR INT64_C(3600000)

struct place {
	char *dir;
	struct store *store;
	struct writer *writer;
	struct config *config;
	struct arena *arena;
	int64_t source; /* "lab" */
	struct problem_counts counts;
};

static const char config_text[] = "projects:\n"
				  "  - name: discovery\n"
				  "    owner: team-discovery\n"
				  "    owners: {\"train*\": \"@ml\"}\n"
				  "    oncall: \"@mlee\"\n"
				  "    severity: staging\n"
				  "    pipelines: [\"lab/recsys_*\"]\n"
				  "    due: {\"lab/recsys_daily\": \"06:00\"}\n";

/* The one text that SQL gives; "-" for NULL or no row. */
static const char *text(struct place *p, const char *sql)
{
	const char *answer = sql_text(p->store, p->arena, sql);
	return answer ? answer : "-";
}

static int setup(void **state)
{
	struct place *p = x_new(struct place);
	struct err err = {0};
	clock_fix(NOW);
	setenv("TZ", "UTC", 1);
	p->dir = scratch_new();
	p->arena = arena_new();
	p->store = sql_catalogue(p->dir);
	p->config = config_parse("test.yaml", p->dir, str_of(config_text), &err);
	if (!p->config)
		fail_msg("%s", err.msg);
	p->source =
		sql_number(p->store, "INSERT INTO source (name, kind) VALUES ('lab', 'local') RETURNING id");
	p->writer = writer_new(p->store);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	writer_free(p->writer);
	store_close(p->store);
	config_free(p->config);
	arena_free(p->arena);
	scratch_free(p->dir);
	x_free(p);
	return 0;
}

static void put(struct place *p, const char *method, const char *params)
{
	put_line(p->writer, p->arena, p->source, method, params);
}

static void commit(struct place *p)
{
	struct err err = {0};
	if (!writer_commit(p->writer, &err))
		fail_msg("%s", err.msg);
}

static void update_at(struct place *p, int64_t now_ms)
{
	struct err err = {0};
	commit(p);
	clock_fix(now_ms);
	if (!problems_update(p->store, p->config, now_ms, &p->counts, &err))
		fail_msg("%s", err.msg);
}

static void update(struct place *p)
{
	static int64_t tick;
	update_at(p, NOW + ++tick); /* each pass has a time of its own */
}

static void put_run(struct place *p, const char *pipeline, const char *run, const char *state, int64_t at_ms)
{
	put(p, "run",
		arena_printf(p->arena,
			"{'pipeline':'%s','run':'%s','state':'%s','started_ms':%lld,'ended_ms':%lld}",
			pipeline, run, state, (long long)at_ms, (long long)at_ms + 1000));
}

static void put_step(struct place *p, const char *pipeline, const char *run, const char *step,
	const char *state, int64_t attempt, int64_t at_ms)
{
	put(p, "step_run",
		arena_printf(p->arena,
			"{'pipeline':'%s','run':'%s','step':'%s','state':'%s','attempt':%lld,'started_ms':%lld,"
			"'ended_ms':%lld}",
			pipeline, run, step, state, (long long)attempt, (long long)at_ms,
			(long long)at_ms + 500));
}

/* The evidence that a log gave. */
static void put_evidence(struct place *p, const char *pipeline, const char *run, const char *step,
	int64_t attempt, const char *fingerprint)
{
	sql_run(p->store,
		arena_printf(p->arena,
			"INSERT INTO team.evidence (source, pipeline, run, step, attempt, fingerprint, cause,"
			" cause_line, found_ms) VALUES ('lab', '%s', '%s', '%s', %lld, '%s', 'it says %s', 3, 1)",
			pipeline, run, step, (long long)attempt, fingerprint, fingerprint));
}

/* Run and its one failed step, with evidence. */
static void put_failure(
	struct place *p, const char *pipeline, const char *run, const char *fingerprint, int64_t at_ms)
{
	put_run(p, pipeline, run, "failed", at_ms);
	put_step(p, pipeline, run, "check", "failed", 1, at_ms);
	if (fingerprint) {
		commit(p);
		put_evidence(p, pipeline, run, "check", 1, fingerprint);
	}
}

/* All that the writer keeps, by the names that people know. */
static const char *dump(struct place *p)
{
	static const char *const queries[] = {
		"SELECT pipeline, kind, title, owner, schedule, paused, gone, last_state, last_run_ms,"
		" (SELECT r.run FROM run r WHERE r.id = last_run_id) FROM pipeline ORDER BY pipeline",
		"SELECT p.pipeline, s.step, s.label, s.position FROM step s JOIN pipeline p ON p.id = s.pipeline_id"
		" ORDER BY 1, 2",
		"SELECT p.pipeline, e.step, e.upstream FROM step_edge e JOIN pipeline p ON p.id = e.pipeline_id"
		" ORDER BY 1, 2, 3",
		"SELECT p.pipeline, r.run, r.state, r.at_ms, r.started_ms, r.ended_ms, r.duration_ms, r.failed_steps,"
		" r.gone, r.parent FROM run r JOIN pipeline p ON p.id = r.pipeline_id ORDER BY 1, 2",
		"SELECT p.pipeline, r.run, t.step, t.idx, t.attempt, t.state, t.tool_state, t.at_ms, t.is_newest, t.gone"
		" FROM step_run t JOIN run r ON r.id = t.run_id JOIN pipeline p ON p.id = t.pipeline_id"
		" ORDER BY 1, 2, 3, 4, 5",
		"SELECT r.run, q.key, q.value FROM param q JOIN run r ON r.id = q.run_id ORDER BY 1, 2",
		"SELECT r.run, q.key, q.value, q.special FROM metric q JOIN run r ON r.id = q.run_id ORDER BY 1, 2",
		"SELECT component, state, message FROM health ORDER BY 1",
		"SELECT name, cursor FROM source ORDER BY 1",
		"SELECT key, title, state, known, count, first_ms, last_ms, blocked_steps, owner, due_ms"
		" FROM team.problem ORDER BY key",
	};
	struct buf out;
	struct err err = {0};
	buf_init(&out, 0);
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		struct result rows;
		if (!store_query(p->store, queries[i], NULL, 0, p->arena, &rows, &err))
			fail_msg("%s: %s", queries[i], err.msg);
		for (size_t cell = 0; cell < rows.n_rows * rows.n_columns; cell++) {
			const struct value *v = &rows.cells[cell];
			if (v->type == VALUE_TEXT)
				buf_add(&out, v->s);
			else if (v->type == VALUE_INT)
				buf_addf(&out, "%lld", (long long)v->i);
			else if (v->type == VALUE_REAL)
				buf_addf(&out, "%g", v->r);
			buf_addc(&out, (cell + 1) % rows.n_columns ? '|' : '\n');
		}
	}
	const char *copy = arena_dup(p->arena, buf_str(&out));
	buf_fini(&out);
	return copy;
}

/* --- the writer ------------------------------------------------------------------------- */

static const struct line {
	const char *method, *params;
} lines[] = {
	{"pipeline",
		"{'pipeline':'recsys_daily','kind':'dag','schedule':'0 2 * * *','paused':false,'steps':["
		"{'step':'extract'},{'step':'check','upstream':['extract']},{'step':'train','upstream':['check']}]}"},
	{"run", "{'pipeline':'recsys_daily','run':'r1','state':'success','started_ms':1000,'ended_ms':9000,"
		"'params':{'scale':'1'},'metrics':{'auc':0.5,'loss':'NaN'}}"},
	{"run", "{'pipeline':'recsys_daily','run':'r2','state':'failed','started_ms':11000,'ended_ms':19000}"},
	{"run", "{'pipeline':'recsys_daily','run':'r3','state':'running','started_ms':21000,'parent':'r2'}"},
	{"run", "{'pipeline':'churn','run':'r2','state':'success','started_ms':15000}"},
	{"step_run",
		"{'pipeline':'recsys_daily','run':'r1','step':'extract','attempt':1,'state':'success','started_ms':1000}"},
	{"step_run",
		"{'pipeline':'recsys_daily','run':'r1','step':'check','attempt':1,'state':'failed','started_ms':2000}"},
	{"step_run",
		"{'pipeline':'recsys_daily','run':'r1','step':'check','attempt':2,'state':'success','started_ms':3000}"},
	{"step_run",
		"{'pipeline':'recsys_daily','run':'r2','step':'check','attempt':1,'state':'failed','started_ms':12000}"},
	{"step_run",
		"{'pipeline':'recsys_daily','run':'r2','step':'check','attempt':2,'state':'failed','started_ms':13000}"},
	{"step_run",
		"{'pipeline':'recsys_daily','run':'r2','step':'train','attempt':0,'state':'skipped','tool_state':'upstream_failed',"
		"'queued_ms':11000}"},
	{"step_run",
		"{'pipeline':'recsys_daily','run':'r3','step':'check','attempt':0,'state':'queued','queued_ms':21000}"},
	{"step_run",
		"{'pipeline':'recsys_daily','run':'r3','step':'check','attempt':1,'state':'running','started_ms':22000}"},
	{"step_run",
		"{'pipeline':'churn','run':'r2','step':'map','index':'0','attempt':1,'state':'success','started_ms':15000}"},
	{"step_run",
		"{'pipeline':'churn','run':'r2','step':'map','index':'1','attempt':1,'state':'failed','started_ms':15000}"},
	{"step_run",
		"{'pipeline':'churn','run':'r2','step':'map','index':'2','attempt':1,'state':'failed','started_ms':15000}"},
	{"health", "{'component':'scheduler','state':'failed','message':'no heartbeat','since_ms':5}"},
	{"health", "{'component':'import a.py','state':'ok'}"},
};

static void put_all(struct place *p, const size_t *order)
{
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		put(p, lines[order[i]].method, lines[order[i]].params);
	commit(p);
}

static void shuffle(size_t *order, size_t n, uint32_t *seed)
{
	for (size_t i = n - 1; i > 0; i--) {
		*seed = *seed * 1664525 + 1013904223;
		size_t j = (*seed >> 8) % (i + 1), kept = order[i];
		order[i] = order[j];
		order[j] = kept;
	}
}

static void the_same_records_in_any_order_give_the_same_tables(void **state)
{
	size_t order[ARRAY_LEN(lines)];
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		order[i] = i;
	put_all(*state, order);
	char *expected = x_strdup(dump(*state));
	assert_non_null(strstr(expected, "recsys_daily|r2|failed|11000|11000|19000|8000|1|0|"));
	assert_non_null(strstr(expected, "churn|r2|success|15000|15000|||2|0|"));
	uint32_t seed = 7;
	for (int round = 0; round < 40; round++) {
		teardown(state);
		setup(state);
		shuffle(order, ARRAY_LEN(order), &seed);
		put_all(*state, order);
		assert_string_equal(dump(*state), expected);
	}
	x_free(expected);
}

static void the_same_records_again_change_nothing(void **state)
{
	struct place *p = *state;
	size_t order[ARRAY_LEN(lines)];
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		order[i] = i;
	put_all(p, order);
	update(p);
	const char *before = dump(p);
	put_all(p, order);
	update(p);
	assert_string_equal(dump(p), before);
	assert_int_equal(p->counts.opened, 0);
	assert_int_equal(p->counts.returned, 0);
}

static void a_step_makes_its_run_and_its_pipeline(void **state)
{
	struct place *p = *state;
	put_step(p, "unnamed", "r1", "check", "failed", 1, NOW - HOUR);
	commit(p);
	assert_string_equal(text(p, "SELECT state FROM run WHERE run = 'r1'"), "unknown");
	assert_string_equal(text(p, "SELECT last_state FROM pipeline WHERE pipeline = 'unnamed'"), "unknown");
	put_run(p, "unnamed", "r1", "failed", NOW - 2 * HOUR);
	put(p, "pipeline", "{'pipeline':'unnamed','title':'named now'}");
	commit(p);
	assert_string_equal(text(p, "SELECT state FROM run WHERE run = 'r1'"), "failed");
	assert_string_equal(text(p, "SELECT title || last_state FROM pipeline"), "named nowfailed");
	assert_int_equal(sql_number(p->store, "SELECT at_ms FROM run"), NOW - 2 * HOUR);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM run"), 1);
	assert_int_equal(sql_number(p->store, "SELECT failed_steps FROM run"), 1);
}

static void the_newest_attempt_stands_for_its_step(void **state)
{
	struct place *p = *state;
	put_step(p, "p", "r", "s", "queued", 0, NOW);
	put_step(p, "p", "r", "s", "failed", 1, NOW);
	commit(p);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM step_run WHERE attempt = 0"), 0);
	assert_int_equal(sql_number(p->store, "SELECT failed_steps FROM run"), 1);
	put_step(p, "p", "r", "s", "success", 2, NOW + 1);
	put_step(p, "p", "r", "s", "failed", 1, NOW); /* told late, once more */
	put_step(p, "p", "r", "s", "queued", 0, NOW);
	commit(p);
	assert_int_equal(sql_number(p->store, "SELECT sum(is_newest) FROM step_run"), 1);
	assert_int_equal(sql_number(p->store, "SELECT attempt FROM step_run WHERE is_newest = 1"), 2);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM step_run"), 2);
	assert_int_equal(sql_number(p->store, "SELECT failed_steps FROM run"), 0);
}

/* What is kept about runs and pipelines is what a count would find. */
static void assert_kept_right(struct place *p)
{
	assert_int_equal(
		sql_number(p->store,
			"SELECT count(*) FROM run WHERE failed_steps <> (SELECT count(*) FROM step_run t"
			" WHERE t.run_id = run.id AND t.is_newest = 1 AND t.state = 'failed' AND t.gone = 0)"),
		0);
	assert_int_equal(
		sql_number(p->store,
			"SELECT count(*) FROM pipeline WHERE coalesce(last_run_id, 0) <> coalesce((SELECT r.id"
			" FROM run r WHERE r.pipeline_id = pipeline.id AND r.gone = 0"
			" ORDER BY r.at_ms DESC, r.id DESC LIMIT 1), 0)"),
		0);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM pipeline JOIN run r ON r.id = last_run_id"
					      " WHERE last_state <> r.state OR last_run_ms <> r.at_ms"),
		0);
}

static void counts_and_newest_runs_are_kept_right(void **state)
{
	static const char *const states[] = {"success", "failed", "running"};
	struct place *p = *state;
	uint32_t seed = 3;
	for (int i = 0; i < 600; i++) {
		seed = seed * 1664525 + 1013904223;
		uint32_t dice = seed >> 8;
		const char *pipeline = arena_printf(p->arena, "p%u", dice % 3);
		const char *run = arena_printf(p->arena, "r%u", dice / 3 % 7);
		const char *word = states[dice / 21 % 3];
		int64_t at_ms = NOW + dice / 63 % 5;
		if (dice / 400 % 3 == 0)
			put_run(p, pipeline, run, word, at_ms);
		else
			put_step(p, pipeline, run, dice & 1 ? "a" : "b", word, dice / 5000 % 3, at_ms);
		if (i % 37 == 0)
			put(p, "gone",
				arena_printf(p->arena, "{'pipeline':'%s','run':'r%d'}", pipeline, i % 7));
		if (i % 50 == 0) {
			commit(p);
			assert_kept_right(p);
		}
	}
	commit(p);
	assert_kept_right(p);
}

static void a_pipeline_without_steps_keeps_those_it_has_and_with_none_loses_them(void **state)
{
	struct place *p = *state;
	put(p, "pipeline", "{'pipeline':'p','steps':[{'step':'a'},{'step':'b','upstream':['a']}]}");
	put(p, "pipeline", "{'pipeline':'p','title':'t'}");
	commit(p);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM step"), 2);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM step_edge"), 1);
	put(p, "pipeline", "{'pipeline':'p','steps':[{'step':'b'}]}");
	commit(p);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM step"), 1);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM step_edge"), 0);
}

static void full_pull(struct place *p, int64_t since_ms, const char *runs)
{
	struct err err = {0};
	struct written written = {0};
	assert_true(writer_begin_full(p->writer, p->source, &err));
	for (const char *run = runs; *run; run++)
		put_run(p, "p", arena_printf(p->arena, "%c", *run), "success", NOW + (*run - 'a') * HOUR);
	assert_true(writer_end_full(p->writer, p->source, since_ms, &written, &err));
}

static void a_full_pull_finds_what_the_tool_deleted(void **state)
{
	struct place *p = *state;
	full_pull(p, TIME_NONE, "abc");
	assert_string_equal(text(p, "SELECT group_concat(run, '') FROM run WHERE gone = 0"), "abc");
	full_pull(p, TIME_NONE, "ab");
	assert_string_equal(text(p, "SELECT run FROM run WHERE gone = 1"), "c");
	assert_string_equal(text(p, "SELECT r.run FROM pipeline p JOIN run r ON r.id = p.last_run_id"), "b");
	full_pull(p, TIME_NONE, "abc"); /* it is back */
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM run WHERE gone = 1"), 0);
	assert_string_equal(text(p, "SELECT r.run FROM pipeline p JOIN run r ON r.id = p.last_run_id"), "c");
	full_pull(p, TIME_NONE, "");
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM run WHERE gone = 0"), 0);
	assert_int_equal(sql_number(p->store, "SELECT gone FROM pipeline"), 1);
	full_pull(p, TIME_NONE, "a");
	assert_int_equal(sql_number(p->store, "SELECT gone FROM pipeline"), 0);
	assert_kept_right(p);
}

static void put_models_since(struct place *p, int64_t since_ms, const char *versions)
{
	struct err err = {0};
	struct written written = {0};
	assert_true(writer_begin_full(p->writer, p->source, &err));
	for (const char *v = versions; *v; v++)
		put(p, "model",
			arena_printf(p->arena, "{'model':'m','version':'%c','created_ms':%lld}", *v,
				(long long)(NOW + (*v - '1') * HOUR)));
	assert_true(writer_end_full(p->writer, p->source, since_ms, &written, &err));
}

static void a_deleted_model_version_is_found_where_the_pull_covers_it(void **state)
{
	struct place *p = *state;
	put_models_since(p, TIME_NONE, "1234");
	put_models_since(p, NOW + 2 * HOUR, "3"); /* of 1 and 2 it says nothing */
	assert_string_equal(text(p, "SELECT version FROM model_version WHERE gone = 1"), "4");
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM model_version WHERE gone = 0"), 3);
	put_models_since(p, TIME_NONE, "23");
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM model_version WHERE gone = 1"), 2);
}

static void a_pull_since_a_time_says_nothing_of_what_is_older(void **state)
{
	struct place *p = *state;
	full_pull(p, TIME_NONE, "abcd");
	full_pull(p, NOW + 2 * HOUR, "d");
	assert_string_equal(text(p, "SELECT group_concat(run, '') FROM run WHERE gone = 1"), "c");
	assert_int_equal(sql_number(p->store, "SELECT gone FROM pipeline"), 0);
}

static void a_full_pull_leaves_other_sources_and_runs_known_by_steps_alone(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	struct written written = {0};
	int64_t lab = p->source;
	p->source = sql_number(
		p->store, "INSERT INTO source (name, kind) VALUES ('other', 'local') RETURNING id");
	put_run(p, "p", "x", "success", NOW);
	commit(p);
	p->source = lab;
	assert_true(writer_begin_full(p->writer, lab, &err));
	put_step(p, "p", "only-steps", "s", "success", 1, NOW);
	assert_true(writer_end_full(p->writer, lab, TIME_NONE, &written, &err));
	assert_int_equal(written.gone, 0);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM run WHERE gone = 0"), 2);
}

static void a_record_of_something_gone_hides_it(void **state)
{
	struct place *p = *state;
	put_run(p, "p", "a", "success", NOW);
	put_run(p, "p", "b", "failed", NOW + 1);
	put(p, "gone", "{'pipeline':'p','run':'b'}");
	commit(p);
	assert_string_equal(text(p, "SELECT run FROM run WHERE gone = 0"), "a");
	assert_string_equal(text(p, "SELECT last_state FROM pipeline"), "success");
	put(p, "gone", "{'pipeline':'never','run':'was'}");
	commit(p);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM pipeline"), 1);
}

static void a_pipeline_that_is_gone_takes_its_runs_along_and_may_return(void **state)
{
	struct place *p = *state;
	put(p, "pipeline", "{'pipeline':'p'}");
	put_run(p, "p", "a", "success", NOW);
	put_run(p, "q", "b", "success", NOW);
	put(p, "pipeline", "{'pipeline':'p','gone':true}");
	put(p, "pipeline", "{'pipeline':'never','gone':true}");
	commit(p);
	assert_string_equal(text(p, "SELECT pipeline FROM pipeline WHERE gone = 0"), "q");
	assert_string_equal(text(p, "SELECT run FROM run WHERE gone = 0"), "b");
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM pipeline"), 2);
	put(p, "pipeline", "{'pipeline':'p','gone':false}");
	put_run(p, "p", "a", "success", NOW);
	commit(p);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM pipeline WHERE gone = 0"), 2);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM run WHERE gone = 0"), 2);
}

static void a_cursor_is_stored_with_the_records_it_vouches_for(void **state)
{
	struct place *p = *state;
	put_run(p, "p", "a", "success", NOW);
	put(p, "cursor", "{'cursor':'c1'}");
	commit(p);
	put_run(p, "p", "b", "success", NOW);
	put(p, "cursor", "{'cursor':'c2'}");
	writer_free(p->writer); /* the end of a sync that was killed */
	p->writer = writer_new(p->store);
	assert_string_equal(text(p, "SELECT cursor FROM source"), "c1");
	assert_string_equal(text(p, "SELECT group_concat(run, ',') FROM run"), "a");
}

static void a_failure_in_the_middle_stores_neither_records_nor_cursor(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	/* the disk fails at the cursor */
	sql_run(p->store, scratch_is_on_postgres()
				  ? "ALTER TABLE source ADD CONSTRAINT \"disk full\" CHECK (cursor IS NULL)"
				  : "CREATE TRIGGER full_disk BEFORE UPDATE OF cursor ON source"
				    " BEGIN SELECT RAISE(ABORT, 'disk full'); END");
	put_run(p, "p", "a", "success", NOW);
	struct record record = record_new(RECORD_CURSOR);
	record.cursor.cursor = "c1";
	assert_false(writer_put(p->writer, p->source, &record, NULL, &err) && writer_commit(p->writer, &err));
	assert_non_null(strstr(err.msg, "disk full"));
	writer_free(p->writer);
	p->writer = writer_new(p->store);
	assert_string_equal(text(p, "SELECT cursor FROM source"), "-");
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM run"), 0);
	if (scratch_is_on_postgres())
		sql_run(p->store, "ALTER TABLE source DROP CONSTRAINT \"disk full\"");
}

/* --- problems --------------------------------------------------------------------------- */

static void failures_of_one_cause_are_one_problem_over_pipelines(void **state)
{
	struct place *p = *state;
	put_failure(p, "a", "r1", "1-same", NOW - 3 * HOUR);
	put_failure(p, "b", "r1", "1-same", NOW - 2 * HOUR);
	put_failure(p, "c", "r1", "1-other", NOW - HOUR);
	update(p);
	assert_int_equal(p->counts.opened, 2);
	assert_int_equal(p->counts.open, 2);
	assert_int_equal(
		sql_number(p->store, "SELECT count FROM team.problem WHERE fingerprint = '1-same'"), 2);
	assert_int_equal(
		sql_number(p->store, "SELECT count(*) FROM team.problem_pipeline q JOIN team.problem b"
				     " ON b.id = q.problem_id WHERE b.fingerprint = '1-same'"),
		2);
	/* it is shown where it was last, since when it was first */
	assert_string_equal(text(p, "SELECT pipeline FROM team.problem WHERE fingerprint = '1-same'"), "b");
	assert_int_equal(
		sql_number(p->store, "SELECT first_ms FROM team.problem WHERE fingerprint = '1-same'"),
		NOW - 3 * HOUR + 500);
	assert_int_equal(
		sql_number(p->store, "SELECT last_ms FROM team.problem WHERE fingerprint = '1-same'"),
		NOW - 2 * HOUR + 500);
	assert_string_equal(
		text(p, "SELECT title FROM team.problem WHERE fingerprint = '1-other'"), "it says 1-other");
}

static void a_failure_without_evidence_stands_for_its_step(void **state)
{
	struct place *p = *state;
	put_failure(p, "a", "r1", NULL, NOW - 2 * HOUR);
	put_failure(p, "a", "r2", NULL, NOW - HOUR);
	update(p);
	assert_int_equal(p->counts.open, 1);
	assert_string_equal(text(p, "SELECT key FROM team.problem"), "failed:lab/a/check");
	assert_int_equal(sql_number(p->store, "SELECT count FROM team.problem"), 2);
}

static void a_later_run_that_passed_the_step_resolves_it(void **state)
{
	struct place *p = *state;
	put_failure(p, "a", "r1", "1-x", NOW - 2 * HOUR);
	update(p);
	put_step(p, "a", "r2", "extract", "success", 1, NOW - HOUR); /* another step says nothing */
	update(p);
	assert_int_equal(p->counts.open, 1);
	put_step(p, "a", "r2", "check", "success", 1, NOW - HOUR);
	update(p);
	assert_int_equal(p->counts.resolved, 1);
	assert_int_equal(p->counts.open, 0);
	assert_string_equal(text(p, "SELECT state FROM team.problem"), "resolved");
	assert_string_equal(
		text(p, "SELECT group_concat(verb, ',') FROM team.problem_event"), "opened,resolved");
}

static void an_older_run_that_passed_says_nothing(void **state)
{
	struct place *p = *state;
	put_failure(p, "a", "r2", "1-x", NOW - HOUR);
	put_step(p, "a", "r1", "check", "success", 1, NOW - 2 * HOUR);
	update(p);
	assert_int_equal(p->counts.open, 1);
}

static void what_returns_is_open_again_and_nobodys(void **state)
{
	struct place *p = *state;
	put_failure(p, "a", "r1", "1-x", NOW - 3 * HOUR);
	update(p);
	sql_run(p->store, "UPDATE team.problem SET assignee = 'mlee', state = 'acknowledged'");
	put_step(p, "a", "r2", "check", "success", 1, NOW - 2 * HOUR);
	update(p);
	assert_string_equal(text(p, "SELECT state FROM team.problem"), "resolved");
	put_failure(p, "a", "r3", "1-x", NOW + HOUR);
	update_at(p, NOW + 2 * HOUR);
	assert_int_equal(p->counts.returned, 1);
	assert_int_equal(p->counts.opened, 0);
	assert_string_equal(text(p, "SELECT state || ' ' || known FROM team.problem"), "open returned");
	assert_string_equal(text(p, "SELECT assignee FROM team.problem"), "-");
	assert_int_equal(sql_number(p->store, "SELECT first_ms FROM team.problem"), NOW + HOUR + 500);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem"), 1);
}

static void what_a_person_said_stays(void **state)
{
	struct place *p = *state;
	static const char *const words[] = {"acknowledged", "snoozed", "ignored"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		put_failure(p, "a", arena_printf(p->arena, "r%zu", i), "1-x", NOW - HOUR + (int64_t)i);
		update(p);
		sql_run(p->store,
			arena_printf(p->arena, "UPDATE team.problem SET state = '%s', assignee = 'mlee'",
				words[i]));
		update(p);
		assert_string_equal(text(p, "SELECT state FROM team.problem"), words[i]);
		assert_string_equal(text(p, "SELECT assignee FROM team.problem"), "mlee");
	}
	/* resolved by hand, it stays so until it happens again */
	sql_run(p->store,
		arena_printf(p->arena, "UPDATE team.problem SET state = 'resolved', closed_ms = %lld",
			(long long)NOW));
	update(p);
	assert_string_equal(text(p, "SELECT state FROM team.problem"), "resolved");
}

static void what_waits_behind_a_failure_is_counted_and_is_no_problem(void **state)
{
	struct place *p = *state;
	put(p, "pipeline",
		"{'pipeline':'a','steps':[{'step':'check'},{'step':'train','upstream':['check']},"
		"{'step':'publish','upstream':['train']},{'step':'other'}]}");
	put_failure(p, "a", "r1", "1-x", NOW - HOUR);
	static const char *const blocked[] = {"train", "publish", "other"};
	for (size_t i = 0; i < ARRAY_LEN(blocked); i++)
		put(p, "step_run",
			arena_printf(p->arena,
				"{'pipeline':'a','run':'r1','step':'%s','attempt':0,'state':'skipped',"
				"'tool_state':'upstream_failed'}",
				blocked[i]));
	update(p);
	assert_int_equal(p->counts.open, 1);
	assert_int_equal(sql_number(p->store, "SELECT blocked_steps FROM team.problem"),
		2); /* `other` is not behind it */
}

static void a_retry_that_passed_is_flaky_and_wakes_nobody(void **state)
{
	struct place *p = *state;
	put_run(p, "a", "r1", "success", NOW - HOUR);
	put_step(p, "a", "r1", "check", "failed", 1, NOW - HOUR);
	put_step(p, "a", "r1", "check", "success", 2, NOW - HOUR + 1);
	update(p);
	assert_string_equal(text(p, "SELECT cause_kind FROM team.problem"), "flaky");
	assert_string_equal(text(p, "SELECT severity FROM team.problem"), "playground");
	assert_string_equal(text(p, "SELECT state FROM team.problem"), "resolved");
	assert_int_equal(p->counts.open, 0);
	assert_int_equal(p->counts.opened, 0);
	put_run(p, "a", "r2", "success", NOW);
	put_step(p, "a", "r2", "check", "failed", 1, NOW);
	put_step(p, "a", "r2", "check", "success", 2, NOW + 1);
	update(p);
	assert_string_equal(text(p, "SELECT state FROM team.problem"), "resolved");
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem"), 1);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.occurrence"), 2);
}

/* It was a problem, and a rerun ended it: that is the end of the matter. */
static void what_a_rerun_cured_was_no_flake(void **state)
{
	struct place *p = *state;
	put_run(p, "a", "r1", "failed", NOW - HOUR);
	put_step(p, "a", "r1", "check", "failed", 1, NOW - HOUR);
	update(p);
	put_run(p, "a", "r1", "success", NOW - HOUR);
	put_step(p, "a", "r1", "check", "success", 2, NOW - HOUR + 1);
	update(p);
	assert_int_equal(p->counts.open, 0);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem"), 1);
}

/* check, then train and publish, which failed because check did. */
static void put_cascade(struct place *p)
{
	put(p, "pipeline",
		"{'pipeline':'a','steps':[{'step':'check'},{'step':'train','upstream':['check']},"
		"{'step':'publish','upstream':['train']}]}");
	put_failure(p, "a", "r1", "1-a", NOW - HOUR);
	put_step(p, "a", "r1", "train", "failed", 1, NOW - HOUR + 1000);
	put_step(p, "a", "r1", "publish", "failed", 1, NOW - HOUR + 2000);
}

static void a_cascade_is_one_problem_at_its_root(void **state)
{
	struct place *p = *state;
	put_cascade(p);
	update(p);
	assert_int_equal(p->counts.open, 1);
	assert_string_equal(text(p, "SELECT step FROM team.problem"), "check");
	assert_int_equal(sql_number(p->store, "SELECT blocked_steps FROM team.problem"), 2);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.occurrence"), 3);
	update(p);
	assert_int_equal(p->counts.open, 1);
}

/* Once check passed, what still fails behind it fails by itself. */
static void the_rest_of_a_cascade_stands_alone(void **state)
{
	struct place *p = *state;
	put_cascade(p);
	update(p);
	put_run(p, "a", "r2", "failed", NOW - HOUR / 2);
	put_step(p, "a", "r2", "check", "success", 1, NOW - HOUR / 2);
	put_step(p, "a", "r2", "train", "failed", 1, NOW - HOUR / 2 + 1000);
	update(p);
	assert_string_equal(text(p, "SELECT group_concat(step, ' ') FROM (SELECT step FROM team.problem"
				    " WHERE state = 'open' ORDER BY step) q"),
		"publish train");
}

static void a_failed_step_of_a_green_run_is_a_problem(void **state)
{
	struct place *p = *state;
	put_run(p, "a", "r1", "success", NOW - HOUR);
	put_step(p, "a", "r1", "notify", "failed", 1, NOW - HOUR);
	update(p);
	assert_int_equal(p->counts.open, 1);
	assert_string_equal(text(p, "SELECT step FROM team.problem"), "notify");
}

static void a_failed_run_without_a_failed_step_stands_for_itself(void **state)
{
	struct place *p = *state;
	put_run(p, "a", "r1", "failed", NOW - HOUR);
	update(p);
	assert_string_equal(text(p, "SELECT title FROM team.problem"), "the run failed; no step of it did");
	put_run(p, "a", "r2", "success", NOW - HOUR / 2);
	update(p);
	assert_int_equal(p->counts.open, 0);
}

static void old_and_deleted_failures_open_nothing(void **state)
{
	struct place *p = *state;
	put_failure(p, "a", "r1", "1-old", NOW - (PROBLEM_DAYS + 1) * 24 * HOUR);
	put_failure(p, "b", "r1", "1-gone", NOW - HOUR);
	put(p, "gone", "{'pipeline':'b','run':'r1'}");
	update(p);
	assert_int_equal(p->counts.open, 0);
}

static void a_sick_component_is_a_problem_until_it_is_well(void **state)
{
	struct place *p = *state;
	put(p, "health",
		"{'component':'scheduler','state':'failed','message':'no heartbeat','since_ms':1795260000000}");
	update(p);
	assert_string_equal(
		text(p, "SELECT kind || ' ' || title FROM team.problem"), "platform no heartbeat");
	assert_int_equal(sql_number(p->store, "SELECT first_ms FROM team.problem"), INT64_C(1795260000000));
	put(p, "health", "{'component':'scheduler','state':'ok'}");
	update(p);
	assert_int_equal(p->counts.resolved, 1);
	put(p, "health", "{'component':'scheduler','state':'failed'}");
	update(p);
	assert_int_equal(p->counts.returned, 1);
	put(p, "health", "{'component':'scheduler','state':'gone'}");
	update(p);
	assert_int_equal(p->counts.open, 0);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM health"), 0);
}

static void a_source_that_refuses_or_fails_twice_is_a_problem(void **state)
{
	struct place *p = *state;
	sql_run(p->store, "UPDATE source SET state = 'stale', failures = 1, error = 'HTTP 503'");
	update(p);
	assert_int_equal(p->counts.open, 0);
	sql_run(p->store, "UPDATE source SET failures = 2");
	update(p);
	assert_string_equal(text(p, "SELECT title FROM team.problem WHERE state = 'open'"), "HTTP 503");
	sql_run(p->store, "UPDATE source SET state = 'ok', failures = 0, error = NULL");
	update(p);
	assert_int_equal(p->counts.open, 0);
	sql_run(p->store, "UPDATE source SET state = 'error', failures = 1, error = 'HTTP 401'");
	update(p);
	assert_int_equal(p->counts.returned, 1);
}

static void a_silent_sync_is_told_by_a_reader_and_closed_by_the_next_sync(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	assert_true(problems_check_sync(p->store, NOW, &err)); /* never tried: nothing to say */
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem"), 0);
	sql_run(p->store, arena_printf(p->arena, "UPDATE source SET attempted_ms = %lld", (long long)NOW));
	assert_true(problems_check_sync(p->store, NOW + PROBLEM_SYNC_SILENT_MS - 1, &err));
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem"), 0);
	assert_true(problems_check_sync(p->store, NOW + PROBLEM_SYNC_SILENT_MS, &err));
	assert_true(problems_check_sync(p->store, NOW + PROBLEM_SYNC_SILENT_MS + 1, &err));
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem WHERE state = 'open'"), 1);
	update_at(p, NOW + HOUR);
	assert_int_equal(p->counts.open, 0);
}

static void the_project_says_who_and_by_when(void **state)
{
	struct place *p = *state;
	put(p, "pipeline", "{'pipeline':'recsys_daily','owner':'airflow'}");
	put(p, "pipeline", "{'pipeline':'other','owner':'airflow'}");
	put_step(p, "recsys_daily", "r1", "check", "failed", 1, NOW - HOUR);
	put_step(p, "recsys_daily", "r1", "train_model", "failed", 1, NOW - HOUR);
	put_step(p, "other", "r1", "check", "failed", 1, NOW - HOUR);
	update(p);
	assert_string_equal(text(p, "SELECT owner || ' ' || oncall || ' ' || severity FROM team.problem"
				    " WHERE pipeline = 'recsys_daily' AND step = 'check'"),
		"team-discovery @mlee staging");
	assert_string_equal(text(p, "SELECT owner FROM team.problem WHERE step = 'train_model'"), "@ml");
	assert_string_equal(
		text(p, "SELECT owner || ' ' || severity FROM team.problem WHERE pipeline = 'other'"),
		"airflow production");
	/* 06:00 after the failure of 11:00 is tomorrow's */
	assert_int_equal(sql_number(p->store, "SELECT due_ms FROM team.problem WHERE step = 'train_model'"),
		NOW + 18 * HOUR);
	assert_string_equal(text(p, "SELECT due_ms FROM team.problem WHERE pipeline = 'other'"), "-");
}

static void what_has_no_evidence_yet_is_listed_newest_first(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	struct result rows;
	put_failure(p, "a", "r1", NULL, NOW - 3 * HOUR);
	put_failure(p, "a", "r2", "1-x", NOW - 2 * HOUR);
	put_failure(p, "a", "r3", NULL, NOW - HOUR);
	put_step(p, "a", "r4", "check", "failed", 0, NOW); /* never started: no log */
	commit(p);
	assert_true(problems_unexplained(p->store, p->source, NOW, 10, p->arena, &rows, &err));
	assert_int_equal(rows.n_rows, 2);
	assert_string_equal(result_text(&rows, 0, 1), "r3");
	assert_string_equal(result_text(&rows, 1, 1), "r1");
	assert_true(problems_unexplained(p->store, p->source, NOW, 1, p->arena, &rows, &err));
	assert_int_equal(rows.n_rows, 1);
}

static void evidence_that_comes_later_regroups(void **state)
{
	struct place *p = *state;
	put_failure(p, "a", "r1", NULL, NOW - 2 * HOUR);
	put_failure(p, "b", "r1", "1-x", NOW - HOUR);
	update(p);
	assert_int_equal(p->counts.open, 2);
	put_evidence(p, "a", "r1", "check", 1, "1-x");
	update(p);
	assert_int_equal(p->counts.open, 1);
	assert_int_equal(sql_number(p->store, "SELECT count FROM team.problem WHERE state = 'open'"), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_records_in_any_order_give_the_same_tables),
		TEST(the_same_records_again_change_nothing),
		TEST(a_step_makes_its_run_and_its_pipeline),
		TEST(the_newest_attempt_stands_for_its_step),
		TEST(counts_and_newest_runs_are_kept_right),
		TEST(a_pipeline_without_steps_keeps_those_it_has_and_with_none_loses_them),
		TEST(a_full_pull_finds_what_the_tool_deleted),
		TEST(a_deleted_model_version_is_found_where_the_pull_covers_it),
		TEST(a_pull_since_a_time_says_nothing_of_what_is_older),
		TEST(a_full_pull_leaves_other_sources_and_runs_known_by_steps_alone),
		TEST(a_record_of_something_gone_hides_it),
		TEST(a_pipeline_that_is_gone_takes_its_runs_along_and_may_return),
		TEST(a_cursor_is_stored_with_the_records_it_vouches_for),
		TEST(a_failure_in_the_middle_stores_neither_records_nor_cursor),
		TEST(failures_of_one_cause_are_one_problem_over_pipelines),
		TEST(a_failure_without_evidence_stands_for_its_step),
		TEST(a_later_run_that_passed_the_step_resolves_it),
		TEST(an_older_run_that_passed_says_nothing),
		TEST(what_returns_is_open_again_and_nobodys),
		TEST(what_a_person_said_stays),
		TEST(what_waits_behind_a_failure_is_counted_and_is_no_problem),
		TEST(a_retry_that_passed_is_flaky_and_wakes_nobody),
		TEST(what_a_rerun_cured_was_no_flake),
		TEST(a_cascade_is_one_problem_at_its_root),
		TEST(the_rest_of_a_cascade_stands_alone),
		TEST(a_failed_step_of_a_green_run_is_a_problem),
		TEST(a_failed_run_without_a_failed_step_stands_for_itself),
		TEST(old_and_deleted_failures_open_nothing),
		TEST(a_sick_component_is_a_problem_until_it_is_well),
		TEST(a_source_that_refuses_or_fails_twice_is_a_problem),
		TEST(a_silent_sync_is_told_by_a_reader_and_closed_by_the_next_sync),
		TEST(the_project_says_who_and_by_when),
		TEST(what_has_no_evidence_yet_is_listed_newest_first),
		TEST(evidence_that_comes_later_regroups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

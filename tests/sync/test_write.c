/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the writer keeps of a run that comes again, what words then find, and links between the tools. */
#include "client/base/clock.h"
#include "client/catalogue/find.h"
#include "client/catalogue/run_text.h"
#include "client/sync/links.h"
#include "client/sync/write.h"
#include "tests/catalogue/sql.h"
#include "tests/sync/put.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW INT64_C(1795262400000) /* 2026-11-21 12:00 UTC */

struct place {
	char *dir;
	struct store *store;
	struct writer *writer;
	struct arena *arena;
	int64_t lab, dags, more_dags; /* sources */
};

/* The rows of SQL's one column, with blanks between. */
static const char *texts(struct place *p, const char *sql)
{
	struct err err = {0};
	struct result rows;
	struct buf out;
	buf_init(&out, 0);
	if (!store_query(p->store, sql, NULL, 0, p->arena, &rows, &err))
		fail_msg("%s: %s", sql, err.msg);
	for (size_t i = 0; i < rows.n_rows; i++)
		buf_addf(&out, "%s%s", i ? " " : "",
			result_text(&rows, i, 0) ? result_text(&rows, i, 0) : "-");
	const char *copy = arena_dup(p->arena, buf_str(&out));
	buf_fini(&out);
	return copy;
}

static int setup(void **state)
{
	struct place *p = x_new(struct place);
	clock_fix(NOW);
	p->dir = scratch_new();
	p->arena = arena_new();
	p->store = sql_catalogue(p->dir);
	p->lab =
		sql_number(p->store, "INSERT INTO source (name, kind) VALUES ('lab', 'mlflow') RETURNING id");
	p->dags = sql_number(
		p->store, "INSERT INTO source (name, kind) VALUES ('dags', 'airflow') RETURNING id");
	p->more_dags = sql_number(
		p->store, "INSERT INTO source (name, kind) VALUES ('more', 'airflow') RETURNING id");
	p->writer = writer_new(p->store);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	writer_free(p->writer);
	store_close(p->store);
	arena_free(p->arena);
	scratch_free(p->dir);
	x_free(p);
	return 0;
}

static void put_to(struct place *p, int64_t source, const char *method, const char *params)
{
	put_line(p->writer, p->arena, source, method, params);
}

static void put(struct place *p, const char *params)
{
	put_to(p, p->lab, "run", params);
}

static void commit(struct place *p)
{
	struct err err = {0};
	if (!writer_commit(p->writer, &err))
		fail_msg("%s", err.msg);
}

/* --- what a run names ------------------------------------------------------------------ */

static void what_a_run_names_no_more_goes(void **state)
{
	struct place *p = *state;
	put(p, "{'pipeline':'e','run':'a','state':'running','params':{'lr':'1','depth':'2'},'tags':{'t':'x'},"
	       "'metrics':{'auc':0.5,'loss':1}}");
	put(p, "{'pipeline':'e','run':'b','state':'running','params':{'lr':'1'},'tags':{'t':'x'}}");
	put(p, "{'pipeline':'e','run':'a','state':'running','params':{'depth':'3','seed':'4'},'tags':{},"
	       "'metrics':{'auc':'NaN'}}");
	commit(p);
	assert_string_equal(texts(p, "SELECT run_id || key || '=' || value FROM param ORDER BY run_id, key"),
		"1depth=3 1seed=4 2lr=1");
	assert_string_equal(texts(p, "SELECT run_id || key FROM tag"), "2t");
	assert_string_equal(texts(p, "SELECT key || '=' || coalesce(value, special) FROM metric"), "auc=NaN");
}

static void what_a_run_does_not_speak_of_stays(void **state)
{
	struct place *p = *state;
	put(p, "{'pipeline':'e','run':'a','state':'running','params':{'lr':'1'},'tags':{'t':'x'},'metrics':{'auc':0.5}}");
	put(p, "{'pipeline':'e','run':'a','state':'success','metrics':{'auc':0.6}}");
	commit(p);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM param"), 1);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM tag"), 1);
	assert_string_equal(texts(p, "SELECT CAST(value AS TEXT) FROM metric"), "0.6");
}

static void many_pairs_are_all_stored(void **state)
{
	struct place *p = *state;
	for (int n = 0; n <= 40; n++) {
		struct buf json;
		buf_init(&json, 0);
		buf_addf(&json, "{'pipeline':'e','run':'r%d','state':'running','params':{", n);
		for (int i = 0; i < n; i++)
			buf_addf(&json, "%s'k%d':'%d'", i ? "," : "", i, i);
		buf_addz(&json, "},'metrics':{");
		for (int i = 0; i < n; i++)
			buf_addf(&json, "%s'k%d':%s%d", i ? "," : "", i, i % 2 ? "" : "0.", i);
		buf_addz(&json, "}}");
		put(p, json.p);
		buf_fini(&json);
	}
	commit(p);
	assert_int_equal(
		sql_number(p->store, "SELECT count(*) FROM param WHERE key = 'k' || value"), 40 * 41 / 2);
	assert_int_equal(
		sql_number(p->store, "SELECT count(*) FROM metric WHERE special IS NULL"), 40 * 41 / 2);
	assert_int_equal(sql_number(p->store, "SELECT count(DISTINCT run_id) FROM param"), 40);
}

static void a_run_that_comes_again_as_it_was_writes_nothing(void **state)
{
	static const char run[] =
		"{'pipeline':'e','run':'a','name':'n','state':'success','started_ms':5,'user':'u',"
		"'params':{'lr':'1','x':'2'},'tags':{'t':'x','airflow.dag_id':'d'},'metrics':{'auc':0.5,"
		"'inf':'Infinity','nan':'NaN','whole':3}}";
	struct place *p = *state;
	put(p, run);
	commit(p);
	int64_t before = sql_number(p->store, "SELECT total_changes()");
	put(p, run);
	commit(p);
	assert_int_equal(sql_number(p->store, "SELECT total_changes()"), before);
}

static void models_that_a_full_pull_does_not_name_are_gone(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	struct written totals = {0};
	put_to(p, p->lab, "model", "{'model':'ranker','version':'1'}");
	put_to(p, p->lab, "model", "{'model':'ranker','version':'2'}");
	put_to(p, p->dags, "model", "{'model':'other','version':'1'}");
	assert_true(writer_begin_full(p->writer, p->lab, &err));
	put_to(p, p->lab, "model", "{'model':'ranker','version':'2'}");
	assert_true(writer_end_full(p->writer, p->lab, TIME_NONE, &totals, &err));
	assert_string_equal(texts(p, "SELECT model || version FROM model_version WHERE gone = 1"), "ranker1");
	assert_int_equal(totals.gone, 1);
	put_to(p, p->lab, "model", "{'model':'ranker','version':'1'}");
	commit(p);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM model_version WHERE gone = 1"), 0);
}

/* --- words ------------------------------------------------------------------------------ */

/* The runs that WORD finds, newest first. */
static const char *found(struct place *p, const char *word)
{
	struct err err = {0};
	struct result rows;
	struct buf out;
	const char *match = run_text_match(p->store, str_of(word), p->arena);
	assert_non_null(match);
	const struct value params[] = {value_text(match)};
	buf_init(&out, 0);
	if (!store_query(p->store,
		    "SELECT r.run FROM run_text t JOIN run r ON " RUN_TEXT_IS(
			    "r", "t") " WHERE t.run_text MATCH $1 ORDER BY t.rowid DESC",
		    params, 1, p->arena, &rows, &err))
		fail_msg("%s: %s", match, err.msg);
	for (size_t i = 0; i < rows.n_rows; i++)
		buf_addf(&out, "%s%s", i ? " " : "", result_text(&rows, i, 0));
	const char *copy = arena_dup(p->arena, buf_str(&out));
	buf_fini(&out);
	return copy;
}

static void put_named(struct place *p, const char *run, const char *name, int64_t at_ms)
{
	put(p, arena_printf(p->arena,
		       "{'pipeline':'exp','run':'%s','name':'%s','state':'running','started_ms':%lld}", run,
		       name, (long long)at_ms));
}

static void words_find_runs_newest_first_whatever_order_they_came_in(void **state)
{
	struct place *p = *state;
	put_named(p, "r2", "bold-otter", 2000);
	put_named(p, "r4", "calm-otter", 4000);
	commit(p);
	put_named(p, "r3", "an \\u00c9toile", 3000);
	put_named(p, "r1", "BOLD Lynx q", 1000);
	commit(p);
	assert_true(run_text_is_ready(p->store));
	assert_string_equal(found(p, "otter"), "r4 r2");
	assert_string_equal(found(p, "Bold"), "r2 r1");
	assert_string_equal(found(p, "exp"), "r4 r3 r2 r1");
	assert_string_equal(found(p, "\u00c9toi"), "r3");
	assert_string_equal(found(p, "r3"), "r3");
	assert_string_equal(found(p, "bo"), "r2 r1");
	assert_string_equal(found(p, "q"), "r1");
	assert_string_equal(found(p, "er"), "r4 r2"); /* at the end of a name */
	assert_string_equal(found(p, "zebra"), "");
	assert_string_equal(found(p, "zz"), "");
	assert_string_equal(found(p, "\"x\""), "");
	assert_string_equal(found(p, "bold-otter with a very long tail"), "");
}

static void words_follow_a_run_that_is_renamed_moved_or_deleted(void **state)
{
	struct place *p = *state;
	put_named(p, "r1", "otter", 1000);
	put_named(p, "r2", "otter", 2000);
	put_named(p, "r3", "otter", 3000);
	put_named(p, "r3", "otter", 3001); /* changed before it was indexed */
	commit(p);
	put_named(p, "r1", "zebra", 1000);
	put_named(p, "r2", "otter", 9000);
	commit(p);
	assert_string_equal(found(p, "otter"), "r2 r3");
	assert_string_equal(found(p, "zebra"), "r1");
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM run_text_stale"), 0);
	struct err err = {0};
	assert_true(store_exec(p->store, "DELETE FROM run WHERE run IN ('r1', 'r3')", NULL, 0, NULL, &err));
	assert_string_equal(found(p, "zebra"), "");
	writer_free(p->writer); /* as the next round finds it: r3's id is given again */
	p->writer = writer_new(p->store);
	put_named(p, "r4", "lynx", 3001);
	commit(p);
	assert_string_equal(found(p, "otter"), "r2");
	assert_string_equal(found(p, "lynx"), "r4");
	assert_true(store_exec(
		p->store, "INSERT INTO run_text (run_text) VALUES ('integrity-check')", NULL, 0, NULL, &err));
}

/* --- a pipeline is what keeps its id ------------------------------------------------------ */

static void put_pipeline(struct place *p, const char *id, const char *name)
{
	put_to(p, p->lab, "pipeline", arena_printf(p->arena, "{'pipeline':'%s','id':'%s'}", name, id));
}

static void put_run_of(struct place *p, const char *pipeline, const char *run)
{
	put(p, arena_printf(p->arena, "{'pipeline':'%s','run':'%s','state':'failed','started_ms':1000}",
		       pipeline, run));
}

static const char *runs(struct place *p)
{
	commit(p);
	return texts(p, "SELECT p.pipeline || '/' || r.run FROM run r JOIN pipeline p ON p.id = r.pipeline_id"
			" WHERE r.gone = 0 AND p.gone = 0 ORDER BY 1");
}

/* Whatever has a column `pipeline`, in either schema, once with NAME. */
static void keep_all(struct place *p, const char *name)
{
	static const char *const rows[] = {
		"INSERT INTO team.problem (id, kind, key, title, source, pipeline, first_ms, last_ms)"
		" VALUES (1, 'late', 'late:lab/%s', 't', 'lab', '%s', 1, 1)",
		"INSERT INTO team.problem_pipeline SELECT 1, 'lab', '%s' WHERE '%s' <> ''",
		"INSERT INTO team.occurrence (problem_id, source, pipeline, at_ms) SELECT 1, 'lab', '%s', 1 WHERE '%s' <> ''",
		"INSERT INTO team.evidence (source, pipeline, run, step, found_ms) SELECT 'lab', '%s', 'r1', '', 1 WHERE '%s' <> ''",
		"INSERT INTO team.data_check (source, pipeline, run, step, name, state, at_ms)"
		" SELECT 'lab', '%s', 'r1', '', 'c', 'pass', 1 WHERE '%s' <> ''",
		"INSERT INTO team.alert (source, pipeline, monitor, opened_ms, state) SELECT 'lab', '%s', 'm', 1, 'open' WHERE '%s' <> ''",
		"INSERT INTO team.cost (source, pipeline, month, amount) SELECT 'lab', '%s', '2026-11', 1 WHERE '%s' <> ''",
		"INSERT INTO model_version (source_id, model, version, pipeline, at_ms) SELECT 1, 'm', '1', '%s', 1 WHERE '%s' <> ''",
	};
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *sql = x_printf(rows[i], name, name);
		if (!store_exec(p->store, sql, NULL, 0, NULL, &err))
			fail_msg("%s: %s", sql, err.msg);
		x_free(sql);
	}
}

static const char kept_sql[] =
	"SELECT key FROM team.problem UNION ALL SELECT pipeline FROM team.problem UNION ALL SELECT pipeline FROM"
	" team.problem_pipeline UNION ALL SELECT pipeline FROM team.occurrence UNION ALL SELECT pipeline FROM team.evidence"
	" UNION ALL SELECT pipeline FROM team.data_check UNION ALL SELECT pipeline FROM team.alert UNION ALL"
	" SELECT pipeline FROM team.cost UNION ALL SELECT pipeline FROM model_version";

static void what_people_keep_follows_a_pipeline_that_is_renamed(void **state)
{
	struct place *p = *state;
	put_pipeline(p, "17", "otter");
	put_run_of(p, "otter", "r1");
	commit(p);
	keep_all(p, "otter");
	int64_t id = sql_number(p->store, "SELECT id FROM pipeline");
	put_pipeline(p, "17", "zebra");
	put_run_of(p, "zebra", "r1"); /* as its source tells it anew */
	put_to(p, p->lab, "pipeline", "{'pipeline':'otter','gone':true}");
	assert_string_equal(runs(p), "zebra/r1");
	assert_int_equal(sql_number(p->store, "SELECT id FROM pipeline"), id);
	assert_string_equal(
		texts(p, kept_sql), "late:lab/zebra zebra zebra zebra zebra zebra zebra zebra zebra");
	assert_string_equal(found(p, "otter"), "");
	assert_string_equal(found(p, "zebra"), "r1");
}

static void a_ref_by_the_old_name_says_what_it_is_called_now(void **state)
{
	struct place *p = *state;
	struct found there;
	struct err err = {0};
	struct ref ref = {.kind = REF_PIPELINE, .source = "lab", .pipeline = "otter"};
	put_pipeline(p, "17", "otter");
	put_pipeline(p, "17", "zebra");
	commit(p);
	assert_false(find_ref(p->store, &ref, &there, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "'otter' of lab is called 'zebra' now");
	ref.pipeline = "17";
	assert_true(find_ref(p->store, &ref, &there, &err));
}

static void two_pipelines_may_change_their_names_with_each_other(void **state)
{
	struct place *p = *state;
	put_pipeline(p, "1", "otter");
	put_pipeline(p, "2", "zebra");
	put_run_of(p, "otter", "of-1");
	put_run_of(p, "zebra", "of-2");
	commit(p);
	put_pipeline(p, "1", "zebra");
	put_pipeline(p, "2", "otter");
	assert_string_equal(runs(p), "otter/of-2 zebra/of-1");
	put_run_of(p, "zebra", "new-of-1");
	assert_string_equal(runs(p), "otter/of-2 zebra/new-of-1 zebra/of-1");
}

static void runs_under_the_new_name_may_come_before_the_rename(void **state)
{
	struct place *p = *state;
	put_pipeline(p, "17", "otter");
	put_run_of(p, "otter", "r1");
	put_run_of(p, "otter", "r2");
	commit(p);
	put_run_of(p, "zebra", "r2");
	put_run_of(p, "zebra", "r3");
	put_pipeline(p, "17", "zebra");
	assert_string_equal(runs(p), "zebra/r1 zebra/r2 zebra/r3");
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM pipeline"), 1);
	assert_string_equal(found(p, "zebra"), "r3 r2 r1");
	struct err err = {0};
	assert_true(store_exec(
		p->store, "INSERT INTO run_text (run_text) VALUES ('integrity-check')", NULL, 0, NULL, &err));
}

/* --- links ------------------------------------------------------------------------------ */

static void put_dag_run(struct place *p, int64_t source, const char *pipeline, const char *run)
{
	put_to(p, source, "run",
		arena_printf(p->arena, "{'pipeline':'%s','run':'%s','state':'success'}", pipeline, run));
	put_to(p, source, "step_run",
		arena_printf(p->arena,
			"{'pipeline':'%s','run':'%s','step':'train','state':'success','attempt':1}", pipeline,
			run));
}

static void put_tagged(struct place *p, const char *run, const char *tags)
{
	put(p, arena_printf(p->arena,
		       "{'pipeline':'exp','run':'%s','state':'success','params':{},'tags':{%s}}", run, tags));
}

static const char *links(struct place *p)
{
	struct err err = {0};
	commit(p);
	if (!links_update(p->store, &err))
		fail_msg("%s", err.msg);
	return texts(p,
		"SELECT a.run || '>' || b.run || '/' || l.to_step FROM run_link l JOIN run a ON a.id = l.run_id"
		" JOIN run b ON b.id = l.to_run_id ORDER BY 1");
}

static void a_run_is_linked_to_the_task_that_its_tags_name(void **state)
{
	struct place *p = *state;
	put_dag_run(p, p->dags, "recsys", "d1");
	put_tagged(p, "a", "'airflow.dag_id':'recsys','airflow.dag_run_id':'d1','airflow.task_id':'train'");
	put_tagged(p, "b",
		"'AIRFLOW_CTX_DAG_ID':'recsys','AIRFLOW_CTX_DAG_RUN_ID':'d1','AIRFLOW_CTX_TASK_ID':'train'");
	put_tagged(p, "c", "'dag_id':'recsys','run_id':'d1'");
	put_tagged(p, "d", "'porthole.run':'dags/recsys/d1/train'");
	put_tagged(p, "e", "'porthole.run':'dags/recsys/d1/nosuchstep'");
	put_tagged(p, "f", "'porthole.run':'lab/recsys/d1','other':'x'"); /* no such run */
	put_tagged(p, "g", "'porthole.run':'not a ref'");
	put_tagged(p, "h", "'dag_id':'recsys'");
	put(p, "{'pipeline':'exp','run':'i','state':'success','params':{'dag_id':'recsys','dag_run_id':'d1','task_id':'train'}}");
	assert_string_equal(links(p), "a>d1/train b>d1/train c>d1/ d>d1/train e>d1/ i>d1/train");
	assert_string_equal(links(p), "a>d1/train b>d1/train c>d1/ d>d1/train e>d1/ i>d1/train");
}

static void either_of_two_linked_runs_may_come_first(void **state)
{
	struct place *p = *state;
	put_tagged(p, "a", "'airflow.dag_id':'recsys','airflow.dag_run_id':'d1'");
	assert_string_equal(links(p), "");
	put_dag_run(p, p->dags, "recsys", "d0");
	assert_string_equal(links(p), "");
	put_dag_run(p, p->dags, "recsys", "d1");
	assert_string_equal(links(p), "a>d1/");
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM run_link_open"), 0);
}

static void a_link_that_waits_for_its_run_follows_a_rename(void **state)
{
	struct place *p = *state;
	put_pipeline(p, "17", "otter");
	put_tagged(p, "a", "'porthole.run':'lab/otter/late'");
	assert_string_equal(links(p), "");
	put_pipeline(p, "17", "zebra");
	put_run_of(p, "zebra", "late");
	assert_string_equal(links(p), "a>late/");
}

static void a_name_that_two_runs_answer_to_links_none(void **state)
{
	struct place *p = *state;
	put_dag_run(p, p->dags, "recsys", "d1");
	put_dag_run(p, p->more_dags, "recsys", "d1");
	put_dag_run(p, p->lab, "recsys", "d2"); /* of the run's own source */
	put_tagged(p, "a", "'airflow.dag_id':'recsys','airflow.dag_run_id':'d1'");
	put_tagged(p, "b", "'airflow.dag_id':'recsys','airflow.dag_run_id':'d2'");
	put_tagged(p, "c", "'porthole.run':'more/recsys/d1'");
	assert_string_equal(links(p), "c>d1/");
}

static void a_link_follows_the_tags(void **state)
{
	struct place *p = *state;
	put_dag_run(p, p->dags, "recsys", "d1");
	put_dag_run(p, p->dags, "recsys", "d2");
	put_tagged(p, "a", "'airflow.dag_id':'recsys','airflow.dag_run_id':'d1'");
	assert_string_equal(links(p), "a>d1/");
	put_tagged(p, "a", "'airflow.dag_id':'recsys','airflow.dag_run_id':'d2'");
	assert_string_equal(links(p), "a>d2/");
	put(p, "{'pipeline':'exp','run':'a','state':'failed','params':{'lr':'1'}}"); /* says nothing of tags
										      */
	assert_string_equal(links(p), "a>d2/");
	put_tagged(p, "a", "");
	assert_string_equal(links(p), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_run_names_no_more_goes),
		TEST(what_a_run_does_not_speak_of_stays),
		TEST(many_pairs_are_all_stored),
		TEST(a_run_that_comes_again_as_it_was_writes_nothing),
		TEST(models_that_a_full_pull_does_not_name_are_gone),
		TEST(words_find_runs_newest_first_whatever_order_they_came_in),
		TEST(words_follow_a_run_that_is_renamed_moved_or_deleted),
		TEST(what_people_keep_follows_a_pipeline_that_is_renamed),
		TEST(a_ref_by_the_old_name_says_what_it_is_called_now),
		TEST(two_pipelines_may_change_their_names_with_each_other),
		TEST(runs_under_the_new_name_may_come_before_the_rename),
	};
	const struct CMUnitTest of_links[] = {
		TEST(a_run_is_linked_to_the_task_that_its_tags_name),
		TEST(either_of_two_linked_runs_may_come_first),
		TEST(a_link_that_waits_for_its_run_follows_a_rename),
		TEST(a_name_that_two_runs_answer_to_links_none),
		TEST(a_link_follows_the_tags),
	};
	int failed = cmocka_run_group_tests(of_links, NULL, NULL);
	if (scratch_is_on_postgres()) /* the others look into what only SQLite has */
		return failed;
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}

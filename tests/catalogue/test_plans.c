/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each list that a screen shows is served by an index: its plan walks no whole
 * table and sorts nothing, so that 1,000,000 runs open like 50. The plans are
 * looked at on a small catalogue that was never analysed, as sync leaves it. PostgreSQL reads small tables
 * whole and sorts what is little, so there it is forbidden to where there is another way. */
#include "tests/catalogue/place.h"

struct planned {
	struct place *place;
	struct store *store;
};

static void run(struct store *store, const char *sql)
{
	struct err err = {0};
	if (!store_exec(store, sql, NULL, 0, NULL, &err))
		fail_msg("%s", err.msg);
}

#define NUMBERS(n) "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " #n ") "

static const char *const generate[] = {
	NUMBERS(3) "INSERT INTO source (id, name, kind) SELECT i, 'source-' || i, 'airflow' FROM n",

	NUMBERS(60) "INSERT INTO pipeline (id, source_id, pipeline, last_run_ms) SELECT i, 1 + i % 3, 'pipeline-' || i, i * 1000 FROM n",

	NUMBERS(3000) "INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms, parent) SELECT i, 1 + i % 60, 1 + (1 + i % 60) % 3, 'run-' || i,"
		      "  CASE WHEN i % 50 = 0 THEN 'failed' ELSE 'success' END, i * 1000,"
		      "  CASE WHEN i % 7 = 0 THEN 'run-' || (i - 1) END FROM n",

	NUMBERS(5) "INSERT INTO step_run (run_id, pipeline_id, step, state, at_ms) SELECT r.id, r.pipeline_id, 'step-' || i, r.state, r.at_ms FROM run r, n",

	NUMBERS(30) "INSERT INTO health (source_id, component, state) SELECT 1 + i % 3, 'component-' || i, CASE WHEN i % 10 = 0 THEN 'failed' ELSE 'ok' END FROM n",

	NUMBERS(300) "INSERT INTO team.problem (id, kind, key, title, state, first_ms, last_ms) SELECT i, 'failed', 'key-' || i, 'title', CASE WHEN i % 9 = 0 THEN 'open' ELSE 'resolved' END,"
		     "  i, i FROM n",

	NUMBERS(900) "INSERT INTO team.occurrence (problem_id, source, pipeline, run, at_ms) SELECT 1 + i % 300, 'source-1', 'pipeline-1', 'run-' || i, i FROM n",

	NUMBERS(900) "INSERT INTO team.problem_event (problem_id, at_ms, who, verb) SELECT 1 + i % 300, i, 'mlee', 'note' FROM n",

	NUMBERS(900) "INSERT INTO team.audit (at_ms, who, verb, object_ref) SELECT i, 'mlee', 'rerun', 's/p/' || i FROM n",
};

static int fill(void **state)
{
	struct planned *p = x_new(struct planned);
	p->place = *state;
	p->store = open_as(p->place, STORE_SYNC);
	for (size_t i = 0; i < ARRAY_LEN(generate); i++)
		run(p->store, generate[i]);
	*state = p;
	return 0;
}

static int on_sqlite(void **state)
{
	return place_on_sqlite(state) || fill(state);
}

static int on_postgres(void **state)
{
	static const char *const no_way_out[] = {
		"SET enable_seqscan = off", "SET enable_sort = off", "SET enable_bitmapscan = off"};
	if (place_on_postgres(state) || fill(state))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(no_way_out); i++)
		run(((struct planned *)*state)->store, no_way_out[i]);
	return 0;
}

static int empty(void **state)
{
	struct planned *p = *state;
	store_close(p->store);
	*state = p->place;
	x_free(p);
	return place_free(state);
}

struct list {
	const char *sql;
	const char *index; /* that the plan must name */
};

/* SCAN without an index walks a table; a temporary tree sorts. */
static bool is_served(struct str plan, const char *index)
{
	struct str rest = plan, line;
	while (str_next(&rest, '\n', &line))
		if (str_starts(line, STR("SCAN")) && !str_has(line, STR("INDEX")))
			return false;
	return str_has(plan, str_of(index)) && !str_has(plan, STR("TEMP B-TREE"));
}

/* Indexes have other names in the parts of a table, and where a constraint made them. A merge of parts that
 * are in order has a "Sort Key", too. */
static bool is_served_on_postgres(struct str plan)
{
	struct str rest = plan, line;
	while (str_next(&rest, '\n', &line))
		if (str_ends(line, STR("Sort")) || str_has(line, STR("Seq Scan")))
			return false;
	return str_has(plan, STR("Index"));
}

static void assert_served(const struct planned *p, const struct list *lists, size_t n)
{
	static const char text[] = "x";
	const struct value params[] = {value_int(5), value_int(5), value_int(5), value_text(text)};
	for (size_t i = 0; i < n; i++) {
		struct buf plan;
		struct err err = {0};
		buf_init(&plan, 0);
		if (!store_explain(p->store, lists[i].sql, params, ARRAY_LEN(params), &plan, &err))
			fail_msg("%s: %s", lists[i].sql, err.msg);
		if (p->place->database ? !is_served_on_postgres(buf_str(&plan))
				       : !is_served(buf_str(&plan), lists[i].index))
			fail_msg("%s\nis not served by %s:\n%s", lists[i].sql, lists[i].index, plan.p);
		buf_fini(&plan);
	}
}

#define ASSERT_SERVED(lists) assert_served(*state, lists, ARRAY_LEN(lists))

/* The page after row ($1, $2), as every list is paged. */
#define AFTER  " AND (at_ms, id) < ($1, $2) ORDER BY at_ms DESC, id DESC LIMIT 50"
#define NEWEST " ORDER BY at_ms DESC, id DESC LIMIT 50"

static void runs_are_listed_newest_first(void **state)
{
	static const struct list lists[] = {
		{"SELECT * FROM run" NEWEST, "run_newest"},
		{"SELECT * FROM run WHERE gone = 0" AFTER, "run_newest"},
		{"SELECT * FROM run WHERE pipeline_id = $3" NEWEST, "run_of_pipeline"},
		{"SELECT * FROM run WHERE pipeline_id = $3" AFTER, "run_of_pipeline"},
		{"SELECT * FROM run WHERE source_id = $3" NEWEST, "run_of_source"},
		{"SELECT * FROM run WHERE source_id = $3" AFTER, "run_of_source"},
		{"SELECT * FROM run WHERE state = $4" NEWEST, "run_by_state"},
		{"SELECT * FROM run WHERE state = $4" AFTER, "run_by_state"},
		{"SELECT * FROM run WHERE state = 'failed'" NEWEST, "run_"},
		{"SELECT * FROM run WHERE state = 'failed'" AFTER, "run_"},
		{"SELECT * FROM run WHERE at_ms >= $1 AND gone = 0" NEWEST, "run_newest"},
	};
	ASSERT_SERVED(lists);
}

static void a_list_of_runs_names_source_and_pipeline_without_a_sort(void **state)
{
	static const struct list lists[] = {
		{"SELECT s.name, p.pipeline, r.* FROM run r JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = r.source_id WHERE r.gone = 0 ORDER BY r.at_ms DESC, r.id DESC LIMIT 50",
			"run_newest"},
	};
	ASSERT_SERVED(lists);
}

static void one_run_is_found_by_its_ref(void **state)
{
	static const struct list lists[] = {
		{"SELECT r.* FROM source s JOIN pipeline p ON p.source_id = s.id JOIN run r ON r.pipeline_id = p.id WHERE s.name = $4 AND p.pipeline = $4 AND r.run = $4",
			"sqlite_autoindex_run_1"},
		{"SELECT * FROM run WHERE source_id = $3 AND parent = $4", "run_children"},
	};
	ASSERT_SERVED(lists);
}

static void step_runs_are_listed_without_a_sort(void **state)
{
	static const struct list lists[] = {
		{"SELECT * FROM step_run WHERE state = 'failed' AND is_newest = 1" NEWEST, "step_run_failed"},
		{"SELECT * FROM step_run WHERE state = 'failed' AND is_newest = 1" AFTER, "step_run_failed"},
		{"SELECT * FROM step_run WHERE run_id = $3 ORDER BY step, idx, attempt",
			"sqlite_autoindex_step_run_1"},
		{"SELECT * FROM step_run WHERE pipeline_id = $3 AND step = $4" NEWEST, "step_run_of_step"},
		{"SELECT * FROM step_run WHERE pipeline_id = $3 AND step = $4" AFTER, "step_run_of_step"},
	};
	ASSERT_SERVED(lists);
}

static void pipelines_are_listed_by_name_and_by_last_run(void **state)
{
	static const struct list lists[] = {
		{"SELECT * FROM pipeline WHERE gone = 0 ORDER BY pipeline, id LIMIT 50", "pipeline_by_name"},
		{"SELECT * FROM pipeline WHERE (pipeline, id) > ($4, $1) ORDER BY pipeline, id LIMIT 50",
			"pipeline_by_name"},
		{"SELECT * FROM pipeline WHERE gone = 0 ORDER BY last_run_ms DESC, id DESC LIMIT 50",
			"pipeline_by_last_run"},
		{"SELECT * FROM pipeline WHERE source_id = $3 AND pipeline = $4",
			"sqlite_autoindex_pipeline_1"},
	};
	ASSERT_SERVED(lists);
}

static void what_is_unwell_is_found_at_once(void **state)
{
	static const struct list lists[] = {
		{"SELECT * FROM health WHERE state = 'failed' ORDER BY since_ms, id", "health_failed"},
		{"SELECT * FROM health WHERE source_id = $3 AND component = $4", "sqlite_autoindex_health_1"},
	};
	ASSERT_SERVED(lists);
}

static void what_people_did_is_found_at_once(void **state)
{
	static const struct list lists[] = {
		{"SELECT * FROM team.problem WHERE state = $4 ORDER BY last_ms DESC, id DESC LIMIT 50",
			"problem_by_state"},
		{"SELECT * FROM team.problem ORDER BY last_ms DESC, id DESC LIMIT 50", "problem_newest"},
		{"SELECT * FROM team.problem WHERE fingerprint = $4 ORDER BY last_ms DESC",
			"problem_by_fingerprint"},
		{"SELECT * FROM team.problem WHERE key = $4", "sqlite_autoindex_problem_1"},
		{"SELECT * FROM team.problem_pipeline WHERE source = $4 AND pipeline = $4",
			"problem_pipeline_of"},
		{"SELECT * FROM team.occurrence WHERE problem_id = $3 ORDER BY at_ms DESC LIMIT 50",
			"occurrence_of_problem"},
		{"SELECT * FROM team.problem_event WHERE problem_id = $3 ORDER BY at_ms, id",
			"problem_event_of"},
		{"SELECT * FROM team.evidence WHERE fingerprint = $4", "evidence_by_fingerprint"},
		{"SELECT * FROM team.audit ORDER BY at_ms DESC, id DESC LIMIT 50", "audit_newest"},
		{"SELECT * FROM team.audit WHERE object_ref = $4 ORDER BY at_ms DESC", "audit_of_object"},
	};
	ASSERT_SERVED(lists);
}

/* The judge itself: it must see what it is there to see. */
static void a_scan_and_a_sort_are_noticed(void **state)
{
	(void)state;
	assert_false(is_served(STR("SCAN run\n"), ""));
	assert_false(is_served(STR("SCAN run USING INDEX run_newest\nUSE TEMP B-TREE FOR ORDER BY\n"), ""));
	assert_false(is_served(STR("SCAN run USING INDEX other\n"), "run_newest"));
	assert_true(is_served(STR("SCAN run USING INDEX run_newest\n"), "run_newest"));
	assert_false(is_served_on_postgres(STR("Limit\n  ->  Seq Scan on run\n")));
	assert_false(is_served_on_postgres(STR("Sort\n  ->  Index Scan using run_newest on run\n")));
	assert_true(is_served_on_postgres(STR("Limit\n  ->  Index Scan Backward using run_newest on run\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_listed_newest_first),
		cmocka_unit_test(a_list_of_runs_names_source_and_pipeline_without_a_sort),
		cmocka_unit_test(one_run_is_found_by_its_ref),
		cmocka_unit_test(step_runs_are_listed_without_a_sort),
		cmocka_unit_test(pipelines_are_listed_by_name_and_by_last_run),
		cmocka_unit_test(what_is_unwell_is_found_at_once),
		cmocka_unit_test(what_people_did_is_found_at_once),
		cmocka_unit_test(a_scan_and_a_sort_are_noticed),
	};
	return place_run_on_one(
		tests, ARRAY_LEN(tests), (struct place_fixture){on_sqlite, on_postgres, empty});
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Problems as a whole: how failures are grouped, and what is known of each at night. */
#include "client/triage/why.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/config/calendar.h"
#include "client/triage/problems.h"
#include "tests/catalogue/lab.h"

#include <math.h>
#include <time.h>

#define HOUR INT64_C(3600000)
#define NOW  INT64_C(1795230000000) /* 2026-11-21T03:00:00Z */

static const char yaml[] =
	"projects:\n"
	"  - name: discovery\n"
	"    owner: team-discovery\n"
	"    owners: {\"check*\": \"@data-eng\"}\n"
	"    oncall: \"@mlee\"\n"
	"    oncall_command: [rota, discovery]\n"
	"    severity: staging\n"
	"    pipelines: [\"airflow/recsys*\"]\n"
	"    due: {\"airflow/recsys\": \"06:00\"}\n"
	"    fallback: yesterday's list\n"
	"runbooks: [{match: null_rate, page: team/null-rates}]\n"
	"calendar: [{name: Season 9, from: 2026-12-03, to: 2026-12-04, kind: launch, project: discovery},"
	" {name: Christmas, from: 2026-12-24, to: 2026-12-26, kind: freeze}]\n";

static int64_t at(const char *time)
{
	int64_t ms;
	assert_true(when_parse(str_of(time), &ms));
	return ms;
}

static const char *const rows[] = {
	"DELETE FROM meta WHERE key LIKE 'oncall:%'", /* a shared database keeps its meta */
	"INSERT INTO source (id, name, kind, state, attempted_ms) VALUES (1, 'airflow', 'airflow', 'ok', 1)",
	"INSERT INTO source (id, name, kind, state, attempted_ms) VALUES (2, 'mlflow', 'mlflow', 'ok', 1)",
	"INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'recsys'), (2, 2, 'trainings'), (3, 1, 'churn')",
};

static int setup(void **state)
{
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	*state = lab_new(yaml, rows, ARRAY_LEN(rows));
	return 0;
}

#define SQL(p, ...) sql_run((p)->store, arena_printf((p)->arena, __VA_ARGS__))

static int64_t update(struct lab *p)
{
	struct err err = {0};
	struct problem_counts counts;
	if (!problems_update(p->store, p->config, NOW, &counts, &err))
		fail_msg("%s", err.msg);
	return counts.open;
}

static struct why load(struct lab *p, int64_t id)
{
	struct why why;
	struct err err = {0};
	if (!why_load(p->store, p->config, id, NOW, p->arena, &why, &err))
		fail_msg("%s", err.msg);
	return why;
}

static void put_run(struct lab *p, int id, int pipeline, const char *state, int failed_steps)
{
	SQL(p,
		"INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms, failed_steps) VALUES (%d, %d, %d, 'r%d',"
		" '%s', %lld, %d)",
		id, pipeline, pipeline == 2 ? 2 : 1, id, state, (long long)(NOW - HOUR + id * 1000),
		failed_steps);
}

/* Step `check` of the run failed with the cause. */
static void put_failure(struct lab *p, int id, int pipeline, const char *fingerprint, const char *cause)
{
	put_run(p, id, pipeline, "failed", 1);
	SQL(p,
		"INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms) VALUES (%d, %d, 'check', 1,"
		" 'failed', %lld)",
		id, pipeline, (long long)(NOW - HOUR + id * 1000));
	SQL(p,
		"INSERT INTO team.evidence (source, pipeline, run, step, attempt, fingerprint, cause, cause_line, found_ms)"
		" SELECT s.name, p.pipeline, 'r%d', 'check', 1, '%s', '%s', 3, 1 FROM pipeline p JOIN source s"
		" ON s.id = p.source_id WHERE p.id = %d",
		id, fingerprint, cause, pipeline);
}

static void forty_red_runs_of_two_causes_over_two_tools_are_two_problems(void **state)
{
	struct lab *p = *state;
	for (int i = 0; i < 40; i++) {
		bool is_oom = i % 4 >= 2;
		put_failure(p, i + 1, 1 + i % 2, is_oom ? "1-oom" : "1-data",
			is_oom ? "java.lang.OutOfMemoryError: Java heap space"
			       : "DataCheckError: null_rate(player_id) = 0.31");
	}
	assert_int_equal(update(p), 2);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem WHERE count = 20"), 2);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem_pipeline"), 4);
	assert_int_equal(update(p), 2);
}

static void a_run_of_a_tracker_is_part_of_the_step_that_it_belongs_to(void **state)
{
	struct lab *p = *state;
	put_failure(p, 1, 1, "1-data", "DataCheckError: x");
	put_run(p, 2, 2, "failed", 0);
	SQL(p, "INSERT INTO run_link (run_id, to_run_id, to_step, rule) VALUES (2, 1, 'check', 'tag')");
	assert_int_equal(update(p), 1);
	assert_int_equal(sql_number(p->store, "SELECT count FROM team.problem"), 2);
	assert_int_equal(sql_number(p->store, "SELECT count(*) FROM team.problem_pipeline"), 2);
}

static void a_lost_run_is_a_problem(void **state)
{
	struct lab *p = *state;
	put_run(p, 1, 1, "lost", 0);
	assert_int_equal(update(p), 1);
	assert_string_equal(load(p, 1).title, "the run was lost: it is called running, and is silent");
}

static void the_whole_answer_for_a_data_check(void **state)
{
	struct lab *p = *state;
	put_failure(p, 5, 1, "1-data", "DataCheckError: null_rate(player_id) = 0.31");
	for (int i = 1; i < 5; i++) {
		put_run(p, i, 1, "success", 0);
		SQL(p,
			"INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms) VALUES (%d, 1, 'check', 1,"
			" 'success', %lld)",
			i, (long long)(NOW - HOUR + i * 1000));
	}
	SQL(p, "INSERT INTO input (run_id, name, version) VALUES (4, 'events', '41'), (5, 'events', '42')");
	SQL(p, "INSERT INTO step_edge (pipeline_id, step, upstream) VALUES (1, 'train', 'check'), (1, 'publish', 'train')");
	SQL(p, "INSERT INTO step_run (run_id, pipeline_id, step, state, tool_state, at_ms) VALUES (5, 1, 'train', 'skipped',"
	       " 'upstream_failed', 1), (5, 1, 'publish', 'skipped', 'upstream_failed', 1)");
	SQL(p, "INSERT INTO team.data_check (source, pipeline, run, step, name, state, observed, upper_bound, at_ms) VALUES"
	       " ('airflow', 'recsys', 'r4', 'check', 'null_rate', 'pass', 0.004, 0.02, 4),"
	       " ('airflow', 'recsys', 'r5', 'check', 'null_rate', 'fail', 0.31, 0.02, 5)");
	assert_int_equal(update(p), 1);
	const struct why why = load(p, 1);
	assert_string_equal(why.cause_kind, "data");
	assert_string_equal(why.next.act, "fix");
	assert_string_equal(why.runbook, "team/null-rates");
	assert_string_equal(why.owner, "@data-eng");
	assert_string_equal(why.wait.project->fallback, "yesterday's list");
	assert_int_equal(why.wait.due_ms, at("2026-11-21T06:00:00+01:00"));
	assert_int_equal(why.wait.blocked_steps, 2);
	assert_int_equal(why.wait.n_behind, 2);
	assert_true(why.has_changed);
	assert_string_equal(why.changed.refs[0].run, "r4");
	assert_true(why.changed.n >= 2);
	assert_string_equal(why.check->name, "null_rate");
	assert_true(fabs(why.check->observed - 0.31) < 1e-9);
	assert_int_equal(why.check->n_before, 1);
	assert_int_equal(why.past.failures.runs, 5);
}

static void nothing_starts_while_the_scheduler_is_silent(void **state)
{
	struct lab *p = *state;
	put_failure(p, 1, 1, "1-kill", "Task received SIGTERM signal");
	assert_int_equal(update(p), 1);
	assert_string_equal(load(p, 1).next.act, "rerun");
	SQL(p, "INSERT INTO health (source_id, component, state, message, since_ms) VALUES (1, 'scheduler', 'failed',"
	       " 'silent since 02:52', 1)");
	assert_int_equal(update(p), 2);
	assert_string_equal(load(p, 1).next.act, "restart");
	const struct why why = load(p, 2);
	assert_string_equal(why.next.act, "restart");
	assert_string_equal(why.cause_kind, "infrastructure");
	assert_string_equal(why.runbook, "runbooks/scheduler-dead");
	assert_false(why.has_changed);
}

static void what_is_tried_again_is_waited_for(void **state)
{
	struct lab *p = *state;
	put_failure(p, 1, 1, "1-kill", "Task received SIGTERM signal");
	update(p);
	put_run(p, 2, 1, "running", 0);
	assert_string_equal(load(p, 1).next.act, "wait");
	assert_string_equal(load(p, 1).next.why, "a later run is running already: r2");
}

static void a_person_may_say_of_what_kind_a_cause_is(void **state)
{
	struct lab *p = *state;
	put_failure(p, 1, 1, "1-kill", "Task received SIGTERM signal");
	update(p);
	assert_string_equal(
		sql_text(p->store, p->arena, "SELECT cause_kind FROM team.problem"), "infrastructure");
	SQL(p, "INSERT INTO team.problem_event (problem_id, at_ms, who, verb, text) VALUES (1, 2, 'ana', 'cause', 'code')");
	update(p);
	assert_string_equal(sql_text(p->store, p->arena, "SELECT cause_kind FROM team.problem"), "code");
	const struct why why = load(p, 1);
	assert_string_equal(why.cause_kind, "code");
	assert_string_equal(why.cause_why, "a person says so");
	SQL(p, "INSERT INTO team.problem_event (problem_id, at_ms, who, verb, undoes)"
	       " SELECT 1, 3, 'ana', 'undone', id FROM team.problem_event WHERE verb = 'cause'");
	assert_string_equal(load(p, 1).cause_kind, "infrastructure");
}

static void a_launch_raises_the_severity_and_a_freeze_is_told(void **state)
{
	struct lab *p = *state;
	const struct config_project *project = config_project_of(p->config, "airflow", "recsys");
	assert_string_equal(wait_severity(p->config, project, NOW), "staging");
	assert_string_equal(wait_severity(p->config, project, at("2026-12-03T00:00:00+01:00")), "production");
	assert_string_equal(wait_severity(p->config, project, at("2026-12-04T23:59:59+01:00")), "production");
	assert_string_equal(wait_severity(p->config, project, at("2026-12-05T00:00:00+01:00")), "staging");
	assert_string_equal(wait_severity(p->config, NULL, NOW), "production");
	assert_null(calendar_at(p->config, "freeze", NULL, at("2026-12-23T23:59:59+01:00")));
	assert_string_equal(
		calendar_at(p->config, "freeze", NULL, at("2026-12-24T00:00:00+01:00"))->name, "Christmas");
	assert_null(calendar_at(p->config, "freeze", NULL, at("2026-12-27T00:00:00+01:00")));
}

static void who_is_on_call_is_what_the_rota_said_last(void **state)
{
	struct lab *p = *state;
	put_failure(p, 1, 1, "1-kill", "Task received SIGTERM signal");
	update(p);
	assert_string_equal(load(p, 1).oncall, "@mlee");
	SQL(p, "INSERT INTO meta (key, value) VALUES ('oncall:discovery', '%lld @ana')",
		(long long)NOW - HOUR);
	update(p);
	assert_string_equal(load(p, 1).oncall, "@ana");
	SQL(p, "UPDATE meta SET value = '%lld @ana' WHERE key = 'oncall:discovery'",
		(long long)NOW - 25 * HOUR);
	update(p);
	assert_string_equal(load(p, 1).oncall, "@mlee");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, lab_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(forty_red_runs_of_two_causes_over_two_tools_are_two_problems),
		TEST(a_run_of_a_tracker_is_part_of_the_step_that_it_belongs_to),
		TEST(a_lost_run_is_a_problem),
		TEST(the_whole_answer_for_a_data_check),
		TEST(nothing_starts_while_the_scheduler_is_silent),
		TEST(what_is_tried_again_is_waited_for),
		TEST(a_person_may_say_of_what_kind_a_cause_is),
		TEST(a_launch_raises_the_severity_and_a_freeze_is_told),
		TEST(who_is_on_call_is_what_the_rota_said_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

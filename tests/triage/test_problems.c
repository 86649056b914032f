/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Problems that return or stay away, and what is promised over a clock change. */
#include "client/triage/problems.h"

#include "client/base/mem.h"
#include "client/base/when.h"
#include "tests/catalogue/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)

static int64_t at(const char *time)
{
	int64_t ms;
	assert_true(when_parse(str_of(time), &ms));
	return ms;
}

static void update(struct lab *p, int64_t now_ms)
{
	struct err err = {0};
	struct problem_counts counts;
	if (!problems_update(p->store, p->config, now_ms, &counts, &err))
		fail_msg("%s", err.msg);
}

/* Step "train" of run RUN ended in STATE at AT_MS. */
static void put_step(struct lab *p, int run, const char *state, int64_t at_ms)
{
	long long ms = at_ms;
	sql_run(p->store,
		arena_printf(p->arena,
			"INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms, failed_steps)"
			" VALUES (%d, 1, 1, 'r%d', '%s', %lld, CASE '%s' WHEN 'failed' THEN 1 ELSE 0 END)",
			run, run, state, ms, state));
	sql_run(p->store, arena_printf(p->arena,
				  "INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms)"
				  " VALUES (%d, 1, 'train', 1, '%s', %lld)",
				  run, state, ms));
}

static int setup(void **state)
{
	static const char *const rows[] = {
		"INSERT INTO source (id, name, kind, state, attempted_ms) VALUES (1, 'lab', 'local', 'ok', 1)",
		"INSERT INTO pipeline (id, source_id, pipeline) VALUES (1, 1, 'recsys')",
	};
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	*state = lab_new("projects: [{name: a, pipelines: [\"lab/*\"], due: {\"lab/*\": \"02:30\"}}]\n", rows,
		ARRAY_LEN(rows));
	return 0;
}

static void test_a_failure_that_was_told_late_opens_what_we_resolved(void **state)
{
	struct lab *p = *state;
	int64_t ten = at("2026-11-21T10:00:00Z");
	put_step(p, 1, "failed", ten);
	update(p, ten + MINUTE);
	put_step(p, 2, "success", ten + 2 * MINUTE);
	update(p, ten + 10 * MINUTE);
	assert_string_equal(sql_text(p->store, p->arena, "SELECT state FROM team.problem"), "resolved");
	put_step(p, 3, "failed", ten + 5 * MINUTE); /* before we resolved it; its source tells only now */
	update(p, ten + 11 * MINUTE);
	assert_string_equal(sql_text(p->store, p->arena, "SELECT state FROM team.problem"), "open");
	assert_string_equal(sql_text(p->store, p->arena, "SELECT known FROM team.problem"), "returned");
}

static void test_what_a_person_resolved_waits_for_the_next_failure(void **state)
{
	struct lab *p = *state;
	int64_t ten = at("2026-11-21T10:00:00Z");
	put_step(p, 1, "failed", ten);
	update(p, ten + MINUTE);
	sql_run(p->store,
		arena_printf(p->arena, "UPDATE team.problem SET state = 'resolved', closed_ms = %lld",
			(long long)(ten + 2 * MINUTE)));
	sql_run(p->store,
		"INSERT INTO team.problem_event (problem_id, at_ms, who, verb) SELECT id, closed_ms, 'mlee', 'resolved'"
		" FROM team.problem");
	update(p, ten + 3 * MINUTE);
	assert_string_equal(sql_text(p->store, p->arena, "SELECT state FROM team.problem"), "resolved");
	put_step(p, 2, "failed", ten + 4 * MINUTE);
	update(p, ten + 5 * MINUTE);
	assert_string_equal(sql_text(p->store, p->arena, "SELECT state FROM team.problem"), "open");
}

/* On 2026-03-29 Paris has no 02:30. */
static void test_a_due_time_is_the_same_after_the_clocks_change(void **state)
{
	struct lab *p = *state;
	int64_t four = at("2026-03-29T04:00:00+02:00");
	put_step(p, 1, "failed", four);
	update(p, four + MINUTE);
	assert_int_equal(
		sql_number(p->store, "SELECT due_ms FROM team.problem"), at("2026-03-30T02:30:00+02:00"));
}

static void test_a_silent_sync_is_one_problem(void **state)
{
	struct lab *p = *state;
	struct err err = {0};
	assert_true(problems_check_sync(p->store, at("2026-11-21T10:00:00Z"), &err));
	assert_int_equal(
		sql_number(p->store, "SELECT count FROM team.problem WHERE key = 'platform:sync'"), 1);
}

/* The problem of COMPONENT of source `lab`: "owner due". */
static const char *owner_of_component(struct lab *p, const char *yaml, const char *component)
{
	struct err err = {0};
	int64_t ten = at("2026-11-21T10:00:00+01:00");
	struct config *config = config_parse("portal.yaml", p->dir, str_of(yaml), &err);
	if (!config)
		fail_msg("%s", err.msg);
	put_step(p, 1, "success", ten - MINUTE); /* so that nothing is late */
	sql_run(p->store,
		arena_printf(p->arena,
			"INSERT INTO health (source_id, component, state, since_ms) VALUES (1, '%s', 'failed', %lld)",
			component, (long long)ten));
	struct problem_counts counts;
	if (!problems_update(p->store, config, ten, &counts, &err))
		fail_msg("%s", err.msg);
	config_free(config);
	return sql_text(p->store, p->arena,
		"SELECT coalesce(owner, '-') || ' ' || coalesce(due_ms, 0) FROM team.problem WHERE state = 'open'");
}

static const char two_projects[] =
	"catalogue: sqlite:nowhere.db\n"
	"projects:\n"
	"  - {name: games, owner: \"@games\", pipelines: [\"lab/*\"], due: {\"lab/recsys\": \"11:00\", \"lab/clans\": \"12:00\"}}\n"
	"  - {name: platform, owner: \"@ops\", pipelines: [lab]}\n";

static void test_a_component_belongs_to_whose_pipelines_name_its_source_alone(void **state)
{
	assert_string_equal(owner_of_component(*state, two_projects, "scheduler"),
		arena_printf(((struct lab *)*state)->arena, "@ops %lld",
			(long long)at("2026-11-21T11:00:00+01:00")));
}

static void test_an_import_belongs_to_who_has_the_pipeline_of_its_name(void **state)
{
	assert_string_equal(owner_of_component(*state, two_projects, "import dags/clans.py"),
		arena_printf(((struct lab *)*state)->arena, "@games %lld",
			(long long)at("2026-11-21T12:00:00+01:00")));
}

static void test_a_component_of_nobody_has_no_owner(void **state)
{
	assert_string_equal(owner_of_component(*state, "catalogue: sqlite:nowhere.db\n", "scheduler"), "- 0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, lab_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_failure_that_was_told_late_opens_what_we_resolved),
		TEST(test_what_a_person_resolved_waits_for_the_next_failure),
		TEST(test_a_due_time_is_the_same_after_the_clocks_change),
		TEST(test_a_silent_sync_is_one_problem),
		TEST(test_a_component_belongs_to_whose_pipelines_name_its_source_alone),
		TEST(test_an_import_belongs_to_who_has_the_pipeline_of_its_name),
		TEST(test_a_component_of_nobody_has_no_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is declared for everybody, on its way into the team store and back into a configuration. */
#include "client/base/clock.h"
#include "client/catalogue/declared.h"
#include "tests/catalogue/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct place {
	char *dir;
	struct arena *arena;
	struct store *store;
	struct config *config, *merged;
	const char *notice;
};

static int setup(void **state)
{
	struct place *p = x_new(struct place);
	struct err err = {0};
	clock_fix(INT64_C(1795262400000));
	p->dir = scratch_new();
	p->arena = arena_new();
	p->store = store_open(arena_printf(p->arena, "%s/portal.db", p->dir), STORE_SYNC, &err);
	if (!p->store)
		fail_msg("%s", err.msg);
	p->config = config_parse("local.yaml", p->dir,
		STR("sources: [{name: own, kind: mlflow, url: 'http://127.0.0.1:1', token_env: OWN}]\n"
		    "projects: [{name: discovery, title: Mine}]\n"),
		&err);
	if (!p->config)
		fail_msg("%s", err.msg);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	config_free(p->merged);
	config_free(p->config);
	store_close(p->store);
	arena_free(p->arena);
	scratch_free(p->dir);
	x_free(p);
	clock_fix(TIME_NONE);
	return 0;
}

static struct declared_plan read_plan(struct place *p, const char *text)
{
	struct declared_plan plan = {.arena = p->arena};
	struct err err = {0};
	if (!declared_read(&plan, "team.yaml", str_of(text), &err))
		fail_msg("%s", err.msg);
	return plan;
}

static struct declared_plan compare(struct place *p, const char *text, const char *who)
{
	struct declared_plan plan = read_plan(p, text);
	struct err err = {0};
	if (!declared_compare(&plan, p->store, who, &err))
		fail_msg("%s", err.msg);
	return plan;
}

static void apply(struct place *p, const char *text, const char *who)
{
	struct declared_plan plan = compare(p, text, who);
	struct err err = {0};
	if (!declared_store(&plan, p->store, true, who, &err))
		fail_msg("%s", err.msg);
}

static void merge(struct place *p)
{
	struct err err = {0};
	if (!declared_merge(p->config, p->store, &p->merged, &p->notice, &err))
		fail_msg("%s", err.msg);
}

static void put_row(struct place *p, const char *kind, const char *name, const char *body)
{
	const struct value params[] = {value_text(kind), value_text(name), value_text(body)};
	struct err err = {0};
	if (!store_exec(p->store, "INSERT INTO team.declared VALUES ($1, $2, $3, 'mallory', 1)", params, 3,
		    NULL, &err))
		fail_msg("%s", err.msg);
}

static void where_nothing_is_declared_nothing_is_merged(void **state)
{
	struct place *p = *state;
	merge(p);
	assert_null(p->merged);
}

static void what_is_declared_stands_behind_what_is_local(void **state)
{
	struct place *p = *state;
	apply(p,
		"sources:\n"
		"  - {name: own, kind: mlflow, url: 'http://evil.example'}\n"
		"  - {name: lab, kind: airflow, url: 'https://airflow.example', rate: 0.50, since: 2026-01-01}\n"
		"projects:\n"
		"  - {name: discovery, title: Theirs}\n"
		"  - {name: shop, owner: 007, due: {'z/*': '06:00', 'a/*': '07:00'}, pipelines: [\"lab/*\"]}\n"
		"runbooks: [{match: Killed, page: team/killed}]\n"
		"calendar: [{name: Christmas, from: 2026-12-24, kind: holiday}]\n",
		"ana");
	merge(p);
	assert_null(p->notice);
	assert_int_equal(p->merged->n_runbooks, 1);
	assert_string_equal(p->merged->runbooks[0].page, "team/killed");
	assert_int_equal(p->merged->n_sources, 2);
	assert_string_equal(config_source(p->merged, "own")->url, "http://127.0.0.1:1");
	const struct config_source *lab = config_source(p->merged, "lab");
	assert_string_equal(lab->url, "https://airflow.example");
	assert_true(lab->rate == 0.5);
	assert_int_equal(p->merged->n_projects, 2);
	assert_string_equal(p->merged->projects[0].title, "Mine");
	assert_string_equal(p->merged->projects[1].owner, "007");
	assert_string_equal(p->merged->projects[1].due[0].key, "z/*"); /* the first that fits counts */
	assert_string_equal(config_project_of(p->merged, "lab", "x")->name, "shop");
	assert_int_equal(p->merged->n_calendar, 1);
	assert_int_equal(p->config->n_sources, 1);
}

static void many_are_merged(void **state)
{
	struct place *p = *state;
	for (int i = 0; i < 70; i++)
		put_row(p, "source", arena_printf(p->arena, "s%d", i),
			arena_printf(
				p->arena, "{\"name\": \"s%d\", \"kind\": \"local\", \"path\": \"/x\"}", i));
	merge(p);
	assert_int_equal(p->merged->n_sources, 71);
	for (int i = 0; i < 70; i++)
		assert_non_null(config_source(p->merged, arena_printf(p->arena, "s%d", i)));
}

static void a_row_with_a_command_or_a_credential_is_left_out(void **state)
{
	static const char *const bodies[] = {
		"{\"name\": \"e\", \"kind\": \"plugin\", \"command\": [\"sh\"]}",
		"{\"name\": \"e\", \"kind\": \"mlflow\", \"url\": \"https://e\", \"token_command\": [\"sh\"]}",
		"{\"name\": \"e\", \"kind\": \"mlflow\", \"url\": \"https://e\", \"token_env\": \"HOME\"}",
		"{\"name\": \"e\", \"kind\": \"mlflow\", \"url\": \"https://e\", \"token_file\": \"/etc/passwd\"}",
		"{\"name\": \"e\", \"kind\": \"mlflow\", \"url\": \"https://e\", \"client_cert\": \"/k\"}",
		"{\"name\": \"e\", \"kind\": \"local\", \"path\": \"../relative\"}",
		"{\"name\": \"../e\", \"kind\": \"local\", \"path\": \"/x\"}",
		"{\"name\": \"e\"}], \"projects\": [{\"name\": \"x\", \"oncall_command\": \"sh\"}",
		"not JSON [",
		"",
	};
	struct place *p = *state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		put_row(p, "source", arena_printf(p->arena, "e%zu", i), bodies[i]);
	merge(p);
	assert_non_null(p->notice);
	assert_int_equal(p->merged->n_sources, 1);
	assert_int_equal(p->merged->n_projects, 1);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		if (i != ARRAY_LEN(bodies) - 1 && !strstr(p->notice, arena_printf(p->arena, "'e%zu'", i)))
			fail_msg("nobody is told about %s", bodies[i]);
}

static void the_order_of_keys_is_no_change(void **state)
{
	struct place *p = *state;
	apply(p, "projects: [{name: shop, owner: ana, title: Shop}]", "ana");
	struct declared_plan plan =
		compare(p, "projects:\n- title: Shop\n  name: shop\n  owner: ana\n", "ana");
	assert_int_equal(plan.items[0].change, DECLARED_SAME);
}

static void what_another_put_there_is_a_conflict(void **state)
{
	struct place *p = *state;
	apply(p, "projects: [{name: shop, owner: ana}]", "ana");
	struct declared_plan plan = compare(p, "projects: [{name: shop, owner: bob}]", "bob");
	assert_int_equal(plan.n_conflicts, 1);
	assert_string_equal(plan.items[0].who, "ana");
	plan = compare(p, "projects: [{name: shop, owner: bob}]", "ana");
	assert_int_equal(plan.n_changed, 1);
	assert_int_equal(plan.n_conflicts, 0);
}

static void who_was_slower_is_told_and_changes_nothing(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	apply(p, "projects: [{name: shop, owner: ana}]", "ana");
	struct declared_plan slow =
		compare(p, "projects: [{name: first, owner: x}, {name: shop, owner: slow}]", "ana");
	apply(p, "projects: [{name: shop, owner: fast}]", "bob");
	assert_false(declared_store(&slow, p->store, true, "ana", &err));
	assert_int_equal(err.code, ERR_UNAVAILABLE);
	struct declared_plan now = compare(p, "projects: [{name: shop, owner: fast}, {name: first}]", "x");
	assert_int_equal(now.items[0].change, DECLARED_SAME);
	assert_int_equal(now.items[1].change, DECLARED_ADDED);
}

static void what_stands_there_twice_is_refused(void **state)
{
	struct place *p = *state;
	struct declared_plan plan = {.arena = p->arena};
	struct err err = {0};
	const char *text = "costs: [{pipeline: a/b, rate_per_hour: 1}, {pipeline: a/b, rate_per_hour: 2}]";
	assert_false(declared_read(&plan, "team.yaml", str_of(text), &err));
	assert_non_null(strstr(err.msg, "team.yaml:1: cost 'a/b'"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(where_nothing_is_declared_nothing_is_merged),
		TEST(what_is_declared_stands_behind_what_is_local),
		TEST(many_are_merged),
		TEST(a_row_with_a_command_or_a_credential_is_left_out),
		TEST(the_order_of_keys_is_no_change),
		TEST(what_another_put_there_is_a_conflict),
		TEST(who_was_slower_is_told_and_changes_nothing),
		TEST(what_stands_there_twice_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

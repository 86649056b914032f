/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is on call is asked of the rota, now and then, and is kept where it does not answer. */
#include "client/sync/oncall.h"

#include "client/base/mem.h"
#include "client/triage/wait.h"
#include "tests/catalogue/lab.h"

#define MINUTE INT64_C(60000)
#define NOW    (INT64_C(30000000) * MINUTE)

static int setup(void **state)
{
	/* a shared database keeps its meta */
	static const char *const rows[] = {"DELETE FROM meta WHERE key LIKE 'oncall:%'"};
	*state = lab_new("", rows, ARRAY_LEN(rows));
	return 0;
}

/* Who it is at NOW_MS, once the rota is COMMAND in the shell. */
static const char *ask(struct lab *p, const char *command, int64_t now_ms)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	struct config_project project = {.name = "discovery", .oncall = "@team", .oncall_command = argv};
	const struct config config = {.projects = &project, .n_projects = 1};
	const char *who = NULL;
	struct err err = {0};
	if (!oncall_update(p->store, &config, now_ms, &err) ||
		!wait_oncall(p->store, &project, now_ms, p->arena, &who, &err))
		fail_msg("%s", err.msg);
	return who;
}

static void the_first_line_of_the_rota_counts(void **state)
{
	assert_string_equal(ask(*state, "printf '  @ana Smith \\nsecond line\\n'", NOW), "@ana Smith");
}

static void an_answer_is_good_for_some_minutes(void **state)
{
	assert_string_equal(ask(*state, "echo @ana", NOW), "@ana");
	assert_string_equal(ask(*state, "echo @bob", NOW + 4 * MINUTE), "@ana");
	assert_string_equal(ask(*state, "echo @bob", NOW + 5 * MINUTE), "@bob");
}

static void a_rota_that_fails_changes_nothing_for_a_day(void **state)
{
	assert_string_equal(ask(*state, "exit 3", NOW), "@team");
	assert_string_equal(ask(*state, "echo @ana", NOW), "@ana");
	assert_string_equal(ask(*state, "echo broken; exit 1", NOW + 60 * MINUTE), "@ana");
	assert_string_equal(ask(*state, "true", NOW + 23 * 60 * MINUTE), "@ana");
	assert_string_equal(ask(*state, "yes", NOW + 24 * 60 * MINUTE), "@team"); /* no end of names */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, lab_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_line_of_the_rota_counts),
		TEST(an_answer_is_good_for_some_minutes),
		TEST(a_rota_that_fails_changes_nothing_for_a_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

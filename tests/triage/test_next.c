/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to do next, the kinds of causes, and which page helps. */
#include "client/triage/next.h"

#include "client/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_cause_has_a_kind_a_page_and_an_act(void **state)
{
	static const struct {
		const char *kind, *subject, *text, *name, *cause_kind, *act;
	} cases[] = {
		{"failed", NULL, "DataCheckError: null_rate(player_id) = 0.312", "data-check-failed", "data",
			"fix"},
		{"failed", NULL, "AirflowSensorTimeout: Sensor has timed out", "upstream-late", "data",
			"wait"},
		{"failed", NULL, "java.lang.OutOfMemoryError: Java heap space", "out-of-memory-driver",
			"infrastructure", "trigger"},
		{"failed", NULL, "ExecutorLostFailure (executor 3 exited): Container killed by YARN",
			"out-of-memory-executor", "infrastructure", "trigger"},
		{"failed", NULL, "OSError: [Errno 28] No space left on device", "disk-full", "infrastructure",
			"fix"},
		{"failed", NULL, "OSError: [Errno 122] Disk quota exceeded", "disk-full", "infrastructure",
			"fix"},
		{"failed", NULL, "HTTP 429 Too Many Requests", "quota", "infrastructure", "wait"},
		{"failed", NULL, "ExpiredToken: the security token has expired", "expired-credentials",
			"infrastructure", "fix"},
		{"failed", NULL, "AnalysisException: cannot resolve column 'region'", "schema-change", "data",
			"fix"},
		{"failed", NULL, "ModuleNotFoundError: No module named 'x'", "dependency-missing", "code",
			"fix"},
		{"failed", NULL, "ValueError: unknown region 'moon'", "wrong-conf", "code", "trigger"},
		{"failed", NULL, "Task received SIGTERM signal", "killed", "infrastructure", "rerun"},
		{"failed", NULL, "WorkerLostError: Worker exited prematurely", "lost-worker",
			"infrastructure", "rerun"},
		{"failed", NULL, "AirflowTaskTimeout: Timeout, PID: 17", "timeout", "infrastructure",
			"rerun"},
		{"failed", NULL, "Loss is NaN at step 300", "nan-loss", "code", "fix"},
		{"failed", NULL, "ConnectionResetError: [Errno 104] Connection reset by peer",
			"service-unreachable", "infrastructure", "rerun"},
		{"failed", NULL, "KeyError: 'replica_url'", "code", "code", "fix"},
		{"failed", NULL, "train failed; its log says nothing yet", "unknown", "unknown", NULL},
		{"platform", "scheduler", "silent, last heartbeat 02:51", "scheduler-dead", "infrastructure",
			"restart"},
		{"platform", "import dags/sync_users.py", "ModuleNotFoundError: x", "import-error", "code",
			"fix"},
		{"platform", NULL, "GET /api: HTTP 401", "expired-credentials", "infrastructure", "fix"},
		{"platform", NULL, "GET /api: cannot connect", "service-unreachable", "infrastructure",
			"restart"},
		{"platform", "dag-processor", "silent, last heartbeat 02:51", "scheduler-dead",
			"infrastructure", "restart"},
		{"failed", NULL, "ClientError: HTTP Error 403: Forbidden", "expired-credentials",
			"infrastructure", "fix"},
		{"failed", NULL, "Process terminated by signal. Likely out of memory error", "killed",
			"infrastructure", "rerun"},
		{"failed", NULL, "JSONDecodeError: Expecting value: line 1", "code", "code", "fix"},
		{"late", NULL, "train is queued since 02:00, and nothing takes it", "stuck-queue",
			"infrastructure", "restart"},
		{"late", NULL, "running since 02:00; its last 9 green runs took 10m at most", "slow-pipeline",
			"unknown", "wait"},
		{"late", NULL, "due 06:00, running since 02:00", "slow-pipeline", "unknown", "wait"},
		{"late", NULL, "due 06:00, no green run is known", "upstream-late", "unknown", "trigger"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct cause *cause = cause_of(cases[i].kind, cases[i].subject, cases[i].text);
		if (strcmp(cause->name, cases[i].name))
			fail_msg("'%s' is %s, not %s", cases[i].text, cause->name, cases[i].name);
		assert_string_equal(cause->kind, cases[i].cause_kind);
		assert_true(cases[i].act ? cause->act && !strcmp(cause->act, cases[i].act) : !cause->act);
	}
}

/* What TEXT of a problem of KIND asks for, where nothing else is known. */
static struct next_facts facts_of(const char *kind, const char *text, const struct past *past)
{
	return (struct next_facts){.kind = kind,
		.state = "open",
		.source = "airflow-prod",
		.cause = cause_of(kind, NULL, text),
		.past = past};
}

#define ASSERT_NEXT(facts, want, because)                                                                    \
	do {                                                                                                 \
		struct next next_ = next_act(facts, *state);                                                 \
		assert_string_equal(next_.act, want);                                                        \
		if (!strstr(next_.why, because))                                                             \
			fail_msg("'%s' does not say '%s'", next_.why, because);                              \
	} while (0)

static void what_is_known_of_now_comes_before_the_cause(void **state)
{
	const struct past none = {0};
	struct next_facts f = facts_of("failed", "Task received SIGTERM", &none);
	ASSERT_NEXT(&f, "rerun", "from outside");
	f.is_mapped = true;
	ASSERT_NEXT(&f, "clear", "from outside");
	f.waits_for = "airflow-prod/ingest";
	ASSERT_NEXT(&f, "wait", "airflow-prod/ingest");
	f.down = "scheduler: silent since 02:52";
	ASSERT_NEXT(&f, "restart", "nothing would start on airflow-prod: scheduler");
	f.again = "try 3 is running already";
	ASSERT_NEXT(&f, "wait", "try 3");
	f.state = "resolved";
	ASSERT_NEXT(&f, "none", "resolved");
	f.is_flaky = true;
	f.cause = cause_flaky();
	ASSERT_NEXT(&f, "none", "passed");
}

static void history_speaks_where_the_cause_leaves_room(void **state)
{
	const struct past bad = {.rerun_tried = 3}, good = {.rerun_tried = 4, .rerun_passed = 2},
			  once = {.rerun_tried = 1}, none = {0};
	struct next_facts f = facts_of("failed", "Task received SIGTERM", &bad);
	ASSERT_NEXT(&f, "fix", "0 of 3");
	f = facts_of("failed", "KeyError: 'x'", &good);
	ASSERT_NEXT(&f, "rerun", "2 of 4");
	f = facts_of("failed", "something odd", &none);
	ASSERT_NEXT(&f, "rerun", "nobody has tried");
	f = facts_of("failed", "something odd", &once);
	ASSERT_NEXT(&f, "fix", "the log says more");
	/* that reruns never passed is no news: memory does not grow by itself */
	f = facts_of("failed", "java.lang.OutOfMemoryError", &bad);
	ASSERT_NEXT(&f, "trigger", "out of memory");
}

static void parameters_that_helped_before_are_proposed(void **state)
{
	const struct past helped = {.rerun_tried = 4,
		.n_helped = 1,
		.helped = {{.verb = "trigger",
			.text = "{\"conf\":{\"memory\":\"12g\"}}",
			.who = "ana",
			.tried = 2,
			.passed = 2}}};
	struct next_facts f = facts_of("failed", "java.lang.OutOfMemoryError", &helped);
	ASSERT_NEXT(&f, "trigger", "helped 2 of 2 times (ana)");
}

static void a_page_of_ones_own_comes_first(void **state)
{
	static struct config_runbook runbooks[] = {
		{"null_rate\\(.*\\)", "airflow-prod/recsys_*", "team/null-rates"},
		{"broken (pattern", NULL, "team/broken"},
	};
	const struct config config = {.runbooks = runbooks, .n_runbooks = ARRAY_LEN(runbooks)};
	const char *text = "DataCheckError: NULL_RATE(player_id) = 0.3";
	const struct cause *cause = cause_of("failed", NULL, text);
	(void)state;
	assert_string_equal(
		cause_runbook(&config, cause, text, "airflow-prod", "recsys_daily"), "team/null-rates");
	assert_string_equal(
		cause_runbook(&config, cause, text, "airflow-prod", "churn"), "runbooks/data-check-failed");
	assert_string_equal(cause_runbook(&config, cause, "a broken (pattern", "a", "b"), "team/broken");
}

static int setup(void **state)
{
	*state = arena_new();
	return 0;
}

static int teardown(void **state)
{
	arena_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cause_has_a_kind_a_page_and_an_act),
		cmocka_unit_test(what_is_known_of_now_comes_before_the_cause),
		cmocka_unit_test(history_speaks_where_the_cause_leaves_room),
		cmocka_unit_test(parameters_that_helped_before_are_proposed),
		cmocka_unit_test(a_page_of_ones_own_comes_first),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}

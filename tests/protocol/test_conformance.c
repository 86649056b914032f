/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conformance test, tried on a plug-in that does one thing wrong at a time. */
#include "client/protocol/conformance.h"

#include "client/base/buf.h"
#include "client/base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { PLENTY_MS = 30000, SOON_MS = 1000 };

struct heard {
	struct buf bad;	 /* "NAME: WHY" of each check that failed, a line each */
	struct buf said; /* by the source */
	int n_ok, n_skipped;
};

static void on_check(void *ctx, const struct conformance_check *check)
{
	struct heard *heard = ctx;
	heard->n_ok += check->verdict == CONFORMANCE_OK;
	heard->n_skipped += check->verdict == CONFORMANCE_SKIPPED;
	assert_non_null(check->section);
	if (check->verdict == CONFORMANCE_NOT_OK)
		buf_addf(&heard->bad, "%s: %s\n", check->name, check->why);
}

static void on_said(void *ctx, struct str line)
{
	struct heard *heard = ctx;
	buf_addf(&heard->said, "%.*s\n", STR_FMT(line));
}

static int run(const char *const *argv, int silence_ms, struct heard *heard)
{
	static const struct conformance_ops ops = {.check = on_check, .said = on_said};
	const struct config_source source = {
		.name = "x", .kind = "plugin", .command = (const char **)(uintptr_t)argv, .json = STR("{}")};
	*heard = (struct heard){0};
	buf_init(&heard->bad, 0);
	buf_init(&heard->said, 0);
	return conformance_run(NULL, &source, silence_ms, &ops, heard);
}

static int run_mode(const char *mode, struct heard *heard)
{
	const char *const argv[] = {"python3", "-IS", "tests/fixtures/plugins/whole.py", mode, NULL};
	return run(argv, PLENTY_MS, heard);
}

static void heard_fini(struct heard *heard)
{
	buf_fini(&heard->bad);
	buf_fini(&heard->said);
}

static void a_whole_plug_in_passes_all(void **state)
{
	struct heard heard;
	(void)state;
	run_mode("whole", &heard);
	assert_string_equal(buf_str(&heard.bad).p, "");
	assert_int_equal(heard.n_ok, 18);
	assert_int_equal(heard.n_skipped, 0);
	heard_fini(&heard);
}

static void what_it_has_not_is_not_tried(void **state)
{
	struct heard heard;
	(void)state;
	assert_int_equal(run_mode("bare", &heard), 0);
	assert_int_equal(heard.n_ok, 8);
	heard_fini(&heard);
}

/* Each oddity, and what is told of it (the start of the first failure). */
static const struct {
	const char *mode, *told;
} oddities[] = {
	{"future", "it starts and says hello: 'protocol' must be the number 1"},
	{"no-pull", "it starts and says hello: 'methods' does not name 'pull'"},
	{"unknown", "an unknown method answers with -32601: it answers with the error -32603, not -32601"},
	{"crash", "a first pull gives good records and its end: it ended"},
	{"long-line", "a first pull gives good records and its end: line 3 is longer than 16 MiB"},
	{"words", "a first pull gives good records and its end: line 3 of its standard output is no JSON"},
	{"no-run", "a first pull gives good records and its end: record 'run': no 'run'"},
	{"no-cursor", "a first pull gives good records and its end: the result needs a 'cursor'"},
	{"wrong-state", "a first pull gives good records and its end: record 'run': 'ok' is no state of it"},
	{"seconds",
		"a first pull gives good records and its end: record 'run': 'started_ms' looks like seconds"},
	{"changes", "the same pull again gives the same: 'run p r1' was over, and is now told otherwise"},
	{"log-again",
		"a log goes on at its offset, without what was sent before: it is sent from its start again"},
	{"log-id",
		"each line is JSON-RPC 2.0 in UTF-8, and belongs to a request: a notification 'log' with the id"},
	{"log-errors", "a log of what is not there answers with -32002: it answers with the error -32603"},
	{"cancel-code",
		"a followed log that is cancelled answers with -32800: it answers with the error -32603"},
	{"series-error", "series gives points: error -32603: the curve is damaged"},
	{"series-all",
		"series gives the metric that is asked for, no more points: asked for 'auc', it gives others"},
	{"wrong-size", "artifact gives a file's bytes: 'note.txt' has 15 bytes as it is listed, 14 came"},
	{"base64", "artifact gives a file's bytes: a chunk is no base64"},
	{"no-effect", "act says what it would do: a dry run of 'rerun' needs a list 'effect'"},
	{"bad-utf8", "each line is JSON-RPC 2.0 in UTF-8, and belongs to a request: line 3 is not UTF-8"},
	{"bare-nan",
		"each line is JSON-RPC 2.0 in UTF-8, and belongs to a request: line 3 holds what JSON has not"},
	{"wrong-id",
		"each line is JSON-RPC 2.0 in UTF-8, and belongs to a request: line 3 answers a request"},
	{"twice", "each line is JSON-RPC 2.0 in UTF-8, and belongs to a request: line"},
	{"stray", "each line is JSON-RPC 2.0 in UTF-8, and belongs to a request: 'weather' is no record"},
	{"cursor", "a pull from its cursor goes on, also in a new process: error -32603: no such cursor"},
};

static void each_oddity_is_told_for_what_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(oddities); i++) {
		struct heard heard;
		int n = run_mode(oddities[i].mode, &heard);
		if (!str_starts(buf_str(&heard.bad), str_of(oddities[i].told)) || !n)
			fail_msg("%s: told '%s'", oddities[i].mode, buf_str(&heard.bad).p);
		heard_fini(&heard);
	}
}

static void its_last_words_are_handed_on(void **state)
{
	struct heard heard;
	(void)state;
	run_mode("crash", &heard);
	assert_string_equal(buf_str(&heard.said).p, "KeyError: 'scheduler'\n");
	heard_fini(&heard);
}

static void silence_ends_it(void **state)
{
	const char *const argv[] = {"python3", "-IS", "tests/fixtures/plugins/whole.py", "hang", NULL};
	struct heard heard;
	(void)state;
	assert_int_equal(run(argv, SOON_MS, &heard), 1);
	assert_string_equal(heard.bad.p, "a first pull gives good records and its end: no answer in 1 s\n");
	heard_fini(&heard);
}

static void a_command_that_is_none_is_told(void **state)
{
	const char *const argv[] = {"/nowhere/scheduler", NULL};
	struct heard heard;
	(void)state;
	assert_int_equal(run(argv, PLENTY_MS, &heard), 1);
	assert_string_equal(heard.bad.p,
		"it starts and says hello: cannot run '/nowhere/scheduler': No such file or directory\n");
	heard_fini(&heard);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_plug_in_passes_all),
		cmocka_unit_test(what_it_has_not_is_not_tried),
		cmocka_unit_test(each_oddity_is_told_for_what_it_is),
		cmocka_unit_test(its_last_words_are_handed_on),
		cmocka_unit_test(silence_ends_it),
		cmocka_unit_test(a_command_that_is_none_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

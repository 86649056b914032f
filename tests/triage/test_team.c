/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people do about problems, one after the other and against each other; and what is told of it. */
#include "client/triage/team.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/catalogue/ref.h"
#include "client/triage/notify.h"
#include "client/triage/problems.h"
#include "tests/catalogue/sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define NOW    INT64_C(1795262400000) /* 2026-11-21 13:00 in Paris */
#define HOUR   INT64_C(3600000)
#define MINUTE INT64_C(60000)

struct place {
	char *dir;
	struct config *config;
	struct store *store, *other; /* of another process */
	struct arena *arena;
	struct team_done done;
	struct err err;
};

static struct config *read_config(struct place *p, const char *more)
{
	struct err err = {0};
	char *yaml = x_printf("projects:\n  - {name: a, pipelines: [\"lab/*\"], owner: \"@data-eng\"}\n"
			      "  - {name: b, pipelines: [\"toys/*\"], severity: playground}\n%s",
		more);
	struct config *config = config_parse("portal.yaml", p->dir, str_of(yaml), &err);
	x_free(yaml);
	if (!config)
		fail_msg("%s", err.msg);
	return config;
}

static void configure(struct place *p, const char *more)
{
	config_free(p->config);
	p->config = read_config(p, more);
}

/* Run RUN of step "train" of PIPELINE failed (or not) at AT_MS. */
static void put_run(struct place *p, int pipeline, int run, const char *state, int64_t at_ms)
{
	long long ms = at_ms;
	sql_run(p->store,
		arena_printf(p->arena,
			"INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms, failed_steps)"
			" VALUES (%d, %d, 1, 'r%d', '%s', %lld, CASE '%s' WHEN 'failed' THEN 1 ELSE 0 END)",
			run, pipeline, run, state, ms, state));
	sql_run(p->store, arena_printf(p->arena,
				  "INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms)"
				  " VALUES (%d, %d, 'train', 1, '%s', %lld)",
				  run, pipeline, state, ms));
}

static void update(struct place *p, int64_t now_ms)
{
	struct problem_counts counts;
	clock_fix(now_ms);
	if (!problems_update(p->store, p->config, now_ms, &counts, &p->err))
		fail_msg("%s", p->err.msg);
}

static int setup(void **state)
{
	struct place *p = x_new(struct place);
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	clock_fix(NOW);
	p->dir = scratch_new();
	p->arena = arena_new();
	p->config = read_config(p, "");
	char *address = scratch_catalogue(p->dir);
	p->store = store_open(address, STORE_SYNC, &p->err);
	p->other = p->store ? store_open(address, STORE_READ, &p->err) : NULL;
	x_free(address);
	if (!p->other)
		fail_msg("%s", p->err.msg);
	sql_run(p->store, "INSERT INTO source (id, name, kind, state, attempted_ms) VALUES"
			  " (1, 'lab', 'local', 'ok', 1), (2, 'toys', 'local', 'ok', 1)");
	sql_run(p->store, "INSERT INTO pipeline (id, source_id, pipeline) VALUES"
			  " (1, 1, 'recsys'), (2, 1, 'churn'), (3, 2, 'toy')");
	put_run(p, 1, 1, "failed", NOW - HOUR);
	update(p, NOW);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	clock_fix(TIME_NONE);
	store_close(p->other);
	store_close(p->store);
	config_free(p->config);
	arena_free(p->arena);
	scratch_free(p->dir);
	x_free(p);
	return 0;
}

static bool step(struct place *p, const char *who, enum team_verb verb, int64_t seen, const char *text)
{
	const struct team_step it = {
		.verb = verb, .problem = 1, .seen = seen, .text = text, .until_ms = clock_now_ms() + HOUR};
	struct store *store = strcmp(who, "ana") ? p->store : p->other;
	return team_do(store, p->config, who, &it, p->arena, &p->done, &p->err);
}

static void does(struct place *p, const char *who, enum team_verb verb, const char *text)
{
	if (!step(p, who, verb, TEAM_UNSEEN, text))
		fail_msg("%s", p->err.msg);
}

static void is_refused(struct place *p, const char *why)
{
	assert_int_equal(p->err.code, ERR_REFUSED);
	if (!strstr(p->err.msg, why))
		fail_msg("'%s' does not say '%s'", p->err.msg, why);
}

static void undoes(struct place *p, const char *who)
{
	struct team_done done[4];
	size_t n;
	if (!team_undo(p->store, p->config, who, false, p->arena, done, ARRAY_LEN(done), &n, &p->err))
		fail_msg("%s", p->err.msg);
}

static const char *ask(struct place *p, const char *sql)
{
	const char *text = sql_text(p->store, p->arena, sql);
	return text ? text : "-";
}

#define STATE  "SELECT state || ' ' || coalesce(assignee, '-') FROM team.problem WHERE id = 1"
#define EVENTS "SELECT CAST(count(*) AS TEXT) FROM team.problem_event WHERE problem_id = 1"
#define LAST   "SELECT who || ' ' || verb FROM team.problem_event ORDER BY id DESC LIMIT 1"

/* --- one after the other ------------------------------------------------------------ */

static void each_step_leaves_its_state_and_an_event(void **state)
{
	static const struct {
		enum team_verb verb;
		const char *text, *after, *event;
	} steps[] = {
		{TEAM_ACK, NULL, "acknowledged mlee", "mlee acknowledged"},
		{TEAM_NOTE, "it is the disk", "acknowledged mlee", "mlee note"},
		{TEAM_SNOOZE, NULL, "snoozed mlee", "mlee snoozed"},
		{TEAM_ASSIGN, "ana", "acknowledged ana", "mlee assigned"},
		{TEAM_ASSIGN, "", "open -", "mlee assigned"},
		{TEAM_ASSIGN, NULL, "acknowledged mlee", "mlee assigned"},
		{TEAM_IGNORE, "a test", "ignored mlee", "mlee ignored"},
		{TEAM_REOPEN, NULL, "open -", "mlee reopened"},
		{TEAM_RESOLVE, "fixed", "resolved -", "mlee resolved"},
	};
	struct place *p = *state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		does(p, "mlee", steps[i].verb, steps[i].text);
		assert_string_equal(ask(p, STATE), steps[i].after);
		assert_string_equal(ask(p, LAST), steps[i].event);
	}
	assert_string_equal(
		ask(p, "SELECT CAST(count(*) AS TEXT) FROM team.audit WHERE result = 'done'"), "9");
}

static void what_is_over_is_reopened_first(void **state)
{
	struct place *p = *state;
	does(p, "mlee", TEAM_RESOLVE, NULL);
	assert_false(step(p, "ana", TEAM_ACK, TEAM_UNSEEN, NULL));
	is_refused(p, "is resolved (mlee: resolved at");
	assert_false(step(p, "ana", TEAM_SNOOZE, TEAM_UNSEEN, NULL));
}

static void a_note_needs_words_and_a_problem(void **state)
{
	struct place *p = *state;
	assert_false(step(p, "mlee", TEAM_NOTE, TEAM_UNSEEN, "  "));
	assert_int_equal(p->err.code, ERR_USAGE);
	const struct team_step none = {.verb = TEAM_ACK, .problem = 99, .seen = TEAM_UNSEEN};
	assert_false(team_do(p->store, p->config, "mlee", &none, p->arena, &p->done, &p->err));
	assert_int_equal(p->err.code, ERR_NOT_FOUND);
}

static void a_dry_run_changes_nothing(void **state)
{
	struct place *p = *state;
	const struct team_step it = {.verb = TEAM_ACK, .problem = 1, .seen = TEAM_UNSEEN, .is_dry_run = true};
	assert_true(team_do(p->store, p->config, "mlee", &it, p->arena, &p->done, &p->err));
	assert_string_equal(p->done.state, "acknowledged");
	assert_string_equal(ask(p, STATE), "open -");
	assert_string_equal(ask(p, EVENTS), "1");
	assert_string_equal(ask(p, "SELECT CAST(count(*) AS TEXT) FROM team.audit"), "0");
}

/* --- against each other ---------------------------------------------------------------- */

static void who_comes_second_is_told_who_did_what(void **state)
{
	struct place *p = *state;
	int64_t seen;
	assert_true(team_version(p->store, &seen, &p->err));
	assert_true(step(p, "ana", TEAM_ACK, seen, NULL));
	assert_false(step(p, "mlee", TEAM_RESOLVE, seen, NULL));
	is_refused(p, "problem 1: ana: acknowledged at 2026-11-21 13:00:00 CET, meanwhile");
	assert_string_equal(ask(p, STATE), "acknowledged ana");
	assert_string_equal(ask(p, EVENTS), "2");
}

static void that_sync_resolved_it_is_a_conflict_too(void **state)
{
	struct place *p = *state;
	int64_t seen;
	assert_true(team_version(p->store, &seen, &p->err));
	put_run(p, 1, 2, "success", NOW + MINUTE);
	update(p, NOW + 2 * MINUTE);
	assert_false(step(p, "mlee", TEAM_ACK, seen, NULL));
	is_refused(p, "sync: resolved");
}

static void ones_own_steps_and_notes_of_others_are_none(void **state)
{
	struct place *p = *state;
	int64_t seen;
	assert_true(team_version(p->store, &seen, &p->err));
	assert_true(step(p, "mlee", TEAM_ACK, seen, NULL));
	does(p, "ana", TEAM_NOTE, "good luck");
	assert_true(step(p, "mlee", TEAM_SNOOZE, seen, NULL));
}

static void taking_over_is_said_in_so_many_words(void **state)
{
	struct place *p = *state;
	does(p, "ana", TEAM_ACK, NULL);
	assert_false(step(p, "mlee", TEAM_ACK, TEAM_UNSEEN, NULL));
	is_refused(p, "ana has it");
	does(p, "mlee", TEAM_ASSIGN, NULL);
	assert_string_equal(ask(p, STATE), "acknowledged mlee");
}

/* --- undo -------------------------------------------------------------------------------- */

static void undo_goes_back_step_by_step(void **state)
{
	struct place *p = *state;
	does(p, "mlee", TEAM_ACK, NULL);
	does(p, "mlee", TEAM_SNOOZE, NULL);
	does(p, "mlee", TEAM_RESOLVE, NULL);
	undoes(p, "mlee");
	assert_string_equal(ask(p, STATE), "snoozed mlee");
	undoes(p, "mlee");
	assert_string_equal(ask(p, STATE), "acknowledged mlee");
	undoes(p, "mlee");
	assert_string_equal(ask(p, STATE), "open -");
	assert_string_equal(ask(p, EVENTS), "7"); /* what was done stays to be read */
	struct team_done done;
	size_t n;
	assert_false(team_undo(p->store, p->config, "mlee", false, p->arena, &done, 1, &n, &p->err));
	assert_int_equal(p->err.code, ERR_NOT_FOUND);
}

static void undo_takes_nothing_of_others_away(void **state)
{
	struct place *p = *state;
	struct team_done done;
	size_t n;
	does(p, "mlee", TEAM_ACK, NULL);
	does(p, "ana", TEAM_ASSIGN, NULL);
	assert_false(team_undo(p->store, p->config, "mlee", false, p->arena, &done, 1, &n, &p->err));
	is_refused(p, "ana: assigned to ana");
	assert_string_equal(ask(p, STATE), "acknowledged ana");
}

static void one_command_is_undone_as_a_whole(void **state)
{
	struct place *p = *state;
	put_run(p, 2, 5, "failed", NOW - HOUR);
	update(p, NOW + MINUTE);
	does(p, "mlee", TEAM_ACK, NULL);
	const struct team_step more = {
		.verb = TEAM_ACK, .problem = 2, .seen = TEAM_UNSEEN, .command = p->done.command};
	assert_true(team_do(p->store, p->config, "mlee", &more, p->arena, &p->done, &p->err));
	undoes(p, "mlee");
	assert_string_equal(
		ask(p, "SELECT CAST(count(*) AS TEXT) FROM team.problem WHERE state = 'open'"), "2");
}

/* --- what sync makes of it --------------------------------------------------------------------- */

static void a_snooze_ends_at_its_time(void **state)
{
	struct place *p = *state;
	does(p, "mlee", TEAM_ACK, NULL);
	does(p, "mlee", TEAM_SNOOZE, NULL);
	update(p, NOW + 59 * MINUTE);
	assert_string_equal(ask(p, STATE), "snoozed mlee");
	update(p, NOW + HOUR);
	assert_string_equal(ask(p, STATE), "acknowledged mlee");
	assert_string_equal(ask(p, LAST), "sync woke");
}

static void a_snoozed_one_that_grows_is_back_at_once(void **state)
{
	struct place *p = *state;
	does(p, "mlee", TEAM_SNOOZE, NULL);
	for (int run = 2; run < 4; run++) /* 3 times: twice as many, but not three more */
		put_run(p, 1, run, "failed", NOW - HOUR + run);
	update(p, NOW + MINUTE);
	assert_string_equal(ask(p, STATE), "snoozed -");
	put_run(p, 1, 4, "failed", NOW - HOUR + 4);
	update(p, NOW + 2 * MINUTE);
	assert_string_equal(ask(p, STATE), "open -");
	assert_string_equal(ask(p, LAST), "sync grew");
	update(p, NOW + 3 * MINUTE); /* that was told */
	assert_string_equal(ask(p, EVENTS), "3");
}

static void a_resolved_one_returns_when_it_happens_again(void **state)
{
	struct place *p = *state;
	does(p, "mlee", TEAM_ACK, NULL);
	does(p, "mlee", TEAM_RESOLVE, NULL);
	update(p, NOW + MINUTE);
	assert_string_equal(ask(p, STATE), "resolved mlee");
	put_run(p, 1, 2, "failed", NOW + 2 * MINUTE);
	update(p, NOW + 3 * MINUTE);
	assert_string_equal(ask(p, STATE), "open -");
	assert_string_equal(ask(p, "SELECT known FROM team.problem"), "returned");
}

static void an_ignored_one_stays_away(void **state)
{
	struct place *p = *state;
	does(p, "mlee", TEAM_IGNORE, NULL);
	for (int run = 2; run < 9; run++)
		put_run(p, 1, run, "failed", NOW + run);
	update(p, NOW + MINUTE);
	put_run(p, 1, 20, "success", NOW + 2 * MINUTE);
	update(p, NOW + 3 * MINUTE);
	assert_string_equal(ask(p, STATE), "ignored -");
}

/* --- what is told -------------------------------------------------------------------------------- */

#define QUEUED "SELECT CAST(count(*) AS TEXT) FROM team.notice WHERE state = 'queued'"

static void what_is_new_returns_or_grows_is_queued_once(void **state)
{
	struct place *p = *state;
	configure(p, "notify: [{name: pager, command: [page]}, {name: b, command: [page], projects: [b]}]\n");
	update(p, NOW + MINUTE); /* it is known already */
	assert_string_equal(ask(p, QUEUED), "0");
	put_run(p, 2, 30, "failed", NOW);
	put_run(p, 3, 31, "failed", NOW); /* of a playground */
	update(p, NOW + 2 * MINUTE);
	update(p, NOW + 3 * MINUTE);
	assert_string_equal(ask(p, QUEUED), "1");
	const char *body = ask(p, "SELECT body FROM team.notice");
	assert_non_null(strstr(body, "\"event\":\"new\""));
	assert_non_null(strstr(body, "\"pipeline\":\"churn\""));
}

static void many_at_once_are_one_message(void **state)
{
	struct place *p = *state;
	configure(p, "notify: [{name: pager, command: [page]}]\n");
	for (int i = 0; i < 8; i++) {
		sql_run(p->store,
			arena_printf(p->arena,
				"INSERT INTO pipeline (id, source_id, pipeline) VALUES (%d, 1, 'p%d')",
				10 + i, i));
		put_run(p, 10 + i, 40 + i, "failed", NOW);
	}
	update(p, NOW + MINUTE);
	assert_string_equal(ask(p, QUEUED), "1");
	assert_non_null(strstr(ask(p, "SELECT body FROM team.notice"), "8 problems are new or back"));
}

static void a_notice_is_claimed_by_one_alone(void **state)
{
	struct place *p = *state;
	struct notice mine[4], theirs[4];
	size_t n;
	configure(p, "notify: [{name: pager, command: [page, \"{title}\", \"--ref={ref}\"]}]\n");
	put_run(p, 2, 30, "failed", NOW);
	update(p, NOW + MINUTE);
	assert_true(notify_claim(p->store, p->config, NOW + MINUTE, p->arena, mine, 4, &n, &p->err));
	assert_int_equal(n, 1);
	assert_true(notify_claim(p->other, p->config, NOW + MINUTE, p->arena, theirs, 4, &n, &p->err));
	assert_int_equal(n, 0);
	const char *const *argv = notify_argv(p->arena, &mine[0]);
	assert_string_equal(argv[1], "train failed; its log says nothing yet");
	assert_string_equal(argv[2], "--ref=problem:2");
	assert_null(argv[3]);
}

static void what_was_not_taken_is_tried_later_and_later(void **state)
{
	struct place *p = *state;
	struct notice notice;
	size_t n;
	bool gave_up;
	int64_t now_ms = NOW + MINUTE;
	configure(p, "notify: [{name: pager, command: [page]}]\n");
	put_run(p, 2, 30, "failed", NOW);
	update(p, now_ms);
	for (int64_t pause_ms = 30000; pause_ms <= 120000; pause_ms *= 2) {
		assert_true(notify_claim(p->store, p->config, now_ms, p->arena, &notice, 1, &n, &p->err));
		assert_int_equal(n, 1);
		assert_true(notify_end(
			p->store, &notice, NOTIFY_LATER, 0, "HTTP 500", now_ms, &gave_up, &p->err));
		assert_false(gave_up);
		now_ms += pause_ms - 1;
		assert_true(notify_claim(p->store, p->config, now_ms, p->arena, &notice, 1, &n, &p->err));
		assert_int_equal(n, 0);
		now_ms++;
	}
	now_ms += 25 * HOUR;
	assert_true(notify_claim(p->store, p->config, now_ms, p->arena, &notice, 1, &n, &p->err));
	assert_true(notify_end(p->store, &notice, NOTIFY_LATER, 0, "HTTP 500", now_ms, &gave_up, &p->err));
	assert_true(gave_up);
	assert_string_equal(ask(p, "SELECT state FROM team.notice"), "failed");
}

static void who_died_while_sending_leaves_it_unknown(void **state)
{
	struct place *p = *state;
	struct notice notice;
	size_t n;
	configure(p, "notify: [{name: pager, command: [page]}]\n");
	put_run(p, 2, 30, "failed", NOW);
	update(p, NOW);
	assert_true(notify_claim(p->store, p->config, NOW, p->arena, &notice, 1, &n, &p->err));
	assert_true(notify_claim(p->store, p->config, NOW + HOUR, p->arena, &notice, 1, &n, &p->err));
	assert_int_equal(n, 0);
	assert_string_equal(ask(p, "SELECT state FROM team.notice"), "unknown");
}

static void a_text_from_outside_is_no_option_and_no_command_of_slack(void **state)
{
	struct place *p = *state;
	configure(p,
		"notify: [{name: s, webhook_env: X, form: slack}, {name: c, command: [page, \"{title}\"]}]\n");
	struct notice slack = {.target = &p->config->notify[0],
		.body = "{\"text\":\"<!channel> a & b\",\"title\":\"--config=/tmp/x\"}"};
	struct notice command = {.target = &p->config->notify[1], .body = slack.body};
	struct buf body;
	buf_init(&body, 0);
	notify_add_body(&body, &slack);
	assert_string_equal(body.p, "{\"text\":\"&lt;!channel&gt; a &amp; b\"}");
	assert_string_equal(notify_argv(p->arena, &command)[1], " --config=/tmp/x");
	buf_fini(&body);
}

static void a_question_goes_to_the_owners_channel(void **state)
{
	struct place *p = *state;
	assert_false(step(p, "mlee", TEAM_ASK, TEAM_UNSEEN, "known?"));
	assert_int_equal(p->err.code, ERR_USAGE);
	configure(p, "notify: [{name: x, command: [page]}, {name: data-eng, command: [page]}]\n");
	does(p, "mlee", TEAM_ASK, "known?");
	assert_string_equal(p->done.target, "data-eng");
	assert_string_equal(ask(p, "SELECT target FROM team.notice"), "data-eng");
	assert_non_null(strstr(ask(p, "SELECT body FROM team.notice"), "mlee asks: known?"));
	struct team_done done;
	size_t n;
	assert_false(team_undo(p->store, p->config, "mlee", false, p->arena, &done, 1, &n, &p->err));
	is_refused(p, "on its way");
}

/* --- times ------------------------------------------------------------------------------------------ */

static void times_are_those_that_people_say(void **state)
{
	static const struct {
		const char *text, *means;
	} times[] = {
		{"2h", "2026-11-21T14:00:00Z"},
		{"1d12h", "2026-11-23T00:00:00Z"},
		{"morning", "2026-11-22T07:00:00Z"},
		{"tomorrow", "2026-11-22T08:00:00Z"},
		{"until 17:30", "2026-11-21T16:30:00Z"},
		{"09:00", "2026-11-22T08:00:00Z"},
		{"due", "2026-11-22T05:00:00Z"},
		{"2026-11-24", "2026-11-23T23:00:00Z"},
	};
	struct place *p = *state;
	int64_t due_ms, ms, wanted_ms;
	assert_true(when_parse(STR("2026-11-22T05:00:00Z"), &due_ms));
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		if (!team_until(times[i].text, NOW, due_ms, &ms, &p->err))
			fail_msg("%s", p->err.msg);
		assert_true(when_parse(str_of(times[i].means), &wanted_ms));
		assert_int_equal(ms, wanted_ms);
	}
	assert_false(team_until("due", NOW, TIME_NONE, &ms, &p->err));
	assert_false(team_until("2026-11-20", NOW, TIME_NONE, &ms, &p->err));
	assert_false(team_until("never", NOW, TIME_NONE, &ms, &p->err));
	assert_false(team_until("", NOW, TIME_NONE, &ms, &p->err));
}

static void of_what_kind_a_cause_is_can_be_said_and_taken_back(void **state)
{
	static const char kind[] = "SELECT cause_kind FROM team.problem WHERE id = 1";
	struct place *p = *state;
	const char *before = ask(p, kind);
	assert_string_not_equal(before, "flaky");
	assert_false(step(p, "ana", TEAM_CAUSE, TEAM_UNSEEN, "weather"));
	assert_int_equal(p->err.code, ERR_USAGE);
	does(p, "ana", TEAM_CAUSE, "flaky");
	assert_string_equal(ask(p, kind), "flaky");
	assert_string_equal(ask(p, "SELECT state FROM team.problem WHERE id = 1"), "open");
	update(p, NOW + MINUTE); /* it holds for the passes that follow */
	assert_string_equal(ask(p, kind), "flaky");
	undoes(p, "ana");
	assert_string_equal(ask(p, kind), before);
}

static void a_problem_is_found_by_what_it_stands_for(void **state)
{
	struct place *p = *state;
	int64_t id;
	const struct ref step_ref = {
		.kind = REF_STEP, .source = "lab", .pipeline = "recsys", .run = "r1", .step = "train"};
	const struct ref other = {.kind = REF_PIPELINE, .source = "lab", .pipeline = "churn"};
	assert_true(team_problem_of(p->store, &step_ref, &id, &p->err));
	assert_int_equal(id, 1);
	assert_false(team_problem_of(p->store, &other, &id, &p->err));
	assert_int_equal(p->err.code, ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_step_leaves_its_state_and_an_event),
		TEST(of_what_kind_a_cause_is_can_be_said_and_taken_back),
		TEST(what_is_over_is_reopened_first),
		TEST(a_note_needs_words_and_a_problem),
		TEST(a_dry_run_changes_nothing),
		TEST(who_comes_second_is_told_who_did_what),
		TEST(that_sync_resolved_it_is_a_conflict_too),
		TEST(ones_own_steps_and_notes_of_others_are_none),
		TEST(taking_over_is_said_in_so_many_words),
		TEST(undo_goes_back_step_by_step),
		TEST(undo_takes_nothing_of_others_away),
		TEST(one_command_is_undone_as_a_whole),
		TEST(a_snooze_ends_at_its_time),
		TEST(a_snoozed_one_that_grows_is_back_at_once),
		TEST(a_resolved_one_returns_when_it_happens_again),
		TEST(an_ignored_one_stays_away),
		TEST(what_is_new_returns_or_grows_is_queued_once),
		TEST(many_at_once_are_one_message),
		TEST(a_notice_is_claimed_by_one_alone),
		TEST(what_was_not_taken_is_tried_later_and_later),
		TEST(who_died_while_sending_leaves_it_unknown),
		TEST(a_text_from_outside_is_no_option_and_no_command_of_slack),
		TEST(a_question_goes_to_the_owners_channel),
		TEST(times_are_those_that_people_say),
		TEST(a_problem_is_found_by_what_it_stands_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

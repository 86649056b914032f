/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every view over a catalogue with all, with nothing and with hostile texts: it loads, and what the printer
 * makes of it holds only clean text. */
#include "client/base/clean.h"
#include "client/base/clock.h"
#include "client/docs/pages.h"
#include "tests/catalogue/sql.h"
#include "views/json.h"
#include "views/list.h"
#include "views/lists.h"
#include "views/print.h"
#include "views/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW INT64_C(1795262400000)
/* Steers a terminal, breaks a line, hides, and is no UTF-8. */
#define EVIL	 "x\033]52;c;AAAA\007\033[2J\n\t\302\233\342\200\256\342\200\213\377"
#define EVIL_SQL "'" EVIL "'"

static const struct docs_given pages[] = {
	{STR("guide/here"),
		STR("# Here\n\nOne | two, `three`.\n\n| a | b |\n| --- | --- |\n| long words in a cell | 2 |\n")},
	{STR(EVIL), STR("# " EVIL "\n\n`" EVIL "` [" EVIL "](" EVIL ")\n\n```\n" EVIL "\n```\n")}};

struct place {
	char *dir;
	struct store *store;
	struct config *config;
	struct docs *docs;
	struct arena *arena;
};

static const char *const rows[] = {
	"INSERT INTO source (id, name, kind, url, state, synced_ms, attempted_ms, error)"
	" VALUES (1, 'lab', 'local', '/runs', 'ok', 1795262000000, 1795262000000, NULL)",
	"INSERT INTO pipeline (id, source_id, pipeline, title, kind, owner, schedule, paused, next_due_ms, url, version,"
	" last_run_id, last_state, last_run_ms) VALUES (1, 1, 'recsys', 'Recommendations', 'dag', 'ann', '0 2 * * *', 0,"
	" 1795300000000, 'http://x', 'v1', 3, 'failed', 1795250000000)",
	"INSERT INTO step VALUES (1, 'extract', NULL, 'bash', 0), (1, 'check', 'Check', NULL, 1), (1, 'train', NULL, NULL, 2)",
	"INSERT INTO step_edge VALUES (1, 'check', 'extract'), (1, 'train', 'check')",
	"INSERT INTO run (id, pipeline_id, source_id, run, name, kind, state, tool_state, at_ms, started_ms, ended_ms,"
	" duration_ms, user_name, parent, url, note, version, failed_steps) VALUES"
	" (1, 1, 1, 'r1', 'one', 'manual', 'success', 'success', 1795100000000, 1795100000000, 1795100060000, 60000, 'ann',"
	"  NULL, NULL, NULL, NULL, 0),"
	" (2, 1, 1, 'r2', NULL, NULL, 'running', NULL, 1795200000000, 1795200000000, NULL, NULL, NULL, 'r1', NULL, NULL, NULL,"
	"  0),"
	" (3, 1, 1, 'r3', NULL, NULL, 'failed', 'ABENDED', 1795250000000, 1795250000000, 1795250090000, 90000, NULL, NULL,"
	"  'http://x/r3', 'a note', 'v2', 1)",
	"INSERT INTO step_run (run_id, pipeline_id, step, idx, label, attempt, state, tool_state, at_ms, started_ms, ended_ms,"
	" duration_ms, is_newest, note) VALUES"
	" (1, 1, 'extract', '', NULL, 1, 'success', NULL, 1795100000000, 1795100000000, 1795100030000, 30000, 1, NULL),"
	" (1, 1, 'check', '', NULL, 1, 'success', NULL, 1795100030000, 1795100030000, 1795100060000, 30000, 1, NULL),"
	" (3, 1, 'extract', '', NULL, 1, 'success', NULL, 1795250000000, 1795250000000, 1795250030000, 30000, 1, NULL),"
	" (3, 1, 'check', '7', 'eu', 1, 'failed', 'failed', 1795250030000, 1795250030000, 1795250050000, 20000, 0, 'first'),"
	" (3, 1, 'check', '7', 'eu', 2, 'failed', 'failed', 1795250060000, 1795250060000, 1795250090000, 30000, 1, NULL),"
	" (3, 1, 'train', '', NULL, 0, 'skipped', 'upstream_failed', 1795250000000, NULL, NULL, NULL, 1, NULL)",
	"INSERT INTO param VALUES (3, 'scale', '10')",
	"INSERT INTO metric VALUES (3, 'auc', 0.5, NULL), (3, 'loss', NULL, 'NaN')",
	"INSERT INTO tag VALUES (3, 'team', 'discovery')",
	"INSERT INTO health (source_id, component, state, since_ms, message) VALUES (1, 'scheduler', 'failed', 1795262000000,"
	" 'no heartbeat'), (1, 'database', 'ok', NULL, NULL)",
	"INSERT INTO team.evidence (source, pipeline, run, step, idx, attempt, fingerprint, cause_line, cause, candidates,"
	" excerpt, excerpt_line, found_ms) VALUES ('lab', 'recsys', 'r3', 'check', '7', 2, '1-0123456789abcdef', 41,"
	" 'KeyError: player', '[{\"line\":41,\"text\":\"KeyError: player\",\"score\":0.9}]',"
	" '[\"before\",\"KeyError: player\",\"after\"]', 40, 1)",
	"INSERT INTO team.problem (id, kind, key, title, source, pipeline, run, step, step_index, attempt, count, severity,"
	" state, known, first_ms, last_ms, due_ms, owner, oncall, fingerprint, cause_line, cause, blocked_steps) VALUES"
	" (1, 'failed', 'k1', 'KeyError: player', 'lab', 'recsys', 'r3', 'check', '7', 2, 1, 'production', 'open', 'new',"
	"  1795250090000, 1795250090000, 1795300000000, 'ann', '@mlee', '1-0123456789abcdef', 41, 'KeyError: player', 1),"
	" (2, 'platform', 'k2', 'no heartbeat', 'lab', NULL, NULL, 'scheduler', NULL, NULL, 0, 'production', 'acknowledged',"
	"  'returned', 1795262000000, 1795262000000, NULL, NULL, NULL, NULL, NULL, NULL, 0)",
	"INSERT INTO team.occurrence (problem_id, source, pipeline, run, step, idx, attempt, at_ms, label)"
	" VALUES (1, 'lab', 'recsys', 'r3', 'check', '7', 2, 1795250090000, 'eu')",
	"INSERT INTO team.problem_pipeline VALUES (1, 'lab', 'recsys')",
	"INSERT INTO source (id, name, kind, url, state, synced_ms) VALUES (2, 'track', 'mlflow', 'http://m', 'ok',"
	" 1795262000000)",
	"INSERT INTO pipeline (id, source_id, pipeline, tool_id, kind, url, last_run_id, last_state, last_run_ms) VALUES"
	" (2, 2, 'ranker', '7', 'experiment', 'http://m/#/experiments/7', 4, 'success', 1795100010000)",
	"INSERT INTO run (id, pipeline_id, source_id, run, name, state, at_ms, started_ms, ended_ms, duration_ms, url)"
	" VALUES (4, 2, 2, '0123456789abcdef0123456789abcdef', 'clumsy-ox-7', 'success', 1795100010000, 1795100010000,"
	" 1795100050000, 40000, 'http://m/r4')",
	"INSERT INTO metric VALUES (4, 'ndcg@10', 0.123456, NULL), (4, 'val loss', NULL, 'NaN')",
	"INSERT INTO param VALUES (4, 'depth', '12')",
	"INSERT INTO tag VALUES (4, 'mlflow.user', 'ann'), (4, 'team', 'discovery')",
	"INSERT INTO input VALUES (4, 'events', '42', 48100000)",
	"INSERT INTO run_link VALUES (4, 1, 'train', 'tag airflow_run')",
	"INSERT INTO model_version (id, source_id, model, version, position, stage, pipeline, run, at_ms, created_ms, note)"
	" VALUES (1, 2, 'ranker', '40', 40, 'Archived', NULL, NULL, 1795000000000, 1795000000000, NULL),"
	" (2, 2, 'ranker', '41', 41, 'Production', 'ranker', '0123456789abcdef0123456789abcdef', 1795100050000,"
	"  1795100050000, 'good')",
	"INSERT INTO model_alias VALUES (2, 'champion')",
	"INSERT INTO team.data_check (source, pipeline, run, step, name, state, observed, lower_bound, upper_bound, at_ms)"
	" VALUES ('lab', 'recsys', 'r3', 'check', 'null_rate', 'fail', 0.3123456, NULL, 0.02, 1795250080000),"
	" ('lab', 'recsys', 'r3', '', 'volume', 'pass', 48100000, 1000, NULL, 1795250070000)",
	"INSERT INTO team.alert (source, monitor, opened_ms, closed_ms, state, value, lower_bound, upper_bound, pipeline, run)"
	" VALUES ('lab', 'rows', 1795250000000, NULL, 'open', 12.5, 20, 30, 'recsys', NULL)",
	"INSERT INTO team.audit (at_ms, who, host, verb, object_ref, args, result) VALUES (1795250000000, 'mlee', 'bastion',"
	" 'rerun', 'lab/recsys/r3', '{}', 'done')",
};

/* Every text is hostile, what may be NULL is, numbers are at their ends. */
static const char *const evil_rows[] = {
	"INSERT INTO source (id, name, kind, url, state, error) VALUES (1, " EVIL_SQL ", " EVIL_SQL
	", " EVIL_SQL ", 'error', " EVIL_SQL ")",
	"INSERT INTO pipeline (id, source_id, pipeline, title, kind, owner, schedule, url, version, last_run_id, last_state,"
	" last_run_ms, next_due_ms) VALUES (1, 1, " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL
	", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", 1, " EVIL_SQL ", 253402300799999, 0)",
	"INSERT INTO step VALUES (1, " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", 0)",
	"INSERT INTO step_edge VALUES (1, " EVIL_SQL ", " EVIL_SQL ")", /* a step that waits for itself */
	"INSERT INTO run (id, pipeline_id, source_id, run, name, kind, state, tool_state, at_ms, started_ms, ended_ms,"
	" duration_ms, user_name, parent, url, note, version) VALUES (1, 1, 1, " EVIL_SQL ", " EVIL_SQL
	", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", 0, 253402300799999, 0, 9223372036854775807, " EVIL_SQL
	", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ")",
	"INSERT INTO step_run (run_id, pipeline_id, step, idx, label, attempt, state, tool_state, operator, note, at_ms,"
	" duration_ms) VALUES (1, 1, " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL
	", 2147483647, 'failed', " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", 0, -1)",
	"INSERT INTO param VALUES (1, " EVIL_SQL ", " EVIL_SQL "), (1, 'null', NULL)",
	"INSERT INTO metric VALUES (1, " EVIL_SQL ", 1e308, NULL), (1, 'none', NULL, NULL)",
	"INSERT INTO tag VALUES (1, " EVIL_SQL ", " EVIL_SQL ")",
	"INSERT INTO health (source_id, component, state, message) VALUES (1, " EVIL_SQL
	", 'failed', " EVIL_SQL ")",
	"INSERT INTO team.evidence (source, pipeline, run, step, idx, attempt, fingerprint, cause_line, cause, candidates,"
	" excerpt, excerpt_line, found_ms, error) VALUES (" EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL
	", " EVIL_SQL ", 2147483647, " EVIL_SQL ", -1, " EVIL_SQL
	", 'no JSON', '[\"\\u001b[2J\", 7, null, {}]', -5, 1, " EVIL_SQL ")",
	"INSERT INTO team.problem (id, kind, key, title, source, pipeline, run, step, step_index, attempt, count, severity,"
	" state, known, first_ms, last_ms, due_ms, owner, oncall, assignee, fingerprint, cause_line, cause) VALUES"
	" (1, " EVIL_SQL ", 'k', " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL
	", " EVIL_SQL ", 2147483647, 2, 'production', 'open', " EVIL_SQL ", 0, 253402300799999, 0, " EVIL_SQL
	", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", -1, " EVIL_SQL "),"
	" (2, 'failed', 'k2', '', NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, 'open', NULL, 0, 0, NULL, NULL, NULL, NULL,"
	" NULL, NULL, NULL)",
	"INSERT INTO team.occurrence (problem_id, source, pipeline, run, step, idx, attempt, at_ms, label) VALUES (1, " EVIL_SQL
	", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", 2147483647, 0, " EVIL_SQL ")",
	"INSERT INTO input VALUES (1, " EVIL_SQL ", " EVIL_SQL ", -1)",
	"INSERT INTO run_link VALUES (1, 1, " EVIL_SQL ", " EVIL_SQL ")",
	"INSERT INTO model_version (id, source_id, model, version, stage, pipeline, run, at_ms, created_ms, url, note) VALUES"
	" (1, 1, " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL
	", 0, 253402300799999, " EVIL_SQL ", " EVIL_SQL ")",
	"INSERT INTO model_alias VALUES (1, " EVIL_SQL ")",
	"INSERT INTO team.data_check (source, pipeline, run, step, name, state, observed, lower_bound, upper_bound, at_ms)"
	" VALUES (" EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL
	", 1e308, -1e308, 9e999, 0)",
	"INSERT INTO team.alert (source, monitor, opened_ms, closed_ms, state, value, pipeline, run) VALUES (" EVIL_SQL
	", " EVIL_SQL ", 0, 253402300799999, " EVIL_SQL ", NULL, " EVIL_SQL ", " EVIL_SQL ")",
	"INSERT INTO team.audit (at_ms, who, host, verb, object_ref, args, result) VALUES (0, " EVIL_SQL
	", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ", " EVIL_SQL ")",
};

static const char config_text[] =
	"projects:\n"
	"  - name: one\n"
	"    title: Number one\n"
	"    owner: ann\n"
	"    owners: {\"extract*\": \"@data-eng\"}\n"
	"    oncall: \"@mlee\"\n"
	"    fallback: yesterday\n"
	"    severity: staging\n"
	"    pipelines: [\"lab/*\", \"track/*\"]\n"
	"    due: {\"lab/recsys\": \"18:00\"}\n"
	"    baseline: popularity\n"
	"    consumers: [{name: store front, contact: \"@web\", promise: fresh by 07:00}, {name: mail}]\n"
	"    docs: [guide/recommenders]\n"
	"  - {name: \"odd \\\"two, three\", oncall_command: [rota, two]}\n"
	"calendar:\n"
	"  - {name: Season 9, from: 2026-12-03, kind: launch, project: one}\n"
	"  - {name: Freeze, from: 2026-11-20, to: 2026-11-22, kind: freeze}\n"
	"  - {name: Old, from: 2026-11-01, kind: holiday}\n"
	"  - {name: Other, from: 2026-12-01, kind: launch, project: two}\n";

/* PostgreSQL takes no statement that is not UTF-8 (of a parameter the engine makes this), and no number that
 * is not finite. */
static const char *for_engine(struct arena *arena, const char *sql)
{
	struct str rest = str_of(sql), piece;
	struct buf out;
	if (!scratch_is_on_postgres())
		return sql;
	buf_init(&out, 0);
	for (bool is_first = true; str_next(&rest, '\377', &piece); is_first = false) {
		buf_addz(&out, is_first ? "" : "\357\277\275");
		buf_add(&out, piece);
	}
	char *text = arena_dup(arena, buf_str(&out));
	buf_fini(&out);
	char *infinite = strstr(text, "9e999");
	if (infinite)
		memcpy(infinite, "1e308", 5);
	return text;
}

static void make(void **state, const char *const *sql, size_t n)
{
	struct place *p = x_new(struct place);
	struct err err = {0};
	clock_fix(NOW);
	setenv("TZ", "UTC", 1);
	p->dir = scratch_new();
	p->arena = arena_new();
	p->store = sql_catalogue(p->dir);
	for (size_t i = 0; i < n; i++)
		sql_run(p->store, for_engine(p->arena, sql[i]));
	p->docs = docs_new(pages, ARRAY_LEN(pages));
	p->config = config_parse("test.yaml", p->dir, str_of(config_text), &err);
	if (!p->config)
		fail_msg("%s", err.msg);
	*state = p;
}

static int setup(void **state)
{
	make(state, rows, ARRAY_LEN(rows));
	return 0;
}

static int setup_empty(void **state)
{
	make(state, NULL, 0);
	return 0;
}

static int setup_evil(void **state)
{
	make(state, evil_rows, ARRAY_LEN(evil_rows));
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	store_close(p->store);
	config_free(p->config);
	docs_free(p->docs);
	arena_free(p->arena);
	scratch_free(p->dir);
	x_free(p);
	return 0;
}

/* What a cleaner would change was not clean. */
static void assert_clean(const char *name, struct str text)
{
	struct str line;
	for (struct str rest = text; str_next(&rest, '\n', &line);) {
		struct buf again;
		buf_init(&again, 0);
		clean_add(&again, line, CLEAN_NAME);
		if (!str_eq(buf_str(&again), line))
			fail_msg("%s: %.*s", name, STR_FMT(buf_str(&again)));
		buf_fini(&again);
	}
}

/* VIEW at REF as text on a terminal so wide; "" where it fails. */
static const char *print(struct place *p, const struct view_def *view, const struct ref *ref, int columns)
{
	struct err err = {0};
	struct view_args args = {
		.config = p->config, .docs = p->docs, .filter = "", .limit = 50, .now_ms = NOW};
	if (ref)
		args.ref = *ref;
	struct view_data *data = view_load(p->store, view, &args, &err);
	if (!data)
		fail_msg("%s: %s", view->name, err.msg);
	struct buf out;
	buf_init(&out, 0);
	const struct printer printer = {.out = &out, .columns = columns, .format = {.now_ms = NOW}};
	print_view(&printer, data);
	view_data_free(data);
	assert_clean(view->name, buf_str(&out));
	const char *copy = arena_dup(p->arena, buf_str(&out));
	buf_fini(&out);
	return copy;
}

#define REF(...) (&(const struct ref){__VA_ARGS__})

static const struct ref *ref_of(const struct view_def *view, const char *name)
{
	static struct ref ref;
	ref = (struct ref){.kind = view->ref,
		.source = name,
		.pipeline = name,
		.run = name,
		.step = name,
		.index = name};
	switch (view->ref) {
	case REF_PROBLEM:
		ref = (struct ref){.kind = REF_PROBLEM, .name = "1"};
		break;
	case REF_PROJECT: /* hostile ones cannot be: the configuration refuses them */
		ref = (struct ref){
			.kind = REF_PROJECT, .name = strcmp(name, EVIL) ? name : "odd \"two, three"};
		break;
	case REF_DOC:
		ref = (struct ref){.kind = REF_DOC, .name = name};
		break;
	case REF_MODEL:
		ref = (struct ref){.kind = REF_MODEL, .source = name, .name = name, .version = name};
		break;
	case REF_SOURCE:
		ref.pipeline = NULL;
		__attribute__((fallthrough));
	case REF_PIPELINE:
		ref.run = NULL;
		__attribute__((fallthrough));
	case REF_RUN:
		ref.step = ref.index = NULL;
		break;
	default:
		break;
	}
	return &ref;
}

static void home_shows_what_needs_somebody(void **state)
{
	const char *text = print(*state, &view_home, NULL, 100);
	assert_non_null(strstr(text, "1 needs you · 1 taken"));
	assert_non_null(strstr(text, "KeyError: player"));
	assert_non_null(strstr(text, "recsys ▸ check [eu]"));
}

static void a_problem_says_why_where_since_when_and_until_when(void **state)
{
	const char *text = print(*state, &view_problem, REF(.kind = REF_PROBLEM, .name = "1"), 100);
	static const char *const says[] = {"cause", "KeyError: player", "recsys ▸ check [eu]",
		"run r3, try 2", "on lab", "2026-11-21 08:34", "yesterday", "owner ann", "on call @mlee",
		"     41  KeyError: player", "occurrences", "restart · nothing would start on lab: scheduler",
		"for store front: fresh by 07:00 (@web)", "blocks 1 step: train", "freeze: Freeze",
		"null_rate now 0.312, allowed ≤ 0.02", "param scale – → 10", "not reported by lab: inputs",
		"would not help: 0 of 1 passed after this cause", "code · it fails in its own code"};
	for (size_t i = 0; i < ARRAY_LEN(says); i++)
		if (!strstr(text, says[i]))
			fail_msg("no '%s' in\n%s", says[i], text);
}

static void a_platform_problem_has_no_log(void **state)
{
	const char *text = print(*state, &view_problem, REF(.kind = REF_PROBLEM, .name = "2"), 100);
	assert_non_null(strstr(text, "no heartbeat"));
	assert_non_null(strstr(text, "lab ▸ scheduler"));
	assert_null(strstr(text, "log at the cause"));
}

static void a_run_says_how_it_went_and_why(void **state)
{
	const char *text = print(*state, &view_run,
		REF(.kind = REF_RUN, .source = "lab", .pipeline = "recsys", .run = "r3"), 100);
	static const char *const says[] = {"recsys ▸ r3", "failed (the tool says ABENDED) after 1m 30s",
		"a note", "scale = 10", "team = discovery", "check:7", "KeyError: player", "extract",
		"train"};
	for (size_t i = 0; i < ARRAY_LEN(says); i++)
		if (!strstr(text, says[i]))
			fail_msg("no '%s' in\n%s", says[i], text);
}

static void a_step_shows_its_attempts_and_its_evidence(void **state)
{
	const char *text = print(*state, &view_step,
		REF(.kind = REF_STEP, .source = "lab", .pipeline = "recsys", .run = "r3", .step = "check",
			.index = "7"),
		100);
	static const char *const says[] = {
		"recsys ▸ r3 ▸ check 7", "first", "1-0123456789abcdef", "     40  before"};
	for (size_t i = 0; i < ARRAY_LEN(says); i++)
		if (!strstr(text, says[i]))
			fail_msg("no '%s' in\n%s", says[i], text);
}

static void a_step_that_never_started_is_shown(void **state)
{
	const char *text = print(*state, &view_step,
		REF(.kind = REF_STEP, .source = "lab", .pipeline = "recsys", .run = "r3", .step = "train"),
		100);
	assert_non_null(strstr(text, "skipped"));
}

static void a_source_shows_its_components(void **state)
{
	const char *text = print(*state, &view_source, REF(.kind = REF_SOURCE, .source = "lab"), 100);
	assert_non_null(strstr(text, "scheduler"));
	assert_non_null(strstr(text, "no heartbeat"));
}

static void assert_says(const char *text, const char *const *says, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strstr(text, says[i]))
			fail_msg("no '%s' in\n%s", says[i], text);
}

static void a_project_says_who_promised_what_to_whom(void **state)
{
	static const char *const says[] = {"one ▸ Number one", "ann", "@data-eng for extract*", "@mlee",
		"staging", "lab/recsys by 18:00 · next in 6h 00m", "yesterday", "popularity",
		"store front · fresh by 07:00 · @web", "mail", "guide/recommenders",
		"Season 9 · launch · 2026-12-03 · in ", "Freeze · freeze · 2026-11-20 to 2026-11-22 · now",
		"KeyError: player", "ranker", "Production"};
	const char *text = print(*state, &view_project, REF(.kind = REF_PROJECT, .name = "one"), 140);
	assert_says(text, says, ARRAY_LEN(says));
	assert_null(strstr(text, "Old"));
	assert_null(strstr(text, "Other"));
}

static void a_run_says_what_was_checked_and_what_changed_since_it_went_well(void **state)
{
	const char *text = print(*state, &view_run,
		REF(.kind = REF_RUN, .source = "lab", .pipeline = "recsys", .run = "r3"), 120);
	static const char *const says[] = {"fail  null_rate 0.312 > 0.02", "pass  volume 48",
		"what changed since the last green run, r1", "success → failed", "– → 10"};
	assert_says(text, says, ARRAY_LEN(says));
	text = print(*state, &view_run,
		REF(.kind = REF_RUN, .source = "lab", .pipeline = "recsys", .run = "r1"), 120);
	assert_null(strstr(text, "what changed")); /* `d` says it of what went well */
}

static void everything_under_a_run_is_a_line_for_each_tool(void **state)
{
	static const char *const failed[] = {"recsys ▸ r3 ▸ everything", "scale=10", "✗ check 7 30s",
		"✓ extract 30s", "– train", "no run of ranker here",
		"clumsy-ox-7 · ndcg@10 0.123, val loss NaN", "model ranker version 41",
		"null_rate 0.312 > 0.02", "last green run, r1", "not reported by lab: inputs"};
	static const char *const green[] = {"✓ clumsy-ox-7 40s", "from step train (tag airflow_run)",
		"below it: ● 1", "no green run before"};
	static const char *const tracked[] = {
		"part of its step train", "one 1m 00s", "✓ extract 30s", "events 42 · 48", "000 rows"};
	assert_says(print(*state, &view_everything, /* its newest run */
			    REF(.kind = REF_PIPELINE, .source = "lab", .pipeline = "recsys"), 160),
		failed, ARRAY_LEN(failed));
	assert_says(print(*state, &view_everything,
			    REF(.kind = REF_RUN, .source = "lab", .pipeline = "recsys", .run = "r1"), 160),
		green, ARRAY_LEN(green));
	assert_says(print(*state, &view_everything,
			    REF(.kind = REF_RUN, .source = "track", .pipeline = "ranker",
				    .run = "0123456789abcdef0123456789abcdef"),
			    160),
		tracked, ARRAY_LEN(tracked));
}

/* A line of steps and lanes each; what the printer puts above them is left out. */
static const char *graph_of(struct place *p, const char *pipeline, bool is_unfolded)
{
	struct err err = {0};
	struct buf out;
	const struct view_args args = {.config = p->config,
		.filter = "",
		.limit = 50,
		.ref = {.kind = REF_PIPELINE, .source = "lab", .pipeline = pipeline},
		.show_hidden = is_unfolded,
		.now_ms = NOW};
	struct view_data *data = view_load(p->store, &view_graph, &args, &err);
	if (!data)
		fail_msg("%s", err.msg);
	buf_init(&out, 0);
	for (size_t i = 0; i < data->blocks[0].text.n; i++) {
		for (size_t k = 0; k < data->blocks[0].text.lines[i].n_spans; k++)
			buf_addz(&out, data->blocks[0].text.lines[i].spans[k].text);
		buf_addc(&out, '\n');
	}
	const char *text = arena_dup(p->arena, buf_str(&out));
	buf_fini(&out);
	view_data_free(data);
	return text;
}

static void a_graph_folds_groups_and_shows_the_worst_of_them(void **state)
{
	static const char *const more[] = {
		"INSERT INTO pipeline (id, source_id, pipeline, last_run_id) VALUES (9, 1, 'dag', 9)",
		"INSERT INTO run (id, pipeline_id, source_id, run, state, at_ms) VALUES (9, 9, 1, 'r', 'failed', 1)",
		"INSERT INTO step VALUES (9, 'a', NULL, NULL, 0), (9, 'g.x', NULL, NULL, 1), (9, 'g.y', NULL, NULL, 2),"
		" (9, 'b', NULL, NULL, 3), (9, 'end', NULL, NULL, 4)",
		"INSERT INTO step_edge VALUES (9, 'g.x', 'a'), (9, 'g.y', 'g.x'), (9, 'b', 'a'), (9, 'end', 'b'), (9, 'end', 'g.y')",
		"INSERT INTO step_run (run_id, pipeline_id, step, attempt, state, at_ms, duration_ms) VALUES"
		" (9, 9, 'a', 1, 'success', 1, 2000), (9, 9, 'g.x', 1, 'failed', 1, 1000), (9, 9, 'b', 1, 'success', 1, 0)",
	};
	struct place *p = *state;
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		struct err err = {0};
		if (!store_exec(p->store, more[i], NULL, 0, NULL, &err))
			fail_msg("%s", err.msg);
	}
	assert_string_equal(graph_of(p, "dag", false), "✓ a  2.0s\n"
						       "├─╮\n"
						       "✗ │ g (2)  failed\n"
						       "│ ✓ b\n"
						       "├─╯\n"
						       "○ end\n");
	assert_string_equal(graph_of(p, "dag", true), "✓ a  2.0s\n"
						      "├─╮\n"
						      "✗ │ g.x  failed  1.0s\n"
						      "○ │ g.y\n"
						      "│ ✓ b\n"
						      "├─╯\n"
						      "○ end\n");
	struct err err = {0}; /* each waits for the other */
	assert_true(
		store_exec(p->store, "INSERT INTO step_edge VALUES (9, 'a', 'end')", NULL, 0, NULL, &err));
	assert_non_null(strstr(graph_of(p, "dag", false), "end"));
}

static void a_pipeline_named_by_the_tools_id_is_shown_by_its_name(void **state)
{
	struct buf text;
	struct err err = {0};
	struct place *p = *state;
	const struct ref ref = {.kind = REF_PIPELINE, .source = "track", .pipeline = "7"};
	assert_non_null(strstr(print(p, &view_pipeline, &ref, 80), "track ▸ ranker"));
	buf_init(&text, 0);
	assert_true(json_add_object(&text, p->store, p->config, &ref, NOW, &err));
	assert_non_null(strstr(text.p, "\"ref\":\"track/ranker\""));
	buf_fini(&text);
}

static void everything_under_a_step_is_its_own_share(void **state)
{
	const char *text = print(*state, &view_everything,
		REF(.kind = REF_STEP, .source = "lab", .pipeline = "recsys", .run = "r1", .step = "extract"),
		160);
	static const char *const says[] = {"one ▸ extract ▸ everything", "✓ extract 30s"};
	assert_says(text, says, ARRAY_LEN(says));
	assert_null(strstr(text, "clumsy-ox-7")); /* made by another step */
}

static void projects_count_what_is_in_them(void **state)
{
	struct place *p = *state;
	static const struct {
		const char *filter, *sort, *names;
	} cases[] = {{"", NULL, "odd \"two, three|one|"}, {"", "-problems", "one|odd \"two, three|"},
		{"severity:staging", NULL, "one|"}, {"pipelines>=2", NULL, "one|"}, {"number", NULL, "one|"},
		{"owner:-", NULL, "odd \"two, three|"}, {"name:x", NULL, ""}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct view_args args = {
			.config = p->config, .filter = cases[i].filter, .sort = cases[i].sort, .now_ms = NOW};
		struct table table;
		struct err err = {0};
		struct buf names;
		if (!list_load(p->store, &list_projects, &args, NULL, p->arena, &table, &err))
			fail_msg("%s: %s", cases[i].filter, err.msg);
		buf_init(&names, 0);
		for (size_t row = 0; row < table.result.n_rows; row++)
			buf_addf(&names, "%s|", table_text(&table, row, "name"));
		if (!i) /* by name: in whatever order the engine puts a quote */
			assert_int_equal(table.result.n_rows, 2);
		else
			assert_string_equal(names.p ? names.p : "", cases[i].names);
		buf_fini(&names);
	}
}

static void a_model_says_where_it_came_from_and_how_good_it_was(void **state)
{
	static const char *const says[] = {"models ▸ ranker", "newest        41", "Production", "champion",
		"good", "ranker ▸ 0123456789abcdef", "ndcg@10 = 0.123", "val loss = NaN", "depth = 12",
		"versions", "Archived"};
	const char *text =
		print(*state, &view_model, REF(.kind = REF_MODEL, .source = "track", .name = "ranker"), 120);
	assert_says(text, says, ARRAY_LEN(says));
	text = print(*state, &view_model,
		REF(.kind = REF_MODEL, .source = "track", .name = "ranker", .version = "40"), 120);
	assert_non_null(strstr(text, "not reported by track"));
}

static void a_training_run_shows_its_metrics_first_and_no_steps(void **state)
{
	static const char *const says[] = {"ranker ▸ clumsy-ox-7", "ndcg@10 = 0.123",
		"recsys ▸ one ▸ train on lab", "ranker version 41", "events 42 · 48 100 000 rows",
		"porthole artifacts track/ranker/"};
	/* an experiment's id stands for its name */
	const char *text = print(*state, &view_run,
		REF(.kind = REF_RUN, .source = "track", .pipeline = "7",
			.run = "0123456789abcdef0123456789abcdef"),
		120);
	assert_non_null(strstr(text, "ndcg@10"));
	text = print(*state, &view_run,
		REF(.kind = REF_RUN, .source = "track", .pipeline = "ranker",
			.run = "0123456789abcdef0123456789abcdef"),
		120);
	assert_says(text, says, ARRAY_LEN(says));
	assert_null(strstr(text, "steps"));
	assert_true(strstr(text, "metrics") < strstr(text, "params"));
	assert_true(strstr(text, "team = discovery") < strstr(text, "mlflow.user"));
	text = print(*state, &view_run,
		REF(.kind = REF_RUN, .source = "lab", .pipeline = "recsys", .run = "r1"), 120);
	assert_non_null(strstr(text, "ranker ▸ clumsy-ox-7 on track (from train)"));
	assert_non_null(strstr(text, "runs below it"));
}

static void numbers_are_short_on_a_screen_and_whole_in_json(void **state)
{
	struct place *p = *state;
	const char *text = print(p, &view_checks, NULL, 120);
	assert_non_null(strstr(text, "0.312"));
	assert_null(strstr(text, "0.3123"));
	const struct view_args args = {.config = p->config, .filter = "check:null_rate", .now_ms = NOW};
	struct table table;
	struct err err = {0};
	struct buf out;
	buf_init(&out, 0);
	assert_true(list_load(p->store, &list_checks, &args, NULL, p->arena, &table, &err));
	json_add_rows(&out, &table);
	assert_non_null(strstr(out.p, "\"observed\":0.3123456"));
	assert_non_null(strstr(out.p, "\"lower\":null"));
	assert_non_null(strstr(out.p, "\"ref\":\"lab/recsys/r3/check\""));
	buf_reset(&out);
	assert_true(list_load(p->store, &list_alerts,
		&(const struct view_args){.config = p->config, .filter = "", .now_ms = NOW}, NULL, p->arena,
		&table, &err));
	json_add_rows(&out, &table);
	assert_non_null(strstr(out.p, "\"object_ref\":\"lab/recsys\""));
	assert_non_null(strstr(out.p, "\"ref\":\"monitor:rows\""));
	buf_fini(&out);
}

static void every_view_fits_every_width(void **state)
{
	static const struct ref step = {.kind = REF_STEP,
		.source = "lab",
		.pipeline = "recsys",
		.run = "r3",
		.step = "check",
		.index = "7"};
	size_t n;
	const struct view_def *const *views = view_all(&n);
	for (size_t i = 0; i < n; i++) {
		struct ref ref = step;
		if (views[i]->ref == REF_PROBLEM)
			ref = (struct ref){.kind = REF_PROBLEM, .name = "1"};
		if (views[i]->ref == REF_PROJECT)
			ref = (struct ref){.kind = REF_PROJECT, .name = "one"};
		if (views[i]->ref == REF_MODEL)
			ref = (struct ref){.kind = REF_MODEL, .source = "track", .name = "ranker"};
		if (views[i]->ref == REF_DOC)
			ref = (struct ref){.kind = REF_DOC, .name = "guide/here"};
		ref.kind = views[i]->ref;
		for (int columns = 0; columns <= 200; columns += columns < 40 ? 7 : 80)
			print(*state, views[i], &ref, columns);
	}
}

static void an_empty_catalogue_says_what_to_do(void **state)
{
	size_t n;
	const struct view_def *const *views = view_all(&n);
	for (size_t i = 0; i < n; i++)
		if (views[i]->kind != VIEW_OBJECT)
			assert_true(strlen(print(*state, views[i], NULL, 80)) > 20);
	assert_non_null(strstr(print(*state, &view_sources, NULL, 80), "no source yet"));
	assert_non_null(strstr(print(*state, &view_pipelines, NULL, 80), "'porthole sync' asks the sources"));
	assert_non_null(strstr(print(*state, &view_home, NULL, 80), "nothing needs you"));
}

static void an_object_that_is_not_there_is_not_found(void **state)
{
	struct place *p = *state;
	size_t n;
	const struct view_def *const *views = view_all(&n);
	for (size_t i = 0; i < n; i++) {
		struct view_args args = {.config = p->config, .docs = p->docs, .filter = "", .now_ms = NOW};
		struct err err = {0};
		if (views[i]->kind != VIEW_OBJECT)
			continue;
		args.ref = *ref_of(views[i], "nowhere");
		assert_null(view_load(p->store, views[i], &args, &err));
		assert_int_equal(err.code, ERR_NOT_FOUND);
	}
}

static void hostile_texts_are_printed_cleanly_by_every_view(void **state)
{
	/* a name that is not UTF-8 is found by its bytes, as the store keeps them */
	size_t n;
	const struct view_def *const *views = view_all(&n);
	for (size_t i = 0; i < n; i++)
		for (int columns = 0; columns <= 100; columns += 20)
			print(*state, views[i], views[i]->kind == VIEW_OBJECT ? ref_of(views[i], EVIL) : NULL,
				columns);
	print(*state, &view_problem, REF(.kind = REF_PROBLEM, .name = "2"), 80);
}

static void hostile_texts_are_tsv_and_json_all_the_same(void **state)
{
	static const struct list_def *const lists[] = {&list_sources, &list_health, &list_pipelines,
		&list_runs, &list_steps, &list_problems, &list_occurrences, &list_projects, &list_models,
		&list_checks, &list_alerts, &list_audit};
	struct place *p = *state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct view_args args = {.config = p->config, .filter = "", .now_ms = NOW};
		struct table table;
		struct err err = {0};
		struct buf out;
		assert_true(list_load(p->store, lists[i], &args, NULL, p->arena, &table, &err));
		assert_true(table.result.n_rows > 0);
		buf_init(&out, 0);
		json_add_rows(&out, &table);
		struct str line, rest = buf_str(&out);
		while (str_next(&rest, '\n', &line) && line.n) {
			assert_clean("json", line);
			struct json_doc *doc = json_parse(line, &err);
			assert_non_null(doc);
			json_free(doc);
		}
		buf_reset(&out);
		const struct printer printer = {.out = &out, .format = {.now_ms = NOW}};
		print_tsv(&printer, &table);
		size_t tabs[2] = {0}, row = 0;
		for (rest = buf_str(&out); str_next(&rest, '\n', &line) && line.n; row++) {
			tabs[row > 0] = 0;
			for (size_t at = 0; at < line.n; at++)
				tabs[row > 0] += line.p[at] == '\t';
			assert_int_equal(
				tabs[row > 0], tabs[0]); /* as many cells as titles: no text adds one */
		}
		assert_int_equal(row, table.result.n_rows + 1);
		buf_fini(&out);
	}
}

static void search_finds_by_any_part_of_a_name(void **state)
{
	static const struct {
		const char *words, *type;
	} cases[] = {{"ecsy", "pipeline"}, {"RECSYS", "pipeline"}, {"extract", "step"}, {"r2", "run"},
		{"player", "problem"}, {"Recommend", "pipeline"}};
	struct place *p = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct view_args args = {
			.config = p->config, .filter = cases[i].words, .limit = 20, .now_ms = NOW};
		struct table table;
		struct err err = {0};
		bool is_found = false;
		assert_true(search_load(p->store, &args, p->arena, &table, &err));
		for (size_t row = 0; row < table.result.n_rows; row++)
			is_found |= !strcmp(result_text(&table.result, row, 0), cases[i].type);
		if (!is_found)
			fail_msg("'%s' finds no %s", cases[i].words, cases[i].type);
	}
}

#define TEST(name, from) cmocka_unit_test_setup_teardown(name, from, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(home_shows_what_needs_somebody, setup),
		TEST(a_problem_says_why_where_since_when_and_until_when, setup),
		TEST(a_platform_problem_has_no_log, setup),
		TEST(a_run_says_how_it_went_and_why, setup),
		TEST(a_run_says_what_was_checked_and_what_changed_since_it_went_well, setup),
		TEST(everything_under_a_run_is_a_line_for_each_tool, setup),
		TEST(everything_under_a_step_is_its_own_share, setup),
		TEST(a_pipeline_named_by_the_tools_id_is_shown_by_its_name, setup),
		TEST(a_graph_folds_groups_and_shows_the_worst_of_them, setup),
		TEST(a_step_shows_its_attempts_and_its_evidence, setup),
		TEST(a_step_that_never_started_is_shown, setup),
		TEST(a_source_shows_its_components, setup),
		TEST(a_project_says_who_promised_what_to_whom, setup),
		TEST(projects_count_what_is_in_them, setup),
		TEST(a_model_says_where_it_came_from_and_how_good_it_was, setup),
		TEST(a_training_run_shows_its_metrics_first_and_no_steps, setup),
		TEST(numbers_are_short_on_a_screen_and_whole_in_json, setup),
		TEST(every_view_fits_every_width, setup),
		TEST(search_finds_by_any_part_of_a_name, setup),
		TEST(an_empty_catalogue_says_what_to_do, setup_empty),
		TEST(an_object_that_is_not_there_is_not_found, setup_empty),
		TEST(hostile_texts_are_printed_cleanly_by_every_view, setup_evil),
		TEST(hostile_texts_are_tsv_and_json_all_the_same, setup_evil),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

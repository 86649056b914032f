/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/record.h"
#include "client/protocol/state.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena *arena;
static struct err err;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	err_clear(&err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static bool read_as(enum record_kind kind, const char *json, struct record *out)
{
	struct json_doc *doc = json_parse(str_of(json), &err);
	assert_non_null(doc);
	bool is_read = record_read(arena, kind, json_root(doc), out, &err);
	json_free(doc);
	return is_read;
}

static struct record read_good(enum record_kind kind, const char *json)
{
	struct record record;
	if (!read_as(kind, json, &record))
		fail_msg("%s", err.msg);
	return record;
}

static void assert_written(const struct record *record, const char *line)
{
	struct buf out;
	buf_init(&out, 0);
	record_write(&out, record);
	assert_string_equal(buf_str(&out).p, line);
	buf_fini(&out);
}

static void a_run_reads_with_all_its_members(void **state)
{
	(void)state;
	struct record record = read_good(RECORD_RUN,
		"{\"pipeline\":\"recsys\",\"run\":\"r1\",\"state\":\"failed\",\"tool_state\":\"ABENDED\","
		"\"started_ms\":1795220400000,\"ended_ms\":1795220465000,\"user\":\"cron\",\"new\":{\"x\":1},"
		"\"params\":{\"scale\":\"1\",\"n\":2,\"on\":true,\"list\":[1,\"a\"],\"none\":null},"
		"\"metrics\":{\"auc\":0.71,\"loss\":\"NaN\",\"bad\":\"high\"},\"tags\":{}}");
	const struct record_run *run = &record.run;
	assert_string_equal(run->pipeline, "recsys");
	assert_string_equal(run->state, "failed");
	assert_string_equal(run->tool_state, "ABENDED");
	assert_int_equal(run->started_ms, 1795220400000);
	assert_int_equal(run->heartbeat_ms, TIME_NONE);
	assert_null(run->url);
	assert_int_equal(run->n_tags, 0);
	assert_int_equal(run->n_metrics, 2);
	for (size_t i = 0; i < run->n_metrics; i++)
		assert_true(run->metrics[i].key[0] == 'a' ? run->metrics[i].number == 0.71
							  : isnan(run->metrics[i].number));
	static const char *const texts[][2] = {
		{"scale", "1"}, {"n", "2"}, {"on", "true"}, {"list", "[1,\"a\"]"}, {"none", "null"}};
	assert_int_equal(run->n_params, 5);
	for (size_t i = 0; i < run->n_params; i++)
		for (size_t j = 0; j < 5; j++)
			if (str_is(str_of(run->params[i].key), texts[j][0]))
				assert_string_equal(run->params[i].text, texts[j][1]);
}

static void a_missing_required_member_is_named(void **state)
{
	(void)state;
	static const struct {
		enum record_kind kind;
		const char *json, *message;
	} cases[] = {
		{RECORD_PIPELINE, "{}", "record 'pipeline': no 'pipeline'"},
		{RECORD_RUN, "{\"pipeline\":\"p\",\"run\":\"r\"}", "record 'run': no 'state'"},
		{RECORD_RUN, "{\"pipeline\":\"p\",\"run\":17,\"state\":\"failed\"}",
			"record 'run': no 'run'"},
		{RECORD_RUN, "{\"pipeline\":\"\",\"run\":\"r\",\"state\":\"failed\"}",
			"record 'run': no 'pipeline'"},
		{RECORD_STEP_RUN, "{\"pipeline\":\"p\",\"run\":\"r\",\"state\":\"failed\"}",
			"record 'step_run': no 'step'"},
		{RECORD_HEALTH, "{\"component\":\"scheduler\"}", "record 'health': no 'state'"},
		{RECORD_GONE, "{\"pipeline\":\"p\"}", "record 'gone': no 'run'"},
		{RECORD_CURSOR, "{\"cursor\":null}", "record 'cursor': no 'cursor'"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct record record;
		assert_false(read_as(cases[i].kind, cases[i].json, &record));
		assert_int_equal(err.code, ERR_USAGE);
		assert_string_equal(err.msg, cases[i].message);
	}
}

static void params_that_are_no_object_miss_everything(void **state)
{
	(void)state;
	struct record record;
	assert_false(record_read(arena, RECORD_RUN, NULL, &record, &err));
	assert_false(read_as(RECORD_RUN, "[1,2]", &record));
}

static void a_member_of_a_wrong_type_is_absent(void **state)
{
	(void)state;
	struct record record = read_good(RECORD_STEP_RUN,
		"{\"pipeline\":\"p\",\"run\":\"r\",\"step\":\"s\",\"state\":\"running\",\"index\":7,"
		"\"attempt\":\"two\",\"started_ms\":\"yesterday\",\"ended_ms\":-1,\"queued_ms\":9e17,"
		"\"note\":[\"x\"]}");
	assert_null(record.step_run.index);
	assert_int_equal(record.step_run.attempt, 0);
	assert_int_equal(record.step_run.started_ms, TIME_NONE);
	assert_int_equal(record.step_run.ended_ms, TIME_NONE);
	assert_int_equal(record.step_run.queued_ms, TIME_NONE);
	assert_null(record.step_run.note);
}

static void a_state_never_seen_reads_as_unknown(void **state)
{
	(void)state;
	struct record run =
		read_good(RECORD_RUN, "{\"pipeline\":\"p\",\"run\":\"r\",\"state\":\"exploded\"}");
	assert_string_equal(run.run.state, "unknown");
	struct record health = read_good(RECORD_HEALTH, "{\"component\":\"c\",\"state\":\"success\"}");
	assert_string_equal(health.health.state, "unknown");
	health = read_good(RECORD_HEALTH, "{\"component\":\"c\",\"state\":\"gone\"}");
	assert_string_equal(health.health.state, "gone");
}

static void a_pipeline_without_steps_is_not_one_of_no_steps(void **state)
{
	(void)state;
	struct record without = read_good(RECORD_PIPELINE, "{\"pipeline\":\"p\"}");
	assert_false(without.pipeline.has_steps);
	assert_int_equal(without.pipeline.paused, -1);
	assert_written(
		&without, "{\"jsonrpc\":\"2.0\",\"method\":\"pipeline\",\"params\":{\"pipeline\":\"p\"}}\n");
	struct record of_none =
		read_good(RECORD_PIPELINE, "{\"pipeline\":\"p\",\"steps\":[],\"paused\":false}");
	assert_true(of_none.pipeline.has_steps);
	assert_int_equal(of_none.pipeline.paused, 0);
	assert_written(&of_none, "{\"jsonrpc\":\"2.0\",\"method\":\"pipeline\",\"params\":"
				 "{\"pipeline\":\"p\",\"paused\":false,\"steps\":[]}}\n");
}

static void a_step_without_a_name_is_left_out_alone(void **state)
{
	(void)state;
	struct record record = read_good(RECORD_PIPELINE,
		"{\"pipeline\":\"p\",\"steps\":[{\"label\":\"x\"},7,"
		"{\"step\":\"check\",\"operator\":\"Python\",\"upstream\":[\"extract\",3]}]}");
	assert_int_equal(record.pipeline.n_steps, 1);
	const struct record_step *step = &record.pipeline.steps[0];
	assert_string_equal(step->step, "check");
	assert_null(step->label);
	assert_string_equal(step->operator_name, "Python");
	assert_int_equal(step->n_upstream, 1);
	assert_string_equal(step->upstream[0], "extract");
}

static void what_is_written_reads_back_the_same(void **state)
{
	(void)state;
	static const struct {
		enum record_kind kind;
		const char *json;
	} cases[] = {
		{RECORD_PIPELINE,
			"{\"pipeline\":\"p\",\"kind\":\"dag\",\"title\":\"P\",\"schedule\":\"0 2 * * *\","
			"\"owner\":\"o\",\"url\":\"http://x\",\"version\":\"v\",\"paused\":true,"
			"\"next_due_ms\":5,\"steps\":[{\"step\":\"a\",\"label\":\"A\"},"
			"{\"step\":\"b\",\"operator\":\"O\",\"upstream\":[\"a\"]}]}"},
		{RECORD_RUN,
			"{\"pipeline\":\"p\",\"run\":\"\\u001b[2J\\u000a\",\"name\":\"n\",\"kind\":\"k\","
			"\"state\":\"lost\",\"tool_state\":\"T\",\"user\":\"u\",\"parent\":\"q\",\"url\":"
			"\"l\","
			"\"note\":\"o\",\"version\":\"v\",\"started_ms\":1,\"ended_ms\":2,\"queued_ms\":3,"
			"\"heartbeat_ms\":4,\"params\":{\"a\":\"1\"},\"metrics\":{\"m\":\"Infinity\"},"
			"\"tags\":{\"t\":\"x\"}}"},
		{RECORD_STEP_RUN,
			"{\"pipeline\":\"p\",\"run\":\"r\",\"step\":\"s\",\"index\":\"7\",\"label\":\"l\","
			"\"attempt\":2,\"state\":\"skipped\",\"tool_state\":\"removed\",\"operator\":\"o\","
			"\"note\":\"n\",\"started_ms\":1,\"ended_ms\":2,\"queued_ms\":0}"},
		{RECORD_HEALTH, "{\"component\":\"c\",\"state\":\"ok\",\"since_ms\":9,\"message\":\"m\"}"},
		{RECORD_GONE, "{\"pipeline\":\"p\",\"run\":\"r\"}"},
		{RECORD_CURSOR, "{\"cursor\":\"\"}"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct record record = read_good(cases[i].kind, cases[i].json);
		struct buf line;
		buf_init(&line, 0);
		buf_addf(&line, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":%s}\n",
			record_method(cases[i].kind), cases[i].json);
		assert_written(&record, line.p);
		buf_fini(&line);
	}
}

static void a_method_names_its_kind(void **state)
{
	(void)state;
	for (int kind = 0; kind < RECORD_KINDS; kind++)
		assert_int_equal(record_kind_of(str_of(record_method((enum record_kind)kind))), kind);
	assert_int_equal(record_kind_of(STR("log")), RECORD_KINDS);
	assert_int_equal(record_kind_of(STR("")), RECORD_KINDS);
}

static void every_state_has_a_word_and_back(void **state)
{
	(void)state;
	for (int i = 0; i < STATE_COUNT; i++)
		assert_int_equal(state_of(str_of(state_word((enum state)i))), i);
	assert_int_equal(state_of(STR("SUCCESS")), STATE_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_reads_with_all_its_members),
		TEST(a_missing_required_member_is_named),
		TEST(params_that_are_no_object_miss_everything),
		TEST(a_member_of_a_wrong_type_is_absent),
		TEST(a_state_never_seen_reads_as_unknown),
		TEST(a_pipeline_without_steps_is_not_one_of_no_steps),
		TEST(a_step_without_a_name_is_left_out_alone),
		TEST(what_is_written_reads_back_the_same),
		TEST(a_method_names_its_kind),
		TEST(every_state_has_a_word_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

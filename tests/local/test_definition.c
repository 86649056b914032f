/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/buf.h"
#include "client/base/mem.h"
#include "client/local/definition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct arena *arena;
static struct local_definition definition;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void read_well(const char *text)
{
	struct err err = {0};
	if (!definition_parse(arena, "p.yaml", "/srv", str_of(text), &definition, &err))
		fail_msg("%s", err.msg);
}

static void assert_refused(const char *text, const char *message)
{
	struct err err = {0};
	assert_false(definition_parse(arena, "p.yaml", "/srv", str_of(text), &definition, &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, message);
}

static void all_that_a_file_can_say_is_read(void **state)
{
	(void)state;
	read_well(
		"name: popularity\n"
		"title: What is played most\n"
		"params: {scale: 1, fault: \"\"}\n"
		"steps:\n"
		"  - {step: extract, run: [python3, extract.py], timeout: 5m}\n"
		"  - {step: check, after: [extract], run: [python3, check.py], retries: 2, env: {A: b c}}\n");
	assert_string_equal(definition.name, "popularity");
	assert_string_equal(definition.title, "What is played most");
	assert_int_equal(definition.n_params, 2);
	assert_string_equal(definition.params[0].value, "1");
	assert_string_equal(definition.params[1].value, "");
	assert_int_equal(definition.n_steps, 2);
	assert_int_equal(definition.steps[0].timeout_ms, 300000);
	assert_string_equal(definition.steps[0].run[1], "extract.py");
	assert_null(definition.steps[0].run[2]);
	assert_int_equal(definition.steps[1].retries, 2);
	assert_int_equal(definition.steps[1].after[0], 0);
	assert_string_equal(definition.steps[1].env[0], "A=b c");
}

static void steps_stand_behind_those_that_they_wait_for(void **state)
{
	(void)state;
	read_well("name: p\n"
		  "steps:\n"
		  "  - {step: d, after: [b, c], run: [d]}\n"
		  "  - {step: c, after: [a], run: [c]}\n"
		  "  - {step: b, after: [a], run: [b]}\n"
		  "  - {step: a, run: [a]}\n");
	struct buf order;
	buf_init(&order, 0);
	for (size_t i = 0; i < definition.n_steps; i++) {
		buf_addz(&order, definition.steps[i].name);
		for (size_t k = 0; k < definition.steps[i].n_after; k++)
			assert_true(definition.steps[i].after[k] < i);
	}
	assert_string_equal(buf_str(&order).p, "abcd");
	buf_fini(&order);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
	(void)state;
	assert_refused("", "p.yaml:1: a pipeline needs 'name'");
	assert_refused("name: p", "p.yaml:1: a pipeline needs 'steps'");
	assert_refused("name: ../p\nsteps: []",
		"p.yaml:1: 'name' must be a name of letters, digits, '_', '-' and '.'");
	assert_refused("name: p\nsteps: []", "p.yaml:2: 'steps' must be a list of 1 to 500 steps");
	assert_refused("name: p\nstep: []\n", "p.yaml:2: a pipeline has no key 'step'");
	assert_refused(
		"name: p\nsteps:\n  - {step: a, run: [x], retry: 1}", "p.yaml:3: a step has no key 'retry'");
	assert_refused("name: p\nsteps:\n  - {step: a}", "p.yaml:3: a step needs 'run'");
	assert_refused("name: p\nsteps:\n  - {step: a, run: x}",
		"p.yaml:3: 'run' must be a list: the program and its arguments");
	assert_refused("name: p\nsteps:\n  - {step: a, run: [x]}\n  - {step: a, run: [y]}",
		"p.yaml:4: there are two steps 'a'");
	assert_refused("name: p\nsteps:\n  - {step: a, after: [b], run: [x]}",
		"p.yaml:3: 'a' waits for 'b', which is no step");
	assert_refused(
		"name: p\nsteps:\n  - {step: a, after: [b], run: [x]}\n  - {step: b, after: [a], run: [x]}",
		"p.yaml:3: 'a' waits for itself");
	assert_refused("name: p\nsteps:\n  - {step: a, run: [x], timeout: soon}",
		"p.yaml:3: 'timeout' must be a duration such as 30s or 5m");
	assert_refused("name: p\nsteps:\n  - {step: a, run: [x], retries: -1}",
		"p.yaml:3: 'retries' must be a number from 0 to 100");
	assert_refused("name: p\nparams: [a]\nsteps:\n  - {step: a, run: [x]}",
		"p.yaml:2: 'params' must be a map of names and defaults");
}

static void a_parameter_that_is_not_there_cannot_be_set(void **state)
{
	(void)state;
	struct err err = {0};
	read_well("name: p\nparams: {scale: 1, days: 28}\nsteps:\n  - {step: a, run: [x]}\n");
	assert_true(definition_set(&definition, STR("days"), "3", &err));
	assert_string_equal(definition.params[1].value, "3");
	assert_false(definition_set(&definition, STR("day"), "3", &err));
	assert_string_equal(err.msg, "'p' has no parameter 'day'; it has: scale, days");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_that_a_file_can_say_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(steps_stand_behind_those_that_they_wait_for, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_wrong_is_told_with_its_line, setup, teardown),
		cmocka_unit_test_setup_teardown(a_parameter_that_is_not_there_cannot_be_set, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

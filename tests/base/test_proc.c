/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/proc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PLENTY_MS = 20000 };

#define SH(script) ((const char *const[]){"sh", "-c", (script), NULL})

/* What SCRIPT prints. */
static const char *output_of(struct buf *out, const char *script)
{
	struct err err = {0};
	int status;
	if (!proc_read(SH(script), PLENTY_MS, out, &status, &err))
		fail_msg("%s", err.msg);
	return buf_str(out).p;
}

static void a_program_that_cannot_be_executed_is_an_error_at_once(void **state)
{
	(void)state;
	struct proc proc;
	struct err err = {0};
	const char *const argv[] = {"/nowhere/porthole-plugin", NULL};
	assert_false(proc_start(&proc, argv, NULL, PROC_PIPES, &err));
	assert_string_equal(err.msg, "cannot run '/nowhere/porthole-plugin': No such file or directory");
	assert_int_equal(proc.in, -1);
	assert_int_equal(proc_end(&proc, SIGTERM, 0), -1);
}

static void pipes_carry_both_ways_and_the_status_comes_back(void **state)
{
	(void)state;
	struct proc proc;
	struct err err = {0};
	char answer[8] = "";
	assert_true(proc_start(&proc, SH("read x; echo got $x; exit 7"), NULL, PROC_PIPES, &err));
	assert_int_equal(write(proc.in, "hey\n", 4), 4);
	assert_int_equal(read(proc.out, answer, sizeof answer), 8);
	assert_memory_equal(answer, "got hey\n", 8);
	assert_int_equal(proc_end(&proc, 0, PLENTY_MS), 7);
}

static void standard_error_has_a_pipe_of_its_own(void **state)
{
	(void)state;
	struct proc proc;
	struct err err = {0};
	char said[4];
	assert_true(proc_start(&proc, SH("echo oh >&2"), NULL, PROC_PIPES | PROC_PIPE_STDERR, &err));
	assert_int_equal(read(proc.err, said, sizeof said), 3);
	assert_memory_equal(said, "oh\n", 3);
	assert_int_equal(proc_end(&proc, 0, PLENTY_MS), 0);
}

static void a_signal_ends_it_with_128_and_its_number(void **state)
{
	(void)state;
	struct proc proc;
	struct err err = {0};
	assert_true(proc_start(&proc, SH("exec sleep 1000"), NULL, 0, &err));
	assert_int_equal(proc_end(&proc, SIGTERM, PLENTY_MS), 128 + SIGTERM);
}

static void who_ignores_the_signal_is_killed(void **state)
{
	(void)state;
	struct proc proc;
	struct err err = {0};
	char byte;
	const char *deaf = "trap '' TERM; echo; exec sleep 1000";
	assert_true(proc_start(&proc, SH(deaf), NULL, PROC_PIPES, &err));
	assert_int_equal(read(proc.out, &byte, 1), 1);
	assert_int_equal(proc_end(&proc, SIGTERM, 10), 128 + SIGKILL);
}

static void no_other_descriptor_reaches_the_child(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 4096);
	int leaked = dup2(STDERR_FILENO, 77);
	assert_int_equal(leaked, 77);
	output_of(&out, "for f in /proc/$$/fd/*; do echo ${f##*/}; done | grep -c '^77$'");
	assert_string_equal(out.p, "0\n");
	close(leaked);
	buf_fini(&out);
}

static void signals_are_as_at_login(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 4096);
	sigset_t mask, before;
	sigfillset(&mask);
	sigprocmask(SIG_BLOCK, &mask, &before);
	signal(SIGPIPE, SIG_IGN);
	output_of(&out, "grep -E '^Sig(Blk|Ign)' /proc/$$/status | tr -d '\\t\\n'");
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	unsigned long long blocked, ignored;
	assert_int_equal(sscanf(out.p, "SigBlk:%16llxSigIgn:%16llx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	/* 32 and 33 are libc's own: where our parent left them ignored nobody can change it */
	assert_int_equal(ignored & 0x7fffffff, 0);
	buf_fini(&out);
}

static void extra_variables_replace_ours(void **state)
{
	(void)state;
	struct proc proc;
	struct err err = {0};
	const char *const env[] = {"PORTHOLE_TEST=new", "PORTHOLE_MORE=x", NULL};
	char said[16] = "";
	setenv("PORTHOLE_TEST", "old", 1);
	assert_true(proc_start(&proc, SH("echo $PORTHOLE_TEST$PORTHOLE_MORE"), env, PROC_PIPES, &err));
	assert_int_equal(read(proc.out, said, sizeof said - 1), 5);
	assert_string_equal(said, "newx\n");
	assert_int_equal(proc_end(&proc, 0, PLENTY_MS), 0);
}

static void a_child_starts_in_the_folder_it_is_given(void **state)
{
	(void)state;
	struct proc proc;
	struct err err = {0};
	char said[8] = "";
	assert_true(proc_start_in(&proc, "/", SH("pwd"), NULL, PROC_PIPES, &err));
	assert_int_equal(read(proc.out, said, sizeof said - 1), 2);
	assert_string_equal(said, "/\n");
	proc_end(&proc, 0, PLENTY_MS);
	assert_false(proc_start_in(&proc, "/nowhere", SH("pwd"), NULL, PROC_PIPES, &err));
}

static void reading_gives_the_output_and_the_status(void **state)
{
	(void)state;
	struct buf out;
	struct err err = {0};
	int status = -1;
	buf_init(&out, 4096);
	assert_true(proc_read(SH("echo token; exit 3"), PLENTY_MS, &out, &status, &err));
	assert_string_equal(out.p, "token\n");
	assert_int_equal(status, 3);
	buf_fini(&out);
}

static void reading_more_than_fits_is_an_error(void **state)
{
	(void)state;
	struct buf out;
	struct err err = {0};
	int status;
	buf_init(&out, 10);
	assert_false(proc_read(SH("while :; do echo y; done"), PLENTY_MS, &out, &status, &err));
	assert_string_equal(err.msg, "'sh' wrote more than 10 bytes");
	assert_int_equal(out.n, 10);
	buf_fini(&out);
}

static void reading_from_who_hangs_times_out(void **state)
{
	(void)state;
	struct buf out;
	struct err err = {0};
	int status;
	buf_init(&out, 10);
	assert_false(proc_read(SH("exec sleep 1000"), 20, &out, &status, &err));
	assert_int_equal(err.code, ERR_UNAVAILABLE);
	buf_fini(&out);
}

static void a_sibling_that_is_nowhere_is_left_to_the_path(void **state)
{
	(void)state;
	assert_string_equal(proc_sibling("porthole-nothing"), "porthole-nothing");
	const char *path = proc_sibling("test_proc");
	assert_int_equal(path[0], '/');
	assert_int_equal(access(path, X_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_that_cannot_be_executed_is_an_error_at_once),
		cmocka_unit_test(pipes_carry_both_ways_and_the_status_comes_back),
		cmocka_unit_test(standard_error_has_a_pipe_of_its_own),
		cmocka_unit_test(a_signal_ends_it_with_128_and_its_number),
		cmocka_unit_test(who_ignores_the_signal_is_killed),
		cmocka_unit_test(no_other_descriptor_reaches_the_child),
		cmocka_unit_test(signals_are_as_at_login),
		cmocka_unit_test(extra_variables_replace_ours),
		cmocka_unit_test(a_child_starts_in_the_folder_it_is_given),
		cmocka_unit_test(reading_gives_the_output_and_the_status),
		cmocka_unit_test(reading_more_than_fits_is_an_error),
		cmocka_unit_test(reading_from_who_hangs_times_out),
		cmocka_unit_test(a_sibling_that_is_nowhere_is_left_to_the_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

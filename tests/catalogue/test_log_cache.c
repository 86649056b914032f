/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/log_cache.h"

#include "client/base/file.h"
#include "tests/catalogue/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char *dir;
	struct arena *arena;
	struct err err;
};

static const struct ref attempt = {
	.kind = REF_STEP, .source = "airflow-prod", .pipeline = "p", .run = "r", .step = "s", .attempt = 2};

static int setup(void **state)
{
	struct place *p = x_new(struct place);
	p->dir = scratch_new();
	p->arena = arena_new();
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	scratch_free(p->dir);
	arena_free(p->arena);
	x_free(p);
	return 0;
}

static struct log_cache_entry find(struct place *p, const struct ref *ref)
{
	return log_cache_find(p->arena, p->dir, ref);
}

static struct log_cache_writer *begin(struct place *p, int64_t offset)
{
	struct log_cache_writer *writer = log_cache_begin(p->dir, &attempt, offset, &p->err);
	if (!writer)
		fail_msg("%s", p->err.msg);
	return writer;
}

static void write_log(struct place *p, int64_t offset, struct str text, bool is_complete)
{
	struct log_cache_writer *writer = begin(p, offset);
	assert_true(log_cache_append(writer, text, &p->err));
	assert_true(log_cache_end(writer, is_complete, &p->err));
}

static void assert_log(struct place *p, const char *text, bool is_complete)
{
	struct log_cache_entry entry = find(p, &attempt);
	assert_int_equal(entry.size, strlen(text));
	assert_int_equal(entry.is_complete, is_complete);
	struct buf bytes;
	buf_init(&bytes, 0);
	assert_true(file_read(entry.path, 1 << 20, &bytes, &p->err));
	assert_true(str_starts(buf_str(&bytes), str_of(text)));
	buf_fini(&bytes);
}

static void a_log_nobody_fetched_is_empty_and_has_a_place(void **state)
{
	struct place *p = *state;
	struct log_cache_entry entry = find(p, &attempt);
	assert_int_equal(entry.size, 0);
	assert_false(entry.is_complete);
	assert_true(str_starts(str_of(entry.path), str_of(p->dir)));
	assert_true(str_has(str_of(entry.path), STR("/airflow-prod/")));
	assert_true(str_ends(str_of(entry.path), STR(".log")));
}

static void a_complete_log_stays(void **state)
{
	struct place *p = *state;
	write_log(p, 0, STR("one\0two\n"), true);
	struct log_cache_entry entry = find(p, &attempt);
	assert_int_equal(entry.size, 8);
	assert_true(entry.is_complete);
	struct stat st;
	assert_int_equal(stat(entry.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void an_empty_log_can_be_complete(void **state)
{
	struct place *p = *state;
	write_log(p, 0, STR(""), true);
	assert_true(find(p, &attempt).is_complete);
}

static void a_partial_log_goes_on_where_it_ended(void **state)
{
	struct place *p = *state;
	write_log(p, 0, STR("one\n"), false);
	assert_log(p, "one\n", false);
	write_log(p, 4, STR("two\n"), false);
	assert_log(p, "one\ntwo\n", false);
	write_log(p, 8, STR("three\n"), true);
	assert_log(p, "one\ntwo\nthree\n", true);
}

static void going_on_earlier_drops_what_came_after(void **state)
{
	struct place *p = *state;
	write_log(p, 0, STR("one\nTWO\nTHREE\n"), false);
	write_log(p, 4, STR("two\n"), false);
	assert_log(p, "one\ntwo\n", false);
}

static void going_on_behind_the_end_is_refused_and_harmless(void **state)
{
	struct place *p = *state;
	assert_null(log_cache_begin(p->dir, &attempt, 4, &p->err));
	assert_int_equal(p->err.code, ERR_NOT_FOUND);
	write_log(p, 0, STR("one\n"), true);
	assert_null(log_cache_begin(p->dir, &attempt, 5, &p->err));
	assert_int_equal(p->err.code, ERR_NOT_FOUND);
	assert_log(p, "one\n", true);
	write_log(p, 4, STR("two\n"), true);
	assert_log(p, "one\ntwo\n", true);
}

static void what_was_written_counts_once_it_ended(void **state)
{
	struct place *p = *state;
	struct log_cache_writer *writer = begin(p, 0);
	assert_true(log_cache_append(writer, STR("one\n"), &p->err));
	struct log_cache_entry entry = find(p, &attempt);
	assert_int_equal(entry.size, 0);
	assert_false(entry.is_complete);
	assert_true(log_cache_end(writer, false, &p->err));
	assert_log(p, "one\n", false);
}

static void a_reader_keeps_the_old_log_while_it_is_fetched_anew(void **state)
{
	struct place *p = *state;
	write_log(p, 0, STR("old\n"), true);
	FILE *reader = fopen(find(p, &attempt).path, "r");
	assert_non_null(reader);
	write_log(p, 0, STR("a new log\n"), true);
	char line[32];
	assert_non_null(fgets(line, sizeof line, reader));
	assert_string_equal(line, "old\n");
	fclose(reader);
	assert_log(p, "a new log\n", true);
}

static void two_do_not_write_one_log(void **state)
{
	struct place *p = *state;
	struct log_cache_writer *first = begin(p, 0);
	assert_null(log_cache_begin(p->dir, &attempt, 0, &p->err));
	assert_int_equal(p->err.code, ERR_UNAVAILABLE);
	assert_true(log_cache_append(first, STR("one\n"), &p->err));
	assert_true(log_cache_end(first, true, &p->err));
	assert_log(p, "one\n", true);
}

static void a_writer_that_was_killed_claims_nothing_new(void **state)
{
	struct place *p = *state;
	write_log(p, 0, STR("one\n"), false);
	pid_t child = fork();
	if (child == 0) {
		struct log_cache_writer *writer = log_cache_begin(p->dir, &attempt, 4, &p->err);
		if (writer && log_cache_append(writer, STR("half a li"), &p->err))
			raise(SIGKILL);
		_exit(1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_log(p, "one\n", false);
	write_log(p, 4, STR("two\n"), true);
	assert_log(p, "one\ntwo\n", true);
}

static void a_companion_that_says_nonsense_counts_as_nothing(void **state)
{
	struct place *p = *state;
	write_log(p, 0, STR("one\n"), false);
	struct str path = str_of(find(p, &attempt).path);
	char *part = arena_printf(p->arena, "%.*s.part", STR_FMT(str_slice(path, 0, path.n - 4)));
	assert_true(file_write(part, STR("-00000000000000001\n\n"), &p->err));
	assert_int_equal(find(p, &attempt).size, 0);
	assert_true(file_write(part, STR("0000000000000099999\n"), &p->err));
	assert_log(p, "one\n", false);
}

static void attempts_and_indexes_have_logs_of_their_own(void **state)
{
	struct place *p = *state;
	struct ref others[] = {attempt, attempt, attempt, attempt};
	others[0].attempt = 3;
	others[1].index = "7";
	others[2].run = "r2";
	others[3].source = "airflow-test";
	write_log(p, 0, STR("one\n"), true);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(find(p, &others[i]).size, 0);
}

static void no_name_leads_out_of_the_folder(void **state)
{
	static const char *const names[] = {"..", ".", "../..", "/etc", "a/../../b", ".hidden"};
	struct place *p = *state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct ref ref = attempt;
		ref.source = names[i];
		ref.run = "../../../../etc/passwd";
		struct str path = str_of(find(p, &ref).path);
		struct str rest = str_slice(path, strlen(p->dir) + 1, path.n), part;
		size_t n = 0;
		for (; str_next(&rest, '/', &part); n++)
			assert_true(part.n > 0 && part.p[0] != '.');
		assert_int_equal(n, 2);
	}
}

/* In a child: the limit is the whole process's. */
static void a_full_disk_is_said_and_keeps_what_was_good(void **state)
{
	struct place *p = *state;
	write_log(p, 0, STR("one\n"), false);
	pid_t child = fork();
	if (child == 0) {
		static const char block[8192];
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
		struct log_cache_writer *writer = log_cache_begin(p->dir, &attempt, 4, &p->err);
		bool is_refused =
			writer && !log_cache_append(writer, (struct str){block, sizeof block}, &p->err);
		_exit(is_refused && p->err.code == ERR_FULL ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_log(p, "one\n", false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_log_nobody_fetched_is_empty_and_has_a_place),
		TEST(a_complete_log_stays),
		TEST(an_empty_log_can_be_complete),
		TEST(a_partial_log_goes_on_where_it_ended),
		TEST(going_on_earlier_drops_what_came_after),
		TEST(going_on_behind_the_end_is_refused_and_harmless),
		TEST(what_was_written_counts_once_it_ended),
		TEST(a_reader_keeps_the_old_log_while_it_is_fetched_anew),
		TEST(two_do_not_write_one_log),
		TEST(a_writer_that_was_killed_claims_nothing_new),
		TEST(a_companion_that_says_nonsense_counts_as_nothing),
		TEST(attempts_and_indexes_have_logs_of_their_own),
		TEST(no_name_leads_out_of_the_folder),
		TEST(a_full_disk_is_said_and_keeps_what_was_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

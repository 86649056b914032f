/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said of SQLite's files alone. */
#include "tests/catalogue/place.h"

#include "client/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };
static const int64_t DAY_MS = 24 * 3600 * INT64_C(1000);

/* --- SQLite: files ------------------------------------------------------------------ */

static struct stat stat_of(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		fail_msg("%s: %s", path, strerror(errno));
	return st;
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat st = stat_of(path);
	if ((st.st_mode & 07777) != mode)
		fail_msg("%s: mode %o", path, st.st_mode & 07777);
}

static void overwrite(const char *path, off_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

static void files_are_for_their_owner_alone(void **state)
{
	struct place *p = *state;
	mode_t before = umask(0);
	struct store *store = open_as(p, STORE_SYNC);
	assert_true(store_begin(store, &p->err));
	add_source(p, store, "a");
	add_note(p, store);
	static const char *const suffixes[] = {"", "-wal", "-shm", ".team", ".team-journal", ".writer"};
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		assert_mode(arena_printf(p->arena, "%s%s", p->address, suffixes[i]), 0600);
	assert_mode(arena_printf(p->arena, "%s/data", p->dir), 0700);
	assert_true(store_commit(store, &p->err));
	store_close(store);
	umask(before);
}

static void settings_are_those_of_the_safety_reference(void **state)
{
	struct place *p = *state;
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	assert_string_equal(ask_text(p, sync, "PRAGMA main.journal_mode"), "wal");
	assert_string_equal(ask_text(p, sync, "PRAGMA team.journal_mode"), "delete");
	assert_int_equal(ask(p, sync, "PRAGMA main.synchronous"), 1);
	assert_int_equal(ask(p, sync, "PRAGMA team.synchronous"), 2);
	assert_true(ask(p, sync, "PRAGMA main.application_id") > 0);
	assert_true(ask(p, sync, "PRAGMA team.user_version") > 0);
	struct store *both[] = {sync, reader};
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		assert_int_equal(ask(p, both[i], "PRAGMA wal_autocheckpoint"), 0);
		assert_int_equal(ask(p, both[i], "PRAGMA foreign_keys"), 1);
		assert_int_equal(ask(p, both[i], "PRAGMA trusted_schema"), 0);
		assert_int_equal(ask(p, both[i], "PRAGMA cell_size_check"), 1);
		assert_int_equal(ask(p, both[i], "PRAGMA temp_store"), 1);
		assert_int_equal(ask(p, both[i], "PRAGMA mmap_size"), 0);
	}
	assert_int_equal(ask(p, reader, "PRAGMA team.synchronous"), 2);
	store_close(reader);
	store_close(sync);
}

/* The log stays what it was: a checkpoint by anybody but sync may damage the file (safety.md). */
static void a_reader_that_closes_last_leaves_the_log_alone(void **state)
{
	struct place *p = *state;
	const char *log = arena_printf(p->arena, "%s-wal", p->address);
	struct store *sync = open_as(p, STORE_SYNC), *reader = open_as(p, STORE_READ);
	add_source(p, sync, "a");
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 1);
	store_close(sync); /* cannot remove the log: the reader has it */
	add_note(p, reader);
	struct stat file = stat_of(p->address), before = stat_of(log);
	store_close(reader);
	assert_int_equal(stat_of(log).st_size, before.st_size);
	assert_int_equal(stat_of(p->address).st_mtim.tv_nsec, file.st_mtim.tv_nsec);
}

static void a_checkpoint_moves_the_log_into_the_file(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *store = open_as(p, STORE_SYNC);
	struct stat before = stat_of(p->address);
	assert_true(store_begin(store, &p->err));
	for (int i = 0; i < 2000; i++)
		add_source(p, store, arena_printf(p->arena, "a source with a long name, number %d", i));
	assert_true(store_commit(store, &p->err));
	assert_int_equal(stat_of(p->address).st_size, before.st_size);
	assert_true(store_checkpoint(store, &p->err));
	assert_true(stat_of(p->address).st_size > before.st_size);
	store_close(store);
}

static void a_path_may_hold_what_means_something_in_an_address(void **state)
{
	struct place *p = *state;
	x_free(p->address);
	p->address = x_printf("%s/a?mode=memory&b#c%%20d.db", p->dir);
	create(p);
	stat_of(p->address);
	store_close(open_as(p, STORE_READ));
}

static void an_empty_file_is_not_a_catalogue_yet(void **state)
{
	struct place *p = *state;
	assert_true(file_make_dir(arena_printf(p->arena, "%s/data", p->dir), &p->err));
	overwrite(p->address, 0, "", 0);
	assert_no_open(p, STORE_READ, ERR_NOT_FOUND);
	create(p);
	store_close(open_as(p, STORE_READ));
}

static void a_database_of_another_kind_is_left_alone(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *store = open_as(p, STORE_SYNC);
	exec(p, store, "PRAGMA application_id = 7");
	store_close(store);
	assert_no_open(p, STORE_SYNC, ERR_USAGE);
	stat_of(p->address);
}

static void a_damaged_catalogue_is_set_aside_and_built_anew(void **state)
{
	struct place *p = *state;
	clock_fix(INT64_C(1795220400000)); /* 2026-11-21 */
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	add_note(p, store);
	store_close(store);
	overwrite(p->address, 0, "this is no database", 19);
	overwrite(arena_printf(p->arena, "%s-wal", p->address), 0, "its log", 7);
	assert_no_open(p, STORE_READ, ERR_CORRUPT);

	store = open_as(p, STORE_SYNC);
	assert_non_null(store_notice(store));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 0);
	assert_int_equal(ask(p, store, COUNT_NOTES), 1);
	store_close(store);
	stat_of(arena_printf(p->arena, "%s.damaged-20261121T002000Z", p->address));
	stat_of(arena_printf(p->arena, "%s.damaged-20261121T002000Z-wal", p->address));
	store = open_as(p, STORE_SYNC);
	assert_null(store_notice(store));
	store_close(store);
}

/* A page in the middle, which opening alone does not touch. */
static void hidden_damage_is_found_within_a_day(void **state)
{
	struct place *p = *state;
	const int64_t now = INT64_C(1795220400000);
	clock_fix(now);
	struct store *store = open_as(p, STORE_SYNC);
	int64_t page = ask(p, store, "SELECT rootpage FROM sqlite_schema WHERE name = 'run_of_source'");
	store_close(store);
	overwrite(p->address, (page - 1) * 4096, "\377\377\377\377\377\377\377\377", 8);

	clock_fix(now + DAY_MS / 2);
	store = open_as(p, STORE_SYNC);
	assert_null(store_notice(store));
	store_close(store);
	clock_fix(now + DAY_MS);
	store = open_as(p, STORE_SYNC);
	assert_non_null(store_notice(store));
	store_close(store);
}

static void a_query_that_meets_damage_says_so_and_loses_the_store(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	int64_t page = ask(p, store, "SELECT rootpage FROM sqlite_schema WHERE name = 'source'");
	store_close(store);
	overwrite(p->address, (page - 1) * 4096, "\377\377\377\377\377\377\377\377", 8);
	store = open_as(p, STORE_READ);
	struct result r;
	assert_false(store_query(store, "SELECT * FROM source", NULL, 0, p->arena, &r, &p->err));
	assert_int_equal(p->err.code, ERR_CORRUPT);
	assert_true(store_is_lost(store));
	store_close(store);
}

static void a_damaged_team_store_is_never_set_aside(void **state)
{
	struct place *p = *state;
	create(p);
	overwrite(p->team, 0, "this is no database", 19);
	struct stat before = stat_of(p->team);
	assert_no_open(p, STORE_READ, ERR_CORRUPT);
	assert_no_open(p, STORE_SYNC, ERR_CORRUPT);
	assert_int_equal(stat_of(p->team).st_ino, before.st_ino);
	assert_int_equal(stat_of(p->team).st_size, before.st_size);
}

static void a_reader_knows_that_its_file_was_replaced(void **state)
{
	struct place *p = *state;
	create(p);
	struct store *reader = open_as(p, STORE_READ);
	int64_t before = store_version(reader);
	assert_false(store_is_lost(reader));
	assert_int_equal(rename(p->address, arena_printf(p->arena, "%s.old", p->address)), 0);
	assert_true(store_version(reader) != before);
	assert_true(store_is_lost(reader));
	store_close(reader);
}

static void without_a_team_store_the_rest_is_shown_and_no_note_is_taken(void **state)
{
	struct place *p = *state;
	create(p);
	assert_int_equal(unlink(p->team), 0);
	struct store *reader = open_as(p, STORE_READ);
	assert_non_null(strstr(store_notice(reader), p->team));
	assert_int_equal(ask(p, reader, COUNT_SOURCES), 0);
	assert_int_equal(ask(p, reader, "SELECT count(*) FROM team.problem"), 0);
	assert_false(store_exec(reader,
		"INSERT INTO team.audit (at_ms, who, verb, object_ref) VALUES (1, 'a', 'b', 'c')", NULL, 0,
		NULL, &p->err));
	assert_int_equal(p->err.code, ERR_REFUSED);

	int64_t before = store_version(reader);
	create(p);
	assert_true(store_version(reader) != before);
	assert_true(store_is_lost(reader));
	store_close(reader);
}

static void a_backup_is_the_whole_team_store(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	char *copy = arena_printf(p->arena, "%s/copy.db.team", p->dir);
	overwrite(copy, 0, "an older backup", 15);
	for (int i = 0; i < 100; i++)
		add_note(p, store);
	assert_true(store_backup(store, copy, &p->err));
	assert_mode(copy, 0600);
	add_note(p, store);
	store_close(store);

	assert_int_equal(rename(copy, p->team), 0);
	store = open_as(p, STORE_SYNC);
	assert_int_equal(ask(p, store, COUNT_NOTES), 100);
	store_close(store);
}

static void a_backup_that_fails_leaves_nothing_behind(void **state)
{
	struct place *p = *state;
	create(p);
	assert_int_equal(unlink(p->team), 0);
	struct store *reader = open_as(p, STORE_READ);
	char *copy = arena_printf(p->arena, "%s/copy", p->dir);
	assert_false(store_backup(reader, copy, &p->err));
	assert_int_equal(p->err.code, ERR_NOT_FOUND);
	assert_int_equal(access(copy, F_OK), -1);
	store_close(reader);
}

/* --- SQLite: disks that are read-only or full ---------------------------------------- */

/* As somebody whom file modes hold back, also where the tests run as root. */
static void become_nobody(struct place *p)
{
	if (geteuid() != 0)
		return;
	static const char *const names[] = {"", "/data", "/data/portal.db", "/data/portal.db.team"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = arena_printf(p->arena, "%s%s", p->dir, names[i]);
		assert_int_equal(chown(path, NOBODY, NOBODY), 0);
	}
	assert_int_equal(seteuid(NOBODY), 0);
}

static void become_ourselves(void)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}

static void a_catalogue_on_a_read_only_disk_is_shown_with_a_notice(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	store_close(store);
	char *folder = arena_printf(p->arena, "%s/data", p->dir);
	assert_int_equal(chmod(folder, 0500), 0);
	become_nobody(p);
	store = store_open(p->address, STORE_READ, &p->err);
	if (store) {
		assert_non_null(strstr(store_notice(store), "read-only"));
		assert_int_equal(ask(p, store, COUNT_SOURCES), 1);
		assert_int_equal(ask(p, store, COUNT_NOTES), 0);
		assert_false(store_is_lost(store));
		store_close(store);
	}
	become_ourselves();
	assert_int_equal(chmod(folder, 0700), 0);
	assert_non_null(store);
}

static void a_team_store_that_cannot_be_written_is_still_read(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_note(p, store);
	store_close(store);
	assert_int_equal(chmod(p->team, 0400), 0);
	become_nobody(p);
	store = store_open(p->address, STORE_READ, &p->err);
	if (store) {
		assert_non_null(store_notice(store));
		assert_int_equal(ask(p, store, COUNT_NOTES), 1);
		assert_false(store_exec(store, "DELETE FROM team.problem", NULL, 0, NULL, &p->err));
		assert_int_equal(p->err.code, ERR_REFUSED);
		store_close(store);
	}
	become_ourselves();
	assert_non_null(store);
}

/* Adds sources until one fails; false where none does. */
static bool fill(struct store *store, struct err *err)
{
	struct arena *arena = arena_new();
	char *name = arena_get(arena, 10001, 1);
	memset(name, 'x', 10000);
	bool ok = store_begin(store, err);
	for (int i = 0; ok && i < 1000; i++) {
		name[i]++;
		struct value value = value_text(name);
		ok = store_exec(
			store, "INSERT INTO source (name, kind) VALUES ($1, 'mlflow')", &value, 1, NULL, err);
	}
	ok = ok && store_commit(store, err);
	store_rollback(store);
	arena_free(arena);
	return !ok;
}

static void a_full_file_is_an_error_and_reading_goes_on(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	exec(p, store, "PRAGMA main.max_page_count = 100");
	assert_true(fill(store, &p->err));
	assert_int_equal(p->err.code, ERR_FULL);
	assert_int_equal(ask(p, store, COUNT_SOURCES), 1);
	exec(p, store, "PRAGMA main.max_page_count = 100000");
	add_source(p, store, "b");
	store_close(store);
}

/* In a child: the limit is the whole process's. */
static void a_full_disk_is_an_error_and_reading_goes_on(void **state)
{
	struct place *p = *state;
	struct store *store = open_as(p, STORE_SYNC);
	add_source(p, store, "a");
	store_close(store);
	pid_t child = fork();
	if (child == 0) {
		signal(SIGXFSZ, SIG_IGN);
		store = store_open(p->address, STORE_SYNC, &p->err);
		struct rlimit limit = {1 << 20, 1 << 20};
		bool is_ok = store && setrlimit(RLIMIT_FSIZE, &limit) == 0 && fill(store, &p->err) &&
			     p->err.code == ERR_FULL && ask(p, store, COUNT_SOURCES) == 1;
		if (!is_ok)
			fprintf(stderr, "child: code %d: %s\n", p->err.code, p->err.msg);
		_exit(is_ok ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	store = open_as(p, STORE_SYNC);
	assert_null(store_notice(store));
	assert_int_equal(ask(p, store, COUNT_SOURCES), 1);
	store_close(store);
}

/* --- SQLite: killed at any moment ------------------------------------------------------ */

/* Writes batches of ten sources and a note until it is killed; says each commit. */
_Noreturn static void write_until_killed(struct place *p, int round, int out)
{
	struct store *store = store_open(p->address, STORE_SYNC, &p->err);
	for (int batch = 0; store; batch++) {
		if (!store_begin(store, &p->err))
			break;
		for (int i = 0; i < 10; i++)
			add_source(p, store,
				arena_printf(p->arena, "round %d batch %d source %d", round, batch, i));
		add_note(p, store);
		if (!store_commit(store, &p->err) || write(out, "c", 1) != 1)
			break;
		if (batch % 3 == 0 && !store_checkpoint(store, &p->err))
			break;
	}
	fprintf(stderr, "writer: %s\n", p->err.msg);
	_exit(1);
}

static int64_t kill_a_writer(struct place *p, int round)
{
	int pipe_fds[2];
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0)
		write_until_killed(p, round, pipe_fds[1]);
	close(pipe_fds[1]);
	int64_t n_commits = 0;
	char byte;
	while (n_commits < 1 + 7 * round && read(pipe_fds[0], &byte, 1) == 1)
		n_commits++;
	kill(child, SIGKILL);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(pipe_fds[0], &byte, 1) == 1)
		n_commits++;
	close(pipe_fds[0]);
	return n_commits;
}

/* Of a transaction over both files, cut between their commits, the catalogue's part may be there alone: so
 * the notes are as many as the commits that were said, or more, and never more than the batches. */
static void a_killed_writer_loses_no_commit_and_leaves_no_half_one(void **state)
{
	struct place *p = *state;
	int64_t n_said = 0;
	for (int round = 0; round < 6; round++) {
		n_said += kill_a_writer(p, round);
		struct store *store = open_as(p, STORE_SYNC);
		assert_null(store_notice(store));
		assert_string_equal(ask_text(p, store, "PRAGMA main.integrity_check"), "ok");
		assert_string_equal(ask_text(p, store, "PRAGMA team.integrity_check"), "ok");
		int64_t n_sources = ask(p, store, COUNT_SOURCES), n_notes = ask(p, store, COUNT_NOTES);
		assert_int_equal(n_sources % 10, 0);
		assert_in_range(n_notes, n_said, n_sources / 10);
		store_close(store);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_on_sqlite, place_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_are_for_their_owner_alone),
		TEST(settings_are_those_of_the_safety_reference),
		TEST(a_reader_that_closes_last_leaves_the_log_alone),
		TEST(a_checkpoint_moves_the_log_into_the_file),
		TEST(a_path_may_hold_what_means_something_in_an_address),
		TEST(an_empty_file_is_not_a_catalogue_yet),
		TEST(a_database_of_another_kind_is_left_alone),
		TEST(a_damaged_catalogue_is_set_aside_and_built_anew),
		TEST(hidden_damage_is_found_within_a_day),
		TEST(a_query_that_meets_damage_says_so_and_loses_the_store),
		TEST(a_damaged_team_store_is_never_set_aside),
		TEST(a_reader_knows_that_its_file_was_replaced),
		TEST(without_a_team_store_the_rest_is_shown_and_no_note_is_taken),
		TEST(a_backup_is_the_whole_team_store),
		TEST(a_backup_that_fails_leaves_nothing_behind),
		TEST(a_catalogue_on_a_read_only_disk_is_shown_with_a_notice),
		TEST(a_team_store_that_cannot_be_written_is_still_read),
		TEST(a_full_file_is_an_error_and_reading_goes_on),
		TEST(a_full_disk_is_an_error_and_reading_goes_on),
		TEST(a_killed_writer_loses_no_commit_and_leaves_no_half_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

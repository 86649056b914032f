/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/file.h"

#include "client/base/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Each test has a folder of its own. */
struct world {
	struct arena *arena;
	char *dir;
	struct buf text;
	struct err err;
};

static const char *path_of(struct world *w, const char *name)
{
	return arena_printf(w->arena, "%s/%s", w->dir, name);
}

static const char *put_file(struct world *w, const char *name, const char *text, mode_t mode)
{
	const char *path = path_of(w, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static void assert_said(struct world *w, enum err_code code, const char *fmt, const char *path)
{
	const char *what = strstr(fmt, "%s");
	assert_non_null(what);
	const char *expected =
		arena_printf(w->arena, "%.*s%s%s", (int)(what - fmt), fmt, path, what + strlen("%s"));
	assert_string_equal(w->err.msg, expected);
	assert_int_equal(w->err.code, code);
}

static int count_files(const char *dir)
{
	int n = 0;
	DIR *files = opendir(dir);
	assert_non_null(files);
	while (readdir(files))
		n++;
	closedir(files);
	return n - 2;
}

/* --- reading ------------------------------------------------------------------ */

static void a_file_is_read_whole(void **state)
{
	struct world *w = *state;
	const char *path = put_file(w, "a", "hello", 0644);
	buf_addz(&w->text, ">");
	assert_true(file_read(path, 5, &w->text, &w->err));
	assert_string_equal(w->text.p, ">hello");
}

static void a_file_without_a_size_is_read_whole(void **state)
{
	struct world *w = *state;
	assert_true(file_read("/proc/version", 1 << 20, &w->text, &w->err));
	size_t n = w->text.n;
	assert_true(n > 0);
	assert_true(file_read("/proc/version", n, &w->text, &w->err));
	assert_false(file_read("/proc/version", n - 1, &w->text, &w->err));
}

static void a_long_file_is_refused(void **state)
{
	struct world *w = *state;
	const char *path = put_file(w, "a", "hello!", 0644);
	assert_false(file_read(path, 5, &w->text, &w->err));
	assert_said(w, ERR_FAILED, "'%s' is longer than 5 bytes", path);
	assert_int_equal(w->text.n, 0);
}

static void a_missing_file_is_not_found(void **state)
{
	struct world *w = *state;
	assert_false(file_read(path_of(w, "a"), 5, &w->text, &w->err));
	assert_said(w, ERR_NOT_FOUND, "cannot open '%s': No such file or directory", path_of(w, "a"));
	put_file(w, "f", "", 0600);
	assert_false(file_read(path_of(w, "f/a"), 5, &w->text, &w->err));
	assert_int_equal(w->err.code, ERR_NOT_FOUND);
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
	struct world *w = *state;
	const char *fifo = path_of(w, "fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_false(file_read(fifo, 5, &w->text, &w->err));
	assert_said(w, ERR_FAILED, "'%s' is not a regular file", fifo);
	assert_false(file_read(w->dir, 5, &w->text, &w->err));
	assert_said(w, ERR_FAILED, "'%s' is a folder, not a file", w->dir);
	assert_false(file_read_secret("/dev/null", 5, &w->text, &w->err));
	assert_said(w, ERR_FAILED, "'%s' is not a regular file", "/dev/null");
}

static void a_secret_is_for_its_owner_only(void **state)
{
	struct world *w = *state;
	static const mode_t open_modes[] = {0640, 0604, 0620, 0602, 0610, 0601};
	assert_true(file_read_secret(put_file(w, "ok", "x", 0600), 5, &w->text, &w->err));
	for (size_t i = 0; i < ARRAY_LEN(open_modes); i++) {
		const char *path = put_file(w, "open", "x", open_modes[i]);
		assert_false(file_read_secret(path, 5, &w->text, &w->err));
		assert_said(w, ERR_REFUSED, "others may read '%s': run chmod 600 on it", path);
	}
}

static void what_everybody_may_write_is_not_trusted(void **state)
{
	struct world *w = *state;
	assert_true(file_read_trusted(put_file(w, "ok", "x", 0664), 5, &w->text, &w->err));
	const char *path = put_file(w, "open", "x", 0646);
	assert_false(file_read_trusted(path, 5, &w->text, &w->err));
	assert_said(w, ERR_REFUSED, "everybody may write '%s': run chmod o-w on it", path);
}

static void a_folder_that_everybody_may_write_is_not_trusted(void **state)
{
	struct world *w = *state;
	const char *path = put_file(w, "ok", "x", 0600);
	assert_int_equal(chmod(w->dir, 0777), 0);
	assert_false(file_read_secret(path, 5, &w->text, &w->err));
	assert_said(w, ERR_REFUSED, "everybody may write the folder '%s': run chmod o-w on it", w->dir);
	assert_false(file_read_trusted(path, 5, &w->text, &w->err));
	assert_int_equal(chmod(w->dir, 01777), 0);
	assert_true(file_read_trusted(path, 5, &w->text, &w->err));
}

static void a_file_of_another_user_is_not_trusted(void **state)
{
	struct world *w = *state;
	const char *path = put_file(w, "a", "x", 0600);
	if (chown(path, 12345, (gid_t)-1) != 0)
		skip();
	assert_false(file_read_trusted(path, 5, &w->text, &w->err));
	assert_said(w, ERR_REFUSED, "'%s' belongs to another user: it must be yours or root's", path);
	assert_false(file_read_secret(path, 5, &w->text, &w->err));
}

static void a_link_is_judged_by_its_target(void **state)
{
	struct world *w = *state;
	put_file(w, "open", "x", 0644);
	put_file(w, "ok", "x", 0600);
	assert_int_equal(symlink("open", path_of(w, "to_open")), 0);
	assert_int_equal(symlink("ok", path_of(w, "to_ok")), 0);
	assert_false(file_read_secret(path_of(w, "to_open"), 5, &w->text, &w->err));
	assert_true(file_read_secret(path_of(w, "to_ok"), 5, &w->text, &w->err));
}

/* --- writing ------------------------------------------------------------------ */

static void a_file_is_replaced_whole(void **state)
{
	struct world *w = *state;
	struct stat st;
	const char *path = put_file(w, "a", "a longer text than before", 0644);
	assert_true(file_write(path, STR("new\0text"), &w->err));
	assert_true(file_read(path, 100, &w->text, &w->err));
	assert_true(str_eq(buf_str(&w->text), STR("new\0text")));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(count_files(w->dir), 1);
}

static void a_failed_write_leaves_nothing(void **state)
{
	struct world *w = *state;
	const char *path = path_of(w, "d");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(file_write(path, STR("x"), &w->err));
	assert_said(w, ERR_FAILED, "cannot write '%s': Is a directory", path);
	assert_int_equal(count_files(w->dir), 1);
	path = path_of(w, "missing/a");
	assert_false(file_write(path, STR("x"), &w->err));
	assert_said(w, ERR_NOT_FOUND, "cannot write '%s': No such file or directory", path);
}

static void a_write_replaces_the_link_not_its_target(void **state)
{
	struct world *w = *state;
	const char *target = put_file(w, "target", "old", 0600);
	assert_int_equal(symlink("target", path_of(w, "link")), 0);
	assert_true(file_write(path_of(w, "link"), STR("new"), &w->err));
	assert_true(file_read(target, 5, &w->text, &w->err));
	assert_string_equal(w->text.p, "old");
}

static void folders_are_made_with_what_is_above(void **state)
{
	struct world *w = *state;
	struct stat st;
	static const char *const paths[] = {"a/b/c", "a/b/c", "a//d/", "a/b/../e"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const char *path = path_of(w, paths[i]);
		assert_true(file_make_dir(path, &w->err));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	assert_true(file_make_dir("/", &w->err));
	put_file(w, "f", "", 0600);
	assert_false(file_make_dir(path_of(w, "f/g"), &w->err));
	assert_said(w, ERR_FAILED, "cannot make folder '%s': File exists", path_of(w, "f"));
	assert_false(file_make_dir("", &w->err));
}

static void a_lock_is_held_until_closed(void **state)
{
	struct world *w = *state;
	struct stat st;
	const char *path = path_of(w, "lock");
	int fd = file_lock(path, &w->err);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_lock(path, &w->err), -1);
	assert_said(w, ERR_UNAVAILABLE, "another process holds '%s'", path);
	close(fd);
	fd = file_lock(path, &w->err);
	assert_true(fd >= 0);
	close(fd);
}

static void a_lock_follows_no_link(void **state)
{
	struct world *w = *state;
	put_file(w, "target", "", 0600);
	assert_int_equal(symlink("target", path_of(w, "lock")), 0);
	assert_int_equal(file_lock(path_of(w, "lock"), &w->err), -1);
	assert_int_equal(w->err.code, ERR_FAILED);
}

/* --- where things are --------------------------------------------------------- */

static void paths_expand(void **state)
{
	struct world *w = *state;
	setenv("HOME", "/home/lee/", 1);
	static const struct {
		const char *path, *base, *expanded;
	} cases[] = {
		{"~/x", "/b", "/home/lee/x"},
		{"~", NULL, "/home/lee"},
		{"~other/x", "/b", "/b/~other/x"},
		{"x/y", "/b", "/b/x/y"},
		{"x", "/", "/x"},
		{"x", NULL, "x"},
		{"/x", "/b", "/x"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(
			file_expand(w->arena, str_of(cases[i].path), cases[i].base), cases[i].expanded);
	setenv("HOME", "/", 1);
	assert_string_equal(file_expand(w->arena, STR("~"), NULL), "/");
	assert_string_equal(file_expand(w->arena, STR("~/x"), NULL), "/x");
}

static void folders_follow_the_xdg_rules(void **state)
{
	struct world *w = *state;
	setenv("HOME", "/home/lee", 1);
	setenv("XDG_CONFIG_HOME", "/c", 1);
	setenv("XDG_DATA_HOME", "relative", 1);
	unsetenv("XDG_CACHE_HOME");
	assert_string_equal(file_config_dir(w->arena), "/c/porthole");
	assert_string_equal(file_data_dir(w->arena), "/home/lee/.local/share/porthole");
	assert_string_equal(file_cache_dir(w->arena), "/home/lee/.cache/porthole");
}

static void without_home_the_login_tells(void **state)
{
	struct world *w = *state;
	unsetenv("HOME");
	unsetenv("XDG_CACHE_HOME");
	const char *dir = file_cache_dir(w->arena);
	assert_int_equal(dir[0], '/');
	assert_true(str_ends(str_of(dir), STR("/.cache/porthole")));
}

static void local_file_systems_are_not_remote(void **state)
{
	(void)state;
	assert_false(file_is_remote("/proc/self/status"));
	assert_false(file_is_remote("/proc/self/nothing"));
	assert_false(file_is_remote("/nowhere/at/all"));
}

static int make_world(void **state)
{
	char dir[] = "/tmp/test_file.XXXXXX";
	struct world *w = x_new(struct world);
	w->arena = arena_new();
	w->dir = x_strdup(mkdtemp(dir));
	buf_init(&w->text, 0);
	*state = w;
	return 0;
}

static void remove_all(const char *dir)
{
	struct dirent *entry;
	DIR *entries = opendir(dir);
	while (entries && (entry = readdir(entries))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		char *path = x_printf("%s/%s", dir, entry->d_name);
		if (unlink(path) != 0)
			remove_all(path);
		x_free(path);
	}
	if (entries)
		closedir(entries);
	rmdir(dir);
}

static int remove_world(void **state)
{
	struct world *w = *state;
	remove_all(w->dir);
	x_free(w->dir);
	buf_fini(&w->text);
	arena_free(w->arena);
	x_free(w);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, remove_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_whole),
		TEST(a_file_without_a_size_is_read_whole),
		TEST(a_long_file_is_refused),
		TEST(a_missing_file_is_not_found),
		TEST(what_is_no_file_is_refused_without_waiting),
		TEST(a_secret_is_for_its_owner_only),
		TEST(what_everybody_may_write_is_not_trusted),
		TEST(a_folder_that_everybody_may_write_is_not_trusted),
		TEST(a_file_of_another_user_is_not_trusted),
		TEST(a_link_is_judged_by_its_target),
		TEST(a_file_is_replaced_whole),
		TEST(a_failed_write_leaves_nothing),
		TEST(a_write_replaces_the_link_not_its_target),
		TEST(folders_are_made_with_what_is_above),
		TEST(a_lock_is_held_until_closed),
		TEST(a_lock_follows_no_link),
		TEST(paths_expand),
		TEST(folders_follow_the_xdg_rules),
		TEST(without_home_the_login_tells),
		TEST(local_file_systems_are_not_remote),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

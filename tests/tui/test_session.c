/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a person was when the link dropped, and the last view: what comes back, and what does not. */
#include "tests/tui/bench.h"
#include "tui/desk.h"
#include "tui/remember.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { HOUR_MS = 60 * 60 * 1000 };

static const int64_t now_ms = INT64_C(1795262400000);

static char *sessions(struct bench *p)
{
	return x_printf("%s/porthole/sessions", p->dir);
}

static struct session *new_session(struct bench *p, const char *catalogue, const char *terminal)
{
	char *dir = sessions(p);
	struct session *session = session_new(dir, catalogue, terminal);
	assert_non_null(session);
	x_free(dir);
	return session;
}

/* A portal that goes to KEYS and ends so. */
static void live(struct bench *p, const char *keys, bool is_clean)
{
	close_app(p);
	open_app(p, 110, 30);
	remember_start(p->app);
	p->app->session = new_session(p, p->config->catalogue, "xterm-256color");
	settle(p);
	for (; *keys; keys++) {
		app_key(p->app, (unsigned char)*keys);
		settle(p);
	}
	p->app->status = is_clean ? 0 : 129;
	close_app(p);
}

/* The next start: what it is offered. */
static bool start(struct bench *p, const char *catalogue, const char *terminal)
{
	open_app(p, 110, 30);
	remember_start(p->app);
	p->app->session = new_session(p, catalogue, terminal);
	settle(p);
	return session_take(p->app->session, clock_now_ms(), &p->app->offered);
}

static void test_a_cut_link_leads_back_to_the_whole_stack(void **state)
{
	struct bench *p = *state;
	live(p, ":runs state:failed\rj\r", false);
	assert_true(start(p, p->config->catalogue, "xterm-256color"));
	type(p, "-");
	settle(p);
	assert_int_equal(p->app->n_frames, 3);
	assert_title(p, "recsys ▸ r2");
	type(p, "q");
	settle(p);
	assert_string_equal(app_top(p->app)->filter, "state:failed");
	assert_string_equal(frame_ref(app_top(p->app)), "lab/recsys/r2");
}

static void test_leaving_cleanly_forgets_it(void **state)
{
	struct bench *p = *state;
	live(p, ":runs\r", true);
	assert_false(start(p, p->config->catalogue, "xterm-256color"));
}

static void test_it_is_for_the_same_catalogue_and_terminal(void **state)
{
	struct bench *p = *state;
	live(p, ":runs\r", false);
	assert_false(start(p, "/other.db", "xterm-256color"));
	close_app(p);
	assert_false(start(p, p->config->catalogue, "linux"));
	close_app(p);
	assert_true(start(p, p->config->catalogue, "xterm-256color"));
}

static void test_after_an_hour_it_is_over(void **state)
{
	struct bench *p = *state;
	live(p, ":runs\r", false);
	clock_fix(now_ms + HOUR_MS + 1);
	assert_false(start(p, p->config->catalogue, "xterm-256color"));
	clock_fix(now_ms);
}

static void test_going_elsewhere_takes_the_offer_back(void **state)
{
	struct bench *p = *state;
	live(p, ":runs\r", false);
	assert_true(start(p, p->config->catalogue, "xterm-256color"));
	type(p, ":steps\r");
	settle(p);
	type(p, "-");
	settle(p);
	assert_int_equal(p->app->n_frames, 1);
}

static void test_home_alone_is_not_offered(void **state)
{
	struct bench *p = *state;
	live(p, "j", false);
	assert_false(start(p, p->config->catalogue, "xterm-256color"));
}

/* The lock that this process has made in DIR: the only one there. */
static char *lock_path(const char *dir)
{
	char *path = NULL;
	DIR *open = opendir(dir);
	for (struct dirent *entry; open && !path && (entry = readdir(open));)
		if (strstr(entry->d_name, ".lock"))
			path = x_printf("%s/%s", dir, entry->d_name);
	assert_non_null(path);
	closedir(open);
	return path;
}

/* Another process that still lives keeps its own. */
static void test_what_a_living_portal_has_is_left_alone(void **state)
{
	struct bench *p = *state;
	int ready[2], end[2];
	char byte;
	struct err err = {0};
	char *dir = sessions(p);
	close_app(p);
	assert_int_equal(pipe(ready) | pipe(end), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct session *session = session_new(dir, p->config->catalogue, "xterm-256color");
		char *path = lock_path(dir);
		memcpy(strrchr(path, '.'), ".json", sizeof ".json");
		char *text = x_printf("{\"catalogue\":\"%s\",\"terminal\":\"xterm-256color\",\"at_ms\":%lld,"
				      "\"places\":[{\"view\":\"runs\"}]}",
			p->config->catalogue, (long long)now_ms);
		bool ok = session && file_write(path, str_of(text), &err) && write(ready[1], ".", 1) == 1;
		_exit(ok && read(end[0], &byte, 1) == 1 ? 0 : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_false(start(p, p->config->catalogue, "xterm-256color"));
	close_app(p);
	assert_int_equal(write(end[1], ".", 1), 1);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(start(p, p->config->catalogue, "xterm-256color"));
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(end[i]);
	}
	x_free(dir);
}

static void test_damaged_and_hostile_files_are_nothing(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "{\"catalogue\":1,\"places\":[[]]}", "\xff\xfe\n",
		"{\"places\":[{\"view\":\"\\u001b[2J\",\"ref\":\"../..\"}]}"};
	struct bench *p = *state;
	struct err err = {0};
	char *dir = sessions(p);
	assert_true(file_make_dir(dir, &err));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char *path = x_printf("%s/99999%zu.json", dir, i);
		assert_true(file_write(path, str_of(texts[i]), &err));
		x_free(path);
	}
	close_app(p);
	assert_false(start(p, p->config->catalogue, "xterm-256color"));
	x_free(dir);
}

static void test_places_that_are_gone_are_left_out(void **state)
{
	struct bench *p = *state;
	struct err err = {0};
	char *dir = sessions(p), *path = x_printf("%s/999999.json", dir);
	char *text = x_printf(
		"{\"catalogue\":\"%s\",\"terminal\":\"t\",\"at_ms\":%lld,\"places\":[{\"view\":\"home\"},"
		"{\"view\":\"nosuch\"},{\"ref\":\"a b//c\"},{\"ref\":\"lab/churn\"}]}",
		p->config->catalogue, (long long)now_ms);
	assert_true(file_make_dir(dir, &err) && file_write(path, str_of(text), &err));
	close_app(p);
	assert_true(start(p, p->config->catalogue, "t"));
	type(p, "-");
	assert_title(p, "lab ▸ churn");
	x_free(text);
	x_free(path);
	x_free(dir);
}

static void leave_behind(const char *dir, const char *name, int days)
{
	struct err err = {0};
	char *path = x_printf("%s/%s", dir, name);
	time_t then = (time_t)(now_ms / 1000 - (int64_t)days * 24 * 60 * 60);
	struct timespec times[2] = {{.tv_sec = then}, {.tv_sec = then}};
	assert_true(file_make_dir(dir, &err) && file_write(path, STR("{}"), &err));
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	x_free(path);
}

static bool is_there(const char *dir, const char *name)
{
	char *path = x_printf("%s/%s", dir, name);
	bool ok = access(path, F_OK) == 0;
	x_free(path);
	return ok;
}

/* Of other terminals and catalogues, too. */
static void test_what_nobody_came_for_is_gone_after_a_month(void **state)
{
	struct bench *p = *state;
	char *dir = sessions(p);
	close_app(p);
	leave_behind(dir, "1-1.json", 31);
	leave_behind(dir, "1-2.lock", 31);
	leave_behind(dir, "1-3.json.aB3xYz", 31);
	leave_behind(dir, "2-1.json", 29);
	leave_behind(dir, "2-2.lock", 29);
	leave_behind(dir, "2-3.json.aB3xYz", 29);
	assert_false(start(p, p->config->catalogue, "xterm-256color"));
	assert_false(
		is_there(dir, "1-1.json") || is_there(dir, "1-2.lock") || is_there(dir, "1-3.json.aB3xYz"));
	assert_true(
		is_there(dir, "2-1.json") && is_there(dir, "2-2.lock") && is_there(dir, "2-3.json.aB3xYz"));
	x_free(dir);
}

static size_t count_entries(const char *path)
{
	size_t n = 0;
	DIR *dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* A start costs no more for it; each removes its share. */
static void test_what_has_piled_up_goes_bit_by_bit(void **state)
{
	struct bench *p = *state;
	char *dir = sessions(p), name[32];
	close_app(p);
	for (int i = 0; i < SESSION_MOST_LOOKED_AT + 100; i++) {
		snprintf(name, sizeof name, "9-%d.json", i);
		leave_behind(dir, name, 31);
	}
	assert_false(start(p, p->config->catalogue, "xterm-256color"));
	assert_in_range(count_entries(dir), 100, 110); /* and the folder, its parent, our lock */
	close_app(p);
	assert_false(start(p, p->config->catalogue, "xterm-256color"));
	assert_in_range(count_entries(dir), 3, 4);
	x_free(dir);
}

/* A signal ends the portal at any moment: while the person's files are looked at, too. */
static void test_it_may_end_in_the_middle_of_a_look_at_files(void **state)
{
	struct bench *p = *state;
	for (int i = 0; i < 20; i++) {
		close_app(p);
		open_app(p, 110, 30);
		remember_start(p->app);
		p->app->session = new_session(p, p->config->catalogue, "xterm-256color");
		type(p, ":runs\r");
		remember_tick(p->app);
		p->app->status = 128 + SIGTERM;
	}
	close_app(p);
	assert_true(start(p, p->config->catalogue, "xterm-256color"));
}

/* --- the last view -------------------------------------------------------------------- */

static void test_the_last_view_goes_to_and_fro(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":runs state:failed\r");
	settle(p);
	type(p, "j:steps\r");
	settle(p);
	type(p, "-");
	settle(p);
	assert_string_equal(app_top(p->app)->view->name, "runs");
	assert_string_equal(frame_ref(app_top(p->app)), "lab/recsys/r2");
	type(p, "-");
	settle(p);
	assert_string_equal(app_top(p->app)->view->name, "steps");
	for (int i = 0; i < 50; i++) {
		type(p, "-");
		settle(p);
	}
	assert_in_range(p->app->n_frames, 2, 4);
}

static void test_the_last_view_is_not_where_back_leads(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, ":runs\r");
	settle(p);
	type(p, "q-"); /* out of it, and in again */
	settle(p);
	assert_string_equal(app_top(p->app)->view->name, "runs");
	assert_int_equal(p->app->n_frames, 2);
}

static void test_without_a_last_view_it_says_so(void **state)
{
	struct bench *p = *state;
	settle(p);
	type(p, "-");
	assert_shows(p, "no other view was open yet");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(test_a_cut_link_leads_back_to_the_whole_stack),
		BENCH_TEST(test_leaving_cleanly_forgets_it),
		BENCH_TEST(test_it_is_for_the_same_catalogue_and_terminal),
		BENCH_TEST(test_after_an_hour_it_is_over),
		BENCH_TEST(test_going_elsewhere_takes_the_offer_back),
		BENCH_TEST(test_home_alone_is_not_offered),
		BENCH_TEST(test_what_a_living_portal_has_is_left_alone),
		BENCH_TEST(test_damaged_and_hostile_files_are_nothing),
		BENCH_TEST(test_places_that_are_gone_are_left_out),
		BENCH_TEST(test_what_nobody_came_for_is_gone_after_a_month),
		BENCH_TEST(test_what_has_piled_up_goes_bit_by_bit),
		BENCH_TEST(test_it_may_end_in_the_middle_of_a_look_at_files),
		BENCH_TEST(test_the_last_view_goes_to_and_fro),
		BENCH_TEST(test_the_last_view_is_not_where_back_leads),
		BENCH_TEST(test_without_a_last_view_it_says_so),
	};
	setlocale(LC_ALL, "C.UTF-8");
	clock_fix(now_ms);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

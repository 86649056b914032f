/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages in the team store: who publishes over whom, versions and the way back; what readers tell of them. */
#include "client/docs/published.h"

#include "client/base/file.h"
#include "client/docs/feedback.h"
#include "client/docs/reader.h"
#include "tests/catalogue/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct place {
	char *dir, *pages;
	struct store *store;
	struct arena *arena;
};

static void set_up(struct place *p)
{
	struct err err;
	p->dir = scratch_new();
	p->pages = x_printf("%s/pages", p->dir);
	p->arena = arena_new();
	char *address = scratch_catalogue(p->dir);
	p->store = store_open(address, STORE_SYNC, &err);
	if (!p->store)
		fail_msg("%s", err.msg);
	x_free(address);
}

static void tear_down(struct place *p)
{
	store_close(p->store);
	arena_free(p->arena);
	x_free(p->pages);
	scratch_free(p->dir);
}

static void write_page(struct place *p, const char *name, const char *text)
{
	struct err err;
	char *path = x_printf("%s/%s.md", p->pages, name), *slash = strrchr(path, '/');
	*slash = 0;
	assert_true(file_make_dir(path, &err));
	*slash = '/';
	assert_true(file_write(path, str_of(text), &err));
	x_free(path);
}

static struct publish_plan plan_of(struct place *p, const char *who)
{
	struct err err;
	struct publish_plan plan = {.arena = p->arena};
	if (!publish_read(&plan, p->pages, &err) || !publish_compare(&plan, p->store, who, &err))
		fail_msg("%s", err.msg);
	return plan;
}

static bool publish(struct place *p, const char *who, const char *text, struct err *err)
{
	write_page(p, "guide/a", text);
	struct publish_plan plan = plan_of(p, who);
	return publish_refuse(&plan, err) && publish_store(&plan, p->store, who, err);
}

static void publishes(struct place *p, const char *who, const char *text)
{
	struct err err;
	if (!publish(p, who, text, &err))
		fail_msg("%s", err.msg);
}

/* The text that everybody reads now; "": none. */
static void is_read(struct place *p, const char *text)
{
	struct err err;
	struct docs *docs = docs_new(NULL, 0);
	assert_true(published_use(p->store, docs, &err));
	const struct page *page = pages_find(docs_lock(docs), "guide/a");
	if (*text)
		assert_string_equal(arena_dup(p->arena, page->whole), text);
	else
		assert_null(page);
	docs_unlock(docs);
	docs_free(docs);
}

static void goes_back(struct place *p, int64_t version, const char *text)
{
	struct err err;
	struct published_version done;
	if (!published_roll_back(p->store, "guide/a", version, "mlee", false, p->arena, &done, &err))
		fail_msg("%s", err.msg);
	is_read(p, text);
}

static void test_what_is_published_is_read(void **state)
{
	(void)state;
	struct place p;
	int64_t before, after;
	struct err err;
	set_up(&p);
	assert_true(published_mark(p.store, &before, &err));
	publishes(&p, "mlee", "# A\n");
	is_read(&p, "# A\n");
	assert_true(published_mark(p.store, &after, &err));
	assert_int_not_equal(before, after);
	struct publish_plan plan = plan_of(&p, "mlee");
	assert_int_equal(plan.items[0].change, PUBLISH_SAME);
	assert_int_equal(plan.n_added + plan.n_changed, 0);
	tear_down(&p);
}

static void test_nobody_publishes_over_another_unseen(void **state)
{
	(void)state;
	struct place p;
	struct err err;
	set_up(&p);
	publishes(&p, "mlee", "# One\n");
	assert_false(publish(&p, "ana", "# Two\n", &err));
	assert_int_equal(err.code, ERR_REFUSED);
	assert_non_null(strstr(err.msg, "page 'guide/a': mlee published version 1 at "));
	assert_non_null(strstr(err.msg, "yours says none that it is made from; nothing was published"));
	is_read(&p, "# One\n");
	publishes(&p, "ana", "---\nversion: 1\n---\n# Two\n");
	assert_false(publish(&p, "mlee", "# Three\n", &err)); /* made from their own, version 1 */
	assert_non_null(strstr(err.msg, "ana published version 2"));
	assert_non_null(strstr(err.msg, "yours is made from version 1"));
	publishes(&p, "ana", "---\nversion: 1\n---\n# Four\n");	 /* over their own */
	publishes(&p, "mlee", "---\nversion: 1\n---\n# Four\n"); /* the same: nothing to do */
	is_read(&p, "---\nversion: 1\n---\n# Four\n");
	tear_down(&p);
}

static void test_one_conflict_keeps_all_pages(void **state)
{
	(void)state;
	struct place p;
	struct err err;
	set_up(&p);
	publishes(&p, "mlee", "# A\n");
	write_page(&p, "guide/b", "# B\n");
	assert_false(publish(&p, "ana", "# Other\n", &err));
	struct docs *docs = docs_new(NULL, 0);
	assert_true(published_use(p.store, docs, &err));
	assert_int_equal(docs_lock(docs)->n, 1);
	docs_unlock(docs);
	docs_free(docs);
	tear_down(&p);
}

/* Two compared, then both store. */
static void test_of_two_at_once_one_is_told(void **state)
{
	(void)state;
	struct place p;
	struct err err;
	set_up(&p);
	write_page(&p, "guide/a", "# First\n");
	struct publish_plan first = plan_of(&p, "mlee");
	write_page(&p, "guide/a", "# Second\n");
	struct publish_plan second = plan_of(&p, "ana");
	assert_true(publish_store(&first, p.store, "mlee", &err));
	assert_false(publish_store(&second, p.store, "ana", &err));
	assert_int_equal(err.code, ERR_REFUSED);
	assert_non_null(strstr(err.msg, "by somebody else just now"));
	is_read(&p, "# First\n");
	tear_down(&p);
}

static void test_the_way_back(void **state)
{
	(void)state;
	struct place p;
	struct err err;
	struct published_version done;
	set_up(&p);
	publishes(&p, "mlee", "# One\n");
	publishes(&p, "mlee", "# Two\n");
	publishes(&p, "mlee", "# Three\n");
	goes_back(&p, PUBLISHED_BEFORE, "# Two\n");
	goes_back(&p, PUBLISHED_BEFORE, "# One\n");
	goes_back(&p, PUBLISHED_BEFORE, ""); /* withdrawn */
	assert_false(published_roll_back(
		p.store, "guide/a", PUBLISHED_BEFORE, "mlee", false, p.arena, &done, &err));
	assert_int_equal(err.code, ERR_REFUSED);
	goes_back(&p, 3, "# Three\n");
	assert_false(published_roll_back(p.store, "guide/a", 99, "mlee", false, p.arena, &done, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_false(published_roll_back(p.store, "nosuch", 1, "mlee", false, p.arena, &done, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_true(published_roll_back(p.store, "guide/a", 1, "mlee", true, p.arena, &done, &err));
	assert_string_equal(done.body, "# One\n");
	is_read(&p, "# Three\n"); /* that was a dry run */
	struct result rows;
	assert_true(published_history(p.store, "guide/a", p.arena, &rows, &err));
	assert_int_equal(rows.n_rows, 7);
	assert_int_equal(result_int(&rows, 0, 1, 0), 3);
	tear_down(&p);
}

static void test_a_page_that_nobody_could_read_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"---\ntitel: x\n---\n", "---\nreviewed: soon\n---\n", "# \xff\n"};
	struct place p;
	struct err err;
	set_up(&p);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct publish_plan plan = {.arena = p.arena};
		write_page(&p, "guide/a", texts[i]);
		assert_false(publish_read(&plan, p.pages, &err));
		assert_int_equal(err.code, ERR_USAGE);
	}
	struct publish_plan none = {.arena = p.arena};
	assert_false(publish_read(&none, "/nosuch/folder", &err));
	assert_int_equal(err.code, ERR_USAGE);
	tear_down(&p);
}

/* --- what readers tell -------------------------------------------------------------- */

static void test_what_is_missing(void **state)
{
	(void)state;
	struct place p;
	struct err err;
	struct result gaps;
	set_up(&p);
	assert_true(feedback_missed(p.store, STR("  Feature   Store "), 1000, &err));
	assert_true(feedback_missed(p.store, STR("feature store"), 3000, &err));
	assert_true(feedback_missed(p.store, STR("x"), 3000, &err)); /* nobody's gap */
	assert_true(feedback_missed(p.store, STR("password=hunter2secret"), 2000, &err));
	assert_true(feedback_vote(
		p.store, &(struct feedback_vote){"guide/a", "ana", "no example", false}, 4000, &err));
	assert_true(
		feedback_vote(p.store, &(struct feedback_vote){"guide/a", "mlee", NULL, true}, 5000, &err));
	assert_true(feedback_gaps(p.store, 10, p.arena, &gaps, &err));
	assert_int_equal(gaps.n_rows, 3);
	assert_string_equal(result_text(&gaps, 0, 1), "guide/a");
	assert_string_equal(result_text(&gaps, 0, 5), "no example");
	assert_string_equal(result_text(&gaps, 1, 1), "feature store");
	assert_int_equal(result_int(&gaps, 1, 2, 0), 2);
	assert_int_equal(result_ms(&gaps, 1, 3), 1000);
	assert_null(strstr(result_text(&gaps, 2, 1), "hunter2"));
	tear_down(&p);
}

static void test_the_end_of_a_name_means_the_page_that_is_called_so(void **state)
{
	(void)state;
	struct place p;
	struct err err;
	set_up(&p);
	write_page(&p, "guide/été", "# Summer\n");
	write_page(&p, "guide/tour", "# A\n");
	write_page(&p, "news/tour", "# B\n");
	struct publish_plan plan = plan_of(&p, "mlee");
	assert_true(publish_store(&plan, p.store, "mlee", &err));
	assert_string_equal(published_name(p.store, p.arena, "été"), "guide/été");
	assert_string_equal(published_name(p.store, p.arena, "tour"), "tour");
	assert_string_equal(published_name(p.store, p.arena, "our"), "our");
	assert_string_equal(published_name(p.store, p.arena, "guide/tour"), "guide/tour");
	tear_down(&p);
}

static void test_who_thinks_again_counts_once(void **state)
{
	(void)state;
	struct place p;
	struct err err;
	int64_t yes, no;
	set_up(&p);
	assert_true(feedback_vote(
		p.store, &(struct feedback_vote){"guide/a", "ana", "unclear", false}, 1000, &err));
	assert_true(
		feedback_vote(p.store, &(struct feedback_vote){"guide/a", "ana", NULL, true}, 2000, &err));
	assert_true(
		feedback_vote(p.store, &(struct feedback_vote){"guide/a", "mlee", NULL, false}, 2000, &err));
	assert_true(feedback_count(p.store, "guide/a", &yes, &no, &err));
	assert_int_equal(yes, 1);
	assert_int_equal(no, 1);
	tear_down(&p);
}

static void test_each_search_in_vain_waits_once(void **state)
{
	(void)state;
	struct reader *reader = reader_new();
	struct arena *arena = arena_new();
	reader_missed(reader, STR("feature store"));
	reader_missed(reader, STR("feature store")); /* the list was loaded again */
	reader_missed(reader, STR("quota"));
	assert_string_equal(reader_take_missed(reader, arena), "feature store");
	assert_string_equal(reader_take_missed(reader, arena), "quota");
	reader_missed(reader, STR("quota"));
	assert_null(reader_take_missed(reader, arena));
	arena_free(arena);
	reader_free(reader);
}

static void test_news_are_unread_until_they_were_read(void **state)
{
	(void)state;
	static const struct docs_given given[] = {{STR("news/2026-11-01-old"), STR("# Old\n")},
		{STR("news/2026-11-20-new"), STR("# New\n")}, {STR("guide/a"), STR("# A\n")}};
	struct docs *docs = docs_new(given, ARRAY_LEN(given));
	struct reader *reader = docs_reader(docs);
	const struct pages *pages = docs_lock(docs);
	struct buf names;
	size_t n;
	buf_init(&names, 0);
	assert_null(reader_unread(reader, pages, &n)); /* nobody knows yet what was read */
	reader_use_news(reader, STR("news/2026-10-01-gone"));
	assert_string_equal(reader_unread(reader, pages, &n)->name, "news/2026-11-20-new");
	assert_int_equal(n, 2);
	assert_false(reader_read_news(reader, "guide/a", &names));
	assert_true(reader_read_news(reader, "news/2026-11-20-new", &names));
	assert_string_equal(names.p, "news/2026-10-01-gone\nnews/2026-11-20-new\n");
	assert_false(reader_read_news(reader, "news/2026-11-20-new", &names));
	assert_string_equal(reader_unread(reader, pages, &n)->name, "news/2026-11-01-old");
	assert_int_equal(n, 1);
	buf_fini(&names);
	docs_unlock(docs);
	docs_free(docs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_published_is_read),
		cmocka_unit_test(test_nobody_publishes_over_another_unseen),
		cmocka_unit_test(test_one_conflict_keeps_all_pages),
		cmocka_unit_test(test_of_two_at_once_one_is_told),
		cmocka_unit_test(test_the_way_back),
		cmocka_unit_test(test_a_page_that_nobody_could_read_is_refused),
		cmocka_unit_test(test_the_end_of_a_name_means_the_page_that_is_called_so),
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_who_thinks_again_counts_once),
		cmocka_unit_test(test_each_search_in_vain_waits_once),
		cmocka_unit_test(test_news_are_unread_until_they_were_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

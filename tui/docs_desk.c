/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/docs_desk.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/catalogue/audit.h"
#include "client/docs/feedback.h"
#include "client/docs/published.h"
#include "client/docs/reader.h"
#include "tui/app.h"
#include "tui/desk.h"

enum { MOST_NEWS_BYTES = 64 << 10 };

void docs_desk_init(struct docs_desk *d)
{
	*d = (struct docs_desk){0};
}

/* What runs on the desk's thread ends with it; what it holds here is not looked at again. */
void docs_desk_fini(struct docs_desk *d)
{
	ticket_cancel(d->published);
	ticket_cancel(d->missed);
}

static bool shows_pages(const struct app *app)
{
	const struct frame *frame = app_top(app);
	return frame->view && (frame->view->is_offline || frame->view->kind == VIEW_HOME);
}

/* --- what others publish -------------------------------------------------------------- */

struct published_job {
	struct docs *docs;
	int64_t mark; /* what we have, then what is there */
	bool is_new;
};

static bool run_published(struct store *store, void *ctx, struct err *err)
{
	struct published_job *job = ctx;
	int64_t mark;
	if (!published_mark(store, &mark, err))
		return false;
	job->is_new = mark != job->mark;
	job->mark = mark;
	return !job->is_new || published_use(store, job->docs, err);
}

static void took_published(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	struct published_job *job = result;
	app->docs_desk.published = NULL;
	if (!err) {
		app->docs_desk.mark = job->mark;
		if (job->is_new && shows_pages(app))
			frame_reload(app_top(app));
	}
	x_free(job);
}

void docs_desk_changed(struct app *app)
{
	static const struct store_job what = {.run = run_published, .done = took_published, .drop = x_free};
	struct docs_desk *d = &app->docs_desk;
	if (d->published)
		ticket_cancel(d->published); /* it may have looked before that */
	struct published_job *job = x_new(struct published_job);
	*job = (struct published_job){.docs = app->docs, .mark = d->mark};
	d->published = store_thread_run(app->store, &what, job, app);
}

/* --- pages whose file changes --------------------------------------------------------------- */

struct look_job {
	struct docs *docs;
	int64_t version;
};

static bool run_look(void *ctx, struct err *err)
{
	struct look_job *job = ctx;
	(void)err;
	job->version = docs_version(job->docs);
	return true;
}

static void looked(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	struct look_job *job = result;
	app->docs_desk.is_looking = false;
	if (!err && job->version != app->docs_desk.version) {
		app->docs_desk.version = job->version;
		if (app_top(app)->view && app_top(app)->view->is_offline)
			frame_reload(app_top(app));
	}
	x_free(job);
}

static void look(struct app *app)
{
	static const struct desk_job what = {.run = run_look, .done = looked, .drop = x_free};
	const struct frame *frame = app_top(app);
	if (!frame->view || !frame->view->is_offline || !app->config->n_docs || app->docs_desk.is_looking)
		return;
	struct look_job *job = x_new(struct look_job);
	job->docs = app->docs;
	app->docs_desk.is_looking = true;
	desk_run(app->desk, &what, job, app);
}

/* --- what was searched for in vain ------------------------------------------------------------ */

struct missed_job {
	struct arena *arena;
	const char *words;
};

static bool run_missed(struct store *store, void *ctx, struct err *err)
{
	struct missed_job *job = ctx;
	return feedback_missed(store, str_of(job->words), clock_now_ms(), err);
}

static void drop_missed(void *ctx)
{
	struct missed_job *job = ctx;
	arena_free(job->arena);
	x_free(job);
}

/* Who may only read is not told that it was not kept. */
static void noted_missed(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	(void)err;
	app->docs_desk.missed = NULL;
	drop_missed(result);
}

static void note_missed(struct app *app)
{
	static const struct store_job what = {.run = run_missed, .done = noted_missed, .drop = drop_missed};
	if (app->docs_desk.missed || app->config->read_only)
		return;
	struct missed_job *job = x_new(struct missed_job);
	job->arena = arena_new();
	job->words = reader_take_missed(docs_reader(app->docs), job->arena);
	if (job->words)
		app->docs_desk.missed = store_thread_run(app->store, &what, job, app);
	else
		drop_missed(job);
}

/* --- news -------------------------------------------------------------------------------------- */

struct news_job {
	struct docs *docs;
	struct arena *arena;
	size_t n_unread;
};

static bool run_news(void *ctx, struct err *err)
{
	struct news_job *job = ctx;
	struct buf names;
	buf_init(&names, 0);
	bool is_known = file_read(reader_news_path(job->arena), MOST_NEWS_BYTES, &names, err) ||
			err->code == ERR_NOT_FOUND;
	if (is_known) {
		reader_use_news(docs_reader(job->docs), buf_str(&names));
		reader_unread(docs_reader(job->docs), docs_lock(job->docs), &job->n_unread);
		docs_unlock(job->docs);
	}
	buf_fini(&names);
	return is_known;
}

static void drop_news(void *ctx)
{
	struct news_job *job = ctx;
	arena_free(job->arena);
	x_free(job);
}

static void know_news(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	const struct news_job *job = result;
	if (!err && job->n_unread && app_top(app)->view && app_top(app)->view->kind == VIEW_HOME)
		frame_reload(app_top(app));
	drop_news(result);
}

/* Once, and not in a portal that keeps nothing: that is a test's. */
static void start_news(struct app *app)
{
	static const struct desk_job what = {.run = run_news, .done = know_news, .drop = drop_news};
	if (app->docs_desk.knows_news || !app->remember)
		return;
	app->docs_desk.knows_news = true;
	struct news_job *job = x_new(struct news_job);
	*job = (struct news_job){.docs = app->docs, .arena = arena_new()};
	desk_run(app->desk, &what, job, app);
}

/* A page of the news that is shown has been read. */
static void note_read(struct app *app)
{
	const struct frame *frame = app_top(app);
	bool is_page =
		frame->body.data && frame->body.n && frame->body.data->blocks[0].kind == BLOCK_DOCUMENT;
	if (!is_page || app->config->read_only)
		return;
	struct buf names;
	buf_init(&names, 0);
	if (reader_read_news(docs_reader(app->docs), frame->body.data->blocks[0].page.name, &names)) {
		struct arena *arena = arena_new();
		desk_write(app->desk, reader_news_path(arena), buf_str(&names), NULL, NULL);
		arena_free(arena);
	}
	buf_fini(&names);
}

void docs_desk_tick(struct app *app)
{
	look(app);
	note_missed(app);
	start_news(app);
	note_read(app);
}

/* --- did it help? -------------------------------------------------------------------------------- */

struct vote_job {
	const struct config *config;
	struct arena *arena;
	struct feedback_vote vote;
};

static bool run_vote(struct store *store, void *ctx, struct err *err)
{
	struct vote_job *job = ctx;
	job->vote.who = audit_who(store, job->config, job->arena);
	return feedback_vote(store, &job->vote, clock_now_ms(), err);
}

static void drop_vote(void *ctx)
{
	struct vote_job *job = ctx;
	arena_free(job->arena);
	x_free(job);
}

static void voted(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	const struct vote_job *job = result;
	if (err)
		app_say(app, ROLE_ERROR, "%s", err->msg);
	else if (job->vote.helped)
		app_say(app, ROLE_DIM, "noted: this page helped");
	else
		app_say(app, ROLE_DIM, "noted, for who looks after this page: 'porthole docs gaps' shows it");
	drop_vote(result);
}

void docs_desk_vote(struct app *app, const char *page, bool helped, const char *note)
{
	static const struct store_job what = {.run = run_vote, .done = voted, .drop = drop_vote};
	if (app->config->read_only) {
		app_say(app, ROLE_ERROR, "read-only: nothing is noted");
		return;
	}
	struct vote_job *job = x_new(struct vote_job);
	*job = (struct vote_job){.config = app->config, .arena = arena_new()};
	job->vote = (struct feedback_vote){
		.page = arena_dupz(job->arena, page), .note = arena_dupz(job->arena, note), .helped = helped};
	store_thread_run(app->store, &what, job, app);
}

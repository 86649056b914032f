/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/store_thread.h"

#include "client/base/mem.h"
#include "client/catalogue/mirror.h"

#include <pthread.h>
#include <stdatomic.h>

struct store_thread {
	struct worker *worker;
	char *address;
	char *mirror;	  /* NULL: none; set before the first job */
	bool starts_away; /* set before the first job, forgotten by it */
	atomic_bool is_on_mirror;
	atomic_bool returns; /* the next job tries the catalogue itself */
	pthread_t loop_thread;
	/* Ends the job that runs. Set when that is cancelled, wherever it is between the queue and its end;
	 * forgotten by the drop of what it brought back, which the worker owes for each cancel before it
	 * takes the next job. So no cancel is lost, and none hits another job. */
	atomic_bool stop;
	pthread_mutex_t lock; /* guards the pointer below against interrupt */
	struct store *store;  /* used on the thread alone, but for store_interrupt; NULL: not open */
};

/* A job on its way there, and the same on its way back. */
struct errand {
	struct store_thread *thread;
	const struct store_job *what;
	void *job;
	bool is_ok;
	struct err err;
};

/* --- on the thread ---------------------------------------------------------------- */

static void set_store(struct store_thread *thread, struct store *store)
{
	pthread_mutex_lock(&thread->lock);
	struct store *before = thread->store;
	thread->store = store;
	pthread_mutex_unlock(&thread->lock);
	store_close(before);
}

/* The catalogue; while that is away its mirror. ERR tells of the catalogue. */
static struct store *open_store(struct store_thread *thread, struct err *err)
{
	struct err no_mirror;
	struct store *store = NULL, *mirror = NULL;
	if (thread->mirror && thread->starts_away)
		mirror = mirror_open(thread->mirror, &no_mirror);
	thread->starts_away = false;
	if (!mirror)
		store = store_open(thread->address, STORE_READ, err);
	if (!mirror && !store && thread->mirror && err->code == ERR_UNAVAILABLE)
		mirror = mirror_open(thread->mirror, &no_mirror);
	thread->is_on_mirror = mirror != NULL;
	return store ? store : mirror;
}

static struct store *get_store(struct store_thread *thread, struct err *err)
{
	bool is_usable = thread->store && !store_is_lost(thread->store);
	if (is_usable && !(thread->is_on_mirror && atomic_exchange(&thread->returns, false)))
		return thread->store;
	set_store(thread, NULL);
	struct store *store = open_store(thread, err);
	if (!store)
		return NULL;
	store_watch(store, &thread->stop);
	set_store(thread, store);
	return store;
}

static void *run_errand(void *state, void *job)
{
	struct store_thread *thread = state;
	struct errand *there = job, *back = x_new(struct errand);
	*back = *there;
	there->job = NULL; /* it is in `back` now */
	struct store *store = get_store(thread, &back->err);
	back->is_ok = store && back->what->run(store, back->job, &back->err);
	return back;
}

/* On the loop's thread, while the worker keeps the job from changing. */
static void interrupt(void *state)
{
	struct store_thread *thread = state;
	thread->stop = true;
	pthread_mutex_lock(&thread->lock);
	if (thread->store)
		store_interrupt(thread->store);
	pthread_mutex_unlock(&thread->lock);
}

/* --- on the loop ------------------------------------------------------------------ */

static void finish_errand(void *ctx, void *result)
{
	struct errand *back = result;
	back->what->done(ctx, back->job, back->is_ok ? NULL : &back->err);
	x_free(back);
}

static void free_errand(void *errand)
{
	struct errand *e = errand;
	if (e->job)
		e->what->drop(e->job);
	x_free(e);
}

static void drop_errand(void *back)
{
	struct errand *e = back;
	if (!pthread_equal(pthread_self(), e->thread->loop_thread))
		e->thread->stop = false; /* it was cancelled while it ran */
	free_errand(e);
}

static const struct work errand_work = {
	.run = run_errand,
	.done = finish_errand,
	.drop = drop_errand,
	.free_job = free_errand,
};

struct store_thread *store_thread_new(struct loop *loop, const char *address)
{
	struct store_thread *thread = x_new(struct store_thread);
	thread->address = x_strdup(address);
	thread->loop_thread = pthread_self();
	BUG_ON(pthread_mutex_init(&thread->lock, NULL) != 0);
	thread->worker = worker_new(loop, thread, interrupt);
	return thread;
}

void store_thread_free(struct store_thread *thread)
{
	if (!thread)
		return;
	worker_free(thread->worker);
	store_close(thread->store);
	pthread_mutex_destroy(&thread->lock);
	x_free(thread->address);
	x_free(thread->mirror);
	x_free(thread);
}

void store_thread_give(struct store_thread *thread, struct store *store)
{
	BUG_ON(thread->store);
	store_watch(store, &thread->stop);
	set_store(thread, store);
}

void store_thread_set_mirror(struct store_thread *thread, const char *path)
{
	x_free(thread->mirror);
	thread->mirror = x_strdup(path);
}

void store_thread_start_away(struct store_thread *thread)
{
	thread->starts_away = true;
}

bool store_thread_is_on_mirror(const struct store_thread *thread)
{
	return thread->is_on_mirror;
}

void store_thread_return(struct store_thread *thread)
{
	thread->returns = true;
}

struct ticket *store_thread_run(
	struct store_thread *thread, const struct store_job *what, void *job, void *ctx)
{
	struct errand *errand = x_new(struct errand);
	*errand = (struct errand){.thread = thread, .what = what, .job = job};
	return worker_submit(thread->worker, &errand_work, errand, ctx);
}

/* --- one query --------------------------------------------------------------------- */

/* Lives in its own arena, with the result. */
struct query {
	struct arena *arena;
	const char *sql;
	struct value *params;
	size_t n_params;
	struct result result;
	store_thread_done done;
};

static bool run_query(struct store *store, void *job, struct err *err)
{
	struct query *q = job;
	return store_query(store, q->sql, q->params, q->n_params, q->arena, &q->result, err);
}

static void drop_query(void *job)
{
	struct query *q = job;
	arena_free(q->arena);
}

static void finish_query(void *ctx, void *job, const struct err *err)
{
	struct query *q = job;
	q->done(ctx, err ? NULL : &q->result, err);
	if (err)
		drop_query(q);
}

void result_free(const struct result *result)
{
	if (result)
		arena_free(result->arena);
}

static const struct store_job query_job = {
	.run = run_query,
	.done = finish_query,
	.drop = drop_query,
};

static struct value dup_value(struct arena *arena, struct value value)
{
	if (value.type == VALUE_TEXT)
		value.s.p = arena_dup(arena, value.s);
	return value;
}

struct ticket *store_thread_query(struct store_thread *thread, const char *sql, const struct value *params,
	size_t n_params, store_thread_done done, void *ctx)
{
	struct arena *arena = arena_new();
	struct query *q = arena_new_of(arena, struct query);
	q->arena = arena;
	q->sql = arena_dupz(arena, sql);
	q->params = arena_array(arena, struct value, n_params);
	q->n_params = n_params;
	q->done = done;
	for (size_t i = 0; i < n_params; i++)
		q->params[i] = dup_value(arena, params[i]);
	return store_thread_run(thread, &query_job, q, ctx);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/work.h"

#include "client/base/clock.h"
#include "client/base/err.h"
#include "client/base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A ticket is in exactly one place: the queue, `running`, or the list of the finished. */
struct ticket {
	struct worker *worker;
	const struct work *work;
	void *job, *ctx, *result;
	bool is_cancelled; /* while running: the worker frees it */
	bool is_finished;
	struct ticket *next;
};

struct ticket_list {
	struct ticket *first, *last;
};

struct worker {
	struct loop *loop;
	void *state;
	void (*interrupt)(void *state);
	pthread_t thread;
	int event_fd; /* a semaphore: one count for each ticket that finished */
	struct loop_fd *watch;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;  /* there is a job, or an end */
	pthread_cond_t idle;  /* there is none left */
	struct ticket_list queue, finished;
	struct ticket *running;
	bool is_ending;
};

static void list_add(struct ticket_list *list, struct ticket *ticket)
{
	ticket->next = NULL;
	if (list->last)
		list->last->next = ticket;
	else
		list->first = ticket;
	list->last = ticket;
}

static struct ticket *list_pop(struct ticket_list *list)
{
	struct ticket *ticket = list->first;
	if (!ticket)
		return NULL;
	list->first = ticket->next;
	if (!list->first)
		list->last = NULL;
	return ticket;
}

static void list_remove(struct ticket_list *list, const struct ticket *ticket)
{
	struct ticket *before = NULL;
	for (struct ticket *t = list->first; t != ticket; t = t->next)
		before = t;
	if (before)
		before->next = ticket->next;
	else
		list->first = ticket->next;
	if (list->last == ticket)
		list->last = before;
}

static void free_job(struct ticket *ticket)
{
	if (ticket->work->free_job)
		ticket->work->free_job(ticket->job);
}

static void drop_result(struct ticket *ticket)
{
	if (ticket->result && ticket->work->drop)
		ticket->work->drop(ticket->result);
}

/* --- on the worker's thread --------------------------------------------- */

/* The next job, or NULL at the end. */
static struct ticket *take_job(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	while (!worker->queue.first && !worker->is_ending)
		pthread_cond_wait(&worker->wake, &worker->lock);
	if (!worker->is_ending)
		worker->running = list_pop(&worker->queue);
	struct ticket *ticket = worker->running;
	pthread_mutex_unlock(&worker->lock);
	return ticket;
}

static void finish(struct worker *worker, struct ticket *ticket)
{
	pthread_mutex_lock(&worker->lock);
	worker->running = NULL;
	bool is_cancelled = ticket->is_cancelled;
	if (!is_cancelled) {
		ticket->is_finished = true;
		list_add(&worker->finished, ticket);
	}
	if (!worker->queue.first)
		pthread_cond_broadcast(&worker->idle);
	pthread_mutex_unlock(&worker->lock);

	if (is_cancelled) {
		drop_result(ticket);
		x_free(ticket);
		return;
	}
	uint64_t one = 1;
	BUG_ON(write(worker->event_fd, &one, sizeof one) != (ssize_t)sizeof one);
}

static void *work_thread(void *arg)
{
	struct worker *worker = arg;
	for (;;) {
		struct ticket *ticket = take_job(worker);
		if (!ticket)
			return NULL;
		ticket->result = ticket->work->run(worker->state, ticket->job);
		free_job(ticket);
		finish(worker, ticket);
	}
}

/* --- on the loop's thread ----------------------------------------------- */

/* One answer a round: `done` may free the worker, so nothing is touched after it. */
static void on_finished(void *ctx, int events)
{
	(void)events;
	struct worker *worker = ctx;
	uint64_t count;
	if (read(worker->event_fd, &count, sizeof count) != (ssize_t)sizeof count)
		return;
	pthread_mutex_lock(&worker->lock);
	struct ticket *ticket = list_pop(&worker->finished);
	pthread_mutex_unlock(&worker->lock);
	if (!ticket)
		return; /* cancelled after it finished: its count was left behind */

	void (*done)(void *, void *) = ticket->work->done;
	void *done_ctx = ticket->ctx, *result = ticket->result;
	x_free(ticket);
	done(done_ctx, result);
}

/* Its deadlines do not move with the wall clock. */
static void init_idle(pthread_cond_t *idle)
{
	pthread_condattr_t attr;
	BUG_ON(pthread_condattr_init(&attr) || pthread_condattr_setclock(&attr, CLOCK_MONOTONIC));
	BUG_ON(pthread_cond_init(idle, &attr));
	pthread_condattr_destroy(&attr);
}

/* Signals are for the loop's thread: its signalfd sees only what every other thread blocks. */
static void start_thread(struct worker *worker)
{
	sigset_t all, before;
	sigfillset(&all);
	BUG_ON(pthread_sigmask(SIG_SETMASK, &all, &before));
	int error = pthread_create(&worker->thread, NULL, work_thread, worker);
	BUG_ON(pthread_sigmask(SIG_SETMASK, &before, NULL));
	if (error)
		die("cannot start a thread: %s", strerror(error));
}

struct worker *worker_new(struct loop *loop, void *state, void (*interrupt)(void *state))
{
	struct worker *worker = x_new(struct worker);
	worker->loop = loop;
	worker->state = state;
	worker->interrupt = interrupt;
	worker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	if (worker->event_fd < 0)
		die("cannot make an event descriptor: %s", strerror(errno));
	BUG_ON(pthread_mutex_init(&worker->lock, NULL) || pthread_cond_init(&worker->wake, NULL));
	init_idle(&worker->idle);
	worker->watch = loop_watch(loop, worker->event_fd, LOOP_READ, on_finished, worker);
	start_thread(worker);
	return worker;
}

struct ticket *worker_submit(struct worker *worker, const struct work *work, void *job, void *ctx)
{
	struct ticket *ticket = x_new(struct ticket);
	*ticket = (struct ticket){.worker = worker, .work = work, .job = job, .ctx = ctx};
	pthread_mutex_lock(&worker->lock);
	list_add(&worker->queue, ticket);
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	return ticket;
}

/* Called with the lock held, so that it hits this job and never the next one. */
static void cancel_running(struct worker *worker)
{
	worker->running->is_cancelled = true;
	if (worker->interrupt)
		worker->interrupt(worker->state);
}

void ticket_cancel(struct ticket *ticket)
{
	if (!ticket)
		return;
	struct worker *worker = ticket->worker;
	pthread_mutex_lock(&worker->lock);
	bool is_running = worker->running == ticket;
	bool is_finished = ticket->is_finished;
	if (is_running)
		cancel_running(worker);
	else
		list_remove(is_finished ? &worker->finished : &worker->queue, ticket);
	pthread_mutex_unlock(&worker->lock);

	if (is_running)
		return;
	if (is_finished)
		drop_result(ticket);
	else
		free_job(ticket);
	x_free(ticket);
}

void worker_drain(struct worker *worker, int wait_ms)
{
	enum { MS = 1000, NS_A_MS = 1000000 };
	int64_t until_ms = clock_mono_ms() + wait_ms;
	struct timespec until = {.tv_sec = until_ms / MS, .tv_nsec = until_ms % MS * NS_A_MS};
	int error = 0;
	pthread_mutex_lock(&worker->lock);
	while (!error && (worker->queue.first || worker->running))
		error = pthread_cond_timedwait(&worker->idle, &worker->lock, &until);
	pthread_mutex_unlock(&worker->lock);
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->is_ending = true;
	if (worker->running)
		cancel_running(worker);
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	BUG_ON(pthread_join(worker->thread, NULL));

	struct ticket *ticket;
	for (ticket = list_pop(&worker->queue); ticket; ticket = list_pop(&worker->queue)) {
		free_job(ticket);
		x_free(ticket);
	}
	for (ticket = list_pop(&worker->finished); ticket; ticket = list_pop(&worker->finished)) {
		drop_result(ticket);
		x_free(ticket);
	}
	loop_unwatch(worker->watch);
	close(worker->event_fd);
	pthread_cond_destroy(&worker->wake);
	pthread_cond_destroy(&worker->idle);
	pthread_mutex_destroy(&worker->lock);
	x_free(worker);
}

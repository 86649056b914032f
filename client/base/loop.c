/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/loop.h"

#include "client/base/clock.h"
#include "client/base/err.h"
#include "client/base/mem.h"
#include "client/base/trace.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct loop_fd {
	struct loop *loop;
	int fd, events;
	loop_fd_fn fn; /* NULL: removed while events are being served, freed after */
	void *ctx;
};

struct loop_timer {
	struct loop *loop;
	int64_t at_ms;
	uint64_t order; /* timers of the same time fire in the order they were made */
	size_t place;	/* in the heap */
	loop_fn fn;
	void *ctx;
};

struct signal_watch {
	void (*fn)(void *ctx, int signo);
	void *ctx;
};

struct loop {
	struct loop_fd **watches;
	struct pollfd *polled; /* as many as `watches` has room for */
	size_t n_watches, watches_cap;

	struct loop_timer **timers; /* a binary heap, the next one first */
	size_t n_timers, timers_cap;
	uint64_t next_order;

	struct signal_watch signals[NSIG];
	int signal_fd; /* -1 until a signal is watched */
	struct loop_fd *signal_watch;
	sigset_t watched, mask_before;

	bool is_serving, is_stopped, has_removed;
	int trace; /* PORTHOLE_TRACE, or -1 */
};

enum { SLOW_MS = 20 };

struct loop *loop_new(void)
{
	struct loop *loop = x_new(struct loop);
	loop->signal_fd = -1;
	loop->trace = trace_open();
	sigemptyset(&loop->watched);
	return loop;
}

static void end_signals(struct loop *loop)
{
	if (loop->signal_fd < 0)
		return;
	loop_unwatch(loop->signal_watch);
	close(loop->signal_fd);
	pthread_sigmask(SIG_SETMASK, &loop->mask_before, NULL);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	BUG_ON(loop->is_serving);
	end_signals(loop);
	BUG_ON(loop->n_watches || loop->n_timers);
	if (loop->trace >= 0)
		close(loop->trace);
	x_free(loop->watches);
	x_free(loop->polled);
	x_free(loop->timers);
	x_free(loop);
}

/* --- descriptors -------------------------------------------------------- */

struct loop_fd *loop_watch(struct loop *loop, int fd, int events, loop_fd_fn fn, void *ctx)
{
	BUG_ON(fd < 0 || !fn);
	if (loop->n_watches == loop->watches_cap) {
		loop->watches_cap = loop->watches_cap ? 2 * loop->watches_cap : 8;
		loop->watches = x_realloc(loop->watches, loop->watches_cap, sizeof(struct loop_fd *));
		loop->polled = x_realloc(loop->polled, loop->watches_cap, sizeof(struct pollfd));
	}
	struct loop_fd *watch = x_new(struct loop_fd);
	*watch = (struct loop_fd){.loop = loop, .fd = fd, .events = events, .fn = fn, .ctx = ctx};
	loop->watches[loop->n_watches++] = watch;
	return watch;
}

void loop_fd_events(struct loop_fd *watch, int events)
{
	watch->events = events;
}

/* Frees what was removed; the others keep their order. */
static void sweep(struct loop *loop)
{
	size_t kept = 0;
	for (size_t i = 0; i < loop->n_watches; i++) {
		struct loop_fd *watch = loop->watches[i];
		if (watch->fn)
			loop->watches[kept++] = watch;
		else
			x_free(watch);
	}
	loop->n_watches = kept;
	loop->has_removed = false;
}

void loop_unwatch(struct loop_fd *watch)
{
	if (!watch)
		return;
	struct loop *loop = watch->loop;
	watch->fn = NULL;
	loop->has_removed = true;
	if (!loop->is_serving)
		sweep(loop);
}

static short to_poll(int events)
{
	return (short)((events & LOOP_READ ? POLLIN : 0) | (events & LOOP_WRITE ? POLLOUT : 0));
}

static int from_poll(short revents)
{
	if (revents & (POLLERR | POLLHUP | POLLNVAL))
		return LOOP_READ | LOOP_WRITE;
	return (revents & POLLIN ? LOOP_READ : 0) | (revents & POLLOUT ? LOOP_WRITE : 0);
}

/* A watch for no events is left out: poll would report its hang-up for ever. */
static void fill_polled(struct loop *loop)
{
	for (size_t i = 0; i < loop->n_watches; i++) {
		const struct loop_fd *watch = loop->watches[i];
		loop->polled[i] = (struct pollfd){
			.fd = watch->events ? watch->fd : -1,
			.events = to_poll(watch->events),
		};
	}
}

/* A callback that took long held everything up: the trace says so. */
static void note_slow(const struct loop *loop, const char *what, int64_t started_ms)
{
	int64_t took_ms = loop->trace >= 0 ? clock_mono_ms() - started_ms : 0;
	if (took_ms >= SLOW_MS)
		trace_line(loop->trace, "slow %s %lld ms", what, (long long)took_ms);
}

/* The first N watches were polled; those that callbacks add come behind them. */
static void serve_descriptors(struct loop *loop, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct loop_fd *watch = loop->watches[i];
		int events = from_poll(loop->polled[i].revents) & watch->events;
		if (!events || !watch->fn)
			continue;
		int64_t started_ms = clock_mono_ms();
		watch->fn(watch->ctx, events);
		note_slow(loop, "descriptor", started_ms);
	}
}

/* --- timers ------------------------------------------------------------- */

static bool is_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void put_timer(struct loop *loop, size_t place, struct loop_timer *timer)
{
	loop->timers[place] = timer;
	timer->place = place;
}

static void sift_up(struct loop *loop, size_t place)
{
	struct loop_timer *timer = loop->timers[place];
	while (place > 0 && is_before(timer, loop->timers[(place - 1) / 2])) {
		put_timer(loop, place, loop->timers[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	put_timer(loop, place, timer);
}

static void sift_down(struct loop *loop, size_t place)
{
	struct loop_timer *timer = loop->timers[place];
	for (;;) {
		size_t child = 2 * place + 1;
		if (child >= loop->n_timers)
			break;
		if (child + 1 < loop->n_timers && is_before(loop->timers[child + 1], loop->timers[child]))
			child++;
		if (!is_before(loop->timers[child], timer))
			break;
		put_timer(loop, place, loop->timers[child]);
		place = child;
	}
	put_timer(loop, place, timer);
}

struct loop_timer *loop_after(struct loop *loop, int64_t in_ms, loop_fn fn, void *ctx)
{
	if (loop->n_timers == loop->timers_cap) {
		loop->timers_cap = loop->timers_cap ? 2 * loop->timers_cap : 8;
		loop->timers = x_realloc(loop->timers, loop->timers_cap, sizeof(struct loop_timer *));
	}
	struct loop_timer *timer = x_new(struct loop_timer);
	*timer = (struct loop_timer){.loop = loop, .order = loop->next_order++, .fn = fn, .ctx = ctx};
	if (__builtin_add_overflow(clock_mono_ms(), in_ms > 0 ? in_ms : 0, &timer->at_ms))
		timer->at_ms = INT64_MAX;
	put_timer(loop, loop->n_timers++, timer);
	sift_up(loop, timer->place);
	return timer;
}

void loop_cancel(struct loop_timer *timer)
{
	if (!timer)
		return;
	struct loop *loop = timer->loop;
	size_t place = timer->place;
	struct loop_timer *last = loop->timers[--loop->n_timers];
	if (last != timer) {
		put_timer(loop, place, last);
		sift_up(loop, place);
		sift_down(loop, last->place);
	}
	x_free(timer);
}

/* Those that were due and made before this round, so that a timer of 0 ms that
 * renews itself starves nobody. */
static void serve_timers(struct loop *loop)
{
	int64_t now_ms = clock_mono_ms();
	uint64_t first_new = loop->next_order;
	while (loop->n_timers) {
		struct loop_timer *timer = loop->timers[0];
		if (timer->at_ms > now_ms || timer->order >= first_new)
			return;
		loop_fn fn = timer->fn;
		void *ctx = timer->ctx;
		loop_cancel(timer);
		int64_t started_ms = clock_mono_ms();
		fn(ctx);
		note_slow(loop, "timer", started_ms);
	}
}

/* How long poll may sleep, in ms; -1 for ever. */
static int poll_timeout(const struct loop *loop, int max_wait_ms)
{
	if (!loop->n_timers)
		return max_wait_ms < 0 ? -1 : max_wait_ms;
	int64_t wait_ms = loop->timers[0]->at_ms - clock_mono_ms();
	if (wait_ms < 0)
		wait_ms = 0;
	if (max_wait_ms >= 0 && wait_ms > max_wait_ms)
		wait_ms = max_wait_ms;
	return wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
}

/* --- signals ------------------------------------------------------------ */

static void on_signal(void *ctx, int events)
{
	(void)events;
	struct loop *loop = ctx;
	struct signalfd_siginfo info;
	if (read(loop->signal_fd, &info, sizeof info) != (ssize_t)sizeof info)
		return; /* taken meanwhile; another one wakes us again */
	BUG_ON(info.ssi_signo >= NSIG);
	const struct signal_watch *watch = &loop->signals[info.ssi_signo];
	if (watch->fn)
		watch->fn(watch->ctx, (int)info.ssi_signo);
}

void loop_signal(struct loop *loop, int signo, void (*fn)(void *ctx, int signo), void *ctx)
{
	BUG_ON(signo <= 0 || signo >= NSIG);
	sigset_t before;
	loop->signals[signo] = (struct signal_watch){.fn = fn, .ctx = ctx};
	sigaddset(&loop->watched, signo);
	BUG_ON(pthread_sigmask(SIG_BLOCK, &loop->watched, &before));
	int fd = signalfd(loop->signal_fd, &loop->watched, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die("cannot watch signal %d: %s", signo, strerror(errno));
	if (loop->signal_fd >= 0)
		return;
	loop->mask_before = before;
	loop->signal_fd = fd;
	loop->signal_watch = loop_watch(loop, fd, LOOP_READ, on_signal, loop);
}

/* --- serving ------------------------------------------------------------ */

void loop_step(struct loop *loop, int max_wait_ms)
{
	BUG_ON(loop->is_serving);
	size_t n = loop->n_watches;
	fill_polled(loop);
	int ready = poll(loop->polled, n, poll_timeout(loop, max_wait_ms));
	if (ready < 0 && errno != EINTR && errno != EAGAIN)
		die("cannot wait for events: %s", strerror(errno));

	loop->is_serving = true;
	if (ready > 0)
		serve_descriptors(loop, n);
	serve_timers(loop);
	loop->is_serving = false;
	if (loop->has_removed)
		sweep(loop);
}

void loop_run(struct loop *loop)
{
	while (!loop->is_stopped)
		loop_step(loop, -1);
	loop->is_stopped = false;
}

void loop_stop(struct loop *loop)
{
	loop->is_stopped = true;
}

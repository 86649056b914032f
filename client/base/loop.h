/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One poll() over descriptors, timers and signals. Single-threaded: all
 * callbacks run on the thread inside loop_run or loop_step. A callback may add
 * and remove anything, itself included; what was removed is not called again.
 */
#ifndef CLIENT_BASE_LOOP_H
#define CLIENT_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;

enum loop_events { LOOP_READ = 1, LOOP_WRITE = 2 };

struct loop *loop_new(void);
/* All descriptors and timers must be gone before, except signal watches. */
void loop_free(struct loop *loop);

/* EVENTS are those that happened; an error or hang-up counts as both. */
typedef void (*loop_fd_fn)(void *ctx, int events);
typedef void (*loop_fn)(void *ctx);

/* Watches FD (borrowed, left in its mode: O_NONBLOCK is never set on 0, 1, 2). With EVENTS 0 it
 * rests: not even a hang-up is told. */
struct loop_fd *loop_watch(struct loop *loop, int fd, int events, loop_fd_fn fn, void *ctx);
void loop_fd_events(struct loop_fd *watch, int events);
void loop_unwatch(struct loop_fd *watch);

/* Calls FN once, IN_MS from now (monotonic). The timer is gone when FN is called. */
struct loop_timer *loop_after(struct loop *loop, int64_t in_ms, loop_fn fn, void *ctx);
void loop_cancel(struct loop_timer *timer);

/* Calls FN on the loop when SIGNO arrives, instead of its default; blocks the
 * signal and reads it through a signalfd. loop_free restores the mask. */
void loop_signal(struct loop *loop, int signo, void (*fn)(void *ctx, int signo), void *ctx);

/* Waits for and serves one round of events; MAX_WAIT_MS -1 waits for ever. Never called from a callback. */
void loop_step(struct loop *loop, int max_wait_ms);
/* Serves until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif

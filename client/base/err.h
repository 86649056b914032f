/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors are a value: every function that can fail takes a `struct err *` last
 * and returns false (or NULL) after setting it. Set once where it happens, with
 * the facts known only there; wrap at most once a layer with what was attempted.
 */
#ifndef CLIENT_BASE_ERR_H
#define CLIENT_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

/* A code exists only where it changes what the retry loop or the person does. */
enum err_code {
	ERR_NONE,
	ERR_FAILED,	 /* anything else */
	ERR_USAGE,	 /* the person's words or configuration are wrong (exit 2) */
	ERR_NOT_FOUND,	 /* named, and not there (exit 1) */
	ERR_REFUSED,	 /* read-only, not permitted, not confirmed (exit 4) */
	ERR_AUTH,	 /* signed out or bad credentials: nothing to retry */
	ERR_UNAVAILABLE, /* down, busy or cut: worth another try */
	ERR_CANCELLED,	 /* we asked for it */
	ERR_CORRUPT,	 /* stored bytes are damaged */
	ERR_FULL,	 /* no space left */
	ERR_NEWER,	 /* written by a newer porthole */
};

struct err {
	enum err_code code;
	int64_t retry_after_ms; /* for ERR_UNAVAILABLE: when to come back; 0 where nobody said */
	char msg[1000];		/* one line, lower case, no full stop; UTF-8, uncleaned */
};

/* Sets ERR to CODE with a message made as by printf. Returns false, so that a
 * failing function ends with `return err_set(...)`. ERR may be NULL. */
bool err_set(struct err *err, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts what was being attempted and ": " before the message. Returns false. */
bool err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Forgets the error. */
void err_clear(struct err *err);

/* The exit status that contracts.md section 4 gives to this error: 0 to 4. */
int err_exit_status(const struct err *err);

/*
 * Dying. FN is called before the process ends by `die` or by a signal of a
 * crash, so that a terminal can be restored; it must be async-signal-safe.
 * One hook, set by tui/screen.c.
 */
void die_hook(void (*fn)(void));
/* Runs the hook now, if it did not run yet: the hook of a module that has a copy of this code. */
void die_run_hook(void);

/* Runs the hook, prints "porthole: MESSAGE" and ends with status 3. For out of
 * memory only: nothing that a server, file or person sends ends up here. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));

/* A broken invariant of ours: runs the hook, says where, aborts. */
_Noreturn void bug(const char *file, int line, const char *cond) __attribute__((cold));

#define BUG_ON(cond)                                                                                         \
	do {                                                                                                 \
		if (__builtin_expect(!!(cond), 0))                                                           \
			bug(__FILE__, __LINE__, #cond);                                                      \
	} while (0)

#endif

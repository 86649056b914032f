/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Child processes: no shell, argv arrays, all other descriptors closed, default
 * signal mask and dispositions, ended with us where asked (PR_SET_PDEATHSIG). */
#ifndef CLIENT_BASE_PROC_H
#define CLIENT_BASE_PROC_H

#include "client/base/buf.h"
#include "client/base/err.h"

#include <sys/types.h>

struct proc {
	pid_t pid;
	int in, out; /* our ends of its standard input and output; -1 where not asked for */
	int err;     /* our end of its standard error; -1: inherited or /dev/null */
};

enum proc_flags {
	PROC_PIPES = 1,	      /* pipes on 0 and 1 (else /dev/null) */
	PROC_PIPE_STDERR = 2, /* a pipe on 2 (else inherited, or /dev/null with PROC_QUIET) */
	PROC_QUIET = 4,
	PROC_DIE_WITH_US = 8,  /* SIGTERM to it when we die */
	PROC_OWN_SESSION = 16, /* it goes on when our terminal is gone */
};

/* Starts ARGV (NULL-ended; argv[0] looked up in PATH where it has no slash). EXTRA_ENV
 * is NULL or a NULL-ended list of "K=V" added to the environment. A program that
 * cannot be executed is an error here, not an exit status later. */
bool proc_start(
	struct proc *proc, const char *const *argv, const char *const *extra_env, int flags, struct err *err);
/* The same in the folder DIR (NULL: ours). */
bool proc_start_in(struct proc *proc, const char *dir, const char *const *argv, const char *const *extra_env,
	int flags, struct err *err);
/* A job of its own: both outputs go to LOG_FD (borrowed), nothing comes in, and it leads a process group, so
 * that `kill(-pid)` reaches what it starts. It ends with SIGTERM when we die. */
bool proc_start_job(struct proc *proc, const char *dir, const char *const *argv, const char *const *extra_env,
	int log_fd, struct err *err);
/* Closes our ends. With SIGNO not 0 sends it; then waits at most WAIT_MS, then kills. Returns the
 * exit status, or 128 + signal; -1 where the system did not keep it. */
int proc_end(struct proc *proc, int signo, int wait_ms);
/* Runs ARGV to its end, its output into OUT, at most TIMEOUT_MS; more than OUT's maximum is an error.
 * Blocks: for commands such as a token command, never in the TUI's thread. */
bool proc_read(const char *const *argv, int timeout_ms, struct buf *out, int *status, struct err *err);
/* The path of a program that belongs to us: beside our own executable, else in ../libexec/porthole
 * from there (an installation may be moved as a whole), else NAME. Static storage. */
const char *proc_sibling(const char *name);

#endif

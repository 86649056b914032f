/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/proc.h"

#include "client/base/clock.h"
#include "client/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_END, WRITE_END };

/* The pipes of one start: [READ_END] and [WRITE_END] of each, -1 where there is none. */
struct plumbing {
	int in[2], out[2], err[2];
	int report[2]; /* carries errno of a failed exec; closes by itself when exec succeeds */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Moves FD out of 0..2, where dup2 in the child would tread on it. */
static bool move_above_stdio(int *fd)
{
	if (*fd > STDERR_FILENO)
		return true;
	int moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved < 0)
		return false;
	close(*fd);
	*fd = moved;
	return true;
}

static bool make_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) == 0)
		return move_above_stdio(&ends[READ_END]) && move_above_stdio(&ends[WRITE_END]);
	ends[READ_END] = ends[WRITE_END] = -1;
	return false;
}

static bool make_plumbing(struct plumbing *p, int flags)
{
	*p = (struct plumbing){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	if (flags & PROC_PIPES && !(make_pipe(p->in) && make_pipe(p->out)))
		return false;
	if (flags & PROC_PIPE_STDERR && !make_pipe(p->err))
		return false;
	return make_pipe(p->report);
}

static void close_plumbing(struct plumbing *p)
{
	int *pipes[] = {p->in, p->out, p->err, p->report};
	for (size_t i = 0; i < ARRAY_LEN(pipes); i++) {
		close_fd(&pipes[i][READ_END]);
		close_fd(&pipes[i][WRITE_END]);
	}
}

/* --- the child, between fork and exec: async-signal-safe calls only -------- */

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	for (int signo = 1; signo < NSIG; signo++)
		sigaction(signo, &action, NULL); /* fails for SIGKILL, SIGSTOP and libc's own */
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* All above stdio close at exec: also what a library opened without O_CLOEXEC. */
static void close_rest(void)
{
	if (close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	struct rlimit limit = {0}; /* a kernel before 5.11 */
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = STDERR_FILENO + 1; fd < (int)(limit.rlim_cur < 65536 ? limit.rlim_cur : 65536); fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* What a child is started with. */
struct start {
	const char *dir, *const *argv;
	char **env;
	int flags, log_fd; /* log_fd: of a job; else -1 */
	pid_t parent;
	struct plumbing plumbing;
};

static bool connect_stdio(const struct start *start)
{
	const struct plumbing *p = &start->plumbing;
	int flags = start->flags, log = start->log_fd;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return false;
	int err = flags & PROC_PIPE_STDERR ? p->err[WRITE_END] : flags & PROC_QUIET ? null : STDERR_FILENO;
	int in = flags & PROC_PIPES ? p->in[READ_END] : null;
	int out = flags & PROC_PIPES ? p->out[WRITE_END] : null;
	if (log >= 0)
		err = out = log;
	return dup2(err, STDERR_FILENO) >= 0 && dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0;
}

static _Noreturn void run_child(const struct start *start)
{
	int report = start->plumbing.report[WRITE_END];
	reset_signals();
	if (start->flags & PROC_DIE_WITH_US) {
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* "us" is the thread that forks */
		if (getppid() != start->parent)
			_exit(128 + SIGTERM); /* we died before the line above */
	}
	if (start->flags & PROC_OWN_SESSION)
		setsid();
	if (start->log_fd >= 0)
		setpgid(0, 0);
	if (connect_stdio(start) && (!start->dir || chdir(start->dir) == 0)) {
		close_rest();
		execvpe(start->argv[0], (char *const *)start->argv, start->env);
	}
	int error = errno;
	ssize_t sent = write(report, &error, sizeof error);
	_exit(sent == (ssize_t)sizeof error ? 127 : 126);
}

/* --- starting ----------------------------------------------------------- */

/* The environment with EXTRA behind it; free with x_free. A "K=V" of EXTRA replaces ours. */
static char **make_env(const char *const *extra)
{
	size_t n_ours = 0, n_extra = 0, n = 0;
	while (environ && environ[n_ours])
		n_ours++;
	while (extra && extra[n_extra])
		n_extra++;
	char **env = x_calloc(n_ours + n_extra + 1, sizeof *env);
	for (size_t i = 0; i < n_ours; i++) {
		bool is_replaced = false;
		for (size_t j = 0; j < n_extra && !is_replaced; j++) {
			size_t name = strcspn(extra[j], "=") + 1;
			is_replaced = strncmp(environ[i], extra[j], name) == 0;
		}
		if (!is_replaced)
			env[n++] = environ[i];
	}
	for (size_t j = 0; j < n_extra; j++)
		env[n++] = (char *)extra[j];
	return env;
}

/* Forks with all signals blocked: no handler of ours may run in the child. */
static pid_t fork_child(const struct start *start)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		run_child(start);
	int error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

/* errno of a failed exec, 0 where the program runs. */
static int read_report(struct plumbing *p)
{
	int error = 0;
	close_fd(&p->report[WRITE_END]);
	ssize_t n;
	do
		n = read(p->report[READ_END], &error, sizeof error);
	while (n < 0 && errno == EINTR);
	close_fd(&p->report[READ_END]);
	return n == (ssize_t)sizeof error ? error : 0;
}

static int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

static int wait_for(pid_t pid, int *status)
{
	int got;
	do
		got = waitpid(pid, status, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

static bool start_child(struct proc *proc, struct start *start, struct err *err)
{
	const char *name = start->argv[0];
	struct plumbing *p = &start->plumbing;
	if (!make_plumbing(p, start->flags))
		return err_set(err, ERR_FAILED, "cannot start '%s': no pipe: %s", name, strerror(errno));
	proc->pid = fork_child(start);
	if (proc->pid < 0)
		return err_set(err, ERR_FAILED, "cannot start '%s': %s", name, strerror(errno));

	int error = read_report(p);
	if (error) {
		int status;
		wait_for(proc->pid, &status);
		return err_set(err, ERR_FAILED, "cannot run '%s': %s", name, strerror(error));
	}
	proc->in = take_fd(&p->in[WRITE_END]);
	proc->out = take_fd(&p->out[READ_END]);
	proc->err = take_fd(&p->err[READ_END]);
	return true;
}

static bool start_with(struct proc *proc, struct start *start, const char *const *extra_env, struct err *err)
{
	*proc = (struct proc){.pid = -1, .in = -1, .out = -1, .err = -1};
	start->env = make_env(extra_env);
	start->parent = getpid();
	bool is_started = start_child(proc, start, err);
	if (!is_started)
		proc->pid = -1;
	close_plumbing(&start->plumbing);
	x_free(start->env);
	return is_started;
}

bool proc_start_in(struct proc *proc, const char *dir, const char *const *argv, const char *const *extra_env,
	int flags, struct err *err)
{
	struct start start = {.dir = dir, .argv = argv, .flags = flags, .log_fd = -1};
	return start_with(proc, &start, extra_env, err);
}

bool proc_start_job(struct proc *proc, const char *dir, const char *const *argv, const char *const *extra_env,
	int log_fd, struct err *err)
{
	struct start start = {.dir = dir, .argv = argv, .flags = PROC_DIE_WITH_US, .log_fd = log_fd};
	BUG_ON(log_fd <= STDERR_FILENO);
	return start_with(proc, &start, extra_env, err);
}

bool proc_start(
	struct proc *proc, const char *const *argv, const char *const *extra_env, int flags, struct err *err)
{
	return proc_start_in(proc, NULL, argv, extra_env, flags, err);
}

/* --- ending ------------------------------------------------------------- */

/* Waits until DEADLINE_MS, looking more and more rarely: most children end at once. */
static bool has_ended(pid_t pid, int64_t deadline_ms, int *status)
{
	for (int pause_ms = 1;; pause_ms = pause_ms < 8 ? 2 * pause_ms : pause_ms) {
		pid_t got = waitpid(pid, status, WNOHANG);
		if (got == pid)
			return true;
		if (got < 0 && errno != EINTR) {
			*status = -1;
			return true;
		}
		if (clock_mono_ms() >= deadline_ms)
			return false;
		poll(NULL, 0, pause_ms);
	}
}

static int exit_status(int status)
{
	if (status < 0)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int proc_end(struct proc *proc, int signo, int wait_ms)
{
	close_fd(&proc->in);
	close_fd(&proc->out);
	close_fd(&proc->err);
	if (proc->pid <= 0)
		return -1;
	int status = -1;
	if (signo)
		kill(proc->pid, signo);
	if (!has_ended(proc->pid, clock_mono_ms() + wait_ms, &status)) {
		kill(proc->pid, SIGKILL);
		if (wait_for(proc->pid, &status) < 0)
			status = -1;
	}
	proc->pid = -1;
	return exit_status(status);
}

/* --- reading a command's output ------------------------------------------ */

/* Adds what fits; false where more came than the buffer may hold. */
static bool add_output(struct buf *out, const char *bytes, size_t n)
{
	size_t room = out->max - out->n;
	buf_add(out, (struct str){bytes, n < room ? n : room});
	if (n > room)
		out->is_over = true;
	return !out->is_over;
}

/* Reads to the end of file. */
static bool read_output(const char *name, int fd, int64_t deadline_ms, struct buf *out, struct err *err)
{
	for (;;) {
		int64_t left_ms = deadline_ms - clock_mono_ms();
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		int ready = left_ms > 0 ? poll(&pfd, 1, (int)left_ms) : 0;
		if (ready == 0)
			return err_set(err, ERR_UNAVAILABLE, "'%s' did not answer in time", name);
		if (ready < 0 && errno == EINTR)
			continue;
		char chunk[4096];
		ssize_t n = ready < 0 ? -1 : read(fd, chunk, sizeof chunk);
		if (n == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_FAILED, "cannot read from '%s': %s", name, strerror(errno));
		bool fits = add_output(out, chunk, (size_t)n);
		explicit_bzero(chunk, sizeof chunk); /* it may be a token */
		if (!fits)
			return err_set(err, ERR_FAILED, "'%s' wrote more than %zu bytes", name, out->max);
	}
}

bool proc_read(const char *const *argv, int timeout_ms, struct buf *out, int *status, struct err *err)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;
	struct proc proc;
	if (!proc_start(&proc, argv, NULL, PROC_PIPES | PROC_DIE_WITH_US, err))
		return false;
	close_fd(&proc.in);
	if (!read_output(argv[0], proc.out, deadline_ms, out, err)) {
		proc_end(&proc, SIGTERM, 100);
		return false;
	}
	int64_t left_ms = deadline_ms - clock_mono_ms();
	*status = proc_end(&proc, 0, left_ms > 0 ? (int)left_ms : 0);
	return true;
}

/* --- our own programs ----------------------------------------------------- */

static bool own_folder(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size);
	if (n <= 0 || (size_t)n == size)
		return false;
	while (n > 0 && dir[n - 1] != '/')
		n--;
	dir[n ? n - 1 : 0] = 0;
	return true;
}

const char *proc_sibling(const char *name)
{
	static char path[PATH_MAX];
	char dir[PATH_MAX];
	static const char *const places[] = {"", "/../libexec/porthole"};
	for (size_t i = 0; i < ARRAY_LEN(places) && own_folder(dir, sizeof dir); i++)
		if ((size_t)snprintf(path, sizeof path, "%s%s/%s", dir, places[i], name) < sizeof path &&
			access(path, X_OK) == 0)
			return path;
	snprintf(path, sizeof path, "%s", name);
	return path;
}

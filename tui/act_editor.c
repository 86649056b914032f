/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/act_editor.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "tui/app.h"
#include "tui/screen.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_TEXT = 1 << 20, MOST_WORDS = 16 };

static const char *editor(void)
{
	const char *visual = getenv("VISUAL"), *other = getenv("EDITOR");
	return visual && *visual ? visual : other && *other ? other : "vi";
}

/* The editor's words and the file; no shell is asked. WORDS holds their text. */
static void make_argv(char *words, char *path, char *argv[static MOST_WORDS + 2])
{
	size_t n = 0;
	char *at = NULL;
	for (char *word = strtok_r(words, " ", &at); word && n < MOST_WORDS; word = strtok_r(NULL, " ", &at))
		argv[n++] = word;
	argv[n++] = path;
	argv[n] = NULL;
}

/* The loop has blocked the signals that it reads; an editor is to have them as usual. */
static bool run(char *const *argv, struct err *err)
{
	extern char **environ;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	pid_t pid;
	int status = 0;
	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int reason = posix_spawnp(&pid, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (reason)
		return err_set(err, ERR_USAGE, "%s: %s; $EDITOR names another", argv[0], strerror(reason));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, ERR_FAILED, "%s: %s", argv[0], strerror(errno));
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
	       err_set(err, ERR_FAILED, "%s ended with an error: nothing was taken over", argv[0]);
}

/* The path of a new file with TEXT, heap; NULL with ERR. */
static char *make_file(struct str text, struct err *err)
{
	const char *dir = getenv("XDG_RUNTIME_DIR"), *tmp = getenv("TMPDIR");
	char *path = x_printf("%s/porthole-XXXXXX.json", dir && *dir ? dir : tmp && *tmp ? tmp : "/tmp");
	int fd = mkstemps(path, (int)strlen(".json"));
	bool ok = fd >= 0 && file_write_all(fd, text);
	if (!ok)
		err_set(err, ERR_FAILED, "%s: %s", path, strerror(errno));
	if (fd >= 0 && close(fd) != 0 && ok)
		ok = err_set(err, ERR_FAILED, "%s: %s", path, strerror(errno));
	if (!ok) {
		if (fd >= 0)
			unlink(path);
		x_free(path);
		return NULL;
	}
	return path;
}

bool act_edit(struct app *app, struct buf *text, struct err *err)
{
	char *argv[MOST_WORDS + 2];
	if (!app->has_screen)
		return err_set(err, ERR_USAGE, "there is no terminal for an editor");
	char *path = make_file(buf_str(text), err);
	if (!path)
		return false;
	char *words = x_strdup(editor());
	make_argv(words, path, argv);
	screen_leave();
	bool ok = run(argv, err);
	screen_enter();
	app->wants_redraw = true;
	buf_reset(text);
	ok = ok && file_read(path, MOST_TEXT, text, err);
	unlink(path);
	x_free(words);
	x_free(path);
	return ok;
}

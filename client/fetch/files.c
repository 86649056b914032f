/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/files.h"

#include "client/base/clock.h"
#include "client/base/json.h"
#include "client/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STRETCH = 256 << 10, MOST_NAMES = 100000 };

struct files {
	struct transport base;
	struct loop *loop;
	const char *root;
	struct file_transfer *transfers;
};

struct file_transfer {
	struct transfer base;
	struct file_transfer *next;
	struct files *files;
	const struct transfer_ops *ops;
	void *ctx;
	struct loop_timer *timer;
	struct buf body; /* of a folder: its list */
	int fd;		 /* of a file; -1: none is open */
	int64_t at, most, sent;
	int status;
	bool is_calling, is_cancelled, is_paused;
	struct err err;
};

/* A path of names only: not absolute, no part that is "." or "..". */
static bool is_below(const char *path)
{
	struct str rest = str_of(path), part;

	if (path[0] == '/')
		return false;
	while (str_next(&rest, '/', &part))
		if (str_is(part, ".") || str_is(part, ".."))
			return false;
	return true;
}

static bool set_errno(struct file_transfer *t, const char *path)
{
	int code = errno;

	if (code == ENOENT || code == ENOTDIR || code == ENAMETOOLONG) {
		t->status = 404;
		return true;
	}
	return err_set(&t->err, code == EACCES || code == EPERM ? ERR_REFUSED : ERR_UNAVAILABLE,
		"cannot read '%s': %s", path, strerror(code));
}

/* O_NONBLOCK: a FIFO put there must not hang us. What was opened is judged, not its name. */
static bool open_file(struct file_transfer *t, const char *path, int64_t offset)
{
	struct stat st;

	t->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (t->fd < 0)
		return set_errno(t, path);
	if (fstat(t->fd, &st) < 0)
		return set_errno(t, path);
	if (!S_ISREG(st.st_mode))
		return err_set(&t->err, ERR_FAILED, "'%s' is no regular file", path);
	t->at = offset;
	t->status = 200;
	return true;
}

static int no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void list_entry(struct json_writer *w, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, 0) < 0)
		return; /* gone meanwhile, or a link to nowhere */
	json_open(w, '{');
	json_key(w, "name");
	json_put_str(w, str_of(name));
	json_key(w, "size");
	json_put_int(w, st.st_size);
	json_key(w, "is_dir");
	json_put_bool(w, S_ISDIR(st.st_mode));
	json_close(w, '}');
}

static bool open_dir(struct file_transfer *t, const char *path)
{
	struct json_writer w = {.out = &t->body};
	struct dirent **names = NULL;
	int dir, n;

	dir = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (dir < 0)
		return set_errno(t, path);
	n = scandirat(dir, ".", &names, no_dots, by_name);
	if (n < 0) {
		set_errno(t, path);
		close(dir);
		return false;
	}
	json_open(&w, '[');
	for (int i = 0; i < n; i++) {
		if (i < MOST_NAMES)
			list_entry(&w, dir, names[i]->d_name);
		free(names[i]);
	}
	json_close(&w, ']');
	free(names);
	close(dir);
	t->status = 200;
	return true;
}

static void open_path(struct file_transfer *t, const struct request *request)
{
	char *path;

	if (!is_below(request->path)) {
		err_set(&t->err, ERR_USAGE, "'%s' leads out of the source's folder", request->path);
		return;
	}
	path = x_printf("%s/%s", t->files->root, request->path);
	if (request->kind == REQUEST_DIR)
		open_dir(t, path);
	else
		open_file(t, path, request->offset);
	x_free(path);
}

static void transfer_free(struct file_transfer *t)
{
	struct file_transfer **at = &t->files->transfers;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (t->timer)
		loop_cancel(t->timer);
	if (t->fd >= 0)
		close(t->fd);
	buf_fini(&t->body);
	x_free(t);
}

static void end(struct file_transfer *t)
{
	/* The server is this machine, and its clock is ours. */
	struct transfer_end e = {.status = t->status, .date_ms = clock_now_ms(), .wire_bytes = t->sent};
	const struct transfer_ops *ops = t->ops;
	struct err err = t->err;
	void *ctx = t->ctx;

	transfer_free(t);
	ops->done(ctx, &e, err.code ? &err : NULL);
}

static bool hand_over(struct file_transfer *t, struct str bytes)
{
	t->sent += (int64_t)bytes.n;
	if (t->most && t->sent > t->most)
		return err_set(&t->err, ERR_FAILED, "file is over %lld bytes", (long long)t->most);
	t->is_calling = true;
	t->ops->body(t->ctx, t->status, bytes);
	t->is_calling = false;
	return true;
}

/* The next stretch of the file; 0 at its end or after an error. */
static size_t read_stretch(struct file_transfer *t)
{
	char *room;
	ssize_t n;

	buf_reset(&t->body);
	room = buf_reserve(&t->body, STRETCH);
	do
		n = pread(t->fd, room, STRETCH, t->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		err_set(&t->err, ERR_UNAVAILABLE, "cannot read on: %s", strerror(errno));
	if (n <= 0)
		return 0;
	t->at += n;
	t->body.n = (size_t)n;
	return (size_t)n;
}

/* One stretch a round of the loop, so that a large file holds up nobody. */
static void step(void *ctx)
{
	struct file_transfer *t = ctx;
	bool goes_on = false;

	t->timer = NULL;
	if (!t->err.code && t->fd >= 0)
		goes_on = read_stretch(t) > 0;
	if (!t->err.code && t->body.n > 0)
		goes_on = hand_over(t, buf_str(&t->body)) && goes_on;
	if (t->is_cancelled)
		transfer_free(t);
	else if (!goes_on)
		end(t);
	else if (!t->is_paused)
		t->timer = loop_after(t->files->loop, 0, step, t);
}

static struct transfer *files_start(struct transport *transport, const struct transfer_request *ask,
	const struct transfer_ops *ops, void *ctx)
{
	struct files *files = (struct files *)transport;
	struct file_transfer *t = x_new(struct file_transfer);

	t->base.transport = transport;
	t->files = files;
	t->ops = ops;
	t->ctx = ctx;
	t->fd = -1;
	t->most = ask->most_bytes;
	buf_init(&t->body, 0);
	t->next = files->transfers;
	files->transfers = t;
	open_path(t, ask->request);
	t->timer = loop_after(files->loop, 0, step, t);
	return &t->base;
}

static void files_pause(struct transfer *transfer, bool is_paused)
{
	struct file_transfer *t = (struct file_transfer *)transfer;

	t->is_paused = is_paused;
	if (is_paused && t->timer) {
		loop_cancel(t->timer);
		t->timer = NULL;
	} else if (!is_paused && !t->timer && !t->is_calling) {
		t->timer = loop_after(t->files->loop, 0, step, t);
	}
}

static void files_cancel(struct transfer *transfer)
{
	struct file_transfer *t = (struct file_transfer *)transfer;

	if (t->is_calling)
		t->is_cancelled = true;
	else
		transfer_free(t);
}

static void files_free(struct transport *transport)
{
	struct files *files = (struct files *)transport;

	while (files->transfers)
		transfer_free(files->transfers);
	x_free(files);
}

static const struct transport_ops files_ops = {
	.start = files_start,
	.pause = files_pause,
	.cancel = files_cancel,
	.free = files_free,
};

struct transport *files_new(struct loop *loop, const char *root)
{
	struct files *files = x_new(struct files);

	files->base.ops = &files_ops;
	files->base.where = root;
	files->loop = loop;
	files->root = root;
	return &files->base;
}

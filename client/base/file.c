/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/file.h"

#include "client/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static enum err_code code_of(int number)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR:
		return ERR_NOT_FOUND;
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	default:
		return ERR_FAILED;
	}
}

/* Sets ERR from errno. */
static bool fail(struct err *err, const char *attempt, const char *path)
{
	int number = errno;
	return err_set(err, code_of(number), "cannot %s '%s': %s", attempt, path, strerror(number));
}

static char *dup_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return x_strdup(".");
	if (slash == path)
		return x_strdup("/");
	return x_printf("%.*s", (int)(slash - path), path);
}

/* --- reading ------------------------------------------------------------------ */

typedef bool (*judge_fn)(const struct stat *st, const char *path, struct err *err);

static bool judge_regular(const struct stat *st, const char *path, struct err *err)
{
	if (S_ISDIR(st->st_mode))
		return err_set(err, ERR_FAILED, "'%s' is a folder, not a file", path);
	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_FAILED, "'%s' is not a regular file", path);
	return true;
}

static bool judge_owner(const struct stat *st, const char *path, struct err *err)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(
			err, ERR_REFUSED, "'%s' belongs to another user: it must be yours or root's", path);
	return true;
}

/* Who may write the folder can put another file in the place of this one. */
static bool judge_folder(const char *path, struct err *err)
{
	struct stat st;
	char *folder = dup_folder_of(path);
	bool ok = stat(folder, &st) == 0 || fail(err, "look at", folder);
	if (ok && (st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		ok = err_set(
			err, ERR_REFUSED, "everybody may write the folder '%s': run chmod o-w on it", folder);
	x_free(folder);
	return ok;
}

static bool judge_trusted(const struct stat *st, const char *path, struct err *err)
{
	if (!judge_regular(st, path, err) || !judge_owner(st, path, err))
		return false;
	if (st->st_mode & S_IWOTH)
		return err_set(err, ERR_REFUSED, "everybody may write '%s': run chmod o-w on it", path);
	return judge_folder(path, err);
}

static bool judge_secret(const struct stat *st, const char *path, struct err *err)
{
	if (!judge_regular(st, path, err) || !judge_owner(st, path, err))
		return false;
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return err_set(err, ERR_REFUSED, "others may read '%s': run chmod 600 on it", path);
	return judge_folder(path, err);
}

static bool too_long(const char *path, size_t max, struct err *err)
{
	return err_set(err, ERR_FAILED, "'%s' is longer than %zu bytes", path, max);
}

/* Reads to the end: the size that fstat tells may change, and is 0 below /proc. */
static bool read_all(int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
	char piece[16 << 10];
	size_t total = 0;
	for (;;) {
		ssize_t n = read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, "read", path);
		if (n == 0)
			return true;
		total += (size_t)n;
		if (total > max)
			return too_long(path, max, err);
		buf_add(out, (struct str){piece, (size_t)n});
		if (out->is_over)
			return too_long(path, out->max, err);
	}
}

/* Opens PATH where JUDGE has nothing against it; -1 with ERR. */
static int open_judged(const char *path, judge_fn judge, struct stat *st, struct err *err)
{
	/* O_NONBLOCK: opening a FIFO without a writer would wait for ever. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		fail(err, "open", path);
		return -1;
	}
	if ((fstat(fd, st) == 0 || fail(err, "look at", path)) && judge(st, path, err))
		return fd;
	close(fd);
	return -1;
}

int file_open(const char *path, struct err *err)
{
	struct stat st;
	return open_judged(path, judge_regular, &st, err);
}

static bool read_judged(const char *path, size_t max, judge_fn judge, struct buf *out, struct err *err)
{
	struct stat st;
	int fd = open_judged(path, judge, &st, err);
	if (fd < 0)
		return false;
	bool ok = st.st_size > 0 && (uintmax_t)st.st_size > max ? too_long(path, max, err)
								: read_all(fd, path, max, out, err);
	close(fd);
	return ok;
}

bool file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	return read_judged(path, max, judge_regular, out, err);
}

bool file_read_trusted(const char *path, size_t max, struct buf *out, struct err *err)
{
	return read_judged(path, max, judge_trusted, out, err);
}

bool file_read_secret(const char *path, size_t max, struct buf *out, struct err *err)
{
	return read_judged(path, max, judge_secret, out, err);
}

/* --- writing ------------------------------------------------------------------ */

bool file_write_all(int fd, struct str bytes)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes = str_slice(bytes, (size_t)n, bytes.n);
	}
	return true;
}

/* Closes FD in any case; false with errno where the bytes may not be on the disk. */
static bool write_and_close(int fd, struct str bytes)
{
	bool ok = file_write_all(fd, bytes) && fsync(fd) == 0;
	int number = errno;
	if (close(fd) != 0 && ok)
		return false;
	errno = number;
	return ok;
}

/* The rename itself is on the disk once its folder is. */
bool file_sync_folder_of(const char *path, struct err *err)
{
	char *folder = dup_folder_of(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some remote file systems refuse fsync on a folder. */
	bool ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP);
	if (!ok)
		fail(err, "write", folder);
	if (fd >= 0)
		close(fd);
	x_free(folder);
	return ok;
}

bool file_write(const char *path, struct str bytes, struct err *err)
{
	char *temp = x_printf("%s.XXXXXX", path);
	int fd = mkostemp(temp, O_CLOEXEC);
	bool ok = fd >= 0 || fail(err, "write", path);
	if (ok) {
		ok = (write_and_close(fd, bytes) && rename(temp, path) == 0) || fail(err, "write", path);
		if (!ok)
			unlink(temp);
	}
	x_free(temp);
	return ok && file_sync_folder_of(path, err);
}

static bool is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool make_one_dir(const char *dir)
{
	if (mkdir(dir, 0700) == 0)
		return true;
	int number = errno;
	if (is_dir(dir))
		return true;
	errno = number;
	return false;
}

bool file_make_dir(const char *dir, struct err *err)
{
	if (make_one_dir(dir))
		return true;
	char *path = x_strdup(dir);
	bool ok = true;
	for (char *p = path + 1; ok && path[0] && *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		ok = make_one_dir(path) || fail(err, "make folder", path);
		*p = '/';
	}
	x_free(path);
	return ok && (make_one_dir(dir) || fail(err, "make folder", dir));
}

/* --- where things are --------------------------------------------------------- */

/* An absolute path from variable NAME, or NULL: the XDG rules ignore relative ones. */
static const char *absolute_env(const char *name)
{
	const char *value = getenv(name);
	return value && value[0] == '/' ? value : NULL;
}

/* Without a trailing slash; empty for "/" and where nobody knows. */
static const char *home_dir(struct arena *arena)
{
	const char *home = absolute_env("HOME");
	if (!home) {
		const struct passwd *user = getpwuid(geteuid());
		home = user ? user->pw_dir : "";
	}
	struct str dir = str_of(home);
	while (dir.n && dir.p[dir.n - 1] == '/')
		dir.n--;
	return arena_dup(arena, dir);
}

const char *file_expand(struct arena *arena, struct str path, const char *base)
{
	if (str_is(path, "~") || str_starts(path, STR("~/"))) {
		const char *expanded =
			arena_printf(arena, "%s%.*s", home_dir(arena), STR_FMT(str_slice(path, 1, path.n)));
		return expanded[0] ? expanded : "/";
	}
	if (!base || str_starts(path, STR("/")))
		return arena_dup(arena, path);
	return arena_printf(
		arena, "%s%s%.*s", base, str_ends(str_of(base), STR("/")) ? "" : "/", STR_FMT(path));
}

static const char *xdg_dir(struct arena *arena, const char *variable, const char *fallback)
{
	const char *dir = absolute_env(variable);
	if (dir)
		return arena_printf(arena, "%s/porthole", dir);
	return arena_printf(arena, "%s/%s/porthole", home_dir(arena), fallback);
}

const char *file_config_dir(struct arena *arena)
{
	return xdg_dir(arena, "XDG_CONFIG_HOME", ".config");
}

const char *file_data_dir(struct arena *arena)
{
	return xdg_dir(arena, "XDG_DATA_HOME", ".local/share");
}

const char *file_cache_dir(struct arena *arena)
{
	return xdg_dir(arena, "XDG_CACHE_HOME", ".cache");
}

const char *file_state_dir(struct arena *arena)
{
	return xdg_dir(arena, "XDG_STATE_HOME", ".local/state");
}

bool file_is_remote(const char *path)
{
	/* f_type of file systems that more than one machine may write, and of FUSE, behind which anything may
	 * be. */
	static const uint32_t remote[] = {
		0x00006969, /* NFS */
		0x0000517B, /* SMB */
		0xFF534D42, /* CIFS */
		0xFE534D42, /* SMB 2 */
		0x01021997, /* 9p */
		0x65735546, /* FUSE */
		0x5346414F, /* AFS */
		0x73757245, /* Coda */
		0x0000564C, /* NCP */
		0x00C36400, /* Ceph */
		0x0BD00BD0, /* Lustre */
		0x01161970, /* GFS2 */
		0x7461636F, /* OCFS2 */
		0x47504653, /* GPFS */
		0x19830326, /* BeeGFS */
		0x786F4256, /* VirtualBox shared folder */
		0xBACBACBC, /* VMware shared folder */
	};
	struct statfs fs;
	int rc = statfs(path, &fs);
	if (rc != 0) {
		char *folder = dup_folder_of(path);
		rc = statfs(folder, &fs);
		x_free(folder);
	}
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(remote); i++)
		if ((uint32_t)fs.f_type == remote[i])
			return true;
	return false;
}

int file_lock(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0) {
		fail(err, "open", path);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		err_set(err, ERR_UNAVAILABLE, "another process holds '%s'", path);
	else
		fail(err, "lock", path);
	close(fd);
	return -1;
}

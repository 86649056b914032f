/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/log_cache.h"

#include "client/base/buf.h"
#include "client/base/file.h"
#include "client/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Two files: HASH.log, the text, and, until that is complete, HASH.part, which
 * says how many of its bytes are good. The companion is there before a byte is
 * written and goes when all of them are on the disk, so a crash at any point leaves
 * a log that claims too little, never too much. It also carries the writer's lock.
 */
enum { PART_BYTES = 20 }; /* a decimal number of fixed width and a line end, so that one write replaces it */

struct log_cache_writer {
	char *path, *part;
	int fd, part_fd;
	int64_t size;
};

/* --- where -------------------------------------------------------------------------- */

/* FNV-1a over 128 bits: names nobody can steer out of the folder, short enough for any of them. */
static void add_hash(struct buf *out, struct str text)
{
	const unsigned __int128 prime = (unsigned __int128)0x1000000 << 64 | 0x13b;
	unsigned __int128 hash =
		(unsigned __int128)UINT64_C(0x6c62272e07bb0142) << 64 | UINT64_C(0x62b821756295c58d);
	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * prime;
	buf_addf(out, "%016llx%016llx", (unsigned long long)(hash >> 64), (unsigned long long)hash);
}

/* DIR/SOURCE: a source's name may come from a shared catalogue, so "../x" must stay a name. */
static void add_folder(struct buf *out, const char *dir, const char *source)
{
	buf_addf(out, "%s/", dir);
	if (source[0] == '.') {
		buf_addz(out, "%2E");
		source++;
	}
	ref_add_part(out, str_of(source));
}

/* DIR/SOURCE/HASH with SUFFIX. */
static char *make_path(const char *dir, const struct ref *ref, const char *suffix)
{
	BUG_ON(ref->kind != REF_STEP);
	struct buf name, path;
	buf_init(&name, 0);
	buf_init(&path, 0);
	ref_add(&name, ref);
	add_folder(&path, dir, ref->source);
	buf_addc(&path, '/');
	add_hash(&path, buf_str(&name));
	buf_addz(&path, suffix);
	char *text = x_strdup(path.p);
	buf_fini(&path);
	buf_fini(&name);
	return text;
}

/* --- reading ------------------------------------------------------------------------ */

static int64_t size_of(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
}

static int64_t min_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How many bytes of a log of SIZE bytes are good by its companion. An empty one was made just now, beside a
 * log that was complete. */
static int64_t read_good(int part_fd, int64_t size)
{
	char bytes[PART_BYTES];
	ssize_t n = pread(part_fd, bytes, sizeof bytes, 0);
	int64_t good = 0;
	if (n == 0)
		return size;
	if (n == PART_BYTES && str_to_int((struct str){bytes, PART_BYTES - 1}, 0, INT64_MAX, &good))
		return min_of(good, size);
	return 0;
}

/* What is asked for is in use: the time of access says so to log_cache_trim, also where the disk is mounted
 * so that reading does not set it. */
static void note_use(const char *path)
{
	const struct timespec now[] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};
	(void)utimensat(AT_FDCWD, path, now, AT_SYMLINK_NOFOLLOW);
}

struct log_cache_entry log_cache_find(struct arena *arena, const char *dir, const struct ref *ref)
{
	char *path = make_path(dir, ref, ".log"), *part = make_path(dir, ref, ".part");
	struct log_cache_entry entry = {.path = arena_dupz(arena, path)};
	int part_fd = open(part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int64_t size = size_of(path);
	if (size > 0 && part_fd >= 0)
		entry.size = read_good(part_fd, size);
	/* Twice without a companion: nobody began anew while we looked. */
	if (size >= 0 && part_fd < 0 && size_of(part) < 0) {
		entry.size = size;
		entry.is_complete = true;
	}
	if (part_fd >= 0)
		close(part_fd);
	if (entry.size > 0)
		note_use(path);
	x_free(part);
	x_free(path);
	return entry;
}

/* --- writing ------------------------------------------------------------------------ */

static bool fail(const char *attempt, const char *path, struct err *err)
{
	int number = errno;
	bool is_full = number == ENOSPC || number == EDQUOT || number == EFBIG;
	return err_set(err, is_full ? ERR_FULL : ERR_FAILED, "cannot %s log '%s': %s", attempt, path,
		strerror(number));
}

/* Opens and locks the companion. The one who had the lock before us may have removed it meanwhile. */
static int lock_part(const char *part, struct err *err)
{
	for (;;) {
		int fd = file_lock(part, err);
		struct stat st;
		if (fd < 0 || (fstat(fd, &st) == 0 && st.st_nlink > 0))
			return fd;
		close(fd);
	}
}

static bool note_good(struct log_cache_writer *writer, int64_t good, struct err *err)
{
	char bytes[PART_BYTES + 1];
	snprintf(bytes, sizeof bytes, "%0*lld\n", PART_BYTES - 1, (long long)good);
	if (pwrite(writer->part_fd, bytes, PART_BYTES, 0) == PART_BYTES && fdatasync(writer->part_fd) == 0)
		return true;
	return fail("write", writer->part, err);
}

/* Anew: another file under the name, so that whoever reads the old one still has it whole. */
static bool open_anew(struct log_cache_writer *writer, struct err *err)
{
	if (!note_good(writer, 0, err))
		return false;
	if (unlink(writer->path) != 0 && errno != ENOENT)
		return fail("replace", writer->path, err);
	writer->fd = open(writer->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return writer->fd >= 0 || fail("write", writer->path, err);
}

/* Goes on behind OFFSET good bytes; what comes after them is dropped. */
static bool open_at(struct log_cache_writer *writer, int64_t offset, struct err *err)
{
	int64_t size = size_of(writer->path);
	if (size < 0 || offset > read_good(writer->part_fd, size))
		return err_set(err, ERR_NOT_FOUND, "log '%s' holds less than %lld bytes", writer->path,
			(long long)offset);
	writer->fd = open(writer->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (writer->fd < 0)
		return fail("write", writer->path, err);
	if (!note_good(writer, offset, err))
		return false;
	if (ftruncate(writer->fd, offset) != 0 || lseek(writer->fd, offset, SEEK_SET) != offset)
		return fail("write", writer->path, err);
	return true;
}

static bool make_folder(const char *dir, const struct ref *ref, struct err *err)
{
	struct buf folder;
	buf_init(&folder, 0);
	add_folder(&folder, dir, ref->source);
	bool ok = file_make_dir(folder.p, err);
	buf_fini(&folder);
	return ok;
}

static void free_writer(struct log_cache_writer *writer)
{
	if (writer->fd >= 0)
		close(writer->fd);
	if (writer->part_fd >= 0)
		close(writer->part_fd); /* lets go of the lock */
	x_free(writer->path);
	x_free(writer->part);
	x_free(writer);
}

struct log_cache_writer *log_cache_begin(
	const char *dir, const struct ref *ref, int64_t offset, struct err *err)
{
	if (!make_folder(dir, ref, err))
		return NULL;
	struct log_cache_writer *writer = x_new(struct log_cache_writer);
	*writer = (struct log_cache_writer){
		.path = make_path(dir, ref, ".log"),
		.part = make_path(dir, ref, ".part"),
		.size = offset,
		.fd = -1,
	};
	writer->part_fd = lock_part(writer->part, err);
	if (writer->part_fd >= 0 && (offset ? open_at(writer, offset, err) : open_anew(writer, err)))
		return writer;
	if (writer->part_fd >= 0 && size_of(writer->part) == 0)
		unlink(writer->part); /* ours, and nothing was begun: what was complete stays so */
	free_writer(writer);
	return NULL;
}

bool log_cache_append(struct log_cache_writer *writer, struct str text, struct err *err)
{
	while (text.n) {
		ssize_t n = write(writer->fd, text.p, text.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail("write", writer->path, err);
		text = str_slice(text, (size_t)n, text.n);
		writer->size += n;
	}
	return true;
}

bool log_cache_end(struct log_cache_writer *writer, bool complete, struct err *err)
{
	bool ok = fdatasync(writer->fd) == 0 || fail("write", writer->path, err);
	if (ok && complete)
		ok = unlink(writer->part) == 0 || fail("complete", writer->path, err);
	else if (ok)
		ok = note_good(writer, writer->size, err);
	free_writer(writer);
	return ok;
}

/* --- making room ---------------------------------------------------------------------- */

/* A log on the disk. */
struct log_file {
	char *path; /* without its suffix */
	int64_t size, used_ms;
};

struct log_files {
	struct log_file *items;
	size_t n, room;
	int64_t bytes;
};

static int64_t ms_of(struct timespec t)
{
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void add_file(struct log_files *files, const char *folder, struct str name)
{
	struct stat st;
	struct str suffix = STR(".log");
	if (!str_ends(name, suffix))
		return;
	char *path = x_printf("%s/%.*s", folder, STR_FMT(str_slice(name, 0, name.n - suffix.n)));
	char *whole = x_printf("%s.log", path);
	bool is_log = lstat(whole, &st) == 0 && S_ISREG(st.st_mode);
	x_free(whole);
	if (!is_log) {
		x_free(path);
		return;
	}
	if (files->n == files->room) {
		files->room = files->room * 2 + 64;
		files->items = x_realloc(files->items, files->room, sizeof *files->items);
	}
	int64_t read_ms = ms_of(st.st_atim), written_ms = ms_of(st.st_mtim);
	files->items[files->n++] = (struct log_file){
		.path = path, .size = st.st_size, .used_ms = read_ms > written_ms ? read_ms : written_ms};
	files->bytes += st.st_size;
}

static void add_folder_files(struct log_files *files, const char *folder)
{
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		add_file(files, folder, str_of(entry->d_name));
	if (dir)
		closedir(dir);
}

static void add_all_files(struct log_files *files, const char *dir)
{
	DIR *folders = opendir(dir);
	for (struct dirent *entry; folders && (entry = readdir(folders));) {
		if (entry->d_name[0] == '.')
			continue;
		char *folder = x_printf("%s/%s", dir, entry->d_name);
		add_folder_files(files, folder);
		x_free(folder);
	}
	if (folders)
		closedir(folders);
}

static void free_files(struct log_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		x_free(files->items[i].path);
	x_free(files->items);
}

static int by_use(const void *a, const void *b)
{
	const struct log_file *one = a, *other = b;
	return (one->used_ms > other->used_ms) - (one->used_ms < other->used_ms);
}

/* Removes a log and its companion, behind whose lock a writer would stand. Who reads it still has it whole.
 */
static bool remove_file(const struct log_file *file)
{
	char *path = x_printf("%s.log", file->path), *part = x_printf("%s.part", file->path);
	int fd = lock_part(part, NULL);
	bool ok = fd >= 0 && unlink(path) == 0;
	if (fd >= 0) {
		unlink(part);
		close(fd);
	}
	x_free(part);
	x_free(path);
	return ok;
}

int64_t log_cache_trim(const char *dir, int64_t max_bytes)
{
	struct log_files files = {0};
	add_all_files(&files, dir);
	int64_t before = files.bytes;
	if (files.bytes > max_bytes)
		qsort(files.items, files.n, sizeof *files.items, by_use);
	for (size_t i = 0; i < files.n && files.bytes > max_bytes; i++)
		if (remove_file(&files.items[i]))
			files.bytes -= files.items[i].size;
	free_files(&files);
	return before - files.bytes;
}

bool log_cache_forget(const char *dir, const char *source, struct err *err)
{
	struct log_files files = {0};
	struct buf folder;
	buf_init(&folder, 0);
	add_folder(&folder, dir, source);
	add_folder_files(&files, folder.p);
	bool ok = true;
	for (size_t i = 0; ok && i < files.n; i++)
		ok = remove_file(&files.items[i]) ||
		     err_set(err, ERR_UNAVAILABLE, "cannot remove the log '%s.log': it is in use",
			     files.items[i].path);
	if (ok && rmdir(folder.p) != 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST)
		ok = fail("remove the folder of", folder.p, err);
	free_files(&files);
	buf_fini(&folder);
	return ok;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/file_lines.h"

#include "client/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, INDEX_STEP = 1024 };

void file_lines_init(struct file_lines *file)
{
	*file = (struct file_lines){.fd = -1, .chunk = x_calloc(CHUNK, 1), .chunk_at = -1};
}

static void forget(struct file_lines *file)
{
	file->chunk_at = -1;
	file->chunk_n = 0;
	file->n_index = 0;
	file->counted_to = 0;
	file->n_ends = 0;
}

void file_lines_fini(struct file_lines *file)
{
	if (file->fd >= 0)
		close(file->fd);
	x_free(file->chunk);
	x_free(file->index);
}

bool file_lines_open(struct file_lines *file, const char *path, struct err *err)
{
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_set(
			err, errno == ENOENT ? ERR_NOT_FOUND : ERR_FAILED, "%s: %s", path, strerror(errno));
	if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode)) {
		close(fd);
		return err_set(err, ERR_FAILED, "%s: not a file", path);
	}
	if (file->fd >= 0)
		close(file->fd);
	forget(file);
	file->fd = fd;
	file->device = stat.st_dev;
	file->inode = stat.st_ino;
	file->size = stat.st_size;
	return true;
}

bool file_lines_refresh(struct file_lines *file, const char *path, bool *is_new)
{
	struct stat now;
	*is_new = false;
	if (file->fd < 0 || stat(path, &now) < 0)
		return false;
	if (now.st_dev != file->device || now.st_ino != file->inode) {
		*is_new = file_lines_open(file, path, NULL);
		return *is_new;
	}
	if (now.st_size == file->size)
		return false;
	*is_new = now.st_size < file->size;
	if (*is_new)
		forget(file);
	file->chunk_at = -1;
	file->size = now.st_size;
	return true;
}

/* The bytes from OFFSET to the end of the chunk it lies in; empty at the end of the file, and where it cannot
 * be read. Chunks begin at multiples of CHUNK, so that going back meets the same ones. */
static struct str bytes_at(struct file_lines *file, int64_t offset)
{
	int64_t from = offset - offset % CHUNK;
	if (offset < 0 || offset >= file->size)
		return (struct str){0};
	if (file->chunk_at != from) {
		int64_t left = file->size - from;
		ssize_t n = pread(file->fd, file->chunk, left < CHUNK ? (size_t)left : CHUNK, from);
		file->chunk_n = n > 0 ? (size_t)n : 0;
		file->chunk_at = from;
	}
	size_t skip = (size_t)(offset - from);
	if (skip >= file->chunk_n)
		return (struct str){0};
	return (struct str){file->chunk + skip, file->chunk_n - skip};
}

/* --- numbers ------------------------------------------------------------------- */

static void add_index(struct file_lines *file, int64_t offset)
{
	if (file->n_index == file->cap_index) {
		file->cap_index = file->cap_index ? 2 * file->cap_index : 64;
		file->index = x_realloc(file->index, file->cap_index, sizeof *file->index);
	}
	file->index[file->n_index++] = offset;
}

static void count_chunk(struct file_lines *file, struct str bytes)
{
	size_t at = 0;
	for (;;) {
		const char *end = memchr(bytes.p + at, '\n', bytes.n - at);
		if (!end)
			break;
		at = (size_t)(end - bytes.p) + 1;
		file->n_ends++;
		if (file->n_ends % INDEX_STEP == 0)
			add_index(file, file->counted_to + (int64_t)at);
	}
	file->counted_to += (int64_t)bytes.n;
}

void file_lines_count(struct file_lines *file, int64_t most)
{
	int64_t stop = most < file->size - file->counted_to ? file->counted_to + most : file->size;
	if (!file->n_index)
		add_index(file, 0);
	while (file->counted_to < stop) {
		struct str bytes = bytes_at(file, file->counted_to);
		if (!bytes.n)
			break; /* cut short under our hands: the next refresh knows */
		count_chunk(file, bytes);
	}
}

bool file_lines_fork(const struct file_lines *file, struct file_lines *out)
{
	int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return false;
	file_lines_init(out);
	out->fd = fd;
	out->device = file->device;
	out->inode = file->inode;
	out->size = file->size;
	out->counted_to = file->counted_to;
	out->n_ends = file->n_ends;
	/* in OUT the index has only what is new; an empty one would be taken for one not begun */
	add_index(out, file->counted_to);
	if (!file->n_index)
		out->index[0] = 0;
	return true;
}

bool file_lines_join(struct file_lines *file, const struct file_lines *counted)
{
	bool is_same = file->inode == counted->inode && file->device == counted->device &&
		       file->size >= counted->size;
	if (!is_same || file->counted_to >= counted->counted_to)
		return is_same;
	if (!file->n_index)
		add_index(file, 0);
	for (size_t i = 1; i < counted->n_index; i++)
		if (counted->index[i] > file->index[file->n_index - 1])
			add_index(file, counted->index[i]);
	file->n_ends = counted->n_ends;
	file->counted_to = counted->counted_to;
	return true;
}

/* A last line without an end is a line too. */
int64_t file_lines_total(struct file_lines *file)
{
	if (!file->size)
		return 0;
	struct str last = bytes_at(file, file->size - 1);
	return file->n_ends + (last.n && last.p[0] != '\n');
}

static int64_t ends_between(struct file_lines *file, int64_t from, int64_t to)
{
	int64_t n = 0;
	while (from < to) {
		struct str bytes = bytes_at(file, from);
		if (!bytes.n)
			break;
		if ((int64_t)bytes.n > to - from)
			bytes.n = (size_t)(to - from);
		for (const char *p = bytes.p; (p = memchr(p, '\n', bytes.n - (size_t)(p - bytes.p))); p++)
			n++;
		from += (int64_t)bytes.n;
	}
	return n;
}

int64_t file_lines_number(struct file_lines *file, int64_t offset)
{
	if (offset > file->counted_to || !file->n_index)
		return 0;
	size_t low = 0, high = file->n_index;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (file->index[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return (int64_t)low * INDEX_STEP + ends_between(file, file->index[low], offset) + 1;
}

int64_t file_lines_find(struct file_lines *file, int64_t number)
{
	enum { COUNT_AT_ONCE = 4 << 20 };
	if (number < 1)
		number = 1;
	size_t slot = (size_t)((number - 1) / INDEX_STEP);
	do
		file_lines_count(file, COUNT_AT_ONCE);
	while (file->n_index <= slot && !file_lines_is_counted(file) && bytes_at(file, file->counted_to).n);
	if (slot >= file->n_index)
		return file_lines_last(file);
	int64_t offset = file->index[slot], last = file_lines_last(file);
	for (int64_t left = (number - 1) % INDEX_STEP; left > 0 && offset < last; left--)
		offset = file_lines_next(file, offset);
	return offset < last ? offset : last;
}

/* --- from line to line ------------------------------------------------------------ */

int64_t file_lines_next(struct file_lines *file, int64_t offset)
{
	while (offset < file->size) {
		struct str bytes = bytes_at(file, offset);
		if (!bytes.n)
			break;
		const char *end = memchr(bytes.p, '\n', bytes.n);
		if (end)
			return offset + (end - bytes.p) + 1;
		offset += (int64_t)bytes.n;
	}
	return file->size;
}

int64_t file_lines_start(struct file_lines *file, int64_t offset)
{
	while (offset > 0) {
		int64_t from = (offset - 1) - (offset - 1) % CHUNK;
		struct str bytes = bytes_at(file, from);
		if ((int64_t)bytes.n < offset - from)
			break;
		const char *end = memrchr(bytes.p, '\n', (size_t)(offset - from));
		if (end)
			return from + (end - bytes.p) + 1;
		offset = from;
	}
	return 0;
}

int64_t file_lines_previous(struct file_lines *file, int64_t offset)
{
	return offset > 0 ? file_lines_start(file, offset - 1) : 0;
}

int64_t file_lines_last(struct file_lines *file)
{
	return file->size ? file_lines_start(file, file->size - 1) : 0;
}

/* A sequence of bytes cut in the middle of a character would end in a replacement character. */
static void drop_half_character(struct buf *out, size_t from)
{
	size_t n = out->n;
	while (n > from && out->n - n < 3 && ((unsigned char)out->p[n - 1] & 0xC0) == 0x80)
		n--;
	if (n > from && (unsigned char)out->p[n - 1] >= 0xC0)
		out->n = n - 1;
}

static void drop_last(struct buf *out, size_t from, char c)
{
	if (out->n > from && out->p[out->n - 1] == c)
		out->n--;
}

int64_t file_lines_read(struct file_lines *file, int64_t offset, struct buf *out)
{
	int64_t end = file_lines_next(file, offset), at = offset;
	size_t from = out->n;
	while (at < end && out->n - from < FILE_LINES_MOST_SHOWN) {
		struct str bytes = bytes_at(file, at);
		size_t room = FILE_LINES_MOST_SHOWN - (out->n - from);
		bytes = str_slice(bytes, 0, (size_t)(end - at) < room ? (size_t)(end - at) : room);
		if (!bytes.n)
			break;
		buf_add(out, bytes);
		at += (int64_t)bytes.n;
	}
	if (at < end) {
		struct str last = bytes_at(file, end - 1);
		drop_half_character(out, from);
		return end - at - (last.n && last.p[0] == '\n');
	}
	drop_last(out, from, '\n');
	drop_last(out, from, '\r');
	return 0;
}

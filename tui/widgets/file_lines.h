/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file as lines, for the pager: places are byte offsets of line starts, read by
 * pread in chunks of 64 KiB, so that the end of 1 GB is as near as its beginning. Numbers of
 * lines come from a sparse index that is made going forward.
 */
#ifndef TUI_WIDGETS_FILE_LINES_H
#define TUI_WIDGETS_FILE_LINES_H

#include "client/base/buf.h"
#include "client/base/err.h"

#include <sys/types.h>

enum { FILE_LINES_MOST_SHOWN = 64 << 10 };

struct file_lines {
	int fd; /* -1: none */
	dev_t device;
	ino_t inode;
	int64_t size;

	char *chunk;
	int64_t chunk_at;
	size_t chunk_n;

	int64_t *index; /* where line 1 + i × INDEX_STEP starts */
	size_t n_index, cap_index;
	int64_t counted_to, n_ends; /* bytes counted, line ends in them */
};

void file_lines_init(struct file_lines *file);
void file_lines_fini(struct file_lines *file);
bool file_lines_open(struct file_lines *file, const char *path, struct err *err);
/* Whether PATH is another size or another file by now; takes it over. IS_NEW: what was known about it is
 * void. */
bool file_lines_refresh(struct file_lines *file, const char *path, bool *is_new);

/* Counts lines in at most MOST more bytes. */
void file_lines_count(struct file_lines *file, int64_t most);
/* A second reader of the same file, to count on elsewhere: of what COUNTED has counted, FILE takes over what
 * is new. False: the file is another one by now. */
bool file_lines_fork(const struct file_lines *file, struct file_lines *out);
bool file_lines_join(struct file_lines *file, const struct file_lines *counted);
static inline bool file_lines_is_counted(const struct file_lines *file)
{
	return file->counted_to == file->size;
}
/* How many lines there are, where all are counted. */
int64_t file_lines_total(struct file_lines *file);
/* The number of the line that starts at OFFSET, 0 where it is not known. */
int64_t file_lines_number(struct file_lines *file, int64_t offset);
/* Where line NUMBER starts; the last line's start for a higher one. Counts as far as it must. */
int64_t file_lines_find(struct file_lines *file, int64_t number);

/* The start of the line after the one at OFFSET; the size of the file at its end. */
int64_t file_lines_next(struct file_lines *file, int64_t offset);
/* The start of the line before the one at OFFSET; OFFSET itself at the start of the file. */
int64_t file_lines_previous(struct file_lines *file, int64_t offset);
/* The start of the line that holds the byte at OFFSET. */
int64_t file_lines_start(struct file_lines *file, int64_t offset);
/* The start of the last line. */
int64_t file_lines_last(struct file_lines *file);
/* The text of the line at OFFSET without its end, at most FILE_LINES_MOST_SHOWN bytes of it, into OUT.
 * Returns how many bytes were left out. */
int64_t file_lines_read(struct file_lines *file, int64_t offset, struct buf *out);

#endif

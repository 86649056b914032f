/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files, safely: opened first and judged by their descriptor, written whole or not at all. */
#ifndef CLIENT_BASE_FILE_H
#define CLIENT_BASE_FILE_H

#include "client/base/arena.h"
#include "client/base/buf.h"
#include "client/base/err.h"

/* Opens a regular file for reading, without waiting for anybody; -1 with ERR, ERR_NOT_FOUND where there is
 * none. */
int file_open(const char *path, struct err *err);
/* Reads a regular file of at most MAX bytes into OUT. ERR_NOT_FOUND where there is none. */
bool file_read(const char *path, size_t max, struct buf *out, struct err *err);
/* The same for a file that may name commands to run: owner us or root, not writable by everybody, nor
 * its folder. */
bool file_read_trusted(const char *path, size_t max, struct buf *out, struct err *err);
/* The same for a file that may hold a secret: owner us or root, no group or other bits. */
bool file_read_secret(const char *path, size_t max, struct buf *out, struct err *err);
/* Writes all of BYTES to FD, however often that takes; false with errno. */
bool file_write_all(int fd, struct str bytes);
/* Writes PATH through a temporary file, fsync, rename and directory fsync; mode 0600. */
bool file_write(const char *path, struct str bytes, struct err *err);
/* Puts the folder of PATH on the disk: a rename in it is safe afterwards. */
bool file_sync_folder_of(const char *path, struct err *err);
/* Makes DIR and what is missing above it, mode 0700. */
bool file_make_dir(const char *dir, struct err *err);
/* PATH with a leading "~/" put at the home directory; relative paths are put under BASE (NULL: as they are).
 */
const char *file_expand(struct arena *arena, struct str path, const char *base);
/* $XDG_CONFIG_HOME/porthole, $XDG_DATA_HOME/porthole, $XDG_CACHE_HOME/porthole, $XDG_STATE_HOME/porthole, or
 * their defaults below the home directory. */
const char *file_config_dir(struct arena *arena);
const char *file_data_dir(struct arena *arena);
const char *file_cache_dir(struct arena *arena);
const char *file_state_dir(struct arena *arena);
/* Whether the file system of PATH (or of its directory) is remote: NFS, CIFS, 9p, FUSE… */
bool file_is_remote(const char *path);
/* Takes an exclusive lock on PATH (created 0600) without waiting. Returns its descriptor,
 * or -1 with ERR_UNAVAILABLE where another process holds it. Closing lets go. */
int file_lock(const char *path, struct err *err);

#endif

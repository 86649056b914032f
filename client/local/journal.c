/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/local/journal.h"

#include "client/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int journal_open(const char *path, bool is_new, struct err *err)
{
	int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (is_new ? O_CREAT | O_EXCL : 0);
	int fd = open(path, flags, 0600);
	if (fd < 0)
		err_set(err, ERR_FAILED, "cannot open '%s': %s", path, strerror(errno));
	return fd;
}

bool journal_put(int fd, const struct record *record, struct err *err)
{
	struct buf line;
	ssize_t n;
	buf_init(&line, 0);
	record_write(&line, record);
	do
		n = write(fd, line.p, line.n);
	while (n < 0 && errno == EINTR);
	bool is_whole = n == (ssize_t)line.n;
	buf_fini(&line);
	if (is_whole)
		return true;
	if (n > 0) /* a full disk: what follows must not be glued to half a line */
		n = write(fd, "\n", 1);
	return err_set(err, ERR_FAILED, "cannot write what happened to " JOURNAL_NAME ": %s",
		strerror(n < 0 ? errno : ENOSPC));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/trace.h"

#include "client/base/mem.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int trace_open(void)
{
	const char *path = getenv("PORTHOLE_TRACE");

	if (!path || !*path)
		return -1;
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
}

static bool is_secret_key(struct str pair)
{
	static const char *const words[] = {"token", "secret", "password", "signature", "api_key", "apikey"};
	size_t eq = str_find(pair, STR("="), 0);
	struct str key = str_slice(pair, 0, eq);

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_has(key, str_of(words[i])))
			return true;
	return false;
}

void trace_add_path(struct buf *out, struct str path)
{
	size_t mark = str_find(path, STR("?"), 0);
	struct str rest, pair;
	char between = '?';

	buf_add(out, str_slice(path, 0, mark));
	if (mark == SIZE_MAX)
		return;
	rest = str_slice(path, mark + 1, path.n);
	while (str_next(&rest, '&', &pair)) {
		buf_addc(out, between);
		between = '&';
		if (is_secret_key(pair)) {
			buf_add(out, str_slice(pair, 0, str_find(pair, STR("="), 0)));
			buf_addz(out, "=***");
		} else {
			buf_add(out, pair);
		}
	}
}

void trace_request(int fd, const char *method, const char *path, int status, int64_t bytes, int64_t ms)
{
	struct buf line;
	ssize_t written;

	if (fd < 0)
		return;
	buf_init(&line, 32 << 10);
	buf_addf(&line, "%s ", method);
	trace_add_path(&line, str_of(path));
	buf_addf(&line, " %d %lld B %lld ms\n", status, (long long)bytes, (long long)ms);
	/* A trace that cannot be written is no reason to fail what is traced. */
	written = write(fd, line.p, line.n);
	(void)written;
	buf_fini(&line);
}

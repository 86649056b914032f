/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/trace.h"

#include "client/base/mem.h"

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
	struct buf shown;

	if (fd < 0)
		return;
	buf_init(&shown, 30 << 10);
	trace_add_path(&shown, str_of(path));
	trace_line(fd, "%s %s %d %lld B %lld ms", method, shown.p ? shown.p : "", status, (long long)bytes,
		(long long)ms);
	buf_fini(&shown);
}

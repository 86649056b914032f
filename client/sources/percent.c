/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sources/percent.h"

static bool is_plain(char c, const char *also)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr(also, c));
}

static void add(struct buf *out, struct str part, const char *also)
{
	for (size_t i = 0; i < part.n; i++) {
		if (is_plain(part.p[i], also))
			buf_addc(out, part.p[i]);
		else
			buf_addf(out, "%%%02X", (unsigned char)part.p[i]);
	}
}

void percent_add_url(struct buf *out, struct str part)
{
	bool is_dots = str_is(part, ".") || str_is(part, "..");

	add(out, part, is_dots ? "" : "._~-");
}

void percent_add_ref(struct buf *out, struct str part)
{
	add(out, part, "._~+=,-");
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void percent_decode(struct buf *out, struct str part)
{
	for (size_t i = 0; i < part.n; i++) {
		bool is_coded = part.p[i] == '%' && i + 2 < part.n && digit_of(part.p[i + 1]) >= 0 &&
				digit_of(part.p[i + 2]) >= 0;

		if (is_coded)
			buf_addc(out, (char)(digit_of(part.p[i + 1]) * 16 + digit_of(part.p[i + 2])));
		else
			buf_addc(out, part.p[i]);
		i += is_coded ? 2 : 0;
	}
}

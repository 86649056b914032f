/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/utf8.h"

#include "client/base/err.h"
#include "client/base/mem.h"

#include <langinfo.h>
#include <utf8proc.h>
#include <wchar.h>

/* Smallest code point that needs this many bytes: less is an overlong form. */
static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

uint32_t utf8_decode(struct str s, size_t *len)
{
	BUG_ON(!s.n);
	unsigned char lead = (unsigned char)s.p[0];
	*len = 1;
	if (lead < 0x80)
		return lead;
	size_t n = sequence_length(lead);
	if (!n || n > s.n)
		return UTF8_BAD;
	uint32_t c = lead & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		unsigned char byte = (unsigned char)s.p[i];
		if ((byte & 0xc0) != 0x80)
			return UTF8_BAD;
		c = c << 6 | (byte & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return UTF8_BAD;
	*len = n;
	return c;
}

void utf8_add(struct buf *out, uint32_t c)
{
	BUG_ON(c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff));
	if (c < 0x80) {
		buf_addc(out, (char)c);
		return;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	char bytes[4];
	for (size_t i = n - 1; i > 0; i--) {
		bytes[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	bytes[0] = (char)(0xf00u >> n | c);
	buf_add(out, (struct str){bytes, n});
}

bool utf8_is_valid(struct str s)
{
	for (size_t i = 0, len; i < s.n; i += len) {
		if (utf8_decode(str_slice(s, i, s.n), &len) == UTF8_BAD)
			return false;
	}
	return true;
}

static bool locale_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int utf8_width(uint32_t c)
{
	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (!locale_is_utf8())
		return 1;
	int width = wcwidth((wchar_t)c);
	return width < 0 ? 0 : width;
}

bool utf8_is_shown(uint32_t c)
{
	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
		return false;
	default:
		return !locale_is_utf8() || wcwidth((wchar_t)c) >= 0;
	}
}

bool utf8_is_assigned(uint32_t c)
{
	return c < 0x80 || utf8proc_category((utf8proc_int32_t)c) != UTF8PROC_CATEGORY_CN;
}

bool utf8_is_hidden(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} hidden[] = {
		{0xad, 0xad},	    /* soft hyphen */
		{0x34f, 0x34f},	    /* grapheme joiner */
		{0x61c, 0x61c},	    /* Arabic letter mark */
		{0x115f, 0x1160},   /* Hangul fillers */
		{0x17b4, 0x17b5},   /* Khmer inherent vowels */
		{0x180b, 0x180f},   /* Mongolian selectors and separator */
		{0x200b, 0x200f},   /* zero width, direction marks */
		{0x2028, 0x202e},   /* line and paragraph separators, bidi */
		{0x2060, 0x206f},   /* joiners, invisible operators, bidi isolates */
		{0x3164, 0x3164},   /* Hangul filler */
		{0xfeff, 0xfeff},   /* byte order mark */
		{0xffa0, 0xffa0},   /* halfwidth Hangul filler */
		{0xfff0, 0xfffb},   /* interlinear annotation */
		{0x13430, 0x1343f}, /* hieroglyph format controls */
		{0x1bca0, 0x1bca3}, /* shorthand format controls */
		{0x1d173, 0x1d17a}, /* musical format controls */
		{0xe0000, 0xe0fff}, /* tags, supplementary selectors */
	};
	if (c < hidden[0].from)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(hidden) && c >= hidden[i].from; i++) {
		if (c <= hidden[i].to)
			return true;
	}
	return false;
}

bool utf8_is_mark(uint32_t c)
{
	if (c < 0x300)
		return false;
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
	return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME || utf8_width(c) == 0;
}

/* The bytes from AT on that take a column each: most text is nothing else. */
static size_t plain_run(struct str s, size_t at)
{
	size_t i = at;
	while (i < s.n && (unsigned char)s.p[i] - 0x20u < 0x5f)
		i++;
	return i - at;
}

size_t utf8_columns(struct str s)
{
	size_t columns = plain_run(s, 0);
	for (size_t i = columns, len; i < s.n; i += len) {
		uint32_t c = utf8_decode(str_slice(s, i, s.n), &len);
		columns += c == UTF8_BAD ? 1 : (size_t)utf8_width(c);
		size_t run = plain_run(s, i + len);
		columns += run;
		len += run;
	}
	return columns;
}

struct str utf8_fit(struct str s, size_t columns)
{
	size_t i = 0, len;
	for (; i < s.n; i += len) {
		uint32_t c = utf8_decode(str_slice(s, i, s.n), &len);
		size_t width = c == UTF8_BAD ? 1 : (size_t)utf8_width(c);
		if (width > columns)
			break;
		columns -= width;
	}
	return str_slice(s, 0, i);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Up to three bytes as four characters. */
static void put_group(char *out, const unsigned char *in, size_t n)
{
	uint32_t bits = (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0) | (n > 2 ? in[2] : 0);
	for (size_t i = 0; i < 4; i++)
		out[i] = i <= n ? letters[bits >> (18 - 6 * i) & 63] : '=';
}

void base64_add(struct buf *out, struct str bytes)
{
	const size_t n = (bytes.n + 2) / 3 * 4;
	char *to = buf_reserve(out, n);
	if (!to)
		return;
	for (size_t i = 0; i < bytes.n; i += 3, to += 4)
		put_group(to, (const unsigned char *)bytes.p + i, bytes.n - i < 3 ? bytes.n - i : 3);
	*to = '\0';
	out->n += n;
}

/* The six bits of a letter; -1 for none. */
static int bits_of(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters of which the first N_LETTERS are letters, as N_LETTERS - 1 bytes. */
static bool read_group(char *out, const char *in, size_t n_letters)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < n_letters; i++) {
		int six = bits_of((unsigned char)in[i]);
		if (six < 0)
			return false;
		bits |= (uint32_t)six << (18 - 6 * i);
	}
	for (size_t i = 0; i + 1 < n_letters; i++)
		out[i] = (char)(bits >> (16 - 8 * i) & 255);
	return !(bits & (0xffffffu >> (8 * (n_letters - 1))));
}

static size_t padding_of(struct str text)
{
	size_t n = 0;
	while (n < 2 && n < text.n && text.p[text.n - 1 - n] == '=')
		n++;
	return n;
}

bool base64_read(struct buf *out, struct str text)
{
	if (text.n % 4 || !text.n)
		return !text.n;
	const size_t padding = padding_of(text), n = text.n / 4 * 3 - padding;
	char *to = buf_reserve(out, n);
	if (!to)
		return true; /* the buffer says that it is over */
	bool is_good = true;
	for (size_t i = 0; is_good && i < text.n; i += 4, to += 3)
		is_good = read_group(to, text.p + i, i + 4 == text.n ? 4 - padding : 4);
	out->n += is_good ? n : 0;
	out->p[out->n] = '\0';
	return is_good;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict UTF-8, and the width of code points on a terminal. */
#ifndef CLIENT_BASE_UTF8_H
#define CLIENT_BASE_UTF8_H

#include "client/base/buf.h"

#include <stdint.h>

#define UTF8_BAD UINT32_MAX

/* Decodes the code point at S.p; sets *LEN to its bytes (1..4). Overlong forms,
 * surrogates, values over U+10FFFF and cut sequences give UTF8_BAD with *LEN 1.
 * S must not be empty. */
uint32_t utf8_decode(struct str s, size_t *len);
/* Adds code point C (valid) as UTF-8. */
void utf8_add(struct buf *out, uint32_t c);
/* Whether all of S is valid UTF-8. */
bool utf8_is_valid(struct str s);
/* Columns of C on a terminal: 0, 1 or 2; by wcwidth, with -1 taken as 0. Lay-out
 * follows libc because ncurses does (measured.md). Needs a UTF-8 locale; in any
 * other every code point over U+007F is 1. */
int utf8_width(uint32_t c);
/* Whether C can be shown as itself: assigned, no control, no surrogate, no
 * noncharacter, not private use, and (in a UTF-8 locale) known to libc, because
 * ncurses prints nothing else as one character. */
bool utf8_is_shown(uint32_t c);
/* Whether Unicode knows C: no noncharacter, and nothing that a later version may make a control of. */
bool utf8_is_assigned(uint32_t c);
/* Whether C steers or hides text: bidi controls, zero width, tags, fillers, line and
 * paragraph separators. Variation selectors are not among them. */
bool utf8_is_hidden(uint32_t c);
/* Whether C combines with the character before it (no column of its own). */
bool utf8_is_mark(uint32_t c);
/* Columns of cleaned text. */
size_t utf8_columns(struct str s);
/* The longest prefix of cleaned text S within COLUMNS columns; never splits a
 * base character from its combining marks. */
struct str utf8_fit(struct str s, size_t columns);

#endif

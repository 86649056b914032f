/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The cleaner: all outside text passes here on its way into a cell or onto a
 * terminal (safety.md section 2, terminal.md section 6). What comes out holds
 * only printable UTF-8: no C0 but the newlines that the caller asked to keep, no
 * DEL, no C1, no ESC, no invalid byte, no noncharacter, nothing that steers or hides.
 * What is taken out is shown, and nothing swallows the rest of a line:
 *
 *   ^[ ^G ^?     ESC, C0, DEL: an escape sequence stands there as text
 *   <9B>         a C1 code point
 *   <U+202E>     bidi controls, zero width, tags, fillers, line separators
 *   U+FFFD       each byte that is no UTF-8 (raw 8-bit controls too), private use,
 *                unassigned, noncharacters
 *
 * A base keeps at most 4 combining marks (an ncurses cell holds 5 characters); more
 * of them, and marks without a base, are shown as <U+0301>. One variation selector
 * behind a base is dropped: terminals disagree about the width it gives.
 *
 * Properties the tests hold it to: clean(x) has no byte outside the allowed set;
 * clean(clean(x)) = clean(x); text after a bad sequence is still there. Each call
 * starts afresh: a mark at the start of TEXT never joins what OUT holds already.
 */
#ifndef CLIENT_BASE_CLEAN_H
#define CLIENT_BASE_CLEAN_H

#include "client/base/buf.h"

#include <stdint.h>

enum clean_flags {
	CLEAN_NAME = 0,	       /* a name: one line; LF and TAB as ^J ^I, a blank Braille cell as <U+2800> */
	CLEAN_LINES = 1 << 0,  /* LF stays; CR LF is LF; TAB expands to columns of 8, counted from TEXT's
				* start; overstriking (`_\bX`, `X\bX`) is X; a lone CR is ^M */
	CLEAN_ASCII = 1 << 1,  /* code points over U+007F become `?` (no UTF-8 terminal) */
	CLEAN_NO_SGR = 1 << 2, /* colour sequences are dropped, other escapes stay visible */
};

/* Adds TEXT to OUT, cleaned. */
void clean_add(struct buf *out, struct str text, enum clean_flags flags);

/* Attributes that a log's own colours are mapped to. */
struct clean_attr {
	uint8_t bold : 1, dim : 1, underline : 1, reverse : 1, has_fg : 1, has_bg : 1;
	uint8_t fg, bg; /* 0..255, the xterm palette; valid where has_fg, has_bg */
};

/* A stretch of one cleaned line with one attribute. */
struct clean_span {
	size_t from, to; /* bytes of what this call added to OUT */
	struct clean_attr attr;
};

/* One line of a log: cleaned as by CLEAN_LINES (an LF inside it is ^J) into OUT
 * without its SGR sequences, which are given as spans in SPANS, in order; between
 * them the text is plain. At most MAX: what comes later keeps the last attribute.
 * What was taken out and is shown is dim. Conceal, blink and fonts are dropped; a
 * foreground (nearly) equal to its background loses the background; a sequence of
 * more than 32 numbers, or with one of more than 5 digits, is shown as text.
 * Overstriking is bold or underlined.
 *
 * A lone CR starts the line over: the first segment that shows something and the last
 * one are kept, as "first␍last", with "first␍…␍last" where more stood between them.
 * Longer than 64 KiB (two segments: 32 KiB each) is cut with a mark
 * "… (N bytes more)". Returns the number of spans. */
size_t clean_line(struct buf *out, struct str line, struct clean_span *spans, size_t max);

#endif

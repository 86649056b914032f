/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A log as lines: the stream is cut into lines of at most LINE_MOST_BYTES (the
 * rest of a longer line is dropped), of which a window is kept. The window
 * moves by what the lines hold alone, so that it does not matter how the stream
 * was cut. Most lines of a log are never looked at: only those that are asked
 * for are told apart, the others are counted.
 */
#ifndef CLIENT_TRIAGE_LINES_H
#define CLIENT_TRIAGE_LINES_H

#include "client/base/arena.h"

#include <stdint.h>

enum {
	LINE_MOST_BYTES = 2000,
	WINDOW_LINES = 4096,
	WINDOW_AHEAD = 2048, /* lines that a reader of one line may look ahead */
	WINDOW_BACK = 256,   /* and back */
	WINDOW_TAKE = 1 << 16,
};

/* What a logger said about its line; from none to worst. */
enum line_level { LEVEL_NONE, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR };

/* A line as a person reads it. */
struct log_line {
	struct str text; /* behind time stamps and levels, indented as it was, without trailing blanks */
	enum line_level level; /* the innermost that was named */
	bool has_stamp;
};

/* Where a line was found. */
struct window_line {
	int64_t number; /* 0: none */
	int64_t at;	/* offset in the stream of cut lines */
	uint16_t raw_n, plain_n;
	uint32_t made;	   /* after which move of the window */
	const char *plain; /* NULL: not made yet */
};

struct window {
	char *bytes; /* cut lines with their ends, and the open one */
	size_t n_bytes, open_n;
	size_t start;	/* of the first line of the window; what is before may be dropped any time */
	int64_t offset; /* of bytes[0] in the stream */
	uint32_t moves; /* texts that were made before are gone */
	size_t n;	/* whole lines that count as held */
	int64_t first;	/* number of the first, 1-based */
	struct window_line *known, *last;
	struct arena *plain;
};

void window_init(struct window *window);
void window_fini(struct window *window);

/* Takes from BYTES what there is room for, and moves it behind that; nothing is left out when
 * window_has_room. */
void window_take(struct window *window, struct str *bytes);
/* Ends a last line that had no line end. */
void window_end(struct window *window);
/* Whether there is room for a stretch of WINDOW_TAKE bytes. */
bool window_has_room(const struct window *window);
/* Drops what is before the window. */
void window_compact(struct window *window);
/* The whole lines from stream offset AT on. */
struct str window_text(const struct window *window, int64_t at);
/* How many of the TOTAL lines from the window's first on are a full window, or 0 where they are none. */
size_t window_full(const struct window *window, size_t total);
/* Moves the window on by N lines. */
void window_drop(struct window *window, size_t n);
/* Says where a line is: looking for one starts at the last that was known. */
void window_mark(const struct window *window, int64_t number, int64_t at);
/* Where line I is in the stream. */
int64_t window_at(const struct window *window, size_t i);

/* Line NUMBER, that may be before the window as long as it was not dropped. */
struct str window_raw_of(const struct window *window, int64_t number);
struct log_line window_line_of(const struct window *window, int64_t number);

/* Line I as it came, without its line end. */
struct str window_raw(const struct window *window, size_t i);
/* The same without colour sequences and what a carriage return wrote over. */
struct str window_plain(const struct window *window, size_t i);
struct log_line window_line(const struct window *window, size_t i);

/* Writes RAW to OUT (at least as long) without colour sequences and what a carriage return wrote over.
 * Returns its length. */
size_t line_make_plain(char *out, struct str raw);
/* Whether RAW differs from its plain text by more than carriage returns at its end. */
bool line_has_controls(struct str raw);

/* A plain line without its time stamps and levels. A level is only taken off
 * behind a time stamp or in brackets: "ERROR: x" alone is the message. */
struct log_line line_read(struct str plain);

/* TEXT without blanks in front; and their number. */
struct str line_unindent(struct str text);
size_t line_indent(struct str text);

/* "src/a.c:12:3: …", "README.md: 750: …": what compilers and linters write. */
bool line_is_diagnostic(struct str text);

#endif

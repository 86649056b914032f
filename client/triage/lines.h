/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A log as lines: the stream is cut into lines of at most LINE_MOST_BYTES (the
 * rest of a longer line is dropped), of which a window is kept. The window
 * moves by line count alone, so that it does not matter how the stream was cut.
 */
#ifndef CLIENT_TRIAGE_LINES_H
#define CLIENT_TRIAGE_LINES_H

#include "client/base/str.h"

#include <stdint.h>

enum {
	LINE_MOST_BYTES = 2000,
	WINDOW_LINES = 4096,
	WINDOW_AHEAD = 2048, /* lines that a reader of one line may look ahead */
	WINDOW_BACK = 256,   /* and back */
};

/* What a logger said about its line; from none to worst. */
enum line_level { LEVEL_NONE, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR };

/* A line as a person reads it. */
struct log_line {
	struct str text; /* behind time stamps and levels, indented as it was, without trailing blanks */
	enum line_level level; /* the innermost that was named */
	bool has_stamp;
};

struct window_line {
	uint32_t raw_at, plain_at;
	uint16_t raw_n, plain_n;
	bool is_hot;
};

struct window {
	char *bytes;
	size_t n_bytes;
	struct window_line *lines;
	size_t n;      /* whole lines held */
	int64_t first; /* number of lines[0], 1-based */
	size_t open_n; /* bytes of the line that has no end yet, behind n_bytes */
	bool is_open, has_controls;
};

void window_init(struct window *window);
void window_fini(struct window *window);
/* Takes bytes up to and with the next line end; moves BYTES behind them. True
 * when that ended a line (lines[n - 1]); false when BYTES is used up. Must not
 * be called on a full window. */
bool window_take(struct window *window, struct str *bytes);
/* Ends a last line that had no line end. False when there was none. */
bool window_end(struct window *window);
bool window_is_full(const struct window *window);
/* Forgets the first N lines. */
void window_drop(struct window *window, size_t n);

/* Line I as it came, without its line end. */
struct str window_raw(const struct window *window, size_t i);
/* The same without colour sequences and what a carriage return wrote over. */
struct str window_plain(const struct window *window, size_t i);
struct log_line window_line(const struct window *window, size_t i);

/* A plain line without its time stamps and levels. A level is only taken off
 * behind a time stamp or in brackets: "ERROR: x" alone is the message. */
struct log_line line_read(struct str plain);

/* TEXT without blanks in front; and their number. */
struct str line_unindent(struct str text);
size_t line_indent(struct str text);

/* "src/a.c:12:3: …", "README.md: 750: …": what compilers and linters write. */
bool line_is_diagnostic(struct str text);

#endif

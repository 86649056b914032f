/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A log as lines: the stream is cut into lines of at most LINE_MOST_BYTES (the
 * rest of a longer line is dropped), of which the last are kept. Most lines of
 * a log are never looked at: only those that are asked for are told apart, the
 * others are counted.
 */
#ifndef CLIENT_TRIAGE_LINES_H
#define CLIENT_TRIAGE_LINES_H

#include "client/base/arena.h"

#include <stdint.h>

enum {
	LINE_MOST_BYTES = 2000,
	WINDOW_AHEAD = 2048, /* lines that a reader of one line may look ahead */
	WINDOW_BACK = 256,   /* and back */
	WINDOW_MOST_LINES =
		WINDOW_BACK + WINDOW_AHEAD + 64, /* that always fit with another WINDOW_TAKE bytes */
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

/* Where a line was found, and how it reads. */
struct window_line {
	int64_t number; /* 0: none */
	int64_t at;	/* offset in the stream of cut lines */
	uint16_t raw_n;
	uint32_t made; /* after which move of the window it was read; 0: not yet */
	struct log_line line;
};

struct window {
	char *bytes; /* cut lines with their ends, and the open one */
	size_t n_bytes, open_n;
	int64_t offset; /* of bytes[0] in the stream */
	int64_t first;	/* number of the line that starts there, 1-based */
	size_t n;	/* whole lines that may be looked at: set by who uses the window */
	uint32_t moves; /* texts that were made before are gone */
	struct window_line *known, *last;
	struct arena *plain;
};

void window_init(struct window *window);
void window_fini(struct window *window);

/* Where up to WINDOW_TAKE bytes of the log may be put, or NULL: window_forget first. */
char *window_room(const struct window *window);
/* The first N bytes there were put. */
void window_add(struct window *window, size_t n);
/* Ends a last line that had no line end. */
void window_end(struct window *window);
/* Drops what is before line NUMBER, that starts at stream offset AT. */
void window_forget(struct window *window, int64_t number, int64_t at);
/* The whole lines from stream offset AT on. */
struct str window_text(const struct window *window, int64_t at);
/* Moves a place in the stream, the start of line NUMBER at AT, back by N lines, or as many as are kept. */
void window_go_back(const struct window *window, int64_t *number, int64_t *at, size_t n);
/* Says where a line is: looking for one starts at the last that was known. */
void window_mark(const struct window *window, int64_t number, int64_t at);
/* Where line I is in the stream. */
int64_t window_at(const struct window *window, size_t i);

/* Line NUMBER of the log. */
struct str window_raw_of(const struct window *window, int64_t number);
struct log_line window_line_of(const struct window *window, int64_t number);

/* Line I as it came, without its line end. */
struct str window_raw(const struct window *window, size_t i);
/* The same without colour sequences and what a carriage return wrote over, as a person reads it. */
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

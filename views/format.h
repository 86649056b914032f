/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a value reads to a person: the one place for signs, ages, durations, cuts. */
#ifndef VIEWS_FORMAT_H
#define VIEWS_FORMAT_H

#include "client/base/buf.h"
#include "views/block.h"

struct format {
	int64_t now_ms;
	bool is_ascii;	  /* signs and ellipsis in ASCII */
	bool is_absolute; /* times with date and zone instead of ages */
};

/* The sign of a state word of any kind (run, step, source, problem), its role. */
const char *format_sign(const struct format *format, struct str state);
enum role format_state_role(struct str state);

/* Adds the value of one cell as text, uncut; returns its role. VALUE may be NULL: "–". */
enum role format_cell(
	struct buf *out, const struct format *format, const struct column *column, const struct value *value);
/* Adds cleaned TEXT within COLUMNS columns, cut in the manner of TYPE (COLUMN_NAME: in the middle;
 * COLUMN_CAUSE: the package first, then the end; else the end), with "…" or "..". */
void format_cut(
	struct buf *out, const struct format *format, enum column_type type, struct str text, size_t columns);
/* 1 482 with thin grouping (a plain blank in ASCII). */
void format_add_int(struct buf *out, const struct format *format, int64_t n);
enum { FORMAT_CLOCK = 9 }; /* "HH:MM:SS" and its NUL */
/* Where LINE of a log starts with a UTC stamp ("2026-11-22T16:53:01.760Z "): the bytes of the stamp, and in
 * CLOCK the same as a local time of day. 0: it starts with none. */
size_t format_stamp(struct str line, char clock[static FORMAT_CLOCK]);
/* Whether values of TYPE are set at the right edge. */
bool format_is_right(enum column_type type);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of a log that is a JSON object, as people read it: time, level and message first, then the rest. */
#ifndef VIEWS_LOG_LINE_H
#define VIEWS_LOG_LINE_H

#include "client/base/buf.h"
#include "views/role.h"

enum { LOG_LINE_MOST_PIECES = 256 };

/* A stretch of the text, from the end of the piece before. */
struct log_piece {
	size_t to;
	enum role role;
};

/* "14:13:16 ERROR message  key=value key="two words" other={"a":1}" into OUT, cleaned, and what its stretches
 * mean into PIECES. Times are of the day and local, or as they came where IS_ABSOLUTE. Returns the number of
 * pieces; 0 (and OUT untouched): LINE is no whole JSON object with a message or a level, and stays as it is.
 */
size_t log_line_lay_out(struct str line, bool is_absolute, struct buf *out,
	struct log_piece pieces[static LOG_LINE_MOST_PIECES]);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stack frames in a log, one line at a time: which are of a library, and of which. */
#ifndef TUI_WIDGETS_FRAMES_H
#define TUI_WIDGETS_FRAMES_H

#include "client/base/str.h"

struct frame {
	bool is_library;
	struct str owner; /* "pandas", "spark"; within the line; of a library only */
	size_t column;	  /* Python: where `File` stands; lines of source below it are indented further. Else
			     SIZE_MAX */
};

/* Whether LINE is the first line of a frame (Python's `File "…"`, Java's `at …(`), whatever stands before it.
 */
bool frame_parse(struct str line, struct frame *out);
/* Whether LINE, which follows FRAME, belongs to it: its source, and the marks below that. */
bool frame_goes_on(const struct frame *frame, struct str line);
/* Whether LINE can be any part of a library's frame: a quick look, often wrong the one way. */
bool frame_may_be(struct str line);

#endif

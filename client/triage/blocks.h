/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Strong blocks: stretches of lines that a runtime prints when a program dies,
 * read to the exception that started it. Each reader looks at the window alone.
 */
#ifndef CLIENT_TRIAGE_BLOCKS_H
#define CLIENT_TRIAGE_BLOCKS_H

#include "client/triage/lines.h"

enum { BLOCK_MOST_FRAME = 200, BLOCK_MOST_LINES = WINDOW_AHEAD - 1 };

/* Lines are indexes into the window. */
struct block {
	size_t first, last;
	size_t cause;
	size_t outer;		      /* the last exception that was raised, where it is another */
	bool is_uncaught;	      /* the program ended by it */
	bool is_weak;		      /* carries no cause of its own: "SystemExit: 1" */
	char frame[BLOCK_MOST_FRAME]; /* "file:function" of the cause in the project's own code; "" where
					 there is none */
};

/* The traceback that starts at line AT. Direct causes are followed to their root;
 * of an implicit chain the last is taken: the first was being handled. */
bool block_python(const struct window *window, size_t at, struct block *out);

/* The Java, Scala or JavaScript trace whose first frame is line AT: the last
 * "Caused by", or the Python error that it carries. */
bool block_java(const struct window *window, size_t at, struct block *out);

/* Whether TEXT is a frame of such a trace. */
bool block_is_java_frame(struct str text);
/* The last line of the trace that goes on at line AT, or AT - 1 where none does. */
size_t block_java_end(const struct window *window, size_t at);

#endif

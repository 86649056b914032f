/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that were typed, oldest first: as many as fit, each once. */
#ifndef TUI_HISTORY_H
#define TUI_HISTORY_H

#include "client/base/buf.h"

enum { HISTORY_MOST = 200, HISTORY_MOST_BYTES = 256 << 10 };

struct history {
	char *lines[HISTORY_MOST]; /* heap */
	size_t n;
	size_t at;   /* of the walk; n: at the line that is being typed */
	char *typed; /* heap: what was typed before the walk; it is come back to */
};

void history_fini(struct history *history);
/* LINE is the newest now; one that is there already moves. Empty ones are not kept. */
void history_add(struct history *history, struct str line);
/* The walk starts anew. */
void history_start(struct history *history);
/* The line before (after) where the walk is; NULL at the end. TYPED is what stands in the prompt now. */
const char *history_older(struct history *history, struct str typed);
const char *history_newer(struct history *history);
static inline bool history_is_walking(const struct history *history)
{
	return history->at < history->n;
}
/* A line of text each. What is damaged is left out. */
void history_read(struct history *history, struct str text);
void history_write(const struct history *history, struct buf *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line that is typed: for the filter, a search, the palette. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "client/base/buf.h"

#include <stdint.h>

struct prompt {
	struct buf text;
	size_t cursor; /* a byte in text, at the start of a code point */
};

enum prompt_result { PROMPT_GOES_ON, PROMPT_DONE, PROMPT_CANCELLED, PROMPT_IGNORED };

void prompt_init(struct prompt *prompt, struct str text);
void prompt_fini(struct prompt *prompt);
/* Replaces what was typed; the cursor goes to the end. */
void prompt_set(struct prompt *prompt, struct str text);
/* Serves KEY. PROMPT_IGNORED: the key does nothing to a line (arrows up and down, Tab). A paste is text. */
enum prompt_result prompt_key(struct prompt *prompt, uint32_t key);

#endif

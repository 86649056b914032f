/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States of runs and steps, contracts.md section 2: the one list. */
#ifndef CLIENT_PROTOCOL_STATE_H
#define CLIENT_PROTOCOL_STATE_H

#include "client/base/str.h"

enum state {
	STATE_UNKNOWN,
	STATE_QUEUED,
	STATE_RUNNING,
	STATE_SUCCESS,
	STATE_FAILED,
	STATE_SKIPPED,
	STATE_CANCELLED,
	STATE_LOST,
	STATE_COUNT
};

/* "queued" and so on. */
const char *state_word(enum state state);
/* The state of a word; STATE_UNKNOWN for a word never seen. */
enum state state_of(struct str word);

#endif

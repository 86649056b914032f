/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/state.h"

#include "client/base/err.h"

static const char *const words[STATE_COUNT] = {
	[STATE_UNKNOWN] = "unknown",
	[STATE_QUEUED] = "queued",
	[STATE_RUNNING] = "running",
	[STATE_SUCCESS] = "success",
	[STATE_FAILED] = "failed",
	[STATE_SKIPPED] = "skipped",
	[STATE_CANCELLED] = "cancelled",
	[STATE_LOST] = "lost",
};

const char *state_word(enum state state)
{
	BUG_ON((unsigned)state >= STATE_COUNT);
	return words[state];
}

enum state state_of(struct str word)
{
	for (int i = 0; i < STATE_COUNT; i++)
		if (str_is(word, words[i]))
			return (enum state)i;
	return STATE_UNKNOWN;
}

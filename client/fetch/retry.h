/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often and when a request is repeated. */
#ifndef CLIENT_FETCH_RETRY_H
#define CLIENT_FETCH_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct retry_limits {
	int tries; /* in all */
	int64_t first_ms, most_ms, retry_after_most_ms;
};

/* Whether a status says "later" rather than "no". */
bool retry_status(int status);
/* Milliseconds to wait before try TRY (2 for the first repetition): what the server asked for,
 * capped, else a random time up to FIRST_MS doubled with each try ("full jitter"). */
int64_t retry_wait(const struct retry_limits *limits, int try, int64_t retry_after_ms);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What time it is. All times are milliseconds since the epoch, UTC. */
#ifndef CLIENT_BASE_CLOCK_H
#define CLIENT_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* "Nobody said": stored as SQL NULL and JSON null. */
#define TIME_NONE INT64_MIN

/* Now; the value of clock_fix where the clock is fixed. */
int64_t clock_now_ms(void);
/* Fixes the clock (a recorded catalogue); TIME_NONE releases it. */
void clock_fix(int64_t now_ms);
/* The same by the environment's PORTHOLE_NOW, where it is set: milliseconds since the epoch. False where it
 * is no number. */
bool clock_fix_by_environment(void);
/* Never jumps, unrelated to the date, never fixed: for time-outs and durations. */
int64_t clock_mono_ms(void);

#endif

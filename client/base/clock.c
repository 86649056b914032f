/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/clock.h"

#include "client/base/str.h"

#include <stdlib.h>
#include <time.h>

static int64_t fixed_ms = TIME_NONE;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	return fixed_ms != TIME_NONE ? fixed_ms : read_clock(CLOCK_REALTIME);
}

void clock_fix(int64_t now_ms)
{
	fixed_ms = now_ms;
}

bool clock_fix_by_environment(void)
{
	const char *now = getenv("PORTHOLE_NOW");
	int64_t ms;
	if (!now)
		return true;
	if (!str_to_int(str_of(now), 0, INT64_MAX, &ms))
		return false;
	clock_fix(ms);
	return true;
}

int64_t clock_mono_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cron expressions, as schedulers report a schedule: five fields with lists, ranges, steps and names of days
 * and months, or @hourly, @daily, @weekly, @monthly, @yearly. */
#ifndef CLIENT_TRIAGE_CRON_H
#define CLIENT_TRIAGE_CRON_H

#include "client/base/clock.h"

#include <stdbool.h>

struct cron {
	uint64_t minutes, hours, days, months, weekdays; /* bit N: it fires at N */
	bool is_any_day, is_any_weekday;		 /* a star: the other of the two decides alone */
};

/* False where TEXT is no cron expression ("None", a timetable, six fields). */
bool cron_parse(const char *text, struct cron *out);
/* The last time at or before AT_MS, and after AFTER_MS, at which it fires, in local time or in UTC;
 * TIME_NONE: none. Looks back at most 400 days. */
int64_t cron_last(const struct cron *cron, int64_t at_ms, int64_t after_ms, bool is_utc);

#endif

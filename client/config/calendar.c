/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/config/calendar.h"

#include "client/base/clock.h"

#include <time.h>

#define DAY_MS (24 * 60 * 60 * 1000LL)

/* A day is kept as its midnight in UTC: what the clock on the wall shows is compared with it. */
static int64_t wall_ms(int64_t now_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	struct tm tm;
	return localtime_r(&now, &tm) ? (int64_t)timegm(&tm) * 1000 : now_ms;
}

static bool has_begun(int64_t since_ms, int64_t now_ms)
{
	return since_ms <= (since_ms % DAY_MS ? now_ms : wall_ms(now_ms));
}

static bool holds(const struct config_day *day, const char *kind, int64_t now_ms)
{
	int64_t last_ms = day->to_ms == TIME_NONE ? day->from_ms : day->to_ms;
	return !strcmp(day->kind, kind) && has_begun(day->from_ms, now_ms) &&
	       !has_begun(last_ms + DAY_MS, now_ms);
}

const struct config_day *calendar_at(
	const struct config *config, const char *kind, const char *project, int64_t now_ms)
{
	for (size_t i = 0; i < config->n_calendar; i++) {
		const struct config_day *day = &config->calendar[i];
		bool is_its = !day->project || (project && !strcmp(day->project, project));
		if (is_its && holds(day, kind, now_ms))
			return day;
	}
	return NULL;
}

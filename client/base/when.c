/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/when.h"

#include "client/base/mem.h"

#include <time.h>

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

#define WEEK_MS (7 * (int64_t)DAY_MS)
#define END_MS	253370764800000 /* 9999-01-01: tools write later dates for "never" */
#define NOTHING "\u2013"

/* A date and time as it is written, without a zone. */
struct civil {
	int year, month, day, hour, minute, second;
};

/* Days since 1970-01-01 in the Gregorian calendar; years are counted from March,
 * so that the leap day is the last of its year (Hinnant, "chrono-compatible
 * low-level date algorithms"). */
static int64_t days_of(int64_t year, int month, int day)
{
	if (month <= 2)
		year--;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static int days_in_month(int year, int month)
{
	static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && is_leap);
}

/* To ms, for a zone OFFSET_MIN minutes east of UTC. A 60th second is a leap second. */
static bool civil_to_ms(const struct civil *at, int offset_min, int64_t *out_ms)
{
	if (at->month < 1 || at->month > 12 || at->day < 1 || at->day > days_in_month(at->year, at->month))
		return false;
	if (at->hour > 23 || at->minute > 59 || at->second > 60)
		return false;
	int64_t seconds = ((int64_t)at->hour * 60 + at->minute - offset_min) * 60 + at->second;
	int64_t ms = days_of(at->year, at->month, at->day) * DAY_MS + seconds * SECOND_MS;
	if (ms < 0 || ms >= END_MS)
		return false;
	*out_ms = ms;
	return true;
}

/* The takers cut what they name from the front of REST, or say false. */

static bool take_digits(struct str *rest, size_t digits, int *out)
{
	int value = 0;
	if (rest->n < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (rest->p[i] < '0' || rest->p[i] > '9')
			return false;
		value = value * 10 + (rest->p[i] - '0');
	}
	*rest = str_slice(*rest, digits, rest->n);
	*out = value;
	return true;
}

static bool take_char(struct str *rest, const char *any)
{
	if (!rest->n || !rest->p[0] || !strchr(any, rest->p[0]))
		return false;
	*rest = str_slice(*rest, 1, rest->n);
	return true;
}

static bool take_text(struct str *rest, const char *text)
{
	struct str head = str_of(text);
	if (!str_starts(*rest, head))
		return false;
	*rest = str_slice(*rest, head.n, rest->n);
	return true;
}

static bool take_date(struct str *rest, struct civil *at)
{
	return take_digits(rest, 4, &at->year) && take_char(rest, "-") && take_digits(rest, 2, &at->month) &&
	       take_char(rest, "-") && take_digits(rest, 2, &at->day);
}

static bool take_clock(struct str *rest, struct civil *at)
{
	return take_digits(rest, 2, &at->hour) && take_char(rest, ":") && take_digits(rest, 2, &at->minute) &&
	       take_char(rest, ":") && take_digits(rest, 2, &at->second);
}

/* ".682" and longer; below a millisecond is cut off. Nothing is 0. */
static bool take_fraction(struct str *rest, int *out_ms)
{
	*out_ms = 0;
	if (!take_char(rest, "."))
		return true;
	int digit, scale = 100;
	if (!rest->n || rest->p[0] < '0' || rest->p[0] > '9')
		return false;
	while (take_digits(rest, 1, &digit)) {
		*out_ms += digit * scale;
		scale /= 10;
	}
	return true;
}

static bool take_zone(struct str *rest, int *out_min)
{
	*out_min = 0;
	if (!rest->n || take_char(rest, "Zz"))
		return true;
	int hours, minutes, sign = rest->p[0] == '-' ? -1 : 1;
	if (!take_char(rest, "+-") || !take_digits(rest, 2, &hours))
		return false;
	take_char(rest, ":");
	if (!take_digits(rest, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*out_min = sign * (hours * 60 + minutes);
	return true;
}

bool when_parse(struct str text, int64_t *out_ms)
{
	struct civil at;
	int fraction_ms, offset_min;
	if (!take_date(&text, &at) || !take_char(&text, "Tt ") || !take_clock(&text, &at) ||
		!take_fraction(&text, &fraction_ms) || !take_zone(&text, &offset_min) || text.n)
		return false;
	int64_t ms;
	if (!civil_to_ms(&at, offset_min, &ms))
		return false;
	*out_ms = ms + fraction_ms;
	return true;
}

static bool take_number(struct str *rest, int64_t *out)
{
	size_t digits = 0;
	while (digits < rest->n && rest->p[digits] >= '0' && rest->p[digits] <= '9')
		digits++;
	if (!str_to_int(str_slice(*rest, 0, digits), 0, INT64_MAX, out))
		return false;
	*rest = str_slice(*rest, digits, rest->n);
	return true;
}

static bool take_unit(struct str *rest, int64_t *out_ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {
		{"mo", 30 * (int64_t)DAY_MS}, /* before "m" */
		{"s", SECOND_MS},
		{"m", MINUTE_MS},
		{"h", HOUR_MS},
		{"d", DAY_MS},
		{"w", WEEK_MS},
	};
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (take_text(rest, units[i].name)) {
			*out_ms = units[i].ms;
			return true;
		}
	}
	return false;
}

bool when_parse_duration(struct str text, int64_t *out_ms)
{
	int64_t sum = 0, count, unit_ms;
	if (!text.n)
		return false;
	while (text.n) {
		if (!take_number(&text, &count) || !take_unit(&text, &unit_ms))
			return false;
		if (__builtin_mul_overflow(count, unit_ms, &count) ||
			__builtin_add_overflow(sum, count, &sum))
			return false;
	}
	*out_ms = sum;
	return true;
}

/* The start of a day here. Where a clock change leaves out midnight, glibc gives the
 * first moment that exists. */
static bool local_midnight(const struct civil *day, int64_t *out_ms)
{
	int64_t ignored;
	if (!civil_to_ms(day, 0, &ignored))
		return false;
	struct tm tm = {
		.tm_year = day->year - 1900,
		.tm_mon = day->month - 1,
		.tm_mday = day->day,
		.tm_isdst = -1,
	};
	*out_ms = (int64_t)mktime(&tm) * SECOND_MS;
	return true;
}

bool when_parse_since(struct str text, int64_t now_ms, int64_t *out_ms)
{
	int64_t back_ms;
	if (when_parse_duration(text, &back_ms)) {
		*out_ms = back_ms < now_ms ? now_ms - back_ms : 0;
		return true;
	}
	struct civil day = {0};
	struct str rest = text;
	if (take_date(&rest, &day) && !rest.n)
		return local_midnight(&day, out_ms);
	return when_parse(text, out_ms);
}

static bool take_month(struct str *rest, int *out)
{
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	for (size_t i = 0; i < ARRAY_LEN(months); i++) {
		if (take_text(rest, months[i])) {
			*out = (int)i + 1;
			return true;
		}
	}
	return false;
}

/* "Sun" or "Sunday"; that it fits the date is nobody's business. */
static bool take_weekday(struct str *rest)
{
	static const char *const days[][2] = {{"Sun", "day"}, {"Mon", "day"}, {"Tue", "sday"},
		{"Wed", "nesday"}, {"Thu", "rsday"}, {"Fri", "day"}, {"Sat", "urday"}};
	for (size_t i = 0; i < ARRAY_LEN(days); i++) {
		if (take_text(rest, days[i][0])) {
			take_text(rest, days[i][1]);
			return true;
		}
	}
	return false;
}

/* "06 Nov 1994 08:49:37 GMT" */
static bool take_imf_date(struct str *rest, struct civil *at)
{
	return take_digits(rest, 2, &at->day) && take_char(rest, " ") && take_month(rest, &at->month) &&
	       take_char(rest, " ") && take_digits(rest, 4, &at->year) && take_char(rest, " ") &&
	       take_clock(rest, at) && take_text(rest, " GMT");
}

/* "06-Nov-94 08:49:37 GMT"; years before 70 are of this century. */
static bool take_rfc850_date(struct str *rest, struct civil *at)
{
	if (!take_digits(rest, 2, &at->day) || !take_char(rest, "-") || !take_month(rest, &at->month) ||
		!take_char(rest, "-") || !take_digits(rest, 2, &at->year) || !take_char(rest, " ") ||
		!take_clock(rest, at) || !take_text(rest, " GMT"))
		return false;
	at->year += at->year < 70 ? 2000 : 1900;
	return true;
}

/* "Nov  6 08:49:37 1994" */
static bool take_asctime_date(struct str *rest, struct civil *at)
{
	if (!take_month(rest, &at->month) || !take_char(rest, " "))
		return false;
	size_t digits = take_char(rest, " ") ? 1 : 2;
	return take_digits(rest, digits, &at->day) && take_char(rest, " ") && take_clock(rest, at) &&
	       take_char(rest, " ") && take_digits(rest, 4, &at->year);
}

bool when_parse_http(struct str text, int64_t *out_ms)
{
	static bool (*const forms[])(struct str *, struct civil *) = {
		take_imf_date, take_rfc850_date, take_asctime_date};
	if (!take_weekday(&text))
		return false;
	take_char(&text, ",");
	if (!take_char(&text, " "))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct str rest = text;
		struct civil at = {0};
		if (forms[i](&rest, &at) && !rest.n)
			return civil_to_ms(&at, 0, out_ms);
	}
	return false;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

void when_add_rfc3339(struct buf *out, int64_t ms)
{
	if (ms == TIME_NONE)
		return;
	int64_t days = floor_div(ms, DAY_MS);
	int64_t in_day = ms % DAY_MS + (ms % DAY_MS < 0 ? DAY_MS : 0);
	/* The reverse of days_of. */
	int64_t era = floor_div(days + 719468, 146097);
	int64_t day_of_era = days + 719468 - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month = (int)((5 * day_of_year + 2) / 153);
	int day = (int)(day_of_year - (153 * month + 2) / 5) + 1;
	month = month < 10 ? month + 3 : month - 9;
	int64_t year = year_of_era + era * 400 + (month <= 2);
	buf_addf(out, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)year, month, day, (int)(in_day / HOUR_MS),
		(int)(in_day / MINUTE_MS % 60), (int)(in_day / SECOND_MS % 60));
	if (in_day % SECOND_MS)
		buf_addf(out, ".%03d", (int)(in_day % SECOND_MS));
	buf_addc(out, 'Z');
}

static bool local_time(int64_t ms, struct tm *out)
{
	time_t seconds = (time_t)floor_div(ms, SECOND_MS);
	return ms != TIME_NONE && localtime_r(&seconds, out);
}

void when_add_local(struct buf *out, int64_t ms)
{
	struct tm tm;
	if (!local_time(ms, &tm)) {
		buf_addz(out, NOTHING);
		return;
	}
	buf_addf(out, "%04lld-%02d-%02d ", tm.tm_year + 1900LL, tm.tm_mon + 1, tm.tm_mday);
	when_add_clock(out, ms);
}

const char *when_local(struct arena *arena, int64_t ms)
{
	struct buf text;
	buf_init(&text, 0);
	when_add_local(&text, ms);
	return arena_take(arena, &text);
}

void when_add_clock(struct buf *out, int64_t ms)
{
	struct tm tm;
	if (local_time(ms, &tm))
		buf_addf(out, "%02d:%02d:%02d %s", tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_zone);
	else
		buf_addz(out, NOTHING);
}

void when_add_age(struct buf *out, int64_t ms, int64_t now_ms)
{
	static const struct {
		int64_t from_ms, unit_ms;
		char name;
	} steps[] = {
		{365 * (int64_t)DAY_MS, 365 * (int64_t)DAY_MS, 'y'},
		{2 * WEEK_MS, WEEK_MS, 'w'},
		{DAY_MS, DAY_MS, 'd'},
		{HOUR_MS, HOUR_MS, 'h'},
		{MINUTE_MS, MINUTE_MS, 'm'},
	};
	int64_t age_ms;
	if (ms == TIME_NONE || __builtin_sub_overflow(now_ms, ms, &age_ms) || age_ms == INT64_MIN) {
		buf_addz(out, NOTHING);
		return;
	}
	int64_t distance_ms = age_ms < 0 ? -age_ms : age_ms;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (distance_ms < steps[i].from_ms)
			continue;
		buf_addf(out, "%s%lld%c", age_ms < 0 ? "in " : "",
			(long long)(distance_ms / steps[i].unit_ms), steps[i].name);
		return;
	}
	buf_addz(out, "now");
}

void when_add_duration(struct buf *out, int64_t ms)
{
	long long s = ms / SECOND_MS;
	if (ms < 0)
		buf_addz(out, NOTHING);
	else if (ms < 10 * SECOND_MS)
		buf_addf(out, "%lld.%llds", s, (long long)(ms % SECOND_MS / 100));
	else if (ms < MINUTE_MS)
		buf_addf(out, "%llds", s);
	else if (ms < HOUR_MS)
		buf_addf(out, "%lldm %02llds", s / 60, s % 60);
	else if (ms < DAY_MS)
		buf_addf(out, "%lldh %02lldm", s / 3600, s / 60 % 60);
	else
		buf_addf(out, "%lldd %02lldh", s / 86400, s / 3600 % 24);
}

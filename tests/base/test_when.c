/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

#define NOON INT64_C(1795348800000) /* 2026-11-22T12:00:00Z */

static void reads(bool (*parse)(struct str, int64_t *), const char *text, int64_t want)
{
	int64_t ms = -7;
	if (!parse(str_of(text), &ms) || ms != want)
		fail_msg("'%s' gave %lld, not %lld", text, (long long)ms, (long long)want);
}

static void refuses(bool (*parse)(struct str, int64_t *), const char *text)
{
	int64_t ms = -7;
	if (parse(str_of(text), &ms) || ms != -7)
		fail_msg("'%s' was taken", text);
}

static void prints(void (*print)(struct buf *, int64_t), int64_t ms, const char *want)
{
	struct buf out;
	buf_init(&out, 0);
	print(&out, ms);
	assert_string_equal(buf_str(&out).p, want);
	buf_fini(&out);
}

static void live_in(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void reads_rfc3339(void **state)
{
	(void)state;
	reads(when_parse, "1970-01-01T00:00:00Z", 0);
	reads(when_parse, "2026-11-22T12:00:00Z", NOON);
	reads(when_parse, "2026-11-22 12:00:00", NOON);
	reads(when_parse, "2026-11-22t12:00:00z", NOON);
	reads(when_parse, "2026-11-22T13:00:00+01:00", NOON);
	reads(when_parse, "2026-11-22T13:00:00+0100", NOON);
	reads(when_parse, "2026-11-22T17:45:00+05:45", NOON);
	reads(when_parse, "2026-11-22T08:30:00-03:30", NOON);
	reads(when_parse, "2026-11-22T12:00:00.6Z", NOON + 600);
	reads(when_parse, "2026-11-22T12:00:00.682999999Z", NOON + 682);
	reads(when_parse, "2026-11-22T12:00:00.000000000000000000009", NOON);
	reads(when_parse, "2024-02-29T00:00:00Z", INT64_C(1709164800000));
	reads(when_parse, "2000-02-29T00:00:00Z", INT64_C(951782400000));
	reads(when_parse, "2016-12-31T23:59:60Z", INT64_C(1483228800000));
}

static void refuses_what_is_no_time(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "now", "2026-11-22", "2026-11-22T12:00Z",
		"2026-11-22T12:00:00,5Z", "2026-11-22T12:00:00.Z", "2026-11-22T12:00:00Zx",
		" 2026-11-22T12:00:00Z", "2026-11-22T12:00:00+1", "2026-11-22T12:00:00+24:00",
		"2026-11-22T12:00:00 +01:00", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-11-00T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T12:60:00Z",
		"2026-11-22T12:00:61Z", "+026-11-22T12:00:00Z", "99999-01-01T00:00:00Z", "1795348800000"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		refuses(when_parse, bad[i]);
	int64_t ms;
	assert_false(when_parse(STR("2026-11-22T12:00:00\0"), &ms));
	assert_false(when_parse((struct str){0}, &ms));
}

static void years_have_limits(void **state)
{
	(void)state;
	refuses(when_parse, "1969-12-31T23:59:59Z");
	refuses(when_parse, "1970-01-01T00:00:00+01:00");
	reads(when_parse, "1969-12-31T23:30:00-01:00", HOUR / 2);
	reads(when_parse, "9998-12-31T23:59:59.999Z", INT64_C(253370764799999));
	refuses(when_parse, "9999-01-01T00:00:00Z");
	refuses(when_parse, "9999-12-31T23:59:59Z");
	refuses(when_parse, "0000-00-00T00:00:00Z");
	refuses(when_parse, "0001-01-01T00:00:00Z");
}

static void reads_durations(void **state)
{
	(void)state;
	reads(when_parse_duration, "90s", 90 * SECOND);
	reads(when_parse_duration, "5m", 5 * MINUTE);
	reads(when_parse_duration, "24h", DAY);
	reads(when_parse_duration, "2w", 14 * (int64_t)DAY);
	reads(when_parse_duration, "3mo", 90 * (int64_t)DAY);
	reads(when_parse_duration, "1d12h", 36 * (int64_t)HOUR);
	reads(when_parse_duration, "0s", 0);
	static const char *const bad[] = {"", "5", "h", "5 m", "-5m", "+5m", "1.5h", "5x", "5mm", "1d12",
		"9999999999999999999s", "9223372036854775807s", "9223372036854775s9223372036854775s"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		refuses(when_parse_duration, bad[i]);
}

static bool since_noon(struct str text, int64_t *out_ms)
{
	return when_parse_since(text, NOON, out_ms);
}

static void reads_since(void **state)
{
	(void)state;
	live_in("Europe/Berlin");
	reads(since_noon, "24h", NOON - DAY);
	reads(since_noon, "1d12h", NOON - DAY - DAY / 2);
	reads(since_noon, "2026-11-21", NOON - DAY - 13 * HOUR);
	reads(since_noon, "2026-07-01", INT64_C(1782856800000)); /* 22:00 UTC the day before */
	reads(since_noon, "2026-11-21T00:00:00Z", NOON - DAY - DAY / 2);
	reads(since_noon, "9999w", 0);
	refuses(since_noon, "2026-02-30");
	refuses(since_noon, "yesterday");
	refuses(since_noon, "2026-11-21T");
}

static void a_day_without_midnight_starts_at_one(void **state)
{
	(void)state;
	live_in("America/Havana"); /* 2026-03-08: 00:00 is 01:00 */
	reads(since_noon, "2026-03-08", INT64_C(1772946000000));
}

static void reads_http_dates(void **state)
{
	(void)state;
	const int64_t want = INT64_C(784111777000);
	reads(when_parse_http, "Sun, 06 Nov 1994 08:49:37 GMT", want);
	reads(when_parse_http, "Sunday, 06-Nov-94 08:49:37 GMT", want);
	reads(when_parse_http, "Sun Nov  6 08:49:37 1994", want);
	reads(when_parse_http, "Wednesday, 06-Nov-26 08:49:37 GMT", INT64_C(1793954977000));
	reads(when_parse_http, "Sun Nov 16 08:49:37 1994", want + 10 * (int64_t)DAY);
	static const char *const bad[] = {"", "120", "06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 0001 08:49:37 GMT",
		"Xyz, 06 Nov 1994 08:49:37 GMT"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		refuses(when_parse_http, bad[i]);
}

static void prints_rfc3339(void **state)
{
	(void)state;
	prints(when_add_rfc3339, NOON, "2026-11-22T12:00:00Z");
	prints(when_add_rfc3339, NOON + 7, "2026-11-22T12:00:00.007Z");
	prints(when_add_rfc3339, 0, "1970-01-01T00:00:00Z");
	prints(when_add_rfc3339, -1, "1969-12-31T23:59:59.999Z");
	prints(when_add_rfc3339, INT64_C(1709164800000), "2024-02-29T00:00:00Z");
	prints(when_add_rfc3339, TIME_NONE, "");
	struct buf out;
	buf_init(&out, 0);
	when_add_rfc3339(&out, INT64_MAX);
	when_add_rfc3339(&out, INT64_MIN + 1);
	buf_fini(&out);
}

static void prints_what_it_reads(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	for (int64_t ms = 0; ms < INT64_C(253370764800000); ms += 36 * INT64_C(86399987)) {
		int64_t again = -1;
		buf_reset(&out);
		when_add_rfc3339(&out, ms);
		assert_true(when_parse(buf_str(&out), &again));
		assert_true(again == ms);
	}
	buf_fini(&out);
}

static void local_time_survives_the_nights_of_the_clock_change(void **state)
{
	(void)state;
	live_in("Europe/Berlin");
	prints(when_add_local, INT64_C(1774745999000), "2026-03-29 01:59:59 CET");
	prints(when_add_local, INT64_C(1774746000000), "2026-03-29 03:00:00 CEST");
	prints(when_add_local, INT64_C(1792888200000), "2026-10-25 02:30:00 CEST");
	prints(when_add_local, INT64_C(1792891800000), "2026-10-25 02:30:00 CET");
	prints(when_add_clock, NOON, "13:00:00 CET");
	live_in("Asia/Kathmandu");
	prints(when_add_local, NOON, "2026-11-22 17:45:00 +0545");
	live_in("America/St_Johns");
	prints(when_add_local, NOON, "2026-11-22 08:30:00 NST");
	live_in("UTC");
	prints(when_add_local, -1, "1969-12-31 23:59:59 UTC");
}

static void a_time_nobody_said_is_a_dash(void **state)
{
	(void)state;
	prints(when_add_local, TIME_NONE, "–");
	prints(when_add_local, INT64_MAX, "292278994-08-17 07:12:55 UTC");
	prints(when_add_clock, TIME_NONE, "–");
	prints(when_add_duration, TIME_NONE, "–");
	prints(when_add_duration, -1, "–");
}

static void age_from_noon(struct buf *out, int64_t ms)
{
	when_add_age(out, ms, NOON);
}

static void prints_ages(void **state)
{
	(void)state;
	prints(age_from_noon, NOON, "now");
	prints(age_from_noon, NOON - 59 * SECOND, "now");
	prints(age_from_noon, NOON - MINUTE, "1m");
	prints(age_from_noon, NOON - 59 * MINUTE, "59m");
	prints(age_from_noon, NOON - 3 * HOUR, "3h");
	prints(age_from_noon, NOON - 2 * DAY, "2d");
	prints(age_from_noon, NOON - 13 * (int64_t)DAY, "13d");
	prints(age_from_noon, NOON - 35 * (int64_t)DAY, "5w");
	prints(age_from_noon, NOON - 3 * 366 * (int64_t)DAY, "3y");
	prints(age_from_noon, NOON + 59 * SECOND, "now");
	prints(age_from_noon, NOON + 3 * HOUR, "in 3h");
	prints(age_from_noon, TIME_NONE, "–");
	prints(age_from_noon, TIME_NONE + 1, "–");
}

static void prints_durations(void **state)
{
	(void)state;
	prints(when_add_duration, 0, "0.0s");
	prints(when_add_duration, 400, "0.4s");
	prints(when_add_duration, 9999, "9.9s");
	prints(when_add_duration, 37 * SECOND, "37s");
	prints(when_add_duration, 64 * SECOND, "1m 04s");
	prints(when_add_duration, 159 * MINUTE, "2h 39m");
	prints(when_add_duration, 76 * (int64_t)HOUR, "3d 04h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rfc3339),
		cmocka_unit_test(refuses_what_is_no_time),
		cmocka_unit_test(years_have_limits),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(reads_since),
		cmocka_unit_test(a_day_without_midnight_starts_at_one),
		cmocka_unit_test(reads_http_dates),
		cmocka_unit_test(prints_rfc3339),
		cmocka_unit_test(prints_what_it_reads),
		cmocka_unit_test(local_time_survives_the_nights_of_the_clock_change),
		cmocka_unit_test(a_time_nobody_said_is_a_dash),
		cmocka_unit_test(prints_ages),
		cmocka_unit_test(prints_durations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

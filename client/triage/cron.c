/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/cron.h"

#include "client/base/mem.h"
#include "client/base/str.h"

#include <strings.h>
#include <time.h>

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, MOST_DAYS = 400 };

static const char *const month_names[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const struct field {
	int64_t min, max;
	const char *const *names; /* of MIN and on; NULL: none */
	size_t n_names;
} fields[] = {
	{0, 59, NULL, 0}, {0, 23, NULL, 0}, {1, 31, NULL, 0}, {1, 12, month_names, 12}, {0, 7, day_names, 7}};

static bool read_number(const struct field *field, struct str text, int64_t *out)
{
	for (size_t i = 0; i < field->n_names; i++)
		if (text.n == 3 && !strncasecmp(text.p, field->names[i], 3)) {
			*out = field->min + (int64_t)i;
			return true;
		}
	return str_to_int(text, field->min, field->max, out);
}

/* "*", "5", "1-5", each with "/2" behind it. */
static bool read_piece(const struct field *field, struct str piece, uint64_t *out)
{
	int64_t from = field->min, to = field->max, step = 1;
	size_t slash = str_find(piece, STR("/"), 0);
	struct str range = str_slice(piece, 0, slash);
	if (slash != SIZE_MAX && !str_to_int(str_slice(piece, slash + 1, piece.n), 1, 60, &step))
		return false;
	size_t dash = str_find(range, STR("-"), 0);
	bool is_star = str_is(range, "*");
	if (!is_star && !read_number(field, str_slice(range, 0, dash), &from))
		return false;
	if (!is_star && dash == SIZE_MAX && slash == SIZE_MAX)
		to = from;
	if (dash != SIZE_MAX && !read_number(field, str_slice(range, dash + 1, range.n), &to))
		return false;
	for (int64_t i = from; i <= to; i += step)
		*out |= UINT64_C(1) << i;
	return from <= to;
}

static bool read_field(const struct field *field, struct str text, uint64_t *out)
{
	struct str piece;
	*out = 0;
	while (str_next(&text, ',', &piece))
		if (!read_piece(field, piece, out))
			return false;
	return *out != 0;
}

static struct str expand(struct str text)
{
	static const struct {
		const char *word, *cron;
	} words[] = {{"@hourly", "0 * * * *"}, {"@daily", "0 0 * * *"}, {"@midnight", "0 0 * * *"},
		{"@weekly", "0 0 * * 0"}, {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
		{"@annually", "0 0 1 1 *"}};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_is(text, words[i].word))
			return str_of(words[i].cron);
	return text;
}

bool cron_parse(const char *text, struct cron *out)
{
	uint64_t bits[ARRAY_LEN(fields)];
	struct str rest = expand(str_trim(str_of(text))), word;
	*out = (struct cron){0};
	size_t n = 0;
	while (str_next(&rest, ' ', &word)) {
		if (!word.n)
			continue;
		if (n == ARRAY_LEN(fields) || !read_field(&fields[n], word, &bits[n]))
			return false;
		out->is_any_day |= n == 2 && word.p[0] == '*';
		out->is_any_weekday |= n == 4 && word.p[0] == '*';
		n++;
	}
	if (n < ARRAY_LEN(fields))
		return false;
	out->minutes = bits[0];
	out->hours = bits[1];
	out->days = bits[2];
	out->months = bits[3];
	out->weekdays = bits[4] | (bits[4] >> 7 & 1); /* 7 is Sunday too */
	return true;
}

static bool has(uint64_t bits, int i)
{
	return bits >> i & 1;
}

static bool is_day(const struct cron *cron, const struct tm *tm)
{
	bool is_date = has(cron->days, tm->tm_mday), is_weekday = has(cron->weekdays, tm->tm_wday);
	bool is_either = !cron->is_any_day && !cron->is_any_weekday;
	return has(cron->months, tm->tm_mon + 1) &&
	       (is_either ? is_date || is_weekday : is_date && is_weekday);
}

/* Walks back from AT_MS: by minutes within an hour that fires, else by hours. */
int64_t cron_last(const struct cron *cron, int64_t at_ms, int64_t after_ms, bool is_utc)
{
	int64_t oldest = at_ms - MOST_DAYS * INT64_C(24) * HOUR_MS;
	int64_t end = after_ms > oldest ? after_ms : oldest;
	int64_t ms = at_ms - at_ms % MINUTE_MS;
	while (ms > end && ms >= 0) {
		time_t at = (time_t)(ms / 1000);
		struct tm tm;
		if (!(is_utc ? gmtime_r(&at, &tm) : localtime_r(&at, &tm)))
			return TIME_NONE;
		bool is_hour = is_day(cron, &tm) && has(cron->hours, tm.tm_hour);
		if (is_hour && has(cron->minutes, tm.tm_min))
			return ms;
		ms -= is_hour ? MINUTE_MS : (tm.tm_min + 1) * MINUTE_MS;
	}
	return TIME_NONE;
}

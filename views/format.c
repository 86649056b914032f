/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/format.h"

#include "client/base/clean.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "client/base/when.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

/* Every state word of contracts.md section 2, of whatever kind of object; words are never used for two things
 * that look different. */
static const struct state_look {
	const char *state;
	const char *sign, *ascii;
	enum role role;
} states[] = {
	/* runs and steps */
	{"success", "✓", "+", ROLE_SUCCESS},
	{"failed", "✗", "x", ROLE_FAILED},
	{"running", "●", "*", ROLE_RUNNING},
	{"queued", "○", "o", ROLE_QUEUED},
	{"skipped", "–", "-", ROLE_SKIPPED},
	{"blocked", "–", "-", ROLE_SKIPPED}, /* skipped, because of what failed before it */
	{"cancelled", "⊘", "/", ROLE_SKIPPED},
	{"lost", "!", "!", ROLE_FAILED},
	{"late", "⏲", "@", ROLE_LATE},
	{"paused", "–", "-", ROLE_SKIPPED},
	/* sources */
	{"ok", "✓", "+", ROLE_SUCCESS},
	{"stale", "⏲", "@", ROLE_LATE},
	{"error", "✗", "x", ROLE_FAILED},
	{"never", "○", "o", ROLE_QUEUED},
	{"platform", "‼", "!", ROLE_FAILED},
	/* problems and alerts */
	{"open", "✗", "x", ROLE_FAILED},
	{"acknowledged", "●", "*", ROLE_RUNNING},
	{"snoozed", "○", "o", ROLE_QUEUED},
	{"resolved", "✓", "+", ROLE_SUCCESS},
	{"ignored", "–", "-", ROLE_SKIPPED},
	{"closed", "✓", "+", ROLE_SUCCESS},
	/* checks */
	{"pass", "✓", "+", ROLE_SUCCESS},
	{"warn", "!", "!", ROLE_LATE},
	{"fail", "✗", "x", ROLE_FAILED},
	{"not_run", "–", "-", ROLE_SKIPPED},
};

static const struct state_look unknown_state = {"unknown", "?", "?", ROLE_DIM};

static const struct state_look *look_of(struct str state)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (str_is(state, states[i].state))
			return &states[i];
	return &unknown_state;
}

const char *format_sign(const struct format *format, struct str state)
{
	const struct state_look *look = look_of(state);
	return format->is_ascii ? look->ascii : look->sign;
}

enum role format_state_role(struct str state)
{
	return look_of(state)->role;
}

void format_add_int(struct buf *out, const struct format *format, int64_t n)
{
	/* In cells a thin space is as wide as a blank; a blank is in every font and is what people search
	 * for. */
	(void)format;
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
	int first = n < 0;
	for (int i = 0; i < len; i++) {
		if (i > first && (len - i) % 3 == 0)
			buf_addc(out, ' ');
		buf_addc(out, digits[i]);
	}
}

/* Three significant digits, never cutting digits before the point. */
static void add_real(struct buf *out, const struct format *format, double r)
{
	if (fabs(r) >= 1000 && fabs(r) < 1e15)
		format_add_int(out, format, llround(r));
	else
		buf_addf(out, "%.3g", r);
}

static enum role add_unknown(struct buf *out, const struct format *format)
{
	buf_addz(out, format->is_ascii ? "-" : "–");
	return ROLE_DIM;
}

static enum role add_state(struct buf *out, const struct format *format, struct str state)
{
	buf_addz(out, format_sign(format, state));
	buf_addc(out, ' ');
	buf_add(out, state);
	return format_state_role(state);
}

static void add_list(struct buf *out, struct str list)
{
	struct str item;
	for (bool is_first = true; str_next(&list, 0x1F, &item); is_first = false) {
		if (!is_first)
			buf_addz(out, ", ");
		buf_add(out, item);
	}
}

static enum role add_text(
	struct buf *out, const struct format *format, enum column_type type, struct str text)
{
	if (type == COLUMN_STATE)
		return add_state(out, format, text);
	if (type == COLUMN_LIST)
		add_list(out, text);
	else
		buf_add(out, text);
	return ROLE_TEXT;
}

static void add_number(struct buf *out, const struct format *format, enum column_type type, int64_t n)
{
	switch (type) {
	case COLUMN_TIME:
		if (format->is_absolute)
			when_add_local(out, n);
		else
			when_add_age(out, n, format->now_ms);
		break;
	case COLUMN_DURATION:
		when_add_duration(out, n);
		break;
	case COLUMN_BOOL:
		buf_addz(out, n ? "yes" : "no");
		break;
	case COLUMN_INT:
		format_add_int(out, format, n);
		break;
	default: /* an id or a name that happens to be a number is not grouped */
		buf_addf(out, "%lld", (long long)n);
	}
}

enum role format_cell(
	struct buf *out, const struct format *format, const struct column *column, const struct value *value)
{
	if (!value || value->type == VALUE_NULL)
		return add_unknown(out, format);
	if (value->type == VALUE_TEXT)
		return add_text(out, format, column->type, value->s);
	bool is_time = column->type == COLUMN_TIME || column->type == COLUMN_DURATION;
	if (value->type == VALUE_INT) {
		if (is_time && (value->i == TIME_NONE || (column->type == COLUMN_DURATION && value->i < 0)))
			return add_unknown(out, format);
		add_number(out, format, column->type, value->i);
		return ROLE_TEXT;
	}
	if (is_time && fabs(value->r) < 9e15)
		add_number(out, format, column->type, (int64_t)value->r);
	else
		add_real(out, format, value->r);
	return ROLE_TEXT;
}

bool format_is_right(enum column_type type)
{
	return type == COLUMN_INT || type == COLUMN_REAL || type == COLUMN_DURATION || type == COLUMN_TIME;
}

/* The longest end of cleaned S within COLUMNS columns; never starts with a mark whose base is cut off. */
static struct str fit_end(struct str s, size_t columns)
{
	size_t have = utf8_columns(s), len;
	while (s.n) {
		uint32_t c = utf8_decode(s, &len);
		int width = utf8_width(c);
		if (have <= columns && width > 0)
			break;
		have -= (size_t)width;
		s = str_slice(s, len, s.n);
	}
	return s;
}

static void add_cut_middle(
	struct buf *out, struct str text, struct str mark, size_t mark_columns, size_t columns)
{
	size_t room = columns - mark_columns, tail = room / 2;
	struct str head = utf8_fit(text, room - tail);
	buf_add(out, head);
	buf_add(out, mark);
	buf_add(out, fit_end(str_slice(text, head.n, text.n), tail));
}

static bool is_of_class_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '$';
}

/* "java.lang.OutOfMemoryError: Java heap space" without "java.lang."; any other text as it is. */
static struct str without_package(struct str cause)
{
	size_t at = 0, after_dot = 0;
	while (at < cause.n && (is_of_class_name(cause.p[at]) || cause.p[at] == '.')) {
		if (cause.p[at] == '.')
			after_dot = at + 1;
		at++;
	}
	bool is_class = at == cause.n || cause.p[at] == ':';
	return is_class && after_dot < at ? str_slice(cause, after_dot, cause.n) : cause;
}

static void cut_cleaned(
	struct buf *out, const struct format *format, enum column_type type, struct str text, size_t columns)
{
	struct str mark = format->is_ascii ? STR("..") : STR("…");
	size_t mark_columns = format->is_ascii ? 2 : 1;
	if (utf8_columns(text) <= columns) {
		buf_add(out, text);
	} else if (columns <= mark_columns) {
		buf_add(out, format->is_ascii ? str_slice(mark, 0, columns) : mark);
	} else if (type == COLUMN_NAME || type == COLUMN_REF) {
		add_cut_middle(out, text, mark, mark_columns, columns);
	} else {
		buf_add(out, utf8_fit(text, columns - mark_columns));
		buf_add(out, mark);
	}
}

void format_cut(
	struct buf *out, const struct format *format, enum column_type type, struct str text, size_t columns)
{
	if (!columns)
		return;
	struct buf cleaned;
	buf_init(&cleaned, 0);
	clean_add(&cleaned, text, CLEAN_NAME);
	struct str s = buf_str(&cleaned);
	if (type == COLUMN_CAUSE && utf8_columns(s) > columns)
		s = without_package(s);
	cut_cleaned(out, format, type, s, columns);
	buf_fini(&cleaned);
}

size_t format_stamp(struct str line, char clock[static FORMAT_CLOCK])
{
	enum { LEAST = sizeof "2026-11-22T16:53:01Z" - 1, MOST = LEAST + 10 };
	struct str stamp = str_slice(line, 0, str_find(str_slice(line, 0, MOST + 1), STR(" "), 0));
	int64_t ms;
	if (stamp.n < LEAST || stamp.n > MOST || stamp.p[10] != 'T' || stamp.p[stamp.n - 1] != 'Z' ||
		!when_parse(stamp, &ms))
		return 0;
	time_t at = (time_t)(ms / 1000);
	struct tm tm;
	if (!localtime_r(&at, &tm) || !strftime(clock, FORMAT_CLOCK, "%H:%M:%S", &tm))
		return 0;
	return stamp.n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/fingerprint.h"

#include "client/base/hash.h"
#include "client/triage/explain.h"

#include <ctype.h>
#include <stdio.h>

enum { MOST_MESSAGE = 4096 };

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

static bool ends_like_exception(struct str name)
{
	static const char *const ends[] = {
		"Error",
		"Exception",
		"Throwable",
		"Interrupt",
		"Exit",
		"Timeout",
		"Warning",
		"Failure",
		"Failed",
		"ExceptionGroup",
		"Fault",
		"NotFound",
		"StopIteration",
		"Assertion",
		"Iteration",
	};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (str_ends(name, str_of(ends[i])))
			return true;
	return false;
}

static struct str skip_lead_in(struct str cause)
{
	static const char *const leads[] = {"Caused by: ", "[cause]: ", "---> ", ": "};
	struct str s = str_trim(cause);
	size_t label = str_starts(s, STR("[")) ? str_find(s, STR("]: "), 0) : SIZE_MAX;
	if (label != SIZE_MAX)
		s = str_slice(s, label + 3, s.n); /* "[rank0]: ValueError: x" */
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (str_starts(s, str_of(leads[i])))
			return str_trim(str_slice(s, strlen(leads[i]), s.n));
	if (str_starts(s, STR("Exception in thread "))) {
		size_t quote = str_find(s, STR("\" "), 0);
		return quote == SIZE_MAX ? s : str_slice(s, quote + 2, s.n);
	}
	return s;
}

struct str exception_type(struct str cause)
{
	struct str s = skip_lead_in(cause);
	size_t n = 0;
	while (n < s.n && (is_name_char(s.p[n]) || (s.p[n] == ':' && n + 2 < s.n && s.p[n + 1] == ':' &&
							   is_name_char(s.p[n + 2]) && n++ > 0)))
		n++;
	struct str name = {s.p, n};
	bool has_end = n == s.n || s.p[n] == ':' || s.p[n] == '(';
	if (n == 0 || !has_end || !isalpha((unsigned char)s.p[0]) || !ends_like_exception(name))
		return (struct str){"", 0};
	return name;
}

/* --- normalising ---------------------------------------------------------- */

/* Each reader takes what it knows at the start of S and gives its length, or 0. */
struct shape {
	size_t (*len)(struct str s);
	const char *name;
};

static size_t span(struct str s, size_t from, bool (*is)(char))
{
	while (from < s.n && is(s.p[from]))
		from++;
	return from;
}

static bool is_hex(char c)
{
	return isxdigit((unsigned char)c) != 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_path_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("/._-+=%@~:", c) != NULL);
}

static size_t quoted_len(struct str s)
{
	char quote = s.p[0];
	if (quote != '\'' && quote != '"' && quote != '`')
		return 0;
	const char *end = memchr(s.p + 1, quote == '`' ? '\'' : quote, s.n - 1);
	if (!end && quote == '`')
		end = memchr(s.p + 1, quote, s.n - 1);
	return end ? (size_t)(end - s.p) + 1 : 0;
}

/* An address or an absolute path. */
static size_t path_len(struct str s)
{
	size_t scheme = span(s, 0, is_hex);
	while (scheme < s.n && isalnum((unsigned char)s.p[scheme]))
		scheme++;
	if (scheme > 0 && str_starts(str_slice(s, scheme, s.n), STR("://")))
		return span(s, scheme + 3, is_path_char);
	if (s.p[0] == '/' && s.n > 1 && (isalnum((unsigned char)s.p[1]) || strchr("._~", s.p[1])))
		return span(s, 0, is_path_char);
	return 0;
}

/* A word that holds a digit: number, date, address, id, size with its unit. */
static bool is_id_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("_-.:+", c) != NULL);
}

static size_t id_len(struct str s)
{
	size_t n = span(s, 0, is_id_char);
	while (n > 0 && strchr("-.:+_", s.p[n - 1]))
		n--;
	for (size_t i = 0; i < n; i++)
		if (is_digit(s.p[i]))
			return n;
	return 0;
}

static const struct shape shapes[] = {
	{quoted_len, "<q>"},
	{path_len, "<path>"},
	{id_len, "<n>"},
};

static size_t add_shape(struct buf *out, struct str s)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		size_t n = shapes[i].len(s);
		if (n > 0) {
			buf_addz(out, shapes[i].name);
			return n;
		}
	}
	return 0;
}

void fingerprint_normalise(struct buf *out, struct str message)
{
	struct str s = str_trim(message);
	for (size_t i = 0; i < s.n;) {
		size_t n = add_shape(out, str_slice(s, i, s.n));
		if (n > 0) {
			i += n;
			continue;
		}
		if (isspace((unsigned char)s.p[i])) {
			buf_addc(out, ' ');
			while (i < s.n && isspace((unsigned char)s.p[i]))
				i++;
			continue;
		}
		n = span(s, i, is_id_char);
		n = n > i ? n : i + 1;
		buf_add(out, str_slice(s, i, n));
		i = n;
	}
}

/* Python gives a class with or without its module, by tool: only its own name counts. */
static struct str last_part(struct str type)
{
	for (size_t i = type.n; i > 0; i--)
		if (strchr(".$:", type.p[i - 1]))
			return str_slice(type, i, type.n);
	return type;
}

/* `File "/x/dags/a.py", line 3, in f` and `/x/dags/a.py:f` are both `a.py:f`. */
static void add_frame(struct buf *out, struct str frame)
{
	struct str file = str_trim(frame);
	struct str function = {"", 0};
	size_t quote = str_find(file, STR("File \""), 0);
	if (quote != SIZE_MAX) {
		size_t in = str_find(file, STR(", in "), quote);
		function = in == SIZE_MAX ? function : str_slice(file, in + 5, file.n);
		size_t end = str_find(file, STR("\""), quote + 6);
		file = str_slice(file, quote + 6, end);
	}
	const char *slash = file.n > 0 ? memrchr(file.p, '/', file.n) : NULL;
	if (slash)
		file = str_slice(file, (size_t)(slash - file.p) + 1, file.n);
	buf_add(out, file);
	if (function.n > 0) {
		buf_addc(out, ':');
		buf_add(out, function);
	}
}

void explain_fingerprint(struct str cause, const char *frame, char *out)
{
	struct buf text;
	buf_init(&text, MOST_MESSAGE);
	struct str type = last_part(exception_type(cause));
	if (type.n > 0 && frame) {
		buf_add(&text, type);
		buf_addc(&text, '@');
		add_frame(&text, str_of(frame));
	} else {
		fingerprint_normalise(&text, cause);
	}
	uint64_t hash = hash_add(HASH_START, buf_str(&text));
	snprintf(out, 19, "1-%016llx", (unsigned long long)hash);
	buf_fini(&text);
}

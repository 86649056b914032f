/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The types of values that the option table knows. A message never repeats a
 * value that may be a secret put in the wrong place: file and line say enough. */
#include "client/config/options.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/base/when.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool option_fail(struct option_reading *r, int line, const char *fmt, ...)
{
	struct err what;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what.msg, sizeof what.msg, fmt, ap);
	va_end(ap);
	return err_set(r->err, ERR_USAGE, "%s:%d: %s", r->name, line, what.msg);
}

static bool must_be(
	struct option_reading *r, const struct config_option *o, const struct yaml *node, const char *what)
{
	return option_fail(r, node->line, "'%s' must be %s", o->key, what);
}

/* ASCII in every locale, unlike isalnum. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool all_of(struct str s, const char *extra)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && (!s.p[i] || !strchr(extra, s.p[i])))
			return false;
	return s.n > 0;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7F;
}

static bool is_text(const struct yaml *node, const char *allowed_controls)
{
	if (node->type != YAML_SCALAR)
		return false;
	for (size_t i = 0; i < node->text.n; i++)
		if (is_control(node->text.p[i]) &&
			(!node->text.p[i] || !strchr(allowed_controls, node->text.p[i])))
			return false;
	return true;
}

static bool is_line(const struct yaml *node)
{
	return is_text(node, "") && node->text.n > 0;
}

/* --- texts -------------------------------------------------------------------- */

static bool store(struct option_slot out, const char *text)
{
	*(const char **)out.value = text;
	return true;
}

static void put_text(struct json_writer *w, struct option_slot value)
{
	json_put_str(w, str_of(*(const char **)value.value));
}

static bool read_line(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	if (!is_line(node))
		return must_be(r, o, node, "a text of one line");
	return store(out, node->text.p);
}
const struct option_type option_line = {read_line, put_text};

static bool read_text(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	if (!is_text(node, "\n\t") || !node->text.n)
		return must_be(r, o, node, "a text");
	return store(out, node->text.p);
}
const struct option_type option_text = {read_text, put_text};

/* It becomes a file name, a key and a label. */
static bool read_name(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	if (!is_line(node) || node->text.n > 64 || !all_of(node->text, "._-") ||
		strchr(".-", node->text.p[0]))
		return must_be(
			r, o, node, "1 to 64 of A-Z a-z 0-9 . _ - and start with a letter, digit or _");
	return store(out, node->text.p);
}
const struct option_type option_name = {read_name, put_text};

size_t option_nearness(struct str word, struct str candidate)
{
	size_t limit = word.n < 6 ? 2 : 3;
	size_t distance = str_distance(word, candidate, limit);
	if (distance <= limit && distance < word.n)
		return distance;
	/* `token` for `token_env`: further than a typing error, and still meant. */
	return word.n >= 3 && str_starts(candidate, word) ? limit + candidate.n - word.n : SIZE_MAX;
}

static bool unknown_choice(struct option_reading *r, const struct config_option *o, const struct yaml *node)
{
	struct str rest = str_of(o->type), choice, best = {0};
	size_t best_distance = SIZE_MAX;
	while (str_next(&rest, '|', &choice)) {
		size_t distance = option_nearness(node->text, choice);
		if (distance < best_distance) {
			best = choice;
			best_distance = distance;
		}
	}
	if (best.p)
		return option_fail(r, node->line, "unknown %s '%.*s'; did you mean '%.*s'?", o->key,
			STR_FMT(node->text), STR_FMT(best));
	return option_fail(
		r, node->line, "unknown %s '%.*s': one of %s", o->key, STR_FMT(node->text), o->type);
}

static bool read_choice(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	struct str rest = str_of(o->type), choice;
	if (!is_line(node))
		return option_fail(r, node->line, "'%s' must be one of %s", o->key, o->type);
	while (str_next(&rest, '|', &choice))
		if (str_eq(choice, node->text))
			return store(out, node->text.p);
	return unknown_choice(r, o, node);
}
const struct option_type option_choice = {read_choice, put_text};

static bool read_path(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	if (!is_line(node))
		return must_be(r, o, node, "a path");
	return store(out, file_expand(r->arena, node->text, r->base_dir));
}
const struct option_type option_path = {read_path, put_text};

static bool read_variable(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	if (!is_line(node) || !all_of(node->text, "_") || is_digit(node->text.p[0]))
		return must_be(r, o, node, "the name of an environment variable, never the secret itself");
	return store(out, node->text.p);
}
const struct option_type option_variable = {read_variable, put_text};

static bool is_zone(struct str zone)
{
	static const char folder[] = "/usr/share/zoneinfo";
	struct stat st;
	char path[sizeof folder + 64];
	if (!all_of(zone, "_+-/") || zone.n >= 64 || zone.p[0] == '/')
		return false;
	if (stat(folder, &st) != 0)
		return true; /* a small container: nothing to judge it by */
	snprintf(path, sizeof path, "%s/%.*s", folder, STR_FMT(zone));
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool read_timezone(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	if (!is_line(node) || !is_zone(node->text))
		return must_be(r, o, node, "a time zone such as Europe/Paris or UTC");
	return store(out, node->text.p);
}
const struct option_type option_timezone = {read_timezone, put_text};

static bool read_currency(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	bool ok = is_line(node) && node->text.n == 3;
	for (size_t i = 0; ok && i < 3; i++)
		ok = node->text.p[i] >= 'A' && node->text.p[i] <= 'Z';
	return ok ? store(out, node->text.p) : must_be(r, o, node, "a currency of three letters such as EUR");
}
const struct option_type option_currency = {read_currency, put_text};

static bool read_every(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	int64_t ms;
	if (!is_line(node) || (!str_is(node->text, "run") && !when_parse_duration(node->text, &ms)))
		return must_be(r, o, node, "'run' or a duration such as 1d");
	return store(out, node->text.p);
}
const struct option_type option_every = {read_every, put_text};

/* --- addresses ---------------------------------------------------------------- */

/* Between "://" and the path. */
static struct str authority_of(struct str url)
{
	size_t from = str_find(url, STR("://"), 0) + 3;
	size_t to = from;
	while (to < url.n && !strchr("/?#", url.p[to]))
		to++;
	return str_slice(url, from, to);
}

static struct str host_of(struct str authority)
{
	if (str_starts(authority, STR("["))) {
		size_t end = str_find(authority, STR("]"), 0);
		return end == SIZE_MAX ? (struct str){0} : str_slice(authority, 1, end);
	}
	size_t colon = str_find(authority, STR(":"), 0);
	return str_slice(authority, 0, colon);
}

struct str option_url_host(struct str url)
{
	return host_of(authority_of(url));
}

static bool is_port(struct str text)
{
	int64_t port;
	if (!text.n)
		return true;
	return text.p[0] == ':' && all_of(str_slice(text, 1, text.n), "") &&
	       str_to_int(str_slice(text, 1, text.n), 1, 65535, &port);
}

/* Letters of other scripts are for curl to encode. */
static bool is_host(struct str host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!is_alnum(host.p[i]) && !strchr("._-", host.p[i]) && (unsigned char)host.p[i] < 0x80)
			return false;
	return host.n > 0;
}

static bool is_authority(struct str authority)
{
	struct str host = host_of(authority);
	if (str_starts(authority, STR("[")))
		return all_of(host, ":.") && is_port(str_slice(authority, host.n + 2, authority.n));
	return is_host(host) && is_port(str_slice(authority, host.n, authority.n));
}

static bool starts_with_one_of(struct str url, const char *const *schemes)
{
	for (; *schemes; schemes++)
		if (str_starts(url, str_of(*schemes)))
			return true;
	return false;
}

static bool has_user(struct str url)
{
	return str_has(authority_of(url), STR("@"));
}

static bool is_address(const struct yaml *node, const char *const *schemes)
{
	return is_line(node) && starts_with_one_of(node->text, schemes);
}

static bool read_address(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	const char *const *schemes, const char *what, struct option_slot out)
{
	if (!is_address(node, schemes))
		return must_be(r, o, node, what);
	struct str url = node->text;
	if (has_user(url))
		return option_fail(r, node->line,
			"'%s' must not hold a user or password: use 'username' and 'password_env'", o->key);
	if (!is_authority(authority_of(url)) || str_has(url, STR(" ")))
		return option_fail(r, node->line, "'%s' has no valid host and port", o->key);
	if (str_has(url, STR("?")) || str_has(url, STR("#")))
		return option_fail(r, node->line, "'%s' must end before any '?' or '#'", o->key);
	while (url.p[url.n - 1] == '/')
		url.n--;
	return store(out, url.n == node->text.n ? url.p : arena_dup(r->arena, url));
}

static bool read_url(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	static const char *const schemes[] = {"http://", "https://", NULL};
	return read_address(r, o, node, schemes, "an address that starts with http:// or https://", out);
}
const struct option_type option_url = {read_url, put_text};

static bool read_proxy(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://", NULL};
	return read_address(
		r, o, node, schemes, "an address that starts with http://, https:// or socks5://", out);
}
const struct option_type option_proxy = {read_proxy, put_text};

static bool is_postgresql(struct str text)
{
	static const char *const schemes[] = {"postgresql://", "postgres://", NULL};
	return starts_with_one_of(text, schemes);
}

bool option_has_password(struct str dsn)
{
	struct str authority = authority_of(dsn);
	size_t at = str_find(authority, STR("@"), 0);
	if (at != SIZE_MAX && str_has(str_slice(authority, 0, at), STR(":")))
		return true;
	return str_has(dsn, STR("?password=")) || str_has(dsn, STR("&password="));
}

static bool password_in(
	struct option_reading *r, const struct config_option *o, const struct yaml *node, const char *instead)
{
	return option_fail(r, node->line, "'%s' must not hold a password: use %s", o->key, instead);
}

static bool read_database(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	if (!is_line(node) || !is_postgresql(node->text))
		return must_be(r, o, node, "an address that starts with postgresql://");
	if (option_has_password(node->text))
		return password_in(r, o, node, "'password_env'");
	return store(out, node->text.p);
}
const struct option_type option_database = {read_database, put_text};

const char *option_dsn(struct arena *arena, struct str text, const char *base_dir)
{
	struct str head = STR("sqlite:");
	if (is_postgresql(text))
		return arena_dup(arena, text);
	if (!str_starts(text, head) || text.n == head.n)
		return NULL;
	return file_expand(arena, str_slice(text, head.n, text.n), base_dir);
}

static bool read_catalogue(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	const char *dsn = is_line(node) ? option_dsn(r->arena, node->text, r->base_dir) : NULL;
	if (!dsn)
		return must_be(r, o, node, "sqlite:PATH or postgresql://HOST/NAME");
	if (is_postgresql(node->text) && option_has_password(node->text))
		return password_in(r, o, node, "the file that PGPASSFILE names");
	return store(out, dsn);
}
const struct option_type option_catalogue = {read_catalogue, put_text};

/* --- numbers and times -------------------------------------------------------- */

static bool store_int(struct option_slot out, int64_t value)
{
	*(int64_t *)out.value = value;
	return true;
}

static void put_int(struct json_writer *w, struct option_slot value)
{
	json_put_int(w, *(int64_t *)value.value);
}

static bool has_range(const struct config_option *o)
{
	return o->min || o->max;
}

static bool read_flag(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	return yaml_bool(node, out.value) || must_be(r, o, node, "true or false");
}

static void put_flag(struct json_writer *w, struct option_slot value)
{
	json_put_bool(w, *(bool *)value.value);
}
const struct option_type option_flag = {read_flag, put_flag};

static bool read_integer(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	int64_t min = has_range(o) ? o->min : INT64_MIN, max = has_range(o) ? o->max : INT64_MAX;
	if (yaml_int(node, min, max, out.value))
		return true;
	if (!has_range(o))
		return must_be(r, o, node, "a whole number");
	return option_fail(r, node->line, "'%s' must be a whole number from %lld to %lld", o->key,
		(long long)min, (long long)max);
}
const struct option_type option_integer = {read_integer, put_int};

static bool number_of(const struct yaml *node, double *out)
{
	return node->type == YAML_SCALAR && !node->is_quoted && str_to_double(node->text, out);
}

static bool read_number(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	double value;
	if (!number_of(node, &value))
		return must_be(r, o, node, "a number");
	if (has_range(o) && (value < (double)o->min || value > (double)o->max))
		return option_fail(r, node->line, "'%s' must be a number from %lld to %lld", o->key,
			(long long)o->min, (long long)o->max);
	*(double *)out.value = value;
	return true;
}

static void put_number(struct json_writer *w, struct option_slot value)
{
	json_put_num(w, *(double *)value.value);
}
const struct option_type option_number = {read_number, put_number};

static bool read_since(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	int64_t ms;
	if (!is_line(node) || !when_parse_since(node->text, clock_now_ms(), &ms))
		return must_be(
			r, o, node, "a duration such as 30d, a date such as 2026-11-21, or an RFC 3339 time");
	return store_int(out, ms);
}
const struct option_type option_since = {read_since, put_int};

static bool read_time(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	int64_t ms;
	if (!is_line(node) || !when_parse(node->text, &ms))
		return must_be(r, o, node, "a time such as 2026-11-21T14:00:00Z");
	return store_int(out, ms);
}
const struct option_type option_time = {read_time, put_int};

static bool read_date(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	int64_t ms;
	char midnight[sizeof "2026-11-21T00:00:00Z"];
	struct str text = node->text;
	if (is_line(node) && text.n == strlen("2026-11-21")) {
		snprintf(midnight, sizeof midnight, "%.*sT00:00:00Z", STR_FMT(text));
		text = str_of(midnight);
	}
	if (!is_line(node) || !when_parse(text, &ms))
		return must_be(r, o, node, "a date such as 2026-11-21");
	return store_int(out, ms);
}
const struct option_type option_date = {read_date, put_int};

static bool read_duration(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	int64_t ms;
	if (!is_line(node) || !when_parse_duration(node->text, &ms))
		return must_be(r, o, node, "a duration such as 90s, 5m, 7d or 3mo");
	return store_int(out, ms);
}
const struct option_type option_duration = {read_duration, put_int};

static bool parse_size(struct str text, int64_t *out)
{
	static const struct {
		const char *unit;
		int shift;
	} units[] = {{"KB", 10}, {"MB", 20}, {"GB", 30}, {"TB", 40}};
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (text.n <= 2 || strncasecmp(text.p + text.n - 2, units[i].unit, 2) != 0)
			continue;
		int64_t count;
		if (!str_to_int(str_trim(str_slice(text, 0, text.n - 2)), 1, 1 << 20, &count))
			return false;
		*out = count << units[i].shift;
		return true;
	}
	return false;
}

static bool read_size(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	int64_t bytes;
	if (!is_line(node) || !parse_size(node->text, &bytes))
		return must_be(r, o, node, "a size such as 500MB or 2GB");
	return store_int(out, bytes);
}
const struct option_type option_size = {read_size, put_int};

/* --- lists and maps of values --------------------------------------------------- */

static void store_table(struct option_slot out, const void *table, size_t n)
{
	memcpy(out.value, &table, sizeof table);
	if (out.n)
		*out.n = n;
}

static bool read_list(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	const struct option_type *item_type, const char *what, struct option_slot out)
{
	if (node->type != YAML_LIST)
		return must_be(r, o, node, what);
	const char **list = arena_array(r->arena, const char *, node->n + 1);
	for (size_t i = 0; i < node->n; i++)
		if (!item_type->read(r, o, &node->items[i], (struct option_slot){.value = &list[i]}))
			return false;
	store_table(out, list, node->n);
	return true;
}

static void put_list(struct json_writer *w, struct option_slot value)
{
	json_open(w, '[');
	for (const char **item = *(const char ***)value.value; *item; item++)
		json_put_str(w, str_of(*item));
	json_close(w, ']');
}

static bool read_lines(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	return read_list(r, o, node, &option_line, "a list of texts such as [a, b]", out);
}
const struct option_type option_lines = {read_lines, put_list};

static bool read_paths(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	return read_list(r, o, node, &option_path, "a list of paths such as [a, b]", out);
}
const struct option_type option_paths = {read_paths, put_list};

/* Splits at blanks. What only a shell would understand is refused: none runs. */
static bool split_words(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	for (size_t i = 0; i < node->text.n; i++)
		if (strchr("'\"\\`$|&;<>(){}*?", node->text.p[i]))
			return option_fail(r, node->line,
				"'%s' is run without a shell: write it as a list such as [pass, show, name]",
				o->key);
	const char **words = arena_array(r->arena, const char *, node->text.n + 1);
	struct str rest = node->text, word;
	size_t n = 0;
	while (str_next(&rest, ' ', &word))
		if (word.n)
			words[n++] = arena_dup(r->arena, word);
	if (!n)
		return must_be(r, o, node, "a command");
	store_table(out, words, n);
	return true;
}

static bool read_words(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	if (is_line(node))
		return split_words(r, o, node, out);
	if (node->type != YAML_LIST || node->n == 0)
		return must_be(r, o, node, "a command such as [program, argument]");
	return read_list(r, o, node, &option_line, "a list", out);
}
const struct option_type option_words = {read_words, put_list};

static bool read_map(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	const struct option_type *item_type, struct option_slot out)
{
	if (node->type != YAML_MAP)
		return must_be(r, o, node, "a map such as {a: b}");
	struct config_pair *pairs = arena_array(r->arena, struct config_pair, node->n);
	for (size_t i = 0; i < node->n; i++) {
		struct option_slot key = {.value = &pairs[i].key}, value = {.value = &pairs[i].value};
		if (!read_line(r, o, &node->keys[i], key) || !item_type->read(r, o, &node->items[i], value))
			return false;
	}
	store_table(out, pairs, node->n);
	return true;
}

static bool read_pairs(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	return read_map(r, o, node, &option_line, out);
}
const struct option_type option_pairs = {read_pairs, NULL};

static bool read_clock(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	int64_t hour, minute;
	struct str t = node->text;
	bool ok = is_line(node) && t.n == 5 && t.p[2] == ':' && all_of(t, ":") &&
		  str_to_int(str_slice(t, 0, 2), 0, 23, &hour) &&
		  str_to_int(str_slice(t, 3, 5), 0, 59, &minute);
	return ok ? store(out, t.p) : must_be(r, o, node, "a map to times of day such as \"06:00\"");
}

static bool read_times(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	static const struct option_type clock = {read_clock, NULL};
	return read_map(r, o, node, &clock, out);
}
const struct option_type option_times = {read_times, NULL};

static bool read_numbers(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	if (node->type != YAML_MAP)
		return must_be(r, o, node, "a map to numbers such as {A: 0.5, B: 0.5}");
	double *numbers = arena_array(r->arena, double, node->n);
	for (size_t i = 0; i < node->n; i++)
		if (!read_number(r, o, &node->items[i], (struct option_slot){.value = &numbers[i]}))
			return false;
	store_table(out, numbers, node->n);
	return true;
}
const struct option_type option_numbers = {read_numbers, NULL};

static bool is_secret_header(struct str name)
{
	static const char *const names[] = {
		"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (name.n == strlen(names[i]) && strncasecmp(name.p, names[i], name.n) == 0)
			return true;
	return false;
}

static bool check_header_name(struct option_reading *r, const struct yaml *name)
{
	if (!all_of(name->text, "!#$%&'*+-.^_`|~"))
		return option_fail(r, name->line, "'headers' holds a name that HTTP does not allow");
	if (is_secret_header(name->text))
		return option_fail(r, name->line,
			"header '%.*s' holds a secret: use 'token_env', 'token_file' or 'token_command'",
			STR_FMT(name->text));
	return true;
}

static bool read_headers(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	if (node->type != YAML_MAP)
		return must_be(r, o, node, "a map such as {X-Team: search}");
	struct config_header *headers = arena_array(r->arena, struct config_header, node->n);
	for (size_t i = 0; i < node->n; i++) {
		struct option_slot value = {.value = &headers[i].value};
		if (!check_header_name(r, &node->keys[i]) || !read_line(r, o, &node->items[i], value))
			return false;
		headers[i].name = node->keys[i].text.p;
	}
	store_table(out, headers, node->n);
	return true;
}

static void put_headers(struct json_writer *w, struct option_slot value)
{
	const struct config_header *headers = *(struct config_header **)value.value;
	json_open(w, '{');
	for (size_t i = 0; i < *value.n; i++) {
		json_key(w, headers[i].name);
		json_put_str(w, str_of(headers[i].value));
	}
	json_close(w, '}');
}
const struct option_type option_headers = {read_headers, put_headers};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/log_line.h"

#include "client/base/clean.h"
#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "views/format.h"

#include <strings.h>
#include <time.h>

/* What loggers call it: structlog, Python's json formatters, logback, zap, pino, bunyan, ECS. */
static const char *const times[] = {"timestamp", "@timestamp", "time", "ts", "asctime", "datetime", NULL};
static const char *const levels[] = {"level", "levelname", "severity", "log.level", "lvl", NULL};
static const char *const messages[] = {"message", "msg", "event", NULL};

static const struct {
	const char *name;
	enum role role;
} level_roles[] = {
	{"trace", ROLE_DIM},
	{"debug", ROLE_DIM},
	{"warn", ROLE_LATE},
	{"warning", ROLE_LATE},
	{"error", ROLE_FAILED},
	{"err", ROLE_FAILED},
	{"critical", ROLE_FAILED},
	{"fatal", ROLE_FAILED},
	{"panic", ROLE_FAILED},
};

struct layout {
	struct buf *out;
	size_t from; /* where it begins in OUT */
	struct log_piece *pieces;
	size_t n;
};

static void add(struct layout *l, enum role role, struct str text)
{
	clean_add(l->out, text, CLEAN_NAME);
	if (l->n && (l->n == LOG_LINE_MOST_PIECES || l->pieces[l->n - 1].role == role))
		l->n--;
	l->pieces[l->n++] = (struct log_piece){.to = l->out->n - l->from, .role = role};
}

/* The first of NAMES that OBJECT has with a value that can be shown; NULL where it has none. */
static const char *find_name(const struct json *object, const char *const *names)
{
	for (; *names; names++) {
		enum json_type type = json_type(json_get(object, *names));
		if (type == JSON_TEXT || type == JSON_INT || type == JSON_REAL)
			return *names;
	}
	return NULL;
}

/* Seconds since 1970 have 10 digits, milliseconds 13. */
static bool time_of(const struct json *value, int64_t *ms)
{
	static const double least_s = 1e8, least_ms = 1e11, most_ms = 1e13;
	double n;
	if (json_type(value) == JSON_TEXT)
		return when_parse(json_str(value), ms);
	if (!json_num(value, &n) || !(n >= least_s && n <= most_ms))
		return false;
	*ms = (int64_t)(n < least_ms ? n * 1000 : n);
	return true;
}

static void add_value(struct layout *l, enum role role, const struct json *value)
{
	struct str text = json_str(value);
	bool is_plain = text.n > 0;
	for (size_t i = 0; i < text.n; i++)
		is_plain &= text.p[i] != ' ' && text.p[i] != '"' && text.p[i] != '=';
	if (is_plain) {
		add(l, role, text);
		return;
	}
	struct buf raw;
	buf_init(&raw, 0);
	json_add(&raw, value);
	add(l, role, buf_str(&raw));
	buf_fini(&raw);
}

/* Of a text all of it, without quotes. */
static void add_message(struct layout *l, enum role role, const struct json *value)
{
	if (json_type(value) == JSON_TEXT)
		add(l, role, json_str(value));
	else
		add_value(l, role, value);
}

/* A time of day goes through localtime as every stamp of a log does. */
static void add_time(struct layout *l, const struct json *value, bool is_absolute)
{
	int64_t ms;
	char clock[FORMAT_CLOCK];
	struct tm tm;
	if (is_absolute || !time_of(value, &ms)) {
		add_message(l, ROLE_DIM, value);
	} else {
		time_t at = (time_t)(ms / 1000);
		size_t n = localtime_r(&at, &tm) ? strftime(clock, sizeof clock, "%H:%M:%S", &tm) : 0;
		add(l, ROLE_DIM, (struct str){clock, n});
	}
	add(l, ROLE_TEXT, STR(" "));
}

static enum role role_of_level(const char *level)
{
	for (size_t i = 0; i < ARRAY_LEN(level_roles); i++)
		if (!strcasecmp(level, level_roles[i].name))
			return level_roles[i].role;
	return ROLE_TEXT;
}

/* In capitals and as wide as the usual ones, so that messages stand below each other. */
static void add_level(struct layout *l, const struct json *value)
{
	enum { WIDTH = 5, MOST = 16 };
	char level[MOST + 1];
	struct str text = json_str(value);
	if (!text.n || text.n > MOST) {
		add_value(l, ROLE_TEXT, value);
		add(l, ROLE_TEXT, STR(" "));
		return;
	}
	for (size_t i = 0; i < text.n; i++)
		level[i] = text.p[i] >= 'a' && text.p[i] <= 'z' ? (char)(text.p[i] - 'a' + 'A') : text.p[i];
	level[text.n] = 0;
	add(l, role_of_level(level), (struct str){level, text.n});
	add(l, ROLE_TEXT, str_slice(STR("      "), 0, text.n < WIDTH ? WIDTH - text.n + 1 : 1));
}

static void add_rest(struct layout *l, const struct json *object, const char *const known[static 3])
{
	struct json_iter it = {0};
	while (json_each(object, &it)) {
		bool is_shown = false;
		for (int i = 0; i < 3; i++)
			is_shown |= known[i] && str_is(it.key, known[i]);
		if (is_shown)
			continue;
		add(l, ROLE_DIM, STR("  "));
		add(l, ROLE_DIM, it.key);
		add(l, ROLE_DIM, STR("="));
		add_value(l, ROLE_TEXT, it.value);
	}
}

size_t log_line_lay_out(struct str line, bool is_absolute, struct buf *out,
	struct log_piece pieces[static LOG_LINE_MOST_PIECES])
{
	struct layout l = {.out = out, .from = out->n, .pieces = pieces};
	line = str_trim(line);
	if (line.n < 2 || line.p[0] != '{' || line.p[line.n - 1] != '}')
		return 0;
	struct json_doc *doc = json_parse(line, NULL);
	if (!doc)
		return 0;
	const struct json *object = json_root(doc);
	const char *known[] = {
		find_name(object, times), find_name(object, levels), find_name(object, messages)};
	if (known[1] || known[2]) {
		if (known[0])
			add_time(&l, json_get(object, known[0]), is_absolute);
		if (known[1])
			add_level(&l, json_get(object, known[1]));
		if (known[2])
			add_message(&l, ROLE_TEXT, json_get(object, known[2]));
		add_rest(&l, object, known);
	}
	json_free(doc);
	return l.n;
}

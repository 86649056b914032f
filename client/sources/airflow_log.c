/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sources/airflow_log.h"

#include "client/base/mem.h"
#include "client/base/when.h"

#include <ctype.h>

enum { GROUP_DEPTH = 8, SHORT_VALUE = 200, LEVEL_MOST = 12 };

/* Lines with PREFIX before each: exceptions of a group are indented. */
static void add_lines(struct buf *out, const char *prefix, struct str text)
{
	struct str line;

	while (str_next(&text, '\n', &line)) {
		buf_addz(out, prefix);
		buf_add(out, line);
		buf_addc(out, '\n');
	}
}

/* --- exceptions -------------------------------------------------------------------- */

static void add_frame(struct buf *out, const char *prefix, const struct json *frame)
{
	struct str file = json_get_str(frame, "filename"), name = json_get_str(frame, "name");
	int64_t line = 0;

	json_int(json_get(frame, "lineno"), &line);
	buf_addz(out, prefix);
	buf_addz(out, "  File \"");
	buf_add(out, file);
	buf_addf(out, "\", line %lld", (long long)line);
	if (name.n) {
		buf_addz(out, ", in ");
		buf_add(out, name);
	}
	buf_addc(out, '\n');
}

static void add_frames(struct buf *out, const char *prefix, const struct json *entry, bool is_group)
{
	const struct json *frames = json_get(entry, "frames");

	if (json_len(frames) == 0)
		return;
	add_lines(out, prefix,
		is_group ? STR("Exception Group Traceback (most recent call last):")
			 : STR("Traceback (most recent call last):"));
	for (size_t i = 0; i < json_len(frames); i++)
		add_frame(out, prefix, json_at(frames, i));
}

static void add_syntax_error(struct buf *out, const char *prefix, const struct json *error)
{
	struct str line = str_trim(json_get_str(error, "line"));

	if (json_type(error) != JSON_OBJECT)
		return;
	add_frame(out, prefix, error);
	if (line.n == 0)
		return;
	buf_addz(out, prefix);
	buf_addz(out, "    ");
	buf_add(out, line);
	buf_addc(out, '\n');
}

/* "KeyError: 'x'", its value with all its lines, then the notes. */
static void add_exception_line(struct buf *out, const char *prefix, const struct json *entry)
{
	struct str type = json_get_str(entry, "exc_type"), value = json_get_str(entry, "exc_value");
	const struct json *notes = json_get(entry, "exc_notes");
	struct buf text;

	buf_init(&text, 0);
	buf_add(&text, type.n ? type : STR("Exception"));
	if (value.n) {
		buf_addz(&text, ": ");
		buf_add(&text, value);
	}
	add_lines(out, prefix, buf_str(&text));
	buf_fini(&text);
	for (size_t i = 0; i < json_len(notes); i++)
		add_lines(out, prefix, json_str(json_at(notes, i)));
}

static void add_chain(struct buf *out, const char *prefix, const struct json *chain, int depth);

/* The members of an exception group, each a chain of its own. */
static void add_members(struct buf *out, const char *prefix, const struct json *members, int depth)
{
	char *inner = x_printf("%s  | ", prefix);

	for (size_t i = 0; i < json_len(members); i++) {
		buf_addf(out, "%s  +---------------- %zu ----------------\n", prefix, i + 1);
		add_chain(out, inner, json_at(members, i), depth + 1);
	}
	buf_addf(out, "%s  +------------------------------------\n", prefix);
	x_free(inner);
}

static void add_exception(struct buf *out, const char *prefix, const struct json *entry, int depth)
{
	const struct json *members = json_get(entry, "exceptions");
	bool is_group = false;

	json_bool(json_get(entry, "is_group"), &is_group);
	add_frames(out, prefix, entry, is_group);
	add_syntax_error(out, prefix, json_get(entry, "syntax_error"));
	add_exception_line(out, prefix, entry);
	if (is_group && json_len(members) > 0 && depth < GROUP_DEPTH)
		add_members(out, prefix, members, depth);
}

/* The list has the outermost exception first, Python prints it last. `is_cause` of an entry
 * says how it stands to the one before it. */
static void add_chain(struct buf *out, const char *prefix, const struct json *chain, int depth)
{
	for (size_t i = json_len(chain); i-- > 0;) {
		const struct json *entry = json_at(chain, i);
		bool is_cause = false;

		add_exception(out, prefix, entry, depth);
		if (i == 0)
			break;
		json_bool(json_get(entry, "is_cause"), &is_cause);
		add_lines(out, prefix,
			is_cause
				? STR("\nThe above exception was the direct cause of the following exception:\n")
				: STR("\nDuring handling of the above exception, another exception occurred:\n"));
	}
}

/* --- the record itself --------------------------------------------------------------- */

static bool add_time(struct buf *out, struct str timestamp)
{
	struct buf text;
	int64_t ms;

	if (!when_parse(timestamp, &ms))
		return false;
	buf_init(&text, 64);
	when_add_rfc3339(&text, ms);
	if (ms % 1000 == 0) { /* always milliseconds, so that lines align */
		text.n--;
		buf_addz(&text, ".000Z");
	}
	buf_add(out, buf_str(&text));
	buf_addc(out, ' ');
	buf_fini(&text);
	return true;
}

static void add_level(struct buf *out, struct str level)
{
	if (level.n == 0)
		return;
	for (size_t i = 0; i < level.n && i < LEVEL_MOST; i++)
		buf_addc(out, (char)toupper((unsigned char)level.p[i]));
	buf_addc(out, ' ');
}

/* What every record repeats, or is shown in its own way. */
static bool is_routine(struct str key)
{
	static const char *const keys[] = {"timestamp", "level", "event", "logger", "filename", "lineno",
		"ti_id", "dag_id", "run_id", "task_id", "try_number", "map_index", "error_detail",
		"category"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_is(key, keys[i]))
			return true;
	return false;
}

static bool is_bare(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == '"' || text.p[i] == '=')
			return false;
	return text.n > 0;
}

/* A key that the task logged, where its value is short: " signal=-9". */
static void add_extra(struct buf *out, struct str key, const struct json *value)
{
	struct str text = json_str(value);
	size_t before = out->n;

	if (json_type(value) == JSON_NULL || text.n > SHORT_VALUE)
		return;
	buf_addc(out, ' ');
	buf_add(out, key);
	buf_addc(out, '=');
	if (is_bare(text))
		buf_add(out, text);
	else
		json_add(out, value);
	if (out->n - before > SHORT_VALUE + key.n) {
		out->n = before;
		out->p[before] = 0;
	}
}

static void add_extras(struct buf *out, const struct json *record)
{
	struct json_iter it = {0};

	while (json_each(record, &it))
		if (!is_routine(it.key))
			add_extra(out, it.key, it.value);
}

/* A place and nothing else: "/logs/dag_id=…/attempt=1.log", "http://worker:8793/log/…". What went
 * wrong with reading is told in the same group, in sentences. */
static bool is_place(struct str event)
{
	size_t scheme;

	if (!str_ends(event, STR(".log")))
		return false;
	scheme = str_find(event, STR("://"), 0);
	return event.p[0] == '/' || !str_has(str_slice(event, 0, scheme), STR(" "));
}

static void note_state(struct airflow_log *log, struct str event, struct str level)
{
	if (str_starts(event, STR("::group::")))
		log->is_in_sources = str_is(event, "::group::Log message source details");
	else if (str_is(event, "::endgroup::"))
		log->is_in_sources = false;
	if (str_is(level, "critical") || str_is(event, "::group::Post Execute") ||
		str_is(event, "Task failed with exception"))
		log->has_end = true;
}

void airflow_log_record(struct airflow_log *log, struct buf *out, const struct json *record)
{
	struct str event = json_get_str(record, "event"), level = json_get_str(record, "level");
	const struct json *chain = json_get(record, "error_detail");

	note_state(log, event, level);
	if (log->is_in_sources && is_place(event))
		return;
	if (add_time(out, json_get_str(record, "timestamp")))
		add_level(out, level);
	buf_add(out, event);
	add_extras(out, record);
	buf_addc(out, '\n');
	if (json_len(chain) > 0)
		add_chain(out, "", chain, 0);
}

void airflow_log_lines(struct airflow_log *log, struct buf *out, struct str lines)
{
	struct str line;

	while (str_next(&lines, '\n', &line)) {
		struct json_doc *doc;

		if (line.n == 0)
			continue;
		doc = line.p[0] == '{' ? json_parse(line, NULL) : NULL;
		if (doc) {
			airflow_log_record(log, out, json_root(doc));
			json_free(doc);
		} else {
			buf_add(out, line);
			buf_addc(out, '\n');
		}
	}
}

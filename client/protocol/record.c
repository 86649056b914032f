/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/record.h"

#include "client/base/mem.h"
#include "client/protocol/state.h"

#include <math.h>
#include <stddef.h>

/* The last millisecond of the year 9999: a later time is a mistake, and no screen has room for it. */
#define MOST_MS INT64_C(253402300799999)

enum field_type {
	FIELD_TEXT,
	FIELD_STATE, /* of a run or a step: a word of state.h */
	FIELD_WORD,  /* one of the field's words; any other is the first of them */
	FIELD_MS,
	FIELD_COUNT,   /* 0 and up */
	FIELD_TOTAL,   /* the same; -1 where absent */
	FIELD_REAL,    /* NAN where absent */
	FIELD_TRI,     /* true, false, not said */
	FIELD_TEXTS,   /* { "K": "text" } */
	FIELD_NUMBERS, /* { "K": 1.5 } */
	FIELD_NAMES,   /* [ "a" ] */
	FIELD_STEPS,   /* [ { step… } ] */
	FIELD_TYPES
};

enum field_need { OPTIONAL, REQUIRED, NOT_EMPTY /* and required: it becomes part of a ref */ };

/* One member: where in the struct it lives, and, of a list, where its length does. */
struct field {
	const char *name;
	enum field_type type;
	enum field_need need;
	size_t at, n_at;
	const char *const *words; /* of FIELD_WORD, NULL-ended */
};

struct field_list {
	const struct field *fields;
	size_t n;
};

#define AT(member)	.at = offsetof(struct record, member)
#define STEP_AT(member) .at = offsetof(struct record_step, member)
#define LIST_AT(of, member)                                                                                  \
	.at = offsetof(struct record, of.member), .n_at = offsetof(struct record, of.n_##member)

static const struct field pipeline_fields[] = {
	{"pipeline", FIELD_TEXT, NOT_EMPTY, AT(pipeline.pipeline)},
	{"id", FIELD_TEXT, OPTIONAL, AT(pipeline.id)},
	{"kind", FIELD_TEXT, OPTIONAL, AT(pipeline.kind)},
	{"title", FIELD_TEXT, OPTIONAL, AT(pipeline.title)},
	{"schedule", FIELD_TEXT, OPTIONAL, AT(pipeline.schedule)},
	{"owner", FIELD_TEXT, OPTIONAL, AT(pipeline.owner)},
	{"url", FIELD_TEXT, OPTIONAL, AT(pipeline.url)},
	{"version", FIELD_TEXT, OPTIONAL, AT(pipeline.version)},
	{"paused", FIELD_TRI, OPTIONAL, AT(pipeline.paused)},
	{"gone", FIELD_TRI, OPTIONAL, AT(pipeline.gone)},
	{"next_due_ms", FIELD_MS, OPTIONAL, AT(pipeline.next_due_ms)},
	{"steps", FIELD_STEPS, OPTIONAL, LIST_AT(pipeline, steps)},
};

static const struct field run_fields[] = {
	{"pipeline", FIELD_TEXT, NOT_EMPTY, AT(run.pipeline)},
	{"run", FIELD_TEXT, NOT_EMPTY, AT(run.run)},
	{"name", FIELD_TEXT, OPTIONAL, AT(run.name)},
	{"kind", FIELD_TEXT, OPTIONAL, AT(run.kind)},
	{"state", FIELD_STATE, REQUIRED, AT(run.state)},
	{"tool_state", FIELD_TEXT, OPTIONAL, AT(run.tool_state)},
	{"user", FIELD_TEXT, OPTIONAL, AT(run.user)},
	{"parent", FIELD_TEXT, OPTIONAL, AT(run.parent)},
	{"url", FIELD_TEXT, OPTIONAL, AT(run.url)},
	{"note", FIELD_TEXT, OPTIONAL, AT(run.note)},
	{"version", FIELD_TEXT, OPTIONAL, AT(run.version)},
	{"started_ms", FIELD_MS, OPTIONAL, AT(run.started_ms)},
	{"ended_ms", FIELD_MS, OPTIONAL, AT(run.ended_ms)},
	{"queued_ms", FIELD_MS, OPTIONAL, AT(run.queued_ms)},
	{"heartbeat_ms", FIELD_MS, OPTIONAL, AT(run.heartbeat_ms)},
	{"params", FIELD_TEXTS, OPTIONAL, LIST_AT(run, params)},
	{"metrics", FIELD_NUMBERS, OPTIONAL, LIST_AT(run, metrics)},
	{"tags", FIELD_TEXTS, OPTIONAL, LIST_AT(run, tags)},
};

static const struct field step_run_fields[] = {
	{"pipeline", FIELD_TEXT, NOT_EMPTY, AT(step_run.pipeline)},
	{"run", FIELD_TEXT, NOT_EMPTY, AT(step_run.run)},
	{"step", FIELD_TEXT, NOT_EMPTY, AT(step_run.step)},
	{"index", FIELD_TEXT, OPTIONAL, AT(step_run.index)},
	{"label", FIELD_TEXT, OPTIONAL, AT(step_run.label)},
	{"attempt", FIELD_COUNT, OPTIONAL, AT(step_run.attempt)},
	{"state", FIELD_STATE, REQUIRED, AT(step_run.state)},
	{"tool_state", FIELD_TEXT, OPTIONAL, AT(step_run.tool_state)},
	{"operator", FIELD_TEXT, OPTIONAL, AT(step_run.operator_name)},
	{"note", FIELD_TEXT, OPTIONAL, AT(step_run.note)},
	{"started_ms", FIELD_MS, OPTIONAL, AT(step_run.started_ms)},
	{"ended_ms", FIELD_MS, OPTIONAL, AT(step_run.ended_ms)},
	{"queued_ms", FIELD_MS, OPTIONAL, AT(step_run.queued_ms)},
};

static const char *const health_words[] = {"unknown", "ok", "failed", "gone", NULL};
static const char *const check_words[] = {"error", "pass", "warn", "fail", "not_run", "no_baseline", NULL};
static const char *const alert_words[] = {"open", "closed", NULL};

static const struct field health_fields[] = {
	{"component", FIELD_TEXT, NOT_EMPTY, AT(health.component)},
	{"state", FIELD_WORD, REQUIRED, AT(health.state), .words = health_words},
	{"since_ms", FIELD_MS, OPTIONAL, AT(health.since_ms)},
	{"message", FIELD_TEXT, OPTIONAL, AT(health.message)},
};

static const struct field model_fields[] = {
	{"model", FIELD_TEXT, NOT_EMPTY, AT(model.model)},
	{"version", FIELD_TEXT, NOT_EMPTY, AT(model.version)},
	{"stage", FIELD_TEXT, OPTIONAL, AT(model.stage)},
	{"aliases", FIELD_NAMES, OPTIONAL, LIST_AT(model, aliases)},
	{"pipeline", FIELD_TEXT, OPTIONAL, AT(model.pipeline)},
	{"run", FIELD_TEXT, OPTIONAL, AT(model.run)},
	{"created_ms", FIELD_MS, OPTIONAL, AT(model.created_ms)},
	{"url", FIELD_TEXT, OPTIONAL, AT(model.url)},
	{"note", FIELD_TEXT, OPTIONAL, AT(model.note)},
};

static const struct field check_fields[] = {
	{"pipeline", FIELD_TEXT, NOT_EMPTY, AT(check.pipeline)},
	{"run", FIELD_TEXT, NOT_EMPTY, AT(check.run)},
	{"step", FIELD_TEXT, NOT_EMPTY, AT(check.step)},
	{"check", FIELD_TEXT, NOT_EMPTY, AT(check.check)},
	{"state", FIELD_WORD, REQUIRED, AT(check.state), .words = check_words},
	{"observed", FIELD_REAL, OPTIONAL, AT(check.observed)},
	{"lower", FIELD_REAL, OPTIONAL, AT(check.lower)},
	{"upper", FIELD_REAL, OPTIONAL, AT(check.upper)},
	{"at_ms", FIELD_MS, OPTIONAL, AT(check.at_ms)},
};

static const struct field alert_fields[] = {
	{"monitor", FIELD_TEXT, NOT_EMPTY, AT(alert.monitor)},
	{"state", FIELD_WORD, REQUIRED, AT(alert.state), .words = alert_words},
	{"pipeline", FIELD_TEXT, OPTIONAL, AT(alert.pipeline)},
	{"run", FIELD_TEXT, OPTIONAL, AT(alert.run)},
	{"opened_ms", FIELD_MS, OPTIONAL, AT(alert.opened_ms)},
	{"closed_ms", FIELD_MS, OPTIONAL, AT(alert.closed_ms)},
	{"value", FIELD_REAL, OPTIONAL, AT(alert.value)},
	{"lower", FIELD_REAL, OPTIONAL, AT(alert.lower)},
	{"upper", FIELD_REAL, OPTIONAL, AT(alert.upper)},
};

static const struct field cost_fields[] = {
	{"pipeline", FIELD_TEXT, NOT_EMPTY, AT(cost.pipeline)},
	{"month", FIELD_TEXT, NOT_EMPTY, AT(cost.month)},
	{"amount", FIELD_REAL, REQUIRED, AT(cost.amount)},
	{"currency", FIELD_TEXT, OPTIONAL, AT(cost.currency)},
	{"estimate", FIELD_TRI, OPTIONAL, AT(cost.estimate)},
};

static const struct field input_fields[] = {
	{"pipeline", FIELD_TEXT, NOT_EMPTY, AT(input.pipeline)},
	{"run", FIELD_TEXT, NOT_EMPTY, AT(input.run)},
	{"name", FIELD_TEXT, NOT_EMPTY, AT(input.name)},
	{"version", FIELD_TEXT, OPTIONAL, AT(input.version)},
	{"rows", FIELD_TOTAL, OPTIONAL, AT(input.rows)},
};

static const struct field gone_fields[] = {
	{"pipeline", FIELD_TEXT, NOT_EMPTY, AT(gone.pipeline)},
	{"run", FIELD_TEXT, NOT_EMPTY, AT(gone.run)},
};

static const struct field cursor_fields[] = {
	{"cursor", FIELD_TEXT, REQUIRED, AT(cursor.cursor)},
};

/* An element of a pipeline's `steps`. */
static const struct field step_fields[] = {
	{"step", FIELD_TEXT, NOT_EMPTY, STEP_AT(step)},
	{"label", FIELD_TEXT, OPTIONAL, STEP_AT(label)},
	{"operator", FIELD_TEXT, OPTIONAL, STEP_AT(operator_name)},
	{"upstream", FIELD_NAMES, OPTIONAL, STEP_AT(upstream),
		.n_at = offsetof(struct record_step, n_upstream)},
};

#define FIELDS(list)                                                                                         \
	{                                                                                                    \
		list, ARRAY_LEN(list)                                                                        \
	}
static const struct field_list step_list = FIELDS(step_fields);

static const struct {
	const char *method;
	struct field_list list;
} kinds[RECORD_KINDS] = {
	[RECORD_PIPELINE] = {"pipeline", FIELDS(pipeline_fields)},
	[RECORD_RUN] = {"run", FIELDS(run_fields)},
	[RECORD_STEP_RUN] = {"step_run", FIELDS(step_run_fields)},
	[RECORD_HEALTH] = {"health", FIELDS(health_fields)},
	[RECORD_MODEL] = {"model", FIELDS(model_fields)},
	[RECORD_CHECK] = {"check", FIELDS(check_fields)},
	[RECORD_ALERT] = {"alert", FIELDS(alert_fields)},
	[RECORD_COST] = {"cost", FIELDS(cost_fields)},
	[RECORD_INPUT] = {"input", FIELDS(input_fields)},
	[RECORD_GONE] = {"gone", FIELDS(gone_fields)},
	[RECORD_CURSOR] = {"cursor", FIELDS(cursor_fields)},
};

const char *record_method(enum record_kind kind)
{
	BUG_ON((unsigned)kind >= RECORD_KINDS);
	return kinds[kind].method;
}

enum record_kind record_kind_of(struct str method)
{
	int kind = 0;
	while (kind < RECORD_KINDS && !str_is(method, kinds[kind].method))
		kind++;
	return (enum record_kind)kind;
}

static void *member(void *object, size_t at)
{
	return (char *)object + at;
}

static const void *member_const(const void *object, size_t at)
{
	return (const char *)object + at;
}

/* Zero is "absent" for all types but these. */
static void set_absent(void *object, const struct field_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		void *at = member(object, list->fields[i].at);
		if (list->fields[i].type == FIELD_MS)
			*(int64_t *)at = TIME_NONE;
		if (list->fields[i].type == FIELD_TOTAL)
			*(int64_t *)at = -1;
		if (list->fields[i].type == FIELD_TRI)
			*(int *)at = -1;
		if (list->fields[i].type == FIELD_REAL)
			*(double *)at = NAN;
	}
}

struct record record_new(enum record_kind kind)
{
	BUG_ON((unsigned)kind >= RECORD_KINDS);
	struct record record = {.kind = kind};
	set_absent(&record, &kinds[kind].list);
	return record;
}

/* --- reading: each returns false where the value is of another type --------- */

static bool read_object(struct arena *arena, const struct field_list *list, const struct json *from,
	void *object, struct err *err);

static bool read_text(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	struct str text = json_str(value);
	if (!text.p || (field->need == NOT_EMPTY && !text.n))
		return false;
	*(const char **)member(object, field->at) = arena_dup(arena, text);
	return true;
}

static bool read_state(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	(void)arena;
	struct str word = json_str(value);
	if (word.p)
		*(const char **)member(object, field->at) = state_word(state_of(word));
	return word.p;
}

static bool read_word(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	(void)arena;
	struct str word = json_str(value);
	const char **out = member(object, field->at);
	if (!word.p)
		return false;
	*out = field->words[0];
	for (const char *const *known = field->words; *known; known++)
		if (str_is(word, *known))
			*out = *known;
	return true;
}

static bool read_whole(const struct field *field, const struct json *value, int64_t most, void *object)
{
	int64_t whole;
	if (!json_int(value, &whole) || whole < 0 || whole > most)
		return false;
	*(int64_t *)member(object, field->at) = whole;
	return true;
}

static bool read_ms(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	(void)arena;
	return read_whole(field, value, MOST_MS, object);
}

static bool read_count(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	(void)arena;
	return read_whole(field, value, INT32_MAX, object);
}

static bool read_total(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	(void)arena;
	return read_whole(field, value, INT64_MAX, object);
}

static bool read_real(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	(void)arena;
	return json_num(value, (double *)member(object, field->at));
}

static bool read_tri(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	(void)arena;
	bool said;
	if (!json_bool(value, &said))
		return false;
	*(int *)member(object, field->at) = said;
	return true;
}

/* A string as it is, anything else as JSON text. */
static const char *pair_text(struct arena *arena, const struct json *value)
{
	struct str text = json_str(value);
	if (text.p)
		return arena_dup(arena, text);
	struct buf json;
	buf_init(&json, JSON_MOST_BYTES);
	json_add(&json, value);
	return arena_take(arena, &json);
}

static bool read_pairs(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	if (json_type(value) != JSON_OBJECT)
		return false;
	struct record_pair *pairs = arena_array(arena, struct record_pair, json_len(value));
	size_t n = 0;
	struct json_iter it = {0};
	while (json_each(value, &it)) {
		struct record_pair *pair = &pairs[n];
		if (field->type == FIELD_NUMBERS && !json_num(it.value, &pair->number))
			continue;
		if (field->type == FIELD_TEXTS)
			pair->text = pair_text(arena, it.value);
		pair->key = arena_dup(arena, it.key);
		n++;
	}
	*(struct record_pair **)member(object, field->at) = pairs;
	*(size_t *)member(object, field->n_at) = n;
	return true;
}

static bool read_names(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	if (json_type(value) != JSON_ARRAY)
		return false;
	const char **names = arena_array(arena, const char *, json_len(value));
	size_t n = 0;
	for (size_t i = 0; i < json_len(value); i++) {
		struct str name = json_str(json_at(value, i));
		if (name.n)
			names[n++] = arena_dup(arena, name);
	}
	*(const char ***)member(object, field->at) = names;
	*(size_t *)member(object, field->n_at) = n;
	return true;
}

/* A step without a name is left out alone. */
static bool read_steps(struct arena *arena, const struct field *field, const struct json *value, void *object)
{
	if (json_type(value) != JSON_ARRAY)
		return false;
	struct record_step *steps = arena_array(arena, struct record_step, json_len(value));
	size_t n = 0;
	for (size_t i = 0; i < json_len(value); i++) {
		if (read_object(arena, &step_list, json_at(value, i), &steps[n], NULL))
			n++;
		else
			steps[n] = (struct record_step){0};
	}
	*(struct record_step **)member(object, field->at) = steps;
	*(size_t *)member(object, field->n_at) = n;
	((struct record *)object)->pipeline.has_steps = true;
	return true;
}

static bool (*const readers[FIELD_TYPES])(
	struct arena *, const struct field *, const struct json *, void *) = {
	[FIELD_TEXT] = read_text,
	[FIELD_STATE] = read_state,
	[FIELD_WORD] = read_word,
	[FIELD_MS] = read_ms,
	[FIELD_COUNT] = read_count,
	[FIELD_TOTAL] = read_total,
	[FIELD_REAL] = read_real,
	[FIELD_TRI] = read_tri,
	[FIELD_TEXTS] = read_pairs,
	[FIELD_NUMBERS] = read_pairs,
	[FIELD_NAMES] = read_names,
	[FIELD_STEPS] = read_steps,
};

static bool read_object(struct arena *arena, const struct field_list *list, const struct json *from,
	void *object, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct field *field = &list->fields[i];
		const struct json *value = json_get(from, field->name);
		bool is_there = value && readers[field->type](arena, field, value, object);
		if (!is_there && field->need != OPTIONAL)
			return err_set(err, ERR_USAGE, "no '%s'", field->name);
	}
	return true;
}

bool record_read(struct arena *arena, enum record_kind kind, const struct json *params, struct record *out,
	struct err *err)
{
	*out = record_new(kind);
	if (read_object(arena, &kinds[kind].list, params, out, err))
		return true;
	return err_wrap(err, "record '%s'", kinds[kind].method);
}

/* --- writing: absent members are left out ---------------------------------- */

static void write_object(struct json_writer *w, const struct field_list *list, const void *object);

static void write_text(struct json_writer *w, const struct field *field, const void *object)
{
	const char *text = *(const char *const *)member_const(object, field->at);
	if (!text)
		return;
	json_key(w, field->name);
	json_put_str(w, str_of(text));
}

static void write_ms(struct json_writer *w, const struct field *field, const void *object)
{
	int64_t ms = *(const int64_t *)member_const(object, field->at);
	if (ms == TIME_NONE)
		return;
	json_key(w, field->name);
	json_put_int(w, ms);
}

static void write_count(struct json_writer *w, const struct field *field, const void *object)
{
	json_key(w, field->name);
	json_put_int(w, *(const int64_t *)member_const(object, field->at));
}

static void write_total(struct json_writer *w, const struct field *field, const void *object)
{
	if (*(const int64_t *)member_const(object, field->at) >= 0)
		write_count(w, field, object);
}

static void write_real(struct json_writer *w, const struct field *field, const void *object)
{
	double real = *(const double *)member_const(object, field->at);
	if (isnan(real))
		return;
	json_key(w, field->name);
	json_put_num(w, real);
}

static void write_tri(struct json_writer *w, const struct field *field, const void *object)
{
	int said = *(const int *)member_const(object, field->at);
	if (said < 0)
		return;
	json_key(w, field->name);
	json_put_bool(w, said);
}

static void write_pairs(struct json_writer *w, const struct field *field, const void *object)
{
	const struct record_pair *pairs = *(struct record_pair *const *)member_const(object, field->at);
	size_t n = *(const size_t *)member_const(object, field->n_at);
	if (!pairs)
		return;
	json_key(w, field->name);
	json_open(w, '{');
	for (size_t i = 0; i < n; i++) {
		json_key_str(w, str_of(pairs[i].key));
		if (field->type == FIELD_NUMBERS)
			json_put_num(w, pairs[i].number);
		else
			json_put_str(w, pairs[i].text ? str_of(pairs[i].text) : (struct str){0});
	}
	json_close(w, '}');
}

static void write_names(struct json_writer *w, const struct field *field, const void *object)
{
	const char *const *names = *(const char *const *const *)member_const(object, field->at);
	size_t n = *(const size_t *)member_const(object, field->n_at);
	if (!n)
		return;
	json_key(w, field->name);
	json_open(w, '[');
	for (size_t i = 0; i < n; i++)
		json_put_str(w, str_of(names[i]));
	json_close(w, ']');
}

static void write_steps(struct json_writer *w, const struct field *field, const void *object)
{
	const struct record_pipeline *pipeline = &((const struct record *)object)->pipeline;
	if (!pipeline->has_steps)
		return;
	json_key(w, field->name);
	json_open(w, '[');
	for (size_t i = 0; i < pipeline->n_steps; i++) {
		json_open(w, '{');
		write_object(w, &step_list, &pipeline->steps[i]);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void (*const writers[FIELD_TYPES])(struct json_writer *, const struct field *, const void *) = {
	[FIELD_TEXT] = write_text,
	[FIELD_STATE] = write_text,
	[FIELD_WORD] = write_text,
	[FIELD_MS] = write_ms,
	[FIELD_COUNT] = write_count,
	[FIELD_TOTAL] = write_total,
	[FIELD_REAL] = write_real,
	[FIELD_TRI] = write_tri,
	[FIELD_TEXTS] = write_pairs,
	[FIELD_NUMBERS] = write_pairs,
	[FIELD_NAMES] = write_names,
	[FIELD_STEPS] = write_steps,
};

static void write_object(struct json_writer *w, const struct field_list *list, const void *object)
{
	for (size_t i = 0; i < list->n; i++)
		writers[list->fields[i].type](w, &list->fields[i], object);
}

void record_write(struct buf *out, const struct record *record)
{
	struct json_writer w = {.out = out};
	json_open(&w, '{');
	json_key(&w, "jsonrpc");
	json_put_str(&w, STR("2.0"));
	json_key(&w, "method");
	json_put_str(&w, str_of(record_method(record->kind)));
	json_key(&w, "params");
	json_open(&w, '{');
	write_object(&w, &kinds[record->kind].list, record);
	json_close(&w, '}');
	json_close(&w, '}');
	buf_addc(out, '\n');
}

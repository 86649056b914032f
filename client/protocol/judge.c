/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/judge.h"

#include "client/base/mem.h"

enum {
	MOST_SEEN = 1 << 18,
	YEAR_1990 = 631152000, /* s; as ms that is eight days after the epoch */
};

/* --- one record --------------------------------------------------------------- */

/* The members that name an object, by kind. */
static const char *const names[RECORD_KINDS][6] = {
	[RECORD_PIPELINE] = {"pipeline"},
	[RECORD_RUN] = {"pipeline", "run"},
	[RECORD_STEP_RUN] = {"pipeline", "run", "step", "index", "attempt"},
	[RECORD_HEALTH] = {"component"},
	[RECORD_MODEL] = {"model", "version"},
	[RECORD_CHECK] = {"pipeline", "run", "step", "check"},
	[RECORD_ALERT] = {"monitor", "opened_ms"},
	[RECORD_COST] = {"pipeline", "month"},
	[RECORD_INPUT] = {"pipeline", "run", "name"},
	[RECORD_GONE] = {"pipeline", "run"},
	[RECORD_CURSOR] = {"cursor"},
};

void judge_name(struct buf *out, enum record_kind kind, const struct json *params)
{
	buf_addz(out, record_method(kind));
	for (size_t i = 0; i < ARRAY_LEN(names[kind]) && names[kind][i]; i++) {
		const struct json *part = json_get(params, names[kind][i]);
		buf_addc(out, ' ');
		if (json_type(part) == JSON_TEXT)
			buf_add(out, json_str(part));
		else if (json_type(part) > JSON_NULL)
			json_add(out, part);
		else
			buf_addc(out, '-');
	}
}

static const char *state_in(const struct record *record)
{
	switch (record->kind) {
	case RECORD_RUN:
		return record->run.state;
	case RECORD_STEP_RUN:
		return record->step_run.state;
	case RECORD_CHECK:
		return record->check.state;
	case RECORD_ALERT:
		return record->alert.state;
	case RECORD_HEALTH:
		return record->health.state;
	default:
		return NULL;
	}
}

/* A time is a whole number of ms. One before 1970's second week is a number of seconds. */
bool judge_ms(const char *key, const struct json *value, struct err *err)
{
	int64_t ms = 0;
	if (json_type(value) <= JSON_NULL)
		return true;
	if (json_type(value) != JSON_INT || !json_int(value, &ms) || ms < 0)
		return err_set(
			err, ERR_FAILED, "'%s' is no whole number of milliseconds since 1970, UTC", key);
	if (ms >= YEAR_1990 && ms < 4 * (int64_t)YEAR_1990)
		return err_set(err, ERR_FAILED, "'%s' looks like seconds: it must be milliseconds", key);
	return true;
}

static bool judge_times(const struct json *params, struct err *err)
{
	struct json_iter it = {0};
	int64_t started_ms = 0, ended_ms = INT64_MAX;
	while (json_each(params, &it)) {
		char key[64];
		if (!str_ends(it.key, STR("_ms")) || it.key.n >= sizeof key)
			continue;
		memcpy(key, it.key.p, it.key.n);
		key[it.key.n] = '\0';
		if (!judge_ms(key, it.value, err))
			return false;
	}
	json_int(json_get(params, "started_ms"), &started_ms);
	json_int(json_get(params, "ended_ms"), &ended_ms);
	return started_ms <= ended_ms || err_set(err, ERR_FAILED, "it ended before it started");
}

bool judge_record(struct arena *arena, enum record_kind kind, const struct json *params, struct record *out,
	struct err *err)
{
	if (!record_read(arena, kind, params, out, err))
		return false;
	const char *state = state_in(out);
	struct str said = json_get_str(params, "state");
	if (state && !str_is(said, state))
		return err_set(err, ERR_FAILED, "record '%s': '%.*s' is no state of it", record_method(kind),
			(int)(said.n < 80 ? said.n : 80), said.p);
	return judge_times(params, err) || err_wrap(err, "record '%s'", record_method(kind));
}

/* --- many --------------------------------------------------------------------- */

struct object {
	char *name; /* NULL: a free place */
	uint64_t hash, text;
	bool is_final, came_again;
};

struct seen {
	struct object *objects; /* a hash table of `cap` places, a power of two */
	size_t n, cap;
};

static uint64_t hash_of(struct str text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

struct seen *seen_new(void)
{
	struct seen *seen = x_new(struct seen);
	seen->cap = 2 * (size_t)MOST_SEEN;
	seen->objects = x_calloc(seen->cap, sizeof *seen->objects);
	return seen;
}

void seen_free(struct seen *seen)
{
	for (size_t i = 0; i < seen->cap; i++)
		x_free(seen->objects[i].name);
	x_free(seen->objects);
	x_free(seen);
}

size_t seen_count(const struct seen *seen)
{
	return seen->n;
}

/* The place of NAME, taken or free. */
static struct object *find(struct seen *seen, struct str name, uint64_t hash)
{
	size_t at = hash & (seen->cap - 1);
	while (seen->objects[at].name &&
		(seen->objects[at].hash != hash || !str_is(name, seen->objects[at].name)))
		at = (at + 1) & (seen->cap - 1);
	return &seen->objects[at];
}

bool seen_put(struct seen *seen, struct str name, struct str text, int round, bool is_final)
{
	uint64_t hash = hash_of(name), said = hash_of(text);
	struct object *object = find(seen, name, hash);
	bool is_new = !object->name;
	if (is_new && (round > 1 || seen->n == MOST_SEEN))
		return true;
	if (is_new) {
		*object =
			(struct object){.name = x_printf("%.*s", STR_FMT(name)), .hash = hash, .text = said};
		seen->n++;
	}
	bool is_same = !object->is_final || object->text == said || round == 1;
	object->came_again |= round > 1;
	if (round == 1) {
		object->text = said; /* the last word of a pull counts */
		object->is_final = is_final;
	}
	return is_same;
}

const char *seen_missing(const struct seen *seen)
{
	for (size_t i = 0; i < seen->cap; i++)
		if (seen->objects[i].name && !seen->objects[i].came_again)
			return seen->objects[i].name;
	return NULL;
}

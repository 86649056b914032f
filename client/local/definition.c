/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/local/definition.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/base/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_BYTES = 256 << 10, MOST_NAME = 128 };

struct reading {
	struct arena *arena;
	struct local_definition *definition;
	struct err *err;
};

static bool __attribute__((format(printf, 3, 4))) fail(struct reading *r, int line, const char *fmt, ...)
{
	char what[sizeof r->err->msg];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_set(r->err, ERR_USAGE, "%s:%d: %s", r->definition->file, line, what);
}

/* Names become parts of file names, of refs and of variables. */
static bool is_name(struct str s)
{
	if (!s.n || s.n > MOST_NAME || s.p[0] == '.' || s.p[0] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-", s.p[i]) ||
			!s.p[i])
			return false;
	return true;
}

static bool read_name(struct reading *r, const struct yaml *node, const char *what, const char **out)
{
	if (node->type != YAML_SCALAR || !is_name(node->text))
		return fail(r, node->line, "%s must be a name of letters, digits, '_', '-' and '.'", what);
	*out = arena_dup(r->arena, node->text);
	return true;
}

static bool read_text(struct reading *r, const struct yaml *node, const char *what, const char **out)
{
	if (node->type != YAML_SCALAR || memchr(node->text.p, 0, node->text.n))
		return fail(r, node->line, "%s must be a text", what);
	*out = arena_dup(r->arena, node->text);
	return true;
}

static bool check_keys(struct reading *r, const struct yaml *map, const char *what, const char *const *keys)
{
	if (map->type != YAML_MAP)
		return fail(r, map->line, "%s must be a map", what);
	for (size_t i = 0; i < map->n; i++) {
		bool is_known = false;
		for (size_t k = 0; keys[k] && !is_known; k++)
			is_known = str_is(map->keys[i].text, keys[k]);
		if (!is_known)
			return fail(r, map->keys[i].line, "%s has no key '%.*s'", what,
				STR_FMT(map->keys[i].text));
	}
	return true;
}

/* --- one step ----------------------------------------------------------------------- */

static bool read_run(struct reading *r, const struct yaml *node, struct local_step *step)
{
	if (node->type != YAML_LIST || !node->n)
		return fail(r, node->line, "'run' must be a list: the program and its arguments");
	step->run = arena_array(r->arena, const char *, node->n + 1);
	for (size_t i = 0; i < node->n; i++)
		if (!read_text(r, &node->items[i], "an argument of 'run'", &step->run[i]))
			return false;
	return true;
}

static bool read_env(struct reading *r, const struct yaml *node, struct local_step *step)
{
	if (node->type != YAML_MAP)
		return fail(r, node->line, "'env' must be a map of names and values");
	step->env = arena_array(r->arena, const char *, node->n + 1);
	for (size_t i = 0; i < node->n; i++) {
		const char *name, *value;
		if (!read_name(r, &node->keys[i], "a variable", &name) ||
			!read_text(r, &node->items[i], "the value of a variable", &value))
			return false;
		step->env[i] = arena_printf(r->arena, "%s=%s", name, value);
	}
	return true;
}

static bool read_limits(struct reading *r, const struct yaml *map, struct local_step *step)
{
	const struct yaml *timeout = yaml_get(map, "timeout"), *retries = yaml_get(map, "retries");
	if (timeout &&
		(timeout->type != YAML_SCALAR || !when_parse_duration(timeout->text, &step->timeout_ms) ||
			step->timeout_ms <= 0))
		return fail(r, timeout->line, "'timeout' must be a duration such as 30s or 5m");
	if (retries && !yaml_int(retries, 0, DEFINITION_MOST_RETRIES, &step->retries))
		return fail(
			r, retries->line, "'retries' must be a number from 0 to %d", DEFINITION_MOST_RETRIES);
	return true;
}

static bool find_step(const struct local_definition *definition, const char *name, size_t *at)
{
	for (size_t i = 0; i < definition->n_steps; i++)
		if (strcmp(definition->steps[i].name, name) == 0) {
			*at = i;
			return true;
		}
	return false;
}

static bool read_step(struct reading *r, const struct yaml *map, struct local_step *step)
{
	static const char *const keys[] = {"step", "after", "run", "timeout", "retries", "env", NULL};
	static const char *none[] = {NULL};
	size_t same;
	if (!check_keys(r, map, "a step", keys))
		return false;
	const struct yaml *name = yaml_get(map, "step"), *run = yaml_get(map, "run"),
			  *env = yaml_get(map, "env");
	if (!name || !run)
		return fail(r, map->line, "a step needs '%s'", name ? "run" : "step");
	step->env = none;
	if (!read_name(r, name, "'step'", &step->name))
		return false;
	if (find_step(r->definition, step->name, &same))
		return fail(r, name->line, "there are two steps '%s'", step->name);
	return read_run(r, run, step) && (!env || read_env(r, env, step)) && read_limits(r, map, step);
}

/* --- their order -------------------------------------------------------------------- */

static bool read_after(struct reading *r, const struct yaml *map, struct local_step *step)
{
	const struct yaml *after = yaml_get(map, "after");
	if (!after)
		return true;
	if (after->type != YAML_LIST)
		return fail(r, after->line, "'after' must be a list of steps");
	step->after = arena_array(r->arena, size_t, after->n);
	for (; step->n_after < after->n; step->n_after++) {
		const struct yaml *name = &after->items[step->n_after];
		if (name->type != YAML_SCALAR ||
			!find_step(r->definition, name->text.p, &step->after[step->n_after]))
			return fail(r, name->line, "'%s' waits for '%.*s', which is no step", step->name,
				STR_FMT(name->text));
	}
	return true;
}

enum mark { MARK_NONE, MARK_UNDER_WAY, MARK_DONE };

struct ordering {
	enum mark *marks;
	size_t *order, n; /* order: places in the file, those that come first in front */
};

static bool put_in_order(struct reading *r, struct ordering *o, size_t at, const struct yaml *list)
{
	const struct local_step *step = &r->definition->steps[at];
	if (o->marks[at] == MARK_DONE)
		return true;
	if (o->marks[at] == MARK_UNDER_WAY)
		return fail(r, list->items[at].line, "'%s' waits for itself", step->name);
	o->marks[at] = MARK_UNDER_WAY;
	for (size_t i = 0; i < step->n_after; i++)
		if (!put_in_order(r, o, step->after[i], list))
			return false;
	o->marks[at] = MARK_DONE;
	o->order[o->n++] = at;
	return true;
}

/* Each step behind those that it waits for; as in the file where that leaves a choice. */
static bool sort_steps(struct reading *r, const struct yaml *list)
{
	struct local_definition *definition = r->definition;
	size_t n = definition->n_steps;
	struct ordering o = {
		.marks = arena_array(r->arena, enum mark, n), .order = arena_array(r->arena, size_t, n)};
	size_t *place = arena_array(r->arena, size_t, n);
	struct local_step *steps = arena_array(r->arena, struct local_step, n);
	for (size_t i = 0; i < n; i++)
		if (!put_in_order(r, &o, i, list))
			return false;
	for (size_t i = 0; i < n; i++)
		place[o.order[i]] = i;
	for (size_t i = 0; i < n; i++) {
		steps[i] = definition->steps[o.order[i]];
		for (size_t k = 0; k < steps[i].n_after; k++)
			steps[i].after[k] = place[steps[i].after[k]];
	}
	definition->steps = steps;
	return true;
}

static bool read_steps(struct reading *r, const struct yaml *list)
{
	struct local_definition *definition = r->definition;
	if (list->type != YAML_LIST || !list->n || list->n > DEFINITION_MOST_STEPS)
		return fail(r, list->line, "'steps' must be a list of 1 to %d steps", DEFINITION_MOST_STEPS);
	definition->steps = arena_array(r->arena, struct local_step, list->n);
	for (; definition->n_steps < list->n; definition->n_steps++)
		if (!read_step(r, &list->items[definition->n_steps], &definition->steps[definition->n_steps]))
			return false;
	for (size_t i = 0; i < list->n; i++)
		if (!read_after(r, &list->items[i], &definition->steps[i]))
			return false;
	return sort_steps(r, list);
}

/* --- the whole ---------------------------------------------------------------------- */

static bool read_params(struct reading *r, const struct yaml *map)
{
	struct local_definition *definition = r->definition;
	if (map->type != YAML_MAP)
		return fail(r, map->line, "'params' must be a map of names and defaults");
	definition->params = arena_array(r->arena, struct local_param, map->n);
	for (; definition->n_params < map->n; definition->n_params++) {
		struct local_param *param = &definition->params[definition->n_params];
		if (!read_name(r, &map->keys[definition->n_params], "a parameter", &param->key) ||
			!read_text(r, &map->items[definition->n_params], "a default", &param->value))
			return false;
	}
	return true;
}

bool definition_parse(struct arena *arena, const char *file, const char *dir, struct str text,
	struct local_definition *definition, struct err *err)
{
	static const char *const keys[] = {"name", "title", "params", "steps", NULL};
	*definition = (struct local_definition){.file = file, .dir = dir};
	struct reading r = {arena, definition, err};
	const struct yaml *map = yaml_parse(arena, file, text, err);
	if (!map || !check_keys(&r, map, "a pipeline", keys))
		return false;
	const struct yaml *name = yaml_get(map, "name"), *title = yaml_get(map, "title");
	const struct yaml *params = yaml_get(map, "params"), *steps = yaml_get(map, "steps");
	if (!name || !steps)
		return fail(&r, map->line, "a pipeline needs '%s'", name ? "steps" : "name");
	return read_name(&r, name, "'name'", &definition->name) &&
	       (!title || read_text(&r, title, "'title'", &definition->title)) &&
	       (!params || read_params(&r, params)) && read_steps(&r, steps);
}

bool definition_load(
	struct arena *arena, const char *file, struct local_definition *definition, struct err *err)
{
	struct buf text;
	char *path = realpath(file, NULL);
	if (!path)
		return err_set(err, ERR_NOT_FOUND, "cannot open '%s': %m", file);
	const char *whole = arena_dupz(arena, path);
	const char *dir = arena_dup(arena, (struct str){whole, (size_t)(strrchr(whole, '/') - whole)});
	free(path);
	buf_init(&text, MOST_BYTES);
	bool ok = file_read_trusted(whole, MOST_BYTES, &text, err) &&
		  definition_parse(arena, whole, *dir ? dir : "/", buf_str(&text), definition, err);
	buf_fini(&text);
	return ok;
}

bool definition_set(struct local_definition *definition, struct str key, const char *value, struct err *err)
{
	struct buf known;
	for (size_t i = 0; i < definition->n_params; i++)
		if (str_is(key, definition->params[i].key)) {
			definition->params[i].value = value;
			return true;
		}
	buf_init(&known, 0);
	for (size_t i = 0; i < definition->n_params; i++)
		buf_addf(&known, "%s%s", i ? ", " : "", definition->params[i].key);
	err_set(err, ERR_USAGE, "'%s' has no parameter '%.*s'; it has: %s", definition->name, STR_FMT(key),
		known.n ? buf_str(&known).p : "none");
	buf_fini(&known);
	return false;
}

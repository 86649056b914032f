/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/keymap.h"

#include "client/base/mem.h"
#include "client/base/yaml.h"
#include "tui/input.h"

enum { MOST_BINDINGS = 200, MOST_CONFLICTS = 3 };

struct keymap {
	struct binding {
		uint32_t key;
		const struct app_command *command;
		bool is_own; /* a person's, not a default */
	} bindings[MOST_BINDINGS];
	size_t n;
	struct buf conflicts;
};

static bool bind(struct keymap *keymap, const struct app_command *command, struct str keys, bool is_own,
	struct err *err)
{
	struct str piece;
	while (str_next(&keys, ' ', &piece)) {
		uint32_t key = key_of_name(piece);
		if (!piece.n)
			continue;
		if (!key)
			return err_set(
				err, ERR_USAGE, "'%.*s' is no key, for '%s'", STR_FMT(piece), command->name);
		if (keymap->n == MOST_BINDINGS)
			return err_set(err, ERR_USAGE, "more than %d keys are bound", MOST_BINDINGS);
		keymap->bindings[keymap->n++] = (struct binding){key, command, is_own};
	}
	return true;
}

/* A command that got keys of its own loses the default ones. */
static void unbind(struct keymap *keymap, const struct app_command *command)
{
	size_t kept = 0;
	for (size_t i = 0; i < keymap->n; i++)
		if (keymap->bindings[i].command != command)
			keymap->bindings[kept++] = keymap->bindings[i];
	keymap->n = kept;
}

static bool unknown_command(struct str name, struct err *err)
{
	size_t n, best = 3;
	const struct app_command *commands = app_commands(&n), *nearest = NULL;
	for (size_t i = 0; i < n; i++) {
		size_t distance = str_distance(name, str_of(commands[i].name), best);
		if (distance < best) {
			nearest = &commands[i];
			best = distance;
		}
	}
	return err_set(err, ERR_USAGE, "no command is called '%.*s'%s%s%s", STR_FMT(name),
		nearest ? "; did you mean '" : "; '?' in the portal lists them", nearest ? nearest->name : "",
		nearest ? "'?" : "");
}

/* KEYS "none": the command has none. A name may stand for several rows of the table: each gets them. */
static bool rebind(struct keymap *keymap, struct str name, struct str keys, struct err *err)
{
	size_t n;
	bool is_known = false, ok = true;
	const struct app_command *commands = app_commands(&n);
	for (size_t i = 0; ok && i < n; i++) {
		if (!str_is(name, commands[i].name))
			continue;
		is_known = true;
		unbind(keymap, &commands[i]);
		ok = str_is(keys, "none") || bind(keymap, &commands[i], keys, true, err);
	}
	return ok && (is_known || unknown_command(name, err));
}

/* --- a file of keys ---------------------------------------------------------- */

static bool add_keys(struct buf *out, const struct yaml *value)
{
	if (value->type == YAML_SCALAR) {
		buf_add(out, yaml_is_null(value) ? STR("none") : value->text);
		return true;
	}
	for (size_t i = 0; i < value->n; i++) {
		if (value->type != YAML_LIST || value->items[i].type != YAML_SCALAR)
			return false;
		buf_addf(out, "%s%.*s", i ? " " : "", STR_FMT(value->items[i].text));
	}
	return value->type == YAML_LIST;
}

static bool rebind_from(struct keymap *keymap, const char *name, const struct yaml *root, struct err *err)
{
	if (root->type != YAML_MAP)
		return err_set(
			err, ERR_USAGE, "%s:%d: a map of commands and keys is expected", name, root->line);
	bool ok = true;
	for (size_t i = 0; ok && i < root->n; i++) {
		struct buf keys;
		buf_init(&keys, 0);
		ok = add_keys(&keys, &root->items[i])
			     ? rebind(keymap, root->keys[i].text, buf_str(&keys), err)
			     : err_set(err, ERR_USAGE, "'%s' takes a key or a list of keys",
				       root->keys[i].text.p);
		if (!ok)
			err_wrap(err, "%s:%d", name, root->keys[i].line);
		buf_fini(&keys);
	}
	return ok;
}

static bool read_file(struct keymap *keymap, const char *name, struct str text, struct err *err)
{
	struct arena *arena = arena_new();
	const struct yaml *root = yaml_parse(arena, name, text, err);
	bool ok = root && rebind_from(keymap, name, root, err);
	arena_free(arena);
	return ok;
}

/* --- conflicts --------------------------------------------------------------- */

static void tell_conflict(
	struct keymap *keymap, const struct binding *winner, const struct app_command *loser)
{
	buf_addz(&keymap->conflicts, keymap->conflicts.n ? "; '" : "'");
	key_add_name(&keymap->conflicts, winner->key);
	buf_addf(&keymap->conflicts, "' is '%s' now, no longer '%s'", winner->command->name, loser->name);
}

/* The last binding of a key wins, where contexts overlap; that is told where a person's own key did it. */
static void find_conflicts(struct keymap *keymap)
{
	size_t found = 0;
	for (size_t i = 0; i < keymap->n; i++)
		for (size_t k = 0; keymap->bindings[i].is_own && k < i; k++) {
			const struct binding *winner = &keymap->bindings[i], *loser = &keymap->bindings[k];
			bool meets = winner->key == loser->key && winner->command != loser->command &&
				     winner->command->contexts & loser->command->contexts;
			if (meets && found++ < MOST_CONFLICTS)
				tell_conflict(keymap, winner, loser->command);
		}
	if (found > MOST_CONFLICTS)
		buf_addf(&keymap->conflicts, " (and %zu more)", found - MOST_CONFLICTS);
}

const char *keymap_conflicts(const struct keymap *keymap)
{
	return keymap->conflicts.n ? keymap->conflicts.p : NULL;
}

/* --- making ------------------------------------------------------------------ */

static void bind_defaults(struct keymap *keymap)
{
	size_t n;
	struct err err;
	const struct app_command *commands = app_commands(&n);
	for (size_t i = 0; i < n; i++) {
		bool ok = bind(keymap, &commands[i], str_of(commands[i].keys), false, &err);
		BUG_ON(!ok); /* the table names keys that there are; a test holds it to that */
	}
}

struct keymap *keymap_new_with(
	const struct config *config, const char *name, struct str text, struct err *err)
{
	struct keymap *keymap = x_new(struct keymap);
	buf_init(&keymap->conflicts, 0);
	bind_defaults(keymap);
	bool ok = true;
	for (size_t i = 0; ok && i < config->n_keys; i++)
		ok = rebind(keymap, str_of(config->keys[i].key), str_of(config->keys[i].value), err) ||
		     err_wrap(err, "keys");
	ok = ok && (!name || read_file(keymap, name, text, err));
	if (ok) {
		find_conflicts(keymap);
		return keymap;
	}
	keymap_free(keymap);
	return NULL;
}

struct keymap *keymap_new(const struct config *config, struct err *err)
{
	return keymap_new_with(config, NULL, STR(""), err);
}

void keymap_free(struct keymap *keymap)
{
	if (keymap)
		buf_fini(&keymap->conflicts);
	x_free(keymap);
}

const struct app_command *keymap_find(const struct keymap *keymap, uint32_t key, int context)
{
	for (size_t i = keymap->n; i-- > 0;) /* the person's own come last and win */
		if (keymap->bindings[i].key == key && keymap->bindings[i].command->contexts & context)
			return keymap->bindings[i].command;
	return NULL;
}

const struct app_command *keymap_named(const struct keymap *keymap, const char *name)
{
	for (size_t i = 0; i < keymap->n; i++)
		if (!strcmp(keymap->bindings[i].command->name, name))
			return keymap->bindings[i].command;
	return NULL;
}

uint32_t keymap_key(const struct keymap *keymap, const struct app_command *command)
{
	for (size_t i = 0; i < keymap->n; i++)
		if (keymap->bindings[i].command == command)
			return keymap->bindings[i].key;
	return 0;
}

void keymap_add_keys(const struct keymap *keymap, const struct app_command *command, struct buf *out)
{
	size_t before = out->n;
	for (size_t i = 0; i < keymap->n; i++) {
		if (keymap->bindings[i].command != command)
			continue;
		if (out->n > before)
			buf_addc(out, ' ');
		key_add_name(out, keymap->bindings[i].key);
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/keymap.h"

#include "client/base/mem.h"
#include "tui/input.h"

enum { MOST_BINDINGS = 160 };

struct keymap {
	struct binding {
		uint32_t key;
		const struct app_command *command;
	} bindings[MOST_BINDINGS];
	size_t n;
};

static bool bind(struct keymap *keymap, const struct app_command *command, const char *keys, struct err *err)
{
	struct str rest = str_of(keys), piece;
	while (str_next(&rest, ' ', &piece)) {
		uint32_t key = key_of_name(piece);
		if (!key)
			return err_set(err, ERR_USAGE, "keys: '%.*s' is no key, for '%s'", STR_FMT(piece),
				command->name);
		if (keymap->n == MOST_BINDINGS)
			return err_set(err, ERR_USAGE, "keys: more than %d keys are bound", MOST_BINDINGS);
		keymap->bindings[keymap->n++] = (struct binding){key, command};
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

static bool rebind(struct keymap *keymap, const struct config_pair *pair, struct err *err)
{
	size_t n;
	const struct app_command *commands = app_commands(&n);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(commands[i].name, pair->key)) {
			unbind(keymap, &commands[i]);
			return bind(keymap, &commands[i], pair->value, err);
		}
	return err_set(
		err, ERR_USAGE, "keys: no command is called '%s'; '?' in the portal lists them", pair->key);
}

struct keymap *keymap_new(const struct config *config, struct err *err)
{
	struct keymap *keymap = x_new(struct keymap);
	size_t n;
	const struct app_command *commands = app_commands(&n);
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++)
		ok = bind(keymap, &commands[i], commands[i].keys, err);
	BUG_ON(!ok); /* the table names keys that there are; a test holds it to that */
	for (size_t i = 0; ok && i < config->n_keys; i++)
		ok = rebind(keymap, &config->keys[i], err);
	if (ok)
		return keymap;
	keymap_free(keymap);
	return NULL;
}

void keymap_free(struct keymap *keymap)
{
	x_free(keymap);
}

const struct app_command *keymap_find(const struct keymap *keymap, uint32_t key, int context)
{
	for (size_t i = keymap->n; i-- > 0;) /* the person's own come last and win */
		if (keymap->bindings[i].key == key && keymap->bindings[i].command->contexts & context)
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

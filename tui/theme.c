/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/theme.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/base/yaml.h"
#include "tui/embedded.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_BYTES = 256 << 10, MOST_THEMES = 32, MOST_NAME = 64, DEFAULT_COLOUR = -1, BRIGHT = 8 };

static const char folder[] = "themes/", suffix[] = ".yaml";

static const struct look no_look = {
	.fg256 = DEFAULT_COLOUR, .bg256 = DEFAULT_COLOUR, .fg16 = DEFAULT_COLOUR, .bg16 = DEFAULT_COLOUR};

struct reading {
	struct look *look;
	const char *name; /* of the file, for messages */
	struct err *err;
};

static bool read_colour256(const struct reading *reading, const struct yaml *node, int *out)
{
	int64_t n;
	if (node->type == YAML_SCALAR && str_is(node->text, "default")) {
		*out = DEFAULT_COLOUR;
		return true;
	}
	if (!yaml_int(node, 0, 255, &n))
		return err_set(reading->err, ERR_USAGE, "%s:%d: a colour is 0 to 255 or 'default'",
			reading->name, node->line);
	*out = (int)n;
	return true;
}

static bool read_colour16(const struct reading *reading, const struct yaml *node, int *out)
{
	static const char *const names[] = {
		"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"};
	for (size_t i = 0; node->type == YAML_SCALAR && i < ARRAY_LEN(names); i++) {
		if (str_is(node->text, names[i])) {
			*out = (int)i;
			return true;
		}
	}
	if (node->type == YAML_SCALAR && str_is(node->text, "default")) {
		*out = DEFAULT_COLOUR;
		return true;
	}
	return err_set(reading->err, ERR_USAGE,
		"%s:%d: a colour of 16 is black red green yellow blue magenta cyan white or default",
		reading->name, node->line);
}

static bool read_flag(const struct reading *reading, const struct yaml *node, bool *out)
{
	return yaml_bool(node, out) ||
	       err_set(reading->err, ERR_USAGE, "%s:%d: expected true or false", reading->name, node->line);
}

enum look_type { COLOUR_256, COLOUR_16, FLAG, FLAG_BRIGHT };

static const struct look_key {
	const char *key;
	enum look_type type;
	size_t offset;
} look_keys[] = {
	{"fg", COLOUR_256, offsetof(struct look, fg256)},
	{"bg", COLOUR_256, offsetof(struct look, bg256)},
	{"fg16", COLOUR_16, offsetof(struct look, fg16)},
	{"bg16", COLOUR_16, offsetof(struct look, bg16)},
	{"bright", FLAG_BRIGHT, 0},
	{"bold", FLAG, offsetof(struct look, bold)},
	{"dim", FLAG, offsetof(struct look, dim)},
	{"underline", FLAG, offsetof(struct look, underline)},
	{"reverse", FLAG, offsetof(struct look, reverse)},
	{"italic", FLAG, offsetof(struct look, italic)},
};

static const struct look_key *find_look_key(struct str key)
{
	for (size_t i = 0; i < ARRAY_LEN(look_keys); i++)
		if (str_is(key, look_keys[i].key))
			return &look_keys[i];
	return NULL;
}

static bool read_look_key(
	const struct reading *reading, const struct look_key *key, const struct yaml *node, bool *is_bright)
{
	char *field = (char *)reading->look + key->offset;
	switch (key->type) {
	case COLOUR_256:
		return read_colour256(reading, node, (int *)(void *)field);
	case COLOUR_16:
		return read_colour16(reading, node, (int *)(void *)field);
	case FLAG:
		return read_flag(reading, node, (bool *)field);
	default:
		return read_flag(reading, node, is_bright);
	}
}

static bool read_look(const struct reading *reading, const struct yaml *map)
{
	bool is_bright = false;
	if (map->type != YAML_MAP)
		return err_set(reading->err, ERR_USAGE,
			"%s:%d: a role is a map such as {fg: 203, bold: true}", reading->name, map->line);
	for (size_t i = 0; i < map->n; i++) {
		const struct look_key *key = find_look_key(map->keys[i].text);
		if (!key)
			return err_set(reading->err, ERR_USAGE,
				"%s:%d: unknown key '%.*s'; known: fg bg fg16 bg16 bright bold dim underline reverse italic",
				reading->name, map->keys[i].line, STR_FMT(map->keys[i].text));
		if (!read_look_key(reading, key, &map->items[i], &is_bright))
			return false;
	}
	if (is_bright && reading->look->fg16 != DEFAULT_COLOUR)
		reading->look->fg16 += BRIGHT;
	return true;
}

static int find_role(struct str name)
{
	for (int role = 0; role < ROLE_COUNT; role++)
		if (str_is(name, role_name(role)))
			return role;
	return -1;
}

static const char *nearest_role(struct str name)
{
	enum { NEAR = 3 };
	size_t best = NEAR + 1;
	const char *nearest = NULL;
	for (int role = 0; role < ROLE_COUNT; role++) {
		size_t distance = str_distance(name, str_of(role_name(role)), NEAR);
		if (distance < best) {
			best = distance;
			nearest = role_name(role);
		}
	}
	return nearest;
}

static bool unknown_role(const char *name, const struct yaml *key, struct err *err)
{
	const char *nearest = nearest_role(key->text);
	return err_set(err, ERR_USAGE, "%s:%d: unknown role '%.*s'%s%s%s", name, key->line,
		STR_FMT(key->text), nearest ? ", did you mean '" : "", nearest ? nearest : "",
		nearest ? "'?" : "");
}

static bool read_roles(const char *name, const struct yaml *roles, struct theme *out, struct err *err)
{
	if (roles->type != YAML_MAP)
		return err_set(err, ERR_USAGE, "%s:%d: roles is a map of roles", name, roles->line);
	for (size_t i = 0; i < roles->n; i++) {
		int role = find_role(roles->keys[i].text);
		if (role < 0)
			return unknown_role(name, &roles->keys[i], err);
		struct reading reading = {&out->roles[role], name, err};
		if (!read_look(&reading, &roles->items[i]))
			return false;
	}
	return true;
}

static bool check_keys(const char *name, const struct yaml *map, struct err *err)
{
	if (map->type != YAML_MAP)
		return err_set(err, ERR_USAGE, "%s:%d: a theme is a map with 'roles'", name, map->line);
	for (size_t i = 0; i < map->n; i++) {
		struct str key = map->keys[i].text;
		if (!str_is(key, "name") && !str_is(key, "background") && !str_is(key, "roles"))
			return err_set(err, ERR_USAGE,
				"%s:%d: unknown key '%.*s'; known: name background roles", name,
				map->keys[i].line, STR_FMT(key));
	}
	return true;
}

static bool read_background(const char *name, const struct yaml *map, struct theme *out, struct err *err)
{
	static const char *const names[] = {
		[BACKGROUND_ANY] = "any", [BACKGROUND_DARK] = "dark", [BACKGROUND_LIGHT] = "light"};
	const struct yaml *node = yaml_get(map, "background");
	for (size_t i = 0; node && i < ARRAY_LEN(names); i++) {
		if (node->type == YAML_SCALAR && str_is(node->text, names[i])) {
			out->background = (enum background)i;
			return true;
		}
	}
	return !node || err_set(err, ERR_USAGE, "%s:%d: background is dark, light or any", name, node->line);
}

static bool read_theme(
	struct arena *arena, const char *name, struct str text, struct theme *out, struct err *err)
{
	const struct yaml *map = yaml_parse(arena, name, text, err);
	if (!map || !check_keys(name, map, err) || !read_background(name, map, out, err))
		return false;
	for (int role = 0; role < ROLE_COUNT; role++)
		out->roles[role] = no_look;
	const struct yaml *roles = yaml_get(map, "roles");
	if (!roles)
		return err_set(err, ERR_USAGE, "%s:%d: a theme is a map with 'roles'", name, map->line);
	if (!read_roles(name, roles, out, err))
		return false;
	for (int role = 0; role < ROLE_COUNT; role++)
		if (!yaml_get(roles, role_name(role)))
			out->roles[role] = out->roles[ROLE_TEXT];
	return true;
}

/* A name becomes a file name: nothing in it leads out of the folder. */
static bool is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	return n > 0 && n < MOST_NAME && !name[n] && name[0] != '.' && name[0] != '-';
}

static bool not_found(const char *name, struct err *err)
{
	struct buf known;
	buf_init(&known, 1024);
	for (const char *const *names = theme_names(); *names; names++)
		buf_addf(&known, " %s", *names);
	err_set(err, ERR_NOT_FOUND, "no theme '%s'; known:%s", name, known.p ? known.p : "");
	buf_fini(&known);
	return false;
}

static bool read_own(struct arena *arena, const char *path, struct str *text, struct err *err)
{
	struct buf bytes;
	buf_init(&bytes, MOST_BYTES);
	bool ok = file_read(path, MOST_BYTES, &bytes, err);
	if (ok)
		*text = (struct str){arena_dup(arena, buf_str(&bytes)), bytes.n};
	buf_fini(&bytes);
	return ok;
}

bool theme_load(struct arena *arena, const char *name, const char *dir, struct theme *out, struct err *err)
{
	if (strcmp(name, "auto") == 0)
		name = theme_auto_name(theme_background());
	if (!is_name(name))
		return not_found(name, err);
	*out = (struct theme){.name = arena_dupz(arena, name)};
	struct str text = {0};
	if (dir) {
		struct err own = {0};
		const char *path = arena_printf(arena, "%s/%s%s", dir, name, suffix);
		if (read_own(arena, path, &text, &own))
			return read_theme(arena, path, text, out, err);
		if (own.code != ERR_NOT_FOUND)
			return err_set(err, own.code, "%s", own.msg);
	}
	const char *file = arena_printf(arena, "%s%s%s", folder, name, suffix);
	text = embedded_find(str_of(file));
	return text.p ? read_theme(arena, file, text, out, err) : not_found(name, err);
}

/* "15;0" or "15;default;0": the colours of text and, last, of the background. */
enum background theme_background(void)
{
	enum { LEAST_LIGHT = 7, DARK_GREY = 8 };
	const char *colours = getenv("COLORFGBG");
	const char *last = colours ? strrchr(colours, ';') : NULL;
	int64_t background;
	if (!last || !str_to_int(str_of(last + 1), 0, 15, &background))
		return BACKGROUND_ANY;
	return background >= LEAST_LIGHT && background != DARK_GREY ? BACKGROUND_LIGHT : BACKGROUND_DARK;
}

const char *theme_auto_name(enum background background)
{
	return background == BACKGROUND_LIGHT ? "light" : "dark";
}

/* The table of what is linked in, made into names once: it never differs afterwards. */
const char *const *theme_names(void)
{
	static char texts[MOST_THEMES][MOST_NAME];
	static const char *names[MOST_THEMES + 1];
	size_t n = 0;
	for (const struct embedded_file *file = embedded_files; file->name && n < MOST_THEMES; file++) {
		struct str name = str_of(file->name);
		if (!str_starts(name, str_of(folder)) || !str_ends(name, str_of(suffix)))
			continue;
		name = str_slice(name, sizeof folder - 1, name.n - (sizeof suffix - 1));
		snprintf(texts[n], MOST_NAME, "%.*s", STR_FMT(name));
		names[n] = texts[n];
		n++;
	}
	names[n] = NULL;
	return names;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person or an earlier portal left in files: keys, saved views, columns, history, a theme, a session.
 * Each is read or refused with a message; what was read and is written again is read again. The first byte
 * says which. */
#include "client/base/mem.h"
#include "client/config/config.h"
#include "tui/columns.h"
#include "tui/history.h"
#include "tui/keymap.h"
#include "tui/saved.h"
#include "tui/session.h"
#include "tui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config *config;
static char folder[] = "/tmp/fuzz_person.XXXXXX";
static char *theme_path;

static void leave(void)
{
	unlink(theme_path);
	x_free(theme_path);
	rmdir(folder);
	config_free(config);
}

static void enter(void)
{
	struct err err = {0};
	if (config)
		return;
	BUG_ON(!mkdtemp(folder));
	config = config_parse("portal.yaml", folder, STR("catalogue: sqlite:/nowhere\n"), &err);
	BUG_ON(!config);
	theme_path = x_printf("%s/x.yaml", folder);
	atexit(leave);
}

/* Without fsync, which takes most of the time. */
static void put_theme(struct str text)
{
	FILE *file = fopen(theme_path, "w");
	BUG_ON(!file);
	fwrite(text.p, 1, text.n, file);
	BUG_ON(fclose(file));
}

static void try_keys(struct str text)
{
	struct err err = {0};
	struct keymap *keymap = keymap_new_with(config, "keys.yaml", text, &err);
	BUG_ON(!keymap && !*err.msg);
	if (keymap)
		keymap_free(keymap);
}

static void try_saved(struct str text)
{
	struct err err = {0};
	struct saved saved = {0};
	BUG_ON(!saved_read(&saved, "views.yaml", text, &err) && !*err.msg);
	saved_fini(&saved);
}

static void try_columns(struct str text)
{
	struct err err = {0};
	struct columns *columns = columns_new();
	struct buf again;
	buf_init(&again, 0);
	if (columns_read(columns, "columns.yaml", text, &err)) {
		columns_write(columns, &again);
		BUG_ON(!columns_read(columns, "columns.yaml", buf_str(&again), &err));
	} else {
		BUG_ON(!*err.msg);
	}
	buf_fini(&again);
	columns_free(columns);
}

static void try_history(struct str text)
{
	struct history history = {0}, second = {0};
	struct buf again;
	buf_init(&again, 0);
	history_read(&history, text);
	history_write(&history, &again);
	if (again.n)
		history_read(&second, buf_str(&again));
	BUG_ON(second.n != history.n);
	buf_fini(&again);
	history_fini(&second);
	history_fini(&history);
}

static void try_theme(struct str text)
{
	struct err err = {0};
	struct theme theme;
	struct arena *arena = arena_new();
	put_theme(text);
	BUG_ON(!theme_load(arena, "x", folder, &theme, &err) && !*err.msg);
	arena_free(arena);
}

/* TEXT stands where the places do, or is the whole. */
static void try_session(struct str text)
{
	struct session_places places;
	char *file = x_printf(
		"{\"catalogue\":\"/c\",\"terminal\":\"t\",\"at_ms\":1,\"places\":%.*s}", STR_FMT(text));
	(void)session_parse(str_of(file), "/c", "t", &places);
	BUG_ON(places.n > SESSION_MOST_PLACES);
	session_places_fini(&places);
	(void)session_parse(text, "/c", "t", &places);
	session_places_fini(&places);
	x_free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct str text) = {
		try_keys, try_saved, try_columns, try_history, try_theme, try_session};
	if (!size)
		return 0;
	enter();
	tries[data[0] % ARRAY_LEN(tries)]((struct str){(const char *)data + 1, size - 1});
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/saved.h"

#include "client/base/mem.h"
#include "client/base/yaml.h"
#include "tui/app.h"
#include "tui/columns.h"
#include "tui/yaml_text.h"

enum { MOST_NAME = 40 };

void saved_fini(struct saved *saved)
{
	for (size_t i = 0; i < saved->n; i++) {
		x_free(saved->views[i].name);
		x_free(saved->views[i].columns);
		place_fini(&saved->views[i].place);
	}
	x_free(saved->views);
	x_free(saved->text);
	*saved = (struct saved){0};
}

const struct saved_view *saved_find(const struct saved *saved, struct str name)
{
	for (size_t i = 0; i < saved->n; i++)
		if (str_is(name, saved->views[i].name))
			return &saved->views[i];
	return NULL;
}

/* --- reading ---------------------------------------------------------------- */

static const struct yaml *scalar(const struct yaml *map, const char *key)
{
	const struct yaml *value = yaml_get(map, key);
	return value && value->type == YAML_SCALAR && !yaml_is_null(value) ? value : NULL;
}

static char *dup_scalar(const struct yaml *map, const char *key)
{
	const struct yaml *value = scalar(map, key);
	return value ? x_strdup(value->text.p) : NULL;
}

static char *dup_words(const struct yaml *list)
{
	struct buf words;
	buf_init(&words, 0);
	for (size_t i = 0; list && list->type == YAML_LIST && i < list->n; i++)
		if (list->items[i].type == YAML_SCALAR)
			buf_addf(&words, "%s%.*s", words.n ? " " : "", STR_FMT(list->items[i].text));
	char *copy = words.n ? x_strdup(words.p) : NULL;
	buf_fini(&words);
	return copy;
}

static bool check_keys(const char *name, const struct yaml *map, struct err *err)
{
	static const char *const keys[] = {"view", "filter", "sort", "columns", "hidden"};
	for (size_t i = 0; i < map->n; i++) {
		bool is_known = false;
		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			is_known |= str_is(map->keys[i].text, keys[k]);
		if (!is_known)
			return err_set(err, ERR_USAGE,
				"%s:%d: unknown key '%s'; a saved view has view, filter, sort, columns, hidden",
				name, map->keys[i].line, map->keys[i].text.p);
	}
	return true;
}

static bool check_view(const char *name, const struct yaml *key, const struct yaml *map, struct err *err)
{
	if (map->type != YAML_MAP)
		return err_set(err, ERR_USAGE, "%s:%d: '%s' must be a map such as {view: runs}", name,
			key->line, key->text.p);
	if (!check_keys(name, map, err))
		return false;
	const struct yaml *word = scalar(map, "view");
	const struct view_def *view = word ? view_find(word->text.p) : NULL;
	if (!word)
		return err_set(err, ERR_USAGE, "%s:%d: '%s' needs 'view'", name, key->line, key->text.p);
	return (view && view->kind != VIEW_OBJECT) ||
	       err_set(err, ERR_USAGE, "%s:%d: no list is called '%s'", name, word->line, word->text.p);
}

static struct saved_view read_view(const struct yaml *key, const struct yaml *map)
{
	bool is_hidden_shown = false;
	const struct yaml *hidden = yaml_get(map, "hidden");
	if (hidden)
		(void)yaml_bool(hidden, &is_hidden_shown);
	return (struct saved_view){.name = x_strdup(key->text.p),
		.columns = dup_words(yaml_get(map, "columns")),
		.place = {.view = dup_scalar(map, "view"),
			.filter = dup_scalar(map, "filter"),
			.sort = dup_scalar(map, "sort"),
			.show_hidden = is_hidden_shown}};
}

static bool check_all(const char *name, const struct yaml *root, struct err *err)
{
	if (root->type != YAML_MAP)
		return err_set(err, ERR_USAGE, "%s:%d: a map of names is expected", name, root->line);
	for (size_t i = 0; i < root->n; i++)
		if (!check_view(name, &root->keys[i], &root->items[i], err))
			return false;
	return true;
}

bool saved_read(struct saved *saved, const char *name, struct str text, struct err *err)
{
	struct arena *arena = arena_new();
	const struct yaml *root = yaml_parse(arena, name, text, err);
	bool ok = root && check_all(name, root, err);
	if (ok) {
		saved_fini(saved);
		saved->text = x_printf("%.*s", STR_FMT(text));
		saved->views = x_calloc(root->n + 1, sizeof *saved->views);
		for (size_t i = 0; i < root->n; i++)
			saved->views[saved->n++] = read_view(&root->keys[i], &root->items[i]);
	}
	arena_free(arena);
	return ok;
}

/* --- writing ---------------------------------------------------------------- */

static void add_field(struct buf *out, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	buf_addf(out, "  %s: ", key);
	yaml_text_add_scalar(out, str_of(value));
	buf_addc(out, '\n');
}

static void add_columns(struct buf *out, const char *keys)
{
	struct str rest = str_of(keys), key;
	if (!keys)
		return;
	buf_addz(out, "  columns: [");
	for (bool is_first = true; str_next(&rest, ' ', &key); is_first = false) {
		buf_addz(out, is_first ? "" : ", ");
		yaml_text_add_scalar(out, key);
	}
	buf_addz(out, "]\n");
}

static void add_block(struct app *app, const struct place *place, struct str name, struct buf *out)
{
	const struct view_def *view = view_find(place->view);
	const char *own = app_top(app)->columns;
	yaml_text_add_scalar(out, name);
	buf_addz(out, ":\n");
	add_field(out, "view", place->view);
	add_field(out, "filter", place->filter);
	add_field(out, "sort", place->sort);
	add_columns(out, own ? own : columns_chosen(app->columns, view, ""));
	add_field(out, "hidden", place->show_hidden ? "yes" : NULL);
}

/* Replaces the entry NAME by BLOCK, here and in the file. */
static bool change(struct app *app, struct str name, struct str block, struct err *err)
{
	static const char heading[] = "# views saved with ':save NAME' in the portal\n";
	if (app->saved.is_refused)
		return err_set(
			err, ERR_REFUSED, "views.yaml cannot be read, and would be lost: mend it first");
	struct buf text;
	buf_init(&text, 0);
	char *key = x_printf("%.*s", STR_FMT(name));
	struct str before = str_of(app->saved.text && *app->saved.text ? app->saved.text : heading);
	bool ok = yaml_text_set("views.yaml", before, key, block, &text, err) &&
		  saved_read(&app->saved, "views.yaml", buf_str(&text), err);
	if (ok)
		app_write_saved(app);
	x_free(key);
	buf_fini(&text);
	return ok;
}

/* A name is one word that no view, command line or ref could be. */
static bool check_name(struct str name, struct err *err)
{
	bool ok = name.n && name.n <= MOST_NAME;
	for (size_t i = 0; ok && i < name.n; i++)
		ok = (name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= 'A' && name.p[i] <= 'Z') ||
		     (name.p[i] >= '0' && name.p[i] <= '9') || (i && (name.p[i] == '-' || name.p[i] == '_'));
	char *text = x_printf("%.*s", STR_FMT(name));
	bool is_view = ok && view_find(text);
	x_free(text);
	if (is_view)
		return err_set(
			err, ERR_USAGE, "'%.*s' is a view of its own: take another name", STR_FMT(name));
	return ok || err_set(err, ERR_USAGE, "a name is one word of letters, digits, - and _: ':save red'");
}

void saved_save(struct app *app, struct str name)
{
	struct err err;
	struct place place;
	struct frame *frame = app_top(app);
	bool is_list = frame->view && frame->view->kind != VIEW_OBJECT && view_find(frame->view->name);
	if (!is_list || !place_take(frame, &place)) {
		app_say(app, ROLE_DIM, "only a list can be saved: ':runs state:failed' makes one");
		return;
	}
	struct buf block;
	buf_init(&block, 0);
	add_block(app, &place, name, &block);
	if (check_name(name, &err) && change(app, name, buf_str(&block), &err))
		app_say(app, ROLE_SUCCESS, "saved: ':%.*s' opens it again", STR_FMT(name));
	else
		app_say(app, ROLE_ERROR, "%s", err.msg);
	buf_fini(&block);
	place_fini(&place);
}

void saved_forget(struct app *app, struct str name)
{
	struct err err;
	if (!saved_find(&app->saved, name))
		app_say(app, ROLE_ERROR, "no saved view is called '%.*s'", STR_FMT(name));
	else if (change(app, name, STR(""), &err))
		app_say(app, ROLE_DIM, "'%.*s' is forgotten", STR_FMT(name));
	else
		app_say(app, ROLE_ERROR, "%s", err.msg);
}

void saved_open(struct app *app, const struct saved_view *view)
{
	struct frame *frame = place_frame(app, &view->place);
	if (!frame) /* it was checked when it was read */
		return;
	frame->columns = view->columns ? x_strdup(view->columns) : NULL;
	app_push(app, frame);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/connect.h"

#include "client/base/mem.h"
#include "client/config/config.h"
#include "client/protocol/source.h"
#include "tui/app.h"
#include "tui/desk.h"
#include "tui/form.h"
#include "tui/input.h"
#include "tui/portal_yaml.h"
#include "tui/remember.h"
#include "tui/yaml_text.h"

#include <stdarg.h>
#include <stdio.h>

enum { TRY_MS = 15000, MOST_KINDS = 24 };

/* In the order of the form. */
enum field { KIND, NAME, URL, PATH, COMMAND, LOGIN, USER, SECRET, N_FIELDS };

/* How a secret is had: what the form calls it, and its key. */
static const struct way {
	const char *words, *key, *help;
	bool has_user, is_command;
} ways[] = {
	{"none", NULL, "", false, false},
	{"password in a variable", "password_env", "the NAME of the variable, not the password", true, false},
	{"password from a command", "password_command", "a command that prints it: pass show airflow", true,
		true},
	{"token in a variable", "token_env", "the NAME of the variable, not the token", false, false},
	{"token in a file", "token_file", "the path of a file that only you can read", false, false},
	{"command that prints a token", "token_command", "such as: gcloud auth print-access-token", false,
		true},
};
enum { N_WAYS = sizeof ways / sizeof *ways };
static const char *const way_words[] = {"none", "password in a variable", "password from a command",
	"token in a variable", "token in a file", "command that prints a token", NULL};

enum stage {
	FILLING, /* the fields are typed */
	TRYING,	 /* the source is asked */
	SHOWING, /* what will be written */
	WRITING,
};

struct connect {
	struct app *app;
	struct arena *arena;
	struct form form;
	enum stage stage;
	const char *kinds[MOST_KINDS + 1]; /* NULL-ended */
	struct config *tried;		   /* with this source alone */
	struct source *source;
	struct loop_timer *timeout;
	struct ticket *writing;
	struct buf item; /* what goes into the file */
	char *verdict;	 /* heap: what came of trying it */
	bool is_good;
};

/* --- the fields ------------------------------------------------------------------ */

static const struct config_option *option_of(const char *key)
{
	size_t n;
	const struct config_option *options = config_options(&n);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(options[i].where, "sources") && !strcmp(options[i].key, key))
			return &options[i];
	bug(__FILE__, __LINE__, key);
}

/* The kinds that the option table knows, "a|b|c". */
static void take_kinds(struct connect *c)
{
	struct str rest = str_of(option_of("kind")->type), kind;
	for (size_t n = 0; n < MOST_KINDS && str_next(&rest, '|', &kind); n++)
		c->kinds[n] = arena_dup(c->arena, kind);
}

static const struct way *way_of(const struct connect *c)
{
	return &ways[c->form.fields[LOGIN].chosen];
}

static bool is_kind(const struct connect *c, const char *words)
{
	struct str rest = str_of(words), word;
	while (str_next(&rest, ' ', &word))
		if (str_eq(word, form_value(&c->form, KIND)))
			return true;
	return false;
}

/* What is asked for follows from the kind and the login. */
static void arrange(struct connect *c)
{
	struct form_field *fields = c->form.fields;
	const struct way *way = way_of(c);
	bool is_files = is_kind(c, "local tensorboard"), is_plugin = is_kind(c, "plugin");
	fields[URL].is_hidden = is_files;
	fields[PATH].is_hidden = !is_files && !is_kind(c, "metaflow spark");
	fields[COMMAND].is_hidden = !is_plugin;
	fields[LOGIN].is_hidden = is_files;
	fields[USER].is_hidden = is_files || !way->has_user;
	fields[SECRET].is_hidden = is_files || !way->key;
	fields[SECRET].help = way->help;
}

static void fill(struct connect *c)
{
	struct form *form = &c->form;
	form_add(form, "kind", "which tool it is", c->kinds);
	form_add(form, "name", "how refs name it: airflow-prod", NULL);
	form_add(form, "url", "where it answers: https://airflow.example.org", NULL);
	form_add(form, "path", "the folder to read", NULL);
	form_add(form, "command", "the program that speaks the source protocol, and its arguments", NULL);
	form_add(form, "login", "how the secret is had; the secret itself is never asked for", way_words);
	form_add(form, "user name", "for basic authentication", NULL);
	form_add(form, "from", "", NULL);
	BUG_ON(form->n != N_FIELDS);
}

/* --- as YAML --------------------------------------------------------------------- */

static void add_scalar(struct buf *out, const char *key, struct str value)
{
	buf_addf(out, "%s: ", key);
	yaml_text_add_scalar(out, value);
	buf_addc(out, '\n');
}

/* Words between blanks: an argv, for no shell is asked. */
static void add_words(struct buf *out, const char *key, struct str value)
{
	struct str word;
	bool is_first = true;
	buf_addf(out, "%s: [", key);
	while (str_next(&value, ' ', &word)) {
		if (!word.n)
			continue;
		buf_addz(out, is_first ? "" : ", ");
		yaml_text_add_scalar(out, word);
		is_first = false;
	}
	buf_addz(out, "]\n");
}

static const char *key_of(const struct connect *c, enum field field)
{
	static const char *const keys[N_FIELDS] = {[KIND] = "kind",
		[NAME] = "name",
		[URL] = "url",
		[PATH] = "path",
		[COMMAND] = "command",
		[USER] = "username"};
	return field == SECRET ? way_of(c)->key : keys[field];
}

static void add_field(const struct connect *c, enum field field, struct buf *out)
{
	struct str value = form_value(&c->form, field);
	const char *key = key_of(c, field);
	if (c->form.fields[field].is_hidden || !value.n || !key)
		return;
	if (field == COMMAND || (field == SECRET && way_of(c)->is_command))
		add_words(out, key, value);
	else
		add_scalar(out, key, value);
}

/* The source as it will stand in the file. */
static void add_item(const struct connect *c, struct buf *out)
{
	static const enum field order[] = {NAME, KIND, URL, PATH, COMMAND, USER, SECRET};
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		add_field(c, order[i], out);
}

/* --- checking -------------------------------------------------------------------- */

/* A configuration of one source, as the option table reads it. */
static struct config *parse_item(struct str item, struct err *err)
{
	struct buf text;
	buf_init(&text, 0);
	struct config *config = yaml_text_append("form", STR(""), "sources", item, &text, err)
					? config_parse("form", NULL, buf_str(&text), err)
					: NULL;
	buf_fini(&text);
	return config;
}

/* Without "form:3: ": there is no line here. */
static const char *without_line(const char *message)
{
	const char *rest = message;
	for (int colons = 0; *rest && colons < 2; rest++)
		colons += *rest == ':';
	return !strncmp(message, "form:", 5) && *rest == ' ' ? rest + 1 : message;
}

/* What stands in for the rest while one field is judged by the table: every kind takes a plug-in's keys. */
static bool check_alone(const struct connect *c, enum field field, struct err *err)
{
	struct buf item;
	buf_init(&item, 0);
	if (field != NAME)
		buf_addz(&item, "name: x\n");
	buf_addz(&item, "kind: plugin\n");
	if (field != COMMAND)
		buf_addz(&item, "command: [x]\n");
	if (field == SECRET && way_of(c)->has_user)
		buf_addz(&item, "username: x\n");
	add_field(c, field, &item);
	struct config *config = parse_item(buf_str(&item), err);
	config_free(config);
	buf_fini(&item);
	return config != NULL;
}

static void check_field(struct connect *c, enum field field)
{
	struct err err;
	struct str value = form_value(&c->form, field);
	bool is_asked = !c->form.fields[field].is_hidden && field != KIND && field != LOGIN;
	char *name = x_printf("%.*s", STR_FMT(value));
	form_set_error(&c->form, field, NULL);
	if (is_asked && value.n && !check_alone(c, field, &err))
		form_set_error(&c->form, field, without_line(err.msg));
	else if (field == NAME && config_source(c->app->config, name))
		form_set_error(&c->form, field, "a source of that name is configured already");
	x_free(name);
}

/* The first field that is wrong gets the keys; false where there is one. */
static bool check_fields(struct connect *c)
{
	for (size_t i = c->form.n; i-- > 0;) {
		check_field(c, (enum field)i);
		if (c->form.fields[i].error)
			c->form.focus = i;
	}
	for (size_t i = 0; i < c->form.n; i++)
		if (c->form.fields[i].error)
			return false;
	return true;
}

/* --- trying it ------------------------------------------------------------------- */

static void stop_trying(struct connect *c)
{
	source_close(c->source);
	c->source = NULL;
	loop_cancel(c->timeout);
	c->timeout = NULL;
	config_free(c->tried);
	c->tried = NULL;
}

static void judge(struct connect *c, bool is_good, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void judge(struct connect *c, bool is_good, const char *fmt, ...)
{
	char text[1200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	x_free(c->verdict);
	c->verdict = x_strdup(text);
	c->is_good = is_good;
	stop_trying(c);
	c->stage = SHOWING;
	app_dirty(c->app);
}

/* The first thing that it tells is enough: it answers, and lets us in. */
static void got_record(void *ctx, const struct record *record, const struct err *err)
{
	struct connect *c = ctx;
	if (err)
		judge(c, false, "it answers, but not as it should: %s", err->msg);
	else if (record->kind == RECORD_HEALTH && !strcmp(record->health.state, "failed"))
		judge(c, true, "it answers: %s %s%s%s", record->health.component, record->health.state,
			record->health.message ? ", " : "",
			record->health.message ? record->health.message : "");
	else
		judge(c, true, "it answers");
}

static void pull_done(void *ctx, const struct err *err)
{
	if (err)
		judge(ctx, false, "%s", err->msg);
	else
		judge(ctx, true, "it answers; there is nothing in it yet");
}

static void on_timeout(void *ctx)
{
	struct connect *c = ctx;
	c->timeout = NULL;
	judge(c, false, "no answer within %d s", TRY_MS / 1000);
}

static void try_it(struct connect *c)
{
	static const struct source_pull_ops ops = {.record = got_record, .done = pull_done};
	struct err err;
	if (!check_fields(c))
		return;
	buf_reset(&c->item);
	add_item(c, &c->item);
	c->tried = parse_item(buf_str(&c->item), &err);
	if (!c->tried) {
		app_say(c->app, ROLE_ERROR, "%s", without_line(err.msg));
		return;
	}
	c->stage = TRYING;
	c->source = source_open(c->app->loop, c->tried, &c->tried->sources[0], TRY_MS);
	source_pull(c->source, NULL, clock_now_ms(), &ops, c);
	c->timeout = loop_after(c->app->loop, TRY_MS, on_timeout, c);
}

/* --- writing it ------------------------------------------------------------------ */

struct write_job {
	char *path, *item;
};

static void drop_write(void *ptr)
{
	struct write_job *job = ptr;
	x_free(job->path);
	x_free(job->item);
	x_free(job);
}

static bool run_write(void *ptr, struct err *err)
{
	struct write_job *job = ptr;
	return portal_yaml_add(job->path, str_of(job->item), err);
}

static void close_form(struct app *app)
{
	connect_free(app->connect);
	app->connect = NULL;
	app->mode = MODE_KEYS;
}

static void written(void *ctx, void *ptr, const struct err *err)
{
	struct connect *c = ctx;
	struct app *app = c->app;
	c->writing = NULL;
	drop_write(ptr);
	if (err) {
		c->stage = SHOWING;
		app_say(app, ROLE_ERROR, "nothing was written: %s", err->msg);
		return;
	}
	struct str name = form_value(&c->form, NAME);
	app_say(app, ROLE_SUCCESS, "'%.*s' is in %s; sync reads it now", STR_FMT(name),
		remember_config(app->remember));
	close_form(app);
	remember_own_change(app);
}

static void write_it(struct connect *c)
{
	static const struct desk_job what = {.run = run_write, .done = written, .drop = drop_write};
	if (!c->app->remember) {
		app_say(c->app, ROLE_DIM, "this portal writes no files");
		return;
	}
	struct write_job *job = x_new(struct write_job);
	job->path = x_strdup(remember_config(c->app->remember));
	job->item = x_strdup(c->item.p);
	c->stage = WRITING;
	c->writing = desk_run(c->app->desk, &what, job, c);
}

/* --- life ------------------------------------------------------------------------ */

static void choose_kind(struct connect *c, const char *kind)
{
	for (size_t i = 0; c->kinds[i]; i++)
		if (!strcmp(c->kinds[i], kind)) {
			c->form.fields[KIND].chosen = i;
			c->form.focus = NAME;
		}
}

void connect_open(struct app *app, const char *kind)
{
	if (app->config->recorded_until_ms != TIME_NONE) {
		app_say(app, ROLE_LATE,
			"this is a recorded sample; start porthole without --config to connect your own");
		return;
	}
	struct connect *c = x_new(struct connect);
	c->app = app;
	c->arena = arena_new();
	buf_init(&c->item, 0);
	take_kinds(c);
	fill(c);
	choose_kind(c, kind);
	arrange(c);
	app->connect = c;
	app->mode = MODE_FORM;
	app_dirty(app);
}

void connect_free(struct connect *c)
{
	if (!c)
		return;
	stop_trying(c);
	ticket_cancel(c->writing);
	form_fini(&c->form);
	buf_fini(&c->item);
	x_free(c->verdict);
	arena_free(c->arena);
	x_free(c);
}

bool connect_is_busy(const struct connect *c)
{
	return c && (c->source || c->writing);
}

/* --- keys ------------------------------------------------------------------------ */

static bool is_back(uint32_t key)
{
	return key == K_ESC || key == ('C' & 31) || key == ('G' & 31);
}

static void fill_key(struct connect *c, uint32_t key)
{
	size_t left;
	struct app *app = c->app;
	switch (form_key(&c->form, key, &left)) {
	case FORM_CANCELLED:
		close_form(app);
		app_say(app, ROLE_DIM, "nothing was written");
		break;
	case FORM_CHANGED:
		form_set_error(&c->form, c->form.focus, NULL);
		arrange(c);
		break;
	case FORM_LEFT:
		check_field(c, (enum field)left);
		break;
	case FORM_DONE:
		try_it(c);
		break;
	case FORM_IGNORED:
		break;
	}
}

void connect_key(struct app *app, uint32_t key)
{
	struct connect *c = app->connect;
	switch (c->stage) {
	case FILLING:
		fill_key(c, key);
		break;
	case TRYING:
		if (!is_back(key))
			break;
		stop_trying(c);
		c->stage = FILLING;
		app_say(app, ROLE_DIM, "not tried to the end");
		break;
	case SHOWING:
		if (key == K_ENTER)
			write_it(c);
		else if (is_back(key) || key == 'q' || key == K_BACKTAB)
			c->stage = FILLING;
		break;
	case WRITING: /* too late to stop it: it is a moment */
		break;
	}
}

struct str connect_footer(const struct connect *c)
{
	static const char *const footers[] = {
		[FILLING] = "Enter next   Tab S-Tab other field   ^U empty   Esc leave, nothing written",
		[TRYING] = "Esc stop",
		[SHOWING] = "Enter write it   Esc back to the fields",
		[WRITING] = "writing"};
	return str_of(footers[c->stage]);
}

/* --- drawing --------------------------------------------------------------------- */

static int draw_lines(struct grid *grid, struct rect rect, struct str text, enum role role)
{
	struct str line;
	int y = rect.y;
	while (y < rect.y + rect.height && str_next(&text, '\n', &line))
		if (line.n)
			grid_put(grid, rect.x, y++, rect.width, line, role);
	return y;
}

static void draw_item(const struct connect *c, struct grid *grid, struct rect rect)
{
	struct buf text;
	struct err err;
	buf_init(&text, 0);
	if (yaml_text_append("", STR(""), "sources", buf_str(&c->item), &text, &err))
		draw_lines(grid, rect, buf_str(&text), ROLE_TEXT);
	buf_fini(&text);
}

static void draw_outcome(const struct connect *c, struct grid *grid, struct rect rect)
{
	const char *path = c->app->remember ? remember_config(c->app->remember) : "portal.yaml";
	struct rect inner = {rect.x + 2, rect.y + 1, rect.width - 2, rect.height - 1};
	grid_put(grid, inner.x, inner.y, inner.width, str_of(c->verdict),
		c->is_good ? ROLE_SUCCESS : ROLE_ERROR);
	int x = grid_put(grid, inner.x, inner.y + 2, inner.width, STR("this will be added to "), ROLE_DIM);
	grid_put(grid, inner.x + x, inner.y + 2, inner.width - x, str_of(path), ROLE_TEXT);
	inner.y += 4;
	inner.x += 2;
	draw_item(c, grid, inner);
}

void connect_draw(const struct connect *c, struct grid *grid, struct rect rect)
{
	if (c->stage == SHOWING || c->stage == WRITING) {
		draw_outcome(c, grid, rect);
		return;
	}
	form_draw(&c->form, grid, (struct rect){rect.x, rect.y + 1, rect.width, rect.height - 2});
	if (c->stage == TRYING) {
		grid->cursor_x = -1;
		grid_put(grid, rect.x + 2, rect.y + rect.height - 1, rect.width - 2,
			STR("asking it… (at most 15 s)"), ROLE_RUNNING);
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/config/config.h"

#include "client/base/clock.h"
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/config/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 256 << 10 };

static const char system_file[] = "/etc/porthole/portal.yaml";

static struct config *new_config(void)
{
	struct arena *arena = arena_new();
	struct config *config = arena_new_of(arena, struct config);
	*config = (struct config){
		.arena = arena, .recorded_until_ms = TIME_NONE, .keep = {.cache_bytes = CONFIG_CACHE_BYTES}};
	return config;
}

void config_free(struct config *config)
{
	if (config)
		arena_free(config->arena);
}

/* The value of variable NAME; NULL where it is not set, or empty. */
static const char *env(const char *name)
{
	const char *value = getenv(name);
	return value && value[0] ? value : NULL;
}

static const char *current_dir(struct arena *arena, struct err *err)
{
	char *dir = getcwd(NULL, 0);
	if (!dir) {
		err_set(err, ERR_FAILED, "cannot find the current folder: %s", strerror(errno));
		return NULL;
	}
	const char *copy = arena_dupz(arena, dir);
	free(dir);
	return copy;
}

/* DIR as an absolute path; NULL is the current folder. */
static const char *absolute_dir(struct arena *arena, const char *dir, struct err *err)
{
	if (dir && dir[0] == '/')
		return dir;
	const char *current = current_dir(arena, err);
	return current && dir ? file_expand(arena, str_of(dir), current) : current;
}

/* PORTHOLE_DSN comes before the file, and the user's data folder after it. */
static bool choose_catalogue(struct config *config, struct err *err)
{
	const char *dsn = env("PORTHOLE_DSN");
	if (!dsn) {
		if (!config->catalogue)
			config->catalogue =
				arena_printf(config->arena, "%s/porthole.db", file_data_dir(config->arena));
		return true;
	}
	const char *current = current_dir(config->arena, err);
	if (!current)
		return false;
	config->catalogue = option_dsn(config->arena, str_of(dsn), current);
	return config->catalogue ||
	       err_set(err, ERR_USAGE, "PORTHOLE_DSN must be sqlite:PATH or postgresql://HOST/NAME");
}

const char *config_dsn(struct arena *arena, const char *text, struct err *err)
{
	const char *current = current_dir(arena, err);
	if (!current)
		return NULL;
	const char *dsn = option_dsn(arena, str_of(text), current);
	if (!dsn)
		err_set(err, ERR_USAGE, "a catalogue is sqlite:PATH or postgresql://HOST/NAME");
	else if (dsn[0] != '/' && option_has_password(str_of(dsn)))
		err_set(err, ERR_USAGE,
			"the address must not hold a password: use the file that PGPASSFILE names");
	else
		return dsn;
	return NULL;
}

static void complete_projects(struct config *config)
{
	for (size_t i = 0; i < config->n_projects; i++)
		if (!config->projects[i].title)
			config->projects[i].title = config->projects[i].name;
}

static bool read_text(
	struct config *config, const char *name, const char *base_dir, struct str text, struct err *err)
{
	struct option_reading reading = {.arena = config->arena, .name = name, .err = err};
	reading.base_dir = absolute_dir(config->arena, base_dir, err);
	if (!reading.base_dir)
		return false;
	const struct yaml *root = yaml_parse(config->arena, name, text, err);
	if (!root || !options_read(&reading, root, config))
		return false;
	complete_projects(config);
	return choose_catalogue(config, err);
}

struct config *config_parse(const char *name, const char *base_dir, struct str text, struct err *err)
{
	struct config *config = new_config();
	if (read_text(config, name, base_dir, text, err))
		return config;
	config_free(config);
	return NULL;
}

/* --- what is declared for everybody ------------------------------------------------- */

static bool read_shared(struct config *config, const char *name, struct str text, struct err *err)
{
	struct option_reading reading = {
		.arena = config->arena, .name = name, .base_dir = "/", .is_shared = true, .err = err};
	const struct yaml *root = yaml_parse(config->arena, name, text, err);
	if (!root || !options_read(&reading, root, config))
		return false;
	complete_projects(config);
	return true;
}

bool config_check_shared(const char *name, struct str text, struct err *err)
{
	struct config *config = new_config();
	bool ok = read_shared(config, name, text, err);
	config_free(config);
	return ok;
}

bool config_is_shared(const char *section)
{
	size_t n;
	const struct config_option *options = config_options(&n);
	for (size_t i = 0; i < n && !options[i].where[0]; i++)
		if (!strcmp(options[i].key, section))
			return !options[i].is_local;
	return false;
}

/* Room grows by doubling: an array of N items has room for the next power of two. */
static size_t room_for(size_t n)
{
	size_t room = 1;
	while (room < n)
		room *= 2;
	return room;
}

static void *dup_items(struct arena *arena, const void *items, size_t n, size_t size, size_t room)
{
	void *copy = arena_get(arena, room, size);
	return n ? memcpy(copy, items, n * size) : copy;
}

#define DUP_ITEMS(arena, items, n, room) dup_items(arena, items, n, sizeof *(items), room)
/* Puts ITEM behind the N items. */
#define APPEND(arena, items, n, item)                                                                        \
	do {                                                                                                 \
		if ((n) == room_for(n))                                                                      \
			(items) = DUP_ITEMS(arena, items, n, room_for((n) + 1));                             \
		(items)[(n)++] = (item);                                                                     \
	} while (0)

struct config *config_extend(const struct config *config)
{
	struct arena *arena = arena_new();
	struct config *more = arena_new_of(arena, struct config);
	*more = *config;
	more->arena = arena;
	more->sources = DUP_ITEMS(arena, config->sources, config->n_sources, room_for(config->n_sources));
	more->projects = DUP_ITEMS(arena, config->projects, config->n_projects, room_for(config->n_projects));
	more->runbooks = DUP_ITEMS(arena, config->runbooks, config->n_runbooks, room_for(config->n_runbooks));
	more->calendar = DUP_ITEMS(arena, config->calendar, config->n_calendar, room_for(config->n_calendar));
	return more;
}

static bool has_project(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_projects; i++)
		if (!strcmp(config->projects[i].name, name))
			return true;
	return false;
}

static bool has_runbook(const struct config *config, const struct config_runbook *runbook)
{
	for (size_t i = 0; i < config->n_runbooks; i++)
		if (!strcmp(config->runbooks[i].match, runbook->match) &&
			str_same(config->runbooks[i].pipeline, runbook->pipeline))
			return true;
	return false;
}

static bool has_day(const struct config *config, const struct config_day *day)
{
	for (size_t i = 0; i < config->n_calendar; i++)
		if (!strcmp(config->calendar[i].name, day->name) &&
			config->calendar[i].from_ms == day->from_ms)
			return true;
	return false;
}

bool config_add(struct config *config, const char *name, struct str text, struct err *err)
{
	struct config more = {.arena = config->arena};
	if (!read_shared(&more, name, text, err))
		return false;
	for (size_t i = 0; i < more.n_sources; i++)
		if (!config_source(config, more.sources[i].name))
			APPEND(config->arena, config->sources, config->n_sources, more.sources[i]);
	for (size_t i = 0; i < more.n_projects; i++)
		if (!has_project(config, more.projects[i].name))
			APPEND(config->arena, config->projects, config->n_projects, more.projects[i]);
	for (size_t i = 0; i < more.n_runbooks; i++)
		if (!has_runbook(config, &more.runbooks[i]))
			APPEND(config->arena, config->runbooks, config->n_runbooks, more.runbooks[i]);
	for (size_t i = 0; i < more.n_calendar; i++)
		if (!has_day(config, &more.calendar[i]))
			APPEND(config->arena, config->calendar, config->n_calendar, more.calendar[i]);
	return true;
}

/* --- finding it ------------------------------------------------------------------ */

static const char *folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return NULL;
	return slash == path ? "/" : arena_dup(arena, (struct str){path, (size_t)(slash - path)});
}

static bool load_file(struct config *config, const char *path, struct err *err)
{
	struct buf text;
	buf_init(&text, MOST_BYTES);
	config->file = arena_dupz(config->arena, path);
	bool ok = file_read_trusted(path, MOST_BYTES, &text, err);
	if (ok)
		ok = read_text(config, config->file, folder_of(config->arena, path), buf_str(&text), err);
	else
		err_wrap(err, "configuration");
	buf_fini(&text);
	return ok;
}

/* Without any configuration: the tracking server that MLflow's own client would use. What is no address of a
 * server (a folder, a database) is none of ours. */
static void offer_mlflow(struct config *config)
{
	const char *url = env("MLFLOW_TRACKING_URI"), *user = env("MLFLOW_TRACKING_USERNAME");
	struct config offer = {.arena = config->arena};
	struct option_reading reading = {
		.arena = config->arena, .name = "MLFLOW_TRACKING_URI", .base_dir = "/"};
	struct buf text;
	if (!url)
		return;
	buf_init(&text, 0);
	struct json_writer w = {.out = &text};
	buf_addz(&text, "sources: [{name: mlflow, kind: mlflow, url: ");
	json_put_str(&w, str_of(url));
	if (env("MLFLOW_TRACKING_TOKEN"))
		buf_addz(&text, ", token_env: MLFLOW_TRACKING_TOKEN");
	if (user) {
		buf_addz(&text, ", username: ");
		w.needs_comma = false;
		json_put_str(&w, str_of(user));
		if (env("MLFLOW_TRACKING_PASSWORD"))
			buf_addz(&text, ", password_env: MLFLOW_TRACKING_PASSWORD");
	}
	buf_addz(&text, "}]");
	const struct yaml *root = yaml_parse(config->arena, reading.name, buf_str(&text), NULL);
	if (root && options_read(&reading, root, &offer)) {
		config->sources = offer.sources;
		config->n_sources = offer.n_sources;
	}
	buf_fini(&text);
}

/* What `porthole run` wrote on this machine is a source without anybody saying so, unless one is configured
 * or the catalogue is shared: there the runs of two people would be those of one source. */
static void add_own_runs(struct config *config)
{
	struct config own = {.arena = config->arena};
	struct option_reading reading = {
		.arena = config->arena, .name = "runs of this machine", .base_dir = "/"};
	struct stat st;
	const char *folder = config_runs_folder(config->arena);
	if (config->catalogue[0] != '/' || config_local_source(config) ||
		config_source(config, CONFIG_LOCAL) || stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
		return;
	struct buf text;
	buf_init(&text, 0);
	struct json_writer w = {.out = &text};
	buf_addz(&text, "sources: [{name: " CONFIG_LOCAL ", kind: local, path: ");
	json_put_str(&w, str_of(folder));
	buf_addz(&text, "}]");
	const struct yaml *root = yaml_parse(config->arena, reading.name, buf_str(&text), NULL);
	if (root && options_read(&reading, root, &own)) {
		config->sources =
			DUP_ITEMS(config->arena, config->sources, config->n_sources, config->n_sources + 1);
		config->sources[config->n_sources++] = own.sources[0];
	}
	buf_fini(&text);
}

/* The first that exists of the user's and the system's; one that cannot be read is an error. */
static bool load_default(struct config *config, struct err *err)
{
	const char *user_file = arena_printf(config->arena, "%s/portal.yaml", file_config_dir(config->arena));
	const char *const paths[] = {user_file, system_file};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		if (load_file(config, paths[i], err))
			return true;
		if (err->code != ERR_NOT_FOUND)
			return false;
	}
	config->file = NULL;
	err_clear(err);
	if (!env("PORTHOLE_DSN")) /* else the shared catalogue says what there is */
		offer_mlflow(config);
	return choose_catalogue(config, err);
}

struct config *config_load(const char *file, struct err *err)
{
	struct config *config = new_config();
	struct err why = {0};
	const char *named = file ? file : env("PORTHOLE_CONFIG");
	if (named ? load_file(config, named, &why) : load_default(config, &why)) {
		add_own_runs(config);
		return config;
	}
	/* Not found, not ours or not readable: to the person it is all configuration. */
	err_set(err, ERR_USAGE, "%s", why.msg);
	config_free(config);
	return NULL;
}

/* --- asking it ------------------------------------------------------------------- */

const struct config_source *config_source(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_sources; i++)
		if (strcmp(config->sources[i].name, name) == 0)
			return &config->sources[i];
	return NULL;
}

const char *config_runs_folder(struct arena *arena)
{
	return arena_printf(arena, "%s/runs", file_data_dir(arena));
}

const struct config_source *config_local_source(const struct config *config)
{
	for (size_t i = 0; i < config->n_sources && config->recorded_until_ms == TIME_NONE; i++)
		if (strcmp(config->sources[i].kind, "local") == 0 && !config->sources[i].disabled)
			return &config->sources[i];
	return NULL;
}

static bool has_pipeline(const struct config_project *project, struct str name)
{
	for (size_t i = 0; i < project->n_pipelines; i++)
		if (str_glob(str_of(project->pipelines[i]), name))
			return true;
	return false;
}

const struct config_project *config_project_of(
	const struct config *config, const char *source, const char *pipeline)
{
	char *name = x_printf("%s/%s", source, pipeline);
	const struct config_project *found = NULL;
	for (size_t i = 0; i < config->n_projects && !found; i++)
		if (has_pipeline(&config->projects[i], str_of(name)))
			found = &config->projects[i];
	x_free(name);
	return found;
}

/* The value of the first pattern that matches NAME, in file order. */
static const char *first_match(const struct config_pair *pairs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_glob(str_of(pairs[i].key), str_of(name)))
			return pairs[i].value;
	return NULL;
}

const char *config_owner(const struct config_project *project, const char *step)
{
	const char *owner = step ? first_match(project->owners, project->n_owners, step) : NULL;
	return owner ? owner : project->owner;
}

const char *config_due(const struct config_project *project, const char *source, const char *pipeline)
{
	char *name = x_printf("%s/%s", source, pipeline);
	const char *due = first_match(project->due, project->n_due, name);
	x_free(name);
	return due;
}

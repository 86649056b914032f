/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The option table, and the reading that it drives. A new key is one row. */
#include "client/config/options.h"

#include "client/base/clock.h"
#include "client/base/mem.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

static const struct option_type option_map, option_maps, option_sources;

#define NOWHERE SIZE_MAX

/* A key whose value goes to a member of the section's struct; the same for a list or map, whose
 * length goes to n_MEMBER; and one that is checked only, until the feature that needs it comes. */
#define OPTION(section, name, kind, owner, member, about, ...)                                               \
	{                                                                                                    \
		.where = section, .key = name, .type = #kind, .reader = &option_##kind,                      \
		.at = offsetof(struct owner, member), .help = about, __VA_ARGS__                             \
	}
#define OPTIONS(section, name, kind, owner, member, about, ...)                                              \
	OPTION(section, name, kind, owner, member, about, .n_at = offsetof(struct owner, n_##member),        \
		__VA_ARGS__)
#define CHECKED(section, name, kind, about, ...)                                                             \
	{                                                                                                    \
		.where = section, .key = name, .type = #kind, .reader = &option_##kind, .at = NOWHERE,       \
		.help = about, __VA_ARGS__                                                                   \
	}
/* The same with a list of what is allowed in the place of the type. */
#define CHOICE(section, name, values, owner, member, about, ...)                                             \
	{                                                                                                    \
		.where = section, .key = name, .type = values, .reader = &option_choice,                     \
		.at = offsetof(struct owner, member), .help = about, __VA_ARGS__                             \
	}
#define CHECKED_CHOICE(section, name, values, about, ...)                                                    \
	{                                                                                                    \
		.where = section, .key = name, .type = values, .reader = &option_choice, .at = NOWHERE,      \
		.help = about, __VA_ARGS__                                                                   \
	}

#define KINDS  "mlflow|airflow|metaflow|spark|sagemaker|tensorboard|arize|local|plugin"
#define PHASES "preproduction|production|launch|operations|plateau"

#define LOCAL .is_local = true

/* clang-format off */
/* The rows of a section stand together. */
static const struct config_option options[] = {
	OPTION("", "catalogue", catalogue, config, catalogue, "sqlite:PATH or postgresql://…",
		.fallback = "porthole.db in the user's data folder", LOCAL),
	OPTION("", "user", line, config, user, "who you are, on a shared account only", .fallback = "the login", LOCAL),
	OPTION("", "timezone", timezone, config, timezone, "where times are shown", .fallback = "the system's", LOCAL),
	OPTIONS("", "sources", sources, config, sources, "the tools to read"),
	OPTIONS("", "projects", maps, config, projects, "what a team owns"),
	OPTIONS("", "runbooks", maps, config, runbooks, "pages for failures that match"),
	OPTIONS("", "docs", paths, config, docs, "folders of documentation pages", LOCAL),
	OPTIONS("", "calendar", maps, config, calendar, "launches, migrations, freezes and holidays"),
	CHECKED("", "volumes", maps, "players per game"),
	CHECKED("", "databases", maps, "where checks and A/B tests ask", LOCAL),
	CHECKED("", "checks", maps, "data checks that the portal runs"),
	CHECKED("", "monitors", maps, "standing rules over series"),
	CHECKED("", "abtests", maps, "A/B tests to follow"),
	CHECKED("", "costs", maps, "what pipelines cost, and when that is reviewed"),
	OPTIONS("", "notify", maps, config, notify, "whom to tell, and how", LOCAL),
	OPTIONS("", "commands", maps, config, commands, "your own commands on objects, in the menu of actions", LOCAL),
	OPTIONS("", "mask", lines, config, mask, "patterns to hide in logs, params and conf, besides the built-in ones", LOCAL),
	OPTION("", "keep", map, config, keep, "how long what is remembered stays", LOCAL),
	OPTION("", "theme", name, config, theme, "colours, see 'porthole themes'; auto: by the background", .fallback = "auto", LOCAL),
	OPTION("", "mouse", flag, config, mouse, "wheel and clicks in the portal", .fallback = "false", LOCAL),
	OPTIONS("", "keys", pairs, config, keys, "keys for commands", LOCAL),
	OPTION("", "read_only", flag, config, read_only, "no actions on any source", .fallback = "false", LOCAL),
	OPTION("", "recorded_until", time, config, recorded_until_ms, "a recorded sample: when it ends", LOCAL),

	OPTION("sources", "name", name, config_source, name, "how refs name it", .is_required = true),
	CHOICE("sources", "kind", KINDS, config_source, kind, "the tool", .is_required = true),
	OPTION("sources", "url", url, config_source, url, "where the tool answers"),
	OPTION("sources", "path", path, config_source, path, "a folder to read instead"),
	OPTION("sources", "username", line, config_source, username, "for basic authentication"),
	OPTION("sources", "password_env", variable, config_source, password.env, "variable with the password", LOCAL),
	OPTION("sources", "password_command", words, config_source, password.command, "command that prints the password", LOCAL),
	OPTION("sources", "token_env", variable, config_source, token.env, "variable with the token", LOCAL),
	OPTION("sources", "token_file", path, config_source, token.file, "file with the token, mode 0600", LOCAL),
	OPTION("sources", "token_command", words, config_source, token.command, "command that prints the token", LOCAL),
	OPTIONS("sources", "headers", headers, config_source, headers, "further request headers, without secrets", LOCAL),
	OPTION("sources", "ca_file", path, config_source, ca_file, "certificates to trust", .fallback = "the system's", LOCAL),
	OPTION("sources", "client_cert", path, config_source, client_cert, "certificate and key to show", LOCAL),
	OPTION("sources", "proxy", proxy, config_source, proxy, "proxy to go through", .fallback = "the environment's"),
	OPTION("sources", "since", since, config_source, since_ms, "nothing older is read", .fallback = "the beginning"),
	OPTION("sources", "concurrency", integer, config_source, concurrency, "requests at a time",
		.fallback = "the kind's own", .min = 1, .max = 16),
	OPTION("sources", "rate", number, config_source, rate, "requests a second",
		.fallback = "no limit", .min = 0, .max = 1000),
	OPTION("sources", "actions", flag, config_source, actions, "whether actions are allowed", .fallback = "false"),
	OPTION("sources", "disabled", flag, config_source, disabled, "left alone", .fallback = "false"),
	OPTION("sources", "command", words, config_source, command, "the program that speaks the source protocol",
		.only = "plugin", LOCAL),
	CHECKED("sources", "region", line, "AWS region", .fallback = "the environment's", .only = "sagemaker"),
	CHECKED("sources", "profile", line, "AWS profile", .fallback = "the environment's", .only = "sagemaker"),
	CHECKED("sources", "graphql_url", url, "where GraphQL answers", .only = "arize"),
	CHECKED("sources", "space", line, "the space to read", .only = "arize"),
	CHECKED("sources", "card_path", path, "folder of cards, where it is not in the datastore", .only = "metaflow"),

	OPTION("projects", "name", line, config_project, name, "how refs name it", .is_required = true),
	OPTION("projects", "title", line, config_project, title, "how screens name it", .fallback = "the name"),
	OPTION("projects", "owner", line, config_project, owner, "team or person"),
	OPTIONS("projects", "owners", pairs, config_project, owners, "owners by step pattern"),
	OPTION("projects", "oncall", line, config_project, oncall, "who is on call"),
	OPTION("projects", "oncall_command", words, config_project, oncall_command, "command that prints who is on call", LOCAL),
	CHOICE("projects", "severity", "production|staging|playground", config_project, severity,
		"playground never wakes anybody", .fallback = "production"),
	CHOICE("projects", "phase", PHASES, config_project, phase, "where in its life it is", .fallback = "operations"),
	OPTIONS("projects", "pipelines", lines, config_project, pipelines,
		"patterns of SOURCE/PIPELINE; SOURCE alone: it answers for that tool itself"),
	OPTIONS("projects", "due", times, config_project, due, "when a pipeline's result must be there"),
	OPTION("projects", "fallback", line, config_project, fallback, "what holds where a run is missing"),
	OPTION("projects", "baseline", line, config_project, baseline, "what models are compared with"),
	OPTIONS("projects", "consumers", maps, config_project, consumers, "who uses the result"),
	OPTIONS("projects", "docs", lines, config_project, docs, "its documentation pages"),

	OPTION("projects.consumers", "name", line, config_consumer, name, "who", .is_required = true),
	OPTION("projects.consumers", "contact", line, config_consumer, contact, "whom to tell"),
	OPTION("projects.consumers", "promise", line, config_consumer, promise, "what they were promised"),

	OPTION("runbooks", "match", line, config_runbook, match, "pattern in the cause", .is_required = true),
	OPTION("runbooks", "pipeline", line, config_runbook, pipeline, "pattern of SOURCE/PIPELINE", .fallback = "all"),
	OPTION("runbooks", "page", line, config_runbook, page, "the page to show", .is_required = true),

	OPTION("calendar", "name", line, config_day, name, "what it is", .is_required = true),
	OPTION("calendar", "from", date, config_day, from_ms, "first day", .is_required = true),
	OPTION("calendar", "to", date, config_day, to_ms, "last day", .fallback = "the first"),
	CHOICE("calendar", "kind", "launch|migration|freeze|holiday", config_day, kind,
		"what it means for series and actions", .is_required = true),
	OPTION("calendar", "project", line, config_day, project, "the project that it is about", .fallback = "all"),

	CHECKED("volumes", "game", line, "which game", .is_required = true),
	CHECKED("volumes", "daily_players", number, "players a day", .min = 0, .max = INT64_MAX),
	CHECKED("volumes", "monthly_players", number, "players a month", .min = 0, .max = INT64_MAX),
	CHECKED("volumes", "as_of", date, "when that was so"),

	CHECKED("databases", "name", line, "how checks name it", .is_required = true),
	CHECKED("databases", "url", database, "postgresql://…", .is_required = true),
	CHECKED("databases", "password_env", variable, "variable with the password"),

	CHECKED("checks", "name", line, "how refs name it", .is_required = true),
	CHECKED("checks", "pipeline", line, "pattern of SOURCE/PIPELINE", .is_required = true),
	CHECKED("checks", "step", line, "the step that it belongs to"),
	CHECKED("checks", "database", line, "name of the database to ask"),
	CHECKED("checks", "sql", text, "query that gives one number"),
	CHECKED("checks", "lower", number, "least value that passes"),
	CHECKED("checks", "upper", number, "greatest value that passes"),
	CHECKED("checks", "every", every, "how often", .fallback = "run"),

	CHECKED("monitors", "name", line, "how refs name it", .is_required = true),
	CHECKED("monitors", "series", line, "REF#METRIC", .is_required = true),
	CHECKED("monitors", "method", line, "how it judges", .fallback = "seasonal"),
	CHECKED("monitors", "min_change", number, "changes below this are no news", .min = 0, .max = INT64_MAX),
	CHECKED("monitors", "lower", number, "least value without an alert"),
	CHECKED("monitors", "upper", number, "greatest value without an alert"),
	CHECKED("monitors", "notify", lines, "names below 'notify'"),

	CHECKED("abtests", "name", line, "how refs name it", .is_required = true),
	CHECKED("abtests", "pipeline", line, "SOURCE/PIPELINE of what is tested"),
	CHECKED("abtests", "unit", line, "what is assigned to an arm"),
	CHECKED("abtests", "arms", numbers, "arms and their shares", .min = 0, .max = 1),
	CHECKED("abtests", "control", line, "the arm to compare with"),
	CHECKED("abtests", "primary", map, "the metric that decides"),
	CHECKED("abtests", "guardrails", maps, "metrics that must not get worse"),
	CHECKED("abtests", "planned_n", integer, "units to wait for", .min = 1, .max = INT64_MAX),
	CHECKED("abtests", "mde", number, "the least effect worth finding"),
	CHECKED("abtests", "database", line, "name of the database to ask"),
	CHECKED("abtests", "sql", text, "query that gives day, arm, segment, metric, n, sum, sumsq"),

	CHECKED("abtests.primary", "metric", line, "its name", .is_required = true),
	CHECKED_CHOICE("abtests.primary", "type", "proportion|mean|ratio", "how it is computed"),

	CHECKED("abtests.guardrails", "metric", line, "its name", .is_required = true),
	CHECKED_CHOICE("abtests.guardrails", "type", "proportion|mean|ratio", "how it is computed"),
	CHECKED_CHOICE("abtests.guardrails", "bad", "up|down", "the direction that harms"),

	CHECKED("costs", "pipeline", line, "pattern of SOURCE/PIPELINE", .is_required = true),
	CHECKED("costs", "rate_per_hour", number, "price of an hour", .min = 0, .max = INT64_MAX),
	CHECKED("costs", "currency", currency, "in which currency"),
	CHECKED("costs", "review_every", duration, "how often cost and gain are reviewed"),

	OPTION("notify", "name", line, config_notify, name, "how monitors name it", .is_required = true),
	OPTION("notify", "webhook_env", variable, config_notify, webhook_env, "variable with the address of a webhook"),
	CHOICE("notify", "form", "json|slack", config_notify, form, "what a webhook gets", .fallback = "json"),
	OPTION("notify", "command", words, config_notify, command, "command to run, {title} {ref} {text} are put in"),
	CHOICE("notify", "severity", "production|staging|playground", config_notify, severity,
		"the least that it is told of", .fallback = "production"),
	OPTIONS("notify", "projects", lines, config_notify, projects, "of these alone", .fallback = "all"),
	OPTIONS("notify", "owners", lines, config_notify, owners, "whose questions go there", .fallback = "its name"),

	OPTION("commands", "name", line, config_command, name, "how the menu names it", .is_required = true),
	OPTIONS("commands", "on", lines, config_command, on, "pipeline, run, step", .fallback = "all of them"),
	OPTION("commands", "command", words, config_command, command,
		"program and arguments; {ref} {source} {pipeline} {run} {step} {index} {url} are put in", .is_required = true),

	OPTION("keep", "runs", duration, config_keep, runs_ms, "runs", .fallback = "for ever"),
	OPTION("keep", "step_runs", duration, config_keep, step_runs_ms, "step runs", .fallback = "for ever"),
	OPTION("keep", "cache", size, config_keep, cache_bytes, "logs and curves on disk", .fallback = "2GB"),
};
/* clang-format on */

const struct config_option *config_options(size_t *n)
{
	*n = ARRAY_LEN(options);
	return options;
}

/* --- sections ------------------------------------------------------------------- */

static const struct config_source blank_source = {.since_ms = TIME_NONE};
static const struct config_project blank_project = {.severity = "production", .phase = "operations"};
static const struct config_consumer blank_consumer;
static const struct config_runbook blank_runbook;
static const struct config_day blank_day = {.to_ms = TIME_NONE};
static const struct config_notify blank_notify = {.form = "json", .severity = "production"};
static const struct config_command blank_command;
static const struct config_keep blank_keep = {.cache_bytes = CONFIG_CACHE_BYTES};

static const struct section {
	const char *where, *phrase;
	size_t size;	   /* of the struct that holds one; 0: checked only */
	const void *blank; /* what it holds where nothing is said */
	bool has_unique_names;
} sections[] = {
	{.where = "", .phrase = "the configuration"},
	{"sources", "a source", sizeof blank_source, &blank_source, true},
	{"projects", "a project", sizeof blank_project, &blank_project, true},
	{"projects.consumers", "a consumer", sizeof blank_consumer, &blank_consumer, false},
	{"runbooks", "a runbook", sizeof blank_runbook, &blank_runbook, false},
	{"calendar", "a calendar entry", sizeof blank_day, &blank_day, false},
	{.where = "volumes", .phrase = "a volume"},
	{.where = "databases", .phrase = "a database", .has_unique_names = true},
	{.where = "checks", .phrase = "a check"},
	{.where = "monitors", .phrase = "a monitor", .has_unique_names = true},
	{.where = "abtests", .phrase = "an A/B test", .has_unique_names = true},
	{.where = "abtests.primary", .phrase = "a primary metric"},
	{.where = "abtests.guardrails", .phrase = "a guardrail"},
	{.where = "costs", .phrase = "a cost"},
	{"notify", "a notification", sizeof blank_notify, &blank_notify, true},
	{"commands", "a command", sizeof blank_command, &blank_command, true},
	{"keep", "'keep'", sizeof blank_keep, &blank_keep, false},
};

/* The section below the key of O: "sources", or "projects.consumers". */
static const struct section *section_of(const struct config_option *o)
{
	size_t outer = strlen(o->where);
	for (size_t i = 1; i < ARRAY_LEN(sections); i++) {
		const char *where = sections[i].where;
		if (strncmp(where, o->where, outer) != 0)
			continue;
		if (strcmp(where + outer + (outer && where[outer] == '.'), o->key) == 0)
			return &sections[i];
	}
	bug(__FILE__, __LINE__, o->key);
}

struct rows {
	const struct config_option *first;
	size_t n;
};

static struct rows rows_of(const struct section *section)
{
	size_t from = 0, to;
	while (from < ARRAY_LEN(options) && strcmp(options[from].where, section->where) != 0)
		from++;
	for (to = from; to < ARRAY_LEN(options) && strcmp(options[to].where, section->where) == 0;)
		to++;
	return (struct rows){&options[from], to - from};
}

static const struct config_option *find_row(struct rows rows, struct str key)
{
	for (size_t i = 0; i < rows.n; i++)
		if (str_is(key, rows.first[i].key))
			return &rows.first[i];
	return NULL;
}

static bool unknown_key(
	struct option_reading *r, const struct section *section, struct rows rows, const struct yaml *key)
{
	const char *best = NULL;
	size_t best_distance = SIZE_MAX;
	for (size_t i = 0; i < rows.n; i++) {
		size_t distance = option_nearness(key->text, str_of(rows.first[i].key));
		if (distance < best_distance) {
			best = rows.first[i].key;
			best_distance = distance;
		}
	}
	if (!best)
		return option_fail(
			r, key->line, "unknown key '%.*s' in %s", STR_FMT(key->text), section->phrase);
	return option_fail(r, key->line, "unknown key '%.*s' in %s; did you mean '%s'?", STR_FMT(key->text),
		section->phrase, best);
}

/* Reads one value into its member of OUT, or into nothing. */
static bool read_value(
	struct option_reading *r, const struct config_option *o, const struct yaml *node, void *out)
{
	union {
		const char *text;
		const void *table;
		int64_t integer;
		double number;
		bool flag;
	} unused;
	size_t n_unused;
	struct option_slot slot = {.value = &unused, .n = &n_unused};
	if (out && o->at != NOWHERE)
		slot.value = (char *)out + o->at;
	if (out && o->n_at)
		slot.n = (size_t *)(void *)((char *)out + o->n_at);
	if (!o->reader->read(r, o, node, slot))
		return false;
	if (r->json) {
		json_key(r->json, o->key);
		o->reader->put(r->json, slot);
	}
	return true;
}

static bool is_given(const struct yaml *map, const char *key)
{
	const struct yaml *value = yaml_get(map, key);
	return value && !yaml_is_null(value);
}

static bool check_required(
	struct option_reading *r, const struct section *section, struct rows rows, const struct yaml *map)
{
	for (size_t i = 0; i < rows.n; i++)
		if (rows.first[i].is_required && !is_given(map, rows.first[i].key))
			return option_fail(r, map->line, "%s needs '%s'", section->phrase, rows.first[i].key);
	return true;
}

/* Of a file that also holds what cannot be declared for everybody, that is not looked at. */
static bool is_left_out(
	const struct option_reading *r, const struct section *section, const struct config_option *o)
{
	return r->is_shared && o->is_local && section == &sections[0];
}

static bool check_shared(struct option_reading *r, const struct config_option *o, const struct yaml *node)
{
	if (!r->is_shared)
		return true;
	if (o->is_local)
		return option_fail(r, node->line,
			"'%s' is for files of your own: a shared catalogue keeps no command and no credential",
			o->key);
	if (o->reader == &option_path && node->type == YAML_SCALAR && !strchr("/~", *node->text.p))
		return option_fail(r, node->line, "'%s' must be an absolute path to be shared", o->key);
	return true;
}

/* A key without a value is as if it were not there. */
static bool read_map(
	struct option_reading *r, const struct section *section, const struct yaml *map, void *out)
{
	struct rows rows = rows_of(section);
	if (map->type != YAML_MAP)
		return option_fail(r, map->line, "%s must be a map such as {name: value}", section->phrase);
	for (size_t i = 0; i < map->n; i++) {
		const struct config_option *o = find_row(rows, map->keys[i].text);
		if (!o)
			return unknown_key(r, section, rows, &map->keys[i]);
		if (yaml_is_null(&map->items[i]) || is_left_out(r, section, o))
			continue;
		if (!check_shared(r, o, &map->items[i]) || !read_value(r, o, &map->items[i], out))
			return false;
	}
	return check_required(r, section, rows, map);
}

static bool check_names(struct option_reading *r, const struct section *section, const struct yaml *list)
{
	if (!section->has_unique_names)
		return true;
	const struct yaml **names = arena_array(r->arena, const struct yaml *, list->n);
	for (size_t i = 0; i < list->n; i++) {
		names[i] = yaml_get(&list->items[i], "name");
		for (size_t j = 0; j < i; j++)
			if (str_eq(names[i]->text, names[j]->text))
				return option_fail(r, names[i]->line, "%s named '%.*s' is in line %d already",
					section->phrase, STR_FMT(names[i]->text), names[j]->line);
	}
	return true;
}

typedef bool (*read_item_fn)(
	struct option_reading *r, const struct section *section, const struct yaml *map, void *out);

static bool read_items(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	read_item_fn read_item, struct option_slot out)
{
	const struct section *section = section_of(o);
	if (node->type != YAML_LIST)
		return option_fail(r, node->line, "'%s' must be a list", o->key);
	char *items = section->size ? arena_get(r->arena, node->n, section->size) : NULL;
	for (size_t i = 0; i < node->n; i++) {
		void *item = items ? memcpy(items + i * section->size, section->blank, section->size) : NULL;
		if (!read_item(r, section, &node->items[i], item))
			return false;
	}
	if (!check_names(r, section, node))
		return false;
	memcpy(out.value, &items, sizeof items);
	*out.n = node->n;
	return true;
}

static bool read_maps(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	return read_items(r, o, node, read_map, out);
}
static const struct option_type option_maps = {.read = read_maps};

static bool read_one_map(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	const struct section *section = section_of(o);
	return read_map(
		r, section, node, section->size ? memcpy(out.value, section->blank, section->size) : NULL);
}
static const struct option_type option_map = {.read = read_one_map};

/* --- what the keys of a source say together --------------------------------------- */

static bool check_kinds(struct option_reading *r, const struct section *section, const struct yaml *map,
	const struct config_source *source)
{
	struct rows rows = rows_of(section);
	for (size_t i = 0; i < map->n; i++) {
		const struct config_option *o = find_row(rows, map->keys[i].text);
		/* What a plug-in makes of its section is its own business. */
		if (o->only && strcmp(o->only, source->kind) != 0 && strcmp(source->kind, "plugin") != 0)
			return option_fail(r, map->keys[i].line,
				"'%s' is for sources of kind %s, and '%s' is of kind %s", o->key, o->only,
				source->name, source->kind);
	}
	return true;
}

static bool check_needs(struct option_reading *r, const struct yaml *map, const struct config_source *source)
{
	static const struct {
		const char *kind, *key, * or ;
	} needs[] = {
		{"mlflow", "url", NULL},
		{"airflow", "url", NULL},
		{"metaflow", "url", "path"},
		{"spark", "url", "path"},
		{"tensorboard", "path", NULL},
		{"local", "path", NULL},
		{"plugin", "command", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		if (strcmp(needs[i].kind, source->kind) != 0 || is_given(map, needs[i].key) ||
			(needs[i].or &&is_given(map, needs[i].or)))
			continue;
		return option_fail(r, map->line, "source '%s' of kind %s needs '%s'%s%s%s", source->name,
			source->kind, needs[i].key, needs[i].or ? " or '" : "",
			needs[i].or ? needs[i].or : "", needs[i].or ? "'" : "");
	}
	return true;
}

static int ways(const struct config_secret *secret)
{
	return !!secret->env + !!secret->file + !!secret->command;
}

static bool check_secrets(struct option_reading *r, const struct config_source *source)
{
	if (ways(&source->token) > 1)
		return option_fail(r, source->line,
			"source '%s' has more than one of 'token_env', 'token_file' and 'token_command'",
			source->name);
	if (ways(&source->password) > 1)
		return option_fail(r, source->line,
			"source '%s' has both 'password_env' and 'password_command'", source->name);
	if (ways(&source->password) && !source->username)
		return option_fail(
			r, source->line, "source '%s' has a password and no 'username'", source->name);
	return true;
}

static bool is_loopback(struct str host)
{
	char text[INET6_ADDRSTRLEN];
	struct in_addr v4;
	struct in6_addr v6;
	if (str_is(host, "localhost"))
		return true;
	if (host.n >= sizeof text)
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = 0;
	if (inet_pton(AF_INET, text, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool check_plain_http(
	struct option_reading *r, const struct yaml *map, const struct config_source *source)
{
	static const char *const keys[] = {"url", "graphql_url"};
	if (!ways(&source->token) && !ways(&source->password))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct yaml *url = yaml_get(map, keys[i]);
		if (!url || !str_starts(url->text, STR("http://")))
			continue;
		struct str host = option_url_host(url->text);
		if (!is_loopback(host))
			return option_fail(r, url->line,
				"source '%s' would send its %s over plain http to '%.*s': use https",
				source->name, ways(&source->token) ? "token" : "password", STR_FMT(host));
	}
	return true;
}

static bool check_source(struct option_reading *r, const struct section *section, const struct yaml *map,
	const struct config_source *source)
{
	return check_kinds(r, section, map, source) && check_needs(r, map, source) &&
	       check_secrets(r, source) && check_plain_http(r, map, source);
}

static bool read_source(
	struct option_reading *r, const struct section *section, const struct yaml *map, void *out)
{
	struct config_source *source = out;
	struct buf json;
	buf_init(&json, 0);
	struct json_writer writer = {.out = &json};
	r->json = &writer;
	source->line = map->line;
	json_open(&writer, '{');
	bool ok = read_map(r, section, map, source) && check_source(r, section, map, source);
	json_close(&writer, '}');
	source->json = (struct str){arena_dup(r->arena, buf_str(&json)), json.n};
	r->json = NULL;
	buf_fini(&json);
	return ok;
}

static bool read_sources(struct option_reading *r, const struct config_option *o, const struct yaml *node,
	struct option_slot out)
{
	return read_items(r, o, node, read_source, out);
}
static const struct option_type option_sources = {.read = read_sources};

bool options_read(struct option_reading *r, const struct yaml *root, struct config *config)
{
	return read_map(r, &sections[0], root, config);
}

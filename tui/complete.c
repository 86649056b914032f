/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/complete.h"

#include "client/base/clean.h"
#include "client/base/mem.h"
#include "client/catalogue/filter.h"
#include "client/catalogue/ref.h"
#include "client/protocol/state.h"
#include "tui/cli.h"
#include "tui/docs_builtin.h"

#define SPACE_STATES "open acknowledged snoozed resolved ignored ok stale error never closed"

/* One completion under way: HEAD stands before what is completed and stays as it is. */
struct completing {
	const struct completion *c;
	struct str head, begun;
	size_t n;
};

static void add(struct completing *k, struct str candidate, const char *tail, const char *about)
{
	if (k->n == COMPLETE_MOST || !str_starts(candidate, k->begun))
		return;
	struct buf *out = k->c->out;
	buf_addf(out, "%.*s", STR_FMT(k->head));
	clean_add(out, candidate, CLEAN_NAME | CLEAN_NO_SGR);
	buf_addf(out, "%s\t", tail);
	clean_add(out, str_of(about), CLEAN_NAME | CLEAN_NO_SGR);
	buf_addc(out, '\n');
	k->n++;
}

static void add_words(struct completing *k, const char *words, const char *tail, const char *about)
{
	struct str rest = str_of(words), word;
	while (str_next(&rest, ' ', &word))
		add(k, word, tail, about);
}

/* What is completed starts behind the last byte of WORD that is one of SEPARATORS. */
static void split(struct completing *k, struct str word, const char *separators)
{
	size_t at = word.n;
	while (at && !strchr(separators, word.p[at - 1]))
		at--;
	k->head = str_slice(word, 0, at);
	k->begun = str_slice(word, at, word.n);
}

/* --- the catalogue ---------------------------------------------------------- */

/* The parts of refs that SQL gives for PARAMS, and behind them the pattern of what was begun. */
static void add_parts(struct completing *k, const char *sql, const char *const *params, size_t n,
	const char *tail, const char *about)
{
	struct value values[4];
	struct result rows;
	struct err err;
	bool is_plain = !memchr(k->begun.p, '%', k->begun.n);
	for (size_t i = 0; i < n; i++)
		values[i] = value_text(params[i]);
	struct str glob =
		str_of(arena_printf(k->c->arena, "%.*s*", is_plain ? (int)k->begun.n : 0, k->begun.p));
	values[n] = value_text(filter_like(k->c->arena, glob));
	if (!k->c->store || !store_query(k->c->store, sql, values, n + 1, k->c->arena, &rows, &err))
		return;
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct buf part;
		buf_init(&part, 0);
		ref_add_part(&part, str_of(result_text(&rows, i, 0)));
		add(k, buf_str(&part), tail, about);
		buf_fini(&part);
	}
}

static void add_sources(struct completing *k, const char *tail)
{
	const struct config *config = k->c->config;
	for (size_t i = 0; config && i < config->n_sources; i++)
		add(k, str_of(config->sources[i].name), tail, config->sources[i].kind);
}

static void add_projects(struct completing *k)
{
	const struct config *config = k->c->config;
	for (size_t i = 0; config && i < config->n_projects; i++)
		add(k, str_of(config->projects[i].name), "", config->projects[i].title);
}

/* --- refs ------------------------------------------------------------------- */

/* Below a source, a pipeline, a run: what stands there, newest runs first. */
static const struct {
	const char *sql, *tail, *about;
} levels[] = {
	{"SELECT p.pipeline FROM pipeline p JOIN source s ON s.id = p.source_id"
	 " WHERE s.name = $1 AND p.gone = 0 AND p.pipeline LIKE $2 ESCAPE '\\' ORDER BY p.pipeline LIMIT 200",
		"", "pipeline"},
	{"SELECT r.run FROM run r JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = p.source_id"
	 " WHERE s.name = $1 AND p.pipeline = $2 AND r.gone = 0 AND r.run LIKE $3 ESCAPE '\\'"
	 " ORDER BY r.at_ms DESC, r.id DESC LIMIT 50",
		"", "run"},
	{"SELECT t.step FROM step t JOIN pipeline p ON p.id = t.pipeline_id JOIN source s ON s.id = p.source_id"
	 " JOIN run r ON r.pipeline_id = p.id WHERE s.name = $1 AND p.pipeline = $2 AND r.run = $3"
	 " AND t.step LIKE $4 ESCAPE '\\' ORDER BY t.position LIMIT 200",
		"", "step"},
};

static void add_refs(struct completing *k, struct str word)
{
	struct ref ref;
	struct err err;
	split(k, word, "/");
	if (!k->head.n) {
		add_sources(k, "/");
		return;
	}
	if (!ref_parse(k->c->arena, str_slice(k->head, 0, k->head.n - 1), &ref, &err))
		return;
	const char *const parts[] = {ref.source, ref.pipeline, ref.run};
	size_t depth = 0;
	while (depth < ARRAY_LEN(parts) && parts[depth])
		depth++;
	if (depth && !ref.step)
		add_parts(k, levels[depth - 1].sql, parts, depth, levels[depth - 1].tail,
			levels[depth - 1].about);
}

/* --- filters ---------------------------------------------------------------- */

static void add_values(struct completing *k, struct str key)
{
	if (str_is(key, "state")) {
		for (int state = 0; state < STATE_COUNT; state++)
			add(k, str_of(state_word(state)), "", "state of a run or a step");
		add_words(k, SPACE_STATES, "", "state of a problem or a source");
	} else if (str_is(key, "source")) {
		add_sources(k, "");
	} else if (str_is(key, "project")) {
		add_projects(k);
	} else if (str_is(key, "pipeline")) {
		add_parts(k,
			"SELECT DISTINCT pipeline FROM pipeline WHERE gone = 0 AND pipeline LIKE $1 ESCAPE '\\'"
			" ORDER BY pipeline LIMIT 200",
			NULL, 0, "", "pipeline");
	} else if (str_is(key, "since") || str_is(key, "until")) {
		add_words(k, "1h 24h 7d 30d", "", "back from now");
	} else if (str_is(key, "mine") || str_is(key, "deleted")) {
		add_words(k, "yes", "", "");
	}
}

static void add_filters(struct completing *k, const struct list_def *list, struct str word)
{
	struct str key;
	if (word.n && word.p[0] == '-')
		word = str_slice(word, 1, word.n);
	struct str rest = word;
	if (memchr(word.p, ':', word.n) && str_next(&rest, ':', &key)) {
		split(k, word, ":,");
		add_values(k, key);
		return;
	}
	k->begun = word;
	for (size_t i = 0; list && i < list->n_columns; i++)
		if (!(list->columns[i].flags & COLUMN_NO_KEY))
			add(k, str_of(list->columns[i].key), ":", "key");
	add_words(k, "since until project owner mine deleted", ":", "key");
}

/* --- options ---------------------------------------------------------------- */

static void add_options(struct completing *k, const struct cli_command *command, struct str word)
{
	size_t n;
	const struct cli_option *options = cli_options(&n);
	k->begun = word;
	for (size_t i = 0; i < n; i++)
		if (cli_takes(command, &options[i]))
			add(k, str_of(arena_printf(k->c->arena, "--%s", options[i].name)), "",
				options[i].help);
}

/* The option that takes WORD as its value, NULL where it takes none. */
static const struct cli_option *option_before(const struct completion *c)
{
	size_t n;
	const struct cli_option *options = cli_options(&n);
	const char *before = c->n_words > 1 ? c->words[c->n_words - 2] : "";
	for (size_t i = 0; i < n; i++)
		if (!strncmp(before, "--", 2) && !strcmp(before + 2, options[i].name) &&
			options[i].type != OPTION_FLAG && options[i].type != OPTION_OPTIONAL)
			return &options[i];
	return NULL;
}

static void add_option_values(
	struct completing *k, const struct cli_option *option, const struct list_def *list, struct str word)
{
	k->begun = word;
	if (!strcmp(option->name, "color"))
		add_words(k, "auto always never", "", "");
	else if (!strcmp(option->name, "since"))
		add_words(k, "1h 24h 7d 30d", "", "back from now");
	else if (!strcmp(option->name, "sort"))
		for (size_t i = 0; list && i < list->n_columns; i++)
			if (!(list->columns[i].flags & COLUMN_NO_KEY) && list->columns[i].sql)
				add(k, str_of(list->columns[i].key), "", "key");
}

/* --- the line --------------------------------------------------------------- */

static void add_commands(struct completing *k, struct str word)
{
	size_t n;
	const struct cli_command *commands = cli_commands(&n);
	k->begun = word;
	for (size_t i = 0; i < n; i++)
		add(k, str_of(commands[i].name), "", commands[i].help);
	const struct view_def *const *views = view_all(&n);
	for (size_t i = 0; i < n; i++)
		if (views[i]->kind == VIEW_LIST && views[i]->list)
			add(k, str_of(views[i]->name), "", views[i]->help);
	add_refs(k, word);
}

static void add_pages(struct completing *k, struct str word)
{
	struct docs *docs = docs_builtin_new(k->c->config);
	const struct pages *pages = docs_lock(docs);
	k->begun = word;
	add_words(k, "search lint publish rollback history helped gaps news", "", "");
	for (size_t i = 0; i < pages->n; i++)
		add(k, str_of(pages->pages[i].name), "", pages->pages[i].title);
	docs_unlock(docs);
	docs_free(docs);
}

static void add_arguments(
	struct completing *k, const struct cli_command *command, const struct list_def *list, struct str word)
{
	if (strstr(command->args, "FILTER"))
		add_filters(k, list, word);
	else if (strstr(command->args, "PAGE"))
		add_pages(k, word);
	else if (strstr(command->args, "REF"))
		add_refs(k, word);
	else if (strstr(command->args, "SOURCE")) {
		k->begun = word;
		add_sources(k, "");
	}
}

/* The first word that is no option and no option's value. */
static const char *command_word(const struct completion *c)
{
	for (size_t i = 0; i + 1 < c->n_words; i++) {
		struct completion before = *c;
		before.n_words = i + 1;
		if (strncmp(c->words[i], "--", 2) && !option_before(&before))
			return c->words[i];
	}
	return NULL;
}

void complete_line(const struct completion *c)
{
	struct completing k = {.c = c};
	struct str word = str_of(c->n_words ? c->words[c->n_words - 1] : "");
	const char *name = command_word(c);
	struct cli_command found;
	const struct cli_command *command = name && cli_find_command(name, &found) ? &found : NULL;
	const struct view_def *view = name ? view_find(name) : NULL;
	const struct list_def *list = view ? view->list : NULL;
	const struct cli_option *option = option_before(c);
	if (option)
		add_option_values(&k, option, list, word);
	else if (str_starts(word, STR("--")))
		add_options(&k, command, word);
	else if (!name)
		add_commands(&k, word);
	else if (command)
		add_arguments(&k, command, list, word);
}

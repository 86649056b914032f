/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/act_choice.h"

#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/live/act.h"
#include "client/live/own.h"

/* Of one without `args` they are asked for. */
static const struct act_choice known[] = {
	{.key = 'r',
		.title = "rerun",
		.verb = "rerun",
		.help = "what failed, and what waits behind it",
		.args = "{}"},
	{.key = 'c',
		.title = "clear",
		.verb = "clear",
		.help = "what failed, and nothing else",
		.args = "{}"},
	{.key = 'a',
		.title = "rerun all",
		.verb = "rerun",
		.help = "also what passed",
		.args = "{\"only_failed\":false}"},
	{.key = 'R',
		.title = "rerun the run",
		.verb = "rerun",
		.help = "all that failed in it",
		.level = ACT_ITS_RUN,
		.args = "{}"},
	{.key = 't',
		.title = "trigger",
		.verb = "trigger",
		.help = "a new run of the pipeline, with parameters",
		.level = ACT_ITS_PIPELINE,
		.asks = ACT_ASKS_PARAMETERS},
	{.key = 'x',
		.title = "cancel the run",
		.verb = "cancel",
		.help = "it is marked failed, its steps are stopped",
		.level = ACT_ITS_RUN,
		.args = "{}"},
	{.key = 's',
		.title = "set state",
		.verb = "set-state",
		.help = "success, failed or skipped; nothing runs by that",
		.asks = ACT_ASKS_STATE},
	{.key = 'n',
		.title = "note, tags",
		.verb = "tag",
		.help = "a note in the tool, or tags",
		.asks = ACT_ASKS_TAGS},
	{.key = 'p',
		.title = "pause",
		.verb = "pause",
		.help = "the pipeline starts no more runs",
		.level = ACT_ITS_PIPELINE,
		.args = "{}"},
	{.key = 'u',
		.title = "unpause",
		.verb = "unpause",
		.help = "it starts runs by its schedule again",
		.level = ACT_ITS_PIPELINE,
		.args = "{}"},
};

static const char *const states[] = {"success", "failed", "skipped", NULL};

/* --- what is offered ---------------------------------------------------------------- */

struct ref act_at_level(const struct ref *ref, enum act_level level)
{
	struct ref copy = *ref;
	if (level == ACT_THIS)
		return copy;
	copy.step = copy.index = NULL;
	copy.kind = REF_RUN;
	if (level == ACT_ITS_PIPELINE) {
		copy.run = NULL;
		copy.kind = REF_PIPELINE;
	}
	return copy;
}

/* A run itself is "this": rerunning it is not offered twice. */
static bool fits(const struct act_choice *choice, const struct ref *ref)
{
	const struct act_verb *verb = act_find_verb(choice->verb);
	int on = act_on(ref);
	if (choice->level == ACT_ITS_RUN && (on == ACT_ON_PIPELINE || !strcmp(choice->verb, "rerun")))
		return on == ACT_ON_STEP;
	struct ref object = act_at_level(ref, choice->level);
	return verb && verb->on & act_on(&object);
}

static bool fits_all(const struct act_choice *choice, const struct ref *refs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!fits(choice, &refs[i]))
			return false;
	return true;
}

static void add_verbs(struct arena *arena, const struct source *source, const struct ref *refs, size_t n,
	struct act_choice *choices, size_t *n_out)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (source_has_verb(source, known[i].verb) && fits_all(&known[i], refs, n))
			choices[(*n_out)++] = known[i];
	for (size_t i = 0; source_verb(source, i); i++) /* what only a plug-in knows */
		if (!act_find_verb(source_verb(source, i)))
			choices[(*n_out)++] =
				(struct act_choice){.title = arena_dupz(arena, source_verb(source, i)),
					.verb = arena_dupz(arena, source_verb(source, i)),
					.help = "as the plug-in means it",
					.args = "{}"};
}

struct act_choice *act_choices(struct arena *arena, const struct config *config, const struct source *source,
	const struct ref *refs, size_t n, size_t *n_out)
{
	size_t n_verbs = 0;
	while (source && source_verb(source, n_verbs))
		n_verbs++;
	struct act_choice *choices =
		arena_array(arena, struct act_choice, ARRAY_LEN(known) + n_verbs + config->n_commands);
	*n_out = 0;
	if (source)
		add_verbs(arena, source, refs, n, choices, n_out);
	for (size_t i = 0; n == 1 && !config->read_only && i < config->n_commands; i++)
		if (own_fits(&config->commands[i], &refs[0]))
			choices[(*n_out)++] = (struct act_choice){.title = config->commands[i].name,
				.verb = config->commands[i].name,
				.help = "your own command",
				.own = &config->commands[i]};
	return choices;
}

/* --- what is asked for ----------------------------------------------------------------- */

void act_form_fill(struct form *form, enum act_asked asks)
{
	if (asks == ACT_ASKS_PARAMETERS)
		form_add(form, "parameters", "KEY=VALUE KEY=VALUE …; ^E edits them as JSON in your editor",
			NULL);
	else if (asks == ACT_ASKS_STATE)
		form_add(form, "state", "what it is marked as", states);
	else
		form_add(form, "tags", "KEY=VALUE KEY=VALUE …", NULL);
	form_add(form, "note", "stays with it in the tool; may be empty", NULL);
}

/* A value as JSON writes it, else a text. */
static void put_value(struct json_writer *w, struct str value, bool only_text)
{
	struct buf array;
	buf_init(&array, 0);
	buf_addf(&array, "[%.*s]", STR_FMT(value));
	struct json_doc *doc = only_text ? NULL : json_parse(buf_str(&array), NULL);
	bool is_json = doc && json_len(json_root(doc)) == 1 && !json_repairs(doc);
	if (is_json)
		json_put_raw(w, value);
	else
		json_put_str(w, value);
	json_free(doc);
	buf_fini(&array);
}

/* "a=1 b=x" as members. */
static bool put_pairs(struct json_writer *w, struct str text, bool only_text, struct err *err)
{
	struct str word;
	while (text.n && str_next(&text, ' ', &word)) {
		size_t equals = str_find(word, STR("="), 0);
		if (!word.n)
			continue;
		if (equals == SIZE_MAX || !equals)
			return err_set(err, ERR_USAGE, "'%.*s' is not KEY=VALUE", STR_FMT(word));
		json_key_str(w, str_slice(word, 0, equals));
		put_value(w, str_slice(word, equals + 1, word.n), only_text);
	}
	return true;
}

void act_form_conf(const struct form *form, struct buf *out)
{
	struct json_writer w = {.out = out};
	json_open(&w, '{');
	(void)put_pairs(&w, form_value(form, 0), false, NULL);
	json_close(&w, '}');
}

static void put_note(struct json_writer *w, struct str note)
{
	if (!note.n)
		return;
	json_key(w, "note");
	json_put_str(w, note);
}

static bool put_first(struct json_writer *w, const struct form *form, enum act_asked asks, const char *conf,
	struct err *err)
{
	bool ok = true;
	if (asks == ACT_ASKS_STATE) {
		json_key(w, "state");
		json_put_str(w, form_value(form, 0));
		return true;
	}
	json_key(w, asks == ACT_ASKS_TAGS ? "tags" : "conf");
	if (conf) {
		json_put_raw(w, str_of(conf));
		return true;
	}
	json_open(w, '{');
	ok = put_pairs(w, form_value(form, 0), asks == ACT_ASKS_TAGS, err);
	json_close(w, '}');
	return ok;
}

bool act_form_args(const struct form *form, enum act_asked asks, const char *conf, struct buf *out,
	size_t *field, struct err *err)
{
	struct json_writer w = {.out = out};
	*field = 0;
	if (asks == ACT_ASKS_TAGS && !form_value(form, 0).n && !form_value(form, 1).n)
		return err_set(err, ERR_USAGE, "tags, or a note");
	json_open(&w, '{');
	bool ok = put_first(&w, form, asks, conf, err);
	put_note(&w, form_value(form, 1));
	json_close(&w, '}');
	return ok;
}

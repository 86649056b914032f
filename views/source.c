/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One source: how it is, its components, its newest runs. */
#include "client/base/mem.h"
#include "views/compose.h"
#include "views/format.h"
#include "views/lists.h"

enum {
	SQL_KIND,
	SQL_URL,
	SQL_STATE,
	SQL_SYNCED,
	SQL_SINCE,
	SQL_ERROR,
	SQL_PIPELINES,
	SQL_FULL,
	SQL_ATTEMPTED,
	SQL_FAILURES,
	SQL_RUNS_OF_DAY,
	SQL_MODELS,
	SQL_NEWEST_RUN,
	SQL_NEWEST_MODEL
};

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const char source_sql[] =
	"SELECT kind, url, state, synced_ms, since_ms, error,"
	" (SELECT count(*) FROM pipeline p WHERE p.source_id = s.id AND p.gone = 0), full_ms, attempted_ms, failures,"
	" (SELECT count(*) FROM run r WHERE r.source_id = s.id AND r.at_ms >= $2 AND r.gone = 0),"
	" (SELECT count(*) FROM model_version m WHERE m.source_id = s.id AND m.gone = 0),"
	" (SELECT max(r.at_ms) FROM run r WHERE r.source_id = s.id AND r.gone = 0),"
	" (SELECT max(m.created_ms) FROM model_version m WHERE m.source_id = s.id AND m.gone = 0)"
	" FROM source s WHERE id = $1";

/* What helps against errors that say this. */
static const struct {
	const char *says, *remedy;
} remedies[] = {
	{"HTTP 401", "it does not take our token or password: set the variable, file or command that has it"},
	{"not authorised",
		"it does not take our token or password: set the variable, file or command that has it"},
	{"HTTP 403", "it knows us and does not let us read: ask its owner for the right to"},
	{"HTTP 429", "it is asked too often: 'rate:' of the source says how often it may be"},
	{"certificate", "'ca_file:' of the source names whom to trust"},
	{"resolve",
		"its name is not known here: look at 'url:', and whether this host is on the right network"},
	{"connect", "is it running, and can this host reach it?"},
	{"timed out", "it takes too long: a lower 'concurrency:' asks less at a time"},
	{"time-out", "it takes too long: a lower 'concurrency:' asks less at a time"},
	{"exec", "'command:' names the program: is it there, and may it be run?"},
};

static const char *remedy_for(const char *error)
{
	for (size_t i = 0; i < ARRAY_LEN(remedies); i++)
		if (strstr(error, remedies[i].says))
			return remedies[i].remedy;
	return "'porthole doctor' looks closer";
}

static void add_error(struct view_data *data, struct block *facts, const char *name, const char *error)
{
	compose_fact(data, facts, "error", ROLE_ERROR, "%s", error);
	struct line *line = compose_fact(data, facts, "remedy", ROLE_TEXT, "%s", remedy_for(error));
	compose_span(data, line, ROLE_DIM, " · 'porthole sync %s' tries again", name);
}

static void add_state(struct view_data *data, struct block *facts, const char *name, const struct result *row)
{
	const char *state = result_text(row, 0, SQL_STATE);
	struct line *line = compose_fact(data, facts, "state", format_state_role(str_of(state)), "%s", state);
	int64_t since = result_ms(row, 0, SQL_SINCE), failures = result_int(row, 0, SQL_FAILURES, 0);
	if (since != TIME_NONE)
		compose_span(data, line, ROLE_DIM, " since %s", compose_local(data, since));
	if (failures > 1)
		compose_span(data, line, ROLE_LATE, " · %lld attempts failed in a row", (long long)failures);
	const char *error = result_text(row, 0, SQL_ERROR);
	if (error)
		add_error(data, facts, name, error);
}

/* How old what is known is, and what was asked last. */
static void add_synced(
	struct view_data *data, const struct view_args *args, struct block *facts, const struct result *row)
{
	int64_t synced = result_ms(row, 0, SQL_SYNCED), attempted = result_ms(row, 0, SQL_ATTEMPTED),
		full = result_ms(row, 0, SQL_FULL);
	struct line *line = compose_fact(data, facts, "synced", ROLE_TEXT, "%s (%s)",
		compose_local(data, synced), compose_ago(data, synced, args->now_ms));
	if (synced != TIME_NONE && attempted != TIME_NONE && attempted > synced)
		compose_span(data, line, ROLE_LATE, " · behind %s, asked %s",
			compose_duration(data, args->now_ms - synced),
			compose_ago(data, attempted, args->now_ms));
	if (full != TIME_NONE)
		compose_fact(
			data, facts, "all of it", ROLE_DIM, "read %s", compose_ago(data, full, args->now_ms));
}

/* What the configuration lets us do with it. */
static void add_rights(struct view_data *data, struct block *facts, const struct config_source *source)
{
	if (!source) {
		compose_fact(data, facts, "config", ROLE_LATE,
			"this configuration does not name it; 'porthole forget' drops it");
		return;
	}
	compose_fact(data, facts, "actions", ROLE_TEXT, "%s",
		source->disabled  ? "none: it is disabled"
		: source->actions ? "allowed"
				  : "refused: 'actions: true' allows them");
	if (source->rate > 0)
		compose_fact(data, facts, "rate", ROLE_TEXT, "at most %.3g requests a second", source->rate);
	if (source->concurrency)
		compose_fact(
			data, facts, "at a time", ROLE_TEXT, "%lld requests", (long long)source->concurrency);
	if (source->since_ms != TIME_NONE)
		compose_fact(data, facts, "since", ROLE_TEXT, "%s: nothing older is read",
			compose_local(data, source->since_ms));
}

/* What came last from it; a source that is asked and well may still have gone quiet. */
static void add_newest(
	struct view_data *data, const struct view_args *args, struct block *facts, const struct result *row)
{
	int64_t run = result_ms(row, 0, SQL_NEWEST_RUN), model = result_ms(row, 0, SQL_NEWEST_MODEL);
	if (run == TIME_NONE)
		return;
	struct line *line = compose_fact(
		data, facts, "newest", ROLE_TEXT, "run %s", compose_ago(data, run, args->now_ms));
	if (model != TIME_NONE)
		compose_span(
			data, line, ROLE_TEXT, " · model version %s", compose_ago(data, model, args->now_ms));
}

static void add_facts(struct view_data *data, const struct view_args *args, const struct result *row)
{
	struct block *facts = compose_block(data, BLOCK_FACTS, "source", NULL);
	add_state(data, facts, args->ref.source, row);
	compose_fact_text(data, facts, "kind", result_text(row, 0, SQL_KIND));
	compose_fact_text(data, facts, "address", result_text(row, 0, SQL_URL));
	add_synced(data, args, facts, row);
	struct line *line = compose_fact(data, facts, "holds", ROLE_TEXT,
		"%s pipelines · %s runs in 24 hours", compose_int(data, result_int(row, 0, SQL_PIPELINES, 0)),
		compose_int(data, result_int(row, 0, SQL_RUNS_OF_DAY, 0)));
	if (result_int(row, 0, SQL_MODELS, 0))
		compose_span(data, line, ROLE_TEXT, " · %s model versions",
			compose_int(data, result_int(row, 0, SQL_MODELS, 0)));
	add_newest(data, args, facts, row);
	add_rights(data, facts, args->config ? config_source(args->config, args->ref.source) : NULL);
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	struct found found;
	struct result row;
	if (!find_ref(store, &args->ref, &found, err))
		return false;
	const struct value params[] = {value_int(found.source_id), value_int(args->now_ms - DAY_MS)};
	if (!compose_row(data, store, source_sql, params, ARRAY_LEN(params), &row, err))
		return false;
	data->title = arena_printf(data->arena, "sources ▸ %s", args->ref.source);
	add_facts(data, args, &row);
	const struct list_block health = {
		.list = &list_health, .name = "health", .title = "components", .scope = &found};
	const struct list_block runs = {.list = &list_runs,
		.name = "runs",
		.title = "newest runs",
		.scope = &found,
		.leave_out = "source",
		.limit = 20};
	return compose_list(data, store, args, &health, err) && compose_list(data, store, args, &runs, err);
}

const struct view_def view_source = {
	.name = "source",
	.title = "source",
	.help = "one source: how it is, its components, its newest runs",
	.kind = VIEW_OBJECT,
	.list = &list_sources,
	.ref = REF_SOURCE,
	.load = load,
};

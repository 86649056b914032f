/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/list.h"

#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/catalogue/filter.h"
#include "client/catalogue/run_text.h"
#include "views/words.h"

/* The query under construction. */
struct builder {
	struct store *store; /* for what a bare key means; NULL: only the list's own keys are known */
	struct arena *arena;
	struct buf sql;
	struct value *params;
	size_t n_params, params_cap;
	const struct list_def *list;
	const struct view_args *args;
	const char *sort;      /* SQL of what is sorted by: never NULL */
	const char *sort_from; /* what is sorted: the list's `from`, or the column's */
	bool is_ascending;
	bool is_other_sort; /* than the list's own */
	bool is_ranked;	    /* by a pair of the run, which no index serves */
	enum words_attempt attempt;
	struct words words;
};

/* A parameter; returns its number in the text. */
static size_t new_param(struct builder *b, struct value value)
{
	if (b->n_params == b->params_cap) {
		struct value *before = b->params;
		b->params_cap = b->params_cap ? 2 * b->params_cap : 32;
		b->params = arena_array(b->arena, struct value, b->params_cap);
		for (size_t i = 0; i < b->n_params; i++)
			b->params[i] = before[i];
	}
	b->params[b->n_params++] = value;
	return b->n_params;
}

/* Adds a parameter and its place in the text. */
static void add_param(struct builder *b, struct value value)
{
	buf_addf(&b->sql, "$%zu", new_param(b, value));
}

static const struct column *column_of(const struct list_def *list, struct str key)
{
	for (size_t i = 0; i < list->n_columns; i++)
		if (str_is(key, list->columns[i].key))
			return &list->columns[i];
	return NULL;
}

/* "no key 'X' here; did you mean 'Y'?", else the keys that there are. */
static bool unknown_key(struct builder *b, const char *what, struct str key, struct err *err)
{
	const char *nearest = NULL;
	size_t best = 3;
	struct buf keys;
	buf_init(&keys, 0);
	for (size_t i = 0; i < b->list->n_columns; i++) {
		const struct column *column = &b->list->columns[i];
		if (!column->sql || column->flags & COLUMN_NO_KEY)
			continue;
		buf_addf(&keys, " %s", column->key);
		size_t distance = str_distance(key, str_of(column->key), best);
		if (distance < best) {
			best = distance;
			nearest = column->key;
		}
	}
	if (nearest)
		err_set(err, ERR_USAGE, "%s: this list has no key '%.*s'; did you mean '%s'?", what,
			STR_FMT(key), nearest);
	else
		err_set(err, ERR_USAGE, "%s: this list has no key '%.*s'; it has%.*s", what, STR_FMT(key),
			STR_FMT(buf_str(&keys)));
	buf_fini(&keys);
	return false;
}

static bool is_number(enum column_type type)
{
	return type == COLUMN_TIME || type == COLUMN_DURATION || type == COLUMN_INT || type == COLUMN_REAL ||
	       type == COLUMN_BOOL;
}

/* A value as the column's type wants it: numbers, durations ("5m") and times as ms. */
static bool number_of(const struct column *column, struct str text, int64_t now_ms, struct value *out)
{
	int64_t n;
	double real;
	if (str_to_int(text, INT64_MIN, INT64_MAX, &n) ||
		(column->type == COLUMN_DURATION && when_parse_duration(text, &n)) ||
		(column->type == COLUMN_TIME && when_parse_since(text, now_ms, &n)))
		*out = value_int(n);
	else if (column->type == COLUMN_BOOL && (str_is(text, "yes") || str_is(text, "true")))
		*out = value_int(1);
	else if (column->type == COLUMN_BOOL && (str_is(text, "no") || str_is(text, "false")))
		*out = value_int(0);
	else if (str_to_double(text, &real))
		*out = value_real(real);
	else
		return false;
	return true;
}

static const char *sql_op(enum filter_op op)
{
	static const char *const words[] = {[FILTER_EQ] = "=",
		[FILTER_NE] = "<>",
		[FILTER_LT] = "<",
		[FILTER_LE] = "<=",
		[FILTER_GT] = ">",
		[FILTER_GE] = ">="};
	return words[op];
}

/* `source:NAME` by the id that the rows have, too: PostgreSQL knows of the name in another table too little
 * to see that an index has the rows of a source in order. */
static bool is_source_of_rows(const struct builder *b, const struct column *column)
{
	return str_is(str_of(column->key), "source") && b->list->scope_source && b->list->source_sql &&
	       b->store && run_text_has_trigrams(b->store);
}

/* One alternative of `KEY:a,b*`: "-" is "nobody knows", a star makes it a glob. */
static bool add_alternative(
	struct builder *b, const struct column *column, struct str piece, bool is_quoted, struct err *err)
{
	if (!is_quoted && str_is(piece, "-")) {
		buf_addf(&b->sql, "(%s) IS NULL", column->sql);
		return true;
	}
	if (is_number(column->type)) {
		struct value value;
		if (!number_of(column, piece, b->args->now_ms, &value))
			return err_set(err, ERR_USAGE, "filter: '%.*s' is no value for '%s'", STR_FMT(piece),
				column->key);
		buf_addf(&b->sql, "(%s) = ", column->sql);
		add_param(b, value);
		return true;
	}
	bool is_glob = !is_quoted && (str_has(piece, STR("*")) || str_has(piece, STR("?")));
	/* capitals or not, as SQLite's LIKE has it; PostgreSQL's minds */
	buf_addf(&b->sql, is_glob ? "lower(%s) LIKE lower(" : "(%s) = ", column->sql);
	add_param(b, is_glob ? value_text(filter_like(b->arena, piece)) : value_str(piece));
	if (is_glob)
		buf_addz(&b->sql, ") ESCAPE '\\'");
	else if (is_source_of_rows(b, column))
		buf_addf(&b->sql, " AND %s = (SELECT id FROM source WHERE name = $%zu)",
			b->list->scope_source, b->n_params);
	return true;
}

static bool add_match(
	struct builder *b, const struct column *column, const struct filter_term *term, struct err *err)
{
	struct str rest = term->value, piece;
	buf_addc(&b->sql, '(');
	for (bool is_first = true; term->is_quoted ? is_first : str_next(&rest, ',', &piece);
		is_first = false) {
		if (term->is_quoted)
			piece = term->value;
		if (!is_first)
			buf_addz(&b->sql, " OR ");
		if (!add_alternative(b, column, piece, term->is_quoted, err))
			return false;
	}
	buf_addc(&b->sql, ')');
	return true;
}

static bool add_compare(
	struct builder *b, const struct column *column, const struct filter_term *term, struct err *err)
{
	struct value value = value_str(term->value);
	if (is_number(column->type) && !number_of(column, term->value, b->args->now_ms, &value))
		return err_set(err, ERR_USAGE, "filter: '%.*s' is no value for '%s'", STR_FMT(term->value),
			column->key);
	buf_addf(&b->sql, "(%s) %s ", column->sql, sql_op(term->op));
	add_param(b, value);
	return true;
}

static void add_words(struct builder *b, struct str word)
{
	buf_addc(&b->sql, '(');
	for (const char *const *sql = b->list->words; *sql; sql++) {
		buf_addf(&b->sql, "%slower(coalesce(%s, '')) LIKE ", sql == b->list->words ? "" : " OR ",
			*sql);
		add_param(b, value_text(filter_like_word(b->arena, word)));
		buf_addz(&b->sql, " ESCAPE '\\'");
	}
	buf_addc(&b->sql, ')');
}

/* "SOURCE/PIPELINE matches one of this project's patterns". */
static void add_project(struct builder *b, const struct config_project *project)
{
	buf_addc(&b->sql, '(');
	for (size_t i = 0; i < project->n_pipelines; i++) {
		buf_addf(&b->sql, "%s%s || '/' || %s LIKE ", i ? " OR " : "", b->list->source_sql,
			b->list->pipeline_sql);
		add_param(b, value_text(filter_like(b->arena, str_of(project->pipelines[i]))));
		buf_addz(&b->sql, " ESCAPE '\\'");
	}
	buf_addz(&b->sql, project->n_pipelines ? ")" : "1=0)");
}

/* Whether NAME is among the alternatives of TERM; "-" stands for any, and the caller negates. */
static bool name_fits(const struct filter_term *term, const char *name)
{
	struct str rest = term->value, piece;
	if (term->is_quoted || term->op != FILTER_MATCH)
		return str_is(term->value, name);
	while (str_next(&rest, ',', &piece))
		if (str_glob(str_is(piece, "-") ? STR("*") : piece, str_of(name)))
			return true;
	return false;
}

static bool project_fits(
	const struct config_project *project, const struct filter_term *term, const char *user)
{
	if (str_is(term->key, "project"))
		return name_fits(term, project->name);
	if (str_is(term->key, "owner"))
		return project->owner && name_fits(term, project->owner);
	struct str oncall = str_of(project->oncall);
	return str_is(oncall.n && oncall.p[0] == '@' ? str_slice(oncall, 1, oncall.n) : oncall, user) ||
	       str_is(str_of(project->owner), user);
}

static bool add_projects(struct builder *b, const struct filter_term *term, struct err *err)
{
	const struct config *config = b->args->config;
	if (term->op != FILTER_MATCH && term->op != FILTER_EQ && term->op != FILTER_NE)
		return err_set(err, ERR_USAGE, "filter: '%.*s' has no order", STR_FMT(term->key));
	bool is_none = !term->is_quoted && term->op == FILTER_MATCH &&
		       (str_is(term->value, "-") || (str_is(term->key, "mine") && str_is(term->value, "no")));
	buf_addz(&b->sql, is_none || term->op == FILTER_NE ? "NOT (1=0" : "(1=0");
	for (size_t i = 0; config && i < config->n_projects; i++) {
		if (!project_fits(&config->projects[i], term, config->user))
			continue;
		buf_addz(&b->sql, " OR ");
		add_project(b, &config->projects[i]);
	}
	buf_addc(&b->sql, ')');
	return true;
}

static bool add_since(struct builder *b, const struct filter_term *term, struct err *err)
{
	int64_t at_ms;
	if (!when_parse_since(term->value, b->args->now_ms, &at_ms))
		return err_set(err, ERR_USAGE,
			"filter: '%.*s' is no time; say 24h, 7d, 2026-11-21 or 2026-11-21T02:00:00Z",
			STR_FMT(term->value));
	buf_addf(&b->sql, "%s %s ", b->list->time, str_is(term->key, "since") ? ">=" : "<");
	add_param(b, value_int(at_ms));
	return true;
}

/* Whether the text q.value looks like a number. */
#define NUMBER_SQL "substr(q.value, 1, 1) IN ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '.')"

/* What a run says in pairs: `params.K`, `metrics.K`, `tags.K`. */
static const struct pairs {
	const char *head, *table;
} all_pairs[] = {{"params.", "param"}, {"metrics.", "metric"}, {"tags.", "tag"}};

static bool is_special(struct str value)
{
	return str_is(value, "NaN") || str_is(value, "Infinity") || str_is(value, "-Infinity");
}

/* The condition on q.value: a metric is a number or a special word; a text that is compared with a number
 * must look like one. */
static bool add_pair_value(
	struct builder *b, const struct pairs *pairs, const struct filter_term *term, struct err *err)
{
	bool is_metric = pairs == &all_pairs[1];
	struct column column = {
		.key = pairs->table, .type = is_metric ? COLUMN_INT : COLUMN_TEXT, .sql = "q.value"};
	if (is_metric && is_special(term->value))
		column = (struct column){.key = pairs->table, .type = COLUMN_TEXT, .sql = "q.special"};
	if (term->op == FILTER_MATCH)
		return add_match(b, &column, term, err);
	double number;
	bool is_order = term->op != FILTER_EQ && term->op != FILTER_NE;
	if (!is_metric && is_order && str_to_double(term->value, &number)) {
		buf_addz(&b->sql, NUMBER_SQL " AND ");
		column.type = COLUMN_INT;
		column.sql = "CAST(q.value AS DOUBLE PRECISION)";
	}
	return add_compare(b, &column, term, err);
}

static bool add_pair(struct builder *b, const struct pairs *pairs, struct str key,
	const struct filter_term *term, struct err *err)
{
	bool is_absent = term->op == FILTER_MATCH && !term->is_quoted && str_is(term->value, "-");
	buf_addf(&b->sql, "%s (SELECT 1 FROM %s q WHERE q.run_id = %s AND q.key = ",
		is_absent ? "NOT EXISTS" : "EXISTS", pairs->table, b->list->pairs_run);
	add_param(b, value_str(key));
	buf_addz(&b->sql, is_absent ? "" : " AND ");
	bool ok = is_absent || add_pair_value(b, pairs, term, err);
	buf_addc(&b->sql, ')');
	return ok;
}

/* A bare K stands for the one of the three that the newest runs report under that name; *N gets how many do.
 */
static bool find_pairs(
	struct builder *b, struct str key, const struct pairs **out, size_t *n, struct err *err)
{
	const struct value params[] = {value_str(key)};
	*n = 0;
	for (size_t i = 0; b->store && b->list->pairs_run && i < ARRAY_LEN(all_pairs); i++) {
		const char *sql = arena_printf(b->arena,
			"SELECT EXISTS (SELECT 1 FROM (SELECT id FROM run ORDER BY at_ms DESC, id DESC LIMIT 2000) r"
			" JOIN %s q ON q.run_id = r.id AND q.key = $1)",
			all_pairs[i].table);
		int64_t is_there;
		if (!store_exec_id(b->store, sql, params, 1, &is_there, err))
			return false;
		if (is_there)
			*out = &all_pairs[i];
		*n += is_there != 0;
	}
	return true;
}

static bool add_bare_pair(struct builder *b, const struct filter_term *term, struct err *err)
{
	const struct pairs *pairs = NULL;
	size_t n;
	if (!find_pairs(b, term->key, &pairs, &n, err))
		return false;
	if (!n)
		return unknown_key(b, "filter", term->key, err);
	if (n > 1)
		return err_set(err, ERR_USAGE,
			"filter: '%.*s' is more than one of params, metrics and tags; say 'params.%.*s' or the like",
			STR_FMT(term->key), STR_FMT(term->key));
	return add_pair(b, pairs, term->key, term, err);
}

/* A list's own key wins over the general ones ("owner" of problems is a column). */
static bool add_key(struct builder *b, const struct filter_term *term, struct err *err)
{
	const struct column *column = column_of(b->list, term->key);
	if (column && column->sql)
		return term->op == FILTER_MATCH ? add_match(b, column, term, err)
						: add_compare(b, column, term, err);
	for (size_t i = 0; b->list->pairs_run && i < ARRAY_LEN(all_pairs); i++) {
		struct str head = str_of(all_pairs[i].head);
		if (str_starts(term->key, head))
			return add_pair(
				b, &all_pairs[i], str_slice(term->key, head.n, term->key.n), term, err);
	}
	bool is_time = str_is(term->key, "since") || str_is(term->key, "until");
	if (is_time && b->list->time)
		return add_since(b, term, err);
	bool is_project =
		str_is(term->key, "project") || str_is(term->key, "owner") || str_is(term->key, "mine");
	if (is_project && b->list->source_sql)
		return add_projects(b, term, err);
	if (str_is(term->key, "deleted")) {
		buf_addz(&b->sql, "1=1");
		return true;
	}
	return add_bare_pair(b, term, err);
}

static bool add_term(struct builder *b, const struct filter_term *term, struct err *err)
{
	buf_addz(&b->sql, term->is_negated ? " AND NOT coalesce(" : " AND ");
	if (term->op == FILTER_WORD)
		add_words(b, term->value);
	else if (!add_key(b, term, err))
		return false;
	if (term->is_negated)
		buf_addz(&b->sql, ", false)");
	return true;
}

static bool asks_for_deleted(const struct filter *filter)
{
	for (size_t i = 0; i < filter->n; i++)
		if (str_is(filter->terms[i].key, "deleted") && str_is(filter->terms[i].value, "yes"))
			return true;
	return false;
}

/* Of several attempts the newest stands for its step, unless one was named. */
static void add_attempt(struct builder *b, const struct found *scope)
{
	if (!b->list->newest)
		return;
	if (!scope || !scope->names_attempt) {
		buf_addf(&b->sql, " AND %s", b->list->newest);
		return;
	}
	buf_addf(&b->sql, " AND %s = ", b->list->scope_attempt);
	add_param(b, value_int(scope->attempt));
}

static void add_scope(struct builder *b, const struct found *scope)
{
	if (scope->run_id && b->list->scope_run) {
		buf_addf(&b->sql, " AND %s = ", b->list->scope_run);
		add_param(b, value_int(scope->run_id));
		if (scope->step && b->list->scope_step) {
			buf_addf(&b->sql, " AND %s = ", b->list->scope_step);
			add_param(b, value_text(scope->step));
			buf_addf(&b->sql, " AND %s = ", b->list->scope_index);
			add_param(b, value_text(scope->index));
		}
	} else if (scope->pipeline_id && b->list->scope_pipeline) {
		buf_addf(&b->sql, " AND %s = ", b->list->scope_pipeline);
		add_param(b, value_int(scope->pipeline_id));
	} else if (scope->model && b->list->scope_model) {
		buf_addf(&b->sql, " AND %s = ", b->list->scope_source);
		add_param(b, value_int(scope->source_id));
		buf_addf(&b->sql, " AND %s = ", b->list->scope_model);
		add_param(b, value_text(scope->model));
		if (scope->version) {
			buf_addf(&b->sql, " AND %s = ", b->list->scope_version);
			add_param(b, value_text(scope->version));
		}
	} else if (scope->source_id && b->list->scope_source) {
		buf_addf(&b->sql, " AND %s = ", b->list->scope_source);
		add_param(b, value_int(scope->source_id));
	}
}

/* Whether the newest runs say K in anything but numbers: then it is sorted as text. */
static bool is_param_text(struct builder *b, struct str key, bool *out, struct err *err)
{
	const struct value params[] = {value_str(key)};
	int64_t n = 0;
	bool ok =
		!b->store ||
		store_exec_id(b->store,
			"SELECT count(*) FROM (SELECT id FROM run ORDER BY at_ms DESC, id DESC LIMIT 2000) r"
			" JOIN param q ON q.run_id = r.id AND q.key = $1 WHERE NOT (" NUMBER_SQL ")",
			params, 1, &n, err);
	*out = n > 0;
	return ok;
}

/* Sorted by metrics.K or params.K: what has none comes last, whichever way. */
static bool sort_by_pair(struct builder *b, const struct pairs *pairs, struct str key, struct err *err)
{
	static const char *const last[] = {"-1.7976931348623157e308", "1.7976931348623157e308"};
	bool is_text = false;
	if (pairs == &all_pairs[0] && !is_param_text(b, key, &is_text, err))
		return false;
	const char *value = is_text		     ? "q.value"
			    : pairs == &all_pairs[0] ? "CASE WHEN " NUMBER_SQL
						       " THEN CAST(q.value AS DOUBLE PRECISION) END"
						     : "q.value";
	const char *none = is_text ? (b->is_ascending ? "'\U0010ffff'" : "''") : last[b->is_ascending];
	b->sort = arena_printf(b->arena,
		"coalesce((SELECT %s FROM %s q WHERE q.run_id = %s AND q.key = $%zu), %s)", value,
		pairs->table, b->list->pairs_run, new_param(b, value_str(key)), none);
	b->is_ranked = true;
	return true;
}

static bool find_pair_sort(struct builder *b, struct str key, bool *is_one, struct err *err)
{
	*is_one = false;
	for (size_t i = 0; b->list->pairs_run && i < ARRAY_LEN(all_pairs) - 1; i++) { /* not by tags */
		struct str head = str_of(all_pairs[i].head);
		*is_one = str_starts(key, head) && key.n > head.n;
		if (*is_one)
			return sort_by_pair(b, &all_pairs[i], str_slice(key, head.n, key.n), err);
	}
	return true;
}

static bool is_timed(const struct filter *filter)
{
	for (size_t i = 0; i < filter->n; i++)
		if (!filter->terms[i].is_negated &&
			(str_is(filter->terms[i].key, "since") || str_is(filter->terms[i].key, "until")))
			return true;
	return false;
}

/* An index may have the rows in this order; with a time to go by it is kept out of the way: SQLite would walk
 * all rows by it rather than sort those of a day. */
static const char *sort_of(struct builder *b, const struct column *column, const struct filter *filter)
{
	if (str_is(str_of(column->key), b->list->sort) || column->sort_from)
		return column->sql; /* NOT NULL by the schema, and served by an index as it stands */
	if (!is_number(column->type))
		return arena_printf(b->arena, "coalesce(%s, '')", column->sql);
	return arena_printf(b->arena, "%scoalesce(%s, -1)", is_timed(filter) ? "0 + " : "", column->sql);
}

/* The sort that ARGS asks for: its SQL, in a form that has no NULL where the column may be. */
static bool set_sort(struct builder *b, const struct filter *filter, struct err *err)
{
	struct str key = str_of(b->args->sort ? b->args->sort : b->list->sort);
	bool is_pair;
	b->is_ascending = b->args->sort ? true : b->list->is_ascending;
	if (b->args->sort && key.n && key.p[0] == '-') {
		b->is_ascending = false;
		key = str_slice(key, 1, key.n);
	}
	b->is_other_sort = !str_is(key, b->list->sort);
	if (!find_pair_sort(b, key, &is_pair, err) || is_pair)
		return is_pair && b->sort;
	const struct column *column = column_of(b->list, key);
	if (!column || !column->sql)
		return unknown_key(b, "sort", key, err);
	b->sort = sort_of(b, column, filter);
	b->sort_from = column->sort_from;
	return true;
}

static void add_matches(struct builder *b)
{
	buf_addz(&b->sql, " AND t.run_text MATCH ");
	add_param(b, value_text(b->words.match));
	buf_addz(&b->sql, " AND t.rowid > ");
	add_param(b, value_int(b->words.lo));
	buf_addz(&b->sql, " AND t.rowid < ");
	add_param(b, value_int(b->words.hi));
}

/* Of the runs that words_find has left. */
static void add_left(struct builder *b)
{
	if (b->words.edge_ms != TIME_NONE) {
		buf_addf(&b->sql, " AND %s %s ", b->list->time, b->is_ascending ? "<=" : ">=");
		add_param(b, value_int(b->words.edge_ms));
	}
	if (b->words.ids) {
		buf_addf(&b->sql, " AND %s = ANY (CAST(", b->list->id);
		add_param(b, value_text(b->words.ids));
		buf_addz(&b->sql, " AS BIGINT[]))");
	}
}

/* Behind the page before. */
static void add_after(struct builder *b)
{
	add_left(b);
	if (b->words.match) {
		add_matches(b);
	} else if (b->args->after) {
		if (b->is_other_sort) { /* of a pair of expressions SQLite looks up neither */
			buf_addf(&b->sql, " AND %s %s ", b->sort, b->is_ascending ? ">=" : "<=");
			add_param(b, b->args->after[0]);
		}
		buf_addf(&b->sql, " AND (%s, %s) %s (", b->sort, b->list->id, b->is_ascending ? ">" : "<");
		add_param(b, b->args->after[0]);
		buf_addz(&b->sql, ", ");
		add_param(b, b->args->after[1]);
		buf_addc(&b->sql, ')');
	}
}

static void add_order(struct builder *b, const char *sort, const char *id)
{
	const char *direction = b->is_ascending ? "ASC" : "DESC";
	buf_addf(&b->sql, " ORDER BY %s %s", sort, direction);
	if (id)
		buf_addf(&b->sql, ", %s %s", id, direction);
	if (b->args->limit) {
		buf_addz(&b->sql, " LIMIT ");
		add_param(b, value_int(b->args->limit + 1)); /* one more tells whether there is more */
	}
}

/* Rows that came from us, as a table: (VALUES …) names its columns column1, column2 … in both engines. */
static bool add_given(struct builder *b, struct err *err)
{
	struct given_rows rows = {0};
	if (!b->list->given(b->store, b->args, b->arena, &rows, err))
		return false;
	buf_addz(&b->sql, " FROM (");
	for (size_t row = 0; row < rows.n_rows; row++)
		for (size_t c = 0; c < rows.n_columns; c++) {
			struct value cell = rows.cells[row * rows.n_columns + c];
			buf_addz(&b->sql, c ? ", " : row ? "), (" : "VALUES (");
			buf_addz(&b->sql, "CAST(");
			add_param(b, cell);
			buf_addz(&b->sql, cell.type == VALUE_INT ? " AS BIGINT)" : " AS TEXT)");
		}
	for (size_t c = 0; !rows.n_rows && c < rows.n_columns; c++)
		buf_addf(&b->sql, "%s AS column%zu", c ? ", NULL" : "SELECT NULL", c + 1);
	buf_addz(&b->sql, rows.n_rows ? ")) g WHERE 1=1" : ") g WHERE 1=0");
	return true;
}

/* Behind a list's own columns stand, where a page may follow, the two that it starts behind. */
static bool add_select(struct builder *b, struct err *err)
{
	buf_addz(&b->sql, "SELECT ");
	for (size_t i = 0; i < b->list->n_columns; i++)
		buf_addf(&b->sql, "%s%s AS \"%s\"", i ? ", " : "",
			b->list->columns[i].sql ? b->list->columns[i].sql : "NULL", b->list->columns[i].key);
	if (b->args->limit)
		buf_addf(&b->sql, ", %s AS after_sort, %s AS after_id", b->sort, b->list->id);
	if (!b->list->from)
		return add_given(b, err);
	buf_addf(&b->sql, " %s", b->words.match ? b->list->words_from : b->list->from);
	return true;
}

static bool is_narrow(const struct filter *filter, const struct found *scope)
{
	static const char *const keys[] = {"since", "source", "pipeline", "project", "owner", "mine"};
	for (size_t i = 0; i < filter->n; i++)
		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			if (!filter->terms[i].is_negated && str_is(filter->terms[i].key, keys[k]))
				return true;
	return scope != NULL;
}

/* What no index serves is looked for among the newest only. */
static void add_bound(struct builder *b)
{
	buf_addf(&b->sql,
		" AND %s >= coalesce((SELECT at_ms FROM run ORDER BY at_ms DESC, id DESC LIMIT 1 OFFSET %d), 0)",
		b->list->time, LIST_MOST_RANKED);
}

static bool add_where(
	struct builder *b, const struct filter *filter, const struct found *scope, struct err *err)
{
	if (b->list->hidden && !b->args->show_hidden && !asks_for_deleted(filter))
		buf_addf(&b->sql, " AND NOT (%s)", b->list->hidden);
	add_attempt(b, scope);
	if (scope)
		add_scope(b, scope);
	for (size_t i = 0; i < filter->n; i++)
		if (!add_term(b, &filter->terms[i], err))
			return false;
	if (b->is_ranked && !is_narrow(filter, scope))
		add_bound(b);
	return true;
}

/* The term `state:a,b` of a page: an index has the rows of each state in order, but not of both. */
static struct filter_term *states_of(struct builder *b, const struct filter *filter)
{
	for (size_t i = 0; i < filter->n && b->args->limit && b->list->is_indexed_by_state; i++) {
		struct filter_term *term = &filter->terms[i];
		if (str_is(term->key, "state") && term->op == FILTER_MATCH && !term->is_quoted &&
			!term->is_negated && str_has(term->value, STR(",")) &&
			!str_has(term->value, STR("*")) && !str_has(term->value, STR("?")))
			return term;
	}
	return NULL;
}

static bool names_state(struct str list, struct str state)
{
	struct str piece;
	while (str_next(&list, ',', &piece))
		if (piece.n == state.n && !memcmp(piece.p, state.p, state.n))
			return true;
	return false;
}

/* One query for each state: the engine merges them as they come. */
static bool add_each_state(struct builder *b, const struct filter *filter, struct filter_term *states,
	const struct found *scope, struct err *err)
{
	struct str rest = states->value, whole = states->value, done = {whole.p, 0};
	bool ok = true;
	for (; ok && str_next(&rest, ',', &states->value); done.n = whole.n - rest.n) {
		if (names_state(done, states->value))
			continue;
		buf_addz(&b->sql, done.n ? " UNION ALL " : "");
		ok = add_select(b, err) && add_where(b, filter, scope, err) && (add_after(b), true);
	}
	states->value = whole;
	add_order(b, "after_sort", "after_id");
	return ok;
}

/* Where no index serves the order every row goes through the sort: then it is the ids alone that do, and only
 * those that come out first are looked at. */
static bool picks_first(const struct builder *b)
{
	return b->args->limit && !b->words.match &&
	       (b->list->picks == PICKS_ALWAYS || (b->list->picks == PICKS_OTHER_SORTS && b->is_other_sort));
}

static bool add_picked(
	struct builder *b, const struct filter *filter, const struct found *scope, struct err *err)
{
	if (!add_select(b, err))
		return false;
	buf_addf(&b->sql, " AND %s IN (SELECT %s %s", b->list->id, b->list->id,
		b->sort_from ? b->sort_from : b->list->from);
	if (!add_where(b, filter, scope, err))
		return false;
	add_after(b);
	add_order(b, b->sort, b->list->id);
	buf_addc(&b->sql, ')');
	add_order(b, b->sort, b->list->id);
	return true;
}

static bool build(struct builder *b, const struct found *scope, struct err *err)
{
	struct filter filter;
	if (!filter_parse(b->arena, str_of(b->args->filter), &filter, err) || !set_sort(b, &filter, err))
		return false;
	if (!words_find(b->store, b->list, b->args, &filter, scope, b->attempt, b->arena, &b->words, err))
		return false;
	struct filter_term *states = b->words.match ? NULL : states_of(b, &filter);
	if (states)
		return add_each_state(b, &filter, states, scope, err);
	if (picks_first(b))
		return add_picked(b, &filter, scope, err);
	if (!add_select(b, err) || !add_where(b, &filter, scope, err))
		return false;
	add_after(b);
	add_order(b, b->words.match ? "t.rowid" : b->sort, b->words.match ? NULL : b->list->id);
	return true;
}

/* LIST with the reader's clock for $NOW: a number of our own, in the text so that each use of the column has
 * it. */
static const struct list_def *at_now(const struct list_def *list, int64_t now_ms, struct arena *arena)
{
	struct column *columns = NULL;
	struct list_def *copy;
	for (size_t i = 0; i < list->n_columns; i++) {
		const char *sql = list->columns[i].sql, *now = sql ? strstr(sql, "$NOW") : NULL;
		if (!now)
			continue;
		if (!columns) {
			columns = arena_array(arena, struct column, list->n_columns);
			memcpy(columns, list->columns, list->n_columns * sizeof *columns);
		}
		columns[i].sql = arena_printf(
			arena, "%.*s%lld%s", (int)(now - sql), sql, (long long)now_ms, now + strlen("$NOW"));
	}
	if (!columns)
		return list;
	copy = arena_new_of(arena, struct list_def);
	*copy = *list;
	copy->columns = columns;
	return copy;
}

static bool make_query(struct store *store, const struct list_def *list, const struct view_args *args,
	const struct found *scope, enum words_attempt attempt, struct arena *arena, struct list_query *out,
	struct err *err)
{
	struct builder b = {.store = store,
		.arena = arena,
		.list = at_now(list, args->now_ms, arena),
		.args = args,
		.attempt = attempt};
	buf_init(&b.sql, 0);
	bool ok = build(&b, scope, err);
	if (ok) {
		out->sql = arena_dup(arena, buf_str(&b.sql));
		out->params = b.params;
		out->n_params = b.n_params;
		out->is_bounded = b.words.is_bounded;
	}
	buf_fini(&b.sql);
	return ok;
}

bool list_query(const struct list_def *list, const struct view_args *args, const struct found *scope,
	struct arena *arena, struct list_query *out, struct err *err)
{
	return make_query(NULL, list, args, scope, WORDS_BY_ROW, arena, out, err);
}

/* A run or step by its parts; where one of them is not known there is no ref, or a shorter one. */
static bool place_of(const struct table *table, const struct column *column, size_t row, struct ref *ref)
{
	bool is_shorter = column->flags & COLUMN_SHORTER;
	ref->source = table_text(table, row, "source");
	ref->pipeline = column->ref == REF_SOURCE ? NULL : table_text(table, row, "pipeline");
	if (column->ref == REF_SOURCE || column->ref == REF_PIPELINE)
		return ref->source && (ref->pipeline || column->ref == REF_SOURCE);
	ref->run = table_text(table, row, column->ref_run ? column->ref_run : "run");
	if (column->ref == REF_STEP && ref->run) {
		ref->step = table_text(table, row, "step");
		ref->index = table_text(table, row, "index");
	}
	enum ref_kind known = !ref->run ? REF_PIPELINE : ref->step ? REF_STEP : REF_RUN;
	if (!ref->source || !ref->pipeline || (known != ref->kind && !is_shorter))
		return false;
	ref->kind = known;
	return true;
}

static bool ref_of(const struct table *table, const struct column *column, size_t row, struct ref *ref)
{
	*ref = (struct ref){.kind = column->ref};
	switch (column->ref) {
	case REF_PROBLEM:
		ref->name = table_text(table, row, "id");
		return ref->name;
	case REF_PROJECT:
	case REF_MONITOR:
		ref->name = table_text(table, row, "name");
		return ref->name;
	case REF_MODEL:
		ref->source = table_text(table, row, "source");
		ref->name = table_text(table, row, "model");
		ref->version = table_text(table, row, "version");
		return ref->source && ref->name;
	default:
		return place_of(table, column, row, ref);
	}
}

static void fill_ref(struct arena *arena, const struct table *table, const struct column *column, size_t row,
	struct value *cell)
{
	struct ref ref;
	struct buf text;
	if (!ref_of(table, column, row, &ref))
		return;
	buf_init(&text, 0);
	ref_add(&text, &ref);
	*cell = value_text(arena_dup(arena, buf_str(&text)));
	buf_fini(&text);
}

/* Refs are made from their parts here: SQL cannot percent-encode. */
static void fill_refs(struct arena *arena, struct table *table)
{
	table->ref_column = -1;
	for (size_t c = 0; c < table->n_columns; c++) {
		const struct column *column = &table->columns[c];
		if (column->type != COLUMN_REF)
			continue;
		if (table->ref_column < 0)
			table->ref_column = (int)c;
		for (size_t row = 0; row < table->result.n_rows; row++)
			fill_ref(arena, table, column, row, &table->result.cells[row * table->n_columns + c]);
	}
}

/* A column `project` without SQL: only the configuration knows it. */
static void fill_projects(const struct view_args *args, struct table *table)
{
	int column = result_column(&table->result, "project");
	if (column < 0 || table->columns[column].sql || !args->config)
		return;
	for (size_t row = 0; row < table->result.n_rows; row++) {
		const struct config_project *project = config_project_of(
			args->config, table_text(table, row, "source"), table_text(table, row, "pipeline"));
		table->result.cells[row * table->n_columns + (size_t)column] =
			value_text(project ? project->name : NULL);
	}
}

/* The first LIMIT rows, without the two columns that the next page starts behind. */
static void cut_page(struct table *table, size_t limit)
{
	struct result *rows = &table->result;
	size_t n = table->n_columns, wide = rows->n_columns;
	table->has_more = rows->n_rows > limit;
	if (table->has_more) {
		rows->n_rows = limit;
		memcpy(table->after, result_at(rows, limit - 1, n), sizeof table->after);
	}
	for (size_t row = 1; row < rows->n_rows; row++)
		memmove(&rows->cells[row * n], &rows->cells[row * wide], n * sizeof *rows->cells);
	rows->n_columns = n;
}

/* The rows, and one more than the limit. */
static bool load_rows(struct store *store, const struct list_def *list, const struct view_args *args,
	const struct found *scope, struct arena *arena, struct result *rows, struct err *err)
{
	struct list_query query;
	for (enum words_attempt attempt = WORDS_NEAR;; attempt++) {
		if (!make_query(store, list, args, scope, attempt, arena, &query, err) ||
			!store_query(store, query.sql, query.params, query.n_params, arena, rows, err))
			return false;
		if (!query.is_bounded || rows->n_rows > (size_t)args->limit)
			return true;
	}
}

bool list_load(struct store *store, const struct list_def *list, const struct view_args *args,
	const struct found *scope, struct arena *arena, struct table *table, struct err *err)
{
	struct result rows; /* TABLE may be the page that ARGS goes on behind */
	if (!load_rows(store, list, args, scope, arena, &rows, err))
		return false;
	*table = (struct table){.columns = list->columns,
		.n_columns = list->n_columns,
		.result = rows,
		.ref_column = -1,
		.empty = list->empty};
	const char *sort = args->sort ? args->sort : list->sort;
	table->is_ascending = args->sort ? *sort != '-' : list->is_ascending;
	table->sorted = arena_dupz(arena, sort + (args->sort && *sort == '-'));
	if (args->limit)
		cut_page(table, (size_t)args->limit);
	fill_refs(arena, table);
	fill_projects(args, table);
	return true;
}

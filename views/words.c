/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/words.h"

#include "client/base/buf.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/catalogue/run_text.h"

static bool is_word(const struct filter_term *term)
{
	return term->op == FILTER_WORD && !term->is_negated;
}

/* All words as one expression; NULL where one of them cannot be looked up. */
static const char *match_of(struct store *store, const struct filter *filter, struct arena *arena)
{
	struct buf match;
	bool ok = true;
	buf_init(&match, 0);
	for (size_t i = 0; ok && i < filter->n; i++) {
		if (!is_word(&filter->terms[i]))
			continue;
		const char *word = run_text_match(store, filter->terms[i].value, arena);
		ok = word;
		if (ok)
			buf_addf(&match, "%s(%s)", match.n ? " AND " : "", word);
	}
	const char *text = ok && match.n ? arena_dup(arena, buf_str(&match)) : NULL;
	buf_fini(&match);
	return text;
}

static bool is_ascending(const struct list_def *list, const struct view_args *args)
{
	return args->sort ? args->sort[0] != '-' : list->is_ascending;
}

static void narrow(struct words *w, int64_t lo, int64_t hi)
{
	w->lo = lo > w->lo ? lo : w->lo;
	w->hi = hi < w->hi ? hi : w->hi;
}

/* The page before, since: and until: say where in the index to begin and to end. */
static void narrow_by_time(struct words *w, const struct list_def *list, const struct view_args *args,
	const struct filter *filter)
{
	if (args->after) {
		int64_t key = run_text_key(args->after[0].i, args->after[1].i);
		narrow(w, is_ascending(list, args) ? key : w->lo, is_ascending(list, args) ? w->hi : key);
	}
	for (size_t i = 0; i < filter->n; i++) {
		const struct filter_term *term = &filter->terms[i];
		int64_t at_ms;
		if (term->is_negated || !when_parse_since(term->value, args->now_ms, &at_ms))
			continue;
		if (str_is(term->key, "since"))
			narrow(w, run_text_key(at_ms, 0) - 1, w->hi);
		else if (str_is(term->key, "until"))
			narrow(w, w->lo, run_text_key(at_ms, 0));
	}
}

static bool has_others(const struct filter *filter)
{
	for (size_t i = 0; i < filter->n; i++)
		if (!is_word(&filter->terms[i]) && !str_is(filter->terms[i].key, "since") &&
			!str_is(filter->terms[i].key, "until"))
			return true;
	return false;
}

/* Cuts behind the first WORDS_MOST_MATCHES. */
static bool bound(struct store *store, struct words *w, bool ascending, struct err *err)
{
	int64_t edge;
	const struct value params[] = {
		value_text(w->match), value_int(w->lo), value_int(w->hi), value_int(WORDS_MOST_MATCHES)};
	if (!store_exec_id(store,
		    ascending
			    ? "SELECT rowid FROM run_text WHERE run_text MATCH $1 AND rowid > $2 AND rowid < $3"
			      " ORDER BY rowid LIMIT 1 OFFSET $4"
			    : "SELECT rowid FROM run_text WHERE run_text MATCH $1 AND rowid > $2 AND rowid < $3"
			      " ORDER BY rowid DESC LIMIT 1 OFFSET $4",
		    params, ARRAY_LEN(params), &edge, err))
		return err->code == ERR_NOT_FOUND; /* there are fewer */
	w->is_bounded = true;
	narrow(w, ascending ? w->lo : edge, ascending ? edge : w->hi);
	return true;
}

/* --- PostgreSQL ------------------------------------------------------------------------------ */

enum { LEAST_LETTERS = 3 }; /* of a trigram */

/* "(at_ms, id) is behind the page before", as $N and $N+1; nothing on the first page. */
static const char *after_sql(const struct view_args *args, bool ascending, int n, struct arena *arena)
{
	return args->after ? arena_printf(
				     arena, " AND (at_ms, id) %s ($%d, $%d)", ascending ? ">" : "<", n, n + 1)
			   : "";
}

/* Whether `since:` (or, oldest first, `until:`) keeps the list on this side of the edge anyway. */
static bool ends_before(
	const struct filter *filter, const struct view_args *args, bool ascending, int64_t edge_ms)
{
	for (size_t i = 0; i < filter->n; i++) {
		const struct filter_term *term = &filter->terms[i];
		int64_t at_ms;
		if (!term->is_negated && str_is(term->key, ascending ? "until" : "since") &&
			when_parse_since(term->value, args->now_ms, &at_ms) &&
			(ascending ? at_ms <= edge_ms : at_ms > edge_ms))
			return true;
	}
	return false;
}

/* The time of the run that many rows away. */
static bool find_edge(struct store *store, const struct view_args *args, const struct filter *filter,
	bool ascending, struct arena *arena, struct words *w, struct err *err)
{
	const char *direction = ascending ? "ASC" : "DESC";
	const struct value *after = args->after;
	const struct value params[] = {value_int(WORDS_MOST_PROBED), after ? after[0] : value_int(0),
		after ? after[1] : value_int(0)};
	const char *sql = arena_printf(arena,
		"SELECT at_ms FROM run WHERE 1=1%s ORDER BY at_ms %s, id %s LIMIT 1 OFFSET $1",
		after_sql(args, ascending, 2, arena), direction, direction);
	if (!store_exec_id(store, sql, params, after ? 3 : 1, &w->edge_ms, err)) {
		w->edge_ms = TIME_NONE;
		return err->code == ERR_NOT_FOUND; /* there are fewer */
	}
	w->is_bounded = !ends_before(filter, args, ascending, w->edge_ms);
	return true;
}

/* Whether another condition has an index, and mostly few rows in it, so that the words need none. */
static bool is_led_by_others(const struct filter *filter)
{
	for (size_t i = 0; i < filter->n; i++) {
		const struct filter_term *term = &filter->terms[i];
		bool is_match = !term->is_negated && (term->op == FILTER_MATCH || term->op == FILTER_EQ);
		if (!is_match || str_has(term->value, STR("*")) || str_has(term->value, STR("?")))
			continue;
		if (str_is(term->key, "pipeline") ||
			(str_is(term->key, "state") && !str_has(term->value, STR("success"))))
			return true;
	}
	return false;
}

/* The one that most likely few rows have. */
static struct str longest_word(const struct filter *filter)
{
	struct str longest = {0};
	for (size_t i = 0; i < filter->n; i++)
		if (is_word(&filter->terms[i]) && filter->terms[i].value.n > longest.n)
			longest = filter->terms[i].value;
	return longest;
}

static const char *literal_of(const struct result *ids, struct arena *arena)
{
	struct buf out;
	buf_init(&out, 0);
	buf_addc(&out, '{');
	for (size_t row = 0; row < ids->n_rows; row++)
		buf_addf(&out, "%s%lld", row ? "," : "", (long long)result_int(ids, row, 0, 0));
	buf_addc(&out, '}');
	return arena_take(arena, &out);
}

/* All matches are fetched before they are sorted: walking the index of times until enough were met, as is
 * otherwise thought cheaper, does not end where they are old. */
static bool find_ids(struct store *store, const struct view_args *args, bool ascending, struct str word,
	size_t most, struct arena *arena, struct words *w, struct err *err)
{
	const char *direction = ascending ? "ASC" : "DESC", *behind = after_sql(args, ascending, 3, arena);
	const struct value *after = args->after;
	const struct value params[] = {value_text(filter_like_word(arena, word)), value_int((int64_t)most),
		after ? after[0] : value_int(0), after ? after[1] : value_int(0)};
	struct result ids;
	const char *sql = arena_printf(arena,
		"WITH m AS MATERIALIZED (SELECT id, at_ms FROM run WHERE (lower(coalesce(run, '')) LIKE $1 ESCAPE '\\'"
		" OR lower(coalesce(name, '')) LIKE $1 ESCAPE '\\')%s),"
		" p AS MATERIALIZED (SELECT id FROM pipeline WHERE lower(coalesce(pipeline, '')) LIKE $1 ESCAPE '\\')"
		" SELECT id, at_ms FROM m UNION SELECT r.id, r.at_ms FROM p CROSS JOIN LATERAL (SELECT id, at_ms FROM run"
		" WHERE pipeline_id = p.id%s ORDER BY at_ms %s, id %s LIMIT $2) r ORDER BY at_ms %s, id %s LIMIT $2",
		behind, behind, direction, direction, direction, direction);
	if (!store_query(store, sql, params, after ? 4 : 2, arena, &ids, err))
		return false;
	w->ids = literal_of(&ids, arena);
	w->is_bounded = ids.n_rows == most;
	return true;
}

static bool find_by_trigrams(struct store *store, const struct view_args *args, const struct filter *filter,
	bool ascending, bool others, enum words_attempt attempt, struct arena *arena, struct words *w,
	struct err *err)
{
	struct str word = longest_word(filter);
	if (!word.n || args->limit <= 0 || attempt == WORDS_BY_ROW)
		return true;
	if (attempt == WORDS_NEAR)
		return find_edge(store, args, filter, ascending, arena, w, err);
	if (word.n < LEAST_LETTERS || is_led_by_others(filter))
		return true;
	size_t n_words = 0;
	for (size_t i = 0; i < filter->n; i++)
		n_words += is_word(&filter->terms[i]);
	bool is_alone = !others && n_words == 1 && filter->n == 1;
	size_t most = is_alone ? (size_t)args->limit + WORDS_FEW_MATCHES : WORDS_MOST_MATCHES;
	return find_ids(store, args, ascending, word, most, arena, w, err);
}

/* --- SQLite ---------------------------------------------------------------------------------- */

static bool find_in_run_text(struct store *store, const struct list_def *list, const struct view_args *args,
	const struct filter *filter, bool others, struct arena *arena, struct words *w, struct err *err)
{
	if (!run_text_is_ready(store))
		return true;
	w->match = match_of(store, filter, arena);
	if (!w->match)
		return true;
	narrow_by_time(w, list, args, filter);
	bool is_page = args->limit > 0 && (others || has_others(filter));
	return !is_page || bound(store, w, is_ascending(list, args), err);
}

bool words_find(struct store *store, const struct list_def *list, const struct view_args *args,
	const struct filter *filter, bool others, enum words_attempt attempt, struct arena *arena,
	struct words *out, struct err *err)
{
	*out = (struct words){.lo = INT64_MIN, .hi = INT64_MAX, .edge_ms = TIME_NONE};
	struct str sort = str_of(args->sort ? args->sort : list->sort);
	bool is_own_sort = str_is(str_slice(sort, sort.n && sort.p[0] == '-', sort.n), list->sort);
	if (!store || !list->words_from || !is_own_sort)
		return true;
	if (run_text_has_trigrams(store))
		return find_by_trigrams(
			store, args, filter, is_ascending(list, args), others, attempt, arena, out, err);
	return attempt != WORDS_NEAR || find_in_run_text(store, list, args, filter, others, arena, out, err);
}

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

bool words_find(struct store *store, const struct list_def *list, const struct view_args *args,
	const struct filter *filter, bool others, struct arena *arena, struct words *out, struct err *err)
{
	*out = (struct words){.lo = INT64_MIN, .hi = INT64_MAX};
	struct str sort = str_of(args->sort ? args->sort : list->sort);
	bool is_own_sort = str_is(str_slice(sort, sort.n && sort.p[0] == '-', sort.n), list->sort);
	if (!store || !list->words_from || !is_own_sort || !run_text_is_ready(store))
		return true;
	out->match = match_of(store, filter, arena);
	if (!out->match)
		return true;
	narrow_by_time(out, list, args, filter);
	bool is_page = args->limit > 0 && (others || has_others(filter));
	return !is_page || bound(store, out, is_ascending(list, args), err);
}

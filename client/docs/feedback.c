/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/docs/feedback.h"

#include "client/base/clean.h"
#include "client/base/mask.h"
#include "client/base/mem.h"

enum { LEAST_WORDS = 3 };

bool feedback_vote(struct store *store, const struct feedback_vote *vote, int64_t now_ms, struct err *err)
{
	const char *note = vote->note && *vote->note ? vote->note : NULL;
	const struct value params[] = {value_text(vote->page), value_text(vote->who), value_int(vote->helped),
		value_text(note), value_int(now_ms)};
	if (note && strlen(note) > FEEDBACK_MOST_NOTE)
		return err_set(err, ERR_USAGE, "a note of %zu bytes is too long, %d are the most",
			strlen(note), FEEDBACK_MOST_NOTE);
	return store_exec(store,
		"INSERT INTO team.page_vote (page, who, helped, note, at_ms) VALUES ($1, $2, $3, $4, $5)"
		" ON CONFLICT (page, who) DO UPDATE SET helped = excluded.helped, note = excluded.note,"
		" at_ms = excluded.at_ms",
		params, ARRAY_LEN(params), NULL, err);
}

bool feedback_count(struct store *store, const char *page, int64_t *yes, int64_t *no, struct err *err)
{
	struct arena *arena = arena_new();
	struct result row;
	const struct value name = value_text(page);
	bool ok = store_query(store,
		"SELECT count(*) FILTER (WHERE helped = 1), count(*) FILTER (WHERE helped = 0)"
		" FROM team.page_vote WHERE page = $1",
		&name, 1, arena, &row, err);
	*yes = ok ? result_int(&row, 0, 0, 0) : 0;
	*no = ok ? result_int(&row, 0, 1, 0) : 0;
	arena_free(arena);
	return ok;
}

/* "Data   check" and "data check" are one gap. */
static void add_plain(struct buf *out, struct str words)
{
	struct str word;
	while (str_next(&words, ' ', &word)) {
		word = str_trim(word);
		if (!word.n)
			continue;
		if (out->n)
			buf_addc(out, ' ');
		for (size_t i = 0; i < word.n; i++) {
			char c = word.p[i];
			buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
		}
	}
}

bool feedback_missed(struct store *store, struct str words, int64_t now_ms, struct err *err)
{
	struct buf plain, shown;
	struct mask mask = {0};
	buf_init(&plain, 0);
	buf_init(&shown, 0);
	clean_add(&plain, words, CLEAN_NAME);
	mask_line(&mask, &plain);
	add_plain(&shown, buf_str(&plain));
	bool ok = true;
	if (shown.n >= LEAST_WORDS && shown.n <= FEEDBACK_MOST_WORDS) {
		const struct value params[] = {value_str(buf_str(&shown)), value_int(now_ms)};
		ok = store_exec(store,
			"INSERT INTO team.page_gap (words, count, first_ms, last_ms) VALUES ($1, 1, $2, $2)"
			" ON CONFLICT (words) DO UPDATE SET count = page_gap.count + 1, last_ms = excluded.last_ms",
			params, ARRAY_LEN(params), NULL, err);
	}
	buf_fini(&plain);
	buf_fini(&shown);
	mask_fini(&mask);
	return ok;
}

bool feedback_gaps(
	struct store *store, int64_t most, struct arena *arena, struct result *out, struct err *err)
{
	const struct value limit = value_int(most);
	return store_query(store,
		"SELECT 'search' AS kind, words AS what, count, first_ms, last_ms, CAST(NULL AS TEXT) AS note"
		" FROM team.page_gap"
		" UNION ALL"
		" SELECT 'page', v.page, count(*), min(v.at_ms), max(v.at_ms),"
		"   (SELECT n.note FROM team.page_vote n WHERE n.page = v.page AND n.helped = 0"
		"    AND n.note IS NOT NULL ORDER BY n.at_ms DESC LIMIT 1)"
		" FROM team.page_vote v WHERE v.helped = 0 GROUP BY v.page"
		" ORDER BY last_ms DESC, what LIMIT $1",
		&limit, 1, arena, out, err);
}

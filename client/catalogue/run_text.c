/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/run_text.h"

#include "client/base/buf.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "client/catalogue/store_ops.h"

enum {
	GRAM = 3,	/* characters of an entry */
	MOST_GRAMS = 8, /* of a word: more tell nothing that comparing it does not */
	MOST_HEADS = 64 /* entries that start with a short word: with more it is a common one */
};

static bool put_anew(struct store *store, struct err *err)
{
	static const char *const sql[] = {
		"INSERT INTO run_text (run_text, rowid, text) SELECT 'delete', key, text FROM run_text_stale ORDER BY key",
		("INSERT INTO run_text (rowid, text) SELECT key, text FROM run_name"
		 " WHERE id IN (SELECT run_id FROM run_text_stale) ORDER BY key"),
		"DELETE FROM run_text_stale",
	};
	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		if (!store_exec(store, sql[i], NULL, 0, NULL, err))
			return false;
	return true;
}

static bool add_new(struct store *store, int64_t until, int64_t newest_run, struct err *err)
{
	const struct value behind[] = {value_int(until)}, newest[] = {value_int(newest_run)};
	return store_exec(store,
		       "INSERT INTO run_text (rowid, text) SELECT key, text FROM run_name WHERE id > $1 ORDER BY key",
		       behind, 1, NULL, err) &&
	       store_exec(store, "UPDATE meta SET value = $1 WHERE key = 'text_until'", newest, 1, NULL, err);
}

bool run_text_update(struct store *store, int64_t newest_run, struct err *err)
{
	int64_t until, n_stale;
	if (!store->ops->has_run_text)
		return true;
	return store_exec_id(store, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'text_until'", NULL,
		       0, &until, err) &&
	       store_exec_id(store, "SELECT EXISTS (SELECT 1 FROM run_text_stale)", NULL, 0, &n_stale, err) &&
	       (!n_stale || put_anew(store, err)) &&
	       (until == newest_run || add_new(store, until, newest_run, err));
}

bool run_text_is_ready(struct store *store)
{
	int64_t is_ready = 0;
	return store->ops->has_run_text &&
	       store_exec_id(store,
		       "SELECT coalesce(max(id), 0) <= (SELECT CAST(value AS INTEGER) FROM meta"
		       " WHERE key = 'text_until') FROM run",
		       NULL, 0, &is_ready, NULL) &&
	       is_ready;
}

bool run_text_has_trigrams(const struct store *store)
{
	return store->ops->has_trigrams;
}

static void add_term(struct buf *out, struct str term)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < term.n; i++) {
		if (term.p[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, term.p[i]);
	}
	buf_addc(out, '"');
}

/* The bytes of the first N characters of S; 0 where it has fewer. */
static size_t head_length(struct str s, size_t n)
{
	size_t at = 0, length;
	for (; n && at < s.n; n--) {
		utf8_decode(str_slice(s, at, s.n), &length);
		at += length;
	}
	return n ? 0 : at;
}

/* "abc" AND "bcd" AND …; of a long word some from its head and some from its tail. */
static void add_grams(struct buf *out, struct str word)
{
	size_t n = 0, skip = 0, i = 0;
	for (struct str rest = word; head_length(rest, GRAM);
		rest = str_slice(rest, head_length(rest, 1), rest.n))
		n++;
	if (n > MOST_GRAMS)
		skip = n - MOST_GRAMS;
	for (struct str rest = word; i < n; rest = str_slice(rest, head_length(rest, 1), rest.n), i++) {
		if (i >= MOST_GRAMS / 2 && i < MOST_GRAMS / 2 + skip)
			continue;
		buf_addz(out, i ? " AND " : "");
		add_term(out, str_slice(rest, 0, head_length(rest, GRAM)));
	}
}

/* "ab1" OR "ab2" …: all entries that start with a word of one or two characters. */
static bool add_heads(struct store *store, struct buf *out, struct str word, struct arena *arena)
{
	struct result terms;
	struct err err = {0};
	const struct value params[] = {value_str(word),
		value_text(arena_printf(arena, "%.*s\U0010ffff", STR_FMT(word))), value_int(MOST_HEADS + 1)};
	if (!store_query(store, "SELECT term FROM run_text_term WHERE term >= $1 AND term < $2 LIMIT $3",
		    params, ARRAY_LEN(params), arena, &terms, &err) ||
		terms.n_rows > MOST_HEADS)
		return false;
	for (size_t i = 0; i < terms.n_rows; i++) {
		buf_addz(out, i ? " OR " : "");
		add_term(out, result_at(&terms, i, 0)->s);
	}
	buf_addz(out, terms.n_rows ? "" : "\"\""); /* which finds nothing */
	return true;
}

/* As words are compared: ASCII in lower case. */
static struct str lower(struct arena *arena, struct str word)
{
	char *text = arena_dup(arena, word);
	for (size_t i = 0; i < word.n; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] + 'a' - 'A');
	return (struct str){text, word.n};
}

static bool is_ascii(struct str word)
{
	for (size_t i = 0; i < word.n; i++)
		if ((unsigned char)word.p[i] >= 0x80)
			return false;
	return true;
}

const char *run_text_match(struct store *store, struct str word, struct arena *arena)
{
	struct buf out;
	if (!word.n || !utf8_is_valid(word))
		return NULL;
	buf_init(&out, 0);
	bool ok = true;
	if (head_length(word, GRAM))
		add_grams(&out, word);
	else /* entries are in the lower case of all scripts, which only SQLite knows */
		ok = is_ascii(word) && add_heads(store, &out, lower(arena, word), arena);
	const char *match = ok ? arena_dup(arena, buf_str(&out)) : NULL;
	buf_fini(&out);
	return match;
}

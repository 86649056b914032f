/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/filter.h"

#include "client/base/buf.h"

/* Names of metrics and tags are in any language, and may be as `ndcg@10`. */
static bool is_key_char(char c)
{
	return (unsigned char)c >= 0x80 || c == '@' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/' || c == '-';
}

/* Takes the operator at the head of REST, if there is one. */
static bool take_op(struct str *rest, enum filter_op *op)
{
	static const struct {
		const char *text;
		enum filter_op op;
	} ops[] = {{"!=", FILTER_NE}, {"<=", FILTER_LE}, {">=", FILTER_GE}, {":", FILTER_MATCH},
		{"=", FILTER_EQ}, {"<", FILTER_LT}, {">", FILTER_GT}};
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		struct str head = str_of(ops[i].text);
		if (!str_starts(*rest, head))
			continue;
		*rest = str_slice(*rest, head.n, rest->n);
		*op = ops[i].op;
		return true;
	}
	return false;
}

/* Takes a value: up to the next blank, or between quotes. */
static bool take_value(struct str *rest, struct filter_term *term, struct err *err)
{
	term->is_quoted = rest->n && rest->p[0] == '"';
	if (!term->is_quoted) {
		size_t end = 0;
		while (end < rest->n && rest->p[end] != ' ' && rest->p[end] != '\t')
			end++;
		term->value = str_slice(*rest, 0, end);
		*rest = str_slice(*rest, end, rest->n);
		return true;
	}
	size_t close = str_find(*rest, STR("\""), 1);
	if (close == SIZE_MAX)
		return err_set(err, ERR_USAGE, "filter: a quote is not closed: %.*s", STR_FMT(*rest));
	term->value = str_slice(*rest, 1, close);
	*rest = str_slice(*rest, close + 1, rest->n);
	return true;
}

/* The length of the key at the head of REST, 0 where there is none: what follows a dot may be in quotes. */
static size_t key_length(struct str rest)
{
	size_t n = 0;
	while (n < rest.n && is_key_char(rest.p[n]))
		n++;
	if (!n || n == rest.n || rest.p[n] != '"' || rest.p[n - 1] != '.')
		return n;
	size_t close = str_find(rest, STR("\""), n + 1);
	return close == SIZE_MAX ? n : close + 1;
}

/* KEY without the quotes behind its dot. */
static struct str without_quotes(struct arena *arena, struct str key)
{
	size_t quote = str_find(key, STR("\""), 0);
	if (quote == SIZE_MAX)
		return key;
	return str_of(arena_printf(arena, "%.*s%.*s", STR_FMT(str_slice(key, 0, quote)),
		STR_FMT(str_slice(key, quote + 1, key.n - 1))));
}

static bool take_term(struct arena *arena, struct str *rest, struct filter_term *term, struct err *err)
{
	struct str whole = *rest;
	if (rest->n > 1 && rest->p[0] == '-') {
		term->is_negated = true;
		*rest = str_slice(*rest, 1, rest->n);
	}
	size_t n = key_length(*rest);
	struct str after = str_slice(*rest, n, rest->n);
	if (n && take_op(&after, &term->op)) {
		term->key = without_quotes(arena, str_slice(*rest, 0, n));
		*rest = after;
	}
	if (!take_value(rest, term, err))
		return false;
	if (term->key.p && !term->value.n)
		return err_set(err, ERR_USAGE, "filter: '%.*s' has no value; what nobody knows is '%.*s:-'",
			STR_FMT(str_slice(whole, 0, whole.n - rest->n)), STR_FMT(term->key));
	return true;
}

bool filter_parse(struct arena *arena, struct str text, struct filter *out, struct err *err)
{
	*out = (struct filter){.terms = arena_array(arena, struct filter_term, FILTER_MOST_TERMS)};
	if (text.n > FILTER_MOST_BYTES)
		return err_set(err, ERR_USAGE, "filter: longer than %d bytes", FILTER_MOST_BYTES);
	for (struct str rest = str_trim(text); rest.n; rest = str_trim(rest)) {
		if (out->n == FILTER_MOST_TERMS)
			return err_set(err, ERR_USAGE, "filter: more than %d terms", FILTER_MOST_TERMS);
		if (!take_term(arena, &rest, &out->terms[out->n++], err))
			return false;
	}
	return true;
}

static void add_like(struct buf *out, char c)
{
	if (c == '%' || c == '_' || c == '\\')
		buf_addc(out, '\\');
	buf_addc(out, c);
}

const char *filter_like(struct arena *arena, struct str glob)
{
	struct buf out;
	buf_init(&out, 0);
	for (size_t i = 0; i < glob.n; i++) {
		if (glob.p[i] == '*')
			buf_addc(&out, '%');
		else if (glob.p[i] == '?')
			buf_addc(&out, '_');
		else
			add_like(&out, glob.p[i]);
	}
	return arena_take(arena, &out);
}

const char *filter_like_word(struct arena *arena, struct str word)
{
	struct buf out;
	buf_init(&out, 0);
	buf_addc(&out, '%');
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];
		add_like(&out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
	}
	buf_addc(&out, '%');
	return arena_take(arena, &out);
}

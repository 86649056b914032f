/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/docs/colour.h"

#include "client/base/mem.h"

#include <strings.h>

struct language {
	const char *names;    /* blank-separated */
	const char *keywords; /* the same */
	const char *comment, *open_comment, *close_comment;
	const char *quotes;
	bool ignores_case; /* of keywords */
	bool has_triples;  /* three quotes quote over lines */
	bool has_keys;	   /* a word before a colon is one */
	bool has_names;	   /* digits are mostly part of one: they stay plain */
};

static const struct language languages[] = {
	{.names = "python py",
		.keywords =
			"and as assert async await break class continue def del elif else except False finally for"
			" from global if import in is lambda None nonlocal not or pass raise return True try while"
			" with yield",
		.comment = "#",
		.quotes = "\"'",
		.has_triples = true},
	{.names = "sql",
		.keywords =
			"all and as asc between by case cast count create cross delete desc distinct drop else end"
			" exists from full group having in inner insert into is join left like limit not null on"
			" or order outer over partition right select set sum table then union update using values"
			" view when where with",
		.comment = "--",
		.open_comment = "/*",
		.close_comment = "*/",
		.quotes = "'\"",
		.ignores_case = true},
	{.names = "yaml yml",
		.keywords = "true false null yes no",
		.comment = "#",
		.quotes = "\"'",
		.has_keys = true},
	{.names = "json", .keywords = "true false null", .quotes = "\""},
	{.names = "sh bash shell console zsh",
		.keywords =
			"case do done elif else esac export fi for function if in local return set then until while",
		.comment = "#",
		.quotes = "\"'",
		.has_names = true},
	{.names = "c h",
		.keywords =
			"bool break case char const continue default do double else enum extern false float for goto"
			" if inline int long return short signed sizeof static struct switch true typedef union"
			" unsigned void volatile while",
		.comment = "//",
		.open_comment = "/*",
		.close_comment = "*/",
		.quotes = "\"'"},
	{.names = "scala",
		.keywords =
			"abstract case catch class def do else extends false final finally for given if implicit"
			" import lazy match new null object override package private protected return sealed super"
			" this throw trait true try type val var while with yield",
		.comment = "//",
		.open_comment = "/*",
		.close_comment = "*/",
		.quotes = "\"",
		.has_triples = true},
};

static bool has_word(const char *words, struct str word, bool ignores_case)
{
	struct str rest = str_of(words), one;
	while (str_next(&rest, ' ', &one))
		if (one.n == word.n &&
			(ignores_case ? !strncasecmp(one.p, word.p, word.n) : !memcmp(one.p, word.p, word.n)))
			return true;
	return false;
}

static const struct language *language_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(languages); i++)
		if (has_word(languages[i].names, str_of(name), true))
			return &languages[i];
	return NULL;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c & 0x80;
}

static bool is_at(struct str code, size_t at, const char *text)
{
	return text && str_starts(str_slice(code, at, code.n), str_of(text));
}

/* Behind what starts at AT and ends with END, or at the end of the code. */
static size_t behind(struct str code, size_t at, const char *end)
{
	size_t found = str_find(code, str_of(end), at);
	return found == SIZE_MAX ? code.n : found + strlen(end);
}

static size_t end_of_line(struct str code, size_t at)
{
	size_t found = str_find(code, STR("\n"), at);
	return found == SIZE_MAX ? code.n : found;
}

/* A quoted text ends at its line, unless there are three quotes. */
static size_t end_of_text(const struct language *l, struct str code, size_t at)
{
	const char triple[] = {code.p[at], code.p[at], code.p[at], 0};
	if (l->has_triples && is_at(code, at, triple))
		return behind(code, at + 3, triple);
	for (size_t i = at + 1; i < code.n && code.p[i] != '\n'; i++) {
		if (code.p[i] == '\\' && i + 1 < code.n)
			i++;
		else if (code.p[i] == code.p[at])
			return i + 1;
	}
	return end_of_line(code, at);
}

static bool is_key(struct str code, size_t end)
{
	bool ends_line = end + 1 == code.n || is_at(code, end + 1, " ") || is_at(code, end + 1, "\n");
	return end < code.n && code.p[end] == ':' && ends_line;
}

static enum doc_style style_of_word(const struct language *l, struct str code, size_t at, size_t end)
{
	struct str word = str_slice(code, at, end);
	if (word.p[0] >= '0' && word.p[0] <= '9')
		return l->has_names ? 0 : DOC_NUMBER;
	bool is_known = has_word(l->keywords, word, l->ignores_case) || (l->has_keys && is_key(code, end));
	return is_known ? DOC_KEYWORD : 0;
}

/* The next stretch from AT on: its end, and what it is. */
static size_t next(const struct language *l, struct str code, size_t at, enum doc_style *style)
{
	*style = DOC_COMMENT;
	bool starts = at == 0 || !is_word(code.p[at - 1]);
	if (is_at(code, at, l->comment) &&
		(l->comment[0] != '#' || at == 0 || strchr(" \t\n", code.p[at - 1])))
		return end_of_line(code, at);
	if (is_at(code, at, l->open_comment))
		return behind(code, at + strlen(l->open_comment), l->close_comment);
	*style = DOC_STRING;
	if (strchr(l->quotes, code.p[at]) && code.p[at])
		return end_of_text(l, code, at);
	*style = 0;
	if (!is_word(code.p[at]) || !starts)
		return at + 1;
	size_t end = at;
	while (end < code.n && is_word(code.p[end]))
		end++;
	*style = style_of_word(l, code, at, end);
	return end;
}

static void colour_diff(struct str code, colour_fn fn, void *ctx)
{
	for (size_t at = 0; at < code.n;) {
		char c = code.p[at];
		size_t end = end_of_line(code, at);
		fn(ctx, end < code.n ? ++end : end,
			c == '+'   ? DOC_ADDED
			: c == '-' ? DOC_REMOVED
			: c == '@' ? DOC_COMMENT
				   : 0);
		at = end;
	}
}

void colour_code(const char *language, struct str code, colour_fn fn, void *ctx)
{
	const struct language *l = language ? language_of(language) : NULL;
	if (language && has_word("diff patch", str_of(language), true)) {
		colour_diff(code, fn, ctx);
		return;
	}
	for (size_t at = 0; l && at < code.n;) {
		enum doc_style style;
		at = next(l, code, at, &style);
		fn(ctx, at, style);
	}
	if (!l && code.n)
		fn(ctx, code.n, 0);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/ref.h"

#include "client/base/mem.h"

#include <string.h>

enum { MOST_PARTS = 4, MOST_ATTEMPT = 1000000000 };

static const struct {
	const char *word;
	enum ref_kind kind;
} prefixes[] = {
	{"project", REF_PROJECT},
	{"model", REF_MODEL},
	{"problem", REF_PROBLEM},
	{"doc", REF_DOC},
	{"example", REF_EXAMPLE},
	{"monitor", REF_MONITOR},
	{"abtest", REF_ABTEST},
};

/* --- reading ------------------------------------------------------------------ */

struct reading {
	struct arena *arena;
	struct str text;
	struct err *err;
};

static bool fail(const struct reading *r, const char *what)
{
	return err_set(r->err, ERR_USAGE, "'%.*s' is no ref: %s", STR_FMT(r->text), what);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte that "%XX" at S.p stands for; -1 where that is not what is there. */
static int encoded_byte(struct str s)
{
	int high = s.n >= 3 ? hex_digit(s.p[1]) : -1;
	int low = s.n >= 3 ? hex_digit(s.p[2]) : -1;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Decodes one part. What a person types unencoded, and separates nothing here, is taken as it is. */
static bool read_part(const struct reading *r, struct str part, const char **out)
{
	if (!part.n)
		return fail(r, "a part of it is empty");
	char *text = arena_get(r->arena, part.n + 1, 1);
	size_t n = 0;
	for (size_t i = 0; i < part.n; i++) {
		int byte = (unsigned char)part.p[i];
		if (part.p[i] == '%') {
			byte = encoded_byte(str_slice(part, i, part.n));
			if (byte < 0)
				return fail(r, "a '%' must be followed by two hexadecimal digits");
			i += 2;
		}
		if (byte == 0)
			return fail(r, "no name holds a NUL byte");
		text[n++] = (char)byte;
	}
	*out = text;
	return true;
}

/* Cuts S at the first SEP: what follows it goes to TAIL, whose p is NULL where there is none. */
static struct str cut(struct str s, char sep, struct str *tail)
{
	const char *at = memchr(s.p, sep, s.n);
	*tail = (struct str){0};
	if (!at)
		return s;
	size_t head = (size_t)(at - s.p);
	*tail = str_slice(s, head + 1, s.n);
	return str_slice(s, 0, head);
}

static bool read_attempt(const struct reading *r, struct str digits, int64_t *out)
{
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return fail(
				r, "what follows '@' must be the number of an attempt; '@' in a name is %40");
	return str_to_int(digits, 0, MOST_ATTEMPT, out) ||
	       fail(r, "what follows '@' must be the number of an attempt");
}

/* STEP[:INDEX][@ATTEMPT] */
static bool read_step(const struct reading *r, struct str part, struct ref *out)
{
	struct str attempt, index;
	part = cut(part, '@', &attempt);
	part = cut(part, ':', &index);
	out->kind = REF_STEP;
	return read_part(r, part, &out->step) && (!index.p || read_part(r, index, &out->index)) &&
	       (!attempt.p || read_attempt(r, attempt, &out->attempt));
}

static bool read_object(const struct reading *r, struct ref *out)
{
	struct str rest = r->text, parts[MOST_PARTS];
	size_t n = 0;
	for (struct str part; str_next(&rest, '/', &part); n++) {
		if (n == MOST_PARTS)
			return fail(r, "it has more than four parts; '/' in a name is %2F");
		parts[n] = part;
	}
	static const enum ref_kind kinds[] = {REF_SOURCE, REF_PIPELINE, REF_RUN};
	const char **names[] = {&out->source, &out->pipeline, &out->run};
	for (size_t i = 0; i < n && i < ARRAY_LEN(names); i++) {
		out->kind = kinds[i];
		if (!read_part(r, parts[i], names[i]))
			return false;
	}
	return n < MOST_PARTS || read_step(r, parts[3], out);
}

/* SOURCE/NAME[/VERSION] */
static bool read_model(const struct reading *r, struct str text, struct ref *out)
{
	struct str name, version;
	struct str source = cut(text, '/', &name);
	if (!name.p)
		return fail(r, "a model is model:SOURCE/NAME or model:SOURCE/NAME/VERSION");
	name = cut(name, '/', &version);
	if (version.p && memchr(version.p, '/', version.n))
		return fail(r, "it has more than three parts; '/' in a name is %2F");
	return read_part(r, source, &out->source) && read_part(r, name, &out->name) &&
	       (!version.p || read_part(r, version, &out->version));
}

/* PAGE[#SECTION], where a page is named by its path. */
static bool read_doc(const struct reading *r, struct str text, struct ref *out)
{
	struct str section;
	struct str page = cut(text, '#', &section);
	return read_part(r, page, &out->name) && (!section.p || read_part(r, section, &out->section));
}

static bool read_prefixed(const struct reading *r, struct str word, struct str text, struct ref *out)
{
	size_t i = 0;
	while (i < ARRAY_LEN(prefixes) && !str_is(word, prefixes[i].word))
		i++;
	if (i == ARRAY_LEN(prefixes))
		return fail(r, "nothing is named that way; a ':' in a name is %3A");
	out->kind = prefixes[i].kind;
	if (out->kind == REF_MODEL)
		return read_model(r, text, out);
	if (out->kind == REF_DOC)
		return read_doc(r, text, out);
	if (text.n && memchr(text.p, '/', text.n))
		return fail(r, "'/' in a name is %2F");
	return read_part(r, text, &out->name);
}

bool ref_parse(struct arena *arena, struct str text, struct ref *out, struct err *err)
{
	struct reading r = {arena, text, err};
	struct str tail, after_colon;
	*out = (struct ref){.kind = REF_SOURCE};
	if (!text.n)
		return err_set(err, ERR_USAGE, "a ref must not be empty");
	/* A ':' separates a prefix only before the first '/': later ones belong to run ids and steps. */
	struct str word = cut(cut(text, '/', &tail), ':', &after_colon);
	if (after_colon.p)
		return read_prefixed(&r, word, str_slice(text, word.n + 1, text.n), out);
	return read_object(&r, out);
}

struct ref ref_dup(struct arena *arena, const struct ref *ref)
{
	struct ref copy = *ref;
	const char **texts[] = {&copy.source, &copy.pipeline, &copy.run, &copy.step, &copy.index, &copy.name,
		&copy.version, &copy.section};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = arena_dupz(arena, *texts[i]);
	return copy;
}

/* --- writing ------------------------------------------------------------------ */

static bool is_plain(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c && strchr("._~+=,-", c));
}

static void add_encoded(struct buf *out, struct str part, char also_plain)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t from = 0;
	for (size_t i = 0; i < part.n; i++) {
		unsigned char c = (unsigned char)part.p[i];
		if (is_plain(c) || (also_plain && part.p[i] == also_plain))
			continue;
		buf_add(out, str_slice(part, from, i));
		buf_add(out, (struct str){(char[]){'%', digits[c >> 4], digits[c & 15]}, 3});
		from = i + 1;
	}
	buf_add(out, str_slice(part, from, part.n));
}

void ref_add_part(struct buf *out, struct str part)
{
	add_encoded(out, part, 0);
}

/* PART behind SEP, where there is one. */
static void add_optional(struct buf *out, char sep, const char *part)
{
	if (!part)
		return;
	buf_addc(out, sep);
	ref_add_part(out, str_of(part));
}

static void add_object(struct buf *out, const struct ref *ref)
{
	ref_add_part(out, str_of(ref->source));
	if (ref->kind == REF_SOURCE)
		return;
	add_optional(out, '/', ref->pipeline);
	if (ref->kind == REF_PIPELINE)
		return;
	add_optional(out, '/', ref->run);
	if (ref->kind == REF_RUN)
		return;
	add_optional(out, '/', ref->step);
	add_optional(out, ':', ref->index);
	if (ref->attempt)
		buf_addf(out, "@%lld", (long long)ref->attempt);
}

void ref_add(struct buf *out, const struct ref *ref)
{
	size_t i = 0;
	while (i < ARRAY_LEN(prefixes) && prefixes[i].kind != ref->kind)
		i++;
	if (i == ARRAY_LEN(prefixes)) {
		add_object(out, ref);
		return;
	}
	buf_addz(out, prefixes[i].word);
	buf_addc(out, ':');
	if (ref->kind == REF_MODEL) {
		ref_add_part(out, str_of(ref->source));
		buf_addc(out, '/');
	}
	/* A page is named by a path, whose slashes stay readable. */
	add_encoded(out, str_of(ref->name), ref->kind == REF_DOC ? '/' : 0);
	add_optional(out, '/', ref->version);
	add_optional(out, '#', ref->section);
}

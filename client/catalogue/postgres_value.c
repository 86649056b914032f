/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/postgres.h"

#include "client/base/buf.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"

#include <stdlib.h>

/* Of pg_type.dat: fixed numbers, but the header that names them is the server's. */
enum {
	TYPE_BOOL = 16,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_TEXT = 25,
	TYPE_OID = 26,
	TYPE_FLOAT4 = 700,
	TYPE_FLOAT8 = 701,
	TYPE_NUMERIC = 1700,
};

/* --- parameters --------------------------------------------------------------------- */

Oid pg_type_of(const struct value *value)
{
	static const Oid types[] = {
		[VALUE_INT] = TYPE_INT8, [VALUE_REAL] = TYPE_FLOAT8, [VALUE_TEXT] = TYPE_TEXT};
	return types[value->type];
}

struct str pg_clean_text(struct arena *arena, struct str text)
{
	if (utf8_is_valid(text) && (text.n == 0 || !memchr(text.p, 0, text.n)))
		return text;
	struct buf clean;
	buf_init(&clean, 0);
	for (size_t at = 0, len; at < text.n; at += len) {
		struct str rest = str_slice(text, at, text.n);
		uint32_t c = utf8_decode(rest, &len);
		utf8_add(&clean, c == UTF8_BAD || c == 0 ? 0xfffd : c);
	}
	struct str out = {arena_dup(arena, buf_str(&clean)), clean.n};
	buf_fini(&clean);
	return out;
}

/* Behind the quoted piece that starts at P: '' and "" inside it start another one at once. */
static const char *skip_quoted(const char *p)
{
	const char *end = strchr(p + 1, *p);
	return end ? end + 1 : p + strlen(p);
}

size_t pg_count_params(const char *sql)
{
	size_t most = 0;
	for (const char *p = sql; *p;) {
		if (*p == '\'' || *p == '"') {
			p = skip_quoted(p);
		} else if (*p == '$') {
			char *end;
			size_t number = strtoul(p + 1, &end, 10);
			if (number > most)
				most = number;
			p = end;
		} else {
			p++;
		}
	}
	return most;
}

/* --- answers -------------------------------------------------------------------------- */

static struct value read_number(struct str text)
{
	int64_t n;
	return str_to_int(text, INT64_MIN, INT64_MAX, &n) ? value_int(n) : value_real(strtod(text.p, NULL));
}

struct value pg_read_cell(const PGresult *result, int row, int column, struct arena *arena)
{
	if (PQgetisnull(result, row, column))
		return (struct value){.type = VALUE_NULL};
	struct str text = {PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column)};
	switch (PQftype(result, column)) {
	case TYPE_BOOL:
		return value_int(text.n && text.p[0] == 't');
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
	case TYPE_OID:
	case TYPE_NUMERIC: /* what a sum of bigint is */
		return read_number(text);
	case TYPE_FLOAT4:
	case TYPE_FLOAT8:
		return value_real(strtod(text.p, NULL));
	default:
		return value_str((struct str){arena_dup(arena, text), text.n});
	}
}

/* --- failures --------------------------------------------------------------------------- */

/* By the first characters of SQLSTATE; the first that fits. */
static const struct {
	const char *state;
	enum err_code code;
	bool is_lost; /* the session ends with it */
} codes[] = {
	{"57014", ERR_UNAVAILABLE, false}, /* over its time */
	{"57", ERR_UNAVAILABLE, true},	   /* shut down, terminated */
	{"08", ERR_UNAVAILABLE, true},
	{"25P03", ERR_UNAVAILABLE, true}, /* idle in a transaction for too long */
	{"25006", ERR_REFUSED, false},	  /* a read-only transaction */
	{"42501", ERR_REFUSED, false},
	{"28", ERR_AUTH, false},
	{"3D", ERR_USAGE, false}, /* no such database */
	{"53100", ERR_FULL, false},
	{"53", ERR_UNAVAILABLE, false},
	{"55P03", ERR_UNAVAILABLE, false}, /* locked */
	{"40", ERR_UNAVAILABLE, false},	   /* a deadlock */
	{"XX001", ERR_CORRUPT, false},
	{"XX002", ERR_CORRUPT, false},
};

bool pg_fail_connection(struct pg *pg, struct err *err)
{
	struct str why = str_trim(str_of(PQerrorMessage(pg->conn)));
	size_t line = str_find(why, STR("\n"), 0);
	pg->store.is_lost = true;
	why = str_slice(why, 0, line);
	return err_set(err, ERR_UNAVAILABLE, "catalogue: the connection to PostgreSQL was lost%s%.*s",
		why.n ? ": " : "", STR_FMT(why));
}

bool pg_fail_result(struct pg *pg, const PGresult *result, bool is_cut, struct err *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (is_cut && (!state || !strcmp(state, "57014")))
		return err_set(err, ERR_CANCELLED, "catalogue: interrupted");
	if (!state || !why)
		return pg_fail_connection(pg, err);
	enum err_code code = ERR_FAILED;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (!str_starts(str_of(state), str_of(codes[i].state)))
			continue;
		code = codes[i].code;
		pg->store.is_lost |= codes[i].is_lost;
		break;
	}
	return err_set(err, code, "catalogue: PostgreSQL: %s", why);
}

/* --- COPY -------------------------------------------------------------------------------- */

static void add_copy_text(struct buf *out, struct str text)
{
	static const char special[] = "\b\f\n\r\t\v\\", letters[] = "bfnrtv\\";
	for (size_t i = 0; i < text.n; i++) {
		const char *at = text.p[i] ? strchr(special, text.p[i]) : NULL;
		if (at)
			buf_addc(out, '\\');
		buf_addc(out, at ? letters[at - special] : text.p[i]);
	}
}

void pg_add_copy(struct buf *out, const struct value *value, struct arena *arena)
{
	switch (value->type) {
	case VALUE_NULL:
		buf_addz(out, "\\N");
		break;
	case VALUE_INT:
		buf_addf(out, "%lld", (long long)value->i);
		break;
	case VALUE_REAL:
		buf_addf(out, "%.17g", value->r);
		break;
	case VALUE_TEXT:
		add_copy_text(out, pg_clean_text(arena, value->s));
		break;
	}
}

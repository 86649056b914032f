/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From an address to a connection. What the address, the environment and the service file say is libpq's
 * business, but for what safety.md asks: a server that is not on this machine proves who it is, dead links
 * are noticed, sessions have limits, and nothing of the address gets into a message: it may hold a password.
 */
#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/catalogue/postgres.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_OPTIONS = 64 };

/* Taken where the address says nothing. */
static const struct {
	const char *key, *value;
} defaults[] = {
	{"connect_timeout", "5"},
	{"keepalives_idle", "30"},
	{"keepalives_interval", "10"},
	{"keepalives_count", "3"},
	{"tcp_user_timeout", "20000"},
};

struct options {
	const char *keys[MOST_OPTIONS], *values[MOST_OPTIONS];
	size_t n;
};

static void put(struct options *o, const char *key, const char *value)
{
	BUG_ON(o->n + 1 >= MOST_OPTIONS); /* libpq 15 knows 41 */
	o->keys[o->n] = key;
	o->values[o->n++] = value;
}

static const char *given(const PQconninfoOption *options, const char *key)
{
	for (; options && options->keyword; options++)
		if (!strcmp(options->keyword, key))
			return options->val && *options->val ? options->val : NULL;
	return NULL;
}

/* --- who is asked ------------------------------------------------------------------------ */

static bool is_local(struct str host)
{
	static const char *const names[] = {"", "localhost", "::1"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(host, names[i]))
			return true;
	return host.p[0] == '/' || host.p[0] == '@' || str_starts(host, STR("127."));
}

/* Of a list, as several hosts may be named, all. */
static bool are_local(const char *hosts)
{
	struct str rest = str_of(hosts), host;
	while (str_next(&rest, ',', &host))
		if (!is_local(host))
			return false;
	return true;
}

/* A service file may name any host, so one counts as another machine. */
static bool is_on_this_machine(const PQconninfoOption *address, const PQconninfoOption *environment)
{
	static const char *const keys[] = {"host", "hostaddr"};
	if (given(address, "service"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *value = given(address, keys[i]);
		if (!are_local(value ? value : given(environment, keys[i])))
			return false;
	}
	return true;
}

/* libpq looks in the home folder alone, where few have a file. */
static const char *root_certificates(const PQconninfoOption *address, const PQconninfoOption *environment)
{
	static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
	const char *home = getenv("HOME");
	if (given(address, "sslrootcert") || given(environment, "sslrootcert"))
		return NULL;
	char *own = x_printf("%s/.postgresql/root.crt", home ? home : "");
	bool has_own = access(own, R_OK) == 0;
	x_free(own);
	for (size_t i = 0; !has_own && i < ARRAY_LEN(bundles); i++)
		if (access(bundles[i], R_OK) == 0)
			return bundles[i];
	return NULL;
}

static bool put_security(struct options *o, const PQconninfoOption *address,
	const PQconninfoOption *environment, struct err *err)
{
	const char *mode = given(address, "sslmode");
	if (is_on_this_machine(address, environment)) {
		put(o, "gssencmode", "disable"); /* looking for a ticket costs more than the rest */
		if (!mode)
			put(o, "sslmode", "prefer");
		return true;
	}
	if (mode && strcmp(mode, "verify-full") != 0)
		return err_set(err, ERR_USAGE,
			"catalogue: a PostgreSQL server on another machine has to prove who it is: leave out sslmode, or say verify-full");
	const char *root = root_certificates(address, environment);
	put(o, "sslmode", "verify-full");
	if (root)
		put(o, "sslrootcert", root);
	return true;
}

/* --- connecting ---------------------------------------------------------------------------- */

/* By the words, as libpq 15 keeps the state of a connection that failed to itself; a server that speaks
 * another language gives ERR_UNAVAILABLE. */
static const struct {
	const char *words;
	enum err_code code;
	const char *remedy;
} refusals[] = {
	{"no password supplied", ERR_AUTH, ": put the password into ~/.pgpass (mode 0600)"},
	{"authentication failed", ERR_AUTH, ": look into ~/.pgpass"},
	{"no pg_hba.conf entry", ERR_AUTH, ""},
	{"permission denied for database", ERR_AUTH, ""},
	{"does not exist", ERR_USAGE, ": an administrator creates it"},
	{"root certificate file", ERR_USAGE, ""},
	{"certificate", ERR_AUTH, ""},
};

static bool misunderstand(struct err *err)
{
	return err_set(err, ERR_USAGE,
		"the address is not understood: say postgresql://USER@HOST/DATABASE, with %%XX for special characters");
}

static bool refuse(PGconn *conn, struct err *err)
{
	struct str why = str_trim(str_of(PQerrorMessage(conn)));
	size_t line = str_find(why, STR("\n"), 0);
	why = str_slice(why, 0, line);
	if (str_has(why, STR("invalid "))) /* a number or a word of the address, and it may be a password */
		return misunderstand(err);
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (str_has(why, str_of(refusals[i].words)))
			return err_set(err, refusals[i].code, "PostgreSQL: %.*s%s", STR_FMT(why),
				refusals[i].remedy);
	return err_set(err, ERR_UNAVAILABLE, "PostgreSQL: %.*s", STR_FMT(why));
}

/* The role and the words of whoever owns the other end: to nobody. */
static void ignore_notice(void *ctx, const PGresult *result)
{
	(void)ctx, (void)result;
}

/* Finding the address of a host is not bounded: libpq waits for that by itself. */
static bool wait_for_server(PGconn *conn, int64_t patience_ms, struct err *err)
{
	const int64_t until_ms = clock_mono_ms() + patience_ms;
	PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
	while (PQstatus(conn) != CONNECTION_BAD && wants != PGRES_POLLING_OK &&
		wants != PGRES_POLLING_FAILED) {
		struct pollfd fd = {
			.fd = PQsocket(conn), .events = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT};
		int64_t left_ms = until_ms - clock_mono_ms();
		if (left_ms <= 0)
			return err_set(err, ERR_UNAVAILABLE, "PostgreSQL: no answer within %lld ms",
				(long long)patience_ms);
		if (poll(&fd, 1, (int)left_ms) > 0)
			wants = PQconnectPoll(conn);
	}
	return PQstatus(conn) == CONNECTION_OK || refuse(conn, err);
}

static PGconn *connect_with(const struct options *o, int64_t patience_ms, struct err *err)
{
	PGconn *conn = patience_ms ? PQconnectStartParams(o->keys, o->values, 0)
				   : PQconnectdbParams(o->keys, o->values, 0);
	if (!conn)
		die("out of memory");
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	if (patience_ms ? wait_for_server(conn, patience_ms, err)
			: PQstatus(conn) == CONNECTION_OK || refuse(conn, err))
		return conn;
	PQfinish(conn);
	return NULL;
}

static PGconn *dial(const PQconninfoOption *address, const PQconninfoOption *environment, int64_t patience_ms,
	struct err *err)
{
	struct options o = {.n = 0};
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (!given(address, defaults[i].key))
			put(&o, defaults[i].key, defaults[i].value);
	for (const PQconninfoOption *a = address; a->keyword; a++)
		if (a->val && *a->val)
			put(&o, a->keyword, a->val);
	put(&o, "application_name", "porthole"); /* what comes later wins */
	put(&o, "client_encoding", "UTF8");
	return put_security(&o, address, environment, err) ? connect_with(&o, patience_ms, err) : NULL;
}

/* --- settings of the session ------------------------------------------------------------------ */

/* JIT and plans for anybody's parameters are for other queries than "the newest fifty". */
#define FOR_ALL                                                                                              \
	"SET search_path = " PG_SCHEMA ", pg_temp;"                                                          \
	"SET idle_in_transaction_session_timeout = '60s';"                                                   \
	"SET standard_conforming_strings = on;"                                                              \
	"SET jit = off;"

static const char *const settings[] = {
	[STORE_READ] = FOR_ALL "SET default_transaction_read_only = on; SET statement_timeout = '15s';"
			       "SET lock_timeout = '3s'; SET plan_cache_mode = force_custom_plan",
	[STORE_SYNC] = FOR_ALL "SET lock_timeout = '30s'",
};

PGconn *pg_connect(const char *address, enum store_mode mode, int64_t patience_ms, struct err *err)
{
	PQconninfoOption *options = PQconninfoParse(address, NULL); /* its words may quote the password */
	if (!options) {
		misunderstand(err);
		return NULL;
	}
	PQconninfoOption *environment = PQconndefaults();
	PGconn *conn = dial(options, environment, patience_ms, err);
	PQconninfoFree(options);
	PQconninfoFree(environment);
	if (conn && !pg_run(conn, settings[mode], err)) {
		PQfinish(conn);
		conn = NULL;
	}
	return conn;
}

/* --- plain statements --------------------------------------------------------------------------- */

static bool fail_plain(PGconn *conn, const PGresult *result, struct err *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (!state || !why)
		return refuse(conn, err);
	bool is_forbidden = !strcmp(state, "42501") || !strcmp(state, "25006");
	bool is_locked = !strcmp(state, "55P03");
	return err_set(err,
		is_forbidden ? ERR_REFUSED
		: is_locked  ? ERR_UNAVAILABLE
			     : ERR_FAILED,
		"PostgreSQL: %s", why);
}

bool pg_run(void *conn, const char *sql, struct err *err)
{
	PGresult *result = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(result);
	bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY ||
		  fail_plain(conn, result, err);
	PQclear(result);
	return ok;
}

bool pg_ask(PGconn *conn, const char *sql, char **out, struct err *err)
{
	PGresult *result = PQexecParams(conn, sql, 0, NULL, NULL, NULL, NULL, 0);
	bool ok = PQresultStatus(result) == PGRES_TUPLES_OK || fail_plain(conn, result, err);
	bool is_there = ok && PQntuples(result) > 0 && !PQgetisnull(result, 0, 0);
	*out = is_there ? x_strdup(PQgetvalue(result, 0, 0)) : NULL;
	PQclear(result);
	return ok;
}

bool pg_ask_int(PGconn *conn, const char *sql, int64_t *out, struct err *err)
{
	char *text;
	*out = 0;
	if (!pg_ask(conn, sql, &text, err))
		return false;
	if (text)
		str_to_int(str_of(text), INT64_MIN, INT64_MAX, out);
	x_free(text);
	return true;
}

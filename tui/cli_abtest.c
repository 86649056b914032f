/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `porthole record abtest`: what the units of one arm came to on one day, as sums, so that a test can be
 * judged again at any time (contracts.md section 8). One row by options, or any number of them as lines of
 * JSON. They are the team's: a step of `porthole run` tells them to the same place.
 */
#include "client/base/clean.h"
#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "tui/cli.h"
#include "views/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { MOST_NAME = 200, MOST_INPUT = 64 << 20 };

static const struct field {
	const char *name;
	bool is_text, is_needed;
	bool is_square; /* never less than 0 */
	int together;	/* with all others of its number, or with none; 0: alone */
} fields[CLI_ABTEST_FIELDS] = {
	[CLI_ABTEST_DAY] = {"day", .is_text = true, .is_needed = true},
	[CLI_ABTEST_ARM] = {"arm", .is_text = true, .is_needed = true},
	[CLI_ABTEST_SEGMENT] = {"segment", .is_text = true},
	[CLI_ABTEST_METRIC] = {"metric", .is_text = true, .is_needed = true},
	[CLI_ABTEST_N] = {"n", .is_needed = true, .is_square = true},
	[CLI_ABTEST_SUM] = {"sum", .is_needed = true},
	[CLI_ABTEST_SUMSQ] = {"sumsq", .is_needed = true, .is_square = true},
	[CLI_ABTEST_X] = {"x", .together = 1},
	[CLI_ABTEST_XX] = {"xx", .is_square = true, .together = 1},
	[CLI_ABTEST_XY] = {"xy", .together = 1},
	[CLI_ABTEST_D] = {"d", .together = 2},
	[CLI_ABTEST_DD] = {"dd", .is_square = true, .together = 2},
	[CLI_ABTEST_ND] = {"nd", .together = 2},
};

/* As they are stored; what was not given is NULL, but for the segment: "" is all units. */
struct row {
	struct value values[CLI_ABTEST_FIELDS];
};

/* --- what a row may say ----------------------------------------------------------------- */

static bool check_text(const struct field *field, struct str text, const char *where, struct err *err)
{
	struct buf clean;
	buf_init(&clean, 0);
	clean_add(&clean, text, CLEAN_NAME);
	bool is_clean = str_eq(buf_str(&clean), text);
	buf_fini(&clean);
	if (text.n > MOST_NAME)
		return err_set(err, ERR_USAGE, "%s%s: %zu bytes, %d are the most", where, field->name, text.n,
			MOST_NAME);
	return is_clean ||
	       err_set(err, ERR_USAGE, "%s%s: it holds what no terminal shows", where, field->name);
}

static bool check_day(struct str day, const char *where, struct err *err)
{
	char midnight[32];
	int64_t ms;
	snprintf(midnight, sizeof midnight, "%.*sT00:00:00Z", day.n < 11 ? (int)day.n : 11, day.p);
	return (day.n == 10 && when_parse(str_of(midnight), &ms)) ||
	       err_set(err, ERR_USAGE, "%sday: '%.*s' is no day such as 2026-11-20", where,
		       day.n < MOST_NAME ? (int)day.n : MOST_NAME, day.p);
}

static bool check_number(const struct field *field, double number, const char *where, struct err *err)
{
	if (!isfinite(number))
		return err_set(err, ERR_USAGE, "%s%s: a sum is finite", where, field->name);
	return !field->is_square || number >= 0 ||
	       err_set(err, ERR_USAGE, "%s%s: %g is less than 0", where, field->name, number);
}

static bool check_together(const struct row *row, const char *where, struct err *err)
{
	for (size_t i = 0; i < CLI_ABTEST_FIELDS; i++)
		for (size_t k = 0; k < CLI_ABTEST_FIELDS && fields[i].together; k++)
			if (fields[k].together == fields[i].together && row->values[i].type != VALUE_NULL &&
				row->values[k].type == VALUE_NULL)
				return err_set(err, ERR_USAGE, "%s%s is given, and %s is not", where,
					fields[i].name, fields[k].name);
	return true;
}

static bool check_row(const struct row *row, const char *where, struct err *err)
{
	for (size_t i = 0; i < CLI_ABTEST_FIELDS; i++) {
		const struct value *value = &row->values[i];
		bool is_there = value->type != VALUE_NULL && (value->type != VALUE_TEXT || value->s.n);
		if (fields[i].is_needed && !is_there)
			return err_set(err, ERR_USAGE, "%s%s is missing", where, fields[i].name);
		if (value->type == VALUE_TEXT && !check_text(&fields[i], value->s, where, err))
			return false;
		if (value->type == VALUE_REAL && !check_number(&fields[i], value->r, where, err))
			return false;
	}
	double n = row->values[CLI_ABTEST_N].r;
	if (n != floor(n) || n > 9e15)
		return err_set(err, ERR_USAGE, "%sn: %g is no number of units", where, n);
	return check_day(row->values[CLI_ABTEST_DAY].s, where, err) && check_together(row, where, err);
}

/* --- where rows come from ------------------------------------------------------------------ */

static bool read_options(struct cli *cli, struct row *row, struct err *err)
{
	*row = (struct row){0};
	for (size_t i = 0; i < CLI_ABTEST_FIELDS; i++) {
		const char *text = cli->abtest[i];
		double number;
		if (text && fields[i].is_text) {
			row->values[i] = value_text(text);
		} else if (text) {
			if (!str_to_double(str_of(text), &number))
				return err_set(
					err, ERR_USAGE, "--%s: '%s' is no number", fields[i].name, text);
			row->values[i] = value_real(number);
		}
	}
	return check_row(row, "--", err);
}

static bool read_field(struct cli *cli, const struct field *field, const struct json *json, struct value *out,
	const char *where, struct err *err)
{
	double number;
	struct str text = json_str(json);
	*out = value_text(NULL);
	if (json_type(json) == JSON_ABSENT || json_type(json) == JSON_NULL)
		return true;
	if (field->is_text ? !text.p : !json_num(json, &number))
		return err_set(err, ERR_USAGE, "%s%s: it is no %s", where, field->name,
			field->is_text ? "text" : "number");
	*out = field->is_text ? value_str((struct str){arena_dup(cli->arena, text), text.n})
			      : value_real(number);
	return true;
}

static bool read_line(struct cli *cli, struct str line, size_t number, struct row *row, struct err *err)
{
	char where[32];
	snprintf(where, sizeof where, "line %zu: ", number);
	struct json_doc *doc = json_parse(line, err);
	if (!doc)
		return err_set(err, ERR_USAGE, "%sit is no JSON", where);
	const struct json *root = json_root(doc);
	bool ok = true;
	for (size_t i = 0; ok && i < CLI_ABTEST_FIELDS; i++)
		ok = read_field(cli, &fields[i], json_get(root, fields[i].name), &row->values[i], where, err);
	json_free(doc);
	return ok && check_row(row, where, err);
}

static bool read_input(struct buf *out, struct err *err)
{
	char piece[1 << 16];
	ssize_t n;
	while ((n = read(STDIN_FILENO, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0)
			buf_add(out, (struct str){piece, (size_t)n});
		if (out->n > MOST_INPUT)
			return err_set(err, ERR_USAGE, "more than %d bytes: send it in parts", MOST_INPUT);
	}
	return n == 0 || err_set(err, ERR_FAILED, "standard input: %s", strerror(errno));
}

static bool read_lines(struct cli *cli, struct row **rows, size_t *n, struct err *err)
{
	struct buf text;
	buf_init(&text, 0);
	bool ok = read_input(&text, err);
	struct str rest = buf_str(&text), line;
	size_t most = 1, number = 0;
	for (size_t i = 0; i < text.n; i++)
		most += text.p[i] == '\n';
	*rows = arena_array(cli->arena, struct row, most);
	while (ok && rest.n && str_next(&rest, '\n', &line)) {
		number++;
		if (str_trim(line).n)
			ok = read_line(cli, line, number, &(*rows)[(*n)++], err);
	}
	buf_fini(&text);
	return ok;
}

/* --- into the team store --------------------------------------------------------------------- */

/* Told again, a day's row is another: units come in late. */
static bool store_row(
	struct cli *cli, struct store *store, const char *name, const struct row *row, struct err *err)
{
	struct value params[CLI_ABTEST_FIELDS + 2] = {value_text(name), value_ms(cli->now_ms)};
	memcpy(params + 2, row->values, sizeof row->values);
	if (row->values[CLI_ABTEST_SEGMENT].type == VALUE_NULL)
		params[2 + CLI_ABTEST_SEGMENT] = value_text("");
	return store_exec(store,
		"INSERT INTO team.abtest_row (name, at_ms, day, arm, segment, metric, n, sum, sumsq, x, xx, xy, d, dd, nd)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
		" ON CONFLICT (name, day, arm, segment, metric) DO UPDATE SET at_ms = excluded.at_ms, n = excluded.n,"
		" sum = excluded.sum, sumsq = excluded.sumsq, x = excluded.x, xx = excluded.xx, xy = excluded.xy,"
		" d = excluded.d, dd = excluded.dd, nd = excluded.nd",
		params, ARRAY_LEN(params), NULL, err);
}

/* All, or none. */
static bool store_rows(struct cli *cli, const char *name, const struct row *rows, size_t n, struct err *err)
{
	struct store *store = cli_store_undeclared(cli, err);
	bool ok = store && store_begin(store, err);
	for (size_t i = 0; ok && i < n; i++)
		ok = store_row(cli, store, name, &rows[i], err);
	ok = ok && store_commit(store, err);
	if (store && !ok)
		store_rollback(store);
	store_close(store);
	return ok;
}

static void put_row(struct cli *cli, const char *name, const struct row *row)
{
	struct json_writer w = {.out = &cli->out};
	json_open(&w, '{');
	json_key(&w, "abtest");
	json_put_str(&w, str_of(name));
	for (size_t i = 0; i < CLI_ABTEST_FIELDS; i++)
		if (row->values[i].type != VALUE_NULL) {
			json_key(&w, fields[i].name);
			json_put_value(&w, &row->values[i]);
		}
	json_close(&w, '}');
	buf_addc(&cli->out, '\n');
}

bool cli_abtest(struct cli *cli, struct err *err)
{
	const struct field name_field = {.name = "name"};
	struct row *rows = arena_array(cli->arena, struct row, 1);
	size_t n = 0;
	bool is_input = cli->n_args == 4 && !strcmp(cli->args[3], "-");
	if (cli->n_args < 3 || cli->n_args > 4 || (cli->n_args == 4 && !is_input) || !*cli->args[2])
		return err_set(err, ERR_USAGE,
			"record abtest NAME --day D --arm A --metric M --n N --sum S --sumsq Q, or NAME - with a row of JSON a line");
	const char *name = cli->args[2];
	if (!check_text(&name_field, str_of(name), "", err))
		return false;
	if (is_input ? !read_lines(cli, &rows, &n, err) : !read_options(cli, &rows[n++], err))
		return false;
	if (!cli->is_dry_run && !store_rows(cli, name, rows, n, err))
		return false;
	for (size_t i = 0; (cli->is_json || cli->is_dry_run) && i < n; i++)
		put_row(cli, name, &rows[i]);
	return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `porthole record`: what a pipeline reports of itself. In a step of `porthole run` it becomes a line of that
 * run's events.jsonl, elsewhere a row of the team store, where there is one for it.
 */
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/catalogue/audit.h"
#include "client/catalogue/ref.h"
#include "client/local/journal.h"
#include "tui/cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { MOST_METRICS = 200, MOST_JOURNAL = 256 << 20 };

struct report {
	struct cli *cli;
	struct ref ref;
	const char *step;    /* NULL: nobody said */
	const char *journal; /* of the run at hand; NULL: it is another's */
	struct record record;
};

/* --- what it is about ---------------------------------------------------------------- */

/* An empty variable is none. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

static bool is_same_run(const struct ref *a, const struct ref *b)
{
	return a->run && b->run && !strcmp(a->source, b->source) && !strcmp(a->pipeline, b->pipeline) &&
	       !strcmp(a->run, b->run);
}

static bool is_of_pipeline(const struct ref *ref)
{
	return ref->kind == REF_PIPELINE || ref->kind == REF_RUN || ref->kind == REF_STEP;
}

/* The run that --run names, else the one that we are a step of. */
static bool find_run(struct report *report, struct err *err)
{
	struct cli *cli = report->cli;
	struct ref here = {0};
	const char *own = variable("PORTHOLE_RUN");
	const char *named = cli->run ? cli->run : own;
	if (!named)
		return err_set(err, ERR_USAGE,
			"of which run? --run REF; in a step of 'porthole run' it is that one");
	if (!ref_parse(cli->arena, str_of(named), &report->ref, err))
		return err_wrap(err, cli->run ? "--run" : "PORTHOLE_RUN");
	if (!is_of_pipeline(&report->ref))
		return err_set(err, ERR_USAGE, "--run: '%s' is no run", named);
	bool is_here =
		own && ref_parse(cli->arena, str_of(own), &here, NULL) && is_same_run(&report->ref, &here);
	report->step = cli->step ? cli->step : report->ref.step;
	if (!is_here)
		return true;
	report->journal = variable("PORTHOLE_EVENTS");
	if (!report->step)
		report->step = variable("PORTHOLE_STEP");
	return true;
}

static bool needs_run(const struct report *report, struct err *err)
{
	return report->ref.run ||
	       err_set(err, ERR_USAGE, "record %s: --run needs SOURCE/PIPELINE/RUN", report->cli->args[1]);
}

/* A number, or one of the words for those that have no digits. */
static bool read_number(const char *what, const char *text, double *out, struct err *err)
{
	static const struct {
		const char *word;
		double number;
	} words[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(text, words[i].word)) {
			*out = words[i].number;
			return true;
		}
	return str_to_double(str_of(text), out) ||
	       err_set(err, ERR_USAGE, "%s: '%s' is no number, nor NaN, Infinity, -Infinity", what, text);
}

static bool read_option(const char *what, const char *text, double *out, struct err *err)
{
	return !text || read_number(what, text, out, err);
}

/* --- the records ---------------------------------------------------------------------- */

/* What is no number lies within no bound. */
static const char *judged(const struct record_check *check, const struct cli *cli)
{
	bool is_low = cli->lower && !(check->observed >= check->lower);
	bool is_high = cli->upper && !(check->observed <= check->upper);
	return is_low || is_high ? "fail" : "pass";
}

static bool choose_state(struct report *report, struct err *err)
{
	static const char *const words[] = {"pass", "warn", "fail", "error", "not_run", "no_baseline"};
	struct cli *cli = report->cli;
	struct record_check *check = &report->record.check;
	if (!cli->state && !cli->observed)
		return err_set(err, ERR_USAGE, "record check: --observed X, or --state S");
	if (!cli->state) {
		check->state = judged(check, cli);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(cli->state, words[i])) {
			check->state = words[i];
			return true;
		}
	return err_set(err, ERR_USAGE,
		"--state: '%s' is none of pass, warn, fail, error, not_run, no_baseline", cli->state);
}

static bool make_check(struct report *report, struct err *err)
{
	struct cli *cli = report->cli;
	struct record_check *check = &report->record.check;
	if (!needs_run(report, err))
		return false;
	if (!cli->check || !*cli->check)
		return err_set(err, ERR_USAGE, "record check: --check NAME says which");
	if (!report->step)
		return err_set(err, ERR_USAGE, "record check: --step S says of which step");
	if (cli->n_args > 2)
		return err_set(err, ERR_USAGE, "record check: what is '%s'?", cli->args[2]);
	check->pipeline = report->ref.pipeline;
	check->run = report->ref.run;
	check->step = report->step;
	check->check = cli->check;
	check->at_ms = cli->now_ms;
	if (!read_option("--observed", cli->observed, &check->observed, err) ||
		!read_option("--lower", cli->lower, &check->lower, err) ||
		!read_option("--upper", cli->upper, &check->upper, err))
		return false;
	if (check->lower > check->upper)
		return err_set(err, ERR_USAGE, "--lower %s is above --upper %s", cli->lower, cli->upper);
	return choose_state(report, err);
}

static bool make_input(struct report *report, struct err *err)
{
	struct cli *cli = report->cli;
	struct record_input *input = &report->record.input;
	if (!needs_run(report, err))
		return false;
	if (cli->n_args < 3 || cli->n_args > 4 || !*cli->args[2])
		return err_set(err, ERR_USAGE, "record input NAME [VERSION] [--rows N]");
	input->pipeline = report->ref.pipeline;
	input->run = report->ref.run;
	input->name = cli->args[2];
	input->version = cli->n_args > 3 ? cli->args[3] : NULL;
	return !cli->rows || str_to_int(str_of(cli->rows), 0, INT64_MAX, &input->rows) ||
	       err_set(err, ERR_USAGE, "--rows: '%s' is no number of rows", cli->rows);
}

static bool is_month(const char *text)
{
	int64_t year, month;
	return strlen(text) == 7 && text[4] == '-' && str_to_int((struct str){text, 4}, 1970, 9999, &year) &&
	       str_to_int(str_of(text + 5), 1, 12, &month);
}

static bool make_cost(struct report *report, struct err *err)
{
	struct cli *cli = report->cli;
	struct record_cost *cost = &report->record.cost;
	if (cli->n_args > 2)
		return err_set(err, ERR_USAGE, "record cost: what is '%s'?", cli->args[2]);
	if (!cli->amount || !cli->month)
		return err_set(err, ERR_USAGE, "record cost: --amount A --month 2026-11");
	if (!is_month(cli->month))
		return err_set(err, ERR_USAGE, "--month: '%s' is no month such as 2026-11", cli->month);
	cost->pipeline = report->ref.pipeline;
	cost->month = cli->month;
	cost->currency = cli->currency;
	cost->estimate = cli->is_estimate;
	if (!read_number("--amount", cli->amount, &cost->amount, err))
		return false;
	return isfinite(cost->amount) || err_set(err, ERR_USAGE, "--amount: '%s' is no sum", cli->amount);
}

static bool take_metric(struct report *report, const char *text, struct err *err)
{
	struct record_run *run = &report->record.run;
	const char *sign = strchr(text, '=');
	if (!sign || sign == text)
		return err_set(err, ERR_USAGE, "record metric: '%s' is not NAME=VALUE", text);
	struct record_pair *pair = &run->metrics[run->n_metrics++];
	pair->key = arena_dup(report->cli->arena, (struct str){text, (size_t)(sign - text)});
	return read_number(pair->key, sign + 1, &pair->number, err);
}

static bool make_metric(struct report *report, struct err *err)
{
	struct cli *cli = report->cli;
	struct record_run *run = &report->record.run;
	if (!needs_run(report, err))
		return false;
	if (cli->n_args < 3)
		return err_set(err, ERR_USAGE, "record metric NAME=VALUE…");
	if (cli->n_args - 2 > MOST_METRICS)
		return err_set(err, ERR_USAGE, "record metric: at most %d at a time", MOST_METRICS);
	run->pipeline = report->ref.pipeline;
	run->run = report->ref.run;
	run->state = "running"; /* whose step is at work */
	run->heartbeat_ms = cli->now_ms;
	run->metrics = arena_array(cli->arena, struct record_pair, (size_t)cli->n_args);
	for (int i = 2; i < cli->n_args; i++)
		if (!take_metric(report, cli->args[i], err))
			return false;
	return true;
}

/* --- into the run's journal ------------------------------------------------------------- */

/* Adds those of FROM that RUN does not have. */
static void keep_metrics(struct arena *arena, struct record_run *run, const struct record_run *from)
{
	struct record_pair *all =
		arena_array(arena, struct record_pair, run->n_metrics + from->n_metrics + 1);
	size_t n = run->n_metrics;
	for (size_t i = 0; i < n; i++)
		all[i] = run->metrics[i];
	for (size_t i = 0; i < from->n_metrics; i++) {
		size_t at = 0;
		while (at < run->n_metrics && strcmp(run->metrics[at].key, from->metrics[i].key) != 0)
			at++;
		if (at == run->n_metrics)
			all[n++] = from->metrics[i];
	}
	run->metrics = all;
	run->n_metrics = n;
}

static bool read_run(struct arena *arena, struct str line, struct record *out)
{
	if (!str_has(line, STR("\"run\"")))
		return false;
	struct json_doc *doc = json_parse(line, NULL);
	const struct json *root = json_root(doc);
	bool ok = str_is(json_get_str(root, "method"), "run") &&
		  record_read(arena, RECORD_RUN, json_get(root, "params"), out, NULL);
	json_free(doc);
	return ok;
}

/* A run is told whole each time: what its last record says stays, and so do the metrics before these. */
static void complete_run(struct report *report, struct str journal)
{
	struct record_run *run = &report->record.run, before = {0};
	struct str line;
	struct record read;
	while (str_next(&journal, '\n', &line)) {
		if (!read_run(report->cli->arena, line, &read) || strcmp(read.run.run, run->run) != 0)
			continue;
		struct record_run last = read.run;
		if (before.run && last.metrics == NULL) {
			last.metrics = before.metrics;
			last.n_metrics = before.n_metrics;
		}
		before = last;
	}
	if (!before.run)
		return;
	keep_metrics(report->cli->arena, run, &before);
	before.metrics = run->metrics;
	before.n_metrics = run->n_metrics;
	if (before.heartbeat_ms < run->heartbeat_ms)
		before.heartbeat_ms = run->heartbeat_ms;
	*run = before;
}

static bool put_metric(struct report *report, int fd, struct err *err)
{
	struct buf text;
	buf_init(&text, 0);
	int failed;
	do /* steps side by side add to the same metrics */
		failed = flock(fd, LOCK_EX);
	while (failed && errno == EINTR);
	bool ok =
		!failed || err_set(err, ERR_FAILED, "cannot lock '%s': %s", report->journal, strerror(errno));
	ok = ok && file_read(report->journal, MOST_JOURNAL, &text, err);
	if (ok) {
		complete_run(report, buf_str(&text));
		ok = journal_put(fd, &report->record, err);
	}
	buf_fini(&text);
	return ok;
}

static bool to_journal(struct report *report, struct err *err)
{
	int fd = journal_open(report->journal, false, err);
	if (fd < 0)
		return false;
	bool ok = report->record.kind == RECORD_RUN ? put_metric(report, fd, err)
						    : journal_put(fd, &report->record, err);
	close(fd);
	return ok;
}

/* --- into the team store ----------------------------------------------------------------- */

static struct value value_number(double n)
{
	return isfinite(n) ? value_real(n) : value_text(NULL);
}

/* A name that is no source's would never be seen. */
static bool knows_source(struct report *report, struct store *store, struct err *err)
{
	const struct value params[] = {value_text(report->ref.source)};
	struct result row;
	if (!store_query(store, "SELECT name FROM source WHERE name = $1", params, 1, report->cli->arena,
		    &row, err))
		return false;
	return row.n_rows > 0 ||
	       err_set(err, ERR_NOT_FOUND, "the catalogue has no source '%s'; see 'porthole sources'",
		       report->ref.source);
}

static bool store_check(struct report *report, struct store *store, struct err *err)
{
	const struct record_check *c = &report->record.check;
	const struct value params[] = {value_text(report->ref.source), value_text(c->pipeline),
		value_text(c->run), value_text(c->step), value_text(c->check), value_text(c->state),
		value_number(c->observed), value_number(c->lower), value_number(c->upper),
		value_ms(c->at_ms)};
	return store_exec(store,
		"INSERT INTO team.data_check (source, pipeline, run, step, name, state, observed, lower_bound, upper_bound, at_ms)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
		" ON CONFLICT (source, pipeline, run, step, name) DO UPDATE SET state = excluded.state,"
		" observed = excluded.observed, lower_bound = excluded.lower_bound, upper_bound = excluded.upper_bound,"
		" at_ms = excluded.at_ms",
		params, ARRAY_LEN(params), NULL, err);
}

static bool store_cost(struct report *report, struct store *store, struct err *err)
{
	const struct record_cost *c = &report->record.cost;
	const struct value params[] = {value_text(report->ref.source), value_text(c->pipeline),
		value_text(c->month), value_number(c->amount), value_text(c->currency ? c->currency : ""),
		value_int(c->estimate > 0)};
	return store_exec(store,
		"INSERT INTO team.cost (source, pipeline, month, amount, currency, is_estimate)"
		" VALUES ($1, $2, $3, $4, $5, $6)"
		" ON CONFLICT (source, pipeline, month, currency) DO UPDATE SET amount = excluded.amount,"
		" is_estimate = excluded.is_estimate",
		params, ARRAY_LEN(params), NULL, err);
}

/* --- the command ---------------------------------------------------------------------------- */

static const struct kind {
	const char *name;
	enum record_kind record;
	bool (*make)(struct report *report, struct err *err);
	bool (*store)(
		struct report *report, struct store *store, struct err *err); /* NULL: it has no place */
	bool is_audited; /* what people enter; checks come by the thousand */
} kinds[] = {
	{"check", RECORD_CHECK, make_check, store_check, false},
	{"metric", RECORD_RUN, make_metric, NULL, false},
	{"input", RECORD_INPUT, make_input, NULL, false},
	{"cost", RECORD_COST, make_cost, store_cost, true},
};

/* The record as the protocol has it, without what goes around it. */
static void add_json(const struct report *report, struct buf *out)
{
	struct buf line;
	buf_init(&line, 0);
	record_write(&line, &report->record);
	struct json_doc *doc = json_parse(buf_str(&line), NULL);
	json_add(out, json_get(json_root(doc), "params"));
	json_free(doc);
	buf_fini(&line);
}

static bool store_audited(
	struct report *report, const struct kind *kind, struct store *store, struct err *err)
{
	struct cli *cli = report->cli;
	struct buf args, ref;
	int64_t id;
	buf_init(&args, 0);
	buf_init(&ref, 0);
	add_json(report, &args);
	ref_add(&ref, &report->ref);
	const struct audit_entry entry = {.verb = "record cost",
		.object_ref = arena_dup(cli->arena, buf_str(&ref)),
		.args = buf_str(&args),
		.who = audit_who(store, cli->config, cli->arena)};
	bool ok = audit_begin(store, &entry, &id, err);
	if (ok) {
		ok = kind->store(report, store, err);
		audit_close(store, &entry, id, ok ? NULL : err);
	}
	buf_fini(&args);
	buf_fini(&ref);
	return ok;
}

static bool to_store(struct report *report, const struct kind *kind, struct err *err)
{
	if (!kind->store)
		return err_set(err, ERR_REFUSED,
			"record %s works in a step of 'porthole run', for that run; of others the tool that ran them tells it",
			kind->name);
	struct store *store = cli_store_undeclared(report->cli, err);
	if (!store)
		return false;
	bool ok = knows_source(report, store, err);
	if (ok && !report->cli->is_dry_run)
		ok = kind->is_audited ? store_audited(report, kind, store, err)
				      : kind->store(report, store, err);
	store_close(store);
	return ok;
}

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static void say(const struct report *report)
{
	struct cli *cli = report->cli;
	if (cli->is_json || cli->is_dry_run) {
		add_json(report, &cli->out);
		buf_addc(&cli->out, '\n');
	} else if (report->record.kind == RECORD_CHECK) {
		cli_put_line(cli, str_of(arena_printf(cli->arena, "check %s: %s", report->record.check.check,
					  report->record.check.state)));
	}
}

bool cli_record(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	const struct kind *kind = cli->n_args > 1 ? find_kind(cli->args[1]) : NULL;
	if (!cli_may_write(cli, err))
		return false;
	if (cli->n_args > 1 && !strcmp(cli->args[1], "abtest"))
		return cli_abtest(cli, err);
	if (!kind)
		return err_set(
			err, ERR_USAGE, "record what? 'porthole record check|metric|input|cost|abtest …'");
	struct report report = {.cli = cli, .record = record_new(kind->record)};
	if (!find_run(&report, err) || !kind->make(&report, err))
		return false;
	bool ok =
		!report.journal ? to_store(&report, kind, err) : cli->is_dry_run || to_journal(&report, err);
	if (ok)
		say(&report);
	return ok;
}

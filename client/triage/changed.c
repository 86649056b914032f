/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/changed.h"

#include "client/base/mem.h"
#include "client/catalogue/find.h"
#include "client/stats/robust.h"

#include <math.h>
#include <stdlib.h>

#define CODE_TAGS                                                                                                    \
	"('mlflow.source.git.commit', 'mlflow.source.git.branch', 'mlflow.source.name', 'git_commit', 'git.commit'," \
	" 'git_sha', 'code_version')"
/* Tags that are versions of something, too. */
#define ENVIRONMENT_SQL(key)                                                                                 \
	"(" key " LIKE 'env.%' OR " key " LIKE 'environment.%' OR " key " LIKE 'mlflow.docker.%'"            \
	" OR " key " LIKE 'mlflow.project.%' OR " key " LIKE '%image%' OR " key " LIKE '%version%'"          \
	" OR " key " = 'mlflow.databricks.cluster.id') AND " key " NOT IN " CODE_TAGS
/* Of a mapped step the worst instance speaks. */
#define WORST_SQL                                                                                                    \
	"substr(max(CASE state WHEN 'failed' THEN '9failed' WHEN 'lost' THEN '8lost' WHEN 'running' THEN '7running'" \
	" WHEN 'queued' THEN '6queued' WHEN 'cancelled' THEN '5cancelled' WHEN 'success' THEN '4success'"            \
	" WHEN 'skipped' THEN '3skipped' ELSE '0unknown' END), 2)"
#define CHECK_SQL "CASE c.step WHEN '' THEN c.name ELSE c.step || '/' || c.name END"
/* Trials below a run are compared with trials, and what stands alone with its like. */
#define OF_ITS_KIND "(parent IS NULL) = (SELECT parent IS NULL FROM run WHERE id = $1)"
/* The runs before, as h: there are as many parameters as CHANGED_HISTORY. */
#define THIRTY                                                                                               \
	"$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,"    \
	" $22, $23, $24, $25, $26, $27, $28, $29, $30"
#define OF_HISTORY " h.id IN (" THIRTY ")"

/* What is gathered: key, number, text. The parameters of SQL are the ids of the run ($1; of a step also $2 to
 * $4: step, index, attempt), or (is_by_name) the names of source, pipeline, run, step, index and its attempt,
 * since what people keep is not keyed by ids. HISTORY adds when; its parameters are the ids of
 * those runs. */
static const struct facet {
	const char *kind, *what;
	enum changed_type type;
	const char *sql;
	const char *history; /* NULL: none */
	bool is_by_name;
} run_facets[] = {
	{"code", "code", CHANGED_TEXT,
		"SELECT 'version', NULL, version FROM run WHERE id = $1 AND version IS NOT NULL"
		" UNION ALL SELECT key, NULL, value FROM tag WHERE run_id = $1 AND key IN " CODE_TAGS,
		"SELECT 'version', NULL, h.version, h.at_ms FROM run h WHERE" OF_HISTORY
		" AND h.version IS NOT NULL"
		" UNION ALL SELECT t.key, NULL, t.value, h.at_ms FROM run h JOIN tag t ON t.run_id = h.id WHERE" OF_HISTORY
		" AND t.key IN " CODE_TAGS,
		false},
	{"param", "params", CHANGED_TEXT, "SELECT key, NULL, value FROM param WHERE run_id = $1",
		"SELECT t.key, NULL, t.value, h.at_ms FROM run h JOIN param t ON t.run_id = h.id WHERE" OF_HISTORY,
		false},
	{"input", "inputs", CHANGED_TEXT,
		"SELECT name, NULL, max(version) FROM input WHERE run_id = $1 AND version <> '' GROUP BY name",
		"SELECT t.name, NULL, max(t.version), h.at_ms FROM run h JOIN input t ON t.run_id = h.id WHERE" OF_HISTORY
		" AND t.version <> '' GROUP BY h.id, h.at_ms, t.name",
		false},
	{"input", NULL, CHANGED_COUNT,
		"SELECT name || ' rows', max(rows), NULL FROM input WHERE run_id = $1 AND rows IS NOT NULL GROUP BY name",
		"SELECT t.name || ' rows', t.rows, NULL, h.at_ms FROM run h JOIN input t ON t.run_id = h.id WHERE" OF_HISTORY
		" AND t.rows IS NOT NULL",
		false},
	{"environment", "environment", CHANGED_TEXT,
		"SELECT key, NULL, value FROM tag WHERE run_id = $1 AND " ENVIRONMENT_SQL("key"),
		"SELECT t.key, NULL, t.value, h.at_ms FROM run h JOIN tag t ON t.run_id = h.id WHERE" OF_HISTORY
		" AND " ENVIRONMENT_SQL("t.key"),
		false},
	{"upstream", "upstream", CHANGED_TEXT,
		"SELECT s.name || '/' || p.pipeline, NULL, max(u.state) FROM run_link l JOIN run u ON u.id = l.to_run_id"
		" JOIN pipeline p ON p.id = u.pipeline_id JOIN source s ON s.id = u.source_id WHERE l.run_id = $1"
		" GROUP BY s.name, p.pipeline",
		NULL, false},
	{"check", "checks", CHANGED_NUMBER,
		"SELECT " CHECK_SQL
		", observed, NULL FROM team.data_check c WHERE source = $1 AND pipeline = $2 AND run = $3"
		" AND observed IS NOT NULL",
		"SELECT " CHECK_SQL
		", c.observed, NULL, h.at_ms FROM run h JOIN pipeline p ON p.id = h.pipeline_id"
		" JOIN source s ON s.id = p.source_id JOIN team.data_check c ON c.source = s.name"
		" AND c.pipeline = p.pipeline AND c.run = h.run WHERE" OF_HISTORY
		" AND c.observed IS NOT NULL",
		true},
	{"check", NULL, CHANGED_TEXT,
		"SELECT " CHECK_SQL " || CASE WHEN observed IS NULL THEN '' ELSE ' state' END, NULL, state"
		" FROM team.data_check c WHERE source = $1 AND pipeline = $2 AND run = $3",
		NULL, true},
	{"step", "steps", CHANGED_TEXT,
		"SELECT step, NULL, " WORST_SQL
		" FROM step_run WHERE run_id = $1 AND is_newest = 1 GROUP BY step",
		NULL, false},
	{"metric", "metrics", CHANGED_NUMBER, "SELECT key, value, special FROM metric WHERE run_id = $1",
		"SELECT t.key, t.value, NULL, h.at_ms FROM run h JOIN metric t ON t.run_id = h.id WHERE" OF_HISTORY
		" AND t.value IS NOT NULL",
		false},
	{"duration", NULL, CHANGED_DURATION,
		"SELECT '', duration_ms, NULL FROM run WHERE id = $1 AND duration_ms IS NOT NULL UNION ALL"
		" SELECT step, max(duration_ms), NULL FROM step_run WHERE run_id = $1 AND is_newest = 1"
		" AND duration_ms IS NOT NULL GROUP BY step",
		"SELECT '', h.duration_ms, NULL, h.at_ms FROM run h WHERE" OF_HISTORY
		" AND h.duration_ms IS NOT NULL"
		" UNION ALL SELECT t.step, max(t.duration_ms), NULL, h.at_ms FROM run h JOIN step_run t ON t.run_id = h.id WHERE" OF_HISTORY
		" AND t.is_newest = 1 AND t.state = 'success'"
		" AND t.duration_ms IS NOT NULL GROUP BY h.id, h.at_ms, t.step",
		false},
};

#define ATTEMPT_SQL " FROM step_run WHERE run_id = $1 AND step = $2 AND idx = $3 AND attempt = $4"

/* Of one attempt of a step. */
static const struct facet step_facets[] = {
	{"step", NULL, CHANGED_TEXT,
		"SELECT 'state', NULL, state" ATTEMPT_SQL
		" UNION ALL SELECT 'the tool says', NULL, tool_state" ATTEMPT_SQL
		" AND tool_state IS NOT NULL",
		NULL, false},
	{"step", NULL, CHANGED_CAUSE,
		"SELECT 'cause', NULL, cause FROM team.evidence WHERE source = $1 AND pipeline = $2 AND run = $3"
		" AND step = $4 AND idx = $5 AND attempt = $6 AND cause IS NOT NULL",
		NULL, true},
	{"environment", NULL, CHANGED_TEXT,
		"SELECT 'operator', NULL, operator" ATTEMPT_SQL " AND operator IS NOT NULL", NULL, false},
	{"check", "checks", CHANGED_NUMBER,
		"SELECT name, observed, NULL FROM team.data_check WHERE source = $1 AND pipeline = $2 AND run = $3"
		" AND step = $4 AND observed IS NOT NULL",
		NULL, true},
	{"duration", NULL, CHANGED_DURATION,
		"SELECT '', duration_ms, NULL" ATTEMPT_SQL " AND duration_ms IS NOT NULL", NULL, false},
};

/* One thing that one run reported. */
struct item {
	size_t group, run;
	const char *key;
	struct value value;
};

/* The same of a run before. */
struct past_item {
	size_t group;
	const char *key;
	struct value value;
	int64_t at_ms;
};

struct comparison {
	struct store *store;
	struct arena *arena;
	const struct facet *facets;
	size_t n_facets;
	struct changed *out;
	struct found found[CHANGED_MOST_RUNS];
	struct item *items;
	size_t n_items, items_cap;
	struct past_item *past; /* by group, key, and when */
	size_t n_past, past_cap;
	struct value history[CHANGED_HISTORY]; /* ids of the green runs before, then -1 */
	size_t n_history;
};

/* --- what to compare with ------------------------------------------------------------- */

/* RUN goes before the one that is there, and that was found already. */
static bool put_before(struct comparison *c, const char *run, struct err *err)
{
	struct ref *refs = c->out->refs;
	refs[1] = refs[0];
	refs[0].run = run;
	refs[0].attempt = 0;
	c->found[1] = c->found[0];
	c->out->n_refs = 2;
	return find_ref(c->store, &refs[0], &c->found[0], err);
}

/* The newest green run before RUN_ID. */
static bool find_green(struct comparison *c, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(c->found[0].run_id), value_int(c->found[0].pipeline_id)};
	if (!store_query(c->store,
		    "SELECT run FROM (SELECT id, run, state, at_ms FROM run WHERE pipeline_id = $2 AND gone = 0 AND id <> $1"
		    " AND at_ms <= (SELECT at_ms FROM run WHERE id = $1) AND " OF_ITS_KIND
		    " ORDER BY at_ms DESC, id DESC LIMIT 2000) q"
		    " WHERE state = 'success' ORDER BY at_ms DESC, id DESC LIMIT 1",
		    params, 2, c->arena, &row, err))
		return false;
	if (!row.n_rows)
		return err_set(err, ERR_NOT_FOUND,
			"%s has no green run before '%s' to compare it with; name a second one",
			c->out->refs[0].pipeline, c->out->refs[0].run);
	return put_before(c, result_text(&row, 0, 0), err);
}

/* The newest run before RUN_ID in which the step passed. */
static bool find_passed(struct comparison *c, const char *step, struct err *err)
{
	struct result row;
	const struct value params[] = {
		value_int(c->found[0].pipeline_id), value_text(step), value_int(c->found[0].run_id)};
	if (!store_query(c->store,
		    "SELECT r.run FROM (SELECT run_id, state, at_ms, id FROM step_run WHERE pipeline_id = $1 AND step = $2"
		    " AND at_ms <= (SELECT max(at_ms) FROM step_run WHERE run_id = $3 AND step = $2) AND run_id <> $3"
		    " ORDER BY at_ms DESC, id DESC LIMIT 2000) q JOIN run r ON r.id = q.run_id"
		    " WHERE q.state = 'success' AND r.gone = 0 ORDER BY q.at_ms DESC, q.id DESC LIMIT 1",
		    params, ARRAY_LEN(params), c->arena, &row, err))
		return false;
	if (!row.n_rows)
		return err_set(err, ERR_NOT_FOUND, "%s never passed before '%s'", step, c->out->refs[0].run);
	return put_before(c, result_text(&row, 0, 0), err);
}

/* A step's attempt before; else the step in the last green run. */
static bool find_partner(struct comparison *c, struct err *err)
{
	const struct found *found = &c->found[0];
	struct ref *refs = c->out->refs;
	if (refs[0].kind != REF_STEP || found->attempt < 2)
		return find_green(c, err);
	refs[1] = refs[0];
	refs[1].attempt = found->attempt;
	refs[0].attempt = found->attempt - 1;
	c->found[1] = *found;
	c->out->n_refs = 2;
	return find_ref(c->store, &refs[0], &c->found[0], err);
}

static bool find_refs(struct comparison *c, struct err *err)
{
	const struct ref *refs = c->out->refs;
	enum ref_kind kind = refs[0].kind;
	for (size_t i = 0; i < c->out->n_refs; i++) {
		if (refs[i].kind != kind || (kind != REF_RUN && kind != REF_STEP))
			return err_set(
				err, ERR_USAGE, "only runs are compared with runs, and steps with steps");
		if (!find_ref(c->store, &refs[i], &c->found[i], err))
			return false;
	}
	return c->out->n_refs > 1 || find_partner(c, err);
}

/* A step's attempt; a run's id, or where that is a number for machines its name with the head of the id. */
static bool find_names(struct comparison *c, struct err *err)
{
	for (size_t run = 0; run < c->out->n_refs; run++) {
		struct result row;
		const struct ref *ref = &c->out->refs[run];
		const struct value params[] = {value_int(c->found[run].run_id)};
		if (!store_query(c->store,
			    "SELECT CASE WHEN length(run) = 32 AND name <> '' THEN name || ' ' || substr(run, 1, 8) ELSE run END"
			    " FROM run WHERE id = $1",
			    params, 1, c->arena, &row, err))
			return false;
		const char *name = row.n_rows ? result_text(&row, 0, 0) : ref->run;
		c->out->names[run] = ref->kind == REF_STEP ? arena_printf(c->arena, "%s try %lld", name,
								     (long long)c->found[run].attempt)
							   : name;
	}
	return true;
}

/* --- gathering ------------------------------------------------------------------------ */

/* Room for one more behind the N things of SIZE bytes at *LIST. */
static void *one_more(struct arena *arena, void *list, size_t *n, size_t *cap, size_t size)
{
	void **things = list;
	if (*n == *cap) {
		size_t more = *cap ? 2 * *cap : 256;
		void *grown = arena_get(arena, more, size);
		if (*n)
			memcpy(grown, *things, *n * size);
		*things = grown;
		*cap = more;
	}
	return (char *)*things + (*n)++ * size;
}

/* How many parameters SQL has: an engine takes neither more nor fewer. */
static size_t count_params(const char *sql)
{
	size_t n = 0;
	for (const char *at = sql; (at = strchr(at, '$')); at++)
		if (at[1] >= '1' && at[1] <= '9' && (size_t)(at[1] - '0') > n)
			n = (size_t)(at[1] - '0');
	return n;
}

/* A row's number, else its text. */
static struct value value_of(const struct result *rows, size_t row)
{
	const struct value *number = result_at(rows, row, 1);
	return number->type != VALUE_NULL ? *number : *result_at(rows, row, 2);
}

static bool gather(struct comparison *c, size_t group, size_t run, struct err *err)
{
	const struct ref *ref = &c->out->refs[run];
	const struct found *found = &c->found[run];
	const struct value names[] = {value_text(ref->source), value_text(ref->pipeline),
		value_text(ref->run), value_text(found->step), value_text(found->index),
		value_int(found->attempt)};
	const struct value ids[] = {value_int(found->run_id), value_text(found->step),
		value_text(found->index), value_int(found->attempt)};
	const struct facet *f = &c->facets[group];
	struct result rows;
	if (!store_query(c->store, f->sql, f->is_by_name ? names : ids, count_params(f->sql), c->arena, &rows,
		    err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct item *item = one_more(c->arena, &c->items, &c->n_items, &c->items_cap, sizeof *item);
		*item = (struct item){group, run, result_text(&rows, i, 0), value_of(&rows, i)};
	}
	return true;
}

/* The green runs before the newest of those compared. */
static bool find_history(struct comparison *c, struct err *err)
{
	struct result rows;
	const struct found *newest = &c->found[c->out->n_refs - 1];
	const struct value params[] = {value_int(newest->run_id), value_int(newest->pipeline_id)};
	if (!store_query(c->store,
		    "SELECT id FROM (SELECT id, state, at_ms FROM run WHERE pipeline_id = $2 AND gone = 0 AND id <> $1"
		    " AND at_ms < (SELECT at_ms FROM run WHERE id = $1) AND " OF_ITS_KIND
		    " ORDER BY at_ms DESC, id DESC LIMIT 300) q WHERE state = 'success'"
		    " ORDER BY at_ms DESC, id DESC LIMIT 30",
		    params, ARRAY_LEN(params), c->arena, &rows, err))
		return false;
	c->n_history = rows.n_rows;
	for (size_t i = 0; i < CHANGED_HISTORY; i++)
		c->history[i] = i < rows.n_rows ? *result_at(&rows, i, 0) : value_int(-1);
	return true;
}
_Static_assert(CHANGED_HISTORY == 30, "as many as SQL asks for");

/* What they said. */
static bool gather_past(struct comparison *c, size_t group, struct err *err)
{
	struct result rows;
	const char *sql = c->facets[group].history;
	if (!sql || !c->n_history)
		return true;
	if (!store_query(c->store, sql, c->history, CHANGED_HISTORY, c->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct past_item *item = one_more(c->arena, &c->past, &c->n_past, &c->past_cap, sizeof *item);
		*item = (struct past_item){
			group, result_text(&rows, i, 0), value_of(&rows, i), result_ms(&rows, i, 3)};
	}
	return true;
}

static int compare_keys(size_t group, const char *key, size_t other_group, const char *other_key)
{
	if (group != other_group)
		return group < other_group ? -1 : 1;
	return strcmp(key, other_key);
}

static int by_key_and_run(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = compare_keys(x->group, x->key, y->group, y->key);
	return order ? order : (x->run > y->run) - (x->run < y->run);
}

static int by_key_and_time(const void *a, const void *b)
{
	const struct past_item *x = a, *y = b;
	int order = compare_keys(x->group, x->key, y->group, y->key);
	return order ? order : (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

static bool gather_all(struct comparison *c, struct err *err)
{
	if (!find_history(c, err))
		return false;
	for (size_t group = 0; group < c->n_facets; group++) {
		size_t n_before = c->n_items;
		for (size_t run = 0; run < c->out->n_refs; run++)
			if (!gather(c, group, run, err))
				return false;
		/* only what they report is judged by it */
		if (c->n_items > n_before && !gather_past(c, group, err))
			return false;
	}
	if (c->n_items)
		qsort(c->items, c->n_items, sizeof *c->items, by_key_and_run);
	if (c->n_past)
		qsort(c->past, c->n_past, sizeof *c->past, by_key_and_time);
	return true;
}

/* --- judging ---------------------------------------------------------------------------- */

static bool number_of(const struct value *value, double *out)
{
	*out = value->type == VALUE_INT ? (double)value->i : value->type == VALUE_REAL ? value->r : NAN;
	return isfinite(*out);
}

bool changed_is_same(const struct value *a, const struct value *b)
{
	double x, y;
	if (number_of(a, &x) && number_of(b, &y))
		return x == y;
	if (a->type != b->type)
		return false;
	return a->type != VALUE_TEXT || str_eq(a->s, b->s);
}

/* The runs before that had the change's key, the oldest first. */
static const struct past_item *past_of(const struct comparison *c, const struct change *change, size_t *n)
{
	size_t low = 0, high = c->n_past;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct past_item *item = &c->past[middle];
		if (compare_keys(item->group, item->key, change->group, change->key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*n = 0; low + *n < c->n_past; ++*n) {
		const struct past_item *item = &c->past[low + *n];
		if (compare_keys(item->group, item->key, change->group, change->key) != 0)
			break;
	}
	return c->past + low;
}

static void judge_text(const struct comparison *c, struct change *change)
{
	size_t n;
	const struct past_item *past = past_of(c, change, &n);
	for (size_t i = 1; i < n; i++)
		change->n_changed += !changed_is_same(&past[i - 1].value, &past[i].value);
	change->n_before = n ? n : c->n_history; /* that none had it is as steady */
	if (!c->facets[change->group].history || change->n_before < CHANGED_LEAST_HISTORY)
		return;
	for (size_t run = 1; run < c->out->n_refs; run++)
		if (!changed_is_same(&change->values[0], &change->values[run]))
			change->unusual[run] =
				value_real((double)change->n_before / (double)(change->n_changed + 1));
}

static void judge_number(const struct comparison *c, struct change *change)
{
	size_t n, n_numbers = 0;
	const struct past_item *past = past_of(c, change, &n);
	double *numbers = arena_array(c->arena, double, n + 1),
	       *scratch = arena_array(c->arena, double, n + 1), at;
	for (size_t i = 0; i < n; i++)
		n_numbers += number_of(&past[i].value, &numbers[n_numbers]);
	change->n_before = n_numbers;
	if (n_numbers < CHANGED_LEAST_HISTORY)
		return;
	for (size_t run = 0; run < c->out->n_refs; run++) {
		if (!number_of(&change->values[run], &at))
			continue;
		memcpy(scratch, numbers, n_numbers * sizeof *scratch);
		change->unusual[run] = value_real(fabs(stats_robust_z(scratch, n_numbers, at)));
	}
}

static bool is_wrong(const struct value *value)
{
	static const char *const wrong[] = {"failed", "lost", "fail", "error"};
	for (size_t i = 0; value->type == VALUE_TEXT && i < ARRAY_LEN(wrong); i++)
		if (str_is(value->s, wrong[i]))
			return true;
	return false;
}

/* What went wrong comes before what is unusual; what is as usual is hardly news, and a duration always
 * differs a little. */
static double weight_of(const struct change *change, size_t last)
{
	const struct value *unusual = &change->unusual[last];
	bool is_judged = unusual->type == VALUE_REAL;
	if (change->differs && is_wrong(&change->values[last]))
		return INFINITY;
	if (is_judged && unusual->r >= CHANGED_UNUSUAL)
		return fmin(unusual->r, CHANGED_HISTORY);
	if (change->type == CHANGED_TEXT || change->type == CHANGED_CAUSE)
		return is_judged ? -1 : 0;
	return is_judged ? -3 : change->type == CHANGED_DURATION ? -2 : 0;
}

static void judge(const struct comparison *c, struct change *change)
{
	size_t last = c->out->n_refs - 1;
	for (size_t run = 1; run < c->out->n_refs; run++)
		change->differs |= !changed_is_same(&change->values[0], &change->values[run]);
	if (change->type == CHANGED_TEXT || change->type == CHANGED_CAUSE)
		judge_text(c, change);
	else
		judge_number(c, change);
	change->weight = weight_of(change, last);
}

static int by_group_and_weight(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->key, y->key);
}

/* Code and what went in before what came out, where both are as unusual. */
static int by_weight(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return by_group_and_weight(a, b);
}

static void line_up(struct comparison *c)
{
	struct changed *out = c->out;
	out->changes = arena_array(c->arena, struct change, c->n_items + 1);
	for (size_t i = 0; i < c->n_items; i++) {
		const struct item *item = &c->items[i];
		const struct facet *f = &c->facets[item->group];
		if (!i || compare_keys(item->group, item->key, item[-1].group, item[-1].key) != 0)
			out->changes[out->n++] = (struct change){
				.group = item->group, .kind = f->kind, .key = item->key, .type = f->type};
		out->changes[out->n - 1].values[item->run] = item->value;
	}
	for (size_t i = 0; i < out->n; i++)
		judge(c, &out->changes[i]);
	qsort(out->changes, out->n, sizeof *out->changes, by_group_and_weight);
}

static void count_groups(struct comparison *c)
{
	struct changed *out = c->out;
	out->n_groups = c->n_facets;
	out->groups = arena_array(c->arena, struct changed_group, c->n_facets);
	for (size_t i = 0; i < c->n_facets; i++)
		out->groups[i] = (struct changed_group){.kind = c->facets[i].kind, .what = c->facets[i].what};
	for (size_t i = 0; i < out->n; i++) {
		out->groups[out->changes[i].group].n++;
		out->groups[out->changes[i].group].n_differing += out->changes[i].differs;
	}
}

static const char *unreported_of(const struct comparison *c)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < c->n_facets; i++) {
		bool is_there = !c->facets[i].what;
		for (size_t j = 0; !is_there && j < c->n_facets; j++)
			is_there = c->out->groups[j].n && !strcmp(c->facets[j].kind, c->facets[i].kind);
		if (!is_there)
			buf_addf(&text, "%s%s", text.n ? ", " : "", c->facets[i].what);
	}
	const char *copy = text.n ? arena_dup(c->arena, buf_str(&text)) : NULL;
	buf_fini(&text);
	return copy;
}

static bool compare(struct comparison *c, struct err *err)
{
	if (!find_names(c, err) || !gather_all(c, err))
		return false;
	line_up(c);
	count_groups(c);
	c->out->unreported = unreported_of(c);
	return true;
}

bool changed_load(struct store *store, const struct ref *refs, size_t n_refs, struct arena *arena,
	struct changed *out, struct err *err)
{
	if (!n_refs || n_refs > CHANGED_MOST_RUNS)
		return err_set(err, ERR_USAGE, "compare 1 to %d runs, not %zu", CHANGED_MOST_RUNS, n_refs);
	bool is_step = refs[0].kind == REF_STEP;
	struct comparison c = {.store = store,
		.arena = arena,
		.out = out,
		.facets = is_step ? step_facets : run_facets,
		.n_facets = is_step ? ARRAY_LEN(step_facets) : ARRAY_LEN(run_facets)};
	*out = (struct changed){.n_refs = n_refs};
	for (size_t i = 0; i < n_refs; i++) {
		out->refs[i] = ref_dup(arena, &refs[i]);
		if (refs[i].kind == REF_RUN)
			out->refs[i].step = out->refs[i].index = NULL;
	}
	return find_refs(&c, err) && compare(&c, err);
}

/* --- since the last green run ------------------------------------------------------------- */

/* Whether STEP passed in the last run; true where nothing is known of it. */
static bool has_passed(const struct changed *all, const char *step)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->changes[i].kind, "step") && !strcmp(all->changes[i].key, step))
			return all->changes[i].values[1].type == VALUE_TEXT &&
			       str_is(all->changes[i].values[1].s, "success");
	return true;
}

static bool is_consequence(const struct changed *all, const struct change *change)
{
	bool is_reported = change->values[1].type != VALUE_NULL;
	bool came_in = !strcmp(change->kind, "code") || !strcmp(change->kind, "param") ||
		       !strcmp(change->kind, "environment");
	if (!strcmp(change->kind, "duration"))
		return !is_reported || !*change->key || !has_passed(all, change->key);
	return !strcmp(change->kind, "step") || (!is_reported && !came_in);
}

bool changed_since_green(
	struct store *store, const struct ref *ref, struct arena *arena, struct changed *out, struct err *err)
{
	struct changed all = {.n_refs = 1};
	struct comparison c = {.store = store,
		.arena = arena,
		.out = &all,
		.facets = run_facets,
		.n_facets = ARRAY_LEN(run_facets)};
	const char *step = ref->kind == REF_STEP ? ref->step : NULL;
	all.refs[0] = ref_dup(arena, ref);
	all.refs[0].kind = REF_RUN;
	all.refs[0].step = all.refs[0].index = NULL;
	if (!find_ref(store, &all.refs[0], &c.found[0], err) ||
		!(step ? find_passed(&c, step, err) : find_green(&c, err)) || !compare(&c, err))
		return false;
	*out = all;
	out->changes = arena_array(arena, struct change, all.n + 1);
	out->n = 0;
	for (size_t i = 0; i < all.n; i++)
		if (all.changes[i].differs && !is_consequence(&all, &all.changes[i]))
			out->changes[out->n++] = all.changes[i];
	qsort(out->changes, out->n, sizeof *out->changes, by_weight);
	return true;
}

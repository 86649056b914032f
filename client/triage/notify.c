/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/notify.h"

#include "client/base/clean.h"
#include "client/base/json.h"
#include "client/base/mask.h"
#include "client/base/mem.h"
#include "client/base/when.h"

#include <string.h>

enum { MOST_EVENTS = 5000, MOST_LISTED = 20, MOST_TITLE = 600 };

/* --- who wants what ----------------------------------------------------------------- */

static struct str without_at(const char *name)
{
	return str_of(name + (*name == '@'));
}

const struct config_notify *notify_target_of(const struct config *config, const char *owner)
{
	if (!owner)
		return NULL;
	struct str wanted = without_at(owner);
	for (size_t i = 0; i < config->n_notify; i++)
		for (size_t o = 0; o < config->notify[i].n_owners; o++)
			if (str_eq(without_at(config->notify[i].owners[o]), wanted))
				return &config->notify[i];
	for (size_t i = 0; i < config->n_notify; i++)
		if (str_eq(without_at(config->notify[i].name), wanted))
			return &config->notify[i];
	return NULL;
}

static int weight_of(const char *severity)
{
	static const char *const names[] = {"playground", "staging", "production"};
	for (int i = 0; severity && i < (int)ARRAY_LEN(names); i++)
		if (!strcmp(severity, names[i]))
			return i;
	return (int)ARRAY_LEN(names) - 1;
}

enum {
	SQL_EVENT,
	SQL_VERB,
	SQL_SAID,
	SQL_PROBLEM,
	SQL_TITLE,
	SQL_KIND,
	SQL_SEVERITY,
	SQL_STATE,
	SQL_SOURCE,
	SQL_PIPELINE,
	SQL_STEP,
	SQL_RUN,
	SQL_COUNT,
	SQL_FIRST,
	SQL_LAST,
	SQL_DUE,
	SQL_OWNER,
	SQL_ONCALL,
	SQL_WHO,
};

#define EVENTS_SQL                                                                                           \
	"SELECT e.id, e.verb, e.text, b.id, b.title, b.kind, b.severity, b.state, b.source, b.pipeline,"     \
	" nullif(b.step, ''), b.run, b.count, b.first_ms, b.last_ms, b.due_ms, b.owner, b.oncall, e.who"     \
	" FROM team.problem_event e JOIN team.problem b ON b.id = e.problem_id"

struct queue {
	struct store *store;
	const struct config *config;
	struct arena *arena;
	struct mask mask;
	struct result rows;
	int64_t now_ms;
};

static const char *project_of(const struct queue *q, size_t row)
{
	const char *source = result_text(&q->rows, row, SQL_SOURCE);
	const char *pipeline = result_text(&q->rows, row, SQL_PIPELINE);
	const struct config_project *project =
		source && pipeline ? config_project_of(q->config, source, pipeline) : NULL;
	return project ? project->name : NULL;
}

static bool wants(const struct queue *q, const struct config_notify *target, size_t row)
{
	if (weight_of(result_text(&q->rows, row, SQL_SEVERITY)) < weight_of(target->severity))
		return false;
	const char *project = project_of(q, row);
	bool is_named = !target->n_projects;
	for (size_t i = 0; i < target->n_projects; i++)
		is_named |= project && str_glob(str_of(target->projects[i]), str_of(project));
	return is_named;
}

/* --- what is told ------------------------------------------------------------------- */

/* A text of a tool, on one line and without secrets. */
static const char *told(struct queue *q, const char *text)
{
	struct buf clean;
	if (!text)
		return NULL;
	buf_init(&clean, 0);
	clean_add(&clean, str_slice(str_of(text), 0, MOST_TITLE), CLEAN_NAME);
	const char *copy = arena_take(q->arena, &clean);
	return mask_text(&q->mask, q->arena, copy);
}

static const char *event_name(const char *verb)
{
	static const char *const names[][2] = {
		{"opened", "new"}, {"returned", "returned"}, {"woke", "snooze over"}, {"grew", "grew"}};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(verb, names[i][0]))
			return names[i][1];
	return verb;
}

static const char *place_of(struct queue *q, size_t row)
{
	const char *pipeline = result_text(&q->rows, row, SQL_PIPELINE);
	const char *source = result_text(&q->rows, row, SQL_SOURCE);
	const char *step = result_text(&q->rows, row, SQL_STEP);
	const char *place = pipeline ? pipeline : source ? source : "";
	return told(q, arena_printf(q->arena, "%s%s%s", place, step ? " / " : "", step ? step : ""));
}

/* "recsys_daily / check: DataCheckError: … (due 2026-11-22 06:00:00 CET, owner @data-eng) problem:3" */
static const char *line_of(struct queue *q, size_t row)
{
	struct buf text;
	buf_init(&text, 0);
	int64_t due_ms = result_ms(&q->rows, row, SQL_DUE);
	const char *owner = told(q, result_text(&q->rows, row, SQL_OWNER));
	buf_addf(&text, "%s: %s", place_of(q, row), told(q, result_text(&q->rows, row, SQL_TITLE)));
	if (due_ms != TIME_NONE) {
		buf_addz(&text, ", due ");
		when_add_local(&text, due_ms);
	}
	if (owner)
		buf_addf(&text, ", owner %s", owner);
	buf_addf(&text, " · problem:%lld", (long long)result_int(&q->rows, row, SQL_PROBLEM, 0));
	return arena_take(q->arena, &text);
}

static const char *text_of(struct queue *q, size_t row)
{
	const char *verb = result_text(&q->rows, row, SQL_VERB);
	const char *said = told(q, result_text(&q->rows, row, SQL_SAID));
	if (!strcmp(verb, "asked"))
		return arena_printf(q->arena, "%s asks: %s · problem:%lld",
			told(q, result_text(&q->rows, row, SQL_WHO)), said,
			(long long)result_int(&q->rows, row, SQL_PROBLEM, 0));
	bool is_grown = !strcmp(verb, "grew");
	return arena_printf(q->arena, "%s%s%s%s: %s", event_name(verb), is_grown ? " (" : "",
		is_grown ? said : "", is_grown ? ")" : "", line_of(q, row));
}

/* ID stays the same however often it is tried. */
static void put_head(struct queue *q, struct json_writer *w, const struct config_notify *target,
	int64_t event, const char *name, const char *text)
{
	json_member_text(w, "id", arena_printf(q->arena, "%lld/%s", (long long)event, target->name));
	json_member_text(w, "event", name);
	json_member_text(w, "text", text);
	json_member_ms(w, "at_ms", q->now_ms);
}

static void put_problem(struct queue *q, struct json_writer *w, size_t row)
{
	static const struct {
		const char *key;
		int column;
	} texts[] = {{"title", SQL_TITLE}, {"kind", SQL_KIND}, {"severity", SQL_SEVERITY},
		{"state", SQL_STATE}, {"source", SQL_SOURCE}, {"pipeline", SQL_PIPELINE}, {"step", SQL_STEP},
		{"run", SQL_RUN}, {"owner", SQL_OWNER}, {"oncall", SQL_ONCALL}};
	json_member_text(w, "ref",
		arena_printf(q->arena, "problem:%lld", (long long)result_int(&q->rows, row, SQL_PROBLEM, 0)));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		json_member_text(
			w, texts[i].key, told(q, result_text(&q->rows, row, (size_t)texts[i].column)));
	json_member_text(w, "project", project_of(q, row));
	json_key(w, "count");
	json_put_int(w, result_int(&q->rows, row, SQL_COUNT, 0));
	json_member_ms(w, "first_ms", result_ms(&q->rows, row, SQL_FIRST));
	json_member_ms(w, "last_ms", result_ms(&q->rows, row, SQL_LAST));
	json_member_ms(w, "due_ms", result_ms(&q->rows, row, SQL_DUE));
}

/* --- the queue ------------------------------------------------------------------------ */

static bool add_notice(struct queue *q, const struct config_notify *target, int64_t event,
	const struct buf *body, struct err *err)
{
	const struct value params[] = {
		value_int(event), value_text(target->name), value_int(q->now_ms), value_str(buf_str(body))};
	return store_exec(q->store,
		"INSERT INTO team.notice (event_id, target, at_ms, body, next_ms) VALUES ($1, $2, $3, $4, $3)"
		" ON CONFLICT (event_id, target) DO NOTHING",
		params, ARRAY_LEN(params), NULL, err);
}

static bool add_one(struct queue *q, const struct config_notify *target, size_t row, struct err *err)
{
	struct buf body;
	buf_init(&body, 0);
	struct json_writer w = {.out = &body};
	int64_t event = result_int(&q->rows, row, SQL_EVENT, 0);
	json_open(&w, '{');
	put_head(q, &w, target, event, event_name(result_text(&q->rows, row, SQL_VERB)), text_of(q, row));
	put_problem(q, &w, row);
	json_close(&w, '}');
	bool ok = add_notice(q, target, event, &body, err);
	buf_fini(&body);
	return ok;
}

/* Nobody reads forty messages: one that lists them. */
static bool add_many(
	struct queue *q, const struct config_notify *target, const size_t *wanted, size_t n, struct err *err)
{
	struct buf body, text;
	buf_init(&body, 0);
	buf_init(&text, 0);
	buf_addf(&text, "%zu problems are new or back", n);
	for (size_t i = 0; i < n && i < MOST_LISTED; i++)
		buf_addf(&text, "\n%s", text_of(q, wanted[i]));
	if (n > MOST_LISTED)
		buf_addf(&text, "\nand %zu more: porthole triage", n - MOST_LISTED);
	struct json_writer w = {.out = &body};
	int64_t event = result_int(&q->rows, wanted[n - 1], SQL_EVENT, 0);
	json_open(&w, '{');
	put_head(q, &w, target, event, "many", arena_dup(q->arena, buf_str(&text)));
	json_member_text(&w, "title", arena_printf(q->arena, "%zu problems", n));
	json_member_text(&w, "ref", NULL);
	json_key(&w, "refs");
	json_open(&w, '[');
	for (size_t i = 0; i < n; i++)
		json_put_str(&w, str_of(arena_printf(q->arena, "problem:%lld",
					 (long long)result_int(&q->rows, wanted[i], SQL_PROBLEM, 0))));
	json_close(&w, ']');
	json_close(&w, '}');
	bool ok = add_notice(q, target, event, &body, err);
	buf_fini(&body);
	buf_fini(&text);
	return ok;
}

static bool queue_for(struct queue *q, const struct config_notify *target, struct err *err)
{
	size_t n = 0, *wanted = arena_array(q->arena, size_t, q->rows.n_rows);
	for (size_t i = 0; i < q->rows.n_rows; i++)
		if (wants(q, target, i))
			wanted[n++] = i;
	if (n > NOTIFY_MOST_SINGLE)
		return add_many(q, target, wanted, n, err);
	for (size_t i = 0; i < n; i++)
		if (!add_one(q, target, wanted[i], err))
			return false;
	return true;
}

static bool open_queue(
	struct queue *q, struct store *store, const struct config *config, int64_t now_ms, struct err *err)
{
	*q = (struct queue){.store = store, .config = config, .now_ms = now_ms};
	if (!mask_init(&q->mask, config->mask, config->n_mask, err))
		return err_wrap(err, "mask");
	q->arena = arena_new();
	return true;
}

static void close_queue(struct queue *q)
{
	mask_fini(&q->mask);
	arena_free(q->arena);
}

static bool queue_events(struct queue *q, int64_t mark, struct err *err)
{
	const struct value params[] = {value_int(mark), value_int(MOST_EVENTS)};
	if (!store_query(q->store,
		    EVENTS_SQL
		    " WHERE e.id > $1 AND e.who = 'sync' AND e.verb IN ('opened', 'returned', 'woke', 'grew')"
		    " AND b.state IN ('open', 'acknowledged') ORDER BY e.id LIMIT $2",
		    params, ARRAY_LEN(params), q->arena, &q->rows, err))
		return false;
	for (size_t i = 0; q->rows.n_rows && i < q->config->n_notify; i++)
		if (!queue_for(q, &q->config->notify[i], err))
			return false;
	return true;
}

bool notify_queue(
	struct store *store, const struct config *config, int64_t now_ms, int64_t mark, struct err *err)
{
	struct queue q;
	if (!config->n_notify)
		return true;
	if (!open_queue(&q, store, config, now_ms, err))
		return false;
	bool ok = queue_events(&q, mark, err);
	close_queue(&q);
	return ok || err_wrap(err, "notices");
}

static const struct config_notify *target_called(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_notify; i++)
		if (!strcmp(config->notify[i].name, name))
			return &config->notify[i];
	return NULL;
}

bool notify_ask(struct store *store, const struct config *config, const char *target, int64_t event,
	int64_t now_ms, struct err *err)
{
	struct queue q;
	const struct config_notify *to = target_called(config, target);
	BUG_ON(!to);
	if (!open_queue(&q, store, config, now_ms, err))
		return false;
	const struct value params[] = {value_int(event)};
	bool ok = store_query(store, EVENTS_SQL " WHERE e.id = $1", params, 1, q.arena, &q.rows, err) &&
		  (!q.rows.n_rows || add_one(&q, to, 0, err));
	close_queue(&q);
	return ok || err_wrap(err, "notices");
}

/* --- sending ---------------------------------------------------------------------------- */

/* Who claimed these is gone: whether they arrived nobody knows. */
static bool give_up_claims(struct store *store, int64_t now_ms, struct err *err)
{
	const struct value params[] = {value_int(now_ms - NOTIFY_CLAIM_MS)};
	return store_exec(store,
		"UPDATE team.notice SET state = 'unknown', error = 'sync ended while it was being sent'"
		" WHERE state = 'sending' AND claimed_ms < $1",
		params, 1, NULL, err);
}

static bool claim_rows(struct store *store, const struct result *rows, const struct config *config,
	int64_t now_ms, struct notice *out, size_t *n, struct err *err)
{
	for (size_t i = 0; i < rows->n_rows; i++) {
		const struct value params[] = {value_int(result_int(rows, i, 0, 0)), value_int(now_ms)};
		const struct config_notify *target = target_called(config, result_text(rows, i, 1));
		if (!target)
			continue;
		if (!store_exec(store,
			    "UPDATE team.notice SET state = 'sending', claimed_ms = $2, tries = tries + 1 WHERE id = $1",
			    params, ARRAY_LEN(params), NULL, err))
			return false;
		out[(*n)++] = (struct notice){.id = params[0].i,
			.target = target,
			.body = result_text(rows, i, 2),
			.tries = result_int(rows, i, 3, 0) + 1,
			.at_ms = result_ms(rows, i, 4)};
	}
	return true;
}

static bool claim(struct store *store, const struct config *config, int64_t now_ms, struct arena *arena,
	struct notice *out, size_t most, size_t *n, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(now_ms), value_int((int64_t)most)};
	return give_up_claims(store, now_ms, err) &&
	       store_query(store,
		       "SELECT id, target, body, tries, at_ms FROM team.notice WHERE state = 'queued' AND next_ms <= $1"
		       " ORDER BY next_ms, id LIMIT $2",
		       params, ARRAY_LEN(params), arena, &rows, err) &&
	       claim_rows(store, &rows, config, now_ms, out, n, err);
}

/* Most rounds find nothing: they take no lock. */
static bool is_anything_due(struct store *store, int64_t now_ms, bool *out, struct err *err)
{
	int64_t n;
	const struct value params[] = {value_int(now_ms)};
	if (!store_exec_id(store,
		    "SELECT count(*) FROM team.notice WHERE state IN ('queued', 'sending') AND next_ms <= $1",
		    params, 1, &n, err))
		return false;
	*out = n > 0;
	return true;
}

bool notify_claim(struct store *store, const struct config *config, int64_t now_ms, struct arena *arena,
	struct notice *out, size_t most, size_t *n, struct err *err)
{
	bool is_due;
	*n = 0;
	if (!is_anything_due(store, now_ms, &is_due, err))
		return false;
	if (!is_due)
		return true;
	if (!store_begin(store, err))
		return false;
	if (claim(store, config, now_ms, arena, out, most, n, err))
		return store_commit(store, err);
	store_rollback(store);
	return false;
}

static int64_t pause_ms(int64_t tries, int64_t retry_after_ms)
{
	int64_t pause = NOTIFY_FIRST_PAUSE_MS;
	for (int64_t i = 1; i < tries && pause < NOTIFY_MOST_PAUSE_MS; i++)
		pause *= 2;
	pause = pause > retry_after_ms ? pause : retry_after_ms;
	return pause < NOTIFY_MOST_PAUSE_MS ? pause : NOTIFY_MOST_PAUSE_MS;
}

bool notify_end(struct store *store, const struct notice *notice, enum notify_outcome outcome,
	int64_t retry_after_ms, const char *error, int64_t now_ms, bool *gave_up, struct err *err)
{
	static const char *const states[] = {[NOTIFY_SENT] = "sent",
		[NOTIFY_LATER] = "queued",
		[NOTIFY_REFUSED] = "failed",
		[NOTIFY_UNKNOWN] = "unknown"};
	if (outcome == NOTIFY_LATER && now_ms - notice->at_ms > NOTIFY_GIVE_UP_MS)
		outcome = NOTIFY_REFUSED;
	if (gave_up)
		*gave_up = outcome == NOTIFY_REFUSED || outcome == NOTIFY_UNKNOWN;
	const struct value params[] = {value_int(notice->id), value_text(states[outcome]),
		value_int(now_ms + pause_ms(notice->tries, retry_after_ms)), value_text(error)};
	return store_exec(store,
		"UPDATE team.notice SET state = $2, next_ms = $3, error = $4 WHERE id = $1 AND state = 'sending'",
		params, ARRAY_LEN(params), NULL, err);
}

/* --- its forms ---------------------------------------------------------------------------- */

/* Slack reads <!channel> and the like as commands. */
static void add_for_slack(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		const char *escape = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;
		if (escape)
			buf_addz(out, escape);
		else
			buf_addc(out, c);
	}
}

static void add_slack(struct buf *out, const struct json *body)
{
	struct buf text;
	buf_init(&text, 0);
	add_for_slack(&text, json_get_str(body, "text"));
	struct json_writer w = {.out = out};
	json_open(&w, '{');
	json_key(&w, "text");
	json_put_str(&w, buf_str(&text));
	json_close(&w, '}');
	buf_fini(&text);
}

void notify_add_body(struct buf *out, const struct notice *notice)
{
	struct json_doc *doc =
		strcmp(notice->target->form, "slack") ? NULL : json_parse(str_of(notice->body), NULL);
	if (doc)
		add_slack(out, json_root(doc));
	else
		buf_addz(out, notice->body);
	json_free(doc);
}

/* What stands for WORD, "{title}" without its braces; {NULL, 0}: it is none of ours. */
static struct str value_for(const struct json *body, struct str word)
{
	static const char *const words[] = {"title", "ref", "text", "event", "severity", "owner", "oncall",
		"pipeline", "step", "project"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_is(word, words[i])) {
			struct str value = json_get_str(body, words[i]);
			return value.p ? value : STR("");
		}
	return (struct str){0};
}

static const char *filled(struct arena *arena, const char *template, const struct json *body)
{
	struct buf out;
	buf_init(&out, 0);
	struct str rest = str_of(template);
	while (rest.n) {
		size_t end = rest.p[0] == '{' ? str_find(rest, STR("}"), 0) : SIZE_MAX;
		struct str value =
			end == SIZE_MAX ? (struct str){0} : value_for(body, str_slice(rest, 1, end));
		if (value.p && value.n && value.p[0] == '-' && !out.n)
			buf_addc(&out, ' ');
		if (value.p)
			buf_add(&out, value);
		else
			buf_addc(&out, rest.p[0]);
		rest = str_slice(rest, value.p ? end + 1 : 1, rest.n);
	}
	return arena_take(arena, &out);
}

const char *const *notify_argv(struct arena *arena, const struct notice *notice)
{
	size_t n = 0;
	while (notice->target->command[n])
		n++;
	const char **argv = arena_array(arena, const char *, n + 1);
	struct json_doc *doc = json_parse(str_of(notice->body), NULL);
	for (size_t i = 0; i < n; i++)
		argv[i] = i ? filled(arena, notice->target->command[i], json_root(doc))
			    : notice->target->command[0];
	json_free(doc);
	return argv;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/past.h"

#include "client/base/clock.h"
#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/stats/changepoint.h"

#include <ctype.h>
#include <math.h>

enum {
	MOST_WORDS = 24,
	LEAST_WORD = 4,
	MOST_WORD = 32,
	MOST_COMPARED = 500, /* problems, the newest */
	MOST_ACTIONS = 200,
	LEAST_ALIKE = 50, /* percent of the words */
	LEAST_DURATIONS = 20,
};

struct looking {
	struct store *store;
	const struct past_of *of;
	int64_t now_ms;
	struct arena *arena;
	struct past *out;
};

static bool query(const struct looking *l, const char *sql, const struct value *params, size_t n,
	struct result *rows, struct err *err)
{
	return store_query(l->store, sql, params, n, l->arena, rows, err);
}

/* --- reruns --------------------------------------------------------------------------- */

/* The next attempt of what failed with the fingerprint; and the attempt before it that failed, too, where
 * nobody knows why. */
static const char attempts_sql[] =
	"SELECT n.state FROM (SELECT * FROM team.evidence WHERE fingerprint = $1 LIMIT 200) e"
	" JOIN source s ON s.name = e.source JOIN pipeline p ON p.source_id = s.id AND p.pipeline = e.pipeline"
	" JOIN run r ON r.pipeline_id = p.id AND r.run = e.run"
	" JOIN step_run n ON n.run_id = r.id AND n.step = e.step AND n.idx = e.idx"
	" WHERE (n.attempt = e.attempt + 1 AND n.state IN ('success', 'failed'))"
	" OR (n.attempt = e.attempt - 1 AND n.state = 'failed' AND NOT EXISTS (SELECT 1 FROM team.evidence o"
	" WHERE o.source = e.source AND o.pipeline = e.pipeline AND o.run = e.run AND o.step = e.step"
	" AND o.idx = e.idx AND o.attempt = n.attempt AND o.fingerprint IS NOT NULL))";

/* Without a fingerprint: any failed attempts of the step that were tried again. */
static const char any_attempts_sql[] =
	"SELECT n.state FROM (SELECT run_id, step, idx, attempt, state FROM step_run WHERE step = $3"
	" AND pipeline_id = (SELECT p.id FROM pipeline p JOIN source s ON s.id = p.source_id"
	" WHERE s.name = $1 AND p.pipeline = $2) ORDER BY at_ms DESC, id DESC LIMIT 200) f"
	" JOIN step_run n ON n.run_id = f.run_id AND n.step = f.step AND n.idx = f.idx"
	" AND n.attempt = f.attempt + 1 WHERE f.state = 'failed' AND n.state IN ('success', 'failed')";

static const char same_input_sql[] =
	"SELECT x.state FROM (SELECT DISTINCT r.id AS this_id, (SELECT n.id FROM run n WHERE n.pipeline_id = r.pipeline_id"
	" AND n.at_ms > r.at_ms AND n.gone = 0 ORDER BY n.at_ms, n.id LIMIT 1) AS next_id"
	" FROM (SELECT * FROM team.occurrence WHERE problem_id = $1 ORDER BY at_ms DESC LIMIT 20) o"
	" JOIN source s ON s.name = o.source JOIN pipeline p ON p.source_id = s.id AND p.pipeline = o.pipeline"
	" JOIN run r ON r.pipeline_id = p.id AND r.run = o.run) q JOIN run x ON x.id = q.next_id"
	" WHERE x.state IN ('success', 'failed')"
	" AND EXISTS (SELECT 1 FROM input i WHERE i.run_id = q.this_id AND i.version <> '')"
	" AND NOT EXISTS (SELECT 1 FROM input i WHERE i.run_id = q.this_id AND i.version <> '' AND NOT EXISTS"
	" (SELECT 1 FROM input j WHERE j.run_id = q.next_id AND j.name = i.name AND j.version = i.version))";

static void count_states(const struct result *rows, int64_t *tried, int64_t *passed)
{
	for (size_t i = 0; i < rows->n_rows; i++)
		*passed += !strcmp(result_text(rows, i, 0), "success");
	*tried += (int64_t)rows->n_rows;
}

static bool find_reruns(const struct looking *l, struct err *err)
{
	const struct ref *place = l->of->place;
	const struct value print[] = {value_text(l->of->fingerprint)};
	const struct value names[] = {
		value_text(place->source), value_text(place->pipeline), value_text(place->step)};
	const struct value id[] = {value_int(l->of->id)};
	struct past *past = l->out;
	struct result rows = {0};
	if (l->of->fingerprint) {
		if (!query(l, attempts_sql, print, ARRAY_LEN(print), &rows, err))
			return false;
	} else if (place->step && !query(l, any_attempts_sql, names, ARRAY_LEN(names), &rows, err)) {
		return false;
	}
	count_states(&rows, &past->rerun_tried, &past->rerun_passed);
	if (!query(l, same_input_sql, id, ARRAY_LEN(id), &rows, err))
		return false;
	count_states(&rows, &past->input_tried, &past->input_passed);
	past->rerun_tried += past->input_tried;
	past->rerun_passed += past->input_passed;
	return true;
}

/* --- what helped ---------------------------------------------------------------------- */

struct episode {
	int64_t from_ms, to_ms; /* to: TIME_NONE while it lasts */
};

static struct episode *find_episodes(const struct looking *l, size_t *n, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(l->of->id), value_text(l->of->fingerprint)};
	if (!query(l,
		    "SELECT problem_id, verb, at_ms FROM (SELECT e.problem_id, e.verb, e.at_ms, e.id FROM team.problem_event e"
		    " WHERE (e.problem_id = $1 OR e.problem_id IN (SELECT b.id FROM team.problem b WHERE b.fingerprint ="
		    " CAST($2 AS TEXT))) AND e.verb IN ('opened', 'returned', 'resolved')"
		    " ORDER BY e.at_ms DESC, e.id DESC LIMIT 100) q ORDER BY problem_id, at_ms, id",
		    params, ARRAY_LEN(params), &rows, err))
		return NULL;
	struct episode *episodes = arena_array(l->arena, struct episode, rows.n_rows + 1);
	bool is_open = false;
	int64_t problem = 0;
	*n = 0;
	for (size_t i = 0; i < rows.n_rows; i++) {
		bool ends = !strcmp(result_text(&rows, i, 1), "resolved");
		bool goes_on = is_open && problem == result_int(&rows, i, 0, 0);
		problem = result_int(&rows, i, 0, 0);
		if (ends && goes_on)
			episodes[*n - 1].to_ms = result_ms(&rows, i, 2);
		else if (!ends)
			episodes[(*n)++] = (struct episode){result_ms(&rows, i, 2), TIME_NONE};
		is_open = !ends;
	}
	return episodes;
}

/* The entry of what was done, made where there is room for one; NULL where there is none. */
static struct past_helped *helped_of(struct past *past, const struct past_helped *what)
{
	for (size_t i = 0; i < past->n_helped; i++)
		if (str_same(past->helped[i].verb, what->verb) && str_same(past->helped[i].text, what->text))
			return &past->helped[i];
	if (past->n_helped == PAST_MOST_HELPED)
		return NULL;
	past->helped[past->n_helped] = *what;
	return &past->helped[past->n_helped++];
}

/* What an action was given, but for what no other one has: its nonce and its note. */
static const char *own_args(const struct looking *l, const char *args)
{
	struct json_doc *doc = args ? json_parse(str_of(args), NULL) : NULL;
	struct json_iter it = {0};
	struct buf text;
	buf_init(&text, 0);
	struct json_writer w = {.out = &text};
	json_open(&w, '{');
	while (json_each(json_root(doc), &it)) {
		if (str_is(it.key, "nonce") || str_is(it.key, "note"))
			continue;
		json_key_str(&w, it.key);
		json_put(&w, it.value);
	}
	json_close(&w, '}');
	json_free(doc);
	const char *own = arena_take(l->arena, &text);
	return strcmp(own, "{}") != 0 ? own : NULL;
}

const char *past_args(const struct past_helped *helped, struct arena *arena)
{
	struct json_doc *doc = helped->text ? json_parse(str_of(helped->text), NULL) : NULL;
	const struct json *conf = json_get(json_root(doc), "conf");
	struct json_iter it = {0};
	struct buf text;
	buf_init(&text, 0);
	while (json_each(conf ? conf : json_root(doc), &it)) {
		buf_addf(&text, "%s%.*s=", text.n ? ", " : "", STR_FMT(it.key));
		if (json_type(it.value) == JSON_TEXT)
			buf_add(&text, json_str(it.value));
		else
			json_add(&text, it.value);
	}
	json_free(doc);
	return arena_take(arena, &text);
}

/* What was done to the problem's pipeline in the episode, the newest first. */
static bool find_actions(
	const struct looking *l, const struct episode *episode, struct result *rows, struct err *err)
{
	const struct ref *place = l->of->place;
	const struct ref pipeline = {
		.kind = REF_PIPELINE, .source = place->source, .pipeline = place->pipeline};
	struct buf text;
	buf_init(&text, 0);
	ref_add(&text, &pipeline);
	const char *ref = arena_take(l->arena, &text);
	bool is_over = episode->to_ms != TIME_NONE;
	const struct value params[] = {value_int(episode->from_ms),
		value_int(is_over ? episode->to_ms : l->now_ms), value_text(ref), value_int(MOST_ACTIONS)};
	return query(l,
		"SELECT verb, object_ref, args, who, at_ms FROM (SELECT * FROM team.audit WHERE at_ms >= $1 AND at_ms <= $2"
		" ORDER BY at_ms DESC, id DESC LIMIT 1000) a WHERE result = 'done'"
		" AND (object_ref = $3 OR substr(object_ref, 1, length($3) + 1) = $3 || '/')"
		" ORDER BY at_ms DESC LIMIT $4",
		params, ARRAY_LEN(params), rows, err);
}

static bool add_actions(const struct looking *l, const struct episode *episode, struct err *err)
{
	struct result rows;
	bool is_over = episode->to_ms != TIME_NONE;
	if (!find_actions(l, episode, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		const struct past_helped what = {.verb = result_text(&rows, i, 0),
			.object_ref = result_text(&rows, i, 1),
			.text = own_args(l, result_text(&rows, i, 2)),
			.who = result_text(&rows, i, 3),
			.at_ms = result_ms(&rows, i, 4),
			.took_ms = is_over ? episode->to_ms - result_ms(&rows, i, 4) : TIME_NONE};
		struct past_helped *helped = helped_of(l->out, &what);
		if (!helped)
			return true;
		helped->tried++;
		helped->passed += is_over && i == 0;
	}
	return true;
}

static bool add_notes(const struct looking *l, const struct episode *episode, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(l->of->id), value_text(l->of->fingerprint),
		value_int(episode->from_ms), value_int(episode->to_ms)};
	if (!query(l,
		    "SELECT text, who, at_ms FROM team.problem_event WHERE (problem_id = $1 OR problem_id IN"
		    " (SELECT b.id FROM team.problem b WHERE b.fingerprint = CAST($2 AS TEXT))) AND verb = 'note'"
		    " AND at_ms >= $3 AND at_ms <= $4 AND text IS NOT NULL ORDER BY at_ms DESC, id DESC LIMIT 5",
		    params, ARRAY_LEN(params), &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		(void)helped_of(l->out, &(struct past_helped){.text = result_text(&rows, i, 0),
						.who = result_text(&rows, i, 1),
						.at_ms = result_ms(&rows, i, 2),
						.took_ms = episode->to_ms - result_ms(&rows, i, 2)});
	return true;
}

/* What was tried and never was the last did not help: it goes. */
static void drop_useless(struct past *past)
{
	size_t n = 0;
	for (size_t i = 0; i < past->n_helped; i++)
		if (!past->helped[i].verb || past->helped[i].passed)
			past->helped[n++] = past->helped[i];
	past->n_helped = n;
}

static bool find_helped(const struct looking *l, struct err *err)
{
	size_t n;
	const struct episode *episodes = l->of->place->pipeline ? find_episodes(l, &n, err) : NULL;
	if (!l->of->place->pipeline)
		return true;
	if (!episodes)
		return false;
	size_t first = n > PAST_MOST_EPISODES ? n - PAST_MOST_EPISODES : 0;
	for (size_t i = n; i-- > first;) {
		l->out->n_episodes += episodes[i].to_ms != TIME_NONE;
		if (!add_actions(l, &episodes[i], err))
			return false;
	}
	drop_useless(l->out);
	for (size_t i = n; i-- > first;)
		if (episodes[i].to_ms != TIME_NONE && !add_notes(l, &episodes[i], err))
			return false;
	return true;
}

/* --- similar problems ------------------------------------------------------------------- */

/* Words of a text, in lower case, without those that are short or hold a digit. */
struct words {
	char words[MOST_WORDS][MOST_WORD];
	size_t n;
};

static void add_word(struct words *words, struct str word)
{
	char lower[MOST_WORD];
	if (word.n < LEAST_WORD || word.n >= MOST_WORD || words->n == MOST_WORDS)
		return;
	for (size_t i = 0; i < word.n; i++) {
		if (isdigit((unsigned char)word.p[i]))
			return;
		lower[i] = (char)tolower((unsigned char)word.p[i]);
	}
	lower[word.n] = 0;
	for (size_t i = 0; i < words->n; i++)
		if (!strcmp(words->words[i], lower))
			return;
	memcpy(words->words[words->n++], lower, word.n + 1);
}

static void read_words(struct words *words, const char *text)
{
	words->n = 0;
	for (const char *p = text; p && *p;) {
		const char *end = p;
		while (isalnum((unsigned char)*end) || *end == '_')
			end++;
		add_word(words, (struct str){p, (size_t)(end - p)});
		p = *end ? end + 1 : end;
	}
}

/* Percent of all their words that both have. */
static size_t likeness(const struct words *a, const struct words *b)
{
	size_t both = 0;
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++)
			both += !strcmp(a->words[i], b->words[j]);
	size_t all = a->n + b->n - both;
	return all ? both * 100 / all : 0;
}

static void add_similar(const struct looking *l, const struct result *rows, bool is_same_cause)
{
	struct past *past = l->out;
	struct words own, others;
	read_words(&own, l->of->title);
	for (size_t i = 0; i < rows->n_rows && past->n_similar < PAST_MOST_SIMILAR; i++) {
		int64_t id = result_int(rows, i, 0, 0);
		bool is_known = false;
		for (size_t j = 0; j < past->n_similar; j++)
			is_known |= past->similar[j].problem == id;
		read_words(&others, result_text(rows, i, 1));
		if (is_known || (!is_same_cause && likeness(&own, &others) < LEAST_ALIKE))
			continue;
		past->similar[past->n_similar++] = (struct past_similar){.problem = id,
			.title = result_text(rows, i, 1),
			.state = result_text(rows, i, 2),
			.last_ms = result_ms(rows, i, 3),
			.is_same_cause = is_same_cause};
	}
}

static bool find_similar(const struct looking *l, struct err *err)
{
	struct result rows;
	const struct value same[] = {value_text(l->of->fingerprint), value_int(l->of->id)};
	const struct value words[] = {value_int(l->of->id), value_int(MOST_COMPARED)};
	if (!query(l,
		    "SELECT id, title, state, last_ms FROM team.problem WHERE fingerprint = $1 AND id <> $2"
		    " ORDER BY last_ms DESC LIMIT 5",
		    same, ARRAY_LEN(same), &rows, err))
		return false;
	add_similar(l, &rows, true);
	if (!query(l,
		    "SELECT id, title, state, last_ms FROM team.problem WHERE id <> $1"
		    " ORDER BY last_ms DESC, id DESC LIMIT $2",
		    words, ARRAY_LEN(words), &rows, err))
		return false;
	add_similar(l, &rows, false);
	return true;
}

/* --- how often it fails --------------------------------------------------------------------- */

enum { RUN, STATE, ATTEMPT, AT, END, TOOK, IS_NEWEST };

static const char step_history_sql[] =
	"SELECT r.run, q.state, q.attempt, q.at_ms, coalesce(q.ended_ms, q.at_ms), q.duration_ms, q.is_newest"
	" FROM (SELECT * FROM (SELECT id, run_id, idx, attempt, state, at_ms, ended_ms, duration_ms, is_newest, gone"
	" FROM step_run WHERE step = $3 AND pipeline_id = (SELECT p.id FROM pipeline p"
	" JOIN source s ON s.id = p.source_id WHERE s.name = $1 AND p.pipeline = $2)"
	" ORDER BY at_ms DESC, id DESC LIMIT 1000) w WHERE idx = $4 AND state IN ('success', 'failed') AND gone = 0"
	" ORDER BY at_ms DESC, id DESC LIMIT 200) q JOIN run r ON r.id = q.run_id ORDER BY q.at_ms, q.id";

/* Each run of a pipeline lies on another page: not many more are read than are judged. */
static const char run_history_sql[] =
	"SELECT run, state, 1, at_ms, coalesce(ended_ms, at_ms), duration_ms, 1 FROM (SELECT * FROM"
	" (SELECT id, run, state, at_ms, ended_ms, duration_ms FROM run"
	" WHERE pipeline_id = (SELECT p.id FROM pipeline p JOIN source s ON s.id = p.source_id WHERE s.name = $1"
	" AND p.pipeline = $2) AND gone = 0 ORDER BY at_ms DESC, id DESC LIMIT 240) w"
	" WHERE state IN ('success', 'failed') ORDER BY at_ms DESC, id DESC LIMIT 200) q ORDER BY at_ms, id";

static bool is_good(const struct result *rows, size_t row)
{
	return !strcmp(result_text(rows, row, STATE), "success");
}

static void judge_failures(const struct looking *l, const struct result *rows)
{
	struct stats_run *runs = arena_array(l->arena, struct stats_run, rows->n_rows + 1);
	for (size_t i = 0; i < rows->n_rows; i++)
		runs[i] = (struct stats_run){.start = (double)result_ms(rows, i, AT),
			.end = (double)result_ms(rows, i, END),
			.is_good = is_good(rows, i),
			.is_retry = result_int(rows, i, ATTEMPT, 1) > 1};
	l->out->failures = stats_failures(runs, rows->n_rows, (double)l->now_ms);
}

/* Runs by how they ended, tries apart. */
static void judge_rate(const struct looking *l, const struct result *rows)
{
	bool *failed = arena_array(l->arena, bool, rows->n_rows + 1);
	size_t *row_of = arena_array(l->arena, size_t, rows->n_rows + 1), n = 0;
	for (size_t i = 0; i < rows->n_rows; i++) {
		if (!result_int(rows, i, IS_NEWEST, 1))
			continue;
		row_of[n] = i;
		failed[n++] = !is_good(rows, i);
	}
	struct stats_rate_change change = stats_rate_change(failed, n);
	if (change.status != STATS_OK || !change.is_changed)
		return;
	struct past *past = l->out;
	past->has_rate_change = true;
	past->changed_run = result_text(rows, row_of[change.index], RUN);
	past->changed_ms = result_ms(rows, row_of[change.index], AT);
	past->rate_before = change.before;
	past->rate_after = change.after;
}

static void judge_durations(const struct looking *l, const struct result *rows)
{
	size_t n = 0, *cuts = arena_array(l->arena, size_t, rows->n_rows + 1),
	       *row_of = arena_array(l->arena, size_t, rows->n_rows + 1);
	double *took = arena_array(l->arena, double, rows->n_rows + 1);
	double *means = arena_array(l->arena, double, rows->n_rows + 2);
	for (size_t i = 0; i < rows->n_rows; i++) {
		int64_t ms = result_int(rows, i, TOOK, -1);
		if (ms < 0 || !is_good(rows, i))
			continue;
		row_of[n] = i;
		took[n++] = (double)ms;
	}
	if (n < LEAST_DURATIONS)
		return;
	struct stats_levels levels = stats_levels(took, n, cuts, means);
	if (levels.status != STATS_OK || !levels.n_cuts)
		return;
	struct past *past = l->out;
	past->has_new_duration = true;
	past->duration_since_ms = result_ms(rows, row_of[cuts[levels.n_cuts - 1]], AT);
	past->duration_before_ms = means[levels.n_cuts - 1];
	past->duration_after_ms = means[levels.n_cuts];
}

static bool find_failures(const struct looking *l, struct err *err)
{
	const struct ref *place = l->of->place;
	const struct value params[] = {value_text(place->source), value_text(place->pipeline),
		value_text(place->step), value_text(place->index ? place->index : "")};
	struct result rows;
	l->out->failures = stats_failures(NULL, 0, 0);
	if (!place->pipeline)
		return true;
	if (!(place->step ? query(l, step_history_sql, params, 4, &rows, err)
			  : query(l, run_history_sql, params, 2, &rows, err)))
		return false;
	judge_failures(l, &rows);
	judge_rate(l, &rows);
	judge_durations(l, &rows);
	return true;
}

bool past_load(struct store *store, const struct past_of *of, int64_t now_ms, struct arena *arena,
	struct past *out, struct err *err)
{
	*out = (struct past){0};
	const struct looking l = {store, of, now_ms, arena, out};
	return find_reruns(&l, err) && find_helped(&l, err) && find_similar(&l, err) &&
	       find_failures(&l, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person asks a source for: log, series, artifacts, act. */
#include "client/protocol/trial.h"

#include "client/base/base64.h"
#include "client/base/mem.h"
#include "client/protocol/peer.h"

#include <string.h>

enum { MOST_CHUNK = 64 << 10, ASK_POINTS = 2 };

/* --- log ------------------------------------------------------------------------------- */

#define LOG "log"

/* The start of parameters that name a run. */
static struct json_writer put_run(struct buf *out, const struct pick *pick)
{
	struct json_writer w = {.out = out};
	buf_reset(out);
	json_open(&w, '{');
	json_member_text(&w, "pipeline", pick->pipeline);
	json_member_text(&w, "run", pick->run);
	return w;
}

static void log_params(struct buf *out, const struct pick *pick, int64_t offset, bool follow)
{
	struct json_writer w = put_run(out, pick);
	json_member_text(&w, "step", pick->step);
	json_member_text(&w, "index", pick->index);
	json_key(&w, "attempt");
	json_put_int(&w, pick->attempt);
	json_key(&w, "offset");
	json_put_int(&w, offset);
	json_key(&w, "follow");
	json_put_bool(&w, follow);
	json_close(&w, '}');
}

static void hear_log(struct trial *t, const struct json *params)
{
	if (json_type(json_get(params, "text")) != JSON_TEXT)
		trial_fault(&t->fault, "a 'log' without a 'text'");
	else if (t->text.n < MOST_TEXT)
		buf_add(&t->text, json_get_str(params, "text"));
}

static bool read_end(struct trial *t, const struct json *result, int64_t *offset, bool *complete)
{
	*offset = -1;
	if (json_type(json_get(result, "offset")) != JSON_INT ||
		!json_int(json_get(result, "offset"), offset) || *offset < 0)
		trial_fault(&t->fault, "the result needs an 'offset': a whole number, not negative");
	if (!json_bool(json_get(result, "complete"), complete))
		trial_fault(&t->fault, "the result needs 'complete': true or false");
	return !t->fault.code;
}

/* One log; false where that step has none, which is an answer too. */
static bool read_log(struct trial *t, const struct pick *pick, int64_t from, int64_t *offset, bool *complete)
{
	struct buf params;
	struct probe_answer answer;
	bool is_there = true;
	buf_init(&params, 0);
	log_params(&params, pick, from, false);
	if (trial_call(t, "log", params.p, "log", hear_log, &answer)) {
		is_there = answer.code != RPC_NOT_FOUND;
		if (is_there && trial_wants_result(t, &answer))
			read_end(t, answer.result, offset, complete);
		json_free(answer.doc);
	}
	buf_fini(&params);
	return is_there;
}

static void try_log_page(struct trial *t, const struct pick *pick, int64_t offset, bool was_complete)
{
	const char *name = "a log goes on at its offset, without what was sent before";
	char *before = x_strdup(buf_str(&t->text).p);
	size_t n_before = t->text.n;
	bool complete;
	read_log(t, pick, offset, &offset, &complete);
	if (n_before && was_complete && t->text.n)
		trial_fault(
			&t->fault, "the log was complete, and %zu bytes more come behind its end", t->text.n);
	if (n_before && t->text.n >= n_before && !memcmp(before, buf_str(&t->text).p, n_before))
		trial_fault(&t->fault, "it is sent from its start again");
	trial_judge(t, name, LOG, &t->fault);
	x_free(before);
}

static void try_log(struct trial *t)
{
	const char *name = "a log gives its text, an offset and whether it is complete";
	int64_t offset = 0;
	bool complete = false;
	for (size_t i = 0; i < t->steps.n; i++) {
		if (!read_log(t, &t->steps.picks[i], 0, &offset, &complete))
			continue;
		trial_judge(t, name, LOG, &t->fault);
		if (t->probe && !t->fault.code)
			try_log_page(t, &t->steps.picks[i], offset, complete);
		return;
	}
	trial_skip(t, name, LOG, t->steps.n ? "no step has a log" : "no step has run");
}

static void try_no_log(struct trial *t)
{
	static const struct pick nobody = {
		.pipeline = "no such pipeline", .run = "no such run", .step = "no such step", .attempt = 1};
	struct buf params;
	struct probe_answer answer;
	buf_init(&params, 0);
	log_params(&params, &nobody, 0, false);
	if (trial_call(t, "log", params.p, "log", hear_log, &answer)) {
		trial_wants_error(t, &answer, RPC_NOT_FOUND);
		json_free(answer.doc);
	}
	buf_fini(&params);
	trial_judge(t, "a log of what is not there answers with -32002", "errors", &t->fault);
}

/* A log that is complete has nothing to follow. */
static void try_follow(struct trial *t)
{
	const char *name = "a followed log that is cancelled answers with -32800";
	struct buf params;
	struct probe_answer answer;
	bool complete = false;
	if (!t->steps.n) {
		trial_skip(t, name, "cancel", "no step has run");
		return;
	}
	buf_init(&params, 0);
	log_params(&params, &t->steps.picks[0], 0, true);
	trial_ask(t, "log", params.p, "log", hear_log);
	probe_cancel(t->probe, t->id);
	if (trial_wait(t, &answer)) {
		json_bool(json_get(answer.result, "complete"), &complete);
		if (!complete && answer.code != RPC_NOT_FOUND)
			trial_wants_error(t, &answer, RPC_CANCELLED);
		json_free(answer.doc);
	}
	buf_fini(&params);
	trial_judge(t, name, "cancel", &t->fault);
}

/* --- series ------------------------------------------------------------------------------ */

#define SERIES "series"

static void hear_point(struct trial *t, const struct json *params)
{
	struct str metric = json_get_str(params, "metric");
	const struct json *step = json_get(params, "step"), *value = json_get(params, "value");
	double number;
	struct err err = {0};
	if (!metric.n)
		trial_fault(&t->fault, "a point without a 'metric'");
	if (!json_num(value, &number) && json_type(value) != JSON_NULL)
		trial_fault(
			&t->fault, "a point's 'value' is no number, \"NaN\", \"Infinity\" or \"-Infinity\"");
	if (json_type(step) > JSON_NULL && json_type(step) != JSON_INT)
		trial_fault(&t->fault, "a point's 'step' is no whole number");
	if (!judge_ms("time_ms", json_get(params, "time_ms"), &err))
		trial_fault(&t->fault, "a point: %s", err.msg);
	if (!t->metric && metric.n)
		t->metric = x_printf("%.*s", STR_FMT(metric));
	t->has_other |= t->metric && !str_is(metric, t->metric);
	t->n_points += t->metric && str_is(metric, t->metric);
}

/* Asks for METRIC (NULL: all), at most MOST points of each. */
static void ask_series(struct trial *t, const struct pick *pick, const char *metric, int most)
{
	struct buf params;
	struct probe_answer answer;
	buf_init(&params, 0);
	struct json_writer w = put_run(&params, pick);
	json_key(&w, "metrics");
	json_open(&w, '[');
	if (metric)
		json_put_str(&w, str_of(metric));
	json_close(&w, ']');
	json_key(&w, "max_points");
	json_put_int(&w, most);
	json_close(&w, '}');
	t->n_points = 0;
	t->has_other = false;
	if (trial_call(t, "series", params.p, "point", hear_point, &answer)) {
		if (answer.code != RPC_NOT_FOUND)
			trial_wants_result(t, &answer);
		json_free(answer.doc);
	}
	buf_fini(&params);
}

static void try_series(struct trial *t)
{
	const char *all = "series gives points",
		   *one = "series gives the metric that is asked for, no more points";
	size_t i = 0;
	t->fault = (struct err){0};
	for (; t->probe && !t->metric && !t->fault.code && i < t->runs.n; i++)
		ask_series(t, &t->runs.picks[i], NULL, 0);
	if (!t->metric && t->probe && !t->fault.code) {
		trial_skip(t, all, SERIES, "no run of the first has a curve");
		return;
	}
	trial_judge(t, all, SERIES, &t->fault);
	if (!t->probe || !t->metric)
		return;
	ask_series(t, &t->runs.picks[i - 1], t->metric, ASK_POINTS);
	if (t->has_other)
		trial_fault(&t->fault, "asked for '%.80s', it gives others too", t->metric);
	if (t->n_points > ASK_POINTS)
		trial_fault(&t->fault, "with max_points %d it gives %zu", ASK_POINTS, t->n_points);
	if (!t->n_points)
		trial_fault(&t->fault, "asked for '%.80s', it gives nothing", t->metric);
	trial_judge(t, one, SERIES, &t->fault);
}

/* --- artifacts --------------------------------------------------------------------------- */

#define ARTIFACTS "artifacts"

struct file {
	struct pick *run;
	char *path;
	int64_t size; /* -1: not said */
};

static bool is_clean_path(struct str path)
{
	struct str rest = path, part;
	if (!path.n || path.p[0] == '/')
		return false;
	while (str_next(&rest, '/', &part))
		if (!part.n || str_is(part, ".") || str_is(part, ".."))
			return false;
	return true;
}

static void judge_entry(struct trial *t, const struct json *entry, struct str folder)
{
	struct str path = json_get_str(entry, "path");
	const struct json *size = json_get(entry, "size");
	int64_t bytes = 0;
	bool is_dir;
	if (!is_clean_path(path))
		trial_fault(&t->fault, "an entry's 'path' must be a path below the run: '%.80s' is none",
			path.p ? path.p : "");
	else if (folder.n && (!str_starts(path, folder) || path.n <= folder.n || path.p[folder.n] != '/'))
		trial_fault(&t->fault, "'%.80s' does not lie in '%.80s': paths start at the run", path.p,
			folder.p);
	if (!json_bool(json_get(entry, "is_dir"), &is_dir))
		trial_fault(&t->fault, "an entry without 'is_dir'");
	if (json_type(size) > JSON_NULL &&
		(json_type(size) != JSON_INT || !json_int(size, &bytes) || bytes < 0))
		trial_fault(&t->fault, "an entry's 'size' is no number of bytes");
}

/* Takes the first file of ENTRIES, and the first folder. */
static void pick_entries(struct trial *t, const struct json *entries, struct file *file, char **folder)
{
	for (size_t i = 0; i < json_len(entries); i++) {
		const struct json *entry = json_at(entries, i);
		bool is_dir = false;
		struct str path = json_get_str(entry, "path");
		json_bool(json_get(entry, "is_dir"), &is_dir);
		if (is_dir && !*folder)
			*folder = arena_dup(t->arena, path);
		if (is_dir || file->path)
			continue;
		file->path = arena_dup(t->arena, path);
		file->size = -1;
		json_int(json_get(entry, "size"), &file->size);
	}
}

static void list_folder(struct trial *t, struct pick *run, const char *path, struct file *file, char **folder)
{
	struct buf params;
	struct probe_answer answer;
	buf_init(&params, 0);
	struct json_writer w = put_run(&params, run);
	json_member_text(&w, "path", path);
	json_close(&w, '}');
	if (trial_call(t, "artifacts", params.p, NULL, NULL, &answer)) {
		const struct json *entries = json_get(answer.result, "entries");
		if (answer.code != RPC_NOT_FOUND && trial_wants_result(t, &answer) &&
			json_type(entries) != JSON_ARRAY)
			trial_fault(&t->fault, "the result needs a list 'entries'");
		for (size_t i = 0; i < json_len(entries); i++)
			judge_entry(t, json_at(entries, i), str_of(path));
		file->run = file->path ? file->run : run;
		pick_entries(t, entries, file, folder);
		json_free(answer.doc);
	}
	buf_fini(&params);
}

/* Looks for a file, one folder deep at most. */
static void try_artifacts(struct trial *t, struct file *file)
{
	const char *name = "artifacts lists a run's folder";
	for (size_t i = 0; t->probe && i < t->runs.n && !file->path && !t->fault.code; i++) {
		char *folder = NULL, *deeper = NULL;
		list_folder(t, &t->runs.picks[i], "", file, &folder);
		if (t->probe && !file->path && folder && !t->fault.code)
			list_folder(t, &t->runs.picks[i], folder, file, &deeper);
	}
	if (!t->runs.n)
		trial_skip(t, name, ARTIFACTS, "no run was told of");
	else
		trial_judge(t, name, ARTIFACTS, &t->fault);
}

static void hear_chunk(struct trial *t, const struct json *params)
{
	size_t before = t->text.n;
	if (!base64_read(&t->text, json_get_str(params, "base64")))
		trial_fault(&t->fault, "a chunk is no base64");
	if (t->text.n - before > MOST_CHUNK)
		trial_fault(&t->fault, "a chunk is longer than 64 KiB");
}

static void read_file(struct trial *t, const struct file *file, int64_t from)
{
	struct buf params;
	struct probe_answer answer;
	int64_t offset = 0;
	bool complete = false;
	buf_init(&params, 0);
	struct json_writer w = put_run(&params, file->run);
	json_member_text(&w, "path", file->path);
	json_key(&w, "offset");
	json_put_int(&w, from);
	json_close(&w, '}');
	if (trial_call(t, "artifact", params.p, "chunk", hear_chunk, &answer)) {
		if (trial_wants_result(t, &answer) && read_end(t, answer.result, &offset, &complete) &&
			offset != from + (int64_t)t->text.n)
			trial_fault(&t->fault, "%zu bytes came from %lld on, but the offset is %lld",
				t->text.n, (long long)from, (long long)offset);
		json_free(answer.doc);
	}
	buf_fini(&params);
}

static void try_artifact(struct trial *t, const struct file *file)
{
	const char *whole = "artifact gives a file's bytes",
		   *part = "artifact gives the bytes behind an offset";
	if (!file->path) {
		trial_skip(t, whole, ARTIFACTS, "no run of the first has a file");
		return;
	}
	read_file(t, file, 0);
	if (file->size >= 0 && t->probe && (int64_t)t->text.n != file->size)
		trial_fault(&t->fault, "'%.80s' has %lld bytes as it is listed, %zu came", file->path,
			(long long)file->size, t->text.n);
	trial_judge(t, whole, ARTIFACTS, &t->fault);
	if (!t->probe || t->fault.code)
		return;
	struct buf all = t->text;
	size_t half = all.n / 2;
	buf_init(&t->text, 2 * (size_t)MOST_TEXT);
	read_file(t, file, (int64_t)half);
	if (!str_eq(buf_str(&t->text), str_slice(buf_str(&all), half, all.n)))
		trial_fault(&t->fault, "from %zu on come other bytes than before", half);
	trial_judge(t, part, ARTIFACTS, &t->fault);
	buf_fini(&all);
}

/* --- act ----------------------------------------------------------------------------------- */

#define ACT "act"

static void act_params(struct trial *t, struct buf *out, struct str verb)
{
	const struct pick *run = t->runs.n ? &t->runs.picks[0] : NULL;
	struct json_writer w = {.out = out};
	buf_reset(out);
	json_open(&w, '{');
	json_key(&w, "verb");
	json_put_str(&w, verb);
	json_key(&w, "ref");
	char *ref = run ? x_printf("%s/%s", run->pipeline, run->run) : x_strdup("nothing");
	json_put_str(&w, str_of(ref));
	x_free(ref);
	json_key(&w, "args");
	json_put_raw(&w, STR("{}"));
	json_key(&w, "dry_run");
	json_put_bool(&w, true);
	json_close(&w, '}');
}

/* A refusal is an answer. */
static void try_dry_run(struct trial *t, struct str verb)
{
	struct buf params;
	struct probe_answer answer;
	buf_init(&params, 0);
	act_params(t, &params, verb);
	if (trial_call(t, "act", params.p, NULL, NULL, &answer)) {
		if (!answer.code && json_type(json_get(answer.result, "effect")) != JSON_ARRAY)
			trial_fault(&t->fault, "a dry run of '%.*s' needs a list 'effect'",
				(int)(verb.n < 80 ? verb.n : 80), verb.p);
		if (answer.code && answer.code != RPC_REFUSED && answer.code != RPC_NOT_FOUND)
			trial_wants_result(t, &answer);
		json_free(answer.doc);
	}
	buf_fini(&params);
}

static void try_act(struct trial *t)
{
	const struct json *verbs = json_get(json_get(json_root(t->hello), "result"), "verbs");
	struct err first = {0};
	for (size_t i = 0; t->probe && i < json_len(verbs); i++) {
		try_dry_run(t, json_str(json_at(verbs, i)));
		if (!first.code)
			first = t->fault;
	}
	trial_judge(t, "act says what it would do", ACT, &first);
}

/* --- all of them --------------------------------------------------------------------------- */

void trial_live(struct trial *t)
{
	struct file file = {0};
	if (t->probe && trial_has_method(t, "log"))
		try_log(t);
	if (t->probe && trial_has_method(t, "log"))
		try_no_log(t);
	if (t->probe && trial_has_method(t, "log"))
		try_follow(t);
	if (t->probe && trial_has_method(t, "series"))
		try_series(t);
	t->fault = (struct err){0};
	if (t->probe && trial_has_method(t, "artifacts"))
		try_artifacts(t, &file);
	if (t->probe && trial_has_method(t, "artifact"))
		try_artifact(t, &file);
	if (t->probe && trial_has_method(t, "act"))
		try_act(t);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run's curves, folders and files, as somebody asks for them. */
#include "client/sources/mlflow.h"

#include "client/base/mem.h"
#include "client/sources/percent.h"

#include <stdlib.h>

enum {
	SAMPLED_MOST = 2500, /* points that the server samples at most */
	HISTORY_PAGE = 10000,
	POINTS_MOST = 1000000, /* of one curve, read as a whole */
	TAIL_MOST = 16 << 20,  /* of a server that knows no parts of a file */
	WEB_PAGE_HEAD = 64,
};

/* PATH with `NAME=VALUE` behind it, as long as the pull lives. */
static const char *with(struct pull *pull, const char *path, const char *name, struct str value)
{
	struct buf text;
	const char *copy;

	buf_init(&text, 0);
	buf_addf(&text, "%s%c%s=", path, strchr(path, '?') ? '&' : '?', name);
	percent_add_url(&text, value);
	copy = arena_take(pull_arena(pull), &text);
	return copy;
}

static void ask(struct pull *pull, const char *path, int flags, handler_fn handler, void *ctx)
{
	const struct request request = {
		.path = path,
		.flags = REQUEST_JSON | REQUEST_READ | flags,
		.handler = handler,
		.ctx = ctx,
	};

	pull_ask(pull, &request);
}

/* The member KEY of an error's body, "" for none. */
static const char *said(struct pull *pull, struct str body, const char *key)
{
	struct json_doc *doc = body.n && body.p[0] == '{' ? json_parse(body, NULL) : NULL;
	const char *text = mlflow_text(pull, json_get_str(json_root(doc), key));

	json_free(doc);
	return text ? text : "";
}

static bool refused(struct pull *pull, const struct response *response, const char *what, struct err *err)
{
	const char *why = said(pull, response->body, "message");
	enum err_code code = response->status == 404   ? ERR_NOT_FOUND
			     : response->status == 403 ? ERR_REFUSED
						       : ERR_FAILED;

	return err_set(err, code, "HTTP %d for '%s'%s%s", response->status, what, why[0] ? ": " : "", why);
}

/* --- curves ------------------------------------------------------------------------------- */

struct curve {
	const char *run, *metric;
	int64_t most;
	/* Of a history that is read as a whole: */
	struct source_point *points;
	size_t n, cap;
	const char *token;
	int pages;
};

static bool read_point(const struct json *row, const char *metric, struct source_point *out)
{
	*out = (struct source_point){.metric = metric, .step = -1, .time_ms = TIME_NONE};
	json_int(json_get(row, "step"), &out->step);
	json_int(json_get(row, "timestamp"), &out->time_ms);
	return mlflow_number(json_get(row, "value"), &out->value);
}

static int by_step(const void *a, const void *b)
{
	const struct source_point *x = a, *y = b;

	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

/* At most as many as were asked for, evenly chosen, the first and the last among them. */
static void emit_curve(struct pull *pull, const struct curve *curve)
{
	size_t most = (size_t)curve->most, n = curve->n < most ? curve->n : most;

	if (curve->n)
		qsort(curve->points, curve->n, sizeof(*curve->points), by_step);
	for (size_t i = 0; i < n; i++) {
		size_t at = n == curve->n ? i : n == 1 ? curve->n - 1 : i * (curve->n - 1) / (n - 1);

		pull_point(pull, &curve->points[at]);
	}
}

static void keep_point(struct pull *pull, struct curve *curve, const struct source_point *point)
{
	if (curve->n == curve->cap) {
		size_t cap = curve->cap ? 2 * curve->cap : HISTORY_PAGE;
		struct source_point *points = arena_array(pull_arena(pull), struct source_point, cap);

		if (curve->n)
			memcpy(points, curve->points, curve->n * sizeof(*points));
		curve->points = points;
		curve->cap = cap;
	}
	curve->points[curve->n++] = *point;
}

static void ask_history(struct pull *pull, struct curve *curve);

static bool take_history(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct curve *curve = ctx;
	const struct json *rows = json_get(response->json, "metrics");
	struct source_point point;

	if (!mlflow_is_page(response->json, "metrics"))
		return mlflow_no_page("metrics", err);
	for (size_t i = 0; i < json_len(rows); i++)
		if (read_point(json_at(rows, i), curve->metric, &point))
			keep_point(pull, curve, &point);
	if (curve->n > POINTS_MOST)
		return err_set(err, ERR_FAILED, "'%s' has over %d points; ask for at most %d of them",
			curve->metric, POINTS_MOST, SAMPLED_MOST);
	if (mlflow_next_token(pull, response->json, "metrics", &curve->token, &curve->pages, err)) {
		ask_history(pull, curve);
		return true;
	}
	if (!err->code)
		emit_curve(pull, curve);
	return !err->code;
}

static const char *history_path(struct pull *pull, const struct curve *curve)
{
	const char *path = MLFLOW_API "metrics/get-history";

	path = with(pull, path, "run_id", str_of(curve->run));
	path = with(pull, path, "metric_key", str_of(curve->metric));
	path = arena_printf(pull_arena(pull), "%s&max_results=%d", path, HISTORY_PAGE);
	return curve->token ? with(pull, path, "page_token", str_of(curve->token)) : path;
}

static void ask_history(struct pull *pull, struct curve *curve)
{
	ask(pull, history_path(pull, curve), 0, take_history, curve);
}

/* Servers of before 2.4 do not have it: a web page, or a code that says so. */
static bool is_no_route(struct pull *pull, const struct response *response)
{
	const char *code = said(pull, response->body, "error_code");

	return (response->status == 404 || response->status == 405) &&
	       strcmp(code, "RESOURCE_DOES_NOT_EXIST") != 0;
}

static bool take_sampled(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct curve *curve = ctx;
	const struct json *rows = json_get(response->json, "metrics");
	struct source_point point;

	if (is_no_route(pull, response)) {
		ask_history(pull, curve);
		return true;
	}
	if (response->status > 299)
		return refused(pull, response, curve->metric, err);
	if (!mlflow_is_page(response->json, "metrics"))
		return mlflow_no_page("metrics", err);
	for (size_t i = 0; i < json_len(rows); i++)
		if (read_point(json_at(rows, i), curve->metric, &point))
			keep_point(pull, curve, &point);
	emit_curve(pull, curve);
	return true;
}

static void ask_curve(struct pull *pull, const char *run, const char *metric, int64_t most)
{
	struct curve *curve = arena_new_of(pull_arena(pull), struct curve);
	const char *path = MLFLOW_API "metrics/get-history-bulk-interval";

	*curve = (struct curve){.run = run, .metric = metric, .most = most};
	if (most > SAMPLED_MOST) {
		ask_history(pull, curve);
		return;
	}
	path = with(pull, path, "run_ids", str_of(run));
	path = with(pull, path, "metric_key", str_of(metric));
	path = arena_printf(pull_arena(pull), "%s&max_results=%lld", path, (long long)most);
	ask(pull, path, REQUEST_ANY_STATUS, take_sampled, curve);
}

/* The run of whose curves all are wanted. */
struct all_curves {
	const char *run;
	int64_t most;
};

static bool take_keys(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct all_curves *all = ctx;
	const struct json *run = json_get(response->json, "run");
	const struct json *metrics = json_get(json_get(run, "data"), "metrics");

	if (!run)
		return mlflow_no_page("run", err);
	for (size_t i = 0; i < json_len(metrics); i++) {
		struct str key = json_get_str(json_at(metrics, i), "key");

		if (key.n)
			ask_curve(pull, all->run, arena_dup(pull_arena(pull), key), all->most);
	}
	return true;
}

bool mlflow_series(struct pull *pull, const struct series_request *request, struct err *err)
{
	struct all_curves *all = arena_new_of(pull_arena(pull), struct all_curves);

	(void)err;
	all->run = arena_dupz(pull_arena(pull), request->run);
	all->most = request->max_points > 0 ? request->max_points : SAMPLED_MOST;
	for (size_t i = 0; i < request->n_metrics; i++)
		ask_curve(pull, all->run, arena_dupz(pull_arena(pull), request->metrics[i]), all->most);
	if (!request->n_metrics)
		ask(pull, with(pull, MLFLOW_API "runs/get", "run_id", str_of(all->run)), 0, take_keys, all);
	return true;
}

/* --- folders ------------------------------------------------------------------------------ */

struct folder {
	const char *path; /* of the request */
	const char *token;
	int pages;
};

static bool take_files(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct folder *folder = ctx;
	const struct json *rows = json_get(response->json, "files");

	if (json_type(response->json) != JSON_OBJECT ||
		(json_len(response->json) && !rows && !json_get(response->json, "root_uri")))
		return mlflow_no_page("files", err);
	for (size_t i = 0; i < json_len(rows); i++) {
		const struct json *row = json_at(rows, i);
		struct source_entry entry = {
			.path = mlflow_text(pull, json_get_str(row, "path")), .size = -1};

		json_bool(json_get(row, "is_dir"), &entry.is_dir);
		if (!entry.is_dir)
			json_int(json_get(row, "file_size"), &entry.size);
		if (entry.path)
			pull_entry(pull, &entry);
	}
	if (mlflow_next_token(pull, response->json, "files", &folder->token, &folder->pages, err))
		ask(pull, with(pull, folder->path, "page_token", str_of(folder->token)), 0, take_files,
			folder);
	return !err->code;
}

bool mlflow_artifacts(struct pull *pull, const struct artifacts_request *request, struct err *err)
{
	struct folder *folder = arena_new_of(pull_arena(pull), struct folder);

	(void)err;
	folder->path = with(pull, MLFLOW_API "artifacts/list", "run_id", str_of(request->run));
	if (request->path && request->path[0])
		folder->path = with(pull, folder->path, "path", str_of(request->path));
	ask(pull, folder->path, 0, take_files, folder);
	return true;
}

/* --- files -------------------------------------------------------------------------------- */

struct file {
	const char *path;
	int64_t offset; /* asked for; below 0: so many before the end */
	bool is_begun;
	char *tail; /* the last `tail_size` bytes so far, a ring that goes on at `n_seen` */
	size_t tail_size;
	int64_t n_seen;
};

static bool ends_as_page(const char *path)
{
	static const char *const ends[] = {".html", ".htm", ".xhtml", ".svg", ".xml"};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(str_of(path), str_of(ends[i])))
			return true;
	return false;
}

/* A login in front of the server answers everything with its page, and 200. */
static bool is_web_page(const struct file *file, struct str bytes)
{
	char head[WEB_PAGE_HEAD];
	size_t n = 0;

	bytes = str_trim(str_slice(bytes, 0, sizeof(head)));
	for (; n < bytes.n; n++)
		head[n] = (char)(bytes.p[n] >= 'A' && bytes.p[n] <= 'Z' ? bytes.p[n] | 0x20 : bytes.p[n]);
	return !ends_as_page(file->path) && (str_starts((struct str){head, n}, STR("<!doctype html")) ||
						    str_starts((struct str){head, n}, STR("<html")));
}

static void keep_tail(struct pull *pull, struct file *file, struct str bytes)
{
	if (!file->tail) {
		file->tail_size = (size_t)(file->offset < -TAIL_MOST ? TAIL_MOST : -file->offset);
		file->tail = arena_array(pull_arena(pull), char, file->tail_size);
	}
	for (size_t i = 0; i < bytes.n; i++)
		file->tail[file->n_seen++ % (int64_t)file->tail_size] = bytes.p[i];
}

static void emit_tail(struct pull *pull, const struct file *file)
{
	size_t at = file->tail_size ? (size_t)(file->n_seen % (int64_t)file->tail_size) : 0;

	if (file->n_seen >= (int64_t)file->tail_size)
		pull_bytes(pull, (struct str){file->tail + at, file->tail_size - at});
	pull_bytes(pull, (struct str){file->tail, at});
}

/* A server that knows no parts sends all of it. */
static void take_whole(struct pull *pull, struct file *file, const struct response *response)
{
	int64_t skip = file->offset - response->offset;

	if (file->offset < 0)
		keep_tail(pull, file, response->body);
	else
		pull_bytes(pull, str_slice(response->body, skip > 0 ? (size_t)skip : 0, response->body.n));
	if (file->offset < 0 && response->is_last)
		emit_tail(pull, file);
}

static bool take_bytes(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct file *file = ctx;

	if (response->status == 416) { /* nothing lies behind that place */
		pull_bytes_end(pull, file->offset > 0 ? file->offset : 0, true);
		return true;
	}
	if (response->status > 299)
		return refused(pull, response, file->path, err);
	if (response->body.n && !file->is_begun && response->status == 200 &&
		is_web_page(file, response->body))
		return err_set(err, ERR_AUTH, "'%s' is answered with a web page: signed out", file->path);
	file->is_begun |= response->body.n > 0;
	if (response->status == 206 || file->offset == 0)
		pull_bytes(pull, response->body);
	else
		take_whole(pull, file, response);
	if (response->is_last)
		pull_bytes_end(pull, response->offset + (int64_t)response->body.n, true);
	return true;
}

bool mlflow_artifact(struct pull *pull, const struct artifact_request *request, struct err *err)
{
	struct file *file = arena_new_of(pull_arena(pull), struct file);
	const char *path = with(pull, "/get-artifact", "run_id", str_of(request->run));
	struct request bytes = {
		.path = with(pull, path, "path", str_of(request->path)),
		.flags = REQUEST_STREAM | REQUEST_BYTES | REQUEST_READ | REQUEST_ANY_STATUS,
		.offset = request->offset,
		.handler = take_bytes,
		.ctx = file,
	};

	(void)err;
	file->path = arena_dupz(pull_arena(pull), request->path);
	file->offset = request->offset;
	pull_ask(pull, &bytes);
	return true;
}

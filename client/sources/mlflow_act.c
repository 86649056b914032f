/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tags and notes of MLflow runs. Measured on 3.17.2:
 *
 * - runs/log-batch sets up to 100 tags in one request and answers `{}`; runs/get shows them at once.
 * - A note is the tag mlflow.note.content. A run that is deleted takes no tags (400).
 */
#include "client/base/mem.h"
#include "client/sources/mlflow.h"
#include "client/sources/percent.h"

#include <stdio.h>

#define NOTE "mlflow.note.content"

enum { MOST_TAGS = 100, MOST_SHOWN = 200 };

struct tagging {
	const char *run;
	const char *keys[MOST_TAGS], *values[MOST_TAGS];
	size_t n;
};

static bool add_tag(
	struct pull *pull, struct tagging *t, struct str key, const struct json *value, struct err *err)
{
	struct str text = json_str(value);

	if (!key.n || !text.p)
		return err_set(err, ERR_USAGE, "tag: a tag is a name and a text");
	if (t->n == MOST_TAGS)
		return err_set(err, ERR_USAGE, "tag: at most %d tags at once", MOST_TAGS);
	t->keys[t->n] = arena_dup(pull_arena(pull), key);
	t->values[t->n++] = arena_dup(pull_arena(pull), text);
	return true;
}

static bool read_tags(struct pull *pull, const struct json *args, struct tagging *t, struct err *err)
{
	const struct json *note = json_get(args, "note");
	struct json_iter it = {0};

	while (json_each(json_get(args, "tags"), &it))
		if (!add_tag(pull, t, it.key, it.value, err))
			return false;
	if (json_type(note) == JSON_TEXT && !add_tag(pull, t, STR(NOTE), note, err))
		return false;
	return t->n || err_set(err, ERR_USAGE, "tag wants tags or a note");
}

/* What the run has under KEY; {NULL, 0}: nothing. */
static struct str tag_of(const struct json *run, const char *key)
{
	const struct json *tags = json_get(json_get(run, "data"), "tags");

	for (size_t i = 0; i < json_len(tags); i++)
		if (str_is(json_get_str(json_at(tags, i), "key"), key))
			return json_get_str(json_at(tags, i), "value");
	return (struct str){0};
}

static void tell_tag(struct pull *pull, const struct tagging *t, size_t i, struct str before)
{
	struct str value = str_slice(str_of(t->values[i]), 0, MOST_SHOWN);
	bool is_note = strcmp(t->keys[i], NOTE) == 0;

	pull_effect(pull, "%s%s of run %s: %.*s%s%.*s", is_note ? "note" : "tag ", is_note ? "" : t->keys[i],
		t->run, STR_FMT(value), before.n ? ", in the place of: " : "",
		STR_FMT(str_slice(before, 0, MOST_SHOWN)));
}

static bool take_run(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct tagging *t = ctx;
	const struct json *run = json_get(response->json, "run");
	size_t n_new = 0;

	if (json_type(run) != JSON_OBJECT)
		return err_set(err, ERR_FAILED, "answer without 'run': not the API of MLflow");
	if (str_is(json_get_str(json_get(run, "info"), "lifecycle_stage"), "deleted"))
		return err_set(err, ERR_REFUSED, "run %s is deleted", t->run);
	for (size_t i = 0; i < t->n; i++) {
		struct str before = tag_of(run, t->keys[i]);

		if (before.p && str_is(before, t->values[i]))
			continue;
		tell_tag(pull, t, i, before);
		n_new++;
	}
	pull_acted(pull, n_new ? DID_NO : DID_YES, NULL, "%s", n_new ? "" : "all of it is there");
	return true;
}

static void plan(struct pull *pull, struct tagging *t)
{
	struct request request = {
		.flags = REQUEST_JSON | REQUEST_READ,
		.handler = take_run,
		.ctx = t,
	};
	struct buf path;

	buf_init(&path, 0);
	buf_addz(&path, MLFLOW_API "runs/get?run_id=");
	percent_add_url(&path, str_of(t->run));
	request.path = path.p;
	pull_ask(pull, &request);
	buf_fini(&path);
}

static void read_reason(struct str body, char *out, size_t cap)
{
	struct json_doc *doc = json_parse(body, NULL);
	struct str reason = json_get_str(json_root(doc), "message");

	snprintf(out, cap, "%.*s", STR_FMT(reason.p ? reason : STR("no reason given")));
	json_free(doc);
}

static bool take_tagged(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	const struct tagging *t = ctx;
	char reason[240];

	if (response->status <= 299) {
		pull_acted(pull, DID_YES, NULL, "%zu tag%s set", t->n, t->n == 1 ? "" : "s");
		return true;
	}
	read_reason(response->body, reason, sizeof(reason));
	if (response->status != 408 && response->status != 409)
		return err_set(err, response->status == 404 ? ERR_NOT_FOUND : ERR_REFUSED, "HTTP %d: %s",
			response->status, reason);
	pull_acted(pull, DID_UNKNOWN, NULL, "HTTP %d: %s", response->status, reason);
	return true;
}

static void act(struct pull *pull, struct tagging *t)
{
	struct buf body;
	struct json_writer w = {.out = &body};
	struct request request = {
		.method = "POST",
		.path = MLFLOW_API "runs/log-batch",
		.flags = REQUEST_JSON | REQUEST_ANY_STATUS | REQUEST_ACTS,
		.handler = take_tagged,
		.ctx = t,
	};

	buf_init(&body, 0);
	json_open(&w, '{');
	json_member_text(&w, "run_id", t->run);
	json_key(&w, "tags");
	json_open(&w, '[');
	for (size_t i = 0; i < t->n; i++) {
		json_open(&w, '{');
		json_member_text(&w, "key", t->keys[i]);
		json_member_text(&w, "value", t->values[i]);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	json_close(&w, '}');
	request.body = buf_str(&body);
	pull_ask(pull, &request);
	buf_fini(&body);
}

bool mlflow_act(struct pull *pull, const struct act_request *request, struct err *err)
{
	struct tagging *t = arena_new_of(pull_arena(pull), struct tagging);

	if (strcmp(request->verb, "tag") != 0)
		return err_set(err, ERR_REFUSED, "no verb '%.60s'", request->verb);
	if (!request->run || request->step)
		return err_set(err, ERR_USAGE, "tag wants a run");
	t->run = arena_dupz(pull_arena(pull), request->run);
	if (!read_tags(pull, request->args, t, err))
		return false;
	if (request->is_dry_run)
		plan(pull, t);
	else
		act(pull, t);
	return true;
}

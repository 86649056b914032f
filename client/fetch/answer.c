/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/answer.h"

#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/fetch/retry.h"

#include <stdio.h>

/* The first text among `detail`, `message`, … of an object; FastAPI's list of faults has `msg`. */
static struct str reason_in(const struct json *value)
{
	static const char *const keys[] = {"detail", "message", "msg", "error_description", "error", "title"};

	if (json_type(value) == JSON_ARRAY)
		value = json_at(value, 0);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct json *member = json_get(value, keys[i]);

		if (json_type(member) == JSON_TEXT)
			return json_str(member);
		if (json_type(member) == JSON_ARRAY || json_type(member) == JSON_OBJECT)
			return reason_in(member);
	}
	return (struct str){"", 0};
}

void answer_reason(struct str body, char *out, size_t cap)
{
	struct json_doc *doc;
	struct str reason;

	out[0] = 0;
	body = str_trim(body);
	if (body.n == 0 || body.p[0] != '{')
		return;
	doc = json_parse(body, NULL);
	if (!doc)
		return;
	reason = str_trim(reason_in(json_root(doc)));
	snprintf(out, cap, "%.*s", (int)(reason.n < cap ? reason.n : cap), reason.p);
	json_free(doc);
}

static enum err_code code_of(int status)
{
	switch (status) {
	case 401:
		return ERR_AUTH;
	case 403:
		return ERR_REFUSED;
	case 404:
	case 410:
		return ERR_NOT_FOUND;
	default:
		return retry_status(status) ? ERR_UNAVAILABLE : ERR_FAILED;
	}
}

static bool status_error(const struct transfer_end *end, struct str body, const char *where, struct err *err)
{
	char reason[240];

	answer_reason(body, reason, sizeof(reason));
	err_set(err, code_of(end->status), "HTTP %d from %s%s%s", end->status, where, reason[0] ? ": " : "",
		reason);
	if (err)
		err->retry_after_ms = end->retry_after_ms;
	return false;
}

static bool looks_like_html(struct str body)
{
	body = str_trim(body);
	return body.n > 0 && body.p[0] == '<';
}

static bool judge_http(const struct request *request, const struct transfer_end *end, struct str body,
	const char *where, struct err *err)
{
	if (end->status >= 300 && end->status < 400)
		return err_set(err, ERR_FAILED, "HTTP %d from %s: redirect to %s is not followed",
			end->status, where, end->redirect[0] ? end->redirect : "nowhere");
	if (retry_status(end->status) || (end->status > 299 && !(request->flags & REQUEST_ANY_STATUS)))
		return status_error(end, body, where, err);
	if (end->status <= 299 && request->flags & REQUEST_JSON && (end->is_html || looks_like_html(body)))
		return err_set(err, ERR_AUTH,
			"%s answers with a web page: signed out, or not this tool's API", where);
	return true;
}

bool answer_judge(const struct request *request, const struct transfer_end *end, struct str body,
	const char *where, struct err *err)
{
	if (request->kind == REQUEST_HTTP)
		return judge_http(request, end, body, where, err);
	if (end->status == 404 && !(request->flags & REQUEST_ANY_STATUS))
		return err_set(err, ERR_NOT_FOUND, "no '%s' below %s", request->path, where);
	return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plug-in sends besides records, as the portal reads it, and its records as the conformance test does.
 */
#include "client/base/base64.h"
#include "client/base/mem.h"
#include "client/fetch/message.h"
#include "client/protocol/judge.h"
#include "client/protocol/source_ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is read is written and read again. */
static void try_base64(struct str text)
{
	struct buf bytes, again;
	buf_init(&bytes, 0);
	buf_init(&again, 0);
	if (base64_read(&bytes, text)) {
		base64_add(&again, buf_str(&bytes));
		BUG_ON(!str_eq(buf_str(&again), text));
	}
	buf_reset(&bytes);
	buf_reset(&again);
	base64_add(&again, text);
	BUG_ON(!base64_read(&bytes, buf_str(&again)) || !str_eq(buf_str(&bytes), text));
	buf_fini(&bytes);
	buf_fini(&again);
}

static void try_cuts(struct str text)
{
	size_t n = 0;
	for (struct str rest = text; rest.n;)
		n += message_cut_text(&rest).n;
	for (struct str rest = text; rest.n;)
		n += message_cut_bytes(&rest).n;
	BUG_ON(n != 2 * text.n);
}

static void on_text(void *ctx, struct str text)
{
	(void)ctx;
	BUG_ON(!text.n);
}

static void on_log_done(void *ctx, int64_t offset, bool complete, const struct err *err)
{
	(void)ctx;
	(void)offset;
	(void)complete;
	(void)err;
}

static void on_point(void *ctx, const struct source_point *point)
{
	struct buf *out = ctx;
	BUG_ON(!*point->metric);
	message_point(out, 1, point);
}

static void on_entry(void *ctx, const struct source_entry *entry)
{
	struct buf *out = ctx;
	BUG_ON(!*entry->path);
	buf_reset(out);
	message_add_entry(out, entry);
}

static void on_over(void *ctx, const struct err *err)
{
	(void)ctx;
	(void)err;
}

static void on_acted(void *ctx, const struct source_acted *acted, const struct err *err)
{
	(void)ctx;
	(void)err;
	BUG_ON((unsigned)acted->done > DID_NO);
}

static void try_ask(struct ask *ask, const struct json *root)
{
	struct err breach = {0};
	const bool is_gone = false;
	if (ask->method->hear)
		ask->method->hear(ask, root, &breach);
	if (ask->method->unpack)
		ask->method->unpack(ask, root, &is_gone);
	ask->method->end(ask, root, true, NULL);
	err_set(&breach, ERR_FAILED, "lost");
	ask->method->end(ask, NULL, true, &breach);
}

static void try_asks(const struct json *root)
{
	static const struct source_log_ops log = {.text = on_text, .done = on_log_done};
	static const struct source_series_ops series = {.point = on_point, .done = on_over};
	static const struct source_artifacts_ops artifacts = {.entry = on_entry, .done = on_over};
	static const struct source_artifact_ops artifact = {.bytes = on_text, .done = on_log_done};
	struct buf out;
	buf_init(&out, 0);
	struct ask asks[] = {
		{.method = &ask_log, .to.log = &log, .ctx = &out},
		{.method = &ask_series, .to.series = &series, .ctx = &out},
		{.method = &ask_artifacts, .to.artifacts = &artifacts, .ctx = &out},
		{.method = &ask_artifact, .to.artifact = &artifact, .ctx = &out},
		{.method = &ask_act, .to.acted = on_acted, .ctx = &out},
	};
	for (size_t i = 0; i < ARRAY_LEN(asks); i++)
		try_ask(&asks[i], root);
	buf_fini(&out);
}

static void try_records(const struct json *root)
{
	for (int kind = 0; kind < RECORD_KINDS; kind++) {
		struct arena *arena = arena_new();
		struct record record;
		struct err err = {0};
		struct buf name;
		buf_init(&name, 0);
		if (judge_record(arena, (enum record_kind)kind, root, &record, &err))
			judge_name(&name, (enum record_kind)kind, root);
		else
			BUG_ON(!err.code || !*err.msg);
		buf_fini(&name);
		arena_free(arena);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = {(const char *)data, size};
	try_base64(text);
	try_cuts(text);
	struct json_doc *doc = json_parse(text, NULL);
	if (doc) {
		try_asks(json_root(doc));
		try_records(json_root(doc));
	}
	json_free(doc);
	return 0;
}

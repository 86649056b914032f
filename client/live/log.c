/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/live/log.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/protocol/source.h"

struct live_log {
	struct arena *arena;
	struct ref ref;
	const char *dir, *path;
	struct source *source;
	struct log_cache_writer *writer;
	struct loop_timer *soon;    /* the first callback: what was there is shown at once */
	bool has_text, is_complete; /* of the file as it was found */
	bool is_fetched;	    /* the source was asked; it says when it is over */
	struct err err;
	const struct live_log_ops *ops;
	void *ctx;
};

static void end(struct live_log *log, bool complete, const struct err *err)
{
	struct err failure = {0};
	struct log_cache_writer *writer = log->writer;
	log->writer = NULL;
	if (writer && !log_cache_end(writer, complete && !err, &failure) && !err)
		err = &failure;
	log->ops->done(log->ctx, complete, err);
}

static void on_text(void *ctx, struct str text)
{
	struct live_log *log = ctx;
	if (log->writer && !log_cache_append(log->writer, text, &log->err)) {
		(void)log_cache_end(log->writer, false, NULL);
		log->writer = NULL;
	}
	log->ops->grown(log->ctx);
}

static void on_done(void *ctx, int64_t offset, bool complete, const struct err *err)
{
	(void)offset;
	struct live_log *log = ctx;
	end(log, complete, err ? err : log->err.code ? &log->err : NULL);
}

/* From the loop, as a fetched log would: the file was there, or the source is not. */
static void on_soon(void *ctx)
{
	struct live_log *log = ctx;
	log->soon = NULL;
	if (log->has_text)
		log->ops->grown(log->ctx);
	if (!log->is_fetched)
		end(log, log->is_complete, log->err.code ? &log->err : NULL);
}

static bool fetch(
	struct live_log *log, struct loop *loop, const struct config *config, int64_t offset, bool follow)
{
	static const struct source_log_ops ops = {.text = on_text, .done = on_done};
	const struct config_source *source = config_source(config, log->ref.source);
	if (!source)
		return err_set(&log->err, ERR_UNAVAILABLE,
			"source '%s' is not in the configuration: its log cannot be fetched",
			log->ref.source);
	log->writer = log_cache_begin(log->dir, &log->ref, offset, &log->err);
	if (!log->writer)
		return false;
	const struct source_step step = {
		log->ref.pipeline, log->ref.run, log->ref.step, log->ref.index, log->ref.attempt};
	log->source = source_open(loop, config, source, SOURCE_LIVE_SILENCE_MS);
	source_log(log->source, &step, offset, follow, &ops, log);
	return true;
}

struct live_log *live_log_open(struct loop *loop, const struct config *config, const struct ref *ref,
	bool follow, const struct live_log_ops *ops, void *ctx)
{
	struct live_log *log = x_new(struct live_log);
	log->arena = arena_new();
	log->ref = ref_dup(log->arena, ref);
	log->ops = ops;
	log->ctx = ctx;
	log->dir = arena_printf(log->arena, "%s/logs", file_cache_dir(log->arena));
	struct log_cache_entry entry = log_cache_find(log->arena, log->dir, &log->ref);
	log->path = entry.path;
	log->is_complete = entry.is_complete;
	log->has_text = entry.size > 0;
	log->is_fetched = !log->is_complete && fetch(log, loop, config, entry.size, follow);
	if (log->has_text || !log->is_fetched)
		log->soon = loop_after(loop, 0, on_soon, log);
	return log;
}

void live_log_close(struct live_log *log)
{
	if (!log)
		return;
	if (log->soon)
		loop_cancel(log->soon);
	if (log->source)
		source_close(log->source);
	if (log->writer)
		(void)log_cache_end(log->writer, false, NULL);
	arena_free(log->arena);
	x_free(log);
}

const char *live_log_path(const struct live_log *log)
{
	return log->path;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/live/artifact.h"

#include "client/base/mem.h"

struct live_artifact {
	const char *method;
	const char *kind; /* of the source, from the configuration */
	struct source *source;
	struct loop_timer *soon; /* tells that there is no source to ask */
	struct err err;
	const struct live_artifact_ops *ops;
	void *ctx;
};

static void on_soon(void *ctx)
{
	struct live_artifact *artifact = ctx;
	artifact->soon = NULL;
	artifact->ops->done(artifact->ctx, 0, false, &artifact->err);
}

static void on_entry(void *ctx, const struct source_entry *entry)
{
	struct live_artifact *artifact = ctx;
	artifact->ops->entry(artifact->ctx, entry);
}

static void on_bytes(void *ctx, struct str bytes)
{
	struct live_artifact *artifact = ctx;
	artifact->ops->bytes(artifact->ctx, bytes);
}

static void on_done(void *ctx, int64_t offset, bool complete, const struct err *err)
{
	struct live_artifact *artifact = ctx;
	struct err lacks = {0};
	if (err && err->code == ERR_NOT_FOUND && !source_has_method(artifact->source, artifact->method)) {
		err_set(&lacks, ERR_USAGE, "sources of kind '%s' have no artifacts", artifact->kind);
		err = &lacks;
	}
	artifact->ops->done(artifact->ctx, offset, complete, err);
}

static void on_listed(void *ctx, const struct err *err)
{
	on_done(ctx, 0, !err, err);
}

/* Opens the source of REF; or says soon that there is none. */
static struct live_artifact *open_artifact(struct loop *loop, const struct config *config,
	const struct ref *ref, const struct live_artifact_ops *ops, void *ctx)
{
	struct live_artifact *artifact = x_new(struct live_artifact);
	const struct config_source *source = config_source(config, ref->source);
	artifact->ops = ops;
	artifact->ctx = ctx;
	if (source) {
		artifact->kind = source->kind;
		artifact->source = source_open(loop, config, source, SOURCE_LIVE_SILENCE_MS);
		return artifact;
	}
	err_set(&artifact->err, ERR_UNAVAILABLE,
		"source '%s' is not in the configuration: its artifacts cannot be fetched", ref->source);
	artifact->soon = loop_after(loop, 0, on_soon, artifact);
	return artifact;
}

struct live_artifact *live_artifact_list(struct loop *loop, const struct config *config,
	const struct ref *ref, const char *path, const struct live_artifact_ops *ops, void *ctx)
{
	static const struct source_artifacts_ops its = {.entry = on_entry, .done = on_listed};
	struct live_artifact *artifact = open_artifact(loop, config, ref, ops, ctx);
	artifact->method = "artifacts";
	if (artifact->source)
		source_artifacts(artifact->source, ref->pipeline, ref->run, path, &its, artifact);
	return artifact;
}

struct live_artifact *live_artifact_read(struct loop *loop, const struct config *config,
	const struct ref *ref, const char *path, int64_t offset, const struct live_artifact_ops *ops,
	void *ctx)
{
	static const struct source_artifact_ops its = {.bytes = on_bytes, .done = on_done};
	struct live_artifact *artifact = open_artifact(loop, config, ref, ops, ctx);
	artifact->method = "artifact";
	if (artifact->source)
		source_artifact(artifact->source, ref->pipeline, ref->run, path, offset, &its, artifact);
	return artifact;
}

void live_artifact_close(struct live_artifact *artifact)
{
	if (!artifact)
		return;
	if (artifact->soon)
		loop_cancel(artifact->soon);
	source_close(artifact->source);
	x_free(artifact);
}

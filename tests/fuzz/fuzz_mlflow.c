/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the body that one of the MLflow handlers gets, or as the cursor of the pull before;
 * the first byte says which. */
#define REPLAY_BARE
#include "tests/sources/replay.h"

#include "client/sources/adapters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define CURSOR "{\"t\":1795369000000,\"s\":1795368000000,\"e\":{\"1\":\"e\",\"2\":\"f\"},\"r\":{\"a\":\"1\"}}"

static const char *const paths[] = {
	"POST */experiments/search",
	"POST */runs/search",
	"GET */registered-models/search*",
	"GET */model-versions/search*",
	"GET */registered-models/get*",
};

/* What is asked for live, and by which path its answer is known. */
enum { LIVE_KEYS, LIVE_SAMPLED, LIVE_HISTORY, LIVE_FILES, LIVE_BYTES, LIVE_TAIL, LIVE_PART, LIVE_KINDS };

static const struct answer usual[] = {
	{.path = "POST */experiments/search",
		.body = "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"e\"}]}"},
	{.path = "POST */runs/search",
		.body = "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\",\"status\":\"RUNNING\"}}]}"},
	{.path = "GET */registered-models/search*", .body = "{\"registered_models\":[{\"name\":\"m\"}]}"},
	{.path = "GET */model-versions/search*",
		.body = "{\"model_versions\":[{\"name\":\"m\",\"version\":\"1\",\"run_id\":\"b\"}]}"},
	{.path = "GET */registered-models/get*", .body = "{\"registered_model\":{\"name\":\"m\"}}"},
	{.path = "GET *", .body = "{}"},
};

static const struct config_source source = {
	.name = "f", .kind = "mlflow", .url = "http://127.0.0.1", .since_ms = TIME_NONE};

static void live(struct replay *r, int which)
{
	static const char *const metrics[] = {"k"};
	struct series_request series = {.run = "r", .metrics = metrics, .n_metrics = 1, .max_points = 7};
	const struct artifacts_request folder = {.run = "r", .path = "p"};
	struct artifact_request file = {.run = "r", .path = "p"};

	series.n_metrics = which != LIVE_KEYS;
	series.max_points = which == LIVE_HISTORY ? 9999 : 7;
	file.offset = which == LIVE_TAIL ? -9 : which == LIVE_PART ? 9 : 0;
	if (which < LIVE_FILES)
		replay_series(r, &mlflow_adapter, &source, &series);
	else if (which == LIVE_FILES)
		replay_artifacts(r, &mlflow_adapter, &source, &folder);
	else
		replay_artifact(r, &mlflow_adapter, &source, &file);
}

static void pull(struct replay *r, const char *body, size_t n, size_t which)
{
	if (which < 2 * ARRAY_LEN(paths))
		replay_add(
			r, (struct answer){.path = paths[which / 2], .body = body, .body_n = n, .times = 1});
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		replay_add(r, usual[i]);
	if (which == 2 * ARRAY_LEN(paths))
		replay_pull(r, &mlflow_adapter, &source, body, TIME_NONE);
	else
		replay_pull(r, &mlflow_adapter, &source, which % 2 ? CURSOR : NULL, TIME_NONE);
}

/* Bodies as the answer to a first pull, to a later one, and to what is asked for live. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct replay r;
	char *body;
	size_t which;

	if (n == 0)
		return 0;
	which = data[0] % (2 * ARRAY_LEN(paths) + 1 + LIVE_KINDS);
	body = x_calloc(n, 1);
	memcpy(body, data + 1, n - 1);
	replay_init(&r);
	r.date_ms = 1795370000000;
	if (which <= 2 * ARRAY_LEN(paths)) {
		pull(&r, body, n - 1, which);
	} else {
		/* A history or a folder that names a next page gets the end of it. */
		replay_add(&r, (struct answer){.path = "*", .body = body, .body_n = n - 1, .times = 1});
		replay_add(&r, (struct answer){.path = "*", .body = "{}"});
		live(&r, (int)(which - 2 * ARRAY_LEN(paths) - 1));
	}
	replay_fini(&r);
	x_free(body);
	return 0;
}

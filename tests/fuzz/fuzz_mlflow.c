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
};

static const struct answer usual[] = {
	{.path = "POST */experiments/search",
		.body = "{\"experiments\":[{\"experiment_id\":\"1\",\"name\":\"e\"}]}"},
	{.path = "POST */runs/search",
		.body = "{\"runs\":[{\"info\":{\"run_id\":\"a\",\"experiment_id\":\"1\",\"status\":\"RUNNING\"}}]}"},
};

/* Bodies as the answer to a first pull and to a later one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct config_source source = {
		.name = "f", .kind = "mlflow", .url = "http://127.0.0.1", .since_ms = TIME_NONE};
	struct replay r;
	char *body;
	size_t which;

	if (n == 0)
		return 0;
	which = data[0] % (2 * ARRAY_LEN(paths) + 1);
	body = x_calloc(n, 1);
	memcpy(body, data + 1, n - 1);
	replay_init(&r);
	r.date_ms = 1795370000000;
	if (which < 2 * ARRAY_LEN(paths))
		replay_add(&r,
			(struct answer){.path = paths[which / 2], .body = body, .body_n = n - 1, .times = 1});
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		replay_add(&r, usual[i]);
	if (which == 2 * ARRAY_LEN(paths))
		replay_pull(&r, &mlflow_adapter, &source, body, TIME_NONE);
	else
		replay_pull(&r, &mlflow_adapter, &source, which % 2 ? CURSOR : NULL, TIME_NONE);
	replay_fini(&r);
	x_free(body);
	return 0;
}

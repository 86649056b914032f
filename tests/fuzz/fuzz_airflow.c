/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the body that one of the Airflow handlers gets, or as the cursor of the pull
 * before; the first byte says which. */
#define REPLAY_BARE
#include "tests/sources/replay.h"

#include "client/sources/adapters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const paths[] = {
	"GET /api/v2/monitor/health",
	"GET /api/v2/importErrors*",
	"GET /api/v2/dags?exclude*",
	"GET /api/v2/dags/~/dagRuns?order_by*",
	"GET /api/v2/dags/~/dagRuns/~/taskInstances?*",
	"GET */tasks",
	"GET */tries",
	"POST /auth/token",
};

/* So that what asks for tasks and tries comes to pass. */
static const struct answer usual[] = {
	{.path = "POST /auth/token", .body = "{\"access_token\":\"t\"}"},
	{.path = "GET /api/v2/monitor/health", .body = "{}"},
	{.path = "GET /api/v2/importErrors*", .body = "{\"import_errors\":[]}"},
	{.path = "GET /api/v2/dags?exclude*", .body = "{\"dags\":[{\"dag_id\":\"d\"}],\"total_entries\":1}"},
	{.path = "GET /api/v2/dags/~/dagRuns?order_by*", .body = "{\"dag_runs\":[],\"next_cursor\":null}"},
	{.path = "GET /api/v2/dags/~/dagRuns/~/taskInstances?*",
		.body = "{\"task_instances\":[{\"dag_id\":\"d\",\"dag_run_id\":\"r\",\"task_id\":\"t\",\"try_"
			"number\":3}],"
			"\"next_cursor\":null}"},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct config_source source = {.name = "f",
		.kind = "airflow",
		.url = "http://127.0.0.1",
		.username = "u",
		.since_ms = TIME_NONE};
	struct replay r;
	char *body;
	size_t which;

	if (n == 0)
		return 0;
	which = data[0] % (ARRAY_LEN(paths) + 1);
	body = x_calloc(n, 1);
	memcpy(body, data + 1, n - 1);
	replay_init(&r);
	if (which < ARRAY_LEN(paths))
		replay_add(
			&r, (struct answer){.path = paths[which], .body = body, .body_n = n - 1, .times = 1});
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		replay_add(&r, usual[i]);
	replay_pull(&r, &airflow_adapter, &source, which < ARRAY_LEN(paths) ? NULL : body, TIME_NONE);
	replay_fini(&r);
	x_free(body);
	return 0;
}

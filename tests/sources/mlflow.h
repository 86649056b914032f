/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the MLflow adapter share: one replay, and the questions it answers. */
#ifndef TESTS_SOURCES_MLFLOW_H
#define TESTS_SOURCES_MLFLOW_H

#include "tests/sources/replay.h"

#include "client/sources/adapters.h"

#define EXPERIMENTS "POST /api/2.0/mlflow/experiments/search"
#define RUNS	    "POST /api/2.0/mlflow/runs/search"
#define MODELS	    "GET /api/2.0/mlflow/registered-models/search?max_results=*"
#define VERSIONS                                                                                             \
	"GET /api/2.0/mlflow/model-versions/search?order_by=last_updated_timestamp%20DESC&max_results=*"

static struct replay r;
static const struct config_source source = {.name = "ml",
	.kind = "mlflow",
	.url = "http://127.0.0.1:5000/",
	.since_ms = TIME_NONE,
	.concurrency = 1};

/* The tool's clock says DATE_MS, or nothing with TIME_NONE. */
static inline void mlflow_begin(int64_t date_ms)
{
	replay_init(&r);
	r.date_ms = date_ms;
}

static inline int mlflow_end(void **state)
{
	(void)state;
	replay_fini(&r);
	return 0;
}

/* Forgets what was answered and asked. */
static inline void again(void)
{
	int64_t date_ms = r.date_ms;

	replay_fini(&r);
	mlflow_begin(date_ms);
}

/* Answers once, in the order of the calls. */
static inline void add(const char *path, const char *body)
{
	replay_add(&r, (struct answer){.path = path, .body = body, .times = 1});
}

static inline void add_file(const char *path, const char *file)
{
	replay_add(&r, (struct answer){.path = path, .file = file, .times = 1});
}

/* Every other list is empty. */
static inline void add_empty(void)
{
	replay_add(&r, (struct answer){.path = EXPERIMENTS, .body = "{}"});
	replay_add(&r, (struct answer){.path = RUNS, .body = "{}"});
	replay_add(&r, (struct answer){.path = MODELS, .body = "{}"});
	replay_add(&r, (struct answer){.path = VERSIONS, .body = "{}"});
}

static inline bool pull_since(const char *cursor, int64_t since_ms)
{
	return replay_pull(&r, &mlflow_adapter, &source, cursor, since_ms);
}

static inline bool pull(const char *cursor)
{
	return pull_since(cursor, TIME_NONE);
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long the first page of a list takes, with each filter and sort that a person may ask for.
 *
 *     lists CATALOGUE [MOST_MS]      exits 1 where one takes longer than MOST_MS (50)
 *
 * On a catalogue that synthetic.c filled: its names are meant. Each query runs in a store that was opened for
 * it, as in a portal that has just started; the best of three counts, so that a busy machine does not. Of a
 * PostgreSQL on this machine the time of the session's process counts, too.
 */
#include "views/lists.h"
#include "client/base/mem.h"
#include "views/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const int64_t NOW = 1795262400000; /* of synthetic.c */

struct ask {
	const char *view, *filter, *sort;
};

static const struct ask asks[] = {
	{"runs", "", NULL},
	{"runs", "", "at_ms"},
	{"runs", "state:failed", NULL},
	{"runs", "state:failed,lost", NULL},
	{"runs", "state:lost", NULL},
	{"runs", "state:success", NULL},
	{"runs", "source:lab", NULL},
	{"runs", "source:nowhere", NULL},
	{"runs", "pipeline:ads_006", NULL},
	{"runs", "pipeline:ads_*", NULL},
	{"runs", "pipeline:nothing", NULL},
	{"runs", "since:24h", NULL},
	{"runs", "since:24h state:failed", NULL},
	{"runs", "since:24h state:lost", NULL},
	{"runs", "until:2025-06-01", NULL},
	{"runs", "pipeline:ads_006 state:failed", NULL},
	{"runs", "nightly", NULL}, /* common */
	{"runs", "otter", NULL},   /* medium */
	{"runs", "heron", NULL},   /* clustered among the oldest */
	{"runs", "zanzibar", NULL},
	{"runs", "nosuchword", NULL},
	{"runs", "NIGHTLY", NULL},
	{"runs", "a3f2", NULL},
	{"runs", "churn", NULL}, /* pipelines' names alone */
	{"runs", "churn_000", NULL},
	{"runs", "ni", NULL},
	{"runs", "zz", NULL},
	{"runs", "qx", NULL},
	{"runs", "e", NULL},
	{"runs", "%", NULL},
	{"runs", "nightly otter", NULL},
	{"runs", "heron zebra", NULL},
	{"runs", "nightly zanzibar", NULL},
	{"runs", "heron churn", NULL},
	{"runs", "-nightly", NULL},
	{"runs", "nightly -otter", NULL},
	{"runs", "nightly state:failed", NULL},
	{"runs", "nightly state:lost", NULL},
	{"runs", "heron state:failed", NULL},
	{"runs", "heron state:lost", NULL},
	{"runs", "heron since:24h", NULL},
	{"runs", "heron pipeline:ads_006", NULL},
	{"runs", "zanzibar state:failed", NULL},
	{"runs", "otter pipeline:ads_006", NULL},
	{"runs", "nosuchword pipeline:ads_006", NULL},
	{"runs", "e state:lost", NULL},
	{"runs", "params.depth:3", NULL},
	{"runs", "metrics.auc>0.9", NULL},
	{"runs", "", "-duration_ms"},
	{"runs", "", "pipeline"},
	{"runs", "", "-ended_ms"},
	{"runs", "", "ended_ms"},
	{"runs", "", "-pipeline"},
	{"runs", "", "metrics.auc"},
	{"runs", "since:24h", "-duration_ms"},
	{"runs", "state:lost", "-duration_ms"},
	{"runs", "pipeline:ads_006", "-duration_ms"},
	{"runs", "pipeline:ads_006", "-ended_ms"},
	{"runs", "pipeline:ads_006", "pipeline"},
	{"steps", "", NULL},
	{"steps", "state:failed", NULL},
	{"steps", "state:lost", NULL},
	{"steps", "check", NULL},
	{"steps", "nosuchword", NULL},
	{"steps", "pipeline:ads_006", NULL},
	{"steps", "since:24h", NULL},
	{"pipelines", "", NULL},
	{"pipelines", "", "-last_run_ms"},
	{"pipelines", "churn", NULL},
	{"pipelines", "last_state:failed", NULL},
	{"problems", "", NULL},
	{"problems", "state:open", NULL},
	{"problems", "player", NULL},
	{"sources", "", NULL},
};

/* The CPU that our session's process has taken on a server of this machine; 0 where that cannot be read. */
static double server_ms(struct store *store)
{
	struct err err = {0};
	int64_t pid;
	unsigned long long ns = 0;
	if (!store_exec_id(store, "SELECT pg_backend_pid()", NULL, 0, &pid, &err))
		return 0;
	char *path = x_printf("/proc/%lld/schedstat", (long long)pid);
	FILE *file = fopen(path, "r");
	if (file && fscanf(file, "%llu", &ns) != 1)
		ns = 0;
	if (file)
		fclose(file);
	x_free(path);
	return (double)ns / 1e6;
}

static double cpu_ms(struct store *store, const char *catalogue)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	double own = (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
	return store_is_file(catalogue) ? own : own + server_ms(store);
}

static double load(const char *catalogue, const struct ask *ask, size_t *n_rows)
{
	struct err err = {0};
	struct table table;
	struct arena *arena = arena_new();
	struct store *store = store_open(catalogue, STORE_READ, &err);
	const struct view_args args = {.filter = ask->filter, .sort = ask->sort, .limit = 50, .now_ms = NOW};
	double before = store ? cpu_ms(store, catalogue) : 0;
	if (!store || !list_load(store, view_find(ask->view)->list, &args, NULL, arena, &table, &err)) {
		fprintf(stderr, "%s %s: %s\n", ask->view, ask->filter, err.msg);
		exit(2);
	}
	double took = cpu_ms(store, catalogue) - before;
	*n_rows = table.result.n_rows;
	store_close(store);
	arena_free(arena);
	return took;
}

int main(int argc, char **argv)
{
	double most = argc > 2 ? atof(argv[2]) : 50;
	int n_slow = 0;
	if (argc < 2) {
		fputs("usage: lists CATALOGUE [MOST_MS]\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		size_t n_rows = 0;
		double best = 1e9;
		for (int k = 0; k < 3; k++) {
			double took = load(argv[1], &asks[i], &n_rows);
			best = took < best ? took : best;
		}
		printf("%s %8.2f ms %3zu rows  %s %s%s%s\n", best > most ? "MISS" : "PASS", best, n_rows,
			asks[i].view, asks[i].filter, asks[i].sort ? " --sort " : "",
			asks[i].sort ? asks[i].sort : "");
		n_slow += best > most;
	}
	return n_slow > 0;
}

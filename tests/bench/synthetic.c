/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source of any size, as a plug-in: it speaks the protocol on standard input and output.
 *
 *     synthetic [RUNS [SEED]]      1,000,000 runs, seed 1
 *
 * A run a minute up to NOW_MS, oldest first, over PIPELINES pipelines, with two params and a metric; each
 * twentieth fails at its second step. The same for the same seed. Its cursor is the number of runs that were
 * sent, so that an interrupted pull goes on where it was. Words of names, for searching:
 *
 *     nightly    in every second run                      a common word
 *     otter …    one of 64 animals in each                a medium one
 *     heron      in every run of the oldest tenth         clustered where newest first sees it last
 *     zanzibar   in five runs                             a rare one
 *     churn …    in pipelines' names alone
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIPELINES = 300, CURSOR_EVERY = 10000 };
static const int64_t NOW_MS = 1795262400000; /* 2026-11-21 12:00 UTC */

static const char *const teams[] = {
	"churn", "recsys", "fraud", "ltv", "matchmaking", "search", "ads", "pricing", "toxicity", "forecast"};
static const char *const animals[] = {"otter", "lynx", "crane", "finch", "tapir", "bison", "gecko", "moose",
	"quail", "raven", "skunk", "stoat", "trout", "viper", "whale", "zebra"};
static const char *const moods[] = {"bold", "calm", "dapper", "eager"};
static const char *const steps[] = {"extract", "check", "train", "publish"};

#define N(array) (sizeof(array) / sizeof *(array))

struct plan {
	int64_t runs;
	uint64_t seed;
};

/* splitmix64: the same for the same run, whatever came before. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static void tell_pipelines(void)
{
	for (int i = 0; i < PIPELINES; i++) {
		printf("{\"jsonrpc\":\"2.0\",\"method\":\"pipeline\",\"params\":{\"pipeline\":\"%s_%03d\",\"kind\":\"dag\","
		       "\"schedule\":\"@daily\",\"paused\":false,\"steps\":[",
			teams[(size_t)i % N(teams)], i);
		for (size_t k = 0; k < N(steps); k++)
			printf("%s{\"step\":\"%s\",\"upstream\":[%s%s%s]}", k ? "," : "", steps[k],
				k ? "\"" : "", k ? steps[k - 1] : "", k ? "\"" : "");
		puts("]}}");
	}
}

static void tell_steps(const char *pipeline, const char *run, int64_t start_ms)
{
	static const char *const states[] = {"success", "failed", "skipped", "skipped"};
	for (size_t k = 0; k < N(steps); k++) {
		int64_t at_ms = start_ms + (int64_t)k * 10000;
		printf("{\"jsonrpc\":\"2.0\",\"method\":\"step_run\",\"params\":{\"pipeline\":\"%s\",\"run\":\"%s\","
		       "\"step\":\"%s\",\"index\":null,\"attempt\":%d,\"state\":\"%s\",\"started_ms\":%" PRId64
		       ",\"ended_ms\":%" PRId64 "}}\n",
			pipeline, run, steps[k], k < 2, states[k], at_ms, at_ms + 9000);
	}
}

static const char *word_of(const struct plan *plan, int64_t i)
{
	if (plan->runs >= 5 && i % (plan->runs / 5) == plan->runs / 10)
		return "zanzibar";
	return i < plan->runs / 10 ? "heron" : i % 2 ? "nightly" : "adhoc";
}

static void tell_run(const struct plan *plan, int64_t i)
{
	char pipeline[32], run[32];
	uint64_t chance = mix(plan->seed * 0x1000000 + (uint64_t)i);
	size_t p = chance % PIPELINES;
	bool is_failed = i % 20 == 19;
	int64_t start_ms = NOW_MS - (plan->runs - i) * 60000;
	snprintf(pipeline, sizeof pipeline, "%s_%03zu", teams[p % N(teams)], p);
	snprintf(run, sizeof run, "%016" PRIx64, mix(chance));
	printf("{\"jsonrpc\":\"2.0\",\"method\":\"run\",\"params\":{\"pipeline\":\"%s\",\"run\":\"%s\","
	       "\"name\":\"%s-%s-%s-%" PRId64
	       "\",\"kind\":\"scheduled\",\"state\":\"%s\",\"started_ms\":%" PRId64 ",\"ended_ms\":%" PRId64
	       ",\"user\":\"cron\",\"params\":{\"scale\":\"%d\",\"depth\":\"%d\"},"
	       "\"metrics\":{\"auc\":%.4f}}}\n",
		pipeline, run, word_of(plan, i), moods[chance >> 20 & 3], animals[chance >> 24 & 15], i,
		is_failed ? "failed" : "success", start_ms,
		start_ms + 20000 + (int64_t)(chance >> 40 & 0xffff), (int)(chance >> 30 & 7),
		(int)(chance >> 33 & 15), (double)(chance >> 44) / (1 << 20));
	if (is_failed)
		tell_steps(pipeline, run, start_ms);
}

static void pull(const struct plan *plan, const char *id, int64_t from)
{
	tell_pipelines();
	for (int64_t i = from; i < plan->runs; i++) {
		tell_run(plan, i);
		if ((i + 1) % CURSOR_EVERY == 0)
			printf("{\"jsonrpc\":\"2.0\",\"method\":\"cursor\",\"params\":{\"cursor\":\"%" PRId64
			       "\"}}\n",
				i + 1);
	}
	printf("{\"jsonrpc\":\"2.0\",\"method\":\"cursor\",\"params\":{\"cursor\":\"%" PRId64 "\"}}\n",
		plan->runs);
	printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"cursor\":\"%" PRId64 "\"}}\n", id, plan->runs);
}

static void tell_log(const char *id)
{
	static const char text[] = "reading 4 files\\nTraceback (most recent call last):\\n"
				   "  File \\\"/opt/check.py\\\", line 7, in <module>\\n"
				   "ValueError: 31 % of player_id is null\\n";
	printf("{\"jsonrpc\":\"2.0\",\"method\":\"log\",\"params\":{\"id\":%s,\"text\":\"%s\"}}\n", id, text);
	printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"offset\":%zu,\"complete\":true}}\n", id,
		strlen(text));
}

/* The value behind "KEY": in LINE, up to what ends it; porthole writes no blanks there. */
static bool take(const char *line, const char *key, char *out, size_t size)
{
	const char *at = strstr(line, key);
	if (!at)
		return false;
	at += strlen(key);
	at += *at == '"';
	size_t n = strcspn(at, "\",}\n");
	snprintf(out, size, "%.*s", (int)n, at);
	return true;
}

static void serve(const struct plan *plan, const char *line)
{
	char method[32], id[32], cursor[32];
	if (!take(line, "\"method\":", method, sizeof method) || !take(line, "\"id\":", id, sizeof id))
		return;
	if (!strcmp(method, "hello"))
		printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"protocol\":1,\"name\":\"synthetic\","
		       "\"methods\":[\"pull\",\"log\"],\"verbs\":[]}}\n",
			id);
	else if (!strcmp(method, "pull"))
		pull(plan, id, take(line, "\"cursor\":", cursor, sizeof cursor) ? atoll(cursor) : 0);
	else if (!strcmp(method, "log"))
		tell_log(id);
	else if (strcmp(method, "cancel"))
		printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32601,\"message\":\"no such method\"}}\n",
			id);
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	struct plan plan = {argc > 1 ? atoll(argv[1]) : 1000000, argc > 2 ? strtoull(argv[2], NULL, 10) : 1};
	char *line = NULL;
	size_t room = 0;
	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	while (getline(&line, &room, stdin) > 0) {
		serve(&plan, line);
		if (fflush(stdout))
			break;
	}
	free(line);
	return 0;
}

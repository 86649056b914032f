/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The floor of a sync: the least that a C program with SQLite does to store the runs of a catalogue, with
 * their params and metrics, in tables with the same indexes.
 *
 *     rows CATALOGUE NEW-FILE        prints the runs and the CPU milliseconds of storing them
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 10000, MOST_COLUMNS = 32 };

static sqlite3 *db;

static void run(const char *sql)
{
	char *error = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", sql, error);
		exit(2);
	}
}

static sqlite3_stmt *prepare(const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
		exit(2);
	}
	return stmt;
}

/* The tables and indexes of the runs, as they are in the catalogue (`old`). */
static void make_tables(void)
{
	sqlite3_stmt *ddl = prepare(
		"SELECT sql FROM old.sqlite_schema WHERE sql IS NOT NULL AND type IN ('table', 'index')"
		" AND tbl_name IN ('run', 'param', 'metric', 'pipeline', 'source') ORDER BY type DESC");
	while (sqlite3_step(ddl) == SQLITE_ROW)
		run((const char *)sqlite3_column_text(ddl, 0));
	sqlite3_finalize(ddl);
	run("INSERT INTO source SELECT * FROM old.source; INSERT INTO pipeline SELECT * FROM old.pipeline");
}

static void copy_row(sqlite3_stmt *from, sqlite3_stmt *to)
{
	int n = sqlite3_column_count(from);
	for (int i = 0; i < n; i++)
		sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
	if (sqlite3_step(to) != SQLITE_DONE) {
		fprintf(stderr, "%s\n", sqlite3_errmsg(db));
		exit(2);
	}
	sqlite3_reset(to);
}

/* The rows of the run that FROM stands on, and on to the next run's. */
static void copy_pairs(sqlite3_stmt *from, sqlite3_stmt *to, sqlite3_int64 run_id, int *state)
{
	for (; *state == SQLITE_ROW && sqlite3_column_int64(from, 0) == run_id; *state = sqlite3_step(from))
		copy_row(from, to);
}

static long long copy_runs(void)
{
	sqlite3_stmt *runs = prepare("SELECT * FROM old.run ORDER BY id"),
		     *params = prepare("SELECT run_id, key, value FROM old.param ORDER BY run_id"),
		     *metrics = prepare("SELECT run_id, key, value FROM old.metric ORDER BY run_id");
	sqlite3_stmt *put_param = prepare("INSERT INTO main.param (run_id, key, value) VALUES (?, ?, ?)"),
		     *put_metric = prepare("INSERT INTO main.metric (run_id, key, value) VALUES (?, ?, ?)");
	char insert[MOST_COLUMNS * 3 + 64];
	int n = snprintf(insert, sizeof insert, "INSERT INTO main.run VALUES (?");
	for (int i = 1; i < sqlite3_column_count(runs) && i < MOST_COLUMNS; i++)
		n += snprintf(insert + n, sizeof insert - (size_t)n, ", ?");
	snprintf(insert + n, sizeof insert - (size_t)n, ")");
	sqlite3_stmt *put_run = prepare(insert);
	int param = sqlite3_step(params), metric = sqlite3_step(metrics);
	long long n_runs = 0;
	run("BEGIN");
	for (; sqlite3_step(runs) == SQLITE_ROW; n_runs++) {
		sqlite3_int64 id = sqlite3_column_int64(runs, 0);
		copy_row(runs, put_run);
		copy_pairs(params, put_param, id, &param);
		copy_pairs(metrics, put_metric, id, &metric);
		if (n_runs % BATCH == BATCH - 1)
			run("COMMIT; BEGIN");
	}
	run("COMMIT");
	return n_runs;
}

int main(int argc, char **argv)
{
	struct timespec began, ended;
	if (argc != 3 || sqlite3_open(argv[2], &db) != SQLITE_OK) {
		fputs("usage: rows CATALOGUE NEW-FILE\n", stderr);
		return 2;
	}
	char *attach = sqlite3_mprintf("ATTACH %Q AS old", argv[1]);
	run(attach);
	sqlite3_free(attach);
	run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -30000;"
	    "PRAGMA wal_autocheckpoint = 8192");
	make_tables();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
	long long n = copy_runs();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
	printf("%lld %.0f\n", n,
		(double)(ended.tv_sec - began.tv_sec) * 1e3 + (double)(ended.tv_nsec - began.tv_nsec) / 1e6);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A catalogue that a test fills and asks by SQL: what fails, fails the test. Include it behind the headers
 * that cmocka wants. */
#ifndef TESTS_CATALOGUE_SQL_H
#define TESTS_CATALOGUE_SQL_H

#include "client/catalogue/store.h"
#include "tests/catalogue/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* An empty catalogue in DIR, or on the engine that the run asks for; store_close it. */
static inline struct store *sql_catalogue(const char *dir)
{
	struct err err = {0};
	char *address = scratch_catalogue(dir);
	struct store *store = store_open(address, STORE_SYNC, &err);
	x_free(address);
	if (!store)
		fail_msg("%s", err.msg);
	return store;
}

static inline void sql_run(struct store *store, const char *sql)
{
	struct err err = {0};
	if (!store_exec(store, sql, NULL, 0, NULL, &err))
		fail_msg("%s: %s", sql, err.msg);
}

static inline void sql_run_all(struct store *store, const char *const *sql, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sql_run(store, sql[i]);
}

static inline int64_t sql_number(struct store *store, const char *sql)
{
	struct err err = {0};
	int64_t answer = 0;
	if (!store_exec_id(store, sql, NULL, 0, &answer, &err))
		fail_msg("%s: %s", sql, err.msg);
	return answer;
}

/* The one text that SQL gives, in ARENA; NULL for NULL or no row. */
static inline const char *sql_text(struct store *store, struct arena *arena, const char *sql)
{
	struct err err = {0};
	struct result rows;
	if (!store_query(store, sql, NULL, 0, arena, &rows, &err))
		fail_msg("%s: %s", sql, err.msg);
	return rows.n_rows ? result_text(&rows, 0, 0) : NULL;
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where most tests above the store begin: a folder, a catalogue with rows in it, a configuration. Include it
 * behind the headers that cmocka wants. */
#ifndef TESTS_CATALOGUE_LAB_H
#define TESTS_CATALOGUE_LAB_H

#include "client/config/config.h"
#include "tests/catalogue/sql.h"

struct lab {
	char *dir;
	struct config *config;
	struct store *store;
	struct arena *arena;
};

/* A catalogue that the N statements ROWS have filled; YAML is the configuration behind its own first line. */
static inline struct lab *lab_new(const char *yaml, const char *const *rows, size_t n)
{
	struct lab *lab = x_new(struct lab);
	struct err err = {0};
	lab->dir = scratch_new();
	lab->arena = arena_new();
	char *text = x_printf("catalogue: sqlite:%s/porthole.db\n%s", lab->dir, yaml);
	lab->config = config_parse("portal.yaml", lab->dir, str_of(text), &err);
	x_free(text);
	if (!lab->config)
		fail_msg("%s", err.msg);
	lab->store = sql_catalogue(lab->dir);
	sql_run_all(lab->store, rows, n);
	return lab;
}

static inline int lab_free(void **state)
{
	struct lab *lab = *state;
	store_close(lab->store);
	config_free(lab->config);
	arena_free(lab->arena);
	scratch_free(lab->dir);
	x_free(lab);
	return 0;
}

#endif

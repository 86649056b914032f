/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pipeline for this machine, contracts.md section 8: a YAML file that names steps, what each waits for and
 * the command that it runs. */
#ifndef CLIENT_LOCAL_DEFINITION_H
#define CLIENT_LOCAL_DEFINITION_H

#include "client/base/arena.h"
#include "client/base/err.h"

enum { DEFINITION_MOST_STEPS = 500, DEFINITION_MOST_RETRIES = 100 };

struct local_param {
	const char *key, *value;
};

struct local_step {
	const char *name;
	const char **run; /* argv, NULL-ended */
	size_t *after;	  /* steps that come first, by their place in the list */
	size_t n_after;
	int64_t timeout_ms; /* 0: none */
	int64_t retries;
	const char **env; /* "K=V", NULL-ended */
};

struct local_definition {
	const char *file, *dir; /* absolute; DIR is where the steps start */
	const char *name, *title;
	struct local_param *params; /* with their defaults */
	size_t n_params;
	struct local_step *steps; /* each behind those that it waits for */
	size_t n_steps;
};

/* Reads FILE. All texts are taken from ARENA. Errors are ERR_USAGE, "FILE:LINE: what", ERR_NOT_FOUND where
 * there is no such file. */
bool definition_load(
	struct arena *arena, const char *file, struct local_definition *definition, struct err *err);
/* The same from TEXT that FILE is said to hold; steps start in DIR. */
bool definition_parse(struct arena *arena, const char *file, const char *dir, struct str text,
	struct local_definition *definition, struct err *err);
/* Gives the parameter KEY another value. ERR_USAGE names those that there are. */
bool definition_set(struct local_definition *definition, struct str key, const char *value, struct err *err);

#endif

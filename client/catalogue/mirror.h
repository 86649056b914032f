/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The local mirror of a shared catalogue, for when that is away: a small SQLite
 * catalogue of the same schema that holds what triage needs — sources and their
 * health, pipelines with their newest run, what is declared, and of the problems
 * that are not over everything: evidence, occurrences, events, their runs and steps.
 * Views read it as they read any catalogue; store_mirrored_ms says that it is one.
 */
#ifndef CLIENT_CATALOGUE_MIRROR_H
#define CLIENT_CATALOGUE_MIRROR_H

#include "client/catalogue/store.h"

enum {
	MIRROR_MOST_PROBLEMS = 2000, /* newest first; a problem's rows go along whole */
	MIRROR_EVERY_MS = 5 * 60 * 1000,
};

/* Where the mirror of the catalogue at ADDRESS is kept, in ARENA: in the user's cache folder, by a hash of
 * the address, so that no password that may stand in it is written anywhere. */
const char *mirror_path(struct arena *arena, const char *address);

/* Makes the mirror at PATH anew from STORE, as of NOW_MS. The one before stays until this one is whole. */
bool mirror_make(struct store *store, const char *path, int64_t now_ms, struct err *err);

/* Opens the mirror at PATH for reading. ERR_NOT_FOUND where there is none. */
struct store *mirror_open(const char *path, struct err *err) __attribute__((warn_unused_result));

#endif

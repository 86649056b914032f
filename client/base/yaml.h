/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * YAML read through libyaml's events into a small tree with line numbers, under
 * the limits of safety.md section 3: one document, at most 256 KiB, depth 16,
 * 10,000 nodes; aliases, anchors, tags and duplicate keys are errors.
 */
#ifndef CLIENT_BASE_YAML_H
#define CLIENT_BASE_YAML_H

#include "client/base/arena.h"
#include "client/base/err.h"

enum yaml_type { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
	enum yaml_type type;
	int line; /* 1-based */
	bool is_quoted;
	struct str text;    /* of a scalar; NUL-terminated besides */
	size_t n;	    /* items of a list, pairs of a map */
	struct yaml *items; /* n values */
	struct yaml *keys;  /* of a map: n scalars */
};

/* Parses TEXT into a tree in ARENA; an empty document is an empty map. Errors
 * are ERR_USAGE and read "NAME:LINE: what". */
const struct yaml *yaml_parse(struct arena *arena, const char *name, struct str text, struct err *err)
	__attribute__((warn_unused_result));
/* The value of KEY in a map, or NULL. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);
/* Unquoted null, ~ or nothing. */
bool yaml_is_null(const struct yaml *node);
/* true/false, yes/no, on/off (unquoted). */
bool yaml_bool(const struct yaml *node, bool *out);
bool yaml_int(const struct yaml *node, int64_t min, int64_t max, int64_t *out);

#endif

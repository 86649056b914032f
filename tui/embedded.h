/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files linked into the program (tools/embed.sh makes the table from the Makefile's list). */
#ifndef TUI_EMBEDDED_H
#define TUI_EMBEDDED_H

#include "client/base/str.h"

struct embedded_file {
	const char *name; /* the path in the source tree: "themes/dark.yaml" */
	const char *bytes;
	size_t size;
};

/* In the order of the Makefile; the last one has no name. */
extern const struct embedded_file embedded_files[];

/* The bytes of the file called NAME; p is NULL where there is none. */
struct str embedded_find(struct str name);

#endif

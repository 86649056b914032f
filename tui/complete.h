/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What could stand for the last word of a command line: from the tables of commands, options and views, the
 * configuration and the catalogue. */
#ifndef TUI_COMPLETE_H
#define TUI_COMPLETE_H

#include "client/base/buf.h"
#include "client/catalogue/store.h"
#include "client/config/config.h"

enum { COMPLETE_MOST = 200 };

struct completion {
	const struct config *config; /* NULL: none */
	struct store *store;	     /* NULL: no catalogue (yet) */
	struct arena *arena;
	const char *const *words; /* behind the program's name; the last one is begun, maybe empty */
	size_t n_words;
	struct buf *out; /* gets "CANDIDATE\tWHAT IT IS\n" for each, at most COMPLETE_MOST */
};

void complete_line(const struct completion *c);

#endif

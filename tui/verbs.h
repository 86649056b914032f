/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines of the palette: the words of the command line that only read open their view; a few more are
 * the portal's own. */
#ifndef TUI_VERBS_H
#define TUI_VERBS_H

#include "client/base/str.h"

struct app;

struct verb {
	const char *name, *args, *help;
	/* REST is what follows the name, trimmed, NUL-terminated. */
	void (*run)(struct app *app, const char *rest);
};
const struct verb *verb_all(size_t *n);
const struct verb *verb_find(struct str name);

/* Does what LINE says: a verb, a view with a filter, a saved view, a ref, a web address. */
void verb_run_line(struct app *app, struct str line);
/* Whether LINE says by itself where to go. */
bool verb_is_line(const struct app *app, struct str line);

#endif

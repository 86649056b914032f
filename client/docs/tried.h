/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was tried, of tools that could be built or bought: `tools:` of a front matter, as a table in the page.
 */
#ifndef CLIENT_DOCS_TRIED_H
#define CLIENT_DOCS_TRIED_H

#include "client/base/yaml.h"

/* LIST, a map a tool with the keys tool, user, builder, cost and decision, as a table in Markdown. False
 * where it is no such list. */
bool tried_read(struct arena *arena, const struct yaml *list, struct str *out);
/* TEXT with TABLE in the place of its line `{tools}`, or at its end where it has none. */
struct str tried_put(struct arena *arena, struct str text, struct str table);

#endif

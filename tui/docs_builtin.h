/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pages that are linked into this program (docs_embedded/), and the folders of a configuration over them.
 */
#ifndef TUI_DOCS_BUILTIN_H
#define TUI_DOCS_BUILTIN_H

#include "client/config/config.h"
#include "client/docs/pages.h"

/* In the language of the environment where pages are written in it. CONFIG may be NULL. The result is freed
 * by docs_free. */
struct docs *docs_builtin_new(const struct config *config) __attribute__((warn_unused_result));

#endif

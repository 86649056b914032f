/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Code in the colours of its language: what is a keyword, a text, a number, a comment. By a table of
 * languages and one small lexer; a language that it does not know stays plain. */
#ifndef CLIENT_DOCS_COLOUR_H
#define CLIENT_DOCS_COLOUR_H

#include "client/docs/markdown.h"

/* Called for each stretch of CODE in turn, up to byte TO. */
typedef void (*colour_fn)(void *ctx, size_t to, enum doc_style style);
void colour_code(const char *language, struct str code, colour_fn fn, void *ctx);

#endif

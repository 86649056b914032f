/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connect a source: a form that asks for what the option table knows of a source,
 * checks each field as the table does, tries it, shows the YAML it will add, and puts that into
 * portal.yaml, which stays byte for byte as the person wrote it. It asks how a secret is had,
 * never for the secret.
 */
#ifndef TUI_CONNECT_H
#define TUI_CONNECT_H

#include "tui/grid.h"

struct app;
struct connect;

/* KIND is the kind to begin with, "" for the first one. */
void connect_open(struct app *app, const char *kind);
/* Cancels what is under way. NULL is nothing. */
void connect_free(struct connect *connect);
void connect_key(struct app *app, uint32_t key);
void connect_draw(const struct connect *connect, struct grid *grid, struct rect rect);
/* What the keys do now, for the last line. */
struct str connect_footer(const struct connect *connect);
/* Whether an answer is awaited. */
bool connect_is_busy(const struct connect *connect);

#endif

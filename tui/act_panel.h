/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An action in the portal, from the key to its end: what can be done to the objects
 * that were meant when the key was pressed, its exact effect, the confirmation, and
 * how it ends. What is decided and sent is client/live/act.h; here it is asked and shown.
 */
#ifndef TUI_ACT_PANEL_H
#define TUI_ACT_PANEL_H

#include "client/catalogue/ref.h"
#include "tui/grid.h"

struct app;
struct act_panel;

/* Asks the source of REFS (copied; N at least 1) what it can do, then offers it. */
void act_panel_open(struct app *app, const struct ref *refs, size_t n);
/* Cancels what can be cancelled. NULL is nothing. */
void act_panel_free(struct act_panel *panel);
/* Whether it has the screen and the keys; else a menu of it has, or it is over. */
void act_panel_key(struct app *app, uint32_t key);
void act_panel_draw(struct act_panel *panel, struct grid *grid, struct rect rect);
/* What the keys do now, for the last line. */
struct str act_panel_footer(const struct act_panel *panel);
/* Whether an answer is awaited. */
bool act_panel_is_busy(const struct act_panel *panel);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands around every frame: where I am and how fresh, what this shows, what was said, the keys. */
#ifndef TUI_CHROME_H
#define TUI_CHROME_H

#include "tui/app.h"

enum { CHROME_TOP = 2, CHROME_BOTTOM = 2 };

void chrome_draw(const struct app *app, struct grid *grid);
/* The context of the top frame, for keys and footer. */
int chrome_context(const struct app *app);

#endif

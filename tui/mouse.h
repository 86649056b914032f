/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The mouse, where the configuration asks for it (`mouse: true`): nothing works by it alone. */
#ifndef TUI_MOUSE_H
#define TUI_MOUSE_H

#include "tui/input.h"

struct app;

void mouse_serve(struct app *app, struct mouse mouse);

#endif

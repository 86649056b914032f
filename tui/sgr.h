/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A theme as escape sequences, for lists that are printed onto a terminal. */
#ifndef TUI_SGR_H
#define TUI_SGR_H

#include "tui/theme.h"

/* ROLE_COUNT sequences that start a role; "\033[0m" ends each. COLOURS is 16 or 256. */
const char *const *theme_sgr(struct arena *arena, const struct theme *theme, int colours);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tab in the palette: what the last word of the line can become, from the same tables and names as in a
 * shell (complete.h), and from what is the portal's own. */
#ifndef TUI_PALETTE_COMPLETE_H
#define TUI_PALETTE_COMPLETE_H

struct app;

/* Completes as far as all candidates agree; where that is nowhere they are listed, and the next Tab walks
 * them. The catalogue is asked on its thread. */
void palette_complete(struct app *app);

#endif

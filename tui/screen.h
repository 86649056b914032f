/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal, out: the only file that writes to it. Turns a grid into curses; restores
 * the terminal on every way out. One screen a process. */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "client/base/err.h"
#include "tui/grid.h"
#include "tui/theme.h"

/* What the terminal can do, from environment and terminfo, without asking it (terminal.md section 3). */
struct terminal {
	bool can_draw;	  /* cursor addressing, and a terminal on both ends: else plain mode */
	bool is_utf8;	  /* more than ASCII can be shown: else grids are made with is_ascii */
	int colours;	  /* 0 8 16 256 */
	const char *name; /* the description that is used: TERM, or what stands in for it */
	const char *note; /* a warning for a person ("unknown terminal 'foo', taken as xterm"), or NULL */
};
/* COLOUR is "auto" "always" "never". After setlocale; sends nothing. The texts are kept until the next call.
 */
struct terminal terminal_probe(const char *colour);

/* Starts curses. ERR_UNAVAILABLE where it cannot. */
bool screen_open(const struct terminal *terminal, const struct theme *theme, struct err *err);
void screen_close(void);
/* Shows GRID: sends what differs from what is there, in one write. It never waits: false where the terminal
 * has not taken all of this frame, or of the one before (then GRID was not drawn at all); call again in some
 * 50 ms with what is to be shown by then. */
bool screen_draw(const struct grid *grid);
/* The whole screen again (^L); false as above. */
bool screen_redraw(const struct grid *grid);
void screen_size(int *width, int *height);
/* After SIGWINCH: takes the terminal's size of now. */
void screen_resize(void);
/* Gives the terminal back and takes it again: for ^Z, a pager, an editor. */
void screen_leave(void);
void screen_enter(void);
void screen_set_theme(const struct theme *theme);
void screen_bell(void);
/* Has the terminal report wheel and clicks from now on; called once, when it is open. */
void screen_use_mouse(void);
/* Asks the terminal for the colour of its background, where it is one that may be asked; what it says comes
 * as K_BACKGROUND (tui/input.h), maybe never. For after the first frame: nothing waits for it. */
void screen_ask_background(void);
/* Copies TEXT (cleaned by the caller) to the person's clipboard: OSC 52, or tmux's own buffer command under
 * tmux. False with a reason where neither is to be had: the caller shows the text instead. */
bool screen_copy(struct str text, struct err *err);

#endif

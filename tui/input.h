/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal, in: bytes into keys. A paste (bracketed) is text, never keys; an escape sequence that nobody
 * knows, and a terminal's late answer, are nothing. Works between screen_open and screen_close. */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include "client/base/buf.h"

#include <stdint.h>

/* A key: a code point (control characters as themselves: ^D is 4), or one of these. */
enum key {
	KEY_NONE_YET = 0,
	KEY_CODE_BASE = 0x110000,
	K_UP,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_PAGE_UP,
	K_PAGE_DOWN,
	K_HOME,
	K_END,
	K_DELETE,
	K_BACKTAB,
	K_F1,
	K_RESIZE,
	K_PASTE,      /* input_paste has the text */
	K_EOF,	      /* the terminal is gone */
	K_MOUSE,      /* input_mouse says what and where */
	K_BACKGROUND, /* the terminal has answered what screen_ask_background asked: input_background */
	/* and these have their own code points */
	K_TAB = '\t',
	K_ENTER = '\r',
	K_ESC = 27,
	K_BACKSPACE = 127,
};

/* Called by screen_open, once curses runs; and by screen_close. */
void input_open(void);
void input_close(void);
/* The next key that has arrived, KEY_NONE_YET without one. Never waits longer than the escape delay. */
uint32_t input_key(void);
/* The text of the last K_PASTE: one line, its line ends and tabs are blanks, control bytes are gone. */
struct str input_paste(void);
/* Of the last K_MOUSE: X and Y from 0. */
struct mouse {
	enum mouse_act { MOUSE_PRESS, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN } act;
	int x, y;
};
struct mouse input_mouse(void);
/* The terminal was asked for its background, and will say so in its own time: what it says is no key. */
void input_expect_background(void);
/* Of the last K_BACKGROUND: its lightness, 0 to 255; -1: it did not say. */
int input_background(void);
/* Waits a moment for an answer that is still to come, so that it is not left to whoever reads next. Keys that
 * come meanwhile are dropped. */
void input_await_background(void);
/* Drops what was typed ahead: before a confirmation is drawn. */
void input_flush(void);
/* The name of a key as people write it ("^D", "Enter", "PgDn", "a"), and back; 0 for no key. */
void key_add_name(struct buf *out, uint32_t key);
uint32_t key_of_name(struct str name);

#endif

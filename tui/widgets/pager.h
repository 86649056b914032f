/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pager: a text of any length, line by line, from a file that may still
 * grow. It holds no more than the screen and an index of line starts made as far as
 * the person went; at the end it starts from the end of the file.
 * Lines are cleaned as they are drawn, a log's colours become our attributes, and lines of JSON
 * are laid out for reading (views/log_line.h). Searches look at the bytes of the file.
 */
#ifndef TUI_WIDGETS_PAGER_H
#define TUI_WIDGETS_PAGER_H

#include "client/base/err.h"
#include "client/base/loop.h"
#include "client/base/mask.h"
#include "tui/grid.h"
#include "tui/widgets/widget.h"
#include "views/format.h"

struct pager;

struct pager *pager_new(void);
void pager_free(struct pager *pager);
/* From now on searches and the counting of lines run on a thread of their own, so that no key waits for a
 * long file; CHANGED is called on the loop where something that is shown has changed by it. Without a loop
 * both are done at once. */
void pager_use_loop(struct pager *pager, struct loop *loop, void (*changed)(void *ctx), void *ctx);
/* Shows the file at PATH, at line LINE (1-based; 0: at its end). Reopening the same path keeps the place. */
bool pager_open(struct pager *pager, const char *path, int64_t line, struct err *err);
/* What is hidden where lines are drawn and copied; borrowed, NULL: nothing. */
void pager_set_mask(struct pager *pager, struct mask *mask);
/* Lines that `e` walks, best first; LINES is copied. */
void pager_set_causes(struct pager *pager, const int64_t *lines, size_t n);
/* Looks whether the file has grown, was replaced or cut; in follow mode goes to the end. Also counts on in a
 * file so long that its lines are not all counted yet. True where something that is shown changed. */
bool pager_refresh(struct pager *pager);
/* Whether lines are still to be counted: pager_refresh may then be called again soon (32 MiB a call, some
 * ms). */
bool pager_is_counting(const struct pager *pager);

void pager_draw(struct pager *pager, struct grid *grid, struct rect rect, const struct format *format);
/* "line 1 482 of 1 497 · cause 1 of 3 · 64 kB"; "73 % · 1.1 GB" while line numbers are not known; then
 * "searching 12 %", "not found: x", "pattern 'a(': missing closing parenthesis at character 3". */
void pager_status(struct pager *pager, const struct format *format, struct buf *out);
bool pager_move(struct pager *pager, enum move move, int page_rows);
/* Searches from the cursor on and around the end; "" goes to the next one. TEXT with `.*+?[](){}|^$\` in it
 * is a pattern (PCRE2); without a capital case does not count. False: it is not there. With a loop the answer
 * comes later, and the status line tells how far it is and what came out; also what is wrong with a pattern.
 * Another search, and pager_stop_search, end the one under way. */
bool pager_find(struct pager *pager, struct str text, bool is_backward);
bool pager_is_searching(const struct pager *pager);
void pager_stop_search(struct pager *pager);
/* To the next (or the previous) cause. False: there is none. The first call goes to the best one. */
bool pager_next_cause(struct pager *pager, bool is_backward);
void pager_toggle_wrap(struct pager *pager);
/* Folded by default: runs of library frames (site-packages, java.base, org.apache.spark…) in a traceback. */
void pager_toggle_fold(struct pager *pager);
/* Lines of JSON as they came, or laid out. Returns whether they are raw now. */
bool pager_toggle_raw(struct pager *pager);
bool pager_toggle_follow(struct pager *pager);
/* The line under the cursor, cleaned. */
void pager_copy(struct pager *pager, struct buf *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a person's own that the portal reads, writes, and reads again when
 * they change: keys.yaml and views.yaml beside portal.yaml, and in the state folder history and
 * columns.yaml. Without remember_start nothing is read or written.
 */
#ifndef TUI_REMEMBER_H
#define TUI_REMEMBER_H

struct app;
struct remember;

/* Reads them all, at once: for the start. What is wrong with one is said, and the default holds. */
void remember_start(struct app *app);
/* After desk_free: a look that was under way has ended with the desk, and read its paths here. */
void remember_free(struct remember *remember);
/* Looks, on the desk's thread, whether one of them has changed. */
void remember_tick(struct app *app);
/* The same, after a change to the configuration that the portal made itself: it was told already. */
void remember_own_change(struct app *app);
/* The folder of sessions, borrowed. */
const char *remember_sessions(const struct remember *remember);
/* Where the configuration is, or would be. */
const char *remember_config(const struct remember *remember);

#endif

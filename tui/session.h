/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a person was when the link dropped: the stack of frames, written as it
 * changes into the state folder, and offered at the next start. A clean end forgets it.
 *
 * One file for each portal that runs, beside a lock that it holds while it lives: what
 * bears no lock was left by one that was cut off. It is offered for an hour, on the same catalogue
 * and the same kind of terminal (TERM: a line that is built up again has another tty). What nobody
 * came for is removed after thirty days.
 */
#ifndef TUI_SESSION_H
#define TUI_SESSION_H

#include "tui/place.h"

#include <stdint.h>

struct app;

enum { SESSION_MOST_PLACES = 64, SESSION_MOST_LOOKED_AT = 256, SESSION_KEPT_MS = 60 * 60 * 1000 };
#define SESSION_REMOVED_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

struct session_places {
	struct place places[SESSION_MOST_PLACES]; /* home first, without help texts */
	size_t n;
	int64_t at_ms; /* when it was written */
};
void session_places_fini(struct session_places *places);
/* What the file of a session says, where it is of CATALOGUE and TERMINAL ("" for none). */
bool session_parse(struct str text, const char *catalogue, const char *terminal, struct session_places *out);

struct session;

/* DIR is the folder of all sessions; NULL where none can be kept. Touches the disk: for the start. */
struct session *session_new(const char *dir, const char *catalogue, const char *terminal);
/* Takes what an earlier portal left, so that nobody else gets it. False: there is nothing. Looks at no more
 * than SESSION_MOST_LOOKED_AT entries of the folder, so that a start costs the same whatever has piled up
 * there; it removes the old ones among them, so that the next start sees others. */
bool session_take(struct session *session, int64_t now_ms, struct session_places *out);
/* Writes where APP is, where that has changed; at most every second or so. */
void session_note(struct session *session, struct app *app);
/* The end. IS_CLEAN: nothing is left; else the last place is written whatever was just now. */
void session_free(struct session *session, struct app *app, bool is_clean);

/* The stack of PLACES in the place of what APP shows. */
void session_restore(struct app *app, const struct session_places *places);

#endif

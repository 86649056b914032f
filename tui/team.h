/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a person does about problems in the portal: to the marked ones, or to the one under the cursor. Which
 * they are is fixed when the key is pressed, and with them what was seen of them: where somebody else did
 * something meanwhile, that is said and nothing is changed. The work is done on the store's thread.
 */
#ifndef TUI_TEAM_H
#define TUI_TEAM_H

#include "client/triage/team.h"

struct app;
struct team_desk;

/* Whether an answer is awaited. */
bool team_is_busy(const struct team_desk *desk);
/* NULL is nothing; no callback runs afterwards. */
void team_desk_free(struct team_desk *desk);

/* Does VERB to the problems that are meant; TEXT as team_step has it, of TEAM_SNOOZE what team_until reads.
 * Where REST names problems ("problem:3 problem:4 words"), those are meant, and TEXT is what follows them. */
void team_run(struct app *app, enum team_verb verb, const char *rest);
void team_run_undo(struct app *app);

#endif

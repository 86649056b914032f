/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the commands of the table (commands.c) do, by family: a family is a file cmd_*.c. */
#ifndef TUI_CMD_H
#define TUI_CMD_H

#include "tui/app.h"

/* cmd_move.c: within what is shown */
void cmd_down(struct app *app);
void cmd_up(struct app *app);
void cmd_half_down(struct app *app);
void cmd_half_up(struct app *app);
void cmd_page_down(struct app *app);
void cmd_page_up(struct app *app);
void cmd_home(struct app *app);
void cmd_end(struct app *app);
void cmd_left(struct app *app);
void cmd_right(struct app *app);
void cmd_next_pane(struct app *app);
void cmd_previous_pane(struct app *app);

/* cmd_go.c: to somewhere else */
void cmd_open(struct app *app);
void cmd_log(struct app *app);
void cmd_pipeline(struct app *app);
void cmd_run(struct app *app);
void cmd_graph(struct app *app);
void cmd_project(struct app *app);
void cmd_everything(struct app *app);
void cmd_history(struct app *app);
void cmd_changes(struct app *app);
void cmd_curves(struct app *app);
void cmd_back(struct app *app);
void cmd_last(struct app *app);

/* cmd_list.c: what a list shows */
void cmd_filter(struct app *app);
void cmd_sort(struct app *app);
void cmd_hidden(struct app *app);
void cmd_times(struct app *app);
void cmd_mark(struct app *app);
void cmd_columns(struct app *app);
/* Sorts the list by its column KEY, or the other way round where it is sorted by it. */
void cmd_sort_by(struct app *app, const char *key);

/* cmd_text.c: in texts and logs */
void cmd_find_next(struct app *app);
void cmd_find_previous(struct app *app);
void cmd_next_cause(struct app *app);
void cmd_previous_cause(struct app *app);
void cmd_follow(struct app *app);
void cmd_wrap(struct app *app);
void cmd_raw(struct app *app);
void cmd_evidence(struct app *app);
void cmd_fold(struct app *app);

/* cmd_act.c: on the tools */
void cmd_act(struct app *app);

/* cmd_docs.c: documentation */
void cmd_next_link(struct app *app);
void cmd_previous_link(struct app *app);
void cmd_follow_link(struct app *app);
/* The paragraph on what the cursor is on: a state, a kind of problem, a fact, the error of a log; else the
 * page of what is shown; of a page the list of pages. */
void cmd_page(struct app *app);
/* The page of what is shown, as a ref in ARENA. */
const char *cmd_page_of_view(struct app *app, struct arena *arena);
void cmd_runbook(struct app *app);
/* Whether the page helped. */
void cmd_helped(struct app *app);
void cmd_did_not_help(struct app *app);

/* cmd_examples.c: the pipelines that come with the program */
/* Whether REF is the page of one. */
bool cmd_is_example(const struct ref *ref);
void cmd_run_popularity(struct app *app);
/* The example of the page that is shown; the other one with a fault in its data. */
void cmd_run_example(struct app *app);
void cmd_run_faulty(struct app *app);
void cmd_examples(struct app *app);
/* The portal ends: what was started goes on by itself. */
void cmd_leave_example(struct app *app);

/* cmd_copy.c: out of the portal */
void cmd_copy(struct app *app);
void cmd_address(struct app *app);

/* cmd_team.c: about problems, shared with others */
void cmd_take(struct app *app);
void cmd_note(struct app *app);
void cmd_snooze(struct app *app);
void cmd_ask(struct app *app);
void cmd_resolve(struct app *app);
void cmd_undo(struct app *app);

/* The ref under the cursor, or of the object that is shown; its texts are taken from ARENA. */
bool cmd_ref(const struct app *app, struct arena *arena, struct ref *out);

#endif

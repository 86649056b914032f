/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/cmd.h"

static void find(struct app *app, bool is_backward)
{
	struct frame *frame = app_top(app);
	struct widget *widget = frame_widget(frame);
	struct str text = str_of(app->last_search);
	if (!text.n) {
		app_say(app, ROLE_DIM, "nothing was searched yet: / searches");
		return;
	}
	bool is_found = frame_has_pager(frame) ? pager_find(frame->pager, text, is_backward)
					       : widget && widget->ops->find(widget, text, is_backward);
	if (!is_found)
		app_say(app, ROLE_LATE, "not found: %s", app->last_search);
}

void cmd_find_next(struct app *app)
{
	find(app, false);
}

void cmd_find_previous(struct app *app)
{
	find(app, true);
}

static void walk_cause(struct app *app, bool is_backward)
{
	struct frame *frame = app_top(app);
	frame->is_excerpt = false; /* the causes are in the whole log */
	if (!frame->is_opened || !pager_next_cause(frame->pager, is_backward))
		app_say(app, ROLE_DIM, "no cause was found in this log");
}

void cmd_next_cause(struct app *app)
{
	walk_cause(app, false);
}

void cmd_previous_cause(struct app *app)
{
	walk_cause(app, true);
}

void cmd_follow(struct app *app)
{
	app_say(app, ROLE_DIM,
		pager_toggle_follow(app_top(app)->pager) ? "following the end" : "not following");
}

void cmd_wrap(struct app *app)
{
	pager_toggle_wrap(app_top(app)->pager);
}

void cmd_raw(struct app *app)
{
	app_say(app, ROLE_DIM,
		pager_toggle_raw(app_top(app)->pager) ? "lines of JSON as they are"
						      : "lines of JSON laid out");
}

void cmd_evidence(struct app *app)
{
	const bool was_excerpt = app_top(app)->is_excerpt;
	if (!frame_toggle_excerpt(app_top(app)) && !was_excerpt)
		app_say(app, ROLE_DIM, "nothing was kept of this log: its step did not fail");
}

void cmd_fold(struct app *app)
{
	pager_toggle_fold(app_top(app)->pager);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/cmd.h"

static void move(struct app *app, enum move how)
{
	frame_move(app_top(app), how);
}

void cmd_down(struct app *app)
{
	move(app, MOVE_DOWN);
}

void cmd_up(struct app *app)
{
	move(app, MOVE_UP);
}

void cmd_half_down(struct app *app)
{
	move(app, MOVE_HALF_DOWN);
}

void cmd_half_up(struct app *app)
{
	move(app, MOVE_HALF_UP);
}

void cmd_page_down(struct app *app)
{
	move(app, MOVE_PAGE_DOWN);
}

void cmd_page_up(struct app *app)
{
	move(app, MOVE_PAGE_UP);
}

void cmd_home(struct app *app)
{
	move(app, MOVE_HOME);
}

void cmd_end(struct app *app)
{
	move(app, MOVE_END);
}

void cmd_left(struct app *app)
{
	move(app, MOVE_LEFT);
}

void cmd_right(struct app *app)
{
	move(app, MOVE_RIGHT);
}

static void change_pane(struct app *app, int step)
{
	if (!frame_next_focus(app_top(app), step))
		app_say(app, ROLE_DIM, "there is only one pane here");
}

void cmd_next_pane(struct app *app)
{
	change_pane(app, 1);
}

void cmd_previous_pane(struct app *app)
{
	change_pane(app, -1);
}

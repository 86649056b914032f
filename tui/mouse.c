/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/mouse.h"

#include "tui/cmd.h"

enum { WHEEL_ROWS = 3 };

static void wheel(struct app *app, enum move how)
{
	for (int i = 0; i < WHEEL_ROWS; i++)
		frame_move(app_top(app), how);
}

/* The first click on a row goes there, the second one in. */
static void click(struct app *app, int x, int y)
{
	struct frame *frame = app_top(app);
	const char *key = NULL, *before = frame_ref(frame);
	size_t pane = frame->focus;
	switch (frame_point(frame, x, y, &key)) {
	case HIT_HEADING:
		cmd_sort_by(app, key);
		break;
	case HIT_ROW:
		if (before && frame->focus == pane && frame_ref(frame) == before)
			cmd_open(app);
		break;
	case HIT_NOTHING:
		break;
	}
}

void mouse_serve(struct app *app, struct mouse mouse)
{
	if (app->mode != MODE_KEYS)
		return; /* what is typed, or chosen from, is done by keys */
	switch (mouse.act) {
	case MOUSE_PRESS:
		click(app, mouse.x, mouse.y);
		break;
	case MOUSE_WHEEL_UP:
		wheel(app, MOVE_UP);
		break;
	case MOUSE_WHEEL_DOWN:
		wheel(app, MOVE_DOWN);
		break;
	}
}

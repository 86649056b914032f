/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `!`: what can be done to what the cursor is on, or to what is marked. */
#include "client/base/mem.h"
#include "client/live/act.h"
#include "tui/act_panel.h"
#include "tui/cmd.h"

/* What is marked, as far as a tool knows it. */
static size_t marked(const struct frame *frame, struct arena *arena, struct ref *out)
{
	size_t n = 0;
	for (size_t i = 0; i < frame->marks.n; i++)
		if (frame_place_of(frame, arena, frame->marks.refs[i], &out[n]) && act_on(&out[n]))
			n++;
	return n;
}

static bool is_under_cursor(const struct frame *frame, struct arena *arena, struct ref *out)
{
	if (frame->target)
		*out = frame->target->ref;
	else if (!frame_place(frame, arena, out))
		return false;
	return act_on(out) != 0;
}

void cmd_act(struct app *app)
{
	const struct frame *frame = app_top(app);
	struct arena *arena = arena_new();
	struct ref *refs = arena_array(arena, struct ref, MARKS_MOST + 1);
	size_t n = marked(frame, arena, refs);
	if (!n && is_under_cursor(frame, arena, &refs[0]))
		n = 1;
	if (n)
		act_panel_open(app, refs, n);
	else
		app_say(app, ROLE_DIM, "nothing here that a tool could do something to");
	arena_free(arena);
}

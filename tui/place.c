/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/place.h"

#include "client/base/mem.h"
#include "tui/app.h"
#include "tui/curves.h"
#include "views/lists.h"
#include "views/search.h"

static char *dup_or_null(const char *text)
{
	return text ? x_strdup(text) : NULL;
}

/* What is not the ref's own view. */
static const char *special_view(const struct frame *frame)
{
	bool is_other =
		frame->view == &view_compare || frame->view == &view_everything || frame->view == &view_graph;
	return frame->curves ? "curves" : is_other ? frame->view->name : NULL;
}

/* The ref of what is shown; of curves and comparisons all of them. */
static char *refs_of(const struct frame *frame)
{
	struct buf refs;
	buf_init(&refs, 0);
	if (frame->curves)
		curves_add_refs(frame->curves, &refs);
	else
		ref_add(&refs, &frame->ref);
	/* of a page they are what it was filled in for: no part of where it is */
	for (size_t i = 0; frame->view != &view_doc && i < frame->n_others; i++) {
		buf_addc(&refs, ' ');
		ref_add(&refs, &frame->others[i]);
	}
	char *copy = x_strdup(refs.p ? refs.p : "");
	buf_fini(&refs);
	return copy;
}

static bool has_own_ref(const struct frame *frame)
{
	return frame->pager || frame->curves || (frame->view && frame->view->kind == VIEW_OBJECT);
}

bool place_take(const struct frame *frame, struct place *out)
{
	*out = (struct place){0};
	if (!frame->view && !frame->pager && !frame->curves)
		return false;
	out->is_log = frame->pager != NULL;
	out->show_hidden = frame->show_hidden;
	if (has_own_ref(frame)) {
		out->ref = refs_of(frame);
		out->view = dup_or_null(special_view(frame));
	} else {
		out->view = x_strdup(frame->view->name);
		out->filter = x_strdup(frame->filter);
		out->sort = dup_or_null(frame->sort);
	}
	out->cursor = dup_or_null(frame_ref(frame));
	return true;
}

void place_fini(struct place *place)
{
	char *texts[] = {place->view, place->ref, place->filter, place->sort, place->cursor};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		x_free(texts[i]);
	*place = (struct place){0};
}

/* Of those that are not the ref's own view; two of them take several refs. */
static struct frame *frame_of_refs(struct app *app, const struct place *place)
{
	struct ref refs[CURVES_MOST_RUNS];
	struct err err;
	size_t n = 0;
	struct str rest = str_of(place->ref), text;
	struct frame *frame = NULL;
	struct arena *arena = arena_new();
	while (n < ARRAY_LEN(refs) && str_next(&rest, ' ', &text))
		n += ref_parse(arena, text, &refs[n], &err);
	if (n && !strcmp(place->view, "curves"))
		frame = curves_open(app, refs, n);
	else if (n && !strcmp(place->view, view_compare.name))
		frame = frame_new_compare(app, refs, n);
	else if (n && !strcmp(place->view, view_everything.name))
		frame = frame_new(app, &view_everything, &refs[0], "");
	else if (n && !strcmp(place->view, view_graph.name))
		frame = frame_new(app, &view_graph, &refs[0], "");
	arena_free(arena);
	return frame;
}

static struct frame *frame_of_ref(struct app *app, const struct place *place)
{
	struct ref ref;
	struct err err;
	struct frame *frame = NULL;
	struct arena *arena = arena_new();
	if (ref_parse(arena, str_of(place->ref), &ref, &err)) {
		const struct view_def *view = view_for_ref(ref.kind);
		if (place->is_log)
			frame = frame_new_log(app, &ref);
		else if (view)
			frame = frame_new(app, view, &ref, "");
	}
	arena_free(arena);
	return frame;
}

static const struct view_def *list_called(const char *name)
{
	const struct view_def *view = strcmp(name, view_search.name) ? view_find(name) : &view_search;
	return view && view->kind != VIEW_OBJECT ? view : NULL;
}

struct frame *place_frame(struct app *app, const struct place *place)
{
	if (place->ref) {
		struct frame *frame = place->view ? frame_of_refs(app, place) : frame_of_ref(app, place);
		if (frame && place->cursor)
			frame_seek(frame, place->cursor);
		return frame;
	}
	const struct view_def *view = place->view ? list_called(place->view) : NULL;
	if (!view)
		return NULL;
	struct frame *frame = frame_new_sorted(
		app, view, place->filter ? place->filter : "", place->sort, place->show_hidden);
	if (place->cursor)
		frame_seek(frame, place->cursor);
	return frame;
}

bool place_is_of(const struct place *place, const struct frame *frame)
{
	if (!has_own_ref(frame))
		return place->view && frame->view && !strcmp(place->view, frame->view->name);
	char *ref = refs_of(frame);
	const char *view = special_view(frame);
	bool is_same = place->ref && !strcmp(place->ref, ref) && place->is_log == (frame->pager != NULL) &&
		       !strcmp(view ? view : "", place->view ? place->view : "");
	x_free(ref);
	return is_same;
}

void place_add_text(struct buf *out, const struct place *place)
{
	if (place->is_log)
		buf_addz(out, "logs ");
	if (place->ref && place->view)
		buf_addf(out, "%s ", place->view);
	buf_addz(out, place->ref ? place->ref : place->view);
	if (place->filter && *place->filter)
		buf_addf(out, " %s", place->filter);
}

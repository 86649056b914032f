/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mem.h"
#include "tui/cmd.h"
#include "tui/curves.h"
#include "views/diff.h"
#include "views/lists.h"

bool cmd_ref(const struct app *app, struct arena *arena, struct ref *out)
{
	const struct frame *frame = app_top(app);
	struct err err;
	const char *text = frame_ref(frame);
	if (text)
		return ref_parse(arena, str_of(text), out, &err);
	if (!frame->pager && (!frame->view || frame->view->kind != VIEW_OBJECT))
		return false;
	*out = frame->ref;
	return true;
}

void cmd_open(struct app *app)
{
	const char *text = frame_ref(app_top(app));
	struct ref ref;
	struct err err;
	struct arena *arena = arena_new();
	if (!text)
		app_say(app, ROLE_DIM, "nothing to open here");
	else if (ref_parse(arena, str_of(text), &ref, &err))
		app_open_ref(app, &ref);
	else
		app_say(app, ROLE_ERROR, "%s", err.msg);
	arena_free(arena);
}

void cmd_log(struct app *app)
{
	struct ref ref;
	struct arena *arena = arena_new();
	if (cmd_ref(app, arena, &ref))
		app_push(app, frame_new_log(app, &ref));
	else
		app_say(app, ROLE_DIM, "no log belongs to this");
	arena_free(arena);
}

/* --- what it belongs to --------------------------------------------------------- */

/* The pipeline (or source, run, step) that the cursor or the view is in; WHAT stands in the words that say
 * that there is none. */
static bool place(struct app *app, struct arena *arena, const char *what, struct ref *out)
{
	bool ok = frame_place(app_top(app), arena, out);
	if (!ok)
		app_say(app, ROLE_DIM, "no %s belongs to this", what);
	return ok;
}

void cmd_pipeline(struct app *app)
{
	struct ref ref;
	struct arena *arena = arena_new();
	if (place(app, arena, "pipeline", &ref)) {
		if (ref.pipeline)
			app_open_ref(app, &(struct ref){.kind = REF_PIPELINE,
						  .source = ref.source,
						  .pipeline = ref.pipeline});
		else
			app_say(app, ROLE_DIM, "no pipeline belongs to this");
	}
	arena_free(arena);
}

void cmd_run(struct app *app)
{
	struct ref ref;
	struct arena *arena = arena_new();
	if (place(app, arena, "run", &ref)) {
		if (ref.run)
			app_open_ref(app, &(struct ref){.kind = REF_RUN,
						  .source = ref.source,
						  .pipeline = ref.pipeline,
						  .run = ref.run});
		else
			app_say(app, ROLE_DIM, "no run belongs to this");
	}
	arena_free(arena);
}

void cmd_graph(struct app *app)
{
	struct ref ref;
	struct arena *arena = arena_new();
	bool has_place = place(app, arena, "pipeline", &ref);
	if (has_place && ref.pipeline)
		app_push(app,
			frame_new(app, &view_graph,
				&(struct ref){
					.kind = REF_PIPELINE, .source = ref.source, .pipeline = ref.pipeline},
				""));
	else if (has_place)
		app_say(app, ROLE_DIM, "no pipeline belongs to this");
	arena_free(arena);
}

static void open_project(struct app *app, const struct ref *ref)
{
	const struct config_project *project =
		ref->pipeline ? config_project_of(app->config, ref->source, ref->pipeline) : NULL;
	if (ref->kind == REF_PROJECT)
		app_open_ref(app, ref);
	else if (project)
		app_open_ref(app, &(struct ref){.kind = REF_PROJECT, .name = project->name});
	else if (ref->pipeline)
		app_say(app, ROLE_DIM, "no project of the configuration has %s/%s", ref->source,
			ref->pipeline);
	else
		app_say(app, ROLE_DIM, "no project belongs to this");
}

void cmd_project(struct app *app)
{
	struct ref ref;
	struct arena *arena = arena_new();
	if (place(app, arena, "project", &ref))
		open_project(app, &ref);
	arena_free(arena);
}

/* --- lists under it ------------------------------------------------------------- */

/* A term of a filter that means exactly VALUE. */
static void add_term(struct buf *filter, const char *key, const char *value)
{
	if (!value)
		return;
	bool is_plain = true;
	for (const char *p = value; *p; p++)
		is_plain &= *p != ' ' && *p != '"' && *p != ',' && *p != '*' && *p != '?';
	buf_addf(filter, is_plain ? "%s%s=%s" : "%s%s=\"%s\"", filter->n ? " " : "", key, value);
}

static void open_list(struct app *app, const char *name, const struct buf *filter)
{
	const struct view_def *view = view_find(name);
	if (view)
		app_open_view(app, view, filter->n ? filter->p : "");
}

static void open_under(struct app *app, const struct ref *ref)
{
	static const char *const lists[] = {[REF_SOURCE] = "pipelines",
		[REF_PROJECT] = "pipelines",
		[REF_PIPELINE] = "runs",
		[REF_RUN] = "steps",
		[REF_STEP] = "steps"};
	const char *list = (size_t)ref->kind < ARRAY_LEN(lists) ? lists[ref->kind] : NULL;
	struct buf filter;
	if (!list) {
		app_say(app, ROLE_DIM, "nothing lies under this");
		return;
	}
	buf_init(&filter, 0);
	if (ref->kind == REF_PROJECT)
		add_term(&filter, "project", ref->name);
	add_term(&filter, "source", ref->source);
	add_term(&filter, "pipeline", ref->pipeline);
	add_term(&filter, "run", ref->run);
	add_term(&filter, "step", ref->step);
	open_list(app, list, &filter);
	buf_fini(&filter);
}

/* A problem's place may be a run without a step. */
static void fit_kind(struct ref *ref)
{
	if (ref->kind == REF_STEP && (!ref->step || !*ref->step)) {
		ref->kind = REF_RUN;
		ref->step = ref->index = NULL;
	}
}

/* What has runs is shown with everything under it, in every tool; from there, and of what has none, it is a
 * list of what lies under it. */
static void open_everything(struct app *app, const struct ref *ref)
{
	bool has_runs = ref->kind == REF_PIPELINE || ref->kind == REF_RUN || ref->kind == REF_STEP;
	if (has_runs && app_top(app)->view != &view_everything)
		app_push(app, frame_new(app, &view_everything, ref, ""));
	else
		open_under(app, ref);
}

void cmd_everything(struct app *app)
{
	struct ref ref;
	struct arena *arena = arena_new();
	const struct frame *frame = app_top(app);
	bool is_object = frame->view && frame->view->kind == VIEW_OBJECT && frame->ref.kind != REF_PROBLEM;
	if (is_object) {
		open_everything(app, &frame->ref);
	} else if (place(app, arena, "list", &ref)) {
		fit_kind(&ref);
		open_everything(app, &ref);
	}
	arena_free(arena);
}

/* Every run of this pipeline; of a step every time that it ran. */
void cmd_history(struct app *app)
{
	struct ref ref;
	struct arena *arena = arena_new();
	struct buf filter;
	buf_init(&filter, 0);
	if (place(app, arena, "history", &ref)) {
		bool is_step = ref.kind == REF_STEP && ref.step && *ref.step;
		add_term(&filter, "source", ref.source);
		add_term(&filter, "pipeline", ref.pipeline);
		add_term(&filter, "step", is_step ? ref.step : NULL);
		if (ref.pipeline)
			open_list(app, is_step ? "steps" : "runs", &filter);
		else
			app_say(app, ROLE_DIM, "no history belongs to this: it is of no pipeline");
	}
	buf_fini(&filter);
	arena_free(arena);
}

/* --- several runs ----------------------------------------------------------------- */

enum { MOST_REFS = DIFF_MOST_RUNS };
_Static_assert((int)CURVES_MOST_RUNS <= (int)MOST_REFS, "as many runs fit a plot as a comparison");

/* What is marked, in the order of marking, or where the cursor is; only runs and steps. Returns how many. */
static size_t runs_meant(struct app *app, struct arena *arena, struct ref *out)
{
	const struct frame *frame = app_top(app);
	struct err err;
	size_t n = 0;
	for (size_t i = 0; i < frame->marks.n && n < MOST_REFS; i++)
		if (ref_parse(arena, str_of(frame->marks.refs[i]), &out[n], &err))
			n += out[n].kind == REF_RUN || out[n].kind == REF_STEP;
	if (!n && frame_place(frame, arena, &out[0]))
		n = (out[0].kind == REF_RUN || out[0].kind == REF_STEP) && out[0].run;
	return n;
}

void cmd_changes(struct app *app)
{
	struct ref refs[MOST_REFS];
	struct arena *arena = arena_new();
	size_t n = runs_meant(app, arena, refs);
	if (n)
		fit_kind(&refs[0]);
	if (n)
		app_push(app, frame_new_compare(app, refs, n));
	else
		app_say(app, ROLE_DIM, "runs and steps are compared: go to one, or mark several with Space");
	arena_free(arena);
}

void cmd_curves(struct app *app)
{
	struct ref refs[MOST_REFS];
	struct arena *arena = arena_new();
	size_t n = runs_meant(app, arena, refs);
	if (n)
		app_push(app, curves_open(app, refs, n));
	else
		app_say(app, ROLE_DIM, "runs have curves: go to one, or mark several with Space");
	arena_free(arena);
}

/* --- back ----------------------------------------------------------------------- */

/* A filter that was typed goes first, then the frame. */
void cmd_back(struct app *app)
{
	if (frame_drop_filter(app_top(app)))
		return;
	if (app->n_frames > 1)
		app_pop(app);
	else
		app_say(app, ROLE_DIM, "this is home; Q leaves the portal");
}

/* The view before this one, wherever it was: the same key again comes back here. Where the link was cut that
 * is what was on the screen then. */
void cmd_last(struct app *app)
{
	struct place last = app->last;
	if (app->offered.n) {
		struct session_places places = app->offered; /* going anywhere takes the offer back */
		app->offered = (struct session_places){0};
		session_restore(app, &places);
		session_places_fini(&places);
		return;
	}
	if (!last.view && !last.ref) {
		app_say(app, ROLE_DIM, "no other view was open yet");
		return;
	}
	if (app->n_frames > 1 && place_is_of(&last, app->frames[app->n_frames - 2])) {
		app_pop(app);
		return;
	}
	struct frame *frame = place_frame(app, &last);
	if (frame)
		app_push(app, frame); /* LAST is gone: its place is taken */
	else
		app_say(app, ROLE_DIM, "the last view cannot be opened again");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documentation in the portal: its links, the page of what is shown, the runbook of a problem. */
#include "client/base/mem.h"
#include "client/docs/markdown.h"
#include "client/triage/why.h"
#include "tui/cmd.h"
#include "tui/docs_desk.h"
#include "tui/widgets/document.h"
#include "tui/widgets/lines.h"
#include "views/evidence.h"
#include "views/lists.h"

static struct widget *page_of(const struct app *app)
{
	struct widget *widget = frame_widget(app_top(app));
	return widget && widget->ops == &document_widget ? widget : NULL;
}

static void next_link(struct app *app, int step)
{
	struct widget *widget = page_of(app);
	if (!widget || !document_next_link(widget, step))
		app_say(app, ROLE_DIM, "no links on this page");
}

void cmd_next_link(struct app *app)
{
	next_link(app, 1);
}

void cmd_previous_link(struct app *app)
{
	next_link(app, -1);
}

/* From page to page the object stays that the first one was filled in for. */
static bool follow_page(struct app *app, const char *target)
{
	struct ref ref;
	struct err err;
	const struct frame *frame = app_top(app);
	struct arena *arena = arena_new();
	bool is_page = ref_parse(arena, str_of(target), &ref, &err) && ref.kind == REF_DOC;
	if (is_page)
		app_push(app, frame_new_page(app, &ref, frame->others, frame->n_others));
	arena_free(arena);
	return is_page;
}

/* A web address of a source opens what it names; any other is shown, to be copied with `y`. */
void cmd_follow_link(struct app *app)
{
	struct err err;
	bool is_ref = false;
	struct widget *widget = page_of(app);
	const char *target = widget ? document_target(widget, &is_ref) : NULL;
	if (!target)
		app_say(app, ROLE_DIM, "Tab goes to a link");
	else if (follow_page(app, target))
		return;
	else if (!app_open_text(app, target, &err))
		app_say(app, ROLE_ERROR, "%s", err.msg);
}

/* --- did it help? ------------------------------------------------------------------ */

/* The name of the page that is shown; NULL: none is. */
static const char *shown_page(struct app *app)
{
	const struct frame *frame = app_top(app);
	return page_of(app) && frame->body.data ? frame->body.data->blocks[frame->focus].page.name : NULL;
}

static void vote(struct app *app, bool helped, const char *note)
{
	const char *page = shown_page(app);
	if (page)
		docs_desk_vote(app, page, helped, note);
}

void cmd_helped(struct app *app)
{
	vote(app, true, "");
}

static void take_note(struct app *app, const char *text)
{
	vote(app, false, text);
}

void cmd_did_not_help(struct app *app)
{
	if (shown_page(app))
		app_ask_line(app, "what is missing, or wrong? (may be empty) ", "", take_note);
}

/* --- the page of what is shown ----------------------------------------------------- */

/* "guide/views/runs": of a log, curves and what has no view of its own the page that says how they work. */
static const char *page_name(struct app *app, struct arena *arena)
{
	const struct frame *frame = app_top(app);
	const char *view = frame->pager	   ? "log"
			   : frame->curves ? "curves"
			   : frame->view   ? frame->view->name
					   : "keys";
	return arena_printf(arena, "guide/views/%s", view);
}

const char *cmd_page_of_view(struct app *app, struct arena *arena)
{
	return arena_printf(arena, "doc:%s", page_name(app, arena));
}

/* --- what the cursor is on ------------------------------------------------------------- */

/* The row with REF; n_rows: there is none. */
static size_t row_of(const struct table *table, const char *ref)
{
	size_t row = 0;
	for (; ref && row < table->result.n_rows; row++) {
		const char *own = result_text(&table->result, row, (size_t)table->ref_column);
		if (own && !strcmp(own, ref))
			return row;
	}
	return table->result.n_rows;
}

/* The state of a row, or what kind of problem it is, as a section of reference/states; NULL: it has none. */
static const char *state_under_cursor(const struct frame *frame)
{
	const struct block *block = frame_table(frame);
	const char *ref = frame_ref(frame);
	if (!block || block->table.ref_column < 0)
		return NULL;
	size_t row = row_of(&block->table, ref);
	if (row == block->table.result.n_rows)
		return NULL;
	if (str_starts(str_of(ref), STR("problem:")))
		return table_text(&block->table, row, "kind");
	const char *word = table_text(&block->table, row, "tool_state");
	bool is_blocked = word && !strcmp(word, "upstream_failed");
	return is_blocked ? "blocked" : table_text(&block->table, row, "state");
}

/* The label of the fact under the cursor, as a section of the view's page; NULL: it is on none. */
static const char *fact_under_cursor(const struct frame *frame, struct arena *arena)
{
	const struct widget *widget = frame_widget(frame);
	if (!widget || widget->ops != &facts_widget || !frame->view)
		return NULL;
	const struct block *block = &frame->body.data->blocks[frame->focus];
	size_t at = ((const struct lines *)widget)->cursor;
	if (at >= block->facts.n)
		return NULL;
	while (at > 0 && !*block->facts.facts[at].label) /* it goes on under the one before */
		at--;
	return markdown_slug(arena, str_of(block->facts.facts[at].label));
}

void cmd_page(struct app *app)
{
	const struct frame *frame = app_top(app);
	struct arena *arena = arena_new();
	const char *state = state_under_cursor(frame);
	struct ref page = {.kind = REF_DOC, .name = "reference/states", .section = state};
	if (!state)
		page = (struct ref){.kind = REF_DOC,
			.name = page_name(app, arena),
			.section = fact_under_cursor(frame, arena)};
	if (page_of(app))
		app_open_view(app, &view_docs, "");
	else if (frame->pager && frame->ref.step)
		cmd_runbook(app); /* what the log says is the error */
	else
		app_open_ref(app, &page);
	arena_free(arena);
}

/* --- runbooks ------------------------------------------------------------------------ */

struct runbook_job {
	const struct config *config;
	struct arena *arena;
	struct ref ref;	     /* a problem, or where it occurred */
	struct ref about[2]; /* what the page is filled in for */
	size_t n_about;
	const char *page; /* NULL: nobody wrote one */
	int64_t now_ms;
};

static bool of_problem(struct store *store, struct runbook_job *job, struct err *err)
{
	struct why why;
	int64_t id;
	if (!str_to_int(str_of(job->ref.name), 1, INT64_MAX, &id))
		return err_set(
			err, ERR_USAGE, "'problem:%s' is no problem: its id is a number", job->ref.name);
	if (!why_load(store, job->config, id, job->now_ms, job->arena, &why, err))
		return false;
	job->about[job->n_about++] = job->ref;
	if (why.place.pipeline)
		job->about[job->n_about++] = why.place;
	job->page = why.runbook;
	return true;
}

static bool of_step(struct store *store, struct runbook_job *job, struct err *err)
{
	struct evidence evidence;
	job->about[job->n_about++] = job->ref;
	if (!job->ref.run || !job->ref.step)
		return true;
	if (!evidence_load(store, &job->ref, job->arena, &evidence, err))
		return false;
	const char *text = evidence.cause ? evidence.cause : evidence.error;
	if (evidence.is_found && text)
		job->page = cause_runbook(job->config, cause_of("failed", NULL, text), text, job->ref.source,
			job->ref.pipeline);
	return true;
}

static bool run_runbook(struct store *store, void *ctx, struct err *err)
{
	struct runbook_job *job = ctx;
	return job->ref.kind == REF_PROBLEM ? of_problem(store, job, err) : of_step(store, job, err);
}

static void drop_runbook(void *ctx)
{
	struct runbook_job *job = ctx;
	arena_free(job->arena);
	x_free(job);
}

/* "runbooks/data-checks#late" as a ref. */
static struct ref page_ref(struct arena *arena, const char *page)
{
	struct str name = str_of(page);
	size_t hash = str_find(name, STR("#"), 0);
	bool has_section = hash != SIZE_MAX;
	return (struct ref){.kind = REF_DOC,
		.name = arena_dup(arena, str_slice(name, 0, has_section ? hash : name.n)),
		.section = has_section ? arena_dup(arena, str_slice(name, hash + 1, name.n)) : NULL};
}

static void runbook_found(void *ctx, void *result, const struct err *err)
{
	struct app *app = ctx;
	struct runbook_job *job = result;
	app->runbook_ticket = NULL;
	if (err) {
		app_say(app, ROLE_ERROR, "%s", err->msg);
	} else {
		struct ref page =
			page_ref(job->arena, job->page ? job->page : "guide/triage-at-night#no-runbook");
		app_push(app, frame_new_page(app, &page, job->about, job->n_about));
	}
	drop_runbook(job);
}

void cmd_runbook(struct app *app)
{
	static const struct store_job what = {
		.run = run_runbook, .done = runbook_found, .drop = drop_runbook};
	struct ref ref;
	struct arena *arena = arena_new();
	if (!cmd_ref(app, arena, &ref) || (ref.kind != REF_PROBLEM && !ref.pipeline)) {
		app_say(app, ROLE_DIM, "no runbook belongs to this: go to a problem, a run or a step");
		arena_free(arena);
		return;
	}
	struct runbook_job *job = x_new(struct runbook_job);
	*job = (struct runbook_job){.config = app->config, .arena = arena, .now_ms = clock_now_ms()};
	job->ref = ref_dup(arena, &ref); /* its texts may be the frame's */
	ticket_cancel(app->runbook_ticket);
	app->runbook_ticket = store_thread_run(app->store, &what, job, app);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/frame.h"

#include "client/base/mem.h"
#include "tui/app.h"
#include "tui/columns.h"
#include "tui/curves.h"
#include "tui/desk.h"
#include "tui/widgets/flow.h"
#include "views/lists.h"

enum {
	WIDE_COLUMNS = 150,
	LEAST_ROWS = 3, /* of a block that others press */
	MOST_FACTS = 8, /* facts are short: they are pressed last */
	GAP = 2,
	REST_MS = 150, /* without a key, until the preview follows */
	DIM_MS = 150,  /* until a person wonders whether the key was taken */
};

/* --- loading ------------------------------------------------------------- */

/* A view on its way through the store's thread; its texts are its own. */
struct load_job {
	const struct view_def *view;
	struct view_args args;
	struct arena *arena;
	struct view_data *data;
	struct frame *frame;
};

static bool run_load(struct store *store, void *ctx, struct err *err)
{
	struct load_job *job = ctx;
	job->data = view_load(store, job->view, &job->args, err);
	return job->data != NULL;
}

static void drop_load(void *ctx)
{
	struct load_job *job = ctx;
	view_data_free(job->data);
	arena_free(job->arena);
	x_free(job);
}

static void copy_others(struct load_job *job, const struct frame *frame)
{
	struct ref *others = arena_array(job->arena, struct ref, frame->n_others + 1);
	for (size_t i = 0; i < frame->n_others; i++)
		others[i] = ref_dup(job->arena, &frame->others[i]);
	job->args.others = others;
	job->args.n_others = frame->n_others;
}

static struct load_job *new_job(struct frame *frame, const struct view_def *view, const struct ref *ref)
{
	struct load_job *job = x_new(struct load_job);
	job->view = view;
	job->frame = frame;
	job->arena = arena_new();
	job->args = (struct view_args){.config = frame->app->config,
		.docs = frame->app->docs,
		.limit = frame->limit,
		.show_hidden = frame->show_hidden,
		.now_ms = clock_now_ms()};
	job->args.filter = arena_dupz(job->arena, frame->filter);
	job->args.sort = arena_dupz(job->arena, frame->sort);
	job->args.ref = ref_dup(job->arena, ref);
	copy_others(job, frame);
	return job;
}

static void pane_clear(struct pane *pane)
{
	ticket_cancel(pane->ticket);
	for (size_t i = 0; i < pane->n; i++)
		pane->widgets[i]->ops->free(pane->widgets[i]);
	view_data_free(pane->data);
	*pane = (struct pane){0};
}

/* The widget that showed the block of that name before, with what the person did to it; or a new one. */
static struct widget *take_widget(struct pane *pane, const struct block *block)
{
	const struct widget_ops *ops = widget_for(block->kind);
	for (size_t i = 0; i < pane->n; i++) {
		struct widget *widget = pane->widgets[i];
		if (!widget || widget->ops != ops || strcmp(pane->data->blocks[i].name, block->name))
			continue;
		pane->widgets[i] = NULL;
		return widget;
	}
	return ops->new ();
}

/* New data. A block may come or go between two loads: the others keep their widgets. */
static void pane_set(struct pane *pane, struct view_data *data)
{
	struct widget *widgets[FRAME_MOST_BLOCKS];
	size_t n = data->n_blocks < FRAME_MOST_BLOCKS ? data->n_blocks : FRAME_MOST_BLOCKS;
	for (size_t i = 0; i < n; i++) {
		widgets[i] = take_widget(pane, &data->blocks[i]);
		widgets[i]->ops->set(widgets[i], &data->blocks[i]);
	}
	for (size_t i = 0; i < pane->n; i++)
		if (pane->widgets[i])
			pane->widgets[i]->ops->free(pane->widgets[i]);
	memcpy(pane->widgets, widgets, n * sizeof *widgets);
	pane->n = n;
	view_data_free(pane->data);
	pane->data = data;
}

/* The block that gets the keys first: the last one with a cursor in it. */
static size_t first_focus(const struct pane *pane)
{
	for (size_t i = pane->n; i-- > 0;)
		if (pane->widgets[i]->ops->can_focus && pane->data->blocks[i].kind == BLOCK_TABLE)
			return i;
	return 0;
}

static void preview_loaded(void *ctx, void *result, const struct err *err)
{
	struct frame *frame = ctx;
	struct load_job *job = result;
	frame->preview.ticket = NULL;
	if (err) {
		pane_clear(&frame->preview); /* nothing is better than what belongs to another row */
	} else {
		pane_set(&frame->preview, job->data);
		job->data = NULL;
	}
	drop_load(job);
	app_dirty(frame->app);
}

static bool has_preview(const struct frame *frame)
{
	if (!frame->view || frame->view->kind == VIEW_OBJECT)
		return false;
	return frame->view->kind == VIEW_HOME || frame->app->grid.width >= WIDE_COLUMNS;
}

/* Documentation is read on the desk's thread: it is there while no catalogue can be had. */
static bool run_offline(void *ctx, struct err *err)
{
	return run_load(NULL, ctx, err);
}

static struct ticket *start_load(struct frame *frame, struct load_job *job, const struct store_job *at_store,
	const struct desk_job *at_desk)
{
	return job->view->is_offline ? desk_run(frame->app->desk, at_desk, job, frame)
				     : store_thread_run(frame->app->store, at_store, job, frame);
}

/* The preview follows the cursor: what it showed stays until the new is there. */
static void follow_preview(struct frame *frame)
{
	static const struct store_job at_store = {.run = run_load, .done = preview_loaded, .drop = drop_load};
	static const struct desk_job at_desk = {
		.run = run_offline, .done = preview_loaded, .drop = drop_load};
	struct widget *widget = frame_widget(frame);
	const char *text = has_preview(frame) && widget ? widget->ops->ref(widget) : NULL;
	if (!text || (frame->preview_ref && !strcmp(text, frame->preview_ref)))
		return;
	struct ref ref;
	struct err err;
	struct arena *arena = arena_new();
	const struct view_def *view =
		ref_parse(arena, str_of(text), &ref, &err) ? view_for_ref(ref.kind) : NULL;
	ticket_cancel(frame->preview.ticket);
	frame->preview.ticket = NULL;
	x_free(frame->preview_ref);
	frame->preview_ref = x_strdup(text);
	if (view) {
		struct load_job *job = new_job(frame, view, &ref);
		job->args.filter = "";
		job->args.sort = NULL;
		frame->preview.ticket = start_load(frame, job, &at_store, &at_desk);
	}
	arena_free(arena);
}

static void on_rest(void *ctx)
{
	struct frame *frame = ctx;
	frame->rest = NULL;
	follow_preview(frame);
}

/* Walking through a list costs the bar alone: the preview comes when the hand rests. */
static void follow_after_rest(struct frame *frame)
{
	loop_cancel(frame->rest);
	frame->rest = has_preview(frame) ? loop_after(frame->app->loop, REST_MS, on_rest, frame) : NULL;
}

static void forget_news(struct frame *frame)
{
	for (size_t i = 0; frame->is_asked_anew && i < frame->body.n; i++)
		if (frame->body.widgets[i]->ops->forget_news)
			frame->body.widgets[i]->ops->forget_news(frame->body.widgets[i]);
	frame->is_asked_anew = false;
}

/* The block called NAME (they are literals) keeps the keys, wherever it stands now. */
static void keep_focus(struct frame *frame, const char *name)
{
	for (size_t i = 0; name && i < frame->body.n; i++)
		if (!strcmp(frame->body.data->blocks[i].name, name)) {
			frame->focus = i;
			return;
		}
	frame->focus = first_focus(&frame->body);
}

static void end_waiting(struct frame *frame)
{
	loop_cancel(frame->dim);
	frame->dim = NULL;
	frame->is_dim = false;
}

/* What belongs to the rows and not to the answer: marks, and where a person comes back to. */
static void settle_rows(struct frame *frame)
{
	for (size_t i = 0; i < frame->body.n; i++)
		if (frame->body.widgets[i]->ops->set_marks)
			frame->body.widgets[i]->ops->set_marks(frame->body.widgets[i], &frame->marks);
	if (!frame->seek)
		return;
	char *ref = frame->seek;
	frame->seek = NULL;
	for (size_t i = 0; i < frame->body.n; i++) {
		struct widget *widget = frame->body.widgets[i];
		if (widget->ops->can_focus && widget->ops->seek && widget->ops->seek(widget, ref)) {
			frame->focus = i;
			break;
		}
	}
	x_free(ref);
}

static void body_loaded(void *ctx, void *result, const struct err *err)
{
	struct frame *frame = ctx;
	struct load_job *job = result;
	frame->body.ticket = NULL;
	end_waiting(frame);
	if (err) {
		frame->err = *err;
	} else {
		const char *name = frame_widget(frame) ? frame->body.data->blocks[frame->focus].name : NULL;
		err_clear(&frame->err);
		columns_use(frame->app->columns, frame->view, frame->columns, job->data);
		pane_set(&frame->body, job->data);
		job->data = NULL;
		forget_news(frame);
		keep_focus(frame, name);
		settle_rows(frame);
		x_free(frame->preview_ref); /* its object may have changed too */
		frame->preview_ref = NULL;
		follow_preview(frame);
	}
	drop_load(job);
	app_dirty(frame->app);
}

void frame_resized(struct frame *frame)
{
	if (frame->body.data) /* there may be room for a preview now */
		follow_preview(frame);
}

void frame_reload(struct frame *frame)
{
	static const struct store_job at_store = {.run = run_load, .done = body_loaded, .drop = drop_load};
	static const struct desk_job at_desk = {.run = run_offline, .done = body_loaded, .drop = drop_load};
	if (!frame->view)
		return;
	ticket_cancel(frame->body.ticket);
	frame->body.ticket = start_load(frame, new_job(frame, frame->view, &frame->ref), &at_store, &at_desk);
}

static void on_long(void *ctx)
{
	struct frame *frame = ctx;
	frame->dim = NULL;
	frame->is_dim = true;
	app_dirty(frame->app);
}

void frame_ask(struct frame *frame)
{
	frame->is_asked_anew = true;
	frame_reload(frame);
	if (frame->body.ticket && !frame->dim && !frame->is_dim)
		frame->dim = loop_after(frame->app->loop, DIM_MS, on_long, frame);
}

bool frame_is_loading(const struct frame *frame)
{
	return frame->body.ticket || frame->preview.ticket || frame->rest || frame->log_ticket ||
	       (frame->log && !frame->is_log_over && !frame->is_opened) || curves_are_loading(frame->curves);
}

static struct frame *new_frame(struct app *app, const struct ref *ref)
{
	struct frame *frame = x_new(struct frame);
	frame->app = app;
	frame->arena = arena_new();
	frame->filter = x_strdup("");
	frame->limit = APP_LIST_ROWS;
	if (ref)
		frame->ref = ref_dup(frame->arena, ref);
	return frame;
}

struct frame *frame_new(
	struct app *app, const struct view_def *view, const struct ref *ref, const char *filter)
{
	struct frame *frame = new_frame(app, ref);
	frame->view = view;
	x_free(frame->filter);
	frame->filter = x_strdup(filter);
	frame->own_filter = arena_dupz(frame->arena, filter);
	frame_reload(frame);
	return frame;
}

struct frame *frame_new_sorted(
	struct app *app, const struct view_def *view, const char *filter, const char *sort, bool show_hidden)
{
	struct frame *frame = new_frame(app, NULL);
	frame->view = view;
	x_free(frame->filter);
	frame->filter = x_strdup(filter);
	frame->own_filter = view->kind == VIEW_HOME ? "" : arena_dupz(frame->arena, filter);
	frame->sort = sort ? x_strdup(sort) : NULL;
	frame->show_hidden = show_hidden;
	frame_reload(frame);
	return frame;
}

void frame_set_sort(struct frame *frame, const char *sort)
{
	char *copy = sort ? x_strdup(sort) : NULL; /* SORT may be what is freed here */
	x_free(frame->sort);
	frame->sort = copy;
	frame_ask(frame);
}

void frame_seek(struct frame *frame, const char *ref)
{
	x_free(frame->seek);
	frame->seek = x_strdup(ref);
	if (!frame->body.ticket && frame->body.data)
		settle_rows(frame);
}

bool frame_toggle_mark(struct frame *frame)
{
	struct widget *widget = frame_widget(frame);
	const char *ref = widget && widget->ops->set_marks ? widget->ops->ref(widget) : NULL;
	return ref && marks_toggle(&frame->marks, ref);
}

struct block *frame_table(const struct frame *frame)
{
	bool has_one = frame->view && frame->focus < frame->body.n &&
		       frame->body.data->blocks[frame->focus].kind == BLOCK_TABLE;
	return has_one ? &frame->body.data->blocks[frame->focus] : NULL;
}

void frame_use_columns(struct frame *frame)
{
	struct block *block = frame_table(frame);
	if (!block)
		return;
	columns_use(frame->app->columns, frame->view, frame->columns, frame->body.data);
	frame_widget(frame)->ops->set(frame_widget(frame), block);
	app_dirty(frame->app);
}

void frame_set_filter(struct frame *frame, const char *filter)
{
	char *copy = x_strdup(filter); /* FILTER may be what is freed here */
	x_free(frame->filter);
	frame->filter = copy;
	frame->limit = APP_LIST_ROWS;
	frame_ask(frame);
}

bool frame_drop_filter(struct frame *frame)
{
	if (!frame->own_filter || !strcmp(frame->filter, frame->own_filter))
		return false;
	frame_set_filter(frame, frame->own_filter);
	return true;
}

struct frame *frame_new_compare(struct app *app, const struct ref *refs, size_t n)
{
	struct frame *frame = new_frame(app, &refs[0]);
	frame->view = &view_compare;
	frame->others = arena_array(frame->arena, struct ref, n);
	for (size_t i = 1; i < n; i++)
		frame->others[frame->n_others++] = ref_dup(frame->arena, &refs[i]);
	frame_reload(frame);
	return frame;
}

struct frame *frame_new_page(struct app *app, const struct ref *page, const struct ref *about, size_t n)
{
	struct frame *frame = new_frame(app, page);
	frame->view = &view_doc;
	frame->others = arena_array(frame->arena, struct ref, n + 1);
	for (size_t i = 0; i < n; i++)
		frame->others[frame->n_others++] = ref_dup(frame->arena, &about[i]);
	frame_reload(frame);
	return frame;
}

struct frame *frame_new_empty(struct app *app, const struct ref *ref)
{
	return new_frame(app, ref);
}

void frame_show(struct frame *frame, struct view_data *data)
{
	pane_set(&frame->body, data);
	app_dirty(frame->app);
}

struct frame *frame_new_static(struct app *app, struct view_data *data)
{
	struct frame *frame = new_frame(app, NULL);
	pane_set(&frame->body, data);
	return frame;
}

void frame_free(struct frame *frame)
{
	pane_clear(&frame->body);
	pane_clear(&frame->preview);
	end_waiting(frame);
	loop_cancel(frame->rest);
	curves_free(frame->curves);
	marks_clear(&frame->marks);
	ticket_cancel(frame->log_ticket);
	live_log_close(frame->log);
	if (frame->pager)
		pager_free(frame->pager);
	mask_fini(&frame->mask);
	log_target_free(frame->target);
	arena_free(frame->arena);
	x_free(frame->preview_ref);
	x_free(frame->seek);
	x_free(frame->columns);
	x_free(frame->log_title);
	x_free(frame->filter);
	x_free(frame->sort);
	x_free(frame);
}

/* --- logs ---------------------------------------------------------------- */

struct find_log_job {
	const struct config *config;
	struct arena *arena;
	struct ref ref;
	struct log_target *target;
};

static bool run_find_log(struct store *store, void *ctx, struct err *err)
{
	struct find_log_job *job = ctx;
	job->target = log_target_find(store, job->config, &job->ref, err);
	return job->target != NULL;
}

static void drop_find_log(void *ctx)
{
	struct find_log_job *job = ctx;
	log_target_free(job->target);
	arena_free(job->arena);
	x_free(job);
}

static void log_grown(void *ctx)
{
	struct frame *frame = ctx;
	struct err err;
	int64_t line = frame->target->n_causes ? frame->target->causes[0] : 0;
	if (frame->is_opened)
		pager_refresh(frame->pager);
	else if (pager_open(frame->pager, live_log_path(frame->log), line, &err))
		frame->is_opened = true;
	app_dirty(frame->app);
}

static void log_done(void *ctx, bool complete, const struct err *err)
{
	struct frame *frame = ctx;
	(void)complete;
	log_grown(frame);
	if (err)
		frame->log_err = *err;
	else if (!frame->is_opened)
		err_set(&frame->log_err, ERR_NOT_FOUND, "the log is empty, or not written yet");
	/* a cause further down than what was there when the file was opened */
	if (frame->is_opened && frame->target->n_causes)
		pager_set_causes(frame->pager, frame->target->causes, frame->target->n_causes);
	frame->is_log_over = true;
}

/* The text that L shows in the place of the log. */
static void take_excerpt(struct frame *frame)
{
	if (frame->target->excerpt)
		pane_set(&frame->body, frame->target->excerpt);
	frame->target->excerpt = NULL;
}

bool frame_toggle_excerpt(struct frame *frame)
{
	frame->is_excerpt = !frame->is_excerpt && frame->body.data;
	return frame->is_excerpt;
}

static void log_found(void *ctx, void *result, const struct err *err)
{
	static const struct live_log_ops ops = {.grown = log_grown, .done = log_done};
	struct frame *frame = ctx;
	struct find_log_job *job = result;
	frame->log_ticket = NULL;
	if (err) {
		frame->log_err = *err;
	} else {
		frame->target = job->target;
		job->target = NULL;
		const struct ref *ref = &frame->target->ref;
		take_excerpt(frame);
		x_free(frame->log_title);
		frame->log_title = x_printf("%s ▸ %s%s%s ▸ log, try %lld", ref->pipeline, ref->step,
			ref->index ? " " : "", ref->index ? ref->index : "", (long long)ref->attempt);
		pager_set_causes(frame->pager, frame->target->causes, frame->target->n_causes);
		const struct config *config = frame->app->config;
		if (mask_init(&frame->mask, config->mask, config->n_mask, &frame->log_err))
			frame->log = live_log_open(frame->app->loop, config, ref, true, &ops, frame);
	}
	drop_find_log(job);
	app_dirty(frame->app);
}

static void pager_changed(void *ctx)
{
	struct frame *frame = ctx;
	app_dirty(frame->app);
}

struct frame *frame_new_log(struct app *app, const struct ref *ref)
{
	static const struct store_job what = {.run = run_find_log, .done = log_found, .drop = drop_find_log};
	struct frame *frame = new_frame(app, ref);
	frame->pager = pager_new();
	pager_set_mask(frame->pager, &frame->mask);
	pager_use_loop(frame->pager, app->loop, pager_changed, frame);
	frame->log_title = x_strdup("log");
	struct find_log_job *job = x_new(struct find_log_job);
	job->config = app->config;
	job->arena = arena_new();
	job->ref = ref_dup(job->arena, ref);
	frame->log_ticket = store_thread_run(app->store, &what, job, frame);
	return frame;
}

/* --- keys ---------------------------------------------------------------- */

bool frame_has_pager(const struct frame *frame)
{
	return frame->pager && !frame->is_excerpt;
}

struct widget *frame_widget(const struct frame *frame)
{
	return frame->focus < frame->body.n ? frame->body.widgets[frame->focus] : NULL;
}

const char *frame_ref(const struct frame *frame)
{
	struct widget *widget = frame_widget(frame);
	return widget ? widget->ops->ref(widget) : NULL;
}

/* Where the problem REF_TEXT of TABLE occurred last. */
static bool place_of(const struct table *table, const char *ref_text, struct ref *out)
{
	size_t row = 0, n = table->result.n_rows;
	while (row < n && strcmp(table_text(table, row, "ref"), ref_text))
		row++;
	if (row == n)
		return false;
	*out = (struct ref){.kind = REF_STEP,
		.source = table_text(table, row, "source"),
		.pipeline = table_text(table, row, "pipeline"),
		.run = table_text(table, row, "run"),
		.step = table_text(table, row, "step"),
		.index = table_text(table, row, "index")};
	return true;
}

/* The first fact that leads somewhere: of a problem that is where it occurred. */
static const char *first_link(const struct view_data *data)
{
	for (size_t i = 0; data && i < data->n_blocks; i++)
		for (size_t k = 0; data->blocks[i].kind == BLOCK_FACTS && k < data->blocks[i].facts.n; k++)
			if (data->blocks[i].facts.facts[k].line.ref)
				return data->blocks[i].facts.facts[k].line.ref;
	return NULL;
}

bool frame_place_of(const struct frame *frame, struct arena *arena, const char *ref, struct ref *out)
{
	struct err err;
	bool is_problem = str_starts(str_of(ref), STR("problem:"));
	if (is_problem && frame->view && frame->view->list == &list_problems)
		return place_of(&frame->body.data->blocks[frame->focus].table, ref, out);
	return ref_parse(arena, str_of(ref), out, &err);
}

bool frame_place(const struct frame *frame, struct arena *arena, struct ref *out)
{
	const char *text = frame_ref(frame);
	if (!text && frame->view && frame->view->kind == VIEW_OBJECT) {
		*out = frame->ref;
		text = frame->ref.kind == REF_PROBLEM ? first_link(frame->body.data) : NULL;
		if (!text)
			return true;
	}
	return text && frame_place_of(frame, arena, text, out);
}

const struct view_data *frame_preview(const struct frame *frame)
{
	const char *ref = frame_ref(frame);
	bool is_its = ref && frame->preview_ref && !strcmp(ref, frame->preview_ref) && !frame->preview.ticket;
	return is_its ? frame->preview.data : NULL;
}

bool frame_next_focus(struct frame *frame, int step)
{
	size_t before = frame->focus;
	for (size_t tried = 0; tried < frame->body.n; tried++) {
		frame->focus = (frame->focus + frame->body.n + (size_t)(step > 0 ? 1 : frame->body.n - 1)) %
			       frame->body.n;
		if (frame->body.widgets[frame->focus]->ops->can_focus)
			break;
	}
	return frame->focus != before;
}

enum hit frame_point(struct frame *frame, int x, int y, const char **key)
{
	for (size_t i = 0; i < frame->body.n; i++) {
		struct widget *widget = frame->body.widgets[i];
		if (!widget->ops->can_focus || !widget->ops->point)
			continue;
		enum hit hit = widget->ops->point(widget, frame->body.rects[i], x, y, key);
		if (hit == HIT_NOTHING)
			continue;
		frame->focus = i;
		follow_preview(frame);
		return hit;
	}
	return HIT_NOTHING;
}

static bool wants_more(const struct frame *frame)
{
	const struct block *block = &frame->body.data->blocks[frame->focus];
	return frame->view && !frame->body.ticket && block->kind == BLOCK_TABLE && block->table.has_more;
}

void frame_move(struct frame *frame, enum move move)
{
	int rows = frame->focus < FRAME_MOST_BLOCKS ? frame->body.heights[frame->focus] : 0;
	if (frame_has_pager(frame)) {
		pager_move(frame->pager, move, frame->app->grid.height - 4);
		return;
	}
	struct widget *widget = frame_widget(frame);
	if (!widget)
		return;
	bool has_moved = widget->ops->move(widget, move, rows > 1 ? rows : 1);
	bool is_down =
		move == MOVE_DOWN || move == MOVE_HALF_DOWN || move == MOVE_PAGE_DOWN || move == MOVE_END;
	if (is_down && (!has_moved || move == MOVE_END) && wants_more(frame)) {
		frame->limit = 2 * (int64_t)frame->body.data->blocks[frame->focus].table.result.n_rows;
		frame_reload(frame);
	}
	follow_after_rest(frame);
}

/* --- drawing ------------------------------------------------------------- */

static int title_rows(const struct block *block)
{
	return block->title ? 1 : 0;
}

/* Takes rows from the others, the largest first, until the block with the keys has its own. */
static void press(struct pane *pane, size_t focus, int missing)
{
	for (; missing > 0; missing--) {
		size_t largest = focus;
		for (size_t i = 0; i < pane->n; i++)
			if (i != focus && (largest == focus || pane->heights[i] > pane->heights[largest]))
				largest = i;
		if (largest == focus || !pane->heights[largest])
			return;
		pane->heights[largest]--;
	}
}

/* Gives the LEFT rows out in turns, to the block with the keys twice as many, until each has what it likes.
 */
static void share_left(struct pane *pane, size_t focus, const int *natural, int left)
{
	bool wants_more = true;
	while (left > 0 && wants_more) {
		wants_more = false;
		for (size_t i = 0; i < pane->n && left > 0; i++) {
			int more = natural[i] - pane->heights[i], most = i == focus ? 2 : 1;
			more = more < most ? more : most;
			more = more < left ? more : left;
			pane->heights[i] += more;
			left -= more;
			wants_more |= more > 0;
		}
	}
}

/* Shares HEIGHT among the blocks: each as much as it likes where there is room; else each keeps a few rows as
 * long as the one with the keys has its own. */
static void share_height(
	struct pane *pane, size_t focus, bool has_keys, struct rect rect, const struct format *format)
{
	int natural[FRAME_MOST_BLOCKS], sum = 0;
	for (size_t i = 0; i < pane->n; i++) {
		natural[i] = pane->widgets[i]->ops->height(pane->widgets[i], rect.width, format);
		bool is_facts = pane->data->blocks[i].kind == BLOCK_FACTS;
		int least = is_facts ? MOST_FACTS : LEAST_ROWS;
		pane->heights[i] = natural[i] < least ? natural[i] : least;
		sum += pane->heights[i] + title_rows(&pane->data->blocks[i]);
	}
	if (has_keys)
		press(pane, focus, sum - rect.height);
	share_left(pane, focus, natural, rect.height - sum);
}

static void draw_pane(struct pane *pane, struct grid *grid, struct rect rect, const struct format *format,
	size_t focus, bool has_keys)
{
	share_height(pane, focus, has_keys, rect, format);
	int y = rect.y, bottom = rect.y + rect.height;
	for (size_t i = 0; i < pane->n && y < bottom; i++) {
		const struct block *block = &pane->data->blocks[i];
		if (block->title)
			grid_rule(grid, (struct rect){rect.x, y++, rect.width, 1}, str_of(block->title));
		int rows = pane->heights[i] < bottom - y ? pane->heights[i] : bottom - y;
		if (rows > 0)
			pane->widgets[i]->ops->draw(pane->widgets[i], grid,
				(struct rect){rect.x, y, rect.width, rows}, format, has_keys && i == focus);
		pane->heights[i] = rows;
		pane->rects[i] = (struct rect){rect.x, y, rect.width, rows};
		y += rows;
	}
}

/* In a preview the facts are short, and then the log fills the rest. */
static size_t first_text(const struct pane *pane)
{
	for (size_t i = 0; i < pane->n; i++)
		if (pane->data->blocks[i].kind == BLOCK_TEXT)
			return i;
	return 0;
}

/* A list beside or above what the cursor is on. */
static void draw_with_preview(struct frame *frame, struct grid *grid, struct rect rect)
{
	const struct format *format = &frame->app->format;
	struct pane *preview = &frame->preview;
	struct rect list = rect, side = rect;
	if (frame->view->kind == VIEW_HOME) {
		int wanted = 0;
		for (size_t i = 0; i < frame->body.n; i++)
			wanted += frame->body.widgets[i]->ops->height(
					  frame->body.widgets[i], rect.width, format) +
				  title_rows(&frame->body.data->blocks[i]);
		int most = rect.height * 2 / 5;
		list.height = wanted < most ? wanted + 1 : most;
		side.y += list.height;
		side.height -= list.height;
	} else {
		list.width = rect.width * 11 / 20;
		side.x += list.width + GAP;
		side.width -= list.width + GAP;
	}
	draw_pane(&frame->body, grid, list, format, frame->focus, true);
	if (frame->is_dim)
		grid_paint(grid, list, ROLE_DIM);
	if (preview->data)
		draw_pane(preview, grid, side, format, first_text(preview), false);
}

static void draw_nothing(const struct frame *frame, struct grid *grid, struct rect rect)
{
	const struct err *err = frame->err.code ? &frame->err : frame->log_err.code ? &frame->log_err : NULL;
	if (err) {
		struct flow flow; /* what, where, what to do: none of it may be cut */
		flow_init_text(&flow, str_of(err->msg), ROLE_ERROR);
		int rows = flow_draw(&flow, grid,
			(struct rect){rect.x + 2, rect.y + 1, rect.width - 2, rect.height - 1}, NULL);
		flow_fini(&flow);
		grid_put(grid, rect.x + 2, rect.y + 2 + rows, rect.width - 2,
			frame->pager && frame->body.data ? STR("L shows what was kept of it, q goes back")
			: frame->pager			 ? STR("q goes back")
			: frame == frame->app->frames[0] ? STR("^L tries again")
							 : STR("^L tries again, q goes back"),
			ROLE_DIM);
	} else {
		grid_put(grid, rect.x + 2, rect.y + 1, rect.width - 2, STR("loading…"), ROLE_DIM);
	}
}

static void draw_body(struct frame *frame, struct grid *grid, struct rect rect)
{
	draw_pane(&frame->body, grid, rect, &frame->app->format, frame->focus, true);
	if (frame->is_dim)
		grid_paint(grid, rect, ROLE_DIM);
}

void frame_draw(struct frame *frame, struct grid *grid, struct rect rect)
{
	if (frame_has_pager(frame) && frame->is_opened)
		pager_draw(frame->pager, grid, rect, &frame->app->format);
	else if (frame_has_pager(frame) || !frame->body.data)
		draw_nothing(frame, grid, rect);
	else if (has_preview(frame) && frame->preview_ref)
		draw_with_preview(frame, grid, rect);
	else
		draw_body(frame, grid, rect);
}

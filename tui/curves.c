/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/curves.h"

#include "client/base/mem.h"
#include "client/catalogue/find.h"
#include "client/live/series.h"
#include "tui/app.h"
#include "tui/desk.h"
#include "tui/widgets/plot.h"
#include "views/plot.h"

#include <unistd.h>

/* Points come by the thousand: the plot is made anew this often at most. */
enum { SHOW_MS = 100, MOST_FOLDER = 4096 };

/* One run whose curves are read. */
struct curve_run {
	struct curves *curves;
	struct ref ref;
	size_t index; /* in the points */
	struct live_series *series;
	bool is_over;
};

struct curves {
	struct frame *frame;
	struct arena *arena;
	struct plot_points *points;
	struct curve_run runs[CURVES_MOST_RUNS];
	size_t n_runs;
	char *metric; /* heap; what is shown, NULL: none has come */
	struct ticket *ticket;
	struct loop_timer *timer;
	bool is_shown;
	bool is_chosen; /* by a person: then it stays, whatever else comes */
};

bool curves_are_loading(const struct curves *c)
{
	size_t over = 0;
	for (size_t i = 0; c && i < c->n_runs; i++)
		over += c->runs[i].is_over;
	return c && (c->ticket || c->timer || (over < c->n_runs && !c->is_shown));
}

/* --- showing -------------------------------------------------------------------- */

static size_t count_metrics(const char *const *metrics)
{
	size_t n = 0;
	while (metrics[n])
		n++;
	return n;
}

static size_t place_of(const char *const *metrics, const char *metric)
{
	size_t i = 0;
	while (metrics[i] && strcmp(metrics[i], metric) != 0)
		i++;
	return metrics[i] ? i : 0;
}

/* What a person looks at first: the loss, else what came first. */
static const char *first_metric(const char *const *metrics)
{
	for (size_t i = 0; metrics[i]; i++)
		if (str_has(str_of(metrics[i]), STR("loss")))
			return metrics[i];
	return metrics[0];
}

static void set_metric(struct curves *c, const char *metric, bool is_chosen)
{
	c->is_chosen |= is_chosen;
	char *copy = x_strdup(metric);
	x_free(c->metric);
	c->metric = copy;
}

static void show(struct curves *c)
{
	const char *const *metrics = plot_points_metrics(c->points);
	size_t n = count_metrics(metrics);
	if (!n)
		return;
	if (!c->is_chosen)
		set_metric(c, first_metric(metrics), false);
	struct view_data *data = plot_view(c->points, c->metric);
	data->summary = n == 1 ? c->metric
			       : arena_printf(data->arena, "%s · metric %zu of %zu, Tab goes to the next",
					 c->metric, place_of(metrics, c->metric) + 1, n);
	data->as_of_ms = TIME_NONE;
	c->is_shown = true;
	err_clear(&c->frame->err);
	frame_show(c->frame, data);
}

static void on_show(void *ctx)
{
	struct curves *c = ctx;
	c->timer = NULL;
	show(c);
}

static void show_soon(struct curves *c)
{
	if (!c->timer)
		c->timer = loop_after(c->frame->app->loop, c->is_shown ? SHOW_MS : 0, on_show, c);
}

/* --- reading -------------------------------------------------------------------- */

static void got_point(void *ctx, const struct source_point *point)
{
	struct curve_run *run = ctx;
	plot_points_add(run->curves->points, run->index, point);
	show_soon(run->curves);
}

static void run_over(void *ctx, const struct err *err)
{
	struct curve_run *run = ctx;
	struct curves *c = run->curves;
	bool has_points = plot_points_metrics(c->points)[0] != NULL;
	run->is_over = true;
	if (err && has_points)
		app_say(c->frame->app, ROLE_LATE, "%s: %s", run->ref.run, err->msg);
	else if (err)
		c->frame->err = *err;
	else if (!has_points)
		err_set(&c->frame->err, ERR_NOT_FOUND, "'%s' has reported no metric with a history",
			run->ref.run);
	app_dirty(c->frame->app);
}

/* When each run ended: what has ended is kept on the disk. */
struct ended_job {
	struct arena *arena;
	struct ref refs[CURVES_MOST_RUNS];
	int64_t ended_ms[CURVES_MOST_RUNS];
	size_t n;
};

static bool run_ended(struct store *store, void *ptr, struct err *err)
{
	struct ended_job *job = ptr;
	for (size_t i = 0; i < job->n; i++) {
		struct found found;
		struct result row;
		if (!find_ref(store, &job->refs[i], &found, err))
			return false;
		const struct value id = value_int(found.run_id);
		if (!store_query(
			    store, "SELECT ended_ms FROM run WHERE id = $1", &id, 1, job->arena, &row, err))
			return false;
		job->ended_ms[i] = row.n_rows ? result_ms(&row, 0, 0) : TIME_NONE;
	}
	return true;
}

static void drop_ended(void *ptr)
{
	struct ended_job *job = ptr;
	arena_free(job->arena);
	x_free(job);
}

static void start_run(struct curve_run *run, int64_t ended_ms)
{
	static const struct live_series_ops ops = {.point = got_point, .done = run_over};
	const struct app *app = run->curves->frame->app;
	const struct live_series_want want = {.run = &run->ref, .ended_ms = ended_ms};
	run->series = live_series_open(app->loop, app->config, &want, &ops, run);
}

static void ended_known(void *ctx, void *ptr, const struct err *err)
{
	struct curves *c = ctx;
	struct ended_job *job = ptr;
	c->ticket = NULL;
	if (err)
		c->frame->err = *err;
	for (size_t i = 0; i < c->n_runs; i++)
		if (err)
			c->runs[i].is_over = true;
		else
			start_run(&c->runs[i], job->ended_ms[i]);
	drop_ended(job);
	app_dirty(c->frame->app);
}

static void ask_ended(struct curves *c)
{
	static const struct store_job what = {.run = run_ended, .done = ended_known, .drop = drop_ended};
	struct ended_job *job = x_new(struct ended_job);
	job->arena = arena_new();
	for (size_t i = 0; i < c->n_runs; i++)
		job->refs[job->n++] = ref_dup(job->arena, &c->runs[i].ref);
	c->ticket = store_thread_run(c->frame->app->store, &what, job, c);
}

/* --- life ----------------------------------------------------------------------- */

static void add_run(struct curves *c, const struct ref *ref)
{
	struct buf text;
	struct curve_run *run = &c->runs[c->n_runs++];
	*run = (struct curve_run){.curves = c, .ref = ref_dup(c->arena, ref)};
	run->ref.kind = REF_RUN;
	run->ref.step = run->ref.index = NULL;
	run->ref.attempt = 0;
	buf_init(&text, 0);
	ref_add(&text, &run->ref);
	run->index = plot_points_add_run(c->points, run->ref.run, text.p);
	buf_fini(&text);
}

struct frame *curves_open(struct app *app, const struct ref *refs, size_t n)
{
	struct curves *c = x_new(struct curves);
	c->frame = frame_new_empty(app, &refs[0]);
	c->frame->curves = c;
	c->arena = arena_new();
	c->points = plot_points_new();
	for (size_t i = 0; i < n && i < CURVES_MOST_RUNS; i++)
		add_run(c, &refs[i]);
	ask_ended(c);
	return c->frame;
}

void curves_add_refs(const struct curves *c, struct buf *out)
{
	for (size_t i = 0; i < c->n_runs; i++) {
		buf_addz(out, i ? " " : "");
		ref_add(out, &c->runs[i].ref);
	}
}

void curves_free(struct curves *c)
{
	if (!c)
		return;
	ticket_cancel(c->ticket);
	loop_cancel(c->timer);
	for (size_t i = 0; i < c->n_runs; i++)
		live_series_close(c->runs[i].series);
	plot_points_free(c->points);
	arena_free(c->arena);
	x_free(c->metric);
	x_free(c);
}

/* --- keys ----------------------------------------------------------------------- */

static void step_metric(struct app *app, size_t step)
{
	struct curves *c = app_top(app)->curves;
	const char *const *metrics = plot_points_metrics(c->points);
	size_t n = count_metrics(metrics);
	if (n < 2) {
		app_say(app, ROLE_DIM, n ? "it has only this metric" : "no metric has come yet");
		return;
	}
	set_metric(c, metrics[(place_of(metrics, c->metric) + n + step) % n], true);
	show(c);
}

void curves_next_metric(struct app *app)
{
	step_metric(app, 1);
}

void curves_previous_metric(struct app *app)
{
	step_metric(app, (size_t)-1);
}

static void take(struct app *app, const struct menu *menu, size_t item)
{
	struct curves *c = app_top(app)->curves;
	set_metric(c, menu->items[item].title, true);
	show(c);
}

void curves_choose_metric(struct app *app)
{
	static const struct menu_ops ops = {.take = take};
	struct curves *c = app_top(app)->curves;
	const char *const *metrics = plot_points_metrics(c->points);
	size_t n = count_metrics(metrics);
	if (!n) {
		app_say(app, ROLE_DIM, "no metric has come yet");
		return;
	}
	struct menu menu = {.ops = &ops,
		.arena = arena_new(),
		.title = "metrics",
		.footer = "Enter shows it   Esc back",
		.selected = c->metric ? place_of(metrics, c->metric) : 0};
	menu.items = arena_array(menu.arena, struct menu_item, n);
	for (; menu.n < n; menu.n++)
		menu.items[menu.n] =
			(struct menu_item){.title = arena_dupz(menu.arena, metrics[menu.n]), .hint = ""};
	menu_open(app, &menu);
}

/* The plot, once there is one. */
static void with_plot(struct app *app, void (*change)(struct widget *widget))
{
	struct widget *widget = frame_widget(app_top(app));
	if (widget)
		change(widget);
	else
		app_say(app, ROLE_DIM, "no metric has come yet");
}

void curves_next_x(struct app *app)
{
	with_plot(app, plot_next_x);
}

void curves_toggle_log(struct app *app)
{
	with_plot(app, plot_toggle_log);
}

void curves_next_smoothing(struct app *app)
{
	with_plot(app, plot_next_smoothing);
}

void curves_toggle_values(struct app *app)
{
	with_plot(app, plot_toggle_values);
}

/* --- as a file -------------------------------------------------------------------- */

struct csv_job {
	struct view_data *data; /* a copy of its own */
	struct buf path;
	char folder[MOST_FOLDER];
};

static void drop_csv(void *ptr)
{
	struct csv_job *job = ptr;
	view_data_free(job->data);
	buf_fini(&job->path);
	x_free(job);
}

static bool run_csv(void *ptr, struct err *err)
{
	struct csv_job *job = ptr;
	return plot_csv_write(&job->data->blocks[0].plot, job->folder, &job->path, err);
}

static void csv_written(void *ctx, void *ptr, const struct err *err)
{
	struct csv_job *job = ptr;
	if (err)
		app_say(ctx, ROLE_ERROR, "%s", err->msg);
	else
		app_say(ctx, ROLE_SUCCESS, "written: %s", job->path.p);
	drop_csv(job);
}

/* Into the folder that the portal was started in. */
void curves_write_csv(struct app *app)
{
	static const struct desk_job what = {.run = run_csv, .done = csv_written, .drop = drop_csv};
	struct curves *c = app_top(app)->curves;
	if (!c->metric) {
		app_say(app, ROLE_DIM, "no metric has come yet");
		return;
	}
	struct csv_job *job = x_new(struct csv_job);
	buf_init(&job->path, 0);
	if (!getcwd(job->folder, sizeof job->folder)) {
		app_say(app, ROLE_ERROR, "the folder that this was started in is gone");
		drop_csv(job);
		return;
	}
	job->data = plot_view(c->points, c->metric);
	desk_run(app->desk, &what, job, app);
}

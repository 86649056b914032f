/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that ask a source while a person waits: `series`, `artifacts`. */
#include "client/base/clean.h"
#include "client/base/mem.h"
#include "client/catalogue/find.h"
#include "client/live/artifact.h"
#include "client/live/series.h"
#include "tui/cli.h"
#include "tui/widgets/plot.h"
#include "views/json.h"
#include "views/plot.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A command that waits for a source. */
struct wait {
	struct cli *cli;
	struct loop *loop;
	struct err err;
	int signo;
};

static void on_signal(void *ctx, int signo)
{
	struct wait *wait = ctx;
	wait->signo = signo;
	loop_stop(wait->loop);
}

static void wait_init(struct wait *wait, struct cli *cli)
{
	*wait = (struct wait){.cli = cli, .loop = loop_new()};
	loop_signal(wait->loop, SIGINT, on_signal, wait);
	loop_signal(wait->loop, SIGTERM, on_signal, wait);
}

static void wait_over(struct wait *wait, const struct err *err)
{
	if (err)
		wait->err = *err;
	loop_stop(wait->loop);
}

/* What came of it, when what waited is closed. */
static bool wait_fini(struct wait *wait, int *status, struct err *err)
{
	loop_free(wait->loop);
	if (wait->signo)
		*status = 128 + wait->signo;
	if (!wait->err.code)
		return true;
	*err = wait->err;
	return false;
}

/* The run that argument 1 names, with the names that its source gave it, and when it ended. */
static bool find_run(struct cli *cli, struct ref *run, int64_t *ended_ms, int *status, struct err *err)
{
	const char *text = cli->args[1];
	struct found found;
	struct result row;
	struct store *store = cli_store_or_mirror(cli, status, err);
	if (!store)
		return false;
	bool ok = cli_ref(cli, store, text, run, err);
	if (ok && run->kind != REF_RUN && run->kind != REF_STEP)
		ok = err_set(err, ERR_USAGE, "'%s' is no run: only runs have %s", text, cli->args[0]);
	ok = ok && find_ref(store, run, &found, err);
	const struct value params[] = {value_int(ok ? found.run_id : 0)};
	ok = ok && store_query(store,
			   "SELECT p.pipeline, r.run, r.ended_ms FROM run r"
			   " JOIN pipeline p ON p.id = r.pipeline_id WHERE r.id = $1",
			   params, 1, cli->arena, &row, err);
	if (ok && !row.n_rows)
		ok = err_set(err, ERR_NOT_FOUND, "'%s' is not there any more", text);
	if (ok) {
		run->kind = REF_RUN;
		run->pipeline = result_text(&row, 0, 0);
		run->run = result_text(&row, 0, 1);
		*ended_ms = result_ms(&row, 0, 2);
	}
	store_close(store);
	return ok;
}

/* --- rows: as they come in a pipe, at the end on a terminal ---------------------- */

struct rows {
	struct cli *cli;
	const struct column *columns;
	size_t n_columns;
	struct value *cells; /* of all rows, for a terminal */
	size_t n_rows, cap;
};

static bool is_table(const struct cli *cli)
{
	return cli->is_terminal && !cli->is_json && !cli->is_tsv;
}

static struct table table_of(const struct rows *rows, struct value *cells, size_t n_rows)
{
	return (struct table){.columns = rows->columns,
		.n_columns = rows->n_columns,
		.ref_column = -1,
		.result = {.arena = rows->cli->arena,
			.n_columns = rows->n_columns,
			.n_rows = n_rows,
			.cells = cells}};
}

/* The heading: of rows, or of an answer that has none; not of a failure. */
static void rows_begin(struct rows *rows)
{
	struct cli *cli = rows->cli;
	const struct table none = table_of(rows, NULL, 0);
	if (rows->n_rows || is_table(cli) || cli->is_json)
		return;
	const struct printer printer = cli_printer(cli);
	print_tsv(&printer, &none);
}

static void keep_row(struct rows *rows, const struct value *cells)
{
	const size_t n = rows->n_columns;
	if (rows->n_rows == rows->cap) {
		rows->cap = rows->cap ? 2 * rows->cap : 256;
		rows->cells = x_realloc(rows->cells, rows->cap * n, sizeof *cells);
	}
	memcpy(&rows->cells[rows->n_rows * n], cells, n * sizeof *cells);
}

/* Adds a row; texts of a row that is kept must last. False where nobody reads any more. */
static bool rows_add(struct rows *rows, struct value *cells)
{
	struct cli *cli = rows->cli;
	const struct table table = table_of(rows, cells, 1);
	rows_begin(rows);
	if (is_table(cli))
		keep_row(rows, cells);
	else if (cli->is_json)
		json_add_rows(&cli->out, &table);
	else
		print_tsv_row(&(struct printer){.out = &cli->out}, &table, 0);
	rows->n_rows++;
	return cli->out.n < 65536 || cli_flush(cli);
}

/* EMPTY is what to say where there is no row; NULL: nothing, for it did not go well. */
static void rows_end(struct rows *rows, const char *empty)
{
	if (empty)
		rows_begin(rows);
	if (is_table(rows->cli) && (rows->n_rows || empty)) {
		struct printer printer = cli_printer(rows->cli);
		struct table table = table_of(rows, rows->cells, rows->n_rows);
		table.empty = empty;
		printer.format.is_absolute = true;
		print_table(&printer, &table);
	}
	x_free(rows->cells);
}

/* --- series ----------------------------------------------------------------------- */

static const struct column point_columns[] = {
	{.key = "metric", .type = COLUMN_NAME},
	{.key = "step", .type = COLUMN_INT},
	{.key = "time_ms", .title = "time", .type = COLUMN_TIME},
	{.key = "value", .type = COLUMN_REAL},
};

struct series {
	struct wait wait;
	struct rows rows;
	struct plot_points *points; /* to be drawn; NULL: each is printed as it comes */
	const char *const *asked;
	size_t n_asked;
	bool *came;	    /* which of them */
	const char *metric; /* of the point before: most follow one of their own metric */
};

static void note_metric(struct series *s, const char *metric)
{
	if (s->metric && !strcmp(s->metric, metric))
		return;
	s->metric = arena_dupz(s->wait.cli->arena, metric);
	for (size_t i = 0; i < s->n_asked; i++)
		s->came[i] |= !strcmp(s->asked[i], metric);
}

static void on_point(void *ctx, const struct source_point *point)
{
	struct series *s = ctx;
	note_metric(s, point->metric);
	if (s->points) {
		plot_points_add(s->points, 0, point);
		return;
	}
	struct value cells[] = {value_text(s->metric), value_int(point->step), value_ms(point->time_ms),
		value_real(point->value)};
	if (point->step == -1)
		cells[1] = value_text(NULL);
	if (!rows_add(&s->rows, cells))
		loop_stop(s->wait.loop);
}

static void on_points_done(void *ctx, const struct err *err)
{
	struct series *s = ctx;
	wait_over(&s->wait, err);
}

/* Whether all that was asked for by name was there. */
static bool found_all(const struct series *s, const char *ref, struct err *err)
{
	for (size_t i = 0; i < s->n_asked; i++)
		if (!s->came[i])
			return err_set(err, ERR_NOT_FOUND, "'%s' has no metric '%s'", ref, s->asked[i]);
	return true;
}

/* As the portal draws it, to the width of the terminal, and so high that the prompt fits below it. */
static void put_plot(struct cli *cli, const struct plot_points *points, const char *metric)
{
	enum { WIDTH = 80, HEIGHT = 25, LEAST_HEIGHT = 12 };
	const struct printer printer = cli_printer(cli);
	struct winsize size = {.ws_row = HEIGHT};
	struct view_data *data = plot_view(points, metric);
	struct widget *widget = plot_widget.new();
	struct grid grid;
	if (cli->is_terminal)
		(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	int height = size.ws_row > LEAST_HEIGHT ? size.ws_row - 1 : LEAST_HEIGHT;
	grid_init(&grid, printer.columns ? printer.columns : WIDTH, height);
	grid.is_ascii = printer.format.is_ascii;
	widget->ops->set(widget, &data->blocks[0]);
	widget->ops->draw(
		widget, &grid, (struct rect){0, 0, grid.width, grid.height}, &printer.format, false);
	grid_print(&grid, false, &cli->out);
	widget->ops->free(widget);
	grid_fini(&grid);
	view_data_free(data);
	cli_flush(cli);
}

static void put_plots(struct series *s)
{
	const char *const *metrics = plot_points_metrics(s->points);
	for (size_t i = 0; metrics[i] && !s->wait.signo; i++)
		put_plot(s->wait.cli, s->points, metrics[i]);
	if (!metrics[0] && !s->wait.err.code)
		cli_say("no curves");
	plot_points_free(s->points);
}

bool cli_series(struct cli *cli, int *status, struct err *err)
{
	static const struct live_series_ops ops = {.point = on_point, .done = on_points_done};
	if (cli->n_args < 2)
		return err_set(err, ERR_USAGE, "series of what? 'porthole series SOURCE/PIPELINE/RUN'");
	if (cli->is_plot && (cli->is_json || cli->is_tsv))
		return err_set(err, ERR_USAGE, "--plot draws: leave out --json and --tsv");
	struct ref run;
	struct live_series_want want = {.run = &run};
	struct series s = {.rows = {cli, point_columns, ARRAY_LEN(point_columns), NULL, 0, 0}};
	if (!find_run(cli, &run, &want.ended_ms, status, err))
		return false;
	s.asked = want.metrics = cli->args + 2;
	s.n_asked = want.n_metrics = (size_t)cli->n_args - 2;
	s.came = arena_array(cli->arena, bool, s.n_asked);
	if (cli->is_plot) {
		s.points = plot_points_new();
		plot_points_add_run(s.points, run.run, cli->args[1]);
	}
	wait_init(&s.wait, cli);
	struct live_series *series = live_series_open(s.wait.loop, cli->config, &want, &ops, &s);
	loop_run(s.wait.loop);
	live_series_close(series);
	if (s.points)
		put_plots(&s);
	else
		rows_end(&s.rows, s.wait.err.code ? NULL : "no curves");
	bool is_whole = !s.wait.signo && !cli->out_errno;
	return wait_fini(&s.wait, status, err) && (!is_whole || found_all(&s, cli->args[1], err));
}

/* --- artifacts ---------------------------------------------------------------------- */

static const struct column entry_columns[] = {
	{.key = "path", .type = COLUMN_NAME},
	{.key = "size", .type = COLUMN_INT},
	{.key = "is_dir", .title = "folder", .type = COLUMN_BOOL},
};

struct artifacts {
	struct wait wait;
	struct rows rows;
	const char *wanted; /* the one entry that is looked for; NULL: all are listed */
	bool is_found, is_dir;
	int64_t size;
	struct buf line; /* of a file's text: begun */
	bool has_bytes;
};

static void on_entry(void *ctx, const struct source_entry *entry)
{
	struct artifacts *a = ctx;
	if (a->wanted) {
		if (strcmp(a->wanted, entry->path) != 0)
			return;
		a->is_found = true;
		a->is_dir = entry->is_dir;
		a->size = entry->size;
		return;
	}
	struct value cells[] = {value_text(arena_dupz(a->wait.cli->arena, entry->path)),
		value_int(entry->size), value_int(entry->is_dir)};
	if (entry->size < 0 || entry->is_dir)
		cells[1] = value_text(NULL);
	if (!rows_add(&a->rows, cells))
		loop_stop(a->wait.loop);
}

/* Raw bytes into a pipe. A terminal gets text, cleaned, and nothing that is none. */
static void on_bytes(void *ctx, struct str bytes)
{
	struct artifacts *a = ctx;
	struct cli *cli = a->wait.cli;
	if (!cli->is_terminal) {
		buf_add(&cli->out, bytes);
	} else if (!a->has_bytes && memchr(bytes.p, 0, bytes.n)) {
		err_set(&a->wait.err, ERR_USAGE, "it is no text: pipe it into a file");
		loop_stop(a->wait.loop);
	} else {
		cli_put_text(cli, &a->line, bytes);
	}
	a->has_bytes = true;
	if (!cli_flush(cli))
		loop_stop(a->wait.loop);
}

static void on_artifact_done(void *ctx, int64_t offset, bool complete, const struct err *err)
{
	struct artifacts *a = ctx;
	(void)offset;
	(void)complete;
	wait_over(&a->wait, err);
}

static const struct live_artifact_ops artifact_ops = {
	.entry = on_entry, .bytes = on_bytes, .done = on_artifact_done};

/* Serves until it is over; whether all went well so far. */
static bool serve(struct artifacts *a, struct live_artifact *artifact)
{
	loop_run(a->wait.loop);
	live_artifact_close(artifact);
	return !a->wait.err.code && !a->wait.signo;
}

static void list_folder(struct artifacts *a, const struct ref *run, const char *path)
{
	struct cli *cli = a->wait.cli;
	a->wanted = NULL;
	bool ok = serve(a, live_artifact_list(a->wait.loop, cli->config, run, path, &artifact_ops, a));
	rows_end(&a->rows, ok ? "nothing in it" : NULL);
}

/* Looks PATH up in the folder that holds it, for only there it says what it is. */
static bool look_up(struct artifacts *a, const struct ref *run, const char *path)
{
	struct cli *cli = a->wait.cli;
	const char *slash = strrchr(path, '/');
	struct str folder = {path, slash ? (size_t)(slash - path) : 0};
	a->wanted = path;
	if (!serve(a, live_artifact_list(a->wait.loop, cli->config, run, arena_dup(cli->arena, folder),
			      &artifact_ops, a)))
		return false;
	return a->is_found || err_set(&a->wait.err, ERR_NOT_FOUND, "the run has no artifact '%s'", path);
}

static void print_file(struct artifacts *a, const struct ref *run, const char *path)
{
	struct cli *cli = a->wait.cli;
	int64_t offset = cli->tail ? a->size < 0 ? -cli->tail : a->size - cli->tail : 0;
	if (a->size >= 0 && offset < 0)
		offset = 0;
	if (serve(a, live_artifact_read(a->wait.loop, cli->config, run, path, offset, &artifact_ops, a)) &&
		a->line.n)
		cli_put_line(cli, buf_str(&a->line)); /* the last one has no end */
}

static void print_entry(struct artifacts *a, const char *path)
{
	const struct source_entry entry = {path, a->size, a->is_dir};
	a->wanted = NULL;
	on_entry(a, &entry);
	rows_end(&a->rows, NULL);
}

static void print_path(struct artifacts *a, const struct ref *run, const char *path)
{
	struct cli *cli = a->wait.cli;
	if (!look_up(a, run, path))
		return;
	if (a->is_dir)
		list_folder(a, run, path);
	else if (cli->is_json || cli->is_tsv)
		print_entry(a, path);
	else
		print_file(a, run, path);
}

bool cli_artifacts(struct cli *cli, int *status, struct err *err)
{
	if (cli->n_args < 2 || cli->n_args > 3)
		return err_set(err, ERR_USAGE,
			"artifacts of what? 'porthole artifacts SOURCE/PIPELINE/RUN', and a path of one of them");
	struct ref run;
	int64_t ended_ms;
	struct artifacts a = {.rows = {cli, entry_columns, ARRAY_LEN(entry_columns), NULL, 0, 0}};
	if (!find_run(cli, &run, &ended_ms, status, err))
		return false;
	struct str path = cli->n_args == 3 ? str_of(cli->args[2]) : STR("");
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	buf_init(&a.line, 0);
	wait_init(&a.wait, cli);
	if (path.n)
		print_path(&a, &run, arena_dup(cli->arena, path));
	else
		list_folder(&a, &run, "");
	buf_fini(&a.line);
	return wait_fini(&a.wait, status, err);
}

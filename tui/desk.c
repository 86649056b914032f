/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/desk.h"

#include "client/base/file.h"
#include "client/base/mem.h"

#include <errno.h>
#include <unistd.h>

enum { LAST_WRITES_MS = 1000 };

struct desk {
	struct loop *loop;
	struct worker *worker; /* made with the first job: most starts of the portal write nothing */
};

struct desk *desk_new(struct loop *loop)
{
	struct desk *desk = x_new(struct desk);
	desk->loop = loop;
	return desk;
}

void desk_drain(struct desk *desk)
{
	if (desk->worker)
		worker_drain(desk->worker, LAST_WRITES_MS);
}

void desk_free(struct desk *desk)
{
	if (!desk)
		return;
	worker_free(desk->worker);
	x_free(desk);
}

/* --- jobs ------------------------------------------------------------------ */

struct envelope {
	const struct desk_job *what;
	void *job;
	struct err err;
	bool ok;
};

static void drop_envelope(void *ptr)
{
	struct envelope *e = ptr;
	if (e->job)
		e->what->drop(e->job);
	x_free(e);
}

static void *run_envelope(void *state, void *ptr)
{
	(void)state;
	struct envelope *e = ptr, *result = x_new(struct envelope);
	*result = *e;
	e->job = NULL; /* the result has it */
	result->ok = result->what->run(result->job, &result->err);
	return result;
}

static void envelope_done(void *ctx, void *ptr)
{
	struct envelope *e = ptr;
	void *job = e->job;
	e->job = NULL;
	e->what->done(ctx, job, e->ok ? NULL : &e->err);
	x_free(e);
}

struct ticket *desk_run(struct desk *desk, const struct desk_job *what, void *job, void *ctx)
{
	static const struct work work = {
		.run = run_envelope, .done = envelope_done, .drop = drop_envelope, .free_job = drop_envelope};
	struct envelope *e = x_new(struct envelope);
	e->what = what;
	e->job = job;
	if (!desk->worker)
		desk->worker = worker_new(desk->loop, NULL, NULL);
	return worker_submit(desk->worker, &work, e, ctx);
}

/* --- writing --------------------------------------------------------------- */

struct write_job {
	char *path, *text; /* text NULL: it is removed */
	desk_told told;
	void *ctx;
};

static void drop_write(void *ptr)
{
	struct write_job *job = ptr;
	x_free(job->path);
	x_free(job->text);
	x_free(job);
}

static bool make_folder_of(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return true;
	char *folder = x_printf("%.*s", (int)(slash - path), path);
	bool ok = file_make_dir(folder, err);
	x_free(folder);
	return ok;
}

static bool run_write(void *ptr, struct err *err)
{
	struct write_job *job = ptr;
	if (job->text)
		return make_folder_of(job->path, err) && file_write(job->path, str_of(job->text), err);
	if (unlink(job->path) == 0 || errno == ENOENT)
		return true;
	return err_set(err, ERR_FAILED, "cannot remove '%s': %s", job->path, strerror(errno));
}

static void written(void *ctx, void *ptr, const struct err *err)
{
	(void)ctx;
	struct write_job *job = ptr;
	if (err && job->told)
		job->told(job->ctx, err);
	drop_write(job);
}

static void submit(struct desk *desk, struct write_job job)
{
	static const struct desk_job what = {.run = run_write, .done = written, .drop = drop_write};
	struct write_job *copy = x_new(struct write_job);
	*copy = job;
	desk_run(desk, &what, copy, desk);
}

void desk_write(struct desk *desk, const char *path, struct str text, desk_told told, void *ctx)
{
	submit(desk, (struct write_job){.path = x_strdup(path),
			     .text = x_printf("%.*s", STR_FMT(text)),
			     .told = told,
			     .ctx = ctx});
}

void desk_remove(struct desk *desk, const char *path)
{
	submit(desk, (struct write_job){.path = x_strdup(path)});
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/live/own.h"

#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/base/proc.h"
#include "client/catalogue/audit.h"
#include "client/catalogue/find.h"
#include "client/live/act.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { MOST_LINE = 400, END_MS = 200 };

struct own {
	struct arena *arena;
	struct loop *loop;
	const struct config *config;
	struct store_thread *store;
	const struct config_command *command;
	struct ref ref;
	const char *text; /* the ref */
	const char **argv;
	struct audit_entry entry;
	int64_t audit_id;
	struct ticket *ticket;
	struct proc proc;
	struct loop_fd *out, *err;
	char line[MOST_LINE], last[MOST_LINE + 1];
	size_t line_n;
	int status;
	struct err failure; /* why it did not run */
	const struct own_ops *ops;
	void *ctx;
};

bool own_fits(const struct config_command *command, const struct ref *ref)
{
	static const char *const names[] = {
		[ACT_ON_PIPELINE] = "pipeline", [ACT_ON_RUN] = "run", [ACT_ON_STEP] = "step"};
	int on = act_on(ref);
	for (size_t i = 0; on && i < command->n_on; i++)
		if (!strcmp(command->on[i], names[on]))
			return true;
	return on && !command->n_on;
}

/* --- what would be run ------------------------------------------------------------------ */

/* What NAME stands for; NULL where the object has no such part. */
static const char *value_of(const struct own *own, struct str name, const char *url)
{
	const struct {
		const char *name, *value;
	} values[] = {{"ref", own->text}, {"source", own->ref.source}, {"pipeline", own->ref.pipeline},
		{"run", own->ref.run}, {"step", own->ref.step},
		{"index", own->ref.step && !own->ref.index ? "" : own->ref.index}, {"url", url}};
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (str_is(name, values[i].name))
			return values[i].value;
	return NULL;
}

static bool is_placeholder(struct str name)
{
	static const char known[] = " ref source pipeline run step index url ";
	char word[16];
	if (!name.n || name.n > 8)
		return false;
	word[0] = ' ';
	memcpy(word + 1, name.p, name.n);
	word[name.n + 1] = ' ';
	word[name.n + 2] = 0;
	return strstr(known, word) != NULL;
}

/* WORD with its placeholders filled in. Other braces stay as they are. */
static const char *fill_word(struct own *own, const char *word, const char *url, struct err *err)
{
	struct buf text;
	struct str rest = str_of(word);
	const char *copy = NULL;
	buf_init(&text, 0);
	while (rest.n) {
		size_t end = rest.p[0] == '{' ? str_find(rest, STR("}"), 0) : SIZE_MAX;
		struct str name = end == SIZE_MAX ? (struct str){0} : str_slice(rest, 1, end);
		if (!is_placeholder(name)) {
			buf_addc(&text, rest.p[0]);
			rest = str_slice(rest, 1, rest.n);
			continue;
		}
		const char *value = value_of(own, name, url);
		if (!value) {
			err_set(err, ERR_USAGE, "'%s' wants {%.*s}, which this has not", own->command->name,
				STR_FMT(name));
			goto done;
		}
		buf_addz(&text, value);
		rest = str_slice(rest, end + 1, rest.n);
	}
	if (text.n && text.p[0] == '-' && word[0] != '-')
		err_set(err, ERR_REFUSED, "'%s': a name that looks like an option: %s", own->command->name,
			text.p);
	else
		copy = arena_dup(own->arena, buf_str(&text));
done:
	buf_fini(&text);
	return copy;
}

static bool fill(struct own *own, const char *url, struct err *err)
{
	size_t n = 0;
	while (own->command->command[n])
		n++;
	own->argv = arena_array(own->arena, const char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		own->argv[i] = fill_word(own, own->command->command[i], url, err);
		if (!own->argv[i])
			return false;
	}
	return true;
}

/* --- on the store's thread ---------------------------------------------------------------- */

struct job {
	struct arena *arena;
	const struct config *config;
	struct ref ref;
	const char *url;
	struct audit_entry entry;
	const char *result;
	int64_t id;
};

static struct job *new_job(const struct own *own)
{
	struct job *job = x_new(struct job);
	job->arena = arena_new();
	job->config = own->config;
	job->ref = ref_dup(job->arena, &own->ref);
	return job;
}

static void drop_job(void *ptr)
{
	struct job *job = ptr;
	arena_free(job->arena);
	x_free(job);
}

/* The address of the run, else of the pipeline; what the catalogue does not know has none. */
static bool run_url(struct store *store, void *ptr, struct err *err)
{
	struct job *job = ptr;
	struct found found;
	struct result row;
	if (!find_ref(store, &job->ref, &found, err))
		return err->code == ERR_NOT_FOUND;
	const struct value params[] = {value_int(found.run_id), value_int(found.pipeline_id)};
	if (!store_query(store,
		    "SELECT coalesce((SELECT url FROM run WHERE id = $1), (SELECT url FROM pipeline WHERE id = $2))",
		    params, ARRAY_LEN(params), job->arena, &row, err))
		return false;
	job->url = row.n_rows ? result_text(&row, 0, 0) : NULL;
	return true;
}

static bool run_audit(struct store *store, void *ptr, struct err *err)
{
	struct job *job = ptr;
	job->entry.who = audit_who(store, job->config, job->arena);
	return job->result ? audit_end(store, &job->entry, job->id, job->result, err)
			   : audit_begin(store, &job->entry, &job->id, err);
}

/* The command and its words, as the audit keeps them. */
static struct str audit_args(struct arena *arena, const struct own *own)
{
	struct buf args;
	struct json_writer w = {.out = &args};
	buf_init(&args, 0);
	json_open(&w, '{');
	json_key(&w, "name");
	json_put_str(&w, str_of(own->command->name));
	json_key(&w, "command");
	json_open(&w, '[');
	for (size_t i = 0; own->argv[i]; i++)
		json_put_str(&w, str_of(own->argv[i]));
	json_close(&w, ']');
	json_close(&w, '}');
	struct str text = str_of(arena_dup(arena, buf_str(&args)));
	buf_fini(&args);
	return text;
}

static void audit(struct own *own, const char *result, const struct store_job *what)
{
	struct job *job = new_job(own);
	job->entry = (struct audit_entry){.verb = "command",
		.object_ref = arena_dupz(job->arena, own->text),
		.args = audit_args(job->arena, own)};
	job->result = arena_dupz(job->arena, result);
	job->id = own->audit_id;
	own->ticket = store_thread_run(own->store, what, job, own);
}

/* --- running -------------------------------------------------------------------------------- */

static void on_noted(void *ctx, void *ptr, const struct err *err)
{
	struct own *own = ctx;
	(void)err; /* what was done is done */
	own->ticket = NULL;
	drop_job(ptr);
	own->ops->done(own->ctx, own->status, own->last, own->failure.code ? &own->failure : NULL);
}

static void note_end(struct own *own)
{
	static const struct store_job what = {.run = run_audit, .done = on_noted, .drop = drop_job};
	audit(own,
		own->failure.code ? own->failure.msg
				  : arena_printf(own->arena, "ended with status %d", own->status),
		&what);
}

static void keep_line(struct own *own)
{
	if (own->line_n) {
		memcpy(own->last, own->line, own->line_n);
		own->last[own->line_n] = 0;
	}
	own->line_n = 0;
}

static void hear(struct own *own, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			keep_line(own);
		else if (own->line_n < MOST_LINE && bytes[i])
			own->line[own->line_n++] = bytes[i];
	}
}

/* One of its outputs; it is over when both are. */
static void drain(struct own *own, int fd, struct loop_fd **watch)
{
	char chunk[4096];
	ssize_t n = read(fd, chunk, sizeof chunk);
	if (n > 0) {
		hear(own, chunk, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	loop_unwatch(*watch);
	*watch = NULL;
	if (own->out || own->err)
		return;
	keep_line(own);
	own->status = proc_end(&own->proc, 0, END_MS);
	own->proc.pid = -1;
	note_end(own);
}

static void on_out(void *ctx, int events)
{
	struct own *own = ctx;
	(void)events;
	drain(own, own->proc.out, &own->out);
}

static void on_err(void *ctx, int events)
{
	struct own *own = ctx;
	(void)events;
	drain(own, own->proc.err, &own->err);
}

static void start(struct own *own)
{
	if (!proc_start(&own->proc, own->argv, NULL, PROC_PIPES | PROC_PIPE_STDERR | PROC_DIE_WITH_US,
		    &own->failure)) {
		own->proc.pid = -1;
		note_end(own);
		return;
	}
	close(own->proc.in); /* it has nobody to ask */
	own->proc.in = -1;
	(void)fcntl(own->proc.out, F_SETFL, O_NONBLOCK);
	(void)fcntl(own->proc.err, F_SETFL, O_NONBLOCK);
	own->out = loop_watch(own->loop, own->proc.out, LOOP_READ, on_out, own);
	own->err = loop_watch(own->loop, own->proc.err, LOOP_READ, on_err, own);
}

static void on_audited(void *ctx, void *ptr, const struct err *err)
{
	struct own *own = ctx;
	struct job *job = ptr;
	struct err told = {0};
	own->ticket = NULL;
	own->audit_id = job->id;
	drop_job(job);
	if (!err) {
		start(own);
		return;
	}
	err_set(&told, ERR_REFUSED, "nothing is done without an audit: %s", err->msg);
	own->ops->done(own->ctx, -1, "", &told);
}

void own_confirm(struct own *own)
{
	static const struct store_job what = {.run = run_audit, .done = on_audited, .drop = drop_job};
	BUG_ON(!own->argv || own->ticket);
	audit(own, NULL, &what);
}

/* --- life -------------------------------------------------------------------------------------- */

static void on_url(void *ctx, void *ptr, const struct err *err)
{
	struct own *own = ctx;
	struct job *job = ptr;
	struct err why = err ? *err : (struct err){0};
	own->ticket = NULL;
	bool ok = !err && fill(own, job->url, &why);
	drop_job(job);
	own->ops->planned(own->ctx, ok ? own->argv : NULL, ok ? NULL : &why);
}

struct own *own_new(struct loop *loop, const struct config *config, struct store_thread *store,
	const struct config_command *command, const struct ref *ref, const struct own_ops *ops, void *ctx)
{
	static const struct store_job what = {.run = run_url, .done = on_url, .drop = drop_job};
	struct own *own = x_new(struct own);
	struct buf text;
	own->arena = arena_new();
	own->loop = loop;
	own->config = config;
	own->store = store;
	own->command = command;
	own->ref = ref_dup(own->arena, ref);
	own->proc = (struct proc){.pid = -1, .in = -1, .out = -1, .err = -1};
	own->ops = ops;
	own->ctx = ctx;
	buf_init(&text, 0);
	ref_add(&text, ref);
	own->text = arena_take(own->arena, &text);
	own->ticket = store_thread_run(store, &what, new_job(own), own);
	return own;
}

void own_free(struct own *own)
{
	if (!own)
		return;
	ticket_cancel(own->ticket);
	loop_unwatch(own->out);
	loop_unwatch(own->err);
	if (own->proc.pid > 0)
		proc_end(&own->proc, SIGTERM, END_MS);
	arena_free(own->arena);
	x_free(own);
}

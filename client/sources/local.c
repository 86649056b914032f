/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs of this machine: folders that `porthole run` and anybody else writes.
 *
 * - `path` holds events.jsonl, or folders that do. A line is one notification of the source
 *   protocol: {"method":"run","params":{…}}.
 * - A log lies beside it at logs/PIPELINE/RUN/STEP[.INDEX].ATTEMPT.log, each part encoded as in
 *   a ref.
 * - A file whose size is the one of the pull before is not read again, unless a run in it is not over; else
 * all of it is. A line that is still being written has no line end, and is left for the next pull.
 * - A run that is called running and whose heartbeat is too old is lost (local_open.h).
 */
#include "client/sources/adapters.h"

#include "client/base/mem.h"
#include "client/protocol/state.h"
#include "client/sources/local_open.h"
#include "client/sources/percent.h"

#include <stdio.h>

#define EVENTS "events.jsonl"

enum { FOLLOW_MS = 1000 };

static void ask_dir(struct pull *pull, const char *path, handler_fn handler, void *ctx)
{
	struct request request = {
		.kind = REQUEST_DIR,
		.path = path,
		.flags = REQUEST_ANY_STATUS,
		.handler = handler,
		.ctx = ctx,
	};

	pull_ask(pull, &request);
}

static void ask_lines(
	struct pull *pull, const char *path, int64_t offset, int64_t delay_ms, handler_fn handler, void *ctx)
{
	struct request request = {
		.kind = REQUEST_FILE,
		.path = path,
		.flags = REQUEST_ANY_STATUS | REQUEST_STREAM,
		.offset = offset,
		.delay_ms = delay_ms,
		.handler = handler,
		.ctx = ctx,
	};

	pull_ask(pull, &request);
}

static bool is_dir(const struct json *entry)
{
	bool answer = false;

	json_bool(json_get(entry, "is_dir"), &answer);
	return answer;
}

/* --- pull ----------------------------------------------------------------------------- */

struct events {
	struct events *next;
	const char *path;
	int64_t size, line;
	struct local_open *open; /* NULL: was not read */
};

struct local {
	struct json_size *before;
	struct events *files, **last;
	int64_t now_ms;
};

/* What the cursor says of one file. */
struct json_size {
	struct json_size *next;
	const char *path;
	int64_t size;
};

static bool is_unchanged(const struct local *local, const struct events *file)
{
	for (const struct json_size *b = local->before; b; b = b->next)
		if (strcmp(b->path, file->path) == 0)
			return b->size == file->size;
	return false;
}

/* One line; one that is damaged fails alone. */
static void take_line(struct pull *pull, struct events *file, struct str line)
{
	struct err err = {0};
	struct json_doc *doc = json_parse(line, &err);
	struct str method = json_get_str(json_root(doc), "method");
	enum record_kind kind = record_kind_of(method);
	struct record record;

	if (!doc)
		pull_note(pull, "%s:%lld: %s", file->path, (long long)file->line, err.msg);
	else if (kind >= RECORD_KINDS)
		pull_note(pull, "%s:%lld: no record of ours", file->path, (long long)file->line);
	else if (kind == RECORD_CURSOR)
		; /* the writer's own business */
	else if (record_read(pull_scratch(pull), kind, json_get(json_root(doc), "params"), &record, &err)) {
		local_open_note(file->open, &record, line);
		pull_emit(pull, &record);
	} else {
		pull_note(pull, "%s:%lld: %s", file->path, (long long)file->line, err.msg);
	}
	json_free(doc);
}

static bool take_events(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct events *file = ctx;
	struct str rest = response->body, line;

	(void)err;
	while (str_next(&rest, '\n', &line)) {
		if (!rest.p)
			break; /* no line end behind it */
		file->line++;
		if (str_trim(line).n)
			take_line(pull, file, line);
	}
	return true;
}

static void take_file(struct pull *pull, const char *folder, const struct json *entry)
{
	struct local *local = pull_state(pull);
	struct events *file = arena_new_of(pull_arena(pull), struct events);

	file->path = folder ? arena_printf(pull_arena(pull), "%s/" EVENTS, folder) : EVENTS;
	json_int(json_get(entry, "size"), &file->size);
	*local->last = file;
	local->last = &file->next;
	if (is_unchanged(local, file))
		return;
	file->open = local_open_new(pull_arena(pull));
	ask_lines(pull, file->path, 0, 0, take_events, file);
}

/* CTX is the folder's name below the source's path; NULL for the path itself. */
static bool take_subfolder(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < json_len(response->json); i++) {
		const struct json *entry = json_at(response->json, i);

		if (str_is(json_get_str(entry, "name"), EVENTS) && !is_dir(entry))
			take_file(pull, ctx, entry);
	}
	return true;
}

static bool take_folder(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct local *local = pull_state(pull);
	char *folder;

	if (response->status == 404)
		return err_set(err, ERR_NOT_FOUND, "folder '%s' is not there", pull_source(pull)->path);
	local->now_ms = response->date_ms;
	take_subfolder(pull, response, ctx, err);
	for (size_t i = 0; i < json_len(response->json); i++) {
		const struct json *entry = json_at(response->json, i);

		if (!is_dir(entry))
			continue;
		folder = arena_dup(pull_arena(pull), json_get_str(entry, "name"));
		ask_dir(pull, folder, take_subfolder, folder);
	}
	return true;
}

static bool end_pull(struct pull *pull, struct err *err)
{
	const struct local *local = pull_state(pull);
	struct record record = record_new(RECORD_CURSOR);
	struct buf text;
	struct json_writer w = {.out = &text};

	(void)err;
	buf_init(&text, 0);
	json_open(&w, '{');
	for (const struct events *file = local->files; file; file = file->next) {
		bool is_open = file->open && local_open_end(file->open, pull, local->now_ms);

		json_key(&w, file->path);
		json_put_int(&w, is_open ? -1 : file->size);
	}
	json_close(&w, '}');
	record.cursor.cursor = text.p;
	pull_emit(pull, &record);
	buf_fini(&text);
	return true;
}

static bool recall(struct pull *pull, const char *cursor, struct err *err)
{
	struct local *local = pull_state(pull);
	struct json_doc *doc = json_parse(str_of(cursor), err);
	struct json_iter it = {0};

	if (!doc)
		return err_wrap(err, "cursor");
	while (json_each(json_root(doc), &it)) {
		struct json_size *b = arena_new_of(pull_arena(pull), struct json_size);

		b->path = arena_dup(pull_arena(pull), it.key);
		b->size = -1; /* no file's: it is read */
		json_int(it.value, &b->size);
		b->next = local->before;
		local->before = b;
	}
	json_free(doc);
	return true;
}

static bool start(struct pull *pull, const char *cursor, int64_t since_ms, struct err *err)
{
	struct local *local = arena_new_of(pull_arena(pull), struct local);

	pull_set_state(pull, local);
	local->last = &local->files;
	/* With `since` a person asks to look again. */
	if (cursor && since_ms == TIME_NONE && !recall(pull, cursor, err))
		return false;
	ask_dir(pull, "", take_folder, NULL);
	pull_at_end(pull, end_pull);
	return true;
}

/* --- logs ------------------------------------------------------------------------------ */

/* Folders are tried one after the other until one has the log. */
struct log {
	struct source_step step; /* texts in the pull's arena */
	const char **folders;
	size_t n_folders, folder;
	const char *place; /* PIPELINE/RUN, encoded */
	const char *head;  /* STEP[.INDEX]. */
	const char *path, *events;
	int64_t attempt, offset;
	bool follow, is_over;
};

static bool take_log(struct pull *pull, const struct response *response, void *ctx, struct err *err);

static void try_folder(struct pull *pull, struct log *log);

static const char *below(struct pull *pull, const char *folder, const char *path)
{
	return *folder ? arena_printf(pull_arena(pull), "%s/%s", folder, path)
		       : arena_dupz(pull_arena(pull), path);
}

static bool is_end(const char *state)
{
	enum state s = state_of(str_of(state));

	return s != STATE_UNKNOWN && s != STATE_QUEUED && s != STATE_RUNNING;
}

/* Looks for the last word on this attempt among the events. */
static void judge_line(struct pull *pull, struct log *log, struct str line)
{
	struct json_doc *doc = json_parse(line, NULL);
	const struct json *root = json_root(doc);
	struct record record;
	const struct record_step_run *s = &record.step_run;

	if (str_is(json_get_str(root, "method"), "step_run") &&
		record_read(pull_scratch(pull), RECORD_STEP_RUN, json_get(root, "params"), &record, NULL) &&
		s->attempt == log->attempt && str_same(s->pipeline, log->step.pipeline) &&
		str_same(s->run, log->step.run) && str_same(s->step, log->step.step) &&
		str_same(s->index, log->step.index))
		log->is_over = is_end(s->state);
	json_free(doc);
}

/* Most lines are other runs', and need not be parsed: without an escape an id stands there as it is. */
static bool may_tell_of(struct str line, const struct log *log)
{
	return str_has(line, STR("step_run")) &&
	       (str_has(line, str_of(log->step.run)) || str_has(line, STR("\\")));
}

/* The state is read before the log: only what was over before is complete. */
static bool take_state(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct log *log = ctx;
	struct str rest = response->body, line;

	(void)err;
	while (response->status == 200 && str_next(&rest, '\n', &line))
		if (may_tell_of(line, log))
			judge_line(pull, log, line);
	if (response->is_last)
		ask_lines(pull, log->path, log->offset, 0, take_log, log);
	return true;
}

static bool take_log(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct log *log = ctx;
	struct str text = response->body;

	if (response->status == 404)
		return err_set(err, ERR_NOT_FOUND, "log not written yet");
	/* The start of a line is left for later while more may come. */
	if (response->is_last && !log->is_over)
		text.n = 0;
	if (text.n)
		pull_log_text(pull, text);
	log->offset += (int64_t)text.n;
	if (!response->is_last)
		return true;
	pull_log_end(pull, log->offset, log->is_over);
	if (log->follow && !log->is_over) {
		pull_log_text(pull, STR("")); /* a sign of life */
		ask_lines(pull, log->events, 0, FOLLOW_MS, take_state, log);
	}
	return true;
}

/* The attempt in a name such as "extract.2.log"; 0 for another step's. */
static int64_t attempt_of(const struct log *log, struct str name)
{
	struct str head = str_of(log->head);
	int64_t attempt = 0;

	if (str_starts(name, head) && str_ends(name, STR(".log")) && name.n > head.n + 4)
		str_to_int(str_slice(name, head.n, name.n - 4), 1, INT32_MAX, &attempt);
	return attempt;
}

static bool take_logs(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct log *log = ctx;
	const char *folder = log->folders[log->folder];
	int64_t found = 0;

	(void)err;
	for (size_t i = 0; i < json_len(response->json); i++) {
		int64_t attempt = attempt_of(log, json_get_str(json_at(response->json, i), "name"));

		if (log->step.attempt > 0 ? attempt == log->step.attempt : attempt > found)
			found = attempt;
	}
	if (!found) {
		log->folder++;
		try_folder(pull, log);
		return true;
	}
	log->attempt = found;
	log->events = below(pull, folder, EVENTS);
	log->path = arena_printf(pull_arena(pull), "%s/%s%lld.log",
		below(pull, folder, arena_printf(pull_arena(pull), "logs/%s", log->place)), log->head,
		(long long)found);
	ask_lines(pull, log->events, 0, 0, take_state, log);
	return true;
}

static bool no_log(struct pull *pull, struct err *err)
{
	const struct log *log = pull_state(pull);

	return log->attempt > 0 || err_set(err, ERR_NOT_FOUND, "log not written yet");
}

static void try_folder(struct pull *pull, struct log *log)
{
	if (log->folder >= log->n_folders)
		return;
	ask_dir(pull,
		below(pull, log->folders[log->folder], arena_printf(pull_arena(pull), "logs/%s", log->place)),
		take_logs, log);
}

static bool take_folders(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct log *log = ctx;

	(void)err;
	log->folders = arena_array(pull_arena(pull), const char *, json_len(response->json) + 1);
	log->folders[log->n_folders++] = "";
	for (size_t i = 0; i < json_len(response->json); i++) {
		const struct json *entry = json_at(response->json, i);

		if (is_dir(entry) && !str_is(json_get_str(entry, "name"), "logs"))
			log->folders[log->n_folders++] =
				arena_dup(pull_arena(pull), json_get_str(entry, "name"));
	}
	try_folder(pull, log);
	return true;
}

/* Parts encoded as in a ref, joined by SEP; NULL parts are left out. */
static const char *joined(struct pull *pull, const char *a, const char *b, char sep)
{
	struct buf text;
	const char *copy;

	buf_init(&text, 0);
	percent_add_ref(&text, str_of(a));
	if (b) {
		buf_addc(&text, sep);
		percent_add_ref(&text, str_of(b));
	}
	copy = arena_take(pull_arena(pull), &text);
	return copy;
}

static bool start_log(struct pull *pull, const struct log_request *request, struct err *err)
{
	struct arena *arena = pull_arena(pull);
	struct log *log = arena_new_of(arena, struct log);
	const struct source_step *step = &request->step;

	(void)err;
	log->step.pipeline = arena_dupz(arena, step->pipeline);
	log->step.run = arena_dupz(arena, step->run);
	log->step.step = arena_dupz(arena, step->step);
	log->step.index = arena_dupz(arena, step->index);
	log->step.attempt = step->attempt;
	log->place = joined(pull, step->pipeline, step->run, '/');
	log->head = arena_printf(arena, "%s.", joined(pull, step->step, step->index, '.'));
	log->offset = request->offset;
	log->follow = request->follow;
	pull_set_state(pull, log);
	ask_dir(pull, "", take_folders, log);
	pull_at_end(pull, no_log);
	return true;
}

const struct adapter local_adapter = {
	.kind = "local",
	.summary = "runs of this machine",
	.options = "path since",
	.concurrency = 4,
	.start = start,
	.log = start_log,
};

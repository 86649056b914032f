/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/clean.h"
#include "client/base/mem.h"
#include "client/catalogue/find.h"
#include "tui/cmd.h"
#include "tui/input.h"
#include "tui/screen.h"

static void copy_text(struct app *app, struct str text)
{
	struct buf clean;
	struct err err;
	buf_init(&clean, 0);
	clean_add(&clean, text, CLEAN_LINES | CLEAN_NO_SGR);
	if (!clean.n)
		app_say(app, ROLE_DIM, "nothing to copy here");
	else if (!app->has_screen || !screen_copy(buf_str(&clean), &err))
		app_say(app, ROLE_TEXT, "%s", clean.p);
	else if (strchr(clean.p, '\n'))
		app_say(app, ROLE_DIM, "copied: %zu bytes in several lines", clean.n);
	else
		app_say(app, ROLE_DIM, "copied: %s", clean.p);
	buf_fini(&clean);
}

/* --- what there is to copy ------------------------------------------------------ */

static void add_ref(struct app *app, struct buf *out)
{
	struct ref ref;
	struct arena *arena = arena_new();
	if (app_top(app)->target)
		ref_add(out, &app_top(app)->target->ref);
	else if (cmd_ref(app, arena, &ref))
		ref_add(out, &ref);
	arena_free(arena);
}

static void add_line(struct app *app, struct buf *out)
{
	struct frame *frame = app_top(app);
	if (frame_has_pager(frame))
		pager_copy(frame->pager, out);
	else if (frame_widget(frame))
		frame_widget(frame)->ops->copy(frame_widget(frame), out);
}

/* In single quotes where a shell could take it for more than one word. */
static void add_word(struct buf *out, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+";
	bool is_plain = *word && strspn(word, plain) == strlen(word);
	buf_addz(out, is_plain ? " " : " '");
	for (const char *p = word; *p; p++)
		if (*p == '\'')
			buf_addz(out, "'\\''");
		else
			buf_addc(out, *p);
	buf_addz(out, is_plain ? "" : "'");
}

static void add_list_command(const struct frame *frame, struct buf *out)
{
	buf_addf(out, " %s", frame->view->kind == VIEW_HOME ? "triage" : frame->view->name);
	if (*frame->filter)
		add_word(out, frame->filter);
	if (frame->sort) {
		buf_addz(out, " --sort");
		add_word(out, frame->sort);
	}
}

/* The command line that prints what is shown. */
static void add_command(struct app *app, struct buf *out)
{
	const struct frame *frame = app_top(app);
	bool is_object = frame->view && frame->view->kind == VIEW_OBJECT;
	struct buf ref;
	if (!frame->pager && !frame->view)
		return;
	buf_init(&ref, 0);
	if (frame->pager || is_object)
		ref_add(&ref, frame->target ? &frame->target->ref : &frame->ref);
	buf_addz(out, "porthole");
	if (!frame->pager && !is_object) {
		add_list_command(frame, out);
	} else {
		buf_addz(out, frame->pager ? " logs" : " show");
		add_word(out, ref.p);
	}
	buf_fini(&ref);
}

static void add_text_block(const struct view_data *data, const char *name, struct buf *out)
{
	for (size_t i = 0; data && i < data->n_blocks && !out->n; i++) {
		const struct block *block = &data->blocks[i];
		if (block->kind != BLOCK_TEXT || strcmp(block->name, name) != 0)
			continue;
		for (size_t k = 0; k < block->text.n; k++) {
			if (k)
				buf_addc(out, '\n');
			for (size_t s = 0; s < block->text.lines[k].n_spans; s++)
				buf_addz(out, block->text.lines[k].spans[s].text);
		}
	}
}

/* The lines around the cause, as far as they are shown; of a log the line under the cursor. */
static void add_excerpt(struct app *app, struct buf *out)
{
	const struct frame *frame = app_top(app);
	if (frame_has_pager(frame)) {
		add_line(app, out);
		return;
	}
	add_text_block(frame->body.data, "excerpt", out);
	add_text_block(frame_preview(frame), "excerpt", out);
}

/* --- the tool's own address ------------------------------------------------------ */

struct address_job {
	struct arena *arena;
	struct ref ref;
	const char *address;
};

static bool run_address(struct store *store, void *ptr, struct err *err)
{
	static const char sql[] = "SELECT coalesce((SELECT url FROM run WHERE id = $1),"
				  " (SELECT url FROM pipeline WHERE id = $2),"
				  " (SELECT url FROM source WHERE id = $3))";
	struct address_job *job = ptr;
	struct found found;
	struct result row;
	if (!job->ref.source)
		return err_set(err, ERR_NOT_FOUND, "this is nothing of a tool: it has no address there");
	if (!find_ref(store, &job->ref, &found, err))
		return false;
	const struct value params[] = {
		value_int(found.run_id), value_int(found.pipeline_id), value_int(found.source_id)};
	if (!store_query(store, sql, params, ARRAY_LEN(params), job->arena, &row, err))
		return false;
	job->address = row.n_rows ? result_text(&row, 0, 0) : NULL;
	return job->address || err_set(err, ERR_NOT_FOUND, "its source does not say where it is found");
}

static void drop_address(void *ptr)
{
	struct address_job *job = ptr;
	arena_free(job->arena);
	x_free(job);
}

static void address_found(void *ctx, void *ptr, const struct err *err)
{
	struct app *app = ctx;
	struct address_job *job = ptr;
	app->address_ticket = NULL;
	if (err)
		app_say(app, ROLE_DIM, "%s", err->msg);
	else
		copy_text(app, str_of(job->address));
	drop_address(job);
}

/* Of a problem it is where it occurred. */
void cmd_address(struct app *app)
{
	static const struct store_job what = {
		.run = run_address, .done = address_found, .drop = drop_address};
	struct address_job *job = x_new(struct address_job);
	struct ref ref;
	job->arena = arena_new();
	const struct frame *frame = app_top(app);
	if (frame->target)
		ref = frame->target->ref;
	else if (!frame_place(frame, job->arena, &ref)) {
		app_say(app, ROLE_DIM, "nothing here has an address in a tool");
		drop_address(job);
		return;
	}
	job->ref = ref_dup(job->arena, &ref);
	ticket_cancel(app->address_ticket);
	app->address_ticket = store_thread_run(app->store, &what, job, app);
}

/* --- the menu -------------------------------------------------------------------- */

static const struct copied {
	uint32_t key;
	const char *title, *hint;
	void (*add)(struct app *app, struct buf *out); /* NULL: the address, which is looked up */
} copied[] = {
	{'y', "ref", "how the portal and its commands name it", add_ref},
	{'o', "address", "the tool's own page of it", NULL},
	{'c', "command", "the command line that prints this view", add_command},
	{'e', "excerpt", "the lines around the cause", add_excerpt},
	{'l', "line", "what stands under the cursor", add_line},
};

static void take(struct app *app, const struct menu *menu, size_t item)
{
	(void)menu;
	if (!copied[item].add) {
		cmd_address(app);
		return;
	}
	struct buf text;
	buf_init(&text, 0);
	copied[item].add(app, &text);
	copy_text(app, buf_str(&text));
	buf_fini(&text);
}

/* What would be copied stands beside the word, where it is short. */
static const char *hint_of(struct app *app, struct arena *arena, const struct copied *what)
{
	enum { LONGEST = 200 };
	struct buf text;
	buf_init(&text, 0);
	if (what->add)
		what->add(app, &text);
	bool is_short = text.n && text.n < LONGEST && !strchr(text.p, '\n');
	const char *hint = is_short ? arena_dup(arena, buf_str(&text)) : what->hint;
	if (what->add && !text.n)
		hint = "nothing here";
	buf_fini(&text);
	return hint;
}

void cmd_copy(struct app *app)
{
	static const struct menu_ops ops = {.take = take};
	struct menu menu = {.ops = &ops,
		.arena = arena_new(),
		.title = "copy",
		.footer = "y again for the ref, or another letter; Esc back"};
	menu.items = arena_array(menu.arena, struct menu_item, ARRAY_LEN(copied));
	for (size_t i = 0; i < ARRAY_LEN(copied); i++)
		menu.items[menu.n++] = (struct menu_item){.title = copied[i].title,
			.hint = hint_of(app, menu.arena, &copied[i]),
			.key = copied[i].key};
	menu_open(app, &menu);
}

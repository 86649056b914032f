/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One page of the documentation. */
#include "client/base/mem.h"
#include "client/docs/markdown.h"
#include "client/docs/pages.h"
#include "views/compose.h"
#include "views/docs.h"
#include "views/lists.h"

#include <sys/stat.h>

enum { MOST_VALUES = 16 };

/* What stands in code for the object that a page was opened for. */
struct values {
	struct doc_value values[MOST_VALUES];
	size_t n;
};

static void add(struct values *v, const char *name, const char *value)
{
	if (value && v->n < MOST_VALUES)
		v->values[v->n++] = (struct doc_value){name, value};
}

static struct ref part_of(const struct ref *ref, enum ref_kind kind)
{
	struct ref part = {.kind = kind, .source = ref->source, .pipeline = ref->pipeline};
	if (kind != REF_PIPELINE)
		part.run = ref->run;
	if (kind == REF_STEP) {
		part.step = ref->step;
		part.index = ref->index && *ref->index ? ref->index : NULL;
	}
	return part;
}

/* A term of a filter that means exactly VALUE, as one word of a shell. */
static void add_term(struct buf *terms, const char *key, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+@%";
	if (!value)
		return;
	bool is_plain = *value && strspn(value, plain) == strlen(value);
	buf_addf(terms, is_plain ? "%s%s=" : "%s'%s=\"", terms->n ? " " : "", key);
	for (const char *c = value; *c; c++)
		if (*c == '\'')
			buf_addz(terms, "'\\''");
		else
			buf_addc(terms, *c == '"' ? '?' : *c); /* no filter quotes a quote */
	buf_addz(terms, is_plain ? "" : "\"'");
}

/* What narrows a list to the pipeline, or to the run. */
static const char *terms_of(struct view_data *data, const struct ref *ref, bool with_run)
{
	struct buf terms;
	buf_init(&terms, 0);
	add_term(&terms, "source", ref->source);
	add_term(&terms, "pipeline", ref->pipeline);
	add_term(&terms, "run", with_run ? ref->run : NULL);
	return arena_take(data->arena, &terms);
}

static void add_object(
	struct view_data *data, const struct config *config, const struct ref *ref, struct values *v)
{
	const struct ref pipeline = part_of(ref, REF_PIPELINE), run = part_of(ref, REF_RUN),
			 step = part_of(ref, REF_STEP);
	bool has_step = ref->step && *ref->step;
	if (ref->kind == REF_PROBLEM)
		add(v, "problem", compose_ref(data, ref));
	if (!ref->pipeline)
		return;
	const struct config_project *project =
		config ? config_project_of(config, ref->source, ref->pipeline) : NULL;
	add(v, "source", ref->source);
	add(v, "pipeline", compose_ref(data, &pipeline));
	add(v, "run", ref->run ? compose_ref(data, &run) : NULL);
	add(v, "step", ref->run && has_step ? compose_ref(data, &step) : NULL);
	add(v, "ref", compose_ref(data, has_step ? &step : ref->run ? &run : &pipeline));
	add(v, "in_pipeline", terms_of(data, ref, false));
	add(v, "in_run", ref->run ? terms_of(data, ref, true) : NULL);
	add(v, "project", project ? project->name : NULL);
}

/* Of an image in the folder of the page; its name may lead nowhere else. */
static int64_t image_size(void *ctx, const char *address)
{
	const struct page *page = ctx;
	struct stat st;
	const char *slash = page->path ? strrchr(page->path, '/') : NULL;
	if (!slash || address[0] == '/' || strstr(address, "..") || strstr(address, ":"))
		return -1;
	char *path = x_printf("%.*s/%s", (int)(slash - page->path), page->path, address);
	bool is_there = stat(path, &st) == 0 && S_ISREG(st.st_mode);
	x_free(path);
	return is_there ? (int64_t)st.st_size : -1;
}

static const char *summary_of(struct view_data *data, const struct page *page, int64_t now_ms)
{
	const char *reviewed = "";
	/* a recorded sample's now is past */
	if (page->reviewed_ms != TIME_NONE && page->reviewed_ms <= now_ms)
		reviewed = arena_printf(
			data->arena, " · reviewed %s", compose_ago(data, page->reviewed_ms, now_ms));
	const char *origin = page->origin;
	if (page->who)
		origin = arena_printf(data->arena, "published by %s %s, version %lld", page->who,
			compose_ago(data, page->published_ms, now_ms), (long long)page->version);
	return arena_printf(data->arena, "%s%s%s%s%s", page->owner ? page->owner : "",
		page->owner ? " · " : "", origin, reviewed,
		page_is_stale(page, now_ms) ? " · that is too long ago: it may be wrong" : "");
}

static bool not_found(const struct pages *pages, const char *name, struct err *err)
{
	const struct page *nearest = NULL;
	size_t best = 4;
	const char *slash = strrchr(name, '/');
	for (size_t i = 0; i < pages->n; i++) {
		const char *own = pages->pages[i].name, *tail = strrchr(own, '/');
		size_t whole = str_distance(str_of(name), str_of(own), best);
		size_t end = str_distance(
			str_of(slash ? slash : name), str_of(tail && !slash ? tail + 1 : own), best);
		size_t distance = whole < end ? whole : end;
		if (distance < best) {
			best = distance;
			nearest = &pages->pages[i];
		}
	}
	if (nearest)
		return err_set(err, ERR_NOT_FOUND, "no page is called '%s'; did you mean '%s'?", name,
			nearest->name);
	return err_set(err, ERR_NOT_FOUND, "no page is called '%s'; 'porthole docs' lists them", name);
}

static void read_page(
	const struct view_args *args, const struct page *page, struct view_data *data, struct doc_page *out)
{
	struct values values = {.n = 0};
	for (size_t i = 0; i < args->n_others; i++)
		add_object(data, args->config, &args->others[i], &values);
	const struct markdown_place place = {.page = page->name,
		.values = values.values,
		.n_values = values.n,
		.image_size = image_size,
		.ctx = (void *)page};
	out->name = arena_dupz(data->arena, page->name);
	out->section = arena_dupz(data->arena, args->ref.section);
	out->document = markdown_read(data->arena, page->text, &place);
}

bool docs_page(const struct view_args *args, struct view_data *data, struct err *err)
{
	const struct pages *pages = docs_lock(args->docs);
	const struct page *page = pages_read(pages, args->ref.name);
	bool ok = page || not_found(pages, args->ref.name, err);
	if (ok) {
		struct block *block = compose_block(data, BLOCK_DOCUMENT, "page", NULL);
		data->title = arena_printf(data->arena, "docs ▸ %s", page->title);
		data->summary = summary_of(data, page, args->now_ms);
		read_page(args, page, data, &block->page);
	}
	docs_unlock(args->docs);
	return ok;
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	(void)store;
	if (!args->docs)
		return err_set(err, ERR_NOT_FOUND, "no pages are at hand here; 'porthole docs' has them");
	return docs_page(args, data, err);
}

const struct view_def view_doc = {
	.name = "doc",
	.title = "docs",
	.help = "one page of the documentation",
	.kind = VIEW_OBJECT,
	.is_offline = true,
	.ref = REF_DOC,
	.load = load,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/docs/pages.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/base/when.h"
#include "client/base/yaml.h"
#include "client/docs/find.h"
#include "client/docs/markdown.h"
#include "client/docs/reader.h"
#include "client/docs/tried.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { LOOK_MS = 1000, MOST_DEPTH = 8, MOST_FAULTS = 100, DAY_MS = 24 * 60 * 60 * 1000 };

/* All that one reading of the folders gave. */
struct snapshot {
	struct arena *arena;
	struct pages pages;
	struct find *find; /* made when somebody first searches */
};

struct docs {
	pthread_mutex_t mutex;
	struct docs_given *given;
	size_t n_given;
	char **folders;
	size_t n_folders;
	struct arena *published_arena; /* NULL: nothing is published */
	const struct docs_published *published;
	size_t n_published;
	char language[3]; /* "": English */
	struct reader *reader;
	void (*make)(struct arena *arena, struct docs_given *out); /* n_later pages more; NULL: it has */
	size_t n_later;
	struct arena *made; /* their texts; NULL: there are none */
	struct snapshot *now;
	uint64_t seen; /* what the files looked like */
	int64_t looked_ms, version;
};

bool page_is_stale(const struct page *page, int64_t now_ms)
{
	return page->review_days && page->reviewed_ms != TIME_NONE &&
	       now_ms - page->reviewed_ms > page->review_days * DAY_MS;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct page *)a)->name, ((const struct page *)b)->name);
}

const struct page *pages_find(const struct pages *pages, const char *name)
{
	const struct page wanted = {.name = name};
	return pages->n ? bsearch(&wanted, pages->pages, pages->n, sizeof wanted, by_name) : NULL;
}

/* The page NAME in the language LANG, which it says itself. */
static const struct page *in_language(const struct pages *pages, const char *name, const char *lang)
{
	char *whole = x_printf("%s.%s", name, lang);
	const struct page *page = pages_find(pages, whole);
	x_free(whole);
	return page && page->lang && !strcmp(page->lang, lang) ? page : NULL;
}

const struct page *pages_read(const struct pages *pages, const char *name)
{
	const struct page *page = pages->language ? in_language(pages, name, pages->language) : NULL;
	if (!page)
		page = pages_find(pages, name);
	if (page || !str_ends(str_of(name), STR(".en")))
		return page;
	char *english = x_printf("%.*s", (int)strlen(name) - 3, name);
	page = pages_find(pages, english);
	x_free(english);
	return page;
}

/* --- front matter ----------------------------------------------------------- */

static void read_tags(struct arena *arena, struct page *page, const struct yaml *value)
{
	struct buf tags;
	buf_init(&tags, 4096);
	buf_add(&tags, value->type == YAML_SCALAR ? value->text : STR(""));
	for (size_t i = 0; value->type == YAML_LIST && i < value->n; i++) {
		buf_addz(&tags, i ? " " : "");
		buf_add(&tags, value->items[i].text);
	}
	page->tags = arena_take(arena, &tags);
}

static bool read_date(const struct yaml *value, int64_t *out_ms)
{
	char text[32];
	if (value->type != YAML_SCALAR || value->text.n != STR("2026-11-21").n)
		return false;
	snprintf(text, sizeof text, "%.*sT00:00:00Z", STR_FMT(value->text));
	return when_parse(str_of(text), out_ms);
}

static bool put_tools(struct arena *arena, struct page *page, const struct yaml *value)
{
	struct str table;
	if (!tried_read(arena, value, &table))
		return false;
	page->text = tried_put(arena, page->text, table);
	return true;
}

/* False: that is no key, or no value, of a front matter. */
static bool read_key(struct arena *arena, struct page *page, struct str key, const struct yaml *value)
{
	const struct {
		const char *key;
		const char **text;
	} texts[] = {{"title", &page->title}, {"owner", &page->owner}, {"lang", &page->lang}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (str_is(key, texts[i].key) && value->type == YAML_SCALAR) {
			*texts[i].text = arena_dup(arena, value->text);
			return true;
		}
	if (str_is(key, "reviewed"))
		return read_date(value, &page->reviewed_ms);
	if (str_is(key, "review_days"))
		return yaml_int(value, 1, 36500, &page->review_days);
	if (str_is(key, "version"))
		return yaml_int(value, 0, INT32_MAX, &page->version);
	if (str_is(key, "tools"))
		return put_tools(arena, page, value);
	if (str_is(key, "tags"))
		read_tags(arena, page, value);
	return str_is(key, "tags");
}

/* Between two lines of "---" at the start. */
static void read_front(struct arena *arena, struct page *page)
{
	struct str rest = page->text, line;
	struct err err;
	if (!str_next(&rest, '\n', &line) || !str_is(str_trim(line), "---"))
		return;
	struct str front = rest;
	while (str_next(&rest, '\n', &line) && !str_is(str_trim(line), "---"))
		;
	if (!str_is(str_trim(line), "---"))
		return;
	front.n = (size_t)(line.p - front.p);
	page->text = rest.p ? rest : (struct str){"", 0};
	const struct yaml *map = yaml_parse(arena, page->name, front, &err);
	if (!map || map->type != YAML_MAP) {
		page->fault = map ? "its front matter is no map" : arena_dupz(arena, err.msg);
		return;
	}
	for (size_t i = 0; i < map->n; i++)
		if (!read_key(arena, page, map->keys[i].text, &map->items[i]))
			page->fault = arena_printf(arena,
				"front matter: '%.*s' is unknown, or has no such value; it knows title, owner, tags,"
				" reviewed, review_days, version, lang and tools",
				STR_FMT(map->keys[i].text));
}

static const char *first_heading(struct arena *arena, struct str text)
{
	struct str line;
	while (str_next(&text, '\n', &line))
		if (str_starts(line, STR("# ")))
			return arena_dup(arena, str_trim(str_slice(line, 2, line.n)));
	return NULL;
}

static struct page read_page(struct arena *arena, const char *name, struct str text, const char *origin)
{
	struct page page = {.name = name,
		.whole = text,
		.text = text,
		.origin = origin,
		.reviewed_ms = TIME_NONE,
		.published_ms = TIME_NONE};
	read_front(arena, &page);
	if (!page.title)
		page.title = first_heading(arena, page.text);
	const char *slash = strrchr(name, '/');
	if (!page.title)
		page.title = slash ? slash + 1 : name;
	return page;
}

/* --- folders ---------------------------------------------------------------- */

struct file {
	const char *path, *name, *origin;
	size_t size;
};

/* One look at all folders. */
struct look {
	struct arena *arena;
	struct file *files;
	size_t n, n_bytes;
	const char **faults;
	size_t n_faults;
	uint64_t hash;
};

static void fault(struct look *look, const char *text)
{
	if (look->n_faults < MOST_FAULTS)
		look->faults[look->n_faults++] = text;
}

static void note(struct look *look, const void *bytes, size_t n)
{
	const unsigned char *p = bytes; /* FNV-1a */
	for (size_t i = 0; i < n; i++)
		look->hash = (look->hash ^ p[i]) * UINT64_C(0x100000001b3);
}

static bool is_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return false;
	return name[0] != '.' && name[0];
}

static void add_file(
	struct look *look, const char *path, const char *name, const char *origin, const struct stat *st)
{
	if (st->st_size > MARKDOWN_MOST_BYTES || look->n == PAGES_MOST ||
		look->n_bytes + (size_t)st->st_size > PAGES_MOST_BYTES) {
		fault(look, arena_printf(look->arena, "%s: left out: %s", path,
				    st->st_size > MARKDOWN_MOST_BYTES ? "it is over 1 MB"
								      : "there are too many pages"));
		return;
	}
	look->n_bytes += (size_t)st->st_size;
	look->files[look->n++] = (struct file){path, name, origin, (size_t)st->st_size};
	note(look, path, strlen(path) + 1);
	note(look, &st->st_mtim, sizeof st->st_mtim);
	note(look, &st->st_size, sizeof st->st_size);
	note(look, &st->st_ino, sizeof st->st_ino);
}

static void look_into(struct look *look, const char *dir, const char *prefix, const char *origin, int depth);

static void look_at(struct look *look, DIR *stream, const char *dir, const char *prefix, const char *origin,
	const char *entry, int depth)
{
	struct stat st;
	size_t n = strlen(entry);
	if (!is_name(entry) || fstatat(dirfd(stream), entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	const char *path = arena_printf(look->arena, "%s/%s", dir, entry);
	if (S_ISDIR(st.st_mode) && depth < MOST_DEPTH) {
		look_into(look, path, arena_printf(look->arena, "%s%s/", prefix, entry), origin, depth + 1);
		return;
	}
	if (S_ISLNK(st.st_mode) && fstatat(dirfd(stream), entry, &st, 0) < 0)
		return;
	if (S_ISREG(st.st_mode) && n > 3 && !strcmp(entry + n - 3, ".md"))
		add_file(look, path, arena_printf(look->arena, "%s%.*s", prefix, (int)n - 3, entry), origin,
			&st);
}

static void look_into(struct look *look, const char *dir, const char *prefix, const char *origin, int depth)
{
	DIR *stream = opendir(dir);
	if (!stream) {
		fault(look, arena_printf(look->arena, "%s: %s", dir, strerror(errno)));
		return;
	}
	for (const struct dirent *entry; (entry = readdir(stream));)
		look_at(look, stream, dir, prefix, origin, entry->d_name, depth);
	closedir(stream);
}

static struct look look_at_all(const struct docs *docs)
{
	struct look look = {.arena = arena_new(), .hash = UINT64_C(0xcbf29ce484222325)};
	look.files = arena_array(look.arena, struct file, docs->n_folders ? PAGES_MOST : 1);
	look.faults = arena_array(look.arena, const char *, MOST_FAULTS);
	for (size_t i = 0; i < docs->n_folders; i++)
		look_into(&look, docs->folders[i], "", docs->folders[i], 0);
	return look;
}

/* --- reading ---------------------------------------------------------------- */

static void drop(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	find_free(snapshot->find);
	arena_free(snapshot->arena);
	x_free(snapshot);
}

static bool read_file(struct look *look, const struct file *file, struct page *out)
{
	struct buf text;
	struct err err;
	buf_init(&text, 0);
	bool ok = file_read(file->path, MARKDOWN_MOST_BYTES, &text, &err);
	if (ok) {
		struct str copy = {arena_dup(look->arena, buf_str(&text)), text.n};
		*out = read_page(look->arena, file->name, copy, file->origin);
		out->path = file->path;
	} else {
		fault(look, arena_dupz(look->arena, err.msg));
	}
	buf_fini(&text);
	return ok;
}

/* Of pages with one name the last that was read counts: yours over the built-in one. */
static size_t keep_last(struct page *pages, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (kept && !strcmp(pages[kept - 1].name, pages[i].name))
			kept--;
		pages[kept++] = pages[i];
	}
	return kept;
}

/* Sorts by name and keeps the order of those that share one. */
static void sort_pages(struct arena *arena, struct page *pages, size_t n)
{
	struct page *copy = arena_array(arena, struct page, n + 1);
	memcpy(copy, pages, n * sizeof *pages);
	for (size_t width = 1; width < n; width *= 2) {
		for (size_t from = 0; from < n; from += 2 * width) {
			size_t middle = from + width < n ? from + width : n,
			       to = middle + width < n ? middle + width : n;
			for (size_t k = from, a = from, b = middle; k < to; k++)
				pages[k] = b == to || (a < middle && by_name(&copy[a], &copy[b]) <= 0)
						   ? copy[a++]
						   : copy[b++];
		}
		memcpy(copy, pages, n * sizeof *pages);
	}
}

static struct page read_published(struct arena *arena, const struct docs_published *from)
{
	struct page page = read_page(arena, from->name, from->text, "published");
	page.version = from->version;
	page.who = from->who;
	page.published_ms = from->at_ms;
	return page;
}

/* "guide/tour.fr" in French: the name of the page that it is to others; or NULL. */
static const char *name_for_others(struct arena *arena, const struct page *page)
{
	size_t n = strlen(page->name), lang = page->lang ? strlen(page->lang) : 0;
	bool is_one = lang && n > lang + 1 && page->name[n - lang - 1] == '.' &&
		      !strcmp(page->name + n - lang, page->lang);
	return is_one ? arena_dup(arena, (struct str){page->name, n - lang - 1}) : NULL;
}

/* Of a page in several languages the reader sees one. */
static void set_aside(struct arena *arena, const struct pages *all, struct page *pages)
{
	for (size_t i = 0; i < all->n; i++) {
		const char *name = name_for_others(arena, &pages[i]);
		if (name && pages_find(all, name))
			pages[i].is_aside = !all->language || strcmp(all->language, pages[i].lang) != 0;
		else if (all->language)
			pages[i].is_aside = in_language(all, pages[i].name, all->language) != NULL;
	}
}

/* Takes LOOK's arena. */
static struct snapshot *read_all(const struct docs *docs, struct look *look)
{
	struct snapshot *s = x_new(struct snapshot);
	struct page *pages =
		arena_array(look->arena, struct page, docs->n_given + docs->n_published + look->n + 1);
	size_t n = 0;
	for (size_t i = 0; i < docs->n_given; i++)
		pages[n++] = read_page(look->arena, arena_dup(look->arena, docs->given[i].name),
			docs->given[i].text, "built in");
	for (size_t i = 0; i < docs->n_published; i++)
		pages[n++] = read_published(look->arena, &docs->published[i]);
	for (size_t i = 0; i < look->n; i++)
		n += read_file(look, &look->files[i], &pages[n]);
	sort_pages(look->arena, pages, n);
	s->arena = look->arena;
	s->pages = (struct pages){.pages = pages,
		.n = keep_last(pages, n),
		.faults = look->faults,
		.n_faults = look->n_faults,
		.language = *docs->language ? arena_dupz(look->arena, docs->language) : NULL};
	set_aside(look->arena, &s->pages, pages);
	return s;
}

static void make_given(struct docs *docs)
{
	if (!docs->make)
		return;
	docs->made = arena_new();
	docs->given = x_realloc(docs->given, docs->n_given + docs->n_later + 1, sizeof *docs->given);
	docs->make(docs->made, &docs->given[docs->n_given]);
	docs->n_given += docs->n_later;
	docs->make = NULL;
}

static void refresh(struct docs *docs)
{
	int64_t now = clock_mono_ms();
	if (docs->now && (!docs->n_folders || now - docs->looked_ms < LOOK_MS))
		return;
	make_given(docs);
	struct look look = look_at_all(docs);
	docs->looked_ms = now;
	if (docs->now && look.hash == docs->seen) {
		arena_free(look.arena);
		return;
	}
	drop(docs->now);
	docs->now = read_all(docs, &look);
	docs->seen = look.hash;
	docs->version++;
}

/* --- for everybody ---------------------------------------------------------- */

struct docs *docs_new(const struct docs_given *given, size_t n)
{
	struct docs *docs = x_new(struct docs);
	pthread_mutex_init(&docs->mutex, NULL);
	docs->reader = reader_new();
	docs->given = x_calloc(n + 1, sizeof *docs->given);
	if (n)
		memcpy(docs->given, given, n * sizeof *given);
	docs->n_given = n;
	return docs;
}

static void forget_folders(struct docs *docs)
{
	for (size_t i = 0; i < docs->n_folders; i++)
		x_free(docs->folders[i]);
	x_free(docs->folders);
}

void docs_free(struct docs *docs)
{
	if (!docs)
		return;
	drop(docs->now);
	forget_folders(docs);
	arena_free(docs->published_arena);
	arena_free(docs->made);
	reader_free(docs->reader);
	x_free(docs->given);
	pthread_mutex_destroy(&docs->mutex);
	x_free(docs);
}

void docs_make_later(struct docs *docs, size_t n, void (*make)(struct arena *arena, struct docs_given *out))
{
	BUG_ON(docs->make || docs->made);
	docs->make = make;
	docs->n_later = n;
}

struct reader *docs_reader(struct docs *docs)
{
	return docs->reader;
}

/* At the next look; the lock is ours. */
static void read_anew(struct docs *docs)
{
	drop(docs->now);
	docs->now = NULL;
}

void docs_use_folders(struct docs *docs, const char *const *folders, size_t n)
{
	pthread_mutex_lock(&docs->mutex);
	forget_folders(docs);
	docs->folders = x_calloc(n + 1, sizeof *docs->folders);
	docs->n_folders = n;
	for (size_t i = 0; i < n; i++)
		docs->folders[i] = x_strdup(folders[i]);
	read_anew(docs);
	pthread_mutex_unlock(&docs->mutex);
}

void docs_use_published(struct docs *docs, const struct docs_published *pages, size_t n)
{
	struct arena *arena = arena_new();
	struct docs_published *copies = arena_array(arena, struct docs_published, n + 1);
	for (size_t i = 0; i < n; i++) {
		copies[i] = pages[i];
		copies[i].name = arena_dupz(arena, pages[i].name);
		copies[i].who = arena_dupz(arena, pages[i].who);
		copies[i].text.p = arena_dup(arena, pages[i].text);
	}
	pthread_mutex_lock(&docs->mutex);
	read_anew(docs); /* what is shown borrows from those before */
	arena_free(docs->published_arena);
	docs->published_arena = arena;
	docs->published = copies;
	docs->n_published = n;
	pthread_mutex_unlock(&docs->mutex);
}

void docs_use_language(struct docs *docs, const char *language)
{
	pthread_mutex_lock(&docs->mutex);
	snprintf(docs->language, sizeof docs->language, "%s", language ? language : "");
	read_anew(docs);
	pthread_mutex_unlock(&docs->mutex);
}

const struct pages *docs_lock(struct docs *docs)
{
	pthread_mutex_lock(&docs->mutex);
	refresh(docs);
	return &docs->now->pages;
}

void docs_unlock(struct docs *docs)
{
	pthread_mutex_unlock(&docs->mutex);
}

int64_t docs_version(struct docs *docs)
{
	docs_lock(docs);
	int64_t version = docs->version;
	docs_unlock(docs);
	return version;
}

size_t docs_search(
	struct docs *docs, struct str words, struct arena *arena, struct docs_hit *hits, size_t most)
{
	const struct pages *pages = docs_lock(docs);
	if (!docs->now->find)
		docs->now->find = find_new(pages);
	size_t n = find_run(docs->now->find, words, arena, hits, most);
	docs_unlock(docs);
	return n;
}

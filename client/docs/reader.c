/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/docs/reader.h"

#include "client/base/file.h"
#include "client/base/mem.h"

#include <pthread.h>

enum { MOST_MISSED = 64, MOST_NEWS = 64 << 10 };

struct reader {
	pthread_mutex_t mutex;
	char *missed[MOST_MISSED]; /* those before n_taken are not waited for any more */
	size_t n_missed, n_taken;
	struct buf news; /* a name a line, the last with its end */
	bool knows_news;
};

struct reader *reader_new(void)
{
	struct reader *reader = x_new(struct reader);
	pthread_mutex_init(&reader->mutex, NULL);
	buf_init(&reader->news, MOST_NEWS);
	return reader;
}

void reader_free(struct reader *reader)
{
	for (size_t i = 0; i < reader->n_missed; i++)
		x_free(reader->missed[i]);
	buf_fini(&reader->news);
	pthread_mutex_destroy(&reader->mutex);
	x_free(reader);
}

/* --- what was missed ------------------------------------------------------------- */

void reader_missed(struct reader *reader, struct str words)
{
	pthread_mutex_lock(&reader->mutex);
	bool is_known = reader->n_missed == MOST_MISSED;
	for (size_t i = 0; i < reader->n_missed && !is_known; i++)
		is_known = str_is(words, reader->missed[i]);
	if (!is_known)
		reader->missed[reader->n_missed++] = x_printf("%.*s", STR_FMT(words));
	pthread_mutex_unlock(&reader->mutex);
}

const char *reader_take_missed(struct reader *reader, struct arena *arena)
{
	pthread_mutex_lock(&reader->mutex);
	bool has_one = reader->n_taken < reader->n_missed;
	const char *words = has_one ? arena_dupz(arena, reader->missed[reader->n_taken++]) : NULL;
	pthread_mutex_unlock(&reader->mutex);
	return words;
}

/* --- news -------------------------------------------------------------------------- */

const char *reader_news_path(struct arena *arena)
{
	return arena_printf(arena, "%s/news-read", file_data_dir(arena));
}

void reader_use_news(struct reader *reader, struct str names)
{
	pthread_mutex_lock(&reader->mutex);
	buf_reset(&reader->news);
	buf_add(&reader->news, names);
	if (names.n && names.p[names.n - 1] != '\n')
		buf_addc(&reader->news, '\n');
	reader->knows_news = true;
	pthread_mutex_unlock(&reader->mutex);
}

bool reader_knows_news(struct reader *reader)
{
	pthread_mutex_lock(&reader->mutex);
	bool knows_news = reader->knows_news;
	pthread_mutex_unlock(&reader->mutex);
	return knows_news;
}

static bool has_line(struct str lines, const char *line)
{
	struct str one;
	while (str_next(&lines, '\n', &one))
		if (str_is(one, line))
			return true;
	return false;
}

bool reader_has_read(struct reader *reader, const char *name)
{
	pthread_mutex_lock(&reader->mutex);
	bool has_read = !reader->knows_news || has_line(buf_str(&reader->news), name);
	pthread_mutex_unlock(&reader->mutex);
	return has_read;
}

bool reader_read_news(struct reader *reader, const char *name, struct buf *out)
{
	if (!str_starts(str_of(name), STR("news/")) || strchr(name, '\n') || reader_has_read(reader, name))
		return false;
	pthread_mutex_lock(&reader->mutex);
	buf_addf(&reader->news, "%s\n", name);
	buf_add(out, buf_str(&reader->news));
	pthread_mutex_unlock(&reader->mutex);
	return true;
}

bool page_is_news(const struct page *page)
{
	return str_starts(str_of(page->name), STR("news/")) && !page->is_aside;
}

const struct page *reader_unread(struct reader *reader, const struct pages *pages, size_t *n)
{
	const struct page *newest = NULL;
	*n = 0;
	for (size_t i = 0; i < pages->n; i++) {
		if (!page_is_news(&pages->pages[i]) || reader_has_read(reader, pages->pages[i].name))
			continue;
		newest = &pages->pages[i];
		++*n;
	}
	return newest;
}

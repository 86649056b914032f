/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/ahead.h"

#include "client/base/mem.h"

#include <pthread.h>
#include <signal.h>

enum {
	MOST_AHEAD = 64, /* documents that wait: more would only take memory */
	WAKE_AT = 16 /* so few that the thread goes on: not one by one, since a wake-up costs a document */
};

struct ahead {
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;  /* there is work for the thread */
	pthread_cond_t done;  /* it has done the document that is waited for */
	struct str rest;      /* lines that nobody has begun */
	/* N documents from FIRST on, the last one perhaps not parsed yet; the one before is in use, and what
	 * is left of those that were is freed by the thread: who takes memory gives it back at half the
	 * price. */
	struct json_doc *docs[MOST_AHEAD];
	size_t first, n;
	bool is_parsing; /* the last one */
	bool is_asleep, is_awaited, is_ending;
};

static bool cut_line(struct str *rest, struct str *line)
{
	while (str_next(rest, '\n', line))
		if (str_trim(*line).n)
			return true;
	return false;
}

/* Without the lock meanwhile; false where there was nothing to free. */
static bool free_used(struct ahead *ahead)
{
	struct json_doc *used[MOST_AHEAD];
	size_t n = 0;
	for (size_t i = ahead->n; i < MOST_AHEAD - 1; i++) {
		struct json_doc **doc = &ahead->docs[(ahead->first + i) % MOST_AHEAD];
		if (*doc)
			used[n++] = *doc;
		*doc = NULL;
	}
	if (!n)
		return false;
	pthread_mutex_unlock(&ahead->lock);
	for (size_t i = 0; i < n; i++)
		json_free(used[i]);
	pthread_mutex_lock(&ahead->lock);
	return true;
}

/* Waits for a line to parse; false at the end. */
static bool await_line(struct ahead *ahead, struct str *line)
{
	for (;;) {
		if (ahead->is_ending)
			return false;
		if (ahead->n < MOST_AHEAD - 1 && cut_line(&ahead->rest, line))
			return true;
		if (free_used(ahead))
			continue;
		ahead->is_asleep = true;
		pthread_cond_wait(&ahead->wake, &ahead->lock);
		ahead->is_asleep = false;
	}
}

/* A line that is no JSON leaves NULL. */
static void parse_one(struct ahead *ahead, struct str line)
{
	size_t at = (ahead->first + ahead->n++) % MOST_AHEAD;
	struct json_doc *used = ahead->docs[at];
	ahead->docs[at] = NULL;
	ahead->is_parsing = true;
	pthread_mutex_unlock(&ahead->lock);
	json_free(used);
	struct json_doc *doc = json_parse(line, NULL);
	pthread_mutex_lock(&ahead->lock);
	ahead->docs[at] = doc;
	ahead->is_parsing = false;
	if (ahead->is_awaited)
		pthread_cond_signal(&ahead->done);
}

static void *parse_lines(void *arg)
{
	struct ahead *ahead = arg;
	struct str line;
	pthread_mutex_lock(&ahead->lock);
	while (await_line(ahead, &line))
		parse_one(ahead, line);
	pthread_mutex_unlock(&ahead->lock);
	return NULL;
}

/* Signals are for the loop's thread. */
static bool start_thread(struct ahead *ahead)
{
	sigset_t all, before;
	sigfillset(&all);
	BUG_ON(pthread_sigmask(SIG_SETMASK, &all, &before));
	int error = pthread_create(&ahead->thread, NULL, parse_lines, ahead);
	BUG_ON(pthread_sigmask(SIG_SETMASK, &before, NULL));
	return !error;
}

static void destroy(struct ahead *ahead)
{
	for (size_t i = 0; i < MOST_AHEAD; i++)
		json_free(ahead->docs[i]);
	pthread_cond_destroy(&ahead->done);
	pthread_cond_destroy(&ahead->wake);
	pthread_mutex_destroy(&ahead->lock);
	x_free(ahead);
}

struct ahead *ahead_new(void)
{
	struct ahead *ahead = x_new(struct ahead);
	BUG_ON(pthread_mutex_init(&ahead->lock, NULL) || pthread_cond_init(&ahead->wake, NULL) ||
		pthread_cond_init(&ahead->done, NULL));
	if (start_thread(ahead))
		return ahead;
	destroy(ahead);
	return NULL;
}

void ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return;
	ahead_end(ahead);
	pthread_mutex_lock(&ahead->lock);
	ahead->is_ending = true;
	pthread_cond_signal(&ahead->wake);
	pthread_mutex_unlock(&ahead->lock);
	pthread_join(ahead->thread, NULL);
	destroy(ahead);
}

static void wake(struct ahead *ahead)
{
	if (ahead->is_asleep && ahead->rest.n && ahead->n <= WAKE_AT)
		pthread_cond_signal(&ahead->wake);
}

void ahead_begin(struct ahead *ahead, struct str text)
{
	pthread_mutex_lock(&ahead->lock);
	BUG_ON(ahead->n || ahead->rest.n);
	ahead->rest = text;
	wake(ahead);
	pthread_mutex_unlock(&ahead->lock);
}

/* With the lock held: the oldest document, once it is done. */
static const struct json_doc *pop(struct ahead *ahead)
{
	ahead->is_awaited = true;
	while (ahead->is_parsing && ahead->n == 1)
		pthread_cond_wait(&ahead->done, &ahead->lock);
	ahead->is_awaited = false;
	const struct json_doc *doc = ahead->docs[ahead->first];
	ahead->first = (ahead->first + 1) % MOST_AHEAD;
	ahead->n--;
	return doc;
}

/* With the lock held: a line that the thread has not begun; it begins the ones behind. */
static const struct json_doc *parse_here(struct ahead *ahead)
{
	struct str line = {0};
	struct json_doc **doc = &ahead->docs[ahead->first];
	ahead->first = (ahead->first + 1) % MOST_AHEAD; /* what is in use is nobody else's */
	cut_line(&ahead->rest, &line);
	pthread_mutex_unlock(&ahead->lock);
	json_free(*doc);
	*doc = line.n ? json_parse(line, NULL) : NULL;
	pthread_mutex_lock(&ahead->lock);
	return *doc;
}

const struct json_doc *ahead_take(struct ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	const struct json_doc *doc = ahead->n ? pop(ahead) : parse_here(ahead);
	wake(ahead);
	pthread_mutex_unlock(&ahead->lock);
	return doc;
}

void ahead_end(struct ahead *ahead)
{
	if (!ahead)
		return;
	pthread_mutex_lock(&ahead->lock);
	ahead->rest = (struct str){0};
	while (ahead->n)
		pop(ahead);
	pthread_mutex_unlock(&ahead->lock);
}

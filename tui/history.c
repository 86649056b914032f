/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/history.h"

#include "client/base/clean.h"
#include "client/base/mem.h"

enum { MOST_LINE = 1000 };

static void forget_walk(struct history *history)
{
	x_free(history->typed);
	history->typed = NULL;
	history->at = history->n;
}

void history_fini(struct history *history)
{
	for (size_t i = 0; i < history->n; i++)
		x_free(history->lines[i]);
	history->n = 0;
	forget_walk(history);
}

static void drop(struct history *history, size_t i)
{
	x_free(history->lines[i]);
	history->n--;
	memmove(&history->lines[i], &history->lines[i + 1], (history->n - i) * sizeof *history->lines);
}

void history_add(struct history *history, struct str line)
{
	line = str_trim(line);
	if (line.n && line.n <= MOST_LINE) {
		for (size_t i = 0; i < history->n; i++)
			if (str_is(line, history->lines[i])) {
				drop(history, i);
				break;
			}
		if (history->n == HISTORY_MOST)
			drop(history, 0);
		history->lines[history->n++] = x_printf("%.*s", STR_FMT(line));
	}
	forget_walk(history);
}

void history_start(struct history *history)
{
	forget_walk(history);
}

const char *history_older(struct history *history, struct str typed)
{
	if (!history->at)
		return NULL;
	if (!history_is_walking(history)) {
		x_free(history->typed);
		history->typed = x_printf("%.*s", STR_FMT(typed));
	}
	return history->lines[--history->at];
}

const char *history_newer(struct history *history)
{
	if (!history_is_walking(history))
		return NULL;
	history->at++;
	return history_is_walking(history) ? history->lines[history->at] : history->typed;
}

void history_read(struct history *history, struct str text)
{
	struct str line;
	while (str_next(&text, '\n', &line)) {
		struct buf clean;
		buf_init(&clean, 0);
		clean_add(&clean, line, CLEAN_NAME);
		if (str_eq(buf_str(&clean), line)) /* else somebody else has written it */
			history_add(history, line);
		buf_fini(&clean);
	}
}

void history_write(const struct history *history, struct buf *out)
{
	for (size_t i = 0; i < history->n; i++)
		buf_addf(out, "%s\n", history->lines[i]);
}

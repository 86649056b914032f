/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/search.h"

#include "client/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Read at once; a longer line is searched in pieces, which a plain text may lie across. */
enum { BLOCK = 512 << 10 };

struct search_state *search_state_new(int users)
{
	struct search_state *state = x_new(struct search_state);
	atomic_store(&state->users, users);
	return state;
}

void search_state_drop(struct search_state *state)
{
	if (state && atomic_fetch_sub(&state->users, 1) == 1)
		x_free(state);
}

bool search_init(struct search *search, int fd, int64_t size, const struct match *match, struct err *err)
{
	*search = (struct search){.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3), .size = size};
	if (search->fd < 0)
		return err_set(err, ERR_FAILED, "search: %s", strerror(errno));
	if (match_set_pattern(&search->match, (struct str){match->text, match->n}, err))
		return true;
	search_fini(search);
	return false;
}

void search_fini(struct search *search)
{
	if (search->fd >= 0)
		close(search->fd);
	match_fini(&search->match);
	search->fd = -1;
}

/* Cuts the next line of BLOCK at *AT, without its end, and moves *AT behind it. */
static struct str next_line(struct str block, size_t *at)
{
	const char *end = memchr(block.p + *at, '\n', block.n - *at);
	struct str line = {block.p + *at, end ? (size_t)(end - block.p) - *at : block.n - *at};
	*at += line.n + (end ? 1 : 0);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* Where in BLOCK, at or after FROM. A pattern is a matter of one line, a text has no line end in it. */
static size_t find_in(
	const struct match *match, const struct search_state *state, struct str block, size_t from)
{
	if (!match->regex)
		return match_find(match, block, from);
	while (from < block.n && !atomic_load(&state->is_stopped)) {
		struct str line = next_line(block, &from);
		size_t at = match_find(match, line, 0);
		if (at != SIZE_MAX)
			return (size_t)(line.p - block.p) + at;
	}
	return SIZE_MAX;
}

static size_t after_line(struct str block, size_t at)
{
	const char *end = memchr(block.p + at, '\n', block.n - at);
	return end ? (size_t)(end - block.p) + 1 : block.n;
}

static size_t find_last_in(const struct match *match, const struct search_state *state, struct str block)
{
	size_t last = SIZE_MAX;
	for (size_t at = find_in(match, state, block, 0); at != SIZE_MAX;
		at = find_in(match, state, block, after_line(block, at)))
		last = at;
	return last;
}

static struct str read_block(const struct search *search, char *block, int64_t from, int64_t to)
{
	int64_t n = to - from < BLOCK ? to - from : BLOCK;
	ssize_t got = n > 0 ? pread(search->fd, block, (size_t)n, from) : 0;
	return (struct str){block, got > 0 ? (size_t)got : 0};
}

/* Where the last whole line of BLOCK ends; of a line that fills it, some is read again with the next. */
static size_t whole_lines(struct str block)
{
	const char *end = block.n ? memrchr(block.p, '\n', block.n) : NULL;
	if (end)
		return (size_t)(end - block.p) + 1;
	return block.n > MATCH_MOST ? block.n - MATCH_MOST : block.n;
}

static int64_t forward(
	const struct search *search, struct search_state *state, char *bytes, int64_t from, int64_t to)
{
	while (from < to && !atomic_load(&state->is_stopped)) {
		struct str block = read_block(search, bytes, from, to);
		if (!block.n)
			break; /* cut short under our hands */
		size_t at = find_in(&search->match, state, block, 0);
		if (at != SIZE_MAX)
			return from + (int64_t)at;
		bool is_last = from + (int64_t)block.n >= to;
		size_t n = is_last ? block.n : whole_lines(block);
		from += (int64_t)n;
		atomic_fetch_add(&state->done, (long long)n);
	}
	return -1;
}

static int64_t backward(
	const struct search *search, struct search_state *state, char *bytes, int64_t from, int64_t to)
{
	while (from < to && !atomic_load(&state->is_stopped)) {
		int64_t start = to - from > BLOCK ? to - BLOCK : from;
		struct str block = read_block(search, bytes, start, to);
		if (!block.n)
			break;
		/* a line that begins before this block is left to the one before */
		size_t skip = start > from ? after_line(block, 0) : 0;
		if (skip >= block.n)
			skip = 0;
		size_t at = find_last_in(&search->match, state, str_slice(block, skip, block.n));
		if (at != SIZE_MAX)
			return start + (int64_t)(skip + at);
		if (!skip && start > from) /* one line fills it: a text may lie across its start */
			skip = MATCH_MOST;
		atomic_fetch_add(&state->done, to - start - (int64_t)skip);
		to = start + (int64_t)skip;
	}
	return -1;
}

int64_t search_run(const struct search *search, struct search_state *state)
{
	char *bytes = x_calloc(BLOCK, 1);
	int64_t (*pass)(const struct search *, struct search_state *, char *, int64_t, int64_t) =
		search->is_backward ? backward : forward;
	int64_t near_from = search->is_backward ? 0 : search->from;
	int64_t near_to = search->is_backward ? search->from : search->size;
	int64_t hit = pass(search, state, bytes, near_from, near_to);
	if (hit < 0)
		hit = search->is_backward ? pass(search, state, bytes, search->from, search->size)
					  : pass(search, state, bytes, 0, search->from);
	x_free(bytes);
	return hit;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), its greedy form: for each number of edits
 * D the furthest that one comes on each diagonal, kept for the way back. What both texts start and end
 * with is set aside first, so that D is what a person changed. */
#include "client/docs/difference.h"

#include "client/base/mem.h"

enum { CONTEXT = 3 };

struct lines {
	struct str *lines;
	size_t n;
};

struct differ {
	struct lines before, after;
	size_t head, tail; /* lines that both start and end with */
	bool *is_removed, *is_added;
};

/* A text that does not end with a line end has a last line all the same. */
static struct lines cut(struct str text)
{
	struct lines lines = {.n = text.n && text.p[text.n - 1] != '\n'};
	for (size_t i = 0; i < text.n; i++)
		lines.n += text.p[i] == '\n';
	lines.lines = x_calloc(lines.n + 1, sizeof *lines.lines);
	for (size_t i = 0; i < lines.n; i++)
		str_next(&text, '\n', &lines.lines[i]);
	return lines;
}

static void set_aside(struct differ *d)
{
	size_t least = d->before.n < d->after.n ? d->before.n : d->after.n;
	while (d->head < least && str_eq(d->before.lines[d->head], d->after.lines[d->head]))
		d->head++;
	while (d->tail < least - d->head &&
		str_eq(d->before.lines[d->before.n - d->tail - 1], d->after.lines[d->after.n - d->tail - 1]))
		d->tail++;
}

/* From (X, Y) along lines that are the same; X then. */
static int slide(const struct differ *d, int x, int y, int n, int m)
{
	const struct str *a = d->before.lines + d->head, *b = d->after.lines + d->head;
	while (x < n && y < m && str_eq(a[x], b[y])) {
		x++;
		y++;
	}
	return x;
}

static int step(const int *reach, int k, int edits)
{
	bool is_down = k == -edits || (k != edits && reach[k - 1] < reach[k + 1]);
	return is_down ? reach[k + 1] : reach[k - 1] + 1;
}

/* The way back from (N, M) through what was reached with each number of edits. */
static void walk_back(struct differ *d, int *const *reached, int edits, int x, int y)
{
	for (; edits > 0; edits--) {
		const int *reach = reached[edits - 1];
		int k = x - y;
		bool is_down = k == -edits || (k != edits && reach[k - 1] < reach[k + 1]);
		x = is_down ? reach[k + 1] : reach[k - 1];
		y = x - (is_down ? k + 1 : k - 1);
		if (is_down)
			d->is_added[d->head + (size_t)y] = true;
		else
			d->is_removed[d->head + (size_t)x] = true;
	}
}

/* Marks what changed; false where that takes more than DIFFERENCE_MOST edits. */
static bool find_changes(struct differ *d)
{
	int n = (int)(d->before.n - d->head - d->tail), m = (int)(d->after.n - d->head - d->tail);
	int **rows = x_calloc(DIFFERENCE_MOST + 1, sizeof *rows),
	    **reached = x_calloc(DIFFERENCE_MOST + 1, sizeof *reached);
	int start[3] = {0};
	const int *before = &start[1];
	bool is_found = false;
	int edits = 0;
	for (; edits <= DIFFERENCE_MOST && !is_found; edits++) {
		rows[edits] = x_calloc((size_t)(2 * edits + 3), sizeof **rows);
		reached[edits] = &rows[edits][edits + 1];
		for (int k = -edits; k <= edits && !is_found; k += 2) {
			int x = edits ? step(before, k, edits) : 0;
			x = slide(d, x, x - k, n, m);
			reached[edits][k] = x;
			is_found = x >= n && x - k >= m;
		}
		before = reached[edits];
	}
	if (is_found)
		walk_back(d, reached, edits - 1, n, m);
	for (int i = 0; i < edits; i++)
		x_free(rows[i]);
	x_free(rows);
	x_free(reached);
	return is_found;
}

/* --- hunks ------------------------------------------------------------------------- */

static void mark_all(struct differ *d)
{
	for (size_t i = d->head; i < d->before.n - d->tail; i++)
		d->is_removed[i] = true;
	for (size_t i = d->head; i < d->after.n - d->tail; i++)
		d->is_added[i] = true;
}

static void add_line(struct buf *out, char sign, struct str line)
{
	buf_addc(out, sign);
	buf_add(out, line);
	buf_addc(out, '\n');
}

static bool is_same(const struct differ *d, size_t i, size_t j)
{
	return i < d->before.n && j < d->after.n && !d->is_removed[i] && !d->is_added[j];
}

/* The lines from (I, J) on, where a change is, until no other change is near. */
static void add_hunk(struct buf *out, const struct differ *d, size_t *i, size_t *j)
{
	size_t same = 0, context = *i < CONTEXT ? *i : CONTEXT;
	size_t from = *i - context, to = *j - context, end = *i, end_after = *j;
	struct buf lines;
	buf_init(&lines, 0);
	for (size_t at = from; at < *i; at++)
		add_line(&lines, ' ', d->before.lines[at]);
	while ((end < d->before.n || end_after < d->after.n) && same <= 2 * CONTEXT) {
		if (is_same(d, end, end_after)) {
			same++;
			end++;
			end_after++;
			continue;
		}
		for (size_t at = end - same; at < end; at++)
			add_line(&lines, ' ', d->before.lines[at]);
		same = 0;
		while (end < d->before.n && d->is_removed[end])
			add_line(&lines, '-', d->before.lines[end++]);
		while (end_after < d->after.n && d->is_added[end_after])
			add_line(&lines, '+', d->after.lines[end_after++]);
	}
	size_t kept = same < CONTEXT ? same : CONTEXT;
	for (size_t at = end - same; at < end - same + kept; at++)
		add_line(&lines, ' ', d->before.lines[at]);
	size_t n = end - same + kept - from, m = end_after - same + kept - to;
	buf_addf(out, "@@ -%zu,%zu +%zu,%zu @@\n", n ? from + 1 : from, n, m ? to + 1 : to, m);
	buf_add(out, buf_str(&lines));
	buf_fini(&lines);
	*i = end;
	*j = end_after;
}

void difference_add(struct buf *out, struct str before, struct str after)
{
	struct differ d = {.before = cut(before), .after = cut(after)};
	d.is_removed = x_calloc(d.before.n + 1, sizeof *d.is_removed);
	d.is_added = x_calloc(d.after.n + 1, sizeof *d.is_added);
	set_aside(&d);
	if (!find_changes(&d))
		mark_all(&d);
	for (size_t i = 0, j = 0; i < d.before.n || j < d.after.n;) {
		if (!is_same(&d, i, j)) {
			add_hunk(out, &d, &i, &j);
			continue;
		}
		i++;
		j++;
	}
	x_free(d.before.lines);
	x_free(d.after.lines);
	x_free(d.is_removed);
	x_free(d.is_added);
}

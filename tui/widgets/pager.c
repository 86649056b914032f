/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/pager.h"

#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "client/base/work.h"
#include "tui/widgets/file_lines.h"
#include "tui/widgets/frames.h"
#include "tui/widgets/search.h"
#include "views/log_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum {
	BAR = 1,
	CONTEXT = 2,
	MOST_SPANS = 256,
	MOST_FOLD_LINES = 2000, /* looked back over to find where a run of frames starts */
	LEAST_FOLDED = 2,
	MOST_OWNERS = 3,
	OWNER_SIZE = 32,
	FIRST_PAGE = 24, /* before it was ever drawn */
	COUNT_ON_OPEN = 16 << 20,
	COUNT_ON_REFRESH = 32 << 20,
	COUNT_STEP = 4 << 20, /* beside the loop, between two looks whether to stop */
};

/* A run of frames of libraries, from the start of its first line to the end of its last. */
struct fold {
	int64_t from, to;
	int n_frames;
	char owners[MOST_OWNERS][OWNER_SIZE];
	int n_owners;
};

struct pager {
	char *path; /* NULL: nothing is open */
	struct file_lines file;
	/* Places are starts of lines. */
	int64_t cursor, top;
	int skip; /* rows of the cursor's line that are scrolled out, where it is taller than the page */
	int left; /* columns that are scrolled out */
	int64_t opened; /* start of the fold that is open because a search or a cause led into it; -1: none */
	struct fold fold;	      /* the last one found */
	int64_t clear_from, clear_to; /* a stretch looked through in which none is */
	bool is_wrapped, is_unfolded, is_following;
	bool is_absolute; /* stamps of lines as they came */
	bool is_raw;	  /* lines of JSON as they came */
	bool is_binary;
	struct mask *mask; /* borrowed; NULL: nothing is hidden */
	int64_t *causes;
	size_t n_causes, cause; /* cause: 1 for the first, 0 before any was gone to */
	struct match match;
	char *note; /* what came of the last search, where it did not lead anywhere */
	/* Work beside the loop, see pager_use_loop; at most one of the two is under way. */
	struct loop *loop;
	void (*changed)(void *ctx);
	void *changed_ctx;
	struct worker *worker;
	struct ticket *search, *count;
	struct search_state *state; /* of the one under way */
	int width, page_rows;	    /* of the last drawing, of the last move */
	struct buf raw, text;	    /* the line being looked at */
};

struct pager *pager_new(void)
{
	struct pager *pager = x_new(struct pager);
	file_lines_init(&pager->file);
	pager->opened = -1;
	pager->page_rows = FIRST_PAGE;
	buf_init(&pager->raw, 2 * FILE_LINES_MOST_SHOWN);
	buf_init(&pager->text, 0);
	return pager;
}

void pager_use_loop(struct pager *pager, struct loop *loop, void (*changed)(void *ctx), void *ctx)
{
	pager->loop = loop;
	pager->changed = changed;
	pager->changed_ctx = ctx;
}

static void end_work(struct pager *pager, struct ticket **ticket)
{
	if (!*ticket)
		return;
	atomic_store(&pager->state->is_stopped, true);
	ticket_cancel(*ticket);
	*ticket = NULL;
	search_state_drop(pager->state);
	pager->state = NULL;
}

void pager_stop_search(struct pager *pager)
{
	end_work(pager, &pager->search);
}

bool pager_is_searching(const struct pager *pager)
{
	return pager->search;
}

static void set_note(struct pager *pager, char *note)
{
	x_free(pager->note);
	pager->note = note;
}

void pager_free(struct pager *pager)
{
	if (!pager)
		return;
	end_work(pager, &pager->search);
	end_work(pager, &pager->count);
	if (pager->worker)
		worker_free(pager->worker);
	match_fini(&pager->match);
	x_free(pager->note);
	file_lines_fini(&pager->file);
	buf_fini(&pager->raw);
	buf_fini(&pager->text);
	x_free(pager->causes);
	x_free(pager->path);
	x_free(pager);
}

/* --- folds ----------------------------------------------------------------------- */

static struct str raw_line(struct pager *pager, int64_t offset)
{
	buf_reset(&pager->raw);
	file_lines_read(&pager->file, offset, &pager->raw);
	return buf_str(&pager->raw);
}

static void add_owner(struct fold *fold, struct str owner)
{
	owner = str_slice(owner, 0, OWNER_SIZE - 1);
	for (int i = 0; i < fold->n_owners; i++)
		if (str_is(owner, fold->owners[i]))
			return;
	if (fold->n_owners < MOST_OWNERS)
		snprintf(fold->owners[fold->n_owners++], OWNER_SIZE, "%.*s", STR_FMT(owner));
}

/* The run of library frames that starts at OFFSET; no frames where none does. */
static struct fold read_fold(struct pager *pager, int64_t offset)
{
	struct fold fold = {.from = offset, .to = offset};
	struct frame frame;
	while (fold.to < pager->file.size) {
		if (!frame_parse(raw_line(pager, fold.to), &frame) || !frame.is_library)
			break;
		add_owner(&fold, frame.owner);
		fold.n_frames++;
		do
			fold.to = file_lines_next(&pager->file, fold.to);
		while (fold.to < pager->file.size && frame_goes_on(&frame, raw_line(pager, fold.to)));
	}
	return fold;
}

static bool is_clear(const struct pager *pager, int64_t offset)
{
	return offset >= pager->clear_from && offset < pager->clear_to;
}

static void forget_folds(struct pager *pager)
{
	pager->fold = (struct fold){0};
	pager->clear_from = pager->clear_to = 0;
}

/* Where to begin to look for the run that the line at OFFSET may be in. */
static int64_t before_fold(struct pager *pager, int64_t offset)
{
	for (int i = 0; i < MOST_FOLD_LINES && offset > 0; i++) {
		int64_t previous = file_lines_previous(&pager->file, offset);
		if (is_clear(pager, previous) || !frame_may_be(raw_line(pager, previous)))
			break;
		offset = previous;
	}
	return offset;
}

/* Looks for the run with the line at OFFSET, and remembers what it went through: pages of indented text would
 * be gone through anew for each of their lines. */
static bool search_fold(struct pager *pager, int64_t offset)
{
	int64_t at = before_fold(pager, offset), from = at;
	while (at <= offset) {
		struct fold fold = read_fold(pager, at);
		at = fold.n_frames ? fold.to : file_lines_next(&pager->file, at);
		if (fold.n_frames < LEAST_FOLDED)
			continue;
		pager->fold = fold;
		if (at > offset)
			return true;
		from = at;
	}
	if (from != pager->clear_to)
		pager->clear_from = from;
	pager->clear_to = at;
	return false;
}

/* Whether the line at OFFSET is within a run that is shown folded. */
static bool find_fold(struct pager *pager, int64_t offset, struct fold *fold)
{
	if (pager->is_unfolded || offset >= pager->file.size || is_clear(pager, offset))
		return false;
	bool is_known = offset >= pager->fold.from && offset < pager->fold.to;
	if (!is_known && (!frame_may_be(raw_line(pager, offset)) || !search_fold(pager, offset)))
		return false;
	*fold = pager->fold;
	return fold->from != pager->opened;
}

/* --- items: a line, or a fold ------------------------------------------------------ */

static int64_t item_start(struct pager *pager, int64_t offset)
{
	struct fold fold;
	return find_fold(pager, offset, &fold) ? fold.from : offset;
}

static int64_t item_next(struct pager *pager, int64_t offset)
{
	struct fold fold;
	return find_fold(pager, offset, &fold) ? fold.to : file_lines_next(&pager->file, offset);
}

static int64_t item_previous(struct pager *pager, int64_t offset)
{
	return offset > 0 ? item_start(pager, file_lines_previous(&pager->file, offset)) : 0;
}

static int64_t item_last(struct pager *pager)
{
	return item_start(pager, file_lines_last(&pager->file));
}

static int64_t step(struct pager *pager, int64_t offset, int by)
{
	for (; by < 0 && offset > 0; by++)
		offset = item_previous(pager, offset);
	for (; by > 0; by--) {
		int64_t next = item_next(pager, offset);
		if (next >= pager->file.size)
			break;
		offset = next;
	}
	return offset;
}

/* A stamp in UTC with its date is long: on the screen it is the local time of day. */
static void shorten_stamp(struct buf *line)
{
	char clock[FORMAT_CLOCK];
	size_t n = format_stamp(buf_str(line), clock);
	if (!n)
		return;
	buf_drop(line, n - (FORMAT_CLOCK - 1));
	memcpy(line->p, clock, FORMAT_CLOCK - 1);
}

/* A stretch of pager->text that is not plain. */
struct painted {
	size_t from, to;
	struct style style;
};
_Static_assert((int)LOG_LINE_MOST_PIECES <= (int)MOST_SPANS, "each piece of a line has a place");

/* A line of JSON, laid out: pieces without a meaning of their own have ROLE. False: it is none. */
static bool lay_out(struct pager *pager, enum role role, struct painted *painted, size_t *n)
{
	struct log_piece pieces[LOG_LINE_MOST_PIECES];
	size_t from = 0;
	*n = pager->is_raw ? 0
			   : log_line_lay_out(buf_str(&pager->raw), pager->is_absolute, &pager->text, pieces);
	for (size_t i = 0; painted && i < *n; i++) {
		bool is_plain = pieces[i].role == ROLE_TEXT;
		painted[i] = (struct painted){from, pieces[i].to, {.role = is_plain ? role : pieces[i].role}};
		from = pieces[i].to;
	}
	return *n > 0;
}

/* The line at OFFSET, cleaned, into pager->text; PAINTED may be NULL. ROLE is that of the line. */
static size_t clean_at(struct pager *pager, int64_t offset, enum role role, struct painted *painted)
{
	struct clean_span spans[MOST_SPANS];
	size_t n;
	buf_reset(&pager->raw);
	buf_reset(&pager->text);
	int64_t more = file_lines_read(&pager->file, offset, &pager->raw);
	if (pager->mask)
		mask_line(pager->mask, &pager->raw);
	if (!more && lay_out(pager, role, painted, &n))
		return n;
	if (!pager->is_absolute)
		shorten_stamp(&pager->raw);
	n = clean_line(&pager->text, buf_str(&pager->raw), spans, painted ? MOST_SPANS : 0);
	for (size_t i = 0; i < n; i++)
		painted[i] =
			(struct painted){spans[i].from, spans[i].to, {.role = role, .attr = spans[i].attr}};
	if (more)
		buf_addf(&pager->text, "… (%" PRId64 " bytes more)", more);
	return n;
}

/* --- the gutter and what is beside it ---------------------------------------------- */

static int digits(int64_t n)
{
	return snprintf(NULL, 0, "%" PRId64, n);
}

/* Columns of a line number; 0 while they are not known. */
static int number_width(struct pager *pager)
{
	enum { LEAST = 4 };
	int64_t most = file_lines_is_counted(&pager->file) ? file_lines_total(&pager->file)
							   : file_lines_number(&pager->file, pager->cursor);
	if (!most)
		return 0;
	return digits(most) > LEAST ? digits(most) : LEAST;
}

/* "▌ 1482 ✗ text": a bar, a blank, the number, a mark between blanks. */
static int gutter_width(struct pager *pager)
{
	enum { AROUND_NUMBER = 1 + 3 };
	int number = number_width(pager);
	return BAR + (number ? number + AROUND_NUMBER : pager->n_causes ? 2 : 0);
}

static int text_width(struct pager *pager)
{
	int width = pager->width - gutter_width(pager);
	return width > 0 ? width : 1;
}

/* Rows that the item at OFFSET takes. */
static int item_rows(struct pager *pager, int64_t offset)
{
	struct fold fold;
	if (!pager->is_wrapped || !pager->width || find_fold(pager, offset, &fold))
		return 1;
	clean_at(pager, offset, ROLE_TEXT, NULL);
	struct str text = buf_str(&pager->text);
	int rows = 0, width = text_width(pager);
	do {
		struct str row = utf8_fit(text, (size_t)width);
		if (!row.n)
			break; /* one wide character in one column */
		text = str_slice(text, row.n, text.n);
		rows++;
	} while (text.n);
	return rows ? rows : 1;
}

/* The first item of those before OFFSET that fit into ROWS. */
static int64_t back_by_rows(struct pager *pager, int64_t offset, int rows)
{
	while (offset > 0) {
		int64_t previous = item_previous(pager, offset);
		rows -= item_rows(pager, previous);
		if (rows < 0)
			break;
		offset = previous;
	}
	return offset;
}

static int rows_below(struct pager *pager, int items)
{
	int rows = 0;
	for (int64_t at = item_next(pager, pager->cursor); items > 0 && at < pager->file.size; items--) {
		rows += item_rows(pager, at);
		at = item_next(pager, at);
	}
	return rows;
}

/* Where the page of ROWS starts: as near to where it started as the cursor allows, with CONTEXT around it,
 * and without empty room behind the last line. All by looking a page around: the file may be huge. */
static int64_t top_for(struct pager *pager, int rows)
{
	int context = rows > 2 * CONTEXT ? CONTEXT : 0;
	int64_t latest = step(pager, pager->cursor, -context);
	int64_t top = item_start(pager, pager->top < pager->file.size ? pager->top : 0);
	int room = rows - item_rows(pager, pager->cursor) - rows_below(pager, context);
	int64_t earliest = back_by_rows(pager, pager->cursor, room > 0 ? room : 0);
	if (top > latest)
		top = latest;
	if (top < earliest)
		top = earliest;
	int64_t last_page = back_by_rows(pager, pager->file.size, rows);
	return top < last_page ? top : last_page;
}

/* --- going somewhere ----------------------------------------------------------------- */

static void set_cursor(struct pager *pager, int64_t offset)
{
	pager->cursor = offset;
	pager->skip = 0;
	pager->top = top_for(pager, pager->page_rows);
}

/* Jumps to a line: opens the fold it is in; some lines before it are shown too. */
static void jump(struct pager *pager, int64_t offset)
{
	struct fold fold;
	if (find_fold(pager, offset, &fold))
		pager->opened = fold.from;
	pager->is_following = false;
	pager->cursor = offset;
	pager->skip = 0;
	int64_t shown_to = step(pager, pager->top, pager->page_rows - 1 - CONTEXT);
	if (offset < pager->top || offset > shown_to)
		pager->top = back_by_rows(pager, offset, pager->page_rows / 3);
	pager->top = top_for(pager, pager->page_rows);
}

static void go_to_end(struct pager *pager)
{
	set_cursor(pager, item_last(pager));
}

/* In a text a NUL is an accident; what is shown of anything else is its bytes, cleaned. */
static bool is_no_text(const struct file_lines *file)
{
	enum { ENOUGH = 4096, RARE = 32 };
	char head[ENOUGH];
	ssize_t n = pread(file->fd, head, sizeof head, 0), nuls = 0;
	for (ssize_t i = 0; i < n; i++)
		nuls += !head[i];
	return nuls * RARE > n;
}

bool pager_open(struct pager *pager, const char *path, int64_t line, struct err *err)
{
	if (pager->path && strcmp(pager->path, path) == 0) {
		pager_refresh(pager);
		return true;
	}
	end_work(pager, &pager->search);
	end_work(pager, &pager->count);
	if (!file_lines_open(&pager->file, path, err))
		return false;
	x_free(pager->path);
	pager->path = x_strdup(path);
	forget_folds(pager);
	pager->is_binary = is_no_text(&pager->file);
	pager->cursor = pager->top = 0;
	pager->left = pager->skip = 0;
	pager->opened = -1;
	pager->cause = 0;
	if (pager->file.size <= COUNT_ON_OPEN)
		file_lines_count(&pager->file, COUNT_ON_OPEN);
	if (line > 0)
		jump(pager, file_lines_find(&pager->file, line));
	else
		go_to_end(pager);
	return true;
}

void pager_set_causes(struct pager *pager, const int64_t *lines, size_t n)
{
	x_free(pager->causes);
	pager->causes = x_calloc(n + 1, sizeof *lines);
	memcpy(pager->causes, lines, n * sizeof *lines);
	pager->n_causes = n;
	pager->cause = 0;
}

void pager_set_mask(struct pager *pager, struct mask *mask)
{
	pager->mask = mask;
}

/* --- beside the loop: searching and counting ------------------------------------------- */

/* One piece of work, with all that it needs; the one who has it frees it. */
struct scan {
	bool is_count;
	struct search search;
	struct file_lines file; /* to count in */
	struct search_state *state;
	int64_t hit;
};

static void free_scan(void *ctx)
{
	struct scan *scan = ctx;
	if (scan->is_count)
		file_lines_fini(&scan->file);
	else
		search_fini(&scan->search);
	search_state_drop(scan->state);
	x_free(scan);
}

static void count_all(struct scan *scan)
{
	int64_t before = -1;
	while (scan->file.counted_to > before && !atomic_load(&scan->state->is_stopped)) {
		before = scan->file.counted_to;
		file_lines_count(&scan->file, COUNT_STEP);
	}
}

/* The scan goes on as the result: what is left for free_job is the place it was in. */
static void *run_scan(void *worker_state, void *job)
{
	(void)worker_state;
	struct scan **place = job, *scan = *place;
	*place = NULL;
	if (scan->is_count)
		count_all(scan);
	else
		scan->hit = search_run(&scan->search, scan->state);
	return scan;
}

static void free_place(void *job)
{
	struct scan **place = job;
	if (*place)
		free_scan(*place);
	x_free(place);
}

static void search_done(void *ctx, void *result);
static void count_done(void *ctx, void *result);

static struct ticket *start_scan(struct pager *pager, struct scan *scan)
{
	static const struct work search = {run_scan, search_done, free_scan, free_place},
				 count = {run_scan, count_done, free_scan, free_place};
	struct scan **place = x_calloc(1, sizeof *place);
	*place = scan;
	scan->state = pager->state = search_state_new(2);
	if (!pager->worker)
		pager->worker = worker_new(pager->loop, NULL, NULL);
	return worker_submit(pager->worker, scan->is_count ? &count : &search, place, pager);
}

static void start_count(struct pager *pager)
{
	if (pager->count || pager->search || file_lines_is_counted(&pager->file))
		return;
	struct scan *scan = x_new(struct scan);
	scan->is_count = true;
	if (file_lines_fork(&pager->file, &scan->file))
		pager->count = start_scan(pager, scan);
	else
		x_free(scan);
}

/* What was under way is over: SCAN is its result. */
static void end_scan(struct pager *pager, struct scan *scan)
{
	free_scan(scan);
	search_state_drop(pager->state);
	pager->state = NULL;
	start_count(pager);
	pager->changed(pager->changed_ctx);
}

static void count_done(void *ctx, void *result)
{
	struct pager *pager = ctx;
	struct scan *scan = result;
	pager->count = NULL;
	file_lines_join(&pager->file, &scan->file);
	end_scan(pager, scan);
}

static char *not_found(const struct match *match)
{
	size_t n = match->regex ? regex_given_up(match->regex) : 0;
	if (n)
		return x_printf("not found: %.*s (too hard for %zu line%s)", (int)match->n, match->text, n,
			n == 1 ? "" : "s");
	return x_printf("not found: %.*s", (int)match->n, match->text);
}

static void take_hit(struct pager *pager, const struct scan *scan)
{
	bool is_found = scan->hit >= 0 && scan->hit < pager->file.size;
	if (is_found)
		jump(pager, file_lines_start(&pager->file, scan->hit));
	set_note(pager, is_found ? NULL : not_found(&scan->search.match));
}

static void search_done(void *ctx, void *result)
{
	struct pager *pager = ctx;
	struct scan *scan = result;
	pager->search = NULL;
	take_hit(pager, scan);
	end_scan(pager, scan);
}

static bool start_search(struct pager *pager, int64_t from, bool is_backward)
{
	struct err err;
	struct scan *scan = x_new(struct scan);
	if (!search_init(&scan->search, pager->file.fd, pager->file.size, &pager->match, &err)) {
		x_free(scan);
		set_note(pager, x_strdup(err.msg));
		return true;
	}
	scan->search.from = from;
	scan->search.is_backward = is_backward;
	if (pager->loop) {
		end_work(pager, &pager->count);
		pager->search = start_scan(pager, scan);
		return true;
	}
	scan->state = search_state_new(1);
	scan->hit = search_run(&scan->search, scan->state);
	take_hit(pager, scan);
	bool is_found = scan->hit >= 0;
	free_scan(scan);
	return is_found;
}

bool pager_is_counting(const struct pager *pager)
{
	return pager->path && !file_lines_is_counted(&pager->file);
}

bool pager_refresh(struct pager *pager)
{
	bool is_new;
	if (!pager->path)
		return false;
	bool has_changed = file_lines_refresh(&pager->file, pager->path, &is_new);
	if (has_changed)
		forget_folds(pager);
	if (is_new) {
		pager->opened = -1;
		if (pager->cursor < pager->file.size)
			pager->cursor = file_lines_start(&pager->file, pager->cursor + 1);
	}
	if (pager->cursor >= pager->file.size || (has_changed && pager->is_following))
		go_to_end(pager);
	if (is_new) /* what is being looked through is another file */
		end_work(pager, &pager->search);
	if (is_new)
		end_work(pager, &pager->count);
	if (pager->loop) {
		start_count(pager);
		return has_changed || pager->search;
	}
	if (!pager_is_counting(pager))
		return has_changed;
	file_lines_count(&pager->file, COUNT_ON_REFRESH);
	return has_changed || !pager_is_counting(pager);
}

/* Within a line that is taller than the page, a move goes through its rows first. */
static bool scroll_inside(struct pager *pager, int by)
{
	int hidden = item_rows(pager, pager->cursor) - pager->page_rows;
	int skip = pager->skip + by;
	if (!by || hidden <= 0 || (by > 0 && pager->skip >= hidden) || (by < 0 && pager->skip <= 0))
		return false;
	pager->skip = skip < 0 ? 0 : skip > hidden ? hidden : skip;
	return true;
}

static bool scroll_sideways(struct pager *pager, int by)
{
	int left = pager->left + by;
	if (pager->is_wrapped || left < 0 || left > FILE_LINES_MOST_SHOWN)
		return false;
	pager->left = left;
	return true;
}

static int items_of(enum move move, int rows)
{
	int half = rows / 2 > 1 ? rows / 2 : 1, page = rows > CONTEXT + 1 ? rows - CONTEXT : 1;
	switch (move) {
	case MOVE_UP:
		return -1;
	case MOVE_DOWN:
		return 1;
	case MOVE_HALF_UP:
		return -half;
	case MOVE_HALF_DOWN:
		return half;
	case MOVE_PAGE_UP:
		return -page;
	case MOVE_PAGE_DOWN:
		return page;
	default:
		return 0;
	}
}

bool pager_move(struct pager *pager, enum move move, int page_rows)
{
	enum { SIDEWAYS = 16 };
	pager->page_rows = page_rows > 0 ? page_rows : 1;
	if (!pager->path || !pager->file.size)
		return false;
	if (move == MOVE_LEFT || move == MOVE_RIGHT)
		return scroll_sideways(pager, move == MOVE_LEFT ? -SIDEWAYS : SIDEWAYS);
	int64_t before = pager->cursor;
	int by = items_of(move, page_rows);
	pager->is_following = pager->is_following && by >= 0 && move != MOVE_HOME;
	if (scroll_inside(pager, by))
		return true;
	set_cursor(pager, move == MOVE_HOME  ? 0
			  : move == MOVE_END ? item_last(pager)
					     : step(pager, before, by));
	return pager->cursor != before;
}

bool pager_find(struct pager *pager, struct str text, bool is_backward)
{
	struct err err;
	pager_stop_search(pager);
	set_note(pager, NULL);
	if (text.n && !match_set_pattern(&pager->match, text, &err)) {
		set_note(pager, x_strdup(err.msg));
		return true;
	}
	if (!pager->path || !pager->match.n)
		return false;
	bool is_next = !text.n && !is_backward;
	int64_t from = is_next ? file_lines_next(&pager->file, pager->cursor) : pager->cursor;
	return start_search(pager, from, is_backward);
}

/* Which cause the cursor is on, from 1; else the one last gone to. */
static size_t current_cause(struct pager *pager)
{
	int64_t number = file_lines_number(&pager->file, pager->cursor);
	for (size_t i = 0; number && i < pager->n_causes; i++)
		if (pager->causes[i] == number)
			return i + 1;
	return pager->cause;
}

bool pager_next_cause(struct pager *pager, bool is_backward)
{
	if (!pager->path)
		return false;
	size_t cause = is_backward ? current_cause(pager) - 1 : current_cause(pager) + 1;
	if (cause < 1 || cause > pager->n_causes)
		return false;
	pager->cause = cause;
	jump(pager, file_lines_find(&pager->file, pager->causes[cause - 1]));
	return true;
}

void pager_toggle_wrap(struct pager *pager)
{
	pager->is_wrapped = !pager->is_wrapped;
	pager->left = pager->skip = 0;
}

void pager_toggle_fold(struct pager *pager)
{
	pager->is_unfolded = !pager->is_unfolded;
	pager->opened = -1;
	pager->cursor = item_start(pager, pager->cursor);
	pager->skip = 0;
}

bool pager_toggle_raw(struct pager *pager)
{
	pager->is_raw = !pager->is_raw;
	pager->left = pager->skip = 0;
	return pager->is_raw;
}

bool pager_toggle_follow(struct pager *pager)
{
	pager->is_following = !pager->is_following;
	if (pager->is_following && pager->path)
		go_to_end(pager);
	return pager->is_following;
}

void pager_copy(struct pager *pager, struct buf *out)
{
	if (!pager->path)
		return;
	bool is_absolute = pager->is_absolute;
	pager->is_absolute = true; /* elsewhere a time without its day says little */
	clean_at(pager, pager->cursor, ROLE_TEXT, NULL);
	pager->is_absolute = is_absolute;
	buf_add(out, buf_str(&pager->text));
}

/* --- drawing --------------------------------------------------------------------------- */

static bool is_cause(const struct pager *pager, int64_t number)
{
	for (size_t i = 0; number && i < pager->n_causes; i++)
		if (pager->causes[i] == number)
			return true;
	return false;
}

/* Bytes FROM to TO of pager->text at X, Y, each stretch with its own colours. */
static void draw_stretches(struct pager *pager, struct grid *grid, struct rect at, size_t from, size_t to,
	const struct painted *spans, size_t n, enum role role)
{
	struct str text = buf_str(&pager->text);
	int used = 0;
	for (size_t i = 0; from < to && used < at.width; i++) {
		size_t plain_to = i < n && spans[i].from < to ? spans[i].from : to;
		if (plain_to > from) {
			used += grid_put(grid, at.x + used, at.y, at.width - used,
				str_slice(text, from, plain_to), role);
			from = plain_to;
		}
		if (i >= n || from >= to)
			continue;
		size_t painted_to = spans[i].to < to ? spans[i].to : to;
		if (painted_to > from) {
			used += grid_text(grid, at.x + used, at.y, at.width - used,
				str_slice(text, from, painted_to), spans[i].style);
			from = painted_to;
		}
	}
}

static void draw_row(struct pager *pager, struct grid *grid, struct rect at, struct str row,
	const struct painted *spans, size_t n, enum role role)
{
	size_t from = (size_t)(row.p - pager->text.p);
	draw_stretches(pager, grid, at, from, from + row.n, spans, n, role);
	match_paint(&pager->match, grid, at.x, at.y, at.width, row);
}

static void draw_unwrapped(struct pager *pager, struct grid *grid, struct rect at,
	const struct painted *spans, size_t n, enum role role)
{
	struct str text = buf_str(&pager->text);
	size_t skipped = pager->left ? utf8_fit(text, (size_t)pager->left).n : 0;
	text = str_slice(text, skipped, text.n);
	struct str row = utf8_fit(text, (size_t)at.width);
	draw_row(pager, grid, at, row, spans, n, role);
	if (row.n < text.n)
		grid_put(grid, at.x + at.width - 1, at.y, 1, STR("…"), ROLE_DIM);
}

static int draw_wrapped(struct pager *pager, struct grid *grid, struct rect at, int skip,
	const struct painted *spans, size_t n, enum role role)
{
	struct str text = buf_str(&pager->text);
	int rows = 0;
	do {
		struct str row = utf8_fit(text, (size_t)at.width);
		if (rows >= skip)
			draw_row(pager, grid, (struct rect){at.x, at.y + rows - skip, at.width, 1}, row,
				spans, n, role);
		text = str_slice(text, row.n, text.n);
		rows++;
		if (!row.n)
			break;
	} while (text.n && rows - skip < at.height);
	return rows - skip;
}

static void draw_gutter(
	struct pager *pager, struct grid *grid, struct rect rect, int64_t number, bool is_at_cursor)
{
	char text[32];
	int width = number_width(pager), x = rect.x + BAR;
	if (is_at_cursor)
		grid_put(grid, rect.x, rect.y, BAR, STR("▌"), ROLE_HEADING);
	if (width && number) {
		int n = snprintf(text, sizeof text, " %*" PRId64, width, number);
		grid_put(grid, x, rect.y, n, (struct str){text, (size_t)n},
			is_at_cursor ? ROLE_HEADING : ROLE_DIM);
	}
	if (is_cause(pager, number))
		grid_put(grid, width ? x + width + 2 : x, rect.y, 1, STR("✗"), ROLE_FAILED);
}

static int draw_line(struct pager *pager, struct grid *grid, struct rect rect, int64_t offset)
{
	struct painted spans[MOST_SPANS];
	int64_t number = file_lines_number(&pager->file, offset);
	int gutter = gutter_width(pager);
	struct rect at = {rect.x + gutter, rect.y, rect.width - gutter, rect.height};
	enum role role = is_cause(pager, number) ? ROLE_CAUSE : ROLE_TEXT;
	draw_gutter(pager, grid, rect, number, offset == pager->cursor);
	size_t n = clean_at(pager, offset, role, spans);
	if (at.width < 1 || !pager->text.n)
		return 1;
	if (pager->is_wrapped)
		return draw_wrapped(
			pager, grid, at, offset == pager->cursor ? pager->skip : 0, spans, n, role);
	draw_unwrapped(pager, grid, at, spans, n, role);
	return 1;
}

static void add_owners(struct buf *out, const struct fold *fold)
{
	for (int i = 0; i < fold->n_owners; i++) {
		bool is_last = i == fold->n_owners - 1;
		buf_addz(out, i == 0 ? "" : is_last ? " and " : ", ");
		buf_addz(out, fold->owners[i]);
	}
}

static void draw_fold(struct pager *pager, struct grid *grid, struct rect rect, const struct fold *fold)
{
	int gutter = gutter_width(pager), width = number_width(pager);
	struct buf note;
	buf_init(&note, 0);
	buf_addf(&note, "  %d frames of ", fold->n_frames);
	add_owners(&note, fold);
	buf_addz(&note, " folded (u unfolds)");
	draw_gutter(pager, grid, rect, 0, fold->from == pager->cursor);
	for (int i = 0; i < width; i++)
		grid_put(grid, rect.x + BAR + 1 + i, rect.y, 1, STR("·"), ROLE_DIM);
	grid_put(grid, rect.x + gutter, rect.y, rect.width - gutter, buf_str(&note), ROLE_DIM);
	buf_fini(&note);
}

void pager_draw(struct pager *pager, struct grid *grid, struct rect rect, const struct format *format)
{
	pager->is_absolute = format->is_absolute;
	pager->width = rect.width;
	if (!pager->path || rect.width <= BAR || rect.height < 1)
		return;
	int y = rect.y, bottom = rect.y + rect.height;
	for (int64_t at = top_for(pager, rect.height); at < pager->file.size && y < bottom;) {
		struct rect row = {rect.x, y, rect.width, bottom - y};
		struct fold fold;
		if (find_fold(pager, at, &fold)) {
			draw_fold(pager, grid, row, &fold);
			at = fold.to;
			y++;
		} else {
			y += draw_line(pager, grid, row, at);
			at = file_lines_next(&pager->file, at);
		}
	}
}

static void add_size(struct buf *out, int64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double n = (double)bytes;
	size_t unit = 0;
	while (n >= 999.5 && unit + 1 < ARRAY_LEN(units)) {
		n /= 1000;
		unit++;
	}
	buf_addf(out, "%.3g %s", n, units[unit]);
}

static int percent(int64_t part, int64_t whole)
{
	return (int)((double)part / (double)whole * 100);
}

static void add_place(struct pager *pager, const struct format *format, struct buf *out)
{
	int64_t number = file_lines_number(&pager->file, pager->cursor);
	if (!number || !file_lines_is_counted(&pager->file)) {
		int64_t end = file_lines_next(&pager->file, pager->cursor);
		buf_addf(out, "%d %%", percent(end, pager->file.size));
		return;
	}
	buf_addz(out, "line ");
	format_add_int(out, format, number);
	buf_addz(out, " of ");
	format_add_int(out, format, file_lines_total(&pager->file));
}

void pager_status(struct pager *pager, const struct format *format, struct buf *out)
{
	const char *dot = format->is_ascii ? " - " : " · ";
	if (!pager->path)
		return;
	if (!pager->file.size) {
		buf_addz(out, "empty");
		return;
	}
	add_place(pager, format, out);
	size_t cause = current_cause(pager);
	if (cause)
		buf_addf(out, "%scause %zu of %zu", dot, cause, pager->n_causes);
	else if (pager->n_causes)
		buf_addf(out, "%s%zu cause%s", dot, pager->n_causes, pager->n_causes == 1 ? "" : "s");
	buf_addz(out, dot);
	add_size(out, pager->file.size);
	if (pager->is_binary)
		buf_addf(out, "%sno text: its bytes, cleaned", dot);
	if (pager->is_following)
		buf_addf(out, "%sfollowing", dot);
	if (pager->search)
		buf_addf(out, "%ssearching %d %%", dot,
			percent(atomic_load(&pager->state->done), pager->file.size));
	else if (pager->note)
		buf_addf(out, "%s%s", dot, pager->note);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/clean.h"

#include "client/base/mem.h"
#include "client/base/utf8.h"

#include <stdlib.h>

enum { MOST_MARKS = 4, TAB_COLUMNS = 8, MOST_LINE = 64 << 10 };

/* One pass of the cleaner over one text. */
struct gate {
	struct buf *out;
	size_t start; /* of what this pass adds to `out` */
	enum clean_flags flags;

	/* What a combining mark would join. */
	bool has_base, has_selector;
	unsigned marks;

	/* Where the columns of the line are a multiple of TAB_COLUMNS: at its start and behind a TAB. */
	size_t tab_stop;

	/* Spans, for clean_line only. */
	bool paints;
	struct clean_attr sgr;	/* what the sequences so far ask for */
	struct clean_attr open; /* of the stretch that began at `open_from` */
	size_t open_from;
	struct clean_span *spans;
	size_t n, max;
	bool is_full;
};

/* --- spans ------------------------------------------------------------------- */

static bool attr_eq(struct clean_attr a, struct clean_attr b)
{
	return a.bold == b.bold && a.dim == b.dim && a.underline == b.underline && a.reverse == b.reverse &&
	       a.has_fg == b.has_fg && a.has_bg == b.has_bg && (!a.has_fg || a.fg == b.fg) &&
	       (!a.has_bg || a.bg == b.bg);
}

static void close_span(struct gate *g)
{
	size_t end = g->out->n - g->start;
	if (end == g->open_from || attr_eq(g->open, (struct clean_attr){0}))
		return;
	if (g->n == g->max) {
		g->is_full = true;
		return;
	}
	g->spans[g->n++] = (struct clean_span){.from = g->open_from, .to = end, .attr = g->open};
}

static void set_base(struct gate *g, bool has_base)
{
	g->has_base = has_base;
	g->has_selector = false;
	g->marks = 0;
}

/* A stretch begins with a base, so that it can be drawn by itself. */
static void set_attr(struct gate *g, struct clean_attr attr)
{
	if (!g->paints || attr_eq(g->open, attr))
		return;
	close_span(g);
	set_base(g, false);
	g->open = attr;
	g->open_from = g->out->n - g->start;
}

static void finish_spans(struct gate *g)
{
	close_span(g);
	if (g->is_full && g->n)
		g->spans[g->n - 1].to = g->out->n - g->start;
}

/* --- colours ----------------------------------------------------------------- */

struct rgb {
	int r, g, b;
};

static const unsigned char cube_levels[] = {0, 95, 135, 175, 215, 255};

static struct rgb rgb_of(uint8_t colour)
{
	static const struct rgb base[] = {{0, 0, 0}, {205, 0, 0}, {0, 205, 0}, {205, 205, 0}, {0, 0, 238},
		{205, 0, 205}, {0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0}, {0, 255, 0},
		{255, 255, 0}, {92, 92, 255}, {255, 0, 255}, {0, 255, 255}, {255, 255, 255}};
	if (colour < 16)
		return base[colour];
	if (colour >= 232) {
		int grey = 8 + (colour - 232) * 10;
		return (struct rgb){grey, grey, grey};
	}
	int i = colour - 16;
	return (struct rgb){cube_levels[i / 36], cube_levels[i / 6 % 6], cube_levels[i % 6]};
}

static int rgb_distance(struct rgb a, struct rgb b)
{
	return abs(a.r - b.r) + abs(a.g - b.g) + abs(a.b - b.b);
}

static int cube_index(int level)
{
	int best = 0;
	for (int i = 1; i < (int)ARRAY_LEN(cube_levels); i++) {
		if (abs(cube_levels[i] - level) < abs(cube_levels[best] - level))
			best = i;
	}
	return best;
}

/* The nearest of cube and greys. */
static uint8_t palette_of(struct rgb want)
{
	int cube = 16 + 36 * cube_index(want.r) + 6 * cube_index(want.g) + cube_index(want.b);
	int average = (want.r + want.g + want.b) / 3;
	int step = average < 3 ? 0 : (average - 3) / 10;
	int grey = 232 + (step > 23 ? 23 : step);
	bool grey_is_nearer =
		rgb_distance(rgb_of((uint8_t)grey), want) < rgb_distance(rgb_of((uint8_t)cube), want);
	return (uint8_t)(grey_is_nearer ? grey : cube);
}

/* Text in the colour of its ground is hidden text: there the ground goes. */
static struct clean_attr readable(struct clean_attr attr)
{
	enum { TOO_NEAR = 60 };
	if (attr.has_fg && attr.has_bg && rgb_distance(rgb_of(attr.fg), rgb_of(attr.bg)) < TOO_NEAR)
		attr.has_bg = 0;
	return attr;
}

/* --- colour sequences (SGR) -------------------------------------------------- */

enum { MOST_NUMBERS = 32, MOST_DIGITS = 5 };

struct sgr {
	int numbers[MOST_NUMBERS]; /* -1 where nothing is written */
	bool joins[MOST_NUMBERS];  /* by a colon to the number before */
	size_t n;
};

/* Reads one number and what ends it; false beyond the bounds. */
static bool read_number(struct str s, size_t *at, int *out)
{
	size_t digits = 0;
	*out = -1;
	for (; *at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9'; ++*at) {
		if (++digits > MOST_DIGITS)
			return false;
		*out = (*out < 0 ? 0 : *out) * 10 + (s.p[*at] - '0');
	}
	return *at < s.n;
}

/* Bytes of the colour sequence that S starts with, 0 where it is none. */
static size_t read_sgr(struct str s, struct sgr *sgr)
{
	sgr->n = 0;
	if (!str_starts(s, STR("\x1b[")))
		return 0;
	size_t at = 2;
	bool joins = false;
	while (sgr->n < MOST_NUMBERS) {
		if (!read_number(s, &at, &sgr->numbers[sgr->n]))
			return 0;
		sgr->joins[sgr->n++] = joins;
		char end = s.p[at++];
		if (end == 'm')
			return at;
		if (end != ';' && end != ':')
			return 0;
		joins = end == ':';
	}
	return 0;
}

static bool is_byte(int value)
{
	return value >= 0 && value <= 255;
}

/* How many numbers from I on belong to the one at I by colons. */
static size_t joined(const struct sgr *sgr, size_t i)
{
	size_t n = 1;
	while (i + n < sgr->n && sgr->joins[i + n])
		n++;
	return n;
}

/* The colour that 38, 48 or 58 at I asks for, -1 for one that is none; sets *USED to its numbers. */
static int extended_colour(const struct sgr *sgr, size_t i, size_t *used)
{
	size_t group = joined(sgr, i);
	bool has_colons = group > 1;
	size_t have = has_colons ? group : sgr->n - i;
	int kind = have > 1 ? sgr->numbers[i + 1] : -1;
	size_t want = kind == 5 ? 3 : kind == 2 ? 5 : 2;
	/* "38:2::r:g:b" has a colour space that "38:2:r:g:b" and "38;2;r;g;b" lack. */
	size_t space = has_colons && kind == 2 && group > 5;
	*used = has_colons ? group : want < have ? want : have;
	if (want + space > have)
		return -1;
	const int *value = &sgr->numbers[i + 2 + space];
	if (kind == 5)
		return is_byte(value[0]) ? value[0] : -1;
	if (kind != 2 || !is_byte(value[0]) || !is_byte(value[1]) || !is_byte(value[2]))
		return -1;
	return palette_of((struct rgb){value[0], value[1], value[2]});
}

static void set_fg(struct clean_attr *attr, int colour)
{
	attr->has_fg = colour >= 0;
	attr->fg = colour >= 0 ? (uint8_t)colour : 0;
}

static void set_bg(struct clean_attr *attr, int colour)
{
	attr->has_bg = colour >= 0;
	attr->bg = colour >= 0 ? (uint8_t)colour : 0;
}

static void apply_colour(struct clean_attr *attr, int number)
{
	if (number >= 30 && number <= 37)
		set_fg(attr, number - 30);
	else if (number >= 90 && number <= 97)
		set_fg(attr, number - 90 + 8);
	else if (number >= 40 && number <= 47)
		set_bg(attr, number - 40);
	else if (number >= 100 && number <= 107)
		set_bg(attr, number - 100 + 8);
}

/* Those not named are dropped: italic, blink, conceal, strike-through, fonts. */
static void apply_number(struct clean_attr *attr, int number, int style)
{
	switch (number) {
	case -1:
	case 0:
		*attr = (struct clean_attr){0};
		break;
	case 1:
		attr->bold = 1;
		break;
	case 2:
		attr->dim = 1;
		break;
	case 4:
		attr->underline = style != 0; /* "4:0" is off, "4:3" curly */
		break;
	case 7:
		attr->reverse = 1;
		break;
	case 21:
		attr->underline = 1;
		break;
	case 22:
		attr->bold = attr->dim = 0;
		break;
	case 24:
		attr->underline = 0;
		break;
	case 27:
		attr->reverse = 0;
		break;
	case 39:
		set_fg(attr, -1);
		break;
	case 49:
		set_bg(attr, -1);
		break;
	default:
		apply_colour(attr, number);
	}
}

static void apply_sgr(struct clean_attr *attr, const struct sgr *sgr)
{
	for (size_t i = 0, used; i < sgr->n; i += used) {
		int number = sgr->numbers[i];
		if (number != 38 && number != 48 && number != 58) {
			used = joined(sgr, i);
			apply_number(attr, number, used > 1 ? sgr->numbers[i + 1] : 1);
			continue;
		}
		int colour = extended_colour(sgr, i, &used);
		if (colour >= 0 && number == 38)
			set_fg(attr, colour);
		else if (colour >= 0 && number == 48)
			set_bg(attr, colour);
	}
}

/* --- characters -------------------------------------------------------------- */

static void add_glyph(struct gate *g, uint32_t c)
{
	if (c > 0x7f && (g->flags & CLEAN_ASCII))
		c = '?';
	utf8_add(g->out, c);
	set_base(g, true);
}

/* What stands for something taken out, so that it differs from the same text typed. */
static void add_substitute(struct gate *g, const char *fmt, unsigned value)
{
	struct clean_attr attr = g->open, dim = attr;
	dim.dim = 1;
	set_attr(g, dim);
	buf_addf(g->out, fmt, value);
	set_attr(g, attr);
}

static void add_escaped(struct gate *g, uint32_t c)
{
	set_base(g, true);
	add_substitute(g, c < 0xa0 ? "<%02X>" : "<U+%04X>", c);
}

/* A mark that may not join is shown and changes nothing: the next must not join either. */
static void add_mark(struct gate *g, uint32_t c)
{
	if (!g->has_base || g->marks == MOST_MARKS) {
		add_substitute(g, "<U+%04X>", c);
	} else if (g->flags & CLEAN_ASCII) {
		add_glyph(g, c);
	} else {
		utf8_add(g->out, c);
		g->marks++;
	}
}

static void add_selector(struct gate *g, uint32_t c)
{
	if (g->has_base && !g->has_selector)
		g->has_selector = true;
	else
		add_escaped(g, c);
}

static bool is_selector(uint32_t c)
{
	return c >= 0xfe00 && c <= 0xfe0f;
}

/* Braille charts in a log are drawn with blank cells; in a name one is a trick. */
static bool is_hidden(const struct gate *g, uint32_t c)
{
	return utf8_is_hidden(c) || (c == 0x2800 && !(g->flags & CLEAN_LINES));
}

/* C is no C0 and no DEL. */
static void add_code_point(struct gate *g, uint32_t c)
{
	if (c < 0x80)
		add_glyph(g, c);
	else if (c < 0xa0 || (c != UTF8_BAD && is_hidden(g, c)))
		add_escaped(g, c);
	else if (is_selector(c))
		add_selector(g, c);
	else if (c == UTF8_BAD || !utf8_is_shown(c))
		add_glyph(g, 0xfffd);
	else if (utf8_is_mark(c))
		add_mark(g, c);
	else
		add_glyph(g, c);
}

static void add_tab(struct gate *g)
{
	size_t columns = utf8_columns(str_slice(buf_str(g->out), g->tab_stop, g->out->n));
	buf_add(g->out, (struct str){"        ", TAB_COLUMNS - columns % TAB_COLUMNS});
	g->tab_stop = g->out->n;
	set_base(g, true);
}

static void add_newline(struct gate *g)
{
	buf_addc(g->out, '\n');
	g->tab_stop = g->out->n;
	set_base(g, false);
}

/* The C0 or DEL that S starts with; returns its bytes. */
static size_t add_control(struct gate *g, struct str s)
{
	char c = s.p[0];
	bool is_lines = g->flags & CLEAN_LINES;
	if (is_lines && c == '\n' && !g->paints) {
		add_newline(g);
	} else if (is_lines && c == '\t') {
		add_tab(g);
	} else if (is_lines && !g->paints && str_starts(s, STR("\r\n"))) {
		add_newline(g);
		return 2;
	} else {
		set_base(g, true);
		add_substitute(g, "^%c", (unsigned char)(c ^ 0x40));
	}
	return 1;
}

/* The ESC that S starts with; returns the bytes that are done with. */
static size_t add_escape(struct gate *g, struct str s)
{
	struct sgr sgr;
	size_t n = g->flags & CLEAN_NO_SGR ? read_sgr(s, &sgr) : 0;
	if (!n)
		return add_control(g, s);
	apply_sgr(&g->sgr, &sgr);
	set_attr(g, readable(g->sgr));
	set_base(g, false);
	return n;
}

static bool is_overstruck(uint32_t c)
{
	return c >= 0x20 && c != 0x7f && c != UTF8_BAD && utf8_is_shown(c) && !utf8_is_hidden(c) &&
	       !utf8_is_mark(c) && !is_selector(c);
}

/* `X\bX` is bold and `_\bX` underlined on a printing terminal, as man writes it. C is what S starts
 * with, LEN bytes of it; returns the bytes of all that was struck on one spot. */
static size_t read_overstrike(struct str s, uint32_t *c, size_t len, struct clean_attr *attr)
{
	size_t at = len, next_len;
	if (len == s.n || s.p[len] != '\b' || !is_overstruck(*c))
		return at;
	while (at + 1 < s.n && s.p[at] == '\b') {
		uint32_t next = utf8_decode(str_slice(s, at + 1, s.n), &next_len);
		if (next == *c)
			attr->bold = 1;
		else if (*c == '_' && is_overstruck(next))
			attr->underline = 1, *c = next;
		else if (next == '_')
			attr->underline = 1;
		else
			break;
		at += 1 + next_len;
	}
	return at;
}

/* What S starts with; returns the bytes that are done with. */
static size_t add_one(struct gate *g, struct str s)
{
	unsigned char lead = (unsigned char)s.p[0];
	if (lead == 0x1b)
		return add_escape(g, s);
	if (lead < 0x20 || lead == 0x7f)
		return add_control(g, s);
	size_t len;
	uint32_t c = utf8_decode(s, &len);
	if (!(g->flags & CLEAN_LINES)) {
		add_code_point(g, c);
		return len;
	}
	struct clean_attr attr = g->open, struck = attr;
	len = read_overstrike(s, &c, len, &struck);
	set_attr(g, struck);
	add_code_point(g, c);
	set_attr(g, attr);
	return len;
}

/* Bytes of printable ASCII from FROM on, eight at a time while there are. */
static size_t plain_run(struct str s, size_t from)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	size_t i = from;
	for (uint64_t word; i + sizeof word <= s.n; i += sizeof word) {
		memcpy(&word, s.p + i, sizeof word);
		/* High bit set in a byte below 0x20, of 0x7f or above (or, harmless, beside one). */
		if (((word - ones * 0x20) | (word + ones) | word) & ones * 0x80)
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] - 0x20u < 0x5f)
		i++;
	return i - from;
}

static void add_text(struct gate *g, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t run = plain_run(s, i);
		/* The character before a backspace may be overstruck. */
		if (run && i + run < s.n && s.p[i + run] == '\b')
			run--;
		if (run) {
			buf_add(g->out, str_slice(s, i, i + run));
			set_base(g, true);
		} else {
			run = add_one(g, str_slice(s, i, s.n));
		}
		i += run;
	}
}

void clean_add(struct buf *out, struct str text, enum clean_flags flags)
{
	struct gate g = {.out = out, .start = out->n, .flags = flags, .tab_stop = out->n};
	add_text(&g, text);
}

/* --- one line of a log ------------------------------------------------------- */

/* Whether more than blanks and colour sequences are in it. */
static bool shows_something(struct str segment)
{
	struct sgr sgr;
	size_t i = 0;
	while (i < segment.n) {
		size_t n = segment.p[i] == ' ' ? 1 : read_sgr(str_slice(segment, i, segment.n), &sgr);
		if (!n)
			return true;
		i += n;
	}
	return false;
}

static struct str trim_line_end(struct str line)
{
	while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	return line;
}

/* At most MOST bytes of S, and none of a character that does not fit. */
static void add_segment(struct gate *g, struct str s, size_t most)
{
	size_t end = s.n;
	if (end > most) {
		end = most;
		while (end > most - 3 && ((unsigned char)s.p[end] & 0xc0) == 0x80)
			end--;
	}
	add_text(g, str_slice(s, 0, end));
	if (end < s.n)
		buf_addf(g->out, "… (%zu bytes more)", s.n - end);
}

size_t clean_line(struct buf *out, struct str line, struct clean_span *spans, size_t max)
{
	struct gate g = {
		.out = out,
		.start = out->n,
		.flags = CLEAN_LINES | CLEAN_NO_SGR,
		.tab_stop = out->n,
		.paints = true,
		.spans = spans,
		.max = max,
	};
	struct str rest = trim_line_end(line), first = rest, last = {0}, segment;
	size_t shown = 0;
	while (str_next(&rest, '\r', &segment)) {
		if (!shows_something(segment))
			continue;
		if (shown++)
			last = segment;
		else
			first = segment;
	}
	if (!shown)
		first = str_slice(first, 0, 0);
	add_segment(&g, first, shown > 1 ? MOST_LINE / 2 : MOST_LINE);
	if (shown > 1) {
		buf_addz(out, shown > 2 ? "␍…␍" : "␍");
		add_segment(&g, last, MOST_LINE / 2);
	}
	finish_spans(&g);
	return g.n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/lines.h"

#include "client/base/mem.h"

enum {
	SPARE_BYTES = 1 << 20, /* so that what is kept is not moved too often */
	BUFFER_BYTES = WINDOW_MOST_LINES * (LINE_MOST_BYTES + 1) + SPARE_BYTES + WINDOW_TAKE,
	KNOWN_LINES = 2048,
	MOST_PREFIXES = 4, /* a task log may carry the log of a program that carries
			      one of its own */
	ESCAPE = 0x1b,
};

/* Bytes are gone: looking for a line starts behind them. */
static void start_over(struct window *window)
{
	*window->last = (struct window_line){.number = window->first, .at = window->offset};
}

void window_init(struct window *window)
{
	*window = (struct window){.first = 1, .moves = 1};
	window->bytes = x_realloc(NULL, BUFFER_BYTES, 1); /* not cleared: most logs are short */
	window->known = x_calloc(KNOWN_LINES, sizeof(*window->known));
	window->last = x_calloc(1, sizeof(*window->last));
	window->plain = arena_new();
	start_over(window);
}

void window_fini(struct window *window)
{
	x_free(window->bytes);
	x_free(window->known);
	x_free(window->last);
	arena_free(window->plain);
}

/* --- the stream -------------------------------------------------------------
 */

char *window_room(const struct window *window)
{
	/* One byte more for the end that the last line may lack. */
	return window->n_bytes + WINDOW_TAKE < BUFFER_BYTES ? window->bytes + window->n_bytes : NULL;
}

void window_forget(struct window *window, int64_t number, int64_t at)
{
	size_t n = (size_t)(at - window->offset);
	memmove(window->bytes, window->bytes + n, window->n_bytes - n);
	window->n_bytes -= n;
	window->offset = at;
	window->first = number;
	arena_reset(window->plain);
	window->moves++;
	start_over(window);
}

/* Keeps the first N of BYTES, that stand in the buffer where they are or behind. */
static void keep(struct window *window, struct str *bytes, size_t n)
{
	char *to = window->bytes + window->n_bytes;
	if (to != bytes->p)
		memmove(to, bytes->p, n);
	window->n_bytes += n;
	*bytes = str_slice(*bytes, n, bytes->n);
}

/* Keeps as many lines as surely are short, or what is left of a long one. */
static void keep_some(struct window *window, struct str *bytes)
{
	size_t room = LINE_MOST_BYTES - window->open_n;
	size_t near = bytes->n < room + 1 ? bytes->n : room + 1;
	const char *end = memrchr(bytes->p, '\n', near);
	if (end) {
		keep(window, bytes, (size_t)(end - bytes->p) + 1);
		window->open_n = 0;
		return;
	}
	size_t n = bytes->n < room ? bytes->n : room;
	keep(window, bytes, n);
	window->open_n += n;
	end = bytes->n > 0 ? memchr(bytes->p, '\n', bytes->n) : NULL;
	*bytes = str_slice(*bytes, end ? (size_t)(end - bytes->p) : bytes->n, bytes->n);
}

void window_add(struct window *window, size_t n)
{
	struct str bytes = {window->bytes + window->n_bytes, n};
	while (bytes.n > 0)
		keep_some(window, &bytes);
}

void window_end(struct window *window)
{
	if (window->open_n == 0)
		return;
	window->bytes[window->n_bytes++] = '\n';
	window->open_n = 0;
}

struct str window_text(const struct window *window, int64_t at)
{
	size_t from = (size_t)(at - window->offset);
	return (struct str){window->bytes + from, window->n_bytes - window->open_n - from};
}

/* Where the line before the one at AT starts. */
static int64_t before(const struct window *window, int64_t at)
{
	size_t end = (size_t)(at - window->offset) - 1;
	const char *p = memrchr(window->bytes, '\n', end);
	return p ? window->offset + (p - window->bytes) + 1 : window->offset;
}

void window_go_back(const struct window *window, int64_t *number, int64_t *at, size_t n)
{
	for (; n > 0 && *at > window->offset; n--) {
		*at = before(window, *at);
		--*number;
	}
}

/* --- plain text --------------------------------------------------------------
 */

static struct str without_returns(struct str raw)
{
	while (raw.n > 0 && raw.p[raw.n - 1] == '\r')
		raw.n--;
	return raw;
}

/* Where the escape sequence at S.p ends: CSI and OSC, else two bytes. */
static size_t escape_len(struct str s)
{
	if (s.n < 2)
		return s.n;
	size_t i = 2;
	if (s.p[1] == '[') {
		while (i < s.n && (unsigned char)s.p[i] >= 0x20 && (unsigned char)s.p[i] < 0x40)
			i++;
		return i < s.n ? i + 1 : s.n;
	}
	if (s.p[1] == ']') {
		while (i < s.n && s.p[i] != '\a' && s.p[i] != ESCAPE)
			i++;
		if (i < s.n && s.p[i] == ESCAPE)
			i++;
		return i < s.n ? i + 1 : s.n;
	}
	return i;
}

/* What the last carriage return left on the line: a progress bar says much and
 * ends once. */
static struct str behind_returns(struct str raw)
{
	struct str s = without_returns(raw);
	const char *cr = s.n > 0 ? memrchr(s.p, '\r', s.n) : NULL;
	return cr ? str_slice(s, (size_t)(cr - s.p) + 1, s.n) : s;
}

size_t line_make_plain(char *out, struct str raw)
{
	size_t n = 0;
	struct str s = behind_returns(raw);
	for (size_t i = 0; i < s.n;) {
		const char *escape = memchr(s.p + i, ESCAPE, s.n - i);
		size_t end = escape ? (size_t)(escape - s.p) : s.n;
		memcpy(out + n, s.p + i, end - i);
		n += end - i;
		i = end < s.n ? end + escape_len(str_slice(s, end, s.n)) : end;
	}
	return n;
}

/* --- one line ---------------------------------------------------------------
 */

void window_mark(const struct window *window, int64_t number, int64_t at)
{
	struct window_line *line = &window->known[number % KNOWN_LINES];
	if (line->number != number) {
		size_t from = (size_t)(at - window->offset);
		const char *p = window->bytes + from;
		const char *end = memchr(p, '\n', window->n_bytes - from);
		size_t n = end ? (size_t)(end - p) : window->n_bytes - from;
		*line = (struct window_line){.number = number, .at = at, .raw_n = (uint16_t)n};
	}
	window->last->number = number;
	window->last->at = at;
}

static void mark_next(const struct window *window)
{
	const struct window_line *last = window->last;
	window_mark(window, last->number, last->at);
	const struct window_line *line = &window->known[last->number % KNOWN_LINES];
	window_mark(window, line->number + 1, line->at + line->raw_n + 1);
}

static void mark_before(const struct window *window)
{
	const struct window_line *last = window->last;
	window_mark(window, last->number - 1, before(window, last->at));
}

static struct window_line *find(const struct window *window, int64_t number)
{
	struct window_line *line = &window->known[number % KNOWN_LINES];
	if (line->number == number)
		return line;
	while (window->last->number < number)
		mark_next(window);
	while (window->last->number > number)
		mark_before(window);
	window_mark(window, number, window->last->at);
	return line;
}

int64_t window_at(const struct window *window, size_t i)
{
	return find(window, window->first + (int64_t)i)->at;
}

static struct str whole(const struct window *window, const struct window_line *line)
{
	return (struct str){window->bytes + (line->at - window->offset), line->raw_n};
}

struct str window_raw_of(const struct window *window, int64_t number)
{
	return without_returns(whole(window, find(window, number)));
}

bool line_has_controls(struct str raw)
{
	struct str s = without_returns(raw);
	return s.n > 0 && (memchr(s.p, ESCAPE, s.n) || memchr(s.p, '\r', s.n));
}

static struct str plain_of(const struct window *window, struct str raw)
{
	if (!line_has_controls(raw))
		return without_returns(raw);
	char *plain = arena_get(window->plain, raw.n, 1);
	return (struct str){plain, line_make_plain(plain, raw)};
}

struct log_line window_line_of(const struct window *window, int64_t number)
{
	struct window_line *line = find(window, number);
	if (line->made != window->moves) {
		line->line = line_read(plain_of(window, whole(window, line)));
		line->made = window->moves;
	}
	return line->line;
}

struct str window_raw(const struct window *window, size_t i)
{
	return window_raw_of(window, window->first + (int64_t)i);
}

struct log_line window_line(const struct window *window, size_t i)
{
	return window_line_of(window, window->first + (int64_t)i);
}

size_t line_indent(struct str text)
{
	size_t n = 0;
	while (n < text.n && (text.p[n] == ' ' || text.p[n] == '\t'))
		n++;
	return n;
}

struct str line_unindent(struct str text)
{
	return str_slice(text, line_indent(text), text.n);
}

bool line_is_diagnostic(struct str text)
{
	size_t colon = str_find(text, STR(":"), 0);
	if (colon == SIZE_MAX || colon < 3 || !memchr(text.p, '.', colon) || memchr(text.p, ' ', colon))
		return false;
	size_t i = colon + 1;
	while (i < text.n && text.p[i] == ' ')
		i++;
	return i < text.n && text.p[i] >= '0' && text.p[i] <= '9';
}

/* --- prefixes ------------------------------------------------------------- */

/* `9` a digit, `A` a letter, `_` one of " T,", the rest itself. */
static const char *const stamps[] = {
	"9999-99-99_99:99:99",
	"9999-99-99, 99:99:99",
	"9999/99/99_99:99:99",
	"99/99/99_99:99:99",
	"99-99-9999_99:99:99",
	"AAA 99 99:99:99",
	"AAA  9 99:99:99",
	"99:99:99",
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool stamp_char(char want, char c)
{
	switch (want) {
	case '9':
		return is_digit(c);
	case 'A':
		return is_letter(c);
	case '_':
		return c == ' ' || c == 'T' || c == ',';
	default:
		return c == want;
	}
}

static size_t match_stamp(struct str s, const char *stamp)
{
	size_t i = 0;
	for (; stamp[i]; i++)
		if (i >= s.n || !stamp_char(stamp[i], s.p[i]))
			return 0;
	return i;
}

/* Fraction and zone behind a time: ".123456Z", ",123", "+00:00", " UTC". */
static size_t zone_len(struct str s)
{
	size_t i = 0;
	if (i + 1 < s.n && (s.p[i] == '.' || s.p[i] == ',') && is_digit(s.p[i + 1]))
		for (i++; i < s.n && is_digit(s.p[i]);)
			i++;
	if (i < s.n && s.p[i] == 'Z')
		return i + 1;
	if (i + 4 < s.n && (s.p[i] == '+' || s.p[i] == '-') && is_digit(s.p[i + 1]))
		for (i++; i < s.n && (is_digit(s.p[i]) || s.p[i] == ':');)
			i++;
	if (str_starts(str_slice(s, i, s.n), STR(" UTC")))
		i += 4;
	return i;
}

/* "E1122 13:17:45.123456 4711 ": what glog and klog write. */
static size_t glog_len(struct str s, enum line_level *level)
{
	static const char letters[] = "IWEF";
	const char *letter = s.n > 0 ? memchr(letters, s.p[0], 4) : NULL;
	size_t n = letter ? match_stamp(str_slice(s, 1, s.n), "9999 99:99:99.") : 0;
	if (n == 0)
		return 0;
	for (n++; n < s.n && (is_digit(s.p[n]) || s.p[n] == ' ');)
		n++;
	*level = letter == letters ? LEVEL_INFO : letter == letters + 1 ? LEVEL_WARN : LEVEL_ERROR;
	return n;
}

/* The length of a time stamp at the start of S with the blank behind it, or 0.
 */
static size_t stamp_len(struct str s)
{
	size_t open = s.n > 0 && s.p[0] == '[';
	if (s.n <= open || !(is_digit(s.p[open]) || is_letter(s.p[open])))
		return 0;
	struct str in = str_slice(s, open, s.n);
	for (size_t k = 0; k < sizeof(stamps) / sizeof(stamps[0]); k++) {
		size_t n = match_stamp(in, stamps[k]);
		if (n == 0)
			continue;
		n += zone_len(str_slice(in, n, in.n)) + open;
		if (open && n < s.n && s.p[n] == ']')
			n++;
		if (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
			n++;
		return n;
	}
	return 0;
}

static const struct {
	const char *word;
	enum line_level level;
} levels[] = {
	{"ERROR", LEVEL_ERROR},
	{"INFO", LEVEL_INFO},
	{"WARNING", LEVEL_WARN},
	{"WARN", LEVEL_WARN},
	{"DEBUG", LEVEL_DEBUG},
	{"CRITICAL", LEVEL_ERROR},
	{"FATAL", LEVEL_ERROR},
	{"TRACE", LEVEL_DEBUG},
	{"SEVERE", LEVEL_ERROR},
	{"ERR", LEVEL_ERROR},
	{"NOTICE", LEVEL_INFO},
	{"EMERG", LEVEL_ERROR},
	{"PANIC", LEVEL_ERROR},
};

static size_t level_word(struct str s, enum line_level *out)
{
	size_t n = 0;
	while (n < s.n && is_letter(s.p[n]))
		n++;
	for (size_t k = 0; n > 0 && k < sizeof(levels) / sizeof(levels[0]); k++) {
		if (strlen(levels[k].word) != n || strncasecmp(s.p, levels[k].word, n) != 0)
			continue;
		*out = levels[k].level;
		return n;
	}
	return 0;
}

/* "[error] " and "##[error]", which need no time stamp in front. */
static size_t bracket_level(struct str s, enum line_level *out)
{
	size_t open = str_starts(s, STR("##[")) ? 3 : str_starts(s, STR("[")) ? 1 : 0;
	if (open == 0)
		return 0;
	size_t n = open;
	while (n < s.n && s.p[n] == ' ')
		n++;
	size_t word = level_word(str_slice(s, n, s.n), out);
	n += word;
	while (n < s.n && s.p[n] == ' ')
		n++;
	if (word == 0 || n >= s.n || s.p[n] != ']')
		return 0;
	n++;
	return n < s.n && s.p[n] == ' ' ? n + 1 : n;
}

/* A level behind a time stamp, with what parts it from the message. */
static size_t bare_level(struct str s, enum line_level *out)
{
	size_t n = str_starts(s, STR("- ")) ? 2 : 0;
	size_t word = level_word(str_slice(s, n, s.n), out);
	if (word == 0)
		return 0;
	n += word;
	if (n < s.n && s.p[n] == ':')
		n++;
	if (n < s.n && s.p[n] != ' ' && s.p[n] != '\t')
		return 0;
	if (n < s.n)
		n++;
	return str_starts(str_slice(s, n, s.n), STR("- ")) ? n + 2 : n;
}

/* "{bash.py:123} ", as Airflow 2 puts between time and level. */
static size_t origin_len(struct str s)
{
	if (s.n == 0 || s.p[0] != '{')
		return 0;
	size_t end = str_find(s, STR("} "), 0);
	size_t blank = str_find(s, STR(" "), 0);
	return end != SIZE_MAX && end < blank ? end + 2 : 0;
}

/* "stdout F ": what Kubernetes puts behind its time stamp. */
static size_t stream_len(struct str s)
{
	bool is_cri = str_starts(s, STR("stdout F ")) || str_starts(s, STR("stderr F "));
	return is_cri ? 9 : 0;
}

static size_t prefix_len(struct str s, struct log_line *line)
{
	size_t n = bracket_level(s, &line->level);
	if (n > 0)
		return n;
	n = glog_len(s, &line->level);
	if (n > 0) {
		line->has_stamp = true;
		return n;
	}
	n = stamp_len(s);
	if (n == 0)
		return 0;
	line->has_stamp = true;
	n += stream_len(str_slice(s, n, s.n));
	n += origin_len(str_slice(s, n, s.n));
	struct str rest = str_slice(s, n, s.n);
	size_t level = bracket_level(rest, &line->level);
	return n + (level > 0 ? level : bare_level(rest, &line->level));
}

struct log_line line_read(struct str plain)
{
	struct log_line line = {.text = plain};
	while (line.text.n > 0 && strchr(" \t\r", line.text.p[line.text.n - 1]))
		line.text.n--;
	for (int i = 0; i < MOST_PREFIXES; i++) {
		size_t n = prefix_len(line.text, &line);
		if (n == 0)
			break;
		line.text = str_slice(line.text, n, line.text.n);
	}
	return line;
}

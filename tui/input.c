/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/input.h"

#include "client/base/clean.h"
#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_NOMACROS
#include <curses.h>

/* What curses answers for the two marks around a paste, and for the start of a mouse's report (mode 1006);
 * above all codes of its own. */
enum { CODE_PASTE_BEGIN = KEY_MAX + 0x1001, CODE_PASTE_END, CODE_MOUSE };

/* After how much silence the end of a sequence or of a paste counts as lost: a paste may stall on a bad link.
 */
enum { MOST_PASTE = 1 << 20, SEQUENCE_MS = 1000, PASTE_MS = 10000, SPLIT_MS = 200 };

/* Of an answer that we asked for: how much of it we keep; how long we stay for it when we leave, and after
 * how long it does not come any more. */
enum { MOST_ANSWER = 40, AWAIT_MS = 200, HOPELESS_MS = 2000 };

/* What we are in the middle of; it may go on in a later call. */
enum reading { AT_KEY, IN_CSI, IN_STRING, IN_PASTE, IN_MOUSE };

static struct {
	WINDOW *window;
	enum reading reading;
	bool is_st;		    /* IN_STRING: the last byte was ESC, `\` ends it */
	int64_t last_ms, escape_ms; /* of the last byte inside something; of the last Esc given out */
	struct buf paste, cleaned;
	int report[3], n_report; /* IN_MOUSE: button, column, row, as far as they have come */
	struct mouse mouse;
	char answer[MOST_ANSWER]; /* IN_CSI, IN_STRING: what it began with */
	size_t n_answer;
	int64_t asked_ms; /* since when the terminal owes us its background; 0: it does not */
	int background;
} input;

void input_open(void)
{
	/* A pad: reading a key from a window would also draw it. */
	input.window = newpad(1, 1);
	keypad(input.window, TRUE);
	nodelay(input.window, TRUE);
	define_key("\033[200~", CODE_PASTE_BEGIN);
	define_key("\033[201~", CODE_PASTE_END);
	define_key("\033[<", CODE_MOUSE);
	buf_init(&input.paste, MOST_PASTE);
	buf_init(&input.cleaned, 2 * MOST_PASTE);
}

void input_close(void)
{
	delwin(input.window);
	buf_fini(&input.paste);
	buf_fini(&input.cleaned);
	memset(&input, 0, sizeof input);
}

static const struct key_code {
	int curses;
	uint32_t key;
} codes[] = {
	{KEY_UP, K_UP},
	{KEY_DOWN, K_DOWN},
	{KEY_LEFT, K_LEFT},
	{KEY_RIGHT, K_RIGHT},
	{KEY_PPAGE, K_PAGE_UP},
	{KEY_NPAGE, K_PAGE_DOWN},
	{KEY_HOME, K_HOME},
	{KEY_END, K_END},
	{KEY_DC, K_DELETE},
	{KEY_BTAB, K_BACKTAB},
	{KEY_F(1), K_F1},
	{KEY_RESIZE, K_RESIZE},
	{KEY_ENTER, K_ENTER},
	{KEY_BACKSPACE, K_BACKSPACE},
};

static uint32_t key_of_code(wint_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if ((wint_t)codes[i].curses == code)
			return codes[i].key;
	return KEY_NONE_YET;
}

static uint32_t key_of_char(wint_t c)
{
	enum { CTRL_H = 8 };
	if (c == '\n')
		return K_ENTER;
	return c == CTRL_H ? K_BACKSPACE : (uint32_t)c;
}

/* Whether the other end is gone: there is something to read, and it is nothing. */
static bool is_gone(void)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	int n = 0;
	if (poll(&fd, 1, 0) <= 0)
		return false;
	if (fd.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return ioctl(STDIN_FILENO, FIONREAD, &n) == 0 && n == 0;
}

static uint32_t end_paste(void)
{
	input.reading = AT_KEY;
	for (size_t i = 0; i < input.paste.n; i++)
		if (strchr("\t\r\n", input.paste.p[i]))
			input.paste.p[i] = ' ';
	buf_reset(&input.cleaned);
	clean_add(&input.cleaned, buf_str(&input.paste), CLEAN_NAME);
	return K_PASTE;
}

/* Inside a paste: everything is text until the mark, whatever the keyboard could have made of it. */
static uint32_t read_pasted(int kind, wint_t c)
{
	if (kind == KEY_CODE_YES && c == CODE_PASTE_END)
		return end_paste();
	bool is_text = kind == OK && (c >= ' ' || c == '\t' || c == '\r' || c == '\n') && c != 0x7F;
	if (is_text && !(c >= 0x80 && c < 0xA0))
		utf8_add(&input.paste, (uint32_t)c);
	return KEY_NONE_YET;
}

/* Of a whole report: presses of the first button and the wheel; all else is nothing. */
static uint32_t end_mouse(bool is_press)
{
	enum { FIRST_BUTTON = 0, WHEEL_UP = 64, WHEEL_DOWN = 65 };
	static const struct {
		int button;
		enum mouse_act act;
	} acts[] = {{FIRST_BUTTON, MOUSE_PRESS}, {WHEEL_UP, MOUSE_WHEEL_UP}, {WHEEL_DOWN, MOUSE_WHEEL_DOWN}};
	input.reading = AT_KEY;
	for (size_t i = 0; is_press && input.n_report == 2 && i < ARRAY_LEN(acts); i++) {
		if (acts[i].button != input.report[0])
			continue;
		input.mouse = (struct mouse){acts[i].act, input.report[1] - 1, input.report[2] - 1};
		return K_MOUSE;
	}
	return KEY_NONE_YET;
}

/* "BUTTON;COLUMN;ROW" and M for a press, m for a release. */
static uint32_t read_mouse(wint_t c)
{
	enum { MOST = 100000 };
	int *number = &input.report[input.n_report];
	if (c >= '0' && c <= '9' && *number < MOST)
		*number = *number * 10 + (int)(c - '0');
	else if (c == ';' && input.n_report < 2)
		input.report[++input.n_report] = 0;
	else
		return end_mouse(c == 'M');
	return KEY_NONE_YET;
}

struct mouse input_mouse(void)
{
	return input.mouse;
}

/* A part of a colour: one to four hexadecimal digits, which are a share of as many F. */
static bool read_share(struct str digits, double *out)
{
	char text[8];
	char *end;
	if (digits.n < 1 || digits.n > 4)
		return false;
	snprintf(text, sizeof text, "%.*s", STR_FMT(digits));
	*out = (double)strtol(text, &end, 16) / (double)((1 << 4 * digits.n) - 1);
	return !*end && text[0] != '-' && text[0] != '+';
}

/* "11;rgb:ffff/ffff/ffff", as X11 writes colours: how light that is to an eye. */
static void read_background(struct str answer)
{
	static const double weights[] = {0.299, 0.587, 0.114};
	struct str rest = str_slice(answer, str_find(answer, STR(":"), 0) + 1, answer.n), part;
	double light = 0, share;
	if (!str_starts(answer, STR("11;rgb")) || !str_has(answer, STR(":")))
		return;
	for (size_t i = 0; i < ARRAY_LEN(weights); i++) {
		if (!str_next(&rest, '/', &part) || !read_share(part, &share))
			return;
		light += weights[i] * share;
	}
	input.background = (int)(255 * light);
}

/* The end of what a terminal sent by itself. It answers in order: once it has said what it is (the last that
 * we asked), it has nothing more to say. */
static uint32_t end_answer(bool is_string, wint_t last)
{
	struct str answer = {input.answer, input.n_answer};
	input.reading = AT_KEY;
	if (!input.asked_ms)
		return KEY_NONE_YET;
	if (is_string)
		read_background(answer);
	if (is_string || last != 'c' || !str_starts(answer, STR("?")))
		return KEY_NONE_YET;
	input.asked_ms = 0;
	return K_BACKGROUND;
}

/* Control sequences run to a byte of 0x40 to 0x7E; strings to BEL or ST. */
static uint32_t swallow(wint_t c)
{
	bool is_string = input.reading == IN_STRING;
	bool is_end =
		is_string ? c == '\a' || c == 0x9C || (input.is_st && c == '\\') : c >= 0x40 && c <= 0x7E;
	if (is_end)
		return end_answer(is_string, c);
	input.is_st = c == K_ESC;
	if (c >= ' ' && c < 0x7F && input.n_answer < MOST_ANSWER)
		input.answer[input.n_answer++] = (char)c;
	return KEY_NONE_YET;
}

void input_expect_background(void)
{
	input.asked_ms = clock_mono_ms();
	input.background = -1;
}

int input_background(void)
{
	return input.background;
}

void input_await_background(void)
{
	int64_t end_ms = clock_mono_ms() + AWAIT_MS;
	if (input.asked_ms && clock_mono_ms() - input.asked_ms > HOPELESS_MS)
		input.asked_ms = 0;
	while (input.asked_ms) {
		struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
		int64_t left_ms = end_ms - clock_mono_ms();
		uint32_t key;
		if (left_ms <= 0 || poll(&fd, 1, (int)left_ms) <= 0 || !(fd.revents & POLLIN))
			return;
		do
			key = input_key();
		while (key != KEY_NONE_YET && key != K_EOF);
		if (key == K_EOF)
			return;
	}
}

static uint32_t lone_escape(void)
{
	input.escape_ms = clock_mono_ms();
	return K_ESC;
}

/* An ESC that curses could not make a key of: with an introducer right behind it, it begins a sequence that
 * we do not know; alone or before anything else it is the key. */
static uint32_t read_escape(void)
{
	wint_t c;
	int kind = wget_wch(input.window, &c);
	if (kind == ERR)
		return lone_escape();
	input.n_answer = 0;
	if (kind == OK && (c == '[' || c == 'O')) {
		input.reading = IN_CSI;
		return KEY_NONE_YET;
	}
	if (kind == OK && c < 0x80 && c && strchr("]P_^X", (int)c)) {
		input.reading = IN_STRING;
		return KEY_NONE_YET;
	}
	if (kind == OK)
		unget_wch((wchar_t)c);
	else
		ungetch((int)c);
	return lone_escape();
}

/* The rest of a sequence that a slow link brought after we had taken its ESC for the key: of another key, or
 * of the answer that we wait for. */
static bool is_split_sequence(wint_t c)
{
	bool is_introducer = c == '[' || (c == ']' && input.asked_ms);
	return is_introducer && input.escape_ms && clock_mono_ms() - input.escape_ms < SPLIT_MS;
}

static uint32_t read_one(int kind, wint_t c)
{
	if (input.reading == IN_PASTE)
		return read_pasted(kind, c);
	if (kind == KEY_CODE_YES && c == CODE_PASTE_BEGIN) {
		input.reading = IN_PASTE;
		buf_reset(&input.paste);
		return KEY_NONE_YET;
	}
	if (kind == KEY_CODE_YES && c == CODE_MOUSE) {
		input.reading = IN_MOUSE;
		input.n_report = input.report[0] = 0;
		return KEY_NONE_YET;
	}
	if (input.reading == IN_MOUSE && kind == OK)
		return read_mouse(c);
	if (input.reading != AT_KEY && kind == OK)
		return swallow(c);
	input.reading = AT_KEY;
	if (kind == KEY_CODE_YES)
		return key_of_code(c);
	if (is_split_sequence(c)) {
		input.reading = c == ']' ? IN_STRING : IN_CSI;
		input.n_answer = 0;
		return KEY_NONE_YET;
	}
	input.escape_ms = 0;
	return c == K_ESC ? read_escape() : key_of_char(c);
}

/* A sequence or paste whose end was lost must not take the keyboard away: what comes after a silence is new.
 */
static bool is_stale(void)
{
	int limit_ms = input.reading == IN_PASTE ? PASTE_MS : SEQUENCE_MS;
	return input.reading != AT_KEY && clock_mono_ms() - input.last_ms > limit_ms;
}

uint32_t input_key(void)
{
	uint32_t key = KEY_NONE_YET;
	if (is_stale()) {
		if (input.reading == IN_PASTE)
			return end_paste();
		input.reading = AT_KEY;
	}
	while (key == KEY_NONE_YET) {
		wint_t c;
		int kind = wget_wch(input.window, &c);
		if (kind == ERR)
			return is_gone() ? K_EOF : KEY_NONE_YET;
		key = read_one(kind, c);
		if (input.reading != AT_KEY)
			input.last_ms = clock_mono_ms();
	}
	return key;
}

struct str input_paste(void)
{
	return buf_str(&input.cleaned);
}

void input_flush(void)
{
	flushinp();
	input.reading = AT_KEY;
}

/* --- names ----------------------------------------------------------------------- */

static const struct key_name {
	uint32_t key;
	const char *name;
} key_names[] = {
	{K_UP, "Up"},
	{K_DOWN, "Down"},
	{K_LEFT, "Left"},
	{K_RIGHT, "Right"},
	{K_PAGE_UP, "PgUp"},
	{K_PAGE_DOWN, "PgDn"},
	{K_HOME, "Home"},
	{K_END, "End"},
	{K_DELETE, "Del"},
	{K_BACKTAB, "S-Tab"},
	{K_F1, "F1"},
	{K_TAB, "Tab"},
	{K_ENTER, "Enter"},
	{K_ESC, "Esc"},
	{K_BACKSPACE, "Backspace"},
	{' ', "Space"},
};

void key_add_name(struct buf *out, uint32_t key)
{
	for (size_t i = 0; i < ARRAY_LEN(key_names); i++) {
		if (key_names[i].key == key) {
			buf_addz(out, key_names[i].name);
			return;
		}
	}
	if (key < ' ')
		buf_addf(out, "^%c", (char)(key + '@'));
	else if (key < KEY_CODE_BASE)
		utf8_add(out, key);
}

uint32_t key_of_name(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(key_names); i++)
		if (str_is(name, key_names[i].name))
			return key_names[i].key;
	if (name.n == 2 && name.p[0] == '^' && name.p[1] > '@' && name.p[1] <= '_')
		return (uint32_t)(name.p[1] - '@');
	if (!name.n)
		return KEY_NONE_YET;
	size_t len;
	uint32_t c = utf8_decode(name, &len);
	return c != UTF8_BAD && c >= ' ' && len == name.n ? c : KEY_NONE_YET;
}

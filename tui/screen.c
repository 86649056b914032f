/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/screen.h"

#include "client/base/mem.h"
#include "client/base/proc.h"
#include "tui/input.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#define NCURSES_NOMACROS
#include <curses.h>
#include <term.h>

enum {
	DEFAULT_COLOUR = -1,
	MOST_RESTORE = 256,
	MOST_COPY = 74994,
	MOST_NAME = 64,
	PATIENCE_MS = 500, /* with a terminal that takes nothing, when we must leave */
};

static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";
/* Presses and the wheel (1000), in the form without limits (1006). */
static const char mouse_on[] = "\033[?1000h\033[?1006h", mouse_off[] = "\033[?1006l\033[?1000l";

/* One screen a process: curses has no other way, and the handler of a crash has no argument. */
static struct {
	SCREEN *curses;
	FILE *out;
	int frame_fd; /* where curses writes a frame, see frame_begin */
	int tty_fd;   /* the terminal by a description of our own, which may be non-blocking; -1: none */
	char *unsent; /* the end of a frame that the terminal has not taken yet */
	size_t n_unsent;
	int colours;
	bool is_utf8, has_paste, has_mouse, is_open;
	const struct theme *theme;
	cchar_t *row; /* one row on its way to curses */
	int row_width;
	struct cell *shown; /* what curses was given last; NULL: nothing, or nothing that still counts */
	int shown_width, shown_height;
	struct style style; /* the last one turned into attributes, for the next cell is most often like it */
	attr_t attrs;
	int pair;
	bool has_style;
	/* For the handler of a crash: prepared, so that it only writes. */
	struct termios tty;
	char restore[MOST_RESTORE];
	size_t n_restore;
	volatile sig_atomic_t is_ours; /* the terminal is in our hands */
} screen = {.frame_fd = -1, .tty_fd = -1};

/* --- what the terminal is ------------------------------------------------------ */

static bool has_description(const char *name)
{
	int found = 0;
	if (cur_term)
		del_curterm(cur_term); /* of the name tried before */
	return setupterm(name, STDOUT_FILENO, &found) == OK && found == 1;
}

static bool starts(const char *text, const char *head)
{
	return strncmp(text, head, strlen(head)) == 0;
}

/* Terminals newer than the descriptions of this system, all of them like xterm with 256 colours. */
static bool is_like_xterm(const char *name)
{
	static const char *const heads[] = {"alacritty", "contour", "foot", "ghostty", "iterm", "kitty",
		"konsole", "rio", "st-", "vte", "wezterm", "xterm-"};
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		if (starts(name, heads[i]))
			return true;
	return false;
}

static bool is_modern(const char *name)
{
	return is_like_xterm(name) || strstr(name, "256color") != NULL;
}

static bool says_true_colour(void)
{
	const char *says = getenv("COLORTERM");
	return says && (strcmp(says, "truecolor") == 0 || strcmp(says, "24bit") == 0);
}

/* The description to use for TERM; NULL where not one of ours is installed. */
static const char *description_for(const char *name)
{
	static const char *const stand_ins[] = {"xterm-256color", "xterm", "vt100"};
	/* The environment only raises what is tried: a plain xterm that knows more colours. */
	if (strcmp(name, "xterm") == 0 && says_true_colour() && has_description("xterm-256color"))
		return "xterm-256color";
	if (has_description(name))
		return name;
	for (size_t i = is_modern(name) ? 0 : 1; i < ARRAY_LEN(stand_ins); i++)
		if (has_description(stand_ins[i]))
			return stand_ins[i];
	return NULL;
}

static const char *capability(const char *name)
{
	const char *text = tigetstr(name);
	return text == (const char *)-1 ? NULL : text;
}

static int colours_of_description(void)
{
	int n = tigetnum("colors");
	/* A direct-colour description takes numbers for shades of its own. */
	if (n > 256)
		return 8;
	return n >= 256 ? 256 : n >= 16 ? 16 : n >= 8 ? 8 : 0;
}

static bool wants_colour(const char *colour)
{
	const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
	if (strcmp(colour, "auto") != 0)
		return strcmp(colour, "always") == 0;
	return (force && *force && strcmp(force, "0") != 0) || !no || !*no;
}

/* The glyphs of the Linux console are few: its font has no signs and no charts. */
static bool shows_unicode(const char *name)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && strcmp(name, "linux") != 0;
}

struct terminal terminal_probe(const char *colour)
{
	static char note[160], name[MOST_NAME];
	struct terminal terminal = {0};
	const char *term = getenv("TERM");
	if (!term || !*term || strlen(term) >= sizeof name)
		return terminal;
	snprintf(name, sizeof name, "%s", term);
	terminal.name = description_for(name);
	if (!terminal.name)
		return terminal;
	if (strcmp(terminal.name, name) != 0 && !has_description(name)) {
		snprintf(note, sizeof note, "unknown terminal '%s', taken as %s", name, terminal.name);
		terminal.note = note;
		has_description(terminal.name);
	}
	terminal.can_draw = capability("cup") && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	terminal.is_utf8 = shows_unicode(name);
	terminal.colours = wants_colour(colour) ? colours_of_description() : 0;
	del_curterm(cur_term);
	return terminal;
}

/* --- giving it back ------------------------------------------------------------ */

/* Only what POSIX allows in a signal handler. */
static void write_all(const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(STDOUT_FILENO, bytes, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EAGAIN) {
			struct pollfd wait = {.fd = STDOUT_FILENO, .events = POLLOUT};
			if (poll(&wait, 1, PATIENCE_MS) == 0)
				return;
			continue;
		}
		if (done < 0)
			return; /* the terminal is gone: the input says so */
		bytes += done;
		n -= (size_t)done;
	}
}

static void restore_now(void)
{
	if (!screen.is_ours)
		return;
	screen.is_ours = 0;
	write_all(screen.restore, screen.n_restore);
	tcsetattr(STDIN_FILENO, TCSANOW, &screen.tty);
}

static void on_crash(int signo)
{
	restore_now();
	raise(signo); /* its disposition is the default again */
}

static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

/* On a stack of its own: running out of stack is one of the crashes. */
static void watch_crashes(void (*handler)(int))
{
	static char stack[32 << 10];
	stack_t aside = {.ss_sp = stack, .ss_size = sizeof stack};
	sigaltstack(&aside, NULL);
	struct sigaction action = {
		.sa_handler = handler, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_ONSTACK)};
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		sigaction(crashes[i], &action, NULL);
}

/* Adds a capability without its padding. */
static void add_restore(const char *text)
{
	for (const char *p = text; p && *p && screen.n_restore < MOST_RESTORE; p++) {
		const char *end = starts(p, "$<") ? strchr(p, '>') : NULL;
		if (end)
			p = end;
		else
			screen.restore[screen.n_restore++] = *p;
	}
}

static void prepare_restore(void)
{
	static const char *const names[] = {"sgr0", "cnorm", "rmkx", "rmcup"};
	screen.n_restore = 0;
	if (screen.has_paste)
		add_restore(paste_off);
	if (screen.has_mouse)
		add_restore(mouse_off);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		add_restore(capability(names[i]));
	if (!capability("rmcup"))
		add_restore("\r\n");
}

/* --- opening ------------------------------------------------------------------- */

/* curses catches these while it starts; who catches what is decided in one place, the loop. */
static const int curses_signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};

static SCREEN *start_curses(const char *name, FILE *out)
{
	struct sigaction before[ARRAY_LEN(curses_signals)];
	for (size_t i = 0; i < ARRAY_LEN(curses_signals); i++)
		sigaction(curses_signals[i], NULL, &before[i]);
	SCREEN *curses = newterm(name, out, stdin);
	for (size_t i = 0; i < ARRAY_LEN(curses_signals); i++)
		sigaction(curses_signals[i], &before[i], NULL);
	return curses;
}

static void set_escape_delay(void)
{
	enum { LOCAL_MS = 25, REMOTE_MS = 75 };
	if (!getenv("ESCDELAY"))
		set_escdelay(getenv("SSH_CONNECTION") ? REMOTE_MS : LOCAL_MS);
}

static void set_modes(void)
{
	raw();
	noecho();
	nonl();
	typeahead(-1);
	curs_set(0);
	idlok(stdscr, TRUE);
	set_escape_delay();
}

static void start_colours(void)
{
	if (!screen.colours)
		return;
	if (start_color() == ERR || use_default_colors() == ERR)
		screen.colours = 0;
}

/* By the description, or by the name where that is too old to say. */
static bool knows_paste(const char *name)
{
	return capability("BE") || starts(name, "xterm") || starts(name, "tmux") || starts(name, "screen");
}

static void close_files(void)
{
	if (screen.out)
		fclose(screen.out);
	if (screen.frame_fd >= 0)
		close(screen.frame_fd);
	if (screen.tty_fd >= 0)
		close(screen.tty_fd);
	screen.out = NULL;
	screen.frame_fd = screen.tty_fd = -1;
}

/* Standard output is shared with whoever started us: its mode is not ours to change. */
static int open_tty(void)
{
	const char *name = ttyname(STDOUT_FILENO);
	return name ? open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
}

static bool open_files(struct err *err)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	screen.out = fd < 0 ? NULL : fdopen(fd, "w");
	screen.frame_fd = memfd_create("frame", MFD_CLOEXEC);
	screen.tty_fd = open_tty();
	if (screen.out && screen.frame_fd >= 0 && tcgetattr(STDIN_FILENO, &screen.tty) == 0)
		return true;
	err_set(err, ERR_UNAVAILABLE, "terminal: %s", strerror(errno));
	close_files();
	return false;
}

bool screen_open(const struct terminal *terminal, const struct theme *theme, struct err *err)
{
	BUG_ON(screen.is_open);
	if (!terminal->can_draw)
		return err_set(err, ERR_UNAVAILABLE, "no terminal that can draw");
	if (!open_files(err))
		return false;
	screen.curses = start_curses(terminal->name, screen.out);
	if (!screen.curses) {
		close_files();
		return err_set(err, ERR_UNAVAILABLE, "terminal '%s' cannot be opened", terminal->name);
	}
	screen.is_open = true;
	screen.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen.has_paste = knows_paste(terminal->name);
	screen.colours = terminal->colours;
	screen.theme = theme;
	prepare_restore();
	screen.is_ours = 1;
	die_hook(restore_now);
	watch_crashes(on_crash);
	set_modes();
	start_colours();
	input_open();
	screen_resize(); /* curses would rather believe LINES and COLUMNS of the environment */
	if (screen.has_paste)
		write_all(paste_on, sizeof paste_on - 1);
	return true;
}

/* Sends what the terminal takes now; false where some is left. */
static bool send_unsent(void)
{
	size_t done = 0;
	while (done < screen.n_unsent) {
		ssize_t n = write(screen.tty_fd, screen.unsent + done, screen.n_unsent - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			done = screen.n_unsent; /* the terminal is gone: the input says so */
		else
			done += (size_t)n;
	}
	screen.n_unsent -= done;
	if (screen.n_unsent) {
		memmove(screen.unsent, screen.unsent + done, screen.n_unsent);
		return false;
	}
	x_free(screen.unsent);
	screen.unsent = NULL;
	return true;
}

/* Before what must be sent at once: waits a little for a slow terminal, then drops what it did not take. */
static void drain(void)
{
	struct pollfd wait = {.fd = screen.tty_fd, .events = POLLOUT};
	while (screen.n_unsent && poll(&wait, 1, PATIENCE_MS) != 0 && !send_unsent())
		;
	/* all was taken, and there is room for more: who writes next does not wait */
	if (!screen.n_unsent && poll(&wait, 1, PATIENCE_MS) != 0)
		return;
	tcflush(screen.tty_fd, TCOFLUSH);
	x_free(screen.unsent);
	screen.unsent = NULL;
	screen.n_unsent = 0;
}

void screen_leave(void)
{
	if (!screen.is_ours)
		return;
	drain();
	input_await_background();
	if (screen.has_paste)
		write_all(paste_off, sizeof paste_off - 1);
	if (screen.has_mouse)
		write_all(mouse_off, sizeof mouse_off - 1);
	endwin();
	screen.is_ours = 0;
}

void screen_enter(void)
{
	if (screen.is_ours || !screen.is_open)
		return;
	screen.is_ours = 1;
	reset_prog_mode();
	/* curses takes the terminal back within its next update; that one must not be a captured frame, for
	 * it sets modes on the descriptor it writes to. */
	doupdate();
	if (screen.has_paste)
		write_all(paste_on, sizeof paste_on - 1);
	if (screen.has_mouse)
		write_all(mouse_on, sizeof mouse_on - 1);
	screen_resize();
}

void screen_use_mouse(void)
{
	screen.has_mouse = true;
	prepare_restore();
	write_all(mouse_on, sizeof mouse_on - 1);
}

void screen_close(void)
{
	if (!screen.is_open)
		return;
	screen_leave();
	watch_crashes(SIG_DFL);
	die_hook(NULL);
	input_close();
	delscreen(screen.curses);
	close_files();
	x_free(screen.row);
	x_free(screen.shown);
	memset(&screen, 0, sizeof screen);
	screen.frame_fd = screen.tty_fd = -1;
}

static void forget_shown(void)
{
	x_free(screen.shown);
	screen.shown = NULL;
}

/* --- roles into attributes ------------------------------------------------------- */

static int cube_level(int part)
{
	return part >= 3;
}

/* A colour of the xterm palette as one of 16. */
static int to_16(int colour)
{
	enum { CUBE = 16, GREYS = 232 };
	if (colour < CUBE)
		return colour;
	if (colour >= GREYS)
		return colour < GREYS + 8 ? 8 : colour < GREYS + 17 ? 7 : 15;
	int cube = colour - CUBE, r = cube / 36, g = cube / 6 % 6, b = cube % 6;
	int bits = cube_level(r) | cube_level(g) << 1 | cube_level(b) << 2;
	bool is_bright = r == 5 || g == 5 || b == 5;
	return bits ? bits + (is_bright ? 8 : 0) : 8;
}

struct paint {
	int fg, bg; /* of as many colours as there are; DEFAULT_COLOUR: the terminal's own */
	attr_t attrs;
};

static attr_t attrs_of(const struct look *look)
{
	return (look->bold ? A_BOLD : 0) | (look->dim ? A_DIM : 0) | (look->underline ? A_UNDERLINE : 0) |
	       (look->reverse ? A_REVERSE : 0) | (look->italic ? A_ITALIC : 0);
}

static struct paint paint_of(const struct look *look)
{
	if (screen.colours == 256)
		return (struct paint){look->fg256, look->bg256, attrs_of(look)};
	return (struct paint){look->fg16, look->bg16, attrs_of(look)};
}

static void add_log_colours(struct paint *paint, struct clean_attr attr)
{
	if (attr.has_fg)
		paint->fg = screen.colours == 256 ? attr.fg : to_16(attr.fg);
	if (attr.has_bg)
		paint->bg = screen.colours == 256 ? attr.bg : to_16(attr.bg);
	paint->attrs |=
		(attr.bold ? A_BOLD : 0) | (attr.dim ? A_DIM : 0) | (attr.underline ? A_UNDERLINE : 0);
	if (attr.reverse)
		paint->attrs ^= A_REVERSE;
}

/* A selected row is one even bar. Where it is drawn by reversing and there are enough colours to be sure that
 * all can be read on the bar, a role keeps its colour: reversed, that is the background. */
static void select_paint(struct paint *paint, const struct look *look)
{
	struct paint bar = paint_of(look);
	if (paint->bg != DEFAULT_COLOUR)
		return;
	int own = paint->fg;
	paint->attrs = (paint->attrs & ~(attr_t)A_DIM) | bar.attrs;
	paint->fg = bar.fg;
	paint->bg = bar.bg;
	if (own == DEFAULT_COLOUR || screen.colours != 256)
		return;
	if (look->reverse)
		paint->bg = own;
	else
		paint->fg = own;
}

/* With 8 colours the bright ones are made of the others: bold, but for a black that nobody would see. */
static void fit_8(struct paint *paint)
{
	if (paint->fg == 8) {
		paint->fg = DEFAULT_COLOUR;
		paint->attrs |= A_DIM;
	} else if (paint->fg > 8) {
		paint->fg -= 8;
		paint->attrs |= A_BOLD;
	}
	if (paint->bg >= 8)
		paint->bg -= 8;
}

static bool is_same(struct style a, struct style b)
{
	return a.role == b.role && a.is_selected == b.is_selected &&
	       memcmp(&a.attr, &b.attr, sizeof a.attr) == 0;
}

static void use_style(struct style style)
{
	if (screen.has_style && is_same(style, screen.style))
		return;
	struct paint paint = paint_of(&screen.theme->roles[style.role]);
	add_log_colours(&paint, style.attr);
	if (style.is_selected)
		select_paint(&paint, &screen.theme->roles[ROLE_SELECTION]);
	if (screen.colours == 8)
		fit_8(&paint);
	int pair = screen.colours ? alloc_pair(paint.fg, paint.bg) : 0;
	screen.pair = pair < 0 ? 0 : pair;
	screen.attrs = paint.attrs;
	screen.style = style;
	screen.has_style = true;
}

void screen_set_theme(const struct theme *theme)
{
	screen.theme = theme;
	screen.has_style = false;
	forget_shown();
}

/* --- drawing --------------------------------------------------------------------- */

static void to_curses(cchar_t *out, const struct cell *cell)
{
	wchar_t text[CELL_MOST_CHARS + 1] = {0};
	for (int i = 0; i < cell->n; i++)
		text[i] = screen.is_utf8 || cell->chars[i] < 0x80 ? (wchar_t)cell->chars[i] : L'?';
	use_style(cell->style);
	setcchar(out, text, screen.attrs, 0, &screen.pair);
}

/* Runs of the same cell, blanks above all, are turned once. */
static void put_row(const struct cell *cells, int y, int width)
{
	int n = 0;
	for (int x = 0; x < width; x++) {
		if (!cells[x].n || x + cells[x].width > width)
			continue;
		if (x > 0 && n > 0 && memcmp(&cells[x], &cells[x - 1], sizeof *cells) == 0)
			screen.row[n] = screen.row[n - 1];
		else
			to_curses(&screen.row[n], &cells[x]);
		n++;
	}
	mvwadd_wchnstr(stdscr, y, 0, screen.row, n);
}

/* Room to remember what is given to curses, of the size of this grid; what was remembered of another counts
 * for nothing. */
static void fit_shown(const struct grid *grid, int width)
{
	if (screen.row_width < width) {
		screen.row = x_realloc(screen.row, (size_t)width, sizeof *screen.row);
		screen.row_width = width;
	}
	if (screen.shown && screen.shown_width == grid->width && screen.shown_height == grid->height)
		return;
	x_free(screen.shown);
	screen.shown = x_calloc((size_t)grid->width * (size_t)grid->height, sizeof *screen.shown);
	screen.shown_width = grid->width;
	screen.shown_height = grid->height;
}

/* Only rows that differ: most of a frame is as it was, and turning a cell into curses is the dear part. */
static void put_rows(const struct grid *grid, int width)
{
	fit_shown(grid, width);
	size_t n = (size_t)grid->width;
	for (int y = 0; y < grid->height && y < LINES; y++) {
		const struct cell *cells = grid_at(grid, 0, y);
		struct cell *before = &screen.shown[(size_t)y * n];
		if (memcmp(before, cells, n * sizeof *cells) == 0)
			continue;
		put_row(cells, y, width);
		memcpy(before, cells, n * sizeof *cells);
	}
}

/* Hidden, it may rest wherever the drawing ended. */
static void put_cursor(const struct grid *grid)
{
	bool is_shown =
		grid->cursor_x >= 0 && grid->cursor_x < COLS && grid->cursor_y >= 0 && grid->cursor_y < LINES;
	leaveok(stdscr, !is_shown);
	curs_set(is_shown);
	if (is_shown)
		wmove(stdscr, grid->cursor_y, grid->cursor_x);
}

/*
 * curses flushes whenever its own buffer is full, which a frame with colours
 * fills several times over; on a slow link the parts would be seen one by one. So while it
 * draws, its descriptor is a file in memory, and the terminal gets that file in one write.
 */
static void frame_begin(void)
{
	lseek(screen.frame_fd, 0, SEEK_SET);
	dup3(screen.frame_fd, fileno(screen.out), O_CLOEXEC);
}

/* The bytes of a whole sequence that sets attributes ("\033[0;1m") at the start of S; 0 where it starts with
 * none. */
static size_t sgr_length(struct str s)
{
	if (!str_starts(s, STR("\033[")))
		return 0;
	size_t n = 2;
	while (n < s.n && (s.p[n] == ';' || (s.p[n] >= '0' && s.p[n] <= '9')))
		n++;
	return n < s.n && s.p[n] == 'm' ? n + 1 : 0;
}

static bool is_reset(struct str sgr)
{
	return sgr.p[2] == 'm' || (sgr.p[2] == '0' && (sgr.p[3] == ';' || sgr.p[3] == 'm'));
}

/* A sequence that follows directly upon another goes on with it; what it resets was for nothing. */
static size_t add_sgr(char *bytes, size_t n, size_t *last, struct str sgr)
{
	bool follows = *last < n && sgr_length((struct str){bytes + *last, n - *last}) == n - *last;
	if (follows && is_reset(sgr)) {
		n = *last;
	} else if (follows) {
		bytes[n - 1] = ';';
		sgr = str_slice(sgr, 2, sgr.n);
	} else {
		*last = n;
	}
	memmove(bytes + n, sgr.p, sgr.n);
	return n + sgr.n;
}

/*
 * Makes a frame shorter in place. curses sends colours and attributes each in a sequence of its own, and
 * descriptions of the xterm family select the ordinary character set with each of them: in UTF-8 nothing here
 * ever leaves that set. No text has such a sequence in it: the cleaner sees to that.
 */
static size_t shorten(char *bytes, size_t size)
{
	size_t n = 0, last = SIZE_MAX;
	for (size_t at = 0; at < size;) {
		struct str rest = {bytes + at, size - at};
		size_t sgr = rest.p[0] == '\033' ? sgr_length(rest) : 0;
		if (screen.is_utf8 && str_starts(rest, STR("\033(B"))) {
			at += 3;
		} else if (sgr) {
			n = add_sgr(bytes, n, &last, str_slice(rest, 0, sgr));
			at += sgr;
		} else {
			bytes[n++] = bytes[at++];
		}
	}
	return n;
}

static void frame_end(void)
{
	off_t size = lseek(screen.frame_fd, 0, SEEK_CUR);
	dup3(STDOUT_FILENO, fileno(screen.out), O_CLOEXEC);
	if (size <= 0)
		return;
	char *bytes = x_calloc((size_t)size, 1);
	ssize_t n = pread(screen.frame_fd, bytes, (size_t)size, 0);
	size_t length = n > 0 ? shorten(bytes, (size_t)n) : 0;
	if (screen.tty_fd < 0)
		write_all(bytes, length);
	if (!length || screen.tty_fd < 0) {
		x_free(bytes);
		return;
	}
	screen.unsent = bytes;
	screen.n_unsent = length;
	send_unsent();
}

bool screen_draw(const struct grid *grid)
{
	if (!screen.is_ours)
		return true;
	if (!send_unsent())
		return false;
	frame_begin();
	put_rows(grid, grid->width < COLS ? grid->width : COLS);
	put_cursor(grid);
	wnoutrefresh(stdscr);
	doupdate();
	frame_end();
	return !screen.n_unsent;
}

bool screen_redraw(const struct grid *grid)
{
	clearok(curscr, TRUE);
	return screen_draw(grid);
}

void screen_size(int *width, int *height)
{
	*width = COLS;
	*height = LINES;
}

void screen_resize(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		resize_term(size.ws_row, size.ws_col);
	forget_shown();
	clearok(curscr, TRUE);
}

/* tmux does not answer, GNU screen passes the question on and the answer to whichever window is in front, and
 * a console may print it. */
static bool may_be_asked(void)
{
	const char *term = getenv("TERM");
	return term && (is_like_xterm(term) || strcmp(term, "xterm") == 0) && !getenv("TMUX") &&
	       !getenv("STY");
}

/* Every terminal says what it is, and in its turn: behind that, no answer means that there is none. */
void screen_ask_background(void)
{
	static const char question[] = "\033]11;?\033\\\033[c";
	if (!screen.is_ours || screen.n_unsent || !may_be_asked())
		return;
	input_expect_background();
	write_all(question, sizeof question - 1);
}

void screen_bell(void)
{
	if (!screen.n_unsent)
		beep();
}

/* --- clipboard ------------------------------------------------------------------- */

static void add_base64(struct buf *out, struct str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < s.n; i += 3) {
		uint32_t bits = 0;
		for (size_t j = 0; j < 3; j++)
			bits = bits << 8 | (i + j < s.n ? (unsigned char)s.p[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			buf_addc(out, i + j > s.n ? '=' : digits[bits >> (18 - 6 * j) & 63]);
	}
}

/* Terminals that take OSC 52, or are enough like xterm to ignore it. GNU screen and the consoles print it. */
static bool takes_osc52(void)
{
	static const char *const variables[] = {
		"KITTY_WINDOW_ID", "WT_SESSION", "ALACRITTY_WINDOW_ID", "WEZTERM_PANE"};
	static const char *const heads[] = {
		"xterm", "alacritty", "foot", "contour", "rio", "wezterm", "kitty", "ghostty"};
	const char *term = getenv("TERM");
	if (getenv("STY") || !term)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		if (getenv(variables[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		if (starts(term, heads[i]))
			return true;
	return false;
}

static bool feed_tmux(const char *const *argv, struct str text)
{
	enum { WAIT_MS = 500 };
	struct proc proc;
	struct err err;
	if (!proc_start(&proc, argv, NULL, PROC_PIPES | PROC_QUIET, &err))
		return false;
	/* A pipe holds 64 KiB, more than we copy: this cannot wait for tmux. */
	ssize_t done = write(proc.in, text.p, text.n);
	return proc_end(&proc, 0, WAIT_MS) == 0 && done == (ssize_t)text.n;
}

static bool copy_by_tmux(struct str text, struct err *err)
{
	static const char *const with_clipboard[] = {"tmux", "load-buffer", "-w", "-", NULL};
	static const char *const buffer_alone[] = {"tmux", "load-buffer", "-", NULL}; /* before tmux 3.2 */
	return feed_tmux(with_clipboard, text) || feed_tmux(buffer_alone, text) ||
	       err_set(err, ERR_UNAVAILABLE, "tmux did not take the text");
}

bool screen_copy(struct str text, struct err *err)
{
	if (text.n > MOST_COPY / 4 * 3)
		return err_set(err, ERR_USAGE, "%zu bytes are too many for a clipboard (at most %d)", text.n,
			MOST_COPY / 4 * 3);
	if (getenv("TMUX"))
		return copy_by_tmux(text, err);
	if (!takes_osc52())
		return err_set(err, ERR_UNAVAILABLE, "this terminal has no clipboard that we could reach");
	struct buf out;
	buf_init(&out, 0);
	buf_addz(&out, "\033]52;c;");
	add_base64(&out, text);
	buf_addc(&out, '\a');
	drain();
	write_all(out.p, out.n);
	buf_fini(&out);
	return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The screen through a pseudo-terminal: a child opens it, draws, closes; all the
 * bytes it sends are kept, judged one by one, and fed to a terminal model.
 */
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "tui/input.h"
#include "tui/screen.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include <cmocka.h>

#include <term.h> /* last: it makes macros of common words */

enum { WIDTH = 40, HEIGHT = 8, MOST_WAIT_MS = 20000 };

struct session {
	pid_t pid;
	int master;
	int status;
	struct buf bytes;
};

/* --- the child ---------------------------------------------------------------------- */

/* Says so through the terminal itself: what was sent before has then arrived. The parent takes it out again.
 */
static void ready(void)
{
	if (write(STDOUT_FILENO, "\x1E", 1) != 1)
		_exit(99);
}

static struct terminal open_screen(const char *colour, const char *theme_name)
{
	static struct theme theme;
	struct err err;
	struct arena *arena = arena_new();
	struct terminal terminal = terminal_probe(colour);
	if (!theme_load(arena, theme_name, NULL, &theme, &err) || !screen_open(&terminal, &theme, &err)) {
		fprintf(stderr, "%s", err.msg);
		_exit(98);
	}
	return terminal;
}

/* To the end, however slow the other side reads. */
static void show(const struct grid *grid)
{
	while (!screen_draw(grid)) {
		struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};
		poll(&fd, 1, MOST_WAIT_MS);
	}
}

static void draw_picture(const struct terminal *terminal)
{
	struct grid grid;
	int width, height;
	screen_size(&width, &height);
	grid_init(&grid, width, height);
	grid.is_ascii = !terminal->is_utf8;
	grid_put(&grid, 0, 0, WIDTH, STR("porthole"), ROLE_HEADING);
	grid_put(&grid, 0, 1, WIDTH,
		STR("a\033[2J\033]0;evil\007\033P1$q\033\\\xC2\x9B"
		    "2Jb"),
		ROLE_TEXT);
	grid_put(&grid, 1, 2, WIDTH, STR("✗ failed"), ROLE_FAILED);
	grid_put(&grid, 12, 2, WIDTH, STR("日本語 e\u0301"), ROLE_TEXT);
	grid_put(&grid, 0, 2, 1, STR("▌"), ROLE_HEADING);
	grid_select(&grid, (struct rect){1, 2, width - 1, 1});
	struct style log = {.role = ROLE_TEXT, .attr = {.has_fg = 1, .fg = 196, .underline = 1}};
	grid_text(&grid, 0, 3, WIDTH, STR("own colour"), log);
	for (int y = 4; y < height - 1; y++)
		grid_rule(&grid, (struct rect){0, y, width, 1}, STR(""));
	grid_put(&grid, 0, height - 1, width, STR("0123456789012345678901234567890123456789"), ROLE_DIM);
	show(&grid);
	grid_fini(&grid);
}

static void child_draws(void)
{
	struct terminal terminal = open_screen("auto", "dark");
	draw_picture(&terminal);
	ready();
	screen_close();
}

static void child_idles(void)
{
	struct terminal terminal = open_screen("auto", "dark");
	draw_picture(&terminal);
	ready();
	input_key();
	for (int i = 0; i < 10; i++) {
		draw_picture(&terminal);
		input_key();
	}
	ready();
	poll(NULL, 0, MOST_WAIT_MS); /* killed */
}

static void child_crashes(void)
{
	struct terminal terminal = open_screen("auto", "dark");
	draw_picture(&terminal);
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	raise(SIGSEGV);
}

static void child_dies(void)
{
	struct terminal terminal = open_screen("auto", "dark");
	draw_picture(&terminal);
	die("out of memory");
}

static void child_leaves_and_comes_back(void)
{
	struct terminal terminal = open_screen("auto", "dark");
	draw_picture(&terminal);
	screen_leave();
	ready();
	printf("between\r\n");
	fflush(stdout);
	screen_enter();
	draw_picture(&terminal);
	ready();
	poll(NULL, 0, MOST_WAIT_MS); /* killed */
}

/* Draws at each size that the parent sets, one a key. */
static void child_is_resized(void)
{
	struct terminal terminal = open_screen("auto", "dark");
	draw_picture(&terminal);
	ready();
	for (;;) {
		struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
		poll(&fd, 1, MOST_WAIT_MS);
		if (input_key() != 'r')
			break;
		screen_resize();
		draw_picture(&terminal);
		ready();
	}
	screen_close();
}

static void child_probes(void)
{
	struct terminal terminal = terminal_probe("auto");
	printf("draw=%d utf8=%d colours=%d name=%s note=%s\n", terminal.can_draw, terminal.is_utf8,
		terminal.colours, terminal.name ? terminal.name : "-", terminal.note ? terminal.note : "-");
	fflush(stdout);
	struct err err;
	if (!terminal.can_draw && screen_open(&terminal, NULL, &err))
		_exit(97);
}

/* Prints the names of the keys that come in, after the screen is left. */
static void child_reads_keys(void)
{
	struct buf names;
	buf_init(&names, 0);
	signal(SIGHUP, SIG_IGN); /* the end of the terminal is to be seen by reading */
	open_screen("auto", "dark");
	ready();
	for (;;) {
		struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
		poll(&fd, 1, MOST_WAIT_MS);
		uint32_t key = input_key();
		if (key == 'Z' || key == K_EOF)
			break;
		if (key == KEY_NONE_YET)
			continue;
		if (key == K_PASTE)
			buf_addf(&names, "<%.*s>", STR_FMT(input_paste()));
		else
			key_add_name(&names, key);
		buf_addc(&names, ' ');
	}
	screen_close();
	printf("keys: %s.\n", names.p ? names.p : "");
	fflush(stdout);
}

static void child_copies(void)
{
	struct err err;
	open_screen("auto", "dark");
	bool ok = screen_copy(STR("run airflow/x"), &err);
	screen_close();
	printf("%s\n", ok ? "copied" : err.msg);
	fflush(stdout);
}

/* --- the parent --------------------------------------------------------------------- */

static void set_environment(const char *term)
{
	static const char *const gone[] = {"NO_COLOR", "CLICOLOR_FORCE", "COLORTERM", "TMUX", "STY",
		"ESCDELAY", "SSH_CONNECTION", "KITTY_WINDOW_ID", "WT_SESSION"};
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		unsetenv(gone[i]);
	if (term)
		setenv("TERM", term, 1);
	else
		unsetenv("TERM");
}

static struct session start(const char *term, void (*child)(void))
{
	struct session s = {0};
	struct winsize size = {.ws_row = HEIGHT, .ws_col = WIDTH};
	buf_init(&s.bytes, 0);
	s.pid = forkpty(&s.master, NULL, NULL, &size);
	assert_true(s.pid >= 0);
	if (s.pid == 0) {
		set_environment(term);
		child();
		_exit(0);
	}
	return s;
}

/* Takes what comes until the child says `ready`, or ends. Byte by byte, so that nothing behind it is taken.
 */
static void collect(struct session *s)
{
	for (;;) {
		struct pollfd fd = {.fd = s->master, .events = POLLIN};
		assert_true(poll(&fd, 1, MOST_WAIT_MS) > 0);
		char *room = buf_reserve(&s->bytes, 1);
		if (read(s->master, room, 1) <= 0)
			return;
		if (*room == '\x1E')
			return;
		s->bytes.n++;
	}
}

static void collect_all(struct session *s)
{
	size_t before;
	do {
		before = s->bytes.n;
		collect(s);
	} while (s->bytes.n > before);
}

static void finish(struct session *s)
{
	collect_all(s);
	assert_int_equal(waitpid(s->pid, &s->status, 0), s->pid);
	close(s->master);
}

static void end(struct session *s)
{
	kill(s->pid, SIGKILL);
	finish(s);
	buf_fini(&s->bytes);
}

static bool has(const struct session *s, const char *text)
{
	return str_has(buf_str(&s->bytes), str_of(text));
}

/* --- a terminal model ---------------------------------------------------------------- */

struct model {
	VTerm *vterm;
	VTermScreen *screen;
	int shows_cursor, altscreen;
};

static int on_property(VTermProp prop, VTermValue *value, void *user)
{
	struct model *model = user;
	if (prop == VTERM_PROP_CURSORVISIBLE)
		model->shows_cursor = value->boolean;
	if (prop == VTERM_PROP_ALTSCREEN)
		model->altscreen = value->boolean;
	return 1;
}

static void model_init(struct model *model, struct str bytes)
{
	static const VTermScreenCallbacks callbacks = {.settermprop = on_property};
	*model = (struct model){.vterm = vterm_new(HEIGHT, WIDTH), .shows_cursor = 1};
	vterm_set_utf8(model->vterm, 1);
	model->screen = vterm_obtain_screen(model->vterm);
	vterm_screen_set_callbacks(model->screen, &callbacks, model);
	vterm_screen_enable_altscreen(model->screen, 1);
	vterm_screen_reset(model->screen, 1);
	vterm_input_write(model->vterm, bytes.p, bytes.n);
	vterm_screen_flush_damage(model->screen);
}

static VTermScreenCell model_cell(const struct model *model, int x, int y)
{
	VTermScreenCell cell = {0};
	vterm_screen_get_cell(model->screen, (VTermPos){.row = y, .col = x}, &cell);
	return cell;
}

static void assert_row(const struct model *model, int y, const char *expected)
{
	struct buf row;
	buf_init(&row, 0);
	for (int x = 0; x < WIDTH; x++) {
		VTermScreenCell cell = model_cell(model, x, y);
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
			if (cell.chars[i] != UINT32_MAX)
				utf8_add(&row, cell.chars[i]);
		if (!cell.chars[0])
			buf_addc(&row, ' ');
	}
	while (row.n && row.p[row.n - 1] == ' ')
		row.p[--row.n] = 0;
	assert_string_equal(row.p, expected);
	buf_fini(&row);
}

/* --- which sequences may leave --------------------------------------------------------- */

/* A sequence by what decides its meaning: introducer, private mark, intermediates, final byte. */
struct shape {
	char text[12];
};

/* Reads one sequence at ESC; numbers are left out, and so are the expressions of a description. */
static size_t read_shape(struct str s, bool is_template, struct shape *out)
{
	size_t at = 1, n = 0;
	*out = (struct shape){0};
	bool is_csi = s.n > 1 && s.p[1] == '[';
	while (at < s.n && n < sizeof out->text - 1) {
		char c = s.p[at];
		if (is_template && c == '%' && at + 1 < s.n) {
			char kind = s.p[at + 1];
			at += kind == 'p' ? 3 : kind == '\'' ? 4 : 2;
			while (kind == '{' && at < s.n && s.p[at - 1] != '}')
				at++;
			continue;
		}
		at++;
		if (!((c >= '0' && c <= '9') || c == ';' || c == ':'))
			out->text[n++] = c;
		else if (!is_csi)
			out->text[n++] = c;
		bool is_final = is_csi ? n > 1 && c >= 0x40 && c <= 0x7E : c >= 0x30;
		if (is_final)
			break;
	}
	return at;
}

enum { MOST_SHAPES = 512 };

static size_t shapes_of_description(const char *name, struct shape *shapes)
{
	int found;
	size_t n = 0;
	assert_int_equal(setupterm(name, STDOUT_FILENO, &found), 0);
	for (const char *const *cap = (const char *const *)strnames; *cap; cap++) {
		const char *text = tigetstr(*cap);
		if (!text || text == (const char *)-1)
			continue;
		struct str rest = str_of(text);
		for (size_t at = str_find(rest, STR("\033"), 0); at != SIZE_MAX;
			at = str_find(rest, STR("\033"), 0)) {
			rest = str_slice(rest, at, rest.n);
			size_t used = read_shape(rest, true, &shapes[n]);
			rest = str_slice(rest, used, rest.n);
			n += n < MOST_SHAPES - 1;
		}
	}
	del_curterm(cur_term);
	return n;
}

static void assert_known(struct str sequence, const struct shape *shape, const struct shape *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(shape->text, known[i].text) == 0)
			return;
	if (str_starts(sequence, STR("\033[?2004h")) || str_starts(sequence, STR("\033[?2004l")))
		return;
	fail_msg("sequence ESC %s is not of the terminal's description", shape->text);
}

static void assert_only_known_sequences(const struct session *s, const char *name)
{
	static const char controls[] = "\r\n\b\t\016\017";
	struct shape *known = x_calloc(MOST_SHAPES, sizeof *known), shape;
	size_t n = shapes_of_description(name, known);
	struct str rest = buf_str(&s->bytes);
	while (rest.n) {
		size_t len = 1;
		if (rest.p[0] == '\033') {
			len = read_shape(rest, false, &shape);
			assert_known(rest, &shape, known, n);
		} else if ((unsigned char)rest.p[0] < ' ' || rest.p[0] == 0x7F) {
			assert_non_null(strchr(controls, rest.p[0]));
		} else {
			uint32_t c = utf8_decode(rest, &len);
			assert_true(c != UTF8_BAD && !(c >= 0x80 && c < 0xA0));
		}
		rest = str_slice(rest, len, rest.n);
	}
	x_free(known);
}

/* --- tests ------------------------------------------------------------------------------- */

static void the_grid_arrives_and_only_known_sequences_leave(void **state)
{
	(void)state;
	static const char *const terms[] = {
		"xterm-256color", "screen-256color", "tmux-256color", "xterm", "screen"};
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		struct session s = start(terms[i], child_draws);
		collect(&s);
		struct model model;
		model_init(&model, buf_str(&s.bytes));
		assert_row(&model, 0, "porthole");
		assert_row(&model, 1, "a^[[2J^[]0;evil^G^[P1$q^[\\<9B>2Jb");
		assert_row(&model, 2, "▌✗ failed   日本語 e\u0301");
		assert_row(&model, 3, "own colour");
		assert_row(&model, 4, "────────────────────────────────────────");
		assert_row(&model, HEIGHT - 1, "0123456789012345678901234567890123456789");
		assert_true(model_cell(&model, 0, 0).attrs.bold);
		assert_true(model_cell(&model, 1, 2).attrs.reverse);
		assert_true(model_cell(&model, WIDTH - 1, 2).attrs.reverse);
		assert_false(model_cell(&model, 0, 2).attrs.reverse);
		assert_true(model_cell(&model, 0, 3).attrs.underline);
		assert_int_equal(model.shows_cursor, 0);
		vterm_free(model.vterm);
		finish(&s);
		assert_true(WIFEXITED(s.status) && WEXITSTATUS(s.status) == 0);
		assert_only_known_sequences(&s, terms[i]);
		buf_fini(&s.bytes);
	}
}

static void leaving_restores_the_terminal(void **state)
{
	(void)state;
	struct session s = start("xterm-256color", child_draws);
	finish(&s);
	struct model model;
	model_init(&model, buf_str(&s.bytes));
	assert_int_equal(model.shows_cursor, 1);
	assert_int_equal(model.altscreen, 0);
	assert_true(has(&s, "\033[?2004h"));
	assert_true(has(&s, "\033[?2004l"));
	assert_true(has(&s, "\033[?1049h"));
	assert_true(has(&s, "\033[?1049l"));
	vterm_free(model.vterm);
	buf_fini(&s.bytes);
}

static void a_crash_restores_the_terminal(void **state)
{
	(void)state;
	static void (*const children[])(void) = {child_crashes, child_dies};
	for (size_t i = 0; i < ARRAY_LEN(children); i++) {
		struct session s = start("xterm-256color", children[i]);
		finish(&s);
		if (i == 0)
			assert_true(WIFSIGNALED(s.status) && WTERMSIG(s.status) == SIGSEGV);
		else
			assert_true(WIFEXITED(s.status) && WEXITSTATUS(s.status) == 3);
		struct model model;
		model_init(&model, buf_str(&s.bytes));
		assert_int_equal(model.shows_cursor, 1);
		assert_int_equal(model.altscreen, 0);
		assert_true(has(&s, "\033[?2004l"));
		vterm_free(model.vterm);
		buf_fini(&s.bytes);
	}
}

static void nothing_is_sent_while_nothing_changes(void **state)
{
	(void)state;
	struct session s = start("xterm-256color", child_idles);
	collect(&s);
	size_t painted = s.bytes.n;
	assert_true(painted > 0);
	collect(&s);
	assert_int_equal(s.bytes.n, painted);
	end(&s);
}

static void leaving_gives_the_terminal_away_and_entering_paints_anew(void **state)
{
	(void)state;
	struct session s = start("xterm-256color", child_leaves_and_comes_back);
	collect(&s);
	struct model model;
	model_init(&model, buf_str(&s.bytes));
	assert_int_equal(model.altscreen, 0);
	assert_int_equal(model.shows_cursor, 1);
	vterm_free(model.vterm);
	collect(&s);
	assert_true(has(&s, "between"));
	model_init(&model, buf_str(&s.bytes));
	assert_int_equal(model.altscreen, 1);
	assert_int_equal(model.shows_cursor, 0);
	assert_row(&model, 0, "porthole");
	assert_row(&model, 3, "own colour");
	vterm_free(model.vterm);
	end(&s);
}

static void every_size_is_drawn(void **state)
{
	(void)state;
	static const struct winsize sizes[] = {{.ws_row = 1, .ws_col = 1}, {.ws_row = 200, .ws_col = 500},
		{.ws_row = 2, .ws_col = 3}, {.ws_row = 0, .ws_col = 0}, {.ws_row = HEIGHT, .ws_col = WIDTH}};
	struct session s = start("xterm-256color", child_is_resized);
	collect(&s);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		buf_reset(&s.bytes);
		assert_int_equal(ioctl(s.master, TIOCSWINSZ, &sizes[i]), 0);
		assert_int_equal(write(s.master, "r", 1), 1);
		collect(&s);
	}
	struct model model;
	model_init(&model, buf_str(&s.bytes));
	assert_row(&model, 0, "porthole");
	assert_row(&model, HEIGHT - 1, "0123456789012345678901234567890123456789");
	vterm_free(model.vterm);
	assert_int_equal(write(s.master, "q", 1), 1);
	finish(&s);
	assert_true(WIFEXITED(s.status) && WEXITSTATUS(s.status) == 0);
	buf_fini(&s.bytes);
}

static void stale_sizes_of_the_environment_are_not_believed(void **state)
{
	(void)state;
	setenv("LINES", "3", 1);
	setenv("COLUMNS", "10", 1);
	struct session s = start("xterm-256color", child_draws);
	unsetenv("LINES");
	unsetenv("COLUMNS");
	collect(&s);
	struct model model;
	model_init(&model, buf_str(&s.bytes));
	assert_row(&model, HEIGHT - 1, "0123456789012345678901234567890123456789");
	vterm_free(model.vterm);
	finish(&s);
	buf_fini(&s.bytes);
}

static void a_terminal_that_is_gone_ends_the_keys(void **state)
{
	(void)state;
	struct session s = start("xterm-256color", child_reads_keys);
	collect(&s);
	close(s.master);
	int status;
	assert_int_equal(waitpid(s.pid, &status, 0), s.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	buf_fini(&s.bytes);
}

static void older_terminals_get_what_they_can_show(void **state)
{
	(void)state;
	struct session s = start("vt100", child_draws);
	finish(&s);
	assert_only_known_sequences(&s, "vt100");
	assert_false(has(&s, "2004"));
	assert_true(has(&s, "porthole"));
	buf_fini(&s.bytes);

	s = start("linux", child_draws);
	finish(&s);
	assert_only_known_sequences(&s, "linux");
	assert_true(has(&s, "x failed"));
	assert_false(has(&s, "✗"));
	assert_false(has(&s, "38;5"));
	buf_fini(&s.bytes);
}

static void assert_probe(const char *term, const char *expected)
{
	struct session s = start(term, child_probes);
	finish(&s);
	assert_int_equal(s.status, 0);
	s.bytes.p[s.bytes.n] = 0;
	struct str line = str_trim(buf_str(&s.bytes));
	s.bytes.p[line.p - s.bytes.p + (ptrdiff_t)line.n] = 0;
	assert_string_equal(line.p, expected);
	buf_fini(&s.bytes);
}

static void every_value_of_term_is_answered(void **state)
{
	(void)state;
	assert_probe("xterm-256color", "draw=1 utf8=1 colours=256 name=xterm-256color note=-");
	assert_probe("xterm", "draw=1 utf8=1 colours=8 name=xterm note=-");
	assert_probe("linux", "draw=1 utf8=0 colours=8 name=linux note=-");
	assert_probe("vt100", "draw=1 utf8=1 colours=0 name=vt100 note=-");
	assert_probe("dumb", "draw=0 utf8=1 colours=0 name=dumb note=-");
	assert_probe("no-such",
		"draw=1 utf8=1 colours=8 name=xterm note=unknown terminal 'no-such', taken as xterm");
	assert_probe("xterm-ghostty",
		"draw=1 utf8=1 colours=256 name=xterm-256color note=unknown terminal 'xterm-ghostty', taken as xterm-256color");
	assert_probe(NULL, "draw=0 utf8=0 colours=0 name=- note=-");
	assert_probe("", "draw=0 utf8=0 colours=0 name=- note=-");
}

static void assert_keys(const char *typed, const char *expected)
{
	struct session s = start("xterm-256color", child_reads_keys);
	collect(&s);
	size_t from = s.bytes.n;
	assert_int_equal(write(s.master, typed, strlen(typed)), (ssize_t)strlen(typed));
	assert_int_equal(write(s.master, "Z", 1), 1);
	finish(&s);
	buf_addc(&s.bytes, 0);
	struct str got = str_slice(buf_str(&s.bytes), from, s.bytes.n);
	size_t at = str_find(got, STR("keys: "), 0);
	assert_true(at != SIZE_MAX);
	got = str_slice(got, at + 6, str_find(got, STR("."), at));
	char text[256];
	snprintf(text, sizeof text, "%.*s", STR_FMT(got));
	assert_string_equal(text, expected);
	buf_fini(&s.bytes);
}

static void keys_have_their_names(void **state)
{
	(void)state;
	assert_keys("jJ \t\r\n\004\032\003", "j J Space Tab Enter Enter ^D ^Z ^C ");
	assert_keys("\033OA\033OB\033[5~\033[6~\033OH\033OF\033[3~\033[Z",
		"Up Down PgUp PgDn Home End Del S-Tab ");
	assert_keys("\177\010日é", "Backspace Backspace 日 é ");
	assert_keys("\033:q", "Esc : q ");
}

static void a_paste_is_text_and_never_keys(void **state)
{
	(void)state;
	assert_keys("a\033[200~jj\rq\033[A!\nx\033[201~b", "a <jj q[A! x> b ");
	assert_keys("\033[200~\033]0;t\007\302\233\033[201~", "<]0;t> ");
}

static void answers_of_the_terminal_never_become_keys(void **state)
{
	(void)state;
	assert_keys("a\033[?62;4cb", "a b ");
	assert_keys("a\033]11;rgb:0000/0000/0000\007b", "a b ");
	assert_keys("a\033]11;rgb:0000/0000/0000\033\\b", "a b ");
	assert_keys("a\033P>|tmux 3.3a\033\\b", "a b ");
	assert_keys("a\033[I\033[Ob", "a b ");
	assert_keys("a\033[97;99u\033[38;7;2~b", "a b ");
}

static void copying_uses_the_sequence_only_where_it_is_taken(void **state)
{
	(void)state;
	struct session s = start("xterm-256color", child_copies);
	finish(&s);
	assert_true(has(&s, "\033]52;c;cnVuIGFpcmZsb3cveA==\007"));
	assert_true(has(&s, "copied"));
	buf_fini(&s.bytes);
	s = start("vt100", child_copies);
	finish(&s);
	assert_false(has(&s, "]52"));
	assert_true(has(&s, "no clipboard"));
	buf_fini(&s.bytes);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_grid_arrives_and_only_known_sequences_leave),
		cmocka_unit_test(leaving_restores_the_terminal),
		cmocka_unit_test(a_crash_restores_the_terminal),
		cmocka_unit_test(nothing_is_sent_while_nothing_changes),
		cmocka_unit_test(leaving_gives_the_terminal_away_and_entering_paints_anew),
		cmocka_unit_test(every_size_is_drawn),
		cmocka_unit_test(stale_sizes_of_the_environment_are_not_believed),
		cmocka_unit_test(a_terminal_that_is_gone_ends_the_keys),
		cmocka_unit_test(older_terminals_get_what_they_can_show),
		cmocka_unit_test(every_value_of_term_is_answered),
		cmocka_unit_test(keys_have_their_names),
		cmocka_unit_test(a_paste_is_text_and_never_keys),
		cmocka_unit_test(answers_of_the_terminal_never_become_keys),
		cmocka_unit_test(copying_uses_the_sequence_only_where_it_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

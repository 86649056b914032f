/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole program on every terminal that must work: started on a pseudo-terminal with an
 * empty home, driven by keys, sizes and signals; what it sends is judged by the terminal's
 * own description.
 */
#include "client/base/buf.h"
#include "client/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include <cmocka.h>

enum { WIDTH = 80, HEIGHT = 24, MOST_WAIT_MS = 30000, QUIET_MS = 300 };

static char home[] = "/tmp/porthole-terminals-XXXXXX";

/* What a terminal is asked, and no other sequence of its kind: for its background, then for what it is. */
static const char question[] = "\033]11;?\033\\\033[c";

struct session {
	pid_t pid;
	int master, barrier;
	int n_paints; /* settled ones */
	struct buf bytes;
};

/* One variable more, "NAME=VALUE"; NULL: none. */
static const char *more_environment;

static void start_child(const char *term, int barrier)
{
	static const char *const gone[] = {"NO_COLOR", "CLICOLOR_FORCE", "COLORTERM", "COLORFGBG", "TMUX",
		"STY", "ESCDELAY", "SSH_CONNECTION", "PORTHOLE_CONFIG", "PORTHOLE_DSN", "XDG_CONFIG_HOME",
		"XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"};
	char number[16];
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		unsetenv(gone[i]);
	snprintf(number, sizeof number, "%d", barrier);
	setenv("PORTHOLE_BARRIER_FD", number, 1);
	setenv("HOME", home, 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	if (term)
		setenv("TERM", term, 1);
	else
		unsetenv("TERM");
	if (more_environment)
		putenv((char *)more_environment);
	execl(getenv("PORTHOLE"), "porthole", NULL);
	_exit(127);
}

static struct session start(const char *term, int width, int height)
{
	struct session s = {0};
	int told[2];
	struct winsize size = {.ws_row = (unsigned short)height, .ws_col = (unsigned short)width};
	assert_int_equal(pipe(told), 0);
	s.barrier = told[0];
	buf_init(&s.bytes, 0);
	s.pid = forkpty(&s.master, NULL, NULL, &size);
	assert_true(s.pid >= 0);
	if (s.pid == 0) {
		close(told[0]);
		start_child(term, told[1]);
	}
	close(told[1]);
	return s;
}

/* Takes what is sent. True where something came from the barrier instead. */
static bool take(struct session *s, int wait_ms, bool *is_over)
{
	struct pollfd fds[] = {{.fd = s->master, .events = POLLIN}, {.fd = s->barrier, .events = POLLIN}};
	char bytes[65536];
	int n = poll(fds, 2, wait_ms);
	*is_over = n <= 0;
	if (n <= 0)
		return false;
	if (fds[0].revents) {
		ssize_t got = read(s->master, bytes, sizeof bytes);
		*is_over = got <= 0;
		if (got > 0)
			buf_add(&s->bytes, (struct str){bytes, (size_t)got});
		return false;
	}
	*is_over = read(s->barrier, bytes, 1) <= 0;
	s->n_paints += !*is_over;
	return !*is_over;
}

static bool has(const struct session *s, const char *text)
{
	return str_has(buf_str(&s->bytes), str_of(text));
}

/* Until a paint is settled and all of it has come: any paint, perhaps one of before the last keys. */
static void settle(struct session *s)
{
	bool is_over = false;
	while (!take(s, MOST_WAIT_MS, &is_over))
		if (is_over)
			fail_msg("no settled paint; sent so far: %s", s->bytes.p ? s->bytes.p : "nothing");
	while (!is_over)
		take(s, 0, &is_over);
}

/* Until TEXT was sent. */
static void settle_until(struct session *s, const char *text)
{
	do
		settle(s);
	while (!has(s, text));
}

static void type(struct session *s, const char *keys)
{
	assert_int_equal(write(s->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Waits for its end; its status as from wait. */
static int finish(struct session *s)
{
	int status;
	bool is_over = false;
	close(s->barrier);
	s->barrier = -1;
	while (!is_over)
		take(s, MOST_WAIT_MS, &is_over);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	close(s->master);
	return status;
}

static void assert_ended(const struct session *s, int status, int code)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		fail_msg("wait status %#x; it said: %s", status, s->bytes.p ? s->bytes.p : "nothing");
}

/* --- what may be sent ---------------------------------------------------------------- */

/* One escape sequence at the start of S: its bytes. */
static size_t sequence_length(struct str s)
{
	if (s.n < 2)
		return s.n;
	if (s.p[1] == '[') {
		size_t n = 2;
		while (n < s.n && !(s.p[n] >= 0x40 && s.p[n] <= 0x7E))
			n++;
		return n < s.n ? n + 1 : n;
	}
	size_t n = 1;
	while (n < s.n && s.p[n] >= 0x20 && s.p[n] <= 0x2F)
		n++;
	return n < s.n ? n + 1 : n;
}

/* The text of a terminal's description, as infocmp prints it for reading by programs: \033 for ESC. */
static struct buf description(const char *term)
{
	char command[128], bytes[4096];
	struct buf text;
	buf_init(&text, 0);
	snprintf(command, sizeof command, "infocmp -1 -x %s", term);
	FILE *out = popen(command, "r");
	assert_non_null(out);
	for (size_t n; (n = fread(bytes, 1, sizeof bytes, out)) > 0;)
		buf_add(&text, (struct str){bytes, n});
	assert_int_equal(pclose(out), 0);
	return text;
}

/* Whether a control sequence is of the kind that DESCRIPTION has somewhere: same final byte, and where it is
 * private the same mark. Attributes (m) are judged apart. */
static bool is_described(struct str description, struct str sequence)
{
	char last = sequence.p[sequence.n - 1];
	bool is_private = sequence.n > 2 && sequence.p[2] == '?';
	for (size_t at = 0; (at = str_find(description, STR("\\E["), at)) != SIZE_MAX; at += 3) {
		struct str rest = str_slice(description, at + 3, description.n);
		size_t n = 0;
		bool has_mark = rest.n && rest.p[0] == '?';
		while (n < rest.n && strchr("?;0123456789%pidc{}+-", rest.p[n]))
			n += rest.p[n] == '%' && n + 1 < rest.n ? 2 : 1;
		if (has_mark == is_private && (str_has(str_slice(rest, 0, 40), (struct str){&last, 1})))
			return true;
	}
	return false;
}

static void assert_only_described(const struct session *s, const char *term)
{
	struct buf text = description(term);
	struct str rest = buf_str(&s->bytes);
	while (rest.n) {
		const char *escape = memchr(rest.p, '\033', rest.n);
		if (!escape)
			break;
		rest = str_slice(rest, (size_t)(escape - rest.p), rest.n);
		if (str_starts(rest, str_of(question))) {
			rest = str_slice(rest, strlen(question), rest.n);
			continue;
		}
		struct str sequence = str_slice(rest, 0, sequence_length(rest));
		bool is_csi = sequence.n > 2 && sequence.p[1] == '[';
		if (sequence.n < 2 || sequence.p[1] == ']' || sequence.p[1] == 'P' ||
			(is_csi && !is_described(buf_str(&text), sequence)))
			fail_msg("%s was sent ESC%.*s, which is not in its description", term,
				(int)sequence.n - 1, sequence.p + 1);
		rest = str_slice(rest, sequence.n, rest.n);
	}
	buf_fini(&text);
}

/* --- terminals ----------------------------------------------------------------------- */

static void every_terminal_is_served_by_its_description(void **state)
{
	(void)state;
	static const struct {
		const char *term, *knows;
		bool has_alternate, has_256, is_asked;
	} cases[] = {
		{"xterm-256color", "xterm-256color", true, true, true},
		{"tmux-256color", "tmux-256color", true, true, false},
		{"screen-256color", "screen-256color", true, true, false},
		{"xterm", "xterm", true, false, true},
		{"screen", "screen", true, false, false},
		{"linux", "linux", false, false, false},
		{"vt100", "vt100", false, false, false},
		{"no-such-terminal", "xterm", true, false, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct session s = start(cases[i].term, WIDTH, HEIGHT);
		settle(&s);
		type(&s, "?jkq");
		settle(&s);
		type(&s, "Q");
		assert_ended(&s, finish(&s), 0);
		assert_only_described(&s, cases[i].knows);
		assert_int_equal(has(&s, "\033[?1049h"), cases[i].has_alternate);
		assert_int_equal(has(&s, "\033[?1049l"), cases[i].has_alternate);
		assert_int_equal(has(&s, ";5;"), cases[i].has_256);
		assert_int_equal(has(&s, "\033]"), cases[i].is_asked); /* no title either */
		assert_int_equal(has(&s, question), cases[i].is_asked);
		assert_true(has(&s, "porthole"));
		buf_fini(&s.bytes);
	}
}

static void without_a_terminal_that_draws_no_escape_is_sent(void **state)
{
	(void)state;
	static const char *const terms[] = {"dumb", NULL, ""};
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		struct session s = start(terms[i], WIDTH, HEIGHT);
		int status = finish(&s);
		assert_true(WIFEXITED(status));
		assert_null(memchr(s.bytes.p, '\033', s.bytes.n));
		buf_fini(&s.bytes);
	}
}

/* --- ends ---------------------------------------------------------------------------- */

static void a_signal_gives_the_terminal_back(void **state)
{
	(void)state;
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct session s = start("xterm-256color", WIDTH, HEIGHT);
		settle(&s);
		kill(s.pid, signals[i]);
		assert_ended(&s, finish(&s), 128 + signals[i]);
		assert_true(has(&s, "\033[?1049l"));
		assert_true(has(&s, "\033[?2004l"));
		buf_fini(&s.bytes);
	}
}

/* --- a bad link ----------------------------------------------------------------------- */

static void what_is_typed_ahead_makes_one_frame(void **state)
{
	(void)state;
	struct session s = start("xterm-256color", WIDTH, HEIGHT);
	settle(&s);
	type(&s, ":"); /* a line to type into */
	settle(&s);
	s.n_paints = 0;
	type(&s, "abcdefghijklmnopqrst");
	settle_until(&s, "abcdefghijklmnopqrst");
	assert_in_range(s.n_paints, 1, 3); /* the keys, and what a search found for them */
	type(&s, "\007\007Q");
	assert_ended(&s, finish(&s), 0);
	buf_fini(&s.bytes);
}

/* Nobody reads what it sends: it still takes its keys, and ends when it is told to. */
static void a_link_that_takes_nothing_does_not_stop_the_keys(void **state)
{
	(void)state;
	struct session s = start("xterm-256color", 500, 200);
	settle(&s);
	for (int i = 0; i < 60; i++)
		type(&s, i % 2 ? "q\f" : "?\f"); /* each a whole screen of 500x200 */
	type(&s, "Q");
	int status, waited = 0;
	while (waitpid(s.pid, &status, WNOHANG) == 0 && waited < MOST_WAIT_MS) {
		poll(NULL, 0, 10); /* and reads nothing */
		waited += 10;
	}
	assert_true(waited < MOST_WAIT_MS);
	assert_ended(&s, status, 0);
	close(s.master);
	close(s.barrier);
	buf_fini(&s.bytes);
}

/* --- sizes ---------------------------------------------------------------------------- */

static void a_storm_of_sizes_is_weathered(void **state)
{
	(void)state;
	struct session s = start("xterm-256color", WIDTH, HEIGHT);
	settle(&s);
	for (int i = 0; i < 200; i++) {
		static const struct winsize sizes[] = {{.ws_row = 1, .ws_col = 1},
			{.ws_row = 200, .ws_col = 500}, {.ws_row = 9, .ws_col = 39},
			{.ws_row = 24, .ws_col = 80}, {.ws_row = 0, .ws_col = 0}};
		assert_int_equal(ioctl(s.master, TIOCSWINSZ, &sizes[i % ARRAY_LEN(sizes)]), 0);
	}
	struct winsize small = {.ws_row = 9, .ws_col = 39};
	assert_int_equal(ioctl(s.master, TIOCSWINSZ, &small), 0);
	settle(&s);
	buf_reset(&s.bytes);
	struct winsize last = {.ws_row = 5, .ws_col = 60};
	assert_int_equal(ioctl(s.master, TIOCSWINSZ, &last), 0);
	settle_until(&s, "too small");
	type(&s, "Q");
	assert_ended(&s, finish(&s), 0);
	buf_fini(&s.bytes);
}

/* --- what is typed --------------------------------------------------------------------- */

static void answers_and_pastes_are_not_taken_for_keys(void **state)
{
	(void)state;
	struct session s = start("xterm-256color", WIDTH, HEIGHT);
	settle(&s);
	type(&s, "\033]11;rgb:0000/0000/0000\007\033[?62;4c\033P>|xterm(367)\033\\\033[I\033[O");
	type(&s, "\033[200~Q\nQ\033[201~");
	settle_until(&s, "pasted");
	int status;
	assert_int_equal(waitpid(s.pid, &status, WNOHANG), 0);
	type(&s, "Q");
	assert_ended(&s, finish(&s), 0);
	buf_fini(&s.bytes);
}

/* The dark theme says dim text as 245, the light one as 241: see themes/. */
static const char in_dark[] = ";5;245m", in_light[] = ";5;241m";

static void assert_theme(const char *environment, const char *answer, bool is_asked, bool is_light)
{
	more_environment = environment;
	struct session s = start("xterm-256color", WIDTH, HEIGHT);
	more_environment = NULL;
	settle(&s);
	assert_int_equal(has(&s, question), is_asked);
	type(&s, answer);
	type(&s, "?"); /* typed right behind it: is neither lost nor part of it */
	settle_until(&s, "open what the cursor is on");
	if (has(&s, "rgb:"))
		fail_msg("after %s it shows %s", answer + 1, s.bytes.p);
	if (has(&s, in_light) != is_light)
		fail_msg("after %s: %s", answer + 1, s.bytes.p);
	assert_true(is_light || has(&s, in_dark));
	type(&s, "Q");
	assert_ended(&s, finish(&s), 0);
	buf_fini(&s.bytes);
}

static void the_theme_goes_by_the_background(void **state)
{
	(void)state;
	static const char light[] = "\033]11;rgb:ffff/fefe/f0f0\033\\\033[?62;4c";
	assert_theme(NULL, light, true, true);
	assert_theme(NULL, "\033]11;rgb:ff/ff/f0\a\033[?1;2c", true, true);
	assert_theme(NULL, "\033]11;rgba:1e1e/1e1e/2e2e/ffff\a\033[?1;2c", true, false);
	assert_theme(NULL, "\033[?62c", true, false);			  /* mosh */
	assert_theme(NULL, "\033]11;rgb:-1/zz/\a\033[?62c", true, false); /* nonsense */
	assert_theme("COLORFGBG=0;15", "", false, true);
	assert_theme("TMUX=/tmp/tmux-0/default,1,0", light, false, false);
	assert_theme("STY=1.pts-0.host", light, false, false);
}

/* Its answer comes when the portal has gone already: it must not be what the shell reads next. */
static void a_late_answer_is_not_left_behind(void **state)
{
	(void)state;
	struct session s = start("xterm-256color", WIDTH, HEIGHT);
	settle(&s);
	type(&s, "Q\033]11;rgb:0000/0000/0000\033\\\033[?62;4c");
	assert_ended(&s, finish(&s), 0);
	buf_fini(&s.bytes);
}

static int make_home(void **state)
{
	(void)state;
	return mkdtemp(home) ? 0 : -1;
}

static int remove_home(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", home);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_terminal_is_served_by_its_description),
		cmocka_unit_test(without_a_terminal_that_draws_no_escape_is_sent),
		cmocka_unit_test(a_signal_gives_the_terminal_back),
		cmocka_unit_test(what_is_typed_ahead_makes_one_frame),
		cmocka_unit_test(a_link_that_takes_nothing_does_not_stop_the_keys),
		cmocka_unit_test(a_storm_of_sizes_is_weathered),
		cmocka_unit_test(answers_and_pastes_are_not_taken_for_keys),
		cmocka_unit_test(the_theme_goes_by_the_background),
		cmocka_unit_test(a_late_answer_is_not_left_behind),
	};
	return cmocka_run_group_tests(tests, make_home, remove_home);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mem.h"
#include "tui/embedded.h"
#include "tui/theme.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/porthole-themes-XXXXXX";

static void write_theme(const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s.yaml", dir, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void remove_theme(const char *name)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s.yaml", dir, name);
	assert_int_equal(unlink(path), 0);
}

static void every_theme_that_is_linked_in_loads(void **state)
{
	(void)state;
	size_t n = 0;
	for (const char *const *name = theme_names(); *name; name++, n++) {
		struct arena *arena = arena_new();
		struct theme theme;
		struct err err = {0};
		if (!theme_load(arena, *name, NULL, &theme, &err))
			fail_msg("%s", err.msg);
		assert_string_equal(theme.name, *name);
		arena_free(arena);
	}
	assert_int_equal(n, 5);
}

static const char *const role_names[] = {"text:", "dim:", "heading:", "success:", "failed:", "running:",
	"queued:", "late:", "skipped:", "link:", "key:", "selection:", "match:", "cause:", "error:", "rule:",
	"banner:", "series1:", "series2:", "series3:", "series4:"};

static void every_theme_says_all_roles(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_LEN(role_names), ROLE_COUNT);
	for (const struct embedded_file *file = embedded_files; file->name; file++) {
		if (!str_starts(str_of(file->name), STR("themes/")))
			continue;
		struct str text = embedded_find(str_of(file->name));
		for (size_t i = 0; i < ARRAY_LEN(role_names); i++)
			if (!str_has(text, str_of(role_names[i])))
				fail_msg("%s has no %s", file->name, role_names[i]);
	}
}

/* --- how well it can be read: WCAG 2's contrast ratio ------------------------------------- */

static double linear(int part)
{
	double c = part / 255.0;
	return c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Of a colour of the xterm palette from 16 on; terminals differ in the first 16. */
static double luminance(int colour)
{
	static const int levels[] = {0, 95, 135, 175, 215, 255};
	assert_in_range(colour, 16, 255);
	int r, g, b;
	if (colour >= 232) {
		r = g = b = 8 + 10 * (colour - 232);
	} else {
		r = levels[(colour - 16) / 36];
		g = levels[(colour - 16) / 6 % 6];
		b = levels[(colour - 16) % 6];
	}
	return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

static double contrast(int a, int b)
{
	double p = luminance(a), q = luminance(b);
	return p > q ? (p + 0.05) / (q + 0.05) : (q + 0.05) / (p + 0.05);
}

static void assert_readable(const struct theme *theme, double least)
{
	enum { BLACK = 16, WHITE = 231 };
	int behind = theme->background == BACKGROUND_LIGHT ? WHITE : BLACK;
	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct look *look = &theme->roles[role];
		if (role == ROLE_RULE || look->fg256 < 0)
			continue;
		double ratio = contrast(look->fg256, look->bg256 < 0 ? behind : look->bg256);
		if (ratio < least)
			fail_msg("%s: %s has %.2f:1", theme->name, role_name(role), ratio);
		/* on the bar: the selection is drawn in reverse, so its foreground lies behind */
		ratio = contrast(look->fg256, theme->roles[ROLE_SELECTION].fg256);
		if (least >= 4.5 && look->bg256 < 0 && ratio < least)
			fail_msg("%s: %s has %.2f:1 on the bar", theme->name, role_name(role), ratio);
	}
}

static void every_text_can_be_read(void **state)
{
	(void)state;
	for (const char *const *name = theme_names(); *name; name++) {
		struct arena *arena = arena_new();
		struct theme theme;
		struct err err;
		assert_true(theme_load(arena, *name, NULL, &theme, &err));
		assert_readable(&theme, strcmp(*name, "high-contrast") == 0 ? 4.5 : 4.0);
		arena_free(arena);
	}
}

static void a_terminal_says_its_background(void **state)
{
	(void)state;
	static const struct {
		const char *says, *theme;
		bool is_said;
	} cases[] = {{"15;0", "dark", true}, {"0;15", "light", true}, {"0;default;7", "light", true},
		{"12;8", "dark", true}, {"15;default", "dark", false}, {"", "dark", false},
		{"0;99", "dark", false}, {NULL, "dark", false}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct theme by_name, by_itself;
		struct err err;
		if (cases[i].says)
			setenv("COLORFGBG", cases[i].says, 1);
		else
			unsetenv("COLORFGBG");
		assert_int_equal(theme_background() != BACKGROUND_ANY, cases[i].is_said);
		assert_string_equal(theme_auto_name(theme_background()), cases[i].theme);
		assert_true(theme_load(arena, "auto", NULL, &by_itself, &err));
		assert_true(theme_load(arena, cases[i].theme, NULL, &by_name, &err));
		assert_memory_equal(by_itself.roles, by_name.roles, sizeof by_name.roles);
		arena_free(arena);
	}
}

static void what_matters_differs_from_text_in_every_theme_and_depth(void **state)
{
	(void)state;
	static const enum role roles[] = {ROLE_DIM, ROLE_HEADING, ROLE_FAILED, ROLE_LATE, ROLE_LINK,
		ROLE_SELECTION, ROLE_MATCH, ROLE_CAUSE, ROLE_ERROR, ROLE_BANNER};
	for (const char *const *name = theme_names(); *name; name++) {
		struct arena *arena = arena_new();
		struct theme theme;
		struct err err;
		assert_true(theme_load(arena, *name, NULL, &theme, &err));
		const struct look *text = &theme.roles[ROLE_TEXT];
		for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
			const struct look *look = &theme.roles[roles[i]];
			bool has_attr = look->bold != text->bold || look->dim != text->dim ||
					look->underline != text->underline || look->reverse != text->reverse;
			assert_true(has_attr || look->fg256 != text->fg256);
			assert_true(has_attr || look->fg16 != text->fg16);
		}
		assert_true(theme.roles[ROLE_SELECTION].reverse);
		arena_free(arena);
	}
}

static void mono_has_no_colour(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct theme theme;
	struct err err;
	assert_true(theme_load(arena, "mono", NULL, &theme, &err));
	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct look *look = &theme.roles[role];
		assert_true(look->fg256 == -1 && look->bg256 == -1 && look->fg16 == -1 && look->bg16 == -1);
	}
	arena_free(arena);
}

static void the_persons_own_theme_comes_first(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct theme theme;
	struct err err;
	write_theme("dark",
		"roles:\n"
		"  text: {fg: 250}\n"
		"  failed: {fg: 9, bg: default, fg16: red, bright: true, bold: yes, underline: true}\n");
	assert_true(theme_load(arena, "dark", dir, &theme, &err));
	const struct look *failed = &theme.roles[ROLE_FAILED];
	assert_int_equal(failed->fg256, 9);
	assert_int_equal(failed->bg256, -1);
	assert_int_equal(failed->fg16, 9);
	assert_true(failed->bold && failed->underline && !failed->reverse);
	assert_int_equal(theme.roles[ROLE_LINK].fg256, 250); /* left out: like text */
	remove_theme("dark");
	assert_true(theme_load(arena, "dark", dir, &theme, &err));
	assert_int_equal(theme.roles[ROLE_FAILED].fg256, 203);
	arena_free(arena);
}

static void a_mistake_is_named_with_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} mistakes[] = {
		{"roles:\n  faild: {fg: 1}\n", ":2: unknown role 'faild', did you mean 'failed'?"},
		{"roles:\n  text: {}\n  failed: {colour: 1}\n", ":3: unknown key 'colour'"},
		{"roles:\n  failed: {fg: 256}\n", ":2: a colour is 0 to 255"},
		{"roles:\n  failed: {fg: -1}\n", ":2: a colour is 0 to 255"},
		{"roles:\n  failed: {fg: [1]}\n", ":2: a colour is 0 to 255"},
		{"roles:\n  failed: {fg16: mauve}\n", ":2: a colour of 16 is"},
		{"roles:\n  failed: {bold: maybe}\n", ":2: expected true or false"},
		{"roles:\n  failed: red\n", ":2: a role is a map"},
		{"roles: [a]\n", ":1: roles is a map"},
		{"name: x\nrole: {}\n", ":2: unknown key 'role'"},
		{"name: x\n", "a theme is a map with 'roles'"},
		{"- a\n", ":1: a theme is a map"},
	};
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		struct arena *arena = arena_new();
		struct theme theme;
		struct err err = {0};
		write_theme("mine", mistakes[i].text);
		assert_false(theme_load(arena, "mine", dir, &theme, &err));
		assert_int_equal(err.code, ERR_USAGE);
		if (!str_has(str_of(err.msg), str_of(mistakes[i].says)))
			fail_msg("'%s' does not say '%s'", err.msg, mistakes[i].says);
		arena_free(arena);
		remove_theme("mine");
	}
}

static void an_unknown_name_lists_the_known_ones(void **state)
{
	(void)state;
	static const char *const names[] = {"nosuch", "", "../dark", "/etc/passwd", ".dark", "a/b", "-x"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct arena *arena = arena_new();
		struct theme theme;
		struct err err = {0};
		assert_false(theme_load(arena, names[i], dir, &theme, &err));
		assert_int_equal(err.code, ERR_NOT_FOUND);
		assert_true(
			str_has(str_of(err.msg), STR("known: colour-blind dark high-contrast light mono")));
		arena_free(arena);
	}
}

static void files_linked_in_are_found_by_their_path(void **state)
{
	(void)state;
	struct str dark = embedded_find(STR("themes/dark.yaml"));
	assert_non_null(dark.p);
	assert_true(str_has(dark, STR("name: dark")));
	assert_int_equal(dark.p[dark.n], 0);
	assert_null(embedded_find(STR("themes/dark")).p);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_theme_that_is_linked_in_loads),
		cmocka_unit_test(every_theme_says_all_roles),
		cmocka_unit_test(every_text_can_be_read),
		cmocka_unit_test(a_terminal_says_its_background),
		cmocka_unit_test(what_matters_differs_from_text_in_every_theme_and_depth),
		cmocka_unit_test(mono_has_no_colour),
		cmocka_unit_test(the_persons_own_theme_comes_first),
		cmocka_unit_test(a_mistake_is_named_with_its_line),
		cmocka_unit_test(an_unknown_name_lists_the_known_ones),
		cmocka_unit_test(files_linked_in_are_found_by_their_path),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}

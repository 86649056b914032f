/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/sgr.h"

#include "client/base/buf.h"

static void add_colour(struct buf *out, int colour256, int colour16, int colours, bool is_background)
{
	int base = is_background ? 40 : 30;
	if (colours >= 256 && colour256 >= 0)
		buf_addf(out, ";%d;5;%d", base + 8, colour256);
	else if (colours < 256 && colour16 >= 8)
		buf_addf(out, ";%d", base + 60 + colour16 - 8);
	else if (colours < 256 && colour16 >= 0)
		buf_addf(out, ";%d", base + colour16);
}

const char *const *theme_sgr(struct arena *arena, const struct theme *theme, int colours)
{
	const char **sgr = arena_array(arena, const char *, ROLE_COUNT);
	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct look *look = &theme->roles[role];
		struct buf text;
		buf_init(&text, 0);
		buf_addz(&text, "\033[0");
		buf_addz(&text, look->bold ? ";1" : "");
		buf_addz(&text, look->dim ? ";2" : "");
		buf_addz(&text, look->underline ? ";4" : "");
		buf_addz(&text, look->reverse ? ";7" : "");
		add_colour(&text, look->fg256, look->fg16, colours, false);
		add_colour(&text, look->bg256, look->bg16, colours, true);
		buf_addc(&text, 'm');
		sgr[role] = arena_take(arena, &text);
	}
	return sgr;
}

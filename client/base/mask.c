/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mask.h"

#include "client/base/mem.h"
#include "client/base/regex.h"

bool mask_init(struct mask *mask, const char *const *patterns, size_t n, struct err *err)
{
	*mask = (struct mask){0};
	if (!n)
		return true;
	mask->patterns = x_calloc(n, sizeof *mask->patterns);
	for (; mask->n < n; mask->n++) {
		struct regex *pattern = regex_new(str_of(patterns[mask->n]), false, err);
		if (!pattern) {
			mask_fini(mask);
			return err_wrap(err, "mask");
		}
		mask->patterns[mask->n] = pattern;
	}
	return true;
}

void mask_fini(struct mask *mask)
{
	for (size_t i = 0; i < mask->n; i++)
		regex_free(mask->patterns[i]);
	x_free(mask->patterns);
	*mask = (struct mask){0};
}

static void hide(struct regex *pattern, struct buf *line)
{
	struct str text = buf_str(line);
	size_t done = 0, from = 0, at, length;
	struct buf masked;
	buf_init(&masked, 0);
	while (from <= text.n && (at = regex_find(pattern, text, from, &length)) != SIZE_MAX) {
		from = at + length > from ? at + length : from + 1; /* a pattern can match nothing */
		if (!length || at < done)
			continue;
		buf_add(&masked, str_slice(text, done, at));
		buf_addz(&masked, "***");
		done = from;
	}
	if (done) {
		buf_add(&masked, str_slice(text, done, text.n));
		buf_reset(line);
		buf_add(line, buf_str(&masked));
	}
	buf_fini(&masked);
}

void mask_line(const struct mask *mask, struct buf *line)
{
	for (size_t i = 0; i < mask->n; i++) {
		size_t before = regex_given_up(mask->patterns[i]);
		hide(mask->patterns[i], line);
		if (regex_given_up(mask->patterns[i]) == before)
			continue;
		buf_reset(line);
		buf_addz(line, "*** (hidden: a pattern of 'mask' needs too long on this line)");
		return;
	}
}

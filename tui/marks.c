/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/marks.h"

#include "client/base/mem.h"

#include <string.h>

static size_t place_of(const struct marks *marks, const char *ref)
{
	size_t i = 0;
	while (i < marks->n && strcmp(marks->refs[i], ref) != 0)
		i++;
	return i;
}

bool marks_has(const struct marks *marks, const char *ref)
{
	return place_of(marks, ref) < marks->n;
}

bool marks_toggle(struct marks *marks, const char *ref)
{
	size_t i = place_of(marks, ref);
	if (i == marks->n && marks->n == MARKS_MOST)
		return false;
	if (i == marks->n) {
		marks->refs[marks->n++] = x_strdup(ref);
		return true;
	}
	x_free(marks->refs[i]);
	marks->n--;
	memmove(&marks->refs[i], &marks->refs[i + 1], (marks->n - i) * sizeof *marks->refs);
	return true;
}

void marks_clear(struct marks *marks)
{
	for (size_t i = 0; i < marks->n; i++)
		x_free(marks->refs[i]);
	marks->n = 0;
}

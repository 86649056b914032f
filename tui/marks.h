/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that a person has marked, by what they are: a row keeps its mark over reloads, sorting and filters. */
#ifndef TUI_MARKS_H
#define TUI_MARKS_H

#include <stdbool.h>
#include <stddef.h>

enum { MARKS_MOST = 64 };

struct marks {
	char *refs[MARKS_MOST]; /* heap, in the order of marking */
	size_t n;
};

bool marks_has(const struct marks *marks, const char *ref);
/* Marks REF, or takes its mark away. False where that is one too many. */
bool marks_toggle(struct marks *marks, const char *ref);
void marks_clear(struct marks *marks);

#endif

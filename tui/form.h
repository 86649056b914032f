/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A form: a few fields, one below the other, of which one has the keys. */
#ifndef TUI_FORM_H
#define TUI_FORM_H

#include "client/base/arena.h"
#include "tui/grid.h"
#include "tui/prompt.h"

enum { FORM_MOST_FIELDS = 16 };

struct form_field {
	const char *label, *help;   /* static, or as long as the form */
	const char *const *choices; /* NULL-ended; NULL: text that is typed */
	size_t chosen;
	struct prompt prompt;
	char *error;	/* heap; what is wrong with it, NULL: nothing */
	bool is_hidden; /* not asked for, given what others say */
};

struct form {
	struct form_field fields[FORM_MOST_FIELDS];
	size_t n, focus;
};

void form_fini(struct form *form);
/* CHOICES NULL: text. Returns the field's number. */
size_t form_add(struct form *form, const char *label, const char *help, const char *const *choices);
/* What stands in field I: the text, or the choice. */
struct str form_value(const struct form *form, size_t i);
/* Says what is wrong with field I; NULL: nothing. */
void form_set_error(struct form *form, size_t i, const char *error);

enum form_result {
	FORM_CHANGED, /* a value is another one */
	FORM_LEFT,    /* the keys went to another field; `left` is the one before */
	FORM_DONE,    /* Enter in the last field */
	FORM_CANCELLED,
	FORM_IGNORED
};
/* Tab, S-Tab, Enter and the arrows go from field to field; a choice is made with Left, Right, Space or its
 * first letter; in texts all keys of a prompt work. */
enum form_result form_key(struct form *form, uint32_t key, size_t *left);
void form_draw(const struct form *form, struct grid *grid, struct rect rect);

#endif

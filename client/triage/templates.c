/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/templates.h"

#include "client/base/mem.h"

enum { FIRST_SLOTS = 1024 };

/* Open addressing; 0 is an empty slot. */
struct templates {
	struct window window;
	uint64_t *slots;
	size_t n_slots, n;
};

uint64_t template_of(struct str text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			hash = (hash ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	return hash ? hash : 1;
}

struct templates *templates_new(void)
{
	struct templates *t = x_new(struct templates);
	window_init(&t->window);
	t->n_slots = FIRST_SLOTS;
	t->slots = x_calloc(t->n_slots, sizeof *t->slots);
	return t;
}

void templates_free(struct templates *t)
{
	if (!t)
		return;
	window_fini(&t->window);
	x_free(t->slots);
	x_free(t);
}

static uint64_t *slot_of(uint64_t *slots, size_t n_slots, uint64_t hash)
{
	size_t i = hash & (n_slots - 1);
	while (slots[i] && slots[i] != hash)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

static void grow(struct templates *t)
{
	size_t n_slots = t->n_slots * 2;
	uint64_t *slots = x_calloc(n_slots, sizeof *slots);
	for (size_t i = 0; i < t->n_slots; i++)
		if (t->slots[i])
			*slot_of(slots, n_slots, t->slots[i]) = t->slots[i];
	x_free(t->slots);
	t->slots = slots;
	t->n_slots = n_slots;
}

static void remember(struct templates *t, uint64_t hash)
{
	if (t->n == TEMPLATES_MOST)
		return;
	uint64_t *slot = slot_of(t->slots, t->n_slots, hash);
	t->n += *slot == 0;
	*slot = hash;
	if (t->n * 2 > t->n_slots)
		grow(t);
}

static void take_lines(struct templates *t)
{
	struct window *window = &t->window;
	struct str text = window_text(window, window->offset);
	int64_t end = window->offset + (int64_t)text.n;
	struct str line;
	char plain[LINE_MOST_BYTES];
	while (text.n > 0 && str_next(&text, '\n', &line)) {
		if (line_has_controls(line))
			line = (struct str){plain, line_make_plain(plain, line)};
		remember(t, template_of(str_trim(line_read(line).text)));
	}
	window_forget(window, 1, end);
}

char *templates_room(struct templates *t)
{
	return window_room(&t->window);
}

void templates_took(struct templates *t, size_t n)
{
	window_add(&t->window, n);
	take_lines(t);
}

void templates_end_log(struct templates *t)
{
	window_end(&t->window);
	take_lines(t);
}

bool templates_have(const struct templates *t, struct str text)
{
	return *slot_of(t->slots, t->n_slots, template_of(text)) != 0;
}

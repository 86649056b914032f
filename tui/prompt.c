/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/prompt.h"

#include "client/base/utf8.h"
#include "tui/input.h"

enum { PROMPT_MOST = 4096 };

void prompt_init(struct prompt *prompt, struct str text)
{
	buf_init(&prompt->text, PROMPT_MOST);
	prompt_set(prompt, text);
}

void prompt_fini(struct prompt *prompt)
{
	buf_fini(&prompt->text);
}

void prompt_set(struct prompt *prompt, struct str text)
{
	buf_reset(&prompt->text);
	buf_add(&prompt->text, text);
	prompt->cursor = prompt->text.n;
}

static void insert(struct prompt *prompt, struct str text)
{
	struct buf tail;
	buf_init(&tail, 0);
	buf_add(&tail, str_slice(buf_str(&prompt->text), prompt->cursor, prompt->text.n));
	if (prompt->text.n + text.n < PROMPT_MOST) {
		prompt->text.n = prompt->cursor;
		buf_add(&prompt->text, text);
		prompt->cursor = prompt->text.n;
		buf_add(&prompt->text, buf_str(&tail));
	}
	buf_fini(&tail);
}

static size_t before(const struct prompt *prompt, size_t at)
{
	while (at && ((unsigned char)prompt->text.p[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t after(const struct prompt *prompt, size_t at)
{
	size_t n = prompt->text.n;
	while (at < n && at++ < n && at < n && ((unsigned char)prompt->text.p[at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t word_before(const struct prompt *prompt, size_t at)
{
	while (at && prompt->text.p[at - 1] == ' ')
		at--;
	while (at && prompt->text.p[at - 1] != ' ')
		at--;
	return at;
}

static void cut(struct prompt *prompt, size_t from, size_t to)
{
	if (from >= to)
		return;
	memmove(prompt->text.p + from, prompt->text.p + to, prompt->text.n - to + 1);
	prompt->text.n -= to - from;
	prompt->cursor = from;
}

static enum prompt_result move_key(struct prompt *prompt, uint32_t key)
{
	switch (key) {
	case K_LEFT:
		prompt->cursor = before(prompt, prompt->cursor);
		return PROMPT_GOES_ON;
	case K_RIGHT:
		prompt->cursor = after(prompt, prompt->cursor);
		return PROMPT_GOES_ON;
	case K_HOME:
	case 'A' & 31:
		prompt->cursor = 0;
		return PROMPT_GOES_ON;
	case K_END:
	case 'E' & 31:
		prompt->cursor = prompt->text.n;
		return PROMPT_GOES_ON;
	default:
		return PROMPT_IGNORED;
	}
}

static enum prompt_result edit_key(struct prompt *prompt, uint32_t key)
{
	switch (key) {
	case K_BACKSPACE:
	case 'H' & 31:
		if (!prompt->text.n)
			return PROMPT_CANCELLED;
		cut(prompt, before(prompt, prompt->cursor), prompt->cursor);
		return PROMPT_GOES_ON;
	case K_DELETE: {
		size_t at = prompt->cursor;
		cut(prompt, at, after(prompt, at));
		return PROMPT_GOES_ON;
	}
	case 'U' & 31:
		cut(prompt, 0, prompt->cursor);
		return PROMPT_GOES_ON;
	case 'W' & 31:
		cut(prompt, word_before(prompt, prompt->cursor), prompt->cursor);
		return PROMPT_GOES_ON;
	default:
		return move_key(prompt, key);
	}
}

enum prompt_result prompt_key(struct prompt *prompt, uint32_t key)
{
	if (key == K_ENTER || key == '\n')
		return PROMPT_DONE;
	if (key == K_ESC || key == ('G' & 31) || key == ('C' & 31))
		return PROMPT_CANCELLED;
	if (key == K_PASTE) {
		insert(prompt, input_paste());
		return PROMPT_GOES_ON;
	}
	if (key < ' ' || key == K_BACKSPACE || key >= KEY_CODE_BASE)
		return edit_key(prompt, key);
	struct buf text;
	buf_init(&text, 0);
	utf8_add(&text, key);
	insert(prompt, buf_str(&text));
	buf_fini(&text);
	return PROMPT_GOES_ON;
}

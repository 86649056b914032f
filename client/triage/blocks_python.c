/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/blocks.h"

#include "client/triage/fingerprint.h"

#include <stdio.h>

#define HEAD "Traceback (most recent call last)"

enum { MOST_PARTS = 16, MOST_MESSAGE_LINES = 64, MOST_NESTING = 4, NEAR = 6 };

enum link { LINK_NONE, LINK_CAUSE, LINK_DURING };

/* One exception of a chain. */
struct part {
	size_t head, cause;
	size_t frame;	  /* the last frame in the project's own code; 0: none */
	enum link before; /* how it stands to the part printed before it */
};

struct chain {
	struct part parts[MOST_PARTS];
	size_t n;
};

/* Lines of exception groups are drawn behind a margin: "  | ValueError: x", "  + Exception Group…". */
static struct str without_margin(struct str text)
{
	struct str s = line_unindent(text);
	if (str_starts(s, STR("| ")) || str_starts(s, STR("+ ")))
		return str_slice(s, 2, s.n);
	return s.n == 1 && s.p[0] == '|' ? str_slice(s, 1, 1) : text;
}

/* "[rank0]: Traceback…", "(pid=7) Traceback…": what stands before the head stands before all of it. */
static struct str without_label(struct str text, struct str label)
{
	return label.n > 0 && str_starts(text, label) ? str_slice(text, label.n, text.n) : text;
}

static struct str text_at(const struct window *window, size_t i)
{
	return without_margin(window_line(window, i).text);
}

static bool is_head(struct str text)
{
	return str_has(text, STR(HEAD));
}

/* A head may stand behind other words on its line; its frames are indented from where it starts. */
static size_t head_indent(struct str text)
{
	struct str s = line_unindent(text);
	bool is_alone = str_starts(s, STR(HEAD)) || str_starts(s, STR("Exception Group " HEAD));
	return is_alone ? line_indent(text) : 0;
}

static bool is_library(struct str path)
{
	static const char *const marks[] = {
		"site-packages/",
		"dist-packages/",
		"/lib/python",
		"<frozen ",
		"/python/lib/",
		"pyspark/",
	};
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_has(path, str_of(marks[i])))
			return true;
	return false;
}

/* A log that tells of a traceback line by line stamps each line or only the first. */
static bool is_next_record(const struct log_line *head, const struct log_line *line)
{
	return line->has_stamp && !head->has_stamp;
}

/* Reads frames from behind the head to the exception's own line. */
static bool read_part(const struct window *window, size_t at, struct part *part)
{
	struct log_line head = window_line(window, at);
	size_t indent = head_indent(without_margin(head.text));
	struct str label = str_slice(head.text, 0, str_find(head.text, STR(HEAD), 0));
	bool is_labelled = line_indent(label) < label.n && !str_starts(line_unindent(label), STR("+ "));
	if (!is_labelled)
		label.n = 0;
	size_t end = at + BLOCK_MOST_LINES < window->n ? at + BLOCK_MOST_LINES : window->n;
	part->head = at;
	part->frame = 0;
	for (size_t i = at + 1; i < end; i++) {
		struct log_line line = window_line(window, i);
		struct str text = without_margin(without_label(line.text, label));
		struct str s = line_unindent(text);
		if (s.n == 0 || is_head(text))
			return false;
		if (is_next_record(&head, &line) && i > at + 1)
			return false;
		if (str_starts(s, STR("File \""))) {
			if (!is_library(s))
				part->frame = i;
		} else if (line_indent(text) <= indent) {
			part->cause = i;
			return true;
		}
	}
	return false;
}

static enum link link_of(struct str text)
{
	if (str_has(text, STR("was the direct cause of the following exception:")))
		return LINK_CAUSE;
	if (str_has(text, STR("During handling of the above exception, another exception occurred:")))
		return LINK_DURING;
	return LINK_NONE;
}

/* The head of the exception that LINK at line AT leads to, or 0. */
static size_t linked_head(const struct window *window, size_t at)
{
	for (size_t i = at + 1; i < window->n && i <= at + 3; i++)
		if (is_head(text_at(window, i)))
			return i;
	return 0;
}

/* Looks behind the message of PART, which may have many lines, for a link. */
static size_t next_head(const struct window *window, const struct part *part, enum link *link)
{
	struct log_line head = window_line(window, part->head);
	for (size_t i = part->cause + 1; i < window->n && i <= part->cause + MOST_MESSAGE_LINES; i++) {
		struct log_line line = window_line(window, i);
		struct str text = without_margin(line.text);
		if (is_next_record(&head, &line) || is_head(text) ||
			str_starts(line_unindent(text), STR("+-")))
			return 0;
		*link = link_of(text);
		if (*link != LINK_NONE)
			return linked_head(window, i);
	}
	return 0;
}

static bool read_chain(const struct window *window, size_t at, struct chain *chain)
{
	enum link link = LINK_NONE;
	chain->n = 0;
	while (at > 0 || chain->n == 0) {
		if (chain->n == MOST_PARTS)
			memmove(chain->parts, chain->parts + 1, --chain->n * sizeof(chain->parts[0]));
		struct part *part = &chain->parts[chain->n];
		if (!read_part(window, at, part))
			break;
		part->before = link;
		chain->n++;
		at = next_head(window, part, &link);
	}
	return chain->n > 0;
}

static bool is_exit(struct str text)
{
	return str_starts(text, STR("SystemExit")) || str_starts(text, STR("KeyboardInterrupt")) ||
	       str_starts(text, STR("click.exceptions.Exit"));
}

/* Direct causes are followed; in an implicit chain the last exception is the bug, but never
 * the exit that a handler answered it with. */
static size_t root_of(const struct window *window, const struct chain *chain)
{
	size_t root = chain->n - 1;
	while (root > 0) {
		bool is_direct = chain->parts[root].before == LINK_CAUSE;
		if (!is_direct && !is_exit(line_unindent(text_at(window, chain->parts[root].cause))))
			break;
		root--;
	}
	return root;
}

static void set_frame(const struct window *window, size_t line, struct block *out)
{
	struct str s = str_trim(text_at(window, line));
	size_t end = str_find(s, STR("\""), 6);
	size_t in = str_find(s, STR(", in "), 0);
	struct str file = str_slice(s, 6, end);
	struct str function = in == SIZE_MAX ? (struct str){"", 0} : str_slice(s, in + 5, s.n);
	const char *slash = file.n > 0 ? memrchr(file.p, '/', file.n) : NULL;
	if (slash)
		file = str_slice(file, (size_t)(slash - file.p) + 1, file.n);
	file = str_slice(file, 0, BLOCK_MOST_FRAME / 2 - 1);
	function = str_slice(function, 0, BLOCK_MOST_FRAME / 2 - 1);
	snprintf(out->frame, sizeof(out->frame), "%.*s:%.*s", STR_FMT(file), STR_FMT(function));
}

static bool read_block(const struct window *window, size_t at, struct block *out, int depth);

/* Takes over what INNER says about the cause; the block stays where it was. */
static void adopt(struct block *out, const struct block *inner)
{
	out->cause = inner->cause;
	out->is_weak = inner->is_weak;
	if (inner->last > out->last)
		out->last = inner->last;
	if (inner->frame[0])
		memcpy(out->frame, inner->frame, sizeof(out->frame));
}

/* The line behind the "+-+---- 1 ----" that opens the group of the exception at line AT, or 0. */
static size_t first_member(const struct window *window, size_t at)
{
	for (size_t i = at + 1; i + 1 < window->n && i <= at + NEAR; i++)
		if (str_starts(line_unindent(window_line(window, i).text), STR("+-+-")))
			return i + 1;
	return 0;
}

/* The first leaf of an exception group. */
static void enter_group(const struct window *window, struct block *out, int depth)
{
	for (size_t i = first_member(window, out->cause); i > 0; i = first_member(window, i)) {
		struct block inner;
		if (is_head(text_at(window, i))) {
			if (read_block(window, i, &inner, depth + 1))
				adopt(out, &inner);
			return;
		}
		out->cause = i;
		out->last = i;
	}
}

/* Exceptions whose message is the trace of another process or language. */
static bool is_carrier(struct str type)
{
	static const char *const names[] = {
		"Py4JJavaError", "PythonException", "RayTaskError", "RemoteTraceback"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_has(type, str_of(names[i])))
			return true;
	return false;
}

static void enter_carried(const struct window *window, struct block *out, int depth)
{
	size_t from = out->cause;
	struct block inner;
	for (size_t i = from + 1; i < window->n && i <= from + NEAR; i++) {
		struct str text = text_at(window, i);
		bool is_found = is_head(text)		    ? read_block(window, i, &inner, depth + 1)
				: block_is_java_frame(text) ? block_java(window, i, &inner)
							    : false;
		if (!is_found)
			continue;
		adopt(out, &inner);
		return;
	}
}

/* A Python error that a JVM carried is followed by the frames of the JVM. */
static void skip_java(const struct window *window, struct block *out)
{
	for (size_t i = out->last + 1; i < window->n && i <= out->last + NEAR; i++) {
		struct str text = window_line(window, i).text;
		if (block_is_java_frame(text)) {
			out->last = block_java_end(window, i);
			return;
		}
		if (str_trim(text).n > 0 && !str_has(text, STR("SQLSTATE")))
			return;
	}
}

static bool read_block(const struct window *window, size_t at, struct block *out, int depth)
{
	struct chain chain;
	if (depth > MOST_NESTING || !read_chain(window, at, &chain))
		return false;
	const struct part *last = &chain.parts[chain.n - 1];
	const struct part *root = &chain.parts[root_of(window, &chain)];
	*out = (struct block){.first = at, .last = last->cause, .cause = root->cause, .outer = last->cause};
	size_t frame = root->frame;
	for (size_t i = chain.n; frame == 0 && i > 0; i--)
		frame = chain.parts[i - 1].frame;
	if (frame > 0)
		set_frame(window, frame, out);
	struct str cause = line_unindent(text_at(window, out->cause));
	out->is_weak = is_exit(cause);
	out->is_uncaught =
		last->head + 1 < window->n && str_ends(text_at(window, last->head + 1), STR("in <module>"));
	if (str_has(cause, STR("ExceptionGroup")))
		enter_group(window, out, depth);
	else if (is_carrier(exception_type(cause)))
		enter_carried(window, out, depth);
	skip_java(window, out);
	return true;
}

bool block_python(const struct window *window, size_t at, struct block *out)
{
	return read_block(window, at, out, 0);
}

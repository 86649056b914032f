/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/blocks.h"

#include "client/triage/fingerprint.h"

#include <ctype.h>
#include <stdio.h>

enum { MOST_MESSAGE_LINES = 40, MOST_HEAD_LINES = 12, NEAR = 3 };

bool block_is_java_frame(struct str text)
{
	struct str s = line_unindent(text);
	if (s.n == text.n || !str_starts(s, STR("at ")))
		return false;
	size_t open = str_find(s, STR("("), 3);
	if (open != SIZE_MAX)
		return str_find(s, STR(")"), open) != SIZE_MAX;
	if (str_ends(s, STR(" {")))
		s.n -= 2; /* Node prints the error's properties behind its last frame */
	return isdigit((unsigned char)s.p[s.n - 1]) && str_has(s, STR(":"));
}

static bool is_cause(struct str text)
{
	struct str s = line_unindent(text);
	return str_starts(s, STR("Caused by: ")) || str_starts(s, STR("[cause]: ")) ||
	       str_starts(s, STR("---> "));
}

static bool is_filler(struct str text)
{
	struct str s = line_unindent(text);
	if (str_starts(s, STR("Driver stacktrace:")) || str_starts(s, STR("Suppressed: ")) ||
		str_starts(s, STR("--- End of ")))
		return true;
	return str_starts(s, STR("... ")) &&
	       (str_ends(s, STR(" more")) || str_has(s, STR(" common frames")) ||
		       str_has(s, STR("lines matching cause")));
}

static bool goes_on(struct str text)
{
	return block_is_java_frame(text) || is_cause(text) || is_filler(text);
}

/* A class name with a package anywhere on the line: "…: org.apache.spark.SparkException: Job aborted". */
static bool names_exception(struct str text)
{
	if (exception_type(text).n > 0)
		return true;
	for (size_t at = str_find(text, STR(": "), 0); at != SIZE_MAX; at = str_find(text, STR(": "), at + 2))
		if (exception_type(str_slice(text, at + 2, text.n)).n > 0)
			return true;
	return false;
}

/* The line of the exception whose first frame is line AT; its message may have many lines. */
static size_t find_head(const struct window *window, size_t at)
{
	bool is_stamped = window_line(window, at).has_stamp;
	for (size_t i = at; i > 0 && at - i < MOST_HEAD_LINES; i--) {
		struct log_line line = window_line(window, i - 1);
		if (block_is_java_frame(line.text))
			break;
		if (names_exception(line.text))
			return i - 1;
		if (line.has_stamp && !is_stamped)
			break;
	}
	return at > 0 && str_trim(window_line(window, at - 1).text).n > 0 ? at - 1 : at;
}

/* The first frame behind the message that starts at line AT, or 0. */
static size_t first_frame(const struct window *window, size_t at)
{
	bool is_stamped = window_line(window, at).has_stamp;
	for (size_t i = at + 1; i < window->n && i <= at + MOST_MESSAGE_LINES; i++) {
		struct log_line line = window_line(window, i);
		if (block_is_java_frame(line.text))
			return i;
		if (is_cause(line.text) || (line.has_stamp && !is_stamped))
			return 0;
	}
	return 0;
}

/* Where the trace goes on behind blank lines at AT, or 0. */
static size_t behind_blanks(const struct window *window, size_t at)
{
	for (size_t i = at; i < window->n && i < at + NEAR; i++) {
		struct str text = window_line(window, i).text;
		if (str_trim(text).n > 0)
			return goes_on(text) ? i : 0;
	}
	return 0;
}

/* Walks the trace from line AT; gives each "Caused by" to CAUSE (may be NULL). */
static size_t walk(
	const struct window *window, size_t at, size_t indent, void (*cause)(void *, size_t), void *ctx)
{
	size_t end = at + BLOCK_MOST_LINES < window->n ? at + BLOCK_MOST_LINES : window->n;
	size_t i = at;
	while (i < end) {
		struct str text = window_line(window, i).text;
		if (is_cause(text)) {
			bool is_suppressed =
				str_starts(line_unindent(text), STR("Caused")) && line_indent(text) > indent;
			if (cause && !is_suppressed)
				cause(ctx, i);
			size_t frame = first_frame(window, i);
			i = frame > 0 ? frame : i + 1;
		} else if (goes_on(text)) {
			i++;
		} else {
			size_t next = str_trim(text).n == 0 ? behind_blanks(window, i) : 0;
			if (next == 0)
				break;
			i = next;
		}
	}
	return i - 1;
}

size_t block_java_end(const struct window *window, size_t at)
{
	return walk(window, at, 0, NULL, NULL);
}

struct search {
	const struct window *window;
	size_t cause;
};

/* What the JVM says when its Python worker is gone tells less than that it is gone. */
static bool is_hollow(struct str outer, struct str text)
{
	if (!str_has(outer, STR("Python worker exited unexpectedly")))
		return false;
	return str_has(text, STR("EOFException")) || str_has(text, STR("Connection reset")) ||
	       str_has(text, STR("ClosedChannelException"));
}

static void take_cause(void *ctx, size_t line)
{
	struct search *search = ctx;
	struct str outer = window_line(search->window, search->cause).text;
	if (!is_hollow(outer, window_line(search->window, line).text))
		search->cause = line;
}

static bool is_library(struct str s)
{
	static const char *const heads[] = {
		"java.",
		"javax.",
		"jdk.",
		"sun.",
		"com.sun.",
		"scala.",
		"kotlin.",
		"org.apache.",
		"akka.",
		"py4j.",
		"java.base/",
		"node:",
		"internal/",
		"Module.",
		"Object.<anonymous> (node:",
	};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (str_starts(s, str_of(heads[i])))
			return true;
	return str_has(s, STR("(node:")) || str_has(s, STR("/node_modules/"));
}

/* "at com.x.Job.run(Job.java:40)" as "Job.java:run". */
static void set_frame(struct str text, struct block *out)
{
	struct str s = str_slice(line_unindent(text), 3, SIZE_MAX);
	size_t open = str_find(s, STR("("), 0);
	struct str name = str_trim(str_slice(s, 0, open == SIZE_MAX ? 0 : open));
	struct str file = str_slice(s, open == SIZE_MAX ? 0 : open + 1, s.n);
	const char *dot = name.n > 0 ? memrchr(name.p, '.', name.n) : NULL;
	if (dot)
		name = str_slice(name, (size_t)(dot - name.p) + 1, name.n);
	const char *slash = file.n > 0 ? memrchr(file.p, '/', file.n) : NULL;
	if (slash)
		file = str_slice(file, (size_t)(slash - file.p) + 1, file.n);
	file = str_slice(file, 0, str_find(file, STR(":"), 0));
	file = str_slice(file, 0, BLOCK_MOST_FRAME / 2 - 1);
	name = str_slice(name, 0, BLOCK_MOST_FRAME / 2 - 1);
	snprintf(out->frame, sizeof(out->frame), "%.*s:%.*s", STR_FMT(file), STR_FMT(name));
}

/* The first frame of the cause in the project's own code. */
static void find_frame(const struct window *window, struct block *out)
{
	size_t i = first_frame(window, out->cause);
	for (; i > 0 && i <= out->last; i++) {
		struct str text = window_line(window, i).text;
		if (!block_is_java_frame(text))
			return;
		if (is_library(str_slice(line_unindent(text), 3, SIZE_MAX)))
			continue;
		set_frame(text, out);
		return;
	}
}

/* "  3: core::result::unwrap_failed" stands before the place of a Rust frame, which looks like one of ours.
 */
static bool is_numbered(struct str text)
{
	struct str s = line_unindent(text);
	return s.n > 0 && isdigit((unsigned char)s.p[0]) && str_find(s, STR(": "), 0) < NEAR + 1;
}

bool block_java(const struct window *window, size_t at, struct block *out)
{
	size_t head = find_head(window, at);
	if (is_numbered(window_line(window, head).text))
		return false;
	struct search search = {window, head};
	size_t last = walk(window, at, line_indent(window_line(window, head).text), take_cause, &search);
	if (head == at || last < at)
		return false;
	*out = (struct block){.first = head, .last = last, .cause = search.cause, .outer = head};
	out->is_uncaught = str_has(window_line(window, head).text, STR("Exception in thread "));
	struct block python;
	bool carries_python =
		str_has(window_line(window, out->cause).text, STR("Traceback (most recent call last)"));
	if (carries_python && block_python(window, out->cause, &python)) {
		out->cause = python.cause;
		memcpy(out->frame, python.frame, sizeof(out->frame));
		out->last = python.last > last ? python.last : last;
		return true;
	}
	find_frame(window, out);
	return true;
}

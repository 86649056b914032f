/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/widgets/frames.h"

#include "client/base/mem.h"

static struct str until(struct str s, const char *ends)
{
	size_t n = 0;
	while (n < s.n && s.p[n] && !strchr(ends, s.p[n]))
		n++;
	return str_slice(s, 0, n);
}

/* What follows MARK in S, or no text. */
static struct str behind(struct str s, struct str mark)
{
	size_t at = str_find(s, mark, 0);
	return at == SIZE_MAX ? (struct str){0} : str_slice(s, at + mark.n, s.n);
}

/* Whose file PATH is, where it is a library's: no text where it is the person's own. */
static struct str owner_of_path(struct str path)
{
	static const char *const packages[] = {"/site-packages/", "/dist-packages/"};
	for (size_t i = 0; i < ARRAY_LEN(packages); i++) {
		struct str rest = behind(path, str_of(packages[i]));
		if (rest.p)
			return until(rest, "/.");
	}
	if (str_has(path, STR("/pyspark/")) || str_has(path, STR("/pyspark.zip/")))
		return STR("pyspark");
	if (str_starts(path, STR("<frozen ")) || str_has(path, STR("/lib/python")))
		return STR("python");
	return (struct str){0};
}

/* Whose class NAME ("org.apache.spark.rdd.RDD.collect") is, where it is a library's. */
static struct str owner_of_class(struct str name)
{
	static const struct {
		const char *head, *owner; /* NULL: the word behind the head */
	} libraries[] = {
		{"java.", "java"},
		{"javax.", "java"},
		{"jdk.", "java"},
		{"sun.", "java"},
		{"com.sun.", "java"},
		{"scala.", "scala"},
		{"akka.", "akka"},
		{"py4j.", "py4j"},
		{"io.netty.", "netty"},
		{"org.apache.", NULL},
		{"com.fasterxml.", NULL},
		{"com.google.", NULL},
		{"com.amazonaws.", "amazonaws"},
		{"software.amazon.", "amazon"},
		{"org.eclipse.", NULL},
		{"org.sparkproject.", "spark"},
	};
	size_t module = str_find(name, STR("/"), 0); /* java.base/java.lang.Thread */
	if (module != SIZE_MAX)
		name = str_slice(name, module + 1, name.n);
	for (size_t i = 0; i < ARRAY_LEN(libraries); i++) {
		struct str head = str_of(libraries[i].head);
		if (!str_starts(name, head))
			continue;
		return libraries[i].owner ? str_of(libraries[i].owner)
					  : until(str_slice(name, head.n, name.n), ".");
	}
	return (struct str){0};
}

static bool parse_python(struct str line, struct frame *out)
{
	struct str mark = STR("  File \"");
	size_t at = str_find(line, mark, 0);
	if (at == SIZE_MAX)
		return false;
	struct str rest = str_slice(line, at + mark.n, line.n), path = until(rest, "\"");
	if (!str_starts(str_slice(rest, path.n, rest.n), STR("\", line ")))
		return false;
	struct str owner = owner_of_path(path);
	*out = (struct frame){owner.n > 0, owner, at + 2};
	return true;
}

static bool parse_java(struct str line, struct frame *out)
{
	static const char *const marks[] = {"\tat ", "    at "};
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		struct str rest = behind(line, str_of(marks[i]));
		struct str name = until(rest, "( \t");
		if (!rest.p || name.n == rest.n || rest.p[name.n] != '(' || !str_has(name, STR(".")))
			continue;
		struct str owner = owner_of_class(name);
		*out = (struct frame){owner.n > 0, owner, SIZE_MAX};
		return true;
	}
	return false;
}

bool frame_parse(struct str line, struct frame *out)
{
	return parse_python(line, out) || parse_java(line, out);
}

bool frame_goes_on(const struct frame *frame, struct str line)
{
	struct frame other;
	if (frame->column == SIZE_MAX || line.n < frame->column + 3 || frame_parse(line, &other))
		return false;
	return line.p[frame->column] == ' ' && line.p[frame->column + 1] == ' ';
}

bool frame_may_be(struct str line)
{
	struct frame frame;
	if (frame_parse(line, &frame))
		return frame.is_library;
	return str_has(line, STR("    "));
}

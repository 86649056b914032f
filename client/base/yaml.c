/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/yaml.h"

#include "client/base/mem.h"

#include <stdio.h>
#include <strings.h>
#include <yaml.h>

enum { MOST_BYTES = 256 << 10, MOST_DEPTH = 16, MOST_NODES = 10000 };

struct reading {
	yaml_parser_t parser;
	struct arena *arena;
	const char *name;
	struct str text;
	struct err *err;
	size_t nodes;
	int depth;
	/* Children of the collections that are open, innermost last: a collection's
	 * length is known only at its end, and an arena cannot grow a piece. */
	struct yaml *open;
	size_t n_open, cap_open;
};

static bool read_node(struct reading *r, const yaml_event_t *event, struct yaml *out);

static int line_of(yaml_mark_t mark)
{
	return (int)mark.line + 1;
}

static int line_at(struct str text, size_t offset)
{
	int line = 1;
	for (size_t i = 0; i < offset && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

/* The byte at a mark, whose index counts characters; 0 past the end. */
static char byte_at(struct str text, yaml_mark_t mark)
{
	size_t chars = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (((unsigned char)text.p[i] & 0xC0) == 0x80)
			continue;
		if (chars++ == mark.index)
			return text.p[i];
	}
	return 0;
}

/* libyaml says only "found character that cannot start any token". */
static bool is_bad_start(const yaml_parser_t *parser)
{
	return parser->problem && strstr(parser->problem, "cannot start any token");
}

static bool bad_start(struct reading *r)
{
	int line = line_of(r->parser.problem_mark);
	char c = byte_at(r->text, r->parser.problem_mark);
	if (c == '\t')
		return err_set(r->err, ERR_USAGE, "%s:%d: a tab cannot indent: use blanks", r->name, line);
	return err_set(
		r->err, ERR_USAGE, "%s:%d: a value that starts with '%c' must be quoted", r->name, line, c);
}

static bool parser_failed(struct reading *r)
{
	const yaml_parser_t *parser = &r->parser;
	const char *problem = parser->problem ? parser->problem : "cannot be read";
	if (parser->error == YAML_MEMORY_ERROR)
		die("out of memory");
	if (parser->error == YAML_READER_ERROR)
		return err_set(r->err, ERR_USAGE, "%s:%d: %s", r->name,
			line_at(r->text, parser->problem_offset), problem);
	if (is_bad_start(parser))
		return bad_start(r);
	int line = line_of(parser->problem_mark);
	if (!parser->context)
		return err_set(r->err, ERR_USAGE, "%s:%d: %s", r->name, line, problem);
	return err_set(r->err, ERR_USAGE, "%s:%d: %s (%s from line %d)", r->name, line, problem,
		parser->context, line_of(parser->context_mark));
}

static bool fail(struct reading *r, const yaml_event_t *event, const char *what)
{
	return err_set(r->err, ERR_USAGE, "%s:%d: %s", r->name, line_of(event->start_mark), what);
}

/* The caller deletes EVENT where this returns true. */
static bool next_event(struct reading *r, yaml_event_t *event)
{
	return yaml_parser_parse(&r->parser, event) || parser_failed(r);
}

static void push(struct reading *r, const struct yaml *node)
{
	if (r->n_open == r->cap_open) {
		r->cap_open = r->cap_open ? 2 * r->cap_open : 64;
		r->open = x_realloc(r->open, r->cap_open, sizeof *r->open);
	}
	r->open[r->n_open++] = *node;
}

/* Reads one value and leaves it on the pile. */
static bool read_child(struct reading *r, const yaml_event_t *event)
{
	struct yaml node;
	if (!read_node(r, event, &node))
		return false;
	push(r, &node);
	return true;
}

static bool check_key(struct reading *r, size_t from, const struct yaml *key)
{
	for (size_t i = from; i < r->n_open; i += 2)
		if (str_eq(r->open[i].text, key->text))
			return err_set(r->err, ERR_USAGE,
				"%s:%d: duplicate key '%.*s': line %d has it already", r->name, key->line,
				STR_FMT(key->text), r->open[i].line);
	return true;
}

static bool read_key(struct reading *r, size_t from, const yaml_event_t *event)
{
	if (event->type != YAML_SCALAR_EVENT && event->type != YAML_ALIAS_EVENT)
		return fail(r, event, "a key must be a plain text");
	struct yaml key;
	if (!read_node(r, event, &key) || !check_key(r, from, &key))
		return false;
	push(r, &key);
	return true;
}

/* Reads what follows a collection's start up to its end; FROM is where its children begin. */
static bool read_children(struct reading *r, enum yaml_type type, size_t from)
{
	for (;;) {
		yaml_event_t event;
		if (!next_event(r, &event))
			return false;
		bool is_end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
		bool is_key = type == YAML_MAP && (r->n_open - from) % 2 == 0;
		bool ok = is_end || (is_key ? read_key(r, from, &event) : read_child(r, &event));
		yaml_event_delete(&event);
		if (is_end || !ok)
			return ok;
	}
}

/* Moves the children of a collection from the pile to the arena. */
static void take_list(struct reading *r, size_t from, struct yaml *out)
{
	out->n = r->n_open - from;
	out->items = arena_array(r->arena, struct yaml, out->n);
	if (out->n)
		memcpy(out->items, r->open + from, out->n * sizeof *out->items);
	r->n_open = from;
}

static void take_map(struct reading *r, size_t from, struct yaml *out)
{
	out->n = (r->n_open - from) / 2;
	out->keys = arena_array(r->arena, struct yaml, out->n);
	out->items = arena_array(r->arena, struct yaml, out->n);
	for (size_t i = 0; i < out->n; i++) {
		out->keys[i] = r->open[from + 2 * i];
		out->items[i] = r->open[from + 2 * i + 1];
	}
	r->n_open = from;
}

static bool read_collection(struct reading *r, const yaml_event_t *event, struct yaml *out)
{
	out->type = event->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
	/* Judged at the event: libyaml needs 20 s for 50,000 open brackets. */
	if (r->depth == MOST_DEPTH)
		return fail(r, event, "nested too deeply");
	size_t from = r->n_open;
	r->depth++;
	bool ok = read_children(r, out->type, from);
	r->depth--;
	if (!ok)
		return false;
	if (out->type == YAML_MAP)
		take_map(r, from, out);
	else
		take_list(r, from, out);
	return true;
}

static void take_scalar(struct reading *r, const yaml_event_t *event, struct yaml *out)
{
	struct str value = {(const char *)event->data.scalar.value, event->data.scalar.length};
	out->type = YAML_SCALAR;
	out->text = (struct str){arena_dup(r->arena, value), value.n};
	out->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
}

static bool has_mark(const yaml_char_t *anchor, const yaml_char_t *tag)
{
	return anchor || tag;
}

static bool is_marked(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return has_mark(event->data.scalar.anchor, event->data.scalar.tag);
	case YAML_SEQUENCE_START_EVENT:
		return has_mark(event->data.sequence_start.anchor, event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return has_mark(event->data.mapping_start.anchor, event->data.mapping_start.tag);
	default:
		return event->type == YAML_ALIAS_EVENT;
	}
}

static bool read_node(struct reading *r, const yaml_event_t *event, struct yaml *out)
{
	*out = (struct yaml){.line = line_of(event->start_mark)};
	if (is_marked(event))
		return fail(r, event,
			"aliases, anchors and tags are not supported: write the value out, or quote it");
	if (++r->nodes > MOST_NODES)
		return fail(r, event, "more than 10,000 values");
	if (event->type != YAML_SCALAR_EVENT)
		return read_collection(r, event, out);
	take_scalar(r, event, out);
	return true;
}

static void make_empty(struct yaml *out)
{
	*out = (struct yaml){.type = YAML_MAP, .line = 1};
}

/* Takes the events in the order that libyaml guarantees: stream, document, value, end, end. */
static bool read_stream(struct reading *r, struct yaml *out)
{
	make_empty(out);
	bool has_document = false;
	for (;;) {
		yaml_event_t event;
		if (!next_event(r, &event))
			return false;
		yaml_event_type_t type = event.type;
		bool ok = true;
		if (type == YAML_DOCUMENT_START_EVENT) {
			ok = !has_document || fail(r, &event, "a second document: only one is read");
			has_document = true;
		} else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_END_EVENT &&
			   type != YAML_STREAM_END_EVENT) {
			ok = read_node(r, &event, out);
		}
		yaml_event_delete(&event);
		if (!ok || type == YAML_STREAM_END_EVENT)
			return ok;
	}
}

static bool start(struct reading *r)
{
	if (r->text.n > MOST_BYTES)
		return err_set(r->err, ERR_USAGE, "%s:1: longer than %d KiB", r->name, MOST_BYTES >> 10);
	if (str_starts(r->text, STR("\xEF\xBB\xBF")))
		r->text = str_slice(r->text, 3, r->text.n);
	if (!yaml_parser_initialize(&r->parser))
		die("out of memory");
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text.p, r->text.n);
	return true;
}

const struct yaml *yaml_parse(struct arena *arena, const char *name, struct str text, struct err *err)
{
	struct reading r = {.arena = arena, .name = name, .text = text, .err = err};
	struct yaml *root = arena_new_of(arena, struct yaml);
	if (!start(&r))
		return NULL;
	bool ok = read_stream(&r, root);
	yaml_parser_delete(&r.parser);
	x_free(r.open);
	if (ok && yaml_is_null(root))
		make_empty(root);
	return ok ? root : NULL;
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	struct str wanted = str_of(key);
	for (size_t i = 0; map->type == YAML_MAP && i < map->n; i++)
		if (str_eq(map->keys[i].text, wanted))
			return &map->items[i];
	return NULL;
}

static bool is_plain(const struct yaml *node)
{
	return node->type == YAML_SCALAR && !node->is_quoted;
}

static bool is_word(const struct yaml *node, const char *word)
{
	return node->text.n == strlen(word) && strncasecmp(node->text.p, word, node->text.n) == 0;
}

bool yaml_is_null(const struct yaml *node)
{
	return is_plain(node) && (node->text.n == 0 || str_is(node->text, "~") || is_word(node, "null"));
}

bool yaml_bool(const struct yaml *node, bool *out)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
	for (size_t i = 0; is_plain(node) && i < ARRAY_LEN(words); i++) {
		if (is_word(node, words[i])) {
			*out = i % 2;
			return true;
		}
	}
	return false;
}

bool yaml_int(const struct yaml *node, int64_t min, int64_t max, int64_t *out)
{
	return is_plain(node) && str_to_int(node->text, min, max, out);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/yaml_text.h"

#include "client/base/json.h"
#include "client/base/yaml.h"

#include <strings.h>

enum { OWN_INDENT = 2 };

/* --- lines ------------------------------------------------------------------ */

/* Where line NUMBER (1-based) starts; the end of TEXT behind its last line. */
static size_t line_start(struct str text, int number)
{
	size_t at = 0;
	while (--number > 0 && at < text.n) {
		size_t end = str_find(text, STR("\n"), at);
		at = end == SIZE_MAX ? text.n : end + 1;
	}
	return at;
}

static struct str line_at(struct str text, size_t at)
{
	size_t end = str_find(text, STR("\n"), at);
	return str_slice(text, at, end == SIZE_MAX ? text.n : end);
}

static size_t indent_of(struct str line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] == ' ')
		n++;
	return n;
}

/* What stands between two entries belongs to neither: blank lines, remarks at the margin, document marks. */
static bool is_between(struct str line)
{
	return !str_trim(line).n || line.p[0] == '#' || str_starts(line, STR("---")) ||
	       str_starts(line, STR("..."));
}

/* --- entries ---------------------------------------------------------------- */

/* A top-level entry: its lines are TEXT[from..to). */
struct entry {
	size_t from, to;
	const struct yaml *value; /* NULL: there is no such entry */
};

static bool stands_alone(struct str text, const struct yaml *key)
{
	struct str line = line_at(text, line_start(text, key->line));
	bool is_quoted = line.n && (line.p[0] == '"' || line.p[0] == '\'');
	return str_starts(is_quoted ? str_slice(line, 1, line.n) : line, key->text);
}

/* The end of the last line from FROM on and before TO that says something. */
static size_t end_of_content(struct str text, size_t from, size_t to)
{
	size_t end = from;
	for (size_t at = from; at < to;) {
		struct str line = line_at(text, at);
		size_t next = at + line.n + 1;
		next = next < to ? next : to;
		if (!is_between(line))
			end = next;
		at = next;
	}
	return end;
}

static bool find_entry(const char *name, struct str text, const struct yaml *root, const char *key,
	struct entry *out, struct err *err)
{
	*out = (struct entry){.from = text.n, .to = text.n};
	if (root->type != YAML_MAP)
		return err_set(err, ERR_USAGE, "%s:%d: a map is expected", name, root->line);
	for (size_t i = 0; i < root->n; i++) {
		if (!stands_alone(text, &root->keys[i]))
			return err_set(err, ERR_REFUSED,
				"%s:%d: '%s' does not start its line: it cannot be changed from here", name,
				root->keys[i].line, root->keys[i].text.p);
		if (!str_is(root->keys[i].text, key))
			continue;
		size_t next = i + 1 < root->n ? line_start(text, root->keys[i + 1].line) : text.n;
		out->from = line_start(text, root->keys[i].line);
		out->to = end_of_content(text, out->from, next);
		out->value = &root->items[i];
	}
	return true;
}

/* Adds the rest of a file whose last line may have no end. */
static void add_whole_lines(struct buf *out, struct str text)
{
	buf_add(out, text);
	if (text.n && text.p[text.n - 1] != '\n')
		buf_addc(out, '\n');
}

bool yaml_text_set(const char *name, struct str text, const char *key, struct str block, struct buf *out,
	struct err *err)
{
	struct entry entry;
	struct arena *arena = arena_new();
	const struct yaml *root = yaml_parse(arena, name, text, err);
	bool ok = root && find_entry(name, text, root, key, &entry, err);
	if (ok) {
		add_whole_lines(out, str_slice(text, 0, entry.from));
		buf_add(out, block);
		buf_add(out, str_slice(text, entry.to, text.n));
	}
	arena_free(arena);
	return ok;
}

/* --- lists ------------------------------------------------------------------ */

static void add_item(struct buf *out, struct str item, size_t indent)
{
	struct str line;
	bool is_first = true;
	while (str_next(&item, '\n', &line)) {
		if (!line.n)
			continue;
		buf_addf(out, "%*s%s%.*s\n", (int)indent, "", is_first ? "- " : "  ", STR_FMT(line));
		is_first = false;
	}
}

/* How far the items' dashes are indented. */
static bool list_indent(const char *name, struct str text, const struct entry *entry, const char *key,
	size_t *indent, struct err *err)
{
	const struct yaml *list = entry->value;
	*indent = OWN_INDENT;
	if (yaml_is_null(list))
		return true;
	bool is_list = list->type == YAML_LIST && list->n;
	struct str line = {"", 0};
	if (is_list)
		line = line_at(text, line_start(text, list->items[0].line));
	*indent = indent_of(line);
	/* an item may have its dash on a line of its own, above it */
	if (is_list && (*indent == line.n || line.p[*indent] != '-'))
		is_list = false;
	return is_list || err_set(err, ERR_REFUSED, "%s:%d: '%s' is not written as a list with a dash a line",
				  name, list->line, key);
}

bool yaml_text_append(
	const char *name, struct str text, const char *key, struct str item, struct buf *out, struct err *err)
{
	struct entry entry;
	size_t indent = OWN_INDENT;
	struct arena *arena = arena_new();
	const struct yaml *root = yaml_parse(arena, name, text, err);
	bool ok = root && find_entry(name, text, root, key, &entry, err);
	if (ok && entry.value)
		ok = list_indent(name, text, &entry, key, &indent, err);
	if (ok) {
		add_whole_lines(out, str_slice(text, 0, entry.to));
		if (!entry.value)
			buf_addf(out, "%s%s:\n", out->n ? "\n" : "", key);
		add_item(out, item, indent);
		buf_add(out, str_slice(text, entry.to, text.n));
	}
	arena_free(arena);
	return ok;
}

/* --- scalars ---------------------------------------------------------------- */

static bool is_plain_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("._/:@%+=~-", c));
}

/* Words that YAML takes for something else than text. */
static bool is_plain(struct str text)
{
	static const char *const words[] = {
		"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", ".", "..."};
	double number;
	bool ok = text.n && (is_plain_byte(text.p[0]) && !strchr("-:%@=~", text.p[0])) &&
		  text.p[text.n - 1] != ':' && !str_to_double(text, &number);
	for (size_t i = 0; ok && i < text.n; i++)
		ok = is_plain_byte(text.p[i]);
	for (size_t i = 0; ok && i < sizeof words / sizeof *words; i++)
		ok = strlen(words[i]) != text.n || strncasecmp(words[i], text.p, text.n) != 0;
	return ok;
}

void yaml_text_add_scalar(struct buf *out, struct str text)
{
	struct json_writer w = {.out = out};
	if (is_plain(text))
		buf_add(out, text);
	else
		json_put_str(&w, text);
}

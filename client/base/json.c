/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/json.h"

#include "client/base/clock.h"
#include "client/base/json_repair.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* jansson has these names too: while its header is read they are called otherwise.
 * Its macros that use them (json_is_object ...) are therefore not for this file. */
#define json_type   jansson_type
#define JSON_OBJECT JANSSON_OBJECT
#define JSON_ARRAY  JANSSON_ARRAY
#define JSON_REAL   JANSSON_REAL
#define JSON_NULL   JANSSON_NULL
#include <jansson.h>
#undef json_type
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_REAL
#undef JSON_NULL

/* A document's values lie in blocks of its own: taking is a step forward, freeing all of them a call or two.
 * Of a page of MLflow, malloc and free were a third of the work. */
struct block {
	struct block *next;
	size_t cap;
	max_align_t bytes[];
};

struct json_doc {
	json_t *root;
	struct block *blocks;
	size_t repairs;
};

/* --- memory ------------------------------------------------------------------ */

enum { BLOCK_LEAST = 1 << 10, BLOCK_MOST = 1 << 20 };

/* Of the document being parsed on this thread: jansson's allocator has no argument that could carry it. */
static _Thread_local struct {
	struct block *blocks; /* the one that is filled first */
	size_t used;	      /* of that one */
	size_t next_cap;
	size_t left; /* what the document may still take */
	bool ran_out;
} memory;

static bool add_block(size_t n)
{
	size_t cap = n > memory.next_cap ? n : memory.next_cap;
	if (cap > memory.left)
		cap = n;
	if (cap > memory.left) {
		memory.ran_out = true;
		return false;
	}
	struct block *block = x_realloc(NULL, sizeof *block + cap, 1);
	*block = (struct block){.next = memory.blocks, .cap = cap};
	memory.blocks = block;
	memory.used = 0;
	memory.left -= cap;
	if (memory.next_cap < BLOCK_MOST)
		memory.next_cap *= 2;
	return true;
}

static void *take_memory(size_t n)
{
	const size_t unit = sizeof(max_align_t);
	if (n > JSON_MOST_MEMORY) {
		memory.ran_out = true;
		return NULL;
	}
	n = (n + unit - 1) / unit * unit;
	if ((!memory.blocks || memory.blocks->cap - memory.used < n) && !add_block(n))
		return NULL;
	void *ptr = (char *)memory.blocks->bytes + memory.used;
	memory.used += n;
	return ptr;
}

/* It goes with the document: what jansson gives back earlier is little, keys and tables that grew. */
static void give_memory(void *ptr)
{
	(void)ptr;
}

static void free_blocks(struct block *block)
{
	while (block) {
		struct block *next = block->next;
		x_free(block);
		block = next;
	}
}

static void set_allocator(void)
{
	json_set_alloc_funcs(take_memory, give_memory);
}

/* --- reading ----------------------------------------------------------------- */

/* jansson's own texts quote the document, so these stand for them. */
static const char *reason_of(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_premature_end_of_input:
		return "the text ends in the middle of a value";
	case json_error_end_of_input_expected:
		return "more text after the document";
	case json_error_invalid_utf8:
		return "bytes that are not UTF-8 outside of a string";
	default:
		return "no valid JSON here";
	}
}

static json_t *load_once(struct str text, size_t flags, json_error_t *error)
{
	memory.next_cap = text.n < BLOCK_LEAST / 4  ? BLOCK_LEAST
			  : text.n < BLOCK_MOST / 4 ? 4 * text.n
						    : BLOCK_MOST;
	memory.left = JSON_MOST_MEMORY;
	memory.ran_out = false;
	json_t *root = json_loadb(text.p, text.n, flags, error);
	if (!root) {
		free_blocks(memory.blocks);
		memory.blocks = NULL;
	}
	return root;
}

static json_t *load(struct str text, size_t *repairs, struct err *err)
{
	json_error_t error;
	json_t *root = load_once(text, JSON_REJECT_DUPLICATES, &error);
	if (!root && !memory.ran_out && json_error_code(&error) == json_error_duplicate_key) {
		++*repairs;
		root = load_once(text, 0, &error);
	}
	if (!root && memory.ran_out)
		err_set(err, ERR_FAILED, "JSON: takes more than %d MiB of memory", JSON_MOST_MEMORY >> 20);
	else if (!root)
		err_set(err, ERR_FAILED, "JSON at line %d, column %d: %s", error.line, error.column,
			reason_of(&error));
	return root;
}

struct json_doc *json_parse(struct str text, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, set_allocator);
	if (text.n > JSON_MOST_BYTES) {
		err_set(err, ERR_FAILED, "JSON: %zu bytes, more than %d", text.n, JSON_MOST_BYTES);
		return NULL;
	}
	if (str_starts(text, STR("\uFEFF")))
		text = str_slice(text, 3, text.n);

	struct json_doc *doc = NULL;
	struct buf repaired;
	size_t repairs;
	buf_init(&repaired, 2 * (size_t)JSON_MOST_BYTES);
	if (!json_repair(text, &repaired, &repairs, err))
		goto done;
	if (repairs)
		text = buf_str(&repaired);
	if (!text.n) {
		err_set(err, ERR_FAILED, "JSON: the text is empty");
		goto done;
	}
	json_t *root = load(text, &repairs, err);
	if (!root)
		goto done;
	doc = x_new(struct json_doc);
	*doc = (struct json_doc){root, memory.blocks, repairs};
	memory.blocks = NULL;
done:
	buf_fini(&repaired);
	return doc;
}

void json_free(struct json_doc *doc)
{
	if (!doc)
		return;
	free_blocks(doc->blocks);
	x_free(doc);
}

size_t json_repairs(const struct json_doc *doc)
{
	return doc->repairs;
}

static const struct json *wrap(const json_t *value)
{
	return (const struct json *)value;
}

static const json_t *unwrap(const struct json *value)
{
	return (const json_t *)value;
}

const struct json *json_root(const struct json_doc *doc)
{
	return doc ? wrap(doc->root) : NULL;
}

enum json_type json_type(const struct json *value)
{
	static const enum json_type types[] = {
		[JANSSON_OBJECT] = JSON_OBJECT,
		[JANSSON_ARRAY] = JSON_ARRAY,
		[JSON_STRING] = JSON_TEXT,
		[JSON_INTEGER] = JSON_INT,
		[JANSSON_REAL] = JSON_REAL,
		[JSON_TRUE] = JSON_BOOL,
		[JSON_FALSE] = JSON_BOOL,
		[JANSSON_NULL] = JSON_NULL,
	};
	return value ? types[json_typeof(unwrap(value))] : JSON_ABSENT;
}

const struct json *json_get(const struct json *object, const char *key)
{
	return json_type(object) == JSON_OBJECT ? wrap(json_object_get(unwrap(object), key)) : NULL;
}

size_t json_len(const struct json *value)
{
	switch (json_type(value)) {
	case JSON_ARRAY:
		return json_array_size(unwrap(value));
	case JSON_OBJECT:
		return json_object_size(unwrap(value));
	default:
		return 0;
	}
}

const struct json *json_at(const struct json *array, size_t i)
{
	return json_type(array) == JSON_ARRAY ? wrap(json_array_get(unwrap(array), i)) : NULL;
}

struct str json_str(const struct json *value)
{
	if (json_type(value) != JSON_TEXT)
		return (struct str){0};
	return (struct str){json_string_value(unwrap(value)), json_string_length(unwrap(value))};
}

static bool real_to_int(double real, int64_t *out)
{
	if (!(real >= -0x1p63 && real < 0x1p63) || real != trunc(real))
		return false;
	*out = (int64_t)real;
	return true;
}

bool json_int(const struct json *value, int64_t *out)
{
	switch (json_type(value)) {
	case JSON_INT:
		*out = json_integer_value(unwrap(value));
		return true;
	case JSON_REAL:
		return real_to_int(json_real_value(unwrap(value)), out);
	case JSON_TEXT:
		return str_to_int(json_str(value), INT64_MIN, INT64_MAX, out);
	default:
		return false;
	}
}

static bool text_to_num(struct str text, double *out)
{
	static const struct {
		const char *text;
		double value;
	} words[] = {{"NaN", (double)NAN}, {"Infinity", (double)INFINITY}, {"-Infinity", -(double)INFINITY}};
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_is(text, words[i].text)) {
			*out = words[i].value;
			return true;
		}
	}
	int64_t whole;
	if (!str_to_int(text, INT64_MIN, INT64_MAX, &whole))
		return false;
	*out = (double)whole;
	return true;
}

bool json_num(const struct json *value, double *out)
{
	switch (json_type(value)) {
	case JSON_INT:
		*out = (double)json_integer_value(unwrap(value));
		return true;
	case JSON_REAL:
		*out = json_real_value(unwrap(value));
		return true;
	case JSON_TEXT:
		return text_to_num(json_str(value), out);
	default:
		return false;
	}
}

bool json_bool(const struct json *value, bool *out)
{
	if (json_type(value) != JSON_BOOL)
		return false;
	*out = json_is_true(unwrap(value));
	return true;
}

bool json_each(const struct json *object, struct json_iter *it)
{
	if (json_type(object) != JSON_OBJECT)
		return false;
	/* The walk changes nothing, but jansson's iterators know no const. */
	json_t *walked = (json_t *)(uintptr_t)object;
	it->at = it->at ? json_object_iter_next(walked, it->at) : json_object_iter(walked);
	if (!it->at)
		return false;
	it->key = (struct str){json_object_iter_key(it->at), json_object_iter_key_len(it->at)};
	it->value = wrap(json_object_iter_value(it->at));
	return true;
}

/* --- writing ----------------------------------------------------------------- */

static void add_comma(struct json_writer *w)
{
	if (w->needs_comma)
		buf_addc(w->out, ',');
	w->needs_comma = true;
}

static size_t plain_run(struct str s, size_t from)
{
	size_t i = from;
	while (i < s.n && (unsigned char)s.p[i] - 0x20u < 0x5f && s.p[i] != '"' && s.p[i] != '\\')
		i++;
	return i - from;
}

static void add_escape(struct buf *out, uint32_t c)
{
	if (c < 0x10000) {
		buf_addf(out, "\\u%04x", (unsigned)c);
		return;
	}
	c -= 0x10000;
	buf_addf(out, "\\u%04x\\u%04x", 0xd800 + (unsigned)(c >> 10), 0xdc00 + (unsigned)(c & 0x3ff));
}

/* One character that is no plain ASCII; returns its bytes. */
static size_t add_special(struct buf *out, struct str s)
{
	size_t len;
	uint32_t c = utf8_decode(s, &len);
	if (c == UTF8_BAD)
		buf_addz(out, "\\ufffd");
	else if (c == '"' || c == '\\')
		buf_add(out, (struct str){(char[]){'\\', (char)c}, 2});
	else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || utf8_is_hidden(c) || !utf8_is_assigned(c))
		add_escape(out, c);
	else
		buf_add(out, str_slice(s, 0, len));
	return len;
}

static void add_quoted(struct buf *out, struct str text)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < text.n;) {
		size_t run = plain_run(text, i);
		if (run)
			buf_add(out, str_slice(text, i, i + run));
		else
			run = add_special(out, str_slice(text, i, text.n));
		i += run;
	}
	buf_addc(out, '"');
}

void json_open(struct json_writer *w, char bracket)
{
	add_comma(w);
	buf_addc(w->out, bracket);
	w->needs_comma = false;
}

void json_close(struct json_writer *w, char bracket)
{
	buf_addc(w->out, bracket);
	w->needs_comma = true;
}

void json_key_str(struct json_writer *w, struct str key)
{
	add_comma(w);
	add_quoted(w->out, key);
	buf_addc(w->out, ':');
	w->needs_comma = false;
}

void json_key(struct json_writer *w, const char *key)
{
	json_key_str(w, str_of(key));
}

void json_put_raw(struct json_writer *w, struct str json)
{
	add_comma(w);
	buf_add(w->out, json);
}

void json_put_str(struct json_writer *w, struct str text)
{
	if (!text.p) {
		json_put_null(w);
		return;
	}
	add_comma(w);
	add_quoted(w->out, text);
}

void json_put_int(struct json_writer *w, int64_t value)
{
	add_comma(w);
	buf_addf(w->out, "%lld", (long long)value);
}

static locale_t c_locale;

static void make_c_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", NULL);
}

/* The fewest digits that read back as the same double, with a point. */
static void print_finite(char *text, size_t size, double value)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_c_locale);
	locale_t before = uselocale(c_locale);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, size, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	uselocale(before);
	if (!strpbrk(text, ".e"))
		strcat(text, ".0");
}

void json_put_num(struct json_writer *w, double value)
{
	char text[40];
	if (isnan(value))
		json_put_str(w, STR("NaN"));
	else if (isinf(value))
		json_put_str(w, value > 0 ? STR("Infinity") : STR("-Infinity"));
	else {
		print_finite(text, sizeof text, value);
		json_put_raw(w, str_of(text));
	}
}

void json_put_bool(struct json_writer *w, bool value)
{
	json_put_raw(w, value ? STR("true") : STR("false"));
}

void json_put_null(struct json_writer *w)
{
	json_put_raw(w, STR("null"));
}

void json_put_ms(struct json_writer *w, int64_t ms)
{
	if (ms == TIME_NONE)
		json_put_null(w);
	else
		json_put_int(w, ms);
}

void json_member_text(struct json_writer *w, const char *key, const char *text)
{
	json_key(w, key);
	json_put_str(w, text ? str_of(text) : (struct str){0});
}

void json_member_int(struct json_writer *w, const char *key, int64_t value)
{
	json_key(w, key);
	json_put_int(w, value);
}

void json_member_bool(struct json_writer *w, const char *key, bool value)
{
	json_key(w, key);
	json_put_bool(w, value);
}

void json_member_ms(struct json_writer *w, const char *key, int64_t ms)
{
	json_key(w, key);
	json_put_ms(w, ms);
}

void json_put(struct json_writer *w, const struct json *value)
{
	struct json_iter it = {0};
	switch (json_type(value)) {
	case JSON_ABSENT:
	case JSON_NULL:
		json_put_null(w);
		break;
	case JSON_BOOL:
		json_put_bool(w, json_is_true(unwrap(value)));
		break;
	case JSON_INT:
		json_put_int(w, json_integer_value(unwrap(value)));
		break;
	case JSON_REAL:
		json_put_num(w, json_real_value(unwrap(value)));
		break;
	case JSON_TEXT:
		json_put_str(w, json_str(value));
		break;
	case JSON_ARRAY:
		json_open(w, '[');
		for (size_t i = 0; i < json_len(value); i++)
			json_put(w, json_at(value, i));
		json_close(w, ']');
		break;
	case JSON_OBJECT:
		json_open(w, '{');
		while (json_each(value, &it)) {
			json_key_str(w, it.key);
			json_put(w, it.value);
		}
		json_close(w, '}');
		break;
	}
}

void json_add(struct buf *out, const struct json *value)
{
	struct json_writer w = {.out = out};
	json_put(&w, value);
}

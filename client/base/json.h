/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON in and out. Reading goes through jansson, after a repair pass for what
 * real servers send and jansson refuses a whole document for. Bare NaN and
 * Infinity and numbers that no int64 or double holds read as null: unknown, never
 * 0. In a text or key each lone surrogate, \u0000 and bad UTF-8 byte reads as
 * U+FFFD, and a raw control character as itself; the rest of it stays. Of a key
 * given twice the last value counts, as in the tools' own web pages. All of that
 * is counted (json_repairs), and the rest of the document stays as it is.
 * Writing is ours: every byte that could steer a terminal leaves as \uXXXX.
 * Thread-safe: a document belongs to one thread at a time, nothing is shared.
 */
#ifndef CLIENT_BASE_JSON_H
#define CLIENT_BASE_JSON_H

#include "client/base/buf.h"
#include "client/base/err.h"

struct json_doc;
struct json; /* a value, borrowed from its document */

enum { JSON_MOST_BYTES = 16 << 20, JSON_MOST_DEPTH = 64, JSON_MOST_MEMORY = 256 << 20 };

/* Parses one whole document (object or array; a byte order mark before it is
 * nothing). ERR_FAILED says line, column (counted after repair) and what was found,
 * never a byte of the text. Deeper than JSON_MOST_DEPTH, longer than
 * JSON_MOST_BYTES, or more than JSON_MOST_MEMORY in memory (an ordinary document
 * takes 11 times its text, one of empty objects 100 times) is refused. */
struct json_doc *json_parse(struct str text, struct err *err) __attribute__((warn_unused_result));
void json_free(struct json_doc *doc);
const struct json *json_root(const struct json_doc *doc);
/* How many places were repaired. */
size_t json_repairs(const struct json_doc *doc);

enum json_type { JSON_ABSENT, JSON_NULL, JSON_BOOL, JSON_INT, JSON_REAL, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };
/* All readers take NULL as absent, so they chain. */
enum json_type json_type(const struct json *value);
/* Member KEY of an object; NULL where it is no object or has none. */
const struct json *json_get(const struct json *object, const char *key);
/* Length of an array or object, else 0. */
size_t json_len(const struct json *value);
const struct json *json_at(const struct json *array, size_t i);
/* Text of a string value, else {NULL, 0}. */
struct str json_str(const struct json *value);
static inline struct str json_get_str(const struct json *object, const char *key)
{
	return json_str(json_get(object, key));
}
/* False (and *OUT untouched) where the value is of another type. A string that is
 * a whole number counts (protobuf's int64), and a real without fraction. */
bool json_int(const struct json *value, int64_t *out);
/* Any number, and all that json_int takes; the strings "NaN" "Infinity" "-Infinity"
 * are numbers here. */
bool json_num(const struct json *value, double *out);
bool json_bool(const struct json *value, bool *out);

/* Walks the members of an object in the order of the text:
 * `struct json_iter it = {0}; while (json_each(object, &it))`. */
struct json_iter {
	struct str key;
	const struct json *value;
	void *at;
};
bool json_each(const struct json *object, struct json_iter *it);

/* Adds VALUE as compact JSON text, the way the writer below does. */
void json_add(struct buf *out, const struct json *value);

/*
 * The writer: `json_open(&w, '{'); json_key(&w, "a"); json_put_int(&w, 1); json_close(&w, '}');`
 * Commas are its business. Bytes 00-1F, 7F, C1, bidi and zero-width controls,
 * U+2028/9 and invalid UTF-8 are written as \uXXXX (invalid: \ufffd). A writer
 * starts as `{.out = &buf}`; it checks no nesting.
 */
struct json_writer {
	struct buf *out;
	bool needs_comma;
};
void json_open(struct json_writer *w, char bracket);
void json_close(struct json_writer *w, char bracket);
void json_key(struct json_writer *w, const char *key);
void json_key_str(struct json_writer *w, struct str key);
/* {NULL, 0} writes null. */
void json_put_str(struct json_writer *w, struct str text);
void json_put_int(struct json_writer *w, int64_t value);
/* The fewest digits that read back as VALUE, always with a point or an exponent, the
 * same in every locale. NaN and infinities are written as the strings "NaN"
 * "Infinity" "-Infinity". */
void json_put_num(struct json_writer *w, double value);
void json_put_bool(struct json_writer *w, bool value);
void json_put_null(struct json_writer *w);
/* TIME_NONE writes null. */
void json_put_ms(struct json_writer *w, int64_t ms);
/* A value that was read. */
void json_put(struct json_writer *w, const struct json *value);
/* A value that is JSON already. */
void json_put_raw(struct json_writer *w, struct str json);
/* A member, key and value; no text (NULL) and TIME_NONE write null. */
void json_member_text(struct json_writer *w, const char *key, const char *text);
void json_member_int(struct json_writer *w, const char *key, int64_t value);
void json_member_bool(struct json_writer *w, const char *key, bool value);
void json_member_ms(struct json_writer *w, const char *key, int64_t ms);

#endif

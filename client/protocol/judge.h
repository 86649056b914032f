/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records judged strictly, for the conformance test: what record_read puts right is told here. */
#ifndef CLIENT_PROTOCOL_JUDGE_H
#define CLIENT_PROTOCOL_JUDGE_H

#include "client/protocol/record.h"

/* Whether PARAMS are a good record of KIND; ERR says what is not. OUT is as of record_read. */
bool judge_record(struct arena *arena, enum record_kind kind, const struct json *params, struct record *out,
	struct err *err);
/* The same for one time: the member KEY, which may be absent or null. */
bool judge_ms(const char *key, const struct json *value, struct err *err);
/* Adds the name by which an object is the same one when it comes again: "run p r1". */
void judge_name(struct buf *out, enum record_kind kind, const struct json *params);

/* Objects by name, with what was said of each. */
struct seen;
struct seen *seen_new(void);
void seen_free(struct seen *seen);
size_t seen_count(const struct seen *seen);
/* Notes that NAME was said as TEXT in ROUND; IS_FINAL: nothing about it should change any more. Where it was
 * final before and TEXT is another, false. Of very many objects the later ones are not noted. */
bool seen_put(struct seen *seen, struct str name, struct str text, int round, bool is_final);
/* A name that was said in round 1 and not in round 2; NULL for none. */
const char *seen_missing(const struct seen *seen);

#endif

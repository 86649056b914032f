/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line as a source sends it, into a writer. Include it behind the headers that cmocka wants. */
#ifndef TESTS_SYNC_PUT_H
#define TESTS_SYNC_PUT_H

#include "client/sync/write.h"

/* METHOD and its params in JSON, with ' for ". */
static inline void put_line(
	struct writer *writer, struct arena *arena, int64_t source, const char *method, const char *params)
{
	struct err err = {0};
	struct record record;
	char *json = arena_dupz(arena, params);
	for (char *c = json; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	struct json_doc *doc = json_parse(str_of(json), &err);
	if (!doc || !record_read(arena, record_kind_of(str_of(method)), json_root(doc), &record, &err) ||
		!writer_put(writer, source, &record, NULL, &err))
		fail_msg("%s: %s", params, err.msg);
	json_free(doc);
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What porthole-source says, as JSON: the parameters of its notifications, and parts of its answers. */
#ifndef CLIENT_FETCH_MESSAGE_H
#define CLIENT_FETCH_MESSAGE_H

#include "client/fetch/engine.h"

enum { MESSAGE_MOST_TEXT = 256 << 10, MESSAGE_MOST_CHUNK = 64 << 10 };

/* Cuts off as much of *TEXT as one message carries: to a line's end, or at least no split character. */
struct str message_cut_text(struct str *text);
/* The same for bytes of an artifact. */
struct str message_cut_bytes(struct str *bytes);

/* Each empties OUT and writes one object: parameters that bear the request's ID. */
void message_text(struct buf *out, int64_t id, struct str text);
void message_point(struct buf *out, int64_t id, const struct source_point *point);
void message_chunk(struct buf *out, int64_t id, struct str bytes);
/* The results. ENTRIES: JSON text of entries, with commas. */
void message_cursor(struct buf *out, const char *cursor);
void message_offset(struct buf *out, int64_t offset, bool is_complete);
void message_entries(struct buf *out, struct str entries);
/* What became of an action, or of its dry run. */
void message_acted(struct buf *out, const struct pull_end *end, bool is_dry_run);
/* The same where it failed: it is unknown what was done, or nothing was. */
void message_unacted(struct buf *out, const struct pull_end *end, const struct err *err);
/* Reads REF, PIPELINE[/RUN[/STEP[:INDEX][@ATTEMPT]]] below the source; what is not there stays NULL. */
void message_read_ref(struct arena *arena, struct str ref, struct act_request *out);
/* Adds an entry to the text of others. */
void message_add_entry(struct buf *entries, const struct source_entry *entry);

#endif

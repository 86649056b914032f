/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/message.h"

#include "client/base/base64.h"
#include "client/base/json.h"
#include "client/sources/percent.h"

struct str message_cut_text(struct str *text)
{
	const struct str all = *text;
	const char *end = all.n > MESSAGE_MOST_TEXT ? memrchr(all.p, '\n', MESSAGE_MOST_TEXT) : NULL;
	size_t n = all.n < MESSAGE_MOST_TEXT ? all.n : MESSAGE_MOST_TEXT;

	if (end)
		n = (size_t)(end + 1 - all.p);
	else if (n < all.n)
		while (n > MESSAGE_MOST_TEXT - 4 && ((unsigned char)all.p[n] & 0xc0) == 0x80)
			n--;
	*text = str_slice(all, n, all.n);
	return str_slice(all, 0, n);
}

struct str message_cut_bytes(struct str *bytes)
{
	const struct str all = *bytes;

	*bytes = str_slice(all, MESSAGE_MOST_CHUNK, all.n);
	return str_slice(all, 0, MESSAGE_MOST_CHUNK);
}

static struct json_writer open_params(struct buf *out, int64_t id)
{
	struct json_writer w = {.out = out};

	buf_reset(out);
	json_open(&w, '{');
	json_key(&w, "id");
	json_put_int(&w, id);
	return w;
}

void message_text(struct buf *out, int64_t id, struct str text)
{
	struct json_writer w = open_params(out, id);

	json_key(&w, "text");
	json_put_str(&w, text);
	json_close(&w, '}');
}

void message_point(struct buf *out, int64_t id, const struct source_point *point)
{
	struct json_writer w = open_params(out, id);

	json_key(&w, "metric");
	json_put_str(&w, str_of(point->metric));
	if (point->step != -1) {
		json_key(&w, "step");
		json_put_int(&w, point->step);
	}
	if (point->time_ms != TIME_NONE) {
		json_key(&w, "time_ms");
		json_put_int(&w, point->time_ms);
	}
	json_key(&w, "value");
	json_put_num(&w, point->value);
	json_close(&w, '}');
}

void message_chunk(struct buf *out, int64_t id, struct str bytes)
{
	struct json_writer w = open_params(out, id);

	json_key(&w, "base64");
	buf_addc(out, '"');
	base64_add(out, bytes);
	buf_addc(out, '"');
	json_close(&w, '}');
}

void message_cursor(struct buf *out, const char *cursor)
{
	struct json_writer w = {.out = out};

	buf_reset(out);
	json_open(&w, '{');
	json_key(&w, "cursor");
	json_put_str(&w, cursor ? str_of(cursor) : (struct str){0});
	json_close(&w, '}');
}

void message_offset(struct buf *out, int64_t offset, bool is_complete)
{
	struct json_writer w = {.out = out};

	buf_reset(out);
	json_open(&w, '{');
	json_key(&w, "offset");
	json_put_int(&w, offset);
	json_key(&w, "complete");
	json_put_bool(&w, is_complete);
	json_close(&w, '}');
}

void message_entries(struct buf *out, struct str entries)
{
	buf_reset(out);
	buf_addz(out, "{\"entries\":[");
	buf_add(out, entries);
	buf_addz(out, "]}");
}

void message_add_entry(struct buf *entries, const struct source_entry *entry)
{
	struct json_writer w = {.out = entries};

	if (entries->n)
		buf_addc(entries, ',');
	json_open(&w, '{');
	json_key(&w, "path");
	json_put_str(&w, str_of(entry->path));
	if (entry->size >= 0) {
		json_key(&w, "size");
		json_put_int(&w, entry->size);
	}
	json_key(&w, "is_dir");
	json_put_bool(&w, entry->is_dir);
	json_close(&w, '}');
}

/* --- act ---------------------------------------------------------------------------------------- */

static const char *const did_words[] = {[DID_UNKNOWN] = "unknown", [DID_YES] = "yes", [DID_NO] = "no"};

static void put_acted(
	struct buf *out, enum source_did did, const char *run, const char *message, const struct str *effect)
{
	struct json_writer w = {.out = out};

	buf_reset(out);
	json_open(&w, '{');
	json_key(&w, "done");
	json_put_str(&w, str_of(did_words[did]));
	json_key(&w, "run");
	json_put_str(&w, run ? str_of(run) : (struct str){0});
	json_key(&w, "message");
	json_put_str(&w, message ? str_of(message) : (struct str){0});
	if (effect) {
		json_key(&w, "effect");
		json_open(&w, '[');
		buf_add(out, *effect);
		json_close(&w, ']');
	}
	json_close(&w, '}');
}

void message_acted(struct buf *out, const struct pull_end *end, bool is_dry_run)
{
	put_acted(out, end->did, end->run, end->message, is_dry_run ? &end->effect : NULL);
}

void message_unacted(struct buf *out, const struct pull_end *end, const struct err *err)
{
	put_acted(out, end->was_tried ? DID_UNKNOWN : DID_NO, NULL, err->msg, NULL);
}

static const char *read_part(struct arena *arena, struct str part)
{
	struct buf text;
	const char *copy;

	buf_init(&text, 0);
	percent_decode(&text, part);
	copy = text.n ? arena_dup(arena, buf_str(&text)) : NULL;
	buf_fini(&text);
	return copy;
}

/* Cuts what stands behind SEP off *PART; {NULL, 0} where there is none. */
static struct str cut_behind(struct str *part, const char *sep)
{
	size_t at = str_find(*part, str_of(sep), 0);
	struct str rest = {0};

	if (at == SIZE_MAX)
		return rest;
	rest = str_slice(*part, at + 1, part->n);
	*part = str_slice(*part, 0, at);
	return rest;
}

void message_read_ref(struct arena *arena, struct str ref, struct act_request *out)
{
	struct str run = cut_behind(&ref, "/"), step = cut_behind(&run, "/"), index;

	cut_behind(&step, "@");
	index = cut_behind(&step, ":");
	out->pipeline = read_part(arena, ref);
	out->run = read_part(arena, run);
	out->step = read_part(arena, step);
	out->index = read_part(arena, index);
}

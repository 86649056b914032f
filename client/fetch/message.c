/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/message.h"

#include "client/base/base64.h"
#include "client/base/json.h"

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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes: what parses is written as a document that parses without a repair and is
 * written the same again, with no byte in it that could steer a terminal. */
#include "client/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_checked(struct buf *out, const struct json *root)
{
	json_add(out, root);
	for (size_t i = 0; i < out->n; i++)
		BUG_ON((unsigned char)out->p[i] < 0x20 || out->p[i] == 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct json_doc *doc = json_parse((struct str){(const char *)data, size}, &err);
	if (!doc) {
		BUG_ON(err.code != ERR_FAILED || !err.msg[0]);
		return 0;
	}
	struct buf once, twice;
	buf_init(&once, 0);
	buf_init(&twice, 0);
	write_checked(&once, json_root(doc));
	struct json_doc *again = json_parse(buf_str(&once), &err);
	BUG_ON(!again || json_repairs(again));
	write_checked(&twice, json_root(again));
	BUG_ON(!str_eq(buf_str(&once), buf_str(&twice)));
	json_free(doc);
	json_free(again);
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}

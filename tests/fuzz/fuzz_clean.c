/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cleaner on any bytes: only allowed code points come out, cleaning again changes
 * nothing, spans lie in order inside the text. The first byte picks the flags. */
#include "client/base/clean.h"
#include "client/base/err.h"
#include "client/base/utf8.h"

#include <locale.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	BUG_ON(!setlocale(LC_ALL, "C.UTF-8"));
	return 0;
}

static void check_allowed(struct str text, enum clean_flags flags)
{
	for (size_t i = 0, len; i < text.n; i += len) {
		uint32_t c = utf8_decode(str_slice(text, i, text.n), &len);
		if (c == '\n' && (flags & CLEAN_LINES))
			continue;
		BUG_ON(c == UTF8_BAD || !utf8_is_shown(c) || utf8_is_hidden(c));
		BUG_ON((flags & CLEAN_ASCII) && c > 0x7f);
	}
}

static void check_add(struct str text, enum clean_flags flags)
{
	struct buf once, twice;
	buf_init(&once, 0);
	buf_init(&twice, 0);
	clean_add(&once, text, flags);
	check_allowed(buf_str(&once), flags);
	clean_add(&twice, buf_str(&once), flags);
	BUG_ON(!str_eq(buf_str(&once), buf_str(&twice)));
	buf_fini(&once);
	buf_fini(&twice);
}

static void check_line(struct str text)
{
	struct clean_span spans[4];
	struct buf out;
	buf_init(&out, 0);
	size_t n = clean_line(&out, text, spans, 4), at = 0;
	check_allowed(buf_str(&out), CLEAN_NAME);
	for (size_t i = 0; i < n; i++) {
		BUG_ON(spans[i].from < at || spans[i].to <= spans[i].from || spans[i].to > out.n);
		check_allowed(str_slice(buf_str(&out), spans[i].from, spans[i].to), CLEAN_NAME);
		at = spans[i].to;
	}
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct str text = {(const char *)data + 1, size - 1};
	check_add(text, (enum clean_flags)(data[0] & 7));
	check_line(text);
	return 0;
}

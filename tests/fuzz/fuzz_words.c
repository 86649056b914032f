/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small languages: schedules, filters and the LIKE patterns made of them, patterns of the pager, a
 * header. */
#include "client/base/mem.h"
#include "client/base/regex.h"
#include "client/catalogue/filter.h"
#include "client/fetch/http.h"
#include "client/triage/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What fires did so at or before the moment that was asked for, and after the other. */
static void try_cron(const char *text)
{
	static const int64_t at_ms = INT64_C(1795262400000), day_ms = INT64_C(86400000);
	struct cron cron;
	if (!cron_parse(text, &cron))
		return;
	for (int is_utc = 0; is_utc < 2; is_utc++) {
		int64_t last_ms = cron_last(&cron, at_ms, at_ms - 30 * day_ms, is_utc);
		BUG_ON(last_ms != TIME_NONE && (last_ms > at_ms || last_ms <= at_ms - 30 * day_ms));
		BUG_ON(last_ms != TIME_NONE && last_ms % 60000);
	}
}

static void try_filter(struct arena *arena, struct str text)
{
	struct filter filter;
	struct err err = {0};
	if (!filter_parse(arena, text, &filter, &err)) {
		BUG_ON(!err.code || !*err.msg);
		return;
	}
	BUG_ON(filter.n > FILTER_MOST_TERMS);
	for (size_t i = 0; i < filter.n; i++) {
		const struct filter_term *term = &filter.terms[i];
		BUG_ON((term->op == FILTER_WORD) != !term->key.p);
		(void)filter_like(arena, term->value);
		(void)filter_like_word(arena, term->value);
	}
}

/* The first line is the pattern, the rest what is looked through: each place lies in it. */
static void try_regex(struct str text)
{
	size_t end = str_find(text, STR("\n"), 0), length;
	struct str subject = end == SIZE_MAX ? text : str_slice(text, end + 1, text.n);
	struct err err = {0};
	struct regex *regex = regex_new(str_slice(text, 0, end), true, &err);
	if (!regex) {
		BUG_ON(!err.code || !*err.msg);
		return;
	}
	size_t at = regex_find(regex, subject, 0, &length);
	BUG_ON(at != SIZE_MAX && (at > subject.n || length > subject.n - at));
	regex_free(regex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = {(const char *)data, size};
	if (size > 8192)
		return 0;
	struct arena *arena = arena_new();
	try_cron(arena_dup(arena, text));
	try_filter(arena, text);
	try_regex(text);
	BUG_ON(http_range_start(text) < 0);
	arena_free(arena);
	return 0;
}

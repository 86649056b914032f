/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are explained, the same however they are cut, with lines that exist. */
#include "client/triage/explain.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct explanation explain(struct arena *arena, struct str bytes, size_t step)
{
	struct explainer *explainer = explain_new();
	for (size_t at = 0; at < bytes.n; at += step)
		explain_feed(explainer, str_slice(bytes, at, at + step));
	struct explanation explanation = explain_finish(explainer, arena);
	explain_free(explainer);
	return explanation;
}

static void check_candidates(const struct explanation *explanation)
{
	for (size_t i = 0; i < explanation->n_candidates; i++) {
		const struct candidate *candidate = &explanation->candidates[i];
		if (candidate->line < 1 || candidate->line > explanation->n_lines)
			abort();
		if (!(candidate->score >= 0 && candidate->score <= 1))
			abort();
		if (i > 0 && candidate->score > candidate[-1].score)
			abort();
	}
}

static void check_same(const struct explanation *a, const struct explanation *b)
{
	if (a->n_candidates != b->n_candidates || a->n_excerpt != b->n_excerpt || a->n_lines != b->n_lines)
		abort();
	if (strcmp(a->fingerprint, b->fingerprint) != 0)
		abort();
	for (size_t i = 0; i < a->n_candidates; i++)
		if (a->candidates[i].line != b->candidates[i].line)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str bytes = {(const char *)data, size};
	struct explanation whole = explain(arena, bytes, size ? size : 1);
	struct explanation cut = explain(arena, bytes, 7);
	check_candidates(&whole);
	check_same(&whole, &cut);
	arena_free(arena);
	return 0;
}

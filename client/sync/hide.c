/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/hide.h"

static struct record_pair *hide_pairs(
	struct mask *mask, struct arena *arena, struct record_pair *pairs, size_t n)
{
	struct record_pair *copy = NULL;
	for (size_t i = 0; i < n; i++) {
		const char *text = mask_value(mask, arena, pairs[i].key, pairs[i].text);
		if (text == pairs[i].text)
			continue;
		if (!copy) {
			copy = arena_array(arena, struct record_pair, n);
			memcpy(copy, pairs, n * sizeof *copy);
		}
		copy[i].text = text;
	}
	return copy ? copy : pairs;
}

const struct record *hide_record(
	struct mask *mask, struct arena *arena, const struct record *record, struct record *copy)
{
	switch (record->kind) {
	case RECORD_RUN:
		*copy = *record;
		copy->run.params = hide_pairs(mask, arena, copy->run.params, copy->run.n_params);
		copy->run.tags = hide_pairs(mask, arena, copy->run.tags, copy->run.n_tags);
		copy->run.note = mask_text(mask, arena, copy->run.note);
		return copy;
	case RECORD_STEP_RUN:
		*copy = *record;
		copy->step_run.note = mask_text(mask, arena, copy->step_run.note);
		return copy;
	case RECORD_MODEL:
		*copy = *record;
		copy->model.note = mask_text(mask, arena, copy->model.note);
		return copy;
	case RECORD_HEALTH:
		*copy = *record;
		copy->health.message = mask_text(mask, arena, copy->health.message);
		return copy;
	default:
		return record;
	}
}

void hide_explanation(struct mask *mask, struct arena *arena, struct explanation *explanation)
{
	for (size_t i = 0; i < explanation->n_candidates; i++)
		explanation->candidates[i].text = mask_text(mask, arena, explanation->candidates[i].text);
	for (size_t i = 0; i < explanation->n_excerpt; i++)
		explanation->excerpt[i] = mask_text(mask, arena, explanation->excerpt[i]);
}

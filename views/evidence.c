/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/evidence.h"

#include "client/base/clean.h"
#include "client/base/mask.h"
#include "client/base/mem.h"
#include "client/triage/explain.h"
#include "views/compose.h"
#include "views/format.h"

bool evidence_load(struct store *store, const struct ref *ref, struct arena *arena, struct evidence *out,
	struct err *err)
{
	struct result row;
	const struct value params[] = {value_text(ref->source), value_text(ref->pipeline),
		value_text(ref->run), value_text(ref->step ? ref->step : ""),
		value_text(ref->index ? ref->index : ""), value_int(ref->attempt)};
	*out = (struct evidence){0};
	if (!store_query(store,
		    "SELECT fingerprint, cause, cause_line, excerpt_line, candidates, excerpt, attempt, error"
		    " FROM team.evidence WHERE source = $1 AND pipeline = $2 AND run = $3 AND step = $4 AND idx = $5"
		    " AND ($6 = 0 OR attempt = $6) ORDER BY attempt DESC LIMIT 1",
		    params, ARRAY_LEN(params), arena, &row, err))
		return false;
	if (!row.n_rows)
		return true;
	*out = (struct evidence){
		.is_found = true,
		.fingerprint = result_text(&row, 0, 0),
		.cause = result_text(&row, 0, 1),
		.cause_line = result_int(&row, 0, 2, 0),
		.excerpt_line = result_int(&row, 0, 3, 0),
		.candidates = result_text(&row, 0, 4),
		.excerpt = result_text(&row, 0, 5),
		.attempt = result_int(&row, 0, 6, 0),
		.error = result_text(&row, 0, 7),
	};
	return true;
}

/* A line of the excerpt as a log is shown: where it is drawn a TAB would be a name's ^I. */
static const char *shown(struct arena *arena, struct mask *mask, struct str raw)
{
	char clock[FORMAT_CLOCK];
	struct buf masked, text;
	buf_init(&masked, 0);
	buf_init(&text, 0);
	buf_add(&masked, raw);
	mask_line(mask, &masked);
	raw = buf_str(&masked);
	size_t stamp = format_stamp(raw, clock);
	buf_addz(&text, stamp ? clock : "");
	clean_add(&text, str_slice(raw, stamp, raw.n), CLEAN_LINES | CLEAN_NO_SGR);
	const char *line = arena_take(arena, &text);
	buf_fini(&masked);
	return line;
}

static void add_excerpt(struct view_data *data, struct block *block, struct mask *mask,
	const struct evidence *evidence, const struct json *lines)
{
	size_t n = json_len(lines);
	for (size_t i = 0; i < n; i++) {
		int64_t number = evidence->excerpt_line + (int64_t)i;
		bool is_cause = number == evidence->cause_line;
		compose_line(data, block, n, number, is_cause ? ROLE_CAUSE : ROLE_TEXT,
			shown(data->arena, mask, json_str(json_at(lines, i))));
	}
}

void evidence_block(struct view_data *data, const struct config *config, const struct evidence *evidence,
	const char *title)
{
	struct mask mask;
	struct err err;
	if (!evidence->excerpt)
		return;
	struct json_doc *doc = json_parse(str_of(evidence->excerpt), NULL);
	const struct json *lines = json_root(doc);
	struct block *block = json_len(lines) ? compose_block(data, BLOCK_TEXT, "excerpt", title) : NULL;
	if (block && mask_init(&mask, config ? config->mask : NULL, config ? config->n_mask : 0, &err)) {
		add_excerpt(data, block, &mask, evidence, lines);
		mask_fini(&mask);
	} else if (block) {
		compose_line(data, block, 1, 0, ROLE_ERROR, arena_dupz(data->arena, err.msg));
	}
	json_free(doc);
}

size_t evidence_causes(const struct evidence *evidence, int64_t *lines, size_t most)
{
	if (!evidence->candidates)
		return 0;
	struct json_doc *doc = json_parse(str_of(evidence->candidates), NULL);
	size_t n = 0;
	for (size_t i = 0; i < json_len(json_root(doc)) && n < most; i++)
		if (json_int(json_get(json_at(json_root(doc), i), "line"), &lines[n]))
			n++;
	json_free(doc);
	return n;
}

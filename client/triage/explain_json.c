/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/explain_json.h"

void explain_put_candidates(struct json_writer *w, const struct explanation *explanation)
{
	json_open(w, '[');
	for (size_t i = 0; i < explanation->n_candidates; i++) {
		const struct candidate *candidate = &explanation->candidates[i];
		json_open(w, '{');
		json_key(w, "line");
		json_put_int(w, candidate->line);
		json_key(w, "text");
		json_put_str(w, str_of(candidate->text));
		json_key(w, "score");
		json_put_num(w, candidate->score);
		json_close(w, '}');
	}
	json_close(w, ']');
}

void explain_put_excerpt(struct json_writer *w, const struct explanation *explanation)
{
	json_open(w, '[');
	for (size_t i = 0; i < explanation->n_excerpt; i++)
		json_put_str(w, str_of(explanation->excerpt[i]));
	json_close(w, ']');
}

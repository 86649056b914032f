/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed: a run against the last green one, or runs beside each other; what differs, and nothing else.
 */
#include "client/catalogue/find.h"
#include "views/compose.h"
#include "views/diff.h"
#include "views/lists.h"

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	struct diff diff;
	struct found found;
	struct ref refs[DIFF_MOST_RUNS];
	size_t n = 0;
	if (!find_ref(store, &args->ref, &found, err))
		return false;
	refs[n++] = args->ref;
	for (size_t i = 0; i < args->n_others && n < DIFF_MOST_RUNS; i++)
		refs[n++] = args->others[i];
	struct err why = {0};
	if (!diff_load(store, refs, n, data->arena, &diff, &why)) {
		if (why.code != ERR_NOT_FOUND)
			return err_set(err, why.code, "%s", why.msg);
		data->title = arena_printf(data->arena, "%s ▸ %s", args->ref.pipeline, args->ref.run);
		compose_line(data, compose_block(data, BLOCK_TEXT, "differs", NULL), 1, 0, ROLE_DIM,
			arena_dupz(data->arena, why.msg));
		return true;
	}
	data->title = diff.title;
	data->summary = diff.summary;
	compose_block(data, BLOCK_TABLE, "differs", NULL)->table = diff.beside;
	if (diff.unreported) {
		struct block *block = compose_block(data, BLOCK_TEXT, "unreported", NULL);
		compose_line(data, block, 1, 0, ROLE_DIM, diff.unreported);
	}
	return true;
}

const struct view_def view_compare = {
	.name = "compare",
	.title = "compare",
	.help = "what differs between runs, against the last green one unless others are named",
	.kind = VIEW_OBJECT,
	.list = &list_runs,
	.ref = REF_RUN,
	.load = load,
};

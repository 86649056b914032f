/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sync/forget.h"

#include "client/base/mem.h"
#include "client/catalogue/log_cache.h"
#include "client/sync/batches.h"

bool forget_count(struct store *store, const char *source, int64_t *source_id, struct forget_counts *out,
	struct err *err)
{
	const struct value name = value_text(source);
	if (!store_exec_id(store, "SELECT id FROM source WHERE name = $1", &name, 1, source_id, err))
		return err->code == ERR_NOT_FOUND
			       ? err_set(err, ERR_NOT_FOUND, "no source '%s' in the catalogue", source)
			       : false;
	const struct {
		const char *sql;
		int64_t *n;
	} counts[] = {
		{"SELECT count(*) FROM pipeline WHERE source_id = $1", &out->pipelines},
		{"SELECT count(*) FROM run WHERE source_id = $1", &out->runs},
		{"SELECT count(*) FROM step_run t JOIN run r ON r.id = t.run_id WHERE r.source_id = $1",
			&out->steps},
		{"SELECT count(*) FROM model_version WHERE source_id = $1", &out->models},
		{"SELECT count(*) FROM run_link l JOIN run r ON r.id = l.run_id WHERE r.source_id = $1",
			&out->links},
	};
	const struct value id = value_int(*source_id);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (!store_exec_id(store, counts[i].sql, &id, 1, counts[i].n, err))
			return false;
	return true;
}

/* A run takes its steps, params, metrics, tags, inputs and links along, the source its health. */
static const char *const statements[] = {
	"DELETE FROM run WHERE id IN (SELECT id FROM run WHERE source_id = $2 LIMIT $1)",
	"DELETE FROM pipeline WHERE id IN (SELECT id FROM pipeline WHERE source_id = $2 LIMIT $1)",
	"DELETE FROM model_version WHERE id IN (SELECT id FROM model_version WHERE source_id = $2 LIMIT $1)",
	"DELETE FROM source WHERE id IN (SELECT id FROM source WHERE id = $2 LIMIT $1)",
};

bool forget_source(
	struct store *store, const char *source, int64_t source_id, const char *log_dir, struct err *err)
{
	const struct value id = value_int(source_id);
	/* without its cursor a sync that comes before we are through reads it anew */
	if (!store_exec(store,
		    "UPDATE source SET cursor = NULL, full_ms = NULL, state = 'never' WHERE id = $1", &id, 1,
		    NULL, err))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		if (!batch_run_all(store, statements[i], &id, err))
			return false;
	return log_cache_forget(log_dir, source, err);
}

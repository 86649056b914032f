/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step of one run: its attempts, and the evidence of the failed one. */
#include "client/base/mem.h"
#include "views/compose.h"
#include "views/evidence.h"
#include "views/format.h"
#include "views/lists.h"

static const struct column attempt_columns[] = {
	{.key = "attempt", .title = "TRY", .type = COLUMN_INT, .sql = "sr.attempt"},
	{.key = "state", .type = COLUMN_STATE, .sql = "sr.state"},
	{.key = "tool_state",
		.title = "TOOL SAYS",
		.type = COLUMN_TEXT,
		.priority = 2,
		.sql = "sr.tool_state"},
	{.key = "started_ms", .title = "STARTED", .type = COLUMN_TIME, .sql = "sr.started_ms"},
	{.key = "duration_ms", .title = "TOOK", .type = COLUMN_DURATION, .sql = "sr.duration_ms"},
	{.key = "operator", .type = COLUMN_TEXT, .priority = 3, .sql = "sr.operator"},
	{.key = "note",
		.type = COLUMN_TEXT,
		.flags = COLUMN_GROWS,
		.priority = 4,
		.width = 40,
		.sql = "sr.note"},
};

static const struct list_def list_attempts = {
	.from = "FROM step_run sr WHERE 1=1",
	.columns = attempt_columns,
	.n_columns = ARRAY_LEN(attempt_columns),
	.sort = "attempt",
	.is_ascending = true,
	.id = "sr.id",
	.scope_run = "sr.run_id",
	.scope_step = "sr.step",
	.scope_index = "sr.idx",
	.words = (const char *const[]){"sr.step", NULL},
	.empty = "no attempt: it never started",
};

static void add_evidence(struct view_data *data, const struct config *config, const struct evidence *evidence)
{
	if (!evidence->is_found)
		return;
	struct block *facts = compose_block(data, BLOCK_FACTS, "evidence", "why");
	if (evidence->cause)
		compose_fact(data, facts, "cause", ROLE_CAUSE, "%s", evidence->cause);
	if (evidence->error)
		compose_fact(data, facts, "log", ROLE_LATE, "%s", evidence->error);
	if (evidence->fingerprint && *evidence->fingerprint)
		compose_fact(data, facts, "fingerprint", ROLE_DIM, "%s", evidence->fingerprint);
	evidence_block(data, config, evidence, "log at the cause");
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	struct found found;
	struct evidence evidence;
	if (!find_ref(store, &args->ref, &found, err) ||
		!evidence_load(store, &args->ref, data->arena, &evidence, err))
		return false;
	data->title = arena_printf(data->arena, "%s ▸ %s ▸ %s%s%s", args->ref.pipeline, args->ref.run,
		args->ref.step, args->ref.index ? " " : "", args->ref.index ? args->ref.index : "");
	const struct list_block attempts = {
		.list = &list_attempts, .name = "attempts", .scope = &found, .limit = 50};
	if (!compose_list(data, store, args, &attempts, err))
		return false;
	add_evidence(data, args->config, &evidence);
	return true;
}

const struct view_def view_step = {
	.name = "step",
	.title = "step",
	.help = "one step of one run: its attempts and why it failed",
	.kind = VIEW_OBJECT,
	.list = &list_steps,
	.ref = REF_STEP,
	.load = load,
};

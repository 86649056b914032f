/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The team store: the memory of people, never lost. Rows are keyed by source and
 * the tool's own ids, not by the catalogue's, so that a rebuilt catalogue or a
 * rename loses nothing. Words of the text: see migrate.h. */
#include "client/base/mem.h"
#include "client/catalogue/migrate.h"

static const char sql_1[] =
	"CREATE TABLE meta (\n"
	"  -- Facts about this store. schema: its version.\n"
	"  key TEXT PRIMARY KEY,\n"
	"  value TEXT\n"
	");\n"

	"CREATE TABLE problem (\n"
	"  -- Something that needs a person.\n"
	"  id SERIAL_KEY,\n"
	"  kind TEXT NOT NULL, -- failed late platform alert check\n"
	"  key TEXT NOT NULL UNIQUE, -- its identity: what shares a key is one problem\n"
	"  title TEXT NOT NULL,\n"
	"  source TEXT, -- source to attempt: the newest occurrence\n"
	"  pipeline TEXT,\n"
	"  run TEXT,\n"
	"  step TEXT,\n"
	"  step_index TEXT,\n"
	"  attempt BIGINT,\n"
	"  count BIGINT NOT NULL DEFAULT 0, -- occurrences\n"
	"  severity TEXT, -- production staging playground: the project's\n"
	"  state TEXT NOT NULL DEFAULT 'open', -- open acknowledged snoozed resolved ignored\n"
	"  assignee TEXT,\n"
	"  known TEXT, -- new returned known\n"
	"  cause_kind TEXT, -- code data infrastructure flaky unknown\n"
	"  first_ms BIGINT NOT NULL,\n"
	"  last_ms BIGINT NOT NULL,\n"
	"  closed_ms BIGINT,\n"
	"  due_ms BIGINT, -- when the result is promised; of a late one when it was\n"
	"  owner TEXT, -- of the step, else of the project\n"
	"  oncall TEXT,\n"
	"  fingerprint TEXT,\n"
	"  cause_line BIGINT, -- 1-based, in the log of the newest occurrence\n"
	"  cause TEXT,\n"
	"  evidence_at BIGINT, -- when it was found; NULL: not looked for yet\n"
	"  blocked_steps BIGINT NOT NULL DEFAULT 0, -- that wait behind it\n"
	"  seen_ms BIGINT -- when sync last found it still there\n"
	");\n"
	"CREATE INDEX problem_by_state ON problem (state, last_ms, id);\n"
	"CREATE INDEX problem_newest ON problem (last_ms, id);\n"
	"CREATE INDEX problem_by_fingerprint ON problem (fingerprint, last_ms)\n"
	"  WHERE fingerprint IS NOT NULL;\n"

	"CREATE TABLE problem_pipeline (\n"
	"  -- The pipelines that a problem was seen in.\n"
	"  problem_id BIGINT NOT NULL REFERENCES problem (id) ON DELETE CASCADE,\n"
	"  source TEXT NOT NULL,\n"
	"  pipeline TEXT NOT NULL,\n"
	"  PRIMARY KEY (problem_id, source, pipeline)\n"
	") CLUSTERED;\n"
	"CREATE INDEX problem_pipeline_of ON problem_pipeline (source, pipeline);\n"

	"CREATE TABLE occurrence (\n"
	"  -- One step attempt (or, with step '', one run) that belongs to a problem.\n"
	"  problem_id BIGINT NOT NULL REFERENCES problem (id) ON DELETE CASCADE,\n"
	"  source TEXT NOT NULL,\n"
	"  pipeline TEXT NOT NULL,\n"
	"  run TEXT NOT NULL DEFAULT '',\n"
	"  step TEXT NOT NULL DEFAULT '',\n"
	"  idx TEXT NOT NULL DEFAULT '', -- '': not mapped\n"
	"  attempt BIGINT NOT NULL DEFAULT 0,\n"
	"  at_ms BIGINT NOT NULL,\n"
	"  label TEXT,\n"
	"  PRIMARY KEY (source, pipeline, run, step, idx, attempt)\n"
	") CLUSTERED;\n"
	"CREATE INDEX occurrence_of_problem ON occurrence (problem_id, at_ms);\n"

	"CREATE TABLE evidence (\n"
	"  -- What the log of a failed attempt says, found once.\n"
	"  source TEXT NOT NULL,\n"
	"  pipeline TEXT NOT NULL,\n"
	"  run TEXT NOT NULL,\n"
	"  step TEXT NOT NULL,\n"
	"  idx TEXT NOT NULL DEFAULT '',\n"
	"  attempt BIGINT NOT NULL DEFAULT 0,\n"
	"  fingerprint TEXT,\n"
	"  cause_line BIGINT, -- 1-based\n"
	"  cause TEXT,\n"
	"  candidates TEXT, -- JSON: [{line, text, score}], best first\n"
	"  excerpt TEXT, -- JSON: a list of lines\n"
	"  excerpt_line BIGINT, -- of the first of them\n"
	"  found_ms BIGINT NOT NULL,\n"
	"  error TEXT, -- why there is none: the log could not be had\n"
	"  PRIMARY KEY (source, pipeline, run, step, idx, attempt)\n"
	") CLUSTERED;\n"
	"CREATE INDEX evidence_by_fingerprint ON evidence (fingerprint) WHERE fingerprint IS NOT NULL;\n"

	"CREATE TABLE problem_event (\n"
	"  -- What was done about a problem: notes, acknowledgements, returns.\n"
	"  id SERIAL_KEY,\n"
	"  problem_id BIGINT NOT NULL REFERENCES problem (id) ON DELETE CASCADE,\n"
	"  at_ms BIGINT NOT NULL,\n"
	"  who TEXT NOT NULL,\n"
	"  verb TEXT NOT NULL,\n"
	"  text TEXT\n"
	");\n"
	"CREATE INDEX problem_event_of ON problem_event (problem_id, at_ms, id);\n"

	"CREATE TABLE audit (\n"
	"  -- Every action on a tool, one row before and one after it. Rows are added, never changed.\n"
	"  id SERIAL_KEY,\n"
	"  at_ms BIGINT NOT NULL,\n"
	"  who TEXT NOT NULL,\n"
	"  host TEXT,\n"
	"  verb TEXT NOT NULL,\n"
	"  object_ref TEXT NOT NULL,\n"
	"  args TEXT, -- JSON\n"
	"  result TEXT -- NULL: about to be tried\n"
	");\n"
	"CREATE INDEX audit_newest ON audit (at_ms, id);\n"
	"CREATE INDEX audit_of_object ON audit (object_ref, at_ms);\n"

	/* For people with sqlite3 or psql: the columns are the keys of the JSON output. */
	"CREATE VIEW problems AS\n"
	"  -- Without ref (problem: and the id) and pipelines (table problem_pipeline).\n"
	"  SELECT id, kind, title, count, severity, first_ms, last_ms, state, assignee, known, cause_kind,\n"
	"    due_ms\n"
	"  FROM problem;\n"

	"CREATE VIEW audit_log AS\n"
	"  SELECT at_ms, who, verb, object_ref, args, result\n"
	"  FROM audit;\n";

static const char sqlite_1[] = "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit\n"
			       "BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;\n"
			       "CREATE TRIGGER audit_remains BEFORE DELETE ON audit\n"
			       "BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;\n";

static const struct migration migrations[] = {
	{.sql = sql_1, .sqlite = sqlite_1},
};

const struct schema schema_team = {
	.name = "team store",
	.migrations = migrations,
	.n_migrations = ARRAY_LEN(migrations),
};

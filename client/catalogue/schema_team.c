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

static const char postgres_1[] =
	"CREATE TABLE change (\n"
	"  -- How often something was committed here and in the catalogue, for readers that cannot LISTEN.\n"
	"  who TEXT PRIMARY KEY, -- sync, people\n"
	"  n BIGINT NOT NULL\n"
	");\n"
	"CREATE FUNCTION audit_stays() RETURNS TRIGGER LANGUAGE plpgsql AS $$\n"
	"BEGIN\n"
	"  RAISE EXCEPTION 'audit rows are never changed or deleted' USING ERRCODE = 'insufficient_privilege';\n"
	"END $$;\n"
	"CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit\n"
	"  FOR EACH ROW EXECUTE FUNCTION audit_stays();\n"
	"CREATE TRIGGER audit_remains BEFORE TRUNCATE ON audit\n"
	"  FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();\n";

static const char sql_2[] =
	"CREATE TABLE data_check (\n"
	"  -- One data check at one step of one run.\n"
	"  id SERIAL_KEY,\n"
	"  source TEXT NOT NULL,\n"
	"  pipeline TEXT NOT NULL,\n"
	"  run TEXT NOT NULL,\n"
	"  step TEXT NOT NULL,\n"
	"  name TEXT NOT NULL,\n"
	"  state TEXT NOT NULL, -- pass warn fail error not_run no_baseline\n"
	"  observed DOUBLE PRECISION,\n"
	"  lower_bound DOUBLE PRECISION,\n"
	"  upper_bound DOUBLE PRECISION,\n"
	"  at_ms BIGINT NOT NULL,\n"
	"  UNIQUE (source, pipeline, run, step, name)\n"
	");\n"
	"CREATE INDEX data_check_newest ON data_check (at_ms, id);\n"
	"CREATE INDEX data_check_of_name ON data_check (source, pipeline, step, name, at_ms);\n"

	"CREATE TABLE alert (\n"
	"  -- Each time that a monitor fired.\n"
	"  id SERIAL_KEY,\n"
	"  source TEXT NOT NULL, -- the source that told; '': a monitor of the portal\n"
	"  monitor TEXT NOT NULL,\n"
	"  opened_ms BIGINT NOT NULL,\n"
	"  closed_ms BIGINT,\n"
	"  state TEXT NOT NULL, -- open closed\n"
	"  value DOUBLE PRECISION,\n"
	"  lower_bound DOUBLE PRECISION,\n"
	"  upper_bound DOUBLE PRECISION,\n"
	"  pipeline TEXT, -- with run: what it is about\n"
	"  run TEXT,\n"
	"  UNIQUE (source, monitor, opened_ms)\n"
	");\n"
	"CREATE INDEX alert_newest ON alert (opened_ms, id);\n"

	"CREATE TABLE cost (\n"
	"  -- What a pipeline cost in a month.\n"
	"  source TEXT NOT NULL,\n"
	"  pipeline TEXT NOT NULL,\n"
	"  month TEXT NOT NULL, -- 2026-11\n"
	"  amount DOUBLE PRECISION NOT NULL,\n"
	"  currency TEXT NOT NULL DEFAULT '', -- '': not reported\n"
	"  is_estimate INTEGER NOT NULL DEFAULT 0,\n"
	"  PRIMARY KEY (source, pipeline, month, currency)\n"
	") CLUSTERED;\n"

	"CREATE TABLE declared (\n"
	"  -- Sources and projects that 'porthole apply' put here for everybody.\n"
	"  kind TEXT NOT NULL, -- source, project, and the other sections of portal.yaml\n"
	"  name TEXT NOT NULL,\n"
	"  body TEXT NOT NULL, -- JSON: the section\n"
	"  who TEXT NOT NULL,\n"
	"  at_ms BIGINT NOT NULL,\n"
	"  PRIMARY KEY (kind, name)\n"
	") CLUSTERED;\n"

	"CREATE VIEW checks AS\n"
	"  -- Without ref and run_ref (join the parts with /, percent-encoded).\n"
	"  SELECT source, pipeline, run, step, name AS \"check\", state, observed, lower_bound AS \"lower\",\n"
	"    upper_bound AS \"upper\", at_ms\n"
	"  FROM data_check;\n"

	"CREATE VIEW alerts AS\n"
	"  -- Without ref and object_ref (join the parts with /, percent-encoded).\n"
	"  SELECT source, monitor, state, opened_ms, closed_ms, value, lower_bound AS \"lower\",\n"
	"    upper_bound AS \"upper\", pipeline, run\n"
	"  FROM alert;\n";

static const char sql_3[] =
	"ALTER TABLE problem ADD COLUMN snoozed_until_ms BIGINT;\n" /* when a snooze ends */
	"ALTER TABLE problem ADD COLUMN told_count BIGINT;\n" /* occurrences when people last heard of it */
	"ALTER TABLE problem ADD COLUMN told_pipelines BIGINT;\n" /* and pipelines */
	"CREATE INDEX problem_snoozed ON problem (snoozed_until_ms) WHERE snoozed_until_ms IS NOT NULL;\n"

	/* The greatest id of a problem's events, notes apart, is its version: who saw an older one is told.
	 */
	"ALTER TABLE problem_event ADD COLUMN prior TEXT;\n"	/* JSON: how the problem was before a person's
								   step */
	"ALTER TABLE problem_event ADD COLUMN step BIGINT;\n"	/* the audit row of a person's command: they
								   share it */
	"ALTER TABLE problem_event ADD COLUMN undoes BIGINT;\n" /* the event that this one takes back */
	"CREATE INDEX problem_event_by ON problem_event (who, id);\n"
	"CREATE INDEX problem_event_undoes ON problem_event (undoes) WHERE undoes IS NOT NULL;\n"
	"CREATE INDEX problem_event_newest ON problem_event (at_ms, id);\n"

	"CREATE TABLE notice (\n"
	"  -- What is to be told to somebody: added with the problem's event, sent by sync.\n"
	"  id SERIAL_KEY,\n"
	"  event_id BIGINT NOT NULL, -- the problem_event that it tells of, the last one of several\n"
	"  target TEXT NOT NULL, -- a name below notify:\n"
	"  at_ms BIGINT NOT NULL,\n"
	"  body TEXT NOT NULL, -- JSON: what a webhook gets\n"
	"  state TEXT NOT NULL DEFAULT 'queued', -- queued sending sent failed unknown\n"
	"  tries BIGINT NOT NULL DEFAULT 0,\n"
	"  next_ms BIGINT NOT NULL, -- not tried before\n"
	"  claimed_ms BIGINT, -- since when somebody sends it\n"
	"  error TEXT, -- of the last try\n"
	"  UNIQUE (event_id, target)\n"
	");\n"
	"CREATE INDEX notice_waiting ON notice (next_ms, id) WHERE state IN ('queued', 'sending');\n";

static const char sql_4[] =
	"CREATE TABLE page (\n"
	"  -- Pages of the documentation that somebody published: a row a version, added and never changed.\n"
	"  id SERIAL_KEY,\n"
	"  name TEXT NOT NULL, -- guide/filter\n"
	"  version BIGINT NOT NULL, -- the newest is what people read; 1 is the first\n"
	"  of_version BIGINT, -- rolled back: the version whose text this is again; 0: none, it is withdrawn\n"
	"  body TEXT, -- Markdown with its front matter; NULL: withdrawn\n"
	"  who TEXT NOT NULL,\n"
	"  at_ms BIGINT NOT NULL,\n"
	"  UNIQUE (name, version)\n"
	");\n"

	"CREATE TABLE page_vote (\n"
	"  -- Whether a page helped whom: what each said last.\n"
	"  page TEXT NOT NULL,\n"
	"  who TEXT NOT NULL,\n"
	"  helped INTEGER NOT NULL, -- 1 yes, 0 no\n"
	"  note TEXT,\n"
	"  at_ms BIGINT NOT NULL,\n"
	"  PRIMARY KEY (page, who)\n"
	") CLUSTERED;\n"

	"CREATE TABLE page_gap (\n"
	"  -- Words that somebody looked for in the documentation and no page has.\n"
	"  words TEXT PRIMARY KEY,\n"
	"  count BIGINT NOT NULL,\n"
	"  first_ms BIGINT NOT NULL,\n"
	"  last_ms BIGINT NOT NULL\n"
	") CLUSTERED;\n"
	"CREATE INDEX page_gap_newest ON page_gap (last_ms);\n";

static const char sql_5[] = "CREATE TABLE abtest_row (\n"
			    "  -- What the units of one arm of an A/B test came to on one day, as sums.\n"
			    "  name TEXT NOT NULL, -- of the test\n"
			    "  day TEXT NOT NULL, -- 2026-11-20\n"
			    "  arm TEXT NOT NULL,\n"
			    "  segment TEXT NOT NULL, -- '': all units\n"
			    "  metric TEXT NOT NULL,\n"
			    "  n DOUBLE PRECISION NOT NULL, -- units\n"
			    "  sum DOUBLE PRECISION NOT NULL, -- of the metric\n"
			    "  sumsq DOUBLE PRECISION NOT NULL, -- of its squares\n"
			    "  x DOUBLE PRECISION, -- of a covariate\n"
			    "  xx DOUBLE PRECISION, -- of its squares\n"
			    "  xy DOUBLE PRECISION, -- of its products with the metric\n"
			    "  d DOUBLE PRECISION, -- of the denominator of a ratio\n"
			    "  dd DOUBLE PRECISION, -- of its squares\n"
			    "  nd DOUBLE PRECISION, -- of its products with the metric\n"
			    "  at_ms BIGINT NOT NULL, -- when it was told\n"
			    "  PRIMARY KEY (name, day, arm, segment, metric)\n"
			    ") CLUSTERED;\n";

static const struct migration migrations[] = {
	{.sql = sql_1, .sqlite = sqlite_1, .postgres = postgres_1},
	{.sql = sql_2},
	{.sql = sql_3},
	{.sql = sql_4},
	{.sql = sql_5},
};

const struct schema schema_team = {
	.name = "team store",
	.migrations = migrations,
	.n_migrations = ARRAY_LEN(migrations),
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue: the portal's memory of the tools, written by sync alone and
 * rebuildable. Words of the text: see migrate.h. */
#include "client/base/mem.h"
#include "client/catalogue/migrate.h"
#include "client/catalogue/run_text.h"

static const char sql_1[] =
	"CREATE TABLE meta (\n"
	"  -- Facts about this catalogue. schema: its version; recorded: it is a sample that ends there (ms);\n"
	"  -- checked_ms: when the file was last searched for damage.\n"
	"  key TEXT PRIMARY KEY,\n"
	"  value TEXT\n"
	");\n"

	"CREATE TABLE source (\n"
	"  -- One installation of a tool, and how its last synchronisation went.\n"
	"  id SERIAL_KEY,\n"
	"  name TEXT NOT NULL UNIQUE,\n"
	"  kind TEXT NOT NULL,\n"
	"  url TEXT,\n"
	"  state TEXT NOT NULL DEFAULT 'never', -- ok, stale, error, never\n"
	"  synced_ms BIGINT, -- the last time that all went well\n"
	"  attempted_ms BIGINT,\n"
	"  error TEXT, -- of the last attempt; NULL when it went well\n"
	"  failures INTEGER NOT NULL DEFAULT 0, -- attempts that failed in a row\n"
	"  since_ms BIGINT, -- since when it is in this state\n"
	"  cursor TEXT, -- the source's own; vouches for all that was stored with it\n"
	"  full_ms BIGINT -- the last complete pull, which also finds what the tool deleted\n"
	");\n"

	"CREATE TABLE pipeline (\n"
	"  -- A definition that is run again and again.\n"
	"  id SERIAL_KEY,\n"
	"  source_id BIGINT NOT NULL REFERENCES source (id) ON DELETE CASCADE,\n"
	"  pipeline TEXT NOT NULL, -- the tool's own id\n"
	"  title TEXT,\n"
	"  kind TEXT,\n"
	"  owner TEXT,\n"
	"  schedule TEXT,\n"
	"  paused INTEGER, -- 0, 1; NULL: not reported\n"
	"  next_due_ms BIGINT,\n"
	"  url TEXT,\n"
	"  version TEXT,\n"
	"  seen_ms BIGINT,\n"
	"  gone INTEGER NOT NULL DEFAULT 0, -- 1: deleted in the tool\n"
	"  last_run_id BIGINT, -- the newest run by its at_ms; kept by the writer, with the two below\n"
	"  last_state TEXT,\n"
	"  last_run_ms BIGINT,\n"
	"  UNIQUE (source_id, pipeline)\n"
	");\n"
	"CREATE INDEX pipeline_by_name ON pipeline (pipeline, id);\n"
	"CREATE INDEX pipeline_by_last_run ON pipeline (last_run_ms, id);\n"

	"CREATE TABLE step (\n"
	"  -- A step of a pipeline's newest definition.\n"
	"  pipeline_id BIGINT NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,\n"
	"  step TEXT NOT NULL,\n"
	"  label TEXT, -- for people, where it differs\n"
	"  operator TEXT, -- the tool's word for what it is\n"
	"  position INTEGER NOT NULL, -- in the order that the tool gave\n"
	"  PRIMARY KEY (pipeline_id, step)\n"
	") CLUSTERED;\n"

	"CREATE TABLE step_edge (\n"
	"  -- UPSTREAM must be done before STEP.\n"
	"  pipeline_id BIGINT NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,\n"
	"  step TEXT NOT NULL,\n"
	"  upstream TEXT NOT NULL,\n"
	"  PRIMARY KEY (pipeline_id, step, upstream)\n"
	") CLUSTERED;\n"

	"CREATE TABLE run (\n"
	"  -- One execution of a pipeline.\n"
	"  id SERIAL_KEY,\n"
	"  pipeline_id BIGINT NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,\n"
	"  source_id BIGINT NOT NULL REFERENCES source (id) ON DELETE CASCADE, -- its pipeline's\n"
	"  run TEXT NOT NULL, -- the tool's own id\n"
	"  name TEXT,\n"
	"  kind TEXT,\n"
	"  state TEXT NOT NULL, -- queued running success failed skipped cancelled lost unknown\n"
	"  tool_state TEXT, -- the tool's own word\n"
	"  at_ms BIGINT NOT NULL, -- started, else queued, else first seen: what lists sort by\n"
	"  started_ms BIGINT,\n"
	"  ended_ms BIGINT,\n"
	"  duration_ms BIGINT,\n"
	"  queued_ms BIGINT,\n"
	"  heartbeat_ms BIGINT,\n"
	"  user_name TEXT,\n"
	"  parent TEXT, -- the run that started it: the tool's own id, in the same source\n"
	"  url TEXT,\n"
	"  note TEXT,\n"
	"  version TEXT, -- of the code, where the tool says so\n"
	"  gone INTEGER NOT NULL DEFAULT 0,\n"
	"  failed_steps INTEGER NOT NULL DEFAULT 0, -- whose newest attempt failed; kept by the writer\n"
	"  UNIQUE (pipeline_id, run)\n"
	");\n"
	"CREATE INDEX run_newest ON run (at_ms, id);\n"
	"CREATE INDEX run_of_pipeline ON run (pipeline_id, at_ms, id);\n"
	"CREATE INDEX run_of_source ON run (source_id, at_ms, id);\n"
	"CREATE INDEX run_by_state ON run (state, at_ms, id);\n"
	"CREATE INDEX run_failed ON run (at_ms, id) WHERE state = 'failed';\n"
	"CREATE INDEX run_children ON run (source_id, parent) WHERE parent IS NOT NULL;\n"

	"CREATE TABLE param (\n"
	"  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,\n"
	"  key TEXT NOT NULL,\n"
	"  value TEXT, -- objects and lists as JSON\n"
	"  PRIMARY KEY (run_id, key)\n"
	") CLUSTERED;\n"

	"CREATE TABLE metric (\n"
	"  -- The last value that a run reported.\n"
	"  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,\n"
	"  key TEXT NOT NULL,\n"
	"  value DOUBLE PRECISION, -- NULL where it is no finite number\n"
	"  special TEXT, -- then which: NaN, Infinity, -Infinity\n"
	"  PRIMARY KEY (run_id, key)\n"
	") CLUSTERED;\n"

	"CREATE TABLE tag (\n"
	"  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,\n"
	"  key TEXT NOT NULL,\n"
	"  value TEXT,\n"
	"  PRIMARY KEY (run_id, key)\n"
	") CLUSTERED;\n"

	"CREATE TABLE step_run (\n"
	"  -- One attempt at a step of a run.\n"
	"  id SERIAL_PART,\n"
	"  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,\n"
	"  pipeline_id BIGINT NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE, -- its run's\n"
	"  step TEXT NOT NULL,\n"
	"  idx TEXT NOT NULL DEFAULT '', -- a mapped step's index, the tool's own; '': not mapped\n"
	"  label TEXT, -- what the tool renders for the index\n"
	"  attempt BIGINT NOT NULL DEFAULT 0, -- 0: never started\n"
	"  state TEXT NOT NULL,\n"
	"  tool_state TEXT,\n"
	"  operator TEXT,\n"
	"  note TEXT,\n"
	"  at_ms BIGINT NOT NULL, -- as of a run\n"
	"  started_ms BIGINT,\n"
	"  ended_ms BIGINT,\n"
	"  duration_ms BIGINT,\n"
	"  queued_ms BIGINT,\n"
	"  is_newest INTEGER NOT NULL DEFAULT 1, -- 1: no later attempt is known; kept by the writer\n"
	"  gone INTEGER NOT NULL DEFAULT 0,\n"
	"  UNIQUE (run_id, step, idx, attempt)\n"
	") PARTITIONED;\n"
	"CREATE INDEX step_run_newest ON step_run (at_ms, id) WHERE is_newest = 1;\n"
	"CREATE INDEX step_run_failed ON step_run (at_ms, id) WHERE state = 'failed' AND is_newest = 1;\n"
	"CREATE INDEX step_run_of_step ON step_run (pipeline_id, step, at_ms, id);\n"

	"CREATE TABLE health (\n"
	"  -- A component of a source: a scheduler, an import of a definition.\n"
	"  id SERIAL_KEY,\n"
	"  source_id BIGINT NOT NULL REFERENCES source (id) ON DELETE CASCADE,\n"
	"  component TEXT NOT NULL,\n"
	"  state TEXT NOT NULL, -- ok, failed, unknown\n"
	"  since_ms BIGINT,\n"
	"  message TEXT,\n"
	"  seen_ms BIGINT,\n"
	"  UNIQUE (source_id, component)\n"
	");\n"
	"CREATE INDEX health_failed ON health (since_ms, id) WHERE state = 'failed';\n"

	/* For people with sqlite3 or psql: the columns are the keys of the JSON output. Left out is what
	 * SQL cannot say alike on both engines or does not know: ref (percent-encoded), project (the
	 * configuration's), behind_ms (the reader's clock), upstream[] (table step_edge). */
	"CREATE VIEW sources AS\n"
	"  -- Without behind_ms: the reader's clock less synced_ms.\n"
	"  SELECT name, kind, url, state, synced_ms, error\n"
	"  FROM source;\n"

	"CREATE VIEW pipelines AS\n"
	"  -- Without ref (join the parts with /, percent-encoded) and project (the configuration knows).\n"
	"  SELECT s.name AS source, p.pipeline, p.kind, p.paused, p.schedule, p.last_state, p.last_run_ms,\n"
	"    p.next_due_ms\n"
	"  FROM pipeline p JOIN source s ON s.id = p.source_id\n"
	"  WHERE p.gone = 0;\n"

	"CREATE VIEW runs AS\n"
	"  -- Without ref and parent_ref (join the parts with /, percent-encoded).\n"
	"  SELECT s.name AS source, p.pipeline, r.run, r.name, r.kind, r.state, r.tool_state, r.started_ms,\n"
	"    r.ended_ms, r.duration_ms, r.user_name AS \"user\", r.parent, r.url\n"
	"  FROM run r JOIN pipeline p ON p.id = r.pipeline_id JOIN source s ON s.id = r.source_id\n"
	"  WHERE r.gone = 0;\n"

	"CREATE VIEW steps AS\n"
	"  -- Without ref and run_ref (join the parts with /, percent-encoded); upstream: table step_edge.\n"
	"  SELECT s.name AS source, p.pipeline, r.run, t.step, nullif(t.idx, '') AS \"index\", t.label,\n"
	"    t.state, t.tool_state, t.attempt, t.started_ms, t.ended_ms\n"
	"  FROM step_run t JOIN run r ON r.id = t.run_id JOIN pipeline p ON p.id = t.pipeline_id\n"
	"    JOIN source s ON s.id = r.source_id\n"
	"  WHERE t.gone = 0 AND r.gone = 0;\n";

/* A partition is made ahead of need; only the owner can, so the writer asks this function. */
static const char postgres_1[] =
	"CREATE FUNCTION make_room(run_id BIGINT) RETURNS BIGINT\n"
	"LANGUAGE plpgsql SECURITY DEFINER SET search_path = porthole, pg_temp AS $$\n"
	"DECLARE\n"
	"  size CONSTANT BIGINT := 1000000;\n"
	"BEGIN\n"
	"  -- Makes partitions of step_run for runs up to this one and for a million more; gives the first id without.\n"
	"  FOR part IN 0 .. run_id / size + 1 LOOP\n"
	"    IF to_regclass(format('porthole.step_run_%s', part)) IS NULL THEN\n"
	"      EXECUTE format('CREATE TABLE porthole.step_run_%s PARTITION OF porthole.step_run'\n"
	"        ' FOR VALUES FROM (%s) TO (%s)', part, part * size, (part + 1) * size);\n"
	"    END IF;\n"
	"  END LOOP;\n"
	"  RETURN (run_id / size + 2) * size;\n"
	"END $$;\n"
	"REVOKE EXECUTE ON FUNCTION make_room FROM PUBLIC;\n"
	"SELECT make_room(0);\n"

	/* SQLite has one; string_agg is not in the SQLite of Debian 12. */
	"CREATE FUNCTION group_concat_next(so_far TEXT, next TEXT, separator TEXT) RETURNS TEXT\n"
	"LANGUAGE sql IMMUTABLE PARALLEL SAFE\n"
	"AS $$ SELECT coalesce(so_far || separator || next, so_far, next) $$;\n"
	"CREATE AGGREGATE group_concat(TEXT, TEXT) (SFUNC = group_concat_next, STYPE = TEXT);\n"

	/* Words are looked for by trigrams where the extension can be had. */
	"DO $$\n"
	"DECLARE\n"
	"  place TEXT;\n"
	"BEGIN\n"
	"  BEGIN\n"
	"    CREATE EXTENSION IF NOT EXISTS pg_trgm;\n"
	"  EXCEPTION WHEN OTHERS THEN NULL; -- not installed, or not permitted: words are looked for without\n"
	"  END;\n"
	"  SELECT n.nspname INTO place FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace\n"
	"    WHERE e.extname = 'pg_trgm';\n"
	"  IF place IS NOT NULL THEN\n"
	"    EXECUTE format('CREATE INDEX run_by_words ON run USING gin (lower(coalesce(run, '''')) %1$I.gin_trgm_ops,'\n"
	"      ' lower(coalesce(name, '''')) %1$I.gin_trgm_ops)', place);\n"
	"    EXECUTE format('CREATE INDEX pipeline_by_words ON pipeline USING gin'\n"
	"      ' (lower(coalesce(pipeline, '''')) %I.gin_trgm_ops)', place);\n"
	"  END IF;\n"
	"END $$;\n";

static const char sql_2[] =
	"CREATE TABLE model_version (\n"
	"  -- A version of a registered model.\n"
	"  id SERIAL_KEY,\n"
	"  source_id BIGINT NOT NULL REFERENCES source (id) ON DELETE CASCADE,\n"
	"  model TEXT NOT NULL,\n"
	"  version TEXT NOT NULL, -- the tool's own\n"
	"  position BIGINT NOT NULL DEFAULT 0, -- the version as a number where it is one: versions sort by it\n"
	"  stage TEXT,\n"
	"  pipeline TEXT, -- with run: what made it, in the same source\n"
	"  run TEXT,\n"
	"  at_ms BIGINT NOT NULL, -- created, else first seen: what lists sort by\n"
	"  created_ms BIGINT,\n"
	"  url TEXT,\n"
	"  note TEXT,\n"
	"  gone INTEGER NOT NULL DEFAULT 0,\n"
	"  UNIQUE (source_id, model, version)\n"
	");\n"
	"CREATE INDEX model_version_newest ON model_version (at_ms, id);\n"
	"CREATE INDEX model_version_of_run ON model_version (source_id, run) WHERE run IS NOT NULL;\n"

	"CREATE TABLE model_alias (\n"
	"  -- A name that stands for a version: champion.\n"
	"  model_version_id BIGINT NOT NULL REFERENCES model_version (id) ON DELETE CASCADE,\n"
	"  alias TEXT NOT NULL,\n"
	"  PRIMARY KEY (model_version_id, alias)\n"
	") CLUSTERED;\n"

	"CREATE TABLE input (\n"
	"  -- What a run read, as its tool reports it.\n"
	"  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,\n"
	"  name TEXT NOT NULL,\n"
	"  version TEXT NOT NULL DEFAULT '', -- '': not reported\n"
	"  rows BIGINT,\n"
	"  PRIMARY KEY (run_id, name, version)\n"
	") CLUSTERED;\n"

	"CREATE TABLE run_link (\n"
	"  -- A run of one tool that belongs to a run, or a step of a run, of another: derived by sync.\n"
	"  run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE, -- the run that says so\n"
	"  to_run_id BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,\n"
	"  to_step TEXT NOT NULL DEFAULT '', -- '': the whole run\n"
	"  rule TEXT NOT NULL, -- how it was found: the tag, or the name of the rule\n"
	"  PRIMARY KEY (run_id, to_run_id, to_step)\n"
	") CLUSTERED;\n"
	"CREATE INDEX run_link_to ON run_link (to_run_id);\n"

	"CREATE VIEW models AS\n"
	"  -- Without ref, run_ref (join the parts with /, percent-encoded) and aliases (table model_alias).\n"
	"  SELECT s.name AS source, m.model, m.version, m.stage, m.pipeline, m.run, m.created_ms\n"
	"  FROM model_version m JOIN source s ON s.id = m.source_id\n"
	"  WHERE m.gone = 0;\n";

/* What words find: see run_text.h. The blanks at the end let a word of one or two letters be looked up
 * as the head of three. text_until is the greatest run that is in it. Rows are put into it in their order:
 * it flushes what it has gathered before one that is not behind the others. */
#define TEXT_OF(run)                                                                                         \
	"coalesce((SELECT pipeline FROM pipeline WHERE id = " run ".pipeline_id), '') || ' ' || " run        \
	".run || ' ' || coalesce(" run ".name, '') || '  '"
#define RUN_KEY	 RUN_TEXT_KEY("r.at_ms", "r.id")
#define RUN_NAME TEXT_OF("r")
#define OLD_KEY	 RUN_TEXT_KEY("old.at_ms", "old.id")
#define OLD_NAME TEXT_OF("old")
#define IS_IN_IT "old.id <= (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'text_until')"

static const char sqlite_3[] =
	"CREATE VIEW run_name AS\n"
	"  -- What run_text is made of.\n"
	"  SELECT " RUN_KEY " AS key, r.id, " RUN_NAME " AS text FROM run r;\n"

	"CREATE VIRTUAL TABLE run_text USING fts5(text, content = 'run_name', content_rowid = 'key',\n"
	"  tokenize = 'trigram', detail = 'none', columnsize = 0);\n"
	"CREATE VIRTUAL TABLE run_text_term USING fts5vocab('run_text', 'row');\n"
	/* a batch fills one level less often, and a merge is of more parts: half the time in bulk */
	"INSERT INTO run_text (run_text, rank) VALUES ('automerge', 16), ('hashsize', 4194304);\n"

	"INSERT INTO run_text (rowid, text) SELECT key, text FROM run_name ORDER BY key;\n"
	"INSERT INTO meta (key, value) SELECT 'text_until', coalesce(max(id), 0) FROM run;\n"

	/* SQLite lets no trigger of a schema that it does not trust write into run_text itself */
	"CREATE TABLE run_text_stale (\n"
	"  -- What is still in run_text of runs that changed or went: sync takes it out.\n"
	"  run_id INTEGER PRIMARY KEY,\n"
	"  key INTEGER NOT NULL,\n"
	"  text TEXT NOT NULL\n"
	");\n"
	"CREATE TRIGGER run_text_changed AFTER UPDATE OF name, at_ms ON run\n"
	"WHEN (old.name IS NOT new.name OR old.at_ms <> new.at_ms) AND " IS_IN_IT " BEGIN\n"
	"  INSERT INTO run_text_stale VALUES (old.id, " OLD_KEY ", " OLD_NAME ")\n"
	"  ON CONFLICT (run_id) DO NOTHING;\n"
	"END;\n"
	"CREATE TRIGGER run_text_gone AFTER DELETE ON run WHEN " IS_IN_IT " BEGIN\n"
	"  INSERT INTO run_text_stale VALUES (old.id, " OLD_KEY ", " OLD_NAME ")\n"
	"  ON CONFLICT (run_id) DO NOTHING;\n"
	"END;\n";

static const char sql_4[] =
	"CREATE TABLE run_link_open (\n"
	"  -- What a run names that is not known yet, by the other tool's own ids: sync looks for it.\n"
	"  run_id BIGINT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,\n"
	"  to_source TEXT, -- NULL: any other\n"
	"  to_pipeline TEXT NOT NULL,\n"
	"  to_run TEXT NOT NULL,\n"
	"  to_step TEXT NOT NULL DEFAULT '',\n"
	"  rule TEXT NOT NULL, -- as in run_link\n"
	"  tried INTEGER NOT NULL DEFAULT 0 -- 1: looked for among all runs up to links_until in meta\n"
	");\n"
	"CREATE INDEX run_link_open_to ON run_link_open (to_run);\n"
	"CREATE INDEX run_link_open_new ON run_link_open (run_id) WHERE tried = 0;\n";

static const char sql_5[] =
	"-- What the tool knows a pipeline by where its name may change; the name before this one.\n"
	"ALTER TABLE pipeline ADD COLUMN tool_id TEXT;\n"
	"ALTER TABLE pipeline ADD COLUMN was TEXT;\n"
	"CREATE UNIQUE INDEX pipeline_by_tool_id ON pipeline (source_id, tool_id) WHERE tool_id IS NOT NULL;\n"
	"CREATE INDEX pipeline_by_was ON pipeline (source_id, was) WHERE was IS NOT NULL;\n";

/* The words of its runs hold its name. */
static const char sqlite_5[] =
	"CREATE TRIGGER run_text_renamed BEFORE UPDATE OF pipeline ON pipeline WHEN old.pipeline <> new.pipeline BEGIN\n"
	"  INSERT OR IGNORE INTO run_text_stale SELECT r.id, " RUN_KEY ", " RUN_NAME " FROM run r\n"
	"  WHERE r.pipeline_id = new.id AND r.id <= (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'text_until');\n"
	"END;\n";

/* Text in the order of its bytes, as SQLite has it, whatever the database's own: and in lower case by ASCII
 * alone, which takes a quarter of the time where words are looked for. Views stand in the way; who built on
 * them keeps what was. */
static const char postgres_6[] =
	"DO $$\n"
	"DECLARE\n"
	"  again TEXT[] := ARRAY[]::TEXT[];\n"
	"  one RECORD;\n"
	"  statement TEXT;\n"
	"BEGIN\n"
	"  FOR one IN SELECT viewname AS name, definition FROM pg_views\n"
	"    WHERE schemaname = current_schema() LOOP\n"
	"    EXECUTE format('DROP VIEW %I', one.name);\n"
	"    again := again || format('CREATE VIEW %I AS %s', one.name, one.definition);\n"
	"  END LOOP;\n"
	"  FOR one IN SELECT c.relname AS name,\n"
	"      string_agg(format('ALTER COLUMN %I TYPE TEXT COLLATE \"C\"', a.attname), ', ') AS changes\n"
	"    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid\n"
	"    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')\n"
	"      AND NOT c.relispartition AND a.attnum > 0 AND a.atttypid = 'text'::regtype\n"
	"    GROUP BY c.relname LOOP\n"
	"    EXECUTE format('ALTER TABLE %I %s', one.name, one.changes);\n"
	"  END LOOP;\n"
	"  FOREACH statement IN ARRAY again LOOP\n"
	"    EXECUTE statement;\n"
	"  END LOOP;\n"
	"EXCEPTION WHEN dependent_objects_still_exist THEN NULL;\n"
	"END $$;\n";

/* What ended last, in the form that has no NULL: see views/list.c. It grows at its end; an index by duration
 * would take a twentieth of sync's time, since each run belongs on another page of it. */
static const char sql_7[] = "CREATE INDEX run_by_end ON run ((coalesce(ended_ms, -1)), id);\n";

/* Fewer and larger pages, and a batch that fits: some less time in bulk. */
static const char sqlite_7[] =
	"INSERT INTO run_text (run_text, rank) VALUES ('pgsz', 16384), ('hashsize', 8388608);\n";

static const struct migration migrations[] = {
	{.sql = sql_1, .postgres = postgres_1},
	{.sql = sql_2},
	{.sql = "", .sqlite = sqlite_3},
	{.sql = sql_4},
	{.sql = sql_5, .sqlite = sqlite_5},
	{.sql = "", .postgres = postgres_6},
	{.sql = sql_7, .sqlite = sqlite_7},
};

const struct schema schema_catalogue = {
	.name = "catalogue",
	.migrations = migrations,
	.n_migrations = ARRAY_LEN(migrations),
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/migrate.h"

#include "client/base/buf.h"

static bool refuse_newer(const struct schema *schema, int64_t version, struct err *err)
{
	if (version <= (int64_t)schema->n_migrations)
		return true;
	return err_set(err, ERR_NEWER,
		"the %s was written by a newer porthole (schema %lld, this one knows %zu): upgrade this one",
		schema->name, (long long)version, schema->n_migrations);
}

bool schema_check(const struct schema *schema, int64_t version, struct err *err)
{
	if (version == (int64_t)schema->n_migrations)
		return true;
	if (!refuse_newer(schema, version, err))
		return false;
	return err_set(err, ERR_UNAVAILABLE,
		"the %s is of an older porthole (schema %lld, this one needs %zu): 'porthole sync' updates it",
		schema->name, (long long)version, schema->n_migrations);
}

/* Adds SQL with each WORD replaced by TEXT. */
static void add_replaced(struct buf *out, struct str sql, struct str word, const char *text)
{
	for (size_t at; (at = str_find(sql, word, 0)) != SIZE_MAX; sql = str_slice(sql, at + word.n, sql.n)) {
		buf_add(out, str_slice(sql, 0, at));
		buf_addz(out, text);
	}
	buf_add(out, sql);
}

static bool run_translated(const struct migrate_engine *engine, const char *sql, struct err *err)
{
	struct buf half, whole;
	buf_init(&half, 0);
	buf_init(&whole, 0);
	add_replaced(&half, str_of(sql), STR("SERIAL_KEY"), engine->serial_key);
	add_replaced(&whole, buf_str(&half), STR("CLUSTERED"), engine->clustered);
	bool ok = engine->run(engine->db, whole.p, err);
	buf_fini(&whole);
	buf_fini(&half);
	return ok;
}

static bool note_version(const struct migrate_engine *engine, size_t version, struct err *err)
{
	struct buf sql;
	buf_init(&sql, 0);
	buf_addf(&sql,
		"INSERT INTO meta (key, value) VALUES ('schema', '%zu') ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		version);
	bool ok = engine->run(engine->db, sql.p, err);
	buf_fini(&sql);
	return ok;
}

/* Inside the transaction: somebody else may have migrated since we looked. */
static bool climb(const struct migrate_engine *engine, const struct schema *schema, struct err *err)
{
	int64_t version;
	if (!engine->version(engine->db, &version, err) || !refuse_newer(schema, version, err))
		return false;
	for (size_t i = (size_t)version; i < schema->n_migrations; i++) {
		const struct migration *next = &schema->migrations[i];
		if (!run_translated(engine, next->sql, err))
			return false;
		if (engine->is_sqlite && next->sqlite && !engine->run(engine->db, next->sqlite, err))
			return false;
	}
	return note_version(engine, schema->n_migrations, err);
}

bool migrate(const struct migrate_engine *engine, const struct schema *schema, struct err *err)
{
	int64_t version;
	if (!engine->version(engine->db, &version, err) || !refuse_newer(schema, version, err))
		return false;
	if (version == (int64_t)schema->n_migrations)
		return true;
	if (!engine->run(engine->db, engine->begin, err))
		return false;
	if (climb(engine, schema, err) && engine->run(engine->db, "COMMIT", err))
		return true;
	engine->run(engine->db, "ROLLBACK", NULL);
	return err_wrap(err, "%s, migration to schema %zu", schema->name, schema->n_migrations);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/migrate.h"

#include "client/base/buf.h"
#include "client/base/mem.h"

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
	const struct {
		struct str word;
		const char *text;
	} words[] = {
		{STR("SERIAL_KEY"), engine->serial_key},
		{STR("CLUSTERED"), engine->clustered},
		{STR("SERIAL_PART"), engine->serial_part},
		{STR("PARTITIONED"), engine->partitioned},
	};
	struct buf texts[ARRAY_LEN(words) + 1];
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		buf_init(&texts[i], 0);
	buf_addz(&texts[0], sql);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		add_replaced(&texts[i + 1], buf_str(&texts[i]), words[i].word, words[i].text);
	bool ok = engine->run(engine->db, texts[ARRAY_LEN(words)].p, err);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		buf_fini(&texts[i]);
	return ok;
}

/* The oldest porthole that can work on the schema knows its last breaking migration. */
static size_t oldest_that_works(const struct schema *schema)
{
	size_t n = schema->n_migrations;
	while (n > 1 && !schema->migrations[n - 1].is_breaking)
		n--;
	return n;
}

int64_t schema_seen(const struct schema *schema, int64_t version, const char *works_with)
{
	int64_t ours = (int64_t)schema->n_migrations, of, oldest;
	struct str rest = str_of(works_with), piece;
	if (version <= ours || !str_next(&rest, ':', &piece))
		return version;
	/* a fact about another version says nothing about this one */
	bool is_known = str_to_int(piece, version, version, &of) && str_to_int(rest, 1, ours, &oldest);
	return is_known ? ours : version;
}

static bool note_version(const struct migrate_engine *engine, const struct schema *schema, struct err *err)
{
	struct buf sql;
	buf_init(&sql, 0);
	buf_addf(&sql,
		"INSERT INTO meta (key, value) VALUES ('schema', '%zu'), ('works_with', '%zu:%zu')"
		" ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		schema->n_migrations, schema->n_migrations, oldest_that_works(schema));
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
		const char *more = engine->is_sqlite ? next->sqlite : next->postgres;
		if (more && !engine->run(engine->db, more, err))
			return false;
	}
	return note_version(engine, schema, err);
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

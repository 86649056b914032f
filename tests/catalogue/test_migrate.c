/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Migrations, on an engine that writes down what it is asked to do. */
#include "client/catalogue/migrate.h"

#include "client/base/buf.h"
#include "client/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct fake {
	int64_t version;
	const char *broken; /* a statement that fails */
	struct buf said;
};

static bool tell_version(void *db, int64_t *out, struct err *err)
{
	(void)err;
	*out = ((struct fake *)db)->version;
	return true;
}

static bool write_down(void *db, const char *sql, struct err *err)
{
	struct fake *fake = db;
	bool is_fact = str_starts(str_of(sql), STR("INSERT INTO meta"));
	buf_addz(&fake->said, is_fact ? "FACT" : sql);
	buf_addc(&fake->said, ';');
	return !fake->broken || strcmp(sql, fake->broken) != 0 || err_set(err, ERR_FULL, "no room");
}

static const struct migration migrations[] = {
	{.sql = "A (id SERIAL_KEY, b SERIAL_KEY) CLUSTERED"},
	{.sql = "B", .sqlite = "B'"},
	{.sql = "C"},
};
static const struct schema schema = {"test", migrations, ARRAY_LEN(migrations)};

static bool climb_from(struct fake *fake, bool is_sqlite, struct err *err)
{
	struct migrate_engine engine = {
		.db = fake,
		.begin = "BEGIN",
		.serial_key = "KEY",
		.clustered = "TIGHT",
		.is_sqlite = is_sqlite,
		.version = tell_version,
		.run = write_down,
	};
	buf_init(&fake->said, 0);
	return migrate(&engine, &schema, err);
}

static void assert_said(struct fake *fake, const char *text)
{
	assert_string_equal(fake->said.p ? fake->said.p : "", text);
	buf_fini(&fake->said);
}

static void nothing_yet_gets_all_in_one_transaction(void **state)
{
	(void)state;
	struct err err = {0};
	struct fake fake = {0};
	assert_true(climb_from(&fake, true, &err));
	assert_said(&fake, "BEGIN;A (id KEY, b KEY) TIGHT;B;B';C;FACT;COMMIT;");
}

static void an_older_schema_gets_what_it_lacks(void **state)
{
	(void)state;
	struct err err = {0};
	struct fake fake = {.version = 1};
	assert_true(climb_from(&fake, false, &err));
	assert_said(&fake, "BEGIN;B;C;FACT;COMMIT;");
}

static void the_same_schema_is_left_alone(void **state)
{
	(void)state;
	struct err err = {0};
	struct fake fake = {.version = 3};
	assert_true(climb_from(&fake, true, &err));
	assert_said(&fake, "");
}

static void a_newer_schema_is_refused_untouched(void **state)
{
	(void)state;
	struct err err = {0};
	struct fake fake = {.version = 4};
	assert_false(climb_from(&fake, true, &err));
	assert_int_equal(err.code, ERR_NEWER);
	assert_said(&fake, "");
}

static void a_migration_that_fails_takes_all_back(void **state)
{
	(void)state;
	struct err err = {0};
	struct fake fake = {.version = 1, .broken = "C"};
	assert_false(climb_from(&fake, true, &err));
	assert_int_equal(err.code, ERR_FULL);
	assert_non_null(strstr(err.msg, "schema 3: no room"));
	assert_said(&fake, "BEGIN;B;B';C;ROLLBACK;");
}

static void a_reader_waits_for_an_older_schema_and_refuses_a_newer_one(void **state)
{
	(void)state;
	struct err err = {0};
	assert_true(schema_check(&schema, 3, &err));
	assert_false(schema_check(&schema, 2, &err));
	assert_int_equal(err.code, ERR_UNAVAILABLE);
	assert_false(schema_check(&schema, 4, &err));
	assert_int_equal(err.code, ERR_NEWER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_yet_gets_all_in_one_transaction),
		cmocka_unit_test(an_older_schema_gets_what_it_lacks),
		cmocka_unit_test(the_same_schema_is_left_alone),
		cmocka_unit_test(a_newer_schema_is_refused_untouched),
		cmocka_unit_test(a_migration_that_fails_takes_all_back),
		cmocka_unit_test(a_reader_waits_for_an_older_schema_and_refuses_a_newer_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The administration of the stores: backup, restore, forget, move. (apply is in cli_apply.c.) */
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/catalogue/audit.h"
#include "client/catalogue/move.h"
#include "client/catalogue/restore.h"
#include "client/sync/forget.h"
#include "client/sync/sync.h"
#include "tui/cli.h"
#include "views/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- what they share --------------------------------------------------------------- */

void cli_put_table(struct cli *cli, const struct table *table)
{
	struct printer printer = cli_printer(cli);
	if (cli->is_json)
		json_add_rows(&cli->out, table);
	else if (cli->is_tsv || !cli->is_terminal)
		print_tsv(&printer, table);
	else
		print_table(&printer, table);
}

bool cli_may_write(const struct cli *cli, struct err *err)
{
	return !cli->config->read_only || cli->is_dry_run ||
	       err_set(err, ERR_REFUSED, "read-only: '%s' writes", cli->args[0]);
}

static bool ask_person(struct cli *cli, const char *what, bool *answer)
{
	char line[16];
	if (!cli->is_terminal || !isatty(STDIN_FILENO))
		return false;
	cli_flush(cli);
	buf_addf(&cli->out, "%s: type yes to go on: ", what);
	cli_flush(cli);
	*answer = fgets(line, sizeof line, stdin) && !strcmp(line, "yes\n");
	return true;
}

bool cli_confirm(struct cli *cli, int64_t n, const char *what, struct err *err)
{
	bool answer = false;
	if (cli->yes == 0 || cli->yes == n)
		return true;
	if (cli->yes > 0)
		return err_set(err, ERR_REFUSED,
			"%s: not confirmed: --yes=%lld says another number than %lld", what,
			(long long)cli->yes, (long long)n);
	if (ask_person(cli, what, &answer))
		return answer || err_set(err, ERR_REFUSED, "%s: not confirmed", what);
	return err_set(err, ERR_REFUSED, "%s: not confirmed: --yes=%lld does it", what, (long long)n);
}

static const struct column count_columns[] = {
	{.key = "table", .type = COLUMN_NAME, .width = 24},
	{.key = "rows", .type = COLUMN_INT, .width = 12},
};

/* How many rows each table has: of the team store alone or of both. ROWS is in the order of store_tables. */
static void put_counts(struct cli *cli, const int64_t *rows, bool team_only)
{
	size_t n;
	const struct store_table *tables = store_tables(&n);
	struct table table = {
		.columns = count_columns, .n_columns = ARRAY_LEN(count_columns), .ref_column = -1};
	table.result = (struct result){.arena = cli->arena, .n_columns = table.n_columns};
	table.result.cells = arena_array(cli->arena, struct value, n * table.n_columns);
	for (size_t i = 0; i < n; i++) {
		if (team_only && !store_table_is_team(&tables[i]))
			continue;
		struct value *row = &table.result.cells[table.result.n_rows++ * table.n_columns];
		row[0] = value_text(tables[i].name);
		row[1] = value_int(rows[i]);
	}
	cli_put_table(cli, &table);
}

static bool count_tables(struct store *store, int64_t *rows, struct err *err)
{
	size_t n;
	const struct store_table *tables = store_tables(&n);
	for (size_t i = 0; i < n; i++)
		if (!store_table_count(store, &tables[i], &rows[i], err))
			return false;
	return true;
}

/* The file or source that the command is about. */
static const char *only_argument(struct cli *cli, const char *usage, struct err *err)
{
	if (cli->n_args == 2)
		return cli->args[1];
	err_set(err, ERR_USAGE, "%s", usage);
	return NULL;
}

static const char *absolute(struct cli *cli, const char *file)
{
	char *current = file[0] == '/' ? NULL : getcwd(NULL, 0);
	const char *path = current ? arena_printf(cli->arena, "%s/%s", current, file) : file;
	free(current);
	return path;
}

/* --- backup and restore ------------------------------------------------------------- */

bool cli_backup(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	struct backup_facts facts = {0};
	const char *file = only_argument(cli, "back up to where? 'porthole backup FILE'", err);
	if (!file || !cli_may_write(cli, err))
		return false;
	struct store *store = cli_store(cli, err);
	if (!store)
		return false;
	bool ok = cli->is_dry_run ? count_tables(store, facts.table_rows, err)
				  : backup_write(store, file, &facts, err);
	if (ok)
		put_counts(cli, facts.table_rows, true);
	store_close(store);
	return ok;
}

static bool restore_locked(struct cli *cli, const char *file, struct restored *out, struct err *err)
{
	int lock = sync_lock(cli->config->catalogue, err);
	if (lock < 0)
		return false;
	bool ok = restore_team(cli->config, absolute(cli, file), cli->yes >= 0, out, err);
	close(lock);
	return ok;
}

/* --yes=N: the backup holds so many rows. */
static bool check_number(struct cli *cli, int64_t rows, struct err *err)
{
	return cli->yes <= 0 || cli->yes == rows || cli_confirm(cli, rows, "restore", err);
}

bool cli_restore(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	struct restored restored = {0};
	const char *file = only_argument(cli, "restore what? 'porthole restore FILE'", err);
	if (!file || !cli_may_write(cli, err) || !backup_check(file, &restored.facts, err) ||
		!check_number(cli, restored.facts.rows, err))
		return false;
	if (!cli->is_dry_run && !restore_locked(cli, file, &restored, err))
		return false;
	put_counts(cli, restored.facts.table_rows, true);
	if (restored.aside)
		cli_say("what was there before is kept as '%s'", restored.aside);
	x_free(restored.aside);
	return true;
}

/* --- forget ---------------------------------------------------------------------------- */

static void put_forgotten(struct cli *cli, const char *source, const struct forget_counts *counts)
{
	static const struct column columns[] = {
		{.key = "source", .type = COLUMN_NAME, .width = 20},
		{.key = "pipelines", .type = COLUMN_INT, .width = 12},
		{.key = "runs", .type = COLUMN_INT, .width = 12},
		{.key = "steps", .type = COLUMN_INT, .width = 12},
		{.key = "models", .type = COLUMN_INT, .width = 12},
		{.key = "links", .type = COLUMN_INT, .width = 12},
	};
	struct value row[] = {value_text(source), value_int(counts->pipelines), value_int(counts->runs),
		value_int(counts->steps), value_int(counts->models), value_int(counts->links)};
	_Static_assert(ARRAY_LEN(row) == ARRAY_LEN(columns), "a value a column");
	struct table table = {.columns = columns, .n_columns = ARRAY_LEN(columns), .ref_column = -1};
	table.result = (struct result){
		.arena = cli->arena, .n_columns = ARRAY_LEN(columns), .n_rows = 1, .cells = row};
	cli_put_table(cli, &table);
}

static bool forget_audited(
	struct cli *cli, struct store *store, const char *source, int64_t source_id, struct err *err)
{
	struct buf ref;
	buf_init(&ref, 0);
	ref_add_part(&ref, str_of(source));
	const struct audit_entry entry = {.verb = "forget",
		.object_ref = arena_dup(cli->arena, buf_str(&ref)),
		.who = audit_who(store, cli->config, cli->arena)};
	buf_fini(&ref);
	const char *logs = arena_printf(cli->arena, "%s/logs", file_cache_dir(cli->arena));
	int64_t id;
	if (!audit_begin(store, &entry, &id, err))
		return false;
	bool ok = forget_source(store, source, source_id, logs, err);
	audit_close(store, &entry, id, ok ? NULL : err);
	return ok;
}

static bool forget_in(struct cli *cli, struct store *store, const char *source, struct err *err)
{
	int64_t id;
	struct forget_counts counts = {0};
	if (!forget_count(store, source, &id, &counts, err))
		return false;
	const char *what =
		arena_printf(cli->arena, "forget %s and its %lld runs", source, (long long)counts.runs);
	if (!cli->is_dry_run &&
		(!cli_confirm(cli, counts.runs, what, err) || !forget_audited(cli, store, source, id, err)))
		return false;
	put_forgotten(cli, source, &counts);
	if (!cli->is_dry_run && config_source(cli->config, source))
		cli_say("'%s' is still configured: the next sync reads it again", source);
	return true;
}

/* A reader's look is enough to count. */
static bool forget_dry(struct cli *cli, const char *source, struct err *err)
{
	struct store *store = cli_store(cli, err);
	bool ok = store && forget_in(cli, store, source, err);
	store_close(store);
	return ok;
}

bool cli_forget(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	const char *address = cli->config->catalogue;
	const char *source = only_argument(cli, "forget what? 'porthole forget SOURCE'", err);
	if (!source || !cli_may_write(cli, err))
		return false;
	if (cli->is_dry_run || (store_is_file(address) && access(address, F_OK) != 0))
		return forget_dry(cli, source, err);
	int lock = sync_lock(address, err);
	if (lock < 0)
		return false;
	struct store *store = store_open(address, STORE_SYNC, err);
	bool ok = store && forget_in(cli, store, source, err);
	store_close(store);
	close(lock);
	return ok;
}

/* --- move ---------------------------------------------------------------------------------- */

static void show_progress(void *ctx, const struct store_table *table, int64_t rows, int64_t total)
{
	struct cli *cli = ctx;
	if (!cli->is_terminal || cli->is_json)
		return;
	buf_addf(&cli->out, "\r\033[K%s: %lld of %lld rows", table->name, (long long)rows, (long long)total);
	cli_flush(cli);
}

/* As portal.yaml has it. */
static const char *line_of(struct cli *cli, const char *address)
{
	struct buf line;
	buf_init(&line, 0);
	struct json_writer w = {.out = &line};
	const char *dsn = store_is_file(address) ? arena_printf(cli->arena, "sqlite:%s", address) : address;
	bool is_plain = !strpbrk(dsn, " #'\"{}[],");
	buf_addz(&line, "catalogue: ");
	if (is_plain)
		buf_addz(&line, dsn);
	else
		json_put_str(&w, str_of(dsn));
	return arena_take(cli->arena, &line);
}

static void put_moved(struct cli *cli, const char *address, int64_t rows)
{
	const char *line = line_of(cli, address);
	if (cli->is_terminal && !cli->is_json)
		buf_addz(&cli->out, "\r\033[K");
	if (cli->is_json) {
		struct json_writer w = {.out = &cli->out};
		json_open(&w, '{');
		json_key(&w, "rows");
		json_put_int(&w, rows);
		json_key(&w, "line");
		json_put_str(&w, str_of(line));
		json_close(&w, '}');
		buf_addc(&cli->out, '\n');
		return;
	}
	buf_addf(&cli->out,
		"moved %lld rows; the old store stays as it is. From now on, in portal.yaml:\n%s\n",
		(long long)rows, line);
}

/* The new store's audit says where it came from; the old one is left untouched. */
static bool note_move(struct cli *cli, struct store *to, const char *address, struct err *err)
{
	int64_t id;
	struct buf args;
	buf_init(&args, 0);
	struct json_writer w = {.out = &args};
	json_open(&w, '{');
	json_key(&w, "from");
	json_put_str(
		&w, str_of(store_is_file(cli->config->catalogue) ? cli->config->catalogue : "postgresql"));
	json_close(&w, '}');
	const struct audit_entry entry = {.verb = "move",
		.object_ref = address,
		.args = buf_str(&args),
		.who = audit_who(to, cli->config, cli->arena)};
	bool ok = audit_begin(to, &entry, &id, err) && audit_end(to, &entry, id, "done", err);
	buf_fini(&args);
	return ok;
}

static bool move_to(struct cli *cli, struct store *from, const char *address, struct err *err)
{
	const struct move_ops ops = {.progress = show_progress, .ctx = cli};
	int64_t rows;
	int lock = sync_lock(address, err);
	if (lock < 0)
		return false;
	struct store *to = store_open(address, STORE_SYNC, err);
	bool ok = to && move_all(from, to, &ops, &rows, err) && note_move(cli, to, address, err);
	store_close(to);
	close(lock);
	if (ok)
		put_moved(cli, address, rows);
	return ok;
}

static bool move_dry(struct cli *cli, struct store *from, struct err *err)
{
	struct backup_facts facts = {0};
	if (!count_tables(from, facts.table_rows, err))
		return false;
	put_counts(cli, facts.table_rows, false);
	return true;
}

bool cli_move(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	const char *own = cli->config->catalogue;
	if (!cli->to || cli->n_args != 1)
		return err_set(err, ERR_USAGE, "move where? 'porthole move --to postgresql://HOST/NAME'");
	const char *address = config_dsn(cli->arena, cli->to, err);
	if (!address || !cli_may_write(cli, err))
		return false;
	if (!strcmp(address, own))
		return err_set(err, ERR_USAGE, "--to: that is where the catalogue is");
	int lock = sync_lock(own, err); /* nothing is to come in behind the copy */
	if (lock < 0)
		return false;
	struct store *from = cli_store(cli, err);
	bool ok = from && (cli->is_dry_run ? move_dry(cli, from, err) : move_to(cli, from, address, err));
	store_close(from);
	close(lock);
	return ok;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands `doctor` and `themes`: what works, what does not, and what to do. */
#include "client/base/mem.h"
#include "client/base/proc.h"
#include "client/base/when.h"
#include "client/sync/sync.h"
#include "tui/cli.h"
#include "tui/screen.h"
#include "tui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const struct column columns[] = {
	{.key = "state", .type = COLUMN_STATE},
	{.key = "subject", .type = COLUMN_NAME, .width = 30},
	{.key = "message", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 90},
	{.key = "remedy", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 70},
};
enum { N_COLUMNS = ARRAY_LEN(columns), MOST_ROWS = 128 };

struct doctor {
	struct cli *cli;
	struct table table;
	bool is_ill;
};

static void note(
	struct doctor *d, const char *state, const char *subject, const char *message, const char *remedy)
{
	if (d->table.result.n_rows == MOST_ROWS)
		return;
	struct value *row = &d->table.result.cells[d->table.result.n_rows++ * N_COLUMNS];
	row[0] = value_text(state);
	row[1] = value_text(subject);
	row[2] = value_text(message);
	row[3] = value_text(remedy);
	d->is_ill |= !strcmp(state, "error");
}

static void check_terminal(struct doctor *d)
{
	struct terminal t = terminal_probe(d->cli->colour ? d->cli->colour : "auto");
	const char *term = getenv("TERM");
	const char *message =
		arena_printf(d->cli->arena, "TERM=%s, %d colours, %s%s", term ? term : "(not set)", t.colours,
			t.is_utf8 ? "UTF-8" : "no UTF-8", t.can_draw ? "" : ", no screen: lists are printed");
	note(d, t.is_utf8 ? "ok" : "stale", "terminal", message, t.is_utf8 ? t.note : "set LANG=C.UTF-8");
}

static void check_config(struct doctor *d)
{
	const struct config *config = d->cli->config;
	if (!config->file) {
		note(d, "stale", "configuration", "none was found; the defaults hold",
			"write portal.yaml: see 'Connect your own' in the README");
		return;
	}
	note(d, "ok", "configuration",
		arena_printf(d->cli->arena, "%s: %zu sources, %zu projects%s", config->file,
			config->n_sources, config->n_projects, config->read_only ? ", read-only" : ""),
		NULL);
}

static void check_helper(struct doctor *d)
{
	const char *path = proc_sibling("porthole-source");
	bool is_there = strchr(path, '/') && access(path, X_OK) == 0;
	note(d, is_there ? "ok" : "error", "porthole-source",
		is_there ? path : "the program that talks to the tools is not there",
		is_there ? NULL : "'make' builds it beside porthole");
}

static const char *secret_of(struct arena *arena, const struct config_secret *secret, bool *is_missing)
{
	if (secret->env) {
		*is_missing = !getenv(secret->env);
		return arena_printf(arena, "from $%s", secret->env);
	}
	if (secret->file) {
		*is_missing = access(secret->file, R_OK) != 0;
		return arena_printf(arena, "from file %s", secret->file);
	}
	return secret->command ? "from a command" : NULL;
}

static void check_secret(struct doctor *d, const struct config_source *source)
{
	bool is_missing = false;
	const char *from = secret_of(d->cli->arena, &source->password, &is_missing);
	if (!from)
		from = secret_of(d->cli->arena, &source->token, &is_missing);
	if (from && is_missing)
		note(d, "error", source->name,
			arena_printf(d->cli->arena, "its secret %s is not there", from),
			"the environment that sync runs in must have it");
}

static bool check_sources(struct doctor *d, struct store *store, struct err *err)
{
	struct result rows;
	if (!store_query(store, "SELECT name, state, error, synced_ms FROM source ORDER BY name", NULL, 0,
		    d->cli->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		struct buf age;
		buf_init(&age, 0);
		when_add_age(&age, result_ms(&rows, i, 3), d->cli->now_ms);
		bool is_now = str_is(buf_str(&age), "now");
		const char *error = result_text(&rows, i, 2);
		note(d, result_text(&rows, i, 1), result_text(&rows, i, 0),
			error ? error
			      : arena_printf(d->cli->arena, "synced %s%s", age.p, is_now ? "" : " ago"),
			NULL);
		buf_fini(&age);
	}
	return true;
}

static void check_catalogue(struct doctor *d)
{
	struct err err;
	const char *address = d->cli->config->catalogue;
	struct store *store = store_open(address, STORE_READ, &err);
	if (!store) {
		bool is_missing = err.code == ERR_NOT_FOUND;
		note(d, is_missing ? "never" : "error", "catalogue", arena_dupz(d->cli->arena, err.msg),
			is_missing		? "'porthole sync' makes it"
			: err.code == ERR_NEWER ? "install the newer porthole"
						: "'porthole sync' sets a damaged file aside");
		return;
	}
	const char *notice = store_notice(store);
	note(d, notice ? "stale" : "ok", "catalogue",
		notice ? arena_dupz(d->cli->arena, notice) : store_shown(d->cli->arena, address), NULL);
	if (!check_sources(d, store, &err))
		note(d, "error", "sources", arena_dupz(d->cli->arena, err.msg), NULL);
	store_close(store);
	note(d, "ok", "sync", sync_is_running(address) ? "at work" : "not running now", NULL);
}

static void check_disk(struct doctor *d)
{
	struct statvfs fs;
	char folder[4096];
	snprintf(folder, sizeof folder, "%s", d->cli->config->catalogue);
	char *slash = strrchr(folder, '/');
	if (slash)
		*slash = 0;
	if (statvfs(*folder ? folder : "/", &fs))
		return;
	unsigned long long free_mb = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
	note(d, free_mb < 100 ? "error" : "ok", "disk",
		arena_printf(d->cli->arena, "%llu MB free for the catalogue", free_mb),
		free_mb < 100 ? "make room: sync cannot store" : NULL);
}

static void print(struct doctor *d)
{
	struct printer printer = cli_printer(d->cli);
	struct table *table = &d->table;
	if (!d->cli->is_json) {
		if (d->cli->is_terminal)
			print_table(&printer, table);
		else
			print_tsv(&printer, table);
		return;
	}
	for (size_t row = 0; row < table->result.n_rows; row++) {
		struct json_writer w = {.out = &d->cli->out};
		json_open(&w, '{');
		for (size_t c = 0; c < N_COLUMNS; c++) {
			json_key(&w, columns[c].key);
			json_put_str(&w, result_at(&table->result, row, c)->s);
		}
		json_close(&w, '}');
		buf_addc(&d->cli->out, '\n');
	}
}

bool cli_doctor(struct cli *cli, int *status, struct err *err)
{
	(void)err;
	struct doctor d = {
		.cli = cli, .table = {.columns = columns, .n_columns = N_COLUMNS, .ref_column = -1}};
	d.table.result = (struct result){.arena = cli->arena,
		.n_columns = N_COLUMNS,
		.cells = arena_array(cli->arena, struct value, MOST_ROWS * N_COLUMNS)};
	check_terminal(&d);
	check_config(&d);
	check_helper(&d);
	for (size_t i = 0; i < cli->config->n_sources; i++)
		check_secret(&d, &cli->config->sources[i]);
	check_disk(&d);
	check_catalogue(&d);
	print(&d);
	*status = d.is_ill ? 1 : 0;
	return true;
}

bool cli_themes(struct cli *cli, int *status, struct err *err)
{
	(void)status;
	(void)err;
	for (const char *const *name = theme_names(); *name; name++)
		buf_addf(&cli->out, "%s\n", *name);
	return true;
}

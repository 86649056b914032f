/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `porthole diff`: what differs between runs, or between the attempts of a step. */
#include "client/base/mem.h"
#include "tui/cli.h"
#include "views/diff.h"
#include "views/json.h"

static bool read_refs(struct cli *cli, struct store *store, struct ref *refs, size_t *n, struct err *err)
{
	*n = (size_t)cli->n_args - 1;
	if (!*n || *n > DIFF_MOST_RUNS)
		return err_set(err, ERR_USAGE, "compare what? 'porthole diff REF [REF…]', at most %d",
			DIFF_MOST_RUNS);
	for (size_t i = 0; i < *n; i++)
		if (!cli_ref(cli, store, cli->args[i + 1], &refs[i], err))
			return false;
	return true;
}

static void print_said(const struct printer *printer, enum role role, const char *text)
{
	struct span span = {role, text};
	print_line(printer, &(struct line){.spans = &span, .n_spans = 1});
}

static void print_diff(struct cli *cli, const struct diff *diff)
{
	struct printer printer = cli_printer(cli);
	if (cli->is_json) {
		json_add_rows(&cli->out, &diff->table);
		return;
	}
	if (cli->is_tsv || !cli->is_terminal) {
		print_tsv(&printer, &diff->table);
		return;
	}
	print_said(&printer, ROLE_HEADING, diff->title);
	print_said(&printer, ROLE_DIM, diff->summary);
	print_table(&printer, &diff->beside);
	if (diff->unreported)
		print_said(&printer, ROLE_DIM, diff->unreported);
}

bool cli_diff(struct cli *cli, int *status, struct err *err)
{
	struct ref refs[DIFF_MOST_RUNS];
	struct diff diff;
	size_t n;
	struct store *store = cli_store_or_mirror(cli, status, err);
	if (!store)
		return false;
	bool ok = read_refs(cli, store, refs, &n, err) && diff_load(store, refs, n, cli->arena, &diff, err);
	if (ok)
		print_diff(cli, &diff);
	store_close(store);
	return ok;
}

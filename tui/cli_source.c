/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `source new` writes a plug-in to start from, `source test` tries one against the protocol, `source guide`
 * is the page about them. */
#include "client/base/clean.h"
#include "client/base/file.h"
#include "client/base/json.h"
#include "client/protocol/conformance.h"
#include "client/protocol/source.h"
#include "tui/cli.h"
#include "tui/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- guide -------------------------------------------------------------------------- */

static struct str page(void)
{
	return embedded_find(STR("docs_embedded/guide/write-a-plug-in.md"));
}

/* One section of it: from its heading to the next. */
static bool find_section(struct cli *cli, const char *name, struct str *out, struct err *err)
{
	struct str all = page(), heading = str_of(arena_printf(cli->arena, "\n## %s\n", name));
	size_t from = str_find(all, heading, 0);
	if (from == SIZE_MAX)
		return err_set(err, ERR_NOT_FOUND, "the guide has no section '%s'", name);
	size_t to = str_find(all, STR("\n## "), from + 1);
	*out = str_slice(all, from + 1, to);
	return true;
}

static bool source_guide(struct cli *cli, struct err *err)
{
	struct str text = page();
	if (cli->n_args > 2 && !find_section(cli, cli->args[2], &text, err))
		return false;
	buf_add(&cli->out, text);
	return true;
}

/* --- new ---------------------------------------------------------------------------- */

/* The program that the page shows: so what it explains and what is written are one. */
static struct str example(void)
{
	const struct str all = page(), opening = STR("```python\n");
	size_t from = str_find(all, opening, 0);
	BUG_ON(from == SIZE_MAX);
	from += opening.n;
	return str_slice(all, from, str_find(all, STR("```\n"), from));
}

static bool is_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *c))
			return false;
	return *name && *name != '-';
}

static bool write_program(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755);
	if (fd < 0)
		return err_set(err, ERR_USAGE, "cannot write '%s': %s", path, strerror(errno));
	bool ok = file_write_all(fd, example());
	int reason = errno;
	ok = close(fd) == 0 && ok;
	if (ok)
		return true;
	unlink(path);
	return err_set(err, ERR_FAILED, "cannot write '%s': %s", path, strerror(reason));
}

static bool source_new(struct cli *cli, struct err *err)
{
	if (cli->n_args != 3)
		return err_set(err, ERR_USAGE, "new what? 'porthole source new NAME'");
	const char *name = cli->args[2];
	if (!is_name(name))
		return err_set(
			err, ERR_USAGE, "'%s' is no name for a source: letters, digits, '_' and '-'", name);
	const char *path = arena_printf(cli->arena, "%s.py", name);
	if (!write_program(path, err))
		return false;
	char *here = get_current_dir_name();
	buf_addf(&cli->out,
		"wrote %s; it works as it stands: porthole source test ./%s\n"
		"for portal.yaml, under sources:\n"
		"  - {name: %s, kind: plugin, command: [python3, \"",
		path, path, name);
	clean_add(&cli->out, str_of(here ? here : "."), CLEAN_NAME);
	buf_addf(&cli->out, "/%s\"]}\nhow it works: porthole source guide\n", path);
	free(here);
	return true;
}

/* --- test --------------------------------------------------------------------------- */

struct report {
	struct cli *cli;
	int n;
};

static void add_note(struct cli *cli, const char *label, struct str text)
{
	buf_addf(&cli->out, "#   %s", label);
	clean_add(&cli->out, text, CLEAN_NAME);
	buf_addc(&cli->out, '\n');
}

/* In the manner of TAP, as it comes: some take their time. */
static void on_check(void *ctx, const struct conformance_check *check)
{
	struct report *report = ctx;
	struct cli *cli = report->cli;
	buf_addf(&cli->out, "%s %d - %s%s%s\n", check->verdict == CONFORMANCE_NOT_OK ? "not ok" : "ok",
		++report->n, check->name, check->verdict == CONFORMANCE_SKIPPED ? " # SKIP " : "",
		check->verdict == CONFORMANCE_SKIPPED ? check->why : "");
	if (check->verdict == CONFORMANCE_NOT_OK) {
		add_note(cli, "", str_of(check->why));
		add_note(cli, "see porthole source guide ", str_of(check->section));
	}
	(void)cli_flush(cli);
}

static void on_said(void *ctx, struct str line)
{
	struct report *report = ctx;
	add_note(report->cli, "it says: ", line);
	(void)cli_flush(report->cli);
}

/* The words as a plug-in that runs here; `json` is what hello tells it. */
static struct config_source source_of(struct cli *cli)
{
	const size_t n = (size_t)cli->n_args - 2;
	const char **command = arena_array(cli->arena, const char *, n + 1);
	struct buf text;
	struct json_writer w = {.out = &text};
	buf_init(&text, 0);
	json_open(&w, '{');
	json_key(&w, "name");
	json_put_str(&w, STR("test"));
	json_key(&w, "kind");
	json_put_str(&w, STR("plugin"));
	json_key(&w, "command");
	json_open(&w, '[');
	for (size_t i = 0; i < n; i++) {
		command[i] = cli->args[i + 2];
		json_put_str(&w, str_of(command[i]));
	}
	json_close(&w, ']');
	json_close(&w, '}');
	struct config_source source = {.name = "test", .kind = "plugin", .command = command};
	source.json = str_of(arena_dup(cli->arena, buf_str(&text)));
	buf_fini(&text);
	return source;
}

/* One word may be a source of the configuration; a broken configuration is told only then. */
static bool find_source(struct cli *cli, struct config_source *out, struct err *err)
{
	const char *word = cli->args[2];
	*out = source_of(cli);
	if (cli->n_args > 3 || strchr(word, '/'))
		return true;
	struct config *config = config_load(cli->config_file, err);
	if (!config)
		return false;
	cli->config = config;
	const struct config_source *source = config_source(config, word);
	if (source)
		*out = *source;
	return true;
}

static bool source_test(struct cli *cli, int *status, struct err *err)
{
	static const struct conformance_ops ops = {.check = on_check, .said = on_said};
	struct report report = {.cli = cli};
	struct config_source source;
	if (cli->n_args < 3)
		return err_set(err, ERR_USAGE,
			"test what? 'porthole source test COMMAND…', or the name of a configured source");
	if (!find_source(cli, &source, err))
		return false;
	/* a command runs here, a configured source where its configuration lies */
	int n_failed = conformance_run(
		source.line ? cli->config : NULL, &source, SOURCE_LIVE_SILENCE_MS, &ops, &report);
	buf_addf(&cli->out, "1..%d\n", report.n);
	*status = n_failed ? 1 : 0;
	return true;
}

bool cli_source(struct cli *cli, int *status, struct err *err)
{
	const char *verb = cli->n_args > 1 ? cli->args[1] : "";
	if (!strcmp(verb, "new"))
		return source_new(cli, err);
	if (!strcmp(verb, "test"))
		return source_test(cli, status, err);
	if (!strcmp(verb, "guide"))
		return source_guide(cli, err);
	return err_set(
		err, ERR_USAGE, "'porthole source new NAME', 'source test COMMAND…' or 'source guide'");
}

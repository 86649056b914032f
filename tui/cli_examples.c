/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `porthole examples`: the pipelines that are linked into this program, to read, to copy out, to compare and
 * to run. An example is a folder below docs_embedded/examples/ with a pipeline.yaml; the folder mlplatform
 * beside them has no such file, and goes along with each of them.
 */
#include "client/base/file.h"
#include "client/base/mem.h"
#include "tui/cli.h"
#include "tui/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER	   "docs_embedded/examples/"
#define SHARED	   "mlplatform"
#define DEFINITION "/pipeline.yaml"
#define NEEDS	   "Needs: "

enum { MOST_FILE = 1 << 20 };

/* The first file of FOLDER behind BEFORE (NULL: of all); NULL where there is none. */
static const struct embedded_file *next_of(const struct embedded_file *before, struct str folder)
{
	const struct embedded_file *file = before ? before + 1 : embedded_files;
	while (file->name && !str_starts(str_of(file->name), folder))
		file++;
	return file->name ? file : NULL;
}

static struct str folder_of(struct arena *arena, const char *name)
{
	return str_of(arena_printf(arena, FOLDER "%s/", name));
}

static bool has_example(struct arena *arena, const char *name)
{
	return !strchr(name, '/') &&
	       embedded_find(str_of(arena_printf(arena, FOLDER "%s" DEFINITION, name))).p;
}

static bool check_name(struct cli *cli, const char *name, struct err *err)
{
	return has_example(cli->arena, name) ||
	       err_set(err, ERR_NOT_FOUND, "there is no example '%s'; see 'porthole examples'", name);
}

static struct str readme(struct arena *arena, const char *name)
{
	return embedded_find(str_of(arena_printf(arena, FOLDER "%s/README.md", name)));
}

/* --- the list ------------------------------------------------------------------------ */

/* The rest of the first line of TEXT that starts with WORD. */
static struct str line_behind(struct str text, struct str word)
{
	struct str line;
	while (str_next(&text, '\n', &line))
		if (str_starts(line, word))
			return str_slice(line, word.n, line.n);
	return (struct str){0};
}

static const struct column columns[] = {
	{.key = "name", .type = COLUMN_NAME, .width = 14},
	{.key = "title", .type = COLUMN_TEXT, .width = 44},
	{.key = "needs", .type = COLUMN_TEXT, .flags = COLUMN_GROWS, .width = 30},
};

static void put_row(struct cli *cli, struct table *table, struct str name)
{
	struct value *row = &table->result.cells[table->result.n_rows++ * ARRAY_LEN(columns)];
	struct str text = readme(cli->arena, arena_dup(cli->arena, name));
	row[0] = value_str(name);
	row[1] = value_str(line_behind(text, STR("# ")));
	row[2] = value_str(line_behind(text, STR(NEEDS)));
}

static void list(struct cli *cli)
{
	static const struct str folder = STR(FOLDER), end = STR(DEFINITION);
	struct table table = {.columns = columns, .n_columns = ARRAY_LEN(columns), .ref_column = -1};
	const struct embedded_file *file = NULL;
	size_t most = 0;
	while ((file = next_of(file, folder)))
		most++;
	table.result = (struct result){.arena = cli->arena,
		.n_columns = ARRAY_LEN(columns),
		.cells = arena_array(cli->arena, struct value, most * ARRAY_LEN(columns) + 1)};
	while ((file = next_of(file, folder))) {
		struct str name = str_of(file->name);
		if (str_ends(name, end))
			put_row(cli, &table, str_slice(name, folder.n, name.n - end.n));
	}
	cli_put_table(cli, &table);
}

/* --- out of the program ---------------------------------------------------------------- */

/* Where FILE goes below DIR. */
static const char *place_of(struct arena *arena, const char *dir, const struct embedded_file *file)
{
	return arena_printf(arena, "%s/%s", dir, file->name + strlen(FOLDER));
}

static bool has_bytes(const char *path, const struct embedded_file *file)
{
	struct buf now;
	buf_init(&now, 0);
	bool is_same = file_read(path, MOST_FILE, &now, NULL) &&
		       str_eq(buf_str(&now), (struct str){file->bytes, file->size});
	buf_fini(&now);
	return is_same;
}

static bool make_folder_of(struct arena *arena, const char *path, struct err *err)
{
	return file_make_dir(arena_dup(arena, (struct str){path, (size_t)(strrchr(path, '/') - path)}), err);
}

static bool write_new(const char *path, const struct embedded_file *file, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(err, errno == EEXIST ? ERR_REFUSED : ERR_FAILED, "cannot make '%s': %s", path,
			strerror(errno));
	size_t done = 0;
	ssize_t n = 0;
	while (done < file->size &&
		((n = write(fd, file->bytes + done, file->size - done)) > 0 || errno == EINTR))
		done += n > 0 ? (size_t)n : 0;
	int failed = done < file->size ? errno : 0;
	if (close(fd) && !failed)
		failed = errno;
	return !failed || err_set(err, ERR_FAILED, "cannot write '%s': %s", path, strerror(failed));
}

/* What is there stays; of what all examples share a copy that somebody changed stays, too. */
static bool copy_file(struct cli *cli, const char *dir, const struct embedded_file *file, struct err *err)
{
	const char *path = place_of(cli->arena, dir, file);
	if (access(path, F_OK) == 0) {
		if (!has_bytes(path, file))
			cli_say("'%s' is another one, and stays", path);
		return true;
	}
	return make_folder_of(cli->arena, path, err) && write_new(path, file, err);
}

static bool copy_folder(struct cli *cli, const char *dir, struct str folder, struct err *err)
{
	const struct embedded_file *file = NULL;
	while ((file = next_of(file, folder)))
		if (!copy_file(cli, dir, file, err))
			return false;
	return true;
}

static bool copy_out(struct cli *cli, const char *name, const char *dir, struct err *err)
{
	const char *own = arena_printf(cli->arena, "%s/%s", dir, name);
	if (access(own, F_OK) == 0)
		return err_set(err, ERR_REFUSED, "'%s' is there already; nothing is overwritten", own);
	if (!copy_folder(cli, dir, folder_of(cli->arena, name), err) ||
		!copy_folder(cli, dir, folder_of(cli->arena, SHARED), err))
		return false;
	cli_put_line(cli, str_of(arena_printf(cli->arena, "porthole run %s" DEFINITION, own)));
	return true;
}

/* --- compared with a copy ------------------------------------------------------------------ */

static bool compare_file(struct cli *cli, const char *dir, const struct embedded_file *file, struct err *err)
{
	const char *path = place_of(cli->arena, dir, file);
	const struct str ours = {file->bytes, file->size};
	struct err why = {0};
	struct buf theirs;
	buf_init(&theirs, 0);
	bool is_there = file_read(path, MOST_FILE, &theirs, &why);
	struct str now = is_there ? (struct str){theirs.p ? theirs.p : "", theirs.n} : (struct str){0};
	bool ok = is_there || why.code == ERR_NOT_FOUND;
	if (ok && !str_eq(now, ours))
		cli_put_difference(cli, file->name + strlen(FOLDER), path, ours, now);
	buf_fini(&theirs);
	if (!ok)
		*err = why;
	return ok;
}

static bool compare_folder(struct cli *cli, const char *dir, struct str folder, struct err *err)
{
	const struct embedded_file *file = NULL;
	while ((file = next_of(file, folder)))
		if (!compare_file(cli, dir, file, err))
			return false;
	return true;
}

/* Files that only the copy has are its owner's own, and no news to them. */
static bool compare(struct cli *cli, const char *name, const char *dir, struct err *err)
{
	const char *own = arena_printf(cli->arena, "%s/%s", dir, name);
	if (access(own, F_OK) != 0)
		return err_set(err, ERR_NOT_FOUND,
			"no '%s': --diff DIR is where 'porthole examples %s --copy DIR' put it", own, name);
	return compare_folder(cli, dir, folder_of(cli->arena, name), err) &&
	       compare_folder(cli, dir, folder_of(cli->arena, SHARED), err);
}

/* --- to be run ---------------------------------------------------------------------------- */

static bool refresh(struct cli *cli, const char *dir, struct str folder, struct err *err)
{
	const struct embedded_file *file = NULL;
	while ((file = next_of(file, folder))) {
		const char *path = place_of(cli->arena, dir, file);
		if (has_bytes(path, file))
			continue;
		if (!make_folder_of(cli->arena, path, err) ||
			!file_write(path, (struct str){file->bytes, file->size}, err))
			return false;
	}
	return true;
}

const char *cli_example_file(struct cli *cli, const char *text, struct err *err)
{
	static const struct str prefix = STR("example:");
	bool is_named = str_starts(str_of(text), prefix);
	const char *name = is_named ? text + prefix.n : text;
	if (!is_named && (access(text, F_OK) == 0 || !has_example(cli->arena, name)))
		return text;
	const char *dir =
		arena_printf(cli->arena, "%s/examples/%s", file_cache_dir(cli->arena), PORTHOLE_VERSION);
	if (!check_name(cli, name, err) || !refresh(cli, dir, folder_of(cli->arena, name), err) ||
		!refresh(cli, dir, folder_of(cli->arena, SHARED), err))
		return NULL;
	return arena_printf(cli->arena, "%s/%s" DEFINITION, dir, name);
}

bool cli_examples(struct cli *cli, int *status, struct err *err)
{
	if (cli->n_args > 2)
		return err_set(err, ERR_USAGE, "examples [NAME] [--copy DIR|--diff DIR]");
	if (cli->n_args < 2 && (cli->copy || cli->diff))
		return err_set(err, ERR_USAGE, "%s: which one? 'porthole examples NAME %s DIR'",
			cli->copy ? "--copy" : "--diff", cli->copy ? "--copy" : "--diff");
	if (cli->copy && cli->diff)
		return err_set(err, ERR_USAGE, "--copy and --diff: one of them");
	if (cli->n_args < 2) {
		list(cli);
		return true;
	}
	const char *name = cli->args[1];
	if (!check_name(cli, name, err))
		return false;
	if (cli->diff)
		return compare(cli, name, cli->diff, err);
	if (!cli->copy)
		return cli_show_page(
			cli, arena_printf(cli->arena, "doc:examples/%s/README", name), status, err);
	if (cli->is_read_only)
		return err_set(err, ERR_REFUSED, "read-only: nothing is copied out");
	return copy_out(cli, name, cli->copy, err);
}

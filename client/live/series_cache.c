/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/live/series_cache.h"

#include "client/base/file.h"
#include "client/base/json.h"
#include "client/base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".jsonl"

/* --- where -------------------------------------------------------------------------- */

/* FNV-1a, twice from different starts: a name nobody can steer out of the folder. */
static uint64_t hash_of(struct str text, uint64_t hash)
{
	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static char *make_path(const char *dir, const struct series_key *key)
{
	struct ref run = *key->run;
	run.kind = REF_RUN;
	run.step = run.index = NULL;
	run.attempt = 0;
	struct buf text;
	buf_init(&text, 0);
	ref_add(&text, &run);
	buf_addf(
		&text, "\n%s\n%lld\n%lld", key->metric, (long long)key->max_points, (long long)key->ended_ms);
	struct str name = buf_str(&text);
	char *path = x_printf("%s/%016llx%016llx" SUFFIX, dir,
		(unsigned long long)hash_of(name, UINT64_C(0xcbf29ce484222325)),
		(unsigned long long)hash_of(name, UINT64_C(0x84222325cbf29ce4)));
	buf_fini(&text);
	return path;
}

/* --- reading ------------------------------------------------------------------------ */

/* Cuts off the last line; whether it says that all before it is there. */
static bool cut_end(struct str *lines)
{
	struct str all = *lines;
	if (!str_ends(all, STR("}\n")))
		return false;
	size_t at = all.n - 1;
	while (at > 0 && all.p[at - 1] != '\n')
		at--;
	int64_t size = -1;
	struct json_doc *doc = json_parse(str_slice(all, at, all.n), NULL);
	json_int(json_get(json_root(doc), "end"), &size);
	json_free(doc);
	*lines = str_slice(all, 0, at);
	return size == (int64_t)at;
}

static void read_point(struct str line, void (*point)(void *ctx, const struct source_point *point), void *ctx)
{
	struct json_doc *doc = json_parse(line, NULL);
	const struct json *root = json_root(doc);
	struct source_point p = {.step = -1, .time_ms = TIME_NONE, .value = NAN};
	char *metric = x_printf("%.*s", STR_FMT(json_get_str(root, "metric")));
	p.metric = metric;
	json_int(json_get(root, "step"), &p.step);
	json_int(json_get(root, "time_ms"), &p.time_ms);
	json_num(json_get(root, "value"), &p.value);
	point(ctx, &p);
	x_free(metric);
	json_free(doc);
}

bool series_cache_read(const char *dir, const struct series_key *key,
	void (*point)(void *ctx, const struct source_point *point), void *ctx)
{
	char *path = make_path(dir, key);
	struct buf file;
	buf_init(&file, SERIES_MOST_FILE + 100);
	bool is_there = file_read(path, file.max, &file, NULL);
	struct str lines = buf_str(&file), line;
	is_there = is_there && cut_end(&lines);
	while (is_there && str_next(&lines, '\n', &line))
		if (line.n)
			read_point(line, point, ctx);
	buf_fini(&file);
	x_free(path);
	return is_there;
}

/* --- writing ------------------------------------------------------------------------ */

void series_cache_add(struct buf *lines, const struct source_point *point)
{
	struct json_writer w = {.out = lines};
	json_open(&w, '{');
	json_key(&w, "metric");
	json_put_str(&w, str_of(point->metric));
	json_key(&w, "step");
	json_put_int(&w, point->step);
	json_key(&w, "time_ms");
	json_put_ms(&w, point->time_ms);
	json_key(&w, "value");
	json_put_num(&w, point->value);
	json_close(&w, '}');
	buf_addc(lines, '\n');
}

/* The oldest file of FOLDER, and how many bytes all of them have. */
static int64_t look_through(int folder, char *oldest, size_t cap)
{
	int64_t total = 0, oldest_s = INT64_MAX;
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = copy < 0 ? NULL : fdopendir(copy);
	if (!all) {
		if (copy >= 0)
			close(copy);
		return 0;
	}
	for (const struct dirent *entry = readdir(all); entry; entry = readdir(all)) {
		struct stat st;
		if (!str_ends(str_of(entry->d_name), STR(SUFFIX)) ||
			fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		total += st.st_size;
		if (st.st_mtime < oldest_s) {
			oldest_s = st.st_mtime;
			snprintf(oldest, cap, "%s", entry->d_name);
		}
	}
	closedir(all);
	return total;
}

/* Makes room for MORE bytes. Several portals may do so at once: a file that is gone is none. */
static void make_room(const char *dir, int64_t more)
{
	char oldest[256] = "";
	int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return;
	while (look_through(folder, oldest, sizeof oldest) + more > SERIES_MOST_FOLDER && *oldest) {
		if (unlinkat(folder, oldest, 0) < 0)
			break;
		*oldest = '\0';
	}
	close(folder);
}

void series_cache_write(const char *dir, const struct series_key *key, struct str lines)
{
	if (lines.n > SERIES_MOST_FILE || !file_make_dir(dir, NULL))
		return;
	make_room(dir, (int64_t)lines.n);
	char *path = make_path(dir, key);
	struct buf file;
	buf_init(&file, SERIES_MOST_FILE + 100);
	buf_add(&file, lines);
	buf_addf(&file, "{\"end\":%zu}\n", lines.n);
	(void)file_write(path, buf_str(&file), NULL);
	buf_fini(&file);
	x_free(path);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/backup.h"

#include "client/base/clock.h"
#include "client/base/file.h"
#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/catalogue/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BACKUP_VERSION = 1, WRITE_BYTES = 1 << 20, MOST_LINE = JSON_MOST_BYTES };

/* FNV-1a over 64 bits: it finds damage, not malice. */
static uint64_t add_to_sum(uint64_t sum, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		sum = (sum ^ (unsigned char)bytes.p[i]) * UINT64_C(0x100000001b3);
	return sum;
}
static const uint64_t empty_sum = UINT64_C(0xcbf29ce484222325);

static bool fail_to_read(struct err *err, const char *file)
{
	int number = errno;
	return err_set(err, number == ENOENT ? ERR_NOT_FOUND : ERR_FAILED, "cannot read '%s': %s", file,
		strerror(number));
}

static bool fail_to_write(struct err *err, const char *file)
{
	int number = errno;
	bool is_full = number == ENOSPC || number == EDQUOT || number == EFBIG;
	return err_set(err, is_full ? ERR_FULL : ERR_FAILED, "cannot write '%s': %s", file, strerror(number));
}
/* --- writing -------------------------------------------------------------------------- */

struct backup_writer {
	const char *file; /* for messages */
	int fd;
	uint64_t sum;
	struct buf lines; /* not written yet */
	struct backup_facts *facts;
};

static bool flush(struct backup_writer *w, struct err *err)
{
	struct str rest = buf_str(&w->lines);
	w->sum = add_to_sum(w->sum, rest);
	while (rest.n) {
		ssize_t n = write(w->fd, rest.p, rest.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_to_write(err, w->file);
		rest = str_slice(rest, (size_t)n, rest.n);
	}
	buf_reset(&w->lines);
	return true;
}

static void put_real(struct json_writer *json, double value)
{
	if (isfinite(value)) {
		json_put_num(json, value);
		return;
	}
	json_open(json, '{');
	json_key(json, "real");
	json_put_num(json, value);
	json_close(json, '}');
}

static void put_value(struct json_writer *json, const struct value *value)
{
	switch (value->type) {
	case VALUE_INT:
		json_put_int(json, value->i);
		break;
	case VALUE_REAL:
		put_real(json, value->r);
		break;
	case VALUE_TEXT:
		json_put_str(json, value->s);
		break;
	case VALUE_NULL:
		json_put_null(json);
		break;
	}
}

static void add_head(struct backup_writer *w)
{
	struct json_writer json = {.out = &w->lines};
	json_open(&json, '{');
	json_key(&json, "porthole_backup");
	json_put_int(&json, BACKUP_VERSION);
	json_key(&json, "schema");
	json_put_int(&json, w->facts->schema);
	json_key(&json, "written_ms");
	json_put_int(&json, w->facts->written_ms);
	json_key(&json, "porthole");
	json_put_str(&json, STR(PORTHOLE_VERSION));
	json_close(&json, '}');
	buf_addc(&w->lines, '\n');
}

static void add_table_head(struct backup_writer *w, const struct store_table *table)
{
	struct json_writer json = {.out = &w->lines};
	json_open(&json, '{');
	json_key(&json, "table");
	json_put_str(&json, str_of(table->name));
	json_key(&json, "columns");
	json_open(&json, '[');
	for (size_t i = 0; i < table->n_columns; i++)
		json_put_str(&json, str_of(table->columns[i]));
	json_close(&json, ']');
	json_close(&json, '}');
	buf_addc(&w->lines, '\n');
}

static bool add_rows(struct backup_writer *w, const struct result *rows, struct err *err)
{
	for (size_t row = 0; row < rows->n_rows; row++) {
		struct json_writer json = {.out = &w->lines};
		json_open(&json, '[');
		for (size_t i = 0; i < rows->n_columns; i++)
			put_value(&json, result_at(rows, row, i));
		json_close(&json, ']');
		buf_addc(&w->lines, '\n');
		if (w->lines.n >= WRITE_BYTES && !flush(w, err))
			return false;
	}
	return true;
}

static bool add_table(struct backup_writer *w, struct store *store, const struct store_table *table, size_t i,
	struct err *err)
{
	struct table_walk walk;
	struct result rows = {.n_rows = 1};
	bool ok = true;
	add_table_head(w, table);
	table_walk_init(&walk, store, table);
	while (ok && rows.n_rows) {
		ok = table_walk_next(&walk, &rows, err) && add_rows(w, &rows, err);
		w->facts->table_rows[i] += ok ? (int64_t)rows.n_rows : 0;
	}
	table_walk_fini(&walk);
	w->facts->rows += w->facts->table_rows[i];
	return ok;
}

static bool add_tables(struct backup_writer *w, struct store *store, struct err *err)
{
	size_t n;
	const struct store_table *tables = store_tables(&n);
	BUG_ON(n > ARRAY_LEN(w->facts->table_rows));
	for (size_t i = 0; i < n; i++)
		if (store_table_is_team(&tables[i]) && !add_table(w, store, &tables[i], i, err))
			return false;
	return true;
}

static bool add_end(struct backup_writer *w, struct err *err)
{
	if (!flush(w, err))
		return false;
	buf_addf(&w->lines, "{\"end\":true,\"rows\":%lld,\"sum\":\"%016llx\"}\n", (long long)w->facts->rows,
		(unsigned long long)w->sum);
	return flush(w, err) && (fsync(w->fd) == 0 || fail_to_write(err, w->file));
}

static bool write_all(struct backup_writer *w, struct store *store, struct err *err)
{
	if (!store_begin_read(store, err))
		return false;
	add_head(w);
	bool ok = add_tables(w, store, err);
	store_rollback(store);
	return ok && add_end(w, err);
}

bool backup_write(struct store *store, const char *file, struct backup_facts *out, struct err *err)
{
	*out = (struct backup_facts){
		.written_ms = clock_now_ms(), .schema = (int64_t)schema_team.n_migrations};
	char *temp = x_printf("%s.XXXXXX", file);
	struct backup_writer w = {.file = file, .sum = empty_sum, .facts = out};
	w.fd = mkostemp(temp, O_CLOEXEC); /* mode 0600 */
	buf_init(&w.lines, (size_t)MOST_LINE + WRITE_BYTES);
	bool ok = w.fd >= 0 || fail_to_write(err, file);
	ok = ok && write_all(&w, store, err);
	if (w.fd >= 0 && close(w.fd) != 0 && ok)
		ok = fail_to_write(err, file);
	ok = ok && (rename(temp, file) == 0 || fail_to_write(err, file));
	if (!ok && w.fd >= 0)
		unlink(temp);
	buf_fini(&w.lines);
	x_free(temp);
	return ok && file_sync_folder_of(file, err);
}

/* --- reading -------------------------------------------------------------------------- */

/* One walk through a file: STORE NULL only checks it. */
struct backup_reader {
	const char *file;
	FILE *stream;
	struct store *store;
	struct backup_facts *facts;
	struct arena *arena; /* of the rows that wait to be stored */
	uint64_t sum;
	int64_t line;
	struct buf text; /* the line at hand */
	char chunk[64 << 10];
	size_t chunk_at, chunk_n;
	const struct store_table *table; /* whose rows come now */
	size_t table_at;
	const char *columns[64];
	size_t n_columns;
	struct value *rows; /* TABLE_PAGE × n_columns */
	size_t n_rows;
	bool is_over; /* the last line was there */
};

static bool damaged(const struct backup_reader *r, struct err *err, const char *what)
{
	return err_set(err, ERR_FAILED, "backup '%s', line %lld: %s: it is damaged, take another one",
		r->file, (long long)r->line, what);
}

static bool store_rows(struct backup_reader *r, struct err *err)
{
	if (r->store && r->n_rows &&
		!store_load(r->store, r->table->name, r->columns, r->n_columns, r->rows, r->n_rows, err))
		return false;
	r->n_rows = 0;
	arena_reset(r->arena);
	r->rows = r->table ? arena_array(r->arena, struct value, r->n_columns * TABLE_PAGE) : NULL;
	return true;
}

static bool read_head(struct backup_reader *r, const struct json *head, struct err *err)
{
	int64_t version;
	if (!json_int(json_get(head, "porthole_backup"), &version) ||
		!json_int(json_get(head, "schema"), &r->facts->schema) ||
		!json_int(json_get(head, "written_ms"), &r->facts->written_ms))
		return err_set(err, ERR_FAILED, "'%s' is no backup of porthole", r->file);
	if (version > BACKUP_VERSION || r->facts->schema > (int64_t)schema_team.n_migrations)
		return err_set(err, ERR_NEWER,
			"backup '%s' was written by a newer porthole (schema %lld, this one knows %zu): upgrade this one",
			r->file, (long long)r->facts->schema, schema_team.n_migrations);
	return true;
}

/* The name of a column of the table, as the table itself spells it: names from a file never reach SQL. */
static const char *own_name(const struct store_table *table, struct str name)
{
	for (size_t i = 0; i < table->n_columns; i++)
		if (str_is(name, table->columns[i]))
			return table->columns[i];
	return NULL;
}

static bool read_table(struct backup_reader *r, const struct json *head, struct err *err)
{
	size_t n;
	const struct store_table *table = store_table(json_get_str(head, "table"));
	const struct json *columns = json_get(head, "columns");
	if (!store_rows(r, err))
		return false;
	if (!table || !store_table_is_team(table) || json_len(columns) > table->n_columns ||
		!json_len(columns))
		return damaged(r, err, "a table that the team store does not have");
	r->table = table;
	r->table_at = (size_t)(table - store_tables(&n));
	r->n_columns = json_len(columns);
	for (size_t i = 0; i < r->n_columns; i++) {
		r->columns[i] = own_name(table, json_str(json_at(columns, i)));
		if (!r->columns[i])
			return damaged(r, err, "a column that its table does not have");
	}
	r->rows = arena_array(r->arena, struct value, r->n_columns * TABLE_PAGE);
	return true;
}

static bool read_value(struct backup_reader *r, const struct json *json, struct value *out)
{
	switch (json_type(json)) {
	case JSON_NULL:
		*out = (struct value){.type = VALUE_NULL};
		return true;
	case JSON_INT:
		*out = (struct value){.type = VALUE_INT};
		return json_int(json, &out->i);
	case JSON_REAL:
		*out = (struct value){.type = VALUE_REAL};
		return json_num(json, &out->r);
	case JSON_TEXT:
		*out = value_str((struct str){arena_dup(r->arena, json_str(json)), json_str(json).n});
		return true;
	case JSON_OBJECT:
		*out = (struct value){.type = VALUE_REAL};
		return json_num(json_get(json, "real"), &out->r);
	default:
		return false;
	}
}

static bool read_row(struct backup_reader *r, const struct json *row, struct err *err)
{
	if (!r->table || json_len(row) != r->n_columns)
		return damaged(r, err, "a row that fits no table");
	for (size_t i = 0; i < r->n_columns; i++)
		if (!read_value(r, json_at(row, i), &r->rows[r->n_rows * r->n_columns + i]))
			return damaged(r, err, "a value of an unknown kind");
	r->facts->rows++;
	r->facts->table_rows[r->table_at]++;
	return ++r->n_rows < TABLE_PAGE || store_rows(r, err);
}

static bool read_end(struct backup_reader *r, const struct json *end, struct err *err)
{
	int64_t rows;
	char sum[17];
	snprintf(sum, sizeof sum, "%016llx", (unsigned long long)r->sum);
	if (!json_int(json_get(end, "rows"), &rows) || rows != r->facts->rows ||
		!str_is(json_get_str(end, "sum"), sum))
		return damaged(r, err, "its sum does not fit what stands before");
	r->is_over = true;
	return store_rows(r, err);
}

static bool read_line(struct backup_reader *r, struct str line, struct err *err)
{
	struct json_doc *doc = json_parse(line, NULL);
	const struct json *root = doc ? json_root(doc) : NULL;
	bool ok;
	if (r->is_over)
		ok = damaged(r, err, "something behind its end");
	else if (r->line == 1)
		ok = read_head(r, root, err);
	else if (json_type(root) == JSON_ARRAY)
		ok = read_row(r, root, err);
	else if (json_get(root, "table"))
		ok = read_table(r, root, err);
	else if (json_get(root, "end"))
		ok = read_end(r, root, err);
	else
		ok = damaged(r, err, "not what a backup holds");
	json_free(doc);
	return ok;
}

static bool fill_chunk(struct backup_reader *r)
{
	r->chunk_at = 0;
	r->chunk_n = fread(r->chunk, 1, sizeof r->chunk, r->stream);
	return r->chunk_n > 0;
}

/* Takes the next line, with its end, as far as a line may go; false where there is none. */
static bool next_line(struct backup_reader *r)
{
	buf_reset(&r->text);
	while (r->chunk_at < r->chunk_n || fill_chunk(r)) {
		struct str rest = {r->chunk + r->chunk_at, r->chunk_n - r->chunk_at};
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) + 1 : rest.n;
		buf_add(&r->text, str_slice(rest, 0, n));
		r->chunk_at += n;
		if (end || r->text.is_over)
			return true;
	}
	return r->text.n > 0;
}

static bool read_lines(struct backup_reader *r, struct err *err)
{
	while (next_line(r)) {
		r->line++;
		if (r->text.is_over)
			return damaged(r, err, "a line of over 16 MiB");
		if (!read_line(r, buf_str(&r->text), err))
			return false;
		r->sum = add_to_sum(r->sum, buf_str(&r->text));
	}
	if (ferror(r->stream))
		return fail_to_read(err, r->file);
	if (r->line == 0)
		return err_set(err, ERR_FAILED, "'%s' is empty: no backup of porthole", r->file);
	return r->is_over ||
	       err_set(err, ERR_FAILED,
		       "backup '%s' is incomplete: it ends after line %lld without its last line", r->file,
		       (long long)r->line);
}

static bool walk_file(struct store *store, const char *file, struct backup_facts *out, struct err *err)
{
	*out = (struct backup_facts){0};
	int fd = file_open(file, err); /* it is read twice: a pipe would be empty by then */
	if (fd < 0)
		return false;
	struct backup_reader *r = x_new(struct backup_reader);
	*r = (struct backup_reader){
		.file = file, .store = store, .facts = out, .sum = empty_sum, .arena = arena_new()};
	buf_init(&r->text, MOST_LINE);
	r->stream = fdopen(fd, "r");
	bool ok = r->stream ? read_lines(r, err) : fail_to_read(err, file);
	if (r->stream)
		fclose(r->stream);
	else
		close(fd);
	buf_fini(&r->text);
	arena_free(r->arena);
	x_free(r);
	return ok;
}

bool backup_check(const char *file, struct backup_facts *out, struct err *err)
{
	return walk_file(NULL, file, out, err);
}

bool backup_load(struct store *store, const char *file, struct backup_facts *out, struct err *err)
{
	return walk_file(store, file, out, err);
}

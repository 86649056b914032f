/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that somebody else may have touched: a backup with a right sum, and declarations for everybody. */
#include "client/base/mem.h"
#include "client/catalogue/backup.h"
#include "client/catalogue/declared.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct store *store;
static char folder[] = "/tmp/fuzz_backup.XXXXXX";
static char *path;

static void leave(void)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".team", ".lock", ".writer"};
	store_close(store);
	unlink(path);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		char *file = x_printf("%s/x.db%s", folder, ends[i]);
		unlink(file);
		x_free(file);
	}
	rmdir(folder);
	x_free(path);
}

static void enter(void)
{
	struct err err = {0};
	BUG_ON(!mkdtemp(folder));
	path = x_printf("%s/backup", folder);
	char *address = x_printf("%s/x.db", folder);
	store = store_open(address, STORE_SYNC, &err);
	BUG_ON(!store);
	x_free(address);
	atexit(leave);
}

/* The file with DATA and a last line that vouches for it. */
static void write_summed(struct str data)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	long long rows = 0;
	for (size_t i = 0; i < data.n; i++) {
		sum = (sum ^ (unsigned char)data.p[i]) * UINT64_C(0x100000001b3);
		rows += data.p[i] == '\n' && i + 1 < data.n && data.p[i + 1] == '[';
	}
	FILE *file = fopen(path, "w");
	BUG_ON(!file);
	fwrite(data.p, 1, data.n, file);
	fprintf(file, "{\"end\":true,\"rows\":%lld,\"sum\":\"%016llx\"}\n", rows, (unsigned long long)sum);
	BUG_ON(fclose(file));
}

/* Either it is sound, or ERR says what is wrong; what the store refuses of it is taken back whole. */
static void try_backup(struct str text)
{
	struct backup_facts facts;
	struct err err = {0};
	if (!path)
		enter();
	write_summed(text);
	if (!backup_check(path, &facts, &err)) {
		BUG_ON(!err.code || !*err.msg);
		return;
	}
	BUG_ON(!store_begin(store, &err));
	if (!backup_load(store, path, &facts, &err))
		BUG_ON(!err.code || !*err.msg);
	store_rollback(store);
}

static void try_declared(struct str text)
{
	struct declared_plan plan = {.arena = arena_new()};
	struct err err = {0};
	if (!declared_read(&plan, "team.yaml", text, &err))
		BUG_ON(!err.code || !*err.msg);
	arena_free(plan.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = {(const char *)data, size};
	try_declared(text);
	try_backup(text);
	return 0;
}

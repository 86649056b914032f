/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine on two SQLite files: the catalogue is the connection's main schema,
 * the team store is attached as `team`. Settings and their reasons: safety.md
 * section 3. The one that shapes this file: SQLite 3.7.0 to 3.51.2 may damage a
 * file in WAL mode when one connection checkpoints while another resets the log.
 * So one connection in the system checkpoints the catalogue, that of STORE_SYNC,
 * which holds a lock on ADDRESS.writer; and the team store, which many write, keeps
 * a rollback journal. A transaction over both is atomic in each file alone: a kill
 * between the two commits, and that is a disk flush long, leaves the catalogue's part
 * without the team store's, never the other way round.
 */
#include "client/base/clock.h"
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/catalogue/migrate.h"
#include "client/catalogue/store_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	ID_CATALOGUE = 0x50484f43, /* application_id: "PHOC" and "PHOT" */
	ID_TEAM = 0x50484f54,
	CACHED_STATEMENTS = 64,
	BUSY_TRIES = 2500,   /* of BUSY_WAIT_MS: five seconds */
	BUSY_WAIT_MS = 2,    /* short: sync lets go for less than a millisecond between its batches */
	STOP_OPCODES = 1000, /* of SQLite's machine between two looks at whether to stop: some 20 µs */
	MOST_VALUE = 16 << 20,
	MOST_SQL = 1 << 20,
	MOST_COLUMNS = 200,
	MOST_RESULT = 64 << 20,
	LONG_LOG_PAGES = 16384, /* 64 MB of write-ahead log: worth waiting for its readers */
	LOG_PAGES = 12288,	/* 48 MB: worth a checkpoint between two batches */
};
static const int64_t CHECK_EVERY_MS = 24 * 3600 * INT64_C(1000);

struct cached {
	const char *sql; /* where the text stood: most are literals, and found by it */
	uint64_t hash, used;
	sqlite3_stmt *stmt; /* NULL: a free slot */
	bool is_in_order;   /* its parameters are $1, $2 … as they stand */
};

struct sqlite {
	struct store store;
	sqlite3 *db;
	char *address, *team; /* paths */
	int lock;	      /* of the writer; -1: none */
	bool is_immutable;    /* on a read-only disk: without locks and log */
	bool is_team_missing; /* an empty one in memory stands for it */
	struct stat opened;   /* the catalogue, as it was when opened as immutable */
	atomic_bool is_interrupted;
	int log_pages;		  /* of the write-ahead log after our last commit */
	int64_t version, seen[3]; /* what the version was made from: see sq_version */
	uint64_t tick;
	struct cached cache[CACHED_STATEMENTS];
};

static struct sqlite *of(struct store *store)
{
	return (struct sqlite *)store;
}

/* --- errors --------------------------------------------------------------------- */

static bool is_full(int number)
{
	return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

/* Why the last write to the log failed, or 0: when a COMMIT returns, SQLite itself has forgotten it. */
static int errno_of_log(sqlite3 *db)
{
	sqlite3_file *log = NULL;
	int number = 0;
	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log &&
		log->pMethods)
		log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
	return number;
}

static enum err_code code_of(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return ERR_UNAVAILABLE;
	case SQLITE_INTERRUPT:
		return ERR_CANCELLED;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_CORRUPT;
	case SQLITE_FULL:
		return ERR_FULL;
	case SQLITE_IOERR:
		return is_full(sqlite3_system_errno(db)) || is_full(errno_of_log(db)) ? ERR_FULL : ERR_FAILED;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return ERR_REFUSED;
	default:
		return ERR_FAILED;
	}
}

/* Sets ERR from the last thing that failed on DB. */
static bool fail_on(sqlite3 *db, const char *path, struct err *err)
{
	int rc = sqlite3_extended_errcode(db);
	bool is_io = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;
	int number = is_io ? sqlite3_system_errno(db) : 0;
	return err_set(err, code_of(db, rc), "'%s': %s%s%s", path, sqlite3_errmsg(db), number ? ": " : "",
		number ? strerror(number) : "");
}

static bool must_stop(const struct sqlite *s)
{
	return s->is_interrupted || (s->store.stop && *s->store.stop);
}

/* A file beside the catalogue: whoever met damage asks the next sync to look for it. */
static char *suspicion(const struct sqlite *s)
{
	return x_printf("%s.suspect", s->address);
}

static void suspect(const struct sqlite *s)
{
	char *path = suspicion(s);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0) /* a reader who may not write leaves it to the daily search */
		close(fd);
	x_free(path);
}

static bool fail(struct sqlite *s, struct err *err)
{
	int rc = sqlite3_extended_errcode(s->db);
	if (code_of(s->db, rc) == ERR_CORRUPT)
		suspect(s);
	if (code_of(s->db, rc) == ERR_CORRUPT || rc == SQLITE_READONLY_DBMOVED)
		s->store.is_lost = true;
	if ((rc & 0xff) == SQLITE_BUSY && must_stop(s))
		return err_set(err, ERR_CANCELLED, "'%s': interrupted", s->address);
	return fail_on(s->db, s->address, err);
}

static void add_notice(struct sqlite *s, char *text)
{
	char *before = s->store.notice;
	s->store.notice = before ? x_printf("%s; %s", before, text) : x_strdup(text);
	x_free(before);
	x_free(text);
}

/* --- plain statements on a connection ------------------------------------------- */

static bool run(void *db, const char *sql, struct err *err)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	return fail_on(db, sqlite3_db_filename(db, "main"), err);
}

/* Runs a query of one number; *OUT is -1 where it gives no row. */
static bool ask_int(sqlite3 *db, const char *sql, int64_t *out, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	*out = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE || fail_on(db, sqlite3_db_filename(db, "main"), err);
	sqlite3_finalize(stmt);
	return ok;
}

/* The schema's version; 0 where there is no table of facts yet. */
static bool ask_version(sqlite3 *db, const char *sql, int64_t *out, struct err *err)
{
	if (ask_int(db, sql, out, err)) {
		*out = *out < 0 ? 0 : *out;
		return true;
	}
	*out = 0;
	if (sqlite3_errcode(db) != SQLITE_ERROR)
		return false;
	if (err)
		err_clear(err); /* expected, and no reason for anything that fails later */
	return true;
}

static bool version_of_main(void *db, int64_t *out, struct err *err)
{
	return ask_version(db, "SELECT value FROM main.meta WHERE key = 'schema'", out, err);
}

static bool version_of_team(void *db, int64_t *out, struct err *err)
{
	return ask_version(db, "SELECT value FROM team.meta WHERE key = 'schema'", out, err);
}

/* --- connecting ------------------------------------------------------------------- */

/* PATH as an address that SQLite reads with QUERY behind it. */
static char *uri_of(const char *path, const char *query)
{
	struct buf uri;
	buf_init(&uri, 0);
	buf_addz(&uri, path[0] == '/' ? "file://" : "file:");
	for (const char *p = path; *p; p++) {
		if (strchr("%?#", *p))
			buf_addf(&uri, "%%%02X", (unsigned char)*p);
		else
			buf_addc(&uri, *p);
	}
	buf_addf(&uri, "?%s", query);
	char *text = x_strdup(uri.p);
	buf_fini(&uri);
	return text;
}

/* SQLite asks again and again while another process holds a lock. */
static int wait_for_lock(void *ctx, int tries)
{
	struct sqlite *s = ctx;
	if (tries >= BUSY_TRIES || must_stop(s))
		return 0;
	nanosleep(&(struct timespec){.tv_nsec = BUSY_WAIT_MS * 1000000L}, NULL);
	return 1;
}

/* SQLite asks now and then while a statement runs. */
static int ask_stop(void *ctx)
{
	return must_stop(ctx);
}

/* No statement here but one of flags: readers open on the way to the first screen. */
static bool configure(struct sqlite *s, sqlite3 *db, struct err *err)
{
	const struct {
		int option, value;
	} options[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
		{SQLITE_DBCONFIG_ENABLE_FKEY, 1},
		{SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, s->store.mode != STORE_SYNC},
	};
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (sqlite3_db_config(db, options[i].option, options[i].value, (int *)NULL) != SQLITE_OK)
			return fail_on(db, s->address, err);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, MOST_VALUE);
	sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, MOST_SQL);
	sqlite3_limit(db, SQLITE_LIMIT_COLUMN, MOST_COLUMNS);
	sqlite3_wal_autocheckpoint(db, 0);
	sqlite3_busy_handler(db, wait_for_lock, s);
	sqlite3_progress_handler(db, STOP_OPCODES, ask_stop, s);
	return run(db, "PRAGMA cell_size_check = ON; PRAGMA temp_store = FILE", err);
}

/* Before SQLite's first use: counting its memory costs a tenth of the time in which a file opens; pages are
 * allocated one by one, for what is allocated ahead is touched too. */
static void configure_library(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

static sqlite3 *connect_to(struct sqlite *s, const char *path, const char *query, struct err *err)
{
	/* Opened for writing even where the query says mode=ro: what is attached later may ask for no more
	 * than this. Without a mutex: a store belongs to one thread. */
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	sqlite3 *db = NULL;
	char *uri = uri_of(path, query);
	int rc = sqlite3_open_v2(uri, &db, flags, NULL);
	x_free(uri);
	if (!db)
		die("out of memory");
	if (rc == SQLITE_OK && configure(s, db, err))
		return db;
	if (rc != SQLITE_OK && sqlite3_system_errno(db) == ENOENT)
		err_set(err, ERR_NOT_FOUND, "there is no '%s' yet; 'porthole sync' makes it", path);
	else if (rc != SQLITE_OK)
		fail_on(db, path, err);
	sqlite3_close(db);
	return NULL;
}

static void disconnect(struct sqlite *s)
{
	for (size_t i = 0; i < CACHED_STATEMENTS; i++) {
		sqlite3_finalize(s->cache[i].stmt);
		s->cache[i] = (struct cached){0};
	}
	int rc = sqlite3_close(s->db);
	BUG_ON(rc == SQLITE_BUSY); /* a statement that is not in the cache was left open */
	s->db = NULL;
}

/* --- the team store --------------------------------------------------------------- */

static bool migrate_file(sqlite3 *db, int application_id, const struct schema *schema, struct err *err)
{
	char *begin = x_printf("BEGIN IMMEDIATE; PRAGMA application_id = %d; PRAGMA user_version = %zu",
		application_id, schema->n_migrations);
	struct migrate_engine engine = {
		.db = db,
		.begin = begin,
		.serial_key = "INTEGER PRIMARY KEY",
		.clustered = "WITHOUT ROWID",
		.serial_part = "INTEGER PRIMARY KEY",
		.partitioned = "",
		.is_sqlite = true,
		.version = version_of_main,
		.run = run,
	};
	bool ok = migrate(&engine, schema, err);
	x_free(begin);
	return ok;
}

/* An empty team store, as the bytes of its file (from SQLite's heap). */
static unsigned char *make_empty_team(sqlite3_int64 *size, struct err *err)
{
	sqlite3 *db = NULL;
	unsigned char *bytes = NULL;
	if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		fail_on(db, "team store", err);
	else if (migrate_file(db, ID_TEAM, &schema_team, err)) {
		bytes = sqlite3_serialize(db, "main", size, 0);
		if (!bytes)
			die("out of memory");
	}
	sqlite3_close(db);
	return bytes;
}

/* What stands for a team store that cannot be read: the same tables, empty, and
 * read-only, so that nobody's note is taken and then lost. */
static bool attach_empty_team(struct sqlite *s, struct err *err)
{
	sqlite3_int64 size;
	unsigned char *bytes = make_empty_team(&size, err);
	if (!bytes)
		return false;
	if (!run(s->db, "ATTACH ':memory:' AS team", err)) {
		sqlite3_free(bytes);
		return false;
	}
	unsigned int flags = SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_READONLY;
	if (sqlite3_deserialize(s->db, "team", bytes, size, size, flags) != SQLITE_OK)
		return fail(s, err);
	s->is_team_missing = true;
	return true;
}

/* Attaches the file and looks at its version. */
static bool attach_team_file(struct sqlite *s, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	char *uri = uri_of(s->team, "mode=rw");
	int rc = sqlite3_prepare_v2(s->db, "ATTACH $1 AS team", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(stmt, 1, uri, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	x_free(uri);
	if (rc != SQLITE_DONE)
		return fail_on(s->db, s->team, err);

	int64_t version;
	if (!version_of_team(s->db, &version, err))
		return false;
	if (version == 0)
		return err_set(err, ERR_NOT_FOUND, "nothing is in it yet");
	return schema_check(&schema_team, version, err);
}

/* Whether a reader goes on without the team store for this error. */
static bool can_do_without(const struct err *err)
{
	return err->code == ERR_NOT_FOUND || err->code == ERR_REFUSED || err->code == ERR_FAILED;
}

static bool attach_team(struct sqlite *s, struct err *err)
{
	struct err why = {0};
	if (attach_team_file(s, &why)) {
		if (sqlite3_db_readonly(s->db, "team") == 0)
			return true;
		if (s->store.mode == STORE_SYNC)
			return err_set(err, ERR_REFUSED, "team store '%s': it cannot be written", s->team);
		add_notice(s, x_printf("the team store is read-only: notes cannot be saved"));
		return true;
	}
	if (s->store.mode == STORE_SYNC || !can_do_without(&why))
		return err_set(err, why.code, "team store: %s", why.msg);
	run(s->db, "DETACH team", NULL); /* refused where it did not come so far */
	add_notice(s, x_printf("notes and problems cannot be shown: team store '%s': %s", s->team, why.msg));
	return attach_empty_team(s, err);
}

/* --- opening to read -------------------------------------------------------------- */

static bool check_catalogue(struct sqlite *s, struct err *err)
{
	int64_t version;
	if (!version_of_main(s->db, &version, err))
		return false;
	if (version == 0)
		return err_set(err, ERR_NOT_FOUND, "'%s': nothing is in it yet", s->address);
	return schema_check(&schema_catalogue, version, err);
}

/* Reading a file in WAL mode wants its -shm beside it, which a read-only disk cannot give. */
static bool wants_shared_memory(sqlite3 *db)
{
	int rc = sqlite3_errcode(db) & 0xff;
	return rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY;
}

/* Looks at the file alone, as of the last checkpoint. */
static bool open_immutable(struct sqlite *s, struct err *err)
{
	disconnect(s);
	s->db = connect_to(s, s->address, "mode=ro&immutable=1", err);
	if (!s->db || !check_catalogue(s, err))
		return false;
	if (stat(s->address, &s->opened) != 0)
		return err_set(err, ERR_FAILED, "cannot look at '%s': %s", s->address, strerror(errno));
	s->is_immutable = true;
	char *log = x_printf("%s-wal", s->address);
	struct stat st;
	bool has_log = stat(log, &st) == 0 && st.st_size > 0;
	x_free(log);
	add_notice(s, x_printf("the catalogue is on a read-only disk%s",
			      has_log ? ": its newest changes cannot be shown" : ""));
	return true;
}

static bool open_read(struct sqlite *s, struct err *err)
{
	s->db = connect_to(s, s->address, "mode=ro", err);
	if (!s->db)
		return false;
	struct err why = {0};
	if (!check_catalogue(s, &why)) {
		if (!wants_shared_memory(s->db))
			return err_set(err, why.code, "%s", why.msg);
		if (!open_immutable(s, err))
			return false;
	}
	return attach_team(s, err);
}

/* --- opening to write ------------------------------------------------------------- */

static bool make_folder_of(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	if (!slash || slash == path)
		return true;
	char *folder = x_printf("%.*s", (int)(slash - path), path);
	bool ok = file_make_dir(folder, err);
	x_free(folder);
	return ok;
}

/* SQLite itself would create a file as wide as the umask lets it. */
static bool create_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno == EEXIST)
		return true;
	enum err_code code = is_full(errno) ? ERR_FULL : ERR_FAILED;
	return err_set(err, code, "cannot create '%s': %s", path, strerror(errno));
}

/* Whether the file is empty or ours; what another program made is left alone. */
static bool check_owner(sqlite3 *db, const char *path, int application_id, struct err *err)
{
	int64_t id, n_objects;
	if (!ask_int(db, "PRAGMA main.application_id", &id, err))
		return false;
	if (!ask_int(db, "SELECT count(*) FROM main.sqlite_schema", &n_objects, err))
		return false;
	if (id == application_id || (id == 0 && n_objects == 0))
		return true;
	return err_set(err, ERR_USAGE, "'%s' is a database of another kind: name another file", path);
}

static bool prepare_team(struct sqlite *s, struct err *err)
{
	if (!create_file(s->team, err))
		return false;
	sqlite3 *db = connect_to(s, s->team, "mode=rw", err);
	if (!db)
		return false;
	bool ok = check_owner(db, s->team, ID_TEAM, err) &&
		  run(db, "PRAGMA main.journal_mode = DELETE", err) &&
		  migrate_file(db, ID_TEAM, &schema_team, err);
	sqlite3_close(db);
	return ok || err_wrap(err, "team store");
}

static bool set_journal(struct sqlite *s, struct err *err)
{
	if (!file_is_remote(s->address))
		return run(s->db,
			"PRAGMA main.journal_mode = WAL;"
			"PRAGMA main.synchronous = NORMAL;"
			"PRAGMA main.journal_size_limit = 67108864",
			err);
	/* The write-ahead log needs memory that all its users share: one machine. */
	add_notice(s, x_printf("the catalogue is on a network file system: a local disk is faster"));
	return run(s->db, "PRAGMA main.journal_mode = DELETE", err);
}

static bool is_suspected(const struct sqlite *s)
{
	char *path = suspicion(s);
	bool answer = access(path, F_OK) == 0;
	x_free(path);
	return answer;
}

static void trust(const struct sqlite *s)
{
	char *path = suspicion(s);
	unlink(path);
	x_free(path);
}

/* Looks through the whole file, at most once a day (seconds for a large one), or where somebody met damage.
 */
static bool check_damage(struct sqlite *s, struct err *err)
{
	int64_t now = clock_now_ms(), checked, n_faults;
	if (!ask_int(s->db, "SELECT value FROM main.meta WHERE key = 'checked_ms'", &checked, err))
		return false;
	if (checked <= now && now - checked < CHECK_EVERY_MS && !is_suspected(s))
		return true;
	if (!ask_int(s->db, "SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check <> 'ok'", &n_faults,
		    err))
		return false;
	if (n_faults != 0)
		return err_set(err, ERR_CORRUPT, "'%s': damage was found", s->address);
	char *sql = x_printf(
		"INSERT INTO meta (key, value) VALUES ('checked_ms', '%lld') ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		(long long)now);
	bool ok = run(s->db, sql, err);
	x_free(sql);
	if (ok)
		trust(s);
	return ok;
}

/* SQLite tells after each commit how long the write-ahead log is. */
static int note_log(void *ctx, sqlite3 *db, const char *schema, int n_pages)
{
	(void)db;
	struct sqlite *s = ctx;
	if (!strcmp(schema, "main"))
		s->log_pages = n_pages;
	return SQLITE_OK;
}

static bool open_catalogue(struct sqlite *s, struct err *err)
{
	if (!create_file(s->address, err))
		return false;
	s->db = connect_to(s, s->address, "mode=rw", err);
	if (!s->db)
		return false;
	sqlite3_wal_hook(s->db, note_log, s);
	return check_owner(s->db, s->address, ID_CATALOGUE, err) && set_journal(s, err) &&
	       run(s->db, "PRAGMA main.cache_size = -40000", err) && /* kB: a batch dirties many pages */
	       migrate_file(s->db, ID_CATALOGUE, &schema_catalogue, err) && check_damage(s, err);
}

static bool move(const char *from, const char *to, const char *suffix, struct err *err)
{
	char *old = x_printf("%s%s", from, suffix), *new = x_printf("%s%s", to, suffix);
	bool ok = rename(old, new) == 0 || errno == ENOENT ||
		  err_set(err, ERR_FAILED, "cannot rename '%s' to '%s': %s", old, new, strerror(errno));
	x_free(old);
	x_free(new);
	return ok;
}

/* Keeps the damaged file under another name, with the log that belongs to it. The
 * file goes first: SQLite throws away a log that it finds beside an empty file. */
static bool set_aside(struct sqlite *s, const struct err *why, struct err *err)
{
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	disconnect(s);
	time_t now = (time_t)(clock_now_ms() / 1000);
	struct tm tm = {0};
	char when[32];
	gmtime_r(&now, &tm);
	strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
	char *aside = x_printf("%s.damaged-%s", s->address, when);
	bool ok = move(s->address, aside, "", err) && move(s->address, aside, "-wal", err) &&
		  move(s->address, aside, "-shm", err);
	if (ok)
		add_notice(
			s, x_printf("the catalogue was damaged (%s); it was moved to '%s' and is built anew",
				   why->msg, aside));
	x_free(aside);
	return ok;
}

/* The team store first: who finds the catalogue then finds it, too. */
static bool open_sync(struct sqlite *s, struct err *err)
{
	if (!make_folder_of(s->address, err))
		return false;
	char *lock = x_printf("%s.writer", s->address);
	s->lock = file_lock(lock, err);
	x_free(lock);
	if (s->lock < 0 || !prepare_team(s, err))
		return false;

	struct err why = {0};
	if (!open_catalogue(s, &why)) {
		if (why.code != ERR_CORRUPT)
			return err_set(err, why.code, "%s", why.msg);
		if (!set_aside(s, &why, err) || !open_catalogue(s, err))
			return false;
	}
	return attach_team(s, err);
}

static void sq_close(struct store *store)
{
	struct sqlite *s = of(store);
	disconnect(s);
	if (s->lock >= 0)
		close(s->lock);
	x_free(s->address);
	x_free(s->team);
	x_free(s);
}

static struct store *sq_open(const char *address, enum store_mode mode, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, configure_library);
	struct sqlite *s = x_new(struct sqlite);
	s->store = (struct store){.ops = &sqlite_ops, .mode = mode};
	s->address = x_strdup(address);
	s->team = x_printf("%s.team", address);
	s->lock = -1;
	/* Far from what an earlier connection said: opening anew is a change, too. */
	s->version = clock_mono_ms() * 1000;
	if (mode == STORE_SYNC ? open_sync(s, err) : open_read(s, err))
		return &s->store;
	err_wrap(err, "catalogue");
	x_free(s->store.notice);
	sq_close(&s->store);
	return NULL;
}

/* --- statements ------------------------------------------------------------------- */

static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static bool has_text(const struct cached *slot, const char *sql)
{
	return slot->stmt && strcmp(sqlite3_sql(slot->stmt), sql) == 0;
}

/* The slot that has SQL, else the one to replace: free, or unused for the longest time. Hashing a long text
 * costs as much as running some of them, so the place of a literal is tried first. */
static struct cached *find_slot(struct sqlite *s, const char *sql)
{
	struct cached *oldest = &s->cache[0];
	for (size_t i = 0; i < CACHED_STATEMENTS; i++)
		if (s->cache[i].sql == sql && has_text(&s->cache[i], sql))
			return &s->cache[i];
	uint64_t hash = hash_of(sql);
	for (size_t i = 0; i < CACHED_STATEMENTS; i++) {
		struct cached *slot = &s->cache[i];
		if (slot->hash == hash && has_text(slot, sql))
			return slot;
		if (slot->used < oldest->used)
			oldest = slot;
	}
	sqlite3_finalize(oldest->stmt);
	*oldest = (struct cached){.sql = sql, .hash = hash};
	return oldest;
}

/* SQLite itself counts $2 before $1 where it stands first. */
static bool is_in_order(sqlite3_stmt *stmt)
{
	for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++) {
		const char *name = sqlite3_bind_parameter_name(stmt, i);
		int64_t number;
		if (!name || name[0] != '$' || !str_to_int(str_of(name + 1), i, i, &number))
			return false;
	}
	return true;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n;")] == 0;
}

/* SQL compiled, from the cache where it was seen before: borrowed until the next call. */
static const struct cached *get_statement(struct sqlite *s, const char *sql, struct err *err)
{
	s->is_interrupted = false;
	struct cached *slot = find_slot(s, sql);
	slot->used = ++s->tick;
	if (slot->stmt)
		return slot;
	const char *tail = "";
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->stmt, &tail) != SQLITE_OK) {
		fail(s, err);
		return NULL;
	}
	if (slot->stmt && is_blank(tail)) {
		slot->is_in_order = is_in_order(slot->stmt);
		return slot;
	}
	sqlite3_finalize(slot->stmt);
	slot->stmt = NULL;
	err_set(err, ERR_FAILED, "not exactly one statement: %s", sql);
	return NULL;
}

static int bind_value(sqlite3_stmt *stmt, int i, const struct value *value)
{
	switch (value->type) {
	case VALUE_INT:
		return sqlite3_bind_int64(stmt, i, value->i);
	case VALUE_REAL:
		return sqlite3_bind_double(stmt, i, value->r);
	case VALUE_TEXT:
		return sqlite3_bind_text64(stmt, i, value->s.p, value->s.n, SQLITE_STATIC, SQLITE_UTF8);
	case VALUE_NULL:
		break;
	}
	return sqlite3_bind_null(stmt, i);
}

/* The number in the name of parameter I, at most N. */
static bool number_of(const struct cached *slot, int i, size_t n, int64_t *number, struct err *err)
{
	*number = i;
	if (slot->is_in_order && (size_t)i <= n)
		return true;
	const char *name = sqlite3_bind_parameter_name(slot->stmt, i);
	if (name && name[0] == '$' && str_to_int(str_of(name + 1), 1, (int64_t)n, number))
		return true;
	return err_set(err, ERR_FAILED, "no value for parameter '%s' of: %s", name ? name : "?",
		sqlite3_sql(slot->stmt));
}

static bool bind_all(
	struct sqlite *s, const struct cached *slot, const struct value *params, size_t n, struct err *err)
{
	int count = sqlite3_bind_parameter_count(slot->stmt);
	for (int i = 1; i <= count; i++) {
		int64_t number;
		if (!number_of(slot, i, n, &number, err))
			return false;
		if (bind_value(slot->stmt, i, &params[number - 1]) != SQLITE_OK)
			return fail(s, err);
	}
	return true;
}

static void release(sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

static bool sq_exec(struct store *store, const char *sql, const struct value *params, size_t n_params,
	int64_t *changed, struct err *err)
{
	struct sqlite *s = of(store);
	const struct cached *slot = get_statement(s, sql, err);
	if (!slot)
		return false;
	sqlite3_stmt *stmt = slot->stmt;
	bool ok = bind_all(s, slot, params, n_params, err);
	if (ok) {
		int rc;
		do
			rc = sqlite3_step(stmt);
		while (rc == SQLITE_ROW);
		ok = rc == SQLITE_DONE || fail(s, err);
	}
	if (ok && changed)
		*changed = sqlite3_stmt_readonly(stmt) ? 0 : sqlite3_changes64(s->db);
	release(stmt);
	return ok;
}

static bool sq_insert(struct store *store, const char *sql, const struct value *params, size_t n_params,
	int64_t *id, struct err *err)
{
	int64_t changed;
	if (!sq_exec(store, sql, params, n_params, &changed, err))
		return false;
	*id = sqlite3_last_insert_rowid(of(store)->db);
	return changed || err_set(err, ERR_NOT_FOUND, "the row is there already");
}

/* The rows so far: on the heap while they grow, then in the arena as one array. */
struct rows {
	struct value *cells;
	size_t n, room;
	size_t arena_before;
};

static struct value read_cell(sqlite3_stmt *stmt, int column, struct arena *arena)
{
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		return value_int(sqlite3_column_int64(stmt, column));
	case SQLITE_FLOAT:
		return value_real(sqlite3_column_double(stmt, column));
	case SQLITE_NULL:
		return (struct value){.type = VALUE_NULL};
	default:
		break;
	}
	const char *bytes = sqlite3_column_blob(stmt, column); /* NULL for the empty text */
	struct str text = {bytes, bytes ? (size_t)sqlite3_column_bytes(stmt, column) : 0};
	return value_str((struct str){arena_dup(arena, text), text.n});
}

static bool take_row(struct rows *rows, sqlite3_stmt *stmt, const struct result *out, struct err *err)
{
	if (rows->room - rows->n < out->n_columns) {
		rows->room = rows->room * 2 + 16 * out->n_columns;
		rows->cells = x_realloc(rows->cells, rows->room, sizeof *rows->cells);
	}
	for (size_t i = 0; i < out->n_columns; i++)
		rows->cells[rows->n++] = read_cell(stmt, (int)i, out->arena);
	size_t bytes = arena_size(out->arena) - rows->arena_before + rows->n * sizeof *rows->cells;
	return bytes <= MOST_RESULT || err_set(err, ERR_FAILED, "the answer is over 64 MB: ask for less");
}

static bool read_rows(
	struct sqlite *s, sqlite3_stmt *stmt, struct rows *rows, struct result *out, struct err *err)
{
	out->n_columns = (size_t)sqlite3_column_count(stmt);
	out->names = arena_array(out->arena, const char *, out->n_columns);
	for (size_t i = 0; i < out->n_columns; i++)
		out->names[i] = arena_dupz(out->arena, sqlite3_column_name(stmt, (int)i));
	int rc;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!take_row(rows, stmt, out, err))
			return false;
		out->n_rows++;
	}
	if (rc != SQLITE_DONE)
		return fail(s, err);
	out->cells = arena_array(out->arena, struct value, rows->n);
	if (rows->n)
		memcpy(out->cells, rows->cells, rows->n * sizeof *rows->cells);
	return true;
}

static bool sq_query(struct store *store, const char *sql, const struct value *params, size_t n_params,
	struct arena *arena, struct result *out, struct err *err)
{
	struct sqlite *s = of(store);
	*out = (struct result){.arena = arena};
	const struct cached *slot = get_statement(s, sql, err);
	if (!slot)
		return false;
	struct rows rows = {.arena_before = arena_size(arena)};
	bool ok = bind_all(s, slot, params, n_params, err) && read_rows(s, slot->stmt, &rows, out, err);
	release(slot->stmt);
	x_free(rows.cells);
	return ok;
}

static bool sq_explain(struct store *store, const char *sql, const struct value *params, size_t n_params,
	struct buf *out, struct err *err)
{
	struct arena *arena = arena_new();
	struct result plan;
	bool ok = sq_query(store, arena_printf(arena, "EXPLAIN QUERY PLAN %s", sql), params, n_params, arena,
		&plan, err);
	for (size_t i = 0; ok && i < plan.n_rows; i++)
		buf_addf(out, "%s\n", result_text(&plan, i, (size_t)result_column(&plan, "detail")));
	arena_free(arena);
	return ok;
}

/* --- transactions ------------------------------------------------------------------ */

/* IMMEDIATE: a lock that is to be had later may be refused in the middle of a batch. */
static bool sq_begin(struct store *store, struct err *err)
{
	return sq_exec(store, "BEGIN IMMEDIATE", NULL, 0, NULL, err);
}

/* The catalogue has one writer, so that its lock is not refused later either. */
static bool sq_begin_batch(struct store *store, struct err *err)
{
	BUG_ON(store->mode != STORE_SYNC);
	return sq_exec(store, "BEGIN DEFERRED", NULL, 0, NULL, err);
}

/* The first statement that reads a file takes its state. */
static bool sq_begin_read(struct store *store, struct err *err)
{
	return sq_exec(store, "BEGIN DEFERRED", NULL, 0, NULL, err);
}

/* SQLite ends a transaction by itself where the disk is full. */
static void sq_rollback(struct store *store)
{
	if (!sqlite3_get_autocommit(of(store)->db))
		sq_exec(store, "ROLLBACK", NULL, 0, NULL, NULL);
}

/* Between the batches of a long pull, so that the log stays short. It waits for nobody; that it failed is
 * found out by the next commit, or by the checkpoint that ends the round. */
static void keep_log_short(struct sqlite *s)
{
	if (s->store.mode == STORE_SYNC && s->log_pages >= LOG_PAGES)
		sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static bool sq_commit(struct store *store, struct err *err)
{
	if (sq_exec(store, "COMMIT", NULL, 0, NULL, err)) {
		keep_log_short(of(store));
		return true;
	}
	sq_rollback(store);
	return false;
}

/* --- rows in bulk --------------------------------------------------------------------- */

static void add_insert(struct buf *sql, const char *table, const char *const *columns, size_t n_columns)
{
	buf_addf(sql, "INSERT INTO %s (", table);
	for (size_t i = 0; i < n_columns; i++)
		buf_addf(sql, "%s\"%s\"", i ? ", " : "", columns[i]);
	buf_addz(sql, ") VALUES (");
	for (size_t i = 1; i <= n_columns; i++)
		buf_addf(sql, "%s$%zu", i > 1 ? ", " : "", i);
	buf_addz(sql, ")");
}

static bool sq_load(struct store *store, const char *table, const char *const *columns, size_t n_columns,
	const struct value *values, size_t n_rows, struct err *err)
{
	bool is_alone = sqlite3_get_autocommit(of(store)->db);
	struct buf sql;
	if (is_alone && !sq_begin(store, err))
		return false;
	buf_init(&sql, 0);
	add_insert(&sql, table, columns, n_columns);
	bool ok = true;
	for (size_t i = 0; ok && i < n_rows; i++)
		ok = sq_exec(store, sql.p, values + i * n_columns, n_columns, NULL, err);
	buf_fini(&sql);
	if (is_alone && ok)
		return sq_commit(store, err);
	if (is_alone)
		sq_rollback(store);
	return ok || err_wrap(err, "rows for '%s'", table);
}

/* --- what others did ---------------------------------------------------------------- */

/* Whether the catalogue's name stands for another file now, or an immutable one
 * changed after all, or the team store that was missing is there. */
static bool was_replaced(struct sqlite *s)
{
	if (s->is_team_missing && access(s->team, R_OK) == 0)
		return true;
	if (!s->is_immutable) {
		int has_moved = 0;
		sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
		return has_moved;
	}
	struct stat now;
	return stat(s->address, &now) != 0 || now.st_ino != s->opened.st_ino ||
	       now.st_size != s->opened.st_size || now.st_mtim.tv_sec != s->opened.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != s->opened.st_mtim.tv_nsec;
}

/* What the file counts of the commits of others, or LAST where it cannot be read now. */
static int64_t data_version(struct sqlite *s, const char *sql, int64_t last)
{
	const struct cached *slot = get_statement(s, sql, NULL);
	if (!slot)
		return last;
	sqlite3_stmt *stmt = slot->stmt;
	int64_t version = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : last;
	release(stmt);
	return version;
}

static int64_t sq_version(struct store *store)
{
	struct sqlite *s = of(store);
	int64_t now[] = {
		data_version(s, "PRAGMA main.data_version", s->seen[0]),
		data_version(s, "PRAGMA team.data_version", s->seen[1]),
		sqlite3_total_changes64(s->db), /* our own commits, which the two leave out */
	};
	_Static_assert(sizeof now == sizeof s->seen, "what is compared");
	if (memcmp(now, s->seen, sizeof now) != 0) {
		memcpy(s->seen, now, sizeof now);
		s->version++;
	}
	if (!store->is_lost && was_replaced(s)) {
		store->is_lost = true;
		s->version++;
	}
	return s->version;
}

static void sq_interrupt(struct store *store)
{
	of(store)->is_interrupted = true;
	sqlite3_interrupt(of(store)->db);
}

/* --- the files ----------------------------------------------------------------------- */

static bool checkpoint(struct sqlite *s, int how, int *n_pages, struct err *err)
{
	int rc = sqlite3_wal_checkpoint_v2(s->db, "main", how, n_pages, NULL);
	/* Busy: readers still need a part of the log; the next call takes it. */
	return rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY || fail(s, err);
}

/* Passive never waits, but as long as readers come and go the log is not started
 * over; so a long one is worth a wait. */
static bool sq_checkpoint(struct store *store, struct err *err)
{
	int n_pages = 0;
	return checkpoint(of(store), SQLITE_CHECKPOINT_PASSIVE, &n_pages, err) &&
	       (n_pages < LONG_LOG_PAGES || checkpoint(of(store), SQLITE_CHECKPOINT_RESTART, &n_pages, err));
}

/* Puts what is behind PATH on the disk. */
static bool flush(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool flush_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? x_printf("%.*s", (int)(slash - path + 1), path) : x_strdup(".");
	bool ok = flush(folder, O_RDONLY | O_DIRECTORY);
	x_free(folder);
	return ok;
}

static bool copy_team(struct store *store, const char *file, struct err *err)
{
	char *uri = uri_of(file, "mode=rw");
	struct value name = value_text(uri);
	bool ok = sq_exec(store, "VACUUM team INTO $1", &name, 1, NULL, err);
	x_free(uri);
	return ok;
}

static bool sq_backup(struct store *store, const char *file, struct err *err)
{
	if (of(store)->is_team_missing)
		return err_set(err, ERR_NOT_FOUND, "there is no team store '%s' to copy", of(store)->team);
	char *temp = x_printf("%s.XXXXXX", file);
	int fd = mkostemp(temp, O_CLOEXEC); /* mode 0600 */
	bool ok = fd >= 0 || err_set(err, ERR_FAILED, "cannot write '%s': %s", file, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (ok && copy_team(store, temp, err)) {
		ok = (flush(temp, O_RDWR) && rename(temp, file) == 0 && flush_folder_of(file)) ||
		     err_set(err, is_full(errno) ? ERR_FULL : ERR_FAILED, "cannot write '%s': %s", file,
			     strerror(errno));
	} else {
		ok = false;
	}
	if (!ok && fd >= 0)
		unlink(temp);
	x_free(temp);
	return ok;
}

const struct store_ops sqlite_ops = {
	.has_run_text = true,
	.open = sq_open,
	.query = sq_query,
	.exec = sq_exec,
	.insert = sq_insert,
	.load = sq_load,
	.begin = sq_begin,
	.begin_batch = sq_begin_batch,
	.begin_read = sq_begin_read,
	.commit = sq_commit,
	.rollback = sq_rollback,
	.version = sq_version,
	.interrupt = sq_interrupt,
	.explain = sq_explain,
	.checkpoint = sq_checkpoint,
	.backup = sq_backup,
	.close = sq_close,
};

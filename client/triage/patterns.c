/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/patterns.h"

#include "client/base/err.h"
#include "client/base/mem.h"
#include "client/triage/fingerprint.h"
#include "client/triage/keys.h"

#include <ctype.h>

enum {
	BUCKET_BITS = 13, /* of the index by first bytes */
	NO_PATTERN = 0xffff,
	MOST_EXIT_GAP = 4, /* words between "exit" and its number */
};

enum where {
	W_ANY = 0,
	W_START = 1, /* first on the line */
	W_END = 2,   /* last on the line */
	W_WORD = 4,  /* no letter, digit or underscore on either side */
	W_EXACT = 8, /* in this case */
	W_NEXT = 16, /* a heading where it ends the line */
};

enum role {
	CAUSE,	/* the line is worth `score` */
	CAP,	/* the line is worth at most `score` */
	MILD,	/* the same, and so is the block that belongs to it */
	GOOD,	/* something ended well */
	EXIT,	/* an exit: worth `score`, unless a 0 follows */
	PYTHON, /* starts a traceback */
	FRAME,	/* a frame of a trace */
};

struct pattern {
	const char *text; /* lower case, unless W_EXACT */
	enum role role;
	int score; /* percent */
	int where;
};

/* clang-format off */
static const struct pattern table[] = {
	/* Structure: the blocks recognise these. */
	{"traceback (most recent call last)", PYTHON, 0, W_ANY},
	{"\tat ", FRAME, 0, W_ANY},
	{"   at ", FRAME, 0, W_ANY},

	/* Native programs. */
	{"what():  ", CAUSE, 93, W_START},
	{"terminate called ", CAUSE, 86, W_START},
	{"stack smashing detected", CAUSE, 92, W_ANY},
	{"error: addresssanitizer", CAUSE, 94, W_ANY},
	{"error: leaksanitizer", CAUSE, 92, W_ANY},
	{"threadsanitizer: ", CAUSE, 90, W_ANY},
	{"summary: ", CAP, 60, W_START},
	{"runtime error: ", CAUSE, 90, W_ANY},
	{"double free or corruption", CAUSE, 92, W_ANY},
	{"free(): invalid", CAUSE, 92, W_ANY},
	{"malloc(): ", CAUSE, 90, W_ANY},
	{"munmap_chunk(): ", CAUSE, 90, W_ANY},
	{"assertion `", CAUSE, 93, W_ANY},
	{"assertion failed", CAUSE, 90, W_ANY},
	{"assertion '", CAUSE, 90, W_ANY},
	{": assertion ", CAUSE, 90, W_ANY},
	{"segmentation fault", CAUSE, 88, W_ANY},
	{"sigsegv", CAUSE, 86, W_ANY},
	{"bus error", CAUSE, 85, W_WORD},
	{"illegal instruction", CAUSE, 86, W_ANY},
	{"floating point exception", CAUSE, 86, W_ANY},
	{"pure virtual method called", CAUSE, 90, W_ANY},
	{"core dumped", CAUSE, 62, W_ANY},
	{"aborted", CAUSE, 60, W_START | W_END},
	{"aborted ", CAUSE, 60, W_START},
	{"killed", CAUSE, 86, W_START | W_END},
	{" Killed  ", CAUSE, 88, W_EXACT},
	{" Terminated  ", CAUSE, 70, W_EXACT},
	{"terminated", CAUSE, 60, W_START | W_END},
	{"panic: ", CAUSE, 94, W_START},
	{"fatal error: ", CAUSE, 90, W_ANY},
	{"panicked at ", CAUSE, 91, W_NEXT},
	{"std::bad_alloc", CAUSE, 88, W_ANY},
	{"out of memory", CAUSE, 86, W_ANY},
	{"outofmemory", CAUSE, 88, W_ANY},
	{"cannot allocate memory", CAUSE, 88, W_ANY},
	{"oomkilled", CAUSE, 88, W_ANY},
	{"oom-kill", CAUSE, 86, W_ANY},
	{"kernel panic", CAUSE, 92, W_ANY},
	{"cuda error", CAUSE, 88, W_ANY},
	{"nccl error", CAUSE, 88, W_ANY},

	/* Compilers, linkers, loaders, make. */
	{": error: ", CAUSE, 91, W_ANY},
	{": error ts", CAUSE, 90, W_ANY},
	{": error c", CAUSE, 70, W_ANY},
	{"error[E", CAUSE, 91, W_START | W_EXACT},
	{"undefined reference to", CAUSE, 91, W_ANY},
	{"undefined symbol", CAUSE, 90, W_ANY},
	{"multiple definition of", CAUSE, 90, W_ANY},
	{"cannot find -l", CAUSE, 91, W_ANY},
	{"cannot find symbol", CAUSE, 88, W_ANY},
	{"ld returned", CAP, 45, W_ANY},
	{"error while loading shared libraries", CAUSE, 92, W_ANY},
	{"cannot open shared object file", CAUSE, 92, W_ANY},
	{"symbol lookup error", CAUSE, 91, W_ANY},
	{"' not found (required by", CAUSE, 91, W_ANY},
	{"no rule to make target", CAUSE, 90, W_ANY},
	{"missing separator", CAUSE, 90, W_ANY},
	{"cmake error", CAUSE, 88, W_ANY},
	{": *** [", EXIT, 30, W_ANY},
	{"recipe for target", CAP, 28, W_ANY},
	{"aborting due to ", CAP, 40, W_ANY},
	{"could not compile ", CAP, 42, W_ANY},
	{"compilation error", CAUSE, 62, W_ANY},
	{"compilation failed", CAUSE, 50, W_ANY},
	{"build failure", CAUSE, 45, W_ANY},
	{"build failed", CAUSE, 45, W_ANY},

	/* Shells and the system's own messages. */
	{"command not found", CAUSE, 89, W_ANY},
	{": not found", CAUSE, 86, W_END},
	{"no such file or directory", CAUSE, 84, W_ANY},
	{"permission denied", CAUSE, 84, W_ANY},
	{"operation not permitted", CAUSE, 80, W_ANY},
	{"unbound variable", CAUSE, 89, W_ANY},
	{"parameter not set", CAUSE, 88, W_ANY},
	{"bad substitution", CAUSE, 88, W_ANY},
	{"bad interpreter", CAUSE, 89, W_ANY},
	{"unexpected token", CAUSE, 86, W_ANY},
	{"unexpected end of file", CAUSE, 84, W_ANY},
	{"unexpected eof", CAUSE, 84, W_ANY},
	{"syntax error", CAUSE, 86, W_ANY},
	{"argument list too long", CAUSE, 88, W_ANY},
	{"not a directory", CAUSE, 80, W_ANY},
	{"is a directory", CAUSE, 78, W_END},
	{"read-only file system", CAUSE, 86, W_ANY},
	{"no space left on device", CAUSE, 91, W_ANY},
	{"disk quota exceeded", CAUSE, 91, W_ANY},
	{"too many open files", CAUSE, 89, W_ANY},
	{"input/output error", CAUSE, 86, W_ANY},
	{"text file busy", CAUSE, 86, W_ANY},
	{": line ", CAUSE, 62, W_ANY},
	{"unterminated", CAUSE, 72, W_ANY},
	{"too many arguments", CAUSE, 82, W_ANY},
	{"ambiguous redirect", CAUSE, 88, W_ANY},
	{"numeric argument required", CAUSE, 84, W_ANY},
	{"exec format error", CAUSE, 89, W_ANY},
	{"cannot execute", CAUSE, 84, W_ANY},
	{"cannot fork", CAUSE, 86, W_ANY},
	{"stale file handle", CAUSE, 88, W_ANY},
	{"resource busy", CAUSE, 86, W_ANY},
	{"resource temporarily unavailable", CAUSE, 84, W_ANY},
	{"file too large", CAUSE, 84, W_ANY},
	{"directory not empty", CAUSE, 74, W_ANY},
	{": file exists", CAUSE, 74, W_END},
	{"broken pipe", CAUSE, 58, W_ANY},
	{"integer expression expected", CAUSE, 84, W_ANY},
	{"division by 0", CAUSE, 84, W_ANY},
	{"division by zero", CAUSE, 84, W_ANY},
	{"illegal option", CAUSE, 82, W_ANY},
	{"invalid option", CAUSE, 82, W_ANY},
	{"unrecognized option", CAUSE, 83, W_ANY},
	{"unrecognized argument", CAUSE, 84, W_ANY},
	{"unknown option", CAUSE, 82, W_ANY},
	{"illegal ", CAUSE, 55, W_START},
	{"unknown ", CAUSE, 50, W_START},
	{"missing operand", CAUSE, 82, W_ANY},
	{"cannot stat", CAUSE, 82, W_ANY},
	{"cannot access", CAUSE, 80, W_ANY},
	{"cannot create", CAUSE, 78, W_ANY},
	{"cannot remove", CAUSE, 70, W_ANY},
	{"cannot open", CAUSE, 76, W_ANY},
	{"cannot find", CAUSE, 74, W_ANY},
	{"could not find", CAUSE, 74, W_ANY},
	{"can't find", CAUSE, 72, W_ANY},
	{"can't open", CAUSE, 76, W_ANY},
	{"not currently installed", CAUSE, 70, W_ANY},
	{"currently not installed", CAUSE, 70, W_ANY},
	{"required but not available", CAUSE, 80, W_ANY},

	/* Networks and services. */
	{"connection refused", CAUSE, 78, W_ANY},
	{"connection reset", CAUSE, 76, W_ANY},
	{"connection timed out", CAUSE, 78, W_ANY},
	{"connection error", CAUSE, 66, W_ANY},
	{"could not resolve", CAUSE, 82, W_ANY},
	{"name or service not known", CAUSE, 82, W_ANY},
	{"temporary failure in name resolution", CAUSE, 82, W_ANY},
	{"no route to host", CAUSE, 82, W_ANY},
	{"network is unreachable", CAUSE, 82, W_ANY},
	{"address already in use", CAUSE, 84, W_ANY},
	{"host key verification failed", CAUSE, 86, W_ANY},
	{"authentication failed", CAUSE, 84, W_ANY},
	{"access denied", CAUSE, 80, W_ANY},
	{"accessdenied", CAUSE, 80, W_ANY},
	{"403 forbidden", CAUSE, 74, W_ANY},
	{"401 unauthorized", CAUSE, 74, W_ANY},
	{"certificate verify failed", CAUSE, 84, W_ANY},
	{"handshake failure", CAUSE, 80, W_ANY},
	{"requested url returned error", CAUSE, 84, W_ANY},
	{"no such table", CAUSE, 86, W_ANY},
	{"no such column", CAUSE, 86, W_ANY},
	{"duplicate key", CAUSE, 84, W_ANY},
	{"deadlock", CAUSE, 78, W_ANY},
	{"lock wait timeout", CAUSE, 84, W_ANY},
	{"too many connections", CAUSE, 86, W_ANY},
	{"nosuchkey", CAUSE, 84, W_ANY},
	{"nosuchbucket", CAUSE, 84, W_ANY},
	{"expiredtoken", CAUSE, 84, W_ANY},
	{"token has expired", CAUSE, 82, W_ANY},
	{"invalid credentials", CAUSE, 82, W_ANY},
	{"rate limit", CAUSE, 62, W_ANY},
	{"quota exceeded", CAUSE, 82, W_ANY},
	{"[404]", CAUSE, 58, W_START},

	/* Python, Java, Spark outside of a whole trace. */
	{".pl line ", CAUSE, 88, W_ANY},
	{".pm line ", CAUSE, 88, W_ANY},
	{"no module named", CAUSE, 86, W_ANY},
	{"cannot import name", CAUSE, 86, W_ANY},
	{"there is no package called", CAUSE, 88, W_ANY},
	{"error: could not find or load main class", CAUSE, 92, W_ANY},
	{"job aborted due to stage failure", CAUSE, 80, W_ANY},
	{"executorlostfailure", CAUSE, 82, W_ANY},
	{"container killed by yarn", CAUSE, 90, W_ANY},
	{"exceeding memory limits", CAUSE, 88, W_ANY},
	{"exception in thread", CAUSE, 82, W_ANY},
	{"caused by: ", CAUSE, 84, W_START},
	{"caused by:", CAUSE, 92, W_START | W_END | W_NEXT},
	{"sqlstate", CAUSE, 60, W_ANY},
	{"taskkilled", CAP, 40, W_ANY},
	{"stage cancelled", CAP, 40, W_ANY},
	{"nativecodeloader", CAP, 15, W_ANY},
	{"[duplicate ", CAP, 30, W_ANY},
	{"driver stacktrace", CAP, 25, W_ANY},
	{"exception in task ", CAP, 55, W_ANY},
	{"lost task ", CAP, 60, W_ANY},

	/* Airflow. */
	{"task failed with exception", CAP, 26, W_START},
	{"process terminated by signal", CAUSE, 60, W_ANY},
	{"likely out of memory", CAP, 60, W_ANY},
	{"upstream task(s) failed", CAUSE, 60, W_ANY},
	{"running command:", CAP, 10, W_START},
	{"received sigterm", CAUSE, 62, W_ANY},

	/* Test runners. */
	{"E   ", CAUSE, 92, W_START | W_EXACT},
	{"E       ", CAUSE, 92, W_START | W_EXACT},
	{"FAILED ", CAUSE, 68, W_START | W_EXACT},
	{" FAILED", CAUSE, 60, W_END | W_EXACT},
	{"*** FAILED ***", CAUSE, 91, W_EXACT},
	{"--- FAIL: ", CAUSE, 91, W_EXACT},
	{"FAIL: ", CAUSE, 90, W_START | W_EXACT},
	{"FAIL ", CAUSE, 72, W_START | W_EXACT},
	{"FAIL\t", CAUSE, 55, W_START | W_EXACT},
	{"not ok ", CAUSE, 90, W_START},
	{"✗ ", CAUSE, 90, W_ANY},
	{"✖ ", CAUSE, 90, W_ANY},
	{"✕ ", CAUSE, 90, W_ANY},
	{"● ", CAUSE, 74, W_START},
	{"** (", CAUSE, 91, W_START},
	{"(Mix)", CAUSE, 60, W_EXACT},
	{"failure:", CAUSE, 93, W_START | W_END | W_NEXT},
	{"failures:", CAUSE, 66, W_START | W_END | W_NEXT},
	{"error:", CAUSE, 93, W_START | W_END | W_NEXT},
	{"errors:", CAUSE, 60, W_START | W_END | W_NEXT},
	{"offenses:", CAUSE, 66, W_START | W_END | W_NEXT},
	{"reason:", CAUSE, 64, W_END | W_NEXT},
	{"error report====", CAUSE, 76, W_NEXT},
	{" ERROR", CAUSE, 58, W_END | W_EXACT | W_NEXT},
	{"failure/error:", CAUSE, 91, W_START},
	{"assertion with ", CAUSE, 88, W_START},
	{"what went wrong:", CAUSE, 84, W_END | W_NEXT},
	{"by signal ", CAUSE, 66, W_ANY},
	{"died with <signals", CAUSE, 60, W_ANY},
	{"fatal python error: ", CAUSE, 90, W_START},
	{"expected ", CAUSE, 50, W_START},
	{" but got", CAUSE, 60, W_ANY},
	{"found errors in", CAUSE, 70, W_ANY},

	/* How messages start. */
	{"error: ", CAUSE, 82, W_START},
	{"error ", CAUSE, 62, W_START},
	{"fatal: ", CAUSE, 88, W_START},
	{"fatal ", CAUSE, 70, W_START},
	{"npm err!", CAUSE, 36, W_ANY},
	{"npm err!", CAP, 38, W_ANY},
	{"npm err! missing script", CAUSE, 38, W_ANY},
	{"yarn run ", CAP, 20, W_ANY},

	/* Single words. */
	{"error", CAUSE, 46, W_WORD},
	{"errors", CAUSE, 42, W_WORD},
	{"failed", CAUSE, 48, W_WORD},
	{"failure", CAUSE, 46, W_WORD},
	{"failing", CAUSE, 38, W_WORD},
	{"fail", CAUSE, 38, W_WORD},
	{"fatal", CAUSE, 50, W_WORD},
	{"critical", CAUSE, 40, W_WORD},
	{"exception", CAUSE, 48, W_WORD},
	{"crashed", CAUSE, 70, W_WORD},
	{"aborted", CAUSE, 48, W_WORD},
	{"aborting", CAUSE, 46, W_WORD},
	{"timed out", CAUSE, 62, W_ANY},
	{"timeout", CAUSE, 46, W_WORD},
	{"unable to", CAUSE, 56, W_WORD},
	{"could not", CAUSE, 52, W_WORD},
	{"couldn't", CAUSE, 52, W_WORD},
	{"cannot", CAUSE, 50, W_WORD},
	{"not found", CAUSE, 52, W_WORD},
	{"does not exist", CAUSE, 70, W_ANY},
	{"doesn't exist", CAUSE, 70, W_ANY},
	{"is not defined", CAUSE, 70, W_ANY},
	{"undefined", CAUSE, 50, W_WORD},
	{"did not find", CAUSE, 62, W_ANY},
	{"invalid", CAUSE, 48, W_WORD},
	{"corrupt", CAUSE, 55, W_ANY},
	{"mismatch", CAUSE, 50, W_ANY},
	{"denied", CAUSE, 50, W_WORD},
	{"exceeded", CAUSE, 50, W_WORD},
	{"refused", CAUSE, 48, W_WORD},
	{"unauthorized", CAUSE, 52, W_WORD},
	{"violat", CAUSE, 74, W_ANY},
	{"seems to be missing", CAUSE, 60, W_ANY},

	/* How things end. */
	{"exited with", EXIT, 34, W_ANY},
	{"exit code", EXIT, 36, W_ANY},
	{"exit status", EXIT, 34, W_ANY},
	{"exitcode", EXIT, 34, W_ANY},
	{"return code", EXIT, 36, W_ANY},
	{"exited abnormally", CAUSE, 40, W_ANY},
	{"returned non-zero", EXIT, 36, W_ANY},
	{"build success", GOOD, 0, W_ANY},
	{"done. returned value was", GOOD, 0, W_START},
	{"marking task as success", GOOD, 0, W_ANY},
	{"error code is", EXIT, 36, W_ANY},

	/* Harmless, or told before. */
	{"retrying", MILD, 30, W_ANY},
	{"will retry", MILD, 30, W_ANY},
	{"will be retried", MILD, 30, W_ANY},
	{"retry in ", MILD, 35, W_ANY},
	{"(attempt ", CAP, 45, W_ANY},
	{"falling back", MILD, 30, W_ANY},
	{"fallback", CAP, 40, W_ANY},
	{"due to previous ", CAP, 30, W_ANY},
	{"checking ", CAP, 30, W_START},
	{"(0 error", CAP, 8, W_ANY},
	{" 0 error", CAP, 8, W_ANY},
	{" 0 fail", CAP, 8, W_ANY},
	{"no errors", CAP, 8, W_ANY},
	{"no failure", CAP, 8, W_ANY},
	{"without error", CAP, 8, W_ANY},
	{"errors: 0", CAP, 8, W_ANY},
	{"error: 0", CAP, 8, W_ANY},
	{"errors=0", CAP, 8, W_ANY},
	{"error=0", CAP, 8, W_ANY},
	{"failed=0", CAP, 8, W_ANY},
	{"failed: 0", CAP, 8, W_ANY},
	{"failed: ", CAP, 60, W_START},
	{"failures: 0", CAP, 8, W_ANY},
	{"failures=0", CAP, 8, W_ANY},
	{"0 failed", CAP, 8, W_START},
	{"error rate", CAP, 20, W_ANY},
	{"squared error", CAP, 20, W_ANY},
	{"absolute error", CAP, 20, W_ANY},
	{"error_", CAP, 60, W_ANY},
	{"deprecat", CAP, 25, W_ANY},
	{"warning: ", MILD, 42, W_ANY},
	{"warning ", MILD, 42, W_START},
	{"-werror", CAP, 15, W_ANY},
	{"(ignored)", CAP, 35, W_ANY},
	{"ignoring", MILD, 35, W_ANY},
	{"ignored", CAP, 40, W_WORD},
	{"optional", CAP, 45, W_WORD},
	{"harmless", CAP, 30, W_ANY},
	{"expected failure", CAP, 25, W_ANY},
	{"expected error", CAP, 25, W_ANY},
	{"recovered", CAP, 35, W_WORD},
	{"succeeded", CAP, 40, W_WORD},
	{"success", CAP, 40, W_WORD},
	{"passed", CAP, 40, W_WORD},
	{"✓ ", CAP, 12, W_ANY},
	{"✔ ", CAP, 12, W_ANY},
	{"PASS ", CAP, 12, W_START | W_EXACT},
	{"PASS: ", CAP, 12, W_START | W_EXACT},
	{"SKIP", CAP, 20, W_START | W_EXACT},
	{"skipped", CAP, 40, W_WORD},
	{"skipping", CAP, 35, W_WORD},
	{" ... ok", CAP, 15, W_END},
	{"downloading ", CAP, 20, W_START},
	{"installing ", CAP, 25, W_START},
	{"compiling ", CAP, 25, W_START},
	{"get:", CAP, 10, W_START},
	{"travis_", CAP, 12, W_ANY},
	{"info: ", CAP, 30, W_START},
	{"note: ", CAP, 30, W_START},
	{"notice: ", CAP, 30, W_START},
	{"for more information", CAP, 25, W_START},
	{"is probably not a problem with", CAP, 10, W_ANY},
	{"complete log of this run", CAP, 10, W_ANY},
	{"cleaning up", CAP, 35, W_ANY},
	{"cleanup", CAP, 45, W_ANY},
	{"shutting down", CAP, 40, W_ANY},
	{"shutdown", CAP, 50, W_ANY},
	{"mark_failed", CAP, 30, W_ANY},
	{"marking task as", CAP, 30, W_START},
};
/* clang-format on */

enum { N_PATTERNS = sizeof(table) / sizeof(table[0]) };

struct patterns {
	struct keys keys;		   /* that telling patterns show at every third offset */
	uint16_t bucket[1 << BUCKET_BITS]; /* first pattern by its first bytes */
	uint16_t next[N_PATTERNS];
	uint8_t len[N_PATTERNS];
};

static bool is_telling(const struct pattern *pattern)
{
	return pattern->role != CAP && pattern->role != MILD;
}

/* KEY with any byte at its place WILD. */
static void add_wild(struct patterns *patterns, const char *key, size_t wild)
{
	char any[KEY_BYTES];
	memcpy(any, key, sizeof(any));
	for (int c = 0; c < 256; c++) {
		any[wild] = (char)c;
		keys_add(&patterns->keys, any);
	}
}

/* Only every third offset is looked up: a pattern shows its first key there, or its second, or its third;
 * a short one its last three bytes before any other, or its first three behind any other. */
static void add_keys(struct patterns *patterns, const char *text, size_t n)
{
	char key[KEY_BYTES] = {0};
	keys_add(&patterns->keys, text);
	if (n > KEY_BYTES) {
		keys_add(&patterns->keys, text + 1);
	} else {
		memcpy(key, text + 1, KEY_BYTES - 1);
		add_wild(patterns, key, KEY_BYTES - 1);
	}
	if (n > KEY_BYTES + 1) {
		keys_add(&patterns->keys, text + 2);
	} else {
		memcpy(key + 1, text, KEY_BYTES - 1);
		add_wild(patterns, key, 0);
	}
}

/* Whether PATTERN holds PART's text: where both are in lower case, the faster function tells. */
static bool holds(const struct pattern *pattern, const struct pattern *part)
{
	bool is_exact = pattern->where & W_EXACT, is_part_exact = part->where & W_EXACT;
	return is_exact && !is_part_exact ? strcasestr(pattern->text, part->text) != NULL
					  : is_exact == is_part_exact && strstr(pattern->text, part->text);
}

/* Whether another telling pattern is found wherever this one is. */
static bool is_implied(const struct pattern *pattern)
{
	size_t n = strlen(pattern->text);
	for (size_t i = 0; i < N_PATTERNS; i++)
		if (is_telling(&table[i]) && strlen(table[i].text) < n && holds(pattern, &table[i]))
			return true;
	return false;
}

struct patterns *patterns_new(void)
{
	struct patterns *patterns = x_new(struct patterns);
	keys_init(&patterns->keys);
	memset(patterns->bucket, 0xff, sizeof(patterns->bucket));
	for (size_t i = 0; i < N_PATTERNS; i++) {
		size_t n = strlen(table[i].text);
		BUG_ON(n < KEY_BYTES || n > UINT8_MAX);
		uint32_t bucket = key_of(table[i].text) >> (32 - BUCKET_BITS);
		patterns->len[i] = (uint8_t)n;
		patterns->next[i] = patterns->bucket[bucket];
		patterns->bucket[bucket] = (uint16_t)i;
		if (is_telling(&table[i]) && !is_implied(&table[i]))
			add_keys(patterns, table[i].text, n);
	}
	return patterns;
}

const char *patterns_telling(size_t i)
{
	for (size_t k = 0; k < N_PATTERNS; k++)
		if (is_telling(&table[k]) && i-- == 0)
			return table[k].text;
	return NULL;
}

void patterns_free(struct patterns *patterns)
{
	x_free(patterns);
}

/* --- finding -------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same_text(const struct pattern *pattern, const char *p, size_t n)
{
	if (pattern->where & W_EXACT)
		return memcmp(p, pattern->text, n) == 0;
	for (size_t i = 0; i < n; i++)
		if (lower(p[i]) != pattern->text[i])
			return false;
	return true;
}

static bool is_telling_at(const struct patterns *patterns, struct str s, size_t at)
{
	if (s.n - at < KEY_BYTES)
		return false;
	for (uint16_t k = patterns->bucket[key_of(s.p + at) >> (32 - BUCKET_BITS)]; k != NO_PATTERN;
		k = patterns->next[k]) {
		size_t n = patterns->len[k];
		if (is_telling(&table[k]) && n <= s.n - at && same_text(&table[k], s.p + at, n))
			return true;
	}
	return false;
}

/* Where a telling pattern starts that may have shown its key at AT, or SIZE_MAX. */
static size_t telling_near(const struct patterns *patterns, struct str s, size_t at)
{
	for (size_t i = at < 2 ? 0 : at - 2; i <= at + 1 && i < s.n; i++)
		if (is_telling_at(patterns, s, i))
			return i;
	return SIZE_MAX;
}

size_t patterns_find(const struct patterns *patterns, struct str text)
{
	const struct keys *keys = &patterns->keys;
	for (size_t i = 0; i < text.n; i += KEY_STRIDE) {
		i += keys->pass(keys, str_slice(text, i, text.n));
		size_t found = telling_near(patterns, text, i);
		if (found != SIZE_MAX)
			return found;
	}
	return SIZE_MAX;
}

bool patterns_are_in(const struct patterns *patterns, struct str line)
{
	return patterns_find(patterns, line) != SIZE_MAX;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool stands_right(const struct pattern *pattern, struct str s, size_t at, size_t n)
{
	if ((pattern->where & W_START) && at != line_indent(s))
		return false;
	if ((pattern->where & W_END) && at + n != s.n)
		return false;
	if (!(pattern->where & W_WORD))
		return true;
	bool open_left = at == 0 || !is_word(s.p[at - 1]);
	bool open_right = at + n == s.n || !is_word(s.p[at + n]);
	return open_left && open_right;
}

/* --- judging -------------------------------------------------------------- */

/* The number soon behind an exit's words: "exited with 1", "return code: -9", "exit code of 2". */
static bool exit_number(struct str rest, int64_t *out)
{
	size_t i = 0;
	for (int words = 0; words < MOST_EXIT_GAP; words++) {
		while (i < rest.n && strchr(" :=('\"-", rest.p[i]))
			i++;
		size_t from = i;
		while (i < rest.n && is_word(rest.p[i]))
			i++;
		if (str_to_int(str_slice(rest, from, i), 0, UINT32_MAX, out))
			return true;
		if (i == from)
			return false;
	}
	return false;
}

static void raise_to(struct verdict *verdict, double score)
{
	if (score > verdict->score)
		verdict->score = score;
}

static void lower_cap(struct verdict *verdict, double cap)
{
	if (cap < verdict->cap)
		verdict->cap = cap;
}

static void judge_exit(struct verdict *verdict, const struct pattern *pattern, struct str rest)
{
	int64_t status = 1;
	bool has_number = exit_number(rest, &status);
	double score = pattern->score / 100.0;
	if (has_number && status == 0) {
		verdict->flags |= VERDICT_GOOD_END;
		return;
	}
	if (status == 137 || status == 139 || status == 134 || status == 143)
		score = 0.56; /* a signal: says more than that it ended */
	verdict->flags |= VERDICT_EXIT;
	raise_to(verdict, score);
}

/* A heading says nothing more on its own line. */
static bool ends_heading(struct str s, size_t end)
{
	return end == s.n || s.p[s.n - 1] == ':' || s.p[s.n - 1] == '=';
}

static void judge_match(struct verdict *verdict, const struct pattern *pattern, struct str s, size_t end)
{
	double score = pattern->score / 100.0;
	switch (pattern->role) {
	case CAUSE:
		raise_to(verdict, score);
		if ((pattern->where & W_NEXT) && ends_heading(s, end))
			verdict->flags |= VERDICT_NEXT;
		break;
	case MILD:
		verdict->flags |= VERDICT_MILD;
		lower_cap(verdict, score);
		break;
	case CAP:
		lower_cap(verdict, score);
		break;
	case EXIT:
		judge_exit(verdict, pattern, str_slice(s, end, s.n));
		break;
	case GOOD:
		verdict->flags |= VERDICT_GOOD_END;
		break;
	case PYTHON:
		verdict->flags |= VERDICT_PYTHON;
		break;
	case FRAME:
		verdict->flags |= VERDICT_FRAME;
		break;
	}
}

static void find_all(const struct patterns *patterns, struct str s, struct verdict *verdict)
{
	for (size_t at = 0; at + KEY_BYTES <= s.n; at++) {
		uint16_t k = patterns->bucket[key_of(s.p + at) >> (32 - BUCKET_BITS)];
		for (; k != NO_PATTERN; k = patterns->next[k]) {
			size_t n = patterns->len[k];
			if (n <= s.n - at && same_text(&table[k], s.p + at, n) &&
				stands_right(&table[k], s, at, n))
				judge_match(verdict, &table[k], s, at + n);
		}
	}
}

/* "$ make", "+ make" at the margin: a shell says what it runs, and the words of a command say nothing. */
static bool is_echo(struct str s)
{
	return str_starts(s, STR("$ ")) || str_starts(s, STR("+ ")) || str_starts(s, STR("++ ")) ||
	       str_starts(s, STR("> "));
}

/* "ok 3 - refuses a fatal error": the name of a test that passed. */
static bool is_passed_test(struct str s)
{
	return str_starts(s, STR("ok ")) && s.n > 3 && isdigit((unsigned char)s.p[3]);
}

/* "[TABLE_OR_VIEW_NOT_FOUND] …": Spark's own error classes. */
static bool is_error_class(struct str s)
{
	size_t i = 1;
	while (i < s.n && (isupper((unsigned char)s.p[i]) || s.p[i] == '_' || s.p[i] == '.'))
		i++;
	return i > 4 && i < s.n && s.p[0] == '[' && s.p[i] == ']' && memchr(s.p, '_', i);
}

static void judge_level(struct verdict *verdict, enum line_level level)
{
	if (level == LEVEL_ERROR)
		verdict->score = verdict->score > 0 ? verdict->score + 0.06 : 0.46;
	if (level == LEVEL_WARN)
		lower_cap(verdict, 0.45);
	if (level == LEVEL_DEBUG)
		lower_cap(verdict, 0.3);
}

struct verdict patterns_judge(const struct patterns *patterns, const struct log_line *line)
{
	struct verdict verdict = {.cap = 1};
	struct str s = line_unindent(line->text);
	if (s.n == 0)
		return verdict;
	find_all(patterns, line->text, &verdict);
	if (exception_type(s).n > 0)
		raise_to(&verdict, 0.9);
	if (is_error_class(s))
		raise_to(&verdict, 0.85);
	judge_level(&verdict, line->level);
	if (line->level == LEVEL_ERROR && line_is_diagnostic(s))
		raise_to(&verdict, 0.91);
	if (is_echo(line->text) || is_passed_test(s))
		lower_cap(&verdict, 0.15);
	if (verdict.flags & VERDICT_GOOD_END)
		lower_cap(&verdict, 0.05);
	if (verdict.score > verdict.cap)
		verdict.score = verdict.cap;
	if (verdict.cap < 0.2)
		verdict.flags &= VERDICT_GOOD_END | VERDICT_MILD; /* the words of a command are no news */
	return verdict;
}

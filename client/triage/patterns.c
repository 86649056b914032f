/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/patterns.h"

#include "client/base/err.h"
#include "client/base/mem.h"
#include "client/triage/fingerprint.h"
#include "client/triage/keys.h"

#include <ctype.h>
#include <math.h>

enum {
	BUCKET_BITS = 13, /* of the indexes by first bytes and by keys */
	NO_PATTERN = 0xffff,
	MOST_ANCHORS = 2048,
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
	{": readonly variable", CAUSE, 86, W_ANY},
	{"not a valid identifier", CAUSE, 86, W_ANY},
	{"bad array subscript", CAUSE, 84, W_ANY},
	{"value too great for base", CAUSE, 84, W_ANY},
	{"invalid arithmetic operator", CAUSE, 84, W_ANY},
	{"cannot overwrite existing file", CAUSE, 84, W_ANY},
	{"unary operator expected", CAUSE, 82, W_ANY},
	{"binary operator expected", CAUSE, 82, W_ANY},
	{"nesting level exceeded", CAUSE, 86, W_ANY},
	{"omitting directory", CAUSE, 74, W_ANY},
	{"are the same file", CAUSE, 76, W_ANY},
	{"cannot touch", CAUSE, 78, W_ANY},
	{"write error", CAUSE, 82, W_ANY},
	{"read error", CAUSE, 82, W_ANY},
	{"not in gzip format", CAUSE, 86, W_ANY},
	{"does not look like a tar archive", CAUSE, 87, W_ANY},
	{"not recoverable: exiting", CAP, 40, W_ANY},
	{"invalid compressed data", CAUSE, 86, W_ANY},
	{"crc error", CAUSE, 84, W_ANY},
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
	{"psql: error: ", CAUSE, 84, W_START},
	{"server closed the connection", CAUSE, 80, W_ANY},
	{"constraint failed", CAUSE, 86, W_ANY},
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
	{"failed example:", CAUSE, 84, W_START},
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
	{"missing script: ", CAUSE, 84, W_ANY},
	{"npm error code ", CAP, 36, W_START},
	{"npm error path ", CAP, 20, W_START},
	{"npm error command ", CAP, 30, W_START},
	{"npm error lifecycle script", CAP, 36, W_START},
	{"npm error   ", CAP, 20, W_START},
	{"npm error to see a list", CAP, 10, W_START},
	{"npm error a complete log", CAP, 10, W_START},
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

/* Where a key stands in a telling pattern. */
struct anchor {
	uint16_t pattern, next;
	int8_t offset; /* of the key from the pattern's start; less than 0 where it starts before */
};

struct patterns {
	struct keys keys; /* that telling patterns show at every third offset */
	struct anchor anchors[MOST_ANCHORS];
	uint16_t n_anchors;
	uint16_t by_key[1 << BUCKET_BITS];  /* first anchor by its key */
	uint16_t by_head[1 << BUCKET_BITS]; /* first pattern by its first bytes */
	uint16_t next[N_PATTERNS];
	uint32_t head[N_PATTERNS]; /* the key of the first bytes */
	uint8_t len[N_PATTERNS];
};

static uint32_t bucket_of(const char *key)
{
	return key_of(key) >> (32 - BUCKET_BITS);
}

static bool is_telling(const struct pattern *pattern)
{
	return pattern->role != CAP && pattern->role != MILD;
}

/* --- which bytes of a pattern are looked for -------------------------------- */

/* How often a letter stands in English text, in thousandths (R. Lewand, Cryptological Mathematics, 2000). */
static const uint8_t letter_share[26] = {
	82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1};

/* What logs say when all is well: keys that show here too are looked for where a pattern has no others. */
static const char usual[] =
	"info debug task tasks started starting finished finishing done completed running loading loaded reading "
	"writing written saved saving sending received processing rows records files file path table time step epoch "
	"batch model metric metrics training validation stage job executor scheduler queue worker shuffle block memory "
	"store storage manager session connection request response server client version package packages module "
	"option options action ration ment tion ions ting ring ing sing ling ding ning king ping cting ating string "
	"this that with from have been into will were the and for not you are but all has can get set new add use out "
	"number name data date table default line value type list code command test tests pass build building "
	"checking installing downloading unpacking preparing created updated deleted closed opened total size count";

/* What may stand before a pattern that starts its line. */
static const char blanks[] = "\n\t ]";

/* The bytes that may stand at place I of PATTERN, which may be beside it: SHARE of all, in thousandths. */
static double share_at(const struct pattern *pattern, size_t n, int i)
{
	if (i == -1 && (pattern->where & W_START))
		return 0.25;
	if (i < 0 || (size_t)i >= n)
		return 1;
	char c = pattern->text[i];
	if (c >= 'a' && c <= 'z')
		return letter_share[c - 'a'] / 1000.0;
	return c == ' ' ? 0.18 : 0.02;
}

/* How often a key shows in what is usual, by its bucket. */
struct shows {
	uint8_t times[1 << BUCKET_BITS];
};

static double share_of_key(const struct shows *shows, const struct pattern *pattern, size_t n, int at)
{
	double share = 1;
	for (int i = at; i < at + KEY_BYTES; i++)
		share *= share_at(pattern, n, i);
	bool is_whole = at >= 0 && (size_t)at + KEY_BYTES <= n;
	return is_whole ? share + 0.001 * shows->times[bucket_of(pattern->text + at)] : share;
}

/* The offset of the first of KEY_STRIDE keys that show PATTERN least often where it is not. */
static int rarest(const struct shows *shows, const struct pattern *pattern, size_t n)
{
	enum { WHOLE = KEY_BYTES + KEY_STRIDE - 1 };
	int from = n < WHOLE ? 1 - KEY_STRIDE : 0, to = (int)n - (n < WHOLE ? WHOLE - 1 : WHOLE);
	int best = from;
	double least = HUGE_VAL;
	for (int at = from; at <= to; at++) {
		double share = 0;
		for (int k = 0; k < KEY_STRIDE; k++)
			share += share_of_key(shows, pattern, n, at + k);
		if (share >= least)
			continue;
		least = share;
		best = at;
	}
	return best;
}

static void add_anchor(struct patterns *patterns, uint16_t pattern, int offset, const char *key)
{
	BUG_ON(patterns->n_anchors == MOST_ANCHORS);
	uint16_t *first = &patterns->by_key[bucket_of(key)];
	patterns->anchors[patterns->n_anchors] = (struct anchor){pattern, *first, (int8_t)offset};
	*first = patterns->n_anchors++;
	keys_add(&patterns->keys, key);
}

/* Adds the keys that start at OFFSET of PATTERN: what stands beside the pattern may be anything. */
static void add_keys(struct patterns *patterns, uint16_t pattern, int offset, char *key, int n)
{
	const struct pattern *p = &table[pattern];
	int i = offset + n;
	if (n == KEY_BYTES) {
		add_anchor(patterns, pattern, offset, key);
	} else if (i >= 0 && (size_t)i < patterns->len[pattern]) {
		key[n] = p->text[i];
		add_keys(patterns, pattern, offset, key, n + 1);
	} else {
		bool is_blank = i == -1 && (p->where & W_START);
		for (char c = 0; c < (is_blank ? (char)strlen(blanks) : KEY_LETTERS); c++) {
			key[n] = is_blank ? blanks[(size_t)c] : c;
			add_keys(patterns, pattern, offset, key, n + 1);
		}
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
static bool is_implied(const struct patterns *patterns, size_t pattern)
{
	for (size_t i = 0; i < N_PATTERNS; i++)
		if (is_telling(&table[i]) && patterns->len[i] < patterns->len[pattern] &&
			holds(&table[pattern], &table[i]))
			return true;
	return false;
}

static void index_heads(struct patterns *patterns)
{
	memset(patterns->by_head, 0xff, sizeof(patterns->by_head));
	for (size_t i = 0; i < N_PATTERNS; i++) {
		size_t n = strlen(table[i].text);
		BUG_ON(n < KEY_BYTES || n > INT8_MAX);
		uint16_t *first = &patterns->by_head[bucket_of(table[i].text)];
		patterns->head[i] = key_of(table[i].text);
		patterns->len[i] = (uint8_t)n;
		patterns->next[i] = *first;
		*first = (uint16_t)i;
	}
}

static void index_keys(struct patterns *patterns)
{
	struct shows *shows = x_new(struct shows);
	keys_init(&patterns->keys);
	for (size_t i = 0; i + KEY_BYTES < sizeof(usual); i++)
		shows->times[bucket_of(usual + i)]++;
	memset(patterns->by_key, 0xff, sizeof(patterns->by_key));
	for (size_t i = 0; i < N_PATTERNS; i++) {
		if (!is_telling(&table[i]) || is_implied(patterns, i))
			continue;
		char key[KEY_BYTES];
		int at = rarest(shows, &table[i], patterns->len[i]);
		for (int k = 0; k < KEY_STRIDE; k++)
			add_keys(patterns, (uint16_t)i, at + k, key, 0);
	}
	x_free(shows);
}

struct patterns *patterns_new(void)
{
	struct patterns *patterns = x_new(struct patterns);
	index_heads(patterns);
	index_keys(patterns);
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

/* Where the pattern of ANCHOR starts when its key is at AT, or SIZE_MAX. */
static size_t start_of(const struct patterns *patterns, const struct anchor *anchor, struct str s, size_t at)
{
	int64_t start = (int64_t)at - anchor->offset;
	size_t n = patterns->len[anchor->pattern];
	bool fits = start >= 0 && (size_t)start + n <= s.n;
	return fits && same_text(&table[anchor->pattern], s.p + start, n) ? (size_t)start : SIZE_MAX;
}

/* Where a telling pattern starts that shows KEY at AT, or SIZE_MAX. */
static size_t telling_at(const struct patterns *patterns, struct str s, size_t at, const char *key)
{
	for (uint16_t k = patterns->by_key[bucket_of(key)]; k != NO_PATTERN; k = patterns->anchors[k].next) {
		size_t start = start_of(patterns, &patterns->anchors[k], s, at);
		if (start != SIZE_MAX)
			return start;
	}
	return SIZE_MAX;
}

/* The last three bytes are a key with what may stand behind them. */
static size_t telling_at_end(const struct patterns *patterns, struct str s, size_t at)
{
	char key[KEY_BYTES] = {0};
	if (at + KEY_BYTES != s.n + 1)
		return SIZE_MAX;
	memcpy(key, s.p + at, KEY_BYTES - 1);
	return telling_at(patterns, s, at, key);
}

size_t patterns_find(const struct patterns *patterns, struct str text)
{
	size_t i = 0;
	for (;; i += KEY_STRIDE) {
		i = patterns->keys.pass(&patterns->keys, text, i);
		if (i + KEY_BYTES > text.n)
			return telling_at_end(patterns, text, i);
		size_t found = telling_at(patterns, text, i, text.p + i);
		if (found != SIZE_MAX)
			return found;
	}
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
		uint32_t head = key_of(s.p + at);
		uint16_t k = patterns->by_head[head >> (32 - BUCKET_BITS)];
		for (; k != NO_PATTERN; k = patterns->next[k]) {
			size_t n = patterns->len[k];
			if (patterns->head[k] == head && n <= s.n - at && same_text(&table[k], s.p + at, n) &&
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

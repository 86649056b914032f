/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/triage/causes.h"

#include "client/base/mem.h"
#include "client/base/regex.h"

/* When a row fits: KIND of problem, and one of WORDS (in lower case, '|' between them; NULL: any) in what it
 * says. Rows of a kind end with one that takes all. */
struct rule {
	const char *kind, *words;
	struct cause cause;
};

#define CODE  "code"
#define DATA  "data"
#define INFRA "infrastructure"

/* The columns of struct cause: name and page, its kind, what helps, why. */
#define CAUSE(name, kind, act, why)                                                                          \
	{                                                                                                    \
		name, kind, "runbooks/" name, act, why                                                       \
	}

/* clang-format off */
static const struct rule rules[] = {
	/* What is wrong is in the data: it fails again as long as that is as it is. */
	{"failed", "nan loss|loss is nan|loss became nan|loss=nan|loss: nan|nan in loss|non-finite loss|loss diverged|inf loss",
		CAUSE("nan-loss", CODE, "fix", "the training diverged, and would again")},
	{"failed", "below the gate|below gate|quality gate|metric gate|gate not passed|worse than the champion|worse than champion|below the baseline",
		CAUSE("model-below-gate", DATA, "fix", "the model is not good enough to pass its gate")},
	{"failed", "drifterror|drift detected|data drift|feature drift|drift of |drift in |population stability",
		CAUSE("drift", DATA, "fix", "the data is not what the model learned from")},
	{"failed", "column not found|columns not found|no such column|unknown column|undefinedcolumn|missing column|columns missing|missing columns|unexpected column|cannot resolve column|unresolved_column|schema|not in index|incompatible type|cannot cast|datatype mismatch",
		CAUSE("schema-change", DATA, "fix", "the input has another schema than the step expects")},
	{"failed", "datacheck|data check|% of |check failed|checks failed|checksuite|expectation|null_rate|null rate|rows are null|nulls in|have negative|duplicate rows|duplicate key|row count|rows expected|nan rating|contains nan|input contains|outside of|out of bounds for",
		CAUSE("data-check-failed", DATA, "fix", "the data is not as promised, and a rerun reads the same")},

	/* Somebody has to give it something. */
	{"failed", "no space left|disk quota|disk full|enospc|file system full|not enough disk",
		CAUSE("disk-full", INFRA, "fix", "a disk is full, and a rerun fills it again")},
	{"failed", "expired|unauthorized|401 |http 401|403 forbidden|http 403|error 401|error 403|status 401|status 403|code 401|code 403|: forbidden|accessdenied|access denied|access is denied|invalid credential|bad credential|no credential|credentials|authentication failed|authentication error|invalid token|invalidclienttoken|password|permission denied|certificate verify",
		CAUSE("expired-credentials", INFRA, "fix", "it is not let in, and a rerun is not either")},
	{"failed", "quota|rate limit|ratelimit|too many requests|http 429|limitexceeded|limit exceeded|throttl|insufficientcapacity|insufficient capacity",
		CAUSE("quota", INFRA, "wait", "a limit is reached: it passes with time, or somebody raises it")},

	/* Airflow calls any SIGKILL likely out of memory. */
	{"failed", "terminated by signal. likely|signal_name=sig",
		CAUSE("killed", INFRA, "rerun", "it was ended from outside")},

	/* Memory: more of it, or less to do. */
	{"failed", "skew",
		CAUSE("skewed-join", DATA, "trigger", "one task has most of the data: it needs other parameters")},
	{"failed", "executorlost|executor lost|lost executor|executor out of memory|container killed by yarn|exceeding memory limits|exceeding physical memory|executor heartbeat|gc overhead limit",
		CAUSE("out-of-memory-executor", INFRA, "trigger", "an executor ran out of memory, and would again with what it has")},
	{"failed", "outofmemory|out of memory|out-of-memory|heap space|oomkill|oom-kill|oom kill|memoryerror|cannot allocate memory|unable to allocate|bad_alloc|cannot allocate",
		CAUSE("out-of-memory-driver", INFRA, "trigger", "it ran out of memory, and would again with what it has")},

	/* What it needs is not there. */
	{"failed", "modulenotfound|no module named|cannot import name|importerror|command not found|cannot open shared object|classnotfound|noclassdeffound|no matching distribution|could not find a version|undefined symbol|not currently installed",
		CAUSE("dependency-missing", CODE, "fix", "something that it needs is not installed, and will not be by a rerun")},
	{"failed", "sensortimeout|sensor has timed out|sensor timed out|not landed|has not arrived|not yet available|partition not found|no such partition|path does not exist|nosuchkey|no such key|filenotfound|input path|upstream",
		CAUSE("upstream-late", DATA, "wait", "what it waits for is not there")},
	{"failed", "invalid conf|bad conf|wrong conf|conferror|configerror|configuration error|invalid parameter|missing parameter|required parameter|missing required|invalid value for|is not a valid|invalid choice|unrecognized argument|unrecognized option|unknown option|unbound variable|must be one of|unknown region|validationerror|badparam|paramvalidation",
		CAUSE("wrong-conf", CODE, "trigger", "its parameters are wrong: it needs others")},

	/* The place where it ran. */
	{"failed", "worker lost|lost worker|workerlost|worker died|node was lost|node lost|evict|preempt|spot instance|zombie|heartbeat|fetchfailed|task was lost|no longer running|disappeared",
		CAUSE("lost-worker", INFRA, "rerun", "the machine that it ran on was lost")},
	{"failed", "sigkill|sigterm|killed|terminated by signal|signal 9|signal 15|exit code 137|exit code 143|status 137|code -9|return code: -9|terminated",
		CAUSE("killed", INFRA, "rerun", "it was ended from outside")},
	{"failed", "timeout|timed out|time-out|deadline exceeded|took too long",
		CAUSE("timeout", INFRA, "rerun", "it took longer than it may")},
	{"failed", "connection refused|connection reset|connection error|connectionerror|connection aborted|connection closed|cannot connect|could not connect|name or service not known|name resolution|could not resolve|no route to host|network is unreachable|service unavailable|bad gateway|http 502|http 503|http 504|broken pipe|remote end closed|does not answer|temporarily unavailable",
		CAUSE("service-unreachable", INFRA, "rerun", "something that it talks to did not answer")},

	/* Its own code, which says no more. */
	{"failed", "keyerror|typeerror|decodeerror|parseerror|attributeerror|valueerror|indexerror|nameerror|zerodivision|assertionerror|assertion|syntaxerror|syntax error|indentationerror|unboundlocal|notimplemented|recursionerror|nullpointer|indexoutofbounds|illegalargument|illegalstate|classcast|segmentation fault|undefined reference|: error:|panic:|traceback",
		{"code", CODE, NULL, "fix", "it fails in its own code, and would again"}},
	{"failed", NULL, {"unknown", "unknown", NULL, NULL, "no rule knows this cause"}},

	{"platform", "import ",
		CAUSE("import-error", CODE, "fix", "the definition does not import: none of its runs can start")},
	{"platform", "scheduler|triggerer|dag-processor|executor|sync",
		CAUSE("scheduler-dead", INFRA, "restart", "a component is silent: nothing starts until it runs again")},
	{"platform", "401|403|signed out|credential|password|token|certificate",
		CAUSE("expired-credentials", INFRA, "fix", "the source does not let us in")},
	{"platform", NULL, CAUSE("service-unreachable", INFRA, "restart", "it does not answer")},

	{"late", "and nothing takes it",
		{"stuck-queue", INFRA, "runbooks/stuck-queue", "restart", "its pool is full, or its workers are away"}},
	{"late", "green runs took", CAUSE("slow-pipeline", "unknown", "wait", "it runs still, longer than it ever took")},
	{"late", ", running since|, queued since", CAUSE("slow-pipeline", "unknown", "wait", "it runs still")},
	{"late", NULL, CAUSE("upstream-late", "unknown", "trigger", "it should have started and did not")},
	{"alert", NULL, CAUSE("drift", DATA, "fix", "a monitor says that a series left its range")},
	{"check", NULL, CAUSE("data-check-failed", DATA, "fix", "the data is not as promised")},
};
/* clang-format on */

static const struct cause flaky = {
	"flaky", "flaky", NULL, "none", "the tool tried again and it passed: nothing is to be done"};
static const struct cause unknown = {"unknown", "unknown", NULL, NULL, "no rule knows this cause"};

/* Whether one of WORDS stands in TEXT, in any case. */
static bool says(const char *text, const char *words)
{
	struct str rest = str_of(words), word;
	char one[64];
	if (!words)
		return true;
	while (text && str_next(&rest, '|', &word)) {
		BUG_ON(word.n >= sizeof one);
		memcpy(one, word.p, word.n);
		one[word.n] = 0;
		if (strcasestr(text, one))
			return true;
	}
	return false;
}

const struct cause *cause_of(const char *kind, const char *subject, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (!strcmp(rules[i].kind, kind) &&
			(says(text, rules[i].words) || (rules[i].words && says(subject, rules[i].words))))
			return &rules[i].cause;
	return &unknown;
}

const struct cause *cause_flaky(void)
{
	return &flaky;
}

bool cause_is_kind(const char *word)
{
	static const char *const kinds[] = {CODE, DATA, INFRA, "flaky", "unknown"};
	for (size_t i = 0; word && i < ARRAY_LEN(kinds); i++)
		if (!strcmp(word, kinds[i]))
			return true;
	return false;
}

bool causes_correct(
	struct store *store, int64_t problem, struct arena *arena, const char **out, struct err *err)
{
	struct result row;
	const struct value params[] = {value_int(problem)};
	*out = NULL;
	if (!store_query(store,
		    "SELECT verb, text FROM team.problem_event e WHERE problem_id = $1 AND verb IN ('cause', 'resolved')"
		    " AND NOT EXISTS (SELECT 1 FROM team.problem_event u WHERE u.undoes = e.id)"
		    " ORDER BY id DESC LIMIT 1",
		    params, 1, arena, &row, err))
		return false;
	if (row.n_rows && !strcmp(result_text(&row, 0, 0), "cause") && cause_is_kind(result_text(&row, 0, 1)))
		*out = result_text(&row, 0, 1);
	return true;
}

/* A pattern that is none stands for its own letters. */
static bool matches(const char *pattern, const char *text)
{
	size_t length;
	struct regex *regex = regex_new(str_of(pattern), true, NULL);
	if (!regex)
		return strcasestr(text, pattern) != NULL;
	bool is_there = regex_find(regex, str_of(text), 0, &length) != SIZE_MAX;
	regex_free(regex);
	return is_there;
}

static bool is_for(const struct config_runbook *runbook, const char *source, const char *pipeline)
{
	if (!runbook->pipeline)
		return true;
	char *name = x_printf("%s/%s", source ? source : "", pipeline ? pipeline : "");
	bool is_its = str_glob(str_of(runbook->pipeline), str_of(name));
	x_free(name);
	return is_its;
}

const char *cause_runbook(const struct config *config, const struct cause *cause, const char *text,
	const char *source, const char *pipeline)
{
	for (size_t i = 0; text && i < config->n_runbooks; i++) {
		const struct config_runbook *runbook = &config->runbooks[i];
		if (is_for(runbook, source, pipeline) && matches(runbook->match, text))
			return runbook->page;
	}
	return cause->page;
}

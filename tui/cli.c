/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/cli.h"

#include "client/base/clean.h"
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/base/utf8.h"
#include "client/base/when.h"
#include "client/catalogue/declared.h"
#include "client/catalogue/find.h"
#include "client/catalogue/mirror.h"
#include "client/catalogue/move.h"
#include "tui/app.h"
#include "tui/screen.h"
#include "tui/sgr.h"
#include "tui/theme.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PORTAL_PATIENCE_MS = 1000 };

static const struct cli_command commands[] = {
	{"sync", "[SOURCE…] [--watch] [--since T]", "ask the sources what is new, and store it", true,
		cli_sync},
	{"triage", "[FILTER…]", "open problems, worst first, with their evidence", true, cli_triage},
	{"show", "REF", "one object, all of it", true, cli_show},
	{"logs", "REF [--attempt N] [--follow] [--cause]", "the log of a step, or only its evidence", true,
		cli_logs},
	{"series", "REF [METRIC…]", "the curves of a run, point after point", true, cli_series},
	{"artifacts", "REF [PATH]", "the files of a run, or the content of one", true, cli_artifacts},
	{"diff", "REF [REF…]", "what differs, against the last green run unless more are named", true,
		cli_diff},
	{"why", "REF", "the problem that stands for it, what else belongs to that, and by which key", true,
		cli_why},
	{"explain", "FILE|- [--good FILE]…", "the failing lines of any log, best first", false, cli_explain},
	{"open", "REF|URL", "the portal's ref of an address, the tool's address of a ref", true, cli_open},
	{"search", "WORDS", "pipelines, runs, steps, problems and views by name or cause", true, cli_search},
	{"rerun", "REF… [--all]", "run again what failed of a run or step, and what waits behind it", true,
		cli_act},
	{"clear", "REF… [--downstream] [--upstream] [--all]", "run again what failed, and nothing else", true,
		cli_act},
	{"trigger", "PIPELINE… [--set K=V]… [--conf FILE|-]", "start a new run", true, cli_act},
	{"cancel", "RUN…", "stop runs", true, cli_act},
	{"pause", "PIPELINE…", "no more runs by the schedule", true, cli_act},
	{"unpause", "PIPELINE…", "runs by the schedule again", true, cli_act},
	{"set-state", "REF… --state S [--note TEXT]", "mark runs or steps; nothing runs by that", true,
		cli_act},
	{"tag", "REF… [--set K=V]… [--note TEXT]", "set tags of runs, or a note", true, cli_act},
	{"ack", "PROBLEM…", "take a problem: you see to it", true, cli_team},
	{"assign", "PROBLEM… [WHO]", "give it to WHO (nobody: back; else it is yours)", true, cli_team},
	{"snooze", "PROBLEM… [UNTIL]", "not before 2h, morning, tomorrow, due, 17:30, a date (1h)", true,
		cli_team},
	{"note", "PROBLEM… [TEXT|-]", "a line on its timeline; from standard input without TEXT", true,
		cli_team},
	{"resolve", "PROBLEM… [WHY]", "it is over; it comes back when it happens again", true, cli_team},
	{"reopen", "PROBLEM… [WHY]", "it is not over, not taken, not ignored", true, cli_team},
	{"ignore", "PROBLEM… [WHY]", "it stays away, whatever it does", true, cli_team},
	{"cause", "PROBLEM… KIND", "of what kind its cause is: code, data, infrastructure, flaky, unknown",
		true, cli_team},
	{"ask", "REF [TEXT|-]", "ask the owner of a problem, where 'notify:' says how", true, cli_team},
	{"undo", "", "take back what you did last about problems", true, cli_undo},
	{"report", "[--since 12h]", "what a shift hands over: new, open, fixed, snoozed, to watch", true,
		cli_report},
	{"run", "PIPELINE.yaml|EXAMPLE [--set K=V]… [--scale N] [--jobs N]", "run a pipeline on this machine",
		true, cli_run},
	{"record", "check | metric NAME=VALUE… | input NAME [VERSION] | cost | abtest NAME [-]",
		"what a pipeline reports of itself", true, cli_record},
	{"examples", "[NAME] [--copy DIR|--diff DIR]", "pipelines to read, to copy out and to run", true,
		cli_examples},
	{"apply", "FILE…", "declare sources, projects and the like for everybody", true, cli_apply},
	{"backup", "FILE", "the team store into a file, while it is in use", true, cli_backup},
	{"restore", "FILE", "a backup into the team store", true, cli_restore},
	{"forget", "SOURCE", "what the catalogue knows from a source goes", true, cli_forget},
	{"move", "--to DSN", "catalogue and team store into another, empty one", true, cli_move},
	{"source", "new NAME | test COMMAND… | guide [SECTION]",
		"writes a plug-in to start from; tries one against the protocol", false, cli_source},
	{"docs",
		"[PAGE [REF]|search WORDS|lint|publish DIR|rollback PAGE|history PAGE|helped PAGE yes|no|gaps]",
		"the documentation: list, read, search, check, publish, versions, what is missing", true,
		cli_docs},
	{"news", "", "what is new on the platform; 'porthole docs news/PAGE' reads it", true, cli_news},
	{"doctor", "", "what works, what does not, and what to do", true, cli_doctor},
	{"themes", "", "the themes that --theme takes", false, cli_themes},
	{"manual", "[porthole|portal.yaml]", "a manual page, for man -l -", false, cli_manual},
	{"complete", "[WORD…]", "what could stand for the last word, a line each: for the shell", false,
		cli_complete},
};

static const struct cli_option options[] = {
	{"config", "FILE", "the configuration instead of the user's", OPTION_TEXT,
		offsetof(struct cli, config_file), NULL},
	{"json", NULL, "one JSON object a line", OPTION_FLAG, offsetof(struct cli, is_json), NULL},
	{"tsv", NULL, "tab-separated, with a header", OPTION_FLAG, offsetof(struct cli, is_tsv), NULL},
	{"limit", "N", "rows; 0 for all (50)", OPTION_COUNT, offsetof(struct cli, limit),
		"lists triage search docs"},
	{"sort", "[-]KEY", "sort by a key, descending with -", OPTION_TEXT, offsetof(struct cli, sort),
		"lists triage"},
	{"since", "T", "read again, or tell, what lies behind this", OPTION_TEXT, offsetof(struct cli, since),
		"sync report"},
	{"watch", NULL, "go on, a round a minute", OPTION_FLAG, offsetof(struct cli, is_watch), "sync"},
	{"attempt", "N", "that attempt instead of the newest", OPTION_COUNT, offsetof(struct cli, attempt),
		"logs"},
	{"follow", NULL, "go on while the step runs", OPTION_FLAG, offsetof(struct cli, is_follow), "logs"},
	{"cause", NULL, "the evidence only", OPTION_FLAG, offsetof(struct cli, is_cause), "logs"},
	{"plot", NULL, "draw the curves, as wide as the terminal", OPTION_FLAG, offsetof(struct cli, is_plot),
		"series"},
	{"tail", "N", "the last N bytes of a file", OPTION_COUNT, offsetof(struct cli, tail), "artifacts"},
	{"good", "FILE", "a log of a run that passed", OPTION_TEXT, offsetof(struct cli, good), "explain"},
	{"to", "DSN", "sqlite:PATH or postgresql://HOST/NAME; of assign: who", OPTION_TEXT,
		offsetof(struct cli, to), "move assign"},
	{"until", "T", "2h, morning, tomorrow, due, 17:30, a date", OPTION_TEXT, offsetof(struct cli, until),
		"snooze"},
	{"all", NULL, "every step, also those that passed", OPTION_FLAG, offsetof(struct cli, is_all),
		"rerun clear"},
	{"downstream", NULL, "and the steps behind it", OPTION_FLAG, offsetof(struct cli, is_downstream),
		"rerun clear"},
	{"upstream", NULL, "and the steps before it", OPTION_FLAG, offsetof(struct cli, is_upstream),
		"rerun clear"},
	{"set", "K=V", "a parameter of the new run, or a tag", OPTION_TEXTS, offsetof(struct cli, set),
		"trigger tag run"},
	{"scale", "N", "the parameter 'scale'", OPTION_TEXT, offsetof(struct cli, scale), "run"},
	{"jobs", "N", "steps at once; as many as there are processors", OPTION_COUNT,
		offsetof(struct cli, jobs), "run"},
	{"conf", "FILE", "a JSON object with the parameters; - reads it", OPTION_TEXT,
		offsetof(struct cli, conf), "trigger"},
	{"state", "S", "success, failed or skipped; of a check pass, warn, fail, error, not_run, no_baseline",
		OPTION_TEXT, offsetof(struct cli, state), "set-state record"},
	{"run", "REF", "the run it is about; in a step of 'porthole run' that one", OPTION_TEXT,
		offsetof(struct cli, run), "record"},
	{"step", "S", "the step it is about", OPTION_TEXT, offsetof(struct cli, step), "record"},
	{"check", "NAME", "the data check", OPTION_TEXT, offsetof(struct cli, check), "record"},
	{"observed", "X", "what a check saw; also NaN, Infinity", OPTION_TEXT, offsetof(struct cli, observed),
		"record"},
	{"lower", "L", "the least that passes", OPTION_TEXT, offsetof(struct cli, lower), "record"},
	{"upper", "U", "the most that passes", OPTION_TEXT, offsetof(struct cli, upper), "record"},
	{"rows", "N", "rows of an input", OPTION_TEXT, offsetof(struct cli, rows), "record"},
	{"amount", "A", "what a month cost", OPTION_TEXT, offsetof(struct cli, amount), "record"},
	{"month", "YYYY-MM", "which month", OPTION_TEXT, offsetof(struct cli, month), "record"},
	{"currency", "EUR", "of the amount", OPTION_TEXT, offsetof(struct cli, currency), "record"},
	{"estimate", NULL, "the amount is an estimate", OPTION_FLAG, offsetof(struct cli, is_estimate),
		"record"},
	{"day", "D", "of a row of an A/B test: 2026-11-20", OPTION_TEXT,
		offsetof(struct cli, abtest[CLI_ABTEST_DAY]), "record"},
	{"arm", "A", "its arm", OPTION_TEXT, offsetof(struct cli, abtest[CLI_ABTEST_ARM]), "record"},
	{"segment", "S", "of which units; without it all", OPTION_TEXT,
		offsetof(struct cli, abtest[CLI_ABTEST_SEGMENT]), "record"},
	{"metric", "M", "what was measured", OPTION_TEXT, offsetof(struct cli, abtest[CLI_ABTEST_METRIC]),
		"record"},
	{"n", "N", "units of the arm on that day", OPTION_TEXT, offsetof(struct cli, abtest[CLI_ABTEST_N]),
		"record"},
	{"sum", "S", "the sum of the metric over them", OPTION_TEXT,
		offsetof(struct cli, abtest[CLI_ABTEST_SUM]), "record"},
	{"sumsq", "Q", "the sum of its squares", OPTION_TEXT, offsetof(struct cli, abtest[CLI_ABTEST_SUMSQ]),
		"record"},
	{"x", "X", "of a covariate: its sum", OPTION_TEXT, offsetof(struct cli, abtest[CLI_ABTEST_X]),
		"record"},
	{"xx", "X", "the sum of its squares", OPTION_TEXT, offsetof(struct cli, abtest[CLI_ABTEST_XX]),
		"record"},
	{"xy", "X", "the sum of its products with the metric", OPTION_TEXT,
		offsetof(struct cli, abtest[CLI_ABTEST_XY]), "record"},
	{"d", "D", "of a ratio's denominator: its sum", OPTION_TEXT,
		offsetof(struct cli, abtest[CLI_ABTEST_D]), "record"},
	{"dd", "D", "the sum of its squares", OPTION_TEXT, offsetof(struct cli, abtest[CLI_ABTEST_DD]),
		"record"},
	{"nd", "D", "the sum of its products with the metric", OPTION_TEXT,
		offsetof(struct cli, abtest[CLI_ABTEST_ND]), "record"},
	{"copy", "DIR", "copy it out; nothing is overwritten", OPTION_TEXT, offsetof(struct cli, copy),
		"examples"},
	{"diff", "DIR", "what was changed in the copy that was made there", OPTION_TEXT,
		offsetof(struct cli, diff), "examples"},
	{"note", "TEXT", "a note that stays with it in the tool", OPTION_TEXT, offsetof(struct cli, note),
		"rerun clear trigger cancel set-state tag"},
	{"yes", "[=N]", "confirm an action, on exactly N objects", OPTION_OPTIONAL, offsetof(struct cli, yes),
		NULL},
	{"read-only", NULL, "write nothing anywhere", OPTION_FLAG, offsetof(struct cli, is_read_only), NULL},
	{"dry-run", NULL, "show the effect only", OPTION_FLAG, offsetof(struct cli, is_dry_run), NULL},
	{"color", "WHEN", "auto, always or never", OPTION_TEXT, offsetof(struct cli, colour), NULL},
	{"ascii", NULL, "signs and lines in ASCII", OPTION_FLAG, offsetof(struct cli, is_ascii), NULL},
	{"theme", "NAME", "see 'porthole themes'", OPTION_TEXT, offsetof(struct cli, theme), NULL},
	{"raw", NULL, "a log's bytes as they came (not onto a terminal)", OPTION_FLAG,
		offsetof(struct cli, is_raw), "logs"},
	{"help", NULL, "this", OPTION_FLAG, offsetof(struct cli, is_help), NULL},
	{"version", NULL, "the version", OPTION_FLAG, offsetof(struct cli, is_version), NULL},
};

const struct cli_command *cli_commands(size_t *n)
{
	*n = ARRAY_LEN(commands);
	return commands;
}

const struct cli_option *cli_options(size_t *n)
{
	*n = ARRAY_LEN(options);
	return options;
}

/* Every list is a command too: its view says what it shows. */
bool cli_find_command(const char *name, struct cli_command *out)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!strcmp(commands[i].name, name)) {
			*out = commands[i];
			return true;
		}
	const struct view_def *view = view_find(name);
	if (!view || view->kind != VIEW_LIST)
		return false;
	*out = (struct cli_command){view->name, "[FILTER…]", view->help, true, cli_list};
	return true;
}

static bool is_word_of(const char *words, const char *word)
{
	struct str rest = str_of(words), piece;
	while (str_next(&rest, ' ', &piece))
		if (str_is(piece, word))
			return true;
	return false;
}

static bool store_option(struct cli *cli, const struct cli_option *option, const char *value, struct err *err)
{
	char *at = (char *)cli + option->offset;
	switch (option->type) {
	case OPTION_FLAG:
		*(bool *)(void *)at = true;
		return true;
	case OPTION_OPTIONAL:
		if (!value) {
			*(int64_t *)(void *)at = 0;
			return true;
		}
		/* fall through */
	case OPTION_COUNT:
		return str_to_int(str_of(value), 0, INT32_MAX, (int64_t *)(void *)at) ||
		       err_set(err, ERR_USAGE, "--%s: '%s' is no number from 0 to %d", option->name, value,
			       INT32_MAX);
	case OPTION_TEXTS: {
		struct cli_texts *texts = (struct cli_texts *)(void *)at;
		if (texts->n == ARRAY_LEN(texts->texts))
			return err_set(err, ERR_USAGE, "--%s: at most %zu times", option->name,
				ARRAY_LEN(texts->texts));
		texts->texts[texts->n++] = value;
		return true;
	}
	case OPTION_TEXT:
		if (option->offset != offsetof(struct cli, good)) {
			*(const char **)(void *)at = value;
			return true;
		}
		if (cli->n_good == ARRAY_LEN(cli->good))
			return err_set(err, ERR_USAGE, "--good: at most %zu files", ARRAY_LEN(cli->good));
		cli->good[cli->n_good++] = value;
		return true;
	}
	return false;
}

static const struct cli_option *find_option(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (str_is(name, options[i].name))
			return &options[i];
	return NULL;
}

/* Takes argv[*i], an option, and its value where that stands behind it. */
static bool take_option(struct cli *cli, int argc, char **argv, int *i, bool *seen, struct err *err)
{
	const char *text = argv[*i] + 2, *value = strchr(text, '=');
	struct str name = {text, value ? (size_t)(value - text) : strlen(text)};
	const struct cli_option *option = find_option(name);
	if (!option)
		return err_set(
			err, ERR_USAGE, "unknown option '--%.*s'; see 'porthole --help'", STR_FMT(name));
	if (value)
		value++;
	else if (option->type != OPTION_FLAG && option->type != OPTION_OPTIONAL)
		value = ++*i < argc ? argv[*i] : NULL;
	bool is_flag = option->type == OPTION_FLAG;
	if (is_flag && value)
		return err_set(err, ERR_USAGE, "option '--%s' takes no value", option->name);
	if (!is_flag && option->type != OPTION_OPTIONAL && !value)
		return err_set(err, ERR_USAGE, "option '--%s' needs a value", option->name);
	seen[option - options] = true;
	return store_option(cli, option, value, err);
}

/* Options may stand anywhere; SEEN notes which were given. They have two dashes: one is the filter's "not".
 */
static bool parse_options(struct cli *cli, int argc, char **argv, bool *seen, struct err *err)
{
	const char **args = arena_array(cli->arena, const char *, (size_t)argc + 1);
	bool is_over = false; /* behind "--" */
	for (int i = 1; i < argc; i++) {
		if (is_over || (strncmp(argv[i], "--", 2) && strcmp(argv[i], "-h")))
			args[cli->n_args++] = argv[i];
		else if (!strcmp(argv[i], "--"))
			is_over = true;
		else if (!strcmp(argv[i], "-h"))
			cli->is_help = true;
		else if (!take_option(cli, argc, argv, &i, seen, err))
			return false;
	}
	cli->args = args;
	return true;
}

bool cli_takes(const struct cli_command *command, const struct cli_option *option)
{
	if (!option->commands)
		return true;
	return command && (is_word_of(option->commands, command->name) ||
				  (command->run == cli_list && is_word_of(option->commands, "lists")));
}

static bool check_options(const bool *seen, const struct cli_command *command, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (seen[i] && !cli_takes(command, &options[i]))
			return err_set(err, ERR_USAGE, "'%s' has no option --%s",
				command ? command->name : "porthole", options[i].name);
	return true;
}

bool cli_flush(struct cli *cli)
{
	struct str rest = buf_str(&cli->out);
	while (rest.n) {
		ssize_t n = write(STDOUT_FILENO, rest.p, rest.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) { /* whoever gave us the pipe did not want to wait; we do */
			poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
			continue;
		}
		if (n < 0) {
			cli->out_errno = errno == EPIPE ? 0 : errno;
			break;
		}
		rest = str_slice(rest, (size_t)n, rest.n);
	}
	buf_reset(&cli->out);
	return rest.n == 0;
}

void cli_say(const char *fmt, ...)
{
	char text[1200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	struct buf clean;
	buf_init(&clean, 0);
	clean_add(&clean, str_of(text), CLEAN_NAME);
	fprintf(stderr, "porthole: %s\n", clean.p ? clean.p : "");
	buf_fini(&clean);
}

struct printer cli_printer(struct cli *cli)
{
	struct printer printer = {.out = &cli->out,
		.format = {
			.now_ms = cli->now_ms, .is_ascii = cli->is_ascii, .is_absolute = !cli->is_terminal}};
	struct winsize size;
	if (cli->is_terminal && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		printer.columns = size.ws_col;
	if (!cli->is_terminal && !(cli->colour && !strcmp(cli->colour, "always"))) {
		printer.format.is_ascii |= strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
		return printer; /* nobody asks what the terminal can do */
	}
	struct terminal terminal = terminal_probe(cli->colour ? cli->colour : "auto");
	bool has_colour = cli->colour && !strcmp(cli->colour, "always")
				  ? true
				  : cli->is_terminal && terminal.colours >= 8;
	struct theme theme;
	const char *chosen = cli->theme ? cli->theme : cli->config ? cli->config->theme : NULL;
	const char *dir = arena_printf(cli->arena, "%s/themes", file_config_dir(cli->arena));
	if (has_colour && theme_load(cli->arena, chosen ? chosen : "auto", dir, &theme, NULL))
		printer.sgr = theme_sgr(cli->arena, &theme, terminal.colours >= 256 ? 256 : 16);
	if (!terminal.is_utf8)
		printer.format.is_ascii = true;
	return printer;
}

/* Once: a command may open the catalogue again. */
static bool merge_declared(struct cli *cli, struct store *store, struct err *err)
{
	struct config *merged;
	const char *notice;
	if (cli->local)
		return true;
	if (!declared_merge(cli->config, store, &merged, &notice, err))
		return false;
	if (notice)
		cli_say("%s", notice);
	if (merged) {
		cli->local = cli->config;
		cli->config = merged;
	}
	return true;
}

/* Takes STORE, NULL where ERR says why there is none. */
static struct store *check_store(struct cli *cli, struct store *store, struct err *err)
{
	if (store && store_notice(store))
		cli_say("%s", store_notice(store));
	if (!store && err->code == ERR_NOT_FOUND)
		err_set(err, ERR_UNAVAILABLE, "no catalogue at %s yet; 'porthole sync' makes it",
			store_shown(cli->arena, cli->config->catalogue));
	if (!store || move_check(store, err))
		return store;
	store_close(store);
	return NULL;
}

/* The same, and from now on what it declares for everybody holds. */
static struct store *look_into(struct cli *cli, struct store *store, struct err *err)
{
	store = check_store(cli, store, err);
	if (!store || merge_declared(cli, store, err))
		return store;
	store_close(store);
	return NULL;
}

struct store *cli_store_undeclared(struct cli *cli, struct err *err)
{
	return check_store(cli, store_open(cli->config->catalogue, STORE_READ, err), err);
}

struct store *cli_store(struct cli *cli, struct err *err)
{
	return look_into(cli, store_open(cli->config->catalogue, STORE_READ, err), err);
}

static bool has_mirror(struct cli *cli)
{
	const char *address = cli->config->catalogue;
	return !store_is_file(address) && access(mirror_path(cli->arena, address), R_OK) == 0;
}

/* The mirror of a catalogue that AWAY says is away; NULL where there is none, or a file is the catalogue. */
static struct store *open_mirror(struct cli *cli, const struct err *away)
{
	struct err no_mirror;
	const char *address = cli->config->catalogue;
	if (away->code != ERR_UNAVAILABLE || store_is_file(address))
		return NULL;
	return mirror_open(mirror_path(cli->arena, address), &no_mirror);
}

struct store *cli_store_or_mirror(struct cli *cli, int *status, struct err *err)
{
	struct store *store = store_open(cli->config->catalogue, STORE_READ, err);
	struct store *mirror = store ? NULL : open_mirror(cli, err);
	if (!mirror)
		return look_into(cli, store, err);
	struct buf made;
	buf_init(&made, 0);
	when_add_local(&made, store_mirrored_ms(mirror));
	cli_say("%s; from the mirror of %s, which has open problems and newest runs", err->msg, made.p);
	buf_fini(&made);
	*status = 3;
	cli->is_away = true;
	return look_into(cli, mirror, err);
}

bool cli_ref(struct cli *cli, struct store *store, const char *text, struct ref *out, struct err *err)
{
	struct str address = str_of(text);
	if (str_starts(address, STR("http://")) || str_starts(address, STR("https://")))
		return find_url(store, cli->arena, address, out, err);
	return ref_parse(cli->arena, address, out, err);
}

const char *cli_words(struct cli *cli, int first)
{
	struct buf words;
	buf_init(&words, 0);
	for (int i = first; i < cli->n_args; i++)
		buf_addf(&words, "%s%s", i > first ? " " : "", cli->args[i]);
	return arena_take(cli->arena, &words);
}

/* For the sources and what runs beside them too: a run under way whose heartbeat is of another time looks
 * lost. */
static void fix_clock(int64_t now_ms)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)now_ms);
	setenv("PORTHOLE_NOW", text, 1);
	clock_fix(now_ms);
}

/* The clock, the zone and the reading half of the environment. */
static bool set_up(struct cli *cli, const struct cli_command *command, struct err *err)
{
	const char *now = getenv("PORTHOLE_NOW");
	if (!clock_fix_by_environment())
		return err_set(err, ERR_USAGE, "PORTHOLE_NOW: '%s' is no number of milliseconds", now);
	if (!command || command->needs_config) {
		struct config *config = config_load(cli->config_file, err);
		if (!config)
			return false;
		config->read_only |= cli->is_read_only;
		cli->config = config;
		if (config->timezone)
			setenv("TZ", config->timezone, 1);
		if (config->recorded_until_ms != TIME_NONE && !now)
			fix_clock(config->recorded_until_ms);
	}
	tzset();
	cli->now_ms = clock_now_ms();
	return true;
}

/* LANG unset is taken as C.UTF-8 (contracts.md section 7). Which characters there are is all that we take of
 * a locale: numbers, times and what the library says of errors are the same for everybody. */
static void set_locale(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	bool has_locale = false;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		has_locale |= getenv(variables[i]) && *getenv(variables[i]);
	if (!setlocale(LC_CTYPE, has_locale ? "" : "C.UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
}

/* The portal itself opens the catalogue on a thread of its own, and says there what is wrong with it; where
 * nothing is, it need not do so again. */
static void look_for_declared(struct cli *cli)
{
	struct err err;
	/* who has something else to look at does not wait; whether it is back is looked at again and again */
	int64_t patience_ms = has_mirror(cli) ? PORTAL_PATIENCE_MS : 0;
	struct store *store = store_open_soon(cli->config->catalogue, STORE_READ, patience_ms, &err);
	cli->is_away = !store && err.code == ERR_UNAVAILABLE;
	bool is_itself = store != NULL;
	if (!store)
		store = open_mirror(cli, &err);
	if (store)
		(void)merge_declared(cli, store, NULL);
	if (is_itself)
		cli->opened = store;
	else
		store_close(store);
}

static bool run_command(struct cli *cli, const struct cli_command *command, int *status, struct err *err)
{
	if (cli->is_json && cli->is_tsv)
		return err_set(err, ERR_USAGE, "--json and --tsv exclude each other");
	if (cli->colour && !is_word_of("auto always never", cli->colour))
		return err_set(err, ERR_USAGE, "--color: '%s' is none of auto, always, never", cli->colour);
	if (!set_up(cli, command, err))
		return false;
	if (command)
		return command->run(cli, status, err);
	/* a person at a terminal gets the portal, anything else what it shows */
	if (cli->is_terminal && isatty(STDIN_FILENO) && !cli->is_json && !cli->is_tsv &&
		terminal_probe(cli->colour ? cli->colour : "auto").can_draw) {
		look_for_declared(cli);
		return app_main(cli, status, err);
	}
	return cli->n_args ? cli_show(cli, status, err) : cli_triage(cli, status, err);
}

static bool dispatch(struct cli *cli, int argc, char **argv, int *status, struct err *err)
{
	bool seen[ARRAY_LEN(options)] = {0};
	if (!parse_options(cli, argc, argv, seen, err))
		return false;
	if (cli->is_version) {
		buf_addz(&cli->out, "porthole " PORTHOLE_VERSION "\n");
		return true;
	}
	const char *name = cli->n_args ? cli->args[0] : "";
	struct cli_command found;
	const struct cli_command *command = cli_find_command(name, &found) ? &found : NULL;
	if (cli->is_help) {
		cli_add_help(&cli->out, command);
		return true;
	}
	bool is_place = strchr(name, '/') || strchr(name, ':');
	if (!command && *name && !is_place)
		return err_set(err, ERR_USAGE, "'%s' is no command and no ref; see 'porthole --help'", name);
	return check_options(seen, command, err) && run_command(cli, command, status, err);
}

/* What to do about damage: the catalogue is rebuilt, what people know is not ours to throw away. */
static const char *remedy_of(const struct err *err)
{
	if (err->code != ERR_CORRUPT)
		return "";
	return strstr(err->msg, ".team'")
		       ? "; put a backup in its place, or move it away to start without notes"
		       : "; 'porthole sync' sets it aside and reads all anew";
}

/* What the mirror does not have may well be in the catalogue. */
static int status_of(const struct cli *cli, const struct err *err)
{
	if (cli->signo)
		return 128 + cli->signo;
	return cli->is_away && err->code == ERR_NOT_FOUND ? 3 : err_exit_status(err);
}

int cli_main(int argc, char **argv)
{
	struct cli cli = {.limit = -1, .yes = -1, .arena = arena_new(), .is_terminal = isatty(STDOUT_FILENO)};
	struct err err = {0};
	int status = 0;
	set_locale();
	signal(SIGPIPE, SIG_IGN);
	buf_init(&cli.out, (size_t)1 << 30);
	if (!dispatch(&cli, argc, argv, &status, &err)) {
		cli_flush(&cli);
		cli_say("%s%s", err.msg, remedy_of(&err));
		status = status_of(&cli, &err);
	}
	cli_flush(&cli);
	if (cli.out_errno) {
		cli_say("standard output: %s", strerror(cli.out_errno));
		status = status ? status : 3;
	}
	buf_fini(&cli.out);
	store_close(cli.opened);
	config_free((struct config *)cli.config);
	config_free((struct config *)cli.local);
	arena_free(cli.arena);
	return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: one table of commands, one table of options. Help,
 * completion and the reference page are made from them. A command family is a
 * file of its own (cli_*.c).
 */
#ifndef TUI_CLI_H
#define TUI_CLI_H

#include "client/base/mask.h"
#include "client/config/config.h"
#include "views/print.h"

/* What was typed, and what every command needs. */
/* What `record abtest` takes of an arm's day. */
enum cli_abtest_field {
	CLI_ABTEST_DAY,
	CLI_ABTEST_ARM,
	CLI_ABTEST_SEGMENT,
	CLI_ABTEST_METRIC,
	CLI_ABTEST_N,
	CLI_ABTEST_SUM,
	CLI_ABTEST_SUMSQ,
	CLI_ABTEST_X,
	CLI_ABTEST_XX,
	CLI_ABTEST_XY,
	CLI_ABTEST_D,
	CLI_ABTEST_DD,
	CLI_ABTEST_ND,
	CLI_ABTEST_FIELDS
};

struct cli {
	const struct config *config; /* NULL for commands that need none */
	const struct config *local;  /* the same without what the catalogue declares, where it declares any */
	int n_args;
	const char *const *args; /* behind the command's name */

	bool is_json, is_tsv, is_read_only, is_ascii, is_raw, is_dry_run;
	bool is_watch, is_follow, is_cause, is_plot, is_help, is_version;
	const char *config_file, *colour, *theme, *sort, *since, *to, *until;
	int64_t limit, attempt; /* limit -1: not given */
	int64_t tail;		/* bytes before an artifact's end; 0: not given */
	int64_t yes;		/* of --yes: the number of objects, 0 without one; -1: not given */
	const char *good[8];
	size_t n_good;
	/* of actions */
	bool is_all, is_downstream, is_upstream;
	const char *conf, *state, *note;
	struct cli_texts {
		const char *texts[32];
		size_t n;
	} set; /* K=V */
	/* of run */
	const char *scale;
	int64_t jobs; /* 0: not given */
	/* of record; numbers as they were typed: NULL is none */
	const char *run, *step, *check, *observed, *lower, *upper, *rows, *amount, *month, *currency;
	bool is_estimate;
	const char *abtest[CLI_ABTEST_FIELDS];
	const char *copy; /* of examples: where to */
	const char *diff; /* of examples: where one's own copy is */

	struct mask *mask;    /* what cli_put_line hides; NULL: nothing */
	bool is_terminal;     /* standard output is one */
	struct store *opened; /* the catalogue, for the portal to take; NULL: it opens that itself */
	bool is_away; /* the catalogue cannot be reached: its mirror, if there is one, is what we see */
	int64_t now_ms;
	struct buf out; /* flushed to standard output at the end, and by cli_flush */
	int signo;	/* that ended the command; 0: none did */
	int out_errno;	/* why standard output took no more; 0: it did, or nobody reads */
	struct arena *arena;
};

/* Runs one command line; returns the exit status of contracts.md section 4. */
int cli_main(int argc, char **argv);

/* A command of the command line. */
struct cli_command {
	const char *name, *args, *help;
	bool needs_config;
	/* Returns the exit status; on false ERR is printed and gives it. */
	bool (*run)(struct cli *cli, int *status, struct err *err);
};

enum cli_option_type { OPTION_FLAG, OPTION_TEXT, OPTION_TEXTS, OPTION_COUNT, OPTION_OPTIONAL };

struct cli_option {
	const char *name, *arg, *help;
	enum cli_option_type type;
	size_t offset;	      /* in struct cli */
	const char *commands; /* blank-separated, "lists" for every list; NULL: everywhere */
};

/* The tables, for help, manual and completion. */
const struct cli_command *cli_commands(size_t *n);
const struct cli_option *cli_options(size_t *n);
/* A command of the table, or a list. */
bool cli_find_command(const char *name, struct cli_command *out);
/* Whether COMMAND takes OPTION; NULL is the portal itself. */
bool cli_takes(const struct cli_command *command, const struct cli_option *option);

/* cli_help.c: the help of COMMAND; NULL: of the program. */
void cli_add_help(struct buf *out, const struct cli_command *command);

/* --- for the command files --- */
/* Writes what is in `out` to standard output. False where nobody reads any more (a closed pipe is no error).
 */
bool cli_flush(struct cli *cli);
/* A message on standard error, cleaned, one line: "porthole: …". */
void cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A printer for this terminal or pipe. */
struct printer cli_printer(struct cli *cli);
/* Opens the catalogue for reading; ERR says what to do where there is none. What it declares is in `config`
 * from then on. */
struct store *cli_store(struct cli *cli, struct err *err);
/* The same for a command that only reads: while the catalogue is away its mirror, if there is one. A line on
 * standard error tells that, and *STATUS is 3. */
struct store *cli_store_or_mirror(struct cli *cli, int *status, struct err *err);
/* The ref that TEXT names: a ref, or a web address of a configured source. */
bool cli_ref(struct cli *cli, struct store *store, const char *text, struct ref *out, struct err *err);
/* The arguments from FIRST on, joined by blanks. */
const char *cli_words(struct cli *cli, int first);

/* cli_read.c */
bool cli_list(struct cli *cli, int *status, struct err *err);
bool cli_triage(struct cli *cli, int *status, struct err *err);
bool cli_show(struct cli *cli, int *status, struct err *err);
bool cli_search(struct cli *cli, int *status, struct err *err);
bool cli_open(struct cli *cli, int *status, struct err *err);
/* cli_diff.c */
bool cli_diff(struct cli *cli, int *status, struct err *err);
/* cli_why.c */
bool cli_why(struct cli *cli, int *status, struct err *err);
/* cli_logs.c */
/* Whole lines of TEXT are cleaned and printed, the rest is kept in BEGUN until its end comes. */
void cli_put_text(struct cli *cli, struct buf *begun, struct str text);
void cli_put_line(struct cli *cli, struct str line);
bool cli_logs(struct cli *cli, int *status, struct err *err);
bool cli_explain(struct cli *cli, int *status, struct err *err);
/* cli_live.c */
bool cli_series(struct cli *cli, int *status, struct err *err);
bool cli_artifacts(struct cli *cli, int *status, struct err *err);
/* cli_sync.c */
bool cli_sync(struct cli *cli, int *status, struct err *err);
/* cli_manual.c */
bool cli_manual(struct cli *cli, int *status, struct err *err);
bool cli_complete(struct cli *cli, int *status, struct err *err);
/* cli_admin.c */
bool cli_backup(struct cli *cli, int *status, struct err *err);
bool cli_restore(struct cli *cli, int *status, struct err *err);
bool cli_forget(struct cli *cli, int *status, struct err *err);
bool cli_move(struct cli *cli, int *status, struct err *err);
/* The same for who reports, and reads nothing that was declared for everybody: a pipeline's role may not. */
struct store *cli_store_undeclared(struct cli *cli, struct err *err);
/* Prints a table in the way that was asked for. */
void cli_put_table(struct cli *cli, const struct table *table);
/* What makes AFTER of BEFORE, as `diff -u` prints it; one that is NULL is not there. */
void cli_put_difference(
	struct cli *cli, const char *from, const char *to, struct str before, struct str after);
/* Whether something may be written; ERR_REFUSED. A dry run may. */
bool cli_may_write(const struct cli *cli, struct err *err);
/* Whether doing WHAT to N objects is confirmed, by --yes[=N] or by the person; ERR_REFUSED. */
bool cli_confirm(struct cli *cli, int64_t n, const char *what, struct err *err);
/* cli_apply.c */
bool cli_apply(struct cli *cli, int *status, struct err *err);
/* cli_act.c */
bool cli_act(struct cli *cli, int *status, struct err *err);
/* cli_team.c */
bool cli_team(struct cli *cli, int *status, struct err *err);
bool cli_undo(struct cli *cli, int *status, struct err *err);
/* cli_report.c */
bool cli_report(struct cli *cli, int *status, struct err *err);
/* cli_record.c */
bool cli_record(struct cli *cli, int *status, struct err *err);
/* cli_abtest.c: `record abtest` */
bool cli_abtest(struct cli *cli, struct err *err);
/* cli_examples.c */
/* The pipeline file that TEXT stands for: of an example ("example:NAME", or its NAME where no file is called
 * so) one that is put into the cache, else TEXT. NULL with ERR. */
const char *cli_example_file(struct cli *cli, const char *text, struct err *err);
bool cli_examples(struct cli *cli, int *status, struct err *err);
/* cli_run.c */
bool cli_run(struct cli *cli, int *status, struct err *err);
/* cli_source.c */
bool cli_source(struct cli *cli, int *status, struct err *err);
/* cli_docs.c */
/* The page that REF ("doc:PAGE") names. */
bool cli_show_page(struct cli *cli, const char *ref, int *status, struct err *err);
bool cli_docs(struct cli *cli, int *status, struct err *err);
bool cli_news(struct cli *cli, int *status, struct err *err);
/* cli_doctor.c */
bool cli_doctor(struct cli *cli, int *status, struct err *err);
bool cli_themes(struct cli *cli, int *status, struct err *err);

#endif

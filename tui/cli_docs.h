/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `porthole docs WORD`: the words that are no page, each in the file of its family. */
#ifndef TUI_CLI_DOCS_H
#define TUI_CLI_DOCS_H

#include "client/docs/pages.h"
#include "tui/cli.h"

/* What each of them needs. Its arguments stand in the cli from FIRST on. */
struct docs_command {
	struct cli *cli;
	struct docs *docs;
	struct store *store; /* where pages are published; NULL: it cannot be had, or nothing is there yet */
};
enum { DOCS_FIRST = 2 };

/* cli_docs_lint.c */
bool cli_docs_lint(struct docs_command *d, int *status, struct err *err);
/* cli_docs_publish.c */
bool cli_docs_publish(struct docs_command *d, int *status, struct err *err);
bool cli_docs_rollback(struct docs_command *d, int *status, struct err *err);
bool cli_docs_history(struct docs_command *d, int *status, struct err *err);
/* cli_docs_feedback.c */
bool cli_docs_helped(struct docs_command *d, int *status, struct err *err);
bool cli_docs_gaps(struct docs_command *d, int *status, struct err *err);
bool cli_docs_news(struct docs_command *d, int *status, struct err *err);
/* What was searched for in vain goes into the store. */
void cli_docs_note_missed(struct docs_command *d);
/* The page was read: if it is one of the news it is unread no more. */
void cli_docs_note_read(struct docs_command *d, const char *page);

/* The name of the page that TEXT means: "filter" is "guide/filter" where no other page ends so. */
const char *cli_docs_name(struct docs_command *d, const char *text);

/* A table that is filled row by row, for any of these commands. */
struct docs_sheet {
	struct cli *cli;
	struct table table;
	size_t room; /* rows */
};
struct docs_sheet docs_sheet(
	struct cli *cli, const struct column *columns, size_t n_columns, const char *empty);
/* As many values as it has columns. */
void docs_sheet_add(struct docs_sheet *sheet, const struct value *row);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks: what a view shows, as data. A view's load function makes them on the
 * store's thread; the TUI gives each to the widget of its kind, the CLI prints
 * the same blocks as text or JSON. Immutable once handed over, all in one arena.
 * Texts are as the tools gave them: uncleaned until a cell or the printer.
 */
#ifndef VIEWS_BLOCK_H
#define VIEWS_BLOCK_H

#include "client/base/arena.h"
#include "client/catalogue/ref.h"
#include "client/catalogue/store.h"
#include "views/role.h"

enum column_type {
	COLUMN_TEXT,
	COLUMN_NAME,	 /* cut in the middle where it does not fit */
	COLUMN_CAUSE,	 /* an exception: its package goes first, the tail that matters stays */
	COLUMN_STATE,	 /* a state word: sign and word, by role */
	COLUMN_TIME,	 /* ms: an age, or absolute on `t` */
	COLUMN_DURATION, /* ms */
	COLUMN_INT,	 /* right-aligned, grouped thinly */
	COLUMN_REAL,	 /* the same, three significant digits on a screen */
	COLUMN_BOOL,
	COLUMN_REF,
	COLUMN_LIST, /* texts separated by 0x1F */
};

enum column_flags {
	COLUMN_HIDDEN = 1,   /* in JSON and TSV, not on a screen */
	COLUMN_INTERNAL = 2, /* only for our own use: links, sorting */
	COLUMN_GROWS = 4,    /* takes the width that is left */
	COLUMN_SCREEN = 8,   /* on a screen only: not a key of JSON and TSV */
	COLUMN_SHORTER = 16, /* COLUMN_REF: where a part of it is not known, of what lies above */
};

/* Columns that JSON and TSV leave out. */
#define COLUMN_NO_KEY (COLUMN_INTERNAL | COLUMN_SCREEN)

struct column {
	const char *key;   /* the JSON key */
	const char *title; /* on screens; NULL: the key in capitals */
	enum column_type type;
	int flags;
	int width;	 /* preferred width in columns; 0: by content */
	int priority;	 /* the lower goes last when room is short; 0 never goes */
	const char *sql; /* NULL where the loader computes it; $NOW (once) is the reader's clock in ms */
	const char *sort_from; /* the list's `from` such that an index gives the order of this column, which
				  is never NULL; NULL: none does, or the list's own does */
	enum ref_kind ref;     /* COLUMN_REF: made from the row's source, pipeline, run, step, index */
	const char *ref_run;   /* the column that holds the run, where it is not "run" */
};

enum block_kind { BLOCK_TABLE, BLOCK_FACTS, BLOCK_TEXT, BLOCK_LOG, BLOCK_PLOT, BLOCK_DOCUMENT };

struct table {
	const struct column *columns;
	size_t n_columns; /* result.n_columns is the same, in the same order */
	struct result result;
	int ref_column;	       /* the column that Enter opens, or -1 */
	bool has_more;	       /* rows exist behind the last one */
	struct value after[2]; /* then: where they start, see struct view_args */
	const char *empty;     /* what to say without rows: why, and the key that helps */
	const char *leave_out; /* keys that a screen need not show here, blank-separated; NULL: none */
	const char *sorted;    /* the key of the column that its rows are in the order of; NULL: of none */
	bool is_ascending;
};

/* Whether a screen shows column C of TABLE: not where it is hidden, nor where it may go and nobody knows a
 * value. */
bool table_shows(const struct table *table, size_t c);
/* The text of the column called KEY; NULL where it is none or there is no such column. */
const char *table_text(const struct table *table, size_t row, const char *key);

/* A line of text in stretches of one role each. */
struct span {
	enum role role;
	const char *text;
};
struct line {
	struct span *spans;
	size_t n_spans;
	int64_t number;	 /* shown at the left where not 0 */
	const char *ref; /* where Enter goes from this line, or NULL */
};

/* Facts: a label, and one line beside it. */
struct fact {
	const char *label; /* "" goes on under the one before */
	struct line line;
};

struct log_place {
	struct ref ref;	       /* a step with its attempt */
	int64_t line;	       /* open at this line; 0: at the end */
	const int64_t *causes; /* lines that `e` walks, best first */
	size_t n_causes;
};

/* Curves of one metric, one a run. */
struct plot_point {
	int64_t step, time_ms; /* TIME_NONE: not known */
	double value;	       /* may be NaN or infinite: the run diverged there */
};
struct plot_series {
	const char *name; /* of the run, as short as it is distinct */
	const char *ref;  /* of the run, canonical */
	struct plot_point *points;
	size_t n;
};
/* Which end of the values is the good one, as far as the metric's name says. */
enum plot_best { PLOT_BEST_UNKNOWN, PLOT_BEST_LOWEST, PLOT_BEST_HIGHEST };
struct plot {
	const char *metric;
	struct plot_series *series;
	size_t n_series;
	enum plot_best best;
	const char *empty; /* what to say where there is no point */
};

struct document;

/* A page of the documentation. */
struct doc_page {
	const char *name;
	const char *section; /* open it there; NULL: at the top */
	const struct document *document;
};

struct block {
	enum block_kind kind;
	const char *name;  /* key in JSON: "steps", "params", "evidence" */
	const char *title; /* over a rule; NULL: none */
	union {
		struct table table;
		struct {
			struct fact *facts;
			size_t n;
		} facts;
		struct {
			struct line *lines;
			size_t n;
		} text;
		struct log_place log;
		struct plot plot;
		struct doc_page page;
	};
};

#endif

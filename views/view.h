/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A view is data: what it is called, what it shows, where its rows lead. It
 * draws nothing and sees no key. Lists are a table of columns over one query;
 * object views are a load function that makes blocks. To add one: one file, one
 * line in lists.h, one expected screen.
 */
#ifndef VIEWS_VIEW_H
#define VIEWS_VIEW_H

#include "client/base/clock.h"
#include "client/config/config.h"
#include "views/block.h"

/* Rows that the catalogue does not hold (projects: the configuration does), as a table of its own to the
 * query: so they are filtered, sorted and cut like any others. */
struct given_rows {
	struct value *cells; /* n_rows × n_columns; in SQL the columns are g.column1, g.column2 … */
	size_t n_rows, n_columns;
};

struct view_args;

/* For which orders of a list no index serves: there the ids of a page are sorted out first. Its id is one of
 * a table. */
enum list_picks { PICKS_NEVER, PICKS_OTHER_SORTS, PICKS_ALWAYS };

/* A list: columns over one query, filtered, sorted and paged by key. */
struct list_def {
	const char *from; /* "FROM … JOIN … WHERE fixed conditions (at least `1=1`)"; NULL: `given` */
	/* Makes the rows in ARENA, of the one project that ARGS->ref names or of all. STORE is NULL where
	 * only the shape of the query is asked for. */
	bool (*given)(struct store *store, const struct view_args *args, struct arena *arena,
		struct given_rows *out, struct err *err);
	const struct column *columns;
	size_t n_columns;
	const char *sort;  /* key of the default sort column */
	bool is_ascending; /* the default direction */
	const char *id;	   /* SQL of the unique id that breaks ties in the sort */
	const char *time;  /* SQL of the time of since: and until:; NULL: none */
	const char
		*hidden; /* SQL condition of what is hidden unless asked for (`.`, deleted:yes); NULL: none */
	const char *const *words; /* SQL texts that bare words search, NULL-ended */
	const char *words_from;	  /* `from` driven by the rows of run_text, as t, where that is at hand; NULL:
				     words are compared with every row */
	const char *source_sql,
		*pipeline_sql; /* SQL of the two names, for project:, owner:, mine:; NULL: no projects */
	/* SQL of the ids that a scope narrows to; NULL: not narrowed that way. */
	const char *scope_source, *scope_pipeline, *scope_run, *scope_step, *scope_index, *scope_model,
		*scope_version;
	const char *scope_attempt,
		*newest;	  /* SQL of the attempt, and the condition of the newest; NULL: no attempts */
	const char *pairs_run;	  /* SQL of the run id whose params., metrics. and tags. may be asked for, and
				     sorted by; NULL: none */
	bool is_indexed_by_state; /* an index has the rows of each `state` in the default order */
	enum list_picks picks;
	const char *empty; /* what to say when there is nothing */
};

struct view_args {
	const struct config *config;
	const char *filter; /* the person's words, may be "" */
	const char *sort;   /* a column key, metrics.K or params.K, "-" before it for descending; NULL:
			       the view's own. Where a row has no metric or param K, it comes last. */
	int64_t limit;	    /* rows; 0 all */
	const struct value
		*after; /* continue behind this row: `after` of the page before; NULL: from the start */
	struct ref ref; /* of an object view */
	/* Of a comparison: what REF is compared with; none: the last green run. Of a page: the objects that
	 * its commands are filled in for. */
	const struct ref *others;
	size_t n_others;
	bool show_hidden;
	struct docs *docs; /* of documentation and search; NULL: there are no pages */
	int64_t now_ms;
};

/* All that a view shows, in its own arena. */
struct view_data {
	struct arena *arena;
	const char *title;   /* where I am: "discovery ▸ recsys_daily" */
	const char *summary; /* the second line: what this shows in words */
	struct block *blocks;
	size_t n_blocks;
	int64_t as_of_ms; /* of the oldest source it shows; TIME_NONE: never synced */
	bool is_mirror;	  /* the catalogue is away: this is its mirror, made at mirrored_ms */
	int64_t mirrored_ms;
	int64_t seen_event; /* team_version before it was loaded: what one acts on was seen at that */
	struct source_state {
		const char *name, *state, *message; /* contracts.md section 2 */
		int64_t synced_ms;
	} * sources;
	size_t n_sources;
};

enum view_kind { VIEW_LIST, VIEW_OBJECT, VIEW_HOME };

struct view_def {
	const char *name;  /* "runs": the command, the palette, the CLI verb */
	const char *title; /* "runs" on the first line */
	const char *help;  /* one sentence: what it shows */
	enum view_kind kind;
	const struct list_def *list;
	enum ref_kind ref; /* of object views: the kind of ref that opens it */
	bool is_offline;   /* of the documentation: it needs no store, nor a catalogue that is there */
	/* Fills DATA->blocks, title, summary; lists have a loader of their own. */
	bool (*load)(
		struct store *store, const struct view_args *args, struct view_data *data, struct err *err);
};

/* Over the one list of views, in lists.h. */
const struct view_def *view_find(const char *name);
const struct view_def *view_for_ref(enum ref_kind kind);
const struct view_def *const *view_all(size_t *n);

/* Loads VIEW. The result is freed by view_data_free. Runs on the store's thread or in the CLI. */
struct view_data *view_load(struct store *store, const struct view_def *view, const struct view_args *args,
	struct err *err) __attribute__((warn_unused_result));
void view_data_free(struct view_data *data);

#endif

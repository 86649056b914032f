/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the MLflow adapter share. mlflow.c says what the API is like and decides what is
 * asked for; mlflow_list.c reads lists page by page, mlflow_run.c tells a run, mlflow_models.c the
 * registry, mlflow_live.c curves and artifacts, mlflow_act.c what changes something.
 */
#ifndef CLIENT_SOURCES_MLFLOW_H
#define CLIENT_SOURCES_MLFLOW_H

#include "client/protocol/state.h"
#include "client/sources/adapter.h"
#include "client/sources/idmap.h"

#define MLFLOW_API "/api/2.0/mlflow/"

enum {
	MLFLOW_PAGE = 500,
	MLFLOW_MOST_PAGES = 100000,
	MLFLOW_MOST_EXPERIMENTS = 500, /* of one search: a database takes only so many parameters */
	MLFLOW_MOST_IDS = 100,
	MLFLOW_OVERLAP_MS = 10 * 60 * 1000,
	MLFLOW_SWEEP_EVERY_MS = 60 * 60 * 1000,
};

/* --- the state of a pull ------------------------------------------------------------------ */

struct mlflow_experiment {
	struct mlflow_experiment *next;
	const char *id, *name;
	const char *old_name; /* what the pull before called it; NULL: it did not know it */
	bool is_listed, is_deleted;
};

/* A run under way, as a list of them. */
struct mlflow_living {
	struct mlflow_living *next;
	const char *run;
	struct mlflow_experiment *experiment;
};

struct mlflow {
	int64_t from_ms; /* changes since; TIME_NONE: everything */
	int64_t since_ms;
	int64_t date_ms;   /* the server's clock when this pull began */
	int64_t swept_ms;  /* when the recent runs were last read anew */
	int64_t models_ms; /* when the whole registry was */
	bool has_cursor;
	bool is_whole;			/* all experiments are asked for, not only those that changed */
	int page;			/* rows asked for at a time: less once that was too much */
	struct idmap experiments, runs; /* runs: those that were told already, the first MOST_TOLD */
	struct mlflow_experiment *first, **last;
	struct mlflow_living *before, *living; /* as the pull before knew them; as this one does */
	size_t n_living;
	struct mlflow_registry *registry; /* while it is read */
};

/* Whether its runs are to be read anew, all of them. */
bool mlflow_is_changed(const struct mlflow_experiment *experiment);
/* An experiment that went for good is missing where all are listed. */
bool mlflow_is_there(const struct mlflow *m, const struct mlflow_experiment *experiment);

/* --- lists (mlflow_list.c) ------------------------------------------------------------------ */

/* A list that is read page by page, by POST. */
struct mlflow_list {
	const char *path, *member, *view; /* member: the array's name in the answer */
	const char *experiment_ids;	  /* a JSON array, or NULL */
	const char *filter;		  /* NULL: none */
	const char *order;		  /* NULL: whatever comes; else an attribute */
	const char *column;		  /* its name in a run's `info`, where it is a time to page by */
	int64_t at;			  /* from this time on; TIME_NONE: from the beginning */
	void (*row)(struct pull *pull, const struct json *row);
	void (*end)(struct pull *pull); /* all pages were read; may be NULL */
	const char *token;
	int size, pages;
};

/* Reads LIST (copied; its texts must live as long as the pull). */
void mlflow_ask_list(struct pull *pull, const struct mlflow_list *list);
/* Searches the runs RUNS ('a','b', at most MLFLOW_MOST_IDS of them) in experiments. */
void mlflow_ask_runs(struct pull *pull, const char *experiment_ids, struct str runs,
	void (*row)(struct pull *pull, const struct json *row), void (*end)(struct pull *pull));
/* Whether PAGE is one of the list MEMBER: an empty one has no rows at all. */
bool mlflow_is_page(const struct json *page, const char *member);
/* The error of an answer without MEMBER. */
bool mlflow_no_page(const char *member, struct err *err);
/* Whether another page follows, whose token *TOKEN then gets; N counts them. */
bool mlflow_next_token(struct pull *pull, const struct json *page, const char *member, const char **token,
	int *n, struct err *err);

/* Ids as a JSON array, for a search of some experiments. */
struct mlflow_ids {
	struct buf text;
	struct json_writer w;
	size_t n;
};
void mlflow_ids_init(struct mlflow_ids *ids);
void mlflow_ids_add(struct mlflow_ids *ids, const char *id);
/* The array; the next id starts another. */
const char *mlflow_ids_take(struct pull *pull, struct mlflow_ids *ids);

/* --- a run (mlflow_run.c) ------------------------------------------------------------------- */

/* Ids go into filters between quotes. */
bool mlflow_is_plain_id(struct str id);
/* Of a run: `run_id`, or the name that it had before. */
struct str mlflow_run_id(const struct json *row);
/* A time of a run's `info`, or TIME_NONE. */
int64_t mlflow_time_in(const struct json *row, const char *column);
enum state mlflow_state_in(const struct json *row);
bool mlflow_is_living(enum state state);
/* A metric's value, with the infinities that the store keeps as numbers. */
bool mlflow_number(const struct json *value, double *out);
/* A copy for as long as the handler runs; NULL for null and for "". */
const char *mlflow_text(struct pull *pull, struct str text);
/* Adds the address of the tool's pages, without the slash at its end. */
void mlflow_add_base(struct pull *pull, struct buf *url);
/* The address of an experiment or, with RUN, of a run, for a person's browser. */
const char *mlflow_web_url(struct pull *pull, const struct mlflow_experiment *experiment, struct str run);
/* Tells the run of ROW, and what it read. */
void mlflow_emit_run(
	struct pull *pull, const struct json *row, struct str id, const struct mlflow_experiment *experiment);

/* --- models (mlflow_models.c) --------------------------------------------------------------- */

/* Reads the registry, all of it or what changed; a run of a model that M does not know is looked for in the
 * experiments that it does. To be called when all runs were told. */
void mlflow_ask_models(struct pull *pull, bool all);

/* --- live (mlflow_live.c) ------------------------------------------------------------------- */

bool mlflow_series(struct pull *pull, const struct series_request *request, struct err *err);
bool mlflow_artifacts(struct pull *pull, const struct artifacts_request *request, struct err *err);
bool mlflow_artifact(struct pull *pull, const struct artifact_request *request, struct err *err);

/* --- actions (mlflow_act.c) ----------------------------------------------------------------- */

#define MLFLOW_VERBS "tag"
bool mlflow_act(struct pull *pull, const struct act_request *request, struct err *err);

#endif

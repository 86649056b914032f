/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration of contracts.md section 7: read from YAML, checked against
 * one table of options (options.c), immutable afterwards. Secrets are never in
 * it: only the names of the variables, files and commands that give them.
 */
#ifndef CLIENT_CONFIG_CONFIG_H
#define CLIENT_CONFIG_CONFIG_H

#include "client/base/arena.h"
#include "client/base/err.h"
#include "client/base/json.h"

/* How a secret is had: at most one of them is set. */
struct config_secret {
	const char *env, *file;
	const char **command; /* NULL-ended argv */
};

#define CONFIG_LOCAL "local"

struct config_source {
	const char *name, *kind, *url, *path, *username, *proxy, *ca_file, *client_cert;
	struct config_secret password, token;
	const char **command; /* of a plug-in */
	struct config_header {
		const char *name, *value;
	} * headers;
	size_t n_headers;
	int64_t since_ms;    /* TIME_NONE: from the beginning */
	int64_t concurrency; /* requests at a time, 1..16; 0: the kind's own default */
	double rate;	     /* requests a second; 0: no limit */
	bool actions, disabled;
	int line;	 /* where the file names it */
	struct str json; /* the whole section as JSON: `config` of the protocol's hello */
};

struct config_project {
	const char *name, *title, *owner, *oncall, *severity, *phase, *fallback, *baseline;
	const char **oncall_command; /* NULL-ended argv that prints who is on call */
	const char **pipelines;	     /* globs of SOURCE/PIPELINE */
	size_t n_pipelines;
	struct config_pair {
		const char *key, *value;
	} * owners, *due; /* step glob → owner; SOURCE/PIPELINE glob → "06:00" */
	size_t n_owners, n_due;
	struct config_consumer {
		const char *name, *contact, *promise;
	} * consumers; /* who uses the result */
	size_t n_consumers;
	const char **docs; /* its pages */
	size_t n_docs;
};

/* A launch, migration, freeze or holiday. */
struct config_day {
	const char *name, *kind;
	const char *project;	/* NULL: all */
	int64_t from_ms, to_ms; /* the start of its first day and of its last; to_ms TIME_NONE: the first */
};

/* Whom to tell of problems, and how. */
struct config_notify {
	const char *name;
	const char *webhook_env; /* the variable with the address of a webhook */
	const char *form;	 /* what it gets: json or slack */
	const char **command;	 /* NULL-ended argv, with {title} and the like in it */
	const char *severity;	 /* the least that it is told of: production staging playground */
	const char **projects;	 /* of these alone; none: of all */
	size_t n_projects;
	const char **owners; /* who is reached this way, besides who has its name */
	size_t n_owners;
};

/* Which page helps with which failure. */
struct config_runbook {
	const char *match;    /* regular expression, searched in the cause without regard to case */
	const char *pipeline; /* glob of SOURCE/PIPELINE; NULL: all */
	const char *page;
};

/* A command of one's own, on an object of a tool. */
struct config_command {
	const char *name;
	const char **on; /* "pipeline", "run", "step"; none: all of them */
	size_t n_on;
	const char **command; /* NULL-ended argv with placeholders; no shell sees it */
};

#define CONFIG_CACHE_BYTES (INT64_C(2) << 30)

/* How long what is remembered stays. */
struct config_keep {
	int64_t runs_ms, step_runs_ms; /* 0: for ever */
	int64_t cache_bytes;
};

struct config {
	struct arena *arena;   /* holds all of it */
	const char *file;      /* NULL: none was found */
	const char *catalogue; /* absolute path of the SQLite file, or a postgresql:// address */
	const char *user, *timezone, *theme;
	bool read_only;
	bool mouse;		   /* the portal takes wheel and clicks */
	int64_t recorded_until_ms; /* a recorded sample: its end; else TIME_NONE */
	struct config_source *sources;
	size_t n_sources;
	struct config_project *projects;
	size_t n_projects;
	struct config_day *calendar;
	size_t n_calendar;
	struct config_notify *notify;
	size_t n_notify;
	struct config_runbook *runbooks;
	size_t n_runbooks;
	struct config_pair *keys; /* command → key */
	size_t n_keys;
	struct config_command *commands;
	size_t n_commands;
	const char **mask;
	size_t n_mask;
	const char **docs; /* folders of pages */
	size_t n_docs;
	struct config_keep keep;
};

/* Finds and reads the configuration: FILE, or PORTHOLE_CONFIG, or the user's, or the
 * system's; none found gives the defaults. ERR_USAGE names file, line, and for an
 * unknown key the nearest known one. */
struct config *config_load(const char *file, struct err *err) __attribute__((warn_unused_result));
/* The same from text; NAME stands in messages; relative paths are put under BASE_DIR. */
struct config *config_parse(const char *name, const char *base_dir, struct str text, struct err *err)
	__attribute__((warn_unused_result));
void config_free(struct config *config);

/* The catalogue that TEXT names, as `catalogue` holds it. ERR_USAGE for anything else, and for a password. */
const char *config_dsn(struct arena *arena, const char *text, struct err *err);

/*
 * What is declared for everybody, in a shared catalogue: sections of YAML (or JSON) without any key that is
 * for local files alone: commands, credentials and where they lie.
 */
/* Whether all of TEXT may be declared; ERR_USAGE says line and key. Sections that nobody can declare are not
 * looked at. */
bool config_check_shared(const char *name, struct str text, struct err *err);
/* Whether SECTION ("projects") can be declared. */
bool config_is_shared(const char *section);
/* A copy of CONFIG that more can be added to; it borrows CONFIG's texts. */
struct config *config_extend(const struct config *config) __attribute__((warn_unused_result));
/* Adds the sources, projects, runbooks and calendar of TEXT to what config_extend gave, but for those whose
 * name is there already. The same errors. */
bool config_add(struct config *config, const char *name, struct str text, struct err *err);

const struct config_source *config_source(const struct config *config, const char *name);
/* The source that reads the runs of `porthole run`: the first of kind `local` that is neither disabled nor a
 * recorded sample, or NULL. Without one they lie in config_runs_folder, and config_load adds the source
 * CONFIG_LOCAL over it once it is there. */
const struct config_source *config_local_source(const struct config *config);
const char *config_runs_folder(struct arena *arena);
/* The project whose `pipelines` match SOURCE/PIPELINE, the first in file order; or NULL. */
const struct config_project *config_project_of(
	const struct config *config, const char *source, const char *pipeline);
/* The owner of STEP by the project's `owners`, else its owner; NULL where nobody said. */
const char *config_owner(const struct config_project *project, const char *step);
/* The value of `due` for SOURCE/PIPELINE, or NULL. */
const char *config_due(const struct config_project *project, const char *source, const char *pipeline);

/* One row of the option table, for `doctor`, completion and the reference page. */
struct config_option {
	const char *where; /* "" top, "sources", "projects", "projects.consumers", … */
	const char *key, *type, *help, *fallback; /* type: a word, or the allowed values as "a|b|c" */
	int64_t min, max;			  /* of a number; both 0: any */
	const char *only; /* of a source: the one kind that knows the key; NULL: all */
	bool is_required;
	bool is_local; /* in files of this machine only: never from a shared catalogue */
	/* How options.c reads it and where its value goes. */
	const struct option_type *reader;
	size_t at, n_at;
};
const struct config_option *config_options(size_t *n);

#endif

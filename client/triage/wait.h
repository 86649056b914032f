/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a problem can wait: what was promised to whom, what holds meanwhile, and what stands behind it. */
#ifndef CLIENT_TRIAGE_WAIT_H
#define CLIENT_TRIAGE_WAIT_H

#include "client/catalogue/ref.h"
#include "client/catalogue/store.h"
#include "client/config/config.h"

enum { WAIT_MOST_BEHIND = 6, WAIT_ONCALL_MS = 24 * 60 * 60 * 1000 };

struct wait {
	const struct config_project *project; /* NULL: it belongs to none */
	const char *severity;		      /* production staging playground */
	int64_t due_ms;			      /* TIME_NONE: nobody promised anything */
	int64_t blocked_steps;
	const char *behind[WAIT_MOST_BEHIND]; /* the first of these steps, in the order of the pipeline */
	size_t n_behind;
	const struct config_day *launch, *freeze; /* of today; NULL: none */
};

/* How much a project's problems weigh at NOW_MS: its severity (PROJECT NULL: production), a step more while
 * it is launched (its phase, or the calendar). */
const char *wait_severity(const struct config *config, const struct config_project *project, int64_t now_ms);

/* Who is on call for PROJECT (may be NULL): what its `oncall_command` said in the last day (sync asks it and
 * keeps the answer, see sync/oncall.h), else its `oncall`. *OUT is NULL where nobody said. */
bool wait_oncall(struct store *store, const struct config_project *project, int64_t now_ms,
	struct arena *arena, const char **out, struct err *err);
/* The key under which the catalogue's `meta` keeps it: "MS NAME". */
const char *wait_oncall_key(struct arena *arena, const struct config_project *project);

/* Whose a problem at SOURCE/PIPELINE is. One of the platform has no PIPELINE but a SUBJECT, its component
 * (NULL: the whole source): of a definition that does not import it is the project that has pipelines with
 * the name of its file, else the one whose `pipelines` name the source alone. NULL: nobody's. */
const struct config_project *wait_project(
	const struct config *config, const char *source, const char *pipeline, const char *subject);
/* "import dags/recsys_daily.py": the name of its file is what its pipeline is called, as a rule. NULL where
 * SUBJECT is no such component. In ARENA. */
const char *wait_import_name(struct arena *arena, const char *subject);

/* Of a problem at PLACE, of the platform with its SUBJECT; the rest of OUT is the problem's row's and left
 * alone. */
bool wait_load(struct store *store, const struct config *config, const struct ref *place, const char *subject,
	int64_t now_ms, struct arena *arena, struct wait *out, struct err *err);

#endif

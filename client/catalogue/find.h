/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a ref to the catalogue's own ids, one indexed query. */
#ifndef CLIENT_CATALOGUE_FIND_H
#define CLIENT_CATALOGUE_FIND_H

#include "client/catalogue/ref.h"
#include "client/catalogue/store.h"

struct found {
	int64_t source_id, pipeline_id, run_id; /* 0 where the ref does not go that deep */
	int64_t attempt;			/* of a step: the newest where the ref names none */
	bool names_attempt;			/* the ref named it */
	const char *step, *index;    /* borrowed from the ref; NULL where it does not go that deep */
	const char *model, *version; /* the same, of a model */
};

/* Finds the source, pipeline, run, step, model or version that REF names. ERR_NOT_FOUND says which part of it
 * is not there. The attempt of a step is looked up where ATTEMPT is 0. A pipeline may be named by
 * the tool's own id (MLflow: the experiment's). */
bool find_ref(struct store *store, const struct ref *ref, struct found *out, struct err *err);
/* REF with the pipeline's name, where it has the tool's own id in its place: what is kept by name is found
 * then. */
bool find_named(struct store *store, struct arena *arena, struct ref *ref, struct err *err);
/* Whether ADDRESS (a web address) lies below a known source's url, and the ref that it means: the exact url
 * of a pipeline or a run, or of something below it. */
bool find_url(struct store *store, struct arena *arena, struct str address, struct ref *out, struct err *err);

#endif

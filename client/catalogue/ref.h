/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Refs, contracts.md section 1: how a person names an object, everywhere.
 * SOURCE/PIPELINE[/RUN[/STEP[:INDEX][@ATTEMPT]]], problem:ID, doc:…, …
 */
#ifndef CLIENT_CATALOGUE_REF_H
#define CLIENT_CATALOGUE_REF_H

#include "client/base/arena.h"
#include "client/base/buf.h"
#include "client/base/err.h"

enum ref_kind {
	REF_PIPELINE,
	REF_RUN,
	REF_STEP,
	REF_SOURCE, /* a bare SOURCE without a slash */
	REF_PROJECT,
	REF_MODEL,
	REF_PROBLEM,
	REF_DOC,
	REF_EXAMPLE,
	REF_MONITOR,
	REF_ABTEST,
};

struct ref {
	enum ref_kind kind;
	const char *source, *pipeline, *run, *step, *index; /* decoded; NULL where not given */
	int64_t attempt;				    /* 0: the newest */
	const char *name; /* of the kinds with a prefix: what follows it; the NAME of a model, the PAGE of a
			     doc */
	const char *version; /* of a model; NULL: all */
	const char *section; /* of a doc; NULL: the whole page */
};

/* Reads TEXT; texts are taken from ARENA. ERR_USAGE says what is wrong with it. */
bool ref_parse(struct arena *arena, struct str text, struct ref *out, struct err *err);
/* A copy whose texts are taken from ARENA. */
struct ref ref_dup(struct arena *arena, const struct ref *ref);
/* Writes it in canonical form. */
void ref_add(struct buf *out, const struct ref *ref);
/* One part, percent-encoded: bytes outside A-Za-z0-9._~+=,- as %XX, upper-case hex. */
void ref_add_part(struct buf *out, struct str part);

#endif

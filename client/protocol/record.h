/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records of contracts.md section 6, as structs. One table of fields
 * (record.c) serves parsing, printing and the reference page. Text fields are
 * NUL-terminated, NULL where absent; times TIME_NONE where absent.
 */
#ifndef CLIENT_PROTOCOL_RECORD_H
#define CLIENT_PROTOCOL_RECORD_H

#include "client/base/arena.h"
#include "client/base/clock.h"
#include "client/base/err.h"
#include "client/base/json.h"

enum record_kind {
	RECORD_PIPELINE,
	RECORD_RUN,
	RECORD_STEP_RUN,
	RECORD_HEALTH,
	RECORD_MODEL,
	RECORD_CHECK,
	RECORD_ALERT,
	RECORD_COST,
	RECORD_INPUT,
	RECORD_GONE,
	RECORD_CURSOR,
	RECORD_KINDS
};

struct record_step {
	const char *step;
	const char *label;	   /* for people, where it differs */
	const char *operator_name; /* the tool's word for what it is */
	const char **upstream;	   /* n_upstream names */
	size_t n_upstream;
};

/* One member of params, metrics or tags. A metric is a number (NaN allowed). */
struct record_pair {
	const char *key;
	const char *text; /* of params and tags: objects and lists as JSON text */
	double number;	  /* of metrics */
};

struct record_pipeline {
	const char *pipeline, *kind, *title, *schedule, *owner, *url, *version;
	const char
		*id; /* the tool's own, where the name may change: what keeps its id is the same pipeline */
	int paused;  /* -1 not said */
	int gone;    /* 1: the tool has it no more under this name, nor its runs; -1 not said */
	int64_t next_due_ms;
	struct record_step *steps;
	size_t n_steps;
	bool has_steps; /* a pipeline without `steps` leaves those already known */
};

struct record_run {
	const char *pipeline, *run, *name, *kind, *state, *tool_state, *user, *parent, *url, *note, *version;
	int64_t started_ms, ended_ms, queued_ms, heartbeat_ms;
	struct record_pair *params, *metrics, *tags;
	size_t n_params, n_metrics, n_tags;
};

struct record_step_run {
	const char *pipeline, *run, *step, *index, *label, *state, *tool_state, *operator_name, *note;
	int64_t attempt; /* 0: never started */
	int64_t started_ms, ended_ms, queued_ms;
};

/* STATE of a component: ok, failed, unknown, or gone (forget the component). */
struct record_health {
	const char *component, *state, *message;
	int64_t since_ms;
};

/* A version of a registered model. PIPELINE and RUN: what made it. */
struct record_model {
	const char *model, *version, *stage, *pipeline, *run, *url, *note;
	const char **aliases; /* n_aliases names */
	size_t n_aliases;
	int64_t created_ms;
};

/* One data check at one step of one run; numbers are NAN where absent. */
struct record_check {
	const char *pipeline, *run, *step, *check, *state; /* pass warn fail error not_run no_baseline */
	double observed, lower, upper;
	int64_t at_ms;
};

/* Each time that a monitor fired; one is known by its monitor and when it opened. */
struct record_alert {
	const char *monitor, *state; /* open closed */
	const char *pipeline, *run;  /* what it is about, where the tool says so */
	int64_t opened_ms, closed_ms;
	double value, lower, upper;
};

/* What a pipeline cost in a month, "2026-11"; AMOUNT is NAN where absent. */
struct record_cost {
	const char *pipeline, *month, *currency;
	double amount;
	int estimate; /* -1 not said */
};

/* What a run read. */
struct record_input {
	const char *pipeline, *run, *name, *version;
	int64_t rows; /* -1 not said */
};

struct record_gone {
	const char *pipeline, *run;
};

/* Vouches for all that came before it. */
struct record_cursor {
	const char *cursor;
};

struct record {
	enum record_kind kind;
	union {
		struct record_pipeline pipeline;
		struct record_run run;
		struct record_step_run step_run;
		struct record_health health;
		struct record_model model;
		struct record_check check;
		struct record_alert alert;
		struct record_cost cost;
		struct record_input input;
		struct record_gone gone;
		struct record_cursor cursor;
	};
};

/* An empty record of KIND: texts NULL, times TIME_NONE, numbers NAN, `paused`, `estimate` and `rows` -1. */
struct record record_new(enum record_kind kind);
/* The method name of KIND ("step_run") and back; RECORD_KINDS for none of ours. */
const char *record_method(enum record_kind kind);
enum record_kind record_kind_of(struct str method);
/* Reads PARAMS as a record of KIND; its texts are taken from ARENA. Unknown members are
 * ignored, a member of a wrong type is absent; a missing required member is
 * ERR_USAGE, naming it. A state that is none of ours reads as "unknown". */
bool record_read(struct arena *arena, enum record_kind kind, const struct json *params, struct record *out,
	struct err *err);
/* Writes the record as one JSON-RPC notification with its line end. */
void record_write(struct buf *out, const struct record *record);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The adapter seam. An adapter wraps one kind of tool as a set of handlers:
 * `start` asks for the first requests, each request names the handler that gets
 * its response, a handler emits records and asks for more. An adapter holds no
 * socket, opens no file, reads no clock: bytes in, records and requests out.
 * So it reads from top to bottom like the tool's API page, and is tested and
 * fuzzed with bytes. To add one: one file here, one line in adapters.h, fixtures.
 */
#ifndef CLIENT_SOURCES_ADAPTER_H
#define CLIENT_SOURCES_ADAPTER_H

#include "client/base/arena.h"
#include "client/base/err.h"
#include "client/base/json.h"
#include "client/config/config.h"
#include "client/protocol/record.h"
#include "client/protocol/source.h"

/* One conversation with the tool: a pull, a log, … Owned by the engine (client/fetch/engine.c);
 * ends when no request is under way. */
struct pull;

struct response {
	int status;	 /* HTTP; 200 for a file */
	struct str body; /* decoded, complete (a streamed one: this stretch of it) */
	int64_t date_ms; /* the server's Date, or TIME_NONE */
	int64_t offset;	 /* of a streamed body: where this stretch starts; of a part (206): in the whole */
	bool is_last;	 /* of a streamed body: nothing follows */
	const struct json
		*json; /* the body parsed, where the request asked for JSON and got 2xx; else NULL */
};

/* Handles one response; false with ERR ends the whole pull. RESPONSE dies on return. */
typedef bool (*handler_fn)(struct pull *pull, const struct response *response, void *ctx, struct err *err);

/* A file or folder that is not there answers with status 404. The body of a folder is JSON:
 * [{"name":…,"size":…,"is_dir":…}], ordered by name. */
enum request_kind { REQUEST_HTTP, REQUEST_FILE, REQUEST_DIR, REQUEST_KINDS };

enum request_flags {
	REQUEST_JSON = 1,	 /* Accept JSON, parse it; HTML or anything else with 200 is "signed out" */
	REQUEST_STREAM = 2,	 /* the handler gets the body in stretches of whole lines, as it comes */
	REQUEST_READ = 4,	 /* repeating it does no harm: retried with backoff */
	REQUEST_NO_AUTH = 8,	 /* no credentials (a health page) */
	REQUEST_ANY_STATUS = 16, /* the handler judges the status itself (else a status over 299 is an error);
				  * signed out, 429 and 5xx stay the engine's business */
	REQUEST_SHRINKS = 32, /* asks for less when it is too much: an answer that is too big, too slow, cut
			       * or 413, 500, 502 or 504 is not asked for again, the handler gets its status
			       * (0 for none) without a body */
	REQUEST_BYTES = 64,   /* besides REQUEST_STREAM: stretches as they come, lines or none; a transfer may
			       * take as long as it is not silent */
	REQUEST_ACTS =
		128, /* changes something in the tool: goes out once, on a connection of its own (libcurl
		      * sends again what a reused one lost), and is never signed in anew for */
};

struct request {
	enum request_kind kind;
	int flags;
	const char *method; /* "GET" where NULL */
	const char *path; /* HTTP: below the source's url, already percent-encoded, with its query. FILE, DIR:
			     a path below the source's path. */
	const char *accept; /* NULL: by the flags */
	struct str body;    /* of a POST */
	const char *content_type;
	int64_t offset;	    /* where to start; HTTP: asks for that part, below 0 for so many bytes before the
			     * end. Status 206 is the part, 200 all of it, 416: nothing is there */
	int64_t most_bytes; /* 0: JSON_MOST_BYTES; streams have no cap but this */
	int64_t delay_ms;   /* not before so long from now: for a log that is followed */
	handler_fn handler;
	void *ctx;
};

/* Asks for REQUEST (copied). Requests of one pull run side by side up to the source's concurrency. */
void pull_ask(struct pull *pull, const struct request *request);
/* Emits a record (written out at once). */
void pull_emit(struct pull *pull, const struct record *record);
/* Tells the person something that is worth a line on standard error. */
void pull_note(struct pull *pull, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Memory that lives as long as the pull. */
struct arena *pull_arena(struct pull *pull);
/* Memory of one handler call: emptied before the next. */
struct arena *pull_scratch(struct pull *pull);
const struct config_source *pull_source(const struct pull *pull);
/* The adapter's own state: set in `start`, taken from pull_arena. */
void pull_set_state(struct pull *pull, void *state);
void *pull_state(const struct pull *pull);
/* Called once when no request is under way any more and the pull went well: the place to emit the
 * cursor. It may ask for more, and name another end. */
void pull_at_end(struct pull *pull, bool (*fn)(struct pull *pull, struct err *err));
/* Text of a log, as it is found. */
void pull_log_text(struct pull *pull, struct str text);
/* Where the log goes on, and that it will not grow. */
void pull_log_end(struct pull *pull, int64_t offset, bool complete);

/* What a log request asks for. Its texts die when `log` returns. */
struct log_request {
	struct source_step step;
	int64_t offset;
	bool follow;
};

/* What the further live methods ask for. Their texts die when the adapter's function returns. */
struct series_request {
	const char *pipeline, *run;
	const char *const *metrics; /* n_metrics names; none: all that the run has */
	size_t n_metrics;
	int64_t max_points; /* of each metric; 0: the tool's own measure */
};
struct artifacts_request {
	const char *pipeline, *run, *path; /* a folder below the run's own; "" is that one */
};
struct artifact_request {
	const char *pipeline, *run, *path;
	int64_t offset; /* below 0: so many bytes before the end */
};

/* A point of a curve; STEP is -1 where the tool has none. */
void pull_point(struct pull *pull, const struct source_point *point);
/* An entry of a folder. PATH starts at the run's own folder; SIZE -1: unknown. */
void pull_entry(struct pull *pull, const struct source_entry *entry);
/* Bytes of an artifact, as they are found, and where it goes on: a response's offset and stretches serve. */
void pull_bytes(struct pull *pull, struct str bytes);
void pull_bytes_end(struct pull *pull, int64_t offset, bool complete);

/* What an action asks for. Its texts and ARGS die when the adapter's function returns. */
struct act_request {
	const char *verb;
	const char *pipeline, *run, *step, *index; /* how deep the object lies; NULL below that */
	const struct json *args;		   /* an object, or NULL */
	bool is_dry_run;			   /* only tell what would be done: reads alone */
};
/* Of a dry run: one thing that would be done, in plain words with its ids. */
void pull_effect(struct pull *pull, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What became of the action; of a dry run DID_YES says that all is already as it asks for, DID_NO that it is
 * not. RUN is the run that it started, or NULL. The last call counts; without one it is unknown. */
void pull_acted(struct pull *pull, enum source_did did, const char *run, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* How the engine gets a token where the source has user and password (or none is needed). */
struct adapter_auth {
	/* Makes the request that logs in (with REQUEST_NO_AUTH); its handler calls pull_set_token. NULL: the
	 * password is sent as HTTP basic. */
	bool (*login)(struct pull *pull, const char *username, const char *password, struct err *err);
	/* Whether this response means "log in again" (the engine does that once per request). */
	bool (*is_signed_out)(int status, struct str body);
};
void pull_set_token(struct pull *pull, struct str token);

struct adapter {
	const char *kind, *summary;
	const char *options; /* keys of a source that it uses, blank-separated, for `doctor` and the guide */
	int concurrency;     /* requests at a time unless configured */
	const struct adapter_auth *auth; /* NULL: bearer token where configured, else none */
	/* CURSOR is NULL for the first pull. */
	bool (*start)(struct pull *pull, const char *cursor, int64_t since_ms, struct err *err);
	/* NULL: this kind has no logs. */
	bool (*log)(struct pull *pull, const struct log_request *request, struct err *err);
	/* Curves, folders, files of a run; NULL where the kind has none. */
	bool (*series)(struct pull *pull, const struct series_request *request, struct err *err);
	bool (*artifacts)(struct pull *pull, const struct artifacts_request *request, struct err *err);
	bool (*artifact)(struct pull *pull, const struct artifact_request *request, struct err *err);
	/* Does, or with is_dry_run tells, one of VERBS (blank-separated); NULL where the kind has none. */
	bool (*act)(struct pull *pull, const struct act_request *request, struct err *err);
	const char *verbs;
};

/* Over the one list of built-in adapters, in adapters.h. */
const struct adapter *adapter_find(const char *kind);
const struct adapter *const *adapter_all(size_t *n);

#endif

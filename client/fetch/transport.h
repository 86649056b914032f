/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The seam below the engine: how one request becomes bytes. http.c does it with
 * libcurl, files.c with files and folders, a test with bytes of its own. One
 * try each; waiting, repeating and signing in are the engine's.
 */
#ifndef CLIENT_FETCH_TRANSPORT_H
#define CLIENT_FETCH_TRANSPORT_H

#include "client/sources/adapter.h"

struct transfer_request {
	const struct request *request;
	const char *token;		 /* a bearer token, or NULL */
	const char *username, *password; /* HTTP basic, or NULL */
	int64_t deadline_ms;		 /* for all of it */
	int64_t most_bytes;		 /* decoded; 0: no cap */
};

struct transfer_end {
	int status;		/* 0 where no answer came */
	int64_t date_ms;	/* TIME_NONE where nobody said */
	int64_t retry_after_ms; /* 0 where nobody said */
	int64_t wire_bytes;	/* received: head, and body before it was decoded */
	bool is_html;
	bool is_unsent;	    /* failed before the request went out: no connection, no TLS */
	char redirect[256]; /* where a redirect points; "" for none */
};

struct transfer_ops {
	/* A stretch of the decoded body of an answer with STATUS. */
	void (*body)(void *ctx, int status, struct str bytes);
	/* It is over and gone; ERR is NULL where a whole answer came, whatever its status. */
	void (*done)(void *ctx, const struct transfer_end *end, const struct err *err);
};

struct transport {
	const struct transport_ops *ops;
	const char *where; /* for messages: "127.0.0.1:5180", or a folder */
};

struct transfer {
	struct transport *transport;
	int64_t start; /* of a part of something (206): where it begins; told by the first `body` */
};

/* No callback runs inside start, pause or cancel. */
struct transport_ops {
	/* Copies what it needs of REQUEST. Failing to start is told through `done`. */
	struct transfer *(*start)(struct transport *transport, const struct transfer_request *request,
		const struct transfer_ops *ops, void *ctx);
	/* Stops and resumes handing over; what the other end sent meanwhile waits there. */
	void (*pause)(struct transfer *transfer, bool is_paused);
	/* Ends it without a callback; allowed inside its own callback `body`. */
	void (*cancel)(struct transfer *transfer);
	void (*free)(struct transport *transport);
};

#endif

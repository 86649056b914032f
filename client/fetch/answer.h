/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges an answer before a handler sees it: status, redirects, pages meant for a browser. */
#ifndef CLIENT_FETCH_ANSWER_H
#define CLIENT_FETCH_ANSWER_H

#include "client/fetch/transport.h"

/* Whether the answer to REQUEST is one for its handler; else ERR says what it is.
 * ERR_UNAVAILABLE is worth repeating. BODY is complete but for a stream's. */
bool answer_judge(const struct request *request, const struct transfer_end *end, struct str body,
	const char *where, struct err *err);
/* The reason that a server gives in the body of an error: `detail`, `message`, …; "" for none. */
void answer_reason(struct str body, char *out, size_t cap);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the engine knows of a source's credentials: how they are sent, and whether
 * they are good. */
#ifndef CLIENT_FETCH_AUTH_H
#define CLIENT_FETCH_AUTH_H

#include "client/fetch/secret.h"
#include "client/sources/adapter.h"

enum auth_mode {
	AUTH_NONE,
	AUTH_TOKEN, /* configured; sent as bearer */
	AUTH_LOGIN, /* user and password buy a token */
	AUTH_BASIC, /* user and password go with each request */
};

struct auth {
	enum auth_mode mode;
	const struct config_source *source;
	struct secret token, password;
	unsigned age; /* of the token: how many there were before */
};

void auth_init(struct auth *auth, const struct config_source *source, const struct adapter *adapter);
void auth_fini(struct auth *auth);

/* Fetches what is configured; in mode AUTH_LOGIN that is the password only. */
bool auth_fetch(struct auth *auth, struct err *err);
/* Whether a request can go out now; else somebody must sign in. */
bool auth_is_ready(const struct auth *auth);
void auth_take_token(struct auth *auth, struct str token);
/* The credentials of AGE were refused: forgets them where others may be had. False: no use. */
bool auth_refused(struct auth *auth, unsigned age);
/* Takes all secrets out of ERR's message. */
void auth_scrub(const struct auth *auth, struct err *err);

#endif

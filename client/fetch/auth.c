/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/auth.h"

#include "client/base/base64.h"

#include <string.h>

void auth_init(struct auth *auth, const struct config_source *source, const struct adapter *adapter)
{
	*auth = (struct auth){.source = source};
	if (secret_is_set(&source->token))
		auth->mode = AUTH_TOKEN;
	else if (source->username)
		auth->mode = adapter->auth && adapter->auth->login ? AUTH_LOGIN : AUTH_BASIC;
}

void auth_fini(struct auth *auth)
{
	secret_wipe(&auth->token);
	secret_wipe(&auth->password);
}

bool auth_fetch(struct auth *auth, struct err *err)
{
	const struct config_source *source = auth->source;

	if (auth->mode == AUTH_TOKEN && !auth->token.text && !secret_read(&source->token, &auth->token, err))
		return err_wrap(err, "its token");
	if ((auth->mode == AUTH_LOGIN || auth->mode == AUTH_BASIC) && !auth->password.text &&
		secret_is_set(&source->password) && !secret_read(&source->password, &auth->password, err))
		return err_wrap(err, "its password");
	return true;
}

bool auth_is_ready(const struct auth *auth)
{
	return auth->mode != AUTH_LOGIN || auth->token.text;
}

void auth_take_token(struct auth *auth, struct str token)
{
	secret_set(&auth->token, token);
	auth->age++;
}

bool auth_refused(struct auth *auth, unsigned age)
{
	/* A variable does not change: asking it again would only repeat the refusal. */
	if (auth->mode == AUTH_NONE || auth->mode == AUTH_BASIC ||
		(auth->mode == AUTH_TOKEN && auth->source->token.env))
		return false;
	if (age != auth->age)
		return true; /* somebody got a new one meanwhile */
	secret_wipe(&auth->token);
	if (auth->mode == AUTH_TOKEN)
		auth->age++;
	return true;
}

/* What goes over the wire as basic authentication, without its padding; a server may say it back. */
static void scrub_basic(const struct auth *auth, char *text)
{
	size_t n_user = strlen(auth->source->username), n_password = strlen(auth->password.text);
	struct buf plain, coded;
	buf_init(&plain, 0);
	buf_init(&coded, 0);
	/* each all at once: growing would leave copies behind */
	buf_reserve(&plain, n_user + n_password + 2);
	buf_reserve(&coded, (n_user + n_password + 1) / 3 * 4 + 8);
	buf_addf(&plain, "%s:%s", auth->source->username, auth->password.text);
	base64_add(&coded, buf_str(&plain));
	struct secret secret = {0};
	secret_set(&secret, str_slice(buf_str(&coded), 0, str_find(buf_str(&coded), STR("="), 0)));
	secret_scrub(&secret, text);
	secret_wipe(&secret);
	explicit_bzero(plain.p, plain.cap);
	explicit_bzero(coded.p, coded.cap);
	buf_fini(&plain);
	buf_fini(&coded);
}

void auth_scrub(const struct auth *auth, struct err *err)
{
	secret_scrub(&auth->token, err->msg);
	secret_scrub(&auth->password, err->msg);
	if (auth->mode == AUTH_BASIC && auth->password.text)
		scrub_basic(auth, err->msg);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/secret.h"

#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/base/proc.h"

#include <stdlib.h>

enum { SECRET_MOST = 16 << 10, COMMAND_MS = 30000, SHORTEST_SCRUBBED = 4 };

bool secret_is_set(const struct config_secret *from)
{
	return from->env || from->file || from->command;
}

void secret_wipe(struct secret *secret)
{
	if (!secret->text)
		return;
	explicit_bzero(secret->text, strlen(secret->text));
	x_free(secret->text);
	secret->text = NULL;
}

void secret_set(struct secret *secret, struct str text)
{
	secret_wipe(secret);
	secret->text = x_calloc(text.n + 1, 1);
	memcpy(secret->text, text.p, text.n);
}

static bool from_env(const char *name, struct buf *out, struct err *err)
{
	const char *value = getenv(name);

	if (!value || !*value)
		return err_set(err, ERR_AUTH, "variable %s is not set", name);
	buf_addz(out, value);
	return true;
}

static bool from_command(const char **argv, struct buf *out, struct err *err)
{
	int status = 0;

	if (!proc_read(argv, COMMAND_MS, out, &status, err))
		return err_wrap(err, "command '%s'", argv[0]);
	if (status != 0)
		return err_set(err, ERR_AUTH, "command '%s' ended with status %d", argv[0], status);
	return true;
}

static bool read_place(const struct config_secret *from, struct buf *out, struct err *err)
{
	if (from->env)
		return from_env(from->env, out, err);
	if (from->file)
		return file_read_secret(from->file, SECRET_MOST, out, err);
	return from_command(from->command, out, err);
}

/* What would break out of a header line, or was never meant as a secret. */
static bool judge(struct str text, struct err *err)
{
	if (text.n == 0)
		return err_set(err, ERR_AUTH, "the secret is empty");
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
			return err_set(err, ERR_USAGE, "the secret holds a line end or control character");
	return true;
}

bool secret_read(const struct config_secret *from, struct secret *out, struct err *err)
{
	struct buf bytes;
	bool ok;

	buf_init(&bytes, SECRET_MOST);
	/* All at once: growing would leave copies behind. */
	buf_reserve(&bytes, SECRET_MOST - 1);
	ok = read_place(from, &bytes, err) && judge(str_trim(buf_str(&bytes)), err);
	if (ok)
		secret_set(out, str_trim(buf_str(&bytes)));
	if (bytes.p)
		explicit_bzero(bytes.p, bytes.cap);
	buf_fini(&bytes);
	return ok;
}

/* A text that was cut may end in the middle of it. */
static void scrub_end(const char *secret, size_t n, char *text)
{
	size_t length = strlen(text);
	for (size_t kept = n - 1; kept >= SHORTEST_SCRUBBED; kept--) {
		if (kept > length || memcmp(text + length - kept, secret, kept) != 0)
			continue;
		memset(text + length - kept, '*', kept);
		return;
	}
}

void secret_scrub(const struct secret *secret, char *text)
{
	size_t n = secret->text ? strlen(secret->text) : 0;

	if (n < SHORTEST_SCRUBBED)
		return;
	for (char *at = text; (at = strstr(at, secret->text)) != NULL; at += n)
		memset(at, '*', n);
	scrub_end(secret->text, n, text);
}

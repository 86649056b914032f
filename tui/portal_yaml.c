/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/portal_yaml.h"

#include "client/base/buf.h"
#include "client/base/file.h"
#include "client/base/mem.h"
#include "client/config/config.h"
#include "tui/yaml_text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 256 << 10 };

/* The file itself where PATH leads to it by links; PATH where there is none yet. */
static char *real_path(const char *path)
{
	char *real = realpath(path, NULL);
	char *copy = x_strdup(real ? real : path);
	free(real);
	return copy;
}

static bool check_ours(const char *path, bool *is_there, struct err *err)
{
	struct stat st;
	*is_there = stat(path, &st) == 0;
	if (!*is_there)
		return errno == ENOENT ||
		       err_set(err, ERR_FAILED, "cannot look at '%s': %s", path, strerror(errno));
	if (st.st_uid != geteuid())
		return err_set(err, ERR_REFUSED, "'%s' is not yours: its owner must add this to it", path);
	if (access(path, W_OK) != 0)
		return err_set(err, ERR_REFUSED, "'%s' is write-protected: add this to it yourself", path);
	return true;
}

static bool check_parses(const char *path, struct str text, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? x_printf("%.*s", (int)(slash - path), path) : NULL;
	struct config *config = config_parse(path, folder && *folder ? folder : "/", text, err);
	config_free(config);
	x_free(folder);
	return config != NULL;
}

static bool make_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = x_printf("%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	bool ok = !*folder || file_make_dir(folder, err);
	x_free(folder);
	return ok;
}

static bool add_to(const char *path, struct str item, struct err *err)
{
	struct buf before, after;
	bool is_there;
	buf_init(&before, MOST_BYTES);
	buf_init(&after, MOST_BYTES);
	bool ok = check_ours(path, &is_there, err);
	if (ok && is_there)
		ok = file_read_trusted(path, MOST_BYTES, &before, err) &&
		     check_parses(path, buf_str(&before), err);
	ok = ok && yaml_text_append(path, buf_str(&before), "sources", item, &after, err) &&
	     check_parses(path, buf_str(&after), err);
	if (ok && after.is_over)
		ok = err_set(err, ERR_REFUSED, "'%s' would be longer than %d bytes", path, MOST_BYTES);
	ok = ok && make_folder(path, err) && file_write(path, buf_str(&after), err);
	buf_fini(&before);
	buf_fini(&after);
	return ok;
}

bool portal_yaml_add(const char *path, struct str item, struct err *err)
{
	char *real = real_path(path);
	bool ok = add_to(real, item, err);
	x_free(real);
	return ok;
}

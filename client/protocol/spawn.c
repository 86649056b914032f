/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/protocol/spawn.h"

#include "client/base/mem.h"

#include <string.h>

bool source_spawn(
	struct proc *proc, const struct config *config, const struct config_source *source, struct err *err)
{
	enum { FLAGS = PROC_PIPES | PROC_PIPE_STDERR | PROC_DIE_WITH_US };
	if (strcmp(source->kind, "plugin") != 0) {
		const char *argv[] = {proc_sibling("porthole-source"), "--serve", NULL};
		return proc_start(proc, argv, NULL, FLAGS, err);
	}
	if (!source->command || !source->command[0])
		return err_set(err, ERR_USAGE, "a plugin needs a 'command'");
	const char *slash = config && config->file ? strrchr(config->file, '/') : NULL;
	char *dir = slash ? x_printf("%.*s", (int)(slash - config->file) + 1, config->file) : NULL;
	bool is_started = proc_start_in(proc, dir, source->command, NULL, FLAGS, err);
	x_free(dir);
	return is_started;
}

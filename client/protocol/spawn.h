/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting the process of a source, with pipes on all three of its descriptors. */
#ifndef CLIENT_PROTOCOL_SPAWN_H
#define CLIENT_PROTOCOL_SPAWN_H

#include "client/base/proc.h"
#include "client/config/config.h"

/* A plug-in runs where the configuration that names it lies, so that its command may be
 * relative; a built-in kind is our own second program. It ends with us. */
bool source_spawn(
	struct proc *proc, const struct config *config, const struct config_source *source, struct err *err);

#endif

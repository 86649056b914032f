/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text is read as a configuration, or refused with a message that names a line. */
#include "client/config/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct config *config = config_parse("x.yaml", "/", (struct str){(const char *)data, size}, &err);
	if (!config && (err.code != ERR_USAGE || strncmp(err.msg, "x.yaml:", strlen("x.yaml:")) != 0))
		abort();
	config_free(config);
	return 0;
}

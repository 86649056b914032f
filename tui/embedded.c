/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/embedded.h"

struct str embedded_find(struct str name)
{
	for (const struct embedded_file *file = embedded_files; file->name; file++)
		if (str_is(name, file->name))
			return (struct str){file->bytes, file->size};
	return (struct str){0};
}

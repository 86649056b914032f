/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/docs_builtin.h"

#include "client/base/mem.h"
#include "tui/embedded.h"

struct docs *docs_builtin_new(const struct config *config)
{
	static const struct str folder = STR("docs_embedded/"), end = STR(".md");
	size_t most = 0, n = 0;
	while (embedded_files[most].name)
		most++;
	struct docs_given *given = x_calloc(most + 1, sizeof *given);
	for (const struct embedded_file *file = embedded_files; file->name; file++) {
		struct str name = str_of(file->name);
		if (str_starts(name, folder) && str_ends(name, end))
			given[n++] = (struct docs_given){
				str_slice(name, folder.n, name.n - end.n), {file->bytes, file->size}};
	}
	struct docs *docs = docs_new(given, n);
	x_free(given);
	if (config)
		docs_use_folders(docs, config->docs, config->n_docs);
	return docs;
}

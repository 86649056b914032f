/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/docs_builtin.h"

#include "client/base/mem.h"
#include "tui/docs_reference.h"
#include "tui/embedded.h"

#include <ctype.h>
#include <stdlib.h>

/* "fr" of LC_ALL, LC_MESSAGES or LANG: the first of them that says something; NULL: English. */
static const char *language(char out[static 3])
{
	static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *value = NULL;
	for (size_t i = 0; i < ARRAY_LEN(variables) && (!value || !*value); i++)
		value = getenv(variables[i]);
	bool is_one = value && islower((unsigned char)value[0]) && islower((unsigned char)value[1]) &&
		      (!value[2] || strchr("_.@", value[2]));
	if (!is_one || str_starts(str_of(value), STR("en")))
		return NULL;
	memcpy(out, value, 2);
	out[2] = 0;
	return out;
}

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
	docs_make_later(docs, DOCS_REFERENCE_PAGES, docs_reference);
	x_free(given);
	char lang[3];
	docs_use_language(docs, language(lang));
	if (config)
		docs_use_folders(docs, config->docs, config->n_docs);
	return docs;
}

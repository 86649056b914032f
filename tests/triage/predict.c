/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Explains logs of the folder $PORTHOLE_LOG_SET: a JSON object a line, {"file":…,"lines":[best first]},
 * for scoring against a set of logs that is not ours to keep. -v tells scores and texts on standard error. */
#include "client/base/mem.h"
#include "client/triage/explain.h"

#include <stdio.h>
#include <stdlib.h>

static bool feed_file(struct explainer *explainer, const char *path)
{
	static char bytes[1 << 16];
	FILE *file = fopen(path, "rb");
	if (!file)
		return false;
	size_t n;
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		explain_feed(explainer, (struct str){bytes, n});
	bool is_read = !ferror(file);
	fclose(file);
	return is_read;
}

static void print_answer(const char *file, const struct explanation *explanation, bool is_verbose)
{
	printf("{\"file\":\"%s\",\"lines\":[", file);
	for (size_t i = 0; i < explanation->n_candidates; i++) {
		const struct candidate *candidate = &explanation->candidates[i];
		printf("%s%lld", i ? "," : "", (long long)candidate->line);
		if (is_verbose)
			fprintf(stderr, "%s\t%lld\t%.3f\t%s\n", file, (long long)candidate->line,
				candidate->score, candidate->text);
	}
	printf("]}\n");
}

static bool predict(const char *dir, const char *file, bool is_verbose)
{
	struct arena *arena = arena_new();
	struct explainer *explainer = explain_new();
	char *path = x_printf("%s/%s", dir, file);
	bool is_read = feed_file(explainer, path);
	if (is_read) {
		struct explanation explanation = explain_finish(explainer, arena);
		print_answer(file, &explanation, is_verbose);
	} else {
		perror(path);
	}
	x_free(path);
	explain_free(explainer);
	arena_free(arena);
	return is_read;
}

int main(int argc, char **argv)
{
	const char *dir = getenv("PORTHOLE_LOG_SET");
	bool is_verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	if (!dir || argc < 2 + is_verbose) {
		fprintf(stderr, "usage: PORTHOLE_LOG_SET=DIR predict [-v] FILE…\n");
		return 2;
	}
	bool is_good = true;
	for (int i = 1 + is_verbose; i < argc; i++)
		is_good = predict(dir, argv[i], is_verbose) && is_good;
	return is_good ? 0 : 1;
}

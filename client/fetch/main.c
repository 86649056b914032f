/* SPDX-License-Identifier: GPL-3.0-or-later */
/* porthole-source: one source of the portal as a process that speaks the protocol. */
#include "client/base/clean.h"
#include "client/base/clock.h"
#include "client/base/loop.h"
#include "client/fetch/serve.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"usage: porthole-source --serve\n"
	"       porthole-source [--config FILE] NAME\n"
	"\n"
	"Speaks the source protocol, a JSON object a line, on standard input and output.\n"
	"  --serve        the source comes with `hello`\n"
	"  --config FILE  read the source NAME from this configuration\n"
	"  --version      print the version\n";

struct words {
	const char *config, *name;
	bool serve;
};

static const struct option options[] = {
	{"serve", no_argument, NULL, 's'},
	{"config", required_argument, NULL, 'c'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},
	{0},
};

static int fail(const struct err *err)
{
	struct buf clean;

	buf_init(&clean, 8192);
	clean_add(&clean, str_of(err->msg), CLEAN_NAME);
	fprintf(stderr, "porthole-source: %.*s\n", STR_FMT(buf_str(&clean)));
	buf_fini(&clean);
	return err_exit_status(err);
}

/* Credentials live in this process: nobody may look into it, alive or dead. */
static bool seal(struct err *err)
{
	const struct rlimit none = {0, 0};

	if (getauxval(AT_SECURE))
		return err_set(err, ERR_REFUSED, "refusing to run setuid or setgid");
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
		return err_set(err, ERR_FAILED, "cannot turn core files off");
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	return true;
}

/* Returns -1 to go on, else the exit status. */
static int read_words(int argc, char **argv, struct words *words)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			words->serve = true;
			break;
		case 'c':
			words->config = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'v':
			puts("porthole-source " PORTHOLE_VERSION);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	words->name = argv[optind];
	if (words->serve ? argc == optind : argc == optind + 1)
		return -1;
	fputs(usage, stderr);
	return 2;
}

static bool run(const struct words *words, struct err *err)
{
	const struct config_source *source = NULL;
	struct config *config = NULL;
	struct loop *loop;
	bool ok;

	if (!words->serve) {
		config = config_load(words->config, err);
		if (!config)
			return false;
		source = config_source(config, words->name);
		if (!source) {
			err_set(err, ERR_USAGE, "no source '%s' in %s", words->name,
				config->file ? config->file : "any configuration");
			config_free(config);
			return false;
		}
	}
	loop = loop_new();
	ok = serve(loop, STDIN_FILENO, STDOUT_FILENO, source, err);
	loop_free(loop);
	config_free(config);
	return ok;
}

int main(int argc, char **argv)
{
	struct words words = {0};
	struct err err = {0};
	int status = read_words(argc, argv, &words);

	if (status >= 0)
		return status;
	clock_fix_by_environment(); /* one that is no number was refused by the portal */
	if (!seal(&err) || !run(&words, &err))
		return fail(&err);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/cli.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (getuid() != geteuid() || getgid() != getegid()) {
		fputs("porthole: refuses to run setuid or setgid\n", stderr);
		return 4;
	}
	/* what sources say may hold secrets: no core file */
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	prctl(PR_SET_DUMPABLE, 0);
	return cli_main(argc, argv);
}

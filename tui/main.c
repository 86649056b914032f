/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Where one of the three is closed, a file that we open must not become it. */
static void fill_standard_streams(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	fill_standard_streams();
	if (getuid() != geteuid() || getgid() != getegid()) {
		fputs("porthole: refuses to run setuid or setgid\n", stderr);
		return 4;
	}
	/* what sources say may hold secrets: no core file */
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	prctl(PR_SET_DUMPABLE, 0);
	return cli_main(argc, argv);
}

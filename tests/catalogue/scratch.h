/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of its own for each test of files. */
#ifndef TESTS_CATALOGUE_SCRATCH_H
#define TESTS_CATALOGUE_SCRATCH_H

#include "client/base/err.h"
#include "client/base/mem.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static inline char *scratch_new(void)
{
	char *dir = x_strdup("/tmp/porthole-test-XXXXXX");
	BUG_ON(!mkdtemp(dir));
	return dir;
}

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void scratch_free(char *dir)
{
	nftw(dir, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
	x_free(dir);
}

#endif

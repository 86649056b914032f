/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/catalogue/store_module.h"

#include "client/base/mem.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE "porthole-postgres.so"

/* Beside the program, else where it is installed: in ../libexec/porthole. The caller frees it. */
static char *find_module(void)
{
	static const char *const places[] = {"", "/../libexec/porthole"};
	const char *named = getenv("PORTHOLE_POSTGRES");
	if (named && *named)
		return x_strdup(named);
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = 0;
	const char *slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < ARRAY_LEN(places); i++) {
		char *path = x_printf("%.*s%s/" MODULE, (int)(slash - self), self, places[i]);
		if (access(path, R_OK) == 0)
			return path;
		x_free(path);
	}
	return x_strdup(MODULE);
}

static const struct store_ops *load(struct err *err)
{
	char *path = find_module();
	const struct store_ops *ops = NULL;
	/* For good: its functions are in use from now on. */
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const char *why = module ? NULL : dlerror();
	void *door = module ? dlsym(module, "porthole_postgres") : NULL;
	if (door) {
		store_module_door *open;
		memcpy(&open, &door, sizeof open); /* C knows no cast from data to functions */
		ops = open(PORTHOLE_VERSION, STORE_MODULE_SHARED, die_run_hook);
	}
	if (!module)
		err_set(err, ERR_USAGE,
			"catalogue: a PostgreSQL address needs " MODULE
			" beside porthole, and the package libpq5: %s",
			why);
	else if (!ops)
		err_set(err, ERR_USAGE,
			"catalogue: '%s' is not of porthole " PORTHOLE_VERSION ": install both anew", path);
	x_free(path);
	return ops;
}

const struct store_ops *store_module_load(struct err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static const struct store_ops *loaded;
	pthread_mutex_lock(&lock);
	if (!loaded)
		loaded = load(err);
	const struct store_ops *ops = loaded;
	pthread_mutex_unlock(&lock);
	return ops;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine on PostgreSQL as a module, `porthole-postgres.so`: loaded when an address asks for it, so that
 * who keeps the catalogue in a file never loads libpq. It stands beside the program or where `make install`
 * puts it; PORTHOLE_POSTGRES names another file. It has a copy of its own of client/base, and so of what is
 * not constant there: the hook of `die`, which it is given.
 */
#ifndef CLIENT_CATALOGUE_STORE_MODULE_H
#define CLIENT_CATALOGUE_STORE_MODULE_H

#include "client/catalogue/store_ops.h"

/* The module's one door. NULL where it was built with another VERSION, or another idea of what is shared. */
typedef const struct store_ops *store_module_door(
	const char *version, size_t shared_bytes, void (*on_die)(void));
extern store_module_door porthole_postgres;

#define STORE_MODULE_SHARED (sizeof(struct store_ops) + sizeof(struct store) + sizeof(struct err))

/* The engine, loaded at the first call and kept. ERR_USAGE says what to install. From any thread. */
const struct store_ops *store_module_load(struct err *err);

#endif

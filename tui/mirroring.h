/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Of a shared catalogue: keeps its mirror fresh while it is there, looks for it
 * while it is away. Both on a store thread and a connection of their own, so that
 * no view waits behind them.
 */
#ifndef TUI_MIRRORING_H
#define TUI_MIRRORING_H

#include "client/catalogue/store_thread.h"

struct mirroring;

/* Watches over what STORE reads, the catalogue at ADDRESS; BACK is called when that can be had again. NULL
 * where the catalogue is a file: that has no mirror. */
struct mirroring *mirroring_new(struct loop *loop, struct store_thread *store, const char *address,
	void (*back)(void *ctx), void *ctx);
/* Ends what is under way; NULL is nothing. */
void mirroring_free(struct mirroring *mirroring);
/* To be called about once a second. */
void mirroring_tick(struct mirroring *mirroring);

#endif

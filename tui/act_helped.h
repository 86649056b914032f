/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The run with other parameters that ended the problem before, for who would start one again. */
#ifndef TUI_ACT_HELPED_H
#define TUI_ACT_HELPED_H

#include "client/catalogue/ref.h"
#include "client/catalogue/store_thread.h"
#include "client/triage/past.h"

/* HELPED is NULL where nothing is known, and dies on return. */
typedef void (*act_helped_fn)(void *ctx, const struct past_helped *helped);

/* Looks for the newest 'trigger' with parameters that ended the problem of REF, a step or run, before. */
struct ticket *act_helped(struct store_thread *store, const struct ref *ref, act_helped_fn fn, void *ctx);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parameters that a run had, for another one to start with. */
#ifndef TUI_ACT_PARAMS_H
#define TUI_ACT_PARAMS_H

#include "client/catalogue/ref.h"
#include "client/catalogue/store_thread.h"

/* CONF is the text of a JSON object, "{}" where nothing is known of the run. PAIRS is the same as "K=V K=V",
 * or NULL where that cannot be written so. Both die on return. */
typedef void (*act_params_fn)(void *ctx, const char *conf, const char *pairs);

struct ticket *act_params(struct store_thread *store, const struct ref *run, act_params_fn fn, void *ctx);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the menu of actions offers, and what is asked for before one can be planned. */
#ifndef TUI_ACT_CHOICE_H
#define TUI_ACT_CHOICE_H

#include "client/catalogue/ref.h"
#include "client/protocol/source.h"
#include "tui/form.h"

/* What an action is done to: what the cursor is on, or what that belongs to. */
enum act_level { ACT_THIS, ACT_ITS_RUN, ACT_ITS_PIPELINE };

enum act_asked { ACT_ASKS_NOTHING, ACT_ASKS_PARAMETERS, ACT_ASKS_STATE, ACT_ASKS_TAGS };

struct act_choice {
	uint32_t key;
	const char *title, *verb, *help;
	enum act_level level;
	enum act_asked asks;
	const char *args;		  /* the JSON text of an object, where nothing is asked */
	const struct config_command *own; /* a command of the person's; NULL: an action of the source */
};

/* What SOURCE (NULL: nothing) can do to REFS, and what CONFIG's own commands can; from ARENA. */
struct act_choice *act_choices(struct arena *arena, const struct config *config, const struct source *source,
	const struct ref *refs, size_t n, size_t *n_out);
/* REF, or what it belongs to at LEVEL. */
struct ref act_at_level(const struct ref *ref, enum act_level level);

/* The fields that are asked for. */
void act_form_fill(struct form *form, enum act_asked asks);
/* The arguments that they make, or with CONF (the text of a JSON object; NULL: none) in the place of the
 * parameters. False with the number of a field and what is wrong with it in ERR. */
bool act_form_args(const struct form *form, enum act_asked asks, const char *conf, struct buf *out,
	size_t *field, struct err *err);
/* The parameters of the form as JSON, for an editor to start from. */
void act_form_conf(const struct form *form, struct buf *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An action on tools: the one place where it is planned, confirmed and done. First
 * each object's source is asked what exactly would be done; then somebody confirms
 * what it said. From there on it is one object after the other: the state is read
 * once more (if it is another one, that is shown and all stops), a row goes into the
 * audit, the action is sent once and never again, and another row says how it ended.
 * Where the answer was lost the tool is asked what it shows: done, not done, or still
 * unknown. At the first unknown all stops.
 *
 * The object is what REF named when the action began, whatever moved since. Nothing
 * here asks a person or shows anything.
 */
#ifndef CLIENT_LIVE_ACT_H
#define CLIENT_LIVE_ACT_H

#include "client/base/loop.h"
#include "client/catalogue/ref.h"
#include "client/catalogue/store_thread.h"
#include "client/config/config.h"

enum act_on { ACT_ON_PIPELINE = 1, ACT_ON_RUN = 2, ACT_ON_STEP = 4 };

/* What can be done, by the one list; a plug-in may know further verbs. */
struct act_verb {
	const char *name;
	int on;		  /* enum act_on */
	const char *help; /* what it does, for menus and pages */
};
const struct act_verb *act_verbs(size_t *n);
/* NULL where the list has none of that name. */
const struct act_verb *act_find_verb(const char *name);
/* What REF is for a verb; 0 where nothing can be done to such a thing. */
int act_on(const struct ref *ref);

/* Whether CONFIG allows anything to be done on the source of REF, or with IS_DRY_RUN to look what would be;
 * ERR_REFUSED or ERR_NOT_FOUND says why not. */
bool act_may(const struct config *config, const struct ref *ref, bool is_dry_run, struct err *err);

enum act_end {
	ACT_OPEN, /* it is not over */
	ACT_DONE,
	ACT_ALREADY,  /* it is as it was to become: nothing was sent */
	ACT_NOTHING,  /* there is nothing to do */
	ACT_NOT_DONE, /* it failed, and surely nothing was done */
	ACT_UNKNOWN,  /* nobody can say whether it was done */
	ACT_REFUSED,  /* not permitted: by us, by the source, by the tool */
	ACT_CHANGED,  /* the object is not as it was when it was confirmed */
	ACT_SKIPPED,  /* it all stopped before this one */
};
/* "done", "not done", … */
const char *act_end_word(enum act_end end);

/* One object of an action. Its texts live as long as the action. */
struct act_object {
	struct ref ref;
	const char *text;    /* the ref, canonical */
	const char *project; /* NULL: it belongs to none */
	bool is_production;  /* its project's severity */
	const char *freeze;  /* what the calendar says against it; NULL: nothing */
	const char **effect; /* what would be done, a line each */
	size_t n_effect;
	const char *remark; /* of the source, on that; NULL: none */
	enum act_end end;
	enum err_code code;  /* why it ended so, where that was an error */
	const char *message; /* in words; NULL: nothing to say */
	const char *run_ref; /* the run that it started; NULL: none */
};

struct act_want {
	const char *verb;
	const struct ref *refs; /* an object named twice is one */
	size_t n_refs;
	struct str args; /* the JSON text of an object: what the verb takes */
	bool is_dry_run; /* it will not be confirmed: then looking is allowed also where nothing may be
			    written */
};

/* The callbacks come from the loop, never from within, and may free the action. */
struct act_ops {
	/* It is known what would be done: objects that are still open wait for act_confirm. Again where that
	 * came too late. */
	void (*planned)(void *ctx);
	/* OBJECT: WHAT is being done, now. */
	void (*progress)(void *ctx, const struct act_object *object, const char *what);
	/* OBJECT came to its end, after act_confirm. */
	void (*ended)(void *ctx, const struct act_object *object);
	/* All did; once. */
	void (*done)(void *ctx);
};

struct act;

/* Begins to plan. WANT is copied, the rest is borrowed; STORE keeps the audit. */
struct act *act_new(struct loop *loop, const struct config *config, struct store_thread *store,
	const struct act_want *want, const struct act_ops *ops, void *ctx);
/* Ends it. What has been sent is not taken back, and the audit then has no end for it. NULL is nothing. */
void act_free(struct act *act);

size_t act_n_objects(const struct act *act);
const struct act_object *act_object(const struct act *act, size_t i);
/* How many objects are open. */
size_t act_n_open(const struct act *act);
/* What a person is to type to confirm it: a name, for several objects or in production; NULL: a yes will do.
 */
const char *act_name(const struct act *act);
/* Goes on to do what was planned. False where that was more than 60 s ago: it is planned anew. */
bool act_confirm(struct act *act);
/* The object that is at work comes to its end, the others are left alone. */
void act_stop(struct act *act);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What people do about problems. A step is one transaction: it checks that nobody
 * else did something meanwhile, changes the problem, adds to its timeline
 * (team.problem_event) and to the audit. What was done is never taken away; undoing it is one more event.
 *
 * A problem's version is the greatest id of its events, notes and questions apart. Who acts names the one
 * that was seen; where somebody else's is newer nothing is changed, and ERR_REFUSED says who did what when.
 *
 *     acknowledged  somebody has it
 *     snoozed       comes back by itself when its time is over or when it grows, open or to whom had it
 *     resolved      comes back, as returned, when it happens again
 *     ignored       stays away, whatever it does, until somebody reopens it
 *
 * A problem has grown when, since people last heard of it or did something about it, it stands for at least
 * twice as many occurrences and three more, or for twice as many pipelines.
 */
#ifndef CLIENT_TRIAGE_TEAM_H
#define CLIENT_TRIAGE_TEAM_H

#include "client/catalogue/store.h"
#include "client/config/config.h"

enum team_verb {
	TEAM_ACK,
	TEAM_ASSIGN,
	TEAM_SNOOZE,
	TEAM_NOTE,
	TEAM_RESOLVE,
	TEAM_REOPEN,
	TEAM_IGNORE,
	TEAM_ASK,
	TEAM_CAUSE,
	TEAM_VERBS
};

enum { TEAM_UNSEEN = -1, TEAM_MOST_TEXT = 16 << 10 };

/* One step about one problem. */
struct team_step {
	enum team_verb verb;
	int64_t problem;
	int64_t seen;	  /* team_version when the person looked; TEAM_UNSEEN: the person did not look */
	const char *text; /* of a note, a question; whom to assign it to, NULL: oneself, "": nobody; a kind of
			   * cause (causes.h) */
	int64_t until_ms; /* of TEAM_SNOOZE */
	int64_t command;  /* what `command` of the step before gave: they are undone together; 0: none */
	bool is_dry_run;  /* nothing stays changed */
};

/* How the problem is then; texts are taken from the arena. */
struct team_done {
	int64_t command, problem;
	const char *title, *state, *assignee;
	int64_t snoozed_until_ms; /* TIME_NONE: it is not */
	const char *target;	  /* whom a question goes to, a name below `notify:`; else NULL */
};

/* The command's name ("ack"), and the word of the timeline ("acknowledged"). */
const char *team_verb_name(enum team_verb verb);
const char *team_verb_word(enum team_verb verb);

/* Does STEP for WHO (audit_who). ERR_NOT_FOUND: no such problem; ERR_REFUSED: a conflict, or the problem is
 * in no state for it; ERR_USAGE: what it says does not do. */
bool team_do(struct store *store, const struct config *config, const char *who, const struct team_step *step,
	struct arena *arena, struct team_done *out, struct err *err);

/* Takes back what WHO did last, in one command, about any number of problems (*N of at most MOST in OUT).
 * ERR_REFUSED where somebody did something about one of them since; then all stay. */
bool team_undo(struct store *store, const struct config *config, const char *who, bool is_dry_run,
	struct arena *arena, struct team_done *out, size_t most, size_t *n, struct err *err);

/* The newest event of all: what is loaded after asking for it was seen at that version. */
bool team_version(struct store *store, int64_t *out, struct err *err);

/* The problem that stands for REF: itself, or the newest that is not over of a pipeline, run or step.
 * ERR_NOT_FOUND. */
struct ref;
bool team_problem_of(struct store *store, const struct ref *ref, int64_t *out, struct err *err);

/* The time that TEXT means to a person: "2h", "1d12h", "morning" (08:00), "tomorrow" (09:00), "due" (DUE_MS),
 * "17:30", a day, RFC 3339; always behind NOW_MS. */
bool team_until(const char *text, int64_t now_ms, int64_t due_ms, int64_t *out_ms, struct err *err);

/* What a person would ask the owner of a problem: its cause, where, since when, its ref, what changed since
 * it last went well. In ARENA. */
bool team_question(
	struct store *store, int64_t problem, struct arena *arena, const char **out, struct err *err);

/* For problems_update, in its transaction, once all is counted: snoozes that are over, problems that have
 * grown. Events of sync behind event MARK are then to be told (notify.h). */
bool team_pass(struct store *store, int64_t now_ms, int64_t mark, struct err *err);

#endif

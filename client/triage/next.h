/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What to do next about a problem, with the reason: the first row of the table in next.c that applies. In
 * words:
 *
 *     none      it is over, or a retry of the tool passed
 *     wait      it is being tried again already, or runs still
 *     restart   the source or its scheduler is down: nothing would start
 *     restart, fix   a platform problem, by its cause (causes.h)
 *     wait      what it waits for is late or failed itself: that is the problem
 *     trigger   other parameters helped before
 *     fix       reruns after this cause never passed (two or more), where its cause asks for no more
 *     rerun     half of the reruns after this cause passed, or more
 *     …         what its kind of cause asks for (causes.h); `clear` for one instance of a mapped step
 *     rerun     nobody knows the cause and nobody tried
 *     fix       all else: the log says more
 */
#ifndef CLIENT_TRIAGE_NEXT_H
#define CLIENT_TRIAGE_NEXT_H

#include "client/triage/causes.h"
#include "client/triage/past.h"

struct next_facts {
	const char *kind, *state; /* of the problem */
	const char *source;
	const struct cause *cause;
	const struct past *past;
	bool is_past_unknown;  /* PAST is empty because nobody could be asked */
	bool is_mapped;	       /* one instance of a mapped step failed */
	bool is_flaky;	       /* a later attempt passed */
	const char *again;     /* what tries it again: "try 2 is running"; NULL: nothing does */
	const char *down;      /* the platform problem of its source, in words; NULL: none */
	const char *waits_for; /* the upstream pipeline that has a problem itself; NULL: none */
};

struct next {
	const char *act; /* rerun clear trigger wait fix restart none */
	const char *why;
};

/* Texts are static, from FACTS, or in ARENA. */
struct next next_act(const struct next_facts *facts, struct arena *arena);

#endif

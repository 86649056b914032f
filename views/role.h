/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Roles: what a piece of text means. Themes give a role its colour and attributes;
 * nothing else in the program names a colour. */
#ifndef VIEWS_ROLE_H
#define VIEWS_ROLE_H

enum role {
	ROLE_TEXT,
	ROLE_DIM,     /* secondary: headings of columns, units, old rows */
	ROLE_HEADING, /* the title, the name of a block */
	ROLE_SUCCESS,
	ROLE_FAILED,
	ROLE_RUNNING,
	ROLE_QUEUED,
	ROLE_LATE, /* late, stale, needs care but is not broken */
	ROLE_SKIPPED,
	ROLE_LINK,	/* goes somewhere */
	ROLE_KEY,	/* a key in the footer */
	ROLE_SELECTION, /* the selected row, beside the bar at its left edge */
	ROLE_MATCH,	/* found by a search */
	ROLE_CAUSE,	/* the line that says why */
	ROLE_ERROR,	/* a message of ours that something went wrong */
	ROLE_RULE,	/* lines that separate */
	ROLE_BANNER,	/* the recorded sample, read-only */
	ROLE_SERIES_1,	/* curves of a plot, told apart; each has a line style besides */
	ROLE_SERIES_2,
	ROLE_SERIES_3,
	ROLE_SERIES_4,
	ROLE_COUNT
};

/* The name of a role in a theme file ("failed"). */
const char *role_name(enum role role);

#endif

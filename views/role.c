/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/role.h"

#include "client/base/err.h"

static const char *const names[ROLE_COUNT] = {
	[ROLE_TEXT] = "text",
	[ROLE_DIM] = "dim",
	[ROLE_HEADING] = "heading",
	[ROLE_SUCCESS] = "success",
	[ROLE_FAILED] = "failed",
	[ROLE_RUNNING] = "running",
	[ROLE_QUEUED] = "queued",
	[ROLE_LATE] = "late",
	[ROLE_SKIPPED] = "skipped",
	[ROLE_LINK] = "link",
	[ROLE_KEY] = "key",
	[ROLE_SELECTION] = "selection",
	[ROLE_MATCH] = "match",
	[ROLE_CAUSE] = "cause",
	[ROLE_ERROR] = "error",
	[ROLE_RULE] = "rule",
	[ROLE_BANNER] = "banner",
	[ROLE_SERIES_1] = "series1",
	[ROLE_SERIES_2] = "series2",
	[ROLE_SERIES_3] = "series3",
	[ROLE_SERIES_4] = "series4",
};

const char *role_name(enum role role)
{
	BUG_ON((unsigned)role >= ROLE_COUNT);
	return names[role];
}

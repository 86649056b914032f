/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the calendar of the configuration says of a moment. A day is one of the configured zone; an entry with
 * a time of day holds from that moment. */
#ifndef CLIENT_CONFIG_CALENDAR_H
#define CLIENT_CONFIG_CALENDAR_H

#include "client/config/config.h"

/* The entry of KIND ("freeze", "launch", "migration", "holiday") that holds at NOW_MS for PROJECT (its name;
 * NULL: of entries for all alone), the first in file order; or NULL. */
const struct config_day *calendar_at(
	const struct config *config, const char *kind, const char *project, int64_t now_ms);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times and durations as text. */
#ifndef CLIENT_BASE_WHEN_H
#define CLIENT_BASE_WHEN_H

#include "client/base/arena.h"
#include "client/base/buf.h"
#include "client/base/clock.h"

/* RFC 3339 with any number of fraction digits, "T" or blank between date and
 * time, zone "Z" or "+hh:mm" or "+hhmm"; without a zone it is UTC. False (and
 * *OUT untouched) for anything else, a day that does not exist, or a year outside 1970..9998. */
bool when_parse(struct str text, int64_t *out_ms);
/* What a person types after `since:`: a duration back from NOW_MS ("24h", "7d",
 * "30m", "2w", "90s", combinations as "1d12h"), a date "2026-11-21" (its local
 * midnight), or RFC 3339. */
bool when_parse_since(struct str text, int64_t now_ms, int64_t *out_ms);
/* "90s" "5m" "2h" "7d" "2w" and combinations, also "3mo" (30 days each), in ms. */
bool when_parse_duration(struct str text, int64_t *out_ms);
/* A HTTP date (RFC 9110), for `Date` and `Retry-After`. */
bool when_parse_http(struct str text, int64_t *out_ms);

/* "2026-11-22T13:17:16.682Z"; fraction left out where it is 0. Empty for TIME_NONE. */
void when_add_rfc3339(struct buf *out, int64_t ms);
/* Local time with zone: "2026-11-22 14:17:16 CET"; "–" for TIME_NONE. */
void when_add_local(struct buf *out, int64_t ms);
/* The same in ARENA. */
const char *when_local(struct arena *arena, int64_t ms);
/* "03:12:04 CET", for "as of". */
void when_add_clock(struct buf *out, int64_t ms);
/* "now" (under a minute), "12m", "3h", "2d", "5w", "3y"; "–" for TIME_NONE; "in 3h" for the future. */
void when_add_age(struct buf *out, int64_t ms, int64_t now_ms);
/* "0.4s" "37s" "1m 04s" "2h 39m" "3d 04h"; "–" for TIME_NONE or below 0. */
void when_add_duration(struct buf *out, int64_t ms);

#endif

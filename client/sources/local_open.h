/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What in one events.jsonl is not over. Whoever runs a pipeline writes a heartbeat with its run now and then
 * (client/local/runner.h); where it stays away that long, the run and what it was at are lost: somebody
 * pulled the plug.
 */
#ifndef CLIENT_SOURCES_LOCAL_OPEN_H
#define CLIENT_SOURCES_LOCAL_OPEN_H

#include "client/sources/adapter.h"

enum { LOCAL_LOST_MS = 60 * 1000 };

struct local_open;

struct local_open *local_open_new(struct arena *arena);
/* RECORD came as LINE; later ones of the same run or attempt stand for earlier ones. */
void local_open_note(struct local_open *open, const struct record *record, struct str line);
/* The file is read, at NOW_MS: tells what is lost. Whether anything in it is still under way. */
bool local_open_end(struct local_open *open, struct pull *pull, int64_t now_ms);

#endif

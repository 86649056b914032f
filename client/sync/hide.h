/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is stored bears no secret: records and evidence pass here on their way into the catalogue. Logs in the
 * cache stay as the tool gave them; they are masked where they are shown. */
#ifndef CLIENT_SYNC_HIDE_H
#define CLIENT_SYNC_HIDE_H

#include "client/base/mask.h"
#include "client/protocol/record.h"
#include "client/triage/explain.h"

/* RECORD with its params, tags, notes and messages masked. COPY takes what differs, texts come from ARENA. */
const struct record *hide_record(
	struct mask *mask, struct arena *arena, const struct record *record, struct record *copy);
/* Masks the lines in place; the fingerprint stays, it is of the log as it was. */
void hide_explanation(struct mask *mask, struct arena *arena, struct explanation *explanation);

#endif

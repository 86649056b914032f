/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes to a YAML file that a person writes by hand: what is not changed stays
 * byte for byte, comments and blank lines too. Entries must stand as people write them, each
 * top-level key at the start of a line; anything else is refused with words.
 */
#ifndef TUI_YAML_TEXT_H
#define TUI_YAML_TEXT_H

#include "client/base/buf.h"
#include "client/base/err.h"

/* TEXT into OUT with the top-level entry KEY replaced by BLOCK (whole lines, KEY included; empty: it is taken
 * away). Where there is no such entry BLOCK goes to the end. NAME is the file's, for messages. */
bool yaml_text_set(const char *name, struct str text, const char *key, struct str block, struct buf *out,
	struct err *err);
/* TEXT into OUT with ITEM as the last of the top-level list KEY, which is made where it is missing. ITEM is a
 * map as whole lines without indentation, "name: x\nkind: y\n". */
bool yaml_text_append(const char *name, struct str text, const char *key, struct str item, struct buf *out,
	struct err *err);
/* Adds TEXT as a scalar that reads back as that text: plain where that is sure, else in quotes. */
void yaml_text_add_scalar(struct buf *out, struct str text);

#endif

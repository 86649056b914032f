/* SPDX-License-Identifier: GPL-3.0-or-later */
/* portal.yaml gets one more source. Touches the disk: for a thread that may wait. */
#ifndef TUI_PORTAL_YAML_H
#define TUI_PORTAL_YAML_H

#include "client/base/err.h"
#include "client/base/str.h"

/* Adds ITEM (yaml_text_append) below `sources` of PATH and writes it, 0600; where there is no such file it is
 * made. ERR_REFUSED where the file is not ours, or not written as people do; ERR_USAGE where it, or what
 * would come of it, is no valid configuration: nothing is written then. A link is followed. */
bool portal_yaml_add(const char *path, struct str item, struct err *err);

#endif

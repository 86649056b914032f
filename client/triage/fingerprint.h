/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes two failures the same: the exception's type and where our code was,
 * else the message without all that differs from run to run. */
#ifndef CLIENT_TRIAGE_FINGERPRINT_H
#define CLIENT_TRIAGE_FINGERPRINT_H

#include "client/base/buf.h"

/* The class at the start of a cause line: `ValueError` of "ValueError: x",
 * `a.b.FooException` of "Caused by: a.b.FooException: y". Empty where there is none. */
struct str exception_type(struct str cause);

/* Adds MESSAGE with placeholders for ids, numbers, paths, addresses, dates and quoted values. */
void fingerprint_normalise(struct buf *out, struct str message);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built-in adapters, for registry.c: one line each. */
#ifndef CLIENT_SOURCES_ADAPTERS_H
#define CLIENT_SOURCES_ADAPTERS_H

#include "client/sources/adapter.h"

extern const struct adapter airflow_adapter;
extern const struct adapter local_adapter;

#endif

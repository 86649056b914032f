/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one list of built-in adapters: a new source is a line here and a file. */
#ifndef CLIENT_SOURCES_ADAPTERS_H
#define CLIENT_SOURCES_ADAPTERS_H

#include "client/sources/adapter.h"

#define ADAPTERS(X)                                                                                          \
	X(airflow)                                                                                           \
	X(local)                                                                                             \
	X(mlflow)

#define ADAPTER_DECLARATION(kind) extern const struct adapter kind##_adapter;
ADAPTERS(ADAPTER_DECLARATION)
#undef ADAPTER_DECLARATION

#endif

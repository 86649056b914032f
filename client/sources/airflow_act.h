/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be done on an Airflow, for airflow.c. */
#ifndef CLIENT_SOURCES_AIRFLOW_ACT_H
#define CLIENT_SOURCES_AIRFLOW_ACT_H

#include "client/sources/adapter.h"

#define AIRFLOW_VERBS "rerun clear trigger cancel pause unpause set-state tag"

/* `act` of the adapter. */
bool airflow_act(struct pull *pull, const struct act_request *request, struct err *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sources/adapters.h"

#include "client/base/mem.h"
#include "client/base/str.h"

#define ADAPTER_ADDRESS(kind) &kind##_adapter,

static const struct adapter *const adapters[] = {ADAPTERS(ADAPTER_ADDRESS)};

const struct adapter *const *adapter_all(size_t *n)
{
	*n = ARRAY_LEN(adapters);
	return adapters;
}

const struct adapter *adapter_find(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(adapters); i++)
		if (kind && strcmp(adapters[i]->kind, kind) == 0)
			return adapters[i];
	return NULL;
}

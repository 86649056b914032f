/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mem.h"
#include "views/lists.h"

#define VIEW_ADDRESS(name) &view_##name,

static const struct view_def *const views[] = {VIEWS(VIEW_ADDRESS)};

const struct view_def *view_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(views); i++)
		if (!strcmp(views[i]->name, name))
			return views[i];
	return NULL;
}

const struct view_def *view_for_ref(enum ref_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(views); i++)
		if (views[i]->kind == VIEW_OBJECT && views[i]->ref == kind)
			return views[i];
	return NULL;
}

const struct view_def *const *view_all(size_t *n)
{
	*n = ARRAY_LEN(views);
	return views;
}

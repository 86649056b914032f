/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reads as a ref is written in a canonical form that reads back and stays the same. */
#include "client/catalogue/ref.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(struct arena *arena, const struct ref *ref)
{
	struct err err;
	struct ref again;
	struct buf first, second;
	buf_init(&first, 0);
	buf_init(&second, 0);
	ref_add(&first, ref);
	if (!ref_parse(arena, buf_str(&first), &again, &err))
		abort();
	ref_add(&second, &again);
	if (again.kind != ref->kind || !str_eq(buf_str(&first), buf_str(&second)))
		abort();
	buf_fini(&first);
	buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct ref ref;
	struct arena *arena = arena_new();
	if (ref_parse(arena, (struct str){(const char *)data, size}, &ref, &err))
		check_round_trip(arena, &ref);
	arena_free(arena);
	return 0;
}

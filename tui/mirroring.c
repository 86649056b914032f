/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/mirroring.h"

#include "client/base/clock.h"
#include "client/base/mem.h"
#include "client/catalogue/mirror.h"

enum { LOOK_EVERY_MS = 2000, FIRST_AFTER_MS = 3000 };

struct mirroring {
	struct store_thread *store; /* of the views */
	struct store_thread *aside; /* our own */
	char *path;
	void (*back)(void *ctx);
	void *ctx;
	struct ticket *ticket;	   /* what is under way */
	int64_t next_ms, looks_ms; /* monotonic: when a mirror is due; when to look next */
};

/* --- on the thread aside ------------------------------------------------------- */

static bool look(struct store *store, void *job, struct err *err)
{
	int64_t one;
	(void)job;
	return store_exec_id(store, "SELECT 1", NULL, 0, &one, err);
}

static bool make(struct store *store, void *job, struct err *err)
{
	return mirror_make(store, job, clock_now_ms(), err);
}

/* --- on the loop ---------------------------------------------------------------- */

static void drop_nothing(void *job)
{
	(void)job; /* the path, which is the mirroring's */
}

static void looked(void *ctx, void *job, const struct err *err)
{
	struct mirroring *m = ctx;
	(void)job;
	m->ticket = NULL;
	m->looks_ms = clock_mono_ms() + LOOK_EVERY_MS;
	if (err)
		return;
	store_thread_return(m->store);
	m->back(m->ctx);
}

/* A mirror that could not be made is tried again at its next time: the portal works without. */
static void made(void *ctx, void *job, const struct err *err)
{
	struct mirroring *m = ctx;
	(void)job, (void)err;
	m->ticket = NULL;
	m->next_ms = clock_mono_ms() + MIRROR_EVERY_MS;
}

struct mirroring *mirroring_new(struct loop *loop, struct store_thread *store, const char *address,
	void (*back)(void *ctx), void *ctx)
{
	if (store_is_file(address))
		return NULL;
	struct mirroring *m = x_new(struct mirroring);
	struct arena *arena = arena_new();
	*m = (struct mirroring){.store = store,
		.aside = store_thread_new(loop, address),
		.path = x_strdup(mirror_path(arena, address)),
		.back = back,
		.ctx = ctx,
		.next_ms = clock_mono_ms() + FIRST_AFTER_MS};
	arena_free(arena);
	store_thread_set_mirror(store, m->path);
	return m;
}

void mirroring_free(struct mirroring *m)
{
	if (!m)
		return;
	store_thread_free(m->aside);
	x_free(m->path);
	x_free(m);
}

void mirroring_tick(struct mirroring *m)
{
	static const struct store_job look_job = {look, looked, drop_nothing};
	static const struct store_job make_job = {make, made, drop_nothing};
	int64_t now_ms = clock_mono_ms();
	if (!m || m->ticket)
		return;
	bool is_away = store_thread_is_on_mirror(m->store);
	if (is_away && now_ms >= m->looks_ms)
		m->ticket = store_thread_run(m->aside, &look_job, m->path, m);
	else if (!is_away && now_ms >= m->next_ms)
		m->ticket = store_thread_run(m->aside, &make_job, m->path, m);
}

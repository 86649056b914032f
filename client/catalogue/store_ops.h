/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an engine of the store gives: for store.c and the engines alone. Each
 * function keeps what store.h says of the one it serves. */
#ifndef CLIENT_CATALOGUE_STORE_OPS_H
#define CLIENT_CATALOGUE_STORE_OPS_H

#include "client/catalogue/store.h"

struct store_ops {
	bool has_run_text; /* words are found by the index of run_text.h */
	bool has_trigrams; /* or by the engine's own */
	/* A store with `ops` set. */
	struct store *(*open)(const char *address, enum store_mode mode, struct err *err);
	/* The same within PATIENCE_MS. NULL: open does not wait for anybody. */
	struct store *(*open_soon)(
		const char *address, enum store_mode mode, int64_t patience_ms, struct err *err);
	bool (*query)(struct store *store, const char *sql, const struct value *params, size_t n_params,
		struct arena *arena, struct result *out, struct err *err);
	bool (*exec)(struct store *store, const char *sql, const struct value *params, size_t n_params,
		int64_t *changed, struct err *err);
	/* NULL: RETURNING does it. */
	bool (*insert)(struct store *store, const char *sql, const struct value *params, size_t n_params,
		int64_t *id, struct err *err);
	/* NULL: an id costs no wait. */
	bool (*reserve_ids)(
		struct store *store, const char *table, int64_t n, int64_t *first, struct err *err);
	bool (*load)(struct store *store, const char *table, const char *const *columns, size_t n_columns,
		const struct value *values, size_t n_rows, struct err *err);
	bool (*begin)(struct store *store, struct err *err);
	bool (*begin_batch)(struct store *store, struct err *err); /* NULL: as begin */
	bool (*begin_read)(struct store *store, struct err *err);
	bool (*commit)(struct store *store, struct err *err);
	void (*rollback)(struct store *store);
	int64_t (*version)(struct store *store);
	void (*interrupt)(struct store *store);
	bool (*explain)(struct store *store, const char *sql, const struct value *params, size_t n_params,
		struct buf *out, struct err *err);
	bool (*checkpoint)(struct store *store, struct err *err);
	bool (*backup)(struct store *store, const char *file, struct err *err);
	/* Frees the engine's own struct, which starts with the store. */
	void (*close)(struct store *store);
};

/* An engine's struct starts with it. */
struct store {
	const struct store_ops *ops;
	enum store_mode mode;
	struct arena *scratch; /* made by store_open, for one call at a time */
	char *notice;	       /* from the heap, or NULL */
	bool is_lost;
	int64_t mirrored_ms;	 /* a mirror's: when it was made; TIME_NONE: it is none */
	int trace;		 /* PORTHOLE_TRACE, or -1 */
	const atomic_bool *stop; /* ends queries when true; may be NULL */
};

extern const struct store_ops sqlite_ops;

#endif

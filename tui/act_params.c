/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/act_params.h"

#include "client/base/json.h"
#include "client/base/mem.h"
#include "client/catalogue/find.h"

struct job {
	struct arena *arena;
	struct ref run;
	struct result rows; /* key, value */
	act_params_fn fn;
	void *ctx;
};

static bool run_job(struct store *store, void *ptr, struct err *err)
{
	struct job *job = ptr;
	struct found found;
	if (!find_ref(store, &job->run, &found, err))
		return false;
	const struct value params[] = {value_int(found.run_id)};
	return store_query(store, "SELECT key, value FROM param WHERE run_id = $1 ORDER BY key", params, 1,
		job->arena, &job->rows, err);
}

static void drop_job(void *ptr)
{
	struct job *job = ptr;
	arena_free(job->arena);
	x_free(job);
}

/* A number, a list and the like were kept as JSON; a text as it was. */
static void put_value(struct json_writer *w, const char *value)
{
	char *array = x_printf("[%s]", value);
	struct json_doc *doc = json_parse(str_of(array), NULL);
	if (doc && json_len(json_root(doc)) == 1 && !json_repairs(doc))
		json_put_raw(w, str_of(value));
	else
		json_put_str(w, str_of(value));
	json_free(doc);
	x_free(array);
}

static bool is_word(const char *text)
{
	return *text && !strpbrk(text, " \t\n");
}

/* Adds the parameters in both ways; false where the second cannot say them. */
static bool add_params(const struct result *rows, struct buf *conf, struct buf *pairs)
{
	struct json_writer w = {.out = conf};
	bool is_plain = true;
	json_open(&w, '{');
	for (size_t i = 0; i < rows->n_rows; i++) {
		const char *key = result_text(rows, i, 0), *value = result_text(rows, i, 1);
		value = value ? value : "";
		json_key(&w, key);
		put_value(&w, value);
		is_plain &= is_word(key) && is_word(value) && !strchr(key, '=');
		buf_addf(pairs, "%s%s=%s", i ? " " : "", key, value);
	}
	json_close(&w, '}');
	return is_plain;
}

static void job_done(void *ctx, void *ptr, const struct err *err)
{
	struct job *job = ptr;
	struct buf conf, pairs;
	(void)ctx;
	buf_init(&conf, 0);
	buf_init(&pairs, 0);
	const struct result none = {0};
	bool is_plain = add_params(err ? &none : &job->rows, &conf, &pairs);
	job->fn(job->ctx, conf.p, is_plain ? (pairs.p ? pairs.p : "") : NULL);
	buf_fini(&conf);
	buf_fini(&pairs);
	drop_job(job);
}

struct ticket *act_params(struct store_thread *store, const struct ref *run, act_params_fn fn, void *ctx)
{
	static const struct store_job what = {.run = run_job, .done = job_done, .drop = drop_job};
	struct job *job = x_new(struct job);
	job->arena = arena_new();
	job->run = ref_dup(job->arena, run);
	job->fn = fn;
	job->ctx = ctx;
	return store_thread_run(store, &what, job, ctx);
}

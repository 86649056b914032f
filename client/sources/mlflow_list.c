/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sources/mlflow.h"

#include <stdio.h>

static void put_filter(struct json_writer *w, const struct mlflow_list *list)
{
	struct buf text;

	if (!list->filter && list->at == TIME_NONE)
		return;
	buf_init(&text, 0);
	if (list->filter)
		buf_addz(&text, list->filter);
	if (list->at != TIME_NONE)
		buf_addf(&text, "%s%s >= %lld", text.n ? " AND " : "", list->order, (long long)list->at);
	json_key(w, "filter");
	json_put_str(w, buf_str(&text));
	buf_fini(&text);
}

static void put_query(struct buf *out, const struct mlflow_list *list)
{
	struct json_writer w = {.out = out};
	char order[64];

	json_open(&w, '{');
	if (list->experiment_ids) {
		json_key(&w, "experiment_ids");
		json_put_raw(&w, str_of(list->experiment_ids));
	}
	put_filter(&w, list);
	json_key(&w, list->view);
	json_put_str(&w, STR("ALL"));
	json_key(&w, "max_results");
	json_put_int(&w, list->size);
	if (list->order) {
		snprintf(order, sizeof(order), "%s ASC", list->order);
		json_key(&w, "order_by");
		json_open(&w, '[');
		json_put_str(&w, str_of(order));
		json_close(&w, ']');
	}
	if (list->token) {
		json_key(&w, "page_token");
		json_put_str(&w, str_of(list->token));
	}
	json_close(&w, '}');
}

static bool take_page(struct pull *pull, const struct response *response, void *ctx, struct err *err);

static void ask_page(struct pull *pull, struct mlflow_list *list)
{
	const struct mlflow *m = pull_state(pull);
	struct request request = {
		.method = "POST",
		.path = list->path,
		.flags = REQUEST_JSON | REQUEST_READ,
		.handler = take_page,
		.ctx = list,
	};
	struct buf body;

	list->size = m->page;
	if (list->size > 1)
		request.flags |= REQUEST_SHRINKS;
	buf_init(&body, 0);
	put_query(&body, list);
	request.body = buf_str(&body);
	pull_ask(pull, &request);
	buf_fini(&body);
}

bool mlflow_next_token(struct pull *pull, const struct json *page, const char *member, const char **token,
	int *n, struct err *err)
{
	struct str next = json_get_str(page, "next_page_token");

	if (!next.n)
		return false;
	if (++*n >= MLFLOW_MOST_PAGES)
		return err_set(
			err, ERR_FAILED, "'%s' does not end after %d pages", member, MLFLOW_MOST_PAGES);
	if (*token && str_is(next, *token))
		return err_set(err, ERR_FAILED, "'%s': the same page again and again", member);
	*token = arena_dup(pull_arena(pull), next);
	return true;
}

/* Whether there is a next page, which LIST then stands at. */
static bool next_page(struct pull *pull, struct mlflow_list *list, const struct json *page, struct err *err)
{
	const struct json *rows = json_get(page, list->member);
	size_t n = json_len(rows);
	int64_t last_ms = list->column && n ? mlflow_time_in(json_at(rows, n - 1), list->column) : TIME_NONE;

	if (!mlflow_next_token(pull, page, list->member, &list->token, &list->pages, err))
		return false;
	if (last_ms > 0 && last_ms > list->at) {
		list->at = last_ms;
		list->token = NULL;
	}
	return true;
}

bool mlflow_is_page(const struct json *page, const char *member)
{
	return json_type(page) == JSON_OBJECT &&
	       (json_type(json_get(page, member)) == JSON_ARRAY || json_len(page) == 0 ||
		       json_get(page, "next_page_token"));
}

bool mlflow_no_page(const char *member, struct err *err)
{
	return err_set(err, ERR_FAILED, "answer without '%s': not the API of MLflow", member);
}

static bool take_page(struct pull *pull, const struct response *response, void *ctx, struct err *err)
{
	struct mlflow *m = pull_state(pull);
	struct mlflow_list *list = ctx;
	const struct json *rows = json_get(response->json, list->member);

	if (response->status == 0 || response->status > 299) {
		if (m->page > list->size / 2)
			m->page = list->size / 2;
		ask_page(pull, list);
		return true;
	}
	if (!mlflow_is_page(response->json, list->member))
		return mlflow_no_page(list->member, err);
	if (m->date_ms == TIME_NONE)
		m->date_ms = response->date_ms;
	for (size_t i = 0; i < json_len(rows); i++)
		list->row(pull, json_at(rows, i));
	if (next_page(pull, list, response->json, err))
		ask_page(pull, list);
	else if (err->code)
		return false;
	else if (list->end)
		list->end(pull);
	return true;
}

void mlflow_ask_list(struct pull *pull, const struct mlflow_list *list)
{
	struct mlflow_list *copy = arena_new_of(pull_arena(pull), struct mlflow_list);

	*copy = *list;
	ask_page(pull, copy);
}

void mlflow_ask_runs(struct pull *pull, const char *experiment_ids, struct str runs,
	void (*row)(struct pull *pull, const struct json *row), void (*end)(struct pull *pull))
{
	const struct mlflow_list list = {
		.path = MLFLOW_API "runs/search",
		.member = "runs",
		.view = "run_view_type",
		.experiment_ids = experiment_ids,
		.filter = arena_printf(pull_arena(pull), "attributes.run_id IN (%.*s)", STR_FMT(runs)),
		.at = TIME_NONE,
		.row = row,
		.end = end,
	};

	mlflow_ask_list(pull, &list);
}

/* --- ids -------------------------------------------------------------------------------------- */

void mlflow_ids_init(struct mlflow_ids *ids)
{
	buf_init(&ids->text, 0);
	ids->w = (struct json_writer){.out = &ids->text};
	ids->n = 0;
	json_open(&ids->w, '[');
}

void mlflow_ids_add(struct mlflow_ids *ids, const char *id)
{
	json_put_str(&ids->w, str_of(id));
	ids->n++;
}

const char *mlflow_ids_take(struct pull *pull, struct mlflow_ids *ids)
{
	const char *array;

	json_close(&ids->w, ']');
	array = arena_dup(pull_arena(pull), buf_str(&ids->text));
	buf_fini(&ids->text);
	mlflow_ids_init(ids);
	return array;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One project: who owns it, what it promised to whom and until when, what is in it and how that is. */
#include "client/base/mem.h"
#include "client/triage/late.h"
#include "views/compose.h"
#include "views/lists.h"

#include <time.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const struct config_project *find_project(const struct config *config, const char *name)
{
	for (size_t i = 0; config && i < config->n_projects; i++)
		if (!strcmp(config->projects[i].name, name))
			return &config->projects[i];
	return NULL;
}

static void add_who(struct view_data *data, struct block *facts, const struct config_project *p)
{
	compose_fact(data, facts, "owner", p->owner ? ROLE_TEXT : ROLE_DIM, "%s",
		p->owner ? p->owner : "nobody said");
	for (size_t i = 0; i < p->n_owners; i++)
		compose_fact(data, facts, "", ROLE_TEXT, "%s for %s", p->owners[i].value, p->owners[i].key);
	if (p->oncall)
		compose_fact(data, facts, "on call", ROLE_TEXT, "%s", p->oncall);
	else if (p->oncall_command)
		compose_fact(data, facts, "on call", ROLE_DIM, "as '%s' says", p->oncall_command[0]);
	compose_fact(data, facts, "severity", ROLE_TEXT, "%s", p->severity);
	compose_fact(data, facts, "phase", ROLE_TEXT, "%s", p->phase);
}

/* When each result is promised, and what holds until then. */
static void add_promises(struct view_data *data, const struct view_args *args, struct block *facts,
	const struct config_project *p)
{
	for (size_t i = 0; i < p->n_due; i++) {
		int64_t due_ms = late_next_clock(p->due[i].value, args->now_ms);
		struct line *line = compose_fact(
			data, facts, i ? "" : "due", ROLE_TEXT, "%s by %s", p->due[i].key, p->due[i].value);
		if (due_ms != TIME_NONE)
			compose_span(data, line, ROLE_DIM, " · next in %s",
				compose_duration(data, due_ms - args->now_ms));
	}
	compose_fact_text(data, facts, "fallback", p->fallback);
	compose_fact_text(data, facts, "baseline", p->baseline);
	for (size_t i = 0; i < p->n_consumers; i++) {
		const struct config_consumer *c = &p->consumers[i];
		struct line *line = compose_fact(data, facts, i ? "" : "consumers", ROLE_TEXT, "%s", c->name);
		if (c->promise)
			compose_span(data, line, ROLE_TEXT, " · %s", c->promise);
		if (c->contact)
			compose_span(data, line, ROLE_DIM, " · %s", c->contact);
	}
	for (size_t i = 0; i < p->n_docs; i++) {
		const struct ref page = {.kind = REF_DOC, .name = p->docs[i]};
		struct line *line = compose_fact(data, facts, i ? "" : "docs", ROLE_LINK, "%s", p->docs[i]);
		line->ref = compose_ref(data, &page);
	}
}

static const char *date_of(struct view_data *data, int64_t ms)
{
	char text[sizeof "2026-12-03"];
	time_t at = (time_t)(ms / 1000);
	struct tm tm;
	if (!gmtime_r(&at, &tm) || !strftime(text, sizeof text, "%Y-%m-%d", &tm))
		return "–";
	return arena_dupz(data->arena, text);
}

/* What lies ahead or lasts still; days begin at midnight UTC. */
static void add_calendar(struct view_data *data, const struct view_args *args, struct block *facts,
	const struct config_project *p)
{
	const char *label = "calendar";
	for (size_t i = 0; i < args->config->n_calendar; i++) {
		const struct config_day *day = &args->config->calendar[i];
		int64_t last_ms = day->to_ms == TIME_NONE ? day->from_ms : day->to_ms;
		if ((day->project && strcmp(day->project, p->name)) || last_ms + DAY_MS <= args->now_ms)
			continue;
		struct line *line = compose_fact(data, facts, label, ROLE_TEXT, "%s · %s · %s", day->name,
			day->kind, date_of(data, day->from_ms));
		if (last_ms != day->from_ms)
			compose_span(data, line, ROLE_TEXT, " to %s", date_of(data, last_ms));
		if (day->from_ms > args->now_ms)
			compose_span(
				data, line, ROLE_DIM, " · %s", compose_age(data, day->from_ms, args->now_ms));
		else
			compose_span(data, line, ROLE_LATE, " · now");
		label = "";
	}
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	const struct config_project *p = args->ref.name ? find_project(args->config, args->ref.name) : NULL;
	if (!p)
		return err_set(err, ERR_NOT_FOUND, "no project '%s'; 'porthole projects' lists them",
			args->ref.name ? args->ref.name : "");
	data->title =
		strcmp(p->title, p->name) ? arena_printf(data->arena, "%s ▸ %s", p->name, p->title) : p->name;
	struct block *facts = compose_block(data, BLOCK_FACTS, "project", NULL);
	add_who(data, facts, p);
	add_promises(data, args, facts, p);
	add_calendar(data, args, facts, p);
	const char *filter = compose_project_filter(data, p->name);
	const struct list_block problems = {.list = &list_problems,
		.name = "problems",
		.title = "what needs somebody",
		.filter = arena_printf(data->arena, "%s state:open,acknowledged", filter),
		.limit = 20,
		.is_optional = true};
	const struct list_block pipelines = {.list = &list_pipelines,
		.name = "pipelines",
		.title = "pipelines",
		.filter = filter,
		.limit = 100};
	const struct list_block models = {.list = &list_models,
		.name = "models",
		.title = "models",
		.filter = filter,
		.limit = 20,
		.is_optional = true};
	return compose_list(data, store, args, &problems, err) &&
	       compose_list(data, store, args, &pipelines, err) &&
	       compose_list(data, store, args, &models, err);
}

const struct view_def view_project = {
	.name = "project",
	.title = "project",
	.help = "one project: who owns it, what it promised, what is in it",
	.kind = VIEW_OBJECT,
	.list = &list_projects,
	.ref = REF_PROJECT,
	.load = load,
};

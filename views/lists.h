/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The views, and the lists that others are made of: an object's blocks are lists under its scope. */
#ifndef VIEWS_LISTS_H
#define VIEWS_LISTS_H

#include "views/view.h"

/* The one list of views, in the order of the palette: a new view is a line here and a file. */
#define VIEWS(X)                                                                                             \
	X(home)                                                                                              \
	X(problems)                                                                                          \
	X(projects)                                                                                          \
	X(pipelines)                                                                                         \
	X(runs)                                                                                              \
	X(steps)                                                                                             \
	X(models)                                                                                            \
	X(checks)                                                                                            \
	X(alerts)                                                                                            \
	X(audit)                                                                                             \
	X(sources)                                                                                           \
	X(docs)                                                                                              \
	X(news)                                                                                              \
	X(examples)                                                                                          \
	X(problem)                                                                                           \
	X(project)                                                                                           \
	X(pipeline)                                                                                          \
	X(run)                                                                                               \
	X(step)                                                                                              \
	X(model)                                                                                             \
	X(compare)                                                                                           \
	X(everything)                                                                                        \
	X(graph)                                                                                             \
	X(source)                                                                                            \
	X(doc)

#define VIEW_DECLARATION(name) extern const struct view_def view_##name;
VIEWS(VIEW_DECLARATION)
#undef VIEW_DECLARATION

extern const struct list_def list_sources, list_health, list_pipelines, list_runs, list_steps, list_problems,
	list_occurrences, list_projects, list_models, list_checks, list_alerts, list_audit, list_why;

#endif

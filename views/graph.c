/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The steps of a pipeline as a graph, drawn downwards: a line a step, and beside it a lane for each step that
 * is waited for, as a log of commits is drawn. So it is as high as there are steps and seldom wide, whatever
 * it looks like. Groups ("group.step") are one node with their worst state; `.` unfolds them.
 */
#include "client/base/mem.h"
#include "views/compose.h"
#include "views/format.h"
#include "views/lists.h"

#include <stdlib.h>

enum { MOST_NODES = 400, MOST_LINES = 3 * MOST_NODES + 4, MOST_LANES = 24, NONE = -1 };

struct node {
	const char *name; /* of a step, or of a folded group */
	int64_t n;	  /* steps of a group */
	int n_waiting;	  /* upstream nodes that are not drawn yet */
	bool is_drawn;
	const char *state; /* in the newest run, the worst */
	const char *step;  /* the step whose state that is */
	int64_t took_ms;
};

struct graph_edge {
	int from, to;
};

struct graph {
	struct view_data *data;
	struct node nodes[MOST_NODES];
	size_t n_nodes, n_left_out;
	struct graph_edge *edges;
	size_t n_edges;
	bool is_unfolded, has_groups;
	int lanes[MOST_LANES]; /* the node that each one leads to, or NONE */
	bool is_too_wide;
	struct ref pipeline;
	const char *run; /* the newest */
};

/* --- nodes and edges ---------------------------------------------------------------------- */

static const char *node_name(struct graph *g, const char *step)
{
	const char *dot = strchr(step, '.');
	bool is_grouped = dot && dot != step;
	g->has_groups |= is_grouped;
	return !is_grouped || g->is_unfolded
		       ? step
		       : arena_dup(g->data->arena, (struct str){step, (size_t)(dot - step)});
}

static int node_of(struct graph *g, const char *step)
{
	const char *name = node_name(g, step);
	for (size_t i = 0; i < g->n_nodes; i++)
		if (!strcmp(g->nodes[i].name, name))
			return (int)i;
	return NONE;
}

static void add_step(struct graph *g, const char *step)
{
	int at = node_of(g, step);
	if (at == NONE && g->n_nodes == MOST_NODES) {
		g->n_left_out++;
		return;
	}
	if (at == NONE) {
		at = (int)g->n_nodes++;
		g->nodes[at] = (struct node){.name = node_name(g, step), .step = step, .took_ms = TIME_NONE};
	}
	g->nodes[at].n++;
}

static void add_edge(struct graph *g, int from, int to)
{
	if (from == NONE || to == NONE || from == to)
		return;
	for (size_t i = 0; i < g->n_edges; i++)
		if (g->edges[i].from == from && g->edges[i].to == to)
			return;
	g->edges[g->n_edges++] = (struct graph_edge){from, to};
	g->nodes[to].n_waiting++;
}

static int by_ends(const void *a, const void *b)
{
	const struct graph_edge *x = a, *y = b;
	return x->from != y->from ? x->from - y->from : x->to - y->to;
}

static bool load_definition(struct graph *g, struct store *store, int64_t pipeline_id, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(pipeline_id)};
	if (!store_query(store, "SELECT step FROM step WHERE pipeline_id = $1 ORDER BY position, step",
		    params, 1, g->data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++)
		add_step(g, result_text(&rows, i, 0));
	if (!store_query(store,
		    "SELECT upstream, step FROM step_edge WHERE pipeline_id = $1 ORDER BY step, upstream",
		    params, 1, g->data->arena, &rows, err))
		return false;
	g->edges = arena_array(g->data->arena, struct graph_edge, rows.n_rows + 1);
	for (size_t i = 0; i < rows.n_rows; i++)
		add_edge(g, node_of(g, result_text(&rows, i, 0)), node_of(g, result_text(&rows, i, 1)));
	qsort(g->edges, g->n_edges, sizeof *g->edges, by_ends);
	return true;
}

/* How each step went in the newest run, the best first: the worst of a group is taken last. */
static bool load_states(struct graph *g, struct store *store, int64_t pipeline_id, struct err *err)
{
	struct result rows;
	const struct value params[] = {value_int(pipeline_id)};
	if (!store_query(store,
		    "SELECT t.step, CASE WHEN t.state = 'skipped' AND t.tool_state IN ('upstream_failed', 'removed')"
		    " THEN 'blocked' ELSE t.state END, t.duration_ms, r.run FROM pipeline p JOIN run r ON r.id = p.last_run_id"
		    " JOIN step_run t ON t.run_id = r.id WHERE p.id = $1 AND t.is_newest = 1 AND t.gone = 0"
		    " ORDER BY CASE t.state WHEN 'failed' THEN 9 WHEN 'lost' THEN 8 WHEN 'running' THEN 7 WHEN 'queued' THEN 6"
		    " WHEN 'cancelled' THEN 5 WHEN 'success' THEN 3 ELSE 4 END, t.id",
		    params, 1, g->data->arena, &rows, err))
		return false;
	for (size_t i = 0; i < rows.n_rows; i++) {
		int at = node_of(g, result_text(&rows, i, 0));
		g->run = result_text(&rows, i, 3);
		if (at == NONE)
			continue;
		struct node *node = &g->nodes[at];
		node->step = result_text(&rows, i, 0);
		node->state = result_text(&rows, i, 1);
		node->took_ms = node->n == 1 ? result_ms(&rows, i, 2) : TIME_NONE;
	}
	return true;
}

/* --- drawing ---------------------------------------------------------------------------- */

enum { UP = 1, DOWN = 2, LEFT = 4, RIGHT = 8 };

static const char *corner(int sides)
{
	static const char *const glyphs[] = {[0] = " ",
		[UP | DOWN] = "│",
		[UP | RIGHT] = "╰",
		[UP | LEFT] = "╯",
		[DOWN | RIGHT] = "╭",
		[DOWN | LEFT] = "╮",
		[LEFT | RIGHT] = "─",
		[UP | DOWN | RIGHT] = "├",
		[UP | DOWN | LEFT] = "┤",
		[UP | LEFT | RIGHT] = "┴",
		[DOWN | LEFT | RIGHT] = "┬",
		[UP | DOWN | LEFT | RIGHT] = "┼"};
	return (size_t)sides < ARRAY_LEN(glyphs) && glyphs[sides] ? glyphs[sides] : " ";
}

static int lane_of(const struct graph *g, int node)
{
	for (int i = 0; i < MOST_LANES; i++)
		if (g->lanes[i] == node)
			return i;
	return NONE;
}

static int lanes_used(const struct graph *g)
{
	int used = 0;
	for (int i = 0; i < MOST_LANES; i++)
		if (g->lanes[i] != NONE)
			used = i + 1;
	return used;
}

/* The lanes from FROM up to TO as they go past a node. */
static const char *lanes_text(struct graph *g, int from, int to)
{
	struct buf text;
	buf_init(&text, 0);
	for (int i = from; i < to; i++)
		buf_addf(&text, "%s ", corner(g->lanes[i] != NONE ? UP | DOWN : 0));
	return arena_take(g->data->arena, &text);
}

static struct line *next_line(struct graph *g, struct block *block, enum role role, const char *text)
{
	return compose_line(g->data, block, MOST_LINES, 0, role, text);
}

static void add_label(struct graph *g, struct line *line, const struct node *node)
{
	compose_span(g->data, line, ROLE_TEXT, "%s", node->name);
	if (node->n > 1)
		compose_span(g->data, line, ROLE_TEXT, " (%lld)", (long long)node->n);
	if (!node->state)
		return;
	if (strcmp(node->state, "success") != 0)
		compose_span(g->data, line, format_state_role(str_of(node->state)), "  %s", node->state);
	if (node->took_ms > 0)
		compose_span(g->data, line, ROLE_DIM, "  %s", compose_duration(g->data, node->took_ms));
	struct ref ref = g->pipeline;
	ref.kind = REF_STEP;
	ref.run = g->run;
	ref.step = node->step;
	line->ref = compose_ref(g->data, &ref);
}

static void draw_node(struct graph *g, struct block *block, const struct node *node, int lane)
{
	int used = lanes_used(g), at = lane == NONE ? used : lane;
	struct line *line = next_line(g, block, ROLE_RULE, lanes_text(g, 0, at));
	if (node->state)
		compose_span(g->data, line, format_state_role(str_of(node->state)), "%s",
			format_sign(&(struct format){0}, str_of(node->state)));
	else
		compose_span(g->data, line, ROLE_DIM, "○");
	compose_span(g->data, line, ROLE_RULE, " %s", lanes_text(g, at + 1, used));
	add_label(g, line, node);
}

/* What leaves LANE for the lanes that are HIT; others that it crosses go on below it. IS_NEW: nothing came
 * down there. */
static void draw_turn(struct graph *g, struct block *block, int lane, const bool *hit, const bool *is_new)
{
	int lo = lane, hi = lane, used = lanes_used(g);
	for (int i = 0; i < MOST_LANES; i++) {
		lo = hit[i] && i < lo ? i : lo;
		hi = hit[i] && i > hi ? i : hi;
	}
	struct buf text;
	buf_init(&text, 0);
	for (int i = 0; i < used || i <= hi; i++) {
		int sideways = (i > lo && i <= hi ? LEFT : 0) | (i >= lo && i < hi ? RIGHT : 0);
		bool is_end = hit[i] || i == lane;
		int upright = (i == lane || (hit[i] && !is_new[i]) ? UP : 0) | (hit[i] ? DOWN : 0);
		bool is_crossed = !is_end && sideways;
		buf_addz(&text, is_end	     ? corner(upright | sideways)
				: is_crossed ? corner(LEFT | RIGHT)
					     : corner(g->lanes[i] != NONE ? UP | DOWN : 0));
		buf_addz(&text, sideways & RIGHT ? "─" : " ");
	}
	next_line(g, block, ROLE_RULE, arena_dup(g->data->arena, str_slice(buf_str(&text), 0, text.n - 1)));
	buf_fini(&text);
}

/* The lanes of what NODE leads to: those that lead there already, else LANE itself, else free ones. */
static void lead_on(struct graph *g, struct block *block, int node, int lane)
{
	bool hit[MOST_LANES] = {false}, is_new[MOST_LANES] = {false};
	size_t n = 0;
	for (size_t i = 0; i < g->n_edges; i++) {
		int to = g->edges[i].to;
		if (g->edges[i].from != node)
			continue;
		g->nodes[to].n_waiting--;
		if (g->nodes[to].is_drawn) /* a ring */
			continue;
		int at = lane_of(g, to);
		bool is_free = at == NONE;
		if (is_free)
			at = lane != NONE && g->lanes[lane] == NONE ? lane : lane_of(g, NONE);
		if (at == NONE || lane == NONE) {
			g->is_too_wide = true;
			continue;
		}
		g->lanes[at] = to;
		hit[at] = true;
		is_new[at] = is_free;
		n++;
	}
	if (n > 1 || (n && !hit[lane]))
		draw_turn(g, block, lane, hit, is_new);
}

static bool follows(const struct graph *g, int from, int to)
{
	for (size_t i = 0; from != NONE && i < g->n_edges; i++)
		if (g->edges[i].from == from && g->edges[i].to == to)
			return true;
	return false;
}

/* What can be drawn next: what follows the LAST one, so that a chain stays together; else what a lane leads
 * to; else a new beginning. In a ring nothing can: then the first that is left. */
static int next_node(const struct graph *g, int last)
{
	int best = NONE, best_rank = 0;
	for (int i = 0; i < (int)g->n_nodes; i++) {
		const struct node *node = &g->nodes[i];
		if (node->is_drawn)
			continue;
		int rank = node->n_waiting ? 1 : follows(g, last, i) ? 4 : lane_of(g, i) != NONE ? 3 : 2;
		if (rank > best_rank) {
			best = i;
			best_rank = rank;
		}
	}
	return best;
}

static void draw(struct graph *g, struct block *block)
{
	for (int i = 0; i < MOST_LANES; i++)
		g->lanes[i] = NONE;
	for (int at = next_node(g, NONE); at != NONE; at = next_node(g, at)) {
		struct node *node = &g->nodes[at];
		int lane = lane_of(g, at);
		bool begins = lane == NONE && block->text.n; /* it does not go on from what is above it */
		if (begins)
			next_line(g, block, ROLE_RULE, lanes_text(g, 0, lanes_used(g)));
		if (lane == NONE)
			lane = lane_of(g, NONE);
		node->is_drawn = true;
		draw_node(g, block, node, lane);
		if (lane != NONE)
			g->lanes[lane] = NONE;
		lead_on(g, block, at, lane);
	}
}

static void add_notes(struct graph *g, struct block *block)
{
	if (g->is_too_wide)
		next_line(g, block, ROLE_LATE,
			"too wide to draw whole: edges are left out; the pipeline's page (P) has every step in its tree");
	if (g->n_left_out)
		next_line(g, block, ROLE_LATE,
			arena_printf(g->data->arena,
				"%zu more steps: a graph of more than %d is none to look at", g->n_left_out,
				MOST_NODES));
	if (!g->n_nodes)
		next_line(g, block, ROLE_DIM, "its tool names no steps");
}

static bool load(struct store *store, const struct view_args *args, struct view_data *data, struct err *err)
{
	struct found found;
	if (!find_ref(store, &args->ref, &found, err))
		return false;
	struct graph *g = arena_new_of(data->arena, struct graph);
	*g = (struct graph){.data = data, .is_unfolded = args->show_hidden};
	g->pipeline = (struct ref){
		.kind = REF_PIPELINE, .source = args->ref.source, .pipeline = args->ref.pipeline};
	if (!load_definition(g, store, found.pipeline_id, err) ||
		!load_states(g, store, found.pipeline_id, err))
		return false;
	data->title = arena_printf(data->arena, "%s ▸ graph", args->ref.pipeline);
	data->summary = arena_printf(data->arena, "%zu %s%s", g->n_nodes,
		g->has_groups && !g->is_unfolded ? "steps and groups" : "steps",
		!g->has_groups	 ? ""
		: g->is_unfolded ? " · . folds their groups"
				 : " · . unfolds the groups");
	struct block *block = compose_block(data, BLOCK_TEXT, "graph", NULL);
	draw(g, block);
	add_notes(g, block);
	return true;
}

const struct view_def view_graph = {
	.name = "graph",
	.title = "graph",
	.help = "the steps of a pipeline as a graph, its groups folded",
	.kind = VIEW_OBJECT,
	.list = &list_pipelines,
	.ref = REF_PIPELINE,
	.load = load,
};

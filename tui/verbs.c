/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/verbs.h"

#include "client/base/mem.h"
#include "tui/app.h"
#include "tui/connect.h"
#include "tui/curves.h"
#include "tui/team.h"
#include "views/diff.h"
#include "views/lists.h"
#include "views/search.h"

static void open_text(struct app *app, const char *text)
{
	struct err err;
	if (!app_open_text(app, text, &err))
		app_say(app, ROLE_ERROR, "%s", err.msg);
}

static void run_show(struct app *app, const char *rest)
{
	if (*rest)
		open_text(app, rest);
	else
		app_say(app, ROLE_ERROR, "show what? ':show SOURCE/PIPELINE/RUN'");
}

static void run_logs(struct app *app, const char *rest)
{
	struct ref ref;
	struct err err;
	struct arena *arena = arena_new();
	if (!*rest)
		app_say(app, ROLE_ERROR, "the log of what? ':logs SOURCE/PIPELINE/RUN/STEP'");
	else if (ref_parse(arena, str_of(rest), &ref, &err))
		app_push(app, frame_new_log(app, &ref));
	else
		app_say(app, ROLE_ERROR, "%s", err.msg);
	arena_free(arena);
}

static void run_search(struct app *app, const char *rest)
{
	if (*rest)
		app_open_view(app, &view_search, rest);
	else
		app_say(app, ROLE_ERROR, "search for what? ':search WORDS'");
}

static void run_triage(struct app *app, const char *rest)
{
	app_open_view(app, &view_home, rest);
}

/* `:diff A B`, `:series A B`: refs, with blanks between. */
static size_t refs_in(struct app *app, struct arena *arena, const char *rest, struct ref *out, size_t most)
{
	struct err err;
	struct str left = str_of(rest), text;
	size_t n = 0;
	while (str_next(&left, ' ', &text)) {
		if (!text.n)
			continue;
		if (n == most || !ref_parse(arena, text, &out[n], &err)) {
			app_say(app, ROLE_ERROR, "%s", n == most ? "these are too many" : err.msg);
			return 0;
		}
		n++;
	}
	if (!n)
		app_say(app, ROLE_ERROR,
			"of what? ':diff SOURCE/PIPELINE/RUN [REF…]', and the same with series");
	return n;
}

static void run_diff(struct app *app, const char *rest)
{
	struct ref refs[DIFF_MOST_RUNS];
	struct arena *arena = arena_new();
	size_t n = refs_in(app, arena, rest, refs, ARRAY_LEN(refs));
	if (n)
		app_push(app, frame_new_compare(app, refs, n));
	arena_free(arena);
}

static void run_everything(struct app *app, const char *rest)
{
	struct ref ref;
	struct err err;
	struct arena *arena = arena_new();
	if (!*rest)
		app_say(app, ROLE_ERROR, "everything under what? ':everything SOURCE/PIPELINE[/RUN]'");
	else if (!ref_parse(arena, str_of(rest), &ref, &err))
		app_say(app, ROLE_ERROR, "%s", err.msg);
	else if (!ref.pipeline)
		app_say(app, ROLE_ERROR, "'%s' has no runs: name a pipeline, a run or a step", rest);
	else
		app_push(app, frame_new(app, &view_everything, &ref, ""));
	arena_free(arena);
}

static void run_series(struct app *app, const char *rest)
{
	struct ref refs[CURVES_MOST_RUNS];
	struct arena *arena = arena_new();
	size_t n = refs_in(app, arena, rest, refs, ARRAY_LEN(refs));
	if (n)
		app_push(app, curves_open(app, refs, n));
	arena_free(arena);
}

static void run_save(struct app *app, const char *rest)
{
	saved_save(app, str_of(rest));
}

static void run_forget(struct app *app, const char *rest)
{
	saved_forget(app, str_of(rest));
}

static void run_connect(struct app *app, const char *rest)
{
	connect_open(app, rest);
}

static void run_ack(struct app *app, const char *rest)
{
	team_run(app, TEAM_ACK, rest);
}

static void run_assign(struct app *app, const char *rest)
{
	team_run(app, TEAM_ASSIGN, rest);
}

static void run_snooze(struct app *app, const char *rest)
{
	team_run(app, TEAM_SNOOZE, rest);
}

static void run_note(struct app *app, const char *rest)
{
	team_run(app, TEAM_NOTE, rest);
}

static void run_resolve(struct app *app, const char *rest)
{
	team_run(app, TEAM_RESOLVE, rest);
}

static void run_reopen(struct app *app, const char *rest)
{
	team_run(app, TEAM_REOPEN, rest);
}

static void run_ignore(struct app *app, const char *rest)
{
	team_run(app, TEAM_IGNORE, rest);
}

static void run_cause(struct app *app, const char *rest)
{
	team_run(app, TEAM_CAUSE, rest);
}

static void run_ask(struct app *app, const char *rest)
{
	team_run(app, TEAM_ASK, rest);
}

static void run_undo(struct app *app, const char *rest)
{
	(void)rest;
	team_run_undo(app);
}

static void run_quit(struct app *app, const char *rest)
{
	(void)rest;
	app_quit(app, 0);
}

static const struct verb verbs[] = {
	{"show", "REF", "one object, all of it", run_show},
	{"logs", "REF", "the log of a step", run_logs},
	{"search", "WORDS", "everything with a name like that, as a list", run_search},
	{"triage", "[FILTER]", "what needs you, filtered", run_triage},
	{"diff", "REF [REF…]", "what differs between runs", run_diff},
	{"everything", "REF", "a run with everything under it, in every tool", run_everything},
	{"series", "REF [REF…]", "metric curves of runs", run_series},
	{"open", "REF|URL", "what a ref or a web address of a tool names", run_show},
	{"ack", "[PROBLEM…]", "take a problem: you see to it", run_ack},
	{"assign", "[PROBLEM…] WHO", "give it to WHO, to me or to nobody", run_assign},
	{"snooze", "[PROBLEM…] UNTIL", "not before 2h, morning, due, tomorrow, 17:30", run_snooze},
	{"note", "[PROBLEM…] TEXT", "a line on its timeline", run_note},
	{"resolve", "[PROBLEM…] [WHY]", "it is over; it comes back when it happens again", run_resolve},
	{"reopen", "[PROBLEM…] [WHY]", "it is not over, not taken, not ignored", run_reopen},
	{"ignore", "[PROBLEM…] [WHY]", "it stays away, whatever it does", run_ignore},
	{"cause", "[PROBLEM…] [KIND]", "of what kind its cause is: code, data, …", run_cause},
	{"ask", "[PROBLEM…] [TEXT]", "ask the owner of a problem", run_ask},
	{"undo", "", "take back what you did last about problems", run_undo},
	{"save", "NAME", "keep this list with its filter, order and columns", run_save},
	{"forget", "NAME", "a saved view that is not wanted any more", run_forget},
	{"connect", "[KIND]", "connect a source: a form that writes portal.yaml", run_connect},
	{"quit", "", "leave the portal", run_quit},
	{"q", "", "leave the portal", run_quit},
};

const struct verb *verb_all(size_t *n)
{
	*n = ARRAY_LEN(verbs);
	return verbs;
}

const struct verb *verb_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (str_is(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

/* Words of the command line that do what no view shows. */
static bool is_for_a_shell(struct str word)
{
	static const char *const names[] = {"sync", "doctor", "explain", "themes", "backup", "restore",
		"move", "apply", "source", "artifacts"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(word, names[i]))
			return true;
	return false;
}

static struct str first_word(struct str line)
{
	struct str word;
	return str_next(&line, ' ', &word) ? word : (struct str){"", 0};
}

static const struct view_def *list_called(struct str word)
{
	size_t n;
	const struct view_def *const *views = view_all(&n);
	for (size_t i = 0; i < n; i++)
		if (str_is(word, views[i]->name) && views[i]->kind != VIEW_OBJECT)
			return views[i];
	return NULL;
}

static bool is_place(struct str word)
{
	return str_has(word, STR("/")) || str_has(word, STR(":"));
}

bool verb_is_line(const struct app *app, struct str line)
{
	struct str word = first_word(line);
	bool is_alone = word.n == line.n;
	return verb_find(word) || list_called(word) || is_place(word) ||
	       (is_alone && saved_find(&app->saved, word));
}

void verb_run_line(struct app *app, struct str line)
{
	struct arena *arena = arena_new();
	struct str word = first_word(line);
	const char *rest = arena_dup(arena, str_trim(str_slice(line, word.n, line.n)));
	const struct verb *verb = verb_find(word);
	const struct view_def *view = list_called(word);
	const struct saved_view *saved = saved_find(&app->saved, line);
	if (verb)
		verb->run(app, rest);
	else if (view)
		app_open_view(app, view, rest);
	else if (saved)
		saved_open(app, saved);
	else if (is_place(word))
		open_text(app, arena_dup(arena, line));
	else if (is_for_a_shell(word))
		app_say(app, ROLE_LATE, "'porthole %.*s' is for a shell: it shows nothing here",
			STR_FMT(line));
	else
		app_say(app, ROLE_ERROR, "nothing is called '%.*s'", STR_FMT(line));
	arena_free(arena);
}

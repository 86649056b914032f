/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The portal on a terminal: a stack of frames, one loop, one line of keys. The
 * app is complete without a screen: tests give it keys and read its grid.
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "client/base/proc.h"
#include "tui/docs_desk.h"
#include "tui/frame.h"
#include "tui/history.h"
#include "tui/menu.h"
#include "tui/palette.h"
#include "tui/prompt.h"
#include "tui/saved.h"
#include "tui/session.h"
#include "tui/watch.h"

struct cli;
struct act_panel;
struct columns;
struct connect;
struct desk;
struct example_run;
struct docs;
struct remember;
struct team_desk;

enum { APP_MOST_FRAMES = 64, APP_LIST_ROWS = 100 };

enum app_mode {
	MODE_KEYS,
	MODE_FILTER,
	MODE_SEARCH,
	MODE_PALETTE,
	MODE_LINE,
	MODE_MENU,
	MODE_FORM,
	MODE_ACT
};

struct app {
	struct loop *loop;
	struct store_thread *store;
	struct mirroring *mirroring; /* of a shared catalogue; else NULL */
	struct desk *desk;
	struct docs *docs;
	struct docs_desk docs_desk;
	const struct config *config;
	struct config **own_configs; /* read again since; what was shown before may still borrow from each */
	size_t n_own_configs;
	struct grid grid;
	struct format format;
	struct keymap *keymap;

	struct frame *frames[APP_MOST_FRAMES];
	size_t n_frames;

	enum app_mode mode;
	struct prompt prompt;
	struct palette palette;
	struct menu menu;
	struct {
		const char *label;
		void (*take)(struct app *app, const char *text);
	} line;			  /* of MODE_LINE */
	struct connect *connect;  /* the form, where it is open */
	struct act_panel *acting; /* an action, from its key to its end; NULL: none */
	struct team_desk *team;	  /* what is being done about problems; NULL: nothing was yet */
	char *last_search;	  /* what `n` repeats */

	struct place last;	       /* the view before this one, for `-`; no view and no ref: none */
	struct session *session;       /* NULL: not kept */
	struct session_places offered; /* where a portal was that was cut off; n 0: nothing, or refused */
	struct history history;	       /* of the palette */
	struct saved saved;
	struct columns *columns;
	struct remember *remember; /* NULL: nothing is read or written */

	char *message; /* the line above the footer; NULL: silent */
	enum role message_role;

	bool has_screen;
	bool wants_redraw;	   /* the next paint sends the whole screen */
	bool asks_background;	   /* after the next paint: the theme goes by what the terminal says */
	struct arena *theme_arena; /* of a theme that was taken since the start; else NULL */
	struct loop_timer *paint, *tick, *look, *resize;
	struct ticket *version_ticket;
	struct watch watch;
	struct ticket *address_ticket; /* a web address that is looked up */
	struct ticket *runbook_ticket;
	int64_t version;
	struct proc sync; /* the child that keeps a SQLite catalogue fresh; pid 0: none */
	bool wants_sync;
	struct example_run *example; /* that was started here; NULL: none is under way */
	int ticks;
	int barrier_fd; /* tests: a byte is written after each settled paint; -1 */
	bool is_over;
	int status;
};

/* Without a screen; WIDTH and HEIGHT of its grid. CONFIG is borrowed. OPENED, its catalogue, is taken over;
 * NULL where nobody has opened it yet. IS_AWAY: it could not be reached just now. */
struct app *app_new(struct loop *loop, const struct config *config, struct store *opened, bool is_away,
	bool is_ascii, int width, int height);
void app_free(struct app *app);
/* Opens what REF_TEXT names: a ref, or a web address of a source (that is looked up first). */
bool app_open_text(struct app *app, const char *ref_text, struct err *err);
/* Serves one key. */
void app_key(struct app *app, uint32_t key);
/* Draws into app->grid. */
void app_draw(struct app *app);
/* Whether answers are awaited: a picture taken now is not settled. */
bool app_is_busy(const struct app *app);

/* --- for the files of tui/ --- */
struct frame *app_top(const struct app *app);
void app_push(struct app *app, struct frame *frame);
void app_pop(struct app *app);
/* Takes over a configuration that was read again; says so, unless IS_TOLD. */
void app_use_config(struct app *app, struct config *config, bool is_told);
/* Something was done at a tool: where the portal has a sync of its own, it asks the sources now. */
void app_sync_now(struct app *app);
void app_quit(struct app *app, int status);
/* Something changed: a paint follows, once for all that changed by then. */
void app_dirty(struct app *app);
void app_say(struct app *app, enum role role, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Opens what REF names: an object view. */
void app_open_ref(struct app *app, const struct ref *ref);
void app_open_view(struct app *app, const struct view_def *view, const char *filter);
void app_start_prompt(struct app *app, enum app_mode mode, const char *text);
/* Asks the person for a line that starts as TEXT; Enter gives it to TAKE, Esc to nobody. LABEL is static. */
void app_ask_line(struct app *app, const char *label, const char *text,
	void (*take)(struct app *app, const char *text));
/* Says what `-` leads to, where an earlier portal was cut off. */
void app_offer_session(struct app *app);
/* Somebody asked for what is remembered to be written (remember.c). */
void app_remember_columns(struct app *app);
void app_remember_history(struct app *app);
void app_write_saved(struct app *app);
void app_suspend(struct app *app);
void app_repaint(struct app *app);

/* The command `porthole [REF]` on a terminal. */
bool app_main(struct cli *cli, int *status, struct err *err);

#endif

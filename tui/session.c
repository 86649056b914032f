/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/session.h"

#include "client/base/clock.h"
#include "client/base/file.h"
#include "client/base/json.h"
#include "client/base/mem.h"
#include "tui/app.h"
#include "tui/desk.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MOST_BYTES = 256 << 10,
	EVERY_MS = 1000,
	MOST_RESTORED = 8, /* each is loaded anew */
};

static const char suffix[] = ".json", lock_suffix[] = ".lock";

struct session {
	char *dir, *catalogue, *terminal;
	char *path, *lock_path;
	int lock;
	char *written;	    /* the places as they were written last */
	int64_t written_ms; /* monotonic */
};

void session_places_fini(struct session_places *places)
{
	for (size_t i = 0; i < places->n; i++)
		place_fini(&places->places[i]);
	*places = (struct session_places){0};
}

struct session *session_new(const char *dir, const char *catalogue, const char *terminal)
{
	struct err err;
	if (!file_make_dir(dir, &err))
		return NULL;
	char *name = x_printf("%s/%d-%" PRId64, dir, (int)getpid(), clock_mono_ms());
	char *lock_path = x_printf("%s%s", name, lock_suffix);
	int lock = file_lock(lock_path, &err);
	if (lock < 0) {
		x_free(name);
		x_free(lock_path);
		return NULL;
	}
	struct session *session = x_new(struct session);
	session->dir = x_strdup(dir);
	session->catalogue = x_strdup(catalogue);
	session->terminal = x_strdup(terminal ? terminal : "");
	session->path = x_printf("%s%s", name, suffix);
	x_free(name);
	session->lock_path = lock_path;
	session->lock = lock;
	return session;
}

/* --- as text ----------------------------------------------------------------- */

static void put_said(struct json_writer *w, const char *key, const char *text)
{
	if (text && *text)
		json_member_text(w, key, text);
}

static void put_place(struct json_writer *w, const struct place *place)
{
	json_open(w, '{');
	put_said(w, "view", place->view);
	put_said(w, place->is_log ? "log" : "ref", place->ref);
	put_said(w, "filter", place->filter);
	put_said(w, "sort", place->sort);
	put_said(w, "cursor", place->cursor);
	if (place->show_hidden)
		json_member_bool(w, "hidden", true);
	json_close(w, '}');
}

static void add_places(struct json_writer *w, const struct app *app)
{
	json_open(w, '[');
	for (size_t i = 0; i < app->n_frames; i++) {
		struct place place;
		if (!place_take(app->frames[i], &place))
			continue;
		put_place(w, &place);
		place_fini(&place);
	}
	json_close(w, ']');
}

static void add_file(const struct session *session, const char *places, struct buf *out)
{
	struct json_writer w = {.out = out};
	json_open(&w, '{');
	put_said(&w, "catalogue", session->catalogue);
	put_said(&w, "terminal", session->terminal);
	json_member_ms(&w, "at_ms", clock_now_ms());
	json_key(&w, "places");
	json_put_raw(&w, str_of(places));
	json_close(&w, '}');
	buf_addc(out, '\n');
}

static char *dup_text(const struct json *object, const char *key)
{
	struct str text = json_get_str(object, key);
	return text.p ? x_printf("%.*s", STR_FMT(text)) : NULL;
}

static struct place read_place(const struct json *object)
{
	struct place place = {.view = dup_text(object, "view"),
		.ref = dup_text(object, "ref"),
		.filter = dup_text(object, "filter"),
		.sort = dup_text(object, "sort"),
		.cursor = dup_text(object, "cursor")};
	char *log = dup_text(object, "log");
	if (log && !place.ref) {
		place.ref = log;
		place.is_log = true;
	} else {
		x_free(log);
	}
	(void)json_bool(json_get(object, "hidden"), &place.show_hidden);
	return place;
}

bool session_parse(struct str text, const char *catalogue, const char *terminal, struct session_places *out)
{
	struct err err;
	struct json_doc *doc = json_parse(text, &err);
	const struct json *root = doc ? json_root(doc) : NULL;
	const struct json *places = json_get(root, "places");
	*out = (struct session_places){0};
	bool ok = str_is(json_get_str(root, "catalogue"), catalogue) &&
		  str_eq(json_get_str(root, "terminal"), str_of(*terminal ? terminal : NULL)) &&
		  json_int(json_get(root, "at_ms"), &out->at_ms);
	for (size_t i = 0; ok && i < json_len(places) && out->n < SESSION_MOST_PLACES; i++)
		out->places[out->n++] = read_place(json_at(places, i));
	json_free(doc);
	return ok;
}

/* Reads what PATH holds into OUT where it is of our catalogue and terminal. */
static bool read_session(const struct session *session, const char *path, struct session_places *out)
{
	struct buf text;
	struct err err;
	buf_init(&text, MOST_BYTES);
	/* 0600 and ours: else somebody else wrote it */
	bool ok = file_read_secret(path, MOST_BYTES, &text, &err) &&
		  session_parse(buf_str(&text), session->catalogue, session->terminal, out);
	buf_fini(&text);
	return ok;
}

/* --- taking ------------------------------------------------------------------ */

/* Removes the lock file PATH where nobody holds it: false where somebody does. */
static bool remove_lock(const char *path)
{
	struct err err;
	int lock = file_lock(path, &err);
	if (lock < 0)
		return false;
	unlink(path);
	close(lock);
	return true;
}

/* Whether the portal that wrote NAME is gone: its lock is free. Its lock file goes with it. */
static bool is_left(const struct session *session, struct str name)
{
	char *path = x_printf("%s/%.*s%s", session->dir, (int)(name.n - strlen(suffix)), name.p, lock_suffix);
	bool ok = remove_lock(path);
	x_free(path);
	return ok;
}

static bool is_ancient(const char *path, int64_t now_ms)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       now_ms - (int64_t)st.st_mtim.tv_sec * 1000 > SESSION_REMOVED_MS;
}

/* Keeps the newer of OUT and what PATH holds; what is too old goes. */
static void consider(
	struct session *session, const char *path, int64_t now_ms, struct session_places *out, char **best)
{
	struct session_places found = {0};
	bool is_ours = read_session(session, path, &found);
	bool is_old = is_ours && (now_ms - found.at_ms > SESSION_KEPT_MS || found.at_ms > now_ms);
	if (is_old)
		unlink(path);
	if (is_ours && !is_old && found.n && found.at_ms >= out->at_ms) {
		session_places_fini(out);
		*out = found;
		x_free(*best);
		*best = x_strdup(path);
	} else {
		session_places_fini(&found);
	}
}

/* NAME may be a session, its lock, or what a write that was killed left. */
static void look_at(
	struct session *session, const char *entry, int64_t now_ms, struct session_places *out, char **best)
{
	struct str name = str_of(entry);
	char *path = x_printf("%s/%s", session->dir, entry);
	bool is_old = is_ancient(path, now_ms);
	if (str_ends(name, str_of(lock_suffix))) {
		if (is_old)
			(void)remove_lock(path);
	} else if (!str_ends(name, str_of(suffix))) {
		if (is_old)
			unlink(path);
	} else if (is_left(session, name)) {
		if (is_old)
			unlink(path);
		else
			consider(session, path, now_ms, out, best);
	}
	x_free(path);
}

bool session_take(struct session *session, int64_t now_ms, struct session_places *out)
{
	char *best = NULL;
	*out = (struct session_places){0};
	DIR *dir = opendir(session->dir);
	struct dirent *entry;
	for (int i = 0; dir && i < SESSION_MOST_LOOKED_AT && (entry = readdir(dir)); i++)
		look_at(session, entry->d_name, now_ms, out, &best);
	if (dir)
		closedir(dir);
	if (best)
		unlink(best);
	x_free(best);
	return out->n > 0;
}

/* --- writing ----------------------------------------------------------------- */

static char *places_of(const struct app *app)
{
	struct buf places;
	buf_init(&places, MOST_BYTES);
	struct json_writer w = {.out = &places};
	add_places(&w, app);
	char *text = places.is_over ? NULL : x_strdup(places.p);
	buf_fini(&places);
	return text;
}

static void write_places(struct session *session, struct app *app, char *places)
{
	struct buf text;
	buf_init(&text, 0);
	add_file(session, places, &text);
	desk_write(app->desk, session->path, buf_str(&text), NULL, NULL);
	buf_fini(&text);
	x_free(session->written);
	session->written = places;
	session->written_ms = clock_mono_ms();
}

/* Home as it opens is nowhere in particular. */
static bool is_worth_keeping(const struct app *app)
{
	const struct frame *home = app->frames[0];
	return app->n_frames > 1 || *home->filter || home->sort;
}

void session_note(struct session *session, struct app *app)
{
	if (!session || clock_mono_ms() - session->written_ms < EVERY_MS)
		return;
	if (!session->written && !is_worth_keeping(app))
		return;
	char *places = places_of(app);
	if (places && (!session->written || strcmp(places, session->written) != 0))
		write_places(session, app, places);
	else
		x_free(places);
}

static void leave(struct session *session, struct app *app, bool is_clean)
{
	if (is_clean || !is_worth_keeping(app)) {
		desk_remove(app->desk, session->path);
		return;
	}
	char *places = places_of(app);
	if (places)
		write_places(session, app, places);
}

void session_free(struct session *session, struct app *app, bool is_clean)
{
	if (!session)
		return;
	leave(session, app, is_clean);
	unlink(session->lock_path);
	close(session->lock);
	char *texts[] = {session->dir, session->catalogue, session->terminal, session->path,
		session->lock_path, session->written};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		x_free(texts[i]);
	x_free(session);
}

void session_restore(struct app *app, const struct session_places *places)
{
	size_t first = places->n > MOST_RESTORED ? places->n - MOST_RESTORED : 0;
	for (size_t i = first; i < places->n; i++) {
		const struct place *place = &places->places[i];
		bool is_home = place->view && !strcmp(place->view, "home");
		struct frame *frame = is_home && i == 0 ? NULL : place_frame(app, place);
		if (frame)
			app_push(app, frame);
		else if (is_home && place->cursor)
			frame_seek(app->frames[0], place->cursor);
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about logs: `logs` and `explain`. */
#include "client/base/clean.h"
#include "client/base/mem.h"
#include "client/catalogue/find.h"
#include "client/live/log.h"
#include "client/triage/explain_json.h"
#include "tui/cli.h"
#include "views/json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* A log on its way to standard output. */
struct tail {
	struct cli *cli;
	struct loop *loop;
	struct live_log *log;
	int fd;		 /* the cached file, once it is there */
	struct buf line; /* a line that is not whole yet */
	struct err err;
	int signo;
};

static void put_clean(struct cli *cli, struct str line)
{
	clean_add(&cli->out, line, CLEAN_LINES | CLEAN_NO_SGR | (cli->is_ascii ? CLEAN_ASCII : 0));
	buf_addc(&cli->out, '\n');
}

void cli_put_line(struct cli *cli, struct str line)
{
	struct buf masked;
	if (!cli->mask) {
		put_clean(cli, line);
		return;
	}
	buf_init(&masked, 0);
	buf_add(&masked, line);
	mask_line(cli->mask, &masked);
	put_clean(cli, buf_str(&masked));
	buf_fini(&masked);
}

void cli_put_text(struct cli *cli, struct buf *begun, struct str text)
{
	for (;;) {
		const char *end = text.n ? memchr(text.p, '\n', text.n) : NULL;
		if (!end)
			break;
		struct str piece = {text.p, (size_t)(end - text.p)};
		if (begun->n) {
			buf_add(begun, piece);
			piece = buf_str(begun);
		}
		cli_put_line(cli, piece);
		buf_reset(begun);
		text = str_slice(text, (size_t)(end - text.p) + 1, text.n);
	}
	buf_add(begun, text);
}

static void put_text(struct tail *t, struct str text)
{
	if (t->cli->is_raw)
		buf_add(&t->cli->out, text);
	else
		cli_put_text(t->cli, &t->line, text);
}

static void on_grown(void *ctx)
{
	struct tail *t = ctx;
	if (t->fd < 0)
		t->fd = open(live_log_path(t->log), O_RDONLY | O_CLOEXEC);
	for (char chunk[65536];;) {
		ssize_t n = t->fd < 0 ? 0 : read(t->fd, chunk, sizeof chunk);
		if (n <= 0)
			return;
		put_text(t, (struct str){chunk, (size_t)n});
		if (!cli_flush(t->cli)) {
			loop_stop(t->loop);
			return;
		}
	}
}

static void on_done(void *ctx, bool complete, const struct err *err)
{
	struct tail *t = ctx;
	(void)complete;
	on_grown(t);
	if (err)
		t->err = *err;
	loop_stop(t->loop);
}

static void on_signal(void *ctx, int signo)
{
	struct tail *t = ctx;
	t->signo = signo;
	loop_stop(t->loop);
}

static bool stream(struct cli *cli, const struct ref *ref, int *status, struct err *err)
{
	static const struct live_log_ops ops = {.grown = on_grown, .done = on_done};
	struct tail t = {.cli = cli, .loop = loop_new(), .fd = -1};
	buf_init(&t.line, 0);
	loop_signal(t.loop, SIGINT, on_signal, &t);
	loop_signal(t.loop, SIGTERM, on_signal, &t);
	t.log = live_log_open(t.loop, cli->config, ref, cli->is_follow, &ops, &t);
	loop_run(t.loop);
	if (t.line.n)
		cli_put_line(cli, buf_str(&t.line)); /* the last one has no end */
	live_log_close(t.log);
	loop_free(t.loop);
	buf_fini(&t.line);
	if (t.fd >= 0)
		close(t.fd);
	if (t.signo)
		*status = 128 + t.signo;
	if (!t.err.code)
		return true;
	*err = t.err;
	return false;
}

static bool stream_masked(struct cli *cli, const struct ref *ref, int *status, struct err *err)
{
	struct mask mask;
	if (!mask_init(&mask, cli->config->mask, cli->config->n_mask, err))
		return false;
	cli->mask = &mask;
	bool ok = stream(cli, ref, status, err);
	cli->mask = NULL;
	mask_fini(&mask);
	return ok;
}

static bool print_cause(struct cli *cli, struct store *store, const struct ref *ref, struct err *err)
{
	struct evidence evidence;
	if (!evidence_load(store, ref, cli->arena, &evidence, err))
		return false;
	if (!evidence.is_found)
		return err_set(err, ERR_NOT_FOUND,
			"no evidence for it: it did not fail, or no sync has seen it yet");
	if (cli->is_json) {
		json_add_evidence(&cli->out, ref, &evidence);
		return true;
	}
	struct view_data data = {.arena = cli->arena};
	struct printer printer = cli_printer(cli);
	evidence_block(&data, cli->config, &evidence, NULL);
	if (evidence.error)
		cli_say("%s", evidence.error);
	for (size_t i = 0; data.n_blocks && i < data.blocks[0].text.n; i++)
		print_line(&printer, &data.blocks[0].text.lines[i]);
	return true;
}

bool cli_logs(struct cli *cli, int *status, struct err *err)
{
	if (cli->n_args != 2)
		return err_set(err, ERR_USAGE, "logs of what? 'porthole logs SOURCE/PIPELINE/RUN/STEP'");
	if (cli->is_raw && cli->is_terminal)
		return err_set(err, ERR_USAGE, "--raw would let a log steer this terminal; pipe it");
	struct ref ref;
	struct found found;
	struct store *store = cli_store_or_mirror(cli, status, err);
	if (!store)
		return false;
	bool ok = cli_ref(cli, store, cli->args[1], &ref, err);
	if (ok && ref.kind != REF_STEP)
		ok = err_set(err, ERR_USAGE, "'%s' is no step: only steps have logs", cli->args[1]);
	if (ok && cli->attempt)
		ref.attempt = cli->attempt;
	ok = ok && find_ref(store, &ref, &found, err);
	if (ok && cli->is_cause)
		ok = print_cause(cli, store, &ref, err);
	store_close(store);
	if (!ok || cli->is_cause)
		return ok;
	ref.attempt = found.attempt;
	return stream_masked(cli, &ref, status, err);
}

/* Reads PATH through ROOM, where the next EXPLAIN_ROOM bytes may be put, and TOOK. */
static bool feed_file(struct explainer *explainer, const char *path,
	char *(*room)(struct explainer *explainer), void (*took)(struct explainer *explainer, size_t n),
	struct err *err)
{
	bool is_stdin = !strcmp(path, "-");
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(
			err, errno == ENOENT ? ERR_NOT_FOUND : ERR_USAGE, "%s: %s", path, strerror(errno));
	ssize_t n;
	while ((n = read(fd, room(explainer), EXPLAIN_ROOM)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			took(explainer, (size_t)n);
	int reason = errno;
	if (!is_stdin)
		close(fd);
	return n == 0 || err_set(err, ERR_USAGE, "%s: %s", path, strerror(reason));
}

static void add_explanation_json(struct buf *out, const struct explanation *e)
{
	struct json_writer w = {.out = out};
	json_open(&w, '{');
	json_key(&w, "candidates");
	explain_put_candidates(&w, e);
	json_key(&w, "excerpt");
	explain_put_excerpt(&w, e);
	json_key(&w, "fingerprint");
	json_put_str(&w, e->n_candidates ? str_of(e->fingerprint) : (struct str){0});
	json_close(&w, '}');
	buf_addc(out, '\n');
}

static void add_explanation(struct cli *cli, const struct explanation *e)
{
	for (size_t i = 0; i < e->n_candidates; i++) {
		buf_addf(&cli->out, cli->is_terminal ? "%7lld  %.2f  " : "%lld\t%.3f\t",
			(long long)e->candidates[i].line, e->candidates[i].score);
		clean_add(&cli->out, str_of(e->candidates[i].text), CLEAN_NAME);
		buf_addc(&cli->out, '\n');
	}
}

bool cli_explain(struct cli *cli, int *status, struct err *err)
{
	if (cli->n_args != 2)
		return err_set(
			err, ERR_USAGE, "explain what? 'porthole explain FILE' or 'porthole explain -'");
	struct explainer *explainer = explain_new();
	bool ok = feed_file(explainer, cli->args[1], explain_room, explain_took, err);
	for (size_t i = 0; ok && i < cli->n_good; i++) {
		ok = feed_file(explainer, cli->good[i], explain_good_room, explain_took_good, err);
		explain_end_good(explainer);
	}
	struct explanation e = explain_finish(explainer, cli->arena);
	explain_free(explainer);
	if (!ok)
		return false;
	if (cli->is_json)
		add_explanation_json(&cli->out, &e);
	else
		add_explanation(cli, &e);
	*status = e.n_candidates ? 0 : 1;
	return true;
}

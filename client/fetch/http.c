/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/http.h"

#include "client/base/mem.h"
#include "client/base/when.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <strings.h>

enum {
	CONNECT_MS = 5000,
	SLOW_BYTES = 100, /* a second, over SLOW_S seconds: given up */
	SLOW_S = 15,
	STRETCH = 1 << 20, /* a stream is held back when so much waits to be handed over */
	PATH_MOST = 16 << 10,
};

struct http {
	struct transport base;
	struct loop *loop;
	const struct config_source *source;
	CURLM *multi;
	struct loop_timer *timer; /* curl's: it tells only changes, so nobody else may set it */
	struct loop_timer *kick;  /* ours: something is to be handed over */
	struct http_watch *watches;
	struct http_transfer *transfers;
	char *url;   /* without a slash at its end */
	char *where; /* host:port */
	bool is_loopback;
};

/* A socket that curl wants watched. */
struct http_watch {
	struct http *http;
	struct loop_fd *fd;
	curl_socket_t socket;
	struct http_watch *next;
};

struct http_transfer {
	struct transfer base;
	struct http_transfer *next;
	struct http *http;
	const struct transfer_ops *ops;
	void *ctx;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body; /* decoded and not yet handed over */
	int64_t seen, most;
	bool is_stream, is_over, is_held, is_paused, is_done, is_calling, is_cancelled;
	CURLcode code;
	struct err early; /* it could not even start */
	char error[CURL_ERROR_SIZE];
};

static void http_settle(struct http *http);

/* --- sockets and timer on the loop ------------------------------------------ */

static void socket_ready(void *ctx, int events)
{
	struct http_watch *watch = ctx;
	struct http *http = watch->http;
	int mask = (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(http->multi, watch->socket, mask, &running);
	http_settle(http);
}

static void watch_drop(struct http *http, struct http_watch *watch)
{
	struct http_watch **at = &http->watches;

	while (*at != watch)
		at = &(*at)->next;
	*at = watch->next;
	loop_unwatch(watch->fd);
	x_free(watch);
}

static struct http_watch *watch_new(struct http *http, curl_socket_t socket, int events)
{
	struct http_watch *watch = x_new(struct http_watch);

	watch->http = http;
	watch->socket = socket;
	watch->fd = loop_watch(http->loop, socket, events, socket_ready, watch);
	watch->next = http->watches;
	http->watches = watch;
	return watch;
}

static int socket_changed(CURL *easy, curl_socket_t socket, int what, void *ctx, void *assigned)
{
	struct http *http = ctx;
	struct http_watch *watch = assigned;
	int events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watch)
			watch_drop(http, watch);
		return 0;
	}
	if (watch)
		loop_fd_events(watch->fd, events);
	else
		curl_multi_assign(http->multi, socket, watch_new(http, socket, events));
	return 0;
}

static void timer_fired(void *ctx)
{
	struct http *http = ctx;
	int running;

	http->timer = NULL;
	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	http_settle(http);
}

static int timer_changed(CURLM *multi, long timeout_ms, void *ctx)
{
	struct http *http = ctx;

	(void)multi;
	if (http->timer)
		loop_cancel(http->timer);
	http->timer = timeout_ms < 0 ? NULL : loop_after(http->loop, timeout_ms, timer_fired, http);
	return 0;
}

static void kick_fired(void *ctx)
{
	struct http *http = ctx;

	http->kick = NULL;
	http_settle(http);
}

static void kick(struct http *http)
{
	if (!http->kick)
		http->kick = loop_after(http->loop, 0, kick_fired, http);
}

/* --- what an answer says ------------------------------------------------------ */

static int64_t header_date(CURL *easy, const char *name)
{
	struct curl_header *header;
	int64_t ms;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return TIME_NONE;
	return when_parse_http(str_of(header->value), &ms) ? ms : TIME_NONE;
}

/* Seconds, or a date that is measured against the server's own clock. */
static int64_t retry_after(CURL *easy, int64_t date_ms)
{
	struct curl_header *header;
	int64_t value;

	if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return 0;
	if (str_to_int(str_trim(str_of(header->value)), 0, INT32_MAX, &value))
		return value * 1000;
	value = header_date(easy, "Retry-After");
	if (value == TIME_NONE || date_ms == TIME_NONE || value <= date_ms)
		return 0;
	return value - date_ms;
}

static bool is_html(CURL *easy)
{
	const char *type = NULL;

	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	return type && !strncasecmp(type, "text/html", 9);
}

/* Scheme, host and port of URL: all of a redirect that may be shown. */
static void origin_of(const char *url, char *out, size_t cap)
{
	CURLU *parts = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;

	if (parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
		!curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) &&
		!curl_url_get(parts, CURLUPART_HOST, &host, 0) &&
		!curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
		snprintf(out, cap, "%s://%s:%s", scheme, host, port);
	else
		snprintf(out, cap, "an address that is none");
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
}

static void read_end(struct http_transfer *t, struct transfer_end *end)
{
	long status = 0, head = 0, sent = 0;
	curl_off_t body = 0;
	const char *redirect = NULL;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_HEADER_SIZE, &head);
	curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &redirect);
	end->status = (int)status;
	end->date_ms = header_date(t->easy, "Date");
	end->retry_after_ms = retry_after(t->easy, end->date_ms);
	end->wire_bytes = head + body;
	end->is_html = is_html(t->easy);
	end->is_unsent = sent == 0;
	if (redirect)
		origin_of(redirect, end->redirect, sizeof(end->redirect));
}

/* "Connection refused" as it stands in the middle of a sentence. */
static const char *reason(int error, char *out, size_t cap)
{
	snprintf(out, cap, "%s", error ? strerror(error) : "no connection");
	out[0] = (char)tolower((unsigned char)out[0]);
	return out;
}

static void timeout_error(struct http_transfer *t, struct err *err)
{
	const char *where = t->http->where;
	long sent = 0;

	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	if (sent == 0)
		err_set(err, ERR_UNAVAILABLE, "cannot connect to %s: timed out", where);
	else if (t->seen > 0)
		err_set(err, ERR_UNAVAILABLE, "%s was too slow: given up after %lld bytes", where,
			(long long)t->seen);
	else
		err_set(err, ERR_UNAVAILABLE, "no answer from %s in time", where);
}

static void connect_error(struct http_transfer *t, struct err *err)
{
	char text[128];
	long os = 0;

	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os);
	err_set(err, ERR_UNAVAILABLE, "cannot connect to %s: %s", t->http->where,
		reason((int)os, text, sizeof(text)));
}

/* What a failure of curl means to a person. */
static void transfer_error(struct http_transfer *t, struct err *err)
{
	const char *where = t->http->where, *said = t->error[0] ? t->error : curl_easy_strerror(t->code);

	switch (t->code) {
	case CURLE_COULDNT_CONNECT:
		connect_error(t, err);
		return;
	case CURLE_OPERATION_TIMEDOUT:
		timeout_error(t, err);
		return;
	case CURLE_COULDNT_RESOLVE_HOST:
		err_set(err, ERR_UNAVAILABLE, "cannot connect to %s: host name not known", where);
		return;
	case CURLE_COULDNT_RESOLVE_PROXY:
		err_set(err, ERR_UNAVAILABLE, "cannot connect to %s: proxy name not known", where);
		return;
	case CURLE_GOT_NOTHING:
		err_set(err, ERR_UNAVAILABLE, "%s closed the connection without an answer", where);
		return;
	case CURLE_SSL_CONNECT_ERROR: /* of versions, ciphers, or no TLS at all: the same the next time */
		err_set(err, ERR_FAILED, "no TLS with %s: %s", where, said);
		return;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		err_set(err, ERR_UNAVAILABLE, "answer from %s was cut off after %lld bytes", where,
			(long long)t->seen);
		return;
	case CURLE_BAD_CONTENT_ENCODING:
		err_set(err, ERR_UNAVAILABLE, "answer from %s is damaged: %s", where, said);
		return;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		err_set(err, ERR_FAILED, "cannot trust %s: %s", where, said);
		return;
	case CURLE_OUT_OF_MEMORY: /* also an over-long header (7.88) */
		err_set(err, ERR_FAILED, "answer from %s goes past a limit", where);
		return;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
		err_set(err, ERR_FAILED, "%s does not speak HTTP: %s", where, said);
		return;
	default:
		err_set(err, ERR_UNAVAILABLE, "%s: %s", where, said);
	}
}

/* --- handing over ------------------------------------------------------------- */

/* Called by curl, so it calls nobody: the bytes are handed over when curl has returned. */
static size_t take_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct http_transfer *t = ctx;
	size_t len = size * n;

	if (t->is_stream && t->body.n > STRETCH) {
		t->is_held = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	t->seen += (int64_t)len;
	if (t->most && t->seen > t->most) {
		t->is_over = true;
		return 0;
	}
	buf_add(&t->body, (struct str){bytes, len});
	return len;
}

static void transfer_free(struct http_transfer *t)
{
	struct http_transfer **at = &t->http->transfers;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (t->easy)
		curl_multi_remove_handle(t->http->multi, t->easy);
	curl_easy_cleanup(t->easy);
	/* The Authorization header is among them. */
	for (struct curl_slist *h = t->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(t->headers);
	buf_fini(&t->body);
	x_free(t);
}

int64_t http_range_start(struct str range)
{
	const struct str unit = STR("bytes ");
	int64_t start;
	range = str_trim(range);
	size_t end = str_find(range, STR("-"), 0);
	if (!str_starts(range, unit) || end == SIZE_MAX)
		return 0;
	return str_to_int(str_slice(range, unit.n, end), 0, INT64_MAX, &start) ? start : 0;
}

static int64_t part_start(CURL *easy)
{
	struct curl_header *header;
	bool is_there = curl_easy_header(easy, "Content-Range", 0, CURLH_HEADER, -1, &header) == CURLHE_OK;
	return is_there ? http_range_start(str_of(header->value)) : 0;
}

static void hand_over_body(struct http_transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 206)
		t->base.start = part_start(t->easy);
	t->is_calling = true;
	t->ops->body(t->ctx, (int)status, buf_str(&t->body));
	t->is_calling = false;
	buf_reset(&t->body);
	if (t->is_cancelled) {
		transfer_free(t);
		return;
	}
	if (t->is_held && !t->is_paused) {
		t->is_held = false;
		curl_easy_pause(t->easy, CURLPAUSE_CONT);
	}
}

static void hand_over_end(struct http_transfer *t)
{
	struct transfer_end end = {.date_ms = TIME_NONE};
	struct err err = {0};
	const struct transfer_ops *ops = t->ops;
	void *ctx = t->ctx;

	if (t->early.code) {
		err = t->early;
		end.is_unsent = true;
	} else {
		read_end(t, &end);
		if (t->is_over)
			err_set(&err, ERR_FAILED, "answer from %s is over %lld bytes", t->http->where,
				(long long)t->most);
		else if (t->code != CURLE_OK)
			transfer_error(t, &err);
	}
	transfer_free(t);
	ops->done(ctx, &end, err.code ? &err : NULL);
}

static struct http_transfer *with_news(struct http *http)
{
	for (struct http_transfer *t = http->transfers; t; t = t->next)
		if (!t->is_paused && (t->body.n > 0 || t->is_done))
			return t;
	return NULL;
}

/* Callbacks may start and cancel transfers: the list is read anew after each. */
static void http_settle(struct http *http)
{
	struct http_transfer *t;
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(http->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		t->is_done = true;
		t->code = msg->data.result;
	}
	while ((t = with_news(http)) != NULL) {
		if (t->body.n > 0)
			hand_over_body(t);
		else
			hand_over_end(t);
	}
}

/* --- starting ----------------------------------------------------------------- */

static bool add_header(struct http_transfer *t, const char *name, const char *value)
{
	char *line;
	struct curl_slist *list;

	if (strpbrk(name, "\r\n:") || strpbrk(value, "\r\n"))
		return err_set(&t->early, ERR_USAGE, "header '%.40s' holds a line end", name);
	line = x_printf("%s: %s", name, value);
	list = curl_slist_append(t->headers, line);
	explicit_bzero(line, strlen(line));
	x_free(line);
	if (!list)
		return err_set(&t->early, ERR_FAILED, "no memory for a request");
	t->headers = list;
	return true;
}

static bool add_bearer(struct http_transfer *t, const char *token)
{
	char *value = x_printf("Bearer %s", token);
	bool ok = add_header(t, "Authorization", value);

	explicit_bzero(value, strlen(value));
	x_free(value);
	return ok;
}

/* "bytes=4096-", "bytes=-4096". */
static bool add_range(struct http_transfer *t, int64_t offset)
{
	char range[48];

	if (!offset)
		return true;
	snprintf(range, sizeof(range), "bytes=%lld%s", (long long)offset, offset > 0 ? "-" : "");
	return add_header(t, "Range", range);
}

static bool add_headers(struct http_transfer *t, const struct transfer_request *ask)
{
	const struct config_source *source = t->http->source;
	const struct request *request = ask->request;
	const char *accept = request->accept;

	if (!accept)
		accept = request->flags & REQUEST_JSON ? "application/json" : "*/*";
	if (!add_header(t, "Accept", accept) || !add_range(t, request->offset))
		return false;
	if (request->body.n && !add_header(t, "Content-Type",
				       request->content_type ? request->content_type : "application/json"))
		return false;
	for (size_t i = 0; i < source->n_headers; i++)
		if (!add_header(t, source->headers[i].name, source->headers[i].value))
			return false;
	if (request->flags & REQUEST_NO_AUTH || !ask->token)
		return true;
	return add_bearer(t, ask->token);
}

/* Notes the first option that curl refuses. */
static void opt_check(struct http_transfer *t, CURLcode code, const char *name)
{
	if (code != CURLE_OK && !t->early.code)
		err_set(&t->early, ERR_FAILED, "libcurl refuses %s: %s", name, curl_easy_strerror(code));
}
#define OPT(t, option, value) opt_check((t), curl_easy_setopt((t)->easy, (option), (value)), #option)

static void set_limits(struct http_transfer *t, const struct transfer_request *ask)
{
	OPT(t, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(ask->deadline_ms < CONNECT_MS ? ask->deadline_ms : CONNECT_MS));
	OPT(t, CURLOPT_TIMEOUT_MS, (long)ask->deadline_ms);
	OPT(t, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	OPT(t, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
	OPT(t, CURLOPT_BUFFERSIZE, 65536L);
	OPT(t, CURLOPT_NOSIGNAL, 1L);
	OPT(t, CURLOPT_VERBOSE, 0L);
	OPT(t, CURLOPT_ERRORBUFFER, t->error);
}

static void set_trust(struct http_transfer *t)
{
	const struct http *http = t->http;
	bool is_plain = str_starts(str_of(http->url), STR("http://"));
	const char *protocols = is_plain ? "http,https" : "https";

	OPT(t, CURLOPT_PROTOCOLS_STR, protocols);
	OPT(t, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
	OPT(t, CURLOPT_FOLLOWLOCATION, 0L);
	OPT(t, CURLOPT_MAXREDIRS, 3L);
	OPT(t, CURLOPT_UNRESTRICTED_AUTH, 0L);
	OPT(t, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	OPT(t, CURLOPT_HTTP09_ALLOWED, 0L);
	OPT(t, CURLOPT_SSL_VERIFYPEER, 1L);
	OPT(t, CURLOPT_SSL_VERIFYHOST, 2L);
	OPT(t, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (http->source->ca_file)
		OPT(t, CURLOPT_CAINFO, http->source->ca_file);
	if (http->source->client_cert)
		OPT(t, CURLOPT_SSLCERT, http->source->client_cert);
	if (http->source->proxy)
		OPT(t, CURLOPT_PROXY, http->source->proxy);
	else if (http->is_loopback)
		OPT(t, CURLOPT_PROXY, ""); /* what the environment names is not meant for this machine */
}

static void set_credentials(struct http_transfer *t, const struct transfer_request *ask)
{
	if (!ask->username || ask->request->flags & REQUEST_NO_AUTH)
		return;
	OPT(t, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	OPT(t, CURLOPT_USERNAME, ask->username);
	OPT(t, CURLOPT_PASSWORD, ask->password ? ask->password : "");
}

static void set_question(struct http_transfer *t, const struct request *request)
{
	char *url = x_printf("%s%s", t->http->url, request->path);

	OPT(t, CURLOPT_URL, url);
	x_free(url);
	OPT(t, CURLOPT_PATH_AS_IS, 1L);
	if (!(request->flags & REQUEST_BYTES)) /* a part is one of the bytes as they lie there */
		OPT(t, CURLOPT_ACCEPT_ENCODING, "gzip");
	OPT(t, CURLOPT_USERAGENT, "porthole/" PORTHOLE_VERSION);
	OPT(t, CURLOPT_HTTPHEADER, t->headers);
	OPT(t, CURLOPT_WRITEFUNCTION, take_body);
	OPT(t, CURLOPT_WRITEDATA, t);
	OPT(t, CURLOPT_PRIVATE, t);
	if (request->body.n) {
		OPT(t, CURLOPT_POSTFIELDSIZE, (long)request->body.n);
		OPT(t, CURLOPT_COPYPOSTFIELDS, request->body.p);
	}
	if (request->method)
		OPT(t, CURLOPT_CUSTOMREQUEST, request->method);
	if (request->flags & REQUEST_ACTS) { /* on a reused connection that dies curl would send it again */
		OPT(t, CURLOPT_FRESH_CONNECT, 1L);
		OPT(t, CURLOPT_FORBID_REUSE, 1L);
		OPT(t, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	}
}

static bool prepare(struct http_transfer *t, const struct transfer_request *ask)
{
	if (strlen(ask->request->path) > PATH_MOST)
		return err_set(&t->early, ERR_USAGE, "a name is too long for a web address");
	t->easy = curl_easy_init();
	if (!t->easy)
		return err_set(&t->early, ERR_FAILED, "libcurl does not start");
	if (!add_headers(t, ask))
		return false;
	set_limits(t, ask);
	set_trust(t);
	set_credentials(t, ask);
	set_question(t, ask->request);
	return !t->early.code;
}

static struct transfer *http_start(struct transport *transport, const struct transfer_request *ask,
	const struct transfer_ops *ops, void *ctx)
{
	struct http *http = (struct http *)transport;
	struct http_transfer *t = x_new(struct http_transfer);

	t->base.transport = transport;
	t->http = http;
	t->ops = ops;
	t->ctx = ctx;
	t->is_stream = ask->request->flags & REQUEST_STREAM;
	t->most = ask->most_bytes;
	buf_init(&t->body, 0);
	t->next = http->transfers;
	http->transfers = t;
	if (prepare(t, ask)) {
		if (curl_multi_add_handle(http->multi, t->easy) == CURLM_OK)
			return &t->base;
		err_set(&t->early, ERR_FAILED, "libcurl takes no more transfers");
	}
	t->is_done = true;
	kick(http);
	return &t->base;
}

static void http_pause(struct transfer *transfer, bool is_paused)
{
	struct http_transfer *t = (struct http_transfer *)transfer;

	if (t->is_paused == is_paused)
		return;
	t->is_paused = is_paused;
	if (is_paused)
		return;
	kick(t->http); /* no callback runs in here */
	if (t->is_held && t->body.n == 0) {
		t->is_held = false;
		curl_easy_pause(t->easy, CURLPAUSE_CONT);
	}
}

static void http_cancel(struct transfer *transfer)
{
	struct http_transfer *t = (struct http_transfer *)transfer;

	if (t->is_calling)
		t->is_cancelled = true;
	else
		transfer_free(t);
}

static void http_free(struct transport *transport)
{
	struct http *http = (struct http *)transport;

	while (http->transfers)
		transfer_free(http->transfers);
	curl_multi_cleanup(http->multi);
	while (http->watches)
		watch_drop(http, http->watches);
	if (http->timer)
		loop_cancel(http->timer);
	if (http->kick)
		loop_cancel(http->kick);
	x_free(http->url);
	x_free(http->where);
	x_free(http);
	curl_global_cleanup();
}

/* --- the source's address ------------------------------------------------------ */

static bool is_loopback(const char *host)
{
	struct in_addr v4;

	if (!strcasecmp(host, "localhost") || !strcmp(host, "[::1]"))
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

/* Names of headers that carry a secret by custom. */
static bool is_secret_header(const char *name)
{
	static const char *const words[] = {"auth", "token", "key", "cookie", "secret"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

static bool has_secret(const struct config_source *s)
{
	if (s->username || s->token.env || s->token.file || s->token.command)
		return true;
	for (size_t i = 0; i < s->n_headers; i++)
		if (is_secret_header(s->headers[i].name))
			return true;
	return false;
}

static bool judge_parts(struct http *http, CURLU *parts, struct err *err)
{
	char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
	const char *name = http->source->name;
	bool ok = false;

	curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
	curl_url_get(parts, CURLUPART_HOST, &host, 0);
	curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	curl_url_get(parts, CURLUPART_USER, &user, 0);
	if (!scheme || !host || !port || (strcmp(scheme, "http") && strcmp(scheme, "https"))) {
		err_set(err, ERR_USAGE, "url of source '%s' is not http or https", name);
		goto done;
	}
	if (user) {
		err_set(err, ERR_USAGE, "url of source '%s' holds credentials: use username and password_env",
			name);
		goto done;
	}
	http->is_loopback = is_loopback(host);
	http->where = x_printf("%s:%s", host, port);
	ok = http->is_loopback || strcmp(scheme, "http") || !has_secret(http->source);
	if (!ok)
		err_set(err, ERR_USAGE,
			"url of source '%s' would send its secret to %s in the clear: use https", name,
			http->where);
done:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(user);
	return ok;
}

static bool judge_url(struct http *http, struct err *err)
{
	CURLU *parts = curl_url();
	bool ok;

	if (!parts || curl_url_set(parts, CURLUPART_URL, http->url, 0))
		ok = err_set(err, ERR_USAGE, "url of source '%s' is no web address", http->source->name);
	else
		ok = judge_parts(http, parts, err);
	curl_url_cleanup(parts);
	return ok;
}

static const struct transport_ops http_ops = {
	.start = http_start,
	.pause = http_pause,
	.cancel = http_cancel,
	.free = http_free,
};

struct transport *http_new(struct loop *loop, const struct config_source *source, struct err *err)
{
	struct http *http;
	size_t n = strlen(source->url);

	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		err_set(err, ERR_FAILED, "libcurl does not start");
		return NULL;
	}
	while (n > 0 && source->url[n - 1] == '/')
		n--;
	http = x_new(struct http);
	http->base.ops = &http_ops;
	http->loop = loop;
	http->source = source;
	http->url = x_printf("%.*s", (int)n, source->url);
	http->multi = curl_multi_init();
	if (!http->multi || !judge_url(http, err)) {
		if (!http->multi)
			err_set(err, ERR_FAILED, "libcurl does not start");
		http_free(&http->base);
		return NULL;
	}
	http->base.where = http->where;
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, timer_changed);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	return &http->base;
}

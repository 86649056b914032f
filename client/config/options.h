/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside client/config only: what the option table (options.c), the types of
 * its values (option_types.c) and the loader (config.c) share.
 */
#ifndef CLIENT_CONFIG_OPTIONS_H
#define CLIENT_CONFIG_OPTIONS_H

#include "client/base/yaml.h"
#include "client/config/config.h"

/* What one load carries along. */
struct option_reading {
	struct arena *arena;
	const char *name;	  /* of the file, for messages */
	const char *base_dir;	  /* absolute: where relative paths start */
	struct json_writer *json; /* the section that is also kept as JSON, or NULL */
	bool is_shared;		  /* it comes from, or goes to, a shared catalogue */
	struct err *err;
};

/* Where a value goes: texts and tables are taken from the arena. */
struct option_slot {
	void *value;
	size_t *n; /* of a list or map */
};

/* One type of value. `read` checks NODE and stores it; `put` writes what was stored as JSON. */
struct option_type {
	bool (*read)(struct option_reading *r, const struct config_option *o, const struct yaml *node,
		struct option_slot out);
	void (*put)(struct json_writer *w, struct option_slot value);
};

/* Stored as const char *. */
extern const struct option_type option_line;	  /* text without control characters */
extern const struct option_type option_text;	  /* the same with line ends */
extern const struct option_type option_name;	  /* [A-Za-z0-9._-]{1,64}, not starting with '.' or '-' */
extern const struct option_type option_choice;	  /* one of o->type, "a|b|c" */
extern const struct option_type option_path;	  /* made absolute */
extern const struct option_type option_url;	  /* http or https; without slashes at its end */
extern const struct option_type option_proxy;	  /* the same, or socks5 */
extern const struct option_type option_database;  /* postgresql */
extern const struct option_type option_catalogue; /* as option_dsn gives it */
extern const struct option_type option_variable;  /* name of an environment variable */
extern const struct option_type option_timezone;
extern const struct option_type option_currency;
extern const struct option_type option_every; /* "run" or a duration */
/* Stored as bool, int64_t, double. */
extern const struct option_type option_flag;
extern const struct option_type option_integer;
extern const struct option_type option_number;
extern const struct option_type option_since;	 /* ms since the epoch */
extern const struct option_type option_time;	 /* the same, RFC 3339 */
extern const struct option_type option_date;	 /* the same, a day or RFC 3339 */
extern const struct option_type option_duration; /* ms */
extern const struct option_type option_size;	 /* bytes */
/* Stored as tables: const char ** NULL-ended, const char **, struct config_pair *, struct config_header *,
 * double *. */
extern const struct option_type option_words;
extern const struct option_type option_lines;
extern const struct option_type option_paths;
extern const struct option_type option_pairs;
extern const struct option_type option_times; /* pairs, the value "06:00" */
extern const struct option_type option_headers;
extern const struct option_type option_numbers;

/* Sets ERR to "NAME:LINE: what". Returns false. */
bool option_fail(struct option_reading *r, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The catalogue that TEXT names: the absolute path after "sqlite:", or a
 * postgresql:// address as it is; NULL for anything else. */
const char *option_dsn(struct arena *arena, struct str text, const char *base_dir);
bool option_has_password(struct str dsn);

/* The host of a checked http address, IPv6 without its brackets. */
struct str option_url_host(struct str url);

/* Of what may be meant by WORD, how far CANDIDATE is from it; SIZE_MAX: too far. */
size_t option_nearness(struct str word, struct str candidate);

/* Reads and checks the whole tree into CONFIG, driven by the table. */
bool options_read(struct option_reading *r, const struct yaml *root, struct config *config);

#endif

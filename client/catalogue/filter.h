/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The filter language of contracts.md section 3, read into terms. What a key
 * means is the list's business (views/list.c); here is only the grammar:
 *
 *     filter = term { blank term }
 *     term   = [-]KEY op VALUE | [-]WORD | [-]"PHRASE"      VALUE may be "quoted"
 *     KEY    = letters, digits, _ . / - @, and behind a dot anything in quotes: metrics."val loss"
 *     op     = ":" "=" "!=" "<" "<=" ">" ">="
 */
#ifndef CLIENT_CATALOGUE_FILTER_H
#define CLIENT_CATALOGUE_FILTER_H

#include "client/base/arena.h"
#include "client/base/err.h"

enum filter_op {
	FILTER_WORD,  /* no key: a word or phrase */
	FILTER_MATCH, /* ":" a glob; a comma means or */
	FILTER_EQ,
	FILTER_NE,
	FILTER_LT,
	FILTER_LE,
	FILTER_GT,
	FILTER_GE,
};

struct filter_term {
	enum filter_op op;
	bool is_negated;
	bool is_quoted; /* the value stood in quotes: its commas and stars are plain */
	struct str key; /* {NULL, 0} for a word */
	struct str value;
};

struct filter {
	struct filter_term *terms;
	size_t n;
};

enum { FILTER_MOST_TERMS = 32, FILTER_MOST_BYTES = 4096 };

/* Reads TEXT; the terms live in ARENA and borrow from TEXT. ERR_USAGE says which term is wrong. */
bool filter_parse(struct arena *arena, struct str text, struct filter *out, struct err *err);
/* The pattern of SQL LIKE (escape '\') that matches what the glob GLOB matches. */
const char *filter_like(struct arena *arena, struct str glob);
/* The same for a text anywhere: %text%, in lower case (ASCII). */
const char *filter_like_word(struct arena *arena, struct str word);

#endif

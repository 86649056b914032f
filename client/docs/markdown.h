/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Markdown (CommonMark, GitHub's tables, task lists and strike-through) into blocks of our own. What comes
 * out is cleaned (base/clean.h): no byte of a page reaches a terminal by another way. A page may come from
 * anybody: size, nesting, cells and time are bounded, and a document says where it was cut.
 */
#ifndef CLIENT_DOCS_MARKDOWN_H
#define CLIENT_DOCS_MARKDOWN_H

#include "client/base/arena.h"

enum {
	MARKDOWN_MOST_BYTES = 1 << 20, /* of a page */
	MARKDOWN_MOST_CELLS = 20000,
	MARKDOWN_MOST_COLUMNS = 64,
};

/* How a stretch of text looks: what it is in the text, and in code what it is to its language. */
enum doc_style {
	DOC_BOLD = 1,
	DOC_EMPHASIS = 2,
	DOC_STRUCK = 4,
	DOC_CODE = 8,
	DOC_DIM = 16,
	DOC_KEYWORD = 32,
	DOC_STRING = 64,
	DOC_COMMENT = 128,
	DOC_NUMBER = 256,
	DOC_ADDED = 512,
	DOC_REMOVED = 1024,
};

struct doc_span {
	uint32_t to; /* bytes of the text up to here, from the end of the span before */
	uint16_t style;
	int32_t link; /* into the document's links, or -1 */
};

/* Cleaned text; a line end in it is a line end on the page. */
struct doc_text {
	struct str text;
	struct doc_span *spans;
	size_t n_spans;
};

enum doc_kind { DOC_HEADING, DOC_PARAGRAPH, DOC_CODE_BLOCK, DOC_TABLE, DOC_RULE };
enum doc_align { DOC_LEFT, DOC_CENTRE, DOC_RIGHT };

struct doc_block {
	enum doc_kind kind;
	int level;	    /* of a heading, 1 to 6 */
	int quotes;	    /* it stands in that many */
	int indent;	    /* columns, of the lists that it stands in */
	const char *marker; /* of a list item, at the right end of the indent of its first row; NULL: none */
	bool is_tight;	    /* no blank row before it */
	struct doc_text text; /* not of a table or a rule */
	const char *language; /* of code, as the page says; NULL: none */
	struct doc_table {
		struct doc_text *cells; /* n_rows × n_columns, the heading first */
		size_t n_rows, n_columns;
		enum doc_align *aligns;
	} table;
};

/* Where a link leads: a ref ("doc:guide/filter#keys", "run:…" is written as the ref it is), or a web address.
 */
struct doc_link {
	const char *target;
	bool is_ref;
};

struct doc_section {
	const char *title, *slug;
	int level;
	size_t block;
};

struct document {
	struct doc_block *blocks;
	size_t n_blocks;
	struct doc_link *links;
	size_t n_links;
	struct doc_section *sections;
	size_t n_sections;
	const char *cut; /* why its end is not shown as it should be; NULL: it is whole */
};

/* A word in braces that stands in code, and what is put in its place. */
struct doc_value {
	const char *name, *value;
};

struct markdown_place {
	const char *page; /* "guide/filter": where relative links start; NULL: nowhere */
	const struct doc_value *values;
	size_t n_values;
	/* Bytes of the image that the page names ADDRESS; -1: not known. NULL: of none. */
	int64_t (*image_size)(void *ctx, const char *address);
	void *ctx;
};

/* Reads TEXT into ARENA. Never fails: what cannot be laid out stands there as it was typed. */
struct document *markdown_read(struct arena *arena, struct str text, const struct markdown_place *place);

/* The anchor of a heading, as GitHub makes it: "What to check" is "what-to-check". */
const char *markdown_slug(struct arena *arena, struct str title);
/* The section called SLUG, or the first that starts with it; n_sections: none. */
size_t document_section(const struct document *document, const char *slug);
/* The ref or web address that ADDRESS means on PAGE, in ARENA; NULL: what nobody shall follow (another
 * scheme, a path that leaves the pages). */
const char *markdown_target(struct arena *arena, const char *page, struct str address, bool *is_ref);

#endif

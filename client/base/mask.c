/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/mask.h"

#include "client/base/mem.h"
#include "client/base/regex.h"

#include <string.h>
#include <strings.h>

/*
 * The forms are those that the makers of the tokens document. Behind a colon in prose ("unexpected token: x")
 * a word is no secret, so that form counts for names that mean nothing else, and in quotes (JSON).
 */
static const char usual[] =
	/* name=value, "name": "value" */
	"(?:(?i:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)"
	"(?:\\\\?[\"']\\s*[:=]\\s*\\\\?[\"']|\\s*=\\s*\\\\?[\"']?)"
	"|(?i:password|passwd|passphrase|api[_-]?key|access[_-]?key|client[_-]?secret):\\s*"
	/* Authorization: Bearer … */
	"|(?i:authorization[\"']?\\s*[:=]\\s*[\"']?(?:basic|bearer|token)|\\bbearer)\\s+)"
	"\\K[^\\s\"'\\\\,;&)}\\]]{3,}"
	/* scheme://user:password@ */
	"|://[^\\s/:@]{0,200}:\\K[^\\s/@]{1,200}(?=@)"
	"|\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b"
	"|\\beyJ[\\w-]{8,}\\.eyJ[\\w-]+\\.[\\w-]*"
	"|\\b(?:gh[pousr]_|github_pat_)\\w{20,}"
	"|\\b(?:glpat|xox[abeoprs]|sk)-[\\w-]{16,}"
	"|\\bdapi[0-9a-f]{32}\\b"
	"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*";

/* What a line with one of the above has somewhere, in any case: looked for first, since hardly a line has it.
 */
static const char *const hints[] = {"passw", "passphrase", "secret", "token", "key", "bearer",
	"authorization", "://", "akia", "asia", "eyj", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
	"glpat-", "xox", "sk-", "dapi"};

static bool begins_with_hint(const char *p, size_t n)
{
	char first = (char)(p[0] | 0x20);
	for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
		if (hints[i][0] != first)
			continue;
		size_t len = strlen(hints[i]);
		if (len <= n && strncasecmp(p, hints[i], len) == 0)
			return true;
	}
	return false;
}

static bool looks_like_a_secret(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (strchr("pstkbaegxd:", line.p[i] | 0x20) && begins_with_hint(line.p + i, line.n - i))
			return true;
	return false;
}

bool mask_init(struct mask *mask, const char *const *patterns, size_t n, struct err *err)
{
	*mask = (struct mask){0};
	if (!n)
		return true;
	mask->patterns = x_calloc(n, sizeof *mask->patterns);
	for (; mask->n < n; mask->n++) {
		struct regex *pattern = regex_new(str_of(patterns[mask->n]), false, err);
		if (!pattern) {
			mask_fini(mask);
			return err_wrap(err, "mask");
		}
		mask->patterns[mask->n] = pattern;
	}
	return true;
}

void mask_fini(struct mask *mask)
{
	for (size_t i = 0; i < mask->n; i++)
		regex_free(mask->patterns[i]);
	x_free(mask->patterns);
	regex_free(mask->usual);
	*mask = (struct mask){0};
}

static void hide(struct regex *pattern, struct buf *line)
{
	struct str text = buf_str(line);
	size_t done = 0, from = 0, at, length;
	struct buf masked;
	buf_init(&masked, 0);
	while (from <= text.n && (at = regex_find(pattern, text, from, &length)) != SIZE_MAX) {
		from = at + length > from ? at + length : from + 1; /* a pattern can match nothing */
		if (!length || at < done)
			continue;
		buf_add(&masked, str_slice(text, done, at));
		buf_addz(&masked, "***");
		done = from;
	}
	if (done) {
		buf_add(&masked, str_slice(text, done, text.n));
		buf_reset(line);
		buf_add(line, buf_str(&masked));
	}
	buf_fini(&masked);
}

/* False where PATTERN gave up: then nobody knows what LINE holds. */
static bool is_hidden_by(struct regex *pattern, struct buf *line)
{
	size_t before = regex_given_up(pattern);
	hide(pattern, line);
	return regex_given_up(pattern) == before;
}

static bool hide_usual(struct mask *mask, struct buf *line)
{
	if (!looks_like_a_secret(buf_str(line)))
		return true;
	if (!mask->usual)
		mask->usual = regex_new(str_of(usual), false, NULL);
	return mask->usual && is_hidden_by(mask->usual, line);
}

void mask_line(struct mask *mask, struct buf *line)
{
	bool is_sure = true;
	for (size_t i = 0; i < mask->n && is_sure; i++)
		is_sure = is_hidden_by(mask->patterns[i], line);
	if (is_sure && hide_usual(mask, line))
		return;
	buf_reset(line);
	buf_addz(line, "*** (hidden: a pattern of 'mask' needs too long on this line)");
}

const char *mask_text(struct mask *mask, struct arena *arena, const char *text)
{
	struct buf line;
	if (!text || (!mask->n && !looks_like_a_secret(str_of(text))))
		return text;
	buf_init(&line, 0);
	buf_addz(&line, text);
	mask_line(mask, &line);
	if (strcmp(buf_str(&line).p, text) != 0)
		text = arena_dup(arena, buf_str(&line));
	buf_fini(&line);
	return text;
}

const char *mask_value(struct mask *mask, struct arena *arena, const char *key, const char *value)
{
	if (value && *value && looks_like_a_secret(str_of(key))) {
		const char *any = arena_printf(arena, "%s=any", key);
		if (mask_text(mask, arena, any) != any)
			return "***";
	}
	return mask_text(mask, arena, value);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/base/regex.h"

#include "client/base/mem.h"
#include "client/base/utf8.h"

#include <dlfcn.h>
#include <pthread.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A line that needs more is not worth waiting for: some 20 ms a line at worst. */
enum { MOST_STEPS = 200000, MOST_DEPTH = 20000, MOST_HEAP_KB = 8 << 10, JIT_STACK = 256 << 10 };

/*
 * The library is loaded with the first pattern: of the two milliseconds in which the portal starts it would
 * take a sixth (measured), and most days nobody types a pattern.
 */
#define PCRE2_FUNCTIONS(X)                                                                                   \
	X(compile)                                                                                           \
	X(code_free)                                                                                         \
	X(get_error_message)                                                                                 \
	X(get_ovector_pointer)                                                                               \
	X(jit_compile)                                                                                       \
	X(jit_stack_assign)                                                                                  \
	X(jit_stack_create)                                                                                  \
	X(jit_stack_free)                                                                                    \
	X(match)                                                                                             \
	X(match_context_create)                                                                              \
	X(match_context_free)                                                                                \
	X(match_data_create)                                                                                 \
	X(match_data_free)                                                                                   \
	X(set_depth_limit)                                                                                   \
	X(set_heap_limit)                                                                                    \
	X(set_match_limit)

static struct {
#define POINTER(name) __typeof__(PCRE2_SUFFIX(pcre2_##name##_)) *name;
	PCRE2_FUNCTIONS(POINTER)
#undef POINTER
	bool is_there;
} pcre2;

static void load_once(void)
{
	void *library = dlopen("libpcre2-8.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return;
	pcre2.is_there = true;
#define LOAD(name)                                                                                           \
	*(void **)(void *)&pcre2.name = dlsym(library, "pcre2_" #name "_8");                                 \
	pcre2.is_there &= pcre2.name != NULL;
	PCRE2_FUNCTIONS(LOAD)
#undef LOAD
}

static bool load(struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load_once);
	return pcre2.is_there ||
	       err_set(err, ERR_UNAVAILABLE,
		       "patterns need the library PCRE2 (libpcre2-8.so.0), which is not installed");
}

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
	size_t n_given_up;
};

/* PCRE2 counts bytes, a person counts characters. */
static size_t characters_to(struct str pattern, size_t bytes)
{
	size_t n = 0, len;
	for (struct str rest = str_slice(pattern, 0, bytes); rest.n; rest = str_slice(rest, len, rest.n)) {
		utf8_decode(rest, &len);
		n++;
	}
	return n;
}

static void say_wrong(struct str pattern, int code, size_t at, struct err *err)
{
	PCRE2_UCHAR words[200];
	if (pcre2.get_error_message(code, words, sizeof words) < 0)
		words[0] = 0;
	err_set(err, ERR_USAGE, "pattern '%.*s': %s at character %zu", STR_FMT(pattern), (const char *)words,
		characters_to(pattern, at) + 1);
}

/* Compiled, a search through 1 GB of log takes 1 s instead of 6 to 20, and a pattern costs 0.1 ms more; where
 * the system allows no such code, matching goes on without. */
static void use_compiler(struct regex *regex)
{
	if (pcre2.jit_compile(regex->code, PCRE2_JIT_COMPLETE) != 0)
		return;
	regex->stack = pcre2.jit_stack_create(JIT_STACK / 8, JIT_STACK, NULL);
	pcre2.jit_stack_assign(regex->limits, NULL, regex->stack);
}

struct regex *regex_new(struct str pattern, bool ignores_case, struct err *err)
{
	int wrong;
	PCRE2_SIZE at;
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
			   (ignores_case ? PCRE2_CASELESS : 0);
	if (!load(err))
		return NULL;
	pcre2_code *code = pcre2.compile((PCRE2_SPTR)pattern.p, pattern.n, options, &wrong, &at, NULL);
	if (!code) {
		say_wrong(pattern, wrong, at, err);
		return NULL;
	}
	struct regex *regex = x_new(struct regex);
	regex->code = code;
	regex->data = pcre2.match_data_create(1, NULL);
	regex->limits = pcre2.match_context_create(NULL);
	if (!regex->data || !regex->limits)
		die("out of memory");
	pcre2.set_match_limit(regex->limits, MOST_STEPS);
	pcre2.set_depth_limit(regex->limits, MOST_DEPTH);
	pcre2.set_heap_limit(regex->limits, MOST_HEAP_KB);
	use_compiler(regex);
	return regex;
}

void regex_free(struct regex *regex)
{
	if (!regex)
		return;
	pcre2.jit_stack_free(regex->stack);
	pcre2.match_context_free(regex->limits);
	pcre2.match_data_free(regex->data);
	pcre2.code_free(regex->code);
	x_free(regex);
}

size_t regex_find(struct regex *regex, struct str s, size_t from, size_t *length)
{
	if (from > s.n)
		return SIZE_MAX;
	int n = pcre2.match(
		regex->code, (PCRE2_SPTR)(s.p ? s.p : ""), s.n, from, 0, regex->data, regex->limits);
	if (n < 0 && n != PCRE2_ERROR_NOMATCH)
		regex->n_given_up++;
	if (n < 0)
		return SIZE_MAX;
	const PCRE2_SIZE *place = pcre2.get_ovector_pointer(regex->data);
	/* \K can put the start behind the end */
	*length = place[1] > place[0] ? place[1] - place[0] : 0;
	return place[0];
}

size_t regex_given_up(const struct regex *regex)
{
	return regex->n_given_up;
}

bool regex_is_pattern(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (strchr("\\^$.[]|()?*+{}", text.p[i]) && text.p[i])
			return true;
	return false;
}

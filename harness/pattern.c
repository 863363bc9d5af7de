/*
 * pattern - see pattern.h, pattern_compile.h.
 *
 * Bounds: matching stops at PATTERN_MATCH_STEPS_MAX steps, PATTERN_DEPTH_MAX open choices and
 * PATTERN_HEAP_KIB_MAX of memory, with an error. A pattern may lower these itself ((*LIMIT_MATCH=...)), never
 * raise them.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "harness/pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "harness/pattern_compile.h"

enum {
    PATTERN_MATCH_STEPS_MAX = 10000000,
    PATTERN_DEPTH_MAX = 1000000,
    PATTERN_HEAP_KIB_MAX = 64 * 1024,
    PATTERN_BYTES_MAX = 1 << 20
};

/* The whole unit must match, and `$` is its very end. */
enum { COMPILE_OPTIONS = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY };

enum bytes_result pattern_quote(struct bytes *out, const char *bytes, size_t length)
{
    enum bytes_result result = BYTES_OK;
    for (size_t i = 0; i < length && result == BYTES_OK; i++) {
        /* Bytes from 0x80 up are never special, and may be parts of a character after (*UTF). */
        result = (unsigned char)bytes[i] < 0x80 ? bytes_append_format(out, "\\x{%02x}", (unsigned)bytes[i])
                                                : bytes_append(out, bytes + i, 1);
    }
    return result;
}

static int fail(const struct pattern *pattern, struct seam_error *error)
{
    error->path = pattern->place.path;
    error->line = pattern->place.line;
    error->column = pattern->place.column;
    return -1;
}

static pcre2_code *compile(const char *bytes, size_t length, struct pattern_problem *problem)
{
    int code;
    PCRE2_SIZE offset;
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)(bytes ? bytes : ""), length, COMPILE_OPTIONS, &code, &offset, NULL);
    if (!compiled) {
        problem->offset = offset;
        pcre2_get_error_message(code, (PCRE2_UCHAR *)problem->text, sizeof problem->text);
    }
    return compiled;
}

/* --- at load
 * ---------------------------------------------------------------------------------------------------------
 */

static void free_code(void *code)
{
    pcre2_code_free(code);
}

static const char *const *group_names(struct arena *arena, const pcre2_code *code, size_t *count)
{
    uint32_t n = 0, entry_bytes = 0;
    PCRE2_SPTR table = NULL;
    pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &n);
    pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &entry_bytes);
    pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
    const char **names = arena_alloc_array(arena, n, sizeof *names);
    *count = 0;
    for (uint32_t i = 0; i < n; i++) {
        const char *name = (const char *)table + (size_t)i * entry_bytes + 2; /* behind the group's number */
        if (*count == 0 || strcmp(names[*count - 1], name) != 0) { /* (?J) allows the same name twice */
            names[(*count)++] = arena_copy_text(arena, name);
        }
    }
    return names;
}

static bool ends_with_lone_backslash(const char *bytes, size_t length)
{
    size_t n = 0;
    while (n < length && bytes[length - 1 - n] == '\\') {
        n++;
    }
    return n % 2 == 1;
}

/* The text with a stand-in for each ${...}. */
static int append_stand_ins(const struct text *text, struct bytes *out, struct pattern_problem *problem)
{
    for (size_t i = 0; i < text->piece_count; i++) {
        const struct text_piece *piece = &text->pieces[i];
        if (!piece->expression) {
            bytes_append(out, piece->bytes, piece->length);
        } else {
            if (i > 0 && ends_with_lone_backslash(text->pieces[i - 1].bytes ? text->pieces[i - 1].bytes : "",
                                                  text->pieces[i - 1].length)) {
                snprintf(problem->text, sizeof problem->text,
                         "a backslash before ${...} would change what it means; a literal $ is written ${$}");
                return -1;
            }
            pattern_quote(out, "1", 1);
        }
    }
    return 0;
}

int pattern_prepare(struct arena *arena, struct pattern *pattern, const char *const **names,
                    size_t *name_count, struct pattern_problem *problem)
{
    const struct text *text = pattern->text;
    struct bytes bytes;
    bytes_init(&bytes, PATTERN_BYTES_MAX);
    *problem = (struct pattern_problem){.offset = SIZE_MAX};
    *names = NULL;
    *name_count = 0;
    pcre2_code *code = NULL;
    if (append_stand_ins(text, &bytes, problem) == 0) {
        code = compile(bytes.data, bytes.length, problem);
    }
    bytes_free(&bytes);
    if (!code) {
        if (!text->constant) {
            problem->offset = SIZE_MAX;
        }
        return -1;
    }
    *names = group_names(arena, code, name_count);
    if (text->constant) {
        pattern->code = code;
        arena_on_free(arena, free_code, code);
    } else {
        pcre2_code_free(code);
    }
    return 0;
}

/* --- in a run
 * -------------------------------------------------------------------------------------------------------- */

/* The compiled pattern with all values in it: the caller frees it unless it is pattern->code. */
static pcre2_code *code_for_run(const struct pattern *pattern, const struct values *values,
                                struct seam_error *error)
{
    if (pattern->code) {
        return pattern->code;
    }
    struct bytes whole, value;
    bytes_init(&whole, PATTERN_BYTES_MAX);
    bytes_init(&value, PATTERN_BYTES_MAX);
    pcre2_code *code = NULL;
    for (size_t i = 0; i < pattern->text->piece_count; i++) {
        const struct text_piece *piece = &pattern->text->pieces[i];
        struct text one = {.pieces = piece, .piece_count = 1, .place = pattern->place};
        bytes_clear(&value);
        if (text_expand(&one, values, &value, error) != 0) {
            goto end;
        }
        enum bytes_result result = piece->expression ? pattern_quote(&whole, value.data, value.length)
                                                     : bytes_append(&whole, value.data, value.length);
        if (result != BYTES_OK) {
            seam_error_set(error, "this pattern expands to more than %d bytes", PATTERN_BYTES_MAX);
            fail(pattern, error);
            goto end;
        }
    }
    struct pattern_problem problem;
    code = compile(whole.data, whole.length, &problem);
    if (!code) {
        seam_error_set(error, "bad pattern with its values in it: %s", problem.text);
        fail(pattern, error);
    }
end:
    bytes_free(&whole);
    bytes_free(&value);
    return code;
}

/* A named group that took no part in the match becomes empty. */
static int store_groups(const struct pattern *pattern, pcre2_match_data *match, struct values *values)
{
    for (size_t i = 0; i < pattern->group_count; i++) {
        PCRE2_SIZE length = 0;
        PCRE2_UCHAR *copy = NULL;
        int got = pcre2_substring_get_byname(match, (PCRE2_SPTR)pattern->groups[i].name, &copy, &length);
        int set = values_set(values, pattern->groups[i].slot, got == 0 ? copy : NULL, got == 0 ? length : 0);
        if (got == 0) {
            pcre2_substring_free(copy);
        }
        if (set != 0 || got == PCRE2_ERROR_NOMEMORY) {
            return -1;
        }
    }
    return 0;
}

static enum pattern_result judge(int matched, struct seam_error *error)
{
    if (matched >= 0) {
        return PATTERN_MATCH;
    }
    /* With (*UTF) a unit that is not UTF-8 is no match, like any other that is not as asked. */
    if (matched == PCRE2_ERROR_NOMATCH ||
        (matched <= PCRE2_ERROR_UTF8_ERR1 && matched >= PCRE2_ERROR_UTF8_ERR21)) {
        return PATTERN_NO_MATCH;
    }
    char text[128];
    pcre2_get_error_message(matched, (PCRE2_UCHAR *)text, sizeof text);
    seam_error_set(error, "the pattern could not be matched: %s", text);
    return PATTERN_ERROR;
}

/* A match of the whole subject. *match and *code are the caller's to free, the code unless it is
 * pattern->code. */
static enum pattern_result match_whole(const struct pattern *pattern, const struct values *values,
                                       const void *subject, size_t length, pcre2_match_data **match,
                                       pcre2_code **code, struct seam_error *error)
{
    *match = NULL;
    *code = code_for_run(pattern, values, error);
    if (!*code) {
        return PATTERN_ERROR;
    }
    enum pattern_result result = PATTERN_ERROR;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    *match = pcre2_match_data_create_from_pattern(*code, NULL);
    if (!*match || !context) {
        seam_error_set(error, "out of memory");
    } else {
        pcre2_set_match_limit(context, PATTERN_MATCH_STEPS_MAX);
        pcre2_set_depth_limit(context, PATTERN_DEPTH_MAX);
        pcre2_set_heap_limit(context, PATTERN_HEAP_KIB_MAX);
        const char *bytes = length ? subject : "";
        result = judge(pcre2_match(*code, (PCRE2_SPTR)bytes, length, 0, 0, *match, context), error);
    }
    pcre2_match_context_free(context);
    return result;
}

static void free_match(const struct pattern *pattern, pcre2_match_data *match, pcre2_code *code)
{
    pcre2_match_data_free(match);
    if (code != pattern->code) {
        pcre2_code_free(code);
    }
}

enum pattern_result pattern_match(const struct pattern *pattern, const struct values *values,
                                  const void *subject, size_t length, struct values *values_out,
                                  struct seam_error *error)
{
    pcre2_match_data *match;
    pcre2_code *code;
    enum pattern_result result = match_whole(pattern, values, subject, length, &match, &code, error);
    if (result == PATTERN_MATCH && values_out && store_groups(pattern, match, values_out) != 0) {
        result = PATTERN_ERROR;
        seam_error_set(error, "out of memory");
    }
    if (result == PATTERN_ERROR) {
        fail(pattern, error);
    }
    free_match(pattern, match, code);
    return result;
}

bool pattern_spans(const struct pattern *pattern, const struct values *values, const void *subject,
                   size_t length, struct pattern_span *spans)
{
    struct seam_error ignored = {0};
    pcre2_match_data *match;
    pcre2_code *code;
    bool matched = match_whole(pattern, values, subject, length, &match, &code, &ignored) == PATTERN_MATCH;
    for (size_t i = 0; matched && i < pattern->group_count; i++) {
        int number = pcre2_substring_number_from_name(code, (PCRE2_SPTR)pattern->groups[i].name);
        const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(match);
        bool took_part = number > 0 && offsets[2 * number] != PCRE2_UNSET;
        spans[i].begin = took_part ? offsets[2 * number] : 0;
        spans[i].end = took_part ? offsets[2 * number + 1] : 0;
    }
    free_match(pattern, match, code);
    return matched;
}

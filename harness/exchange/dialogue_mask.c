/* dialogue_mask - where patterns match in what the other side said, as holes of a dialogue. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "harness/exchange/dialogue_inside.h"

#include <pcre2.h>

enum { MASK_MATCH_STEPS_MAX = 10000000, MASK_HEAP_KIB_MAX = 64 * 1024 };

struct masking {
    struct dialogue *dialogue;
    struct seam_error *error;
    const char *pattern;
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *bounds;
};

static int refuse(const struct masking *m, int code)
{
    PCRE2_UCHAR why[200] = "";
    pcre2_get_error_message(code, why, sizeof why);
    return seam_error_set(m->error, "--mask '%.150s': %s", m->pattern, (const char *)why);
}

static int mask_stream(const struct masking *m, size_t connection, const struct bytes *said)
{
    size_t at = 0;
    while (at < said->length) {
        int found = pcre2_match(m->code, (PCRE2_SPTR)said->data, said->length, at, PCRE2_NOTEMPTY, m->match,
                                m->bounds);
        if (found == PCRE2_ERROR_NOMATCH) {
            return 0;
        }
        if (found < 0) {
            return refuse(m, found);
        }
        const PCRE2_SIZE *span = pcre2_get_ovector_pointer(m->match);
        dialogue_add_hole(m->dialogue, &(struct dialogue_hole){.connection = connection,
                                                               .begin = span[0],
                                                               .end = span[1],
                                                               .pattern = m->pattern});
        at = span[1] > at ? span[1] : at + 1; /* \K in a look-around */
    }
    return 0;
}

static int open_masking(struct masking *m)
{
    int code;
    PCRE2_SIZE offset;
    pcre2_compile_context *lines = pcre2_compile_context_create(NULL);
    if (!lines) {
        return seam_error_set(m->error, "out of memory");
    }
    pcre2_set_newline(lines, PCRE2_NEWLINE_ANYCRLF); /* "." ends before either delimiter */
    m->code =
        pcre2_compile((PCRE2_SPTR)m->pattern, PCRE2_ZERO_TERMINATED, PCRE2_MULTILINE, &code, &offset, lines);
    pcre2_compile_context_free(lines);
    m->match = m->code ? pcre2_match_data_create_from_pattern(m->code, NULL) : NULL;
    m->bounds = pcre2_match_context_create(NULL);
    if (!m->code) {
        return refuse(m, code);
    }
    if (!m->match || !m->bounds) {
        return seam_error_set(m->error, "out of memory");
    }
    pcre2_set_match_limit(m->bounds, MASK_MATCH_STEPS_MAX);
    pcre2_set_heap_limit(m->bounds, MASK_HEAP_KIB_MAX);
    return 0;
}

static void close_masking(struct masking *m)
{
    pcre2_match_context_free(m->bounds);
    pcre2_match_data_free(m->match);
    pcre2_code_free(m->code);
}

int dialogue_mask(struct dialogue *dialogue, enum dialogue_side side, const char *const *patterns,
                  size_t count, struct seam_error *error)
{
    int result = 0;
    struct bytes *said = count ? dialogue_said(dialogue, side) : NULL;
    for (size_t i = 0; result == 0 && i < count; i++) {
        struct masking m = {.dialogue = dialogue, .error = error, .pattern = patterns[i]};
        result = open_masking(&m);
        for (size_t j = 0; result == 0 && j < dialogue->connection_count; j++) {
            result = mask_stream(&m, j, &said[j]);
        }
        close_masking(&m);
    }
    dialogue_said_free(dialogue, said);
    return result;
}

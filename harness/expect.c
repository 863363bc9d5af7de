/* See expect.h. */
#include "harness/expect.h"

#include <stdlib.h>
#include <string.h>

enum { FEED_BYTES = 4096 };

static enum expect_answer failed(struct expect_outcome *outcome, size_t start, size_t difference,
                                 const char *why)
{
    outcome->unit_start = start;
    outcome->difference = difference;
    snprintf(outcome->why, sizeof outcome->why, "%s", why);
    return EXPECT_FAILED;
}

static enum expect_answer matched(struct expect_outcome *outcome, size_t end)
{
    outcome->unit_end = end;
    return EXPECT_MATCHED;
}

/* Applies `matches` to a whole unit; strip: bytes of its delimiter, which the pattern does not see. */
static enum expect_answer check_unit(struct expect_want *want, const char *data, size_t start, size_t end,
                                     size_t unit_end, struct values *values, struct expect_outcome *outcome,
                                     struct seam_error *error)
{
    if (want->matches) {
        switch (pattern_match(want->matches, values, data + start, end - start, values, error)) {
        case PATTERN_ERROR:
            return EXPECT_ERROR;
        case PATTERN_NO_MATCH:
            outcome->has_unit = true;
            outcome->unit_stop = unit_end;
            return failed(outcome, start, start, "it does not match the pattern");
        case PATTERN_MATCH:
            break;
        }
    }
    return matched(outcome, unit_end);
}

/* The next whole line at or behind state->lines_at; false: none is complete yet. */
static bool next_line(const struct expect_want *want, struct expect_state *state, const char *data,
                      size_t length, size_t *start, size_t *content_end, size_t *end)
{
    if (!state->reader_open) {
        line_reader_init(&state->reader, &(struct line_reader_options){
                                             .delimiter = (const char *)want->delimiter.bytes,
                                             .delimiter_bytes = want->delimiter.length,
                                             .line_bytes_max = SIZE_MAX / 16,
                                         });
        state->reader_open = true;
        state->fed = state->lines_at;
    }
    for (;;) {
        struct line_reader_line line;
        enum line_reader_result result = line_reader_next(&state->reader, &line);
        if (result == LINE_READER_LINE) {
            *start = state->lines_at;
            *content_end = *start + line.length;
            *end = *content_end + line.delimiter_bytes;
            state->lines_at = *end;
            return true;
        }
        if (result != LINE_READER_MORE || state->fed == length) {
            return false;
        }
        size_t left =
            length - state->fed; /* a little at a time: all that lies behind this line is the next expect's */
        state->fed +=
            line_reader_feed(&state->reader, data + state->fed, left < FEED_BYTES ? left : FEED_BYTES);
    }
}

static size_t common_prefix(const char *a, const char *b, size_t n)
{
    size_t i = 0;
    while (i < n && a[i] == b[i]) {
        i++;
    }
    return i;
}

/* How many of the bytes behind the cursor agree with the literal; those of earlier looks are not compared
 * again. */
static size_t agreed_so_far(const struct expect_want *want, struct expect_state *state, const char *data,
                            size_t compare)
{
    size_t same = state->examined - state->cursor;
    same += common_prefix(data + state->examined, bytes_text(&want->literal) + same, compare - same);
    state->examined = state->cursor + same;
    return same;
}

static enum expect_answer look_literal(struct expect_want *want, struct expect_state *state, const char *data,
                                       size_t length, struct expect_outcome *outcome)
{
    size_t have = length - state->cursor;
    size_t n = want->literal.length;
    if (n == 0) {
        return matched(outcome, state->cursor);
    }
    if (!want->searched) {
        size_t compare = have < n ? have : n;
        size_t same = agreed_so_far(want, state, data, compare);
        if (same < compare) {
            outcome->literal_difference = same;
            return failed(outcome, state->cursor, state->cursor + same, "the bytes differ");
        }
        return have >= n ? matched(outcome, state->cursor + n) : EXPECT_MORE;
    }
    for (size_t from = state->examined;;) {
        const char *hit = from < length ? memmem(data + from, length - from, want->literal.data, n) : NULL;
        if (!hit) {
            /* A match may begin in the last n - 1 bytes. */
            size_t tail = length >= n - 1 ? length - (n - 1) : 0;
            state->examined = tail > state->examined ? tail : state->examined;
            return EXPECT_MORE;
        }
        size_t at = (size_t)(hit - data);
        size_t d = want->delimiter.length;
        bool line_start = at == 0 || (at >= d && memcmp(data + at - d, want->delimiter.bytes, d) == 0);
        if (!want->whole_lines || line_start) {
            return matched(outcome, at + n);
        }
        from = at + 1;
    }
}

static enum expect_answer look_until(struct expect_want *want, struct expect_state *state, const char *data,
                                     size_t length, struct values *values, struct expect_outcome *outcome,
                                     struct seam_error *error)
{
    size_t n = want->literal.length;
    const char *hit = state->examined < length && n
                          ? memmem(data + state->examined, length - state->examined, want->literal.data, n)
                          : NULL;
    if (!hit && n) {
        size_t tail = length >= n - 1 ? length - (n - 1) : 0;
        state->examined = tail > state->examined ? tail : state->examined;
        return EXPECT_MORE;
    }
    size_t end = n ? (size_t)(hit - data) + n : state->cursor;
    return check_unit(want, data, state->cursor, end, end, values, outcome, error);
}

static enum expect_answer look_until_match(struct expect_want *want, struct expect_state *state,
                                           const char *data, size_t length, struct values *values,
                                           struct expect_outcome *outcome, struct seam_error *error)
{
    size_t start, content_end, end;
    while (next_line(want, state, data, length, &start, &content_end, &end)) {
        enum pattern_result result =
            pattern_match(want->until_matches, values, data + start, content_end - start, values, error);
        if (result == PATTERN_ERROR) {
            return EXPECT_ERROR;
        }
        if (result == PATTERN_MATCH) {
            return check_unit(want, data, state->cursor, end, end, values, outcome, error);
        }
    }
    return EXPECT_MORE;
}

static enum expect_answer look_line(struct expect_want *want, struct expect_state *state, const char *data,
                                    size_t length, struct values *values, struct expect_outcome *outcome,
                                    struct seam_error *error)
{
    size_t start, content_end, end;
    while (next_line(want, state, data, length, &start, &content_end, &end)) {
        enum expect_answer answer = check_unit(want, data, start, content_end, end, values, outcome, error);
        if (answer != EXPECT_FAILED || !want->searched) {
            return answer;
        }
    }
    return EXPECT_MORE;
}

/* How many of the bytes agree with a line that is still expected and its delimiter: the best of all those
 * lines. */
static size_t agreement(const struct expect_want *want, const struct expect_state *state, const char *data,
                        size_t length)
{
    size_t best = 0;
    for (size_t i = 0; i < state->unordered_left; i++) {
        const struct bytes *line = &want->unordered[i];
        size_t same = common_prefix(data, bytes_text(line), length < line->length ? length : line->length);
        if (same == line->length) {
            size_t left = length - same, d = want->delimiter.length;
            same += common_prefix(data + same, (const char *)want->delimiter.bytes, left < d ? left : d);
        }
        best = same > best ? same : best;
    }
    return best;
}

static enum expect_answer failed_unordered(const struct expect_want *want, const struct expect_state *state,
                                           const char *data, size_t start, size_t end,
                                           struct expect_outcome *outcome)
{
    size_t same = agreement(want, state, data + start, end - start);
    return failed(outcome, start, start + same, "this line is none of those that are still expected");
}

static enum expect_answer look_unordered(struct expect_want *want, struct expect_state *state,
                                         const char *data, size_t length, struct expect_outcome *outcome)
{
    size_t start, content_end, end;
    while (state->unordered_left > 0 && next_line(want, state, data, length, &start, &content_end, &end)) {
        size_t i = 0;
        while (i < state->unordered_left &&
               (want->unordered[i].length != content_end - start ||
                memcmp(bytes_text(&want->unordered[i]), data + start, content_end - start) != 0)) {
            i++;
        }
        if (i == state->unordered_left) {
            if (want->searched) {
                continue;
            }
            outcome->has_unit = true;
            outcome->unit_stop = end;
            return failed_unordered(want, state, data, start, end, outcome);
        }
        struct bytes hit = want->unordered[i];
        want->unordered[i] = want->unordered[--state->unordered_left];
        want->unordered[state->unordered_left] = hit;
        state->cursor = end;
    }
    if (state->unordered_left == 0) {
        return matched(outcome, state->cursor);
    }
    size_t tail = length - state->lines_at; /* of a line that is not whole yet */
    if (!want->searched && agreement(want, state, data + state->lines_at, tail) < tail) {
        return failed_unordered(want, state, data, state->lines_at, length, outcome);
    }
    return EXPECT_MORE;
}

static enum expect_answer look_rest(struct expect_want *want, struct expect_state *state, const char *data,
                                    size_t length, bool ended, struct values *values,
                                    struct expect_outcome *outcome, struct seam_error *error)
{
    if (want->has_literal) {
        size_t have = length - state->cursor, n = want->literal.length;
        size_t compare = have < n ? have : n;
        size_t same = agreed_so_far(want, state, data, compare);
        if (same < compare || have > n) {
            outcome->literal_difference = same;
            return failed(outcome, state->cursor, state->cursor + same,
                          same < compare ? "the bytes differ" : "more came than was expected before the end");
        }
        if (ended && have < n) {
            return EXPECT_MORE; /* the caller says that the stream ended too early */
        }
    }
    if (!ended) {
        return EXPECT_MORE;
    }
    return check_unit(want, data, state->cursor, length, length, values, outcome, error);
}

enum expect_answer expect_look(struct expect_want *want, struct expect_state *state, const char *data,
                               size_t length, bool ended, struct values *values,
                               struct expect_outcome *outcome, struct seam_error *error)
{
    *outcome = (struct expect_outcome){.unit_start = state->cursor, .difference = length};
    data = data ? data : "";
    if (!state->begun) {
        state->begun = true;
        state->examined = state->lines_at = state->cursor;
        state->unordered_left = want->unordered_count;
    }
    switch (want->unit) {
    case EXPECT_LITERAL:
        return look_literal(want, state, data, length, outcome);
    case EXPECT_LINE:
        return look_line(want, state, data, length, values, outcome, error);
    case EXPECT_SIZE:
        if (length - state->cursor < want->size) {
            return EXPECT_MORE;
        }
        return check_unit(want, data, state->cursor, state->cursor + want->size, state->cursor + want->size,
                          values, outcome, error);
    case EXPECT_UNTIL:
        return look_until(want, state, data, length, values, outcome, error);
    case EXPECT_UNTIL_MATCH:
        return look_until_match(want, state, data, length, values, outcome, error);
    case EXPECT_REST:
        return look_rest(want, state, data, length, ended, values, outcome, error);
    case EXPECT_UNORDERED:
        return look_unordered(want, state, data, length, outcome);
    }
    return EXPECT_MORE;
}

void expect_state_close(struct expect_state *state)
{
    if (state->reader_open) {
        line_reader_free(&state->reader);
        state->reader_open = false;
    }
}

void expect_want_close(struct expect_want *want)
{
    bytes_free(&want->literal);
    for (size_t i = 0; i < want->unordered_count; i++) {
        bytes_free(&want->unordered[i]);
    }
    free(want->unordered);
    want->unordered = NULL;
    want->unordered_count = 0;
}

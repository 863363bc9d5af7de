/* mask - see mask.h. */
#include "harness/sweep/mask_inside.h"

#include <stdlib.h>
#include <string.h>

enum { NAMED_BYTES_MIN = 4 }; /* a shorter value may stand elsewhere by chance */

static const char placeholder[] = {0, '?', 0}; /* no program says this by chance */

void masks_close(struct masks *masks)
{
    free(masks->places);
    masks->places = NULL;
    masks->count = masks->capacity = 0;
}

/* --- lines and tokens
 * ----------------------------------------------------------------------------------------------- */

static bool is_word(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c >= 0x80;
}

/* Behind the first delimiter of the stream in these bytes; end: there is none. */
static size_t behind_delimiter(const struct transcript_stream *stream, size_t at, size_t end)
{
    static const struct delimiter newline = {.bytes = "\n", .length = 1};
    const struct delimiter *d = stream->delimiter ? stream->delimiter : &newline;
    const char *data = bytes_text(&stream->bytes);
    const char *hit = at < end ? memmem(data + at, end - at, d->bytes, d->length) : NULL;
    return hit ? (size_t)(hit - data) + d->length : end;
}

size_t mask_line_end(const struct transcript_stream *stream, size_t at)
{
    const char *data = bytes_text(&stream->bytes);
    size_t length = stream->bytes.length;
    const char *newline = at < length ? memchr(data + at, '\n', length - at) : NULL;
    return behind_delimiter(stream, at, newline ? (size_t)(newline - data) + 1 : length);
}

size_t mask_token_end(const char *data, size_t end, size_t at)
{
    if (!is_word((unsigned char)data[at])) {
        return at + 1;
    }
    while (at < end && is_word((unsigned char)data[at])) {
        at++;
    }
    return at;
}

static size_t count_tokens(const char *data, size_t begin, size_t end)
{
    size_t count = 0;
    for (; begin < end; begin = mask_token_end(data, end, begin)) {
        count++;
    }
    return count;
}

/* --- places
 * ---------------------------------------------------------------------------------------------------------
 */

/* The place that covers this token; SIZE_MAX: that covers the whole line and all behind it. NULL: none. */
static const struct mask_place *place_of(const struct masks *masks, size_t stream, size_t line, size_t token)
{
    for (size_t i = 0; i < masks->count; i++) {
        const struct mask_place *p = &masks->places[i];
        if (p->stream != stream || p->line == SIZE_MAX) {
            continue;
        }
        if (p->token == SIZE_MAX ? line >= p->line
                                 : token != SIZE_MAX && p->line == line &&
                                       (p->token == token || (p->rest && token >= p->token))) {
            return p;
        }
    }
    return NULL;
}

static bool has_place(const struct masks *masks, size_t stream, size_t line, size_t token)
{
    return line == SIZE_MAX ? masks_hide_end(masks, stream) : place_of(masks, stream, line, token) != NULL;
}

static size_t add_place(struct masks *masks, struct mask_place place)
{
    if (has_place(masks, place.stream, place.line, place.token)) {
        return 0;
    }
    if (masks->count == masks->capacity) {
        size_t capacity = masks->capacity ? 2 * masks->capacity : 16;
        struct mask_place *places = reallocarray(masks->places, capacity, sizeof *places);
        if (!places) {
            return 0;
        }
        masks->places = places;
        masks->capacity = capacity;
    }
    masks->places[masks->count++] = place;
    return 1;
}

size_t masks_hide_stream(struct masks *masks, size_t stream)
{
    return add_place(masks, (struct mask_place){stream, 0, SIZE_MAX, false});
}

/* --- canonical forms
 * ------------------------------------------------------------------------------------------------ */

static bool has_units(const struct record *record, size_t stream)
{
    for (size_t i = 0; i < record->trace.unit_count; i++) {
        const struct trace_unit *u = &record->trace.units[i];
        if (u->stream == stream && u->kind != TRACE_TAKEN) {
            return true;
        }
    }
    return false;
}

bool mask_has_places(const struct masks *masks, size_t stream)
{
    for (size_t i = 0; i < masks->count; i++) {
        if (masks->places[i].stream == stream && masks->places[i].line != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

/* By raw byte: does a mask hide it? The first byte of each hidden part is marked 2. */
enum { SHOWN, HIDDEN, HIDDEN_FIRST, GONE /* without a placeholder */ };

static void hide(unsigned char *hidden, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        hidden[i] = hidden[i] ? hidden[i] : i == begin ? HIDDEN_FIRST : HIDDEN;
    }
}

static void hide_units(const struct record *record, size_t stream, unsigned char *hidden, size_t length)
{
    for (size_t i = 0; i < record->trace.unit_count; i++) {
        const struct trace_unit *u = &record->trace.units[i];
        if (u->stream == stream && u->kind == TRACE_NAMED && u->end <= length) {
            hide(hidden, u->begin, u->end);
        }
    }
}

/* Without what ends it: the delimiter, or a newline. */
static size_t content_length(const struct transcript_stream *stream, const char *line, size_t length)
{
    const struct delimiter *d = stream->delimiter;
    if (d && length >= d->length && memcmp(line + length - d->length, d->bytes, d->length) == 0) {
        return length - d->length;
    }
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) {
        length--;
    }
    return length;
}

static bool line_is_masked(const struct masks *masks, const char *line, size_t length)
{
    const struct scenario_sweep *sweep = masks->scenario ? &masks->scenario->sweep : NULL;
    struct seam_error ignored = {0};
    struct values none = {0};
    for (size_t i = 0; sweep && i < sweep->mask_count; i++) {
        if (pattern_match(sweep->masks[i], &none, line, length, NULL, &ignored) == PATTERN_MATCH) {
            return true;
        }
    }
    return false;
}

/* The rest of a line goes with its end, as one part; what follows a line that one run had more is not there
 * at all. */
static void hide_line(const struct masks *masks, size_t stream, const char *data, size_t at, size_t end,
                      size_t line, unsigned char *hidden)
{
    for (size_t token = 0; at < end; token++) {
        size_t stop = mask_token_end(data, end, at);
        const struct mask_place *place = place_of(masks, stream, line, token);
        if (place && place->rest) {
            hide(hidden, at, end);
            return;
        }
        if (place && data[at] != '\n') {
            hide(hidden, at, stop);
        }
        at = stop;
    }
}

void mask_hide_places(const struct masks *masks, const struct transcript *transcript, size_t stream,
                      unsigned char *hidden)
{
    const struct transcript_stream *said = &transcript->streams[stream];
    const char *data = bytes_text(&said->bytes);
    size_t length = said->bytes.length;
    bool places = mask_has_places(masks, stream);
    for (size_t at = 0, line = 0; at < length; line++) {
        size_t end = mask_line_end(said, at);
        const struct mask_place *place = places ? place_of(masks, stream, line, SIZE_MAX) : NULL;
        if (place) {
            memset(hidden + at, GONE, length - at);
            return;
        }
        if (line_is_masked(masks, data + at, content_length(said, data + at, end - at))) {
            hide(hidden, at, end);
        }
        if (places) {
            hide_line(masks, stream, data, at, end, line, hidden);
        }
        at = end;
    }
}

static int by_line(const void *a, const void *b)
{
    const struct bytes *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = shorter ? memcmp(x->data, y->data, shorter) : 0;
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static void fill(const char *data, size_t length, const unsigned char *hidden, struct canon *out)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        out->map[i] = n;
        if (hidden[i] == SHOWN) {
            out->owned[n++] = data[i];
        } else if (hidden[i] != GONE &&
                   (i + 1 == length ||
                    hidden[i + 1] != HIDDEN)) { /* the placeholder stands where the part ends */
            memcpy(out->owned + n, placeholder, sizeof placeholder);
            n += sizeof placeholder;
        }
    }
    out->map[length] = n;
    out->length = n;
    out->bytes = out->owned;
}

/* Sorts the lines of a unit where they stand in the canonical form. The raw bytes say where each ends: in the
 * canonical form a placeholder may hold the delimiter. */
static void sort_lines(const struct transcript_stream *said, size_t begin, size_t stop, struct canon *out)
{
    size_t count = 0;
    char *target = out->owned + out->map[begin];
    struct bytes *lines = calloc(stop - begin + 1, sizeof *lines);
    char *copy = malloc(out->map[stop] - out->map[begin] + 1);
    if (lines && copy) {
        memcpy(copy, target, out->map[stop] - out->map[begin]);
        for (size_t at = begin; at < stop;) {
            size_t end = behind_delimiter(said, at, stop);
            lines[count++] = (struct bytes){.data = copy + (out->map[at] - out->map[begin]),
                                            .length = out->map[end] - out->map[at]};
            at = end;
        }
        if (count > 1) {
            qsort(lines, count, sizeof *lines, by_line);
        }
        for (size_t i = 0; i < count; i++) {
            memcpy(target, bytes_text(&lines[i]), lines[i].length);
            target += lines[i].length;
        }
    }
    free(lines);
    free(copy);
}

static void sort_units(const struct record *record, size_t stream, size_t length, struct canon *out)
{
    for (size_t i = 0; i < record->trace.unit_count; i++) {
        const struct trace_unit *u = &record->trace.units[i];
        if (u->stream == stream && u->kind == TRACE_UNORDERED && u->end <= length) {
            sort_lines(&record->transcript.streams[stream], u->begin, u->end, out);
        }
    }
}

static bool names_value(const struct record *record, const char *token, size_t length)
{
    for (size_t i = 0; i < record->trace.unit_count; i++) {
        const struct trace_unit *u = &record->trace.units[i];
        const char *data = bytes_text(&record->transcript.streams[u->stream].bytes);
        if (u->kind == TRACE_NAMED && u->end - u->begin == length &&
            memcmp(data + u->begin, token, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_names(const struct record *record)
{
    for (size_t i = 0; i < record->trace.unit_count; i++) {
        if (record->trace.units[i].kind == TRACE_NAMED) {
            return true;
        }
    }
    return false;
}

/* What a named group matched may be said again: it is the same name there. */
static void hide_values(const struct record *record, const char *data, size_t length, unsigned char *hidden)
{
    for (size_t at = 0; at < length;) {
        size_t stop = mask_token_end(data, length, at);
        if (stop - at >= NAMED_BYTES_MIN && names_value(record, data + at, stop - at)) {
            hide(hidden, at, stop);
        }
        at = stop;
    }
}

/* By raw byte of a stream. Caller frees; NULL: nothing is hidden, or, with *failed, out of memory. */
static unsigned char *find_hidden(const struct masks *masks, const struct record *record, size_t stream,
                                  bool *failed)
{
    const struct bytes *bytes = &record->transcript.streams[stream].bytes;
    bool patterns = masks->scenario && masks->scenario->sweep.mask_count > 0, names = has_names(record);
    *failed = false;
    if (!has_units(record, stream) && !mask_has_places(masks, stream) && !patterns && !names) {
        return NULL;
    }
    unsigned char *hidden = calloc(bytes->length + 1, 1);
    if (!hidden) {
        *failed = true;
        return NULL;
    }
    hide_units(record, stream, hidden, bytes->length);
    mask_hide_places(masks, &record->transcript, stream, hidden);
    if (names) {
        hide_values(record, bytes_text(bytes), bytes->length, hidden);
    }
    return hidden;
}

int canon_make(const struct masks *masks, const struct record *record, size_t stream, struct canon *out)
{
    const struct bytes *bytes = &record->transcript.streams[stream].bytes;
    const char *data = bytes_text(bytes);
    size_t length = bytes->length;
    bool failed;
    *out = (struct canon){.bytes = data, .length = length};
    unsigned char *hidden = find_hidden(masks, record, stream, &failed);
    if (!hidden) {
        return failed ? -1 : 0;
    }
    out->map = malloc((length + 1) * sizeof *out->map);
    out->owned = malloc(length * sizeof placeholder + 1);
    if (!out->map || !out->owned) {
        free(hidden);
        canon_close(out);
        return -1;
    }
    fill(data, length, hidden, out);
    sort_units(record, stream, length, out);
    free(hidden);
    return 0;
}

void canon_close(struct canon *canon)
{
    free(canon->map);
    free(canon->owned);
    *canon = (struct canon){.bytes = ""};
}

size_t canon_offset(const struct canon *canon, size_t raw)
{
    return canon->map ? canon->map[raw] : raw;
}

/* --- learning from two runs
 * --------------------------------------------------------------------------------------------- */

/* A line, and which of its bytes are hidden already (NULL: none). */
struct line {
    const char *data;
    size_t length;
    const unsigned char *hidden;
};

/* Two lines that differ: token by token where there are as many, else from the first that differs. */
static size_t learn_line(struct masks *masks, size_t stream, size_t line, const struct line *x,
                         const struct line *y)
{
    const char *a = x->data, *b = y->data;
    size_t a_length = x->length, b_length = y->length;
    size_t added = 0, at_a = 0, at_b = 0;
    bool alike = count_tokens(a, 0, a_length) == count_tokens(b, 0, b_length);
    for (size_t token = 0; at_a < a_length && at_b < b_length; token++) {
        size_t end_a = mask_token_end(a, a_length, at_a), end_b = mask_token_end(b, b_length, at_b);
        bool hidden = x->hidden && y->hidden && x->hidden[at_a] && y->hidden[at_b];
        if (!hidden && (end_a - at_a != end_b - at_b || memcmp(a + at_a, b + at_b, end_a - at_a) != 0)) {
            added += add_place(masks, (struct mask_place){stream, line, token, !alike});
            if (!alike) {
                return added;
            }
        }
        at_a = end_a;
        at_b = end_b;
    }
    return added;
}

/* The canonical forms, so that what is masked otherwise is not learnt. */
static int canon_pair(const struct masks *masks, const struct record *a, const struct record *b,
                      size_t stream, struct canon *ca, struct canon *cb)
{
    if (canon_make(masks, a, stream, ca) < 0) {
        return -1;
    }
    if (canon_make(masks, b, stream, cb) < 0) {
        canon_close(ca);
        return -1;
    }
    return 0;
}

bool masks_hide_end(const struct masks *masks, size_t stream)
{
    for (size_t i = 0; i < masks->count; i++) {
        if (masks->places[i].stream == stream && masks->places[i].line == SIZE_MAX) {
            return true;
        }
    }
    return false;
}

static size_t learn_end(struct masks *masks, const struct record *a, const struct record *b, size_t stream)
{
    const struct transcript_stream *x = &a->transcript.streams[stream], *y = &b->transcript.streams[stream];
    if ((x->ended == y->ended && x->reset == y->reset) || masks_hide_end(masks, stream)) {
        return 0;
    }
    return add_place(masks, (struct mask_place){stream, SIZE_MAX, 0, false});
}

size_t masks_learn(struct masks *masks, const struct record *a, const struct record *b, size_t stream)
{
    struct canon ca, cb;
    size_t added = learn_end(masks, a, b, stream), at_a = 0, at_b = 0, line = 0;
    if (canon_pair(masks, a, b, stream, &ca, &cb) < 0) {
        return 0;
    }
    if (ca.length == cb.length && memcmp(ca.bytes, cb.bytes, ca.length) == 0) {
        canon_close(&ca);
        canon_close(&cb);
        return added;
    }
    canon_close(&ca);
    canon_close(&cb);
    const struct transcript_stream *sa = &a->transcript.streams[stream], *sb = &b->transcript.streams[stream];
    const struct bytes *x = &sa->bytes, *y = &sb->bytes;
    const char *dx = bytes_text(x), *dy = bytes_text(y);
    bool failed;
    unsigned char *hx = find_hidden(masks, a, stream, &failed), *hy = find_hidden(masks, b, stream, &failed);
    for (; at_a < x->length && at_b < y->length; line++) {
        size_t end_a = mask_line_end(sa, at_a), end_b = mask_line_end(sb, at_b);
        if (end_a - at_a != end_b - at_b || memcmp(dx + at_a, dy + at_b, end_a - at_a) != 0) {
            struct line lx = {dx + at_a, end_a - at_a, hx ? hx + at_a : NULL},
                        ly = {dy + at_b, end_b - at_b, hy ? hy + at_b : NULL};
            added += learn_line(masks, stream, line, &lx, &ly);
        }
        at_a = end_a;
        at_b = end_b;
    }
    if (at_a < x->length || at_b < y->length) {
        added += add_place(masks, (struct mask_place){stream, line, SIZE_MAX, false});
    }
    free(hx);
    free(hy);
    return added;
}

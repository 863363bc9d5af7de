/*
 * dialogue_expect - what the other side said, as `expect` steps: lines where they are text, bytes where not,
 * and patterns where the dialogue has holes.
 */
#include "harness/exchange/dialogue_inside.h"

#include <string.h>

#include "harness/scenario_print.h"

enum { NAMED_HOLES_MAX = 100 }; /* PCRE2 has at most 10,000 names in a pattern */

struct said { /* what is being printed: pending of a peer, from `at` on */
    struct printer *printer;
    struct peer *peer;
    const char *data;
    size_t length, at;
    bool eof; /* the end belongs to the last step */
};

/* --- holes
 * ------------------------------------------------------------------------------------------------------ */

/* The first hole in data[at..limit), from the hole `from` on; one without bytes belongs to the byte behind
 * it. NULL: none. */
static const struct dialogue_hole *next_hole(const struct said *said, size_t from, size_t at, size_t limit)
{
    const struct dialogue *d = said->printer->dialogue;
    size_t connection = (size_t)(said->peer - said->printer->peers);
    uint64_t base = said->peer->taken;
    for (size_t i = from; i < d->hole_count && d->holes[i].connection == connection; i++) {
        const struct dialogue_hole *hole = &d->holes[i];
        if (hole->begin >= base + limit) {
            return NULL;
        }
        if (hole->end > base + at || (hole->end == hole->begin && hole->begin >= base + at)) {
            return hole;
        }
    }
    return NULL;
}

static const struct dialogue_hole *hole_in(const struct said *said, size_t at, size_t limit)
{
    return next_hole(said, said->peer->hole_next, at, limit);
}

static void append_literal(struct bytes *out, const char *data, size_t length, bool text)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)data[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
                     c == ' ' || c == ',' || c == ':' || c == '"' || c == '=' || c == '/' ||
                     (c >= 0x80 && text);
        if (plain) {
            bytes_append(out, &c, 1);
        } else if (c < 0x20 || c >= 0x7f || c == '$') { /* "$" begins a ${...} of the scenario */
            bytes_append_format(out, "\\x%02x", c);
        } else {
            bytes_append_format(out, "\\%c", c);
        }
    }
}

/* As a named group, for a sweep compares those by name and not by value; names differ within a pattern only. */
static void append_hole(struct bytes *out, size_t number, const char *pattern)
{
    if (number == 1) {
        bytes_append_format(out, "(?<differs>%s)", pattern);
    } else if (number <= NAMED_HOLES_MAX) {
        bytes_append_format(out, "(?<differs%zu>%s)", number, pattern);
    } else {
        bytes_append_format(out, "(?:%s)", pattern);
    }
}

/* The pattern of data[at..end), which has holes. */
static json_t *pattern_of(const struct said *said, size_t at, size_t end, bool line)
{
    struct bytes out;
    size_t number = 0;
    uint64_t base = said->peer->taken;
    bool text = printer_is_text(said->data + at, end - at);
    bytes_init(&out, SIZE_MAX / 4);
    const struct dialogue_hole *holes = said->printer->dialogue->holes, *hole;
    /* A line is followed by its delimiter: a hole may stand at its very end. */
    for (size_t i = said->peer->hole_next; (hole = next_hole(said, i, at, end + line));
         i = (size_t)(hole - holes) + 1) {
        size_t begin = hole->begin > base + at ? (size_t)(hole->begin - base) : at;
        append_literal(&out, said->data + at, begin - at, text);
        append_hole(&out, ++number, hole->pattern);
        at = hole->end > base + end ? end : (size_t)(hole->end - base);
    }
    if (at < end) {
        append_literal(&out, said->data + at, end - at, text);
    }
    json_t *json = json_stringn(bytes_text(&out), out.length);
    bytes_free(&out);
    return json;
}

/* --- pieces
 * ----------------------------------------------------------------------------------------------------- */

/* Where a hole ends that has some of data[begin..end) in it; 0: none has. */
static size_t covered(const struct said *said, size_t begin, size_t end)
{
    const struct dialogue_hole *holes = said->printer->dialogue->holes, *hole;
    for (size_t i = said->peer->hole_next; (hole = next_hole(said, i, begin, end));
         i = (size_t)(hole - holes) + 1) {
        if (hole->end > hole->begin) {
            return (size_t)(hole->end - said->peer->taken);
        }
    }
    return 0;
}

/* Where the line at `at` ends, behind its delimiter; 0: it does not. A delimiter in a hole is none. */
static size_t line_end(const struct said *said, size_t at)
{
    size_t n = strlen(said->peer->delimiter);
    while (at + n <= said->length) {
        const char *found = memmem(said->data + at, said->length - at, said->peer->delimiter, n);
        if (!found) {
            return 0;
        }
        size_t end = (size_t)(found - said->data) + n, behind = covered(said, end - n, end);
        if (behind == 0) {
            return end;
        }
        at = behind;
    }
    return 0;
}

static bool is_text_line(const struct said *said, size_t at, size_t end)
{
    return printer_is_text(said->data + at, end - strlen(said->peer->delimiter) - at);
}

/* exact: the step says each byte, so it can say the end of the stream as well. */
static void put(struct said *said, json_t *step, size_t end, bool exact)
{
    said->at = end;
    said->printer->out->expects++;
    if (step && exact && said->eof && end == said->length) {
        said->eof = false;
        if (json_object_set_new(step, "eof", json_true()) != 0) {
            json_decref(step);
            step = NULL;
        }
    }
    printer_step(said->printer, step, said->peer->pending_ns);
}

/* Lines, whatever they say. */
static void put_any_lines(struct said *said, size_t length)
{
    size_t n = strlen(said->peer->delimiter), end = said->at + length;
    while (said->at < end && !said->printer->failed) {
        const char *stop = memmem(said->data + said->at, end - said->at, said->peer->delimiter, n);
        put(said, json_pack("{s:s, s:s}", "expect", said->peer->name, "matches", ".*"),
            (size_t)(stop - said->data) + n, false);
    }
}

/* Text lines without holes, as one step. False: there is none. */
static bool put_lines(struct said *said)
{
    const struct dialogue_hole *hole = hole_in(said, said->at, said->length);
    size_t limit = hole ? (size_t)(hole->begin - said->peer->taken) : said->length;
    size_t length = limit > said->at ? limit - said->at : 0,
           count = printer_lines(said->peer->delimiter, said->data + said->at, &length);
    if (count == 0) {
        return false;
    }
    if (said->printer->request->unchecked) {
        put_any_lines(said, length);
        return true;
    }
    json_t *step = json_pack("{s:s}", "expect", said->peer->name);
    if (step && printer_add_lines(step, said->peer->delimiter, said->data + said->at, length, count) != 0) {
        json_decref(step);
        step = NULL;
    }
    put(said, step, said->at + length, true);
    return true;
}

/* A text line with holes. */
static bool put_pattern_line(struct said *said)
{
    size_t end = line_end(said, said->at);
    if (end == 0 || !is_text_line(said, said->at, end)) {
        return false;
    }
    put(said,
        json_pack("{s:s, s:o}", "expect", said->peer->name, "matches",
                  pattern_of(said, said->at, end - strlen(said->peer->delimiter), true)),
        end, false);
    return true;
}

static void put_bytes(struct said *said, size_t end)
{
    json_t *step = json_pack("{s:s}", "expect", said->peer->name);
    int result = step ? 0 : -1;
    bool unchecked = said->printer->request->unchecked, exact = !unchecked && !hole_in(said, said->at, end);
    if (!exact) {
        result = step ? json_object_set_new(step, "size", json_integer((json_int_t)(end - said->at))) : -1;
        if (!unchecked && result == 0) {
            result = json_object_set_new(step, "matches", pattern_of(said, said->at, end, false));
        }
    } else if (step) {
        result = json_object_set_new(step, "data",
                                     printer_data(said->printer, said->data + said->at, end - said->at));
    }
    if (result != 0) {
        json_decref(step);
        step = NULL;
    }
    put(said, step, end, exact);
}

/* Are nearly all bytes up to `end` in lines of text? Then a line that is none stands alone. */
static bool is_mostly_text(const struct said *said, size_t end)
{
    size_t text = 0;
    for (size_t at = 0, next; at < end && (next = line_end(said, at)) != 0; at = next) {
        text += is_text_line(said, at, next) ? next - at : 0;
    }
    return text >= end - end / 4;
}

static void put_all(struct said *said, size_t end)
{
    bool text = is_mostly_text(said, end);
    while (said->at < end && !said->printer->failed) {
        if (put_lines(said) || put_pattern_line(said)) {
            continue;
        }
        size_t line = text ? line_end(said, said->at) : 0;
        put_bytes(said, line ? line : end);
    }
}

/* Up to here pending is whole lines; all of it when it does not consist of lines of text at all. */
static size_t whole_lines(const struct said *said)
{
    size_t n = strlen(said->peer->delimiter), end = said->length;
    while (end >= n && memcmp(said->data + end - n, said->peer->delimiter, n) != 0) {
        end--;
    }
    end = end < n ? 0 : end;
    return printer_is_text(said->data + end, said->length - end) ? end : said->length;
}

void printer_expect(struct printer *printer, size_t connection, bool all)
{
    struct peer *peer = &printer->peers[connection];
    struct said said = {.printer = printer,
                        .peer = peer,
                        .data = bytes_text(&peer->pending),
                        .length = peer->pending.length,
                        .eof = peer->pending_end};
    size_t end = all || peer->pending_end ? said.length : whole_lines(&said);
    said.length = end;
    put_all(&said, end);
    if (said.eof && !printer->failed) {
        json_t *step = json_pack("{s:s}", "expect", peer->name);
        if (step && !printer->request->unchecked) {
            json_object_set_new(step, "data", json_string(""));
        }
        put(&said, step, end, true);
    }
    peer->taken += end;
    const struct dialogue *d = printer->dialogue;
    while (peer->hole_next < d->hole_count && d->holes[peer->hole_next].connection == connection &&
           d->holes[peer->hole_next].begin < peer->taken && d->holes[peer->hole_next].end <= peer->taken) {
        peer->hole_next++;
    }
    struct bytes rest;
    bytes_init(&rest, SIZE_MAX / 4);
    if (bytes_append(&rest, bytes_text(&peer->pending) + end, peer->pending.length - end) != BYTES_OK) {
        printer->failed = true;
    }
    bytes_free(&peer->pending);
    peer->pending = rest;
    peer->pending_end = false;
}

/* redact - see redact.h. PCRE2 tells partial matches: those that more bytes could make whole. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "harness/exchange/redact.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { REDACT_STEPS_MAX = 1000000, BEHIND_BYTES_MAX = 256 /* that a pattern can look behind */ };

struct held { /* what a side of a connection said, and may be a secret */
    struct bytes text;
    size_t done;  /* bytes of it that are decided, and still there for what looks behind */
    size_t *ends; /* of chunks, in text */
    size_t end_count, end_capacity;
    bool joins; /* its first byte stands in one chunk with what was written last */
};

struct redact {
    pcre2_code **codes;
    size_t code_count;
    pcre2_match_data *match;
    pcre2_match_context *bounds;
    struct arena *arena;
    struct held **helds; /* by 2 * connection + side; NULL: it never held anything */
    size_t held_count, held_capacity;
    struct bytes *secrets;
    size_t secret_count;
};

struct redact *redact_new(const char *const *patterns, size_t count, struct seam_error *error)
{
    struct redact *redact = calloc(1, sizeof *redact);
    if (!redact) {
        seam_error_set(error, "out of memory");
        return NULL;
    }
    redact->arena = arena_new();
    redact->codes = arena_alloc_array(redact->arena, count + 1, sizeof(pcre2_code *));
    redact->secrets = arena_alloc_array(redact->arena, REDACT_SECRETS_MAX, sizeof *redact->secrets);
    redact->match = pcre2_match_data_create(1, NULL);
    redact->bounds = pcre2_match_context_create(NULL);
    if (!redact->match || !redact->bounds) {
        abort(); /* as an arena does */
    }
    pcre2_set_match_limit(redact->bounds, REDACT_STEPS_MAX);
    pcre2_compile_context *lines = pcre2_compile_context_create(NULL);
    for (size_t i = 0; i < count; i++) {
        int code = PCRE2_ERROR_NOMEMORY;
        PCRE2_SIZE offset;
        if (lines) {
            pcre2_set_newline(lines, PCRE2_NEWLINE_ANYCRLF);
        }
        redact->codes[i] = lines ? pcre2_compile((PCRE2_SPTR)patterns[i], PCRE2_ZERO_TERMINATED,
                                                 PCRE2_MULTILINE, &code, &offset, lines)
                                 : NULL;
        if (!redact->codes[i]) {
            PCRE2_UCHAR why[200] = "";
            pcre2_get_error_message(code, why, sizeof why);
            seam_error_set(error, "--redact '%.150s': %s", patterns[i], (const char *)why);
            pcre2_compile_context_free(lines);
            redact_free(redact);
            return NULL;
        }
        redact->code_count++;
    }
    pcre2_compile_context_free(lines);
    return redact;
}

void redact_free(struct redact *redact)
{
    if (!redact) {
        return;
    }
    for (size_t i = 0; i < redact->code_count; i++) {
        pcre2_code_free(redact->codes[i]);
    }
    for (size_t i = 0; i < redact->held_count; i++) {
        if (redact->helds[i]) {
            bytes_free(&redact->helds[i]->text);
        }
    }
    for (size_t i = 0; i < redact->secret_count; i++) {
        bytes_free(&redact->secrets[i]);
    }
    pcre2_match_context_free(redact->bounds);
    pcre2_match_data_free(redact->match);
    arena_free(redact->arena);
    free(redact);
}

static struct held *held_of(struct redact *redact, const struct dialogue_event *event)
{
    size_t index = 2 * event->connection + (event->side == DIALOGUE_SERVER);
    while (redact->held_count <= index) {
        redact->helds = arena_grow(redact->arena, redact->helds, &redact->held_count, &redact->held_capacity,
                                   sizeof *redact->helds);
    }
    if (!redact->helds[index]) {
        redact->helds[index] = arena_alloc(redact->arena, sizeof **redact->helds);
        bytes_init(&redact->helds[index]->text, SIZE_MAX / 4);
    }
    return redact->helds[index];
}

/* The number of a secret, from 1. */
static size_t number_of(struct redact *redact, const char *data, size_t length)
{
    for (size_t i = 0; i < redact->secret_count; i++) {
        const struct bytes *secret = &redact->secrets[i];
        if (secret->length == length && memcmp(bytes_text(secret), data, length) == 0) {
            return i + 1;
        }
    }
    if (redact->secret_count < REDACT_SECRETS_MAX) {
        struct bytes *secret = &redact->secrets[redact->secret_count++];
        bytes_init(secret, SIZE_MAX / 4);
        if (bytes_append(secret, data, length) != BYTES_OK) {
            abort();
        }
    }
    return redact->secret_count;
}

/* Where the first match begins, from `at` on; SIZE_MAX: nowhere. *end: SIZE_MAX when more bytes could change
 * it. */
static size_t find(struct redact *redact, const struct bytes *text, size_t at, bool more, size_t *end)
{
    size_t begin = SIZE_MAX;
    for (size_t i = 0; i < redact->code_count; i++) {
        int found =
            pcre2_match(redact->codes[i], (PCRE2_SPTR)bytes_text(text), text->length, at,
                        PCRE2_NOTEMPTY | (more ? PCRE2_PARTIAL_HARD : 0), redact->match, redact->bounds);
        const PCRE2_SIZE *span = pcre2_get_ovector_pointer(redact->match);
        bool failed = found < 0 && found != PCRE2_ERROR_NOMATCH && found != PCRE2_ERROR_PARTIAL;
        if (failed) { /* a limit: all of it may be a secret */
            *end = text->length;
            return at;
        }
        if (found != PCRE2_ERROR_NOMATCH && span[0] < begin && span[0] >= at) {
            begin = span[0];
            *end = found == PCRE2_ERROR_PARTIAL ? SIZE_MAX : span[1];
        }
    }
    return begin;
}

static int write_record(struct journal *journal, const struct dialogue_event *event, enum journal_kind kind,
                        bool joins, const void *data, size_t length, struct seam_error *error)
{
    struct dialogue_event part = *event;
    part.data = data;
    part.length = length;
    return journal_append_kind(journal, &part, kind, joins, error);
}

/* What is being decided: bytes of `held` up to `before` have a place in the journal already. */
struct deciding {
    struct redact *redact;
    struct held *held;
    struct journal *journal;
    const struct dialogue_event *event;
    size_t before;
};

/* Writes held text[from..to) as the chunks that it came in. One of them ends at `before`. */
static int write_clear(const struct deciding *d, size_t from, size_t to, struct seam_error *error)
{
    struct held *held = d->held;
    int result = 0;
    for (size_t i = 0; result == 0 && from < to && i < held->end_count; i++) {
        size_t end = held->ends[i] < to ? held->ends[i] : to;
        if (end > from) {
            result = write_record(d->journal, d->event, from < d->before ? JOURNAL_REVEALED : JOURNAL_CHUNK,
                                  held->joins, bytes_text(&held->text) + from, end - from, error);
            held->joins = end != held->ends[i];
            from = end;
        }
    }
    return result;
}

static int write_secret(const struct deciding *d, size_t from, size_t to, struct seam_error *error)
{
    char number[24];
    snprintf(number, sizeof number, "%zu",
             number_of(d->redact, bytes_text(&d->held->text) + from, to - from));
    d->held->joins = true;
    return write_record(d->journal, d->event, from < d->before ? JOURNAL_HELD_SECRET : JOURNAL_SECRET, false,
                        number, strlen(number), error);
}

/* The first bytes are decided: forgets them, but for some. */
static void forget(struct held *held, size_t decided)
{
    struct bytes rest;
    size_t count = decided > BEHIND_BYTES_MAX ? decided - BEHIND_BYTES_MAX : 0;
    held->done = decided - count;
    size_t kept = 0;
    bytes_init(&rest, SIZE_MAX / 4);
    if (bytes_append(&rest, bytes_text(&held->text) + count, held->text.length - count) != BYTES_OK) {
        abort();
    }
    bytes_free(&held->text);
    held->text = rest;
    for (size_t i = 0; i < held->end_count; i++) {
        if (held->ends[i] > count) {
            held->ends[kept++] = held->ends[i] - count;
        }
    }
    held->end_count = kept;
}

/* Decides as much of what is held as can be; all, when no more comes. */
static int decide(const struct deciding *d, bool more, struct seam_error *error)
{
    struct held *held = d->held;
    size_t at = held->done, end = 0, begin = SIZE_MAX;
    int result = 0;
    while (result == 0 && (begin = find(d->redact, &held->text, at, more, &end)) != SIZE_MAX) {
        if (end == SIZE_MAX && held->text.length - begin <= REDACT_HELD_BYTES_MAX) {
            break;
        }
        end = end == SIZE_MAX ? held->text.length : end; /* too long to wait for its end */
        result = write_clear(d, at, begin, error);
        result = result == 0 ? write_secret(d, begin, end, error) : result;
        at = end;
    }
    size_t clear = begin == SIZE_MAX ? held->text.length : begin;
    result = result == 0 ? write_clear(d, at, clear, error) : result;
    if (result == 0 && clear < held->text.length && clear >= d->before) {
        result = write_record(d->journal, d->event, JOURNAL_HELD, false, NULL, 0, error);
    }
    forget(held, clear);
    return result;
}

int redact_append(struct redact *redact, struct journal *journal, const struct dialogue_event *event,
                  struct seam_error *error)
{
    if (event->kind == DIALOGUE_OPENED) {
        return journal_append(journal, event, error);
    }
    struct held *held = held_of(redact, event);
    bool holds = held->text.length > held->done;
    size_t before = holds ? held->text.length : 0;
    if (event->kind != DIALOGUE_CHUNK) {
        const struct deciding rest = {redact, held, journal, event, before};
        int result = holds ? decide(&rest, false, error) : 0;
        return result == 0 ? journal_append(journal, event, error) : result;
    }
    if (!holds) {
        held->joins = false;
    }
    if (bytes_append(&held->text, event->data, event->length) != BYTES_OK) {
        return seam_error_set(error, "out of memory");
    }
    held->ends =
        arena_grow(redact->arena, held->ends, &held->end_count, &held->end_capacity, sizeof *held->ends);
    held->ends[held->end_count - 1] = held->text.length;
    return decide(&(struct deciding){redact, held, journal, event, before}, true, error);
}

int redact_end(struct redact *redact, struct journal *journal, struct seam_error *error)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < redact->held_count; i++) {
        struct held *held = redact->helds[i];
        const struct dialogue_event event = {.kind = DIALOGUE_CHUNK,
                                             .side = i % 2 ? DIALOGUE_SERVER : DIALOGUE_CLIENT,
                                             .connection = i / 2,
                                             .time_ns = DIALOGUE_TIME_UNKNOWN};
        if (held && held->text.length > held->done) {
            result =
                decide(&(struct deciding){redact, held, journal, &event, held->text.length}, false, error);
        }
    }
    return result;
}

size_t redact_secret_count(const struct redact *redact)
{
    return redact->secret_count;
}

const struct bytes *redact_secret(const struct redact *redact, size_t number)
{
    return &redact->secrets[number];
}

/*
 * netstrings - toy readers of netstrings ("5:hello,"): right ones, and ones with one planted bug each.
 *
 * An empty netstring ends the conversation: what follows is not the reader's. More than `limit` bytes, and
 * what is no netstring, fail the stream.
 */
#include "fuzz/planted/planted.h"

#include <stdlib.h>
#include <string.h>

#define INLINED static inline __attribute__((always_inline))

enum { TEXT, BAD };
static const char *const kind_names[] = {"text", "bad", NULL};

enum bug {
    NO_BUG,
    DIGITS_OF_LAST_CHUNK, /* jboss-remoting and others expect a whole length */
    COMMA_NOT_AWAITED,    /* the text is whole, so the next chunk is taken for the next length */
    FULL_BUFFER,          /* the buffer for text over chunks has no room for its last byte */
    READS_ON,             /* Postfix, Cyrus: what came with the end is still handled */
};

struct options {
    size_t limit;
    enum bug bug;
};

enum state { LENGTH, STRING, COMMA };

struct netstrings {
    struct seam_fuzz_events *events;
    enum seam_fuzz_status status;
    enum state state;
    size_t digits, wanted, length;
    char *text;
};

INLINED void *open_netstrings(struct seam_fuzz_events *events, const struct options *o)
{
    struct netstrings *p = calloc(1, sizeof *p);
    if (!p) {
        return NULL;
    }
    p->events = events;
    p->text = malloc(o->limit);
    if (!p->text) {
        free(p);
        return NULL;
    }
    return p;
}

static void close_netstrings(void *parser)
{
    free(((struct netstrings *)parser)->text);
    free(parser);
}

static void fail(struct netstrings *p, const char *why)
{
    seam_fuzz_event(p->events, BAD, why, strlen(why));
    p->status = SEAM_FUZZ_FAILED;
}

static void tell_text(struct netstrings *p)
{
    seam_fuzz_event(p->events, TEXT, p->text, p->length);
    p->status = p->length ? SEAM_FUZZ_MORE : SEAM_FUZZ_DONE;
    p->state = LENGTH;
    p->digits = p->wanted = p->length = 0;
}

INLINED void step(struct netstrings *p, const struct options *o, char c)
{
    if (p->state == STRING) {
        p->text[p->length++] = c;
        p->state = p->length < p->wanted ? STRING : COMMA;
    } else if (p->state == COMMA && c != ',') {
        fail(p, "no comma");
    } else if (p->state == COMMA) {
        tell_text(p);
    } else if (c >= '0' && c <= '9') {
        p->digits++;
        p->wanted = 10 * p->wanted + (size_t)(c - '0');
        if (p->wanted > o->limit) {
            fail(p, "too long");
        }
    } else if (c == ':' && p->digits) {
        p->state = p->wanted ? STRING : COMMA;
    } else {
        fail(p, "no length");
    }
}

/* What the bugs do when a chunk comes. */
INLINED void begin_chunk(struct netstrings *p, const struct options *o)
{
    if (o->bug == DIGITS_OF_LAST_CHUNK && p->state == LENGTH) {
        p->digits = p->wanted = 0;
    }
    if (o->bug == COMMA_NOT_AWAITED && p->state == COMMA) {
        tell_text(p);
    }
    if (o->bug == FULL_BUFFER && p->state == STRING && p->length && p->wanted == o->limit) {
        fail(p, "too long");
    }
}

INLINED enum seam_fuzz_status feed_netstrings(void *parser, const void *data, size_t length,
                                              const struct options *o)
{
    struct netstrings *p = parser;
    const char *bytes = data;
    if (length && p->status == SEAM_FUZZ_MORE) {
        begin_chunk(p, o);
    }
    bool ended = false;
    for (size_t i = 0; i < length && p->status == SEAM_FUZZ_MORE; i++) {
        step(p, o, bytes[i]);
        if (o->bug == READS_ON && p->status == SEAM_FUZZ_DONE) {
            ended = true;
            p->status = SEAM_FUZZ_MORE;
        }
    }
    if (ended) {
        p->status = SEAM_FUZZ_DONE;
    }
    return p->status;
}

static enum seam_fuzz_status finish_netstrings(void *parser)
{
    struct netstrings *p = parser;
    if (p->state == LENGTH && p->digits == 0) {
        p->status = SEAM_FUZZ_DONE;
    } else {
        fail(p, "cut off");
    }
    return p->status;
}

/* --- the reference: the whole stream in one chunk, one netstring after the other ---------------------- */

struct naive {
    struct seam_fuzz_events *events;
    bool cut_off;
};

static void *open_naive(struct seam_fuzz_events *events)
{
    struct naive *n = calloc(1, sizeof *n);
    if (n) {
        n->events = events;
    }
    return n;
}

static enum seam_fuzz_status naive_fails(struct naive *n, const char *why)
{
    seam_fuzz_event(n->events, BAD, why, strlen(why));
    return SEAM_FUZZ_FAILED;
}

static enum seam_fuzz_status feed_naive(void *parser, const void *data, size_t length,
                                        const struct options *o)
{
    struct naive *n = parser;
    const char *at = data, *end = at + length;
    while (at < end) {
        size_t wanted = 0, digits = 0;
        for (; at < end && *at >= '0' && *at <= '9'; at++, digits++) {
            wanted = 10 * wanted + (size_t)(*at - '0');
            if (wanted > o->limit) {
                return naive_fails(n, "too long");
            }
        }
        if (at < end && (*at != ':' || digits == 0)) {
            return naive_fails(n, "no length");
        }
        if ((size_t)(end - at) > wanted + 1 && at[wanted + 1] != ',') {
            return naive_fails(n, "no comma");
        }
        n->cut_off = (size_t)(end - at) < wanted + 2;
        if (n->cut_off) {
            break;
        }
        seam_fuzz_event(n->events, TEXT, at + 1, wanted);
        at += wanted + 2;
        if (wanted == 0) {
            return SEAM_FUZZ_DONE;
        }
    }
    return SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status finish_naive(void *parser)
{
    struct naive *n = parser;
    return n->cut_off ? naive_fails(n, "cut off") : SEAM_FUZZ_DONE;
}

/* --- the parsers -------------------------------------------------------------------------------------- */

static const struct seam_fuzz_bytes
    delimiters[] = {SEAM_FUZZ_BYTES(":"), SEAM_FUZZ_BYTES(","), {NULL, 0}},
    words_64[] = {SEAM_FUZZ_BYTES("64:"), SEAM_FUZZ_BYTES("3:abc,"), SEAM_FUZZ_BYTES("0:,"), {NULL, 0}},
    words_512[] = {SEAM_FUZZ_BYTES("512:"), SEAM_FUZZ_BYTES("3:abc,"), SEAM_FUZZ_BYTES("0:,"), {NULL, 0}};

/* Name, limit, bug, the oracles that may see it, and the bug in words. */
#define ALL_NETSTRINGS(X)                                                                                    \
    X(right_netstring, 64, NO_BUG, 0, "none")                                                                \
    X(right_netstring_512, 512, NO_BUG, 0, "none")                                                           \
    X(digits_of_last_chunk, 64, DIGITS_OF_LAST_CHUNK, PLANTED_BY(INVARIANCE),                                \
      "of a length over chunks only the last chunk counts")                                                  \
    X(comma_not_awaited, 64, COMMA_NOT_AWAITED, PLANTED_BY(INVARIANCE),                                      \
      "the comma in the next chunk is taken for a length")                                                   \
    X(full_buffer, 64, FULL_BUFFER, PLANTED_BY(INVARIANCE),                                                  \
      "a text of exactly the limit is refused when it comes in two chunks")                                  \
    X(full_buffer_512, 512, FULL_BUFFER, PLANTED_BY(INVARIANCE), "the same")                                 \
    X(reads_on, 64, READS_ON, PLANTED_BY(DIFFERENTIAL), "what comes in one chunk with the end is still told")

#define PARSER(id, most, planted_bug, oracles, what)                                                         \
    static const struct options options_##id = {most, planted_bug};                                          \
    static const size_t limits_##id[] = {most, 0};                                                           \
    static void *open_##id(struct seam_fuzz_events *events)                                                  \
    {                                                                                                        \
        return open_netstrings(events, &options_##id);                                                       \
    }                                                                                                        \
    static enum seam_fuzz_status feed_##id(void *parser, const void *data, size_t length)                    \
    {                                                                                                        \
        return feed_netstrings(parser, data, length, &options_##id);                                         \
    }                                                                                                        \
    static enum seam_fuzz_status feed_naive_##id(void *parser, const void *data, size_t length)              \
    {                                                                                                        \
        return feed_naive(parser, data, length, &options_##id);                                              \
    }                                                                                                        \
    static const struct seam_fuzz_parser naive_##id = {.name = "naive",                                      \
                                                       .open = open_naive,                                   \
                                                       .feed = feed_naive_##id,                              \
                                                       .finish = finish_naive,                               \
                                                       .close = free};                                       \
    static const struct seam_fuzz_parser id = {.name = #id,                                                  \
                                               .open = open_##id,                                            \
                                               .feed = feed_##id,                                            \
                                               .finish = finish_netstrings,                                  \
                                               .close = close_netstrings,                                    \
                                               .kind_names = kind_names,                                     \
                                               .delimiters = delimiters,                                     \
                                               .limits = limits_##id,                                        \
                                               .words = words_##most,                                        \
                                               .reference = &naive_##id};
#define ROW(id, most, planted_bug, oracles, what) {"netstring", most, oracles, what, &id},

ALL_NETSTRINGS(PARSER)
const struct planted planted_netstrings[] = {ALL_NETSTRINGS(ROW){NULL, 0, 0, NULL, NULL}};

/* hiredis: the reply reader, fed in any chunks. */
#include <seam/fuzz.h>

#include <hiredis/hiredis.h>
#include <stdlib.h>

static const char *const kinds[] = {"", "string", "array", "integer", "nil", "status", "error", NULL};

struct state {
    redisReader *reader;
    struct seam_fuzz_events *events;
};

static void *open_reader(struct seam_fuzz_events *events)
{
    struct state *state = malloc(sizeof *state);
    *state = (struct state){redisReaderCreate(), events};
    return state;
}

static void tell(struct seam_fuzz_events *events, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_INTEGER) {
        seam_fuzz_number(events, REDIS_REPLY_INTEGER, (uint64_t)reply->integer);
    } else if (reply->type == REDIS_REPLY_ARRAY) {
        seam_fuzz_number(events, REDIS_REPLY_ARRAY, reply->elements);
        for (size_t i = 0; i < reply->elements; i++) {
            tell(events, reply->element[i]);
        }
    } else {
        seam_fuzz_event(events, (unsigned)reply->type, reply->str, (size_t)reply->len);
    }
}

static enum seam_fuzz_status feed_reader(void *parser, const void *data, size_t length)
{
    struct state *state = parser;
    void *reply = NULL;
    redisReaderFeed(state->reader, data, length);
    while (redisReaderGetReply(state->reader, &reply) == REDIS_OK && reply) {
        tell(state->events, reply);
        freeReplyObject(reply);
    }
    return state->reader->err ? SEAM_FUZZ_FAILED : SEAM_FUZZ_MORE;
}

static void close_reader(void *parser)
{
    redisReaderFree(((struct state *)parser)->reader);
    free(parser);
}

#define B(text) SEAM_FUZZ_BYTES(text)
static const struct seam_fuzz_bytes ends[] = {B("\r\n"), {NULL, 0}};
static const struct seam_fuzz_bytes words[] = {B("$5\r\nhello\r\n"), B("*2\r\n"),   B("+OK\r\n"), B("$-1\r\n"),
                                               B(":-1\r\n"),         B("-ERR\r\n"), {NULL, 0}};
static const struct seam_fuzz_parser hiredis = {
    "hiredis", open_reader, feed_reader, NULL, close_reader, .kind_names = kinds, .delimiters = ends, .words = words};
SEAM_FUZZ_TARGET(&hiredis);

/* libevent: evbuffer_readln() with each kind of line end but ANY, on a buffer that grows by any chunks. */
#include <seam/fuzz.h>

#include <event2/buffer.h>
#include <stdlib.h>

static const char *const kinds[] = {"line", "rest", NULL};

struct state {
    struct evbuffer *buffer;
    struct seam_fuzz_events *events;
    enum evbuffer_eol_style style;
};

static void *open_buffer(struct seam_fuzz_events *events, enum evbuffer_eol_style style)
{
    struct state *state = malloc(sizeof *state);
    *state = (struct state){evbuffer_new(), events, style};
    return state;
}

static enum seam_fuzz_status feed_buffer(void *parser, const void *data, size_t length)
{
    struct state *state = parser;
    size_t n;
    evbuffer_add(state->buffer, data, length);
    for (char *line; (line = evbuffer_readln(state->buffer, &n, state->style)) != NULL; free(line)) {
        seam_fuzz_event(state->events, 0, line, n);
    }
    return SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status finish_buffer(void *parser)
{
    struct state *state = parser;
    size_t n = evbuffer_get_length(state->buffer);
    seam_fuzz_event(state->events, 1, evbuffer_pullup(state->buffer, -1), n);
    return SEAM_FUZZ_DONE;
}

static void close_buffer(void *parser)
{
    evbuffer_free(((struct state *)parser)->buffer);
    free(parser);
}

#define B(text) SEAM_FUZZ_BYTES(text)
static const struct seam_fuzz_bytes ends[] = {B("\r\n"), B("\n"), B("\0"), {NULL, 0}};
#define STYLE(style)                                                                                                 \
    static void *open_##style(struct seam_fuzz_events *events) { return open_buffer(events, EVBUFFER_EOL_##style); } \
    static const struct seam_fuzz_parser style = {                                                                   \
        "evbuffer " #style, open_##style, feed_buffer, finish_buffer, close_buffer, 0, 0, kinds, ends, NULL, NULL}
STYLE(LF);
STYLE(CRLF);
STYLE(CRLF_STRICT);
STYLE(NUL);
SEAM_FUZZ_TARGET(&LF, &CRLF, &CRLF_STRICT, &NUL); /* ANY: findings/libevent-any.md */

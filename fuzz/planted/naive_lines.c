/* naive_lines - the reference of the toy readers: simple, and right for a stream in one chunk. */
#include "fuzz/planted/lines.h"

struct naive {
    struct seam_fuzz_events *events;
    char *left;
    size_t left_bytes;
};

void *naive_lines_open(struct seam_fuzz_events *events)
{
    struct naive *n = calloc(1, sizeof *n);
    if (n) {
        n->events = events;
    }
    return n;
}

/* The length of the line at the start; *end is what of its delimiter follows, 0: it is not whole. */
static size_t line_at(const struct options *o, const char *data, size_t length, size_t *end)
{
    *end = 0;
    for (size_t at = 0; at < length; at++) {
        if (o->style == ANY_END && (data[at] == '\r' || data[at] == '\n')) {
            *end = data[at] == '\r' && at + 1 < length && data[at + 1] == '\n' ? 2 : 1;
        } else if (o->style != ANY_END && at + o->delimiter_bytes <= length &&
                   memcmp(data + at, o->delimiter, o->delimiter_bytes) == 0) {
            *end = o->delimiter_bytes;
        }
        if (*end) {
            return at;
        }
    }
    return length;
}

enum seam_fuzz_status naive_lines_feed(void *parser, const void *data, size_t length, const struct options *o)
{
    struct naive *n = parser;
    const char *bytes = data;
    for (;;) {
        size_t end, line = line_at(o, bytes, length, &end);
        if (line > o->limit && o->fails) {
            seam_fuzz_number(n->events, OVERLONG, o->limit + 1);
            return SEAM_FUZZ_FAILED;
        }
        if (end == 0) {
            break;
        }
        if (line > o->limit) {
            seam_fuzz_number(n->events, OVERLONG, line);
        } else {
            bool cr = o->style == CR_TOLERANT && line && bytes[line - 1] == '\r';
            seam_fuzz_event(n->events, LINE, bytes, line - cr);
        }
        bytes += line + end;
        length -= line + end;
    }
    n->left = malloc(length + 1);
    n->left_bytes = n->left ? length : 0;
    if (n->left_bytes) {
        memcpy(n->left, bytes, length);
    }
    return SEAM_FUZZ_MORE;
}

enum seam_fuzz_status naive_lines_finish(void *parser, const struct options *o)
{
    struct naive *n = parser;
    if (n->left_bytes > o->limit) {
        seam_fuzz_number(n->events, OVERLONG, n->left_bytes);
    } else if (n->left_bytes) {
        seam_fuzz_event(n->events, PARTIAL, n->left, n->left_bytes);
    }
    return SEAM_FUZZ_DONE;
}

void naive_lines_close(void *parser)
{
    free(((struct naive *)parser)->left);
    free(parser);
}

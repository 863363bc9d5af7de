/* payload_argument - planted: the part of a header that a read ends with is put into a buffer of its own, and
 * the rest is added to it; that buffer is not emptied when the header is done, so the next header is added,
 * too. Class F, modelled on nats-io/nats-server#271: the argument buffer is not set back after a split. */
#include "tests/sweep/payload/store.h"

#include <stdlib.h>
#include <string.h>

enum { ARGUMENT_BYTES_MAX = 4096 };

struct argument {
    size_t length;
    char bytes[ARGUMENT_BYTES_MAX];
};

static void add(struct argument *argument, const char *bytes, size_t length)
{
    size_t room = ARGUMENT_BYTES_MAX - argument->length;
    memcpy(argument->bytes + argument->length, bytes, length < room ? length : room);
    argument->length += length < room ? length : room;
}

/* A header is whole: `bytes` up to its newline. True: it is that of a payload. */
static bool header(struct session *session, const char *bytes, size_t length)
{
    struct argument *argument = session->own;
    if (argument->length == 0) {
        return store_header(session, bytes, length, &session->mark);
    }
    add(argument, bytes, length);
    return store_header(session, argument->bytes, argument->length, &session->mark); /* the bug: length = 0 */
}

static void take(struct session *session, const char *bytes, size_t length)
{
    while (length > 0) {
        const char *newline = memchr(bytes, '\n', length);
        size_t piece = newline ? (size_t)(newline - bytes) + 1 : length;
        if (session->state) { /* a payload, of which session->bytes has the beginning */
            size_t missing = session->mark + 1 - session->length;
            piece = missing < length ? missing : length;
            session_keep(session, bytes, piece);
            if (piece == missing) {
                store_payload(session, session->bytes, session->mark);
                session->length = 0;
                session->state = 0;
            }
        } else if (newline) {
            session->state = header(session, bytes, piece - 1);
        } else {
            add(session->own, bytes, piece);
        }
        bytes += piece;
        length -= piece;
    }
}

static void open_one(struct session *session)
{
    static const struct argument none;
    session->own = malloc(sizeof none);
    if (!session->own) {
        session->finished = true;
        return;
    }
    memcpy(session->own, &none, sizeof none);
}

int main(void)
{
    return serve(&(struct service){.opened = open_one, .read = take});
}

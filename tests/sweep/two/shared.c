/* two_shared - planted: half a line waits for its end in a buffer that all clients share.
 * The protocol is that of right.c. Class F, modelled on ImtsSrl/KUKAVARPROXY#3 and nats-io/nats-server#271:
 * state of one message is used for another's. */
#include "tests/sweep/serve.h"

#include <string.h>

static char shared[KEPT_BYTES_MAX]; /* the bug */
static size_t shared_length;

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    if (length > sizeof shared - shared_length) {
        length = sizeof shared - shared_length;
    }
    memcpy(shared + shared_length, bytes, length);
    shared_length += length;
    while ((newline = memchr(shared, '\n', shared_length)) != NULL) {
        size_t line_length = (size_t)(newline - shared);
        session_say(session, "%zu %.*s\n", ++session->count, (int)line_length, shared);
        shared_length -= line_length + 1;
        memmove(shared, newline + 1, shared_length);
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

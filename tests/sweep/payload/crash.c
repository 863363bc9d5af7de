/* payload_crash - planted: when a payload comes in parts, room is made for the missing ones. How much is
 * missing is counted from the read, in which the header stands, too: it becomes less than nothing, and there
 * is no memory for that much.
 * Class I, modelled on nats-io/nats-server#146: makeslice panics at a split payload. */
#include "tests/sweep/payload/store.h"

#include <stdlib.h>
#include <string.h>

static void make_room(struct session *session, size_t missing)
{
    free(session->own);
    session->own = malloc(missing);
    memset(session->own, 0, missing < 1 ? 0 : 1);
}

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    session_keep(session, bytes, length);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t header = (size_t)(newline - session->bytes) + 1, size = 0;
        if (!store_header(session, session->bytes, header - 1, &size)) {
            session_drop(session, header);
            continue;
        }
        if (session->length < header + size + 1) {
            make_room(session, size - session->length); /* the bug: header + size + 1 - session->length */
            break;
        }
        store_payload(session, session->bytes + header, size);
        session_drop(session, header + size + 1);
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

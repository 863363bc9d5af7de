/* payload_right - the control of the payload family: nothing is taken before a command is whole. */
#include "tests/sweep/payload/store.h"

#include <string.h>

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

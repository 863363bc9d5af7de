/* store - see store.h. The value stands behind the kept bytes, in the last STORE_BYTES_MAX of session->bytes;
 * session->count is its length. */
#include "tests/sweep/payload/store.h"

#include <stdlib.h>
#include <string.h>

static char *value_of(struct session *session)
{
    return session->bytes + KEPT_BYTES_MAX - STORE_BYTES_MAX;
}

bool store_header(struct session *session, const char *line, size_t length, size_t *size)
{
    char text[16] = "";
    if (length == 1 && line[0] == 'G') {
        session_answer(session, "value ", value_of(session), session->count, "\n");
        return false;
    }
    if (length >= 3 && length < 8 && line[0] == 'P' && line[1] == ' ') {
        memcpy(text, line + 2, length - 2);
        *size = strtoul(text, NULL, 10);
        if (*size <= STORE_BYTES_MAX) {
            return true;
        }
    }
    session_say(session, "err\n");
    return false;
}

void store_payload(struct session *session, const char *payload, size_t size)
{
    memcpy(value_of(session), payload, size);
    session->count = size;
    session_answer(session, "stored ", payload, size, "\n");
}

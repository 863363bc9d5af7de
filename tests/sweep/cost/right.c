/* cost_right - the control of the cost family: each byte is looked at once, and none is kept. */
#include "tests/sweep/cost/sum.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t piece = (size_t)((newline ? newline : end) - bytes);
        session->mark = sum_more((uint32_t)session->mark, bytes, piece);
        session->count += piece;
        bytes += piece;
        if (newline) {
            if (session->count > COST_BYTES_MAX) {
                session_say(session, "err too long\n");
            } else {
                session_say(session, "%zu bytes, sum %08zx\n", session->count, session->mark);
            }
            session->count = session->mark = 0;
            bytes++;
        }
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

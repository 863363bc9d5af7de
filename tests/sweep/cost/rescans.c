/* cost_rescans - planted: at each read all that is kept is copied to a new buffer, looked through for a
 * newline and summed up from its start. The answers are right; a line byte by byte costs the square of its
 * length. Class N, modelled on twisted/twisted#3803: rescans and copies of O(N^2). */
#include "tests/sweep/cost/sum.h"

#include <stdlib.h>
#include <string.h>

struct line {
    size_t length;
    uint32_t sum;
    bool whole;
};

/* Looks at the first line of these bytes. */
static struct line look(const char *bytes, size_t length)
{
    struct line line = {0, 0, false};
    while (line.length < length && !line.whole) {
        line.whole = bytes[line.length] == '\n';
        if (!line.whole) {
            line.sum = sum_more(line.sum, bytes + line.length, 1);
            line.length++;
        }
    }
    return line;
}

static void take(struct session *session, const char *bytes, size_t length)
{
    char *copy = malloc(session->length + length);
    struct line line;
    if (!copy) {
        session->finished = true;
        return;
    }
    memcpy(copy, session->bytes, session->length);
    memcpy(copy + session->length, bytes, length);
    session_keep(session, bytes, length);
    while ((line = look(copy, session->length)).whole) { /* the bug: from the start, each time */
        session_say(session, "%zu bytes, sum %08x\n", line.length, (unsigned)line.sum);
        session_drop(session, line.length + 1);
        memcpy(copy, session->bytes, session->length);
    }
    free(copy);
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

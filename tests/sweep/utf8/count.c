/* utf8_count - planted: the bytes of a line are joined right, but its characters are counted read by read,
 * and half a character counts as one at the end of a read and as another at the start of the next. The
 * protocol is that of right.py. Class J, modelled on sursaone/bun-pty#32: decoding per chunk. */
#include "tests/sweep/serve.h"

#include <string.h>

static bool continues(const char *bytes)
{
    return ((unsigned char)*bytes & 0xc0) == 0x80;
}

static size_t characters(const char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += !continues(bytes + i) || i == 0; /* the bug: the first one may continue the last read */
    }
    return count;
}

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    while ((newline = memchr(bytes, '\n', length)) != NULL) {
        size_t piece = (size_t)(newline - bytes);
        session_keep(session, bytes, piece);
        session->count += characters(bytes, piece);
        session_say(session, "%zu %.*s\n", session->count, (int)session->length, session->bytes);
        session->length = session->count = 0;
        bytes += piece + 1;
        length -= piece + 1;
    }
    session_keep(session, bytes, length);
    session->count += characters(bytes, length);
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

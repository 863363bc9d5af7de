/* line_right - the control of the line family: a line is what stands between two newlines, however it came.
 * It keeps one byte more than a line may have; that byte is the proof that a line is too long. */
#include "tests/sweep/line/answer.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t piece = (size_t)((newline ? newline : end) - bytes);
        size_t room = LINE_BYTES_MAX + 1 - session->length;
        session_keep(session, bytes, piece < room ? piece : room);
        bytes += piece;
        if (newline) {
            line_answer(session, session->bytes, session->length);
            session->length = 0;
            bytes++;
        }
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

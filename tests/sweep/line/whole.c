/* line_whole - planted: each read is one command, and its last newline is cut off.
 * Class A, modelled on gqrx-sdr/gqrx#1343 and mod-audio/mod-host#40: commands that share a read, or need two,
 * are taken for one. */
#include "tests/sweep/line/answer.h"

static void take(struct session *session, const char *bytes, size_t length)
{
    size_t line_length = bytes[length - 1] == '\n' ? length - 1 : length;
    line_answer(session, bytes, line_length); /* the bug: no newline is looked for */
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

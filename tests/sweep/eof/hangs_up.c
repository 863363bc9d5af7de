/* eof_hangs_up - planted: poll tells in one word that bytes came and that the peer has sent its last ones,
 * and the second is looked at first: bytes that came together with the end are not read. The protocol is that
 * of right.c. Class L, modelled on Graylog2/graylog2-server#4106: what was not handled yet is dropped at the
 * close. */
#include "tests/sweep/serve.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

static void open_one(struct session *session)
{
    session->events = POLLIN | POLLRDHUP;
}

static void attend(struct session *session, short revents)
{
    char bytes[READ_BYTES], *newline;
    if (revents & (POLLRDHUP | POLLHUP | POLLERR)) { /* the bug: there may be POLLIN, too */
        if (session->length > 0) {
            session_answer(session, "rest ", session->bytes, session->length, "\n");
        }
        session->finished = true;
        return;
    }
    ssize_t n = read(session->fd, bytes, sizeof bytes);
    session_keep(session, bytes, n > 0 ? (size_t)n : 0);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        session_answer(session, "ok ", session->bytes, line_length, "\n");
        session_drop(session, line_length + 1);
    }
}

int main(void)
{
    return serve(&(struct service){.opened = open_one, .ready = attend});
}

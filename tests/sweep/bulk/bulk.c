/* bulk - see bulk.h. session->count is how many bytes wait in session->own. */
#include "tests/sweep/bulk/bulk.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void bulk_open(struct session *session)
{
    int bytes = SEND_BUFFER_BYTES;
    setsockopt(session->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

size_t bulk_send(const struct session *session, const char *bytes, size_t length)
{
    ssize_t n = send(session->fd, bytes, length, MSG_DONTWAIT);
    return n > 0 ? (size_t)n : 0;
}

void bulk_queue(struct session *session, const char *bytes, size_t length)
{
    char *waiting = realloc(session->own, session->count + length + 1);
    if (waiting) {
        memcpy(waiting + session->count, bytes, length);
        session->own = waiting;
        session->count += length;
    }
}

bool bulk_flush(struct session *session)
{
    char *waiting = session->own;
    size_t n = session->count > 0 ? bulk_send(session, waiting, session->count) : 0;
    if (n > 0) {
        session->count -= n;
        memmove(waiting, waiting + n, session->count);
    }
    return session->count == 0;
}

static void answer_line(struct session *session, const char *line, size_t length)
{
    static char bulk[BULK_BYTES + 1];
    if (length != 4 || memcmp(line, "BULK", 4) != 0) {
        bulk_answer(session, "pong\n", 5);
        return;
    }
    for (size_t i = 0; i < BULK_BYTES; i++) {
        bulk[i] = (char)('0' + i % 10);
    }
    bulk[BULK_BYTES] = '\n';
    bulk_answer(session, bulk, sizeof bulk);
}

void bulk_read(struct session *session, short revents)
{
    char bytes[READ_BYTES], *newline;
    if (!(revents & (POLLIN | POLLHUP | POLLERR))) {
        return;
    }
    ssize_t n = recv(session->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0) {
        session->finished = true;
        return;
    }
    session_keep(session, bytes, (size_t)n);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t length = (size_t)(newline - session->bytes);
        answer_line(session, session->bytes, length);
        session_drop(session, length + 1);
    }
}

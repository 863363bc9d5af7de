/* bulk_forgets - planted: what the socket does not take waits for POLLOUT, but the next request that comes
 * sets what poll waits for anew, to input alone: the rest is never sent. Class M, modelled on
 * pistacheio/pistache#1114: interest in output is overwritten behind an EAGAIN. */
#include "tests/sweep/bulk/bulk.h"

#include <poll.h>

void bulk_answer(struct session *session, const char *bytes, size_t length)
{
    bool waited = session->count > 0;
    bulk_queue(session, bytes, length);
    if (!waited && !bulk_flush(session)) {
        session->events = POLLIN | POLLOUT;
    } else {
        session->events = POLLIN; /* the bug: more may wait since before */
    }
}

static void attend(struct session *session, short revents)
{
    if (revents & POLLOUT) {
        session->events = bulk_flush(session) ? POLLIN : POLLIN | POLLOUT;
    }
    bulk_read(session, revents);
}

int main(void)
{
    return serve(&(struct service){.opened = bulk_open, .ready = attend});
}

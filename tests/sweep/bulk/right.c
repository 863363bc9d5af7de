/* bulk_right - the control of the bulk family: what the socket does not take waits, in order, until it does.
 */
#include "tests/sweep/bulk/bulk.h"

#include <poll.h>

void bulk_answer(struct session *session, const char *bytes, size_t length)
{
    bulk_queue(session, bytes, length);
    session->events = bulk_flush(session) ? POLLIN : POLLIN | POLLOUT;
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

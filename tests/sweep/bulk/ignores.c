/* bulk_ignores - planted: an answer is sent once, and nobody looks at how much of it was taken.
 * Class M, modelled on uzbl/uzbl#400: a partial write is ignored. */
#include "tests/sweep/bulk/bulk.h"

void bulk_answer(struct session *session, const char *bytes, size_t length)
{
    bulk_send(session, bytes, length); /* the bug */
}

int main(void)
{
    return serve(&(struct service){.opened = bulk_open, .ready = bulk_read});
}

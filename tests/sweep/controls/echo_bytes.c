/* echo_bytes - a control: each byte comes back when it comes, so parts of a line are answered under every
 * segmentation. It streams, and that is right. */
#include "tests/sweep/serve.h"

static void take(struct session *session, const char *bytes, size_t length)
{
    write_all(session->fd, bytes, length);
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

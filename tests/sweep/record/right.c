/* record_right - the control of the record family: separators are looked for in all that is kept. */
#include "tests/sweep/record/record.h"

static void take(struct session *session, const char *bytes, size_t length)
{
    session_keep(session, bytes, length);
    record_answer_all(session);
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

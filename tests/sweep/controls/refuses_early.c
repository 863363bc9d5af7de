/* refuses_early - a control: a line of more than LIMIT bytes is refused when its first byte too many has
 * come, before its newline; then it is passed over. That depends on the bytes alone, not on how they came. */
#include "tests/sweep/serve.h"

enum { LIMIT = 32 };

static void take(struct session *session, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n' && !session->flag) {
            session_answer(session, "ok ", session->bytes, session->length, "\n");
        }
        if (bytes[i] == '\n') {
            session->length = 0;
            session->flag = 0;
        } else if (!session->flag && session->length == LIMIT) {
            session_say(session, "err too long\n");
            session->flag = 1;
        } else if (!session->flag) {
            session_keep(session, bytes + i, 1);
        }
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

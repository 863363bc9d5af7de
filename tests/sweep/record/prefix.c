/* record_prefix - planted: bytes at the end of a read that may begin a separator are put aside until the next
 * read tells. When it tells that they were none, they are forgotten.
 * Class C, modelled on jetty/jetty.project#10921 and ninenines/cowboy#343: a chunk that ends like a boundary.
 */
#include "tests/sweep/record/record.h"

#include <string.h>

static const char separator[] = "\n--B";

static size_t prefix_at_end(const struct session *session)
{
    for (size_t n = strlen(separator) - 1; n > 0; n--) {
        if (session->length >= n && memcmp(session->bytes + session->length - n, separator, n) == 0) {
            return n;
        }
    }
    return 0;
}

static void take(struct session *session, const char *bytes, size_t length)
{
    size_t aside = session->count, rest = strlen(separator) - aside;
    if (aside > 0 && memcmp(separator + aside, bytes, rest < length ? rest : length) == 0) {
        session_keep(session, separator, aside); /* the bug: they belong to the part otherwise */
    }
    session_keep(session, bytes, length);
    record_answer_all(session);
    session->count = prefix_at_end(session);
    session->length -= session->count;
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

/* record_resume - planted: the end of a record is looked for in each read at full length, and over the edge
 * of a read by counting how many bytes of it have matched so far. After a mismatch the count starts at
 * nought, without a look at the byte that did not match: "\n\n--B--\n" cut behind its first byte, and once
 * more, has no end. A single cut never shows it. Class C, modelled on aio-libs/aiohttp#6701: a match over
 * reads that is resumed wrongly. */
#include "tests/sweep/record/record.h"

#include <string.h>

static const char behind[] = "\n--B--\n";

static size_t prefix_at_end(const char *bytes, size_t length)
{
    for (size_t n = strlen(behind) - 1; n > 0; n--) {
        if (length >= n && memcmp(bytes + length - n, behind, n) == 0) {
            return n;
        }
    }
    return 0;
}

static void take(struct session *session, const char *bytes, size_t length)
{
    size_t matched = session->count, i = 0;
    bool ended = memmem(bytes, length, behind, strlen(behind)) != NULL;
    while (matched > 0 && i < length && !ended) {
        matched = bytes[i] == behind[matched] ? matched + 1 : 0; /* the bug: bytes[i] may be behind[0] */
        ended = matched == strlen(behind);
        i++;
    }
    session_keep(session, bytes, length);
    session->count = matched > 0 ? matched : prefix_at_end(bytes + i, length - i);
    if (ended) {
        record_answer_all(session);
        session->count = prefix_at_end(session->bytes, session->length);
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}

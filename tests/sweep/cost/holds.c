/* cost_holds - planted: each read goes into a new block of full size, and the blocks of a client are held
 * until it leaves. The answers are right; a line byte by byte costs BLOCK_BYTES of memory for each byte.
 * Class N, modelled on twisted/twisted#7500 and fclairamb/ftpserverlib#215: buffers without a bound. */
#include "tests/sweep/cost/sum.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 8192 };

struct blocks {
    size_t count;
    char *blocks[]; /* each BLOCK_BYTES */
};

/* A block for a read; NULL when there is no memory. */
static char *hold(struct session *session)
{
    struct blocks *blocks = session->own;
    size_t count = blocks ? blocks->count : 0;
    struct blocks *more = realloc(blocks, sizeof *more + (count + 1) * sizeof more->blocks[0]);
    char *block = malloc(BLOCK_BYTES);
    if (more) {
        session->own = more;
        more->blocks[count] = block;
        more->count = count + 1;
    }
    return more ? block : NULL;
}

static void take(struct session *session, const char *bytes, size_t length)
{
    char *block = hold(session); /* the bug: one buffer would do */
    if (!block) {
        session->finished = true;
        return;
    }
    memset(block, 0, BLOCK_BYTES);
    memcpy(block, bytes, length);
    for (size_t i = 0; i < length; i++) {
        if (block[i] != '\n') {
            session->mark = sum_more((uint32_t)session->mark, block + i, 1);
            session->count++;
            continue;
        }
        session_say(session, "%zu bytes, sum %08zx\n", session->count, session->mark);
        session->count = session->mark = 0;
    }
}

static void end(struct session *session)
{
    struct blocks *blocks = session->own;
    for (size_t i = 0; blocks && i < blocks->count; i++) {
        free(blocks->blocks[i]);
    }
}

int main(void)
{
    return serve(&(struct service){.read = take, .ended = end});
}

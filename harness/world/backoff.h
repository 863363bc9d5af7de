/*
 * backoff - how long to wait before the next look at a fact that will come true soon.
 *
 * It never decides a verdict: it only says how soon it is worth looking again. Nothing here sleeps; the
 * caller's loop waits. Measured on loopback peers: most chunks are read within the first looks, so those cost
 * no wait at all.
 */
#ifndef SEAM_HARNESS_WORLD_BACKOFF_H
#define SEAM_HARNESS_WORLD_BACKOFF_H

#include <stdint.h>

enum {
    BACKOFF_SPIN_LOOKS = 16,   /* looks answered 0: look again at once */
    BACKOFF_YIELD_LOOKS = 200, /* up to this look BACKOFF_YIELD: give the processor away once */
    BACKOFF_SHORT_LOOKS = 400, /* up to this look the short nap, then the long one */
    BACKOFF_YIELD = 1,         /* ns; a wait this short means sched_yield(), or a turn of the loop */
    BACKOFF_SHORT_NS = 50000,
    BACKOFF_LONG_NS = 500000,
};

/* Nanoseconds to wait after look number `attempt`, which counts from 0. */
static inline uint64_t backoff_wait_ns(unsigned attempt)
{
    if (attempt < BACKOFF_SPIN_LOOKS)
        return 0;
    if (attempt < BACKOFF_YIELD_LOOKS)
        return BACKOFF_YIELD;
    return attempt < BACKOFF_SHORT_LOOKS ? BACKOFF_SHORT_NS : BACKOFF_LONG_NS;
}

#endif

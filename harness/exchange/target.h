/*
 * target - the fuzz targets by name (targets.def), and what an input of one is.
 *
 * Knows nothing of what the targets do, so that it can't go along with a mistake of theirs; a test compares
 * the table with their sources.
 */
#ifndef SEAM_HARNESS_EXCHANGE_TARGET_H
#define SEAM_HARNESS_EXCHANGE_TARGET_H

#include "harness/exchange/exchange.h"

enum spoken_to { SPOKEN_TO_PROGRAM, SPOKEN_TO_CHAT_SERVER, SPOKEN_TO_CHAT_CLIENT };

/* What the options of a command say of a target. */
struct target {
    const char *name; /* NULL: none */
    size_t parsers;   /* 1.. */
    bool known;       /* one of Seam's own */
    const char *spoken_to;
    const char *beside; /* what it does that is not in its inputs; NULL: nothing */
};

/* 0, or -1 with error: its inputs are no streams, or the number of parsers is another. No name is no target
 * with one parser; a name that is not in the table is a target of the user's. */
int target_choose(const struct exchange_options *options, struct target *out, struct seam_error *error);
/* "there is no target 'x' of Seam's own", and which one was meant. Returns -1. */
int target_refuse(const struct target *target, const char *what_then, struct seam_error *error);
/* Who hears what a parser is fed. */
enum spoken_to target_spoken_to(const struct target *target, size_t parser);

#endif

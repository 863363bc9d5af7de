/* planted - toy parsers, each with one bug or none, to measure how soon a fuzzer sees it. */
#ifndef SEAM_FUZZ_PLANTED_PLANTED_H
#define SEAM_FUZZ_PLANTED_PLANTED_H

#include "fuzz/include/seam/fuzz.h"

struct planted {
    const char *framing;
    size_t limit;
    unsigned seen_by; /* the oracles that may see the bug, PLANTED_BY of each; 0: there is none */
    const char *what; /* the bug, in words */
    const struct seam_fuzz_parser *parser;
};

#define PLANTED_BY(verdict) (1u << SEAM_FUZZ_##verdict)

/* Both end with an entry without a parser. */
extern const struct planted planted_lines[], planted_netstrings[];

/* The parser whose name is in the environment, in SEAM_PLANTED: set before the first input comes. */
extern struct seam_fuzz_parser planted_chosen;

#endif

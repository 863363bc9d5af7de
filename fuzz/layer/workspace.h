/* workspace - how a caller's workspace is divided: eight parts of equal size. */
#ifndef SEAM_FUZZ_LAYER_WORKSPACE_H
#define SEAM_FUZZ_LAYER_WORKSPACE_H

#include "fuzz/include/seam/fuzz.h"

struct workspace {
    unsigned char *chunk;        /* what is fed lies here, and nowhere else */
    unsigned char *bytes[2];     /* of the mutator */
    size_t *cuts[2];             /* of an input, and of what is made of it */
    unsigned char *stories[3];   /* whole, cut, reference */
    size_t part_bytes, cuts_max; /* part_bytes also bounds a stream */
};

/* Aborts when it is smaller than SEAM_FUZZ_WORKSPACE_BYTES_MIN. */
struct workspace workspace_split(const struct seam_fuzz_workspace *workspace);

#endif

/* target - what running and changing an input share. */
#ifndef SEAM_FUZZ_LAYER_TARGET_H
#define SEAM_FUZZ_LAYER_TARGET_H

#include "fuzz/include/seam/fuzz.h"

/* Takes the byte that says which parser off an input, where a target has several; *choice gets it, or 0. */
const struct seam_fuzz_parser *target_choose(const struct seam_fuzz_target *target, const uint8_t **data,
                                             size_t *size, uint8_t *choice);

#endif

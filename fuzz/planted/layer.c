/* layer - the planted parser that choose.c picks, as a user of the layer would fuzz it. */
#include "fuzz/planted/planted.h"

SEAM_FUZZ_TARGET(&planted_chosen);

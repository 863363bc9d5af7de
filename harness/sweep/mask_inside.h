/* mask_inside - what mask.c and mask_tell.c share: lines, tokens, and which bytes are hidden. */
#ifndef SEAM_HARNESS_SWEEP_MASK_INSIDE_H
#define SEAM_HARNESS_SWEEP_MASK_INSIDE_H

#include "harness/sweep/mask.h"

/* Behind the newline or the delimiter of the stream that ends this line. */
size_t mask_line_end(const struct transcript_stream *stream, size_t at);
size_t mask_token_end(const char *data, size_t end, size_t at);
bool mask_has_places(const struct masks *masks, size_t stream);
/* By byte of the stream: not 0 where a learnt place or a pattern of the scenario hides it. */
void mask_hide_places(const struct masks *masks, const struct transcript *transcript, size_t stream,
                      unsigned char *hidden);

#endif

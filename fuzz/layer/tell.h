/* tell - a failure in words: the stream with its cuts, both stories, and where they part. */
#ifndef SEAM_FUZZ_LAYER_TELL_H
#define SEAM_FUZZ_LAYER_TELL_H

#include "fuzz/layer/feed.h"

struct tell_failure {
    const struct seam_fuzz_parser *parser;
    enum seam_fuzz_verdict verdict;
    const struct seam_fuzz_stream *stream;
    const struct feed_story *first, *second; /* second NULL: the verdict is about the first alone */
    bool second_is_reference;
};

/* At most `bytes` with the final NUL; what does not fit is left out. */
void tell_failure(const struct tell_failure *failure, char *out, size_t bytes);

#endif

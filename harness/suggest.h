/* suggest - which known word a misspelt one was probably meant to be. */
#ifndef SEAM_HARNESS_SUGGEST_H
#define SEAM_HARNESS_SUGGEST_H

#include <stddef.h>

enum { SUGGEST_WORD_BYTES_MAX = 40 }; /* longer words are not compared */

struct suggestion {
    const char *word; /* what was written; borrowed */
    size_t length;
    const char *best; /* the nearest so far that is near enough, or NULL; borrowed */
    size_t best_distance;
};

void suggest_begin(struct suggestion *s, const char *word, size_t length);
void suggest_offer(struct suggestion *s, const char *candidate);

#endif

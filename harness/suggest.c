/*
 * suggest - see suggest.h.
 *
 * Distance: how many letters to insert, remove, replace or swap with their neighbour (optimal string
 * alignment).
 * * Near enough is a third of the word; one letter where the word has two.
 */
#include "harness/suggest.h"

#include <string.h>

void suggest_begin(struct suggestion *s, const char *word, size_t length)
{
    *s = (struct suggestion){.word = word, .length = length, .best_distance = length / 3 + (length == 2) + 1};
}

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][SUGGEST_WORD_BYTES_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++) {
        above[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = min2(best, min2(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                best = min2(best, before[j - 2] + 1);
            }
            row[j] = best;
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b_length];
}

void suggest_offer(struct suggestion *s, const char *candidate)
{
    size_t length = strlen(candidate);
    if (s->length > SUGGEST_WORD_BYTES_MAX || length > SUGGEST_WORD_BYTES_MAX) {
        return;
    }
    size_t d = distance(s->word, s->length, candidate, length);
    if (d < s->best_distance) {
        s->best = candidate;
        s->best_distance = d;
    }
}

/* judge_inside - what judge.c and progress.c share. */
#ifndef SEAM_HARNESS_SWEEP_JUDGE_INSIDE_H
#define SEAM_HARNESS_SWEEP_JUDGE_INSIDE_H

#include "harness/sweep/judge.h"

size_t judge_common(const struct canon *a, const struct canon *b); /* length of the common prefix */
size_t judge_raw_offset(const struct canon *canon, size_t canonical, size_t raw_length);
bool judge_compares(const struct transcript_stream *stream, bool guest);
char *judge_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* `"abc" + 3 bytes`: what stands at an offset, for one line. Caller frees. */
char *judge_excerpt(const struct transcript_stream *stream, size_t at);
bool judge_progress(const struct reference *reference, const struct record *record, bool guest, size_t number,
                    struct judgement *out, size_t *earlier); /* progress.c: is it odd? */

#endif

/* repro - the inside of reproductions, for repro.c and repro_script.c. */
#ifndef SEAM_HARNESS_SWEEP_REPRO_H
#define SEAM_HARNESS_SWEEP_REPRO_H

#include "harness/sweep/sweep_inside.h"

struct repro_size {
    size_t cuts;  /* in messages, and joins of two */
    size_t steps; /* besides start, connect, greeting, close and stop */
};

/* A scenario that writes as the specimen says (alone: each message by itself) and expects what was said when
 * each message came alone. gates: where a slow connection is not read, a `settle` stands for the expects. out
 * is to be closed in any case. */
bool repro_script(const struct specimen *specimen, const struct shown *shown, bool alone, bool gates,
                  struct subject *out, struct repro_size *size);

/* repro_bytes.c */
bool repro_is_hidden(const struct canon *canon, size_t at);
bool repro_any_hidden(const struct canon *canon, size_t begin, size_t end);
/* End of the line that begins at `at`, with its delimiter; `end` where it has none. */
size_t repro_line_stop(const char *data, size_t at, size_t end, const struct delimiter *d);
bool repro_whole_lines(const char *data, size_t begin, size_t end, const struct delimiter *d);
/* A pattern that matches these bytes, whatever stands in the hidden parts. Made to be printed, never to be
 * run. */
const struct pattern *repro_pattern(struct arena *arena, const char *data, const struct canon *canon,
                                    size_t begin, size_t end);
const struct data *repro_lines(struct arena *arena, const char *data, size_t begin, size_t end,
                               const struct delimiter *d, enum data_kind kind);

#endif

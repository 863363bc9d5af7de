/* target - an input of an engine is judged here, and a failure told. */
#include "fuzz/layer/target.h"

#include "fuzz/layer/workspace.h"

#include <stdio.h>
#include <stdlib.h>

enum { REPORT_BYTES = 16 * 1024 };

const struct seam_fuzz_parser *target_choose(const struct seam_fuzz_target *target, const uint8_t **data,
                                             size_t *size, uint8_t *choice)
{
    *choice = 0;
    if (target->parser_count < 2) {
        return target->parsers[0];
    }
    if (*size) {
        *choice = **data;
        (*data)++;
        (*size)--;
    }
    return target->parsers[*choice % target->parser_count];
}

int seam_fuzz_one_input(const struct seam_fuzz_target *target, const uint8_t *data, size_t size)
{
    struct workspace w = workspace_split(&target->workspace);
    struct seam_fuzz_stream stream;
    uint8_t choice;
    const struct seam_fuzz_parser *parser = target_choose(target, &data, &size, &choice);
    seam_fuzz_decode(data, size, w.cuts[0], w.cuts_max, &stream);
    static char report[REPORT_BYTES]; /* one thread at a time per workspace: one target in a program */
    if (seam_fuzz_check(parser, &stream, &target->workspace, report, sizeof report) != SEAM_FUZZ_CLEAN) {
        fprintf(stderr, "seam/fuzz: %s", report);
        abort();
    }
    return 0;
}

/*
 * bundle - a failure in one folder that can be handed to a stranger: the scenario in one file with what it
 * reads, the segmentation, what was said, what the programs printed and left behind, and with what versions.
 *
 * Its README begins with the command that runs it again, from inside the folder. Nothing is started; of the
 * programs only files that stand beside the scenario are copied, the README names the others.
 */
#ifndef SEAM_HARNESS_EXCHANGE_BUNDLE_H
#define SEAM_HARNESS_EXCHANGE_BUNDLE_H

#include "harness/result.h"
#include "harness/scenario.h"
#include "harness/transcript.h"

#define BUNDLE_BYTES_MAX                                                                                     \
    ((uint64_t)64 << 20) /* of all files that are copied; what is more is named, not copied */
enum { BUNDLE_FILES_MAX = 1000 };

/* All borrowed. */
struct bundle_request {
    const char *folder; /* in which the bundle's own folder is made; made itself when it is missing */
    const struct scenario *scenario;
    const struct transcript *transcript;
    const struct result *result;
    const char *options; /* of `seam run`, that change what it does; "" or with a blank in front */
    const char *defines; /* the same with --define, for a scenario that can't be printed as one file */
    const char *version; /* of Seam */
};

/* Makes the folder and writes all. path_out: its path, the caller frees; the files are listed there. 0, or -1
 * with error: what could be written stays. */
int bundle_write(const struct bundle_request *request, char **path_out, struct seam_error *error);

#endif

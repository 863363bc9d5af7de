/* bundle - the inside of it, for bundle.c and bundle_files.c. */
#ifndef SEAM_HARNESS_EXCHANGE_BUNDLE_INSIDE_H
#define SEAM_HARNESS_EXCHANGE_BUNDLE_INSIDE_H

#include <jansson.h>

#include "harness/exchange/bundle.h"

struct bundle {
    const struct bundle_request *request;
    char *path;
    char *original;      /* of a scenario that is not scenario.json: its path in the bundle */
    uint64_t bytes;      /* copied so far */
    size_t file_count;   /* copied so far */
    struct bytes beside; /* lines of the README: what the scenario needs and the bundle has not */
};

void bundle_lacks(struct bundle *bundle, const char *what, const char *name);
/* A file, or a folder with all in it, under that name in the bundle; folders on the way are made. Links are
 * followed to files, never into folders; pipes and sockets are left out. 0, or -1: not all of it could be
 * copied, which is told in `beside`. */
int bundle_copy(struct bundle *bundle, const char *from, const char *name);
/* Copies what a printed scenario names in its own folder and makes the names fit the bundle. */
void bundle_copy_named(struct bundle *bundle, json_t *scenario);

#endif

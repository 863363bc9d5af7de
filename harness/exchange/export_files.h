/*
 * export_files - the files of an export that makes one of each scenario: their names, and who was first.
 *
 * A file is named folder-file-row.extension, as far as there are these, in characters that every system
 * takes; what is taken by another scenario of the same export gets a number. None is written over.
 */
#ifndef SEAM_HARNESS_EXCHANGE_EXPORT_FILES_H
#define SEAM_HARNESS_EXCHANGE_EXPORT_FILES_H

#include "harness/exchange/exchange.h"

struct export_files {
    const struct export_request *request;
    const char *extension; /* "py" */
    void *paths;           /* tsearch: those of this export */
};

/* Makes the folder. PASSED, or ERROR with error; close it in both cases. Both arguments are borrowed. */
enum result_exit export_files_open(struct export_files *files, const struct export_request *request,
                                   const char *extension, struct seam_error *error);
void export_files_close(struct export_files *files);
/* Writes what was made of an item and tells it; text as in export_news. ERROR with error: the export can't go
 * on. */
enum result_exit export_files_write(struct export_files *files, const struct export_item *item,
                                    const struct bytes *content, const char *text, struct seam_error *error);
/* Tells that there is no file of an item: SKIPPED or REFUSED. */
void export_files_tell_none(const struct export_files *files, const struct export_item *item,
                            enum export_fate fate, const char *text);

#endif

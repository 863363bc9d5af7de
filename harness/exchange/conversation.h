/*
 * conversation - one stream that is said to a program, with its chunks, as a scenario.
 *
 * What is said is data, whatever it looks like: no ${...} in it is ever expanded. The chunks are the
 * scenario's "cut" where all have bytes. A chunk without bytes is nothing that a socket could carry; where
 * there are some, the chunks are the elements of a `split`, so that no cut is lost.
 */
#ifndef SEAM_HARNESS_EXCHANGE_CONVERSATION_H
#define SEAM_HARNESS_EXCHANGE_CONVERSATION_H

#include "harness/exchange/target.h"

#define CONVERSATION_PEER "peer" /* who says it */

struct conversation {
    const char *name, *why; /* UTF-8 */
    enum spoken_to to;      /* unless the request names a program */
    const unsigned char *data;
    size_t length;
    const size_t *cuts; /* ascending, 0..length */
    size_t cut_count;
};

/* How many of its chunks have no bytes; 0 of a stream that is not cut. */
size_t conversation_empty_chunks(const struct conversation *conversation);
/* Fills out but for its note. As import_function. */
enum result_exit conversation_print(const struct conversation *conversation,
                                    const struct import_request *request, struct imported *out,
                                    struct seam_error *error);

/* The program that is spoken to, of a command as it is typed into a shell: words between blanks, '...', "..."
 * and \ quote, and nothing is expanded but the scenario's own ${...}. What names a file is written relative
 * to `folder`, where the scenario will stand. NULL with error. (program.c) */
json_t *program_print(const char *command, bool stdio, const char *folder, struct seam_error *error);

#endif

/* The arguments that connect and accept share: they describe the connection and are kept in struct
 * connection. */
#ifndef SEAM_HARNESS_STEPS_CONNECTION_ARGS_H
#define SEAM_HARNESS_STEPS_CONNECTION_ARGS_H

/* clang-format off */
#define CONNECTION_ARGS \
    {.name = "delimiter", .kind = ARG_DELIMITER, \
     .doc = "What ends a line on this connection; default: the scenario's delimiter.", .example = "\"\\r\\n\""}, \
    {.name = "rest", .kind = ARG_REST, \
     .doc = "\"ignore\": bytes that no step took are no failure at the close.", .example = "\"ignore\""}, \
    {.name = "ignore", .kind = ARG_IGNORE, \
     .doc = "Patterns of whole lines that are taken out, and counted, before anything is matched.", \
     .example = "[\"PING .*\"]"}, \
    {.name = "reads", .kind = ARG_READS, \
     .doc = "\"on-expect\": Seam reads only while an expect waits for this connection (backpressure).", \
     .example = "\"on-expect\""}, \
    {.name = "receive_buffer", .kind = ARG_RECEIVE_BUFFER, .min = 1, .max = 1 << 30, \
     .doc = "SO_RCVBUF of Seam's socket in bytes, with reads: \"on-expect\".", .example = "4096"}
/* clang-format on */

#endif

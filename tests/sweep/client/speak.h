/*
 * speak - the protocol of the client family, as far as it is not about framing.
 *
 * A server greets with a line "101 NAME", to which the client says "hi NAME". For each "SAY text" it prints
 * "heard text" and says "ack" and the length of the text; for "BYE" it says and prints "bye" and ends. Lines
 * end with CR LF on the wire, with LF on stdout. Anything else is answered and shown as "what".
 */
#ifndef SEAM_TESTS_SWEEP_CLIENT_SPEAK_H
#define SEAM_TESTS_SWEEP_CLIENT_SPEAK_H

#include <stdbool.h>
#include <stddef.h>

enum { SPEAK_BYTES_MAX = 4096 };

/* Answers a line without its CR LF. False: it was a good bye. */
bool speak_line(int fd, const char *line, size_t length);

/* Where CR LF begins; -1 when there is none. */
long speak_find_end(const char *bytes, size_t length);

#endif

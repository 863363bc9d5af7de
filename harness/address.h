/* address - "host:port" as scenarios write it: "127.0.0.1:80", "[::1]:80", "localhost:${p}". Looks nothing
 * up. */
#ifndef SEAM_HARNESS_ADDRESS_H
#define SEAM_HARNESS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

struct address {
    const char *host; /* without brackets; borrowed from the text, not NUL-terminated */
    size_t host_length;
    int port; /* 1..65535 */
};

bool address_parse(const char *text, size_t length, struct address *out);

/* "localhost", 127.0.0.0/8 or ::1. Other names could lead anywhere, so they are not. */
bool address_is_loopback(const struct address *address);

#endif

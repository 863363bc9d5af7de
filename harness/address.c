/* address - see address.h. */
#include "harness/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

bool address_parse(const char *text, size_t length, struct address *out)
{
    const char *colon = length ? memrchr(text, ':', length) : NULL;
    if (!colon) {
        return false;
    }
    size_t digits = length - (size_t)(colon + 1 - text);
    *out = (struct address){.host = text, .host_length = (size_t)(colon - text)};
    if (out->host_length > 2 && text[0] == '[' && colon[-1] == ']') {
        out->host++;
        out->host_length -= 2;
    } else if (memchr(text, ':', out->host_length)) {
        return false; /* IPv6 without brackets: which colon is the port's? */
    }
    if (out->host_length == 0 || digits == 0 || digits > 5 || memchr(text, '\0', length) ||
        memchr(text, ' ', length)) {
        return false;
    }
    for (const char *p = colon + 1; p < text + length; p++) {
        if (*p < '0' || *p > '9') {
            return false;
        }
        out->port = out->port * 10 + (*p - '0');
    }
    return out->port >= 1 && out->port <= 65535;
}

bool address_is_loopback(const struct address *address)
{
    char host[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    if (address->host_length >= sizeof host) {
        return false;
    }
    memcpy(host, address->host, address->host_length);
    host[address->host_length] = '\0';
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    if (inet_pton(AF_INET6, host, &v6) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
    }
    return strcmp(host, "localhost") == 0;
}

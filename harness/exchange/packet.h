/*
 * packet - one captured packet, taken apart down to its TCP segment. Sans I/O.
 *
 * Link types: Ethernet and Linux cooked (both with VLAN tags), loopback, raw IP; IPv4 and IPv6 with their
 * options and extension headers (RFC 791, 8200, 9293; IEEE 802.1Q; https://www.tcpdump.org/linktypes.html).
 * Checksums are not looked at: where a network card makes them, captures have wrong ones.
 */
#ifndef SEAM_HARNESS_EXCHANGE_PACKET_H
#define SEAM_HARNESS_EXCHANGE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_link { /* LINKTYPE_ numbers; as libpcap's DLT_, where these differ see import_pcap.c */
                   PACKET_LINK_NULL = 0,
                   PACKET_LINK_ETHERNET = 1,
                   PACKET_LINK_RAW = 101,
                   PACKET_LINK_LOOP = 108,
                   PACKET_LINK_SLL = 113,
                   PACKET_LINK_IPV4 = 228,
                   PACKET_LINK_IPV6 = 229,
                   PACKET_LINK_SLL2 = 276,
};

enum packet_kind {
    PACKET_TCP,
    PACKET_FRAGMENT, /* of an IP datagram that may be TCP: see fragments.h */
    PACKET_OTHER,    /* another protocol */
    PACKET_BROKEN,   /* why says what is wrong; also one that was captured too short to tell */
};

enum { PACKET_FIN = 1, PACKET_SYN = 2, PACKET_RST = 4, PACKET_ACK = 16 };

struct packet_address {
    unsigned char bytes[16]; /* the first 4 of IPv4, the others 0 */
    uint8_t family;          /* 4 or 6 */
    uint16_t port;
};

struct packet {
    struct packet_address from, to;
    uint32_t sequence;
    uint8_t flags;
    const unsigned char *payload; /* of TCP, or of the fragment's IP datagram; in what was parsed */
    size_t length;
    size_t cut;        /* bytes of it that were not captured */
    uint32_t datagram; /* of a fragment: its identification, */
    size_t offset;     /* where its payload belongs, */
    bool more;         /* and whether it is not the last */
    const char *why;
};

/* length: how much was captured; original: how long it was. */
enum packet_kind packet_parse(int link, const unsigned char *data, size_t length, size_t original,
                              struct packet *out);
/* A whole TCP segment, as a datagram has it; of from and to it fills the ports. */
enum packet_kind packet_parse_tcp(const unsigned char *data, size_t length, size_t original,
                                  struct packet *out);

#endif

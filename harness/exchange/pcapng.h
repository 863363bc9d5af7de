/*
 * pcapng - a capture file (draft-ietf-opsawg-pcapng), little-endian, of TCP over IPv4 packets that were made
 * up.
 *
 * Knows blocks, options, headers and checksums, and no run. The newest packet is held back until the next
 * one, or the end, so that a comment can still be added to it. Whatever does not fit into `out` makes `full`
 * true. Comments are UTF-8; one of more than PCAPNG_COMMENT_BYTES_MAX is cut at a character and says how much
 * is missing, and of one packet's PCAPNG_COMMENTS_MAX are kept and the number of the others.
 */
#ifndef SEAM_HARNESS_EXCHANGE_PCAPNG_H
#define SEAM_HARNESS_EXCHANGE_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>

#include "src/bytes.h"

enum {
    PCAPNG_SEGMENT_BYTES_MAX = 65495, /* what an IPv4 packet holds behind 40 bytes of headers */
    PCAPNG_COMMENT_BYTES_MAX = 4000,
    PCAPNG_COMMENTS_MAX = 100, /* of one packet */
    PCAPNG_OPTIONS_BYTES_MAX = 1 << 20,
};

/* Options of a block, encoded. */
struct pcapng_options {
    struct bytes bytes;
    size_t comments, left_out;
};
void pcapng_options_open(struct pcapng_options *options);
void pcapng_options_close(struct pcapng_options *options);
enum pcapng_option {
    PCAPNG_COMMENT = 1,
    PCAPNG_NAME = 2, /* of an interface, as the next one; bound as comments are */
    PCAPNG_DESCRIPTION = 3,
    PCAPNG_APPLICATION = 4, /* of the section */
};
void pcapng_options_add(struct pcapng_options *options, enum pcapng_option code, const char *text);

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };
struct pcapng_segment {
    uint32_t interface; /* from 0, in the order in which they were added */
    bool outbound;      /* from whom the interface belongs to */
    uint64_t time_ns;   /* since 1970 */
    uint32_t source, target;
    uint16_t source_port, target_port;
    uint32_t sequence, acknowledged;
    unsigned flags;
    const void *data; /* none with TCP_SYN */
    size_t length;    /* 0..PCAPNG_SEGMENT_BYTES_MAX */
};

struct pcapng {
    struct bytes *out;
    bool full;
    bool held;
    struct pcapng_segment segment; /* the packet that is held back: its data is in `packet` */
    struct bytes packet;
    struct pcapng_options options;
    uint16_t identification;
    uint64_t packets;
};

void pcapng_open(struct pcapng *file, struct bytes *out);
void pcapng_close(struct pcapng *file); /* ends it: lets the last packet go, and frees */
/* First the section, then the interfaces, then packets. */
void pcapng_section(struct pcapng *file, struct pcapng_options *options);
void pcapng_interface(struct pcapng *file, struct pcapng_options *options);
void pcapng_packet(struct pcapng *file, const struct pcapng_segment *segment);
/* On the newest packet. */
void pcapng_comment(struct pcapng *file, const char *text);

#endif

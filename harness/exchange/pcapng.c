/* pcapng - see pcapng.h. */
#include "harness/exchange/pcapng.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    OPTION_END = 0,
    OPTION_TIME_RESOLUTION = 9, /* of an interface */
    OPTION_FLAGS = 2,           /* of a packet */
    LINK_IPV4 = 228, /* the packet begins with its IP header; libpcap 1.10.3 takes several interfaces of
                        LINKTYPE_RAW, 101, for different ones */
    SNAP_BYTES = 65535,
    IP_BYTES = 20,
    TCP_BYTES = 20,
    SYN_OPTION_BYTES = 4,
    WINDOW = 65535, /* holds any packet, and each is acknowledged before the next */
    PROTOCOL_TCP = 6,
};
#define BLOCK_SECTION 0x0a0d0d0au

/* --- numbers: the file's are little-endian, the network's are not
 * --------------------------------------------------- */

static void put16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)value;
    at[1] = (unsigned char)(value >> 8);
}

static void put32(unsigned char *at, uint32_t value)
{
    put16(at, value & 0xffff);
    put16(at + 2, value >> 16);
}

static void net16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static void net32(unsigned char *at, uint32_t value)
{
    net16(at, value >> 16);
    net16(at + 2, value & 0xffff);
}

static void append(struct pcapng *file, const void *data, size_t length)
{
    file->full |= bytes_append(file->out, data, length) != BYTES_OK;
}

static size_t padding(size_t length)
{
    return (4 - length % 4) % 4;
}

/* --- options
 * ---------------------------------------------------------------------------------------------------- */

void pcapng_options_open(struct pcapng_options *options)
{
    *options = (struct pcapng_options){0};
    bytes_init(&options->bytes, PCAPNG_OPTIONS_BYTES_MAX);
}

void pcapng_options_close(struct pcapng_options *options)
{
    bytes_free(&options->bytes);
}

static void add_option(struct pcapng_options *options, unsigned code, const void *value, size_t length)
{
    static const unsigned char zeros[4];
    unsigned char head[4];
    put16(head, code);
    put16(head + 2, (unsigned)length);
    if (options->bytes.length + sizeof head + length + 4 > options->bytes.length_max ||
        bytes_append(&options->bytes, head, sizeof head) != BYTES_OK ||
        bytes_append(&options->bytes, value, length) != BYTES_OK ||
        bytes_append(&options->bytes, zeros, padding(length)) != BYTES_OK) {
        options->left_out++;
    }
}

void pcapng_options_add(struct pcapng_options *options, enum pcapng_option code, const char *text)
{
    char cut[PCAPNG_COMMENT_BYTES_MAX + 64];
    size_t length = strlen(text);
    if (code == PCAPNG_COMMENT && options->comments >= PCAPNG_COMMENTS_MAX) {
        options->left_out++;
        return;
    }
    options->comments += code == PCAPNG_COMMENT;
    if (length > PCAPNG_COMMENT_BYTES_MAX) {
        size_t keep = PCAPNG_COMMENT_BYTES_MAX;
        while (keep > 0 && ((unsigned char)text[keep] & 0xc0) == 0x80) {
            keep--;
        }
        memcpy(cut, text, keep);
        snprintf(cut + keep, sizeof cut - keep, " ... %zu bytes more", length - keep);
        text = cut;
        length = strlen(cut);
    }
    add_option(options, code, text, length);
}

/* Says what was left out, and ends them; nothing is added after that. */
static void finish_options(struct pcapng_options *options)
{
    if (options->left_out) {
        char text[64];
        size_t left_out = options->left_out;
        snprintf(text, sizeof text, "%zu more comments are left out here", left_out);
        add_option(options, PCAPNG_COMMENT, text, strlen(text));
    }
    add_option(options, OPTION_END, "", 0);
}

/* --- blocks
 * ----------------------------------------------------------------------------------------------------- */

/* Both are padded to 32 bits. */
static void write_block(struct pcapng *file, uint32_t type, const unsigned char *head, size_t head_length,
                        const struct bytes *body, const struct bytes *options)
{
    static const unsigned char zeros[4];
    size_t pad = padding(body ? body->length : 0);
    size_t total = 12 + head_length + (body ? body->length : 0) + pad + options->length;
    unsigned char frame[8];
    put32(frame, type);
    put32(frame + 4, (uint32_t)total);
    append(file, frame, 8);
    append(file, head, head_length);
    if (body) {
        append(file, body->data, body->length);
        append(file, zeros, pad);
    }
    append(file, options->data, options->length);
    append(file, frame + 4, 4);
}

void pcapng_open(struct pcapng *file, struct bytes *out)
{
    *file = (struct pcapng){.out = out};
    bytes_init(&file->packet, IP_BYTES + TCP_BYTES + SYN_OPTION_BYTES + PCAPNG_SEGMENT_BYTES_MAX);
    pcapng_options_open(&file->options);
}

void pcapng_section(struct pcapng *file, struct pcapng_options *options)
{
    unsigned char head[16];
    put32(head, 0x1a2b3c4d);
    put16(head + 4, 1);
    put16(head + 6, 0);
    memset(head + 8, 0xff, 8); /* the section's length is not said */
    finish_options(options);
    write_block(file, BLOCK_SECTION, head, sizeof head, NULL, &options->bytes);
}

void pcapng_interface(struct pcapng *file, struct pcapng_options *options)
{
    unsigned char head[8], nanoseconds = 9;
    put16(head, LINK_IPV4);
    put16(head + 2, 0);
    put32(head + 4, SNAP_BYTES);
    add_option(options, OPTION_TIME_RESOLUTION, &nanoseconds, 1);
    finish_options(options);
    write_block(file, BLOCK_INTERFACE, head, sizeof head, NULL, &options->bytes);
}

static void let_go(struct pcapng *file)
{
    unsigned char head[20], flags[4];
    const struct pcapng_segment *segment = &file->segment;
    if (!file->held) {
        return;
    }
    put32(head, segment->interface);
    put32(head + 4, (uint32_t)(segment->time_ns >> 32));
    put32(head + 8, (uint32_t)segment->time_ns);
    put32(head + 12, (uint32_t)file->packet.length);
    put32(head + 16, (uint32_t)file->packet.length);
    put32(flags, segment->outbound ? 2 : 1);
    add_option(&file->options, OPTION_FLAGS, flags, sizeof flags);
    finish_options(&file->options);
    write_block(file, BLOCK_PACKET, head, sizeof head, &file->packet, &file->options.bytes);
    file->held = false;
}

void pcapng_close(struct pcapng *file)
{
    let_go(file);
    bytes_free(&file->packet);
    pcapng_options_close(&file->options);
}

void pcapng_comment(struct pcapng *file, const char *text)
{
    pcapng_options_add(&file->options, PCAPNG_COMMENT, text);
}

/* --- packets
 * ---------------------------------------------------------------------------------------------------- */

static uint32_t sum(uint32_t start, const unsigned char *data, size_t length)
{
    uint32_t total = start;
    for (size_t i = 0; i < length; i++) {
        total += i % 2 ? data[i] : (uint32_t)data[i] << 8;
        total = (total & 0xffff) + (total >> 16);
    }
    return total;
}

static unsigned checksum(uint32_t total)
{
    return ~((total & 0xffff) + (total >> 16)) & 0xffff;
}

static void fill_ip(unsigned char ip[IP_BYTES], const struct pcapng_segment *segment, size_t tcp_length,
                    uint16_t identification)
{
    memset(ip, 0, IP_BYTES);
    ip[0] = 0x45;
    net16(ip + 2, (unsigned)(IP_BYTES + tcp_length));
    net16(ip + 4, identification);
    net16(ip + 6, 0x4000); /* not to be fragmented */
    ip[8] = 64;
    ip[9] = PROTOCOL_TCP;
    net32(ip + 12, segment->source);
    net32(ip + 16, segment->target);
    net16(ip + 10, checksum(sum(0, ip, IP_BYTES)));
}

static size_t fill_tcp(unsigned char tcp[TCP_BYTES + SYN_OPTION_BYTES], const struct pcapng_segment *segment)
{
    bool syn = segment->flags & TCP_SYN;
    size_t head = TCP_BYTES + (syn ? SYN_OPTION_BYTES : 0);
    memset(tcp, 0, TCP_BYTES + SYN_OPTION_BYTES);
    net16(tcp, segment->source_port);
    net16(tcp + 2, segment->target_port);
    net32(tcp + 4, segment->sequence);
    net32(tcp + 8, segment->flags & TCP_ACK ? segment->acknowledged : 0);
    tcp[12] = (unsigned char)(head / 4 << 4);
    tcp[13] = (unsigned char)segment->flags;
    net16(tcp + 14, WINDOW);
    if (syn) {
        static const unsigned char options[SYN_OPTION_BYTES] = {2, 4, PCAPNG_SEGMENT_BYTES_MAX >> 8,
                                                                PCAPNG_SEGMENT_BYTES_MAX & 0xff};
        memcpy(tcp + TCP_BYTES, options, sizeof options);
    }
    uint32_t total = sum(PROTOCOL_TCP + (uint32_t)(head + segment->length), tcp, head);
    unsigned char addresses[8];
    net32(addresses, segment->source);
    net32(addresses + 4, segment->target);
    total = sum(total, addresses, sizeof addresses);
    net16(tcp + 16, checksum(sum(total, segment->data, segment->length)));
    return head;
}

void pcapng_packet(struct pcapng *file, const struct pcapng_segment *segment)
{
    unsigned char ip[IP_BYTES], tcp[TCP_BYTES + SYN_OPTION_BYTES];
    assert(segment->length <= PCAPNG_SEGMENT_BYTES_MAX && !(segment->flags & TCP_SYN && segment->length));
    let_go(file);
    size_t head = fill_tcp(tcp, segment);
    fill_ip(ip, segment, head + segment->length, file->identification++);
    bytes_clear(&file->packet);
    bytes_clear(&file->options.bytes);
    file->options.comments = file->options.left_out = 0;
    file->full |= bytes_append(&file->packet, ip, sizeof ip) != BYTES_OK ||
                  bytes_append(&file->packet, tcp, head) != BYTES_OK ||
                  bytes_append(&file->packet, segment->data, segment->length) != BYTES_OK;
    file->segment = *segment;
    file->segment.data = NULL;
    file->held = true;
    file->packets++;
}

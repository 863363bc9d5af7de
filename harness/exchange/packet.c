/* packet - see packet.h. */
#include "harness/exchange/packet.h"

#include <string.h>

enum { IP_TCP = 6, VLANS_MAX = 4, EXTENSIONS_MAX = 16, ETHER_IPV4 = 0x0800, ETHER_IPV6 = 0x86dd };

struct rest { /* what is not taken apart yet */
    const unsigned char *data;
    size_t length;   /* captured */
    size_t original; /* there were */
};

static uint16_t read_u16(const unsigned char *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t read_u32(const unsigned char *at)
{
    return (uint32_t)read_u16(at) << 16 | read_u16(at + 2);
}

static enum packet_kind broken(struct packet *out, const char *why)
{
    out->why = why;
    return PACKET_BROKEN;
}

static bool skip(struct rest *rest, size_t n)
{
    if (rest->length < n) {
        return false;
    }
    rest->data += n;
    rest->length -= n;
    rest->original -= n;
    return true;
}

/* The datagram may be shorter than the packet: the rest is padding. */
static void shorten(struct rest *rest, size_t n)
{
    rest->original = n < rest->original ? n : rest->original;
    rest->length = rest->length < rest->original ? rest->length : rest->original;
}

/* --- TCP
 * ------------------------------------------------------------------------------------------------------------
 */

static enum packet_kind parse_tcp(struct rest rest, struct packet *out)
{
    const unsigned char *head = rest.data;
    size_t length = rest.length >= 20 ? (size_t)(head[12] >> 4) * 4 : 0;
    if (rest.length < 20) {
        return broken(out, "its TCP header is not whole");
    }
    if (length < 20 || length > rest.original) {
        return broken(out, "its TCP header has an impossible length");
    }
    out->from.port = read_u16(head);
    out->to.port = read_u16(head + 2);
    out->sequence = read_u32(head + 4);
    out->flags = head[13];
    if (skip(&rest, length)) {
        out->cut = rest.original - rest.length;
    } else { /* options were cut off, and the payload with them */
        out->cut = rest.original - length;
        rest.length = 0;
    }
    out->payload = rest.data;
    out->length = rest.length;
    return PACKET_TCP;
}

enum packet_kind packet_parse_tcp(const unsigned char *data, size_t length, size_t original,
                                  struct packet *out)
{
    return parse_tcp((struct rest){data, length, original}, out);
}

/* --- IP
 * -------------------------------------------------------------------------------------------------------------
 */

static enum packet_kind fragment(struct rest rest, uint32_t datagram, size_t offset, bool more,
                                 struct packet *out)
{
    out->datagram = datagram;
    out->offset = offset;
    out->more = more;
    out->payload = rest.data;
    out->length = rest.length;
    out->cut = rest.original - rest.length;
    return PACKET_FRAGMENT;
}

static enum packet_kind parse_ipv4(struct rest rest, struct packet *out)
{
    const unsigned char *head = rest.data;
    size_t length = rest.length >= 20 ? (size_t)(head[0] & 15) * 4 : 0;
    if (rest.length < 20) {
        return broken(out, "its IPv4 header is not whole");
    }
    size_t total = read_u16(head + 2), offset = (size_t)(read_u16(head + 6) & 0x1fff) * 8;
    if (head[0] >> 4 != 4 || length < 20 || (total != 0 && total < length)) {
        return broken(out, "its IPv4 header is none");
    }
    if (head[9] != IP_TCP) {
        return PACKET_OTHER;
    }
    out->from.family = out->to.family = 4;
    memcpy(out->from.bytes, head + 12, 4);
    memcpy(out->to.bytes, head + 16, 4);
    if (total != 0) { /* 0: a card was to fill it in (segmentation offload) */
        shorten(&rest, total);
    }
    if (!skip(&rest, length)) {
        return broken(out, "its IPv4 header is not whole");
    }
    bool more = head[6] & 0x20;
    return more || offset ? fragment(rest, read_u16(head + 4), offset, more, out) : parse_tcp(rest, out);
}

/* Extension headers, up to TCP. */
static enum packet_kind parse_extensions(struct rest rest, uint8_t next, struct packet *out)
{
    for (int i = 0; i < EXTENSIONS_MAX; i++) {
        const unsigned char *head = rest.data;
        switch (next) {
        case IP_TCP:
            return parse_tcp(rest, out);
        case 0:  /* hop by hop */
        case 43: /* routing */
        case 60: /* destination options */
        case 51: /* authentication */
            if (rest.length < 8 ||
                !skip(&rest, next == 51 ? (size_t)(head[1] + 2) * 4 : (size_t)(head[1] + 1) * 8)) {
                return broken(out, "an IPv6 extension header is not whole");
            }
            next = head[0];
            break;
        case 44:
            if (!skip(&rest, 8)) {
                return broken(out, "its IPv6 fragment header is not whole");
            }
            next = head[0];
            if (next == IP_TCP && (read_u16(head + 2) & 0xfff9) != 0) {
                return fragment(rest, read_u32(head + 4), read_u16(head + 2) & 0xfff8, head[3] & 1, out);
            }
            if ((read_u16(head + 2) & 0xfff9) != 0) {
                return PACKET_OTHER;
            }
            break;
        default:
            return PACKET_OTHER;
        }
    }
    return broken(out, "it has too many IPv6 extension headers");
}

static enum packet_kind parse_ipv6(struct rest rest, struct packet *out)
{
    const unsigned char *head = rest.data;
    if (!skip(&rest, 40)) {
        return broken(out, "its IPv6 header is not whole");
    }
    if (head[0] >> 4 != 6) {
        return broken(out, "its IPv6 header is none");
    }
    out->from.family = out->to.family = 6;
    memcpy(out->from.bytes, head + 8, 16);
    memcpy(out->to.bytes, head + 24, 16);
    if (read_u16(head + 4) != 0) { /* 0: a jumbogram, or offload */
        shorten(&rest, read_u16(head + 4));
    }
    return parse_extensions(rest, head[6], out);
}

static enum packet_kind parse_ip(struct rest rest, struct packet *out)
{
    if (rest.length == 0) {
        return broken(out, "it is empty");
    }
    return rest.data[0] >> 4 == 6 ? parse_ipv6(rest, out) : parse_ipv4(rest, out);
}

/* --- links
 * ----------------------------------------------------------------------------------------------------------
 */

static enum packet_kind parse_ether_type(struct rest rest, uint16_t type, struct packet *out)
{
    for (int i = 0; i < VLANS_MAX && (type == 0x8100 || type == 0x88a8 || type == 0x9100); i++) {
        const unsigned char *tag = rest.data;
        if (!skip(&rest, 4)) {
            return broken(out, "its VLAN tag is not whole");
        }
        type = read_u16(tag + 2);
    }
    return type == ETHER_IPV4 || type == ETHER_IPV6 ? parse_ip(rest, out) : PACKET_OTHER;
}

/* A header of so many bytes with the Ethernet type in it. */
static enum packet_kind parse_typed(struct rest rest, size_t header, size_t type, struct packet *out)
{
    const unsigned char *head = rest.data;
    return skip(&rest, header) ? parse_ether_type(rest, read_u16(head + type), out)
                               : broken(out, "its link header is not whole");
}

/* The family of addresses of the machine that captured: 2 is IPv4 everywhere, IPv6 has several numbers. */
static enum packet_kind parse_loopback(struct rest rest, struct packet *out)
{
    const unsigned char *head = rest.data;
    if (!skip(&rest, 4)) {
        return broken(out, "its link header is not whole");
    }
    uint32_t family = head[0] ? (uint32_t)head[0] | (uint32_t)head[1] << 8 : (uint32_t)head[2] << 8 | head[3];
    return family == 2 || family == 10 || family == 24 || family == 28 || family == 30 ? parse_ip(rest, out)
                                                                                       : PACKET_OTHER;
}

enum packet_kind packet_parse(int link, const unsigned char *data, size_t length, size_t original,
                              struct packet *out)
{
    struct rest rest = {data, length, original > length ? original : length};
    *out = (struct packet){0};
    switch (link) {
    case PACKET_LINK_NULL:
    case PACKET_LINK_LOOP:
        return parse_loopback(rest, out);
    case PACKET_LINK_ETHERNET:
        return parse_typed(rest, 14, 12, out);
    case PACKET_LINK_SLL:
        return parse_typed(rest, 16, 14, out);
    case PACKET_LINK_SLL2:
        return parse_typed(rest, 20, 0, out);
    case PACKET_LINK_RAW:
    case PACKET_LINK_IPV4:
    case PACKET_LINK_IPV6:
        return parse_ip(rest, out);
    default:
        return broken(out, "its link type is none that is known");
    }
}

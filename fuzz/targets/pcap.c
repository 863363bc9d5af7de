/*
 * pcap - packets become connections: whatever they are, nothing breaks; and where they are segments of a
 * stream, however cut, shuffled and repeated, the stream comes back.
 *
 * Files: harness/exchange/packet.c harness/exchange/fragments.c harness/exchange/reassembly.c
 *
 * The first byte of an input says which: even, the link type and packets, each behind two bytes of length;
 * odd, two sequence numbers, and segments of a stream that is always the same, three bytes each: side,
 * offset, length. The file formats are libpcap's, and not fuzzed here. Not reached: the bounds, which take
 * more packets than an input has.
 */
#include "harness/exchange/reassembly.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAM_BYTES = 256, FIN = PACKET_FIN, SYN = PACKET_SYN, ACK = PACKET_ACK };

/* What the dialogue says on its only connection; false: it has several, or none. */
static bool only_connection(const struct dialogue *dialogue, struct bytes said[2])
{
    for (size_t i = 0; i < dialogue->event_count; i++) {
        const struct dialogue_event *event = &dialogue->events[i];
        if (event->kind == DIALOGUE_CHUNK) {
            assert(bytes_append(&said[event->side], event->data, event->length) == BYTES_OK);
        }
    }
    return dialogue->connection_count == 1;
}

static void finish(struct arena *arena, struct reassembly *reassembly, struct dialogue *dialogue)
{
    struct seam_error error = {0};
    size_t count = reassembly_stream_count(reassembly);
    bool *wanted = arena_alloc_array(arena, count + 1, sizeof *wanted);
    reassembly_end(reassembly);
    for (size_t i = 0; i < count; i++) {
        wanted[i] = reassembly_stream(reassembly, i)->opened;
    }
    dialogue_open(dialogue, arena);
    assert(reassembly_fill(reassembly, wanted, dialogue, &error) == 0); /* nothing that a dialogue refuses */
}

static void add_packets(struct arena *arena, const uint8_t *data, size_t size)
{
    static const int links[] = {PACKET_LINK_NULL, PACKET_LINK_ETHERNET, PACKET_LINK_RAW,  PACKET_LINK_LOOP,
                                PACKET_LINK_SLL,  PACKET_LINK_IPV4,     PACKET_LINK_IPV6, PACKET_LINK_SLL2};
    struct reassembly *reassembly = reassembly_new(arena);
    struct dialogue dialogue;
    struct seam_error error = {0};
    int link = size ? links[data[0] % 8] : 0;
    for (size_t at = 1, n; at + 2 <= size; at += n) {
        size_t original = (size_t)data[at] << 8 | data[at + 1];
        at += 2;
        n = original < size - at ? original : size - at;
        uint8_t *packet = malloc(n ? n : 1); /* exactly as long */
        assert(packet);
        memcpy(packet, data + at, n);
        assert(reassembly_add(reassembly, link, packet, n, original, at, &error) == 0);
        free(packet);
    }
    finish(arena, reassembly, &dialogue);
}

static uint8_t stream_byte(int side, size_t offset)
{
    return (uint8_t)(offset * 7 + (size_t)side * 131 + offset / 64);
}

/* A raw IPv4 packet with a segment of the stream. */
static void add_segment(struct reassembly *reassembly, int side, uint32_t first, size_t offset, size_t length,
                        uint8_t flags)
{
    uint8_t packet[40 + STREAM_BYTES] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6};
    struct seam_error error = {0};
    uint32_t sequence = first + (uint32_t)offset;
    packet[2] = (uint8_t)((40 + length) >> 8);
    packet[3] = (uint8_t)(40 + length);
    packet[15] = side ? 2 : 1;
    packet[19] = side ? 1 : 2;
    packet[21] = side ? 2 : 1; /* ports */
    packet[23] = side ? 1 : 2;
    for (int i = 0; i < 4; i++) {
        packet[24 + i] = (uint8_t)(sequence >> (24 - 8 * i));
    }
    packet[32] = 0x50;
    packet[33] = flags;
    for (size_t i = 0; i < length; i++) {
        packet[40 + i] = stream_byte(side, offset + i);
    }
    assert(reassembly_add(reassembly, PACKET_LINK_RAW, packet, 40 + length, 40 + length, 0, &error) == 0);
}

static void add_stream(struct arena *arena, const uint8_t *data, size_t size)
{
    struct reassembly *reassembly = reassembly_new(arena);
    struct dialogue dialogue;
    struct bytes said[2];
    uint32_t first[2] = {0};
    for (size_t i = 0; i < 8 && i < size; i++) {
        first[i / 4] = first[i / 4] << 8 | data[i];
    }
    add_segment(reassembly, 0, first[0] - 1, 0, 0, SYN);
    add_segment(reassembly, 1, first[1] - 1, 0, 0, SYN | ACK);
    for (size_t at = 8; at + 3 <= size; at += 3) {
        size_t offset = data[at + 1], length = data[at + 2];
        length = length < STREAM_BYTES - offset ? length : STREAM_BYTES - offset;
        add_segment(reassembly, data[at] & 1, first[data[at] & 1], offset, length, ACK);
    }
    for (int side = 0; side < 2; side++) { /* whatever is missing */
        for (size_t offset = 0; offset < STREAM_BYTES; offset += 64) {
            add_segment(reassembly, side, first[side], offset, 64, ACK);
        }
        add_segment(reassembly, side, first[side], STREAM_BYTES, 0, FIN | ACK);
        bytes_init(&said[side], STREAM_BYTES);
    }
    finish(arena, reassembly, &dialogue);
    assert(reassembly_counts(reassembly)->conflicting == 0);
    assert(only_connection(&dialogue, said));
    assert(dialogue.over[0].ended[0] && dialogue.over[0].ended[1]);
    for (int side = 0; side < 2; side++) {
        assert(said[side].length == STREAM_BYTES);
        for (size_t i = 0; i < STREAM_BYTES; i++) {
            assert((uint8_t)said[side].data[i] == stream_byte(side, i));
        }
        bytes_free(&said[side]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    if (size > 0 && data[0] % 2 == 1) {
        add_stream(arena, data + 1, size - 1);
    } else if (size > 0) {
        add_packets(arena, data + 1, size - 1);
    }
    arena_free(arena);
    return 0;
}

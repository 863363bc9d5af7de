/* events - see events.h. */
#include "fuzz/layer/events.h"

#include <stdio.h>
#include <string.h>

#define HASH_START UINT64_C(0xcbf29ce484222325) /* FNV-1a, 64 bits */
#define HASH_PRIME UINT64_C(0x100000001b3)

static uint64_t hash_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * HASH_PRIME;
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
    for (int shift = 0; shift < 64; shift += 8) {
        hash = hash_byte(hash, (unsigned char)(number >> shift));
    }
    return hash;
}

void events_open(struct seam_fuzz_events *events, uint64_t merged_kinds, void *memory, size_t bytes)
{
    *events = (struct seam_fuzz_events){.merged_kinds = merged_kinds,
                                        .now = {.hash = HASH_START},
                                        .kept = memory,
                                        .kept_max = bytes,
                                        .kept_whole = true};
}

static void keep(struct seam_fuzz_events *events, const void *data, size_t length)
{
    struct event_head head;
    memcpy(&head, events->kept + events->last_head, sizeof head);
    size_t room = events->kept_max - events->kept_bytes, n = length < room ? length : room;
    if (head.kept + n > UINT32_MAX) {
        n = 0;
    }
    if (n) {
        memcpy(events->kept + events->kept_bytes, data, n);
    }
    events->kept_bytes += n;
    head.length += length;
    head.kept += (uint32_t)n;
    events->kept_whole = events->kept_whole && n == length;
    memcpy(events->kept + events->last_head, &head, sizeof head);
}

static void begin(struct seam_fuzz_events *events, unsigned kind)
{
    struct event_head head = {.kind = kind};
    if (events->open) {
        events->now.hash = hash_number(events->now.hash, events->now.bytes);
    }
    events->now.hash = hash_number(events->now.hash, kind);
    events->now.bytes = 0;
    events->now.count++;
    events->open = true;
    events->kind = kind;
    if (events->kept_whole && events->kept_max - events->kept_bytes >= sizeof head) {
        events->last_head = events->kept_bytes;
        memcpy(events->kept + events->kept_bytes, &head, sizeof head);
        events->kept_bytes += sizeof head;
    } else {
        events->kept_whole = false;
    }
}

void seam_fuzz_event(struct seam_fuzz_events *events, unsigned kind, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    if (events->closed) {
        events->told_after_close = true;
    }
    kind &= 63;
    if (!events->open || kind != events->kind || !(events->merged_kinds >> kind & 1)) {
        begin(events, kind);
    }
    uint64_t hash = events->now.hash;
    for (size_t i = 0; i < length; i++) {
        hash = hash_byte(hash, bytes[i]);
    }
    events->now.hash = hash;
    events->now.bytes += length;
    if (events->kept_whole) {
        keep(events, data, length);
    }
}

void seam_fuzz_number(struct seam_fuzz_events *events, unsigned kind, uint64_t number)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    seam_fuzz_event(events, kind, text, (size_t)n);
}

struct events_mark events_mark(const struct seam_fuzz_events *events)
{
    return events->now;
}

bool events_mark_equal(struct events_mark a, struct events_mark b)
{
    return a.hash == b.hash && a.bytes == b.bytes && a.count == b.count;
}

bool events_next(const struct seam_fuzz_events *events, size_t *at, struct event_head *head,
                 const unsigned char **data)
{
    if (events->kept_bytes - *at < sizeof *head) {
        return false;
    }
    memcpy(head, events->kept + *at, sizeof *head);
    *data = events->kept + *at + sizeof *head;
    *at += sizeof *head + head->kept;
    return true;
}

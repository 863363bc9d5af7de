/* reassembly - see reassembly.h. Offsets are sequence numbers without their wrap: the first byte of a side is
 * at 0. */
#include "harness/exchange/reassembly.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "harness/exchange/fragments.h"

struct waiting { /* a segment that came too early */
    int64_t begin;
    size_t order; /* of arrival */
    const unsigned char *data;
    size_t length;
};

struct piece { /* what was taken: the bytes of one chunk */
    uint64_t begin;
    const unsigned char *data;
    size_t length;
};

struct way {           /* one direction of a connection */
    bool known;        /* a sequence number was seen */
    uint32_t sequence; /* of the byte at next */
    int64_t next;
    struct piece *pieces;
    size_t piece_count, piece_capacity;
    struct waiting *heap; /* the one that begins first on top */
    size_t heap_count, heap_capacity;
    size_t hole_at; /* the first event since when something waits; SIZE_MAX: nothing does */
    bool end_known, ended;
    int64_t end;
};

struct tcp_connection {
    struct reassembly_stream stream;
    struct way ways[2]; /* by side */
    bool answered;      /* SYN and ACK, or anything in a stream that began before */
    bool reset;
};

struct flow { /* where the packets between two ends go */
    struct packet_address low, high;
    size_t connection;
};

struct reassembly {
    struct arena *arena;
    struct fragments *fragments;
    void *flows; /* tsearch */
    struct tcp_connection **connections;
    size_t connection_count, connection_capacity;
    struct dialogue_event *events;
    size_t event_count, event_capacity;
    struct reassembly_counts counts;
    size_t bytes, waiting_bytes, order;
    uint64_t now_ns;
    bool is_full;
};

static void keep_flow(void *flow)
{
    (void)flow; /* the arena's */
}

static void close_reassembly(void *object)
{
    struct reassembly *r = object;
    tdestroy(r->flows, keep_flow);
    fragments_free(r->fragments);
}

struct reassembly *reassembly_new(struct arena *arena)
{
    struct reassembly *r = arena_alloc(arena, sizeof *r);
    r->arena = arena;
    r->fragments = fragments_new();
    if (!r->fragments) {
        abort(); /* as an arena does */
    }
    arena_on_free(arena, close_reassembly, r);
    return r;
}

/* --- whose packet it is
 * ------------------------------------------------------------------------------------------------- */

static int compare_addresses(const struct packet_address *a, const struct packet_address *b)
{
    if (a->family != b->family) {
        return a->family < b->family ? -1 : 1;
    }
    int order = memcmp(a->bytes, b->bytes, sizeof a->bytes);
    return order ? order : (a->port > b->port) - (a->port < b->port);
}

static int compare_flows(const void *a, const void *b)
{
    const struct flow *x = a, *y = b;
    int order = compare_addresses(&x->low, &y->low);
    return order ? order : compare_addresses(&x->high, &y->high);
}

static struct flow *find_flow(struct reassembly *r, const struct packet *packet)
{
    bool ascending = compare_addresses(&packet->from, &packet->to) <= 0;
    struct flow key = {.low = ascending ? packet->from : packet->to,
                       .high = ascending ? packet->to : packet->from};
    void *found = tfind(&key, &r->flows, compare_flows);
    if (!found) {
        struct flow *flow = arena_copy(r->arena, &key, sizeof key);
        flow->connection = SIZE_MAX;
        found = tsearch(flow, &r->flows, compare_flows);
    }
    return found ? *(struct flow **)found : NULL;
}

static struct tcp_connection *begin_connection(struct reassembly *r, struct flow *flow,
                                               const struct packet *packet)
{
    struct tcp_connection *c = arena_alloc(r->arena, sizeof *c);
    bool syn = packet->flags & PACKET_SYN, from_client = !(packet->flags & PACKET_ACK);
    if (!syn) { /* servers have the lower ports, as a rule */
        from_client = packet->from.port >= packet->to.port;
        c->stream.begin_missing = c->stream.client_guessed = c->answered = true;
    } else if (!from_client) {
        c->stream.begin_missing = true;
    }
    c->stream.client = from_client ? packet->from : packet->to;
    c->stream.server = from_client ? packet->to : packet->from;
    c->ways[0].hole_at = c->ways[1].hole_at = SIZE_MAX;
    flow->connection = r->connection_count;
    r->connections = arena_grow(r->arena, r->connections, &r->connection_count, &r->connection_capacity,
                                sizeof *r->connections);
    r->connections[r->connection_count - 1] = c;
    return c;
}

/* --- what happened
 * ------------------------------------------------------------------------------------------------------ */

static void happen(struct reassembly *r, size_t connection, enum dialogue_kind kind, enum dialogue_side side,
                   const unsigned char *data, size_t length)
{
    struct tcp_connection *c = r->connections[connection];
    if (!c->stream.opened && kind != DIALOGUE_OPENED) {
        happen(r, connection, DIALOGUE_OPENED, DIALOGUE_CLIENT, NULL, 0);
    }
    c->stream.opened = true;
    r->events = arena_grow(r->arena, r->events, &r->event_count, &r->event_capacity, sizeof *r->events);
    r->events[r->event_count - 1] = (struct dialogue_event){.kind = kind,
                                                            .side = side,
                                                            .connection = connection,
                                                            .data = data,
                                                            .length = length,
                                                            .time_ns = r->now_ns};
}

/* --- segments that wait
 * ------------------------------------------------------------------------------------------------- */

static bool is_before(const struct waiting *a, const struct waiting *b)
{
    return a->begin != b->begin ? a->begin < b->begin : a->order < b->order;
}

static void swap(struct waiting *a, struct waiting *b)
{
    struct waiting c = *a;
    *a = *b;
    *b = c;
}

static void push(struct reassembly *r, struct way *way, int64_t begin, const unsigned char *data,
                 size_t length)
{
    way->heap = arena_grow(r->arena, way->heap, &way->heap_count, &way->heap_capacity, sizeof *way->heap);
    size_t i = way->heap_count - 1;
    way->heap[i] = (struct waiting){
        .begin = begin, .order = r->order++, .data = arena_copy(r->arena, data, length), .length = length};
    for (; i > 0 && is_before(&way->heap[i], &way->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        swap(&way->heap[i], &way->heap[(i - 1) / 2]);
    }
    r->waiting_bytes += length;
    r->bytes += length;
}

static struct waiting pop(struct reassembly *r, struct way *way)
{
    struct waiting top = way->heap[0];
    way->heap[0] = way->heap[--way->heap_count];
    for (size_t i = 0, child; (child = 2 * i + 1) < way->heap_count; i = child) {
        child += child + 1 < way->heap_count && is_before(&way->heap[child + 1], &way->heap[child]);
        if (!is_before(&way->heap[child], &way->heap[i])) {
            break;
        }
        swap(&way->heap[child], &way->heap[i]);
    }
    r->waiting_bytes -= top.length;
    return top;
}

/* --- segments
 * -----------------------------------------------------------------------------------------------------------
 */

/* Are these bytes, all of which came before, the same as then? */
static bool came_before(const struct way *way, int64_t begin, const unsigned char *data, size_t length)
{
    size_t low = 0, high = way->piece_count;
    if (begin < 0) { /* before the first that was captured */
        size_t skipped = (uint64_t)-begin < length ? (size_t)-begin : length;
        data += skipped;
        length -= skipped;
        begin = 0;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (way->pieces[middle].begin + way->pieces[middle].length <= (uint64_t)begin) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; length > 0 && low < way->piece_count; low++) {
        const struct piece *piece = &way->pieces[low];
        size_t at = (size_t)((uint64_t)begin - piece->begin),
               n = piece->length - at < length ? piece->length - at : length;
        if (memcmp(piece->data + at, data, n) != 0) {
            return false;
        }
        begin += (int64_t)n;
        data += n;
        length -= n;
    }
    return true;
}

/* data is in the arena, or is copied. */
static void take(struct reassembly *r, size_t connection, enum dialogue_side side, int64_t begin,
                 const unsigned char *data, size_t length, bool kept)
{
    struct tcp_connection *c = r->connections[connection];
    struct way *way = &c->ways[side];
    size_t old = begin < way->next ? (size_t)(way->next - begin) : 0;
    old = old < length ? old : length;
    bool probe = length == 1 && begin == way->next - 1; /* a keep-alive may have any byte (RFC 9293, 3.8.4) */
    if (old > 0 && !probe && !came_before(way, begin, data, old)) {
        r->counts.conflicting++;
    } else if (old == length && !probe) {
        r->counts.retransmitted++;
    }
    data += old;
    length -= old;
    if (length == 0) {
        return;
    }
    if (!kept) {
        data = arena_copy(r->arena, data, length);
        r->bytes += length;
    }
    way->pieces =
        arena_grow(r->arena, way->pieces, &way->piece_count, &way->piece_capacity, sizeof *way->pieces);
    way->pieces[way->piece_count - 1] =
        (struct piece){.begin = (uint64_t)way->next, .data = data, .length = length};
    way->next += (int64_t)length;
    way->sequence += (uint32_t)length;
    c->stream.bytes[side] += length;
    happen(r, connection, DIALOGUE_CHUNK, side, data, length);
}

static void hear_segment(struct reassembly *r, size_t connection, enum dialogue_side side,
                         const struct packet *packet)
{
    struct tcp_connection *c = r->connections[connection];
    struct way *way = &c->ways[side];
    int64_t begin = way->next + (int32_t)(packet->sequence - way->sequence);
    size_t length = packet->length;
    if (length > 0 && way->end_known &&
        begin + (int64_t)length > way->end) { /* behind the end there is nothing */
        r->counts.late++;
        length = begin < way->end ? (size_t)(way->end - begin) : 0;
    }
    if (length > 0 && begin > way->next) {
        r->counts.out_of_order++;
        way->hole_at = way->heap_count > 0 ? way->hole_at : r->event_count;
        push(r, way, begin, packet->payload, length);
    } else if (length > 0) {
        take(r, connection, side, begin, packet->payload, length, false);
    }
    while (way->heap_count > 0 && way->heap[0].begin <= way->next) {
        struct waiting top = pop(r, way);
        take(r, connection, side, top.begin, top.data, top.length, true);
        way->hole_at = way->heap_count > 0 ? r->event_count
                                           : SIZE_MAX; /* nobody acted on what is behind a hole before */
    }
    if ((packet->flags & PACKET_FIN) && packet->cut == 0 && !way->end_known) {
        way->end = begin + (int64_t)packet->length;
        way->end_known = way->end >= way->next;
    }
    if (way->end_known && !way->ended && way->next == way->end && way->heap_count == 0) {
        way->ended = true;
        happen(r, connection, DIALOGUE_END, side, NULL, 0);
    }
}

static void hear_syn(struct reassembly *r, size_t connection, enum dialogue_side side,
                     const struct packet *packet)
{
    struct tcp_connection *c = r->connections[connection];
    struct way *way = &c->ways[side];
    if (!way->known) {
        way->known = true;
        way->sequence = packet->sequence + 1;
    }
    c->answered = c->answered || (packet->flags & PACKET_ACK);
    if (c->answered && !c->stream.opened) {
        happen(r, connection, DIALOGUE_OPENED, DIALOGUE_CLIENT, NULL, 0);
    }
    if (packet->length > 0) { /* RFC 7413: it may have data */
        struct packet data = *packet;
        data.sequence++;
        data.flags &= (uint8_t)~PACKET_FIN;
        hear_segment(r, connection, side, &data);
    }
}

static void hear_reset(struct reassembly *r, size_t connection, enum dialogue_side side)
{
    struct tcp_connection *c = r->connections[connection];
    if (!c->answered) {
        r->counts.refused++;
    } else {
        happen(r, connection, DIALOGUE_RESET, side, NULL, 0);
    }
    c->reset = true;
}

/* A SYN that does not repeat the one before: somebody connects again from the same port. */
static bool is_new(const struct tcp_connection *c, const struct packet *packet)
{
    if ((packet->flags & (PACKET_SYN | PACKET_ACK)) != PACKET_SYN) {
        return false;
    }
    bool from_client = compare_addresses(&packet->from, &c->stream.client) == 0;
    const struct way *way = &c->ways[from_client ? DIALOGUE_CLIENT : DIALOGUE_SERVER];
    return c->reset || c->stream.begin_missing || !from_client ||
           (way->known && way->sequence - (uint32_t)way->next != packet->sequence + 1);
}

static int hear(struct reassembly *r, const struct packet *packet, struct seam_error *error)
{
    struct flow *flow = find_flow(r, packet);
    if (!flow) {
        return seam_error_set(error, "out of memory");
    }
    struct tcp_connection *c = flow->connection == SIZE_MAX ? NULL : r->connections[flow->connection];
    if (!c || is_new(c, packet)) {
        if (r->connection_count == DIALOGUE_CONNECTIONS_MAX) {
            return seam_error_set(error, "it has more than %d connections", DIALOGUE_CONNECTIONS_MAX);
        }
        c = begin_connection(r, flow, packet);
    }
    enum dialogue_side side =
        compare_addresses(&packet->from, &c->stream.client) == 0 ? DIALOGUE_CLIENT : DIALOGUE_SERVER;
    struct way *way = &c->ways[side];
    r->counts.cut += packet->cut > 0;
    if (c->reset) {
        r->counts.late += packet->length > 0;
        return 0;
    }
    if (packet->flags & PACKET_SYN) {
        hear_syn(r, flow->connection, side, packet);
        return 0;
    }
    if (packet->flags & PACKET_RST) {
        hear_reset(r, flow->connection, side);
        return 0;
    }
    if (!way->known) { /* its SYN was not captured */
        way->known = true;
        way->sequence = packet->sequence;
        c->stream.begin_missing = true;
    }
    c->answered = c->answered || side == DIALOGUE_SERVER || packet->length > 0;
    hear_segment(r, flow->connection, side, packet);
    return 0;
}

int reassembly_add(struct reassembly *r, int link, const unsigned char *data, size_t length, size_t original,
                   uint64_t time_ns, struct seam_error *error)
{
    struct packet packet;
    enum packet_kind kind = packet_parse(link, data, length, original, &packet);
    r->counts.packets++;
    r->now_ns = time_ns;
    if (kind == PACKET_FRAGMENT) {
        size_t whole = 0;
        const unsigned char *datagram = fragments_add(r->fragments, &packet, &whole);
        r->counts.fragments++;
        if (!datagram) {
            return 0;
        }
        packet.length = packet.cut = 0;
        kind = packet_parse_tcp(datagram, whole, whole, &packet);
    }
    if (kind == PACKET_BROKEN && r->counts.broken++ == 0) {
        r->counts.why_broken = packet.why;
    }
    r->counts.others += kind == PACKET_OTHER;
    if (kind != PACKET_TCP) {
        return 0;
    }
    if (r->bytes + packet.length > REASSEMBLY_BYTES_MAX) {
        return seam_error_set(error, "its connections have more than %zu MiB", REASSEMBLY_BYTES_MAX >> 20);
    }
    if (r->waiting_bytes + packet.length > REASSEMBLY_WAITING_BYTES_MAX) {
        return seam_error_set(error, "more than %zu MiB wait for segments that are missing",
                              REASSEMBLY_WAITING_BYTES_MAX >> 20);
    }
    return hear(r, &packet, error);
}

/* --- the end
 * ------------------------------------------------------------------------------------------------------------
 */

void reassembly_end(struct reassembly *r)
{
    r->counts.lost_fragments = fragments_lost(r->fragments);
    for (size_t i = 0; i < r->connection_count; i++) {
        struct tcp_connection *c = r->connections[i];
        r->counts.unanswered += !c->answered && !c->reset;
        for (int side = 0; side < 2; side++) {
            struct way *way = &c->ways[side];
            if (way->heap_count > 0) {
                c->stream.missing[side] = (uint64_t)(way->heap[0].begin - way->next);
                c->stream.missing_at[side] = (uint64_t)way->next;
            }
        }
    }
}

const struct reassembly_counts *reassembly_counts(const struct reassembly *r)
{
    return &r->counts;
}

size_t reassembly_stream_count(const struct reassembly *r)
{
    return r->connection_count;
}

const struct reassembly_stream *reassembly_stream(const struct reassembly *r, size_t index)
{
    return &r->connections[index]->stream;
}

int reassembly_fill(const struct reassembly *r, const bool *wanted, struct dialogue *dialogue,
                    struct seam_error *error)
{
    for (size_t i = 0; i < r->event_count; i++) {
        const struct dialogue_event *event = &r->events[i];
        const struct tcp_connection *c = r->connections[event->connection];
        if (wanted[event->connection] && i < c->ways[0].hole_at && i < c->ways[1].hole_at &&
            dialogue_add(dialogue, event, error) != 0) {
            return -1;
        }
    }
    return 0;
}

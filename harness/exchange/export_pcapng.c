/*
 * export_pcapng - a run as a capture: what its connections said, in TCP packets that are made up around it.
 *
 * From the run: the bytes, their chunks, the order of all events, ends and resets, the times, the ports that
 * listened. Made up: handshakes, acknowledgements, sequence numbers (from 0), addresses, clients' ports, and
 * the whole of TCP where the streams are a program's stdin and stdout. Each connection is an interface that
 * is named after it; Seam's packets go out of it, the program's come in. Packets stand in the order of the
 * transcript. What is no packet becomes a comment of the next one, or, behind the last, of that.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/exchange/pcapng.h"
#include "harness/exchange/told.h"

enum {
    LOOPBACK = 0x7f000001,     /* 127.0.0.1 */
    ELSEWHERE = 0x7f000100,    /* 127.0.1.0: clients whose made-up port could be the other one's real one */
    CLIENT_PORT_FIRST = 61000, /* above those that Linux gives */
    CLIENT_PORTS = 65536 - CLIENT_PORT_FIRST,
    UNKNOWN_PORT = 60000,
    TEXT_BYTES_MAX = 1 << 20,
};

enum { SEAM, PROGRAM };

struct end {
    uint32_t address;
    uint16_t port;
    uint32_t next;         /* sequence number of what it says next */
    uint32_t acknowledged; /* of the other's */
    bool ended;
};
struct wire {
    struct end ends[2];
    bool open, reset;
};

struct capture {
    const struct export_run *run;
    struct told told;
    struct wire *wires; /* per connection */
    struct pcapng file;
    struct bytes text;  /* the comment that is being made */
    struct bytes notes; /* comments that wait for the next packet, each with its NUL */
    bool full;
};

/* --- comments
 * ---------------------------------------------------------------------------------------------------- */

static void say_event(struct capture *c, const struct transcript_event *event)
{
    told_append_place(&c->told, event->step, &c->text);
    bytes_append_text(&c->text, ", ");
    told_append_event(&c->told, event, &c->text);
}

/* On the newest packet. */
static void comment(struct capture *c)
{
    pcapng_comment(&c->file, bytes_text(&c->text));
    bytes_clear(&c->text);
}

/* On the next packet. */
static void note(struct capture *c)
{
    c->full |= bytes_append(&c->notes, bytes_text(&c->text), c->text.length + 1) != BYTES_OK;
    bytes_clear(&c->text);
}

static void let_notes(struct capture *c)
{
    for (size_t at = 0; at < c->notes.length; at += strlen(c->notes.data + at) + 1) {
        pcapng_comment(&c->file, c->notes.data + at);
    }
    bytes_clear(&c->notes);
}

static void note_event(struct capture *c, const struct transcript_event *event)
{
    bytes_append_format(&c->text, "%" PRIu64 ".%06" PRIu64 " s, ", event->time_ns / 1000000000,
                        event->time_ns / 1000 % 1000000);
    say_event(c, event);
    note(c);
}

/* The comments of a packet that shows an event: what was said of it, and why it is. */
static void comment_event(struct capture *c, const struct transcript_event *event)
{
    const struct step *step = told_step(&c->told, event);
    comment(c);
    if (step && step->why) {
        bytes_append_text(&c->text, "why: ");
        told_append_text(&c->text, step->why);
        comment(c);
    }
}

/* --- packets
 * ----------------------------------------------------------------------------------------------------- */

static void packet(struct capture *c, const struct transcript_event *event, int from, unsigned flags,
                   const void *data, size_t length)
{
    size_t connection = c->told.connection_of[event->stream];
    struct end *source = &c->wires[connection].ends[from], *target = &c->wires[connection].ends[!from];
    if (flags & TCP_ACK) {
        source->acknowledged = target->next;
    }
    pcapng_packet(&c->file, &(struct pcapng_segment){.interface = (uint32_t)connection,
                                                     .outbound = from == SEAM,
                                                     .time_ns = c->run->began_ns + event->time_ns,
                                                     .source = source->address,
                                                     .target = target->address,
                                                     .source_port = source->port,
                                                     .target_port = target->port,
                                                     .sequence = source->next,
                                                     .acknowledged = source->acknowledged,
                                                     .flags = flags,
                                                     .data = data,
                                                     .length = length});
    let_notes(c);
    source->next += (uint32_t)length + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
}

static void acknowledge(struct capture *c, const struct transcript_event *event, int from)
{
    packet(c, event, from, TCP_ACK, NULL, 0);
}

static int client_of(const struct capture *c, size_t connection)
{
    return c->told.connections[connection].accepted ? PROGRAM : SEAM;
}

static void open_wire(struct capture *c, const struct transcript_event *event)
{
    size_t connection = c->told.connection_of[event->stream];
    int client = client_of(c, connection);
    packet(c, event, client, TCP_SYN, NULL, 0);
    say_event(c, event);
    comment_event(c, event);
    if (event->kind == EVENT_REFUSED) {
        packet(c, event, !client, TCP_RST | TCP_ACK, NULL, 0);
        c->wires[connection].reset = true;
        return;
    }
    packet(c, event, !client, TCP_SYN | TCP_ACK, NULL, 0);
    acknowledge(c, event, client);
    c->wires[connection].open = true;
}

/* The FIN that left with a chunk is an event of its own, of the same moment. */
static bool fin_rides(const struct capture *c, const struct transcript_event *event)
{
    const struct transcript *transcript = c->run->transcript;
    const struct transcript_event *next = event + 1;
    return next < transcript->events + transcript->event_count && next->kind == EVENT_END &&
           next->stream == event->stream && next->time_ns == event->time_ns &&
           transcript->streams[event->stream].kind == TRANSCRIPT_SENT;
}

static void show_chunk(struct capture *c, const struct transcript_event *event, int from)
{
    const char *data = bytes_text(&c->run->transcript->streams[event->stream].bytes) + event->offset;
    size_t count = (event->length + PCAPNG_SEGMENT_BYTES_MAX - 1) / PCAPNG_SEGMENT_BYTES_MAX;
    bool fin = fin_rides(c, event);
    for (size_t i = 0; i < count; i++) {
        size_t at = i * PCAPNG_SEGMENT_BYTES_MAX, left = event->length - at;
        size_t length = left < PCAPNG_SEGMENT_BYTES_MAX ? left : PCAPNG_SEGMENT_BYTES_MAX;
        bool last = i + 1 == count;
        packet(c, event, from, TCP_ACK | (last ? TCP_PSH : 0) | (last && fin ? TCP_FIN : 0), data + at,
               length);
        say_event(c, event);
        if (count > 1) {
            bytes_append_format(&c->text, ", packet %zu of %zu: one holds %d bytes at most", i + 1, count,
                                PCAPNG_SEGMENT_BYTES_MAX);
        }
        comment_event(c, event);
        if (last && fin) {
            say_event(c, event + 1);
            bytes_append_text(&c->text, ": in one write with these bytes");
            comment(c);
        }
        acknowledge(c, event, !from);
    }
}

static void show_end(struct capture *c, const struct transcript_event *event, int from)
{
    struct wire *wire = &c->wires[c->told.connection_of[event->stream]];
    if (event->kind == EVENT_RESET) {
        packet(c, event, from, TCP_RST | TCP_ACK, NULL, 0);
        wire->reset = true;
    } else if (wire->ends[from].ended) {
        return; /* it rode with its chunk */
    } else {
        packet(c, event, from, TCP_FIN | TCP_ACK, NULL, 0);
    }
    say_event(c, event);
    comment_event(c, event);
    if (event->kind == EVENT_END) {
        acknowledge(c, event, !from);
    }
}

static void show_event(struct capture *c, const struct transcript_event *event)
{
    size_t connection = c->told.connection_of[event->stream];
    if (connection == TOLD_NONE) {
        note_event(c, event);
        return;
    }
    struct wire *wire = &c->wires[connection];
    int from = told_is_from_seam(&c->told, event) ? SEAM : PROGRAM;
    bool opens = event->kind == EVENT_OPENED || event->kind == EVENT_REFUSED;
    bool ended = event->kind == EVENT_CHUNK && wire->ends[from].ended;
    if (opens != !wire->open || wire->reset || ended) {
        note_event(c, event); /* behind a reset nothing is on the wire */
    } else if (opens) {
        open_wire(c, event);
    } else if (event->kind == EVENT_CHUNK) {
        show_chunk(c, event, from);
        wire->ends[from].ended = fin_rides(c, event);
    } else {
        show_end(c, event, from);
        wire->ends[from].ended = true;
    }
}

/* --- the file
 * ---------------------------------------------------------------------------------------------------- */

static void say_line(struct capture *c, struct pcapng_options *options, const char *label, const char *text)
{
    if (text && *text) {
        bytes_append_text(&c->text, label);
        told_append_text(&c->text, text);
        pcapng_options_add(options, PCAPNG_COMMENT, bytes_text(&c->text));
        bytes_clear(&c->text);
    }
}

static void write_section(struct capture *c)
{
    const struct scenario *scenario = c->run->item->scenario;
    const struct result *result = c->run->result;
    struct pcapng_options options;
    pcapng_options_open(&options);
    say_line(c, &options, "scenario: ", scenario->name);
    say_line(c, &options, "why: ", scenario->why);
    bytes_append_text(&c->text, "result: ");
    told_append_result(&c->told, &c->text);
    pcapng_options_add(&options, PCAPNG_COMMENT, bytes_text(&c->text));
    bytes_clear(&c->text);
    say_line(c, &options, "xfail: ", scenario->xfail);
    say_line(c, &options, "cut: ", result->cut);
    say_line(c, &options, "again: ", result->rerun);
    say_line(c, &options, "notes: ", result->notes);
    say_line(
        c, &options, "",
        "Made by Seam of what it saw in a run; not captured. The run's: bytes, chunks, their order, ends and "
        "resets, times, ports that listened. Made up: handshakes, acknowledgements, sequence numbers, "
        "addresses, ports of clients. What came from a program stands as Seam's reads saw it, not as the "
        "program wrote it.");
    bytes_append_format(&c->text, "Seam %s", c->run->version);
    pcapng_options_add(&options, PCAPNG_APPLICATION, bytes_text(&c->text));
    bytes_clear(&c->text);
    pcapng_section(&c->file, &options);
    pcapng_options_close(&options);
}

static void set_ends(struct capture *c, size_t i)
{
    const struct told_connection *connection = &c->told.connections[i];
    struct end *client = &c->wires[i].ends[client_of(c, i)], *server = &c->wires[i].ends[!client_of(c, i)];
    bool clear = connection->port < CLIENT_PORT_FIRST;
    server->address = LOOPBACK;
    server->port = connection->port ? connection->port : UNKNOWN_PORT;
    client->address = (clear ? LOOPBACK : ELSEWHERE) + (uint32_t)(i / CLIENT_PORTS);
    client->port = (uint16_t)(CLIENT_PORT_FIRST + i % CLIENT_PORTS);
}

static void write_interface(struct capture *c, size_t i)
{
    const struct scenario *scenario = c->run->item->scenario;
    const struct told_connection *connection = &c->told.connections[i];
    const char *program =
        connection->program == TOLD_NONE ? "a program" : scenario->programs[connection->program].name;
    struct pcapng_options options;
    pcapng_options_open(&options);
    pcapng_options_add(&options, PCAPNG_NAME, scenario->connections[i].name);
    if (!connection->opened) {
        bytes_append_text(&c->text, "never opened");
    } else if (connection->stdio) {
        bytes_append_format(&c->text, "no TCP: stdin and stdout of %s, shown as a connection that Seam made",
                            program);
    } else {
        bytes_append_format(
            &c->text, "%s connected to %s, port %u%s", connection->accepted ? program : "Seam",
            connection->accepted               ? "Seam"
            : connection->program == TOLD_NONE ? "an address"
                                               : program,
            connection->port ? connection->port : UNKNOWN_PORT, connection->port ? "" : " (made up)");
    }
    pcapng_options_add(&options, PCAPNG_DESCRIPTION, bytes_text(&c->text));
    bytes_clear(&c->text);
    pcapng_interface(&c->file, &options);
    pcapng_options_close(&options);
}

/* On the newest packet, if there is one: it shows what was wrong, or was the last that was right. */
static void show_failure(struct capture *c)
{
    told_append_result(&c->told, &c->text);
    if (c->run->failed_step < c->run->item->scenario->script_count) {
        bytes_append_text(&c->text, "; in ");
        told_append_place(&c->told, c->run->failed_step, &c->text);
    }
    if (c->file.packets) {
        comment(c);
    } else {
        note(c);
    }
}

static void write_events(struct capture *c)
{
    const struct transcript *transcript = c->run->transcript;
    for (size_t i = 0; i <= transcript->event_count && !c->file.full; i++) {
        if (c->run->failed && i == c->run->failed_after) {
            show_failure(c);
        }
        if (i < transcript->event_count) {
            show_event(c, &transcript->events[i]);
        }
    }
    let_notes(c);
}

static bool has_packets(const struct capture *c)
{
    for (size_t i = 0; i < c->run->item->scenario->connection_count; i++) {
        if (c->told.connections[i].opened) {
            return true;
        }
    }
    return false;
}

bool export_pcapng(const struct export_run *run, struct bytes *out, char why_not[EXPORT_WHY_NOT_BYTES])
{
    struct capture c = {.run = run};
    size_t connections = run->item->scenario->connection_count;
    bytes_init(&c.text, TEXT_BYTES_MAX);
    bytes_init(&c.notes, (size_t)64 << 20);
    pcapng_open(&c.file, out);
    c.wires = calloc(connections + 1, sizeof *c.wires);
    bool good = told_open(&c.told, run) && c.wires;
    snprintf(why_not, EXPORT_WHY_NOT_BYTES, "out of memory");
    if (good && !has_packets(&c)) {
        snprintf(why_not, EXPORT_WHY_NOT_BYTES,
                 "no connection came about, so there are no packets; --to chart shows such a run");
        good = false;
    } else if (good) {
        write_section(&c);
        for (size_t i = 0; i < connections; i++) {
            set_ends(&c, i);
            write_interface(&c, i);
        }
        write_events(&c);
    }
    pcapng_close(&c.file);
    if (good && (c.file.full || c.full)) {
        snprintf(why_not, EXPORT_WHY_NOT_BYTES, "the capture would be larger than %zu MiB",
                 out->length_max >> 20);
        good = false;
    }
    told_close(&c.told);
    bytes_free(&c.text);
    bytes_free(&c.notes);
    free(c.wires);
    return good;
}

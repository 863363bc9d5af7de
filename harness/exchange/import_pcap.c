/*
 * import_pcap - a capture of packets, pcap or pcapng, becomes a scenario: its TCP connections, with their
 * segments as cuts.
 *
 * libpcap reads the file; packet.c and reassembly.c make connections of it. Nothing that was captured is
 * printed but as data of the scenario.
 */
#include "harness/exchange/reassembly.h"

#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/inside.h"

enum { STREAMS_TOLD_MAX = 20, ADDRESS_TEXT_BYTES = 64 };

struct capture {
    const struct import_request *request;
    struct imported *out;
    struct seam_error *error;
    pcap_t *pcap;
    struct reassembly *reassembly;
    bool *wanted; /* by stream */
};

/* --- the file
 * -----------------------------------------------------------------------------------------------------------
 */

static int open_capture(struct capture *capture)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    const char *path = capture->request->path;
    struct seam_error inner = {0};
    struct stat status;
    int fd = inside_open_any(path, NULL, &inner);
    if (fd < 0) {
        return seam_error_set(capture->error, "%.200s: %.300s", path, inner.text);
    }
    bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    FILE *file = regular ? fdopen(fd, "rb") : NULL;
    if (!file) {
        close(fd);
        return seam_error_set(capture->error, "%.200s: it is no regular file", path);
    }
    capture->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!capture->pcap) {
        fclose(file);
        return seam_error_set(capture->error, "%.200s: it is no capture that libpcap reads: %.200s", path,
                              import_visible_name(capture->out->arena, why));
    }
    return 0;
}

/* LINKTYPE_ and DLT_ numbers are the same for what is read here but raw IP. */
static int link_of(pcap_t *pcap)
{
    int link = pcap_datalink(pcap);
    return link == DLT_RAW ? PACKET_LINK_RAW : link;
}

static int check_link(const struct capture *capture)
{
    static const int known[] = {PACKET_LINK_NULL, PACKET_LINK_ETHERNET, PACKET_LINK_RAW,  PACKET_LINK_LOOP,
                                PACKET_LINK_SLL,  PACKET_LINK_IPV4,     PACKET_LINK_IPV6, PACKET_LINK_SLL2};
    int link = link_of(capture->pcap);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i] == link) {
            return 0;
        }
    }
    const char *name = pcap_datalink_val_to_name(pcap_datalink(capture->pcap));
    return seam_error_set(capture->error,
                          "its link type is %s (%d); Ethernet, loopback, Linux cooked and raw IP can be "
                          "read: captures of one of "
                          "these, or editcap -T, help",
                          name ? name : "unknown", pcap_datalink(capture->pcap));
}

static int read_packets(struct capture *capture)
{
    struct pcap_pkthdr *head;
    const unsigned char *data;
    uint64_t first_ns = 0;
    size_t number = 1;
    int got;
    for (; (got = pcap_next_ex(capture->pcap, &head, &data)) == 1; number++) {
        struct seam_error inner = {0};
        uint64_t ns = (uint64_t)head->ts.tv_sec * 1000000000 + (uint64_t)head->ts.tv_usec;
        first_ns = number == 1 ? ns : first_ns;
        if (reassembly_add(capture->reassembly, link_of(capture->pcap), data, head->caplen, head->len,
                           ns > first_ns ? ns - first_ns : 0, &inner) != 0) {
            return seam_error_set(capture->error, "packet %zu: %.300s", number, inner.text);
        }
    }
    if (got != PCAP_ERROR_BREAK) {
        return seam_error_set(capture->error, "packet %zu: %.200s", number,
                              import_visible_name(capture->out->arena, pcap_geterr(capture->pcap)));
    }
    reassembly_end(capture->reassembly);
    return 0;
}

/* --- which streams
 * -------------------------------------------------------------------------------------------------------- */

static void format_address(const struct packet_address *address, char out[ADDRESS_TEXT_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "";
    inet_ntop(address->family == 6 ? AF_INET6 : AF_INET, address->bytes, host, sizeof host);
    snprintf(out, ADDRESS_TEXT_BYTES, address->family == 6 ? "[%s]:%u" : "%s:%u", host, address->port);
}

static void format_stream(const struct capture *capture, size_t index, struct bytes *out)
{
    const struct reassembly_stream *stream = reassembly_stream(capture->reassembly, index);
    char client[ADDRESS_TEXT_BYTES], server[ADDRESS_TEXT_BYTES];
    format_address(&stream->client, client);
    format_address(&stream->server, server);
    bytes_append_format(out, "%zu: %s -> %s, %llu and %llu bytes", index + 1, client, server,
                        (unsigned long long)stream->bytes[DIALOGUE_CLIENT],
                        (unsigned long long)stream->bytes[DIALOGUE_SERVER]);
}

static size_t choose(struct capture *capture)
{
    const struct exchange_options *options = &capture->request->options;
    size_t chosen = 0, count = reassembly_stream_count(capture->reassembly);
    capture->wanted = arena_alloc_array(capture->out->arena, count + 1, sizeof *capture->wanted);
    for (size_t i = 0; i < count; i++) {
        const struct reassembly_stream *stream = reassembly_stream(capture->reassembly, i);
        capture->wanted[i] = stream->opened && (options->stream == 0 || options->stream == i + 1) &&
                             (options->port == 0 || options->port == stream->client.port ||
                              options->port == stream->server.port);
        chosen += capture->wanted[i];
    }
    return chosen;
}

/* The error when nothing was chosen, which lists what there is. */
static int refuse_choice(const struct capture *capture)
{
    const struct reassembly_counts *counts = reassembly_counts(capture->reassembly);
    size_t count = reassembly_stream_count(capture->reassembly);
    struct bytes text;
    bytes_init(&text, 4096);
    if (count == 0) {
        seam_error_set(capture->error, "there is no TCP in its %zu packet%s%s%s", counts->packets,
                       counts->packets == 1 ? "" : "s",
                       counts->broken ? "; of some not even that can be told: " : "",
                       counts->broken ? counts->why_broken : "");
        return -1;
    }
    bytes_append_text(&text, capture->request->options.stream || capture->request->options.port
                                 ? "none of its connections is that one; there are"
                                 : "none of its connections stood; there are");
    for (size_t i = 0; i < count && i < STREAMS_TOLD_MAX; i++) {
        bytes_append_text(&text, i ? "; " : " ");
        format_stream(capture, i, &text);
    }
    if (count > STREAMS_TOLD_MAX) {
        bytes_append_format(&text, "; and %zu more", count - STREAMS_TOLD_MAX);
    }
    seam_error_set(capture->error, "%s", bytes_text(&text));
    bytes_free(&text);
    return -1;
}

/* --- what is told
 * ---------------------------------------------------------------------------------------------------------
 */

static void note(struct bytes *out, size_t count, const char *one, const char *many)
{
    if (count > 0) {
        bytes_append_format(out, "%s%zu %s", out->length ? "; " : "", count, count == 1 ? one : many);
    }
}

static void note_streams(const struct capture *capture, struct bytes *out)
{
    size_t told = 0, count = reassembly_stream_count(capture->reassembly);
    for (size_t i = 0; i < count && told < STREAMS_TOLD_MAX; i++) {
        const struct reassembly_stream *stream = reassembly_stream(capture->reassembly, i);
        static const char *const names[] = {"client", "server"};
        for (int side = 0; capture->wanted[i] && side < 2; side++) {
            if (stream->missing[side] > 0) {
                told++;
                bytes_append_format(out,
                                    "%sof connection %zu %llu bytes that the %s said are missing, from "
                                    "offset %llu on: what follows "
                                    "is left out",
                                    out->length ? "; " : "", i + 1, (unsigned long long)stream->missing[side],
                                    names[side], (unsigned long long)stream->missing_at[side]);
            }
        }
        if (capture->wanted[i] && stream->begin_missing) {
            char client[ADDRESS_TEXT_BYTES];
            format_address(&stream->client, client);
            told++;
            bytes_append_format(out, "%sthe begin of connection %zu was not captured%s%s",
                                out->length ? "; " : "", i + 1,
                                stream->client_guessed ? ", its client is taken to be " : "",
                                stream->client_guessed ? client : "");
        }
    }
}

static void take_notes(struct capture *capture)
{
    const struct reassembly_counts *c = reassembly_counts(capture->reassembly);
    struct bytes out;
    bytes_init(&out, 64 * 1024);
    note_streams(capture, &out);
    note(&out, c->conflicting, "segment has other bytes than came before at its place: the first ones count",
         "segments have other bytes than came before at their place: the first ones count");
    note(&out, c->cut, "segment was not captured whole (snaplen)",
         "segments were not captured whole (snaplen)");
    note(&out, c->retransmitted, "segment came again", "segments came again");
    note(&out, c->out_of_order, "segment came out of order", "segments came out of order");
    note(&out, c->late, "segment came behind the end of its connection",
         "segments came behind the end of their connection");
    note(&out, c->lost_fragments, "IP datagram is not whole", "IP datagrams are not whole");
    note(&out, c->refused, "connection was refused", "connections were refused");
    note(&out, c->unanswered, "connection was not answered", "connections were not answered");
    note(&out, c->others, "packet is no TCP", "packets are no TCP");
    if (c->broken > 0) {
        note(&out, c->broken, "packet can't be read: ", "packets can't be read, the first because ");
        bytes_append_text(&out, c->why_broken);
    }
    capture->out->note = out.length ? arena_copy_text(capture->out->arena, bytes_text(&out)) : NULL;
    bytes_free(&out);
}

static enum result_exit print(struct capture *capture)
{
    struct dialogue dialogue;
    struct arena *arena = capture->out->arena;
    dialogue_open(&dialogue, arena);
    if (choose(capture) == 0) {
        refuse_choice(capture);
        return RESULT_EXIT_ERROR;
    }
    if (reassembly_fill(capture->reassembly, capture->wanted, &dialogue, capture->error) != 0) {
        return RESULT_EXIT_ERROR;
    }
    take_notes(capture);
    dialogue.name = arena_format(arena, "captured in %s", import_visible_name(arena, capture->request->path));
    dialogue.why = "what was captured, its segments as cuts";
    return dialogue_print(&dialogue, capture->request, capture->out, capture->error);
}

enum result_exit import_pcap(const struct import_request *request, struct imported *out,
                             struct seam_error *error)
{
    struct capture capture = {
        .request = request, .out = out, .error = error, .reassembly = reassembly_new(out->arena)};
    enum result_exit code = RESULT_EXIT_ERROR;
    if (open_capture(&capture) == 0 && check_link(&capture) == 0 && read_packets(&capture) == 0) {
        code = print(&capture);
    }
    if (capture.pcap) {
        pcap_close(capture.pcap);
    }
    return code;
}

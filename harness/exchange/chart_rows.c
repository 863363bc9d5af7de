/* chart_rows - the events of a chart: an arrow or a line of text each. */
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "harness/exchange/chart_inside.h"

enum {
    ABOVE = 7 /* a text stands so far above its arrow */,
    BYTES_COLUMNS_MIN = 20,
    NAME_COLUMNS_MAX = 20,
    DETAIL_LINES_MAX = 6
};

static const struct transcript_event *event_of(const struct chart *c, const struct chart_row *row)
{
    return &c->run->transcript->events[row->first];
}

static void put(struct chart *c, const char *class, enum svg_anchor anchor, int x, int y)
{
    svg_text(&c->svg, class, anchor, x, y, bytes_text(&c->text), c->text.length);
    bytes_clear(&c->text);
}

/* What a pointer over it shows: all there is to say. */
static void put_title(struct chart *c, const struct transcript_event *event)
{
    const struct step *step = told_step(&c->told, event);
    bytes_clear(&c->text);
    told_append_place(&c->told, event->step, &c->text);
    bytes_append_text(&c->text, ", ");
    told_append_event(&c->told, event, &c->text);
    if (step && step->why) {
        bytes_append_text(&c->text, "; why: ");
        told_append_text(&c->text, step->why);
    }
    svg_raw(&c->svg, "<title>");
    svg_escaped(&c->svg, bytes_text(&c->text), c->text.length);
    svg_raw(&c->svg, "</title>\n");
    bytes_clear(&c->text);
}

static void draw_time_and_step(struct chart *c, const struct chart_row *row, int y)
{
    const struct transcript_event *event = event_of(c, row);
    bytes_clear(&c->text);
    bytes_append_format(&c->text, "%" PRIu64 ".%06" PRIu64, event->time_ns / 1000000000,
                        event->time_ns / 1000 % 1000000);
    put(c, "dim", SVG_RIGHT, MARGIN + svg_width(10), y);
    if (row->step_begins) {
        struct bytes step;
        bytes_init(&step, 1 << 16);
        told_append_step(&c->told, event->step, &step);
        bytes_append_text(&step, step.length ? "" : "all steps done");
        svg_append_cut(&c->text, bytes_text(&step), STEP_COLUMNS_MAX);
        put(c, "", SVG_LEFT, c->step_x, y);
        bytes_free(&step);
    }
}

/* --- arrows
 * ----------------------------------------------------------------------------------------------------- */

/* On the right of the wire: how many bytes, and what is known of them. */
static size_t put_size(struct chart *c, const struct transcript_event *event, bool sent, int y)
{
    static const char *const words[] = {"", ", sent", ", paced", ", drained"};
    bytes_append_format(&c->text, "%" PRIu32 " byte%s", event->length, event->length == 1 ? "" : "s");
    if (sent) {
        bytes_append_text(&c->text, words[event->evidence]);
    }
    size_t columns = c->text.length;
    put(c, sent ? "sentword" : "small", SVG_RIGHT, c->wire_right - 4, y);
    return columns;
}

/* Of several connections, whose it is. */
static void put_name(struct chart *c, const struct transcript_event *event)
{
    if (c->connection_count > 1) {
        svg_append_cut(&c->text, c->run->transcript->streams[event->stream].name, NAME_COLUMNS_MAX);
        bytes_append_text(&c->text, " ");
    }
}

static void put_chunk(struct chart *c, const struct transcript_event *event, int y)
{
    const struct transcript_stream *stream = &c->run->transcript->streams[event->stream];
    size_t taken = put_size(c, event, told_is_from_seam(&c->told, event), y);
    size_t columns = (size_t)(c->wire_right - c->wire_left) * 10 / SVG_COLUMN - taken - 2;
    put_name(c, event);
    size_t named = svg_columns(bytes_text(&c->text), c->text.length);
    columns = columns > named + BYTES_COLUMNS_MIN ? columns - named : BYTES_COLUMNS_MIN;
    svg_append_bytes(&c->text, bytes_text(&stream->bytes) + event->offset, event->length, columns);
    put(c, "", SVG_LEFT, c->wire_left, y);
}

static void put_words(struct chart *c, const struct transcript_event *event, int y)
{
    const struct told_connection *connection = &c->told.connections[c->told.connection_of[event->stream]];
    put_name(c, event);
    switch (event->kind) {
    case EVENT_OPENED:
        bytes_append_text(&c->text, connection->stdio ? "stdin and stdout" : "connected");
        break;
    case EVENT_REFUSED:
        bytes_append_text(&c->text, "refused");
        break;
    case EVENT_RESET:
        bytes_append_text(&c->text, "reset (RST)");
        break;
    default:
        bytes_append_text(&c->text, connection->stdio ? "end" : "end (FIN)");
        break;
    }
    if (connection->port && (event->kind == EVENT_OPENED || event->kind == EVENT_REFUSED)) {
        bytes_append_format(&c->text, ", port %u", connection->port);
    }
    put(c, event->kind == EVENT_REFUSED || event->kind == EVENT_RESET ? "badword" : "dim", SVG_LEFT,
        c->wire_left, y);
}

static void draw_line(struct chart *c, const struct transcript_event *event, int from, int to, int y)
{
    static const char *const classes[] = {[EVIDENCE_NONE] = "sent undue",
                                          [EVIDENCE_SENT] = "sent unproved",
                                          [EVIDENCE_PACED] = "sent paced",
                                          [EVIDENCE_DRAINED] = "sent"};
    bool sent = told_is_from_seam(&c->told, event);
    int stop = to > from ? to - 8 : to + 8;
    switch (event->kind) {
    case EVENT_CHUNK:
        svg_arrow(&c->svg, sent ? classes[event->evidence] : "got", sent ? "senthead" : "gothead", from, to,
                  y);
        break;
    case EVENT_RESET:
    case EVENT_REFUSED:
        svg_line(&c->svg, "bad", from, y, stop, y);
        svg_cross(&c->svg, stop, y);
        break;
    case EVENT_END:
        svg_arrow(&c->svg, sent ? "sent undue" : "got", sent ? "senthead" : "gothead", from, to, y);
        svg_line(&c->svg, sent ? "sent" : "got", stop, y - 8, stop, y + 8);
        break;
    default:
        svg_arrow(&c->svg, "open", "openhead", from, to, y);
        break;
    }
}

static void draw_cut(struct chart *c, const struct chart_row *row, int x)
{
    const struct transcript_event *event = event_of(c, row);
    int y = row->y + row->height - CUT_HEIGHT / 2;
    svg_line(&c->svg, "cutline", x + 4, y, c->wire_right - 4, y);
    svg_scissors(&c->svg, x + 4, y);
    bytes_append_format(&c->text, "cut at %" PRIu64, event->offset + event->length);
    svg_raw(&c->svg, "<rect class=\"bg\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"12\"/>\n", c->wire_left + 20,
            y - 6, svg_width(c->text.length));
    put(c, "cutword", SVG_LEFT, c->wire_left + 24, y + 4);
}

static void draw_arrow(struct chart *c, const struct chart_row *row)
{
    const struct transcript_event *event = event_of(c, row);
    size_t connection = c->told.connection_of[event->stream];
    int x = c->connections[c->lane_of[connection]].x, peer = chart_peer(c, connection)->x;
    int y = row->y + ARROW_HEIGHT - 8;
    bool opens = event->kind == EVENT_OPENED || event->kind == EVENT_REFUSED;
    bool outward = opens ? !c->told.connections[connection].accepted : told_is_from_seam(&c->told, event);
    svg_raw(&c->svg, "<g>");
    put_title(c, event);
    draw_time_and_step(c, row, y);
    draw_line(c, event, outward ? x : peer, outward ? peer : x, y);
    if (event->kind == EVENT_CHUNK) {
        put_chunk(c, event, y - ABOVE);
    } else {
        put_words(c, event, y - ABOVE);
    }
    if (row->cut) {
        draw_cut(c, row, x);
    }
    svg_raw(&c->svg, "</g>\n");
}

/* --- what is no arrow
 * ------------------------------------------------------------------------------------------------------ */

void chart_note(struct chart *c, const struct transcript_event *event)
{
    const struct transcript_stream *stream = &c->run->transcript->streams[event->stream];
    bytes_clear(&c->text);
    if (event->kind == EVENT_CHUNK) {
        bytes_append_text(&c->text, stream->kind == TRANSCRIPT_TYPED ? "typed: " : "");
        svg_append_cut(&c->text, stream->name, NAME_COLUMNS_MAX);
        bytes_append_text(&c->text, " ");
        svg_append_bytes(&c->text, bytes_text(&stream->bytes) + event->offset, event->length,
                         NOTE_COLUMNS_MAX - svg_columns(bytes_text(&c->text), c->text.length));
    } else {
        struct bytes whole;
        bytes_init(&whole, 1 << 20);
        told_append_event(&c->told, event, &whole);
        svg_append_cut(&c->text, bytes_text(&whole), NOTE_COLUMNS_MAX);
        bytes_free(&whole);
    }
}

/* Seam ends programs with TERM, and with KILL. */
static bool is_bad_end(const struct transcript_event *event)
{
    return (event->kind == EVENT_EXITED && event->detail != 0) ||
           (event->kind == EVENT_KILLED && event->detail != SIGTERM && event->detail != SIGKILL);
}

static void draw_event(struct chart *c, const struct chart_row *row)
{
    const struct transcript_event *event = event_of(c, row);
    int x = chart_program(c, told_program(&c->told, event))->x, y = row->y + EVENT_HEIGHT / 2 + 4;
    svg_raw(&c->svg, "<g>");
    put_title(c, event);
    draw_time_and_step(c, row, y);
    svg_raw(&c->svg, "<circle class=\"event\" cx=\"%d\" cy=\"%d\" r=\"4\"/>\n", x, y - 4);
    chart_note(c, event);
    put(c, is_bad_end(event) ? "badword" : "", SVG_LEFT, c->note_x, y);
    svg_raw(&c->svg, "</g>\n");
}

static void draw_gap(struct chart *c, const struct chart_row *row)
{
    uint64_t sent = 0, received = 0, sent_bytes = 0, received_bytes = 0;
    for (size_t i = row->first; i < row->first + row->count; i++) {
        const struct transcript_event *event = &c->run->transcript->events[i];
        if (event->kind == EVENT_CHUNK && c->told.connection_of[event->stream] != TOLD_NONE) {
            bool ours = told_is_from_seam(&c->told, event);
            sent += ours;
            received += !ours;
            *(ours ? &sent_bytes : &received_bytes) += event->length;
        }
    }
    svg_raw(&c->svg, "<rect class=\"gap\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", MARGIN,
            row->y + 7, c->width - 2 * MARGIN, row->height - 14);
    bytes_append_format(&c->text,
                        "%zu events are left out here: %" PRIu64 " chunks sent (%" PRIu64 " bytes), %" PRIu64
                        " received (%" PRIu64 " bytes), %" PRIu64 " others",
                        row->count, sent, sent_bytes, received, received_bytes,
                        (uint64_t)row->count - sent - received);
    put(c, "bold", SVG_LEFT, MARGIN + 10, row->y + row->height / 2 + 4);
}

int chart_detail(struct chart *c, bool draw, int y)
{
    const char *line = c->run->result->detail ? c->run->result->detail : "";
    size_t columns = (size_t)(c->width - 2 * MARGIN - 24) * 10 / SVG_COLUMN;
    int lines = 0;
    while (*line && lines < DETAIL_LINES_MAX && strncmp(line, "the last of the wire:", 21) != 0) {
        size_t length = strcspn(line, "\n");
        if (draw) {
            struct bytes visible;
            bytes_init(&visible, 1 << 20);
            bytes_append_visible(&visible, line, length, BYTES_VISIBLE_TEXT);
            svg_append_cut(&c->text, bytes_text(&visible), columns);
            put(c, "", SVG_LEFT, MARGIN + 12, y + lines * LINE_HEIGHT);
            bytes_free(&visible);
        }
        lines++;
        line += length + (line[length] == '\n');
    }
    return lines;
}

static void draw_failure(struct chart *c, const struct chart_row *row)
{
    size_t columns = (size_t)(c->width - 2 * MARGIN - 24) * 10 / SVG_COLUMN;
    svg_raw(&c->svg, "<rect class=\"badbox\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>\n",
            MARGIN, row->y + 8, c->width - 2 * MARGIN, row->height - 16);
    told_append_place(&c->told, c->run->failed_step, &c->text);
    put(c, "bold", SVG_LEFT, MARGIN + 12, row->y + 26);
    told_append_result(&c->told, &c->text);
    int y = row->y + 26 + LINE_HEIGHT;
    y += LINE_HEIGHT * chart_lines(c, true, "badword", MARGIN + 12, y, bytes_text(&c->text), columns);
    bytes_clear(&c->text);
    chart_detail(c, true, y);
}

void chart_draw_rows(struct chart *c)
{
    bytes_clear(&c->text);
    for (size_t i = 0; i < c->row_count; i++) {
        switch (c->rows[i].kind) {
        case ROW_ARROW:
            draw_arrow(c, &c->rows[i]);
            break;
        case ROW_EVENT:
            draw_event(c, &c->rows[i]);
            break;
        case ROW_GAP:
            draw_gap(c, &c->rows[i]);
            break;
        case ROW_FAILURE:
            draw_failure(c, &c->rows[i]);
            break;
        }
    }
}

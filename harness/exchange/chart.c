/* chart - see chart.h. Here: where everything stands, and what stands around the rows. */
#include "harness/exchange/chart_inside.h"

#include <stdlib.h>
#include <string.h>

#include "harness/steps/args.h"

enum { HEAD_EVENTS = 110, TAIL_EVENTS = 50, AROUND_FAILURE = 40, LANE_WIDTH_MIN = 64, LINES_MAX = 12 };
#define TEXT_BYTES_MAX ((size_t)1 << 20)

static const struct transcript_event *event_at(const struct chart *c, size_t i)
{
    return &c->run->transcript->events[i];
}

static bool is_arrow(const struct chart *c, size_t i)
{
    return c->told.connection_of[event_at(c, i)->stream] != TOLD_NONE;
}

/* --- rows
 * ------------------------------------------------------------------------------------------------------ */

static bool is_drawn(const struct chart *c, size_t i)
{
    size_t count = c->run->transcript->event_count, failed = c->run->failed_after;
    return count <= CHART_EVENTS_MAX || i < HEAD_EVENTS || i + TAIL_EVENTS >= count ||
           (c->run->failed && i + AROUND_FAILURE >= failed && i < failed + AROUND_FAILURE / 4);
}

static bool may_join(const struct step *step)
{
    return step->verb == &step_send || step->verb == &step_close || step->verb == &step_repeat ||
           step->verb == &step_include;
}

/* Is the next thing that Seam sends on that stream part of the same burst? Then its end is a cut. */
static bool ends_in_cut(const struct chart *c, size_t i, size_t next)
{
    const struct scenario *scenario = c->run->item->scenario;
    const struct transcript_event *event = event_at(c, i),
                                  *behind = next == TOLD_NONE ? NULL : event_at(c, next);
    if (event->kind != EVENT_CHUNK || !told_is_from_seam(&c->told, event) || !behind ||
        behind->kind == EVENT_RESET || (behind->kind == EVENT_END && behind->time_ns == event->time_ns)) {
        return false;
    }
    for (size_t step = event->step; step <= behind->step; step++) {
        if (step >= scenario->script_count || !may_join(scenario->script[step].step) ||
            (step < behind->step && scenario->script[step].step->barrier)) {
            return false;
        }
    }
    return true;
}

static struct chart_row *add_row(struct chart *c, enum chart_row_kind kind, size_t first, int height)
{
    struct chart_row *row = &c->rows[c->row_count++];
    *row = (struct chart_row){.kind = kind, .first = first, .count = 1, .y = c->bottom, .height = height};
    c->bottom += height;
    return row;
}

static void add_event(struct chart *c, size_t i, size_t next_sent)
{
    const struct transcript_event *event = event_at(c, i);
    const struct chart_row *before = c->row_count ? &c->rows[c->row_count - 1] : NULL;
    if (!is_drawn(c, i)) {
        if (before && before->kind == ROW_GAP) {
            c->rows[c->row_count - 1].count++;
        } else {
            add_row(c, ROW_GAP, i, GAP_HEIGHT);
        }
        return;
    }
    bool first = !before || before->kind == ROW_GAP || event_at(c, before->first)->step != event->step;
    struct chart_row *row =
        add_row(c, is_arrow(c, i) ? ROW_ARROW : ROW_EVENT, i, is_arrow(c, i) ? ARROW_HEIGHT : EVENT_HEIGHT);
    row->step_begins = first;
    if (row->kind == ROW_ARROW) {
        struct chart_lane *lane = &c->connections[c->lane_of[c->told.connection_of[event->stream]]];
        lane->opened_y = lane->opened_y ? lane->opened_y : row->y + row->height - 8;
        lane->closed_y = row->y + row->height - 8;
        row->cut = ends_in_cut(c, i, next_sent);
        row->height += row->cut ? CUT_HEIGHT : 0;
        c->bottom += row->cut ? CUT_HEIGHT : 0;
        c->cuts |= row->cut;
        c->resets |= event->kind == EVENT_RESET;
        c->evidence[event->evidence] |= event->kind == EVENT_CHUNK && told_is_from_seam(&c->told, event);
    }
}

static void add_failure(struct chart *c)
{
    bytes_clear(&c->text);
    told_append_result(&c->told, &c->text);
    size_t columns = (size_t)(c->width - 2 * MARGIN - 24) * 10 / SVG_COLUMN;
    int lines = chart_lines(c, false, "", 0, 0, bytes_text(&c->text), columns) + chart_detail(c, false, 0);
    add_row(c, ROW_FAILURE, c->run->failed_after ? c->run->failed_after - 1 : 0,
            (lines + 1) * LINE_HEIGHT + 26);
}

static bool lay_out_rows(struct chart *c)
{
    const struct transcript *transcript = c->run->transcript;
    size_t *next_sent = calloc(transcript->event_count + 1, sizeof *next_sent);
    size_t *last = calloc(transcript->stream_count + 1, sizeof *last);
    c->rows = calloc(transcript->event_count + 2, sizeof *c->rows);
    bool good = next_sent && last && c->rows;
    for (size_t i = 0; good && i < transcript->stream_count; i++) {
        last[i] = TOLD_NONE;
    }
    for (size_t i = good ? transcript->event_count : 0; i-- > 0;) {
        next_sent[i] = last[transcript->events[i].stream];
        last[transcript->events[i].stream] = i;
    }
    for (size_t i = 0; good && i <= transcript->event_count; i++) {
        if (c->run->failed && i == c->run->failed_after) {
            add_failure(c);
        }
        if (i < transcript->event_count) {
            add_event(c, i, next_sent[i]);
        }
    }
    free(next_sent);
    free(last);
    return good;
}

/* --- lanes
 * ----------------------------------------------------------------------------------------------------- */

const struct chart_lane *chart_program(const struct chart *c, size_t program)
{
    size_t last = c->program_count - 1 - (c->beyond ? 1 : 0);
    return program == TOLD_NONE ? &c->programs[c->program_count - 1]
                                : &c->programs[program < last ? program : last];
}

const struct chart_lane *chart_peer(const struct chart *c, size_t connection)
{
    return chart_program(c, c->told.connections[connection].program);
}

/* Connections in the order in which they were opened; those that never were have none. */
static void choose_lanes(struct chart *c)
{
    const struct scenario *scenario = c->run->item->scenario;
    for (size_t i = 0; i < c->run->transcript->event_count; i++) {
        size_t connection = c->told.connection_of[event_at(c, i)->stream];
        if (connection == TOLD_NONE || c->lane_of[connection] != TOLD_NONE) {
            continue;
        }
        c->connections_shown++;
        c->beyond |= c->told.connections[connection].program == TOLD_NONE;
        if (c->connection_count < CHART_LANES_MAX) {
            c->connections[c->connection_count++].index = connection;
        } else {
            c->connections[CHART_LANES_MAX - 1].index = TOLD_NONE;
        }
        c->lane_of[connection] = c->connection_count - 1;
    }
    for (size_t i = 0; i < scenario->program_count && i < CHART_LANES_MAX; i++) {
        c->programs[c->program_count++].index =
            scenario->program_count > CHART_LANES_MAX && i + 1 == CHART_LANES_MAX ? TOLD_NONE : i;
    }
    if (c->beyond || c->program_count == 0) {
        c->beyond = true;
        c->programs[c->program_count++].index = TOLD_NONE;
    }
}

static void name_lane(struct chart *c, bool connection, const struct chart_lane *lane)
{
    const struct scenario *scenario = c->run->item->scenario;
    bytes_clear(&c->text);
    if (lane->index != TOLD_NONE) {
        svg_append_cut(
            &c->text,
            connection ? scenario->connections[lane->index].name : scenario->programs[lane->index].name, 20);
    } else if (connection) {
        bytes_append_format(&c->text, "%zu more", c->connections_shown - CHART_LANES_MAX + 1);
    } else if (c->beyond && lane == &c->programs[c->program_count - 1]) {
        bytes_append_text(&c->text, "elsewhere");
    } else {
        bytes_append_format(&c->text, "%zu more", scenario->program_count - CHART_LANES_MAX + 1);
    }
}

static int place_lanes(struct chart *c, bool connection, struct chart_lane *lanes, size_t count, int x)
{
    for (size_t i = 0; i < count; i++) {
        name_lane(c, connection, &lanes[i]);
        int width = svg_width(c->text.length) + 28;
        width = width < LANE_WIDTH_MIN ? LANE_WIDTH_MIN : width;
        lanes[i].x = x + width / 2;
        x += width;
    }
    return x;
}

static size_t step_columns(struct chart *c)
{
    size_t most = 14; /* "all steps done" */
    for (size_t i = 0; i < c->run->transcript->event_count; i++) {
        if (is_drawn(c, i)) {
            bytes_clear(&c->text);
            told_append_step(&c->told, event_at(c, i)->step, &c->text);
            size_t columns = svg_columns(bytes_text(&c->text), c->text.length);
            most = columns > most ? columns : most;
        }
    }
    return most < STEP_COLUMNS_MAX ? most : STEP_COLUMNS_MAX;
}

static size_t note_columns(struct chart *c)
{
    size_t most = 0;
    for (size_t i = 0; i < c->run->transcript->event_count; i++) {
        if (is_drawn(c, i) && !is_arrow(c, i)) {
            chart_note(c, event_at(c, i));
            size_t columns = svg_columns(bytes_text(&c->text), c->text.length);
            most = columns > most ? columns : most;
        }
    }
    return most;
}

static void lay_out_columns(struct chart *c)
{
    c->step_x = MARGIN + svg_width(10) + 14;
    int x = c->step_x + svg_width(step_columns(c)) + 10;
    c->wire_left = place_lanes(c, true, c->connections, c->connection_count, x);
    if (c->connection_count) {
        c->wire_left = c->connections[c->connection_count - 1].x + 10;
        c->wire_right = c->wire_left + svg_width(WIRE_COLUMNS);
    } else {
        c->wire_right = c->wire_left;
    }
    place_lanes(c, false, c->programs, c->program_count,
                c->wire_right + (c->connection_count ? 10 - LANE_WIDTH_MIN / 2 : 0));
    c->wire_right = c->programs[0].x - 10;
    c->note_x = c->programs[c->program_count - 1].x + 14;
    name_lane(c, false, &c->programs[c->program_count - 1]);
    int last = c->programs[c->program_count - 1].x + svg_width(c->text.length) / 2 + 12;
    int notes = c->note_x + svg_width(note_columns(c));
    c->width = (notes > last ? notes : last) + MARGIN;
    c->width = c->width < 640 ? 640 : c->width;
}

/* --- around the rows
 * ---------------------------------------------------------------------------------------------- */

int chart_lines(struct chart *c, bool draw, const char *class, int x, int y, const char *text, size_t columns)
{
    int lines = 0;
    for (size_t length; (length = svg_line_length(text, columns)) > 0; text += length) {
        if (++lines == LINES_MAX && text[length]) {
            bytes_clear(&c->line);
            bytes_append_format(&c->line, "\xe2\x80\xa6 and %zu bytes more", strlen(text));
            if (draw) {
                svg_text(&c->svg, class, SVG_LEFT, x, y, bytes_text(&c->line), c->line.length);
            }
            return lines;
        }
        if (draw) {
            svg_text(&c->svg, class, SVG_LEFT, x, y, text, length);
        }
        y += LINE_HEIGHT;
    }
    return lines;
}

/* Title, why, where from; with draw false only their height. */
static int head(struct chart *c, bool draw)
{
    const struct scenario *scenario = c->run->item->scenario;
    const struct result *result = c->run->result;
    size_t columns = (size_t)(c->width - 2 * MARGIN) * 10 / SVG_COLUMN;
    int y = MARGIN + 16;
    bytes_clear(&c->text);
    told_append_text(&c->text, scenario->name);
    y += 4 + LINE_HEIGHT * chart_lines(c, draw, "title", MARGIN, y, bytes_text(&c->text), columns * 3 / 4);
    if (scenario->why) {
        bytes_clear(&c->text);
        told_append_text(&c->text, scenario->why);
        y += LINE_HEIGHT * chart_lines(c, draw, "dim", MARGIN, y, bytes_text(&c->text), columns);
    }
    bool good = result->status == RESULT_PASSED;
    bytes_clear(&c->text);
    bytes_append_text(&c->text, result->status == RESULT_XFAILED ? "failed, as xfail says"
                                : result->status == RESULT_ERROR ? "could not be carried out"
                                                                 : result_status_words[result->status]);
    int width = svg_width(c->text.length) + 16;
    if (draw) {
        svg_raw(&c->svg, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"20\" rx=\"10\"/>\n",
                good ? "goodbox" : "badbox", MARGIN, y - 6, width);
        svg_text(&c->svg, good ? "goodword" : "badword", SVG_LEFT, MARGIN + 8, y + 8, bytes_text(&c->text),
                 c->text.length);
    }
    bytes_clear(&c->text);
    told_append_text(&c->text, result->rerun ? result->rerun : scenario->path);
    y += 8;
    y += LINE_HEIGHT * chart_lines(c, draw, "dim", MARGIN + width + 10, y, bytes_text(&c->text),
                                   columns - (size_t)(width + 10) * 10 / SVG_COLUMN);
    return y + 4;
}

static void draw_lane(struct chart *c, bool connection, const struct chart_lane *lane, int end)
{
    name_lane(c, connection, lane);
    int width = svg_width(c->text.length) + 16;
    svg_line(&c->svg, "life", lane->x, c->top - 8, lane->x, end);
    if (connection && lane->opened_y && lane->index != TOLD_NONE) {
        svg_line(&c->svg, "alive", lane->x, lane->opened_y, lane->x, lane->closed_y);
    }
    svg_raw(&c->svg, "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"24\" rx=\"%d\"/>\n",
            lane->x - width / 2, c->top - 32, width, connection ? 12 : 3);
    svg_text(&c->svg, "bold", SVG_MIDDLE, lane->x, c->top - 16, bytes_text(&c->text), c->text.length);
}

static void draw_lanes(struct chart *c)
{
    static const char ours[] = "Seam plays", theirs[] = "programs";
    svg_text(&c->svg, "small", SVG_RIGHT, MARGIN + svg_width(10), c->top - 16, "seconds", 7);
    svg_text(&c->svg, "small", SVG_LEFT, c->step_x, c->top - 16, "line, step", 10);
    for (size_t i = 0; i < c->row_count; i++) {
        if (c->rows[i].step_begins) {
            svg_line(&c->svg, "rule", MARGIN, c->rows[i].y + 1, c->width - MARGIN, c->rows[i].y + 1);
        }
    }
    for (size_t i = 0; i < c->connection_count; i++) {
        draw_lane(c, true, &c->connections[i], c->bottom);
    }
    for (size_t i = 0; i < c->program_count; i++) {
        draw_lane(c, false, &c->programs[i], c->bottom);
    }
    if (c->connection_count) {
        svg_text(&c->svg, "small", SVG_MIDDLE,
                 (c->connections[0].x + c->connections[c->connection_count - 1].x) / 2, c->top - 38, ours,
                 sizeof ours - 1);
    }
    svg_text(&c->svg, "small", SVG_MIDDLE, (c->programs[0].x + c->programs[c->program_count - 1].x) / 2,
             c->top - 38, theirs, sizeof theirs - 1);
}

static int legend_line(struct chart *c, const char *class, const char *head_class, int y, const char *text)
{
    svg_arrow(&c->svg, class, head_class, MARGIN, MARGIN + 46, y - 4);
    svg_text(&c->svg, "small", SVG_LEFT, MARGIN + 58, y, text, strlen(text));
    return y + 15;
}

static void draw_legend(struct chart *c)
{
    int y = c->bottom + 22;
    static const char *const says[] = {
        [EVIDENCE_NONE] = "sent by Seam; nothing had to be proved of it",
        [EVIDENCE_SENT] = "sent by Seam; not proved to be read alone",
        [EVIDENCE_PACED] = "sent by Seam, which then waited; not proved to be read alone",
        [EVIDENCE_DRAINED] = "sent by Seam, drained: the program had read it whole before more of it left",
    };
    static const char *const classes[] = {[EVIDENCE_NONE] = "sent undue",
                                          [EVIDENCE_SENT] = "sent unproved",
                                          [EVIDENCE_PACED] = "sent paced",
                                          [EVIDENCE_DRAINED] = "sent"};
    for (int i = EVIDENCE_DRAINED; i >= EVIDENCE_NONE; i--) {
        y = c->evidence[i] ? legend_line(c, classes[i], "senthead", y, says[i]) : y;
    }
    if (c->connection_count) {
        y = legend_line(c, "got", "gothead", y,
                        "received, as one read of Seam saw it: not as the program wrote it");
    }
    if (c->cuts) {
        svg_line(&c->svg, "cutline", MARGIN + 12, y - 4, MARGIN + 46, y - 4);
        svg_scissors(&c->svg, MARGIN + 12, y - 4);
        svg_text(&c->svg, "small", SVG_LEFT, MARGIN + 58, y,
                 "a cut: the bytes before and behind it left in two writes", 56);
        y += 15;
    }
    if (c->resets) {
        svg_line(&c->svg, "bad", MARGIN, y - 4, MARGIN + 40, y - 4);
        svg_cross(&c->svg, MARGIN + 40, y - 4);
        svg_text(&c->svg, "small", SVG_LEFT, MARGIN + 58, y, "reset", 5);
        y += 15;
    }
    bytes_clear(&c->text);
    bytes_append_format(&c->text, "Seam %s", c->run->version);
    svg_text(&c->svg, "small", SVG_RIGHT, c->width - MARGIN, c->height - 12, bytes_text(&c->text),
             c->text.length);
}

static int legend_height(const struct chart *c)
{
    int lines = (c->connection_count > 0) + c->cuts + c->resets;
    for (int i = EVIDENCE_NONE; i <= EVIDENCE_DRAINED; i++) {
        lines += c->evidence[i];
    }
    return 22 + 15 * lines + 22;
}

static bool prepare(struct chart *c, const struct export_run *run)
{
    size_t connections = run->item->scenario->connection_count;
    c->lane_of = calloc(connections + 1, sizeof *c->lane_of);
    if (!told_open(&c->told, run) || !c->lane_of) {
        return false;
    }
    for (size_t i = 0; i < connections; i++) {
        c->lane_of[i] = TOLD_NONE;
    }
    choose_lanes(c);
    lay_out_columns(c);
    c->top = c->bottom = head(c, false) + 60;
    return lay_out_rows(c);
}

bool chart_draw(const struct export_run *run, struct bytes *out)
{
    struct chart c = {.run = run};
    bytes_init(&c.text, TEXT_BYTES_MAX);
    bytes_init(&c.line, TEXT_BYTES_MAX);
    bool good = prepare(&c, run);
    if (good) {
        c.bottom += 10;
        c.height = c.bottom + legend_height(&c);
        bytes_clear(&c.text);
        told_append_text(&c.text, run->item->scenario->name);
        svg_begin(&c.svg, out, c.width, c.height, bytes_text(&c.text));
        head(&c, true);
        draw_lanes(&c);
        chart_draw_rows(&c);
        draw_legend(&c);
        svg_end(&c.svg);
        good = !c.svg.full;
    }
    told_close(&c.told);
    bytes_free(&c.text);
    bytes_free(&c.line);
    free(c.rows);
    free(c.lane_of);
    return good;
}

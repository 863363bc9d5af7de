/* chart - the inside of it, for chart.c (where everything stands) and chart_rows.c (what is drawn there). */
#ifndef SEAM_HARNESS_EXCHANGE_CHART_INSIDE_H
#define SEAM_HARNESS_EXCHANGE_CHART_INSIDE_H

#include "harness/exchange/chart.h"
#include "harness/exchange/svg.h"
#include "harness/exchange/told.h"

enum {
    MARGIN = 16,
    ARROW_HEIGHT = 34,
    EVENT_HEIGHT = 22,
    CUT_HEIGHT = 18,
    GAP_HEIGHT = 40,
    LINE_HEIGHT = 17,
    WIRE_COLUMNS = 58,
    STEP_COLUMNS_MAX = 26,
    NOTE_COLUMNS_MAX = 52,
};

enum chart_row_kind { ROW_ARROW, ROW_EVENT, ROW_GAP, ROW_FAILURE };
struct chart_row {
    enum chart_row_kind kind;
    size_t first, count; /* events */
    int y, height;
    bool cut; /* a write ends here in the middle of a burst */
    bool step_begins;
};

struct chart_lane {
    int x;
    int opened_y, closed_y; /* 0: never */
    size_t index;           /* of the connection or program; TOLD_NONE: several, or none of the scenario's */
};
struct chart {
    const struct export_run *run;
    struct told told;
    struct svg svg;
    struct bytes text, line; /* scratch */
    struct chart_row *rows;
    size_t row_count;
    struct chart_lane connections[CHART_LANES_MAX + 1], programs[CHART_LANES_MAX + 2];
    size_t connection_count, program_count; /* lanes */
    size_t *lane_of;                        /* per connection of the scenario */
    size_t connections_shown;               /* of the scenario that have a lane, alone or shared */
    bool beyond;                            /* the last lane of a program is for all that is none */
    int step_x, wire_left, wire_right, note_x, width, top, bottom, height;
    bool evidence[EVIDENCE_DRAINED + 1], cuts, resets; /* which there are, for the legend */
};

/* The lane at the other end of a connection. */
const struct chart_lane *chart_peer(const struct chart *c, size_t connection);
const struct chart_lane *chart_program(const struct chart *c, size_t program);
void chart_draw_rows(struct chart *c);
/* Lines of a text, of `columns` each; returns their number. Without draw it only counts. */
int chart_lines(struct chart *c, bool draw, const char *class, int x, int y, const char *text,
                size_t columns);

/* Fills text with what happened to a program, as it is drawn. */
void chart_note(struct chart *c, const struct transcript_event *event);
/* The first lines of what there is to say of a failure, without the wire; returns their number. */
int chart_detail(struct chart *c, bool draw, int y);

#endif

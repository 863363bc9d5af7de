/*
 * expect - takes one unit from a stream's bytes and checks it: pure, no run, no world, no time.
 *
 * A unit is cut from the bytes that have come so far, never from a read, so the answer can't depend on how
 * the reads fell: EXPECT_MORE until the unit is complete, EXPECT_FAILED at the first impossible byte.
 * Connections are strict: the unit begins at the cursor. Outputs and logs are searched: the unit is the first
 * that fits behind the cursor.
 */
#ifndef SEAM_HARNESS_EXPECT_H
#define SEAM_HARNESS_EXPECT_H

#include "harness/data.h"
#include "harness/pattern.h"
#include "src/line_reader.h"

enum expect_unit {
    EXPECT_LITERAL,     /* exactly these bytes */
    EXPECT_LINE,        /* the next line, for `matches` alone */
    EXPECT_SIZE,        /* so many bytes */
    EXPECT_UNTIL,       /* up to and with these bytes */
    EXPECT_UNTIL_MATCH, /* lines up to and with the first that matches */
    EXPECT_REST,        /* everything up to the end of the stream */
    EXPECT_UNORDERED,   /* these lines, in any order */
};

struct expect_want {
    enum expect_unit unit;
    struct bytes literal;                /* LITERAL, UNTIL; REST with has_literal */
    bool has_literal;                    /* REST: the rest must be the literal */
    bool whole_lines;                    /* LITERAL, searched: begins at the start of a line */
    uint64_t size;                       /* SIZE */
    const struct pattern *matches;       /* the unit must match; NULL: no check */
    const struct pattern *until_matches; /* UNTIL_MATCH */
    struct bytes *unordered;             /* lines without delimiter; matched ones are moved to the end */
    size_t unordered_count;
    struct delimiter delimiter;
    bool searched;
};

/* What a look keeps for the next one. Zeroed, with `cursor` set, at the start of a step. */
struct expect_state {
    size_t cursor;   /* where the unit begins, in the stream */
    size_t examined; /* bytes before it were looked at */
    size_t lines_at; /* where the reader's next line begins */
    size_t fed;      /* up to where the reader was fed */
    bool reader_open;
    struct line_reader reader;
    size_t unordered_left;
    bool begun;
};
void expect_state_close(struct expect_state *state);

enum expect_answer { EXPECT_MORE, EXPECT_MATCHED, EXPECT_FAILED, EXPECT_ERROR };

struct expect_outcome {
    size_t unit_end;           /* MATCHED: the cursor of the next step */
    size_t unit_start;         /* FAILED: where the unit begins */
    size_t difference;         /* FAILED: offset in the stream of the first byte that can't be */
    size_t literal_difference; /* FAILED: the same, in the literal */
    size_t unit_stop;          /* FAILED: end of the unit where it is known */
    bool has_unit;             /* FAILED: a whole unit came and did not pass its check */
    char why[200];             /* FAILED: a clause such as "the line does not match" */
};

/* ended: nothing comes behind length. Captures of a match go to values. error is filled for EXPECT_ERROR. */
enum expect_answer expect_look(struct expect_want *want, struct expect_state *state, const char *data,
                               size_t length, bool ended, struct values *values,
                               struct expect_outcome *outcome, struct seam_error *error);
void expect_want_close(struct expect_want *want);

#endif

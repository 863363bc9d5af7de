/*
 * judge - the oracles: is what a case showed what it should be, held against the runs of the scenario as
 * written and with each message alone?
 *
 *   expectation  the scenario's own expects hold
 *   invariance   every stream, how it ended, and how programs ended, are those of the baseline
 *   progress     whenever the programs had settled, they had said what they had said at the same number of
 * complete messages when each came alone: less is a stall, more an early answer health       no crash, no
 * sanitizer report, no unexpected end cost         time and memory per byte do not grow (cost.h) injection
 * what rides across a barrier is not acted on (judge_injection)
 *
 * An early answer is no finding when the program answers parts alike under every segmentation: what was said
 * may be more than the complete messages ask for, as long as it is what the baseline says next, and depends
 * only on how much was sent. A table of what was said at each point (struct points) finds out.
 */
#ifndef SEAM_HARNESS_SWEEP_JUDGE_H
#define SEAM_HARNESS_SWEEP_JUDGE_H

#include "harness/sweep/layout.h"
#include "harness/sweep/mask.h"

enum oracle {
    ORACLE_EXPECTATION,
    ORACLE_INVARIANCE,
    ORACLE_PROGRESS,
    ORACLE_HEALTH,
    ORACLE_COST,
    ORACLE_INJECTION,
    ORACLE_COUNT,
};
extern const char *const oracle_words[ORACLE_COUNT];

enum oddity {
    ODDITY_NONE,
    ODDITY_OTHER,  /* other bytes */
    ODDITY_LESS,   /* bytes are missing at the end */
    ODDITY_MORE,   /* there are more */
    ODDITY_CLOSE,  /* it ended otherwise */
    ODDITY_STALL,  /* said too little once settled */
    ODDITY_EARLY,  /* said what is not due yet */
    ODDITY_UNREAD, /* the program does not read on */
    ODDITY_END,    /* a program ended wrongly */
    ODDITY_GROWTH, /* cost and health: it grows */
    ODDITY_COUNT,
};
extern const char *const oddity_words[ODDITY_COUNT];

/* What is odd about a record. Owned. */
struct judgement {
    enum oracle oracle;
    enum oddity oddity;
    size_t stream;       /* where it differs first; SIZE_MAX: not in a stream */
    size_t odd_at;       /* offset in the odd record's stream */
    size_t baseline_at;  /* and in the baseline's (with a stall: in the reference's) */
    size_t baseline_end; /* stall: how far the reference had come */
    uint64_t sent_at[2]; /* progress: connection and how much of it was sent then */
    bool timed;          /* progress: a thread may go on by itself, so what is missing may come late */
    char *text;          /* one line: what differs */
};
void judgement_close(struct judgement *judgement);

/* What was said at each point of the conversation, by how much was sent. */
struct points;
struct points *points_new(void); /* NULL: out of memory */
void points_free(struct points *points);
bool points_streaming(const struct points *points); /* was anything said before its message was complete? */

/* Which checkpoints of the lockstep run tell what is due when so many messages are complete: the first behind
 * them, and the last before the next message begins. SIZE_MAX: none. By count of messages, 0 to
 * message_count. */
struct due {
    size_t first, latest;
};
/* message_count + 1 entries, caller frees; NULL: out of memory. */
struct due *due_table(const struct layout *layout, const struct record *lockstep);

/* What a subject (a scenario or a variant of it) is held against. */
struct reference {
    const struct scenario *scenario;
    const struct record *baseline; /* as written */
    const struct record *lockstep; /* with checkpoints; NULL: progress is not judged */
    const struct due *dues;        /* of the lockstep run */
    const struct layout *layout;
    struct masks *masks;
    struct points *points;  /* NULL: early answers are judged against the baseline alone */
    enum evidence evidence; /* what each cut must be proved with */
    const bool *oracle_off; /* by enum scenario_oracle */
};

enum verdict {
    VERDICT_SAME,
    VERDICT_ODD,
    VERDICT_ERROR /* could not run, or weak evidence: out->text says why */
};

/* guest: the run shared its programs, so what they printed is not its own. number: of the case, for points.
 * *earlier is set to the number of an earlier case when it is that one which is odd; else SIZE_MAX. out is
 * filled unless SAME. */
enum verdict judge(const struct reference *reference, const struct record *record, bool guest, size_t number,
                   struct judgement *out, size_t *earlier);
/* A run in which what comes behind a barrier rode across it: right when no more is said than the baseline
 * says, or the program closes or refuses. barrier_step: in the script of the record's scenario. */
enum verdict judge_injection(const struct reference *reference, const struct record *record,
                             size_t barrier_step, struct judgement *out);

/* The first stream in which two records differ under the masks, or that ended otherwise; SIZE_MAX: none. */
size_t judge_first_difference(const struct reference *reference, const struct record *record, bool guest,
                              struct judgement *out);

#endif

/*
 * sweep_inside - one sweep under way, for the files of sweep/ that carry it out:
 *   sweep.c     the order of things        sweep_run.c      runs, alone and in company
 *   confirm.c   what is odd, once more     variants.c       FIN, slow readers, barriers, pipelining
 *   cost.c      time, memory, descriptors  finding.c        groups, words, classes
 *   shrink.c    smaller ones               trial.c          does a smaller one show it?
 *   repro.c     as a scenario in a file    picture.c        what it looks like
 *   tell.c      the result                 map.c            what came of a cut at each place
 */
#ifndef SEAM_HARNESS_SWEEP_SWEEP_INSIDE_H
#define SEAM_HARNESS_SWEEP_SWEEP_INSIDE_H

#include "harness/sweep/fleet.h"
#include "harness/sweep/map.h"
#include "harness/sweep/specimen.h"
#include "harness/sweep/subject.h"
#include "harness/sweep/sweep.h"
#include "harness/world/world.h"

enum { CONFIRM_TRIES_MAX = 5, CONFIRM_REPEATS = 2, FINDINGS_MAX = 40, FINDING_IDS_MAX = 3 };

/* A case of any subject, as it can be run again. */
struct sweep_case {
    struct subject *subject;
    enum case_kind kind;
    const struct segmentation *segmentation; /* NULL: as written */
    const char *id;                          /* "" without one */
    const struct plan_case *planned;         /* NULL: none of a plan */
    size_t number;                           /* in the plan */
};

/* A group of cases with one cause. */
struct finding {
    enum oracle oracle;
    enum oddity oddity;
    char shape[80]; /* "single cut inside the delimiter" */
    struct subject *subject;
    enum case_kind kind;
    struct segmentation segmentation; /* of the case that stands for it */
    bool as_written;
    struct judgement judgement;
    struct record odd; /* of its last confirmation */
    bool has_odd;
    unsigned repeats, tries;
    size_t cases;               /* how many showed it */
    char *ids[FINDING_IDS_MAX]; /* of the first of them */
    size_t message;             /* SIZE_MAX: no single one */
    enum place_kind place;
    char *charts[2]; /* for a report with pictures: with each message alone, and as it is cut; SVG */
    /* from shrinking */
    char *picture;      /* several lines: the bytes with their cuts, both answers */
    char *repro_path;   /* NULL: none was written */
    char *key;          /* of a shrunk one: the shape of its bytes and cuts; NULL: not shrunk */
    size_t found_after; /* how many cases had run */
    size_t repro_cuts, repro_steps;
    size_t shrink_runs;
    char *note; /* why there is no reproduction, or how sure it is */
    char class_letter;
    size_t same_as; /* index + 1 of the finding that turned out to be the same; 0: none */
};

struct pending {
    struct sweep_case which;
    struct record record;
    bool has_record;
    bool guest;
};

struct sweep {
    const struct scenario *scenario;
    struct world *world;
    const struct sweep_options *options;
    struct masks masks;
    bool oracle_off[SCENARIO_ORACLE_COUNT];
    struct subject plain;
    struct subject *variants[64];
    size_t variant_count;
    uint64_t budget_cases, deadline_ns;

    size_t seats; /* in company; 0: own programs */
    char company_why[160];

    struct finding findings[FINDINGS_MAX];
    size_t finding_count;
    struct pending *pending;
    size_t pending_count, pending_capacity;
    struct {
        char shape[80];
        unsigned count;
    } unrepeated[16]; /* odd once, and not again */
    size_t unrepeated_count;

    uint64_t cases_run;
    uint64_t tried[CASE_KIND_COUNT];
    size_t cursor; /* next case of the subject under way */
    struct subject *under_way;
    bool guests; /* the cases under way share programs */
    struct sweep_map map;
    enum evidence weakest;
    uint64_t cuts_proved;
    bool failed_fast, out_of_time;

    enum result_status status; /* an error or a broken baseline; PASSED while there is none */
    char *message, *detail;
    int line, column;
    struct bytes notes;
};

bool sweep_stopped(const struct sweep *sweep);
bool sweep_is_over(struct sweep *sweep); /* stopped, failed, out of time, or --fail-fast */
void sweep_note(struct sweep *sweep, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The sweep itself can't go on: the first such text stands. */
void sweep_fail(struct sweep *sweep, enum result_status status, const struct record *record,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* --- sweep_run.c --- */
struct run_options sweep_run_options(const struct sweep *sweep, enum run_checkpoints checkpoints);
/* 0 with an owned record; -1: stopped. A run that can't begin is an error record. */
int sweep_run_alone(struct sweep *sweep, const struct scenario *scenario,
                    const struct segmentation *segmentation, const struct run_options *options,
                    struct record *out);
/* The same for so long; *partial: it had not ended by then, and the record holds what there was. */
int sweep_run_bounded(struct sweep *sweep, const struct scenario *scenario,
                      const struct segmentation *segmentation, const struct run_options *options,
                      uint64_t limit_ns, bool *partial, struct record *out);
/* Baseline, layout, and the lockstep run with what it says at each point. False: it can't be swept. */
bool sweep_prepare(struct sweep *sweep, struct subject *subject);
void sweep_choose_company(struct sweep *sweep);
/* Runs the cases of a subject's plan from sweep->cursor on, in company or not, and judges each. */
void sweep_cases(struct sweep *sweep, struct subject *subject, bool in_company);
struct reference sweep_reference(struct sweep *sweep, const struct subject *subject);
enum verdict sweep_judge(struct sweep *sweep, const struct sweep_case *which, const struct record *record,
                         bool guest, struct judgement *out, size_t *earlier);
void sweep_count(struct sweep *sweep, const struct record *record, enum case_kind kind);

/* --- confirm.c --- */
/* What a case showed is odd: kept until the fleet has landed. Takes the record. */
void sweep_suspect(struct sweep *sweep, const struct sweep_case *which, struct record *record, bool guest);
unsigned sweep_unrepeated(const struct sweep *sweep); /* cases that were odd once and not again */
void sweep_clear_up(struct sweep *sweep);             /* confirms or drops what is pending */
/* Learns from a second baseline. How many places were new. */
size_t sweep_learn(struct sweep *sweep, const struct record *a, const struct record *b);

/* --- finding.c --- */
void finding_shape(const struct sweep *sweep, const struct sweep_case *which, char shape[80], size_t *message,
                   enum place_kind *place);
struct finding *finding_like(struct sweep *sweep, enum oracle oracle, const char *shape);
void finding_add_case(struct finding *finding, const struct sweep_case *which);
/* Takes judgement and record. NULL: there are too many. */
struct finding *finding_add(struct sweep *sweep, const struct sweep_case *which, const char *shape,
                            struct judgement *judgement, struct record *record, unsigned repeats,
                            unsigned tries);
void finding_close(struct finding *finding);
/* Which class of real bugs it looks like: a letter of docs/sweep.md. */
char finding_class(const struct finding *finding);
const char *class_words(char letter);

/* --- variants.c, cost.c --- */
void sweep_variants(struct sweep *sweep);
void sweep_cost(struct sweep *sweep);
void sweep_health(struct sweep *sweep);

/* --- shrink.c, repro.c, picture.c --- */
void sweep_shrink_findings(struct sweep *sweep);
/* What a specimen showed: each message alone, as the specimen cuts, and where they part. */
struct shown {
    struct subject subject; /* its baseline is the run with each message alone */
    struct segmentation segmentation;
    struct record odd;
    struct masks masks; /* of its own */
    struct judgement judgement;
};
void shown_close(struct shown *shown);
/* finding.c: shape, place, class and key by what is left. */
void finding_reshape(struct finding *finding, const struct specimen *specimen, const struct shown *shown);
/* Writes the reproduction of a specimen, or, specimen NULL, of the finding's own scenario and segmentation,
 * and runs it: it must fail. Fills the finding's repro_ fields, or its note. */
void repro_write(struct sweep *sweep, struct finding *finding, const struct specimen *specimen,
                 const struct shown *shown);
/* Draws both runs of a finding, when pictures are wanted. */
void picture_draw(const struct sweep *sweep, struct finding *finding, const struct subject *subject,
                  const struct record *odd, const char *message);
/* Several lines: what was sent with its cuts, what was said each time. Caller frees; NULL: out of memory. */
char *picture_of(const struct finding *finding, const struct shown *shown);

/* --- tell.c --- */
void sweep_tell(struct sweep *sweep, struct result *out);

#endif

/*
 * run - the inside of a run, for the steps and the runner's own files; everybody else uses runner.h.
 *
 * A step is called until it answers other than STEP_WAIT. What it needs to know of earlier calls is kept
 * here: run_step_begins tells the first call. Each function that a step calls answers done, wait or fail
 * itself, so a step is mostly one call.
 *
 * Files: runner.c (advance, phases), run_setup.c (new, free, folders), run_program.c, run_launch.c,
 * run_connection.c, run_send.c (bursts, cuts, proofs), run_expect.c, run_quiet.c ("can anything still
 * come?"), run_failure.c (texts), run_result.c.
 */
#ifndef SEAM_HARNESS_RUN_H
#define SEAM_HARNESS_RUN_H

#include "harness/expect.h"
#include "harness/runner.h"
#include "harness/step.h"
#include "harness/trace.h"
#include "harness/world/world.h"

#define RUN_NEVER UINT64_MAX
enum {
    RUN_TEXT_BYTES_MAX = 256 * 1024, /* of notes, and of a failure's detail */
    RUN_READ_BYTES = 65536,
    RUN_READS_MAX =
        16, /* before the step is asked again: who never stops talking must not keep it from its turn */
};

enum run_close { RUN_CLOSE_BOTH = 1, RUN_CLOSE_WRITE = 2, RUN_CLOSE_RESET = 3 };

enum run_connection_state {
    RUN_CONNECTION_NONE,
    RUN_CONNECTION_OPENING,
    RUN_CONNECTION_OPEN,
    RUN_CONNECTION_CLOSED
};

struct run_connection {
    const struct connection *spec;
    struct world_connection *world; /* NULL unless OPENING or OPEN */
    enum run_connection_state state;
    size_t peer_program; /* SIZE_MAX: unknown */
    uint16_t port;       /* of who listens; 0: none */
    size_t sent;         /* transcript streams */
    size_t received;
    size_t cursor; /* in received: everything before it was taken by an expect */
    bool reading;  /* an expect waits for a connection with reads: "on-expect" */
    size_t ignored_lines;
    struct line_reader ignore_reader; /* lines on their way through `ignore` */
    bool ignore_open;

    /* Outgoing. Offsets count the bytes sent on this connection; FIN is one more. */
    struct bytes out; /* queued bytes from out_base on */
    uint64_t out_base;
    uint64_t written; /* up to here the world took it */
    uint64_t burst_start;
    bool burst_open;        /* more of this burst is to come */
    uint64_t chunk_end;     /* > written while a chunk is being written */
    uint64_t checkpoint_at; /* how much was sent at the last checkpoint */
    uint64_t *marks;        /* ends of the scenario's own writes in this burst */
    size_t mark_count, mark_capacity, mark_next;
    size_t cut_next; /* CUTS_LISTED: the first cut not reached yet */
    bool fin_queued, fin_written;
    uint64_t waived_from,
        waived_to;  /* chunks that end behind from, up to and with to, need no proof (evidence: "sent") */
    bool proof_due; /* a chunk was written and not proved yet */
    bool
        burst_due; /* a burst begins, and the programs have not settled yet (run_options.checkpoint_bursts) */
    bool checkpoint_due; /* a chunk was written, and the programs have not settled since
                            (run_options.checkpoints) */
    size_t chunk_event;  /* of the chunk that is being, or was last, written; SIZE_MAX: none */
    uint64_t chunk_number;
    unsigned proof_looks;
    uint64_t proof_look_ns;
    uint64_t paced_until_ns;
    bool peer_closed;      /* the peer went away: nothing more can be written */
    uint64_t unsent_bytes; /* dropped because of that */
    uint64_t unread_bytes; /* at the last look */
    bool accepted;
    const struct segmentation_item *cuts; /* NULL: as written */
    const struct step *update_step; /* the last that took a literal here, where run_options.update says so */
    size_t update_from;             /* what it took begins here, in received */
};

enum run_program_state { RUN_PROGRAM_NONE, RUN_PROGRAM_STARTING, RUN_PROGRAM_READY, RUN_PROGRAM_ENDED };

struct run_program {
    const struct program *spec;
    struct world_program *world;
    enum run_program_state state;
    struct world_program_facts facts;
    struct world_port ports[WORLD_PORTS_MAX]; /* by index into spec->ports */
    bool has_ports;
    unsigned start_tries;
    unsigned looks;
    uint64_t look_ns;
    uint64_t started_order;
    size_t out, err, typed, logs; /* transcript streams; logs: the first of log_count */
    size_t *cursors;              /* by source: stdout, stderr, logs */
    bool term_sent;               /* Seam asked it to end */
    bool signalled;               /* a step sent it a signal */
    bool input_ended;
    char *folder;
};

struct run_listener {
    const struct listener *spec;
    struct world_listener *world;
};

enum run_phase { PHASE_SCRIPT, PHASE_HOST, PHASE_PROVE, PHASE_STOP, PHASE_AUTOPSY, PHASE_ENDED };

enum run_quiet {
    RUN_QUIET_NOT_YET, /* look again at due_ns */
    RUN_QUIET_YES,     /* nothing can come without new input; everything said so far was read */
    RUN_QUIET_BLIND,   /* facts don't tell here: only time does */
};

/* Programs that several runs share: looked at once for all of them. */
struct company {
    struct run *host;   /* whose programs they are */
    uint64_t looked_ns; /* when the last complete look began; 0: none */
    enum world_settle settle;
    struct world_settle_facts facts;
};

struct run {
    const struct scenario *scenario;
    const struct segmentation *segmentation;
    struct segmentation own_segmentation; /* of the scenario's "cut" */
    struct world *world;
    struct world_stage *stage;
    struct run_options options;
    struct values values;
    struct transcript transcript;
    struct run_program *programs;
    struct run_connection *connections;
    struct run_listener *listeners;
    char *tmp;
    bool kept; /* tmp stays behind */

    struct company *company; /* NULL: its programs are its own */
    bool hosting;            /* starts the programs of a company, and holds them */
    bool dismissed;          /* a host whose guests have gone */
    bool wishes;             /* a guest that waits for the company's next look */
    uint64_t acted_ns;       /* when it last gave input to a program */
    struct trace trace;
    uint64_t random;  /* of an interleaving */
    size_t group_at;  /* the connection whose chunk is on its way; SIZE_MAX: the next one is to be chosen */
    bool group_wrote; /* that chunk has left */

    enum run_phase phase;
    size_t at; /* script index */
    size_t script_end;
    bool step_begun;
    uint64_t step_began_ns;
    uint64_t step_limit_ns; /* how long the step may wait */
    bool limit_given;       /* the step says so itself (within_ms): timers may take that long */
    uint64_t due_ns;
    size_t started_count;
    struct expect_want want;
    struct expect_state expect;
    size_t typed_at; /* how much of the typed data was taken */
    struct bytes typed;

    uint64_t looked_ns;     /* when the world was last asked whether the programs have settled */
    uint64_t given_back_ns; /* to this step, for programs that got no processor */
    unsigned quiet_looks;
    unsigned late_looks; /* of this step, after its limit */
    uint64_t quiet_look_ns;
    enum world_settle settle;
    struct world_settle_facts settle_facts;
    bool restless;     /* the programs never came to rest at the end of the script */
    size_t reads_left; /* of this turn */
    bool moved;        /* bytes came in since the step last looked */
    bool ending;       /* everything was proved, and Seam has closed the connections: programs may leave by
                          themselves now */

    bool failed;
    enum run_failure failure;
    bool failed_at_an_end; /* a stream had ended that the step still needed: whose program ended is then the
                              cause */
    struct result verdict; /* status, place and message of the failure */
    struct bytes detail;   /* its further lines */
    size_t failed_at, failed_after; /* the step; and how many events there were */
    uint64_t autopsy_until_ns;
    uint64_t ended_ns;
    struct bytes notes;
    struct bytes updates;         /* as result.h has them */
    char scratch[RUN_READ_BYTES]; /* what a read brings, until it is in the transcript */
};

/* --- the running step
 * ----------------------------------------------------------------------------------------------- */
bool run_step_begins(struct run *run); /* true in the first call of a step only */
const struct script_entry *run_script_entry(const struct run *run);
uint64_t run_now_ns(const struct run *run);
void run_look_again(struct run *run, uint64_t at_ns); /* advance me at that time though nothing happens */
int run_limit_ms(struct run *run,
                 const struct number *within_ms); /* bounds the waits of this step; 0 or -1 (failed) */
bool run_out_of_time(const struct run *run);

/* --- what the steps do
 * ------------------------------------------------------------------------------------------------ */
enum step_result run_program_start(struct run *run, size_t program);
enum step_result run_program_signal(struct run *run, size_t program, int signal, bool ends_it);
enum step_result run_program_expect_end(struct run *run, size_t program, const struct number *exit,
                                        int killed, bool stopping);
enum step_result run_type_into(struct run *run, size_t program, const struct data *data, bool eof);
enum step_result run_listen_on(struct run *run, size_t listener, const struct text *address,
                               const struct number *port);
enum step_result run_accept_from(struct run *run, size_t connection, size_t listener);
enum step_result run_connect_to(struct run *run, size_t connection, const struct connect_target *to,
                                bool refused);
enum step_result run_queue_message(struct run *run, size_t connection, const struct data *message,
                                   const struct split *split, bool waived);
enum step_result run_pump_out(struct run *run, size_t connection);
enum step_result run_close_connection(struct run *run, size_t connection, enum run_close how);
enum step_result run_settled(struct run *run);
enum step_result run_pause_for(struct run *run, const struct number *ms);
enum step_result run_bind_number(struct run *run, size_t slot, int64_t value);
enum step_result run_bind_vars(struct run *run, const struct scenario_var *vars, size_t count);

/* expect on a stream; run->want is filled by the step in its first call, after run_expect_begin. */
struct run_stream_view {
    const char *name;
    size_t transcript_stream;
    size_t *cursor;
    bool searched;
    struct delimiter delimiter;
    struct run_connection *connection; /* NULL for outputs and logs */
    struct run_program *program; /* whose output it is, or who speaks on the connection; NULL: unknown */
};
struct run_stream_view run_stream(struct run *run, const struct stream_ref *ref);
void run_expect_begin(struct run *run, const struct stream_ref *ref);
enum step_result run_expect_unit(struct run *run, const struct stream_ref *ref);
enum step_result run_expect_silence(struct run *run, const struct stream_ref *ref, const struct number *ms);
enum step_result run_expect_reset(struct run *run, const struct stream_ref *ref);

/* run_update.c: an expectation that is not met takes what came instead, where run_options.update says so.
 * complete: nothing more comes. */
enum run_update { RUN_UPDATE_NONE /* it fails */, RUN_UPDATE_WAIT, RUN_UPDATE_TAKEN };
enum run_update run_update_expect(struct run *run, struct run_stream_view *view, bool complete);
/* The expectation was met: another run must not want something else of it. */
void run_update_matched(struct run *run, const struct run_stream_view *view);
/* What nobody took is the last expectation's. False: there is none that could take it. */
bool run_update_unread(struct run *run, struct run_connection *connection);

/* --- between the runner's files
 * ---------------------------------------------------------------------------------------- */
void run_intake(struct run *run);     /* reads what is there, in this turn's bounds */
void run_intake_all(struct run *run); /* everything */
bool run_may_read(struct run *run);   /* one read more? */
void run_intake_program(struct run *run, struct run_program *program);
void run_watch_programs(struct run *run); /* notices ends; fails the run on an unexpected one */
int run_program_launch(struct run *run, struct run_program *program); /* 0, or -1: the run has failed */
enum step_result run_programs_ready(struct run *run,
                                    const struct script_entry *entry); /* those that the step names */
enum step_result run_program_ready(struct run *run, size_t program);
void run_keep_folder(struct run *run);
void run_leave_stage(struct run *run);
void run_acted(struct run *run);                           /* Seam gave input: facts about silence are void */
enum run_quiet run_quiet_look(struct run *run, bool calm); /* calm: timers and sleeps count as quiet */
enum run_quiet
run_quiet_silence(struct run *run); /* for silence: sleeps that ended three times count as background */
bool run_quiet_is_late(
    const struct run *run); /* the limit is over, and the last look tells what it ended with */
enum step_result run_prove(struct run *run, struct run_connection *connection); /* the last chunk */
enum step_result run_prove_all(struct run *run);
void run_peer_is_gone(struct run *run, struct run_connection *connection);
void run_note_evidence(struct run *run, struct run_connection *connection, enum evidence evidence);
enum step_result run_pump_chunk(struct run *run, struct run_connection *connection, bool flush, bool *idle);
void run_end_burst(struct run_connection *connection);
uint64_t run_queued_end(const struct run_connection *connection);
bool run_wants_checkpoint(struct run *run, struct run_connection *connection);
/* run_checkpoint.c: after each chunk, where run_options.checkpoints says so. */
enum step_result run_checkpoint(struct run *run, struct run_connection *connection);
enum step_result run_checkpoint_before(struct run *run, struct run_connection *connection);
void run_trace_message(struct run *run, size_t connection, const struct data *message, uint64_t begin,
                       bool waived);
void run_trace_fin(struct run *run, size_t connection, uint64_t offset);
void run_trace_unit(struct run *run, const struct run_stream_view *view, size_t begin, size_t end);
enum step_result run_pump_group(struct run *run); /* run_group.c: adjacent bursts, interleaved */
/* run_share.c: hosts and guests. */
bool run_is_guest(const struct run *run);
enum step_result run_host_advance(struct run *run);
int run_join(struct run *run, struct run *host); /* 0, or -1 out of memory */
void run_count_unread(struct run *run);
enum step_result run_check_cuts(struct run *run, const struct run_connection *connection); /* at the end */
void run_queue_fin(struct run_connection *connection);
int run_parse_address(struct run *run, const struct text *text, char host[64],
                      uint16_t *port); /* 0, or -1: failed */
bool run_burst_goes_on(const struct run *run, size_t connection);
size_t run_unread(struct run *run, struct run_connection *connection); /* bytes that no step took */
size_t run_find_report(struct run *run, struct run_program *program, char *report, size_t size);
char *run_wrong_end(struct run *run,
                    const struct run_program *program); /* caller frees; NULL: it ended as it should */
bool run_end_expected(const struct run *run, const struct run_program *program);
void run_connection_drop(struct run *run, struct run_connection *connection);

/* --- failing
 * ---------------------------------------------------------------------------------------------------------
 */
/* The first failure stands; returns STEP_FAIL. place NULL: the running step. */
enum step_result run_fail(struct run *run, enum result_status status, const struct place *place,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));
enum step_result run_fail_error(struct run *run, enum result_status status, const struct seam_error *error);
void run_detail(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void run_note(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum step_result run_fail_expect(struct run *run, const struct run_stream_view *view,
                                 const struct expect_outcome *outcome);
enum step_result run_fail_waiting(struct run *run, const struct run_stream_view *view, const char *because);
void run_describe_want(const struct run *run, struct bytes *out); /* line "hello" */
void run_failure_finish(struct run *run); /* wire, program output, who waits: after the autopsy */
bool step_close_is_write(const struct step *step, size_t *connection); /* steps/close.c */
/* Does this step expect the end of a program? wanted gets the program and how it may end. */
struct step_end {
    size_t program;
    bool any_exit; /* an exit code that the step itself will judge */
    int killed;    /* this signal; 0: none */
};
bool step_expects_end(const struct step *step, struct step_end *wanted); /* steps/expect.c */
void step_stops(const struct step *step, struct step_end *wanted);       /* steps/stop.c */

#endif

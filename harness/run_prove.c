/*
 * run_prove - has a chunk been read? What must be shown before the next byte leaves, and what is known at the
 * end.
 *
 * The world answers one look; looking again, giving up when the programs have settled, and what a failure
 * says is decided here.
 */
#include "harness/run.h"
#include "harness/world/backoff.h"

enum { PROOF_LOOKS_BEFORE_SETTLE = 64 };

void run_note_evidence(struct run *run, struct run_connection *c, enum evidence evidence)
{
    c->proof_due = false;
    c->proof_looks = 0;
    if (c->chunk_event != SIZE_MAX) {
        run->transcript.events[c->chunk_event].evidence = evidence;
        run->transcript.events[c->chunk_event].proof_due = false;
    }
}

void run_peer_is_gone(struct run *run, struct run_connection *c)
{
    c->peer_closed = true;
    run_note_evidence(run, c, EVIDENCE_NONE);
}

static enum step_result fail_unread(struct run *run, struct run_connection *c, const char *because)
{
    const struct transcript_event *event = &run->transcript.events[c->chunk_event];
    uint64_t length = event->kind == EVENT_END ? 1 : event->length;
    uint64_t unread = c->unread_bytes < length ? c->unread_bytes : length;
    run->failure = run->failed ? run->failure : RUN_FAILURE_UNREAD;
    run_fail(run, RESULT_FAILED, NULL, "chunk %llu of \"%s\" unread: %llu of %llu byte%s; %s%s",
             (unsigned long long)c->chunk_number, c->spec->name, (unsigned long long)unread,
             (unsigned long long)length, length == 1 ? "" : "s",
             c->accepted ? "" : "no program has accepted the connection; ", because);
    run_detail(run,
               "nothing more may be sent on \"%s\" before the program has read it "
               "(\"evidence\": \"sent\" on the send waives that)\n",
               c->spec->name);
    return STEP_FAIL;
}

/* The last look said: not read yet. Look again soon; when the programs have settled, they will not read it.
 */
static enum step_result keep_looking(struct run *run, struct run_connection *c)
{
    uint64_t wait_ns = backoff_wait_ns(c->proof_looks++);
    c->proof_look_ns = run_now_ns(run) + wait_ns;
    run_look_again(run, c->proof_look_ns);
    if (c->proof_looks < PROOF_LOOKS_BEFORE_SETTLE) {
        return STEP_WAIT;
    }
    struct world_proof_facts facts = {0};
    if (run_quiet_look(run, false) == RUN_QUIET_YES &&
        run->world->ops->connection_proof(c->world, &facts) == WORLD_PROOF_PENDING && facts.unread > 0) {
        c->unread_bytes = facts.unread;
        c->accepted = facts.accepted; /* perhaps only since the look before */
        return fail_unread(run, c, run->settle_facts.who);
    }
    return run_out_of_time(run) ? fail_unread(run, c, "time ran out") : STEP_WAIT;
}

enum step_result run_prove(struct run *run, struct run_connection *c)
{
    if (!c->proof_due || c->peer_closed) {
        return STEP_DONE;
    }
    const struct transcript_event *event = &run->transcript.events[c->chunk_event];
    uint64_t end = event->offset + event->length;
    if (run->options.evidence == EVIDENCE_SENT || (end > c->waived_from && end <= c->waived_to)) {
        run_note_evidence(run, c, EVIDENCE_SENT);
        return STEP_DONE;
    }
    if (run_now_ns(run) < c->proof_look_ns) {
        run_look_again(run, c->proof_look_ns);
        return STEP_WAIT;
    }
    struct world_proof_facts facts = {0};
    enum world_proof proof = run->world->ops->connection_proof(c->world, &facts);
    c->unread_bytes = facts.unread;
    c->accepted = facts.accepted;
    switch (proof) {
    case WORLD_PROOF_DRAINED:
        run_note_evidence(run, c, EVIDENCE_DRAINED);
        return STEP_DONE;
    case WORLD_PROOF_CLOSED:
        run_peer_is_gone(run, c);
        return STEP_DONE;
    case WORLD_PROOF_PENDING:
        return keep_looking(run, c);
    case WORLD_PROOF_UNKNOWN:
        break;
    }
    if (run->options.evidence != EVIDENCE_PACED) {
        return run_fail(run, RESULT_ERROR, NULL,
                        "the cut behind chunk %llu of \"%s\" can't be proved: this channel gives no facts "
                        "(--evidence paced waits instead, and says so)",
                        (unsigned long long)c->chunk_number, c->spec->name);
    }
    if (run_now_ns(run) < c->paced_until_ns) {
        run_look_again(run, c->paced_until_ns);
        return STEP_WAIT;
    }
    run_note_evidence(run, c, EVIDENCE_PACED);
    return STEP_DONE;
}

/* All chunks are read, or will not be: bytes that a program never reads are reported, and no failure here. */
enum step_result run_prove_all(struct run *run)
{
    bool waits = false;
    for (size_t i = 0; i < run->scenario->connection_count; i++) {
        struct run_connection *c = &run->connections[i];
        if (c->state != RUN_CONNECTION_OPEN || !c->proof_due || c->peer_closed) {
            continue;
        }
        struct world_proof_facts facts = {0};
        enum world_proof proof = run->world->ops->connection_proof(c->world, &facts);
        c->unread_bytes = facts.unread;
        c->accepted = facts.accepted;
        if (proof == WORLD_PROOF_DRAINED) {
            run_note_evidence(run, c, EVIDENCE_DRAINED);
        } else if (proof == WORLD_PROOF_CLOSED) {
            run_peer_is_gone(run, c);
        } else if (proof == WORLD_PROOF_PENDING) {
            waits = true;
        }
    }
    if (!waits || run_out_of_time(run)) {
        return STEP_DONE;
    }
    enum run_quiet quiet = run_quiet_look(run, false);
    if (quiet != RUN_QUIET_YES) {
        run_look_again(run, run_now_ns(run) + BACKOFF_SHORT_NS);
    }
    return quiet == RUN_QUIET_YES ? STEP_DONE : STEP_WAIT;
}

/* What is unread now that the run has failed, for the notes; no evidence, which a failed run doesn't ask for.
 */
void run_count_unread(struct run *run)
{
    for (size_t i = 0; i < run->scenario->connection_count; i++) {
        struct run_connection *c = &run->connections[i];
        struct world_proof_facts facts = {0};
        if (c->state == RUN_CONNECTION_OPEN && c->proof_due && !c->peer_closed) {
            enum world_proof proof = run->world->ops->connection_proof(c->world, &facts);
            c->unread_bytes = proof == WORLD_PROOF_PENDING ? facts.unread : 0;
            c->accepted = facts.accepted;
        }
    }
}

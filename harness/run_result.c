/* run_result - what an ended run came to, as a result: verdict, evidence, notes, the wire. */
#include "harness/run.h"

#include <stdlib.h>
#include <string.h>

static char *copy_or_null(const char *text)
{
    return text && *text ? strdup(text) : NULL;
}

static char *print_cut(const struct run *run)
{
    struct bytes id;
    bytes_init(&id, 1 << 20);
    char *copy = NULL;
    if (run->segmentation && segmentation_print(run->segmentation, &id) == 0) {
        copy = copy_or_null(bytes_text(&id));
    }
    bytes_free(&id);
    return copy;
}

/* The weakest evidence of the boundaries that had to be told apart: those behind which more was sent. The
 * bytes that a FIN rode with have none of their own. */
static void weigh_evidence(const struct run *run, struct result *out)
{
    const struct transcript *t = &run->transcript;
    for (size_t s = 0; s < t->stream_count; s++) {
        const struct transcript_event *last = NULL;
        for (size_t i = 0; t->streams[s].kind == TRANSCRIPT_SENT && i < t->event_count; i++) {
            const struct transcript_event *event = &t->events[i];
            if (event->stream != s || (event->kind != EVENT_CHUNK && event->kind != EVENT_END)) {
                continue;
            }
            if (last && last->evidence != EVIDENCE_NONE) {
                out->cuts_proved += last->evidence == EVIDENCE_DRAINED;
                out->evidence = out->evidence == EVIDENCE_NONE || last->evidence < out->evidence
                                    ? last->evidence
                                    : out->evidence;
            }
            last = event;
        }
    }
}

static void note_connections(struct run *run)
{
    for (size_t i = 0; i < run->scenario->connection_count; i++) {
        const struct run_connection *c = &run->connections[i];
        if (c->unsent_bytes) {
            run_note(run, "\"%s\": %llu byte%s could not be sent: the program had closed", c->spec->name,
                     (unsigned long long)c->unsent_bytes, c->unsent_bytes == 1 ? "" : "s");
        }
        if (c->proof_due && c->unread_bytes && !c->peer_closed) {
            run_note(run, "\"%s\": %llu byte%s never read by the program%s", c->spec->name,
                     (unsigned long long)c->unread_bytes, c->unread_bytes == 1 ? " was" : "s were",
                     c->accepted ? "" : ", which did not accept the connection");
        }
        if (c->ignored_lines) {
            run_note(run, "\"%s\": %zu line%s ignored", c->spec->name, c->ignored_lines,
                     c->ignored_lines == 1 ? "" : "s");
        }
    }
}

void run_result(const struct run *const_run, struct result *out)
{
    struct run *run = (struct run *)const_run; /* notes are made on demand */
    *out = (struct result){
        .status = run->failed ? run->verdict.status : RESULT_PASSED,
        .path = copy_or_null(run->verdict.path ? run->verdict.path : run->scenario->path),
        .name = copy_or_null(run->scenario->name),
        .line = run->verdict.line,
        .column = run->verdict.column,
        .message = copy_or_null(run->verdict.message),
        .why = copy_or_null(run->verdict.why ? run->verdict.why
                            : run->failed    ? run->scenario->why
                                             : NULL),
        .detail = copy_or_null(run->failed ? bytes_text(&run->detail) : NULL),
        .cut = print_cut(run),
        .kept = copy_or_null(run->kept ? run->tmp : NULL),
        .duration_ns = run->ended_ns - run->transcript.began_ns,
    };
    out->updates = copy_or_null(bytes_text(&run->updates));
    note_connections(run);
    out->notes = copy_or_null(bytes_text(&run->notes));
    weigh_evidence(run, out);
    struct bytes wire;
    bytes_init(&wire, 4 << 20);
    transcript_print_wire(&run->transcript, 0, &wire);
    out->wire = copy_or_null(bytes_text(&wire));
    bytes_free(&wire);
}

void run_take_record(struct run *run, struct record *out)
{
    struct result weighed = {0};
    *out = (struct record){
        .failed = run->failed,
        .failure = run->failure,
        .status = run->failed ? run->verdict.status : RESULT_PASSED,
        .message = copy_or_null(run->failed ? run->verdict.message : NULL),
        .detail = copy_or_null(run->failed ? bytes_text(&run->detail) : NULL),
        .failed_at = run->failed_at,
    };
    for (size_t i = 0; i < run->scenario->connection_count; i++) {
        const struct run_connection *c = &run->connections[i];
        out->unsent_bytes += c->unsent_bytes;
        out->unread |= c->proof_due && c->unread_bytes && !c->peer_closed;
    }
    note_connections(run);
    out->notes = copy_or_null(bytes_text(&run->notes));
    if (run->verdict.line) {
        snprintf(out->path_line, sizeof out->path_line, "%d:%d", run->verdict.line, run->verdict.column);
    }
    snprintf(out->who, sizeof out->who, "%s", run->settle_facts.who);
    weigh_evidence(run, &weighed);
    out->evidence = weighed.evidence;
    out->cuts_proved = weighed.cuts_proved;
    out->transcript = run->transcript;
    out->trace = run->trace;
    run->transcript = (struct transcript){0};
    run->trace = (struct trace){0};
}

void record_close(struct record *record)
{
    for (size_t i = 0; i < record->transcript.stream_count; i++) {
        free((char *)record->transcript.streams[i].name);
        record->transcript.streams[i].name = NULL;
    }
    transcript_close(&record->transcript);
    trace_close(&record->trace);
    free(record->message);
    free(record->detail);
    free(record->notes);
    *record = (struct record){.failed_at = SIZE_MAX};
}

/* See sweep_kit.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/steps/args.h"
#include "harness/sweep/sweep_kit.h"

enum { HAND_STEPS_MAX = 64 };

struct scenario *hand_scenario(const char *script)
{
    static const struct {
        char letter;
        const struct step_verb *verb;
        bool barrier;
    } letters[] = {{'s', &step_send, false},   {'S', &step_send, true},   {'c', &step_close, false},
                   {'e', &step_expect, false}, {'E', &step_expect, true}, {'r', &step_repeat, false},
                   {'i', &step_include, false}};
    static struct step steps[HAND_STEPS_MAX];
    static struct script_entry entries[HAND_STEPS_MAX];
    static struct connection connections[HAND_CONNECTIONS];
    static struct scenario scenario;
    size_t count = strlen(script);
    assert_true(count <= HAND_STEPS_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        for (; letters[k].letter != script[i]; k++) {
            assert_true(k + 1 < sizeof letters / sizeof *letters);
        }
        steps[i] = (struct step){.verb = letters[k].verb, .barrier = letters[k].barrier};
        entries[i] = (struct script_entry){.step = &steps[i]};
    }
    for (size_t c = 0; c < HAND_CONNECTIONS; c++) {
        connections[c] = (struct connection){.name = c == ALICE ? "alice" : "bob",
                                             .delimiter = {.bytes = "\n", .length = 1}};
    }
    scenario = (struct scenario){.path = "hand.json",
                                 .name = "by hand",
                                 .connections = connections,
                                 .connection_count = HAND_CONNECTIONS,
                                 .script = entries,
                                 .script_count = count};
    return &scenario;
}

void hand_open(struct record *out)
{
    static const char *const names[HAND_STREAMS] = {"alice", "alice", "bob", "bob", "s.stdout", "s.stderr"};
    *out = (struct record){.failed_at = SIZE_MAX, .evidence = EVIDENCE_DRAINED};
    transcript_open(&out->transcript, HAND_STREAMS, 0);
    trace_open(&out->trace, HAND_STREAMS);
    for (size_t s = 0; s < HAND_STREAMS; s++) {
        out->transcript.streams[s].name = strdup(names[s]);
        out->transcript.streams[s].kind = s >= SERVER_OUT ? TRANSCRIPT_OUTPUT
                                          : s % 2         ? TRANSCRIPT_RECEIVED
                                                          : TRANSCRIPT_SENT;
    }
}

void hand_bytes(struct record *record, size_t connection, size_t step, const void *bytes, size_t length)
{
    uint64_t begin = record->transcript.streams[2 * connection].bytes.length;
    struct trace_message message = {
        .connection = connection, .begin = begin, .end = begin + length, .step = step};
    assert_true(transcript_chunk(&record->transcript, 2 * connection, step, bytes, length, 0) != SIZE_MAX);
    trace_message_add(&record->trace, &message);
}

void hand_message(struct record *record, size_t connection, size_t step, const char *text)
{
    hand_bytes(record, connection, step, text, strlen(text));
}

void hand_fin(struct record *record, size_t connection, size_t step)
{
    uint64_t begin = record->transcript.streams[2 * connection].bytes.length;
    struct trace_message fin = {
        .connection = connection, .begin = begin, .end = begin + 1, .step = step, .fin = true};
    transcript_event(&record->transcript, EVENT_END, 2 * connection, step, 0, 0);
    trace_message_add(&record->trace, &fin);
}

void hand_say(struct record *record, size_t stream, const char *text)
{
    assert_true(transcript_chunk(&record->transcript, stream, 0, text, strlen(text), 0) != SIZE_MAX);
}

void hand_end(struct record *record, size_t stream, enum event_kind kind)
{
    assert_true(transcript_event(&record->transcript, kind, stream, 0, 0, 0) != SIZE_MAX);
}

struct trace_checkpoint *hand_settled(struct record *record, uint64_t alice_sent, uint64_t bob_sent)
{
    struct trace *trace = &record->trace;
    uint64_t *lengths = trace_checkpoint_add(trace, &(struct trace_checkpoint){0});
    assert_non_null(lengths);
    for (size_t s = 0; s < HAND_STREAMS; s++) {
        lengths[s] = record->transcript.streams[s].bytes.length;
    }
    lengths[ALICE_SENT] = alice_sent;
    lengths[BOB_SENT] = bob_sent;
    return &trace->checkpoints[trace->checkpoint_count - 1];
}

void hand_unit(struct record *record, enum trace_unit_kind kind, size_t stream, size_t begin, size_t end)
{
    trace_unit_add(&record->trace,
                   &(struct trace_unit){.kind = kind, .stream = stream, .begin = begin, .end = end});
}

void kit_trace_again(const char *cut, struct record *out)
{
    run_free(ran.run);
    ran.run = NULL;
    result_close(&ran.result);
    ran.options.trace = true;
    drive(cut);
    assert_passed();
    run_take_record(ran.run, out);
}

const struct scenario *kit_trace(const char *steps, struct record *out)
{
    load_steps("echo", steps);
    kit_trace_again(NULL, out);
    return kit_only(ran.file);
}

const struct scenario *kit_trace_whole(const char *text, struct record *out)
{
    load_whole(text);
    kit_trace_again(NULL, out);
    return kit_only(ran.file);
}

/* told - see told.h. */
#include "harness/exchange/told.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/steps/args.h"

/* --- what is known of connections and chunks
 * ---------------------------------------------------------------------- */

static size_t find_connection(const struct scenario *scenario, const char *name, size_t guess)
{
    if (guess < scenario->connection_count && strcmp(scenario->connections[guess].name, name) == 0) {
        return guess;
    }
    for (size_t i = 0; i < scenario->connection_count; i++) {
        if (strcmp(scenario->connections[i].name, name) == 0) {
            return i;
        }
    }
    return TOLD_NONE;
}

static void learn_connection(struct told *told, const struct transcript_event *event)
{
    const struct scenario *scenario = told->run->item->scenario;
    size_t index = told->connection_of[event->stream];
    const struct step *step = told_step(told, event);
    if (index == TOLD_NONE || !step) {
        return;
    }
    struct told_connection *connection = &told->connections[index];
    connection->opened = true;
    connection->port = event->port;
    if (step->verb == &step_accept) {
        connection->accepted = true;
        connection->program = scenario->program_count == 1 ? 0 : TOLD_NONE;
    } else if (step->verb == &step_connect) {
        const struct connect_args *args = step->args;
        connection->program = args->to.is_address ? TOLD_NONE : args->to.program;
        connection->stdio = connection->program != TOLD_NONE && scenario->programs[connection->program].stdio;
    }
}

/* The chunks of a stream that left, or came, in one step are counted together. */
static void count_chunks(struct told *told, size_t *last_of)
{
    const struct transcript *transcript = told->run->transcript;
    for (size_t i = 0; i < transcript->event_count; i++) {
        const struct transcript_event *event = &transcript->events[i];
        if (event->kind == EVENT_CHUNK) {
            size_t before = last_of[event->stream];
            bool first = before == TOLD_NONE || transcript->events[before].step != event->step;
            told->ordinals[i] = first ? 1 : told->ordinals[before] + 1;
            last_of[event->stream] = i;
        }
    }
    for (size_t i = 0; i < transcript->stream_count; i++) {
        last_of[i] = TOLD_NONE;
    }
    for (size_t i = transcript->event_count; i-- > 0;) {
        const struct transcript_event *event = &transcript->events[i];
        if (event->kind == EVENT_CHUNK) {
            size_t behind = last_of[event->stream];
            bool last = behind == TOLD_NONE || transcript->events[behind].step != event->step;
            told->totals[i] = last ? told->ordinals[i] : told->totals[behind];
            last_of[event->stream] = i;
        }
    }
}

bool told_open(struct told *told, const struct export_run *run)
{
    const struct transcript *transcript = run->transcript;
    size_t connections = run->item->scenario->connection_count;
    size_t *last_of = calloc(transcript->stream_count + 1, sizeof *last_of);
    *told = (struct told){
        .run = run,
        .connections = calloc(connections + 1, sizeof *told->connections),
        .connection_of = calloc(transcript->stream_count + 1, sizeof *told->connection_of),
        .ordinals = calloc(transcript->event_count + 1, sizeof *told->ordinals),
        .totals = calloc(transcript->event_count + 1, sizeof *told->totals),
    };
    bool good = last_of && told->connections && told->connection_of && told->ordinals && told->totals;
    for (size_t i = 0; good && i < connections; i++) {
        told->connections[i].program = TOLD_NONE;
    }
    for (size_t i = 0; good && i < transcript->stream_count; i++) {
        const struct transcript_stream *stream = &transcript->streams[i];
        bool of_connection = stream->kind == TRANSCRIPT_SENT || stream->kind == TRANSCRIPT_RECEIVED;
        told->connection_of[i] =
            of_connection ? find_connection(run->item->scenario, stream->name, i / 2) : TOLD_NONE;
        last_of[i] = TOLD_NONE;
    }
    for (size_t i = 0; good && i < transcript->event_count; i++) {
        const struct transcript_event *event = &transcript->events[i];
        if (event->kind == EVENT_OPENED || event->kind == EVENT_REFUSED) {
            learn_connection(told, event);
        }
    }
    if (good) {
        count_chunks(told, last_of);
    }
    free(last_of);
    return good;
}

void told_close(struct told *told)
{
    free(told->connections);
    free(told->connection_of);
    free(told->ordinals);
    free(told->totals);
    *told = (struct told){0};
}

bool told_is_from_seam(const struct told *told, const struct transcript_event *event)
{
    enum transcript_stream_kind kind = told->run->transcript->streams[event->stream].kind;
    return kind == TRANSCRIPT_SENT || kind == TRANSCRIPT_TYPED;
}

size_t told_program(const struct told *told, const struct transcript_event *event)
{
    const struct scenario *scenario = told->run->item->scenario;
    const char *name = told->run->transcript->streams[event->stream].name;
    size_t length = strcspn(name, ".");
    for (size_t i = 0; told->connection_of[event->stream] == TOLD_NONE && i < scenario->program_count; i++) {
        if (strlen(scenario->programs[i].name) == length &&
            memcmp(scenario->programs[i].name, name, length) == 0) {
            return i;
        }
    }
    return TOLD_NONE;
}

/* --- steps
 * ------------------------------------------------------------------------------------------------------ */

static const struct step *step_at(const struct told *told, size_t step)
{
    const struct scenario *scenario = told->run->item->scenario;
    return step < scenario->script_count ? scenario->script[step].step : NULL;
}

const struct step *told_step(const struct told *told, const struct transcript_event *event)
{
    return step_at(told, event->step);
}

void told_append_text(struct bytes *out, const char *text)
{
    bytes_append_visible(out, text, strlen(text), BYTES_VISIBLE_TEXT);
}

static void append_stream(const struct scenario *scenario, const struct stream_ref *stream, struct bytes *out)
{
    if (stream->kind == STREAM_CONNECTION) {
        bytes_append_text(out, scenario->connections[stream->index].name);
        return;
    }
    const struct program *program = &scenario->programs[stream->index];
    bytes_append_text(out, program->name);
    if (stream->kind != STREAM_PROGRAM) {
        bytes_append_format(out, ".%s",
                            stream->kind == STREAM_STDOUT   ? "stdout"
                            : stream->kind == STREAM_STDERR ? "stderr"
                                                            : program->logs[stream->log].name);
    }
}

/* Whom the step is about: its first argument, where that is a name. */
static void append_subject(const struct scenario *scenario, const struct step *step, struct bytes *out)
{
    if (step->verb->arg_count == 0) {
        return;
    }
    const struct step_arg *arg = &step->verb->args[0];
    const void *value = (const char *)step->args + arg->offset;
    switch (arg->kind) {
    case ARG_CONNECTION:
    case ARG_CONNECTION_NEW:
        bytes_append_format(out, " %s", scenario->connections[*(const size_t *)value].name);
        break;
    case ARG_PROGRAM:
        bytes_append_format(out, " %s", scenario->programs[*(const size_t *)value].name);
        break;
    case ARG_LISTENER:
    case ARG_LISTENER_NEW:
        bytes_append_format(out, " %s", scenario->listeners[*(const size_t *)value].name);
        break;
    case ARG_STREAM:
        bytes_append_text(out, " ");
        append_stream(scenario, value, out);
        break;
    default:
        break;
    }
}

static void append_file(const char *path, struct bytes *out)
{
    const char *slash = strrchr(path, '/');
    told_append_text(out, slash ? slash + 1 : path);
}

void told_append_step(const struct told *told, size_t at, struct bytes *out)
{
    const struct scenario *scenario = told->run->item->scenario;
    const struct step *step = step_at(told, at);
    if (!step) {
        return;
    }
    if (step->place.path && strcmp(step->place.path, scenario->path) != 0) {
        append_file(step->place.path, out);
        bytes_append_text(out, ":");
    }
    bytes_append_format(out, "%d %s", step->place.line, step->verb->name);
    append_subject(scenario, step, out);
}

void told_append_place(const struct told *told, size_t at, struct bytes *out)
{
    const struct scenario *scenario = told->run->item->scenario;
    const struct step *step = step_at(told, at);
    if (!step) {
        bytes_append_text(out, "when all steps were done");
        return;
    }
    append_file(step->place.path ? step->place.path : scenario->path, out);
    bytes_append_format(out, ":%d %s", step->place.line, step->verb->name);
    append_subject(scenario, step, out);
    bytes_append_format(out, " (step %zu)", at + 1);
}

/* --- events
 * ----------------------------------------------------------------------------------------------------- */

const char *told_evidence(const struct transcript_event *event)
{
    switch (event->evidence) {
    case EVIDENCE_DRAINED:
        return "drained";
    case EVIDENCE_PACED:
        return "paced, not proved to be read alone";
    case EVIDENCE_SENT:
        return "sent, not proved to be read alone";
    case EVIDENCE_NONE:
        break;
    }
    return "no proof was due";
}

static void append_chunk(const struct told *told, const struct transcript_event *event, struct bytes *out)
{
    const struct transcript_stream *stream = &told->run->transcript->streams[event->stream];
    size_t index = (size_t)(event - told->run->transcript->events);
    uint32_t ordinal = told->ordinals[index], total = told->totals[index];
    uint64_t end = event->offset + event->length;
    switch (stream->kind) {
    case TRANSCRIPT_SENT:
        bytes_append_format(out, "chunk %" PRIu32 " of %" PRIu32 ", bytes [%" PRIu64 "..%" PRIu64 "), %s",
                            ordinal, total, event->offset, end, told_evidence(event));
        return;
    case TRANSCRIPT_RECEIVED:
        bytes_append_format(out,
                            "received: read %" PRIu32 " of %" PRIu32 " of Seam in this step, bytes [%" PRIu64
                            "..%" PRIu64 ")",
                            ordinal, total, event->offset, end);
        return;
    case TRANSCRIPT_TYPED:
        bytes_append_format(out, "typed to %s: ", stream->name);
        break;
    case TRANSCRIPT_OUTPUT:
        bytes_append_format(out, "%s: ", stream->name);
        break;
    }
    transcript_print_bytes(bytes_text(&stream->bytes) + event->offset, event->length, out);
}

static void append_end(const struct told *told, const struct transcript_event *event, struct bytes *out)
{
    const struct transcript_stream *stream = &told->run->transcript->streams[event->stream];
    const char *how = event->kind == EVENT_RESET ? "reset" : "end";
    switch (stream->kind) {
    case TRANSCRIPT_SENT:
        bytes_append_format(out, "%s by Seam", how);
        if (event->kind == EVENT_END) {
            bytes_append_format(out, ", %s", told_evidence(event));
        }
        return;
    case TRANSCRIPT_RECEIVED:
        bytes_append_format(out, "%s by the program", how);
        return;
    case TRANSCRIPT_TYPED:
    case TRANSCRIPT_OUTPUT:
        bytes_append_format(out, "%s: %s", stream->name, how);
        return;
    }
}

static void append_signal(struct bytes *out, int number)
{
    const char *name = sigabbrev_np(number);
    if (name) {
        bytes_append_format(out, "SIG%s", name);
    } else {
        bytes_append_format(out, "signal %d", number);
    }
}

void told_append_event(const struct told *told, const struct transcript_event *event, struct bytes *out)
{
    const char *name = told->run->transcript->streams[event->stream].name;
    int length = (int)strcspn(name, ".");
    switch (event->kind) {
    case EVENT_CHUNK:
        append_chunk(told, event, out);
        break;
    case EVENT_END:
    case EVENT_RESET:
        append_end(told, event, out);
        break;
    case EVENT_OPENED:
        bytes_append_text(out, "connected");
        break;
    case EVENT_REFUSED:
        bytes_append_text(out, "refused");
        break;
    case EVENT_STARTED:
        bytes_append_format(out, "%.*s started", length, name);
        break;
    case EVENT_EXITED:
        bytes_append_format(out, "%.*s exited with %d", length, name, (int)event->detail);
        break;
    case EVENT_KILLED:
        bytes_append_format(out, "%.*s was killed by ", length, name);
        append_signal(out, event->detail);
        break;
    case EVENT_SIGNALLED:
        append_signal(out, event->detail);
        bytes_append_format(out, " was sent to %.*s", length, name);
        break;
    case EVENT_SETTLED:
        bytes_append_text(out, "the programs had settled");
        break;
    }
}

void told_append_result(const struct told *told, struct bytes *out)
{
    const struct result *result = told->run->result;
    const char *path = result->file ? result->file : result->path;
    bytes_append_text(out, result->status == RESULT_ERROR     ? "could not be carried out"
                           : result->status == RESULT_XFAILED ? "failed, as xfail says"
                                                              : result_status_words[result->status]);
    if (result->line && path) {
        bytes_append_text(out, " at ");
        append_file(path, out);
        bytes_append_format(out, ":%d:%d", result->line, result->column);
    }
    if (result->message) {
        bytes_append_text(out, ": ");
        told_append_text(out, result->message);
    }
}

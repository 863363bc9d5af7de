/* verify - see verify.h. */
#include "harness/commands/verify.h"

#include <stdlib.h>
#include <string.h>

#include "harness/commands/load.h"
#include "harness/commands/run_case.h"
#include "harness/runner.h"
#include "harness/scenario.h"
#include "harness/transcript.h"
#include "harness/world/world.h"

static const struct transcript_stream *heard_from(const struct transcript *transcript, const char *name)
{
    for (size_t i = 0; i < transcript->stream_count; i++) {
        const struct transcript_stream *stream = &transcript->streams[i];
        if (stream->kind == TRANSCRIPT_RECEIVED && stream->name && strcmp(stream->name, name) == 0) {
            return stream;
        }
    }
    return NULL;
}

/* Connections stand in the scenario in the order of its steps. */
static int listen_to(const struct scenario *scenario, const struct transcript *transcript,
                     struct verify_heard *heard)
{
    heard->said = calloc(scenario->connection_count + 1, sizeof *heard->said);
    if (!heard->said) {
        return -1;
    }
    for (size_t i = 0; i < scenario->connection_count; i++) {
        const struct transcript_stream *stream = heard_from(transcript, scenario->connections[i].name);
        bytes_init(&heard->said[heard->count++], SIZE_MAX / 4);
        if (stream &&
            bytes_append(&heard->said[i], bytes_text(&stream->bytes), stream->bytes.length) != BYTES_OK) {
            return -1;
        }
    }
    return 0;
}

static int play(const struct scenario *scenario, const struct options *options, struct world *world,
                struct result *result, struct verify_heard *heard, struct seam_error *error)
{
    const struct run_options how = {
        .evidence = EVIDENCE_DRAINED, .allow_remote = options->allow_remote, .drop_folders = true};
    struct run *run = run_new(scenario, NULL, world, &how, error);
    int answer = 0;
    if (!run) {
        return -1;
    }
    while (run_advance(run)) {
        world->ops->wait(world, run_due_ns(run));
    }
    run_result(run, result);
    if (heard && listen_to(scenario, run_transcript(run), heard) != 0) {
        answer = seam_error_set(error, "out of memory");
    }
    run_free(run);
    return answer;
}

int verify_run(const char *path, const char *text, const struct options *options, struct result *result,
               struct verify_heard *heard, struct seam_error *error)
{
    struct scenario_options loading;
    struct error_list errors = {0};
    const struct seam_error *why = NULL;
    int answer = -1;
    char *bin = load_options(options, &loading);
    struct scenario_file *file = scenario_load_text(path, text, strlen(text), &loading, &errors);
    struct run_world *shared = run_world_open();
    struct world *world = run_world_of(shared, &why);
    if (heard) {
        *heard = (struct verify_heard){0};
    }
    if (!file) {
        seam_error_set(error, "%.300s", errors.count ? errors.items[0].error.text : "it can't be loaded");
    } else if (!world) {
        *error = *why;
    } else {
        answer = play(scenario_file_at(file, 0), options, world, result, heard, error);
    }
    run_world_close(shared);
    scenario_file_free(file);
    error_list_close(&errors);
    free(bin);
    return answer;
}

void verify_heard_close(struct verify_heard *heard)
{
    for (size_t i = 0; i < heard->count; i++) {
        bytes_free(&heard->said[i]);
    }
    free(heard->said);
    *heard = (struct verify_heard){0};
}

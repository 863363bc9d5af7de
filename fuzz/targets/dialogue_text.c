/*
 * dialogue_text - a conversation that was written down becomes a scenario that loads, and that sends the same
 * bytes in the same chunks, from either side.
 *
 * Files: harness/exchange/dialogue.c harness/exchange/dialogue_text.c harness/exchange/dialogue_print.c
 *   harness/exchange/dialogue_send.c harness/exchange/dialogue_expect.c harness/exchange/dialogue_mask.c
 *
 * An input is a text, as `seam import text` reads it. Where it can be read it is printed three times: Seam as
 * the client, as the server, and with a mask. Not reached: what is learnt of replays, data in files beside.
 */
#include "harness/exchange/dialogue.h"
#include "harness/exchange/sent.h"
#include "harness/scenario_print.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The connection that was opened as number-th. */
static size_t opened(const struct dialogue *dialogue, size_t number)
{
    for (size_t i = 0; i < dialogue->event_count; i++) {
        if (dialogue->events[i].kind == DIALOGUE_OPENED && number-- == 0) {
            return dialogue->events[i].connection;
        }
    }
    abort();
}

/* The chunks of a side are just those that the scenario sends. */
static void check_sent(const struct dialogue *dialogue, enum dialogue_side side,
                       const struct scenario *scenario)
{
    struct sent *sent = sent_collect(scenario);
    assert(sent);
    for (size_t i = 0; i < scenario->connection_count; i++) {
        size_t connection = opened(dialogue, i), at = 0, cut = 0;
        assert(sent[i].why_not[0] == '\0');
        for (size_t j = 0; j < dialogue->event_count; j++) {
            const struct dialogue_event *event = &dialogue->events[j];
            if (event->kind != DIALOGUE_CHUNK || event->side != side || event->connection != connection) {
                continue;
            }
            assert(at == 0 || (cut < sent[i].cut_count && sent[i].cuts[cut++] == at));
            assert(at + event->length <= sent[i].bytes.length);
            assert(memcmp(bytes_text(&sent[i].bytes) + at, event->data, event->length) == 0);
            at += event->length;
        }
        assert(at == sent[i].bytes.length && cut == sent[i].cut_count);
    }
    sent_free(sent, scenario);
}

static void check(const char *input, size_t size, bool server, bool masked)
{
    static const char *const masks[] = {"[0-9]+"};
    const struct import_request request = {
        .path = "input",
        .folder = "/",
        .options = {.to = server ? NULL : "127.0.0.1:1",
                    .program = server ? "client ${door.port}" : NULL,
                    .play_server = server,
                    .masks = masks,
                    .mask_count = masked},
    };
    struct imported imported;
    struct dialogue dialogue;
    struct seam_error error = {0};
    imported_open(&imported);
    dialogue_open(&dialogue, imported.arena);
    dialogue.name = "input";
    if (dialogue_read_text(&dialogue, input, size, "\r\n", &error) != 0) {
        assert(error.text[0] && error.line > 0 && error.column > 0);
    } else if (dialogue_print(&dialogue, &request, &imported, &error) != RESULT_EXIT_PASSED) {
        assert(error.text[0]); /* nothing was said, or a mask takes too long */
    } else {
        const struct scenario_options loading = {.bin = "/"};
        struct error_list errors = {0};
        char *text = scenario_print_text(imported.scenario);
        struct scenario_file *file = scenario_load_text("input.json", text, strlen(text), &loading, &errors);
        assert(file);
        check_sent(&dialogue, server ? DIALOGUE_SERVER : DIALOGUE_CLIENT, scenario_file_at(file, 0));
        scenario_file_free(file);
        error_list_close(&errors);
        free(text);
    }
    imported_close(&imported);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size ? size : 1); /* exactly as long, so that a read past its end is seen */
    assert(text);
    if (size) {
        memcpy(text, data, size);
    }
    check(text, size, false, false);
    check(text, size, true, false);
    check(text, size, false, true);
    free(text);
    return 0;
}

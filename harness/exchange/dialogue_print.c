/*
 * dialogue_print - walks a dialogue and prints the scenario that says it again.
 *
 * What the other side said is expected before the side that is played does anything more: it did not know of
 * that yet. Only a line that is not whole may wait, when it is another connection that something is done
 * with.
 */
#include "harness/exchange/dialogue_inside.h"

#include <string.h>

#include "harness/exchange/conversation.h" /* program_print */
#include "harness/scenario_print.h"

#define WHY_GAP_NS 100000000 /* shorter ones are not worth a comment */

/* --- what the parts share
 * --------------------------------------------------------------------------------------------- */

void printer_step(struct printer *printer, json_t *step, uint64_t time_ns)
{
    bool known = time_ns != DIALOGUE_TIME_UNKNOWN;
    if (step && known && time_ns >= printer->now_ns + WHY_GAP_NS && json_array_size(printer->steps) > 1) {
        uint64_t ms = (time_ns - printer->now_ns) / 1000000;
        char why[64];
        snprintf(why, sizeof why, "%llu.%03llu s later", (unsigned long long)(ms / 1000),
                 (unsigned long long)(ms % 1000));
        json_object_set_new(step, "why", json_string(why));
    }
    if (known && time_ns > printer->now_ns) {
        printer->now_ns = time_ns;
    }
    if (json_array_append_new(printer->steps, step) != 0) {
        printer->failed = true;
    }
}

json_t *printer_data(struct printer *printer, const void *data, size_t length)
{
    json_t *json = scenario_print_bytes(data, length);
    if (json && json_dumpb(json, NULL, 0, JSON_ENCODE_ANY) > IMPORT_INLINE_BYTES_MAX) {
        json_decref(json);
        json = imported_put_beside(printer->out, printer->request,
                                   arena_copy(printer->out->arena, data, length), length, printer->error);
    }
    printer->failed |= !json;
    return json;
}

bool printer_is_text(const void *data, size_t length)
{
    json_t *json = scenario_print_bytes(data, length);
    bool text = json_is_string(json);
    json_decref(json);
    return text;
}

size_t printer_lines(const char *delimiter, const char *data, size_t *length)
{
    size_t count = 0, n = strlen(delimiter), at = 0;
    while (count < DIALOGUE_LINES_MAX && at < *length && at < IMPORT_INLINE_BYTES_MAX / 2) {
        const char *end = memmem(data + at, *length - at, delimiter, n);
        if (!end || !printer_is_text(data + at, (size_t)(end - data) - at) ||
            (size_t)(end - data) > IMPORT_INLINE_BYTES_MAX / 2) {
            break;
        }
        at = (size_t)(end - data) + n;
        count++;
    }
    *length = at;
    return count;
}

int printer_add_lines(json_t *step, const char *delimiter, const char *data, size_t length, size_t count)
{
    size_t n = strlen(delimiter);
    json_t *lines = json_array();
    const char *end = data + length;
    for (const char *at = data, *stop; at < end; at = stop + n) {
        stop = memmem(at, (size_t)(end - at), delimiter, n);
        if (!stop || json_array_append_new(lines, scenario_print_bytes(at, (size_t)(stop - at))) != 0) {
            json_decref(lines);
            return -1;
        }
    }
    int result = count == 1 ? json_object_set(step, "line", json_array_get(lines, 0))
                            : json_object_set(step, "lines", lines);
    json_decref(lines);
    return result;
}

/* --- the connections
 * --------------------------------------------------------------------------------------------- */

static enum dialogue_side other(enum dialogue_side side)
{
    return side == DIALOGUE_CLIENT ? DIALOGUE_SERVER : DIALOGUE_CLIENT;
}

/* "\r\n" where each newline follows a CR; a chunk may begin between them. */
static void choose_delimiters(struct printer *printer)
{
    const struct dialogue *d = printer->dialogue;
    struct state {
        size_t newlines, bare;
        bool cr[2];
    } *states = arena_alloc_array(printer->out->arena, d->connection_count, sizeof *states);
    for (size_t i = 0; i < d->event_count; i++) {
        const struct dialogue_event *event = &d->events[i];
        struct state *state = &states[event->connection];
        if (event->kind != DIALOGUE_CHUNK) {
            continue;
        }
        const unsigned char *at = event->data, *end = at + event->length;
        for (const unsigned char *newline; (newline = memchr(at, '\n', (size_t)(end - at)));
             at = newline + 1) {
            state->newlines++;
            state->bare += newline > event->data ? newline[-1] != '\r' : !state->cr[event->side];
        }
        state->cr[event->side] = end[-1] == '\r';
    }
    for (size_t i = 0; i < d->connection_count; i++) {
        printer->peers[i].delimiter = states[i].newlines > 0 && states[i].bare == 0 ? "\r\n" : "\n";
    }
}

/* What came when a side had reset the connection, or when nobody listened any more, is not known. */
static bool is_rest_unknown(const struct printer *printer, const struct dialogue_state *over)
{
    return !over->ended[other(printer->played)];
}

static int open_peers(struct printer *printer)
{
    const struct dialogue *d = printer->dialogue;
    struct arena *arena = printer->out->arena;
    uint64_t *received = arena_alloc_array(arena, d->connection_count, sizeof *received), total = 0;
    size_t number = 0, hole = 0, opened = 0;
    printer->peers = arena_alloc_array(arena, d->connection_count, sizeof *printer->peers);
    printer->dirty = arena_alloc_array(arena, d->connection_count, sizeof *printer->dirty);
    for (size_t i = 0; i < d->connection_count; i++) {
        struct peer *peer = &printer->peers[i];
        bytes_init(&peer->pending, SIZE_MAX / 4);
        peer->rest_unknown = is_rest_unknown(printer, &d->over[i]);
        opened += d->over[i].opened;
        for (peer->hole_next = hole; hole < d->hole_count && d->holes[hole].connection == i; hole++) {
        }
    }
    for (size_t i = 0; i < d->event_count; i++) {
        const struct dialogue_event *event = &d->events[i];
        if (event->kind == DIALOGUE_OPENED) {
            number++;
            printer->peers[event->connection].name =
                opened == 1 ? CONVERSATION_PEER : arena_format(arena, CONVERSATION_PEER "%zu", number);
        }
        if (event->kind == DIALOGUE_CHUNK) {
            total += event->length;
            received[event->connection] += event->side == printer->played ? 0 : event->length;
        }
        if (received[event->connection] > SCENARIO_RECEIVED_BYTES_MAX) {
            return seam_error_set(printer->error,
                                  "what comes on connection %zu is more than the %zu MiB that a run keeps",
                                  event->connection + 1, SCENARIO_RECEIVED_BYTES_MAX >> 20);
        }
    }
    if (total > DATA_EXPANDED_BYTES_MAX) {
        return seam_error_set(printer->error, "it has %llu bytes, a scenario at most %zu MiB",
                              (unsigned long long)total, DATA_EXPANDED_BYTES_MAX >> 20);
    }
    printer->out->connections = opened;
    choose_delimiters(printer);
    return 0;
}

/* --- the walk
 * ------------------------------------------------------------------------------------------------------ */

static void set_dirty(struct printer *printer, size_t connection)
{
    struct peer *peer = &printer->peers[connection];
    if (!peer->is_dirty) {
        peer->is_dirty = true;
        printer->dirty[printer->dirty_count++] = connection;
    }
}

/* Something is done with a connection, now: what came so far came before. SIZE_MAX: the end of all. */
static void expect_before(struct printer *printer, size_t connection)
{
    size_t kept = 0;
    if (printer->dirty_count > 0) {
        printer_send(printer);
    }
    for (size_t i = 0; i < printer->dirty_count && !printer->failed; i++) {
        size_t which = printer->dirty[i];
        struct peer *peer = &printer->peers[which];
        printer_expect(printer, which, which == connection || connection == SIZE_MAX);
        peer->is_dirty = peer->pending.length > 0;
        if (peer->is_dirty) {
            printer->dirty[kept++] = which;
        }
    }
    printer->dirty_count = kept;
}

static json_t *opening(const struct printer *printer, const struct peer *peer)
{
    bool accepts = printer->played == DIALOGUE_SERVER;
    json_t *step = json_pack("{s:s, s:s}", accepts ? "accept" : "connect", peer->name,
                             accepts ? "from" : "to", accepts ? "door" : "server");
    if (step && strcmp(peer->delimiter, "\n") != 0) {
        json_object_set_new(step, "delimiter", json_string(peer->delimiter));
    }
    if (step && peer->rest_unknown) {
        json_object_set_new(step, "rest", json_string("ignore"));
    }
    return step;
}

static void say(struct printer *printer, const struct dialogue_event *event)
{
    if (printer->run_count > 0 && printer->run_peer != event->connection) {
        printer_send(printer);
    }
    if (printer->run_count == 0) {
        printer->run_peer = event->connection;
        printer->run_ns = event->time_ns;
    }
    if (event->kind == DIALOGUE_CHUNK) {
        printer->failed |= bytes_append(&printer->run, event->data, event->length) != BYTES_OK;
    }
    printer->run_ends = arena_grow(printer->out->arena, printer->run_ends, &printer->run_count,
                                   &printer->run_capacity, sizeof *printer->run_ends);
    printer->run_ends[printer->run_count - 1] = printer->run.length;
    printer->run_secrets = arena_grow(printer->out->arena, printer->run_secrets, &printer->secrets_count,
                                      &printer->secrets_capacity, sizeof *printer->run_secrets);
    printer->run_secrets[printer->secrets_count - 1] = event->kind == DIALOGUE_SECRET ? event->secret + 1 : 0;
}

static void hear(struct printer *printer, const struct dialogue_event *event)
{
    struct peer *peer = &printer->peers[event->connection];
    if (!peer->is_dirty) {
        peer->pending_ns = event->time_ns;
    }
    set_dirty(printer, event->connection);
    if (event->kind == DIALOGUE_CHUNK) {
        printer->failed |= bytes_append(&peer->pending, event->data, event->length) != BYTES_OK;
    } else if (event->kind == DIALOGUE_END) {
        peer->pending_end = peer->ended = true;
    } else if (!peer->ended) { /* behind its end a reset only says that it did not want what came later */
        expect_before(printer, event->connection);
        printer_send(printer);
        printer->out->expects++;
        printer_step(printer, json_pack("{s:s, s:b}", "expect", peer->name, "reset", 1), event->time_ns);
    }
}

/* A half-close behind sends of the same connection belongs to their burst: where that is cut by id, so is
 * this. */
static void cut_before_end(struct printer *printer, struct peer *peer, bool burst)
{
    if (burst && peer->cut_by_id) {
        peer->cuts = arena_grow(printer->out->arena, peer->cuts, &peer->cut_count, &peer->cut_capacity,
                                sizeof *peer->cuts);
        peer->cuts[peer->cut_count - 1] = peer->sent;
    }
}

static void close_side(struct printer *printer, const struct dialogue_event *event)
{
    struct peer *peer = &printer->peers[event->connection];
    bool reset = event->kind == DIALOGUE_RESET, burst = printer->run_count > 0;
    printer_send(printer);
    cut_before_end(printer, peer, burst && !reset && printer->run_peer == event->connection);
    printer_step(printer, json_pack("{s:s, s:s}", "close", peer->name, "how", reset ? "reset" : "write"),
                 event->time_ns);
}

static void walk(struct printer *printer)
{
    const struct dialogue *d = printer->dialogue;
    for (size_t i = 0; i < d->event_count && !printer->failed; i++) {
        const struct dialogue_event *event = &d->events[i];
        if (event->kind == DIALOGUE_SECRET && event->side != printer->played) {
            continue; /* a hole, see dialogue_find_secrets */
        }
        if (event->kind != DIALOGUE_OPENED && event->side != printer->played) {
            hear(printer, event);
            continue;
        }
        expect_before(printer, event->connection);
        switch (event->kind) {
        case DIALOGUE_OPENED:
            printer_send(printer);
            printer_step(printer, opening(printer, &printer->peers[event->connection]), event->time_ns);
            break;
        case DIALOGUE_CHUNK:
        case DIALOGUE_SECRET:
            say(printer, event);
            break;
        case DIALOGUE_END:
        case DIALOGUE_RESET:
            close_side(printer, event);
            break;
        }
    }
    if (!printer->failed) {
        printer_send(printer);
        expect_before(printer, SIZE_MAX);
    }
}

/* --- the scenario
 * -------------------------------------------------------------------------------------------------- */

static enum result_exit refuse(struct seam_error *error, const char *text)
{
    seam_error_set(error, "%s", text);
    return RESULT_EXIT_USAGE;
}

static enum result_exit check_request(const struct import_request *request, struct seam_error *error)
{
    const struct exchange_options *options = &request->options;
    if (options->play_server && options->to) {
        return refuse(error,
                      "--to names a server; with --play server Seam is that, and the program connects");
    }
    if (options->play_server && !options->program) {
        return refuse(
            error,
            "--play server needs the client: --program 'COMMAND ARGS', which connects to ${door.port}");
    }
    if (options->play_server && options->stdio) {
        return refuse(error, "--stdio is a way to speak to a server; a client connects");
    }
    if (!options->to == !options->program) {
        return refuse(error,
                      options->to
                          ? "--to is a server that runs, --program one that is started: only one of them"
                          : "whom shall it be said to? --program 'COMMAND ARGS', which is started, or --to "
                            "HOST:PORT, which runs");
    }
    if (options->stdio && options->to) {
        return refuse(error, "--stdio: of which --program?");
    }
    return RESULT_EXIT_PASSED;
}

static json_t *print_programs(const struct import_request *request, struct seam_error *error)
{
    const struct exchange_options *options = &request->options;
    json_t *program = options->to ? json_pack("{s:s}", "address", options->to)
                                  : program_print(options->program, options->stdio, request->folder, error);
    if (program && options->play_server) {
        json_object_del(program, "listens");
    }
    return program ? json_pack("{s:o}", options->play_server ? "client" : "server", program) : NULL;
}

static json_t *print_cuts(struct printer *printer)
{
    struct segmentation cuts = {0};
    struct bytes id;
    json_t *json = NULL;
    int result = 0;
    bytes_init(&id, SCENARIO_FILE_BYTES_MAX);
    for (size_t i = 0; result == 0 && i < printer->dialogue->connection_count; i++) {
        const struct peer *peer = &printer->peers[i];
        if (peer->cut_count > 0) {
            result = segmentation_set(&cuts, peer->name, CUTS_LISTED, 0, peer->cuts, peer->cut_count);
        }
    }
    if (result == 0 && cuts.item_count > 0 && segmentation_print(&cuts, &id) == 0) {
        json = json_string(bytes_text(&id));
    }
    printer->failed |= cuts.item_count > 0 && !json;
    bytes_free(&id);
    segmentation_close(&cuts);
    return json;
}

static void begin_steps(struct printer *printer)
{
    if (printer->played == DIALOGUE_SERVER) {
        printer_step(printer, json_pack("{s:s}", "listen", "door"), 0);
        printer_step(printer, json_pack("{s:s}", "start", "client"), 0);
    }
}

/* A client that ended each connection itself ends, too, as a rule; one that does not is stopped at the end.
 */
static void end_steps(struct printer *printer)
{
    const struct dialogue *d = printer->dialogue;
    bool ended = printer->played == DIALOGUE_SERVER;
    for (size_t i = 0; i < d->connection_count; i++) {
        ended = ended && d->over[i].ended[DIALOGUE_CLIENT];
    }
    if (ended) {
        printer_step(printer, json_pack("{s:s, s:i}", "expect", "client", "exit", 0), DIALOGUE_TIME_UNKNOWN);
    }
}

static void close_printer(struct printer *printer)
{
    for (size_t i = 0; printer->peers && i < printer->dialogue->connection_count; i++) {
        bytes_free(&printer->peers[i].pending);
    }
    bytes_free(&printer->run);
    json_decref(printer->steps);
}

static enum result_exit print_scenario(struct printer *printer, json_t *programs)
{
    const struct dialogue *d = printer->dialogue;
    printer_plan_sends(printer);
    begin_steps(printer);
    walk(printer);
    end_steps(printer);
    json_t *cuts = printer->failed ? NULL : print_cuts(printer);
    if (!printer->failed) {
        json_t *vars = printer_secrets(printer);
        printer->out->scenario =
            json_pack("{s:i, s:s, s:s*, s:o*, s:o*, s:O, s:O}", "seam", 1, "name", d->name, "why", d->why,
                      "cut", cuts, "vars", vars, "programs", programs, "steps", printer->steps);
    }
    if (!printer->out->scenario && !printer->error->text[0]) {
        seam_error_set(printer->error, "out of memory");
    }
    return printer->out->scenario ? RESULT_EXIT_PASSED : RESULT_EXIT_ERROR;
}

enum result_exit dialogue_print(struct dialogue *dialogue, const struct import_request *request,
                                struct imported *out, struct seam_error *error)
{
    struct printer printer = {.dialogue = dialogue, .request = request, .out = out, .error = error};
    enum result_exit code = check_request(request, error);
    if (code != RESULT_EXIT_PASSED) {
        return code;
    }
    if (dialogue->connection_count == 0) {
        seam_error_set(error, "nothing was said in it");
        return RESULT_EXIT_ERROR;
    }
    printer.played = request->options.play_server ? DIALOGUE_SERVER : DIALOGUE_CLIENT;
    const struct exchange_options *options = &request->options;
    if (dialogue_mask(dialogue, other(printer.played), options->masks, options->mask_count, error) != 0) {
        return RESULT_EXIT_USAGE;
    }
    if (dialogue_learn(dialogue, other(printer.played), request->replays, request->replay_count, error) !=
        0) {
        return RESULT_EXIT_ERROR;
    }
    dialogue_find_secrets(dialogue, other(printer.played));
    dialogue_sort_holes(dialogue);
    json_t *programs = print_programs(request, error);
    if (!programs) {
        return RESULT_EXIT_USAGE;
    }
    printer.steps = json_array();
    bytes_init(&printer.run, SIZE_MAX / 4);
    error->text[0] = '\0';
    code = open_peers(&printer) == 0 ? print_scenario(&printer, programs) : RESULT_EXIT_ERROR;
    json_decref(programs);
    close_printer(&printer);
    return code;
}

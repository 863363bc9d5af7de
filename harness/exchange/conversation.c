/* conversation - see conversation.h. */
#include "harness/exchange/conversation.h"

#include <string.h>

#include "harness/scenario_print.h"
#include "harness/segmentation.h"

enum { LINES_MAX = 1000 /* more are one text: nobody reads that far */ };

static enum result_exit fail(struct seam_error *error, const char *text)
{
    seam_error_set(error, "%s", text);
    return RESULT_EXIT_ERROR;
}

/* --- chunks
 * ----------------------------------------------------------------------------------------------------- */

static size_t chunk_begin(const struct conversation *c, size_t chunk)
{
    return chunk == 0 ? 0 : c->cuts[chunk - 1];
}

static size_t chunk_end(const struct conversation *c, size_t chunk)
{
    return chunk == c->cut_count ? c->length : c->cuts[chunk];
}

size_t conversation_empty_chunks(const struct conversation *conversation)
{
    size_t count = 0;
    for (size_t i = 0; conversation->cut_count && i <= conversation->cut_count; i++) {
        count += chunk_begin(conversation, i) == chunk_end(conversation, i);
    }
    return count;
}

/* The size of all chunks but the last; 0: they differ. */
static size_t chunk_size(const struct conversation *c)
{
    size_t size = c->cut_count > 1 ? c->cuts[0] : 0;
    for (size_t i = 0; size && i < c->cut_count; i++) {
        size = c->cuts[i] == size * (i + 1) ? size : 0;
    }
    return size && c->length <= size * (c->cut_count + 1) ? size : 0;
}

/* The segmentation, of chunks that all have bytes; NULL with error. */
static json_t *print_cut(const struct conversation *c, struct seam_error *error)
{
    struct segmentation cut = {0};
    struct bytes id;
    json_t *json = NULL;
    size_t size = chunk_size(c);
    enum cut_rule rule = size == 1 ? CUTS_EVERY_BYTE : size ? CUTS_CHUNKS : CUTS_LISTED;
    if (rule == CUTS_LISTED && c->cut_count > SEGMENTATION_CUTS_MAX) {
        seam_error_set(error, "it has %zu cuts, a scenario at most %d", c->cut_count, SEGMENTATION_CUTS_MAX);
        return NULL;
    }
    bytes_init(&id, SCENARIO_FILE_BYTES_MAX);
    uint64_t *cuts = malloc((c->cut_count + 1) * sizeof *cuts);
    for (size_t i = 0; cuts && i < c->cut_count; i++) {
        cuts[i] = c->cuts[i];
    }
    if (cuts && segmentation_set(&cut, CONVERSATION_PEER, rule, size, cuts, c->cut_count) == 0 &&
        segmentation_print(&cut, &id) == 0) {
        json = json_string(bytes_text(&id));
    }
    if (!json) {
        seam_error_set(error, "out of memory");
    }
    free(cuts);
    bytes_free(&id);
    segmentation_close(&cut);
    return json;
}

/* --- what is sent
 * ----------------------------------------------------------------------------------------------------- */

/* "line" or "lines", when all of it is lines that a person would type; NULL when not. */
static json_t *print_lines(const struct conversation *c)
{
    json_t *lines = json_array();
    const unsigned char *end = c->data + c->length, *newline;
    bool fits = lines && c->length > 0 && end[-1] == '\n';
    for (const unsigned char *at = c->data; fits && at < end; at = newline + 1) {
        newline = memchr(at, '\n', (size_t)(end - at));
        json_t *line = scenario_print_bytes(at, (size_t)(newline - at));
        fits = json_is_string(line) && json_array_size(lines) < LINES_MAX;
        fits = json_array_append_new(lines, line) == 0 && fits;
    }
    if (!fits) {
        json_decref(lines);
        return NULL;
    }
    json_t *only = json_array_size(lines) == 1 ? json_incref(json_array_get(lines, 0)) : NULL;
    json_t *step = only ? json_pack("{s:s, s:o}", "send", CONVERSATION_PEER, "line", only)
                        : json_pack("{s:s, s:O}", "send", CONVERSATION_PEER, "lines", lines);
    json_decref(lines);
    return step;
}

static json_t *print_split(const struct conversation *c)
{
    json_t *items = json_array();
    int result = items ? 0 : -1;
    for (size_t i = 0; result == 0 && i <= c->cut_count; i++) {
        size_t begin = chunk_begin(c, i);
        result = json_array_append_new(items, scenario_print_bytes(c->data + begin, chunk_end(c, i) - begin));
    }
    if (result != 0) {
        json_decref(items);
        return NULL;
    }
    return json_pack("{s:s, s:o}", "send", CONVERSATION_PEER, "split", items);
}

static enum result_exit put_beside(const struct conversation *c, const struct import_request *request,
                                   struct imported *out, json_t **step, struct seam_error *error)
{
    const void *data = request->beside ? arena_copy(out->arena, c->data, c->length) : NULL;
    json_t *file = imported_put_beside(out, request, data, c->length, error);
    json_decref(*step);
    *step = file ? json_pack("{s:s, s:o}", "send", CONVERSATION_PEER, "data", file) : NULL;
    return *step ? RESULT_EXIT_PASSED : file ? fail(error, "out of memory") : RESULT_EXIT_USAGE;
}

static enum result_exit print_send(const struct conversation *c, const struct import_request *request,
                                   struct imported *out, json_t **step, struct seam_error *error)
{
    bool split = conversation_empty_chunks(c) > 0;
    *step = split ? print_split(c) : print_lines(c);
    if (!*step && !split) {
        *step = json_pack("{s:s, s:o}", "send", CONVERSATION_PEER, "data",
                          scenario_print_bytes(c->data, c->length));
    }
    if (!*step) {
        return fail(error, "out of memory");
    }
    return !split && json_dumpb(*step, NULL, 0, 0) > IMPORT_INLINE_BYTES_MAX
               ? put_beside(c, request, out, step, error)
               : RESULT_EXIT_PASSED;
}

/* --- all of it
 * ------------------------------------------------------------------------------------------------------- */

/* With a program of the user's the connection ends at the end of the run, when a program may end as well: one
 * that serves one connection is as welcome as one that goes on. */
static json_t *print_steps(enum spoken_to to, json_t *send)
{
    switch (to) {
    case SPOKEN_TO_CHAT_SERVER:
        return json_pack("[{s:s, s:s, s:s}, o, {s:s}, {s:s, s:i}]", "connect", CONVERSATION_PEER, "to",
                         "server", "rest", "ignore", send, "close", CONVERSATION_PEER, "stop", "server",
                         "exit", 0);
    case SPOKEN_TO_CHAT_CLIENT:
        return json_pack("[{s:s}, {s:s}, {s:s, s:s, s:s}, o, {s:s}, {s:s, s:i}]", "listen", "door", "start",
                         "client", "accept", CONVERSATION_PEER, "from", "door", "rest", "ignore", send,
                         "close", CONVERSATION_PEER, "expect", "client", "exit", 0);
    default:
        return json_pack("[{s:s, s:s, s:s}, o]", "connect", CONVERSATION_PEER, "to", "server", "rest",
                         "ignore", send);
    }
}

static json_t *print_programs(enum spoken_to to, const struct import_request *request,
                              struct seam_error *error)
{
    json_t *program;
    seam_error_set(error, "out of memory");
    switch (to) {
    case SPOKEN_TO_CHAT_SERVER:
        return json_pack("{s:{s:[s, s, s], s:b}}", "server", "command", "${bin}/chat-server", "--port", "0",
                         "listens", 1);
    case SPOKEN_TO_CHAT_CLIENT:
        return json_pack("{s:{s:[s, s, s, s, s]}}", "client", "command", "${bin}/chat-client", "--host",
                         "127.0.0.1", "--port", "${door.port}");
    default:
        program = program_print(request->options.program, request->options.stdio, request->folder, error);
        return program ? json_pack("{s:o}", "server", program) : NULL;
    }
}

enum result_exit conversation_print(const struct conversation *conversation,
                                    const struct import_request *request, struct imported *out,
                                    struct seam_error *error)
{
    enum spoken_to to = request->options.program ? SPOKEN_TO_PROGRAM : conversation->to;
    json_t *send = NULL, *cut = NULL;
    out->bytes = conversation->length;
    out->cuts = conversation->cut_count;
    json_t *programs = print_programs(to, request, error);
    if (!programs) {
        return to == SPOKEN_TO_PROGRAM ? RESULT_EXIT_USAGE : RESULT_EXIT_ERROR;
    }
    enum result_exit code = print_send(conversation, request, out, &send, error);
    if (code == RESULT_EXIT_PASSED && conversation->cut_count > 0 &&
        conversation_empty_chunks(conversation) == 0 && !(cut = print_cut(conversation, error))) {
        code = RESULT_EXIT_ERROR;
    }
    if (code != RESULT_EXIT_PASSED) {
        json_decref(programs);
        json_decref(send);
        return code;
    }
    out->scenario =
        json_pack("{s:i, s:s, s:s, s:o*, s:o, s:o}", "seam", 1, "name", conversation->name, "why",
                  conversation->why, "cut", cut, "programs", programs, "steps", print_steps(to, send));
    return out->scenario ? RESULT_EXIT_PASSED : fail(error, "out of memory");
}

/*
 * import_crash - an input of a fuzz target becomes a scenario: its stream, cut as it says, said to a program.
 *
 * The target itself is not asked. What it does with an input before it decodes it (the first byte says which
 * parser) is done here the same way.
 */
#include "harness/exchange/conversation.h"

#include <string.h>

#include "fuzz/include/seam/fuzz.h"
#include "harness/arena.h"

struct input {
    struct arena *arena;
    const unsigned char *data;
    size_t size;
    struct target target;
    size_t parser;
    struct conversation conversation;
};

static int check_options(const struct exchange_options *options, struct target *target,
                         struct seam_error *error)
{
    if (!options->target && !options->program) {
        return seam_error_set(error, "whose input is it? --target NAME, or, of a target of yours, --program "
                                     "'COMMAND ARGS' that speaks its protocol");
    }
    if (options->stdio && !options->program) {
        return seam_error_set(error, "--stdio: of which --program?");
    }
    if (target_choose(options, target, error) != 0) {
        return -1;
    }
    if (!target->known && !options->program) {
        return target_refuse(target, "say who speaks its protocol: --program 'COMMAND ARGS'", error);
    }
    return 0;
}

static int read_input(const char *path, struct input *input, struct seam_error *error)
{
    const char *text = import_read(input->arena, path, &input->size, error);
    input->data = (const unsigned char *)text;
    return text ? 0 : -1;
}

static void decode(struct input *input)
{
    const unsigned char *data = input->data;
    size_t size = input->size;
    struct seam_fuzz_stream stream;
    if (input->target.parsers > 1 && size > 0) {
        input->parser = *data % input->target.parsers;
        data++;
        size--;
    }
    size_t *cuts = arena_alloc_array(input->arena, size + 1, sizeof *cuts); /* each takes a byte of it */
    seam_fuzz_decode(data, size, cuts, size + 1, &stream);
    input->conversation.data = stream.data;
    input->conversation.length = stream.length;
    input->conversation.cuts = stream.cuts;
    input->conversation.cut_count = stream.cut_count;
    input->conversation.to = target_spoken_to(&input->target, input->parser);
}

static void describe(struct input *input, const char *path)
{
    struct conversation *c = &input->conversation;
    const char *name = import_visible_name(input->arena, path);
    const char *target =
        input->target.name ? import_visible_name(input->arena, input->target.name) : "a parser";
    size_t empty = conversation_empty_chunks(c);
    char *parser = arena_copy_text(input->arena, "");
    if (input->target.parsers > 1) {
        parser =
            arena_format(input->arena, ", parser %zu of 0 to %zu", input->parser, input->target.parsers - 1);
    }
    char *lost = arena_copy_text(input->arena, "");
    if (empty > 0) {
        lost =
            arena_format(input->arena,
                         ". %zu of its chunks %s empty, which no socket carries: the elements \"\" of split "
                         "keep them for seam export",
                         empty, empty == 1 ? "is" : "are");
    }
    c->name = arena_format(input->arena, "%s: %s%s", target, name, parser);
    const char *beside = input->target.beside;
    c->why = arena_format(input->arena, "a fuzz input of %s%s: %zu byte%s in %zu chunk%s%s%s%s", target,
                          parser, c->length, c->length == 1 ? "" : "s", c->cut_count + 1,
                          c->cut_count == 0 ? "" : "s", lost, beside ? "; " : "", beside ? beside : "");
}

static void note_lost(const struct input *input, struct imported *out)
{
    size_t empty = conversation_empty_chunks(&input->conversation);
    const char *beside = input->target.beside ? input->target.beside : "";
    char *chunks = arena_copy_text(input->arena, "");
    if (empty > 0) {
        chunks = arena_format(input->arena,
                              "%zu of its %zu chunks %s empty: no socket carries such a chunk, so a run "
                              "can't show what it does%s",
                              empty, input->conversation.cut_count + 1, empty == 1 ? "is" : "are",
                              *beside ? "; and " : "");
    }
    if (*chunks || *beside) {
        out->note = arena_format(out->arena, "%s%s", chunks, beside);
    }
}

enum result_exit import_crash(const struct import_request *request, struct imported *out,
                              struct seam_error *error)
{
    struct input input = {.arena = arena_new()};
    enum result_exit code = RESULT_EXIT_USAGE;
    if (check_options(&request->options, &input.target, error) == 0 &&
        read_input(request->path, &input, error) == 0) {
        decode(&input);
        describe(&input, request->path);
        code = conversation_print(&input.conversation, request, out, error);
        note_lost(&input, out);
    }
    arena_free(input.arena);
    return code;
}

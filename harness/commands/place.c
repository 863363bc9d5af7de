/* place - see place.h. */
#include "harness/commands/place.h"

#include <stdlib.h>
#include <string.h>

#include "harness/commands/command.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/shell_quote.h"
#include "harness/exchange/keep.h"
#include "harness/scenario_print.h"

/* --- where it goes
 * ----------------------------------------------------------------------------------------------- */

int place_open(const char *command, const char *output, struct place_out *out)
{
    const char *slash = output ? strrchr(output, '/') : NULL, *name = slash ? slash + 1 : output;
    *out = (struct place_out){.path = output};
    char *folder = !slash ? strdup(".") : strndup(output, slash == output ? 1 : (size_t)(slash - output));
    out->folder = folder ? realpath(folder, NULL) : NULL;
    free(folder);
    if (!out->folder) {
        diagnose("can't write %s: its folder does not exist", output ? output : "here");
        return RESULT_EXIT_ERROR;
    }
    if (!output) {
        return RESULT_EXIT_PASSED;
    }
    size_t length = strlen(name), json = length > 5 && strcmp(name + length - 5, ".json") == 0 ? 5 : 0;
    if (length == 0 || length - json + sizeof ".1000.bin" > sizeof out->beside) {
        struct seam_error error;
        seam_error_set(&error,
                       length == 0 ? "--output: the name of a folder" : "--output: a name that is too long");
        return command_usage_error(command, &error);
    }
    snprintf(out->beside, sizeof out->beside, "%.*s", (int)(length - json), name);
    out->folder_length = (size_t)(name - output);
    return RESULT_EXIT_PASSED;
}

void place_close(struct place_out *out)
{
    free(out->folder);
}

/* --- what is made
 * ------------------------------------------------------------------------------------------------ */

static int check_text(const char *command, const struct place_out *place, const struct options *options,
                      const char *text)
{
    const struct scenario_options loading = {.bin = "/"};
    struct error_list errors = {0};
    struct scenario_file *file =
        scenario_load_text(place->path ? place->path : "stdout", text, strlen(text), &loading, &errors);
    int code = RESULT_EXIT_PASSED;
    if (!file && (options->program || options->format)) { /* nothing else can be wrong in it */
        struct seam_error error;
        seam_error_set(&error, "%s: %s", options->program ? "--program" : "--to",
                       errors.count ? errors.items[0].error.text : "");
        code = command_usage_error(command, &error);
    } else if (!file) {
        diagnose("the scenario can't be loaded: %s", errors.count ? errors.items[0].error.text : "");
        code = RESULT_EXIT_INTERNAL;
    }
    scenario_file_free(file);
    error_list_close(&errors);
    return code;
}

static void print_summary(const struct place_out *place, const struct imported *imported)
{
    struct bytes run, sweep;
    bytes_init(&run, 4 * PATH_MAX);
    bytes_init(&sweep, 4 * PATH_MAX);
    bytes_append_text(&run, "seam run");
    bytes_append_text(&sweep, "seam sweep");
    shell_quote_append(&run, place->path);
    shell_quote_append(&sweep, place->path);
    diagnose_text(stdout, place->path);
    if (imported->connections > 0) {
        printf(": %zu connection%s, %zu byte%s to send with %zu cut%s, %zu expectation%s\n",
               imported->connections, imported->connections == 1 ? "" : "s", imported->bytes,
               imported->bytes == 1 ? "" : "s", imported->cuts, imported->cuts == 1 ? "" : "s",
               imported->expects, imported->expects == 1 ? "" : "s");
    } else {
        printf(": %zu byte%s in %zu chunk%s\n", imported->bytes, imported->bytes == 1 ? "" : "s",
               imported->cuts + 1, imported->cuts == 0 ? "" : "s");
    }
    printf("    as it is: %s\n    and under every other segmentation: %s\n", bytes_text(&run),
           bytes_text(&sweep));
    bytes_free(&run);
    bytes_free(&sweep);
}

/* Writes the files with data, or takes those away that it wrote. */
static int write_files(const struct place_out *place, const struct imported *imported, bool *written)
{
    int code = RESULT_EXIT_PASSED;
    for (size_t i = 0; i < imported->file_count && code == RESULT_EXIT_PASSED; i++) {
        const struct imported_file *file = &imported->files[i];
        struct seam_error error = {0};
        const char *path =
            arena_format(imported->arena, "%.*s%s", (int)place->folder_length, place->path, file->name);
        enum keep_result kept = keep_file(path, file->data, file->length, &error);
        written[i] = kept == KEEP_WRITTEN;
        if (kept == KEEP_OTHER || kept == KEEP_FAILED) {
            diagnose("%s", error.text);
            code = RESULT_EXIT_ERROR;
        }
    }
    return code;
}

static void remove_files(const struct place_out *place, const struct imported *imported, const bool *written)
{
    for (size_t i = 0; i < imported->file_count; i++) {
        if (written[i]) {
            remove(arena_format(imported->arena, "%.*s%s", (int)place->folder_length, place->path,
                                imported->files[i].name));
        }
    }
}

static int write_text(const char *command, const struct place_out *place, const struct options *options,
                      const struct imported *imported, const char *text)
{
    struct seam_error error = {0};
    bool *written = arena_alloc_array(imported->arena, imported->file_count + 1, sizeof *written);
    int code = write_files(place, imported, written);
    if (code == RESULT_EXIT_PASSED) {
        code = check_text(command, place, options, text);
    }
    if (code == RESULT_EXIT_PASSED && !place->path) {
        fputs(text, stdout);
    } else if (code == RESULT_EXIT_PASSED) {
        enum keep_result kept = keep_file(place->path, text, strlen(text), &error);
        if (kept == KEEP_OTHER || kept == KEEP_FAILED) {
            diagnose("%s", error.text);
            code = RESULT_EXIT_ERROR;
        } else if (!options->quiet) {
            print_summary(place, imported);
        }
    }
    if (code != RESULT_EXIT_PASSED) {
        remove_files(place, imported, written);
    }
    if (code == RESULT_EXIT_PASSED && imported->note) {
        diagnose("note: %s", imported->note);
    }
    return code;
}

int place_write(const char *command, const struct place_out *place, const struct options *options,
                const struct imported *imported)
{
    char *text = scenario_print_text(imported->scenario);
    int code = RESULT_EXIT_ERROR;
    if (!text) {
        diagnose("out of memory");
        code = RESULT_EXIT_INTERNAL;
    } else if (strlen(text) > SCENARIO_FILE_BYTES_MAX) {
        diagnose("the scenario would be larger than %zu MiB", SCENARIO_FILE_BYTES_MAX >> 20);
    } else {
        code = write_text(command, place, options, imported, text);
    }
    free(text);
    return code;
}

void place_options(const struct options *options, struct exchange_options *out)
{
    *out = (struct exchange_options){.target = options->target,
                                     .parsers = options->parsers,
                                     .program = options->program,
                                     .stdio = options->stdio,
                                     .to = options->format,
                                     .play_server = options->play_server,
                                     .masks = options->masks,
                                     .mask_count = options->mask_count,
                                     .line_end = options->line_end,
                                     .stream = options->stream,
                                     .port = options->port};
}

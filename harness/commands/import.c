/*
 * import - `seam import KIND FILE`: makes a scenario of something else; see harness/exchange/exchange.h.
 *
 * What is made is loaded, as `seam check` would, before it is written: only a --program can be wrong in it.
 * Nothing is started, and nothing is written over.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "harness/commands/command.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/options.h"
#include "harness/commands/shell_quote.h"
#include "harness/exchange/exchange.h"
#include "harness/exchange/keep.h"
#include "harness/scenario_print.h"
#include "harness/suggest.h"

struct place_out {
    const char *path;      /* NULL: stdout */
    char *folder;          /* absolute, canonical; owned */
    char beside[NAME_MAX]; /* begin of the names of files for data */
    size_t folder_length;  /* of path, with its slash */
};

static int usage(const char *text)
{
    struct seam_error error;
    seam_error_set(&error, "%s", text);
    return command_usage_error("import", &error);
}

static int refuse_kind(const char *name)
{
    struct suggestion suggestion;
    struct seam_error error;
    char known[256] = "";
    suggest_begin(&suggestion, name, strlen(name));
    for (size_t i = 0, at = 0; i < importer_count && at < sizeof known; i++) {
        suggest_offer(&suggestion, importers[i].name);
        at += (size_t)snprintf(known + at, sizeof known - at, " %s", importers[i].name);
    }
    if (suggestion.best) {
        seam_error_set(&error, "'%s' can't be imported; did you mean '%s'?", name, suggestion.best);
    } else {
        seam_error_set(&error, "'%s' can't be imported; there are:%s", name, known);
    }
    return command_usage_error("import", &error);
}

/* --- where it goes
 * ----------------------------------------------------------------------------------------------- */

static int open_place(const char *output, struct place_out *out)
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
        return usage(length == 0 ? "--output: the name of a folder" : "--output: a name that is too long");
    }
    snprintf(out->beside, sizeof out->beside, "%.*s", (int)(length - json), name);
    out->folder_length = (size_t)(name - output);
    return RESULT_EXIT_PASSED;
}

static void close_place(struct place_out *out)
{
    free(out->folder);
}

/* --- what is made
 * ------------------------------------------------------------------------------------------------ */

static int check_text(const struct place_out *place, const struct options *options, const char *text)
{
    const struct scenario_options loading = {.bin = "/"};
    struct error_list errors = {0};
    struct scenario_file *file =
        scenario_load_text(place->path ? place->path : "stdout", text, strlen(text), &loading, &errors);
    int code = RESULT_EXIT_PASSED;
    if (!file && options->program) {
        struct seam_error error;
        seam_error_set(&error, "--program: %s", errors.count ? errors.items[0].error.text : "");
        code = command_usage_error("import", &error);
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

static int write_scenario(const struct place_out *place, const struct options *options,
                          const struct imported *imported, const char *text)
{
    struct seam_error error = {0};
    bool *written = arena_alloc_array(imported->arena, imported->file_count + 1, sizeof *written);
    int code = write_files(place, imported, written);
    if (code == RESULT_EXIT_PASSED) {
        code = check_text(place, options, text);
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

static int import(const struct importer *importer, const struct options *options,
                  const struct place_out *place)
{
    const struct import_request request = {
        .path = options->operands[1],
        .folder = place->folder,
        .beside = place->path ? place->beside : NULL,
        .options = {.target = options->target,
                    .parsers = options->parsers,
                    .program = options->program,
                    .stdio = options->stdio,
                    .to = options->format,
                    .play_server = options->play_server,
                    .masks = options->masks,
                    .mask_count = options->mask_count,
                    .line_end = options->line_end,
                    .stream = options->stream,
                    .port = options->port},
    };
    struct imported imported;
    struct seam_error error = {0};
    imported_open(&imported);
    int code = importer->run(&request, &imported, &error);
    if (code == RESULT_EXIT_USAGE) {
        code = command_usage_error("import", &error);
    } else if (code != RESULT_EXIT_PASSED && error.line > 0) {
        diagnose("%s:%d:%d: %s", request.path, error.line, error.column, error.text);
    } else if (code != RESULT_EXIT_PASSED) {
        diagnose("%s can't be imported: %s", request.path, error.text);
    } else {
        char *text = scenario_print_text(imported.scenario);
        if (!text) {
            diagnose("out of memory");
            code = RESULT_EXIT_INTERNAL;
        } else if (strlen(text) > SCENARIO_FILE_BYTES_MAX) {
            diagnose("%s can't be imported: its scenario would be larger than %zu MiB", request.path,
                     SCENARIO_FILE_BYTES_MAX >> 20);
            code = RESULT_EXIT_ERROR;
        } else {
            code = write_scenario(place, options, &imported, text);
        }
        free(text);
    }
    imported_close(&imported);
    return code;
}

/* The first option given that this kind does not take; NULL: none. */
static const char *stray_option(const struct importer *importer, const struct options *options)
{
    const struct {
        const char *name;
        bool given;
    } all[] = {
        {"target", options->target != NULL},   {"parsers", options->parsers > 0},
        {"program", options->program != NULL}, {"stdio", options->stdio},
        {"to", options->format != NULL},       {"play", options->play_server},
        {"mask", options->mask_count > 0},     {"line-end", options->line_end != NULL},
        {"stream", options->stream > 0},       {"port", options->port > 0},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char between[32];
        snprintf(between, sizeof between, " %s ", all[i].name);
        if (all[i].given && !strstr(importer->options, between)) {
            return all[i].name;
        }
    }
    return NULL;
}

static int import_operands(const struct options *options)
{
    struct place_out place = {0};
    if (options->operand_count == 0) {
        return usage("a KIND is missing: what to import, such as crash");
    }
    const struct importer *importer = importer_find(options->operands[0]);
    if (!importer) {
        return refuse_kind(options->operands[0]);
    }
    if (options->operand_count != 2) {
        struct seam_error error;
        seam_error_set(&error, "%s takes one %s, not %zu", importer->name, importer->operand,
                       options->operand_count - 1);
        return command_usage_error("import", &error);
    }
    const char *stray = stray_option(importer, options);
    if (stray) {
        struct seam_error error;
        seam_error_set(&error, "%s takes no --%s", importer->name, stray);
        return command_usage_error("import", &error);
    }
    int code =
        open_place(options->output && strcmp(options->output, "-") == 0 ? NULL : options->output, &place);
    if (code == RESULT_EXIT_PASSED) {
        code = import(importer, options, &place);
    }
    close_place(&place);
    return code;
}

static void print_help(void)
{
    command_print_help(stdout, "import");
    printf("\nKinds:\n");
    for (size_t i = 0; i < importer_count; i++) {
        printf("  %s %-*s%s\n", importers[i].name, (int)(25 - strlen(importers[i].name)),
               importers[i].operand, importers[i].doc);
    }
}

int command_import(int argc, char **argv)
{
    struct options options;
    struct seam_error error = {0};
    int code = RESULT_EXIT_PASSED;
    if (options_parse(&options, "import", argc, argv, &error) != 0) {
        code = command_usage_error("import", &error);
    } else if (options.help) {
        print_help();
    } else if (options.version) {
        code = command_version(1, argv);
    } else {
        code = import_operands(&options);
    }
    options_close(&options);
    return code;
}
